"""A tab as it stands in the spreadsheet: what it shows, and the two hidden columns by which its rows are known. Pure.

Where a column stands is decided here alone: everything else asks for its place.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sheets_sync.base import Kind, base_of, columns_of
from sheets_sync.cells import Value, value_of
from sheets_sync.tabs import HEADER, Column, Content, Row, Tab

KEY_COLUMN, BASE_COLUMN = "#key", "#base"
"""The names of the two hidden columns behind the first. In one stand the keys of rows, each written when its row is
made, and never again; in the other, what was last written into the row's cells. Whoever sorts a selection of columns
takes them along. A tab by position has only the second, at its right end."""
LINE = "#line"
"""The key of each row of a tab by position, wherever it is."""


@dataclass(frozen=True, slots=True)
class Layout:
    """`columns` from the left and `rows` from the top, hidden ones included; each row has a cell of each column.

    In a tab whose rows are known by keys, a blank row of ours is the last, before which rows come.
    """

    tab: Tab
    columns: tuple[Column[Any], ...]
    rows: tuple[Row, ...]
    columns_base: str
    """The base of the header row: which columns the bases of rows are about."""

    @property
    def identities(self) -> list[str]:
        return [column.identity for column in self.columns]

    @property
    def shown(self) -> list[int]:
        """The places of the columns that are not hidden."""
        return [place for place in range(len(self.columns)) if not self.is_hidden(place)]

    @property
    def listed(self) -> slice:
        """Where in `rows` those are that the tab lists."""
        start = self.tab.header_index + 1
        return slice(start, start + len(self.tab.rows))

    def is_hidden(self, place: int) -> bool:
        return self.columns[place].identity in (KEY_COLUMN, BASE_COLUMN)

    def place(self, name: str) -> int:
        """The zero-based place of the column with this heading."""
        return [column.name for column in self.columns].index(name)

    def base(self, row: Row, values: Sequence[Value]) -> str:
        """The base of a row of which these are the values of all columns."""
        cells = [(values[place], row.inputs.get(place), kind_of(self.columns[place])) for place in self.shown]
        key = LINE if self.tab.is_by_position else row.key
        return base_of(key, self.columns_base, cells)


def laid_out(tab: Tab) -> Layout:
    key, base = Column(KEY_COLUMN, str), Column(BASE_COLUMN, str)
    first, *others = tab.columns
    columns = (*tab.columns, base) if tab.is_by_position else (first, key, base, *others)
    told = columns_of([(column.identity, kind_of(column)) for column in tab.columns])
    bare = Layout(tab, columns, (), told)
    rows = tab.all_rows if tab.is_by_position else (*tab.all_rows, tab.blank)
    return replace(bare, rows=tuple(_with_hidden(row, bare) for row in rows))


def _with_hidden(row: Row, layout: Layout) -> Row:
    """Nothing is hidden in the title block, where the text of the first column goes on over the next ones."""
    cells: list[Content] = [None] * len(layout.columns)
    for place, content in zip(layout.shown, row.cells, strict=False):
        cells[place] = content
    inputs = {layout.shown[place]: made for place, made in row.inputs.items()}
    row = Row(row.key, (), inputs)
    if row.key not in {above.key for above in layout.tab.title_block}:
        hidden = {
            KEY_COLUMN: row.key,
            BASE_COLUMN: layout.columns_base
            if row.key == HEADER
            else layout.base(row, [value_of(content) for content in cells]),
        }
        for name, content in hidden.items():
            if name in layout.identities:
                cells[layout.identities.index(name)] = content
    return replace(row, cells=tuple(cells))


def kind_of(column: Column[Any]) -> Kind:
    """Of the column in bases."""
    if column.input is None:
        return "m"
    return "t" if column.kind == "box" else "n"


def column_letters(place: int) -> str:
    """`A` for 0, `AA` for 26."""
    letters = ""
    number = place + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
