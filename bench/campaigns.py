"""Made-up campaigns to try projections on. Each commander is simulated, from a seed, the same on every machine.

No record of a real campaign exists: neither the game nor any other source lists who completed what, and when. So these
are assumptions about people, not measurements. A campaign is Defenders of Peace of November 2023 on one server: five
milestones of one day each, a sixth day without one, and a day's grace.

- A *server* has 30 to 3,700 commanders who may take part (log-uniform), a peak hour of the day and, for each day, its
  own luck (log-normal), because some milestones are harder than others.
- A *commander* has a probability of completing a milestone (beta-distributed). It is multiplied by the shape's turnout
  of the day and the day's luck. The hour of completion is drawn from the server's activity, for each milestone.
- A *habit* is how a commander reports. Prompt: within about an hour. Daily: everything at once, at their own hour, on
  most days. Straggling: everything at once, every one to three days. Never: the game counts it, but Muster does not.
- An *alliance* has forty commanders. In some shapes it begins to report later, or its officer enters the reports.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cached_property
from math import cos, exp, log, pi
from random import Random

from chalicelib.catalog import load_catalog
from chalicelib.domain.calendar import GameDay
from chalicelib.domain.events import Event
from chalicelib.domain.standing import Reading, Standing, Totals

NOVEMBER = next(event for event in load_catalog() if event.id == "2023-11-defenders-of-peace")
HOUR = timedelta(hours=1)
EVERYBODY = 30, 3700
SMALL = 5, 150
"""The least and the most commanders who may take part: on servers of all sizes, and on small servers."""
ALLIANCE = 40
"""Commanders of an alliance."""
LUCK = 0.08
"""The spread (of the logarithm) of a day's turnout around the shape's turnout."""
WHIM = 0.25
"""The same for the alliance that is half of a server."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How the people on a server behave. `turnout` is, for each milestone, a factor of each commander's probability."""

    name: str
    what: str
    turnout: tuple[float, float, float, float, float] = (1, 1, 1, 1, 1)
    eagerness: tuple[float, float] = (2.0, 1.2)
    """The two parameters of the beta distribution of the commanders' probabilities."""
    evening: float = 0.5
    """How much activity varies over the day, 0 to 1."""
    rush: float = 0.0
    """How much more is completed in the first hours of a milestone's window, 0 to 1."""
    habits: tuple[float, float, float, float] = (0.45, 0.3, 0.15, 0.1)
    """The shares of commanders with each habit: prompt, daily, straggling, never."""
    saturday: float = 0.8
    """The chance that a daily or straggling reporter still reports after the last milestone has closed."""
    together: bool = False
    """An officer enters all straggling reports of an alliance at once."""
    bulk: float = 0.0
    """The share of alliances whose officer enters all reports every evening."""
    joining_late: float = 0.0
    """The share of alliances that begin to report later, including what they completed before."""
    joins: tuple[float, float] = (48, 72)
    """Between which hours they begin."""
    rally: float = 0.0
    """The share of the commanders who would never report that do so in the last day and a half of the event."""
    giant: float = 0.0
    """The share of commanders in one alliance, each day with luck of its own."""
    outage: float = 0.0
    """For how many hours, on one of the first five days, nothing can be reported."""


