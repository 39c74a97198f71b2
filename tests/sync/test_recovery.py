"""What officers break in a sheet is whole again at the next sync, wherever it was broken."""

from collections.abc import Iterator

import pytest

from local.sheets import SheetsServer
from sheets_sync.content.words import CONFIRM
from sheets_sync.layout import column_letters
from tests.sync.desk import FIRST, Desk, ids
from tests.sync.office import COMMANDERS, PROGRESS, Office, new_office
from tests.world import CONFRONTING_RESILIENCE, ENLISTING_OLD_ALLIES, HIDDEN_MOTIVATIONS

NAMES = ["Ash", "Birch", "Cedar", "Elm", "Larch"]
FIVE = {name: [HIDDEN_MOTIVATIONS] for name in NAMES}
MORE = FIVE | {"Ash": [HIDDEN_MOTIVATIONS, ENLISTING_OLD_ALLIES]}


@pytest.fixture
def desk() -> Iterator[Desk]:
    with SheetsServer() as server:
        desk = Desk(server, server.create_spreadsheet("Officers", {"Officers": [["Officer"]]}))
        desk.sync(ids(FIVE))
        desk.add_column("commanders", {FIRST + at: f"of {name}" for at, name in enumerate(NAMES)})
        yield desk


@pytest.fixture
def office() -> Iterator[Office]:
    with new_office("Ash", "Elm", "Oak") as office:
        yield office


def forget(office: Office, name: str) -> None:
    roster = office.world.muster.stores.commanders.roster("101", "nova")
    who = next(one.id for one in roster if one.name == name)
    office.world.muster.rosters.forget(office.admin, "101", "nova", who)
    office.world.clock.advance(minutes=20)
    office.sync()


def text_of(office: Office) -> str:
    return str(office.server.snapshot(office.id)["sheets"])


def test_a_tab_that_is_deleted_between_read_and_write_is_made_again_at_once(desk: Desk) -> None:
    desk.server.meanwhile(lambda: desk.person.delete_tab(COMMANDERS), match=":batchUpdate")
    assert desk.sync(ids(MORE)) is None, "nothing is in the way, and the tab is there"


@pytest.mark.parametrize("merged", [2, 5])
def test_where_rows_are_stuck_new_ones_come_into_what_officers_add_up(desk: Desk, merged: int) -> None:
    own = column_letters(desk.column("commanders", "Retired") + 1)
    points = column_letters(desk.column("commanders", "Defenders of Peace points"))
    desk.person.merge(COMMANDERS, f"{own}{FIRST + 1}:{own}{FIRST + merged}")
    desk.person.type("Officers", "B1", f"=SUM('{COMMANDERS}'!{points}{FIRST}:{points}{FIRST + 5})")
    desk.sync(ids(FIVE | {"Aardvark": [HIDDEN_MOTIVATIONS], "Zebra": [HIDDEN_MOTIVATIONS]}), is_checked=False)
    assert desk.server.values(desk.id, "Officers")[0][1] == "700"


def test_replacing_text_everywhere_in_a_tab_stops_nothing_and_is_no_edit(office: Office) -> None:
    """Find and replace takes hidden cells too."""
    office.tick("Ash")
    office.sync()
    grid, header = office.grid(COMMANDERS), office.header(COMMANDERS)
    at = next(place for place, told in enumerate(grid[header]) if str(told).startswith("#1 "))
    for number, row in enumerate(grid[header + 1 :], header + 2):
        if len(row) > at and row[at]:
            changed = row[at][:8] + row[at][8:].replace("0", "zero").replace("1", "one")
            office.officer.type(COMMANDERS, f"{column_letters(at)}{number}", changed)
    office.tick("Elm")
    office.sync()
    assert office.done() == {"Ash"}
    assert office.shown(COMMANDERS, "Elm", "Hidden Motivations") is False
    office.tick("Elm")
    office.sync()
    assert office.done() == {"Ash", "Elm"}


def test_a_question_goes_with_what_it_asked_about(office: Office) -> None:
    event, points = "Defenders of Peace", "Official points"
    office.type(event, points, "9000", PROGRESS)
    office.sync()
    assert "tick the box" in office.says(event, PROGRESS)
    office.clear(event, points, PROGRESS)
    office.sync()
    assert office.says(event, PROGRESS) == ""
    assert office.shown(PROGRESS, event, CONFIRM) is None


def test_an_answer_names_nobody_who_is_forgotten_not_even_by_a_former_name(office: Office) -> None:
    office.type("Oak", "Commander", "Acorn")
    office.sync()
    office.type("Elm", "Commander", "Oak")
    office.sync()
    assert "Oak" in office.says("Elm")
    forget(office, "Acorn")
    assert "Oak" not in text_of(office)
    assert "Acorn" not in text_of(office)


