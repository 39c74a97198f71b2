"""Standings for receipts: few reads, and still every completion that this process recorded, exactly once."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.domain.cards import Card, Completion, reported
from chalicelib.domain.errors import Busy
from chalicelib.domain.standing import Totals
from chalicelib.services.recent_standings import RECENT_SECONDS, RecentStandings
from tests.stores import on_dynamodb
from tests.world import CONFRONTING_RESILIENCE, DEFENDERS, ENLISTING_OLD_ALLIES, HIDDEN_MOTIVATIONS, World


def asked(world: World) -> list[str]:
    """The calls since the last look."""
    calls = [call.operation for call in world.dynamodb.calls]
    world.dynamodb.calls.clear()
    return calls


@on_dynamodb
def test_a_report_by_a_known_commander_is_three_calls(world: World) -> None:
    key = world.key()
    for name in ("Kestrel", "Merlin"):
        world.muster.reporting.report(key, name, [ENLISTING_OLD_ALLIES, CONFRONTING_RESILIENCE])
    asked(world)
    receipt = world.muster.reporting.report(key, "Merlin", [HIDDEN_MOTIVATIONS, CONFRONTING_RESILIENCE])
    assert asked(world) == ["GetItem", "BatchGetItem", "TransactWriteItems"]
    assert [standing.server_points for standing in receipt.progress] == [300, 200]


@on_dynamodb
def test_the_receipt_of_a_report_reads_only_what_is_the_commanders_own(world: World) -> None:
    key = world.key()
    reported = world.muster.reporting.report(key, "Kestrel", [HIDDEN_MOTIVATIONS, CONFRONTING_RESILIENCE])
    asked(world)
    receipt = world.muster.member_pages.receipt(key, reported.commander.id, world.clock.now)
    assert asked(world) == ["GetItem", "BatchGetItem"]
    assert [event.progress.points for event in receipt.events] == [100, 100]


def test_a_receipt_that_is_opened_later_shows_what_other_processes_recorded(world: World) -> None:
    key = world.key()
    reported = world.muster.reporting.report(key, "Kestrel", [HIDDEN_MOTIVATIONS])
    world.process().reporting.report(key, "Merlin", [HIDDEN_MOTIVATIONS])
    receipt = world.process().member_pages.receipt(key, reported.commander.id, world.clock.now)
    assert [event.progress.points for event in receipt.events] == [0, 200]


def test_every_receipt_holds_all_that_went_before(world: World) -> None:
    key = world.key()
    points = [
        world.muster.reporting.report(key, f"Commander{number}", [HIDDEN_MOTIVATIONS])
        .progress[0]
        .server_points
        for number in range(20)
    ]
    assert points == [100 * (number + 1) for number in range(20)]


def test_parallel_reports_are_each_added_once(world: World) -> None:
    key = world.key()

    def report(number: int) -> None:
        milestones = [HIDDEN_MOTIVATIONS, ENLISTING_OLD_ALLIES][: 1 + number % 2]
        world.muster.reporting.report(key, f"Commander{number % 12}", milestones)

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(report, range(60)))
    last = world.muster.reporting.report(key, "One more", [HIDDEN_MOTIVATIONS])
    stored = world.muster.overview.progress("101", DEFENDERS, consistent=True)
    assert last.progress[0].server_points == stored.points


@on_dynamodb
def test_what_was_read_while_a_write_was_under_way_is_not_kept(world: World) -> None:
    standings = RecentStandings(world.muster.stores.completions, lambda: 0.0)
    change = reported(
        Card("101", DEFENDERS, "nova", "one"), ["hidden-motivations"], Completion(world.clock(), "key")
    )
    with standings.recording([change]):
        standings.get("101", DEFENDERS)
    asked(world)
    assert standings.get("101", DEFENDERS).totals == Totals(), (
        "as the table has it: nothing was written there"
    )
    assert asked(world) == ["Query"]
    standings.get("101", DEFENDERS)
    assert asked(world) == []


@on_dynamodb
def test_it_is_read_anew_after_a_while_and_after_a_write_of_unknown_outcome(world: World) -> None:
    now = [0.0]
    standings = RecentStandings(world.muster.stores.completions, lambda: now[0])
    standings.get("101", DEFENDERS)
    now[0] = RECENT_SECONDS - 0.001
    asked(world)
    standings.get("101", DEFENDERS)
    assert asked(world) == []
    with pytest.raises(Busy), standings.recording([]):
        raise Busy
    standings.get("101", DEFENDERS)
    assert asked(world) == ["Query"]
    now[0] += RECENT_SECONDS
    standings.get("101", DEFENDERS)
    assert asked(world) == ["Query"]
