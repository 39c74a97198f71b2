"""Tables as CSV text: written so that no cell can become a formula, and read as officers paste or upload them."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain

from chalicelib.domain.calendar import rfc3339
from chalicelib.domain.errors import FieldError, Malformed, TooLarge, malformed

MOST_COLUMNS = 256
"""Of a table that is read: every row is filled up to the width of the header."""

# What spreadsheets take for the beginning of a formula (OWASP, CSV injection), also after spaces. Apostrophes before
# it belong to it, so that taking one off always undoes putting one on.
_FORMULA = re.compile(r"'*\s*[=+\-@＝＋－＠\t\r\n]")
_NEEDS_QUOTES = re.compile(r'[",;\t\r\n\ufeff]|\A\s|\s\Z')
_QUOTED_CELL = re.compile(r'(?:\A|(?<=[,;\t\r\n])) *"[^"]*+(?:""[^"]*+)*+"')
_LINE_BREAK = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one record. `line` is the line of the file, from 1, on which it begins.

    `surplus`: what a row of a table has beyond the header, blank cells aside.
    """

    line: int
    cells: tuple[str, ...]
    surplus: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A header, and the rows below it, each with as many cells."""

    header: tuple[str, ...]
    rows: tuple[Row, ...]


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """RFC 4180. Text that would begin a formula gets an apostrophe before it, which `read_table` takes off again.

    Numbers stand as they are, instants as RFC 3339 in UTC, days as ISO 8601, truth as yes or no, None as nothing.
    """
    return "".join(",".join(map(_cell_text, row)) + "\r\n" for row in chain([header], rows))


def read_table(text: str, limit: int) -> Table:
    """The table that begins with the first line that isn't blank, which is its header.

    Raises what `read_records` and `as_table` raise.
    """
    return as_table(read_records(text), limit)


def read_records(text: str) -> list[Row]:
    """The records whose cells aren't all blank; one at least.

    Cells are separated as the first of these lines is: by tabs if it holds any outside quotation marks, else by
    semicolons if it holds at least as many as commas, else by commas. A byte order mark is skipped, and so are
    unquoted spaces before a cell. Raises Malformed (`malformed`) with the line for what is no CSV, is empty, or is
    wider than MOST_COLUMNS.
    """
    text = text.removeprefix("\ufeff")
    if "\0" in text:
        line = 1 + len(_LINE_BREAK.findall(text[: text.index("\0")]))
        raise _malformed(line, "holds a NUL character. Save the file as CSV in UTF-8 and send that.")
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=_delimiter(text), skipinitialspace=True, strict=True
    )
    records = []
    line = 1
    try:
        for record in reader:
            if len(record) > MOST_COLUMNS:
                raise _malformed(line, f"has {len(record)} cells; {MOST_COLUMNS} is the most.")
            cells = tuple(map(_without_guard, record))
            if any(map(str.strip, cells)):
                records.append(Row(line, cells))
            line = reader.line_num + 1
    except csv.Error:
        message = "can't be read: a quotation mark isn't closed, or not doubled within a cell, or a cell is too long."
        raise _malformed(line, message) from None
    if not records:
        raise _malformed(1, "is blank, and so is all the rest: there is nothing to read.")
    return records


def as_table(records: Sequence[Row], limit: int) -> Table:
    """The first record as the header of the others.

    Raises Malformed (`malformed`) if there are no others, TooLarge (`too-large`) if there are more than `limit`.
    """
    header, rows = records[0], records[1:]
    if not rows:
        raise _malformed(header.line, "is the header, and there is nothing below it.")
    if len(rows) > limit:
        message = (
            f"The file has {len(rows):,} rows; {limit:,} is the most at once. "
            "Send it in parts: nothing counts twice."
        )
        raise TooLarge("too-large", message, [FieldError("csv", message)])
    width = len(header.cells)
    return Table(
        header.cells,
        tuple(
            Row(
                row.line,
                (*row.cells[:width], *[""] * (width - len(row.cells))),
                tuple(filter(str.strip, row.cells[width:])),
            )
            for row in rows
        ),
    )


def _cell_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, date):
        return value.isoformat()
    text = str(value)
    if _FORMULA.match(text):
        text = f"'{text}"
    if _NEEDS_QUOTES.search(text):
        text = '"' + text.replace('"', '""') + '"'
    return text


def _without_guard(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def _delimiter(text: str) -> str:
    """As the header has it. Prose holds commas more often than semicolons, and tabs never: hence the order.

    csv.Sniffer guesses from all letters of a sample, and finds delimiters in names.
    """
    lines = _LINE_BREAK.split(_QUOTED_CELL.sub("quoted", text))
    header = next((line for line in lines if line.strip(",;" + " \t")), "")
    if "\t" in header:
        return "\t"
    return ";" if 0 < header.count(";") >= header.count(",") else ","


def _malformed(line: int, what: str) -> Malformed:
    message = f"Line {line} {what}"
    return malformed("csv", message)
