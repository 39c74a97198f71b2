"""The model: a spreadsheet, its sheets, their cells, rows and columns."""

import itertools
import random
from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any, Self

from .a1 import box_name
from .areas import Area, Box, Dimension
from .errors import Json, invalid

# A cell is a CellData with only what was entered; a line is the DimensionProperties of a row or a column.
# Both are replaced, never changed, so that copies of a sheet can share them.
Cell = Json
Line = Json

EMPTY: Cell = {}
ROW: Line = {"pixelSize": 21}
COLUMN: Line = {"pixelSize": 100}
DEFAULT_LINES: dict[Dimension, Line] = {"ROWS": ROW, "COLUMNS": COLUMN}
NEW_ROWS, NEW_COLUMNS = 1000, 26
MAX_CELLS = 10_000_000
NOUNS: dict[Dimension, str] = {"ROWS": "row", "COLUMNS": "column"}


_line_ids = itertools.count(1)


def new_id() -> int:
    return random.randrange(1, 2**31)


def new_ids(number: int) -> list[int]:
    """For lines: they differ from all that there have been since the program started."""
    return list(itertools.islice(_line_ids, number))


class Sheet:
    """One tab. `parts` is the API's Sheet without its `data`; the grid is kept beside it."""

    def __init__(
        self,
        parts: Json,
        cells: list[list[Cell]],
        lines: dict[Dimension, list[Line]],
        ids: dict[Dimension, list[int]] | None = None,
    ) -> None:
        self.parts = parts
        self.cells = cells
        self.lines = lines
        self.ids = ids or {dimension: new_ids(len(each)) for dimension, each in lines.items()}
        """Which line is which, as long as it exists and wherever it moves. No answer shows it."""

    @classmethod
    def blank(cls, properties: Json) -> Self:
        """An empty sheet with the size in the properties, or else the size of a new sheet."""
        grid = {"rowCount": NEW_ROWS, "columnCount": NEW_COLUMNS} | properties.get("gridProperties", {})
        rows, columns = grid["rowCount"], grid["columnCount"]
        properties = {"sheetType": "GRID"} | properties | {"gridProperties": grid}
        return cls(
            {"properties": properties},
            [[EMPTY] * columns for _ in range(rows)],
            {"ROWS": [ROW] * rows, "COLUMNS": [COLUMN] * columns},
        )

    def copy(self) -> Self:
        return type(self)(
            deepcopy(self.parts),
            [row.copy() for row in self.cells],
            {dimension: lines.copy() for dimension, lines in self.lines.items()},
            {dimension: ids.copy() for dimension, ids in self.ids.items()},
        )

    @property
    def properties(self) -> Json:
        found: Json = self.parts["properties"]
        return found

    @property
    def id(self) -> int:
        return int(self.properties["sheetId"])

    @property
    def title(self) -> str:
        return str(self.properties["title"])

    @property
    def hidden(self) -> bool:
        return bool(self.properties.get("hidden"))

    def size(self, dimension: Dimension) -> int:
        return len(self.lines[dimension])

    def frozen(self, dimension: Dimension) -> int:
        return int(self.properties["gridProperties"].get(_frozen_name(dimension), 0))

    def box(self, area: Area) -> Box:
        """The area clipped to the grid. An area that starts at or past its end is refused."""
        rows, columns = self.size("ROWS"), self.size("COLUMNS")
        top, left = area.top or 0, area.left or 0
        if top >= rows or left >= columns:
            raise invalid(self.exceeded(area))
        bottom = rows if area.bottom is None else min(area.bottom, rows)
        right = columns if area.right is None else min(area.right, columns)
        return Box(self.id, top, max(top, bottom), left, max(left, right))

    def exceeded(self, area: Area) -> str:
        rows, columns = self.size("ROWS"), self.size("COLUMNS")
        top, left = area.top or 0, area.left or 0
        whole = Box(
            self.id, top, area.bottom or max(top + 1, rows), left, area.right or max(left + 1, columns)
        )
        name = box_name(self.title, whole)
        return f"Range ({name}) exceeds grid limits. Max rows: {rows}, max columns: {columns}"

    def parts_list(self, name: str) -> list[Json]:
        """A list of parts such as `merges`; the caller changes it in place."""
        found: list[Json] = self.parts.setdefault(name, [])
        return found

    def used(self) -> Box | None:
        """The smallest box at A1 that holds every cell with a value; None if there is none."""
        bottom = next((r + 1 for r in range(len(self.cells) - 1, -1, -1) if _last_value(self.cells[r])), 0)
        right = max((_last_value(row) for row in self.cells[:bottom]), default=0)
        return Box(self.id, 0, bottom, 0, right) if bottom else None

    # Rows and columns. These methods move only cells and lines; `shifting` moves what refers to them.

    def insert(self, dimension: Dimension, at: int, count: int, like: int | None = None) -> None:
        """Inserts lines, with the size, formats and data validation of line `like` (counted before), if given."""
        line = DEFAULT_LINES[dimension] if like is None else _plain(self.lines[dimension][like])
        self.lines[dimension][at:at] = [line] * count
        self.ids[dimension][at:at] = new_ids(count)
        if dimension == "ROWS":
            pattern = (
                [_form(cell) for cell in self.cells[like]]
                if like is not None
                else [EMPTY] * self.size("COLUMNS")
            )
            self.cells[at:at] = [pattern.copy() for _ in range(count)]
        else:
            for row in self.cells:
                row[at:at] = [_form(row[like]) if like is not None else EMPTY] * count
        self._resized(dimension)
        if at < self.frozen(dimension):
            self._set_frozen(dimension, self.frozen(dimension) + count)

    def delete(self, dimension: Dimension, start: int, end: int) -> None:
        frozen = self.frozen(dimension)
        del self.lines[dimension][start:end]
        del self.ids[dimension][start:end]
        for line in [self.cells] if dimension == "ROWS" else self.cells:
            del line[start:end]
        self._resized(dimension)
        self._set_frozen(dimension, frozen - max(0, min(frozen, end) - start))

    def move(self, dimension: Dimension, start: int, end: int, to: int) -> None:
        """Moves lines before line `to`, counted before the move."""
        target = to if to <= start else to - (end - start)
        sequences: list[list[Any]] = [self.lines[dimension], self.ids[dimension]]
        sequences += [self.cells] if dimension == "ROWS" else self.cells
        for sequence in sequences:
            taken = sequence[start:end]
            del sequence[start:end]
            sequence[target:target] = taken

    def set_line(self, dimension: Dimension, index: int, **changes: Any) -> None:
        """Changes properties of a row or column; None removes one."""
        line = self.lines[dimension][index] | changes
        self.lines[dimension][index] = {name: value for name, value in line.items() if value is not None}

    def _resized(self, dimension: Dimension) -> None:
        self.properties["gridProperties"][NOUNS[dimension] + "Count"] = self.size(dimension)

    def _set_frozen(self, dimension: Dimension, count: int) -> None:
        grid = self.properties["gridProperties"]
        grid.pop(_frozen_name(dimension), None)
        if count:
            grid[_frozen_name(dimension)] = count


