"""The points of an event over time, as coordinates of a small picture: `chart.html` draws it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from chalicelib.domain.calendar import GameDay
from chalicelib.services.public_views import EventOnPage

WIDTH, HEIGHT = 320.0, 190.0
LEFT, RIGHT, TOP, BOTTOM = 2.0, 318.0, 16.0, 168.0
"""Where the points lie; below are the days."""
HEADROOM = 1.08
"""How much higher than everything that is shown the picture is."""
APART = 13.0
"""How far lines must lie apart for each to have its number."""
HOUR = timedelta(hours=1)
EVERY, MOST_ROWS = timedelta(hours=24), 14
"""How far the rows of the table lie apart at least, and how many there are at most, besides the last."""
MOST_DAYS = 8
"""How many days have a line and a name: of more, those that are evenly spread."""
MOST_PLACES = 60
"""How many places of the line are drawn, evenly spread: the picture has no more pixels on a phone."""

Place = tuple[float, float]


@dataclass(frozen=True, slots=True)
class TierLine:
    """A tier's line. `has_label`: there is room for its number."""

    threshold: int
    y: float
    has_label: bool


@dataclass(frozen=True, slots=True)
class DayLine:
    """Where a game day begins, and where the middle is of what is shown of it."""

    day: date
    x: float
    middle: float


@dataclass(frozen=True, slots=True)
class Chart:
    """`line`, `band`: coordinates as `points` of SVG has them. The line comes down to zero where it is now; `band` is
    empty without a projection. `official`: where the latest reading is. `rows`: some of the points with their times,
    oldest first."""

    line: str
    band: str
    official: Place | None
    tiers: tuple[TierLine, ...]
    days: tuple[DayLine, ...]
    rows: tuple[tuple[datetime, int], ...]


def chart_of(shown: EventOnPage, game_day: GameDay) -> Chart:
    """The reported points from the beginning to now, what is expected from now on, and the tiers."""
    progress, projection = shown.progress, shown.progress.projection
    begins = min(shown.opens_at, *(milestone.opens_at for milestone in progress.milestones))
    ends = max(shown.reporting_closes_at, *(milestone.closes_at for milestone in progress.milestones))
    until = min(progress.as_of, ends)
    series = _series(shown, begins, until)
    official = progress.official if progress.official and progress.official.read_at >= begins else None
    highest = max(
        progress.best.points,
        projection.high if projection else 0,
        progress.next_tier or (progress.tiers[-1].threshold if progress.tiers else 0),
        1,
    )

    def x(at: datetime) -> float:
        return LEFT + (RIGHT - LEFT) * ((min(at, ends) - begins) / (ends - begins))

    def y(points: int) -> float:
        return BOTTOM - (BOTTOM - TOP) * points / (highest * HEADROOM)

    places = _thinned([(x(at), y(points)) for at, points in series])
    band: list[Place] = []
    if projection:
        start, end = (x(until), y(progress.best.points)), x(projection.at)
        band = [start, (end, y(projection.high)), (end, y(projection.low))]
    return Chart(
        line=_written([*places, (places[-1][0], BOTTOM)]),
        band=_written(band),
        official=(x(official.read_at), y(official.points)) if official else None,
        tiers=_tiers([tier.threshold for tier in progress.tiers if tier.threshold <= highest], y),
        days=tuple(_days(begins, ends, game_day, x)),
        rows=_rows(series),
    )


def _series(shown: EventOnPage, begins: datetime, until: datetime) -> list[tuple[datetime, int]]:
    """The points at the beginning, at the end of each hour that was sampled, and now."""
    hours = sorted(hour for hour in shown.history if begins <= hour < until)
    sampled = [(min(hour + HOUR, until), shown.history[hour]) for hour in hours]
    known = dict([(begins, 0), *sampled, (until, shown.progress.points)])
    return sorted(known.items())


def _tiers(thresholds: Sequence[int], y: Callable[[int], float]) -> tuple[TierLine, ...]:
    """Numbers where they don't cover one another: the highest tier has one."""
    lines: list[TierLine] = []
    labelled = -APART
    for threshold in reversed(thresholds):
        place = y(threshold)
        has_label = place - labelled >= APART
        labelled = place if has_label else labelled
        lines.append(TierLine(threshold, place, has_label))
    return tuple(reversed(lines))


def _days(
    begins: datetime, ends: datetime, game_day: GameDay, x: Callable[[datetime], float]
) -> Iterator[DayLine]:
    first = game_day.date_of(begins)
    number = (game_day.date_of(ends - timedelta(microseconds=1)) - first).days + 1
    for later in range(0, number, -(-number // MOST_DAYS)):
        day = first + timedelta(days=later)
        left, right = x(max(game_day.start(day), begins)), x(game_day.end(day))
        yield DayLine(day, left, (left + right) / 2)


def _rows(series: Sequence[tuple[datetime, int]]) -> tuple[tuple[datetime, int], ...]:
    """Some of them, evenly spread, and the last."""
    apart = max(EVERY, (series[-1][0] - series[0][0]) / MOST_ROWS)
    rows: list[tuple[datetime, int]] = []
    for at, points in reversed(series):
        if not rows or rows[-1][0] - at >= apart:
            rows.append((at, points))
    return tuple(reversed(rows))


def _written(places: Sequence[Place]) -> str:
    """As the attribute `points` has them."""
    return " ".join(f"{round(x, 1):g},{round(y, 1):g}" for x, y in places)


def _thinned(places: Sequence[Place]) -> list[Place]:
    """Up to `MOST_PLACES` of them and the first, evenly spread, counted from the last."""
    step = -(-len(places) // MOST_PLACES)
    return [*places[:1], *reversed(places[:0:-step])]
