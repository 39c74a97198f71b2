"""A tab as it stands in the spreadsheet: what it shows, and the hidden column that tells its rows apart. Pure.

Where a column stands is decided here alone: everything else asks for its place.
"""

from dataclasses import dataclass
from typing import Any

from sheets_sync.cells import mark, value_of
from sheets_sync.tabs import Column, Row, Tab

KEY_COLUMN = "muster key"
"""The name of the hidden last column, which holds each row's mark."""

KEY: Column[Row] = Column(KEY_COLUMN, lambda row: mark(row.key, [value_of(content) for content in row.cells]))
"""Its subject is the row itself, as it is shown."""


@dataclass(frozen=True, slots=True)
class Layout:
    """`columns` from the left and `rows` from the top, hidden ones included; each row has a cell of each column."""

    tab: Tab
    columns: tuple[Column[Any], ...]
    rows: tuple[Row, ...]

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    @property
    def shown(self) -> list[int]:
        """The places of the columns that are not hidden."""
        return [place for place in range(len(self.columns)) if not self.is_hidden(place)]

    def is_hidden(self, place: int) -> bool:
        return self.columns[place] is KEY

    def place(self, name: str) -> int:
        """The zero-based place of the column of this name."""
        return self.names.index(name)


def laid_out(tab: Tab) -> Layout:
    rows = []
    for row in tab.all_rows:
        shown = Row(row.key, (*row.cells, *[None] * (len(tab.columns) - len(row.cells))))
        rows.append(Row(row.key, (*shown.cells, KEY.cell(shown))))
    return Layout(tab, (*tab.columns, KEY), tuple(rows))


def column_letters(place: int) -> str:
    """`A` for 0, `AA` for 26."""
    letters = ""
    number = place + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
