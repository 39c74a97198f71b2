"""The pages: the member's form and receipt, and a server's progress for all to see.

Links are relative, so that they work under a stage prefix and without one.
"""

from datetime import datetime
from http.cookies import SimpleCookie
from urllib.parse import quote, unquote, urlencode

from chalice.app import Blueprint, Request, Response

from chalicelib.bootstrap import muster
from chalicelib.domain.access import Key
from chalicelib.domain.calendar import rfc3339
from chalicelib.domain.errors import MusterError, NotFound
from chalicelib.http.inputs import FormReport, query
from chalicelib.http.problems import STATUS, handled, problem_headers
from chalicelib.http.responses import page, see_other

pages = Blueprint(__name__)

_COOKIE = "muster_commander"
_COOKIE_SECONDS = 400 * 24 * 3600  # browsers keep none for longer


@pages.route("/f/{key}")
@handled
def show_form(key: str) -> Response:
    request = pages.current_request
    asked = query(request, "commander")
    return _form(muster().directory.member_key(key), _remembered(request) if asked is None else asked)


@pages.route("/f/{key}", methods=["POST"], content_types=["application/x-www-form-urlencoded"])
@handled
def send_form(key: str) -> Response:
    granted, report = muster().directory.member_key(key), FormReport.read(pages.current_request)
    try:
        receipt = muster().reporting.report(granted, report.commander, report.milestones)
    except MusterError as error:
        return _form(granted, report.commander, report.milestones, error)
    new = [result.recorded_at for result in receipt.results if result.status == "recorded"]
    at = max(new, default=muster().clock())
    parameters = urlencode({"commander": receipt.commander.id, "at": rfc3339(at)})
    request = pages.current_request
    here = request.context["path"].rstrip("/")  # with the stage prefix, where there is one
    return see_other(f"{here}/receipt?{parameters}", _cookie(request, receipt.commander.name))


@pages.route("/f/{key}/receipt")
@handled
def show_receipt(key: str) -> Response:
    request = pages.current_request
    try:
        at = datetime.fromisoformat(query(request, "at") or "")
    except ValueError:
        raise NotFound("not-found", "This receipt's address is incomplete.") from None
    receipt = muster().member_pages.receipt(
        muster().directory.member_key(key), query(request, "commander") or "", at
    )
    return page("receipt.html", receipt=receipt, key=key)


@pages.route("/help")
@handled
def show_help() -> Response:
    return page("help.html")


@pages.route("/servers/{server}")
@handled
def show_progress(server: str) -> Response:
    schedule, progress = muster().overview.schedule(server), muster().overview.running(server)
    return page("progress.html", schedule=schedule, progress=progress)


def _form(key: Key, name: str, ticked: list[str] | None = None, error: MusterError | None = None) -> Response:
    form = muster().member_pages.form(key, name)
    status, headers = (STATUS[type(error)], problem_headers(error)) if error else (200, {})
    return page("form.html", status, headers, form=form, ticked=ticked or [], error=error)


def _remembered(request: Request) -> str:
    """The commander who reported from this device last, or an empty string."""
    morsel = SimpleCookie(request.headers.get("cookie", "")).get(_COOKIE)
    return unquote(morsel.value) if morsel else ""


def _cookie(request: Request, name: str) -> str:
    """Without a path, so that it is for the folder of the forms, whatever the stage prefix is."""
    secure = "; Secure" if request.headers.get("x-forwarded-proto") == "https" else ""
    return f"{_COOKIE}={quote(name, safe='')}; Max-Age={_COOKIE_SECONDS}; HttpOnly; SameSite=Lax{secure}"
