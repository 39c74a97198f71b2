"""`./muster sheets`."""

import json

import pytest

from tests.manage.conftest import Desk

SHEET = "demo-officers-sheet"


@pytest.mark.parametrize(
    "spreadsheet",
    [
        SHEET,
        f"http://127.0.0.1:8001/d/{SHEET}",
        f"https://docs.google.com/spreadsheets/d/{SHEET}/edit?gid=0#gid=0",
    ],
)
def test_a_spreadsheet_is_bound_by_its_id_or_address(desk: Desk, spreadsheet: str) -> None:
    assert desk.said("sheets", "bind", spreadsheet, "101", "nova") == (
        f"Spreadsheet {SHEET} is bound to server 101, alliance nova. The next sync writes it.\n"
    )
    state = json.loads(desk.said("sheets", "status", spreadsheet, "--json"))
    assert (state["spreadsheet_id"], state["server"], state["alliance"]) == (SHEET, "101", "nova")
    assert desk.said("sheets", "unbind", spreadsheet) == f"Spreadsheet {SHEET} is no longer bound.\n"
    assert "This spreadsheet is not bound to anything." in desk.refusal("sheets", "status", SHEET)
    assert "This spreadsheet is not bound to anything." in desk.refusal("sheets", "unbind", SHEET)


def test_it_can_be_bound_to_something_else(desk: Desk) -> None:
    desk.said("sheets", "bind", SHEET, "101", "nova")
    said = desk.said("sheets", "bind", SHEET, "101")
    assert said.endswith("is bound to server 101. The next sync writes it. It was bound before.\n")
    assert desk.said("sheets", "status", SHEET).splitlines() == [
        "Server  Alliance  Edits  Account  Last success  Last error  Error  See",
        "101               no",
    ]


def test_who_binds_it_with_edits_reads_whom_to_share_it_with(desk: Desk) -> None:
    said = desk.said("sheets", "bind", SHEET, "101", "nova", "--edits")
    assert "Share it with officers, not with anyone with the link." in said
    desk.said("sheets", "bind", "another", "101")
    assert desk.said("sheets", "list").splitlines() == [
        "Spreadsheet          Server  Alliance  Edits  Account  Last success  Last error  Error  See",
        "another              101               no",
        "demo-officers-sheet  101     nova      yes",
    ]


def test_what_can_not_be_bound_is_said(desk: Desk) -> None:
    assert "This is not a spreadsheet's id" in desk.refusal("sheets", "bind", "my sheet", "101")
    assert "no alliance 'nothing'" in desk.refusal("sheets", "bind", SHEET, "101", "nothing")
