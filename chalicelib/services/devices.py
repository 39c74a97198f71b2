"""Which device reported something: a report can be undone there, and not by everybody else who has the link."""

import hmac
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.devices import proof_of_report
from chalicelib.domain.errors import Busy, Forbidden, Unreadable
from chalicelib.domain.messages import say
from chalicelib.store.access import AccessKeys


@dataclass(frozen=True, slots=True)
class Devices:
    _access_keys: AccessKeys

    def proof(self, device: str, key_id: str, commander: str, at: datetime) -> str:
        """The proof that goes into a receipt. Empty if the table can't give what it takes: the report is recorded all
        the same, but not to be undone by its device."""
        try:
            return self._proof(device, key_id, commander, at)
        except (Busy, Unreadable):
            return ""

    def reported(self, device: str, proof: str, key_id: str, commander: str, at: datetime) -> bool:
        """Whether it was that device. Raises Busy, Unreadable."""
        if not device or not proof:
            return False
        expected = self._proof(device, key_id, commander, at)
        return hmac.compare_digest(proof.encode(), expected.encode())

    def _proof(self, device: str, key_id: str, commander: str, at: datetime) -> str:
        return proof_of_report(self._access_keys.signing_secret(), device, key_id, commander, at)

    def require(self, device: str, proof: str, key_id: str, commander: str, at: datetime) -> None:
        """Raises Forbidden (`other-device`) unless it was that device; Busy, Unreadable."""
        if not self.reported(device, proof, key_id, commander, at):
            raise Forbidden("other-device", say("other-device"))
