"""Which spreadsheets were touched, by the Drive API: one request tells it of all that an account can see.

Its quota is not that of the Sheets API. It has to be enabled, and takes a scope that shows no content.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

import requests
from google.auth.exceptions import GoogleAuthError

from chalicelib.domain.binding import NAMELESS
from sheets_sync.credentials import NONE, address_of, from_secrets_manager, signed_in
from sheets_sync.failures import SignInFailed

TIMEOUT = 3.05, 10.0
"""Seconds to connect, and to wait for the next part of the answer."""
PAGE = 1000
"""Changes in one answer: the most that Google gives."""

_FIELDS = "nextPageToken,newStartPageToken,changes(fileId,removed,file(lastModifyingUser(me)))"
_EVERYWHERE = {"supportsAllDrives": "true", "includeItemsFromAllDrives": "true"}


class DriveError(Exception):
    """It can't be told now what was touched. The next run asks again."""


class NotPermitted(DriveError):
    """It can't be told until somebody has done something."""


class BadToken(DriveError):
    """Google does not take the token: what was touched since is not known."""


@dataclass(frozen=True, slots=True)
class Changes:
    """The files that others than this account touched, or that it lost sight of, up to `token`. `are_all`: there are
    no more yet."""

    files: frozenset[str]
    token: str
    are_all: bool


@dataclass(frozen=True, slots=True)
class Drive:
    """Where the Drive API is, and how to sign in. Only `host` requires a sign-in, no other address does. `account`: as
    for `Google`."""

    api_url: str
    credentials_secret: str | None = None
    read_secret: Callable[[str], str] = from_secrets_manager
    host: str = "www.googleapis.com"
    account: str | None = None

    @contextmanager
    def connected(self) -> Iterator["DriveAccount"]:
        """Raises DriveError."""
        with closing(self._session()) as session:
            name = self.account or address_of(session) or NAMELESS
            yield DriveAccount(session, f"{self.api_url.rstrip('/')}/drive/v3", name)

    def _session(self) -> requests.Session:
        if urlsplit(self.api_url).hostname != self.host:
            return requests.Session()
        if not self.credentials_secret:
            raise NotPermitted(NONE)
        try:
            return cast(requests.Session, signed_in(self.credentials_secret, self.read_secret, self.account))
        except SignInFailed as error:
            raise DriveError(str(error)) from None


@dataclass(frozen=True, slots=True)
class DriveAccount:
    """What one account sees. Each method is one request, and raises DriveError. `name`: what its tokens are kept
    under."""

    _session: requests.Session
    _url: str
    name: str = NAMELESS

    def start(self) -> str:
        """The token from which on changes are told."""
        return str(self._answer("changes/startPageToken", {"supportsAllDrives": "true"})["startPageToken"])

    def since(self, token: str) -> Changes:
        """The next page of changes after the token. Raises BadToken too."""
        asked = {"pageToken": token, "pageSize": str(PAGE), "fields": _FIELDS, **_EVERYWHERE}
        answer = self._answer("changes", asked, of_token=True)
        files = {
            str(one["fileId"]) for one in answer.get("changes", ()) if "fileId" in one and not _is_ours(one)
        }
        if following := answer.get("nextPageToken"):
            return Changes(frozenset(files), str(following), are_all=False)
        return Changes(frozenset(files), str(answer["newStartPageToken"]), are_all=True)

    def anyone_may_edit(self, file: str) -> bool | None:
        """Whether anyone with the link may edit the file; None if the account can't see with whom it is shared."""
        asked = {"fields": "permissions(type,role)", "supportsAllDrives": "true"}
        known = self._answer(f"files/{file}", asked).get("permissions")
        if known is None:
            return None
        return any(one.get("type") == "anyone" and one.get("role") == "writer" for one in known)

    def _answer(self, path: str, asked: Mapping[str, str], *, of_token: bool = False) -> Mapping[str, Any]:
        """The JSON object of an answer."""
        url = f"{self._url}/{path}"
        try:
            response = self._session.get(url, params={**asked, "prettyPrint": "false"}, timeout=TIMEOUT)
            body = response.json()
        except (requests.RequestException, GoogleAuthError) as error:  # JSONDecodeError is one of them
            raise DriveError(f"Google Drive could not be reached ({type(error).__name__}).") from None
        if response.status_code == 200 and isinstance(body, Mapping):
            return body
        raise _refusal(response.status_code, body, of_token=of_token)


def _is_ours(change: Mapping[str, Any]) -> bool:
    """Whether nobody has edited it since we wrote: then our write's own answer has shown all edits."""
    return bool(change.get("file", {}).get("lastModifyingUser", {}).get("me"))


def _refusal(status: int, body: object, *, of_token: bool) -> DriveError:
    error = body.get("error") if isinstance(body, Mapping) else None
    error = error if isinstance(error, Mapping) else {}
    words = f"Google Drive answered {status}: {str(error.get('message', ''))[:300]}"
    reasons = {str(one.get("reason")) for one in error.get("errors", ()) if isinstance(one, Mapping)}
    if status == 403 and reasons & {"rateLimitExceeded", "userRateLimitExceeded"}:
        return DriveError(words)
    if of_token and status in (400, 404, 410):
        return BadToken(words)
    return NotPermitted(words) if status in (401, 403, 404) else DriveError(words)
