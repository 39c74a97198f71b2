"""Where an event will end: a range with its basis, or why there is none (DESIGN §3.7).

docs/decisions/0013 says how it is made and what that costs; docs/projection.md shows how good it is on made-up
campaigns. Public functions take instants; inside, times are hours since the first milestone opened.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise, product
from math import ceil, exp, floor, hypot, log, pi, sin, sqrt
from typing import NamedTuple

from chalicelib.domain.calendar import GameDay
from chalicelib.domain.events import Event
from chalicelib.domain.standing import Basis, Standing

FIRST_HOURS = 24
SETTLING_HOURS = 8
"""There is no projection until `SETTLING_HOURS` after a milestone has closed, or after the first has been open for
`FIRST_HOURS`. Before that it is not known how late people report, and a straight line is better."""
FEWEST_COMPLETIONS = 20
"""There is no projection with fewer completions, because chance decides."""
FEWEST_SAMPLES = 24
"""There is no projection with fewer hours of history: without a day of it, a straight line is better."""

LEAST_READ = 0.1
"""A reading is not used if a smaller part of the event was done when it was taken."""

PEAKS = 0.0, 4.0, 8.0, 12.0, 16.0, 20.0
PROMPT = 0.97, 0.8, 0.5, 0.2
DELAYS = 10.0, 30.0
"""The curves that are tried: the hour of the day at which people are most active, the share of people who report at
once, and the mean delay of the others, in hours."""
SWING = 0.85
"""How much activity varies around its mean during a day."""
MISFIT = 0.015
"""How far a curve may differ from the history, as a part of the points, before its weight drops."""
NEGLIGIBLE = 0.01
"""A curve whose weight is less than this part of the best curve's is left out."""
MOST_SAMPLES = 16
"""How many samples of the history are used, evenly spread. More samples do not make it better."""
FADE = 0.95
FIRMNESS = 3.0
"""`FADE`: the share of people who complete the next milestone too. This assumption gives way to what the event shows:
it weighs as much as the steps between `FIRMNESS` milestones."""
PRIOR = 0.6
"""What earlier milestones let expect of a milestone weighs as much as this share of all its reports."""
SPREAD = (
    (0, 0.00, 3.32),
    (0.02, 0.28, 2.01),
    (0.05, 0.26, 1.27),
    (0.1, 0.30, 1.15),
    (0.2, 0.57, 1.22),
    (0.4, 0.67, 1.26),
    (0.6, 0.78, 1.47),
    (0.75, 0.67, 1.82),
)
"""For the part of the points that is still expected: between which multiples of the expectation 90 % of the calibration
campaigns ended. `python -m bench.projections calibrate` prints it."""
CHANCE = 1.64
"""How many standard deviations on either side hold 90 %: for the chance in a small number of completions."""
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Projection:
    """Where the points will end: a range, the instant it is for, and what it is based on.

    The range is meant to hold in four of five cases, even if people behave in ways that nobody has foreseen. The next
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
    if reason := why_not(event, game_day, standing, now):
        return NoProjection(reason)
    outlook = outlook_of(event, game_day, standing, now)
    best = max(standing.totals.points(event), standing.reading.points if standing.reading else 0)
    low, high = range_of(outlook, best)
    at = event.reporting_closes_at(game_day)
    tier = next((tier.threshold for tier in event.tiers if tier.threshold > best), None)
    first = reached(outlook, high, tier, now, at) if tier else None
    last = reached(outlook, low, tier, now, at) if tier else None
    return Projection(
        low,
        high,
        at,
        basis=_basis(event, game_day, standing, outlook, now),
        next_tier_from=first and max(now, first - HOUR),
        next_tier_by=last and max(now, last),
    )


def why_not(event: Event, game_day: GameDay, standing: Standing, now: datetime) -> str | None:
    """Why there is no projection at `now`; None if there is one."""
    windows = [window for _, window in event.scheduled(game_day)]
    opened = windows[0].opens_at
    a_day = min(opened + FIRST_HOURS * HOUR, *(window.closes_at for window in windows))
    completions = sum(standing.totals.completions.get(milestone.id, 0) for milestone in event.milestones)
    samples = len(_hours_known(standing.history, opened, now))
    if now >= event.reporting_closes_at(game_day):
        return "The event is over: members can no longer report."
    if now < opened:
        return "No milestone has opened yet."
    if now < a_day + SETTLING_HOURS * HOUR:
        since = "the first milestone has closed, or has been open for a day"
        return f"Too early: a projection begins {SETTLING_HOURS} hours after {since}."
    if completions < FEWEST_COMPLETIONS:
        return f"Too few reports: a projection needs {FEWEST_COMPLETIONS} completions, and there are {completions}."
    if samples < FEWEST_SAMPLES:
        return (
            f"Too little history: a projection needs {FEWEST_SAMPLES} hours of it, and there are {samples}."
        )
    return None


def outlook_of(event: Event, game_day: GameDay, standing: Standing, now: datetime) -> "Outlook":
    """What is expected at `now`, even if little is known. A milestone must have opened before."""
    end = event.reporting_closes_at(game_day)
    scheduled = [pair for pair in event.scheduled(game_day) if pair[1].opens_at < end]
    origin = scheduled[0][1].opens_at
    counts = standing.totals.completions
    milestones = [
        _Milestone(
            opens=_hours(origin, window.opens_at),
            closes=_hours(origin, window.closes_at),
            until=_hours(origin, end),
            credit=milestone.credit,
            count=counts.get(milestone.id, 0),
        )
        for milestone, window in scheduled
    ]
    samples = list(_samples(standing.history, _points(milestones), origin, now))
    courses = _courses(milestones, samples, _hours(origin, now))
    reading = standing.reading
    if reading and reading.read_at <= now and reading.points > reading.reported_points:
        read_at = _hours(origin, reading.read_at)
        in_the_game = [(weight, course.in_the_game()) for weight, course in courses]
        if all(course.points(read_at) > LEAST_READ * course.whole for _, course in in_the_game):
            scaled = [(weight, course.through(reading.points, read_at)) for weight, course in in_the_game]
            return Outlook("reading", reading.points, origin, reading.read_at, scaled)
    return Outlook("reported", _points(milestones), origin, now, courses)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is expected: `points` at `since`, and the possible courses from there, each with its weight."""

    number: Basis
    points: int
    origin: datetime
    since: datetime
    courses: "Sequence[tuple[float, _Course]]"

    @property
    def to_come(self) -> float:
        """The points that are expected after `since`."""
        return max(0.0, self._whole - self.points)

    def part(self, at: datetime) -> float:
        """The part of what is still to come that has come by `at`: 0 at `since`, 1 at the end."""
        begun = self._by(self.since)
        if self._whole <= begun:
            return 1.0
        return min(1.0, max(0.0, (self._by(at) - begun) / (self._whole - begun)))

    def _by(self, at: datetime) -> float:
        return sum(weight * course.points(_hours(self.origin, at)) for weight, course in self.courses)

    @property
    def _whole(self) -> float:
        return sum(weight * course.whole for weight, course in self.courses)


