"""What a person did, so that it can be undone and done again."""

from copy import deepcopy

from . import edit_sheets
from .areas import Dimension
from .book import Book, Sheet
from .errors import Json, invalid
from .shifting import delete_lines, insert_lines, move_lines

MAX_ACTS = 50
DIMENSIONS: tuple[Dimension, ...] = ("ROWS", "COLUMNS")


class History:
    """The acts of one person in one spreadsheet, each as the spreadsheet before and after it."""

    def __init__(self) -> None:
        self._done: list[tuple[Book, Book]] = []
        self._undone: list[tuple[Book, Book]] = []

    def add(self, before: Book, after: Book) -> None:
        self._done = [*self._done[1 - MAX_ACTS :], (before, after)]
        self._undone = []

    def undo(self, now: Book) -> Book:
        """The spreadsheet without the person's last act."""
        if not self._done:
            raise invalid("There is nothing to undo.")
        before, after = self._done.pop()
        draft = carried(now, after, before)
        self._undone.append((draft, now))
        return draft

    def redo(self, now: Book) -> Book:
        """The spreadsheet with the act that was undone last."""
        if not self._undone:
            raise invalid("There is nothing to redo.")
        before, after = self._undone.pop()
        draft = carried(now, before, after)
        self._done.append((now, draft))
        return draft


def carried(now: Book, old: Book, new: Book) -> Book:
    """A copy of `now` with what is different between `old` and `new`, and nothing else.

    So an undo takes one act back and leaves what others have done since, in lines that have moved by now as well. But
    what the act has changed is put back as it was: a cell that others have changed again, too, and a formula or a range
    as it read then.
    """
    draft, base = now.copy(), old.copy()
    for sheet in old.sheets:
        for book in (draft, base):
            if _found(new, sheet.id) is None and _found(book, sheet.id):
                edit_sheets.delete_sheet(book, {"sheetId": sheet.id})
    for index, sheet in enumerate(new.sheets):
        for book in (draft, base):
            if _found(old, sheet.id) is None and _found(book, sheet.id) is None:
                back = sheet.copy()
                back.properties["title"] = edit_sheets.free_title(book, sheet.title)
                book.sheets.insert(index, back)
    # Whatever moves lines is done to `base` as well: what still differs afterwards is what the act did to cells.
    for sheet in new.sheets:
        before = _found(old, sheet.id)
        for book in (draft, base):
            if before and (mine := _found(book, sheet.id)):
                _restructure(book, mine, before, sheet)
    for sheet in new.sheets:
        target, source = _found(draft, sheet.id), _found(base, sheet.id)
        if target and source:
            _carry_cells(target, source, sheet)
            for name in source.parts.keys() | sheet.parts.keys():
                _carry_part(target.parts, source.parts, sheet.parts, name)
    for name in base.parts.keys() | new.parts.keys():
        _carry_part(draft.parts, base.parts, new.parts, name)
    order = [sheet.id for sheet in new.sheets]
    if [sheet.id for sheet in base.sheets] != order:
        draft.sheets.sort(key=lambda sheet: order.index(sheet.id) if sheet.id in order else len(order))
    return draft


def _found(book: Book, sheet_id: int) -> Sheet | None:
    return next((sheet for sheet in book.sheets if sheet.id == sheet_id), None)


def _restructure(book: Book, sheet: Sheet, old: Sheet, new: Sheet) -> None:
    """Renames a sheet, and deletes, inserts and moves its lines, as far as `old` and `new` differ in that."""
    if old.title != new.title:
        edit_sheets.rename_references(book, sheet, new.title)
        sheet.properties["title"] = new.title
    for dimension in DIMENSIONS:
        ids, before, after = sheet.ids[dimension], old.ids[dimension], new.ids[dimension]
        if before == after:
            continue
        for gone in set(before) - set(after):
            if gone in ids:
                delete_lines(book, sheet, dimension, ids.index(gone), ids.index(gone) + 1)
        known = set(before)
        for place, line_id in enumerate(after):
            if line_id not in known and line_id not in ids:
                at = next((ids.index(each) + 1 for each in reversed(after[:place]) if each in ids), 0)
                insert_lines(book, sheet, dimension, at, 1, None)
                ids[at] = line_id
        if [each for each in before if each in after] != [each for each in after if each in known]:
            _reorder(book, sheet, dimension, [each for each in after if each in ids])


def _reorder(book: Book, sheet: Sheet, dimension: Dimension, order: list[int]) -> None:
    """Moves each line that is out of order behind its predecessor."""
    ids = sheet.ids[dimension]
    last = -1
    for line_id in order:
        place = ids.index(line_id)
        if place < last:
            move_lines(book, sheet, dimension, place, place + 1, last + 1)
            place = last
        last = place


def _carry_cells(target: Sheet, base: Sheet, new: Sheet) -> None:
    """Changes cells and lines of `target` as `base` and `new`, which have the same lines, differ."""
    places = {
        dimension: {each: at for at, each in enumerate(target.ids[dimension])} for dimension in DIMENSIONS
    }
    rows = [places["ROWS"].get(each) for each in new.ids["ROWS"]]
    columns = [places["COLUMNS"].get(each) for each in new.ids["COLUMNS"]]
    for row, was, cells in zip(rows, base.cells, new.cells, strict=True):
        if row is not None and was != cells:
            for column, before, cell in zip(columns, was, cells, strict=True):
                if column is not None and before != cell:
                    target.cells[row][column] = cell
    for dimension in DIMENSIONS:
        found = rows if dimension == "ROWS" else columns
        for at, old, line in zip(found, base.lines[dimension], new.lines[dimension], strict=True):
            if at is not None and old != line:
                target.lines[dimension][at] = line


def _carry_part(target: Json, base: Json, new: Json, name: str) -> None:
    """Changes one field of `target` as `base` and `new` differ in it; of a list, only its elements that differ."""
    old, value, mine = base.get(name), new.get(name), target.get(name)
    if old == value:
        return
    if isinstance(old, dict) and isinstance(value, dict) and isinstance(mine, dict):
        for each in old.keys() | value.keys():
            _carry_part(mine, old, value, each)
        return
    if isinstance(mine, list) and mine != old:
        kept = [each for each in mine if each not in (old or []) or each in (value or [])]
        value = kept + [each for each in value or [] if each not in (old or []) and each not in kept]
    if value is None:
        target.pop(name, None)
    else:
        target[name] = deepcopy(value)
