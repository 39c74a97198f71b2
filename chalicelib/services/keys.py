"""Keys over HTTP: who may make which keys, and revoking them (DESIGN §4)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.domain.access import (
    FIRST_ROLE,
    LONGEST_OVERLAP,
    MANAGED_WITH,
    SCOPES,
    Key,
    Role,
    key_id,
    new_secret,
    secret_hash,
)
from chalicelib.domain.errors import Conflict, FieldError, NotFound, malformed
from chalicelib.domain.ledger import Actor
from chalicelib.services.directory import Directory
from chalicelib.store import ledger
from chalicelib.store.access import AccessKeys
from chalicelib.store.table import Put

MOST_A_DAY = 1_000
"""Keys that officers can make within a day where their key counts. Each stays for good, and those of a server are
listed together, whoever's they are."""
DAY = timedelta(days=1)

WHOEVER_HAS_THE_TABLE = Actor("table", "Somebody with access to the table")


class AdminKeyExists(Exception):
    """The deployment has an admin's key that works; the message has its id."""


@dataclass(frozen=True, slots=True)
class KeyState:
    """A key without its secret. `last_used_at` is exact to the hour."""

    id: str
    role: Role
    label: str
    server: str | None
    alliance: str | None
    created_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class WantedKey:
    """A key to make. `replaces`: the id of a key that ends after `overlap`; the new one has its role and scope."""

    role: Role | None
    label: str
    server: str | None = None
    alliance: str | None = None
    expires_at: datetime | None = None
    replaces: str | None = None
    overlap: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Keys:
    _directory: Directory
    _access_keys: AccessKeys
    _clock: Callable[[], datetime]

    def create(self, key: Key, wanted: WantedKey) -> tuple[KeyState, str]:
        """A new key and its secret, which is returned only here. Without a wanted scope it gets the caller's.

        Raises Forbidden for a key that the caller may not make, Malformed for a scope that the role can't have or a
        time in the past, NotFound, and Conflict for an officer's one key too many (`too-many-keys`).
        """
        now = self._clock()
        old = self._replaced(key, wanted) if wanted.replaces else None
        role = old.role if old else wanted.role
        scope = wanted.server or key.server, wanted.alliance or key.alliance
        server, alliance = (old.server, old.alliance) if old else scope
        if role is None:
            raise malformed("role", "Say which role the key should have.")
        key.require(MANAGED_WITH[role], server=server, alliance=alliance)
        _require_scope(role, server, alliance)
        if server:
            self._directory.server(server)
        if server and alliance:
            self._directory.alliance(server, alliance)
        if wanted.expires_at and wanted.expires_at <= now:
            raise malformed("expires_at", "This time is in the past.")
        if not wanted.label.strip():
            raise malformed("label", "Give the key a label, so that you can tell it from others later.")
        self._require_room(key, now)
        secret = new_secret()
        made = Key(
            key_id(secret_hash(secret)),
            role,
            wanted.label.strip(),
            server,
            alliance,
            created_at=now,
            expires_at=wanted.expires_at,
        )
        self._access_keys.put(secret, made, [self._entry(Actor.of(key), made, None, made.expires_at)])
        if old:
            ends_at = now + wanted.overlap
            if old.expires_at is None or ends_at < old.expires_at:
                noted = self._entry(Actor.of(key), old, old.expires_at, ends_at)
                self._access_keys.end(old, ends_at, revoke=False, more=[noted])
        return _state(made), secret

    def first(self, label: str, *, another: bool = False) -> tuple[KeyState, str]:
        """An admin's key for a deployment that has none, and its secret. It needs no key, only access to the table.

        Raises AdminKeyExists if one still works, unless `another` is wanted.
        """
        now = self._clock()
        admin = self.an_admin()
        if admin and not another:
            raise AdminKeyExists(f"There is already an admin's key: {admin.id} ({admin.label}).")
        secret = new_secret()
        made = Key(key_id(secret_hash(secret)), FIRST_ROLE, label, created_at=now)
        entry = self._entry(WHOEVER_HAS_THE_TABLE, made, None, None)
        self._access_keys.put(secret, made, [entry])
        return _state(made), secret

    def an_admin(self) -> KeyState | None:
        """An admin's key that works, if there is one."""
        keys, now = self._access_keys.all(None), self._clock()
        return next((_state(one) for one in keys if one.role == FIRST_ROLE and one.is_valid(now)), None)

    def all(self, key: Key) -> list[KeyState]:
        """The keys in the caller's scope, the oldest first; for an admin, also those for the deployment."""
        key.require("manage keys", server=key.server, alliance=key.alliance)
        scopes = [key.server] if key.server else [None, *(one.id for one in self._directory.servers())]
        found = [one for scope in scopes for one in self._access_keys.all(scope)]
        return [_state(one) for one in found if key.alliance in (None, one.alliance)]

    def revoke(self, key: Key, identity: str) -> KeyState:
        """Revokes the key. It stops working here at once, and everywhere within `REVOKED_WITHIN`. Doing it again
        changes nothing.

        Raises Forbidden, NotFound.
        """
        revoked = self._find(key, identity)
        if revoked.revoked_at is None:
            now = self._clock()
            entry = self._entry(Actor.of(key), revoked, None, now)
            self._access_keys.end(revoked, now, revoke=True, more=[entry])
        return _state(self._find(key, identity))

    def _replaced(self, key: Key, wanted: WantedKey) -> Key:
        if wanted.overlap > LONGEST_OVERLAP:
            most = LONGEST_OVERLAP // timedelta(minutes=1)
            raise malformed("old_works_for_minutes", f"At most {most} minutes are possible.")
        old = self._find(key, wanted.replaces or "", "replaces")
        if not old.is_valid(self._clock()):
            raise malformed("replaces", "This key has already ended. Make a new key without replacing it.")
        for name in ("role", "server", "alliance"):
            if getattr(wanted, name) not in (None, getattr(old, name)):
                raise malformed(
                    name, "A key that replaces another has the same role and scope. Leave this out."
                )
        return old

    def _require_room(self, key: Key, now: datetime) -> None:
        """Raises Conflict if the caller's scope has as many new keys as officers can make."""
        known = self._access_keys.all(key.server) if key.server else []
        new = [one for one in known if one.created_at and now - one.created_at < DAY]
        if sum(key.covers(one.server, one.alliance) for one in new) >= MOST_A_DAY:
            message = f"{MOST_A_DAY:,} keys were made here within a day, which is the most. Ask an admin."
            raise Conflict("too-many-keys", message)

    def _find(self, key: Key, identity: str, field: str = "key_id") -> Key:
        """A key that the caller may make and revoke, in any scope; the caller's own scope is searched first."""
        key.require("manage keys", server=key.server, alliance=key.alliance)
        for scope in dict.fromkeys([key.server, None, *(one.id for one in self._directory.servers())]):
            for found in self._access_keys.all(scope):
                if found.id == identity:
                    key.require(MANAGED_WITH[found.role], server=found.server, alliance=found.alliance)
                    return found
        message = "There is no such key."
        raise NotFound("unknown-key", message, [FieldError(field, message)])

    def _entry(self, by: Actor, changed: Key, before: datetime | None, ends_at: datetime | None) -> Put:
        what = {"id": changed.id, "role": changed.role, "label": changed.label}
        return ledger.put(
            ledger.new_entry(
                self._clock(),
                "key",
                by,
                changed.server,
                alliance=changed.alliance,
                before={**what, "ends_at": before},
                after={**what, "ends_at": ends_at},
            )
        )


def _require_scope(role: Role, server: str | None, alliance: str | None) -> None:
    """Raises Malformed unless a key of the role can have that scope."""
    scope = SCOPES[role]
    if scope == "the deployment":
        if server or alliance:
            message = f"A key with the role {role} is for the whole deployment."
            raise malformed("server" if server else "alliance", message)
    elif not server:
        raise malformed("server", f"Say which server the {role}'s key is for.")
    elif scope == "one alliance" and not alliance:
        raise malformed("alliance", f"Say which alliance the {role}'s key is for.")


def _state(key: Key) -> KeyState:
    return KeyState(
        key.id,
        key.role,
        key.label,
        key.server,
        key.alliance,
        key.created_at,
        key.expires_at,
        key.revoked_at,
        key.last_used_at,
    )
