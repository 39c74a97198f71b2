"""Brings what is stored to this version's form (DESIGN §6). It can run while the product is in use, and be repeated.

Reading is tolerant, so nothing depends on when it runs. What an older version needs stays where it is, so going back
is possible.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from chalicelib.services.renormalising import Renormalised, Renormalising
from chalicelib.store import (
    access,
    bulks,
    commanders,
    completions,
    definitions,
    guilds,
    joins,
    keys,
    ledger,
    readings,
    sheets,
    webhooks,
)
from chalicelib.store.definitions import Definitions
from chalicelib.store.forms import told, unread
from chalicelib.store.keys import ItemKey
from chalicelib.store.table import ConditionFailed, Item, Table, Update

READERS: Mapping[tuple[str, str], Callable[[Item], object]] = {
    (keys.EVENTS, keys.EVENT_PREFIX): definitions.event_of,
    (keys.SERVERS, keys.SERVER_PREFIX): definitions.server_of,
    (keys.SHEETS, keys.SHEET_PREFIX): sheets.binding_of,
    (keys.GUILDS, keys.GUILD_PREFIX): guilds.guild_of,
    (keys.WEBHOOKS, keys.WEBHOOK_PREFIX): webhooks.webhook_of,
    ("ALLIANCES", keys.ALLIANCE_PREFIX): definitions.alliance_of,
    ("BULKS", keys.BULK_PREFIX): bulks.bulk_of,
    ("CARDS", keys.COMMANDER_PREFIX): completions.card_of,
    ("COUNTED", "COUNTED"): completions.counted_of,
    ("DISCORD", keys.ACCOUNT_PREFIX): guilds.account_of,
    ("DISCORD", "CODE"): guilds.code_of,
    ("JOINED", keys.ALLIANCE_PREFIX): joins.brought_of,
    ("KEY", "KEY"): access.key_of,
    ("KEYS", keys.KEY_PREFIX): access.actor_of,
    ("LEDGER", keys.TIME_PREFIX): ledger.entry_of,
    ("NAME", "NAME"): commanders.led_by,
    ("READINGS", keys.TIME_PREFIX): readings.logged_of,
    ("ROSTER", keys.COMMANDER_PREFIX): commanders.commander_of,
    ("SIGNING", "SIGNING"): access.signing_of,
    ("STANDING", keys.ALLIANCE_PREFIX): completions.totals_of,
    ("STANDING", keys.TIER_PREFIX): completions.stamp_of,
    ("STANDING", keys.HISTORY): completions.history_of,
    ("STANDING", keys.READING): completions.reading_of,
}
"""How each kind of item is read, by the beginnings of its two keys."""


NAMES = "names"
"""The step that is about several items: names by today's rules, without tags and invisible characters (decision 16)."""


@dataclass(frozen=True, slots=True)
class Step:
    """A change of form. `write` gives the update that an item needs, or None; it must give None once that is done."""

    name: str
    write: Callable[[ItemKey, Item], Update | None]


@dataclass(frozen=True, slots=True)
class Migrated:
    """The result. `changed`: how many items each step changed, or would change; for the step `names`, how many
    commanders. `left`: how many were in use, so another run must change them. `unreadable`: the keys of items that this
    version can't read. `names`: for each server, whose names are the same by today's rules, or have nothing visible;
    officers merge and rename them."""

    items: int
    changed: Mapping[str, int]
    left: int
    unreadable: tuple[str, ...]
    names: tuple[Renormalised, ...]


@dataclass(frozen=True, slots=True)
class Migrating:
    _table: Table
    _definitions: Definitions
    _renormalising: Renormalising

    def run(self, *, dry_run: bool = False) -> Migrated:
        """Reads every item, and writes those that are not in this version's form. If it raises Busy, run it again."""
        changed = dict.fromkeys((step.name for step in STEPS), 0)
        items = left = 0
        unreadable = []
        for item in self._table.scan():
            items += 1
            key = ItemKey(item["PK"], item["SK"])
            if (reader := _reader(key)) and unread(item, reader):
                unreadable.append(told(key))
            for step in STEPS:
                update = step.write(key, item)
                if update is None:
                    continue
                if dry_run or self._write(update):
                    changed[step.name] += 1
                else:
                    left += 1
        servers = self._definitions.servers()
        names = tuple(self._renormalising.run(server.id, dry_run=dry_run) for server in servers)
        changed[NAMES] = sum(one.changed for one in names)
        left += sum(one.left for one in names)
        return Migrated(items, changed, left, tuple(sorted(unreadable)), names)

    def _write(self, update: Update) -> bool:
        try:
            self._table.write(update)
        except ConditionFailed:
            return False
        return True


def _reader(key: ItemKey) -> Callable[[Item], object] | None:
    """How to read an item with that key; None for a kind that this version does not know."""
    kind = key.pk.partition("#")[0]
    found: Iterator[Callable[[Item], object]] = (
        read for (pk, sk), read in READERS.items() if pk == kind and key.sk.startswith(sk)
    )
    return next(found, None)


def _unsettled(key: ItemKey, item: Item) -> Update | None:
    """In 0.1.0, totals held how far they were settled. Since then this is stored apart, so that progress does not read
    it. Without it, 0.1.0 writes entries again that it had already written; they are the same."""
    if not key.pk.startswith("STANDING#") or "settled" not in item:
        return None
    expected = {"settled": item["settled"]}
    return Update(key, remove=["settled", "settled_at"], expected=expected, exists=True)


STEPS = (Step("counted-apart", _unsettled),)
