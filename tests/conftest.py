"""Fixtures that several kinds of tests share."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.stores import Store
from tests.world import World, new_world

settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("torture", settings.get_profile("house"), max_examples=5_000)
settings.load_profile("house")  # no test fails for being slow on a busy machine


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: some tests wait for a browser, a server or a clock."""
    return (os.cpu_count() or 1) + 1


@pytest.fixture
def store() -> Store:
    """What the world's table is; `on_dynamodb` and `on_every_store` of `tests/stores.py` say otherwise."""
    return "memory"


@pytest.fixture
def world(store: Store) -> Iterator[World]:
    with new_world(store) as world:
        yield world
