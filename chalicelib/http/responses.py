"""Answers: JSON of domain objects, and pages that load nothing from anywhere."""

import base64
import dataclasses
import hashlib
import json
from collections.abc import Mapping
from datetime import date, datetime, time
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from chalice.app import Response
from pydantic import BaseModel

from chalicelib.domain.calendar import rfc3339

if TYPE_CHECKING:
    import jinja2

HeaderValue = str | list[str]
TEMPLATES = Path(__file__).parent.parent / "templates"


def json_response(
    body: object, status: int = 200, headers: Mapping[str, HeaderValue] | None = None
) -> Response:
    """Dataclasses as objects, times as RFC 3339 in UTC, dates as `YYYY-MM-DD`."""
    text = json.dumps(body, default=_plain, ensure_ascii=False, separators=(",", ":"))
    return text_response(text, "application/json", headers, status)


def text_response(
    text: str, content_type: str, headers: Mapping[str, HeaderValue] | None = None, status: int = 200
) -> Response:
    return Response(text, {"Content-Type": content_type, **_HEADERS, **(headers or {})}, status)


def page(
    template: str, status: int = 200, headers: Mapping[str, HeaderValue] | None = None, **values: object
) -> Response:
    """A template as a page: no script, no third party, and the address (which may hold a key) told to nobody."""
    text = _environment().get_template(template).render(**values)
    policy = (
        f"default-src 'none'; style-src 'sha256-{_style_hash()}'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    own = {"Content-Security-Policy": policy, **(headers or {})}
    return text_response(text, "text/html; charset=utf-8", own, status)


def see_other(location: str, cookies: list[str]) -> Response:
    """A redirect after a form was taken, to a page that can be reloaded without sending it again."""
    return Response("", {"Location": location, "Set-Cookie": cookies, **_HEADERS}, 303)


def no_content() -> Response:
    """It was done, and there is nothing to show for it."""
    return Response("", dict(_HEADERS), 204)


_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.isoformat("minutes")
    return {name: getattr(value, name) for name in _fields(type(value))}  # type: ignore[arg-type] # types are hashable


@lru_cache
def _fields(kind: type) -> tuple[str, ...]:
    if issubclass(kind, BaseModel):
        return tuple(kind.model_fields)
    if dataclasses.is_dataclass(kind):
        return tuple(field.name for field in dataclasses.fields(kind))
    raise TypeError(f"{kind.__name__} has no JSON form")


@lru_cache
def _environment() -> "jinja2.Environment":
    import jinja2  # pages only: the API starts faster without

    from chalicelib.http import filters

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.globals["style"] = _style
    environment.filters.update(filters.ALL)
    return environment


@lru_cache
def _style() -> str:
    return (TEMPLATES / "style.css").read_text(encoding="utf-8")


@lru_cache
def _style_hash() -> str:
    return base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
