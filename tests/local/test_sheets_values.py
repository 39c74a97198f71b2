"""Plain values, A1 notation, what formulas come to and how values are shown."""

from typing import Any

import pytest

from local.sheets import SheetsServer
from tests.local.sheets_client import Api, rows


@pytest.mark.parametrize(
    ("text", "answered"),
    [
        ("Roster", "Roster!A1:Z1000"),
        ("roster!a2:b3", "Roster!A2:B3"),
        ("Roster!$B$3", "Roster!B3"),
        ("B3", "Roster!B3"),
        ("Roster!B:B", "Roster!B1:B1000"),
        ("Roster!2:3", "Roster!A2:Z3"),
        ("Roster!A5:B", "Roster!A5:B1000"),
        ("Roster!B3:A2", "Roster!A2:B3"),
        ("Roster!Y999:ZZ5000", "Roster!Y999:Z1000"),
        ("'Officers'' notes'!A1", "'Officers'' notes'!A1"),
        ("'Officers'' notes'", "'Officers'' notes'!A1:Z1000"),
    ],
)
def test_ranges_are_understood_and_answered_in_full(api: Api, text: str, answered: str) -> None:
    assert api.get(f"/values/{text}")["range"] == answered


@pytest.mark.parametrize(
    ("title", "answered"),
    [
        ("x.y", "x.y!A1"),
        ("2026", "'2026'!A1"),
        ("ABC12", "'ABC12'!A1"),
        ("a-b", "'a-b'!A1"),
        ("It's", "'It''s'!A1"),
    ],
)
def test_titles_are_quoted_where_google_does(api: Api, title: str, answered: str) -> None:
    api.batch({"addSheet": {"properties": {"title": title}}})
    quoted = title.replace("'", "''")
    assert api.get(f"/values/'{quoted}'!A1")["range"] == answered


def test_a_bare_name_is_a_named_range_before_it_is_a_tab(api: Api) -> None:
    area = {"startRowIndex": 1, "endRowIndex": 2, "startColumnIndex": 0, "endColumnIndex": 1}
    api.batch(
        {"addSheet": {"properties": {"title": "people"}}},
        {"addNamedRange": {"namedRange": {"name": "people", "range": area}}},
    )
    assert api.get("/values/people")["range"] == "Roster!A2"
    assert api.get("/values/'people'")["range"] == "people!A1:Z1000"


@pytest.mark.parametrize("text", ["Nothing!A1", "Nothing", "Roster!A0", "Roster!5"])
def test_a_range_that_is_none_is_refused(api: Api, text: str) -> None:
    answer = api.call("GET", f"/values/{text}")
    assert answer.json()["error"]["message"] == f"Unable to parse range: {text}"


def test_a_range_past_the_grid_is_refused(api: Api) -> None:
    message = api.call("GET", "/values/Roster!AB1:AC2").json()["error"]["message"]
    assert message == "Range (Roster!AB1:AC2) exceeds grid limits. Max rows: 1000, max columns: 26"


def test_values_can_be_read_by_column_and_in_batches(api: Api) -> None:
    assert api.get("/values/Roster!A1:B2", majorDimension="COLUMNS")["values"] == [
        ["Commander", "Ann"],
        ["Power", "10"],
    ]
    answer = api.get("/values:batchGet", ranges=["Roster!B4", "Roster!C1:C2"], valueRenderOption="FORMULA")
    assert answer["valueRanges"] == [
        {"range": "Roster!B4", "majorDimension": "ROWS", "values": [["=SUM(B2:B3)"]]},
        {"range": "Roster!C1:C2", "majorDimension": "ROWS"},
    ]


def test_an_update_answers_what_it_wrote(api: Api) -> None:
    answer = api.put(
        "/values/Roster!A2",
        {"values": [["Abe", None, "x"], ["Bea"]]},
        valueInputOption="RAW",
        includeValuesInResponse="true",
    )
    assert answer == {
        "spreadsheetId": api.book_id,
        "updatedRange": "Roster!A2:C3",
        "updatedRows": 2,
        "updatedColumns": 3,
        "updatedCells": 3,
        "updatedData": {
            "range": "Roster!A2:C3",
            "majorDimension": "ROWS",
            "values": [["Abe", "10", "x"], ["Bea", "20"]],
        },
    }


@pytest.mark.parametrize(
    ("text", "values", "message"),
    [
        (
            "'Officers' notes'!A1",
            [["x"]],
            "Unable to parse range: 'Officers' notes'!A1",
        ),
        (
            "Roster!A1:B2",
            [["x", "y", "z"]],
            "Requested writing within range [Roster!A1:B2], but tried writing to column [C]",
        ),
        (
            "Roster!A1:B2",
            [["x"]] * 3,
            "Requested writing within range [Roster!A1:B2], but tried writing to row [3]",
        ),
        (
            "Roster!Z1",
            [["x", "y"]],
            "Range (Roster!Z1:AA1) exceeds grid limits. Max rows: 1000, max columns: 26",
        ),
        (
            "Roster!A999:A1001",
            [["x"]],
            "Range (Roster!A999:A1001) exceeds grid limits. Max rows: 1000, max columns: 26",
        ),
    ],
)
def test_an_update_that_does_not_fit_is_refused(api: Api, text: str, values: list[Any], message: str) -> None:
    answer = api.call("PUT", f"/values/{text}", {"values": values}, valueInputOption="RAW")
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, message)


