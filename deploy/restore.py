"""Bringing a table to the state that another one holds: `make restore`. What both hold alike is not written.

The other one is what AWS has made of the table's point-in-time recovery or of a backup. Nothing else may write to the
table meanwhile. Each step can be repeated, so what was cut off is continued by doing all of it again.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import boto3
from botocore.config import Config

from chalicelib.domain.errors import Busy
from chalicelib.store import keys
from chalicelib.store.backoff import ATTEMPTS, pause
from chalicelib.store.keys import ItemKey

Item = dict[str, Any]
"""With types, as DynamoDB has it: a later version's attributes are copied as they are."""

AT_ONCE = 16
"""Parts of a table that are read at the same time."""
SECONDS_BETWEEN_LOOKS = 2.0

_READ_AT_ONCE, _WRITTEN_AT_ONCE = 100, 25
_STAYING = ("KEY", "KEYS", "SIGNING", keys.SHEETS_RUN, keys.WEBHOOKS)
"""What stays as it is now. Else a link that was revoked because it leaked would work again, one that members have been
given since would not, and webhooks would hear the same news twice."""
_OF_SYNCS = ("revision", "retry_at", "lease", "leased_until")
"""What is left out of a bound sheet: it shows what the table no longer holds. Without these it is due at once, and what
officers have ticked in it is not taken for an edit of what it is going to show."""
_WORDS = {
    "ALLIANCES": "alliances",
    "CARDS": "cards",
    "EVENTS": "events",
    "KEY": "keys",
    "LEDGER": "ledger entries",
    "READINGS": "readings",
    "ROSTER": "commanders",
    "SERVERS": "servers",
    "SHEETS": "sheets",
    "STANDING": "totals, tiers and the chart",
    "WEBHOOKS": "webhooks",
}
_OTHERS = "other items"


