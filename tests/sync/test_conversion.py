"""Tabs that version 0.1.0 made become ours in place: `tabs-of-0.1.0.json` is what it asked of Google for five
commanders, with a mark for each row in the last column and a title block of five rows."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.sheets import SheetsServer
from sheets_sync.held import OLD_MARK_COLUMN
from tests.sync.desk import FIRST, Desk, ids
from tests.world import HIDDEN_MOTIVATIONS

REQUESTS = json.loads((Path(__file__).parent / "tabs-of-0.1.0.json").read_text())
FIVE = {name: [HIDDEN_MOTIVATIONS] for name in ("Ash", "Birch", "Cedar", "Elm", "Fir")}
OLD_FIRST = 6
"""The first row below the header, then."""


@pytest.fixture
def desk() -> Iterator[Desk]:
    with SheetsServer() as server:
        desk = Desk(server, server.create_spreadsheet("Officers", {"Officers": [["Officer"]]}))
        desk.edit(*REQUESTS)
        yield desk


def test_it_is_what_the_present_version_would_make_and_nothing_of_the_officers_is_lost(desk: Desk) -> None:
    column = desk.add_column(
        "commanders", {OLD_FIRST: "ash's", OLD_FIRST + 2: "cedar's", OLD_FIRST + 5: "below"}
    )
    sheet_id = desk.sheet_id("commanders")
    birch = {
        "sheetId": sheet_id,
        "startRowIndex": OLD_FIRST + 1,
        "endRowIndex": OLD_FIRST + 2,
        "endColumnIndex": 1,
    }
    noted = {"note": "asked on Monday", "userEnteredFormat": {"backgroundColor": {"red": 1}}}
    desk.edit(
        {"repeatCell": {"range": birch, "cell": noted, "fields": "note,userEnteredFormat.backgroundColor"}}
    )
    numbers = {
        desk.sheet_id(tab_id) for tab_id in ("progress", "schedule", "rewards", "commanders", "history")
    }

    for _ in range(3):
        desk.sync(ids(FIVE | {"Aardvark": [], "Zebra": []}))
    desk.writes()
    desk.sync(ids(FIVE | {"Aardvark": [], "Zebra": []}))
    assert desk.writes() == []

    assert numbers <= {s["properties"].get("sheetId", 0) for s in desk.server.snapshot(desk.id)["sheets"]}
    notes = [row for row in desk.cells("commanders") if "ash's" in row or "cedar's" in row or "below" in row]
    assert [row[0] for row in notes] == ["Ash", "Cedar", None]
    data = desk.tab("commanders")["data"][0]["rowData"]
    (row,) = [row for row in data if "asked on Monday" in str(row)]
    assert row["values"][0]["userEnteredValue"] == {"stringValue": "Birch"}
    assert row["values"][0]["userEnteredFormat"]["backgroundColor"] == {"red": 1}
    assert column
    grid = desk.tab("commanders")["properties"]["gridProperties"]
    assert grid["frozenRowCount"] == FIRST
    for tab_id in ("progress", "schedule", "rewards", "commanders", "history"):
        text = str(desk.tab(tab_id)["data"][0])
        assert OLD_MARK_COLUMN not in text, tab_id
        assert "kept by Muster" in text
        assert "Last successful sync" not in text, tab_id
        assert "Hand edits undone" not in text, tab_id


def test_what_stands_out_now_does_so_there_too_and_officers_rules_stay(desk: Desk) -> None:
    def rules() -> list[str]:
        found = desk.tab("commanders").get("conditionalFormats", [])
        return [each["booleanRule"]["condition"]["values"][0]["userEnteredValue"] for each in found]

    assert [rule[-11:] for rule in rules()] == ['="none yet"']
    for _ in range(3):
        desk.sync(ids(FIVE))
    assert len(rules()) == 3
    assert sum(rule.endswith('="none yet"') for rule in rules()) == 1
    assert sum("Missing today" in rule for rule in rules()) == 1
    assert sum("on now" in rule for rule in rules()) == 1
