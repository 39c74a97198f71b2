"""Requests that change cells."""

import re
from collections.abc import Iterable
from functools import partial
from typing import Any

from .areas import Area, Box
from .book import EMPTY, Book, Cell, Sheet, formula_cells
from .canonical import canonical, canonical_format
from .entry import entered_value, with_value
from .errors import Json, invalid, unimplemented
from .formulas import Evaluator
from .masks import ALL, Mask, assign, for_writing
from .references import Reference, rewrite
from .scalars import Value, is_number
from .validation import check_rule


def update_cells(book: Book, body: Json) -> Json:
    mask = _cell_mask(body)
    rows = [row.get("values", []) for row in body.get("rows", [])]
    if "range" in body:
        area = Area.of(body["range"])
        sheet = book.sheet(area.sheet)
        box = sheet.box(area)
        _check_within(rows, box.top, box.left, box.bottom, box.right)
    else:
        start = body.get("start", {})
        sheet = book.sheet(start.get("sheetId", 0))
        top, left = start.get("rowIndex", 0), start.get("columnIndex", 0)
        _check_within(rows, top, left, sheet.size("ROWS"), sheet.size("COLUMNS"))
        box = Box(sheet.id, top, top + len(rows), left, sheet.size("COLUMNS"))
    for row, cells in zip(box.rows, rows, strict=False):
        line = sheet.cells[row]
        for column, source in enumerate(cells, box.left):
            line[column] = changed(line[column], source, mask)
    if "range" in body:
        for row in box.rows:
            done = len(rows[row - box.top]) if row - box.top < len(rows) else 0
            for column in range(box.left + done, box.right):
                sheet.cells[row][column] = changed(sheet.cells[row][column], EMPTY, mask)
    return {}


def append_cells(book: Book, body: Json) -> Json:
    if "tableId" in body:
        raise unimplemented("tables")
    mask = _cell_mask(body)
    sheet = book.sheet(body.get("sheetId", 0))
    rows = [row.get("values", []) for row in body.get("rows", [])]
    used = sheet.used()
    top = used.bottom if used else 0
    _check_within(rows, top, 0, top + len(rows), sheet.size("COLUMNS"))
    missing = top + len(rows) - sheet.size("ROWS")
    if missing > 0:
        sheet.insert("ROWS", sheet.size("ROWS"), missing, sheet.size("ROWS") - 1)
        book.check_size()
    for row, cells in enumerate(rows, top):
        for column, source in enumerate(cells):
            sheet.cells[row][column] = changed(sheet.cells[row][column], source, mask)
    return {}


def repeat_cell(book: Book, body: Json) -> Json:
    """Repeats one cell over a range. Relative references in its formula count from the range's first cell."""
    mask = _cell_mask(body)
    area = Area.of(body.get("range", {}))
    sheet = book.sheet(area.sheet)
    box = sheet.box(area)
    source = body.get("cell", {})
    formula = source.get("userEnteredValue", EMPTY).get("formulaValue")
    for row in box.rows:
        for column in box.columns:
            if formula:
                moved = rewrite(
                    formula, partial(Reference.offset, rows=row - box.top, columns=column - box.left)
                )
                source = source | {"userEnteredValue": {"formulaValue": moved}}
            sheet.cells[row][column] = changed(sheet.cells[row][column], source, mask)
    return {}


def changed(cell: Cell, source: Json, mask: Mask) -> Cell:
    """The cell with the masked fields of a CellData; fields that it does not set are cleared."""
    given = [name for name in mask if name in source]
    if unknown := set(given) - _STORED.keys():
        raise unimplemented(f"cells with {', '.join(sorted(unknown))}")
    stored = {name: _STORED[name](source[name]) for name in given}
    if "userEnteredValue" in mask and "textFormatRuns" in cell:
        cell = {name: value for name, value in cell.items() if name != "textFormatRuns"}
    return assign(mask, cell, stored)


def update_borders(book: Book, body: Json) -> Json:
    area = Area.of(body.get("range", {}))
    sheet = book.sheet(area.sheet)
    box = sheet.box(area)
    sides = canonical("UpdateBordersRequest", body)
    for row in box.rows:
        for column in box.columns:
            chosen = {
                "top": sides.get("top" if row == box.top else "innerHorizontal"),
                "bottom": sides.get("bottom" if row == box.bottom - 1 else "innerHorizontal"),
                "left": sides.get("left" if column == box.left else "innerVertical"),
                "right": sides.get("right" if column == box.right - 1 else "innerVertical"),
            }
            cell = sheet.cells[row][column]
            own = cell.get("userEnteredFormat", EMPTY)
            borders = own.get("borders", EMPTY) | {side: border for side, border in chosen.items() if border}
            borders = {
                side: border for side, border in borders.items() if border.get("style", "NONE") != "NONE"
            }
            look = {"borders": borders} if borders else {}
            mask: Mask = {"userEnteredFormat": {"borders": ALL}}
            sheet.cells[row][column] = assign(mask, cell, {"userEnteredFormat": look})
    return {}


def set_data_validation(book: Book, body: Json) -> Json:
    area = Area.of(body.get("range", {}))
    sheet = book.sheet(area.sheet)
    rule = {"dataValidation": _rule(body["rule"])} if "rule" in body else {}
    box = sheet.box(area)
    for row in box.rows:
        for column in box.columns:
            sheet.cells[row][column] = assign({"dataValidation": ALL}, sheet.cells[row][column], rule)
    return {}


