"""Which device reported something, whatever process is asked."""

import hmac
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from chalicelib.domain.errors import Forbidden
from tests.stores import on_every_store
from tests.world import (
    DEFENDERS,
    ENLISTING_OLD_ALLIES,
    HIDDEN_MOTIVATIONS,
    WEDNESDAY_NOON,
    World,
    new_world,
)

DEVICE, COMMANDER = "A" * 22, "T5N_JKk8uwkh"


@on_every_store
def test_all_processes_sign_with_one_secret(world: World) -> None:
    """Also those that need it for the first time at the same moment."""
    processes = [world.process() for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        proofs = set(
            pool.map(lambda one: one.devices.proof(DEVICE, "key", COMMANDER, WEDNESDAY_NOON), processes)
        )
    assert len(proofs) == 1
    later = world.process().devices
    assert later.reported(DEVICE, proofs.pop(), "key", COMMANDER, WEDNESDAY_NOON)


def test_another_deployment_signs_with_another(world: World) -> None:
    mine = world.muster.devices.proof(DEVICE, "key", COMMANDER, WEDNESDAY_NOON)
    with new_world() as elsewhere:
        assert elsewhere.muster.devices.proof(DEVICE, "key", COMMANDER, WEDNESDAY_NOON) != mine


def test_how_long_it_takes_tells_nothing_of_a_proof(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    compared, compare = [], hmac.compare_digest

    def noted(ours: bytes, theirs: bytes) -> bool:
        compared.append(ours)
        return compare(ours, theirs)

    monkeypatch.setattr(hmac, "compare_digest", noted)
    assert not world.muster.devices.reported(DEVICE, "guessed", "key", COMMANDER, WEDNESDAY_NOON)
    assert compared == [b"guessed"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"device": "B" * 22},
        {"device": ""},
        {"key_id": "another"},
        {"commander": "another"},
        {"at": WEDNESDAY_NOON + timedelta(milliseconds=1)},
        {"proof": ""},
        {"proof": "ü" * 22},
    ],
    ids=str,
)
def test_a_proof_is_of_one_device_one_link_one_commander_and_one_time(
    world: World, wrong: dict[str, object]
) -> None:
    devices = world.muster.devices
    sent: dict[str, object] = {
        "device": DEVICE,
        "key_id": "key",
        "commander": COMMANDER,
        "at": WEDNESDAY_NOON,
    }
    sent["proof"] = devices.proof(DEVICE, "key", COMMANDER, WEDNESDAY_NOON)
    devices.require(**sent)  # type: ignore[arg-type]
    with pytest.raises(Forbidden, match="other-device"):
        devices.require(**sent | wrong)  # type: ignore[arg-type]


def test_an_undo_leaves_what_another_link_reported_at_the_same_instant(world: World) -> None:
    report, other = world.muster.reporting.report, world.muster.directory.key(world.secret())
    kestrel = report(world.key(), "Kestrel", [HIDDEN_MOTIVATIONS]).commander.id
    report(other, "Kestrel", [ENLISTING_OLD_ALLIES])
    assert world.muster.corrections.undo(world.key(), kestrel, world.clock()) == 1
    cards = world.muster.stores.completions.cards("101", "nova", kestrel, [DEFENDERS], consistent=True)
    assert list(cards[DEFENDERS].completions) == ["enlisting-old-allies"]
