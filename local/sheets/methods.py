"""The methods of the API. Each takes checked parameters and a checked body, and gives an answer."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from . import batch, drive, edit_cells, edit_metadata, edit_sheets, values
from .areas import Area
from .book import Book
from .callers import Caller
from .canonical import THEME, canonical, theme_colour
from .conditions import DEFAULT_FORMAT
from .discovery import Method
from .errors import ApiError, Json, about, unimplemented
from .masks import ALL, Mask, select
from .reading import Reader, locate, locate_box
from .schemas import check_answer
from .store import Store

DEFAULT_PROPERTIES: Json = {
    "locale": "en_US",
    "autoRecalc": "ON_CHANGE",
    "timeZone": "Etc/GMT",
    "defaultFormat": DEFAULT_FORMAT,
    "spreadsheetTheme": {
        "primaryFontFamily": "Arial",
        "themeColors": [{"colorType": name, "color": {"rgbColor": theme_colour(name)}} for name in THEME],
    },
}


@dataclass(frozen=True)
class Call:
    """One call of a method."""

    store: Store
    caller: Caller
    path: dict[str, str]
    query: Json
    body: Json
    mask: Mask | None
    """What the `fields` parameter shows of the answer; None without one."""
    page_url: Callable[[str], str]
    drive: drive.Drive

    @property
    def book(self) -> Book:
        """The spreadsheet that the call is about."""
        return self.store.get(self.path["spreadsheetId"], self.caller.email)

    def change(self, edit: Callable[[Book], Json]) -> Json:
        """Edits a copy of the spreadsheet and keeps it, unless the edit raises."""
        draft = self.store.get(self.path["spreadsheetId"], self.caller.email, to_write=True).copy()
        answer = edit(draft)
        self.store.put(draft, self.caller.email)
        return answer

    def spreadsheet(self, book: Book, mask: Mask | None, areas: list[Area] | None, grid: bool) -> Json:
        """The Spreadsheet resource. If there is a mask, it alone says whether cells are in it, not `grid`."""
        shown = ALL if mask is None else mask
        answer = Reader(book, self.caller).spreadsheet(shown, areas, grid or mask is not None)
        address: Json = select(shown, {"spreadsheetUrl": self.page_url(book.id)})
        return answer | address


def call(method: Method, request: Call) -> Json:
    """The checked answer of a method, limited to the `fields` parameter."""
    if method.name not in METHODS or method.response is None:
        raise unimplemented(method.name)
    answer: Json = METHODS[method.name](request)
    check_answer(method.response, answer)
    mask = drive.DEFAULT_MASKS.get(method.name) if request.mask is None else request.mask
    if mask is not None and method.response != "Spreadsheet":
        answer = select(mask, answer)
    return answer


def new_book(title: str, properties: Json, spreadsheet_id: str | None = None) -> Book:
    """A spreadsheet without sheets."""
    chosen = DEFAULT_PROPERTIES | properties | {"title": title}
    return Book({"spreadsheetId": spreadsheet_id or secrets.token_urlsafe(33), "properties": chosen}, [])


def get(request: Call) -> Json:
    book = request.book
    ranges = request.query.get("ranges")
    areas = None if ranges is None else [locate(book, text) for text in ranges]
    grid = request.query.get("includeGridData", False)
    return request.spreadsheet(book, request.mask, areas, grid)


def get_by_data_filter(request: Call) -> Json:
    book = request.book
    filters = request.body.get("dataFilters")
    areas = None if not filters else [a for each in filters for a in edit_metadata.filter_areas(book, each)]
    return request.spreadsheet(book, request.mask, areas, request.body.get("includeGridData", False))


def create(request: Call) -> Json:
    given = request.body
    if unknown := given.keys() - {"properties", "sheets"}:
        raise unimplemented(f"creating a spreadsheet with {', '.join(sorted(unknown))}")
    properties = canonical("SpreadsheetProperties", given.get("properties", {}))
    book = new_book(properties.get("title", "Untitled spreadsheet"), properties)
    for sheet in given.get("sheets") or [{"properties": {"sheetId": 0}}]:
        if unknown := sheet.keys() - {"properties", "data"}:
            raise unimplemented(f"creating a sheet with {', '.join(sorted(unknown))}")
        added = edit_sheets.add_sheet(book, {"properties": sheet.get("properties", {})})["properties"]
        for data in sheet.get("data", []):
            start = {name: data.get(f"start{name[:-5].title()}", 0) for name in ("rowIndex", "columnIndex")}
            edit_cells.update_cells(
                book,
                {
                    "start": start | {"sheetId": added["sheetId"]},
                    "rows": data.get("rowData", []),
                    "fields": "*",
                },
            )
    request.store.put(book, request.caller.email)
    return request.spreadsheet(book, request.mask, None, False)


def batch_update(request: Call) -> Json:
    body = request.body

    def edit(book: Book) -> Json:
        replies = batch.apply(book, body.get("requests", []), request.caller)
        answer: Json = {"spreadsheetId": book.id, "replies": replies}
        mask = request.mask or {"updatedSpreadsheet": ALL}
        if body.get("includeSpreadsheetInResponse") and "updatedSpreadsheet" in mask:
            ranges = body.get("responseRanges")
            areas = None if not ranges else [locate(book, text) for text in ranges]
            below = None if request.mask is None else mask["updatedSpreadsheet"]
            grid = body.get("responseIncludeGridData", False)
            answer["updatedSpreadsheet"] = request.spreadsheet(book, below, areas, grid)
        return answer

    return request.change(edit)


def values_get(request: Call) -> Json:
    book = request.book
    return values.value_range(Reader(book), locate_box(book, request.path["range"]), request.query)


def values_batch_get(request: Call) -> Json:
    book = request.book
    reader = Reader(book)
    boxes = [locate_box(book, text) for text in request.query.get("ranges", [])]
    return {
        "spreadsheetId": book.id,
        "valueRanges": [values.value_range(reader, box, request.query) for box in boxes],
    }


def values_batch_get_by_data_filter(request: Call) -> Json:
    book = request.book
    reader = Reader(book)
    matched = []
    for data_filter in request.body.get("dataFilters", []):
        for area in edit_metadata.filter_areas(book, data_filter):
            box = book.sheet(area.sheet).box(area)
            shown = values.value_range(reader, box, request.body)
            matched.append({"valueRange": shown, "dataFilters": [data_filter]})
    return {"spreadsheetId": book.id, "valueRanges": matched}


def values_update(request: Call) -> Json:
    def edit(book: Book) -> Json:
        data = request.body | {"range": request.path["range"]}
        written = values.update(book, data, request.query.get("valueInputOption"), request.caller)
        return values.update_answer(book, *written, request.query)

    return request.change(edit)


def values_batch_update(request: Call) -> Json:
    body = request.body

    def edit(book: Book) -> Json:
        responses = []
        for number, data in enumerate(body.get("data", [])):
            with about(f"data[{number}]"):
                written = values.update(book, data, body.get("valueInputOption"), request.caller)
            responses.append(values.update_answer(book, *written, body))
        totals = {
            f"total{name[0].upper()}{name[1:]}": sum(response.get(name, 0) for response in responses)
            for name in ("updatedRows", "updatedColumns", "updatedCells")
        }
        sheets = {locate(book, response["updatedRange"]).sheet for response in responses}
        return {"spreadsheetId": book.id, **totals, "totalUpdatedSheets": len(sheets), "responses": responses}

    return request.change(edit)


def values_append(request: Call) -> Json:
    return request.change(
        lambda book: values.append(book, request.path["range"], request.body, request.query, request.caller)
    )


def values_clear(request: Call) -> Json:
    def edit(book: Book) -> Json:
        cleared = values.clear(book, request.path["range"], request.caller)
        return {"spreadsheetId": book.id, "clearedRange": cleared}

    return request.change(edit)


def values_batch_clear(request: Call) -> Json:
    def edit(book: Book) -> Json:
        ranges = request.body.get("ranges", [])
        cleared = [values.clear(book, each, request.caller) for each in ranges]
        return {"spreadsheetId": book.id, "clearedRanges": cleared}

    return request.change(edit)


def metadata_get(request: Call) -> Json:
    for entry in edit_metadata.entries(request.book):
        if str(entry.metadata["metadataId"]) == request.path["metadataId"]:
            return entry.metadata
    raise ApiError(404)


def metadata_search(request: Call) -> Json:
    found: dict[int, Json] = {}
    for data_filter in request.body.get("dataFilters", []):
        for entry in edit_metadata.matching(request.book, data_filter):
            match = {"developerMetadata": entry.metadata, "dataFilters": []}
            found.setdefault(entry.metadata["metadataId"], match)["dataFilters"].append(data_filter)
    return {"matchedDeveloperMetadata": list(found.values())} if found else {}


METHODS: dict[str, Callable[[Call], Json]] = {
    "changes.getStartPageToken": drive.start_page_token,
    "changes.list": drive.list_changes,
    "files.get": drive.get_file,
    "permissions.list": drive.list_permissions,
    "spreadsheets.get": get,
    "spreadsheets.getByDataFilter": get_by_data_filter,
    "spreadsheets.create": create,
    "spreadsheets.batchUpdate": batch_update,
    "spreadsheets.developerMetadata.get": metadata_get,
    "spreadsheets.developerMetadata.search": metadata_search,
    "spreadsheets.values.get": values_get,
    "spreadsheets.values.batchGet": values_batch_get,
    "spreadsheets.values.batchGetByDataFilter": values_batch_get_by_data_filter,
    "spreadsheets.values.update": values_update,
    "spreadsheets.values.batchUpdate": values_batch_update,
    "spreadsheets.values.append": values_append,
    "spreadsheets.values.clear": values_clear,
    "spreadsheets.values.batchClear": values_batch_clear,
}
