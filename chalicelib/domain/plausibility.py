"""Whether a reading can be right, and what was reported when it was taken (DESIGN §3.5)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from chalicelib.domain.events import Event
from chalicelib.domain.standing import Reading, Standing

_HOUR = timedelta(hours=1)


ONE_DIGIT_MORE = 10
"""A digit too many makes a number about ten times as large."""


def implausible(
    reading: Reading, known: Sequence[Reading], event: Event, standing: Standing, tolerance: int
) -> str | None:
    """Why the reading is hard to believe, as a sentence; None if it is not.

    Official points never fall. They count all commanders, so they are at least the reported points, except for
    `tolerance` per cent: reports can be wrong, and the game can be late. A reading can stamp a tier for good, so one
    that reaches a tier that reports don't reach has to be confirmed (DESIGN §5); so has one with a digit too many.
    """
    earlier = max((one.points for one in known if one.read_at <= reading.read_at), default=0)
    later = min((one.points for one in known if one.read_at > reading.read_at), default=None)
    if reading.points < earlier:
        return f"There is an earlier reading of {earlier:,} points, and official points do not fall."
    if later is not None and reading.points > later:
        return f"There is a later reading of {later:,} points, and official points do not fall."
    if reading.points * 100 < reading.reported_points * (100 - tolerance):
        return f"More was reported by then: {reading.reported_points:,} points."
    best = max(earlier, reading.reported_points)
    if best and reading.points >= ONE_DIGIT_MORE * best:
        return f"That is {reading.points // best} times the {best:,} points that are known."
    reached = [tier.threshold for tier in event.tiers if tier.threshold <= reading.points]
    new = [each for each in reached if each > max(best, standing.totals.points(event))]
    if new and max(new) not in standing.stamps:
        return f"It would reach the reward at {max(new):,} points, which the reported points don't reach yet."
    return None


def points_reported_by(instant: datetime, standing: Standing, event: Event, now: datetime) -> int:
    """The points that had been reported at that instant, as exactly as the hourly samples allow.

    If there is no sample from before, the earliest sample; without any, what is reported now.
    """
    points = standing.totals.points(event)
    if instant >= now:
        return points
    samples = [(hour + _HOUR, sampled) for hour, sampled in standing.history.items() if hour + _HOUR <= now]
    before = [sample for sample in samples if sample[0] <= instant]
    return max(before)[1] if before else min(samples, default=(now, points))[1]
