"""How good projections are on made-up campaigns, beside a straight line: `python -m bench.projections` writes
docs/projection.md; with `calibrate` it prints `SPREAD` of chalicelib/domain/projection.py instead.
"""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import ceil
from pathlib import Path
from random import Random
from statistics import median

from bench.campaigns import (
    EVERYBODY,
    HOUR,
    MISSED_HOURS,
    NOVEMBER,
    SHAPES,
    SMALL,
    UNSEEN,
    Campaign,
    Shape,
    campaign,
    event_with_tier,
)
from bench.tables import Measurement, verdict
from chalicelib.domain.projection import (
    FEWEST_COMPLETIONS,
    FEWEST_SAMPLES,
    FIRST_HOURS,
    SETTLING_HOURS,
    SPREAD,
    NoProjection,
    outlook_of,
    project,
    range_of,
    reached,
    why_not,
)

PAGE = Path(__file__).parent.parent / "docs" / "projection.md"
CALIBRATION, HELD_OUT = range(40), range(2000, 2040)
"""Seeds: constants were set on the first; what is reported was measured on the second."""
MANY = 300
"""Commanders of a server where luck is small: the spread was calibrated on these."""
EVENT, LAST_MILESTONE, REPORTING = 144, 120, 168
"""Hours from the opening to the end of the event, of its last milestone, and of reporting."""
PERCENTS = tuple(range(10, 100, 10))
BEGINS = FIRST_HOURS + SETTLING_HOURS
"""Hours after the opening of this event: when projections begin."""
HELD = 0.9
"""Of the calibration campaigns, in a range."""

Line = Mapping[float, tuple[float, float]]
"""By hours since the opening: the straight line's range, as multiples of where the line ends."""


@dataclass(frozen=True, slots=True)
class Try:
    """A projection at one moment of a campaign, and what came of it.

    `points` are those of the number that was projected, `since` hours after the opening.
    """

    shape: str
    size: int
    hours: float
    since: float
    completions: int
    points: int
    low: int
    high: int
    final: int
    is_shown: bool

    @property
    def error(self) -> float:
        return abs((self.low + self.high) / 2 - self.final) / self.final

    def line(self, whole: float = EVENT) -> float:
        """Where a straight line from nothing through the points ends, if it goes on for `whole` hours."""
        return self.points * max(1.0, whole / self.since)

    def line_error(self, whole: float = EVENT) -> float:
        return abs(self.line(whole) - self.final) / self.final

    def line_range(self, line: Line) -> tuple[float, float]:
        low, high = line[self.hours]
        return max(self.points, self.line() * low), self.line() * high


def tried(of: Campaign, hours: float, reading_at: float | None = None, samples: int | None = None) -> Try:
    """The projection at `hours`, whether or not it would be shown; from the last `samples` of the history, or all."""
    standing, now = of.standing(hours, reading_at), of.opens_at + hours * HOUR
    if samples is not None:
        last = sorted(standing.history)[-samples:]
        standing = replace(standing, history={hour: standing.history[hour] for hour in last})
    outlook = outlook_of(NOVEMBER, of.game_day, standing, now)
    low, high = range_of(outlook, max(outlook.points, of.points(hours)))
    return Try(
        shape=of.shape.name,
        size=of.size,
        hours=hours,
        since=(outlook.since - of.opens_at) / HOUR,
        completions=sum(standing.totals.completions.values()),
        points=outlook.points,
        low=low,
        high=high,
        final=of.final if outlook.number == "reported" else of.official,
        is_shown=why_not(NOVEMBER, of.game_day, standing, now) is None,
    )


