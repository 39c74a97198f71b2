"""Text for Discord's messages: names that stay names, and times that each reader sees in their own zone."""

import re
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Literal

from chalicelib.domain.messages import Message, Value
from chalicelib.languages import Language

MomentStyle = Literal["t", "T", "d", "D", "f", "F", "R"]
"""As Discord calls them. `R`: "in 3 hours"; `t`: a time of day; `f`: with its date, `F`: with its weekday, too."""

_SIGNS = re.compile(r"[\\*_~|`\[\]<>@#:/.-]")
"""What Discord makes something of: markdown (`#`, `-` and `1.` only where a line begins), mentions, emoji, links with
and without a scheme, invitations."""

_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")


def escaped(text: str) -> str:
    """The text in one line, so that a message or an embed's description shows it as it is: no markdown, no mention, no
    emoji of a name, no link. At most twice as long.

    What turns the direction of text is left out, since it would turn what follows. Not for labels, nor for the author
    and the footer of an embed: Discord makes nothing of those, and would show the backslashes.
    """
    return _SIGNS.sub(r"\\\g<0>", " ".join(_TURNING.sub("", text).split()))


class Markup(str):
    """Text that means something to Discord, and is to: a mention, a time."""


def said(words: Language, message: str) -> str:
    """The message in that language, its names escaped and its instants as moments. A text that is no Message is in
    English, and is escaped as a whole."""
    if not isinstance(message, Message):
        return escaped(message)
    return words.say(message, partial(_shown, words))


def moment(at: datetime, style: MomentStyle = "R") -> str:
    """That instant, as Discord shows it to each reader in their own zone and language."""
    return f"<t:{int(at.timestamp())}:{style}>"


def _shown(words: Language, value: Value) -> str:
    if isinstance(value, datetime):
        return moment(value, "f")
    if isinstance(value, Markup):
        return value
    if isinstance(value, str):
        return escaped(value)
    if isinstance(value, Sequence):
        return words.either([escaped(one) for one in value])
    return words.show(value)
