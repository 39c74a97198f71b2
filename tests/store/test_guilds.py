"""How guilds and accounts on Discord are stored: what somebody else has just changed is not written over."""

import pytest

from chalicelib.domain.discord import Account, Guild, OpenCode
from chalicelib.store.table import ConditionFailed
from tests.stores import on_every_store
from tests.world import WEDNESDAY_NOON, World

pytestmark = on_every_store


def code(world: World, alliance: str) -> OpenCode:
    """One that can be used."""
    made = OpenCode(f"hash of {alliance}'s", WEDNESDAY_NOON, "key")
    world.muster.stores.guilds.offer("101", alliance, made)
    return made


def test_a_guild_that_was_bound_meanwhile_is_bound_by_whoever_was_faster(world: World) -> None:
    guilds = world.muster.stores.guilds
    nova, orbit = (Guild("1001", "101", alliance, WEDNESDAY_NOON) for alliance in ("nova", "orbit"))
    guilds.bind(None, nova, code(world, "nova"))
    for before in (None, orbit):
        with pytest.raises(ConditionFailed):
            guilds.bind(before, orbit, code(world, "orbit"))
    with pytest.raises(ConditionFailed):
        guilds.unbind(orbit)
    assert guilds.get("1001") == nova
    guilds.bind(nova, orbit, code(world, "orbit"))
    assert guilds.get("1001") == orbit


def test_a_process_knows_at_once_what_it_has_bound_and_unbound(world: World) -> None:
    guilds, nova = world.muster.stores.guilds, Guild("1001", "101", "nova", WEDNESDAY_NOON)
    guilds.bind(None, nova, code(world, "nova"))
    assert guilds.known("1001") == nova
    guilds.unbind(nova)
    assert guilds.known("1001") is None


def test_two_links_of_an_account_at_once_do_not_lose_one(world: World) -> None:
    guilds = world.muster.stores.guilds
    kestrel, merlin = (Account("501", "Example", {one: WEDNESDAY_NOON}) for one in ("kestrel", "merlin"))
    guilds.change_account("101", "nova", kestrel)
    with pytest.raises(ConditionFailed):
        guilds.change_account("101", "nova", merlin)
    stored = guilds.account("101", "nova", "501", consistent=True)
    assert list(stored.commanders) == ["kestrel"]
    with pytest.raises(ConditionFailed):
        guilds.change_account("101", "nova", Account("501", "Example"))
