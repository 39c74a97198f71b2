"""What a bound sheet shows: what is known about a server at one moment, and about an alliance if it is bound to one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from chalicelib.domain.calendar import GameDay
from chalicelib.domain.cards import Card
from chalicelib.domain.events import Event
from chalicelib.domain.progress import Progress
from chalicelib.domain.roster import Alliance, Commander
from chalicelib.domain.standing import Totals


@dataclass(frozen=True, slots=True)
class EventView:
    """`history`: the points at the end of each hour that was sampled, by the hour's beginning. `reading`: which reading
    the official points are of."""

    event: Event
    progress: Progress
    history: Mapping[datetime, int] = field(default_factory=dict)
    reading: str | None = None


@dataclass(frozen=True, slots=True)
class CommanderView:
    """One commander of the alliance, with their cards in the shown events, by event id. A card may hold only what was
    voided."""

    commander: Commander
    cards: Mapping[str, Card]


@dataclass(frozen=True, slots=True)
class AllianceView:
    """One alliance of the server, with its totals by event id, for the events in which it has any."""

    alliance: Alliance
    totals: Mapping[str, Totals]


@dataclass(frozen=True, slots=True)
class SheetView:
    """`events`: running first, archived last. With an `alliance`, its `commanders` by name; otherwise all `alliances`.

    `unlisted`: others whom the alliance's roster knows, such as those who have left. `tags`: of all alliances, by id.
    """

    server: str
    game_day: GameDay
    as_of: datetime
    events: tuple[EventView, ...]
    alliance: Alliance | None = None
    commanders: tuple[CommanderView, ...] = ()
    unlisted: tuple[Commander, ...] = ()
    alliances: tuple[AllianceView, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    read_at: datetime | None = None
    """When what all sheets of the server show was read, if not as of now."""
