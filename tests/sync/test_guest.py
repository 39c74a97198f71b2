"""A good guest: whatever officers do to the sheet, ours is made true again and theirs is as they left it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.sheet_view import SheetView
from local.sheets import SheetsServer
from sheets_sync.content import tabs_of
from sheets_sync.held import SPARE_COLUMN
from sheets_sync.layout import BASE_COLUMN, KEY_COLUMN, column_letters
from sheets_sync.sync import sync
from sheets_sync.tabs import Tab
from tests.sync.desk import FIRST, Desk, ids
from tests.world import (
    CONFRONTING_RESILIENCE,
    DEFENDERS,
    ENLISTING_OLD_ALLIES,
    HIDDEN_MOTIVATIONS,
    WEDNESDAY_NOON,
)


@pytest.fixture
def desk() -> Iterator[Desk]:
    with SheetsServer() as server:
        own: dict[str, list[list[object]]] = {
            "Officers": [["Officer", "Calls"], ["One", 3], ["Total", "=SUM(B2:B2)"]],
            "IMS rewards": [["mine"]],
        }
        yield Desk(server, server.create_spreadsheet("Officers", own))


LATER = {
    "progress": ("Next reward expected", "Basis", "Counted by", "Read at"),
    "rewards": ("Reached by",),
    "commanders": ("Added themselves", "Retired"),
}
"""The columns that the first version did not have."""
NAMES = ["Ash", "Birch", "Cedar", "Elm", "Fir"]
FIVE = {name: [HIDDEN_MOTIVATIONS] for name in NAMES}


def said(desk: Desk) -> str:
    """What the second row of the tabs says."""
    return str(desk.cells("progress")[1][0])


def test_nothing_changed_writes_nothing(desk: Desk) -> None:
    desk.sync(ids(FIVE))
    assert len(desk.writes()) == 1
    desk.sync(ids(FIVE))
    assert desk.writes() == []


def test_a_sync_soon_after_another_finds_no_hand_edits(desk: Desk) -> None:
    made = ids(FIVE)
    for seconds in (0, 1, 2, 5, 5.5):
        desk.sync(replace(made, as_of=made.as_of + timedelta(seconds=seconds)))
        assert "Put back" not in said(desk)


def test_the_officers_tabs_are_as_they_were(desk: Desk) -> None:
    before = [s for s in desk.server.snapshot(desk.id)["sheets"] if not s.get("developerMetadata")]
    desk.sync(ids(FIVE))
    desk.sync(ids(FIVE | {"Dogwood": [CONFRONTING_RESILIENCE]}))
    after = [s for s in desk.server.snapshot(desk.id)["sheets"] if not s.get("developerMetadata")]
    assert after == before


def test_notes_stay_with_their_commander_when_others_come_and_go(desk: Desk) -> None:
    desk.sync(ids(FIVE))
    column = desk.add_column(
        "commanders", {FIRST: "ash's note", FIRST + 2: "cedar's note", FIRST + 4: "fir's note"}
    )
    desk.sync(ids({"Acacia": [], **FIVE, "Dogwood": [], "Zelkova": []}))
    expected = {"Ash": "ash's note", "Cedar": "cedar's note", "Fir": "fir's note"}
    assert desk.beside("commanders", column) == expected
    without_birch = {name: done for name, done in FIVE.items() if name != "Birch"}
    desk.sync(ids(without_birch))
    assert desk.beside("commanders", column) == expected


def test_the_note_beside_one_who_left_is_kept_and_found_again(desk: Desk) -> None:
    desk.sync(ids(FIVE))
    column = desk.add_column("commanders", {FIRST + 1: "birch's note"})
    desk.sync(ids({name: done for name, done in FIVE.items() if name != "Birch"}))
    assert desk.beside("commanders", column) == {"Birch": "birch's note"}
    assert desk.cells("commanders")[FIRST + 5][0] == "Birch", "below those who are there, and the blank row"
    desk.sync(ids(FIVE))
    assert desk.beside("commanders", column) == {"Birch": "birch's note"}
    assert desk.cells("commanders")[FIRST + 1][0] == "Birch"


def test_the_row_of_one_who_left_bears_their_present_name_and_is_never_deleted(desk: Desk) -> None:
    without = {name: done for name, done in FIVE.items() if name not in ("Birch", "Cedar")}
    desk.sync(ids(FIVE))
    column = desk.add_column("commanders", {FIRST + 1: "has left", FIRST + 2: "has left too"})
    desk.sync(ids(without, {"Birch": "Birch", "Cedar": "Cedar"}))
    rows = desk.cells("commanders")
    assert [row[:2] for row in rows[FIRST + 4 :]] == [["Birch", "retired"], ["Cedar", "retired"]]
    assert not any(rows[FIRST + 4][2:column]), "nothing else looks as if they were still there"
    desk.type("commanders", FIRST + 5, 0, "Cedar, whom we miss")
    desk.sync(ids(without, {"Birch": "Forgotten commander 1", "Cedar": "Cedar"}))
    assert "Birch" not in str(desk.tab("commanders"))
    assert desk.beside("commanders", column) == {
        "Forgotten commander 1": "has left",
        "Cedar, whom we miss": "has left too",
    }, "what officers typed there is theirs"
    desk.type("commanders", FIRST + 5, 0, "Cedar")
    desk.sync(ids(without, {"Birch": "Forgotten commander 1", "Cedar": "Forgotten commander 2"}))
    assert "Cedar" not in str(desk.tab("commanders"))
    for row in (FIRST + 4, FIRST + 5):
        desk.type("commanders", row, column, "")
    desk.sync(ids(without, {"Birch": "Forgotten commander 1", "Cedar": "Forgotten commander 2"}))
    labels = [row[0] for row in desk.cells("commanders")[FIRST:]]
    assert labels == ["Ash", "Elm", "Fir", None, "Forgotten commander 1", "Forgotten commander 2"]


def test_one_who_comes_back_finds_their_row_even_under_another_name(desk: Desk) -> None:
    desk.sync(ids(FIVE))
    column = desk.add_column("commanders", {FIRST + 1: "birch's note"})
    without_birch = {name: done for name, done in FIVE.items() if name != "Birch"}
    desk.sync(ids(without_birch, {"Birch": "Birch"}))
    back = ids(FIVE)
    renamed = tuple(
        replace(one, commander=replace(one.commander, name="Beech")) if one.commander.name == "Birch" else one
        for one in back.commanders
    )
    desk.sync(replace(back, commanders=renamed))
    assert desk.beside("commanders", column) == {"Beech": "birch's note"}
    assert "Put back" not in said(desk), "nobody has edited anything"


def test_a_former_name_is_not_told_of_in_the_title_block_either(desk: Desk) -> None:
    desk.sync(ids(FIVE))
    desk.type("commanders", FIRST + 2, 0, "Birch")
    desk.sync(ids(FIVE))
    assert "IMS Commanders: Cedar, Commander held “Birch”" in said(desk)
    desk.sync(ids({name: done for name, done in FIVE.items() if name != "Birch"}, {"Birch": "Forgotten"}))
    assert "Birch" not in str([desk.tab(tab_id) for tab_id in ("progress", "commanders", "schedule")])


def test_notes_follow_when_officers_sort_the_rows(desk: Desk) -> None:
    desk.sync(ids(FIVE))
    column = desk.add_column("commanders", {FIRST: "ash's note", FIRST + 4: "fir's note"})
    area = {"sheetId": desk.sheet_id("commanders"), "startRowIndex": FIRST, "endRowIndex": FIRST + 5}
    desk.edit({"sortRange": {"range": area, "sortSpecs": [{"dimensionIndex": 0, "sortOrder": "DESCENDING"}]}})
    assert desk.cells("commanders")[FIRST][0] == "Fir"
    desk.sync(ids(FIVE))
    assert desk.beside("commanders", column) == {"Ash": "ash's note", "Fir": "fir's note"}


def test_a_hand_edit_is_undone_and_told_with_what_it_held(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.sync(ids(FIVE))
    desk.type("progress", FIRST, 2, "999999")
    desk.type("commanders", FIRST + 1, 0, "=1/0")
    desk.sync(ids(FIVE | {"Ash": [HIDDEN_MOTIVATIONS, ENLISTING_OLD_ALLIES]}))
    told = (
        "IMS Progress: Defenders of Peace, Points held “999999”; IMS Commanders: Birch, Commander held “=1/0”"
    )
    assert told in said(desk)
    assert ": 2" in caplog.records[0].getMessage()
    assert "999999" not in caplog.text, "a cell may hold a name, and a log is kept from names"
    desk.sync(ids(FIVE))
    assert "Put back" not in said(desk), "that is over"
    assert "hand edits" not in "".join(record.message for record in caplog.records[1:])


@pytest.mark.parametrize("tab_id", ["progress", "schedule", "rewards", "commanders", "history"])
def test_a_wiped_tab_is_filled_again(desk: Desk, tab_id: str) -> None:
    desk.sync(ids(FIVE))
    area = {"sheetId": desk.sheet_id(tab_id)}
    for _ in range(2):
        desk.edit({"updateCells": {"range": area, "fields": "userEnteredValue"}})
        desk.sync(ids(FIVE))
    desk.writes()
    desk.sync(ids(FIVE))
    assert desk.writes() == []


def test_renamed_moved_hidden_and_copied_tabs(desk: Desk) -> None:
    desk.sync(ids(FIVE))
    sheet_id = desk.sheet_id("progress")
    properties = {"sheetId": sheet_id, "title": "Where we stand", "index": 0, "hidden": True}
    copy = {"sourceSheetId": sheet_id}
    desk.edit(
        {"updateSheetProperties": {"properties": properties, "fields": "title,index,hidden"}},
        {"duplicateSheet": {**copy, "newSheetName": "Copy before it", "insertSheetIndex": 0}},
        {"duplicateSheet": {**copy, "newSheetName": "Copy behind it", "insertSheetIndex": 9}},
    )

    def tabs() -> dict[str, Any]:
        return {s["properties"]["title"]: s for s in desk.server.snapshot(desk.id)["sheets"]}

    before = tabs()
    desk.writes()
    desk.sync(ids(FIVE | {"Ginkgo": [HIDDEN_MOTIVATIONS]}))
    after = tabs()
    assert "Where we stand" in after
    assert "IMS Progress" not in after
    for title in ("Copy before it", "Copy behind it"):
        assert after[title] == before[title]
    assert desk.tab("progress")["properties"]["hidden"]


def test_deleted_tabs_are_made_again_beside_titles_that_are_taken(desk: Desk) -> None:
    desk.sync(ids(FIVE))
    for tab_id in ("progress", "commanders", "history"):
        desk.edit({"deleteSheet": {"sheetId": desk.sheet_id(tab_id)}})
        desk.sync(ids(FIVE))
    titles = [s["properties"]["title"] for s in desk.server.snapshot(desk.id)["sheets"]]
    assert {"IMS rewards", "IMS Rewards 2", "IMS Progress", "IMS Commanders"} <= set(titles)


def test_rows_and_columns_that_officers_insert_among_ours_go_behind_them(desk: Desk) -> None:
    desk.sync(ids(FIVE))
    sheet_id = desk.sheet_id("commanders")
    for dimension, at in (("ROWS", FIRST + 2), ("COLUMNS", 3), ("ROWS", 0)):
        area = {"sheetId": sheet_id, "dimension": dimension, "startIndex": at, "endIndex": at + 1}
        desk.edit({"insertDimension": {"range": area, "inheritFromBefore": False}})
    desk.type("commanders", FIRST + 3, 3, "ours, in between")
    desk.sync(ids(FIVE))
    assert "ours, in between" in str(desk.cells("commanders"))


def test_deleted_rows_and_columns_of_ours_come_back(desk: Desk) -> None:
    desk.sync(ids(FIVE))
    sheet_id = desk.sheet_id("commanders")
    width = len(tabs_of(ids(FIVE), desk.sheet)[3].columns)
    for dimension, start, end in (("ROWS", FIRST + 1, FIRST + 3), ("COLUMNS", 2, 4), ("ROWS", 0, 3)):
        area = {"sheetId": sheet_id, "dimension": dimension, "startIndex": start, "endIndex": end}
        desk.edit({"deleteDimension": {"range": area}})
        desk.sync(ids(FIVE))
    area = {"sheetId": sheet_id, "dimension": "COLUMNS", "startIndex": width, "endIndex": width + 1}
    desk.edit({"deleteDimension": {"range": area}})
    desk.sync(ids(FIVE))
    assert KEY_COLUMN not in str(desk.cells("commanders"))


def test_empty_rows_go_when_an_officer_asks_for_it(desk: Desk) -> None:
    desk.sync(ids(FIVE))
    desk.add_column("commanders", {FIRST + 1: "birch's note"})
    two = {name: FIVE[name] for name in ("Ash", "Fir")}
    desk.sync(ids(two, {"Birch": "Birch"}))
    desk.person.note("IMS Commanders", f"A{FIRST + 5}", "for whoever comes next")
    rows = desk.tab("commanders")["properties"]["gridProperties"]["rowCount"]
    desk.binding = replace(desk.binding, tidies=True)
    desk.sync(ids(two, {"Birch": "Birch"}))
    assert desk.tab("commanders")["properties"]["gridProperties"]["rowCount"] == rows - 1
    assert "for whoever comes next" in str(desk.tab("commanders")), "that row is not empty"
    assert [row[0] for row in desk.cells("commanders")[FIRST:] if row] == ["Ash", "Fir", None, "Birch", None]
    desk.sync(ids(FIVE))
    assert "birch's note" in desk.cells("commanders")[FIRST + 1]


def test_everybody_may_leave(desk: Desk) -> None:
    desk.sync(ids(FIVE))
    desk.sync(ids({}))
    desk.sync(ids(FIVE))


def test_formats_and_widths_of_the_officers_stay(desk: Desk) -> None:
    desk.sync(ids(FIVE))
    sheet_id = desk.sheet_id("commanders")
    red = {"userEnteredFormat": {"backgroundColorStyle": {"rgbColor": {"red": 1}}}}
    cell = {"sheetId": sheet_id, "startRowIndex": FIRST, "endRowIndex": FIRST + 1, "endColumnIndex": 3}
    column = {"sheetId": sheet_id, "dimension": "COLUMNS", "startIndex": 0, "endIndex": 1}
    desk.edit(
        {"repeatCell": {"range": cell, "cell": red, "fields": "userEnteredFormat.backgroundColorStyle"}},
        {
            "updateDimensionProperties": {
                "range": column,
                "properties": {"pixelSize": 333},
                "fields": "pixelSize",
            }
        },
    )
    desk.sync(ids(FIVE | {"Ash": [HIDDEN_MOTIVATIONS, ENLISTING_OLD_ALLIES], "Aaron": []}))
    data = desk.tab("commanders")["data"][0]
    assert data["columnMetadata"][0]["pixelSize"] == 333
    colours = [
        row["values"][0].get("userEnteredFormat", {}).get("backgroundColorStyle") for row in data["rowData"]
    ]
    assert colours[FIRST + 1] == {"rgbColor": {"red": 1}}, "it went along with Ash"
    assert colours[FIRST] is None


def test_a_colour_is_not_passed_on_to_who_comes_next_to_it(desk: Desk) -> None:
    desk.sync(ids(FIVE))
    place = desk.add_column("commanders", {FIRST: "ash's note"})
    own = column_letters(desk.seen("commanders")[place])
    for row in range(FIRST + 1, FIRST + 6):
        desk.person.colour("IMS Commanders", f"{own}{row}", 1, 0, 0)
    desk.sync(ids(FIVE | {"Aardvark": [], "Ashley": [], "Zebra": []}))
    rows = desk.tab("commanders")["data"][0]["rowData"]
    red = [row["values"][0]["userEnteredValue"]["stringValue"] for row in rows if "'red': 1}" in str(row)]
    assert red == NAMES


def test_the_link_to_the_help_leads_there_and_keeps_what_officers_made_of_it(desk: Desk) -> None:
    def help_cell() -> dict[str, Any]:
        rows = desk.tab("today")["data"][0]["rowData"]
        (found,) = [row["values"][2] for row in rows if "https" in str(row["values"][2:3])]
        return dict(found)

    for help_url in ("https://one.example/help", "https://two.example/help"):
        sync(desk.sheet, ids(FIVE), desk, help_url)
        desk.last_success_at = WEDNESDAY_NOON
        assert help_cell()["userEnteredValue"] == {"stringValue": help_url}
    desk.writes()
    sync(desk.sheet, ids(FIVE), desk, help_url)
    assert desk.writes() == []


def test_filters_and_filter_views_and_notes_of_the_officers_stay(desk: Desk) -> None:
    desk.sync(ids(FIVE))
    sheet_id = desk.sheet_id("commanders")
    area = {"sheetId": sheet_id, "startRowIndex": FIRST - 1, "endRowIndex": FIRST + 5, "endColumnIndex": 4}
    noted = desk.column("commanders", HIDDEN_MOTIVATIONS)
    cell = {"sheetId": sheet_id, "rowIndex": FIRST + 2, "columnIndex": noted}
    desk.edit(
        {"setBasicFilter": {"filter": {"range": area}}},
        {"addFilterView": {"filter": {"title": "Who is missing", "range": area}}},
        {
            "updateCells": {
                "start": cell,
                "rows": [{"values": [{"note": "asked her on Monday"}]}],
                "fields": "note",
            }
        },
    )
    desk.sync(ids({"Aaron": [], **FIVE, "Cedar": [HIDDEN_MOTIVATIONS, CONFRONTING_RESILIENCE]}))
    tab = desk.tab("commanders")
    assert tab["basicFilter"]["range"]["endRowIndex"] == FIRST + 6
    assert [view["title"] for view in tab["filterViews"]] == ["Who is missing"]
    assert tab["data"][0]["rowData"][FIRST + 3]["values"][noted]["note"] == "asked her on Monday"


def test_a_formula_elsewhere_follows_the_cell_that_it_names(desk: Desk) -> None:
    desk.sync(ids(FIVE))
    officers = next(
        s for s in desk.server.snapshot(desk.id)["sheets"] if s["properties"]["title"] == "Officers"
    )
    start = {"sheetId": officers["properties"].get("sheetId", 0), "rowIndex": 0, "columnIndex": 1}
    value = {"userEnteredValue": {"formulaValue": f"='IMS Commanders'!A{FIRST + 5}"}}
    desk.edit({"updateCells": {"start": start, "rows": [{"values": [value]}], "fields": "userEnteredValue"}})
    desk.sync(ids({"Aaron": [], **FIVE, "Dogwood": []}))
    assert desk.server.values(desk.id, "Officers")[0][1] == "Fir"


def with_one_event(view: SheetView) -> SheetView:
    """All others are archived."""
    events = tuple(
        replace(e, event=e.event.model_copy(update={"archived": e.event.id != DEFENDERS}))
        for e in view.events
    )
    return replace(view, events=events)


def test_an_events_end_and_another_alliance_reshape_the_columns(desk: Desk) -> None:
    desk.sync(ids(FIVE))
    column = desk.add_column("commanders", {FIRST: "ash's note"})
    made = ids(FIVE)
    desk.sync(with_one_event(made))
    assert desk.beside("commanders", column - 6) == {"Ash": "ash's note"}
    desk.sync(made)
    assert desk.beside("commanders", column) == {"Ash": "ash's note"}


def test_a_note_in_a_column_that_shows_nothing_any_more_makes_it_the_officers(desk: Desk) -> None:
    """Whether it is made while the column is ours or once it is hidden: it is seen, and nothing is written there."""
    made = ids(FIVE)
    desk.sync(made)
    before, after = (
        [
            column.identity
            for tab in tabs_of(view, desk.sheet)
            for column in tab.columns
            if tab.id == "commanders"
        ]
        for view in (made, with_one_event(made))
    )
    ended = [identity for identity in before if identity not in after]
    shown = column_letters(desk.column("commanders", ended[0]))
    desk.person.note("IMS Commanders", f"{shown}{FIRST + 1}", "one")
    desk.sync(with_one_event(made))
    columns = desk.tab("commanders")["data"][0]["columnMetadata"]
    (place,) = noted(desk)
    assert not columns[place].get("hiddenByUser")
    spare = next(at for at, column in enumerate(columns) if SPARE_COLUMN in str(column))
    desk.person.note("IMS Commanders", f"{column_letters(spare)}{FIRST + 1}", "two")
    desk.sync(made)
    assert len(noted(desk)) == 2
    assert not noted(desk) & {desk.column("commanders", identity) for identity in ended}


def noted(desk: Desk) -> set[int]:
    """The columns in which there is a note."""
    rows = desk.tab("commanders")["data"][0]["rowData"]
    return {at for row in rows for at, cell in enumerate(row.get("values", [])) if cell.get("note")}


def test_columns_that_a_later_version_adds_push_the_officers_own_to_the_right(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        for place in ("sheets_sync.sync.tabs_of", "tests.sync.desk.tabs_of"):
            before.setattr(place, lambda *told: [as_it_was(tab) for tab in tabs_of(*told)])
        desk.sync(ids(FIVE))
    columns = {tab_id: desk.add_column(tab_id, {FIRST: "theirs"}) for tab_id in LATER}
    for tab_id, column in columns.items():
        at = desk.seen(tab_id)[column]
        desk.type(tab_id, FIRST + 1, column, f"=A{FIRST + 2}&{column_letters(at)}{FIRST + 1}")
        area = {"sheetId": desk.sheet_id(tab_id), "dimension": "COLUMNS", "startIndex": at}
        area["endIndex"] = at + 1
        wide = {"range": area, "properties": {"pixelSize": 333}, "fields": "pixelSize"}
        desk.edit({"updateDimensionProperties": wide})
    desk.writes()
    desk.sync(ids(FIVE))
    assert len(desk.writes()) == 1
    for tab in tabs_of(ids(FIVE), desk.sheet):
        if tab.id not in LATER:
            continue
        now = columns[tab.id] + len(LATER[tab.id]) + len((KEY_COLUMN, BASE_COLUMN))
        metadata = desk.tab(tab.id)["data"][0]["columnMetadata"]
        first, *others = (column.identity for column in tab.columns)
        assert [each["developerMetadata"][0]["metadataValue"] for each in metadata[:now]] == [
            *(first, KEY_COLUMN, BASE_COLUMN),
            *others,
        ]
        assert metadata[now]["pixelSize"] == 333
        assert metadata[now - 1]["pixelSize"] == tab.columns[-1].width
        label = desk.cells(tab.id)[FIRST + 1][0]
        shown = desk.server.values(desk.id, desk.tab(tab.id)["properties"]["title"])
        assert [row[now] for row in shown[FIRST : FIRST + 2]] == ["theirs", f"{label}theirs"]
    assert "Put back" not in said(desk), "nobody has edited anything"
    desk.sync(ids(FIVE))
    assert desk.writes() == []


def as_it_was(tab: Tab) -> Tab:
    """Without the columns that came later."""
    stay = [place for place, name in enumerate(tab.header) if name not in LATER.get(tab.id, ())]
    rows = tuple(replace(row, cells=tuple(row.cells[place] for place in stay)) for row in tab.rows)
    return replace(tab, columns=tuple(tab.columns[place] for place in stay), rows=rows)


def test_the_chart_follows_its_numbers(desk: Desk) -> None:
    def at(hours: int) -> SheetView:
        made = ids(FIVE)
        history = {WEDNESDAY_NOON - timedelta(hours=hour): 100 * hour for hour in range(hours)}
        return replace(made, events=tuple(replace(event, history=history) for event in made.events))

    desk.sync(at(2))
    desk.sync(at(5))
    (chart,) = desk.tab("progress")["charts"]
    domain = chart["spec"]["basicChart"]["domains"][0]["domain"]["sourceRange"]["sources"][0]
    assert domain["endRowIndex"] - domain["startRowIndex"] == 6
    assert len(chart["spec"]["basicChart"]["series"]) == 3
    assert desk.tab("history")["properties"]["hidden"]
    desk.edit({"deleteEmbeddedObject": {"objectId": chart["chartId"]}})
    desk.sync(at(7))
    assert not desk.tab("progress").get("charts"), "officers don't want it"


def test_one_changed_commander_writes_little(desk: Desk) -> None:
    everybody = {f"C{number:04}": [HIDDEN_MOTIVATIONS] for number in range(1000)}
    desk.sync(ids(everybody))
    (whole,) = desk.writes()
    changed = {
        name: [*done, ENLISTING_OLD_ALLIES] if name < "C0010" else done for name, done in everybody.items()
    }
    desk.sync(ids(changed))
    (part,) = desk.writes()
    assert part < whole / 20
