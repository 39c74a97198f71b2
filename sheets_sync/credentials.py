"""Google's credentials, of one account or several: from a file or from Secrets Manager, kept by the process, never
shown."""

import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any

from google.auth import aws, identity_pool
from google.auth.credentials import Credentials, TokenState
from google.auth.exceptions import GoogleAuthError, RefreshError, TransportError
from google.auth.transport.requests import AuthorizedSession, Request
from google.oauth2 import service_account

from sheets_sync.failures import SignInFailed

logger = logging.getLogger(__name__)

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

READ_AGAIN = timedelta(minutes=15)
"""After this time the secret is read again, so that an account that was added or taken away is noticed."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account at Google. `address`: what spreadsheets are shared with; None if its configuration names no service
    account. `project`: whose quota it uses; the same for all of which that is not known."""

    address: str | None = None
    project: str = ""


Held = Mapping[Account, Credentials]
"""What a secret holds, in its order."""


@dataclass(frozen=True, slots=True)
class _Kept:
    held: Held
    read_at: float = field(default_factory=time.monotonic)

    @property
    def is_recent(self) -> bool:
        return time.monotonic() - self.read_at < READ_AGAIN.total_seconds()


_kept: dict[str, _Kept] = {}
"""By the secret's id: what it held when it was read last."""
_turn = Lock()
"""Whoever reads a secret has it: the others then find what they need."""


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


def accounts_in(
    secret_id: str | None, read_secret: Callable[[str], str] = from_secrets_manager
) -> list[Account]:
    """The accounts that the secret or file holds, in its order, as they were within `READ_AGAIN`. If it can't be read
    again, as they were before. Raises SignInFailed, whose message shows nothing of what the secret holds."""
    return list(_known(secret_id, read_secret).held)


def signed_in(
    secret_id: str | None,
    read_secret: Callable[[str], str] = from_secrets_manager,
    address: str | None = None,
) -> AuthorizedSession:
    """A session of the account with that address, or of the first, with credentials that the secret or file holds.
    Google has just accepted them, or did within the hour.

    Credentials that Google no longer accepts are read again, so a rotated secret needs no deployment.
    Raises SignInFailed, whose message shows nothing of what the secret holds.
    """
    known = _known(secret_id, read_secret)
    credentials = _of(known.held, address)
    try:
        _refresh(credentials)
    except SignInFailed:
        if not credentials.token:  # it has just been read
            raise
        credentials = _of(_known(secret_id, read_secret, since=known).held, address)
        _refresh(credentials)
    return AuthorizedSession(credentials)  # type: ignore[no-untyped-call]


def _known(secret_id: str | None, read_secret: Callable[[str], str], since: _Kept | None = None) -> _Kept:
    """What the secret holds; read again if it is what was known `since`. Raises SignInFailed."""
    if not secret_id:
        raise SignInFailed(NONE, lasting=True)
    with _turn:
        kept = _kept.get(secret_id)
        if kept is None or kept is since or not kept.is_recent:
            try:
                kept = _kept[secret_id] = _Kept(held_in(secret_id, read_secret))
            except SignInFailed as error:
                if kept is None:
                    raise
                logger.warning("Google's accounts stay as they were: %s", error)
                kept = _kept[secret_id] = _Kept(kept.held)  # and are not asked for by everybody in turn
    return kept


def _of(held: Held, address: str | None) -> Credentials:
    for account, credentials in held.items():
        if address in (None, account.address):
            return credentials
    raise SignInFailed(f"Muster no longer has the credentials of {address}.", lasting=True)


def held_in(secret_id: str, read_secret: Callable[[str], str] = from_secrets_manager) -> Held:
    """What the secret or file holds: the credentials of at least one account, not tried yet. Raises SignInFailed as
    `signed_in` does."""
    name = secret_id.replace(FILE, "file ", 1) if secret_id.startswith(FILE) else f"secret {secret_id}"
    try:
        content = json.loads(_content(secret_id, name, read_secret))
    except (ValueError, KeyError):
        content = None
    entries = content if isinstance(content, list) and content else [content]
    held: dict[Account, Credentials] = {}
    for number, entry in enumerate(entries, 1):
        which = f" in entry {number} of {len(entries)}" if isinstance(content, list) else ""
        try:
            credentials = _credentials(entry if isinstance(entry, dict) else {})
        except (ValueError, KeyError, TypeError, GoogleAuthError):
            words = f"The {name} holds no service account and no external_account configuration{which}."
            raise SignInFailed(words, lasting=True) from None
        account = _account(entry, credentials)
        if len(entries) > 1 and account.address is None:
            words = f"The {name} names no service account{which}. With several accounts, each must have an address."
            raise SignInFailed(words, lasting=True)
        if account.address in {one.address for one in held}:
            raise SignInFailed(f"The {name} holds {account.address} twice.", lasting=True)
        held[account] = credentials
    return held


def _account(entry: Mapping[str, Any], credentials: Credentials) -> Account:
    """A key names its project; without a key, it is the one in the service account's address."""
    address = getattr(credentials, "service_account_email", None)
    home = str(address or "").partition("@")[2].removesuffix(".iam.gserviceaccount.com")
    return Account(address, str(entry.get("quota_project_id") or entry.get("project_id") or home))


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


def _refresh(credentials: Credentials) -> None:
    """Sees to a token that outlasts the run. Raises SignInFailed."""
    if credentials.token_state == TokenState.FRESH:
        return
    request = Request()
    try:
        credentials.refresh(partial(request, timeout=SIGN_IN_TIMEOUT))  # type: ignore[no-untyped-call]
    except (RefreshError, TransportError) as error:
        lasting = isinstance(error, RefreshError) and not error.retryable
        words = f"Google did not accept Muster's credentials ({type(error).__name__})."
        raise SignInFailed(words, lasting=lasting) from None
    finally:
        request.session.close()
