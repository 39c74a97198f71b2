"""The bound spreadsheets: who binds them, which are due, and what became of them. Writing them is not done here."""

import hashlib
import json
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC, datetime
from functools import cache

from chalicelib.domain.access import Key
from chalicelib.domain.due import LEASE, PATIENCE, Due, due_first
from chalicelib.domain.errors import FieldError, NotFound, malformed
from chalicelib.domain.ledger import Actor
from chalicelib.domain.report import Report, Sheet
from chalicelib.domain.roster import Alliance
from chalicelib.services.directory import Directory
from chalicelib.services.reports import Reports
from chalicelib.store import ledger
from chalicelib.store.completions import Completions
from chalicelib.store.definitions import Definitions
from chalicelib.store.sheets import Sheets, Spent
from chalicelib.store.table import Put

logger = logging.getLogger(__name__)

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class SheetState:
    """What a spreadsheet is bound to and how its syncs went. The field names are the contract of DESIGN §5.

    `revision` identifies what it shows; None: nothing of this binding yet.
    """

    spreadsheet_id: str
    server: str
    alliance: str | None
    last_success_at: datetime | None
    last_error_at: datetime | None
    last_error: str | None
    revision: str | None


class Bindings:
    """Binding spreadsheets to a server or an alliance, and looking how they are."""

    def __init__(self, directory: Directory, sheets: Sheets, clock: Callable[[], datetime]) -> None:
        self._directory = directory
        self._sheets = sheets
        self._clock = clock

    def bind(
        self, key: Key, spreadsheet_id: str, server_id: str, alliance_id: str | None
    ) -> tuple[SheetState, bool]:
        """The state of the binding, and whether the spreadsheet had none before. The next sync shows all of it.

        Raises Forbidden, Malformed (`malformed`) for what is no spreadsheet's id, NotFound.
        """
        key.require("admin", server=server_id, alliance=alliance_id)
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,128}", spreadsheet_id):
            message = (
                "This is no spreadsheet's id: take what stands between /d/ and the next / of its address."
            )
            raise malformed("spreadsheet_id", message)
        self._directory.server(server_id)
        if alliance_id:
            self._directory.alliance(server_id, alliance_id)
        before = self._sheets.get(spreadsheet_id)
        bound = (before.server, before.alliance) if before else None
        entry = self._entry(key, spreadsheet_id, bound, (server_id, alliance_id))
        self._sheets.bind(spreadsheet_id, server_id, alliance_id, entry)
        return _state(self._sheet(spreadsheet_id)), before is None

    def state(self, key: Key, spreadsheet_id: str) -> SheetState:
        """Raises Forbidden, and NotFound (`unknown-sheet`) if it is not bound."""
        key.require("admin", "officer", server=key.server or "", alliance=key.alliance)
        sheet = self._sheet(spreadsheet_id)
        key.require("admin", "officer", server=sheet.server, alliance=sheet.alliance)
        return _state(sheet)

    def unbind(self, key: Key, spreadsheet_id: str) -> None:
        """Its tabs stay as they are. Raises Forbidden, and NotFound (`unknown-sheet`) if it is not bound."""
        key.require("admin", server=key.server or "", alliance=key.alliance)
        before = self._sheet(spreadsheet_id)
        entry = self._entry(key, spreadsheet_id, (before.server, before.alliance), None)
        self._sheets.unbind(spreadsheet_id, entry)

    def _entry(
        self,
        key: Key,
        spreadsheet_id: str,
        before: tuple[str, str | None] | None,
        after: tuple[str, str | None] | None,
    ) -> Put:
        """Of what the spreadsheet is bound to: a server and an alliance."""
        server, alliance = after or before or ("", None)
        sides = [
            {"spreadsheet": spreadsheet_id, "server": one[0], "alliance": one[1]} if one else None
            for one in (before, after)
        ]
        what = {"alliance": alliance, "before": sides[0], "after": sides[1]}
        return ledger.put(ledger.new_entry(self._clock(), "sheet", Actor.of(key), server, **what))

    def _sheet(self, spreadsheet_id: str) -> Sheet:
        sheet = self._sheets.get(spreadsheet_id)
        if sheet is None:
            message = "This spreadsheet is not bound to anything."
            raise NotFound("unknown-sheet", message, [FieldError("spreadsheet_id", message)])
        return sheet


