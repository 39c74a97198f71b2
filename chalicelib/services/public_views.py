"""What everybody may see of a server: its progress, how it came about, and its alliances if the server says so."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from chalicelib.domain.errors import Forbidden
from chalicelib.domain.events import Event, EventStatus
from chalicelib.domain.messages import say
from chalicelib.domain.outlook import TierOutlook, outlooks
from chalicelib.domain.progress import Progress, TierProgress, progress_of
from chalicelib.domain.roster import Alliance, Server
from chalicelib.domain.standing import Standing, Totals
from chalicelib.services.directory import Directory
from chalicelib.services.overview import Overview, Schedule, schedule_of
from chalicelib.services.recent_standings import RecentStandings


@dataclass(frozen=True, slots=True)
class PublicState:
    """What answers for everybody are made of. Equal states make equal answers, apart from their `as_of`: a state
    changes when something is recorded or defined, and with each minute, because statuses and projections go by the
    time.

    `events`: running first. `standings`: of those that have begun, by event id; summed, if the server does not show
    its alliances. `alliances`: none then.
    """

    server: Server
    events: tuple[Event, ...]
    standings: Mapping[str, Standing]
    alliances: tuple[Alliance, ...]
    minute: datetime
    as_of: datetime = field(compare=False)


@dataclass(frozen=True, slots=True)
class ServerProgress:
    """Every event that has begun and is not archived, side by side: running first, ended last."""

    server: str
    as_of: datetime
    events: tuple[Progress, ...]


@dataclass(frozen=True, slots=True)
class AlliancePoints:
    """What an alliance has added to the server's points in an event."""

    alliance: str
    tag: str
    name: str
    points: int
    completions: int
    commanders: int


@dataclass(frozen=True, slots=True)
class EventStandings:
    """The alliances of a server by points in an event, those with most first."""

    event: str
    name: str
    status: EventStatus
    alliances: tuple[AlliancePoints, ...]


@dataclass(frozen=True, slots=True)
class ServerStandings:
    """The standings in every event that has begun and is not archived, running first."""

    server: str
    as_of: datetime
    events: tuple[EventStandings, ...]


@dataclass(frozen=True, slots=True)
class EventOnPage:
    """An event that has begun, as the server's page shows it. `goals`: its tiers, each with its outlook. `history`: the
    points at the end of each hour that was sampled, by the hour's beginning."""

    event: Event
    progress: Progress
    goals: tuple[tuple[TierProgress, TierOutlook], ...]
    history: Mapping[datetime, int]
    opens_at: datetime
    closes_at: datetime
    reporting_closes_at: datetime


@dataclass(frozen=True, slots=True)
class ServerPage:
    """What the page of a server shows. `current`: what runs or can still be reported for; `ended`: the latest first;
    `coming`: the soonest first. `completions`: by the milestone's global id. `standings`: of the current events, and of
    none if the server does not show them."""

    server: Server
    as_of: datetime
    current: tuple[EventOnPage, ...]
    coming: tuple[Event, ...]
    ended: tuple[EventOnPage, ...]
    schedule: Schedule
    completions: Mapping[str, int]
    standings: tuple[EventStandings, ...]


@dataclass(frozen=True, slots=True)
class PublicViews:
    _directory: Directory
    _overview: Overview
    _standings: RecentStandings
    _clock: Callable[[], datetime]

    def state(self, server_id: str) -> PublicState:
        """The server as of now, with its events that are not archived. One query for each that has begun. Raises
        NotFound."""
        server, now = self._directory.server(server_id), self._clock()
        events = tuple(self._overview.current_events(server, now))
        begun = [event for event in events if event.can_change(now, server.game_day)]
        standings = {event.id: self._standings.public(server.id, event.id) for event in begun}
        if not server.public_standings:
            summed = {event: standing.summed() for event, standing in standings.items()}
            return PublicState(server, events, summed, (), _minute(now), now)
        alliances = tuple(self._directory.known_alliances(server.id))
        return PublicState(server, events, standings, alliances, _minute(now), now)

    def event_state(self, server_id: str, event_id: str) -> PublicState:
        """The same of one event, whether it has begun or is archived. One query. Raises NotFound."""
        server, event, now = self._directory.server(server_id), self._directory.event(event_id), self._clock()
        standings = {event.id: self._standings.public(server.id, event.id).summed()}
        return PublicState(server, (event,), standings, (), _minute(now), now)

    def progress(self, state: PublicState) -> ServerProgress:
        events = tuple(_progress(state, event) for event in state.events if event.id in state.standings)
        return ServerProgress(state.server.id, state.as_of, events)

    def event_progress(self, state: PublicState) -> Progress:
        """Of the one event that it is the state of."""
        (event,) = state.events
        return _progress(state, event)

    def standings(self, state: PublicState) -> ServerStandings:
        """Raises Forbidden (`not-public`) if the server does not show them."""
        if not state.server.public_standings:
            raise Forbidden("not-public", say("not-public", server=state.server.id))
        events = tuple(_standings(state, event) for event in state.events if event.id in state.standings)
        return ServerStandings(state.server.id, state.as_of, events)

    def page(self, state: PublicState) -> ServerPage:
        server, day = state.server, state.server.game_day
        begun = [_on_page(state, event) for event in state.events if event.id in state.standings]
        current = tuple(one for one in begun if one.progress.status != "ended")
        return ServerPage(
            server=server,
            as_of=state.as_of,
            current=current,
            coming=tuple(event for event in state.events if event.status(state.as_of, day) == "upcoming"),
            ended=tuple(one for one in begun if one.progress.status == "ended"),
            schedule=schedule_of(server, state.events, state.as_of),
            completions={one.id: one.completions for shown in begun for one in shown.progress.milestones},
            standings=tuple(_standings(state, one.event) for one in current)
            if server.public_standings
            else (),
        )


def _minute(instant: datetime) -> datetime:
    return instant.replace(second=0, microsecond=0)


def _progress(state: PublicState, event: Event) -> Progress:
    standing = state.standings[event.id]
    return progress_of(event, state.server.id, state.server.game_day, standing, state.as_of)


def _on_page(state: PublicState, event: Event) -> EventOnPage:
    progress, day = _progress(state, event), state.server.game_day
    window = event.window(day)
    return EventOnPage(
        event=event,
        progress=progress,
        goals=tuple(zip(progress.tiers, outlooks(progress, day), strict=True)),
        history=state.standings[event.id].history,
        opens_at=window.opens_at,
        closes_at=window.closes_at,
        reporting_closes_at=event.reporting_closes_at(day),
    )


def _standings(state: PublicState, event: Event) -> EventStandings:
    totals = state.standings[event.id].alliances
    alliances = [_points(one, totals.get(one.id, Totals()), event) for one in state.alliances]
    alliances.sort(key=lambda one: (-one.points, one.tag.casefold(), one.alliance))
    status = event.status(state.as_of, state.server.game_day)
    return EventStandings(event.id, event.name, status, tuple(alliances))


def _points(alliance: Alliance, totals: Totals, event: Event) -> AlliancePoints:
    completions = sum(totals.completions.get(milestone.id, 0) for milestone in event.milestones)
    points = totals.points(event)
    return AlliancePoints(alliance.id, alliance.tag, alliance.name, points, completions, totals.commanders)
