"""What a write met: if officers moved something after we had read, its own answer shows it. Pure.

The requests of a write go by indexes, so whatever was moved in between is met at another place. Rows that we move or
insert are whole wherever they end, and cells of ours that are wrong are written again, since each row still has its
key. Only a cell that is not ours may have been overwritten: it is put back as the read had it.
"""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sheets_sync.cells import Value, held_value, same, value_of
from sheets_sync.difference import Change
from sheets_sync.held import COLUMN_METADATA, HeldRow, HeldTab
from sheets_sync.layout import KEY_COLUMN, column_letters
from sheets_sync.writing import Cell

ANSWER_FIELDS = (
    "updatedSpreadsheet(sheets(properties(sheetId),data(startRow,startColumn,"
    "rowData(values(userEnteredValue)),columnMetadata(developerMetadata(metadataKey,metadataValue)))))"
)
"""The field mask for the answer to a write."""


_UNKNOWN = math.nan
"""In place of what a cell holds that is not to be believed: it is like nothing, and so it is written."""


def answer_ranges(changes: Mapping[str, Change]) -> list[str]:
    """What of the tabs that a write changes its answer shows: the columns with labels and keys, and the header row."""
    return [found for change in changes.values() for found in _ranges(change)]


def _ranges(change: Change) -> Iterator[str]:
    title = change.shape.held.title.replace("'", "''")
    header = change.shape.header + 1
    if columns := [*_watched(change), *_inputs(change)]:
        yield f"'{title}'!A:{column_letters(max(columns))}"
    yield f"'{title}'!{header}:{header}"


def _watched(change: Change) -> list[int]:
    """The indexes, after the write, of the columns that say whose a row is."""
    identities = change.shape.layout.identities
    names = {identities[0], KEY_COLUMN}
    return [index for index, place in change.shape.places.items() if identities[place] in names]


def _inputs(change: Change) -> set[int]:
    """The indexes, after the write, of the columns in which officers may change something."""
    places = {place for row in change.shape.shown.values() for place in row.inputs}
    return {index for index, place in change.shape.places.items() if place in places}


def has_edits(changes: Mapping[str, Change], answer: Mapping[str, Any]) -> bool:
    """Whether an input cell holds something else than the write left in it: somebody was just editing."""
    sheets = _sheets(answer)
    return any(
        not same(value, expected)
        for change in changes.values()
        for value, expected in _held_inputs(change, sheets.get(change.shape.held.sheet_id, []))
    )


def _held_inputs(change: Change, data: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Value, Value]]:
    """What each input cell holds after the write, and what it should. Where only values are written, columns that
    officers have deleted stay away."""
    shape, found = change.shape, _row_data(data)
    indexes = {place: index for index, place in shape.places.items()}
    for index, row in shape.shown.items():
        cells = found[index].get("values", []) if index < len(found) else []
        for place in row.inputs.keys() & indexes.keys():
            at = indexes[place]
            yield held_value(cells[at]) if at < len(cells) else None, value_of(row.cells[place])


def is_as_expected(changes: Mapping[str, Change], answer: Mapping[str, Any]) -> bool:
    """Whether the write met in each tab what had been read: the same columns, and the same labels and keys of rows."""
    sheets = _sheets(answer)
    return all(
        _has_columns(change, data) and _has_rows(change, data)
        for change in changes.values()
        for data in [sheets.get(change.shape.held.sheet_id, [])]
    )


def _sheets(answer: Mapping[str, Any]) -> dict[int, Sequence[Mapping[str, Any]]]:
    """The data of the answered sheets, by their ids."""
    return {
        sheet["properties"].get("sheetId", 0): sheet.get("data", [])
        for sheet in answer.get("updatedSpreadsheet", {}).get("sheets", [])
    }


