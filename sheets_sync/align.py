"""Rows and columns follow their keys, from the order that a sheet has to the order that it should have. Pure.

Lines (rows or columns) are inserted, moved and deleted whole. So what officers keep beside ours moves with them, and
so do notes and formulas. As few lines as possible move.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal


@dataclass(frozen=True, slots=True)
class Step:
    """`start` to `end` (not included) are inserted, deleted, or moved to before `to`, all counted before this step."""

    kind: Literal["insert", "move", "delete"]
    start: int
    end: int
    to: int = 0


@dataclass(frozen=True, slots=True)
class Alignment:
    """The steps, and the lines after them: the index that each had before, or None if it is new and must be filled."""

    steps: list[Step]
    lines: list[int | None]


def align(
    held: Sequence[str | None], desired: Sequence[str], blank: Collection[int], kept: Collection[int]
) -> Alignment:
    """Brings the desired keys to the front, in their order.

    `held` are the keys as they are (None: a line that isn't ours). Lines whose key isn't desired are deleted, except
    those in `kept`: like the lines that aren't ours, they go behind. `blank` are lines that aren't ours and hold
    nothing: they are used before any line is inserted, so that a sheet doesn't grow without need.
    """
    places: dict[str, int] = {}
    for index, key in enumerate(held):
        if key is not None:
            places.setdefault(key, index)
    spare = iter(sorted(blank))
    wanted = [places[key] if key in places else next(spare, None) for key in desired]
    ours = {index for index in wanted if index is not None}
    doomed = {place for place in places.values() if place not in ours and place not in kept}
    order = [*wanted, *(index for index in range(len(held)) if index not in ours)]
    used_up = ours & set(blank)
    lines = [None if line in used_up else line for line in order if line not in doomed]
    return Alignment([*steps_into(order), *_deletions(order, doomed)], lines)


def steps_into(order: Sequence[int | None]) -> list[Step]:
    """Brings the lines 0, 1, 2 and so on, all of which are in `order`, into that order; None is a new line.

    As many as can stay where they are. Each of the others goes right behind the line that it should follow.
    """
    staying = _longest_rising([line for line in order if line is not None])
    seats, before, after = _seating(order, staying)
    steps: list[Step] = []
    for index, line in enumerate(order):
        if line in staying:
            continue
        to = seats.taken_before(after[index])
        if line is None:
            steps.append(Step("insert", to, to + 1))
        else:
            start = seats.taken_before(before[line])
            steps.append(Step("move", start, start + 1, to))
            seats.leave(before[line])
        seats.take(after[index])
    return _joined(steps)


def _deletions(order: Sequence[int | None], doomed: Collection[int]) -> list[Step]:
    """From the end, so that no deletion moves what a later one is about."""
    indexes = reversed([index for index, line in enumerate(order) if line in doomed])
    return _joined(Step("delete", index, index + 1) for index in indexes)


def _joined(steps: Iterable[Step]) -> list[Step]:
    """The same steps, those of neighbours in one."""
    found: list[Step] = []
    for step in steps:
        both = _both(found[-1], step) if found else None
        if both:
            found[-1] = both
        else:
            found.append(step)
    return found


def _both(one: Step, other: Step) -> Step | None:
    """One step for the two, if `other` goes on with the neighbouring line right behind where `one` has ended."""
    if one.kind != other.kind:
        return None
    if one.kind == "insert":
        return replace(one, end=other.end) if other.start == one.end else None
    if one.kind == "delete":
        return replace(one, start=other.start) if other.end == one.start else None
    if one.start > one.to:  # the neighbour still stands behind the lines that went to the front
        goes_on = (other.start, other.to) == (one.end, one.to + one.end - one.start)
    else:  # the neighbour has taken their place
        goes_on = (other.start, other.to) == (one.start, one.to)
    return replace(one, end=one.end + 1) if goes_on else None


class _Seats:
    """A row of seats, each taken or empty. How many are taken is kept in partial sums (a Fenwick tree).

    So each method takes a few additions, however many seats there are.
    """

    def __init__(self, taken: Sequence[bool]) -> None:
        self._sums = [0, *map(int, taken)]
        for node in range(1, len(self._sums)):
            if (above := node + (node & -node)) < len(self._sums):
                self._sums[above] += self._sums[node]

    def taken_before(self, seat: int) -> int:
        node, total = seat, 0
        while node:
            total += self._sums[node]
            node -= node & -node
        return total

    def take(self, seat: int) -> None:
        self._add(seat, 1)

    def leave(self, seat: int) -> None:
        self._add(seat, -1)

    def _add(self, seat: int, number: int) -> None:
        node = seat + 1
        while node < len(self._sums):
            self._sums[node] += number
            node += node & -node


def _seating(
    order: Sequence[int | None], staying: Collection[int]
) -> tuple[_Seats, Sequence[int], Mapping[int, int]]:
    """A seat for wherever a line stands before or after its move, so that a line is never searched for.

    Also gives, by line, the seat that it has at first, and by index in `order` the seat that a line takes if it moves
    or is new. Between two lines that stay, the seats to be taken come before those to be left.
    """
    before: list[int] = []
    after: dict[int, int] = {}
    taken: list[bool] = []

    def seat_lines(end: int) -> None:
        for _ in range(len(before), end):
            before.append(len(taken))
            taken.append(True)

    for index, line in enumerate(order):
        if line is not None and line in staying:
            seat_lines(line + 1)
        else:
            after[index] = len(taken)
            taken.append(False)
    seat_lines(sum(line is not None for line in order))
    return _Seats(taken), before, after


def _longest_rising(values: Sequence[int]) -> set[int]:
    """The values of a longest increasing subsequence, so the lines that can stay where they are."""
    tails: list[int] = []
    tail_places: list[int] = []
    before: list[int] = []
    for place, value in enumerate(values):
        length = bisect_left(tails, value)
        before.append(tail_places[length - 1] if length else -1)
        if length == len(tails):
            tails.append(value)
            tail_places.append(place)
        else:
            tails[length], tail_places[length] = value, place
    rising = set()
    place = tail_places[-1] if tail_places else -1
    while place >= 0:
        rising.add(values[place])
        place = before[place]
    return rising
