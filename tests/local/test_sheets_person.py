"""What people do in the browser, what it comes to for others, and what can happen while a request is on its way."""

from collections.abc import Callable

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from local.sheets import ApiError, Fault, Person, SheetsServer
from tests.local.sheets_client import Api, Json, lines_range, rows

NOTES = "Officers' notes"


@pytest.fixture
def officer(api: Api) -> Person:
    return api.server.person(api.book_id)


def column(api: Api, name: str, title: str = "Roster") -> list[str]:
    place = ord(name) - ord("A")
    return [row[place] if place < len(row) else "" for row in api.values(title)]


def formula(api: Api, cell: str) -> str:
    return str(api.cell(cell)["userEnteredValue"]["formulaValue"])


class TestCells:
    def test_what_is_typed_is_understood(self, api: Api, officer: Person) -> None:
        for cell, text in (("A2", "Anne"), ("B2", "15"), ("C2", "TRUE"), ("D2", "=B2*2"), ("E2", "'=1")):
            officer.type("Roster", cell, text)
        assert api.values()[1] == ["Anne", "15", "TRUE", "30", "=1"]

    def test_a_click_ticks_a_check_box(self, api: Api, officer: Person) -> None:
        officer.add_check_boxes("Roster", "C2:C3")
        officer.tick("Roster", "C2")
        assert column(api, "C") == ["", "TRUE", "FALSE", ""]
        officer.tick("Roster", "C2")
        assert api.cell("Roster!C2")["userEnteredValue"] == {"boolValue": False}
        assert api.cell("Roster!C2")["dataValidation"]["condition"] == {"type": "BOOLEAN"}
        with pytest.raises(ApiError, match="no check box"):
            officer.tick("Roster", "C4")

    def test_a_strict_rule_refuses_what_a_person_types(self, api: Api, officer: Person) -> None:
        officer.add_check_boxes("Roster", "C2")
        with pytest.raises(ApiError, match="violates the data validation rules"):
            officer.type("Roster", "C2", "yes")
        officer.type("Roster", "C2", "true")
        lax: Json = {"condition": {"type": "ONE_OF_LIST", "values": [{"userEnteredValue": "a"}]}}
        validate: Json = {"setDataValidation": {"range": {"startColumnIndex": 3}, "rule": lax}}
        api.batch(validate)
        officer.type("Roster", "D2", "b")
        lax["strict"] = True
        api.batch(validate)
        officer.type("Roster", "D2", "a")
        with pytest.raises(ApiError, match="violates"):
            officer.type("Roster", "D2", "b")

    def test_delete_empties_cells_and_removes_check_boxes(self, api: Api, officer: Person) -> None:
        officer.add_check_boxes("Roster", "A2")
        officer.note("Roster", "A2", "kept")
        officer.clear("Roster", "A2:B3")
        assert api.values()[1:] == [[], [], ["Sum", "0"]]
        assert api.cell("Roster!A2").keys() >= {"note"}
        assert "dataValidation" not in api.cell("Roster!A2")

    def test_copied_rows_take_their_hidden_cells_along(self, api: Api, officer: Person) -> None:
        officer.type("Roster", "C2", "key of Ann")
        officer.type("Roster", "D2", "=B2+1")
        officer.hide("Roster", "C:C")
        officer.merge("Roster", "E2:F2")
        officer.copy("Roster", "2:2", "6:6")
        assert api.values()[5] == ["Ann", "10", "key of Ann", "11"]
        assert formula(api, "Roster!D6") == "=B6+1"
        assert len(api.sheet("Roster")["merges"]) == 2
        with pytest.raises(ApiError, match="partially intersects a merge"):
            officer.copy("Roster", "A4", "F2:G2")

    def test_formulas_follow_cells_that_are_cut(self, api: Api, officer: Person) -> None:
        officer.type("Roster", "D1", "=$B$3")
        officer.cut("Roster", "A2:B3", "F5")
        assert formula(api, "Roster!B4") == "=SUM(G5:G6)"
        assert formula(api, "Roster!D1") == "=$G$6"
        assert [row[5:] for row in api.values()[4:]] == [["Ann", "10"], ["Bob", "20"]]
        assert api.values()[1] == []


