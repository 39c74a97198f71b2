"""Who is who: commanders join, are renamed, merged, moved, retired and forgotten, and their completions with them."""

import re
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from chalicelib.domain.access import Capability, Key, Role
from chalicelib.domain.cards import Card, CardChange, moved
from chalicelib.domain.edits import Overtaken
from chalicelib.domain.errors import Busy, Conflict, DidYouMean, FieldError, NotFound
from chalicelib.domain.events import Event
from chalicelib.domain.ledger import Action, Actor, card_entries
from chalicelib.domain.messages import say
from chalicelib.domain.names import Tags, display_name, name_keys, normalised, without_tags
from chalicelib.domain.near import near_names
from chalicelib.domain.renormalising import own_key
from chalicelib.domain.roster import Alliance, Commander, Forgetting
from chalicelib.services.directory import Directory
from chalicelib.services.joining import Joining
from chalicelib.services.recent_standings import RecentStandings
from chalicelib.store import commanders as writes
from chalicelib.store import ledger
from chalicelib.store.access import AccessKeys
from chalicelib.store.commanders import Commanders
from chalicelib.store.completions import Completions
from chalicelib.store.ledger import Ledger
from chalicelib.store.table import MOST_CHANGES, Change

if TYPE_CHECKING:
    from chalicelib.store.guilds import Guilds

T = TypeVar("T")

MOST_ALIASES = 200
"""Names that lead to a commander, beside the present one. All are in one item of the table, which holds 400 KB."""

_DROPPED_AT_ONCE = 80


@dataclass(frozen=True, slots=True)
class CommanderRef:
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class RenamedCommander:
    """Whom a name led to that was given, and is not the present one: `formerly`."""

    id: str
    name: str
    formerly: str


Called = CommanderRef | RenamedCommander


def called(commander: Commander, typed: str, tags: Tags) -> Called:
    """The commander to whom that name leads, and by which former name, if it is one."""
    formerly = commander.former_name(name_keys(typed, tags))
    if formerly:
        return RenamedCommander(commander.id, commander.name, formerly)
    return CommanderRef(commander.id, commander.name)


@dataclass(frozen=True, slots=True)
class CommanderNamesake:
    """One of several commanders who have the same name by today's rules: perhaps the same person."""

    id: str
    name: str
    alliance: str

    @classmethod
    def of(cls, commander: Commander) -> "CommanderNamesake":
        return cls(commander.id, commander.name, commander.alliance)


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
class Roster:
    """An alliance's roster. `possible_duplicates`: those of it who have the same name, with whoever else has it."""

    server: str
    alliance: str
    commanders: tuple[RosterEntry, ...]
    possible_duplicates: tuple[tuple[CommanderNamesake, ...], ...]


