"""Who is who: commanders join, are renamed, merged, moved, retired and forgotten, and their completions with them."""

import re
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from chalicelib.domain.access import Capability, Key, Role
from chalicelib.domain.cards import Card, CardChange, moved
from chalicelib.domain.errors import Conflict, DidYouMean, FieldError, NotFound
from chalicelib.domain.events import Event
from chalicelib.domain.ledger import Action, Actor, card_entries
from chalicelib.domain.names import display_name, normalised
from chalicelib.domain.near import near_names
from chalicelib.domain.roster import Alliance, Commander
from chalicelib.services.attempts import until_written
from chalicelib.services.directory import Directory
from chalicelib.services.recent_standings import RecentStandings
from chalicelib.store import commanders as writes
from chalicelib.store import ledger
from chalicelib.store.access import AccessKeys
from chalicelib.store.commanders import Commanders
from chalicelib.store.completions import Completions
from chalicelib.store.ledger import Ledger
from chalicelib.store.table import MOST_CHANGES, Change

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CommanderRef:
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class RosterEntry:
    """A commander on a roster. `added_by`: the role of whoever added them; `member` means themselves."""

    id: str
    name: str
    alliance: str
    added_at: datetime | None
    added_by: Role | None
    retired_at: datetime | None
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rosters:
    _directory: Directory
    _commanders: Commanders
    _completions: Completions
    _access_keys: AccessKeys
    _ledger: Ledger
    _standings: RecentStandings
    _clock: Callable[[], datetime]
    _sleep: Callable[[float], None]

    def roster(self, key: Key, server: str, alliance: str, added_by: str | None = None) -> list[RosterEntry]:
        """The roster by name, the retired too; only those added by that role, if it is given.

        Raises Forbidden, NotFound, as everything here does.
        """
        place = self._place(key, server, alliance, "see rosters")
        roster = self._commanders.roster(server, place.id)
        return [_entry(one) for one in roster if added_by in (None, one.added_by)]

    def get(self, key: Key, server: str, alliance: str, commander_id: str) -> RosterEntry:
        """Raises NotFound (`unknown-commander`)."""
        return _entry(self._member(self._place(key, server, alliance), commander_id))

    def add(self, key: Key, server: str, alliance: str, name: str, *, is_new: bool = False) -> RosterEntry:
        """Adds a commander. Raises Malformed, Conflict (`already-on-roster`, `other-alliance`), DidYouMean."""
        place, typed = self._place(key, server, alliance), display_name(name, "name")

        def add() -> Commander:
            found = self._commanders.named(server, typed, consistent=True)
            if found and found.alliance == place.id:
                message = f"{found.name} is on the roster already."
                raise Conflict("already-on-roster", message, [FieldError("name", message)])
            if found and not found.retired_at:
                raise _elsewhere(found, "name")
            if found:
                return self._take_in(key, place, found)
            if not is_new:
                self._refuse_near(place, typed, "name")
            commander, changes = self._new(key, place, typed)
            self._commanders.transact(changes)
            return commander

        return _entry(self._until_written(add))

    def rename(self, key: Key, server: str, alliance: str, commander_id: str, name: str) -> RosterEntry:
        """Gives a commander another name; all else stays. The old name is free then.

        Raises Malformed, Conflict (`name-taken`).
        """
        place, typed = self._place(key, server, alliance), display_name(name, "name")

        def rename() -> Commander:
            before = self._member(place, commander_id)
            holder = self._commanders.named(server, typed, consistent=True)
            if holder and holder.id != before.id:
                message = (
                    f"There is a commander {holder.name} on this server. To make the two one, merge them."
                )
                raise Conflict("name-taken", message, [FieldError("name", message)])
            aliases = tuple(alias for alias in before.aliases if alias != normalised(typed))
            after = replace(before, name=typed, aliases=aliases)
            if after != before:
                self._change(key, place, before, after, "rename", {"name": before.name}, {"name": typed})
            return after

        return _entry(self._until_written(rename))

    def retire(
        self, key: Key, server: str, alliance: str, commander_id: str, reason: str | None = None
    ) -> RosterEntry:
        """Takes a commander off the form; what they completed stays. Another open alliance can have them at once."""
        return self._set_retired(key, server, alliance, commander_id, self._clock(), reason)

    def reinstate(
        self, key: Key, server: str, alliance: str, commander_id: str, reason: str | None = None
    ) -> RosterEntry:
        """Undoes a retirement."""
        return self._set_retired(key, server, alliance, commander_id, None, reason)

    def move(
        self, key: Key, server: str, alliance: str, commander_id: str, to: str, reason: str | None = None
    ) -> RosterEntry:
        """Brings a commander, and their completions in all events that are not archived, to another alliance.

        The key has to cover both. Raises Conflict (`too-many-events`).
        """
        here, there = self._place(key, server, alliance), self._place(key, server, to)
        return _entry(self._until_written(lambda: self._move(key, here, there, commander_id, reason)))

    def merge(
        self, key: Key, server: str, alliance: str, commander_id: str, other: str, reason: str | None = None
    ) -> RosterEntry:
        """Makes `other`, who is named or given by id, one with the commander, who stays.

        Completions are united, each counted once; the other's names lead to the commander from now on. The key has to
        cover both. Raises Conflict (`same-commander`, `too-many-events`).
        """
        place = self._place(key, server, alliance)
        return _entry(self._until_written(lambda: self._merge(key, place, commander_id, other, reason)))

    def forget(self, key: Key, server: str, alliance: str, commander_id: str) -> RosterEntry:
        """Replaces the commander's names by a neutral label wherever they are stored; what they completed stays.

        The ledger comes first: as long as that has not been done, the roster knows which names to look for. So if it
        fails on the way, it can be asked again.
        """
        place = self._place(key, server, alliance)
        label = f"Forgotten commander {re.sub('[^0-9a-zA-Z]', '0', commander_id)[:6]}"

        def forget() -> Commander:
            before = self._member(place, commander_id)
            remainders = self._commanders.some(server, before.former).values()
            names = {before.name, *before.aliases, *(one.name for one in remainders)}
            ids = {commander_id, *(former for _, former in before.former)}
            self._ledger.forget(server, ids, names, label)
            after = replace(before, name=label, aliases=(), retired_at=before.retired_at or self._clock())
            if after != before:
                self._change(key, place, before, after, "forget", more=writes.forgotten(server, after))
            return after

        return _entry(self._until_written(forget))

    def reporting(
        self, key: Key, alliance: Alliance, found: Commander | None, name: str, *, is_new: bool
    ) -> tuple[Commander, Sequence[Change]]:
        """Who it is that a report of `name` is for, and the writes by which they join, if they are new.

        Somebody who has retired comes back by reporting, to whichever alliance is open to them; their old alliance's
        officers can record for them all the same. Raises Conflict (`not-on-roster`, `other-alliance`) and DidYouMean.
        """
        if found and found.alliance == alliance.id and key.may("report for others"):
            return found, ()
        if found and not found.retired_at:
            if found.alliance != alliance.id:
                raise _elsewhere(found, "commander")
            return found, ()
        if not alliance.is_open:
            raise self._not_on_roster(alliance, found.name if found else name)
        if found:
            return self._until_written(lambda: self._take_in(key, alliance, found)), ()
        if not is_new:
            self._refuse_near(alliance, name, "commander")
        return self._new(key, alliance, name)

    def _place(
        self, key: Key, server: str, alliance: str, capability: Capability = "keep rosters"
    ) -> Alliance:
        key.require(capability, server=server, alliance=alliance)
        self._directory.server(server)
        return self._directory.alliance(server, alliance)

    def _until_written(self, write: Callable[[], T]) -> T:
        return until_written(write, self._sleep)

    def _member(self, place: Alliance, commander_id: str) -> Commander:
        commander = self._commanders.member(place.server, place.id, commander_id)
        if commander is None or commander.moved:
            message = f"{place.name} has no such commander."
            raise NotFound("unknown-commander", message, [FieldError("commander", message)])
        return commander

    def _new(self, key: Key, alliance: Alliance, name: str) -> tuple[Commander, list[Change]]:
        now = self._clock()
        commander = Commander(secrets.token_urlsafe(9), name, alliance.id, now, key.role, version=1)
        entry = ledger.new_entry(
            now,
            "add",
            Actor.of(key),
            alliance.server,
            alliance=alliance.id,
            commander=commander.id,
            after={"name": name},
        )
        return commander, [*writes.added(alliance.server, commander), ledger.put(entry)]

    def _change(
        self,
        key: Key,
        place: Alliance,
        before: Commander,
        after: Commander,
        action: Action,
        was: Mapping[str, str] | None = None,
        becomes: Mapping[str, str] | None = None,
        reason: str | None = None,
        more: Sequence[Change] = (),
    ) -> None:
        entry = ledger.new_entry(
            self._clock(),
            action,
            Actor.of(key),
            place.server,
            alliance=place.id,
            commander=before.id,
            before=was,
            after=becomes,
            reason=reason,
        )
        changes = writes.changed(place.server, before, after)
        self._commanders.transact([*changes, *more, ledger.put(entry)])

    def _set_retired(
        self, key: Key, server: str, alliance: str, commander_id: str, at: datetime | None, reason: str | None
    ) -> RosterEntry:
        place = self._place(key, server, alliance)

        def change() -> Commander:
            before = self._member(place, commander_id)
            if bool(before.retired_at) == bool(at):
                return before
            after = replace(before, retired_at=at)
            self._change(key, place, before, after, "retire" if at else "reinstate", reason=reason)
            return after

        return _entry(self._until_written(change))

    def _take_in(self, key: Key, alliance: Alliance, found: Commander) -> Commander:
        """Somebody who has retired, as they report again."""
        left = self._directory.alliance(alliance.server, found.alliance)
        before = self._member(left, found.id)
        if not before.retired_at:
            if before.alliance != alliance.id:
                raise _elsewhere(before, "commander")
            return before
        if before.alliance == alliance.id:
            after = replace(before, retired_at=None)
            self._change(key, alliance, before, after, "reinstate")
            return after
        return self._move(key, left, alliance, before.id, "reports here after having retired there")

    def _move(
        self, key: Key, here: Alliance, there: Alliance, commander_id: str, reason: str | None
    ) -> Commander:
        known = self._commanders.member(here.server, here.id, commander_id)
        if known and known.alliance == there.id:  # now, or by an earlier try whose answer was lost
            return self._member(there, commander_id)
        before = self._member(here, commander_id)
        former = tuple(place for place in before.former if place != (there.id, commander_id))
        after = replace(before, alliance=there.id, retired_at=None, former=(*former, (here.id, commander_id)))
        self._bring(
            key, "move", before, after, writes.changed(here.server, before, after), here.server, reason
        )
        return after

    def _merge(
        self, key: Key, place: Alliance, commander_id: str, other: str, reason: str | None
    ) -> Commander:
        survivor = self._member(place, commander_id)
        named = self._commanders.named(place.server, other, consistent=True) if other.strip() else None
        home = self._place(key, place.server, named.alliance) if named else place
        absorbed = self._member(home, named.id if named else other)
        if absorbed.id == survivor.id:
            message = f"{other} leads to {survivor.name} already."
            raise Conflict("same-commander", message, [FieldError("commander", message)])
        changes = writes.merged(place.server, absorbed, survivor)
        self._bring(key, "merge", absorbed, survivor, changes, place.server, reason)
        return self._member(place, commander_id)

    def _bring(
        self,
        key: Key,
        action: Action,
        source: Commander,
        target: Commander,
        changes: Sequence[Change],
        server: str,
        reason: str | None,
    ) -> None:
        """Writes `changes` with all that bring the cards from one commander or alliance to the other.

        Where the source has no card, one is left that is marked as moved, so that a report which is under way finds
        out. Archived events stay as they are.
        """
        now = self._clock()
        events = self._directory.open_events(server)
        here, there = (self._cards(server, one, events) for one in (source, target))
        pairs = [moved(here[event.id], there[event.id]) for event in events]
        leaving = [left for left, _ in pairs]
        arriving = [came for left, came in pairs if left.before.completions or left.before.voided]
        sides = [(source, leaving), (target, arriving)]
        entries = [
            ledger.new_entry(
                now,
                action,
                Actor.of(key),
                server,
                alliance=one.alliance,
                commander=one.id,
                cards=card_entries(change for change in cards if change.added or change.removed),
                before={"alliance": source.alliance, "commander": source.id},
                after={"alliance": target.alliance, "commander": target.id},
                reason=reason,
            )
            for one, cards in sides
        ]
        more = [*changes, *map(ledger.put, entries)]
        if len(more) + 2 * len(leaving + arriving) > MOST_CHANGES:
            message = (
                "That is more than can be done at once. Archive the events that are over, then try again."
            )
            raise Conflict("too-many-events", message)
        moves: list[CardChange] = [*leaving, *arriving]
        self._completions.settle_cards([change.before for change in moves], self._access_keys.actors(server))
        with self._standings.recording(moves):
            self._completions.record(moves, more)

    def _cards(self, server: str, commander: Commander, events: Iterable[Event]) -> dict[str, Card]:
        ids = [event.id for event in events]
        return self._completions.cards(server, commander.alliance, commander.id, ids, consistent=True)

    def _near(self, alliance: Alliance, name: str) -> list[str]:
        roster = self._commanders.roster(alliance.server, alliance.id)
        return near_names(name, [one.name for one in roster])

    def _refuse_near(self, alliance: Alliance, name: str, field: str) -> None:
        suggestions = self._near(alliance, name)
        if suggestions:
            message = f"{name} is new to {alliance.name}. Did you mean {_either(suggestions)}?"
            raise DidYouMean("did-you-mean", message, [FieldError(field, message)], suggestions)

    def _not_on_roster(self, alliance: Alliance, name: str) -> Conflict:
        suggestions = self._near(alliance, name)
        hint = "Check the spelling, or ask an officer."
        if suggestions:
            hint = f"Did you mean {_either(suggestions)}?"
        message = f"{name} is not on the roster of {alliance.name}. {hint}"
        return DidYouMean("not-on-roster", message, [FieldError("commander", message)], suggestions)


def _elsewhere(found: Commander, field: str) -> Conflict:
    message = f"{found.name} reports with another alliance of this server. An officer can move them."
    return Conflict("other-alliance", message, [FieldError(field, message)])


def _either(names: Sequence[str]) -> str:
    return " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _entry(commander: Commander) -> RosterEntry:
    return RosterEntry(
        commander.id,
        commander.name,
        commander.alliance,
        commander.added_at,
        commander.added_by,
        commander.retired_at,
        commander.aliases,
    )
