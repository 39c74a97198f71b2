"""Where an event will end: a range with its basis, or why there is none (DESIGN §3.7).

docs/decisions/0025 says how it is made and what that costs; docs/projection.md shows how good it is on made-up
campaigns.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import ceil, exp, floor, hypot, log, sqrt

from chalicelib.domain.calendar import GameDay, Window
from chalicelib.domain.events import Event
from chalicelib.domain.standing import Basis, Standing

PROMPT, DELAY = 0.5, 18.0
"""The usual course of a milestone: people complete it evenly over its window; this share of them reports at once, the
others after an exponentially distributed delay with this mean, in hours."""
FIRMNESS, STEP = 2.0, 2.0
"""As many people complete the next milestone, unless the event shows a trend. That "as many" weighs as much as
`FIRMNESS` milestones, and no milestone is taken to differ from the earlier ones by more than the factor `STEP`."""
Spread = Mapping[Basis, Sequence[tuple[float, float, float]]]
"""For each of the two numbers, and for the part of the usual course that is over: the low end takes the first multiple
of what is expected of milestones that can still be completed, and nothing of late reports; the high end takes the
second multiple of both."""
SPREAD: Spread = {
    "reported": ((0.15, 0.50, 2.84), (0.25, 0.48, 3.20), (0.35, 0.59, 2.38), (0.50, 0.59, 2.59), (0.65, 0.64, 2.50),
                 (0.80, 0.50, 2.76), (0.90, 0.46, 3.73), (0.96, 0.00, 5.03), (1.00, 0.00, 7.92)),
    "reading": ((0.15, 0.53, 2.77), (0.25, 0.40, 2.97), (0.40, 0.52, 2.22), (0.60, 0.51, 1.76), (0.80, 0.40, 2.15),
                (0.95, 0.08, 2.51), (1.00, 0.03, 2.63)),
}  # fmt: skip
"""`python -m bench.projections calibrate` prints it."""
FEWEST_COMPLETIONS = 10
"""There is no projection from fewer."""
CHANCE = 1.64
"""How many standard deviations on either side hold 90 %: for the chance in a small number of completions."""
WIDEST = 4
"""A range whose high end is more than so many times its low end is of no use, and is not shown."""
LEAST_READ = 0.3
"""A reading that reports have overtaken is not used if a smaller part of the event was over when it was taken."""
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Projection:
    """Where the points will end: a range, the instant it is for, and what it is based on.

    The range is meant to hold in three of four cases, even if people behave in ways that nobody has foreseen. The next
    tier is reached between `next_tier_from` and `next_tier_by` (full hours, `now` or `at`). If `next_tier_by` is None,
    it may not be reached at all; if both are None, it will not be reached, or there is no tier.
    """

    low: int
    high: int
    at: datetime
    basis: str
    next_tier_from: datetime | None = None
    next_tier_by: datetime | None = None


@dataclass(frozen=True, slots=True)
class NoProjection:
    """Why there is no projection, in words for officers."""

    reason: str


def project(event: Event, game_day: GameDay, standing: Standing, now: datetime) -> Projection | NoProjection:
    """The projection of `event` at `now`: of the official points if a reading is ahead of the reported points."""
    outlook = outlook_of(event, game_day, standing, now)
    if isinstance(outlook, NoProjection):
        return outlook
    low, high = range_of(outlook)
    if high > WIDEST * low:
        return NoProjection(
            f"Too early: the high end of the range would be more than {WIDEST} times its low end."
        )
    tier = next((tier.threshold for tier in event.tiers if tier.threshold > outlook.best), None)
    first, last = reached(outlook, low, high, tier, now) if tier else (None, None)
    return Projection(low, high, outlook.course.end, _basis(standing, outlook, now), first, last)


def outlook_of(
    event: Event, game_day: GameDay, standing: Standing, now: datetime
) -> "Outlook | NoProjection":
    """What is expected at `now`, however wide the range may be."""
    end, counts = event.reporting_closes_at(game_day), standing.totals.completions
    milestones = [
        _Milestone(milestone.name, window, milestone.credit, counts.get(milestone.id, 0))
        for milestone, window in event.scheduled(game_day)
        if window.opens_at < end
    ]
    if now >= end:
        return NoProjection("The event is over: members can no longer report.")
    if not milestones or now < milestones[0].window.opens_at:
        return NoProjection("No milestone has opened yet.")
    completions = sum(m.count for m in milestones)
    if completions < FEWEST_COMPLETIONS:
        needed = f"a projection needs {FEWEST_COMPLETIONS} completions"
        return NoProjection(f"Too few reports: {needed}, and there are {completions}.")
    reported, in_the_game = Course(milestones, end, PROMPT), Course(milestones, end, 1.0)
    finals = _finals(reported, now)
    reading = standing.reading
    points = sum(m.credit * m.count for m in milestones)
    best = max(points, reading.points if reading else 0)
    if reading and reading.read_at <= now and reading.points > reading.reported_points:
        ahead, whole = _still_to_come(in_the_game, finals, reading.read_at)
        come = whole - ahead
        if come > (LEAST_READ * whole if reading.points <= points else 0):
            ahead *= reading.points / come
            return Outlook("reading", reading.points, best, reading.read_at, ahead, 0.0, in_the_game)
    to_come, _ = _still_to_come(reported, finals, now)
    ahead, _ = _still_to_come(in_the_game, finals, now)
    return Outlook("reported", points, best, now, ahead, max(0.0, to_come - ahead), reported)


@dataclass(frozen=True, slots=True)
class _Milestone:
    """`count`: how many have reported it."""

    name: str
    window: Window
    credit: int
    count: int


@dataclass(frozen=True, slots=True)
class Course:
    """The usual course of an event until `end`. With a `prompt` of 1 it is the game's: a completion counts at once."""

    milestones: Sequence[_Milestone]
    end: datetime
    prompt: float

    def part(self, at: datetime) -> float:
        """The part that is over at `at`, by the points that it brings if all milestones are completed by as many."""
        whole = sum(m.credit for m in self.milestones)
        return sum(m.credit * self.share(m, at) for m in self.milestones) / whole

    def share(self, milestone: _Milestone, at: datetime) -> float:
        """The share of a milestone's completions that has come by `at`, of those that come by the end."""
        return self._come(milestone.window, at) / self._come(milestone.window, self.end)

    def _come(self, window: Window, at: datetime) -> float:
        """The same, of those that would come if the end were never."""
        age, length = (at - window.opens_at) / HOUR, (window.closes_at - window.opens_at) / HOUR
        if age <= 0:
            return 0.0
        waiting = exp(-max(0.0, age - length) / DELAY) - exp(-age / DELAY)
        return min(1.0, age / length) - (1 - self.prompt) * waiting * DELAY / length


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is expected, in points: `points` at `since`, `ahead` more for what can still be completed then, and `late`
    for what has been completed but not reported. `best` is the better of the two numbers now."""

    number: Basis
    points: int
    best: int
    since: datetime
    ahead: float
    late: float
    course: Course

    @property
    def part(self) -> float:
        """The part of the usual course that was over at `since`."""
        return self.course.part(self.since)


def range_of(outlook: Outlook, spread: Spread = SPREAD) -> tuple[int, int]:
    """Between which points the event is expected to end: whole completions, never below the best number so far."""
    least, most = _multiples(outlook.part, spread[outlook.number])
    credit = min(milestone.credit for milestone in outlook.course.milestones)

    def luck(points: float) -> float:
        return CHANCE * sqrt(credit * points * (1 + points / outlook.points))

    ahead, to_come = outlook.ahead, outlook.ahead + outlook.late
    fewest = max(0.0, ahead - hypot(ahead * (1 - least), luck(ahead)))
    greatest = to_come + hypot(to_come * (most - 1), luck(to_come))
    low = max(outlook.best, outlook.points + credit * floor(fewest / credit))
    return low, max(low, outlook.points + credit * ceil(greatest / credit))


def reached(
    outlook: Outlook, low: int, high: int, tier: int, now: datetime
) -> tuple[datetime | None, datetime | None]:
    """Between which instants the points reach `tier`: on the way to `high`, and to `low`. None if that end is below it.

    They are full hours, `now`, or the end.
    """
    hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    hours = range(ceil((outlook.course.end - hour) / HOUR))
    begun = outlook.part

    def by(end: int) -> datetime | None:
        """The first full hour by which they have."""
        if end < tier or end == outlook.points:
            return None if end < tier else now
        part = begun + (1 - begun) * (tier - outlook.points) / (end - outlook.points)
        after = bisect_left(hours, part, key=lambda hours: outlook.course.part(hour + hours * HOUR))
        return max(now, min(outlook.course.end, hour + after * HOUR))

    first, last = by(high), by(low)
    return first and max(now, first - HOUR), last


def _still_to_come(course: Course, finals: Sequence[float], at: datetime) -> tuple[float, float]:
    """The points that come after `at` if so many complete each milestone, and all of them."""
    points = [m.credit * final for m, final in zip(course.milestones, finals, strict=True)]
    come = (part * course.share(m, at) for m, part in zip(course.milestones, points, strict=True))
    return sum(points) - sum(come), sum(points)


def _finals(course: Course, now: datetime) -> list[float]:
    """How many will have reported each milestone.

    What is still to come of a milestone follows the level of it and of the earlier ones, moved on by their trend. The
    level is their reports over the shares that have usually come by `now`.
    """
    finals = []
    level = expected = known = trend = 0.0
    seen = FIRMNESS
    for m in course.milestones:
        share = course.share(m, now)
        expected = _near(level, expected * exp(trend / seen))
        if share:
            if m.count and level:
                trend += share * log(_near(level, m.count / share) / level)
                seen += share
            level = expected = (known * expected + m.count) / (known + share)
            known += share
        finals.append(m.count + expected * (1 - share))
    return finals


def _near(level: float, value: float) -> float:
    """The value, but not further from `level` than by the factor `STEP`."""
    return min(level * STEP, max(level / STEP, value))


def _multiples(part: float, rows: Sequence[tuple[float, float, float]]) -> tuple[float, float]:
    """Those for a `part` that is over, interpolated between the rows."""
    part = min(max(part, rows[0][0]), rows[-1][0])
    (before, *low), (after, *high) = next(pair for pair in pairwise(rows) if part <= pair[1][0])
    along = (part - before) / (after - before)
    least, most = (a + (b - a) * along for a, b in zip(low, high, strict=True))
    return least, most


def _basis(standing: Standing, outlook: Outlook, now: datetime) -> str:
    """What the range is based on: facts only."""
    words = ["reported points"]
    if outlook.number == "reading" and standing.reading:
        words = [f"the official points, {standing.reading.coverage or 0:.0%} of them reported at the reading"]
    statuses = [(m, m.window.status(now)) for m in outlook.course.milestones]
    opened = sum(status != "upcoming" for _, status in statuses)
    words.append(f"the counts of {opened} of {len(statuses)} milestones")
    if all(status == "closed" for _, status in statuses):
        words.append("all milestones have closed")
    commanders = standing.totals.commanders
    for m, status in statuses:
        if status == "active":
            missing = max(0, commanders - m.count)
            words.append(f"{missing:,} of {commanders:,} commanders have not reported {m.name} yet")
    return "; ".join(words)
