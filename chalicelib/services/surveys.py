"""What a run of the sync reads of servers, once for all sheets of each: enough to know which of them are due."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from chalicelib.domain.due import BATCH
from chalicelib.domain.events import Event
from chalicelib.domain.revision import revision_of
from chalicelib.domain.roster import Alliance, Server
from chalicelib.domain.standing import Standing
from chalicelib.services.directory import Directory
from chalicelib.store.completions import Completions
from chalicelib.store.definitions import Definitions


@dataclass(frozen=True, slots=True)
class Survey:
    """A server as it was read `at` a time. `standings`, by event: of those whose cards can change; `others`: of those
    that were read since, because a sheet shows them."""

    at: datetime
    server: Server
    alliances: Sequence[Alliance]
    standings: Mapping[str, Standing]
    others: dict[str, Standing] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Surveys:
    _directory: Directory
    _definitions: Definitions
    _completions: Completions
    _clock: Callable[[], datetime]

    def of(
        self, servers: Collection[str], before: Mapping[str, Survey], *, is_behind: bool = False
    ) -> dict[str, Survey]:
        """Of those of these servers that exist, by id. `before`: what was known in the run before.

        It costs one query for all, and for each server one for its alliances and one for each event whose cards can
        change, several at once. A server without such an event is read again only after `BATCH`, and so are all if
        `is_behind`: as long as there is more to write than a run can, it needs no more news.
        """
        now, events = self._clock(), self._directory.events()
        found = {server.id: server for server in self._definitions.servers() if server.id in servers}
        events_of = {
            server.id: [event.id for event in events if event.can_change(now, server.game_day)]
            for server in found.values()
        }
        kept = {
            each: replace(survey, server=server)
            for each, server in found.items()
            if (survey := before.get(each)) and is_recent(survey, now)
            if survey.standings.keys() == set(events_of[each]) and (is_behind or not events_of[each])
        }
        read = [each for each in found if each not in kept]
        alliances = self._definitions.alliances_of(read)
        standings = self._completions.standings([(each, event) for each in read for event in events_of[each]])
        return kept | {
            each: Survey(
                now,
                found[each],
                alliances[each],
                {event: standings[each, event] for event in events_of[each]},
            )
            for each in read
        }

    def anew(self, server_id: str, *, consistent: bool) -> Survey:
        """Of one; if `consistent`, with all that was written until now. Raises NotFound."""
        now, server = self._clock(), self._directory.server(server_id)
        alliances = self._definitions.alliances(server_id, consistent=consistent)
        standings = {
            event.id: self._completions.standing(server_id, event.id, consistent=consistent)
            for event in self._directory.open_events(server_id)
        }
        return Survey(now, server, alliances, standings)


def is_recent(survey: Survey, now: datetime, age: timedelta = BATCH) -> bool:
    return timedelta(0) <= now - survey.at < age


def revisions(survey: Survey, events: Sequence[Event], now: datetime) -> Callable[[str | None], str]:
    """A function that gives the revision of the sheets of that alliance, or of the server: it changes with everything
    that decides what they show, except the time of day, on which projections depend, and the hours of the history.

    An alliance's sheet shows its roster and what all sheets show: to that, other alliances add nothing but totals. A
    server's sheet shows the totals and labels of all alliances.
    """
    server, day = survey.server, survey.server.game_day
    known = {alliance.id: alliance for alliance in survey.alliances}
    standings = survey.standings
    common = revision_of(
        (
            (server.id, day),
            [
                (
                    event.model_dump_json(),
                    event.status(now, day),
                    [w.status(now) for _, w in event.scheduled(day)],
                )
                for event in events
            ],
            [(event, standing.stamps, standing.reading) for event, standing in sorted(standings.items())],
        )
    )
    totals = [(event, standing.changes) for event, standing in sorted(standings.items())]
    everybodys = revision_of(totals)

    def revision(alliance_id: str | None) -> str:
        if not alliance_id:
            labels = [(one.id, one.tag, one.name) for one in known.values()]
            return revision_of((common, labels, everybodys))
        one = known.get(alliance_id)
        roster = one and (one.tag, one.name, one.roster_changes)
        reported = [(event, changes.get(alliance_id, 0)) for event, changes in totals]
        return revision_of(repr((common, alliance_id, roster, reported))) + everybodys

    return revision
