"""Where a person sits: what turns their words into requests, and remembers what they did."""

from copy import deepcopy
from typing import TYPE_CHECKING

from . import batch
from .a1 import parse_area
from .areas import Area, Box
from .book import Book, Sheet
from .callers import OWNER, Caller
from .errors import Json, invalid
from .schemas import check_request

if TYPE_CHECKING:
    from .web import Site


class Seat:
    """One person in one spreadsheet."""

    def __init__(self, site: "Site", spreadsheet_id: str, email: str = OWNER) -> None:
        self._site = site
        self._id = spreadsheet_id
        self._caller = Caller(email, is_person=True)

    def undo(self) -> None:
        """Takes back this person's last act, and nothing that others have done since."""
        self._put(self._site.history(self._id, self._caller).undo(self._book))

    def redo(self) -> None:
        self._put(self._site.history(self._id, self._caller).redo(self._book))

    @property
    def _book(self) -> Book:
        return self._site.store.books[self._id]

    def _put(self, book: Book) -> None:
        self._site.store.put(book, self._caller.email)

    def _do(self, *requests: Json) -> None:
        """One act: all of the requests, or an error and none of them."""
        body = {"requests": deepcopy(list(requests))}
        check_request("BatchUpdateSpreadsheetRequest", body)
        with self._site.lock:
            before, draft = self._book, self._book.copy()
            batch.apply(draft, body["requests"], self._caller)
            self._put(draft)
            self._site.history(self._id, self._caller).add(before, draft)

    def _find(self, tab: str, where: str | None = None) -> tuple[Sheet, Box]:
        """A tab by its title, and a place there in A1 notation; without one, all of it."""
        sheet = self._book.titled(tab)
        if sheet is None:
            raise invalid(f"There is no tab {tab!r}.")
        area = Area(sheet.id) if where is None else parse_area(where, sheet.id)
        if area is None:
            raise invalid(f"{where!r} is no place in a tab.")
        return sheet, sheet.box(area)

    def _lines(self, tab: str, lines: str) -> Json:
        """Rows as "5:6" or columns as "B:C", as a DimensionRange."""
        sheet, box = self._find(tab, lines)
        area = parse_area(lines, sheet.id)
        if area is None or (area.left is None) == (area.top is None):
            raise invalid(f"{lines!r} are neither rows nor columns.")
        if area.left is None:
            return {"sheetId": sheet.id, "dimension": "ROWS", "startIndex": box.top, "endIndex": box.bottom}
        return {"sheetId": sheet.id, "dimension": "COLUMNS", "startIndex": box.left, "endIndex": box.right}

    def _repeat(self, tab: str, where: str, cell: Json, fields: str) -> None:
        area = self._find(tab, where)[1].area().grid_range()
        self._do({"repeatCell": {"range": area, "cell": cell, "fields": fields}})

    def _change_tab(self, tab: str, properties: Json, fields: str) -> None:
        properties = {"sheetId": self._find(tab)[0].id} | properties
        self._do({"updateSheetProperties": {"properties": properties, "fields": fields}})
