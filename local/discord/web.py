"""The server's HTTP side: the API, with what is made to happen to its requests, and the page."""

import json
import logging
import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from .api import Answer, Api
from .connections import drop
from .core import Core
from .errors import ApiError, Json, of_status
from .interactions import Caller, Interactions
from .limits import limited
from .state import MANAGE_MESSAGES, MANAGE_WEBHOOKS
from .traffic import Fault, RecordedRequest
from .view import view

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

logger = logging.getLogger(__name__)

PAGE = Path(__file__).with_name("channel.html")
POLL_SECONDS = 20.0
"""How long the page's question for news waits for an answer."""
STATUS = {
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
}


class Site:
    """The WSGI application."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.interactions = Interactions(core)
        self.requests: list[RecordedRequest] = []
        self.faults: list[Fault] = []
        self.stopping = threading.Event()
        self._api = Api(core)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        request = Request(environ)
        request.get_data()
        answered = self._answered if request.path.startswith("/api/") else self._page
        return answered(request)(environ, start_response)

    # The API

    def _answered(self, request: Request) -> Response:
        fault = self._take_fault(f"{request.method} {request.path}")
        own = self._own(request) if fault is None or fault.is_done else None
        if fault is None:
            return self._recorded(request, _response(own))
        if fault.kind in ("drop", "drop_after"):
            self._recorded(request, None)
            drop(request)
        if fault.kind in ("hang", "hang_after"):
            self.stopping.wait(fault.seconds)
        return self._recorded(request, _response(own if fault.kind == "hang_after" else _refusal(fault)))

    def _own(self, request: Request) -> Answer | ApiError:
        try:
            return self._api.answer(request)
        except ApiError as error:
            return error
        except Exception:
            logger.exception("%s failed", request.path)
            return of_status(500, "Internal Server Error")

    def _take_fault(self, line: str) -> Fault | None:
        with self.core.lock:
            for index, fault in enumerate(self.faults):
                if fault.match in line:
                    self.faults[index : index + 1] = _rest(fault)
                    return fault
        return None

    def _recorded(self, request: Request, response: Response | None) -> Response:
        shown = response or Response(status=0)
        body = request.get_json(force=True, silent=True) if request.get_data() else None
        with self.core.lock:
            self.requests.append(
                RecordedRequest(
                    request.method, request.path, request.query_string.decode(), shown.status_code, body
                )
            )
        return shown

    # The page

    def _page(self, request: Request) -> Response:
        if request.method == "POST" and request.headers.get("Origin", "") not in (
            "",
            request.host_url.rstrip("/"),
        ):
            return _response(of_status(403, "Forbidden"))
        try:
            if request.path == "/":
                return redirect(self._first_channel(), 302)
            if re.fullmatch(r"/channels/\d+/\d+", request.path):
                return Response(_html(), mimetype="text/html", headers={"Cache-Control": "no-store"})
            if request.path == "/page/view":
                return _response(Answer(200, self._view(request), {}))
            act = ACTS.get(request.path.removeprefix("/page/"))
            if request.method == "POST" and act:
                return _response(Answer(200, act(self, request.get_json(force=True)), {}))
        except ApiError as error:
            return _response(error)
        except (KeyError, TypeError, ValueError) as error:
            return _response(of_status(400, f"Bad Request: {error!r}"))
        return _response(of_status(404, "Not Found"))

    def _first_channel(self) -> str:
        with self.core.lock:
            channel = next(iter(self.core.state.channels.values()), None)
        if channel is None:
            raise of_status(404, "There is no guild yet.")
        return f"/channels/{channel.guild_id}/{channel.id}"

    def _view(self, request: Request) -> Json:
        """The channel, as soon as it is another than `since`, or after some seconds."""
        core, since = self.core, request.args.get("since", "")
        with core.lock:
            core.news.wait_for(lambda: str(core.revision) != since or core.is_stopping, POLL_SECONDS)
            return view(core, request.args["channel"], request.args.get("as"))

    def caller(self, given: Json) -> Caller:
        return Caller(given["as"], given["channel"], given.get("locale", "en-US"))

    def require(self, given: Json, permission: int) -> None:
        """Raises ApiError if the person may not do that in the channel."""
        member = self.core.member(given["channel"], given["as"])
        if member is None or not member.permissions & permission:
            raise of_status(403, "They may not do this.")


def _use(site: Site, given: Json) -> Json:
    return site.interactions.use(site.caller(given), given["command"], given["options"])


def _complete(site: Site, given: Json) -> Json:
    caller = site.caller(given)
    return {
        "choices": site.interactions.complete(caller, given["command"], given["options"], given["focused"])
    }


def _press(site: Site, given: Json) -> Json:
    return site.interactions.press(
        site.caller(given), given["message"], given["custom_id"], given.get("values")
    )


def _submit(site: Site, given: Json) -> Json:
    return site.interactions.submit(site.caller(given), given["custom_id"], given["values"])


def _say(site: Site, given: Json) -> Json:
    text = given["text"].strip()
    if not 0 < len(text) <= 2000:
        raise of_status(400, "A message has 1 to 2,000 characters.")
    return {"id": site.core.say(given["channel"], given["as"], text).id}


def _delete(site: Site, given: Json) -> Json:
    """A person deletes a message, or dismisses one that only they see."""
    with site.core.lock:
        message = site.core.message(given["message"], channel_id=given["channel"])
        if message.seen_by != given["as"]:
            site.require(given, MANAGE_MESSAGES)
        site.core.delete(message.id)
    return {}


def _create_webhook(site: Site, given: Json) -> Json:
    site.require(given, MANAGE_WEBHOOKS)
    webhook = site.core.create_webhook(given["channel"], given["name"])
    return {"id": webhook.id, "path": f"/api/webhooks/{webhook.id}/{webhook.token}"}


def _delete_webhook(site: Site, given: Json) -> Json:
    site.require(given, MANAGE_WEBHOOKS)
    site.core.delete_webhook(given["webhook"])
    return {}


def _fault(site: Site, given: Json) -> Json:
    if not {"kind"} <= given.keys() <= {field.name for field in fields(Fault)}:
        raise of_status(400, f"A fault is an object with {', '.join(field.name for field in fields(Fault))}.")
    with site.core.lock:
        site.faults.append(Fault(**given))
    return {}


ACTS: dict[str, Callable[[Site, Json], Json]] = {
    "use": _use,
    "complete": _complete,
    "press": _press,
    "submit": _submit,
    "say": _say,
    "delete": _delete,
    "create-webhook": _create_webhook,
    "delete-webhook": _delete_webhook,
    "fault": _fault,
}
"""What the page, or a test in another process, sends to `/page/…` as JSON; `as` is the person, `channel` where."""


def _rest(fault: Fault) -> list[Fault]:
    """What is left of a fault after one request."""
    left = {field.name: getattr(fault, field.name) for field in fields(Fault)} | {"times": fault.times - 1}
    return [Fault(**left)] if fault.times > 1 else []


def _refusal(fault: Fault) -> ApiError:
    if fault.status == 429:
        return limited(fault.retry_after)
    return of_status(fault.status, STATUS.get(fault.status, "Refused"))


def _response(answer: Answer | ApiError | None) -> Response:
    if answer is None:
        raise AssertionError("a request that is answered was carried out")
    body: Any = answer.body
    content = "" if body is None else json.dumps(body, ensure_ascii=False)
    return Response(content, answer.status, answer.headers, mimetype="application/json")


@cache
def _html() -> str:
    return PAGE.read_text(encoding="utf-8")
