"""DynamoDB from moto, over HTTP, with what moto lacks: one call at a time, and idempotency tokens. For tests."""

import json
import threading
from collections import deque
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from moto.moto_server.werkzeug_app import create_backend_app
from werkzeug.test import Client
from werkzeug.wrappers import Request, Response

from local.gateway import RESOURCES
from local.serving import LocalServer

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

REGION = "us-east-1"
FaultKind = Literal["lost_answer", "conflict", "throttled"]

_PREFIX = "DynamoDB_20120810."
_WRITES = frozenset({"BatchWriteItem", "DeleteItem", "PutItem", "TransactWriteItems", "UpdateItem"})
_JSON = "application/x-amz-json-1.0"
_REMEMBERED_TOKENS = 10_000


class Call(NamedTuple):
    operation: str
    parameters: dict[str, Any]


class DynamoDB:
    """A DynamoDB endpoint on this machine, with one table, defined like the deployed stack's.

    It forgets everything at the end. `calls` are the last calls that it received.
    """

    def __init__(self, table_name: str, host: str = "127.0.0.1", port: int = 0) -> None:
        self.table_name = table_name
        self.calls: deque[Call] = deque(maxlen=10_000)
        self._faults: deque[FaultKind] = deque()
        self._lock = threading.Lock()
        self._answers: dict[str, tuple[bytes, int]] = {}
        self._moto = Client(create_backend_app("dynamodb"))
        self._server = LocalServer(self._answer, host, port)
        self.url = self._server.url

    def start(self) -> None:
        """Resets moto, makes the table, and serves."""
        from moto.backends import get_backend

        get_backend("dynamodb").reset()
        self._ask(Call("CreateTable", {"TableName": self.table_name, **table_definition()}))
        self._server.start()

    def stop(self) -> None:
        self._server.stop()

    def client(self, **config: Any) -> "DynamoDBClient":
        """A client of this endpoint."""
        import boto3
        from botocore.config import Config

        return boto3.client(
            "dynamodb",
            endpoint_url=self.url,
            config=Config(**config),
            region_name=REGION,
            aws_access_key_id="local",
            aws_secret_access_key="local",
        )

    def inject(self, *faults: FaultKind) -> None:
        """Each of the next transactions suffers one fault. With `lost_answer` it is applied and answered 500; with the
        others it is not applied."""
        self._faults.extend(faults)

    def _answer(self, request: Request) -> Response:
        operation = request.headers.get("X-Amz-Target", "").removeprefix(_PREFIX)
        call = Call(operation, json.loads(request.get_data() or b"{}"))
        with self._lock:
            self.calls.append(call)
            body, status = self._write(call) if operation in _WRITES else self._ask(call)
        return Response(body, status, content_type=_JSON)

    def _write(self, call: Call) -> tuple[bytes, int]:
        is_transaction = call.operation == "TransactWriteItems"
        fault = self._faults.popleft() if is_transaction and self._faults else None
        token = call.parameters.get("ClientRequestToken")
        answer = self._answers.get(token) if token else None
        if answer is None:  # otherwise it was applied before, and can't fail any more
            if fault == "throttled":
                return _error("ThrottlingException", "Rate exceeded")
            if fault == "conflict":
                reasons = [{"Code": "TransactionConflict"} for _ in call.parameters["TransactItems"]]
                return _error(
                    "TransactionCanceledException", "Transaction cancelled", CancellationReasons=reasons
                )
            answer = self._ask(call)
            if answer[1] == 200:
                self._remember(token, answer)
        return _error("InternalServerError", "The answer was lost", 500) if fault == "lost_answer" else answer

    def _remember(self, token: str | None, answer: tuple[bytes, int]) -> None:
        if token:
            self._answers[token] = answer
            if len(self._answers) > _REMEMBERED_TOKENS:
                del self._answers[next(iter(self._answers))]

    def _ask(self, call: Call) -> tuple[bytes, int]:
        scope = f"local/20231113/{REGION}/dynamodb/aws4_request"
        headers = {
            "X-Amz-Target": _PREFIX + call.operation,
            "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
        }
        answer = self._moto.post("/", json=call.parameters, headers=headers, content_type=_JSON)
        return answer.data, answer.status_code


def table_definition() -> dict[str, Any]:
    """The parts of the deployed stack's table that CreateTable takes."""
    properties = json.loads(RESOURCES.read_text(encoding="utf-8"))["Resources"]["Table"]["Properties"]
    return {
        name: properties[name]
        for name in ("AttributeDefinitions", "KeySchema", "BillingMode", "GlobalSecondaryIndexes")
    }


def _error(kind: str, message: str, status: int = 400, **details: Any) -> tuple[bytes, int]:
    body = {"__type": f"com.amazonaws.dynamodb.v20120810#{kind}", "Message": message, **details}
    return json.dumps(body).encode(), status
