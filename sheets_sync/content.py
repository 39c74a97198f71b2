"""Sheet view → tabs (DESIGN §7). Pure: what the officers see is decided here, and nowhere else."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.binding import Binding
from chalicelib.domain.calendar import GameDay, Window, rfc3339, zone_info
from chalicelib.domain.cards import last_report
from chalicelib.domain.events import Milestone
from chalicelib.domain.progress import Progress, TierProgress
from chalicelib.domain.sheet_view import AllianceView, CommanderView, EventView, SheetView
from chalicelib.domain.standing import Basis, Totals
from sheets_sync.tabs import Column, Content, Highlight, Link, Row, Tab

NOT_PUBLISHED = "not published"
NO_READING = "no reading"
NO_REPORT = "none yet"
REACHED, CORRECTED = "reached", "reached, then corrected below"
NUMBERS: Mapping[Basis, str] = {"reported": "reported points", "reading": "reading"}
"""Which of the two numbers it is that counts."""
BAR_WIDTH = 20


@dataclass(frozen=True, slots=True)
class Restored:
    """Managed cells that somebody had edited by hand: when they were restored (wall time), and what they held."""

    at: datetime
    words: str


def tabs_of(
    view: SheetView, sheet: Binding, restored: Restored | None = None, help_url: str | None = None
) -> list[Tab]:
    """The tabs of the sheet, in the order in which they are made."""
    block = _title_block(view, sheet, restored, help_url)
    tabs = [_progress(view, block), _schedule(view, block), _rewards(view, block)]
    who = _commanders(view, block) if view.alliance else _alliances(view, block)
    return [*tabs, who, _history(view, block)]


def _title_block(
    view: SheetView, sheet: Binding, restored: Restored | None, help_url: str | None
) -> tuple[Row, ...]:
    day = view.game_day
    alliance = f" · [{view.alliance.tag}] {view.alliance.name}" if view.alliance else ""
    assumed = " (assumed: the hour is not published)" if day.assumed else ""
    zone = f"Times are {day.zone}; a game day begins at {day.starts_at:%H:%M}{assumed}"
    synced = local(view.as_of, day)
    failed_at = local(sheet.last_error_at, day) if sheet.last_error_at else None
    return (
        Row("#title", (f"Server {view.server}{alliance} · kept by Muster",)),
        Row("#as-of", ("Data as of", synced, zone)),
        Row("#synced", ("Last successful sync", synced, *([Link(help_url)] if help_url else []))),
        Row("#error", ("Last error", failed_at or "none", sheet.last_error)),
        Row(
            "#restored",
            ("Hand edits undone", restored.at if restored else "none", restored.words if restored else None),
        ),
    )


def _progress(view: SheetView, block: tuple[Row, ...]) -> Tab:
    columns = (
        Column("Event", 170),
        Column("Status", 130),
        Column("Points", 80, "count"),
        Column("Next reward at", 110, "count"),
        Column("Remaining", 90, "count"),
        Column("Progress", 320),
        Column("Completions", 105, "count"),
        Column("Commanders", 105, "count"),
        Column("Completions needed", 105, "count"),
        Column("Commanders needed", 105, "count"),
        Column("Official points", 105, "count"),
        Column("Coverage", 90, "ratio"),
        Column("Projection", 120),
        Column("Next reward expected", 260),
        Column("Basis", 420, wraps=True),
        Column("Counted by", 115),
        Column("Read at", 140, "time"),
    )
    rows = tuple(Row(e.event.id, _progress_cells(e.progress, view.game_day)) for e in view.events)
    highlights = (
        Highlight("Status", "running", "good"),
        Highlight("Status", "reporting", "now"),
        Highlight("Status", "ended", "soft", whole_row=True),
        Highlight("Next reward at", "all reached", "good"),
    )
    return Tab("progress", "IMS Progress", block, columns, rows, ("Event",), highlights)


def _progress_cells(progress: Progress, day: GameDay) -> tuple[Content, ...]:
    """Remaining, bar and what is needed go by the number that counts; the bar says so if that is a reading."""
    last_threshold = progress.tiers[-1].threshold if progress.tiers else None
    goal = progress.next_tier or last_threshold
    official = progress.official
    return (
        progress.name,
        progress.status,
        progress.points,
        progress.next_tier if progress.next_tier else ("all reached" if goal else NOT_PUBLISHED),
        max(0, goal - progress.best.points) if goal else None,
        _bar(progress.best.points / goal, by_reading=progress.best.by == "reading") if goal else None,
        progress.completions,
        progress.commanders,
        progress.needed.completions,
        "none can" if progress.needed.commanders is None else progress.needed.commanders,
        official.points if official else NO_READING,
        NO_READING if progress.coverage is None else progress.coverage,
        _projection(progress),
        _expected(progress, day),
        progress.projection.basis if progress.projection else progress.no_projection,
        NUMBERS[progress.best.by],
        local(official.read_at, day) if official else None,
    )


def _projection(progress: Progress) -> str:
    """A range, never one number. Why there is none stands beside it."""
    if projection := progress.projection:
        return f"{projection.low:,} to {projection.high:,}"
    return "over" if progress.status == "ended" else "not enough data"


def _expected(progress: Progress, day: GameDay) -> str | None:
    """Between which times the next reward is reached, by the projection."""
    projection = progress.projection
    if projection is None or progress.next_tier is None:
        return None
    start, end = projection.next_tier_from, projection.next_tier_by
    if start is None:
        return "not before the end"
    is_now = start <= progress.as_of
    if end is None:
        return "maybe from now on" if is_now else f"maybe from {_wall_time(start, day)}"
    since, until = _wall_time(start, day), _wall_time(end, day)
    same_day = since[: -len("14:00")]
    return f"by {until}" if is_now else f"{since} to {until.removeprefix(same_day)}"


def _schedule(view: SheetView, block: tuple[Row, ...]) -> Tab:
    columns = (
        Column("Date", 150, "day"),
        Column("Event", 160),
        Column("Milestone", 190),
        Column("Objectives", 300, wraps=True),
        Column("Points", 70, "count"),
        Column("Opens", 140, "time"),
        Column("Closes", 140, "time"),
        Column("Status", 90),
        Column("Completions", 100, "count"),
    )
    highlights = (
        Highlight("Status", "active", "now", whole_row=True),
        Highlight("Status", "closed", "soft", whole_row=True),
    )
    day = view.game_day
    rows = []
    for event, milestone, window in _scheduled(view):
        progress = next(m for m in event.progress.milestones if m.id == event.event.global_id(milestone))
        cells: tuple[Content, ...] = (
            day.date_of(window.opens_at),
            event.event.name,
            milestone.name,
            "; or ".join(milestone.objectives) if milestone.objectives else NOT_PUBLISHED,
            milestone.points,
            local(window.opens_at, day),
            local(window.closes_at, day),
            progress.status,
            progress.completions,
        )
        rows.append(Row(progress.id, cells))
    return Tab("schedule", "IMS Schedule", block, columns, tuple(rows), ("Milestone",), highlights)


def _rewards(view: SheetView, block: tuple[Row, ...]) -> Tab:
    columns = (
        Column("Event", 170),
        Column("Points needed", 140, "count"),
        Column("Rewards", 340, wraps=True),
        Column("Status", 190),
        Column("Remaining", 90, "count"),
        Column("Reached at", 140, "time"),
        Column("Reached by", 120),
    )
    highlights = (Highlight("Status", REACHED, "good"), Highlight("Status", CORRECTED, "bad"))
    rows = [
        Row(
            f"{event.event.id}/{tier.threshold}",
            (
                event.event.name,
                tier.threshold,
                "; ".join(map(str, tier.rewards)) or NOT_PUBLISHED,
                _tier_status(tier),
                tier.remaining,
                local(tier.reached_at, view.game_day) if tier.reached_at else None,
                NUMBERS[tier.reached_by] if tier.reached_by else None,
            ),
        )
        for event in view.events
        for tier in event.progress.tiers
    ]
    return Tab("rewards", "IMS Rewards", block, columns, tuple(rows), ("Event", "Points needed"), highlights)


def _commanders(view: SheetView, block: tuple[Row, ...]) -> Tab:
    milestones = list(_scheduled(view))
    current = _current(view)
    told_apart = [
        (milestone.name, f"{milestone.name} ({event.event.name})", event.event.global_id(milestone))
        for event, milestone, _ in milestones
    ]
    first = Column("Commander", 170)
    last = (
        Column("Last report", 140, "time"),
        Column("Missing today", 310),
        Column("Added themselves", 140, "time"),
        Column("Retired", 140, "time"),
    )
    names = _told_apart([*((column.name,) for column in (first, *last)), *told_apart])[1 + len(last) :]
    columns = (
        first,
        *(Column(name, 140 if place == 0 else 100, "tick") for place, name in enumerate(names)),
        *(Column(name, 110, "count") for name in _points_names(current)),
        *last,
    )
    rows = tuple(
        Row(commander.commander.id, _commander_cells(commander, milestones, current, view))
        for commander in view.commanders
    )
    highlights = (Highlight("Last report", NO_REPORT, "now"),)
    unlisted = {one.id: one.name for one in view.unlisted}
    return Tab(
        "commanders",
        "IMS Commanders",
        block,
        columns,
        rows,
        ("Commander",),
        highlights,
        unlisted=unlisted,
    )


def _commander_cells(
    shown: CommanderView,
    columns: list[tuple[EventView, Milestone, Window]],
    current: list[EventView],
    view: SheetView,
) -> tuple[Content, ...]:
    commander, cards, day = shown.commander, shown.cards, view.game_day
    has = {f"{event}/{milestone}" for event, card in cards.items() for milestone in card.completions}
    missing = [
        milestone.name
        for event, milestone, window in columns
        if window.status(view.as_of) == "active" and event.event.global_id(milestone) not in has
    ]
    points = (cards[e.event.id].points(e.event) if e.event.id in cards else 0 for e in current)
    last = last_report(cards.values())
    joined = commander.added_at if commander.added_by == "member" else None
    retired = commander.retired_at
    return (
        commander.name,
        *("✓" if event.event.global_id(milestone) in has else None for event, milestone, _ in columns),
        *points,
        local(last, day) if last else NO_REPORT,
        None if retired else ", ".join(missing) or None,
        local(joined, day) if joined else None,
        local(retired, day) if retired else None,
    )


def _alliances(view: SheetView, block: tuple[Row, ...]) -> Tab:
    current = _current(view)
    columns = (
        Column("Alliance", 200),
        Column("Commanders", 140, "count"),
        Column("Completions", 110, "count"),
        *(Column(name, 130, "count") for name in _points_names(current)),
    )
    rows = tuple(Row(one.alliance.id, _alliance_cells(one, current)) for one in view.alliances)
    return Tab("alliances", "IMS Alliances", block, columns, rows, ("Alliance",))


def _alliance_cells(view: AllianceView, current: list[EventView]) -> tuple[Content, ...]:
    """Commanders are known by event only: here are those of the event that has most."""
    totals = [(event.event, view.totals.get(event.event.id, Totals())) for event in current]
    return (
        f"[{view.alliance.tag}] {view.alliance.name}",
        max((one.commanders for _, one in totals), default=0),
        sum(one.completions.get(m.id, 0) for event, one in totals for m in event.milestones),
        *(one.points(event) for event, one in totals),
    )


def _history(view: SheetView, block: tuple[Row, ...]) -> Tab:
    """The numbers of the chart: a row for each sampled hour of the events, their points then, and their tiers."""
    current = _current(view)
    candidates: list[tuple[str, ...]] = [("Time",)]
    for event in current:
        lines = ["points", *(f"reward at {tier.threshold:,}" for tier in event.event.tiers)]
        candidates += [
            (f"{event.event.name}: {line}", f"{event.event.name}: {line} ({event.event.id})")
            for line in lines
        ]
    filling = ("Points", "Reward at")  # a chart needs something to draw, the title block its width
    candidates += [(name,) for name in filling[len(candidates) - 1 :]]
    time, *numbers = _told_apart(candidates)
    columns = Column(time, 140, "hour"), *(Column(name, 140, "count") for name in numbers)
    rows = []
    for hour in sorted({hour for event in current for hour in event.history}):
        cells: list[Content] = [local(hour, view.game_day)]
        for event in current:
            cells += [event.history.get(hour), *(tier.threshold for tier in event.event.tiers)]
        rows.append(Row(rfc3339(hour), tuple(cells)))
    return Tab("history", "IMS History", block, columns, tuple(rows), ("Time",), is_charted=True)


def _scheduled(view: SheetView) -> Iterator[tuple[EventView, Milestone, Window]]:
    """Every milestone on its day: by opening, events side by side in the view's order."""
    found = [
        (window.opens_at, place, event, milestone, window)
        for place, event in enumerate(view.events)
        if not event.event.archived
        for milestone, window in event.event.scheduled(view.game_day)
    ]
    for _, _, event, milestone, window in sorted(found, key=lambda entry: entry[:2]):
        yield event, milestone, window


