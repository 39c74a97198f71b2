"""From the landed version's data on: read, gone on with, migrated, and back again.

`landed-0.1.0.jsonl` is a table as 0.1.0's own code wrote it, through its services: reports, a rename, merges, a move,
retirements, a forgotten name, corrections, a reading, keys, an import, bound sheets, an archived event, a recount, and
a report after it whose ledger entry is owed. Its first line says what it came to.
"""

import json
import logging
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.access import Key
from chalicelib.domain.errors import Unreadable
from chalicelib.store import keys
from chalicelib.store.forms import LEFT_OUT
from chalicelib.store.keys import ItemKey
from chalicelib.store.table import Delete, Item, Put, Table, Update
from chalicelib.store.typed import plain
from sheets_sync.content import tabs_of
from tests.upgrade.later import FIELD, add_what_a_later_version_adds, lost
from tests.world import ARCHITECTS, CONFRONTING_RESILIENCE, DEFENDERS, ENLISTING_OLD_ALLIES, World, new_world

LANDED = Path(__file__).parent / "landed-0.1.0.jsonl"
ADMIN = Key("operator", "admin", "operator")


def items_of(table: Table) -> dict[ItemKey, Item]:
    return {ItemKey(item["PK"], item["SK"]): item for item in table.scan()}


@pytest.fixture
def landed() -> Iterator[tuple[World, dict[str, Any]]]:
    """A world on the table that 0.1.0 left, at the time at which it did."""
    head, *lines = LANDED.read_text(encoding="utf-8").splitlines()
    told = json.loads(head)
    with new_world() as world:
        table = world.muster.stores.table
        for key in items_of(table):
            table.write(Delete(key))
        for item in (plain(json.loads(line)) for line in lines):
            attributes = {name: value for name, value in item.items() if name not in ("PK", "SK")}
            table.write(Put(ItemKey(item["PK"], item["SK"]), attributes))
        world.seconds.pass_cache()
        world.clock.now = datetime.fromisoformat(told["now"])
        yield world, told


def everything_works(world: World, told: dict[str, Any]) -> None:
    """Every use case that reads what is stored, and the numbers are as they were."""
    muster = world.muster
    for event, points in told["points"].items():
        assert muster.overview.progress("101", event, consistent=True).points == points
    for alliance, commanders in told["commanders"].items():
        assert len(muster.rosters.roster(ADMIN, "101", alliance)) == commanders
    assert muster.refresh.refresh_totals().drifts == ()
    assert muster.ledger_pages.differences("101") == []
    assert muster.ledger_pages.of_server(ADMIN, "101").entries
    assert len(muster.readings.all(ADMIN, "101", DEFENDERS)) == 1
    assert [key.role for key in muster.keys.all(ADMIN)]
    assert {sheet.spreadsheet_id for sheet in muster.stores.sheets.all()} == {
        "officers-sheet",
        "servers-sheet",
    }
    for sheet in muster.stores.sheets.all():
        assert tabs_of(muster.sheet_queue.view(sheet), sheet)
    assert muster.overview.schedule("101").milestones
    assert muster.exports.completions(ADMIN, "101", "nova", DEFENDERS).completions


def go_on(world: World) -> None:
    """What members and officers do next changes what they mean, and nothing else."""
    muster, member = world.muster, world.key()
    report = muster.reporting.report
    again = report(member, "Late", [ENLISTING_OLD_ALLIES, CONFRONTING_RESILIENCE])
    assert {result.status for result in again.results} == {"already_recorded"}
    assert report(member, "Commander0", [ENLISTING_OLD_ALLIES]).results[0].status == "recorded"
    muster.corrections.correct(ADMIN, "void", "Commander1", CONFRONTING_RESILIENCE, "a slip", "101")
    muster.corrections.correct(ADMIN, "restore", "Commander1", CONFRONTING_RESILIENCE, "no slip", "101")
    late = muster.stores.commanders.named("101", "Late", consistent=True)
    assert late
    muster.rosters.rename(ADMIN, "101", "nova", late.id, "Early")
    muster.rosters.move(ADMIN, "101", "nova", late.id, "vega")
    muster.rosters.move(ADMIN, "101", "vega", late.id, "nova")
    muster.readings.log(ADMIN, "101", ARCHITECTS, 5000, confirm=True)
    (due, *_) = muster.sheet_queue.due()
    taken = muster.sheet_queue.lease(due, "run")
    assert taken
    muster.sheet_queue.synced(taken)
    muster.administration.put_server(ADMIN, muster.directory.server("101"))
    muster.administration.put_alliance(ADMIN, muster.directory.alliance("101", "vega"))
    muster.administration.put_event(ADMIN, muster.directory.event(DEFENDERS))


