"""What shows that a report came from a device: only there can it be undone."""

import base64
import hmac
import json
from datetime import datetime

from chalicelib.domain.calendar import rfc3339


def proof_of_report(signing: bytes, device: str, key_id: str, commander: str, at: datetime) -> str:
    """The proof that the device, a random text that it alone holds, reported this at that time with that key.

    Nobody can make it without `signing`, and it is worth nothing without the device's text: so it may stand in the
    receipt's address.
    """
    content = json.dumps([device, key_id, commander, rfc3339(at)]).encode()
    digest = hmac.digest(signing, content, "sha256")[:16]
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
