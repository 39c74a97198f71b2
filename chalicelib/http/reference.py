"""The API's own description: as an OpenAPI document, and as a page."""

from chalice.app import Request, Response

from chalicelib.bootstrap import muster
from chalicelib.http.addresses import stage
from chalicelib.http.openapi.document import document
from chalicelib.http.responses import json_response, page

_PUBLIC = {"Cache-Control": "public, max-age=300"}
_made: dict[str, Response] = {}
"""The page, by the prefix of its links. It is the same for all, and takes longer to make than any other answer that
nobody needs a key for."""


def get_openapi(request: Request) -> Response:
    base = muster().settings.public_url or stage(request) or "/"
    return json_response({**document(), "servers": [{"url": base}]}, headers=_PUBLIC)


def show_docs(request: Request) -> Response:
    prefix = stage(request)
    if prefix not in _made:
        _made[prefix] = page(request, "docs.html", headers=_PUBLIC, only_in="en", scripts=(), api=document())
    made = _made[prefix]
    return Response(made.body, dict(made.headers), made.status_code)
