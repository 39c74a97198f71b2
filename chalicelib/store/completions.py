"""Commanders, cards and totals: the part that counts exactly once (DESIGN §3.1).

A completion is an attribute of a card. It is set, and the alliance's totals are raised, in one transaction whose
conditions say what the card held when that was decided. So totals equal the cards after every single write.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from chalicelib.domain.calendar import rfc3339
from chalicelib.domain.names import normalised
from chalicelib.domain.progress import TierStamp, Totals
from chalicelib.domain.roster import Card, Commander, Completion
from chalicelib.store import keys
from chalicelib.store.keys import COMPLETION_PREFIX
from chalicelib.store.table import ConditionFailed, Item, Put, Table, Update

_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Standing:
    """An event on a server: the totals of each alliance by id, and the tier stamps by threshold."""

    alliances: Mapping[str, Totals] = field(default_factory=dict)
    stamps: Mapping[int, TierStamp] = field(default_factory=dict)

    @property
    def totals(self) -> Totals:
        """The server's: the sum over its alliances."""
        return sum(self.alliances.values(), Totals())


@dataclass(frozen=True, slots=True)
class Addition:
    """Completions of one event to record: these milestone ids, on the card as it was last seen (None: no card)."""

    event: str
    milestones: Sequence[str]
    seen: Card | None

    @property
    def totals(self) -> Totals:
        """What it adds to the alliance's totals."""
        return Totals(0 if self.seen else 1, dict.fromkeys(self.milestones, 1))


@dataclass
class CardsChanged(Exception):
    """Nothing was recorded: some cards are not as they were seen. Here is how they are, by event id."""

    cards: dict[str, Card | None]


@dataclass
class NameTaken(Exception):
    """Nothing was recorded: a commander of that name has come to exist."""

    commander: Commander


@dataclass(frozen=True, slots=True)
class Drift:
    """Totals of an alliance that were not the sum of its cards. It should never happen."""

    server: str
    event: str
    alliance: str
    stored: Totals
    counted: Totals


class Completions:
    def __init__(self, table: Table) -> None:
        self._table = table

    def commander(self, server: str, name: str) -> Commander | None:
        """The commander of that name, in any spelling that is the same, in whichever alliance."""
        item = self._table.get(keys.name(server, normalised(name)))
        return _commander(item) if item else None

    def member(self, server: str, alliance: str, commander_id: str) -> Commander | None:
        """The commander of that id, if they are on the alliance's roster."""
        item = self._table.get(keys.commander(server, alliance, commander_id), consistent=True)
        return _commander(item) if item else None

    def roster(self, server: str, alliance: str) -> list[Commander]:
        """The alliance's commanders, by name."""
        items = self._table.query(keys.roster(server, alliance), keys.COMMANDER_PREFIX)
        return sorted(
            map(_commander, items), key=lambda commander: (normalised(commander.name), commander.id)
        )

    def cards(
        self, server: str, alliance: str, commander: str, events: Iterable[str], *, consistent: bool = False
    ) -> dict[str, Card]:
        """The commander's cards by event id, of those events in which they have one."""
        wanted = [keys.card(server, event, alliance, commander) for event in events]
        found = self._table.get_many(wanted, consistent=consistent) if wanted else {}
        return {card.event: card for card in map(_card, found.values())}

    def alliance_cards(
        self, server: str, event: str, alliance: str, *, consistent: bool = False
    ) -> list[Card]:
        """All cards of an alliance in an event."""
        return list(map(_card, self._table.query(keys.cards(server, event, alliance), consistent=consistent)))

    def standing(self, server: str, event: str, *, consistent: bool = False) -> Standing:
        """Everything that a server's progress is made of, in one query."""
        alliances, stamps = {}, {}
        for item in self._table.query(keys.standing(server, event), consistent=consistent):
            if item["SK"].startswith(keys.ALLIANCE_PREFIX):
                alliances[item["alliance"]] = _totals(item)
            elif item["SK"].startswith(keys.TIER_PREFIX):
                reached_at = datetime.fromisoformat(item["reached_at"])
                stamps[int(item["threshold"])] = TierStamp(reached_at, item["reached_by"])
        return Standing(alliances, stamps)

    def record(
        self,
        server: str,
        commander: Commander,
        additions: Sequence[Addition],
        completion: Completion,
        is_new: bool,
    ) -> dict[str, Card]:
        """Records all of `additions` in one transaction, and the commander too if `is_new`; the cards as they are now.

        Costs two write units for each card and each totals item. Raises CardsChanged or NameTaken if the
        decision was made on what is no longer so, or Contended: nothing is written then. Raises Busy where it is not
        known whether it was; it can be sent again.
        """
        stamp = {"at": rfc3339(completion.recorded_at), "by": completion.key_id}
        changes: list[Put | Update] = _registration(server, commander) if is_new else []
        for addition in additions:
            place = server, addition.event, commander.alliance
            attributes = [f"{COMPLETION_PREFIX}{milestone}" for milestone in addition.milestones]
            changes.append(
                Update(
                    keys.card(*place, commander.id),
                    set=dict.fromkeys(attributes, stamp),
                    expected=dict.fromkeys(attributes, None) if addition.seen else {},
                    exists=addition.seen is not None,
                )
            )
            first = {"commanders": 1} if addition.seen is None else {}
            changes.append(
                Update(
                    keys.totals(*place),
                    set={"alliance": commander.alliance},
                    add=dict.fromkeys(attributes, 1) | first,
                )
            )
        try:
            self._table.transact(changes)
        except ConditionFailed as failure:
            raise _explained(failure, server, commander, additions) from failure
        written = {}
        for addition in additions:
            before = addition.seen.completions if addition.seen else {}
            completions = {**before, **dict.fromkeys(addition.milestones, completion)}
            written[addition.event] = Card(
                server, addition.event, commander.alliance, commander.id, completions
            )
        return written

    def stamp_tiers(self, server: str, event: str, stamps: Mapping[int, TierStamp]) -> None:
        """Writes the stamps of tiers that have none yet: the first one stands."""
        for threshold, stamp in stamps.items():
            item: Item = {"threshold": threshold, "reached_at": rfc3339(stamp.reached_at)}
            item["reached_by"] = stamp.reached_by
            with suppress(ConditionFailed):
                self._table.write(Put(keys.tier(server, event, threshold), item, unless_exists=True))

    def note_points(self, server: str, event: str, at: datetime, points: int) -> None:
        """Samples the points for the hour that `at` is in; of an hour, the last sample stays."""
        hour = int(at.timestamp()) // _HOUR
        self._table.write(Update(keys.history(server, event), set={f"{keys.HOUR_PREFIX}{hour}": points}))

    def history(self, server: str, event: str) -> dict[datetime, int]:
        """The sampled points, by the beginning of their hour."""
        item = self._table.get(keys.history(server, event)) or {}
        return {
            datetime.fromtimestamp(int(name.removeprefix(keys.HOUR_PREFIX)) * _HOUR, UTC): int(points)
            for name, points in item.items()
            if name.startswith(keys.HOUR_PREFIX)
        }

    def recount(self, server: str, event: str, alliance: str, now: datetime) -> Drift | None:
        """Counts the cards anew and corrects the totals if they differ; the drift that was corrected.

        The correction is conditional on the very totals that were read before the cards: a report in the
        meantime has changed them, so this count is void and the next one will see. It goes with a ledger entry.
        """
        key = keys.totals(server, event, alliance)
        before = self._table.get(key, consistent=True) or {}
        counted = count(self.alliance_cards(server, event, alliance, consistent=True))
        stored = _totals(before)
        if counted == stored:
            return None
        was, becomes = _attributes(stored), _attributes(counted)
        names = was.keys() | becomes.keys()
        correction = Update(
            key,
            set={name: becomes.get(name, 0) for name in names} | {"alliance": alliance},
            expected={name: before.get(name) for name in names},
        )
        entry: Item = {
            "action": "recount",
            "event": event,
            "alliance": alliance,
            "before": was,
            "after": becomes,
        }
        entry_key = keys.ledger(server, rfc3339(now), f"recount-{event}-{alliance}")
        try:
            self._table.transact([correction, Put(entry_key, entry, unless_exists=True)])
        except ConditionFailed:
            return None
        return Drift(server, event, alliance, stored, counted)


