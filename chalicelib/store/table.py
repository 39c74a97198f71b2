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
"""Of one transaction."""
LONGEST_PK, LONGEST_SK = 2048, 1024
"""Of keys, in bytes of UTF-8. None is empty."""


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
    """Sets, adds and removes attributes, one of these at least and no attribute twice; makes the item where there is
    none. What is added to an absent attribute is added to 0. The condition: the item exists or not (None: either),
    these attributes are as in `expected` (None: absent), and those in `below` are there and less."""

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
    """Raises Busy where the database does not answer, or something else has its items, for longer than is waited.

    After Busy a write may have been made all the same; it may be sent again under the same condition. What is written
    carries its form (`forms.py`). A key that no
    item can have (`is_possible`) is looked for in vain, and writing it is a ValueError, like any other write that
    no table takes.
    """

    def get(self, key: ItemKey, *, consistent: bool = False) -> Item | None:
        """The item, with its key as `PK` and `SK`. If `consistent`, it is current; otherwise it may be slightly old."""

    def get_many(self, keys: Sequence[ItemKey], *, consistent: bool = False) -> dict[ItemKey, Item]:
        """The items that exist, by key. Without keys no request is made."""

    def query(self, partition: str, prefix: str = "", *, consistent: bool = False) -> Iterator[Item]:
        """The items of a partition whose second key begins with `prefix`, in its order (that of the bytes of UTF-8),
        page by page: each item once and as it was when its page was read."""

    def latest(self, partition: str, before: str | None, limit: int, index: str | None = None) -> list[Item]:
        """The last `limit` items of a partition, the last first, whose second key is less than `before`.

        `index`: of all items, those of which the attribute of that name is `partition`. It may be late.
        """

    def scan(self) -> Iterator[Item]:
        """Every item, page by page and in no particular order. It reads the whole table, so no request uses it."""

    def put_many(self, puts: Sequence[Put]) -> None:
        """Unconditional puts; of several with one key, the last. Some may have been made when it raises Busy."""

    def write(self, change: Change) -> None:
        """One write, conditional or not. Raises ConditionFailed."""

    def transact(self, changes: Sequence[Change]) -> None:
        """All or nothing, up to `MOST_CHANGES` items, each once. Raises ConditionFailed with the items whose
        conditions failed, all of them."""


def is_possible(key: ItemKey) -> bool:
    """Whether an item can have the key: what somebody looks for may be too long."""
    try:
        return 0 < len(key.pk.encode()) <= LONGEST_PK and 0 < len(key.sk.encode()) <= LONGEST_SK
    except UnicodeEncodeError:
        return False


def require_possible(changes: Sequence[Change]) -> None:
    """Raises ValueError for what DynamoDB would refuse of these changes, so that no other table takes it."""
    for change in changes:
        if not is_possible(change.key):
            raise ValueError(f"no item can have this key: {change.key}")
        if isinstance(change, Update):
            names = [*change.set, *change.add, *change.remove]
            if not names or len(set(names)) < len(names):
                raise ValueError(f"an update without a change, or with two of one attribute: {change}")


def require_transaction(changes: Sequence[Change]) -> None:
    """Raises ValueError unless the changes can be one."""
    require_possible(changes)
    if not 0 < len({change.key for change in changes}) == len(changes) <= MOST_CHANGES:
        raise ValueError(f"a transaction is of up to {MOST_CHANGES} items, each once, not of {len(changes)}")
