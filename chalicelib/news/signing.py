"""Signatures of the Standard Webhooks specification, by which a program knows that an event comes from us, and when."""

import hmac
import secrets
from base64 import b64decode, b64encode
from datetime import datetime
from hashlib import sha256

_PREFIX = "whsec_"


def new_secret() -> str:
    """256 random bits, as the specification writes them: `whsec_` and base64."""
    return _PREFIX + b64encode(secrets.token_bytes(32)).decode()


def signed(secret: str, message: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers of an attempt at `at` to send the body. `message` is the same at each attempt."""
    timestamp = str(int(at.timestamp()))
    key = b64decode(secret.removeprefix(_PREFIX))
    digest = hmac.digest(key, f"{message}.{timestamp}.".encode() + body, sha256)
    return {
        "webhook-id": message,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{b64encode(digest).decode()}",
    }
