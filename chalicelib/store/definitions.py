"""What operators define: events, servers, alliances. Read often, changed seldom, so cached briefly."""

from collections.abc import Callable
from datetime import time
from typing import TypeVar

from chalicelib.domain.calendar import GameDay
from chalicelib.domain.events import Event
from chalicelib.domain.names import Tags, tag_key
from chalicelib.domain.roster import Alliance, Server
from chalicelib.store import keys
from chalicelib.store.cache import Cache
from chalicelib.store.table import Item, Put, Table, Update

T = TypeVar("T")


class Definitions:
    """Reads answer from a cache of this process."""

    def __init__(self, table: Table, monotonic: Callable[[], float]) -> None:
        self._table = table
        self._cache = Cache(monotonic)

    def events(self) -> list[Event]:
        """All events, by id."""
        return self._cache.get("events", self.stored_events) or []

    def stored_events(self) -> list[Event]:
        """The same, read anew."""
        return [Event.model_validate_json(item["definition"]) for item in self._table.query(keys.EVENTS)]

    def put_event(self, event: Event, *more: Put) -> None:
        """With `more` in one transaction, as all puts here."""
        definition = event.model_dump_json(exclude_unset=True)
        self._write(Put(keys.event(event.id), {"definition": definition}), *more)

    def server(self, server_id: str) -> Server | None:
        return self._cache.get(("server", server_id), lambda: self._load(keys.server(server_id), _server))

    def servers(self) -> list[Server]:
        """All servers, read anew."""
        return [_server(item) for item in self._table.query(keys.SERVERS)]

    def put_server(self, server: Server, *more: Put) -> None:
        day = server.game_day
        game_day = (
            {} if day.assumed else {"day_starts_at": day.starts_at.isoformat("minutes"), "zone": day.zone}
        )
        self._write(Put(keys.server(server.id), {"id": server.id, **game_day}), *more)

    def alliance(self, server_id: str, alliance_id: str) -> Alliance | None:
        key = keys.alliance(server_id, alliance_id)
        return self._cache.get(("alliance", server_id, alliance_id), lambda: self._load(key, _alliance))

    def alliances(self, server_id: str, *, consistent: bool = False) -> list[Alliance]:
        """All alliances of the server, by id, read anew."""
        items = self._table.query(keys.alliances(server_id), keys.ALLIANCE_PREFIX, consistent=consistent)
        return [_alliance(item) for item in items]

    def tags(self, server_id: str) -> Tags:
        """The tags that alliances of the server have or had, as `tag_key` has them."""

        def load() -> Tags:
            alliances = self.alliances(server_id, consistent=True)
            return {key for one in alliances for tag in (one.tag, *one.past_tags) if (key := tag_key(tag))}

        return self._cache.get(("tags", server_id), load) or set()

    def put_alliance(self, alliance: Alliance, *more: Put) -> None:
        """Its `roster_changes` are not put: they count on. Nor does it lose a tag that it had."""
        key = keys.alliance(alliance.server, alliance.id)
        attributes = {
            "server": alliance.server,
            "id": alliance.id,
            "tag": alliance.tag,
            "name": alliance.name,
            "is_open": alliance.is_open,
            **{f"{keys.TAG_PREFIX}{tag}": True for tag in (alliance.tag, *alliance.past_tags)},
        }
        self._write(Update(key, set=attributes), *more)

    def _write(self, *changes: Put | Update) -> None:
        self._table.transact(changes)
        self._cache.clear()

    def _load(self, key: keys.ItemKey, convert: Callable[[Item], T]) -> T | None:
        item = self._table.get(key)
        return None if item is None else convert(item)


def _server(item: Item) -> Server:
    if "zone" not in item:
        return Server(item["id"])
    return Server(item["id"], GameDay(time.fromisoformat(item["day_starts_at"]), item["zone"], assumed=False))


def _alliance(item: Item) -> Alliance:
    changes = int(item.get("roster_changes", 0))
    tags = (name.removeprefix(keys.TAG_PREFIX) for name in item if name.startswith(keys.TAG_PREFIX))
    past = tuple(sorted(tag for tag in tags if tag != item["tag"]))
    return Alliance(item["server"], item["id"], item["tag"], item["name"], item["is_open"], changes, past)
