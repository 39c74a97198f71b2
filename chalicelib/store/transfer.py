"""A whole server as a file, and back, so that it can move to another deployment.

The file is JSON Lines: a header, then every item as DynamoDB writes it, then the number of these lines and their
SHA-256. Items that lead to other items come before them, and the server itself comes last. So a server appears only
when everything is there, and what an unfinished import has left can be found.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import groupby, islice
from typing import Any, BinaryIO, TypeVar

from chalicelib.domain.access import SCOPES
from chalicelib.domain.calendar import rfc3339
from chalicelib.domain.cards import count
from chalicelib.domain.errors import MusterError
from chalicelib.domain.events import Event
from chalicelib.domain.ledger import Actor, Entry
from chalicelib.domain.standing import Totals
from chalicelib.store import commanders, keys, ledger
from chalicelib.store.completions import Completions
from chalicelib.store.forms import FORM
from chalicelib.store.keys import ItemKey
from chalicelib.store.table import ConditionFailed, Delete, Item, Put, Table
from chalicelib.store.typed import plain, typed

T = TypeVar("T")

FORMAT, VERSION = "muster-server", 1

STAYS: tuple[Callable[..., ItemKey], ...] = (
    keys.binding_code,
    keys.counted,
    keys.deployment,
    keys.joined,
    keys.refresh_run,
    keys.sheets_accounts,
    keys.sheets_run,
    keys.signing,
    keys.watch,
    keys.webhook,
)
"""Kinds of items that stay: they belong to the deployment's own runs, or are counted again, or hold secrets of others
(webhooks, which two deployments would both send to). The keys and the ledger without a server stay too."""

_BINDING = (FORM, "id", "server", "alliance", "edits")
"""Attributes of a sheet that move: what it is bound to. Its leases and the results of its syncs stay."""
_SERVERS_ROLES = [role for role, scope in SCOPES.items() if scope != "the deployment"]
_AT_ONCE = 100


class TransferRefused(MusterError):
    """The file, or what is already in the table, does not allow it. The server is as it was, or is not there yet."""

    def __init__(self, detail: str) -> None:
        super().__init__("transfer-refused", detail)


@dataclass(frozen=True, slots=True)
class Imported:
    """`counts`: items by kind. `removed`: items that an unfinished import had left."""

    server: str
    counts: Mapping[str, int]
    removed: int


@dataclass(frozen=True, slots=True)
class Transfer:
    _table: Table

    def export_server(self, server: str, at: datetime, file: BinaryIO) -> Mapping[str, int]:
        """Writes the whole server as it was at one moment. Returns how many items of each kind.

        Everything is read twice, and must be the same both times. Otherwise raises TransferRefused; the file can't be
        used then.
        """
        counts, before, after = Counter[str](), sha256(), sha256()
        openings = _openings(server)
        for item in self._items(server):
            counts[_kind(openings, item)] += 1
            before.update(_line(typed(item)))
        if not counts["server"]:
            raise TransferRefused(f"There is no server {server} in this table.")
        header = {"format": FORMAT, "version": VERSION, "server": server, "exported_at": rfc3339(at)}
        file.write(_line({**header, "counts": counts}))
        for item in self._items(server):
            line = _line(typed(item))
            after.update(line)
            file.write(line)
        if after.digest() != before.digest():
            raise TransferRefused(
                "Something changed while the server was read. Export it when nobody reports."
            )
        file.write(_line({"lines": counts.total(), "sha256": after.hexdigest()}))
        return counts

    def import_server(self, file: BinaryIO, actor: Actor, at: datetime) -> Imported:
        """Imports everything in a file of `export_server`. After a failure it can be repeated.

        The ledger names `actor`. Raises TransferRefused, and changes nothing, if the file is incomplete or holds
        something of another server, or if something that already exists would be lost.
        """
        header, lines = _whole(file)
        server = header["server"]
        if self._table.get(keys.server(server), consistent=True):
            raise _is_there(server)
        for kind, item in _read(file, server, lines):
            self._require_harmless(server, kind, item)
        removed = self._remove(list(self._items(server)))
        for kind, group in groupby(_read(file, server, lines), key=lambda read: read[0]):
            items = (item for _, item in group)
            if kind == "event":
                self._put_events(items, server, actor, at)
            elif kind == "server":
                self._put_server(items, header, actor, at)
            else:
                for some in _chunks(items):
                    self._table.put_many([Put(_key(item), item) for item in some])
        return Imported(server, header["counts"], removed)

    def miscounted(self, server: str) -> list[str]:
        """Where the totals are not the sum of the cards, as `event/alliance`. There should be none."""
        completions, found = Completions(self._table), []
        alliances = [item["id"] for item in self._query(keys.alliances(server))]
        for event in self._events():
            stored = completions.standing(server, event.id, consistent=True).alliances
            for alliance in alliances:
                cards = completions.alliance_cards(server, event.id, alliance, consistent=True)
                if count(cards) != stored.get(alliance, Totals()):
                    found.append(f"{event.id}/{alliance}")
        return found

    def _items(self, server: str) -> Iterator[Item]:
        """Everything that moves with the server; the server comes last, if it exists."""
        alliances = [item["id"] for item in self._query(keys.alliances(server))]
        yield from self._query(keys.alliances(server))
        for alliance in alliances:
            yield from self._query(keys.roster(server, alliance))
        for alliance in alliances:
            yield from self._names(server, alliance)
        used: set[str] = set()
        for event in self._events():
            of_event = self._of_event(server, event.id, alliances)
            first = next(of_event, None)
            if first:
                yield from self._table.get_many([keys.event(event.id)], consistent=True).values()
                for item in (first, *of_event):
                    used |= {
                        value["by"] for value in item.values() if isinstance(value, dict) and "by" in value
                    }
                    yield item
        yield from self._query(keys.bulks(server))
        yield from self._query(keys.ledger(server))
        entries = self._key_entries(server, used)
        yield from entries
        hashes = [keys.access_key(entry["hash"]) for entry in entries]
        found = self._table.get_many(hashes, consistent=True)
        yield from (found[key] for key in hashes if key in found)
        for item in self._query(keys.SHEETS):
            if item["server"] == server:
                yield {name: item[name] for name in ("PK", "SK", *_BINDING) if name in item}
        for alliance in alliances:
            accounts = keys.discord(server, alliance), keys.ACCOUNT_PREFIX
            yield from self._table.query(*accounts, consistent=True)
        yield from (item for item in self._query(keys.GUILDS) if item["server"] == server)
        yield from self._table.get_many([keys.server(server)], consistent=True).values()

    def _names(self, server: str, alliance: str) -> Iterator[Item]:
        """The names that lead to the alliance's commanders. Those who have left are found in their new alliance."""
        names = [
            keys.name(server, name)
            for item in self._query(keys.roster(server, alliance))
            if not item.get("moved")
            for name in commanders.names_of(item)
        ]
        found = self._table.get_many(names, consistent=True)
        yield from (found[key] for key in names if key in found)

    def _of_event(self, server: str, event: str, alliances: Iterable[str]) -> Iterator[Item]:
        yield from self._query(keys.standing(server, event))
        yield from self._query(keys.readings(server, event))
        for alliance in alliances:
            yield from self._query(keys.cards(server, event, alliance))

    def _key_entries(self, server: str, used: set[str]) -> list[Item]:
        """The index of the server's keys, and the labels of those keys of the deployment that completions name.

        The ledger shows these labels. The keys themselves stay, so these entries lead to no key.
        """
        own = list(self._query(keys.access_keys(server)))
        used = used - {entry["id"] for entry in own}
        labels = [
            {**entry, **_named(keys.access_key_entry(server, entry["id"])), "hash": ""}
            for entry in self._query(keys.access_keys(None))
            if entry["id"] in used
        ]
        return sorted([*own, *labels], key=lambda entry: str(entry["SK"]))

    def _require_harmless(self, server: str, kind: str, item: Item) -> None:
        """Raises TransferRefused if something in the table would be lost, or the item grants more than this server."""
        if kind == "event":
            event = _event(item)
            stored = self._table.get(_key(item), consistent=True)
            if stored and _event(stored) != event:
                raise TransferRefused(
                    f"Event {event.id} is defined differently here. First make both definitions the same."
                )
        elif kind == "access_key":
            known = self._table.get(_key(item), consistent=True)
            if item.get("role") not in _SERVERS_ROLES or item.get("server") != server:
                raise _not_of(server)
            if known and known.get("server") != server:
                raise TransferRefused("A key of this file already exists here, for something else.")
        elif kind in ("sheet", "guild"):
            bound = self._table.get(_key(item), consistent=True)
            if item.get("server") != server:
                raise _not_of(server)
            if bound and bound["server"] != server:
                what = "Spreadsheet" if kind == "sheet" else "Discord server"
                raise TransferRefused(
                    f"{what} {bound['id']} is bound to server {bound['server']} here. Unbind it first."
                )

    def _remove(self, left: Sequence[Item]) -> int:
        """Removes items. Those that lead to others are removed last, so that this can be repeated if it stops. Events
        belong to the deployment, so they stay."""
        found = [_key(item) for item in reversed(left) if item["PK"] != keys.EVENTS]
        for some in _chunks(found):
            self._table.transact([Delete(key) for key in some])
        return len(found)

    def _put_events(self, items: Iterable[Item], server: str, actor: Actor, at: datetime) -> None:
        """Puts the events that do not exist; those that exist are the same."""
        for item in items:
            if not self._table.get(_key(item), consistent=True):
                after = _event(item).model_dump(mode="json", exclude_unset=True)
                reason = f"Imported with server {server}"
                entry = ledger.new_entry(at, "event", actor, None, after=after, reason=reason)
                self._put_new(item, entry)

    def _put_server(
        self, items: Iterable[Item], header: Mapping[str, Any], actor: Actor, at: datetime
    ) -> None:
        server = header["server"]
        for item in items:
            reason = f"Imported as it was exported at {header['exported_at']}"
            self._put_new(item, ledger.new_entry(at, "server", actor, server, reason=reason))

    def _put_new(self, item: Item, entry: Entry) -> None:
        try:
            self._table.transact([Put(_key(item), item, unless_exists=True), ledger.put(entry)])
        except ConditionFailed:
            raise TransferRefused(f"Somebody else has just made {item['SK']}. Check what it is.") from None

    def _events(self) -> list[Event]:
        return [_event(item) for item in self._query(keys.EVENTS)]

    def _query(self, partition: str) -> Iterator[Item]:
        return self._table.query(partition, consistent=True)