def range_of(outlook: Outlook, best: int) -> tuple[int, int]:
    """Between which points the event is expected to end: whole completions, never below the `best` number so far."""
    to_come = outlook.to_come
    if to_come < 1:
        return best, best
    fewest, most = _spread(to_come / (outlook.points + to_come))
    credit = min(milestone.credit for milestone in outlook.courses[0][1].milestones)
    luck = CHANCE * sqrt(to_come * credit)
    least = max(0.0, to_come - hypot(to_come * (1 - fewest), luck))
    low = max(best, outlook.points + credit * floor(least / credit))
    high = outlook.points + credit * ceil((to_come + hypot(to_come * (most - 1), luck)) / credit)
    return low, max(low, high)


def _spread(part: float) -> tuple[float, float]:
    """`SPREAD` if `part` of the points is still to come, interpolated between its rows."""
    part = min(part, SPREAD[-1][0])
    (before, *low), (after, *high) = next(pair for pair in pairwise(SPREAD) if part <= pair[1][0])
    along = (part - before) / (after - before)
    fewest, most = (a + (b - a) * along for a, b in zip(low, high, strict=True))
    return fewest, most


def reached(outlook: Outlook, end: int, tier: int, now: datetime, at: datetime) -> datetime | None:
    """The first full hour, or `at`, by which the points on the way to `end` reach `tier`; None if `end` is below it."""
    if end < tier:
        return None
    hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)

    def points(hours: int) -> float:
        return outlook.points + (end - outlook.points) * outlook.part(hour + hours * HOUR)

    hours = range(ceil((at - hour) / HOUR))
    return min(at, hour + bisect_left(hours, float(tier), key=points) * HOUR)


