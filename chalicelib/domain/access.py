"""Keys, roles and scopes: who may do what (DESIGN §4)."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from chalicelib.domain.errors import Forbidden

Role = Literal["admin", "officer", "member", "reader"]


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

    def is_valid(self, now: datetime) -> bool:
        """Neither expired, from that very instant, nor revoked: at once, whatever the clock of whoever revoked it."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    def covers(self, server: str, alliance: str | None) -> bool:
        """Whether the alliance (or all of the server, if None) is in the key's scope."""
        return self.server in (None, server) and self.alliance in (None, alliance)

    def require(self, *roles: Role, server: str, alliance: str | None = None) -> None:
        """Raises Forbidden (`out-of-scope`) unless the key has one of `roles` and covers the place."""
        if self.role not in roles:
            raise Forbidden(
                "out-of-scope", f"This is a key for a {self.role}. It takes one for: {', '.join(roles)}."
            )
        if not self.covers(server, alliance):
            raise Forbidden("out-of-scope", "This key is for another server or alliance.")


def new_secret() -> str:
    """A key's secret: 192 random bits, safe in a URL. Shown once, never stored."""
    return secrets.token_urlsafe(24)


def secret_hash(secret: str) -> str:
    """What is stored instead of the secret: its SHA-256, in hex. A random secret needs no salt."""
    return hashlib.sha256(secret.encode()).hexdigest()


def key_id(hashed: str) -> str:
    """The public id of a key: enough of its hash to tell keys apart, too little to be of use."""
    return hashed[:16]
