"""The operations on tables in memory, as DynamoDB does them if nothing is wrong except perhaps the request.

Only a transaction may wait: `hold` can make it hold its items for a while. During that time, others read what was there
before, and can't write these items.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from threading import RLock
from typing import Any

from local.strict_dynamodb.errors import (
    DataInvalid,
    Invalid,
    cancelled,
    conflict,
    refusal,
)
from local.strict_dynamodb.expressions import Condition, Expressions, Update
from local.strict_dynamodb.storage import Key, Table, hash_of
from local.strict_dynamodb.values import Item, checked_item, size_of

MEGABYTE = 1024 * 1024
MOST_CHANGES, MOST_KEYS, MOST_PUTS = 100, 100, 25
MOST_TRANSACTION_BYTES = 4 * MEGABYTE
MOST_BATCH_READ_BYTES = 16 * MEGABYTE
TOKEN_SECONDS = 600.0
"""How long the token of a finished transaction is remembered."""

_SOME = "length greater than or equal to 1"
_FAILED = "The conditional request failed"
_KNOWN_CHOICES = {
    "ReturnValues": ("NONE",),
    "ReturnConsumedCapacity": ("NONE",),
    "ReturnItemCollectionMetrics": ("NONE",),
}
_KNOWN = {
    "GetItem": {"TableName", "Key", "ConsistentRead"},
    "BatchGetItem": {"RequestItems"},
    "Query": {
        "TableName", "IndexName", "KeyConditionExpression", "ExpressionAttributeNames", "ExpressionAttributeValues",
        "ConsistentRead", "ScanIndexForward", "Limit", "ExclusiveStartKey",
    },
    "Scan": {"TableName", "ConsistentRead", "Limit", "ExclusiveStartKey", "Segment", "TotalSegments"},
    "BatchWriteItem": {"RequestItems"},
    "TransactWriteItems": {"TransactItems", "ClientRequestToken"},
    "CreateTable": {
        "TableName", "AttributeDefinitions", "KeySchema", "BillingMode", "GlobalSecondaryIndexes",
    },
}  # fmt: skip
_CHANGE = {
    "TableName", "ConditionExpression", "ExpressionAttributeNames", "ExpressionAttributeValues",
    "ReturnValuesOnConditionCheckFailure",
}  # fmt: skip
_OF_CHANGE = {"Put": {"Item"}, "Update": {"Key", "UpdateExpression"}, "Delete": {"Key"}}
_BATCHED = {"PutRequest": "Put", "DeleteRequest": "Delete"}
_SINGLE = {"PutItem": "Put", "UpdateItem": "Update", "DeleteItem": "Delete"}


@dataclass(slots=True)
class Change:
    """One parsed write: its condition, and what the item becomes."""

    kind: str
    table: Table
    key: Key
    condition: Condition
    wants_old: bool
    item: Item | None = None
    """The item of a put."""
    update: Update | None = None

    def becomes(self, before: Item | None) -> Item | None:
        """The item after the write. Raises Invalid."""
        if self.kind == "Delete":
            return None
        if self.update is None:
            return self.item
        if before is None and self.update.only_removes:
            return None
        names = dict(zip(self.table.key_names, ({"S": part} for part in self.key), strict=True))
        after = self.update.applied(before or names)
        try:
            self.table.check(after, "Item size to update")
        except Invalid as invalid:
            raise DataInvalid(*invalid.args) from None
        return after


@dataclass(slots=True)
class Database:
    """Tables by name. `now` counts seconds; `hold` is called while a transaction holds its items."""

    now: Callable[[], float]
    page_bytes: int = MEGABYTE
    """How many bytes a query or scan reads at once."""
    hold: Callable[[], None] | None = None
    tables: dict[str, Table] = field(default_factory=dict)
    lock: RLock = field(default_factory=RLock)
    _tokens: dict[str, tuple[float, Mapping[str, Any]]] = field(default_factory=dict)
    """The tokens of finished transactions: when each was made, and its request."""
    _under_way: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """The tokens of transactions in progress, with their requests."""

    def answer(self, operation: str, request: Mapping[str, Any], back: int = 0) -> dict[str, Any]:
        """DynamoDB's answer. `back`: eventually consistent reads show the state of that many writes ago. Raises
        ClientError."""
        reading = nullcontext() if operation == "TransactWriteItems" else self.lock
        try:
            with reading:
                return self._answer(operation, request, back)
        except Invalid as invalid:
            raise refusal(operation, "ValidationException", str(invalid)) from None

    def take_token(self, request: Mapping[str, Any]) -> None:
        """Takes the token of a transaction that was sent and will be done later."""
        with self.lock:
            if token := request.get("ClientRequestToken"):
                self._under_way.setdefault(token, request)

    def free_token(self, request: Mapping[str, Any]) -> None:
        with self.lock:
            self._under_way.pop(request.get("ClientRequestToken", ""), None)

    def _answer(self, operation: str, request: Mapping[str, Any], back: int) -> dict[str, Any]:
        if operation in _SINGLE:
            self._write(operation, request)
            return {}
        _require_known(operation, request, _KNOWN[operation])
        if operation == "GetItem":
            table = self._table(operation, request)
            item = table.get(table.key(request["Key"]), 0 if request.get("ConsistentRead") else back)
            return {"Item": dict(item)} if item else {}
        if operation == "BatchGetItem":
            return self._batch_get(request, back)
        if operation == "Query":
            return self._query(request, back)
        if operation == "Scan":
            return self._scan(request, back)
        if operation == "BatchWriteItem":
            return self._batch_write(request)
        if operation == "TransactWriteItems":
            return self._transact(request)
        if request["TableName"] in self.tables:
            raise refusal(
                operation, "ResourceInUseException", f"Table already exists: {request['TableName']}"
            )
        self.tables[request["TableName"]] = Table(request, self.now)
        return {"TableDescription": {"TableName": request["TableName"], "TableStatus": "ACTIVE"}}

    def _write(self, operation: str, request: Mapping[str, Any]) -> None:
        change = self._change(operation, _SINGLE[operation], request)
        if change.key in change.table.held:
            raise conflict(operation)
        before = change.table.get(change.key)
        if not change.condition.is_met(before):
            found: dict[str, Any] = {"Item": dict(before)} if before and change.wants_old else {}
            raise refusal(operation, "ConditionalCheckFailedException", _FAILED, **found)
        change.table.put(change.key, change.becomes(before))

    def _transact(self, request: Mapping[str, Any]) -> dict[str, Any]:
        with self.lock:
            token = request.get("ClientRequestToken")
            if token and self._is_done(token, request):
                return {}
            changes = list(self._changes(request))
            self._refuse_cancelled(changes)
            after = [(change, change.becomes(change.table.get(change.key))) for change in changes]
            if self.hold is None:
                self._finish(request, after)
                return {}
            self.take_token(request)
            for change in changes:
                change.table.held.add(change.key)
        self.hold()
        with self.lock:
            for change in changes:
                change.table.held.discard(change.key)
            self.free_token(request)
            self._finish(request, after)
        return {}

    def _finish(self, request: Mapping[str, Any], after: Sequence[tuple[Change, Item | None]]) -> None:
        for change, item in after:
            change.table.put(change.key, item)
        if token := request.get("ClientRequestToken"):
            self._tokens[token] = self.now(), request

    def was_made(self, request: Mapping[str, Any]) -> bool:
        """Whether a transaction with that token is done or in progress: then no condition and no conflict matters."""
        token = request.get("ClientRequestToken")
        with self.lock:
            return token in self._tokens or token in self._under_way

    def _is_done(self, token: str, request: Mapping[str, Any]) -> bool:
        """Whether the transaction with that token was done before. Raises ClientError."""
        operation = "TransactWriteItems"
        if len(token) > 36:
            raise Invalid(_out_of_bounds("clientRequestToken", "length less than or equal to 36"))
        for old in [old for old, (at, _) in self._tokens.items() if self.now() - at >= TOKEN_SECONDS]:
            del self._tokens[old]
        known = self._under_way.get(token) or self._tokens.get(token, (0.0, None))[1]
        if known is None:
            return False
        if known != request:
            message = "The request with the given token was sent before with other parameters"
            raise refusal(operation, "IdempotentParameterMismatchException", message)
        if token in self._under_way:
            message = "The transaction with the given request token is already in progress."
            raise refusal(operation, "TransactionInProgressException", message)
        return True

    def _changes(self, request: Mapping[str, Any]) -> Iterator[Change]:
        operation, seen, size = "TransactWriteItems", set(), 0
        if len(request["TransactItems"]) > MOST_CHANGES:
            raise Invalid(_out_of_bounds("transactItems", f"length less than or equal to {MOST_CHANGES}"))
        for entry in request["TransactItems"]:
            if len(entry) != 1:
                raise Invalid("TransactItems can only contain one of Check, Put, Update or Delete")
            ((kind, asked),) = entry.items()
            change = self._change(operation, kind, asked)
            if (asked["TableName"], change.key) in seen:
                raise Invalid("Transaction request cannot include multiple operations on one item")
            seen.add((asked["TableName"], change.key))
            size += size_of(change.item or change.table.get(change.key) or {})
            if size > MOST_TRANSACTION_BYTES:
                raise Invalid("The aggregate size of the items in the transaction exceeds 4 MB")
            yield change

    @staticmethod
    def _refuse_cancelled(changes: list[Change]) -> None:
        """Raises ClientError with the reasons, unless all can be written."""
        reasons: list[dict[str, Any]] = []
        for change in changes:
            reason: dict[str, Any] = {"Code": "None"}
            before = change.table.get(change.key)
            if change.key in change.table.held:
                reason = {"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"}
            elif not change.condition.is_met(before):
                reason = {"Code": "ConditionalCheckFailed", "Message": _FAILED}
                if before and change.wants_old:
                    reason["Item"] = dict(before)
            else:
                try:
                    change.becomes(before)
                except DataInvalid as invalid:
                    reason = {"Code": "ValidationError", "Message": str(invalid)}
            reasons.append(reason)
        if any(reason["Code"] != "None" for reason in reasons):
            raise cancelled(reasons)

    def _batch_get(self, request: Mapping[str, Any], back: int) -> dict[str, Any]:
        asked = request["RequestItems"]
        if not asked:
            raise Invalid(_out_of_bounds("requestItems", _SOME))
        if sum(len(one["Keys"]) for one in asked.values()) > MOST_KEYS:
            raise Invalid("Too many items requested for the BatchGetItem call")
        found: dict[str, list[Item]] = {}
        left: dict[str, Any] = {}
        size = 0
        for name, one in asked.items():
            _require_known("BatchGetItem", one, {"Keys", "ConsistentRead"})
            table = self._table("BatchGetItem", {"TableName": name})
            keys = [table.key(key) for key in one["Keys"]]
            if not keys:
                raise Invalid(_out_of_bounds("requestItems.member.keys", _SOME))
            if len(set(keys)) < len(keys):
                raise Invalid("Provided list of item keys contains duplicates")
            found[name] = []
            for key, given in zip(keys, one["Keys"], strict=True):
                item = table.get(key, 0 if one.get("ConsistentRead") else back)
                size += size_of(item) if item else 0
                if size > MOST_BATCH_READ_BYTES:
                    left.setdefault(name, {**one, "Keys": []})["Keys"].append(given)
                elif item:
                    found[name].append(dict(item))
        return {"Responses": found, "UnprocessedKeys": left}

    def _batch_write(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Items that a transaction holds stay unprocessed: in a batch, a conflict is not an error (API reference)."""
        asked = request["RequestItems"]
        if not asked:
            raise Invalid(_out_of_bounds("requestItems", _SOME))
        if sum(map(len, asked.values())) > MOST_PUTS:
            raise Invalid("Too many items requested for the BatchWriteItem call")
        changes: list[tuple[str, Any, Change]] = []
        for name, entries in asked.items():
            if not entries:
                raise Invalid(_out_of_bounds("requestItems.member", _SOME))
            for entry in entries:
                ((kind, wanted),) = entry.items()
                if kind not in _BATCHED:
                    raise NotImplementedError(kind)
                change = self._change("BatchWriteItem", _BATCHED[kind], {"TableName": name, **wanted})
                changes.append((name, entry, change))
        places = [(name, change.key) for name, _, change in changes]
        if len(set(places)) < len(places):
            raise Invalid("Provided list of item keys contains duplicates")
        left: dict[str, list[Any]] = {}
        for name, entry, change in changes:
            if change.key in change.table.held:
                left.setdefault(name, []).append(entry)
            else:
                change.table.put(change.key, change.item)
        return {"UnprocessedItems": left}

    def _query(self, request: Mapping[str, Any], back: int) -> dict[str, Any]:
        table, index = self._table("Query", request), request.get("IndexName")
        if index is not None and index not in table.indexes:
            raise Invalid(f"The table does not have the specified index: {index}")
        if index and request.get("ConsistentRead"):
            raise Invalid("Consistent reads are not supported on global secondary indexes")
        expressions = Expressions(request)
        text = request.get("KeyConditionExpression")
        if text is None:
            raise Invalid(
                "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."
            )
        condition = expressions.condition("KeyConditionExpression", text)
        expressions.close()
        key_names = table.indexes[index] if index else table.key_names
        hash_key = _hash_key(condition, key_names)
        back = 0 if request.get("ConsistentRead") else back
        items = table.index(index, hash_key, back) if index else table.partition(hash_key, back)
        names = list(dict.fromkeys([*key_names, *table.key_names]))
        return self._page(request, filter(condition.is_met, items), names, names[1:])

    def _scan(self, request: Mapping[str, Any], back: int) -> dict[str, Any]:
        table = self._table("Scan", request)
        items = table.everything(0 if request.get("ConsistentRead") else back)
        if "TotalSegments" in request:
            part, parts = request["Segment"], request["TotalSegments"]
            hash_name = table.key_names[0]
            items = (item for item in items if int(hash_of(item[hash_name]["S"]), 16) % parts == part)
        return self._page(request, items, table.key_names, table.key_names)

    def _page(
        self, request: Mapping[str, Any], items: Iterable[Item], names: Sequence[str], order: Sequence[str]
    ) -> dict[str, Any]:
        """A page, from where the last one ended, up to the limit or to what is read at once. `names`: the attributes of
        the key with which a page ends; `order`: those by which the items are sorted (for a scan, a hash comes
        first)."""
        limit, start = request.get("Limit"), request.get("ExclusiveStartKey")
        if start is not None and set(start) != set(names):
            raise Invalid("The provided starting key is invalid")

        def place(item: Item) -> list[str]:
            contents = [str(item[name]["S"]) for name in order]
            return [hash_of(contents[0]), *contents[1:]] if order is names else contents

        forward = request.get("ScanIndexForward", True)
        if start:
            items = [
                item
                for item in items
                if (place(item) > place(start) if forward else place(item) < place(start))
            ]
        page: list[Item] = []
        size = 0
        for item in items if forward else reversed(list(items)):
            page.append(dict(item))
            size += size_of(item)
            if size >= self.page_bytes or len(page) == limit:
                last = {"LastEvaluatedKey": {name: item[name] for name in names}}
                return {"Items": page, "Count": len(page), "ScannedCount": len(page), **last}
        return {"Items": page, "Count": len(page), "ScannedCount": len(page)}

    def _change(self, operation: str, kind: str, request: Mapping[str, Any]) -> Change:
        if kind not in _OF_CHANGE:
            raise NotImplementedError(kind)
        _require_known(operation, request, _CHANGE | _OF_CHANGE[kind])
        table = self._table(operation, request)
        expressions = Expressions(request)
        update = expressions.update(request.get("UpdateExpression")) if kind == "Update" else None
        condition = expressions.condition("ConditionExpression", request.get("ConditionExpression"))
        expressions.close()
        wants_old = request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
        if kind == "Put":
            item = checked_item(request["Item"])
            key = table.key_of(item)
            table.check(item)
            return Change(kind, table, key, condition, wants_old, item=item)
        key = table.key(request["Key"])
        for name in update.names if update else ():
            if name in table.key_names:
                raise Invalid(
                    f"One or more parameter values were invalid: Cannot update attribute {name}. This attribute is "
                    "part of the key"
                )
        return Change(kind, table, key, condition, wants_old, update=update)

    def _table(self, operation: str, request: Mapping[str, Any]) -> Table:
        if request["TableName"] not in self.tables:
            raise refusal(operation, "ResourceNotFoundException", "Requested resource not found")
        return self.tables[request["TableName"]]


