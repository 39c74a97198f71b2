"""The methods of `spreadsheets.values`: cells as plain JSON values."""

from collections.abc import Callable, Iterable
from typing import Any

from .a1 import box_name, letters
from .areas import Area, Box
from .book import EMPTY, Book, Sheet
from .callers import Caller
from .entry import with_value
from .errors import Json, invalid
from .formats import DATES, formatted
from .protection import check_area
from .reading import Reader, locate, locate_box
from .scalars import Error, whole
from .shifting import insert_lines


def value_range(reader: Reader, box: Box, options: Json) -> Json:
    """A ValueRange. Empty cells and rows at the end are left out; other empty cells are ""."""
    sheet = reader.book.sheet(box.sheet)
    shown = _render(reader, sheet, options)
    dimension = options.get("majorDimension", "ROWS")
    if dimension == "COLUMNS":
        lines = [_trimmed([shown(row, column) for row in box.rows]) for column in box.columns]
    else:
        dimension = "ROWS"
        lines = [
            _trimmed([shown(row, column) for column in box.columns]) if any(sheet.cells[row]) else []
            for row in box.rows
        ]
    while lines and not lines[-1]:
        lines.pop()
    answer: Json = {"range": box_name(sheet.title, box), "majorDimension": dimension}
    return answer | ({"values": lines} if lines else {})


def displayed(reader: Reader, sheet: Sheet) -> list[list[str]]:
    """What a person sees, as strings."""
    box = sheet.used()
    return value_range(reader, box, {}).get("values", []) if box else []


def update(book: Book, data: Json, option: str | None, caller: Caller) -> tuple[Sheet, Box, int]:
    """Writes a ValueRange. Returns the sheet, the box and the number of cells written.

    If the range is one cell, writing starts there; any other range must have room for all values. Null leaves a cell
    as it is.
    """
    area = locate(book, data.get("range", ""))
    sheet = book.sheet(area.sheet)
    lines = values_by_row(data)
    height, width = len(lines), max(map(len, lines), default=0)
    top, left = area.top or 0, area.left or 0
    if _is_cell(area):
        area = Area(area.sheet, top, top + max(1, height), left, left + max(1, width))
    if (area.bottom or 0) > sheet.size("ROWS") or (area.right or 0) > sheet.size("COLUMNS"):
        raise invalid(sheet.exceeded(area))
    box = sheet.box(area)
    if top + height > box.bottom or left + width > box.right:
        beyond = f"column [{letters(box.right)}]" if left + width > box.right else f"row [{box.bottom + 1}]"
        raise invalid(
            f"Requested writing within range [{box_name(sheet.title, box)}], but tried writing to {beyond}"
        )
    written_box = Box(sheet.id, top, top + max(1, height), left, left + max(1, width))
    check_area(book, written_box.area(), caller)
    return sheet, written_box, write(sheet, top, left, lines, option)


def write(sheet: Sheet, top: int, left: int, lines: list[list[Any]], option: str | None) -> int:
    if option not in ("RAW", "USER_ENTERED"):
        raise invalid("'valueInputOption' is required but not specified")
    written = 0
    for row, line in enumerate(lines, top):
        for column, value in enumerate(line, left):
            if value is not None:
                sheet.cells[row][column] = with_value(sheet.cells[row][column], value, option)
                written += 1
    return written


def update_answer(book: Book, sheet: Sheet, box: Box, written: int, options: Json) -> Json:
    """An UpdateValuesResponse. Counts that are zero are left out."""
    answer: Json = {"spreadsheetId": book.id, "updatedRange": box_name(sheet.title, box)}
    if written:
        answer |= {"updatedRows": len(box.rows), "updatedColumns": len(box.columns), "updatedCells": written}
    if options.get("includeValuesInResponse"):
        rendering = {
            "valueRenderOption": options.get("responseValueRenderOption", "FORMATTED_VALUE"),
            "dateTimeRenderOption": options.get("responseDateTimeRenderOption", "SERIAL_NUMBER"),
        }
        answer["updatedData"] = value_range(Reader(book), box, rendering)
    return answer


