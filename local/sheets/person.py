"""What a person does to a spreadsheet in the browser, as the requests that it comes to."""

import secrets
from copy import deepcopy

from .access import Access
from .areas import Area, Box
from .book import Book, Cell
from .callers import OWNER
from .entry import with_value
from .errors import Json, invalid
from .seat import Seat
from .validation import box_values, check_typed, is_box, is_ticked


class Person(Seat):
    """The acts of one person in one spreadsheet, each of which can be undone.

    Everything is named as they see it: tabs by title, places in A1 notation such as "B7", "B2:C9", "5:6" (rows) and
    "B:C" (columns). What Google would refuse raises ApiError, and then nothing has changed.
    """

    # Cells

    def type(self, tab: str, cell: str, text: str) -> None:
        """Types into a cell: text, a number, a date, a formula."""
        sheet, box = self._find(tab, cell)
        new = with_value(sheet.cells[box.top][box.left], text, "USER_ENTERED")
        check_typed(new, cell)
        self._write(box, new)

    def tick(self, tab: str, cell: str) -> None:
        """Clicks on a check box."""
        sheet, box = self._find(tab, cell)
        old = sheet.cells[box.top][box.left]
        if not is_box(old):
            raise invalid(f"There is no check box in {cell}.")
        on, off = box_values(old)
        self._write(box, old | {"userEnteredValue": off if is_ticked(old) else on})

    def _write(self, box: Box, cell: Cell) -> None:
        self._do({"updateCells": {"range": _range(box), "rows": [{"values": [cell]}], "fields": "*"}})

    def clear(self, tab: str, area: str) -> None:
        """Presses Delete: values go, and check boxes with them (?); notes and formats stay."""
        sheet, box = self._find(tab, area)
        boxes = [
            Box(box.sheet, row, row + 1, column, column + 1)
            for row in box.rows
            for column in box.columns
            if is_box(sheet.cells[row][column])
        ]
        self._do(
            {"updateCells": {"range": _range(box), "fields": "userEnteredValue"}},
            *({"setDataValidation": {"range": _range(each)}} for each in boxes),
        )

    def note(self, tab: str, cell: str, text: str) -> None:
        self._repeat(tab, cell, {"note": text}, "note")

    def colour(self, tab: str, area: str, red: float, green: float, blue: float) -> None:
        """Colours the background; each part is from 0 to 1."""
        look = {"backgroundColor": {"red": red, "green": green, "blue": blue}}
        self._repeat(tab, area, {"userEnteredFormat": look}, "userEnteredFormat.backgroundColor")

    def add_check_boxes(self, tab: str, area: str) -> None:
        rule = {"condition": {"type": "BOOLEAN"}, "strict": True, "showCustomUi": True}
        box = {"userEnteredValue": {"boolValue": False}, "dataValidation": rule}
        self._repeat(tab, area, box, "userEnteredValue,dataValidation")

    def copy(self, tab: str, area: str, to: str) -> None:
        """Copies cells, those in hidden rows and columns too, and pastes them with `to` as their first."""
        target = self._corner(tab, to)
        self._do({"copyPaste": {"source": self._area(tab, area), "destination": _range(target)}})

    def cut(self, tab: str, area: str, to: str) -> None:
        """Cuts cells and pastes them with `to` as their first. Formulas that refer to them follow."""
        target = self._corner(tab, to)
        start = {"sheetId": target.sheet, "rowIndex": target.top, "columnIndex": target.left}
        self._do({"cutPaste": {"source": self._area(tab, area), "destination": start}})

    def merge(self, tab: str, area: str) -> None:
        self._do({"mergeCells": {"range": self._area(tab, area)}})

    def unmerge(self, tab: str, area: str) -> None:
        self._do({"unmergeCells": {"range": self._area(tab, area)}})

    # Rows and columns

    def insert_before(self, tab: str, lines: str) -> None:
        """Inserts as many rows above, or columns to the left, as are selected."""
        self._do({"insertDimension": {"range": self._lines(tab, lines), "inheritFromBefore": False}})

    def insert_after(self, tab: str, lines: str) -> None:
        """Inserts as many rows below, or columns to the right, as are selected."""
        span = self._lines(tab, lines)
        start, end = span["startIndex"], span["endIndex"]
        span |= {"startIndex": end, "endIndex": 2 * end - start}
        self._do({"insertDimension": {"range": span, "inheritFromBefore": True}})

    def delete(self, tab: str, lines: str) -> None:
        self._do({"deleteDimension": {"range": self._lines(tab, lines)}})

    def move(self, tab: str, lines: str, before: str) -> None:
        """Drags rows or columns before another."""
        to = self._lines(tab, before)["startIndex"]
        self._do({"moveDimension": {"source": self._lines(tab, lines), "destinationIndex": to}})

    def hide(self, tab: str, lines: str, hidden: bool = True) -> None:
        change = {"range": self._lines(tab, lines), "properties": {"hiddenByUser": hidden}}
        self._do({"updateDimensionProperties": change | {"fields": "hiddenByUser"}})

    def freeze(self, tab: str, rows: int | None = None, columns: int | None = None) -> None:
        """Freezes that many of each; None leaves them as they are."""
        given = {"frozenRowCount": rows, "frozenColumnCount": columns}
        grid = {name: count for name, count in given.items() if count is not None}
        self._change_tab(tab, {"gridProperties": grid}, ",".join(f"gridProperties.{name}" for name in grid))

    # Sorts and filters

    def sort(self, tab: str, area: str | None, by: str, descending: bool = False) -> None:
        """Sorts what is selected by the column `by`, and nothing else. None is the whole tab.

        Of whole columns, only rows below the frozen ones are sorted. Hidden columns between selected ones go along.
        """
        sheet, box = self._find(tab, area)
        if (box.top, box.bottom) == (0, sheet.size("ROWS")):
            box = box._replace(top=sheet.frozen("ROWS"))
        self._sort(tab, box, by, descending)

    def filter(self, tab: str, area: str) -> None:
        """Makes the tab's filter, whose first row is a header."""
        self._do({"setBasicFilter": {"filter": {"range": self._area(tab, area)}}})

    def sort_filter(self, tab: str, by: str, descending: bool = False) -> None:
        """Sorts by the filter's menu, for everybody."""
        sheet, _ = self._find(tab)
        box = sheet.box(Area.of(sheet.parts["basicFilter"]["range"]))
        self._sort(tab, box._replace(top=box.top + 1), by, descending)

    def add_filter_view(self, tab: str, area: str, title: str) -> None:
        self._do({"addFilterView": {"filter": {"title": title, "range": self._area(tab, area)}}})

    def sort_filter_view(self, tab: str, title: str, by: str, descending: bool = False) -> None:
        """Sorts what is shown in a filter view, which moves no cells."""
        for view in self._find(tab)[0].parts.get("filterViews", []):
            if view["title"] == title:
                specs = {
                    "filterViewId": view["filterViewId"],
                    "sortSpecs": [self._order(tab, by, descending)],
                }
                self._do({"updateFilterView": {"filter": specs, "fields": "sortSpecs"}})

    def _sort(self, tab: str, box: Box, by: str, descending: bool) -> None:
        self._do({"sortRange": {"range": _range(box), "sortSpecs": [self._order(tab, by, descending)]}})

    def _order(self, tab: str, by: str, descending: bool) -> Json:
        order = "DESCENDING" if descending else "ASCENDING"
        return {"dimensionIndex": self._corner(tab, f"{by}1").left, "sortOrder": order}

    # What lies over cells

    def protect(self, tab: str, area: str | None = None, editors: tuple[str, ...] = ()) -> None:
        """Closes an area, or the whole tab, to all but this person, the owner, and `editors`."""
        where = self._area(tab, area) if area else {"sheetId": self._find(tab)[0].id}
        users = sorted({self._caller.email, OWNER, *editors})
        self._do({"addProtectedRange": {"protectedRange": {"range": where, "editors": {"users": users}}}})

    def unprotect(self, tab: str) -> None:
        ids = [each["protectedRangeId"] for each in self._find(tab)[0].parts.get("protectedRanges", [])]
        self._do(*({"deleteProtectedRange": {"protectedRangeId": each}} for each in ids))

    def name_range(self, tab: str, area: str, name: str) -> None:
        self._do({"addNamedRange": {"namedRange": {"name": name, "range": self._area(tab, area)}}})

    def highlight(self, tab: str, area: str, formula: str) -> None:
        """Makes cells bold where a formula holds: a conditional format."""
        condition = {"type": "CUSTOM_FORMULA", "values": [{"userEnteredValue": formula}]}
        boolean = {"condition": condition, "format": {"textFormat": {"bold": True}}}
        rule = {"ranges": [self._area(tab, area)], "booleanRule": boolean}
        self._do({"addConditionalFormatRule": {"rule": rule}})

    def add_table(self, tab: str, area: str, name: str) -> None:
        self._do({"addTable": {"table": {"name": name, "range": self._area(tab, area)}}})

    # Tabs, and the whole

    def add_tab(self, title: str) -> None:
        self._do({"addSheet": {"properties": {"title": title}}})

    def rename_tab(self, tab: str, title: str) -> None:
        self._change_tab(tab, {"title": title}, "title")

    def move_tab(self, tab: str, before: int) -> None:
        """Drags a tab before the one at that place, counted from 0."""
        self._change_tab(tab, {"index": before}, "index")

    def hide_tab(self, tab: str, hidden: bool = True) -> None:
        self._change_tab(tab, {"hidden": hidden}, "hidden")

    def delete_tab(self, tab: str) -> None:
        self._do({"deleteSheet": {"sheetId": self._find(tab)[0].id}})

    def duplicate_tab(self, tab: str, title: str) -> None:
        sheet, _ = self._find(tab)
        place = self._book.sheets.index(sheet) + 1
        copy = {"sourceSheetId": sheet.id, "newSheetName": title, "insertSheetIndex": place}
        self._do({"duplicateSheet": copy})

    def copy_spreadsheet(self, title: str) -> str:
        """Copies the file with the same ids of tabs and the same developer metadata (?), shared with nobody. Its id."""
        with self._site.lock:
            resource = deepcopy(self._book.resource()) | {"spreadsheetId": secrets.token_urlsafe(33)}
            resource["properties"]["title"] = title
            copy = Book.load(resource)
            self._site.store.put(copy, self._caller.email, Access({}))
        return copy.id

    def _area(self, tab: str, area: str) -> Json:
        return _range(self._find(tab, area)[1])

    def _corner(self, tab: str, where: str) -> Box:
        """The first cell of a place."""
        _, box = self._find(tab, where)
        return box._replace(bottom=box.top + 1, right=box.left + 1)


def _range(box: Box) -> Json:
    return box.area().grid_range()
