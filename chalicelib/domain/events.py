"""What an IMS event consists of: milestones, tiers, rewards, and when they run.

An event is data: TOML in the catalog, JSON in the API and the table. What the game has not published is None and stays
None.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from chalicelib.domain.calendar import GameDay, Window
from chalicelib.domain.errors import FieldError

EventStatus = Literal["upcoming", "running", "reporting", "ended"]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
Label = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Amount = Annotated[int, Field(gt=0, le=10**12)]

MOST_MILESTONES, MOST_TIERS = 30, 100
"""The most of an event, so that a commander's card stays small, and all tiers can be stamped at once."""

MOST_OBJECTIVES, MOST_REWARDS = 20, 20
"""The most of a milestone, and of a tier, so that they fit into a cell. `too_many` says where an event has more."""

_DATE = re.compile(r"^\d{4}(-\d{2}){0,2}-")


class Definition(BaseModel):
    """A frozen model that refuses unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Scheduled(Definition):
    """Something with a window: game days (`last_day` defaults to `first_day`), or two explicit instants."""

    first_day: date | None = None
    last_day: date | None = None
    opens_at: AwareDatetime | None = None
    closes_at: AwareDatetime | None = None

    @model_validator(mode="after")
    def _has_one_window(self) -> Self:
        by_day = self.first_day is not None or self.last_day is not None
        by_instant = self.opens_at is not None or self.closes_at is not None
        if by_day == by_instant:
            raise ValueError("give either first_day (and last_day), or opens_at and closes_at")
        if by_day and self.first_day is None:
            raise ValueError("first_day is missing")
        if by_instant and (self.opens_at is None or self.closes_at is None):
            raise ValueError("opens_at and closes_at go together")
        if self.first_day and self.last_day and self.last_day < self.first_day:
            raise ValueError("last_day is before first_day")
        if self.opens_at and self.closes_at and self.closes_at <= self.opens_at:
            raise ValueError("closes_at must be after opens_at")
        for time in (self.first_day, self.last_day, self.opens_at, self.closes_at):
            if time and not 2000 <= time.year < 3000:
                raise ValueError(f"the year {time.year} is not from 2000 to 2999")
        return self

    def window(self, game_day: GameDay) -> Window:
        """The instants between which this is active on a server with that game day (DESIGN §3.2)."""
        if self.opens_at and self.closes_at:
            return Window(self.opens_at, self.closes_at)
        assert self.first_day  # noqa: S101 - the validator requires it
        return game_day.window(self.first_day, self.last_day or self.first_day)

    def moved(self, by: timedelta) -> dict[str, Any]:
        """The fields that were given, with every date and instant later by `by`."""
        given = self.model_dump(exclude_unset=True)
        times = ("first_day", "last_day", "opens_at", "closes_at")
        return given | {name: given[name] + by for name in times if given.get(name)}


class Reward(Definition):
    """What every commander of the server gets. None means not published; `shown_as` is what the game showed instead."""

    name: Label | None = None
    quantity: Amount | None = None
    shown_as: Label | None = None

    def __str__(self) -> str:
        if self.name is None:
            return f"not published (shown as “{self.shown_as}”)" if self.shown_as else "not published"
        return self.name if self.quantity is None else f"{self.quantity} {self.name}"


class Tier(Definition):
    """A number of points at which the whole server gets `rewards`."""

    threshold: Amount
    rewards: tuple[Reward, ...]


class Milestone(Scheduled):
    """One milestone event of the SMS. Any one of `objectives` completes it; None if they are not published."""

    id: Slug
    name: Label
    points: Amount = 100
    server_points: Amount | None = None
    objectives: tuple[Label, ...] | None = None

    @property
    def credit(self) -> int:
        """Points that one completion gives the server (DESIGN §3.3)."""
        return self.points if self.server_points is None else self.server_points


class Event(Scheduled):
    """A server-wide IMS event, fed by one SMS event."""

    id: Slug
    name: Label
    ims_name: Label | None = None
    sms_name: Label | None = None
    reporting_grace_hours: Annotated[int, Field(ge=0, le=24 * 14)] = 24
    archived: bool = False
    milestones: tuple[Milestone, ...]
    tiers: Annotated[tuple[Tier, ...], Field(max_length=MOST_TIERS)] = ()

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if not 1 <= len(self.milestones) <= MOST_MILESTONES:
            raise ValueError(f"an event has 1 to {MOST_MILESTONES} milestones, not {len(self.milestones)}")
        for milestone_id, times in Counter(m.id for m in self.milestones).items():
            if times > 1:
                raise ValueError(f"milestone id {milestone_id!r} is used {times} times")
        thresholds = [tier.threshold for tier in self.tiers]
        if thresholds != sorted(set(thresholds)):
            raise ValueError("tiers must rise: each threshold over the one before")
        span = self.window(GameDay())
        for milestone in self.milestones:
            window = milestone.window(GameDay())
            same_kind = (milestone.first_day is None) == (self.first_day is None)
            if same_kind and not (span.opens_at <= window.opens_at and window.closes_at <= span.closes_at):
                raise ValueError(f"milestone {milestone.id!r} is not within the event's own dates")
        return self

    @property
    def points_possible(self) -> int:
        """The points of a commander who has completed every milestone."""
        return sum(milestone.points for milestone in self.milestones)

    def reporting_closes_at(self, game_day: GameDay) -> datetime:
        """The end of the grace in which members may still report (DESIGN §3.2)."""
        return self.window(game_day).closes_at + timedelta(hours=self.reporting_grace_hours)

    def status(self, now: datetime, game_day: GameDay) -> EventStatus:
        window = self.window(game_day)
        if now < window.opens_at:
            return "upcoming"
        if now < window.closes_at:
            return "running"
        return "reporting" if now < self.reporting_closes_at(game_day) else "ended"

    def can_change(self, now: datetime, game_day: GameDay) -> bool:
        """Whether completions in it can still change: it has begun and is not archived."""
        return not self.archived and self.status(now, game_day) != "upcoming"

    @property
    def begins_on(self) -> date:
        """The first game day, or the day in UTC if instants are given."""
        if self.opens_at:
            return self.opens_at.astimezone(UTC).date()
        assert self.first_day  # noqa: S101 - the validator has seen to it
        return self.first_day

    def cloned(self, first_day: date) -> Self:
        """The same event, beginning on `first_day`: everything moves by the same number of days. It is not archived.

        Its id is that day, followed by this id without its own date: `2023-11-drill` gives `2026-11-30-drill`.
        Milestones keep their ids, and what is unknown stays unknown. Raises ValueError if the id gets too long, and
        OverflowError for a date after the year 9999.
        """
        by = first_day - self.begins_on
        milestones = [milestone.moved(by) for milestone in self.milestones]
        new_id = f"{first_day.isoformat()}-{_DATE.sub('', self.id)}"
        return type(self).model_validate(
            {**self.moved(by), "id": new_id, "archived": False, "milestones": milestones}
        )

    def milestone(self, milestone_id: str) -> Milestone | None:
        for milestone in self.milestones:
            if milestone.id == milestone_id:
                return milestone
        return None

    def global_id(self, milestone: Milestone) -> str:
        return f"{self.id}/{milestone.id}"

    def scheduled(self, game_day: GameDay) -> Iterator[tuple[Milestone, Window]]:
        """The milestones with their windows, ordered by opening."""
        pairs = ((milestone, milestone.window(game_day)) for milestone in self.milestones)
        return iter(sorted(pairs, key=lambda pair: pair[1].opens_at))


def too_many(event: Event, before: Event | None = None) -> list[FieldError]:
    """Where an event that somebody defines has more than is allowed, and did not have it `before`. What was stored once
    may stay."""
    milestones, tiers = (before.milestones, before.tiers) if before else ((), ())
    counted = [
        (f"milestones[{place}].objectives", len(milestone.objectives or ()), "objectives", MOST_OBJECTIVES)
        for place, milestone in enumerate(event.milestones)
        if milestone not in milestones
    ]
    counted += [
        (f"tiers[{place}].rewards", len(tier.rewards), "rewards", MOST_REWARDS)
        for place, tier in enumerate(event.tiers)
        if tier not in tiers
    ]
    return [
        FieldError(field, f"These are {count} {what}; {most} is the most.")
        for field, count, what, most in counted
        if count > most
    ]


def running_first(events: Iterable[Event], now: datetime, game_day: GameDay) -> list[Event]:
    """The events in the order in which people look for them: running, reporting, upcoming (soonest first), ended
    (latest first)."""
    rank = {"running": 0, "reporting": 1, "upcoming": 2, "ended": 3}

    def order(event: Event) -> tuple[int, float, str]:
        status = event.status(now, game_day)
        opens = event.window(game_day).opens_at.timestamp()
        return rank[status], -opens if status == "ended" else opens, event.id

    return sorted(events, key=order)
