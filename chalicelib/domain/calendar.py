"""Game days and windows: how published dates become instants on a server (DESIGN §3.2)."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

WindowStatus = Literal["upcoming", "active", "closed"]


@dataclass(frozen=True, slots=True)
class GameDay:
    """When a server's day begins. Only dates are published, so until an officer sets it, it is assumed."""

    starts_at: time = time(0, 0)
    zone: str = "UTC"
    assumed: bool = True

    def start(self, day: date) -> datetime:
        """The instant, in UTC, at which the game day `day` begins.

        Where the clocks skip the starting hour, the day begins as much later as they skip; where they
        repeat it, at its first occurrence.
        """
        return datetime.combine(day, self.starts_at, zone_info(self.zone)).astimezone(UTC)

    def end(self, day: date) -> datetime:
        """The instant at which the game day `day` ends, which is in the next one."""
        return self.start(day + timedelta(days=1))

    def date_of(self, instant: datetime) -> date:
        """The game day that `instant` is on."""
        day = instant.astimezone(zone_info(self.zone)).date()
        return day if self.start(day) <= instant else day - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """From `opens_at`, which is in it, to `closes_at`, which is not. Both in UTC."""

    opens_at: datetime
    closes_at: datetime

    def status(self, now: datetime) -> WindowStatus:
        if now < self.opens_at:
            return "upcoming"
        return "active" if now < self.closes_at else "closed"


SKEW = timedelta(minutes=1)
"""By so much the clocks of two machines may differ: what one has timed, another compares with this to spare."""


@lru_cache
def zone_info(name: str) -> ZoneInfo:
    """The IANA zone; raises ZoneInfoNotFoundError or ValueError if there is none of that name."""
    return ZoneInfo(name)


def rfc3339(instant: datetime) -> str:
    """The instant as RFC 3339 in UTC, to the millisecond where it has some. The same again of what is read of it."""
    spec = "milliseconds" if instant.microsecond >= 1000 else "seconds"
    return instant.astimezone(UTC).isoformat(timespec=spec).replace("+00:00", "Z")


def in_words(span: timedelta) -> str:
    """`30 seconds`, `15 minutes`, `1 hour`: a whole number of the largest unit that gives one, for texts in English."""
    unit, size = next(pair for pair in _UNITS if not span % pair[1])
    return f"{span // size} {unit}{'' if span == size else 's'}"


_UNITS = [("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1)), ("second", timedelta(seconds=1))]
