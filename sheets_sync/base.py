"""What the hidden base of a row says: what the last sync wrote into the row's cells, in one short text. Pure.

It begins with a check of the row's key and one of the columns that it is about, so that a base that was copied, moved
or written for other columns is seen not to fit. Which columns these are stands once in a tab, in the base of the header
row: so a row's base needs some bytes for a cell, and says the same wherever officers move the columns.

    header    #1 nCommander<newline>m…           a letter for the kind of each column, and its identity
    row       1kkkkccc…                          k: check of the key, c: check of the columns, then the cells
    cell      mm  |  T7;  |  F7;  |  nnnn7;      a mirror; a tick with its generation; another input with its own

    left      Lkkkkllww                          a row that is no longer listed: its label, and why it is there
"""

import base64
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from sheets_sync.cells import Value
from sheets_sync.tabs import Input

Kind = Literal["m", "t", "n"]
"""Of a column in bases: a mirror, ticks, or another input."""

LABEL, WHY = "#label", "#why"
"""What the base of a row that is no longer listed is about, in place of columns. Its other cells are the officers'."""

_LISTED, _LEFT = "1", "L"
_HEADING = "#1 "
_KEY, _COLUMNS = 4, 3
_LETTERS: Mapping[Kind, int] = {"m": 2, "t": 1, "n": 4}
"""Letters of a checksum, each of 6 bits: a mirror's only tell hand edits, those of a name or a reading tell edits."""
_NUMBER = re.compile("[0-9]{1,18}")
_CELLS: Mapping[str, str] = {"m": "(..)", "t": "([TF-])([^;]*);", "n": "(....)([^;]*);"}


@dataclass(frozen=True, slots=True)
class Written:
    """What the last sync wrote into a cell. `generation`: of the state that it showed, if it was an input."""

    check: str
    generation: str | None = None

    def is_in(self, value: Value) -> bool:
        """Whether a cell that holds this value still holds what was written."""
        return _check(value, len(self.check)) == self.check

    @property
    def number(self) -> int:
        """The generation as a number. If it is none, since officers have replaced something in all cells, it is -1:
        there never was such a generation."""
        return number_in(self.generation or "")

    @property
    def told(self) -> str:
        """As a base says it of an input."""
        return f"{self.check}{self.generation or ''};"


@dataclass(frozen=True, slots=True)
class Base:
    """`written`, by the identity of the column: empty if the base is about other columns than the tab's header says.

    `is_left`: the row was no longer listed when it was written.
    """

    fits_key: bool
    is_left: bool
    written: Mapping[str, Written] = field(default_factory=dict)


def columns_of(found: Sequence[tuple[str, Kind]]) -> str:
    """The base of the header row: these columns, each with its kind, are what bases are about."""
    return _HEADING + "\n".join(f"{kind}{identity}" for identity, kind in found)


def base_of(key: str, columns: str, cells: Sequence[tuple[Value, Input | None, Kind]]) -> str:
    """The base of a row. `columns`: the base of the header row, whose order the cells are in."""
    told = "".join(_told(value, made, kind) for value, made, kind in cells)
    return f"{_LISTED}{key_check_of(key)}{_check_of_columns(columns)}{told}"


def left_base_of(key: str, label: Value, why: Value) -> str:
    """The base of a row that is no longer listed."""
    return f"{_LEFT}{key_check_of(key)}{_told(label, None, 'm')}{_told(why, None, 'm')}"


def number_in(text: str) -> int:
    """The number that Muster wrote as this text; -1 if it is none, or longer than any that Muster writes."""
    return int(text) if _NUMBER.fullmatch(text) else -1


def read_columns(value: Value) -> str | None:
    """The base of the header row, if this is one."""
    return value if isinstance(value, str) and value.startswith(_HEADING) else None


def key_check_of(key: str) -> str:
    """By which a base tells whose row it was written into."""
    return _check(key, _KEY)


def key_check(value: Value) -> str | None:
    """The check of the key that the base of a row has; None if this is no base of a row."""
    is_base = isinstance(value, str) and value[:1] in (_LISTED, _LEFT) and len(value) > _KEY + _COLUMNS
    return value[1 : 1 + _KEY] if isinstance(value, str) and is_base else None


def read_base(value: Value, key: str | None, columns: str | None) -> Base | None:
    """None if this is no base of a row."""
    check = key_check(value)
    if check is None or not isinstance(value, str):
        return None
    is_left, rest = value[0] == _LEFT, value[1 + _KEY :]
    if key is None or check != key_check_of(key):
        return Base(False, is_left)
    if is_left:
        return Base(True, is_left, _read_cells(rest, f"{_HEADING}m{LABEL}\nm{WHY}"))
    if columns is None or rest[:_COLUMNS] != _check_of_columns(columns):
        return Base(True, is_left)
    return Base(True, is_left, _read_cells(rest[_COLUMNS:], columns))


def _read_cells(text: str, columns: str) -> Mapping[str, Written]:
    """Nothing if the text is cut short, or of a later version."""
    names, pattern = _pattern_of(columns)
    cells = pattern.fullmatch(text)
    if cells is None:
        return {}
    found = iter(cells.groups())
    written = {}
    for name, kind in names:
        check = next(found)
        written[name] = Written(check, None if kind == "m" else next(found) or None)
    return written


@lru_cache(maxsize=16)
def _pattern_of(columns: str) -> tuple[Sequence[tuple[str, str]], re.Pattern[str]]:
    """The columns that a base is about, each with its kind, and what the cells in it look like."""
    names = [(column[1:], column[:1]) for column in columns.removeprefix(_HEADING).split("\n")]
    return names, re.compile("".join(_CELLS.get(kind, "$.") for _, kind in names), re.DOTALL)


def _told(value: Value, made: Input | None, kind: Kind) -> str:
    if kind == "m":
        return _check(value, _LETTERS[kind])
    if made and made.keeps is not None:
        return made.keeps
    return f"{_check(value, _LETTERS[kind])}{made.generation if made else ''};"


@lru_cache(maxsize=16)
def _check_of_columns(columns: str) -> str:
    """The same for all rows of a tab."""
    return _check(columns, _COLUMNS)


def _check(value: Value, letters: int) -> str:
    """Of 6 bits for each letter; a truth value's one letter is itself, and that of anything else no truth value's."""
    if letters == _LETTERS["t"]:
        return {True: "T", False: "F"}.get(value, "-") if isinstance(value, bool) else "-"
    text = f"{value:.6f}" if isinstance(value, float) else repr(value)
    return base64.urlsafe_b64encode(zlib.crc32(text.encode()).to_bytes(4, "big"))[:letters].decode()
