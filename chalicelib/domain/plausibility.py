"""Whether a reading can be right, and what was reported when it was taken (DESIGN §3.5)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from chalicelib.domain.events import Event
from chalicelib.domain.standing import Reading, Standing

_HOUR = timedelta(hours=1)


def implausible(reading: Reading, known: Sequence[Reading], tolerance: int) -> str | None:
    """Why the reading is hard to believe, as a sentence; None if it isn't.

    Official points never fall, and they are of all commanders, so no less than what was reported, but for
    `tolerance` per cent of that: reports can be wrong, and the game late.
    """
    earlier = max((one.points for one in known if one.read_at <= reading.read_at), default=0)
    later = min((one.points for one in known if one.read_at > reading.read_at), default=None)
    if reading.points < earlier:
        return f"There is an earlier reading of {earlier:,} points, and official points do not fall."
    if later is not None and reading.points > later:
        return f"There is a later reading of {later:,} points, and official points do not fall."
    if reading.points * 100 < reading.reported_points * (100 - tolerance):
        return f"{reading.reported_points:,} points had been reported by then, which is more."
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
