"""Standings for receipts: few reads, and still every completion that this process recorded, exactly once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest

from chalicelib.bootstrap import Muster
from chalicelib.domain.access import Key
from chalicelib.domain.cards import Card, Completion, reported
from chalicelib.domain.errors import Busy
from chalicelib.domain.standing import Standing, Totals
from chalicelib.services.recent_standings import RECENT_SECONDS, RecentStandings
from chalicelib.store.completions import Completions
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
    assert [event.best.points for event in receipt.events] == [100, 100]


def points_shown(muster: Muster, key: Key, commander: str, at: datetime) -> list[int]:
    """The server's points on a receipt, by event."""
    return [event.best.points for event in muster.member_pages.receipt(key, commander, at).events]


def test_a_receipt_in_another_process_is_read_as_long_as_nothing_was_counted(world: World) -> None:
    key = world.key()
    commander = world.muster.reporting.report(key, "Kestrel", [HIDDEN_MOTIVATIONS]).commander
    world.process().reporting.report(key, "Merlin", [HIDDEN_MOTIVATIONS])
    assert points_shown(world.process(), key, commander.id, world.clock()) == [0, 200]


@on_dynamodb
def test_a_receipt_in_another_process_shows_what_was_counted_last_and_the_commanders_own_since(
    world: World,
) -> None:
    key = world.key()
    for name in ("Kestrel", "Merlin"):
        world.muster.reporting.report(key, name, [HIDDEN_MOTIVATIONS])
    world.muster.refresh.refresh_totals()
    world.clock.advance(minutes=1)
    other = world.process()
    for name in ("Kestrel", "Osprey"):
        commander = other.reporting.report(key, name, [ENLISTING_OLD_ALLIES]).commander
    warm = world.process()
    warm.directory.events(), warm.directory.in_scope(key, None, None)
    asked(world)
    assert points_shown(warm, key, commander.id, world.clock()) == [0, 300], "of Kestrel's two, the first"
    assert asked(world) == ["GetItem", "BatchGetItem", "BatchGetItem"]


def test_a_reading_stands_on_the_next_receipt_until_it_is_withdrawn(world: World) -> None:
    key, officer = world.key(), world.key("officer", "101", None)
    at, commander = (
        world.clock(),
        world.muster.reporting.report(key, "Kestrel", [HIDDEN_MOTIVATIONS]).commander,
    )
    assert points_shown(world.muster, key, commander.id, at)[-1] == 100
    logged = world.muster.readings.log(officer, "101", DEFENDERS, 8000, confirm=True)
    assert points_shown(world.muster, key, commander.id, at)[-1] == 8000
    world.muster.readings.withdraw(officer, "101", DEFENDERS, logged.id)
    assert points_shown(world.muster, key, commander.id, at)[-1] == 100


@on_dynamodb
def test_the_recount_notes_what_it_found_only_if_that_has_changed(world: World) -> None:
    key, officer = world.key(), world.key("officer", "101", None)
    world.muster.reporting.report(key, "Kestrel", [HIDDEN_MOTIVATIONS])
    world.muster.refresh.refresh_totals()
    asked(world)
    world.muster.refresh.refresh_totals()
    assert "UpdateItem" not in asked(world)
    world.muster.readings.log(officer, "101", DEFENDERS, 700)
    world.muster.refresh.refresh_totals()
    (_, noted) = world.muster.stores.completions.noted("101", [DEFENDERS])[DEFENDERS]
    assert noted.reading
    assert noted.reading.points == 700


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
def test_nor_is_what_was_read_while_a_write_began_and_ended(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether that write is in it, nobody knows."""
    standings, read = RecentStandings(world.muster.stores.completions, lambda: 0.0), Completions.standing
    change = reported(
        Card("101", DEFENDERS, "nova", "one"), ["hidden-motivations"], Completion(world.clock(), "key")
    )

    def slowly(self: Completions, server: str, event: str, *, consistent: bool = False) -> Standing:
        found = read(self, server, event, consistent=consistent)
        with standings.recording([change]):
            return found

    with monkeypatch.context() as patch:
        patch.setattr(Completions, "standing", slowly)
        standings.get("101", DEFENDERS)
    asked(world)
    standings.get("101", DEFENDERS)
    assert asked(world) == ["Query"]


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
