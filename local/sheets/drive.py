"""The part of the Google Drive API v3 that tells which spreadsheets were touched, and with whom they are shared."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from .access import EVERYONE, Access, Change
from .callers import OWNER
from .errors import ApiError, Json
from .masks import Mask, parse

if TYPE_CHECKING:
    from .methods import Call
    from .traffic import Quota

SPREADSHEET = "application/vnd.google-apps.spreadsheet"
PROJECT = "123456789012"
# What is answered without a `fields` parameter.
DEFAULT_MASKS: dict[str, Mask] = {
    "changes.list": parse(
        "kind,nextPageToken,newStartPageToken,"
        "changes(kind,type,changeType,time,removed,fileId,file(kind,id,name,mimeType))"
    ),
    "files.get": parse("kind,id,name,mimeType"),
    "permissions.list": parse("kind,nextPageToken,permissions(kind,id,type,role)"),
}


@dataclass
class Drive:
    """How Drive behaves, for tests to change."""

    is_enabled: bool = True
    """Whether the Drive API is enabled in the callers' project."""
    in_scope: bool = True
    """Whether the callers' tokens are for Drive, too."""
    delay: timedelta = timedelta()
    """How long it takes until a change is told."""
    quota: "Quota | None" = None
    """Apart from that of Sheets."""

    def check(self) -> None:
        """Refuses every request if nobody can use Drive."""
        if not self.is_enabled:
            raise disabled()
        if not self.in_scope:
            raise DriveError(
                403,
                "insufficientPermissions",
                "Request had insufficient authentication scopes.",
                details=[_info("ACCESS_TOKEN_SCOPE_INSUFFICIENT")],
            )


class DriveError(ApiError):
    """An error in Drive's form, which gives a reason and, for a parameter, its location."""

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        location: str | None = None,
        details: list[Json] | None = None,
    ) -> None:
        super().__init__(code, message, details or [])
        self.reason = reason
        self.location = location

    def body(self) -> Json:
        domain = (
            "usageLimits" if "ateLimit" in self.reason or self.reason == "accessNotConfigured" else "global"
        )
        each: Json = {"message": self.message, "domain": domain, "reason": self.reason}
        if self.location:
            each |= {"location": self.location, "locationType": "parameter"}
        found: Json = {"code": self.code, "message": self.message, "errors": [each]}
        return {
            "error": found
            | ({"status": "PERMISSION_DENIED", "details": self.details} if self.details else {})
        }


REASONS = {400: "badRequest", 401: "authError", 403: "forbidden", 404: "notFound", 429: "rateLimitExceeded"}


def as_drive(error: ApiError) -> DriveError:
    if isinstance(error, DriveError):
        return error
    return DriveError(error.code, REASONS.get(error.code, "backendError"), error.message)


def disabled() -> DriveError:
    address = (
        f"https://console.developers.google.com/apis/api/drive.googleapis.com/overview?project={PROJECT}"
    )
    return DriveError(
        403,
        "accessNotConfigured",
        f"Google Drive API has not been used in project {PROJECT} before or it is disabled. Enable it by visiting "
        f"{address} then retry. If you enabled this API recently, wait a few minutes for the action to propagate to "
        "our systems and retry.",
        details=[_info("SERVICE_DISABLED")],
    )


def start_page_token(request: "Call") -> Json:
    return {"kind": "drive#startPageToken", "startPageToken": str(_end(_told(request)))}


def list_changes(request: "Call") -> Json:
    """Changes from a token on, the last of each file only."""
    token, told = request.query["pageToken"], _told(request)
    if not token.isdecimal() or not 1 <= int(token) <= _end(request.store.changes):
        raise invalid_value("pageToken")
    since = [change for change in told if change.number >= int(token)]
    lost = {(change.file_id, account) for change in since for account in change.lost}
    last = sorted({change.file_id: change for change in since}.values())
    shown = [(change.number, _shown(request, change, lost)) for change in last]
    found = [(number, change) for number, change in shown if change]
    size = request.query.get("pageSize", 100)
    answer: Json = {"kind": "drive#changeList", "changes": [change for _, change in found[:size]]}
    if len(found) > size:
        return answer | {"nextPageToken": str(found[size - 1][0] + 1)}
    return answer | {"newStartPageToken": str(max(int(token), _end(told)))}


