"""Reporting completions: the one thing that members do."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import random
from typing import Literal

from chalicelib.domain.access import Key
from chalicelib.domain.errors import Busy, Conflict, FieldError
from chalicelib.domain.names import display_name
from chalicelib.domain.reporting import MilestoneRef, find_milestones, require_reportable
from chalicelib.domain.roster import Alliance, Card, Commander, Completion
from chalicelib.services.directory import Directory
from chalicelib.services.overview import Overview
from chalicelib.services.standings import RecentStandings
from chalicelib.store.completions import Addition, CardsChanged, Completions, NameTaken
from chalicelib.store.table import Contended

ATTEMPTS = 10
FIRST_PAUSE, LONGEST_PAUSE = 0.02, 0.64
"""Seconds, doubling, with full jitter: 1.9 s on average for all attempts together, never 4 s."""


@dataclass(frozen=True, slots=True)
class CommanderRef:
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Result:
    milestone: str
    status: Literal["recorded", "already_recorded"]
    points: int
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the commander and the server stand in an event."""

    event: str
    commander_points: int
    commander_points_possible: int
    server_points: int
    next_tier: int | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to a report. The field names are the contract of DESIGN §5."""

    commander: CommanderRef
    results: tuple[Result, ...]
    progress: tuple[Standing, ...]


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What is recorded after a report: the commander's cards by event id, and which global ids are new."""

    commander: Commander
    cards: Mapping[str, Card]
    new: frozenset[str] = frozenset()


class Reporting:
    def __init__(
        self,
        directory: Directory,
        overview: Overview,
        completions: Completions,
        standings: RecentStandings,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
    ) -> None:
        self._directory = directory
        self._overview = overview
        self._completions = completions
        self._standings = standings
        self._clock = clock
        self._sleep = sleep

    def report(
        self,
        key: Key,
        name: str,
        milestone_ids: Sequence[str],
        server_id: str | None = None,
        alliance_id: str | None = None,
    ) -> Receipt:
        """Records that the commander completed these milestones: all of them, or none and an error.

        What was recorded before stays as it was and is `already_recorded`. Raises Malformed, NotFound, Forbidden,
        Conflict (`milestone-not-open`, `reporting-closed`, `not-on-roster`, `other-alliance`) and Busy.
        """
        server, alliance = self._directory.place(key, server_id, alliance_id)
        typed = display_name(name)
        refs = find_milestones(milestone_ids, self._directory.events())
        now = self._clock()
        require_reportable(refs, key.role, now, server.game_day)
        outcome = self._record(alliance, typed, refs, Completion(now, key.id))
        events = {ref.event.id: ref.event for ref in refs}
        progress = (self._overview.stamped_progress(server, event, now) for event in events.values())
        return Receipt(
            commander=CommanderRef(outcome.commander.id, outcome.commander.name),
            results=tuple(_result(ref, outcome) for ref in refs),
            progress=tuple(
                Standing(
                    event=standing.event,
                    commander_points=outcome.cards[standing.event].points(events[standing.event]),
                    commander_points_possible=events[standing.event].points_possible,
                    server_points=standing.points,
                    next_tier=standing.next_tier,
                )
                for standing in progress
            ),
        )

    def _record(
        self, alliance: Alliance, name: str, refs: Sequence[MilestoneRef], completion: Completion
    ) -> _Outcome:
        """Adds to the cards what isn't on them, deciding anew whenever somebody else was faster."""
        found = self._completions.commander(alliance.server, name)
        commander = _in_alliance(alliance, found, name)
        events = dict.fromkeys(ref.event.id for ref in refs)
        cards: dict[str, Card] = {}
        if found:
            cards = self._completions.cards(alliance.server, alliance.id, commander.id, events)
        for attempt in range(ATTEMPTS):
            additions = _additions(refs, cards)
            if not additions:
                return _Outcome(commander, cards)
            try:
                with self._standings.recording():
                    written = self._completions.record(
                        alliance.server, commander, additions, completion, found is None
                    )
                    for addition in additions:
                        self._standings.add(alliance.server, addition.event, alliance.id, addition.totals)
            except CardsChanged as changed:
                cards = {event: card for event, card in (cards | changed.cards).items() if card}
            except NameTaken as taken:
                found = taken.commander
                commander = _in_alliance(alliance, found, name)
                cards = self._completions.cards(
                    alliance.server, alliance.id, commander.id, events, consistent=True
                )
            except Contended:
                if attempt + 1 == ATTEMPTS:
                    break
                self._sleep(random() * min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempt))  # noqa: S311 - jitter
            else:
                new = frozenset(f"{a.event}/{milestone}" for a in additions for milestone in a.milestones)
                return _Outcome(commander, cards | written, new)
        raise Busy


def _in_alliance(alliance: Alliance, found: Commander | None, name: str) -> Commander:
    """The commander to record for: the one found, or a new one where the alliance is open. Raises Conflict."""
    if found is None:
        if not alliance.is_open:
            message = (
                f"{name} is not on the roster of {alliance.name}. Check the spelling, or ask an officer."
            )
            raise Conflict("not-on-roster", message, [FieldError("commander", message)])
        return Commander(secrets.token_urlsafe(9), name, alliance.id)
    if found.alliance != alliance.id:
        message = f"{found.name} reports with another alliance of this server. An officer can move them."
        raise Conflict("other-alliance", message, [FieldError("commander", message)])
    return found


def _additions(refs: Sequence[MilestoneRef], cards: Mapping[str, Card]) -> list[Addition]:
    """What of `refs` isn't on the cards, by event."""
    missing: dict[str, list[str]] = {}
    for ref in refs:
        card = cards.get(ref.event.id)
        if card is None or ref.milestone.id not in card.completions:
            missing.setdefault(ref.event.id, []).append(ref.milestone.id)
    return [Addition(event, milestones, cards.get(event)) for event, milestones in missing.items()]


def _result(ref: MilestoneRef, outcome: _Outcome) -> Result:
    completion = outcome.cards[ref.event.id].completions[ref.milestone.id]
    status: Literal["recorded", "already_recorded"] = (
        "recorded" if str(ref) in outcome.new else "already_recorded"
    )
    return Result(str(ref), status, ref.milestone.points, completion.recorded_at)
