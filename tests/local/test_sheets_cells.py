"""Cells: what is written, what is read back, and what is refused."""

import pytest

from tests.local.sheets_client import Api, Json, rows

VALUES = "userEnteredValue"


def write(start: Json, *lines: list[object], fields: str = VALUES) -> Json:
    return {"updateCells": {"start": start, "rows": rows(*lines), "fields": fields}}


def formatted(**look: object) -> Json:
    return {"values": [{"userEnteredFormat": look}]}


def test_string_values_are_literal_and_only_formula_values_are_formulas(api: Api) -> None:
    api.batch(
        write({}, ["=1+1", "TRUE", "007", "'x"]),
        {
            "updateCells": {
                "start": {"rowIndex": 1},
                "rows": [{"values": [{"userEnteredValue": {"formulaValue": "=1+1"}}]}],
                "fields": VALUES,
            }
        },
    )
    assert api.values()[0] == ["=1+1", "TRUE", "007", "'x"]
    assert api.cell("Roster!A2")["effectiveValue"] == {"numberValue": 2}
    assert api.cell("Roster!A2")["userEnteredValue"] == {"formulaValue": "=1+1"}


def test_a_masked_field_that_is_not_set_is_cleared_and_others_stay(api: Api) -> None:
    api.batch(
        {"updateCells": {"start": {}, "rows": [{"values": [{"note": "hm"}]}], "fields": "note"}},
        {
            "updateCells": {
                "start": {},
                "rows": [formatted(textFormat={"bold": True, "italic": True})],
                "fields": "userEnteredFormat",
            }
        },
    )
    assert api.cell("Roster!A1")["formattedValue"] == "Commander"
    api.batch(
        {
            "updateCells": {
                "start": {},
                "rows": [{"values": [{}]}],
                "fields": "note,userEnteredFormat.textFormat.bold",
            }
        }
    )
    cell = api.cell("Roster!A1")
    assert "note" not in cell
    assert cell["userEnteredFormat"] == {"textFormat": {"italic": True}}


def test_a_range_without_enough_rows_is_cleared(api: Api) -> None:
    area = {"startRowIndex": 0, "endRowIndex": 3, "startColumnIndex": 0, "endColumnIndex": 2}
    api.batch({"updateCells": {"range": area, "rows": rows(["x"]), "fields": VALUES}})
    assert api.values() == [["x"], [], [], ["Sum", "0"]]


def test_everything_is_said_with_a_star(api: Api) -> None:
    api.batch({"updateCells": {"start": {}, "rows": [{"values": [{"note": "n"}]}], "fields": "*"}})
    assert api.cell("Roster!A1")["note"] == "n"
    assert "userEnteredValue" not in api.cell("Roster!A1")


def test_empty_text_reads_back_as_nothing(api: Api) -> None:
    api.batch(write({"rowIndex": 1}, ["", ""]))
    assert api.values()[1] == []
    assert "rowData" not in api.get(ranges="Roster!A2:B2", includeGridData="true")["sheets"][0]["data"][0]


def test_empty_cells_and_rows_at_the_end_are_trimmed(api: Api) -> None:
    api.batch(write({"rowIndex": 9, "columnIndex": 4}, ["x", ""]))
    grid = api.get(ranges="Roster!A9:Z20", includeGridData="true")["sheets"][0]["data"][0]
    assert [len(row.get("values", [])) for row in grid["rowData"]] == [0, 5]
    assert api.get("/values/Roster!A9:Z20")["values"] == [[], ["", "", "", "", "x"]]


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (
            write({"rowIndex": 1000}, ["x"]),
            "Attempting to write row: 1000, beyond the last requested row of: 999",
        ),
        (
            write({"columnIndex": 25}, ["x", "y"]),
            "Attempting to write column: 26, beyond the last requested column of: 25",
        ),
        (
            {"updateCells": {"range": {"startRowIndex": 1000, "endRowIndex": 1001}, "fields": VALUES}},
            "Range (Roster!A1001:Z1001) exceeds grid limits. Max rows: 1000, max columns: 26",
        ),
        (
            {"repeatCell": {"range": {"startColumnIndex": 26, "endColumnIndex": 27}, "fields": VALUES}},
            "Range (Roster!AA1:AA1000) exceeds grid limits. Max rows: 1000, max columns: 26",
        ),
        (write({"sheetId": 5}, ["x"]), "No grid with id: 5"),
        (
            write({}, ["x" * 50_001]),
            "Your input contains more than the maximum of 50000 characters in a single cell.",
        ),
    ],
)
def test_writing_cells_never_grows_the_grid_nor_a_cell_beyond_its_limit(
    api: Api, edit: Json, message: str
) -> None:
    [kind] = edit
    assert api.refusal(edit) == f"Invalid requests[0].{kind}: {message}"


