"""What everybody may see of a server: its schedule, and its progress in each event."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from chalicelib.domain.calendar import GameDay, WindowStatus
from chalicelib.domain.edition import Edition
from chalicelib.domain.events import Event, EventStatus, running_first
from chalicelib.domain.progress import Progress, progress_of
from chalicelib.domain.roster import Server
from chalicelib.services.directory import Directory
from chalicelib.store.completions import Completions


@dataclass(frozen=True, slots=True)
class ScheduledMilestone:
    """A milestone on its day. `objectives` is None if they are not published."""

    date: date
    event: str
    event_name: str
    event_status: EventStatus
    milestone: str
    name: str
    objectives: tuple[str, ...] | None
    points: int
    opens_at: datetime
    closes_at: datetime
    status: WindowStatus


@dataclass(frozen=True, slots=True)
class Schedule:
    """The daily schedule of a server, running events first. `game_day.assumed`: nobody has set yet when a day
    begins."""

    server: str
    as_of: datetime
    game_day: GameDay
    milestones: tuple[ScheduledMilestone, ...]


@dataclass(frozen=True, slots=True)
class CommanderProgress:
    """Where a commander and the server stand in an event."""

    event: str
    commander_points: int
    commander_points_possible: int
    server_points: int
    next_tier: int | None


@dataclass(frozen=True, slots=True)
class Overview:
    _directory: Directory
    _completions: Completions
    _clock: Callable[[], datetime]

    def schedule(self, server_id: str) -> Schedule:
        """Raises NotFound."""
        server, now = self._directory.server(server_id), self._clock()
        return schedule_of(server, self.current_events(server, now), now)

    def editions(self, server_id: str) -> dict[str, Edition]:
        """Of each event's schedule on the server, by event id: it changes with the event, and with the server's game
        day. Raises NotFound."""
        of_server = self._directory.server_edition(server_id)
        return {event.id: edition + of_server for event, edition in self._directory.event_editions()}

    def progress(self, server_id: str, event_id: str, *, consistent: bool = False) -> Progress:
        """The progress of one event, running or not. One query. Raises NotFound."""
        server, event = self._directory.server(server_id), self._directory.event(event_id)
        standing = self._completions.standing(server.id, event.id, consistent=consistent)
        return progress_of(event, server.id, server.game_day, standing, self._clock())

    def current_events(self, server: Server, now: datetime) -> list[Event]:
        """All events that are not archived, running first."""
        events = [event for event in self._directory.events() if not event.archived]
        return running_first(events, now, server.game_day)


def schedule_of(server: Server, events: Iterable[Event], now: datetime) -> Schedule:
    """What is on when, in the order of the events."""
    day = server.game_day
    milestones = tuple(
        ScheduledMilestone(
            date=day.date_of(window.opens_at),
            event=event.id,
            event_name=event.name,
            event_status=event.status(now, day),
            milestone=event.global_id(milestone),
            name=milestone.name,
            objectives=milestone.objectives,
            points=milestone.points,
            opens_at=window.opens_at,
            closes_at=window.closes_at,
            status=window.status(now),
        )
        for event in events
        for milestone, window in event.scheduled(day)
    )
    return Schedule(server.id, now, day, milestones)
