"""`IMS Rewards`: every tier, and whether it is reached."""

from typing import NamedTuple

from chalicelib.domain.events import Event
from chalicelib.domain.progress import TierProgress
from chalicelib.domain.sheet_view import SheetView
from sheets_sync.content.event_names import event_names
from sheets_sync.content.wall_time import local_if
from sheets_sync.content.words import NOT_PUBLISHED, NUMBERS
from sheets_sync.tabs import Column, Highlight, Row, Tab, row_of

REACHED, CORRECTED = "reached", "reached, then corrected below"


class _Reward(NamedTuple):
    event: Event
    tier: TierProgress

    @property
    def key(self) -> str:
        return f"{self.event.id}/{self.tier.threshold}"

    @property
    def rewards(self) -> str:
        return "; ".join(map(str, self.tier.rewards)) or NOT_PUBLISHED

    @property
    def status(self) -> str:
        if self.tier.dropped_below:
            return CORRECTED
        return REACHED if self.tier.reached else "not reached"

    @property
    def reached_by(self) -> str | None:
        return NUMBERS[self.tier.reached_by] if self.tier.reached_by else None


def rewards_tab(view: SheetView, block: tuple[Row, ...]) -> Tab:
    names = event_names(view)
    columns: tuple[Column[_Reward], ...] = (
        Column("Event", lambda one: names[one.event.id], 170),
        Column("Points needed", lambda one: one.tier.threshold, 140, "count"),
        Column("Rewards", lambda one: one.rewards, 340, wraps=True),
        Column("Status", lambda one: one.status, 190),
        Column("Remaining", lambda one: one.tier.remaining, 90, "count"),
        Column("Reached at", lambda one: local_if(one.tier.reached_at, view.game_day), 140, "time"),
        Column("Reached by", lambda one: one.reached_by, 120),
    )
    rewards = [_Reward(shown.event, tier) for shown in view.events for tier in shown.progress.tiers]
    rows = tuple(row_of(one.key, one, columns) for one in rewards)
    highlights = (Highlight("Status", REACHED, "good"), Highlight("Status", CORRECTED, "bad"))
    return Tab("rewards", "IMS Rewards", block, columns, rows, ("Event", "Points needed"), highlights)
