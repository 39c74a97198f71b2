"""What merged cells forbid. Google's documentation does not say what becomes of a part of them, so this is strict.

A program's rows and columns never part merged cells, nor are any inserted into them. A person's page is more forgiving:
there, merged cells grow and shrink.
"""

from collections.abc import Iterator

from .areas import Area, Dimension
from .book import NOUNS, Book
from .callers import Caller
from .errors import Json, invalid


def check_request(book: Book, kind: str, body: Json, caller: Caller) -> None:
    """Refuses a request of a batchUpdate that would part merged cells."""
    if kind not in ("insertDimension", "moveDimension", "deleteDimension"):
        return
    span = body.get("source" if kind == "moveDimension" else "range", {})
    dimension: Dimension = "COLUMNS" if span.get("dimension") == "COLUMNS" else "ROWS"
    noun, sheet_id, start = NOUNS[dimension], span.get("sheetId", 0), span.get("startIndex", 0)
    for first, end in _spans(book, sheet_id, dimension):
        stop = span.get("endIndex", end)
        parted = start < end and first < stop and not (start <= first and end <= stop)
        to = body.get("destinationIndex", 0)
        if kind == "moveDimension" and (parted or first < to < end) and not start <= to <= stop:
            raise invalid(f"You can't move {noun}s that contain only part of a merged cell.")
        if kind == "deleteDimension" and parted and not caller.is_person:
            raise invalid(f"You can't delete {noun}s that contain only part of a merged cell.")
        if kind == "insertDimension" and first < start < end and not caller.is_person:
            raise invalid(f"You can't insert {noun}s into a merged cell.")


def _spans(book: Book, sheet_id: int, dimension: Dimension) -> Iterator[tuple[int, int]]:
    """The lines that each merge takes."""
    for sheet in book.sheets:
        for merge in sheet.parts.get("merges", []) if sheet.id == sheet_id else []:
            box = sheet.box(Area.of(merge))
            yield (box.top, box.bottom) if dimension == "ROWS" else (box.left, box.right)