def test_copies_are_repeated_where_they_fit_and_can_be_parts(api: Api) -> None:
    def paste(kind: str, **area: int) -> Json:
        source = {"startRowIndex": 3, "endRowIndex": 4, "startColumnIndex": 1, "endColumnIndex": 2}
        return {"copyPaste": {"source": source, "destination": area, "pasteType": kind}}

    area = {"startRowIndex": 5, "endRowIndex": 7, "startColumnIndex": 1, "endColumnIndex": 2}
    api.batch(paste("PASTE_VALUES", **area))
    assert api.values()[5:] == [["", "30"], ["", "30"]]
    bold = {"userEnteredFormat": {"textFormat": {"bold": True}}}
    api.batch(
        {"repeatCell": {"range": {"startRowIndex": 3, "endRowIndex": 4}, "cell": bold, "fields": "*"}},
        paste("PASTE_FORMAT", **area),
    )
    assert api.cell("Roster!B7")["userEnteredFormat"] == bold["userEnteredFormat"]
    assert "exceeds grid limits" in api.refusal(
        {"cutPaste": {"source": {"endRowIndex": 2}, "destination": {"rowIndex": 999}}}
    )


class TestLines:
    @pytest.mark.parametrize(
        ("act", "names", "total"),
        [
            (
                lambda o: o.insert_before("Roster", "1:1"),
                ["", "Commander", "Ann", "Bob", "Sum"],
                "=SUM(B3:B4)",
            ),
            (
                lambda o: o.insert_after("Roster", "2:3"),
                ["Commander", "Ann", "Bob", "", "", "Sum"],
                "=SUM(B2:B3)",
            ),
            (lambda o: o.delete("Roster", "2:2"), ["Commander", "Bob", "Sum"], "=SUM(B2:B2)"),
            (
                lambda o: o.move("Roster", "2:2", before="4:4"),
                ["Commander", "Bob", "Ann", "Sum"],
                "=SUM(B2:B2)",
            ),
        ],
    )
    def test_rows_are_inserted_deleted_and_moved(
        self, api: Api, officer: Person, act: Callable[[Person], None], names: list[str], total: str
    ) -> None:
        act(officer)
        assert column(api, "A") == names
        assert formula(api, f"Roster!B{len(names)}") == total

    def test_columns_too(self, api: Api, officer: Person) -> None:
        officer.insert_before("Roster", "A:A")
        officer.insert_after("Roster", "B:B")
        assert api.values()[1] == ["", "Ann", "", "10"]
        officer.delete("Roster", "A:A")
        officer.move("Roster", "C:C", before="A:A")
        assert api.values()[1] == ["10", "Ann"]
        assert formula(api, "Roster!A4") == "=SUM(A2:A3)"

    def test_the_whole_tab_is_sorted_below_what_is_frozen(self, api: Api, officer: Person) -> None:
        officer.freeze("Roster", rows=1)
        officer.type("Roster", "Z3", "Bob's")
        officer.sort("Roster", None, by="A", descending=True)
        assert column(api, "A") == ["Commander", "Sum", "Bob", "Ann"]
        assert column(api, "Z") == ["", "", "Bob's", ""]

    def test_a_selection_is_sorted_alone_with_what_is_hidden_in_it(self, api: Api, officer: Person) -> None:
        officer.freeze("Roster", rows=1)
        for row, key in ((2, "ann"), (3, "bob")):
            officer.type("Roster", f"C{row}", key)
            officer.type("Roster", f"E{row}", key)
        officer.hide("Roster", "C:C")
        officer.sort("Roster", "A2:D3", by="A", descending=True)
        assert api.values()[1:3] == [["Bob", "20", "bob", "", "ann"], ["Ann", "10", "ann", "", "bob"]]

    def test_a_filter_sorts_for_everybody_and_a_filter_view_for_nobody(
        self, api: Api, officer: Person
    ) -> None:
        officer.add_filter_view("Roster", "A1:B3", "Mine")
        officer.sort_filter_view("Roster", "Mine", by="B", descending=True)
        assert column(api, "A")[1:3] == ["Ann", "Bob"]
        [view] = api.sheet("Roster")["filterViews"]
        assert view["sortSpecs"] == [{"dimensionIndex": 1, "sortOrder": "DESCENDING"}]
        officer.filter("Roster", "A1:B3")
        officer.sort_filter("Roster", by="B", descending=True)
        assert column(api, "A")[1:3] == ["Bob", "Ann"]