def test_a_range_that_only_ends_past_the_grid_is_clipped(api: Api) -> None:
    area = {"startRowIndex": 998, "endRowIndex": 2000, "startColumnIndex": 25, "endColumnIndex": 99}
    api.batch({"repeatCell": {"range": area, "cell": {"note": "end"}, "fields": "note"}})
    assert api.cell("Roster!Z1000")["note"] == "end"


def test_colours_come_back_in_eight_bits_with_a_twin(api: Api) -> None:
    look = formatted(
        backgroundColor={"red": 0.5, "green": 0.2, "alpha": 1}, textFormat={"foregroundColor": {}}
    )
    style = formatted(backgroundColorStyle={"themeColor": "ACCENT1"}, backgroundColor={"red": 1})
    edit = {"updateCells": {"start": {}, "rows": [look, style], "fields": "userEnteredFormat"}}
    api.batch(edit)
    colour = {"red": 0.5019608, "green": 0.2}
    assert api.cell("Roster!A1")["userEnteredFormat"] == {
        "backgroundColor": colour,
        "backgroundColorStyle": {"rgbColor": colour},
        "textFormat": {"foregroundColor": {}, "foregroundColorStyle": {"rgbColor": {}}},
    }
    assert api.cell("Roster!A2")["userEnteredFormat"] == {
        "backgroundColor": {"red": 0.25882354, "green": 0.52156866, "blue": 0.95686275},
        "backgroundColorStyle": {"themeColor": "ACCENT1"},
    }


def test_a_mask_of_one_twin_changes_both(api: Api) -> None:
    red, green = {"red": 1}, {"green": 1}
    api.batch(
        {
            "updateCells": {
                "start": {},
                "rows": [formatted(backgroundColor=red)],
                "fields": "userEnteredFormat.backgroundColor",
            }
        },
        {
            "updateCells": {
                "start": {},
                "rows": [formatted(backgroundColorStyle={"rgbColor": green})],
                "fields": "userEnteredFormat.backgroundColorStyle",
            }
        },
    )
    look = api.cell("Roster!A1")["userEnteredFormat"]
    assert look == {"backgroundColor": green, "backgroundColorStyle": {"rgbColor": green}}


def test_black_is_a_colour_and_an_empty_format_is_none(api: Api) -> None:
    black: Json = {"values": [{"userEnteredFormat": {"textFormat": {"foregroundColor": {}}, "borders": {}}}]}
    mask = "userEnteredFormat(textFormat.foregroundColor,borders)"
    api.batch({"updateCells": {"start": {}, "rows": [black], "fields": mask}})
    look: Json = {"textFormat": {"foregroundColor": {}, "foregroundColorStyle": {"rgbColor": {}}}}
    assert api.cell("Roster!A1")["userEnteredFormat"] == look
    plain: Json = {"values": [{"userEnteredFormat": {"textFormat": {}}}]}
    api.batch({"updateCells": {"start": {}, "rows": [plain], "fields": "userEnteredFormat"}})
    assert "userEnteredFormat" not in api.cell("Roster!A1")


