"""What is known about an event on a server: the counts of each alliance, the stamped tiers, the official points."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Literal

from chalicelib.domain.events import Event

Basis = Literal["reported", "reading"]
"""Which of the two numbers: the reported points, or the official points of the latest reading."""


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts of one event, for an alliance or summed for a server. Everything else is calculated from them."""

    commanders: int = 0
    completions: Mapping[str, int] = field(default_factory=dict)
    """Milestone id → commanders who completed it."""

    def __add__(self, other: "Totals") -> "Totals":
        ids = {**self.completions, **other.completions}
        counts = {m: self.completions.get(m, 0) + other.completions.get(m, 0) for m in ids}
        return Totals(self.commanders + other.commanders, counts)

    def points(self, event: Event) -> int:
        """The server's points for these completions."""
        return sum(self.completions.get(m.id, 0) * m.credit for m in event.milestones)


@dataclass(frozen=True, slots=True)
class TierStamp:
    """When a tier was first seen to be reached, and by which of the two numbers. It is written once."""

    reached_at: datetime
    reached_by: Basis


@dataclass(frozen=True, slots=True)
class Reading:
    """The official points, as the game showed them at a moment, and what was reported then.

    `unique` tells it from others of the same moment; empty: that was not noted beside the totals.
    """

    points: int
    read_at: datetime
    reported_points: int
    unique: str = field(default="", compare=False)

    @property
    def generation(self) -> str:
        """Which reading it is."""
        return f"{self.read_at.timestamp():.3f}~{self.unique}"

    @property
    def coverage(self) -> float | None:
        """The part of the official points that was reported, 0 to 1; None if there are no points."""
        return min(1.0, self.reported_points / self.points) if self.points else None


@dataclass(frozen=True)
class Standing:
    """An event on a server: totals by alliance id, tier stamps by threshold, the latest reading, and the reported
    points at the end of each hour that was sampled, by the hour's beginning.

    `changes`: how often each alliance's totals have changed. It shows that cards have changed even if the totals are
    the same again.
    """

    alliances: Mapping[str, Totals] = field(default_factory=dict)
    stamps: Mapping[int, TierStamp] = field(default_factory=dict)
    reading: Reading | None = None
    history: Mapping[datetime, int] = field(default_factory=dict)
    changes: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def totals(self) -> Totals:
        """The server's totals: the sum over its alliances, added up once."""
        commanders, completions = 0, dict[str, int]()
        for alliance in self.alliances.values():
            commanders += alliance.commanders
            for milestone, count in alliance.completions.items():
                completions[milestone] = completions.get(milestone, 0) + count
        return Totals(commanders, completions)

    def summed(self) -> "Standing":
        """Without its alliances: their sum stands for one of them."""
        return Standing({"": self.totals}, self.stamps, self.reading, self.history)

    def plus(self, alliance: str, added: Totals) -> "Standing":
        """With `added` in that alliance's totals. The sum is carried on, since every report asks for it."""
        after = replace(
            self, alliances={**self.alliances, alliance: self.alliances.get(alliance, Totals()) + added}
        )
        vars(after)["totals"] = self.totals + added
        return after
