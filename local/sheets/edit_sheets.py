"""Requests that change the spreadsheet's properties, or add, change and delete whole sheets."""

import secrets
from functools import partial

from .areas import Area, Dimension
from .book import NOUNS, Book, Sheet, new_id
from .canonical import canonical
from .errors import Json, invalid
from .masks import assign, for_writing
from .reading import sheet_properties
from .references import Reference
from .shifting import Changes, delete_lines, rewrite_formulas, transform

MAX_TITLE = 100
COUNTS: dict[str, Dimension] = {"rowCount": "ROWS", "columnCount": "COLUMNS"}


def update_spreadsheet_properties(book: Book, body: Json) -> Json:
    mask = for_writing(body.get("fields"), "SpreadsheetProperties")
    book.parts["properties"] = assign(
        mask, book.parts["properties"], canonical("SpreadsheetProperties", body.get("properties", {}))
    )
    if "title" not in book.parts["properties"]:
        raise invalid("The spreadsheet title must not be empty.")
    return {}


def add_sheet(book: Book, body: Json) -> Json:
    given = canonical("SheetProperties", body.get("properties", {}))
    if given.get("sheetType", "GRID") != "GRID":
        raise invalid("Only grid sheets can be added with addSheet.")
    sheet_id = given.get("sheetId", new_id())
    if sheet_id < 0:
        raise invalid("Sheet id must be non-negative.")
    if any(sheet.id == sheet_id for sheet in book.sheets):
        raise invalid(f"Sheet with id {sheet_id} already exists.")
    title = given.get("title") or free_title(book)
    _check_title(book, title, None)
    grid = given.get("gridProperties", {})
    for name in COUNTS:
        if name in body.get("properties", {}).get("gridProperties", {}) and grid.get(name, 0) < 1:
            raise invalid(f"gridProperties.{name} must be at least 1.")
    index = given.pop("index", len(book.sheets))
    if not 0 <= index <= len(book.sheets):
        raise invalid(f"Sheet index {index} is out of bounds.")
    sheet = Sheet.blank(given | {"sheetId": sheet_id, "title": title})
    _check_frozen(sheet)
    book.sheets.insert(index, sheet)
    book.check_size()
    return {"properties": sheet_properties(sheet, index)}


def update_sheet_properties(book: Book, body: Json) -> Json:
    given = body.get("properties", {})
    sheet = named_sheet(book, given.get("sheetId", 0))
    mask = for_writing(body.get("fields"), "SheetProperties")
    if "title" in mask:
        _check_title(book, given.get("title", ""), sheet)
        rename_references(book, sheet, given["title"])
    if "hidden" in mask and given.get("hidden") and book.visible() == [sheet]:
        raise invalid("You can't hide all the sheets in a document.")
    changed = assign(mask, sheet.properties, canonical("SheetProperties", given))
    if "index" in mask:
        _move_sheet(book, sheet, given.get("index"))
    grid = changed.pop("gridProperties", {})
    sheet.parts["properties"] = changed | {"gridProperties": sheet.properties["gridProperties"]}
    sheet.properties.pop("index", None)
    for name, dimension in COUNTS.items():
        resize(book, sheet, dimension, grid.get(name, 0))
    sheet.properties["gridProperties"] = grid
    _check_frozen(sheet)
    return {}


def resize(book: Book, sheet: Sheet, dimension: Dimension, count: int) -> None:
    """Adds lines at the end, or deletes them there."""
    size = sheet.size(dimension)
    if count < 1:
        raise invalid(f"You can't delete all the {NOUNS[dimension]}s on the sheet.")
    if count > size:
        sheet.insert(dimension, size, count - size)
        book.check_size()
    elif count < size:
        delete_lines(book, sheet, dimension, count, size)


def delete_sheet(book: Book, body: Json) -> Json:
    sheet = named_sheet(book, body.get("sheetId", 0))
    if book.visible() == [sheet] or len(book.sheets) == 1:
        raise invalid("You can't remove all the visible sheets in a document.")
    rewrite_formulas(book, partial(_unless_on, book, sheet))
    book.sheets.remove(sheet)
    named = book.parts.get("namedRanges", [])
    book.parts["namedRanges"] = [each for each in named if Area.of(each["range"]).sheet != sheet.id]
    return {}


