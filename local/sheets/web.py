"""The server's HTTP side: authorisation, faults and quotas around the API, and the page."""

import json
import logging
import socket
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING, Any, NoReturn

from werkzeug.exceptions import BadRequest
from werkzeug.serving import WSGIRequestHandler
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from . import desk, page
from .book import Book
from .callers import Caller, account
from .discovery import Method, query_parameters, route
from .errors import ANONYMOUS, ApiError, Json
from .history import History
from .masks import for_reading
from .methods import Call, call
from .schemas import check_request
from .store import Store
from .traffic import Fault, Meanwhile, Meter, Quota, RecordedRequest

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

logger = logging.getLogger(__name__)

NOT_JSON = "<!DOCTYPE html><title>Error</title><p>Something went wrong."


class Site:
    """The WSGI application. It holds one lock while a request reads or changes anything."""

    def __init__(self, store: Store, clock: Callable[[], datetime], base_url: Callable[[], str]) -> None:
        self.store = store
        self.clock = clock
        self.base_url = base_url
        self.lock = threading.RLock()
        self.stopping = threading.Event()
        self.requests: list[RecordedRequest] = []
        self.faults: list[Fault] = []
        self.meanwhiles: list[Meanwhile] = []
        self.meter = Meter()
        self.quota: Quota | None = None
        self.tokens: set[str] | None = None
        self.accounts: dict[str, str] = {}
        self._histories: dict[tuple[str, str], History] = {}

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        request = Request(environ)
        request.get_data()
        if not request.path.startswith("/v4/"):
            response = self.show(request)
        else:
            raw_path = environ.get("REQUEST_URI", request.path).partition("?")[0]
            found = route(request.method, raw_path)
            response = self.answer(request, *found) if found else _not_found(request)
        return response(environ, start_response)

    def history(self, spreadsheet_id: str, caller: Caller) -> History:
        """What one person has done in one spreadsheet since the server was made."""
        return self._histories.setdefault((spreadsheet_id, caller.email), History())

    def page_url(self, spreadsheet_id: str) -> str:
        return f"{self.base_url()}/d/{spreadsheet_id}"

    def show(self, request: Request) -> Response:
        """A page for people, what they do on it, and what tests say that they do."""
        spreadsheet_id, _, below = request.path.removeprefix("/d/").partition("/")
        with self.lock:
            book = self.store.books.get(spreadsheet_id)
            if request.path == "/":
                return _html(page.index(list(self.store.books.values())))
            if request.method == "POST" and request.headers.get("Origin", "") not in ("", _own(request)):
                return _json(ApiError(403))
            if request.method == "POST" and book and below == "acts":
                return _json(_attempt(lambda: desk.do_json(self, spreadsheet_id, _json_body(request))))
            if request.method == "POST" and request.path == "/faults":
                return _json(_attempt(lambda: desk.inject(self, _json_body(request))))
            if book is None or below:
                return _not_found(request)
            if request.method == "POST":
                return self._edit(request, book)
            return _html(page.sheet(book, request.args))

    def _edit(self, request: Request, book: Book) -> Response:
        """An act on the page, then the page again; if it was refused, with the reason and what was typed."""
        tab = page.shown_tab(book, request.args).title
        done = _attempt(lambda: desk.do_form(self, book.id, tab, request.form))
        if isinstance(done, ApiError):
            return _html(page.sheet(self.store.books[book.id], request.args, request.form, done.message), 400)
        return redirect(request.full_path.removesuffix("?"), 303)

    def answer(self, request: Request, method: Method, path: dict[str, str]) -> Response:
        """The answer of the API, or of a fault that was injected."""
        line = f"{request.method} {request.path}"
        self._act(line, after=False)
        fault = self._take_fault(line)
        own = self._call(request, method, path) if fault is None or fault.applied else None
        self._act(line, after=True)
        response = self._suffer(fault, own, request, method) if fault else _json(own or {})
        self._record(request, method, response.status_code, len(response.get_data()))
        return response

    def _call(self, request: Request, method: Method, path: dict[str, str]) -> Json | ApiError:
        try:
            user = self._user(request)
            query = query_parameters(method, list(request.args.items(multi=True)))
            with self.lock:
                if self.quota is not None:
                    self.meter.count(self.quota, method.kind, user, self.clock())
                body = _body(request, method)
                mask = for_reading(query.get("fields"), method.response)
                return call(method, Call(self.store, Caller(user), path, query, body, mask, self.page_url))
        except ApiError as error:
            return error
        except Exception:
            logger.exception("%s failed", method.name)
            return ApiError(500)

    def _user(self, request: Request) -> str:
        """The caller's account, by its address."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            if self.tokens is not None:
                raise ApiError(403, ANONYMOUS)
            return account(None, self.accounts)
        if self.tokens is not None and token not in self.tokens:
            raise ApiError(401)
        return account(token, self.accounts)

    def _act(self, line: str, after: bool) -> None:
        """Does the first act that waits for such a moment."""
        for meanwhile in self.meanwhiles:
            if meanwhile.after == after and meanwhile.match in line:
                self.meanwhiles.remove(meanwhile)
                meanwhile.act()
                return

    def _take_fault(self, line: str) -> Fault | None:
        with self.lock:
            for index, fault in enumerate(self.faults):
                if fault.match in line:
                    return self.faults.pop(index)
        return None

    def _suffer(
        self, fault: Fault, own: Json | ApiError | None, request: Request, method: Method
    ) -> Response:
        """What comes of a fault. `own` is the request's own answer, if it was carried out."""
        if fault.kind in ("drop", "drop_after"):
            self._record(request, method, 0, 0)
            _drop(request)
        if fault.kind in ("hang", "hang_after"):
            self.stopping.wait(fault.seconds)
        if fault.kind == "hang_after" and own is not None:
            response = _json(own)
        elif fault.kind == "not_json":
            response = Response(NOT_JSON, status=fault.status, mimetype="text/html")
        else:
            response = _json(ApiError(fault.status))
        if fault.retry_after is not None:
            response.headers["Retry-After"] = str(fault.retry_after)
        return response

    def _record(self, request: Request, method: Method, status: int, size: int) -> None:
        content = request.get_data()
        recorded = RecordedRequest(
            request.method,
            request.path,
            request.query_string.decode(),
            method.kind,
            status,
            len(content),
            size,
            request.get_json(force=True, silent=True) if content else None,
        )
        with self.lock:
            self.requests.append(recorded)


