"""Requests that copy and move cells elsewhere."""

from functools import partial

from .areas import Area, Box
from .book import EMPTY, Book, Cell, Sheet
from .errors import Json, invalid, unimplemented
from .formulas import Evaluator
from .masks import ALL, Mask, assign
from .references import Reference, rewrite
from .scalars import Error, Value, extended
from .shifting import rewrite_formulas

NORMAL = "PASTE_NORMAL"
MASKS: dict[str, Mask] = {
    "PASTE_FORMAT": {"userEnteredFormat": ALL},
    "PASTE_FORMULA": {"userEnteredValue": ALL},
    "PASTE_VALUES": {"userEnteredValue": ALL},
    "PASTE_DATA_VALIDATION": {"dataValidation": ALL},
}


def copy_paste(book: Book, body: Json) -> Json:
    """Copies cells, as often as they fit into the destination and at least once. Relative references move along."""
    kind = body.get("pasteType", NORMAL)
    if kind not in {NORMAL, *MASKS} or body.get("pasteOrientation", "NORMAL") != "NORMAL":
        raise unimplemented(f"copying with {kind} and {body.get('pasteOrientation', 'NORMAL')}")
    sheet, source = _source(book, body)
    target = copy_target(book, body)
    there = book.sheet(target.sheet)
    _check_merges(sheet, source)
    _check_merges(there, target)
    value = Evaluator(book).value
    copied = [sheet.cells[row][source.left : source.right] for row in source.rows]
    if kind == "PASTE_VALUES":
        copied = [[_constant(value(sheet, row, column)) for column in source.columns] for row in source.rows]
    merges = _merges_in(sheet, source) if kind == NORMAL else []
    if kind == NORMAL:
        _unmerge(there, target)
    for top in range(target.top, target.bottom, len(source.rows)):
        for left in range(target.left, target.right, len(source.columns)):
            rows, columns = top - source.top, left - source.left
            there.parts_list("merges").extend(_moved(merge, there, rows, columns) for merge in merges)
            for row, cells in enumerate(copied, top):
                line = there.cells[row]
                for column, cell in enumerate(cells, left):
                    new = _relative(cell, rows, columns)
                    line[column] = new if kind == NORMAL else assign(MASKS[kind], line[column], new)
    return {}


def cut_paste(book: Book, body: Json) -> Json:
    """Moves cells. What refers to cells among them follows."""
    sheet, source = _source(book, body)
    target = cut_target(book, body)
    if target.sheet != sheet.id or body.get("pasteType", NORMAL) != NORMAL:
        raise unimplemented("cutting to another sheet, or only a part of what cells hold")
    _check_merges(sheet, source)
    _check_merges(sheet, target)
    rows, columns = target.top - source.top, target.left - source.left
    cells = [sheet.cells[row][source.left : source.right] for row in source.rows]
    merges = _merges_in(sheet, source)
    _unmerge(sheet, source)
    _unmerge(sheet, target)
    sheet.parts_list("merges").extend(_moved(merge, sheet, rows, columns) for merge in merges)
    for row in source.rows:
        sheet.cells[row][source.left : source.right] = [EMPTY] * len(source.columns)
    for row, line in zip(target.rows, cells, strict=True):
        sheet.cells[row][target.left : target.right] = line
    rewrite_formulas(book, partial(_followed, book, source, rows, columns))
    return {}


def copy_target(book: Book, body: Json) -> Box:
    """The cells that a copyPaste writes."""
    _, source = _source(book, body)
    area = Area.of(body.get("destination", {}))
    box = book.sheet(area.sheet).box(area)
    height, width = len(source.rows), len(source.columns)
    rows = len(box.rows) if len(box.rows) % height == 0 else height
    columns = len(box.columns) if len(box.columns) % width == 0 else width
    return _fitting(book, Box(box.sheet, box.top, box.top + rows, box.left, box.left + columns))


def cut_target(book: Book, body: Json) -> Box:
    """The cells that a cutPaste writes."""
    _, source = _source(book, body)
    start = body.get("destination", {})
    top, left = start.get("rowIndex", 0), start.get("columnIndex", 0)
    box = Box(start.get("sheetId", 0), top, top + len(source.rows), left, left + len(source.columns))
    return _fitting(book, box)


def _source(book: Book, body: Json) -> tuple[Sheet, Box]:
    area = Area.of(body.get("source", {}))
    sheet = book.sheet(area.sheet)
    return sheet, sheet.box(area)


def _fitting(book: Book, box: Box) -> Box:
    sheet = book.sheet(box.sheet)
    if box.bottom > sheet.size("ROWS") or box.right > sheet.size("COLUMNS"):
        raise invalid(sheet.exceeded(box.area()))
    return box


def _constant(value: Value) -> Cell:
    shown = extended(value.text if isinstance(value, Error) else value)
    return {"userEnteredValue": shown} if shown else EMPTY


def _relative(cell: Cell, rows: int, columns: int) -> Cell:
    formula = cell.get("userEnteredValue", EMPTY).get("formulaValue")
    if not formula:
        return cell
    moved = rewrite(formula, partial(Reference.offset, rows=rows, columns=columns))
    return cell | {"userEnteredValue": {"formulaValue": moved}}


def _followed(
    book: Book, source: Box, rows: int, columns: int, home: Sheet, reference: Reference
) -> Reference:
    target = home if reference.title is None else book.titled(reference.title)
    inside = target is not None and source.area().contains(reference.area(target.id))
    return reference.moved(rows, columns) if inside else reference


def _check_merges(sheet: Sheet, box: Box) -> None:
    for merge in sheet.parts.get("merges", []):
        if box.area().intersects(Area.of(merge)) and not box.area().contains(Area.of(merge)):
            raise invalid("You can't perform a paste that partially intersects a merge.")


def _merges_in(sheet: Sheet, box: Box) -> list[Area]:
    return [area for area in map(Area.of, sheet.parts.get("merges", [])) if box.area().contains(area)]


def _unmerge(sheet: Sheet, box: Box) -> None:
    merges = sheet.parts.get("merges", [])
    sheet.parts["merges"] = [merge for merge in merges if not box.area().intersects(Area.of(merge))]


def _moved(merge: Area, sheet: Sheet, rows: int, columns: int) -> Json:
    _, top, bottom, left, right = (side or 0 for side in merge)
    return Area(sheet.id, top + rows, bottom + rows, left + columns, right + columns).grid_range()
