"""Tabs, their properties, and the parts that lie over their cells."""

import pytest

from tests.local.sheets_client import Api, Json


def update(fields: str, **properties: object) -> Json:
    return {"updateSheetProperties": {"properties": properties, "fields": fields}}


def test_a_new_tab_has_googles_defaults(api: Api) -> None:
    [reply] = api.batch({"addSheet": {}})
    properties = reply["addSheet"]["properties"]
    assert properties.pop("sheetId") > 0
    assert properties == {
        "title": "Sheet3",
        "index": 2,
        "sheetType": "GRID",
        "gridProperties": {"rowCount": 1000, "columnCount": 26},
    }


def test_a_new_tab_is_as_asked_for(api: Api) -> None:
    asked = {
        "sheetId": 7,
        "title": "IMS",
        "index": 1,
        "hidden": True,
        "tabColor": {"red": 1},
        "gridProperties": {"rowCount": 5, "columnCount": 2, "frozenRowCount": 1, "hideGridlines": True},
    }
    [reply] = api.batch({"addSheet": {"properties": asked}})
    expected = asked | {"sheetType": "GRID", "tabColorStyle": {"rgbColor": {"red": 1}}}
    assert reply["addSheet"]["properties"] == expected
    assert [sheet["properties"]["title"] for sheet in api.get()["sheets"]] == [
        "Roster",
        "IMS",
        "Officers' notes",
    ]


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"title": "Roster"}, 'A sheet with the name "Roster" already exists. Please enter another name.'),
        ({"sheetId": 0}, "Sheet with id 0 already exists."),
        ({"sheetId": -1}, "Sheet id must be non-negative."),
        ({"title": "x" * 101}, "The sheet name cannot be greater than 100 characters."),
        (
            {"gridProperties": {"rowCount": 1, "frozenRowCount": 1}},
            "You can't freeze all visible rows on the sheet.",
        ),
        (
            {"gridProperties": {"rowCount": 500_000, "columnCount": 26}},
            "This action would increase the number of cells in the workbook above the limit "
            "of 10000000 cells.",
        ),
    ],
)
def test_a_bad_new_tab_is_refused(api: Api, properties: Json, message: str) -> None:
    assert api.refusal({"addSheet": {"properties": properties}}) == f"Invalid requests[0].addSheet: {message}"


def test_indexes_count_before_the_move(api: Api) -> None:
    def titles() -> list[str]:
        return [sheet["properties"]["title"] for sheet in api.get()["sheets"]]

    api.batch({"addSheet": {"properties": {"title": "Third"}}})
    api.batch(update("index", index=1))
    assert titles() == ["Roster", "Officers' notes", "Third"]
    api.batch(update("index", index=2))
    assert titles() == ["Officers' notes", "Roster", "Third"]
    api.batch(update("index"))
    assert titles() == ["Officers' notes", "Third", "Roster"]


def test_renaming_a_tab_renames_it_in_formulas(api: Api) -> None:
    api.batch(update("title", title="The roster"))
    assert api.cell("'Officers'' notes'!A1")["userEnteredValue"] == {"formulaValue": "='The roster'!B4*2"}
    assert api.values("Officers' notes") == [["60"]]


def test_the_last_visible_tab_can_neither_be_hidden_nor_deleted(api: Api) -> None:
    notes = api.sheet("Officers' notes")["properties"]["sheetId"]
    api.batch(update("hidden", sheetId=notes, hidden=True))
    assert "You can't hide all the sheets in a document." in api.refusal(update("hidden", hidden=True))
    assert "You can't remove all the visible sheets in a document." in api.refusal({"deleteSheet": {}})
    assert "No sheet with id: 5" in api.refusal({"deleteSheet": {"sheetId": 5}})


def test_deleting_a_tab_breaks_what_refers_to_it(api: Api) -> None:
    api.batch(
        {"addNamedRange": {"namedRange": {"name": "all", "range": {}}}}, {"deleteSheet": {"sheetId": 0}}
    )
    assert api.values("Officers' notes") == [["#REF!"]]
    assert "namedRanges" not in api.get()


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (
            update("gridProperties", gridProperties={"frozenRowCount": 1}),
            "You can't delete all the rows on the sheet.",
        ),
        (update("gridProperties.rowCount", gridProperties={}), "You can't delete all the rows on the sheet."),
        (update("*", title="All"), "You can't delete all the rows on the sheet."),
        (
            update("gridProperties.frozenRowCount", gridProperties={"frozenRowCount": 1000}),
            "You can't freeze all visible rows on the sheet.",
        ),
        (update("sheetId", title="x"), "Field is read-only: sheetId"),
        (update("title"), "The sheet name must not be empty."),
    ],
)
def test_bad_properties_are_refused(api: Api, edit: Json, message: str) -> None:
    assert api.refusal(edit) == f"Invalid requests[0].updateSheetProperties: {message}"