class TestFromTheLandedVersion:
    def test_all_is_read_and_goes_on(self, landed: tuple[World, dict[str, Any]]) -> None:
        world, told = landed
        everything_works(world, told)
        go_on(world)
        assert world.muster.refresh.refresh_totals().drifts == ()
        assert world.muster.ledger_pages.differences("101") == []

    def test_the_migration_says_what_it_would_do_does_it_and_then_finds_nothing(
        self, landed: tuple[World, dict[str, Any]]
    ) -> None:
        world, told = landed
        before = items_of(world.muster.stores.table)
        would = world.muster.migrating.run(dry_run=True)
        assert items_of(world.muster.stores.table) == before
        assert sum(would.changed.values()) > 0
        done = world.muster.migrating.run()
        assert (done.changed, done.left, done.unreadable) == (would.changed, 0, ())
        assert sum(world.muster.migrating.run().changed.values()) == 0
        everything_works(world, told)
        go_on(world)

    def test_totals_that_change_while_they_are_migrated_lose_nothing(
        self, landed: tuple[World, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world, _ = landed
        scan = type(world.muster.stores.table).scan

        def late(table: Table) -> Iterator[Item]:
            seen = list(scan(table))
            world.muster.reporting.report(world.key(), "Commander2", [ENLISTING_OLD_ALLIES])
            yield from seen

        monkeypatch.setattr(type(world.muster.stores.table), "scan", late)
        world.muster.migrating.run()
        monkeypatch.undo()
        assert world.muster.refresh.refresh_totals().drifts == ()
        assert world.muster.ledger_pages.differences("101") == []


class TestAStepBack:
    def test_what_a_later_version_added_is_ignored_and_kept(
        self, landed: tuple[World, dict[str, Any]]
    ) -> None:
        world, told = landed
        table = world.muster.stores.table
        world.muster.migrating.run()
        world.muster.refresh.refresh_totals()
        world.clock.advance(minutes=5)
        add_what_a_later_version_adds(table)
        before = items_of(table)
        world.seconds.pass_cache()
        everything_works(world, told)
        go_on(world)
        assert lost(table, before) == []
        assert world.muster.migrating.run().unreadable == ()

    def test_what_a_later_version_added_to_a_completion_goes_where_the_completion_goes(
        self, landed: tuple[World, dict[str, Any]]
    ) -> None:
        world, _ = landed
        add_what_a_later_version_adds(world.muster.stores.table)
        world.seconds.pass_cache()
        who = world.muster.stores.commanders.named("101", "Commander3", consistent=True)
        assert who
        world.muster.rosters.move(ADMIN, "101", "nova", who.id, "vega")
        card = world.muster.stores.table.get(keys.card("101", DEFENDERS, "vega", who.id), consistent=True)
        assert card
        assert FIELD in card["done.hidden-motivations"]


class TestWhatCannotBeRead:
    @pytest.fixture(
        params=["event", "alliance", "commander", "card", "reading", "ledger entry", "sheet", "tier"]
    )
    def bad(
        self, request: pytest.FixtureRequest, landed: tuple[World, dict[str, Any]]
    ) -> tuple[World, ItemKey]:
        """One item of a kind, of which each attribute is something else."""
        world, _ = landed
        prefixes = {
            "event": ("EVENTS", "EVENT#2023-10"),
            "alliance": ("ALLIANCES#101", "ALLIANCE#orbit"),
            "commander": ("ROSTER#101#nova", "COMMANDER#"),
            "card": (f"CARDS#101#{ARCHITECTS}#nova", "COMMANDER#"),
            "reading": (f"READINGS#101#{DEFENDERS}", ""),
            "ledger entry": ("LEDGER#101", ""),
            "sheet": (keys.SHEETS, "SHEET#servers"),
            "tier": (f"STANDING#101#{DEFENDERS}", "READING"),
        }
        pk, sk = prefixes[request.param]
        table = world.muster.stores.table
        found = table.query(pk, sk, consistent=True)
        item = next(each for each in found if pk != "LEDGER#101" or each["action"] == "rename")
        key = ItemKey(item["PK"], item["SK"])
        table.write(Put(key, {name: [] for name in item if name not in ("PK", "SK")}))
        world.seconds.pass_cache()
        return world, key

    def test_it_stops_nothing_that_it_does_not_concern_and_is_told(
        self, bad: tuple[World, ItemKey], caplog: pytest.LogCaptureFixture
    ) -> None:
        world, key = bad
        muster = world.muster
        caplog.set_level(logging.ERROR)
        assert len(muster.public_views.state("101").standings) == 2
        assert muster.reporting.report(world.key(), "Commander8", [ENLISTING_OLD_ALLIES]).results
        muster.refresh.refresh_totals()
        muster.ledger_pages.of_server(ADMIN, "101")
        muster.readings.all(ADMIN, "101", DEFENDERS)
        muster.rosters.roster(ADMIN, "101", "nova")
        muster.exports.completions(ADMIN, "101", "nova", ARCHITECTS)
        for sheet in muster.stores.sheets.all():
            assert tabs_of(muster.sheet_queue.view(sheet), sheet)
        list(muster.stores.ledger.all("101"))
        told = {record.message.split(" (")[0] for record in caplog.records if LEFT_OUT in record.message}
        assert told == {f"{LEFT_OUT}: {key.pk} / {key.sk}"}
        assert muster.migrating.run(dry_run=True).unreadable == (f"{key.pk} / {key.sk}",)

    def test_a_card_is_not_counted_as_empty(self, landed: tuple[World, dict[str, Any]]) -> None:
        world, told = landed
        table = world.muster.stores.table
        item = next(table.query(f"CARDS#101#{ARCHITECTS}#nova", consistent=True))
        table.write(Update(ItemKey(item["PK"], item["SK"]), set={"version": "?"}))
        world.clock.advance(days=1)
        assert world.muster.refresh.refresh_totals().drifts == ()
        assert world.muster.overview.progress("101", ARCHITECTS).points == told["points"][ARCHITECTS]

    def test_what_is_needed_for_a_request_is_503_and_nothing_is_written(
        self, landed: tuple[World, dict[str, Any]]
    ) -> None:
        world, _ = landed
        who = world.muster.stores.commanders.named("101", "Commander3", consistent=True)
        assert who
        table, key = world.muster.stores.table, keys.card("101", DEFENDERS, "nova", who.id)
        table.write(Update(key, set={"version": "?"}))
        before = items_of(table)
        member = world.key()
        before = items_of(table)
        with pytest.raises(Unreadable):
            world.muster.reporting.report(member, "Commander3", [ENLISTING_OLD_ALLIES])
        assert items_of(table) == before

    def test_a_name_is_not_logged(
        self, landed: tuple[World, dict[str, Any]], caplog: pytest.LogCaptureFixture
    ) -> None:
        world, _ = landed
        world.muster.stores.table.write(Put(keys.name("101", "commander3"), {"id": []}))
        with pytest.raises(Unreadable):
            world.muster.reporting.report(world.key(), "Commander3", [ENLISTING_OLD_ALLIES])
        assert LEFT_OUT in caplog.text
        assert "commander3" not in caplog.text.casefold()
