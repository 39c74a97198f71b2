"""A run over the sheets that are due, within Google's quota and its own time. No failure of one stops the others."""

import logging
import math
import secrets
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, Protocol

from chalicelib.domain.binding import NAMELESS, Binding
from chalicelib.domain.due import Due
from chalicelib.domain.edits import Edit, Outcome
from chalicelib.domain.errors import MusterError, NotFound
from chalicelib.domain.sheet_view import SheetView
from sheets_sync.allowance import (
    KINDS,
    RESERVE,
    Allowance,
    Budget,
    Kind,
    Limits,
    OutOfAllowance,
    Project,
)
from sheets_sync.credentials import Account, forget
from sheets_sync.drive import Drive
from sheets_sync.failures import NotShared, QuotaExceeded, SheetError, SignInFailed
from sheets_sync.google import Google, Spreadsheets, connect
from sheets_sync.kept import Keeper
from sheets_sync.sync import Synced, sync
from sheets_sync.watching import look

logger = logging.getLogger(__name__)

NEEDS: Mapping[Kind, int] = {"read": 2, "write": 1}
"""Requests that a sync may take. The second read is for a sync that makes tabs, or follows one that failed."""
ENOUGH = 10.0
"""A sheet is begun only if so many seconds are left besides the reserve."""
MOST_REFUSED = 2
"""After so many sheets in a row that Google's quota refuses, the run ends: the others would be refused too."""

EDITS_END = 8.0
"""Seconds that are left of a sync at least when it applies an edit: for the view, and for the write."""

Sync = Callable[[Binding, SheetView, Spreadsheets], object]
"""A sync in a few lines, for tests."""


class SheetSource(Protocol):
    """Gives the sheets to sync and what they should show. `run` is the run's own token."""

    @property
    def clock(self) -> Callable[[], datetime]: ...

    def due(self) -> Sequence[Due]: ...

    @property
    def takes_edits(self) -> bool:
        """Whether what officers edit counts, in any of the sheets."""
        ...

    @property
    def deployment(self) -> str: ...

    def names(self, server: str, alliance: str) -> Mapping[str, str]: ...

    def proof(self, text: str) -> str: ...

    @property
    def knows_accounts(self) -> bool:
        """Whether they were shared out before."""
        ...

    def share_out(self, accounts: Sequence[str]) -> None:
        """Each sheet is one account's. `accounts`: their addresses, where they have any."""
        ...

    def due_of(self, account: str | None) -> Sequence[Due]:
        """Of all that are due, those of this account."""
        ...

    def told_up_to(self, account: str) -> str | None: ...

    def note_touched(self, account: str, spreadsheets: Collection[str] | None, token: str) -> None: ...

    def begin_run(self, run: str) -> Mapping[str, Sequence[datetime]] | None:
        """The requests of earlier runs that still count; None if another run is syncing the sheets."""
        ...

    def end_run(self, run: str, spent: Mapping[str, Sequence[datetime]]) -> None: ...

    def lease(self, due: Due, run: str) -> Due | None: ...

    def view(self, sheet: Binding, *, consistent: bool = False) -> SheetView:
        """Raises MusterError."""
        ...

    def apply(
        self, sheet: Binding, title: str, edits: Sequence[Edit], has_time: Callable[[], bool]
    ) -> Sequence[Outcome]: ...

    def renewed(self, due: Due) -> Due:
        """With the revision of what `view` showed last."""
        ...

    def synced(self, due: Due, *, again: bool = False, was_fresh: bool = False) -> None: ...

    def failed(self, due: Due, error: str, *, lasting: bool) -> None: ...

    def keep_plain(self, due: Due, obstacle: str) -> None:
        """For a while, only plain values are written."""
        ...

    def put_off(self, due: Due) -> None: ...

    def move(self, due: Due, account: str) -> None:
        """To another account, whose turn it is in a later run."""
        ...


