"""What news is made of, read from the store: as little as the kinds that somebody wants need."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.news import Missing, Scheduled, Scoreboard, Situation
from chalicelib.domain.progress import progress_of
from chalicelib.domain.reporting import MilestoneRef
from chalicelib.domain.revision import revision_of
from chalicelib.domain.webhooks import Kind, Webhook
from chalicelib.services.directory import Directory
from chalicelib.services.exports import Exports
from chalicelib.services.overview import Overview
from chalicelib.store.commanders import Commanders
from chalicelib.store.completions import Completions
from chalicelib.store.sheets import Sheets

_BY_NUMBERS: frozenset[Kind] = frozenset({"tier-reached", "outlook-changed", "scoreboard"})
_OF_SHEETS: frozenset[Kind] = frozenset({"sheet-failing", "sheet-healed"})


@dataclass(frozen=True, slots=True)
class Situations:
    _directory: Directory
    _overview: Overview
    _exports: Exports
    _completions: Completions
    _commanders: Commanders
    _sheets: Sheets
    _clock: Callable[[], datetime]

    def of(self, server_id: str, kinds: Collection[Kind]) -> Situation:
        """As much of the server's situation as these kinds need: one query for each event that has begun, if any of
        them goes by numbers; one for all sheets, if any tells of these. What is defined comes from the cache. Raises
        NotFound, Busy."""
        server, now = self._directory.server(server_id), self._clock()
        day, events = server.game_day, self._overview.current_events(server, now)
        shows_sheets = not _OF_SHEETS.isdisjoint(kinds)
        goes_by_numbers = not _BY_NUMBERS.isdisjoint(kinds)
        counted = [event for event in events if goes_by_numbers and event.can_change(now, day)]
        standings = {event.id: self._completions.standing(server.id, event.id) for event in counted}
        return Situation(
            server.id,
            day,
            tuple(events),
            tuple(progress_of(event, server.id, day, standings[event.id], now) for event in counted),
            standings,
            tuple(self._sheets.all()) if shows_sheets else (),
            {one.id: f"[{one.tag}] {one.name}" for one in self._directory.known_alliances(server.id)}
            if shows_sheets
            else {},
        )

    def missing(self, webhook: Webhook, milestones: Sequence[Scheduled]) -> Missing:
        """Who of the webhook's scope has not reported these. Of an alliance: its roster and its cards are read; of a
        server: its alliances, and the totals of each event. Raises NotFound, Busy."""
        if webhook.alliance:
            return self._of_alliance(webhook.server, webhook.alliance, milestones)
        alliances = self._directory.alliances(webhook.server)
        of = sum(
            self._size(webhook.server, one.id) if one.on_roster is None else one.on_roster
            for one in alliances
        )
        events = dict.fromkeys(one.event.id for one in milestones)
        done = {
            event: self._completions.standing(webhook.server, event).totals.completions for event in events
        }
        return Missing(
            of,
            {one.id: max(0, of - done[one.event.id].get(one.milestone.id, 0)) for one in milestones},
            is_exact=False,
        )

    def revision(self, webhook: Webhook, situation: Situation, board: Scoreboard) -> str:
        """Of all that the webhook's scoreboard shows, apart from when it was so. Nothing is read but what is cached."""
        alliance = webhook.alliance and self._directory.alliance(webhook.server, webhook.alliance)
        if not alliance:
            return revision_of(board.content)
        changes = [standing.changes.get(alliance.id) for standing in situation.standings.values()]
        return revision_of((board.content, alliance.tag, alliance.roster_changes, changes))

    def _of_alliance(self, server: str, alliance: str, milestones: Sequence[Scheduled]) -> Missing:
        refs = [MilestoneRef(one.event, one.milestone) for one in milestones]
        found = self._exports.missing_of(
            self._directory.server(server), self._directory.alliance(server, alliance), refs
        )
        lacking = [milestone for one in found.missing for milestone in one.milestones]
        return Missing(
            found.commanders,
            {str(ref): lacking.count(str(ref)) for ref in refs},
            tuple(one.name for one in found.missing),
        )

    def _size(self, server: str, alliance: str) -> int:
        return len(self._commanders.names(server, alliance, retired=False))
