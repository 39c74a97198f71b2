"""What a managed tab holds, as data: a title block, a header row, and a row per key."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

TabId = Literal["progress", "schedule", "rewards", "commanders"]

Content = str | int | float | date | datetime | None
"""Text is literal; a datetime is local wall time, without a zone; a float is a ratio. None is an empty cell."""


@dataclass(frozen=True, slots=True)
class Row:
    """`key` says what the row is about, whatever its place: an event, a milestone, a tier, a commander's id."""

    key: str
    cells: tuple[Content, ...]


@dataclass(frozen=True, slots=True)
class Tab:
    """`title` is what the tab is called when it is made; officers may rename it."""

    id: TabId
    title: str
    title_block: tuple[tuple[Content, ...], ...]
    header: tuple[str, ...]
    rows: tuple[Row, ...]

    @property
    def cells(self) -> list[tuple[Content, ...]]:
        """All rows from the top: title block, header, data."""
        return [*self.title_block, self.header, *(row.cells for row in self.rows)]

    @property
    def header_index(self) -> int:
        """The zero-based row of the header."""
        return len(self.title_block)
