"""One sheet made true: read what it holds, write what differs."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from chalicelib.domain.report import Report, Sheet
from sheets_sync.cells import moment_of
from sheets_sync.content import Restored, local, tabs_of
from sheets_sync.difference import difference
from sheets_sync.held import (
    MANAGED_FIELDS,
    OVERVIEW_FIELDS,
    TAB_METADATA,
    HandEdit,
    HeldTab,
    has_ours,
    held_tabs,
)
from sheets_sync.making import Names
from sheets_sync.tabs import Tab

logger = logging.getLogger(__name__)

TOLD = 3
"""How many hand edits are told one by one; of more, their number."""


class SpreadsheetAccess(Protocol):
    """The three requests that a sync is made of. Each may raise."""

    def managed(self, spreadsheet_id: str, metadata_key: str, fields: str) -> Mapping[str, Any]: ...

    def overview(self, spreadsheet_id: str, fields: str) -> Mapping[str, Any]: ...

    def write(self, spreadsheet_id: str, requests: Sequence[Mapping[str, Any]]) -> None: ...


def sync(sheet: Sheet, report: Report, spreadsheets: SpreadsheetAccess, help_url: str | None = None) -> None:
    """One read and at most one write; one read more where a tab of ours is missing, to see which names are free.

    A sheet that was not synced yet, or failed last, is looked over first: what Google answers where nothing of ours
    is to be found is not documented.
    """
    overview: Mapping[str, Any] | None = None
    if not _was_good(sheet):
        overview = spreadsheets.overview(sheet.spreadsheet_id, OVERVIEW_FIELDS)
    held: Mapping[str, HeldTab] = {}
    if overview is None or has_ours(overview):
        held = held_tabs(spreadsheets.managed(sheet.spreadsheet_id, TAB_METADATA, MANAGED_FIELDS))
    tabs = tabs_of(report, sheet)
    edits = hand_edits(tabs, held)
    if edits:
        logger.warning("hand edits undone in %s: %d", sheet.spreadsheet_id, len(edits))  # they may hold names
    restored = Restored(local(report.as_of, report.game_day), told(edits)) if edits else _told_before(held)
    if restored and any(name in restored.words for name in former_names(tabs, held)):
        restored = None  # whoever was forgotten is not to be told of either
    tabs = tabs_of(report, sheet, restored, help_url)
    names = Names()
    if any(tab.id not in held for tab in tabs):
        names = names_in(overview or spreadsheets.overview(sheet.spreadsheet_id, OVERVIEW_FIELDS))
    if requests := difference(tabs, held, names):
        spreadsheets.write(sheet.spreadsheet_id, requests)


def hand_edits(tabs: Sequence[Tab], held: Mapping[str, HeldTab]) -> list[HandEdit]:
    """The managed cells that don't hold what was last written into them."""
    return [
        edit
        for tab in tabs
        if tab.id in held
        for edit in held[tab.id].hand_edits({row.key for row in tab.all_rows})
    ]


def former_names(tabs: Sequence[Tab], held: Mapping[str, HeldTab]) -> set[str]:
    """What commanders were called until now, as far as it still stands in their rows."""
    found: set[str] = set()
    for tab in tabs:
        if tab.id == "commanders" and tab.id in held:
            labels = {**{row.key: row.cells[0] for row in tab.rows}, **tab.unlisted}
            found |= held[tab.id].former_labels(tab.header[0], labels)
    return found


def told(edits: Sequence[HandEdit]) -> str:
    first = "; ".join(map(str, edits[:TOLD]))
    return first if len(edits) <= TOLD else f"{first}; and {len(edits) - TOLD} more"


def names_in(overview: Mapping[str, Any]) -> Names:
    """What is taken in the spreadsheet."""
    sheets = overview.get("sheets", [])
    ids = {sheet["properties"].get("sheetId", 0) for sheet in sheets}
    ids |= {chart["chartId"] for sheet in sheets for chart in sheet.get("charts", [])}
    return Names(ids, {sheet["properties"]["title"] for sheet in sheets})


def _was_good(sheet: Sheet) -> bool:
    """Whether the last sync was."""
    good, bad = sheet.last_success_at, sheet.last_error_at
    return good is not None and (bad is None or bad <= good)


def _told_before(held: Mapping[str, HeldTab]) -> Restored | None:
    """What the title block says of earlier hand edits, which goes on standing there."""
    for tab in held.values():
        if "#restored" in tab.keys:
            row = tab.keys.index("#restored")
            at, words = moment_of(tab.value(row, 1)), tab.value(row, 2)
            if at and isinstance(words, str):
                return Restored(at, words)
    return None
