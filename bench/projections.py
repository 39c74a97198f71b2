"""How good projections are on made-up campaigns, beside a straight line. Writes docs/projection.md.

`python -m bench.projections calibrate` prints `SPREAD` of chalicelib/domain/projection.py instead.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from random import Random
from statistics import median, quantiles

from bench.campaigns import HOUR, NOVEMBER, SHAPES, UNSEEN, Campaign, Shape, campaign, event_with_tier
from bench.tables import Measurement, verdict
from chalicelib.domain.projection import (
    SPREAD,
    Outlook,
    Projection,
    outlook_of,
    project,
    range_of,
    why_not,
)

PAGE = Path(__file__).parent.parent / "docs" / "projection.md"
CALIBRATION, HELD_OUT = range(40), range(1000, 1040)
"""Seeds: constants are set on the first, all that is reported is of the second."""
WHOLE = 144.0
"""Hours of the event, from the opening to the end."""
CLOSED = 120.0
"""Hours after which no milestone is open."""
PERCENTS = tuple(range(10, 100, 10))
AIM = 0.8


@dataclass(frozen=True)
class Try:
    """One campaign at one moment, in hours since the opening."""

    campaign: Campaign
    hours: float
    reading_at: float | None = None

    @cached_property
    def now(self) -> datetime:
        return self.campaign.opens_at + self.hours * HOUR

    @cached_property
    def outlook(self) -> Outlook:
        standing = self.campaign.standing(self.hours, self.reading_at)
        return outlook_of(NOVEMBER, self.campaign.game_day, standing, self.now)

    @cached_property
    def why_not(self) -> str | None:
        standing = self.campaign.standing(self.hours, self.reading_at)
        return why_not(NOVEMBER, self.campaign.game_day, standing, self.now)

    @property
    def points(self) -> int:
        """Of the number that is projected, so far."""
        if self.reading_at is None:
            return self.campaign.points(self.hours)
        return self.campaign.official_points(self.reading_at)

    @property
    def final(self) -> int:
        return self.campaign.final if self.reading_at is None else self.campaign.official

    @cached_property
    def range(self) -> tuple[int, int]:
        return range_of(self.outlook, self.points)

    @property
    def error(self) -> float:
        """Of the middle of the range, as a part of the final points."""
        return abs(sum(self.range) / 2 - self.final) / self.final

    @property
    def covers(self) -> bool:
        return self.range[0] <= self.final <= self.range[1]

    @property
    def width(self) -> float:
        return (self.range[1] - self.range[0]) / self.final

    def line(self, whole: float = WHOLE) -> float:
        """Where a straight line through the points so far ends, which is drawn until `whole`."""
        hours = self.hours if self.reading_at is None else self.reading_at
        return self.points * whole / min(hours, whole)

    def line_error(self, whole: float = WHOLE) -> float:
        return abs(self.line(whole) - self.final) / self.final
