"""The readings of an event on a server: all of them, and the latest one also beside the totals."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.domain.access import Key
from chalicelib.domain.calendar import rfc3339
from chalicelib.domain.standing import Reading
from chalicelib.store import keys
from chalicelib.store.completions import reading_item
from chalicelib.store.forms import readable, text
from chalicelib.store.keys import ItemKey
from chalicelib.store.ledger import entry_id
from chalicelib.store.table import Change, ConditionFailed, Delete, Item, Put, Table, Update

_CHANGED = "changed"
"""Beside the totals, what tells the last change of any reading: two at once are decided by the same list."""


@dataclass(frozen=True, slots=True)
class LoggedReading:
    """A reading, when it was logged, and with which key. `id` sorts by the time when it was read."""

    id: str
    reading: Reading
    at: datetime
    key_id: str
    label: str


@dataclass(frozen=True, slots=True)
class Readings:
    _table: Table

    def all(self, server: str, event: str) -> list[LoggedReading]:
        """All readings, ordered by the time when they were read."""
        items = self._table.query(keys.readings(server, event), keys.TIME_PREFIX, consistent=True)
        return list(readable(items, logged_of))

    def seen(self, server: str, event: str) -> tuple[Item, list[LoggedReading]]:
        """What stands beside the totals, and then all readings: whatever is decided by them is written only if nothing
        was logged or withdrawn since."""
        return self._table.get(keys.latest_reading(server, event), consistent=True) or {}, self.all(
            server, event
        )

    def write(
        self,
        server: str,
        event: str,
        reading: Reading,
        at: datetime,
        key: Key,
        latest: Reading | None,
        beside: Item,
        entry: Put,
    ) -> LoggedReading:
        """Adds a reading with its ledger entry, and makes it the latest if it is. `beside`: as it was `seen`.

        Raises ConditionFailed if `latest` was not the latest then, or if any reading has come or gone since.
        """
        reading = replace(reading, unique=entry.key.sk.rpartition("~")[2])
        logged = LoggedReading(entry_id(reading.read_at, reading.unique), reading, at, key.id, key.label)
        stored: Item = {**reading_item(reading), "at": rfc3339(at), "key": key.id, "label": key.label}
        place = keys.latest_reading(server, event)
        seen = _as_seen(place, beside, latest)
        shown = _latest_item(reading) if latest is None or reading.read_at >= latest.read_at else {}
        self._table.transact(
            [
                Put(keys.reading(server, event, logged.id), stored),
                entry,
                Update(place, set=shown | _changed_by(entry), expected=seen),
            ]
        )
        return logged

    def withdraw(
        self,
        server: str,
        event: str,
        gone: LoggedReading,
        latest: Reading | None,
        beside: Item,
        left: Sequence[Reading],
        entry: Put,
    ) -> None:
        """Removes a reading, with a ledger entry. The last of those that are `left`, ordered by the time when they were
        read, becomes the latest. `beside`: as it was `seen`. Raises ConditionFailed if it is gone, if `latest` was not
        the latest then, or if any reading has come or gone since."""
        gone_key, place = keys.reading(server, event, gone.id), keys.latest_reading(server, event)
        item = self._table.get(gone_key, consistent=True) or {}
        changes: list[Change] = [Delete(gone_key, {"at": _stored(gone_key, item, "at", gone.at)}), entry]
        if latest:
            was_latest, seen = gone.reading.read_at >= latest.read_at, _as_seen(place, beside, latest)
            shown = _latest_item(left[-1]) if was_latest and left else {}
            if was_latest and not left:
                changes.append(Delete(place, expected=seen))
            else:
                changes.append(Update(place, set=shown | _changed_by(entry), expected=seen))
        self._table.transact(changes)


def _as_seen(place: ItemKey, beside: Item, latest: Reading | None) -> Item:
    """The condition that what stands beside the totals is as it was seen: `latest`, told from others of its time, and
    that no reading has come or gone. Raises ConditionFailed if it was another already."""
    if beside.get("unique") != ((latest and latest.unique) or None):
        raise ConditionFailed({place: beside or None})
    told = {name: beside.get(name) for name in ("unique", _CHANGED)}
    return told | {"read_at": _stored(place, beside, "read_at", latest.read_at if latest else None)}


def _stored(key: ItemKey, item: Item, name: str, at: datetime | None) -> str | None:
    """The time `name` of an item in the form in which it is stored: 0.1.0 wrote a whole second in two ways. Raises
    ConditionFailed if it is not `at` (None: absent)."""
    stored: str | None = item.get(name)
    if (datetime.fromisoformat(stored) if stored else None) != at:
        raise ConditionFailed({key: item or None})
    return stored


def _changed_by(entry: Put) -> Item:
    return {_CHANGED: entry.key.sk.rpartition("~")[2]}


def _latest_item(reading: Reading) -> Item:
    """As it stands beside the totals, where no key tells which one it is."""
    return {**reading_item(reading), "unique": reading.unique}


def logged_of(item: Item) -> LoggedReading:
    identity = text(item, "SK")
    reading = Reading(
        int(item["points"]),
        datetime.fromisoformat(item["read_at"]),
        int(item["reported"]),
        identity.rpartition("~")[2],
    )
    return LoggedReading(identity, reading, datetime.fromisoformat(item["at"]), item["key"], item["label"])
