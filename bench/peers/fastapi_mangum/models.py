"""What the API takes and answers, what is defined, and how progress is calculated."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from math import ceil
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(max_length=200)]
Status = Literal["upcoming", "active", "closed"]


class Window(BaseModel):
    first_day: date
    last_day: date | None = None

    @property
    def opens_at(self) -> datetime:
        return datetime.combine(self.first_day, time(), UTC)

    @property
    def closes_at(self) -> datetime:
        return datetime.combine(self.last_day or self.first_day, time(), UTC) + timedelta(days=1)

    def window_status(self, now: datetime) -> Status:
        return "upcoming" if now < self.opens_at else "active" if now < self.closes_at else "closed"


class Reward(BaseModel):
    name: str | None = None
    quantity: int | None = None
    shown_as: str | None = None


class Tier(BaseModel):
    threshold: int
    rewards: list[Reward]


class Milestone(Window):
    id: str
    name: str
    points: int = 100
    objectives: list[str] | None = None


class Event(Window):
    id: str
    name: str
    reporting_grace_hours: int = 24
    milestones: list[Milestone]
    tiers: list[Tier] = []

    @property
    def reporting_closes_at(self) -> datetime:
        return self.closes_at + timedelta(hours=self.reporting_grace_hours)


class Report(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    commander: Text
    milestones: Annotated[list[Text], Field(min_length=1, max_length=100)]


class CommanderRef(BaseModel):
    id: str
    name: str


class Result(BaseModel):
    milestone: str
    status: Literal["recorded", "already_recorded"]
    points: int
    recorded_at: datetime


class Place(BaseModel):
    event: str
    commander_points: int
    commander_points_possible: int
    server_points: int
    next_tier: int | None


class Receipt(BaseModel):
    commander: CommanderRef
    results: list[Result]
    progress: list[Place]


class MilestoneProgress(BaseModel):
    id: str
    name: str
    points: int
    opens_at: datetime
    closes_at: datetime
    status: Status
    completions: int


class TierProgress(BaseModel):
    threshold: int
    rewards: list[Reward]
    reached: bool
    reached_at: datetime | None
    reached_by: str | None
    remaining: int


class Needed(BaseModel):
    completions: int
    commanders: int | None


class Reading(BaseModel):
    points: int
    read_at: datetime


class Projection(BaseModel):
    low: int
    high: int
    at: datetime
    basis: str


class Progress(BaseModel):
    server: str
    event: str
    name: str
    status: Literal["upcoming", "running", "reporting", "ended"]
    as_of: datetime
    points: int
    completions: int
    commanders: int
    milestones: list[MilestoneProgress]
    tiers: list[TierProgress]
    next_tier: int | None
    needed: Needed
    official: Reading | None
    coverage: float | None
    projection: Projection | None


@dataclass
class Standing:
    """The partition of an event on a server, summed over its alliances. `history`: points by hour."""

    commanders: int = 0
    completions: Counter[str] = field(default_factory=Counter)
    stamps: dict[int, tuple[datetime, str]] = field(default_factory=dict)
    reading: Reading | None = None
    reported: int = 0
    history: list[tuple[datetime, int]] = field(default_factory=list)

    def points(self, event: Event) -> int:
        return sum(self.completions[milestone.id] * milestone.points for milestone in event.milestones)

    def best(self, event: Event) -> int:
        return max(self.points(event), self.reading.points if self.reading else 0)

    def next_tier(self, event: Event) -> int | None:
        best = self.best(event)
        return next((tier.threshold for tier in event.tiers if tier.threshold > best), None)


def progress_of(server: str, event: Event, standing: Standing, now: datetime) -> Progress:
    best, reading, status = standing.best(event), standing.reading, event.window_status(now)
    goal = standing.next_tier(event)
    return Progress(
        server=server,
        event=event.id,
        name=event.name,
        status="running"
        if status == "active"
        else "upcoming"
        if status == "upcoming"
        else "reporting"
        if now < event.reporting_closes_at
        else "ended",
        as_of=now,
        points=standing.points(event),
        completions=standing.completions.total(),
        commanders=standing.commanders,
        milestones=[
            MilestoneProgress(
                id=f"{event.id}/{one.id}",
                name=one.name,
                points=one.points,
                opens_at=one.opens_at,
                closes_at=one.closes_at,
                status=one.window_status(now),
                completions=standing.completions[one.id],
            )
            for one in event.milestones
        ],
        tiers=[_tier(tier, standing, best) for tier in event.tiers],
        next_tier=goal,
        needed=needed(event, goal - best if goal else 0, now),
        official=reading,
        coverage=min(1.0, standing.reported / reading.points) if reading and reading.points else None,
        projection=_projection(event, standing, best, now),
    )


def needed(event: Event, missing: int, now: datetime) -> Needed:
    still_open = [one.points for one in event.milestones if one.window_status(now) != "closed"]
    return Needed(
        completions=ceil(missing / max(still_open or [one.points for one in event.milestones])),
        commanders=ceil(missing / sum(still_open)) if still_open else None if missing else 0,
    )


def _tier(tier: Tier, standing: Standing, best: int) -> TierProgress:
    reached_at, reached_by = standing.stamps.get(tier.threshold, (None, None))
    return TierProgress(
        threshold=tier.threshold,
        rewards=tier.rewards,
        reached=reached_at is not None or best >= tier.threshold,
        reached_at=reached_at,
        reached_by=reached_by,
        remaining=max(0, tier.threshold - best),
    )


def _projection(event: Event, standing: Standing, best: int, now: datetime) -> Projection | None:
    """A straight line from the first sample to now, until members can no longer report."""
    if not standing.history or not now - timedelta(days=1) >= standing.history[0][0]:
        return None
    since, points = standing.history[0]
    rate = (standing.points(event) - points) / (now - since).total_seconds()
    more = max(0.0, rate * (event.reporting_closes_at - now).total_seconds())
    return Projection(
        low=best + round(0.75 * more),
        high=best + round(1.25 * more),
        at=event.reporting_closes_at,
        basis=f"a straight line through the last {len(standing.history)} hours",
    )
