"""The settings, from environment variables or, for `./muster serve`, a file. All are described in docs/settings.md."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal, Self, get_args
from urllib.parse import urlsplit

GOOGLE_SHEETS_API = "https://sheets.googleapis.com"
GOOGLE_DRIVE_API = "https://www.googleapis.com"
DISCORD_API = "https://discord.com"

LogFormat = Literal["json", "text"]


class InvalidSettings(ValueError):
    """A setting is missing or wrong; the message names it, and the reason."""


def _whole(least: int, most: int | None = None) -> Callable[[str], int]:
    """Reads a number from `least` to `most`."""

    def read(text: str) -> int:
        if (
            not text.isascii()
            or not text.isdigit()
            or int(text) < least
            or (most is not None and int(text) > most)
        ):
            limits = f"of at least {least}" if most is None else f"from {least} to {most}"
            raise ValueError(f"must be a whole number {limits}")
        return int(text)

    return read


def _address(text: str) -> str:
    """Reads the address of a server or a page, without a slash at its end."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("must be an address that begins with http:// or https://")
    return text.rstrip("/")


def _public_key(text: str) -> bytes:
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != 32 or not text.isalnum():
        raise ValueError("must be the application's public key, 64 hexadecimal digits")
    return key


def _discord_id(text: str) -> str:
    if not re.fullmatch(r"[0-9]{1,20}", text):
        raise ValueError("must be an id of Discord's, a number")
    return text


def _proxy(text: str) -> str:
    if text == "*":
        return text
    try:
        return str(ip_address(text))
    except ValueError:
        raise ValueError("must be the IP address of the proxy, or *") from None


def _log_format(text: str) -> str:
    if text not in get_args(LogFormat):
        raise ValueError(f"must be {' or '.join(get_args(LogFormat))}")
    return text


_Readers = Mapping[str, tuple[str, Callable[[str], Any]]]
"""By the name of a setting: its field, and what reads its text. That raises ValueError with the reason."""

OF_EVERY_DEPLOYMENT: _Readers = {
    "TABLE_NAME": ("table_name", str),
    "MUSTER_DB": ("database", Path),
    "PUBLIC_URL": ("public_url", _address),
    "READING_TOLERANCE": ("reading_tolerance", _whole(0, 100)),
    "SHEETS_API_URL": ("sheets_api_url", _address),
    "DRIVE_API_URL": ("drive_api_url", _address),
    "SHEETS_CREDENTIALS_SECRET": ("sheets_credentials_secret", str),
    "SHEETS_CREDENTIALS_FILE": ("sheets_credentials_file", Path),
    "SHEETS_REQUESTS_PER_USER": ("sheets_requests_per_user", _whole(2)),
    "SHEETS_REQUESTS_PER_PROJECT": ("sheets_requests_per_project", _whole(2)),
    "DISCORD_API_URL": ("discord_api_url", _address),
    "DISCORD_PUBLIC_KEY": ("discord_public_key", _public_key),
    "DISCORD_APPLICATION_ID": ("discord_application_id", _discord_id),
}
OF_SERVE: _Readers = {
    "HOST": ("host", str),
    "PORT": ("port", _whole(1, 65535)),
    "TRUSTED_PROXY": ("trusted_proxy", _proxy),
    "LOG_FORMAT": ("log_format", _log_format),
}
"""Of `./muster serve` only."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings. Everything is stored in the DynamoDB table `table_name`, or in the SQLite file `database`."""

    table_name: str | None = None
    sheets_api_url: str = GOOGLE_SHEETS_API
    drive_api_url: str = GOOGLE_DRIVE_API
    sheets_credentials_secret: str | None = None
    sheets_credentials_file: Path | None = None
    sheets_requests_per_user: int = 60
    sheets_requests_per_project: int = 300
    public_url: str | None = None
    reading_tolerance: int = 5
    """By how many per cent a reading may be below the reported points before it must be confirmed."""
    database: Path | None = None
    discord_api_url: str = DISCORD_API
    discord_public_key: bytes | None = None
    """Of the application at Discord whose slash commands are answered. None: none are."""
    discord_application_id: str | None = None

    @property
    def help_url(self) -> str | None:
        """The address of the page that says how to report; None if the address of the pages is not known."""
        return f"{self.public_url.rstrip('/')}/help" if self.public_url else None

    @property
    def sheets_credentials(self) -> str | None:
        """Where Google's credentials are: the id of a secret, or `file:` and a path."""
        file = self.sheets_credentials_file
        return f"file:{file}" if file else self.sheets_credentials_secret

    @property
    def sheets_requests(self) -> tuple[int, int]:
        """How many reads, and how many writes, Google allows an account and a project in a minute."""
        return self.sheets_requests_per_user, self.sheets_requests_per_project

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Raises InvalidSettings."""
        found = cls(**_read(OF_EVERY_DEPLOYMENT, environment))
        if not found.table_name and not found.database:
            raise InvalidSettings("TABLE_NAME must name the DynamoDB table, or MUSTER_DB the SQLite file")
        if found.table_name and found.database:
            raise InvalidSettings(
                "TABLE_NAME and MUSTER_DB are both set. Set only one: everything is in one place"
            )
        if found.sheets_credentials_secret and found.sheets_credentials_file:
            raise InvalidSettings(
                "SHEETS_CREDENTIALS_SECRET and SHEETS_CREDENTIALS_FILE are both set. Set one"
            )
        return found


@dataclass(frozen=True, slots=True)
class Serving:
    """How `./muster serve` is reached, and how it logs. No `log_format`: readable on a terminal, else JSON."""

    host: str = "127.0.0.1"
    port: int = 8080
    trusted_proxy: str | None = None
    """The address whose X-Forwarded-* headers count; `*`: everybody's."""
    log_format: LogFormat | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Raises InvalidSettings."""
        return cls(**_read(OF_SERVE, environment))


def in_file(file: Path) -> dict[str, str]:
    """The settings in a TOML file, as an environment would have them: the same names. Raises InvalidSettings."""
    from difflib import get_close_matches  # a Lambda function reads no file

    from chalicelib.files import CannotRead, toml_of

    try:
        held = toml_of(file.read_bytes())
    except OSError as error:
        raise InvalidSettings(f"{file} can't be read: {error.strerror}") from None
    except CannotRead as error:
        raise InvalidSettings(f"{file}: {error}") from None
    known = {**OF_EVERY_DEPLOYMENT, **OF_SERVE}
    for name, value in held.items():
        if name not in known:
            near = get_close_matches(name.upper(), known, n=1)
            raise InvalidSettings(
                f"{name} in {file} is not a setting" + "".join(f". Did you mean {one}?" for one in near)
            )
        if type(value) not in (str, int):
            raise InvalidSettings(f"{name} in {file} must be a text or a whole number")
    return {name: str(value) for name, value in held.items()}


def _read(readers: _Readers, environment: Mapping[str, str]) -> dict[str, Any]:
    """The fields that are set; an empty text counts as not set. Raises InvalidSettings."""
    found = {}
    for name, (field, read) in readers.items():
        if text := environment.get(name):
            try:
                found[field] = read(text)
            except ValueError as error:
                raise InvalidSettings(f"{name} {error}, not {text!r}") from None
    return found
