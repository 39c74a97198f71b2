"""Lines get their places with few steps, none is lost, and what officers refer to goes on covering them."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.sheets.areas import Inserted, Moved, Span
from sheets_sync.align import Step, steps_into, steps_within


def play(
    length: int, steps: Sequence[Step], span: Span | None = None
) -> tuple[list[int | None], Span | None]:
    """What Sheets makes of the steps, by its own rules: the lines, and a range that was over `span` of them."""
    lines: list[int | None] = list(range(length))
    for step in steps:
        if step.kind == "insert":
            lines[step.start : step.start] = [None] * (step.end - step.start)
            span = span and Inserted(step.start, step.end - step.start)(*span)
        else:
            assert not step.start <= step.to <= step.end
            moved = lines[step.start : step.end]
            rest = lines[: step.start] + lines[step.end :]
            to = step.to - len(moved) if step.to > step.start else step.to
            lines = rest[:to] + moved + rest[to:]
            span = span and Moved(step.start, step.end, step.to)(*span)
    return lines, span


@st.composite
def orders(draw: st.DrawFn) -> tuple[list[int | None], int, int]:
    """Lines in an order that they should have, new ones among them; and where those begin and end that are listed."""
    size = draw(st.integers(0, 10))
    lines = draw(st.permutations(range(size)))
    start, end = sorted(draw(st.tuples(st.integers(0, size), st.integers(0, size))))
    listed: list[int | None] = list(lines[start:end])
    for place in draw(st.lists(st.integers(0, 10), max_size=3)):
        listed.insert(place % (len(listed) + 1), None)
    return [*lines[:start], *listed, *lines[end:]], start, start + len(listed)


@given(orders())
def test_lines_are_brought_into_their_order(made: tuple[list[int | None], int, int]) -> None:
    order, start, end = made
    size = len(order) - order.count(None)
    assert play(size, steps_into(order))[0] == order
    assert play(size, steps_within(order, start, end))[0] == order


@given(orders())
def test_a_range_over_the_listed_lines_covers_them_afterwards_too(
    made: tuple[list[int | None], int, int],
) -> None:
    order, start, end = made
    listed = [line for line in order[start:end] if line is not None]
    if len(listed) < 2 or (len(listed) == 2 and listed[0] > listed[1]):
        return  # these have no inside
    span = min(listed), max(listed) + 1
    _, after = play(len(order) - order.count(None), steps_within(order, start, end), span)
    assert after is not None
    assert after[0] <= start < end <= after[1]


@given(st.integers(1, 4), st.integers(0, 1), st.integers(0, 3), st.integers(0, 3))
def test_a_range_from_the_header_covers_the_first_ones_too(
    head: int, held: int, before: int, behind: int
) -> None:
    """To a blank row below the last."""
    listed: list[int | None] = [None] * before + [head] * held + [None] * behind
    order = [*range(head), *listed, head + held]
    steps = steps_within(order, head, head + len(listed))
    _, after = play(head + held + 1, steps, (head - 1, head + held + 1))
    assert after == (head - 1, len(order))


def test_what_is_in_order_takes_no_step() -> None:
    assert steps_into(range(9)) == []
    assert steps_within(range(9), 2, 5) == []


def test_one_that_moved_takes_one_step() -> None:
    assert steps_into([1, 2, 3, 4, 0]) == [Step("move", 0, 1, 5)]
    assert steps_into([4, 0, 1, 2, 3]) == [Step("move", 4, 5, 0)]


def test_neighbours_move_and_come_together() -> None:
    assert steps_into([3, 4, 5, 0, 1, 2]) == [Step("move", 3, 6, 0)]
    assert steps_into([0, None, None, 1]) == [Step("insert", 1, 3)]


def test_one_who_comes_first_or_last_comes_inside_and_the_others_make_room() -> None:
    assert steps_within([0, None, 1, 2, 3], 1, 4) == [Step("insert", 2, 3), Step("move", 1, 2, 3)]
    assert steps_within([0, 1, 2, None, 3], 1, 4) == [Step("insert", 2, 3), Step("move", 3, 4, 2)]


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
