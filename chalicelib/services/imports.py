"""Importing rosters and past completions: first what would happen, line by line, then the same for real.

A line is decided by itself: a wrong one spoils no other, unless it is to be all or nothing. Sending a file again
changes nothing.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from chalicelib.domain.access import Capability, Key
from chalicelib.domain.cards import Completion
from chalicelib.domain.errors import Conflict, MusterError
from chalicelib.domain.names import normalised
from chalicelib.domain.near import near_names
from chalicelib.domain.reporting import require_reportable
from chalicelib.domain.roster import Alliance, Commander, Server
from chalicelib.services.directory import Directory
from chalicelib.services.reporting import Reporting
from chalicelib.services.rosters import Rosters
from chalicelib.services.tiers import Tiers
from chalicelib.store.commanders import Commanders
from chalicelib.store.completions import Completions

if TYPE_CHECKING:
    from chalicelib.domain.importing import Columns, CompletionLine

Status = Literal["new", "known", "refused", "not_done"]


@dataclass(frozen=True, slots=True)
class Options:
    """`dry_run`: say what would happen, and write nothing. `is_new`: names near to others are no slips."""

    dry_run: bool = False
    all_or_nothing: bool = False
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class ImportLine:
    """What becomes of a line. `new`: something of it is added; `known`: all of it was there already; `refused`: see
    `reasons`; `not_done`: good, but another line is not, and it was to be all or nothing.

    `adds_commander`: they join the roster. `milestones`: those that are added.
    """

    line: int
    commander: str | None
    status: Status
    adds_commander: bool = False
    milestones: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What became of a file, or would. The counts are of lines."""

    dry_run: bool
    new: int
    known: int
    refused: int
    lines: tuple[ImportLine, ...]


@dataclass
class _Known:
    """Whom and what an alliance has, with what the lines before have added to it."""

    names: dict[str, str]
    ids: dict[str, str]
    """The present name, normalised, by id."""
    elsewhere: dict[str, Commander]
    returning: dict[str, Commander]
    """Those elsewhere who have retired there: they bring along what they have completed."""
    done: dict[str, set[str]] = field(default_factory=dict)
    """Global milestone ids by the commander's present name, normalised: several names may lead to one."""


