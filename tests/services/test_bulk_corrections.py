"""What a key reported is taken back in bulk and given back (DESIGN §3.12): whom it concerns, in parts, and whatever
happens meanwhile."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain import bulk as domain_bulk
from chalicelib.domain.access import Key
from chalicelib.domain.bulk import Only
from chalicelib.domain.cards import CardChange, Completion, count
from chalicelib.domain.discord import Guild, OpenCode
from chalicelib.domain.errors import Busy, Forbidden, Malformed, NotFound
from chalicelib.domain.importing import Columns
from chalicelib.domain.standing import Totals
from chalicelib.services import bulk_corrections, joining
from chalicelib.services.bulk_corrections import BulkCorrection, BulkOrder
from chalicelib.services.imports import Options
from chalicelib.store import bulks, commanders, keys
from chalicelib.store.bulks import Bulks, Taken
from chalicelib.store.completions import Completions
from chalicelib.store.table import Change, ConditionFailed, Update
from tests.stores import on_dynamodb
from tests.world import (
    ARCHITECTS,
    CONFRONTING_RESILIENCE,
    DEFENDERS,
    ENLISTING_OLD_ALLIES,
    HIDDEN_MOTIVATIONS,
    World,
)

EVENTS = DEFENDERS, ARCHITECTS
TWO = [HIDDEN_MOTIVATIONS, CONFRONTING_RESILIENCE]


@pytest.fixture
def leaked(world: World) -> Key:
    """The link that everybody has by now."""
    return world.key()


def another_link(world: World) -> Key:
    return world.muster.directory.key(world.secret())


def report(world: World, key: Key, name: str, milestones: Sequence[str] = TWO) -> str:
    """The commander's id."""
    world.clock.advance(seconds=1)
    receipt = world.muster.reporting.report(key, name, milestones, "101", "nova", is_new=True)
    return receipt.commander.id


def order(key: Key, only: Only = "new-commanders", **how: object) -> BulkOrder:
    return replace(BulkOrder(key.id, only, "the link leaked"), **how)  # type: ignore[arg-type]


def take(world: World, wanted: BulkOrder, by: Key | None = None) -> list[BulkCorrection]:
    """All calls that it takes."""
    calls = [world.muster.bulk_corrections.take_back(by or world.key("officer"), wanted)]
    while calls[-1].remaining:
        calls.append(world.muster.bulk_corrections.take_back(by or world.key("officer"), wanted))
    agree(world)
    return calls


def give_back(world: World, bulk: str, by: Key | None = None) -> list[BulkCorrection]:
    world.clock.advance(seconds=1)
    calls = [world.muster.bulk_corrections.give_back(by or world.key("officer"), bulk)]
    while calls[-1].remaining:
        calls.append(world.muster.bulk_corrections.give_back(by or world.key("officer"), bulk))
    agree(world)
    return calls


def agree(world: World) -> None:
    """Totals are what the cards hold, the roster is counted, and the ledger alone tells what every card holds."""
    completions, muster = world.muster.stores.completions, world.muster
    for event in EVENTS:
        standing = completions.standing("101", event, consistent=True)
        for alliance in muster.directory.alliances("101"):
            cards = completions.alliance_cards("101", event, alliance.id, consistent=True)
            stored, counted = standing.alliances.get(alliance.id, Totals()), count(cards)
            assert stored.commanders == counted.commanders
            assert {m: n for m, n in stored.completions.items() if n} == counted.completions
    for alliance in muster.directory.alliances("101"):
        item = muster.stores.table.get(keys.alliance("101", alliance.id), consistent=True) or {}
        roster = muster.stores.commanders.roster("101", alliance.id)
        assert item.get("on_roster", 0) == sum(not one.retired_at for one in roster)
    assert muster.ledger_pages.differences("101") == []


def held(world: World, alliance: str = "nova") -> dict[str, dict[str, Completion]]:
    """What the commanders of an alliance have, by name and milestone."""
    names = {one.id: one.name for one in world.muster.stores.commanders.roster("101", alliance)}
    found: dict[str, dict[str, Completion]] = {}
    for event in EVENTS:
        for card in world.muster.stores.completions.alliance_cards("101", event, alliance, consistent=True):
            for milestone, completion in card.completions.items():
                settled = replace(completion, owed=None)
                found.setdefault(names[card.commander], {})[f"{event}/{milestone}"] = settled
    return found