def test_zero_defaults_are_left_out(api: Api) -> None:
    frozen = "gridProperties.frozenRowCount"
    api.batch(update(f"hidden,{frozen}", hidden=False, gridProperties={"frozenRowCount": 2}))
    api.batch(update(frozen, gridProperties={"frozenRowCount": 0}))
    properties = api.sheet("Roster")["properties"]
    assert properties["gridProperties"] == {"rowCount": 1000, "columnCount": 26}
    assert "hidden" not in properties
    assert (properties["sheetId"], properties["index"]) == (0, 0)


def test_named_ranges_are_added_changed_and_deleted(api: Api) -> None:
    area = {"startRowIndex": 1, "endRowIndex": 3, "startColumnIndex": 0, "endColumnIndex": 1}
    [reply] = api.batch({"addNamedRange": {"namedRange": {"name": "people", "range": area | {"sheetId": 0}}}})
    named = reply["addNamedRange"]["namedRange"]
    assert named["range"] == area
    message = api.refusal({"addNamedRange": {"namedRange": {"name": "people", "range": area}}})
    assert "Cannot add named range with name people, a named range with that name already exists." in message
    changed = {"namedRangeId": named["namedRangeId"], "name": "folk"}
    api.batch({"updateNamedRange": {"namedRange": changed, "fields": "name"}})
    assert api.get(fields="namedRanges") == {"namedRanges": [named | {"name": "folk"}]}
    api.batch({"deleteNamedRange": {"namedRangeId": named["namedRangeId"]}})
    assert "namedRanges" not in api.get()


def test_protected_ranges_are_added_changed_and_deleted(api: Api) -> None:
    [reply] = api.batch(
        {"addProtectedRange": {"protectedRange": {"range": {"sheetId": 0}, "warningOnly": True}}}
    )
    protected = reply["addProtectedRange"]["protectedRange"]
    own_id = protected["protectedRangeId"]
    assert protected == {
        "protectedRangeId": own_id,
        "range": {},
        "warningOnly": True,
        "requestingUserCanEdit": True,
    }
    changed = {"protectedRangeId": own_id, "description": "ours"}
    api.batch({"updateProtectedRange": {"protectedRange": changed, "fields": "description"}})
    assert api.sheet("Roster")["protectedRanges"] == [protected | {"description": "ours"}]
    api.batch({"deleteProtectedRange": {"protectedRangeId": own_id}})
    assert "No protected range with id" in api.refusal({"deleteProtectedRange": {"protectedRangeId": own_id}})


def test_conditional_formats_keep_their_order(api: Api) -> None:
    def rule(text: str) -> Json:
        condition = {"type": "TEXT_EQ", "values": [{"userEnteredValue": text}]}
        look = {"textFormat": {"bold": True}}
        return {"ranges": [{"endRowIndex": 2}], "booleanRule": {"condition": condition, "format": look}}

    def order() -> list[str]:
        rules = api.sheet("Roster").get("conditionalFormats", [])
        return [each["booleanRule"]["condition"]["values"][0]["userEnteredValue"] for each in rules]

    api.batch(*({"addConditionalFormatRule": {"rule": rule(text), "index": 0}} for text in "abc"))
    assert order() == ["c", "b", "a"]
    replies = api.batch(
        {"updateConditionalFormatRule": {"index": 0, "newIndex": 2}},
        {"updateConditionalFormatRule": {"index": 1, "rule": rule("x")}},
        {"deleteConditionalFormatRule": {"index": 0}},
    )
    assert order() == ["x", "c"]
    assert replies[2]["deleteConditionalFormatRule"]["rule"] == rule("b")
    message = api.refusal({"deleteConditionalFormatRule": {"index": 2}})
    assert message.endswith("No conditional format on sheet: 0 at index: 2")


