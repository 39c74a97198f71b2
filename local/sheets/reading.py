"""Answers about a spreadsheet: the parts that a mask asks for, and cells with their computed values."""

from collections.abc import Callable
from typing import Any

from . import tables
from .a1 import parse_area, split, unquoted
from .areas import Area, Box, Dimension
from .book import EMPTY, Book, Cell, Sheet, trimmed
from .callers import OFFICER, Caller
from .conditions import Formats
from .errors import Json, invalid
from .formats import formatted
from .formulas import Evaluator, hyperlink
from .masks import ALL, Mask, select
from .protection import seen_by
from .scalars import extended

# Parts of a sheet that are answered only if they touch the requested ranges, and the field with their ranges.
RANGED: dict[str, Callable[[Json], list[Json]]] = {
    "merges": lambda part: [part],
    "conditionalFormats": lambda part: list(part["ranges"]),
    "protectedRanges": lambda part: [part["range"]],
    "bandedRanges": lambda part: [part["range"]],
    "filterViews": lambda part: [part["range"]],
    "tables": lambda part: [part["range"]],
}


def locate(book: Book, text: str) -> Area:
    """The area that A1 notation names. A bare name is looked up as a named range first, then as a tab."""
    title, rest = split(text)
    if title is None and text.startswith("'"):
        title, rest = text, ""
    sheet = (book.visible() or book.sheets)[0] if title is None else book.titled(unquoted(title))
    named = book.named_range(rest)
    area: Area | None = None
    if named and sheet and (title is None or Area.of(named["range"]).sheet == sheet.id):
        area = Area.of(named["range"])
    elif sheet:
        area = parse_area(rest, sheet.id) if rest else Area(sheet.id)
    if area is None and title is None and (titled := book.titled(text)):
        area = Area(titled.id)
    if area is None:
        raise invalid(f"Unable to parse range: {text}")
    return area


def locate_box(book: Book, text: str) -> Box:
    """The same, clipped to the grid."""
    area = locate(book, text)
    return book.sheet(area.sheet).box(area)


