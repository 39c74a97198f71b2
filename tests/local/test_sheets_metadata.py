"""Developer metadata: where it can be, how it is found, and how much there may be."""

import pytest

from tests.local.sheets_client import Api, Json, lines_range


def create(location: Json, key: str = "muster", value: str = "1", **more: object) -> Json:
    metadata = {
        "metadataKey": key,
        "metadataValue": value,
        "visibility": "DOCUMENT",
        "location": location,
    } | more
    return {"createDeveloperMetadata": {"developerMetadata": metadata}}


def search(api: Api, **lookup: object) -> list[Json]:
    answer = api.post("/developerMetadata:search", {"dataFilters": [{"developerMetadataLookup": lookup}]})
    return [match["developerMetadata"] for match in answer.get("matchedDeveloperMetadata", [])]


def test_metadata_is_answered_where_it_is(api: Api) -> None:
    notes = api.sheet("Officers' notes")["properties"]["sheetId"]
    replies = api.batch(
        create({"spreadsheet": True}),
        create({"sheetId": notes}),
        create({"dimensionRange": lines_range("COLUMNS", 0, 1, notes)}),
    )
    made = [reply["createDeveloperMetadata"]["developerMetadata"] for reply in replies]
    assert [each["location"]["locationType"] for each in made] == ["SPREADSHEET", "SHEET", "COLUMN"]
    assert made[1]["location"]["sheetId"] == notes
    answer = api.get(includeGridData="true", ranges="'Officers'' notes'")
    assert answer["developerMetadata"] == [made[0]]
    assert answer["sheets"][0]["developerMetadata"] == [made[1]]
    assert answer["sheets"][0]["data"][0]["columnMetadata"][0]["developerMetadata"] == [made[2]]
    assert api.get(f"/developerMetadata/{made[1]['metadataId']}") == made[1]
    assert api.call("GET", "/developerMetadata/1").status_code == 404


def test_sheet_0_is_left_out_of_answers(api: Api) -> None:
    api.batch(create({"sheetId": 0}))
    [found] = api.sheet("Roster")["developerMetadata"]
    assert found["location"] == {"locationType": "SHEET"}


def test_metadata_is_found_by_key_value_location_and_range(api: Api) -> None:
    row = {"dimensionRange": lines_range("ROWS", 1, 2)}
    api.batch(
        create({"sheetId": 0}, value="sheet"),
        create(row, value="row"),
        create({"spreadsheet": True}, "other"),
    )
    assert len(search(api, metadataKey="muster")) == 2
    assert [each["metadataValue"] for each in search(api, metadataValue="row")] == ["row"]
    assert [each["metadataValue"] for each in search(api, locationType="SHEET")] == ["sheet"]
    exact = search(api, metadataLocation=row, locationMatchingStrategy="EXACT_LOCATION")
    assert [each["metadataValue"] for each in exact] == ["row"]
    assert len(search(api, metadataLocation=row)) == 2
    answer = api.post("/developerMetadata:search", {"dataFilters": [{"a1Range": "Roster!A2"}]})
    assert len(answer["matchedDeveloperMetadata"]) == 2


def test_a_data_filter_reads_the_lines_that_metadata_marks(api: Api) -> None:
    api.batch(create({"dimensionRange": lines_range("ROWS", 2, 3)}, key="bob"))
    data_filter = {"developerMetadataLookup": {"metadataKey": "bob"}}
    answer = api.post(":getByDataFilter", {"dataFilters": [data_filter], "includeGridData": True})
    [sheet] = answer["sheets"]
    assert sheet["data"][0]["startRow"] == 2
    assert sheet["data"][0]["rowData"][0]["values"][0]["formattedValue"] == "Bob"
    [match] = api.post("/values:batchGetByDataFilter", {"dataFilters": [data_filter]})["valueRanges"]
    assert match == {
        "valueRange": {"range": "Roster!A3:Z3", "majorDimension": "ROWS", "values": [["Bob", "20"]]},
        "dataFilters": [data_filter],
    }


def test_metadata_is_changed_and_deleted(api: Api) -> None:
    lookup = {"developerMetadataLookup": {"metadataKey": "muster"}}
    api.batch(create({"sheetId": 0}), create({"dimensionRange": lines_range("ROWS", 0, 1)}))
    change = {"dataFilters": [lookup], "developerMetadata": {"metadataValue": "2"}, "fields": "metadataValue"}
    [reply] = api.batch({"updateDeveloperMetadata": change})
    assert {each["metadataValue"] for each in reply["updateDeveloperMetadata"]["developerMetadata"]} == {"2"}
    [reply] = api.batch({"deleteDeveloperMetadata": {"dataFilter": lookup}})
    assert len(reply["deleteDeveloperMetadata"]["deletedDeveloperMetadata"]) == 2
    assert search(api, metadataKey="muster") == []


def test_a_sheet_with_its_rows_holds_30_000_characters(api: Api) -> None:
    api.batch(create({"sheetId": 0}, "k" * 10, "v" * 29_980))
    row = {"dimensionRange": lines_range("ROWS", 0, 1)}
    message = api.refusal(create(row, "key", "12345678"))
    assert message == (
        "Invalid requests[0].createDeveloperMetadata: "
        "Developer metadata exceeds the limit of 30000 characters."
    )
    api.batch(create(row, "key", "1234567"), create({"spreadsheet": True}, "k", "v" * 29_999))


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (create({"sheetId": 0}, key=""), "Developer metadata must have a key specified."),
        (create({}), "Developer metadata must have a location specified."),
        (create({"sheetId": 5}), "No grid with id: 5"),
        (
            create({"dimensionRange": lines_range("ROWS", 0, 2)}),
            "The dimension range of developer metadata must be a single row or column.",
        ),
        (create({"sheetId": 0}, visibility=None), "Developer metadata must have a visibility specified."),
    ],
)
def test_bad_metadata_is_refused(api: Api, edit: Json, message: str) -> None:
    assert api.refusal(edit) == f"Invalid requests[0].createDeveloperMetadata: {message}"


def test_an_id_is_taken_once(api: Api) -> None:
    api.batch(create({"sheetId": 0}, metadataId=9))
    assert "with id 9 already exists" in api.refusal(create({"sheetId": 0}, metadataId=9))
