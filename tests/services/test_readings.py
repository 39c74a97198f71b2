"""What stands beside the totals is the latest reading, whatever else is logged and withdrawn at the same moment."""

from datetime import timedelta

import pytest

from chalicelib.store.readings import Readings
from tests.world import DEFENDERS, World


@pytest.mark.parametrize("meanwhile", ["withdrawn", "logged"])
def test_the_latest_is_shown_though_two_change_them_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch, meanwhile: str
) -> None:
    officer, readings, withdraw = world.key("officer"), world.muster.readings, Readings.withdraw

    def log(points: int, minutes: int) -> str:
        at = world.clock.now - timedelta(minutes=minutes)
        return readings.log(officer, "101", DEFENDERS, points, at, confirm=True).id

    _, second, third = log(0, 30), log(100, 20), log(200, 10)

    def overtaken(*args: object) -> None:
        monkeypatch.setattr(Readings, "withdraw", withdraw)
        if meanwhile == "withdrawn":
            readings.withdraw(officer, "101", DEFENDERS, second)
        else:
            log(150, 15)
        withdraw(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(Readings, "withdraw", overtaken)
    readings.withdraw(officer, "101", DEFENDERS, third)
    standing = world.muster.stores.completions.standing("101", DEFENDERS, consistent=True)
    assert standing.reading == world.muster.stores.readings.all("101", DEFENDERS)[-1].reading
