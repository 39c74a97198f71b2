"""The server's HTTP side: authorisation, faults and quotas around the API, and the page."""

import logging
import threading
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from . import browser, page
from .book import Book
from .callers import Caller, account
from .connections import drop
from .discovery import Method, query_parameters, route
from .drive import Drive, as_drive
from .errors import ANONYMOUS, ApiError, Json
from .history import History
from .masks import for_reading
from .methods import Call, call
from .responses import NOT_JSON, answered, attempt, compress, html, json_body, not_found
from .schemas import check_request
from .store import Store
from .traffic import Fault, Meanwhile, Meter, Quota, RecordedRequest

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

logger = logging.getLogger(__name__)


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
        self.failures: list[Exception] = []
        self.drive = Drive()
        self.meters = {"sheets": Meter(), "drive": Meter()}
        self.quota: Quota | None = None
        self.tokens: set[str] | None = None
        self.accounts: dict[str, str] = {}
        self._histories: dict[tuple[str, str], History] = {}

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        request = Request(environ)
        request.get_data()
        if not request.path.startswith(("/v4/", "/drive/")):
            response = self.show(request)
        else:
            raw_path = environ.get("REQUEST_URI", request.path).partition("?")[0]
            found = route(request.method, raw_path)
            response = self.answer(request, *found) if found else not_found(request)
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
                return html(page.index(list(self.store.books.values())))
            if request.method == "POST" and request.headers.get("Origin", "") not in ("", _own(request)):
                return answered(request, ApiError(403))
            if request.method == "POST" and book and below == "acts":
                return answered(
                    request, attempt(lambda: browser.do_json(self, spreadsheet_id, json_body(request)))
                )
            if request.method == "POST" and request.path == "/faults":
                return answered(request, attempt(lambda: browser.inject(self, json_body(request))))
            if book is None or below:
                return not_found(request)
            if request.method == "POST":
                return self._edit(request, book)
            return html(page.sheet(book, request.args))

    def _edit(self, request: Request, book: Book) -> Response:
        """An act on the page, then the page again; if it was refused, with the reason and what was typed."""
        tab = page.shown_tab(book, request.args).title
        done = attempt(lambda: browser.do_form(self, book.id, tab, request.form))
        if isinstance(done, ApiError):
            return html(page.sheet(self.store.books[book.id], request.args, request.form, done.message), 400)
        return redirect(request.full_path.removesuffix("?"), 303)

    def answer(self, request: Request, method: Method, path: dict[str, str]) -> Response:
        """The answer of the API, or of a fault that was injected."""
        line = f"{request.method} {request.path}"
        self._act(line, after=False)
        fault = self._take_fault(line)
        own = self._call(request, method, path) if fault is None or fault.applied else None
        self._act(line, after=True)
        if fault:
            return self._suffer(fault, own, request, method)
        return self._recorded(request, method, answered(request, own or {}))

    def _call(self, request: Request, method: Method, path: dict[str, str]) -> Json | ApiError:
        answer = self._tried(request, method, path)
        return as_drive(answer) if isinstance(answer, ApiError) and method.api == "drive" else answer

    def _tried(self, request: Request, method: Method, path: dict[str, str]) -> Json | ApiError:
        try:
            user = self._user(request)
            query = query_parameters(method, list(request.args.items(multi=True)))
            with self.lock:
                self._count(method, user)
                body = _body(request, method)
                mask = for_reading(query.get("fields"), method.response) if method.response else None
                called = Call(self.store, Caller(user), path, query, body, mask, self.page_url, self.drive)
                return call(method, called)
        except ApiError as error:
            return error
        except Exception:
            logger.exception("%s failed", method.name)
            return ApiError(500)

    def _count(self, method: Method, user: str) -> None:
        """Counts a request against the quotas of its API, which must be enabled."""
        if method.api == "drive":
            self.drive.check()
        quota = self.drive.quota if method.api == "drive" else self.quota
        if quota is not None:
            self.meters[method.api].count(quota, method.kind, user, self.clock(), method.api)

    def _user(self, request: Request) -> str:
        """The caller's account, by its address, if its token is accepted."""
        token = _token(request)
        if self.tokens is not None and token not in self.tokens:
            raise ApiError(403, ANONYMOUS) if token is None else ApiError(401)
        return account(token, self.accounts)

    def _act(self, line: str, after: bool) -> None:
        """Does the first act that waits for such a moment."""
        for meanwhile in self.meanwhiles:
            if meanwhile.after == after and meanwhile.match in line:
                self.meanwhiles.remove(meanwhile)
                try:
                    meanwhile.act()
                except Exception as error:  # The request that it came before is not to blame.
                    logger.exception("An act failed before or after %s", line)
                    self.failures.append(error)
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
            self._recorded(request, method, None)
            drop(request)
        if fault.kind in ("hang", "hang_after"):
            self.stopping.wait(fault.seconds)
        if fault.kind == "hang_after" and own is not None:
            response = answered(request, own)
        elif fault.kind == "not_json":
            response = Response(NOT_JSON, status=fault.status, mimetype="text/html")
        else:
            error = ApiError(fault.status)
            response = answered(request, as_drive(error) if method.api == "drive" else error)
        if fault.retry_after is not None:
            response.headers["Retry-After"] = str(fault.retry_after)
        return self._recorded(request, method, response)

    def _recorded(self, request: Request, method: Method, response: Response | None) -> Response:
        """The response as it is sent, once it is recorded; None if the connection is dropped instead."""
        content, shown = request.get_data(), response or Response(status=0)
        size = len(shown.get_data())
        if response:
            compress(request, shown)
        recorded = RecordedRequest(
            request.method,
            request.path,
            request.query_string.decode(),
            method.kind,
            shown.status_code,
            len(content),
            size,
            len(shown.get_data()),
            request.get_json(force=True, silent=True) if content else None,
            account(_token(request), self.accounts),
        )
        with self.lock:
            self.requests.append(recorded)
        return shown


def _token(request: Request) -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else None


def _body(request: Request, method: Method) -> Json:
    """The checked body of a request. A method without a body ignores it."""
    if method.request is None:
        return {}
    body = json_body(request)
    check_request(method.request, body)
    return dict(body)


def _own(request: Request) -> str:
    """What a browser calls the place that this page came from."""
    return request.host_url.removesuffix("/")
