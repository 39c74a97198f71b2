"""Syncing a sheet in four ways: Muster, and cell by cell, tab by tab and all anew with gspread (`bench/peers/`). The
requests and bytes of the same changes, and what becomes of what officers did in the sheet.
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from typing import Any, cast

import gspread
import requests
from google.auth.credentials import Credentials
from gspread.http_client import HTTPClient
from gspread.urls import SPREADSHEETS_API_V4_BASE_URL
from gspread.utils import rowcol_to_a1

from bench.peers import gspread_syncs
from bench.sheets import NOON, view_of
from bench.tables import Measurement
from chalicelib.domain.binding import Binding
from local.sheets import SheetsServer
from sheets_sync.allowance import Allowance, Budget
from sheets_sync.google import Google, connect
from sheets_sync.sync import sync

COMMANDERS, CHANGED = 1_000, 10
LATER = NOON + timedelta(minutes=1)
FEW = 40
"""Commanders of the sheet in which officers have sorted: cell by cell, a sorted sheet is written nearly whole."""
TAB, HEADER = "IMS Commanders", 3
NOTED = range(1, FEW, 4)
"""The commanders beside whom an officer makes a note, and whose names they colour, by number."""
PINK = 1.0, 0.0, 1.0
_HOW = f"""\
The sheet of an alliance with {COMMANDERS:,} commanders, as in the section before. It is written whole; then {CHANGED}
commanders report one milestone more, and it is brought up to date: those are the requests and bytes here (of bodies and
answers, uncompressed). All write the same visible cells of the same tabs. Muster's are those with its marks and base,
by which it knows rows and officers' edits again.

Then, in a sheet of {FEW} commanders, an officer makes notes beside {len(NOTED)} of them in a column of their own,
colours their names, and sorts the rows by name, backwards. {CHANGED} commanders report one more, and a sync follows:
how many notes and how many colours then are still with their commander, and whether the rows are still in the officer's
order. (Muster brings its rows back into its own order, with all that stands beside them.)

The arithmetic: Google allows an account 60 write requests a minute. Cell by cell, one report changes its own cell and
those that sum it up, so the requests grow with the changes, and exceed that limit in a busy minute. Tab by tab, it is a
read and a write for each tab; all anew, two writes for each, whatever has changed. Muster reads once and writes
once."""
_COLUMNS = (
    "what",
    "reads",
    "bytes read",
    "writes",
    "bytes written",
    "notes kept",
    "colours kept",
    "officer's order kept",
    "what it loses",
)
LOSES = {
    "Muster": "bytes: it reads marks and bases, to know rows again",
    "cell by cell": "notes and colours, and its requests to Google's limit",
    "tab by tab": "notes and colours: they stay where the row was",
    "cleared and written anew": "notes and colours, and between two requests all rows",
}

Write = Callable[[int, int, datetime], None]
"""Brings a spreadsheet up to date with the view that `view_of` makes of this."""
Way = Callable[[SheetsServer, str], Write]


def measure() -> Measurement:
    rows = []
    with SheetsServer() as server:
        for what, way in WAYS.items():
            reads, writes = asked(server, way)
            figures = f"{len(reads):,}", f"{sum(reads):,}", f"{len(writes):,}", f"{sum(writes):,}"
            notes, colours, is_sorted = kept(server, way)
            of_them = f"{notes} of {len(NOTED)}", f"{colours} of {len(NOTED)}"
            rows.append((what, *figures, *of_them, "yes" if is_sorted else "no", LOSES[what]))
    return Measurement("Syncing a sheet, in other ways", _HOW, _COLUMNS, rows)


def asked(server: SheetsServer, way: Way, commanders: int = COMMANDERS) -> tuple[list[int], list[int]]:
    """The bytes of each read and of each write, when some commanders have reported one milestone more."""
    write = way(server, new_sheet(server))
    write(commanders, 0, NOON)
    server.requests.clear()
    write(commanders, CHANGED, LATER)
    made = [*server.requests]
    return (
        [one.response_bytes for one in made if one.kind == "read"],
        [one.request_bytes for one in made if one.kind == "write"],
    )


def kept(server: SheetsServer, way: Way) -> tuple[int, int, bool]:
    """How many notes and how many colours are still with their commander after an officer has sorted and a sync has
    followed; and whether the rows are still in the officer's order."""
    sheet = new_sheet(server)
    write = way(server, sheet)
    write(FEW, 0, NOON)
    grid = _tab(server, sheet)["properties"]
    column = rowcol_to_a1(1, grid["gridProperties"]["columnCount"] + 1).rstrip("1")
    server.edit(
        sheet, [{"appendDimension": {"sheetId": grid["sheetId"], "dimension": "COLUMNS", "length": 1}}]
    )
    officer, noted = server.person(sheet), {f"Commander{number:04}" for number in NOTED}
    for number, name in enumerate(_names(server, sheet), HEADER + 1):
        if name in noted:
            officer.type(TAB, f"{column}{number}", f"about {name}")
            officer.colour(TAB, f"A{number}", *PINK)
    officer.sort(TAB, f"A{HEADER + 1}:{column}{HEADER + FEW}", by="A", descending=True)
    order = _names(server, sheet)
    write(FEW, CHANGED, LATER)
    rows = server.values(sheet, TAB)[HEADER:]
    notes = sum(f"about {cells[0]}" in cells for cells in rows if cells and cells[0] in noted)
    return notes, len(noted & _coloured(server, sheet)), _names(server, sheet) == order


