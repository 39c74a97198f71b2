"""Bulk take-backs: what each was about, and the commanders from whom it has taken something that is not given back."""

from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.calendar import rfc3339
from chalicelib.store import keys
from chalicelib.store.forms import read, readable, text
from chalicelib.store.table import Delete, Item, Table, Update


@dataclass(frozen=True, slots=True)
class Taken:
    """A commander of whom a bulk take-back holds something: as whom the roster of `alliance` knew them then.

    `retired_at`: when it retired them, if it did. `entry`: its last ledger entry about them.
    """

    alliance: str
    commander: str
    entry: str
    retired_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Bulks:
    _table: Table

    def note(self, server: str, bulk_id: str, alliance: str | None, key_id: str, at: datetime) -> None:
        """That there is one, about a key with that scope; again changes only when it was asked for last."""
        about: Item = {"alliance": alliance} if alliance else {}
        key = keys.bulk(server, bulk_id)
        self._table.write(Update(key, set={**about, "key": key_id, "at": rfc3339(at)}))

    def exists(self, server: str, bulk_id: str, alliance: str | None) -> bool:
        """Whether there is one that can be about this alliance; about any, if None."""
        item = self._table.get(keys.bulk(server, bulk_id), consistent=True)
        return item is not None and (alliance is None or item.get("alliance") in (None, alliance))

    def taken(self, server: str, bulk_id: str, alliance: str | None) -> list[Taken]:
        """The commanders, or those of one alliance, always in the same order."""
        prefix = keys.bulk(server, bulk_id, *([alliance, ""] if alliance else [""])).sk
        return list(readable(self._table.query(keys.bulks(server), prefix, consistent=True), taken_of))

    def of(self, server: str, bulk_id: str, taken: Taken) -> Taken | None:
        """The same, read again; None: all of it has been given back."""
        key = keys.bulk(server, bulk_id, taken.alliance, taken.commander)
        item = self._table.get(key, consistent=True)
        return read(item, taken_of) if item else None


def took(server: str, bulk_id: str, taken: Taken) -> Update:
    """The write that goes with taking something. When they were retired stays, where that was before."""
    attributes: Item = {"alliance": taken.alliance, "commander": taken.commander, "entry": taken.entry}
    if taken.retired_at:
        attributes["retired_at"] = rfc3339(taken.retired_at)
    return Update(keys.bulk(server, bulk_id, taken.alliance, taken.commander), set=attributes)


def given_back(server: str, bulk_id: str, taken: Taken) -> Delete:
    """The write that goes with giving back all of it, on the condition that nothing more was taken meanwhile."""
    key = keys.bulk(server, bulk_id, taken.alliance, taken.commander)
    return Delete(key, expected={"entry": taken.entry})


def bulk_of(item: Item) -> Taken | str:
    """A take-back, by the key that it is about; or a commander in it."""
    return taken_of(item) if "commander" in item else text(item, "key")


def taken_of(item: Item) -> Taken:
    retired = datetime.fromisoformat(item["retired_at"]) if "retired_at" in item else None
    return Taken(text(item, "alliance"), text(item, "commander"), text(item, "entry"), retired)
