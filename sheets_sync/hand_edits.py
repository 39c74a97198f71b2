"""What officers did to Muster's own cells since the last sync: held tabs and tabs to show → hand edits. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sheets_sync.cells import Value, checksum
from sheets_sync.content.title_block import Restored
from sheets_sync.held import HeldTab
from sheets_sync.layout import column_letters
from sheets_sync.tabs import Tab

NAMED = 3
"""So many hand edits are named. If there are more, their number follows."""


@dataclass(frozen=True, slots=True)
class HandEdit:
    """A managed cell that does not hold what was written into it, and is restored."""

    tab: str
    cell: str
    held: Value

    def __str__(self) -> str:
        content = "nothing" if self.held is None else f"“{self.held}”"
        return f"{self.tab}!{self.cell} held {content}"


def hand_edits(tabs: Iterable[Tab], held: Mapping[str, HeldTab]) -> list[HandEdit]:
    """The managed cells that don't hold what was last written into them."""
    return [edit for tab in tabs if tab.id in held for edit in _edits_in(tab, held[tab.id])]


def _edits_in(tab: Tab, held: HeldTab) -> Iterator[HandEdit]:
    """Only in the rows that the tab has now: others are not restored."""
    keys, shown = {row.key for row in tab.all_rows}, held.shown
    for index, row in enumerate(held.rows):
        if row.key in keys:
            for column, written in zip(shown, row.checksums, strict=False):
                value = row.value(column)
                if checksum(value) != written:
                    yield HandEdit(held.title, f"{column_letters(column)}{index + 1}", value)


def said_now(edits: Sequence[HandEdit], at: datetime) -> Restored | None:
    """What the title block says about these hand edits, undone at that wall time; None if there are none."""
    if not edits:
        return None
    words = "; ".join(map(str, edits[:NAMED]))
    return Restored(at, words if len(edits) <= NAMED else f"{words}; and {len(edits) - NAMED} more")


def said_before(held: Mapping[str, HeldTab]) -> Restored | None:
    """What the title block says about earlier hand edits, which it keeps saying."""
    return None


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
    labels = {**{row.key: row.cells[0] for row in tab.rows}, **tab.unlisted}
    place = held.place(tab.header[0])
    if place is None:
        return
    for row in held.rows:
        value = row.value(place)
        is_as_written = row.checksums[:1] == [checksum(value)]
        if isinstance(value, str) and is_as_written and value != labels.get(row.key or "", value):
            yield value
