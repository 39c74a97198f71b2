"""The JSON and CSV API for officers and readers: rosters, imports, exports, corrections, readings, the ledger."""

from chalice.app import Blueprint, Response

from chalicelib.bootstrap import muster
from chalicelib.http.csv_responses import completions_csv, missing_csv, roster_csv
from chalicelib.http.inputs import (
    BulkCorrectionUndo,
    CommanderForgetting,
    CommanderMerge,
    CommanderMove,
    CommanderRename,
    CompletionImport,
    CorrectionOrder,
    EventQuery,
    LedgerQuery,
    MissingQuery,
    NewCommander,
    NewReading,
    PageQuery,
    RosterChange,
    RosterImport,
    RosterQuery,
    bearer_key,
    bulk_correction,
    csv_body,
    csv_key,
)
from chalicelib.http.problems import handled
from chalicelib.http.responses import json_response, no_content

officers = Blueprint(__name__)

_ALLIANCE = "/v1/servers/{server}/alliances/{alliance}"
_COMMANDER = f"{_ALLIANCE}/commanders/{{commander}}"
_READINGS = "/v1/servers/{server}/events/{event}/readings"
_CSV = ["text/csv"]


@officers.route(f"{_ALLIANCE}/commanders")
@handled
def list_commanders(server: str, alliance: str) -> Response:
    key = bearer_key(officers.current_request, muster().directory)
    asked = RosterQuery.read(officers.current_request)
    return json_response(muster().rosters.listing(key, server, alliance, asked.added_by))


@officers.route(f"{_ALLIANCE}/commanders.csv")
@handled
def export_commanders(server: str, alliance: str) -> Response:
    request = officers.current_request
    key, asked = csv_key(request, muster().directory), RosterQuery.read(request)
    commanders = muster().rosters.roster(key, server, alliance, asked.added_by)
    return roster_csv(request, alliance, commanders)


@officers.route(f"{_ALLIANCE}/commanders", methods=["POST"])
@handled
def add_commander(server: str, alliance: str) -> Response:
    key = bearer_key(officers.current_request, muster().directory)
    new = NewCommander.read(officers.current_request)
    added = muster().rosters.add(key, server, alliance, new.name, is_new=new.is_new)
    return json_response(added, 201)


@officers.route(f"{_ALLIANCE}/commanders/import", methods=["POST"], content_types=_CSV)
@handled
def import_roster(server: str, alliance: str) -> Response:
    request = officers.current_request
    key, how = bearer_key(request, muster().directory), RosterImport.read(request)
    imported = muster().imports.roster(key, server, alliance, csv_body(request), how.columns, how.options)
    return json_response(imported)


@officers.route(_COMMANDER)
@handled
def get_commander(server: str, alliance: str, commander: str) -> Response:
    key = bearer_key(officers.current_request, muster().directory)
    return json_response(muster().rosters.get(key, server, alliance, commander))


@officers.route(_COMMANDER, methods=["PATCH"])
@handled
def rename_commander(server: str, alliance: str, commander: str) -> Response:
    key = bearer_key(officers.current_request, muster().directory)
    new = CommanderRename.read(officers.current_request)
    return json_response(muster().rosters.rename(key, server, alliance, commander, new.name))


@officers.route(f"{_COMMANDER}/merge", methods=["POST"])
@handled
def merge_commanders(server: str, alliance: str, commander: str) -> Response:
    key = bearer_key(officers.current_request, muster().directory)
    other = CommanderMerge.read(officers.current_request)
    merged = muster().rosters.merge(key, server, alliance, commander, other.commander, other.reason)
    return json_response(merged)


@officers.route(f"{_COMMANDER}/move", methods=["POST"])
@handled
def move_commander(server: str, alliance: str, commander: str) -> Response:
    key = bearer_key(officers.current_request, muster().directory)
    to = CommanderMove.read(officers.current_request)
    return json_response(muster().rosters.move(key, server, alliance, commander, to.alliance, to.reason))


@officers.route(f"{_COMMANDER}/retire", methods=["POST"])
@handled
def retire_commander(server: str, alliance: str, commander: str) -> Response:
    key = bearer_key(officers.current_request, muster().directory)
    change = RosterChange.read(officers.current_request)
    return json_response(muster().rosters.retire(key, server, alliance, commander, change.reason))


@officers.route(f"{_COMMANDER}/reinstate", methods=["POST"])
@handled
def reinstate_commander(server: str, alliance: str, commander: str) -> Response:
    key = bearer_key(officers.current_request, muster().directory)
    change = RosterChange.read(officers.current_request)
    return json_response(muster().rosters.reinstate(key, server, alliance, commander, change.reason))