class Reader:
    """Reads one state of a book, as `caller` may see it. It must not be used after a change."""

    def __init__(self, book: Book, caller: Caller = OFFICER) -> None:
        self.book = book
        self.caller = caller
        self.evaluator = Evaluator(book)
        self._formats: dict[int, Formats] = {}

    def formats(self, sheet: Sheet) -> Formats:
        if sheet.id not in self._formats:
            self._formats[sheet.id] = Formats(self.book, sheet, self.evaluator)
        return self._formats[sheet.id]

    def spreadsheet(self, mask: Mask, areas: list[Area] | None, grid: bool) -> Json:
        """The Spreadsheet resource.

        `areas` limits it to sheets, parts and cells in these areas. Grid data is included if the mask asks for it or,
        without a mask, if `grid` is set.
        """
        parts = {
            name: value for name, value in self.book.parts.items() if _wanted(mask, name) and value != []
        }
        answer: Json = select(mask, parts)
        if _wanted(mask, "sheets"):
            below = mask.get("sheets", ALL)
            with_data = grid if not mask else _wanted(below, "data")
            answer["sheets"] = []
            for index, sheet in enumerate(self.book.sheets):
                mine = None if areas is None else [area for area in areas if area.sheet == sheet.id]
                if mine != []:
                    answer["sheets"].append(self.sheet(index, sheet, below, mine, with_data))
        return answer

    def sheet(self, index: int, sheet: Sheet, mask: Mask, areas: list[Area] | None, grid: bool) -> Json:
        parts: Json = {}
        for name, value in sheet.parts.items():
            if not _wanted(mask, name) or not value:
                continue
            if name == "properties":
                value = sheet_properties(sheet, index)
            elif areas is not None and name in RANGED:
                value = [part for part in value if _touches(RANGED[name](part), areas)]
            if name == "protectedRanges":
                value = [seen_by(part, self.caller) for part in value]
            elif name == "tables":
                value = [tables.shown(self.book, part) for part in value]
            if value:
                parts[name] = value
        answer: Json = select(mask, parts)
        if grid:
            boxes = [sheet.box(area) for area in areas or [Area(sheet.id)]]
            answer["data"] = [self.grid(sheet, box, mask.get("data", ALL)) for box in boxes]
        return answer

    def grid(self, sheet: Sheet, box: Box, mask: Mask) -> Json:
        """The GridData of a box."""
        answer: Json = {}
        if _wanted(mask, "startRow") and box.top:
            answer["startRow"] = box.top
        if _wanted(mask, "startColumn") and box.left:
            answer["startColumn"] = box.left
        if _wanted(mask, "rowData"):
            below = mask.get("rowData", ALL).get("values", ALL)
            rows = trimmed([self.row(sheet, row, box, below) for row in box.rows])
            if rows:
                answer["rowData"] = [{"values": cells} if cells else {} for cells in rows]
        spans: list[tuple[str, Dimension, range]] = [
            ("rowMetadata", "ROWS", box.rows),
            ("columnMetadata", "COLUMNS", box.columns),
        ]
        for name, dimension, span in spans:
            if _wanted(mask, name):
                answer[name] = [
                    select(mask.get(name, ALL), line_answer(sheet, dimension, index)) for index in span
                ]
        return answer

    def row(self, sheet: Sheet, row: int, box: Box, mask: Mask) -> list[Json]:
        """The CellData of one row, as far as there is any."""
        cells = sheet.cells[row][box.left : box.right]
        if not any(cells):
            return []
        wanted = mask or _EVERYTHING
        found = [self.cell(sheet, row, box.left + offset, cell, wanted) for offset, cell in enumerate(cells)]
        return trimmed(found)

    def cell(self, sheet: Sheet, row: int, column: int, cell: Cell, mask: Mask) -> Json:
        """The CellData of one cell, with those computed values that the mask asks for."""
        answer: Json = {}
        if not cell:
            return answer
        for name, below in mask.items():
            value = cell.get(name) if name not in COMPUTED else COMPUTED[name](self, sheet, row, column)
            if value is not None and (shown := select(below, value) if below else value) != {}:
                answer[name] = shown
        return answer

    def effective_value(self, sheet: Sheet, row: int, column: int) -> Json | None:
        return extended(self.evaluator.value(sheet, row, column))

    def effective_format(self, sheet: Sheet, row: int, column: int) -> Json:
        return self.formats(sheet).effective(row, column)

    def formatted_value(self, sheet: Sheet, row: int, column: int) -> str | None:
        cell = sheet.cells[row][column]
        number_format = cell.get("userEnteredFormat", EMPTY).get("numberFormat", EMPTY)
        return formatted(self.evaluator.value(sheet, row, column), number_format) or None

    def hyperlink(self, sheet: Sheet, row: int, column: int) -> str | None:
        cell = sheet.cells[row][column]
        entered = cell.get("userEnteredValue", EMPTY).get("formulaValue")
        link = cell.get("userEnteredFormat", EMPTY).get("textFormat", EMPTY).get("link", EMPTY).get("uri")
        return (hyperlink(entered) if entered else None) or link


COMPUTED: dict[str, Callable[[Reader, Sheet, int, int], Any]] = {
    "effectiveValue": Reader.effective_value,
    "effectiveFormat": Reader.effective_format,
    "formattedValue": Reader.formatted_value,
    "hyperlink": Reader.hyperlink,
}
_EVERYTHING: Mask = dict.fromkeys(
    (
        "userEnteredValue",
        "effectiveValue",
        "formattedValue",
        "userEnteredFormat",
        "effectiveFormat",
        "hyperlink",
        "note",
        "textFormatRuns",
        "dataValidation",
    ),
    ALL,
)


def sheet_properties(sheet: Sheet, index: int) -> Json:
    """SheetProperties in Google's order of fields."""
    properties = sheet.properties
    return {"sheetId": sheet.id, "title": sheet.title, "index": index} | {
        name: value for name, value in properties.items() if name not in ("sheetId", "title")
    }


def line_answer(sheet: Sheet, dimension: Dimension, index: int) -> Json:
    """The DimensionProperties of a row or column, with the present location of its metadata."""
    line = sheet.lines[dimension][index]
    if "developerMetadata" not in line:
        return line
    place = line_location(sheet, dimension, index)
    return line | {
        "developerMetadata": [metadata | {"location": place} for metadata in line["developerMetadata"]]
    }


def line_location(sheet: Sheet, dimension: Dimension, index: int) -> Json:
    span: Json = {"dimension": dimension, "startIndex": index, "endIndex": index + 1}
    if sheet.id:
        span["sheetId"] = sheet.id
    return {"locationType": dimension.removesuffix("S"), "dimensionRange": span}


def _touches(ranges: list[Json], areas: list[Area]) -> bool:
    return any(Area.of(each).intersects(area) for each in ranges for area in areas)


def _wanted(mask: Mask, name: str) -> bool:
    return not mask or name in mask
