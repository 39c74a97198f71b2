"""Exactly once: whatever members, the network and the store do, totals are the sum of the cards."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from time import sleep
from typing import Any, ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from chalicelib.bootstrap import dynamodb_table
from chalicelib.domain.cards import Completion, count, entered
from chalicelib.domain.errors import Busy
from chalicelib.domain.names import Tags
from chalicelib.domain.roster import Commander
from chalicelib.domain.standing import TierStamp, Totals
from chalicelib.store import keys
from chalicelib.store.backoff import ATTEMPTS
from chalicelib.store.commanders import Commanders
from chalicelib.store.completions import CardsChanged, Completions, Tally
from chalicelib.store.table import Delete, Update
from local.strict_dynamodb import FaultKind
from local.strict_dynamodb.faults import READS
from tests.stores import TABLE_NAME, Store, on_dynamodb, on_every_store
from tests.world import (
    ARCHITECTS,
    CONFRONTING_RESILIENCE,
    DEFENDERS,
    ENLISTING_OLD_ALLIES,
    HIDDEN_MOTIVATIONS,
    World,
    new_world,
)

FAULTS: list[FaultKind] = ["lost_answer", "conflict"]
HELD = [HIDDEN_MOTIVATIONS, ENLISTING_OLD_ALLIES, f"{DEFENDERS}/unraveling-anomalies", CONFRONTING_RESILIENCE]


@pytest.fixture(autouse=True)
def key_made_before(world: World) -> None:
    """So that an injected fault meets the report, not the making of its key."""
    world.key()


def totals(world: World, event: str = DEFENDERS) -> Totals:
    return world.muster.stores.completions.standing("101", event, consistent=True).totals


def counted(world: World, event: str = DEFENDERS, alliance: str = "nova") -> Totals:
    completions = world.muster.stores.completions
    return count(completions.alliance_cards("101", event, alliance, consistent=True))


def statuses(world: World, name: str, *milestones: str) -> list[str]:
    receipt = world.muster.reporting.report(world.key(), name, milestones or (HIDDEN_MOTIVATIONS,))
    return [result.status for result in receipt.results]


@on_every_store
def test_a_completion_counts_once_and_a_repetition_says_so(world: World) -> None:
    assert statuses(world, "Kestrel") == ["recorded"]
    assert statuses(world, "KESTREL") == ["already_recorded"]
    assert totals(world) == Totals(1, {"hidden-motivations": 1})


@on_every_store
def test_a_card_is_not_written_over_what_somebody_else_has_just_written(world: World) -> None:
    assert statuses(world, "Kestrel") == ["recorded"]
    kestrel = world.muster.stores.commanders.named("101", "Kestrel")
    assert kestrel
    completions, done = world.muster.stores.completions, Completion(world.clock(), world.key().id)
    card = completions.cards("101", "nova", kestrel.id, [DEFENDERS], consistent=True)[DEFENDERS]
    first, second = (entered(card, one, done) for one in ("enlisting-old-allies", "unraveling-anomalies"))
    completions.record([first])
    with pytest.raises(CardsChanged):
        completions.record([second])
    assert totals(world) == counted(world) == Totals(1, {"hidden-motivations": 1, "enlisting-old-allies": 1})


@on_every_store
def test_the_first_stamp_of_a_tier_stands(world: World) -> None:
    completions, later = world.muster.stores.completions, world.clock() + timedelta(minutes=1)
    first, second = TierStamp(world.clock(), "reported"), TierStamp(later, "reading")
    assert completions.stamp_tiers("101", DEFENDERS, {500: first}) == {500: first}
    assert completions.stamp_tiers("101", DEFENDERS, {500: second}) == {}
    assert completions.standing("101", DEFENDERS, consistent=True).stamps == {500: first}


def test_clearing_an_event_leaves_what_somebody_has_just_completed(world: World) -> None:
    completions = world.muster.stores.completions
    statuses(world, "Kestrel")
    completions.stamp_tiers("101", DEFENDERS, {500: TierStamp(world.clock(), "reported")})
    completions.note_points("101", DEFENDERS, world.clock(), 100)
    completions.clear("101", DEFENDERS)
    standing = completions.standing("101", DEFENDERS, consistent=True)
    assert (standing.stamps, standing.history) == ({}, {})
    assert standing.totals == counted(world) == Totals(1, {"hidden-motivations": 1})


@on_dynamodb
def test_a_repetition_costs_no_write(world: World) -> None:
    statuses(world, "Kestrel")
    world.dynamodb.calls.clear()
    key = world.key()
    world.dynamodb.calls.clear()
    world.muster.reporting.report(key, "Kestrel", [HIDDEN_MOTIVATIONS])
    assert not {"TransactWriteItems", "UpdateItem", "PutItem"} & {
        call.operation for call in world.dynamodb.calls
    }


@on_every_store
def test_what_is_new_of_a_report_is_recorded_beside_what_is_not(world: World) -> None:
    statuses(world, "Kestrel", ENLISTING_OLD_ALLIES)
    world.clock.advance(minutes=5)
    receipt = world.muster.reporting.report(
        world.key(), "Kestrel", [HIDDEN_MOTIVATIONS, ENLISTING_OLD_ALLIES, CONFRONTING_RESILIENCE]
    )
    assert [result.status for result in receipt.results] == ["recorded", "already_recorded", "recorded"]
    assert receipt.results[0].recorded_at == world.clock.now
    assert receipt.results[1].recorded_at < world.clock.now
    assert [(p.event, p.commander_points, p.server_points) for p in receipt.progress] == [
        (DEFENDERS, 200, 200),
        (ARCHITECTS, 100, 100),
    ]


@on_every_store
def test_64_simultaneous_reports_of_the_same_completion_count_once(world: World) -> None:
    key = world.key()

    def report(_: int) -> str:
        return world.muster.reporting.report(key, "Kestrel", [HIDDEN_MOTIVATIONS]).results[0].status

    with ThreadPoolExecutor(64) as pool:
        answers = Counter(pool.map(report, range(64)))
    assert answers == {"recorded": 1, "already_recorded": 63}
    assert totals(world) == counted(world) == Totals(1, {"hidden-motivations": 1})
    assert len(world.muster.rosters.roster(world.key("officer"), "101", "nova")) == 1


@on_every_store
def test_200_commanders_reporting_in_parallel_sum_exactly(world: World) -> None:
    key = world.key()
    world.muster.administration.change_alliance(world.key("officer"), "101", "nova", None, 200)

    def report(number: int) -> None:
        milestones = [HELD[number % 3], CONFRONTING_RESILIENCE] if number % 2 else [HELD[number % 3]]
        world.muster.reporting.report(key, f"Commander{number}", milestones)

    with ThreadPoolExecutor(32) as pool:
        list(pool.map(report, range(200)))
    assert totals(world) == counted(world)
    assert totals(world).commanders == 200
    assert sum(totals(world).completions.values()) == 200
    assert totals(world, ARCHITECTS) == Totals(100, {"confronting-resilience": 100})


@on_dynamodb
def test_transactions_that_meet_each_other_are_tried_again_until_all_are_counted(world: World) -> None:
    """Each holds the totals of the alliance for a while, as DynamoDB does."""
    client, key = world.dynamodb.client(), world.key()
    product = world.process(dynamodb_table(TABLE_NAME, client, lambda seconds: sleep(seconds / 4)))
    world.dynamodb.database.hold = lambda: sleep(0.0005)

    def report(number: int) -> int:
        for busy in range(100):
            try:
                product.reporting.report(key, f"Commander{number}", [HELD[number % 3]])
            except Busy:
                continue
            return busy
        raise Busy

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(report, range(60)))
    sent = [call for call in world.dynamodb.calls if call.operation == "TransactWriteItems"]
    assert len(sent) > 60, "some were cancelled"
    assert totals(world) == counted(world)
    assert totals(world).commanders == 60


@on_dynamodb
def test_an_answer_that_is_lost_once_is_repeated_and_counts_once(world: World) -> None:
    world.dynamodb.inject("lost_answer")
    assert statuses(world, "Kestrel") == ["recorded"], "the repetition carries the same token"
    assert totals(world) == counted(world) == Totals(1, {"hidden-motivations": 1})


@on_dynamodb
def test_an_answer_that_is_lost_for_good_is_503_and_the_members_retry_counts_once(world: World) -> None:
    world.dynamodb.inject(*FAULTS[:1] * ATTEMPTS)
    with pytest.raises(Busy):
        statuses(world, "Kestrel")
    assert statuses(world, "Kestrel") == ["already_recorded"]
    assert totals(world) == counted(world) == Totals(1, {"hidden-motivations": 1})


@on_dynamodb
def test_a_conflict_with_other_reports_is_tried_again_with_growing_pauses(world: World) -> None:
    pauses: list[float] = []
    busy = world.process(dynamodb_table(TABLE_NAME, world.dynamodb.client(), pauses.append))
    world.dynamodb.inject("conflict", "conflict", "conflict", "conflict")
    receipt = busy.reporting.report(world.key(), "Kestrel", [HIDDEN_MOTIVATIONS])
    assert [result.status for result in receipt.results] == ["recorded"]
    assert len(pauses) == 4
    assert all(0 <= pause <= 0.02 * 2**attempt for attempt, pause in enumerate(pauses))


@on_dynamodb
@pytest.mark.parametrize("fault", ["conflict", "throttled"])
def test_retries_are_bounded_then_the_member_is_asked_to_wait(world: World, fault: FaultKind) -> None:
    world.dynamodb.inject(*[fault] * ATTEMPTS)
    with pytest.raises(Busy) as caught:
        statuses(world, "Kestrel")
    assert caught.value.retry_after >= 1
    assert totals(world) == Totals()
    assert statuses(world, "Kestrel") == ["recorded"]


@on_every_store
def test_a_race_for_a_new_name_makes_one_commander(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two spellings of one new name, of which each was looked up before the other was recorded."""
    key, commanders = world.key(), world.muster.stores.commanders
    looked_up = commanders.named

    def too_early(server: str, name: str, tags: Tags = (), *, consistent: bool = False) -> Commander | None:
        return looked_up(server, name, tags, consistent=True) if consistent else None

    monkeypatch.setattr(Commanders, "named", lambda self, *place, **how: too_early(*place, **how))
    first = world.muster.reporting.report(key, "Kestrel", [HIDDEN_MOTIVATIONS])
    second = world.muster.reporting.report(key, "kestrel", [HIDDEN_MOTIVATIONS, ENLISTING_OLD_ALLIES])
    assert second.commander == first.commander
    assert [result.status for result in second.results] == ["already_recorded", "recorded"]
    assert totals(world) == counted(world)
    assert totals(world).commanders == 1


