"""How good projections are on made-up campaigns, compared with a straight line. `python -m bench.projections` writes
docs/projection.md; with `calibrate` it prints `SPREAD` for chalicelib/domain/projection.py instead.
"""

import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import median

from bench.campaigns import (
    EVERYBODY,
    HOUR,
    NOVEMBER,
    SHAPES,
    SMALL,
    Campaign,
    Shape,
    campaign,
)
from bench.tables import Measurement
from chalicelib.domain.projection import (
    SPREAD,
    WIDEST,
    NoProjection,
    Outlook,
    Spread,
    outlook_of,
    range_of,
    reached,
)
from chalicelib.domain.standing import Basis

PAGE = Path(__file__).parent.parent / "docs" / "projection.md"
CALIBRATION, HELD_OUT = range(60), range(2000, 2060)
"""Seeds: `SPREAD` was set on the first; the published figures were measured on the second."""
MANY = 300
"""From this number of commanders on, luck matters little: the spread was calibrated on such servers."""
TAIL = 0.125
"""In each shape, at most this share of the calibration campaigns may end below a range, and as many above."""
FEWEST = 10
"""A shape counts for a row of `SPREAD` only with so many outlooks, and in a table only with so many ranges."""
EVENT, LAST_MILESTONE, REPORTING = 144, 120, 168
"""Hours from the opening to the end of the event, of its last milestone, and of reporting."""
HOURS = (36, 42, 48, 60, 72, 84, 96, 108, 120, 132, 144, 156)
"""The moments of the tables, in hours since the opening."""
MOMENTS, READING_AGE = range(28, REPORTING, 4), 6.0
"""When the calibration campaigns were looked at; and once more, with a reading of that age in hours."""

_Row = tuple[str, Basis, float]
Tails = Mapping[_Row, tuple[float, float]]
"""For each shape, number and row: between which multiples all but the tails of its campaigns ended."""


@dataclass(frozen=True, slots=True)
class Try:
    """What was expected of a campaign, `hours` after its opening."""

    campaign: Campaign
    hours: float
    outlook: Outlook

    @property
    def shape(self) -> str:
        return self.campaign.shape.name

    @property
    def final(self) -> int:
        """How the projected number really ended."""
        return self.campaign.final if self.outlook.number == "reported" else self.campaign.official

    def range(self, spread: Spread) -> "Range":
        return Range(self, *range_of(self.outlook, spread))


@dataclass(frozen=True, slots=True)
class Range:
    of: Try
    low: float
    high: float

    @property
    def is_shown(self) -> bool:
        return self.high <= WIDEST * self.low

    @property
    def holds(self) -> bool:
        return self.low <= self.of.final <= self.high

    @property
    def width(self) -> float:
        return (self.high - self.low) / self.of.final


def tried(of: Campaign, hours: float, reading_at: float | None = None) -> Try | None:
    """What is expected at `hours`, however wide the range is; None if too little has been reported."""
    standing, now = of.standing(hours, reading_at), of.opens_at + hours * HOUR
    outlook = outlook_of(NOVEMBER, of.game_day, standing, now)
    return None if isinstance(outlook, NoProjection) else Try(of, hours, outlook)


def tries_of(
    campaigns: Iterable[Campaign], moments: Sequence[float], reading_age: float | None = None
) -> list[Try]:
    return [
        one
        for each in campaigns
        for hours in moments
        if (one := tried(each, hours, None if reading_age is None else hours - reading_age))
    ]


def campaigns(seeds: Iterable[int], shapes: Iterable[Shape] = SHAPES) -> list[Campaign]:
    return [campaign(shape, seed) for shape in shapes for seed in seeds]


