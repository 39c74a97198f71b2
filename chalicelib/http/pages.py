"""The pages of members: the form, its receipts, and how to report.

Links are relative, so that they work under a stage prefix and without one.
"""

import re
import secrets
from contextlib import suppress
from datetime import UTC, datetime
from urllib.parse import urlencode

from chalice.app import Blueprint, Request, Response

from chalicelib.bootstrap import muster
from chalicelib.domain.access import Key
from chalicelib.domain.calendar import rfc3339
from chalicelib.domain.errors import DidYouMean, MusterError, NotFound
from chalicelib.domain.messages import say
from chalicelib.domain.names import name_mark
from chalicelib.http.addresses import called_path
from chalicelib.http.cookies import LONG, cookie, sent_cookie
from chalicelib.http.inputs import FilledForm, FormQuery, ReceiptQuery, ReportUndo
from chalicelib.http.problems import STATUS, handled, note, problem_headers
from chalicelib.http.responses import page, see_other, text_response
from chalicelib.services.corrections import UNDO_WITHIN
from chalicelib.services.member_pages import MemberReceipt
from chalicelib.services.reporting import Receipt
from chalicelib.services.rosters import RenamedCommander
from chalicelib.telemetry import measure_report

pages = Blueprint(__name__)

_FORM = ["application/x-www-form-urlencoded"]
_HERE = "muster_commanders"
_MOST_HERE = 8
_DEVICE = "muster_device"
_DEVICE_SECONDS = 24 * 3600  # longer than a report can be undone, so that it is told when that is over
_LONGEST_ADDRESS = 4_000


@pages.route("/f/{key}")
@handled
def show_form(key: str) -> Response:
    request, granted = pages.current_request, muster().directory.member_key(key)
    asked = FormQuery.read(request)
    return _form(request, granted, asked, _refusal(granted, asked) if asked.is_sent else None)


@pages.route("/f/{key}", methods=["POST"], content_types=_FORM)
@handled
def send_form(key: str) -> Response:
    request, granted = pages.current_request, muster().directory.member_key(key)
    sent = FilledForm.read(request)
    try:
        taken = muster().reporting.report(granted, sent.commander, sent.milestones, is_new=sent.is_new)
    except MusterError as error:
        return _refused(request, granted, sent, error)
    measure_report(result.status for result in taken.results)
    return _to_receipt(request, granted, taken)


@pages.route("/f/{key}/receipt")
@handled
def show_receipt(key: str) -> Response:
    granted, request = muster().directory.member_key(key), pages.current_request
    asked = ReceiptQuery.read(request)
    receipt = _receipt(request, granted, asked)
    return page(
        request, "receipt.html", scripts=["times", "receipt"], receipt=receipt, key=key, proof=asked.proof
    )


@pages.route("/f/{key}/undo", methods=["POST"], content_types=_FORM)
@handled
def undo_report(key: str) -> Response:
    request, granted = pages.current_request, muster().directory.member_key(key)
    sent = ReportUndo.read(request)
    at = _instant(sent.at)
    muster().devices.require(_device(request), sent.proof, granted.id, sent.commander, at)
    muster().corrections.undo(granted, sent.commander, at)
    address = _receipt_address(request, commander=sent.commander, at=sent.at, proof=sent.proof)
    return text_response("", "text/plain", {"Location": address}, 303)


@pages.route("/help")
@handled
def show_help() -> Response:
    return page(pages.current_request, "help.html", undo_within=UNDO_WITHIN)


def _form(
    request: Request, key: Key, asked: FormQuery | FilledForm, error: MusterError | None = None
) -> Response:
    """`asked`: as it stands in the address, or as it was sent; then the script puts it there."""
    who, address = (asked.who, "") if isinstance(asked, FormQuery) else (None, asked.address)
    form = muster().member_pages.form(key, _here(request), asked.commander, who)
    status, headers = (STATUS[type(error)], problem_headers(error)) if error else (200, {})
    return page(
        request,
        "form.html",
        status,
        headers,
        scripts=["times", "form"],
        form=form,
        ticked=asked.milestones,
        error=error,
        address=address,
    )