SHAPES = (
    Shape("steady", "about the same every day"),
    Shape("strong start", "a third fewer on the last day than on the first, most of them early in the day",
          turnout=(1.2, 1.05, 0.95, 0.85, 0.8), rush=0.6),
    Shape("fading", "a third as many on the last day as on the first", turnout=(1.2, 1, 0.75, 0.55, 0.4)),
    Shape("evening peaks", "nearly all in a few hours of the day", evening=0.95, habits=(0.6, 0.25, 0.05, 0.1)),
    Shape("weekend drop", "Friday at 60 %, and few late reports on Saturday",
          turnout=(1, 1, 1, 0.95, 0.6), saturday=0.35),
    Shape("quiet middle", "half as many on the third and the fourth day, as on a weekend",
          turnout=(1, 1, 0.5, 0.5, 1)),
    Shape("one bad day", "half as many people complete one of the milestones", turnout=(1, 1, 0.5, 1, 1)),
    Shape("late reporters", "most report a day or more late", habits=(0.15, 0.2, 0.55, 0.1), saturday=0.9),
    Shape("quick reporters", "nearly all report at once", habits=(0.85, 0.08, 0.02, 0.05), saturday=0.5),
    Shape("heavy tail", "a few complete everything, most complete little", eagerness=(0.35, 0.8)),
    Shape("slow start", "half take part on the first day, all on the last", turnout=(0.5, 0.7, 0.85, 1, 1.05)),
    Shape("slow spread", "the word spreads from a quarter to all", turnout=(0.28, 0.42, 0.6, 0.8, 1)),
    Shape("joining late", "every third alliance begins to report on the third day", joining_late=0.33),
    Shape("one by one", "half of the alliances begin to report at any time in the first four days",
          joining_late=0.5, joins=(0, 96)),
    Shape("late drive", "fewer in the middle, and a call to everybody on the last day",
          turnout=(1, 0.85, 0.7, 0.8, 1.15)),
    Shape("final rally", "a third more on the last day, and most who had never reported do so by the event's end",
          turnout=(0.8, 0.8, 0.8, 0.85, 1.15), habits=(0.4, 0.25, 0.15, 0.2), rally=0.7),
    Shape("entered together", "half of the reports are entered by officers, an alliance at a time",
          habits=(0.25, 0.15, 0.5, 0.1), together=True),
    Shape("officers' evenings", "in most alliances an officer enters everything in the evening", bulk=0.7),
    Shape("one big alliance", "half of the commanders are in one alliance, and do the same", giant=0.5),
    Shape("outage", "for sixteen hours nothing can be reported", outage=16),
)  # fmt: skip


