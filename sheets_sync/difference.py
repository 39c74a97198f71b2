"""Tabs against what the spreadsheet holds → the smallest `spreadsheets.batchUpdate` (DESIGN §7). Pure.

A tab of ours is recognised by developer metadata on its sheet, a column by metadata of its own, a row by the mark in
the hidden last column. So each cell is found again, whatever officers rename, move, sort or insert. What they keep to
the right of ours, or in tabs of their own, is never in a request.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from sheets_sync.align import Alignment, Step, align
from sheets_sync.cells import Json, Value, cell_json, checksum, mark, same, value_of
from sheets_sync.held import HeldRow, HeldTab
from sheets_sync.layout import KEY_COLUMN, Layout, laid_out
from sheets_sync.making import Names, chart_requests, column_requests, look_of, make
from sheets_sync.tabs import Content, Link, Tab


def difference(tabs: Sequence[Tab], held: Mapping[str, HeldTab], names: Names) -> list[Json]:
    """The requests that make the managed tabs show `tabs`; none if nothing differs. Missing tabs are made."""
    requests: list[Json] = []
    sheet_ids: dict[str, int] = {}
    reshaped = set()
    layouts = [laid_out(tab) for tab in tabs]
    for layout in layouts:
        tab = layout.tab
        ours = held.get(tab.id)
        if ours is None:
            sheet_ids[tab.id] = names.free_id()
            requests += make(layout, sheet_ids[tab.id], names.free_title(tab.title))
            reshaped.add(tab.id)
        else:
            sheet_ids[tab.id] = ours.sheet_id
            rows, columns = _aligned_rows(tab, ours), _aligned_columns(layout, ours)
            if rows.steps or columns.steps:
                reshaped.add(tab.id)
            requests += _reshape(layout, ours, rows, columns)
            requests += _rewrite(layout, ours, rows, columns)
    return requests + chart_requests(layouts, held, sheet_ids, reshaped, names)


def _aligned_rows(tab: Tab, held: HeldTab) -> Alignment:
    keyed = [index for index, row in enumerate(held.rows) if row.key]
    last = keyed[-1] if keyed else len(held.rows)
    blank = {index for index in range(last) if held.rows[index].is_blank}
    left = {index for index in keyed if held.rows[index].was_left}
    keys = [row.key for row in tab.all_rows]
    return align(_identified(tab, held), keys, blank, held.remarked_rows() | left)


def _identified(tab: Tab, held: HeldTab) -> list[str | None]:
    """The keys of the held rows. A row that lost its mark is the first that has its labels."""
    keys = [row.key for row in held.rows]
    places = [place for name in tab.labels if (place := held.place(name)) is not None]
    if len(places) < len(tab.labels):
        return keys
    known = set(keys)
    labels = [tab.header.index(name) for name in tab.labels]
    lost: dict[tuple[Value, ...], str] = {}
    for row in tab.rows:
        if row.key not in known:
            lost.setdefault(tuple(value_of(row.cells[place]) for place in labels), row.key)
    return [
        lost.pop(tuple(row.value(place) for place in places), None) if row.key is None else row.key
        for row in held.rows
    ]


def _aligned_columns(layout: Layout, held: HeldTab) -> Alignment:
    kept = {column for row in held.rows for column in row.remarked}
    return align(held.names, layout.names, (), kept)


def _reshape(layout: Layout, held: HeldTab, rows: Alignment, columns: Alignment) -> Iterator[Json]:
    """Moves rows and columns to their places. At any time at least one row must be left that isn't frozen."""
    if len(rows.lines) <= held.frozen_rows:
        yield {"appendDimension": {"sheetId": held.sheet_id, "dimension": "ROWS", "length": 1}}
    yield from _disowned(held, columns.lines[len(layout.columns) :])
    for dimension, alignment in (("COLUMNS", columns), ("ROWS", rows)):
        for step in alignment.steps:
            yield _step_request(step, held.sheet_id, dimension)
    for index, line in enumerate(columns.lines[: len(layout.columns)]):
        if line is None:
            yield from column_requests(layout, held.sheet_id, index)


