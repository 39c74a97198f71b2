"""The API's own description: as an OpenAPI document, and as a page."""

from chalice.app import Blueprint, Response

from chalicelib.bootstrap import muster
from chalicelib.http.inputs import stage
from chalicelib.http.problems import handled
from chalicelib.http.responses import json_response, page

reference = Blueprint(__name__)

_PUBLIC = {"Cache-Control": "public, max-age=300"}


@reference.route("/openapi.json")
@handled
def get_openapi() -> Response:
    from chalicelib.http.openapi.document import (
        document,  # for these two routes alone: it reaches every model
    )

    base = muster().settings.public_url or stage(reference.current_request) or "/"
    return json_response({**document(), "servers": [{"url": base}]}, headers=_PUBLIC)


@reference.route("/docs")
@handled
def show_docs() -> Response:
    from chalicelib.http.openapi.document import document

    return page(reference.current_request, "docs.html", headers=_PUBLIC, only_in="en", api=document())