def tails_of(calibration: Iterable[Campaign]) -> Tails:
    """For the low end the multiples are of what can still be completed, for the high end of all that is to come."""
    least, most = defaultdict[_Row, list[float]](list), defaultdict[_Row, list[float]](list)
    large = [each for each in calibration if each.size >= MANY]
    after_a_reading = tries_of(large, MOMENTS, READING_AGE)
    for one in tries_of(large, MOMENTS) + [one for one in after_a_reading if one.outlook.number == "reading"]:
        outlook, more = one.outlook, one.final - one.outlook.points
        rows = [row for row, _, _ in SPREAD[outlook.number]]
        key = one.shape, outlook.number, min(rows, key=lambda row: abs(row - outlook.part))
        if outlook.ahead:
            least[key].append(more / outlook.ahead)
        if to_come := outlook.ahead + outlook.late:
            most[key].append(more / to_come)
    return {
        key: (_without_tails(least[key])[0] if least[key] else 0.0, _without_tails(some)[1])
        for key, some in most.items()
        if len(some) >= FEWEST
    }


def spread_of(tails: Tails, without: str | None = None) -> Spread:
    """`SPREAD`, calculated again: in each row wide enough for each single shape, except one."""

    def ends(number: Basis, row: float) -> tuple[float, float]:
        some = [tails[key] for key in tails if key[0] != without and key[1:] == (number, row)]
        return min(low for low, _ in some), max(high for _, high in some)

    return {number: [(row, *ends(number, row)) for row, _, _ in spread] for number, spread in SPREAD.items()}


def _without_tails(values: Iterable[float]) -> tuple[float, float]:
    ordered = sorted(values)
    tail = int(TAIL * len(ordered))
    return ordered[tail], ordered[-1 - tail]


def measure() -> str:
    """The page."""
    calibration = campaigns(CALIBRATION)
    tails, lines = tails_of(calibration), _lines(calibration)
    held_out = campaigns(HELD_OUT)
    left_out = {shape.name: spread_of(tails, without=shape.name) for shape in SHAPES}
    tries = tries_of(held_out, HOURS)
    ranges = [one.range(left_out[one.shape]) for one in tries]
    straight = [_along_the_line(one, lines) for one in tries]
    tables = [
        _by_hour(ranges, straight),
        _by_shape("Coverage by shape", _COVERAGE, ranges),
        _by_shape("Coverage of the straight line by shape", _LINE, straight),
        _tiers(ranges),
        _readings(held_out, left_out),
        _small(left_out),
    ]
    return "\n".join([_introduction(), "\n\n".join(table.markdown() for table in tables), ""])


def _introduction() -> str:
    shapes = "\n".join(f"- *{shape.name}*: {shape.what}." for shape in SHAPES)
    return f"""\
# Projections on made-up campaigns

Written by `make bench`. [Decision 25](decisions/0025-a-range-that-holds-where-the-past-does-not-bind.md) says how a
projection is made, and what it costs.

**No record of a real campaign exists.** Neither the game nor any other source lists who completed what, and when. So we
made people up. The figures show how good projections are for such people, and nothing more. All random numbers have
fixed seeds, so the figures are the same on every machine.

A campaign is Defenders of Peace of November 2023 on one server: five milestones of one day each, a sixth day without
one, and one more day for reporting. {EVERYBODY[0]} to {EVERYBODY[1]:,} commanders may take part. Each has a probability
of completing a milestone, and a habit: they report at once, once a day, now and then, or never. Activity peaks at some
hour of the day, and each day has its own luck. There are {len(SHAPES)} shapes:

{shapes}

**Each shape was left out in turn.** The width of the ranges was set on {len(CALIBRATION)} campaigns of each of the
other shapes, and tried on {len(HELD_OUT)} new campaigns of the one left out. So these figures show what to expect of
people who behave in a way that nobody has foreseen. The table in the code is set on all shapes. The other constants
were set by hand, on campaigns of all shapes, and are the same for all.

- *Answered*: for how many campaigns a range is shown, in per cent. There is none where its high end would be more than
  {WIDEST} times its low end.
- *Coverage*: how often the range held the final points, in per cent of those shown. The aim is 75 in every shape.
- *Width*: the width of the range, in per cent of the final points (median).
- *Line*: a straight line from zero through the points so far to the end of the event. Its range is set in the same way,
  for each moment: as wide as the other shapes need.
- The hours are those since the opening. The event lasts {EVENT}, its last milestone closes after {LAST_MILESTONE}, and
  reporting after {REPORTING}.
"""


