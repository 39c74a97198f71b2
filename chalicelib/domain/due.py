"""Which bound sheets must be synced now, and in which order."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from chalicelib.domain.binding import Binding
from chalicelib.domain.calendar import SKEW
from chalicelib.domain.revision import own_part

FRESHNESS = timedelta(minutes=15)
"""An up-to-date sheet is synced again after this time, so that its times show that the sync works. Edits are seen then
at the latest."""
BATCH = timedelta(minutes=3)
"""What others report moves nothing but totals in an alliance's sheet: it is synced for that this long after its last
sync. So ninety sheets of a server take half of an account's 60 requests a minute for it, however much is reported, and
leave the other half to what is their own."""
OVERDUE = timedelta(hours=1)
"""After this time a sheet is as urgent as one with news of its own, so that it gets its turn however much changes."""
PATIENCE = timedelta(minutes=15)
"""The time between attempts at a sheet that will not work until somebody has done something."""
PLAINLY = timedelta(hours=1)
"""How long only plain values are written into a sheet after Google has refused more than that."""
LEASE = timedelta(minutes=3)
"""Longer than a run may last (55 s), the minute in which Google counts requests, and a difference of clocks."""

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Due:
    """A sheet that is due. `revision`: of what it should show, made before the sheet's data is read."""

    sheet: Binding
    revision: str


def due_first(
    sheets: Iterable[tuple[Binding, str]], now: datetime, looked_since: datetime | None = None
) -> list[Due]:
    """The sheets that are due, in the order of their turns. Each sheet comes with the revision that it should show.
    `looked_since`: those with edits are due that were looked at last before that.

    Sheets that have news of their own, were touched or are overdue come first, then those in which only totals of
    others changed, then those that are only stale. Among each, those that were tried longest ago come first, and before
    them those that were never tried. So a sheet that fails again and again waits for its turn like all others, and so
    does one in which runs are cut off.
    """
    since = looked_since if looked_since and looked_since <= now + SKEW else None  # its clock was set back
    due = [Due(sheet, revision) for sheet, revision in sheets if is_due(sheet, revision, now, since)]
    return sorted(due, key=lambda each: _turn(each, now))


def is_due(sheet: Binding, revision: str, now: datetime, looked_since: datetime | None = None) -> bool:
    """Whether it should show something new, may hold an edit, or is stale. Not while it waits."""
    if is_waiting(sheet, now):
        return False
    if sheet.edits and (sheet.touched_at or (looked_since and (sheet.looked_at or _NEVER) < looked_since)):
        return True
    if sheet.tidies or _has_own_news(sheet, revision) or is_stale(sheet, now):
        return True
    return sheet.revision != revision and _is_older(sheet.last_success_at, now, BATCH)


def is_waiting(sheet: Binding, now: datetime) -> bool:
    """Whether a run has it, or it is not to be tried yet."""
    return is_held(sheet.leased_until, now) or _is_ahead(sheet.retry_at, now, PATIENCE)


def is_urgent(due: Due, now: datetime) -> bool:
    """Whether it has news of its own, was touched, or is overdue."""
    is_touched = due.sheet.edits and due.sheet.touched_at is not None
    return (
        is_touched
        or _has_own_news(due.sheet, due.revision)
        or _is_older(due.sheet.last_success_at, now, OVERDUE)
    )


def is_stale(sheet: Binding, now: datetime) -> bool:
    """Whether it was last synced so long ago that it should show that the sync works."""
    return _is_older(sheet.last_success_at, now, FRESHNESS)


def obstacle_now(sheet: Binding, now: datetime) -> str | None:
    """What keeps more than plain values from being written into it, as long as it is not tried again."""
    return sheet.obstacle if _is_ahead(sheet.plain_until, now, PLAINLY) else None


def is_held(until: datetime | None, now: datetime) -> bool:
    """Whether a lease that ends at `until` is still valid."""
    return _is_ahead(until, now, LEASE)


def _turn(due: Due, now: datetime) -> tuple[int, datetime, str]:
    sheet = due.sheet
    urgency = 0 if is_urgent(due, now) else 1 if sheet.revision != due.revision else 2
    cut_off_at = sheet.leased_until - LEASE if sheet.leased_until else None  # nobody has ended that lease
    tried = sheet.last_success_at, sheet.last_error_at, sheet.looked_at, cut_off_at
    return urgency, max(at or _NEVER for at in tried), sheet.spreadsheet_id


def _has_own_news(sheet: Binding, revision: str) -> bool:
    return own_part(sheet.revision) != own_part(revision)


def _is_ahead(instant: datetime | None, now: datetime, most: timedelta) -> bool:
    """Whether the instant is in the future. One that is further ahead than `most` (and a difference of clocks) does not
    count: the clock that made it has been set back since, as the demo's is."""
    return instant is not None and now < instant <= now + most + SKEW


def _is_older(instant: datetime | None, now: datetime, age: timedelta) -> bool:
    return instant is None or not -SKEW <= now - instant < age
