"""Who there is: servers, their alliances, the commanders of an alliance."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from chalicelib.domain.calendar import GameDay
from chalicelib.domain.events import Event


@dataclass(frozen=True, slots=True)
class Server:
    """An STFC game server; `id` is its number as text."""

    id: str
    game_day: GameDay = field(default_factory=GameDay)


@dataclass(frozen=True, slots=True)
class Alliance:
    """A group of commanders. `tag` and `name` are labels and can change.

    In an open alliance members may add themselves by reporting; otherwise only commanders on the roster report.
    """

    server: str
    id: str
    tag: str
    name: str
    is_open: bool = True


@dataclass(frozen=True, slots=True)
class Commander:
    """A player, identified by `id` on a server; `name` is a label and can change. In one alliance at a time."""

    id: str
    name: str
    alliance: str


@dataclass(frozen=True, slots=True)
class Completion:
    """That a commander has completed a milestone: when it was recorded, and with which key (its public id)."""

    recorded_at: datetime
    key_id: str


@dataclass(frozen=True, slots=True)
class Card:
    """All of one commander's completions in one event, by milestone id."""

    server: str
    event: str
    alliance: str
    commander: str
    completions: Mapping[str, Completion]

    def points(self, event: Event) -> int:
        """What the completions give the commander."""
        return sum(m.points for m in event.milestones if m.id in self.completions)
