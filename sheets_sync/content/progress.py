"""`IMS Progress`: where the server stands in each event."""

from collections.abc import Callable
from datetime import datetime

from chalicelib.domain.calendar import GameDay
from chalicelib.domain.progress import Progress
from chalicelib.domain.sheet_view import SheetView
from sheets_sync.content.event_names import event_names
from sheets_sync.content.wall_time import in_words, local
from sheets_sync.content.words import CONFIRM, NOT_PUBLISHED, NUMBERS, says_column
from sheets_sync.tabs import Column, Highlight, Input, Row, Tab, row_of

NO_READING = "no reading"
NONE = "none"
"""The generation of official points where there is no reading."""
BAR_WIDTH = 20


def progress_tab(view: SheetView, block: tuple[Row, ...], *, edits: bool = False) -> Tab:
    """`edits`: what officers edit in it counts."""
    day, names = view.game_day, event_names(view)
    readings = {one.event.id: one.reading or NONE for one in view.events if not one.event.archived}

    def reading(event: Progress) -> Input | None:
        return Input("reading", readings[event.event]) if event.event in readings else None

    confirm: list[Column[Progress]] = [Column(CONFIRM, lambda _: None, 80, "box", input=lambda _: None)]
    columns: tuple[Column[Progress], ...] = (
        Column("Event", lambda event: names[event.event], 170),
        Column("Status", lambda event: event.status, 130),
        Column("Points", lambda event: event.points, 80, "count"),
        Column("Next reward at", _next_reward, 110, "count"),
        Column("Remaining", _remaining, 90, "count"),
        Column("Progress", _bar, 320),
        Column("Completions", lambda event: event.completions, 105, "count"),
        Column("Commanders", lambda event: event.commanders, 105, "count"),
        Column("Completions needed", lambda event: event.needed.completions, 105, "count"),
        Column("Commanders needed", _commanders_needed, 105, "count"),
        Column("Official points", _official_points, 105, "count", input=reading if edits else None),
        Column("Coverage", _coverage, 90, "ratio"),
        Column("Projection", _projection, 120),
        says_column(),
        *(confirm if edits else []),
        Column("Next reward expected", lambda event: expected(event, lambda at: in_words(at, day)), 260),
        Column("Basis", _basis, 420, wraps=True),
        Column("Counted by", lambda event: NUMBERS[event.best.by], 115),
        Column("Read at", lambda event: _read_at(event, day), 140, "time"),
    )
    rows = tuple(row_of(shown.event.id, shown.progress, columns) for shown in view.events)
    highlights = (
        Highlight("Status", "running", "good"),
        Highlight("Status", "reporting", "now"),
        Highlight("Status", "ended", "soft", whole_row=True),
        Highlight("Next reward at", "all reached", "good"),
    )
    return Tab("progress", "IMS Progress", block, columns, rows, ("Event",), highlights)


def _next_reward(event: Progress) -> int | str:
    return event.next_tier or ("all reached" if event.tiers else NOT_PUBLISHED)


def _goal(event: Progress) -> int | None:
    """The threshold that the bar fills up to: the next one, or the last if all are reached."""
    return event.next_tier or (event.tiers[-1].threshold if event.tiers else None)


def _remaining(event: Progress) -> int | None:
    """Goes by the number that counts, as the bar does."""
    goal = _goal(event)
    return max(0, goal - event.best.points) if goal else None


def _bar(event: Progress) -> str | None:
    """`████████░░░░░░░░░░░░ 40 % by official points`."""
    filled = bar(event, BAR_WIDTH)
    return f"{filled} by {NUMBERS['reading']}" if filled and event.best.by == "reading" else filled


def bar(event: Progress, width: int) -> str | None:
    """`████░░░░ 50 %` of the way to the next reward: full only when it is reached; readable in any client."""
    goal = _goal(event)
    if not goal:
        return None
    ratio = event.best.points / goal
    full = min(width, int(ratio * width))
    return f"{'█' * full}{'░' * (width - full)} {min(100, int(ratio * 100))} %"


def _commanders_needed(event: Progress) -> int | str:
    return "none can" if event.needed.commanders is None else event.needed.commanders


def _official_points(event: Progress) -> int | str:
    return event.official.points if event.official else NO_READING


def _coverage(event: Progress) -> float | str:
    return NO_READING if event.coverage is None else event.coverage


def _projection(event: Progress) -> str:
    """A range, never one number. Why there is none stands beside it."""
    if projection := event.projection:
        return f"{projection.low:,} to {projection.high:,}"
    return "over" if event.status == "ended" else "not enough data"


def expected(event: Progress, said: Callable[[datetime], str]) -> str | None:
    """Between which times, each as it is `said`, the next reward is reached, by the projection."""
    projection = event.projection
    if projection is None or event.next_tier is None:
        return None
    start, end = projection.next_tier_from, projection.next_tier_by
    if start is None:
        return "not before the end"
    is_now = start <= event.as_of
    if end is None:
        return "maybe from now on" if is_now else f"maybe from {said(start)}"
    since, until = said(start), said(end)
    same_day = since[: -len("14:00")]
    return f"by {until}" if is_now else f"{since} to {until.removeprefix(same_day)}"


def _basis(event: Progress) -> str | None:
    return event.projection.basis if event.projection else event.no_projection


def _read_at(event: Progress, day: GameDay) -> datetime | None:
    return local(event.official.read_at, day) if event.official else None
