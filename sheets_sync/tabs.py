"""What a tab shows, and how it looks when it is made, as data."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Generic, Literal, NamedTuple, TypeVar

TabId = Literal["today", "progress", "schedule", "rewards", "commanders", "alliances", "history"]
Tone = Literal["good", "now", "missing", "today", "soft", "bad"]
Kind = Literal["text", "tick", "box", "count", "ratio", "day", "time", "hour"]

Content = str | bool | int | float | date | datetime | None
"""Text is literal; a truth value is a check box; a datetime is local wall time, without a zone; a float is a ratio.
None is an empty cell."""


class Link(str):
    """Text that is an address, and links to it."""

    __slots__ = ()


ABOUT, STATE, HEADER, NEW = "#about", "#state", "#header", "#new"
"""The keys of the two rows above the header, of the header, and of the blank row below the last. Keys that begin with
`#` belong to the tab itself, not to what it lists."""


@dataclass(frozen=True, slots=True)
class Input:
    """What makes a cell an input: officers may change it. `generation` says, as text without `;`, which state of the
    store the cell shows: it is another one whenever the store changes. Of a box that confirms something it is what, and
    of what Muster says, when: such a cell is put back in silence.

    `keeps`: what the base goes on to say of the cell, while it holds an edit that waits.
    """

    kind: Literal["tick", "name", "reading", "confirm", "says"]
    generation: str
    keeps: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """`key` says what the row is about, whatever its place: an event, a milestone, a tier, a commander's id.

    `inputs`: by the place of a cell, what makes it an input; all others are mirrors.
    """

    key: str
    cells: tuple[Content, ...] = ()
    inputs: Mapping[int, Input] = field(default_factory=dict)


class Left(NamedTuple):
    """What a row says that is no longer listed, where officers keep something in it: its label, and why."""

    label: str
    why: str


Subject = TypeVar("Subject")
"""What the rows of a tab are about: an event's progress, a commander, an hour."""


@dataclass(frozen=True, slots=True)
class Column(Generic[Subject]):
    """One column of a tab: its heading, and how its cell is made from what a row is about.

    `width` is in pixels. It is set once, when the column is made; afterwards it is the officers'.
    `fuller_names`: the headings to use instead, in turn, while another column of the tab has the same.
    `id`: by which the column is found again, whatever its heading; empty: it is the heading.
    `input`: what makes the cell about a subject an input.
    """

    name: str
    cell: Callable[[Subject], Content]
    width: int = 100
    kind: Kind = "text"
    wraps: bool = False
    fuller_names: tuple[str, ...] = ()
    id: str = ""
    input: Callable[[Subject], Input | None] | None = None

    @property
    def identity(self) -> str:
        return self.id or self.name


def told_apart(columns: Sequence[Column[Subject]]) -> tuple[Column[Subject], ...]:
    """The columns of one tab, no two under the same name: by that a column is found again."""
    candidates = [(column.name, *column.fuller_names) for column in columns]
    names = [first for first, *_ in candidates]
    for level in range(1, max(map(len, candidates), default=0)):
        taken = Counter(names)
        names = [
            longer[min(level, len(longer) - 1)] if taken[name] > 1 else name
            for name, longer in zip(names, candidates, strict=True)
        ]
    return tuple(replace(column, name=name) for column, name in zip(columns, names, strict=True))


def row_of(key: str, subject: Subject, columns: Iterable[Column[Subject]]) -> Row:
    """The row about `subject`: a cell of each column."""
    shown = list(columns)
    inputs = {
        place: found
        for place, column in enumerate(shown)
        if column.input and (found := column.input(subject)) is not None
    }
    return Row(key, tuple(column.cell(subject) for column in shown), inputs)


@dataclass(frozen=True, slots=True)
class Highlight:
    """Rows, or cells of one column, that stand out where `column` says `words` (None: anything): never by colour alone.

    Only what the tab lists stands out, not its head. `since`: the version of the looks that brought it.
    """

    column: str
    words: str | None
    tone: Tone
    whole_row: bool = False
    since: int = 0


@dataclass(frozen=True, slots=True)
class Tab:
    """`title` is what the tab is called when it is made; officers may rename it.

    `labels` are the columns by which a person tells the rows apart. `is_charted`: the tab holds the numbers of a
    chart (first column: the axis), which is shown on `IMS Progress`; the tab itself is hidden. `is_by_position`: a row
    is a place and not a thing, so that rows never move. `is_ended`: the binding has no such
    tab, so that only values are written. `marks`: the words by which the first row marks columns, so
    that their heads stand out. `unlisted`: what is said, by key, in rows that are no longer listed and stay because
    officers keep something in them: the label in the first column, why in the second. `blank`: the row below the last.
    """

    id: TabId
    title: str
    title_block: tuple[Row, ...]
    columns: tuple[Column[Any], ...]
    rows: tuple[Row, ...]
    labels: tuple[str, ...]
    highlights: tuple[Highlight, ...] = ()
    is_charted: bool = False
    is_by_position: bool = False
    is_ended: bool = False
    marks: str | None = None
    unlisted: Mapping[str, Left] = field(default_factory=dict)
    blank: Row = Row(NEW)

    @property
    def header(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def all_rows(self) -> tuple[Row, ...]:
        """From the top: title block, header, data."""
        return (*self.title_block, Row(HEADER, self.header), *self.rows)

    @property
    def header_index(self) -> int:
        """The zero-based index of the header row."""
        return len(self.title_block)
