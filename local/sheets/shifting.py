"""Moves what refers to rows and columns along with them: formulas, all kinds of ranges, anchors of charts."""

from collections.abc import Callable
from functools import partial
from typing import Any

from .areas import Area, Deleted, Dimension, Inserted, Moved, Shift
from .book import Book, Sheet, formula_cells
from .discovery import properties, referred
from .errors import Json
from .references import Reference, rewrite

# A part of a sheet that has lost this field is removed.
ESSENTIAL = {
    "conditionalFormats": "ranges",
    "filterViews": "range",
    "protectedRanges": "range",
    "bandedRanges": "range",
    "tables": "range",
}

# How to change the messages of each schema; None removes a message.
Changes = dict[str, Callable[[Json], Json | None]]


def insert_lines(
    book: Book, sheet: Sheet, dimension: Dimension, at: int, count: int, like: int | None
) -> None:
    sheet.insert(dimension, at, count, like)
    shift_references(book, sheet, dimension, Inserted(at, count))


def delete_lines(book: Book, sheet: Sheet, dimension: Dimension, start: int, end: int) -> None:
    sheet.delete(dimension, start, end)
    shift_references(book, sheet, dimension, Deleted(start, end))


def move_lines(book: Book, sheet: Sheet, dimension: Dimension, start: int, end: int, to: int) -> None:
    sheet.move(dimension, start, end, to)
    shift_references(book, sheet, dimension, Moved(start, end, to))


def shift_references(book: Book, sheet: Sheet, dimension: Dimension, shift: Shift) -> None:
    """Moves everything in the book that refers to `sheet` along with a shift of its rows or columns."""

    def moved_range(value: Json) -> Json | None:
        area = Area.of(value)
        if area.sheet != sheet.id:
            return value
        moved = area.shifted(dimension, shift)
        return moved and moved.grid_range()

    def moved_anchor(value: Json) -> Json:
        if value.get("sheetId", 0) != sheet.id:
            return value
        name = "rowIndex" if dimension == "ROWS" else "columnIndex"
        index = value.get(name, 0)
        moved = shift(index, index + 1)
        anchor = value | {name: moved[0] if moved else max(0, index - 1)}
        return {key: at for key, at in anchor.items() if at}

    rewrite_formulas(book, partial(_shifted_reference, book, sheet, dimension, shift))
    if "namedRanges" in book.parts:
        kept = (named | {"range": moved_range(named["range"])} for named in book.parts["namedRanges"])
        book.parts["namedRanges"] = [named for named in kept if named["range"] is not None]
    for each in book.sheets:
        each.parts = transform(
            "Sheet", each.parts, {"GridRange": moved_range, "GridCoordinate": moved_anchor}
        )
        for name, essential in ESSENTIAL.items():
            if name in each.parts:
                each.parts[name] = [
                    part for part in each.parts[name] if part.get(essential) not in (None, [])
                ]
    merges = sheet.parts.get("merges", [])
    sheet.parts["merges"] = [merge for merge in merges if _cells(merge) > 1]
    if "basicFilter" in sheet.parts and "range" not in sheet.parts["basicFilter"]:
        del sheet.parts["basicFilter"]
    if dimension == "COLUMNS":
        _shift_criteria(sheet, shift)


def rewrite_formulas(book: Book, change: Callable[[Sheet, Reference], Reference | None]) -> None:
    """Changes the references of every formula, in cells and in the conditions of conditional formats."""
    for sheet in book.sheets:
        change_here = partial(change, sheet)
        for row, column, text in _formulas(book, sheet):
            if (changed := rewrite(text, change_here)) != text:
                cell = sheet.cells[row][column]
                sheet.cells[row][column] = cell | {"userEnteredValue": {"formulaValue": changed}}
        condition = partial(_rewritten_condition, change_here)
        if rules := sheet.parts.get("conditionalFormats"):
            rewriting = partial(transform, "ConditionalFormatRule", changes={"ConditionValue": condition})
            sheet.parts["conditionalFormats"] = [rewriting(rule) for rule in rules]


def _formulas(book: Book, sheet: Sheet) -> list[tuple[int, int, str]]:
    """The formulas of a sheet. A scan of its cells takes long, so it is done once for many moves of lines."""
    known = book.formula_ids
    if known is None:
        return list(formula_cells(sheet))
    ids, cells = sheet.ids, sheet.cells
    if sheet.id not in known:
        known[sheet.id] = [(ids["ROWS"][r], ids["COLUMNS"][c]) for r, c, _ in formula_cells(sheet)]
    rows = {line_id: index for index, line_id in enumerate(ids["ROWS"])}
    columns = {line_id: index for index, line_id in enumerate(ids["COLUMNS"])}
    places = ((rows.get(row), columns.get(column)) for row, column in known[sheet.id])
    return [
        (row, column, cells[row][column]["userEnteredValue"]["formulaValue"])
        for row, column in places
        if row is not None and column is not None
    ]


def transform(schema: str, value: Json, changes: Changes) -> Json:
    """A message in which each message of the schemas in `changes` is replaced, at any depth. None removes it."""
    fields = properties(schema)
    result: Json = {}
    for name, item in value.items():
        inner = referred(fields[name])
        if inner is None:
            result[name] = item
            continue
        each: Callable[[Json], Any] = changes.get(inner) or partial(transform, inner, changes=changes)
        if isinstance(item, list):
            result[name] = [kept for kept in map(each, item) if kept is not None]
        elif "additionalProperties" in fields[name]:
            result[name] = {key: each(below) for key, below in item.items()}
        elif (kept := each(item)) is not None:
            result[name] = kept
    return result


def _shifted_reference(
    book: Book, shifted: Sheet, dimension: Dimension, shift: Shift, home: Sheet, reference: Reference
) -> Reference | None:
    target = home if reference.title is None else book.titled(reference.title)
    return reference.shifted(dimension, shift) if target is shifted else reference


def _rewritten_condition(change: Callable[[Reference], Reference | None], value: Json) -> Json:
    text = value.get("userEnteredValue", "")
    return value | {"userEnteredValue": rewrite(text, change)} if text.startswith("=") else value


def _cells(merge: Json) -> int:
    rows = merge["endRowIndex"] - merge["startRowIndex"]
    columns = merge["endColumnIndex"] - merge["startColumnIndex"]
    return int(rows * columns)


def _shift_criteria(sheet: Sheet, shift: Shift) -> None:
    """Shifts a filter's criteria, which name their columns by index."""
    filters = [sheet.parts["basicFilter"]] if "basicFilter" in sheet.parts else []
    for each in filters + sheet.parts.get("filterViews", []):
        for specs, key in (("filterSpecs", "columnIndex"), ("sortSpecs", "dimensionIndex")):
            moved = [(spec, shift(spec.get(key, 0), spec.get(key, 0) + 1)) for spec in each.get(specs, [])]
            if specs in each:
                each[specs] = [spec | {key: span[0]} for spec, span in moved if span]
        if "criteria" in each:
            spans = {key: shift(int(key), int(key) + 1) for key in each["criteria"]}
            each["criteria"] = {str(span[0]): each["criteria"][key] for key, span in spans.items() if span}
