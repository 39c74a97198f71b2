"""What is read often and changed seldom, kept for a while by the process that read it."""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from chalicelib.domain.access import REVOKED_WITHIN

T = TypeVar("T")

CACHE_SECONDS = REVOKED_WITHIN.total_seconds()
"""How long an answer is reused. Keys are among them, so it is as long as a revoked one may go on working."""


class Cache:
    """Answers for up to `CACHE_SECONDS`; what isn't there is never kept."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._kept: dict[Hashable, tuple[float, Any]] = {}

    def get(self, name: Hashable, load: Callable[[], T | None]) -> T | None:
        now = self._monotonic()
        expires_at, value = self._kept.get(name, (now, None))
        if now < expires_at:
            return value  # type: ignore[no-any-return]
        loaded = load()
        if loaded:
            self._kept[name] = now + CACHE_SECONDS, loaded
        return loaded

    def clear(self) -> None:
        self._kept.clear()