_COVERAGE = "By hours since the opening. A dash: fewer than ten ranges are shown."
_LINE = "The same for the straight line, at the same moments of the same campaigns."
Lines = Mapping[float, Mapping[str, tuple[float, float]]]
"""For each hour and shape: between which multiples of where the line ends all but the tails of its campaigns ended."""


def _line(one: Try) -> float:
    """Where a straight line from zero through the points ends at the end of the event."""
    since = (one.outlook.since - one.outlook.course.milestones[0].window.opens_at) / HOUR
    return one.outlook.points * max(1.0, EVENT / since)


def _lines(calibration: Iterable[Campaign]) -> Lines:
    multiples: dict[float, dict[str, list[float]]] = {hours: {} for hours in HOURS}
    for one in tries_of(calibration, HOURS):
        multiples[one.hours].setdefault(one.shape, []).append(one.final / _line(one))
    return {
        hours: {shape: _without_tails(some) for shape, some in by_shape.items()}
        for hours, by_shape in multiples.items()
    }


def _along_the_line(one: Try, lines: Lines) -> Range:
    ends = [ends for shape, ends in lines[one.hours].items() if shape != one.shape]
    least, most = min(low for low, _ in ends), max(high for _, high in ends)
    return Range(one, max(one.outlook.points, _line(one) * least), _line(one) * most)


def _by_hour(ranges: Sequence[Range], straight: Sequence[Range]) -> Measurement:
    how = f"""\
Over all shapes, each left out in turn. *Worst shape*: the lowest coverage of a shape with at least {FEWEST} ranges."""
    rows = []
    for hours in HOURS:
        both = [pair for pair in zip(ranges, straight, strict=True) if pair[0].of.hours == hours]
        shown = [pair for pair in both if pair[0].is_shown]
        cells = [f"{hours}", _percent(len(shown) / len(both))]
        for some in zip(*shown, strict=True) if shown else ():
            by_shape = [of_shape for of_shape in _grouped(some).values() if len(of_shape) >= FEWEST]
            worst = min((_coverage(of_shape) for of_shape in by_shape), default=None)
            width = median(one.width for one in some)
            cells += [_percent(part) for part in (_coverage(some), worst, width)]
        rows.append([*cells, *["–"] * (8 - len(cells))])
    columns = "coverage", "worst shape", "width"
    return Measurement(
        "Where the event ends",
        how,
        ("hours", "answered", *columns, *(f"line's {one}" for one in columns)),
        rows,
    )


def _by_shape(title: str, how: str, ranges: Iterable[Range]) -> Measurement:
    rows = []
    for shape, some in _grouped(ranges).items():
        shown = [one for one in some if one.is_shown]
        cells = [_percent(len(shown) / len(some)), _percent(_coverage(shown))]
        for hours in HOURS:
            there = [one for one in shown if one.of.hours == hours]
            cells.append(_percent(_coverage(there) if len(there) >= FEWEST else None))
        rows.append([shape, *cells])
    return Measurement(title, how, ("shape", "answered", "all", *map(str, HOURS)), rows)


