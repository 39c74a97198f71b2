"""What a run may still spend: requests to Google, which limits them by the minute, and its own time."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

Kind = Literal["read", "write"]
KINDS: tuple[Kind, ...] = ("read", "write")

MINUTE = timedelta(minutes=1)
LONGEST_PAUSE = 5.0
"""Seconds that a run waits until another request is allowed, so that it can follow a run that began a minute ago."""
RESERVE = 2.0
"""Seconds at the end of a run that are kept for noting how the sheets went, without requests to Google."""


class OutOfAllowance(Exception):
    """The request was not made: it would be one too many, or too late. Nothing failed; a later run goes on."""


class Allowance:
    """`limit` requests of each kind in any minute, wherever it begins.

    A request counts from before it is sent until a minute after it was answered. So whenever Google counts it, no
    minute of Google's holds more than `limit`.
    """

    def __init__(
        self, limit: int, clock: Callable[[], datetime], spent: Mapping[str, Sequence[datetime]] | None = None
    ) -> None:
        self._limit = limit
        self._clock = clock
        self._times = {kind: sorted((spent or {}).get(kind, ())) for kind in KINDS}

    @property
    def spent(self) -> dict[str, list[datetime]]:
        """By kind, when the requests that still count were made: the next run must know it."""
        return {kind: self._counting(kind) for kind in KINDS}

    def wait(self, kind: Kind, number: int = 1) -> float:
        """Seconds until `number` more may be made; infinite if that is more than the limit."""
        if number > self._limit:
            return math.inf
        counting = self._counting(kind)
        excess = len(counting) + number - self._limit
        if excess <= 0:
            return 0.0
        return (counting[excess - 1] + MINUTE - self._clock()).total_seconds()

    def spend(self, kind: Kind) -> None:
        """Counts a request that is sent now."""
        self._times[kind].append(self._clock())

    def answered(self, kind: Kind) -> None:
        """Notes that the request sent last has now been answered, or given up."""
        self._times[kind][-1] = self._clock()

    def _counting(self, kind: Kind) -> list[datetime]:
        """Leaves out times more than a minute ahead: they are from before a clock was set back."""
        now = self._clock()
        return [each for each in self._times[kind] if abs(now - each) < MINUTE]


@dataclass(frozen=True, slots=True)
class Budget:
    """An allowance and the time left, in seconds. `sleep` is called with the seconds to wait."""

    allowance: Allowance
    _remaining: Callable[[], float]
    _sleep: Callable[[float], None]

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
        if not self.has_room({kind: 1}, seconds=0.0):
            raise OutOfAllowance(f"no {kind} request is left")
        self.allowance.spend(kind)

    def pause(self, seconds: float) -> None:
        if seconds > 0:
            self._sleep(seconds)
