"""How often a definition has changed, so that others can tell whether it has."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Edition:
    """How often a definition has changed, and when it last did; `changed_at` is None where nobody has noted it."""

    changes: int = 0
    changed_at: datetime | None = None

    def __add__(self, other: "Edition") -> "Edition":
        """The edition of what depends on both."""
        noted = [at for at in (self.changed_at, other.changed_at) if at]
        return Edition(self.changes + other.changes, max(noted, default=None))
