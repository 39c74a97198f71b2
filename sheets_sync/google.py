"""One spreadsheet through gspread: a read, a write, and what can go wrong in words that officers understand."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast
from urllib.parse import urlsplit

import gspread
import requests
from google.auth.credentials import Credentials
from gspread.http_client import HTTPClient
from gspread.urls import SPREADSHEETS_API_V4_BASE_URL

TIMEOUT = 3.05, 30.0
"""Seconds to connect, and for the next part of an answer. gspread itself would wait for ever."""
SCOPES = ["https://www.googleapis.com/auth/spreadsheets"]


class SheetError(Exception):
    """The spreadsheet could not be read or written; the message is for officers."""


class ApiClient(HTTPClient):
    """gspread's transport, at whatever address the Sheets API has."""

    def __init__(self, session: requests.Session, api_url: str) -> None:
        super().__init__(cast(Credentials, None), session)  # the session brings the credentials
        self._base = api_url.rstrip("/") + urlsplit(SPREADSHEETS_API_V4_BASE_URL).path
        self.set_timeout(TIMEOUT)

    def request(self, method: str, endpoint: str, *args: Any, **kwargs: Any) -> requests.Response:
        address = endpoint.replace(SPREADSHEETS_API_V4_BASE_URL, self._base, 1)
        return super().request(method, address, *args, **kwargs)


class Spreadsheets:
    """The spreadsheets that this deployment can reach. Each method is one request, and raises SheetError."""

    def __init__(self, client: ApiClient) -> None:
        self._client = client

    def read(self, spreadsheet_id: str, fields: str) -> Mapping[str, Any]:
        """The spreadsheet, without what the field mask leaves out."""
        with _in_plain_words():
            answer: Mapping[str, Any] = self._client.fetch_sheet_metadata(
                spreadsheet_id, params={"fields": fields}
            )
        return answer

    def write(self, spreadsheet_id: str, changes: Sequence[Mapping[str, Any]]) -> None:
        """All changes or none."""
        with _in_plain_words():
            self._client.batch_update(spreadsheet_id, {"requests": changes})


def connect(api_url: str, credentials_secret: str | None) -> Spreadsheets:
    """Raises SheetError if it is Google's own API and there are no good credentials for it."""
    is_google = urlsplit(api_url).hostname == urlsplit(SPREADSHEETS_API_V4_BASE_URL).hostname
    session = _authorized_session(credentials_secret) if is_google else requests.Session()
    return Spreadsheets(ApiClient(session, api_url))


def _authorized_session(secret_id: str | None) -> requests.Session:
    """With the service account, or the keyless `external_account` configuration, that the secret holds."""
    import boto3
    from google.auth import load_credentials_from_dict
    from google.auth.exceptions import GoogleAuthError
    from google.auth.transport.requests import AuthorizedSession

    if not secret_id:
        raise SheetError("No Google credentials: SHEETS_CREDENTIALS_SECRET names no secret.")
    secret = boto3.client("secretsmanager").get_secret_value(SecretId=secret_id)["SecretString"]
    try:
        credentials, _ = load_credentials_from_dict(  # type: ignore[no-untyped-call]
            json.loads(secret), scopes=SCOPES
        )
    except (ValueError, GoogleAuthError) as error:
        raise SheetError(f"The secret {secret_id} holds no Google credentials.") from error
    session: requests.Session = AuthorizedSession(credentials)  # type: ignore[no-untyped-call]
    return session


@contextmanager
def _in_plain_words() -> Iterator[None]:
    """Whatever goes wrong between us and Google, as a SheetError."""
    try:
        yield
    except gspread.exceptions.APIError as error:
        status = error.response.status_code
        unknown = f"Google Sheets answered {status}: {error.error.get('message', '')}"[:300]
        raise SheetError(_KNOWN_FAILURES.get(status, unknown)) from error
    except (requests.RequestException, ValueError) as error:
        raise SheetError(f"Google Sheets could not be reached ({type(error).__name__}).") from error


_KNOWN_FAILURES = {
    401: "Google did not accept Muster's credentials.",
    403: "This spreadsheet is not shared with Muster as an editor.",
    404: "This spreadsheet does not exist any more.",
    429: "Google's limit of requests is reached; the next sync will catch up.",
}
