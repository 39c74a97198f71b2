"""Where a server stands, as JSON, and its calendar: answered to many at once."""

from collections.abc import Callable
from urllib.parse import quote

from chalice.app import Request, Response

from chalicelib.bootstrap import muster
from chalicelib.http.addresses import base_url
from chalicelib.http.conditional import etag_of, unless_known
from chalicelib.http.inputs import query
from chalicelib.http.kept import FOR_EVERYBODY, kept
from chalicelib.http.responses import json_response, text_response
from chalicelib.languages import LANGUAGES, Language, language
from chalicelib.services.public_views import PublicState

_CALENDAR = "public, max-age=900, stale-while-revalidate=3600"


def get_server_progress(request: Request, server: str) -> Response:
    views = muster().public_views
    return _answer(request, views.state(server), views.progress, "progress", server)


def get_server_standings(request: Request, server: str) -> Response:
    views = muster().public_views
    return _answer(request, views.state(server), views.standings, "standings", server)


def get_event_progress(request: Request, server: str, event: str) -> Response:
    views = muster().public_views
    return _answer(request, views.event_state(server, event), views.event_progress, "progress", server, event)


def get_schedule_calendar(request: Request, server: str) -> Response:
    from chalicelib.http.calendar_feed import calendar_feed  # icalendar is imported for this route alone

    overview, (words, carried) = muster().overview, _named_language(request)
    page = f"{base_url(request, muster().settings.public_url)}/servers/{quote(server, safe='')}{carried}"
    text = calendar_feed(overview.schedule(server), overview.editions(server), page, words)
    answer = text_response(text, "text/calendar; charset=utf-8", {"Cache-Control": _CALENDAR})
    return unless_known(request, answer, etag_of(text))


def _named_language(request: Request) -> tuple[Language, str]:
    """The language that the address names, and what names it on a page; without one, English."""
    code = query(request, "lang") or ""
    return (language(code), f"?lang={code}") if code in LANGUAGES else (language("en"), "")


def _answer(
    request: Request, state: PublicState, view: Callable[[PublicState], object], *asked: str
) -> Response:
    headers = {"Cache-Control": FOR_EVERYBODY}
    return kept.answer(request, asked, state, lambda _: json_response(view(state), headers=headers))
