"""The readings of an event on a server: all of them, and the latest beside the totals."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.access import Key
from chalicelib.domain.calendar import rfc3339
from chalicelib.domain.standing import Reading
from chalicelib.store import keys
from chalicelib.store.forms import readable, text
from chalicelib.store.ledger import entry_id
from chalicelib.store.table import Change, Delete, Item, Put, Table, Update


@dataclass(frozen=True, slots=True)
class LoggedReading:
    """A reading, when it was logged, and with which key. `id` sorts by when it was read."""

    id: str
    reading: Reading
    at: datetime
    key_id: str
    label: str


@dataclass(frozen=True, slots=True)
class Readings:
    _table: Table

    def all(self, server: str, event: str) -> list[LoggedReading]:
        """In the order of when they were read."""
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
        """Adds it, with its ledger entry; as the latest, if it is. Raises ConditionFailed if `latest` is so no more."""
        unique = entry.key.sk.rpartition("~")[2]
        logged = LoggedReading(entry_id(reading.read_at, unique), reading, at, key.id, key.label)
        stored: Item = {**_item(reading), "at": rfc3339(at), "key": key.id, "label": key.label}
        changes: list[Change] = [Put(keys.reading(server, event, logged.id), stored), entry]
        if latest is None or reading.read_at >= latest.read_at:
            seen = rfc3339(latest.read_at) if latest else None
            place = keys.latest_reading(server, event)
            changes.append(Update(place, set=_item(reading), expected={"read_at": seen}))
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
        """Removes it, with a ledger entry. The latest of those that are `left`, in the order of when they were read, is
        the latest then. Raises ConditionFailed if it is gone, or `latest` is so no more."""
        at = rfc3339(gone.at)
        changes: list[Change] = [Delete(keys.reading(server, event, gone.id), expected={"at": at}), entry]
        if latest and gone.reading.read_at >= latest.read_at:
            place, seen = keys.latest_reading(server, event), {"read_at": rfc3339(latest.read_at)}
            now = left[-1] if left else None
            changes.append(
                Update(place, set=_item(now), expected=seen) if now else Delete(place, expected=seen)
            )
        self._table.transact(changes)


def _item(reading: Reading) -> Item:
    read_at = rfc3339(reading.read_at)
    return {"points": reading.points, "read_at": read_at, "reported": reading.reported_points}


def logged_of(item: Item) -> LoggedReading:
    reading = Reading(int(item["points"]), datetime.fromisoformat(item["read_at"]), int(item["reported"]))
    return LoggedReading(
        text(item, "SK"), reading, datetime.fromisoformat(item["at"]), item["key"], item["label"]
    )
