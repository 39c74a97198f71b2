"""What `sheets check` tries, step by step, and what to do when a step fails."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from google.auth.exceptions import GoogleAuthError
from google.oauth2 import service_account

from manage.advice import DRIVE_ADVICE, SHARING_ADVICE, Advice, advice_for
from manage.show import plain
from sheets_sync.allowance import Allowance, Budget
from sheets_sync.credentials import held_in, signed_in
from sheets_sync.drive import Drive, DriveError
from sheets_sync.failures import SheetError, SignInFailed
from sheets_sync.google import Google, connect
from sheets_sync.run import NEEDS

PATIENCE = 45.0
"""Seconds for all requests, retries included."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of a step. `advice` says what to do if it failed, or, if syncs work all the same, what to think of."""

    step: str
    says: str
    advice: Advice | None = None
    works: bool = False
    """Whether syncs work all the same."""

    @property
    def status(self) -> Literal["good", "warning", "fails"]:
        if not self.advice:
            return "good"
        return "warning" if self.works else "fails"


def findings(
    google: Google,
    spreadsheet_id: str,
    limit: int,
    drive: Drive,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Finding]:
    """The result of each step, up to the first that fails. `limit`: how many reads, and how many writes, a minute."""
    check = _Check(google, spreadsheet_id, limit, sleep)
    steps: list[tuple[str, Callable[[], str]]] = [("secret", check.secret)]
    if google.needs_sign_in:
        steps.append(("token", check.token))
    steps += [("read", check.read), ("write", check.write), ("quota", check.quota)]
    for step, does in steps:
        try:
            yield Finding(step, does())
        except SheetError as failure:
            yield Finding(step, _said(failure), _advice(step, failure, check.has_key))
            return
    yield from check.drive(drive)


class _Check:
    """The steps. Each says what it found, or raises SheetError."""

    def __init__(
        self, google: Google, spreadsheet_id: str, limit: int, sleep: Callable[[float], None]
    ) -> None:
        ends_at = time.monotonic() + PATIENCE
        allowance = Allowance(limit, lambda: datetime.now(UTC))
        self._google = google
        self._id = spreadsheet_id
        self._limit = limit
        self._budget = Budget(allowance, lambda: ends_at - time.monotonic(), sleep)
        self._title = ""
        self.has_key = False

    def secret(self) -> str:
        if not self._google.needs_sign_in:
            return f"none is needed, because {self._google.api_url} is not Google's."
        if not self._google.credentials_secret:
            raise SignInFailed("The secret is not named.")
        held = held_in(self._google.credentials_secret, self._google.read_secret)
        self.has_key = isinstance(held, service_account.Credentials)
        kind = (
            "a service account's key" if self.has_key else "an external_account configuration, without a key"
        )
        address = getattr(held, "service_account_email", None)
        if not address:
            return (
                f"it holds {kind}. It names no service account, so nothing can be shared with it by e-mail."
            )
        return f"it holds {kind}. Share spreadsheets with {address}, as an editor."

    def token(self) -> str:
        with closing(signed_in(self._google.credentials_secret, self._google.read_secret)):
            return "Google accepts these credentials."

    def read(self) -> str:
        with connect(self._google, self._budget) as spreadsheets:
            found = spreadsheets.overview(self._id, "properties.title")
        self._title = found["properties"]["title"]
        return f"the spreadsheet is called “{plain(self._title)}”."

    def write(self) -> str:
        """Nothing changes: the title is replaced by itself."""
        change = {"properties": {"title": self._title}, "fields": "title"}
        with connect(self._google, self._budget) as spreadsheets:
            spreadsheets.write(self._id, [{"updateSpreadsheetProperties": change}])
        return "it can be written; its title was replaced by itself."

    def quota(self) -> str:
        fewest = self._limit // NEEDS["read"]
        return (
            f"Muster makes at most {self._limit} reads and {self._limit} writes a minute. That is enough for "
            f"{self._limit} sheets a minute, or for {fewest} new ones. Google does not say how much quota is left."
        )

    def drive(self, drive: Drive) -> Iterator[Finding]:
        """Whether edits are seen soon, and whose they may be."""
        try:
            with drive.connected() as account:
                account.start()
                yield Finding("drive", "Google tells which spreadsheets were edited: edits are seen soon.")
                yield _sharing(account.anyone_may_edit(self._id))
        except DriveError as failure:
            yield Finding("drive", plain(failure), DRIVE_ADVICE, works=True)


def _sharing(anyone_may_edit: bool | None) -> Finding:
    if anyone_may_edit:
        words = "anyone with the link may edit it."
        return Finding("sharing", words, SHARING_ADVICE, works=True)
    if anyone_may_edit is None:
        return Finding("sharing", "Google does not show Muster with whom it is shared.")
    return Finding("sharing", "only those may edit it with whom it is shared.")


def _said(failure: SheetError) -> str:
    """The failure, with Google's own words: here only operators see them."""
    reason = failure.__context__
    if isinstance(reason, GoogleAuthError) and reason.args:
        return plain(f"{failure} Google's library says: {str(reason.args[0])[:300]}")
    return plain(failure)


def _advice(step: str, failure: SheetError, has_key: bool) -> Advice:
    return advice_for(step, f"{failure} of a key" if has_key else str(failure))