def append(book: Book, text: str, data: Json, options: Json, caller: Caller) -> Json:
    """Writes below the last table that touches the range, adding rows to the sheet as needed."""
    area = locate(book, text)
    sheet = book.sheet(area.sheet)
    lines = values_by_row(data)
    table = last_table(sheet, area)
    top, left = (table.bottom, table.left) if table else (area.top or 0, area.left or 0)
    width = max(map(len, lines), default=0)
    if left + width > sheet.size("COLUMNS"):
        raise invalid(sheet.exceeded(Area(sheet.id, top, top + len(lines), left, left + width)))
    box = Box(sheet.id, top, top + max(1, len(lines)), left, left + max(1, width))
    check_area(book, box.area(), caller)
    if options.get("insertDataOption") == "INSERT_ROWS" and table:
        insert_lines(book, sheet, "ROWS", top, len(lines), top - 1)
    missing = top + len(lines) - sheet.size("ROWS")
    if missing > 0:
        sheet.insert("ROWS", sheet.size("ROWS"), missing, sheet.size("ROWS") - 1)
        book.check_size()
    written = write(sheet, top, left, lines, options.get("valueInputOption"))
    answer: Json = {"spreadsheetId": book.id}
    if table:
        answer["tableRange"] = box_name(sheet.title, table)
    return answer | {"updates": update_answer(book, sheet, box, written, options)}


def last_table(sheet: Sheet, area: Area) -> Box | None:
    """The lowest block of neighbouring cells with values that touches the area, as the box around it."""
    filled = {
        (r, c)
        for r, row in enumerate(sheet.cells)
        for c, cell in enumerate(row)
        if cell and "userEnteredValue" in cell
    }
    found: Box | None = None
    while filled:
        block, border = set(), [filled.pop()]
        while border:
            row, column = border.pop()
            block.add((row, column))
            near = {
                (r, c) for r in (row - 1, row, row + 1) for c in (column - 1, column, column + 1)
            } & filled
            filled -= near
            border.extend(near)
        rows, columns = [row for row, _ in block], [column for _, column in block]
        box = Box(sheet.id, min(rows), max(rows) + 1, min(columns), max(columns) + 1)
        if box.area().intersects(area) and (found is None or box.bottom > found.bottom):
            found = box
    return found


def clear(book: Book, text: str, caller: Caller) -> str:
    """Clears the values of a range, but not formats and notes. Returns the name of the cleared range."""
    box = locate_box(book, text)
    check_area(book, box.area(), caller)
    sheet = book.sheet(box.sheet)
    for row in box.rows:
        for column in box.columns:
            if "userEnteredValue" in sheet.cells[row][column]:
                sheet.cells[row][column] = with_value(sheet.cells[row][column], "", "RAW")
    return box_name(sheet.title, box)


def values_by_row(data: Json) -> list[list[Any]]:
    lines = data.get("values", [])
    if any(not isinstance(line, list) for line in lines):
        raise invalid("Invalid values: every row must be a list.")
    if data.get("majorDimension") != "COLUMNS":
        return list(lines)
    height = max(map(len, lines), default=0)
    return [[line[row] if row < len(line) else None for line in lines] for row in range(height)]


def _is_cell(area: Area) -> bool:
    return None not in area and area.bottom == (area.top or 0) + 1 and area.right == (area.left or 0) + 1


def _render(reader: Reader, sheet: Sheet, options: Json) -> Callable[[int, int], Any]:
    option = options.get("valueRenderOption", "FORMATTED_VALUE")
    dates_as_text = options.get("dateTimeRenderOption") == "FORMATTED_STRING"

    def shown(row: int, column: int) -> Any:
        cell = sheet.cells[row][column]
        if not cell:
            return ""
        number_format = cell.get("userEnteredFormat", EMPTY).get("numberFormat", EMPTY)
        if option == "FORMULA" and "formulaValue" in cell.get("userEnteredValue", EMPTY):
            return cell["userEnteredValue"]["formulaValue"]
        value = reader.evaluator.value(sheet, row, column)
        if value is None:
            return ""
        as_text = dates_as_text and number_format.get("type") in DATES
        if option == "FORMATTED_VALUE" or as_text or isinstance(value, Error):
            return formatted(value, number_format)
        return whole(value) if isinstance(value, float) else value

    return shown


def _trimmed(line: Iterable[Any]) -> list[Any]:
    values = list(line)
    while values and values[-1] == "":
        values.pop()
    return values
