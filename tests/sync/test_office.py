"""Officers edit the sheet, and it counts: the whole way, from the cell through the store and back into the cell."""

from collections.abc import Iterator

import pytest

from chalicelib.domain.due import FRESHNESS, PLAINLY, obstacle_now
from local.sheets import Fault
from sheets_sync.content.words import CONFIRM, SAYS
from tests.sync.office import COMMANDERS, HIDDEN, PROGRESS, Office, new_office
from tests.world import DEFENDERS

NAME, POINTS, EVENT = "Commander", "Official points", "Defenders of Peace"
MANY = [f"Commander {letter}" for letter in "ABCDEFGHIJKL"]


@pytest.fixture
def office() -> Iterator[Office]:
    with new_office("Ash", "Elm", "Oak") as office:
        yield office


def test_a_tick_counts_and_an_untick_takes_it_back(office: Office) -> None:
    office.tick("Ash")
    office.sync()
    assert (office.done(), office.says("Ash")) == ({"Ash"}, f"{HIDDEN}: recorded.")
    office.sync()
    office.tick("Ash")
    office.sync()
    assert (office.done(), office.says("Ash")) == (set(), f"{HIDDEN}: taken back.")
    assert office.shown(COMMANDERS, "Ash", HIDDEN) is False


def test_what_counts_costs_one_read_and_one_write(office: Office) -> None:
    office.tick("Ash")
    office.type("", NAME, "Wren")
    office.server.requests.clear()
    office.sync()
    assert [request.kind for request in office.server.requests] == ["read", "write"]
    office.server.requests.clear()
    office.run()
    assert office.server.requests == [], "it shows that already"
    office.sync()
    assert [request.kind for request in office.server.requests] == ["read"], (
        "a look finds nothing, and writes nothing"
    )


def test_a_column_that_is_gone_stops_nothing_where_it_can_not_come_back(office: Office) -> None:
    column = office.at(COMMANDERS, "Ash", HIDDEN).rstrip("0123456789")
    office.officer.delete(COMMANDERS, f"{column}:{column}")
    office.officer.protect(COMMANDERS, "A4:Z5")
    office.report("Oak")
    office.sync()
    office.officer.unprotect(COMMANDERS)
    office.world.clock.advance(seconds=PLAINLY.total_seconds())
    office.sync()
    office.tick("Ash")
    office.sync()
    assert office.done() == {"Ash", "Oak"}


def test_names(office: Office) -> None:
    office.type("Elm", NAME, "Kestrel")
    office.type("", NAME, "Wren")
    office.sync()
    assert office.names == ["Ash", "Kestrel", "Oak", "Wren"]
    assert office.says("Kestrel").startswith("Elm is now called Kestrel.")
    assert office.says("Wren") == "Wren: added."
    office.type("", NAME, "Kestral")
    office.sync()
    assert office.says("") == (
        '"Kestral": did you mean Kestrel? Type that below, or + before the name if it is somebody new.'
    )
    assert office.shown(COMMANDERS, "", NAME) is None
    office.type("", NAME, "+Kestral")
    office.sync()
    assert office.names == ["Ash", "Kestral", "Kestrel", "Oak", "Wren"]
    assert office.says("") == "", "it is about the name that was typed before"


def test_a_name_that_another_has_is_put_back_and_said(office: Office) -> None:
    office.type("Elm", NAME, "Oak")
    office.sync()
    assert office.names == ["Ash", "Elm", "Oak"]
    assert (
        office.says("Elm")
        == '"Oak" is the name of another commander, or was. To make the two one, merge them.'
    )


def test_official_points(office: Office) -> None:
    office.type(EVENT, POINTS, "500", PROGRESS)
    office.sync()
    assert office.says(EVENT, PROGRESS) == "500 official points: recorded."
    assert [one.points for one in office.world.muster.readings.all(office.admin, "101", DEFENDERS)] == [500]
    office.clear(EVENT, POINTS, PROGRESS)
    office.sync()
    assert office.says(EVENT, PROGRESS) == "Official points: taken back."
    assert office.world.muster.readings.all(office.admin, "101", DEFENDERS) == []
    assert office.shown(PROGRESS, EVENT, POINTS) == "no reading"