def duplicate_sheet(book: Book, body: Json) -> Json:
    """Copies a sheet with everything in it. Parts with an id of their own get a new one."""
    source = named_sheet(book, body.get("sourceSheetId", 0))
    sheet_id = body.get("newSheetId", new_id())
    if any(sheet.id == sheet_id for sheet in book.sheets):
        raise invalid(f"Sheet with id {sheet_id} already exists.")
    title = body.get("newSheetName") or free_title(book, f"Copy of {source.title}")
    _check_title(book, title, None)
    copy = source.copy()
    copy.parts = _readdressed(copy.parts, "Sheet", source.id, sheet_id)
    copy.parts["properties"] |= {"sheetId": sheet_id, "title": title}
    for lines in copy.lines.values():
        lines[:] = [_readdressed(line, "DimensionProperties", source.id, sheet_id) for line in lines]
    for table in copy.parts.get("tables", []):
        table |= {"tableId": secrets.token_urlsafe(8), "name": f"{table['name']}_{new_id()}"}
    index = min(body.get("insertSheetIndex", 0), len(book.sheets))
    book.sheets.insert(index, copy)
    book.check_size()
    return {"properties": sheet_properties(copy, index)}


def named_sheet(book: Book, sheet_id: int) -> Sheet:
    found = next((sheet for sheet in book.sheets if sheet.id == sheet_id), None)
    if found is None:
        raise invalid(f"No sheet with id: {sheet_id}")
    return found


def rename_references(book: Book, sheet: Sheet, title: str) -> None:
    """Updates formulas that name a sheet to its new title. Call it before the title changes."""

    def renamed(_home: Sheet, reference: Reference) -> Reference:
        means = reference.title is not None and book.titled(reference.title) is sheet
        return reference._replace(title=title) if means else reference

    rewrite_formulas(book, renamed)


def _move_sheet(book: Book, sheet: Sheet, index: int | None) -> None:
    """Moves it to `index`, counted before the move, or to the end if that is None."""
    old = book.sheets.index(sheet)
    index = len(book.sheets) if index is None else index
    if not 0 <= index <= len(book.sheets):
        raise invalid(f"Sheet index {index} is out of bounds.")
    book.sheets.pop(old)
    book.sheets.insert(index - (index > old), sheet)


def _check_title(book: Book, title: str, sheet: Sheet | None) -> None:
    if not title:
        raise invalid("The sheet name must not be empty.")
    if len(title) > MAX_TITLE:
        raise invalid(f"The sheet name cannot be greater than {MAX_TITLE} characters.")
    other = book.titled(title)
    if other is not None and other is not sheet:
        raise invalid(f'A sheet with the name "{title}" already exists. Please enter another name.')


def free_title(book: Book, wish: str | None = None) -> str:
    """The title that is wished for, with a number if another tab has it; without a wish, such as `Sheet4`."""
    number = len(book.sheets) + 1 if wish is None else 1
    while True:
        title = f"Sheet{number}" if wish is None else wish if number == 1 else f"{wish} {number}"
        if book.titled(title) is None:
            return title
        number += 1


def _check_frozen(sheet: Sheet) -> None:
    for dimension, noun in NOUNS.items():
        if sheet.frozen(dimension) >= sheet.size(dimension):
            raise invalid(f"You can't freeze all visible {noun}s on the sheet.")
        for merge in sheet.parts.get("merges", []):
            side = "Row" if dimension == "ROWS" else "Column"
            if merge[f"start{side}Index"] < sheet.frozen(dimension) < merge[f"end{side}Index"]:
                raise invalid(f"You can't freeze {noun}s which contain only part of a merged cell.")


def _unless_on(book: Book, sheet: Sheet, _home: Sheet, reference: Reference) -> Reference | None:
    return None if reference.title is not None and book.titled(reference.title) is sheet else reference


def _readdressed(parts: Json, schema: str, old: int, new: int) -> Json:
    """A copy of a part of a sheet that is about another sheet, with ids of its own."""

    def place(value: Json) -> Json:
        return value | {"sheetId": new} if value.get("sheetId", 0) == old else value

    def renewed(name: str, inner: str, value: Json) -> Json:
        return transform(inner, value, places) | {name: new_id()}

    places: Changes = {"GridRange": place, "GridCoordinate": place, "DeveloperMetadataLocation": place}
    owners = {
        "DeveloperMetadata": "metadataId",
        "EmbeddedChart": "chartId",
        "ProtectedRange": "protectedRangeId",
        "FilterView": "filterViewId",
        "BandedRange": "bandedRangeId",
    }
    return transform(
        schema, parts, places | {inner: partial(renewed, name, inner) for inner, name in owners.items()}
    )
