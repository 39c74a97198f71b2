"""Where in a file the table is: what separates its cells, which line has its headings, which columns are which.

What is not certain is asked about: Malformed, with the parameter that decides as its field.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from chalicelib.domain.csv_tables import (
    Row,
    Table,
    as_table,
    likely_separator,
    read_records,
    told_separator,
)
from chalicelib.domain.errors import Malformed, malformed, quoted
from chalicelib.domain.importing.cells import folded, heading, listed, tick
from chalicelib.domain.importing.headings import COMMANDER, COMMANDER_WEAK
from chalicelib.domain.understood import SeparatorName

MOST_LINES = 500
"""Of an import, its header and the rows that hold nothing aside."""

_MARKS: dict[SeparatorName, str] = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
_NAMES = {mark: name for name, mark in _MARKS.items()}
_MOST_TITLE_LINES = 12  # the tab `IMS Commanders` has five above its header
_NUMBER = re.compile(r"0|[1-9]\d{0,2}(?:[.,' ]?\d{3})*")
_UNTOLD_MARKS = (*_MARKS.values(), ":", "  ")  # what can separate cells that were not told apart


@dataclass(frozen=True, slots=True)
class Layout:
    """What is said of a file beforehand; None is to be found out. `header_line` 0: there are no headings.

    Without headings, `commander` is the column's number, from 1.
    """

    commander: str | None = None
    separator: SeparatorName | None = None
    header_line: int | None = None


@dataclass(frozen=True, slots=True)
class File:
    """A table, where it is in the file, and the columns of it that hold the commanders' names."""

    table: Table
    names: tuple[int, ...]
    separator: SeparatorName
    header_line: int
    skipped_lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Try:
    """The file as one separator makes it; `at` is where its headings are, if they are found."""

    mark: str
    records: list[Row]
    at: int | None

    def rank(self) -> tuple[bool, bool, float]:
        """How likely it is that one: the rows have cells as the headings do, and many have as many as each other."""
        widths = Counter(len(row.cells) for row in self.records if len(row.cells) > 1)
        evenness = max(widths.values(), default=0) / len(self.records)
        if self.at is None:
            return False, evenness > 0.9, evenness
        below = self.records[self.at + 1 :]
        alike = sum((len(row.cells) > 1) == (len(self.records[self.at].cells) > 1) for row in below)
        return 2 * alike >= len(below), evenness > 0.9, evenness


def read_file(
    text: str, layout: Layout, is_commander: Callable[[str], bool] | None = None, most: int = MOST_LINES
) -> File:
    """The table of a file, and where the commanders' names are in it.

    With `is_commander`, which knows names, it may be a single column; a name that is known at its top is no heading.
    Raises Malformed (`malformed`) for what is no table, for a column that isn't there, and to ask for `separator`,
    `header_line` or `commander_column`; TooLarge (`too-large`) for more than `most` lines.
    """
    chosen = _chosen(text, layout)
    records, at = chosen.records, chosen.at
    only = _only_column(records) if is_commander and not layout.commander else ()
    begins_with_names = at is None and only and is_commander and is_commander(records[0].cells[only[0]])
    if layout.header_line == 0 or begins_with_names:
        header = Row(0, tuple(str(number) for number in range(1, max(len(r.cells) for r in records) + 1)))
        names = _numbered(layout.commander, header) or only
        above, below = [], records
    elif at is None:
        raise _unknown_header(layout, records, only)
    else:
        header, above, below = records[at], records[:at], records[at + 1 :]
        if layout.header_line is None and layout.commander is None:
            _require_title(above, header)
        names = commander_places(header.cells, layout.commander) or only
    if not names:
        raise _ask_for_commander(header.cells)
    rows = [row for row in below if not _holds_nothing(row, names)]
    if not rows and header.line == 0:
        raise malformed("csv", "There is no commander in this file.")
    table = as_table([header, *rows], most)
    filled = [name for row in table.rows if (name := first_filled(row, names))]
    if layout.separator is None:
        _require_whole_names(filled, chosen.mark)
    if layout.commander is None and len(filled) > 1 and all(map(_NUMBER.fullmatch, filled)):
        raise _ask_for_commander(header.cells)  # such as how many commanders an alliance has
    skipped = tuple(row.line for row in above)
    return File(table, names, _NAMES[chosen.mark], header.line, skipped)


def first_filled(row: Row, places: Sequence[int]) -> str:
    """The first of these cells that isn't blank."""
    return next((text for place in places if (text := row.cells[place].strip())), "")


def places_called(header: Sequence[str], named: str, field: str) -> tuple[int, ...]:
    """The columns of that heading: a form can ask twice. Raises Malformed, of `field`, if there are none."""
    for alike in (folded, heading):
        wanted = alike(named)
        found = tuple(place for place, cell in enumerate(header) if wanted and alike(cell) == wanted)
        if found:
            return found
    raise malformed(field, f"There is no column {quoted(named)}. {columns_of(header)}")


