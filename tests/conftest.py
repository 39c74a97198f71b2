"""Fixtures that several kinds of tests share."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.world import World, new_world

settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")  # no test fails for being slow on a busy machine


@pytest.fixture
def world() -> Iterator[World]:
    with new_world() as world:
        yield world