def _tiers(ranges: Iterable[Range]) -> Measurement:
    how = """\
Each campaign has one tier, somewhere between 30 and 110 % of its final points. The figures are for the ranges that were
shown before it was reached. *Coverage*: how often the tier was reached within its range of times, or was not reached
and the range left that open. *Width*: in hours, of the ranges with both ends (median)."""
    rows = []
    for hours in HOURS:
        held, widths = [], []
        for one in ranges:
            of = one.of.campaign
            tier = round(Random(of.final).uniform(0.3, 1.1) * of.final)
            if one.of.hours != hours or not one.is_shown or one.of.outlook.points >= tier:
                continue
            now = of.opens_at + hours * HOUR
            first, last = reached(one.of.outlook, int(one.low), int(one.high), tier, now)
            really = of.reached(tier)
            at = of.opens_at + really * HOUR if really else None
            held.append(last is None if at is None else first is not None and first <= at <= (last or at))
            widths += [(last - first) / HOUR] if first and last else []
        if len(held) >= FEWEST:
            width = f"{median(widths):.0f}" if widths else "–"
            rows.append([f"{hours}", f"{len(held)}", _percent(sum(held) / len(held)), width])
    return Measurement(
        "When the next tier is reached", how, ("hours", "projections", "coverage", "width"), rows
    )


def _readings(held_out: Sequence[Campaign], left_out: Mapping[str, Spread]) -> Measurement:
    how = """\
An officer has logged the official points, 1 to 24 hours before. The projection is for these, and *final* means the
official points at the end. Each shape is left out in turn."""
    rows = []
    for hours in HOURS:
        ages = (Random(f"{each.final} {hours}").uniform(1, 24) for each in held_out)
        tries = [
            tried(each, hours, hours - age) for each, age in zip(held_out, ages, strict=True) if each.final
        ]
        ranges = [one.range(left_out[one.shape]) for one in tries if one and one.outlook.number == "reading"]
        shown = [one for one in ranges if one.is_shown]
        if len(shown) >= FEWEST:
            by_shape = [some for some in _grouped(shown).values() if len(some) >= FEWEST]
            worst = min((_coverage(some) for some in by_shape), default=None)
            width = median(one.width for one in shown)
            parts = len(shown) / len(ranges), _coverage(shown), worst, width
            rows.append([f"{hours}", *map(_percent, parts)])
    columns = "hours", "answered", "coverage", "worst shape", "width"
    return Measurement("Where the official points end, after a reading", how, columns, rows)


def _small(left_out: Mapping[str, Spread]) -> Measurement:
    how = f"""\
Servers with {SMALL[0]} to {SMALL[1]} commanders, of all shapes, each left out in turn, at all hours above: by how many
completions had been reported."""
    small = [campaign(shape, seed, SMALL) for shape in SHAPES for seed in HELD_OUT]
    ranges = [one.range(left_out[one.shape]) for one in tries_of(small, HOURS)]
    rows = []
    for least, most in ((10, 19), (20, 49), (50, 99), (100, 500)):
        some = [one for one in ranges if least <= one.of.outlook.points / 100 <= most]
        shown = [one for one in some if one.is_shown]
        parts = len(shown) / len(some), _coverage(shown), median(one.width for one in shown)
        rows.append([f"{least} to {most}", f"{len(some)}", *map(_percent, parts)])
    return Measurement("Small servers", how, ("completions", "tries", "answered", "coverage", "width"), rows)


def _grouped(ranges: Iterable[Range]) -> dict[str, list[Range]]:
    groups: dict[str, list[Range]] = {}
    for one in ranges:
        groups.setdefault(one.of.shape, []).append(one)
    return groups


def _coverage(ranges: Sequence[Range]) -> float:
    return sum(one.holds for one in ranges) / len(ranges)


def _percent(part: float | None) -> str:
    return "–" if part is None else f"{100 * part:.0f}"


def main() -> None:
    """Writes the page."""
    PAGE.write_text(measure(), encoding="utf-8")


if __name__ == "__main__":
    if "calibrate" in sys.argv:
        for number, rows in spread_of(tails_of(campaigns(CALIBRATION))).items():
            print(number, *("({:.2f}, {:.2f}, {:.2f}),".format(*row) for row in rows), sep="\n")
    else:
        main()
