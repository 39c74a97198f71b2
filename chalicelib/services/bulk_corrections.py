"""Bulk corrections: what a key reported is taken back in one act, in parts that can be repeated, and given back.

Each commander is one transaction, by the one way in which cards change (decision 15). Whoever changes something
meanwhile or later has the last word.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from chalicelib.domain.access import DISCORD, SHEET, Key
from chalicelib.domain.binding import Binding
from chalicelib.domain.bulk import MOST_CARDS, Bulk, Only, giving_back, taking
from chalicelib.domain.cards import Card, CardChange
from chalicelib.domain.discord import Guild
from chalicelib.domain.errors import Busy, FieldError, NotFound, Unreadable, malformed
from chalicelib.domain.events import Event
from chalicelib.domain.ledger import Actor, card_entries
from chalicelib.domain.roster import Alliance, Commander, Server
from chalicelib.services.directory import Directory
from chalicelib.services.joining import Joining
from chalicelib.services.recent_standings import RecentStandings
from chalicelib.services.tiers import Tiers
from chalicelib.store import bulks, ledger
from chalicelib.store import commanders as writes
from chalicelib.store.access import AccessKeys
from chalicelib.store.bulks import Bulks, Taken
from chalicelib.store.commanders import Commanders
from chalicelib.store.completions import Completions, unchanged
from chalicelib.store.guilds import Guilds
from chalicelib.store.sheets import Sheets
from chalicelib.store.table import MOST_CHANGES, Change

T = TypeVar("T")

AT_ONCE, SECONDS = 100, 8.0
"""Of a call: the most commanders, and from when on it begins with no other. API Gateway waits for 29 seconds."""


@dataclass(frozen=True, slots=True)
class BulkCorrection:
    """What one call took or gave back; or of a dry run, what all calls would take. `remaining`: how many commanders are
    left for more calls."""

    id: str
    commanders: int
    completions: int
    remaining: int


@dataclass(frozen=True, slots=True)
class BulkOrder:
    """What to take back. `server`: where the caller's key is for several."""

    key_id: str
    only: Only
    reason: str
    since: datetime | None = None
    until: datetime | None = None
    dry_run: bool = False
    server: str | None = None


@dataclass(frozen=True, slots=True)
class _Reach:
    """Where to look: what the key and the caller's are both for. `alliance`: that of the key, if it is for one."""

    server: Server
    alliance: str | None
    alliances: Sequence[Alliance]


@dataclass(frozen=True, slots=True)
class _Found:
    """A commander of whom something is to be taken back, and in which events they may have cards."""

    alliance: str
    commander: str
    opened: Sequence[str]
    archived: Sequence[str]
    completions: int


@dataclass(slots=True)
class _Part:
    """What was done about a commander: which cards changed, or that the commander did. `whole`: there is no more."""

    changes: list[CardChange] = field(default_factory=list)
    is_something: bool = False
    whole: bool = True


