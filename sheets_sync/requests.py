"""Tabs and what the spreadsheet holds → the requests of one `spreadsheets.batchUpdate`. Pure.

A managed tab is known by developer metadata on its sheet, so that a renamed or moved tab is still ours. Only its
own columns are ever written: what officers keep to the right of them, or in other tabs, is never in a request.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import count
from typing import Any

from sheets_sync.tabs import Content, Tab

METADATA_KEY = "muster.tab"
READ_FIELDS = (
    "sheets(properties(sheetId,title,gridProperties(rowCount,columnCount)),"
    "developerMetadata(metadataKey,metadataValue))"
)
"""The field mask of the one read; its answer is what `held_sheets` takes."""

Request = dict[str, Any]
_DAY_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 - serial numbers count wall time
_NARROWEST, _TIME_WIDTH, _WIDEST = 80, 140, 320
"""Pixels."""
_BOLD = {"textFormat": {"bold": True}}


@dataclass(frozen=True, slots=True)
class HeldSheet:
    """A sheet (tab) of the spreadsheet as it is. `tab_id` is None for the officers' own."""

    sheet_id: int
    title: str
    rows: int
    columns: int
    tab_id: str | None


def held_sheets(spreadsheet: Mapping[str, Any]) -> list[HeldSheet]:
    """The sheets in an answer of `spreadsheets.get`, which leaves out what is zero."""
    return [
        HeldSheet(
            sheet["properties"].get("sheetId", 0),
            sheet["properties"]["title"],
            sheet["properties"].get("gridProperties", {}).get("rowCount", 0),
            sheet["properties"].get("gridProperties", {}).get("columnCount", 0),
            next(
                (
                    m.get("metadataValue")
                    for m in sheet.get("developerMetadata", [])
                    if m["metadataKey"] == METADATA_KEY
                ),
                None,
            ),
        )
        for sheet in spreadsheet.get("sheets", [])
    ]


def requests_for(tabs: Sequence[Tab], held: Sequence[HeldSheet]) -> list[Request]:
    """What makes the spreadsheet's managed tabs hold `tabs`; tabs that are missing are made, after the others."""
    ours = {sheet.tab_id: sheet for sheet in held if sheet.tab_id}
    requests: list[Request] = []
    taken_ids, taken_titles = {sheet.sheet_id for sheet in held}, {sheet.title for sheet in held}
    for tab in tabs:
        sheet = ours.get(tab.id)
        if sheet is None:
            free_id, free_title = _free_id(taken_ids), _free_title(tab.title, taken_titles)
            rows = len(tab.cells) + 1  # a sheet must have a row that is not frozen
            sheet = HeldSheet(free_id, free_title, rows, len(tab.header), tab.id)
            taken_ids.add(sheet.sheet_id)
            taken_titles.add(sheet.title)
            requests += _make(tab, sheet)
        else:
            requests += _grow(tab, sheet)
        requests.append(_write(tab, sheet))
    return requests


def _make(tab: Tab, sheet: HeldSheet) -> list[Request]:
    grid = {
        "rowCount": sheet.rows,
        "columnCount": sheet.columns,
        "frozenRowCount": tab.header_index + 1,
        "frozenColumnCount": 1,
    }
    properties = {"sheetId": sheet.sheet_id, "title": sheet.title, "gridProperties": grid}
    metadata = {
        "metadataKey": METADATA_KEY,
        "metadataValue": tab.id,
        "location": {"sheetId": sheet.sheet_id},
        "visibility": "DOCUMENT",
    }
    return [
        {"addSheet": {"properties": properties}},
        {"createDeveloperMetadata": {"developerMetadata": metadata}},
        *_widths(tab, sheet.sheet_id),
    ]


