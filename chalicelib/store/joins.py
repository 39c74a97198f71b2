"""How many commanders each link has brought: one item for each alliance, which starts again with each day."""

from dataclasses import dataclass
from datetime import date

from chalicelib.domain.joining import Brought
from chalicelib.store import keys
from chalicelib.store.forms import read
from chalicelib.store.keys import BROUGHT_PREFIX
from chalicelib.store.table import Item, Table, Update


@dataclass(frozen=True, slots=True)
class Joins:
    _table: Table

    def brought(self, server: str, alliance: str) -> Brought | None:
        """The counts of the last day on which a link brought somebody; None if no link ever has. Raises Unreadable."""
        item = self._table.get(keys.joined(server, alliance), consistent=True)
        return read(item, brought_of) if item else None


def one_more(
    server: str, alliance: str, link: str, known: Brought | None, today: Brought, most: int
) -> Update:
    """The write that counts one more for the link. It belongs into the transaction that puts them on the roster.

    The conditions: the count was less than `most`, and no other day has begun since what is `known`.
    """
    key, name = keys.joined(server, alliance), f"{BROUGHT_PREFIX}{link}"
    seen: Item = {"day": known.day.isoformat() if known else None}
    if known == today and link in today.by_link:
        return Update(key, add={name: 1}, expected=seen, below={name: most})
    over = [] if known is None or known == today else [f"{BROUGHT_PREFIX}{one}" for one in known.by_link]
    first: Item = {"day": today.day.isoformat(), name: 1}
    gone = [one for one in over if one != name]
    return Update(key, set=first, remove=gone, expected=seen | ({name: None} if known == today else {}))


def brought_of(item: Item) -> Brought:
    by_link = {
        name.removeprefix(BROUGHT_PREFIX): int(number)
        for name, number in item.items()
        if name.startswith(BROUGHT_PREFIX)
    }
    return Brought(date.fromisoformat(item["day"]), by_link)
