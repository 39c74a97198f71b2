"""Leases of sheets and of the run, on the table itself."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.binding import Binding
from chalicelib.domain.due import LEASE
from chalicelib.store.keys import ItemKey
from chalicelib.store.table import Item, Table
from tests.stores import on_every_store
from tests.world import World

pytestmark = on_every_store

ID = "spreadsheet-1"


def bound(world: World) -> Binding:
    world.muster.stores.sheets.bind(ID, "101", "nova")
    return read(world)


def read(world: World) -> Binding:
    sheet = world.muster.stores.sheets.get(ID)
    assert sheet
    return sheet


def leased(sheet: Binding, token: str, world: World) -> Binding:
    until = world.clock() + LEASE
    assert world.muster.stores.sheets.lease(sheet, token, until)
    return replace(sheet, lease=token, leased_until=until)


def at_once(*attempts: Callable[[], object]) -> list[object]:
    """What each gives, all begun at the same moment."""
    start, results = threading.Barrier(len(attempts)), [None] * len(attempts)

    def run(index: int) -> None:
        start.wait()
        results[index] = attempts[index]()  # type: ignore[call-overload]

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(attempts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return list(results)


def test_a_sync_that_was_under_way_as_it_was_bound_anew_shows_nothing_of_the_new_binding(
    world: World,
) -> None:
    sheet = leased(bound(world), "a", world)
    world.muster.stores.sheets.bind(ID, "101", "nova", edits=True)
    assert not world.muster.stores.sheets.synced(sheet, world.clock(), "good")
    assert world.muster.stores.sheets.put_off(sheet)
    assert (read(world).revision, read(world).lease) == (None, None)


def test_what_is_to_be_done_once_is_done_once(world: World) -> None:
    """Else tabs that another deployment has taken since would be taken back at each sync."""
    for again in (False, True):
        world.muster.stores.sheets.bind(ID, "101", "nova", take_over=True)
        world.muster.stores.sheets.tidy(ID)
        sheet = leased(read(world), "a", world)
        assert (sheet.take_over, sheet.tidies) == (True, True)
        assert world.muster.stores.sheets.synced(sheet, world.clock(), "good", again=again)
        assert (read(world).take_over, read(world).tidies) == (False, False)


def test_touching_what_was_unbound_leaves_nothing(world: World) -> None:
    bound(world)
    world.muster.stores.sheets.unbind(ID)
    assert not world.muster.stores.sheets.touch(ID, world.clock())
    assert not list(world.muster.stores.table.query("SHEETS"))


def test_who_was_overtaken_does_not_say_that_only_values_can_be_written(world: World) -> None:
    first = leased(bound(world), "a", world)
    second = leased(read(world), "b", world)
    assert not world.muster.stores.sheets.keep_plain(first, "A range is protected.", world.clock() + LEASE)
    assert read(world).obstacle is None
    assert world.muster.stores.sheets.keep_plain(second, "A range is protected.", world.clock() + LEASE)
    assert (read(world).obstacle, read(world).lease) == ("A range is protected.", "b")


def test_who_gets_a_sheet_from_another_account_looks_at_it(world: World) -> None:
    """Nothing told that account what was edited before."""
    sheet = leased(bound(world), "a", world)
    assert world.muster.stores.sheets.move(sheet, "b@example.com", world.clock())
    moved = read(world)
    assert (moved.account, moved.lease, moved.touched_at) == ("b@example.com", None, world.clock())


def test_a_deployment_has_one_id_though_a_process_has_not_seen_it_yet(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With two, it would refuse its own tabs as another's."""
    identity, table = world.muster.stores.sheets.deployment(), type(world.muster.stores.table)
    get = table.get

    def late(self: Table, key: ItemKey, *, consistent: bool = False) -> Item | None:
        return get(self, key, consistent=True) if consistent else None

    monkeypatch.setattr(table, "get", late)
    assert world.process().stores.sheets.deployment() == identity


