"""Keys: found by the hash of their secret, and listed by an index that holds their hashes."""

import secrets
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.domain.access import Key, key_id, secret_hash
from chalicelib.domain.calendar import rfc3339
from chalicelib.domain.errors import Busy
from chalicelib.domain.ledger import Actor
from chalicelib.store import keys
from chalicelib.store.cache import Cache
from chalicelib.store.forms import read, readable, text
from chalicelib.store.table import Change, ConditionFailed, Item, Put, Table, Update

_INSTANTS = "created_at", "expires_at", "revoked_at", "last_used_at"


@dataclass(frozen=True, slots=True)
class AccessKeys:
    _table: Table
    _cache: Cache

    def find(self, secret: str) -> Key | None:
        """The key with that secret, valid or not. The caller checks at each use whether it is valid."""
        hashed = secret_hash(secret)

        def load() -> Key | None:
            item = self._table.get(keys.access_key(hashed))
            return read(item, key_of) if item else None

        return self._cache.get(hashed, load)

    def used(self, secret: str, at: datetime) -> None:
        """Notes that it was used in the hour of `at`; or not, where nothing can be written just now."""
        hour = at.replace(minute=0, second=0, microsecond=0)
        with suppress(ConditionFailed, Busy):
            self._table.write(
                Update(keys.access_key(secret_hash(secret)), set={"last_used_at": rfc3339(hour)}, exists=True)
            )
        self._cache.clear()

    def put(self, secret: str, key: Key, more: Sequence[Change] = ()) -> None:
        """Stores what the secret grants, with `more` in one transaction. Only the hash of the secret is stored.

        Raises ValueError unless `key.id` is `key_id` of that hash.
        """
        hashed = secret_hash(secret)
        if key.id != key_id(hashed):
            raise ValueError("the key's id is not of this secret")
        item: Item = {"id": key.id, "role": key.role, "label": key.label}
        item |= {"server": key.server, "alliance": key.alliance}
        for name in _INSTANTS:
            instant: datetime | None = getattr(key, name)
            item[name] = rfc3339(instant) if instant else None
        entry: Item = {"id": key.id, "hash": hashed, "label": key.label, "role": key.role}
        self._table.transact(
            [
                Put(keys.access_key(hashed), item, unless_exists=True),
                Put(keys.access_key_entry(key.server, key.id), entry),
                *more,
            ]
        )
        self._cache.clear()

    def signing_secret(self) -> bytes:
        """The secret with which this deployment signs what it gives out, made when it is first needed. Raises Busy,
        Unreadable."""

        def load() -> bytes:
            item = self._table.get(keys.signing())
            if item is None:
                item = {"secret": secrets.token_hex(32)}
                try:
                    self._table.write(Put(keys.signing(), item, unless_exists=True))
                except ConditionFailed as failure:  # another process was faster
                    item = failure.found[keys.signing()] or item
            return read(item, signing_of)

        return self._cache.get("signing", load) or b""

    def all(self, server: str | None) -> list[Key]:
        """The keys for a server, or for the deployment if None, the oldest first."""
        entries = self._table.query(keys.access_keys(server), keys.KEY_PREFIX, consistent=True)
        hashes = readable(entries, lambda entry: keys.access_key(entry["hash"]))
        found = self._table.get_many(list(hashes), consistent=True)
        return sorted(readable(found.values(), key_of), key=lambda key: (_text(key.created_at), key.id))

    def scope_of(self, key_id: str, servers: Iterable[str | None]) -> tuple[str | None, str | None] | None:
        """The server and alliance of the key with that id, if it is for one of these servers (None: the deployment).

        Of a key that another deployment has, the server names only what it is called.
        """
        entries = {keys.access_key_entry(server, key_id): server for server in servers}
        for key, entry in self._table.get_many(list(entries), consistent=True).items():
            found = self._table.get(keys.access_key(entry["hash"]), consistent=True)
            return entries[key], found.get("alliance") if found else None
        return None

    def actors(self, server: str) -> dict[str, Actor]:
        """The actors whose keys are for a server or for the deployment, by key id."""
        entries = (
            entry
            for scope in (server, None)
            for entry in self._table.query(keys.access_keys(scope), keys.KEY_PREFIX)
        )
        return {actor.key_id: actor for actor in readable(entries, actor_of)}

    def end(self, key: Key, at: datetime, *, revoke: bool, more: Sequence[Change]) -> None:
        """Lets the key expire at `at`, or notes that it was revoked then, with `more` in one transaction."""
        entry = self._table.get(keys.access_key_entry(key.server, key.id), consistent=True)
        if entry:
            name = "revoked_at" if revoke else "expires_at"
            ended = Update(keys.access_key(entry["hash"]), set={name: rfc3339(at)}, exists=True)
            self._table.transact([ended, *more])
        self._cache.clear()


def signing_of(item: Item) -> bytes:
    return bytes.fromhex(text(item, "secret"))


def actor_of(entry: Item) -> Actor:
    return Actor(text(entry, "id"), text(entry, "label"), entry["role"])


def _text(instant: datetime | None) -> str:
    return rfc3339(instant) if instant else ""


def key_of(item: Item) -> Key:
    instants: dict[str, Any] = {n: datetime.fromisoformat(item[n]) for n in _INSTANTS if n in item}
    return Key(
        text(item, "id"),
        item["role"],
        text(item, "label"),
        item.get("server"),
        item.get("alliance"),
        **instants,
    )
