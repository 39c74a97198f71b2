"""What a managed tab holds, and how it looks when it is made, as data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

TabId = Literal["progress", "schedule", "rewards", "commanders", "alliances", "history"]
Tone = Literal["good", "now", "soft", "bad"]
Kind = Literal["text", "tick", "count", "ratio", "day", "time", "hour"]

Content = str | int | float | date | datetime | None
"""Text is literal; a datetime is local wall time, without a zone; a float is a ratio. None is an empty cell."""


class Link(str):
    """Text that is an address, and leads there."""

    __slots__ = ()


HEADER = "#header"
"""The key of the header row. Keys that begin with `#` are of the tab itself, not of what it lists."""


@dataclass(frozen=True, slots=True)
class Row:
    """`key` says what the row is about, whatever its place: an event, a milestone, a tier, a commander's id."""

    key: str
    cells: tuple[Content, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """`width` is in pixels, and only what the column begins with: afterwards it is the officers'."""

    name: str
    width: int = 100
    kind: Kind = "text"
    wraps: bool = False


@dataclass(frozen=True, slots=True)
class Highlight:
    """Rows, or cells of one column, that stand out where `column` says `words`. They can be read without colour too."""

    column: str
    words: str
    tone: Tone
    whole_row: bool = False


@dataclass(frozen=True, slots=True)
class Tab:
    """`title` is what the tab is called when it is made; officers may rename it.

    `labels` are the columns by which a person tells the rows apart. `is_charted`: the tab holds the numbers of a
    chart (first column: the axis), which is shown on the first tab; the tab itself is hidden. `unlisted`: what the
    first column says of those who have no row any more, by key, where one of theirs stays for the officers' sake.
    """

    id: TabId
    title: str
    title_block: tuple[Row, ...]
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    labels: tuple[str, ...]
    highlights: tuple[Highlight, ...] = ()
    is_charted: bool = False
    unlisted: Mapping[str, str] = field(default_factory=dict)

    @property
    def header(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def all_rows(self) -> tuple[Row, ...]:
        """From the top: title block, header, data."""
        return (*self.title_block, Row(HEADER, self.header), *self.rows)

    @property
    def header_index(self) -> int:
        """The zero-based row of the header."""
        return len(self.title_block)
