"""What can go wrong between Muster and Google, what Muster then does, and what officers read about it."""

from collections.abc import Mapping
from typing import Any, Literal


class SheetError(Exception):
    """The spreadsheet could not be read or written; the message is for officers, in plain words.

    `again`: the sync is to be tried once more at once, beginning with the read, since the write may or may not have
    been applied. `lasting`: it will fail until somebody has done something. Neither: the next run tries again.
    `refused`: Google does not allow what was asked. The same is never sent again; a plainer write may be allowed.
    """

    def __init__(
        self, message: str, *, again: bool = False, lasting: bool = False, refused: bool = False
    ) -> None:
        super().__init__(message)
        self.again = again
        self.lasting = lasting
        self.refused = refused


class NotShared(SheetError):
    """The account that signs in may not read the spreadsheet: another of ours may be able to."""


class QuotaExceeded(SheetError):
    """Google counts more requests than we do: somebody else uses the same account or project."""


class SignInFailed(SheetError):
    """Every sheet would fail: the credentials are bad, or cannot be read."""


def refusal(
    status: int, body: object, address: str | None, kind: Literal["read", "write"] = "read"
) -> SheetError:
    """What an unsuccessful answer to a request of that kind means. `body` is its JSON, or None if it has none.

    `address` is the e-mail address of the account that we sign in with, if it has one.
    """
    error = body.get("error") if isinstance(body, Mapping) else None
    if not isinstance(error, Mapping):
        return SheetError(
            f"Google Sheets answered {status}, and Muster could not read the answer.", again=True
        )
    message = str(error.get("message", ""))[:300]
    if status == 401 or _reasons(error) & _OPERATORS_BUSINESS:
        return SignInFailed(f"Google did not accept Muster's credentials: {message}", lasting=True)
    if status == 403:
        account = address or "the account that Muster signs in with"
        words = f"This spreadsheet is not shared with Muster. Share it, as editor, with {account}."
        return (NotShared if kind == "read" else SheetError)(words, lasting=True, refused=True)
    if status == 404:
        words = "This spreadsheet does not exist any more. If it was not deleted, check the id that is bound."
        return SheetError(words, lasting=True)
    if status == 429:
        return QuotaExceeded("Google's limit of requests is reached; the next sync will catch up.")
    if status == 408 or status >= 500:
        return SheetError(f"Google Sheets answered {status}: {message}", again=True)
    return SheetError(f"Google Sheets answered {status}: {message}", lasting=True, refused=True)


def too_much(what: str) -> SheetError:
    """That there is so much in our tabs that reading it would keep the other sheets waiting, or end the run."""
    words = (
        f"There is too much in Muster's tabs: {what}. Delete what was added to them, and empty rows below."
    )
    return SheetError(words, lasting=True)


_OPERATORS_BUSINESS = {
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
    "ACCOUNT_STATE_INVALID",
    "BILLING_DISABLED",
    "CONSUMER_INVALID",
    "CONSUMER_SUSPENDED",
    "SERVICE_DISABLED",
}
"""Reasons of a 403 that have nothing to do with the spreadsheet (google.api.ErrorReason)."""


def _reasons(error: Mapping[str, Any]) -> set[str]:
    details = error.get("details")
    found = details if isinstance(details, list) else []
    return {str(detail.get("reason")) for detail in found if isinstance(detail, Mapping)}
