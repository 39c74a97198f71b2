"""Answers: JSON of domain objects, and pages that load nothing from anywhere."""

import base64
import dataclasses
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from chalice.app import Request, Response
from pydantic import BaseModel

from chalicelib.domain.calendar import rfc3339
from chalicelib.http.addresses import stage
from chalicelib.http.reader import reader_of
from chalicelib.languages import LANGUAGES, language

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
    request: Request,
    template: str,
    status: int = 200,
    headers: Mapping[str, HeaderValue] | None = None,
    *,
    styles: Sequence[str] = (),
    scripts: Sequence[str] = ("times",),
    only_in: str | None = None,
    **values: object,
) -> Response:
    """A template as a page in the reader's language: no third party, and the address (which may hold a key) told to
    nobody. `styles`: those that it has besides the common one, `scripts`: all that it has, by the names of their files;
    `only_in`: the code of its language, if it has no other.
    """
    reader = reader_of(request, only_in)
    styles = ("style", *styles)
    text = (
        _environment()
        .get_template(template)
        .render(
            values,
            reader=reader,
            words=reader.language,
            base=stage(request),
            styles=styles,
            scripts=scripts,
            **_translations(reader.language.code),
        )
    )
    style_hashes = " ".join(f"'sha256-{_hash(f'{name}.css')}'" for name in styles)
    script_hashes = " ".join(f"'sha256-{_hash(f'{name}.js')}'" for name in scripts)
    fetches = "connect-src 'self'; " if "refresh" in scripts else ""
    policy = (
        f"default-src 'none'; style-src {style_hashes}; script-src {script_hashes}; {fetches}img-src data:; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    own = {"Content-Security-Policy": policy, **reader.headers, **(headers or {})}
    return text_response(text, "text/html; charset=utf-8", own, status)


def see_other(location: str, cookies: list[str]) -> Response:
    """A redirect after a form was taken, to a page that can be reloaded without sending it again."""
    set_cookies = {"Set-Cookie": cookies} if cookies else {}
    return Response("", {"Location": location, **set_cookies, **_HEADERS}, 303)


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
        extensions=["jinja2.ext.i18n"],
        auto_reload=False,  # or the files are looked at for each page
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.newstyle_gettext = True  # type: ignore[attr-defined] # an attribute of the extension
    environment.globals["inlined"] = _markup
    environment.globals["languages"] = LANGUAGES
    environment.filters.update(filters.ALL)
    return environment


@lru_cache
def _translations(code: str) -> dict[str, Callable[..., str]]:
    """What `_(...)` and `{% trans %}` call: the translated text, with its `%(values)s` filled in and escaped."""
    from markupsafe import Markup, escape

    words = language(code)

    def filled(text: str, values: Mapping[str, object]) -> str:
        """As `Markup(text) % values`, in half the time. The text is of our templates and catalogues."""
        return Markup(text % {name: escape(value) for name, value in values.items()})  # noqa: S704

    def gettext(text: str, /, **values: object) -> str:
        return filled(words.gettext(text), values)

    def ngettext(one: str, many: str, number: int, /, **values: object) -> str:
        return filled(words.ngettext(one, many, number), values)

    return {"_": gettext, "gettext": gettext, "ngettext": ngettext}


@lru_cache
def _inlined(file: str) -> str:
    """A style sheet or a script of ours, as it stands in a page: without what only its authors need."""
    text = (TEMPLATES / file).read_text(encoding="utf-8")
    if file.endswith(".js"):
        return re.sub(r"\n\s*", "\n", text)
    return re.sub(r"\s*([{};,])\s*", r"\1", text.replace(": ", ":"))


@lru_cache
def _markup(file: str) -> str:
    from markupsafe import Markup

    return Markup(_inlined(file))  # noqa: S704 - of ours


@lru_cache
def _hash(file: str) -> str:
    return base64.b64encode(hashlib.sha256(_inlined(file).encode()).digest()).decode()
