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

MOST_LINES_READ = 50_000
"""Of a file that is read, blank ones too: a file of a million would keep all others waiting for seconds."""

SEPARATORS = ",", ";", "\t", "|"
"""Of the cells of a record that is read."""

# What spreadsheets take for the beginning of a formula (OWASP, CSV injection), also after spaces. Apostrophes before
# it belong to it, so that taking one off always undoes putting one on.
_FORMULA = re.compile(r"'*\s*[=+\-@＝＋－＠\t\r\n]")
_NEEDS_QUOTES = re.compile(r'[",;|\t\r\n\ufeff]|\A\s|\s\Z')
_QUOTED_CELL = re.compile(r'(?:\A|(?<=[,;|\t\r\n])) *"[^"]*+(?:""[^"]*+)*+"')
_TEXT_FORMULA = re.compile(r'="((?:[^"]|"")*)"\s*')  # with which a spreadsheet keeps 007 from becoming 7
_TOLD_SEPARATOR = re.compile(
    r"sep=([,;\t|])(?=[\r\n]|\Z)", re.IGNORECASE
)  # a first line that Excel writes and heeds
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


def read_records(text: str, separator: str | None = None) -> list[Row]:
    """The records whose cells aren't all blank; one at least.

    Cells are separated by `separator`, one of SEPARATORS; without it by the likely one. A byte order mark is skipped,
    and so are a first line such as `sep=;` and unquoted spaces before a cell. Of the formula `="007"` its text is read.
    Raises Malformed (`malformed`) with the line for what is no CSV, is empty, or is wider than MOST_COLUMNS; TooLarge
    (`too-large`) for more than MOST_LINES_READ.
    """
    separator = separator or likely_separator(text)
    text = text.removeprefix("\ufeff")
    if told := _TOLD_SEPARATOR.match(text):
        text = text[told.end() :]  # the line stays, blank
    if "\0" in text:
        line = 1 + len(_LINE_BREAK.findall(text[: text.index("\0")]))
        raise _malformed(line, "holds a NUL character. Save the file as CSV in UTF-8 and send that.")
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True, strict=True
    )
    records = []
    line = 1
    try:
        for record in reader:
            if len(record) > MOST_COLUMNS:
                raise _malformed(line, f"has {len(record)} cells; {MOST_COLUMNS} is the most.")
            cells = tuple(map(_plain_cell, record))
            if any(map(str.strip, cells)):
                records.append(Row(line, cells))
            line = reader.line_num + 1
            if reader.line_num > MOST_LINES_READ:
                raise _too_large(f"The file has more than {MOST_LINES_READ:,} lines.")
    except csv.Error:
        message = "can't be read: a quotation mark isn't closed, or not doubled within a cell, or a cell is too long."
        raise _malformed(line, message) from None
    if not records:
        raise _malformed(1, "is blank, and so is all the rest: there is nothing to read.")
    return records


def told_separator(text: str) -> str | None:
    """The one that a first line such as `sep=;` tells."""
    told = _TOLD_SEPARATOR.match(text.removeprefix("\ufeff"))
    return told[1] if told else None


def likely_separator(text: str) -> str:
    """What separates cells: as told, else as the first line that isn't blank has it, outside quotation marks.

    By tabs if it holds any, by bars if it holds more of them than of the others, by semicolons if it holds at least as
    many as commas. Prose holds commas more often than semicolons, and tabs never: hence the order. csv.Sniffer guesses
    from all letters of a sample, and finds separators in names.
    """
    if told := told_separator(text):
        return told
    lines = _LINE_BREAK.split(_QUOTED_CELL.sub("quoted", text.removeprefix("\ufeff")))
    header = next((line for line in lines if line.strip(",;" + " \t")), "")
    if "\t" in header:
        return "\t"
    if header.count("|") > max(header.count(";"), header.count(",")):
        return "|"
    return ";" if 0 < header.count(";") >= header.count(",") else ","


def as_table(records: Sequence[Row], limit: int) -> Table:
    """The first record as the header of the others.

    Raises Malformed (`malformed`) if there are no others, TooLarge (`too-large`) if there are more than `limit`.
    """
    header, rows = records[0], records[1:]
    if not rows:
        raise _malformed(header.line, "is the header, and there is nothing below it.")
    if len(rows) > limit:
        raise _too_large(f"The file has {len(rows):,} rows; {limit:,} is the most at once.")
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


def _plain_cell(cell: str) -> str:
    if cell.startswith("'"):
        return cell[1:] if _FORMULA.match(cell) else cell
    formula = _TEXT_FORMULA.fullmatch(cell)
    return formula[1].replace('""', '"') if formula else cell


def _malformed(line: int, what: str) -> Malformed:
    message = f"Line {line} {what}"
    return malformed("csv", message)


def _too_large(what: str) -> TooLarge:
    message = f"{what} Send it in parts: nothing counts twice."
    return TooLarge("too-large", message, [FieldError("csv", message)])
