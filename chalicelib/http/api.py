"""The JSON API for all, and for reports (DESIGN §5). What shows where a server stands is in `public_api`."""

from chalice.app import Blueprint, Response

from chalicelib.bootstrap import muster
from chalicelib.http import definitions
from chalicelib.http.inputs import CompletionReport, bearer_key
from chalicelib.http.problems import handled
from chalicelib.http.responses import json_response
from chalicelib.telemetry import measure_report
from chalicelib.version import VERSION

api = Blueprint(__name__)


@api.route("/health")
@handled
def health() -> Response:
    """503 if a part does not work."""
    parts = {name: "ok" if works() else "failing" for name, works in muster().checks.items()}
    status = "failing" if "failing" in parts.values() else "ok"
    body = {"status": status, "version": VERSION, "now": muster().clock(), **parts}
    return json_response(body, 200 if status == "ok" else 503)


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