def on_the_form(world: World) -> set[str]:
    return {one.name for one in world.muster.stores.commanders.roster("101", "nova") if not one.retired_at}


def before_the_next_write(meanwhile: Callable[[], object]) -> None:
    """Something that happens after a call has read what there is, and before it writes."""
    record, patch = Completions.record, pytest.MonkeyPatch()

    def late(self: Completions, changes: Sequence[CardChange], more: Sequence[Change] = ()) -> None:
        patch.undo()
        meanwhile()
        record(self, changes, more)

    patch.setattr(Completions, "record", late)


class TestWhomItConcerns:
    def test_whom_the_link_alone_brought_loses_all_and_leaves_the_form(
        self, world: World, leaked: Key
    ) -> None:
        officer, other = world.key("officer"), another_link(world)
        world.muster.rosters.add(officer, "101", "nova", "Added", is_new=True)
        report(world, leaked, "Added")
        report(world, other, "Elsewhere")
        report(world, leaked, "Elsewhere", [ENLISTING_OLD_ALLIES])
        report(world, leaked, "Both", [HIDDEN_MOTIVATIONS])
        report(world, other, "Both", [CONFRONTING_RESILIENCE])
        report(world, leaked, "By an officer too", [HIDDEN_MOTIVATIONS])
        report(world, officer, "By an officer too", [CONFRONTING_RESILIENCE])
        renamed = report(world, leaked, "Renamd")
        world.muster.rosters.rename(officer, "101", "nova", renamed, "Renamed")
        back = report(world, leaked, "Reinstated")
        world.muster.rosters.retire(officer, "101", "nova", back)
        world.muster.rosters.reinstate(officer, "101", "nova", back)
        spared = held(world)
        for number in range(3):
            report(world, leaked, f"Fake {number}")
        retired = report(world, leaked, "Fake whom an officer has retired")
        world.muster.rosters.retire(officer, "101", "nova", retired)
        again = report(world, leaked, "Fake who has come back by the link")
        world.muster.rosters.retire(officer, "101", "nova", again)
        report(world, leaked, "Fake who has come back by the link", [ENLISTING_OLD_ALLIES])
        (done,) = take(world, order(leaked))
        assert (done.commanders, done.completions, done.remaining) == (5, 11, 0)
        assert held(world) == spared
        assert on_the_form(world) == {
            "Added",
            "Elsewhere",
            "Both",
            "By an officer too",
            "Renamed",
            "Reinstated",
        }

    def test_who_was_imported_or_had_a_file_imported_is_known_to_officers(
        self, world: World, leaked: Key
    ) -> None:
        officer = world.key("officer")
        report(world, leaked, "Kestrel", [HIDDEN_MOTIVATIONS])
        text = "Commander,Milestone\nKestrel,Confronting Resilience\n"
        world.muster.imports.completions(officer, "101", "nova", text, Columns(), Options())
        assert take(world, order(leaked))[0].commanders == 0

    def test_a_merge_and_a_move_show_that_officers_know_them(self, world: World, leaked: Key) -> None:
        world.add_alliance("vega")
        admin = world.key("admin", None, None)
        first, second, third = (report(world, leaked, f"Kestrel {n}") for n in "abc")
        world.muster.rosters.merge(admin, "101", "nova", first, second)
        world.muster.rosters.move(admin, "101", "nova", third, "vega")
        world.muster.rosters.move(admin, "101", "vega", third, "nova")
        assert take(world, order(leaked))[0].commanders == 0

    def test_all_is_what_the_key_reported_for_anybody_and_nobody_retires(
        self, world: World, leaked: Key
    ) -> None:
        other = another_link(world)
        report(world, other, "Honest", [HIDDEN_MOTIVATIONS])
        report(world, leaked, "Honest", [CONFRONTING_RESILIENCE])
        report(world, leaked, "Fake")
        (done,) = take(world, order(leaked, "all"))
        assert (done.commanders, done.completions) == (2, 3)
        assert {name: set(mine) for name, mine in held(world).items()} == {"Honest": {HIDDEN_MOTIVATIONS}}
        assert on_the_form(world) == {"Honest", "Fake"}

    def test_only_what_was_recorded_in_the_time_and_who_came_in_it(self, world: World, leaked: Key) -> None:
        report(world, leaked, "Before", [HIDDEN_MOTIVATIONS])
        world.clock.advance(minutes=1)
        since = world.clock()
        report(world, leaked, "Before", [CONFRONTING_RESILIENCE])
        report(world, leaked, "Within", [HIDDEN_MOTIVATIONS])
        until = world.clock() + timedelta(seconds=1)
        report(world, leaked, "Within", [CONFRONTING_RESILIENCE])
        report(world, leaked, "After")
        assert take(world, order(leaked, since=since, until=until))[0].completions == 1
        assert {name: len(mine) for name, mine in held(world).items()} == {
            "Before": 2,
            "Within": 1,
            "After": 2,
        }
        assert on_the_form(world) == {"Before", "Within", "After"}, "who has something left stays"
        assert take(world, order(leaked, "all", since=since, until=until))[0].completions == 1
        assert take(world, order(leaked, "all", until=since))[0].completions == 1
        assert take(world, order(leaked, "all", since=until))[0].completions == 3

    def test_who_came_and_undid_it_leaves_the_form_too(self, world: World, leaked: Key) -> None:
        fake = report(world, leaked, "Fake")
        world.muster.corrections.undo(leaked, fake, world.clock())
        (done,) = take(world, order(leaked))
        assert (done.commanders, done.completions, on_the_form(world)) == (1, 0, set())

    def test_of_whom_0_1_0_stored_the_cards_tell(self, world: World, leaked: Key) -> None:
        other = another_link(world)
        fake, first = report(world, leaked, "Fake"), report(world, other, "Of another link", TWO[:1])
        world.muster.corrections.undo(other, first, world.clock())
        report(world, leaked, "Of another link", TWO[1:])
        for one in (fake, first):
            table = world.muster.stores.table
            table.write(Update(keys.commander("101", "nova", one), remove=["brought_by"]))
        assert take(world, order(leaked))[0].commanders == 1
        assert on_the_form(world) == {"Of another link"}

    def test_what_is_archived_stays_and_who_has_something_of_others_there_is_spared(
        self, world: World, leaked: Key
    ) -> None:
        admin, other = world.key("admin", None, None), another_link(world)
        report(world, leaked, "Fake")
        report(world, leaked, "Honest", [HIDDEN_MOTIVATIONS])
        report(world, other, "Honest", [CONFRONTING_RESILIENCE])
        event = world.muster.directory.event(ARCHITECTS)
        world.muster.administration.put_event(admin, event.model_copy(update={"archived": True}))
        (done,) = take(world, order(leaked))
        assert (done.commanders, done.completions) == (1, 1)
        assert {name: set(mine) for name, mine in held(world).items()} == {
            "Fake": {CONFRONTING_RESILIENCE},
            "Honest": {HIDDEN_MOTIVATIONS, CONFRONTING_RESILIENCE},
        }

    def test_the_keys_of_spreadsheets_and_guilds_are_keys(self, world: World, leaked: Key) -> None:
        report(world, leaked, "Known")
        for key_id in ("sheet:unbound", "discord:1234567890"):
            report(world, replace(world.key("officer"), id=key_id), "Known", [ENLISTING_OLD_ALLIES])
            assert take(world, order(leaked, "all", key_id=key_id))[0].completions == 1
        assert sorted(held(world)["Known"]) == sorted(TWO)

    def test_what_a_spreadsheet_or_a_guild_did_here_is_taken_back_wherever_it_is_bound_now(
        self, world: World, leaked: Key
    ) -> None:
        stores, elsewhere = world.muster.stores, replace(world.muster.directory.server("101"), id="102")
        stores.definitions.put_server(elsewhere)
        stores.sheets.bind("elsewhere", "102", None)
        used = OpenCode("hash", world.clock.now, "key")
        stores.guilds.offer("102", "nova", used)
        stores.guilds.bind(None, Guild("77", "102", "nova", world.clock.now), used)
        for key_id in ("sheet:elsewhere", "sheet:unbound", "discord:77"):
            report(world, replace(world.key("officer"), id=key_id), "Known", [ENLISTING_OLD_ALLIES])
            assert take(world, order(leaked, "all", key_id=key_id))[0].completions == 1, "no officer is told"

    def test_an_officer_s_key_is_taken_back_as_well(self, world: World, leaked: Key) -> None:
        report(world, leaked, "Known")
        theirs = world.key("officer", "101", None)
        report(world, theirs, "Known", [ENLISTING_OLD_ALLIES])
        report(world, theirs, "Known too")
        assert take(world, order(theirs))[0].commanders == 0
        assert take(world, order(theirs, "all"))[0].completions == 3


