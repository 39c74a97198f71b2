"""Importing rosters and past completions: first what would happen, line by line, then the same for real.

A line is decided by itself: a wrong one spoils no other, unless it is to be all or nothing. Sending a file again
changes nothing.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from chalicelib.domain.access import Key
from chalicelib.domain.cards import Completion
from chalicelib.domain.errors import Conflict, MusterError
from chalicelib.domain.near import near_names
from chalicelib.domain.reporting import require_reportable
from chalicelib.domain.roster import Alliance, Commander, Server
from chalicelib.services.directory import Directory
from chalicelib.services.reporting import Reporting
from chalicelib.services.rosters import Rosters
from chalicelib.store.commanders import Commanders
from chalicelib.store.completions import Completions

if TYPE_CHECKING:
    from chalicelib.domain.importing import Columns, CompletionLine, RosterLine

Status = Literal["new", "known", "refused", "not_done"]


@dataclass(frozen=True, slots=True)
class Options:
    """`dry_run`: say what would happen, and write nothing. `is_new`: names near to others are no slips."""

    dry_run: bool = False
    all_or_nothing: bool = False
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class LineResult:
    """What becomes of a line. `new`: something of it is added; `known`: all of it was there already; `refused`: see
    `reasons`; `not_done`: good, but another line is not, and it was to be all or nothing.

    `adds_commander`: they join the roster, or come back to it. `milestones`: those that are added. `reasons` also say
    that the line has a former name of the commander's.
    """

    line: int
    commander: str | None
    status: Status
    adds_commander: bool = False
    milestones: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a file, or would. The counts are of lines."""

    dry_run: bool
    new: int
    known: int
    refused: int
    lines: tuple[LineResult, ...]


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
    done: dict[str, set[str]] = field(default_factory=dict)
    """Global milestone ids by key."""

    def led_by(self, names: Sequence[str]) -> str | None:
        """Which of these normalised names leads to somebody of the alliance; a present name rather than another."""
        known = [name for name in names if name in self.leads]
        present = (name for name in known if self.leads[name] == name)
        return next(present, known[0] if known else None)

    def result(self, line: int, name: str, status: Status, *, adds: bool = False) -> LineResult:
        """Of a line with a normalised name that leads to somebody."""
        shown = self.names[self.leads[name]]
        formerly = self.aliases.get(name)
        told = f"{formerly} is {shown} now. If this is another {formerly}, add them by themselves."
        return LineResult(line, shown, status, adds_commander=adds, reasons=(told,) if formerly else ())


