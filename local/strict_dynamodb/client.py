"""The stand-in: a DynamoDB in this process, its clients, and the faults that tests can cause."""

import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import botocore.session
from botocore.exceptions import ClientError, ParamValidationError
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

from local.strict_dynamodb import faults
from local.strict_dynamodb.faults import BATCHES, READS, FaultKind
from local.strict_dynamodb.operations import Database
from local.strict_dynamodb.storage import MOST_BACK

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from local.strict_dynamodb.server import Server

METHODS = {
    "get_item": "GetItem",
    "batch_get_item": "BatchGetItem",
    "query": "Query",
    "scan": "Scan",
    "put_item": "PutItem",
    "update_item": "UpdateItem",
    "delete_item": "DeleteItem",
    "batch_write_item": "BatchWriteItem",
    "transact_write_items": "TransactWriteItems",
    "create_table": "CreateTable",
}


class Call(NamedTuple):
    operation: str
    parameters: Mapping[str, Any]


class _Late(NamedTuple):
    """A call that is done only after that number of calls."""

    due: int
    call: Call


class StrictDynamoDB:
    """A DynamoDB in memory. `calls` are the last calls; `count` counts all calls, and `suffered` the faults, by
    operation and kind.

    `chaos` decides for every call what goes wrong; injected faults come first. `random` decides the rest, such as which
    items of a batch are not processed.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic, random: Random | None = None) -> None:
        self.database = Database(now)
        self.calls: deque[Call] = deque(maxlen=10_000)
        self.suffered: Counter[tuple[str, FaultKind]] = Counter()
        self.chaos: Callable[[str], FaultKind | None] | None = None
        self._random = random or Random(0)
        self._injected: dict[str, deque[FaultKind]] = {}
        self._late: list[_Late] = []
        self.count = 0
        self._server: Server | None = None

    def client(self) -> "DynamoDBClient":
        """A client like boto3's, with the methods that the product calls."""
        return cast("DynamoDBClient", Client(self.answer))

    def quiet_client(self) -> "DynamoDBClient":
        """A client whose calls are not counted and suffer no faults, for tests that check on the others."""
        return cast("DynamoDBClient", Client(self.database.answer))

    @property
    def url(self) -> str:
        """The address at which it can be reached over HTTP from now on."""
        if self._server is None:
            from local.strict_dynamodb.server import Server

            self._server = Server(self.answer)
        return self._server.url

    def stop(self) -> None:
        """Stops the HTTP server that `url` started."""
        if self._server:
            self._server.stop()

    def inject(self, *kinds: FaultKind, on: str = "TransactWriteItems") -> None:
        """Each of the next calls of that operation suffers one of these faults."""
        self._injected.setdefault(on, deque()).extend(kinds)

    def let_time_pass(self) -> None:
        """Does all late calls. From now on, no read shows anything from before this moment."""
        with self.database.lock:
            late, self._late = self._late, []
        for one in late:
            self._do_late(one.call)
        for table in self.database.tables.values():
            table.forget_past()

    def answer(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to a call. Raises ClientError, and what botocore raises if there is no answer."""
        _check_form(operation, request)
        call = Call(operation, request)
        with self.database.lock:
            self.count += 1
            self.calls.append(call)
            due = [one for one in self._late if one.due <= self.count]
            self._late = [one for one in self._late if one.due > self.count]
            kind = self._fault(operation)
        for one in due:
            self._do_late(one.call)
        return self._suffer(kind, call) if kind else self.database.answer(operation, request)

    def _fault(self, operation: str) -> FaultKind | None:
        if injected := self._injected.get(operation):
            kind: FaultKind | None = injected.popleft()
        else:
            kind = self.chaos(operation) if self.chaos else None
        if kind:
            self.suffered[operation, kind] += 1
        return kind

    def _suffer(self, kind: FaultKind, call: Call) -> dict[str, Any]:
        if kind == "stale":
            return self.database.answer(*call, int(MOST_BACK ** self._random.random()))
        if kind in ("unprocessed", "conflict") and call.operation in BATCHES:
            return self._partly(call)
        is_made = self.database.was_made(call.parameters)
        if is_made and kind == "conflict":
            return self.database.answer(*call)
        if refused := faults.before(kind, *call, self._random, is_made=is_made):
            raise refused
        if kind == "late" and call.operation not in READS:
            with self.database.lock:
                self._late.append(_Late(self.count + self._random.randint(1, 6), call))
                self.database.take_token(call.parameters)
        else:
            with suppress(ClientError):  # nobody gets the answer
                self.database.answer(*call)
        lost = faults.after(kind, call.operation)
        assert lost is not None, kind
        raise lost

    def _partly(self, call: Call) -> dict[str, Any]:
        """Does a part of a batch. The answer says what was not processed, which may be everything."""
        asked: dict[str, Any] = {}
        left: dict[str, Any] = {}
        for name, one in call.parameters["RequestItems"].items():
            entries = one["Keys"] if call.operation == "BatchGetItem" else one
            # sorted, so that the same happens whatever order they come in
            kept = [entry for entry in sorted(entries, key=repr) if self._random.random() < 0.5]
            rest = [entry for entry in entries if entry not in kept]
            for place, some in ((asked, kept), (left, rest)):
                if some:
                    place[name] = {**one, "Keys": some} if call.operation == "BatchGetItem" else some
        empty: dict[str, Any] = {"Responses": {name: [] for name in call.parameters["RequestItems"]}}
        answer = self.database.answer(call.operation, {"RequestItems": asked}) if asked else empty
        return {**answer, BATCHES[call.operation]: left}

    def _do_late(self, call: Call) -> None:
        self.database.free_token(call.parameters)
        with suppress(ClientError):  # nobody gets the answer
            self.database.answer(*call)


class Client:
    """Checks requests like botocore, and passes them to the stand-in."""

    def __init__(self, answer: Callable[[str, Mapping[str, Any]], dict[str, Any]]) -> None:
        self._answer = answer

    def __getattr__(self, name: str) -> Callable[..., dict[str, Any]]:
        if name not in METHODS:
            raise NotImplementedError(name)
        return lambda **request: self._answer(METHODS[name], request)

    def close(self) -> None:
        """Does nothing: there is nothing to close."""


def _check_form(operation: str, request: Mapping[str, Any]) -> None:
    """Checks names, types and required parameters by botocore's own model of the service. Raises
    ParamValidationError."""
    shape = _model().operation_model(operation).input_shape
    assert shape is not None
    report = _validator().validate(request, shape)
    if report.has_errors():
        raise ParamValidationError(report=report.generate_report())


@cache
def _model() -> ServiceModel:
    return botocore.session.get_session().get_service_model("dynamodb")


@cache
def _validator() -> ParamValidator:
    return ParamValidator()
