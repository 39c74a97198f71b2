"""What operators define: events, servers, alliances, keys, sheets. Read often, changed seldom, so cached briefly."""

from collections.abc import Callable, Hashable
from datetime import datetime, time
from typing import Any, TypeVar

from chalicelib.domain.access import Key, key_id, secret_hash
from chalicelib.domain.calendar import GameDay, rfc3339
from chalicelib.domain.events import Event
from chalicelib.domain.roster import Alliance, Server
from chalicelib.store import keys
from chalicelib.store.table import Item, Put, Table

T = TypeVar("T")

CACHE_SECONDS = 30.0
"""How long an answer is reused. Half of the minute within which a revoked key must stop to work (DESIGN §4)."""


class Definitions:
    """Reads answer from a cache of this process for up to `CACHE_SECONDS`; what isn't there is never cached."""

    def __init__(self, table: Table, monotonic: Callable[[], float]) -> None:
        self._table = table
        self._monotonic = monotonic
        self._cache: dict[Hashable, tuple[float, Any]] = {}

    def events(self) -> list[Event]:
        """All events, by id."""
        return self._cached("events", self._load_events) or []

    def put_event(self, event: Event) -> None:
        self._table.write(
            Put(keys.event(event.id), {"definition": event.model_dump_json(exclude_unset=True)})
        )
        self._cache.clear()

    def server(self, server_id: str) -> Server | None:
        return self._cached(("server", server_id), lambda: self._load(keys.server(server_id), _server))

    def servers(self) -> list[Server]:
        """All servers, read anew."""
        return [_server(item) for item in self._table.query(keys.SERVERS)]

    def put_server(self, server: Server) -> None:
        day = server.game_day
        game_day = (
            {} if day.assumed else {"day_starts_at": day.starts_at.isoformat("minutes"), "zone": day.zone}
        )
        self._table.write(Put(keys.server(server.id), {"id": server.id, **game_day}))
        self._cache.clear()

    def alliance(self, server_id: str, alliance_id: str) -> Alliance | None:
        key = keys.alliance(server_id, alliance_id)
        return self._cached(("alliance", server_id, alliance_id), lambda: self._load(key, _alliance))

    def alliances(self, server_id: str) -> list[Alliance]:
        """All alliances of the server, by id, read anew."""
        return [
            _alliance(item) for item in self._table.query(keys.alliances(server_id), keys.ALLIANCE_PREFIX)
        ]

    def put_alliance(self, alliance: Alliance) -> None:
        key = keys.alliance(alliance.server, alliance.id)
        attributes = {
            "server": alliance.server,
            "id": alliance.id,
            "tag": alliance.tag,
            "name": alliance.name,
        }
        self._table.write(Put(key, {**attributes, "is_open": alliance.is_open}))
        self._cache.clear()

    def key(self, secret: str) -> Key | None:
        """The key with that secret, valid or not; validity is the caller's to check, at each use."""
        hashed = secret_hash(secret)
        return self._cached(("key", hashed), lambda: self._load(keys.access_key(hashed), _key))

    def put_key(self, secret: str, key: Key) -> None:
        """Stores what the secret grants; of the secret itself only the hash. `key.id` must be `key_id` of the hash."""
        hashed = secret_hash(secret)
        if key.id != key_id(hashed):
            raise ValueError("the key's id is not of this secret")
        times = {"expires_at": key.expires_at, "revoked_at": key.revoked_at}
        item: Item = {"id": key.id, "role": key.role, "label": key.label}
        item |= {"server": key.server, "alliance": key.alliance}
        item |= {name: rfc3339(at) if at else None for name, at in times.items()}
        self._table.write(Put(keys.access_key(hashed), item))
        self._cache.clear()

    def _load_events(self) -> list[Event]:
        return [Event.model_validate_json(item["definition"]) for item in self._table.query(keys.EVENTS)]

    def _load(self, key: keys.ItemKey, convert: Callable[[Item], T]) -> T | None:
        item = self._table.get(key)
        return None if item is None else convert(item)

    def _cached(self, name: Hashable, load: Callable[[], T | None]) -> T | None:
        now = self._monotonic()
        expires_at, value = self._cache.get(name, (now, None))
        if now < expires_at:
            return value  # type: ignore[no-any-return]
        loaded = load()
        if loaded:
            self._cache[name] = now + CACHE_SECONDS, loaded
        return loaded


def _server(item: Item) -> Server:
    if "zone" not in item:
        return Server(item["id"])
    return Server(item["id"], GameDay(time.fromisoformat(item["day_starts_at"]), item["zone"], assumed=False))


def _alliance(item: Item) -> Alliance:
    return Alliance(item["server"], item["id"], item["tag"], item["name"], item["is_open"])


def _key(item: Item) -> Key:
    ends = {name: datetime.fromisoformat(item[name]) for name in ("expires_at", "revoked_at") if name in item}
    return Key(item["id"], item["role"], item["label"], item.get("server"), item.get("alliance"), **ends)
