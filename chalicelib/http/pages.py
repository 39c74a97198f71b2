"""The pages: the member's form and receipt, and a server's progress for all to see.

Links are relative, so that they work under a stage prefix and without one.
"""

from datetime import datetime
from urllib.parse import quote, unquote, urlencode

from chalice.app import Blueprint, Request, Response

from chalicelib.bootstrap import muster
from chalicelib.domain.access import Key
from chalicelib.domain.calendar import rfc3339
from chalicelib.domain.errors import MusterError, NotFound
from chalicelib.domain.messages import say
from chalicelib.domain.names import name_mark
from chalicelib.http.inputs import FilledForm, ReportUndo, query
from chalicelib.http.problems import STATUS, handled, problem_headers
from chalicelib.http.responses import page, see_other, text_response
from chalicelib.services.corrections import UNDO_WITHIN
from chalicelib.services.reporting import Receipt
from chalicelib.services.rosters import RenamedCommander
from chalicelib.telemetry import measure, measure_report

pages = Blueprint(__name__)

_FORM = ["application/x-www-form-urlencoded"]
_COOKIE = "muster_commander"
_COOKIE_SECONDS = 400 * 24 * 3600  # browsers keep none for longer


@pages.route("/f/{key}")
@handled
def show_form(key: str) -> Response:
    request = pages.current_request
    asked = query(request, "commander")
    return _form(muster().directory.member_key(key), _remembered(request) if asked is None else asked)


@pages.route("/f/{key}", methods=["POST"], content_types=_FORM)
@handled
def send_form(key: str) -> Response:
    request, granted = pages.current_request, muster().directory.member_key(key)
    sent = FilledForm.read(request)
    try:
        taken = muster().reporting.report(granted, sent.commander, sent.milestones, is_new=sent.is_new)
    except MusterError as error:
        return _form(granted, sent.commander, sent.milestones, error)
    measure_report(result.status for result in taken.results)
    return _to_receipt(request, taken)


@pages.route("/f/{key}/receipt")
@handled
def show_receipt(key: str) -> Response:
    granted, request = muster().directory.member_key(key), pages.current_request
    commander, at = query(request, "commander") or "", _instant(query(request, "at") or "")
    receipt = muster().member_pages.receipt(granted, commander, at, query(request, "formerly"))
    return page("receipt.html", receipt=receipt, key=key)


@pages.route("/f/{key}/undo", methods=["POST"], content_types=_FORM)
@handled
def undo_report(key: str) -> Response:
    request, granted = pages.current_request, muster().directory.member_key(key)
    sent = ReportUndo.read(request)
    muster().corrections.undo(granted, sent.commander, _instant(sent.at))
    address = _receipt_address(request, sent.commander, sent.at)
    return text_response("", "text/plain", {"Location": address}, 303)


@pages.route("/help")
@handled
def show_help() -> Response:
    return page("help.html", undo_within=UNDO_WITHIN)


@pages.route("/servers/{server}")
@handled
def show_progress(server: str) -> Response:
    schedule, progress = muster().overview.schedule(server), muster().overview.running(server)
    return page("progress.html", schedule=schedule, progress=progress)


def _form(key: Key, name: str, ticked: list[str] | None = None, error: MusterError | None = None) -> Response:
    form = muster().member_pages.form(key, name)
    status, headers = (STATUS[type(error)], problem_headers(error)) if error else (200, {})
    if error:
        measure("Rejections", 1, code=error.code)
    return page("form.html", status, headers, form=form, ticked=ticked or [], error=error)


def _to_receipt(request: Request, taken: Receipt) -> Response:
    """The receipt's address, and a device that remembers its commander."""
    former = taken.commander.formerly if isinstance(taken.commander, RenamedCommander) else None
    address = _receipt_address(request, taken.commander.id, rfc3339(_counted_at(taken)), former)
    return see_other(address, _cookie(request, taken.commander.name))


def _counted_at(taken: Receipt) -> datetime:
    """The time that the receipt is of: when the report was recorded, or now, if it added nothing."""
    new = [result.recorded_at for result in taken.results if result.status == "recorded"]
    return max(new, default=muster().clock())


def _receipt_address(request: Request, commander: str, at: str, former: str | None = None) -> str:
    """With the stage prefix, where there is one. `former`: the name that was given, if it is a former one."""
    form = request.context["path"].rstrip("/").removesuffix("/undo")
    given = {"commander": commander, "at": at} | ({"formerly": name_mark(former)} if former else {})
    return f"{form}/receipt?{urlencode(given)}"


def _instant(text: str) -> datetime:
    """The time of a receipt's address. Raises NotFound."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise NotFound("not-found", say("incomplete-receipt"))
    return at


def _remembered(request: Request) -> str:
    """The commander who reported from this device last, or an empty string. Cookies of others may be of any form."""
    pairs = (pair.strip().partition("=") for pair in request.headers.get("cookie", "").split(";"))
    return next((unquote(value) for name, _, value in pairs if name == _COOKIE), "")


def _cookie(request: Request, name: str) -> str:
    """Without a path, so that it is for the folder of the forms, whatever the stage prefix is."""
    secure = "; Secure" if request.headers.get("x-forwarded-proto") == "https" else ""
    return f"{_COOKIE}={quote(name, safe='')}; Max-Age={_COOKIE_SECONDS}; HttpOnly; SameSite=Lax{secure}"
