"""Where each row and column of a tab is to be: layout and held tab → shape. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from sheets_sync.align import Step, steps_into, steps_within
from sheets_sync.held import OLD_MARK_COLUMN, SPARE_COLUMN, HeldColumn, HeldRow, HeldTab
from sheets_sync.known import Known
from sheets_sync.layout import BASE_COLUMN, KEY_COLUMN, Layout
from sheets_sync.tabs import HEADER, NEW, STATE, Column, Content, Row, Tab

NO_LONGER_LISTED = "no longer listed"

Manner = Literal["whole", "plain", "state"]
"""How a tab is brought up to date: all of it; only values, where rows and columns are; only what the row above the
header says about its state."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Where everything of a tab is after its lines have been inserted and moved.

    `rows`, `columns`: the index that each line of the sheet had before; None if it is new. `shown`: by index after,
    what a row shows; `places`: by index after, which place of the layout a column has. `ended`: columns of ours (by the
    index before) that show nothing any more. `unmarked`: rows of the title block that are to be marked as such.
    `frozen`: how many rows are to be frozen; None: leave it. `doomed`: so many of the last rows are deleted.
    """

    layout: Layout
    held: HeldTab
    rows: Sequence[int | None]
    columns: Sequence[int | None]
    shown: Mapping[int, Row]
    places: Mapping[int, int]
    row_steps: Sequence[Step]
    column_steps: Sequence[Step]
    ended: Collection[int]
    unmarked: Collection[int]
    frozen: int | None
    doomed: int = 0

    @property
    def header(self) -> int:
        """The index of the header row after; where it should be, if it is not there."""
        found = (index for index, row in self.shown.items() if row.key == HEADER)
        return next(found, self.layout.tab.header_index)

    def row(self, index: int) -> HeldRow | None:
        """The row at this index after; None if it is new."""
        line = self.rows[index]
        return None if line is None else self.held.rows[line]

    def column(self, index: int) -> HeldColumn | None:
        """The column of ours at this index after; None if it is new or not ours."""
        line = self.columns[index]
        return None if line is None else self.held.columns[line]

    def said_of_left(self, row: HeldRow, *, is_kept: bool) -> tuple[Content, Content]:
        """The label of a row that is no longer listed, by today's name, and why it is there; nothing if it is not kept.

        A label that is gone stays away: the row may be used for something else by now.
        """
        line = self.columns[0]
        held = None if line is None else row.value(line)
        key = row.key or ""
        if not is_kept or held is None or key.startswith("#"):
            return None, None
        left = self.layout.tab.unlisted.get(key)
        if left:
            return left.label, left.why
        listed = next((each.cells[0] for each in self.layout.tab.rows if each.key == key), None)
        return (held if listed is None else listed), NO_LONGER_LISTED  # the second copy of a row


def shape_of(
    layout: Layout, held: HeldTab, who: Known | None, manner: Manner, *, tidies: bool = False
) -> Shape:
    """`who`: which row is whose; None in a tab by position. `tidies`: rows that are empty, and were listed once, go."""
    places = who.places if who else {row.key: index for index, row in enumerate(layout.rows)}
    if manner != "whole":
        return _in_place(layout, held, places, only=STATE if manner == "state" else None)
    columns = _lines(
        [_held_place(held, column) for column in layout.columns], len(held.columns), _spare(held)
    )
    shown: Mapping[int, Row] = dict(enumerate(layout.rows))
    doomed: list[int] = []
    if who is None:
        rows, steps = _by_position(layout, held)
    elif are_rows_stuck(layout.tab, held, who):
        rows, shown = _with_new_in_a_gap(layout, held, who)
        steps = steps_into(rows)
    else:
        doomed = _empty(held, who) if tidies else []
        rows = _lines([who.places.get(row.key) for row in layout.rows], len(held.rows), last=doomed)
        steps = steps_within(rows, layout.listed.start, layout.listed.stop)
    is_new = held.place(KEY_COLUMN) is None and held.place(OLD_MARK_COLUMN) is not None
    above = {row.key for row in layout.tab.title_block}
    kept = set(columns[: len(layout.columns)])
    shape = Shape(
        layout,
        held,
        rows,
        columns,
        shown,
        {place: place for place in range(len(layout.columns))},
        steps,
        steps_into(columns),
        [line for line in _ours(layout, held) if line not in kept],
        [
            index
            for index, row in shown.items()
            if who and row.key in above and (rows[index] is None or is_new)
        ],
        None,
    )
    return replace(shape, frozen=_frozen(shape, places.get(HEADER)), doomed=len(doomed))


def are_rows_stuck(tab: Tab, held: HeldTab, who: Known) -> bool:
    """Whether cells are merged over several of our rows, so that rows cannot be moved past each other."""
    header, ours = who.places.get(HEADER, -1), max(who.places.values(), default=-1)
    return not tab.is_by_position and any(
        start <= ours and end > header + 1 for start, end in held.tall_merges
    )


def _in_place(layout: Layout, held: HeldTab, places: Mapping[str, int], only: str | None) -> Shape:
    """Nothing is moved or added."""
    at = {
        column: place
        for place, each in enumerate(layout.columns)
        if (column := _held_place(held, each)) is not None
    }
    if only:
        at = {column: place for column, place in at.items() if place == 0}
    shown = {
        places[row.key]: row
        for row in layout.rows
        if only in (None, row.key) and places.get(row.key, len(held.rows)) < len(held.rows)
    }
    return Shape(
        layout, held, range(len(held.rows)), range(len(held.columns)), shown, at, (), (), (), (), None
    )


def _by_position(layout: Layout, held: HeldTab) -> tuple[Sequence[int | None], Sequence[Step]]:
    """Rows stay where they are. If there are too few, more are added below."""
    missing = len(layout.rows) - len(held.rows)
    rows = [*range(len(held.rows)), *[None] * missing]
    return rows, steps_into(rows)


def _with_new_in_a_gap(
    layout: Layout, held: HeldTab, who: Known
) -> tuple[Sequence[int | None], Mapping[int, Row]]:
    """Rows stay where they are, and new ones come together into a gap; what each of them shows."""
    at = _gap(layout, held, who)
    known = {index: row for row in layout.rows if (index := who.places.get(row.key)) is not None}
    head = [row for row in layout.rows[: layout.listed.start] if row.key not in who.places]
    new = [row for row in layout.rows[layout.listed.start :] if row.key not in who.places]
    order: list[tuple[int | None, Row | None]] = [
        *((None, row) for row in head),
        *((index, known.get(index)) for index in range(at)),
        *((None, row) for row in new),
        *((index, known.get(index)) for index in range(at, len(held.rows))),
    ]
    shown = {index: row for index, (_, row) in enumerate(order) if row is not None}
    return [line for line, _ in order], shown


def _gap(layout: Layout, held: HeldTab, who: Known) -> int:
    """The row before which new ones come where none can move: the last one that is listed, so that officers' ranges go
    over them too, or the lowest above it that is not merged with the one before, down from the header. If there is
    none, below our last."""
    listed = sorted(who.places[row.key] for row in layout.rows[layout.listed] if row.key in who.places)
    for at in reversed(listed):
        if not any(start < at < end for start, end in held.tall_merges):
            return at
    return who.places.get(NEW, max(who.places.values(), default=-1) + 1)


def _frozen(shape: Shape, header: int | None) -> int | None:
    """How many rows are to be frozen, if they were down to the header, as we make them, and it is elsewhere now."""
    wanted = shape.header + 1
    is_ours = header is not None and shape.held.frozen_rows == header + 1
    return wanted if is_ours and header is not None and header + 1 != wanted else None


def _held_place(held: HeldTab, column: Column[object]) -> int | None:
    """Version 0.1.0 knew all columns by their headings."""
    place = held.place(column.identity)
    return held.place(column.name) if place is None else place


def _spare(held: HeldTab) -> list[int]:
    """Columns of ours that show nothing, and in which officers keep nothing."""
    return [
        place
        for place, name in enumerate(held.names)
        if name == SPARE_COLUMN and place not in held.remarked_columns
    ]


def _ours(layout: Layout, held: HeldTab) -> list[int]:
    """Our columns, but for the old marks while there is a row whose key stands nowhere else."""
    keys, marks = held.place(KEY_COLUMN), held.place(OLD_MARK_COLUMN)
    above = {row.key for row in layout.tab.title_block}
    needs_marks = not layout.tab.is_by_position and any(
        keys is None or row.value(keys) != row.key
        for row in held.rows
        if marks is not None and row.value(marks) is not None and row.key not in above
    )
    return [
        place
        for place, name in enumerate(held.names)
        if name is not None and not (name == OLD_MARK_COLUMN and needs_marks)
    ]


def _empty(held: HeldTab, who: Known) -> list[int]:
    """Rows that were listed once, in which there is nothing that anybody sees."""
    hidden = {held.place(KEY_COLUMN), held.place(BASE_COLUMN)}
    shown = set(who.places.values()) | set(held.remarked_rows)
    return [
        index
        for index, row in enumerate(held.rows)
        if index not in shown
        and row.base is not None
        and row.base.is_left
        and all(value is None or at in hidden for at, value in enumerate(row.values))
    ]


def _lines(
    wanted: Sequence[int | None], count: int, spare: Sequence[int] = (), last: Collection[int] = ()
) -> list[int | None]:
    """The wanted lines, then all others of `count`, and then the `last`. Where one is missing, a spare one takes its
    place, or a new one."""
    free = iter(spare)
    found = [next(free, None) if line is None else line for line in wanted]
    taken = set(found)
    others = [line for line in range(count) if line not in taken]
    return [*found, *sorted(others, key=lambda line: line in last)]
