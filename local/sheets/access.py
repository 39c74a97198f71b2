"""Who may see and change a spreadsheet, and what Google Drive knows of it besides its content."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple, Self

from .callers import OWNER
from .errors import Json

Role = Literal["reader", "writer"]
EVERYONE = "*"


@dataclass
class Access:
    """With whom a spreadsheet is shared: roles by account, `*` for every account. Its owner may do everything."""

    roles: dict[str, Role] = field(default_factory=lambda: {EVERYONE: "writer"})
    link: Role | None = None
    """What anyone with the link may do."""

    def unshare(self, account: str) -> list[str]:
        """Ends it for one account, or for all that there are with `*`. Those are returned who have lost it."""
        if account != EVERYONE and EVERYONE in self.roles:
            raise ValueError(f"It is shared with every account, not with {account}.")
        lost = list(self.roles) if account == EVERYONE else [account]
        self.roles = {name: role for name, role in self.roles.items() if name not in lost}
        return lost

    def role(self, account: str) -> str | None:
        if account == OWNER:
            return "owner"
        own = [role for role in (self.roles.get(account), self.roles.get(EVERYONE), self.link) if role]
        return "writer" if "writer" in own else own[0] if own else None

    def is_listed(self, account: str) -> bool:
        """Whether the account finds it in its Drive. A link alone does not bring it there."""
        return account == OWNER or bool({account, EVERYONE} & self.roles.keys())


class Change(NamedTuple):
    """Something that has happened to a spreadsheet."""

    number: int
    at: datetime
    file_id: str
    lost: list[str]
    """The accounts, or `*`, with whom it is no longer shared since then."""


@dataclass
class Touched:
    """The last change of a spreadsheet."""

    version: int
    at: datetime
    by: str

    def content(self) -> Json:
        return asdict(self) | {"at": self.at.isoformat()}

    @classmethod
    def load(cls, content: Json) -> Self:
        return cls(**content | {"at": datetime.fromisoformat(content["at"])})
