"""The pages: the member's form and receipt, and a server's progress for all to see.

Links are relative, so that they work under a stage prefix and without one.
"""

import re
import secrets
from contextlib import suppress
from datetime import UTC, datetime
from urllib.parse import quote, unquote, urlencode

from chalice.app import Blueprint, Request, Response

from chalicelib.bootstrap import muster
from chalicelib.domain.access import Key
from chalicelib.domain.calendar import rfc3339
from chalicelib.domain.errors import MusterError, NotFound
from chalicelib.domain.messages import say
from chalicelib.domain.names import name_mark
from chalicelib.http.cookies import LONG, cookie, sent_cookie
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
_DEVICE = "muster_device"
_DEVICE_SECONDS = 24 * 3600  # longer than a report can be undone, so that it is told when that is over


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
    return _to_receipt(request, granted, taken)


@pages.route("/f/{key}/receipt")
@handled
def show_receipt(key: str) -> Response:
    granted, request = muster().directory.member_key(key), pages.current_request
    commander, at = query(request, "commander") or "", _instant(query(request, "at") or "")
    device, proof = _device(request), query(request, "proof") or ""
    is_mine = muster().devices.reported(device, proof, granted.id, commander, at)
    pages_of, formerly = muster().member_pages, query(request, "formerly")
    receipt = pages_of.receipt(granted, commander, at, formerly, is_mine=is_mine)
    return page(request, "receipt.html", receipt=receipt, key=key, proof=proof)


@pages.route("/f/{key}/undo", methods=["POST"], content_types=_FORM)
@handled
def undo_report(key: str) -> Response:
    request, granted = pages.current_request, muster().directory.member_key(key)
    sent = ReportUndo.read(request)
    at = _instant(sent.at)
    muster().devices.require(_device(request), sent.proof, granted.id, sent.commander, at)
    muster().corrections.undo(granted, sent.commander, at)
    address = _receipt_address(request, sent.commander, sent.at, proof=sent.proof)
    return text_response("", "text/plain", {"Location": address}, 303)


@pages.route("/help")
@handled
def show_help() -> Response:
    return page(pages.current_request, "help.html", undo_within=UNDO_WITHIN)


@pages.route("/servers/{server}")
@handled
def show_progress(server: str) -> Response:
    schedule, progress = muster().overview.schedule(server), muster().overview.server_progress(server)
    return page(pages.current_request, "progress.html", schedule=schedule, progress=progress)


def _form(key: Key, name: str, ticked: list[str] | None = None, error: MusterError | None = None) -> Response:
    form = muster().member_pages.form(key, name)
    status, headers = (STATUS[type(error)], problem_headers(error)) if error else (200, {})
    if error:
        measure("Rejections", 1, code=error.code)
    return page(
        pages.current_request, "form.html", status, headers, form=form, ticked=ticked or [], error=error
    )


def _to_receipt(request: Request, key: Key, taken: Receipt) -> Response:
    """The receipt's address, and a device that remembers its commander, and that it has reported this."""
    commander, at = taken.commander, _counted_at(taken)
    device = _device(request) or secrets.token_urlsafe(16)
    proof = muster().devices.proof(device, key.id, commander.id, at)
    former = commander.formerly if isinstance(commander, RenamedCommander) else None
    address = _receipt_address(request, commander.id, rfc3339(at), former, proof)
    return see_other(address, [_cookie(request, commander.name), _device_cookie(request, device)])


def _counted_at(taken: Receipt) -> datetime:
    """The time that the receipt is of: when the report was recorded, or now, if it added nothing."""
    new = [result.recorded_at for result in taken.results if result.status == "recorded"]
    return max(new, default=muster().clock())


def _receipt_address(
    request: Request, commander: str, at: str, former: str | None = None, proof: str = ""
) -> str:
    """With the stage prefix, where there is one. `former`: the name that was given, if it is a former one."""
    given = {"commander": commander, "at": at} | ({"formerly": name_mark(former)} if former else {})
    given |= {"proof": proof} if proof else {}
    return f"{_form_path(request)}/receipt?{urlencode(given)}"


def _form_path(request: Request) -> str:
    path: str = request.context["path"]
    return path.rstrip("/").removesuffix("/undo")


def _instant(text: str) -> datetime:
    """The time of a receipt's address. Raises NotFound."""
    with suppress(ValueError, OverflowError):
        at = datetime.fromisoformat(text)
        if at.tzinfo:
            return at.astimezone(UTC)
    raise NotFound("not-found", say("incomplete-receipt"))


def _remembered(request: Request) -> str:
    """The commander who reported from this device last, or an empty string. Cookies of others may be of any form."""
    return unquote(sent_cookie(request, _COOKIE))


def _device(request: Request) -> str:
    """The text that this link has given to the device, or an empty one."""
    device = sent_cookie(request, _DEVICE)
    return device if re.fullmatch(r"[\w-]{22,64}", device, re.ASCII) else ""


def _cookie(request: Request, name: str) -> str:
    """Without a path, so that it is for the folder of the forms, whatever the stage prefix is."""
    return cookie(request, _COOKIE, quote(name, safe=""), LONG)


def _device_cookie(request: Request, device: str) -> str:
    """For the pages of this link alone."""
    return cookie(request, _DEVICE, device, _DEVICE_SECONDS, _form_path(request))
