"""What officers do between our read and our write is met by the write, seen in its answer, and made good at once."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from local.sheets import Fault, Person, SheetsServer
from sheets_sync.layout import KEY_COLUMN, column_letters
from tests.sync.desk import FIRST, Desk, ids
from tests.world import ENLISTING_OLD_ALLIES, HIDDEN_MOTIVATIONS

TAB = "IMS Commanders"
NAMES = ["Ash", "Birch", "Cedar", "Elm", "Larch"]
FIVE = {name: [HIDDEN_MOTIVATIONS] for name in NAMES}
REPORTED = FIVE | {"Ash": [HIDDEN_MOTIVATIONS, ENLISTING_OLD_ALLIES]}
NOTES = {"Ash": "ash's note", "Larch": "larch's note"}


@pytest.fixture
def desk() -> Iterator[Desk]:
    with SheetsServer() as server:
        desk = Desk(server, server.create_spreadsheet("Officers", {"Officers": [["Officer"]]}))
        desk.sync(ids(FIVE))
        desk.add_column("commanders", {FIRST: NOTES["Ash"], FIRST + 4: NOTES["Larch"]})
        desk.server.requests.clear()
        yield desk


def notes(desk: Desk) -> dict[str, str]:
    return desk.beside("commanders", len(desk.seen("commanders")) - 1)


def requests(desk: Desk) -> list[str]:
    return [request.kind for request in desk.server.requests]


def test_a_sort_that_the_write_met(desk: Desk) -> None:
    desk.server.meanwhile(lambda: desk.person.sort(TAB, None, by="A", descending=True), match=":batchUpdate")
    desk.sync(ids(REPORTED))
    assert notes(desk) == NOTES
    assert requests(desk) == ["read", "write", "read", "write"]
    desk.sync(ids(REPORTED))
    assert requests(desk)[4:] == ["read"], "all is well"


def test_a_sort_that_the_write_met_where_it_gave_rows_their_lost_keys(desk: Desk) -> None:
    """So the keys stand in others' rows."""
    keys = column_letters(desk.column("commanders", KEY_COLUMN))
    desk.person.clear(TAB, f"{keys}{FIRST + 1}:{keys}{FIRST + len(NAMES)}")
    desk.server.meanwhile(lambda: desk.person.sort(TAB, None, by="A", descending=True), match=":batchUpdate")
    desk.sync(ids(REPORTED))
    assert notes(desk) == NOTES


def test_what_google_refuses_of_the_repair_is_made_good_in_values(desk: Desk) -> None:
    def act() -> None:
        desk.person.sort(TAB, None, by="A", descending=True)
        desk.server.meanwhile(
            lambda: desk.server.inject(Fault("refuse", 400, match=":batchUpdate")), match="getByDataFilter"
        )

    desk.server.meanwhile(act, match=":batchUpdate")
    desk.sync(ids(REPORTED), is_checked=False)
    assert requests(desk) == ["read", "write", "read", "write", "write"]
    assert notes(desk) == NOTES
    rows = {row[0]: row for row in desk.cells("commanders")}
    place = desk.seen("commanders").index(desk.column("commanders", ENLISTING_OLD_ALLIES))
    assert [name for name in NAMES if rows[name][place]] == ["Ash"]


def test_one_leaves_while_rows_are_sorted(desk: Desk) -> None:
    desk.server.meanwhile(lambda: desk.person.sort(TAB, None, by="A", descending=True), match=":batchUpdate")
    without = {name: done for name, done in FIVE.items() if name != "Cedar"}
    desk.sync(ids(without, {"Cedar": "Cedar"}))
    assert notes(desk) == NOTES
    assert "Cedar" not in str(desk.cells("commanders")), "nobody keeps anything there"


def test_two_are_renamed_while_rows_are_sorted(desk: Desk) -> None:
    """So each one's new name is written into the other's row."""
    today, view = {"Ash": "Aspen", "Larch": "Larix"}, ids(FIVE)
    named = [(one, one.commander.name) for one in view.commanders]
    renamed = [
        replace(one, commander=replace(one.commander, name=today.get(name, name))) for one, name in named
    ]
    desk.server.meanwhile(lambda: desk.person.sort(TAB, None, by="A", descending=True), match=":batchUpdate")
    desk.sync(replace(view, commanders=tuple(renamed)))
    assert notes(desk) == {"Aspen": NOTES["Ash"], "Larix": NOTES["Larch"]}


