"""Lines follow their keys, with few steps, and none of anybody else's is lost."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheets_sync.align import Alignment, Step, align, steps_into

keys = st.lists(st.sampled_from("abcdefghij"), unique=True)
held_lines = st.lists(st.one_of(st.none(), st.sampled_from("abcdefghijkl")), max_size=14)


def play(length: int, steps: list[Step]) -> list[int | None]:
    """What Sheets makes of the steps, by its own rules: indexes count before each step."""
    lines: list[int | None] = list(range(length))
    for step in steps:
        if step.kind == "insert":
            lines[step.start : step.start] = [None] * (step.end - step.start)
        elif step.kind == "delete":
            del lines[step.start : step.end]
        else:
            assert not step.start < step.to < step.end
            moved = lines[step.start : step.end]
            rest = lines[: step.start] + lines[step.end :]
            to = step.to - len(moved) if step.to > step.start else step.to
            lines = rest[:to] + moved + rest[to:]
    return lines


@given(held_lines, keys, st.sets(st.integers(0, 13)), st.sets(st.integers(0, 13)))
def test_the_desired_lines_come_first_and_the_officers_are_all_still_there(
    held: list[str | None], desired: list[str], blank: set[int], kept: set[int]
) -> None:
    blank = {index for index in blank if index < len(held) and held[index] is None}
    result = align(held, desired, blank, kept)
    played = play(len(held), result.steps)
    assert [
        None if line in blank and place < len(desired) else line for place, line in enumerate(played)
    ] == result.lines
    assert played.count(None) == max(0, len(set(desired) - set(held)) - len(blank)), (
        "inserts only where it must"
    )
    first = {key: held.index(key) for key in desired if key in held}
    assert result.lines[: len(desired)] == [first.get(key) for key in desired]
    left = {index for index in result.lines if index is not None}
    for index, key in enumerate(held):
        is_a_copy = key is not None and held.index(key) != index
        if (key is None and index not in blank) or is_a_copy or index in kept - blank:
            assert index in left
    rest = [index for index in result.lines[len(desired) :] if index is not None]
    assert rest == sorted(rest), "what goes behind keeps its order"


@given(keys)
def test_what_is_in_order_takes_no_step(desired: list[str]) -> None:
    assert align([*desired, None, None], desired, {len(desired), len(desired) + 1}, ()).steps == []


def test_one_that_moved_takes_one_step() -> None:
    assert align(list("abcde"), list("bcdea"), (), ()) == Alignment([Step("move", 0, 1, 5)], [1, 2, 3, 4, 0])
    assert align(list("abcde"), list("eabcd"), (), ()) == Alignment([Step("move", 4, 5, 0)], [4, 0, 1, 2, 3])


def test_neighbours_move_and_come_together() -> None:
    assert align(list("abcdef"), list("defabc"), (), ()).steps == [Step("move", 3, 6, 0)]
    assert align(list("ad"), list("abcd"), (), ()).steps == [Step("insert", 1, 3)]


def test_new_lines_take_the_place_of_blank_ones() -> None:
    result = align(["a", None, None, None], ["a", "b"], {2, 3}, ())
    assert result == Alignment([Step("move", 2, 3, 1)], [0, None, 1, 3])
    assert align([None, None, None], ["a", "b"], {0, 1, 2}, ()) == Alignment([], [None, None, 2])


class Line(int):
    """A line's number that counts how often it is looked at."""

    looks = 0

    def __hash__(self) -> int:
        Line.looks += 1
        return int.__hash__(self)

    def __eq__(self, other: object) -> bool:
        Line.looks += 1
        return int.__eq__(self, other)

    def __lt__(self, other: int) -> bool:
        Line.looks += 1
        return int.__lt__(self, other)


def looks_to_bring_into(order: Sequence[int]) -> int:
    Line.looks = 0
    steps_into([Line(line) for line in order])
    return Line.looks


IN_REVERSE = [*reversed(range(1400))]
DEALT_OUT = [line for first in range(7) for line in range(first, 1400, 7)]


@pytest.mark.parametrize("order", [IN_REVERSE, DEALT_OUT], ids=["in reverse", "dealt out"])
def test_no_line_is_searched_for_among_the_others(order: list[int]) -> None:
    """Twice as many lines that have to move take little more than twice as many looks."""
    half = [line for line in order if line < len(order) // 2]
    assert looks_to_bring_into(order) < 2.3 * looks_to_bring_into(half)
