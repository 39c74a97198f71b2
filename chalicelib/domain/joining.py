"""How many commanders a member link may bring in a day (DESIGN §3.12)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from chalicelib.domain.calendar import SKEW, GameDay


@dataclass(frozen=True, slots=True)
class Brought:
    """How many commanders each link has brought to an alliance on a game day, by the id of its key."""

    day: date
    by_link: Mapping[str, int] = field(default_factory=dict)


def brought_today(known: Brought | None, now: datetime, game_day: GameDay) -> Brought:
    """The counts of today, from what is `known` about the last day on which a link brought somebody.

    If a day has begun by one machine's clock, it also counts for a machine whose clock is slightly behind. So no day
    begins twice.
    """
    today = game_day.date_of(now)
    if known and known.day in (today, game_day.date_of(now + SKEW)):
        return known
    return Brought(today)