@dataclass
class Connections:
    """The open connections, so that all are closed with the server."""

    sockets: set[socket.socket]

    def handler(self) -> type[WSGIRequestHandler]:
        """A quiet request handler that keeps connections alive, and registers them here."""
        sockets = self.sockets

        class Handler(WSGIRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self) -> None:
                super().setup()
                sockets.add(self.connection)

            def finish(self) -> None:
                sockets.discard(self.connection)
                super().finish()

            def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
                pass

        return Handler

    def close(self) -> None:
        for each in list(self.sockets):
            _shut(each)


def _json(answer: Json | ApiError) -> Response:
    code, body = (answer.code, answer.body()) if isinstance(answer, ApiError) else (200, answer)
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Response(text, status=code, content_type="application/json; charset=UTF-8")


def _shut(connection: socket.socket) -> None:
    with suppress(OSError):  # The other side may have closed it first.
        connection.shutdown(socket.SHUT_RDWR)


def _drop(request: Request) -> NoReturn:
    _shut(request.environ["werkzeug.socket"])
    raise ConnectionAbortedError


def _body(request: Request, method: Method) -> Json:
    """The checked body of a request. A method without a body ignores it."""
    if method.request is None:
        return {}
    body = _json_body(request)
    check_request(method.request, body)
    return dict(body)


def _json_body(request: Request) -> Any:
    try:
        return request.get_json(force=True) if request.get_data().strip() else {}
    except BadRequest as error:
        raise ApiError(400, f"Invalid JSON payload received. {error.__cause__ or error}") from None


def _attempt(act: Callable[[], Json | None]) -> Json | ApiError:
    try:
        return act() or {}
    except ApiError as error:
        return error


def _own(request: Request) -> str:
    """What a browser calls the place that this page came from."""
    return request.host_url.removesuffix("/")


def _html(text: str, status: int = 200) -> Response:
    return Response(text, status=status, mimetype="text/html")


def _not_found(request: Request) -> Response:
    """The answer to an unknown address. Like Google's, it is HTML, even below the API's own path."""
    text = (
        "<!DOCTYPE html>\n<html lang=en>\n<title>Error 404 (Not Found)!!1</title>\n"
        "<p><b>404.</b> <ins>That\u2019s an error.</ins>\n"
        f"<p>The requested URL <code>{escape(request.path)}</code> was not found on this server. "
        "<ins>That\u2019s all we know.</ins>\n"
    )
    return Response(text, status=404, mimetype="text/html")
