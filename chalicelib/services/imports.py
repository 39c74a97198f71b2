"""Importing rosters and past completions: first what would happen, line by line, then the same for real.

A line is decided by itself: a wrong one spoils no other, unless it is to be all or nothing. Sending a file again
changes nothing. An import stops in time, and says which lines are left for another.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Literal, TypeVar

from chalicelib.domain.access import Capability, Key
from chalicelib.domain.cards import Card, Completion, is_untimed
from chalicelib.domain.errors import Busy, Conflict, FieldError, MusterError, TooLarge
from chalicelib.domain.names import Tags
from chalicelib.domain.near import near_names
from chalicelib.domain.reporting import MilestoneRef, require_reportable
from chalicelib.domain.roster import MOST_COMMANDERS, Alliance, Commander, Server
from chalicelib.domain.understood import ImportFile, ImportPreview
from chalicelib.services.corrections import Corrections
from chalicelib.services.directory import Directory
from chalicelib.services.joining import roster_full
from chalicelib.services.reporting import Reporting
from chalicelib.services.rosters import Rosters
from chalicelib.services.tiers import Tiers
from chalicelib.store.commanders import Commanders
from chalicelib.store.completions import Completions

if TYPE_CHECKING:
    from chalicelib.domain.importing import (
        Columns,
        CompletionFile,
        CompletionLine,
        RosterFile,
        RosterLine,
    )

L = TypeVar("L", "RosterLine", "CompletionLine")

PLANNING, ALL = 6.0, 12.0
"""Seconds from its beginning in which an import may look at lines, and in which it may begin to write another. API
Gateway waits for 29, and a line may take 15 where the store is silent."""

Status = Literal["new", "known", "timed", "refused", "not_done", "later"]


@dataclass(frozen=True, slots=True)
class Options:
    """`dry_run`: say what would happen, and write nothing. `is_new`: names near to others are no slips.

    `from_line`: lines before it are left alone.
    """

    dry_run: bool = False
    all_or_nothing: bool = False
    is_new: bool = False
    from_line: int = 1


@dataclass(frozen=True, slots=True)
class ImportLine:
    """What becomes of a line. `new`: something of it is added; `timed`: it was there already, and now it is said when
    it was reported; `known`: all of it was there already; `refused`: see `reasons`; `not_done`: good, but another line
    is not, and it was to be all or nothing; `later`: there was no time left, or the store was busy.

    `adds_commander`: they join the roster, or come back to it. `milestones`: those that are added. `times`: those of
    which it is said now when they were reported. `reasons` also say that the line has a former name of the commander's.
    """

    line: int
    commander: str | None
    status: Status
    adds_commander: bool = False
    milestones: tuple[str, ...] = ()
    times: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What became of a file, or would. The counts are of lines.

    `remaining` are left for another import of the same file, from `next_line` on; None if there are none. `first` are
    the file's first lines, as they were understood.
    """

    dry_run: bool
    new: int
    known: int
    timed: int
    refused: int
    remaining: int
    next_line: int | None
    read_as: ImportFile
    first: tuple[ImportPreview, ...]
    lines: tuple[ImportLine, ...]


_LATER = "There was no time left for this line. Send the same again from here on."


@dataclass
class _Known:
    """Whom and what an alliance has, with what the lines before have added to it. A commander's key is what the index
    has for the present name."""

    ids: dict[str, str]
    """The keys of those on the roster, by id."""
    names: dict[str, str]
    """As they are shown, by key."""
    leads: dict[str, str]
    """The key, by each normalised name that leads to the commander."""
    aliases: dict[str, str]
    """Names that are no present ones, as they are typed, by what the index has for them."""
    retired: set[str]
    """Keys of those who have retired from here, and did not come back by a line before."""
    elsewhere: dict[str, Commander]
    """Those in other alliances, by normalised name. Who has retired there brings along what they have completed."""
    room: int
    """How many more the roster takes."""
    done: dict[str, dict[str, Completion]] = field(default_factory=dict)
    """Completions by global milestone id, by key."""

    def led_by(self, names: Sequence[str]) -> str | None:
        """Which of these normalised names leads to somebody of the alliance; a present name rather than another."""
        known = [name for name in names if name in self.leads]
        present = (name for name in known if self.leads[name] == name)
        return next(present, known[0] if known else None)

    def result(self, line: int, name: str, status: Status, *, adds: bool = False) -> ImportLine:
        """Of a line with a normalised name that leads to somebody."""
        shown = self.names[self.leads[name]]
        formerly = self.aliases.get(name)
        told = f"{formerly} is {shown} now. If this is another {formerly}, add them by themselves."
        return ImportLine(line, shown, status, adds_commander=adds, reasons=(told,) if formerly else ())


