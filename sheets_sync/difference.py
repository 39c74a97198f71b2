"""Tabs against what the spreadsheet holds → the smallest `spreadsheets.batchUpdate` (DESIGN §7). Pure.

A tab of ours is known by developer metadata on its sheet, a column by metadata of its own, a row by the mark in the
hidden last column. So whatever officers rename, move, sort or insert, each cell is still found; and whatever they
keep to the right of ours, or in tabs of their own, is never in a request.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from sheets_sync.align import Alignment, align
from sheets_sync.cells import Json, Value, cell_json, checksum, mark, same, value_of
from sheets_sync.held import KEY_COLUMN, HeldTab
from sheets_sync.making import Names, chart_requests, column_requests, look_of, make
from sheets_sync.tabs import Content, Link, Tab


def difference(tabs: Sequence[Tab], held: Mapping[str, HeldTab], names: Names) -> list[Json]:
    """The requests that make the managed tabs hold `tabs`; none where nothing differs. Missing tabs are made."""
    requests: list[Json] = []
    sheet_ids: dict[str, int] = {}
    reshaped = set()
    for tab in tabs:
        ours = held.get(tab.id)
        if ours is None:
            sheet_ids[tab.id] = names.free_id()
            requests += make(tab, sheet_ids[tab.id], names.free_title(tab.title))
            reshaped.add(tab.id)
        else:
            sheet_ids[tab.id] = ours.sheet_id
            rows, columns = _aligned_rows(tab, ours), _aligned_columns(tab, ours)
            if rows.steps or columns.steps:
                reshaped.add(tab.id)
            requests += _reshape(tab, ours, rows, columns)
            requests += _rewrite(tab, ours, rows, columns)
    return requests + chart_requests(tabs, held, sheet_ids, reshaped, names)


def _aligned_rows(tab: Tab, held: HeldTab) -> Alignment:
    last = max((row for row, key in enumerate(held.keys) if key), default=held.row_count)
    blank = {row for row in range(last) if row >= len(held.touched) or not held.touched[row]}
    kept = {row for row in range(held.row_count) if held.has_remarks(row) or held.was_left(row)}
    return align(_identified(tab, held), [row.key for row in tab.all_rows], blank, kept)


def _identified(tab: Tab, held: HeldTab) -> list[str | None]:
    """The keys of the held rows. A row whose mark was lost is known by its labels: the first that has them."""
    keys = list(held.keys)
    places = [held.columns.index(name) if name in held.columns else -1 for name in tab.labels]
    labels = [tab.header.index(name) for name in tab.labels]
    known = set(keys)
    lost: dict[tuple[Value, ...], str] = {}
    for row in tab.rows:
        if row.key not in known:
            lost.setdefault(tuple(value_of(row.cells[place]) for place in labels), row.key)
    if lost:
        for index, key in enumerate(keys):
            if key is None and -1 not in places:
                found = lost.pop(tuple(held.value(index, place) for place in places), None)
                keys[index] = found
    return keys


def _aligned_columns(tab: Tab, held: HeldTab) -> Alignment:
    kept = {column for row in held.remarked for column in row}
    return align(held.columns, [*tab.header, KEY_COLUMN], (), kept)


def _reshape(tab: Tab, held: HeldTab, rows: Alignment, columns: Alignment) -> Iterator[Json]:
    """Rows and columns to their places. At least one row that isn't frozen must be left at any time."""
    if len(rows.lines) <= held.frozen_rows:
        yield {"appendDimension": {"sheetId": held.sheet_id, "dimension": "ROWS", "length": 1}}
    ours = {line for line in columns.lines[: len(tab.columns) + 1] if line is not None}
    for index in sorted(
        held.column_metadata.keys() & {line for line in columns.lines if line is not None} - ours
    ):
        lookup = {"developerMetadataLookup": {"metadataId": held.column_metadata[index]}}
        yield {"deleteDeveloperMetadata": {"dataFilter": lookup}}
    for dimension, alignment in (("COLUMNS", columns), ("ROWS", rows)):
        for step in alignment.steps:
            area = {
                "sheetId": held.sheet_id,
                "dimension": dimension,
                "startIndex": step.start,
                "endIndex": step.end,
            }
            if step.kind == "insert":
                yield {"insertDimension": {"range": area, "inheritFromBefore": step.start > 0}}
            elif step.kind == "delete":
                yield {"deleteDimension": {"range": area}}
            else:
                yield {"moveDimension": {"source": area, "destinationIndex": step.to}}
    for index, line in enumerate(columns.lines[: len(tab.columns) + 1]):
        if line is None:
            yield from column_requests(tab, held.sheet_id, index)


