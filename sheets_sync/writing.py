"""Cells to write → as few `updateCells` requests as there can be. Pure."""

from collections.abc import Collection, Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from sheets_sync.cells import Json, cell_json
from sheets_sync.tabs import Content

VALUE, BOX = "userEnteredValue", "userEnteredValue,dataValidation"
ALL = "userEnteredValue,userEnteredFormat,dataValidation"


class Cell(NamedTuple):
    """A cell to write: its content, and of its `look` what `fields` names. All else of it stays as it is."""

    row: int
    column: int
    content: Content
    look: Json | None = None
    fields: str = VALUE


def write_requests(sheet_id: int, written: Collection[Cell]) -> Iterator[Json]:
    for fields in (VALUE, BOX, ALL):
        for area in _areas(cell for cell in written if cell.fields == fields):
            start = {"sheetId": sheet_id, "rowIndex": area[0][0].row, "columnIndex": area[0][0].column}
            rows = [{"values": [cell_json(cell.content, cell.look) for cell in row]} for row in area]
            yield {"updateCells": {"start": start, "rows": rows, "fields": fields}}


def _areas(cells: Iterable[Cell]) -> list[list[list[Cell]]]:
    """The cells as few rectangles: runs of neighbours in a row, then runs that stand exactly below each other."""
    areas: list[list[list[Cell]]] = []
    open_areas: dict[tuple[int, int], list[list[Cell]]] = {}
    for row, in_row in groupby(
        sorted(cells, key=lambda cell: (cell.row, cell.column)), key=lambda cell: cell.row
    ):
        runs: list[list[Cell]] = []
        for cell in in_row:
            if runs and runs[-1][-1].column == cell.column - 1:
                runs[-1].append(cell)
            else:
                runs.append([cell])
        still_open = {}
        for run in runs:
            span = run[0].column, run[-1].column
            area = open_areas.get(span)
            if area and area[-1][0].row == row - 1:
                area.append(run)
            else:
                area = [run]
                areas.append(area)
            still_open[span] = area
        open_areas = still_open
    return areas
