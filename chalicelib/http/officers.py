"""The JSON and CSV API for officers and readers: rosters, imports, exports, corrections, readings, the ledger."""

from chalice.app import Request, Response

from chalicelib.bootstrap import muster
from chalicelib.http.csv_responses import completions_csv, missing_csv, roster_csv
from chalicelib.http.inputs import bearer_key
from chalicelib.http.officer_inputs import (
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
    bulk_correction,
    csv_body,
    csv_key,
)
from chalicelib.http.responses import json_response, no_content


def list_commanders(request: Request, server: str, alliance: str) -> Response:
    key = bearer_key(request, muster().directory)
    asked = RosterQuery.read(request)
    return json_response(muster().rosters.listing(key, server, alliance, asked.added_by))


def export_commanders(request: Request, server: str, alliance: str) -> Response:
    key, asked = csv_key(request, muster().directory), RosterQuery.read(request)
    commanders = muster().rosters.roster(key, server, alliance, asked.added_by)
    return roster_csv(request, alliance, commanders)


def add_commander(request: Request, server: str, alliance: str) -> Response:
    key = bearer_key(request, muster().directory)
    new = NewCommander.read(request)
    added = muster().rosters.add(key, server, alliance, new.name, is_new=new.is_new)
    return json_response(added, 201)


def import_roster(request: Request, server: str, alliance: str) -> Response:
    key, how = bearer_key(request, muster().directory), RosterImport.read(request)
    imported = muster().imports.roster(key, server, alliance, csv_body(request), how.columns, how.options)
    return json_response(imported)


def get_commander(request: Request, server: str, alliance: str, commander: str) -> Response:
    key = bearer_key(request, muster().directory)
    return json_response(muster().rosters.get(key, server, alliance, commander))


def rename_commander(request: Request, server: str, alliance: str, commander: str) -> Response:
    key = bearer_key(request, muster().directory)
    new = CommanderRename.read(request)
    return json_response(muster().rosters.rename(key, server, alliance, commander, new.name))


def merge_commanders(request: Request, server: str, alliance: str, commander: str) -> Response:
    key = bearer_key(request, muster().directory)
    other = CommanderMerge.read(request)
    merged = muster().rosters.merge(key, server, alliance, commander, other.commander, other.reason)
    return json_response(merged)


def move_commander(request: Request, server: str, alliance: str, commander: str) -> Response:
    key = bearer_key(request, muster().directory)
    to = CommanderMove.read(request)
    return json_response(muster().rosters.move(key, server, alliance, commander, to.alliance, to.reason))


def retire_commander(request: Request, server: str, alliance: str, commander: str) -> Response:
    key = bearer_key(request, muster().directory)
    change = RosterChange.read(request)
    return json_response(muster().rosters.retire(key, server, alliance, commander, change.reason))


def reinstate_commander(request: Request, server: str, alliance: str, commander: str) -> Response:
    key = bearer_key(request, muster().directory)
    change = RosterChange.read(request)
    return json_response(muster().rosters.reinstate(key, server, alliance, commander, change.reason))


def forget_commander(request: Request, server: str, alliance: str, commander: str) -> Response:
    key = bearer_key(request, muster().directory)
    CommanderForgetting.read(request)
    return json_response(muster().rosters.forget(key, server, alliance, commander))


def list_completions(request: Request, server: str, alliance: str) -> Response:
    key = bearer_key(request, muster().directory)
    asked = EventQuery.read(request)
    return json_response(muster().exports.completions(key, server, alliance, asked.event))


def export_completions(request: Request, server: str, alliance: str) -> Response:
    key, asked = csv_key(request, muster().directory), EventQuery.read(request)
    return completions_csv(request, muster().exports.completions(key, server, alliance, asked.event))


def import_completions(request: Request, server: str, alliance: str) -> Response:
    key, how = bearer_key(request, muster().directory), CompletionImport.read(request)
    imported = muster().imports.completions(
        key, server, alliance, csv_body(request), how.columns, how.options
    )
    return json_response(imported)


def list_missing(request: Request, server: str, alliance: str) -> Response:
    key = bearer_key(request, muster().directory)
    asked = MissingQuery.read(request)
    return json_response(muster().exports.missing(key, server, alliance, asked.milestone))


def export_missing(request: Request, server: str, alliance: str) -> Response:
    key, asked = csv_key(request, muster().directory), MissingQuery.read(request)
    missing = muster().exports.missing(key, server, alliance, asked.milestone)
    return missing_csv(request, missing, muster().directory.events())


def correct(request: Request) -> Response:
    key = bearer_key(request, muster().directory)
    asked = CorrectionOrder.read(request)
    correction = muster().corrections.correct(
        key, asked.action, asked.commander, asked.milestone, asked.reason, asked.server, asked.alliance
    )
    return json_response(correction)


def correct_in_bulk(request: Request) -> Response:
    key = bearer_key(request, muster().directory)
    asked, corrections = bulk_correction(request), muster().bulk_corrections
    if isinstance(asked, BulkCorrectionUndo):
        return json_response(corrections.give_back(key, asked.undo))
    return json_response(corrections.take_back(key, asked.order))


def list_readings(request: Request, server: str, event: str) -> Response:
    key = bearer_key(request, muster().directory)
    readings = muster().readings.all(key, server, event)
    return json_response({"server": server, "event": event, "readings": readings})


def withdraw_reading(request: Request, server: str, event: str, reading: str) -> Response:
    key = bearer_key(request, muster().directory)
    muster().readings.withdraw(key, server, event, reading)
    return no_content()


def log_reading(request: Request, server: str, event: str) -> Response:
    key = bearer_key(request, muster().directory)
    new = NewReading.read(request)
    logged = muster().readings.log(key, server, event, new.points, new.read_at, confirm=new.confirm)
    return json_response(logged, 201)


def get_ledger(request: Request, server: str) -> Response:
    key = bearer_key(request, muster().directory)
    asked = LedgerQuery.read(request)
    page = muster().ledger_pages.of_server(
        key, server, asked.commander, asked.alliance, asked.before, asked.limit
    )
    return json_response(page)


def get_ledger_of_deployment(request: Request) -> Response:
    key = bearer_key(request, muster().directory)
    asked = PageQuery.read(request)
    return json_response(muster().ledger_pages.of_deployment(key, asked.before, asked.limit))
