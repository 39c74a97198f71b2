"""A run over the sheets that are due, within Google's quota and its own time. No failure of one stops the others."""

import logging
import math
import secrets
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from chalicelib.domain.binding import Binding
from chalicelib.domain.due import Due
from chalicelib.domain.edits import Edit, Outcome
from chalicelib.domain.errors import MusterError, NotFound
from chalicelib.domain.sheet_view import SheetView
from sheets_sync.allowance import Allowance, Budget, Kind, OutOfAllowance
from sheets_sync.credentials import forget
from sheets_sync.drive import Drive
from sheets_sync.failures import QuotaExceeded, SheetError, SignInFailed
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

    def told_up_to(self, account: str) -> str | None: ...

    def note_touched(
        self, account: str, spreadsheets: Collection[str] | None, token: str
    ) -> Sequence[Due]: ...

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


def sync_due(
    source: SheetSource,
    google: Google,
    limit: int = 60,
    remaining: Callable[[], float] = lambda: math.inf,
    sleep: Callable[[float], None] = time.sleep,
    help_url: str | None = None,
    drive_url: str | None = None,
    do: Sync | None = None,
) -> dict[str, int]:
    """How many sheets were synced, failed (each noted with its reason), or put off to a later run.

    `drive_url` is where the Drive API is, which tells which sheets were touched. `limit` is how many reads, and how
    many writes, may be made in a minute. `remaining` gives the seconds left. `help_url` is the page with help for
    members that the sheets link to. `do` replaces `sync`.
    """
    run = secrets.token_hex(8)
    counts: dict[str, int] = {"synced": 0, "failed": 0, "put_off": 0}
    due = source.due()
    watches = drive_url is not None and source.takes_edits
    spent = source.begin_run(run) if due or watches else None
    if spent is None:
        counts["put_off"] = len(due)
    else:
        allowance = Allowance(limit, source.clock, spent)
        try:
            budget = Budget(allowance, remaining, sleep)
            if watches:
                drive = Drive(str(drive_url), google.credentials_secret, google.read_secret)
                due, watches = look(source, drive, due, lambda: budget.seconds > ENOUGH)
            _Run(run, source, budget, do, help_url, watches, counts).over(due, google)
        finally:
            source.end_run(run, allowance.spent)
    logger.info("sheets run", extra={"run": run, "due": len(due), **counts})
    return counts


@dataclass
class _Run:
    run: str
    source: SheetSource
    budget: Budget
    do: Sync | None
    help_url: str | None
    is_watched: bool
    """Whether Google tells which spreadsheets were touched."""
    counts: dict[str, int]
    refused: int = 0
    """Sheets in a row that Google's quota refused."""

    def over(self, due: Sequence[Due], google: Google) -> None:
        """Syncs as many as there is room for, in their order."""
        if not due:
            return
        done = 0
        try:
            with connect(google, self.budget) as spreadsheets:
                while done < len(due) and self.refused < MOST_REFUSED and self._has_room():
                    outcome = self._one(due[done], spreadsheets)
                    self.counts[outcome] += 1
                    done += 1
        except OutOfAllowance as error:
            logger.info("the run ends early: %s", error)
        except SignInFailed as error:
            level = logging.ERROR if error.lasting else logging.WARNING
            logger.log(level, "no sheet can be synced: %s", error)
            forget(google.credentials_secret)
            if error.lasting:
                done += self._fail_all(due[done:], error)
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
        except Exception as error:  # noqa: BLE001 - an error of our own must not hold up the others
            failure = _failure(error)
            logger.warning("sync of %s failed: %s", due.sheet.spreadsheet_id, failure)
            self.refused = self.refused + 1 if isinstance(failure, QuotaExceeded) else 0
            if failure.refused:
                self.source.keep_plain(due, str(failure))
            self.source.failed(due, str(failure), lasting=failure.lasting)
            return "failed"
        self.refused = 0
        if done.obstacle:
            self.source.keep_plain(due, done.obstacle)
        self.source.synced(due, again=done.again, was_fresh=done.was_fresh)
        return "synced"

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
            keeper = Keeper(self.source.deployment, self.source.names)
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

    def _fail_all(self, due: Sequence[Due], error: SheetError) -> int:
        """Notes the error for each, as far as time allows; gives their number."""
        told = 0
        for each in due:
            if self.budget.seconds <= 0:
                break
            self.source.failed(each, str(error), lasting=error.lasting)
            told += 1
        self.counts["failed"] += told
        return told


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