def get_file(request: "Call") -> Json:
    return _file(request, _seen(request))


def list_permissions(request: "Call") -> Json:
    file_id = _seen(request)
    access = request.store.access[file_id]
    if access.role(request.caller.email) == "reader":
        message = "The user does not have sufficient permissions for this file."
        raise DriveError(403, "insufficientFilePermissions", message)
    return {"kind": "drive#permissionList", "permissions": _permissions(access, request.caller.email)}


def invalid_value(location: str) -> DriveError:
    return DriveError(400, "invalid", "Invalid Value", location)


def _told(request: "Call") -> list[Change]:
    """The changes that Drive tells of by now."""
    due = request.store.clock() - request.drive.delay
    return [change for change in request.store.changes if change.at <= due]


def _end(told: list[Change]) -> int:
    return told[-1].number + 1 if told else 1


def _shown(request: "Call", change: Change, lost: set[tuple[str, str]]) -> Json | None:
    """One change as the caller is told of it, if at all. `lost`: which files are no longer shared with whom."""
    file_id, me = change.file_id, request.caller.email
    access = request.store.access[file_id]
    if request.query.get("restrictToMyDrive", False) and access.role(me) != "owner":
        return None
    shown = {
        "kind": "drive#change",
        "type": "file",
        "changeType": "file",
        "fileId": file_id,
        "time": _time(change.at),
    }
    if file_id in request.store.books and access.is_listed(me):
        return shown | {"removed": False, "file": _file(request, file_id)}
    has_lost = {(file_id, me), (file_id, EVERYONE)} & lost
    return shown | {"removed": True} if has_lost and request.query.get("includeRemoved", True) else None


def _seen(request: "Call") -> str:
    """The id in the address, if the caller may know of such a file."""
    file_id = request.path["fileId"]
    if file_id not in request.store.books or request.store.access[file_id].role(request.caller.email) is None:
        raise DriveError(404, "notFound", f"File not found: {file_id}.", "fileId")
    return file_id


def _file(request: "Call", file_id: str) -> Json:
    """The file as it is now, whatever change it is told with."""
    book, access = request.store.books[file_id], request.store.access[file_id]
    touched, me = request.store.touched[file_id], request.caller.email
    role = access.role(me)
    found: Json = {
        "kind": "drive#file",
        "id": file_id,
        "name": book.title,
        "mimeType": SPREADSHEET,
        "version": str(touched.version),
        "modifiedTime": _time(touched.at),
        "lastModifyingUser": {
            "kind": "drive#user",
            "displayName": touched.by.partition("@")[0],
            "me": touched.by == me,
            "emailAddress": touched.by,
        },
        "trashed": False,
        "shared": bool(access.roles or access.link),
        "ownedByMe": role == "owner",
        "capabilities": {"canEdit": role != "reader", "canShare": role != "reader"},
        "webViewLink": request.page_url(file_id),
    }
    return found if role == "reader" else found | {"permissions": _permissions(access, me)}


def _permissions(access: Access, me: str) -> list[Json]:
    roles: dict[str, str] = {OWNER: "owner"} | dict(access.roles)
    if everyone := roles.pop(EVERYONE, None):
        roles.setdefault(me, everyone)
    found: list[Json] = [
        {"kind": "drive#permission", "id": email, "type": "user", "emailAddress": email, "role": role}
        for email, role in roles.items()
    ]
    if access.link:
        found.append(
            {"kind": "drive#permission", "id": "anyoneWithLink", "type": "anyone", "role": access.link}
        )
    return found


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _info(reason: str) -> Json:
    metadata = {"service": "drive.googleapis.com", "consumer": f"projects/{PROJECT}"}
    kind = "type.googleapis.com/google.rpc.ErrorInfo"
    return {"@type": kind, "reason": reason, "domain": "googleapis.com", "metadata": metadata}
