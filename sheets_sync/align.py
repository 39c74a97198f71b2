"""Rows and columns follow their keys: from the order that a sheet has to the order that it should have. Pure.

Lines (rows or columns) are inserted, moved and deleted whole, so whatever officers keep beside ours, their notes
and their formulas go along. As few lines as possible move.
"""

from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import dataclass
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
    """The steps, and the lines after them: the index that each had before, None for one that is to be filled."""

    steps: list[Step]
    lines: list[int | None]


def align(
    held: Sequence[str | None], desired: Sequence[str], blank: Collection[int], kept: Collection[int]
) -> Alignment:
    """Brings the desired keys to the front, in their order.

    `held` are the keys as they are (None: a line that isn't ours). What isn't desired goes behind: lines in
    `kept`, and those that aren't ours. Other lines whose key isn't desired are deleted. `blank` are lines
    that aren't ours and hold nothing: they are used up before any is inserted, so that a sheet doesn't grow
    without need.
    """
    places: dict[str, int] = {}
    for index, key in enumerate(held):
        if key is not None:
            places.setdefault(key, index)
    spare = iter(sorted(blank))
    wanted = [places[key] if key in places else next(spare, None) for key in desired]
    ours = {index for index in wanted if index is not None}
    doomed = {place for place in places.values() if place not in ours and place not in kept}
    rest = [index for index in range(len(held)) if index not in ours]
    steps, lines = _steps(len(held), [*wanted, *rest], doomed)
    used_up = ours & set(blank)
    return Alignment(steps, [None if line in used_up else line for line in lines])


def _steps(
    length: int, target: list[int | None], doomed: Collection[int]
) -> tuple[list[Step], list[int | None]]:
    """Each line that has to move, or is new, goes right behind the one that it should follow."""
    steps: list[Step] = []
    lines: list[int | None] = list(range(length))
    staying = _longest_rising([index for index in target if index is not None])
    position = 0  # behind the lines of `target` that are in place already
    index = 0
    while index < len(target):
        wanted = target[index]
        if wanted is None:
            count = 1
            while index + count < len(target) and target[index + count] is None:
                count += 1
            steps.append(Step("insert", position, position + count))
            lines[position:position] = [None] * count
        else:
            in_place = position < len(lines) and lines[position] == wanted
            start, count = position if in_place else lines.index(wanted), 1
            if wanted not in staying:
                while (
                    index + count < len(target)
                    and start + count < len(lines)
                    and (following := target[index + count]) is not None
                    and following not in staying
                    and lines[start + count] == following
                ):
                    count += 1
                if start != position:
                    steps.append(Step("move", start, start + count, position))
                    moved = lines[start : start + count]
                    del lines[start : start + count]
                    position -= count if start < position else 0
                    lines[position:position] = moved
            else:
                position = start
        position += count
        index += count
    for end in range(len(lines), 0, -1):
        if lines[end - 1] in doomed:
            if steps and steps[-1].kind == "delete" and steps[-1].start == end:
                steps[-1] = Step("delete", end - 1, steps[-1].end)
            else:
                steps.append(Step("delete", end - 1, end))
            del lines[end - 1]
    return steps, lines


def _longest_rising(values: Sequence[int]) -> set[int]:
    """The values of a longest increasing subsequence: the lines that can stay where they are."""
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
