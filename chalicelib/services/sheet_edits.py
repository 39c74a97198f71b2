"""Applies what officers edited in a sheet, through the same services as everything else (DESIGN §7, "As input")."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from chalicelib.domain.access import Key, sheet_key
from chalicelib.domain.binding import Binding
from chalicelib.domain.edits import (
    Edit,
    NewCommander,
    OfficialPoints,
    Outcome,
    Overtaken,
    Rename,
    Result,
    Tick,
)
from chalicelib.domain.errors import (
    Busy,
    Conflict,
    DidYouMean,
    Forbidden,
    Malformed,
    MusterError,
    NotFound,
    Unreadable,
)
from chalicelib.domain.messages import Message, Value, say
from chalicelib.domain.names import MAX_LENGTH, name_keys
from chalicelib.domain.reporting import MilestoneRef, find_milestone
from chalicelib.domain.roster import Alliance
from chalicelib.services.corrections import Corrections
from chalicelib.services.directory import Directory
from chalicelib.services.readings import GameReadings, Over
from chalicelib.services.rosters import Rosters
from chalicelib.services.tiers import Tiers
from chalicelib.store.commanders import Commanders
from chalicelib.store.completions import Completions

Answer = tuple[Result, Message | None]

IS_NEW = "+"
"""Before a name: it is somebody new, however near to another."""


@dataclass(frozen=True, slots=True)
class SheetEdits:
    _directory: Directory
    _tiers: Tiers
    _corrections: Corrections
    _rosters: Rosters
    _readings: GameReadings
    _commanders: Commanders
    _completions: Completions

    def apply(
        self, sheet: Binding, title: str, edits: Sequence[Edit], has_time: Callable[[], bool]
    ) -> list[Outcome]:
        """Applies each edit in its order, if what it changes is still of the generation that it carries; what became of
        each. `title`: the spreadsheet's.

        Never raises MusterError: an edit is refused in words, or `undecided` if the store is busy or once `has_time` is
        false. Applying the same again changes nothing.
        """
        if not edits:
            return []
        key = sheet_key(sheet.spreadsheet_id, title, sheet.server, sheet.alliance)
        outcomes = [Outcome(edit, *(self._one(key, edit) if has_time() else _waits())) for edit in edits]
        self._stamp(sheet.server, (one.edit for one in outcomes if one.result == "applied"))
        return outcomes

    def _one(self, key: Key, edit: Edit) -> Answer:
        try:
            match edit:
                case Tick():
                    return self._tick(key, edit)
                case Rename():
                    return self._rename(key, edit)
                case NewCommander():
                    return self._add(key, edit)
                case OfficialPoints():
                    return self._official_points(key, edit)
        except (Busy, Unreadable):
            return _waits()

    def _tick(self, key: Key, edit: Tick) -> Answer:
        try:
            place, ref = self._place(key), find_milestone(edit.milestone, self._directory.events())
        except _REFUSALS as error:
            return "refused", say("tick-refused", milestone=edit.milestone, why=error.detail)
        name, set_to = ref.milestone.name, self._corrections.tick
        try:
            changed = set_to(key, place, edit.commander, ref, edit.generation, edit.tab, done=edit.done)
        except Overtaken:
            return "refused", say("tick-overtaken", milestone=name)
        except _REFUSALS as error:
            return "refused", self._why_no_tick(place, ref, error)
        if not changed:
            return "as it was", None
        return "applied", say("tick-recorded", milestone=name) if edit.done else say(
            "tick-voided", milestone=name
        )

    def _why_no_tick(self, place: Alliance, ref: MilestoneRef, error: MusterError) -> Message:
        name = ref.milestone.name
        if error.code == "unknown-commander":
            return say("has-left", alliance=place.name)
        if error.code == "milestone-not-open":
            day = self._directory.server(place.server).game_day
            return say(
                "tick-not-open", milestone=name, opens_at=day.local(ref.milestone.window(day).opens_at)
            )
        return say("tick-refused", milestone=name, why=error.detail)

    def _rename(self, key: Key, edit: Rename) -> Answer:
        if edit.name.startswith(IS_NEW):
            return "refused", say("new-in-a-row", name=_shown(edit.name))
        try:
            place = self._place(key)
            before = self._commanders.member(place.server, place.id, edit.commander)
            after = self._rosters.rename(
                key,
                place.server,
                place.id,
                edit.commander,
                edit.name,
                seen=edit.generation,
                takes_over=False,
                tab=edit.tab,
            )
        except Overtaken:
            return "refused", say("name-overtaken", name=_shown(edit.name))
        except _REFUSALS as error:
            if error.code == "unknown-commander":
                return "refused", say("has-left", alliance=place.name)
            if error.code == "name-taken":
                return "refused", say("name-taken", name=_shown(edit.name))
            return "refused", say("name-refused", name=_shown(edit.name), why=error.detail)
        if before is None or before.name == after.name:
            return "as it was", None
        return "applied", say("renamed", before=before.name, name=after.name)

    def _add(self, key: Key, edit: NewCommander) -> Answer:
        name, is_new = edit.name.removeprefix(IS_NEW).strip(), edit.name.startswith(IS_NEW)
        try:
            place = self._place(key)
            added = self._rosters.add(
                key, place.server, place.id, name, is_new=is_new, takes_over=is_new, tab=edit.tab
            )
        except DidYouMean as error:
            return "refused", say("mean-in-sheet", name=_shown(name), suggestions=error.suggestions)
        except _REFUSALS as error:
            if error.code == "already-on-roster" and (known := self._formerly(place, name)):
                return "refused", say("formerly-on-roster", typed=_shown(name), name=known)
            return "refused", say("name-refused", name=_shown(name), why=error.detail)
        return "applied", say("added", name=added.name)

    def _formerly(self, place: Alliance, name: str) -> str | None:
        """Whose former name it is."""
        tags = self._directory.tags(place.server, name)
        found = self._commanders.named(place.server, name, tags, consistent=True)
        return found.name if found and found.former_name(name_keys(name, tags)) else None

    def _official_points(self, key: Key, edit: OfficialPoints) -> Answer:
        server, over = str(key.server), Over(edit.generation, edit.tab)
        try:
            if edit.points is None:
                self._readings.withdraw(key, server, edit.event, None, over=over)
                return "applied", say("reading-withdrawn")
            self._readings.log(key, server, edit.event, edit.points, confirm=edit.confirmed, over=over)
        except Overtaken:
            latest = self._completions.standing(server, edit.event, consistent=True).reading
            if (latest.points if latest else None) == edit.points:
                return "as it was", None
            return "refused", say("reading-overtaken")
        except _REFUSALS as error:
            if error.code == "implausible-reading":
                return "to be confirmed", say("confirm-reading", points=edit.points or 0, why=_doubt(error))
            return "refused", say("reading-refused", why=error.detail)
        return "applied", say("reading-logged", points=edit.points)

    def _place(self, key: Key) -> Alliance:
        """The alliance that the sheet is bound to; of a server's, no cell is about a commander."""
        return self._directory.alliance(str(key.server), str(key.alliance))

    def _stamp(self, server: str, edits: Iterable[Edit]) -> None:
        """Stamps the tiers that these have reached. Readings have done it already."""
        events = {edit.milestone.partition("/")[0] for edit in edits if isinstance(edit, Tick)}
        with suppress(Busy):  # then the next recount stamps them
            for event in self._directory.events() if events else ():
                if event.id in events:
                    self._tiers.stamp(server, event)


_REFUSALS = (Conflict, Forbidden, Malformed, NotFound)
"""What will be so the next time too; anything else may pass."""


def _doubt(error: MusterError) -> Value:
    """Why the reading is implausible, without what the API says besides."""
    return error.detail.values["doubt"] if isinstance(error.detail, Message) else error.detail


def _shown(name: str) -> str:
    """As it was typed, cut where it is no name by its length."""
    return name if len(name) <= MAX_LENGTH else f"{name[:MAX_LENGTH]}…"


def _waits() -> Answer:
    return "undecided", say("edit-waits")
