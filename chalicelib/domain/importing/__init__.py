"""What the lines of an import say, before anything is looked up or recorded: rosters, and completions.

What is not certain of a file as a whole is asked about, by an error that names the parameter which decides; whatever is
wrong with a line is said of that line.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.calendar import GameDay
from chalicelib.domain.csv_tables import Row
from chalicelib.domain.errors import Malformed, malformed, quoted
from chalicelib.domain.events import Event
from chalicelib.domain.importing.cells import Unclear, folded, heading, listed, tick
from chalicelib.domain.importing.headings import EVENT, MILESTONE, OTHER_TIMES, TIME, TIME_WEAK, TOTALS
from chalicelib.domain.importing.milestones import Milestones, event_called, within
from chalicelib.domain.importing.tables import (
    MOST_LINES,
    File,
    Layout,
    columns_of,
    first_filled,
    places_called,
    places_known,
    read_file,
)
from chalicelib.domain.importing.times import is_like_a_time, time_reader
from chalicelib.domain.names import Tags, display_name, name_keys, normalised
from chalicelib.domain.reporting import MilestoneRef
from chalicelib.domain.understood import (
    DateOrder,
    ImportColumn,
    ImportFile,
    ImportPreview,
    SeparatorName,
    Use,
)

_MOST_PROBLEMS = 10  # of a line: ten are enough to see what is wrong with it
_MOST_SHOWN = 80  # characters of a heading that is shown
FIRST_LINES = 10
"""How many lines the answer to an import shows as they were understood."""

_IN_BRACKETS = re.compile(r"\[([^\[\]]+)\]\s*\Z")  # a grid of Google Forms has columns like "Done? [Row]"
_SHEET_ERROR = re.compile(r"#(?:[^\W_][^\s]*[!?]|N/A|N/D|NV|Н/Д)")


@dataclass(frozen=True, slots=True)
class Columns:
    """Where things stand in a file, as far as it is said: by heading. What is None is found by well-known headings.

    `header_line` is the line of the headings, 0 if there are none: then `commander` is the column's number.
    `timestamp_format` is in the terms of strptime, or `day-first` or `month-first`. `without_times`: what looks like
    times is none of reports. `event` is no heading: it is the id or name of the event whose milestones alone are meant.
    """

    commander: str | None = None
    milestone: str | None = None
    timestamp: str | None = None
    timestamp_format: str | None = None
    event: str | None = None
    separator: SeparatorName | None = None
    header_line: int | None = None
    without_times: bool = False

    @property
    def layout(self) -> Layout:
        return Layout(_given(self.commander), self.separator, self.header_line)


@dataclass(frozen=True, slots=True)
class RosterLine:
    """A commander's name as it is to be shown, or why the line is no commander; of one that came before, both.

    `keys`: the normalised names that lead to whom the name means, its own last.
    """

    line: int
    name: str | None = None
    problem: str | None = None
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CompletionLine:
    """A commander, the milestones that they completed, each once, and when they said so (UTC) if that is told.

    `keys` are as in a roster's line. With `problems` the line is not to be recorded, and the rest is what was
    understood of it; without, it has a name and a milestone at least.
    """

    line: int
    name: str | None
    refs: tuple[MilestoneRef, ...]
    reported_at: datetime | None
    problems: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RosterFile:
    read_as: ImportFile
    lines: tuple[RosterLine, ...]

    @property
    def first(self) -> tuple[ImportPreview, ...]:
        return tuple(ImportPreview(line.line, line.name) for line in self.lines[:FIRST_LINES])


@dataclass(frozen=True, slots=True)
class CompletionFile:
    read_as: ImportFile
    lines: tuple[CompletionLine, ...]

    @property
    def first(self) -> tuple[ImportPreview, ...]:
        return tuple(
            ImportPreview(line.line, line.name, tuple(map(str, line.refs)), line.reported_at)
            for line in self.lines[:FIRST_LINES]
        )


def read_roster(
    text: str,
    columns: Columns,
    is_commander: Callable[[str], bool],
    tags: Tags = (),
    most: int = MOST_LINES,
) -> RosterFile:
    """The commanders of a roster: of the column named, else of one with a well-known heading, else of the only one.

    `tags` are the server's, which are no part of a name. `is_commander` says whether the alliance has a commander of
    that name: a file that begins with one has no headings. Raises Malformed (`malformed`) for what is no table, for a
    column that isn't there, and to ask for `separator`, `header_line` or `commander_column`; TooLarge (`too-large`) for
    more than `most` lines.
    """
    file = read_file(text, columns.layout, is_commander, most)
    seen: dict[str, int] = {}
    lines = tuple(_roster_line(file, row, seen, tags) for row in file.table.rows)
    return RosterFile(_read_as(file, dict.fromkeys(file.names, "commander")), lines)


def read_completions(
    text: str,
    columns: Columns,
    events: Sequence[Event],
    game_day: GameDay,
    now: datetime,
    tags: Tags = (),
    most: int = MOST_LINES,
) -> CompletionFile:
    """The completions of a file in one of two forms.

    A list has a column of milestones, one or several in a cell: their global ids, ids or names. An `Event` column
    says of which event they are. A tracker has a column for each milestone, ticked where it was completed; a
    commander without a tick says nothing, and gives no line. It is a tracker if no milestone column is named and a
    heading is a milestone. A name that several events share is that of the one which has begun at `now`.

    Times without an offset are the server's, and a mere date is the beginning of the game day. Raises Malformed
    (`malformed`) for what is no table, if a column, the event or the format isn't known, and to ask for a parameter
    where the file can be read in several ways; TooLarge (`too-large`) for more than `most` lines.
    """
    begun = {event.id for event in events if event.window(game_day).opens_at <= now}
    milestones = Milestones(within(columns.event, events), begun)
    file = read_file(text, columns.layout, most=most)
    uses: dict[int, Use] = dict.fromkeys(file.names, "commander")
    ticks = {} if _given(columns.milestone) else _tick_columns(file, milestones)
    uses |= dict.fromkeys(ticks, "milestone")
    if ticks:
        milestones_of = _tick_reader(file, ticks)
    else:
        milestones_of, of_list = _list_reader(file, _given(columns.milestone), milestones)
        uses |= of_list
    times = _time_columns(file, columns, uses)
    uses |= dict.fromkeys(times, "time")
    cells = [first_filled(row, times) for row in file.table.rows]
    time_of, order = time_reader(cells, _given(columns.timestamp_format), game_day)
    lines = []
    for row in file.table.rows:
        refs, unclear = milestones_of(row)
        if ticks and not refs and not unclear:
            continue
        name, reported_at, problems = None, None, _surplus(row)
        keys: tuple[str, ...] = ()
        try:
            name, keys = _name(file, row, tags)
        except Unclear as problem:
            problems.append(str(problem))
        problems += unclear
        try:
            reported_at = time_of(first_filled(row, times))
        except Unclear as problem:
            problems.append(str(problem))
        lines.append(CompletionLine(row.line, name, tuple(refs), reported_at, _few(problems), keys))
    return CompletionFile(_read_as(file, uses, ticks, order), tuple(lines))


def _read_as(
    file: File,
    uses: Mapping[int, Use],
    ticks: Mapping[int, MilestoneRef] | None = None,
    order: DateOrder | None = None,
) -> ImportFile:
    columns = tuple(
        ImportColumn(_shown(cell), uses.get(place), str(ticks[place]) if ticks and place in ticks else None)
        for place, cell in enumerate(file.table.header)
        if cell.strip() or any(row.cells[place].strip() for row in file.table.rows)
    )
    return ImportFile(file.separator, file.header_line, file.skipped_lines, columns, order)


def _roster_line(file: File, row: Row, seen: dict[str, int], tags: Tags) -> RosterLine:
    """`seen`: the lines of the names so far, normalised; this one's is added."""
    try:
        name, keys = _name(file, row, tags)
    except Unclear as problem:
        return RosterLine(row.line, problem=str(problem))
    if surplus := _surplus(row):
        return RosterLine(row.line, name, surplus[0])
    before = seen.setdefault(normalised(name), row.line)
    if before != row.line:
        return RosterLine(row.line, name, f"{quoted(name)} is the same commander as line {before}.")
    return RosterLine(row.line, name, keys=keys)


