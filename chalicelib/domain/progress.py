"""Where a server stands in an event: points, tiers, and what is still needed (DESIGN §3.3 to 3.6)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from chalicelib.domain.calendar import GameDay, WindowStatus
from chalicelib.domain.events import Event, EventStatus, Reward

ReachedBy = Literal["reported", "reading"]


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts of one event, for an alliance or summed for a server. All else is derived from them."""

    commanders: int = 0
    completions: Mapping[str, int] = field(default_factory=dict)
    """Milestone id → commanders who completed it."""

    def __add__(self, other: "Totals") -> "Totals":
        ids = {**self.completions, **other.completions}
        counts = {m: self.completions.get(m, 0) + other.completions.get(m, 0) for m in ids}
        return Totals(self.commanders + other.commanders, counts)

    def points(self, event: Event) -> int:
        """What these completions give the server."""
        return sum(self.completions.get(m.id, 0) * m.credit for m in event.milestones)


@dataclass(frozen=True, slots=True)
class TierStamp:
    """That a tier was seen to be reached: when first, and by which of the two numbers. Written once."""

    reached_at: datetime
    reached_by: ReachedBy


@dataclass(frozen=True, slots=True)
class Reading:
    """The server's points as the game showed them, and what was reported at that moment."""

    points: int
    read_at: datetime
    reported_points: int

    @property
    def coverage(self) -> float | None:
        """The part of the official points that was reported, 0 to 1; None while the game shows none."""
        return min(1.0, self.reported_points / self.points) if self.points else None


@dataclass(frozen=True, slots=True)
class MilestoneProgress:
    id: str
    name: str
    points: int
    opens_at: datetime
    closes_at: datetime
    status: WindowStatus
    completions: int


@dataclass(frozen=True, slots=True)
class TierProgress:
    """`remaining` is in points. A reached tier with some remaining was dropped below by a correction."""

    threshold: int
    rewards: tuple[Reward, ...]
    reached: bool
    reached_at: datetime | None
    reached_by: ReachedBy | None
    remaining: int

    @property
    def dropped_below(self) -> bool:
        return self.reached and self.remaining > 0


@dataclass(frozen=True, slots=True)
class Needed:
    """To the next tier: completions, and commanders if each did all that is still open (None if nothing is)."""

    completions: int
    commanders: int | None


@dataclass(frozen=True, slots=True)
class Official:
    points: int
    read_at: datetime


@dataclass(frozen=True, slots=True)
class Projection:
    """Where the points will end: a range, the instant it is for, and what it is based on."""

    low: int
    high: int
    at: datetime
    basis: str


@dataclass(frozen=True, slots=True)
class Progress:
    """One event on one server. The field names are the contract of DESIGN §5."""

    server: str
    event: str
    name: str
    status: EventStatus
    as_of: datetime
    points: int
    completions: int
    commanders: int
    milestones: tuple[MilestoneProgress, ...]
    tiers: tuple[TierProgress, ...]
    next_tier: int | None
    needed: Needed
    official: Official | None
    coverage: float | None
    projection: Projection | None


def progress_of(
    event: Event,
    server: str,
    game_day: GameDay,
    totals: Totals,
    stamps: Mapping[int, TierStamp],
    now: datetime,
    reading: Reading | None = None,
) -> Progress:
    """The state of `event` at `now`. `stamps` are by threshold, `reading` is the latest."""
    points = totals.points(event)
    best = max(points, reading.points if reading else 0)
    milestones = tuple(
        MilestoneProgress(
            id=event.global_id(milestone),
            name=milestone.name,
            points=milestone.points,
            opens_at=window.opens_at,
            closes_at=window.closes_at,
            status=window.status(now),
            completions=totals.completions.get(milestone.id, 0),
        )
        for milestone, window in event.scheduled(game_day)
    )
    tiers = tuple(
        _tier(tier.threshold, tier.rewards, best, stamps.get(tier.threshold)) for tier in event.tiers
    )
    next_tier = next((tier for tier in tiers if tier.remaining), None)
    still_open = [m.credit for m, window in event.scheduled(game_day) if window.status(now) != "closed"]
    return Progress(
        server=server,
        event=event.id,
        name=event.name,
        status=event.status(now, game_day),
        as_of=now,
        points=points,
        completions=sum(m.completions for m in milestones),
        commanders=totals.commanders,
        milestones=milestones,
        tiers=tiers,
        next_tier=next_tier.threshold if next_tier else None,
        needed=needed(next_tier.remaining if next_tier else 0, event, still_open),
        official=Official(reading.points, reading.read_at) if reading else None,
        coverage=reading.coverage if reading else None,
        projection=None,
    )


def newly_reached(
    event: Event, totals: Totals, reading: Reading | None, stamps: Iterable[int], now: datetime
) -> dict[int, TierStamp]:
    """The stamps to write now: of the tiers at or under the points and not stamped yet, by threshold."""
    points = totals.points(event)
    official = reading.points if reading else 0
    return {
        tier.threshold: TierStamp(now, "reported" if points >= tier.threshold else "reading")
        for tier in event.tiers
        if tier.threshold not in set(stamps) and max(points, official) >= tier.threshold
    }


def needed(remaining: int, event: Event, still_open: list[int]) -> Needed:
    """What closes a gap of `remaining` points; `still_open` holds the credits of the milestones not yet closed.

    Where credits differ, completions are counted at the highest that can still be earned (or was to be).
    """
    credit = max(still_open or [m.credit for m in event.milestones])
    each = sum(still_open)
    return Needed(_ceil(remaining, credit), _ceil(remaining, each) if each else (None if remaining else 0))


def _tier(threshold: int, rewards: tuple[Reward, ...], best: int, stamp: TierStamp | None) -> TierProgress:
    return TierProgress(
        threshold=threshold,
        rewards=rewards,
        reached=stamp is not None or best >= threshold,
        reached_at=stamp.reached_at if stamp else None,
        reached_by=stamp.reached_by if stamp else None,
        remaining=max(0, threshold - best),
    )


def _ceil(amount: int, unit: int) -> int:
    return -(-amount // unit)