def count(cards: Iterable[Card]) -> Totals:
    """The totals that these cards add up to."""
    filled = [card for card in cards if card.completions]
    return Totals(len(filled), Counter(milestone for card in filled for milestone in card.completions))


def _registration(server: str, commander: Commander) -> list[Put | Update]:
    item = {"id": commander.id, "name": commander.name, "alliance": commander.alliance}
    return [
        Put(keys.name(server, normalised(commander.name)), item, unless_exists=True),
        Put(keys.commander(server, commander.alliance, commander.id), item),
    ]


def _explained(
    failure: ConditionFailed, server: str, commander: Commander, additions: Sequence[Addition]
) -> CardsChanged | NameTaken:
    """Which of the two it was, from what the failed conditions found: no second read is needed."""
    namesake = failure.found.get(keys.name(server, normalised(commander.name)))
    if namesake:
        return NameTaken(_commander(namesake))
    found: dict[str, Card | None] = {}
    for addition in additions:
        key = keys.card(server, addition.event, commander.alliance, commander.id)
        if key in failure.found:
            item = failure.found[key]
            found[addition.event] = _card(item) if item else None
    return CardsChanged(found)


def _commander(item: Item) -> Commander:
    return Commander(item["id"], item["name"], item["alliance"])


def _card(item: Item) -> Card:
    _, server, event, alliance = item["PK"].split("#")
    completions = {
        name.removeprefix(COMPLETION_PREFIX): Completion(datetime.fromisoformat(value["at"]), value["by"])
        for name, value in item.items()
        if name.startswith(COMPLETION_PREFIX)
    }
    return Card(server, event, alliance, item["SK"].removeprefix(keys.COMMANDER_PREFIX), completions)


def _totals(item: Item) -> Totals:
    counts = {
        name.removeprefix(COMPLETION_PREFIX): int(value)
        for name, value in item.items()
        if name.startswith(COMPLETION_PREFIX) and value
    }
    return Totals(int(item.get("commanders", 0)), counts)


def _attributes(totals: Totals) -> dict[str, int]:
    counts = {f"{COMPLETION_PREFIX}{milestone}": times for milestone, times in totals.completions.items()}
    return counts | {"commanders": totals.commanders}
