"""The table in DynamoDB (DESIGN §6)."""

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import copy_context
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NotConnected

from chalicelib.domain.errors import Busy
from chalicelib.store.backoff import ATTEMPTS, pause, require_time
from chalicelib.store.forms import formed
from chalicelib.store.keys import ItemKey
from chalicelib.store.table import (
    Change,
    ConditionFailed,
    Delete,
    Item,
    Put,
    Update,
    is_possible,
    require_possible,
    require_transaction,
)
from chalicelib.store.typed import plain, typed

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_PASSING = {
    "ProvisionedThroughputExceededException",
    "ReplicatedWriteConflictException",
    "RequestLimitExceeded",
    "ThrottlingException",
    "TransactionConflictException",
    "TransactionInProgressException",
}
"""Answers that the same call may not get a moment later, beside those of DynamoDB's own faults (5xx). A transaction's
conflict comes on single writes too."""
_RECOVERY = 0.5
"""Seconds between attempts at a transaction of which an earlier attempt is under way: DynamoDB itself brings one that
got stuck to its end when it is asked again after 5 seconds."""
AT_ONCE = 8
"""Most of a query is the way to DynamoDB and back."""
CLIENT: dict[str, Any] = {
    "max_pool_connections": 32,  # as many as threads may ask at once; botocore keeps no more than 10 by itself
    "connect_timeout": 2,
    "read_timeout": 5,
    "retries": {"mode": "standard", "total_max_attempts": 1},
}
"""How a client is configured: with short timeouts, since a member waits, and without retries of its own."""
SILENT = 3
"""Attempts that get no answer at all: each may take as long as the timeouts."""
_FAILED = "ConditionalCheckFailed"
_CONTENDED = {"None", "ProvisionedThroughputExceeded", "ThrottlingError", "TransactionConflict"}
_BATCH_GET_LIMIT, _BATCH_WRITE_LIMIT = 100, 25