class _Cell(NamedTuple):
    """A cell to write. `look` None: it keeps the one that it has."""

    row: int
    column: int
    content: Content
    look: Json | None


def _rewrite(tab: Tab, held: HeldTab, rows: Alignment, columns: Alignment) -> Iterator[Json]:
    """The cells that don't hold what they should, and those of new rows and columns, with their looks."""
    changed = [*_changed_cells(tab, held, rows, columns), *_left_cells(tab, held, rows, columns)]
    for has_look in (False, True):
        cells = [cell for cell in changed if (cell.look is not None) == has_look]
        fields = "userEnteredValue,userEnteredFormat" if has_look else "userEnteredValue"
        for area in _areas(cells):
            start = {"sheetId": held.sheet_id, "rowIndex": area[0][0].row, "columnIndex": area[0][0].column}
            data = [{"values": [cell_json(cell.content, cell.look) for cell in row]} for row in area]
            yield {"updateCells": {"start": start, "rows": data, "fields": fields}}


def _changed_cells(tab: Tab, held: HeldTab, rows: Alignment, columns: Alignment) -> Iterator[_Cell]:
    width = len(tab.columns)
    for index, (row, line) in enumerate(zip(tab.all_rows, rows.lines, strict=False)):
        contents = [*row.cells, *[None] * (width - len(row.cells))]
        values = [value_of(content) for content in contents]
        for column, content in enumerate([*contents, mark(row.key, values)]):
            held_column = columns.lines[column]
            if line is None or held_column is None:
                yield _Cell(index, column, content, look_of(tab, row, column))
            elif not same(held.value(line, held_column), value_of(content)):
                look = look_of(tab, row, column) if isinstance(content, Link) else None
                yield _Cell(index, column, content, look)


def _left_cells(tab: Tab, held: HeldTab, rows: Alignment, columns: Alignment) -> Iterator[_Cell]:
    """Of rows that stay for the officers' sake only the label is kept up, so that it names nobody by a former name."""
    if KEY_COLUMN not in held.columns:
        return
    width, key_column, label_column = len(tab.columns), held.columns.index(KEY_COLUMN), columns.lines[0]
    for index, line in enumerate(rows.lines[len(tab.all_rows) :], len(tab.all_rows)):
        if line is None or held.value(line, key_column) is None:
            continue
        key = held.keys[line] or ""
        if key not in tab.unlisted:
            yield _Cell(index, width, None, None)  # no row of ours any more
            continue
        label = tab.unlisted[key]
        if label_column is not None:
            value, written = held.value(line, label_column), held.checksums[line][:1]
            is_theirs = written == [checksum(label)] != [checksum(value)]
            if value != label and not is_theirs:
                yield _Cell(index, 0, label, None)
        if held.value(line, key_column) != mark(key, [label]):
            yield _Cell(index, width, mark(key, [label]), None)


def _areas(cells: Iterable[_Cell]) -> list[list[list[_Cell]]]:
    """The cells as few rectangles: runs of neighbours in a row, then runs that stand exactly below each other."""
    areas: list[list[list[_Cell]]] = []
    open_areas: dict[tuple[int, int], list[list[_Cell]]] = {}
    for row, in_row in groupby(
        sorted(cells, key=lambda cell: (cell.row, cell.column)), key=lambda cell: cell.row
    ):
        runs: list[list[_Cell]] = []
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