def test_official_points_that_reach_a_reward_wait_for_a_box(office: Office) -> None:
    office.type(EVENT, POINTS, "9000", PROGRESS)
    office.sync()
    assert "Are they right? Then tick the box." in office.says(EVENT, PROGRESS)
    assert office.shown(PROGRESS, EVENT, POINTS) == 9000
    assert office.world.muster.readings.all(office.admin, "101", DEFENDERS) == []
    said = office.server.snapshot(office.id)
    office.sync()
    assert office.server.snapshot(office.id) == said, "it asks once"
    office.tick(EVENT, CONFIRM, PROGRESS)
    office.sync()
    assert office.says(EVENT, PROGRESS) == "9,000 official points: recorded."
    assert office.shown(PROGRESS, EVENT, CONFIRM) is None


def test_an_answer_stands_for_a_day(office: Office) -> None:
    office.tick("Ash")
    office.sync()
    office.world.clock.advance(hours=23)
    office.sync()
    assert office.says("Ash") == f"{HIDDEN}: recorded."
    office.world.clock.advance(hours=1)
    office.sync()
    assert office.says("Ash") == ""


def test_somebody_elses_later_act_stands_and_the_row_says_so(office: Office) -> None:
    office.report("Ash")
    office.sync()
    office.tick("Ash")
    correct = office.world.muster.corrections.correct
    for action in ("void", "restore"):
        correct(office.admin, action, "Ash", f"{DEFENDERS}/hidden-motivations", "a slip", "101")
    office.sync()
    assert office.done() == {"Ash"}
    assert "somebody else changed this" in office.says("Ash")
    assert office.shown(COMMANDERS, "Ash", HIDDEN) is True


def test_what_is_no_edit_is_put_back_in_words(office: Office) -> None:
    office.clear("Ash", NAME)
    office.clear("Elm", HIDDEN)
    office.sync()
    assert "That is no name" in office.says("Ash")
    assert "Only a tick or an untick counts" in office.says("Elm")
    assert office.names == ["Ash", "Elm", "Oak"]
    office.tick("Elm")  # it is a box again
    office.sync()
    assert office.done() == {"Elm"}


def test_what_is_typed_where_answers_stand_goes_without_a_word(office: Office) -> None:
    office.type("Ash", SAYS, "thanks")
    office.sync()
    assert "thanks" not in str(office.server.snapshot(office.id)["sheets"])


def test_boxes_come_when_a_milestone_opens(office: Office) -> None:
    late = "Assembling the Resistance"
    assert office.shown(COMMANDERS, "Ash", late) is None
    office.type("Ash", late, "TRUE")
    office.sync()
    assert office.says("Ash") == f"{late}: not open yet: opens Thu 16 Nov at 00:00 UTC."
    office.world.clock.advance(hours=13)
    office.sync()
    office.tick("Ash", late)
    office.sync()
    assert office.says("Ash") == f"{late}: recorded."


class TestTheBrake:
    @pytest.fixture
    def office(self) -> Iterator[Office]:
        with new_office(*MANY) as office:
            for name in MANY:
                office.report(name)
            office.sync()
            for name in MANY[:4]:
                office.tick(name)
            office.type("", NAME, "Wren")
            office.sync()
            yield office

    def offer(self, office: Office, place: int) -> str:
        row = office.grid(COMMANDERS)[1]
        columns = [column for column, value in enumerate(row) if value is False]
        return f"{'ABCDEFGHIJ'[columns[place]]}2"

    def test_nothing_of_it_is_applied_and_the_cells_wait(self, office: Office) -> None:
        assert office.done() == set(MANY)
        assert "Wren" in office.names, "what takes nothing from anybody is applied"
        assert [office.shown(COMMANDERS, name, HIDDEN) for name in MANY[:5]] == [False] * 4 + [True]
        assert str(office.grid(COMMANDERS)[1][0]).startswith("4 commanders would lose ticks or names")
        before = office.server.snapshot(office.id)
        office.sync()
        assert office.server.snapshot(office.id) == before

    def test_apply_these(self, office: Office) -> None:
        office.officer.tick(COMMANDERS, self.offer(office, 0))
        office.sync()
        assert office.done() == set(MANY[4:])
        assert office.says(MANY[0]) == f"{HIDDEN}: taken back."
        assert False not in office.grid(COMMANDERS)[1]

    def test_put_back(self, office: Office) -> None:
        office.officer.tick(COMMANDERS, self.offer(office, 1))
        office.sync()
        assert office.done() == set(MANY)
        assert office.says(MANY[0]) == "Put back, as you asked."
        assert office.shown(COMMANDERS, MANY[0], HIDDEN) is True

    def test_one_more_is_offered_anew(self, office: Office) -> None:
        office.tick(MANY[6])
        office.officer.tick(COMMANDERS, self.offer(office, 0))
        office.sync()
        assert office.done() == set(MANY)
        assert str(office.grid(COMMANDERS)[1][0]).startswith("5 commanders would lose ticks or names")
        office.tick(MANY[6])
        office.tick(MANY[5])
        office.sync()
        office.tick(MANY[5])
        office.tick(MANY[0])
        office.tick(MANY[1])
        office.sync()
        assert office.done() == set(MANY[4:]) | set(MANY[:2]), "two are few: they are taken"


