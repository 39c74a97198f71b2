"""Every error of the API and the pages, in one place: which status it is, and how it reads (RFC 9457)."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, ParamSpec

from chalice.app import ChaliceUnhandledError, Request, Response

from chalicelib.domain.errors import (
    Busy,
    Conflict,
    DidYouMean,
    FieldError,
    Forbidden,
    Malformed,
    MusterError,
    NotFound,
    TooLarge,
    Unauthenticated,
    Unreadable,
)
from chalicelib.domain.messages import say
from chalicelib.http.addresses import UNKNOWN_PATH
from chalicelib.http.responses import HeaderValue, json_response, page
from chalicelib.services.attempts import within
from chalicelib.telemetry import log_problem, measure, request_id

P = ParamSpec("P")

STATUS: dict[type[MusterError], int] = {
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    DidYouMean: 409,
    TooLarge: 413,
    Malformed: 422,
    Unreadable: 503,
    Busy: 503,
}
OF_CHALICE = {
    405: ("method-not-allowed", say("method-not-allowed")),
    415: ("unsupported-media-type", say("unsupported-media-type")),
    500: ("internal", say("internal")),
}
"""What Chalice answers by itself: our code for its status, and the words. Whatever else it may be is `internal`."""


_PAGES = ("/f/", "/help", "/servers", "/docs")

BEGIN_WITHIN = 20.0
"""Seconds from the beginning of a request in which the table may be asked for something. The last attempt may take 7
more, and API Gateway waits for 29 in all."""


class Raised(ChaliceUnhandledError):
    """Carries an exception past Chalice, which answers and logs any other exception of a view by itself."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


def handled(view: Callable[P, Response]) -> Callable[P, Response]:
    """Lets a view raise; `answer_problems` answers it."""

    @wraps(view)
    def answer(*args: P.args, **kwargs: P.kwargs) -> Response:
        try:
            return view(*args, **kwargs)
        except Exception as error:
            raise Raised(error) from error

    return answer


def answer_problems(request: Request, get_response: Callable[[Request], Response]) -> Response:
    """Middleware: turns what was raised, and what Chalice itself refused, into a problem or an error page."""
    try:
        response = get_response(request)
    except Exception as raised:  # noqa: BLE001 - whatever it is, it is answered, and its cause is logged
        error = raised.error if isinstance(raised, Raised) else raised
        if isinstance(error, MusterError):
            return problem(error, request)
        return problem(MusterError(*OF_CHALICE[500]), request, 500, cause=error)
    if response.status_code < 400 or "Code" not in (response.body if isinstance(response.body, dict) else {}):
        return response
    code, detail = OF_CHALICE.get(response.status_code, OF_CHALICE[500])
    return problem(MusterError(code, detail), request, response.status_code, response.headers)


def answer_in_time(request: Request, get_response: Callable[[Request], Response]) -> Response:
    """Middleware, within the other: what takes too long is Busy, rather than cut off by API Gateway."""
    with within(BEGIN_WITHIN):
        return get_response(request)


def problem(
    error: MusterError,
    request: Request,
    status: int | None = None,
    headers: Mapping[str, HeaderValue] | None = None,
    cause: Exception | None = None,
) -> Response:
    """The error as `application/problem+json`, or as a page with the same words. Operators read the cause."""
    status = status or STATUS[type(error)]
    headers = {**(headers or {}), **problem_headers(error)}
    note(error, status, cause)
    if is_page(request):
        return page(
            request, "error.html", status, headers, error=error, code=status, request_id=request_id(request)
        )
    body: dict[str, Any] = {"type": "about:blank", "title": _title(status), "status": status}
    body |= {"code": error.code, "detail": error.detail, "errors": error.errors}
    body["request_id"] = request_id(request)
    if isinstance(error, DidYouMean):
        body["suggestions"] = error.suggestions
    return json_response(body, status, {"Content-Type": "application/problem+json", **headers})


def note(error: MusterError, status: int, cause: Exception | None = None) -> None:
    """Tells operators what is answered: in the log, and as a metric. `cause`: why, if it is not the error itself."""
    measure("Rejections", 1, code=error.code)
    log_problem(error.code, cause or error, status)


def is_page(request: Request) -> bool:
    """Whether a person is looking: pages stand outside `/v1`, unless a program asks for JSON there. Where there is
    nothing, it is whoever asks for HTML."""
    path, accepted = str(request.path), request.headers.get("accept", "")
    is_browser = "text/html" in accepted
    if path == UNKNOWN_PATH:
        return is_browser
    return (path == "/" or path.startswith(_PAGES)) and (is_browser or "json" not in accepted)


def invalid_fields(problems: list[Any]) -> list[FieldError]:
    """Pydantic's findings as field errors: `milestones[2]`, `body` for the whole."""
    return [
        FieldError(_path(found["loc"]) or "body", found["msg"].removeprefix("Value error, "))
        for found in problems
    ]


def _path(location: tuple[int | str, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")


def problem_headers(error: MusterError) -> dict[str, str]:
    """What goes with the status: how long to wait, or how to authenticate."""
    if isinstance(error, Busy | Unreadable):
        return {"Retry-After": str(error.retry_after)}
    return {"WWW-Authenticate": "Bearer"} if isinstance(error, Unauthenticated) else {}


def _title(status: int) -> str:
    from http import HTTPStatus

    return HTTPStatus(status).phrase
