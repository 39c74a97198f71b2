"""What the lines of an import say, before anything is looked up or recorded: rosters, and completions.

Whatever is wrong with the file as a whole is raised; whatever is wrong with a line is said of that line.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from difflib import get_close_matches

from chalicelib.domain.calendar import GameDay, zone_info
from chalicelib.domain.errors import Malformed, malformed
from chalicelib.domain.events import Event
from chalicelib.domain.names import Tags, display_name, name_keys, normalised
from chalicelib.domain.reporting import MilestoneRef
from chalicelib.domain.spreadsheets import Row, Table, as_table, read_records

MOST_LINES = 500
"""Of an import, its header aside."""

# Headings that are known without being told, the likeliest first.
_COMMANDER = (
    *("commander", "commander name", "commander's name", "your commander's name", "your commander"),
    *("name", "player", "player name", "commanders", "names", "players", "members", "member"),
)
_MILESTONE = (
    *("milestone", "milestones", "milestone id", "milestone name", "completed milestones"),
    *("milestones completed", "what have you completed", "which milestones have you completed", "completed"),
)
_TIMESTAMP = ("timestamp", "reported at", "recorded at", "completed at", "submitted at", "time", "date")
_EVENT = ("event", "event id", "event name")

_TICKS = frozenset({"✓", "✔", "✅", "☑", "x", "×", "yes", "y", "true", "1", "done", "completed"})
_NO_TICKS = frozenset({"", "no", "n", "false", "0", "-"})

_MOST_TITLE_LINES = 10  # the tab `IMS Commanders` has five above its header
_MOST_UNKNOWN = 5  # of a cell: what is no list of milestones at all is not worth a problem for each comma
_MOST_GUESSES = 100  # of a file: comparing is slow, and who gets everything wrong chose the wrong column


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
class Columns:
    """The headings under which things stand; what is None is found by well-known headings.

    `timestamp_format` is in the terms of strptime. `event` is no heading: it is the id or name of the event whose
    milestones alone are meant.
    """

    commander: str | None = None
    milestone: str | None = None
    timestamp: str | None = None
    timestamp_format: str | None = None
    event: str | None = None


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


class _Problem(Exception):
    """A cell can't be understood; its text says why, to an officer."""


def roster_lines(text: str, column: str | None, tags: Tags = ()) -> list[RosterLine]:
    """The commanders of a roster: of the column named, else of one with a well-known heading, else of the only one.

    `tags` are the server's, which are no part of a name. A file that is just names needs no header. Raises Malformed
    (`malformed`) if the column isn't known, and for what is no table; TooLarge (`too-large`) for more than MOST_LINES.
    """
    column = _given(column)
    records = _below_title(read_records(text), column)
    first = records[0]
    filled = [place for place, cell in enumerate(first.cells) if cell.strip()]
    only = tuple(filled) if len(filled) == 1 else ()
    is_just_names = only and not column and _heading(first.cells[only[0]]) not in _COMMANDER
    table = as_table([first, *records] if is_just_names else records, MOST_LINES)
    places = _places(table, column, _COMMANDER, "commander_column") or only
    if not places:
        raise _no_commander_column(table)
    seen: dict[str, int] = {}
    return [_roster_line(row, places, seen, tags) for row in table.rows]


