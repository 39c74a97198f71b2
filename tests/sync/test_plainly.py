"""What Google refuses goes more plainly, and nothing is sent twice: no act of an officer stops a sheet."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.binding import Binding
from chalicelib.domain.due import PLAINLY
from local.sheets import Fault, SheetsServer
from sheets_sync.failures import SheetError
from sheets_sync.held import TAB_METADATA, held_tabs
from sheets_sync.layout import column_letters
from sheets_sync.sync import sync
from tests.sync.desk import FIRST, Desk, ids
from tests.world import ENLISTING_OLD_ALLIES, HIDDEN_MOTIVATIONS

FIVE = {name: [HIDDEN_MOTIVATIONS] for name in ("Ash", "Birch", "Cedar", "Elm", "Fir")}
MORE = FIVE | {"Ash": [HIDDEN_MOTIVATIONS, ENLISTING_OLD_ALLIES], "Aardvark": []}


@pytest.fixture
def desk() -> Iterator[Desk]:
    with SheetsServer() as server:
        desk = Desk(server, server.create_spreadsheet("Officers", {"Officers": [["Officer"]]}))
        desk.sync(ids(FIVE))
        desk.add_column("commanders", {FIRST: "ash's", FIRST + 1: "birch's"})
        desk.writes()
        yield desk


def bodies(desk: Desk) -> list[Any]:
    return [
        request.body["requests"]
        for request in desk.server.requests
        if request.kind == "write" and request.body
    ]


def state(desk: Desk, tab_id: str = "commanders") -> str:
    return str(desk.cells(tab_id)[1][0])


def ticks(desk: Desk, name: str) -> int:
    (row,) = [row for row in desk.cells("commanders") if row and row[0] == name]
    return row.count("✓")


def test_merged_notes_keep_rows_where_they_are_and_all_else_goes_on(desk: Desk) -> None:
    """A rename would move a row: nothing that would be refused is even tried."""
    own = column_letters(desk.tab("commanders")["properties"]["gridProperties"]["columnCount"] - 1)
    desk.person.merge("IMS Commanders", f"{own}{FIRST + 1}:{own}{FIRST + 2}")
    view = ids(MORE)
    renamed = tuple(
        replace(one, commander=replace(one.commander, name="Zelkova"))
        if one.commander.name == "Birch"
        else one
        for one in view.commanders
    )
    desk.sync(replace(view, commanders=renamed), is_checked=False)
    assert {request.status for request in desk.server.requests} == {200}
    assert [row[0] for row in desk.cells("commanders")[FIRST:]] == [
        *("Ash", "Zelkova", "Cedar", "Elm"),
        *("Aardvark", "Fir", None),
    ]
    assert ticks(desk, "Ash") == 2
    assert "not sorted in IMS Commanders" in state(desk)
    desk.person.unmerge("IMS Commanders", f"{own}{FIRST + 1}:{own}{FIRST + 2}")
    desk.sync(replace(view, commanders=tuple(sorted(renamed, key=lambda one: one.commander.name))))
    assert "not sorted" not in state(desk)


def test_what_is_merged_above_the_rows_keeps_none_where_it_is(desk: Desk) -> None:
    own = column_letters(desk.tab("commanders")["properties"]["gridProperties"]["columnCount"] - 1)
    desk.person.merge("IMS Commanders", f"{own}1:{own}{FIRST}")
    desk.sync(ids(MORE))
    assert "not sorted" not in state(desk)


@pytest.mark.parametrize(
    ("area", "more", "is_closed"),
    [
        ({"startColumnIndex": 1}, {}, True),
        ({"startColumnIndex": 1}, {"warningOnly": True}, False),
        ({"startColumnIndex": 1}, {"requestingUserCanEdit": True}, False),
        ({"endRowIndex": 2}, {}, False),
        ({}, {}, True),
    ],
)
def test_only_what_is_protected_against_us_is_closed(
    area: dict[str, int], more: dict[str, bool], *, is_closed: bool
) -> None:
    grid = {"rowCount": 3, "columnCount": 2}
    sheet = {
        "properties": {"sheetId": 7, "title": "T", "gridProperties": grid},
        "developerMetadata": [
            {"metadataKey": TAB_METADATA, "metadataValue": "commanders:7", "metadataId": 1}
        ],
        "protectedRanges": [{"range": {"sheetId": 7, **area}, **more}],
    }
    assert held_tabs({"sheets": [sheet]})["commanders"].is_closed(2, 1) == is_closed


def test_around_a_protected_area_all_values_are_true_and_nothing_is_sent_twice(desk: Desk) -> None:
    desk.person.protect("IMS Commanders", f"A{FIRST + 2}:H{FIRST + 3}")
    changed = {name: [HIDDEN_MOTIVATIONS, ENLISTING_OLD_ALLIES] for name in FIVE}
    assert desk.sync(ids(changed | {"Aardvark": []}), is_checked=False)
    assert [ticks(desk, name) for name in FIVE] == [2, 1, 1, 2, 2]
    assert "open protected areas" in state(desk)
    sent = bodies(desk)
    assert all(one not in sent[:place] for place, one in enumerate(sent))
    desk.person.unprotect("IMS Commanders")
    desk.sync(ids(changed | {"Aardvark": []}))
    assert "protected" not in state(desk)


def test_where_not_even_the_state_can_be_written_it_fails_for_a_reason(desk: Desk) -> None:
    for tab in ("IMS Today", "IMS Progress", "IMS Schedule", "IMS Rewards", "IMS Commanders", "IMS History"):
        desk.person.protect(tab)
    with pytest.raises(SheetError, match="protected") as raised:
        desk.sync(ids(MORE))
    assert (raised.value.refused, raised.value.again) == (True, False)


def test_where_only_the_state_can_be_written_that_says_so_and_it_fails_all_the_same(desk: Desk) -> None:
    desk.server.inject(*[Fault("refuse", 400, match=":batchUpdate")] * 2)
    with pytest.raises(SheetError, match="answered 400"):
        desk.sync(ids(MORE))
    assert "answered 400" in state(desk)
    assert ticks(desk, "Ash") == 1


def test_where_rows_cannot_move_values_are_written_where_they_are(desk: Desk) -> None:
    """A row's protection closes it to moves; its cells that changed are not in it."""
    desk.server.inject(Fault("refuse", 400, match=":batchUpdate"))
    obstacle = desk.sync(ids(MORE), is_checked=False)
    assert obstacle
    assert ticks(desk, "Ash") == 2
    assert "Aardvark" not in str(desk.cells("commanders"))
    assert "rows are not sorted, and nothing new is added" in state(desk)
    assert [request.status for request in desk.server.requests if request.kind == "write"] == [400, 200]


