"""What a run may still spend: requests to Google, which limits them by the minute, and its own time."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Literal, NamedTuple

Kind = Literal["read", "write"]
KINDS: tuple[Kind, ...] = ("read", "write")

MINUTE = timedelta(minutes=1)
LONGEST_PAUSE = 5.0
"""Seconds that a run waits until another request is allowed, so that it can follow a run that began a minute ago."""
RESERVE = 2.0
"""Seconds at the end of a run that are kept for noting how the sheets went, without requests to Google."""


class OutOfAllowance(Exception):
    """The request was not made: it would be one too many, or too late. Nothing failed; a later run goes on."""


class Limits(NamedTuple):
    """How many requests of each kind Google allows in a minute: an account, and all accounts of a project together."""

    user: int = 60
    project: int = 300


@dataclass(slots=True)
class Sent:
    """A request, by the time from which it counts no longer than a minute."""

    at: datetime


class Project:
    """The allowances of accounts that share a limit. They may be used by several threads."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.lock = Lock()
        self.members: list[Allowance] = []


class Allowance:
    """`limit` requests of each kind in any minute, wherever it begins; and as many as the project allows, together with
    its other accounts.

    A request counts from before it is sent until a minute after it was answered. So whenever Google counts it, no
    minute of Google's holds more than `limit`.
    """

    def __init__(
        self,
        limit: int,
        clock: Callable[[], datetime],
        spent: Mapping[str, Sequence[datetime]] | None = None,
        project: Project | None = None,
    ) -> None:
        self._limit = limit
        self._clock = clock
        self._sent = {kind: [Sent(at) for at in (spent or {}).get(kind, ())] for kind in KINDS}
        self._project = project or Project(limit)
        self._project.members.append(self)

    @property
    def spent(self) -> dict[str, list[datetime]]:
        """By kind, when the requests that still count were made: the next run must know it."""
        with self._project.lock:
            return {kind: self._counting(kind) for kind in KINDS}

    def wait(self, kind: Kind, number: int = 1) -> float:
        """Seconds until `number` more may be made; infinite if that is more than a limit."""
        with self._project.lock:
            return self._wait(kind, number)

    def spend(self, kind: Kind) -> Sent | None:
        """Counts a request that is sent now. None: another account has just taken what was left."""
        with self._project.lock:
            if len(self._project.members) > 1 and self._wait(kind, 1) > 0:
                return None
            sent = Sent(self._clock())
            self._sent[kind].append(sent)
            return sent

    def answered(self, sent: Sent) -> None:
        """Notes that the request has now been answered, or given up."""
        sent.at = self._clock()

    def _wait(self, kind: Kind, number: int) -> float:
        now, project = self._clock(), self._project
        together = sorted(at for each in project.members for at in each._counting(kind))
        return max(
            _until(self._counting(kind), self._limit, number, now),
            _until(together, project.limit, number, now),
        )

    def _counting(self, kind: Kind) -> list[datetime]:
        """Leaves out times more than a minute ahead: they are from before a clock was set back."""
        now = self._clock()
        return sorted(sent.at for sent in self._sent[kind] if abs(now - sent.at) < MINUTE)


def _until(counting: Sequence[datetime], limit: int, number: int, now: datetime) -> float:
    """Seconds until `number` more are within the limit."""
    if number > limit:
        return math.inf
    excess = len(counting) + number - limit
    return 0.0 if excess <= 0 else (counting[excess - 1] + MINUTE - now).total_seconds()


@dataclass(frozen=True, slots=True)
class Budget:
    """An allowance and the time left, in seconds. `sleep` is called with the seconds to wait. Each session has its
    own."""

    allowance: Allowance
    _remaining: Callable[[], float]
    _sleep: Callable[[float], None]
    _last: dict[Kind, Sent] = field(default_factory=dict, init=False)

    @property
    def seconds(self) -> float:
        """What is left for Google; infinite outside of Lambda."""
        return self._remaining() - RESERVE

    def has_room(self, needs: Mapping[Kind, int], seconds: float) -> bool:
        """Whether these requests may be made and may take so many seconds. Waits a short while if that helps."""
        wait = max(self.allowance.wait(kind, number) for kind, number in needs.items())
        if wait > LONGEST_PAUSE or self.seconds - wait < seconds:
            return False
        self.pause(wait)
        return True

    def spend(self, kind: Kind) -> None:
        """Raises OutOfAllowance."""
        while self.has_room({kind: 1}, seconds=0.0):
            if sent := self.allowance.spend(kind):
                self._last[kind] = sent
                return
        raise OutOfAllowance(f"no {kind} request is left")

    def answered(self, kind: Kind) -> None:
        """Notes that the last request of that kind has now been answered, or given up."""
        self.allowance.answered(self._last[kind])

    def pause(self, seconds: float) -> None:
        if seconds > 0:
            self._sleep(seconds)