def _widths(tab: Tab, sheet_id: int) -> list[Request]:
    """Set once, when the tab is made: after that, widths are the officers'."""
    requests = []
    for index, name in enumerate(tab.header):
        longest = max([len(name), *(_shown_length(row.cells[index]) for row in tab.rows)])
        pixels = min(max(_NARROWEST, 8 * longest + 16), _WIDEST)
        if index == 1:
            pixels = max(pixels, _TIME_WIDTH)  # the title block has its times here
        area = {"sheetId": sheet_id, "dimension": "COLUMNS", "startIndex": index, "endIndex": index + 1}
        size = {"range": area, "properties": {"pixelSize": pixels}, "fields": "pixelSize"}
        requests.append({"updateDimensionProperties": size})
    return requests


def _shown_length(content: Content) -> int:
    if isinstance(content, str):
        return len(content)
    return 0 if content is None else (16 if isinstance(content, date) else 6)


def _grow(tab: Tab, sheet: HeldSheet) -> list[Request]:
    """Writing never grows a grid, so it is grown before, at its ends, where nothing of anybody's moves."""
    missing = {"ROWS": len(tab.cells) - sheet.rows, "COLUMNS": len(tab.header) - sheet.columns}
    return [
        {"appendDimension": {"sheetId": sheet.sheet_id, "dimension": dimension, "length": length}}
        for dimension, length in missing.items()
        if length > 0
    ]


def _write(tab: Tab, sheet: HeldSheet) -> Request:
    """All cells of our columns, to the end of the sheet: what is left of longer content is cleared."""
    area = {
        "sheetId": sheet.sheet_id,
        "startRowIndex": 0,
        "endRowIndex": max(sheet.rows, len(tab.cells)),
        "startColumnIndex": 0,
        "endColumnIndex": len(tab.header),
    }
    rows = [
        {"values": [_cell(content, is_bold=index in (0, tab.header_index)) for content in cells]}
        for index, cells in enumerate(tab.cells)
    ]
    fields = "userEnteredValue,userEnteredFormat(numberFormat,textFormat.bold)"
    return {"updateCells": {"range": area, "rows": rows, "fields": fields}}


def _cell(content: Content, *, is_bold: bool) -> dict[str, Any]:
    cell: dict[str, Any] = {}
    if content is not None:
        cell["userEnteredValue"] = _value(content)
    formats: dict[str, Any] = dict(_BOLD) if is_bold else {}
    if pattern := _number_format(content):
        formats["numberFormat"] = pattern
    return cell | ({"userEnteredFormat": formats} if formats else {})


def _value(content: str | int | float | date) -> dict[str, Any]:
    """Text as `stringValue`, which is literal: nothing that a member types can become a formula."""
    if isinstance(content, str):
        return {"stringValue": content}
    if isinstance(content, date):
        return {"numberValue": _serial(content)}
    return {"numberValue": content}


def _serial(moment: date) -> float:
    """Days since the sheet's day 0."""
    at = moment if isinstance(moment, datetime) else datetime(moment.year, moment.month, moment.day)  # noqa: DTZ001
    return (at - _DAY_ZERO).total_seconds() / 86400


def _number_format(content: Content) -> dict[str, str] | None:
    if isinstance(content, datetime):
        return {"type": "DATE_TIME", "pattern": "yyyy-mm-dd hh:mm"}
    if isinstance(content, date):
        return {"type": "DATE", "pattern": "ddd d mmm yyyy"}
    if isinstance(content, float):
        return {"type": "PERCENT", "pattern": "0.0%"}
    if isinstance(content, int):
        return {"type": "NUMBER", "pattern": "#,##0"}
    return None


def _free_id(taken: set[int]) -> int:
    """An id for a new sheet, so that the same batch can make it and write to it."""
    return next(free for free in count(1) if free not in taken)


def _free_title(title: str, taken: set[str]) -> str:
    """Sheets compares titles without regard to case."""
    folded = {other.casefold() for other in taken}
    numbered = (f"{title} {number}" for number in range(2, len(taken) + 3))
    return next(free for free in (title, *numbered) if free.casefold() not in folded)
