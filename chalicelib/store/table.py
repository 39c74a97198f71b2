"""The table that holds everything, independent of the database: plain items, conditional writes, transactions.

An item has a key of two texts; items with the same first text are a partition, and are read in the order of the second.
Every call may meet another transaction or a throttle: the table tries again with growing pauses, and raises Busy if
that does not help. `dynamodb.py` and `sqlite.py` are the two tables; `tests/store` holds both to one contract.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from chalicelib.store.keys import ItemKey
from chalicelib.store.typed import Item

__all__ = ["Change", "ConditionFailed", "Delete", "Item", "ItemKey", "Put", "Table", "Update"]

MOST_CHANGES = 100
"""The most changes in one transaction."""
LONGEST_PK, LONGEST_SK = 2048, 1024
"""The longest keys, in bytes of UTF-8. A key is never empty."""


@dataclass(frozen=True, slots=True)
class Put:
    """Writes the whole item. Attributes that are None are left out."""

    key: ItemKey
    item: Item
    unless_exists: bool = False


@dataclass(frozen=True, slots=True)
class Delete:
    """Deletes the item. If `expected` is not empty, the condition is that these attributes have these values."""

    key: ItemKey
    expected: Item = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Update:
    """Sets, adds and removes attributes: at least one, and none of them twice. It makes the item if there is none.
    Adding to an absent attribute adds to 0. The condition: the item exists or not (None: either), these attributes are
    as in `expected` (None: absent), and those in `below` exist and are less."""

    key: ItemKey
    set: Item = field(default_factory=dict)
    add: Mapping[str, int] = field(default_factory=dict)
    remove: Sequence[str] = ()
    expected: Item = field(default_factory=dict)
    exists: bool | None = None
    below: Mapping[str, int] = field(default_factory=dict)


Change = Put | Update | Delete


@dataclass
class ConditionFailed(Exception):
    """Conditions of a write failed; nothing was written. `found`: these items as they are, by key (None: no item)."""

    found: dict[ItemKey, Item | None]


class Table(Protocol):
    """A table. It raises Busy if the database does not answer, or something else holds the items, for too long.

    After Busy, a write may have been made nevertheless; it can be sent again on the same condition. What is written
    carries the version of its form (`forms.py`). A key that no item can have (`is_possible`) is never found, and
    writing it raises ValueError, like any other write that no table accepts.
    """

    def get(self, key: ItemKey, *, consistent: bool = False) -> Item | None:
        """The item, with its key as `PK` and `SK`. If `consistent`, it is current; otherwise it may be slightly old."""

    def get_many(self, keys: Sequence[ItemKey], *, consistent: bool = False) -> dict[ItemKey, Item]:
        """The items that exist, by key. Without keys no request is made."""

    def query(self, partition: str, prefix: str = "", *, consistent: bool = False) -> Iterator[Item]:
        """The items of a partition whose second key begins with `prefix`, ordered by that key (by its bytes in UTF-8).
        They are read page by page: each item once, as it was when its page was read."""

    def query_each(self, wanted: Sequence[tuple[str, str]], *, consistent: bool = False) -> list[list[Item]]:
        """The items of several queries, in their order: of each, the partition and the prefix. A table that is far away
        is asked for several at once."""

    def latest(self, partition: str, before: str | None, limit: int, index: str | None = None) -> list[Item]:
        """The last `limit` items of a partition whose second key is less than `before`, the last first.

        `index`: the name of an attribute; then it looks among all items for those whose attribute is `partition`. An
        index may be slightly old.
        """

    def scan(self) -> Iterator[Item]:
        """Every item, page by page and in no particular order. It reads the whole table, so no request uses it."""

    def put_many(self, puts: Sequence[Put]) -> None:
        """Unconditional puts. If several have the same key, the last one counts. If it raises Busy, some may have been
        made."""

    def write(self, change: Change) -> None:
        """One write, conditional or not. Raises ConditionFailed."""

    def transact(self, changes: Sequence[Change]) -> None:
        """All changes or none: up to `MOST_CHANGES` items, each once. Raises ConditionFailed with all items whose
        conditions failed."""


def is_possible(key: ItemKey) -> bool:
    """Whether an item can have the key. What somebody looks for may be too long."""
    try:
        return 0 < len(key.pk.encode()) <= LONGEST_PK and 0 < len(key.sk.encode()) <= LONGEST_SK
    except UnicodeEncodeError:
        return False


def require_possible(changes: Sequence[Change]) -> None:
    """Raises ValueError for changes that DynamoDB would refuse, so that no other table accepts them."""
    for change in changes:
        if not is_possible(change.key):
            raise ValueError(f"no item can have this key: {change.key}")
        if isinstance(change, Update):
            names = [*change.set, *change.add, *change.remove]
            if not names or len(set(names)) < len(names):
                raise ValueError(f"an update without a change, or with two of one attribute: {change}")


def require_transaction(changes: Sequence[Change]) -> None:
    """Raises ValueError unless the changes can be one transaction."""
    require_possible(changes)
    if not 0 < len({change.key for change in changes}) == len(changes) <= MOST_CHANGES:
        raise ValueError(f"a transaction has up to {MOST_CHANGES} items, each once, not {len(changes)}")
