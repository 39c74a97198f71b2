"""Guilds on Discord that are bound to alliances, and accounts there that stand for commanders (DESIGN §12)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Self

from chalicelib.domain.errors import MusterError
from chalicelib.domain.messages import Value, say

MOST_LINKED = 5
"""Commanders that an account stands for: a message has five rows, and each of them gets one."""

CODE_LASTS = timedelta(hours=1)
"""How long a code to bind a guild can be used."""


@dataclass(frozen=True, slots=True)
class Guild:
    """A guild (what people call a Discord server), and the alliance that it is bound to."""

    id: str
    server: str
    alliance: str
    bound_at: datetime


@dataclass(frozen=True, slots=True)
class Account:
    """A Discord account and the commanders of an alliance that it stands for: by id, when they were linked,
    in that order.

    A commander may have left or become another since. `name`: what Discord called the account when it was linked last.
    `version` counts the changes; 0: it is not stored.
    """

    id: str
    name: str
    commanders: Mapping[str, datetime] = field(default_factory=dict)
    version: int = 0


@dataclass(frozen=True, slots=True)
class OpenCode:
    """A code that can be used before `expires_at`, by its hash, and the id of the key with which it was made."""

    hashed: str
    expires_at: datetime
    made_by: str


@dataclass(frozen=True, slots=True)
class CodeText:
    """A code as it is typed: which alliance it is for, and a secret."""

    server: str
    alliance: str
    secret: str

    @classmethod
    def read(cls, text: str) -> Self | None:
        """None, if it can be none."""
        parts = text.strip().split(_SEPARATOR)
        return cls(*parts) if len(parts) == 3 and all(parts) else None

    def __str__(self) -> str:
        return _SEPARATOR.join([self.server, self.alliance, self.secret])


_SEPARATOR = ":"  # in no id


class ChatRefusal(MusterError):
    """What can't be done on Discord, in words for whoever asked. No other way in has it. `code` names the message."""


def refusal(name: str, **values: Value) -> ChatRefusal:
    return ChatRefusal(name, say(name, **values))
