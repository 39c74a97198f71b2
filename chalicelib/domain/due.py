"""Which of the bound sheets are to be synced now, and in which order."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from chalicelib.domain.binding import Binding
from chalicelib.domain.calendar import SKEW

FRESHNESS = timedelta(minutes=15)
"""A sheet that shows what it should is synced again after this, so that its times tell that the sync is alive."""
OVERDUE = timedelta(hours=1)
"""After this a sheet is as urgent as one that changed, so that it gets its turn however much changes."""
PATIENCE = timedelta(minutes=15)
"""Between attempts at a sheet that will not work until somebody has done something."""
LEASE = timedelta(minutes=3)
"""More than a run may last (55 s), by more than the minute in which Google counts requests, and clocks that differ."""

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Due:
    """A sheet whose turn it is. `revision` is of what it should show; it was made before its report is read."""

    sheet: Binding
    revision: str


def due_first(sheets: Iterable[tuple[Binding, str]], now: datetime) -> list[Due]:
    """Those that are due, of sheets with the revision that each should show, in the order of their turns.

    First what changed or is overdue, then what is only stale; each the longest unattended first, never attended
    before all. A sheet that fails again and again thus waits for its turn like all others.
    """
    due = [Due(sheet, revision) for sheet, revision in sheets if is_due(sheet, revision, now)]
    return sorted(due, key=lambda each: _turn(each, now))


def is_due(sheet: Binding, revision: str, now: datetime) -> bool:
    """Whether it should show something else than it did, or is stale; not while it is leased, or has to wait."""
    if is_held(sheet.leased_until, now) or _is_ahead(sheet.retry_at, now, PATIENCE):
        return False
    return sheet.revision != revision or _is_older(sheet.last_success_at, now, FRESHNESS)


def is_held(until: datetime | None, now: datetime) -> bool:
    """Whether a lease that ends then is still good."""
    return _is_ahead(until, now, LEASE)


def _turn(due: Due, now: datetime) -> tuple[bool, datetime, str]:
    sheet = due.sheet
    is_urgent = sheet.revision != due.revision or _is_older(sheet.last_success_at, now, OVERDUE)
    attended = max(sheet.last_success_at or _NEVER, sheet.last_error_at or _NEVER)
    return not is_urgent, attended, sheet.spreadsheet_id


def _is_ahead(instant: datetime | None, now: datetime, most: timedelta) -> bool:
    """Further ahead than `most`, and clocks may differ, it was made by one that has been set back, as the demo's is: it
    is void."""
    return instant is not None and now < instant <= now + most + SKEW


def _is_older(instant: datetime | None, now: datetime, age: timedelta) -> bool:
    return instant is None or not -SKEW <= now - instant < age