@on_every_store
class TestRecount:
    def test_it_finds_nothing_where_there_is_nothing(self, world: World) -> None:
        statuses(world, "Kestrel", *HELD)
        refreshed = world.muster.refresh.refresh_totals()
        assert (refreshed.recounted, refreshed.drifts) == (4, ())

    @pytest.mark.parametrize(
        "planted",
        [
            {"done.hidden-motivations": 7},
            {"done.hidden-motivations": -1, "commanders": 3},
            {"done.assembling-the-resistance": 2},
        ],
    )
    def test_it_corrects_planted_drift_and_logs_it(
        self, world: World, planted: dict[str, int], caplog: pytest.LogCaptureFixture
    ) -> None:
        statuses(world, "Kestrel", *HELD)
        table = world.muster.stores.table
        table.write(Update(keys.totals("101", DEFENDERS, "nova"), add=planted))
        assert totals(world) != counted(world)
        (drift,) = world.muster.refresh.refresh_totals().drifts
        assert (drift.event, drift.alliance) == (DEFENDERS, "nova")
        assert totals(world) == counted(world) == drift.counted
        assert [(record.levelname, record.message.split(":")[0]) for record in caplog.records] == [
            ("ERROR", "drift corrected")
        ]
        entries = [entry for entry in table.query("LEDGER#101") if entry["action"] == "recount"]
        assert [entry["alliance"] for entry in entries] == ["nova"]
        assert world.muster.refresh.refresh_totals().drifts == ()

    def test_sheets_see_by_the_changes_what_it_has_corrected(self, world: World) -> None:
        statuses(world, "Kestrel")
        completions, table = world.muster.stores.completions, world.muster.stores.table
        table.write(Update(keys.totals("101", DEFENDERS, "nova"), add={"done.hidden-motivations": 5}))
        before = completions.standing("101", DEFENDERS, consistent=True).changes["nova"]
        assert completions.recount(completions.tally("101", DEFENDERS, "nova"), world.clock())
        assert completions.standing("101", DEFENDERS, consistent=True).changes["nova"] > before

    def test_it_takes_nothing_off_for_a_card_that_can_not_be_read(self, world: World) -> None:
        statuses(world, "Kestrel")
        kestrel = world.muster.stores.commanders.named("101", "Kestrel")
        assert kestrel
        card = keys.card("101", DEFENDERS, "nova", kestrel.id)
        world.muster.stores.table.write(Update(card, set={"version": "of a later Muster"}))
        assert world.muster.refresh.refresh_totals().drifts == ()
        assert totals(world) == Totals(1, {"hidden-motivations": 1})

    def test_it_makes_totals_that_are_missing(self, world: World) -> None:
        statuses(world, "Kestrel", *HELD)
        table = world.muster.stores.table
        key = keys.totals("101", DEFENDERS, "nova")
        table.write(Delete(key))
        assert len(world.muster.refresh.refresh_totals().drifts) == 1
        assert totals(world) == counted(world)

    def test_a_report_in_the_middle_of_a_recount_is_not_undone(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        completions = world.muster.stores.completions
        statuses(world, "Kestrel")
        world.muster.stores.table.write(
            Update(keys.totals("101", DEFENDERS, "nova"), add={"done.hidden-motivations": 5})
        )
        tally = Completions.tally

        def read_then_report(self: Completions, *place: str) -> Tally:
            read = tally(self, *place)
            statuses(world, "Merlin")
            return read

        monkeypatch.setattr(Completions, "tally", read_then_report)
        place = "101", DEFENDERS, "nova"
        assert completions.recount(completions.tally(*place), world.clock()) is None
        monkeypatch.undo()
        assert completions.recount(completions.tally(*place), world.clock()) is not None
        assert totals(world) == counted(world) == Totals(2, {"hidden-motivations": 2})

    def test_a_report_between_the_totals_and_the_cards_is_not_taken_for_drift(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The totals have to be read first: their condition then sees the report."""
        statuses(world, "Kestrel")
        completions, reports = world.muster.stores.completions, iter(["Merlin"])
        table = type(world.muster.stores.table)

        def then_report(read: Callable[..., Any]) -> Callable[..., Any]:
            def both(*args: Any, **options: Any) -> Any:
                found = read(*args, **options)
                for name in reports:
                    statuses(world, name)
                return found

            return both

        for name in ("get_many", "query_each"):
            monkeypatch.setattr(table, name, then_report(getattr(table, name)))
        tally = completions.tally("101", DEFENDERS, "nova")
        assert completions.recount(tally, world.clock()) is None
        assert totals(world) == counted(world) == Totals(2, {"hidden-motivations": 2})


@on_dynamodb
def test_what_was_reported_a_moment_ago_counts_whatever_reads_are_late(world: World) -> None:
    completions = world.muster.stores.completions
    for name in ("Kestrel", "Merlin", "Osprey"):
        world.dynamodb.let_time_pass()
        statuses(world, name)
        world.dynamodb.chaos = lambda operation: "stale" if operation in READS else None
        tally = completions.tally("101", DEFENDERS, "nova")
        is_counted = completions.is_counted("101", DEFENDERS)
        world.dynamodb.chaos = None
        assert completions.recount(tally, world.clock()) is None, "there is no drift"
        assert is_counted, "else the event could be deleted"


class Counting(RuleBasedStateMachine):
    """Any sequence of reports, repetitions, recounts and, on DynamoDB, lost answers and conflicts, against a plain
    set."""

    store: ClassVar[Store]
    names = st.sampled_from(["Kestrel", "kestrel ", "Merlin", "Osprey", "=SUM(A1)"])
    milestones = st.lists(st.sampled_from(HELD), min_size=1, max_size=6)

    @initialize()
    def begin(self) -> None:
        self.context = new_world(self.store)
        self.world = self.context.__enter__()
        self.key = self.world.key()
        self.expected: set[tuple[str, str]] = set()

    @rule(name=names, milestones=milestones, faults=st.lists(st.sampled_from(FAULTS), max_size=2))
    def report(self, name: str, milestones: list[str], faults: list[FaultKind]) -> None:
        commander = name.strip().casefold()
        new = {(commander, milestone) for milestone in milestones} - self.expected
        if new and self.world.place.dynamodb:
            self.world.dynamodb.inject(*faults)
        receipt = self.world.muster.reporting.report(self.key, name, milestones)
        assert {r.milestone for r in receipt.results if r.status == "recorded"} == {m for _, m in new}
        self.expected |= new

    @rule()
    def recount(self) -> None:
        assert self.world.muster.refresh.refresh_totals().drifts == ()

    @invariant()
    def totals_are_what_was_reported(self) -> None:
        if not hasattr(self, "world"):
            return
        for event in (DEFENDERS, ARCHITECTS):
            mine = [(c, m.split("/")[1]) for c, m in self.expected if m.startswith(f"{event}/")]
            expected = Totals(len({c for c, _ in mine}), Counter(m for _, m in mine))
            assert totals(self.world, event) == counted(self.world, event) == expected

    def teardown(self) -> None:
        if hasattr(self, "context"):
            self.context.__exit__(None, None, None)


class CountingOnDynamoDB(Counting):
    store = "dynamodb"


class CountingInAFile(Counting):
    store = "sqlite"


TestCountingOnDynamoDB, TestCountingInAFile = CountingOnDynamoDB.TestCase, CountingInAFile.TestCase
TestCountingOnDynamoDB.settings = TestCountingInAFile.settings = settings(
    max_examples=15, stateful_step_count=12
)
