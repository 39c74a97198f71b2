"""Whether the rewards of an event will be reached, in words that members understand (DESIGN §13)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from chalicelib.domain.calendar import GameDay
from chalicelib.domain.messages import Message, say
from chalicelib.domain.progress import Progress, TierProgress
from chalicelib.domain.projection import Projection

Verdict = Literal["reached", "yes", "perhaps", "no", "unknown", "missed"]
"""`yes`, `perhaps` and `no` go by the projection; without one it is `unknown`. `reached` and `missed` are facts: a
reward that was reached stays so, and one is `missed` when members can no longer report."""


@dataclass(frozen=True, slots=True)
class TierOutlook:
    """What to expect of a tier. `message` says it; its instants are in the server's zone."""

    threshold: int
    verdict: Verdict
    message: Message


def outlooks(progress: Progress, game_day: GameDay) -> tuple[TierOutlook, ...]:
    """What to expect of each tier of an event that has begun, as of the progress."""
    return tuple(_outlook(progress, tier, game_day) for tier in progress.tiers)


def _outlook(progress: Progress, tier: TierProgress, day: GameDay) -> TierOutlook:
    projection = progress.projection
    if tier.reached:
        return TierOutlook(tier.threshold, "reached", _reached(tier, day))
    if progress.status == "ended":
        return TierOutlook(tier.threshold, "missed", say("outlook-missed", missing=tier.remaining))
    if projection is None:
        return TierOutlook(tier.threshold, "unknown", say("outlook-unknown"))
    if projection.high < tier.threshold:
        return TierOutlook(tier.threshold, "no", _short(projection, tier.threshold))
    is_next = tier.threshold == progress.next_tier
    earliest = _later(projection.next_tier_from if is_next else None, progress.as_of, day)
    if projection.low < tier.threshold:
        return TierOutlook(tier.threshold, "perhaps", _perhaps(projection, earliest))
    latest = day.local((projection.next_tier_by if is_next else None) or projection.at)
    return TierOutlook(tier.threshold, "yes", _yes(earliest, latest))


def _reached(tier: TierProgress, day: GameDay) -> Message:
    """A tier has no time yet while the report that reaches it is being stamped."""
    if tier.reached_at is None:
        return say("outlook-reached")
    at = day.local(tier.reached_at)
    if tier.dropped_below:
        return say("outlook-dropped", at=at, missing=tier.remaining)
    return say("outlook-read", at=at) if tier.reached_by == "reading" else say("outlook-reached-at", at=at)


def _yes(earliest: datetime | None, latest: datetime) -> Message:
    if earliest is None or earliest >= latest:
        return say("outlook-yes-by", latest=latest)
    return say("outlook-yes", earliest=earliest, latest=latest)


def _perhaps(projection: Projection, earliest: datetime | None) -> Message:
    if earliest is None:
        return say("outlook-perhaps", low=projection.low, high=projection.high)
    return say("outlook-perhaps-from", earliest=earliest)


def _short(projection: Projection, threshold: int) -> Message:
    fewest, most = _about(threshold - projection.high), _about(threshold - projection.low)
    if fewest == most:
        return say("outlook-no", points=fewest)
    return say("outlook-no-between", fewest=fewest, most=most)


def _later(instant: datetime | None, now: datetime, day: GameDay) -> datetime | None:
    """The instant in the server's zone, if it is after now."""
    return day.local(instant) if instant and instant > now else None


def _about(points: int) -> int:
    """Rounded to what a projection is worth: 95 as it is, 425 to 400, 3,925 to 3,900."""
    return points if points < 100 else round(points, 1 - len(str(points)) + (points >= 1000))