def _require_known(operation: str, request: Mapping[str, Any], known: set[str]) -> None:
    for name in set(request) - known:
        if request[name] not in _KNOWN_CHOICES.get(name, ()):
            raise NotImplementedError(f"{name} of {operation}")


def _out_of_bounds(what: str, bound: str) -> str:
    return f"1 validation error detected: Value at '{what}' failed to satisfy constraint: Member must have {bound}"


def _hash_key(condition: Condition, key_names: tuple[str, str]) -> str:
    """The requested partition. Raises Invalid for something that is not a condition on a key."""
    hash_name, range_name = key_names
    hashes = [value for operator, name, value in condition.terms if name == hash_name and operator == "="]
    ranges = [operator for operator, name, _ in condition.terms if name == range_name]
    if not hashes:
        raise Invalid(f"Query condition missed key schema element: {hash_name}")
    if len(hashes) > 1 or len(ranges) > 1:
        raise Invalid("KeyConditionExpressions must only contain one condition per key")
    if len(hashes) + len(ranges) < len(condition.terms):
        raise Invalid("Query key condition not supported")
    if "<>" in ranges or any(operator.startswith("attribute_") for operator in ranges):
        raise Invalid("Invalid operator used in KeyConditionExpression")
    for _, name, value in condition.terms:
        ((kind, content),) = (value or {"NULL": True}).items()
        if kind != "S":
            raise Invalid(
                "One or more parameter values were invalid: Condition parameter type does not match schema type"
            )
        if not content:
            raise Invalid(
                "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
                f"empty string value. Key: {name}"
            )
        if len(content.encode()) > (2048 if name == hash_name else 1024):
            raise Invalid("One or more parameter values were invalid: Size of a key has exceeded its limit")
    value = hashes[0]
    assert value is not None
    return str(value["S"])
