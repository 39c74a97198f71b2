"""Google's credentials: from a file or from Secrets Manager, kept by the process, never shown."""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from google.auth import aws, identity_pool
from google.auth.credentials import Credentials, TokenState
from google.auth.exceptions import GoogleAuthError, RefreshError, TransportError
from google.auth.transport.requests import AuthorizedSession, Request
from google.oauth2 import service_account

from sheets_sync.failures import SignInFailed

SCOPES = [
    "https://www.googleapis.com/auth/spreadsheets",
    "https://www.googleapis.com/auth/drive.metadata.readonly",  # which spreadsheets were touched, and no content
]
SIGN_IN_TIMEOUT = 10.0
"""Seconds."""

FILE = "file:"
"""Before the path of a file, where the id of a secret may stand."""
NONE = (
    "There are no Google credentials: neither SHEETS_CREDENTIALS_SECRET nor SHEETS_CREDENTIALS_FILE is set."
)

_kept: dict[str, Credentials] = {}
"""By the secret's id: those that Google accepted last."""


def from_secrets_manager(secret_id: str) -> str:
    """The text of the secret. Raises ClientError, BotoCoreError, KeyError."""
    import boto3
    from botocore.config import Config

    quickly = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})
    client = boto3.client("secretsmanager", config=quickly)
    try:
        return str(client.get_secret_value(SecretId=secret_id)["SecretString"])
    finally:
        client.close()


def signed_in(
    secret_id: str | None, read_secret: Callable[[str], str] = from_secrets_manager
) -> AuthorizedSession:
    """A session with the credentials that the secret or file holds. Google has just accepted them, or did within the
    hour.

    Credentials that Google no longer accepts are read again, so a rotated secret needs no deployment.
    Raises SignInFailed, whose message shows nothing of what the secret holds.
    """
    if not secret_id:
        raise SignInFailed(NONE, lasting=True)
    kept = _kept.pop(secret_id, None)
    credentials = None
    if kept is not None:
        with suppress(SignInFailed):
            credentials = _fresh(kept)
    _kept[secret_id] = credentials or _fresh(held_in(secret_id, read_secret))
    return AuthorizedSession(_kept[secret_id])  # type: ignore[no-untyped-call]


def held_in(secret_id: str, read_secret: Callable[[str], str] = from_secrets_manager) -> Credentials:
    """The credentials that the secret or file holds, not tried yet. Raises SignInFailed as `signed_in` does."""
    name = secret_id.replace(FILE, "file ", 1) if secret_id.startswith(FILE) else f"secret {secret_id}"
    try:
        held = json.loads(_content(secret_id, name, read_secret))
        return _credentials(held if isinstance(held, dict) else {})
    except (ValueError, KeyError, TypeError, GoogleAuthError):
        words = f"The {name} holds no service account and no external_account configuration."
        raise SignInFailed(words, lasting=True) from None


def _content(secret_id: str, name: str, read_secret: Callable[[str], str]) -> str:
    """Raises SignInFailed, ValueError, KeyError."""
    if secret_id.startswith(FILE):
        try:
            return Path(secret_id.removeprefix(FILE)).read_text(encoding="utf-8-sig")
        except OSError as error:
            raise SignInFailed(f"The {name} can't be read: {error.strerror}.", lasting=True) from None
    from botocore.exceptions import BotoCoreError, ClientError  # without AWS, there is none

    try:
        return read_secret(secret_id)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        lasting = code in ("AccessDeniedException", "ResourceNotFoundException")
        raise SignInFailed(f"The {name} can't be read: {code}.", lasting=lasting) from None
    except BotoCoreError as error:
        raise SignInFailed(f"The {name} can't be read: {type(error).__name__}.") from None


def forget(secret_id: str | None) -> None:
    """Makes the next `signed_in` read the secret again."""
    _kept.pop(secret_id or "", None)


def address_of(session: object) -> str | None:
    """The e-mail address of the account that the session signs in with, if it is known."""
    credentials = getattr(session, "credentials", None)
    return getattr(credentials, "service_account_email", None)


def _credentials(held: Mapping[str, Any]) -> Credentials:
    """Only these two kinds are taken: some others would run a program that the configuration names."""
    make: Any
    if held.get("type") == "service_account":
        make = service_account.Credentials.from_service_account_info
    elif held.get("type") == "external_account":
        is_aws = str(held.get("credential_source", {}).get("environment_id", "")).startswith("aws")
        make = aws.Credentials.from_info if is_aws else identity_pool.Credentials.from_info
    else:
        raise ValueError("neither kind")
    credentials: Credentials = make(held, scopes=SCOPES)
    return credentials


def _fresh(credentials: Credentials) -> Credentials:
    """With a token that outlasts the run. Raises SignInFailed."""
    if credentials.token_state == TokenState.FRESH:
        return credentials
    request = Request()
    try:
        credentials.refresh(partial(request, timeout=SIGN_IN_TIMEOUT))  # type: ignore[no-untyped-call]
    except (RefreshError, TransportError) as error:
        lasting = isinstance(error, RefreshError) and not error.retryable
        words = f"Google did not accept Muster's credentials ({type(error).__name__})."
        raise SignInFailed(words, lasting=lasting) from None
    finally:
        request.session.close()
    return credentials
