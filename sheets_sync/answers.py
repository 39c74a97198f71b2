"""What a sheet says to what was entered into it, and the cells that wait: tabs to show → the same with answers. Pure.

Nothing of it is kept anywhere but in the sheet: the bases of the rows say when something was said, and what a cell held
before an edit that waits.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from chalicelib.domain.edits import NewCommander, OfficialPoints, Outcome
from chalicelib.domain.messages import say
from sheets_sync.cells import Value
from sheets_sync.content.title_block import saying
from sheets_sync.content.words import CONFIRM, SAYS
from sheets_sync.edits import OFFERED_AT, Decision, Entered, Place, confirmation, labels_for
from sheets_sync.hand_edits import HandEdit
from sheets_sync.held import HeldTab
from sheets_sync.known import Known
from sheets_sync.tabs import ABOUT, NEW, STATE, Content, Input, Row, Tab

A_DAY = 24 * 60
"""Minutes for which an answer stands."""

_Whose = tuple[str, str]
"""A tab's id and a row's key."""


class _Said(NamedTuple):
    """Words, in which minute they were said, and whether they asked for the row's box to be ticked."""

    words: str
    minute: int
    is_question: bool = False


@dataclass(slots=True)
class Answers:
    """`said`: what to say in rows. `waiting`: the cells that stay as officers left them. `confirms`: what the boxes in
    rows are to confirm. `braked`: what an officer is asked about in the head."""

    said: dict[_Whose, list[str]] = field(default_factory=dict)
    waiting: dict[Place, Entered] = field(default_factory=dict)
    confirms: dict[_Whose, str] = field(default_factory=dict)
    braked: tuple[Entered, ...] = ()

    settled: dict[Place, Value] = field(default_factory=dict)
    """What was entered and has been decided, as long as its cell still says it: it does not count again."""
    is_open: bool = False
    """Whether an edit could not be decided: the next sync has to ask again."""

    def leave(self, decision: Decision) -> None:
        """Leaves all these edits to the next sync, as they stand in their cells."""
        taken = [each for each in decision.taken if self.settled.get(each.place) != each.value]
        self.waiting |= {each.place: each for each in (*taken, *decision.braked)}
        self.is_open |= bool(taken)

    def where_rows_are(self, rows: Mapping[str, Known]) -> "Answers":
        """The same where no rows are added: what is said in one that is not there is said in the blank one."""
        found = replace(self, said={})
        for (tab, row), words in self.said.items():
            is_there = tab not in rows or row in rows[tab].places
            found.said.setdefault((tab, row if is_there else NEW), []).extend(words)
        return found

    def say(self, tab: str, row: str, words: str) -> None:
        self.said.setdefault((tab, row), []).append(words)


def answers_to(decision: Decision, outcomes: Sequence[Outcome], tabs: Iterable[Tab]) -> Answers:
    """What became of a decision. `outcomes`: those of what was taken, in its order. `tabs`: as they are after that."""
    answers = Answers(braked=decision.braked)
    answers.waiting = {each.place: each for each in decision.braked}
    for each in decision.refused:
        answers.say(each.place.tab, each.place.row, str(each.why_not))
    rows = {str(row.cells[0]): row.key for tab in tabs if tab.id == "commanders" for row in tab.rows}
    for each, outcome in zip(decision.taken, outcomes, strict=True):
        tab, row = each.place.tab, each.place.row
        if outcome.result in ("undecided", "to be confirmed"):
            answers.waiting[each.place] = each
        else:
            answers.settled[each.place] = each.value
        answers.is_open |= outcome.result == "undecided"
        if outcome.result == "to be confirmed" and isinstance(outcome.edit, OfficialPoints):
            answers.confirms[tab, row] = confirmation(outcome.edit)
        if outcome.result == "applied" and isinstance(outcome.edit, NewCommander) and outcome.says:
            answers.said.setdefault((tab, row), [])  # what was said to another name is over
            row = rows.get(str(outcome.says.values["name"]), NEW)
        if outcome.says:
            answers.say(tab, row, str(outcome.says))
    return answers


