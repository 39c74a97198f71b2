"""The real app, called in this process as API Gateway calls it, by several processes' worth of products at once."""

import json
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast
from urllib.parse import urlencode

from chalice.local import LambdaContext, LocalChalice

import app
from chalicelib import bootstrap
from chalicelib.bootstrap import Muster

FORM = "application/x-www-form-urlencoded"
CSV = "text/csv"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    text: str

    @cached_property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def code(self) -> str:
        """Of a problem; of any other answer, nothing."""
        is_problem = self.headers.get("Content-Type", "").startswith("application/problem+json")
        return str(self.json["code"]) if is_problem else ""


class Site:
    """The app of this process. While one is open, each thread has the product by which it called last."""

    def __enter__(self) -> "Site":
        app.app.__class__ = LocalChalice  # so that each thread has its own current request
        bootstrap.use(cast("Muster", _OfThread()))
        return self

    def __exit__(self, *_: object) -> None:
        bootstrap.use(None)

    def call(
        self,
        product: Muster,
        method: str,
        route: str,
        secret: str | None = None,
        *,
        body: object = None,
        content_type: str = "application/json",
        query: Mapping[str, str] | None = None,
        cookie: str | None = None,
        signed: Mapping[str, str] | None = None,
        **parameters: str,
    ) -> Answer:
        """`route` as the app declares it, with `parameters` for what is in braces. `body` is sent as JSON, unless it is
        a text. `signed`: headers that sign it."""
        _thread.product = product
        path = route.format(**parameters)
        headers = {"content-type": content_type, "host": "muster.test"}
        headers |= {name.lower(): value for name, value in (signed or {}).items()}
        if cookie:
            headers["cookie"] = cookie
        if secret:
            headers["authorization"] = f"Bearer {secret}"
        text = body if isinstance(body, str) else None if body is None else json.dumps(body)
        event = {
            "resource": route,
            "path": path,
            "httpMethod": method,
            "headers": headers,
            "multiValueHeaders": {name: [value] for name, value in headers.items()},
            "queryStringParameters": dict(query) if query else None,
            "multiValueQueryStringParameters": {n: [v] for n, v in query.items()} if query else None,
            "pathParameters": parameters or None,
            "stageVariables": None,
            "requestContext": {
                "resourcePath": route,
                "httpMethod": method,
                "path": path,
                "stage": "api",
                "requestId": str(uuid.uuid4()),
                "identity": {"sourceIp": "127.0.0.1"},
            },
            "body": text,
            "isBase64Encoded": False,
        }
        answer = app.app(event, LambdaContext("api_handler", memory_size=512, max_runtime_ms=29_000))
        told = {**answer["headers"], **{n: v[-1] for n, v in answer["multiValueHeaders"].items()}}
        return Answer(answer["statusCode"], told, answer["body"])


def form(**fields: str | list[str]) -> str:
    return urlencode(fields, doseq=True)


class _OfThread:
    """What the app takes for its product."""

    def __getattr__(self, name: str) -> object:
        return getattr(_thread.product, name)


_thread = threading.local()