class TestTabs:
    def test_tabs_are_added_renamed_moved_hidden_copied_and_deleted(self, api: Api, officer: Person) -> None:
        officer.add_tab("New")
        officer.rename_tab("Roster", "People")
        officer.move_tab("New", before=0)
        officer.duplicate_tab("People", "Copy")
        officer.hide_tab("New")
        officer.delete_tab(NOTES)
        found = [(s["properties"]["title"], s["properties"].get("hidden")) for s in api.get()["sheets"]]
        assert found == [("New", True), ("People", None), ("Copy", None)]

    def test_a_copied_file_has_the_same_metadata_and_is_not_shared(self, api: Api, officer: Person) -> None:
        location = {"sheetId": 0}
        metadata = {"metadataKey": "k", "metadataValue": "v", "visibility": "DOCUMENT", "location": location}
        api.batch({"createDeveloperMetadata": {"developerMetadata": metadata}})
        copy = officer.copy_spreadsheet("Copy of Officers")
        assert api.session.get(f"{api.server.url}/v4/spreadsheets/{copy}", timeout=60).status_code == 403
        ours, theirs = api.server.snapshot(api.book_id), api.server.snapshot(copy)
        assert theirs["properties"]["title"] == "Copy of Officers"
        assert theirs["sheets"] == ours["sheets"]

    def test_what_lies_over_cells_follows_them(self, api: Api, officer: Person) -> None:
        officer.name_range("Roster", "A2:A3", "people")
        officer.highlight("Roster", "A2:A3", "=$B2>15")
        officer.protect("Roster", "A1:B1")
        officer.insert_before("Roster", "1:2")
        moved = {"startRowIndex": 3, "endRowIndex": 5, "startColumnIndex": 0, "endColumnIndex": 1}
        assert api.get()["namedRanges"][0]["range"] == moved
        [rule] = api.sheet("Roster")["conditionalFormats"]
        assert rule["ranges"] == [moved]
        assert rule["booleanRule"]["condition"]["values"] == [{"userEnteredValue": "=$B4>15"}]
        assert "protected" in api.refusal(
            {"updateCells": {"start": {"rowIndex": 2}, "rows": rows(["x"]), "fields": "userEnteredValue"}}
        )
        officer.unprotect("Roster")
        assert "protectedRanges" not in api.sheet("Roster")

    def test_a_table_forbids_what_would_part_it(self, api: Api, officer: Person) -> None:
        officer.add_table("Roster", "A1:B4", "People")
        [table] = api.sheet("Roster")["tables"]
        assert table["columnProperties"] == [
            {"columnName": "Commander"},
            {"columnIndex": 1, "columnName": "Power"},
        ]
        area = {"startRowIndex": 2, "endRowIndex": 4, "endColumnIndex": 2}
        for edit in (
            {"mergeCells": {"range": area}},
            {"addBanding": {"bandedRange": {"range": area, "rowProperties": {"firstBandColor": {"red": 1}}}}},
            {"setBasicFilter": {"filter": {"range": area}}},
            {"sortRange": {"range": {"endRowIndex": 4}, "sortSpecs": [{}]}},
            {"deleteDimension": {"range": lines_range("ROWS", 0, 2)}},
            {"moveDimension": {"source": lines_range("ROWS", 0, 1), "destinationIndex": 9}},
            {"addTable": {"table": {"range": area}}},
        ):
            assert "table" in api.refusal(edit)
        officer.insert_before("Roster", "1:1")
        officer.duplicate_tab("Roster", "Copy")
        [table] = api.sheet("Roster")["tables"]
        [copy] = api.sheet("Copy")["tables"]
        assert table["range"] == {
            "startRowIndex": 1,
            "endRowIndex": 5,
            "startColumnIndex": 0,
            "endColumnIndex": 2,
        }
        assert table["tableId"] != copy["tableId"]

    def test_what_is_not_there_is_an_error(self, officer: Person) -> None:
        with pytest.raises(ApiError, match="no tab 'Rooster'"):
            officer.type("Rooster", "A1", "x")
        with pytest.raises(ApiError, match="no place"):
            officer.type("Roster", "A0", "x")
        with pytest.raises(ApiError, match="neither rows nor columns"):
            officer.delete("Roster", "A1:B2")