def sync_due(
    source: SheetSource,
    google: Google,
    limits: tuple[int, int] = Limits(),
    remaining: Callable[[], float] = lambda: math.inf,
    sleep: Callable[[float], None] = time.sleep,
    help_url: str | None = None,
    drive_url: str | None = None,
    do: Sync | None = None,
) -> dict[str, int]:
    """How many sheets were synced, failed (each noted with its reason), or put off to a later run.

    Google's accounts work at the same time, each on its own sheets. `drive_url` is where the Drive API is, which tells
    which sheets were touched. `limits`: how many reads, and how many writes, an account and a project may make in a
    minute. `remaining` gives the seconds left. `help_url` is the page with help for members that the sheets link to.
    `do` replaces `sync`.
    """
    run = secrets.token_hex(8)
    due = source.due()
    drive_url = drive_url if source.takes_edits else None
    if not due and not source.knows_accounts:
        _share_out(source, google)
    spent = source.begin_run(run) if due or drive_url else None
    counts = _counts(put_off=len(due))
    if spent is not None:
        lines: list[_Line] = []
        try:
            for account, allowance in _allowances(google.accounts(), Limits(*limits), source.clock, spent):
                its_google = replace(google, account=account)
                budget = Budget(allowance, remaining, sleep)
                lines.append(_Line(run, source, its_google, budget, drive_url, help_url, do, lines))
            source.share_out([line.google.account for line in lines if line.google.account])
            _at_once([line.work for line in lines])
            counts = {name: sum(line.counts[name] for line in lines) for name in counts}
        except SignInFailed as error:  # it isn't known whose credentials there are
            logger.log(_level(error), "no sheet can be synced: %s", error)
            failed = _fail_all(source, due, error, remaining) if error.lasting else 0
            counts = _counts(failed=failed, put_off=len(due) - failed)
        finally:
            source.end_run(run, _spent(lines) if lines else spent)
    logger.info("sheets run", extra={"run": run, "due": len(due), **counts})
    return counts


def _counts(synced: int = 0, failed: int = 0, put_off: int = 0) -> dict[str, int]:
    return {"synced": synced, "failed": failed, "put_off": put_off}


def _share_out(source: SheetSource, google: Google) -> None:
    """So that it is known, when the first sheet is bound, whom it is to be shared with."""
    accounts: list[Account] = []
    with suppress(SignInFailed):
        accounts = google.accounts()
    source.share_out([account.address for account in accounts if account.address])


def _allowances(
    accounts: Sequence[Account],
    limits: Limits,
    clock: Callable[[], datetime],
    spent: Mapping[str, Sequence[datetime]],
) -> Iterator[tuple[str | None, Allowance]]:
    """Of each account: its address, and what it may spend together with the others of its project."""
    projects = {account.project: Project(limits.project) for account in accounts}
    for account in accounts:
        its = {str(kind): spent.get(_name(kind, account.address), ()) for kind in KINDS}
        yield account.address, Allowance(limits.user, clock, its, projects[account.project])


def _spent(lines: Sequence["_Line"]) -> dict[str, list[datetime]]:
    return {
        _name(kind, line.google.account): times
        for line in lines
        for kind, times in line.budget.allowance.spent.items()
    }


def _name(kind: str, account: str | None) -> str:
    """What an account's requests of that kind are stored under."""
    return f"{kind} {account}" if account else kind


def _at_once(works: Sequence[Callable[[], None]]) -> None:
    """Does all of them, each in a thread of its own if there are several. If any fails, the others end first."""
    if len(works) == 1:
        works[0]()
        return
    with ThreadPoolExecutor(len(works)) as pool:
        begun = [pool.submit(copy_context().run, work) for work in works]
    for one in begun:
        one.result()


def _level(error: SignInFailed) -> int:
    return logging.ERROR if error.lasting else logging.WARNING


def _fail_all(
    source: SheetSource, due: Sequence[Due], error: SheetError, remaining: Callable[[], float]
) -> int:
    """Notes the error for each, as far as time allows; gives their number."""
    for told, each in enumerate(due):
        if remaining() <= RESERVE:
            return told
        source.failed(each, str(error), lasting=error.lasting)
    return len(due)


