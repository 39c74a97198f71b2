"""One sync of a sheet: read what it holds, write what differs."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from chalicelib.domain.binding import Binding
from chalicelib.domain.sheet_view import SheetView
from sheets_sync.cells import Json
from sheets_sync.content import tabs_of
from sheets_sync.content.title_block import Restored, mentioning
from sheets_sync.content.wall_time import local
from sheets_sync.difference import Change, difference
from sheets_sync.hand_edits import former_names, hand_edits, said_now
from sheets_sync.held import MANAGED_FIELDS, OVERVIEW_FIELDS, TAB_METADATA, HeldTab, has_ours, held_tabs
from sheets_sync.known import Known, known, known_rows
from sheets_sync.making import Names
from sheets_sync.met import ANSWER_FIELDS, answer_ranges, is_as_expected, put_back, without_written_keys
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


def sync(
    sheet: Binding, view: SheetView, spreadsheets: SpreadsheetAccess, help_url: str | None = None
) -> None:
    """One read and at most one write. If a tab of ours is missing, one more read shows which names are free.

    If the sheet was never synced or its last sync failed, that read comes first: what Google answers if nothing of ours
    is there is not documented. If the write met something else than was read, one more of each repairs that.
    """
    overview: Mapping[str, Any] | None = None
    if not _was_good(sheet):
        overview = spreadsheets.overview(sheet.spreadsheet_id, OVERVIEW_FIELDS)
    one = _Sync(sheet, view, spreadsheets, tabs_of(view, sheet, help_url))
    held: Mapping[str, HeldTab] = {}
    if overview is None or has_ours(overview):
        held = one.read()
    if any(tab.id not in held for tab in one.tabs):
        overview = overview or spreadsheets.overview(sheet.spreadsheet_id, OVERVIEW_FIELDS)
    names = names_in(overview or {})
    if changes := one.write(held, names):
        logger.warning("somebody moved something in %s while it was synced", sheet.spreadsheet_id)
        one.repair(changes, names)


@dataclass(frozen=True, slots=True)
class _Sync:
    sheet: Binding
    view: SheetView
    spreadsheets: SpreadsheetAccess
    tabs: Sequence[Tab]

    def read(self) -> Mapping[str, HeldTab]:
        answer = self.spreadsheets.managed(self.sheet.spreadsheet_id, TAB_METADATA, MANAGED_FIELDS)
        return held_tabs(answer)

    def write(
        self, held: Mapping[str, HeldTab], names: Names, before: Sequence[Json] = ()
    ) -> Mapping[str, Change]:
        """Writes what differs, after the requests `before`. Returns the changes if they did not meet what `held` says."""
        rows = known_rows(self.tabs, held)
        tabs = mentioning(_restored(self.sheet, self.view, self.tabs, held, rows), self.tabs)
        found = difference(tabs, held, rows, names)
        if not found.requests and not before:
            return {}
        requests, ranges = [*before, *found.requests], answer_ranges(found.changes)
        answer = self.spreadsheets.write(self.sheet.spreadsheet_id, requests, ranges, ANSWER_FIELDS)
        return {} if is_as_expected(found.changes, answer) else found.changes

    def repair(self, changes: Mapping[str, Change], names: Names) -> None:
        """Makes good what a write has done to rows and cells that it had not expected where they were."""
        held = dict(self.read())
        requests: list[Json] = []
        for tab in self.tabs:
            if tab.id in changes and tab.id in held:
                held[tab.id] = without_written_keys(changes[tab.id], held[tab.id])
                ours = () if tab.is_by_position else known(tab, held[tab.id]).places.values()
                held[tab.id], cells = put_back(changes[tab.id], held[tab.id], ours)
                requests += write_requests(held[tab.id].sheet_id, cells)
        if self.write(held, names, requests):
            logger.warning("it was moved again: the next sync repairs %s", self.sheet.spreadsheet_id)


def _restored(
    sheet: Binding,
    view: SheetView,
    tabs: Sequence[Tab],
    held: Mapping[str, HeldTab],
    rows: Mapping[str, Known],
) -> Restored | None:
    """What the title block says of the hand edits that this sync undoes. The log says how many."""
    edits = hand_edits(tabs, held, rows)
    if edits:
        logger.warning("hand edits undone in %s: %d", sheet.spreadsheet_id, len(edits))  # they may hold names
    restored = said_now(edits, local(view.as_of, view.game_day))
    if restored and any(name in restored.words for name in former_names(tabs, held)):
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