@dataclass(frozen=True)
class Campaign:
    """What happened, in hours since the event opened. Reports are ordered by the time when they came in."""

    shape: Shape
    size: int
    game_day: GameDay
    reports: tuple[tuple[float, int, int], ...]
    """When it was reported, which milestone (0 to 4), and by which commander."""
    done: tuple[float, ...]
    """When each completion happened in the game, reported or not, in order."""

    @property
    def opens_at(self) -> datetime:
        return NOVEMBER.window(self.game_day).opens_at

    @property
    def final(self) -> int:
        """The reported points at the end."""
        return 100 * len(self.reports)

    @property
    def official(self) -> int:
        """The official points at the end."""
        return 100 * len(self.done)

    @cached_property
    def times(self) -> list[float]:
        return [when for when, _, _ in self.reports]

    def points(self, hours: float) -> int:
        """The reported points, `hours` after the opening."""
        return 100 * bisect_right(self.times, hours)

    def official_points(self, hours: float) -> int:
        """The points that the game shows, `hours` after the opening."""
        return 100 * bisect_right(self.done, hours)

    def reached(self, threshold: int) -> float | None:
        """When that many points had been reported; None if they never were."""
        completions = -(-threshold // 100)
        return self.times[completions - 1] if completions <= len(self.times) else None

    def standing(self, hours: float, reading_at: float | None = None) -> Standing:
        """What Muster knows, `hours` after the opening; the latest reading, if any, was taken at `reading_at`."""
        so_far = self.reports[: bisect_right(self.times, hours)]
        counts = Counter(NOVEMBER.milestones[milestone].id for _, milestone, _ in so_far)
        totals = Totals(len({commander for _, _, commander in so_far}), counts)
        reading = None
        if reading_at is not None:
            at = self.opens_at + reading_at * HOUR
            reading = Reading(self.official_points(reading_at), at, self.points(reading_at))
        return Standing({"all": totals}, {}, reading)


def campaign(shape: Shape, seed: int, sizes: tuple[int, int] = EVERYBODY) -> Campaign:
    """A campaign of that shape, on a server between these sizes; always the same for the same seed."""
    random = Random(f"{shape.name} {seed}")
    size = round(exp(random.uniform(*map(log, sizes))))
    peak = random.uniform(0, 24)
    luck = [factor * random.lognormvariate(0, LUCK) for factor in shape.turnout]
    whims = [random.lognormvariate(0, WHIM) for _ in shape.turnout]
    hours = _activity(shape, peak)
    closes = _hours(NOVEMBER.reporting_closes_at(GameDay()) - NOVEMBER.window(GameDay()).opens_at)
    reports: list[tuple[float, int, int]] = []
    done: list[float] = []
    alliances = [_alliance(random, peak, closes, shape) for _ in range(1 + size // ALLIANCE)]
    for commander in range(size):
        eager = random.betavariate(*shape.eagerness)
        is_giants = commander < shape.giant * size
        alliance = alliances[0 if is_giants else commander // ALLIANCE]
        completed = [
            (24 * day + random.choices(range(24), hours)[0] + random.random(), day)
            for day, factor in enumerate(luck)
            if random.random() < eager * factor * (whims[day] if is_giants else 1)
        ]
        done += [when for when, _ in completed]
        sessions = _sessions(random, alliance, peak, closes, shape)
        for when, day in completed:
            if sessions is None:
                at = when + random.expovariate(1.5)
            else:
                at = min((session for session in sessions if session >= when), default=closes)
            reports.append((max(at, alliance.joins + random.uniform(0, 3)), day, commander))
    game_day = GameDay(time(random.randrange(24)))
    if shape.outage:
        down = random.uniform(24, 120 - shape.outage)
        up = down + shape.outage
        reports = [
            (up + random.expovariate(0.3) if down < at < up else at, day, who) for at, day, who in reports
        ]
    in_time = sorted(report for report in reports if report[0] < closes)
    return Campaign(shape, size, game_day, tuple(in_time), tuple(sorted(done)))


@dataclass(frozen=True, slots=True)
class _Alliance:
    """When it begins to report at all, and when its officer enters reports: every evening, or some now and then."""

    joins: float
    evenings: list[float]
    straggles: list[float]


def _alliance(random: Random, peak: float, closes: float, shape: Shape) -> _Alliance:
    straggles = list(_straggles(random, peak, closes, shape))
    joins = random.uniform(*shape.joins) if random.random() < shape.joining_late else 0.0
    evenings = list(_days(random, peak, closes, shape)) if random.random() < shape.bulk else []
    return _Alliance(joins, evenings, straggles)


def _sessions(
    random: Random, alliance: _Alliance, peak: float, closes: float, shape: Shape
) -> list[float] | None:
    """When a commander reports what they have completed; None: at once."""
    habit = random.choices(("prompt", "daily", "straggling", "never"), shape.habits)[0]
    if habit == "never":
        return [random.uniform(closes - 60, closes - 24)] if random.random() < shape.rally else []
    if alliance.evenings:
        return alliance.evenings
    if habit == "prompt":
        return None
    if habit == "daily":
        return list(_days(random, peak, closes, shape))
    return alliance.straggles if shape.together else list(_straggles(random, peak, closes, shape))


def _activity(shape: Shape, peak: float) -> list[float]:
    """Weights of the 24 hours of a milestone's window."""
    swing = [(1 + cos(2 * pi * (hour + 0.5 - peak) / 24)) / 2 for hour in range(24)]
    return [
        ((1 - shape.evening) + shape.evening * 3 * swing[hour] ** 3) * exp(-shape.rush * hour / 4)
        for hour in range(24)
    ]


def _days(random: Random, peak: float, closes: float, shape: Shape) -> Iterator[float]:
    """When somebody with a daily habit reports: at their own hour, on most days."""
    own = random.gauss(peak + 1, 2) % 24
    for day in range(int(closes // 24)):
        if random.random() < (0.85 if day < 5 else shape.saturday * 0.6):
            yield 24 * day + (own + random.gauss(0, 0.5)) % 24


def _straggles(random: Random, peak: float, closes: float, shape: Shape) -> Iterator[float]:
    """When somebody with a straggling habit reports: every 1 to 3 days, near the peak of activity."""
    day = random.uniform(0, 2.5)
    while 24 * day < closes:
        at = 24 * int(day) + random.gauss(peak, 3) % 24
        if at < 120 or random.random() < shape.saturday:
            yield at
        day += random.uniform(1, 3)


def _hours(span: timedelta) -> float:
    return span / HOUR


def event_with_tier(threshold: int) -> Event:
    """The same event with one tier."""
    tiers = [{"threshold": threshold, "rewards": []}]
    return Event.model_validate(NOVEMBER.model_dump(exclude_unset=True) | {"tiers": tiers})