ACTS: list[Callable[[Person], None]] = [
    lambda o: o.type("Roster", "A2", "typed"),
    lambda o: o.clear("Roster", "A1:B4"),
    lambda o: o.copy("Roster", "2:3", "7:7"),
    lambda o: o.cut("Roster", "A2:B3", "F5"),
    lambda o: o.merge("Roster", "A2:B3"),
    lambda o: o.insert_before("Roster", "2:3"),
    lambda o: o.insert_after("Roster", "A:A"),
    lambda o: o.delete("Roster", "2:3"),
    lambda o: o.delete("Roster", "B:B"),
    lambda o: o.move("Roster", "2:2", before="4:4"),
    lambda o: o.move("Roster", "A:A", before="D:D"),
    lambda o: o.hide("Roster", "A:A"),
    lambda o: o.freeze("Roster", rows=1),
    lambda o: o.sort("Roster", "A2:B3", by="A", descending=True),
    lambda o: o.protect("Roster", "A1:B2"),
    lambda o: o.name_range("Roster", "A1:B2", "named"),
    lambda o: o.highlight("Roster", "A1:B2", "=A1"),
    lambda o: o.add_tab("New"),
    lambda o: o.rename_tab("Roster", "People"),
    lambda o: o.move_tab("Roster", before=2),
    lambda o: o.delete_tab(NOTES),
    lambda o: o.delete_tab("Roster"),
]


class TestUndo:
    @pytest.mark.parametrize("act", ACTS)
    def test_every_act_is_undone_and_done_again(
        self, api: Api, officer: Person, act: Callable[[Person], None]
    ) -> None:
        before = api.server.snapshot(api.book_id)
        act(officer)
        after = api.server.snapshot(api.book_id)
        assert after != before
        officer.undo()
        assert api.server.snapshot(api.book_id) == before
        officer.redo()
        assert api.server.snapshot(api.book_id) == after
        with pytest.raises(ApiError, match="nothing to redo"):
            officer.redo()

    @pytest.mark.parametrize("act", [act for act in ACTS if act is not ACTS[-1]])
    def test_what_others_did_meanwhile_stays(
        self, api: Api, officer: Person, act: Callable[[Person], None]
    ) -> None:
        """A program writes elsewhere and inserts rows far below: it is there after an undo, and nothing else is."""
        between: list[Json] = [
            {"appendDimension": {"dimension": "ROWS", "length": 1}},
            {
                "updateCells": {
                    "start": {"rowIndex": 20, "columnIndex": 10},
                    "rows": rows(["ours"]),
                    "fields": "userEnteredValue",
                }
            },
        ]
        api.batch(*between)
        expected = api.server.snapshot(api.book_id)
        fresh = api.server.create_spreadsheet(
            "Officers",
            {
                "Roster": [["Commander", "Power"], ["Ann", 10], ["Bob", 20], ["Sum", "=SUM(B2:B3)"]],
                NOTES: [["=Roster!B4*2"]],
            },
        )
        other = Api(api.server, api.session, fresh)
        person = api.server.person(fresh)
        act(person)
        other.batch(*between)
        person.undo()
        found = other.server.snapshot(fresh)
        assert found["sheets"][0]["data"][0]["rowMetadata"] == expected["sheets"][0]["data"][0]["rowMetadata"]
        assert "ours" in str(found)
        assert other.values()[:4] == api.values()[:4]
        assert other.values(NOTES) == api.values(NOTES)
        assert formula(other, "Roster!B4") == "=SUM(B2:B3)"

    def test_rows_that_moved_since_are_found_again(self, api: Api, officer: Person) -> None:
        officer.type("Roster", "A3", "Robert")
        api.batch({"moveDimension": {"source": lines_range("ROWS", 2, 3), "destinationIndex": 1}})
        officer.undo()
        assert column(api, "A") == ["Commander", "Bob", "Ann", "Sum"]

    def test_a_row_that_was_deleted_comes_back_beside_its_neighbour(self, api: Api, officer: Person) -> None:
        officer.note("Roster", "A3", "a note on Bob")
        officer.delete("Roster", "3:3")
        api.batch({"insertDimension": {"range": lines_range("ROWS", 0, 2)}})
        officer.undo()
        assert column(api, "A") == ["", "", "Commander", "Ann", "Bob", "Sum"]
        assert api.cell("Roster!A5")["note"] == "a note on Bob"

    def test_a_tab_comes_back_under_another_title_if_its_own_is_taken(
        self, api: Api, officer: Person
    ) -> None:
        officer.delete_tab(NOTES)
        api.batch({"addSheet": {"properties": {"title": NOTES}}})
        officer.undo()
        titles = [sheet["properties"]["title"] for sheet in api.get()["sheets"]]
        assert titles == ["Roster", f"{NOTES} 2", NOTES]
        assert api.values(f"{NOTES} 2") == [["60"]]

    def test_each_undoes_what_they_did_themselves(self, api: Api, officer: Person) -> None:
        second = api.server.person(api.book_id, "second@example.com")
        officer.type("Roster", "A2", "Anne")
        second.type("Roster", "A3", "Robert")
        officer.undo()
        assert column(api, "A") == ["Commander", "Ann", "Robert", "Sum"]
        with pytest.raises(ApiError, match="nothing to undo"):
            officer.undo()


