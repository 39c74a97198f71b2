"""The real app as a served one answers, without a port: for tests that ask it a great many things."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPHeaderDict, HTTPResponse
from werkzeug.test import Client, EnvironBuilder
from werkzeug.wrappers import Request

import app
from manage.serve.adapter import Adapter
from tests.http.conftest import Site
from tests.http.every_route import Stage, staged
from tests.world import World


class Direct(Site):
    """A site whose requests are answered in this thread. It keeps no cookies."""

    def __init__(self, url: str, world: World) -> None:
        super().__init__(url, world)
        self._session = requests.Session()
        self._session.mount(self.url, _InProcess())

    def get(self, path: str, **options: Any) -> requests.Response:
        return self._sent("GET", path, options)

    def post(self, path: str, **options: Any) -> requests.Response:
        return self._sent("POST", path, options)

    def call(self, method: str, path: str, secret: str | None = None, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        return self._sent(method, path, options | {"headers": headers | options.pop("headers", {})})

    def _sent(self, method: str, path: str, options: dict[str, Any]) -> requests.Response:
        return self._session.request(method, self.url + path, **options)


class _InProcess(BaseAdapter):
    def __init__(self) -> None:
        super().__init__()
        self._client = Client(Request.application(Adapter(app.app).answer), use_cookies=False)

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        url = urlsplit(request.url or "")
        sent = request.body.encode() if isinstance(request.body, str) else request.body
        answer = self._client.open(
            EnvironBuilder(
                path=url.path,
                query_string=url.query,
                method=request.method or "GET",
                headers=list(request.headers.items()),
                input_stream=BytesIO(sent or b""),
                content_length=len(sent or b""),
            )
        )
        body, headers = BytesIO(answer.data), HTTPHeaderDict(list(answer.headers))
        raw = HTTPResponse(body, headers, answer.status_code, preload_content=False)
        return HTTPAdapter().build_response(request, raw)

    def close(self) -> None:
        pass


@contextmanager
def directly() -> Iterator[Stage]:
    """The stage of every route, without a port."""
    with staged() as stage:
        stage.site = Direct(stage.site.url, stage.site.world)
        yield stage
