"""What merged cells and protected ranges refuse: always the whole batch."""

from collections.abc import Callable

import pytest

from local.sheets.callers import OWNER, SERVICE_ACCOUNT
from tests.local.sheets_client import Api, Json, lines_range, rows

CLOSED = (
    "You are trying to edit a protected cell or object. "
    "Please contact the spreadsheet owner to remove protection if you need to edit."
)
TYPED: Json = {"updateCells": {"start": {}, "rows": rows(["changed"]), "fields": "userEnteredValue"}}
B2_C3 = {"startRowIndex": 1, "endRowIndex": 3, "startColumnIndex": 1, "endColumnIndex": 3}


def insert(start: int, dimension: str = "ROWS") -> Json:
    return {"insertDimension": {"range": lines_range(dimension, start, start + 1)}}


def delete(start: int, end: int, dimension: str = "ROWS") -> Json:
    return {"deleteDimension": {"range": lines_range(dimension, start, end)}}


def move(start: int, end: int, to: int, dimension: str = "ROWS") -> Json:
    return {"moveDimension": {"source": lines_range(dimension, start, end), "destinationIndex": to}}


def repeat(area: Json) -> Json:
    cell = {"userEnteredValue": {"numberValue": 1}}
    return {"repeatCell": {"range": area, "cell": cell, "fields": "userEnteredValue"}}


class TestMergedCells:
    """B2:C3 is merged."""

    @pytest.fixture(autouse=True)
    def merged(self, api: Api) -> None:
        api.batch({"mergeCells": {"range": B2_C3}})

    @pytest.mark.parametrize("dimension", ["ROWS", "COLUMNS"])
    @pytest.mark.parametrize(
        "edit",
        [
            lambda dimension: move(1, 2, 6, dimension),
            lambda dimension: move(2, 5, 0, dimension),
            lambda dimension: move(5, 6, 2, dimension),
            lambda dimension: delete(0, 2, dimension),
            lambda dimension: delete(2, 3, dimension),
            lambda dimension: insert(2, dimension),
        ],
    )
    def test_no_line_parts_them(self, api: Api, edit: Callable[[str], Json], dimension: str) -> None:
        message = api.refusal(TYPED, edit(dimension))
        assert message.startswith("Invalid requests[1].")
        assert message.endswith(("contain only part of a merged cell.", "into a merged cell."))

    @pytest.mark.parametrize(
        ("edit", "top"),
        [
            (move(1, 3, 6), 4),
            (move(0, 4, 6), 3),
            (move(5, 6, 1), 2),
            (move(5, 6, 3), 1),
            (insert(1), 2),
            (insert(3), 1),
            (delete(0, 1), 0),
        ],
    )
    def test_they_go_with_their_lines_as_a_whole(self, api: Api, edit: Json, top: int) -> None:
        api.batch(edit)
        moved = B2_C3 | {"startRowIndex": top, "endRowIndex": top + 2}
        assert api.sheet("Roster")["merges"] == [moved]

    def test_they_are_gone_with_their_lines(self, api: Api) -> None:
        api.batch(delete(1, 3))
        assert "merges" not in api.sheet("Roster")

    def test_for_a_person_they_grow_and_shrink(self, api: Api) -> None:
        api.server.edit(api.book_id, [insert(2)])
        assert api.sheet("Roster")["merges"] == [B2_C3 | {"endRowIndex": 4}]
        api.server.edit(api.book_id, [delete(1, 3)])
        assert api.sheet("Roster")["merges"] == [B2_C3 | {"endRowIndex": 2}]

    def test_they_are_neither_sorted_nor_filtered(self, api: Api) -> None:
        sort = {"range": {"startRowIndex": 1}, "sortSpecs": [{"dimensionIndex": 0}]}
        assert "vertical merges" in api.refusal({"sortRange": sort})
        assert "vertical merges" in api.refusal({"setBasicFilter": {"filter": {"range": {"endRowIndex": 4}}}})
        api.batch({"setBasicFilter": {"filter": {"range": {"startRowIndex": 3}}}})


def protect(api: Api, area: Json, **fields: object) -> Json:
    """Closes an area to all but the officer, or to whom `fields` says."""
    protected = {"range": area, "editors": {"users": [OWNER]}} | fields
    api.server.edit(api.book_id, [{"addProtectedRange": {"protectedRange": protected}}])
    found: Json = api.sheet("Roster")["protectedRanges"][0]
    return found


WHOLE: Json = {"sheetId": 0}
RULE = {
    "ranges": [B2_C3],
    "booleanRule": {"condition": {"type": "BLANK"}, "format": {"textFormat": {"bold": True}}},
}
BAND = {"range": B2_C3, "rowProperties": {"firstBandColor": {"red": 1}}}


