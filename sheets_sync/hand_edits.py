"""What officers did to Muster's own cells since the last sync: held tabs and tabs to show → hand edits. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sheets_sync.base import LABEL
from sheets_sync.cells import Value, same, value_of
from sheets_sync.content.title_block import Restored
from sheets_sync.content.words import CONFIRM, SAYS
from sheets_sync.held import HeldTab
from sheets_sync.known import Known
from sheets_sync.tabs import Tab

NAMED = 3
"""So many hand edits are named. If there are more, their number follows."""


@dataclass(frozen=True, slots=True)
class HandEdit:
    """A managed cell that does not hold what was written into it, and is restored. `row`: what the row is about; `key`
    and `tab_id`: the same as the tab has it."""

    tab: str
    row: str
    column: str
    held: Value
    tab_id: str
    key: str

    def __str__(self) -> str:
        content = "nothing" if self.held is None else f"“{self.held}”"
        return f"{self.tab}: {self.row}, {self.column} held {content}"


def hand_edits(tabs: Iterable[Tab], held: Mapping[str, HeldTab], rows: Mapping[str, Known]) -> list[HandEdit]:
    """The managed cells that hold neither what was last written into them nor what they should. Inputs are none.

    `rows`: which row is whose, by tab. A tab by position is not among them: what stands at a place now says nothing
    about what stood there.
    """
    return [edit for tab in tabs if tab.id in rows for edit in _edits_in(tab, held[tab.id], rows[tab.id])]


def _edits_in(tab: Tab, held: HeldTab, rows: Known) -> Iterator[HandEdit]:
    columns = [
        (place, column, held.place(column.identity))
        for place, column in enumerate(tab.columns)
        if column.identity not in (SAYS, CONFIRM)  # an answer is only said again
    ]
    blank = replace(tab.blank, cells=(None,) * len(tab.columns))
    for row in (*tab.rows, blank):
        found = held.rows[rows.places[row.key]] if row.key in rows.places else None
        written = found.base.written if found and found.base else {}
        for place, column, at in columns:
            if found is None or at is None or column.identity not in written or place in row.inputs:
                continue
            value = found.value(at)
            if not same(value, value_of(row.cells[place])) and not written[column.identity].is_in(value):
                label = "the blank row below the last" if row is blank else str(row.cells[0])
                yield HandEdit(held.title, label, column.name, value, tab.id, row.key)


def said_now(edits: Sequence[HandEdit], at: datetime) -> Restored | None:
    """What the title block says about these hand edits, undone at that wall time; None if there are none."""
    if not edits:
        return None
    words = "; ".join(map(str, edits[:NAMED]))
    return Restored(at, words if len(edits) <= NAMED else f"{words}; and {len(edits) - NAMED} more")


def former_names(tabs: Iterable[Tab], held: Mapping[str, HeldTab]) -> set[str]:
    """The former names of commanders that still stand in their rows."""
    return {
        name
        for tab in tabs
        if tab.id == "commanders" and tab.id in held
        for name in _former_labels(tab, held[tab.id])
    }


def _former_labels(tab: Tab, held: HeldTab) -> Iterator[str]:
    """What Muster wrote into the first column of rows whose label is now another."""
    labels = {row.key: row.cells[0] for row in tab.rows}
    labels |= {key: left.label for key, left in tab.unlisted.items()}
    identity = tab.columns[0].identity
    place = held.place(identity)
    for row in held.rows if place is not None else ():
        value = row.value(place or 0)
        written = (row.base.written if row.base else {}).get(
            LABEL if row.base and row.base.is_left else identity
        )
        is_as_written = isinstance(value, str) and written is not None and written.is_in(value)
        if is_as_written and value != labels.get(row.key or "", value):
            yield str(value)