def places_known(header: Sequence[str], words: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """The columns with a heading among `words`, by heading, in the order of the words."""
    found: dict[str, list[int]] = {}
    for place, cell in enumerate(header):
        found.setdefault(heading(cell), []).append(place)
    return {word: tuple(found[word]) for word in words if word in found}


def commander_places(header: Sequence[str], named: str | None) -> tuple[int, ...]:
    """The columns with the commanders' names; none if no heading tells. Raises Malformed if several do."""
    if named:
        return places_called(header, named, "commander_column")
    found = places_known(header, COMMANDER) or places_known(header, COMMANDER_WEAK)
    if len(found) > 1:
        several = listed(header[places[0]] for places in found.values())
        message = f"Which of {several} has the commanders' names? Give it as commander_column."
        raise malformed("commander_column", message)
    return next(iter(found.values()), ())


def columns_of(header: Sequence[str]) -> str:
    """A sentence that lists them."""
    return f"The columns are {listed(filter(str.strip, header))}."


def _chosen(text: str, layout: Layout) -> _Try:
    """The file as its cells are separated: as told, else as headings and rows fit best."""
    told = _MARKS[layout.separator] if layout.separator else told_separator(text)
    if told:
        return _try(text, told, layout)
    tries = []
    for mark in _MARKS.values():
        try:
            tries.append(_try(text, mark, layout))
        except Malformed:
            continue  # so it is not this one; if it is none, all that is read below says why
    found = [one for one in tries if one.at is not None or layout.header_line == 0]
    return max(found, key=_Try.rank) if found else _try(text, likely_separator(text), layout)


def _try(text: str, mark: str, layout: Layout) -> _Try:
    records = read_records(text, mark)
    return _Try(mark, records, _header_at(records, layout))


def _header_at(records: Sequence[Row], layout: Layout) -> int | None:
    """Which record has the headings: the one on the line given, else one with the heading given, else a known one."""
    if layout.header_line is not None:
        at = next((place for place, row in enumerate(records) if row.line == layout.header_line), None)
        if at is None and layout.header_line:
            raise malformed(
                "header_line", f"Line {layout.header_line} is blank, or within a cell, or not there."
            )
        return at
    named = heading(layout.commander or "")
    words = {named} if named else {*COMMANDER, *COMMANDER_WEAK}
    for place, row in enumerate(records[: _MOST_TITLE_LINES + 1]):
        if not words.isdisjoint(map(heading, row.cells)):
            return place
    return None


def _filled(row: Row) -> list[int]:
    return [place for place, cell in enumerate(row.cells) if cell.strip()]


def _only_column(records: Iterable[Row]) -> tuple[int, ...]:
    """The one column in which there is anything, if it is one."""
    places = {place for row in records for place in _filled(row)}
    return tuple(places) if len(places) == 1 else ()


def _require_title(above: Sequence[Row], header: Row) -> None:
    """A line above the headings is a title if it has fewer cells than they are. Else it may be a commander's."""
    for row in above:
        if len(_filled(row)) >= len(_filled(header)):
            first = quoted(row.cells[_filled(row)[0]])
            raise malformed(
                "header_line",
                f"Line {header.line} looks like the headings, but line {row.line} ({first}) stands above it. Give "
                f"header_line: {header.line} if the headings are there, 0 if the file has none.",
            )


def _unknown_header(layout: Layout, records: Sequence[Row], only: tuple[int, ...]) -> Malformed:
    header = records[0]
    if layout.commander:
        return malformed(
            "commander_column", f"There is no column {quoted(layout.commander)}. {columns_of(header.cells)}"
        )
    if only:
        first = quoted(header.cells[only[0]])
        return malformed(
            "header_line",
            f"Is {first}, on line {header.line}, a heading or a commander? Give header_line: {header.line} if it is a "
            "heading, 0 if every line is a commander.",
        )
    return _ask_for_commander(header.cells)


def _ask_for_commander(header: Sequence[str]) -> Malformed:
    message = f"Which column has the commanders' names? Give it as commander_column. {columns_of(header)}"
    return malformed("commander_column", message)


def _numbered(named: str | None, header: Row) -> tuple[int, ...]:
    if named is None:
        return ()
    if named in header.cells:
        return (header.cells.index(named),)
    message = f"Without headings, commander_column is a number from 1 to {len(header.cells)}."
    raise malformed("commander_column", message)


def _holds_nothing(row: Row, names: Sequence[int]) -> bool:
    """Nobody's name, and nothing but check boxes that are not ticked: an empty row of a list that goes on and on."""
    return not any(row.cells[place].strip() for place in names if place < len(row.cells)) and all(
        tick(cell) is False for cell in row.cells
    )


def _require_whole_names(names: Sequence[str], mark: str) -> None:
    """If every name has a separator in it, they are several cells each."""
    for other in _UNTOLD_MARKS:
        if names and other != mark and all(other in name for name in names):
            raise _ask_for_separator(other, names[0], _NAMES[mark])


def _ask_for_separator(other: str, name: str, chosen: SeparatorName) -> Malformed:
    what = quoted(other) if other.strip() else "a gap"
    how = (
        f"Give separator: {_NAMES[other]} if it separates cells, {chosen} if the names are so."
        if other in _NAMES
        else "If it separates cells, save the file with commas between them and send that. If the names are so, give "
        f"separator: {chosen}."
    )
    return malformed("separator", f"Every name has {what} in it, such as {quoted(name)}. {how}")
