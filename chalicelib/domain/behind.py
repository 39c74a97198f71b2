"""Whether the sync as a whole is in trouble. A single sheet that fails is its officers' business."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from math import ceil

from chalicelib.domain.binding import Binding

FAILING = timedelta(minutes=30)
"""How long a sheet fails before it counts. What lasts less passes by itself."""
WAITING = timedelta(hours=2)
"""How long a sheet that does not fail waits before it counts: twice as long as until it is urgent (`due.OVERDUE`)."""
GIVEN_UP = timedelta(days=1)
"""A sheet that has failed for longer is one that nobody looks after any more, unless all have."""
SHARE = 0.1
"""Of the sheets: as many as one of ten Google accounts writes."""

_NEVER = datetime.min.replace(tzinfo=UTC)


def is_failing(sheet: Binding) -> bool:
    return sheet.last_error_at is not None and sheet.last_error_at > (sheet.last_success_at or _NEVER)


def trouble(sheets: Collection[Binding], now: datetime) -> str | None:
    """What operators must know: all sheets are behind, or a tenth of them and more than one. None if that isn't so.

    Sheets that were never synced don't count: whoever binds one is told.
    """
    synced = [(sheet, now - sheet.last_success_at) for sheet in sheets if sheet.last_success_at]
    alive = [(sheet, age) for sheet, age in synced if age < GIVEN_UP] or synced
    behind = [sheet for sheet, age in alive if age >= (FAILING if is_failing(sheet) else WAITING)]
    if not behind or len(behind) < min(len(alive), max(2, ceil(SHARE * len(alive)))):
        return None
    failing = sum(map(is_failing, behind))
    return f"{len(behind)} of {len(alive)} sheets are behind: {failing} fail, {len(behind) - failing} wait"