def ours(server: SheetsServer, spreadsheet: str) -> Write:
    sheet = Binding(spreadsheet, "101", "nova")

    def write(size: int, changed: int, now: datetime) -> None:
        nonlocal sheet
        budget = Budget(Allowance(1000, lambda: datetime.now(UTC)), lambda: math.inf, time.sleep)
        with connect(Google(server.url), budget) as spreadsheets:
            sync(sheet, view_of(size, changed, now), spreadsheets)
        sheet = replace(sheet, last_success_at=now)

    return write


def theirs(
    bring: Callable[[gspread.Spreadsheet, Mapping[str, gspread_syncs.Rows]], None],
    server: SheetsServer,
    spreadsheet: str,
) -> Write:
    is_new = True

    def write(size: int, changed: int, now: datetime) -> None:
        nonlocal is_new
        texts, how = texts_of(size, changed, now), gspread_syncs.rewrite if is_new else bring
        is_new = False
        with requests.Session() as session:
            client = type("Redirected", (_Redirected,), {"base_url": server.url})
            google = gspread.Client(cast(Credentials, None), session, client)
            how(google.open_by_key(spreadsheet), texts)

    return write


WAYS: dict[str, Way] = {
    "Muster": ours,
    "cell by cell": partial(theirs, gspread_syncs.per_cell),
    "tab by tab": partial(theirs, gspread_syncs.per_tab),
    "cleared and written anew": partial(theirs, gspread_syncs.rewrite),
}


class _Redirected(HTTPClient):
    """gspread's own client, which calls another host than Google's."""

    base_url: str

    def request(self, method: str, endpoint: str, *args: Any, **kwargs: Any) -> requests.Response:
        there = endpoint.replace(SPREADSHEETS_API_V4_BASE_URL, f"{self.base_url}/v4/spreadsheets")
        return super().request(method, there, *args, **kwargs)


@cache
def texts_of(size: int, changed: int, now: datetime) -> dict[str, list[list[str]]]:
    """What Muster's tabs show, as text, without its hidden columns."""
    with SheetsServer() as server:
        sheet = new_sheet(server)
        ours(server, sheet)(size, changed, now)
        titles = [one["properties"]["title"] for one in server.snapshot(sheet)["sheets"]]
        return {title: visible(server.values(sheet, title)) for title in titles if title.startswith("IMS ")}


def visible(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    hidden = {column for column, name in enumerate(rows[HEADER - 1]) if name.startswith("#")}
    seen = [[cell for column, cell in enumerate(row) if column not in hidden] for row in rows]
    while not any(seen[-1]):
        seen.pop()
    return seen


def new_sheet(server: SheetsServer) -> str:
    return server.create_spreadsheet("Officers", {"Officers": [["Officer"], ["One"]]})


def _tab(server: SheetsServer, sheet: str) -> dict[str, Any]:
    return next(dict(one) for one in server.snapshot(sheet)["sheets"] if one["properties"]["title"] == TAB)


def _names(server: SheetsServer, sheet: str) -> list[str]:
    return [cells[0] if cells else "" for cells in server.values(sheet, TAB)[HEADER : HEADER + FEW]]


def _coloured(server: SheetsServer, sheet: str) -> set[str]:
    """What stands in the coloured cells of the first column."""
    found = set()
    for row in _tab(server, sheet)["data"][0]["rowData"]:
        cell = (row.get("values") or [{}])[0]
        colour = cell.get("userEnteredFormat", {}).get("backgroundColor", {})
        if tuple(colour.get(part, 0) for part in ("red", "green", "blue")) == PINK:
            found.add(cell.get("userEnteredValue", {}).get("stringValue", ""))
    return found


if __name__ == "__main__":
    print(measure().markdown())
