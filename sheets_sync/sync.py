"""One sync of a sheet: read what it holds, write what differs."""

import logging
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Protocol

from chalicelib.domain.binding import Binding
from chalicelib.domain.due import is_stale, obstacle_now
from chalicelib.domain.edits import Edit, Outcome
from chalicelib.domain.messages import say
from chalicelib.domain.sheet_view import SheetView
from sheets_sync.answers import Answers, answered, answers_to, without_edits
from sheets_sync.cells import Json
from sheets_sync.content import tabs_of
from sheets_sync.content.title_block import mentioning, saying
from sheets_sync.content.wall_time import local
from sheets_sync.difference import Difference, difference
from sheets_sync.edits import decide
from sheets_sync.failures import SheetError
from sheets_sync.hand_edits import former_names, hand_edits, said_now
from sheets_sync.held import MANAGED_FIELDS, OVERVIEW_FIELDS, TAB_METADATA, HeldTab, has_ours, held_tabs
from sheets_sync.kept import NOBODY, Keeper, as_ours, ended_tabs, former_names_of, kept_requests, with_former
from sheets_sync.known import known, known_rows
from sheets_sync.lost_keys import with_keys_again
from sheets_sync.making import Names
from sheets_sync.met import (
    ANSWER_FIELDS,
    answer_ranges,
    has_edits,
    is_as_expected,
    overwritten,
    put_back,
    without_written_keys,
    without_written_labels,
)
from sheets_sync.shape import Manner
from sheets_sync.stuck import in_the_way
from sheets_sync.tabs import NEW, Left, Tab
from sheets_sync.writing import write_requests

logger = logging.getLogger(__name__)

_MANNERS: Sequence[Manner] = ("whole", "whole", "plain", "state")
"""In turn, each after what was before it has been refused. The whole goes twice only if it is another by then: officers
may have changed in between what it was refused for."""
_PLAINER = _MANNERS[2:]


class SpreadsheetAccess(Protocol):
    """The three requests that a sync is made of. Each may raise."""

    def managed(self, spreadsheet_id: str, metadata_key: str, fields: str) -> Mapping[str, Any]: ...

    def overview(self, spreadsheet_id: str, fields: str) -> Mapping[str, Any]: ...

    def write(
        self,
        spreadsheet_id: str,
        requests: Sequence[Mapping[str, Any]],
        ranges: Sequence[str] = (),
        fields: str = "",
    ) -> Mapping[str, Any]:
        """Answers what `fields` names, of the `ranges`."""
        ...


Apply = Callable[[str, Sequence[Edit]], tuple[Sequence[Outcome], SheetView]]
"""Applies the edits of a spreadsheet with that title; what became of each, and what the sheet should show then."""


class Synced(NamedTuple):
    """How a sync went. `obstacle`: what was in the way, in words for officers, if only values could be written: for a
    while then only those are sent. `again`: the sheet holds edits that are still to be taken. `was_fresh`: nothing was
    written, because it says already what it should, and not long ago.
    """

    obstacle: str | None = None
    again: bool = False
    was_fresh: bool = False


def sync(
    sheet: Binding,
    view: SheetView,
    spreadsheets: SpreadsheetAccess,
    help_url: str | None = None,
    apply: Apply | None = None,
    keeper: Keeper = NOBODY,
    *,
    is_watched: bool = False,
) -> Synced:
    """One read and at most one write. If a tab of ours is missing, one more read shows which names are free.

    If the sheet was never synced or its last sync failed, that read comes first: what Google answers if nothing of ours
    is there is not documented. If the write met something else than was read, one more of each repairs that.

    What officers edited is given to `apply`, if that counts: between the read and the write. What Google refuses goes
    plainer, and nothing twice. `is_watched`: Google tells when the spreadsheet was touched. Raises SheetError.
    """
    overview: Mapping[str, Any] | None = None
    if not _was_good(sheet):
        overview = spreadsheets.overview(sheet.spreadsheet_id, OVERVIEW_FIELDS)

    def contents(view: SheetView) -> Sequence[Tab]:
        return tabs_of(view, sheet, help_url, is_watched)

    one = _Sync(sheet, view, spreadsheets, contents, keeper, contents(view))
    held = one.read() if overview is None or has_ours(overview) else {}
    one.know(former_names_of(held, sheet, keeper))
    if apply and sheet.edits and sheet.revision is not None:  # else the bases are of another binding
        one.take(held, apply)
    if any(tab.id not in held for tab in one.tabs):
        one.name(overview)
    obstacle = one.write(held)
    return Synced(obstacle, one.answers.is_open, one.was_fresh)


