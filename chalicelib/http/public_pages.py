"""The pages for everybody: where to begin, and where a server stands."""

from urllib.parse import quote

from chalice.app import Request, Response

from chalicelib.bootstrap import muster
from chalicelib.domain.errors import NotFound
from chalicelib.domain.messages import say
from chalicelib.http.addresses import base_url, stage
from chalicelib.http.chart import chart_of
from chalicelib.http.inputs import query
from chalicelib.http.kept import FOR_EVERYBODY, kept
from chalicelib.http.reader import reader_of
from chalicelib.http.responses import page, text_response
from chalicelib.services.public_views import PublicState


def show_home(request: Request) -> Response:
    return page(request, "home.html")


def find_server(request: Request) -> Response:
    server, carried = (query(request, "server") or "").strip(), reader_of(request).carried
    place = f"/servers/{quote(server, safe='')}" if server else "/"
    return text_response("", "text/plain", {"Location": f"{stage(request)}{place}{carried}"}, 303)


def show_progress(request: Request, server: str) -> Response:
    state = muster().public_views.state(server)
    reader, base = reader_of(request), base_url(request, muster().settings.public_url)
    asked = ("page", server, reader.language.code, reader.carried, base)
    return kept.answer(request, asked, state, lambda etag: _server_page(request, state, base, etag))


def show_nothing(request: Request) -> Response:  # noqa: ARG001 - as every handler
    raise NotFound("not-found", say("nothing-here"))


def _server_page(request: Request, state: PublicState, base: str, etag: str) -> Response:
    server = quote(state.server.id, safe="")
    shown = muster().public_views.page(state)
    return page(
        request,
        "server.html",
        headers={"Cache-Control": FOR_EVERYBODY},
        styles=["server"],
        scripts=["times", "refresh"],
        shown=shown,
        charts={one.event.id: chart_of(one, state.server.game_day) for one in shown.current},
        address=f"{base}/servers/{server}",
        calendar=f"{base}/v1/servers/{server}/schedule.ics",
        etag=etag,
    )
