"""Who may change what: a protected range that is closed to the caller refuses the whole batch.

Cells are refused where a closed range is touched, new rows and columns where they would come to lie inside of it. What
is done to a tab as a whole, to its charts or to its filter is refused only where the whole tab is closed.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from . import edit_paste
from .areas import Area, Dimension
from .book import Book, Sheet
from .callers import OWNER, Caller
from .errors import ApiError, Json, invalid


def may_edit(protected: Json, caller: Caller) -> bool:
    """Without a list of editors, everybody may who may edit the spreadsheet."""
    editors = protected.get("editors")
    return bool(
        not editors
        or protected.get("warningOnly")
        or caller.email == OWNER
        or caller.email in editors.get("users", [])
    )


def seen_by(protected: Json, caller: Caller) -> Json:
    """A protected range as it is answered: only those who may edit it see who else may."""
    if may_edit(protected, caller):
        return protected | {"requestingUserCanEdit": True}
    return {name: value for name, value in protected.items() if name != "editors"}


def check_request(book: Book, kind: str, body: Json, caller: Caller) -> None:
    """Refuses a request of a batchUpdate that changes what is closed to the caller."""
    if not any(_closed(sheet, caller) for sheet in book.sheets):
        return
    for area in TOUCHED.get(kind, _nothing)(book, body):
        check_area(book, area, caller)
    for sheet in book.sheets:
        for protected in _closed(sheet, caller):
            area = _area(protected, sheet)
            if any(
                _is_inside(area, *place) for place in _openings(kind, body) if place[0] == sheet.id
            ) or _is_about(kind, body, protected, sheet, area):
                raise closed()


def check_area(book: Book, area: Area, caller: Caller) -> None:
    """Refuses to change cells some of which are closed to the caller."""
    for sheet in book.sheets:
        for protected in _closed(sheet, caller) if sheet.id == area.sheet else []:
            exceptions = [Area.of(each) for each in protected.get("unprotectedRanges", [])]
            if _area(protected, sheet).intersects(area) and not any(e.contains(area) for e in exceptions):
                raise closed()


def closed() -> ApiError:
    return invalid(
        "You are trying to edit a protected cell or object. "
        "Please contact the spreadsheet owner to remove protection if you need to edit."
    )


def _closed(sheet: Sheet, caller: Caller) -> list[Json]:
    return [each for each in sheet.parts.get("protectedRanges", []) if not may_edit(each, caller)]


def _area(protected: Json, sheet: Sheet) -> Area:
    return Area.of(protected["range"])._replace(sheet=sheet.id)


# Which cells a request changes.

Touch = Callable[[Book, Json], Iterable[Area]]


def _nothing(_book: Book, _body: Json) -> list[Area]:
    return []


def _ranges(*paths: str) -> Touch:
    """The GridRanges at these paths of a body."""

    def found(_book: Book, body: Json) -> Iterator[Area]:
        for path in paths:
            value: Any = body
            for name in path.split("."):
                value = value.get(name, {})
            yield from map(Area.of, value if isinstance(value, list) else [value])

    return found


def _cells(_book: Book, body: Json) -> Iterator[Area]:
    start, rows = body.get("start", {}), body.get("rows", [])
    width = max((len(row.get("values", [])) for row in rows), default=0)
    top, left = start.get("rowIndex", 0), start.get("columnIndex", 0)
    if "range" in body:
        yield Area.of(body["range"])
    elif width:
        yield Area(start.get("sheetId", 0), top, top + len(rows), left, left + width)


def _appended(book: Book, body: Json) -> Iterator[Area]:
    for sheet in book.sheets:
        if sheet.id == body.get("sheetId", 0):
            used = sheet.used()
            yield Area(sheet.id, used.bottom if used else 0)


def _lines(name: str) -> Touch:
    def found(_book: Book, body: Json) -> Iterator[Area]:
        span = body.get(name, {})
        sheet, ends = span.get("sheetId", 0), (span.get("startIndex"), span.get("endIndex"))
        yield Area(sheet, *ends) if span.get("dimension") == "ROWS" else Area(sheet, None, None, *ends)

    return found


def _searched(book: Book, body: Json) -> Iterator[Area]:
    if "range" in body:
        yield Area.of(body["range"])
    else:
        yield from (
            Area(s.id) for s in book.sheets if body.get("allSheets") or s.id == body.get("sheetId", 0)
        )


def _rule(book: Book, body: Json) -> Iterator[Area]:
    """The ranges of a conditional format, of the new one and of the old one."""
    yield from map(Area.of, body.get("rule", {}).get("ranges", []))
    for sheet in book.sheets:
        rules = sheet.parts.get("conditionalFormats", [])
        if sheet.id == body.get("sheetId", 0) and 0 <= body.get("index", 0) < len(rules):
            yield from map(Area.of, rules[body.get("index", 0)]["ranges"])


def _copied(book: Book, body: Json) -> Iterator[Area]:
    yield edit_paste.copy_target(book, body).area()


def _cut(book: Book, body: Json) -> Iterator[Area]:
    yield Area.of(body.get("source", {}))
    yield edit_paste.cut_target(book, body).area()


def _whole(name: str) -> Touch:
    return lambda _book, body: [Area(body.get(name, 0))]


TOUCHED: dict[str, Touch] = {
    "addBanding": _ranges("bandedRange.range"),
    "addConditionalFormatRule": _ranges("rule.ranges"),
    "appendCells": _appended,
    "copyPaste": _copied,
    "cutPaste": _cut,
    "deleteConditionalFormatRule": _rule,
    "deleteDimension": _lines("range"),
    "deleteSheet": _whole("sheetId"),
    "findReplace": _searched,
    "mergeCells": _ranges("range"),
    "moveDimension": _lines("source"),
    "repeatCell": _ranges("range"),
    "setDataValidation": _ranges("range"),
    "sortRange": _ranges("range"),
    "unmergeCells": _ranges("range"),
    "updateBorders": _ranges("range"),
    "updateCells": _cells,
    "updateConditionalFormatRule": _rule,
}


# Where a request puts rows or columns, and what it does to a tab as a whole.


def _openings(kind: str, body: Json) -> Iterator[tuple[int, Dimension, float]]:
    """The sheet, the dimension, and the line before which lines come to lie."""
    if kind == "insertDimension":
        span, at = body.get("range", {}), body.get("range", {}).get("startIndex", 0)
    elif kind == "moveDimension":
        span, at = body.get("source", {}), body.get("destinationIndex", 0)
    elif kind == "appendDimension":
        span, at = body, float("inf")
    else:
        return
    yield span.get("sheetId", 0), "ROWS" if span.get("dimension") == "ROWS" else "COLUMNS", at


def _is_inside(area: Area, _sheet: int, dimension: Dimension, at: float) -> bool:
    start, end = (area.top, area.bottom) if dimension == "ROWS" else (area.left, area.right)
    return (start is None or start < at) and (end is None or at < end)


SHEET_IDS = {
    "autoResizeDimensions": "dimensions.sheetId",
    "clearBasicFilter": "sheetId",
    "setBasicFilter": "filter.range.sheetId",
    "updateDimensionProperties": "range.sheetId",
    "updateSheetProperties": "properties.sheetId",
    "addChart": "chart.position.overlayPosition.anchorCell.sheetId",
}
PART_IDS = {
    "deleteBanding": ("bandedRangeId", "bandedRanges", "bandedRangeId"),
    "deleteEmbeddedObject": ("objectId", "charts", "chartId"),
    "updateBanding": ("bandedRange.bandedRangeId", "bandedRanges", "bandedRangeId"),
    "updateChartSpec": ("chartId", "charts", "chartId"),
    "updateEmbeddedObjectPosition": ("objectId", "charts", "chartId"),
}
PROTECTION_IDS = {
    "deleteProtectedRange": "protectedRangeId",
    "updateProtectedRange": "protectedRange.protectedRangeId",
}


def _is_about(kind: str, body: Json, protected: Json, sheet: Sheet, area: Area) -> bool:
    """Whether a request is about the protection itself, or about the whole tab and this closes all of it."""
    if kind in PROTECTION_IDS:
        return bool(_at(body, PROTECTION_IDS[kind]) == protected["protectedRangeId"])
    if area != Area(sheet.id):
        return False
    if kind in SHEET_IDS:
        return bool(_at(body, SHEET_IDS[kind]) == sheet.id)
    if kind in PART_IDS:
        path, name, key = PART_IDS[kind]
        return any(part[key] == _at(body, path) for part in sheet.parts.get(name, []))
    return False


def _at(body: Json, path: str) -> int:
    """The number at a path of a body, 0 if there is none."""
    *outer, last = path.split(".")
    for name in outer:
        body = body.get(name, {})
    return int(body.get(last, 0))
