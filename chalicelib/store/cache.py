"""A cache for what is read often and seldom changes. Each process has its own."""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from chalicelib.domain.access import REVOKED_WITHIN

T = TypeVar("T")

CACHE_SECONDS = REVOKED_WITHIN.total_seconds()
"""How long an answer is reused. It decides how long a revoked key may still work, since keys are cached too."""


class Cache:
    """Keeps answers for up to `CACHE_SECONDS`. It never remembers that something does not exist, nor what another
    thread had begun to read before it was cleared: a key that was revoked meanwhile would work on."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._kept: dict[Hashable, tuple[float, Any]] = {}

    def get(self, name: Hashable, load: Callable[[], T | None]) -> T | None:
        now = self._monotonic()
        expires_at, value = self._kept.get(name, (now, None))
        if now < expires_at:
            return value  # type: ignore[no-any-return]
        kept = self._kept
        loaded = load()
        if loaded:
            kept[name] = now + CACHE_SECONDS, loaded
        return loaded

    def clear(self) -> None:
        self._kept = {}