@dataclass(frozen=True, slots=True)
class DynamoDBTable:
    """A table with string keys PK and SK, and an index for each attribute that `latest` is asked for. `at_once`: how
    many queries of `query_each` are under way at the same time; 1: they all come from the thread that asks."""

    _client: "DynamoDBClient"
    name: str
    _sleep: Callable[[float], None]
    at_once: int = AT_ONCE

    def get(self, key: ItemKey, *, consistent: bool = False) -> Item | None:
        if not is_possible(key):
            return None
        answer = self._call(
            self._client.get_item, TableName=self.name, Key=typed(_key(key)), ConsistentRead=consistent
        )
        return plain(answer["Item"]) if "Item" in answer else None

    def get_many(self, keys: Sequence[ItemKey], *, consistent: bool = False) -> dict[ItemKey, Item]:
        wanted = [typed(_key(key)) for key in dict.fromkeys(keys) if is_possible(key)]
        found: dict[ItemKey, Item] = {}

        def some(asked: list[Any]) -> list[Any]:
            request = {self.name: {"Keys": asked, "ConsistentRead": consistent}}
            answer = self._call(self._client.batch_get_item, RequestItems=request)
            for item in map(plain, answer["Responses"].get(self.name, [])):
                found[ItemKey(item["PK"], item["SK"])] = item
            return list(answer.get("UnprocessedKeys", {}).get(self.name, {}).get("Keys", []))

        self._in_batches(wanted, _BATCH_GET_LIMIT, some)
        return found

    def query(self, partition: str, prefix: str = "", *, consistent: bool = False) -> Iterator[Item]:
        if not is_possible(ItemKey(partition, prefix or "any")):
            return
        condition, values = "PK = :pk", {":pk": partition}
        if prefix:
            condition, values = "PK = :pk AND begins_with(SK, :prefix)", {":pk": partition, ":prefix": prefix}
        request: dict[str, Any] = {
            "TableName": self.name,
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": typed(values),
            "ConsistentRead": consistent,
        }
        yield from self._pages(self._client.query, request)

    def query_each(self, wanted: Sequence[tuple[str, str]], *, consistent: bool = False) -> list[list[Item]]:
        def items(one: tuple[str, str]) -> list[Item]:
            return list(self.query(*one, consistent=consistent))

        workers = min(self.at_once, len(wanted))
        if workers < 2:
            return list(map(items, wanted))
        from concurrent.futures import ThreadPoolExecutor  # no report needs it

        with ThreadPoolExecutor(workers) as pool:
            asked = [pool.submit(copy_context().run, items, each) for each in wanted]
            try:
                return [one.result() for one in asked]
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise

    def scan(self) -> Iterator[Item]:
        yield from self._pages(self._client.scan, {"TableName": self.name, "ConsistentRead": True})

    def latest(self, partition: str, before: str | None, limit: int, index: str | None = None) -> list[Item]:
        if not is_possible(ItemKey(partition, before or "any")):
            return []
        request: dict[str, Any] = {
            "TableName": self.name,
            "KeyConditionExpression": "#pk = :pk" + (" AND SK < :before" if before else ""),
            "ExpressionAttributeNames": {"#pk": index or "PK"},
            "ExpressionAttributeValues": typed({":pk": partition} | ({":before": before} if before else {})),
            "ScanIndexForward": False,
            "Limit": limit,
            "ConsistentRead": index is None,
        }
        if index:
            request["IndexName"] = index
        return list(islice(self._pages(self._client.query, request), limit))

    def put_many(self, puts: Sequence[Put]) -> None:
        def some(batch: list[Any]) -> list[Any]:
            answer = self._call(self._client.batch_write_item, RequestItems={self.name: batch})
            return list(answer.get("UnprocessedItems", {}).get(self.name, []))

        require_possible(puts)
        each = {put.key: {"PutRequest": _request(put)[1]} for put in puts}
        self._in_batches(list(each.values()), _BATCH_WRITE_LIMIT, some)

    def write(self, change: Change) -> None:
        require_possible([change])
        if isinstance(change, Update) and change.add:
            self.transact([change])  # only with a token it can be sent again and add once
            return
        operation, request = _request(change)
        calls: dict[str, Callable[..., Any]] = {
            "Put": self._client.put_item,
            "Update": self._client.update_item,
            "Delete": self._client.delete_item,
        }
        attempts = _Attempts(self._sleep)
        try:
            self._call(calls[operation], attempts, TableName=self.name, **_returning(request))
        except ClientError as error:
            if _code(error) != "ConditionalCheckFailedException":
                raise
            found = _item(error.response)
            if attempts.maybe_made and _is_made(change, found):
                return  # by an attempt whose answer was lost
            raise ConditionFailed({change.key: found}) from error

    def transact(self, changes: Sequence[Change]) -> None:
        """One idempotency token goes with every repetition, so that a lost answer is not applied twice. A transaction
        that was cancelled has written nothing, and is begun again with another token; but not as long as an earlier
        copy of it may still be on its way, which would then be another transaction."""
        require_transaction(changes)
        requests = [(operation, _returning(request)) for operation, request in map(_request, changes)]
        items = [{operation: {"TableName": self.name, **request}} for operation, request in requests]
        attempts, token = _Attempts(self._sleep), secrets.token_hex(16)
        while True:
            request = {"TransactItems": items, "ClientRequestToken": token}
            try:
                self._call(self._client.transact_write_items, attempts, **request)
            except ClientError as error:
                if _code(error) != "TransactionCanceledException":
                    raise
                _refuse_unless_contended(changes, error)
                attempts.failed(error)
                if not attempts.maybe_made:
                    token = secrets.token_hex(16)
            else:
                return

    def _call(self, call: Callable[..., Any], attempts: "_Attempts | None" = None, /, **request: Any) -> Any:
        """The answer, after as many attempts as it takes, or Busy when there are none left.

        This is the one rule for all calls: the client itself repeats nothing (`CLIENT`).
        """
        attempts = attempts or _Attempts(self._sleep)
        while True:
            require_time()
            try:
                return call(**request)
            except ClientError as error:
                if _code(error) not in _PASSING and not _is_theirs(error):
                    raise
                attempts.failed(error)
            except (NotConnected, HTTPClientError) as error:
                attempts.failed(error)

    def _pages(self, call: Callable[..., Any], request: dict[str, Any]) -> Iterator[Item]:
        while True:
            page = self._call(call, **request)
            yield from map(plain, page["Items"])
            if "LastEvaluatedKey" not in page:
                return
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def _in_batches(self, wanted: list[Any], size: int, some: Callable[[list[Any]], list[Any]]) -> None:
        """Brings all that is wanted to `some`, which gives back what was not processed. Raises Busy if that is all of a
        batch, `ATTEMPTS` times in a row."""
        attempt = 0
        while wanted:
            batch, wanted = wanted[:size], wanted[size:]
            left = some(batch)
            attempt = attempt + 1 if len(left) == len(batch) else 0
            if attempt == ATTEMPTS:
                raise Busy
            if left:
                pause(attempt, self._sleep)
            wanted = left + wanted


@dataclass(slots=True)
class _Attempts:
    """Those at one call of the table: `ATTEMPTS` in all, of which `SILENT` get no answer at all."""

    _sleep: Callable[[float], None]
    _failed: int = field(default=0, init=False)
    _silent: int = field(default=0, init=False)
    maybe_made: bool = field(default=False, init=False)
    """Whether a write may have been made though an attempt at it failed."""

    def failed(self, error: Exception) -> None:
        """Waits for the next attempt. Raises Busy if there is none left."""
        self._failed += 1
        if not isinstance(error, ClientError):
            self._silent += 1
            self.maybe_made = True
        elif _is_theirs(error):
            self.maybe_made = True
        if self._failed == ATTEMPTS or self._silent == SILENT:
            raise Busy from error
        is_under_way = isinstance(error, ClientError) and _code(error) == "TransactionInProgressException"
        pause(self._failed - 1, self._sleep, _RECOVERY if is_under_way else 0.0)


