"""What officers edited in a sheet counts once, on condition of what the sheet showed, and is answered in words."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from chalicelib.domain.access import sheet_key
from chalicelib.domain.binding import Binding
from chalicelib.domain.bulk import Only
from chalicelib.domain.cards import Card
from chalicelib.domain.edits import Edit, NewCommander, OfficialPoints, Rename, Tick
from chalicelib.domain.errors import Busy, Conflict, NotFound
from chalicelib.domain.events import Event
from chalicelib.services.bulk_corrections import BulkOrder
from chalicelib.services.corrections import Corrections
from chalicelib.services.directory import Directory
from chalicelib.store.backoff import ATTEMPTS
from chalicelib.store.completions import Completions
from chalicelib.store.table import Change, Item, Table
from local.strict_dynamodb.faults import FaultKind
from tests.stores import Store, on_dynamodb, on_every_store
from tests.world import (
    ARCHITECTS,
    ASSEMBLING_THE_RESISTANCE,
    DEFENDERS,
    HIDDEN_MOTIVATIONS,
    World,
    new_world,
)

SHEET = Binding("sheet-one", "101", "nova")
TAB = "IMS Commanders"
NAME = "Hidden Motivations"


class Desk:
    """An officer at the sheet, who edits what it shows now."""

    def __init__(self, world: World) -> None:
        self.world, self.muster = world, world.muster
        self.admin = world.key("admin", None, None)

    def add(self, name: str) -> str:
        return self.muster.rosters.add(self.admin, "101", "nova", name, is_new=True).id

    def apply(
        self, *edits: Edit, sheet: Binding = SHEET, has_time: Callable[[], bool] = lambda: True
    ) -> list[tuple[str, str]]:
        """What became of each, and what the sheet says."""
        self.world.clock.advance(seconds=1)
        outcomes = self.muster.sheet_edits.apply(sheet, "Nova officers", edits, has_time)
        assert [one.edit for one in outcomes] == list(edits)
        return [(one.result, str(one.says or "")) for one in outcomes]

    def one(self, edit: Edit) -> tuple[str, str]:
        return self.apply(edit)[0]

    def tick(self, who: str, done: bool = True, milestone: str = HIDDEN_MOTIVATIONS) -> Tick:
        """As the sheet would show it now."""
        event, _, short = milestone.partition("/")
        card = self.muster.stores.completions.cards("101", "nova", who, [event], consistent=True)[event]
        return Tick(who, milestone, done, card.generation(short), TAB)

    def rename(self, who: str, name: str) -> Rename:
        commander = self.muster.stores.commanders.member("101", "nova", who)
        assert commander
        return Rename(who, name, commander.version, TAB)

    def points(
        self, points: int | None, event: str = DEFENDERS, *, confirmed: bool = False
    ) -> OfficialPoints:
        reading = self.muster.stores.completions.standing("101", event, consistent=True).reading
        seen = reading.generation if reading else None
        return OfficialPoints(event, points, seen, "IMS Progress", confirmed)

    def has(self, who: str, milestone: str = HIDDEN_MOTIVATIONS) -> bool:
        event, _, short = milestone.partition("/")
        cards = self.muster.stores.completions.cards("101", "nova", who, [event], consistent=True)
        return short in cards[event].completions

    def void(self, name: str, action: str = "void") -> None:
        self.muster.corrections.correct(self.admin, action, name, HIDDEN_MOTIVATIONS, "a slip", "101")  # type: ignore[arg-type]

    @property
    def names(self) -> list[str]:
        return [one.name for one in self.muster.stores.commanders.roster("101", "nova", consistent=True)]

    @property
    def official(self) -> int | None:
        reading = self.muster.stores.completions.standing("101", DEFENDERS, consistent=True).reading
        return reading.points if reading else None

    def entry(self) -> Item:
        """The latest of the ledger."""
        (entry,) = self.muster.ledger_pages.of_server(self.admin, "101", limit="1").entries
        return {
            "action": entry.action,
            "actor": (entry.actor.key_id, entry.actor.label, entry.actor.role),
            "alliance": entry.alliance,
            "commander": entry.commander and entry.commander.name,
            "before": entry.before,
            "after": entry.after,
        }


def before_the_next_transaction(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], object]
) -> None:
    """What another officer does after something was decided, and before it is written."""
    table, others = type(desk.muster.stores.table), iter([meanwhile])
    transact = table.transact

    def late(self: Table, changes: Sequence[Change]) -> None:
        for act in others:
            act()
        transact(self, changes)

    monkeypatch.setattr(table, "transact", late)


@pytest.fixture
def desk() -> Iterator[Desk]:
    with new_world() as world:
        yield Desk(world)


class TestTicks:
    @on_every_store
    def test_a_tick_is_recorded_once_and_an_untick_takes_it_back(self, store: Store) -> None:
        with new_world(store) as world:
            desk = Desk(world)
            ash = desk.add("Ash")
            tick = desk.tick(ash)
            assert desk.one(tick) == ("applied", f"{NAME}: recorded.")
            assert desk.one(tick) == ("as it was", ""), "sent again after its answer was lost"
            untick = desk.tick(ash, done=False)
            assert desk.one(untick) == ("applied", f"{NAME}: taken back.")
            assert desk.one(untick) == ("as it was", "")
            assert not desk.has(ash)
            assert desk.one(desk.tick(ash)) == ("applied", f"{NAME}: recorded.")
            assert world.muster.overview.progress("101", DEFENDERS, consistent=True).completions == 1
            assert world.muster.refresh.refresh_totals().drifts == ()
            assert world.muster.ledger_pages.differences("101") == []

    def test_the_ledger_says_where_who_what_old_and_new(self, desk: Desk) -> None:
        ash = desk.add("Ash")
        desk.one(desk.tick(ash))
        entry = desk.entry()
        assert entry["actor"] == ("sheet:sheet-one", "sheet: Nova officers", "officer")
        assert (entry["action"], entry["alliance"], entry["commander"]) == ("report", "nova", "Ash")
        assert entry["before"] == {HIDDEN_MOTIVATIONS: None}
        assert entry["after"].keys() == {HIDDEN_MOTIVATIONS, "tab"}
        assert entry["after"]["tab"] == TAB
        desk.one(desk.tick(ash, done=False))
        entry = desk.entry()
        assert (entry["action"], entry["after"]) == ("void", {HIDDEN_MOTIVATIONS: None, "tab": TAB})
        assert entry["before"][HIDDEN_MOTIVATIONS]["key"] == "sheet:sheet-one"

    @pytest.mark.parametrize("done", [True, False])
    def test_whoever_changed_it_meanwhile_has_the_last_word(self, desk: Desk, done: bool) -> None:
        ash = desk.add("Ash")
        if not done:
            desk.one(desk.tick(ash))
        edit = desk.tick(ash, done=done)
        desk.one(desk.tick(ash, done=done))
        desk.void("Ash", "void" if done else "restore")
        assert desk.one(edit)[0] == "refused"
        assert "somebody else changed this" in desk.one(edit)[1]
        assert desk.has(ash) is not done

    def test_others_ticks_of_the_card_are_no_conflict(self, desk: Desk) -> None:
        ash = desk.add("Ash")
        tick = desk.tick(ash)
        desk.muster.reporting.report(desk.world.key(), "Ash", [f"{DEFENDERS}/enlisting-old-allies"])
        assert desk.one(tick)[0] == "applied"

    def test_officers_windows_apply(self, desk: Desk) -> None:
        ash = desk.add("Ash")
        late = Tick(ash, ASSEMBLING_THE_RESISTANCE, True, 0, TAB)
        assert desk.one(late) == (
            "refused",
            "Assembling the Resistance: not open yet: opens Thu 16 Nov at 00:00 UTC.",
        )
        desk.world.clock.advance(days=30)
        assert desk.one(desk.tick(ash))[0] == "applied", "long after members may"
        event = desk.muster.directory.event(DEFENDERS)
        desk.muster.administration.put_event(desk.admin, event.model_copy(update={"archived": True}))
        desk.world.seconds.pass_cache()
        for edit in (desk.tick(ash, done=False), desk.tick(ash, milestone=ASSEMBLING_THE_RESISTANCE)):
            result, says = desk.one(edit)
            assert result == "refused"
            assert "archived" in says

    def test_whoever_has_left_is_left_alone(self, desk: Desk) -> None:
        ash = desk.add("Ash")
        edits = desk.tick(ash), desk.rename(ash, "Aspen")
        desk.muster.rosters.move(desk.admin, "101", "nova", ash, "orbit")
        left = ("refused", "This commander is no longer in Nova Guard, so nothing was changed.")
        assert desk.apply(*edits) == [left, left]
        assert desk.one(Tick(ash, "no/such", True, 0, TAB))[0] == "refused"

    def test_whoever_leaves_at_that_moment_too(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        """After they were found, and before their card is read: it says that it was left, and nothing else."""
        desk.world.add_alliance("vega")
        kestrel, cards, steps = desk.add("Kestrel"), Completions.cards, iter(["vega"])
        tick = desk.tick(kestrel)

        def late(self: Completions, *args: Any, **options: Any) -> dict[str, Card]:
            for alliance in steps:
                desk.muster.rosters.move(desk.admin, "101", "nova", kestrel, alliance)
            return cards(self, *args, **options)

        monkeypatch.setattr(Completions, "cards", late)
        assert desk.one(tick)[0] == "refused"
        assert not desk.has(kestrel)

    def test_one_that_was_recorded_is_told_though_the_table_is_busy_then(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tick, do = desk.tick(desk.add("Ash")), Corrections.tick

        def busy(_: Directory) -> list[Event]:
            raise Busy

        def ticked(*given: Any, **more: Any) -> bool:
            changed = do(*given, **more)
            monkeypatch.setattr(Directory, "events", busy)
            return changed

        monkeypatch.setattr(Corrections, "tick", ticked)
        assert desk.one(tick) == ("applied", f"{NAME}: recorded.")

    def test_the_rewards_that_ticks_reach_are_stamped(self, desk: Desk) -> None:
        event = desk.muster.directory.event(DEFENDERS)
        low = event.tiers[0].model_copy(update={"threshold": 100})
        desk.muster.administration.put_event(
            desk.admin, event.model_copy(update={"tiers": (low, *event.tiers[1:])})
        )
        desk.world.seconds.pass_cache()
        desk.one(desk.tick(desk.add("Ash")))
        (tier, *_) = desk.muster.overview.progress("101", DEFENDERS, consistent=True).tiers
        assert tier.reached_at == desk.world.clock()


class TestNames:
    def test_a_name_that_nobody_has_or_had_is_a_rename(self, desk: Desk) -> None:
        kestrel = desk.add("Kestrel")
        edit = desk.rename(kestrel, "Wren")
        assert desk.one(edit) == (
            "applied",
            "Kestrel is now called Wren. Is Wren somebody else? Type Kestrel here again, then +Wren in the empty row "
            "below the last.",
        )
        assert desk.entry()["before"] == {"name": "Kestrel"}
        assert desk.entry()["after"] == {"name": "Wren", "tab": TAB}
        assert desk.one(edit) == ("as it was", "")

    def test_and_they_are_parted_again_as_the_answer_says(self, desk: Desk) -> None:
        kestrel = desk.add("Kestrel")
        desk.one(desk.tick(kestrel))
        desk.one(desk.rename(kestrel, "Wren"))
        assert desk.one(desk.rename(kestrel, "Kestrel"))[0] == "applied"
        assert desk.one(NewCommander("+Wren", TAB)) == ("applied", "Wren: added.")
        assert desk.names == ["Kestrel", "Wren"]
        assert desk.has(kestrel)

    def test_what_another_has_or_had_is_none(self, desk: Desk) -> None:
        kestrel, merlin = desk.add("Kestrel"), desk.add("Merlin")
        desk.muster.rosters.rename(desk.admin, "101", "nova", merlin, "Osprey")
        for name in ("Osprey", "osprey", "Merlin", "[NOVA] Merlin"):
            assert desk.one(desk.rename(kestrel, name)) == (
                "refused",
                f'"{name}" is the name of another commander, or was. To make the two one, merge them.',
            )
        assert desk.names == ["Kestrel", "Osprey"]

    def test_what_changed_meanwhile_stays(self, desk: Desk) -> None:
        kestrel = desk.add("Kestrel")
        edit = desk.rename(kestrel, "Wren")
        desk.muster.rosters.rename(desk.admin, "101", "nova", kestrel, "Osprey")
        assert desk.one(edit)[0] == "refused"
        assert desk.names == ["Osprey"]

    @pytest.mark.parametrize("name", ["", "  ", "a" * 65, "\u202eWren", "+Wren"])
    def test_what_is_no_name_is_refused_in_words(self, desk: Desk, name: str) -> None:
        result, says = desk.one(desk.rename(desk.add("Kestrel"), name))
        assert result == "refused"
        assert says[-1] == "."

    def test_somebody_new_joins_once(self, desk: Desk) -> None:
        edit = NewCommander("[NOVA] Wren", TAB)
        assert desk.one(edit) == ("applied", "Wren: added.")
        assert desk.entry()["after"] == {"name": "Wren", "tab": TAB}
        assert desk.one(edit) == ("refused", '"[NOVA] Wren": Wren is on the roster already.')
        assert desk.names == ["Wren"]

    def test_near_names_are_asked_about_unless_a_plus_says_that_it_is_somebody_new(self, desk: Desk) -> None:
        desk.add("Kestrel")
        assert desk.one(NewCommander("Kestral", TAB)) == (
            "refused",
            '"Kestral": did you mean Kestrel? Type that below, or + before the name if it is somebody new.',
        )
        assert desk.one(NewCommander("+ Kestral", TAB)) == ("applied", "Kestral: added.")

    def test_a_former_name_is_given_to_somebody_new_only_with_a_plus(self, desk: Desk) -> None:
        kestrel = desk.add("Kestrel")
        desk.muster.rosters.rename(desk.admin, "101", "nova", kestrel, "Wren")
        assert desk.one(NewCommander("Kestrel", TAB)) == (
            "refused",
            '"Kestrel" was the name of Wren, who is on the roster. Type + before it if it is somebody new.',
        )
        assert desk.one(NewCommander("+Kestrel", TAB))[0] == "applied"
        assert desk.names == ["Kestrel", "Wren"]

    def test_who_is_elsewhere_is_refused_and_who_has_retired_comes_back(self, desk: Desk) -> None:
        desk.muster.rosters.add(desk.admin, "101", "orbit", "Heron")
        result, says = desk.one(NewCommander("+Heron", TAB))
        assert (result, "another alliance" in says) == ("refused", True)
        ash = desk.add("Ash")
        desk.muster.rosters.retire(desk.admin, "101", "nova", ash)
        assert desk.one(NewCommander("Ash", TAB)) == ("applied", "Ash: added.")
        assert desk.names == ["Ash"]


class TestOfficialPoints:
    def test_a_number_is_logged_once_and_cleared(self, desk: Desk) -> None:
        edit = desk.points(500)
        assert desk.one(edit) == ("applied", "500 official points: recorded.")
        assert desk.entry()["after"]["tab"] == "IMS Progress"
        assert desk.one(edit) == ("as it was", "")
        assert len(desk.muster.readings.all(desk.admin, "101", DEFENDERS)) == 1
        clear = desk.points(None)
        assert desk.one(clear) == ("applied", "Official points: taken back.")
        assert desk.one(clear) == ("as it was", "")
        assert (desk.official, desk.entry()["action"]) == (None, "withdraw")

    def test_the_one_before_counts_again(self, desk: Desk) -> None:
        desk.one(desk.points(500))
        desk.world.clock.advance(hours=1)
        desk.one(desk.points(600))
        assert desk.one(desk.points(None))[0] == "applied"
        assert desk.official == 500
        assert desk.one(desk.points(700))[0] == "applied", (
            "what became the latest again is known by its generation"
        )

    @pytest.mark.parametrize("typed", [700, None])
    def test_whoever_logged_one_meanwhile_has_the_last_word(self, desk: Desk, typed: int | None) -> None:
        desk.one(desk.points(500))
        edit = desk.points(typed)
        desk.muster.readings.log(desk.admin, "101", DEFENDERS, 600)
        assert desk.one(edit)[0] == "refused"
        assert desk.official == 600

    def test_the_same_number_withdrawn_and_logged_again_is_another_reading(self, desk: Desk) -> None:
        log, at = desk.muster.readings.log, desk.world.clock()
        first = log(desk.admin, "101", DEFENDERS, 500, at)
        clear = desk.points(None)
        desk.muster.readings.withdraw(desk.admin, "101", DEFENDERS, first.id)
        log(desk.admin, "101", DEFENDERS, 500, at)
        assert desk.one(clear)[0] == "refused"
        assert desk.official == 500

    def test_one_of_the_same_minute_that_another_officer_is_just_logging_is_seen(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        noon, log = desk.world.clock(), desk.muster.readings.log
        log(desk.admin, "101", DEFENDERS, 200, noon, confirm=True)
        before_the_next_transaction(
            desk, monkeypatch, lambda: log(desk.admin, "101", DEFENDERS, 400, noon, confirm=True)
        )
        with pytest.raises(Conflict, match="implausible-reading"):
            log(desk.admin, "101", DEFENDERS, 300, noon)
        assert desk.official == 400

    def test_one_that_two_officers_withdraw_at_once_is_withdrawn_once(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        readings = desk.muster.readings
        first = readings.log(desk.admin, "101", DEFENDERS, 200, confirm=True)
        desk.world.clock.advance(minutes=1)
        readings.log(desk.admin, "101", DEFENDERS, 400, confirm=True)
        before_the_next_transaction(
            desk, monkeypatch, lambda: readings.withdraw(desk.admin, "101", DEFENDERS, first.id)
        )
        with pytest.raises(NotFound, match="unknown-reading"):
            readings.withdraw(desk.admin, "101", DEFENDERS, first.id)
        assert [one.action for one in desk.muster.stores.ledger.all("101")].count("withdraw") == 1

    def test_what_reports_do_not_bear_out_is_asked_about_first(self, desk: Desk) -> None:
        assert desk.one(desk.points(9000)) == (
            "to be confirmed",
            "9,000 official points: It would reach the reward at 8,925 points, which the reported points don't reach "
            "yet. Are they right? Then tick the box.",
        )
        assert desk.official is None
        assert desk.one(desk.points(9000, confirmed=True))[0] == "applied"
        assert desk.one(desk.points(100))[0] == "to be confirmed", "they never fall"

    def test_before_the_event_it_is_refused_in_words(self, desk: Desk) -> None:
        desk.world.clock.advance(days=-30)
        result, says = desk.one(desk.points(500, ARCHITECTS))
        assert (result, says) == ("refused", "Official points: Architects of Chaos had not begun then.")

    def test_a_servers_sheet_takes_them_too(self, desk: Desk) -> None:
        assert desk.apply(desk.points(500), sheet=Binding("sheet-two", "101"))[0][0] == "applied"
        assert desk.entry()["actor"][0] == "sheet:sheet-two"


class TestWithinItsTime:
    def test_what_there_is_no_time_for_waits(self, desk: Desk) -> None:
        ash, elm = desk.add("Ash"), desk.add("Elm")
        left = iter([True, False])
        done, waits = desk.apply(desk.tick(ash), desk.tick(elm), has_time=lambda: next(left))
        assert (done[0], waits[0]) == ("applied", "undecided")
        assert (desk.has(ash), desk.has(elm)) == (True, False)

    @on_dynamodb
    @pytest.mark.parametrize("is_applied", [True, False])
    def test_a_lost_answer_waits_and_the_same_again_is_told_by_what_is_stored(
        self, store: Store, is_applied: bool
    ) -> None:
        with new_world(store) as world:
            desk = Desk(world)
            ash = desk.add("Ash")
            edits = desk.tick(ash), desk.rename(ash, "Aspen"), NewCommander("Elm", TAB), desk.points(500)
            for edit in edits:
                faults: list[FaultKind] = ["lost_answer" if is_applied else "throttled"]
                world.dynamodb.inject(*faults * ATTEMPTS)
                assert desk.one(edit)[0] == "undecided"
            again = [result for result, _ in desk.apply(*edits)]
            assert again == (
                ["as it was", "as it was", "refused", "as it was"] if is_applied else ["applied"] * 4
            )
            assert (desk.has(ash), desk.names, desk.official) == (True, ["Aspen", "Elm"], 500)


@pytest.mark.parametrize(("only", "left"), [("all", ["Ash", "Elm"]), ("new-commanders", ["Ash"])])
def test_what_a_sheet_did_is_taken_back_in_one_act(desk: Desk, only: Only, left: list[str]) -> None:
    ash = desk.add("Ash")
    desk.apply(desk.tick(ash), NewCommander("Elm", TAB))
    elm = next(one.id for one in desk.muster.stores.commanders.roster("101", "nova") if one.name == "Elm")
    desk.one(desk.tick(elm))
    done = desk.muster.bulk_corrections.take_back(
        desk.admin, BulkOrder("sheet:sheet-one", only, "somebody played with it", server="101")
    )
    assert done.completions == (2 if only == "all" else 1)
    assert (desk.has(ash), desk.has(elm)) == (only != "all", False)
    roster = desk.muster.stores.commanders.roster("101", "nova", consistent=True)
    assert [one.name for one in roster if not one.retired_at] == left


def test_a_sheet_may_no_more_than_an_officer_of_what_it_is_bound_to() -> None:
    key = sheet_key("sheet-one", "Nova officers", "101", "nova")
    assert (key.role, key.covers("101", "nova"), key.covers("101", "orbit"), key.covers("102", "nova")) == (
        "officer",
        True,
        False,
        False,
    )
