"""One spreadsheet through gspread, within what a run may still spend."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from random import uniform
from typing import Any, Self, cast
from urllib.parse import urlsplit

import requests
from google.auth.credentials import Credentials
from google.auth.exceptions import GoogleAuthError
from gspread.exceptions import APIError
from gspread.http_client import HTTPClient
from gspread.urls import SPREADSHEET_URL, SPREADSHEETS_API_V4_BASE_URL
from requests.adapters import HTTPAdapter
from urllib3 import Retry
from urllib3.exceptions import MaxRetryError, ResponseError

from sheets_sync.allowance import Budget, Kind
from sheets_sync.credentials import Account, accounts_in, address_of, from_secrets_manager, signed_in
from sheets_sync.failures import SheetError, SignInFailed, refusal

CONNECT_TIMEOUT, READ_TIMEOUT = 3.05, 30.0
"""Seconds to connect, and to wait for the next part of an answer. gspread itself would wait for ever."""
USER_AGENT = "muster (gzip)"
"""Google compresses its answers if the word gzip is in here, too."""
TRIES = 3
"""How often one request is tried, the first time included."""
MOST_BYTES = 6 * 1024 * 1024
"""Of an answer, eight times as much as a full roster has. To work on so much takes 150 MB and some seconds. With more,
or where several accounts meet so much at once, a run would end for want of memory, and others with it."""


@dataclass(frozen=True, slots=True)
class Google:
    """Where the Sheets API is, and how to sign in. Only `host` requires a sign-in, no other address does.

    `account`: the address of the account to sign in as; None: the first that the secret or file holds.
    """

    api_url: str
    credentials_secret: str | None = None
    read_secret: Callable[[str], str] = from_secrets_manager
    host: str | None = urlsplit(SPREADSHEETS_API_V4_BASE_URL).hostname
    account: str | None = None

    @property
    def needs_sign_in(self) -> bool:
        return urlsplit(self.api_url).hostname == self.host

    def accounts(self) -> list[Account]:
        """Those that share the spreadsheets; without a sign-in, one that has no address. Raises SignInFailed."""
        if self.needs_sign_in:
            return accounts_in(self.credentials_secret, self.read_secret)
        return [Account()]

    def session(self) -> requests.Session:
        """Raises SignInFailed."""
        if not self.needs_sign_in:
            return requests.Session()
        return cast(requests.Session, signed_in(self.credentials_secret, self.read_secret, self.account))


@dataclass(frozen=True, slots=True)
class Spreadsheets:
    """The spreadsheets that this deployment can reach. Each method is one request.

    It raises SheetError, or OutOfAllowance if the request is more than the run may spend.
    """

    _client: "ApiClient"

    def managed(self, spreadsheet_id: str, metadata_key: str, fields: str) -> Mapping[str, Any]:
        """Only the sheets that carry developer metadata of that key, and of them only what the field mask names."""
        lookup = {"metadataKey": metadata_key, "locationType": "SHEET"}
        body = {"dataFilters": [{"developerMetadataLookup": lookup}]}
        url = f"{SPREADSHEET_URL % spreadsheet_id}:getByDataFilter"
        return self._client.answer("post", url, fields, body)

    def overview(self, spreadsheet_id: str, fields: str) -> Mapping[str, Any]:
        """The whole spreadsheet, but only what the field mask names."""
        return self._client.answer("get", SPREADSHEET_URL % spreadsheet_id, fields)

    def write(
        self,
        spreadsheet_id: str,
        requests: Sequence[Mapping[str, Any]],
        ranges: Sequence[str] = (),
        fields: str = "",
    ) -> Mapping[str, Any]:
        """Applies all of the requests, or none; after an error it may have been either.

        Answers what the field mask names, of the spreadsheet as it is then; of its cells, those of the ranges.
        """
        url = f"{SPREADSHEET_URL % spreadsheet_id}:batchUpdate"
        body: dict[str, Any] = {"requests": list(requests)}
        if ranges:
            body |= {"includeSpreadsheetInResponse": True, "responseRanges": list(ranges)}
        return self._client.answer("post", url, fields if ranges else "spreadsheetId", body)


@contextmanager
def connect(google: Google, budget: Budget) -> Iterator[Spreadsheets]:
    """Raises SignInFailed."""
    with closing(google.session()) as session:
        session.mount(google.api_url, _Meter(budget))
        session.headers["User-Agent"] = USER_AGENT
        yield Spreadsheets(ApiClient(session, google.api_url, budget))


class ApiClient(HTTPClient):
    """gspread's transport, with the Sheets API at any address."""

    def __init__(self, session: requests.Session, api_url: str, budget: Budget) -> None:
        super().__init__(cast(Credentials, None), session)  # the session brings the credentials
        self._base = api_url.rstrip("/") + urlsplit(SPREADSHEETS_API_V4_BASE_URL).path
        self._budget = budget

    def request(self, method: str, endpoint: str, *args: Any, **kwargs: Any) -> requests.Response:
        """Raises SheetError."""
        address = endpoint.replace(SPREADSHEETS_API_V4_BASE_URL, self._base, 1)
        left = self._budget.seconds - CONNECT_TIMEOUT
        self.set_timeout((CONNECT_TIMEOUT, min(READ_TIMEOUT, max(1.0, left))))
        try:
            return super().request(method, address, *args, **kwargs)
        except APIError as error:
            answer, whose = error.response, address_of(self.session)
            raise refusal(answer.status_code, _json(answer), whose, _kind(address)) from None
        except GoogleAuthError as error:
            words = f"Google did not accept Muster's credentials ({type(error).__name__})."
            raise SignInFailed(words, lasting=not error.retryable) from None
        except requests.RequestException as error:
            words = f"Google Sheets could not be reached ({type(error).__name__}); the next sync tries again."
            raise SheetError(words, again=not _never_connected(error)) from error

    def answer(
        self, method: str, endpoint: str, fields: str, body: Mapping[str, Any] | None = None
    ) -> Mapping[str, Any]:
        """The JSON object that a request is answered with: what the field mask names. Raises SheetError.

        Nothing is indented on either way, and answers come compressed.
        """
        sent: dict[str, Any] = {}
        if body is not None:
            text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
            sent = {"data": text.encode(errors="replace"), "headers": {"Content-Type": "application/json"}}
        params = {"fields": fields, "prettyPrint": "false"}
        response = self.request(method, endpoint, params=params, **sent)
        found = _json(response)
        if not isinstance(found, Mapping):
            raise refusal(response.status_code, found, None, _kind(endpoint))
        return found