class TestProtectedRanges:
    @pytest.mark.parametrize(
        "edit",
        [
            repeat(B2_C3),
            repeat({"startRowIndex": 2, "endRowIndex": 9}),
            {
                "updateCells": {
                    "start": {"rowIndex": 2},
                    "rows": rows(["a", "b"]),
                    "fields": "userEnteredValue",
                }
            },
            {"updateCells": {"range": B2_C3, "fields": "userEnteredFormat"}},
            {"setDataValidation": {"range": B2_C3}},
            {"sortRange": {"range": {"startRowIndex": 1}}},
            {"mergeCells": {"range": B2_C3}},
            {"unmergeCells": {"range": B2_C3}},
            {"updateBorders": {"range": B2_C3}},
            {"addConditionalFormatRule": {"rule": RULE}},
            {"addBanding": {"bandedRange": BAND}},
            {"findReplace": {"find": "Ann", "replacement": "Anne", "sheetId": 0}},
            {"deleteSheet": {"sheetId": 0}},
            delete(0, 2),
            delete(1, 2, "COLUMNS"),
            move(2, 3, 7),
            move(7, 8, 2),
            insert(2),
            insert(2, "COLUMNS"),
        ],
    )
    def test_what_touches_a_closed_range_is_refused(self, api: Api, edit: Json) -> None:
        protect(api, B2_C3)
        [kind] = edit
        assert api.refusal(TYPED, edit) == f"Invalid requests[1].{kind}: {CLOSED}"

    def test_what_does_not_touch_it_is_done(self, api: Api) -> None:
        protect(api, B2_C3)
        size = {"range": lines_range("ROWS", 1, 2), "properties": {"pixelSize": 9}, "fields": "pixelSize"}
        api.batch(
            TYPED,
            repeat({"startRowIndex": 3}),
            insert(1),
            delete(0, 1),
            move(5, 6, 1),
            {"appendDimension": {"dimension": "ROWS", "length": 1}},
            {"updateDimensionProperties": size},
            {"updateSheetProperties": {"properties": {"tabColor": {"red": 1}}, "fields": "tabColor"}},
            {"addFilterView": {"filter": {"range": B2_C3}}},
        )
        moved = B2_C3 | {"startRowIndex": 2, "endRowIndex": 4}
        assert api.sheet("Roster")["protectedRanges"][0]["range"] == moved

    @pytest.mark.parametrize(
        "edit",
        [
            TYPED,
            {"appendCells": {"rows": rows(["x"]), "fields": "userEnteredValue"}},
            {"appendDimension": {"dimension": "ROWS", "length": 1}},
            {"updateSheetProperties": {"properties": {"title": "Mine"}, "fields": "title"}},
            {
                "updateDimensionProperties": {
                    "range": lines_range("ROWS", 0, 1),
                    "properties": {"pixelSize": 9},
                    "fields": "pixelSize",
                }
            },
            {"setBasicFilter": {"filter": {"range": B2_C3}}},
            insert(0),
            insert(3),
        ],
    )
    def test_a_closed_tab_refuses_everything(self, api: Api, edit: Json) -> None:
        protect(api, WHOLE)
        [kind] = edit
        assert api.refusal(edit) == f"Invalid requests[0].{kind}: {CLOSED}"
        assert "already has sheet protection" in api.refusal(
            {"addProtectedRange": {"protectedRange": {"range": WHOLE}}}
        )

    def test_a_closed_tab_may_have_open_ranges(self, api: Api) -> None:
        protect(api, WHOLE, unprotectedRanges=[B2_C3])
        api.batch(repeat(B2_C3))
        api.refusal(repeat(B2_C3 | {"endRowIndex": 4}))

    @pytest.mark.parametrize(
        ("verb", "path", "body"),
        [
            ("PUT", "/values/Roster!B2", {"values": [["x"]]}),
            ("POST", "/values/Roster!A1:append", {"values": [["x"]]}),
            ("POST", "/values/Roster!A1:B9:clear", {}),
            ("POST", "/values:batchClear", {"ranges": ["Roster!B2"]}),
            (
                "POST",
                "/values:batchUpdate",
                {"valueInputOption": "RAW", "data": [{"range": "Roster!A1:B2", "values": [["x"], ["y"]]}]},
            ),
        ],
    )
    def test_values_are_refused_too(self, api: Api, verb: str, path: str, body: Json) -> None:
        protect(api, B2_C3 | {"endRowIndex": 9, "startColumnIndex": 0})
        before = api.server.snapshot(api.book_id)
        option = {"valueInputOption": "RAW"} if path.endswith(("B2", "append")) else {}
        answer = api.call(verb, path, body, **option)
        assert answer.status_code == 400
        assert CLOSED in answer.json()["error"]["message"]
        assert api.server.snapshot(api.book_id) == before

    def test_who_may_edit_is_told_by_the_token(self, api: Api) -> None:
        protect(api, WHOLE, editors={"users": [OWNER, "two@example.com"]})
        api.refusal(TYPED)
        api.server.accounts["second"] = "two@example.com"
        api.session.headers["Authorization"] = "Bearer second"
        api.batch(TYPED)
        [protected] = api.sheet("Roster")["protectedRanges"]
        assert protected["requestingUserCanEdit"]
        assert protected["editors"] == {"users": [OWNER, "two@example.com"]}

    def test_those_who_may_not_edit_see_that_but_not_who_may(self, api: Api) -> None:
        protected = protect(api, B2_C3)
        assert protected.keys() == {"protectedRangeId", "range"}
        api.refusal({"deleteProtectedRange": {"protectedRangeId": protected["protectedRangeId"]}})
        change = {"protectedRangeId": protected["protectedRangeId"], "warningOnly": True}
        api.refusal({"updateProtectedRange": {"protectedRange": change, "fields": "warningOnly"}})

    def test_nobody_belongs_to_a_group(self, api: Api) -> None:
        protect(api, WHOLE, editors={"groups": ["officers@example.com"]})
        api.refusal(TYPED)

    def test_a_warning_and_a_range_without_editors_refuse_nothing(self, api: Api) -> None:
        for fields in ({"warningOnly": True}, {}, {"editors": {"users": [SERVICE_ACCOUNT]}}):
            added = {"addProtectedRange": {"protectedRange": {"range": B2_C3, **fields}}}
            api.batch(added, repeat(B2_C3))
        both = {"range": B2_C3, "warningOnly": True, "editors": {"users": [OWNER]}}
        assert "Editors cannot be set on it." in api.refusal({"addProtectedRange": {"protectedRange": both}})

    def test_the_owner_may_edit_everything(self, api: Api) -> None:
        protect(api, WHOLE, editors={"users": ["two@example.com"]})
        api.server.edit(api.book_id, [TYPED])
        assert api.values()[0][0] == "changed"