class Book:
    """A spreadsheet. `parts` is the API's Spreadsheet without its `sheets`."""

    def __init__(self, parts: Json, sheets: list[Sheet]) -> None:
        self.parts = parts
        self.sheets = sheets
        self.formula_ids: dict[int, list[tuple[int, int]]] | None = None
        """Where formulas are, by sheet and by the ids of their lines: while lines alone change, or else None."""

    def copy(self) -> Self:
        return type(self)(deepcopy(self.parts), [sheet.copy() for sheet in self.sheets])

    @property
    def id(self) -> str:
        return str(self.parts["spreadsheetId"])

    @property
    def title(self) -> str:
        return str(self.parts["properties"]["title"])

    def sheet(self, sheet_id: int) -> Sheet:
        """The sheet whose grid a request names."""
        found = next((sheet for sheet in self.sheets if sheet.id == sheet_id), None)
        if found is None:
            raise invalid(f"No grid with id: {sheet_id}")
        return found

    def titled(self, title: str) -> Sheet | None:
        """The sheet with that title. Case does not matter, as with Google."""
        return next((sheet for sheet in self.sheets if sheet.title.casefold() == title.casefold()), None)

    def visible(self) -> list[Sheet]:
        return [sheet for sheet in self.sheets if not sheet.hidden]

    def named_range(self, name: str) -> Json | None:
        return next(
            (r for r in self.parts.get("namedRanges", []) if r["name"].casefold() == name.casefold()), None
        )

    def check_size(self) -> None:
        if sum(sheet.size("ROWS") * sheet.size("COLUMNS") for sheet in self.sheets) > MAX_CELLS:
            raise invalid(
                "This action would increase the number of cells in the workbook above the limit of "
                f"{MAX_CELLS} cells."
            )

    def resource(self) -> Json:
        """Everything that is stored, as a Spreadsheet resource: what was entered, nothing that is computed."""
        sheets = []
        for index, sheet in enumerate(self.sheets):
            parts = deepcopy(sheet.parts)
            parts["properties"]["index"] = index
            data = {
                "rowData": trimmed(
                    [{"values": trimmed(list(row))} if any(row) else {} for row in sheet.cells]
                ),
                "rowMetadata": sheet.lines["ROWS"],
                "columnMetadata": sheet.lines["COLUMNS"],
            }
            sheets.append(parts | {"data": [data]})
        return self.parts | {"sheets": sheets}

    @classmethod
    def load(cls, resource: Json) -> Self:
        """The inverse of `resource`."""
        sheets = []
        for parts in resource["sheets"]:
            [data] = parts.pop("data")
            del parts["properties"]["index"]
            lines: dict[Dimension, list[Line]] = {
                "ROWS": data["rowMetadata"],
                "COLUMNS": data["columnMetadata"],
            }
            width = len(lines["COLUMNS"])
            rows = [row.get("values", []) for row in data["rowData"]]
            rows += [[] for _ in range(len(lines["ROWS"]) - len(rows))]
            sheets.append(Sheet(parts, [row + [EMPTY] * (width - len(row)) for row in rows], lines))
        return cls({name: value for name, value in resource.items() if name != "sheets"}, sheets)


def trimmed(values: list[Any]) -> list[Any]:
    """The values without empty ones at the end."""
    end = len(values)
    while end and not values[end - 1]:
        end -= 1
    return values[:end]


def _last_value(row: Sequence[Cell]) -> int:
    return next((c + 1 for c in range(len(row) - 1, -1, -1) if "userEnteredValue" in row[c]), 0)


def _frozen_name(dimension: Dimension) -> str:
    return "frozenRowCount" if dimension == "ROWS" else "frozenColumnCount"


def _plain(line: Line) -> Line:
    """A line's size and visibility, without its identity."""
    return {name: value for name, value in line.items() if name != "developerMetadata"}


def _form(cell: Cell) -> Cell:
    return (
        {name: cell[name] for name in ("userEnteredFormat", "dataValidation") if name in cell}
        if cell
        else EMPTY
    )


def formula_cells(sheet: Sheet) -> Iterator[tuple[int, int, str]]:
    """Row, column and text of each formula."""
    for r, row in enumerate(sheet.cells):
        for c, cell in enumerate(row):
            if cell and "formulaValue" in cell.get("userEnteredValue", ()):
                yield r, c, cell["userEnteredValue"]["formulaValue"]