def test_a_batch_of_updates_is_atomic_and_names_the_bad_one(api: Api) -> None:
    data = [{"range": "Roster!A1", "values": [["x"]]}, {"range": "Nothing!A1", "values": [["y"]]}]
    answer = api.call("POST", "/values:batchUpdate", {"valueInputOption": "RAW", "data": data})
    assert answer.json()["error"]["message"] == "Invalid data[1]: Unable to parse range: Nothing!A1"
    assert api.values()[0][0] == "Commander"
    done = api.post("/values:batchUpdate", {"valueInputOption": "RAW", "data": data[:1]})
    assert (done["totalUpdatedCells"], done["totalUpdatedSheets"]) == (1, 1)


def test_the_input_option_is_required(api: Api) -> None:
    answer = api.call("PUT", "/values/A1", {"values": [["x"]]})
    assert "'valueInputOption' is required" in answer.json()["error"]["message"]


def test_appending_finds_the_table_and_grows_the_sheet(api: Api) -> None:
    shrink = {"properties": {"gridProperties": {"rowCount": 4}}, "fields": "gridProperties.rowCount"}
    api.batch({"updateSheetProperties": shrink})
    answer = api.post("/values/Roster:append", {"values": [["Cid", 1]]}, valueInputOption="RAW")
    assert answer["tableRange"] == "Roster!A1:B4"
    assert answer["updates"]["updatedRange"] == "Roster!A5:B5"
    assert api.values()[4] == ["Cid", "1"]


def test_clearing_leaves_formats(api: Api) -> None:
    bold = {"userEnteredFormat": {"textFormat": {"bold": True}}}
    api.batch({"repeatCell": {"range": {"endRowIndex": 1}, "cell": bold, "fields": "userEnteredFormat"}})
    assert api.post("/values/Roster!A1:B1:clear", {})["clearedRange"] == "Roster!A1:B1"
    assert api.post("/values:batchClear", {"ranges": ["Roster!A2"]})["clearedRanges"] == ["Roster!A2"]
    assert api.values()[:2] == [[], ["", "10"]]
    assert api.cell("Roster!A1")["userEnteredFormat"] == {"textFormat": {"bold": True}}


@pytest.mark.parametrize(
    ("typed", "entered", "shown"),
    [
        ("1,234.5", {"numberValue": 1234.5}, "1234.5"),
        ("12%", {"numberValue": 0.12}, "12%"),
        ("true", {"boolValue": True}, "TRUE"),
        ("=1+2", {"formulaValue": "=1+2"}, "3"),
        ("2023-11-15", {"numberValue": 45245}, "2023-11-15"),
        ("2023-11-15 12:00", {"numberValue": 45245.5}, "2023-11-15 12:00"),
        ("'=1", {"stringValue": "=1"}, "=1"),
        ("2023-13-45", {"stringValue": "2023-13-45"}, "2023-13-45"),
        ("Ann 1", {"stringValue": "Ann 1"}, "Ann 1"),
    ],
)
def test_typed_text_is_understood_as_from_a_person(api: Api, typed: str, entered: Any, shown: str) -> None:
    api.write("Roster!D1", [typed])
    cell = api.cell("Roster!D1")
    assert (cell["userEnteredValue"], cell["formattedValue"]) == (entered, shown)


@pytest.mark.parametrize(
    ("formula", "shown"),
    [
        ("=1+2*3-4/2", "5"),
        ("=-(1+1)%", "-0.02"),
        ('="a"&1&TRUE', "a1TRUE"),
        ("=SUM(B2:B3,5,A2:A3)", "35"),
        ("=MAX(B:B)-MIN(B2:B3)", "20"),
        ('=COUNT(A1:B4)&"/"&COUNTA(A1:B4)', "3/8"),
        ('=IF(B2>=10,"yes","no")', "yes"),
        ('=IF("a"="A",1)', "1"),
        ("=IF(1<>1,1)", "FALSE"),
        ("=AND(1=1,NOT(FALSE))", "TRUE"),
        ("='Officers'' notes'!A1+Roster!B2", "70"),
        ('=HYPERLINK("https://example.org/","See ""it""")', 'See "it"'),
        ("=D9", "0"),
        ("=1/0", "#DIV/0!"),
        ("=A1+1", "#VALUE!"),
        ("=FROBNICATE(1)", "#NAME?"),
        ("=nothing", "#NAME?"),
        ("=Nothing!A1", "#REF!"),
        ("=AAA1", "#REF!"),
        ("=D1", "#REF!"),
        ("=1+", "#ERROR!"),
    ],
)
def test_formulas_come_to(api: Api, formula: str, shown: str) -> None:
    api.write("Roster!D1", [formula])
    assert api.values()[0][3] == shown