def completion_lines(
    text: str, mapping: Columns, events: Sequence[Event], game_day: GameDay, now: datetime, tags: Tags = ()
) -> list[CompletionLine]:
    """The completions of a file in one of two forms.

    A list has a column of milestones, one or several in a cell: their global ids, ids or names. An `Event` column
    says of which event they are. A tracker has a column for each milestone, ticked where it was completed; a
    commander without a tick says nothing, and gives no line. It is a tracker if no milestone column is named and a
    heading is a milestone. A name that several events share is that of the one which has begun at `now`.

    Times without an offset are the server's, and a mere date is the beginning of the game day. Raises Malformed
    (`malformed`) if a column, the event or the format isn't known, and for what is no table; TooLarge
    (`too-large`) for more than MOST_LINES.
    """
    begun = {event.id for event in events if event.window(game_day).opens_at <= now}
    milestones = _Milestones(_within(mapping.event, events), begun)
    table = as_table(_below_title(read_records(text), _given(mapping.commander)), MOST_LINES)
    names = _places(table, mapping.commander, _COMMANDER, "commander_column")
    if not names:
        raise _no_commander_column(table)
    times = _places(table, mapping.timestamp, _TIMESTAMP, "timestamp_column")
    time_of = _time_reader(table, times, mapping.timestamp_format, game_day)
    ticks = {} if _given(mapping.milestone) else _tick_columns(table, {*names, *times}, milestones)
    milestones_of = (
        _tick_reader(table, ticks) if ticks else _list_reader(table, mapping.milestone, milestones)
    )
    lines = []
    for row in table.rows:
        refs, unclear = milestones_of(row)
        if ticks and not refs and not unclear:
            continue
        name, reported_at, problems = None, None, _surplus(row)
        keys: tuple[str, ...] = ()
        try:
            name, keys = _name(row, names, tags)
        except _Problem as problem:
            problems.append(str(problem))
        problems += unclear
        try:
            reported_at = time_of(row)
        except _Problem as problem:
            problems.append(str(problem))
        lines.append(CompletionLine(row.line, name, tuple(refs), reported_at, tuple(problems), keys))
    return lines


def _roster_line(row: Row, places: Sequence[int], seen: dict[str, int], tags: Tags) -> RosterLine:
    """`seen`: the lines of the names so far, normalised; this one's is added."""
    try:
        name, keys = _name(row, places, tags)
    except _Problem as problem:
        return RosterLine(row.line, problem=str(problem))
    if surplus := _surplus(row):
        return RosterLine(row.line, name, surplus[0])
    before = seen.setdefault(normalised(name), row.line)
    if before != row.line:
        return RosterLine(row.line, name, f"{_quoted(name)} is the same commander as line {before}.")
    return RosterLine(row.line, name, keys=keys)


def _name(row: Row, places: Sequence[int], tags: Tags) -> tuple[str, tuple[str, ...]]:
    typed = _cell(row, places)
    try:
        return display_name(typed, tags=tags), name_keys(typed, tags)
    except Malformed as refused:
        raise _Problem(refused.detail) from None


def _surplus(row: Row) -> list[str]:
    if not row.surplus:
        return []
    return [
        f"This line has more cells than the header: {_quoted(row.surplus[0])} stands under no heading. "
        "A cell that holds the separator needs quotation marks around it."
    ]


def _places(table: Table, named: str | None, words: Sequence[str], field: str) -> tuple[int, ...]:
    """The columns with the heading `named`, or with the first of `words` that there is; a form can ask twice.

    Raises Malformed, of `field`, if there is none of that name.
    """
    named = _given(named)
    headings = [_heading(cell) for cell in table.header]
    for word in [_heading(named)] if named else words:
        places = tuple(place for place, heading in enumerate(headings) if word and heading == word)
        if places:
            return places
    if named:
        raise malformed(field, f"There is no column {_quoted(named)}. {_columns(table)}")
    return ()


def _below_title(records: list[Row], commander: str | None) -> list[Row]:
    """From the header on: a tab that was saved as CSV has its title, alone in its line, above it."""
    words = {_heading(commander)} if commander else set(_COMMANDER)
    first = records[0].cells
    if len(first) > 1 and len(list(filter(str.strip, first))) == 1:
        for place, record in enumerate(records[: _MOST_TITLE_LINES + 1]):
            if words.intersection(map(_heading, record.cells)):
                return records[place:]
    return records


def _cell(row: Row, places: Sequence[int]) -> str:
    """The first of these cells that isn't blank."""
    return next((text for place in places if (text := row.cells[place].strip())), "")


