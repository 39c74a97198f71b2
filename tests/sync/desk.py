"""Officers at work in a spreadsheet, and syncs of it, at the Sheets stand-in and without a store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import requests

from chalicelib.domain.binding import Binding
from chalicelib.domain.roster import Commander
from chalicelib.domain.sheet_view import SheetView
from local.sheets import Person, SheetsServer
from sheets_sync.cells import held_value, same, value_of
from sheets_sync.content import tabs_of
from sheets_sync.content.words import SAYS
from sheets_sync.failures import refusal
from sheets_sync.held import OLD_MARK_COLUMN, SPARE_COLUMN
from sheets_sync.kept import NOBODY, Keeper
from sheets_sync.layout import BASE_COLUMN, KEY_COLUMN
from sheets_sync.sync import sync
from sheets_sync.tabs import STATE
from tests.sync.views import binding_of, view_of

HIDDEN = KEY_COLUMN, BASE_COLUMN, SPARE_COLUMN, OLD_MARK_COLUMN
TITLE_BLOCK = 2
FIRST = TITLE_BLOCK + 1
"""The first row below the header."""


@dataclass
class Desk:
    """A spreadsheet at the stand-in, synced without a store, and the officers at work in it."""

    server: SheetsServer
    id: str

    last_success_at: datetime | None = None
    officer: Person | None = None
    binding: Binding = field(default_factory=binding_of)
    keeper: Keeper = NOBODY

    @property
    def sheet(self) -> Binding:
        return replace(self.binding, spreadsheet_id=self.id, last_success_at=self.last_success_at)

    def managed(self, spreadsheet_id: str, metadata_key: str, fields: str) -> Mapping[str, Any]:
        lookup = {"metadataKey": metadata_key, "locationType": "SHEET"}
        body = {"dataFilters": [{"developerMetadataLookup": lookup}]}
        return self._answer("POST", f"{spreadsheet_id}:getByDataFilter", fields, body)

    def overview(self, spreadsheet_id: str, fields: str) -> Mapping[str, Any]:
        return self._answer("GET", spreadsheet_id, fields, None)

    def write(
        self,
        spreadsheet_id: str,
        requests: Sequence[Mapping[str, Any]],
        ranges: Sequence[str] = (),
        fields: str = "",
    ) -> Mapping[str, Any]:
        body: dict[str, Any] = {"requests": list(requests)}
        if ranges:
            body |= {"includeSpreadsheetInResponse": True, "responseRanges": list(ranges)}
        return self._answer("POST", f"{spreadsheet_id}:batchUpdate", fields if ranges else None, body)

    def _answer(self, method: str, path: str, fields: str | None, body: object) -> Mapping[str, Any]:
        url = f"{self.server.url}/v4/spreadsheets/{path}"
        answer = requests.request(
            method, url, params={"fields": fields} if fields else {}, json=body, timeout=60
        )
        if answer.status_code != 200:
            raise refusal(answer.status_code, answer.json(), None)
        found: Mapping[str, Any] = answer.json()
        return found

    @property
    def person(self) -> Person:
        """An officer, who can undo what they do."""
        if self.officer is None:
            self.officer = self.server.person(self.id)
        return self.officer

    def sync(self, view: SheetView, *, is_checked: bool = True) -> str | None:
        """What was in the way. Unless it is not checked: our tabs hold the view then."""
        obstacle = sync(self.sheet, view, self, keeper=self.keeper).obstacle
        self.last_success_at = view.as_of
        if is_checked:
            self.check(view)
        return obstacle

    def check(self, view: SheetView) -> None:
        """Our tabs hold the view, row by row, in the columns that are ours."""
        for tab in tabs_of(view, self.sheet):
            rows = self.cells(tab.id)
            for row, expected in enumerate(tab.all_rows):
                if expected.key == STATE:
                    continue  # it may say more
                for column, content in enumerate(
                    [*expected.cells, *[None] * (len(tab.columns) - len(expected.cells))]
                ):
                    if tab.columns[column].name == SAYS:
                        continue  # it may answer
                    held = rows[row][column] if row < len(rows) and column < len(rows[row]) else None
                    assert same(held, value_of(content)), (tab.title, row, column, held, content)

    def tab(self, tab_id: str) -> dict[str, Any]:
        for sheet in self.server.snapshot(self.id)["sheets"]:
            value = f"{tab_id}:{sheet['properties'].get('sheetId', 0)}"
            if any(m.get("metadataValue") == value for m in sheet.get("developerMetadata", [])):
                return dict(sheet)
        raise AssertionError(f"no tab {tab_id}")

    def sheet_id(self, tab_id: str) -> int:
        return int(self.tab(tab_id)["properties"]["sheetId"])

    def all_cells(self, tab_id: str) -> list[list[Any]]:
        """What the cells were given, in all columns."""
        data = self.tab(tab_id)["data"][0].get("rowData", [])
        return [[held_value(cell) for cell in row.get("values", [])] for row in data]

    def seen(self, tab_id: str) -> list[int]:
        """The indexes of the columns that a person sees: those of ours that are hidden are left out."""
        grid = self.tab(tab_id)["properties"]["gridProperties"]
        metadata = self.tab(tab_id)["data"][0].get("columnMetadata", [])
        hidden = {
            index
            for index, column in enumerate(metadata)
            for each in column.get("developerMetadata", [])
            if each["metadataValue"] in HIDDEN
        }
        return [index for index in range(grid["columnCount"]) if index not in hidden]

    def column(self, tab_id: str, name: str) -> int:
        """The index of a column of ours, hidden or not."""
        metadata = self.tab(tab_id)["data"][0]["columnMetadata"]
        names = [
            [each["metadataValue"] for each in column.get("developerMetadata", [])] for column in metadata
        ]
        return names.index([name])

    def cells(self, tab_id: str) -> list[list[Any]]:
        """What the cells were given, in the columns that a person sees."""
        seen = self.seen(tab_id)
        return [[row[column] for column in seen if column < len(row)] for row in self.all_cells(tab_id)]

    def edit(self, *requests: dict[str, Any]) -> None:
        self.server.edit(self.id, list(requests))

    def type(self, tab_id: str, row: int, column: int, text: str) -> None:
        """Into a cell of the column that a person sees at this place."""
        self.type_at(tab_id, row, self.seen(tab_id)[column], text)

    def type_at(self, tab_id: str, row: int, column: int, text: str) -> None:
        value = {"formulaValue": text} if text.startswith("=") else {"stringValue": text}
        start = {"sheetId": self.sheet_id(tab_id), "rowIndex": row, "columnIndex": column}
        rows = [{"values": [{"userEnteredValue": value}]}]
        self.edit({"updateCells": {"start": start, "rows": rows, "fields": "userEnteredValue"}})

    def add_column(self, tab_id: str, notes: Mapping[int, str]) -> int:
        """Officers' notes by row, in a column of their own at the right end; its place among those that are seen."""
        width = len(self.seen(tab_id))
        self.edit(
            {"appendDimension": {"sheetId": self.sheet_id(tab_id), "dimension": "COLUMNS", "length": 1}}
        )
        for row, note in notes.items():
            self.type(tab_id, row, width, note)
        return width

    def beside(self, tab_id: str, column: int) -> dict[str, str]:
        """What officers noted in that column, by what stands in the first."""
        return {str(row[0]): row[column] for row in self.cells(tab_id) if len(row) > column and row[column]}

    def writes(self) -> list[int]:
        """The sizes, in bytes, of the writes since the last look; and forgets all requests."""
        sizes = [request.request_bytes for request in self.server.requests if request.kind == "write"]
        self.server.requests.clear()
        return sizes


def ids(done: Mapping[str, Sequence[str]], left: Mapping[str, str] | None = None, **facts: Any) -> SheetView:
    """A sheet view in which each commander has the same id whoever else there is.

    `left`: what those are called now who have left, by what they were called before. `facts` as for any view.
    """
    made = view_of(dict(sorted(done.items())), **facts)
    renamed = tuple(
        replace(c, commander=replace(c.commander, id=id_of(c.commander.name))) for c in made.commanders
    )
    unlisted = tuple(Commander(id_of(name), label, "nova") for name, label in (left or {}).items())
    return replace(made, commanders=renamed, unlisted=unlisted)


def id_of(name: str) -> str:
    return f"id-of-{name.lower()}"