@officers.route(f"{_COMMANDER}/forget", methods=["POST"])
@handled
def forget_commander(server: str, alliance: str, commander: str) -> Response:
    key = bearer_key(officers.current_request, muster().directory)
    CommanderForgetting.read(officers.current_request)
    return json_response(muster().rosters.forget(key, server, alliance, commander))


@officers.route(f"{_ALLIANCE}/completions")
@handled
def list_completions(server: str, alliance: str) -> Response:
    key = bearer_key(officers.current_request, muster().directory)
    asked = EventQuery.read(officers.current_request)
    return json_response(muster().exports.completions(key, server, alliance, asked.event))


@officers.route(f"{_ALLIANCE}/completions.csv")
@handled
def export_completions(server: str, alliance: str) -> Response:
    request = officers.current_request
    key, asked = csv_key(request, muster().directory), EventQuery.read(request)
    return completions_csv(request, muster().exports.completions(key, server, alliance, asked.event))


@officers.route(f"{_ALLIANCE}/completions/import", methods=["POST"], content_types=_CSV)
@handled
def import_completions(server: str, alliance: str) -> Response:
    request = officers.current_request
    key, how = bearer_key(request, muster().directory), CompletionImport.read(request)
    imported = muster().imports.completions(
        key, server, alliance, csv_body(request), how.columns, how.options
    )
    return json_response(imported)


@officers.route(f"{_ALLIANCE}/missing")
@handled
def list_missing(server: str, alliance: str) -> Response:
    key = bearer_key(officers.current_request, muster().directory)
    asked = MissingQuery.read(officers.current_request)
    return json_response(muster().exports.missing(key, server, alliance, asked.milestone))


@officers.route(f"{_ALLIANCE}/missing.csv")
@handled
def export_missing(server: str, alliance: str) -> Response:
    request = officers.current_request
    key, asked = csv_key(request, muster().directory), MissingQuery.read(request)
    missing = muster().exports.missing(key, server, alliance, asked.milestone)
    return missing_csv(request, missing, muster().directory.events())


@officers.route("/v1/corrections", methods=["POST"])
@handled
def correct() -> Response:
    key = bearer_key(officers.current_request, muster().directory)
    asked = CorrectionOrder.read(officers.current_request)
    correction = muster().corrections.correct(
        key, asked.action, asked.commander, asked.milestone, asked.reason, asked.server, asked.alliance
    )
    return json_response(correction)


@officers.route("/v1/corrections/bulk", methods=["POST"])
@handled
def correct_in_bulk() -> Response:
    key = bearer_key(officers.current_request, muster().directory)
    asked, corrections = bulk_correction(officers.current_request), muster().bulk_corrections
    if isinstance(asked, BulkCorrectionUndo):
        return json_response(corrections.give_back(key, asked.undo))
    return json_response(corrections.take_back(key, asked.order))


@officers.route(_READINGS)
@handled
def list_readings(server: str, event: str) -> Response:
    key = bearer_key(officers.current_request, muster().directory)
    readings = muster().readings.all(key, server, event)
    return json_response({"server": server, "event": event, "readings": readings})


@officers.route(f"{_READINGS}/{{reading}}", methods=["DELETE"])
@handled
def withdraw_reading(server: str, event: str, reading: str) -> Response:
    key = bearer_key(officers.current_request, muster().directory)
    muster().readings.withdraw(key, server, event, reading)
    return no_content()


@officers.route(_READINGS, methods=["POST"])
@handled
def log_reading(server: str, event: str) -> Response:
    key = bearer_key(officers.current_request, muster().directory)
    new = NewReading.read(officers.current_request)
    logged = muster().readings.log(key, server, event, new.points, new.read_at, confirm=new.confirm)
    return json_response(logged, 201)


@officers.route("/v1/servers/{server}/ledger")
@handled
def get_ledger(server: str) -> Response:
    key = bearer_key(officers.current_request, muster().directory)
    asked = LedgerQuery.read(officers.current_request)
    page = muster().ledger_pages.of_server(
        key, server, asked.commander, asked.alliance, asked.before, asked.limit
    )
    return json_response(page)


@officers.route("/v1/ledger")
@handled
def get_ledger_of_deployment() -> Response:
    key = bearer_key(officers.current_request, muster().directory)
    asked = PageQuery.read(officers.current_request)
    return json_response(muster().ledger_pages.of_deployment(key, asked.before, asked.limit))
