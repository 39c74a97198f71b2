"""`IMS Commanders`, in a sheet bound to an alliance: who has what, and who is missing today."""

from collections.abc import Sequence
from datetime import datetime

from chalicelib.domain.cards import last_report
from chalicelib.domain.events import Event
from chalicelib.domain.sheet_view import CommanderView, SheetView
from sheets_sync.content.points import current, points_column
from sheets_sync.content.schedule import Scheduled, scheduled
from sheets_sync.content.wall_time import local_if
from sheets_sync.tabs import Column, Highlight, Row, Tab, row_of, told_apart

NO_REPORT = "none yet"


def commanders_tab(view: SheetView, block: tuple[Row, ...]) -> Tab:
    day = view.game_day
    milestones = list(scheduled(view))
    on_today = [one for one in milestones if one.window.status(view.as_of) == "active"]
    columns: list[Column[CommanderView]] = [
        Column("Commander", lambda one: one.commander.name, 170),
        *(_tick_column(milestone, is_first=place == 0) for place, milestone in enumerate(milestones)),
        *(points_column(event, _points, 110) for event in current(view)),
        Column("Last report", lambda one: local_if(_reported_at(one), day) or NO_REPORT, 140, "time"),
        Column("Missing today", lambda one: _missing(one, on_today), 310),
        Column("Added themselves", lambda one: local_if(_joined_at(one), day), 140, "time"),
        Column("Retired", lambda one: local_if(one.commander.retired_at, day), 140, "time"),
    ]
    return Tab(
        "commanders",
        "IMS Commanders",
        block,
        columns=told_apart(columns),
        rows=tuple(row_of(one.commander.id, one, columns) for one in view.commanders),
        labels=("Commander",),
        highlights=(Highlight("Last report", NO_REPORT, "now"),),
        unlisted={one.id: one.name for one in view.unlisted},
    )


def _tick_column(milestone: Scheduled, *, is_first: bool) -> Column[CommanderView]:
    """The first one is wider, to have room for the times of the title block."""
    name = milestone.milestone.name
    return Column(
        name,
        lambda one: "✓" if _has_done(one, milestone) else None,
        140 if is_first else 100,
        "tick",
        fuller_names=(f"{name} ({milestone.event.event.name})", milestone.id),
    )


def _has_done(one: CommanderView, milestone: Scheduled) -> bool:
    card = one.cards.get(milestone.event.event.id)
    return card is not None and milestone.milestone.id in card.completions


def _points(one: CommanderView, event: Event) -> int:
    card = one.cards.get(event.id)
    return card.points(event) if card else 0


def _reported_at(one: CommanderView) -> datetime | None:
    return last_report(one.cards.values())


def _missing(one: CommanderView, on_today: Sequence[Scheduled]) -> str | None:
    """Nothing is missing from those who have retired."""
    if one.commander.retired_at:
        return None
    return ", ".join(each.milestone.name for each in on_today if not _has_done(one, each)) or None


def _joined_at(one: CommanderView) -> datetime | None:
    """When a member added this commander by reporting; None if an officer did."""
    return one.commander.added_at if one.commander.added_by == "member" else None
