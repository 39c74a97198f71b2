"""The stand-in behind HTTP, for clients in other processes and for boto3's own."""

import json
from collections.abc import Callable, Mapping
from threading import Thread
from typing import Any

from botocore.exceptions import ClientError
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

_PREFIX = "DynamoDB_20120810."
_JSON = "application/x-amz-json-1.0"


class Server:
    """Answers on a free port of this machine until it is stopped. A fault that cuts the connection becomes a 500."""

    def __init__(self, answer: Callable[[str, Mapping[str, Any]], dict[str, Any]]) -> None:
        self._ask = answer
        application = Request.application(self._answer)
        self._server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=_Quiet)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, request: Request) -> Response:
        operation = request.headers.get("X-Amz-Target", "").removeprefix(_PREFIX)
        try:
            body, status = self._ask(operation, json.loads(request.get_data())), 200
        except ClientError as error:
            answer: dict[str, Any] = dict(error.response)
            told, status = answer.pop("Error"), answer.pop("ResponseMetadata")["HTTPStatusCode"]
            kind = f"com.amazonaws.dynamodb.v20120810#{told['Code']}"
            body = {"__type": kind, "message": told["Message"], "Message": told["Message"], **answer}
        return Response(json.dumps(body), status, content_type=_JSON)


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Logs nothing."""
