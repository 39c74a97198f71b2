"""Where each row and column of a tab is to be: layout and held tab → shape. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sheets_sync.align import Step, steps_into, steps_within
from sheets_sync.held import OLD_MARK_COLUMN, SPARE_COLUMN, HeldColumn, HeldRow, HeldTab
from sheets_sync.known import Known
from sheets_sync.layout import KEY_COLUMN, Layout
from sheets_sync.tabs import HEADER, Column, Content, Row

NO_LONGER_LISTED = "no longer listed"


@dataclass(frozen=True, slots=True)
class Shape:
    """Where everything of a tab is after its lines have been inserted and moved.

    `rows`, `columns`: the index that each line of the sheet had before; None if it is new. `shown`: by index after,
    what a row shows; `places`: by index after, which place of the layout a column has. `ended`: columns of ours (by the
    index before) that show nothing any more. `unmarked`: rows of the title block that are to be marked as such.
    `frozen`: how many rows are to be frozen; None: leave it.
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

    @property
    def header(self) -> int:
        """The index of the header row after."""
        return next(index for index, row in self.shown.items() if row.key == HEADER)

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


def shape_of(layout: Layout, held: HeldTab, who: Known | None) -> Shape:
    """`who`: which row is whose; None in a tab by position."""
    columns = _lines(
        [_held_place(held, column) for column in layout.columns], len(held.columns), _spare(held)
    )
    header: int | None
    if who is None:
        rows: list[int | None] = [*range(len(held.rows))]
        rows += [None] * (len(layout.rows) - len(rows))
        row_steps, header = steps_into(rows), None
    else:
        rows = _lines([who.places.get(row.key) for row in layout.rows], len(held.rows))
        row_steps = steps_within(rows, layout.listed.start, layout.listed.stop)
        header = who.places.get(HEADER)
    shown = set(columns[: len(layout.columns)])
    is_new = held.place(KEY_COLUMN) is None and held.place(OLD_MARK_COLUMN) is not None
    at = layout.tab.header_index
    return Shape(
        layout,
        held,
        rows,
        columns,
        dict(enumerate(layout.rows)),
        {place: place for place in range(len(layout.columns))},
        row_steps,
        steps_into(columns),
        [line for line in _ours(layout, held) if line not in shown],
        [index for index in range(at) if not layout.tab.is_by_position and (rows[index] is None or is_new)],
        at + 1 if header is not None and held.frozen_rows == header + 1 != at + 1 else None,
    )


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


def _lines(wanted: Sequence[int | None], count: int, spare: Sequence[int] = ()) -> list[int | None]:
    """The wanted lines, then all others of `count`. Where one is missing, a spare one takes its place, or a new one."""
    free = iter(spare)
    found = [next(free, None) if line is None else line for line in wanted]
    taken = set(found)
    return [*found, *(line for line in range(count) if line not in taken)]
