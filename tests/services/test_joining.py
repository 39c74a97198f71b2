"""How many join: by each link in a day, and on a roster in all (DESIGN §3.12)."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.bootstrap import Muster
from chalicelib.domain.access import Key
from chalicelib.domain.calendar import SKEW, GameDay
from chalicelib.domain.errors import Conflict
from chalicelib.domain.importing import Columns
from chalicelib.domain.roster import NEW_PER_DAY, Alliance, Server
from chalicelib.services import imports, joining
from chalicelib.services.imports import Options
from chalicelib.store import commanders, keys
from chalicelib.store.table import Change, ConditionFailed, Item, Table, Update
from tests.world import ENLISTING_OLD_ALLIES, HIDDEN_MOTIVATIONS, World


def allow(world: World, new_per_day: int) -> None:
    world.muster.administration.change_alliance(
        world.key("admin", None, None), "101", "nova", None, new_per_day
    )


def outcome(muster: Muster, key: Key, name: str, alliance: str | None = None) -> str:
    """`taken`, or the code of the refusal."""
    try:
        muster.reporting.report(key, name, [ENLISTING_OLD_ALLIES], "101", alliance, is_new=True)
    except Conflict as conflict:
        return conflict.code
    return "taken"


def another_link(world: World) -> Key:
    return world.muster.directory.key(world.secret())


def on_roster(world: World, alliance: str = "nova") -> int:
    """As it is noted, which is as it is."""
    item = world.muster.stores.table.get(keys.alliance("101", alliance), consistent=True) or {}
    roster = world.muster.stores.commanders.roster("101", alliance)
    assert item["on_roster"] == sum(not one.retired_at for one in roster)
    return int(item["on_roster"])


@pytest.fixture
def transactions(world: World, monkeypatch: pytest.MonkeyPatch) -> list[list[Change]]:
    """What was written together."""
    seen: list[list[Change]] = []
    table = type(world.muster.stores.table)
    transact = table.transact

    def record(self: object, changes: Sequence[Change]) -> None:
        seen.append(list(changes))
        transact(self, changes)  # type: ignore[arg-type]

    monkeypatch.setattr(table, "transact", record)
    return seen


class TestALinkInADay:
    def test_no_more_than_allowed_join_however_many_report_at_once(self, world: World) -> None:
        allow(world, 5)
        world.seconds.pass_cache()
        link, processes = world.key(), [world.process(), world.process()]
        with ThreadPoolExecutor(8) as pool:
            outcomes = list(pool.map(lambda n: outcome(processes[n % 2], link, f"Commander {n}"), range(16)))
        assert sorted(outcomes) == ["taken"] * 5 + ["too-many-new"] * 11
        assert on_roster(world) == 5

    @pytest.mark.parametrize(("most", "days"), [(2, 0), (1, 1)], ids=["of a day", "of a day that begins"])
    def test_two_at_the_same_moment_do_not_both_get_the_last_place(
        self, world: World, monkeypatch: pytest.MonkeyPatch, most: int, days: int
    ) -> None:
        allow(world, most)
        assert outcome(world.muster, world.key(), "Kestrel") == "taken"
        world.clock.advance(days=days)
        other, table, faster = world.process(), type(world.muster.stores.table), iter(["Merlin"])
        transact = table.transact

        def late(self: Table, changes: Sequence[Change]) -> None:
            for name in faster:
                assert outcome(other, world.key(), name) == "taken"
            transact(self, changes)

        monkeypatch.setattr(table, "transact", late)
        assert outcome(world.muster, world.key(), "Osprey") == "too-many-new"

    def test_who_is_refused_is_told_until_when_and_what_to_do(self, world: World) -> None:
        allow(world, 1)
        assert outcome(world.muster, world.key(), "Kestrel") == "taken"
        with pytest.raises(Conflict) as refused:
            world.muster.reporting.report(world.key(), "Merlin", [HIDDEN_MOTIVATIONS])
        assert refused.value.detail == (
            "Merlin is not on the roster of Nova Guard, and this link can bring no more new commanders today: "
            "the most is 1 a day. Ask an officer to add you, or report again after Thu 16 Nov at 00:00 UTC."
        )
        allow(world, 0)
        with pytest.raises(Conflict, match="nobody new can join by a link"):
            world.muster.reporting.report(another_link(world), "Merlin", [HIDDEN_MOTIVATIONS])

    def test_each_link_counts_by_itself(self, world: World) -> None:
        allow(world, 1)
        other = another_link(world)
        assert [outcome(world.muster, world.key(), f"Kestrel {n}") for n in "ab"] == ["taken", "too-many-new"]
        assert [outcome(world.muster, other, f"Merlin {n}") for n in "ab"] == ["taken", "too-many-new"]

    def test_whom_officers_bring_does_not_count(self, world: World) -> None:
        allow(world, 1)
        officer = world.key("officer")
        world.muster.rosters.add(officer, "101", "nova", "Osprey", is_new=True)
        assert outcome(world.muster, officer, "Harrier") == "taken"
        text, options = "Commander,Milestone\nGoshawk,Hidden Motivations\n", Options(is_new=True)
        done = world.muster.imports.completions(officer, "101", "nova", text, Columns(), options)
        assert done.new == 1
        assert [outcome(world.muster, world.key(), f"Kestrel {n}") for n in "ab"] == ["taken", "too-many-new"]

    def test_who_is_known_reports_as_before_and_costs_nothing_more(
        self, world: World, transactions: list[list[Change]]
    ) -> None:
        allow(world, 1)
        assert outcome(world.muster, world.key(), "Kestrel") == "taken"
        joined = keys.joined("101", "nova")
        assert [change.key for change in transactions[-1]].count(joined) == 1
        world.muster.reporting.report(world.key(), "Kestrel", [HIDDEN_MOTIVATIONS])
        assert len(transactions[-1]) == 2, "the card and the totals"

    def test_who_comes_back_by_a_link_counts_as_well(self, world: World) -> None:
        officer = world.key("officer")
        for name in ("Osprey", "Harrier"):
            added = world.muster.rosters.add(officer, "101", "nova", name, is_new=True)
            world.muster.rosters.retire(officer, "101", "nova", added.id)
        allow(world, 1)
        assert [outcome(world.muster, world.key(), name) for name in ("Osprey", "Harrier")] == [
            "taken",
            "too-many-new",
        ]

    def test_a_refusal_writes_nothing_and_a_slip_is_asked_about_before(self, world: World) -> None:
        allow(world, 1)
        outcome(world.muster, world.key(), "Kestrel")
        before = on_roster(world)
        assert outcome(world.muster, world.key(), "Merlin") == "too-many-new"
        with pytest.raises(Conflict, match="did-you-mean"):
            world.muster.reporting.report(world.key(), "Kestrl", [HIDDEN_MOTIVATIONS])
        assert on_roster(world) == before

    def test_an_alliance_that_never_said_takes_what_is_usual(self, world: World) -> None:
        known = {f"by.{world.key().id}": NEW_PER_DAY - 1, "day": "2023-11-15"}
        world.muster.stores.table.write(Update(keys.joined("101", "nova"), set=known))
        assert [outcome(world.muster, world.key(), f"Kestrel {n}") for n in "ab"] == ["taken", "too-many-new"]


class TestTheDay:
    def test_it_is_the_server_s_and_begins_anew_in_the_same_item(self, world: World) -> None:
        world.muster.stores.definitions.put_server(
            Server("101", GameDay(datetime(2023, 11, 15, 18).time(), "America/New_York", assumed=False))  # noqa: DTZ001
        )
        allow(world, 1)
        other = another_link(world)
        assert outcome(world.muster, other, "Osprey") == "taken"
        assert outcome(world.muster, world.key(), "Kestrel") == "taken"
        with pytest.raises(Conflict, match="report again after Wed 15 Nov at 18:00 EST"):
            world.muster.reporting.report(world.key(), "Merlin", [ENLISTING_OLD_ALLIES])
        world.clock.now = datetime(2023, 11, 15, 22, 59, 59, tzinfo=UTC)
        assert outcome(world.muster, world.key(), "Merlin") == "too-many-new"
        world.clock.advance(seconds=1)
        assert outcome(world.muster, world.key(), "Merlin") == "taken"
        assert outcome(world.muster, world.key(), "Goshawk") == "too-many-new"
        (item,) = world.muster.stores.table.query("JOINED#101")
        assert {name: item[name] for name in item if name not in ("PK", "SK")} == {
            "day": "2023-11-15",
            f"by.{world.key().id}": 1,
        }

    def test_clocks_that_differ_do_not_begin_it_twice(self, world: World) -> None:
        allow(world, 1)
        midnight = datetime(2023, 11, 16, tzinfo=UTC)
        ahead = world.process(clock=lambda: midnight + timedelta(seconds=5))
        behind = world.process(clock=lambda: midnight - SKEW + timedelta(seconds=10))
        assert outcome(behind, world.key(), "Kestrel") == "taken"
        assert outcome(ahead, world.key(), "Merlin") == "taken"
        assert outcome(behind, world.key(), "Osprey") == "too-many-new"
        assert outcome(ahead, world.key(), "Harrier") == "too-many-new"


class TestARoster:
    MOST = 4

    @pytest.fixture(autouse=True)
    def small(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for module in (commanders, joining, imports):
            monkeypatch.setattr(module, "MOST_COMMANDERS", self.MOST)

    def fill(self, world: World) -> list[str]:
        """The ids of as many commanders as it takes."""
        admin = world.key("admin", None, None)
        add = world.muster.rosters.add
        return [add(admin, "101", "nova", f"Known {n}", is_new=True).id for n in range(self.MOST)]

    def test_it_takes_no_more_from_anybody(self, world: World) -> None:
        world.add_alliance("vega")
        admin, rosters = world.key("admin", None, None), world.muster.rosters
        known = self.fill(world)
        elsewhere = rosters.add(admin, "101", "vega", "Osprey").id
        rosters.retire(admin, "101", "nova", known[0])
        rosters.add(admin, "101", "nova", "Goshawk")
        ways: list[Callable[[], object]] = [
            lambda: world.muster.reporting.report(world.key(), "Kestrel", [HIDDEN_MOTIVATIONS]),
            lambda: world.muster.reporting.report(world.key(), "Known 0", [HIDDEN_MOTIVATIONS]),
            lambda: world.muster.reporting.report(admin, "Kestrel", [HIDDEN_MOTIVATIONS], "101", "nova"),
            lambda: rosters.add(admin, "101", "nova", "Kestrel"),
            lambda: rosters.move(admin, "101", "vega", elsewhere, "nova"),
            lambda: rosters.reinstate(admin, "101", "nova", known[0]),
        ]
        for way in ways:
            with pytest.raises(Conflict, match="roster-full: The roster of Nova Guard is full: it has 4 "):
                way()
        assert on_roster(world) == self.MOST
        assert outcome(world.muster, world.key(), "Known 1") == "taken"

    def test_whoever_leaves_makes_room(self, world: World) -> None:
        world.add_alliance("vega")
        admin, rosters = world.key("admin", None, None), world.muster.rosters
        known = self.fill(world)
        rosters.retire(admin, "101", "nova", known[0])
        assert outcome(world.muster, world.key(), "Kestrel") == "taken"
        rosters.move(admin, "101", "nova", known[1], "vega")
        assert outcome(world.muster, world.key(), "Merlin") == "taken"
        rosters.merge(admin, "101", "nova", known[2], known[3])
        assert outcome(world.muster, world.key(), "Osprey") == "taken"
        rosters.forget(admin, "101", "nova", known[2])
        assert outcome(world.muster, world.key(), "Harrier") == "taken"
        assert outcome(world.muster, world.key(), "Goshawk") == "roster-full"
        assert (on_roster(world), on_roster(world, "vega")) == (self.MOST, 1)

    def test_not_one_more_joins_however_many_report_at_once(self, world: World) -> None:
        link, processes = world.key(), [world.process(), world.process()]
        with ThreadPoolExecutor(8) as pool:
            outcomes = list(pool.map(lambda n: outcome(processes[n % 2], link, f"Commander {n}"), range(12)))
        assert sorted(outcomes) == ["roster-full"] * 8 + ["taken"] * 4
        assert on_roster(world) == self.MOST

    def test_a_roster_of_0_1_0_is_counted_when_it_is_needed(self, world: World) -> None:
        admin, known = world.key("admin", None, None), self.fill(world)
        forget = Update(keys.alliance("101", "nova"), remove=["on_roster"])
        world.muster.stores.table.write(forget)
        assert outcome(world.muster, world.key(), "Kestrel") == "roster-full"
        world.muster.stores.table.write(forget)
        world.muster.rosters.retire(admin, "101", "nova", known[0])
        assert on_roster(world) == self.MOST - 1
        assert outcome(world.muster, world.key(), "Kestrel") == "taken"

    def test_who_joins_while_it_is_counted_counts(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world.muster.stores.table.write(Update(keys.alliance("101", "nova"), remove=["on_roster"]))
        other, table, faster = world.process(), type(world.muster.stores.table), iter(["Merlin"])
        query, roster = table.query, keys.roster("101", "nova")

        def then_join(self: Table, partition: str, *args: Any, **options: Any) -> Iterator[Item]:
            found = list(query(self, partition, *args, **options))
            for name in faster if partition == roster else ():
                assert outcome(other, world.key(), name) == "taken"
            return iter(found)

        monkeypatch.setattr(table, "query", then_join)
        assert outcome(world.muster, world.key(), "Kestrel") == "taken"
        assert on_roster(world) == 2

    def test_nobody_is_refused_for_a_number_that_is_wrong(self, world: World) -> None:
        wrong = Update(keys.alliance("101", "nova"), set={"on_roster": self.MOST})
        world.muster.stores.table.write(wrong)
        assert outcome(world.muster, world.key(), "Kestrel") == "taken"
        assert on_roster(world) == 1

    def test_an_import_says_beforehand_which_lines_have_no_room(self, world: World) -> None:
        admin = world.key("admin", None, None)
        world.muster.rosters.add(admin, "101", "nova", "Known")
        text = "Commander\nKestrel\nMerlin\nOsprey\nHarrier\nKnown\n"
        run = world.muster.imports.roster
        dry = run(admin, "101", "nova", text, Columns(), Options(dry_run=True))
        done = run(admin, "101", "nova", text, Columns(), Options())
        assert dry.lines == done.lines
        assert [one.status for one in done.lines] == ["new"] * 3 + ["refused", "known"]
        assert "is full" in done.lines[3].reasons[0]


class TestOpeningAndClosing:
    def test_of_two_officers_at_once_the_later_sees_what_the_first_has_done(self, world: World) -> None:
        definitions = world.muster.stores.definitions
        before = definitions.stored_alliance("101", "nova")
        assert before
        closed, limited = replace(before, is_open=False), replace(before, new_per_day=20)
        definitions.change_alliance(before, closed)
        with pytest.raises(ConditionFailed):
            definitions.change_alliance(before, closed)
        definitions.change_alliance(before, limited)  # which is another matter
        after = definitions.stored_alliance("101", "nova")
        assert after == replace(closed, new_per_day=20)

    def test_both_are_told_in_the_ledger_once(self, world: World) -> None:
        officer = world.key("officer")
        change = world.muster.administration.change_alliance
        changed = change(officer, "101", "nova", False, 20)
        assert (changed.is_open, changed.new_allowed) == (False, 20)
        assert change(officer, "101", "nova", False, 20) == changed
        (entry,) = [one for one in world.muster.stores.ledger.all("101") if one.action == "alliance"]
        assert (entry.actor.key_id, entry.alliance) == (officer.id, "nova")
        assert entry.before == {"is_open": True, "new_per_day": NEW_PER_DAY}
        assert entry.after == {"is_open": False, "new_per_day": 20}

    def test_closed_refuses_names_that_are_not_on_the_roster_and_no_others(self, world: World) -> None:
        assert outcome(world.muster, world.key(), "Kestrel") == "taken"
        world.muster.administration.change_alliance(world.key("officer"), "101", "nova", False, None)
        assert outcome(world.muster, world.key(), "Merlin") == "not-on-roster"
        world.muster.reporting.report(world.key(), "Kestrel", [HIDDEN_MOTIVATIONS])
        world.muster.administration.change_alliance(world.key("officer"), "101", "nova", True, None)
        assert outcome(world.muster, world.key(), "Merlin") == "taken"

    def test_other_processes_see_it_when_they_look_anew(self, world: World) -> None:
        other = world.process()
        assert outcome(other, world.key(), "Kestrel") == "taken"
        world.muster.administration.change_alliance(world.key("officer"), "101", "nova", False, None)
        world.seconds.pass_cache()
        assert outcome(other, world.key(), "Merlin") == "not-on-roster"

    def test_what_two_officers_change_at_once_is_both_changed(self, world: World) -> None:
        officer, change = world.key("officer"), world.muster.administration.change_alliance
        with ThreadPoolExecutor(2) as pool:
            closed = pool.submit(change, officer, "101", "nova", False, None)
            limited = pool.submit(change, officer, "101", "nova", None, 7)
            closed.result(), limited.result()
        stored = world.muster.stores.definitions.stored_alliance("101", "nova")
        assert stored
        assert (stored.is_open, stored.new_per_day) == (False, 7)

    def test_a_definition_that_leaves_the_limit_out_keeps_it(self, world: World) -> None:
        admin = world.key("admin", None, None)
        allow(world, 7)
        kept, is_new = world.muster.administration.put_alliance(admin, Alliance("101", "nova", "NEW", "Nova"))
        assert (kept.new_allowed, is_new) == (7, False)
        wanted = Alliance("101", "nova", "NEW", "Nova", new_per_day=0)
        assert world.muster.administration.put_alliance(admin, wanted)[0].new_allowed == 0
        assert world.muster.directory.alliance("101", "nova").new_allowed == 0
