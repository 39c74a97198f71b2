"""The JSON API for all, and for reports (DESIGN §5)."""

from urllib.parse import quote

from chalice.app import Blueprint, Response

from chalicelib.bootstrap import muster
from chalicelib.http import definitions
from chalicelib.http.conditional import etag_of, unless_known
from chalicelib.http.inputs import CompletionReport, base_url, bearer_key
from chalicelib.http.problems import handled
from chalicelib.http.responses import json_response, text_response
from chalicelib.telemetry import measure_report
from chalicelib.version import VERSION

api = Blueprint(__name__)

_CALENDAR = "public, max-age=900, stale-while-revalidate=3600"


@api.route("/health")
@handled
def health() -> Response:
    return json_response({"status": "ok", "version": VERSION, "now": muster().clock()})


@api.route("/v1/events")
@handled
def list_events() -> Response:
    return json_response({"events": [definitions.event_json(e) for e in muster().directory.events()]})


@api.route("/v1/events/{event}")
@handled
def get_event(event: str) -> Response:
    return json_response(definitions.event_json(muster().directory.event(event)))


@api.route("/v1/servers/{server}/schedule")
@handled
def get_schedule(server: str) -> Response:
    return json_response(muster().overview.schedule(server))


@api.route("/v1/servers/{server}/schedule.ics")
@handled
def get_schedule_calendar(server: str) -> Response:
    from chalicelib.http.calendar_feed import calendar_feed  # icalendar is imported for this route alone

    request, overview = api.current_request, muster().overview
    page = f"{base_url(request, muster().settings.public_url)}/servers/{quote(server, safe='')}"
    text = calendar_feed(overview.schedule(server), overview.editions(server), page)
    answer = text_response(text, "text/calendar; charset=utf-8", {"Cache-Control": _CALENDAR})
    return unless_known(request, answer, etag_of(text))


@api.route("/v1/servers/{server}/progress")
@handled
def get_server_progress(server: str) -> Response:
    return json_response(muster().overview.server_progress(server))


@api.route("/v1/servers/{server}/events/{event}/progress")
@handled
def get_event_progress(server: str, event: str) -> Response:
    return json_response(muster().overview.progress(server, event))


@api.route("/v1/completions", methods=["POST"])
@handled
def report_completions() -> Response:
    key = bearer_key(api.current_request, muster().directory)
    report = CompletionReport.read(api.current_request)
    receipt = muster().reporting.report(
        key, report.commander, report.milestones, report.server, report.alliance, is_new=report.is_new
    )
    measure_report(result.status for result in receipt.results)
    return json_response(receipt)
