"""Lines (rows or columns) are brought from the order that a sheet has to the order that it should have. Pure.

They are inserted and moved whole, and never deleted. So what officers keep beside ours moves with them, and so do notes
and formulas. As few lines as possible move. Steps go by indexes alone: an inserted line is where it was meant to be
whatever has happened to the sheet meanwhile, and one that is moved by mistake is still whole.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal


@dataclass(frozen=True, slots=True)
class Step:
    """`start` to `end` (not included) are inserted, or moved to before `to`, all counted before this step."""

    kind: Literal["insert", "move"]
    start: int
    end: int
    to: int = 0


def steps_into(order: Sequence[int | None]) -> list[Step]:
    """Brings the lines 0, 1, 2 and so on, all of which are in `order`, into that order; None is a new line.

    As many as can stay where they are. Each of the others goes right behind the line that it should follow.
    """
    return _steps(order, {line for line in order if line is not None})


def steps_within(order: Sequence[int | None], start: int, end: int) -> list[Step]:
    """The same, where officers' ranges go over the lines from `start` to `end` in `order`, which all of them cover.

    Sheets lets a range grow only by what comes strictly inside it. So nothing goes before the first of these lines or
    behind the last: others go in between, and if they belong outside, the first or the last then moves inwards past
    them. A single line has no inside: then the range that begins with the line above it, the header, grows.
    """
    listed = [line for line in order[start:end] if line is not None]
    if not listed:
        return steps_into(order)
    first, last = listed[0], listed[-1]
    lines = sorted(line for line in order if line is not None)
    opening = _first_before_last(listed)
    for step in opening:
        lines = _moved(lines, step)
    place = {line: index for index, line in enumerate(lines)}
    at = start + order[start:end].index(first)
    until = end - order[start:end][::-1].index(last)
    if first == last:
        inside = [*order[:start], *order[start:at], *order[until:end], first, *order[end:]]
        closing = [Step("move", end - 1, end, at)]
    else:
        news, more = order[start:at], order[until:end]
        inside = [*order[:start], first, *news, *order[at + 1 : until - 1], *more, last, *order[end:]]
        closing = [Step("move", start, start + 1, at + 1), Step("move", end - 1, end, until - 1)]
    may_stay = {
        place[line]
        for index, line in enumerate(inside)
        if line is not None and _is_on_its_side(place[line], index, start, end, place[first], place[last])
    }
    middle = _steps([None if line is None else place[line] for line in inside], may_stay)
    return [*opening, *middle, *(step for step in closing if not step.start <= step.to <= step.end)]


def _first_before_last(listed: Sequence[int]) -> list[Step]:
    """Brings the first of the listed lines before the last, if they stand the other way round, by moves inside.

    Two lines alone have no inside to be exchanged in: then the range loses one.
    """
    first, last, top = listed[0], listed[-1], min(listed)
    if first <= last:
        return []
    found = [Step("move", first, first + 1, top + 1)] if first != top + 1 else []
    if last == top and len(listed) > 2:
        bottom = max(line for line in listed if line != first)
        found.append(Step("move", top, top + 1, bottom + (bottom < first)))
    return found


def _moved(lines: list[int], step: Step) -> list[int]:
    """The lines after a move."""
    taken = lines[step.start : step.end]
    rest = lines[: step.start] + lines[step.end :]
    to = step.to if step.to <= step.start else step.to - len(taken)
    return rest[:to] + taken + rest[to:]


def _is_on_its_side(at: int, index: int, start: int, end: int, first: int, last: int) -> bool:
    """Whether a line that stands `at` its place is before, among or behind the listed ones, as it should be."""
    if index < start:
        return at < first
    return first <= at <= last if index < end else at > last


def _steps(order: Sequence[int | None], may_stay: Collection[int]) -> list[Step]:
    staying = _longest_rising([line for line in order if line is not None and line in may_stay])
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
            if not start <= to <= start + 1:
                steps.append(Step("move", start, start + 1, to))
            seats.leave(before[line])
        seats.take(after[index])
    return _joined(steps)


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
