"""The scheduled recount where there is more than fits into one run."""

from chalicelib.domain.roster import Server
from chalicelib.services.refresh import ENOUGH
from tests.world import World


def test_each_run_begins_at_another_server_and_ends_before_its_time_does(world: World) -> None:
    for number in ("102", "103"):
        world.muster.stores.definitions.put_server(Server(number))
        world.add_alliance("vega", server=number)
    refreshed = []
    for _ in range(3):
        left = iter([ENOUGH, ENOUGH - 0.1])
        refreshed.append(world.muster.refresh.refresh_totals(lambda left=left: next(left)).recounted)  # type: ignore[misc]
        world.clock.advance(minutes=5)
    assert sorted(refreshed) == [2, 2, 4], "one server each, of one alliance or two, in two events"
    assert world.muster.refresh.refresh_totals().recounted == 8