class Imports:
    def __init__(
        self,
        directory: Directory,
        rosters: Rosters,
        reporting: Reporting,
        commanders: Commanders,
        completions: Completions,
        clock: Callable[[], datetime],
    ) -> None:
        self._directory = directory
        self._rosters = rosters
        self._reporting = reporting
        self._commanders = commanders
        self._completions = completions
        self._clock = clock

    def roster(
        self, key: Key, server_id: str, alliance_id: str, text: str, column: str | None, options: Options
    ) -> Imported:
        """Adds the commanders whom a CSV file names. Raises Forbidden, NotFound, Malformed, TooLarge, Busy."""
        from chalicelib.domain.importing import roster_lines  # reads files: imported for this alone

        _, alliance = self._place(key, server_id, alliance_id)
        lines = roster_lines(text, column, self._directory.tags(server_id, text))
        known = self._known(alliance, [key for line in lines for key in line.keys])
        planned = []
        for line in lines:
            if line.problem or not line.name:
                result = LineResult(line.line, line.name, "refused", reasons=(line.problem or "No name.",))
            elif name := known.led_by(line.keys):
                is_back = known.leads[name] in known.retired
                known.retired.discard(known.leads[name])
                result = known.result(line.line, name, "new" if is_back else "known", adds=is_back)
            else:
                result = self._joining(line, line.name, known, alliance, options, may_join=True)
            planned.append(result)

        def add(result: LineResult) -> LineResult:
            name = result.commander or ""
            self._rosters.add(key, server_id, alliance_id, name, is_new=True, takes_over=False)
            return result

        return _carried_out(planned, add, options)

    def completions(
        self, key: Key, server_id: str, alliance_id: str, text: str, columns: "Columns", options: Options
    ) -> Imported:
        """Records the past completions that a CSV file tells of. Raises Forbidden, NotFound, Malformed, TooLarge, Busy.

        When each is said to have been reported stays with it; it is recorded now.
        """
        from chalicelib.domain.importing import completion_lines

        server, alliance = self._place(key, server_id, alliance_id)
        events = [event for event in self._directory.events() if not event.archived]
        now = self._clock()
        tags = self._directory.tags(server.id, text)
        read = completion_lines(text, columns, events, server.game_day, now, tags)
        lines = {line.line: line for line in read}
        known = self._known(alliance, [key for line in read for key in line.keys])
        self._add_done(known, alliance, lines.values())
        planned = [self._planned(key, line, known, server, alliance, options, now) for line in lines.values()]

        def record(result: LineResult) -> LineResult:
            line = lines[result.line]
            completion = Completion(now, key.id, line.reported_at)
            outcome = self._reporting.record(
                key, alliance, result.commander or "", line.refs, completion, is_new=True
            )
            added = tuple(str(ref) for ref in line.refs if str(ref) in outcome.added)
            is_new = bool(added) or result.adds_commander
            return replace(result, milestones=added, status="new" if is_new else "known")

        return _carried_out(planned, record, options)

    def _planned(
        self,
        key: Key,
        line: "CompletionLine",
        known: _Known,
        server: Server,
        alliance: Alliance,
        options: Options,
        now: datetime,
    ) -> LineResult:
        if line.problems or not line.name:
            return LineResult(line.line, line.name, "refused", reasons=line.problems)
        said = line.reported_at or now
        if said > now:
            return LineResult(line.line, line.name, "refused", reasons=("The time is still to come.",))
        try:
            require_reportable(line.refs, key.role, said, server.game_day)
        except Conflict as conflict:
            reasons = tuple(error.message for error in conflict.errors)
            return LineResult(line.line, line.name, "refused", reasons=reasons)
        if name := known.led_by(line.keys):
            result = known.result(line.line, name, "known")
        else:
            result = self._joining(line, line.name, known, alliance, options, may_join=alliance.is_open)
        if result.status == "refused":
            return result
        name = known.led_by(line.keys) or ""
        done = known.done.setdefault(known.leads[name], set())
        added = tuple(str(ref) for ref in line.refs if str(ref) not in done)
        done.update(added)
        is_new = bool(added) or result.adds_commander
        return replace(result, status="new" if is_new else "known", milestones=added)

    def _joining(
        self,
        line: "RosterLine | CompletionLine",
        name: str,
        known: _Known,
        alliance: Alliance,
        options: Options,
        *,
        may_join: bool,
    ) -> LineResult:
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
        if reason:
            return LineResult(line.line, name, "refused", reasons=(reason,))
        for key, one in known.elsewhere.items() if other else ():
            if other and one.id == other.id:
                known.leads[key] = other.key
                known.aliases |= one.aliases
        own = other.key if other else line.keys[-1]
        known.leads[own], known.names[own] = own, other.name if other else name
        return known.result(line.line, known.led_by(line.keys) or own, "new", adds=True)

    def _place(self, key: Key, server_id: str, alliance_id: str) -> tuple[Server, Alliance]:
        key.require("officer", "admin", server=server_id, alliance=alliance_id)
        return self._directory.server(server_id), self._directory.alliance(server_id, alliance_id)

    def _known(self, alliance: Alliance, names: Iterable[str]) -> _Known:
        """All that is asked about names, in one query and one batch of reads."""
        roster = self._commanders.roster(alliance.server, alliance.id)
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
        )

    def _add_done(self, known: _Known, alliance: Alliance, lines: "Iterable[CompletionLine]") -> None:
        events = dict.fromkeys(ref.event.id for line in lines for ref in line.refs)
        for event in events:
            for card in self._completions.alliance_cards(
                alliance.server, event, alliance.id, consistent=True
            ):
                done = {f"{event}/{milestone}" for milestone in card.completions}
                if name := known.ids.get(card.commander):
                    known.done.setdefault(name, set()).update(done)
        for one in known.elsewhere.values():
            if not one.retired_at:
                continue
            cards = self._completions.cards(alliance.server, one.alliance, one.id, events, consistent=True)
            done = {f"{event}/{m}" for event, card in cards.items() for m in card.completions}
            known.done[one.key] = done


def _carried_out(
    planned: Sequence[LineResult], write: Callable[[LineResult], LineResult], options: Options
) -> Imported:
    """The plan, or what came of it. What was faster than a line is that line's own result."""
    spoilt = options.all_or_nothing and any(one.status == "refused" for one in planned)
    results = []
    for one in planned:
        if one.status == "new" and spoilt:
            one = replace(one, status="not_done")
        elif one.status == "new" and not options.dry_run:
            try:
                one = write(one)
            except MusterError as error:
                one = replace(one, status="refused", reasons=(error.detail,), milestones=())
        results.append(one)
    counts: Mapping[str, int] = {
        status: sum(one.status == status for one in results) for status in ("new", "known", "refused")
    }
    return Imported(options.dry_run, counts["new"], counts["known"], counts["refused"], tuple(results))
