"""The real app behind the API Gateway stand-in, spoken to over HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import requests

import app
from chalicelib import bootstrap
from local.gateway import Gateway
from tests.world import World


@dataclass
class Site:
    """`url` includes the stage prefix, if there is one."""

    url: str
    world: World

    def get(self, path: str, **options: Any) -> requests.Response:
        return requests.get(self.url + path, timeout=30, **options)

    def post(self, path: str, **options: Any) -> requests.Response:
        return requests.post(self.url + path, timeout=30, **options)

    def call(self, method: str, path: str, secret: str | None = None, **options: Any) -> requests.Response:
        """With the key in the header, if there is one."""
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        headers |= options.pop("headers", {})
        return requests.request(method, self.url + path, headers=headers, timeout=30, **options)

    def report(self, secret: str | None, body: object) -> requests.Response:
        return self.call("POST", "/v1/completions", secret, json=body)


@pytest.fixture(params=["", "/api"], ids=["at the root", "under a stage"])
def any_site(request: pytest.FixtureRequest, world: World) -> Iterator[Site]:
    with served(world, request.param) as site:
        yield site


@pytest.fixture
def site(world: World) -> Iterator[Site]:
    with served(world) as site:
        yield site


@contextmanager
def served(world: World, prefix: str = "") -> Iterator[Site]:
    bootstrap.use(world.muster)
    gateway = Gateway(app.app, prefix=prefix)
    gateway.start()
    try:
        yield Site(gateway.url, world)
    finally:
        gateway.stop()
        bootstrap.use(None)