def _basis(event: Event, game_day: GameDay, standing: Standing, outlook: Outlook, now: datetime) -> str:
    """What the range is based on: facts only."""
    words = ["reported points"]
    if outlook.number == "reading" and standing.reading:
        words = [f"the official points, {standing.reading.coverage or 0:.0%} of them reported at the reading"]
    statuses = [(milestone, window.status(now)) for milestone, window in event.scheduled(game_day)]
    opened = sum(status != "upcoming" for _, status in statuses)
    hours = len(_hours_known(standing.history, outlook.origin, now))
    words.append(f"the pace of {hours} hours and of {opened} of {len(statuses)} milestones")
    if all(status == "closed" for _, status in statuses):
        words.append("all milestones have closed")
    commanders = standing.totals.commanders
    for milestone, status in statuses:
        if status == "active":
            missing = max(0, commanders - standing.totals.completions.get(milestone.id, 0))
            words.append(f"{missing:,} of {commanders:,} commanders have not reported {milestone.name} yet")
    return "; ".join(words)


@dataclass(frozen=True, slots=True)
class _Milestone:
    """A milestone of the event. `count`: reported so far. No report comes in after `until`."""

    opens: float
    closes: float
    until: float
    credit: int
    count: int

    def by_activity(self, peak: float) -> "_Milestone":
        """The same, with its times converted from hours to active hours."""
        opens, closes, until = (_active(hours, peak) for hours in (self.opens, self.closes, self.until))
        return replace(self, opens=opens, closes=closes, until=until)


class _Curve(NamedTuple):
    """How the reports of a milestone come in, in active hours. People complete it evenly over its window. Some report
    at once, the others after an exponentially distributed delay with the mean `delay`."""

    prompt: float
    delay: float

    def reported(self, milestone: _Milestone, at: float) -> float:
        """The share of people who have reported by `at`, if reports were accepted forever."""
        age = at - milestone.opens
        if age <= 0:
            return 0.0
        length = milestone.closes - milestone.opens
        waiting = exp(-max(0.0, age - length) / self.delay) - exp(-age / self.delay)
        return min(1.0, age / length) - (1 - self.prompt) * waiting * self.delay / length

    def share(self, milestone: _Milestone, at: float) -> float:
        """The same share, but only of the people who report in time."""
        return min(1.0, self.reported(milestone, at) / self.reported(milestone, milestone.until))


@dataclass(frozen=True, slots=True)
class _Course:
    """One way in which the event may continue: how many will have reported each milestone in the end, along a curve."""

    peak: float
    curve: _Curve
    milestones: Sequence[_Milestone]
    finals: Sequence[float]

    @property
    def whole(self) -> float:
        """The points at the end."""
        return sum(m.credit * final for m, final in zip(self.milestones, self.finals, strict=True))

    def points(self, hours: float) -> float:
        """The points at `hours`."""
        at = _active(hours, self.peak)
        pairs = zip(self.milestones, self.finals, strict=True)
        return sum(m.credit * final * self.curve.share(m, at) for m, final in pairs)

    def in_the_game(self) -> "_Course":
        """The same as the game counts it: a completion counts at once, and none comes after the milestone closed."""
        return replace(self, milestones=[replace(m, until=m.closes) for m in self.milestones])

    def through(self, points: int, hours: float) -> "_Course":
        """The same in proportion, with `points` at `hours`. It must have some points there."""
        scale = points / self.points(hours)
        return replace(self, finals=[final * scale for final in self.finals])


