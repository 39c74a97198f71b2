"""What keeps Muster from writing all of a sheet, and what officers can do about it, in words. Pure."""

from collections.abc import Iterator, Mapping, Sequence

from sheets_sync.held import HeldTab
from sheets_sync.known import Known
from sheets_sync.shape import are_rows_stuck
from sheets_sync.tabs import Tab


def in_the_way(
    refusal: str | None, tabs: Sequence[Tab], held: Mapping[str, HeldTab], rows: Mapping[str, Known]
) -> Iterator[str]:
    """`refusal`: what Google answered to more than plain values."""
    stuck = [
        held[tab.id].title
        for tab in tabs
        if tab.id in rows and are_rows_stuck(tab, held[tab.id], rows[tab.id])
    ]
    if refusal:
        yield (
            "Only values are up to date here: rows are not sorted, and nothing new is added. "
            f"{refusal} Unmerge cells and open protected areas in Muster's tabs; it is tried again every hour."
        )
    elif stuck:
        yield f"Rows are not sorted in {' and '.join(stuck)}, because cells are merged over several rows: unmerge them."
