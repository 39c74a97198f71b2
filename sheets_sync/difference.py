"""Tabs against what the spreadsheet holds → the smallest `spreadsheets.batchUpdate` (DESIGN §7). Pure.

`shape` tells where each row and column is to be; what is written into them is decided here. What officers keep to the
right of ours, or in tabs of their own, is never in a request, and nothing is deleted unless an officer asked for that.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sheets_sync.align import Step
from sheets_sync.base import LABEL, WHY, left_base_of
from sheets_sync.cells import Json, Value, same, value_of
from sheets_sync.content.title_block import but_for_the_time
from sheets_sync.held import SPARE_COLUMN, HeldRow, HeldTab
from sheets_sync.known import Known
from sheets_sync.layout import BASE_COLUMN, KEY_COLUMN, laid_out
from sheets_sync.making import (
    Names,
    box_of,
    chart_requests,
    column_metadata,
    column_size,
    drop_metadata,
    freeze,
    hide_column,
    later_looks,
    look_of,
    make,
    rename_column,
    row_metadata,
    uncolour,
)
from sheets_sync.shape import Manner, Shape, shape_of
from sheets_sync.tabs import STATE, Tab
from sheets_sync.writing import ALL, BOX, Cell, write_requests


@dataclass(frozen=True, slots=True)
class Change:
    """What is done to one tab that is there: where its lines go, and which cells are written then."""

    shape: Shape
    cells: Sequence[Cell]

    @property
    def requests(self) -> list[Json]:
        return [
            *_reshape(self.shape),
            *write_requests(self.shape.held.sheet_id, self.cells),
            *_delete(self.shape),
        ]

    @property
    def is_only_fresher(self) -> bool:
        """Whether nothing changes but how fresh the tab says that it is."""
        others = [*_reshape(self.shape), *_delete(self.shape)]
        return all(map(self._is_only_fresher, self.cells)) and not others

    def _is_only_fresher(self, cell: Cell) -> bool:
        row, line = self.shape.row(cell.row), self.shape.columns[cell.column]
        shown = self.shape.shown.get(cell.row)
        if row is None or line is None or shown is None or shown.key != STATE:
            return False
        return but_for_the_time(row.value(line)) == but_for_the_time(cell.content)


@dataclass(frozen=True, slots=True)
class Difference:
    """A `batchUpdate`; without requests if nothing differs. `changes`: by tab, to those that are there; among them are
    all that have inputs, even if nothing of them changes."""

    requests: Sequence[Json]
    changes: Mapping[str, Change]
    sheet_ids: Mapping[str, int]
    is_told: bool = True
    """Whether there is a tab that is not closed to what it says about its state."""

    @property
    def is_only_fresher(self) -> bool:
        """Whether nothing changes but how fresh the tabs say that they are."""
        changes = self.changes.values()
        is_all = len(self.requests) == sum(len(change.requests) for change in changes)
        return is_all and all(change.is_only_fresher for change in changes)


def difference(
    tabs: Sequence[Tab],
    held: Mapping[str, HeldTab],
    rows: Mapping[str, Known],
    names: Names,
    manner: Manner = "whole",
    *,
    tidies: bool = False,
) -> Difference:
    """What makes the managed tabs show `tabs`. Missing tabs are made, if it is to be the whole.

    `rows`: which row is whose, by tab, but for those by position. `tidies`: rows that are empty, and were listed once,
    are deleted, as an officer has asked for.
    """
    requests: list[Json] = []
    changes: dict[str, Change] = {}
    sheet_ids: dict[str, int] = {}
    reshaped, open_tabs = set(), set()
    layouts = [laid_out(tab) for tab in tabs]
    for layout in layouts:
        tab = layout.tab
        ours = held.get(tab.id)
        if ours is None and manner != "whole":
            continue
        if ours is None:
            sheet_ids[tab.id] = names.free_id()
            requests += make(layout, sheet_ids[tab.id], names.free_title(tab.title))
            reshaped.add(tab.id)
        else:
            sheet_ids[tab.id] = ours.sheet_id
            in_manner: Manner = "plain" if tab.is_ended and manner == "whole" else manner
            shape = shape_of(layout, ours, rows.get(tab.id), in_manner, tidies=tidies)
            if shape.row_steps or shape.column_steps:
                reshaped.add(tab.id)
            if any(row.key == STATE and not ours.is_closed(index, 0) for index, row in shape.shown.items()):
                open_tabs.add(tab.id)
            cells = _cells(shape, manner)
            if manner != "whole":
                cells = [cell for cell in cells if not ours.is_closed(cell.row, cell.column)]
            change = Change(shape, cells)
            found = change.requests
            requests += found
            if manner == "whole" and all(index == place for index, place in shape.places.items()):
                requests += later_looks(layout, ours)
            if found or any(row.inputs for row in layout.rows):
                changes[tab.id] = change
    if manner == "whole":
        requests += chart_requests(layouts, held, sheet_ids, reshaped, names)
    return Difference(requests, changes, sheet_ids, is_told=bool(open_tabs))


def _reshape(shape: Shape) -> Iterator[Json]:
    """Gives rows and columns their places, and what makes them ours."""
    held, layout, sheet_id = shape.held, shape.layout, shape.held.sheet_id
    yield from _end_columns(shape)
    for step in shape.column_steps:
        yield _step_request(step, sheet_id, "COLUMNS", is_like_before=step.start > 0)
    size = len(held.rows)
    for step in shape.row_steps:
        is_below_header = step.start == layout.listed.start and step.start < size  # it must not look like it
        yield _step_request(step, sheet_id, "ROWS", is_like_before=step.start > 0 and not is_below_header)
        size += step.end - step.start if step.kind == "insert" else 0
    if len(shape.columns) > len(layout.columns):
        for start, end in _runs(index for index, line in enumerate(shape.rows) if line is None):
            yield uncolour(sheet_id, start, end, len(layout.columns))
    for index, place in shape.places.items():
        identity, column = layout.columns[place].identity, shape.column(index)
        if column is None:
            yield column_metadata(sheet_id, index, identity)
        elif column.name != identity:
            yield rename_column(column.metadata_id, identity)
        if column is None or column.name == SPARE_COLUMN:
            yield column_size(layout, sheet_id, index, place)
    for index in shape.unmarked:
        yield row_metadata(sheet_id, index, shape.shown[index].key)
    if shape.frozen is not None:
        yield freeze(sheet_id, shape.frozen)


def _runs(indexes: Iterable[int]) -> list[tuple[int, int]]:
    """Rising indexes as spans of neighbours, each with its end, which is not included."""
    spans: list[tuple[int, int]] = []
    for index in indexes:
        if spans and spans[-1][1] == index:
            spans[-1] = spans[-1][0], index + 1
        else:
            spans.append((index, index + 1))
    return spans


def _delete(shape: Shape) -> Iterator[Json]:
    if shape.doomed:
        end = len(shape.rows)
        area = {"sheetId": shape.held.sheet_id, "dimension": "ROWS", "startIndex": end - shape.doomed}
        yield {"deleteDimension": {"range": area | {"endIndex": end}}}


def _end_columns(shape: Shape) -> Iterator[Json]:
    """Columns of ours that are no longer shown are kept to be used again. If officers keep something in them, they are
    the officers' now. Their indexes are those before anything moves."""
    for line in shape.ended:
        column = shape.held.columns[line]
        if column and line in shape.held.remarked_columns:
            yield drop_metadata(column.metadata_id)
        elif column and column.name != SPARE_COLUMN:
            yield rename_column(column.metadata_id, SPARE_COLUMN)
            yield hide_column(shape.held.sheet_id, line)


