"""How long to wait before something is tried again: doubling pauses with full jitter, and an end to it."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from random import random

from chalicelib.domain.errors import Busy

ATTEMPTS = 10
FIRST_PAUSE, LONGEST_PAUSE = 0.02, 0.64
"""Seconds: 1.9 on average for all attempts together, never 4."""


def pause(attempt: int, sleep: Callable[[float], None], at_least: float = 0.0) -> None:
    """After the attempt of that number, from 0. No pause after the last. Raises Busy if there is no time left."""
    require_time()
    if attempt + 1 < ATTEMPTS:
        sleep(at_least + random() * min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempt))  # noqa: S311 - jitter


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Meanwhile nothing is begun or tried again when so many seconds are over: it is Busy.

    Each attempt and each use case has a bound of its own, but together they may take longer than somebody waits.
    """
    token = _until.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _until.reset(token)


def require_time() -> None:
    """Raises Busy if the time of `within` is over."""
    if time.monotonic() >= _until.get():
        raise Busy


_until: ContextVar[float] = ContextVar("until", default=math.inf)