def _request(change: Change) -> tuple[str, dict[str, Any]]:
    """The operation, and what it is asked with."""
    change = formed(change)
    if isinstance(change, Put):
        item = _key(change.key) | {name: value for name, value in change.item.items() if value is not None}
        condition = {"ConditionExpression": "attribute_not_exists(PK)"} if change.unless_exists else {}
        return "Put", {"Item": typed(item), **condition}
    return ("Delete", _delete(change)) if isinstance(change, Delete) else ("Update", _update(change))


class _Expression:
    """Placeholders for the names and values of an expression, since some names are reserved words."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.values: Item = {}

    def name(self, attribute: str) -> str:
        self.names[placeholder := f"#{len(self.names)}"] = attribute
        return placeholder

    def value(self, content: Any) -> str:
        self.values[placeholder := f":{len(self.values)}"] = content
        return placeholder

    def expected(self, attributes: Mapping[str, Any]) -> list[str]:
        """Conditions that these are so; None: absent."""
        return [
            f"attribute_not_exists({self.name(attribute)})"
            if content is None
            else f"{self.name(attribute)} = {self.value(content)}"
            for attribute, content in attributes.items()
        ]

    def request(self, key: ItemKey, conditions: list[str], **expressions: str) -> dict[str, Any]:
        request: dict[str, Any] = {"Key": typed(_key(key)), **expressions}
        if conditions:
            request["ConditionExpression"] = " AND ".join(conditions)
        if self.names:
            request["ExpressionAttributeNames"] = self.names
        if self.values:
            request["ExpressionAttributeValues"] = typed(self.values)
        return request


def _delete(change: Delete) -> dict[str, Any]:
    using = _Expression()
    return using.request(change.key, using.expected(change.expected))


def _update(change: Update) -> dict[str, Any]:
    using = _Expression()
    parts = {
        "SET": [f"{using.name(name)} = {using.value(content)}" for name, content in change.set.items()],
        "ADD": [f"{using.name(name)} {using.value(amount)}" for name, amount in change.add.items()],
        "REMOVE": [using.name(name) for name in change.remove],
    }
    exists = [] if change.exists is None else [f"attribute_{'' if change.exists else 'not_'}exists(PK)"]
    expression = " ".join(f"{verb} {', '.join(part)}" for verb, part in parts.items() if part)
    below = [f"{using.name(name)} < {using.value(bound)}" for name, bound in change.below.items()]
    conditions = [*exists, *using.expected(change.expected), *below]
    return using.request(change.key, conditions, UpdateExpression=expression)


def _returning(request: dict[str, Any]) -> dict[str, Any]:
    """With the wish for the item as it is, if its condition fails."""
    return request | (
        {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"} if "ConditionExpression" in request else {}
    )


def _refuse_unless_contended(changes: Sequence[Change], error: ClientError) -> None:
    """Raises ConditionFailed, or the error itself, unless the transaction was cancelled for what passes.

    Reasons of several kinds come together. A condition that failed is told: trying again would not help it.
    """
    reasons: list[Any] = error.response.get("CancellationReasons", [])
    codes = {reason["Code"] for reason in reasons}
    if not codes or not codes <= {*_CONTENDED, _FAILED}:
        raise error
    failed = {
        change.key: _item(reason)
        for change, reason in zip(changes, reasons, strict=True)
        if reason["Code"] == _FAILED
    }
    if failed:
        raise ConditionFailed(failed) from error


def _is_made(change: Change, found: Item | None) -> bool:
    """Whether the item is as the change makes it."""
    if found is None or isinstance(change, Delete):
        return found is None and isinstance(change, Delete)
    if isinstance(change, Put):
        return bool(typed(found) == _request(change)[1]["Item"])
    stored = typed(found)
    is_set = all(stored.get(name) == value for name, value in typed(change.set).items())
    return is_set and not any(name in found for name in change.remove)


def _code(error: ClientError) -> str:
    return error.response["Error"]["Code"]


def _is_theirs(error: ClientError) -> bool:
    """Whether DynamoDB itself failed: a write may have been made all the same."""
    return error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500


def _key(key: ItemKey) -> Item:
    return {"PK": key.pk, "SK": key.sk}


def _item(reason: Mapping[str, Any]) -> Item | None:
    return plain(reason["Item"]) if reason.get("Item") else None
