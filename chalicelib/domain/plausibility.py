"""Whether a reading can be right, and what was reported when it was taken (DESIGN §3.5)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from chalicelib.domain.events import Event
from chalicelib.domain.standing import Reading, Standing

_HOUR = timedelta(hours=1)


ONE_DIGIT_MORE = 10
"""So many times as much as is known is what a digit too many makes."""


def implausible(
    reading: Reading, known: Sequence[Reading], event: Event, standing: Standing, tolerance: int
) -> str | None:
    """Why the reading is hard to believe, as a sentence; None if it isn't.

    Official points never fall, and they are of all commanders, so no less than what was reported, but for
    `tolerance` per cent of that: reports can be wrong, and the game late. They stamp a tier for good, so one that
    reaches a tier which reports don't is asked about (DESIGN §5), and so is a figure with a digit too many.
    """
    earlier = max((one.points for one in known if one.read_at <= reading.read_at), default=0)
    later = min((one.points for one in known if one.read_at > reading.read_at), default=None)
    if reading.points < earlier:
        return f"There is an earlier reading of {earlier:,} points, and official points do not fall."
    if later is not None and reading.points > later:
        return f"There is a later reading of {later:,} points, and official points do not fall."
    if reading.points * 100 < reading.reported_points * (100 - tolerance):
        return f"{reading.reported_points:,} points had been reported by then, which is more."
    best = max(earlier, reading.reported_points)
    if best and reading.points >= ONE_DIGIT_MORE * best:
        return f"That is {reading.points // best} times the {best:,} points that are known."
    reached = [tier.threshold for tier in event.tiers if tier.threshold <= reading.points]
    new = [each for each in reached if each > max(best, standing.totals.points(event))]
    if new and max(new) not in standing.stamps:
        return f"By this number the reward at {max(new):,} points is reached, which reports don't reach yet."
    return None


def points_reported_by(instant: datetime, standing: Standing, event: Event, now: datetime) -> int:
    """The points that had been reported at that instant, as exactly as the hourly samples tell.

    What is reported now if nothing is known of that time.
    """
    points = standing.totals.points(event)
    if instant >= now:
        return points
    samples = [(hour + _HOUR, sampled) for hour, sampled in standing.history.items() if hour + _HOUR <= now]
    before = [sample for sample in samples if sample[0] <= instant]
    return max(before)[1] if before else min(samples, default=(now, points))[1]
