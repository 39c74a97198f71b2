"""Which spreadsheets are bound to what, how their last sync went, and which run is at them now.

A lease is a token of its holder's. It is taken under the condition that it is still as it was seen, none or one that
has expired, and everything that follows is written under the condition that it is still held. So of two runs one
has it, and a run that was overtaken, or whose sheet has been unbound, writes nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from chalicelib.domain.binding import Binding
from chalicelib.domain.calendar import rfc3339
from chalicelib.domain.due import is_held
from chalicelib.store import keys
from chalicelib.store.forms import read, readable, text
from chalicelib.store.table import ConditionFailed, Delete, Item, Put, Table, Update

Spent = dict[str, list[datetime]]
"""When requests were made, by their kind."""

_TIMES = ("last_success_at", "last_error_at", "retry_at", "leased_until")


@dataclass(frozen=True, slots=True)
class Sheets:
    _table: Table

    def bind(self, spreadsheet_id: str, server: str, alliance: str | None, *more: Put) -> None:
        """Binds it, or binds it anew: the next sync is due at once. A lease on it goes on. With `more` in one write."""
        binding: Item = {"id": spreadsheet_id, "server": server}
        forgotten = ["revision", "retry_at"]
        if alliance:
            binding["alliance"] = alliance
        else:
            forgotten.append("alliance")
        self._table.transact([Update(keys.sheet(spreadsheet_id), set=binding, remove=forgotten), *more])

    def unbind(self, spreadsheet_id: str, *more: Put) -> None:
        self._table.transact([Delete(keys.sheet(spreadsheet_id)), *more])

    def get(self, spreadsheet_id: str) -> Binding | None:
        item = self._table.get(keys.sheet(spreadsheet_id), consistent=True)
        return read(item, binding_of) if item else None

    def all(self) -> Iterator[Binding]:
        return readable(self._table.query(keys.SHEETS, keys.SHEET_PREFIX), binding_of)

    def lease(self, sheet: Binding, token: str, until: datetime) -> bool:
        """Whether it could be had: nobody has leased it since `sheet` was read, or brought it to another revision."""
        return self._take(
            Update(
                keys.sheet(sheet.spreadsheet_id),
                set={"lease": token, "leased_until": rfc3339(until)},
                expected={"lease": sheet.lease, "revision": sheet.revision},
                exists=True,
            )
        )

    def synced(self, sheet: Binding, at: datetime, revision: str) -> bool:
        """Notes a good sync and ends the lease; whether `sheet.lease` was still held."""
        state = {"last_success_at": rfc3339(at), "revision": revision}
        return self._end(sheet, state, ["retry_at"])

    def failed(self, sheet: Binding, at: datetime, error: str, retry_at: datetime | None) -> bool:
        """Notes why the last sync failed, in words for officers, and ends the lease, if there is one."""
        state = {"last_error_at": rfc3339(at), "last_error": error}
        if retry_at is None:
            return self._end(sheet, state, ["retry_at"])
        return self._end(sheet, state | {"retry_at": rfc3339(retry_at)})

    def put_off(self, sheet: Binding) -> bool:
        """Ends the lease and notes nothing."""
        return self._end(sheet, {})

    def begin_run(self, token: str, now: datetime, until: datetime) -> Spent | None:
        """What earlier runs spent, if no other run is at the sheets; from now on this one is."""
        key = keys.sheets_run()
        item = self._table.get(key, consistent=True) or {}
        if is_held(_instant(item, "leased_until"), now):
            return None
        taken = {"lease": token, "leased_until": rfc3339(until)}
        if not self._take(Update(key, set=taken, expected={"lease": item.get("lease")})):
            return None
        return {kind: [_from_micros(each) for each in times] for kind, times in item.get("spent", {}).items()}

    def end_run(self, token: str, spent: Mapping[str, Sequence[datetime]]) -> bool:
        """Keeps what was spent, and lets the next run begin."""
        kept = {kind: [_micros(each) for each in times] for kind, times in spent.items()}
        change = Update(
            keys.sheets_run(),
            set={"spent": kept},
            remove=["lease", "leased_until"],
            expected={"lease": token},
        )
        return self._write(change)

    def _end(self, sheet: Binding, state: Item, remove: Sequence[str] = ()) -> bool:
        return self._write(
            Update(
                keys.sheet(sheet.spreadsheet_id),
                set=state,
                remove=["lease", "leased_until", *remove],
                expected={"lease": sheet.lease},
                exists=True,
            )
        )

    def _take(self, change: Update) -> bool:
        """Whether the lease is ours now. It may be from an attempt whose answer was lost and that was sent again."""
        try:
            self._table.write(change)
        except ConditionFailed as failure:
            found = failure.found[change.key]
            return found is not None and bool(found.get("lease") == change.set["lease"])
        return True

    def _write(self, change: Update) -> bool:
        """Whether its condition was met."""
        try:
            self._table.write(change)
        except ConditionFailed:
            return False
        return True


def binding_of(item: Item) -> Binding:
    return Binding(
        spreadsheet_id=text(item, "id"),
        server=text(item, "server"),
        alliance=item.get("alliance"),
        last_error=item.get("last_error"),
        revision=item.get("revision"),
        lease=item.get("lease"),
        **{name: _instant(item, name) for name in _TIMES},
    )


def _instant(item: Item, name: str) -> datetime | None:
    return datetime.fromisoformat(item[name]) if name in item else None


def _micros(instant: datetime) -> int:
    return round(instant.timestamp() * 1_000_000)


def _from_micros(number: int) -> datetime:
    return datetime.fromtimestamp(int(number) / 1_000_000, UTC)
