"""Keys, roles and scopes, and the one table of who may do what (DESIGN §4)."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from chalicelib.domain.errors import Forbidden
from chalicelib.domain.messages import say

Role = Literal["admin", "officer", "member", "reader"]
Scope = Literal["the deployment", "a server, or one alliance of it", "one alliance"]
Capability = Literal[
    "use the form",
    "report completions",
    "report for others",
    "see alliances",
    "see rosters",
    "see completions",
    "keep rosters",
    "import completions",
    "correct completions",
    "take back in bulk",
    "log readings",
    "read the ledger",
    "see syncs",
    "open and close alliances",
    "manage keys",
    "manage keys of officers and admins",
    "define events",
    "define servers",
    "define alliances",
    "bind spreadsheets",
    "read the deployment's ledger",
    "manage webhooks",
    "send news elsewhere than to Discord",
    "connect Discord",
]
"""What somebody may do, in words."""

MAY: Mapping[Capability, tuple[Role, ...]] = {
    "use the form": ("member",),
    "report completions": ("member", "officer", "admin"),
    "report for others": ("officer", "admin"),
    "see alliances": ("officer", "reader", "admin"),
    "see rosters": ("officer", "reader", "admin"),
    "see completions": ("officer", "reader", "admin"),
    "keep rosters": ("officer", "admin"),
    "import completions": ("officer", "admin"),
    "correct completions": ("officer", "admin"),
    "take back in bulk": ("officer", "admin"),
    "log readings": ("officer", "admin"),
    "read the ledger": ("officer", "admin"),
    "see syncs": ("officer", "admin"),
    "open and close alliances": ("officer", "admin"),
    "manage keys": ("officer", "admin"),
    "manage keys of officers and admins": ("admin",),
    "define events": ("admin",),
    "define servers": ("admin",),
    "define alliances": ("admin",),
    "bind spreadsheets": ("admin",),
    "read the deployment's ledger": ("admin",),
    "manage webhooks": ("officer", "admin"),
    "send news elsewhere than to Discord": ("admin",),
    "connect Discord": ("officer", "admin"),
}
"""Which roles have which capability, each within its key's scope. docs/api.md says what each capability is."""

SCOPES: Mapping[Role, Scope] = {
    "admin": "the deployment",
    "officer": "a server, or one alliance of it",
    "member": "one alliance",
    "reader": "a server, or one alliance of it",
}
"""What a key of each role can be for."""

MANAGED_WITH: Mapping[Role, Capability] = {
    "admin": "manage keys of officers and admins",
    "officer": "manage keys of officers and admins",
    "member": "manage keys",
    "reader": "manage keys",
}
"""The capability that it takes to make and to end a key of each role, in the scope of that key."""

FIRST_ROLE: Role = "admin"
"""Of the key that a deployment begins with, since with it all others can be made."""

SHEET = "sheet:"
"""What the ids of those keys begin with that are a spreadsheet's, and end with its own."""

DISCORD = "discord:"
"""The same of a guild on Discord."""
GUILD_ROLE: Role = "member"
"""Of whoever uses the commands of a guild: they may do the same as by a member link."""

LONGEST_LABEL = 100
"""Characters of what a key is called."""

REVOKED_WITHIN = timedelta(seconds=30)
"""How long at most a revoked key goes on working, where another process than the one that revoked it is asked."""
LONGEST_OVERLAP = timedelta(hours=1)
"""How long at most a key that was replaced goes on working, beside the new one."""


@dataclass(frozen=True, slots=True)
class Key:
    """What a secret grants. A None scope is all: `server` None is the deployment, `alliance` None the whole server."""

    id: str
    role: Role
    label: str
    server: str | None = None
    alliance: str | None = None
    created_at: datetime | None = None
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    """To the hour."""
    account: str | None = None
    """The id of the Discord account that acts, of a guild's key alone."""

    @property
    def is_shared(self) -> bool:
        """Whether it may be anybody's who was given a link: a member link, or a sheet. Officers know whom they add."""
        return not self.may("report for others") or self.id.startswith(SHEET)

    def is_valid(self, now: datetime) -> bool:
        """Neither expired, from that very instant, nor revoked: at once, whatever the clock of whoever revoked it."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    def covers(self, server: str | None, alliance: str | None) -> bool:
        """Whether the alliance (all of the server, if None; the deployment, if both are) is in the key's scope."""
        return self.server in (None, server) and self.alliance in (None, alliance)

    def may(self, capability: Capability) -> bool:
        """Whether the key's role has the capability, in whichever scope."""
        return self.role in MAY[capability]

    def require(self, capability: Capability, *, server: str | None, alliance: str | None = None) -> None:
        """Raises Forbidden (`out-of-scope`) unless the key's role has the capability and its scope covers the alliance
        (all of the server, if None; the deployment, if both are)."""
        if not self.may(capability):
            message = say("other-role", role=self.role, task=capability, roles=MAY[capability])
            raise Forbidden("out-of-scope", message)
        if not self.covers(server, alliance):
            raise Forbidden("out-of-scope", say("other-scope"))


def sheet_key(spreadsheet_id: str, title: str, server: str, alliance: str | None) -> Key:
    """What a spreadsheet whose edits count may do: who may edit it acts as an officer of what it is bound to.

    Its label goes with each edit into what others read, so it is no longer than one of another key.
    """
    label = f"sheet: {title}"
    label = label if len(label) <= LONGEST_LABEL else f"{label[: LONGEST_LABEL - 1]}…"
    return Key(f"{SHEET}{spreadsheet_id}", "officer", label, server, alliance)


def guild_key(guild: str, account: str, server: str, alliance: str, *, sees_all: bool = False) -> Key:
    """What an account may do in a guild on Discord that is bound to that alliance. `sees_all`: what a reader may do
    instead."""
    role: Role = "reader" if sees_all else GUILD_ROLE
    return Key(f"{DISCORD}{guild}", role, discord_label(account), server, alliance, account=account)


def discord_label(account: str) -> str:
    """What the ledger calls who acts by that Discord account."""
    return f"discord: {account}"


def new_secret() -> str:
    """A key's secret: 192 random bits, safe in a URL. Shown once, never stored."""
    return secrets.token_urlsafe(24)


def secret_hash(secret: str) -> str:
    """What is stored instead of the secret: its SHA-256, in hex. A random secret needs no salt."""
    return hashlib.sha256(secret.encode()).hexdigest()


def key_id(hashed: str) -> str:
    """The public id of a key: enough of its hash to tell keys apart, too little to be of use."""
    return hashed[:16]
