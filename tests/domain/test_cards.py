"""What a change does to a card."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.cards import Card, Completion, count_since, entered, is_untimed, moved, reported
from chalicelib.domain.standing import Totals
from tests.world import WEDNESDAY_NOON

EMPTY = Card("101", "event", "nova", "ash")


def done(minute: int) -> Completion:
    """Recorded so many minutes after noon."""
    return Completion(WEDNESDAY_NOON + timedelta(minutes=minute), "key")


def test_what_moves_counts_once_as_it_was_first_and_what_was_voided_there_stays_so() -> None:
    here = replace(
        EMPTY,
        completions={"one": done(0), "two": done(5)},
        voided={"three": done(1), "four": done(2), "five": done(2)},
        version=1,
    )
    there = replace(
        EMPTY,
        alliance="orbit",
        completions={"one": done(3), "two": done(4), "three": done(6)},
        voided={"four": done(7)},
        version=1,
    )
    left, came = moved(here, there)
    assert came.after.completions == {"one": done(0), "two": done(4), "three": done(6)}
    assert came.after.voided == {"four": done(7), "five": done(2)}
    assert left.after == replace(here, completions={}, voided={}, moved=True, version=2)


def test_what_is_done_again_is_no_longer_voided_and_the_card_is_no_longer_left() -> None:
    card = replace(EMPTY, voided={"one": done(0), "two": done(0)}, moved=True, version=1)
    for change in (reported(card, ["one"], done(5)), entered(card, "one", done(5))):
        after = change.after
        assert (list(after.completions), list(after.voided), after.moved) == (["one"], ["two"], False)


@pytest.mark.parametrize(
    ("minute", "expected"),
    [(-1, Totals(1, {"one": 1, "two": 1})), (0, Totals(0, {"two": 1})), (5, Totals())],
    ids=["before all", "at the first", "at the last"],
)
def test_what_was_recorded_after_an_instant(minute: int, expected: Totals) -> None:
    card = replace(EMPTY, completions={"one": done(0), "two": done(5)})
    assert count_since(card, WEDNESDAY_NOON + timedelta(minutes=minute)) == expected


def test_a_time_can_be_said_of_what_says_none_and_was_recorded_later() -> None:
    assert is_untimed(done(1), WEDNESDAY_NOON)
    assert not is_untimed(done(0), WEDNESDAY_NOON)
    assert not is_untimed(replace(done(1), reported_at=WEDNESDAY_NOON), WEDNESDAY_NOON)
