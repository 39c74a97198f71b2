"""Definitions as the API shows them: events and alliances."""

from typing import Any

from chalicelib.domain.calendar import GameDay
from chalicelib.domain.events import Event
from chalicelib.domain.roster import Alliance

_GAME_DAY = GameDay()


def event_json(event: Event) -> dict[str, Any]:
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


def alliance_json(alliance: Alliance) -> dict[str, Any]:
    """Its id and labels, without its server."""
    return {name: getattr(alliance, name) for name in ("id", "tag", "name", "is_open")}
