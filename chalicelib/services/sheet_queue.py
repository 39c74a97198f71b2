"""The bound spreadsheets, as a run of the sync sees them: which are due, who has them, and how each sync ended."""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache

from chalicelib.domain.behind import is_failing, trouble
from chalicelib.domain.binding import Binding, Watch
from chalicelib.domain.due import LEASE, PATIENCE, PLAINLY, Due, due_first
from chalicelib.domain.edits import Edit, Outcome
from chalicelib.domain.errors import NotFound
from chalicelib.domain.revision import revision_of
from chalicelib.domain.roster import Alliance
from chalicelib.domain.sheet_view import SheetView
from chalicelib.services.directory import Directory
from chalicelib.services.sheet_edits import SheetEdits
from chalicelib.services.sheet_views import SheetViews
from chalicelib.store.completions import Completions
from chalicelib.store.definitions import Definitions
from chalicelib.store.sheets import Sheets, Spent

logger = logging.getLogger(__name__)

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class SheetQueue:
    """The sheets as a run sees them. Each run has its own token, which its leases carry."""

    _directory: Directory
    _definitions: Definitions
    _completions: Completions
    _views: SheetViews
    _sheets: Sheets
    _edits: SheetEdits
    clock: Callable[[], datetime]
    _known: list[tuple[Binding, str]] = field(default_factory=list, init=False)
    """All that are bound, with the revisions that they should show."""
    _watches: dict[str, Watch] = field(default_factory=dict, init=False)
    _began: datetime = field(default=_NEVER, init=False)
    _requests: int = field(default=0, init=False)
    _deployment: str | None = field(default=None, init=False)

    @property
    def deployment(self) -> str:
        """Which deployment this is: the tabs that it keeps say so."""
        if self._deployment is None:
            self._deployment = self._sheets.deployment()
        return self._deployment

    def names(self, server: str, alliance: str) -> dict[str, str]:
        """What all whom the alliance's roster has had are called today, by id."""
        return self._views.names(server, alliance)

    def due(self) -> list[Due]:
        """The sheets to sync now, in order. It costs two reads, and one for each event, for each server; no cards."""
        revision = self._revisions(self.clock())
        self._known = [(sheet, revision(sheet)) for sheet in self._sheets.all()]
        self._watches = self._sheets.watches() if self.takes_edits else {}
        return self._due()

    @property
    def takes_edits(self) -> bool:
        """Whether what officers edit counts, in any of the sheets."""
        return any(sheet.edits for sheet, _ in self._known)

    def told_up_to(self, account: str) -> str | None:
        """The token up to which the account's Drive has told what was touched; None: it was never asked."""
        watch = self._watches.get(account)
        return watch.token if watch else None

    def note_touched(self, account: str, spreadsheets: Collection[str] | None, token: str) -> list[Due]:
        """Notes which spreadsheets were touched (None: any may have been), and then up to which token that is told.
        Returns what is due now, in order."""
        now, before = self.clock(), self._watches.get(account)
        for place, (sheet, revision) in enumerate(self._known):
            if sheet.edits and spreadsheets and sheet.spreadsheet_id in spreadsheets:
                self._sheets.touch(sheet.spreadsheet_id, now)
                self._known[place] = replace(sheet, touched_at=now), revision
        all_since = before.all_since if before and spreadsheets is not None else now
        self._watches[account] = Watch(token, all_since)
        if self._watches[account] != before:
            self._sheets.watch(account, self._watches[account])
        return self._due()

    def _due(self) -> list[Due]:
        looked_since = max((watch.all_since for watch in self._watches.values()), default=None)
        return due_first(self._known, self.clock(), looked_since)

    def begin_run(self, run: str) -> Spent | None:
        """Begins a run. Returns the requests that earlier runs made; None if another run is working on the sheets: that
        one syncs them all."""
        self._began = now = self.clock()
        return self._sheets.begin_run(run, now, now + LEASE)

    def end_run(self, run: str, spent: Mapping[str, Sequence[datetime]]) -> None:
        self._requests = sum(at >= self._began for times in spent.values() for at in times)
        self._sheets.end_run(run, spent)

    def health(self) -> dict[str, float]:
        """After a run: how many `requests` it made, how many sheets are `failing`, and how many seconds ago the sheet
        that has waited longest (`oldest`) was synced. Sheets that were never synced don't count for that. If the sync
        as a whole is in trouble, that is logged as an error."""
        sheets, requests, now = list(self._sheets.all()), self._requests, self.clock()
        self._requests = 0
        if words := trouble(sheets, now):
            logger.error("%s", words)
        ages = [(now - sheet.last_success_at).total_seconds() for sheet in sheets if sheet.last_success_at]
        failing = sum(map(is_failing, sheets))
        return {"requests": requests, "failing": failing, "oldest": max(ages, default=0.0)}

    def lease(self, due: Due, run: str) -> Due | None:
        """Takes the sheet for this run alone, until `LEASE` is over; None if another run was faster."""
        until = self.clock() + LEASE
        if not self._sheets.lease(due.sheet, run, until):
            return None
        return replace(due, sheet=replace(due.sheet, lease=run, leased_until=until))

    def view(self, sheet: Binding, *, consistent: bool = False) -> SheetView:
        """What the sheet should show; if `consistent`, with all that was written until now. Raises NotFound if the
        server or alliance is gone."""
        return self._views.of(sheet, consistent=consistent)

    def apply(
        self, sheet: Binding, title: str, edits: Sequence[Edit], has_time: Callable[[], bool]
    ) -> list[Outcome]:
        """Applies what officers edited in the sheet, which has that title; what became of each."""
        return self._edits.apply(sheet, title, edits, has_time)

    def renewed(self, due: Due) -> Due:
        """With the revision of what the sheet should show now."""
        return replace(due, revision=self._revisions(self.clock())(due.sheet))

    def synced(self, due: Due, *, again: bool = False, was_fresh: bool = False) -> None:
        """Notes that it now shows `due.revision`. `again`: it holds edits that are still to be taken. `was_fresh`: it
        showed that already, and was not written."""
        noted = self._sheets.synced(due.sheet, self.clock(), due.revision, again=again, was_fresh=was_fresh)
        self._note(due, noted or self._sheets.put_off(due.sheet))  # it was bound anew meanwhile

    def failed(self, due: Due, error: str, *, lasting: bool) -> None:
        """Notes why, in words for officers. `lasting`: it won't work until somebody has done something."""
        now = self.clock()
        retry_at = now + PATIENCE if lasting else None
        self._note(due, self._sheets.failed(due.sheet, now, error, retry_at))

    def keep_plain(self, due: Due, obstacle: str) -> None:
        """Notes what Google refused, in words for officers: for `PLAINLY` only plain values are written."""
        self._note(due, self._sheets.keep_plain(due.sheet, obstacle, self.clock() + PLAINLY))

    def put_off(self, due: Due) -> None:
        """Leaves it to a later run."""
        self._note(due, self._sheets.put_off(due.sheet))

    def _note(self, due: Due, was_held: bool) -> None:
        if not was_held:
            logger.warning("nothing noted: %s was unbound or taken over", due.sheet.spreadsheet_id)

    def _revisions(self, now: datetime) -> Callable[[Binding], str]:
        """A function that gives a sheet's revision: a hash of everything that decides what it shows, except the time.

        The server's standing is the same for all its sheets. Besides, an alliance's sheet shows its roster, and a
        server's sheet the labels of all alliances. A projection changes with time, but that does not make a sheet due.
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
            return revision_of((day, events))

        def revision(sheet: Binding) -> str:
            try:
                common = standing(sheet.server)
            except NotFound:
                return "of no server"
            known = alliances(sheet.server)
            shown: object = [(one.id, one.tag, one.name) for one in known.values()]
            if sheet.alliance:
                one = known.get(sheet.alliance)
                shown = one and (one.tag, one.name, one.roster_changes)
            return revision_of((common, sheet.server, sheet.alliance, shown))

        return revision