@dataclass(frozen=True, slots=True)
class Crossing:
    """A projection of when a tier is reached, in hours since the opening, and what came of it."""

    first: float | None
    by: float | None
    middle: float
    line: float
    reached: float | None

    @property
    def covers(self) -> bool:
        if self.reached is None:
            return self.by is None
        return self.first is not None and self.first <= self.reached <= (self.by or REPORTING)

    @property
    def errors(self) -> tuple[float, float] | None:
        """How far off the middle and the line were; None if the tier was not reached."""
        if self.reached is None:
            return None
        return abs(self.middle - self.reached), abs(self.line - self.reached)


def crossed(of: Campaign, hours: float) -> Crossing | None:
    """Of the campaign's tier; None if none was shown, or it had been reached."""
    tier = round(Random(of.final).uniform(0.3, 1.1) * of.final)
    points, standing, now = of.points(hours), of.standing(hours), of.opens_at + hours * HOUR
    made = project(event_with_tier(tier), of.game_day, standing, now)
    if points >= tier or isinstance(made, NoProjection):
        return None
    outlook = outlook_of(NOVEMBER, of.game_day, standing, now)

    def since_opening(instant: datetime | None) -> float | None:
        return None if instant is None else (instant - of.opens_at) / HOUR

    middle = since_opening(reached(outlook, (made.low + made.high) // 2, tier, now, made.at))
    return Crossing(
        first=since_opening(made.next_tier_from),
        by=since_opening(made.next_tier_by),
        middle=middle or REPORTING,
        line=min(REPORTING, hours * tier / points),
        reached=of.reached(tier),
    )


def campaigns(seeds: Iterable[int], shapes: Iterable[Shape]) -> list[Campaign]:
    return [campaign(shape, seed) for shape in shapes for seed in seeds]


def spread() -> list[tuple[float, float, float]]:
    """`SPREAD` anew: for each part that may be to come, between which multiples of what was expected 90 % of the
    campaigns came in, over the moments at which that part is the nearest."""
    parts = [part for part, _, _ in SPREAD]
    multiples: dict[float, list[float]] = {part: [] for part in parts}
    for each in campaigns(CALIBRATION, SHAPES):
        for hours in range(BEGINS, REPORTING, 3) if each.size >= MANY else ():
            outlook = outlook_of(NOVEMBER, each.game_day, each.standing(hours), each.opens_at + hours * HOUR)
            to_come = outlook.to_come
            _, nearest = min((abs(part - to_come / (outlook.points + to_come)), part) for part in parts)
            multiples[nearest].append((each.final - outlook.points) / to_come)
    return [(part, *_narrowest(multiples[part])) for part in parts]


def measure() -> str:
    """The page."""
    of = campaigns(HELD_OUT, (*SHAPES, *UNSEEN))
    tries = [tried(each, hours) for each in of for hours in _HOURS if each.points(hours)]
    groups = _groups([one for one in tries if one.is_shown])
    tables = [
        _by_percent(tries, _line(campaigns(CALIBRATION, SHAPES))),
        _by_group("Coverage by shape and size", _COVERAGE, groups, _coverage_in_words),
        _by_group("Error by shape and size", _ERROR, groups, _errors_in_words),
        _tiers(of),
        _readings(of),
        _beginning(of),
        _fewest(),
        _history(of),
    ]
    return "\n".join([_introduction(), "\n\n".join(table.markdown() for table in tables), ""])


def _introduction() -> str:
    shapes = "\n".join(f"- *{shape.name}*: {shape.what}." for shape in SHAPES)
    unseen = "\n".join(f"- *{shape.name}*: {shape.what}." for shape in UNSEEN)
    return f"""\
# Projections on made-up campaigns

Written by `make bench`. How a projection is made, and what it costs, is in
[decision 13](decisions/0013-a-projection-follows-how-reports-come-in.md).

**No record of a real campaign exists.** Neither the game nor any other source lists who completed what, and when. These
are people as we imagine them. The figures say how projections do among such people, no more. All chance is seeded, so
the figures are the same on every machine.

A campaign is Defenders of Peace of November 2023 on one server: five milestones of a day each, a sixth day without one,
and a day more to report in. {EVERYBODY[0]} to {EVERYBODY[1]:,} commanders may take part. Each has a probability of
completing a milestone, and a habit: to report at once, once a day, now and then, or never. Activity has its peak at
some hour of the day, each day has some luck of its own, and {100 * MISSED_HOURS:.0f} % of the hourly samples are
missing. The constants were set on {len(CALIBRATION)} campaigns of each of these shapes:

{shapes}

All that follows was measured on {len(HELD_OUT)} others of each, and on as many of these, on which no constant was set:

{unseen}

Three choices were made with an eye on these too, on other seeds than are reported here: when projections begin, how far
the trend of an event is followed, and how wide the ranges are.

- *Error*: how far the middle of the range was off the final points, the median, in per cent of them.
- *Coverage*: how often the range held the final points, in per cent. It is meant to be 80, also where people behave as
  nobody has foreseen. So the ranges were set to hold 90 % of the calibration campaigns.
- *Width*: of the range, the median, in per cent of the final points.
- *Line*: a straight line from nothing through the points so far to the end of the event. Its range is set in the same
  way, for each moment: the narrowest one that held 90 % of the calibration campaigns.
- *Short line*: a straight line to the end of the last milestone. Who knows the schedule would draw that.
"""


_COVERAGE = """\
Of the projections that are shown. The shapes with an asterisk are those on which nothing was set."""
_ERROR = "Of the projections that are shown, and in brackets that of the line at the same moments."
_HOURS = tuple(percent * EVENT / 100 for percent in PERCENTS)


def _groups(tries: Sequence[Try]) -> dict[str, list[Try]]:
    groups = {
        "all": list(tries),
        "set on": [one for one in tries if one.shape in {shape.name for shape in SHAPES}],
        "not set on*": [one for one in tries if one.shape in {shape.name for shape in UNSEEN}],
    }
    for shape in (*SHAPES, *UNSEEN):
        asterisk = "*" if shape in UNSEEN else ""
        groups[f"{shape.name}{asterisk}"] = [one for one in tries if one.shape == shape.name]
    for low, high in ((30, 99), (100, 299), (300, 999), (1000, 3700)):
        groups[f"{low:,} to {high:,} commanders"] = [one for one in tries if low <= one.size <= high]
    return groups


def _line(of: Iterable[Campaign]) -> Line:
    multiples: dict[float, list[float]] = {hours: [] for hours in _HOURS}
    for each in of:
        for hours in _HOURS:
            if points := each.points(hours):
                multiples[hours].append(each.final / (points * EVENT / hours))
    return {hours: _narrowest(values) for hours, values in multiples.items()}


def _by_percent(tries: Iterable[Try], line: Line) -> Measurement:
    how = f"""\
At so much of the event's {EVENT} hours. *Shown* is the part of the campaigns for which there is a projection; both
lines are measured on the same ones. Where there is none at all, the figures are of what was kept back."""
    rows = []
    for percent, hours in zip(PERCENTS, _HOURS, strict=True):
        there = [one for one in tries if one.hours == hours]
        enough = [one for one in there if one.completions >= FEWEST_COMPLETIONS]
        shown = [one for one in enough if one.is_shown]
        chosen = shown or enough
        ranges = [(one, *one.line_range(line)) for one in chosen]
        whole = [
            len(shown) / len(there),
            _coverage(chosen),
            median((one.high - one.low) / one.final for one in chosen),
            sum(low <= one.final <= high for one, low, high in ranges) / len(ranges),
            median((high - low) / one.final for one, low, high in ranges),
        ]
        errors = _three_errors(chosen)
        cells = *(f"{100 * part:.0f}" for part in whole), *(f"{100 * error:.1f}" for error in errors)
        rows.append([f"{percent} %", *cells, _verdict(errors) if shown else "kept back"])
    columns = (
        *("of the event", "shown", "coverage", "width", "line's coverage", "line's width"),
        *("error", "line's error", "short line's error", "better than the line"),
    )
    return Measurement("Where the event ends", how, columns, rows)


def _by_group(
    title: str, how: str, groups: Mapping[str, Sequence[Try]], words: Callable[[Sequence[Try]], str]
) -> Measurement:
    hours = [hour for hour in _HOURS if any(one.hours == hour for one in groups["all"])]
    rows = [
        [name, *(words([one for one in group if one.hours == hour]) for hour in hours)]
        for name, group in groups.items()
    ]
    return Measurement(title, how, ("", *(f"{100 * hour / EVENT:.0f} %" for hour in hours)), rows)


def _coverage(tries: Sequence[Try]) -> float:
    return sum(one.low <= one.final <= one.high for one in tries) / len(tries)


def _coverage_in_words(tries: Sequence[Try]) -> str:
    return f"{100 * _coverage(tries):.0f}"


def _three_errors(tries: Sequence[Try]) -> tuple[float, float, float]:
    """The medians of the projection's, the line's and the short line's."""
    return (
        median(one.error for one in tries),
        median(one.line_error() for one in tries),
        median(one.line_error(LAST_MILESTONE) for one in tries),
    )


def _errors_in_words(tries: Sequence[Try]) -> str:
    error, line, _ = _three_errors(tries)
    return f"{100 * error:.1f} ({100 * line:.1f})"


def _verdict(errors: Sequence[float]) -> str:
    """Of the projection's error, which is the first, beside the line's."""
    return verdict(errors[0] < errors[1])


def _tiers(of: Sequence[Campaign]) -> Measurement:
    how = """\
Each campaign has one tier, somewhere between 30 and 110 % of its final points; the figures are of the projections that
were shown before it was reached. *Coverage* is how often it was reached within the range, or not at all where the range
left that open. *Width* is the median in hours of the ranges with both ends. *Error* is how far off the middle was, the
median in hours, where the tier was reached: the moment at which the points would get there on their way to the middle
of the range for the end. The line's is that of the moment at which the line gets there. Who doesn't get there in time
is taken to do so at the end of reporting."""
    rows = []
    for percent, hours in zip(PERCENTS, _HOURS, strict=True):
        crossings = [crossing for each in of if (crossing := crossed(each, hours))]
        if crossings:
            widths = [each.by - each.first for each in crossings if each.first and each.by]
            errors = [each.errors for each in crossings if each.errors]
            figures = median(widths), *(median(some) for some in zip(*errors, strict=True))
            covered = sum(each.covers for each in crossings) / len(crossings)
            cells = f"{len(crossings)}", f"{100 * covered:.0f}", *(f"{figure:.1f}" for figure in figures)
            rows.append([f"{percent} %", *cells, _verdict(figures[1:])])
    columns = (
        "of the event",
        "projections",
        "coverage",
        "width",
        "error",
        "line's error",
        "better than the line",
    )
    return Measurement("When the next tier is reached", how, columns, rows)


def _readings(of: Sequence[Campaign]) -> Measurement:
    how = """\
An officer has logged the official points, 1 to 24 hours before. The projection is of these, and *final* are those that
the game has in the end. The lines go through the reading."""
    rows = []
    for percent, hours in zip(PERCENTS, _HOURS, strict=True):
        tries = []
        for each in of:
            reading_at = hours - Random(f"{each.final} {percent}").uniform(1, min(24, hours))
            if each.points(hours):
                tries.append(tried(each, hours, reading_at))
        if shown := [one for one in tries if one.is_shown and one.since < hours]:
            width = median((one.high - one.low) / one.final for one in shown)
            errors = _three_errors(shown)
            whole = (f"{100 * part:.0f}" for part in (_coverage(shown), width))
            cells = *whole, *(f"{100 * error:.1f}" for error in errors)
            rows.append([f"{percent} %", *cells, _verdict(errors)])
    columns = (
        *("of the event", "coverage", "width"),
        *("error", "line's error", "short line's error", "better than the line"),
    )
    return Measurement("Where the official points end, after a reading", how, columns, rows)


def _beginning(of: Sequence[Campaign]) -> Measurement:
    how = f"""\
Why there is none before hour {BEGINS}. Errors by the hour since the opening, shown or not, of the campaigns with at
least {FEWEST_COMPLETIONS} completions."""
    rows = []
    for hours in (8, 12, 16, 20, 24, 28, 32, 36):
        tries = [tried(each, hours) for each in of if each.points(hours) >= 100 * FEWEST_COMPLETIONS]
        errors = _three_errors(tries)
        cells = (f"{100 * error:.1f}" for error in errors)
        rows.append([f"{hours}", *cells, _verdict(errors), "yes" if hours >= BEGINS else "no"])
    columns = "hour", "error", "line's error", "short line's error", "better than the line", "shown"
    return Measurement("Too early", how, columns, rows)


def _fewest() -> Measurement:
    how = f"""\
Why there is none with fewer than {FEWEST_COMPLETIONS} completions. Errors by how many were reported so far, on servers
of {SMALL[0]} to {SMALL[1]} commanders, of all shapes, from hour {BEGINS} on."""
    tries = [
        tried(each, hours)
        for shape in (*SHAPES, *UNSEEN)
        for each in (campaign(shape, seed, SMALL) for seed in HELD_OUT)
        for hours in _HOURS
        if hours >= BEGINS and each.points(hours)
    ]
    rows = []
    for least, most in ((1, 4), (5, 9), (10, 19), (20, 29), (30, 49), (50, 99)):
        some = [one for one in tries if least <= one.completions <= most]
        errors = _three_errors(some)
        cells = (f"{100 * error:.1f}" for error in errors)
        is_shown = "yes" if least >= FEWEST_COMPLETIONS else "no"
        rows.append([f"{least} to {most}", f"{len(some)}", *cells, _verdict(errors), is_shown])
    columns = (
        "completions",
        "tries",
        "error",
        "line's error",
        "short line's error",
        "better than the line",
        "shown",
    )
    return Measurement("Too few", how, columns, rows)


def _history(of: Sequence[Campaign]) -> Measurement:
    how = f"""\
Why there is none with fewer than {FEWEST_SAMPLES} hours of history. In the middle of the event, from the last so many
hours only, of the campaigns with at least {FEWEST_COMPLETIONS} completions."""
    hours = EVENT / 2
    rows = []
    for samples in (6, 12, 18, 24, 36, 72):
        tries = [
            tried(each, hours, None, samples) for each in of if each.points(hours) >= 100 * FEWEST_COMPLETIONS
        ]
        errors = _three_errors(tries)
        cells = (f"{100 * error:.1f}" for error in errors)
        is_shown = "yes" if samples >= FEWEST_SAMPLES else "no"
        rows.append([f"{samples}", _coverage_in_words(tries), *cells, _verdict(errors), is_shown])
    columns = (
        *("hours of history", "coverage", "error", "line's error", "short line's error"),
        *("better than the line", "shown"),
    )
    return Measurement("Too little history", how, columns, rows)


def _narrowest(values: Iterable[float]) -> tuple[float, float]:
    """The narrowest range that holds 90 % of them."""
    ordered = sorted(values)
    inside = ceil(HELD * len(ordered)) - 1
    return min(zip(ordered, ordered[inside:], strict=False), key=lambda ends: ends[1] - ends[0])


def main() -> None:
    """Writes the page."""
    PAGE.write_text(measure(), encoding="utf-8")


if __name__ == "__main__":
    if "calibrate" in sys.argv:
        print("\n".join(f"    ({part:g}, {low:.2f}, {high:.2f})," for part, low, high in spread()))
    else:
        main()
