"""Words that several tabs use, each for one thing."""

from collections.abc import Mapping
from typing import Any

from chalicelib.domain.standing import Basis
from sheets_sync.tabs import Column

SAYS, CONFIRM = "Muster says", "Confirm"
"""The headings of the column in which Muster answers in a row, and of that with a box that confirms something."""
NOT_PUBLISHED = "not published"
NUMBERS: Mapping[Basis, str] = {"reported": "reported points", "reading": "official points"}
"""The number that counts: what was reported, or the latest reading if that is more."""


def says_column() -> Column[Any]:
    """What Muster answers to what officers edited in a row; it is filled in later."""
    return Column(SAYS, lambda _: None, 330, wraps=True, input=lambda _: None)
