"""HTTP for the app, where there is no API Gateway: requests become its proxy events, unknown paths its own answer.

Like the real one, it puts a replacement character wherever a body or a query is not UTF-8.
"""

import json
import re
import uuid
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from chalice.app import Chalice
from chalice.local import LambdaContext, LocalChalice
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

RESOURCES = Path(__file__).parent.parent.parent / ".chalice" / "resources.json"
MOST_SECONDS = 29
"""That a request may take, as behind API Gateway."""


class Adapter:
    """Answers for `app`, optionally under a stage prefix such as `/api`, as a deployed REST API does."""

    def __init__(self, app: Chalice, prefix: str = "") -> None:
        # Chalice's own local server does the same, so that each thread has its own current request.
        app.__class__ = LocalChalice
        self._app = app
        self._prefix = prefix
        self._routes = Map([Rule(_pattern(path), endpoint=path) for path in app.routes], strict_slashes=False)

    def answer(self, request: Request) -> Response:
        if not f"{request.path}/".startswith(f"{self._prefix}/"):
            return _unknown_path()
        path = request.path.removeprefix(self._prefix) or "/"
        try:
            resource, parameters = self._routes.bind("").match(path, method="GET")
        except HTTPException:
            return _unknown_path()
        if resource.endswith("+}") and request.method not in self._app.routes[resource]:
            return _unknown_path()
        context = LambdaContext("api_handler", memory_size=512, max_runtime_ms=MOST_SECONDS * 1000)
        answer = self._app(self._event(request, resource, parameters), context)
        headers = [*answer["headers"].items()]
        headers += [(name, value) for name, values in answer["multiValueHeaders"].items() for value in values]
        response = Response(answer["body"], answer["statusCode"], headers)
        response.autocorrect_location_header = False
        return response

    def _event(self, request: Request, resource: str, parameters: Any) -> dict[str, Any]:
        headers = dict(request.headers.items())
        query = parse_qs(request.query_string.decode("latin-1"), keep_blank_values=True, errors="replace")
        return {
            "resource": resource,
            "path": request.path,
            "httpMethod": request.method,
            "headers": headers,
            "multiValueHeaders": {name: [value] for name, value in headers.items()},
            "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
            "multiValueQueryStringParameters": query or None,
            "pathParameters": dict(parameters) or None,
            "stageVariables": None,
            "requestContext": {
                "resourcePath": resource,
                "httpMethod": request.method,
                "path": request.path,
                "stage": "api",
                "requestId": str(uuid.uuid4()),
                "identity": {"sourceIp": request.remote_addr},
            },
            "body": request.get_data(as_text=True) or None,
            "isBase64Encoded": False,
        }


def _pattern(path: str) -> str:
    return re.sub(r"{(\w+)\+}", r"<path:\1>", path).replace("{", "<").replace("}", ">")


def _unknown_path() -> Response:
    content_type, body, status = _of_unknown_paths()
    return Response(body, status, content_type=content_type)


@cache
def _of_unknown_paths() -> tuple[str, str, int]:
    """What API Gateway answers in the deployed stack: content type, body and status."""
    resources = json.loads(RESOURCES.read_text(encoding="utf-8"))["Resources"]
    properties = resources["UnknownPath"]["Properties"]
    content_type = properties["ResponseParameters"]["gatewayresponse.header.Content-Type"].strip("'")
    body = properties["ResponseTemplates"]["application/json"]
    return content_type, body, int(properties["StatusCode"])
