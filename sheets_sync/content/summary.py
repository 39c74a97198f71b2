"""The one sentence that an officer needs, above every tab."""

from collections.abc import Iterator

from chalicelib.domain.progress import Progress
from chalicelib.domain.sheet_view import EventView, SheetView
from sheets_sync.content.event_names import event_names
from sheets_sync.content.missing import missing_today, on_roster, on_today
from sheets_sync.content.wall_time import in_words

_PHASES = {"running": "now", "reporting": "now", "upcoming": "soon", "ended": "over"}


def summary(view: SheetView) -> str:
    """`Defenders of Peace 8,300 of 8,925, 7 completions to go; 6 of 37 missing today`: of the events that run; or, if
    none does, of those that come, or have ended."""
    names = event_names(view)
    said = [_where_it_stands(names[shown.event.id], shown, view) for shown in sides(view)]
    return "; ".join([*said, *_missing(view)]) or "No events are defined"


def sides(view: SheetView) -> list[EventView]:
    """The events to speak of, in the view's order: those that run or can still be reported for, or else those that
    come, or else those that have ended."""
    shown = [one for one in view.events if not one.event.archived]
    phases = [_PHASES[one.progress.status] for one in shown]
    return [one for one, phase in zip(shown, phases, strict=True) if phase == phases[0]]


def standing(event: Progress) -> str:
    """`8,300 of 8,925`: the number that counts, of the next reward, or of the last if all are reached."""
    goal = event.next_tier or (event.tiers[-1].threshold if event.tiers else None)
    return f"{event.best.points:,} of {goal:,}" if goal else f"{event.best.points:,}"


def to_go(event: Progress) -> str:
    """`7 completions to go`, while any can still be reported; or by how much a reward was missed."""
    if not event.tiers:
        return "rewards not published"
    if event.next_tier is None:
        return "all rewards reached"
    if event.status == "ended":
        return f"{event.next_tier - event.best.points:,} points short"
    number = event.needed.completions
    return f"{number:,} completion{'' if number == 1 else 's'} to go"


def _where_it_stands(name: str, shown: EventView, view: SheetView) -> str:
    event = shown.progress
    if event.status == "upcoming":
        return f"{name} begins {in_words(shown.event.window(view.game_day).opens_at, view.game_day)}"
    return f"{name} {standing(event)}, {to_go(event)}"


def _missing(view: SheetView) -> Iterator[str]:
    roster = on_roster(view)
    if roster and any(on_today(view)):
        missing = sum(1 for _ in missing_today(view))
        yield f"{missing} of {len(roster)} missing today" if missing else "nobody is missing today"
