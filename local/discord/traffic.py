"""What can happen to requests on their way, and the record of them all."""

from dataclasses import dataclass
from typing import Literal

from .errors import Json

FaultKind = Literal["refuse", "refuse_after", "drop", "drop_after", "hang", "hang_after"]


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to the next `times` API requests whose method and path, as `POST /api/…`, contain `match`.

    - refuse: nothing is done, and the answer is the error `status`; refuse_after: the same, but it is done
    - drop: nothing is done, and the connection is closed without an answer; drop_after: the same, but it is done
    - hang: nothing is done, and the answer, the error `status`, comes after `seconds`;
      hang_after: it is done, and its own answer comes after `seconds`

    A 429 says `retry_after`, in seconds.
    """

    kind: FaultKind
    status: int = 503
    match: str = ""
    times: int = 1
    retry_after: float = 1.0
    seconds: float = 1.0

    @property
    def is_done(self) -> bool:
        return self.kind.endswith("_after")


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """An API request as it was answered; status 0 if the connection was dropped instead."""

    method: str
    path: str
    query: str
    status: int
    body: Json | None