@dataclass(frozen=True, slots=True)
class _Time:
    """Until when, on a clock that only goes forward, lines are looked at and written."""

    monotonic: Callable[[], float]
    planning: float
    all: float

    @property
    def to_plan(self) -> bool:
        return self.monotonic() < self.planning

    @property
    def to_write(self) -> bool:
        return self.monotonic() < self.all


@dataclass(frozen=True, slots=True)
class Imports:
    _directory: Directory
    _rosters: Rosters
    _reporting: Reporting
    _corrections: Corrections
    _tiers: Tiers
    _commanders: Commanders
    _completions: Completions
    _clock: Callable[[], datetime]
    _monotonic: Callable[[], float]

    def roster(
        self, key: Key, server_id: str, alliance_id: str, text: str, columns: "Columns", options: Options
    ) -> ImportResult:
        """Adds the commanders whom a CSV file names. Raises Forbidden, NotFound, Malformed, TooLarge, Busy."""
        from chalicelib.domain.importing import read_roster  # reads files: imported for this alone

        time = self._time()
        _, alliance = self._in_scope(key, "keep rosters", server_id, alliance_id)
        tags = self._directory.tags(server_id, text)
        file = read_roster(text, columns, lambda name: self._is_commander(alliance, name, tags), tags)
        lines = [line for line in file.lines if line.line >= options.from_line]
        known = self._known(alliance, [key for line in lines for key in line.keys])

        def plan(line: "RosterLine") -> ImportLine:
            if line.problem or not line.name:
                return ImportLine(line.line, line.name, "refused", reasons=(line.problem or "No name.",))
            if name := known.led_by(line.keys):
                is_back = known.leads[name] in known.retired
                known.retired.discard(known.leads[name])
                return known.result(line.line, name, "new" if is_back else "known", adds=is_back)
            return self._joining(line, line.name, known, alliance, options, may_join=True)

        def add(result: ImportLine) -> ImportLine:
            name = result.commander or ""
            self._rosters.add(key, server_id, alliance_id, name, is_new=True, takes_over=False)
            return result

        results = _carried_out(_planned(lines, plan, time), add, time, options)
        return _imported(options, file, results)

    def completions(
        self, key: Key, server_id: str, alliance_id: str, text: str, columns: "Columns", options: Options
    ) -> ImportResult:
        """Records the past completions that a CSV file tells of. Raises Forbidden, NotFound, Malformed, TooLarge, Busy.

        When each is said to have been reported stays with it; it is recorded now. Where it is recorded already, and
        nothing says yet when it was reported, that is added.
        """
        from chalicelib.domain.importing import read_completions

        time = self._time()
        server, alliance = self._in_scope(key, "import completions", server_id, alliance_id)
        events = [event for event in self._directory.events() if not event.archived]
        now = self._clock()
        tags = self._directory.tags(server.id, text)
        file = read_completions(text, columns, events, server.game_day, now, tags)
        lines = {line.line: line for line in file.lines if line.line >= options.from_line}
        known = self._known(alliance, [key for line in lines.values() for key in line.keys])
        self._add_done(known, alliance, lines.values())

        def plan(line: "CompletionLine") -> ImportLine:
            return self._planned(key, line, known, server, alliance, options, now)

        def record(result: ImportLine) -> ImportLine:
            line = lines[result.line]
            completion = Completion(now, key.id, line.reported_at)
            outcome = self._reporting.record(
                key, alliance, result.commander or "", line.refs, completion, is_new=True
            )
            added = [str(ref) for ref in line.refs if str(ref) in outcome.added]
            others = [ref for ref in line.refs if str(ref) not in outcome.added]
            times = []
            if line.reported_at and others:
                times = self._corrections.add_times(key, outcome.commander, server, others, line.reported_at)
            return _outcome(result, added, times)

        results = _carried_out(_planned(lines.values(), plan, time), record, time, options)
        if not options.dry_run:
            refs = [ref for one in results if one.milestones for ref in lines[one.line].refs]
            self._stamp_tiers(server, refs, time)
        return _imported(options, file, results)

    def _stamp_tiers(self, server: Server, refs: Sequence[MilestoneRef], time: _Time) -> None:
        """What can't be stamped now is by the next recount: the answer is not to be lost for it."""
        for event in {ref.event.id: ref.event for ref in refs}.values():
            if time.to_write:
                with suppress(Busy):
                    self._tiers.stamp(server.id, event)

    def _time(self) -> _Time:
        began = self._monotonic()
        return _Time(self._monotonic, began + PLANNING, began + ALL)

    def _planned(
        self,
        key: Key,
        line: "CompletionLine",
        known: _Known,
        server: Server,
        alliance: Alliance,
        options: Options,
        now: datetime,
    ) -> ImportLine:
        if line.problems or not line.name:
            return ImportLine(line.line, line.name, "refused", reasons=line.problems)
        said = line.reported_at or now
        if said > now:
            return ImportLine(line.line, line.name, "refused", reasons=("The time is still to come.",))
        try:
            require_reportable(line.refs, key.role, now, server.game_day, reported_at=line.reported_at)
        except (Conflict, TooLarge) as refused:
            reasons = tuple(error.message for error in refused.errors)
            return ImportLine(line.line, line.name, "refused", reasons=reasons)
        if name := known.led_by(line.keys):
            result = known.result(line.line, name, "known")
        else:
            result = self._joining(line, line.name, known, alliance, options, may_join=alliance.is_open)
        if result.status == "refused":
            return result
        done = known.done.setdefault(known.leads[known.led_by(line.keys) or ""], {})
        added, times = [], []
        for ref in line.refs:
            completion = done.get(str(ref))
            if completion is None:
                added.append(str(ref))
            elif line.reported_at and is_untimed(completion, line.reported_at):
                times.append(str(ref))
        recorded_at = {ref: done[ref].recorded_at for ref in times} | dict.fromkeys(added, now)
        done.update({ref: Completion(at, key.id, line.reported_at) for ref, at in recorded_at.items()})
        return _outcome(result, added, times)

    def _joining(
        self,
        line: "RosterLine | CompletionLine",
        name: str,
        known: _Known,
        alliance: Alliance,
        options: Options,
        *,
        may_join: bool,
    ) -> ImportLine:
        """Of somebody who is not on the roster yet."""
        found = [known.elsewhere[key] for key in line.keys if key in known.elsewhere]
        other = next((one for one in found if one.key in line.keys), found[0] if found else None)
        near = [] if options.is_new else near_names(name, known.names.values())
        reason = None
        if other and not other.retired_at:
            is_former = other.former_name(line.keys)
            who = f"{name} was the name of a commander who" if is_former else other.name
            reason = f"{who} is with another alliance of this server. An officer can move them."
        elif near:
            reason = f"{name} is new. Did you mean {' or '.join(near)}?"
        elif not may_join:
            reason = f"{name} is not on the roster of {alliance.name}. Import the roster first."
        elif not known.room:
            reason = roster_full(alliance).detail
        if reason:
            return ImportLine(line.line, name, "refused", reasons=(reason,))
        known.room -= 1
        for key, one in known.elsewhere.items() if other else ():
            if other and one.id == other.id:
                known.leads[key] = other.key
                known.aliases |= one.aliases
        own = other.key if other else line.keys[-1]
        known.leads[own], known.names[own] = own, other.name if other else name
        return known.result(line.line, known.led_by(line.keys) or own, "new", adds=True)

    def _in_scope(
        self, key: Key, capability: Capability, server_id: str, alliance_id: str
    ) -> tuple[Server, Alliance]:
        key.require(capability, server=server_id, alliance=alliance_id)
        return self._directory.server(server_id), self._directory.alliance(server_id, alliance_id)

    def _is_commander(self, alliance: Alliance, name: str, tags: Tags) -> bool:
        found = self._commanders.named(alliance.server, name, tags)
        return found is not None and found.alliance == alliance.id

    def _known(self, alliance: Alliance, names: Iterable[str]) -> _Known:
        """All that is asked about names, in one query and one batch of reads."""
        roster = self._commanders.roster(alliance.server, alliance.id, consistent=True)
        leads = {name: one.key for one in roster for name in (one.key, *one.aliases)}
        return _Known(
            ids={one.id: one.key for one in roster},
            names={one.key: one.name for one in roster},
            leads=leads,
            aliases={name: spelled for one in roster for name, spelled in one.aliases.items()},
            retired={one.key for one in roster if one.retired_at},
            elsewhere=self._commanders.all_named(
                alliance.server, {name for name in names if name not in leads}
            ),
            room=max(0, MOST_COMMANDERS - sum(not one.retired_at for one in roster)),
        )

    def _add_done(self, known: _Known, alliance: Alliance, lines: "Iterable[CompletionLine]") -> None:
        events = dict.fromkeys(ref.event.id for line in lines for ref in line.refs)
        for event in events:
            for card in self._completions.alliance_cards(
                alliance.server, event, alliance.id, consistent=True
            ):
                if name := known.ids.get(card.commander):
                    known.done.setdefault(name, {}).update(_by_global_id(event, card))
        for one in known.elsewhere.values():
            if not one.retired_at:
                continue
            cards = self._completions.cards(alliance.server, one.alliance, one.id, events, consistent=True)
            known.done[one.key] = {
                ref: completion
                for event, card in cards.items()
                for ref, completion in _by_global_id(event, card).items()
            }


