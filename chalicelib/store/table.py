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
    """Sets, adds and removes attributes; makes the item where there is none. The condition: the item exists or not
    (None: either), these attributes are as in `expected` (None: absent)."""

    key: ItemKey
    set: Item = field(default_factory=dict)
    add: Mapping[str, int] = field(default_factory=dict)
    remove: Sequence[str] = ()
    expected: Item = field(default_factory=dict)
    exists: bool | None = None


Change = Put | Update | Delete


@dataclass
class ConditionFailed(Exception):
    """Conditions of a write failed; nothing was written. `found`: these items as they are, by key (None: no item)."""

    found: dict[ItemKey, Item | None]


class Table(Protocol):
    """Raises Busy where the database does not answer, or something else has its items, for longer than is waited.

    After Busy a write may have been made all the same; it may be sent again under the same condition.
    """

    def get(self, key: ItemKey, *, consistent: bool = False) -> Item | None:
        """The item, with its key as `PK` and `SK`. If `consistent`, it is current; otherwise it may be slightly old."""

    def get_many(self, keys: Sequence[ItemKey], *, consistent: bool = False) -> dict[ItemKey, Item]:
        """The items that exist, by key. Without keys no request is made."""

    def query(self, partition: str, prefix: str = "", *, consistent: bool = False) -> Iterator[Item]:
        """The items of a partition whose second key begins with `prefix`, in its order, page by page."""

    def latest(self, partition: str, before: str | None, limit: int, index: str | None = None) -> list[Item]:
        """The last items of a partition, the last first, whose second key is less than `before`.

        `index`: of all items, those of which the attribute of that name is `partition`. It may be late.
        """

    def scan(self) -> Iterator[Item]:
        """Every item, page by page and in no particular order. It reads the whole table, so no request uses it."""

    def put_many(self, puts: Sequence[Put]) -> None:
        """Unconditional puts. Some may have been made when it raises Busy."""

    def write(self, change: Change) -> None:
        """One write, conditional or not. Raises ConditionFailed."""

    def transact(self, changes: Sequence[Change]) -> None:
        """All or nothing, up to `MOST_CHANGES` items, each once. Raises ConditionFailed with the items whose
        conditions failed."""