def _openings(server: str) -> dict[str, ItemKey]:
    """For each kind of item that moves with the server, the beginning of its PK and SK.

    A PK that continues ends with `#` here; any other is complete. The kinds have the names of the functions in `keys`.
    """
    found = {
        "alliance": keys.alliance(server, ""),
        "commander": keys.commander(server, "", ""),
        "name": keys.name(server, ""),
        "event": keys.event(""),
        "totals": keys.totals(server, "", ""),
        "tier": ItemKey(keys.standing(server, ""), keys.TIER_PREFIX),
        "history": keys.history(server, ""),
        "latest_reading": keys.latest_reading(server, ""),
        "reading": keys.reading(server, "", ""),
        "card": keys.card(server, "", "", ""),
        "bulk": keys.bulk(server, ""),
        "ledger_entry": keys.ledger_entry(server, ""),
        "access_key_entry": keys.access_key_entry(server, ""),
        "access_key": keys.access_key(""),
        "sheet": keys.sheet(""),
        "account": keys.account(server, "", ""),
        "guild": keys.guild(""),
        "server": keys.server(server),
    }
    return {kind: ItemKey(re.sub("#+$", "#", key.pk), key.sk) for kind, key in found.items()}


def _kind(openings: Mapping[str, ItemKey], item: Item) -> str:
    """The kind of an item. Raises KeyError if it is not one that moves with the server."""
    for kind, (pk, sk) in openings.items():
        in_partition = item["PK"].startswith(pk) if pk.endswith("#") else item["PK"] == pk
        if in_partition and item["SK"].startswith(sk):
            return kind
    raise KeyError(item["PK"])