def test_the_effective_format_has_defaults_and_conditional_formats(api: Api) -> None:
    rule = {
        "ranges": [{"startRowIndex": 1, "endRowIndex": 4, "startColumnIndex": 1, "endColumnIndex": 2}],
        "booleanRule": {
            "condition": {"type": "NUMBER_GREATER", "values": [{"userEnteredValue": "15"}]},
            "format": {"textFormat": {"bold": True}},
        },
    }
    api.batch({"addConditionalFormatRule": {"rule": rule}})
    bold = [api.cell(f"Roster!B{row}")["effectiveFormat"]["textFormat"]["bold"] for row in (2, 3, 4)]
    assert bold == [False, True, True]
    assert api.cell("Roster!B2")["effectiveFormat"]["wrapStrategy"] == "OVERFLOW_CELL"
    assert "userEnteredFormat" not in api.cell("Roster!B3")


def test_repeat_cell_adjusts_relative_references(api: Api) -> None:
    area = {"startRowIndex": 1, "endRowIndex": 4, "startColumnIndex": 2, "endColumnIndex": 3}
    cell = {"userEnteredValue": {"formulaValue": "=B2*B$2"}}
    api.batch({"repeatCell": {"range": area, "cell": cell, "fields": VALUES}})
    assert [line[2] for line in api.values()[1:]] == ["100", "200", "300"]


def test_append_cells_adds_rows_where_there_are_none_left(api: Api) -> None:
    api.batch(
        {"appendCells": {"rows": rows(["Cid", 5]), "fields": VALUES}},
        {
            "updateSheetProperties": {
                "properties": {"gridProperties": {"rowCount": 5}},
                "fields": "gridProperties.rowCount",
            }
        },
        {"appendCells": {"rows": rows(["Dan", 6]), "fields": VALUES}},
    )
    assert api.values()[4:] == [["Cid", "5"], ["Dan", "6"]]
    assert api.sheet("Roster")["properties"]["gridProperties"]["rowCount"] == 6


def test_sorting_puts_numbers_before_text_before_booleans_and_blanks_last(api: Api) -> None:
    api.write("Roster!D1", ["b"], [True], [2], [""], ["A"], [1])
    area = {"endRowIndex": 6, "startColumnIndex": 3, "endColumnIndex": 4}
    for order, expected in (
        ("ASCENDING", ["1", "2", "A", "b", "TRUE", ""]),
        ("DESCENDING", ["TRUE", "b", "A", "2", "1", ""]),
    ):
        api.batch({"sortRange": {"range": area, "sortSpecs": [{"dimensionIndex": 3, "sortOrder": order}]}})
        lines = [*api.get("/values/Roster!D1:D6")["values"], []]
        assert [line[0] if line else "" for line in lines] == expected


def test_find_and_replace_counts_what_it_changes(api: Api) -> None:
    [reply] = api.batch(
        {"findReplace": {"find": "b", "replacement": "B", "allSheets": True, "matchCase": True}}
    )
    assert reply["findReplace"] == {
        "valuesChanged": 1,
        "rowsChanged": 1,
        "sheetsChanged": 1,
        "occurrencesChanged": 1,
    }
    assert api.values()[2][0] == "BoB"


def test_merging_keeps_the_first_value_and_refuses_halves(api: Api) -> None:
    area = {"startRowIndex": 0, "endRowIndex": 2, "startColumnIndex": 0, "endColumnIndex": 2}
    api.batch({"mergeCells": {"range": area, "mergeType": "MERGE_ALL"}})
    assert api.values()[:2] == [["Commander"], []]
    assert api.sheet("Roster")["merges"] == [area]
    half = area | {"endColumnIndex": 1}
    assert "You must select all cells in a merged range" in api.refusal({"unmergeCells": {"range": half}})
    api.batch({"unmergeCells": {"range": area}})
    assert "merges" not in api.sheet("Roster")


