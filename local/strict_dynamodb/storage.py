"""One table: its items in order, its indexes, which items a transaction holds, and its state of some writes ago."""

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from hashlib import md5
from itertools import islice, takewhile
from typing import Any

from local.strict_dynamodb.errors import Invalid
from local.strict_dynamodb.values import MOST_ITEM_BYTES, Item, size_of

Key = tuple[str, str]
"""The contents of the two attributes of a key."""

MOST_BACK = 256
STALE_SECONDS = 1.0
"""How old a stale read may be, in seconds (and in writes): replicas and indexes follow "within a second or less"
(developer guide, Read consistency)."""
_LONGEST_HASH, _LONGEST_RANGE = 2048, 1024  # bytes
_WRONG = "One or more parameter values were invalid"
_NOT_VALID = "One or more parameter values are not valid"
_EMPTY = "The AttributeValue for a key attribute cannot contain an empty string value."


class Table:
    """A table with a key of two texts, and with global secondary indexes that hold whole items, each with such a
    key."""

    def __init__(self, definition: Mapping[str, Any], now: Callable[[], float]) -> None:
        types = {one["AttributeName"]: one["AttributeType"] for one in definition["AttributeDefinitions"]}
        if set(types.values()) != {"S"}:
            raise NotImplementedError("keys that are not texts")
        self.key_names = _key_names(definition)
        self.indexes = {
            index["IndexName"]: _key_names(index) for index in definition.get("GlobalSecondaryIndexes", [])
        }
        self.held: set[Key] = set()
        """The keys of items that transactions in progress hold."""
        self._items: dict[Key, Item] = {}
        self._ranges: dict[str, list[str]] = {}
        self._indexed: dict[tuple[str, str], set[Key]] = {}
        """Keys of items, by an index and the content of its first key."""
        self._now = now
        self._log: deque[tuple[float, Key, Item | None]] = deque(maxlen=MOST_BACK)
        """The items before each of the last writes, with the time of the write, the oldest first."""

    def __len__(self) -> int:
        return len(self._items)

    def key(self, attributes: Mapping[str, Any]) -> Key:
        """The key that a request gives. Raises Invalid."""
        if set(attributes) != set(self.key_names):
            raise Invalid("The provided key element does not match the schema")
        return self._key(attributes, "The provided key element does not match the schema")

    def key_of(self, item: Item) -> Key:
        """The key of an item to put, which may also have the keys of indexes. Raises Invalid."""
        for name in self.key_names:
            if name not in item:
                raise Invalid(f"{_WRONG}: Missing the key {name} in the item")
        return self._key(item, f"{_WRONG}: Type mismatch for key")

    def check(self, item: Item, what: str = "Item size") -> None:
        """Raises Invalid for an item that is too large, or has an impossible key of an index."""
        if size_of(item) > MOST_ITEM_BYTES:
            raise Invalid(f"{what} has exceeded the maximum allowed size")
        for index, names in self.indexes.items():
            for name in names:
                if name in self.key_names or name not in item:
                    continue
                ((kind, content),) = item[name].items()
                if kind != "S":
                    raise Invalid(
                        f"{_WRONG}: Type mismatch for Index Key {name} Expected: S Actual: {kind} IndexName: {index}"
                    )
                if not content:
                    raise Invalid(
                        f"{_NOT_VALID}. A value specified for a secondary index key is not supported. {_EMPTY} "
                        f"IndexName: {index}, IndexKey: {name}"
                    )
                _check_length(name == names[0], content)

    def get(self, key: Key, back: int = 0) -> Item | None:
        return self._as_of(back).get(key, self._items.get(key)) if back else self._items.get(key)

    def put(self, key: Key, item: Item | None) -> None:
        """Stores the item; None deletes it."""
        before = self._items.get(key)
        self._log.append((self._now(), key, before))
        for index in self.indexes:
            if before and (place := self._place(index, before)):
                self._indexed[place].discard(key)
            if item and (place := self._place(index, item)):
                self._indexed.setdefault(place, set()).add(key)
        ranges = self._ranges.setdefault(key[0], [])
        if item is None:
            if before is not None:
                del self._items[key], ranges[bisect_left(ranges, key[1])]
            return
        if before is None:
            insort(ranges, key[1])
        self._items[key] = item

    def forget_past(self) -> None:
        """From now on, no read shows a state from before this moment."""
        self._log.clear()

    def partition(self, hash_key: str, back: int = 0) -> Iterator[Item]:
        """The items of a partition, in order."""
        past = self._as_of(back)
        ranges: list[str] = self._ranges.get(hash_key, [])
        if gone := {range_key for one, range_key in past if one == hash_key}:
            ranges = sorted({*ranges, *gone})
        for range_key in ranges:
            key = hash_key, range_key
            item = past[key] if key in past else self._items[key]
            if item is not None:
                yield item

    def index(self, name: str, hash_key: str, back: int = 0) -> Iterator[Item]:
        """The items of an index's partition, ordered by the index's second key, and otherwise in no particular
        order."""
        past, range_name = self._as_of(back), self.indexes[name][1]
        found = []
        for key in {*self._indexed.get((name, hash_key), ()), *past}:
            item = past[key] if key in past else self._items[key]
            if item and self._place(name, item) == (name, hash_key):
                found.append((item[range_name]["S"], key, item))
        for _, _, item in sorted(found, key=lambda one: one[:2]):
            yield item

    def everything(self, back: int = 0) -> Iterator[Item]:
        """All items, partition by partition in the order of a hash, as DynamoDB spreads them."""
        hash_keys = {key[0] for key in (*self._items, *self._as_of(back))}
        for hash_key in sorted(hash_keys, key=hash_of):
            yield from self.partition(hash_key, back)

    def _place(self, index: str, item: Item) -> tuple[str, str] | None:
        """Where the index has the item. None if it has not, because the item lacks one of the index's keys."""
        hash_name, range_name = self.indexes[index]
        return (index, item[hash_name]["S"]) if hash_name in item and range_name in item else None

    def _as_of(self, back: int) -> dict[Key, Item | None]:
        """The items that were different that many writes ago, as they were then."""
        since = self._now() - STALE_SECONDS
        lately = takewhile(lambda one: one[0] > since, islice(reversed(self._log), back))
        return {key: before for _, key, before in lately}

    def _key(self, attributes: Mapping[str, Any], mismatch: str) -> Key:
        contents = []
        for number, name in enumerate(self.key_names):
            ((kind, content),) = attributes[name].items()
            if kind != "S":
                raise Invalid(
                    f"{mismatch} {name} expected: S actual: {kind}"
                    if mismatch.startswith(_WRONG)
                    else mismatch
                )
            if not content:
                raise Invalid(f"{_NOT_VALID}. {_EMPTY} Key: {name}")
            _check_length(number == 0, content)
            contents.append(content)
        return contents[0], contents[1]


def hash_of(hash_key: str) -> str:
    return md5(hash_key.encode(), usedforsecurity=False).hexdigest()


def _key_names(definition: Mapping[str, Any]) -> tuple[str, str]:
    names = {one["KeyType"]: one["AttributeName"] for one in definition["KeySchema"]}
    return names["HASH"], names["RANGE"]


def _check_length(is_hash: bool, content: str) -> None:
    if is_hash and len(content.encode()) > _LONGEST_HASH:
        raise Invalid(
            f"{_WRONG}: Size of hashkey has exceeded the maximum size limit of{_LONGEST_HASH} bytes"
        )
    if not is_hash and len(content.encode()) > _LONGEST_RANGE:
        raise Invalid(
            f"{_WRONG}: Aggregated size of all range keys has exceeded the size limit of {_LONGEST_RANGE} bytes"
        )