def test_a_sparkline_shows_nothing(api: Api) -> None:
    api.write("Roster!D1", ["=SPARKLINE(B2:B3)"])
    cell = api.cell("Roster!D1")
    assert "formattedValue" not in cell
    assert cell["userEnteredValue"] == {"formulaValue": "=SPARKLINE(B2:B3)"}


def test_formulas_are_stored_as_google_stores_them(api: Api) -> None:
    for entered, stored in (
        ("=sum( Roster!a3:a3 )", "=sum( Roster!A3 )"),
        ("='Roster'!B3:a2", "=Roster!A2:B3"),
        ("=Roster!$d$3 + 1", "=Roster!$D$3 + 1"),
        ("='Officers'' notes'!a1", "='Officers'' notes'!A1"),
    ):
        api.write("Roster!D1", [entered])
        assert api.cell("Roster!D1")["userEnteredValue"]["formulaValue"] == stored


def test_errors_and_links_are_answered_as_such(api: Api) -> None:
    api.write("Roster!D1", ["=1/0", '=HYPERLINK("https://example.org/","there")'])
    cell, link = api.cell("Roster!D1"), api.cell("Roster!E1")
    assert cell["effectiveValue"] == {"errorValue": {"type": "DIVIDE_BY_ZERO", "message": "#DIV/0!"}}
    assert link["hyperlink"] == "https://example.org/"


@pytest.mark.parametrize(
    ("value", "kind", "pattern", "shown"),
    [
        (1234567.891, "NUMBER", "#,##0", "1,234,568"),
        (1234.5, "NUMBER", "#,##0.00", "1,234.50"),
        (0.256, "PERCENT", "0%", "26%"),
        (0.256, "PERCENT", "0.0%", "25.6%"),
        (5, "NUMBER", '0 "of 9"', "5 of 9"),
        (-3, "NUMBER", "0;(0);nil", "(3)"),
        (0, "NUMBER", "0;(0);nil", "nil"),
        (0.5, "NUMBER", "#.##", ".5"),
        (12345, "SCIENTIFIC", "0.00E+00", "1.23E+04"),
        (45245.5, "DATE_TIME", "yyyy-mm-dd hh:mm", "2023-11-15 12:00"),
        (45245.5, "DATE", "ddd d mmm", "Wed 15 Nov"),
        (45245.75, "TIME", "h:mm am/pm", "6:00 PM"),
        (45245, "DATE", "", "2023-11-15"),
        (7, "TEXT", "", "7"),
    ],
)
def test_number_formats_show(api: Api, value: float, kind: str, pattern: str, shown: str) -> None:
    look = {"numberFormat": {"type": kind, "pattern": pattern}}
    cell = {"userEnteredValue": {"numberValue": value}, "userEnteredFormat": look}
    api.batch({"updateCells": {"start": {}, "rows": [{"values": [cell]}], "fields": "*"}})
    assert api.values()[0][0] == shown


@pytest.mark.parametrize(
    ("number", "shown"), [(0.1 + 0.2, "0.3"), (1 / 3, "0.3333333333"), (1e20, "1E+20"), (-2, "-2")]
)
def test_numbers_without_a_format_show(api: Api, number: float, shown: str) -> None:
    api.batch({"updateCells": {"start": {}, "rows": rows([number]), "fields": "userEnteredValue"}})
    assert api.values()[0][0] == shown


def test_dates_are_serial_numbers_unless_asked_for_as_text(api: Api) -> None:
    api.write("Roster!D1", ["2023-11-15"])
    plain = {"valueRenderOption": "UNFORMATTED_VALUE"}
    assert api.get("/values/Roster!D1", **plain)["values"] == [[45245]]
    as_text = api.get("/values/Roster!D1", dateTimeRenderOption="FORMATTED_STRING", **plain)
    assert as_text["values"] == [["2023-11-15"]]


def test_officers_tabs_hold_what_they_are_given(server: SheetsServer) -> None:
    book_id = server.create_spreadsheet(
        "All kinds", {"T": [["=1+1", "x", 2.5, True, None, "y"]]}, time_zone="Europe/Rome"
    )
    assert server.values(book_id, "T") == [["2", "x", "2.5", "TRUE", "", "y"]]
    snapshot = server.snapshot(book_id)
    assert snapshot["properties"]["timeZone"] == "Europe/Rome"
    assert snapshot["sheets"][0]["properties"]["sheetId"] == 0
    snapshot["sheets"].clear()
    assert server.snapshot(book_id)["sheets"]
