"""The languages of the pages: their sentences, and how they write times, numbers and lists.

All of it lies in `locale/`, written by `make translations`: gettext catalogues of what translators wrote, and formats
that come from Unicode's CLDR. English sentences need no catalogue: they are what is looked up.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from chalicelib.domain.calendar import ahead, zone_label
from chalicelib.domain.messages import Message, Value, sentence

LANGUAGES: Mapping[str, str] = {
    "en": "English",
    "de": "Deutsch",
    "fr": "Français",
    "es": "Español",
    "it": "Italiano",
    "pt": "Português",
    "ru": "Русский",
    "ja": "日本語",
}
"""Code → the language's own name."""

LOCALE = Path(__file__).parent / "locale"
DOMAIN = "muster"
"""What the catalogues are called."""


@dataclass(frozen=True, slots=True)
class Language:
    """`gettext` and `ngettext` translate as the functions of that name do; `formats` is a `formats.json`; `plural` says
    which plural form a number takes."""

    code: str
    gettext: Callable[[str], str]
    ngettext: Callable[[str, str, int], str]
    formats: Mapping[str, Any]
    plural: Callable[[int], int]

    def say(self, message: Message, shown: Callable[[Value], str] | None = None) -> str:
        """The message in this language. `shown`: how its values are written, if not as `show` does."""
        values = {name: (shown or self.show)(value) for name, value in message.values.items()}
        return self.gettext(sentence(message.name)).format_map(values)

    def show(self, value: Value) -> str:
        """A message's value as text."""
        if isinstance(value, datetime):
            return self.moment(value)
        if isinstance(value, timedelta):
            return self.ahead(value)
        if isinstance(value, int):
            return self.number(value)
        return value if isinstance(value, str) else self.either(value)

    def day(self, day: date) -> str:
        """`Wed 15 Nov`."""
        written: str = self.formats["day"]
        return written.format(
            weekday=self.formats["weekdays"][day.weekday()],
            day=day.day,
            month=self.formats["months"][day.month - 1],
            month_number=day.month,
        )

    def clock(self, local: datetime) -> str:
        """`12:15 UTC`, in the zone that it is in."""
        written: str = self.formats["clock"]
        return f"{written.format(hour=local.hour, minute=local.minute)} {zone_label(local)}"

    def moment(self, local: datetime) -> str:
        """`Wed 15 Nov at 12:00 UTC`, in the zone that it is in."""
        return self.gettext("{day} at {time}").format(day=self.day(local.date()), time=self.clock(local))

    def ahead(self, span: timedelta) -> str:
        """How far ahead something is: `in 12 hours`. Rounded as `domain.calendar.ahead` does it."""
        number, unit = ahead(span)
        forms: Sequence[str] = self.formats["ahead"][unit]
        return forms[self.plural(number)].format(self.number(number))

    def number(self, number: int) -> str:
        """`8,925`."""
        return f"{number:,}".replace(",", self.formats["group"])

    def points(self, number: int) -> str:
        """`100 points`."""
        return self.ngettext("{number} point", "{number} points", number).format(number=self.number(number))

    def completions(self, number: int) -> str:
        """`88 completions`."""
        sentence = self.ngettext("{number} completion", "{number} completions", number)
        return sentence.format(number=self.number(number))

    def commanders(self, number: int) -> str:
        """`30 commanders`."""
        sentence = self.ngettext("{number} commander", "{number} commanders", number)
        return sentence.format(number=self.number(number))

    def percent(self, part: float) -> str:
        """`63%`."""
        written: str = self.formats["percent"]
        return written.format(self.number(round(part * 100)))

    def either(self, names: Sequence[str]) -> str:
        """`Merlin`, `Merlin or Merlyn`, `Merlin, Merlyn or Marlin`; there is at least one."""
        first, *others = names
        two, middle, end = self.formats["or"]
        if not others:
            return first
        for name in others[:-1]:
            first = middle.format(first, name)
        return str((end if others[:-1] else two).format(first, others[-1]))


@lru_cache
def language(code: str) -> Language:
    """The language of that code, which is in LANGUAGES. Its files are read when it is first asked for."""
    import gettext  # for pages alone

    folder = LOCALE / code
    formats = json.loads((folder / "formats.json").read_text(encoding="utf-8"))
    catalogue = gettext.translation(DOMAIN, LOCALE, [code], fallback=code == "en")
    plural = gettext.c2py(formats["plural"])
    return Language(code, catalogue.gettext, catalogue.ngettext, formats, plural)


@lru_cache(256)
def preferred(accept_language: str) -> str:
    """The code of the language that an `Accept-Language` header likes best among ours: English, if it names none.

    A regional variant stands for its language. What can't be read in the header is passed over.
    """
    liked = [(_quality(parameters), tag) for tag, _, parameters in _ranges(accept_language)]
    ours = [(quality, tag.split("-")[0]) for quality, tag in liked if quality > 0]
    known = [(quality, code) for quality, code in ours if code in LANGUAGES]
    return max(known, key=lambda pair: pair[0], default=(0.0, "en"))[1]


def _ranges(header: str) -> list[tuple[str, str, str]]:
    parts = (part.strip().lower().partition(";") for part in header.split(","))
    return [(tag.strip(), mark, parameters) for tag, mark, parameters in parts]


def _quality(parameters: str) -> float:
    """The `q` of a language range: 1 without one, 0 if it is no number from 0 to 1."""
    if not parameters.strip():
        return 1.0
    found = _QUALITY.fullmatch(parameters.strip())
    return float(found[1]) if found else 0.0


_QUALITY = re.compile(r"q\s*=\s*([01](?:\.\d{0,3})?)", re.ASCII)
