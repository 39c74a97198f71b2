"""`IMS History`, hidden: the numbers of the chart. The headings are the chart's legend, so they are short."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from chalicelib.domain.calendar import rfc3339
from chalicelib.domain.sheet_view import EventView, SheetView
from sheets_sync.content.event_names import event_names
from sheets_sync.content.wall_time import local
from sheets_sync.tabs import Column, Row, Tab, row_of, told_apart

LEAST_COLUMNS = ("Time", "Points", "Reward at")
"""Without events or tiers, empty columns take their place: a chart needs data, and the title block its width."""


def history_tab(view: SheetView, block: tuple[Row, ...]) -> Tab:
    """A row for each sampled hour of the events: their points then, and the rewards' thresholds."""
    events = [shown for shown in view.events if not shown.event.archived]
    names = event_names(view)
    columns: list[Column[datetime]] = [
        Column("Time", lambda hour: local(hour, view.game_day), 140, "hour"),
        *(Column(names[one.event.id], one.history.get, 140, "count") for one in events),
        *_rewards(events, names),
    ]
    columns += [Column(name, lambda _hour: None, 140, "count") for name in LEAST_COLUMNS[len(columns) :]]
    hours = sorted({hour for event in events for hour in event.history})
    rows = tuple(row_of(rfc3339(hour), hour, columns) for hour in hours)
    return Tab(
        "history",
        "IMS History",
        block,
        told_apart(columns),
        rows,
        ("Time",),
        is_charted=True,
        is_by_position=True,
    )


def _rewards(events: list[EventView], names: Mapping[str, str]) -> Iterator[Column[datetime]]:
    """One line for each threshold, however many events share it; with their names where others don't."""
    thresholds = defaultdict(list)
    for shown in events:
        for tier in shown.event.tiers:
            thresholds[tier.threshold].append(names[shown.event.id])
    for threshold, whose in sorted(thresholds.items()):
        of = "" if len(whose) == len(events) else f"{', '.join(whose)}: "
        yield Column(f"{of}reward at {threshold:,}", _always(threshold), 140, "count")


def _always(number: int) -> Callable[[datetime], int]:
    return lambda _hour: number
