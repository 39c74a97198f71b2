"""Which spreadsheet shows what, and how its last sync went."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Binding:
    """A spreadsheet bound to a server, or to one alliance of it. The last error stays after a successful sync.

    `edits`: what officers edit in it counts. `touched_at`: when it was noted that somebody has edited it since its last
    sync. `looked_at`: when it was last read and, if need be, written. `revision`: of what the last successful sync
    showed. `retry_at`: do not try it before. `lease`: the run that has it until `leased_until`. `obstacle`: what Google
    refused, in words for officers: until `plain_until` only plain values are written. `take_over`: the next sync takes
    tabs that another deployment keeps. `tidies`: it deletes empty rows of what is no longer listed. `bound`: another
    one each time that it is bound. `account`: the address of the account at Google that keeps it, if one was noted.
    """

    spreadsheet_id: str
    server: str
    alliance: str | None = None
    last_success_at: datetime | None = None
    last_error_at: datetime | None = None
    last_error: str | None = None
    revision: str | None = None
    retry_at: datetime | None = None
    lease: str | None = None
    leased_until: datetime | None = None
    edits: bool = False
    touched_at: datetime | None = None
    looked_at: datetime | None = None
    obstacle: str | None = None
    plain_until: datetime | None = None
    take_over: bool = False
    tidies: bool = False
    bound: str | None = None
    account: str | None = None


NAMELESS = "the account"
"""What is noted about an account at Google that has no address is noted under this."""


@dataclass(frozen=True, slots=True)
class Watch:
    """How far Google's account has told which spreadsheets were touched: `token`, of the Drive API. All that are bound
    with edits are looked at once from `all_since` on, as nothing tells which of them were touched before."""

    token: str
    all_since: datetime