class CannotRestore(Exception):
    """The other table can't be taken; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Differences:
    """How many items of each kind come back, change and go away."""

    back: Counter[str] = field(default_factory=Counter)
    changed: Counter[str] = field(default_factory=Counter)
    gone: Counter[str] = field(default_factory=Counter)

    def __add__(self, other: "Differences") -> "Differences":
        return Differences(self.back + other.back, self.changed + other.changed, self.gone + other.gone)

    def __bool__(self) -> bool:
        return bool(self.back or self.changed or self.gone)

    def lines(self) -> Iterator[str]:
        """As a table; the kinds that differ."""
        yield f"{'':<28}{'come back':>12}{'change':>12}{'go away':>12}"
        for kind in sorted({*self.back, *self.changed, *self.gone}, key=lambda kind: (kind == _OTHERS, kind)):
            yield f"{kind:<28}{self.back[kind]:>12,}{self.changed[kind]:>12,}{self.gone[kind]:>12,}"


@dataclass(frozen=True)
class Restore:
    """From the table `source` into the table `table`. `tell` hears how many items were read, page by page."""

    table: str
    source: str
    tell: Callable[[int], object]
    client: Any = field(default_factory=lambda: _client())
    sleep: Callable[[float], None] = time.sleep

    def require_sound(self) -> None:
        """Raises CannotRestore unless the other table is there, and holds an earlier or later state of this one.

        The keys of a deployment are its own, and never deleted: so both have some in common.
        """
        if self.source == self.table:
            raise CannotRestore(
                f"{self.table} is the table itself. Give the name of the one that AWS made of it."
            )
        try:
            found = self.client.describe_table(TableName=self.source)["Table"]
        except self.client.exceptions.ResourceNotFoundException:
            raise CannotRestore(f"There is no table {self.source} in this account and region.") from None
        if found["TableStatus"] != "ACTIVE":
            raise CannotRestore(f"{self.source} is {found['TableStatus']}: wait until it is ACTIVE.")
        names = [one["AttributeName"] for one in found["KeySchema"]]
        if names != ["PK", "SK"] or not self._keys(self.source):
            raise CannotRestore(f"{self.source} is not a table of Muster.")
        if (held := self._keys(self.table)) and not held & self._keys(self.source):
            raise CannotRestore(
                f"{self.source} belongs to another deployment: it has none of the keys of {self.table}."
            )

    def back_up(self) -> str:
        """Backs up the table as it is now. Returns the backup's ARN when it is there."""
        name = f"before-restore-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}"
        arn: str = self.client.create_backup(TableName=self.table, BackupName=name)["BackupDetails"][
            "BackupArn"
        ]
        while True:
            described = self.client.describe_backup(BackupArn=arn)["BackupDescription"]
            if described["BackupDetails"]["BackupStatus"] == "AVAILABLE":
                return arn
            self.sleep(SECONDS_BETWEEN_LOOKS)

    def differences(self) -> Differences:
        """What `bring` would change. It only reads."""
        return self._all(writes=False)

    def bring(self) -> Differences:
        """Brings the table to what the other one holds. Returns what it changed."""
        return self._all(writes=True)

    def _all(self, writes: bool) -> Differences:
        found = Differences()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for step in (self._brought, self._taken):
                found = sum(pool.map(partial(step, writes), range(AT_ONCE)), found)
        return found

    def _brought(self, writes: bool, part: int) -> Differences:
        """What the other table holds, and this one does not, or not like that."""
        found = Differences()
        for some in self._parts(self.source, part):
            held = self._get(self.table, some)
            changes = []
            for key, item in ((_key(item), _restored(item)) for item in some):
                if key not in held:
                    found.back[_kind(key)] += 1
                elif held[key] != item and not _stays(key):
                    found.changed[_kind(key)] += 1
                else:
                    continue
                changes.append({"PutRequest": {"Item": item}})
            if writes:
                self._write(changes)
        return found

    def _taken(self, writes: bool, part: int) -> Differences:
        """What only this table holds."""
        found = Differences()
        for some in self._parts(self.table, part):
            there = self._get(self.source, some)
            gone = [key for key in map(_key, some) if key not in there and not _stays(key)]
            found.gone.update(map(_kind, gone))
            if writes:
                self._write([{"DeleteRequest": {"Key": _named(key)}} for key in gone])
        return found

    def _parts(self, table: str, part: int) -> Iterator[list[Item]]:
        """The items of one of `AT_ONCE` parts of a table, some at a time."""
        asked = {"TableName": table, "ConsistentRead": True, "Segment": part, "TotalSegments": AT_ONCE}
        while True:
            page = self.client.scan(**asked)
            self.tell(len(page["Items"]))
            yield from _chunks(page["Items"], _READ_AT_ONCE)
            if "LastEvaluatedKey" not in page:
                return
            asked["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def _get(self, table: str, items: Sequence[Item]) -> dict[ItemKey, Item]:
        """What the table holds under the keys of these items."""
        found: dict[ItemKey, Item] = {}

        def some(wanted: list[Item]) -> list[Item]:
            request = {table: {"Keys": wanted, "ConsistentRead": True}}
            answer = self.client.batch_get_item(RequestItems=request)
            found.update((_key(item), item) for item in answer["Responses"].get(table, []))
            return list(answer["UnprocessedKeys"].get(table, {}).get("Keys", []))

        self._until_all([_named(_key(item)) for item in items], some)
        return found

    def _write(self, changes: Sequence[Item]) -> None:
        def some(wanted: list[Item]) -> list[Item]:
            answer = self.client.batch_write_item(RequestItems={self.table: wanted})
            return list(answer["UnprocessedItems"].get(self.table, []))

        for wanted in _chunks(changes, _WRITTEN_AT_ONCE):
            self._until_all(wanted, some)

    def _until_all(self, wanted: list[Item], some: Callable[[list[Item]], list[Item]]) -> None:
        """Brings what is wanted to `some`, which gives back what was not processed. Raises Busy if that is all of it,
        too often in a row."""
        attempt = 0
        while wanted:
            left = some(wanted)
            attempt = attempt + 1 if len(left) == len(wanted) else 0
            if attempt == ATTEMPTS:
                raise Busy
            if left:
                pause(attempt, self.sleep)
            wanted = left

    def _keys(self, table: str) -> set[str]:
        """The keys for the deployment that a table has."""
        page = self.client.query(
            TableName=table,
            KeyConditionExpression="PK = :pk",
            ExpressionAttributeValues={":pk": {"S": keys.access_keys(None)}},
        )
        return {item["SK"]["S"] for item in page["Items"]}


def _restored(item: Item) -> Item:
    """An item of the other table, as this one is to have it."""
    if item["PK"]["S"] != keys.SHEETS:
        return item
    return {name: value for name, value in item.items() if name not in _OF_SYNCS}


def _stays(key: ItemKey) -> bool:
    """Whether an item that is there stays as it is."""
    return key.pk.partition("#")[0] in _STAYING


def _kind(key: ItemKey) -> str:
    return _WORDS.get(key.pk.partition("#")[0], _OTHERS)


def _key(item: Item) -> ItemKey:
    return ItemKey(item["PK"]["S"], item["SK"]["S"])


def _named(key: ItemKey) -> Item:
    return {"PK": {"S": key.pk}, "SK": {"S": key.sk}}


def _chunks(all_of_them: Sequence[Item], size: int) -> Iterator[list[Item]]:
    for start in range(0, len(all_of_them), size):
        yield list(all_of_them[start : start + size])


def _client() -> Any:
    many = Config(max_pool_connections=AT_ONCE, retries={"mode": "standard", "max_attempts": ATTEMPTS})
    return boto3.client("dynamodb", config=many)