def test_filters_answer_criteria_in_both_forms(api: Api) -> None:
    criteria = {"1": {"hiddenValues": ["10"]}}
    [_, reply] = api.batch(
        {"setBasicFilter": {"filter": {"range": {"endRowIndex": 4}, "criteria": criteria}}},
        {"addFilterView": {"filter": {"title": "mine", "range": {"endRowIndex": 4}}}},
    )
    sheet = api.sheet("Roster")
    assert sheet["basicFilter"]["filterSpecs"] == [{"columnIndex": 1, "filterCriteria": criteria["1"]}]
    view_id = reply["addFilterView"]["filter"]["filterViewId"]
    api.batch({"updateFilterView": {"filter": {"filterViewId": view_id, "title": "ours"}, "fields": "title"}})
    assert api.sheet("Roster")["filterViews"][0]["title"] == "ours"
    api.batch({"deleteFilterView": {"filterId": view_id}}, {"clearBasicFilter": {}})
    assert api.sheet("Roster").keys() == {"properties"}


def test_bandings_may_not_overlap(api: Api) -> None:
    def band(start: int) -> Json:
        return {
            "range": {"startRowIndex": start, "endRowIndex": start + 5},
            "rowProperties": {"headerColor": {"red": 1}},
        }

    [reply] = api.batch({"addBanding": {"bandedRange": band(0)}})
    found = reply["addBanding"]["bandedRange"]
    assert found["rowProperties"]["headerColorStyle"] == {"rgbColor": {"red": 1}}
    assert "already has alternating" in api.refusal({"addBanding": {"bandedRange": band(4)}})
    moved = {"bandedRangeId": found["bandedRangeId"], "range": band(9)["range"]}
    api.batch({"updateBanding": {"bandedRange": moved, "fields": "range"}})
    assert api.sheet("Roster")["bandedRanges"][0]["range"]["startRowIndex"] == 9
    api.batch({"deleteBanding": {"bandedRangeId": found["bandedRangeId"]}})
    assert "bandedRanges" not in api.sheet("Roster")


def test_charts_are_added_changed_moved_and_deleted(api: Api) -> None:
    position = {"overlayPosition": {"anchorCell": {"rowIndex": 5}}}
    [reply] = api.batch({"addChart": {"chart": {"spec": {"title": "Points"}, "position": position}}})
    chart = reply["addChart"]["chart"]
    assert chart["position"]["overlayPosition"] == {
        "anchorCell": {"rowIndex": 5},
        "widthPixels": 600,
        "heightPixels": 371,
    }
    chart_id = chart["chartId"]
    api.batch(
        {"updateChartSpec": {"chartId": chart_id, "spec": {"title": "More"}}},
        {
            "updateEmbeddedObjectPosition": {
                "objectId": chart_id,
                "newPosition": {"overlayPosition": {"widthPixels": 300}},
                "fields": "widthPixels",
            }
        },
    )
    [found] = api.sheet("Roster")["charts"]
    assert (found["spec"]["title"], found["position"]["overlayPosition"]["widthPixels"]) == ("More", 300)
    api.batch({"deleteEmbeddedObject": {"objectId": chart_id}})
    assert "charts" not in api.sheet("Roster")


def test_a_duplicate_has_all_but_ids_of_its_own(api: Api) -> None:
    metadata = {"metadataKey": "muster", "location": {"sheetId": 0}, "visibility": "DOCUMENT"}
    api.batch(
        {"createDeveloperMetadata": {"developerMetadata": metadata}},
        {"mergeCells": {"range": {"startRowIndex": 8, "endRowIndex": 9, "endColumnIndex": 2}}},
    )
    [reply] = api.batch({"duplicateSheet": {"insertSheetIndex": 1, "newSheetName": "Again"}})
    new_id = reply["duplicateSheet"]["properties"]["sheetId"]
    copy, source = api.sheet("Again"), api.sheet("Roster")
    assert copy["merges"] == [source["merges"][0] | {"sheetId": new_id}]
    assert copy["developerMetadata"][0]["location"] == {"locationType": "SHEET", "sheetId": new_id}
    assert copy["developerMetadata"][0]["metadataId"] != source["developerMetadata"][0]["metadataId"]
    assert api.values("Again") == api.values("Roster")


def test_spreadsheet_properties_can_be_changed(api: Api) -> None:
    edit = {"properties": {"title": "New", "timeZone": "Europe/Paris"}, "fields": "title,timeZone"}
    api.batch({"updateSpreadsheetProperties": edit})
    properties = api.get()["properties"]
    assert (properties["title"], properties["timeZone"], properties["locale"]) == (
        "New",
        "Europe/Paris",
        "en_US",
    )
