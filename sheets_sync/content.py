"""Report → tabs (DESIGN §7). Pure: what the officers see is decided here, and nowhere else."""

from collections.abc import Iterator
from datetime import datetime

from chalicelib.domain.calendar import GameDay, Window, zone_info
from chalicelib.domain.events import Milestone
from chalicelib.domain.progress import Progress, TierProgress
from chalicelib.domain.report import CommanderReport, EventReport, Report, Sheet
from sheets_sync.tabs import Content, Row, Tab

NOT_PUBLISHED = "not published"
NO_READING = "no reading"
BAR_WIDTH = 20


def tabs_of(report: Report, sheet: Sheet) -> list[Tab]:
    """The tabs of the sheet, in the order in which they are made."""
    block = _title_block(report, sheet)
    tabs = [_progress(report, block), _schedule(report, block), _rewards(report, block)]
    return [*tabs, _commanders(report, block)] if report.alliance else tabs


def _title_block(report: Report, sheet: Sheet) -> tuple[tuple[Content, ...], ...]:
    day = report.game_day
    alliance = f" · [{report.alliance.tag}] {report.alliance.name}" if report.alliance else ""
    assumed = " (assumed: the hour is not published)" if day.assumed else ""
    synced = _local(report.as_of, day)
    failed_at = _local(sheet.last_error_at, day) if sheet.last_error_at else None
    return (
        (f"Server {report.server}{alliance} · kept by Muster",),
        ("Data as of", synced, f"Times are {day.zone}; a game day begins at {day.starts_at:%H:%M}{assumed}"),
        ("Last successful sync", synced),
        ("Last error", failed_at or "none", sheet.last_error),
    )


def _progress(report: Report, block: tuple[tuple[Content, ...], ...]) -> Tab:
    header = (
        *(
            "Event",
            "Status",
            "Points",
            "Next reward at",
            "Remaining",
            "Progress",
            "Completions",
            "Commanders",
        ),
        *("Completions needed", "Commanders needed", "Official points", "Coverage", "Projection"),
    )
    rows = tuple(Row(e.event.id, _progress_cells(e.progress)) for e in report.events)
    return Tab("progress", "IMS Progress", block, header, rows)


def _progress_cells(progress: Progress) -> tuple[Content, ...]:
    best = max(progress.points, progress.official.points if progress.official else 0)
    last_threshold = progress.tiers[-1].threshold if progress.tiers else None
    goal = progress.next_tier or last_threshold
    projection = progress.projection
    return (
        progress.name,
        progress.status,
        progress.points,
        progress.next_tier if progress.next_tier else ("all reached" if goal else NOT_PUBLISHED),
        max(0, goal - best) if goal else None,
        _bar(best / goal) if goal else None,
        progress.completions,
        progress.commanders,
        progress.needed.completions,
        "none can" if progress.needed.commanders is None else progress.needed.commanders,
        progress.official.points if progress.official else NO_READING,
        NO_READING if progress.coverage is None else progress.coverage,
        f"{projection.low:,} to {projection.high:,}" if projection else "not enough data",
    )


def _schedule(report: Report, block: tuple[tuple[Content, ...], ...]) -> Tab:
    header = (
        "Date",
        "Event",
        "Milestone",
        "Objectives",
        "Points",
        "Opens",
        "Closes",
        "Status",
        "Completions",
    )
    day = report.game_day
    rows = []
    for event, milestone, window in _scheduled(report):
        progress = next(m for m in event.progress.milestones if m.id == event.event.global_id(milestone))
        cells: tuple[Content, ...] = (
            day.date_of(window.opens_at),
            event.event.name,
            milestone.name,
            "; or ".join(milestone.objectives) if milestone.objectives else NOT_PUBLISHED,
            milestone.points,
            _local(window.opens_at, day),
            _local(window.closes_at, day),
            progress.status,
            progress.completions,
        )
        rows.append(Row(progress.id, cells))
    return Tab("schedule", "IMS Schedule", block, header, tuple(rows))


def _rewards(report: Report, block: tuple[tuple[Content, ...], ...]) -> Tab:
    header = ("Event", "Points needed", "Rewards", "Status", "Remaining", "Reached at")
    rows = [
        Row(
            f"{event.event.id}/{tier.threshold}",
            (
                event.event.name,
                tier.threshold,
                "; ".join(map(str, tier.rewards)),
                _tier_status(tier),
                tier.remaining,
                _local(tier.reached_at, report.game_day) if tier.reached_at else None,
            ),
        )
        for event in report.events
        for tier in event.progress.tiers
    ]
    return Tab("rewards", "IMS Rewards", block, header, tuple(rows))


def _commanders(report: Report, block: tuple[tuple[Content, ...], ...]) -> Tab:
    columns = list(_scheduled(report))
    header = (
        "Commander",
        *(milestone.name for _, milestone, _ in columns),
        *(f"{event.event.name} points" for event in report.events),
        "Last report",
        "Missing today",
    )
    rows = tuple(
        Row(commander.commander.id, _commander_cells(commander, columns, report))
        for commander in report.commanders
    )
    return Tab("commanders", "IMS Commanders", block, header, rows)


def _commander_cells(
    commander: CommanderReport, columns: list[tuple[EventReport, Milestone, Window]], report: Report
) -> tuple[Content, ...]:
    has = {
        f"{event}/{milestone}" for event, card in commander.cards.items() for milestone in card.completions
    }
    reports = [c.recorded_at for card in commander.cards.values() for c in card.completions.values()]
    missing = [
        milestone.name
        for event, milestone, window in columns
        if window.status(report.as_of) == "active" and event.event.global_id(milestone) not in has
    ]
    points = (
        commander.cards[e.event.id].points(e.event) if e.event.id in commander.cards else 0
        for e in report.events
    )
    return (
        commander.commander.name,
        *("✓" if event.event.global_id(milestone) in has else None for event, milestone, _ in columns),
        *points,
        _local(max(reports), report.game_day) if reports else None,
        ", ".join(missing) or None,
    )


def _scheduled(report: Report) -> Iterator[tuple[EventReport, Milestone, Window]]:
    """Every milestone on its day: by opening, events side by side in the report's order."""
    found = [
        (window.opens_at, place, event, milestone, window)
        for place, event in enumerate(report.events)
        for milestone, window in event.event.scheduled(report.game_day)
    ]
    for _, _, event, milestone, window in sorted(found, key=lambda entry: entry[:2]):
        yield event, milestone, window


def _tier_status(tier: TierProgress) -> str:
    if tier.dropped_below:
        return "reached, then corrected below"
    return "reached" if tier.reached else "not reached"


def _bar(ratio: float) -> str:
    """`████████░░░░░░░░░░░░ 40 %`: full only when it is; readable in any client."""
    full = min(BAR_WIDTH, int(ratio * BAR_WIDTH))
    return f"{'█' * full}{'░' * (BAR_WIDTH - full)} {min(100, int(ratio * 100))} %"


def _local(instant: datetime, day: GameDay) -> datetime:
    """Wall time in the server's zone, to the second: what a sheet can hold."""
    return instant.astimezone(zone_info(day.zone)).replace(tzinfo=None, microsecond=0)
