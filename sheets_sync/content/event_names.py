"""What each event is called in a sheet: events of one name are told apart by their first day."""

from collections import Counter
from collections.abc import Mapping

from chalicelib.domain.events import Event
from chalicelib.domain.sheet_view import SheetView


def event_names(view: SheetView) -> Mapping[str, str]:
    """By event id: the event's name, with its first day where another event of the view has the same name
    (`Defenders of Peace (13 Nov 2023)`), and with its id where that begins on the same day."""
    events = [shown.event for shown in view.events]
    plain, dated = Counter(event.name for event in events), Counter(map(_dated, events))
    return {
        event.id: event.name
        if plain[event.name] == 1
        else _dated(event)
        if dated[_dated(event)] == 1
        else f"{event.name} ({event.id})"
        for event in events
    }


def _dated(event: Event) -> str:
    day = event.begins_on
    return f"{event.name} ({day.day} {day:%b %Y})"