def _disowned(held: HeldTab, lines: Iterable[int | None]) -> Iterator[Json]:
    """Columns of ours that are no longer shown, and stay because officers keep something in them, are theirs now."""
    for line in lines:
        if line is not None and (column := held.columns[line]):
            lookup = {"developerMetadataLookup": {"metadataId": column.metadata_id}}
            yield {"deleteDeveloperMetadata": {"dataFilter": lookup}}


def _step_request(step: Step, sheet_id: int, dimension: str) -> Json:
    area = {"sheetId": sheet_id, "dimension": dimension, "startIndex": step.start, "endIndex": step.end}
    if step.kind == "insert":
        return {"insertDimension": {"range": area, "inheritFromBefore": step.start > 0}}
    if step.kind == "delete":
        return {"deleteDimension": {"range": area}}
    return {"moveDimension": {"source": area, "destinationIndex": step.to}}


class _Cell(NamedTuple):
    """A cell to write. Without a `look` it keeps the one that it has."""

    row: int
    column: int
    content: Content
    look: Json | None


def _rewrite(layout: Layout, held: HeldTab, rows: Alignment, columns: Alignment) -> Iterator[Json]:
    """The cells that don't hold what they should, and those of new rows and columns, with their looks."""
    changed = [*_changed_cells(layout, held, rows, columns), *_left_cells(layout, held, rows, columns)]
    for has_look in (False, True):
        cells = [cell for cell in changed if (cell.look is not None) == has_look]
        fields = "userEnteredValue,userEnteredFormat" if has_look else "userEnteredValue"
        for area in _areas(cells):
            start = {"sheetId": held.sheet_id, "rowIndex": area[0][0].row, "columnIndex": area[0][0].column}
            data = [{"values": [cell_json(cell.content, cell.look) for cell in row]} for row in area]
            yield {"updateCells": {"start": start, "rows": data, "fields": fields}}


def _changed_cells(layout: Layout, held: HeldTab, rows: Alignment, columns: Alignment) -> Iterator[_Cell]:
    for index, (row, line) in enumerate(zip(layout.rows, rows.lines, strict=False)):
        for place, (content, column) in enumerate(zip(row.cells, columns.lines, strict=False)):
            if line is None or column is None:
                yield _Cell(index, place, content, look_of(layout, row, place))
            elif not same(held.rows[line].value(column), value_of(content)):
                look = look_of(layout, row, place) if isinstance(content, Link) else None
                yield _Cell(index, place, content, look)


def _left_cells(layout: Layout, held: HeldTab, rows: Alignment, columns: Alignment) -> Iterator[_Cell]:
    """In rows that stay for the officers' sake only the label is updated, so that nobody has a former name there."""
    key_column, label_column = held.place(KEY_COLUMN), columns.lines[0]
    if key_column is None:
        return
    key_place = layout.place(KEY_COLUMN)
    for index, line in enumerate(rows.lines[len(layout.rows) :], len(layout.rows)):
        if line is None or held.rows[line].value(key_column) is None:
            continue
        row = held.rows[line]
        label = layout.tab.unlisted.get(row.key or "")
        if row.key is None or label is None:
            yield _Cell(index, key_place, None, None)  # no row of ours any more
            continue
        if label_column is not None and _is_outdated(row, label_column, label):
            yield _Cell(index, 0, label, None)
        left_mark = mark(row.key, [label])
        if row.value(key_column) != left_mark:
            yield _Cell(index, key_place, left_mark, None)


def _is_outdated(row: HeldRow, label_column: int, label: str) -> bool:
    """Whether a row that was left has another label than this, and not because an officer gave it one."""
    value, written = row.value(label_column), row.checksums[:1]
    is_theirs = written == [checksum(label)] != [checksum(value)]
    return value != label and not is_theirs


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
