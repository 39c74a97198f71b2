"""Corrections: what was recorded by mistake is voided, what was voided by mistake is restored (DESIGN §3.10).

The boxes of a sheet are ticked and unticked here too.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from chalicelib.domain.access import Capability, Key
from chalicelib.domain.cards import Card, CardChange, Completion, entered, restored, timed, untimed, voided
from chalicelib.domain.edits import Overtaken
from chalicelib.domain.errors import Conflict, FieldError, NotFound, malformed, quoted
from chalicelib.domain.ledger import Action, Actor, card_entries
from chalicelib.domain.messages import say
from chalicelib.domain.reporting import MilestoneRef, find_milestone, require_reportable
from chalicelib.domain.roster import Alliance, Commander, Server
from chalicelib.services.attempts import until_written
from chalicelib.services.directory import Directory
from chalicelib.services.overview import CommanderProgress
from chalicelib.services.recent_standings import RecentStandings
from chalicelib.services.rosters import Called, called
from chalicelib.services.tiers import Tiers
from chalicelib.store import ledger
from chalicelib.store.access import AccessKeys
from chalicelib.store.commanders import Commanders, still_here
from chalicelib.store.completions import Completions
from chalicelib.store.table import Change

UNDO_WITHIN = timedelta(minutes=15)
"""How long a member can take back what they reported."""

Kind = Literal["void", "restore"]
Status = Literal["voided", "already_voided", "restored", "already_recorded"]


@dataclass(frozen=True, slots=True)
class Correction:
    """The answer to a correction, with where the commander and the server stand then."""

    commander: Called
    milestone: str
    status: Status
    progress: tuple[CommanderProgress, ...]


@dataclass(frozen=True, slots=True)
class Corrections:
    _directory: Directory
    _tiers: Tiers
    _commanders: Commanders
    _completions: Completions
    _access_keys: AccessKeys
    _standings: RecentStandings
    _clock: Callable[[], datetime]
    _sleep: Callable[[float], None]

    def correct(
        self,
        key: Key,
        action: Kind,
        name: str,
        milestone: str,
        reason: str,
        server_id: str | None = None,
        alliance_id: str | None = None,
    ) -> Correction:
        """Voids a completion, or restores it as it was. `name` may be the commander's id where the alliance is given.

        Repeating it changes nothing. Raises Malformed, NotFound, Forbidden, Conflict (`not-recorded`: there is nothing
        to void; `not-voided`: nothing to restore; `event-archived`) and Busy.
        """
        server = self._server(key, server_id)
        commander = self._commander(key, server, name, alliance_id or key.alliance)
        ref = find_milestone(milestone, self._directory.events())
        _require_open(ref)

        def write() -> tuple[Status, Card]:
            card = self._card(server, commander, ref)
            status = _status(action, card, ref, commander)
            if status in ("already_voided", "already_recorded"):
                return status, card
            change = (voided if action == "void" else restored)(card, [ref.milestone.id])
            self._write(key, action, commander, server, [change], reason)
            return status, change.after

        status, card = until_written(write, self._sleep)
        progress = self._tiers.stamp_after(server.id, {ref.event.id: card})
        who = called(commander, name, self._directory.tags(server.id, name))
        return Correction(who, str(ref), status, progress)

    def tick(
        self,
        key: Key,
        alliance: Alliance,
        commander_id: str,
        ref: MilestoneRef,
        seen: int,
        tab: str,
        *,
        done: bool,
    ) -> bool:
        """Records a completion, or voids it, as a box of a sheet in `tab` says; whether there was anything to do.

        Raises Overtaken if the milestone's generation on the card is no longer `seen`; Forbidden, NotFound
        (`unknown-commander`), Conflict (`milestone-not-open`; `reporting-closed`, `event-archived`: no change any more)
        and Busy.
        """
        task: Capability = "report for others" if done else "correct completions"
        key.require(task, server=alliance.server, alliance=alliance.id)
        server = self._directory.server(alliance.server)
        if done:
            require_reportable([ref], key.role, self._clock(), server.game_day)
        else:
            _require_open(ref)

        def write() -> bool:
            commander = self._member(server, alliance, commander_id)
            card, milestone = self._card(server, commander, ref), ref.milestone.id
            if (milestone in card.completions) == done:
                return False
            if card.generation(milestone) != seen:
                raise Overtaken
            completion = Completion(self._clock(), key.id)
            change = entered(card, milestone, completion) if done else voided(card, [milestone])
            came_back = [still_here(server.id, commander)] if card.moved else []
            action: Action = "report" if done else "void"
            self._write(key, action, commander, server, [change], None, tab, came_back)
            return True

        return until_written(write, self._sleep)

    def undo(self, key: Key, commander_id: str, reported_at: datetime) -> int:
        """Takes back what was recorded with this member key at that time; how many completions.

        Until `UNDO_WITHIN` after it: then Conflict (`undo-closed`). Raises NotFound, Forbidden, Busy.
        """
        server, alliance = self._directory.in_scope(key, None, None)
        commander = self._member(server, alliance, commander_id)
        if self._clock() - reported_at >= UNDO_WITHIN:
            raise Conflict("undo-closed", say("undo-closed", minutes=UNDO_WITHIN // timedelta(minutes=1)))

        def write() -> int:
            changes = [
                voided(card, mine)
                for card in self._open_cards(server, alliance, commander_id).values()
                if (mine := _recorded(card, key, reported_at))
            ]
            if changes:
                self._write(key, "undo", commander, server, changes, None)
            return sum(len(change.removed) for change in changes)

        return until_written(write, self._sleep)

    def add_times(
        self,
        key: Key,
        commander: Commander,
        server: Server,
        refs: Sequence[MilestoneRef],
        reported_at: datetime,
    ) -> list[str]:
        """Says when completions were reported that don't say so yet, and were recorded later: the global ids of these.

        Nothing counts differently for it. The caller has seen to the key's scope. Raises Busy.
        """
        wanted: dict[str, list[str]] = {}
        for ref in refs:
            wanted.setdefault(ref.event.id, []).append(ref.milestone.id)

        def write() -> set[str]:
            cards = self._completions.cards(
                server.id, commander.alliance, commander.id, list(wanted), consistent=True
            )
            found = {event: untimed(cards[event], wanted[event], reported_at) for event in wanted}
            changes = [timed(cards[event], of, reported_at) for event, of in found.items() if of]
            if changes:
                self._write(key, "time", commander, server, changes, None)
            return {f"{event}/{milestone}" for event, of in found.items() for milestone in of}

        told = until_written(write, self._sleep)
        return [name for name in map(str, refs) if name in told]

    def _server(self, key: Key, server_id: str | None) -> Server:
        server_id = server_id or key.server
        if server_id is None:
            message = f"With this {key.role} key, say which server."
            raise malformed("server", message)
        key.require("correct completions", server=server_id, alliance=key.alliance)
        return self._directory.server(server_id)

    def _commander(self, key: Key, server: Server, name: str, alliance: str | None) -> Commander:
        """By id in that alliance, or by name. Only those in scope are found."""
        tags = self._directory.tags(server.id, name)
        found = self._commanders.called(server.id, alliance, name, tags, consistent=True)
        if found is None:
            message = f"There is no commander {quoted(name)} on server {server.id}."
            raise NotFound("unknown-commander", message, [FieldError("commander", message)])
        key.require("correct completions", server=server.id, alliance=found.alliance)
        return found

    def _member(self, server: Server, alliance: Alliance, commander_id: str) -> Commander:
        """The commander of that id, who must not have left the alliance."""
        commander = self._commanders.member(server.id, alliance.id, commander_id)
        if commander is None or commander.moved:
            raise NotFound("unknown-commander", say("unknown-commander", alliance=alliance.name))
        return commander

    def _card(self, server: Server, commander: Commander, ref: MilestoneRef) -> Card:
        cards = self._completions.cards(
            server.id, commander.alliance, commander.id, [ref.event.id], consistent=True
        )
        return cards[ref.event.id]

    def _open_cards(self, server: Server, alliance: Alliance, commander_id: str) -> dict[str, Card]:
        events = [event.id for event in self._directory.open_events(server.id)]
        return self._completions.cards(server.id, alliance.id, commander_id, events, consistent=True)

    def _write(
        self,
        key: Key,
        action: Action,
        commander: Commander,
        server: Server,
        changes: Sequence[CardChange],
        reason: str | None,
        tab: str | None = None,
        more: Sequence[Change] = (),
    ) -> None:
        """With its ledger entry, and `more` in the same transaction. `tab`: of the sheet in which it was done."""
        entry = ledger.new_entry(
            self._clock(),
            action,
            Actor.of(key),
            server.id,
            alliance=commander.alliance,
            commander=commander.id,
            cards=card_entries(changes),
            after={"tab": tab} if tab else None,
            reason=reason,
        )
        before = [change.before for change in changes]
        self._completions.settle_cards(before, self._access_keys.actors(server.id))
        with self._standings.recording(changes):
            self._completions.record(changes, [*more, ledger.put(entry)])


def _require_open(ref: MilestoneRef) -> None:
    """Raises Conflict (`event-archived`)."""
    if ref.event.archived:
        message = f"{ref.event.name} is archived: nothing of it changes any more."
        raise Conflict("event-archived", message, [FieldError("milestone", message)])


def _status(action: Kind, card: Card, ref: MilestoneRef, commander: Commander) -> Status:
    """What the correction comes to. Raises Conflict where there is nothing to correct."""
    has, had = ref.milestone.id in card.completions, ref.milestone.id in card.voided
    if action == "void":
        if not has and not had:
            message = f"{ref.milestone.name} is not recorded for {commander.name}."
            raise Conflict("not-recorded", message, [FieldError("milestone", message)])
        return "voided" if has else "already_voided"
    if not has and not had:
        message = f"{ref.milestone.name} was never voided for {commander.name}."
        raise Conflict("not-voided", message, [FieldError("milestone", message)])
    return "already_recorded" if has else "restored"


def _recorded(card: Card, key: Key, at: datetime) -> list[str]:
    return [m for m, c in card.completions.items() if c.key_id == key.id and c.recorded_at == at]
