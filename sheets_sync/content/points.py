"""The columns with the points of each event, as the tabs of commanders and of alliances have them."""

from collections.abc import Callable, Iterator

from chalicelib.domain.events import Event
from chalicelib.domain.sheet_view import SheetView
from sheets_sync.content.event_names import event_names
from sheets_sync.tabs import Column, Subject


def current(view: SheetView) -> list[Event]:
    """The events that are not archived, in the view's order."""
    return [shown.event for shown in view.events if not shown.event.archived]


def points_columns(
    view: SheetView, points: Callable[[Subject, Event], int], width: int
) -> Iterator[Column[Subject]]:
    """For each event that is not archived, what the subject of each row has in it."""
    names = event_names(view)
    for event in current(view):
        yield Column(f"{names[event.id]} points", _of(event, points), width, "count")


def _of(event: Event, points: Callable[[Subject, Event], int]) -> Callable[[Subject], int]:
    return lambda subject: points(subject, event)
