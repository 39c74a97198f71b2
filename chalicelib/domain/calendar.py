"""Game days and windows: how published dates become instants on a server (DESIGN §3.2)."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

WindowStatus = Literal["upcoming", "active", "closed"]


@dataclass(frozen=True, slots=True)
class GameDay:
    """When a server's day begins. Only dates are published, so it is assumed until an admin sets it."""

    starts_at: time = time(0, 0)
    zone: str = "UTC"
    assumed: bool = True

    def start(self, day: date) -> datetime:
        """The instant, in UTC, at which the game day `day` begins.

        If the clocks skip the starting hour, the day begins later by as much as they skip. If they repeat it, the day
        begins at the first occurrence.
        """
        return datetime.combine(day, self.starts_at, zone_info(self.zone)).astimezone(UTC)

    def end(self, day: date) -> datetime:
        """The instant at which the game day `day` ends. It belongs to the next day."""
        return self.start(day + timedelta(days=1))

    def window(self, first: date, last: date) -> "Window":
        """From the beginning of the game day `first` to the end of `last`."""
        return _window(first, last, self.starts_at, self.zone)

    def local(self, instant: datetime) -> datetime:
        """The instant in the server's zone."""
        return instant.astimezone(zone_info(self.zone))

    def date_of(self, instant: datetime) -> date:
        """The game day of `instant`."""
        day = self.local(instant).date()
        return day if self.start(day) <= instant else day - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """From `opens_at`, which is included, to `closes_at`, which is not. Both are in UTC."""

    opens_at: datetime
    closes_at: datetime

    def status(self, now: datetime) -> WindowStatus:
        if now < self.opens_at:
            return "upcoming"
        return "active" if now < self.closes_at else "closed"


SKEW = timedelta(minutes=1)
"""How much the clocks of two machines may differ. Comparing a time that another machine noted must allow for this."""


@lru_cache(maxsize=1024)
def _window(first: date, last: date, starts_at: time, zone: str) -> Window:
    """Kept, since each request asks for the same few windows again and again."""
    day = GameDay(starts_at, zone)
    return Window(day.start(first), day.end(last))


@lru_cache
def zone_info(name: str) -> ZoneInfo:
    """The IANA zone of that name. Raises ZoneInfoNotFoundError or ValueError if there is none."""
    return ZoneInfo(name)


def rfc3339(instant: datetime) -> str:
    """The instant as RFC 3339 in UTC, to the millisecond where it has some. The same again of what is read of it."""
    return _rfc3339(instant.astimezone(UTC))


@lru_cache(maxsize=1024)
def _rfc3339(utc: datetime) -> str:
    """Kept, since one report has the same time many times over. By instants in UTC: in other zones, equal ones may
    differ."""
    spec = "milliseconds" if utc.microsecond >= 1000 else "seconds"
    return utc.isoformat(timespec=spec).replace("+00:00", "Z")


def on_day(day: date) -> str:
    """The day as `Wed 15 Nov`."""
    return f"{day:%a} {day.day} {day:%b}"


def at_time(instant: datetime, game_day: GameDay) -> str:
    """`Wed 15 Nov at 12:00 UTC`, in the server's zone."""
    return moment(game_day.local(instant))


def moment(local: datetime) -> str:
    """`Wed 15 Nov at 12:00 UTC`, in the zone that it is in."""
    return f"{on_day(local.date())} at {local:%H:%M} {zone_label(local)}"


def zone_label(local: datetime) -> str:
    """What the zone that it is in is called then: `UTC`, `CET`; `UTC-03` where it has no name."""
    name = local.tzname() or "UTC"
    return f"UTC{name}" if name[0] in "+-" else name


def ahead(span: timedelta) -> tuple[int, Literal["second", "minute", "hour", "day"]]:
    """How far ahead something is, as a number of one unit: of days from two days, of hours from two hours, of minutes
    from two minutes. Rounded down, so that nobody is promised too much; nothing, if it is over.
    """
    seconds = max(0, int(span / timedelta(seconds=1)))
    if seconds >= 2 * 86400:
        return seconds // 86400, "day"
    if seconds >= 2 * 3600:
        return seconds // 3600, "hour"
    return (seconds // 60, "minute") if seconds >= 120 else (seconds, "second")


def in_words(span: timedelta) -> str:
    """The span in English, as `30 seconds`, `15 minutes` or `1 hour`: in the largest unit that gives a whole number."""
    unit, size = next(pair for pair in _UNITS if not span % pair[1])
    return f"{span // size} {unit}{'' if span == size else 's'}"


_UNITS = [("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1)), ("second", timedelta(seconds=1))]
