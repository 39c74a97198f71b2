"""Where a server stands in an event: points, tiers, and what is still needed (DESIGN §3.3 to 3.6)."""

from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.calendar import GameDay, WindowStatus
from chalicelib.domain.events import Event, EventStatus, Reward
from chalicelib.domain.projection import NoProjection, Projection, project
from chalicelib.domain.standing import Basis, Standing, TierStamp


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
    """`remaining` is in points. If a reached tier has points remaining, a correction dropped the points below it."""

    threshold: int
    rewards: tuple[Reward, ...]
    reached: bool
    reached_at: datetime | None
    reached_by: Basis | None
    remaining: int

    @property
    def dropped_below(self) -> bool:
        return self.reached and self.remaining > 0


@dataclass(frozen=True, slots=True)
class NeededForTier:
    """What the next tier needs: completions; and commanders, if each completes everything that is still open (None if
    nothing is open)."""

    completions: int
    commanders: int | None


@dataclass(frozen=True, slots=True)
class NextTier:
    """The lowest tier that is not reached: its threshold, the points that remain to it, and what they take."""

    threshold: int
    remaining: int
    needed: NeededForTier


@dataclass(frozen=True, slots=True)
class LatestReading:
    """The official points, and when the game showed them."""

    points: int
    read_at: datetime


@dataclass(frozen=True, slots=True)
class BestPoints:
    """The greater of the reported and the official points, and which of them it is. It decides about tiers."""

    points: int
    by: Basis


@dataclass(frozen=True, slots=True)
class Progress:
    """One event on one server. The field names are the contract of DESIGN §5.

    `no_projection`: why there is none.
    """

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
    needed: NeededForTier
    official: LatestReading | None
    coverage: float | None
    best: BestPoints
    projection: Projection | None
    no_projection: str | None


def progress_of(event: Event, server: str, game_day: GameDay, standing: Standing, now: datetime) -> Progress:
    """The progress of `event` at `now`."""
    totals, reading = standing.totals, standing.reading
    points, best = totals.points(event), best_points(event, standing)
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
        _tier(tier.threshold, tier.rewards, best.points, standing.stamps.get(tier.threshold))
        for tier in event.tiers
    )
    threshold = next_tier(event, standing)
    still_open = [m.credit for m, window in event.scheduled(game_day) if window.status(now) != "closed"]
    projection = project(event, game_day, standing, now)
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
        next_tier=threshold,
        needed=needed(threshold - best.points if threshold else 0, event, still_open),
        official=LatestReading(reading.points, reading.read_at) if reading else None,
        coverage=reading.coverage if reading else None,
        best=best,
        projection=projection if isinstance(projection, Projection) else None,
        no_projection=projection.reason if isinstance(projection, NoProjection) else None,
    )


def next_tier(event: Event, standing: Standing) -> int | None:
    """The lowest threshold that is higher than the better of the two numbers; None if there is none."""
    best = best_points(event, standing)
    return next((tier.threshold for tier in event.tiers if tier.threshold > best.points), None)


def best_points(event: Event, standing: Standing) -> BestPoints:
    reported = standing.totals.points(event)
    if standing.reading and standing.reading.points > reported:
        return BestPoints(standing.reading.points, "reading")
    return BestPoints(reported, "reported")


def towards_next_tier(event: Event, game_day: GameDay, standing: Standing, now: datetime) -> NextTier | None:
    """What the server needs for its next tier; None if there is none."""
    threshold = next_tier(event, standing)
    if threshold is None:
        return None
    remaining = threshold - best_points(event, standing).points
    still_open = [m.credit for m, window in event.scheduled(game_day) if window.status(now) != "closed"]
    return NextTier(threshold, remaining, needed(remaining, event, still_open))


def newly_reached(event: Event, standing: Standing, now: datetime) -> dict[int, TierStamp]:
    """The stamps to write now, by threshold: for tiers that the points have reached and that have no stamp yet."""
    thresholds = [tier.threshold for tier in event.tiers if tier.threshold not in standing.stamps]
    if not thresholds:
        return {}
    points, best = standing.totals.points(event), best_points(event, standing)
    return {
        threshold: TierStamp(now, "reported" if points >= threshold else "reading")
        for threshold in thresholds
        if best.points >= threshold
    }


def needed(remaining: int, event: Event, still_open: list[int]) -> NeededForTier:
    """What would earn `remaining` points. `still_open` holds the credits of the milestones that have not closed yet.

    If credits differ, the completions are counted with the highest credit that can still be earned; if all milestones
    have closed, with the highest of all.
    """
    credit = max(still_open or [m.credit for m in event.milestones])
    each = sum(still_open)
    return NeededForTier(
        _ceil(remaining, credit), _ceil(remaining, each) if each else (None if remaining else 0)
    )


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
