"""The pages for everybody: where to begin, and where a server stands."""

from typing import TYPE_CHECKING
from urllib.parse import quote

from chalice.app import Blueprint, Request, Response

from chalicelib.bootstrap import muster
from chalicelib.domain.errors import NotFound
from chalicelib.domain.messages import say
from chalicelib.http.addresses import UNKNOWN_PATH, base_url, stage
from chalicelib.http.inputs import query
from chalicelib.http.kept import FOR_EVERYBODY, kept
from chalicelib.http.problems import handled
from chalicelib.http.reader import reader_of
from chalicelib.http.responses import page, text_response

if TYPE_CHECKING:
    from chalicelib.services.public_views import PublicState

public_pages = Blueprint(__name__)


@public_pages.route("/")
@handled
def show_home() -> Response:
    return page(public_pages.current_request, "home.html")


@public_pages.route("/servers")
@handled
def find_server() -> Response:
    request = public_pages.current_request
    server, carried = (query(request, "server") or "").strip(), reader_of(request).carried
    place = f"/servers/{quote(server, safe='')}" if server else "/"
    return text_response("", "text/plain", {"Location": f"{stage(request)}{place}{carried}"}, 303)


@public_pages.route("/servers/{server}")
@handled
def show_progress(server: str) -> Response:
    request, state = public_pages.current_request, muster().public_views.state(server)
    reader, base = reader_of(request), base_url(request, muster().settings.public_url)
    asked = ("page", server, reader.language.code, reader.in_language(""), reader.carried, base)
    return kept.answer(request, asked, state, lambda etag: _server_page(request, state, base, etag))


@public_pages.route(UNKNOWN_PATH)
@handled
def show_nothing() -> Response:
    raise NotFound("not-found", say("nothing-here"))


def _server_page(request: Request, state: "PublicState", base: str, etag: str) -> Response:
    from chalicelib.http.chart import chart_of  # for this page alone

    server = quote(state.server.id, safe="")
    shown = muster().public_views.page(state)
    return page(
        request,
        "server.html",
        headers={"Cache-Control": FOR_EVERYBODY},
        styles=["server"],
        scripts=["refresh"],
        shown=shown,
        charts={one.event.id: chart_of(one, state.server.game_day) for one in shown.current},
        address=f"{base}/servers/{server}",
        calendar=f"{base}/v1/servers/{server}/schedule.ics",
        etag=etag,
    )
