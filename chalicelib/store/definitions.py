"""What operators define: events, servers, alliances. They are read often and seldom change, so they are cached."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import TypeVar

from chalicelib.domain.calendar import GameDay, rfc3339
from chalicelib.domain.edition import Edition
from chalicelib.domain.events import Event
from chalicelib.domain.names import Tags, tag_key
from chalicelib.domain.roster import Alliance, Server
from chalicelib.store import keys
from chalicelib.store.cache import Cache
from chalicelib.store.commanders import ON_ROSTER
from chalicelib.store.forms import read, readable, text
from chalicelib.store.table import ConditionFailed, Delete, Item, Put, Table, Update

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Definitions:
    """Reads are answered from a cache of this process, except where a docstring says otherwise."""

    _table: Table
    _cache: Cache

    def events(self) -> list[Event]:
        """All events, by id."""
        return [event for event, _ in self.event_editions()]

    def event_editions(self) -> list[tuple[Event, Edition]]:
        """All events, by id, each with its edition."""
        return self._cache.get("events", lambda: list(self._stored_events())) or []

    def stored_events(self) -> list[Event]:
        """All events, by id, not from the cache."""
        return [event for event, _ in self._stored_events()]

    def _stored_events(self) -> Iterator[tuple[Event, Edition]]:
        items = self._table.query(keys.EVENTS, keys.EVENT_PREFIX)
        return readable(items, lambda item: (event_of(item), edition_of(item)))

    def archived_since(self, at: datetime) -> list[Event]:
        """Events that were archived after `at`, not from the cache. Other processes may have noticed that later."""
        items = self._table.query(keys.EVENTS, keys.EVENT_PREFIX)
        archived = [item for item in items if item.get("archived_at", "") > rfc3339(at)]
        return list(readable(archived, event_of))

    def put_event(
        self,
        event: Event,
        *more: Put,
        archived_at: datetime | None = None,
        changed_at: datetime | None = None,
    ) -> None:
        """Writes it with `more` in one transaction, like all puts here. `archived_at`: when, if this archives it;
        `changed_at`: when, if it is not as it was."""
        definition = {"definition": event.model_dump_json(exclude_unset=True)}
        archived = {"archived_at": rfc3339(archived_at)} if archived_at else {}
        reopened = [] if event.archived else ["archived_at"]
        noted, counted = _noted(changed_at)
        self._write(
            Update(keys.event(event.id), set=definition | archived | noted, add=counted, remove=reopened),
            *more,
        )

    def delete_event(self, event_id: str, *more: Put) -> None:
        """Deletes it. Raises ConditionFailed if it is not there, or is changed meanwhile."""
        key = keys.event(event_id)
        stored = self._table.get(key, consistent=True)
        if stored is None:
            raise ConditionFailed({key: None})
        self._write(Delete(key, expected={"definition": stored["definition"]}), *more)

    def server(self, server_id: str) -> Server | None:
        found = self.server_edition(server_id)
        return found and found[0]

    def server_edition(self, server_id: str) -> tuple[Server, Edition] | None:
        """The server with its edition."""

        def load() -> tuple[Server, Edition] | None:
            return self._load(keys.server(server_id), lambda item: (server_of(item), edition_of(item)))

        return self._cache.get(("server", server_id), load)

    def servers(self) -> list[Server]:
        """All servers, not from the cache."""
        return list(readable(self._table.query(keys.SERVERS, keys.SERVER_PREFIX), server_of))

    def put_server(self, server: Server, *more: Put, changed_at: datetime | None = None) -> None:
        """`changed_at`: when, if it is not as it was."""
        day = server.game_day
        game_day = (
            {} if day.assumed else {"day_starts_at": day.starts_at.isoformat("minutes"), "zone": day.zone}
        )
        assumed = ["day_starts_at", "zone"] if day.assumed else []
        noted, counted = _noted(changed_at)
        public = {"public_standings": server.public_standings}
        attributes = {"id": server.id, **game_day, **public, **noted}
        self._write(Update(keys.server(server.id), set=attributes, add=counted, remove=assumed), *more)

    def alliance(self, server_id: str, alliance_id: str) -> Alliance | None:
        key = keys.alliance(server_id, alliance_id)
        return self._cache.get(("alliance", server_id, alliance_id), lambda: self._load(key, alliance_of))

    def stored_alliance(self, server_id: str, alliance_id: str) -> Alliance | None:
        """The same, not from the cache."""
        item = self._table.get(keys.alliance(server_id, alliance_id), consistent=True)
        return read(item, alliance_of) if item else None

    def alliances(self, server_id: str, *, consistent: bool = False) -> list[Alliance]:
        """All alliances of the server, by id, not from the cache."""
        items = self._table.query(keys.alliances(server_id), keys.ALLIANCE_PREFIX, consistent=consistent)
        return list(readable(items, alliance_of))

    def alliances_of(self, servers: Collection[str]) -> dict[str, list[Alliance]]:
        """Those of several servers, by server: a query for each, several at once."""
        found = self._table.query_each([(keys.alliances(each), keys.ALLIANCE_PREFIX) for each in servers])
        return {each: list(readable(items, alliance_of)) for each, items in zip(servers, found, strict=True)}

    def known_alliances(self, server_id: str) -> list[Alliance]:
        """The same, from the cache."""
        return self._cache.get(("alliances", server_id), lambda: self.alliances(server_id)) or []

    def tags(self, server_id: str) -> Tags:
        """The tags that alliances of the server have or had, as `tag_key` gives them."""

        def load() -> Tags:
            alliances = self.alliances(server_id, consistent=True)
            return {key for one in alliances for tag in (one.tag, *one.past_tags) if (key := tag_key(tag))}

        return self._cache.get(("tags", server_id), load) or set()

    def put_alliance(self, alliance: Alliance, *more: Put) -> None:
        """Stores it, except for what counts its roster, which keeps counting. It never loses a tag that it had, and
        None does not remove a limit."""
        key = keys.alliance(alliance.server, alliance.id)
        attributes: Item = {
            "server": alliance.server,
            "id": alliance.id,
            "tag": alliance.tag,
            "name": alliance.name,
            "is_open": alliance.is_open,
            **{f"{keys.TAG_PREFIX}{tag}": True for tag in (alliance.tag, *alliance.past_tags)},
        }
        if alliance.new_per_day is not None:
            attributes["new_per_day"] = alliance.new_per_day
        is_new = self._table.get(key, consistent=True) is None
        self._write(Update(key, set=attributes, add={ON_ROSTER: 0} if is_new else {}), *more)

    def change_alliance(self, before: Alliance, after: Alliance, *more: Put) -> None:
        """Changes whether it is open, and its `new_per_day`. Raises ConditionFailed if these are no longer as
        before."""
        was, becomes = ({"is_open": one.is_open, "new_per_day": one.new_per_day} for one in (before, after))
        changes = {name: value for name, value in becomes.items() if value != was[name]}
        key = keys.alliance(before.server, before.id)
        expected = {name: was[name] for name in changes}
        self._write(Update(key, set=changes, expected=expected, exists=True), *more)

    def _write(self, *changes: Put | Update | Delete) -> None:
        self._table.transact(changes)
        self._cache.clear()

    def _load(self, key: keys.ItemKey, convert: Callable[[Item], T]) -> T | None:
        item = self._table.get(key)
        return None if item is None else read(item, convert)


def event_of(item: Item) -> Event:
    """The event in an item, without fields of a later version."""
    return Event.model_validate_json(item["definition"], extra="ignore")


def edition_of(item: Item) -> Edition:
    changed_at = item.get("changed_at")
    return Edition(int(item.get("changes", 0)), datetime.fromisoformat(changed_at) if changed_at else None)


def server_of(item: Item) -> Server:
    day = GameDay()
    if "zone" in item:
        day = GameDay(time.fromisoformat(item["day_starts_at"]), item["zone"], assumed=False)
    return Server(text(item, "id"), day, bool(item.get("public_standings", False)))


def _noted(changed_at: datetime | None) -> tuple[Item, Mapping[str, int]]:
    """What a definition that has changed sets and adds: its edition."""
    return ({"changed_at": rfc3339(changed_at)}, {"changes": 1}) if changed_at else ({}, {})


def alliance_of(item: Item) -> Alliance:
    changes = int(item.get("roster_changes", 0))
    tags = (name.removeprefix(keys.TAG_PREFIX) for name in item if name.startswith(keys.TAG_PREFIX))
    past = tuple(sorted(tag for tag in tags if tag != item["tag"]))
    new_per_day, on_roster = item.get("new_per_day"), item.get(ON_ROSTER)
    return Alliance(
        server=text(item, "server"),
        id=text(item, "id"),
        tag=text(item, "tag"),
        name=text(item, "name"),
        is_open=bool(item["is_open"]),
        roster_changes=changes,
        past_tags=past,
        new_per_day=None if new_per_day is None else int(new_per_day),
        on_roster=None if on_roster is None else int(on_roster),
    )
