"""Stamping tiers: the only place where a tier becomes reached (DESIGN §3.4). It returns what it newly stamped."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.domain.cards import Card
from chalicelib.domain.events import Event
from chalicelib.domain.progress import newly_reached, next_tier
from chalicelib.domain.standing import Standing, TierStamp
from chalicelib.services.directory import Directory
from chalicelib.services.overview import CommanderProgress
from chalicelib.services.recent_standings import RecentStandings
from chalicelib.store.completions import Completions


@dataclass(frozen=True, slots=True)
class Stamped:
    """A server's standing in an event, with all stamps. `newly`: the stamps that this call made, by threshold."""

    standing: Standing
    newly: Mapping[int, TierStamp]


@dataclass(frozen=True, slots=True)
class Tiers:
    """Everything that can make a tier reached calls this afterwards: reports, corrections, imports, readings, the
    recount."""

    _directory: Directory
    _completions: Completions
    _standings: RecentStandings
    _clock: Callable[[], datetime]

    def stamp(self, server: str, event: Event, *, anew: bool = False) -> Stamped:
        """Stamps the tiers that the last reports have reached. `anew`: something other than reports has changed.

        Raises Busy.
        """
        if anew:
            self._standings.forget(server, event.id)
        standing = self._standings.get(server, event.id)
        reached = newly_reached(event, standing, self._clock())
        if not reached:
            return Stamped(standing, {})
        newly = self._completions.stamp_tiers(server, event.id, reached)
        self._standings.forget(server, event.id)
        return Stamped(replace(standing, stamps={**reached, **standing.stamps}), newly)

    def stamp_after(self, server: str, cards: Mapping[str, Card]) -> tuple[CommanderProgress, ...]:
        """Stamps the tiers of the events in which a commander's cards have changed. Returns where the commander and the
        server then stand. Raises Busy."""
        places = []
        for event_id, card in cards.items():
            event = self._directory.event(event_id)
            standing = self.stamp(server, event).standing
            points = card.points(event), event.points_possible, standing.totals.points(event)
            places.append(CommanderProgress(event_id, *points, next_tier(event, standing)))
        return tuple(places)
