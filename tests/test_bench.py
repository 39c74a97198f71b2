"""The measurements that `make bench` writes down: what is compared does its job, and what is counted is there."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from bench import costs, growth, recording, scale, schedules, syncs
from bench.__main__ import BUDGETS, Part, page
from bench.busy import EVERYTHING, TABLE
from bench.sheets import NOON
from bench.tables import Budget, Measurement
from chalicelib.domain.due import BATCH
from local.sheets import SheetsServer

WAYS_TO_RECORD = {"Muster": recording.Ours, **recording.PEERS}
OURS, COUNTERS, DOCUMENT, LOCKED = WAYS_TO_RECORD


@pytest.fixture(scope="module")
def server() -> Iterator[SheetsServer]:
    with SheetsServer() as running:
        yield running


@pytest.mark.parametrize("way", WAYS_TO_RECORD)
def test_each_way_to_record_counts_each_completion_once_if_nothing_goes_wrong(way: str) -> None:
    program = WAYS_TO_RECORD[way](recording.small(["Kestrel", "Falcon"]).client(), TABLE)
    for name in ("Kestrel", "Falcon", "Kestrel"):
        program.report(name, EVERYTHING)
    assert [program.points(event) for event in recording.EVENTS] == [1000, 1000]


@pytest.mark.parametrize(
    ("way", "lost"), [(OURS, 0), (COUNTERS, 0), (DOCUMENT, 2 * len(EVERYTHING)), (LOCKED, 0)]
)
def test_only_a_document_without_a_lock_loses_what_is_reported_at_once(way: str, lost: int) -> None:
    assert recording.lost_at_once(WAYS_TO_RECORD[way], 3) == lost


@pytest.mark.parametrize(
    ("way", "wrong"), [(OURS, (0, 0)), (COUNTERS, (20, 10)), (DOCUMENT, (0, 0)), (LOCKED, (0, 0))]
)
def test_only_separate_counters_are_wrong_after_a_lost_answer_or_a_process_that_ends(
    way: str, wrong: tuple[int, int]
) -> None:
    found = list(recording.wrong_totals(WAYS_TO_RECORD[way]))
    assert tuple(number for number, _ in found) == wrong
    assert all(calls > 0 for _, calls in found)


@pytest.mark.parametrize("way", syncs.WAYS)
def test_each_way_to_sync_brings_the_sheet_up_to_date(way: str, server: SheetsServer) -> None:
    sheet = syncs.new_sheet(server)
    write = syncs.WAYS[way](server, sheet)
    for changed, now in ((0, NOON), (3, syncs.LATER)):
        write(12, changed, now)
        held = syncs.visible(server.values(sheet, syncs.TAB))
        assert held == syncs.texts_of(12, changed, now)[syncs.TAB]


def test_only_muster_keeps_what_officers_did_beside_a_commander(server: SheetsServer) -> None:
    kept = {what: syncs.kept(server, way)[:2] for what, way in syncs.WAYS.items()}
    assert kept.pop("Muster") == (len(syncs.NOTED), len(syncs.NOTED))
    assert set(kept.values()) == {(0, 0)}


def test_growth_is_counted_for_each_use_case() -> None:
    small, large = growth.costs_of(1, 10), growth.costs_of(3, 10)
    assert small.keys() == large.keys() == growth.PROMISES.keys()
    assert all(cost.calls and cost.cpu > 0 for cost in large.values())
    everything = growth.USE_CASES[0].what
    assert large[everything].bytes > 2 * small[everything].bytes
    assert large["report"][:3] == small["report"][:3]


def test_more_sheets_are_no_more_requests_to_drive() -> None:
    assert schedules.looks(3) == schedules.looks(30) == [1, 1, 1]


def test_with_one_account_a_servers_officers_see_their_own_reports_in_two_minutes_and_totals_in_a_few() -> (
    None
):
    """In its busiest hour, with a sheet for each of its alliances, by the product's own rules of whose turn it is."""
    cost = scale.Cost(calls=10, units=10, cpu=0.01)
    found = scale.simulate(scale.Costs(cost, cost, cost), 1.0, 1, 1, 1 + scale.ALLIANCES)
    assert max(found.alliances + found.servers) < 120
    assert max(found.totals) < BATCH.total_seconds() + 120


def test_a_deployment_that_nobody_uses_costs_less_than_a_dollar_a_month() -> None:
    what = costs.deployed()
    assert costs.price(what.fixed()) < 1
    assert costs.price(what.fixed(), is_free=True) == pytest.approx(costs.PRICES["secret"])
    assert set(what.minutes) == what.memory.keys() - {"api_handler"}


def test_costs_are_told_for_each_line_and_together() -> None:
    table = costs.measure({"small": (1, 1), "large": (100, 1)})
    small, large = ([float(row[at].replace(",", "").strip("*")) for row in table.rows] for at in (1, 2))
    lines = len(costs.HOW)
    for amounts in (small, large):
        assert sum(amounts[-2 - lines : -2]) == pytest.approx(amounts[-2], abs=0.01 * lines)
        assert amounts[-1] < amounts[-2]
    assert small[-2] < large[-2] < 100 * small[-2]


def test_the_page_tells_each_budget_and_where_it_was_measured() -> None:
    budgets = [Budget("speed", "≤ 1", "2", is_met=False)]
    part = Part(
        "cpu", "abc1234", 2, 0.5, [Measurement("Processor time", "How.", ("what",), [("it",)], budgets)]
    )
    written = page([part, replace(part, name="start")])
    assert "at commit `abc1234`, on 2 cores." in written
    assert "| speed | ≤ 1 | 2 | **no** |" in written.split(BUDGETS)[1]
    assert "`python -m bench.start`" in written
    assert "at commit `abc1234` and `def5678`, on 2 cores." in page([part, replace(part, commit="def5678")])
