"""Answers that a caller may have already: with an `ETag`, and 304 without a body for who has that."""

import hashlib

from chalice.app import Request, Response


def etag_of(text: str) -> str:
    """A strong one: the same text again has the same."""
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def unless_known(request: Request, response: Response, etag: str) -> Response:
    """The response with its `ETag`; or 304, with the same headers, if the request's `If-None-Match` names it."""
    known = request.headers.get("if-none-match", "").split(",")
    is_known = not {etag.removeprefix("W/"), "*"}.isdisjoint(tag.strip().removeprefix("W/") for tag in known)
    headers = {**response.headers, "ETag": etag}
    return Response("" if is_known else response.body, headers, 304 if is_known else response.status_code)