class TestBindings:
    def bind(self, office: Office, alliance: str = "nova", *, edits: bool = True) -> None:
        office.world.muster.bindings.bind(office.admin, office.id, "101", alliance, edits=edits)

    @pytest.mark.parametrize("edits", [True, False])
    def test_what_stood_there_when_edits_were_switched_on_is_none(self, edits: bool) -> None:
        with new_office("Ash", edits=edits) as office:
            office.type("Ash", NAME, "Aspen")
            self.bind(office)
            office.sync()
            assert office.names == ["Ash"]
            assert office.shown(COMMANDERS, "Ash", NAME) == "Ash"
            office.tick("Ash")
            office.sync()
            assert office.done() == {"Ash"}

    def test_while_they_are_off_a_try_is_answered_where_it_happened(self) -> None:
        with new_office("Ash", "Elm", edits=False) as office:
            office.type("Ash", HIDDEN, "x")
            office.type("", NAME, "Wren")
            office.type(EVENT, POINTS, "9000", PROGRESS)
            office.world.clock.advance(seconds=FRESHNESS.total_seconds())
            office.sync()
            said = office.says("Ash")
            assert said.startswith(f"{HIDDEN}: put back, since what is typed here does not count.")
            assert "ask whoever runs Muster to switch edits on" in said
            assert office.says("").startswith("Commander: put back")
            assert office.says(EVENT, PROGRESS).startswith("Official points: put back")
            assert (office.names, office.shown(COMMANDERS, "Ash", HIDDEN)) == (["Ash", "Elm"], None)

    def test_switched_off_the_boxes_are_ticks_again(self, office: Office) -> None:
        office.report("Ash")
        self.bind(office, edits=False)
        office.sync()
        assert [office.shown(COMMANDERS, name, HIDDEN) for name in ("Ash", "Elm")] == ["✓", None]
        office.type("Elm", HIDDEN, "no box refuses this")

    def test_of_another_alliance_nothing_is_taken(self, office: Office) -> None:
        office.world.muster.rosters.add(office.admin, "101", "orbit", "Heron")
        office.tick("Ash")
        self.bind(office, "orbit")
        office.sync()
        self.bind(office)
        office.sync()
        assert office.done() == set()
        office.tick("Ash")
        office.sync()
        assert office.done() == {"Ash"}


