"""Words that several tabs use, each for one thing."""

from collections.abc import Mapping

from chalicelib.domain.standing import Basis

NOT_PUBLISHED = "not published"
NUMBERS: Mapping[Basis, str] = {"reported": "reported points", "reading": "official points"}
"""The number that counts: what was reported, or the latest reading if that is more."""
