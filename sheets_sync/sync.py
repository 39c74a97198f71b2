"""One sync of a sheet: read what it holds, write what differs."""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Protocol

from chalicelib.domain.binding import Binding
from chalicelib.domain.edits import Edit, Outcome
from chalicelib.domain.sheet_view import SheetView
from sheets_sync.answers import Answers, answered, answers_to, without_edits
from sheets_sync.content import tabs_of
from sheets_sync.content.title_block import Restored, mentioning
from sheets_sync.content.wall_time import local
from sheets_sync.difference import difference
from sheets_sync.edits import decide
from sheets_sync.hand_edits import HandEdit, former_names, hand_edits, said_now
from sheets_sync.held import MANAGED_FIELDS, OVERVIEW_FIELDS, TAB_METADATA, HeldTab, has_ours, held_tabs
from sheets_sync.known import known_rows
from sheets_sync.making import Names

logger = logging.getLogger(__name__)


class SpreadsheetAccess(Protocol):
    """The three requests that a sync is made of. Each may raise."""

    def managed(self, spreadsheet_id: str, metadata_key: str, fields: str) -> Mapping[str, Any]: ...

    def overview(self, spreadsheet_id: str, fields: str) -> Mapping[str, Any]: ...

    def write(self, spreadsheet_id: str, requests: Sequence[Mapping[str, Any]]) -> None: ...


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
    is not documented.
    """
    overview: Mapping[str, Any] | None = None
    if not _was_good(sheet):
        overview = spreadsheets.overview(sheet.spreadsheet_id, OVERVIEW_FIELDS)
    held, title = dict[str, HeldTab](), ""
    if overview is None or has_ours(overview):
        answer = spreadsheets.managed(sheet.spreadsheet_id, TAB_METADATA, MANAGED_FIELDS)
        held, title = held_tabs(answer), answer["properties"]["title"]
    tabs = tabs_of(view, sheet, help_url)
    rows, answers = known_rows(tabs, held), Answers()
    if apply and sheet.edits and sheet.revision is not None:
        decision, outcomes = decide(tabs, held, rows), list[Outcome]()
        if decision.taken:
            found, view = apply(title, [each.edit for each in decision.taken if each.edit])
            outcomes += found
            tabs = tabs_of(view, sheet, help_url)
            rows = known_rows(tabs, held)
        answers = answers_to(decision, outcomes, tabs)
    undone = hand_edits(tabs, held, rows)
    if not sheet.edits:
        answers = without_edits(undone)
    gone = former_names(tabs, held)
    tabs = mentioning(_restored(sheet, view, undone, gone), tabs)
    tabs = answered(tabs, held, rows, answers, view.as_of, gone)
    names = Names()
    if any(tab.id not in held for tab in tabs):
        names = names_in(overview or spreadsheets.overview(sheet.spreadsheet_id, OVERVIEW_FIELDS))
    if requests := difference(tabs, held, rows, names):
        spreadsheets.write(sheet.spreadsheet_id, requests)
    return answers.is_open


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