@dataclass(frozen=True, slots=True)
class Rosters:
    _directory: Directory
    _commanders: Commanders
    _completions: Completions
    _access_keys: AccessKeys
    _ledger: Ledger
    _standings: RecentStandings
    _joining: Joining
    _guilds: "Callable[[], Guilds]"
    _clock: Callable[[], datetime]
    _sleep: Callable[[float], None]

    def roster(self, key: Key, server: str, alliance: str, added_by: str | None = None) -> list[RosterEntry]:
        """The roster by name, the retired too; only those added by that role, if it is given.

        Raises Forbidden, NotFound, as everything here does.
        """
        place = self._place(key, server, alliance, "see rosters")
        roster = self._commanders.roster(server, place.id)
        return [_entry(one) for one in roster if added_by in (None, one.added_by)]

    def listing(self, key: Key, server: str, alliance: str, added_by: str | None = None) -> Roster:
        """The same, with whom officers may want to merge."""
        place = self._place(key, server, alliance, "see rosters")
        roster = self._commanders.roster(server, place.id)
        commanders = tuple(_entry(one) for one in roster if added_by in (None, one.added_by))
        return Roster(server, place.id, commanders, self._possible_duplicates(server, roster))

    def get(self, key: Key, server: str, alliance: str, commander_id: str) -> RosterEntry:
        """Raises NotFound (`unknown-commander`)."""
        return _entry(self._member(self._place(key, server, alliance), commander_id))

    def add(
        self,
        key: Key,
        server: str,
        alliance: str,
        name: str,
        *,
        is_new: bool = False,
        takes_over: bool = True,
        tab: str | None = None,
    ) -> RosterEntry:
        """Adds a commander, or brings back one who has retired. `tab`: of the sheet in which an officer did it.

        If it `takes_over`, a name that somebody had before is given to the new commander, and no longer leads to its
        former holder. But who has retired comes back by a former name too, unless `is_new`. Raises Malformed, Conflict
        (`already-on-roster`, `other-alliance`, `roster-full`), DidYouMean.
        """
        place, tags = self._place(key, server, alliance), self._directory.tags(server, name)
        typed, names = display_name(name, "name", tags), name_keys(name, tags)

        def add() -> Commander:
            found = self._commanders.named(server, name, tags, consistent=True)
            holder = found if found and takes_over and found.key not in names else None
            if found and (not holder or (found.retired_at and not is_new)):
                if found.retired_at:
                    return self._take_in(key, place, found)
                if found.alliance != place.id:
                    raise _elsewhere(found, "name", typed)
                message = f"{found.name} is on the roster already."
                raise Conflict("already-on-roster", message, [FieldError("name", message)])
            if not is_new:
                self._refuse_near(place, typed, "name")
            commander, changes = self._new(key, place, typed, holder, tab)
            released = self._released(key, server, holder, names, commander) if holder else ()
            self._commanders.transact(writes.together(changes, released))
            return commander

        return _entry(self._until_written(add))

    def rename(
        self,
        key: Key,
        server: str,
        alliance: str,
        commander_id: str,
        name: str,
        *,
        seen: int | None = None,
        takes_over: bool = True,
        tab: str | None = None,
    ) -> RosterEntry:
        """Gives a commander another name; all else stays. The old name leads to them until it is given to somebody.

        If it `takes_over`, a name that somebody else had before is given to this commander. `seen`: only if the
        commander is still of that version; else it raises Overtaken. `tab`: of the sheet in which an officer did it.
        Raises Malformed, Conflict (`name-taken`, `too-many-names`).
        """
        place, tags = self._place(key, server, alliance), self._directory.tags(server, name)
        typed = display_name(name, "name", tags)
        names = name_keys(typed)

        def rename() -> Commander:
            before = self._member(place, commander_id)
            if seen not in (None, before.version) and before.name != typed:
                raise Overtaken
            found = self._commanders.named(server, typed, consistent=True)
            holder = found if found and found.id != before.id else None
            if holder and (holder.key in names or not takes_over):
                message = (
                    f"There is a commander {holder.name} on this server. To make the two one, merge them."
                )
                raise Conflict("name-taken", message, [FieldError("name", message)])
            aliases = {**before.aliases, before.key: before.name}
            aliases.pop(normalised(typed), None)
            after = replace(before, name=typed, key=normalised(typed), aliases=aliases)
            _require_few_names(after, "name")
            if after != before:
                after = _known_to_officers(after)
                told = {"name": before.name}, {"name": typed, **_in_tab(tab)}
                released = self._released(key, server, holder, names, before) if holder else ()
                taken = holder.aliases if holder else ()
                self._change(key, place, before, after, "rename", *told, more=released, taken=taken)
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
        """Undoes a retirement. Raises Conflict (`roster-full`)."""
        return self._set_retired(key, server, alliance, commander_id, None, reason)

    def move(
        self, key: Key, server: str, alliance: str, commander_id: str, to: str, reason: str | None = None
    ) -> RosterEntry:
        """Brings a commander, and their completions in all events that are not archived, to another alliance.

        The key has to cover both. Raises Conflict (`too-many-events`, `roster-full`).
        """
        here, there = self._place(key, server, alliance), self._place(key, server, to)
        return _entry(self._until_written(lambda: self._move(key, here, there, commander_id, reason)))

    def merge(
        self, key: Key, server: str, alliance: str, commander_id: str, other: str, reason: str | None = None
    ) -> RosterEntry:
        """Makes `other`, who is named or given by id, one with the commander, who stays.

        Completions are united, each counted once; the other's names lead to the commander from now on, who is retired
        only if both were. The key has to cover both. Raises Conflict (`same-commander`, `too-many-events`,
        `too-many-names`, `roster-full`).
        """
        place = self._place(key, server, alliance)
        return _entry(self._until_written(lambda: self._merge(key, place, commander_id, other, reason)))

    def forget(self, key: Key, server: str, alliance: str, commander_id: str) -> RosterEntry:
        """Replaces all names that the commander ever had by a neutral label, wherever they are stored; what they
        completed stays. Names that came since it was asked the last time are replaced as well. No Discord account
        stands for them any longer.

        The ledger comes first: as long as that has not been done, the roster knows which names to look for. So if it
        fails on the way, or is Busy as the ledger is too long for one request, it can be asked again, and goes on.
        """
        place = self._place(key, server, alliance)

        def forget() -> Commander:
            before = self._member(place, commander_id)
            label = self._label(server, before)
            self._guilds().drop_links(server, [(before.alliance, before.id), *before.former])
            self._forget_in_ledger(server, before, label)
            self._commanders.label_remainders(server, before.former, label)
            while len(before.aliases) > _DROPPED_AT_ONCE:
                fewer = dict(list(before.aliases.items())[_DROPPED_AT_ONCE:])
                self._commanders.transact(writes.changed(server, before, replace(before, aliases=fewer)))
                before = self._member(place, commander_id)
            retired_at = before.retired_at or self._clock()
            after = replace(
                _known_to_officers(before),
                name=label,
                key=normalised(label),
                aliases={},
                retired_at=retired_at,
            )
            self._change(key, place, before, replace(after, forgetting=None), "forget")
            return after

        return _entry(self._until_written(forget))

    def reporting(
        self, key: Key, alliance: Alliance, found: Commander | None, name: str, *, is_new: bool
    ) -> tuple[Commander, Sequence[Change]]:
        """Who it is that a report of `name` is for, and the writes by which they join, if they are new. `name` is as
        it is to be shown; whom it leads to is `found`.

        Somebody who has retired comes back by reporting, to whichever alliance is open to them; their old alliance's
        officers can record for them all the same. Raises Conflict (`not-on-roster`, `other-alliance`, `too-many-new`,
        and `roster-full` for those who come back) and DidYouMean.
        """
        if found and found.alliance == alliance.id and key.may("report for others"):
            return found, ()
        if found and not found.retired_at:
            if found.alliance != alliance.id:
                raise _elsewhere(found, "commander", name)
            return found, ()
        self.require_open(alliance, found.name if found else name)
        if found:
            return self._until_written(lambda: self._take_in(key, alliance, found)), ()
        if not is_new:
            self._refuse_near(alliance, name, "commander")
        return self._new(key, alliance, name)

    def require_open(self, alliance: Alliance, name: str) -> None:
        """Raises DidYouMean (`not-on-roster`) unless somebody who is not on the roster joins by reporting."""
        if not alliance.is_open:
            raise self._not_on_roster(alliance, name)

    def join(self, key: Key, alliance: Alliance, name: str, *, is_new: bool) -> Commander:
        """Who of the alliance is called so. Somebody who is not on its roster joins as by a report, but nothing is
        reported.

        Raises Malformed, Conflict (`not-on-roster`, `other-alliance`, `too-many-new`, `roster-full`), DidYouMean and
        Busy.
        """
        tags = self._directory.tags(alliance.server, name)
        shown = display_name(name, "name", tags)

        def join() -> Commander:
            found = self._commanders.named(alliance.server, name, tags, consistent=True)
            if found and found.alliance == alliance.id:
                return found
            commander, new = self.reporting(key, alliance, found, shown, is_new=is_new)
            if new:
                self._commanders.transact(new)
            return commander

        return self._until_written(join)

    def _possible_duplicates(
        self, server: str, roster: Sequence[Commander]
    ) -> tuple[tuple[CommanderNamesake, ...], ...]:
        """Only those who are not stored by today's rules can have the same name as others."""
        tags = self._directory.tags(server, *(one.name for one in roster))
        names = {one.id: own_key(one.name, tags) for one in roster}
        alike: dict[str, dict[str, Commander]] = {}
        for one in roster:
            if one.key != names[one.id]:
                alike.setdefault(names[one.id], {})[one.id] = one
        for name, one in self._commanders.all_named(server, filter(None, alike)).items():
            alike[name].setdefault(one.id, one)
        return tuple(
            tuple(map(CommanderNamesake.of, group.values())) for group in alike.values() if len(group) > 1
        )

    def _place(
        self, key: Key, server: str, alliance: str, capability: Capability = "keep rosters"
    ) -> Alliance:
        key.require(capability, server=server, alliance=alliance)
        self._directory.server(server)
        return self._directory.alliance(server, alliance)

    def _until_written(self, write: Callable[[], T]) -> T:
        return self._joining.until_written(write, self._sleep)

    def _member(self, place: Alliance, commander_id: str) -> Commander:
        commander = self._commanders.member(place.server, place.id, commander_id)
        if commander is None or commander.moved:
            message = f"{place.name} has no such commander."
            raise NotFound("unknown-commander", message, [FieldError("commander", message)])
        return commander

    def _new(
        self, key: Key, alliance: Alliance, name: str, holder: Commander | None = None, tab: str | None = None
    ) -> tuple[Commander, list[Change]]:
        """`holder`: who had the name before, and gives it up in the same transaction. `tab`: of the sheet in which an
        officer did it."""
        now, new_id = self._clock(), _new_id()
        commander = Commander(new_id, name, alliance.id, now, key.role, key=normalised(name), version=1)
        if key.is_shared:
            commander = replace(commander, brought_by=key.id)
        entry = ledger.new_entry(
            now,
            "add",
            Actor.of(key),
            alliance.server,
            alliance=alliance.id,
            commander=commander.id,
            after={"name": name, **_in_tab(tab)},
        )
        taken = holder.aliases if holder else ()
        joins = self._joining.by_link(key, alliance, name)
        return commander, [*writes.added(alliance.server, commander, taken), *joins, ledger.put(entry)]

    def _released(
        self, key: Key, server: str, holder: Commander, names: Sequence[str], to: Commander
    ) -> list[Change]:
        """The writes by which somebody gives up names that they had before, for `to`; what is left of them in rosters
        is not called so any more either."""
        given = {name: spelled for name, spelled in holder.aliases.items() if name in names}
        entry = ledger.new_entry(
            self._clock(),
            "release",
            Actor.of(key),
            server,
            alliance=holder.alliance,
            commander=holder.id,
            before={"name": next(iter(given.values()), to.name)},
            after={"commander": to.id},
        )
        left = {name: spelled for name, spelled in holder.aliases.items() if name not in given}
        remainders = self._commanders.some(server, holder.former, consistent=True)
        called_so = [
            place for place, one in remainders.items() if not given.keys().isdisjoint(name_keys(one.name))
        ]
        return [
            *writes.changed(server, holder, replace(holder, aliases=left)),
            *(writes.remembered(server, place, holder.name) for place in called_so),
            ledger.put(entry),
        ]

    def _label(self, server: str, commander: Commander) -> str:
        """What stands for a name that is forgotten, the same each time. Nobody else is called so."""
        tail = re.sub("[^0-9a-zA-Z]", "0", commander.id)
        for unique in (tail[:6], tail, secrets.token_hex(6)):
            label = f"Forgotten commander {unique}"
            holder = self._commanders.named(server, label, consistent=True)
            if holder is None or holder.id == commander.id:
                break
        return label

    def _forget_in_ledger(self, server: str, commander: Commander, label: str) -> None:
        """Raises Busy if there is more than can be looked through at once: asked again, it goes on."""
        remainders = self._commanders.some(server, commander.former, consistent=True).values()
        ids = {commander.id, *(former for _, former in commander.former)}
        told = self._ledger.names_told(server, ids)
        told |= {commander.name, *commander.aliases, *commander.aliases.values()}
        told |= {one.name for one in remainders}
        begun = commander.forgetting
        told |= set(begun.names) if begun else set()
        before = begun.before if begun and begun.version == commander.version else None
        noted = Forgetting(commander.version, tuple(sorted(told)), before)
        # first, as those of the ledger alone are known to nobody once they are replaced there
        self._commanders.note_forgetting(server, commander, noted)
        tags = self._directory.tags(server, *told)
        names = {spelling for name in told for spelling in (name, without_tags(name, tags))}
        keys = {name: name_keys(name, tags) for name in names}
        led = self._commanders.all_named(server, {key for each in keys.values() for key in each})
        others = {key for key, one in led.items() if one.id != commander.id}
        taken = [name for name in names if others.intersection(keys[name])]
        left = self._ledger.forget(server, ids, names, taken, label, before)
        if left:
            self._commanders.note_forgetting(server, commander, replace(noted, before=left))
            raise Busy(
                detail="A part of the ledger is done. Please send it again: it goes on where it stopped."
            )

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
        taken: Collection[str] = (),
    ) -> None:
        """With `more` in one transaction. `taken`: names that somebody gives up in it."""
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
        changes = writes.changed(place.server, before, after, taken)
        self._commanders.transact(writes.together(changes, more, [ledger.put(entry)]))

    def _set_retired(
        self, key: Key, server: str, alliance: str, commander_id: str, at: datetime | None, reason: str | None
    ) -> RosterEntry:
        place = self._place(key, server, alliance)

        def change() -> Commander:
            before = self._member(place, commander_id)
            if bool(before.retired_at) == bool(at):
                return before
            after = replace(before, retired_at=at)
            if not at:
                after = _known_to_officers(after)
            self._change(key, place, before, after, "retire" if at else "reinstate", reason=reason)
            return after

        return _entry(self._until_written(change))

    def _take_in(self, key: Key, alliance: Alliance, found: Commander) -> Commander:
        """Somebody who has retired, as they report again or are added again."""
        left = self._directory.alliance(alliance.server, found.alliance)
        before = self._member(left, found.id)
        if not before.retired_at:
            if before.alliance != alliance.id:
                raise _elsewhere(before, "commander", before.name)
            return before
        joins = self._joining.by_link(key, alliance, before.name)
        if before.alliance == alliance.id:
            after = replace(before, retired_at=None)
            if not joins:
                after = _known_to_officers(after)
            self._change(key, alliance, before, after, "reinstate", more=joins)
            return after
        return self._move(key, left, alliance, before.id, "is here after having retired there", joins)

    def _move(
        self,
        key: Key,
        here: Alliance,
        there: Alliance,
        commander_id: str,
        reason: str | None,
        joins: Sequence[Change] = (),
    ) -> Commander:
        """`joins` count it for the link that it came about by; without them it is an officer's act."""
        known = self._commanders.member(here.server, here.id, commander_id)
        if known and known.alliance == there.id:  # now, or by an earlier try whose answer was lost
            return self._member(there, commander_id)
        before = self._member(here, commander_id)
        former = tuple(place for place in before.former if place != (there.id, commander_id))
        after = replace(before, alliance=there.id, retired_at=None, former=(*former, (here.id, commander_id)))
        if not joins:
            after = _known_to_officers(after)
        changes = [*writes.changed(here.server, before, after), *joins]
        self._bring(key, "move", before, after, changes, here.server, reason)
        return after

    def _merge(
        self, key: Key, place: Alliance, commander_id: str, other: str, reason: str | None
    ) -> Commander:
        survivor = self._member(place, commander_id)
        tags = self._directory.tags(place.server, other)
        called = self._commanders.called(place.server, place.id, other, tags, consistent=True)
        home = self._place(key, place.server, called.alliance) if called else place
        absorbed = self._member(home, called.id if called else other)
        if absorbed.id == survivor.id:
            message = f"{other} leads to {survivor.name} already."
            raise Conflict("same-commander", message, [FieldError("commander", message)])
        _require_few_names(survivor, "commander", 1 + len(absorbed.aliases))
        changes = writes.merged(place.server, absorbed, _known_to_officers(survivor))
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
        return near_names(name, self._commanders.names(alliance.server, alliance.id, retired=True))

    def _refuse_near(self, alliance: Alliance, name: str, field: str) -> None:
        suggestions = self._near(alliance, name)
        if suggestions:
            message = say("did-you-mean", name=name, alliance=alliance.name, suggestions=suggestions)
            raise DidYouMean("did-you-mean", message, [FieldError(field, message)], suggestions)

    def _not_on_roster(self, alliance: Alliance, name: str) -> Conflict:
        suggestions = self._near(alliance, name)
        message = say("not-on-roster", name=name, alliance=alliance.name)
        if suggestions:
            message = say("near-on-roster", name=name, alliance=alliance.name, suggestions=suggestions)
        return DidYouMean("not-on-roster", message, [FieldError("commander", message)], suggestions)


