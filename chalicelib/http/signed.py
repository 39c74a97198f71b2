"""What Discord signs: who it is from, and when. It is the one caller without a key."""

from datetime import UTC, datetime, timedelta

from chalice.app import Request

from chalicelib.domain.errors import Unauthenticated
from chalicelib.http.inputs import body_of

MAX_BODY = 128 * 1024
"""Bytes. A button's request holds the message that it is part of, with all that can be chosen there."""

CURRENT = timedelta(minutes=5)
"""How much older or newer a signature's time may be. So what somebody has overheard can't be sent again later."""


def signed_body(request: Request, public_key: bytes, now: datetime) -> bytes:
    """The body as it was sent, if its signature is good and of now: by `X-Signature-Ed25519`, in hex, over
    `X-Signature-Timestamp` and the body. Raises Unauthenticated (`bad-signature`), and for another body Malformed and
    TooLarge."""
    from cryptography.exceptions import InvalidSignature  # this route alone needs it
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    signature, timestamp = (
        request.headers.get(f"x-signature-{name}", "") for name in ("ed25519", "timestamp")
    )
    try:
        body = _raw(request)
        key = Ed25519PublicKey.from_public_bytes(public_key)
        key.verify(bytes.fromhex(signature), timestamp.encode() + body)
        signed_at = datetime.fromtimestamp(int(timestamp), UTC)
    except (InvalidSignature, ValueError, OverflowError, OSError):
        body_of(request, MAX_BODY)  # says so, where the body itself is the reason
        raise _bad() from None
    if abs(now - signed_at) > CURRENT:
        raise _bad()
    return body


def _raw(request: Request) -> bytes:
    """Raises ValueError for what can't have been signed. It is not looked into: Discord may say anything."""
    body: bytes | str = request.raw_body
    raw = body.encode() if isinstance(body, str) else body
    if len(raw) > MAX_BODY:
        raise ValueError("too large")
    return raw


def _bad() -> Unauthenticated:
    return Unauthenticated(
        "bad-signature", "This was not signed by Discord for this application, or not now."
    )