def _row_data(data: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """The rows from the top, of the part that has them."""
    return next((part.get("rowData", []) for part in data if not part.get("startRow")), [])


def _has_columns(change: Change, data: Sequence[Mapping[str, Any]]) -> bool:
    found = {
        index: {
            metadata.get("metadataValue")
            for metadata in column.get("developerMetadata", [])
            if metadata["metadataKey"] == COLUMN_METADATA
        }
        for part in data
        for index, column in enumerate(part.get("columnMetadata", []), part.get("startColumn", 0))
    }
    shape = change.shape
    return all(
        shape.layout.columns[place].identity in found.get(index, ()) for index, place in shape.places.items()
    )


def _has_rows(change: Change, data: Sequence[Mapping[str, Any]]) -> bool:
    found = _row_data(data)
    written = {(cell.row, cell.column): value_of(cell.content) for cell in change.cells}
    shape = change.shape
    for index, line in enumerate(shape.rows[: len(shape.rows) - shape.doomed]):
        cells = found[index].get("values", []) if index < len(found) else []
        for column in _watched(change):
            before = shape.columns[column]
            is_held = line is not None and before is not None
            held = shape.held.rows[line or 0].value(before or 0) if is_held else None
            value = held_value(cells[column]) if column < len(cells) else None
            if not same(value, written.get((index, column), held)):
                return False
    return True


def without_written_keys(change: Change, after: HeldTab) -> HeldTab:
    """The tab without the keys that the write gave to rows that were there already: they may be others' rows."""
    keys = {
        at for at, place in change.shape.places.items() if change.shape.layout.identities[place] == KEY_COLUMN
    }
    doubtful = {cell.row for cell in change.cells if cell.column in keys and change.shape.row(cell.row)}
    rows = [
        replace(row, key=None, base=None) if index in doubtful else row
        for index, row in enumerate(after.rows)
    ]
    return replace(after, rows=rows)


def without_written_labels(change: Change, after: HeldTab) -> HeldTab:
    """The tab without the labels in rows whose key says that the base which the write gave them is another's: so may
    the labels be, and an officer may have typed over them before. The key alone came there with its row, and so did the
    cells that were not written: of those, the base that was read for that key goes on to tell what officers changed."""
    tab = change.shape.layout.tab
    labels = {after.place(column.identity) for column in tab.columns if column.name in tab.labels}
    written = {cell.row: labels.copy() for cell in change.cells}
    for cell in change.cells:
        written[cell.row].add(cell.column)
    bases = {row.key: row.base for row in change.shape.held.rows if row.base and row.base.fits_key}
    rows = list(after.rows)
    for index in written.keys() & range(len(rows)):
        row = rows[index]
        if _is_overwritten(row):
            values = [_UNKNOWN if at in labels else value for at, value in enumerate(row.values)]
            base = bases.get(row.key)
            kept = (
                {n: told for n, told in base.written.items() if after.place(n) not in written[index]}
                if base
                else {}
            )
            rows[index] = replace(row, values=values, base=base and replace(base, written=kept))
    return replace(after, rows=rows)


def overwritten(change: Change, after: HeldTab) -> set[str]:
    """The keys of rows into whose inputs the write may have written what was for another row, over what somebody was
    just entering."""
    inputs = _inputs(change)
    rows = {cell.row for cell in change.cells if cell.column in inputs} & set(range(len(after.rows)))
    return {str(after.rows[index].key) for index in rows if _is_overwritten(after.rows[index])}


def _is_overwritten(row: HeldRow) -> bool:
    """Whether the base in the row is not of its key, which no write changes in a row that was there."""
    return row.key is not None and row.base is not None and not row.base.fits_key


def put_back(change: Change, after: HeldTab, known: Collection[int]) -> tuple[HeldTab, list[Cell]]:
    """The tab as it is `after` a write, with the cells restored that the write took from the officers; and these cells.

    `known`: the rows of ours in it. A row of the officers' is found among those that were read by all that the write
    left alone in it. Where it is not found, it is one that was made meanwhile, and what we wrote into it is emptied.
    """
    before = change.shape.held
    origins = _origins(before, after)
    written: dict[int, set[int]] = {}
    for cell in change.cells:
        written.setdefault(cell.row, set()).add(cell.column)
    rows, cells = list(after.rows), []
    unclaimed = [row for row in before.rows if row.key is None]
    for index in sorted(written.keys() & range(len(rows))):
        row, columns = rows[index], written[index]
        if row.key is None and index not in known:
            lost = {column for column in columns if column in origins or _is_ours(after, column)}
            was = next((each for each in unclaimed if _is_same(row, each, columns, origins)), HeldRow())
            unclaimed = [each for each in unclaimed if each is not was]
        else:
            lost = {column for column in columns if column in origins and after.columns[column] is None}
            was = next((each for each in before.rows if each.key == row.key), HeldRow())
        found = {
            column: was.value(origins[column]) if column in origins else None  # the column is new
            for column in lost
        }
        cells += [Cell(index, column, value) for column, value in sorted(found.items())]
        width = max(len(row.values), *(column + 1 for column in found), 0) if found else len(row.values)
        rows[index] = replace(row, values=[found.get(at, row.value(at)) for at in range(width)])
    return replace(after, rows=rows), cells


def _is_ours(tab: HeldTab, column: int) -> bool:
    return column < len(tab.columns) and tab.columns[column] is not None


def _origins(before: HeldTab, after: HeldTab) -> Mapping[int, int]:
    """By the index of a column after the write, its index before. Those of the officers' are told by their order: if
    there are more or fewer of them than before, nothing is known about them."""
    theirs = [[at for at, column in enumerate(tab.columns) if column is None] for tab in (before, after)]
    found = dict(zip(theirs[1], theirs[0], strict=True)) if len(theirs[0]) == len(theirs[1]) else {}
    for at, column in enumerate(after.columns):
        place = before.place(column.name) if column else None
        if place is not None:
            found[at] = place
    return found


def _is_same(row: HeldRow, was: HeldRow, written: Collection[int], origins: Mapping[int, int]) -> bool:
    """Whether all that was not written is as it was."""
    return all(same(row.value(at), was.value(origin)) for at, origin in origins.items() if at not in written)