def _name(file: File, row: Row, tags: Tags) -> tuple[str, tuple[str, ...]]:
    """The commander's, as it is to be shown, and what may lead to them. What spreadsheets put in its place is none."""
    try:
        names = {folded(name): name for place in file.names if (name := row.cells[place].strip())}
        if len(names) > 1:
            raise Unclear(f"Two names stand in this line: {' and '.join(map(quoted, names.values()))}.")
        typed = next(iter(names.values()), "")
        name = display_name(typed, tags=tags)
    except Malformed as refused:
        raise Unclear(refused.detail) from None
    if file.header_line and heading(name) in {heading(file.table.header[place]) for place in file.names} - {
        ""
    }:
        raise Unclear(f"{quoted(name)} is the heading again. If it is a commander, add them by themselves.")
    if heading(name) in TOTALS or _SHEET_ERROR.fullmatch(name):
        raise Unclear(f"{quoted(name)} looks like no name. If it is a commander, add them by themselves.")
    return name, name_keys(typed, tags)


def _surplus(row: Row) -> list[str]:
    if not row.surplus:
        return []
    return [
        f"This line has more cells than the header: {quoted(row.surplus[0])} stands under no heading. "
        "A cell that holds the separator needs quotation marks around it."
    ]


def _few(problems: Sequence[str]) -> tuple[str, ...]:
    more = len(problems) - _MOST_PROBLEMS
    return (*problems[:_MOST_PROBLEMS], *([f"And {more} more in this line."] if more > 0 else []))


