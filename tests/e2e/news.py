"""News that leaves the emulated AWS, for a place that takes the part of Discord."""

from collections.abc import Iterator
from contextlib import contextmanager

from werkzeug.wrappers import Request, Response

from local.serving import LocalServer
from tests.e2e.deployment import PLACE, Deployment

TAKEN, GONE = (f"/api/webhooks/{number}/token" for number in (12345678901, 12345678902))


@contextmanager
def discord() -> Iterator[str]:
    """Its address. It knows one webhook of two."""

    def answer(request: Request) -> Response:
        if request.path.startswith(TAKEN):
            return Response('{"id": "12345678903"}', 200, mimetype="application/json")
        gone = '{"code": 10015, "message": "Unknown Webhook"}'
        return Response(gone, 404, mimetype="application/json")

    server = LocalServer(answer, "127.0.0.1", 0)
    server.start()
    try:
        yield server.url
    finally:
        server.stop()


def news_goes_out(at: Deployment) -> None:
    """What is taken, and what is never taken again, so that the function is known to be permitted both."""
    for path in (TAKEN, GONE):
        url = f"https://discord.com{path}"
        at.done("POST", "/v1/webhooks", {"url": url, "kinds": ["scoreboard"], **PLACE})
    at.invoke("TellNews")
    taken, gone = at.done("GET", "/v1/webhooks?server=101&alliance=nova")["webhooks"]
    if taken["disabled"]:
        taken, gone = gone, taken
    assert taken["delivered_at"]
    assert "deleted on Discord" in gone["disabled"]
