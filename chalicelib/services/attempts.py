"""Deciding again whenever somebody else was faster."""

from collections.abc import Callable
from typing import TypeVar

from chalicelib.domain.errors import Busy
from chalicelib.store.backoff import ATTEMPTS, pause, within
from chalicelib.store.completions import CardsChanged
from chalicelib.store.table import ConditionFailed

__all__ = ["until_written", "within"]

T = TypeVar("T")


def until_written(decide_and_write: Callable[[], T], sleep: Callable[[float], None]) -> T:
    """The result of `decide_and_write`, which reads, decides, and writes on the condition that nothing has changed
    since.

    If something has, it is called again. Raises Busy after `ATTEMPTS` failures.
    """
    for attempt in range(ATTEMPTS):
        try:
            return decide_and_write()
        except (CardsChanged, ConditionFailed):
            pause(attempt, sleep)
    raise Busy
