"""`IMS Today`: where each side stands, what is on and until when, and who is missing. The first of Muster's tabs.

It is written by position: a row is a place, not a thing, so that a phone's first screen holds what matters.
"""

from collections.abc import Iterator
from typing import NamedTuple

from chalicelib.domain.sheet_view import AllianceView, EventView, SheetView
from sheets_sync.content.event_names import event_names
from sheets_sync.content.missing import missing_today, on_roster, on_today, share
from sheets_sync.content.progress import bar, expected
from sheets_sync.content.schedule import Scheduled, scheduled
from sheets_sync.content.summary import sides, standing, to_go
from sheets_sync.content.wall_time import soon
from sheets_sync.tabs import Column, Content, Highlight, Link, Row, Tab, row_of

BAR_WIDTH = 6
MOST_LISTED = 100
"""As many as an alliance has in the game. With a longer list, one who reports would have hundreds of rows rewritten."""
NOTES = (
    "Written anew each time. Keep notes in IMS Commanders or IMS Alliances, where they stay with their row."
)


class _Line(NamedTuple):
    what: str
    how: str
    to_do: Content = None


def today_tab(view: SheetView, block: tuple[Row, ...], help_url: str | None) -> Tab:
    columns: tuple[Column[_Line], ...] = (
        Column("What", lambda line: line.what, 96, wraps=True),
        Column("How it stands", lambda line: line.how, 132, wraps=True),
        Column("To do", lambda line: line.to_do, 86, wraps=True),
    )
    lines = [*_sides(view), *_on_now(view), *_who(view), *_end(help_url)]
    rows = tuple(row_of(f"line-{place}", line, columns) for place, line in enumerate(lines))
    highlights = (Highlight("To do", "all rewards reached", "good"), Highlight("To do", "remind", "now"))
    return Tab("today", "IMS Today", block, columns, rows, ("What",), highlights, is_by_position=True)


def _sides(view: SheetView) -> Iterator[_Line]:
    names = event_names(view)
    for shown in sides(view):
        yield _side(names[shown.event.id], shown, view)


def _side(name: str, shown: EventView, view: SheetView) -> _Line:
    event, day = shown.progress, view.game_day
    window = shown.event.window(day)
    if event.status == "upcoming":
        return _Line(name, f"begins {soon(window.opens_at, view.as_of, day)}")
    how = [standing(event), *([filled] if (filled := bar(event, BAR_WIDTH)) else [])]
    if event.status == "running":
        how.append(f"until {soon(window.closes_at, view.as_of, day)}")
        if when := expected(event, lambda at: soon(at, view.as_of, day)):
            how.append(f"next reward {when}")
    elif event.status == "reporting":
        how.append(f"over; reports until {soon(shown.event.reporting_closes_at(day), view.as_of, day)}")
    else:
        how.append("over")
    return _Line(name, "\n".join(how), to_go(event))


def _on_now(view: SheetView) -> Iterator[_Line]:
    """What is on, or what is next."""
    now = list(on_today(view))
    for one in now:
        until = f"on until {soon(one.window.closes_at, view.as_of, view.game_day)}"
        yield _Line(one.milestone.name, f"{until}\n{_how_many(one, view)}", _still_missing(one, view))
    coming = next((one for one in scheduled(view) if one.window.status(view.as_of) == "upcoming"), None)
    if coming and not now:
        yield _Line(coming.milestone.name, f"opens {soon(coming.window.opens_at, view.as_of, view.game_day)}")


def _how_many(one: Scheduled, view: SheetView) -> str:
    return f"{share(view, one)} have it" if view.alliance else f"{one.progress.completions:,} have it"


def _still_missing(one: Scheduled, view: SheetView) -> str | None:
    if not view.alliance:
        return None
    number = sum(one in lacking for _, lacking in missing_today(view))
    return f"{number} missing" if number else "everybody has it"


def _who(view: SheetView) -> Iterator[_Line]:
    """The commanders who are missing; in a sheet bound to a server, its alliances."""
    if not view.alliance:
        yield from (_alliance(one, view) for one in view.alliances)
    elif missing := list(missing_today(view)):
        yield _Line("Missing today", f"{len(missing)} of {len(on_roster(view))}")
        for one, lacking in missing[:MOST_LISTED]:
            yield _Line(one.commander.name, ", ".join(each.milestone.name for each in lacking), "remind")
        if (more := len(missing) - MOST_LISTED) > 0:
            yield _Line("Others", f"{more} more: see IMS Commanders")


def _alliance(one: AllianceView, view: SheetView) -> _Line:
    names = event_names(view)
    points = [
        f"{names[shown.event.id]} {one.totals[shown.event.id].points(shown.event):,}"
        for shown in sides(view)
        if shown.event.id in one.totals
    ]
    return _Line(f"[{one.alliance.tag}] {one.alliance.name}", "\n".join(points) or "nothing reported yet")


def _end(help_url: str | None) -> Iterator[_Line]:
    if help_url:
        yield _Line("Help", "how members report", Link(help_url))
    yield _Line("Notes", NOTES)
