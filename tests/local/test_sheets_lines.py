"""Rows and columns: what moves with them, and what is refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.sheets import SheetsServer
from tests.local.sheets_client import Api, Json, lines_range


def insert(start: int, end: int, dimension: str = "ROWS", before: bool = False) -> Json:
    return {"insertDimension": {"range": lines_range(dimension, start, end), "inheritFromBefore": before}}


def delete(start: int, end: int, dimension: str = "ROWS") -> Json:
    return {"deleteDimension": {"range": lines_range(dimension, start, end)}}


def move(start: int, end: int, to: int, dimension: str = "ROWS") -> Json:
    return {"moveDimension": {"source": lines_range(dimension, start, end), "destinationIndex": to}}


def formula(api: Api, name: str) -> str:
    return str(api.cell(name)["userEnteredValue"]["formulaValue"])


@pytest.mark.parametrize(
    ("edit", "name", "expected"),
    [
        (insert(0, 2), "Roster!B6", "=SUM(B4:B5)"),
        (insert(2, 3), "Roster!B5", "=SUM(B2:B4)"),
        (insert(3, 4), "Roster!B5", "=SUM(B2:B3)"),
        (insert(1, 2, "COLUMNS"), "Roster!C4", "=SUM(C2:C3)"),
        (delete(1, 2), "Roster!B3", "=SUM(B2:B2)"),
        (delete(1, 3), "Roster!B2", "=SUM(#REF!)"),
        (delete(0, 1, "COLUMNS"), "Roster!A4", "=SUM(A2:A3)"),
        (move(1, 3, 8), "Roster!B2", "=SUM(B7:B8)"),
        (move(0, 1, 4), "Roster!B3", "=SUM(B1:B2)"),
    ],
)
def test_formulas_follow_rows_and_columns(api: Api, edit: Json, name: str, expected: str) -> None:
    api.batch(edit)
    assert formula(api, name) == expected


def test_formulas_of_other_tabs_follow_too(api: Api) -> None:
    api.batch(insert(0, 1), insert(0, 1, "COLUMNS"))
    assert formula(api, "'Officers'' notes'!A1") == "=Roster!C5*2"
    assert api.values("Officers' notes") == [["60"]]
    api.batch(delete(4, 5))
    assert formula(api, "'Officers'' notes'!A1") == "=#REF!*2"
    assert api.values("Officers' notes") == [["#REF!"]]


def test_text_that_looks_like_a_reference_stays(api: Api) -> None:
    api.write("Roster!D1", ['="A2:A3"&A2&Roster!$A$3'])
    api.batch(insert(1, 2))
    assert formula(api, "Roster!D1") == '="A2:A3"&A3&Roster!$A$4'


def test_everything_that_has_a_range_follows(api: Api) -> None:
    area = {"startRowIndex": 1, "endRowIndex": 4, "startColumnIndex": 0, "endColumnIndex": 2}
    condition = {"type": "CUSTOM_FORMULA", "values": [{"userEnteredValue": "=$B2>$B$4"}]}
    rule = {
        "ranges": [area],
        "booleanRule": {"condition": condition, "format": {"textFormat": {"bold": True}}},
    }
    source = {"domain": {"sourceRange": {"sources": [area | {"endColumnIndex": 1}]}}}
    chart = {
        "spec": {"basicChart": {"chartType": "LINE", "domains": [source]}},
        "position": {"overlayPosition": {"anchorCell": {"rowIndex": 6, "columnIndex": 3}}},
    }
    api.batch(
        {"addNamedRange": {"namedRange": {"name": "people", "range": area}}},
        {"addProtectedRange": {"protectedRange": {"range": area}}},
        {"addConditionalFormatRule": {"rule": rule}},
        {"addChart": {"chart": chart}},
        {"setBasicFilter": {"filter": {"range": area, "criteria": {"1": {"hiddenValues": ["x"]}}}}},
        {"addFilterView": {"filter": {"range": area}}},
        {"addBanding": {"bandedRange": {"range": area, "rowProperties": {"firstBandColor": {"red": 1}}}}},
        {"mergeCells": {"range": area | {"startColumnIndex": 3, "endColumnIndex": 5}}},
        {
            "updateCells": {
                "start": {"rowIndex": 2},
                "rows": [{"values": [{"note": "Bob"}]}],
                "fields": "note",
            }
        },
        insert(0, 3),
        insert(0, 1, "COLUMNS"),
    )
    moved = {"startRowIndex": 4, "endRowIndex": 7, "startColumnIndex": 1, "endColumnIndex": 3}
    sheet = api.sheet("Roster")
    assert api.get()["namedRanges"][0]["range"] == moved
    for name in ("protectedRanges", "filterViews", "bandedRanges"):
        assert sheet[name][0]["range"] == moved
    assert sheet["basicFilter"]["range"] == moved
    assert sheet["basicFilter"]["criteria"].keys() == {"2"}
    assert sheet["merges"] == [moved | {"startColumnIndex": 4, "endColumnIndex": 6}]
    [conditional] = sheet["conditionalFormats"]
    assert conditional["ranges"] == [moved]
    assert conditional["booleanRule"]["condition"]["values"] == [{"userEnteredValue": "=$C5>$C$7"}]
    [found] = sheet["charts"]
    assert found["position"]["overlayPosition"]["anchorCell"] == {"rowIndex": 9, "columnIndex": 4}
    [domain] = found["spec"]["basicChart"]["domains"]
    assert domain["domain"]["sourceRange"]["sources"] == [moved | {"endColumnIndex": 2}]
    assert api.cell("Roster!B6")["note"] == "Bob"


def test_what_is_about_the_whole_first_tab_stays(api: Api) -> None:
    [reply] = api.batch({"addProtectedRange": {"protectedRange": {"range": {"sheetId": 0}}}}, insert(0, 2))[
        :1
    ]
    protected = reply["addProtectedRange"]["protectedRange"]
    assert api.sheet("Roster")["protectedRanges"] == [protected]
    change = {"protectedRangeId": protected["protectedRangeId"], "range": {"sheetId": 0}}
    api.batch({"updateProtectedRange": {"protectedRange": change, "fields": "range"}}, delete(0, 2))
    assert api.sheet("Roster")["protectedRanges"] == [protected]


def test_what_is_wholly_deleted_is_gone(api: Api) -> None:
    area = {"startRowIndex": 1, "endRowIndex": 2, "startColumnIndex": 0, "endColumnIndex": 2}
    api.batch(
        {"addNamedRange": {"namedRange": {"name": "people", "range": area}}},
        {"addProtectedRange": {"protectedRange": {"range": area}}},
        {"mergeCells": {"range": area}},
        delete(1, 2),
    )
    assert "namedRanges" not in api.get()
    assert api.sheet("Roster").keys() == {"properties"}


def test_metadata_stays_with_its_row_however_it_moves(api: Api) -> None:
    location = {"dimensionRange": lines_range("ROWS", 2, 3)}
    metadata = {"metadataKey": "id", "metadataValue": "bob", "visibility": "DOCUMENT", "location": location}
    api.batch({"createDeveloperMetadata": {"developerMetadata": metadata}})

    def place() -> tuple[int, str]:
        grid = api.get(fields="sheets.data.rowMetadata.developerMetadata", ranges="Roster")["sheets"][0][
            "data"
        ][0]
        [(row, found)] = [
            (row, line["developerMetadata"]) for row, line in enumerate(grid["rowMetadata"]) if line
        ]
        span = found[0]["location"]["dimensionRange"]
        assert span == {"dimension": "ROWS", "startIndex": row, "endIndex": row + 1}
        return row, api.values()[row][0]

    assert place() == (2, "Bob")
    api.batch(insert(0, 2))
    assert place() == (4, "Bob")
    api.batch(delete(0, 3))
    assert place() == (1, "Bob")
    api.batch(move(1, 2, 0))
    assert place() == (0, "Bob")
    sort = {"range": {"endRowIndex": 2}, "sortSpecs": [{"dimensionIndex": 0, "sortOrder": "ASCENDING"}]}
    api.write("Roster!A2", ["Abe"])
    api.batch({"sortRange": sort})
    assert place() == (1, "Bob")
    api.batch(delete(1, 2))
    assert "matchedDeveloperMetadata" not in api.post(
        "/developerMetadata:search", {"dataFilters": [{"developerMetadataLookup": {"metadataKey": "id"}}]}
    )


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (delete(0, 1000), "You can't delete all the rows on the sheet."),
        (delete(1, 1000), "Sorry, it is not possible to delete all non-frozen rows."),
        (
            delete(1000, 1001),
            "Cannot delete a row that doesn't exist. Tried to delete row index 1000 "
            "but there are only 1000 rows.",
        ),
        (delete(0, 26, "COLUMNS"), "You can't delete all the columns on the sheet."),
        (insert(1001, 1002), "range.startIndex is larger than current grid size (1000)"),
        (
            insert(1000, 1001),
            "range.startIndex must be less than the grid size (1000) if inheritFromBefore is false.",
        ),
        (insert(0, 1, before=True), "range.startIndex must be greater than 0 if inheritFromBefore is true."),
        (insert(3, 3), "Invalid dimension range: startIndex 3, endIndex 3."),
    ],
)
def test_impossible_edits_are_refused(api: Api, edit: Json, message: str) -> None:
    frozen = {
        "properties": {"gridProperties": {"frozenRowCount": 1}},
        "fields": "gridProperties.frozenRowCount",
    }
    api.batch({"updateSheetProperties": frozen})
    [kind] = edit
    assert api.refusal(edit) == f"Invalid requests[0].{kind}: {message}"


DIMENSIONS = st.sampled_from(["ROWS", "COLUMNS"])
PLACES = st.tuples(st.integers(0, 6), st.integers(1, 3))
EDITS = st.one_of(
    st.builds(lambda dimension, place: insert(place[0], sum(place), dimension), DIMENSIONS, PLACES),
    st.builds(lambda dimension, place: delete(place[0], sum(place), dimension), DIMENSIONS, PLACES),
    st.builds(
        lambda dim, place, to: move(place[0], sum(place), to, dim), DIMENSIONS, PLACES, st.integers(0, 9)
    ),
)


@settings(max_examples=50, deadline=None)
@given(st.lists(EDITS, max_size=8))
def test_a_reference_means_its_cell_as_long_as_that_exists(edits: list[Json]) -> None:
    server = SheetsServer()
    try:
        book_id = server.create_spreadsheet("Any", {"T": [[], [], ["", "", "here"]], "Other": [["=T!C3"]]})
        far = [{"values": [{"userEnteredValue": {"formulaValue": "=C3"}}]}]
        write = {"updateCells": {"start": {"rowIndex": 60}, "rows": far, "fields": "userEnteredValue"}}
        edits.insert(len(edits) // 2, write)
        server.person(book_id).delete("T", "101:1000")
        server.person(book_id).delete("Other", "101:1000")
        at_once = server.person(book_id).copy_spreadsheet("At once")
        for edit in edits:
            server.edit(book_id, [edit])
        server.edit(at_once, edits)
        assert server.snapshot(at_once)["sheets"] == server.snapshot(book_id)["sheets"]
        is_there = any("here" in line for line in server.values(book_id, "T"))
        assert server.values(book_id, "Other") == [["here" if is_there else "#REF!"]]
        [sheet, _] = server.snapshot(book_id)["sheets"]
        grid, [data] = sheet["properties"]["gridProperties"], sheet["data"]
        sizes = len(data["rowMetadata"]), len(data["columnMetadata"])
        assert sizes == (grid["rowCount"], grid["columnCount"])
    finally:
        server.stop()


def test_new_rows_look_like_a_neighbour(api: Api) -> None:
    bold = {"values": [{"userEnteredFormat": {"textFormat": {"bold": True}}}]}
    tall = {"range": lines_range("ROWS", 1, 2), "properties": {"pixelSize": 40}, "fields": "pixelSize"}
    api.batch(
        {"updateCells": {"start": {"rowIndex": 1}, "rows": [bold], "fields": "userEnteredFormat"}},
        {"updateDimensionProperties": tall},
        insert(1, 2, before=True),
        insert(2, 3),
    )
    sizes = api.get(fields="sheets.data.rowMetadata.pixelSize", ranges="Roster!A1:A4")
    assert [line["pixelSize"] for line in sizes["sheets"][0]["data"][0]["rowMetadata"]] == [21, 21, 40, 40]
    assert api.cell("Roster!A3") == {
        "userEnteredFormat": {"textFormat": {"bold": True}},
        "effectiveFormat": api.cell("Roster!A4")["effectiveFormat"],
    }


def test_the_frozen_part_grows_and_shrinks(api: Api) -> None:
    frozen = {
        "properties": {"gridProperties": {"frozenRowCount": 2}},
        "fields": "gridProperties.frozenRowCount",
    }
    api.batch({"updateSheetProperties": frozen}, insert(1, 4), insert(5, 6))
    grid = api.sheet("Roster")["properties"]["gridProperties"]
    assert (grid["frozenRowCount"], grid["rowCount"]) == (5, 1004)
    api.batch(delete(0, 3))
    assert api.sheet("Roster")["properties"]["gridProperties"]["frozenRowCount"] == 2


def test_appending_grows_the_grid_and_moves_nothing(api: Api) -> None:
    api.batch(
        {"appendDimension": {"dimension": "ROWS", "length": 5}},
        {"appendDimension": {"dimension": "COLUMNS", "length": 2}},
    )
    assert api.sheet("Roster")["properties"]["gridProperties"] == {"rowCount": 1005, "columnCount": 28}
    assert api.values()[3] == ["Sum", "30"]


def test_shrinking_the_grid_deletes_what_is_beyond(api: Api) -> None:
    shrink = {"properties": {"gridProperties": {"rowCount": 2}}, "fields": "gridProperties.rowCount"}
    api.batch({"updateSheetProperties": shrink})
    assert api.values() == [["Commander", "Power"], ["Ann", "10"]]
    assert api.values("Officers' notes") == [["#REF!"]]


def test_lines_are_hidden_and_sized(api: Api) -> None:
    hide = {
        "range": lines_range("COLUMNS", 1, 2),
        "properties": {"hiddenByUser": True},
        "fields": "hiddenByUser",
    }
    api.batch(
        {"updateDimensionProperties": hide},
        {"autoResizeDimensions": {"dimensions": lines_range("COLUMNS", 0, 1)}},
    )
    grid = api.get(ranges="Roster!A1:C1", includeGridData="true")["sheets"][0]["data"][0]
    assert grid["columnMetadata"] == [
        {"pixelSize": 75},
        {"pixelSize": 100, "hiddenByUser": True},
        {"pixelSize": 100},
    ]
