"""A CSV file that is longer than one request may be: its parts, and what they come to together.

The file is read here as a whole, by the rules of the API. So every part is understood as the whole is, has the file's
own line numbers, and is told of what stands twice in the file.
"""

import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any

from chalicelib.domain.csv_tables import SEPARATORS, read_records
from chalicelib.domain.importing import CompletionFile, RosterFile
from chalicelib.domain.importing.tables import MOST_LINES
from chalicelib.domain.names import normalised
from chalicelib.domain.near import near_names
from chalicelib.domain.understood import ImportFile

MOST_BYTES = 512 * 1024
"""Of the rows of a part. The API takes twice as much, headings and blank lines included."""

_SEPARATORS = dict(zip(("comma", "semicolon", "tab", "pipe"), SEPARATORS, strict=True))

Line = dict[str, Any]
"""What becomes of a line, as the API's answer has it."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows, below the headings. `first` and `last` are lines of the file; `rows` says how many there are."""

    csv: bytes
    first: int
    last: int
    rows: int


@dataclass(frozen=True, slots=True)
class Parts:
    """`options`: with which of the API's parameters every part is read as the file is. `refused`: the lines that are
    wrong whatever is stored; no part has them. `timed`: the numbers of those that say when it was reported."""

    all: Sequence[Part]
    read_as: ImportFile
    options: Mapping[str, str]
    refused: Sequence[Line]
    timed: frozenset[int]

    @property
    def rows(self) -> int:
        return sum(part.rows for part in self.all)

    def answer(self, answers: Sequence[Any], *, dry_run: bool) -> Any:
        """The API's answer for the whole file, of those for its parts."""
        first: Any = answers[0] if answers else {"read_as": asdict(self.read_as), "first": []}
        lines = sorted([*self.refused, *(line for one in answers for line in one["lines"])], key=_number)
        counts = Counter(line["status"] for line in lines)
        later = [line["line"] for line in lines if line["status"] == "later"]
        count = {name: counts[name] for name in ("new", "known", "timed", "refused")}
        left = {"remaining": len(later), "next_line": min(later, default=None)}
        return first | {"dry_run": dry_run, **count, **left, "lines": lines}


def is_long(text: str) -> bool:
    """Whether it may be more than the API takes at once."""
    return len(text.encode()) > MOST_BYTES or len(_lines(text)) > MOST_LINES


def parts_of(text: str, file: RosterFile | CompletionFile, from_line: int) -> Parts:
    """The parts of the file from a line on. `file` is what was read of it."""
    read_as = file.read_as
    options = {"separator": read_as.separator, "header_line": str(read_as.header_line)}
    if read_as.dates:
        options["timestamp_format"] = read_as.dates
    refused: list[Line] = []
    timed = frozenset[int]()
    if isinstance(file, RosterFile):
        wrong = [one for one in file.lines if one.problem and one.line >= from_line]
        refused = [line_of(one.line, one.name, "refused", one.problem) for one in wrong]
    else:
        if not any(column.used_for == "time" for column in read_as.columns):
            options["without_times"] = "true"
        timed = frozenset(one.line for one in file.lines if one.reported_at)
    lines = _lines(text)
    rows = _rows(lines, text, read_as.separator, read_as.header_line)
    leave_out = {line["line"] for line in refused}
    left = [row for row in rows if row.first >= from_line and row.first not in leave_out]
    head = lines[: rows[0].first - 1] if rows and read_as.header_line else []
    return Parts(list(_grouped(head, left)), read_as, options, refused, timed)


def line_of(number: int, commander: str | None, status: str, *reasons: str | None) -> Line:
    told = list(filter(None, reasons))
    line: Line = {"line": number, "commander": commander, "status": status, "adds_commander": False}
    return line | {"milestones": [], "times": [], "reasons": told}


@dataclass
class Foreseen:
    """What the parts of a dry run would have added: the next part must be told as if it were there.

    `room`: how many commanders the roster still takes, and `full` is what is said of one more.
    """

    is_new: bool
    room: int
    full: str
    _joined: dict[str, str] = field(default_factory=dict)
    """Names of commanders who would have joined, by what they are compared by."""
    _done: dict[tuple[str, str], bool] = field(default_factory=dict)
    """Completions that would have been added, by commander and milestone; whether they have a time."""

    def add(self, lines: Sequence[Line], timed: frozenset[int]) -> list[Line]:
        """The lines of the next part, as they would become after the parts before."""
        before, refused = dict(self._joined), dict[str, str]()
        return [self._after(line, before, refused, line["line"] in timed) for line in lines]

    def _after(self, line: Line, before: Mapping[str, str], refused: dict[str, str], is_timed: bool) -> Line:
        if line["status"] not in ("new", "known", "timed") or not line["commander"]:
            return line
        name, shown = normalised(line["commander"]), line["commander"]
        if line["adds_commander"] and name not in self._joined:
            near = [] if self.is_new else near_names(shown, before.values())
            if near:
                refused[name] = f"{shown} is new. Did you mean {' or '.join(near)}?"
            elif len(self._joined) >= self.room:
                refused[name] = self.full
            else:
                self._joined[name] = shown
        if name in refused:
            return line_of(line["line"], shown, "refused", refused[name])
        adds = line["adds_commander"] and name not in before
        there = [one for one in line["milestones"] if (name, one) in self._done]
        added = [one for one in line["milestones"] if one not in there]
        later = [one for one in (*line["times"], *there) if is_timed and not self._done.get((name, one))]
        self._done |= {(name, one): is_timed for one in (*added, *later)}
        status = "new" if added or adds else "timed" if later else "known"
        return line | {"status": status, "adds_commander": adds, "milestones": added, "times": later}


@dataclass(frozen=True, slots=True)
class _Row:
    first: int
    last: int
    text: str


def _lines(text: str) -> list[str]:
    """With their ends, as the csv module counts them."""
    return list(io.StringIO(text, newline=""))


def _rows(lines: Sequence[str], text: str, separator: str, header_line: int) -> list[_Row]:
    """The records below the headings, each with the blank lines behind it."""
    begins = [row.line for row in read_records(text, _SEPARATORS[separator]) if row.line > header_line]
    ends = pairwise([*begins, len(lines) + 1])
    return [_Row(first, after - 1, "".join(lines[first - 1 : after - 1])) for first, after in ends]


def _grouped(head: Sequence[str], rows: Sequence[_Row]) -> Iterator[Part]:
    """As many rows in each as the API takes at once; blank lines stand for the rows between."""
    some: list[_Row] = []
    size = 0
    for row in rows:
        bytes_of_row = len(row.text.encode())
        if some and (len(some) == MOST_LINES or size + bytes_of_row > MOST_BYTES):
            yield _part(head, some)
            some, size = [], 0
        some.append(row)
        size += bytes_of_row
    if some:
        yield _part(head, some)


def _part(head: Sequence[str], rows: Sequence[_Row]) -> Part:
    text, lines = [*head], len(head)
    for row in rows:
        text += ["\n" * (row.first - 1 - lines), row.text]
        lines = row.last
    return Part("".join(text).encode(), rows[0].first, rows[-1].last, len(rows))


def _number(line: Line) -> int:
    number: int = line["line"]
    return number
