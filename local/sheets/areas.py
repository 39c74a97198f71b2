"""Areas of a grid, and how they change when rows or columns are inserted, deleted or moved."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple, Self

from .errors import Json

Dimension = Literal["ROWS", "COLUMNS"]
Span = tuple[int, int]
# Where a span of rows or columns goes; None if nothing is left of it.
Shift = Callable[[int, int], Span | None]

ENDLESS = 2**31


class Area(NamedTuple):
    """A half-open rectangle on a sheet, counted from 0. None means unbounded on that side."""

    sheet: int
    top: int | None = None
    bottom: int | None = None
    left: int | None = None
    right: int | None = None

    @classmethod
    def of(cls, value: Json) -> Self:
        """From a GridRange."""
        return cls(
            value.get("sheetId", 0),
            value.get("startRowIndex"),
            value.get("endRowIndex"),
            value.get("startColumnIndex"),
            value.get("endColumnIndex"),
        )

    def grid_range(self) -> Json:
        """As a GridRange. As in Google's answers, sheet 0 is left out, but index 0 is not."""
        found = {
            "sheetId": self.sheet or None,
            "startRowIndex": self.top,
            "endRowIndex": self.bottom,
            "startColumnIndex": self.left,
            "endColumnIndex": self.right,
        }
        return {name: value for name, value in found.items() if value is not None}

    def intersects(self, other: "Area") -> bool:
        return (
            self.sheet == other.sheet
            and (self.top or 0) < _end(other.bottom)
            and (other.top or 0) < _end(self.bottom)
            and (self.left or 0) < _end(other.right)
            and (other.left or 0) < _end(self.right)
        )

    def contains(self, other: "Area") -> bool:
        return (
            self.sheet == other.sheet
            and (self.top or 0) <= (other.top or 0)
            and _end(other.bottom) <= _end(self.bottom)
            and (self.left or 0) <= (other.left or 0)
            and _end(other.right) <= _end(self.right)
        )

    def holds(self, row: int, column: int) -> bool:
        return (self.top or 0) <= row < _end(self.bottom) and (self.left or 0) <= column < _end(self.right)

    def shifted(self, dimension: Dimension, shift: Shift) -> "Area | None":
        """The area after its sheet was shifted by `shift`; None if nothing is left of it."""
        span = (self.top, self.bottom) if dimension == "ROWS" else (self.left, self.right)
        moved = shifted_span(span, shift)
        if moved is None:
            return None
        if dimension == "ROWS":
            return self._replace(top=moved[0], bottom=moved[1])
        return self._replace(left=moved[0], right=moved[1])


class Box(NamedTuple):
    """A bounded area: every side is known."""

    sheet: int
    top: int
    bottom: int
    left: int
    right: int

    def area(self) -> Area:
        return Area(*self)

    @property
    def rows(self) -> range:
        return range(self.top, self.bottom)

    @property
    def columns(self) -> range:
        return range(self.left, self.right)


def _end(value: int | None) -> int:
    return ENDLESS if value is None else value


def shifted_span(span: tuple[int | None, int | None], shift: Shift) -> tuple[int | None, int | None] | None:
    """A span, possibly unbounded, after `shift`. An open side stays open."""
    start, end = span
    moved = shift(start or 0, _end(end))
    if moved is None:
        return None
    return (None if start is None else moved[0]), (None if end is None else moved[1])


@dataclass(frozen=True)
class Inserted:
    """`count` lines are inserted before line `at`: a span grows if that is strictly inside it."""

    at: int
    count: int

    def __call__(self, start: int, end: int) -> Span | None:
        return (
            start + self.count if start >= self.at else start,
            end + self.count if end > self.at and end < ENDLESS else end,
        )


@dataclass(frozen=True)
class Deleted:
    """The lines `start` up to `end` are deleted: a span shrinks by what it loses."""

    start: int
    end: int

    def __call__(self, start: int, end: int) -> Span | None:
        first, last = self._moved(start), end if end >= ENDLESS else self._moved(end)
        return (first, last) if first < last else None

    def _moved(self, index: int) -> int:
        return index if index <= self.start else max(self.start, index - (self.end - self.start))


@dataclass(frozen=True)
class Moved:
    """The lines `start` up to `end` are moved before line `to`, counted before the move.

    A span that lies inside moves along; any other loses the lines at one place and gains them at the other.
    """

    start: int
    end: int
    to: int

    def __call__(self, start: int, end: int) -> Span | None:
        count = self.end - self.start
        target = self.to if self.to <= self.start else self.to - count
        if self.start <= start and end <= self.end:
            return start - self.start + target, end - self.start + target
        left = Deleted(self.start, self.end)(start, end)
        return left and Inserted(target, count)(*left)
