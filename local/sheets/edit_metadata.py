"""Developer metadata: keys and values that stay with a spreadsheet, a sheet, a row or a column."""

from collections.abc import Iterator
from typing import NamedTuple

from .areas import Area, Dimension
from .book import Book, Sheet, new_id
from .canonical import canonical
from .errors import Json, invalid
from .masks import assign, for_writing
from .reading import line_location, locate

MAX_CHARACTERS = 30_000
DIMENSIONS: tuple[Dimension, ...] = ("ROWS", "COLUMNS")


class Entry(NamedTuple):
    """One piece of metadata with its location, and where it is stored: on a line, a sheet or the book."""

    metadata: Json
    sheet: Sheet | None
    dimension: Dimension | None
    place: int


def entries(book: Book) -> Iterator[Entry]:
    """All metadata of a spreadsheet."""
    for metadata in book.parts.get("developerMetadata", []):
        yield Entry(metadata, None, None, 0)
    for sheet in book.sheets:
        for metadata in sheet.parts.get("developerMetadata", []):
            yield Entry(metadata, sheet, None, 0)
        for dimension in DIMENSIONS:
            for index, line in enumerate(sheet.lines[dimension]):
                for metadata in line.get("developerMetadata", ()):
                    place = {"location": line_location(sheet, dimension, index)}
                    yield Entry(metadata | place, sheet, dimension, index)


def matching(book: Book, data_filter: Json) -> list[Entry]:
    """The metadata that a DataFilter selects: by lookup, or by touching a range."""
    if "developerMetadataLookup" in data_filter:
        lookup = data_filter["developerMetadataLookup"]
        return [entry for entry in entries(book) if _matches(book, entry, lookup)]
    area = filter_area(book, data_filter)
    return [entry for entry in entries(book) if entry.sheet and _area(entry).intersects(area)]


def filter_area(book: Book, data_filter: Json) -> Area:
    """The area of a DataFilter that names one."""
    if "a1Range" in data_filter:
        return locate(book, data_filter["a1Range"])
    if "gridRange" in data_filter:
        area = Area.of(data_filter["gridRange"])
        book.sheet(area.sheet)
        return area
    raise invalid("A data filter must be specified.")


def filter_areas(book: Book, data_filter: Json) -> list[Area]:
    """All areas that a DataFilter selects. Metadata selects the line or sheet that it is on."""
    if "developerMetadataLookup" not in data_filter:
        return [filter_area(book, data_filter)]
    found = matching(book, data_filter)
    whole = [Area(sheet.id) for sheet in book.sheets] if any(entry.sheet is None for entry in found) else []
    return whole + [_area(entry) for entry in found if entry.sheet]


def create_developer_metadata(book: Book, body: Json) -> Json:
    given = canonical("DeveloperMetadata", body.get("developerMetadata", {}))
    asked = body.get("developerMetadata", {}).get("location")
    if not given.get("metadataKey"):
        raise invalid("Developer metadata must have a key specified.")
    if "visibility" not in given:
        raise invalid("Developer metadata must have a visibility specified.")
    if not asked:
        raise invalid("Developer metadata must have a location specified.")
    metadata = {"metadataId": new_id()} | given
    if metadata["metadataId"] < 1:
        raise invalid("Developer metadata ids must be positive.")
    if any(entry.metadata["metadataId"] == metadata["metadataId"] for entry in entries(book)):
        raise invalid(f"Developer metadata with id {metadata['metadataId']} already exists.")
    return {"developerMetadata": _place(book, metadata, asked)}


def update_developer_metadata(book: Book, body: Json) -> Json:
    given = canonical("DeveloperMetadata", body.get("developerMetadata", {}))
    mask = for_writing(body.get("fields"), "DeveloperMetadata")
    found = {
        entry.metadata["metadataId"]: entry
        for each in body.get("dataFilters", [])
        for entry in matching(book, each)
    }
    changed = []
    for entry in found.values():
        metadata = assign(mask, entry.metadata, given)
        asked = (
            body["developerMetadata"].get("location") if "location" in mask else entry.metadata["location"]
        )
        if not metadata.get("metadataKey") or not asked:
            raise invalid("Developer metadata must have a key and a location.")
        _remove(book, entry)
        changed.append(_place(book, metadata, asked))
    return {"developerMetadata": changed}


def delete_developer_metadata(book: Book, body: Json) -> Json:
    found = matching(book, body.get("dataFilter", {}))
    for entry in found:
        _remove(book, entry)
    return {"deletedDeveloperMetadata": [entry.metadata for entry in found]}


