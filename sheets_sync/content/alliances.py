"""`IMS Alliances`, in a sheet bound to a server: what each alliance has given it."""

from chalicelib.domain.events import Event
from chalicelib.domain.sheet_view import AllianceView, SheetView
from chalicelib.domain.standing import Totals
from sheets_sync.content.points import current, points_columns
from sheets_sync.tabs import Column, Row, Tab, row_of, told_apart


def alliances_tab(view: SheetView, block: tuple[Row, ...]) -> Tab:
    events = current(view)
    columns: list[Column[AllianceView]] = [
        Column("Alliance", lambda one: f"[{one.alliance.tag}] {one.alliance.name}", 200),
        Column("Commanders", lambda one: max((_commanders(one, e) for e in events), default=0), 140, "count"),
        Column("Completions", lambda one: sum(_completions(one, e) for e in events), 110, "count"),
        *points_columns(view, _points, 130),
    ]
    rows = tuple(row_of(one.alliance.id, one, columns) for one in view.alliances)
    return Tab("alliances", "IMS Alliances", block, told_apart(columns), rows, ("Alliance",))


def _totals(one: AllianceView, event: Event) -> Totals:
    return one.totals.get(event.id, Totals())


def _commanders(one: AllianceView, event: Event) -> int:
    """Commanders are counted for each event. The tab shows the highest of these numbers."""
    return _totals(one, event).commanders


def _completions(one: AllianceView, event: Event) -> int:
    """Only of the milestones that the event still has."""
    counted = _totals(one, event).completions
    return sum(counted.get(milestone.id, 0) for milestone in event.milestones)


def _points(one: AllianceView, event: Event) -> int:
    return _totals(one, event).points(event)
