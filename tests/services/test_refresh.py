"""The scheduled recount: what is read, in which order, and what is put off."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from chalicelib.domain.calendar import SKEW
from chalicelib.domain.errors import Busy
from chalicelib.domain.roster import Server
from chalicelib.services.counting import COUNTED_AGAIN, KNOWN_LATE
from chalicelib.services.refresh import ENOUGH
from chalicelib.store import keys
from chalicelib.store.completions import LONGEST_WRITE, Completions, Tally
from chalicelib.store.table import Update
from tests.world import ARCHITECTS, CONFRONTING_RESILIENCE, DEFENDERS, HIDDEN_MOTIVATIONS, World

Place = tuple[str, ...]


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[Place]:
    """Whose cards have been read to count them: server, event, alliance."""
    places: list[Place] = []
    tallies = Completions.tallies

    def noted(self: Completions, server: str, event: str, alliances: Sequence[str]) -> list[Tally]:
        places.extend((server, event, alliance) for alliance in alliances)
        return tallies(self, server, event, alliances)

    monkeypatch.setattr(Completions, "tallies", noted)
    return places


def report(world: World, name: str, *milestones: str, alliance: str = "nova") -> None:
    key = world.key("officer", "101", None)
    world.muster.reporting.report(key, name, milestones, "101", alliance)


class TestWhatIsRead:
    def test_the_cards_of_what_has_changed_and_no_others(self, world: World, counted: list[Place]) -> None:
        world.muster.refresh.refresh_totals()
        counted.clear()
        world.muster.refresh.refresh_totals()
        assert counted == []
        report(world, "Kestrel", HIDDEN_MOTIVATIONS)
        assert world.muster.refresh.refresh_totals().recounted == 1
        assert counted == [("101", DEFENDERS, "nova")]

    def test_all_cards_once_a_day_since_no_counter_tells_of_drift(
        self, world: World, counted: list[Place]
    ) -> None:
        report(world, "Kestrel", HIDDEN_MOTIVATIONS)
        world.muster.refresh.refresh_totals()
        planted = Update(keys.totals("101", DEFENDERS, "nova"), add={"commanders": 1})
        world.muster.stores.table.write(planted)
        world.clock.advance(seconds=COUNTED_AGAIN.total_seconds() - 1)
        assert world.muster.refresh.refresh_totals().drifts == ()
        world.clock.advance(seconds=1)
        counted.clear()
        (drift,) = world.muster.refresh.refresh_totals().drifts
        assert (drift.stored.commanders, drift.counted.commanders) == (2, 1)
        assert len(counted) == 4

    def test_what_changed_while_it_was_counted_is_counted_again(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        report(world, "Kestrel", HIDDEN_MOTIVATIONS)
        settle = Completions.settle

        def late(self: Completions, *what: object) -> int:
            monkeypatch.undo()
            report(world, "Merlin", HIDDEN_MOTIVATIONS)
            return settle(self, *what)  # type: ignore[arg-type]

        world.muster.refresh.refresh_totals()
        report(world, "Osprey", HIDDEN_MOTIVATIONS)
        monkeypatch.setattr(Completions, "settle", late)
        world.muster.refresh.refresh_totals()
        assert world.muster.refresh.refresh_totals().recounted == 1
        assert world.muster.ledger_pages.differences("101") == []


class TestTheLedger:
    def test_a_report_after_the_archiving_of_which_its_process_did_not_know_is_in_it(
        self, world: World
    ) -> None:
        elsewhere, admin = world.process(), world.key("admin", None, None)
        assert elsewhere.directory.events()
        event = world.muster.directory.event(DEFENDERS)
        world.muster.administration.put_event(admin, event.model_copy(update={"archived": True}))
        elsewhere.reporting.report(world.key(), "Kestrel", [HIDDEN_MOTIVATIONS])
        world.muster.refresh.refresh_totals()
        entries = world.muster.stores.ledger.page("101")
        assert "report" in [entry.action for entry in entries]
        assert world.muster.ledger_pages.differences("101") == []

    def test_an_archived_event_is_looked_at_for_a_week(self, world: World) -> None:
        admin, event = world.key("admin", None, None), world.muster.directory.event(DEFENDERS)
        world.muster.administration.put_event(admin, event.model_copy(update={"archived": True}))
        world.clock.advance(seconds=KNOWN_LATE.total_seconds() - 1)
        assert DEFENDERS in [one.id for one in world.muster.counting.events("101")]
        world.clock.advance(seconds=1)
        assert DEFENDERS not in [one.id for one in world.muster.counting.events("101")]

    @pytest.mark.parametrize("apart", [-30, 30])
    def test_a_report_by_a_clock_that_is_apart_is_in_it(self, world: World, apart: float) -> None:
        """It took its time before the recount, and was written after."""
        world.muster.refresh.refresh_totals()
        other = world.process(clock=lambda: world.clock() + timedelta(seconds=apart - 29))
        other.reporting.report(world.key(), "Kestrel", [HIDDEN_MOTIVATIONS, CONFRONTING_RESILIENCE])
        world.muster.refresh.refresh_totals()
        assert world.muster.ledger_pages.differences("101") == []
        assert "report" in [entry.action for entry in world.muster.stores.ledger.page("101")]

    @pytest.mark.parametrize("asleep", [LONGEST_WRITE + SKEW, timedelta(hours=2)])
    def test_a_report_whose_machine_was_asleep_before_it_was_written_is_in_it(
        self, world: World, monkeypatch: pytest.MonkeyPatch, asleep: timedelta
    ) -> None:
        record, elsewhere = Completions.record, world.process()

        def late(self: Completions, *what: object) -> None:
            monkeypatch.undo()
            world.clock.now += asleep + timedelta(seconds=1)
            elsewhere.refresh.refresh_totals()
            record(self, *what)  # type: ignore[arg-type]

        monkeypatch.setattr(Completions, "record", late)
        world.muster.reporting.report(world.key(), "Kestrel", [HIDDEN_MOTIVATIONS, CONFRONTING_RESILIENCE])
        world.muster.refresh.refresh_totals()
        assert world.muster.ledger_pages.differences("101") == []
        reports = [one for one in world.muster.stores.ledger.page("101") if one.action == "report"]
        assert [one.actor.label for one in reports] == ["test member"] * 2


class TestTurns:
    def test_every_server_has_its_turn_where_there_are_more_than_fit_into_a_run(self, world: World) -> None:
        """113 servers, and time for 23 in a run: each within five runs, and again within the next five."""
        numbers = sorted(f"{number}" for number in range(101, 214))
        for number in numbers[1:]:
            world.muster.stores.definitions.put_server(Server(number))
        seen: list[list[str]] = []
        for _ in range(10):
            begun: list[str] = []
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(Completions, "note_refreshing", noting(begun))
                world.muster.refresh.refresh_totals(lambda begun=begun: ENOUGH if len(begun) < 23 else 0.0)  # type: ignore[misc]
            seen.append(begun)
        rounds = [server for run in seen for server in run]
        assert rounds[:113] == numbers
        assert rounds[113:226] == numbers

    def test_the_points_of_all_are_sampled_whoever_has_no_turn(self, world: World) -> None:
        numbers = [f"{number}" for number in range(101, 106)]
        for number in numbers[1:]:
            world.muster.stores.definitions.put_server(Server(number))
        for _ in range(3):
            world.clock.advance(hours=1)
            begun: list[str] = []
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(Completions, "note_refreshing", noting(begun))
                world.muster.refresh.refresh_totals(lambda begun=begun: 0.0 if begun else ENOUGH)  # type: ignore[misc]
            assert len(begun) == 1
        hour = world.clock().replace(minute=0, second=0, microsecond=0)
        for number in numbers:
            for event in (DEFENDERS, ARCHITECTS):
                history = world.muster.stores.completions.standing(number, event).history
                assert list(history) == [hour - timedelta(hours=ago) for ago in (2, 1, 0)], number

    def test_a_run_that_dies_with_a_server_does_not_keep_the_others_from_their_turn(
        self, world: World
    ) -> None:
        world.muster.stores.definitions.put_server(Server("102"))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Completions, "counted", dying)
            with pytest.raises(KeyboardInterrupt):
                world.muster.refresh.refresh_totals()
        begun: list[str] = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Completions, "note_refreshing", noting(begun))
            world.muster.refresh.refresh_totals()
        assert begun == ["102", "101"]

    def test_what_the_table_does_not_give_is_put_off_alone(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        report(world, "Kestrel", HIDDEN_MOTIVATIONS)
        world.add_alliance("vega")
        report(world, "Merlin", HIDDEN_MOTIVATIONS, alliance="vega")
        tallies = Completions.tallies

        def busy(self: Completions, server: str, event: str, alliances: Sequence[str]) -> list[Tally]:
            if "nova" in alliances:
                raise Busy
            return tallies(self, server, event, alliances)

        with monkeypatch.context() as patch:
            patch.setattr(Completions, "tallies", busy)
            assert world.muster.refresh.refresh_totals().recounted == 4, "orbit and vega in both events"
            with pytest.raises(Busy):  # the ledger lacks what nova has reported
                world.muster.counting.bring_up("101")
        assert world.muster.refresh.refresh_totals().recounted == 2, "and nova with the next run"


def noting(begun: list[str]) -> object:
    note = Completions.note_refreshing

    def noted(self: Completions, server: str) -> None:
        begun.append(server)
        note(self, server)

    return noted


def dying(self: Completions, *place: Sequence[str]) -> None:
    raise KeyboardInterrupt


def test_after_the_clock_was_set_back_every_report_still_gets_its_ledger_entry(world: World) -> None:
    report(world, "Kestrel", HIDDEN_MOTIVATIONS)
    world.clock.advance(hours=6)
    world.muster.refresh.refresh_totals()
    world.clock.advance(hours=-5)
    report(world, "Merlin", HIDDEN_MOTIVATIONS)
    world.muster.refresh.refresh_totals()
    entries = world.muster.stores.ledger.all("101")
    assert len([entry for entry in entries if entry.action == "report"]) == 2
    assert world.muster.ledger_pages.differences("101") == []
    world.clock.advance(hours=-2)
    assert world.muster.refresh.refresh_totals().recounted, "though nothing has changed since"