def test_for_an_hour_only_values_are_sent(desk: Desk) -> None:
    view = ids(MORE)
    plain = replace(
        desk.sheet, obstacle="Google Sheets answered 400: merged.", plain_until=view.as_of + PLAINLY
    )

    def go(sheet: Binding, minutes: int) -> list[str]:
        at = replace(view, as_of=view.as_of + timedelta(minutes=minutes))
        desk.server.requests.clear()
        assert sync(sheet, at, desk).obstacle is None
        return [next(iter(one)) for one in bodies(desk)[0]]

    assert set(go(plain, 0)) == {"updateCells"}
    assert "answered 400: merged" in state(desk)
    assert "insertDimension" in go(plain, 61)
    assert "merged" not in state(desk)


def test_a_tab_that_was_renamed_meanwhile_is_written_all_the_same(desk: Desk) -> None:
    desk.server.meanwhile(lambda: desk.person.rename_tab("IMS Commanders", "Members"), match=":batchUpdate")
    assert desk.sync(ids(MORE)) is None
    assert desk.cells("commanders")[FIRST][0] == "Aardvark"


def test_what_is_far_below_our_rows_is_not_looked_at_and_stays(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many rows somebody adds, and wherever they write, the sheet goes on."""
    monkeypatch.setattr("sheets_sync.held.LOOKED_BELOW", 1)
    rows = {"sheetId": desk.sheet_id("commanders"), "dimension": "ROWS"}
    desk.edit({"appendDimension": {**rows, "length": 500}})
    desk.type("commanders", 400, 0, "far below")
    desk.sync(ids(MORE))
    desk.sync(ids(FIVE))
    shown = [
        (at, row[0]) for at, row in enumerate(desk.cells("commanders")) if at >= FIRST and row and row[0]
    ]
    assert [name for _, name in shown] == [*sorted(FIVE), "far below"]
    assert shown[-1][0] > 400
    held = held_tabs(desk.server.snapshot(desk.id))["commanders"]
    assert len(held.rows) < 30


def test_a_row_of_ours_that_is_too_far_below_is_told_and_it_works_again_without_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever shows the hidden columns can write into them, in any row."""
    monkeypatch.setattr("sheets_sync.held.LAST_ROW", 300)
    rows = {"sheetId": desk.sheet_id("commanders"), "dimension": "ROWS"}
    cell = {
        "rows": [{"values": [{"userEnteredValue": {"stringValue": "not a key"}}]}],
        "fields": "userEnteredValue",
    }
    start = {"sheetId": rows["sheetId"], "columnIndex": 1}
    desk.edit({"appendDimension": {**rows, "length": 500}})
    desk.edit({"updateCells": {**cell, "start": {**start, "rowIndex": 299}}})
    desk.sync(ids(FIVE))
    desk.edit({"updateCells": {**cell, "start": {**start, "rowIndex": 400}}})
    with pytest.raises(SheetError, match="is row 401 of its tab") as raised:
        desk.sync(ids(MORE))
    assert raised.value.lasting
    desk.edit({"deleteDimension": {"range": {**rows, "startIndex": 290, "endIndex": 450}}})
    desk.sync(ids(MORE))


def test_a_sheet_is_one_tab_however_many_it_is_said_to_be(desk: Desk) -> None:
    sheet_id = desk.sheet_id("commanders")
    for name in ("rewards", "another"):
        said = {"metadataKey": TAB_METADATA, "metadataValue": f"{name}:{sheet_id}", "visibility": "DOCUMENT"}
        place = {"location": {"sheetId": sheet_id}}
        desk.edit({"createDeveloperMetadata": {"developerMetadata": {**said, **place}}})
    desk.sync(ids(MORE))
    assert len(held_tabs(desk.server.snapshot(desk.id))) == 6
