"""How instants, points and names read on a page."""

from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import quote

from chalicelib.domain.calendar import GameDay, at_time, on_day, rfc3339, zone_info


def time_of_day(instant: datetime, game_day: GameDay) -> str:
    """`12:15 UTC`, in the server's zone."""
    return f"{instant.astimezone(zone_info(game_day.zone)):%H:%M %Z}"


def time_left(span: timedelta) -> str:
    """`12 h`, `1 h 5 min`, `2 days 3 h`: rounded down to the minute, so that nobody is promised too much."""
    minutes = max(0, int(span.total_seconds()) // 60)
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        return f"{days} day{'s' * (days > 1)}" + (f" {hours} h" if hours else "")
    if hours:
        return f"{hours} h" + (f" {minutes} min" if minutes else "")
    return f"{minutes} min"


def thousands(number: int) -> str:
    """`8,925`."""
    return f"{number:,}"


def counted(number: int, noun: str) -> str:
    """`1 commander`, `1,200 commanders`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def percent(part: float) -> str:
    """`63%`."""
    return f"{part:.0%}"


def objectives(alternatives: tuple[str, ...] | None) -> str:
    """As a sentence, with the game's own letters; or that they are not published."""
    if not alternatives:
        return "Objectives: not published"
    sentence = "; or ".join(alternatives)
    return sentence[0].upper() + sentence[1:]


def component(text: str) -> str:
    """The text as one component of a URL."""
    return quote(text, safe="")


ALL: dict[str, Callable[..., str]] = {
    "at_time": at_time,
    "component": component,
    "counted": counted,
    "objectives": objectives,
    "on_day": on_day,
    "percent": percent,
    "rfc3339": rfc3339,
    "thousands": thousands,
    "time_left": time_left,
    "time_of_day": time_of_day,
}
