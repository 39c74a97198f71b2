"""The ledger's entries. Each is written with the change that it describes. Only forgotten names are changed later."""

import re
import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from chalicelib.domain.calendar import rfc3339
from chalicelib.domain.cards import Completion
from chalicelib.domain.ledger import Action, Actor, CardEntry, Entry
from chalicelib.domain.names import forgetting, normalised
from chalicelib.store import keys
from chalicelib.store.forms import readable
from chalicelib.store.table import Item, Put, Table, Update

PAGE = 50
FORGOTTEN_AT_ONCE = 20_000
"""Entries that one request looks through for a name, which takes some seconds."""

ENTRY_ID = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z~[\w.-]+", re.ASCII)
"""What `entry_id` makes."""

_FORGET_PAGE = 1000
_IDS = frozenset(
    {"account", "alliance", "bulk", "commander", "event", "guild", "key", "milestone", "server", "tab"}
)


def new_entry(at: datetime, action: Action, actor: Actor, server: str | None, **what: Any) -> Entry:
    """An entry with a new id."""
    return Entry(entry_id(at, secrets.token_urlsafe(9)), at, action, actor, server, **what)


def entry_id(at: datetime, unique: str) -> str:
    """An id that sorts by time, because the time has a fixed width."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z~{unique}"


def put(entry: Entry) -> Put:
    """The write of an entry. It belongs into the transaction of the change that the entry describes."""
    return Put(keys.ledger_entry(entry.server, entry.id), _item(entry))


@dataclass(frozen=True, slots=True)
class Ledger:
    _table: Table

    def page(
        self,
        server: str | None,
        alliance: str | None = None,
        commander: str | None = None,
        before: str | None = None,
        limit: int = PAGE,
    ) -> list[Entry]:
        """Entries older than `before`, the latest first: of the server, or of one of its alliances or commanders."""
        if server and commander:
            index, partition = keys.OF_COMMANDER, keys.ledger_of_commander(server, commander)
        elif server and alliance:
            index, partition = keys.OF_ALLIANCE, keys.ledger_of_alliance(server, alliance)
        else:
            index, partition = None, keys.ledger(server)
        items = self._table.latest(partition, before or keys.AFTER_ALL_TIMES, limit, index)
        return list(readable(items, entry_of))

    def all(self, server: str) -> Iterator[Entry]:
        """Every entry of the server, the oldest first."""
        return readable(self._table.query(keys.ledger(server), keys.TIME_PREFIX, consistent=True), entry_of)

    def names_told(self, server: str, commanders: Iterable[str]) -> set[str]:
        """The names in these commanders' own entries."""
        entries = (entry for commander in commanders for entry in self._of_commander(server, commander))
        sides = (side for entry in entries for side in (entry.before, entry.after))
        return {side["name"] for side in sides if side and isinstance(side.get("name"), str)}

    def forget(
        self,
        server: str,
        commanders: Collection[str],
        names: Collection[str],
        others: Collection[str],
        label: str,
        before: str | None = None,
    ) -> str | None:
        """Replaces these names with `label` in the server's entries, the latest first: in the commanders' own entries
        and in all others. In the others, names that `others` have now stay, and so does a name of which one of these is
        a part.

        It looks at `FORGOTTEN_AT_ONCE` entries at most, those before the entry `before`. If some are left, it returns
        the `before` of the next call; otherwise None.
        """
        mine, elsewhere = forgetting(names, label), forgetting(set(names) - set(others), label)
        gone = set(map(normalised, set(names) - set(others)))

        def called(name: str) -> str:
            return label if normalised(name) in gone else name

        looked_at = 0
        while page := self._table.latest(keys.ledger(server), before, _FORGET_PAGE):
            for item in page:
                texts = _texts(item)
                how = (mine, mine) if item.get("commander") in commanders else (elsewhere, called)
                without = {part: _replaced(text, *how) for part, text in texts.items()}
                if without != texts:
                    self._table.write(Update(keys.ledger_entry(server, item["SK"]), set=without, exists=True))
            before, looked_at = page[-1]["SK"], looked_at + len(page)
            if looked_at >= FORGOTTEN_AT_ONCE:
                return before
        return None

    def _of_commander(self, server: str, commander: str) -> Iterator[Entry]:
        before = None
        while page := self.page(server, commander=commander, before=before):
            yield from page
            before = page[-1].id


