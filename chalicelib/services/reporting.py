"""Reporting completions: the one thing that members do."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from chalicelib.domain.access import Key
from chalicelib.domain.cards import Card, CardChange, Completion, reported
from chalicelib.domain.errors import Busy, MusterError, NotFound
from chalicelib.domain.ledger import Actor
from chalicelib.domain.messages import say
from chalicelib.domain.names import display_name
from chalicelib.domain.reporting import MilestoneRef, find_milestones, require_reportable
from chalicelib.domain.roster import Alliance, Commander, Server
from chalicelib.services.directory import Directory
from chalicelib.services.joining import Joining
from chalicelib.services.overview import CommanderProgress
from chalicelib.services.recent_standings import RecentStandings
from chalicelib.services.rosters import Called, CommanderRef, Rosters, called
from chalicelib.services.tiers import Tiers
from chalicelib.store.backoff import ATTEMPTS
from chalicelib.store.commanders import Commanders, still_here
from chalicelib.store.completions import LONGEST_WRITE, CardsChanged, Completions
from chalicelib.store.table import Change, ConditionFailed

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReportedMilestone:
    milestone: str
    status: Literal["recorded", "already_recorded"]
    points: int
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to a report. The field names are the contract of DESIGN §5."""

    commander: Called
    results: tuple[ReportedMilestone, ...]
    progress: tuple[CommanderProgress, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is recorded after a report: the commander's cards by event id, and which global ids were added."""

    commander: Commander
    cards: Mapping[str, Card]
    added: frozenset[str] = frozenset()


class _Who(Protocol):
    """Finds whom a report is for, and the writes by which they join, if they are new. If `consistent`, the answer is
    current; otherwise it may be slightly old."""

    def __call__(self, *, consistent: bool) -> tuple[Commander, Sequence[Change]]: ...


@dataclass(frozen=True, slots=True)
class Reporting:
    _directory: Directory
    _tiers: Tiers
    _completions: Completions
    _commanders: Commanders
    _rosters: Rosters
    _joining: Joining
    _standings: RecentStandings
    _clock: Callable[[], datetime]

    def report(
        self,
        key: Key,
        name: str,
        milestone_ids: Sequence[str],
        server_id: str | None = None,
        alliance_id: str | None = None,
        *,
        is_new: bool = False,
    ) -> Receipt:
        """Records that the commander completed these milestones: all of them, or none and an error.

        What was recorded before stays as it was and is `already_recorded`. `is_new`: the name is no slip, however near
        to another. Raises Malformed, TooLarge, NotFound, Forbidden, Conflict (`milestone-not-open`,
        `reporting-closed`, `not-on-roster`, `other-alliance`, `too-many-new`, `roster-full`), DidYouMean
        (`did-you-mean`) and Busy.
        """
        server, alliance = self._directory.in_scope(key, server_id, alliance_id)
        tags = self._directory.tags(server.id, name)
        display_name(name, tags=tags)
        refs = find_milestones(milestone_ids, self._directory.events())
        now = self._clock()
        require_reportable(refs, key.role, now, server.game_day)
        outcome = self.record(key, alliance, name, refs, _completion(key, now), is_new=is_new)
        return self._receipt(server, called(outcome.commander, name, tags), refs, outcome)

    def report_for(self, key: Key, commander: Commander, milestone_ids: Sequence[str]) -> Receipt:
        """The same for a commander as the alliance that the key is for knows them, wherever they are by now. Raises
        NotFound (`unknown-commander`) if they are nowhere."""
        server, alliance = self._directory.in_scope(key, None, None)
        refs = find_milestones(milestone_ids, self._directory.events())
        now = self._clock()
        require_reportable(refs, key.role, now, server.game_day)

        def who(*, consistent: bool) -> tuple[Commander, Sequence[Change]]:
            found: Commander | None = commander
            if consistent or commander.moved:
                found = self._commanders.wherever(server.id, alliance.id, commander.id)
            if found is None:
                raise NotFound("unknown-commander", say("unknown-commander", alliance=alliance.name))
            return self._rosters.reporting(key, alliance, found, commander.name, is_new=False)

        outcome = self._record(key, alliance, who, refs, _completion(key, now))
        return self._receipt(
            server, CommanderRef(outcome.commander.id, outcome.commander.name), refs, outcome
        )

    def refusal(
        self, key: Key, name: str, milestone_ids: Sequence[str], *, is_new: bool = False
    ) -> MusterError | None:
        """What a member's report of this would be refused for now, as far as that is known before it is written; None,
        if there is nothing. It records nothing.
        """
        try:
            server, alliance = self._directory.in_scope(key, None, None)
            tags = self._directory.tags(server.id, name)
            shown = display_name(name, tags=tags)
            refs = find_milestones(milestone_ids, self._directory.events())
            require_reportable(refs, key.role, self._clock(), server.game_day)
            found = self._commanders.named(server.id, name, tags)
            if found and found.retired_at:  # and comes back by being asked for
                self._rosters.require_open(alliance, found.name)
            else:
                self._rosters.reporting(key, alliance, found, shown, is_new=is_new)
        except MusterError as error:
            return error
        return None

    def record(
        self,
        key: Key,
        alliance: Alliance,
        name: str,
        refs: Sequence[MilestoneRef],
        completion: Completion,
        *,
        is_new: bool,
    ) -> Outcome:
        """Adds to the cards what isn't on them, deciding again whenever somebody else was faster.

        `name` is as it was typed. Raises Malformed, Conflict (`not-on-roster`, `other-alliance`, `too-many-new`,
        `roster-full`), DidYouMean and Busy.
        """
        tags = self._directory.tags(alliance.server, name)
        shown = display_name(name, tags=tags)

        def who(*, consistent: bool) -> tuple[Commander, Sequence[Change]]:
            found = self._commanders.named(alliance.server, name, tags, consistent=consistent)
            return self._rosters.reporting(key, alliance, found, shown, is_new=is_new)

        return self._record(key, alliance, who, refs, completion)

    def _record(
        self,
        key: Key,
        alliance: Alliance,
        who: _Who,
        refs: Sequence[MilestoneRef],
        completion: Completion,
    ) -> Outcome:
        events = list(dict.fromkeys(ref.event.id for ref in refs))
        commander, new = who(consistent=False)
        whose = alliance.server, alliance.id, commander.id
        cards = self._cards(whose, events, is_new=bool(new), consistent=False)
        for _ in range(ATTEMPTS):
            changes = _changes(refs, cards, completion)
            if not changes:
                return Outcome(commander, cards)
            more = list(new)
            if any(change.before.moved for change in changes):  # they left, and perhaps they came back
                more.append(still_here(alliance.server, commander))
            try:
                with self._standings.recording(changes):
                    self._completions.record(changes, more)
            except CardsChanged as changed:
                cards |= changed.cards
                elsewhere = any(card.moved for card in changed.cards.values())
            except ConditionFailed as failure:
                self._joining.require_room(failure)
                elsewhere = True
            else:
                self._settle_late(key, [change.after for change in changes], completion)
                written = cards | {change.after.event: change.after for change in changes}
                added = frozenset(
                    f"{c.after.event}/{milestone}"
                    for c in changes
                    for milestone in c.after.completions.keys() - c.before.completions.keys()
                )
                return Outcome(commander, written, added)
            if elsewhere:
                commander, new = who(consistent=True)
                whose = alliance.server, alliance.id, commander.id
                cards = self._cards(whose, events, is_new=bool(new), consistent=True)
        raise Busy

    def _settle_late(self, key: Key, cards: Sequence[Card], completion: Completion) -> None:
        """Writes the ledger entries of a report at once if it took longer than whoever counts the cards waits for: its
        machine was asleep in the middle of it, perhaps."""
        if self._clock() - completion.recorded_at <= LONGEST_WRITE:
            return
        try:
            self._completions.settle_cards(cards, {key.id: Actor.of(key)})
        except Busy:
            _logger.error("no ledger entry of a report that was written late, by key %s", key.id)

    def _receipt(
        self, server: Server, commander: Called, refs: Sequence[MilestoneRef], outcome: Outcome
    ) -> Receipt:
        """Tiers that are reached now are stamped."""
        results = tuple(_result(ref, outcome) for ref in refs)
        return Receipt(commander, results, self._tiers.stamp_after(server.id, outcome.cards))

    def _cards(
        self, whose: tuple[str, str, str], events: Sequence[str], *, is_new: bool, consistent: bool
    ) -> dict[str, Card]:
        """Those of a commander, by event. A new one's are empty, without looking."""
        server, alliance, commander = whose
        if is_new:
            return {event: Card(server, event, alliance, commander) for event in events}
        return self._completions.cards(server, alliance, commander, events, consistent=consistent)


def _completion(key: Key, now: datetime) -> Completion:
    return Completion(now, key.id, account=key.account)


def _changes(
    refs: Sequence[MilestoneRef], cards: Mapping[str, Card], completion: Completion
) -> list[CardChange]:
    """What of `refs` isn't on the cards, by event."""
    missing: dict[str, list[str]] = {}
    for ref in refs:
        if ref.milestone.id not in cards[ref.event.id].completions:
            missing.setdefault(ref.event.id, []).append(ref.milestone.id)
    return [reported(cards[event], milestones, completion) for event, milestones in missing.items()]


def _result(ref: MilestoneRef, outcome: Outcome) -> ReportedMilestone:
    completion = outcome.cards[ref.event.id].completions[ref.milestone.id]
    status: Literal["recorded", "already_recorded"] = (
        "recorded" if str(ref) in outcome.added else "already_recorded"
    )
    return ReportedMilestone(str(ref), status, ref.milestone.points, completion.recorded_at)