def _time_columns(file: File, columns: Columns, used: Mapping[int, Use]) -> tuple[int, ...]:
    """The columns that say when it was reported; of several, the first that isn't blank counts.

    Raises Malformed to ask, where several may be meant, and where an unknown one looks like times.
    """
    header, named = file.table.header, _given(columns.timestamp)
    if columns.without_times:
        if named or _given(columns.timestamp_format):
            raise malformed("without_times", "Give either without_times, or where the times are.")
        return ()
    if named:
        return places_called(header, named, "timestamp_column")
    free = [cell if place not in used else "" for place, cell in enumerate(header)]
    if known := places_known(free, TIME):
        return tuple(place for places in known.values() for place in places)
    weak = places_known(free, TIME_WEAK)
    candidates = list(weak.values()) or [(place,) for place in _like_times(file, free)]
    if len(candidates) == 1 and weak:
        return candidates[0]
    if candidates:
        several = listed(header[places[0]] for places in candidates)
        question = f"Which of {several} says" if len(candidates) > 1 else f"Does {several} say"
        raise malformed(
            "timestamp_column",
            f"{question} when it was reported? Give the column as timestamp_column; if none does, without_times.",
        )
    if _given(columns.timestamp_format):
        message = f"Which column is timestamp_format for? Give it as timestamp_column. {columns_of(header)}"
        raise malformed("timestamp_column", message)
    return ()


def _like_times(file: File, free: Sequence[str]) -> list[int]:
    """The columns that are not known, and of which most cells look like a time."""
    found = []
    for place, cell in enumerate(free):
        filled = [text for row in file.table.rows if (text := row.cells[place].strip())]
        if (
            cell.strip()
            and heading(cell) not in OTHER_TIMES
            and 2 * sum(map(is_like_a_time, filled)) > len(filled)
        ):
            found.append(place)
    return found


_Reader = Callable[[Row], tuple[list[MilestoneRef], list[str]]]


def _list_reader(file: File, named: str | None, milestones: Milestones) -> tuple[_Reader, dict[int, Use]]:
    """What reads the milestones of a row, and the columns that it takes them from."""
    header = file.table.header
    places = (
        places_called(header, named, "milestone_column")
        if named
        else next(iter(places_known(header, MILESTONE).values()), ())
    )
    if not places:
        message = f"Which column has the milestones? Give it as milestone_column. {columns_of(header)}"
        raise malformed("milestone_column", message)
    of_events = next(iter(places_known(header, EVENT).values()), ())
    event_places = [place for place in of_events if place not in places]
    uses: dict[int, Use] = {**dict.fromkeys(event_places, "event"), **dict.fromkeys(places, "milestone")}
    of_event: dict[str, Milestones] = {}

    def read(row: Row) -> tuple[list[MilestoneRef], list[str]]:
        scope = milestones
        if called := first_filled(row, event_places):
            try:
                event = event_called(called, milestones.events)
            except Unclear as problem:
                return [], [str(problem)]
            if event.id not in of_event:
                of_event[event.id] = Milestones([event])
            scope = of_event[event.id]
        refs, problems = scope.read("\n".join(row.cells[place] for place in places))
        return refs, problems if refs or problems else ["This line names no milestone."]

    return read, uses


def _tick_columns(file: File, milestones: Milestones) -> dict[int, MilestoneRef]:
    """The columns of a tracker that are milestones; none if this is none.

    Raises Malformed for one that may be of several events, and for one that is nearly a milestone: left out, its
    ticks would be lost without a word.
    """
    columns: dict[int, MilestoneRef] = {}
    misspelled = []
    for place, cell in enumerate(file.table.header):
        if place in file.names or not cell.strip():
            continue
        in_brackets = _IN_BRACKETS.search(cell)
        name = in_brackets[1] if in_brackets else cell
        try:
            ref = milestones.called(cell) or milestones.called(name)
        except Unclear as problem:
            raise malformed("event", str(problem)) from None
        if ref:
            columns[place] = ref
        elif near := milestones.near(name, 0.92):
            misspelled.append(f"The column {quoted(name)} is no milestone. Did you mean {quoted(near)}?")
    if columns and misspelled:
        raise malformed("csv", misspelled[0])
    return columns


def _tick_reader(file: File, columns: Mapping[int, MilestoneRef]) -> _Reader:
    def read(row: Row) -> tuple[list[MilestoneRef], list[str]]:
        refs: dict[str, MilestoneRef] = {}
        problems = []
        for place, ref in columns.items():
            cell = row.cells[place]
            is_ticked = tick(cell)
            if is_ticked:
                refs[str(ref)] = ref
            elif is_ticked is None:
                problems.append(
                    f"{quoted(cell)} under {quoted(file.table.header[place])} is neither a tick nor blank. "
                    "Put ✓, x or yes where it was completed, and nothing where it was not."
                )
        return list(refs.values()), problems

    return read


def _shown(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _MOST_SHOWN else f"{text[: _MOST_SHOWN - 1]}…"


def _given(text: str | None) -> str | None:
    return (text or "").strip() or None
