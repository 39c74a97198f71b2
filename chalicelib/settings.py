"""The settings of a deployment, from environment variables. All are described in docs/settings.md."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

GOOGLE_SHEETS_API = "https://sheets.googleapis.com"


class InvalidSettings(ValueError):
    """A setting is missing or wrong; the message names it."""


@dataclass(frozen=True, slots=True)
class Settings:
    table_name: str
    sheets_api_url: str = GOOGLE_SHEETS_API
    sheets_credentials_secret: str | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Raises InvalidSettings."""
        table_name = environment.get("TABLE_NAME", "")
        if not table_name:
            raise InvalidSettings("TABLE_NAME must name the DynamoDB table")
        return cls(
            table_name=table_name,
            sheets_api_url=environment.get("SHEETS_API_URL") or GOOGLE_SHEETS_API,
            sheets_credentials_secret=environment.get("SHEETS_CREDENTIALS_SECRET") or None,
        )
