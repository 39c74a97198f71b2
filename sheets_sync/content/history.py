"""`IMS History`, hidden: the numbers of the chart."""

from collections.abc import Callable, Iterator
from datetime import datetime

from chalicelib.domain.calendar import rfc3339
from chalicelib.domain.events import Event
from chalicelib.domain.sheet_view import EventView, SheetView
from sheets_sync.content.wall_time import local
from sheets_sync.tabs import Column, Row, Tab, row_of, told_apart

LEAST_COLUMNS = ("Time", "Points", "Reward at")
"""Without events or tiers, empty columns take their place: a chart needs data, and the title block its width."""


def history_tab(view: SheetView, block: tuple[Row, ...]) -> Tab:
    """A row for each sampled hour of the events: their points then, and their tiers."""
    events = [shown for shown in view.events if not shown.event.archived]
    columns: list[Column[datetime]] = [
        Column("Time", lambda hour: local(hour, view.game_day), 140, "hour"),
        *(column for event in events for column in _columns_of(event)),
    ]
    columns += [Column(name, lambda _hour: None, 140, "count") for name in LEAST_COLUMNS[len(columns) :]]
    hours = sorted({hour for event in events for hour in event.history})
    rows = tuple(row_of(rfc3339(hour), hour, columns) for hour in hours)
    return Tab("history", "IMS History", block, told_apart(columns), rows, ("Time",), is_charted=True)


def _columns_of(shown: EventView) -> Iterator[Column[datetime]]:
    """The event's points, then each of its thresholds, which is the same in every hour."""
    yield _column(shown.event, "points", shown.history.get)
    for tier in shown.event.tiers:
        yield _column(shown.event, f"reward at {tier.threshold:,}", _always(tier.threshold))


def _column(event: Event, line: str, number: Callable[[datetime], int | None]) -> Column[datetime]:
    name = f"{event.name}: {line}"
    return Column(name, number, 140, "count", fuller_names=(f"{name} ({event.id})",))


def _always(number: int) -> Callable[[datetime], int]:
    return lambda _hour: number
