"""The columns with the points of each event, as the tabs of commanders and of alliances have them."""

from collections.abc import Callable

from chalicelib.domain.events import Event
from chalicelib.domain.sheet_view import SheetView
from sheets_sync.tabs import Column, Subject


def current(view: SheetView) -> list[Event]:
    """The events that are not archived, in the view's order."""
    return [shown.event for shown in view.events if not shown.event.archived]


def points_column(event: Event, points: Callable[[Subject, Event], int], width: int) -> Column[Subject]:
    """What the subject of each row has in the event."""
    name = f"{event.name} points"
    return Column(
        name, lambda subject: points(subject, event), width, "count", fuller_names=(f"{name} ({event.id})",)
    )