def _step_request(step: Step, sheet_id: int, dimension: str, *, is_like_before: bool) -> Json:
    area = {"sheetId": sheet_id, "dimension": dimension, "startIndex": step.start, "endIndex": step.end}
    if step.kind == "insert":
        return {"insertDimension": {"range": area, "inheritFromBefore": is_like_before}}
    return {"moveDimension": {"source": area, "destinationIndex": step.to}}


def _cells(shape: Shape, manner: Manner) -> list[Cell]:
    """Those that don't hold what they should, and those of new rows and columns, with their looks."""
    if manner == "state":
        return list(_shown_cells(shape))
    return [*_shown_cells(shape), *_left_cells(shape), *_ended_cells(shape)]


def _shown_cells(shape: Shape) -> Iterator[Cell]:
    fresh = {
        index
        for index in shape.places
        if (column := shape.column(index)) is None or column.name == SPARE_COLUMN
    }
    for index, row in shape.shown.items():
        held = shape.row(index)
        for at, place in shape.places.items():
            content, line = row.cells[place], shape.columns[at]
            if held is None or line is None or at in fresh:
                yield Cell(index, at, content, look_of(shape.layout, row, place), ALL)
            elif isinstance(held.value(line), bool) != isinstance(content, bool):
                yield Cell(index, at, content, box_of(content), BOX)
            elif not same(held.value(line), value_of(content)):
                yield Cell(index, at, content)


