"""Who has reported what, and who has not: for officers, for readers, and for spreadsheets of their own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.access import Key
from chalicelib.domain.cards import Card, last_report
from chalicelib.domain.reporting import MilestoneRef, find_milestones
from chalicelib.domain.roster import Alliance, Server
from chalicelib.services.directory import Directory
from chalicelib.services.overview import Overview
from chalicelib.store.commanders import Commanders
from chalicelib.store.completions import Completions


@dataclass(frozen=True, slots=True)
class MissingCommander:
    """Somebody who has not reported these milestones, and when they reported last, if they ever have."""

    id: str
    name: str
    last_report: datetime | None
    milestones: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MissingReports:
    """`commanders`: how many are on the roster, who could have reported. `missing`: who has not, by name."""

    server: str
    alliance: str
    as_of: datetime
    milestones: tuple[str, ...]
    commanders: int
    missing: tuple[MissingCommander, ...]


@dataclass(frozen=True, slots=True)
class RecordedCompletion:
    """One completion. `reported_at`: when it was reported elsewhere, if it was imported."""

    commander_id: str
    commander: str
    event: str
    milestone: str
    milestone_name: str
    points: int
    recorded_at: datetime
    reported_at: datetime | None


@dataclass(frozen=True, slots=True)
class AllianceCompletions:
    server: str
    alliance: str
    event: str
    completions: tuple[RecordedCompletion, ...]


@dataclass(frozen=True, slots=True)
class Exports:
    _directory: Directory
    _overview: Overview
    _commanders: Commanders
    _completions: Completions
    _clock: Callable[[], datetime]

    def missing(
        self, key: Key, server_id: str, alliance_id: str, milestone_ids: Sequence[str]
    ) -> MissingReports:
        """Who of the roster has not reported them all; without `milestone_ids`, those that are active now.

        Raises Forbidden, NotFound.
        """
        server, alliance = self._in_scope(key, server_id, alliance_id)
        refs = self._active(server, self._clock())
        if milestone_ids:
            refs = find_milestones(milestone_ids, self._directory.events(), "milestone")
        return self.missing_of(server, alliance, refs)

    def missing_of(self, server: Server, alliance: Alliance, refs: Sequence[MilestoneRef]) -> MissingReports:
        """Who of the roster has not reported them all, for whoever may know it."""
        now = self._clock()
        current = [event.id for event in self._directory.open_events(server.id)]
        cards = self._cards(alliance, dict.fromkeys([*current, *(ref.event.id for ref in refs)]))
        roster = [c for c in self._commanders.roster(server.id, alliance.id) if not c.retired_at]
        missing = []
        for commander in roster:
            mine = cards.get(commander.id, {})
            lacks = tuple(str(ref) for ref in refs if not _has(mine, ref))
            if lacks:
                missing.append(
                    MissingCommander(commander.id, commander.name, last_report(mine.values()), lacks)
                )
        milestones = tuple(map(str, refs))
        return MissingReports(server.id, alliance.id, now, milestones, len(roster), tuple(missing))

    def completions(self, key: Key, server_id: str, alliance_id: str, event_id: str) -> AllianceCompletions:
        """Every completion of the alliance in an event, by commander's name and the milestones' order.

        Raises Forbidden, NotFound.
        """
        server, alliance = self._in_scope(key, server_id, alliance_id)
        event = self._directory.event(event_id)
        cards = self._cards(alliance, [event.id])
        rows = []
        for commander in self._commanders.known(server.id, alliance.id):
            card = cards.get(commander.id, {}).get(event.id)
            for milestone, _ in event.scheduled(server.game_day) if card else ():
                if card and (completion := card.completions.get(milestone.id)):
                    rows.append(
                        RecordedCompletion(
                            commander.id,
                            commander.name,
                            event.id,
                            event.global_id(milestone),
                            milestone.name,
                            milestone.points,
                            completion.recorded_at,
                            completion.reported_at,
                        )
                    )
        return AllianceCompletions(server.id, alliance.id, event.id, tuple(rows))

    def _in_scope(self, key: Key, server_id: str, alliance_id: str) -> tuple[Server, Alliance]:
        key.require("see completions", server=server_id, alliance=alliance_id)
        return self._directory.server(server_id), self._directory.alliance(server_id, alliance_id)

    def _active(self, server: Server, now: datetime) -> list[MilestoneRef]:
        return [
            MilestoneRef(event, milestone)
            for event in self._overview.current_events(server, now)
            for milestone, window in event.scheduled(server.game_day)
            if window.status(now) == "active"
        ]

    def _cards(
        self, alliance: Alliance, events: Sequence[str] | Mapping[str, None]
    ) -> dict[str, dict[str, Card]]:
        """By commander and event."""
        cards: dict[str, dict[str, Card]] = {}
        for event in events:
            for card in self._completions.alliance_cards(alliance.server, event, alliance.id):
                cards.setdefault(card.commander, {})[event] = card
        return cards


def _has(cards: Mapping[str, Card], ref: MilestoneRef) -> bool:
    return ref.event.id in cards and ref.milestone.id in cards[ref.event.id].completions
