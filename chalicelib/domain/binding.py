"""Which spreadsheet shows what, and how its last sync went."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Binding:
    """A spreadsheet bound to a server, or to one alliance of it. The last error stays after a successful sync.

    `edits`: what officers edit in it counts. `revision`: of what the last successful sync showed. `retry_at`: do not
    try it before. `lease`: the run that has it until `leased_until`.
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