def without_edits(hand_edits: Iterable[HandEdit]) -> Answers:
    """In a sheet whose edits do not count: what was undone, in the rows where that was."""
    answers = Answers()
    for each in hand_edits:
        answers.say(each.tab_id, each.key, say("edits-off", column=each.column))
    return answers


def answered(
    tabs: Iterable[Tab],
    held: Mapping[str, HeldTab],
    rows: Mapping[str, Known],
    answers: Answers,
    now: datetime,
    gone: Collection[str] = (),
) -> list[Tab]:
    """The tabs with the answers, and those of earlier syncs that are not a day old. If names are `gone`, these are not
    repeated: who is forgotten may be named there by any name that they ever had. `rows`: which row is whose, by tab."""
    minute = int(now.timestamp()) // 60
    earlier = {tab: {} if gone else dict(_said_before(held[tab], who, minute)) for tab, who in rows.items()}
    shown = [_answered(tab, earlier.get(tab.id, {}), answers, minute) for tab in tabs]
    return [_offering(tab, answers.braked) if tab.id == "commanders" else tab for tab in shown]


def _answered(tab: Tab, earlier: Mapping[str, _Said], answers: Answers, minute: int) -> Tab:
    identities = [column.identity for column in tab.columns]
    if SAYS not in identities:
        return tab
    says = identities.index(SAYS)

    def answer(row: Row) -> Row:
        cells: list[Content] = [*row.cells, *[None] * (len(identities) - len(row.cells))]
        inputs = dict(row.inputs)
        for place, identity in enumerate(identities):
            waits = answers.waiting.get(Place(tab.id, row.key, identity))
            if waits and (place in inputs or row.key == NEW):
                made = inputs.get(place, Input("name", ""))
                cells[place], inputs[place] = waits.value, replace(made, keeps=waits.written.told)
        if (tab.id, row.key) in answers.confirms:
            place = identities.index(CONFIRM)
            cells[place], inputs[place] = False, Input("confirm", answers.confirms[tab.id, row.key])
        words = " ".join(dict.fromkeys(answers.said.get((tab.id, row.key), ())))
        before, at, is_question = earlier.get(row.key, _Said("", minute))
        if not words and (is_question or (tab.id, row.key) in answers.said):
            before = ""
        if words or before:
            cells[says] = words or before
            inputs[says] = Input("says", str(at if words in ("", before) else minute))
        return Row(row.key, tuple(cells), inputs)

    return replace(tab, rows=tuple(map(answer, tab.rows)), blank=answer(tab.blank))


def _said_before(held: HeldTab, who: Known, minute: int) -> Iterator[tuple[str, _Said]]:
    """By the row's key, what was said in it less than a day ago."""
    at = held.place(SAYS)
    for key, index in who.places.items() if at is not None else ():
        row = held.rows[index]
        bases = row.base.written if row.base else {}
        written, value = bases.get(SAYS), row.value(at or 0)
        if isinstance(value, str) and written and written.is_in(value):
            said = _Said(value, written.number, CONFIRM in bases and bool(bases[CONFIRM].generation))
            if 0 <= minute - said.minute < A_DAY:
                yield key, said


def _offering(tab: Tab, braked: Sequence[Entered]) -> Tab:
    """The tab with the two boxes in its head, if something is braked."""
    if not braked:
        return tab
    contents: Mapping[str, tuple[Content, Content]] = {ABOUT: labels_for(braked), STATE: (False, False)}
    rows = []
    for row in tab.title_block:
        cells: list[Content] = [*row.cells, *[None] * (len(tab.columns) - len(row.cells))]
        for place, content in zip(OFFERED_AT, contents.get(row.key, ()), strict=False):
            cells[place] = content
        rows.append(replace(row, cells=tuple(cells)))
    losing = len({each.place.row for each in braked})
    return saying([say("many-lose", commanders=losing)], [replace(tab, title_block=tuple(rows))])[0]