def _active(hours: float, peak: float) -> float:
    """Hours as activity counts them: they pass faster around the `peak` of a day, and a day has 24 of them."""
    return hours + SWING * 24 / (2 * pi) * sin(2 * pi * (hours - peak) / 24)


def _courses(
    milestones: Sequence[_Milestone], samples: Sequence[tuple[float, float]], now: float
) -> list[tuple[float, _Course]]:
    """The likely courses with their weights. The weight says how well the curve would have produced the history."""
    courses = []
    for peak in PEAKS:
        active = [m.by_activity(peak) for m in milestones]
        moments = [(_active(at, peak), share) for at, share in samples]
        moment = _active(now, peak)
        for prompt, delay in product(PROMPT, DELAYS):
            curve = _Curve(prompt, delay)
            course = _Course(peak, curve, active, _finals(curve, active, moment))
            courses.append((_misfit(curve, active, moments, moment), course))
    best = min(misfit for misfit, _ in courses)
    weighed = [(exp((best - misfit) / (2 * MISFIT**2)), course) for misfit, course in courses]
    likely = [(weight, course) for weight, course in weighed if weight > NEGLIGIBLE]
    whole = sum(weight for weight, _ in likely)
    return [(weight / whole, course) for weight, course in likely]


def _misfit(
    curve: _Curve, milestones: Sequence[_Milestone], samples: Sequence[tuple[float, float]], now: float
) -> float:
    """The mean squared difference between the curve and the samples, given what is reported now."""
    points = _points(milestones)
    by_now = [(m, curve.reported(m, now)) for m in milestones]
    parts = [(m, m.credit * m.count / points / whole) for m, whole in by_now if m.count and whole]
    off = [sum(part * curve.reported(m, at) for m, part in parts) - share for at, share in samples]
    return sum(each * each for each in off) / max(1, len(off))


def _finals(curve: _Curve, milestones: Sequence[_Milestone], now: float) -> list[float]:
    """How many will have reported each milestone: from the curve, and from how many reported the earlier milestones."""
    finals: list[float] = []
    expected = known = 0.0
    trend, seen = FIRMNESS * log(FADE), FIRMNESS
    for m in milestones:
        share = curve.share(m, now)
        prior = PRIOR if known else 0.0
        expected *= exp(trend / seen)
        rate = (m.count + prior * expected) / (share + prior) if share + prior else 0.0
        finals.append(m.count + rate * (1 - share))
        if share:
            if known and min(finals[-2:]) > 0:
                trend += share * log(min(2.0, max(0.5, finals[-1] / finals[-2])))
                seen += share
            expected = (known * expected + share * finals[-1]) / (known + share)
            known += share
    return finals


def _samples(
    history: Mapping[datetime, int], points: int, origin: datetime, now: datetime
) -> Iterator[tuple[float, float]]:
    """Some samples of the history, evenly spread: hours, and the part of `points` at their end. If a correction made
    the points fall, earlier samples are lowered to that."""
    hours = _hours_known(history, origin, now)
    most = points
    for number, hour in enumerate(reversed(hours)):
        most = min(most, history[hour])
        if points and number % -(-len(hours) // MOST_SAMPLES) == 0:
            yield _hours(origin, min(hour + HOUR, now)), most / points


def _hours_known(history: Mapping[datetime, int], origin: datetime, now: datetime) -> list[datetime]:
    """The hours that count: not before the first milestone, and not in the future."""
    return sorted(hour for hour in history if origin <= hour < now)


def _points(milestones: Sequence[_Milestone]) -> int:
    return sum(m.credit * m.count for m in milestones)


def _hours(origin: datetime, instant: datetime) -> float:
    return (instant - origin) / HOUR
