"""Requests are read as strictly as Google reads them, and answers show what a mask asks for."""

from typing import Any

import pytest

from local.sheets import SheetsServer
from tests.local.sheets_client import Api, Json, lines_range, rows


def refused(api: Api, verb: str, path: str = "", body: Json | None = None, **query: Any) -> Json:
    answer = api.call(verb, path, body, **query)
    assert answer.status_code == 400, answer.text
    assert answer.headers["Content-Type"] == "application/json; charset=UTF-8"
    error: Json = answer.json()["error"]
    assert (error["code"], error["status"]) == (400, "INVALID_ARGUMENT")
    return error


def test_an_unknown_field_is_refused_in_googles_words(api: Api) -> None:
    error = refused(api, "POST", ":batchUpdate", {"requests": [{"updateCells": {"foo": 1}}]})
    where = "'requests[0].update_cells'"
    text = f'Invalid JSON payload received. Unknown name "foo" at {where}: Cannot find field.'
    assert error["message"] == text
    assert error["details"] == [
        {
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            "fieldViolations": [{"field": "requests[0].update_cells", "description": text}],
        }
    ]


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (
            {"addSheet": {"properties": {"title": 5}}},
            "Invalid value at 'requests[0].add_sheet.properties.title' (TYPE_STRING), 5",
        ),
        (
            {"addSheet": {"properties": {"index": "x"}}},
            "Invalid value at 'requests[0].add_sheet.properties.index' (TYPE_INT32), \"x\"",
        ),
        (
            {"mergeCells": {"mergeType": "MERGE"}},
            "Invalid value at 'requests[0].merge_cells.merge_type' "
            '(type.googleapis.com/google.apps.sheets.v4.MergeCellsRequest.MergeType), "MERGE"',
        ),
        ({"addSheet": {}, "deleteSheet": {}}, "oneof field 'kind' is already set. Cannot set 'deleteSheet'"),
        (
            {"repeatCell": {"cell": {"userEnteredValue": {"numberValue": 1, "stringValue": "1"}}}},
            "oneof field 'value' is already set",
        ),
        ({}, "Invalid requests[0]: No request set."),
    ],
)
def test_what_does_not_fit_the_schema_is_refused(api: Api, edit: Json, message: str) -> None:
    assert message in refused(api, "POST", ":batchUpdate", {"requests": [edit]})["message"]


def test_every_violation_is_named(api: Api) -> None:
    error = refused(api, "POST", ":batchUpdate", {"requests": [{"addSheet": {"a": 1, "b": 2}}]})
    assert len(error["details"][0]["fieldViolations"]) == 2
    assert error["message"].count("Cannot find field.") == 2


def test_a_body_that_is_not_json_or_no_message_is_refused(api: Api) -> None:
    url = f"{api.server.url}/v4/spreadsheets/{api.book_id}:batchUpdate"
    for content in (b"{", b"[]"):
        answer = api.session.post(url, data=content, timeout=60)
        assert answer.status_code == 400
        assert "Invalid JSON payload received." in answer.json()["error"]["message"]


def test_null_means_not_set(api: Api) -> None:
    [reply] = api.batch({"addSheet": {"properties": {"title": "New", "index": None}}})
    assert reply["addSheet"]["properties"]["index"] == 2


def test_unknown_and_bad_query_parameters_are_refused(api: Api) -> None:
    error = refused(api, "GET", foo="1")
    assert error["message"] == (
        'Invalid JSON payload received. Unknown name "foo": Cannot bind query parameter. '
        "Field 'foo' could not be found in request message."
    )
    assert (
        "Invalid value at 'include_grid_data' (TYPE_BOOL)"
        in refused(api, "GET", includeGridData="x")["message"]
    )
    assert "value_render_option" in refused(api, "GET", "/values/A1", valueRenderOption="x")["message"]
    api.get(prettyPrint="false", alt="json", key="any")


