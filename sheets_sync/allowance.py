"""What a run may still spend: Google's requests, of which there are only so many a minute, and its own time."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

Kind = Literal["read", "write"]
KINDS: tuple[Kind, ...] = ("read", "write")

MINUTE = timedelta(minutes=1)
LONGEST_PAUSE = 5.0
"""Seconds that a run waits for a request to become free, so that it keeps in step with the one a minute before."""
RESERVE = 2.0
"""Seconds at the end of a run in which nothing is asked of Google: for noting what became of the sheets."""


class OutOfAllowance(Exception):
    """The request was not made: it would be one too many, or too late. Nothing failed; a later run goes on."""


class Allowance:
    """`limit` requests of each kind in any minute, wherever it begins.

    A request counts from before it is sent until a minute after it was answered, so whatever time of it is Google's,
    no minute of Google's holds more.
    """

    def __init__(
        self, limit: int, clock: Callable[[], datetime], spent: Mapping[str, Sequence[datetime]] | None = None
    ) -> None:
        self._limit = limit
        self._clock = clock
        self._times = {kind: sorted((spent or {}).get(kind, ())) for kind in KINDS}

    @property
    def spent(self) -> dict[str, list[datetime]]:
        """When the requests were made that still count, by kind: what the next run has to know."""
        return {kind: self._counting(kind) for kind in KINDS}

    def wait(self, kind: Kind, number: int = 1) -> float:
        """Seconds until so many more may be made; infinite if never that many at once."""
        if number > self._limit:
            return math.inf
        counting = self._counting(kind)
        excess = len(counting) + number - self._limit
        if excess <= 0:
            return 0.0
        return (counting[excess - 1] + MINUTE - self._clock()).total_seconds()

    def spend(self, kind: Kind) -> None:
        """Counts one that is sent now."""
        self._times[kind].append(self._clock())

    def answered(self, kind: Kind) -> None:
        """The one sent last has been answered, or given up, now."""
        self._times[kind][-1] = self._clock()

    def _counting(self, kind: Kind) -> list[datetime]:
        """Without those more than a minute ahead, which are of a clock that has been set back."""
        now = self._clock()
        return [each for each in self._times[kind] if abs(now - each) < MINUTE]


@dataclass(frozen=True, slots=True)
class Budget:
    """An allowance and the time left, in seconds. Whoever is to wait is told how long, by `sleep`."""

    allowance: Allowance
    _remaining: Callable[[], float]
    _sleep: Callable[[float], None]

    @property
    def seconds(self) -> float:
        """What is left for Google; infinite outside of Lambda."""
        return self._remaining() - RESERVE

    def has_room(self, needs: Mapping[Kind, int], seconds: float) -> bool:
        """Whether so many requests may be made, and take so long; a short while is waited for that."""
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
