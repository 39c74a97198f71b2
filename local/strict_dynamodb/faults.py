"""What can go wrong with a call, and what the client sees of it."""

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
- `conflict`: somebody else's transaction has one of the items; nothing was done, or of a batch, not all.
- `unprocessed`: of a batch, not all was done; of other calls it is `throttled`.
- `lost_answer` (status 500), `cut`, `timeout`: done, but the client isn't told.
- `late`: the same as `timeout`, but it is done only after some more calls.
- `stale`: an eventually consistent read is of some writes ago; of other calls, nothing."""

READS = frozenset({"GetItem", "BatchGetItem", "Query", "Scan"})
BATCHES = {"BatchGetItem": "UnprocessedKeys", "BatchWriteItem": "UnprocessedItems"}
URL = "https://dynamodb.strict.invalid/"

_THROTTLES = "ProvisionedThroughputExceededException", "ThrottlingException"


class Chaos:
    """Faults at random, each kind that is possible alike: a read suffers one with that probability, a write, of which
    there are fewer, three times as often. The same again from the same `random`."""

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
    """No transaction keeps anybody from reading, and only reads are stale."""
    return kind != ("conflict" if operation in READS else "stale")


def before(
    kind: FaultKind, operation: str, request: Mapping[str, Any], random: Random, *, is_made: bool
) -> Exception | None:
    """What is raised where nothing is done. `is_made`: it is a transaction that was done before; it isn't cancelled."""
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
    """What is raised where all is done."""
    if kind == "lost_answer":
        return internal(operation)
    if kind == "cut":
        return ConnectionClosedError(endpoint_url=URL)
    return ReadTimeoutError(endpoint_url=URL) if kind in ("timeout", "late") else None


def _cancelled(request: Mapping[str, Any], code: str, message: str, random: Random) -> Exception:
    """For that reason of at least one of the changes."""
    changes = len(request["TransactItems"])
    hit = {random.randrange(changes), *(number for number in range(changes) if random.random() < 0.3)}
    return cancelled(
        [
            {"Code": code, "Message": message} if number in hit else {"Code": "None"}
            for number in range(changes)
        ]
    )
