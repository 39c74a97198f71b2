"""What a new tab looks like, and what it asks of Google."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.events import Event
from chalicelib.domain.roster import Alliance
from chalicelib.domain.sheet_view import SheetView
from chalicelib.domain.standing import Totals
from local.sheets import SheetsServer
from sheets_sync.cells import LOOKS
from sheets_sync.content import tabs_of
from sheets_sync.layout import BASE_COLUMN, KEY_COLUMN, laid_out
from sheets_sync.making import Names, chart_requests, column_metadata, column_size, make
from sheets_sync.tabs import Column, Highlight, Row, Tab
from tests.sync.desk import FIRST, TITLE_BLOCK, Desk
from tests.sync.views import BOTH, binding_of, november, view_of
from tests.world import ARCHITECTS, DEFENDERS, HIDDEN_MOTIVATIONS, ORBIT

Json = dict[str, Any]

HISTORY = {
    DEFENDERS: {november(15, hour): 100 * hour for hour in range(12)},
    ARCHITECTS: {november(15, 11): 100},
}
FORMULA = '=HYPERLINK("x")'


@pytest.fixture
def desk() -> Iterator[Desk]:
    with SheetsServer() as server:
        yield Desk(server, server.create_spreadsheet("Officers", {"Officers": [["Officer"], ["One"]]}))


@pytest.fixture
def made(desk: Desk) -> Desk:
    """After the first sync of an alliance with two commanders."""
    desk.sync(view_of({FORMULA: [HIDDEN_MOTIVATIONS], "Kestrel": []}, history=HISTORY))
    return desk


def tabs(report: SheetView) -> dict[str, Tab]:
    return {tab.id: tab for tab in tabs_of(report, binding_of())}


def cell(desk: Desk, tab_id: str, row: int, column: int) -> Json:
    at = desk.seen(tab_id)[column]
    found: Json = desk.tab(tab_id)["data"][0]["rowData"][row]["values"][at]
    return found


def shown(desk: Desk, tab_id: str) -> list[list[str]]:
    """Without the hidden columns."""
    rows, seen = desk.server.values(desk.id, desk.tab(tab_id)["properties"]["title"]), desk.seen(tab_id)
    return [[row[at] for at in seen if at < len(row)] for row in rows]


class TestFrame:
    @pytest.mark.parametrize("tab_id", ["progress", "schedule", "rewards", "commanders", "history"])
    def test_the_header_and_the_first_column_are_frozen_and_rows_are_left(
        self, made: Desk, tab_id: str
    ) -> None:
        grid = made.tab(tab_id)["properties"]["gridProperties"]
        assert grid["frozenRowCount"] == TITLE_BLOCK + 1 < grid["rowCount"]
        assert grid["frozenColumnCount"] == 1

    def test_an_empty_tab_has_a_row_below_its_frozen_header(self, desk: Desk) -> None:
        desk.sync(view_of(alliance=None, events=()))
        for tab_id in ("progress", "schedule", "rewards", "alliances", "history"):
            grid = desk.tab(tab_id)["properties"]["gridProperties"]
            assert grid["rowCount"] > grid["frozenRowCount"]

    def test_columns_have_their_widths_and_two_behind_the_first_are_hidden(self, made: Desk) -> None:
        for tab in tabs(view_of()).values():
            columns = made.tab(tab.id)["data"][0]["columnMetadata"]
            hidden = [place for place, column in enumerate(columns) if column.get("hiddenByUser")]
            assert hidden == ([len(tab.columns)] if tab.is_by_position else [1, 2])
            widths = [columns[place].get("pixelSize") for place in made.seen(tab.id)]
            assert widths == [column.width for column in tab.columns]

    def test_the_first_columns_fit_a_phone(self) -> None:
        for tab in tabs(view_of()).values():
            assert tab.columns[0].width <= 170
            assert tab.columns[1].width >= 130, "the title block has its times here"

    def test_every_column_can_be_found_again(self, made: Desk) -> None:
        tab = tabs(view_of())["commanders"]
        columns = made.tab("commanders")["data"][0]["columnMetadata"]
        names = [column["developerMetadata"][0]["metadataValue"] for column in columns]
        first, *others = (column.identity for column in tab.columns)
        assert names == [first, KEY_COLUMN, BASE_COLUMN, *others]

    def test_a_tab_warns_before_an_edit_and_does_not_lock(self, made: Desk) -> None:
        for tab in tabs(view_of()).values():
            (protected,) = made.tab(tab.id)["protectedRanges"]
            assert protected["warningOnly"]
            assert protected["range"].get("startColumnIndex", 0) == 0
            assert protected["range"]["endColumnIndex"] == len(laid_out(tab).columns)
            assert "endRowIndex" not in protected["range"], "rows that come later too"
            assert "editors" not in protected

    def test_only_the_numbers_of_the_chart_are_hidden(self, made: Desk) -> None:
        hidden = {tab_id: made.tab(tab_id)["properties"].get("hidden", False) for tab_id in tabs(view_of())}
        assert [tab_id for tab_id, is_hidden in hidden.items() if is_hidden] == ["history"]


class TestCells:
    def test_a_name_is_literal_text_whatever_it_looks_like(self, made: Desk) -> None:
        entered = cell(made, "commanders", FIRST, 0)["userEnteredValue"]
        assert entered == {"stringValue": FORMULA}
        assert shown(made, "commanders")[FIRST][0] == FORMULA

    def test_nothing_that_is_written_is_a_formula(self, made: Desk) -> None:
        (write,) = [request for request in made.server.requests if request.kind == "write"]
        assert "formulaValue" not in str(write.body)

    @pytest.mark.parametrize("is_server", [False, True])
    def test_no_text_of_anybody_becomes_a_formula_anywhere(self, desk: Desk, is_server: bool) -> None:
        """Names of commanders, alliances, events, milestones, objectives and rewards, and why a sync failed."""
        event = Event.model_validate(
            {
                "id": "drill",
                "name": FORMULA,
                "ims_name": FORMULA,
                "sms_name": FORMULA,
                "first_day": "2023-11-14",
                "last_day": "2023-11-16",
                "milestones": [
                    {"id": f"m{n}", "name": FORMULA, "first_day": f"2023-11-1{n}", "objectives": [FORMULA]}
                    for n in (4, 5, 6)
                ],
                "tiers": [{"threshold": 100, "rewards": [{"name": FORMULA}, {"shown_as": FORMULA}]}],
            }
        )
        alliance = Alliance("101", "nova", FORMULA, FORMULA)
        desk.binding = replace(binding_of(november(15), FORMULA), edits=True)
        totals = {alliance: {"drill": Totals(1, {"m4": 1})}}
        desk.sync(
            view_of(
                {FORMULA: ["drill/m4"], f"{FORMULA} ": []},
                alliance=None if is_server else alliance,
                events=[event],
                alliances=totals,
                history={"drill": {november(15, 11): 100}},
            )
        )
        writes = [str(request.body) for request in desk.server.requests if request.kind == "write"]
        assert not [body for body in writes if "formulaValue" in body]
        assert sum(body.count(FORMULA) for body in writes) >= 10, "they are written"

    def test_numbers_are_numbers_and_times_are_date_times(self, made: Desk) -> None:
        progress = shown(made, "progress")
        assert cell(made, "progress", FIRST, 3)["userEnteredValue"] == {"numberValue": 8925}
        assert progress[FIRST][3] == "8,925"
        last_hour = cell(made, "history", FIRST + 11, 0)["userEnteredValue"]
        assert last_hour == {"numberValue": 45245 + 11 / 24}
        schedule = shown(made, "schedule")[FIRST]
        assert (schedule[0], *schedule[5:7]) == ("Mon 13 Nov 2023", "2023-11-13 00:00", "2023-11-14 00:00")
        last_report = tabs(view_of())["commanders"].header.index("Last report")
        assert shown(made, "commanders")[FIRST][last_report] == "2023-11-15 11:00"

    def test_each_column_has_the_format_of_its_kind(self, made: Desk) -> None:
        for tab in tabs(view_of({"Kestrel": []}, history=HISTORY)).values():
            for index, column in enumerate(tab.columns):
                look = cell(made, tab.id, FIRST, index).get("userEnteredFormat", {})
                expected = LOOKS[column.kind].get("numberFormat")
                assert look.get("numberFormat") == expected, (tab.title, column.name)
                assert look.get("wrapStrategy") == ("WRAP" if column.wraps else None)

    def test_a_row_that_comes_later_looks_like_the_others(self, made: Desk) -> None:
        before = cell(made, "commanders", FIRST, 13)["userEnteredFormat"]
        made.sync(view_of({"Aaron": [HIDDEN_MOTIVATIONS], FORMULA: [HIDDEN_MOTIVATIONS], "Kestrel": []}))
        assert {
            str(cell(made, "commanders", row, 13)["userEnteredFormat"]) for row in range(FIRST, FIRST + 3)
        } == {str(before)}

    def test_header_and_title_stand_out(self, made: Desk) -> None:
        header = [cell(made, "progress", TITLE_BLOCK, column)["userEnteredFormat"] for column in range(13)]
        assert all(look["textFormat"]["bold"] and look["wrapStrategy"] == "WRAP" for look in header)
        assert cell(made, "progress", 0, 0)["userEnteredFormat"]["textFormat"]["bold"]

    def test_looks_are_said_for_areas_not_for_cells(self) -> None:
        few, many = (
            make(laid_out(tabs(view_of({f"C{number}": [] for number in range(size)}))["commanders"]), 1, "A")
            for size in (1, 500)
        )
        looks = [[each for each in made if "userEnteredFormat" in str(each)] for made in (few, many)]
        assert len(looks[0]) == len(looks[1])
        assert "userEnteredFormat" not in str(next(each for each in many if "updateCells" in each))


class TestHighlights:
    def rules(self, desk: Desk, tab_id: str) -> list[Json]:
        return list(desk.tab(tab_id)["conditionalFormats"])

    def test_there_is_one_for_each_and_it_reads_a_word(self, made: Desk) -> None:
        for tab in tabs(view_of()).values():
            rules = made.tab(tab.id).get("conditionalFormats", [])
            assert len(rules) == len(tab.highlights) + (tab.marks is not None)
            for rule, highlight in zip(rules, tab.highlights, strict=False):
                (value,) = rule["booleanRule"]["condition"]["values"]
                words = f'="{highlight.words}"' if highlight.words else '<>""'
                assert words in value["userEnteredValue"]

    def test_the_active_milestone_stands_out_in_its_whole_row(self, made: Desk) -> None:
        page = self.looks(made, "schedule")
        assert [row for row, is_marked in enumerate(page) if is_marked] == [FIRST + 4, FIRST + 5]

    def test_a_row_that_comes_first_later_stands_out_too(self, desk: Desk) -> None:
        peace, chaos = BOTH
        desk.sync(view_of(events=[chaos]))
        desk.sync(view_of(events=[chaos, peace], now=november(13)))
        page = self.looks(desk, "schedule")
        assert [row for row, is_marked in enumerate(page) if is_marked] == [FIRST, FIRST + 1]

    def test_they_hold_after_officers_have_inserted_a_row_on_top(self, made: Desk) -> None:
        area = {"sheetId": made.sheet_id("schedule"), "dimension": "ROWS", "startIndex": 0, "endIndex": 1}
        made.edit({"insertDimension": {"range": area, "inheritFromBefore": False}})
        made.sync(view_of({FORMULA: [HIDDEN_MOTIVATIONS], "Kestrel": []}, history=HISTORY))
        page = self.looks(made, "schedule")
        assert [row for row, is_marked in enumerate(page) if is_marked] == [FIRST + 4, FIRST + 5]

    def test_one_who_never_reported_stands_out(self, made: Desk) -> None:
        (area,) = next(rule["ranges"] for rule in self.rules(made, "commanders") if "none yet" in str(rule))
        last_report = made.column("commanders", "Last report")
        assert (area["startColumnIndex"], area["endColumnIndex"]) == (last_report, last_report + 1)

    def test_columns_beyond_z(self) -> None:
        columns = tuple(Column(f"Column {number}", str) for number in range(30))
        light = Highlight("Column 27", "now", "now")
        tab = Tab("schedule", "Wide", (), columns, (Row("a", ("x",)),), ("Column 0",), (light,))
        (rule,) = [
            request for request in make(laid_out(tab), 7, "Wide") if "addConditionalFormatRule" in request
        ]
        found = rule["addConditionalFormatRule"]["rule"]
        (value,) = found["booleanRule"]["condition"]["values"]
        assert value["userEnteredValue"] == '=$AD1="now"'
        assert found["ranges"] == [{"sheetId": 7, "startColumnIndex": 29, "endColumnIndex": 30}]

    @staticmethod
    def looks(desk: Desk, tab_id: str) -> list[bool]:
        """By row, whether its first cell is shown as what is on now."""
        answer = desk.overview(desk.id, "sheets(properties(title),data(rowData(values(effectiveFormat))))")
        title = desk.tab(tab_id)["properties"]["title"]
        (sheet,) = [each for each in answer["sheets"] if each["properties"]["title"] == title]
        rows = sheet["data"][0]["rowData"]
        marked = {"red": 1, "green": 0.9490196, "blue": 0.8}
        found = []
        for row in rows:
            look = (row.get("values") or [{}])[0].get("effectiveFormat", {})
            colour = look.get("backgroundColor", {})
            found.append(all(abs(colour.get(part, 0) - marked[part]) < 0.01 for part in marked))
        return found


class TestChart:
    def test_it_shows_the_points_over_time_against_the_tiers(self, made: Desk) -> None:
        (chart,) = made.tab("progress")["charts"]
        spec = chart["spec"]
        assert spec["title"] == "Points over time"
        assert spec["hiddenDimensionStrategy"] == "SHOW_ALL", "its numbers are in a hidden tab"
        basic = spec["basicChart"]
        assert basic["chartType"] == "LINE"
        assert basic["headerCount"] == 1
        assert self.area(basic["domains"][0]["domain"]) == (made.sheet_id("history"), TITLE_BLOCK, 15, 0)
        series = [self.area(each["series"])[3] for each in basic["series"]]
        assert series == [1, 2, 3]
        assert shown(made, "history")[TITLE_BLOCK][1:] == [
            "Defenders of Peace",
            "Architects of Chaos",
            "reward at 8,925",
        ]

    def test_it_lies_below_the_events_and_the_grid_has_room_for_it(self, made: Desk) -> None:
        tab = made.tab("progress")
        (chart,) = tab["charts"]
        place = chart["position"]["overlayPosition"]
        assert place["anchorCell"]["rowIndex"] > FIRST + 1
        rows_left = tab["properties"]["gridProperties"]["rowCount"] - place["anchorCell"]["rowIndex"]
        assert rows_left * 21 >= place["heightPixels"]

    def test_without_events_it_has_something_to_draw(self, desk: Desk) -> None:
        desk.sync(view_of(events=()))
        (chart,) = desk.tab("progress")["charts"]
        assert len(chart["spec"]["basicChart"]["series"]) == 2
        desk.sync(view_of(history=HISTORY))
        (chart,) = desk.tab("progress")["charts"]
        assert len(chart["spec"]["basicChart"]["series"]) == 3

    def test_none_where_no_tab_has_numbers_for_it(self) -> None:
        layouts = [laid_out(tab) for tab in tabs(view_of()).values() if not tab.is_charted]
        assert chart_requests(layouts, {}, {layout.tab.id: 1 for layout in layouts}, (), Names()) == []

    @staticmethod
    def area(data: Json) -> tuple[int, int, int, int]:
        (source,) = data["sourceRange"]["sources"]
        return (
            source["sheetId"],
            source["startRowIndex"],
            source["endRowIndex"],
            source.get("startColumnIndex", 0),
        )


class TestNames:
    def test_ids_and_titles_are_given_once(self) -> None:
        names = Names({1, 3}, {"ims rewards", "Officers"})
        assert [names.free_id(), names.free_id()] == [2, 4]
        assert names.free_title("IMS Rewards") == "IMS Rewards 2"
        assert names.free_title("IMS Rewards") == "IMS Rewards 3"
        assert names.free_title("IMS Progress") == "IMS Progress"

    def test_a_new_column_of_an_existing_tab_is_named_and_sized(self) -> None:
        layout = laid_out(tabs(view_of())["rewards"])
        place = layout.place("Rewards")
        size = column_size(layout, 5, 2, place)
        made = column_metadata(5, 2, layout.identities[place])["createDeveloperMetadata"]["developerMetadata"]
        assert (made["metadataKey"], made["metadataValue"]) == ("muster.column", "Rewards")
        assert size["updateDimensionProperties"]["properties"] == {"pixelSize": 340, "hiddenByUser": False}
        assert size["updateDimensionProperties"]["fields"] == "pixelSize,hiddenByUser"


def test_a_binding_of_a_server_has_all_of_it_too(desk: Desk) -> None:
    desk.sync(view_of(alliance=None, alliances={ORBIT: {}}))
    assert shown(desk, "alliances")[TITLE_BLOCK:] == [
        ["Alliance", "Commanders", "Completions", "Defenders of Peace points", "Architects of Chaos points"],
        ["[ØRB] Orbit Watch", "0", "0", "0", "0"],
        [""],  # the blank row of ours
    ]
