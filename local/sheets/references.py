"""The text of formulas: its tokens, and its references, which follow the cells that they mean."""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

from .a1 import column_index, letters, quoted, unquoted
from .areas import Area, Dimension, Shift, shifted_span

_CELL = r"\$?[A-Za-z]{1,3}\$?[1-9]\d*"
_COLUMN, _ROW = r"\$?[A-Za-z]{1,3}", r"\$?[1-9]\d*"
_RANGE = f"{_CELL}:{_CELL}|{_CELL}:{_COLUMN}|{_CELL}:{_ROW}|{_COLUMN}:{_COLUMN}|{_ROW}:{_ROW}|{_CELL}"
_TOKEN = re.compile(
    rf"""
    (?P<string>"(?:[^"]|"")*")
    | (?P<reference>(?:(?:'(?:[^']|'')+'|[A-Za-z_][\w.]*)!)?(?:{_RANGE})(?![\w(.!]))
    | (?P<error>\#(?:REF!|NAME\?|VALUE!|DIV/0!|N/A|NUM!|ERROR!))
    | (?P<name>[A-Za-z_][\w.]*)
    | (?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)
    | (?P<operator><>|<=|>=|[-+*/^&=<>(),;:%{{}}!'])
    | (?P<space>\s+)
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_REFERENCE = re.compile(
    rf"(?:(?P<sheet>.+)!)?(?P<first>{_CELL}|{_COLUMN}|{_ROW})(?::(?P<last>.+))?", re.DOTALL
)
_END = re.compile(r"(\$?)([A-Za-z]{1,3})?(\$?)([1-9]\d*)?")


class Token(NamedTuple):
    kind: str
    text: str


class End(NamedTuple):
    """One corner of a reference. None for the part that a whole row or column does not have."""

    row: int | None
    column: int | None
    row_fixed: bool
    column_fixed: bool

    def __str__(self) -> str:
        column = "" if self.column is None else ("$" * self.column_fixed) + letters(self.column)
        row = "" if self.row is None else ("$" * self.row_fixed) + str(self.row + 1)
        return column + row

    def moved(self, rows: int, columns: int) -> "End":
        return self._replace(
            row=None if self.row is None else self.row + rows,
            column=None if self.column is None else self.column + columns,
        )

    def offset(self, rows: int, columns: int) -> "End":
        """The corner as seen from a cell `rows` below and `columns` to the right."""
        return self._replace(
            row=self.row if self.row is None or self.row_fixed else self.row + rows,
            column=self.column if self.column is None or self.column_fixed else self.column + columns,
        )


class Reference(NamedTuple):
    """Such as `'Tab'!A$1:B2`. Without a title, it is on the sheet of its formula."""

    title: str | None
    first: End
    last: End | None

    def __str__(self) -> str:
        prefix = "" if self.title is None else quoted(self.title) + "!"
        return prefix + str(self.first) + ("" if self.last is None else f":{self.last}")

    def area(self, sheet: int) -> Area:
        last = self.last or self.first
        bottom = None if last.row is None else last.row + 1
        right = None if last.column is None else last.column + 1
        return Area(sheet, self.first.row, bottom, self.first.column, right)

    def moved(self, rows: int, columns: int) -> "Reference":
        """The reference to cells that were moved, fixed or not."""
        first, last = self.first, self.last
        return self._replace(first=first.moved(rows, columns), last=last and last.moved(rows, columns))

    def offset(self, rows: int, columns: int) -> "Reference | None":
        """The reference as seen from another cell. None if it would leave the grid."""
        first, last = self.first.offset(rows, columns), self.last and self.last.offset(rows, columns)
        if any(index is not None and index < 0 for end in (first, last or first) for index in end[:2]):
            return None
        return self._replace(first=first, last=last)

    def shifted(self, dimension: Dimension, shift: Shift) -> "Reference | None":
        """The reference after rows or columns of its sheet were shifted. None if nothing is left of it."""
        last = self.last or self.first
        if dimension == "ROWS":
            moved = shifted_span((self.first.row, None if last.row is None else last.row + 1), shift)
        else:
            moved = shifted_span((self.first.column, None if last.column is None else last.column + 1), shift)
        if moved is None:
            return None
        start, end = moved[0], None if moved[1] is None else moved[1] - 1
        if dimension == "ROWS":
            first, last = self.first._replace(row=start), last._replace(row=end)
        else:
            first, last = self.first._replace(column=start), last._replace(column=end)
        return self._replace(first=first, last=self.last and last)


@lru_cache(maxsize=10_000)
def tokens(formula: str) -> tuple[Token, ...]:
    """The tokens of a formula without its `=`. Joined together, they are the text again."""
    return tuple(
        Token(str(match.lastgroup), match[0]) for match in _TOKEN.finditer(formula.removeprefix("="))
    )


@lru_cache(maxsize=10_000)
def parse_reference(text: str) -> Reference:
    """Parses a reference token. Corners are put in order, and `A1:A1` becomes `A1`, as Google stores them."""
    match = _REFERENCE.fullmatch(text)
    if match is None:
        raise ValueError(text)
    title = None if match["sheet"] is None else unquoted(match["sheet"])
    first = _parse_end(match["first"])
    if match["last"] is None:
        return Reference(title, first, None)
    one, other = first, _parse_end(match["last"])
    if one.row is not None and other.row is not None and one.row > other.row:
        one, other = (
            one._replace(row=other.row, row_fixed=other.row_fixed),
            other._replace(row=one.row, row_fixed=one.row_fixed),
        )
    if one.column is not None and other.column is not None and one.column > other.column:
        one, other = (
            one._replace(column=other.column, column_fixed=other.column_fixed),
            other._replace(column=one.column, column_fixed=one.column_fixed),
        )
    alone = one[:2] == other[:2] and None not in one[:2]
    return Reference(title, one, None if alone else other)


def rewrite(formula: str, change: Callable[[Reference], Reference | None]) -> str:
    """The formula with each reference changed. If `change` gives None, the reference becomes `#REF!`."""

    def texts() -> Iterator[str]:
        for token in tokens(formula):
            if token.kind != "reference":
                yield token.text
            else:
                changed = change(parse_reference(token.text))
                yield "#REF!" if changed is None else str(changed)

    return "=" + "".join(texts())


def _parse_end(text: str) -> End:
    match = _END.fullmatch(text)
    if match is None:
        raise ValueError(text)
    fixed, column, row_fixed, row = match.groups()
    return End(
        int(row) - 1 if row else None,
        column_index(column) if column else None,
        bool(row_fixed) or (bool(fixed) and column is None),
        bool(fixed) and column is not None,
    )
