"""The table as the store uses it: plain items in and out, paginated reads, and errors that say what to do."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NotConnected

from chalicelib.domain.errors import Busy
from chalicelib.store.keys import ItemKey

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = dict[str, Any]
"""Attributes by name. Numbers come back as Decimal."""

_TRANSIENT = {
    "InternalServerError",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "ThrottlingException",
    "TransactionInProgressException",
}
_CONTENDED = {"None", "ProvisionedThroughputExceeded", "ThrottlingError", "TransactionConflict"}
_BATCH_GET_LIMIT, _BATCH_WRITE_LIMIT = 100, 25
_LONGEST_PK, _LONGEST_SK = 2048, 1024  # bytes


@dataclass(frozen=True, slots=True)
class Put:
    key: ItemKey
    item: Item
    unless_exists: bool = False

    def request(self) -> tuple[str, dict[str, Any]]:
        request: dict[str, Any] = {"Item": serialised(_with_key(self.item, self.key))}
        if self.unless_exists:
            request["ConditionExpression"] = "attribute_not_exists(PK)"
        return "Put", request


@dataclass(frozen=True, slots=True)
class Delete:
    """With a condition if there is something in `expected`: these attributes are so."""

    key: ItemKey
    expected: Item = field(default_factory=dict)

    def request(self) -> tuple[str, dict[str, Any]]:
        request: dict[str, Any] = {"Key": serialised(_key(self.key))}
        if self.expected:
            numbered = list(enumerate(self.expected))
            request["ConditionExpression"] = " AND ".join(f"#{n} = :{n}" for n, _ in numbered)
            request["ExpressionAttributeNames"] = {f"#{n}": name for n, name in numbered}
            request["ExpressionAttributeValues"] = serialised(
                {f":{n}": self.expected[name] for n, name in numbered}
            )
        return "Delete", request


@dataclass(frozen=True, slots=True)
class Update:
    """Sets, adds and removes attributes. The condition: the item exists or not (None: either), these attributes
    are as in `expected` (None: absent)."""

    key: ItemKey
    set: Item = field(default_factory=dict)
    add: Mapping[str, int] = field(default_factory=dict)
    remove: Sequence[str] = ()
    expected: Item = field(default_factory=dict)
    exists: bool | None = None

    def request(self) -> tuple[str, dict[str, Any]]:
        names: dict[str, str] = {}
        values: Item = {}

        def name(attribute: str) -> str:
            placeholder = f"#{len(names)}"
            names[placeholder] = attribute
            return placeholder

        def value(content: Any) -> str:
            placeholder = f":{len(values)}"
            values[placeholder] = content
            return placeholder

        sets = [f"{name(attribute)} = {value(content)}" for attribute, content in self.set.items()]
        adds = [f"{name(attribute)} {value(amount)}" for attribute, amount in self.add.items()]
        removes = [name(attribute) for attribute in self.remove]
        conditions = [] if self.exists is None else [f"attribute_{'' if self.exists else 'not_'}exists(PK)"]
        for attribute, content in self.expected.items():
            placeholder = name(attribute)
            absent = content is None
            conditions.append(
                f"attribute_not_exists({placeholder})" if absent else f"{placeholder} = {value(content)}"
            )
        parts = {"SET": sets, "ADD": adds, "REMOVE": removes}
        request: dict[str, Any] = {
            "Key": serialised(_key(self.key)),
            "UpdateExpression": " ".join(f"{verb} {', '.join(part)}" for verb, part in parts.items() if part),
            "ExpressionAttributeNames": names,
        }
        if values:
            request["ExpressionAttributeValues"] = serialised(values)
        if conditions:
            request["ConditionExpression"] = " AND ".join(conditions)
        return "Update", request


@dataclass
class ConditionFailed(Exception):
    """Conditions of a write failed and nothing was written: the items as they are, by key (None: there is none)."""

    found: dict[ItemKey, Item | None]


class Contended(Exception):
    """Another transaction was at the same items, or the table throttled. Nothing was written; try again."""


class Table:
    """A DynamoDB table with string keys PK and SK. Raises Busy where DynamoDB doesn't answer in time."""

    def __init__(self, client: "DynamoDBClient", name: str) -> None:
        self.client = client
        self.name = name

    def get(self, key: ItemKey, *, consistent: bool = False) -> Item | None:
        if not _fits(key):
            return None
        with _store_errors():
            answer = self.client.get_item(
                TableName=self.name, Key=serialised(_key(key)), ConsistentRead=consistent
            )
        return deserialised(answer["Item"]) if "Item" in answer else None

    def get_many(self, keys: Sequence[ItemKey], *, consistent: bool = False) -> dict[ItemKey, Item]:
        """The items that there are, by key, in one request for each 100 keys. No keys, no request."""
        wanted = [serialised(_key(key)) for key in dict.fromkeys(keys) if _fits(key)]
        found: dict[ItemKey, Item] = {}
        while wanted:
            asked, wanted = wanted[:_BATCH_GET_LIMIT], wanted[_BATCH_GET_LIMIT:]
            with _store_errors():
                answer = self.client.batch_get_item(
                    RequestItems={self.name: {"Keys": asked, "ConsistentRead": consistent}}
                )
            items = [deserialised(item) for item in answer["Responses"].get(self.name, [])]
            found.update((ItemKey(item["PK"], item["SK"]), item) for item in items)
            unprocessed = answer["UnprocessedKeys"].get(self.name)
            if unprocessed and not items:
                raise Busy
            if unprocessed:
                wanted += unprocessed["Keys"]
        return found

    def query(self, partition: str, prefix: str = "", *, consistent: bool = False) -> Iterator[Item]:
        """The items of a partition whose SK begins with `prefix`, in the order of SK, page by page."""
        condition, values = "PK = :pk", {":pk": partition}
        if prefix:
            condition, values = "PK = :pk AND begins_with(SK, :prefix)", {":pk": partition, ":prefix": prefix}
        request: dict[str, Any] = {
            "TableName": self.name,
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": serialised(values),
            "ConsistentRead": consistent,
        }
        while True:
            with _store_errors():
                page = self.client.query(**request)
            yield from map(deserialised, page["Items"])
            if "LastEvaluatedKey" not in page:
                return
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def latest(self, partition: str, before: str | None, limit: int, index: str | None = None) -> list[Item]:
        """The last items of a partition, the last first, whose SK is less than `before`. `index`: those of which the
        attribute of that name, which has an index of that name too, is `partition`."""
        request: dict[str, Any] = {
            "TableName": self.name,
            "KeyConditionExpression": "#pk = :pk" + (" AND SK < :before" if before else ""),
            "ExpressionAttributeNames": {"#pk": index or "PK"},
            "ExpressionAttributeValues": serialised(
                {":pk": partition} | ({":before": before} if before else {})
            ),
            "ScanIndexForward": False,
            "Limit": limit,
            "ConsistentRead": index is None,
        }
        if index:
            request["IndexName"] = index
        with _store_errors():
            return [deserialised(item) for item in self.client.query(**request)["Items"]]

    def put_many(self, puts: Sequence[Put]) -> None:
        """Unconditional puts, 25 in a request. Some may have been made when it raises Busy."""
        requests: list[Any] = [{"PutRequest": put.request()[1]} for put in puts]
        while requests:
            batch, requests = requests[:_BATCH_WRITE_LIMIT], requests[_BATCH_WRITE_LIMIT:]
            with _store_errors():
                answer = self.client.batch_write_item(RequestItems={self.name: batch})
            left = list(answer["UnprocessedItems"].get(self.name, []))
            if len(left) == len(batch):
                raise Busy
            requests = left + requests

    def write(self, change: Put | Update | Delete) -> None:
        """One write, conditional or not. Raises ConditionFailed."""
        operation, request = change.request()
        calls: dict[str, Callable[..., Any]] = {
            "Put": self.client.put_item,
            "Update": self.client.update_item,
            "Delete": self.client.delete_item,
        }
        if "ConditionExpression" in request:
            request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        try:
            with _store_errors():
                calls[operation](TableName=self.name, **request)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            raise ConditionFailed({change.key: _item(error.response)}) from error

    def transact(self, changes: Sequence[Put | Update | Delete]) -> None:
        """All or nothing, up to 100 items. Raises ConditionFailed or Contended.

        The client sends one idempotency token with all its own retries, so that a lost answer is not applied twice.
        """
        items = []
        for change in changes:
            operation, request = change.request()
            returned = "ALL_OLD" if "ConditionExpression" in request else "NONE"
            items.append(
                {
                    operation: {
                        "TableName": self.name,
                        "ReturnValuesOnConditionCheckFailure": returned,
                        **request,
                    }
                }
            )
        try:
            with _store_errors():
                self.client.transact_write_items(TransactItems=items)  # type: ignore[arg-type]
        except ClientError as error:
            if error.response["Error"]["Code"] != "TransactionCanceledException":
                raise
            reasons = error.response["CancellationReasons"]
            failed = {
                change.key: _item(reason)
                for change, reason in zip(changes, reasons, strict=True)
                if reason["Code"] == "ConditionalCheckFailed"
            }
            if failed:
                raise ConditionFailed(failed) from error
            if {reason["Code"] for reason in reasons} <= _CONTENDED:
                raise Contended from error
            raise


def serialised(item: Item) -> dict[str, Any]:
    return {name: _SERIALIZER.serialize(value) for name, value in item.items()}


def deserialised(item: Mapping[str, Any]) -> Item:
    return {name: _DESERIALIZER.deserialize(value) for name, value in item.items()}


_SERIALIZER, _DESERIALIZER = TypeSerializer(), TypeDeserializer()


def _fits(key: ItemKey) -> bool:
    """Whether the table can have the key: what somebody looks for may be too long."""
    return len(key.pk.encode()) <= _LONGEST_PK and len(key.sk.encode()) <= _LONGEST_SK


def _key(key: ItemKey) -> Item:
    return {"PK": key.pk, "SK": key.sk}


def _with_key(item: Item, key: ItemKey) -> Item:
    return _key(key) | {name: value for name, value in item.items() if value is not None}


def _item(reason: Mapping[str, Any]) -> Item | None:
    return deserialised(reason["Item"]) if reason.get("Item") else None


@contextmanager
def _store_errors() -> Iterator[None]:
    """DynamoDB's transient answers, after the client's own bounded retries, as Busy."""
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] in _TRANSIENT:
            raise Busy from error
        raise
    except (NotConnected, HTTPClientError) as error:
        raise Busy from error
