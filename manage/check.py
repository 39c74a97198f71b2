"""What `sheets check` tries, step by step, and what to do when a step fails."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from google.auth.exceptions import GoogleAuthError
from google.oauth2 import service_account

from manage.advice import DRIVE_ADVICE, SHARING_ADVICE, Advice, advice_for
from manage.show import plain
from sheets_sync.allowance import Allowance, Budget, Limits
from sheets_sync.credentials import Account, held_in
from sheets_sync.drive import Drive, DriveError
from sheets_sync.failures import NotShared, SheetError, SignInFailed
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
    limits: tuple[int, int],
    drive: Drive,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Finding]:
    """The result of each step, up to the first that fails. `limits`: how many reads, and how many writes, an account
    and a project may make in a minute."""
    check = _Check(google, spreadsheet_id, Limits(*limits), sleep)
    steps: list[tuple[str, Callable[[], str]]] = [("secret", check.secret)]
    if google.needs_sign_in:
        steps.append(("token", check.token))
    steps += [("read", check.read), ("write", check.write), ("quota", check.quota)]
    for step, does in steps:
        try:
            yield Finding(step, does())
        except SheetError as failure:
            yield Finding(step, f"{check.whose}{_said(failure)}", _advice(step, failure, check.has_key))
            return
    yield from check.drive(drive)


class _Check:
    """The steps. Each says what it found, or raises SheetError."""

    def __init__(
        self, google: Google, spreadsheet_id: str, limits: Limits, sleep: Callable[[float], None]
    ) -> None:
        ends_at = time.monotonic() + PATIENCE
        allowance = Allowance(min(limits), lambda: datetime.now(UTC))
        self._google = google
        self._id = spreadsheet_id
        self._limits = limits
        self._held: Mapping[Account, object] = {Account(): None}
        self._budget = Budget(allowance, lambda: ends_at - time.monotonic(), sleep)
        self._title = ""
        self.has_key = False
        self.whose = ""
        """Which account it is that fails, where there are several."""

    def secret(self) -> str:
        if not self._google.needs_sign_in:
            return f"none is needed, because {self._google.api_url} is not Google's."
        if not self._google.credentials_secret:
            raise SignInFailed("The secret is not named.")
        self._held = held_in(self._google.credentials_secret, self._google.read_secret)
        if len(self._held) > 1:
            return (
                f"it holds {len(self._held)} accounts: {', '.join(self._addresses)}. Share each spreadsheet, as an "
                "editor, with the one that `./muster sheets bind` or `status` names."
            )
        ((account, held),) = self._held.items()
        self.has_key = isinstance(held, service_account.Credentials)
        kind = (
            "a service account's key" if self.has_key else "an external_account configuration, without a key"
        )
        if not account.address:
            return (
                f"it holds {kind}. It names no service account, so nothing can be shared with it by e-mail."
            )
        return f"it holds {kind}. Share spreadsheets with {account.address}, as an editor."

    def token(self) -> str:
        for account, held in self._held.items():
            self.has_key = isinstance(held, service_account.Credentials)
            self.whose = f"{account.address}: " if len(self._held) > 1 else ""
            with closing(self._of(account).session()):
                pass
        self.whose = ""
        return "Google accepts these credentials."

    def read(self) -> str:
        for account in self._held:
            try:
                with connect(self._of(account), self._budget) as spreadsheets:
                    found = spreadsheets.overview(self._id, "properties.title")
            except NotShared:
                if len(self._held) == 1:
                    raise
                continue
            self._google, self._title = self._of(account), found["properties"]["title"]
            reader = f" {account.address} can read it." if len(self._held) > 1 else ""
            return f"the spreadsheet is called “{plain(self._title)}”.{reader}"
        raise NotShared(
            "This spreadsheet is not shared with any of Muster's accounts. Share it, as editor, with the one that "
            f"`./muster sheets status` names, of {', '.join(self._addresses)}."
        )

    def write(self) -> str:
        """Nothing changes: the title is replaced by itself."""
        change = {"properties": {"title": self._title}, "fields": "title"}
        with connect(self._google, self._budget) as spreadsheets:
            spreadsheets.write(self._id, [{"updateSpreadsheetProperties": change}])
        return "it can be written; its title was replaced by itself."

    def quota(self) -> str:
        of_project = Counter(account.project for account in self._held)
        most = sum(min(self._limits.project, number * self._limits.user) for number in of_project.values())
        of_each = f" for {len(self._held)} accounts" if len(self._held) > 1 else ""
        return (
            f"Muster makes at most {most} reads and {most} writes a minute{of_each}. That is enough for {most} sheets "
            f"a minute, or for {most // NEEDS['read']} new ones. Google does not say how much quota is left."
        )

    def drive(self, drive: Drive) -> Iterator[Finding]:
        """Whether edits are seen soon, and whose they may be."""
        try:
            with replace(drive, account=self._google.account).connected() as account:
                account.start()
                yield Finding("drive", "Google tells which spreadsheets were edited: edits are seen soon.")
                yield _sharing(account.anyone_may_edit(self._id))
        except DriveError as failure:
            yield Finding("drive", plain(failure), DRIVE_ADVICE, works=True)

    @property
    def _addresses(self) -> list[str]:
        return [str(account.address) for account in self._held]

    def _of(self, account: Account) -> Google:
        return replace(self._google, account=account.address)


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
