"""Counting the cards of alliances: totals that are not their sum are corrected, and the ledger is brought up to them.

Only what has changed since it was last counted, and all once a day.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from chalicelib.domain.calendar import SKEW
from chalicelib.domain.errors import Busy
from chalicelib.domain.events import Event
from chalicelib.domain.ledger import Actor
from chalicelib.services.directory import Directory
from chalicelib.store.access import AccessKeys
from chalicelib.store.completions import Completions, Counted, Drift
from chalicelib.store.definitions import Definitions

logger = logging.getLogger(__name__)

COUNTED_AGAIN = timedelta(days=1)
"""What has not changed is counted again after this: drift is what no counter tells."""
KNOWN_LATE = timedelta(days=7)
"""For so long after an event was archived it is looked at: what was reported before, and what a process still took that
did not know at once, gets its ledger entry, even if nothing was counted for days."""


@dataclass(frozen=True, slots=True)
class Count:
    """What came of it: how many alliances were counted, what was corrected, and whom the table could not give now."""

    alliances: int
    drifts: tuple[Drift, ...]
    put_off: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Counting:
    _directory: Directory
    _definitions: Definitions
    _completions: Completions
    _access_keys: AccessKeys
    _clock: Callable[[], datetime]

    def events(self, server: str) -> list[Event]:
        """Those whose cards may have changed: open, or archived so lately that not every process knew. Raises NotFound,
        Busy."""
        day, now = self._directory.server(server).game_day, self._clock()
        late = self._definitions.archived_since(now - KNOWN_LATE)
        begun = [event for event in late if event.archived and event.status(now, day) != "upcoming"]
        known = {event.id for event in begun}
        return begun + [event for event in self._directory.open_events(server) if event.id not in known]

    def bring_up(self, server: str, alliance: str | None = None) -> None:
        """So that the ledger tells every report, of one alliance or of all. Raises NotFound, Busy."""
        for event in self.events(server):
            changes = self._completions.standing(server, event.id, consistent=True).changes
            of = [one for one in changes if alliance in (None, one)]
            if self.count(server, event.id, of, changes).put_off:
                raise Busy

    def count(self, server: str, event: str, alliances: Iterable[str], changes: Mapping[str, int]) -> Count:
        """Counts those of these alliances that are due. `changes` are of their totals, by alliance.

        Drift should never happen; it is logged as an error with both counts. Raises Busy only before it has begun.
        """
        before, now = self._completions.counted(server, event), self._clock()
        due = [one for one in alliances if _is_due(before.get(one), changes.get(one, 0), now)]
        actors = self._access_keys.actors(server) if due else {}
        counted: dict[str, Counted] = {}
        drifts: list[Drift] = []
        put_off = []
        for one in due:
            try:
                since = _settled_at(before.get(one), now)
                changes_counted, drift = self._count(server, event, one, actors, since, now)
            except Busy:
                logger.warning("recount put off: server %s, event %s, alliance %s", server, event, one)
                put_off.append(one)
                continue
            if changes_counted is not None:
                counted[one] = Counted(changes_counted, now)
            if drift:
                logger.error("drift corrected: %s", asdict(drift))
                drifts.append(drift)
        if counted:
            self._note(server, event, counted)
        return Count(len(due) - len(put_off), tuple(drifts), tuple(put_off))

    def _count(
        self,
        server: str,
        event: str,
        alliance: str,
        actors: Mapping[str, Actor],
        since: datetime | None,
        now: datetime,
    ) -> tuple[int | None, Drift | None]:
        """At which changes of its totals the alliance was counted; None if a card can't be read."""
        tally = self._completions.tally(server, event, alliance)
        self._completions.settle(tally, actors, since)
        if not tally.is_whole:
            return None, None
        return tally.changes, self._completions.recount(tally, now)

    def _note(self, server: str, event: str, counted: Mapping[str, Counted]) -> None:
        try:
            self._completions.note_counted(server, event, counted)
        except Busy:
            logger.warning("what was counted is counted again: server %s, event %s", server, event)


def _is_due(counted: Counted | None, changes: int, now: datetime) -> bool:
    if counted is None or counted.changes != changes:
        return True
    return not -SKEW <= now - counted.at < COUNTED_AGAIN


def _settled_at(counted: Counted | None, now: datetime) -> datetime | None:
    """Up to when reports have their ledger entries; None where that is not known: never counted, or by a clock that was
    set back since, as the demo's is. What has been reported since then is timed before that."""
    return counted.at if counted and counted.at <= now + SKEW else None