def _place(book: Book, metadata: Json, asked: Json) -> Json:
    """Puts metadata where `asked` (a DeveloperMetadataLocation) says, and returns it with its location."""
    metadata = {name: value for name, value in metadata.items() if name != "location"}
    if "dimensionRange" in asked:
        span = asked["dimensionRange"]
        sheet = book.sheet(span.get("sheetId", 0))
        dimension: Dimension = "COLUMNS" if span.get("dimension") == "COLUMNS" else "ROWS"
        start = span.get("startIndex", 0)
        if span.get("dimension") not in DIMENSIONS or span.get("endIndex") != start + 1:
            raise invalid("The dimension range of developer metadata must be a single row or column.")
        if start >= sheet.size(dimension):
            raise invalid(f"The dimension range exceeds the grid size ({sheet.size(dimension)}).")
        here = sheet.lines[dimension][start].get("developerMetadata", [])
        sheet.set_line(dimension, start, developerMetadata=[*here, metadata])
        metadata = metadata | {"location": line_location(sheet, dimension, start)}
    elif "sheetId" in asked or asked.get("locationType") == "SHEET":
        sheet = book.sheet(asked.get("sheetId", 0))
        location = {"locationType": "SHEET"} | ({"sheetId": sheet.id} if sheet.id else {})
        metadata = metadata | {"location": location}
        sheet.parts_list("developerMetadata").append(metadata)
    elif asked.get("spreadsheet"):
        metadata = metadata | {"location": {"locationType": "SPREADSHEET", "spreadsheet": True}}
        book.parts.setdefault("developerMetadata", []).append(metadata)
    else:
        raise invalid("Developer metadata must have a location specified.")
    _check_characters(book)
    return metadata


def _remove(book: Book, entry: Entry) -> None:
    wanted = entry.metadata["metadataId"]
    if entry.sheet is not None and entry.dimension is not None:
        line = entry.sheet.lines[entry.dimension][entry.place]
        left = [each for each in line["developerMetadata"] if each["metadataId"] != wanted]
        entry.sheet.set_line(entry.dimension, entry.place, developerMetadata=left or None)
    else:
        parts = book.parts if entry.sheet is None else entry.sheet.parts
        parts["developerMetadata"] = [
            each for each in parts["developerMetadata"] if each["metadataId"] != wanted
        ]


def _check_characters(book: Book) -> None:
    """Refuses too many characters: each sheet, with its rows and columns, and the spreadsheet itself have a limit."""
    counts: dict[int | None, int] = {}
    for entry in entries(book):
        owner = None if entry.sheet is None else entry.sheet.id
        size = len(entry.metadata["metadataKey"]) + len(entry.metadata.get("metadataValue", ""))
        counts[owner] = counts.get(owner, 0) + size
    if max(counts.values(), default=0) > MAX_CHARACTERS:
        raise invalid(f"Developer metadata exceeds the limit of {MAX_CHARACTERS} characters.")


def _matches(book: Book, entry: Entry, lookup: Json) -> bool:
    metadata = entry.metadata
    for name in ("metadataId", "metadataKey", "metadataValue", "visibility"):
        if name in lookup and metadata.get(name) != lookup[name]:
            return False
    location = metadata["location"]
    if "locationType" in lookup and location["locationType"] != lookup["locationType"]:
        return False
    if "metadataLocation" not in lookup:
        return True
    asked = lookup["metadataLocation"]
    if asked.get("spreadsheet"):
        return entry.sheet is None
    wanted = Entry({"location": asked}, *_line(book, asked))
    if lookup.get("locationMatchingStrategy") == "EXACT_LOCATION":
        return (entry.sheet, entry.dimension, entry.place) == (wanted.sheet, wanted.dimension, wanted.place)
    return entry.sheet is not None and _area(entry).intersects(_area(wanted))


def _line(book: Book, location: Json) -> tuple[Sheet, Dimension | None, int]:
    if "dimensionRange" not in location:
        return book.sheet(location.get("sheetId", 0)), None, 0
    span = location["dimensionRange"]
    dimension: Dimension = "COLUMNS" if span.get("dimension") == "COLUMNS" else "ROWS"
    return book.sheet(span.get("sheetId", 0)), dimension, span.get("startIndex", 0)


def _area(entry: Entry) -> Area:
    assert entry.sheet is not None
    whole = Area(entry.sheet.id)
    if entry.dimension == "ROWS":
        return whole._replace(top=entry.place, bottom=entry.place + 1)
    if entry.dimension == "COLUMNS":
        return whole._replace(left=entry.place, right=entry.place + 1)
    return whole