def _whole(file: BinaryIO) -> tuple[dict[str, Any], int]:
    """The header, and how many items there are. Raises TransferRefused unless the file is as it was written."""
    file.seek(0)
    header = _parsed(file.readline())
    if header.get("format") != FORMAT:
        raise TransferRefused("This is not a file of `servers export`.")
    if header.get("version") != VERSION:
        raise TransferRefused(
            f"This file has format {header.get('version')}, but this version of Muster reads format {VERSION}."
        )
    digest, lines, last = sha256(), 0, b""
    for line in file:
        if last:
            digest.update(last)
            lines += 1
        last = line
    if _parsed(last) != {"lines": lines, "sha256": digest.hexdigest()}:
        raise TransferRefused("This file is incomplete or was changed. Export the server again.")
    if not isinstance(header.get("server"), str) or "#" in header["server"]:
        raise TransferRefused("This file does not say which server it holds.")
    return header, lines


def _read(file: BinaryIO, server: str, lines: int) -> Iterator[tuple[str, Item]]:
    """The items with their kinds. Raises TransferRefused for something that is not the server's."""
    openings = _openings(server)
    file.seek(0)
    for line in islice(file, 1, lines + 1):
        try:
            item = plain(json.loads(line))
            kind = _kind(openings, item)
        except (AttributeError, KeyError, TypeError, ValueError):
            raise _not_of(server) from None
        yield kind, item


def _event(item: Item) -> Event:
    """The event in an item. Raises TransferRefused if there is none."""
    try:
        event = Event.model_validate_json(item["definition"])
    except (KeyError, ValueError):
        raise TransferRefused(f"This version of Muster can't read {item['SK']}.") from None
    if keys.event(event.id) != _key(item):
        raise TransferRefused(f"{item['SK']} holds another event.")
    return event


def _is_there(server: str) -> TransferRefused:
    return TransferRefused(
        f"Server {server} is already in this table, and an import replaces nothing. "
        "Import it into a deployment that does not have it."
    )


def _not_of(server: str) -> TransferRefused:
    return TransferRefused(
        f"This file holds something that does not belong to server {server}. Nothing was imported."
    )


def _key(item: Item) -> ItemKey:
    return ItemKey(item["PK"], item["SK"])


def _named(key: ItemKey) -> Item:
    return {"PK": key.pk, "SK": key.sk}


def _line(content: Mapping[str, Any]) -> bytes:
    """The same for equal content."""
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode() + b"\n"


def _parsed(line: bytes) -> dict[str, Any]:
    """The JSON object in a line; empty if it is not one."""
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _chunks(all_of_them: Iterable[T]) -> Iterator[list[T]]:
    each = iter(all_of_them)
    while some := list(islice(each, _AT_ONCE)):
        yield some