class TestWhatGoesWrong:
    def test_a_write_whose_answer_is_lost_takes_nothing_twice(self, office: Office) -> None:
        office.tick("Ash")
        office.server.inject(Fault("refuse_after", match="batchUpdate"))
        office.sync()
        assert office.done() == {"Ash"}
        entries = office.world.muster.ledger_pages.of_server(office.admin, "101").entries
        assert [one.action for one in entries].count("report") == 1

    def test_what_could_not_be_decided_keeps_its_cell_and_is_taken_next(
        self, office: Office, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from chalicelib.domain.errors import Busy
        from chalicelib.services.corrections import Corrections

        def busy(*_: object, **__: object) -> None:
            raise Busy

        office.tick("Ash")
        with monkeypatch.context() as patch:
            patch.setattr(Corrections, "tick", busy)
            office.sync()
        assert office.done() == set()
        assert office.shown(COMMANDERS, "Ash", HIDDEN) is True
        assert office.says("Ash").startswith("Muster could not record this yet.")
        (due,) = office.world.muster.sheet_queue.due()
        assert due.sheet.touched_at, "it is due without Drive's telling"
        office.sync()
        assert (office.done(), office.says("Ash")) == ({"Ash"}, f"{HIDDEN}: recorded.")

    def test_a_tick_that_comes_while_google_refuses_the_write_is_taken_next(self, office: Office) -> None:
        """What goes more plainly then leaves its cell alone."""
        tick = office.at(COMMANDERS, "Ash", HIDDEN)
        office.report("Elm")
        office.server.meanwhile(lambda: office.officer.tick(COMMANDERS, tick), match="batchUpdate")
        office.server.inject(Fault("refuse", 400, match="batchUpdate"))
        office.sync()
        assert office.shown(COMMANDERS, "Ash", HIDDEN) is True
        office.run()
        assert office.done() == {"Ash", "Elm"}

    def test_what_was_taken_is_shown_though_reads_are_old(self) -> None:
        with new_office("Ash", store="dynamodb") as office:
            dynamodb = office.world.dynamodb

            def grow_old() -> None:
                dynamodb.chaos = lambda operation: "stale" if operation == "Query" else None

            office.tick("Ash")
            office.server.meanwhile(grow_old, match="getByDataFilter")
            office.sync()
            dynamodb.chaos = None
            assert office.done() == {"Ash"}
            assert office.shown(COMMANDERS, "Ash", HIDDEN) is True

    def test_what_google_refuses_goes_plainly_for_a_while(self, office: Office) -> None:
        office.report("Elm")
        office.server.inject(Fault("refuse", 400, match="batchUpdate"))
        office.sync()
        (sheet,) = office.world.muster.stores.sheets.all()
        assert "answered 400" in (obstacle_now(sheet, office.world.clock()) or "")

    def test_two_sheets_of_one_alliance(self, office: Office) -> None:
        other = Office(office.world, office.server, "sheet-two")
        office.server.create_spreadsheet("Second", {"Own": [["kept"]]}, other.id)
        office.world.muster.stores.sheets.bind(other.id, "101", "nova", edits=True)
        office.sync()
        office.tick("Ash")
        other.tick("Elm")
        office.type("Oak", NAME, "Acorn")
        other.type("Oak", NAME, "Twig")
        office.sync()
        office.sync()
        assert office.done() == {"Ash", "Elm"}
        (oak,) = set(office.names) - {"Ash", "Elm"}
        assert oak in ("Acorn", "Twig")
        loser = other if oak == "Acorn" else office
        assert "somebody else changed this commander" in loser.says(oak)


class TestSeenSoon:
    """With the stand-in's Drive: nothing but what Google tells makes a sheet due."""

    @pytest.fixture
    def office(self) -> Iterator[Office]:
        with new_office("Ash", "Elm", is_watched=True) as office:
            office.run()
            office.server.requests.clear()
            yield office

    def asked(self, office: Office) -> list[str]:
        """What was asked for since the last look, of Sheets and of Drive."""
        found = ["drive" if "/drive/" in one.path else one.kind for one in office.server.requests]
        office.server.requests.clear()
        return found

    def test_an_edit_is_taken_by_the_next_run_and_our_own_write_is_not_looked_at(
        self, office: Office
    ) -> None:
        office.tick("Ash")
        office.run()
        assert (office.done(), self.asked(office)) == ({"Ash"}, ["drive", "read", "write"])
        for _ in range(3):
            office.run()
        assert self.asked(office) == ["drive", "drive", "drive"]

    def test_without_edits_a_run_is_one_request(self, office: Office) -> None:
        office.run()
        assert self.asked(office) == ["drive"]

    def test_an_edit_just_before_our_write_hides_behind_it_and_is_taken_all_the_same(
        self, office: Office
    ) -> None:
        office.report("Elm")
        tick = office.at(COMMANDERS, "Ash", HIDDEN)
        office.server.meanwhile(lambda: office.officer.tick(COMMANDERS, tick), match="batchUpdate")
        office.run()
        assert office.done() == {"Elm"}
        office.run()
        assert office.done() == {"Ash", "Elm"}

    def test_the_state_row_says_how_soon(self, office: Office) -> None:
        assert str(office.grid(COMMANDERS)[1][0]).endswith("; what you edit is taken within two minutes")
        office.server.drive.is_enabled = False
        office.tick("Ash")
        office.run()
        assert office.done() == set()
        office.world.clock.advance(seconds=FRESHNESS.total_seconds())
        office.run()
        assert office.done() == {"Ash"}
        assert str(office.grid(COMMANDERS)[1][0]).endswith("; what you edit is taken every 15 minutes")