def _columns(table: Table) -> str:
    named = [_quoted(cell.strip()) for cell in table.header if cell.strip()]
    more = f", and {len(named) - 20} more" if len(named) > 20 else ""
    return f"The columns are {', '.join(named[:20])}{more}."


def _no_commander_column(table: Table) -> Malformed:
    message = f"Which column has the commanders' names? Give it as commander_column. {_columns(table)}"
    return malformed("commander_column", message)


class _Milestones:
    """The milestones of some events by what they are called: global id, id, name, or name with their event's.

    Capitals, spaces, and kinds of dashes and apostrophes don't matter.
    """

    def __init__(self, events: Sequence[Event], begun: Collection[str] = ()) -> None:
        self.events = events
        self._begun = begun
        self._called: dict[str, dict[str, MilestoneRef]] = {}
        self._spelled: dict[str, str] = {}
        self._problems: dict[str, str] = {}
        for event in events:
            for milestone in event.milestones:
                ref = MilestoneRef(event, milestone)
                for name in (str(ref), milestone.id, milestone.name, f"{milestone.name} ({event.name})"):
                    self._called.setdefault(_folded(name), {})[str(ref)] = ref
                    self._spelled.setdefault(_folded(name), name)
        separators = max((len(_SEPARATOR.findall(name)) for name in self._spelled.values()), default=0)
        self._most_parts = 2 * separators + 1

    def called(self, text: str) -> MilestoneRef | None:
        """The milestone called that, if there is one; raises _Problem if there are several."""
        refs = self._called.get(_folded(text), {})
        if len(refs) > 1:
            refs = {name: ref for name, ref in refs.items() if ref.event.id in self._begun} or refs
        if len(refs) > 1:
            raise _Problem(
                f"{_quoted(text)} is more than one milestone: {', '.join(map(_quoted, refs))}. "
                "Say which of these is meant, or give the event."
            )
        return next(iter(refs.values()), None)

    def near(self, text: str, cutoff: float) -> str | None:
        """What may have been meant, as it is spelled."""
        key = _folded(text)
        near = get_close_matches(key, self._called, 1, cutoff) if len(key) <= 200 else []
        return self._spelled[near[0]] if near else None

    def read(self, cell: str) -> tuple[list[MilestoneRef], list[str]]:
        """The milestones that a cell lists, each once, and what can't be understood of it.

        They are separated by commas, semicolons or line breaks, which can be in a name as well: the longest goes
        first. Google Forms joins with ", " in the sheet of responses, with ";" in the file that it offers itself.
        """
        parts = _SEPARATOR.split(cell)
        refs: dict[str, MilestoneRef] = {}
        problems: dict[str, None] = {}
        unknown: dict[str, None] = {}
        place = 0
        while place < len(parts):
            taken, text = self._longest(parts[place : place + self._most_parts])
            place += taken + 1  # and the separator
            try:
                ref = self.called(text)
            except _Problem as problem:
                problems[str(problem)] = None
                continue
            if ref:
                refs[str(ref)] = ref
            elif text:
                unknown[text] = None
        problems |= dict.fromkeys(map(self._unknown, list(unknown)[:_MOST_UNKNOWN]))
        if len(unknown) > _MOST_UNKNOWN:
            problems[f"The same goes for {len(unknown) - _MOST_UNKNOWN} more in this cell."] = None
        return list(refs.values()), list(problems)

    def _longest(self, parts: Sequence[str]) -> tuple[int, str]:
        """How many of these parts, with the separators between them, are a milestone; else the first."""
        for count in range(len(parts), 0, -1):
            text = "".join(parts[:count]).strip()
            if count % 2 and _folded(text) in self._called:
                return count, text
        return 1, parts[0].strip()

    def _unknown(self, text: str) -> str:
        if text not in self._problems:
            near = self.near(text, 0.7) if len(self._problems) < _MOST_GUESSES else None
            where = f" in {self.events[0].name}" if len(self.events) == 1 else ""
            guess = f" Did you mean {_quoted(near)}?" if near else ""
            self._problems[text] = f"There is no milestone {_quoted(text)}{where}.{guess}"
        return self._problems[text]