def test_merging_across_the_freeze_line_is_refused(api: Api) -> None:
    freeze = {
        "properties": {"gridProperties": {"frozenRowCount": 1}},
        "fields": "gridProperties.frozenRowCount",
    }
    api.batch({"updateSheetProperties": freeze})
    message = api.refusal({"mergeCells": {"range": {"endRowIndex": 2, "endColumnIndex": 1}}})
    assert message.endswith("You can't merge frozen and non-frozen rows.")


BOX: Json = {"condition": {"type": "BOOLEAN"}, "strict": True}


@pytest.mark.parametrize(
    "edit",
    [
        {"setDataValidation": {"range": {"startRowIndex": 1, "endRowIndex": 2}, "rule": BOX}},
        {
            "repeatCell": {
                "range": {"startRowIndex": 1, "endRowIndex": 2},
                "cell": {"dataValidation": BOX},
                "fields": "dataValidation",
            }
        },
        {
            "updateCells": {
                "start": {"rowIndex": 1},
                "rows": [{"values": [{"dataValidation": BOX}] * 3}],
                "fields": "dataValidation",
            }
        },
    ],
)
def test_check_boxes_go_where_their_cells_go(api: Api, edit: Json) -> None:
    def boxes() -> list[int]:
        mask = "sheets.data.rowData.values.dataValidation"
        [sheet] = api.get(fields=mask, ranges="Roster!A1:A10")["sheets"]
        found = [row.get("values", [{}])[0] for row in sheet["data"][0].get("rowData", [])]
        assert all(cell.get("dataValidation", BOX) == BOX for cell in found)
        return [index for index, cell in enumerate(found) if cell]

    lines = {"dimension": "ROWS", "startIndex": 1, "endIndex": 2}
    api.batch(edit)
    assert boxes() == [1]
    api.batch({"moveDimension": {"source": lines, "destinationIndex": 4}})
    assert boxes() == [3]
    sort = [{"dimensionIndex": 0, "sortOrder": "ASCENDING"}]
    api.batch({"sortRange": {"range": {"startRowIndex": 1, "endRowIndex": 4}, "sortSpecs": sort}})
    assert boxes() == [1]
    api.batch(
        {"insertDimension": {"range": lines | {"startIndex": 2, "endIndex": 3}, "inheritFromBefore": True}}
    )
    assert boxes() == [1, 2]
    area = {"startRowIndex": 1, "endRowIndex": 2}
    api.batch({"copyPaste": {"source": area, "destination": {"startRowIndex": 6, "endRowIndex": 7}}})
    assert boxes() == [1, 2, 6]
    api.batch({"setDataValidation": {"range": {"startRowIndex": 2}}})
    assert boxes() == [1]


@pytest.mark.parametrize(
    "rule",
    [
        {"strict": True},
        {"condition": {"type": "ONE_OF_LIST"}},
        {"condition": {"type": "BOOLEAN", "values": [{"userEnteredValue": text} for text in "abc"]}},
    ],
)
def test_a_rule_that_says_nothing_is_refused(api: Api, rule: Json) -> None:
    assert "condition" in api.refusal({"setDataValidation": {"range": {"endRowIndex": 1}, "rule": rule}})


def test_borders_and_data_validation_are_kept_on_cells(api: Api) -> None:
    area = {"endRowIndex": 2, "endColumnIndex": 1}
    rule = {"condition": {"type": "ONE_OF_LIST", "values": [{"userEnteredValue": "x"}]}, "strict": True}
    api.batch(
        {"updateBorders": {"range": area, "top": {"style": "SOLID", "color": {"red": 1}}}},
        {"setDataValidation": {"range": area, "rule": rule}},
    )
    first, second = api.cell("Roster!A1"), api.cell("Roster!A2")
    assert first["userEnteredFormat"]["borders"]["top"]["style"] == "SOLID"
    assert "userEnteredFormat" not in second
    assert second["dataValidation"] == rule
    api.batch(
        {"setDataValidation": {"range": area}}, {"updateBorders": {"range": area, "top": {"style": "NONE"}}}
    )
    assert api.cell("Roster!A1").keys() & {"dataValidation", "userEnteredFormat"} == set()
