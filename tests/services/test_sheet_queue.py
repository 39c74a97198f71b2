"""Which sheets are due: what changes a sheet's revision, and what it costs to know."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

import pytest

from chalicelib.domain.calendar import GameDay
from chalicelib.domain.due import BATCH, FRESHNESS
from chalicelib.domain.roster import Alliance, Server
from chalicelib.domain.standing import TierStamp
from tests.stores import on_dynamodb
from tests.world import (
    ARCHITECTS,
    CONFRONTING_RESILIENCE,
    DEFENDERS,
    ENLISTING_OLD_ALLIES,
    HIDDEN_MOTIVATIONS,
    WEDNESDAY_NOON,
    World,
)


def bind(world: World) -> None:
    world.muster.stores.sheets.bind("nova", "101", "nova")
    world.muster.stores.sheets.bind("orbit", "101", "orbit")
    world.muster.stores.sheets.bind("all", "101", None)
    world.muster.stores.sheets.bind("elsewhere", "102", None)
    world.muster.stores.definitions.put_server(Server("102"))


def sync_all(world: World) -> list[str]:
    """Which were due; they are not any more."""
    bound = world.muster.sheet_queue
    names = []
    for due in bound.due():
        leased = bound.lease(due, "run")
        assert leased
        bound.synced(leased)
        names.append(due.sheet.spreadsheet_id)
    return sorted(names)


@pytest.fixture
def synced(world: World) -> World:
    bind(world)
    assert len(sync_all(world)) == 4
    assert sync_all(world) == []
    return world


def test_what_leaves_the_totals_as_they_were_makes_them_due_too(synced: World) -> None:
    muster, officer = synced.muster, synced.key("officer")
    for name in ("Kestrel", "Merlin"):
        muster.rosters.add(officer, "101", "nova", name)
    muster.reporting.report(synced.key(), "Kestrel", [HIDDEN_MOTIVATIONS])
    sync_all(synced)
    muster.corrections.correct(officer, "void", "Kestrel", HIDDEN_MOTIVATIONS, "it was Merlin")
    muster.reporting.report(synced.key(), "Merlin", [HIDDEN_MOTIVATIONS])
    assert sync_all(synced) == ["all", "nova"]


def test_a_report_shows_at_once_in_its_alliances_sheet_and_the_servers_and_a_little_later_in_the_others(
    synced: World,
) -> None:
    began = synced.clock()
    for minute in range(3):
        synced.clock.now = began + timedelta(minutes=minute)
        synced.muster.reporting.report(synced.key(), f"Commander{minute}", [HIDDEN_MOTIVATIONS])
        assert sync_all(synced) == ["all", "nova"]
    synced.clock.now = began + BATCH - timedelta(microseconds=1)
    assert sync_all(synced) == []
    synced.clock.now = began + BATCH
    assert sync_all(synced) == ["orbit"], "for all three"
    synced.clock.advance(minutes=BATCH.seconds / 60)
    synced.muster.reporting.report(synced.key(), "Commander0", [HIDDEN_MOTIVATIONS])
    assert sync_all(synced) == [], "nothing new was reported"


def test_a_correction_makes_them_due_once(synced: World) -> None:
    muster, officer = synced.muster, synced.key("officer")
    muster.reporting.report(synced.key(), "Kestrel", [HIDDEN_MOTIVATIONS])
    muster.rosters.add(officer, "101", "nova", "Merlin")
    sync_all(synced)
    muster.corrections.correct(officer, "void", "Kestrel", HIDDEN_MOTIVATIONS, "it was Merlin")
    assert sync_all(synced) == ["all", "nova"]
    muster.corrections.correct(officer, "void", "Kestrel", HIDDEN_MOTIVATIONS, "it was Merlin")
    assert sync_all(synced) == [], "it was void already"


def test_a_reading_makes_them_due_once(synced: World) -> None:
    officer = synced.key("officer")
    synced.muster.readings.log(officer, "101", DEFENDERS, 5000)
    assert sync_all(synced) == ["all", "nova", "orbit"]
    synced.clock.advance(minutes=1)
    synced.muster.readings.log(officer, "101", DEFENDERS, 4000, synced.clock() - timedelta(hours=1))
    assert sync_all(synced) == [], "the latest one counts"


def test_a_reward_that_is_stamped_after_its_report_makes_them_due(synced: World) -> None:
    """A sheet that was synced between the two says when it was reached."""
    stamp = {500: TierStamp(synced.clock(), "reported")}
    synced.muster.stores.completions.stamp_tiers("101", DEFENDERS, stamp)
    assert sync_all(synced) == ["all", "nova", "orbit"]


def test_every_change_of_a_roster_concerns_that_alliances_sheet_alone(synced: World) -> None:
    rosters, officer = synced.muster.rosters, synced.key("officer")
    place = "101", "nova"
    kestrel = rosters.add(officer, *place, "Kestrel")
    assert sync_all(synced) == ["nova"]
    changes: list[Callable[[], object]] = [
        lambda: rosters.rename(officer, *place, kestrel.id, "Merlin"),
        lambda: rosters.retire(officer, *place, kestrel.id),
        lambda: rosters.reinstate(officer, *place, kestrel.id),
        lambda: rosters.forget(officer, *place, kestrel.id),
    ]
    for change in changes:
        change()
        assert sync_all(synced) == ["nova"]
        if change is not changes[-1]:
            change()
            assert sync_all(synced) == [], "it was so already"


def test_a_move_concerns_both_alliances_and_a_merger_where_it_happens(synced: World) -> None:
    rosters, admin = synced.muster.rosters, synced.key("admin", None, None)
    kestrel, merlin = (rosters.add(admin, "101", "nova", name) for name in ("Kestrel", "Merlin"))
    sync_all(synced)
    rosters.move(admin, "101", "nova", kestrel.id, "orbit")
    assert sync_all(synced) == ["nova", "orbit"]
    rosters.merge(admin, "101", "nova", merlin.id, kestrel.name)
    assert sync_all(synced) == ["nova", "orbit"]


def test_what_no_sheet_shows_makes_none_due(synced: World) -> None:
    """The use of a key, the entries that reports owe the ledger; and a sample of the points waits until something else
    shows."""
    muster = synced.muster
    muster.reporting.report(synced.key(), "Kestrel", [HIDDEN_MOTIVATIONS])
    synced.clock.advance(minutes=BATCH.seconds / 60)
    sync_all(synced)
    synced.clock.advance(minutes=5)
    secret = synced.secret("reader")
    muster.directory.key(secret)
    muster.refresh.refresh_totals()
    assert muster.stores.completions.standing("101", DEFENDERS).history
    assert sync_all(synced) == []


def test_a_server_in_which_nothing_can_be_reported_is_read_again_after_a_few_minutes(synced: World) -> None:
    definitions, began = synced.muster.stores.definitions, synced.clock()
    for event in synced.muster.directory.events():
        definitions.put_event(event.model_copy(update={"archived": True}))
    assert len(sync_all(synced)) == 4
    definitions.put_alliance(Alliance("101", "nova", "NEW", "Nova Guard"))
    synced.clock.now = began + BATCH - timedelta(microseconds=1)
    assert sync_all(synced) == []
    synced.clock.now = began + BATCH
    assert sync_all(synced) == ["all", "nova"]


@pytest.mark.parametrize(("done", "reads"), [(1, False), (2, True)])
def test_as_long_as_more_is_urgent_than_a_run_gets_through_servers_are_not_read_again(
    synced: World, done: int, reads: bool
) -> None:
    """For a few minutes. What it has read, its sheets show, and say when that was."""
    queue, officer = synced.muster.sheet_queue, synced.key("officer", "101", None)
    for name in ("Merlin", "Falcon"):
        synced.muster.rosters.add(officer, "101", "orbit", name)
    sync_all(synced)

    def report(name: str, alliance: str) -> None:
        synced.muster.reporting.report(officer, name, [HIDDEN_MOTIVATIONS], "101", alliance)

    report("Kestrel", "nova")
    report("Merlin", "orbit")
    began = synced.clock()
    due = queue.due()
    assert [one.sheet.spreadsheet_id for one in due] == ["all", "nova", "orbit"]
    assert queue.begin_run("run") == {}
    for one in due[:done]:
        leased = queue.lease(one, "run")
        assert leased
        queue.synced(leased)
    queue.end_run("run", {})
    synced.clock.advance(minutes=1)
    report("Osprey", "nova")
    report("Falcon", "orbit")
    due = queue.due()
    ids = {one.sheet.spreadsheet_id: one for one in due}
    assert set(ids) == ({"all", "nova", "orbit"} if reads else {"nova", "orbit"}), "what is left"
    view = queue.view(ids["nova"].sheet)
    assert view.read_at == (synced.clock() if reads else began)
    assert {event.progress.points for event in view.events} == ({400, 0} if reads else {200, 0})
    synced.clock.now = began + BATCH
    assert {one.sheet.spreadsheet_id for one in queue.due()} == {"all", "nova", "orbit"}


def test_a_projection_moves_on_with_the_time_and_makes_no_sheet_due(world: World) -> None:
    """It is shown anew with what makes a sheet due, which is 15 minutes later at the latest."""
    world.clock.now = datetime(2023, 11, 14, tzinfo=UTC)
    while world.clock.now < WEDNESDAY_NOON:
        name = f"Commander{world.clock.now:%d%H}"
        world.muster.reporting.report(world.key(), name, [ENLISTING_OLD_ALLIES], is_new=True)
        world.muster.refresh.refresh_totals()
        world.clock.advance(hours=1)
    bind(world)
    sync_all(world)
    sheet = world.muster.stores.sheets.get("nova")
    assert sheet
    for _ in range(2):
        defenders = next(e for e in world.muster.sheet_queue.view(sheet).events if e.event.id == DEFENDERS)
        assert defenders.progress.projection
        world.clock.advance(minutes=7)
        assert sync_all(world) == []


def test_a_report_during_a_sync_is_seen_by_the_next(world: World) -> None:
    bind(world)
    bound = world.muster.sheet_queue
    due = bound.lease(bound.due()[0], "run")
    assert due
    bound.view(due.sheet)
    world.muster.reporting.report(world.key(), "Kestrel", [HIDDEN_MOTIVATIONS])
    bound.synced(due)
    assert due.sheet.spreadsheet_id in {again.sheet.spreadsheet_id for again in bound.due()}


def test_a_milestone_that_opens_makes_sheets_due_and_the_time_of_day_does_not(synced: World) -> None:
    synced.clock.now = datetime(2023, 11, 15, 23, 46, tzinfo=UTC)  # so that they are not stale at midnight
    assert len(sync_all(synced)) == 4, "stale"
    synced.clock.now = datetime(2023, 11, 15, 23, 59, 59, tzinfo=UTC)
    assert sync_all(synced) == []
    synced.clock.now = datetime(2023, 11, 16, tzinfo=UTC)
    assert len(sync_all(synced)) == 4


def test_a_label_concerns_the_alliances_own_sheet_and_the_servers(synced: World) -> None:
    synced.muster.stores.definitions.put_alliance(Alliance("101", "nova", "NEW", "Nova Guard"))
    assert sync_all(synced) == ["all", "nova"]


def test_a_game_day_concerns_its_server(synced: World) -> None:
    synced.muster.stores.definitions.put_server(Server("101", GameDay(time(1), "UTC", assumed=False)))
    assert sync_all(synced) == ["all", "nova", "orbit"]


def test_an_event_that_changes_or_is_archived_concerns_all(synced: World) -> None:
    event = synced.muster.directory.event(ARCHITECTS)
    synced.muster.stores.definitions.put_event(event.model_copy(update={"name": "Architects"}))
    assert len(sync_all(synced)) == 4
    synced.muster.stores.definitions.put_event(event.model_copy(update={"archived": True}))
    assert len(sync_all(synced)) == 4


def test_rebinding_makes_due_at_once(synced: World) -> None:
    synced.muster.stores.sheets.bind("nova", "101", None)
    assert sync_all(synced) == ["nova"]


def test_what_was_bound_anew_during_its_sync_is_due_at_once(world: World) -> None:
    bind(world)
    queue = world.muster.sheet_queue
    due = queue.lease(next(each for each in queue.due() if each.sheet.spreadsheet_id == "nova"), "run")
    assert due
    world.muster.stores.sheets.bind("nova", "101", "orbit")
    queue.synced(due)
    assert "nova" in sync_all(world)


def test_a_binding_of_no_server_is_due_and_its_report_says_why(world: World) -> None:
    world.muster.stores.sheets.bind("lost", "999", None)
    (due,) = world.muster.sheet_queue.due()
    assert due.sheet.spreadsheet_id == "lost"


@on_dynamodb
def test_knowing_costs_reads_by_server_and_event_however_many_sheets_there_are(synced: World) -> None:
    for number in range(60):
        synced.muster.stores.sheets.bind(f"another-{number}", "101", "nova")
    synced.muster.reporting.report(synced.key(), "Kestrel", [HIDDEN_MOTIVATIONS, CONFRONTING_RESILIENCE])
    synced.clock.advance(minutes=FRESHNESS.seconds / 60)
    synced.muster.stores.definitions.put_server(Server("103"))
    synced.muster.directory.events()
    synced.dynamodb.calls.clear()
    for due in synced.muster.sheet_queue.due():
        if due.sheet.alliance is None:
            synced.muster.sheet_queue.view(due.sheet)
    queries = [call.parameters for call in synced.dynamodb.calls if call.operation == "Query"]
    asked = [query["ExpressionAttributeValues"][":pk"]["S"] for query in queries]
    begun = [f"STANDING#{server}#{DEFENDERS}" for server in ("101", "102")]
    assert sorted(asked) == sorted(
        [
            "SHEETS",
            "SERVERS",
            "ALLIANCES#101",
            "ALLIANCES#102",
            *begun,
            *(b.replace(DEFENDERS, ARCHITECTS) for b in begun),
        ]
    )
    assert len(synced.dynamodb.calls) == len(queries)
