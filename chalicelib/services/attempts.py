"""Deciding anew whenever somebody else was faster."""

from collections.abc import Callable
from random import random
from typing import TypeVar

from chalicelib.domain.errors import Busy
from chalicelib.store.completions import CardsChanged
from chalicelib.store.table import ConditionFailed, Contended

T = TypeVar("T")

ATTEMPTS = 10
FIRST_PAUSE, LONGEST_PAUSE = 0.02, 0.64
"""Seconds, doubling, with full jitter: 1.9 s on average for all attempts together, never 4 s."""


def pause(attempt: int, sleep: Callable[[float], None]) -> None:
    sleep(random() * min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempt))  # noqa: S311 - jitter


def until_written(decide_and_write: Callable[[], T], sleep: Callable[[float], None]) -> T:
    """What `decide_and_write` gives, which reads, decides and writes on the condition that nothing changed meanwhile.

    Raises Busy if that was in vain `ATTEMPTS` times.
    """
    for attempt in range(ATTEMPTS):
        try:
            return decide_and_write()
        except (CardsChanged, ConditionFailed, Contended):
            if attempt + 1 < ATTEMPTS:
                pause(attempt, sleep)
    raise Busy