class _Meter(HTTPAdapter):
    """Counts every request that is sent, also those that fail and those that urllib3 sends again."""

    def __init__(self, budget: Budget) -> None:
        super().__init__()
        self._budget = budget

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """Raises OutOfAllowance, and then sends nothing."""
        kind = _kind(str(request.url))
        self.max_retries = _Tries.of(self._budget, kind, seconds=sum(options["timeout"]))
        self._budget.spend(kind)
        try:
            return super().send(request, *args, **options)
        finally:
            self._budget.answered(kind)

    def build_response(self, request: requests.PreparedRequest, answer: Any) -> requests.Response:
        response = super().build_response(request, answer)
        response.raw = _Bounded(answer)
        return response


class _Bounded:
    """An answer of which no more than `MOST_BYTES` is read: officers decide how much there is in a spreadsheet."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._answer, name)

    def stream(self, *args: Any, **options: Any) -> Iterator[bytes]:
        """Raises SheetError."""
        size = 0
        for part in self._answer.stream(*args, **options):
            size += len(part)
            if size > MOST_BYTES:
                self._answer.close()
                words = f"Muster's tabs hold more than {MOST_BYTES // 1024 // 1024} MB. Delete what was added to them."
                raise SheetError(words, lasting=True)
            yield part


def _kind(url: str) -> Kind:
    return "write" if urlsplit(url).path.endswith(":batchUpdate") else "read"


class _Tries(Retry):
    """Tries again only what can't have been applied: there was no connection, or Google's quota was used up.

    It does so only while requests are left, and time for the pause and for one more whole try.
    """

    RETRY_AFTER_STATUS_CODES = frozenset({429})

    budget: Budget
    kind: Kind
    seconds: float
    wait: float = 0.0

    @classmethod
    def of(cls, budget: Budget, kind: Kind, seconds: float) -> Self:
        """`seconds`: how long one try may take."""
        more = TRIES - 1
        tries = cls(
            total=more,
            connect=more,
            status=more,
            read=False,
            other=0,
            redirect=False,
            allowed_methods=None,
            status_forcelist={429},
            raise_on_status=False,
        )
        tries.budget, tries.kind, tries.seconds = budget, kind, seconds
        return tries

    def new(self, **kw: Any) -> Self:
        tries = super().new(**kw)
        tries.budget, tries.kind, tries.seconds = self.budget, self.kind, self.seconds
        return tries

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: Any = None,
        error: Exception | None = None,
        _pool: Any = None,
        _stacktrace: Any = None,
    ) -> Self:
        """The tries that remain after one that failed. Raises MaxRetryError if there are none."""
        self.budget.answered(self.kind)
        tries = super().increment(method, url, response, error, _pool, _stacktrace)
        asked = self.get_retry_after(response) if response else None
        tries.wait = asked or uniform(0.5, 1) * 2 ** len(self.history)  # noqa: S311 - jitter
        out_of_requests = self.budget.allowance.wait(self.kind) > tries.wait
        if out_of_requests or self.budget.seconds < tries.wait + self.seconds:
            reason = error or ResponseError(ResponseError.SPECIFIC_ERROR.format(status_code=429))
            raise MaxRetryError(_pool, url or "", reason)
        return tries

    def sleep(self, response: Any = None) -> None:  # noqa: ARG002 - `increment` has looked at it
        self.budget.pause(self.wait)
        self.budget.spend(self.kind)


def _never_connected(error: requests.RequestException) -> bool:
    """Whether it was tried several times and nothing can have been applied."""
    return any(isinstance(reason, MaxRetryError) for reason in error.args)


def _json(response: requests.Response) -> object:
    """None if it is not JSON."""
    try:
        return response.json()
    except ValueError:
        return None
