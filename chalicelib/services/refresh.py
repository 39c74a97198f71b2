"""The scheduled recount: counts the cards again, writes missing ledger entries, and stamps tiers that were reached."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import inf

from chalicelib.domain.errors import Busy, MusterError
from chalicelib.domain.events import Event
from chalicelib.domain.roster import Server
from chalicelib.domain.standing import Standing
from chalicelib.services.counting import Count, Counting
from chalicelib.services.directory import Directory
from chalicelib.services.tiers import Tiers
from chalicelib.store.completions import Completions, Drift
from chalicelib.store.definitions import Definitions

logger = logging.getLogger(__name__)

ENOUGH = 20.0
"""Seconds that the largest server may need."""

_Changes = Mapping[tuple[str, str], Mapping[str, int]]
"""By server and event, how often the totals of each alliance have changed."""


@dataclass(frozen=True, slots=True)
class Refreshed:
    """The result of a run: how many totals of alliances it recounted (in each event), and what it corrected."""

    recounted: int
    drifts: tuple[Drift, ...]


@dataclass(frozen=True, slots=True)
class Refresh:
    _directory: Directory
    _definitions: Definitions
    _counting: Counting
    _tiers: Tiers
    _completions: Completions
    _clock: Callable[[], datetime]

    def refresh_totals(self, remaining: Callable[[], float] = lambda: inf) -> Refreshed:
        """Stamps tiers and samples the points of every event that can change, on every server. Then it counts every
        alliance that has changed.

        What can't be read now is logged and left for the next run; everything else continues. With less than `ENOUGH`
        seconds `remaining` no server is started: the next run begins there, so each server gets its turn. Raises Busy
        only at the beginning.
        """
        counts: list[Count] = []
        servers = self._in_turn(self._definitions.servers())
        changes = self._look(servers, remaining)
        for done, server in enumerate(servers):
            if remaining() < ENOUGH:
                logger.warning("no time for all servers: %d put off", len(servers) - done)
                break
            try:
                self._begin(servers, server)
                counts += self._server(server, changes)
            except MusterError as error:
                logger.warning("server put off: %s (%s)", server.id, error.code)
        drifts = tuple(drift for count in counts for drift in count.drifts)
        return Refreshed(sum(count.alliances for count in counts), drifts)

    def _look(self, servers: Sequence[Server], remaining: Callable[[], float]) -> _Changes:
        """Stamps and samples: a few calls for each server, however much there is to count. Returns how often the totals
        of each alliance had changed by then."""
        changes: dict[tuple[str, str], Mapping[str, int]] = {}
        events = self._directory.events()
        for server in servers:
            if remaining() < ENOUGH:
                break
            for event in events:
                if event.can_change(self._clock(), server.game_day):
                    try:
                        standing = self._tiers.stamp(server.id, event, anew=True).standing
                        self._sample(server, event, standing)
                    except Busy:
                        logger.warning("points not sampled: server %s, event %s", server.id, event.id)
                    else:
                        changes[server.id, event.id] = standing.changes
        return changes

    def _server(self, server: Server, changes: _Changes) -> Iterator[Count]:
        defined = [alliance.id for alliance in self._definitions.alliances(server.id)]
        for event in self._counting.events(server.id):
            try:
                known = changes.get((server.id, event.id))
                if known is None:
                    known = self._completions.standing(server.id, event.id, consistent=True).changes
                alliances = dict.fromkeys([*defined, *known])
                yield self._counting.count(server.id, event.id, alliances, known)
            except Busy:
                logger.warning("event put off: server %s, event %s", server.id, event.id)

    def _sample(self, server: Server, event: Event, standing: Standing) -> None:
        now, points = self._clock(), standing.totals.points(event)
        is_sampled = standing.history.get(now.replace(minute=0, second=0, microsecond=0)) == points
        _, noted = self._completions.noted(server.id, [event.id]).get(event.id, (None, None))
        if not is_sampled or noted != replace(standing.summed(), history={}):
            self._completions.note_points(server.id, event.id, now, points, standing)

    def _in_turn(self, servers: Sequence[Server]) -> list[Server]:
        """The servers, beginning after the one that was started last, even if that failed."""
        last = self._completions.refreshed_last() if len(servers) > 1 else None
        after = [server for server in servers if last is None or server.id > last]
        return after + [server for server in servers if server not in after]

    def _begin(self, servers: Sequence[Server], server: Server) -> None:
        if len(servers) > 1:
            self._completions.note_refreshing(server.id)
