"""The bound spreadsheets, as a run of the sync sees them: which are due, who has them, and how each sync ended."""

import hmac
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from chalicelib.domain.accounts import shared_out
from chalicelib.domain.behind import is_failing, trouble
from chalicelib.domain.binding import NAMELESS, Binding, Watch
from chalicelib.domain.due import BATCH, LEASE, PATIENCE, PLAINLY, Due, due_first, is_urgent, is_waiting
from chalicelib.domain.edits import Edit, Outcome
from chalicelib.domain.sheet_view import SheetView
from chalicelib.services.directory import Directory
from chalicelib.services.sheet_edits import SheetEdits
from chalicelib.services.sheet_views import SheetViews
from chalicelib.services.surveys import Survey, Surveys, is_recent, revisions
from chalicelib.store.sheets import Sheets, Spent

logger = logging.getLogger(__name__)

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class SheetQueue:
    """The sheets as a run sees them. Each run has its own token, which its leases carry."""

    _directory: Directory
    _surveys: Surveys
    _views: SheetViews
    _sheets: Sheets
    _edits: SheetEdits
    _signing_secret: Callable[[], bytes]
    clock: Callable[[], datetime]
    _known: dict[str, Binding] = field(default_factory=dict, init=False)
    """All that were bound when the run began, by spreadsheet, with how it went since."""
    _wanted: dict[str, str] = field(default_factory=dict, init=False)
    """The revisions that those should show of which this was found out."""
    _surveyed: dict[str, Survey] = field(default_factory=dict, init=False)
    """What was read of servers, by id."""
    _watches: dict[str, Watch] = field(default_factory=dict, init=False)
    _accounts: dict[str, str] = field(default_factory=dict, init=False)
    """Which of the accounts at Google has which spreadsheet; none where they have no addresses."""
    _noted: list[str] | None = field(default=None, init=False)
    """The accounts that this process has noted."""
    _handled: set[str] = field(default_factory=set, init=False)
    """The spreadsheets that this run is through with."""
    _is_behind: bool = field(default=False, init=False)
    """Whether the last run left at least as many urgent sheets as it got through."""
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

    def proof(self, text: str) -> str:
        """What shows that this deployment has written that text into a spreadsheet, where others may write, too. Raises
        Busy, Unreadable."""
        digest = hmac.digest(self._signing_secret(), f"in a sheet: {text}".encode(errors="replace"), "sha256")
        return digest[:16].hex()

    def due(self) -> list[Due]:
        """The sheets to sync now, in order. What it costs, `Surveys.of` says; no card is read."""
        now = self.clock()
        self._known = {sheet.spreadsheet_id: sheet for sheet in self._sheets.all()}
        asked = [sheet for sheet in self._known.values() if not is_waiting(sheet, now)]
        servers = {sheet.server for sheet in asked}
        self._surveyed = self._surveys.of(servers, self._surveyed, is_behind=self._is_behind)
        revision = self._revisions(now)
        self._wanted = {sheet.spreadsheet_id: revision(sheet) for sheet in asked}
        self._watches = self._sheets.watches() if self.takes_edits else {}
        return self._due(self._wanted)

    @property
    def knows_accounts(self) -> bool:
        return self._noted is not None

    def share_out(self, accounts: Sequence[str]) -> None:
        """Each sheet is one account's, in this run and as long as there is that account. `accounts`: the addresses of
        those that have one."""
        self._accounts = shared_out(self._known.values(), accounts)
        if self._noted != list(accounts):
            if accounts or self._noted:  # at first, none may mean that they are not known
                self._sheets.note_accounts(accounts)
            self._noted = list(accounts)

    def due_of(self, account: str | None) -> list[Due]:
        """The sheets of that account that are due now, in order. None: of those that belong to no account."""
        return self._due([each for each in self._wanted if self._accounts.get(each) == account], account)

    @property
    def takes_edits(self) -> bool:
        """Whether what officers edit counts, in any of the sheets."""
        return any(sheet.edits for sheet in self._known.values())

    def told_up_to(self, account: str) -> str | None:
        """The token up to which the account's Drive has told what was touched; None: it was never asked."""
        watch = self._watches.get(account)
        return watch.token if watch else None

    def note_touched(self, account: str, spreadsheets: Collection[str] | None, token: str) -> None:
        """Notes which spreadsheets were touched (None: any may have been), and then up to which token that is told."""
        now, before = self.clock(), self._watches.get(account)
        for touched in self._known.keys() & (spreadsheets or ()):
            if self._known[touched].edits:
                self._sheets.touch(touched, now)
                self._known[touched] = replace(self._known[touched], touched_at=now)
        all_since = before.all_since if before and spreadsheets is not None else now
        self._watches[account] = Watch(token, all_since)
        if self._watches[account] != before:
            self._sheets.watch(account, self._watches[account])

    def _due(self, spreadsheets: Iterable[str], account: str | None = None) -> list[Due]:
        watch = self._watches.get(account or NAMELESS)
        asked = [(self._known[each], self._wanted[each]) for each in spreadsheets]
        return due_first(asked, self.clock(), watch.all_since if watch else None)

    def begin_run(self, run: str) -> Spent | None:
        """Begins a run. Returns the requests that earlier runs made; None if another run is working on the sheets: that
        one syncs them all."""
        self._began = now = self.clock()
        self._handled.clear()
        return self._sheets.begin_run(run, now, now + LEASE)

    def end_run(self, run: str, spent: Mapping[str, Sequence[datetime]]) -> None:
        self._requests = sum(at >= self._began for times in spent.values() for at in times)
        self._sheets.end_run(run, spent)
        now, left = self.clock(), self._wanted.keys() - self._handled
        urgent = sum(is_urgent(Due(self._known[each], self._wanted[each]), now) for each in left)
        self._is_behind = 0 < len(self._handled) <= urgent

    def health(self) -> dict[str, float]:
        """After a run: how many `requests` it made, how many sheets are `failing`, and how many seconds ago the sheet
        that has waited longest (`oldest`) was synced. Sheets that were never synced don't count for that. If the sync
        as a whole is in trouble, that is logged as an error."""
        sheets, requests, now = list(self._known.values()), self._requests, self.clock()
        self._requests = 0
        if words := trouble(sheets, now):
            logger.error("%s", words)
        ages = [(now - sheet.last_success_at).total_seconds() for sheet in sheets if sheet.last_success_at]
        failing = sum(map(is_failing, sheets))
        return {"requests": requests, "failing": failing, "oldest": max(ages, default=0.0)}

    def lease(self, due: Due, run: str) -> Due | None:
        """Takes the sheet for this run alone, until `LEASE` is over; None if another run was faster."""
        until = self.clock() + LEASE
        sheet = replace(due.sheet, account=self._accounts.get(due.sheet.spreadsheet_id, due.sheet.account))
        if not self._sheets.lease(sheet, run, until):
            return None
        return replace(due, sheet=replace(sheet, lease=run, leased_until=until))

    def move(self, due: Due, account: str) -> None:
        """Leaves it to a later run, of another account."""
        self._note(due, self._sheets.move(due.sheet, account, self.clock()))

    def view(self, sheet: Binding, *, consistent: bool = False) -> SheetView:
        """What the sheet should show; if `consistent`, with all that was written until now. Raises NotFound if the
        server or alliance is gone."""
        survey = self._surveyed.get(sheet.server)
        if consistent or survey is None or not is_recent(survey, self.clock(), BATCH + LEASE):
            survey = self._surveyed[sheet.server] = self._surveys.anew(sheet.server, consistent=consistent)
        return self._views.of(sheet, survey, consistent=consistent)

    def apply(
        self, sheet: Binding, title: str, edits: Sequence[Edit], has_time: Callable[[], bool]
    ) -> list[Outcome]:
        """Applies what officers edited in the sheet, which has that title; what became of each."""
        return self._edits.apply(sheet, title, edits, has_time)

    def renewed(self, due: Due) -> Due:
        """With the revision of what `view` showed last."""
        return replace(due, revision=self._revisions(self.clock())(due.sheet))

    def synced(self, due: Due, *, again: bool = False, was_fresh: bool = False) -> None:
        """Notes that it now shows `due.revision`. `again`: it holds edits that are still to be taken. `was_fresh`: it
        showed that already, and was not written."""
        now = self.clock()
        self._handled.add(due.sheet.spreadsheet_id)
        if self._sheets.synced(due.sheet, now, due.revision, again=again, was_fresh=was_fresh):
            at = due.sheet.last_success_at if was_fresh else now
            self._known[due.sheet.spreadsheet_id] = replace(due.sheet, last_success_at=at)
        else:
            self._note(due, self._sheets.put_off(due.sheet))  # it was bound anew meanwhile

    def failed(self, due: Due, error: str, *, lasting: bool) -> None:
        """Notes why, in words for officers. `lasting`: it won't work until somebody has done something."""
        now = self.clock()
        self._handled.add(due.sheet.spreadsheet_id)
        retry_at = now + PATIENCE if lasting else None
        self._known[due.sheet.spreadsheet_id] = replace(due.sheet, last_error_at=now)
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
        """A function that gives a sheet's revision, by what was read of its server."""
        of_server: dict[str, Callable[[str | None], str]] = {}

        def revision(sheet: Binding) -> str:
            if sheet.server not in of_server:
                survey = self._surveyed.get(sheet.server)
                if survey is None:
                    return "of no server"
                of_server[sheet.server] = revisions(survey, self._directory.events(), now)
            return of_server[sheet.server](sheet.alliance)

        return revision
