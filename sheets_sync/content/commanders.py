"""`IMS Commanders`, in a sheet bound to an alliance: who has what, and who is missing today."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from chalicelib.domain.cards import last_report
from chalicelib.domain.events import Event
from chalicelib.domain.roster import Commander
from chalicelib.domain.sheet_view import CommanderView, SheetView
from sheets_sync.content.event_names import event_names
from sheets_sync.content.missing import has_done, missing_today, on_today, share
from sheets_sync.content.points import points_columns
from sheets_sync.content.schedule import Scheduled, scheduled
from sheets_sync.content.wall_time import local_if
from sheets_sync.content.words import says_column
from sheets_sync.tabs import (
    ABOUT,
    NEW,
    STATE,
    Column,
    Content,
    Highlight,
    Input,
    Left,
    Row,
    Tab,
    row_of,
    told_apart,
)

NO_REPORT = "none yet"
ON_NOW = "on now"


def commanders_tab(view: SheetView, block: tuple[Row, ...], *, edits: bool = False) -> Tab:
    """`edits`: what officers edit in it counts."""
    day, names = view.game_day, event_names(view)
    milestones = list(scheduled(view))
    missing = {
        one.commander.id: ", ".join(each.milestone.name for each in lacking)
        for one, lacking in missing_today(view)
    }
    columns: list[Column[CommanderView]] = [
        Column("Commander", lambda one: one.commander.name, 150, input=_name if edits else None),
        Column("Missing today", lambda one: missing.get(one.commander.id), 210),
        *(_tick_column(milestone, names, view, edits=edits) for milestone in milestones),
        *points_columns(view, _points, 110),
        Column("Last report", lambda one: local_if(_reported_at(one), day) or NO_REPORT, 140, "time"),
        says_column(),
        Column("Added themselves", lambda one: local_if(_joined_at(one), day), 140, "time"),
        Column("Retired", lambda one: local_if(one.commander.retired_at, day), 140, "time"),
    ]
    return Tab(
        "commanders",
        "IMS Commanders",
        _above(view, block, milestones),
        columns=told_apart(columns),
        rows=tuple(row_of(one.commander.id, one, columns) for one in view.commanders),
        labels=("Commander",),
        highlights=(
            Highlight("Missing today", None, "missing", whole_row=True, since=1),
            Highlight("Last report", NO_REPORT, "bad"),
        ),
        marks=ON_NOW,
        blank=Row(NEW, (), {0: Input("name", "")} if edits else {}),
        unlisted={one.id: Left(one.name, _why_left(one, view)) for one in view.unlisted},
    )


def _above(view: SheetView, block: tuple[Row, ...], milestones: Sequence[Scheduled]) -> tuple[Row, ...]:
    """The title block with, above each milestone's column, how many have it, and over that which are on now."""
    now = list(on_today(view))
    said: Mapping[str, list[Content]] = {
        ABOUT: [ON_NOW if one in now else None for one in milestones],
        STATE: [share(view, one) for one in milestones],
    }
    return tuple(replace(row, cells=(*row.cells, None, *said[row.key])) for row in block)


def _tick_column(
    milestone: Scheduled, names: Mapping[str, str], view: SheetView, *, edits: bool
) -> Column[CommanderView]:
    """With `edits`, a box for each commander once the milestone has opened."""
    name = milestone.milestone.name
    fuller = f"{name} ({names[milestone.event.event.id]})", milestone.id
    if not edits:
        return Column(
            name,
            lambda one: "✓" if has_done(one, milestone) else None,
            100,
            "tick",
            False,
            fuller,
            milestone.id,
        )
    has_opened = milestone.window.opens_at <= view.as_of

    def is_box(one: CommanderView) -> bool:
        return has_opened or has_done(one, milestone)

    return Column(
        name,
        lambda one: has_done(one, milestone) if is_box(one) else None,
        100,
        "box",
        fuller_names=fuller,
        id=milestone.id,
        input=lambda one: Input("tick", _generation(one, milestone)) if is_box(one) else None,
    )


def _generation(one: CommanderView, milestone: Scheduled) -> str:
    card = one.cards.get(milestone.event.event.id)
    return str(card.generation(milestone.milestone.id) if card else 0)


def _name(one: CommanderView) -> Input:
    return Input("name", str(one.commander.version))


def _why_left(one: Commander, view: SheetView) -> str:
    if one.into:
        return "became one with another commander"
    if one.moved:
        return f"moved to [{view.tags[one.alliance]}]" if one.alliance in view.tags else "left"
    return "retired"


def _points(one: CommanderView, event: Event) -> int:
    card = one.cards.get(event.id)
    return card.points(event) if card else 0


def _reported_at(one: CommanderView) -> datetime | None:
    return last_report(one.cards.values())


def _joined_at(one: CommanderView) -> datetime | None:
    """When a member added this commander by reporting; None if an officer did."""
    return one.commander.added_at if one.commander.added_by == "member" else None
