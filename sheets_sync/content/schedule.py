"""`IMS Schedule`: every milestone on its day."""

from collections.abc import Iterator
from typing import NamedTuple

from chalicelib.domain.calendar import Window
from chalicelib.domain.events import Milestone
from chalicelib.domain.progress import MilestoneProgress
from chalicelib.domain.sheet_view import EventView, SheetView
from sheets_sync.content.event_names import event_names
from sheets_sync.content.wall_time import local
from sheets_sync.content.words import NOT_PUBLISHED
from sheets_sync.tabs import Column, Highlight, Row, Tab, row_of


class Scheduled(NamedTuple):
    """A milestone on its day."""

    event: EventView
    milestone: Milestone
    window: Window

    @property
    def id(self) -> str:
        return self.event.event.global_id(self.milestone)

    @property
    def progress(self) -> MilestoneProgress:
        return next(one for one in self.event.progress.milestones if one.id == self.id)


def scheduled(view: SheetView) -> Iterator[Scheduled]:
    """The milestones of the events that are not archived: by opening, events side by side in the view's order."""
    found = [
        (window.opens_at, place, Scheduled(event, milestone, window))
        for place, event in enumerate(view.events)
        if not event.event.archived
        for milestone, window in event.event.scheduled(view.game_day)
    ]
    for *_, one in sorted(found, key=lambda entry: entry[:2]):
        yield one


def schedule_tab(view: SheetView, block: tuple[Row, ...]) -> Tab:
    day, names = view.game_day, event_names(view)
    columns: tuple[Column[Scheduled], ...] = (
        Column("Date", lambda one: day.date_of(one.window.opens_at), 150, "day"),
        Column("Event", lambda one: names[one.event.event.id], 160),
        Column("Milestone", lambda one: one.milestone.name, 190),
        Column(
            "Objectives",
            lambda one: "; or ".join(one.milestone.objectives or ()) or NOT_PUBLISHED,
            300,
            wraps=True,
        ),
        Column("Points", lambda one: one.milestone.points, 70, "count"),
        Column("Opens", lambda one: local(one.window.opens_at, day), 140, "time"),
        Column("Closes", lambda one: local(one.window.closes_at, day), 140, "time"),
        Column("Status", lambda one: one.progress.status, 90),
        Column("Completions", lambda one: one.progress.completions, 100, "count"),
    )
    rows = tuple(row_of(one.id, one, columns) for one in scheduled(view))
    highlights = (
        Highlight("Status", "active", "now", whole_row=True),
        Highlight("Status", "closed", "soft", whole_row=True),
    )
    return Tab("schedule", "IMS Schedule", block, columns, rows, ("Milestone",), highlights)