def test_a_mask_selects_fields_at_any_depth(api: Api) -> None:
    answer = api.get(
        fields="spreadsheetId,sheets(properties(sheetId,title),data.rowData.values/formattedValue)"
    )
    assert answer["spreadsheetId"] == api.book_id
    assert answer["sheets"][0] == {
        "properties": {"sheetId": 0, "title": "Roster"},
        "data": [
            {
                "rowData": [
                    {"values": [{"formattedValue": text} for text in line]}
                    for line in (["Commander", "Power"], ["Ann", "10"], ["Bob", "20"], ["Sum", "30"])
                ]
            }
        ],
    }
    assert "data" in api.get(fields="*")["sheets"][0]
    assert api.get(fields="*").keys() >= {"properties", "sheets", "spreadsheetUrl"}
    assert api.get("/values/A1", fields="range") == {"range": "Roster!A1"}


def test_grid_data_is_answered_only_when_asked_for(api: Api) -> None:
    assert "data" not in api.get()["sheets"][0]
    assert "data" not in api.get(fields="sheets.properties", includeGridData="true")["sheets"][0]
    grid = api.get(includeGridData="true", ranges="Roster!B2:C3")["sheets"][0]["data"][0]
    assert (grid["startRow"], grid["startColumn"]) == (1, 1)
    assert (len(grid["rowMetadata"]), len(grid["columnMetadata"])) == (2, 2)
    assert [len(row["values"]) for row in grid["rowData"]] == [1, 1]


def test_ranges_limit_sheets_and_their_parts(api: Api) -> None:
    api.batch({"mergeCells": {"range": {"startRowIndex": 9, "endRowIndex": 10, "endColumnIndex": 2}}})
    [sheet] = api.get(ranges="Roster!A1:B5")["sheets"]
    assert "merges" not in sheet
    [sheet] = api.get(ranges=["Roster!A1:B5", "Roster!A10"], includeGridData="true")["sheets"]
    assert (len(sheet["merges"]), len(sheet["data"])) == (1, 2)


def test_an_unknown_field_in_a_reading_mask_is_refused(api: Api) -> None:
    error = refused(api, "GET", fields="sheets.bogus")
    description = "Error expanding 'fields' parameter. Cannot find matching fields for path 'sheets.bogus'."
    assert error["message"] == "Request contains an invalid argument."
    assert error["details"][0]["fieldViolations"] == [{"description": description}]
    refused(api, "GET", fields="sheets(")


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        ("", "At least one field must be listed in 'fields'. (Use '*' to indicate all fields.)"),
        ("bogus", "Invalid field: bogus"),
        ("userEnteredFormat.bogus", "Invalid field: userEnteredFormat.bogus"),
        ("formattedValue", "Field is read-only: formattedValue"),
    ],
)
def test_a_bad_writing_mask_is_refused(api: Api, mask: str, message: str) -> None:
    edit = {"updateCells": {"start": {}, "rows": rows(["x"]), "fields": mask}}
    assert api.refusal(edit) == f"Invalid requests[0].updateCells: {message}"


def test_a_batch_is_atomic(api: Api) -> None:
    message = api.refusal(
        {"updateCells": {"start": {}, "rows": rows(["changed"]), "fields": "userEnteredValue"}},
        {"insertDimension": {"range": {"dimension": "ROWS", "startIndex": 0, "endIndex": 1}}},
        {"addSheet": {"properties": {"title": "roster"}}},
    )
    assert message == (
        'Invalid requests[2].addSheet: A sheet with the name "roster" already exists. '
        "Please enter another name."
    )
    assert "at least one request" in api.refusal()


@pytest.mark.parametrize(
    "kind", ["pasteData", "deleteTable", "addSlicer", "insertRange", "updateDimensionGroup"]
)
def test_what_is_not_implemented_says_so(api: Api, kind: str) -> None:
    answer = api.call("POST", ":batchUpdate", {"requests": [{kind: {}}]})
    assert (answer.status_code, answer.json()["error"]["status"]) == (501, "UNIMPLEMENTED")
    assert kind in answer.json()["error"]["message"]


CHART: Json = {"spec": {"title": "x"}, "position": {"overlayPosition": {}}}
BY_DATE: Json = {"condition": {"type": "DATE_BEFORE", "values": [{"relativeDate": "TODAY"}]}, "format": {}}


