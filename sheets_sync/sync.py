"""One sync of a sheet: read what it holds, write what differs."""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from chalicelib.domain.binding import Binding
from chalicelib.domain.edits import Edit, Outcome
from chalicelib.domain.sheet_view import SheetView
from sheets_sync.answers import Answers, answered, answers_to, without_edits
from sheets_sync.cells import Json
from sheets_sync.content import tabs_of
from sheets_sync.content.title_block import Restored, mentioning
from sheets_sync.content.wall_time import local
from sheets_sync.difference import Change, difference
from sheets_sync.edits import decide
from sheets_sync.hand_edits import HandEdit, former_names, hand_edits, said_now
from sheets_sync.held import MANAGED_FIELDS, OVERVIEW_FIELDS, TAB_METADATA, HeldTab, has_ours, held_tabs
from sheets_sync.known import known, known_rows
from sheets_sync.making import Names
from sheets_sync.met import (
    ANSWER_FIELDS,
    answer_ranges,
    has_edits,
    is_as_expected,
    put_back,
    without_written_keys,
)
from sheets_sync.tabs import Tab
from sheets_sync.writing import write_requests

logger = logging.getLogger(__name__)


class SpreadsheetAccess(Protocol):
    """The three requests that a sync is made of. Each may raise."""

    def managed(self, spreadsheet_id: str, metadata_key: str, fields: str) -> Mapping[str, Any]: ...

    def overview(self, spreadsheet_id: str, fields: str) -> Mapping[str, Any]: ...

    def write(
        self,
        spreadsheet_id: str,
        requests: Sequence[Mapping[str, Any]],
        ranges: Sequence[str] = (),
        fields: str = "",
    ) -> Mapping[str, Any]:
        """Answers what `fields` names, of the `ranges`."""
        ...


Apply = Callable[[str, Sequence[Edit]], tuple[Sequence[Outcome], SheetView]]
"""Applies the edits of a spreadsheet with that title; what became of each, and what the sheet should show then."""


def sync(
    sheet: Binding,
    view: SheetView,
    spreadsheets: SpreadsheetAccess,
    help_url: str | None = None,
    apply: Apply | None = None,
) -> bool:
    """One read and at most one write. If a tab of ours is missing, one more read shows which names are free. Returns
    whether the sheet holds edits that are still to be taken.

    `apply` is for what officers edited, if that counts: it comes between the read and the write. If the sheet was never
    synced or its last sync failed, the read of those names comes first: what Google answers if nothing of ours is there
    is not documented. If the write met something else than was read, one more of each repairs that.
    """
    overview: Mapping[str, Any] | None = None
    if not _was_good(sheet):
        overview = spreadsheets.overview(sheet.spreadsheet_id, OVERVIEW_FIELDS)
    one = _Sync(sheet, view, spreadsheets, help_url, tabs_of(view, sheet, help_url))
    held: Mapping[str, HeldTab] = {}
    if overview is None or has_ours(overview):
        held = one.read()
    if apply and sheet.edits and sheet.revision is not None:
        one.take(held, apply)
    if any(tab.id not in held for tab in one.tabs):
        overview = overview or spreadsheets.overview(sheet.spreadsheet_id, OVERVIEW_FIELDS)
    names = names_in(overview or {})
    if changes := one.write(held, names):
        logger.warning("somebody moved something in %s while it was synced", sheet.spreadsheet_id)
        one.repair(changes, names)
    return one.answers.is_open


@dataclass(slots=True)
class _Sync:
    sheet: Binding
    view: SheetView
    spreadsheets: SpreadsheetAccess
    help_url: str | None
    tabs: Sequence[Tab]
    answers: Answers = field(default_factory=Answers)
    title: str = ""

    def read(self) -> Mapping[str, HeldTab]:
        answer = self.spreadsheets.managed(self.sheet.spreadsheet_id, TAB_METADATA, MANAGED_FIELDS)
        self.title = answer["properties"]["title"]
        return held_tabs(answer)

    def take(self, held: Mapping[str, HeldTab], apply: Apply) -> None:
        """Applies what officers edited. The tabs are then as they should be after that."""
        decision, outcomes = decide(self.tabs, held, known_rows(self.tabs, held)), list[Outcome]()
        if edits := [each.edit for each in decision.taken if each.edit]:
            found, self.view = apply(self.title, edits)
            outcomes += found
            self.tabs = tabs_of(self.view, self.sheet, self.help_url)
        self.answers = answers_to(decision, outcomes, self.tabs)

    def write(
        self, held: Mapping[str, HeldTab], names: Names, before: Sequence[Json] = ()
    ) -> Mapping[str, Change]:
        """Writes what differs, after the requests `before`. Returns the changes if they did not meet what `held`
        says."""
        tabs = self.tabs
        rows = known_rows(tabs, held)
        undone, gone = hand_edits(tabs, held, rows), former_names(tabs, held)
        if not self.sheet.edits:
            self.answers = without_edits(undone)
        tabs = mentioning(_restored(self.sheet, self.view, undone, gone), tabs)
        tabs = answered(tabs, held, rows, self.answers, self.view.as_of, gone)
        found = difference(tabs, held, rows, names)
        if not found.requests and not before:
            return {}
        requests, ranges = [*before, *found.requests], answer_ranges(found.changes)
        answer = self.spreadsheets.write(self.sheet.spreadsheet_id, requests, ranges, ANSWER_FIELDS)
        self.answers.is_open |= has_edits(found.changes, answer)
        return {} if is_as_expected(found.changes, answer) else found.changes

    def repair(self, changes: Mapping[str, Change], names: Names) -> None:
        """Makes good what a write has done to rows and cells that it had not expected where they were. What officers
        edited meanwhile waits for the next sync."""
        held = dict(self.read())
        requests: list[Json] = []
        for tab in self.tabs:
            if tab.id in changes and tab.id in held:
                held[tab.id] = without_written_keys(changes[tab.id], held[tab.id])
                ours = () if tab.is_by_position else known(tab, held[tab.id]).places.values()
                held[tab.id], cells = put_back(changes[tab.id], held[tab.id], ours)
                requests += write_requests(held[tab.id].sheet_id, cells)
        self.answers.leave(decide(self.tabs, held, known_rows(self.tabs, held)))
        if self.write(held, names, requests):
            logger.warning("it was moved again: the next sync repairs %s", self.sheet.spreadsheet_id)


def _restored(
    sheet: Binding, view: SheetView, undone: Sequence[HandEdit], gone: Collection[str]
) -> Restored | None:
    """What the title block says of the hand edits that this sync undoes. The log says how many."""
    if undone:
        logger.warning(
            "hand edits undone in %s: %d", sheet.spreadsheet_id, len(undone)
        )  # they may hold names
    restored = said_now(undone, local(view.as_of, view.game_day))
    if restored and any(name in restored.words for name in gone):
        return None  # a forgotten name is not repeated
    return restored


def names_in(overview: Mapping[str, Any]) -> Names:
    """The names that are taken in the spreadsheet."""
    sheets = overview.get("sheets", [])
    ids = {sheet["properties"].get("sheetId", 0) for sheet in sheets}
    ids |= {chart["chartId"] for sheet in sheets for chart in sheet.get("charts", [])}
    return Names(ids, {sheet["properties"]["title"] for sheet in sheets})


def _was_good(sheet: Binding) -> bool:
    """Whether the last sync succeeded."""
    good, bad = sheet.last_success_at, sheet.last_error_at
    return good is not None and (bad is None or bad <= good)
