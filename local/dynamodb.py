"""DynamoDB from moto, over HTTP, one call at a time: for measurements, and for a second opinion in tests."""

import json
import threading
from typing import TYPE_CHECKING, Any

from moto.moto_server.werkzeug_app import create_backend_app
from werkzeug.test import Client
from werkzeug.wrappers import Request, Response

from local.serving import LocalServer
from manage.serve.adapter import RESOURCES

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

REGION = "us-east-1"

_PREFIX = "DynamoDB_20120810."
_JSON = "application/x-amz-json-1.0"


class DynamoDB:
    """A DynamoDB endpoint on this machine, with one table, defined like the deployed stack's.

    It forgets everything at the end, and knows no idempotency tokens.
    """

    def __init__(self, table_name: str, host: str = "127.0.0.1", port: int = 0) -> None:
        self.table_name = table_name
        self._lock = threading.Lock()
        self._moto = Client(create_backend_app("dynamodb"))
        self._server = LocalServer(self._answer, host, port)
        self.url = self._server.url

    def start(self) -> None:
        """Resets moto, makes the table, and serves."""
        from moto.backends import get_backend

        get_backend("dynamodb").reset()
        self._ask("CreateTable", {"TableName": self.table_name, **table_definition()})
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

    def _answer(self, request: Request) -> Response:
        operation = request.headers.get("X-Amz-Target", "").removeprefix(_PREFIX)
        with self._lock:  # moto does not isolate transactions from each other
            body, status = self._ask(operation, json.loads(request.get_data() or b"{}"))
        return Response(body, status, content_type=_JSON)

    def _ask(self, operation: str, parameters: dict[str, Any]) -> tuple[bytes, int]:
        scope = f"local/20231113/{REGION}/dynamodb/aws4_request"
        headers = {
            "X-Amz-Target": _PREFIX + operation,
            "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
        }
        answer = self._moto.post("/", json=parameters, headers=headers, content_type=_JSON)
        return answer.data, answer.status_code


def table_definition() -> dict[str, Any]:
    """The parts of the deployed stack's table that CreateTable takes."""
    properties = json.loads(RESOURCES.read_text(encoding="utf-8"))["Resources"]["Table"]["Properties"]
    return {
        name: properties[name]
        for name in ("AttributeDefinitions", "KeySchema", "BillingMode", "GlobalSecondaryIndexes")
    }
