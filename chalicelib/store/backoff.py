"""How long to wait before something is tried again: doubling pauses with full jitter, and a limit for all of them."""

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
    """Pauses after the attempt of that number, counted from 0; not after the last. Raises Busy if no time is left."""
    require_time()
    if attempt + 1 < ATTEMPTS:
        sleep(at_least + random() * min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempt))  # noqa: S311 - jitter


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """In the `with` block, nothing is begun or tried again after that many seconds: Busy is raised instead.

    Each attempt and each use case has its own limit, but together they may take longer than somebody waits.
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
