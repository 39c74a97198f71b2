"""Cards and totals: the part that counts exactly once (DESIGN §3.1).

A card and its alliance's totals change in one transaction. Its condition is that the card still has the version on
which the change was decided. So after every single write, the totals are the sum of the cards.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from chalicelib.domain.calendar import SKEW, rfc3339
from chalicelib.domain.cards import Card, CardChange, count
from chalicelib.domain.ledger import MUSTER, Actor, Entry, owed_reports
from chalicelib.domain.standing import Reading, Standing, TierStamp, Totals
from chalicelib.store import keys, ledger
from chalicelib.store.forms import read, readable
from chalicelib.store.keys import COMPLETION_PREFIX, VOIDED_PREFIX
from chalicelib.store.table import MOST_CHANGES, Change, ConditionFailed, Delete, Item, Put, Table, Update

HOUR = 3600
SUMS = "sums"
"""Of a history's attributes: the server's standing as the last recount found it, if it has changed since the one
before."""
LONGEST_WRITE = timedelta(minutes=1)
"""The longest time from when a report takes its time to when it is written: a request has 29 seconds. One that takes
longer all the same settles its cards itself."""


@dataclass
class CardsChanged(Exception):
    """Nothing was written, because cards have changed since they were read. `cards`: as they are now, by event id."""

    cards: dict[str, Card]


@dataclass(frozen=True, slots=True)
class Drift:
    """Totals of an alliance that were not the sum of its cards. This should never happen."""

    server: str
    event: str
    alliance: str
    stored: Totals
    counted: Totals


@dataclass(frozen=True, slots=True)
class Counted:
    """Up to which change of the totals an alliance's cards have been counted, and when they were read."""

    changes: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Tally:
    """An alliance's stored totals, and its cards, which were read after them. `is_whole`: every card could be read."""

    server: str
    event: str
    alliance: str
    item: Mapping[str, Any]
    cards: Sequence[Card]
    is_whole: bool = True

    @property
    def changes(self) -> int:
        """How often the totals had changed before these cards were read."""
        return int(self.item.get("changes", 0))