_Reader = Callable[[Row], tuple[list[MilestoneRef], list[str]]]
_SEPARATOR = re.compile(r"([,;\r\n])")
_IN_BRACKETS = re.compile(r"\[([^\[\]]+)\]\s*\Z")  # a grid of Google Forms has columns like "Done? [Row]"


def _list_reader(table: Table, named: str | None, milestones: _Milestones) -> _Reader:
    places = _places(table, named, _MILESTONE, "milestone_column")
    if not places:
        message = f"Which column has the milestones? Give it as milestone_column. {_columns(table)}"
        raise malformed("milestone_column", message)
    event_places = [place for place in _places(table, None, _EVENT, "event") if place not in places]
    of_event: dict[str, _Milestones] = {}

    def read(row: Row) -> tuple[list[MilestoneRef], list[str]]:
        scope = milestones
        if called := _cell(row, event_places):
            try:
                event = _event_called(called, milestones.events)
            except _Problem as problem:
                return [], [str(problem)]
            if event.id not in of_event:
                of_event[event.id] = _Milestones([event])
            scope = of_event[event.id]
        refs, problems = scope.read("\n".join(row.cells[place] for place in places))
        return refs, problems if refs or problems else ["This line names no milestone."]

    return read


def _tick_columns(table: Table, taken: set[int], milestones: _Milestones) -> dict[int, MilestoneRef]:
    """The columns of a tracker that are milestones; none if this is none.

    Raises Malformed for one that may be of several events, and for one that is nearly a milestone: left out, its
    ticks would be lost without a word.
    """
    columns: dict[int, MilestoneRef] = {}
    misspelled = []
    for place, heading in enumerate(table.header):
        if place in taken or not heading.strip():
            continue
        in_brackets = _IN_BRACKETS.search(heading)
        name = in_brackets[1] if in_brackets else heading
        try:
            ref = milestones.called(heading) or milestones.called(name)
        except _Problem as problem:
            raise malformed("event", str(problem)) from None
        if ref:
            columns[place] = ref
        elif near := milestones.near(name, 0.92):
            misspelled.append(f"The column {_quoted(name)} is no milestone. Did you mean {_quoted(near)}?")
    if columns and misspelled:
        raise malformed("csv", misspelled[0])
    return columns


def _tick_reader(table: Table, columns: Mapping[int, MilestoneRef]) -> _Reader:
    def read(row: Row) -> tuple[list[MilestoneRef], list[str]]:
        refs: dict[str, MilestoneRef] = {}
        problems = []
        for place, ref in columns.items():
            cell = row.cells[place]
            if _folded(cell) in _TICKS:
                refs[str(ref)] = ref
            elif _folded(cell) not in _NO_TICKS:
                problems.append(
                    f"{_quoted(cell)} under {_quoted(table.header[place])} is neither a tick nor blank. "
                    "Put ✓, x or yes where it was completed, and nothing where it was not."
                )
        return list(refs.values()), problems

    return read


def _within(called: str | None, events: Sequence[Event]) -> Sequence[Event]:
    if not (called := _given(called)):
        return events
    try:
        return [_event_called(called, events)]
    except _Problem as problem:
        raise malformed("event", str(problem)) from None


def _event_called(called: str, events: Sequence[Event]) -> Event:
    """By id, or by one of its names. Raises _Problem if there is none, or more than one."""
    key = _folded(called)
    for event in events:
        if key == _folded(event.id):
            return event
    found = [e for e in events if key in {_folded(name or "") for name in (e.name, e.ims_name, e.sms_name)}]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(_quoted(event.id) for event in found)
        raise _Problem(f"{_quoted(called)} is the name of more than one event: say which of {ids} is meant.")
    names = ", ".join(_quoted(event.name) for event in events)
    raise _Problem(f"The event {_quoted(called)} is none of {names}." if names else "There are no events.")


