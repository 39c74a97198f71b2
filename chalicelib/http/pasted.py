"""Links as people paste them: with the sign that ended the sentence."""

from collections.abc import Callable
from urllib.parse import quote, unquote, urlencode

from chalice.app import MultiDict, Request, Response

from chalicelib.http.addresses import called_path, stage
from chalicelib.http.problems import is_page
from chalicelib.http.responses import see_other

SIGNS = "/.,;:!?)]}>'\"*’”»…。、，！？）」』"
"""What may stand behind a link in a message, and ends no address of a page."""


def forgive_pasting(request: Request, get_response: Callable[[Request], Response]) -> Response:
    """Middleware: whoever opens a page's address with such a sign behind it is led to the page."""
    prefix, path = stage(request), unquote(called_path(request))
    meant = path.rstrip(SIGNS)
    is_whole = meant.removeprefix(prefix).count("/") >= request.path.count("/")
    if meant == path or not is_whole or request.method not in ("GET", "HEAD") or not is_page(request):
        return get_response(request)
    given: MultiDict = request.query_params or MultiDict({})
    query = urlencode([(name, value) for name in given for value in given.getlist(name)])
    here = "/" + quote(meant).lstrip("/")  # what begins with two slashes would be at another host
    return see_other(here + (f"?{query}" if query else ""), [])