@dataclass(frozen=True, slots=True)
class Completions:
    _table: Table

    def cards(
        self, server: str, alliance: str, commander: str, events: Iterable[str], *, consistent: bool = False
    ) -> dict[str, Card]:
        """The commander's cards in that alliance, by event id. A card that was never written is empty."""
        stored_at = {event: keys.card(server, event, alliance, commander) for event in events}
        found = self._table.get_many(list(stored_at.values()), consistent=consistent)
        return {
            event: read(found[key], card_of) if key in found else Card(server, event, alliance, commander)
            for event, key in stored_at.items()
        }

    def alliance_cards(
        self, server: str, event: str, alliance: str, *, voided: bool = False, consistent: bool = False
    ) -> list[Card]:
        """All cards of an alliance in an event that hold a completion, or one that was `voided`, if these count."""
        items = self._cards(server, event, alliance, consistent=consistent)
        return [card for card in readable(items, card_of) if card.completions or (voided and card.voided)]

    def standing(self, server: str, event: str, *, consistent: bool = False) -> Standing:
        """Everything that a server's progress is calculated from, in one query."""
        return _standing_of(self._table.query(keys.standing(server, event), consistent=consistent))

    def standings(self, wanted: Collection[tuple[str, str]]) -> dict[tuple[str, str], Standing]:
        """The same of several servers' events, by server and event: a query for each, several at once."""
        found = self._table.query_each([(keys.standing(*each), "") for each in wanted])
        return {each: _standing_of(items) for each, items in zip(wanted, found, strict=True)}

    def record(self, changes: Sequence[CardChange], more: Sequence[Change] = ()) -> None:
        """Writes the changes of cards, the totals with them, and `more`, all or nothing.

        It costs two write units for each card, each totals item, and each of `more`. Raises CardsChanged if a card has
        changed since it was read, or ConditionFailed if a condition of `more` fails; nothing is written then. Raises
        Busy if it is not known whether it was written; then it can be sent again.
        """
        writes: list[Change] = [*more, *map(_card_update, changes), *_totals_updates(changes)]
        try:
            self._table.transact(writes)
        except ConditionFailed as failure:
            cards = {keys.card(*_key_of(c.before)): c.before for c in changes}
            found = {
                cards[key].event: read(item, card_of)
                if item
                else replace(cards[key], completions={}, version=0)
                for key, item in failure.found.items()
                if key in cards
            }
            if found and len(found) == len(failure.found):
                raise CardsChanged(found) from failure
            raise

    def stamp_tiers(self, server: str, event: str, stamps: Mapping[int, TierStamp]) -> dict[int, TierStamp]:
        """Writes the stamps of tiers that have none yet, and returns those. The first stamp of a tier stands."""
        written = {}
        for threshold, stamp in stamps.items():
            item = _stamp_item(threshold, stamp)
            with suppress(ConditionFailed):
                self._table.write(Put(keys.tier(server, event, threshold), item, unless_exists=True))
                written[threshold] = stamp
        return written

    def note_points(
        self, server: str, event: str, at: datetime, points: int, standing: Standing | None = None
    ) -> None:
        """Samples the points for the hour of `at`; the last sample of an hour stays. Notes the standing's sums as of
        then, for `noted`."""
        hour = int(at.timestamp()) // HOUR
        sums = {SUMS: _sums_item(standing, at)} if standing else {}
        sample = {f"{keys.HOUR_PREFIX}{hour}": points}
        self._table.write(Update(keys.history(server, event), set=sample | sums))

    def noted(self, server: str, events: Iterable[str]) -> dict[str, tuple[datetime, Standing]]:
        """The standings that were noted last, summed and without their history, and when each was, by event. One small
        read for each."""
        places = {keys.history(server, event): event for event in events}
        found = {key: item for key, item in self._table.get_many(list(places)).items() if SUMS in item}
        return {places[key]: noted for key, item in found.items() for noted in readable([item], noted_of)}

    def is_counted(self, server: str, event: str) -> bool:
        """Whether anybody on the server has completed something of the event, or had before it was voided: an alliance
        then has totals, which stay."""
        return any(self._table.query(keys.standing(server, event), keys.ALLIANCE_PREFIX, consistent=True))

    def clear(self, server: str, event: str) -> None:
        """Deletes what is kept of an event on the server besides cards and totals: readings, tier stamps, history."""
        partitions = (
            keys.standing(server, event),
            keys.readings(server, event),
            keys.counted(server, event).pk,
        )
        found = [
            keys.ItemKey(item["PK"], item["SK"])
            for partition in partitions
            for item in self._table.query(partition, consistent=True)
            if not item["SK"].startswith(keys.ALLIANCE_PREFIX)
        ]
        for first in range(0, len(found), MOST_CHANGES):
            self._table.transact([Delete(key) for key in found[first : first + MOST_CHANGES]])

    def refreshed_last(self) -> str | None:
        """The server that the scheduled recount started last."""
        item = self._table.get(keys.refresh_run(), consistent=True) or {}
        return item.get("server")

    def note_refreshing(self, server: str) -> None:
        self._table.write(Update(keys.refresh_run(), set={"server": server}))

    def tally(self, server: str, event: str, alliance: str) -> Tally:
        """What there is to count of one alliance, as `tallies` reads it."""
        return self.tallies(server, event, [alliance])[0]

    def tallies(self, server: str, event: str, alliances: Sequence[str]) -> list[Tally]:
        """Reads what there is to count, consistently: first the totals of all, then the cards of several at once."""
        totals = {alliance: keys.totals(server, event, alliance) for alliance in alliances}
        found = self._table.get_many(list(totals.values()), consistent=True)
        wanted = [(keys.cards(server, event, alliance), keys.COMMANDER_PREFIX) for alliance in alliances]
        tallies = []
        for alliance, items in zip(alliances, self._table.query_each(wanted, consistent=True), strict=True):
            cards = list(readable(items, card_of))
            held, is_whole = [card for card in cards if card.completions], len(cards) == len(items)
            tallies.append(Tally(server, event, alliance, found.get(totals[alliance], {}), held, is_whole))
        return tallies

    def _cards(self, server: str, event: str, alliance: str, *, consistent: bool) -> Iterator[Item]:
        partition = keys.cards(server, event, alliance)
        return self._table.query(partition, keys.COMMANDER_PREFIX, consistent=consistent)

    def recount(self, tally: Tally, now: datetime) -> Drift | None:
        """Corrects the totals if they are not the sum of the cards, with a ledger entry. Returns the corrected drift.

        The correction requires the totals that were read before the cards. If they have changed in the meantime,
        this count is void, and nothing is written; the next recount will count again.
        """
        counted, stored = count(tally.cards), totals_of(tally.item)
        if counted == stored:
            return None
        was, becomes = _attributes(stored), _attributes(counted)
        names = was.keys() | becomes.keys()
        correction = Update(
            keys.totals(tally.server, tally.event, tally.alliance),
            set={name: becomes.get(name, 0) for name in names},
            add={"changes": 1},
            expected={name: tally.item.get(name) for name in names} | {"changes": tally.item.get("changes")},
        )
        entry = ledger.new_entry(
            now,
            "recount",
            MUSTER,
            tally.server,
            alliance=tally.alliance,
            before={"event": tally.event, **was},
            after={"event": tally.event, **becomes},
        )
        try:
            self._table.transact([correction, ledger.put(entry)])
        except ConditionFailed:
            return None
        return Drift(tally.server, tally.event, tally.alliance, stored, counted)

    def settle_cards(self, cards: Iterable[Card], actors: Mapping[str, Actor]) -> None:
        """Writes the ledger entries that these cards owe. Call it before a change that is not a report."""
        self._enter([entry for card in cards for entry in owed_entries(card, actors)])

    def counted(self, server: str, event: str) -> dict[str, Counted]:
        """Up to which change the cards of each alliance have been counted. One read."""
        item = self._table.get(keys.counted(server, event), consistent=True) or {}
        return next(readable([item], counted_of), {})

    def note_counted(self, server: str, event: str, counted: Mapping[str, Counted]) -> None:
        """Notes up to which change the cards of these alliances have been counted and settled."""
        notes = {
            f"{keys.COUNTED_PREFIX}{alliance}": {"changes": of.changes, "at": rfc3339(of.at)}
            for alliance, of in counted.items()
        }
        self._table.write(Update(keys.counted(server, event), set=notes))

    def settle(self, tally: Tally, actors: Mapping[str, Actor], since: datetime | None) -> int:
        """Writes the ledger entries that the cards owe and that are missing. Returns how many. `actors` are by key id.

        `since`: when the cards were last settled. Entries of the last minutes before that are checked again, because a
        report may have been in progress, or timed by another clock.
        """
        entries = [
            entry
            for card in tally.cards
            for entry in owed_entries(card, actors)
            if since is None or entry.at >= since - LONGEST_WRITE - SKEW
        ]
        return self._enter(entries)

    def _enter(self, entries: Sequence[Entry]) -> int:
        """Writes the entries that the ledger lacks. Returns how many. An entry is the same whenever it is made."""
        puts = [ledger.put(entry) for entry in entries]
        known = self._table.get_many([put.key for put in puts], consistent=True)
        missing = [put for put in puts if put.key not in known]
        self._table.put_many(missing)
        return len(missing)


