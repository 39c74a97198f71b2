"""Times as a sheet has them: wall time in the server's zone, since a cell knows no zone."""

from datetime import datetime, timedelta

from chalicelib.domain.calendar import GameDay, zone_info


def local(instant: datetime, day: GameDay) -> datetime:
    """Wall time in the server's zone, without a zone, to the second: what a cell can hold."""
    return instant.astimezone(zone_info(day.zone)).replace(tzinfo=None, microsecond=0)


def local_if(instant: datetime | None, day: GameDay) -> datetime | None:
    """The wall time of this instant; None if there is none."""
    return local(instant, day) if instant else None


def in_words(instant: datetime, day: GameDay) -> str:
    """`Thu 16 Nov 14:00`, in the server's zone."""
    at = local(instant, day)
    return f"{at:%a} {at.day} {at:%b %H:%M}"


def soon(instant: datetime, now: datetime, day: GameDay) -> str:
    """`Thu 14:00` if that is unmistakable because it is within six days, otherwise like `in_words`."""
    return (
        f"{local(instant, day):%a %H:%M}"
        if abs(instant - now) < timedelta(days=6)
        else in_words(instant, day)
    )