def test_nor_does_a_tab_that_the_binding_has_none_of(office: Office) -> None:
    office.type("Oak", "Commander", "Acorn")
    office.sync()
    office.world.muster.bindings.bind(office.admin, office.id, "101", None)
    office.sync()
    forget(office, "Acorn")
    assert "Oak" not in text_of(office)
    assert "Acorn" not in text_of(office)


WITHOUT_BIRCH = {name: done for name, done in FIVE.items() if name != "Birch"}


@pytest.mark.parametrize("lost", ["B:B", "C:C", "B:C"])
def test_a_row_of_one_who_left_is_known_without_its_hidden_columns(desk: Desk, lost: str) -> None:
    left = ids(WITHOUT_BIRCH, {"Birch": "Birch"})
    desk.sync(left)
    desk.person.delete(COMMANDERS, lost)
    desk.sync(left)
    desk.sync(ids(WITHOUT_BIRCH, {"Birch": "Forgotten commander 1"}))
    (row,) = [row for row in desk.cells("commanders") if "of Birch" in row]
    assert row[:2] == ["Forgotten commander 1", "retired"]


def test_who_is_forgotten_just_when_the_keys_are_lost_is_not_called_by_their_name(desk: Desk) -> None:
    desk.person.delete(COMMANDERS, "B:B")
    desk.sync(ids(WITHOUT_BIRCH, {"Birch": "Forgotten commander 1"}))
    (row,) = [row for row in desk.cells("commanders") if "of Birch" in row]
    assert row[:2] == ["Forgotten commander 1", "retired"]


def test_a_lost_base_leaves_nobodys_name_below_what_is_up_to_date_in_ims_today(desk: Desk) -> None:
    base = column_letters(desk.tab("today")["properties"]["gridProperties"]["columnCount"] - 1)
    desk.person.type("IMS Today", "A15", "of the officers")
    desk.person.delete("IMS Today", f"{base}:{base}")
    desk.sync(ids({name: [HIDDEN_MOTIVATIONS, CONFRONTING_RESILIENCE] for name in NAMES}))
    shown = [row[0] for row in desk.cells("today") if row and row[0]]
    assert not set(shown) & set(NAMES), "nobody is missing"
    assert shown.count("Notes") == 1
    assert shown[-1] == "of the officers"


def test_a_plus_makes_somebody_new_though_google_takes_it_for_a_formula(office: Office) -> None:
    for typed in ("+Ashe", "+Elm Tree", "'+Oakk"):
        office.type("", "Commander", typed)
        office.sync()
    assert office.names == ["Ash", "Ashe", "Elm", "Elm Tree", "Oak", "Oakk"]


def test_what_is_entered_in_a_row_that_stands_twice_is_refused_in_words(office: Office) -> None:
    office.officer.insert_after(COMMANDERS, "6:6")
    office.officer.copy(COMMANDERS, "4:4", "A7")
    office.tick("Ash")
    office.sync()
    assert office.done() == set()
    assert office.says("Ash").startswith("It was not clear whose row this was")
    office.tick("Ash")
    office.sync()
    assert office.done() == {"Ash"}


def test_a_new_name_is_answered_once_where_its_row_cannot_be_added(office: Office) -> None:
    office.officer.protect(COMMANDERS, "A4:H4")
    office.report("Ash")
    for name in ("Wren", "Heron"):
        office.type("", "Commander", name)
        office.sync()
        assert name in office.names
        assert (office.says(""), office.shown(COMMANDERS, "", "Commander")) == (f"{name}: added.", None)
    office.officer.unprotect(COMMANDERS)
    office.world.clock.advance(hours=1)
    office.sync()
    assert [row[0] for row in office.grid(COMMANDERS)[3:8]] == ["Ash", "Elm", "Heron", "Oak", "Wren"]


def test_what_is_entered_in_a_row_that_a_write_meets_by_mistake_is_taken_or_asked_for_again(
    office: Office,
) -> None:
    """Ash's tick is written where Oak's row stands by then."""
    late, early = "Hidden Motivations", "Disarray Unleashed"
    office.report("Elm")
    office.sync()
    office.report("Ash")

    def act() -> None:
        office.officer.sort(COMMANDERS, None, by="A", descending=True)
        office.tick("Oak", late)
        office.tick("Oak", early)
        office.tick("Elm", late)

    office.server.meanwhile(act, match=":batchUpdate")
    office.sync()
    assert office.says("Oak").startswith("This row was moved just while it was written.")
    office.sync()
    assert office.done() == {"Ash"}, "Oak's tick was overwritten by one that says the same"
    assert (office.says("Elm"), office.says("Oak")) == (f"{late}: taken back.", f"{early}: recorded.")