LINES = st.sampled_from(["1:1", "2:3", "4:6", "A:A", "B:D", "C:C"])
WORK = st.one_of(
    st.builds(lambda lines: lambda o: o.insert_before("T", lines), LINES),
    st.builds(lambda lines: lambda o: o.insert_after("T", lines), LINES),
    st.builds(lambda lines: lambda o: o.delete("T", lines), LINES),
    st.builds(lambda up: lambda o: o.move("T", "2:3", before="1:1" if up else "6:6"), st.booleans()),
    st.builds(lambda left: lambda o: o.move("T", "B:B", before="A:A" if left else "D:D"), st.booleans()),
    st.builds(lambda cell: lambda o: o.type("T", cell, cell), st.sampled_from(["A1", "B2", "C4"])),
    st.just(lambda o: o.sort("T", "A1:C4", by="A")),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(WORK, max_size=6))
def test_whatever_was_done_can_be_undone_step_by_step(acts: list[Callable[[Person], None]]) -> None:
    server = SheetsServer()
    try:
        book_id = server.create_spreadsheet(
            "Any", {"T": [[3, "=A1"], [1, "=SUM(A1:A3)"], [2]], "O": [["=T!B2"]]}
        )
        officer = server.person(book_id)
        officer.delete("T", "10:1000")
        officer.delete("O", "2:1000")
        seen = [server.snapshot(book_id)]
        for act in acts:
            try:
                act(officer)
            except ApiError:  # the lines are gone by then
                assert server.snapshot(book_id) == seen[-1], "what is refused changes nothing"
            else:
                seen.append(server.snapshot(book_id))
        for expected in reversed(seen[:-1]):
            officer.undo()
            assert server.snapshot(book_id) == expected
        for expected in seen[1:]:
            officer.redo()
            assert server.snapshot(book_id) == expected
    finally:
        server.stop()


WRITE: Json = {
    "updateCells": {"start": {"rowIndex": 1}, "rows": rows(["ours"]), "fields": "userEnteredValue"}
}


class TestMeanwhile:
    def test_somebody_acts_before_a_write(self, api: Api, officer: Person) -> None:
        api.server.meanwhile(lambda: officer.insert_before("Roster", "1:1"), match=":batchUpdate")
        assert column(api, "A")[0] == "Commander"
        api.get()
        api.batch(WRITE)
        assert column(api, "A")[:3] == ["", "ours", "Ann"]
        api.batch(WRITE)
        assert column(api, "A")[:3] == ["", "ours", "Ann"]

    def test_somebody_acts_after_a_read(self, api: Api, officer: Person) -> None:
        api.server.meanwhile(lambda: officer.type("Roster", "A2", "Anne"), match="GET", after=True)
        read = api.get(ranges="Roster!A2", fields="sheets.data.rowData.values.formattedValue")
        assert "Ann" in str(read)
        assert "Anne" not in str(read)
        assert column(api, "A")[1] == "Anne"

    def test_acts_queue_and_join_faults(self, api: Api, officer: Person) -> None:
        api.server.meanwhile(lambda: officer.type("Roster", "C1", "one"), match=":batchUpdate")
        api.server.meanwhile(lambda: officer.type("Roster", "C1", "two"), match=":batchUpdate", after=True)
        api.server.inject(Fault("drop_after", match=":batchUpdate"))
        with pytest.raises(requests.ConnectionError):
            api.batch(WRITE)
        assert api.values()[:2] == [["Commander", "Power", "two"], ["ours", "10"]]

    def test_an_act_that_fails_is_not_missed(self) -> None:
        with pytest.raises(ApiError, match="no tab"), SheetsServer() as server:  # noqa: PT012
            book_id = server.create_spreadsheet("B", {"T": []})
            server.meanwhile(lambda: server.person(book_id).clear("nothing", "A1"))
            url = f"{server.url}/v4/spreadsheets/{book_id}"
            assert requests.get(url, timeout=60).status_code == 200

    def test_acts_that_wait_can_be_forgotten(self, api: Api, officer: Person) -> None:
        api.server.meanwhile(lambda: officer.clear("Roster", "A1:B4"))
        api.server.forget_faults()
        api.get()
        assert column(api, "A")[0] == "Commander"
