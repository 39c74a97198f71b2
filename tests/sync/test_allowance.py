"""Google's quota as a run sees it, against the stand-in's own count of it."""

import math
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.sheets import Quota
from local.sheets.traffic import Meter
from sheets_sync.allowance import LONGEST_PAUSE, RESERVE, Allowance, Budget, OutOfAllowance, Sent
from tests.world import WEDNESDAY_NOON, HandClock


def allowance(limit: int = 2) -> tuple[Allowance, HandClock]:
    clock = HandClock()
    return Allowance(limit, clock), clock


def spend(held: Allowance, times: int = 1) -> None:
    for _ in range(times):
        held.answered(sent(held))


def sent(held: Allowance) -> Sent:
    found = held.spend("read")
    assert found
    return found


def test_reads_and_writes_are_counted_apart() -> None:
    held, _ = allowance()
    spend(held, 2)
    assert held.wait("read") == 60
    assert held.wait("write", 2) == 0


def test_a_request_is_free_again_a_minute_after_it_was_answered() -> None:
    held, clock = allowance()
    first = sent(held)
    clock.advance(seconds=7)
    held.answered(first)
    spend(held)
    clock.advance(seconds=59, microseconds=999_999)
    assert held.wait("read") == pytest.approx(0.000001)
    clock.advance(microseconds=1)
    assert held.wait("read", 2) == 0


def test_more_than_the_limit_is_never_free() -> None:
    held, _ = allowance()
    assert held.wait("read", 3) == math.inf


def test_what_earlier_runs_spent_counts_on() -> None:
    held, clock = allowance()
    spend(held, 2)
    clock.advance(seconds=20)
    assert Allowance(2, clock, held.spent).wait("read") == 40
    clock.advance(seconds=40)
    assert held.spent == {"read": [], "write": []}, "nothing is kept for longer than it counts"


def test_what_was_spent_before_the_clock_was_set_back_is_void() -> None:
    held, clock = allowance()
    spend(held, 2)
    clock.advance(hours=-1)
    assert held.wait("read", 2) == 0


STEP = st.tuples(
    st.integers(0, 30_000),  # ms until the next request, which is as soon as the allowance has it
    st.integers(0, 3_000),  # on its way to Google
    st.integers(0, 3_000),  # on its way back
    st.booleans(),  # by a new run
)


@given(st.integers(1, 5), st.lists(STEP, max_size=60))
def test_google_never_counts_more_than_the_limit_in_any_minute(
    limit: int, steps: list[tuple[int, int, int, bool]]
) -> None:
    clock, meter, quota = HandClock(), Meter(), Quota(reads_per_user=limit, reads_per_project=limit)
    held = Allowance(limit, clock)
    for pause, there, back, is_new_run in steps:
        clock.advance(milliseconds=pause)
        clock.advance(seconds=held.wait("read"))
        one = sent(held)
        clock.advance(milliseconds=there)
        meter.count(quota, "read", "account", clock.now)  # raises where Google would refuse
        clock.advance(milliseconds=back)
        held.answered(one)
        if is_new_run:
            held = Allowance(limit, clock, held.spent)


@given(st.integers(1, 5), st.integers(1, 40))
def test_no_request_waits_longer_than_it_must(limit: int, count: int) -> None:
    held, clock = allowance(limit)
    for _ in range(count):
        clock.advance(seconds=held.wait("read"))
        spend(held)
    assert clock.now - WEDNESDAY_NOON == timedelta(minutes=(count - 1) // limit)


def never(seconds: float) -> None:
    raise AssertionError(f"it waited for {seconds} s")


class TestBudget:
    def test_a_short_while_is_waited_for_a_request(self) -> None:
        held, clock = allowance(1)
        budget = Budget(held, lambda: math.inf, lambda seconds: clock.advance(seconds=seconds))
        spend(held)
        clock.advance(seconds=60 - LONGEST_PAUSE)
        budget.spend("read")
        assert clock.now - WEDNESDAY_NOON == timedelta(minutes=1)

    def test_a_longer_one_is_not(self) -> None:
        held, clock = allowance(1)
        budget = Budget(held, lambda: math.inf, never)
        spend(held)
        clock.advance(seconds=59.9 - LONGEST_PAUSE)
        with pytest.raises(OutOfAllowance):
            budget.spend("read")
        assert len(held.spent["read"]) == 1, "what is not sent does not count"

    def test_room_is_for_all_that_is_needed(self) -> None:
        held, _ = allowance(2)
        budget = Budget(held, lambda: math.inf, never)
        assert budget.has_room({"read": 2, "write": 1}, seconds=0)
        spend(held)
        assert not budget.has_room({"read": 2, "write": 1}, seconds=0)
        assert budget.has_room({"read": 1, "write": 1}, seconds=0)

    @pytest.mark.parametrize(("left", "has_room"), [(RESERVE + 10, True), (RESERVE + 9.999, False)])
    def test_there_must_be_time_for_it_besides_the_reserve(self, left: float, has_room: bool) -> None:
        held, _ = allowance()
        budget = Budget(held, lambda: left, never)
        assert budget.has_room({"read": 1}, seconds=10) == has_room