def _texts(item: Item) -> Item:
    """The parts that may hold a commander's name: the reason and, in an entry about a commander, what was changed."""
    parts = ("before", "after", "reason") if item.get("commander") else ("reason",)
    return {part: item[part] for part in parts if item.get(part)}


def _replaced(value: Any, forgotten: Callable[[str], str], called: Callable[[str], str]) -> Any:
    """The value with every text in it replaced by `forgotten`, and every name by `called`, except ids."""
    if isinstance(value, str):
        return forgotten(value)
    if isinstance(value, Mapping):
        return {
            name: each if name in _IDS else _replaced(each, called if name == "name" else forgotten, called)
            for name, each in value.items()
        }
    return value


def _item(entry: Entry) -> Item:
    item: Item = {
        "at": rfc3339(entry.at),
        "action": entry.action,
        "key": entry.actor.key_id,
        "label": entry.actor.label,
        "role": entry.actor.role,
        "server": entry.server,
        "alliance": entry.alliance,
        "commander": entry.commander,
        "cards": [_card_item(card) for card in entry.cards] or None,
        "before": _plain(entry.before),
        "after": _plain(entry.after),
        "reason": entry.reason,
    }
    if entry.server and entry.alliance:
        item[keys.OF_ALLIANCE] = keys.ledger_of_alliance(entry.server, entry.alliance)
    if entry.server and entry.commander:
        item[keys.OF_COMMANDER] = keys.ledger_of_commander(entry.server, entry.commander)
    return item


def entry_of(item: Item) -> Entry:
    return Entry(
        id=item["SK"],
        at=datetime.fromisoformat(item["at"]),
        action=item["action"],
        actor=Actor(item["key"], item["label"], item.get("role")),
        server=item.get("server"),
        alliance=item.get("alliance"),
        commander=item.get("commander"),
        cards=tuple(_card_entry(card) for card in item.get("cards", [])),
        before=_read(item.get("before")),
        after=_read(item.get("after")),
        reason=item.get("reason"),
    )


def _card_item(card: CardEntry) -> Item:
    item: Item = {"event": card.event, "version": card.version}
    for name, completions in (("added", card.added), ("removed", card.removed)):
        if completions:
            item[name] = {m: completion_item(replace(each, since=0)) for m, each in completions.items()}
    return item


def _card_entry(item: Item) -> CardEntry:
    added, removed = (
        {milestone: completion(value) for milestone, value in item.get(name, {}).items()}
        for name in ("added", "removed")
    )
    return CardEntry(item["event"], int(item["version"]), added, removed)


_OF_COMPLETION = {"at", "by", "said", "owed", "v", "bulk", "account"}


def completion_item(completion: Completion) -> Item:
    """The completion as it is stored, on a card and in an entry."""
    item: Item = {**completion.more, "at": rfc3339(completion.recorded_at), "by": completion.key_id}
    if completion.reported_at:
        item["said"] = rfc3339(completion.reported_at)
    if completion.owed is not None:
        item["owed"] = completion.owed
    elif completion.since:  # what is owed is owed since the same version
        item["v"] = completion.since
    if completion.bulk:
        item["bulk"] = completion.bulk
    if completion.account:
        item["account"] = completion.account
    return item


def completion(item: Item) -> Completion:
    said = datetime.fromisoformat(item["said"]) if "said" in item else None
    owed = int(item["owed"]) if "owed" in item else None
    since = int(item.get("v", owed or 0))
    more = {name: value for name, value in item.items() if name not in _OF_COMPLETION}
    bulk, account = item.get("bulk"), item.get("account")
    return Completion(datetime.fromisoformat(item["at"]), item["by"], said, owed, bulk, account, since, more)


def _read(value: Any) -> Any:
    """A stored value, with whole numbers instead of decimals."""
    if isinstance(value, Decimal):
        return int(value)
    if isinstance(value, Mapping):
        return {name: _read(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_read(each) for each in value]
    return value


def _plain(value: Any) -> Any:
    """A value that DynamoDB can hold: without times and tuples."""
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value
