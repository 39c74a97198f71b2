"""Who calls: a program with an account of its own, or a person in the browser."""

from typing import NamedTuple

OWNER = "officer@example.com"
SERVICE_ACCOUNT = "muster@stand-in.iam.gserviceaccount.com"


class Caller(NamedTuple):
    """An account, by its address. A person works in Google's own page, a program calls the API."""

    email: str
    is_person: bool = False


OFFICER = Caller(OWNER, is_person=True)
"""The person who owns every spreadsheet."""


def account(token: str | None, known: dict[str, str]) -> str:
    """The address of whoever has a token: the one that is known, or else one that is made up from the token."""
    if token is None:
        return SERVICE_ACCOUNT
    return known.get(token) or f"{token}@stand-in.iam.gserviceaccount.com"
