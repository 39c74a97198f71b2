"""The real gspread client can't tell the stand-in from Google."""

import gspread
import pytest
import requests
from gspread.exceptions import APIError, WorksheetNotFound
from gspread.utils import ValueInputOption, ValueRenderOption

from local.sheets import SheetsServer
from tests.local.sheets_client import RedirectedClient


def test_reads_what_officers_made(spreadsheet: gspread.Spreadsheet) -> None:
    assert spreadsheet.title == "Officers"
    assert [worksheet.title for worksheet in spreadsheet.worksheets()] == ["Roster", "Officers' notes"]
    assert spreadsheet.sheet1.get_all_records() == [
        {"Commander": "Ann", "Power": 10},
        {"Commander": "Bob", "Power": 20},
        {"Commander": "Sum", "Power": 30},
    ]
    assert spreadsheet.worksheet("Officers' notes").acell("A1").value == "60"


def test_adds_fills_reads_and_deletes_a_worksheet(spreadsheet: gspread.Spreadsheet) -> None:
    worksheet = spreadsheet.add_worksheet("IMS Progress", rows=10, cols=4)
    worksheet.update([["Event", "Points"], ["Peace", 1234.5]], "A1")
    worksheet.append_row(["War", True])
    assert worksheet.get_all_values() == [["Event", "Points"], ["Peace", "1234.5"], ["War", "TRUE"]]
    found = worksheet.find("War")
    assert found is not None
    assert found.address == "A3"
    spreadsheet.del_worksheet(worksheet)
    with pytest.raises(WorksheetNotFound):
        spreadsheet.worksheet("IMS Progress")


def test_writes_raw_or_as_typed(spreadsheet: gspread.Spreadsheet) -> None:
    worksheet = spreadsheet.sheet1
    worksheet.update([["=1+1", "5"]], "D1", value_input_option=ValueInputOption.raw)
    worksheet.update([["=1+1", "5"]], "D2", value_input_option=ValueInputOption.user_entered)
    unformatted = worksheet.get("D1:E2", value_render_option=ValueRenderOption.unformatted)
    assert unformatted == [["=1+1", "5"], [2, 5]]
    assert worksheet.get("D2", value_render_option=ValueRenderOption.formula) == [["=1+1"]]


def test_formats_freezes_resizes_and_annotates(spreadsheet: gspread.Spreadsheet) -> None:
    worksheet = spreadsheet.sheet1
    worksheet.format("A1:B1", {"textFormat": {"bold": True}, "backgroundColor": {"red": 0.5}})
    worksheet.freeze(rows=1)
    worksheet.resize(rows=50)
    worksheet.insert_note("A2", "the first")
    worksheet.update_title("Roster 2")
    again = spreadsheet.worksheet("Roster 2")
    assert (again.row_count, again.frozen_row_count) == (50, 1)
    assert again.get_note("A2") == "the first"


def test_sorts_clears_and_batches(spreadsheet: gspread.Spreadsheet) -> None:
    worksheet = spreadsheet.sheet1
    worksheet.sort((2, "des"), range="A2:B3")
    assert worksheet.col_values(1) == ["Commander", "Bob", "Ann", "Sum"]
    worksheet.batch_update([{"range": "A2", "values": [["Bea"]]}, {"range": "C1:D1", "values": [["x", "y"]]}])
    worksheet.batch_clear(["C1:C1"])
    assert worksheet.row_values(1) == ["Commander", "Power", "", "y"]
    worksheet.clear()
    assert worksheet.get_all_values() == [[]]


def test_inserts_and_deletes_rows_and_columns(spreadsheet: gspread.Spreadsheet) -> None:
    worksheet = spreadsheet.sheet1
    worksheet.insert_row(["New", 5], index=3)
    worksheet.delete_rows(2)
    worksheet.insert_cols([["a", "b"]], col=1)
    assert worksheet.get_all_values() == [
        ["a", "Commander", "Power"],
        ["b", "New", "5"],
        ["", "Bob", "20"],
        ["", "Sum", "25"],
    ]


def test_protects_merges_names_hides_and_duplicates(spreadsheet: gspread.Spreadsheet) -> None:
    worksheet = spreadsheet.sheet1
    worksheet.add_protected_range("A1:B1", description="kept")
    worksheet.merge_cells("C1:D2")
    worksheet.define_named_range("A2:B3", "people")
    assert worksheet.get("people") == [["Ann", "10"], ["Bob", "20"]]
    copy = worksheet.duplicate(new_sheet_name="Copy")
    worksheet.hide()
    assert [each.title for each in spreadsheet.worksheets(exclude_hidden=True)] == ["Copy", "Officers' notes"]
    assert copy.get_all_values() == worksheet.get_all_values()


def test_errors_arrive_as_gspread_errors(spreadsheet: gspread.Spreadsheet) -> None:
    with pytest.raises(
        APIError, match=r'A sheet with the name "Roster" already exists\. Please enter another'
    ):
        spreadsheet.add_worksheet("Roster", 1, 1)


def test_a_missing_spreadsheet_is_not_found(server: SheetsServer, session: requests.Session) -> None:
    client = RedirectedClient.connected(server.url, session)
    with pytest.raises(gspread.exceptions.SpreadsheetNotFound):
        client.open_by_key("nothing")