ACTS: dict[str, Callable[[Person], None]] = {
    "inserts a row on top": lambda person: person.insert_before(TAB, "1:1"),
    "inserts a row among ours": lambda person: person.insert_before(TAB, "5:5"),
    "deletes another's row": lambda person: person.delete(TAB, "5:5"),
    "deletes a column of ours": lambda person: person.delete(TAB, "F:F"),
    "inserts a column": lambda person: person.insert_before(TAB, "F:F"),
    "drags a row away": lambda person: person.move(TAB, "4:4", "9:9"),
    "copies a row": lambda person: person.copy(TAB, "4:4", "A10"),
    "sorts some": lambda person: person.sort(TAB, "4:6", by="A", descending=True),
    "hides a row": lambda person: person.hide(TAB, "5:5"),
    "freezes": lambda person: person.freeze(TAB, rows=5),
    "duplicates the tab": lambda person: person.duplicate_tab(TAB, "Copy"),
}


@pytest.mark.parametrize("name", ACTS)
def test_an_officer(desk: Desk, name: str) -> None:
    """While one has reported, one has come and one has left."""
    done = {name: done for name, done in REPORTED.items() if name != "Cedar"} | {"Aardvark": []}
    desk.server.meanwhile(lambda: ACTS[name](desk.person), match=":batchUpdate")
    desk.sync(ids(done))
    assert {name: note for name, note in notes(desk).items() if name in NOTES} == NOTES


def test_a_row_of_theirs_that_was_overwritten_is_as_it_was(desk: Desk) -> None:
    """A caption in our own columns, sorted to where we write a name."""
    person = desk.person
    person.insert_after(TAB, "9:9")
    for column, text in {"A": "Zz caption", "D": "of theirs", "G": "=1+1"}.items():
        person.type(TAB, f"{column}10", text)
    view = ids(FIVE | {"Ash": [ENLISTING_OLD_ALLIES]})
    (before,) = [row for row in desk.all_cells("commanders") if row and row[0] == "Zz caption"]
    desk.server.meanwhile(lambda: person.sort(TAB, None, by="A", descending=True), match=":batchUpdate")
    desk.sync(view)
    (after,) = [row for row in desk.all_cells("commanders") if row and row[0] == "Zz caption"]
    assert [*filter(None, after)] == [*filter(None, before)]
    assert notes(desk)["Ash"] == NOTES["Ash"]


def test_a_cell_in_a_column_of_theirs_is_put_back_when_one_of_ours_is_deleted_meanwhile(desk: Desk) -> None:
    last = column_letters(len(desk.seen("commanders")))
    area = f"{last}:{last}"  # the last of ours, so that theirs moves to where ours was
    new = ids(FIVE | {"Aardvark": []})
    desk.server.meanwhile(lambda: desk.person.delete(TAB, area), match=":batchUpdate")
    desk.sync(new)
    assert notes(desk) == NOTES


def test_ranges_of_the_officers_go_on_covering_all(desk: Desk) -> None:
    """From the first commander to the last, or from the header."""
    points = column_letters(desk.column("commanders", "Defenders of Peace points"))
    first, last = FIRST + 1, FIRST + len(NAMES)
    person = desk.person
    for row, area in enumerate([f"{points}{first}:{points}{last}", f"{points}{first - 1}:{points}{last}"], 1):
        person.type("Officers", f"B{row}", f"=SUM('{TAB}'!{area})")
    person.name_range(TAB, f"A{first}:A{last}", "commanders")
    person.add_filter_view(TAB, f"A{first - 1}:F{last}", "All")
    person.highlight(TAB, f"A{first}:A{last}", "=TRUE")

    done = dict(FIVE)
    for name in ("Aardvark", "Zebra", "Dogwood", "Abacus", "Zyzzyva"):
        done[name] = [HIDDEN_MOTIVATIONS]
        desk.sync(ids(done))
    for name in ("Abacus", "Larch", "Ash"):
        del done[name]
        desk.sync(ids(done))
    person.sort(TAB, None, by="A", descending=True)
    done["Aaron"] = done["Zz"] = [HIDDEN_MOTIVATIONS]
    desk.sync(ids(done))

    total = str(100 * len(done))
    assert [row[1] for row in desk.server.values(desk.id, "Officers")] == [total, total]
    everybody = FIRST, FIRST + len(done)
    resource = desk.server.snapshot(desk.id)
    tab = desk.tab("commanders")
    ranges = [
        resource["namedRanges"][0]["range"],
        tab["filterViews"][0]["range"] | {"startRowIndex": FIRST},
        *next(rule["ranges"] for rule in tab["conditionalFormats"] if "=TRUE" in str(rule)),
    ]
    for each in ranges:
        assert each["startRowIndex"] <= everybody[0] < everybody[1] <= each["endRowIndex"]
