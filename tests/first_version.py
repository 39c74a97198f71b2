"""Commanders as the first version stored them: every name that leads to them has a copy, and the rules were others."""

from chalicelib.domain.names import normalised_before
from chalicelib.store import keys
from chalicelib.store.table import Item, Put
from tests.world import World


def put_commander(
    world: World,
    identity: str,
    name: str,
    alliance: str = "nova",
    aliases: tuple[str, ...] = (),
    retired_at: str | None = None,
) -> None:
    """`aliases` as it stored them, which is normalised."""
    item: Item = {"id": identity, "name": name, "alliance": alliance, "retired_at": retired_at}
    led = (keys.name("101", key) for key in (normalised_before(name), *aliases))
    more: Item = {"added_at": "2023-11-13T12:00:00Z", "added_by": "member", "version": 1}
    more["aliases"] = list(aliases) or None
    here = keys.commander("101", alliance, identity)
    world.muster.stores.table.put_many([*(Put(key, item) for key in led), Put(here, item | more)])
