"""Definitions as the API shows them: events and alliances."""

from datetime import date, datetime

from typing_extensions import TypedDict  # pydantic reads no other in Python 3.11

from chalicelib.domain.calendar import GameDay
from chalicelib.domain.events import Event, Tier
from chalicelib.domain.roster import Alliance


class MilestoneDetails(TypedDict):
    id: str
    name: str
    first_day: date | None
    last_day: date | None
    opens_at: datetime
    closes_at: datetime
    points: int
    server_points: int
    objectives: tuple[str, ...] | None


class EventDetails(TypedDict):
    id: str
    name: str
    ims_name: str | None
    sms_name: str | None
    first_day: date | None
    last_day: date | None
    opens_at: datetime
    closes_at: datetime
    reporting_closes_at: datetime
    game_day: GameDay
    archived: bool
    milestones: list[MilestoneDetails]
    tiers: tuple[Tier, ...]


class AllianceSummary(TypedDict):
    id: str
    tag: str
    name: str
    is_open: bool
    new_per_day: int


_GAME_DAY = GameDay()


def event_json(event: Event) -> EventDetails:
    """The definition with its windows, for a game day that begins at 00:00 UTC where only dates are published.

    A server's own windows are in its schedule. What isn't published is null.
    """
    window = event.window(_GAME_DAY)
    return {
        "id": event.id,
        "name": event.name,
        "ims_name": event.ims_name,
        "sms_name": event.sms_name,
        "first_day": event.first_day,
        "last_day": event.last_day or event.first_day,
        "opens_at": window.opens_at,
        "closes_at": window.closes_at,
        "reporting_closes_at": event.reporting_closes_at(_GAME_DAY),
        "game_day": _GAME_DAY,
        "archived": event.archived,
        "milestones": [
            {
                "id": event.global_id(milestone),
                "name": milestone.name,
                "first_day": milestone.first_day,
                "last_day": milestone.last_day or milestone.first_day,
                "opens_at": milestone_window.opens_at,
                "closes_at": milestone_window.closes_at,
                "points": milestone.points,
                "server_points": milestone.credit,
                "objectives": milestone.objectives,
            }
            for milestone, milestone_window in event.scheduled(_GAME_DAY)
        ],
        "tiers": event.tiers,
    }


def alliance_json(alliance: Alliance) -> AllianceSummary:
    """Its id and labels, without its server."""
    return {
        "id": alliance.id,
        "tag": alliance.tag,
        "name": alliance.name,
        "is_open": alliance.is_open,
        "new_per_day": alliance.new_allowed,
    }