def unchanged(card: Card) -> Change:
    """A write that changes nothing, on the condition that the card is as it was seen: of that version, or absent."""
    key, seen = keys.card(*_key_of(card)), {"version": card.version or None}
    if not card.version:
        return Delete(key, expected=seen)
    return Update(key, set={"version": card.version}, expected=seen, exists=True)


def owed_entries(card: Card, actors: Mapping[str, Actor]) -> list[Entry]:
    """The ledger entries of reports that the card owes. They are the same whenever they are made."""
    entries = []
    for report in owed_reports(card):
        completion = next(iter(report.added.values()))
        actor = Actor.of_completion(completion) or actors.get(completion.key_id)
        unique = f"{card.commander}.{card.event}.{report.version}"
        entries.append(
            Entry(
                ledger.entry_id(completion.recorded_at, unique),
                completion.recorded_at,
                "report",
                actor or Actor(completion.key_id, "a key that is gone"),
                card.server,
                card.alliance,
                card.commander,
                (report,),
            )
        )
    return entries


def _key_of(card: Card) -> tuple[str, str, str, str]:
    return card.server, card.event, card.alliance, card.commander


def _card_update(change: CardChange) -> Update:
    before, after = _card_attributes(change.before), _card_attributes(change.after)
    return Update(
        keys.card(*_key_of(change.after)),
        set={name: value for name, value in after.items() if before.get(name) != value},
        remove=[name for name in before if name not in after],
        expected={"version": change.before.version} if change.before.version else {},
        exists=None if change.before.version else False,
    )


def _totals_updates(changes: Iterable[CardChange]) -> list[Update]:
    """An update for each alliance and event whose totals the changes alter."""
    totals: dict[keys.ItemKey, Totals] = {}
    for change in changes:
        key = keys.totals(change.after.server, change.after.event, change.after.alliance)
        totals[key] = totals.get(key, Totals()) + change.totals
    updates = []
    for key, total in totals.items():
        counts = {name: count for name, count in _attributes(total).items() if count}
        if counts:
            updates.append(Update(key, add={**counts, "changes": 1}))
    return updates


def _card_attributes(card: Card) -> Item:
    attributes: Item = {"version": card.version} | ({"moved": True} if card.moved else {})
    for prefix, completions in ((COMPLETION_PREFIX, card.completions), (VOIDED_PREFIX, card.voided)):
        attributes |= {f"{prefix}{m}": ledger.completion_item(each) for m, each in completions.items()}
    return attributes


