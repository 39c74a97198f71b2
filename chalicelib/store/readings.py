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

    def write(
        self,
        server: str,
        event: str,
        reading: Reading,
        at: datetime,
        key: Key,
        latest: Reading | None,
        entry: Put,
    ) -> LoggedReading:
        """Adds a reading with its ledger entry, and makes it the latest if it is.

        Raises ConditionFailed if `latest` is no longer the latest.
        """
        reading = replace(reading, unique=entry.key.sk.rpartition("~")[2])
        logged = LoggedReading(entry_id(reading.read_at, reading.unique), reading, at, key.id, key.label)
        stored: Item = {**reading_item(reading), "at": rfc3339(at), "key": key.id, "label": key.label}
        changes: list[Change] = [Put(keys.reading(server, event, logged.id), stored), entry]
        if latest is None or reading.read_at >= latest.read_at:
            place = keys.latest_reading(server, event)
            changes.append(Update(place, set=_latest_item(reading), expected=self._as_seen(place, latest)))
        self._table.transact(changes)
        return logged

    def withdraw(
        self,
        server: str,
        event: str,
        gone: LoggedReading,
        latest: Reading | None,
        left: Sequence[Reading],
        entry: Put,
    ) -> None:
        """Removes a reading, with a ledger entry. The last of those that are `left`, ordered by the time when they were
        read, becomes the latest. Raises ConditionFailed if it is gone, or if `latest` is no longer the latest."""
        gone_key = keys.reading(server, event, gone.id)
        changes: list[Change] = [Delete(gone_key, self._as_stored(gone_key, "at", gone.at)), entry]
        if latest and gone.reading.read_at >= latest.read_at:
            place = keys.latest_reading(server, event)
            seen, now = self._as_seen(place, latest), left[-1] if left else None
            changes.append(
                Update(place, set=_latest_item(now), expected=seen) if now else Delete(place, expected=seen)
            )
        self._table.transact(changes)

    def _as_seen(self, place: ItemKey, latest: Reading | None) -> Item:
        """The condition that `latest` is the latest still, by its time and what tells it from others of that time."""
        return self._as_stored(place, "read_at", latest.read_at if latest else None) | {
            "unique": (latest and latest.unique) or None
        }

    def _as_stored(self, key: ItemKey, name: str, at: datetime | None) -> Item:
        """The condition that the time `name` of an item is still `at` (None: absent), in the form in which it is
        stored: 0.1.0 wrote a whole second in two ways. Raises ConditionFailed if it is not."""
        item = self._table.get(key, consistent=True) or {}
        stored = item.get(name)
        if (datetime.fromisoformat(stored) if stored else None) != at:
            raise ConditionFailed({key: item or None})
        return {name: stored}


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
