"""Tables, which a person makes of cells below a header, and what they forbid.

Google's documentation says little of the latter, so this is strict: a table overlaps no other table and nothing that is
merged, banded or filtered, and its header goes nowhere without it.
"""

import secrets
from collections.abc import Iterator

from .areas import Area, Box
from .book import Book, Sheet
from .canonical import canonical
from .errors import Json, invalid, unimplemented
from .formulas import Evaluator
from .scalars import display

# Where each request has the range that may not touch a table; "" if it is in the request itself.
RANGES = {"addBanding": "bandedRange", "mergeCells": "", "setBasicFilter": "filter"}


def add_table(book: Book, body: Json) -> Json:
    given = canonical("Table", body.get("table", {}))
    if unknown := given.keys() - {"tableId", "name", "range"}:
        raise unimplemented(f"tables with {', '.join(sorted(unknown))}")
    others = [table for sheet in book.sheets for table in sheet.parts.get("tables", [])]
    table: Json = {"tableId": secrets.token_urlsafe(8), "name": f"Table{len(others) + 1}"} | given
    for name in ("tableId", "name"):
        if any(table[name] == other[name] for other in others):
            raise invalid(f"A table with the {name} {table[name]} already exists.")
    area = Area.of(table.get("range", {}))
    sheet = book.sheet(area.sheet)
    table["range"] = sheet.box(area).area().grid_range()
    if any(sheet.box(area).area().intersects(Area.of(part)) for part in _in_the_way(sheet)):
        raise invalid(
            "You can't add a table over another table, merged cells, alternating colors or a filter."
        )
    sheet.parts_list("tables").append(table)
    return {"table": shown(book, table)}


def shown(book: Book, table: Json) -> Json:
    """A table as it is answered: its columns are called what its header says."""
    area = Area.of(table["range"])
    sheet = book.sheet(area.sheet)
    box, value = sheet.box(area), Evaluator(book).value
    columns: list[Json] = []
    for index, column in enumerate(box.columns):
        name = display(value(sheet, box.top, column)) or f"Column {index + 1}"
        columns.append(({"columnIndex": index} if index else {}) | {"columnName": name})
    return table | {"columnProperties": columns}


def check_request(book: Book, kind: str, body: Json) -> None:
    """Refuses a request of a batchUpdate that a table forbids."""
    if kind in RANGES:
        area = Area.of(body.get(RANGES[kind], body).get("range", {}))
        if any(area.intersects(box.area()) for box in _boxes(book, area.sheet)):
            raise invalid("You can't merge, filter or color cells of a table.")
    elif kind == "sortRange":
        area = Area.of(body.get("range", {}))
        if any(area.intersects(box._replace(bottom=box.top + 1).area()) for box in _boxes(book, area.sheet)):
            raise invalid("You can't sort the header of a table.")
    elif kind in ("deleteDimension", "moveDimension"):
        span = body.get("source" if kind == "moveDimension" else "range", {})
        start, end = span.get("startIndex", 0), span.get("endIndex")
        for box in _boxes(book, span.get("sheetId", 0)) if span.get("dimension") == "ROWS" else []:
            if end is not None and start <= box.top < end < box.bottom:
                raise invalid("You can't move or delete the header of a table without the table.")


def _boxes(book: Book, sheet_id: int) -> Iterator[Box]:
    for sheet in book.sheets:
        for table in sheet.parts.get("tables", []) if sheet.id == sheet_id else []:
            yield sheet.box(Area.of(table["range"]))


def _in_the_way(sheet: Sheet) -> Iterator[Json]:
    yield from sheet.parts.get("merges", [])
    for name in ("tables", "bandedRanges"):
        yield from (part["range"] for part in sheet.parts.get(name, []))
    if "basicFilter" in sheet.parts:
        yield sheet.parts["basicFilter"].get("range", {}) | ({"sheetId": sheet.id} if sheet.id else {})