def card_of(item: Item) -> Card:
    _, server, event, alliance = item["PK"].split("#")
    commander = item["SK"].removeprefix(keys.COMMANDER_PREFIX)
    completions, void = (
        {
            name.removeprefix(prefix): ledger.completion(value)
            for name, value in item.items()
            if name.startswith(prefix)
        }
        for prefix in (COMPLETION_PREFIX, VOIDED_PREFIX)
    )
    moved = item.get("moved", False)
    return Card(server, event, alliance, commander, completions, void, moved, int(item["version"]))


def _standing_of(found: Iterable[Item]) -> Standing:
    """What the partition of an event on a server holds."""
    items: dict[str, list[Item]] = {}
    for item in found:
        items.setdefault("".join(item["SK"].partition("#")[:2]), []).append(item)
    alliances, changes = dict[str, Totals](), dict[str, int]()
    for alliance, totals, changed in readable(items.get(keys.ALLIANCE_PREFIX, ()), _alliance_of):
        alliances[alliance], changes[alliance] = totals, changed
    return Standing(
        alliances,
        stamps=dict(readable(items.get(keys.TIER_PREFIX, ()), stamp_of)),
        reading=next(readable(items.get(keys.READING, ()), reading_of), None),
        history=next(readable(items.get(keys.HISTORY, ()), history_of), {}),
        changes=changes,
    )


def _alliance_of(item: Item) -> tuple[str, Totals, int]:
    """An alliance's id, its totals, and how often they have changed."""
    return item["SK"].removeprefix(keys.ALLIANCE_PREFIX), totals_of(item), int(item.get("changes", 0))


def totals_of(item: Mapping[str, Any]) -> Totals:
    counts = {
        name.removeprefix(COMPLETION_PREFIX): int(value)
        for name, value in item.items()
        if name.startswith(COMPLETION_PREFIX) and value
    }
    return Totals(int(item.get("commanders", 0)), counts)


def counted_of(item: Item) -> dict[str, Counted]:
    return {
        name.removeprefix(keys.COUNTED_PREFIX): Counted(of["changes"], datetime.fromisoformat(of["at"]))
        for name, of in item.items()
        if name.startswith(keys.COUNTED_PREFIX)
    }


def noted_of(item: Item) -> tuple[datetime, Standing]:
    """Of a history: the standing that was noted, and when it was."""
    sums = item[SUMS]
    reading = reading_of(sums["reading"]) if "reading" in sums else None
    stamps = dict(map(stamp_of, sums["tiers"]))
    return datetime.fromisoformat(sums["at"]), Standing({"": totals_of(sums)}, stamps, reading)


def _sums_item(standing: Standing, at: datetime) -> Item:
    tiers = [_stamp_item(threshold, stamp) for threshold, stamp in standing.stamps.items()]
    reading = {"reading": reading_item(standing.reading)} if standing.reading else {}
    return {"at": rfc3339(at), **_attributes(standing.totals), "tiers": tiers, **reading}


def _stamp_item(threshold: int, stamp: TierStamp) -> Item:
    reached_at = rfc3339(stamp.reached_at)
    return {"threshold": threshold, "reached_at": reached_at, "reached_by": stamp.reached_by}


def stamp_of(item: Item) -> tuple[int, TierStamp]:
    return int(item["threshold"]), TierStamp(datetime.fromisoformat(item["reached_at"]), item["reached_by"])


def reading_of(item: Item) -> Reading:
    read_at = datetime.fromisoformat(item["read_at"])
    return Reading(int(item["points"]), read_at, int(item["reported"]), item.get("unique", ""))


def reading_item(reading: Reading) -> Item:
    read_at = rfc3339(reading.read_at)
    return {"points": reading.points, "read_at": read_at, "reported": reading.reported_points}


def _attributes(totals: Totals) -> dict[str, int]:
    counts = {f"{COMPLETION_PREFIX}{milestone}": times for milestone, times in totals.completions.items()}
    return counts | {"commanders": totals.commanders}


def history_of(item: Item) -> dict[datetime, int]:
    return {
        _beginning(name): int(points) for name, points in item.items() if name.startswith(keys.HOUR_PREFIX)
    }


@lru_cache(maxsize=4096)
def _beginning(hour: str) -> datetime:
    """Of an hour of a history, by its attribute. Kept, as each standing has all hours of its event."""
    return datetime.fromtimestamp(int(hour.removeprefix(keys.HOUR_PREFIX)) * HOUR, UTC)
