"""What happens to requests on their way: quotas, injected faults, and the record of them all."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from .drive import PROJECT, DriveError
from .errors import ApiError, Json

Kind = Literal["read", "write"]
FaultKind = Literal["refuse", "refuse_after", "drop", "drop_after", "hang", "hang_after", "not_json"]

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class RecordedRequest:
    """One request of an API as it was answered; status 0 if the connection was dropped instead.

    `response_bytes` counts the answer itself, `sent_bytes` what went over the wire, compressed or not. `account`: who
    asked, by address.
    """

    method: str
    path: str
    query: str
    kind: Kind
    status: int
    request_bytes: int
    response_bytes: int
    sent_bytes: int
    body: Json | None
    account: str


@dataclass(frozen=True)
class Fault:
    """What happens to one request whose method and path, as `GET /v4/…`, contain `match`.

    - refuse: nothing is applied, and the answer is the error `status`; refuse_after: the same, but it is applied
    - drop: nothing is applied, and the connection is closed without an answer; drop_after: the same, but it is applied
    - hang: nothing is applied, and the answer, the error `status`, comes after `seconds`;
      hang_after: it is applied, and its own answer comes after `seconds`
    - not_json: nothing is applied, and the answer has `status` and an HTML body
    """

    kind: FaultKind
    status: int = 503
    match: str = ""
    retry_after: int | None = None
    seconds: float = 1.0

    @property
    def applied(self) -> bool:
        return self.kind.endswith("_after")


@dataclass(frozen=True)
class Meanwhile:
    """What somebody does while one request whose method and path contain `match` is on its way.

    Before it is carried out, or `after` that, when its answer has been made but not been sent.
    """

    act: Callable[[], object]
    match: str = ""
    after: bool = False


@dataclass(frozen=True)
class Quota:
    """How many requests are allowed in any minute of the server's clock."""

    reads_per_user: int = 60
    writes_per_user: int = 60
    reads_per_project: int = 300
    writes_per_project: int = 300


class Meter:
    """Counts the requests of the last minute."""

    def __init__(self) -> None:
        self._times: dict[tuple[Kind, str | None], deque[datetime]] = {}

    def count(self, quota: Quota, kind: Kind, user: str, now: datetime, api: str = "sheets") -> None:
        """Counts a request, or refuses it with 429 if a quota is used up. A refused request does not count."""
        limits: dict[str | None, tuple[int, str]] = {
            user: (quota.reads_per_user if kind == "read" else quota.writes_per_user, " per user"),
            None: (quota.reads_per_project if kind == "read" else quota.writes_per_project, ""),
        }
        for owner, (limit, scope) in limits.items():
            times = self._times.setdefault((kind, owner), deque())
            while times and now - times[0] >= MINUTE:
                times.popleft()
            if len(times) >= limit:
                raise exceeded(kind, scope, limit, api)
        for owner in limits:
            self._times[kind, owner].append(now)


def exceeded(kind: Kind, scope: str, limit: int, api: str) -> ApiError:
    if api == "drive" and scope:
        return DriveError(403, "userRateLimitExceeded", "User Rate Limit Exceeded")
    if api == "drive":
        return DriveError(429, "rateLimitExceeded", "Rate Limit Exceeded")
    name = kind.title()
    metadata = {
        "consumer": f"projects/{PROJECT}",
        "service": "sheets.googleapis.com",
        "quota_metric": f"sheets.googleapis.com/{kind}_requests",
        "quota_limit": f"{name}RequestsPerMinutePer{'User' if scope else 'Project'}",
        "quota_limit_value": str(limit),
        "quota_location": "global",
    }
    reason = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "RATE_LIMIT_EXCEEDED",
        "domain": "googleapis.com",
        "metadata": metadata,
    }
    return ApiError(
        429,
        f"Quota exceeded for quota metric '{name} requests' and limit '{name} requests per minute{scope}' "
        f"of service 'sheets.googleapis.com' for consumer 'project_number:{PROJECT}'.",
        [reason],
    )
