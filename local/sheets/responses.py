"""What goes over the wire: JSON as Google writes it, pages, and the bodies of requests."""

import gzip
import json
from collections.abc import Callable
from html import escape
from typing import Any

from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Request, Response

from .errors import ApiError, Json

NOT_JSON = "<!DOCTYPE html><title>Error</title><p>Something went wrong."
FALSE = ("false", "0")


def answered(request: Request, answer: Json | ApiError) -> Response:
    """An answer of an API, indented unless `prettyPrint` is false."""
    code, body = (answer.code, answer.body()) if isinstance(answer, ApiError) else (200, answer)
    if request.args.get("prettyPrint", "").lower() in FALSE:
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    else:
        text = json.dumps(body, ensure_ascii=False, indent=2) + "\n"
    return Response(text, status=code, content_type="application/json; charset=UTF-8")


def compress(request: Request, response: Response) -> None:
    """Compresses a response if the client takes that."""
    if request.accept_encodings.quality("gzip"):
        response.set_data(gzip.compress(response.get_data(), compresslevel=1))
        response.headers["Content-Encoding"] = "gzip"


def html(text: str, status: int = 200) -> Response:
    return Response(text, status=status, mimetype="text/html")


def json_body(request: Request) -> Any:
    """The body of a request; nothing is an empty message."""
    try:
        return request.get_json(force=True) if request.get_data().strip() else {}
    except BadRequest as error:
        raise ApiError(400, f"Invalid JSON payload received. {error.__cause__ or error}") from None


def attempt(act: Callable[[], Json | None]) -> Json | ApiError:
    """What an act gives, or the error that it raises."""
    try:
        return act() or {}
    except ApiError as error:
        return error


def not_found(request: Request) -> Response:
    """The answer to an unknown address. Like Google's, it is HTML, even below the API's own path."""
    text = (
        "<!DOCTYPE html>\n<html lang=en>\n<title>Error 404 (Not Found)!!1</title>\n"
        "<p><b>404.</b> <ins>That\u2019s an error.</ins>\n"
        f"<p>The requested URL <code>{escape(request.path)}</code> was not found on this server. "
        "<ins>That\u2019s all we know.</ins>\n"
    )
    return html(text, 404)
