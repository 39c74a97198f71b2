"""What a bound sheet shows: all that is known of a server at one moment, and of an alliance if bound to one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.calendar import GameDay
from chalicelib.domain.events import Event
from chalicelib.domain.progress import Progress
from chalicelib.domain.roster import Alliance, Card, Commander


@dataclass(frozen=True, slots=True)
class Sheet:
    """A spreadsheet bound to a server, or to one alliance of it. The last error stays after a good sync."""

    spreadsheet_id: str
    server: str
    alliance: str | None = None
    last_success_at: datetime | None = None
    last_error_at: datetime | None = None
    last_error: str | None = None


@dataclass(frozen=True, slots=True)
class EventReport:
    event: Event
    progress: Progress


@dataclass(frozen=True, slots=True)
class CommanderReport:
    """One commander of the alliance, with the cards of the reported events that they have, by event id."""

    commander: Commander
    cards: Mapping[str, Card]


@dataclass(frozen=True, slots=True)
class Report:
    """`events` come running first; `commanders` by name, and only if `alliance` is set."""

    server: str
    game_day: GameDay
    as_of: datetime
    events: tuple[EventReport, ...]
    alliance: Alliance | None = None
    commanders: tuple[CommanderReport, ...] = ()
