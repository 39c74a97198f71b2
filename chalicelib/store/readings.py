"""The readings of an event on a server: all of them, and the latest beside the totals."""

from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.calendar import rfc3339
from chalicelib.domain.standing import Reading
from chalicelib.store import keys
from chalicelib.store.forms import readable
from chalicelib.store.ledger import entry_id
from chalicelib.store.table import Item, Put, Table, Update


@dataclass(frozen=True, slots=True)
class LoggedReading:
    """A reading, when it was logged, and with which key."""

    reading: Reading
    at: datetime
    key_id: str
    label: str


@dataclass(frozen=True, slots=True)
class Readings:
    _table: Table

    def all(self, server: str, event: str) -> list[LoggedReading]:
        """In the order of when they were read."""
        items = self._table.query(keys.readings(server, event), consistent=True)
        return list(readable(items, _logged))

    def write(
        self, server: str, event: str, logged: LoggedReading, latest: Reading | None, entry: Put
    ) -> None:
        """Adds it, with its ledger entry; as the latest, if it is. Raises ConditionFailed if `latest` is so no more."""
        reading = logged.reading
        item: Item = {
            "points": reading.points,
            "read_at": rfc3339(reading.read_at),
            "reported": reading.reported_points,
        }
        stored: Item = {**item, "at": rfc3339(logged.at), "key": logged.key_id, "label": logged.label}
        unique = entry.key.sk.rpartition("~")[2]
        changes: list[Put | Update] = [
            Put(keys.reading(server, event, entry_id(reading.read_at, unique)), stored),
            entry,
        ]
        if latest is None or reading.read_at >= latest.read_at:
            seen = rfc3339(latest.read_at) if latest else None
            changes.append(Update(keys.latest_reading(server, event), set=item, expected={"read_at": seen}))
        self._table.transact(changes)


def _logged(item: Item) -> LoggedReading:
    reading = Reading(int(item["points"]), datetime.fromisoformat(item["read_at"]), int(item["reported"]))
    return LoggedReading(reading, datetime.fromisoformat(item["at"]), item["key"], item["label"])