def _known_to_officers(commander: Commander) -> Commander:
    """What an officer has done to them shows that it was not a link alone that brought them."""
    return replace(commander, brought_by=None)


def _in_tab(tab: str | None) -> dict[str, str]:
    """What a ledger entry tells of the sheet in which it was done."""
    return {"tab": tab} if tab else {}


def _elsewhere(found: Commander, field: str, typed: str) -> Conflict:
    message = say("other-alliance", name=found.name)
    if found.former_name(name_keys(typed)):
        message = say("formerly-other-alliance", name=typed)
    return Conflict("other-alliance", message, [FieldError(field, message)])


def _require_few_names(commander: Commander, field: str, more: int = 0) -> None:
    """Raises Conflict (`too-many-names`)."""
    number = len(commander.aliases) + more
    if number > MOST_ALIASES:
        message = (
            f"{commander.name} would have {number} names beside the present one; {MOST_ALIASES} are the most."
        )
        raise Conflict("too-many-names", message, [FieldError(field, message)])


def _new_id() -> str:
    """12 random characters, safe in a URL. It begins with a letter or a digit: with a dash, a spreadsheet would take it
    for a formula, and a command line for an option."""
    while not (identity := secrets.token_urlsafe(9))[0].isalnum():
        pass
    return identity


def _entry(commander: Commander) -> RosterEntry:
    return RosterEntry(
        commander.id,
        commander.name,
        commander.alliance,
        commander.added_at,
        commander.added_by,
        commander.retired_at,
        tuple(commander.aliases),
    )
