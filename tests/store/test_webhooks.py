"""How webhooks are stored: who notes something about one that has changed meanwhile learns it."""

from datetime import timedelta

import pytest

from chalicelib.domain.webhooks import Webhook
from chalicelib.store.table import Change, ConditionFailed, Table
from tests.stores import on_every_store
from tests.world import WEDNESDAY_NOON, World

WEBHOOK = Webhook(
    "one", "101", "nova", "https://…", ("scoreboard",), "en", True, WEDNESDAY_NOON, "key", "whsec_…"
)


@on_every_store
def test_of_two_runs_that_note_something_one_is_told_that_it_was_late(world: World) -> None:
    webhooks = world.muster.stores.webhooks
    webhooks.add(WEBHOOK)
    with pytest.raises(ConditionFailed):
        webhooks.add(WEBHOOK)
    state = {"sent": {"a": [1, None, True, "x"]}}
    noted = webhooks.note(WEBHOOK, state=state)
    assert noted == webhooks.get("one")
    assert (noted.state, noted.version, noted.disabled) == (state, 1, None)
    with pytest.raises(ConditionFailed):
        webhooks.note(WEBHOOK, state=state)
    disabled = webhooks.note(noted, disabled="It is gone.")
    assert list(webhooks.all()) == [disabled]
    assert (disabled.state, disabled.version, disabled.disabled) == (state, 2, "It is gone.")
    assert webhooks.note(disabled, state={}, disabled=None) == webhooks.get("one")
    webhooks.delete("one")
    with pytest.raises(ConditionFailed):
        webhooks.delete("one")
    with pytest.raises(ConditionFailed):
        webhooks.note(disabled, state={})
    assert list(webhooks.all()) == []
    assert not webhooks.begin_test("one", WEDNESDAY_NOON, WEDNESDAY_NOON)


@on_every_store
def test_a_test_is_no_change_that_a_run_must_stop_for(world: World) -> None:
    webhooks = world.muster.stores.webhooks
    webhooks.add(WEBHOOK)
    assert webhooks.begin_test("one", WEDNESDAY_NOON, WEDNESDAY_NOON)
    world.clock.advance(seconds=1)
    assert not webhooks.begin_test("one", world.clock(), WEDNESDAY_NOON.replace(hour=11))
    assert webhooks.note(WEBHOOK, state={"a": 1}).version == 1
    assert not webhooks.begin_test("one", world.clock(), WEDNESDAY_NOON.replace(hour=11))
    assert webhooks.begin_test("one", world.clock(), WEDNESDAY_NOON)


@on_every_store
def test_of_two_tests_at_the_same_moment_one_is_begun(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    webhooks, table, faster = world.muster.stores.webhooks, type(world.muster.stores.table), iter([1])
    webhooks.add(WEBHOOK)
    write, later = table.write, WEDNESDAY_NOON + timedelta(minutes=1)

    def late(self: Table, change: Change) -> None:
        for _ in faster:
            assert webhooks.begin_test("one", later, WEDNESDAY_NOON)
        write(self, change)

    monkeypatch.setattr(table, "write", late)
    assert not webhooks.begin_test("one", later, WEDNESDAY_NOON)
