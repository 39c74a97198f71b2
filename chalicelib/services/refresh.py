"""The scheduled recount: totals anew from the cards, and the tiers that were reached."""

import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime

from chalicelib.domain.errors import Busy
from chalicelib.domain.events import Event
from chalicelib.domain.roster import Server
from chalicelib.services.overview import Overview
from chalicelib.store.access import AccessKeys
from chalicelib.store.completions import Completions, Drift
from chalicelib.store.definitions import Definitions
from chalicelib.store.table import Contended

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a run found: how many alliances' totals it recounted (by event), and what it had to correct."""

    recounted: int
    drifts: tuple[Drift, ...]


class Refresh:
    def __init__(
        self,
        definitions: Definitions,
        overview: Overview,
        completions: Completions,
        access_keys: AccessKeys,
        clock: Callable[[], datetime],
    ) -> None:
        self._definitions = definitions
        self._overview = overview
        self._completions = completions
        self._access_keys = access_keys
        self._clock = clock

    def refresh_totals(self) -> Refreshed:
        """Recounts every alliance in every event that can still change; stamps tiers, samples the points.

        Drift should never happen; it is logged as an error with both counts. An alliance that can't be read now
        is logged and left for the next run; the others go on.
        """
        now = self._clock()
        recounted, drifts = 0, []
        for server in self._definitions.servers():
            alliances = [alliance.id for alliance in self._definitions.alliances(server.id)]
            actors = self._access_keys.actors(server.id)
            for event in self._open_events(server, now):
                for alliance in alliances:
                    try:
                        tally = self._completions.tally(server.id, event.id, alliance)
                        drift = self._completions.recount(tally, now)
                        if tally.owes:
                            self._completions.settle(tally, actors, now)
                    except (Busy, Contended):
                        logger.warning("recount put off", extra={"server": server.id, "alliance": alliance})
                        continue
                    recounted += 1
                    if drift:
                        logger.error("drift corrected: %s", asdict(drift))
                        drifts.append(drift)
                try:
                    standing = self._overview.stamped(server, event, now)
                    self._completions.note_points(server.id, event.id, now, standing.totals.points(event))
                except Busy:
                    logger.warning(
                        "tier stamps and history put off", extra={"server": server.id, "event": event.id}
                    )
        return Refreshed(recounted, tuple(drifts))

    def _open_events(self, server: Server, now: datetime) -> list[Event]:
        """Those that have begun and whose cards can still change."""
        events = self._overview.current_events(server, now)
        return [event for event in events if event.status(now, server.game_day) != "upcoming"]
