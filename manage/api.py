"""How the commands call the API: with a key. They show its own words when it refuses something."""

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import click
import requests
from requests.adapters import HTTPAdapter
from urllib3.response import BaseHTTPResponse
from urllib3.util import Retry

from manage.show import plain

PATIENCE = (5, 90)
"""Seconds to connect, and to wait for the answer: importing a whole roster takes a while."""


class Api:
    """`secret` gives the key; it is called for each request that needs one. Every method raises ClickException."""

    def __init__(self, url: str, secret: Callable[[], str], if_silent: str) -> None:
        self._url = url.rstrip("/")
        self._secret = secret
        self._if_silent = if_silent

    def now(self) -> datetime:
        """The deployment's clock."""
        health = self._json(self._send("GET", "/health"))
        try:
            return datetime.fromisoformat(health["now"])
        except (KeyError, TypeError, ValueError):
            raise self._stranger(HTTPStatus.OK) from None

    def public(self, *path: str) -> Any:
        """What everybody may read, without a key."""
        return self._json(self._send("GET", _path(path)))

    def get(self, *path: str, **query: str | None) -> Any:
        return self._json(self._signed("GET", path, params=query))

    def put(self, *path: str, body: object) -> tuple[Any, bool]:
        """The answer, and whether what was put is new."""
        response = self._signed("PUT", path, json=body)
        return self._json(response), response.status_code == HTTPStatus.CREATED

    def patch(self, *path: str, body: object) -> Any:
        return self._json(self._signed("PATCH", path, json=body))

    def post(self, *path: str, body: object) -> Any:
        return self._json(self._signed("POST", path, json=body))

    def post_csv(self, *path: str, csv: bytes, **query: str | None) -> Any:
        """An import. Sending it again changes nothing, so it is sent again where the connection breaks."""
        headers = {"Content-Type": "text/csv; charset=utf-8"}
        sent = self._signed("POST", path, params=query, data=csv, headers=headers, again=_AGAIN)
        return self._json(sent)

    def delete(self, *path: str) -> Any:
        response = self._signed("DELETE", path)
        return None if response.status_code == HTTPStatus.NO_CONTENT else self._json(response)

    def _signed(self, method: str, path: tuple[str, ...], **options: Any) -> requests.Response:
        return self._send(method, _path(path), self._secret(), **options)

    def _send(
        self, method: str, path: str, secret: str | None = None, again: Retry | None = None, **options: Any
    ) -> requests.Response:
        def sign(request: requests.PreparedRequest) -> requests.PreparedRequest:
            """Replaces what requests would find in a .netrc."""
            if secret:
                request.headers["Authorization"] = f"Bearer {secret}"
            return request

        try:
            with requests.Session() as session:
                if again:
                    session.mount(self._url, HTTPAdapter(max_retries=again))
                response = session.request(
                    method, self._url + path, auth=sign, timeout=PATIENCE, allow_redirects=False, **options
                )
        except requests.Timeout:
            message = f"{self._url} did not answer in time. It may still have done it: check before you send it again."
            raise click.ClickException(message) from None
        except ValueError:  # requests raises it for an address that is not one
            raise click.ClickException(f"{self._url!r} is not the address of a Muster API.") from None
        except requests.RequestException:
            raise click.ClickException(f"{self._url} can't be reached. {self._if_silent}") from None
        if not response.ok or response.is_redirect:
            raise self._refused(response)
        return response

    def _json(self, response: requests.Response) -> Any:
        try:
            body = response.json()
        except requests.JSONDecodeError:
            body = None
        if not isinstance(body, dict):
            raise self._stranger(response.status_code)
        return body

    def _refused(self, response: requests.Response) -> click.ClickException:
        """A problem's detail, with a line for each field whose message says more."""
        if response.headers.get("Content-Type", "").partition(";")[0] != "application/problem+json":
            return self._stranger(response.status_code)
        problem = response.json()
        fields = [error for error in problem["errors"] if error["message"] not in problem["detail"]]
        lines = [problem["detail"], *(f"{error['field']}: {error['message']}" for error in fields)]
        return click.ClickException("\n  ".join(map(plain, lines)))

    def _stranger(self, status: int) -> click.ClickException:
        return click.ClickException(
            f"{self._url} answered {int(status)}, but it is not Muster's API. Check the address, and the stage in it."
        )


class _Patient(Retry):
    """Tells people why they wait."""

    def sleep(self, response: BaseHTTPResponse | None = None) -> None:
        click.echo("No answer. Trying again …", err=True)
        super().sleep(response)


_AGAIN = _Patient(
    total=6,
    backoff_factor=1,
    backoff_max=30,
    status_forcelist=(
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    ),
    allowed_methods=None,
    raise_on_status=False,
)
"""For what may be sent twice: with pauses of a minute together."""


def _path(parts: tuple[str, ...]) -> str:
    return "/v1/" + "/".join(quote(part, safe="") for part in parts)