def _left_cells(shape: Shape) -> Iterator[Cell]:
    """Of rows that are no longer listed."""
    end = _last_of_ours(shape)
    for index, line in enumerate(shape.rows):
        if line is not None and index not in shape.shown:
            row = shape.held.rows[line]
            if shape.layout.tab.is_by_position:
                yield from _cells_below(shape, index, row, is_ours=line <= end)
            elif row.key is not None:
                yield from _cells_left(shape, index, row, is_kept=line in shape.held.remarked_rows)


def _last_of_ours(shape: Shape) -> int:
    """In a tab by position, the last row that says what the tab ends with: all above it was ours; -1 if none does."""
    last, places = shape.layout.rows[-1], shape.layout.shown
    told = [(shape.columns[at], last.cells[place]) for at, place in shape.places.items() if place in places]
    said = [(line, value_of(content)) for line, content in told if line is not None and content]
    rows = shape.held.rows
    return max(
        (
            at
            for at, row in enumerate(rows)
            if said and all(same(row.value(line), value) for line, value in said)
        ),
        default=-1,
    )


def _cells_below(shape: Shape, index: int, row: HeldRow, *, is_ours: bool) -> Iterator[Cell]:
    """In a tab by position, of a row that it no longer has: what we wrote into it. Without a base, that is all if the
    row `is_ours`, or has a mark of version 0.1.0."""
    for at, name, value in _ours(shape, row):
        written = row.base.written.get(name) if row.base else None
        was_written = written.is_in(value) if written else is_ours or row.key is not None
        if value is not None and (name == BASE_COLUMN or was_written):
            yield Cell(index, at, None)


def _cells_left(shape: Shape, index: int, row: HeldRow, *, is_kept: bool) -> Iterator[Cell]:
    """Of a row whose key is not shown, or shown elsewhere, as that of a copy is.

    Where officers keep something in it, its label stays and says who it is about, by the name of today; why it is there
    stands beside it. All else that we wrote is emptied. What officers typed into it is theirs, then and later.
    """
    cells = list(_ours(shape, row))
    first, second = (shape.layout.identities[place] for place in shape.layout.shown[:2])
    is_known = row.base is not None and bool(row.base.written)
    was_left = row.base is not None and row.base.is_left
    roles = {first: LABEL, second: WHY} if was_left else {}

    def is_theirs(name: str, value: Value) -> bool:
        written = row.base.written.get(roles.get(name, name)) if row.base else None
        return value is not None and is_known and not (written and written.is_in(value))

    typed = {name for _, name, value in cells if not name.startswith("#") and is_theirs(name, value)}
    label, why = shape.said_of_left(row, is_kept=is_kept or was_left or bool(typed))
    wanted = {first: label, second: why, KEY_COLUMN: row.key}
    wanted[BASE_COLUMN] = left_base_of(row.key or "", value_of(label), value_of(why))
    for at, name, value in cells:
        if name not in typed and not same(value, value_of(wanted.get(name))):
            yield Cell(index, at, wanted.get(name))


def _ours(shape: Shape, row: HeldRow) -> Iterator[tuple[int, str, Value]]:
    """The row's cells in the hidden columns, and in those that we had and have: the index after, the column's identity,
    and what it holds."""
    for at, place in shape.places.items():
        column, line = shape.column(at), shape.columns[at]
        is_held = column is not None and column.name != SPARE_COLUMN
        if is_held or shape.layout.is_hidden(place):
            value = row.value(line) if is_held and line is not None else None
            yield at, shape.layout.identities[place], value


def _ended_cells(shape: Shape) -> Iterator[Cell]:
    """Of columns that are no longer shown, in rows of ours: they are emptied."""
    indexes = {line: index for index, line in enumerate(shape.columns) if line is not None}
    emptied = [line for line in shape.ended if line not in shape.held.remarked_columns]
    for index in range(len(shape.rows)):
        row = shape.row(index)
        if row is not None and (row.key is not None or index in shape.shown):
            for line in emptied:
                if row.value(line) is not None:
                    yield Cell(index, indexes[line], None)
