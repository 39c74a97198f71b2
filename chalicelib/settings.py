"""The settings of a deployment, from environment variables. All are described in docs/settings.md."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

GOOGLE_SHEETS_API = "https://sheets.googleapis.com"
GOOGLE_DRIVE_API = "https://www.googleapis.com"


class InvalidSettings(ValueError):
    """A setting is missing or wrong; the message names it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings. Everything is stored in the DynamoDB table `table_name`, or in the SQLite file `database`."""

    table_name: str | None = None
    sheets_api_url: str = GOOGLE_SHEETS_API
    drive_api_url: str = GOOGLE_DRIVE_API
    sheets_credentials_secret: str | None = None
    sheets_requests_per_user: int = 60
    sheets_requests_per_project: int = 300
    public_url: str | None = None
    reading_tolerance: int = 5
    """By how many per cent a reading may be below the reported points before it must be confirmed."""
    database: Path | None = None

    @property
    def help_url(self) -> str | None:
        """The address of the page that says how to report; None if the address of the pages is not known."""
        return f"{self.public_url.rstrip('/')}/help" if self.public_url else None

    @property
    def sheets_requests(self) -> int:
        """How many reads, and how many writes, Google allows in a minute: with one account, the smaller limit."""
        return min(self.sheets_requests_per_user, self.sheets_requests_per_project)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Raises InvalidSettings."""
        table_name, database = environment.get("TABLE_NAME"), environment.get("MUSTER_DB")
        if not table_name and not database:
            raise InvalidSettings("TABLE_NAME must name the DynamoDB table, or MUSTER_DB the SQLite file")
        if table_name and database:
            raise InvalidSettings(
                "TABLE_NAME and MUSTER_DB are both set. Set only one: everything is in one place"
            )
        return cls(
            table_name=table_name or None,
            database=Path(database) if database else None,
            sheets_api_url=environment.get("SHEETS_API_URL") or GOOGLE_SHEETS_API,
            drive_api_url=environment.get("DRIVE_API_URL") or GOOGLE_DRIVE_API,
            sheets_credentials_secret=environment.get("SHEETS_CREDENTIALS_SECRET") or None,
            public_url=environment.get("PUBLIC_URL") or None,
            reading_tolerance=_whole(
                "READING_TOLERANCE", environment.get("READING_TOLERANCE") or "5", 0, 100
            ),
            sheets_requests_per_user=_whole(
                "SHEETS_REQUESTS_PER_USER", environment.get("SHEETS_REQUESTS_PER_USER") or "60", 2
            ),
            sheets_requests_per_project=_whole(
                "SHEETS_REQUESTS_PER_PROJECT", environment.get("SHEETS_REQUESTS_PER_PROJECT") or "300", 2
            ),
        )


def _whole(name: str, text: str, least: int, most: int | None = None) -> int:
    """The number in a text, from `least` to `most`. Raises InvalidSettings, naming the setting."""
    if (
        not text.isascii()
        or not text.isdigit()
        or int(text) < least
        or (most is not None and int(text) > most)
    ):
        limits = f"of at least {least}" if most is None else f"from {least} to {most}"
        raise InvalidSettings(f"{name} must be a whole number {limits}, not {text!r}")
    return int(text)