def _by_global_id(event: str, card: Card) -> dict[str, Completion]:
    return {f"{event}/{milestone}": completion for milestone, completion in card.completions.items()}


def _outcome(result: ImportLine, added: Sequence[str], times: Sequence[str]) -> ImportLine:
    """What a line comes to that adds these milestones, and of those says when they were reported."""
    status: Status = "new" if added or result.adds_commander else "timed" if times else "known"
    return replace(result, status=status, milestones=tuple(added), times=tuple(times))


def _planned(lines: Iterable[L], plan: Callable[[L], ImportLine], time: _Time) -> list[ImportLine]:
    """What would become of the lines; of those that there is no time for, that they are for later."""
    return [
        plan(line) if time.to_plan else ImportLine(line.line, line.name, "later", reasons=(_LATER,))
        for line in lines
    ]


def _carried_out(
    planned: Sequence[ImportLine], write: Callable[[ImportLine], ImportLine], time: _Time, options: Options
) -> list[ImportLine]:
    """The plan, or what came of it. What was faster than a line is that line's own result.

    Raises TooLarge where it is to be all or nothing, and there is no time to look at all.
    """
    if options.all_or_nothing and any(one.status == "later" for one in planned):
        message = "There is no time to look at every line before one is done. Send the file in parts."
        raise TooLarge("too-large", message, [FieldError("csv", message)])
    spoilt = options.all_or_nothing and any(one.status == "refused" for one in planned)
    results = []
    for one in planned:
        writes = one.status in ("new", "timed")
        if writes and spoilt:
            one = replace(one, status="not_done")
        elif writes and not options.dry_run and not time.to_write:
            one = ImportLine(one.line, one.commander, "later", reasons=(_LATER,))
        elif writes and not options.dry_run:
            try:
                one = write(one)
            except Busy as busy:
                one = ImportLine(one.line, one.commander, "later", reasons=(busy.detail,))
            except MusterError as error:
                one = ImportLine(one.line, one.commander, "refused", reasons=(error.detail,))
        results.append(one)
    return results


def _imported(
    options: Options, file: "RosterFile | CompletionFile", results: Sequence[ImportLine]
) -> ImportResult:
    counts = Counter(one.status for one in results)
    left = [one.line for one in results if one.status == "later"]
    return ImportResult(
        dry_run=options.dry_run,
        new=counts["new"],
        known=counts["known"],
        timed=counts["timed"],
        refused=counts["refused"],
        remaining=counts["later"],
        next_line=min(left, default=None),
        read_as=file.read_as,
        first=file.first,
        lines=tuple(results),
    )