def _receipt(request: Request, key: Key, asked: ReceiptQuery) -> MemberReceipt:
    at = _instant(asked.at)
    return muster().member_pages.receipt(
        key,
        asked.commander,
        at,
        asked.formerly,
        again=asked.again,
        here=_here(request),
        is_mine=muster().devices.reported(_device(request), asked.proof, key.id, asked.commander, at),
    )


def _refused(request: Request, key: Key, sent: FilledForm, error: MusterError) -> Response:
    """The form with what was typed and why it was refused. A question has an address of its own, so that who comes back
    to it later is not asked by the browser whether to send it again.
    """
    note(error, STATUS[type(error)])
    if isinstance(error, DidYouMean) and len(sent.address) <= _LONGEST_ADDRESS:
        return see_other(_form_path(request) + sent.address, [])
    return _form(request, key, sent, error)


def _refusal(key: Key, asked: FormQuery) -> MusterError | None:
    return muster().reporting.refusal(key, asked.commander or "", asked.milestones, is_new=asked.is_new)


def _to_receipt(request: Request, key: Key, taken: Receipt) -> Response:
    """The receipt's address, and a device that remembers its commander, and that it has reported this."""
    commander, at = taken.commander, _counted_at(taken)
    device = _device(request) or secrets.token_urlsafe(16)
    address = _receipt_address(
        request,
        commander=commander.id,
        at=rfc3339(at),
        formerly=name_mark(commander.formerly) if isinstance(commander, RenamedCommander) else "",
        proof=muster().devices.proof(device, key.id, commander.id, at),
        again=[result.milestone for result in taken.results if result.status == "already_recorded"],
    )
    here = [commander.id, *(one for one in _here(request) if one != commander.id)][:_MOST_HERE]
    return see_other(address, [_here_cookie(request, here), _device_cookie(request, device)])


def _counted_at(taken: Receipt) -> datetime:
    """The time that the receipt is of: when the report was recorded, or now, if it added nothing."""
    new = [result.recorded_at for result in taken.results if result.status == "recorded"]
    return max(new, default=muster().clock())


def _receipt_address(request: Request, **given: str | list[str]) -> str:
    """With the stage prefix, where there is one. What is empty is left out."""
    query = urlencode({name: value for name, value in given.items() if value}, doseq=True)
    return f"{_form_path(request)}/receipt?{query}"


def _form_path(request: Request) -> str:
    return called_path(request).rstrip("/").removesuffix("/undo")


def _instant(text: str) -> datetime:
    """The time of a receipt's address. Raises NotFound."""
    with suppress(ValueError, OverflowError):
        at = datetime.fromisoformat(text)
        if at.tzinfo:
            return at.astimezone(UTC)
    raise NotFound("not-found", say("incomplete-receipt"))


def _here(request: Request) -> list[str]:
    """The ids of those who have reported from this device by this link, the latest first."""
    ids = sent_cookie(request, _HERE).split(".")
    return [one for one in ids if re.fullmatch(r"[\w-]{1,64}", one, re.ASCII)][:_MOST_HERE]


def _device(request: Request) -> str:
    """The text that this link has given to the device, or an empty one."""
    device = sent_cookie(request, _DEVICE)
    return device if re.fullmatch(r"[\w-]{22,64}", device, re.ASCII) else ""


def _here_cookie(request: Request, ids: list[str]) -> str:
    """For the pages of this link alone. It holds no names, so that a rename needs nothing."""
    return cookie(request, _HERE, ".".join(ids), LONG, _form_path(request))


def _device_cookie(request: Request, device: str) -> str:
    """For the pages of this link alone."""
    return cookie(request, _DEVICE, device, _DEVICE_SECONDS, _form_path(request))
