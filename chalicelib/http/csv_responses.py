"""Tables as CSV, for spreadsheets that fetch them again and again."""

from collections.abc import Iterable, Sequence

from chalice.app import Request, Response

from chalicelib.domain.csv_tables import csv_text
from chalicelib.domain.events import Event
from chalicelib.http.conditional import etag_of, unless_known
from chalicelib.http.responses import text_response
from chalicelib.services.exports import AllianceCompletions, MissingReports
from chalicelib.services.rosters import RosterEntry


def roster_csv(request: Request, alliance: str, commanders: Iterable[RosterEntry]) -> Response:
    header = "Commander", "Id", "Added at", "Added by", "Retired at"
    rows = [(one.name, one.id, one.added_at, one.added_by, one.retired_at) for one in commanders]
    return _csv(request, f"commanders-{alliance}", header, rows)


def completions_csv(request: Request, of: AllianceCompletions) -> Response:
    header = "Commander", "Event", "Milestone", "Name", "Points", "Recorded at", "Reported at"
    rows = [
        (
            *(one.commander, one.event, one.milestone, one.milestone_name),
            *(one.points, one.recorded_at, one.reported_at),
        )
        for one in of.completions
    ]
    return _csv(request, f"completions-{of.alliance}-{of.event}", header, rows)


def missing_csv(request: Request, missing: MissingReports, events: Iterable[Event]) -> Response:
    """Milestones by their names, which are those of `events`."""
    names = {event.global_id(milestone): milestone.name for event in events for milestone in event.milestones}
    rows = [
        (one.name, one.last_report, ", ".join(names.get(m, m) for m in one.milestones))
        for one in missing.missing
    ]
    return _csv(request, f"missing-{missing.alliance}", ("Commander", "Last report", "Missing"), rows)


def _csv(request: Request, name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """The table; or 304 if the caller has this very one already."""
    text = csv_text(header, rows)
    headers = {
        "Cache-Control": "private, max-age=60",
        "Vary": "Authorization",  # or a browser shows one key's table to who asks with another
        "Content-Disposition": f'inline; filename="{name}.csv"',
    }
    answer = text_response(text, "text/csv; charset=utf-8", headers)
    return unless_known(request, answer, etag_of(text))
