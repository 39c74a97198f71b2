"""The rows above each header: what the tab is about, how fresh it is, and what went wrong."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.domain.binding import Binding
from chalicelib.domain.sheet_view import SheetView
from sheets_sync.content.wall_time import local
from sheets_sync.tabs import Link, Row, Tab

RESTORED = "#restored"
"""The key of the row about hand edits."""


@dataclass(frozen=True, slots=True)
class Restored:
    """Managed cells that somebody had edited by hand: when they were restored (wall time), and what they held."""

    at: datetime
    words: str


def title_block(view: SheetView, sheet: Binding, help_url: str | None) -> tuple[Row, ...]:
    """The rows, of which the one about hand edits says that there were none."""
    day = view.game_day
    alliance = f" · [{view.alliance.tag}] {view.alliance.name}" if view.alliance else ""
    assumed = " (assumed: the hour is not published)" if day.assumed else ""
    zone = f"Times are {day.zone}; a game day begins at {day.starts_at:%H:%M}{assumed}"
    synced = local(view.as_of, day)
    failed_at = local(sheet.last_error_at, day) if sheet.last_error_at else "none"
    return (
        Row("#title", (f"Server {view.server}{alliance} · kept by Muster",)),
        Row("#as-of", ("Data as of", synced, zone)),
        Row("#synced", ("Last successful sync", synced, *([Link(help_url)] if help_url else []))),
        Row("#error", ("Last error", failed_at, sheet.last_error)),
        _restored_row(None),
    )


def mentioning(restored: Restored | None, tabs: Iterable[Tab]) -> list[Tab]:
    """The same tabs, with title blocks that say which hand edits were undone."""
    said = _restored_row(restored)
    return [
        replace(tab, title_block=tuple(said if row.key == RESTORED else row for row in tab.title_block))
        for tab in tabs
    ]


def _restored_row(restored: Restored | None) -> Row:
    when, words = (restored.at, restored.words) if restored else ("none", None)
    return Row(RESTORED, ("Hand edits undone", when, words))