def test_of_many_runs_at_once_one_gets_the_lease(world: World) -> None:
    sheet, sheets, until = bound(world), world.muster.stores.sheets, world.clock() + LEASE
    got = at_once(*(lambda token=token: sheets.lease(sheet, token, until) for token in "abcdefgh"))
    assert sorted(got, key=bool) == [False] * 7 + [True]
    assert read(world).lease == "abcdefgh"[got.index(True)]


def test_a_lease_can_be_taken_over_by_who_saw_it_expire_and_by_nobody_who_did_not(world: World) -> None:
    before = bound(world)
    first = leased(before, "a", world)
    assert not world.muster.stores.sheets.lease(before, "b", world.clock() + LEASE)
    second = leased(read(world), "b", world)
    assert not world.muster.stores.sheets.synced(first, world.clock(), "late"), "it was overtaken"
    assert world.muster.stores.sheets.synced(second, world.clock(), "good")
    assert (read(world).revision, read(world).lease) == ("good", None)


def test_who_read_a_sheet_before_another_run_synced_it_does_not_get_it(world: World) -> None:
    before = bound(world)
    world.muster.stores.sheets.synced(leased(before, "a", world), world.clock(), "new")
    assert not world.muster.stores.sheets.lease(before, "b", world.clock() + LEASE)


def test_a_lease_whose_answer_was_lost_is_had_all_the_same(world: World) -> None:
    sheet = bound(world)
    leased(sheet, "a", world)
    assert world.muster.stores.sheets.lease(sheet, "a", world.clock() + LEASE), "the client sent it again"


def test_an_unbound_sheet_stays_unbound_when_its_sync_ends(world: World) -> None:
    sheet = leased(bound(world), "a", world)
    world.muster.stores.sheets.unbind(ID)
    assert not world.muster.stores.sheets.synced(sheet, world.clock(), "good")
    assert not world.muster.stores.sheets.failed(sheet, world.clock(), "bad", None)
    assert not world.muster.stores.sheets.lease(sheet, "b", world.clock() + LEASE)
    assert list(world.muster.stores.sheets.all()) == []


def test_rebinding_keeps_the_lease_and_forgets_what_was_shown(world: World) -> None:
    sheet = leased(bound(world), "a", world)
    world.muster.stores.sheets.failed(
        sheet, world.clock(), "not shared", world.clock() + timedelta(minutes=15)
    )
    sheet = leased(read(world), "b", world)
    world.muster.stores.sheets.synced(sheet, world.clock(), "good")
    sheet = leased(read(world), "c", world)
    world.muster.stores.sheets.bind(ID, "101", None)
    now = read(world)
    assert (now.alliance, now.revision, now.retry_at, now.lease) == (None, None, None, "c")
    assert (now.last_success_at, now.last_error) == (world.clock(), "not shared")


def test_of_many_runs_at_once_one_begins(world: World) -> None:
    sheets, now = world.muster.stores.sheets, world.clock()
    got = at_once(*(lambda token=token: sheets.begin_run(token, now, now + LEASE) for token in "abcdefgh"))
    assert sorted(each is not None for each in got) == [False] * 7 + [True]


def test_a_run_learns_what_the_last_one_spent(world: World) -> None:
    sheets, now = world.muster.stores.sheets, world.clock()
    assert sheets.begin_run("a", now, now + LEASE) == {}
    assert sheets.begin_run("b", now, now + LEASE) is None
    spent = {"read": [now, now + timedelta(microseconds=1)], "write": []}
    assert sheets.end_run("a", spent)
    assert sheets.begin_run("b", now, now + LEASE) == spent


def test_a_run_that_never_ended_holds_up_the_next_until_its_lease_expires(world: World) -> None:
    sheets, now = world.muster.stores.sheets, world.clock()
    sheets.begin_run("killed", now, now + LEASE)
    almost, then = now + LEASE - timedelta(microseconds=1), now + LEASE
    assert sheets.begin_run("b", almost, almost + LEASE) is None
    assert sheets.begin_run("b", then, then + LEASE) == {}, "by then all that it spent counts no more"
    assert not sheets.end_run("killed", {"read": [now]})