_NUMERIC = re.compile(
    r"(?P<a>\d{4}|\d{1,2}) ?(?P<mark>[/.-]) ?(?P<b>\d{1,2}) ?(?P=mark) ?(?P<c>\d{4}|\d{1,2})"
    r"(?:,? (?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?(?: ?(?P<half>[ap])\.?m\.?)?"
    r"(?: ?(?:(?:GMT|UTC)?(?P<sign>[+-])(?P<hours>\d{1,2})(?::?(?P<minutes>\d{2}))?|(?P<zone>[a-z]{1,4})))?)?",
    re.ASCII | re.IGNORECASE,
)
"""Dates in numbers, with a time of 24 or 12 hours. The sheet of a form's responses has them as its locale does
(`11/15/2023 14:03:22` in the US, the default); the file that Google Forms offers itself as
`2023/11/15 2:03:22 PM GMT+1`."""

# Abbreviations that mean one zone to those who meet them in such a file (RFC 5322 and Europe), in hours.
_ZONES = {
    zone: hours
    for hours, zones in {
        -8: "PST",
        -7: "MST PDT",
        -6: "CST MDT",
        -5: "EST CDT",
        -4: "EDT",
        0: "GMT UTC Z WET",
        1: "CET WEST",
        2: "EET CEST",
        3: "EEST",
    }.items()
    for zone in zones.split()
}

# Its parts can't be taken for one another, and no zone is named like its own.
_SAMPLE = datetime(2023, 11, 25, 13, 45, 30, tzinfo=timezone(timedelta(hours=5, minutes=30)))


def _time_reader(
    table: Table, places: Sequence[int], pattern: str | None, game_day: GameDay
) -> Callable[[Row], datetime | None]:
    """Reads when a row was reported; None where that is blank. What is given raises _Problem for what is no time."""
    if pattern := _given(pattern):
        pattern = _plain(pattern)
        has_hour = _has_hour(pattern)
        if not places:
            message = f"Which column is timestamp_format for? Give it as timestamp_column. {_columns(table)}"
            raise malformed("timestamp_column", message)
    day_first = _is_day_first(_plain(_cell(row, places)) for row in table.rows)

    def read(row: Row) -> datetime | None:
        cell = _cell(row, places)
        if not cell:
            return None
        try:
            if pattern:
                time = datetime.strptime(_plain(cell), pattern)  # noqa: DTZ007 - _instant sees to the zone
                return _instant(time if has_hour else time.date(), game_day)
            return _instant(_iso(_plain(cell)) or _numeric(_plain(cell), day_first), game_day)
        except (ValueError, OverflowError):
            how = (
                f"isn't of the form {_quoted(pattern)}. Correct it, or give another timestamp_format"
                if pattern
                else "can't be read. Give timestamp_format, such as '%d/%m/%Y %H:%M:%S'"
            )
            raise _Problem(f"The timestamp {_quoted(cell)} {how}.") from None

    return read


def _instant(time: date, game_day: GameDay) -> datetime:
    """In UTC. A mere date is the beginning of its game day, so that it is in the windows of that day."""
    if not isinstance(time, datetime):
        return game_day.start(time)
    return (time if time.tzinfo else time.replace(tzinfo=zone_info(game_day.zone))).astimezone(UTC)


def _iso(text: str) -> date | None:
    """ISO 8601, or None."""
    for read in (date.fromisoformat, datetime.fromisoformat):
        try:
            return read(text)
        except ValueError:
            continue
    return None


