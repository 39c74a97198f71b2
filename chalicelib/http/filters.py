"""How instants, points and messages read on a page, in the language of whoever reads it (`words` of the context).

An instant is a `<time>`: in words of the server's zone, which the script of the pages turns into the reader's own.
"""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from urllib.parse import quote

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from chalicelib.domain.calendar import GameDay, rfc3339
from chalicelib.domain.messages import Message, Value
from chalicelib.languages import Language


@pass_context
def at_time(context: Context, instant: datetime, game_day: GameDay) -> Markup:
    """`Wed 15 Nov at 12:00 UTC`."""
    return _moment(context["words"], game_day.local(instant))


@pass_context
def time_of_day(context: Context, instant: datetime, game_day: GameDay) -> Markup:
    """`12:15 UTC`."""
    return _time(instant, "clock", context["words"].clock(game_day.local(instant)))


@pass_context
def ahead(context: Context, instant: datetime, now: datetime) -> Markup:
    """How far ahead it is, counting down with script: `in 12 hours`."""
    return _time(instant, "ahead", context["words"].ahead(instant - now))


@pass_context
def on_day(context: Context, day: date) -> str:
    """`Wed 15 Nov`: a game day, which is no instant."""
    return _words(context).day(day)


@pass_context
def thousands(context: Context, number: int) -> str:
    """`8,925`."""
    return _words(context).number(number)


@pass_context
def points(context: Context, number: int) -> str:
    """`100 points`."""
    return _words(context).points(number)


@pass_context
def completions(context: Context, number: int) -> str:
    """`88 completions`."""
    return _words(context).completions(number)


@pass_context
def commanders(context: Context, number: int) -> str:
    """`30 commanders`."""
    return _words(context).commanders(number)


@pass_context
def objectives(context: Context, alternatives: tuple[str, ...] | None) -> str:
    """Any one of them. They are the game's own words, so no "or" of another language stands between them."""
    if not alternatives:
        return _words(context).gettext("Objectives: not published")
    written = " / ".join(alternatives)
    return written[0].upper() + written[1:]


@pass_context
def percent(context: Context, part: float) -> str:
    """`63%`."""
    return _words(context).percent(part)


def bdi(name: str) -> Markup:
    """A name that people made up, in its own direction of writing, whatever the page's."""
    return Markup("<bdi>{}</bdi>").format(name)


@pass_context
def said(context: Context, text: str) -> str:
    """A message in the reader's language; another text as it is."""
    words = _words(context)

    def shown(value: Value) -> str:
        if isinstance(value, datetime):
            return _moment(words, value)
        if isinstance(value, str):
            return bdi(value)
        if isinstance(value, int | timedelta):
            return escape(words.show(value))
        return words.either([bdi(name) for name in value])

    if not isinstance(text, Message):
        return text
    return Markup(words.say(text, shown))  # noqa: S704 - no catalogue holds markup, and what it names is escaped


def compact(text: str) -> Markup:
    """Markup without indentation. It must hold nothing that shows white space as it is."""
    return Markup(_INDENTATION.sub("\n", text))  # noqa: S704 - it is markup already


def component(text: str) -> str:
    """The text as one component of a URL."""
    return quote(text, safe="")


_INDENTATION = re.compile(r"\n\s*")


def _words(context: Context) -> Language:
    words: Language = context["words"]
    return words


def _moment(words: Language, local: datetime) -> Markup:
    return _time(local, "moment", words.moment(local))


def _time(instant: datetime, shown_as: str, words: str) -> Markup:
    shown = f'<time datetime="{rfc3339(instant)}" data-as="{shown_as}">{escape(words)}</time>'
    return Markup(shown)  # noqa: S704 - what comes from elsewhere is escaped


ALL: dict[str, Callable[..., str]] = {
    "ahead": ahead,
    "at_time": at_time,
    "bdi": bdi,
    "compact": compact,
    "commanders": commanders,
    "completions": completions,
    "component": component,
    "objectives": objectives,
    "on_day": on_day,
    "percent": percent,
    "points": points,
    "rfc3339": rfc3339,
    "said": said,
    "thousands": thousands,
    "time_of_day": time_of_day,
}