@pytest.mark.parametrize(
    ("edit", "what"),
    [
        (
            {"updateCells": {"start": {}, "rows": [{"values": [{"pivotTable": {}}]}], "fields": "*"}},
            "cells with pivotTable",
        ),
        (
            {"repeatCell": {"range": {"endRowIndex": 1}, "cell": {"chipRuns": []}, "fields": "chipRuns"}},
            "cells with chipRuns",
        ),
        ({"addChart": {"chart": CHART | {"border": {"colorStyle": {"rgbColor": {}}}}}}, "charts with border"),
        (
            {"addConditionalFormatRule": {"rule": {"ranges": [{}], "booleanRule": BY_DATE}}},
            "conditional formats by date",
        ),
    ],
)
def test_nothing_is_dropped_in_silence(api: Api, edit: Json, what: str) -> None:
    before = api.server.snapshot(api.book_id)
    answer = api.call("POST", ":batchUpdate", {"requests": [edit]})
    assert answer.status_code == 501, answer.text
    assert answer.json()["error"]["message"] == f"The Sheets stand-in does not implement {what}."
    assert api.server.snapshot(api.book_id) == before


def test_unknown_addresses_are_not_found_in_html(api: Api) -> None:
    for verb, path in (("GET", "/nothing"), ("DELETE", "")):
        answer = api.call(verb, path)
        assert (answer.status_code, answer.headers["Content-Type"]) == (404, "text/html; charset=utf-8")


def test_a_batch_can_answer_the_spreadsheet(api: Api) -> None:
    body = {
        "requests": [{"updateCells": {"start": {}, "rows": rows(["new"]), "fields": "userEnteredValue"}}],
        "includeSpreadsheetInResponse": True,
        "responseIncludeGridData": True,
        "responseRanges": ["Roster!A1"],
    }
    updated = api.post(":batchUpdate", body)["updatedSpreadsheet"]
    [sheet] = updated["sheets"]
    assert sheet["data"][0]["rowData"][0]["values"][0]["formattedValue"] == "new"


def test_a_mask_says_what_a_batch_answers_of_the_spreadsheet(api: Api) -> None:
    body = {
        "requests": [
            {"updateCells": {"start": {}, "rows": rows([5]), "fields": "userEnteredValue"}},
            {"insertDimension": {"range": lines_range("ROWS", 0, 2)}},
        ],
        "includeSpreadsheetInResponse": True,
        "responseRanges": ["Roster!A3:A4", "Roster!B6"],
    }
    cells = "data(startRow,startColumn,rowData.values(effectiveValue,userEnteredValue))"
    sheets = f"sheets(properties.sheetId,{cells})"
    written = {"values": [{"userEnteredValue": {"numberValue": 5}, "effectiveValue": {"numberValue": 5}}]}
    name = {"stringValue": "Ann"}
    total = {"userEnteredValue": {"formulaValue": "=SUM(B4:B5)"}, "effectiveValue": {"numberValue": 30}}
    shown = [
        {
            "startRow": 2,
            "rowData": [written, {"values": [{"userEnteredValue": name, "effectiveValue": name}]}],
        },
        {"startRow": 5, "startColumn": 1, "rowData": [{"values": [total]}]},
    ]
    answer = api.post(":batchUpdate", body, fields=f"updatedSpreadsheet({sheets})")
    assert answer == {"updatedSpreadsheet": {"sheets": [{"properties": {"sheetId": 0}, "data": shown}]}}
    assert api.post(":batchUpdate", body, fields="spreadsheetId") == {"spreadsheetId": api.book_id}
    bare = api.post(":batchUpdate", body)["updatedSpreadsheet"]
    assert "data" not in bare["sheets"][0]
    masked = api.post(
        ":batchUpdate",
        body | {"responseIncludeGridData": True},
        fields="updatedSpreadsheet.sheets.properties",
    )
    assert masked["updatedSpreadsheet"]["sheets"][0].keys() == {"properties"}
    assert (
        "data"
        in api.post(":batchUpdate", body, fields="updatedSpreadsheet")["updatedSpreadsheet"]["sheets"][0]
    )


def test_a_spreadsheet_can_be_created(api: Api, server: SheetsServer) -> None:
    body = {
        "properties": {"title": "Made", "timeZone": "Europe/Berlin"},
        "sheets": [{"properties": {"title": "One"}, "data": [{"startRow": 1, "rowData": rows(["x", 2])}]}],
    }
    made = api.session.post(f"{server.url}/v4/spreadsheets", json=body, timeout=60).json()
    assert made["properties"]["timeZone"] == "Europe/Berlin"
    assert server.values(made["spreadsheetId"], "One") == [[], ["x", "2"]]
