"""The scheduled recount: totals anew from the cards, and the tiers that were reached."""

import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from math import inf

from chalicelib.domain.errors import Busy
from chalicelib.domain.events import Event
from chalicelib.domain.roster import Server
from chalicelib.services.overview import Overview
from chalicelib.services.tiers import Tiers
from chalicelib.store.access import AccessKeys
from chalicelib.store.completions import Completions, Drift
from chalicelib.store.definitions import Definitions

logger = logging.getLogger(__name__)

ENOUGH = 20.0
"""Seconds for the largest server."""
_EVERY = 300
"""Seconds from one run to the next."""


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a run found: how many alliances' totals it recounted (by event), and what it had to correct."""

    recounted: int
    drifts: tuple[Drift, ...]


@dataclass(frozen=True, slots=True)
class Refresh:
    _definitions: Definitions
    _overview: Overview
    _tiers: Tiers
    _completions: Completions
    _access_keys: AccessKeys
    _clock: Callable[[], datetime]

    def refresh_totals(self, remaining: Callable[[], float] = lambda: inf) -> Refreshed:
        """Recounts every alliance in every event that can still change; writes the ledger entries that are owed, stamps
        tiers, samples the points.

        Drift should never happen; it is logged as an error with both counts. What can't be read now is logged and left
        for the next run; the others go on. No server is begun with less than `ENOUGH` seconds `remaining`: each run
        begins at another one.
        """
        now = self._clock()
        servers = self._definitions.servers()
        first = int(now.timestamp() // _EVERY) % len(servers) if servers else 0
        recounted, drifts = 0, []
        for done, server in enumerate([*servers[first:], *servers[:first]]):
            if remaining() < ENOUGH:
                logger.warning("no time for all servers", extra={"put_off": len(servers) - done})
                break
            for event in self._open_events(server, now):
                for alliance in self._definitions.alliances(server.id):
                    try:
                        drift = self._alliance(server, event, alliance.id, now)
                    except Busy:
                        logger.warning(
                            "recount put off", extra={"server": server.id, "alliance": alliance.id}
                        )
                        continue
                    recounted += 1
                    if drift:
                        logger.error("drift corrected: %s", asdict(drift))
                        drifts.append(drift)
                try:
                    standing = self._tiers.stamp(server.id, event).standing
                    self._completions.note_points(server.id, event.id, now, standing.totals.points(event))
                except Busy:
                    logger.warning(
                        "tier stamps and history put off", extra={"server": server.id, "event": event.id}
                    )
        return Refreshed(recounted, tuple(drifts))

    def _alliance(self, server: Server, event: Event, alliance: str, now: datetime) -> Drift | None:
        tally = self._completions.tally(server.id, event.id, alliance)
        if tally.owes:
            self._completions.settle(tally, self._access_keys.actors(server.id), now)
        return self._completions.recount(tally, now)

    def _open_events(self, server: Server, now: datetime) -> list[Event]:
        """Those that have begun and whose cards can still change."""
        events = self._overview.current_events(server, now)
        return [event for event in events if event.status(now, server.game_day) != "upcoming"]
