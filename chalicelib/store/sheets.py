"""Which spreadsheets are bound to what, how their last sync went, and which run is working on them now.

A lease is a token of its holder. It can be taken if there is none, or the one that was read has expired, on the
condition that it has not changed since. Every later write requires that the lease is still held. So only one of two
runs has it, and a run that was overtaken, or whose sheet was unbound, writes nothing.
"""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from chalicelib.domain.binding import Binding, Watch
from chalicelib.domain.calendar import rfc3339
from chalicelib.domain.due import is_held
from chalicelib.store import keys
from chalicelib.store.forms import read, readable, text
from chalicelib.store.table import ConditionFailed, Delete, Item, Put, Table, Update

Spent = dict[str, list[datetime]]
"""When requests were made, by kind."""

_TIMES = (
    "last_success_at",
    "last_error_at",
    "retry_at",
    "leased_until",
    "touched_at",
    "plain_until",
    "looked_at",
)

_ONCE = ("take_over", "tidies")
"""What is to be done by the next sync that succeeds."""


@dataclass(frozen=True, slots=True)
class Sheets:
    _table: Table

    def bind(
        self,
        spreadsheet_id: str,
        server: str,
        alliance: str | None,
        *more: Put,
        edits: bool = False,
        take_over: bool = False,
        account: str | None = None,
    ) -> None:
        """Binds it, or changes its binding, with `more` in one transaction. It is due at once; a lease on it stays, and
        so does its account, unless another is given.

        `take_over`: until a sync has succeeded, tabs that another deployment keeps are taken.
        """
        binding: Item = {"id": spreadsheet_id, "server": server, "edits": edits, "take_over": take_over}
        binding["bound"] = secrets.token_hex(4)
        binding |= {"account": account} if account else {}
        forgotten = ["revision", "retry_at"]
        if alliance:
            binding["alliance"] = alliance
        else:
            forgotten.append("alliance")
        self._table.transact([Update(keys.sheet(spreadsheet_id), set=binding, remove=forgotten), *more])

    def tidy(self, spreadsheet_id: str, *more: Put) -> None:
        """Lets the next sync delete empty rows, with `more` in one transaction. It is due at once."""
        change = Update(keys.sheet(spreadsheet_id), set={"tidies": True}, remove=["retry_at"], exists=True)
        self._table.transact([change, *more])

    def unbind(self, spreadsheet_id: str, *more: Put) -> None:
        self._table.transact([Delete(keys.sheet(spreadsheet_id)), *more])

    def get(self, spreadsheet_id: str) -> Binding | None:
        item = self._table.get(keys.sheet(spreadsheet_id), consistent=True)
        return read(item, binding_of) if item else None

    def all(self) -> Iterator[Binding]:
        return readable(self._table.query(keys.SHEETS, keys.SHEET_PREFIX), binding_of)

    def lease(self, sheet: Binding, token: str, until: datetime) -> bool:
        """Takes a lease, for the sheet's account. False if, since `sheet` was read, somebody has leased it or synced it
        to another revision."""
        account = {"account": sheet.account} if sheet.account else {}
        return self._take(
            Update(
                keys.sheet(sheet.spreadsheet_id),
                set={"lease": token, "leased_until": rfc3339(until), **account},
                expected={"lease": sheet.lease, "revision": sheet.revision},
                exists=True,
            )
        )

    def synced(
        self, sheet: Binding, at: datetime, revision: str, *, again: bool = False, was_fresh: bool = False
    ) -> bool:
        """Notes a successful sync and ends the lease. `again`: it holds edits that are still to be taken. `was_fresh`:
        it said already what it should. Returns whether `sheet.lease` was still held, and the binding the same."""
        state = {"looked_at": rfc3339(at), "revision": revision}
        state |= {} if was_fresh else {"last_success_at": rfc3339(at)}
        if again:
            state, gone = state | {"touched_at": rfc3339(at)}, ["retry_at", *_ONCE]
        else:
            gone = ["retry_at", "touched_at", *_ONCE]
        return self._end(sheet, state, gone, bound=sheet.bound)

    def failed(self, sheet: Binding, at: datetime, error: str, retry_at: datetime | None) -> bool:
        """Notes why the last sync failed, in words for officers, and ends the lease, if there is one.

        Returns whether `sheet.lease` was still held.
        """
        state = {"last_error_at": rfc3339(at), "last_error": error}
        if retry_at is None:
            return self._end(sheet, state, ["retry_at"])
        return self._end(sheet, state | {"retry_at": rfc3339(retry_at)})

    def keep_plain(self, sheet: Binding, obstacle: str, until: datetime) -> bool:
        """Notes what Google refused, in words for officers, and until when only plain values are written. Returns
        whether `sheet.lease` is still held; it stays."""
        state = {"obstacle": obstacle, "plain_until": rfc3339(until)}
        change = Update(
            keys.sheet(sheet.spreadsheet_id), set=state, expected={"lease": sheet.lease}, exists=True
        )
        return self._write(change)

    def put_off(self, sheet: Binding) -> bool:
        """Ends the lease and notes nothing. Returns whether it was still held."""
        return self._end(sheet, {})

    def move(self, sheet: Binding, account: str, at: datetime) -> bool:
        """Gives it to another account and ends the lease: it is due at once, and may have been edited meanwhile.
        Returns whether the lease was still held."""
        return self._end(sheet, {"account": account, "touched_at": rfc3339(at)}, ["retry_at"])

    def accounts(self) -> list[str]:
        """The addresses of the accounts at Google that share the sheets, as the last run knew them."""
        item = self._table.get(keys.sheets_accounts()) or {}
        return list(item.get("addresses", ()))

    def note_accounts(self, addresses: Sequence[str]) -> None:
        self._table.write(Put(keys.sheets_accounts(), {"addresses": list(addresses)}))

    def touch(self, spreadsheet_id: str, at: datetime) -> bool:
        """Notes that somebody has edited it. Returns whether it is bound still."""
        touched = {"touched_at": rfc3339(at)}
        return self._write(Update(keys.sheet(spreadsheet_id), set=touched, exists=True))

    def watches(self) -> dict[str, Watch]:
        """How far each account at Google has told what was touched."""
        items = self._table.query(keys.SHEETS_RUN, keys.WATCH_PREFIX, consistent=True)
        return dict(readable(items, _watch_of))

    def watch(self, account: str, watch: Watch) -> None:
        """Notes how far it has told."""
        attributes: Item = {"token": watch.token, "all_since": rfc3339(watch.all_since)}
        self._table.write(Update(keys.watch(account), set=attributes))

    def deployment(self) -> str:
        """The id of this deployment: of its table. It is made when it is first asked for."""
        key = keys.deployment()
        item = self._table.get(key)
        if item is None:
            with suppress(ConditionFailed):  # another process was faster
                self._table.write(Put(key, {"id": secrets.token_hex(8)}, unless_exists=True))
            item = self._table.get(key, consistent=True)
        return text(item or {}, "id")

    def begin_run(self, token: str, now: datetime, until: datetime) -> Spent | None:
        """Begins a run. Returns the requests of earlier runs, or None if another run is working on the sheets."""
        key = keys.sheets_run()
        item = self._table.get(key, consistent=True) or {}
        if is_held(_instant(item, "leased_until"), now):
            return None
        taken = {"lease": token, "leased_until": rfc3339(until)}
        if not self._take(Update(key, set=taken, expected={"lease": item.get("lease")})):
            return None
        return {kind: [_from_micros(each) for each in times] for kind, times in item.get("spent", {}).items()}

    def end_run(self, token: str, spent: Mapping[str, Sequence[datetime]]) -> bool:
        """Stores which requests were made, and lets the next run begin. Returns whether the lease was still held."""
        kept = {kind: [_micros(each) for each in times] for kind, times in spent.items()}
        change = Update(
            keys.sheets_run(),
            set={"spent": kept},
            remove=["lease", "leased_until"],
            expected={"lease": token},
        )
        return self._write(change)

    def _end(self, sheet: Binding, state: Item, remove: Sequence[str] = (), **expected: object) -> bool:
        """Ends the lease, if it is held still and these attributes are as expected."""
        return self._write(
            Update(
                keys.sheet(sheet.spreadsheet_id),
                set=state,
                remove=["lease", "leased_until", *remove],
                expected={"lease": sheet.lease, **expected},
                exists=True,
            )
        )

    def _take(self, change: Update) -> bool:
        """Whether the lease is ours now. It may come from an earlier attempt whose answer was lost."""
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
        edits=item.get("edits", False),
        last_error=item.get("last_error"),
        obstacle=item.get("obstacle"),
        take_over=bool(item.get("take_over")),
        tidies=bool(item.get("tidies")),
        revision=item.get("revision"),
        lease=item.get("lease"),
        bound=item.get("bound"),
        account=item.get("account"),
        **{name: _instant(item, name) for name in _TIMES},
    )


def _watch_of(item: Item) -> tuple[str, Watch]:
    account = text(item, "SK").removeprefix(keys.WATCH_PREFIX)
    return account, Watch(text(item, "token"), datetime.fromisoformat(item["all_since"]))


def _instant(item: Item, name: str) -> datetime | None:
    return datetime.fromisoformat(item[name]) if name in item else None


def _micros(instant: datetime) -> int:
    return round(instant.timestamp() * 1_000_000)


def _from_micros(number: int) -> datetime:
    return datetime.fromtimestamp(int(number) / 1_000_000, UTC)
