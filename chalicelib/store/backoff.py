"""How long to wait before something is tried again: doubling pauses with full jitter."""

from collections.abc import Callable
from random import random

ATTEMPTS = 10
FIRST_PAUSE, LONGEST_PAUSE = 0.02, 0.64
"""Seconds: 1.9 on average for all attempts together, never 4."""


def pause(attempt: int, sleep: Callable[[float], None]) -> None:
    """After the attempt of that number, from 0. No pause after the last."""
    if attempt + 1 < ATTEMPTS:
        sleep(random() * min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempt))  # noqa: S311 - jitter
