"""Three usual ways to bring tabs of a spreadsheet up to date with gspread: cell by cell, tab by tab, and all anew.

Each takes the tabs as rows of text by title, and makes those that are missing. A row is where the list has it.
"""

from collections.abc import Iterator, Mapping, Sequence

from gspread.spreadsheet import Spreadsheet
from gspread.utils import rowcol_to_a1
from gspread.worksheet import Worksheet

Rows = Sequence[Sequence[str]]
SPARE = 4
"""Columns to the right that a new tab has for officers."""


def per_cell(spreadsheet: Spreadsheet, tabs: Mapping[str, Rows]) -> None:
    """Reads each tab, and writes each cell that differs."""
    for worksheet, rows in _worksheets(spreadsheet, tabs):
        for address, value in _differences(worksheet, rows):
            worksheet.update([[value]], address)


def per_tab(spreadsheet: Spreadsheet, tabs: Mapping[str, Rows]) -> None:
    """Reads each tab, and writes all cells that differ in one request."""
    for worksheet, rows in _worksheets(spreadsheet, tabs):
        changes = [
            {"range": address, "values": [[value]]} for address, value in _differences(worksheet, rows)
        ]
        if changes:
            worksheet.batch_update(changes)


def rewrite(spreadsheet: Spreadsheet, tabs: Mapping[str, Rows]) -> None:
    """Clears each tab, and writes it whole."""
    for worksheet, rows in _worksheets(spreadsheet, tabs):
        worksheet.clear()
        worksheet.update(rows, "A1")


def _worksheets(
    spreadsheet: Spreadsheet, tabs: Mapping[str, Rows]
) -> Iterator[tuple[Worksheet, list[list[str]]]]:
    found = {worksheet.title: worksheet for worksheet in spreadsheet.worksheets()}
    for title, rows in tabs.items():
        width = max(map(len, rows))
        worksheet = found.get(title) or spreadsheet.add_worksheet(title, len(rows), width + SPARE)
        if worksheet.row_count < len(rows):
            worksheet.add_rows(len(rows) - worksheet.row_count)
        yield worksheet, [[*row, *[""] * (width - len(row))] for row in rows]


def _differences(worksheet: Worksheet, rows: Rows) -> Iterator[tuple[str, str]]:
    held = worksheet.get_all_values()
    for number, row in enumerate(rows):
        there = held[number] if number < len(held) else []
        for column, value in enumerate(row):
            if value != (there[column] if column < len(there) else ""):
                yield rowcol_to_a1(number + 1, column + 1), value
