"""Requests that change rows and columns."""

import unicodedata

from .areas import Dimension
from .book import NOUNS, Book, Sheet
from .canonical import canonical
from .errors import Json, invalid, unimplemented
from .masks import assign, for_writing
from .reading import Reader
from .shifting import delete_lines, insert_lines, move_lines


def insert_dimension(book: Book, body: Json) -> Json:
    sheet, dimension, start, end = _span(book, body.get("range", {}))
    size, before = sheet.size(dimension), body.get("inheritFromBefore", False)
    if start > size:
        raise invalid(f"range.startIndex is larger than current grid size ({size})")
    if not before and start == size:
        raise invalid(
            f"range.startIndex must be less than the grid size ({size}) if inheritFromBefore is false."
        )
    if before and start == 0:
        raise invalid("range.startIndex must be greater than 0 if inheritFromBefore is true.")
    insert_lines(book, sheet, dimension, start, end - start, start - 1 if before else start)
    book.check_size()
    return {}


def delete_dimension(book: Book, body: Json) -> Json:
    sheet, dimension, start, end = _span(book, body.get("range", {}))
    size, noun = sheet.size(dimension), NOUNS[dimension]
    if end > size:
        raise invalid(
            f"Cannot delete a {noun} that doesn't exist. Tried to delete {noun} index {max(start, size)} "
            f"but there are only {size} {noun}s."
        )
    if end - start == size:
        raise invalid(f"You can't delete all the {noun}s on the sheet.")
    frozen = sheet.frozen(dimension)
    if frozen and start <= frozen and end == size:
        raise invalid(f"Sorry, it is not possible to delete all non-frozen {noun}s.")
    delete_lines(book, sheet, dimension, start, end)
    return {}


def move_dimension(book: Book, body: Json) -> Json:
    sheet, dimension, start, end = _span(book, body.get("source", {}))
    size, to = sheet.size(dimension), body.get("destinationIndex", 0)
    if end > size or to > size or to < 0:
        raise invalid(f"The {NOUNS[dimension]}s to move or their destination exceed the grid size ({size}).")
    if not start <= to <= end:
        move_lines(book, sheet, dimension, start, end, to)
    return {}


def append_dimension(book: Book, body: Json) -> Json:
    """Adds lines at the end, which nothing refers to yet."""
    sheet = book.sheet(body.get("sheetId", 0))
    dimension, length = _dimension(body), body.get("length", 0)
    if length < 1:
        raise invalid("length must be positive.")
    size = sheet.size(dimension)
    sheet.insert(dimension, size, length, size - 1)
    book.check_size()
    return {}


def update_dimension_properties(book: Book, body: Json) -> Json:
    if "dataSourceSheetRange" in body:
        raise unimplemented("data sources")
    sheet, dimension, start, end = _span(book, body.get("range", {}))
    mask = for_writing(body.get("fields"), "DimensionProperties")
    given = canonical("DimensionProperties", body.get("properties", {}))
    if "pixelSize" in mask and not 0 < given.get("pixelSize", 0) <= 2000:
        raise invalid("pixelSize must be between 1 and 2000.")
    if end > sheet.size(dimension):
        raise invalid(f"The {NOUNS[dimension]}s exceed the grid size ({sheet.size(dimension)}).")
    lines = sheet.lines[dimension]
    lines[start:end] = [assign(mask, line, given) for line in lines[start:end]]
    return {}


def auto_resize_dimensions(book: Book, body: Json) -> Json:
    if "dataSourceSheetDimensions" in body:
        raise unimplemented("data sources")
    sheet, dimension, start, end = _span(book, body.get("dimensions", {}))
    reader = Reader(book)
    for index in range(start, min(end, sheet.size(dimension))):
        if dimension == "COLUMNS":
            texts = [reader.formatted_value(sheet, row, index) or "" for row in range(sheet.size("ROWS"))]
            size = max(21, 12 + 7 * max(text_width(text) for text in texts))
        else:
            texts = [
                reader.formatted_value(sheet, index, column) or "" for column in range(sheet.size("COLUMNS"))
            ]
            size = 4 + 17 * max(1 + text.count("\n") for text in texts)
        sheet.set_line(dimension, index, pixelSize=size)
    return {}


def text_width(text: str) -> int:
    """The width of the longest line in characters; wide characters count twice."""
    return max(
        (sum(1 + (unicodedata.east_asian_width(c) in "WF") for c in line) for line in text.split("\n")),
        default=0,
    )


def _dimension(value: Json) -> Dimension:
    match value.get("dimension"):
        case "ROWS":
            return "ROWS"
        case "COLUMNS":
            return "COLUMNS"
    raise invalid("dimension must be specified.")


def _span(book: Book, value: Json) -> tuple[Sheet, Dimension, int, int]:
    """The lines of a DimensionRange; an open end is the grid's."""
    sheet, dimension = book.sheet(value.get("sheetId", 0)), _dimension(value)
    start, end = value.get("startIndex", 0), value.get("endIndex", sheet.size(dimension))
    if start < 0 or end <= start:
        raise invalid(f"Invalid dimension range: startIndex {start}, endIndex {end}.")
    return sheet, dimension, start, end
