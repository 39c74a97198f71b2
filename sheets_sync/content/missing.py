"""Who has what, and who is still missing for the milestones that are on now."""

from collections.abc import Iterator

from chalicelib.domain.sheet_view import CommanderView, SheetView
from sheets_sync.content.schedule import Scheduled, scheduled


def on_today(view: SheetView) -> Iterator[Scheduled]:
    """The milestones that are on now."""
    return (one for one in scheduled(view) if one.window.status(view.as_of) == "active")


def on_roster(view: SheetView) -> list[CommanderView]:
    """Those of whom reports are expected: nothing is missing from those who have retired."""
    return [one for one in view.commanders if not one.commander.retired_at]


def missing_today(view: SheetView) -> Iterator[tuple[CommanderView, list[Scheduled]]]:
    """The commanders who lack something that is on now, in the view's order, and what each lacks."""
    now = list(on_today(view))
    for one in on_roster(view):
        if lacking := [milestone for milestone in now if not has_done(one, milestone)]:
            yield one, lacking


def has_done(one: CommanderView, milestone: Scheduled) -> bool:
    card = one.cards.get(milestone.event.event.id)
    return card is not None and milestone.milestone.id in card.completions


def share(view: SheetView, milestone: Scheduled) -> str:
    """`31 of 37`: how many of the roster have it."""
    roster = on_roster(view)
    return f"{sum(has_done(one, milestone) for one in roster)} of {len(roster)}"