def sort_range(book: Book, body: Json) -> Json:
    """Sorts the rows of a range: numbers, text, booleans; empty cells come last in either order.

    Metadata of rows moves along, and relative references to the formula's own row still mean that row.
    """
    area = Area.of(body.get("range", {}))
    sheet = book.sheet(area.sheet)
    box = sheet.box(area)
    if any(Area.of(merge).intersects(box.area()) for merge in sheet.parts.get("merges", [])):
        raise invalid("You can't sort a range with vertical merges.")
    evaluator = Evaluator(book)
    order = list(box.rows)
    for spec in reversed(body.get("sortSpecs", [])):
        if not {"dimensionIndex", "sortOrder"} >= spec.keys():
            raise unimplemented("sorting by colour")
        column, down = spec.get("dimensionIndex", 0), spec.get("sortOrder") == "DESCENDING"
        keys = {row: _sort_key(evaluator.value(sheet, row, column)) for row in order}
        filled = sorted((row for row in order if keys[row]), key=lambda row: keys[row] or (), reverse=down)
        order = filled + [row for row in order if not keys[row]]
    lines = {row: sheet.lines["ROWS"][row].get("developerMetadata") for row in order}
    cells = {row: sheet.cells[row][box.left : box.right] for row in order}
    for target, source in zip(box.rows, order, strict=True):
        sheet.set_line("ROWS", target, developerMetadata=lines[source])
        sheet.cells[target][box.left : box.right] = [
            _carried(cell, target - source) for cell in cells[source]
        ]
    return {}


def find_replace(book: Book, body: Json) -> Json:
    find, replacement = body.get("find", ""), body.get("replacement", "")
    if not find:
        raise invalid("The find string must not be empty.")
    pattern = re.compile(
        find if body.get("searchByRegex") else re.escape(find), 0 if body.get("matchCase") else re.IGNORECASE
    )
    counts = dict.fromkeys(
        ("valuesChanged", "formulasChanged", "rowsChanged", "sheetsChanged", "occurrencesChanged"), 0
    )
    for sheet, box in _searched(book, body):
        formulas = {(row, column) for row, column, _ in formula_cells(sheet)}
        rows = set()
        for row in box.rows:
            for column in box.columns:
                entered = sheet.cells[row][column].get("userEnteredValue", EMPTY)
                kind = "formulaValue" if (row, column) in formulas else "stringValue"
                if kind not in entered or (kind == "formulaValue" and not body.get("includeFormulas")):
                    continue
                text = entered[kind]
                if body.get("matchEntireCell") and not pattern.fullmatch(text):
                    continue
                changed_text, times = pattern.subn(
                    replacement if body.get("searchByRegex") else lambda _: replacement, text
                )
                if times:
                    counts["formulasChanged" if kind == "formulaValue" else "valuesChanged"] += 1
                    counts["occurrencesChanged"] += times
                    rows.add(row)
                    sheet.cells[row][column] = with_value(
                        sheet.cells[row][column], changed_text, "USER_ENTERED"
                    )
        counts["rowsChanged"] += len(rows)
        counts["sheetsChanged"] += bool(rows)
    return {name: count for name, count in counts.items() if count}


def _cell_mask(body: Json) -> Mask:
    mask = for_writing(body.get("fields"), "CellData")
    return {name: ALL if name == "userEnteredValue" else below for name, below in mask.items()}


def _check_within(rows: list[list[Json]], top: int, left: int, bottom: int, right: int) -> None:
    if top + len(rows) > bottom:
        raise invalid(f"Attempting to write row: {bottom}, beyond the last requested row of: {bottom - 1}")
    if left + max(map(len, rows), default=0) > right:
        raise invalid(
            f"Attempting to write column: {right}, beyond the last requested column of: {right - 1}"
        )


def _rule(value: Json) -> Json:
    return check_rule(canonical("DataValidationRule", value))


_STORED: dict[str, Any] = {
    "userEnteredValue": entered_value,
    "userEnteredFormat": lambda look: canonical_format(look) or None,
    "dataValidation": _rule,
    "textFormatRuns": lambda runs: [canonical("TextFormatRun", run) for run in runs] or None,
    "note": lambda text: text or None,
}


def _sort_key(value: Value) -> tuple[int, Any] | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return 2, value
    return (0, value) if is_number(value) else (1, str(value).casefold())


def _carried(cell: Cell, rows: int) -> Cell:
    """A cell moved by `rows` within its sheet, and its references with it."""
    formula = cell.get("userEnteredValue", EMPTY).get("formulaValue")
    if not formula:
        return cell
    moved = rewrite(formula, partial(Reference.offset, rows=rows, columns=0))
    return cell | {"userEnteredValue": {"formulaValue": moved}}


def _searched(book: Book, body: Json) -> Iterable[tuple[Sheet, Box]]:
    if "range" in body:
        area = Area.of(body["range"])
        return [(book.sheet(area.sheet), book.sheet(area.sheet).box(area))]
    sheets = book.sheets if body.get("allSheets") else [book.sheet(body.get("sheetId", 0))]
    return [(sheet, sheet.box(Area(sheet.id))) for sheet in sheets]
