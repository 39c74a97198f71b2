"""What can go wrong with a call, and what the client then sees."""

from collections.abc import Mapping
from random import Random
from typing import Any, Literal, get_args

from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from local.strict_dynamodb.errors import cancelled, conflict, internal, throttled

FaultKind = Literal[
    "throttled", "over_limit", "internal", "unreached", "conflict", "unprocessed",
    "lost_answer", "cut", "timeout", "late", "stale",
]  # fmt: skip
"""- `throttled`, `over_limit` (of the account), `internal`, `unreached`: nothing was done.
- `conflict`: another transaction has one of the items; nothing was done, or only a part of a batch.
- `unprocessed`: only a part of a batch was done; for other calls it means `throttled`.
- `lost_answer` (status 500), `cut`, `timeout`: it was done, but the client gets no answer.
- `late`: like `timeout`, but it is done only after some more calls.
- `stale`: an eventually consistent read shows the state of some writes ago; it does not affect other calls."""

READS = frozenset({"GetItem", "BatchGetItem", "Query", "Scan"})
BATCHES = {"BatchGetItem": "UnprocessedKeys", "BatchWriteItem": "UnprocessedItems"}
URL = "https://dynamodb.strict.invalid/"

_THROTTLES = "ProvisionedThroughputExceededException", "ThrottlingException"


class Chaos:
    """Random faults; each possible kind is equally likely. A read suffers one with that probability, and a write, since
    there are fewer of them, three times as often. The same `random` gives the same faults."""

    def __init__(
        self, random: Random, probability: float, kinds: tuple[FaultKind, ...] = get_args(FaultKind)
    ) -> None:
        self._random = random
        self.probability = probability
        self._kinds = kinds

    def __call__(self, operation: str) -> FaultKind | None:
        if self._random.random() >= self.probability * (1 if operation in READS else 3):
            return None
        return self._random.choice([kind for kind in self._kinds if is_possible(kind, operation)])


def is_possible(kind: FaultKind, operation: str) -> bool:
    """Whether the operation can suffer the fault: transactions don't block reads, and only reads can be stale."""
    return kind != ("conflict" if operation in READS else "stale")


def before(
    kind: FaultKind, operation: str, request: Mapping[str, Any], random: Random, *, is_made: bool
) -> Exception | None:
    """The error for a call that is not done. `is_made`: the transaction was done before, so it can't be cancelled."""
    if kind in ("throttled", "unprocessed"):
        if operation == "TransactWriteItems" and not is_made and random.random() < 0.5:
            return _cancelled(request, "ThrottlingError", "Throughput exceeds the current capacity", random)
        return throttled(operation, random.choice(_THROTTLES))
    if kind == "over_limit":
        return throttled(operation, "RequestLimitExceeded")
    if kind == "internal":
        return internal(operation)
    if kind == "unreached":
        return random.choice(
            [EndpointConnectionError(endpoint_url=URL), ConnectTimeoutError(endpoint_url=URL)]
        )
    if kind == "conflict" and operation == "TransactWriteItems":
        return _cancelled(request, "TransactionConflict", "Transaction is ongoing for the item", random)
    return conflict(operation) if kind == "conflict" else None


def after(kind: FaultKind, operation: str) -> Exception | None:
    """The error for a call that is done nevertheless."""
    if kind == "lost_answer":
        return internal(operation)
    if kind == "cut":
        return ConnectionClosedError(endpoint_url=URL)
    return ReadTimeoutError(endpoint_url=URL) if kind in ("timeout", "late") else None


def _cancelled(request: Mapping[str, Any], code: str, message: str, random: Random) -> Exception:
    """The cancellation of a transaction, with that reason for at least one of its changes."""
    changes = len(request["TransactItems"])
    hit = {random.randrange(changes), *(number for number in range(changes) if random.random() < 0.3)}
    return cancelled(
        [
            {"Code": code, "Message": message} if number in hit else {"Code": "None"}
            for number in range(changes)
        ]
    )