@dataclass(frozen=True, slots=True)
class BulkCorrections:
    _directory: Directory
    _tiers: Tiers
    _commanders: Commanders
    _completions: Completions
    _access_keys: AccessKeys
    _sheets: Sheets
    _guilds: Guilds
    _bulks: Bulks
    _joining: Joining
    _standings: RecentStandings
    _clock: Callable[[], datetime]
    _sleep: Callable[[float], None]
    _monotonic: Callable[[], float]

    def take_back(self, key: Key, order: BulkOrder) -> BulkCorrection:
        """Voids what was reported with a key in open events. If it is to be of new commanders only, those whom that key
        alone brought are retired as well.

        The same order again goes on where it stopped, under the same id. Raises Malformed, Forbidden, NotFound
        (`unknown-key`) and Busy; what was done until then stays done.
        """
        began = self._monotonic()
        if order.since and order.until and order.since >= order.until:
            raise malformed("until", "It has to be later than `since`.")
        reach = self._reach(key, order)
        bulk = Bulk(reach.server.id, order.key_id, order.only, order.since, order.until)
        found = list(self._found(bulk, reach))
        if order.dry_run:
            return BulkCorrection(bulk.id, len(found), sum(one.completions for one in found), 0)
        self._bulks.note(bulk.server, bulk.id, reach.alliance, bulk.key_id, self._clock())
        actors = self._access_keys.actors(bulk.server) if found else {}
        return self._done(bulk.id, found, lambda one: self._take(key, bulk, one, order.reason, actors), began)

    def give_back(self, key: Key, bulk_id: str) -> BulkCorrection:
        """Undoes a bulk take-back: completions that it voided and nobody has changed since are restored as they were,
        and whom it has retired and nobody has reinstated since is on the form again.

        It only restores what was there, so a full roster does not refuse it. Raises NotFound (`unknown-bulk`),
        Forbidden and Busy; what was done until then stays.
        """
        began = self._monotonic()
        key.require("take back in bulk", server=key.server, alliance=key.alliance)
        server_id = bulk_id.rpartition(":")[0]
        in_reach = key.server in (None, server_id)
        if not (in_reach and self._bulks.exists(server_id, bulk_id, key.alliance)):
            message = "There is no such bulk correction."
            raise NotFound("unknown-bulk", message, [FieldError("undo", message)])
        server = self._directory.server(server_id)
        taken = self._bulks.taken(server.id, bulk_id, key.alliance)
        actors = self._access_keys.actors(server.id) if taken else {}
        done = self._done(bulk_id, taken, lambda one: self._give(key, server.id, bulk_id, one, actors), began)
        for event in self._directory.open_events(server.id) if done.completions else ():
            with suppress(Busy):  # then the next recount stamps it
                self._tiers.stamp(server.id, event)
        return done

    def _done(
        self, bulk_id: str, wanted: Sequence[T], do: Callable[[T], _Part], began: float
    ) -> BulkCorrection:
        """As many of them as there is time for, and one at least."""
        parts: list[_Part] = []
        for one in wanted[:AT_ONCE]:
            if parts and self._monotonic() - began >= SECONDS:
                break
            try:
                parts.append(do(one))
            except Unreadable:  # it is logged, and stops no other
                parts.append(_Part())
        completions = sum(len(c.removed) + len(c.added) for part in parts for c in part.changes)
        commanders = sum(part.is_something for part in parts)
        return BulkCorrection(bulk_id, commanders, completions, len(wanted) - len(parts))

    def _reach(self, key: Key, order: BulkOrder) -> _Reach:
        """Raises Malformed, Forbidden, and NotFound alike if there is no such key and if it is for something else."""
        server_id = order.server or key.server
        key.require("take back in bulk", server=server_id, alliance=key.alliance)
        servers = [self._directory.server(server_id)] if server_id else self._directory.servers()
        scope = self._scope_of(order.key_id, servers)
        if scope and scope[0]:
            servers = [one for one in servers if one.id == scope[0]]
        alliances = {one for one in (key.alliance, scope[1] if scope else None) if one}
        if scope is None or not servers or len(alliances) > 1:
            message = "There is no such key."
            raise NotFound("unknown-key", message, [FieldError("key_id", message)])
        if len(servers) > 1:
            raise malformed("server", f"With this {key.role} key, say which server.")
        known = self._directory.alliances(servers[0].id)
        return _Reach(servers[0], scope[1], [one for one in known if not alliances or one.id in alliances])

    def _scope_of(self, key_id: str, servers: Sequence[Server]) -> tuple[str | None, str | None] | None:
        """For which server and alliance a key of that id is; where it is no key's, whatever it may be for.

        What a spreadsheet or a guild is bound to now it may not have been bound to before. So that chooses the server
        for who may ask about several, and is not told to anybody else.
        """
        bound: Binding | Guild | None = None
        if key_id.startswith(SHEET):
            bound = self._sheets.get(key_id.removeprefix(SHEET))
        if key_id.startswith(DISCORD):
            bound = self._guilds.get(key_id.removeprefix(DISCORD))
        if ":" in key_id:
            return bound.server if bound and len(servers) > 1 else None, None
        return self._access_keys.scope_of(key_id, [None, *(one.id for one in servers)])

    def _found(self, bulk: Bulk, reach: _Reach) -> Iterator[_Found]:
        """Always in the same order."""
        opened = self._directory.open_events(bulk.server)
        for alliance in reach.alliances:
            brought: dict[str, Commander] = {}
            archived: list[Event] = []
            if bulk.only == "new-commanders":
                roster = self._commanders.roster(bulk.server, alliance.id, consistent=True)
                brought = {one.id: one for one in roster if bulk.may_have_brought(one)}
                archived = self._since(reach.server, brought.values())
            cards = self._cards(bulk, opened, alliance.id)
            others = self._cards(bulk, archived, alliance.id)
            ids = [event.id for event in opened], [event.id for event in archived]
            for one in sorted(brought if bulk.only == "new-commanders" else cards):
                what = taking(bulk, brought.get(one), cards.get(one, ()), others.get(one, ()))
                if what:
                    yield _Found(alliance.id, one, *ids, what.completions)

    def _since(self, server: Server, brought: Iterable[Commander]) -> list[Event]:
        """The archived events that these commanders can have reported for."""
        first = min((one.added_at for one in brought if one.added_at), default=None)
        return [
            event
            for event in self._directory.events()
            if first and event.archived and event.reporting_closes_at(server.game_day) > first
        ]

    def _cards(self, bulk: Bulk, events: Iterable[Event], alliance: str) -> dict[str, list[Card]]:
        """An alliance's cards that hold something, or did, by commander."""
        cards: dict[str, list[Card]] = {}
        for event in events:
            for card in self._completions.alliance_cards(
                bulk.server, event.id, alliance, voided=True, consistent=True
            ):
                cards.setdefault(card.commander, []).append(card)
        return cards

    def _take(self, key: Key, bulk: Bulk, one: _Found, reason: str, actors: Mapping[str, Actor]) -> _Part:
        def write() -> _Part:
            commander = None
            if bulk.only == "new-commanders":
                commander = self._commanders.member(bulk.server, one.alliance, one.commander)
                if commander is None or commander.moved:
                    return _Part()
            events = [*one.opened, *one.archived]
            cards = self._completions.cards(bulk.server, one.alliance, one.commander, events, consistent=True)
            opened = [cards[event] for event in one.opened]
            what = taking(bulk, commander, opened, [cards[event] for event in one.archived])
            if what is None:
                return _Part()
            now = self._clock()
            entry = ledger.new_entry(
                now,
                "take-back",
                Actor.of(key),
                bulk.server,
                alliance=one.alliance,
                commander=one.commander,
                cards=card_entries(what.changes),
                after={"bulk": bulk.id} | ({"retired": True} if what.retires else {}),
                reason=reason,
            )
            taken = Taken(one.alliance, one.commander, entry.id, now if what.retires else None)
            more: list[Change] = [bulks.took(bulk.server, bulk.id, taken), ledger.put(entry)]
            if commander and what.retires:
                after = replace(commander, retired_at=now, brought_by=bulk.key_id)
                more += writes.changed(bulk.server, commander, after)
                changed = [change.before for change in what.changes]
                guards = [unchanged(card) for card in opened if card not in changed]
                more += guards[: MOST_CHANGES - 2 * len(changed) - len(more)]
            self._record(what.changes, more, actors)
            return _Part(list(what.changes), is_something=True, whole=what.whole)

        return self._whole(write)

    def _give(self, key: Key, server: str, bulk_id: str, one: Taken, actors: Mapping[str, Actor]) -> _Part:
        def write() -> _Part:
            taken = self._bulks.of(server, bulk_id, one)
            if taken is None:
                return _Part()
            over = bulks.given_back(server, bulk_id, taken)
            commander = self._commanders.wherever(server, taken.alliance, taken.commander)
            if commander is None or not key.covers(server, commander.alliance):
                self._record([], [over], actors)  # where they have gone, others decide
                return _Part()
            changes = giving_back(bulk_id, self._open_cards(server, commander))
            part = changes[:MOST_CARDS]
            reinstates = bool(taken.retired_at) and commander.retired_at == taken.retired_at
            more: list[Change] = [over] if part == changes else []
            if reinstates:
                on_the_form = replace(commander, retired_at=None)
                more += writes.changed(server, commander, on_the_form, even_if_full=True)
            if part or reinstates:
                entry = ledger.new_entry(
                    self._clock(),
                    "give-back",
                    Actor.of(key),
                    server,
                    alliance=commander.alliance,
                    commander=commander.id,
                    cards=card_entries(part),
                    after={"bulk": bulk_id} | ({"retired": False} if reinstates else {}),
                )
                more.append(ledger.put(entry))
            self._record(part, more, actors)
            return _Part(part, is_something=bool(part) or reinstates, whole=part == changes)

        return self._whole(write)

    def _open_cards(self, server: str, commander: Commander) -> list[Card]:
        events = [event.id for event in self._directory.open_events(server)]
        cards = self._completions.cards(server, commander.alliance, commander.id, events, consistent=True)
        return list(cards.values())

    def _whole(self, write: Callable[[], _Part]) -> _Part:
        """All parts of what is more than a transaction can hold."""
        done = self._joining.until_written(write, self._sleep)
        while not done.whole:
            more = self._joining.until_written(write, self._sleep)
            done = _Part([*done.changes, *more.changes], is_something=True, whole=more.whole)
        return done

    def _record(
        self, changes: Sequence[CardChange], more: Sequence[Change], actors: Mapping[str, Actor]
    ) -> None:
        self._completions.settle_cards([change.before for change in changes], actors)
        with self._standings.recording(changes):
            self._completions.record(changes, more)