@dataclass(frozen=True, slots=True)
class Imports:
    _directory: Directory
    _rosters: Rosters
    _reporting: Reporting
    _tiers: Tiers
    _commanders: Commanders
    _completions: Completions
    _clock: Callable[[], datetime]

    def roster(
        self, key: Key, server_id: str, alliance_id: str, text: str, column: str | None, options: Options
    ) -> ImportResult:
        """Adds the commanders whom a CSV file names. Raises Forbidden, NotFound, Malformed, TooLarge, Busy."""
        from chalicelib.domain.importing import roster_lines  # reads files: imported for this alone

        _, alliance = self._in_scope(key, "keep rosters", server_id, alliance_id)
        lines = roster_lines(text, column)
        known = self._known(alliance, [line.name for line in lines if line.name])
        planned = []
        for line in lines:
            if line.problem or not line.name:
                result = ImportLine(line.line, line.name, "refused", reasons=(line.problem or "No name.",))
            elif normalised(line.name) in known.names:
                result = ImportLine(line.line, known.names[normalised(line.name)], "known")
            else:
                result = self._joining(line.line, line.name, known, alliance, options, may_join=True)
            planned.append(result)

        def add(result: ImportLine) -> ImportLine:
            self._rosters.add(key, server_id, alliance_id, result.commander or "", is_new=True)
            return result

        return _carried_out(planned, add, options)

    def completions(
        self, key: Key, server_id: str, alliance_id: str, text: str, columns: "Columns", options: Options
    ) -> ImportResult:
        """Records the past completions that a CSV file tells of. Raises Forbidden, NotFound, Malformed, TooLarge, Busy.

        When each is said to have been reported stays with it; it is recorded now.
        """
        from chalicelib.domain.importing import completion_lines

        server, alliance = self._in_scope(key, "import completions", server_id, alliance_id)
        events = [event for event in self._directory.events() if not event.archived]
        now = self._clock()
        lines = {line.line: line for line in completion_lines(text, columns, events, server.game_day, now)}
        known = self._known(alliance, [line.name for line in lines.values() if line.name])
        self._add_done(known, alliance, lines.values())
        planned = [self._planned(key, line, known, server, alliance, options, now) for line in lines.values()]

        def record(result: ImportLine) -> ImportLine:
            line = lines[result.line]
            completion = Completion(now, key.id, line.reported_at)
            outcome = self._reporting.record(
                key, alliance, result.commander or "", line.refs, completion, is_new=True
            )
            added = tuple(str(ref) for ref in line.refs if str(ref) in outcome.added)
            is_new = bool(added) or result.adds_commander
            return replace(result, milestones=added, status="new" if is_new else "known")

        imported = _carried_out(planned, record, options)
        if not options.dry_run:
            for event in {ref.event.id: ref.event for line in lines.values() for ref in line.refs}.values():
                self._tiers.stamp(server.id, event)
        return imported

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
            require_reportable(line.refs, key.role, said, server.game_day)
        except Conflict as conflict:
            reasons = tuple(error.message for error in conflict.errors)
            return ImportLine(line.line, line.name, "refused", reasons=reasons)
        name, result = normalised(line.name), ImportLine(line.line, line.name, "known")
        if name in known.names:
            result = replace(result, commander=known.names[name])
        else:
            result = self._joining(line.line, line.name, known, alliance, options, may_join=alliance.is_open)
        if result.status == "refused":
            return result
        done = known.done.setdefault(normalised(known.names[name]), set())
        added = tuple(str(ref) for ref in line.refs if str(ref) not in done)
        done.update(added)
        is_new = bool(added) or result.adds_commander
        return replace(result, status="new" if is_new else "known", milestones=added)

    def _joining(
        self, line: int, name: str, known: _Known, alliance: Alliance, options: Options, *, may_join: bool
    ) -> ImportLine:
        """Of somebody who is not on the roster yet."""
        other = known.elsewhere.get(normalised(name))
        near = [] if options.is_new else near_names(name, known.names.values())
        reason = None
        if other:
            reason = f"{other.name} is with another alliance of this server. An officer can move them."
        elif near:
            reason = f"{name} is new. Did you mean {' or '.join(near)}?"
        elif not may_join:
            reason = f"{name} is not on the roster of {alliance.name}. Import the roster first."
        if reason:
            return ImportLine(line, name, "refused", reasons=(reason,))
        known.names[normalised(name)] = name
        if back := known.returning.get(normalised(name)):
            known.names |= {each: back.name for each, one in known.returning.items() if one.id == back.id}
        return ImportLine(line, name, "new", adds_commander=True)

    def _in_scope(
        self, key: Key, capability: Capability, server_id: str, alliance_id: str
    ) -> tuple[Server, Alliance]:
        key.require(capability, server=server_id, alliance=alliance_id)
        return self._directory.server(server_id), self._directory.alliance(server_id, alliance_id)

    def _known(self, alliance: Alliance, names: Iterable[str]) -> _Known:
        """All that is asked about names, in one query and one batch of reads."""
        roster = self._commanders.roster(alliance.server, alliance.id)
        known = {name: one.name for one in roster for name in (normalised(one.name), *one.aliases)}
        unknown = {name for name in map(normalised, names) if name not in known}
        found = self._commanders.all_named(alliance.server, unknown)
        elsewhere = {name: one for name, one in found.items() if not one.retired_at}
        ids = {one.id: normalised(one.name) for one in roster}
        return _Known(known, ids, elsewhere, {name: one for name, one in found.items() if one.retired_at})

    def _add_done(self, known: _Known, alliance: Alliance, lines: "Iterable[CompletionLine]") -> None:
        events = dict.fromkeys(ref.event.id for line in lines for ref in line.refs)
        for event in events:
            for card in self._completions.alliance_cards(
                alliance.server, event, alliance.id, consistent=True
            ):
                done = {f"{event}/{milestone}" for milestone in card.completions}
                if name := known.ids.get(card.commander):
                    known.done.setdefault(name, set()).update(done)
        for one in known.returning.values():
            cards = self._completions.cards(alliance.server, one.alliance, one.id, events, consistent=True)
            done = {f"{event}/{m}" for event, card in cards.items() for m in card.completions}
            known.done[normalised(one.name)] = done


def _carried_out(
    planned: Sequence[ImportLine], write: Callable[[ImportLine], ImportLine], options: Options
) -> ImportResult:
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
    return ImportResult(options.dry_run, counts["new"], counts["known"], counts["refused"], tuple(results))
