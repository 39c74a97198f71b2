"""How many requests Discord takes. It publishes few of these numbers: those marked (?) are what people measured."""

import math
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from .errors import OLD_EDITS, ApiError

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Window:
    """So many in any span of so many seconds."""

    most: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Limits:
    webhook: Window = Window(5, 2)
    """Requests of one webhook (?); those that are refused count too."""
    channel: Window = Window(30, 60)
    """Messages in one channel."""
    old_edits: Window = Window(5, 600)
    """Edits in one channel of messages that are more than an hour old (?)."""


@dataclass
class Meter:
    """Counts by the server's clock, whatever that does."""

    _times: dict[tuple[str, str], deque[datetime]] = field(default_factory=dict)

    def take_of_webhook(self, webhook_id: str, limits: Limits, now: datetime) -> dict[str, str]:
        """The headers of its answer. Raises ApiError."""
        times = self._recent("webhook", webhook_id, limits.webhook, now)
        after = self._wait(times, limits.webhook, now)
        free = limits.webhook.most - len(times)
        headers = {
            "X-RateLimit-Limit": str(limits.webhook.most),
            "X-RateLimit-Remaining": str(max(0, free - 1)),
            "X-RateLimit-Reset": f"{now.timestamp() + after:.3f}",
            "X-RateLimit-Reset-After": f"{after:.3f}",
            "X-RateLimit-Bucket": f"webhook-{webhook_id}",
        }
        if free <= 0:
            raise limited(after, scope="user", headers=headers)
        times.append(now)
        return headers

    def take_of_channel(self, channel_id: str, limits: Limits, now: datetime) -> None:
        """A message is to be sent there. Raises ApiError."""
        times = self._recent("channel", channel_id, limits.channel, now)
        if len(times) >= limits.channel.most:
            raise limited(self._wait(times, limits.channel, now), scope="shared")
        times.append(now)

    def take_edit(self, channel_id: str, written_at: datetime, limits: Limits, now: datetime) -> None:
        """A message there is to be edited. Raises ApiError."""
        if now - written_at <= HOUR:
            return
        times = self._recent("old edits", channel_id, limits.old_edits, now)
        if len(times) >= limits.old_edits.most:
            raise limited(self._wait(times, limits.old_edits, now), scope="shared", refusal=OLD_EDITS)
        times.append(now)

    def _recent(self, kind: str, owner: str, window: Window, now: datetime) -> deque[datetime]:
        times = self._times.setdefault((kind, owner), deque())
        while times and not timedelta(0) <= now - times[0] < timedelta(seconds=window.seconds):
            times.popleft()
        return times

    @staticmethod
    def _wait(times: deque[datetime], window: Window, now: datetime) -> float:
        """Seconds until there is room for one more than now."""
        return (
            (times[0] + timedelta(seconds=window.seconds) - now).total_seconds() if times else window.seconds
        )


def limited(
    retry_after: float,
    scope: str = "user",
    refusal: tuple[int, int, str] = (429, 0, "You are being rate limited."),
    headers: dict[str, str] | None = None,
) -> ApiError:
    """429, with the seconds to wait as a number in the body, and as whole seconds in a header."""
    error = ApiError(*refusal, {"retry_after": round(retry_after, 3), "global": False})
    error.headers = {
        **(headers or {}),
        "Retry-After": str(math.ceil(retry_after)),
        "X-RateLimit-Scope": scope,
    }
    if not refusal[1]:
        del error.body["code"]
    return error