@dataclass(slots=True)
class _Sync:
    sheet: Binding
    view: SheetView
    spreadsheets: SpreadsheetAccess
    contents: Callable[[SheetView], Sequence[Tab]]
    keeper: Keeper
    tabs: Sequence[Tab]
    former: Mapping[str, str] = field(default_factory=dict)
    names: Names = field(default_factory=Names)
    answers: Answers = field(default_factory=Answers)
    title: str = ""
    was_fresh: bool = False

    @property
    def is_stale(self) -> bool:
        """Whether it has to say anew how fresh it is."""
        return not _was_good(self.sheet) or is_stale(self.sheet, self.view.as_of)

    def read(self) -> dict[str, HeldTab]:
        answer = self.spreadsheets.managed(self.sheet.spreadsheet_id, TAB_METADATA, MANAGED_FIELDS)
        self.title = answer["properties"]["title"]
        return as_ours(held_tabs(answer), self.sheet, self.keeper)

    def reread(self) -> dict[str, HeldTab]:
        """What it holds after something else than was read has been met: a tab may be gone since."""
        held = self.read()
        if any(tab.id not in held for tab in self.tabs):
            self.name()
        return held

    def name(self, overview: Mapping[str, Any] | None = None) -> None:
        """Takes which names are free for tabs that are made."""
        self.names = names_in(
            overview or self.spreadsheets.overview(self.sheet.spreadsheet_id, OVERVIEW_FIELDS)
        )

    def know(self, former: Mapping[str, str]) -> None:
        """Takes what those are called today who were on rosters that the spreadsheet was bound to before."""
        self.former = former
        if former:
            self.tabs = [with_former(tab, former) for tab in self.tabs]

    def with_keys_again(self, held: Mapping[str, HeldTab]) -> dict[str, HeldTab]:
        """The tabs whose rows are known by keys, with those that rows have lost; and all others."""
        found, shown = dict(held), {tab.id for tab in self.tabs}
        for tab in self.tabs:
            if tab.id in held and not tab.is_by_position:
                keys = {*(row.key for row in tab.rows), NEW}
                found[tab.id] = with_keys_again(held[tab.id], keys, tab.unlisted)
        left = {key: Left(name, "") for key, name in self.former.items()}
        for tab_id in held.keys() - shown:
            found[tab_id] = with_keys_again(held[tab_id], (), left)
        return found

    def take(self, held: Mapping[str, HeldTab], apply: Apply) -> None:
        """Applies what officers edited. The tabs are then as they should be after that."""
        decision, outcomes = decide(self.tabs, held, known_rows(self.tabs, held)), list[Outcome]()
        if edits := [each.edit for each in decision.taken if each.edit]:
            found, self.view = apply(self.title, edits)
            outcomes += found
            self.tabs = self.contents(self.view)
            self.know(self.former)
        self.answers = answers_to(decision, outcomes, self.tabs)

    def leave(self, held: Mapping[str, HeldTab]) -> None:
        """Leaves what officers have edited since to the next sync."""
        self.answers.leave(decide(self.tabs, held, known_rows(self.tabs, held)))

    def write(self, held: Mapping[str, HeldTab]) -> str | None:
        """Writes what differs from `held` in the best manner that Google allows. Returns what it refused, if that was
        not known. Raises SheetError."""
        known_obstacle = obstacle_now(self.sheet, self.view.as_of)
        refused: list[_Batch] = []
        failure: SheetError | None = None
        for manner in _PLAINER if known_obstacle else _MANNERS:
            words = known_obstacle if failure is None else str(failure)
            batch = self.batch(held, manner, None if manner == "whole" else words)
            if batch in refused or (failure and not batch.difference.is_told):
                continue
            try:
                self.send(batch)
            except SheetError as error:
                if not error.refused:
                    raise
                logger.warning("%s: Google refuses the %s: %s", self.sheet.spreadsheet_id, manner, error)
                refused.append(batch)
                failure = failure or error
                held = self.reread()
                self.leave(held)
            else:
                if failure and manner == "state":
                    break
                return str(failure) if failure and manner == "plain" else None
        raise failure or SheetError("Google refuses whatever Muster writes.", lasting=True)

    def batch(self, held: Mapping[str, HeldTab], manner: Manner, obstacle: str | None) -> "_Batch":
        """What differs, with title blocks that say what is in the way and what was undone."""
        held = self.with_keys_again(held)
        rows = known_rows(self.tabs, held)
        edits, gone = hand_edits(self.tabs, held, rows), former_names(self.tabs, held)
        restored = said_now(edits, local(self.view.as_of, self.view.game_day))
        if restored and any(name in restored.words for name in gone):
            restored = None  # a forgotten name is not repeated
        answers = self.answers if self.sheet.edits else without_edits(edits)
        if manner != "whole":
            answers = answers.where_rows_are(rows)
        tabs = answered(self.tabs, held, rows, answers, self.view.as_of, gone)
        tabs = saying(in_the_way(obstacle, tabs, held, rows), mentioning(restored, tabs))
        if ended := ended_tabs(tabs, held, self.view, self.former):
            tabs, rows = [*tabs, *ended], {**rows, **known_rows(ended, held)}
        found = difference(tabs, held, rows, deepcopy(self.names), manner, tidies=self.sheet.tidies)
        if manner == "whole":
            more = kept_requests(found.sheet_ids, held, self.sheet, self.keeper)
            found = replace(found, requests=[*found.requests, *more])
        return _Batch(manner, obstacle, found, len(edits))

    def send(self, batch: "_Batch", before: Sequence[Json] = (), *, repairs: bool = True) -> None:
        """Sends it after the requests `before`, and repairs once what it met elsewhere than where it was read."""
        spreadsheet, changes = self.sheet.spreadsheet_id, batch.difference.changes
        requests = [*before, *batch.difference.requests]
        if not requests:
            return
        if not before and batch.difference.is_only_fresher and not self.is_stale:
            self.was_fresh = True
            return
        answer = self.spreadsheets.write(spreadsheet, requests, answer_ranges(changes), ANSWER_FIELDS)
        if batch.hand_edits:
            logger.warning(
                "hand edits undone in %s: %d", spreadsheet, batch.hand_edits
            )  # they may hold names
        self.answers.is_open |= has_edits(changes, answer)
        if not is_as_expected(changes, answer):
            logger.warning("something was moved in %s while it was synced", spreadsheet)
            if repairs:
                self.repair(batch)

    def repair(self, sent: "_Batch") -> None:
        """Makes good what a write did to rows and cells that it had expected elsewhere."""
        held = self.reread()
        requests: list[Json] = []
        for tab in [*self.tabs, *ended_tabs(self.tabs, held, self.view, self.former)]:
            change = sent.difference.changes.get(tab.id)
            if change and tab.id in held:
                for key in overwritten(change, held[tab.id]):
                    self.answers.say(tab.id, key, say("row-moved"))
                held[tab.id] = without_written_labels(change, without_written_keys(change, held[tab.id]))
                ours = () if tab.is_by_position else known(tab, held[tab.id]).places.values()
                held[tab.id], cells = put_back(change, held[tab.id], ours)
                requests += write_requests(held[tab.id].sheet_id, cells)
        self.leave(held)
        try:
            self.send(self.batch(held, sent.manner, sent.obstacle), requests, repairs=False)
        except SheetError as error:
            if not error.refused:
                raise
            self.send(self.batch(held, "plain", str(error)), requests, repairs=False)


@dataclass(frozen=True, slots=True)
class _Batch:
    """What is sent: in which manner, saying what is in the way, and how many hand edits it undoes."""

    manner: Manner
    obstacle: str | None
    difference: Difference
    hand_edits: int


def names_in(overview: Mapping[str, Any]) -> Names:
    """The names that are taken in the spreadsheet."""
    sheets = overview.get("sheets", [])
    ids = {sheet["properties"].get("sheetId", 0) for sheet in sheets}
    ids |= {chart["chartId"] for sheet in sheets for chart in sheet.get("charts", [])}
    return Names(ids, {sheet["properties"]["title"] for sheet in sheets})


def _was_good(sheet: Binding) -> bool:
    """Whether the last sync succeeded."""
    good, bad = sheet.last_success_at, sheet.last_error_at
    return good is not None and (bad is None or bad <= good)
