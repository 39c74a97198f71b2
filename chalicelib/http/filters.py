"""How instants, points and names read on a page."""

from collections.abc import Callable
from datetime import datetime
from urllib.parse import quote

from chalicelib.domain.calendar import GameDay, at_time, on_day, rfc3339, time_left


def time_of_day(instant: datetime, game_day: GameDay) -> str:
    """`12:15 UTC`, in the server's zone."""
    return f"{game_day.local(instant):%H:%M %Z}"


def thousands(number: int) -> str:
    """`8,925`."""
    return f"{number:,}"


def counted(number: int, one: str, many: str) -> str:
    """`one` as it is, `1 point`; or `many` with the number in it, `{n} points`."""
    return one if number == 1 else many.format(n=thousands(number))


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