class BoundSheets:
    """The sheets as a run sees them. Each run has a token of its own, which its leases carry."""

    def __init__(
        self,
        directory: Directory,
        definitions: Definitions,
        completions: Completions,
        reports: Reports,
        sheets: Sheets,
        clock: Callable[[], datetime],
    ) -> None:
        self._directory = directory
        self._definitions = definitions
        self._completions = completions
        self._reports = reports
        self._sheets = sheets
        self.clock = clock
        self._began, self._requests = _NEVER, 0

    def due(self) -> list[Due]:
        """The sheets to sync now, in their order. Costs two reads and one per event for each server; no cards."""
        now = self.clock()
        revision = self._revisions(now)
        return due_first([(sheet, revision(sheet)) for sheet in self._sheets.all()], now)

    def begin_run(self, run: str) -> Spent | None:
        """What earlier runs spent on requests; None if another run is at the sheets, which is then to do it all."""
        self._began = now = self.clock()
        return self._sheets.begin_run(run, now, now + LEASE)

    def end_run(self, run: str, spent: Mapping[str, Sequence[datetime]]) -> None:
        self._requests = sum(at >= self._began for times in spent.values() for at in times)
        self._sheets.end_run(run, spent)

    def health(self) -> dict[str, float]:
        """After a run: how many `requests` it took, how many sheets are `failing`, and how many seconds ago the
        `oldest` of those that ever were synced was."""
        sheets, requests = list(self._sheets.all()), self._requests
        self._requests = 0
        failing = [s for s in sheets if s.last_error_at and s.last_error_at > (s.last_success_at or _NEVER)]
        ages = [(self.clock() - s.last_success_at).total_seconds() for s in sheets if s.last_success_at]
        return {"requests": requests, "failing": len(failing), "oldest": max(ages, default=0.0)}

    def lease(self, due: Due, run: str) -> Due | None:
        """The sheet for this run alone, until `LEASE` is over; None if another was faster."""
        until = self.clock() + LEASE
        if not self._sheets.lease(due.sheet, run, until):
            return None
        return replace(due, sheet=replace(due.sheet, lease=run, leased_until=until))

    def report(self, sheet: Sheet) -> Report:
        """Raises NotFound if the server or alliance is gone."""
        return self._reports.of(sheet)

    def synced(self, due: Due) -> None:
        """It shows `due.revision` now."""
        self._note(due, self._sheets.synced(due.sheet, self.clock(), due.revision))

    def failed(self, due: Due, error: str, *, lasting: bool) -> None:
        """Notes why, in words for officers. `lasting`: it won't work until somebody has done something."""
        now = self.clock()
        retry_at = now + PATIENCE if lasting else None
        self._note(due, self._sheets.failed(due.sheet, now, error, retry_at))

    def put_off(self, due: Due) -> None:
        """It goes on with a later run."""
        self._note(due, self._sheets.put_off(due.sheet))

    def _note(self, due: Due, was_held: bool) -> None:
        if not was_held:
            logger.warning("nothing noted: %s was unbound or taken over", due.sheet.spreadsheet_id)

    def _revisions(self, now: datetime) -> Callable[[Sheet], str]:
        """What gives a sheet's revision: a hash of all that decides what it shows, but for the time of day.

        Alike for the sheets of a server is how it stands. A sheet of an alliance shows its roster, one of a server the
        labels of all alliances. A projection moves on with the time: a sheet is not due for that.
        """

        @cache
        def alliances(server_id: str) -> dict[str, Alliance]:
            return {alliance.id: alliance for alliance in self._definitions.alliances(server_id)}

        @cache
        def standing(server_id: str) -> str:
            server = self._directory.server(server_id)
            day = server.game_day
            events = []
            for event in self._directory.events():
                statuses = [event.status(now, day), *(w.status(now) for _, w in event.scheduled(day))]
                counted = None if event.archived else self._completions.standing(server_id, event.id)
                events.append((event.model_dump_json(), statuses, counted))
            return _hash((day, events))

        def revision(sheet: Sheet) -> str:
            try:
                common = standing(sheet.server)
            except NotFound:
                return "of no server"
            known = alliances(sheet.server)
            shown: object = [(one.id, one.tag, one.name) for one in known.values()]
            if sheet.alliance:
                one = known.get(sheet.alliance)
                shown = one and (one.tag, one.name, one.roster_changes)
            return _hash((common, sheet.server, sheet.alliance, shown))

        return revision


def _state(sheet: Sheet) -> SheetState:
    return SheetState(
        sheet.spreadsheet_id,
        sheet.server,
        sheet.alliance,
        sheet.last_success_at,
        sheet.last_error_at,
        sheet.last_error,
        sheet.revision,
    )


def _hash(content: object) -> str:
    return hashlib.sha256(json.dumps(_canonical(content)).encode()).hexdigest()[:16]


def _canonical(value: object) -> object:
    """The same for equal content, in whatever order a mapping has it."""
    if isinstance(value, Mapping):
        return sorted([str(key), _canonical(each)] for key, each in value.items())
    if isinstance(value, list | tuple):
        return [_canonical(each) for each in value]
    if is_dataclass(value):
        return [_canonical(getattr(value, part.name)) for part in fields(value)]
    return str(value)
