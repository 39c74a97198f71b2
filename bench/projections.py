"""How good projections are on made-up campaigns, compared with a straight line. `python -m bench.projections` writes
docs/projection.md; with `calibrate` it prints `SPREAD` for chalicelib/domain/projection.py instead.
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
"""Seeds: the constants were set on the first; the published figures were measured on the second."""
MANY = 300
"""From this number of commanders on, luck matters little: the spread was calibrated on such servers."""
EVENT, LAST_MILESTONE, REPORTING = 144, 120, 168
"""Hours from the opening to the end of the event, of its last milestone, and of reporting."""
PERCENTS = tuple(range(10, 100, 10))
BEGINS = FIRST_HOURS + SETTLING_HOURS
"""Hours after the opening of this event at which projections begin."""
HELD = 0.9
"""The share of the calibration campaigns that a range must hold."""

Line = Mapping[float, tuple[float, float]]
"""For hours since the opening: the straight line's range, as multiples of where the line ends."""


@dataclass(frozen=True, slots=True)
class Try:
    """A projection at one moment of a campaign, and how the campaign really ended.

    `points` are the points of the projected number, `since` hours after the opening.
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
        """Where a straight line from zero through the points ends after `whole` hours."""
        return self.points * max(1.0, whole / self.since)

    def line_error(self, whole: float = EVENT) -> float:
        return abs(self.line(whole) - self.final) / self.final

    def line_range(self, line: Line) -> tuple[float, float]:
        low, high = line[self.hours]
        return max(self.points, self.line() * low), self.line() * high


def tried(of: Campaign, hours: float, reading_at: float | None = None, samples: int | None = None) -> Try:
    """The projection at `hours`, even if it would not be shown; from the last `samples` of the history, or from all."""
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
    """A projection of when a tier is reached, in hours since the opening, and when it really was."""

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
        """By how many hours the middle and the line were wrong; None if the tier was not reached."""
        if self.reached is None:
            return None
        return abs(self.middle - self.reached), abs(self.line - self.reached)


def crossed(of: Campaign, hours: float) -> Crossing | None:
    """The projection for the campaign's tier; None if none was shown, or the tier had been reached."""
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
    """`SPREAD`, calculated again: for each part that may still be to come, between which multiples of the expectation
    90 % of the campaigns ended, over the moments to which that part is the nearest."""
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

Written by `make bench`. [Decision 13](decisions/0013-a-projection-follows-how-reports-come-in.md) says how a projection
is made, and what it costs.

**No record of a real campaign exists.** Neither the game nor any other source lists who completed what, and when. So we
made people up. The figures show how good projections are for such people, and nothing more. All random numbers have
fixed seeds, so the figures are the same on every machine.

A campaign is Defenders of Peace of November 2023 on one server: five milestones of one day each, a sixth day without
one, and one more day for reporting. {EVERYBODY[0]} to {EVERYBODY[1]:,} commanders may take part. Each has a probability
of completing a milestone, and a habit: they report at once, once a day, now and then, or never. Activity peaks at some
hour of the day, each day has its own luck, and {100 * MISSED_HOURS:.0f} % of the hourly samples are missing. The
constants were set on {len(CALIBRATION)} campaigns of each of these shapes:

{shapes}

Everything below was measured on {len(HELD_OUT)} other campaigns of each shape, and on as many of these shapes, on which
no constant was set:

{unseen}

Three choices also took these shapes into account, on other seeds than those reported here: when projections begin, how
far they follow the trend of an event, and how wide the ranges are.

- *Error*: how far the middle of the range was from the final points, in per cent of them (median).
- *Coverage*: how often the range held the final points, in per cent. The aim is 80, even if people behave in ways that
  nobody has foreseen. So the ranges were set to hold 90 % of the calibration campaigns.
- *Width*: the width of the range, in per cent of the final points (median).
- *Line*: a straight line from zero through the points so far to the end of the event. Its range is set in the same way
  for each moment: the narrowest one that held 90 % of the calibration campaigns.
- *Short line*: a straight line to the end of the last milestone. Somebody who knows the schedule would draw it.
"""


_COVERAGE = "For the projections that are shown. No constant was set on the shapes with an asterisk."
_ERROR = "For the projections that are shown. In brackets: the line's error at the same moments."
_HOURS = tuple(percent * EVENT / 100 for percent in PERCENTS)


def _groups(tries: Sequence[Try]) -> dict[str, list[Try]]:
    groups = {
        "all": list(tries),
        "calibration shapes": [one for one in tries if one.shape in {shape.name for shape in SHAPES}],
        "other shapes*": [one for one in tries if one.shape in {shape.name for shape in UNSEEN}],
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
The first column says how much of the event's {EVENT} hours has passed. *Shown* is the share of campaigns, in per cent,
for which a projection is shown; both lines are measured on the same campaigns. If none is shown, the figures are for
the projections that were kept back."""
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
    """The median errors of the projection, the line and the short line."""
    return (
        median(one.error for one in tries),
        median(one.line_error() for one in tries),
        median(one.line_error(LAST_MILESTONE) for one in tries),
    )


def _errors_in_words(tries: Sequence[Try]) -> str:
    error, line, _ = _three_errors(tries)
    return f"{100 * error:.1f} ({100 * line:.1f})"


def _verdict(errors: Sequence[float]) -> str:
    """Whether the projection's error, which comes first, is smaller than the line's."""
    return verdict(errors[0] < errors[1])


def _tiers(of: Sequence[Campaign]) -> Measurement:
    how = """\
Each campaign has one tier, somewhere between 30 and 110 % of its final points. The figures are for the projections that
were shown before it was reached. *Coverage*: how often the tier was reached within the range, or was not reached and
the range left that open. *Width*: the width in hours of the ranges with both ends (median). *Error*: if the tier was
reached, by how many hours the middle was wrong (median). The middle is the moment when the points would reach the tier
on their way to the middle of the range for the end. For the line, it is the moment when the line reaches the tier. One
that does not reach it in time counts as reaching it at the end of reporting."""
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
An officer has logged the official points, 1 to 24 hours before. The projection is for these, and *final* means the
official points at the end. The lines go through the reading."""
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
Why no projection is shown before hour {BEGINS}: the errors by the hour since the opening, shown or not, for the
campaigns with at least {FEWEST_COMPLETIONS} completions."""
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
Why no projection is shown with fewer than {FEWEST_COMPLETIONS} completions: the errors by how many were reported so
far, on servers with {SMALL[0]} to {SMALL[1]} commanders, for all shapes, from hour {BEGINS} on."""
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
Why no projection is shown with fewer than {FEWEST_SAMPLES} hours of history: the errors in the middle of the event, if
only the last hours are known, for the campaigns with at least {FEWEST_COMPLETIONS} completions."""
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
