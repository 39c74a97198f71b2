"""Counting the cards of alliances: corrects totals that are not their sum, and writes the ledger entries they owe.

It counts what has changed since it was last counted, and everything once a day.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from chalicelib.domain.calendar import SKEW
from chalicelib.domain.errors import Busy
from chalicelib.domain.events import Event
from chalicelib.domain.ledger import Actor
from chalicelib.services.directory import Directory
from chalicelib.store.access import AccessKeys
from chalicelib.store.completions import Completions, Counted, Drift, Tally
from chalicelib.store.definitions import Definitions

logger = logging.getLogger(__name__)

AT_A_TIME = 8
"""Alliances whose cards are read together: as many as the table asks for at once, and few enough for the memory."""
COUNTED_AGAIN = timedelta(days=1)
"""What has not changed is counted again after this time, because no counter shows drift."""
KNOWN_LATE = timedelta(days=7)
"""For this long after an event was archived, its cards are still checked. So every report gets its ledger entry, also
one that a process accepted because it noticed the archiving late, even if nothing was counted for days."""


@dataclass(frozen=True, slots=True)
class Count:
    """The result: how many alliances were counted, what was corrected, and which alliances the table could not read
    now."""

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
        """The events whose cards may have changed: open, or archived so recently that a process may not have noticed.

        Raises NotFound, Busy.
        """
        day, now = self._directory.server(server).game_day, self._clock()
        late = self._definitions.archived_since(now - KNOWN_LATE)
        begun = [event for event in late if event.archived and event.status(now, day) != "upcoming"]
        known = {event.id for event in begun}
        return begun + [event for event in self._directory.open_events(server) if event.id not in known]

    def bring_up(self, server: str, alliance: str | None = None) -> None:
        """Counts what is due, so that the ledger has every report of one alliance, or of all. Raises NotFound, Busy."""
        for event in self.events(server):
            changes = self._completions.standing(server, event.id, consistent=True).changes
            of = [one for one in changes if alliance in (None, one)]
            if self.count(server, event.id, of, changes).put_off:
                raise Busy

    def count(self, server: str, event: str, alliances: Iterable[str], changes: Mapping[str, int]) -> Count:
        """Counts those of these alliances that are due. `changes`: how often their totals have changed, by alliance.

        Drift should never happen; it is logged as an error with both counts. Raises Busy only before it counts
        anything.
        """
        before, now = self._completions.counted(server, event), self._clock()
        due = [one for one in alliances if _is_due(before.get(one), changes.get(one, 0), now)]
        actors = self._access_keys.actors(server) if due else {}
        counted: dict[str, Counted] = {}
        drifts: list[Drift] = []
        put_off = []
        for place, one in enumerate(due):
            if place % AT_A_TIME == 0:
                read = self._tallies(server, event, due[place : place + AT_A_TIME])
            try:
                tally = read.get(one) or self._completions.tally(server, event, one)
                changes_counted, drift = self._count(tally, actors, _settled_at(before.get(one), now), now)
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

    def _tallies(self, server: str, event: str, alliances: Sequence[str]) -> Mapping[str, Tally]:
        """What there is to count, by alliance; nothing if the table can't give all of it: then each is read alone."""
        with suppress(Busy):
            return {one.alliance: one for one in self._completions.tallies(server, event, alliances)}
        return {}

    def _count(
        self, tally: Tally, actors: Mapping[str, Actor], since: datetime | None, now: datetime
    ) -> tuple[int | None, Drift | None]:
        """Counts an alliance. Returns up to which change of its totals it was counted (None if a card can't be read),
        and the corrected drift."""
        self._completions.settle(tally, actors, since)
        if not tally.is_whole:
            return None, None
        return tally.changes, self._completions.recount(tally, now)

    def _note(self, server: str, event: str, counted: Mapping[str, Counted]) -> None:
        try:
            self._completions.note_counted(server, event, counted)
        except Busy:
            logger.warning("count not noted, so it is repeated: server %s, event %s", server, event)


def _is_due(counted: Counted | None, changes: int, now: datetime) -> bool:
    if counted is None or counted.changes != changes:
        return True
    return not -SKEW <= now - counted.at < COUNTED_AGAIN


def _settled_at(counted: Counted | None, now: datetime) -> datetime | None:
    """Up to which time reports have their ledger entries. None if that is not known: the cards were never counted, or
    by a clock that was set back since, as the demo's is; then newer reports have earlier times."""
    return counted.at if counted and counted.at <= now + SKEW else None