def _numeric(text: str, day_first: bool | None) -> date:
    """Raises ValueError if it is none, _Problem if it isn't known whether the day stands first."""
    parts = _NUMERIC.fullmatch(text)
    if not parts:
        raise ValueError(text)
    first, second, third = int(parts["a"]), int(parts["b"]), int(parts["c"])
    if len(parts["a"]) == 4:
        day = date(first, second, third)
    else:
        year = third if len(parts["c"]) == 4 else 2000 + third
        if parts["mark"] == ".":  # nowhere does the month stand first with dots
            day_first = True
        if day_first is None:
            raise _Problem(
                "Some timestamps of this file have the day first, and others the month. "
                "Give timestamp_format, such as '%d/%m/%Y %H:%M:%S'."
            )
        day = date(year, second, first) if day_first else date(year, first, second)
    if not parts["hour"]:
        return day
    hour = int(parts["hour"])
    if parts["half"]:
        if not 1 <= hour <= 12:
            raise ValueError(text)
        hour = hour % 12 + (12 if parts["half"] in "pP" else 0)
    wall = datetime(day.year, day.month, day.day, hour, int(parts["minute"]), int(parts["second"] or 0))  # noqa: DTZ001
    if parts["sign"]:
        offset = timedelta(hours=int(parts["hours"]), minutes=int(parts["minutes"] or 0))
        return wall.replace(tzinfo=timezone(offset if parts["sign"] == "+" else -offset))
    if parts["zone"]:
        if parts["zone"].upper() not in _ZONES:
            raise ValueError(text)
        return wall.replace(tzinfo=timezone(timedelta(hours=_ZONES[parts["zone"].upper()])))
    return wall


def _is_day_first(times: Iterable[str]) -> bool | None:
    """Whether the day stands before the month: if a date can be read only so. None if others only otherwise."""
    dates = [parts for text in times if (parts := _NUMERIC.fullmatch(text))]
    pairs = [(int(d["a"]), int(d["b"])) for d in dates if len(d["a"]) <= 2 and d["mark"] != "."]
    is_day_first = any(second <= 12 < first for first, second in pairs)
    is_month_first = any(first <= 12 < second for first, second in pairs)
    return None if is_day_first and is_month_first else is_day_first


def _has_hour(pattern: str) -> bool:
    """Whether the format has the time of day. Raises Malformed if it hasn't the date, or is no format."""
    try:
        read = datetime.strptime(_SAMPLE.strftime(pattern), pattern)  # noqa: DTZ007 - only its parts are looked at
    except (ValueError, re.error):
        read = datetime.min  # noqa: DTZ901
    if read.date() != _SAMPLE.date() or read.hour not in (0, _SAMPLE.hour):
        message = (
            f"The timestamp_format {_quoted(pattern)} can't be used. It needs year, month and day, "
            "such as '%d/%m/%Y %H:%M:%S' or '%m/%d/%Y %I:%M:%S %p'; a zone can only be %z."
        )
        raise malformed("timestamp_format", message)
    return read.hour == _SAMPLE.hour


_LONGEST_TIME = 200
_EMOJI = "\ufe0f"  # follows a tick that is to look like one
_ALIKE = str.maketrans({**dict.fromkeys("‐‑‒–—―−", "-"), **dict.fromkeys("‘’ʼ`", "'"), _EMOJI: None})


def _folded(text: str) -> str:
    return normalised(text).translate(_ALIKE)


def _heading(text: str) -> str:
    """Of a column, without the marks with which a form's question ends."""
    return _folded(text).strip(" ?!:*.")


def _plain(text: str) -> str:
    if len(text) > _LONGEST_TIME:
        return text  # it is no time, and may be of a kind that takes long
    return " ".join(unicodedata.normalize("NFKC", text).translate(_ALIKE).split())


def _given(text: str | None) -> str | None:
    return (text or "").strip() or None


def _quoted(text: str) -> str:
    """As it stands in a sentence: cut if it is long, and with escapes for what doesn't show."""
    text = text.strip()
    return repr(text if len(text) <= 80 else f"{text[:79]}…")