@dataclass
class _Line:
    """What one of Google's accounts does in a run. `others`: those of all accounts."""

    run: str
    source: SheetSource
    google: Google
    budget: Budget
    drive_url: str | None
    """None: it is not asked which sheets were touched."""
    help_url: str | None
    do: Sync | None
    others: "Sequence[_Line]"
    is_watched: bool = False
    """Whether Google tells which spreadsheets were touched."""
    counts: dict[str, int] = field(default_factory=_counts)
    refused: int = 0
    """Sheets in a row that Google's quota refused."""

    def work(self) -> None:
        """Syncs as many as there is room for, in their order."""
        if self.drive_url:
            google = self.google
            drive = Drive(
                self.drive_url, google.credentials_secret, google.read_secret, account=google.account
            )
            self.is_watched = look(self.source, drive, lambda: self.budget.seconds > ENOUGH)
        due = self.source.due_of(self.google.account)
        if not due:
            return
        done = 0
        try:
            with connect(self.google, self.budget) as spreadsheets:
                while done < len(due) and self.refused < MOST_REFUSED and self._has_room():
                    outcome = self._one(due[done], spreadsheets)
                    self.counts[outcome] += 1
                    done += 1
        except OutOfAllowance as error:
            logger.info("the run ends early: %s", error)
        except SignInFailed as error:
            whose = self.google.account or NAMELESS
            logger.log(_level(error), "no sheet of %s can be synced: %s", whose, error)
            forget(self.google.credentials_secret)
            if error.lasting:
                failed = _fail_all(self.source, due[done:], error, lambda: self.budget.seconds + RESERVE)
                self.counts["failed"] += failed
                done += failed
        self.counts["put_off"] += len(due) - done

    def _one(self, due: Due, spreadsheets: Spreadsheets) -> Literal["synced", "failed", "put_off"]:
        """Raises OutOfAllowance or SignInFailed, after which the run is over."""
        try:
            leased = self.source.lease(due, self.run)
            if leased is None:
                return "put_off"
            return self._leased(leased, spreadsheets)
        except MusterError as error:  # the lease ends by itself
            logger.warning("%s could not be noted: %s", due.sheet.spreadsheet_id, error)
            return "failed"

    def _leased(self, due: Due, spreadsheets: Spreadsheets) -> Literal["synced", "failed", "put_off"]:
        try:
            done, due = self._sync(due, spreadsheets)
        except (OutOfAllowance, SignInFailed):
            self.source.put_off(due)
            raise
        except NotShared as error:
            return "put_off" if self._moves(due) else self._failed(due, error)
        except Exception as error:  # noqa: BLE001 - an error of our own must not hold up the others
            return self._failed(due, _failure(error))
        self.refused = 0
        if done.obstacle:
            self.source.keep_plain(due, done.obstacle)
        self.source.synced(due, again=done.again, was_fresh=done.was_fresh)
        return "synced"

    def _failed(self, due: Due, failure: SheetError) -> Literal["failed"]:
        logger.warning("sync of %s failed: %s", due.sheet.spreadsheet_id, failure)
        self.refused = self.refused + 1 if isinstance(failure, QuotaExceeded) else 0
        if failure.refused:
            self.source.keep_plain(due, str(failure))
        self.source.failed(due, str(failure), lasting=failure.lasting)
        return "failed"

    def _sync(self, due: Due, spreadsheets: Spreadsheets) -> tuple[Synced, Due]:
        """Where it isn't known what was applied, it is tried again, beginning with the read. No batch is sent twice.
        Returns what it shows now, too: edits that were applied have changed it."""
        sheet = due.sheet
        view = self.source.view(sheet)

        def apply(title: str, edits: Sequence[Edit]) -> tuple[Sequence[Outcome], SheetView]:
            nonlocal due, view
            outcomes = self.source.apply(sheet, title, edits, lambda: self.budget.seconds > EDITS_END)
            view = self.source.view(sheet, consistent=True)
            due = self.source.renewed(due)
            return outcomes, view

        def once() -> Synced:
            if self.do:
                self.do(sheet, view, spreadsheets)
                return Synced()
            keeper = Keeper(self.source.deployment, self.source.names, self.source.proof)
            return sync(sheet, view, spreadsheets, self.help_url, apply, keeper, is_watched=self.is_watched)

        try:
            done = once()
        except SheetError as error:
            if not error.again or not self._has_room():
                raise
            logger.warning("sync of %s is tried again: %s", sheet.spreadsheet_id, error)
            done = once()
        return done, due

    def _has_room(self) -> bool:
        return self.budget.has_room(NEEDS, ENOUGH)

    def _moves(self, due: Due) -> bool:
        """Whether another account can read the sheet. Then it is that one's from now on."""
        for other in self.others:
            account = other.google.account
            if other is self or account is None or other.budget.allowance.wait("read") > 0:
                continue
            try:
                with connect(other.google, replace(other.budget)) as spreadsheets:
                    spreadsheets.overview(due.sheet.spreadsheet_id, "spreadsheetId")
            except (SheetError, OutOfAllowance):
                continue
            logger.info("%s is now synced by %s", due.sheet.spreadsheet_id, account)
            self.source.move(due, account)
            return True
        return False


def _failure(error: Exception) -> SheetError:
    """What went wrong with one sheet, in words for officers. An error of our own is logged with its trace."""
    if isinstance(error, SheetError):
        return error
    if isinstance(error, NotFound):
        return SheetError(error.detail, lasting=True)
    if isinstance(error, MusterError):
        return SheetError("Muster could not read what was reported; the next sync tries again.")
    logger.error("internal error", exc_info=error)
    return SheetError(
        "Muster itself failed (internal error). Its operators find the reason in the log.", lasting=True
    )