class TestInParts:
    @pytest.fixture(autouse=True)
    def ten_at_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bulk_corrections, "AT_ONCE", 10)

    def test_a_dry_run_counts_the_same_and_writes_nothing(self, world: World, leaked: Key) -> None:
        for number in range(12):
            report(world, leaked, f"Fake {number}")
        world.key("officer")
        before = list(world.muster.stores.table.scan())
        dry = world.muster.bulk_corrections.take_back(world.key("officer"), order(leaked, dry_run=True))
        assert list(world.muster.stores.table.scan()) == before
        calls = take(world, order(leaked))
        assert (dry.commanders, dry.completions, dry.remaining) == (12, 24, 0)
        assert {one.id for one in calls} == {dry.id}
        assert [(one.commanders, one.completions, one.remaining) for one in calls] == [(10, 20, 2), (2, 4, 0)]

    def test_many_are_taken_and_given_back_by_repeated_calls(self, world: World, leaked: Key) -> None:
        report(world, another_link(world), "Honest")
        for number in range(35):
            report(world, leaked, f"Fake {number}")
        before, everybody = held(world), on_the_form(world)
        world.clock.advance(hours=1)
        calls = take(world, order(leaked))
        assert [(one.commanders, one.remaining) for one in calls] == [(10, 25), (10, 15), (10, 5), (5, 0)]
        assert (set(held(world)), on_the_form(world)) == ({"Honest"}, {"Honest"})
        (more,) = take(world, order(leaked))
        assert (more.id, more.commanders, more.completions) == (calls[0].id, 0, 0)
        back = give_back(world, calls[0].id)
        assert [(one.commanders, one.completions, one.remaining) for one in back] == [
            *[(10, 20, 25), (10, 20, 15), (10, 20, 5)],
            (5, 10, 0),
        ]
        assert (held(world), on_the_form(world)) == (before, everybody)
        (nothing,) = give_back(world, calls[0].id)
        assert (nothing.commanders, nothing.completions, nothing.remaining) == (0, 0, 0)

    def test_it_can_be_taken_and_given_back_again(self, world: World, leaked: Key) -> None:
        for number in range(12):
            report(world, leaked, f"Fake {number}")
        before = held(world)
        for _ in range(2):
            calls = take(world, order(leaked))
            assert sum(one.completions for one in calls) == 24
            assert on_the_form(world) == set()
            assert sum(one.completions for one in give_back(world, calls[0].id)) == 24
            assert held(world) == before

    def test_a_part_can_be_given_back(self, world: World, leaked: Key) -> None:
        for number in range(15):
            report(world, leaked, f"Fake {number}")
        officer = world.key("officer")
        first = world.muster.bulk_corrections.take_back(officer, order(leaked))
        assert first.remaining == 5
        assert sum(one.commanders for one in give_back(world, first.id)) == 10
        assert len(on_the_form(world)) == 15

    def test_a_call_ends_in_time_and_always_does_something(
        self, world: World, leaked: Key, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for number in range(3):
            report(world, leaked, f"Fake {number}")
        monkeypatch.setattr(bulk_corrections, "SECONDS", 0.0)
        assert [one.remaining for one in take(world, order(leaked))] == [2, 1, 0]

    def test_what_a_busy_table_stops_is_gone_on_with(
        self, world: World, leaked: Key, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for number in range(5):
            report(world, leaked, f"Fake {number}")
        record, left = Completions.record, iter([True, True, False])

        def some(self: Completions, changes: Sequence[CardChange], more: Sequence[Change] = ()) -> None:
            if not next(left, False):
                raise Busy
            record(self, changes, more)

        with monkeypatch.context() as patch:
            patch.setattr(Completions, "record", some)
            with pytest.raises(Busy):
                take(world, order(leaked))
        agree(world)
        assert len(on_the_form(world)) == 3
        (done,) = take(world, order(leaked))
        assert (done.commanders, on_the_form(world)) == (3, set())
        assert sum(one.commanders for one in give_back(world, done.id)) == 5

    @on_dynamodb
    def test_lost_answers_and_conflicts_take_nothing_twice(self, world: World, leaked: Key) -> None:
        for number in range(4):
            report(world, leaked, f"Fake {number}")
        before, officer = held(world), world.key("officer")
        world.dynamodb.inject("lost_answer", "conflict", "lost_answer")
        (done,) = take(world, order(leaked), officer)
        assert (done.commanders, done.completions) == (4, 8)
        world.dynamodb.inject("conflict", "lost_answer", "lost_answer")
        (back,) = give_back(world, done.id, officer)
        assert (back.commanders, back.completions) == (4, 8)
        assert held(world) == before

    def test_one_card_that_can_not_be_read_stops_no_other(self, world: World, leaked: Key) -> None:
        bad = report(world, leaked, "Fake with a bad card")
        report(world, leaked, "Fake")
        world.muster.counting.bring_up("101")
        card = keys.card("101", ARCHITECTS, "nova", bad)
        world.muster.stores.table.write(Update(card, set={"version": "?"}))
        done = world.muster.bulk_corrections.take_back(world.key("officer"), order(leaked))
        assert (done.commanders, done.remaining) == (1, 0)
        assert on_the_form(world) == {"Fake with a bad card"}


class TestWhoChangesItLater:
    def test_what_somebody_has_changed_since_is_not_given_back(self, world: World, leaked: Key) -> None:
        officer, correct = world.key("officer"), world.muster.corrections.correct
        for name in ("Restored", "Voided again", "Reported again", "Voided before", "Untouched"):
            report(world, leaked, name)
        correct(officer, "void", "Voided before", HIDDEN_MOTIVATIONS, "a slip")
        (done,) = take(world, order(leaked, "all"))
        correct(officer, "restore", "Restored", HIDDEN_MOTIVATIONS, "they are real")
        for action in ("restore", "void"):
            correct(officer, action, "Voided again", HIDDEN_MOTIVATIONS, "no, a slip")
        report(world, another_link(world), "Reported again", [HIDDEN_MOTIVATIONS])
        again = held(world)["Reported again"][HIDDEN_MOTIVATIONS]
        (back,) = give_back(world, done.id)
        assert back.completions == 1 + 1 + 1 + 1 + 2
        now = {name: set(mine) for name, mine in held(world).items()}
        assert now == {
            "Restored": set(TWO),
            "Voided again": {CONFRONTING_RESILIENCE},
            "Reported again": set(TWO),
            "Voided before": {CONFRONTING_RESILIENCE},
            "Untouched": set(TWO),
        }
        assert held(world)["Reported again"][HIDDEN_MOTIVATIONS] == again

    def test_who_was_reinstated_or_came_back_is_not_touched(self, world: World, leaked: Key) -> None:
        officer = world.key("officer")
        back, gone = report(world, leaked, "Back"), report(world, leaked, "Gone")
        (done,) = take(world, order(leaked))
        for one in (back, gone):
            world.muster.rosters.reinstate(officer, "101", "nova", one)
        world.clock.advance(seconds=1)
        world.muster.rosters.retire(officer, "101", "nova", gone, "left the game")
        give_back(world, done.id)
        assert on_the_form(world) == {"Back"}
        assert set(held(world)) == {"Back", "Gone"}

    def test_it_is_given_back_wherever_they_have_gone(self, world: World, leaked: Key) -> None:
        world.add_alliance("vega")
        admin = world.key("admin", None, None)
        moved, absorbed = report(world, leaked, "Moved"), report(world, leaked, "Absorbed")
        survivor = report(world, another_link(world), "Survivor", [ENLISTING_OLD_ALLIES])
        (done,) = take(world, order(leaked))
        world.muster.rosters.move(admin, "101", "nova", moved, "vega")
        world.muster.rosters.merge(admin, "101", "nova", survivor, absorbed)
        (back,) = give_back(world, done.id, admin)
        assert (back.commanders, back.completions) == (2, 4)
        assert set(held(world, "vega")["Moved"]) == set(TWO)
        assert set(held(world)["Survivor"]) == {*TWO, ENLISTING_OLD_ALLIES}

    def test_an_alliance_s_officer_gives_back_nothing_of_another(self, world: World, leaked: Key) -> None:
        world.add_alliance("vega")
        moved = report(world, leaked, "Moved")
        (done,) = take(world, order(leaked))
        world.muster.rosters.move(world.key("admin", None, None), "101", "nova", moved, "vega")
        assert [one.commanders for one in give_back(world, done.id)] == [0]
        assert held(world, "vega") == {}

    def test_a_full_roster_does_not_keep_what_is_given_back_out(
        self, world: World, leaked: Key, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Such as one of 0.1.0, which had more than a roster takes now."""
        for number in range(3):
            report(world, leaked, f"Fake {number}")
        world.muster.stores.table.write(Update(keys.alliance("101", "nova"), remove=["on_roster"]))
        for module in (commanders, joining):
            monkeypatch.setattr(module, "MOST_COMMANDERS", 2)
        (done,) = take(world, order(leaked))
        assert (done.commanders, on_the_form(world)) == (3, set())
        assert give_back(world, done.id)[0].commanders == 3
        assert len(on_the_form(world)) == len(held(world)) == 3


def test_what_another_take_back_took_stays_taken(world: World, leaked: Key) -> None:
    report(world, leaked, "Fake", [HIDDEN_MOTIVATIONS])
    (first,) = take(world, order(leaked, "all"))
    report(world, leaked, "Fake", [ENLISTING_OLD_ALLIES])
    (second,) = take(world, order(leaked, "all", since=world.clock()))
    assert first.id != second.id
    (back,) = give_back(world, first.id)
    assert (back.completions, list(held(world)["Fake"])) == (1, [HIDDEN_MOTIVATIONS])


@pytest.mark.parametrize("only", ["new-commanders", "all"])
def test_who_has_more_cards_than_a_transaction_holds_loses_and_gets_all(
    world: World, leaked: Key, monkeypatch: pytest.MonkeyPatch, only: Only
) -> None:
    for module in (domain_bulk, bulk_corrections):
        monkeypatch.setattr(module, "MOST_CARDS", 1)
    report(world, leaked, "Fake")
    (done,) = take(world, order(leaked, only))
    assert (done.commanders, done.completions, held(world)) == (1, 2, {})
    assert ("Fake" in on_the_form(world)) == (only == "all")
    (back,) = give_back(world, done.id)
    assert (back.commanders, back.completions, len(held(world)["Fake"])) == (1, 2, 2)
    assert on_the_form(world) == {"Fake"}


class TestMeanwhile:
    def test_who_is_reported_for_with_another_link_at_that_moment_is_spared(
        self, world: World, leaked: Key
    ) -> None:
        """Whether they have a card in that event or not."""
        other = another_link(world)
        for milestones in ([CONFRONTING_RESILIENCE], [ENLISTING_OLD_ALLIES]):
            report(world, leaked, f"With {milestones[0]}", [HIDDEN_MOTIVATIONS])
            name = f"With {milestones[0]}"
            before_the_next_write(lambda name=name, of=milestones: report(world, other, name, of))  # type: ignore[misc]
            world.muster.bulk_corrections.take_back(world.key("officer"), order(leaked))
            agree(world)
            assert len(held(world)[name]) == 2
            assert name in on_the_form(world)

    def test_what_the_link_reports_at_that_moment_is_taken_as_well(self, world: World, leaked: Key) -> None:
        report(world, leaked, "Fake", [HIDDEN_MOTIVATIONS])
        before_the_next_write(
            lambda: report(world, leaked, "Fake", [ENLISTING_OLD_ALLIES, CONFRONTING_RESILIENCE])
        )
        (done,) = take(world, order(leaked))
        assert (done.completions, held(world)) == (3, {})

    def test_what_is_taken_while_it_is_given_back_can_be_given_back_too(
        self, world: World, leaked: Key
    ) -> None:
        fake = report(world, leaked, "Fake", [HIDDEN_MOTIVATIONS])
        (done,) = take(world, order(leaked, "all"))
        report(world, leaked, "Fake", [CONFRONTING_RESILIENCE])
        seen = Bulks(world.muster.stores.table).of("101", done.id, Taken("nova", fake, ""))
        assert seen
        take(world, order(leaked, "all"))
        with pytest.raises(ConditionFailed):
            world.muster.stores.table.transact([bulks.given_back("101", done.id, seen)])
        assert give_back(world, done.id)[0].completions == 2

    def test_a_report_that_it_overtakes_counts_once(self, world: World, leaked: Key) -> None:
        other = another_link(world)
        report(world, other, "Honest", [ENLISTING_OLD_ALLIES])
        report(world, leaked, "Honest", [HIDDEN_MOTIVATIONS])
        before_the_next_write(lambda: take(world, order(leaked, "all")))
        report(world, other, "Honest", TWO)
        agree(world)
        assert {c.key_id for c in held(world)["Honest"].values()} == {other.id}

    def test_an_officer_who_is_faster_decides(self, world: World, leaked: Key) -> None:
        fake = report(world, leaked, "Kestrl")
        rename = world.muster.rosters.rename
        before_the_next_write(lambda: rename(world.key("officer"), "101", "nova", fake, "Kestrel"))
        assert [one.commanders for one in take(world, order(leaked))] == [0]

    def test_whom_an_officer_moves_at_that_moment_goes_with_all_they_have(
        self, world: World, leaked: Key
    ) -> None:
        world.add_alliance("vega")
        honest, move = report(world, leaked, "Honest"), world.muster.rosters.move
        before_the_next_write(lambda: move(world.key("admin", None, None), "101", "nova", honest, "vega"))
        assert [one.commanders for one in take(world, order(leaked))] == [0]
        assert set(held(world, "vega")["Honest"]) == set(TWO)

    def test_with_many_reports_at_the_same_time_all_adds_up(self, world: World, leaked: Key) -> None:
        other, officer = another_link(world), world.key("officer")
        for number in range(12):
            report(world, leaked, f"Fake {number}", [HIDDEN_MOTIVATIONS])
            report(world, other, f"Honest {number}", [HIDDEN_MOTIVATIONS])
            report(world, leaked, f"Honest {number}", [CONFRONTING_RESILIENCE])
        processes = [world.process(), world.process()]

        def honest(number: int) -> None:
            name = f"Honest {number % 12}"
            processes[number % 2].reporting.report(other, name, [ENLISTING_OLD_ALLIES])

        def fake(number: int) -> None:
            name = f"Fake {number % 12}"
            processes[number % 2].reporting.report(leaked, name, [CONFRONTING_RESILIENCE])

        def correct(number: int) -> None:
            bulk = processes[number % 2].bulk_corrections
            done = bulk.take_back(officer, order(leaked, "new-commanders" if number % 3 else "all"))
            if number % 2:
                bulk.give_back(officer, done.id)

        with ThreadPoolExecutor(6) as pool:
            for number in range(12):
                for what in (honest, fake, correct):
                    pool.submit(what, number)
        agree(world)
        take(world, order(leaked))
        take(world, order(leaked, "all"))
        honest_names = {f"Honest {number}" for number in range(12)}
        assert {name: set(mine) for name, mine in held(world).items()} == {
            name: {HIDDEN_MOTIVATIONS, ENLISTING_OLD_ALLIES} for name in honest_names
        }


class TestWhoMay:
    def test_a_key_out_of_scope_is_none(self, world: World, leaked: Key) -> None:
        world.add_alliance("vega")
        world.muster.stores.definitions.put_server(replace(world.muster.directory.server("101"), id="102"))
        report(world, leaked, "Fake")
        bulk = world.muster.bulk_corrections
        theirs = world.key("officer", "101", "vega")
        (done,) = take(world, order(leaked))
        for stranger in (theirs, world.key("officer", "102", None), world.key("officer", "102", "nova")):
            with pytest.raises(NotFound, match="unknown-key: There is no such key"):
                bulk.take_back(stranger, order(leaked, dry_run=True))
            with pytest.raises(NotFound, match="unknown-bulk"):
                bulk.give_back(stranger, done.id)
            with pytest.raises(Forbidden):
                bulk.take_back(stranger, order(leaked, server="101" if stranger.server == "102" else "102"))
        with pytest.raises(NotFound, match="unknown-key"):
            bulk.take_back(world.key("officer"), order(leaked, key_id="0123456789abcdef"))
        for unknown in ("101:0123456789abcdef", "0123456789abcdef", "", ":", "102:0"):
            with pytest.raises(NotFound, match="unknown-bulk"):
                bulk.give_back(world.key("officer"), unknown)
        for role in ("member", "reader"):
            with pytest.raises(Forbidden, match="take back in bulk"):
                bulk.take_back(world.key(role), order(leaked))
            with pytest.raises(Forbidden):
                bulk.give_back(world.key(role), done.id)

    def test_an_alliance_s_officer_takes_back_what_a_server_s_key_did_there_alone(
        self, world: World, leaked: Key
    ) -> None:
        world.add_alliance("vega")
        theirs = world.key("officer", "101", None)
        report(world, theirs, "Kestrel")
        world.muster.reporting.report(theirs, "Merlin", TWO, "101", "vega")
        (done,) = take(world, order(theirs, "all"))
        assert (done.completions, set(held(world)), set(held(world, "vega"))) == (2, set(), {"Merlin"})

    def test_an_admin_says_which_server_where_keys_do_not(self, world: World, leaked: Key) -> None:
        admin, bulk = world.key("admin", None, None), world.muster.bulk_corrections
        report(world, admin, "Kestrel")
        assert bulk.take_back(admin, order(admin, "all", dry_run=True)).completions == 2
        world.muster.stores.definitions.put_server(replace(world.muster.directory.server("101"), id="102"))
        with pytest.raises(Malformed, match="say which server"):
            bulk.take_back(admin, order(admin, "all"))
        assert bulk.take_back(admin, order(admin, "all", server="102")).completions == 0
        assert bulk.take_back(admin, order(admin, "all", server="101")).completions == 2
        report(world, leaked, "Fake")
        assert bulk.take_back(admin, order(leaked)).completions == 2, "a link says it"
        world.muster.stores.sheets.bind("sheet", "101", "nova")
        assert bulk.take_back(admin, order(leaked, key_id="sheet:sheet")).completions == 0, (
            "so does a binding"
        )

    def test_a_span_that_is_none_is_refused(self, world: World, leaked: Key) -> None:
        at = datetime(2023, 11, 15, tzinfo=UTC)
        with pytest.raises(Malformed, match="later than"):
            world.muster.bulk_corrections.take_back(world.key("officer"), order(leaked, since=at, until=at))


class TestWhatFollows:
    def test_points_go_tiers_stay_stamped_and_are_flagged(self, world: World, leaked: Key) -> None:
        admin = world.key("admin", None, None)
        event = world.muster.directory.event(DEFENDERS)
        low = event.model_copy(update={"tiers": (event.tiers[0].model_copy(update={"threshold": 300}),)})
        world.muster.administration.put_event(admin, low)
        for number in range(4):
            report(world, leaked, f"Fake {number}")
        progress = world.muster.overview.progress
        assert (progress("101", DEFENDERS).points, progress("101", DEFENDERS).tiers[0].remaining) == (400, 0)
        (done,) = take(world, order(leaked))
        tier = progress("101", DEFENDERS).tiers[0]
        assert (progress("101", DEFENDERS).points, tier.reached, tier.remaining) == (0, True, 300)
        assert tier.dropped_below
        give_back(world, done.id)
        assert progress("101", DEFENDERS).points == 400

    def test_the_ledger_has_an_entry_for_each_commander_with_the_bulk_s_id(
        self, world: World, leaked: Key
    ) -> None:
        fake = report(world, leaked, "Fake")
        (done,) = take(world, order(leaked))
        give_back(world, done.id)
        taken, back = (
            one for one in world.muster.stores.ledger.all("101") if one.action in ("take-back", "give-back")
        )
        assert (taken.action, taken.commander, taken.reason) == ("take-back", fake, "the link leaked")
        assert taken.after == {"bulk": done.id, "retired": True}
        assert {m for card in taken.cards for m in card.removed} == {m.partition("/")[2] for m in TWO}
        assert (back.action, back.after) == ("give-back", {"bulk": done.id, "retired": False})
        assert back.actor.key_id == world.key("officer").id


@on_dynamodb
def test_who_has_only_just_come_is_taken_whatever_reads_are_late(world: World, leaked: Key) -> None:
    """Else it would say that nothing remains."""
    for number in range(10):
        world.dynamodb.let_time_pass()
        report(world, leaked, f"Kestrel {number}")
        world.dynamodb.chaos = lambda operation: "stale" if operation == "Query" else None
        call = world.muster.bulk_corrections.take_back(world.key("officer"), order(leaked))
        world.dynamodb.chaos = None
        assert (call.commanders, call.completions, call.remaining) == (1, 2, 0)