def _current(view: SheetView) -> list[EventView]:
    """The events that are not archived, in the view's order."""
    return [event for event in view.events if not event.event.archived]


def _points_names(events: list[EventView]) -> list[str]:
    """Of the columns with the points of each event."""
    return _told_apart([(f"{e.event.name} points", f"{e.event.name} points ({e.event.id})") for e in events])


def _told_apart(candidates: Sequence[Sequence[str]]) -> list[str]:
    """A name for each column: the first of its candidates, or a later one where others have that name too.

    Columns are found again by their names, so no two of a tab may have the same.
    """
    names = [names[0] for names in candidates]
    for level in range(1, max(map(len, candidates), default=0)):
        taken = Counter(names)
        names = [
            longer[min(level, len(longer) - 1)] if taken[name] > 1 else name
            for name, longer in zip(names, candidates, strict=True)
        ]
    return names


def _tier_status(tier: TierProgress) -> str:
    if tier.dropped_below:
        return CORRECTED
    return REACHED if tier.reached else "not reached"


def _bar(ratio: float, *, by_reading: bool) -> str:
    """`████████░░░░░░░░░░░░ 40 % by reading`: full only when it is; readable in any client."""
    full = min(BAR_WIDTH, int(ratio * BAR_WIDTH))
    bar = f"{'█' * full}{'░' * (BAR_WIDTH - full)} {min(100, int(ratio * 100))} %"
    return f"{bar} by {NUMBERS['reading']}" if by_reading else bar


def _wall_time(instant: datetime, day: GameDay) -> str:
    """`Thu 16 Nov 14:00`, in the server's zone."""
    at = local(instant, day)
    return f"{at:%a} {at.day} {at:%b %H:%M}"


def local(instant: datetime, day: GameDay) -> datetime:
    """Wall time in the server's zone, to the second: what a sheet can hold."""
    return instant.astimezone(zone_info(day.zone)).replace(tzinfo=None, microsecond=0)
