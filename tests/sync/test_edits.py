"""What an edit is: of each kind of input, what was written (base), what stands there (theirs), what should (ours)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from chalicelib.domain.edits import Edit, NewCommander, OfficialPoints, Rename, Tick
from chalicelib.domain.standing import Reading
from sheets_sync.base import Base, read_base
from sheets_sync.cells import Formula, Value, value_of
from sheets_sync.content import tabs_of
from sheets_sync.content.words import CONFIRM
from sheets_sync.edits import Decision, Place, confirmation, decide, is_braked, labels_for
from sheets_sync.held import HeldColumn, HeldRow, HeldTab
from sheets_sync.known import known_rows
from sheets_sync.layout import BASE_COLUMN, KEY_COLUMN, laid_out
from sheets_sync.tabs import ABOUT, NEW, STATE, Tab
from tests.sync.desk import id_of, ids
from tests.sync.views import binding_of
from tests.world import ASSEMBLING_THE_RESISTANCE, DEFENDERS, HIDDEN_MOTIVATIONS, WEDNESDAY_NOON

FIVE = ("Ash", "Elm", "Fir", "Oak", "Yew")
ASH = id_of("Ash")
SEEN = Reading(8000, WEDNESDAY_NOON, 0, "first")
NAME, POINTS = "Commander", "Official points"
COMMANDERS, PROGRESS = "IMS Commanders", "IMS Progress"


@dataclass
class Sheet:
    """What the last sync wrote, and what officers did to it since."""

    done: Mapping[str, Sequence[str]] = field(default_factory=lambda: dict.fromkeys(FIVE, ()))
    reading: Reading | None = None
    edits: bool = True
    typed: dict[tuple[str, str], Value] = field(default_factory=dict)
    """By the row's key and the column's identity."""

    @property
    def tabs(self) -> list[Tab]:
        view = ids(self.done, reading=self.reading)
        return tabs_of(view, replace(binding_of(), edits=self.edits))

    def held(self) -> dict[str, HeldTab]:
        return {tab.id: self._held(tab) for tab in self.tabs}

    def _held(self, tab: Tab) -> HeldTab:
        layout = laid_out(tab)
        columns = [HeldColumn(identity, n) for n, identity in enumerate(layout.identities)]
        rows = []
        for row in layout.rows:
            values = {at: value_of(cell) for at, cell in zip(layout.identities, row.cells, strict=True)}
            key, base = values.get(KEY_COLUMN) or row.key, values.get(BASE_COLUMN)
            typed = {at: self.typed.get((row.key, at), value) for at, value in values.items()}
            rows.append(
                HeldRow(list(typed.values()), (), str(key), read_base(base, str(key), layout.columns_base))
            )
        return HeldTab(0, tab.title, 3, None, columns, rows)

    def decision(self, now: "Sheet | None" = None) -> Decision:
        """`now`: what the sheet should show, if that has changed."""
        tabs, held = (now or self).tabs, self.held()
        return decide(tabs, held, known_rows(tabs, held))

    def edit(self, now: "Sheet | None" = None) -> Edit | str | None:
        """The one edit that there is; or why there is none, in words; or nothing at all."""
        decision = self.decision(now)
        assert decision.braked == ()
        found = [*decision.taken, *decision.refused]
        assert len(found) <= 1
        return next((one.edit or str(one.why_not) for one in found), None)


def typed(key: str, column: str, theirs: Value, **sheet: Any) -> Sheet:
    return Sheet(typed={(key, column): theirs}, **sheet)


HAS_NOT: Mapping[str, Sequence[str]] = dict.fromkeys(FIVE, ())
HAS = {**HAS_NOT, "Ash": [HIDDEN_MOTIVATIONS]}
PUT_BACK = "Only a tick or an untick counts, so the box is as it was."


def tick(done: bool) -> Tick:
    return Tick(ASH, HIDDEN_MOTIVATIONS, done, 0, COMMANDERS)


@pytest.mark.parametrize(
    ("base", "theirs", "ours", "edit"),
    [
        (False, False, False, None),
        (True, True, True, None),
        (False, False, True, None),  # the mirror goes on
        (True, True, False, None),
        (False, True, False, tick(True)),
        (True, False, True, tick(False)),
        (False, True, True, None),  # theirs is ours
        (True, False, False, None),
        (True, None, True, PUT_BACK),
        (True, "no", True, PUT_BACK),
        (False, "yes", False, PUT_BACK),
        (False, 1.0, False, PUT_BACK),
        (True, Formula("=FALSE"), True, PUT_BACK),
    ],
)
def test_ticks(base: bool, theirs: Value, ours: bool, edit: Edit | str | None) -> None:
    sheets = {True: HAS, False: HAS_NOT}
    sheet = typed(ASH, HIDDEN_MOTIVATIONS, theirs, done=sheets[base])
    assert sheet.edit(Sheet(sheets[ours])) == edit


def test_a_tick_where_there_is_no_box_yet_is_one_on_what_nobody_has_touched() -> None:
    late = Tick(ASH, ASSEMBLING_THE_RESISTANCE, True, 0, COMMANDERS)
    assert typed(ASH, ASSEMBLING_THE_RESISTANCE, True).edit() == late
    for theirs in (False, "yes", 1.0):
        assert typed(ASH, ASSEMBLING_THE_RESISTANCE, theirs).edit() is None


NO_NAME = "That is no name, so the cell is as it was. Is it one? Type an apostrophe (') before it."
TAKEN = '"Elm" is the name of another commander, or was. To make the two one, merge them.'


@pytest.mark.parametrize(
    ("theirs", "edit"),
    [
        ("Ash", None),
        ("Aspen", Rename(ASH, "Aspen", 0, COMMANDERS)),
        (" Aspen ", Rename(ASH, "Aspen", 0, COMMANDERS)),
        ("ash", Rename(ASH, "ash", 0, COMMANDERS)),
        ("Elm", TAKEN),
        (None, NO_NAME),
        ("  ", NO_NAME),
        (7.0, NO_NAME),
        (True, NO_NAME),
        (Formula("=B2"), NO_NAME),
    ],
)
def test_names(theirs: Value, edit: Edit | str | None) -> None:
    assert typed(ASH, NAME, theirs).edit() == edit


def test_a_name_that_was_overwritten_with_what_it_should_be_is_no_edit() -> None:
    renamed = Sheet({**dict.fromkeys(FIVE[1:], ()), "Ash": ()})
    tabs = [
        replace(
            tab,
            rows=tuple(
                replace(row, cells=("Aspen", *row.cells[1:])) if row.key == ASH else row for row in tab.rows
            ),
        )
        for tab in renamed.tabs
    ]
    held = typed(ASH, NAME, "Aspen").held()
    assert decide(tabs, held, known_rows(tabs, held)) == Decision()


@pytest.mark.parametrize(
    ("theirs", "edit"),
    [
        (None, None),
        ("Wren", NewCommander("Wren", COMMANDERS)),
        ("+Wren", NewCommander("+Wren", COMMANDERS)),
        ("Elm", NewCommander("Elm", COMMANDERS)),
        (7.0, NO_NAME),
        (Formula("=B2"), NO_NAME),
    ],
)
def test_the_blank_row(theirs: Value, edit: Edit | str | None) -> None:
    assert typed(NEW, NAME, theirs).edit() == edit


def points(points: int | None, seen: Reading | None = SEEN) -> OfficialPoints:
    return OfficialPoints(DEFENDERS, points, seen.generation if seen else None, PROGRESS)


NO_NUMBER = "Official points are a whole number, so the cell is as it was."


@pytest.mark.parametrize(
    ("base", "theirs", "ours", "edit"),
    [
        (SEEN, 8000.0, SEEN, None),
        (SEEN, 9000.0, SEEN, points(9000)),
        (SEEN, None, SEEN, points(None)),
        (None, 9000.0, None, points(9000, None)),
        (None, 0.0, None, points(0, None)),
        (None, None, None, None),  # it said that there is none
        (SEEN, 8000.0, Reading(8500, WEDNESDAY_NOON, 0, "next"), None),
        (SEEN, 8500.0, Reading(8500, WEDNESDAY_NOON, 0, "next"), None),
        (SEEN, 9000.0, Reading(8500, WEDNESDAY_NOON, 0, "next"), points(9000)),  # on the old generation
        (SEEN, -1.0, SEEN, NO_NUMBER),
        (SEEN, 8000.5, SEEN, NO_NUMBER),
        (SEEN, 1e13, SEEN, NO_NUMBER),
        (SEEN, "about 9000", SEEN, NO_NUMBER),
        (SEEN, Formula("=8000+1"), SEEN, NO_NUMBER),
        (SEEN, True, SEEN, NO_NUMBER),
    ],
)
def test_official_points(
    base: Reading | None, theirs: Value, ours: Reading | None, edit: Edit | str | None
) -> None:
    assert typed(DEFENDERS, POINTS, theirs, reading=base).edit(Sheet(reading=ours)) == edit


class TestWhatIsNeverAnEdit:
    def test_anything_while_edits_are_off_or_were_only_just_switched_on(self) -> None:
        everything: dict[tuple[str, str], Value] = {
            (ASH, HIDDEN_MOTIVATIONS): True,
            (ASH, NAME): "Aspen",
            (NEW, NAME): "Wren",
        }
        off = Sheet(typed=everything, edits=False)
        assert off.decision() == Decision()
        assert not [one for one in off.decision(Sheet()).taken if not isinstance(one.edit, NewCommander)]

    def test_mirrors(self) -> None:
        assert Sheet(typed={(ASH, "Missing today"): "nothing", (ASH, "Last report"): 7.0}).edit() is None

    def test_a_row_that_is_missing(self) -> None:
        sheet = Sheet(HAS)
        held = sheet.held()
        gone = replace(held["commanders"], rows=[r for r in held["commanders"].rows if r.key != ASH])
        held["commanders"] = gone
        assert decide(sheet.tabs, held, known_rows(sheet.tabs, held)) == Decision()

    def test_a_row_that_contradicts_itself(self) -> None:
        """Copied, with its hidden cells; or with a base that is another's; or without one."""
        sheet = Sheet(typed={(ASH, HIDDEN_MOTIVATIONS): True})
        ash = next(row for row in sheet.held()["commanders"].rows if row.key == ASH)
        for rows in ([ash, ash], [replace(ash, base=Base(False, False))], [replace(ash, base=None)]):
            held = sheet.held()
            others = [row for row in held["commanders"].rows if row.key != ASH]
            held["commanders"] = replace(held["commanders"], rows=[*others[:3], *rows, *others[3:]])
            assert decide(sheet.tabs, held, known_rows(sheet.tabs, held)).taken == ()


class TestTheBrake:
    MANY = tuple(f"Commander {letter}" for letter in "ABCDEFGHIJKLMNOPQRST")

    @pytest.mark.parametrize(
        ("losing", "listed", "braked"),
        [
            (3, 5, False),
            (4, 5, True),
            (4, 20, False),
            (5, 20, True),
            (10, 100, False),
            (11, 100, True),
            (0, 0, False),
        ],
    )
    def test_how_many(self, losing: int, listed: int, braked: bool) -> None:
        assert is_braked(losing, listed) is braked

    def sheet(self, losing: int) -> Sheet:
        """So many lose a tick; if these are many, somebody loses their name too."""
        unticked: dict[tuple[str, str], Value] = {
            (id_of(name), HIDDEN_MOTIVATIONS): False for name in self.MANY[:losing]
        }
        if losing > 4:
            unticked[id_of(self.MANY[-1]), NAME] = "Wren"
        return Sheet({name: [HIDDEN_MOTIVATIONS] for name in self.MANY}, typed=unticked)

    def test_what_few_lose_is_taken(self) -> None:
        decision = self.sheet(4).decision()
        assert (len(decision.taken), decision.braked) == (4, ())

    def test_what_many_lose_waits_and_all_else_is_taken(self) -> None:
        sheet = self.sheet(5)
        sheet.typed[NEW, NAME] = "Owl"
        decision = sheet.decision()
        assert [one.edit for one in decision.taken] == [NewCommander("Owl", COMMANDERS)]
        assert len(decision.braked) == 6
        assert len({one.place.row for one in decision.braked}) == 6

    @pytest.mark.parametrize(
        ("ticked", "taken", "refused", "braked"),
        [
            ((True, False), 6, 0, 0),
            ((False, True), 0, 6, 0),
            ((True, True), 0, 0, 6),
            ((False, False), 0, 0, 6),
        ],
    )
    def test_it_is_for_exactly_what_was_offered(
        self, ticked: tuple[bool, bool], taken: int, refused: int, braked: int
    ) -> None:
        sheet = self.sheet(5)
        offer = labels_for(sheet.decision().braked)
        columns = [column.identity for column in sheet.tabs[4].columns[2:4]]
        for column, label, box in zip(columns, offer, ticked, strict=True):
            sheet.typed |= {(ABOUT, column): label, (STATE, column): box}
        decision = sheet.decision()
        assert (len(decision.taken), len(decision.refused), len(decision.braked)) == (taken, refused, braked)
        sheet.typed[id_of(self.MANY[7]), HIDDEN_MOTIVATIONS] = False
        assert len(sheet.decision().braked) == 7, "one more is another set"


def test_a_number_is_confirmed_only_by_the_box_that_was_offered_for_it() -> None:
    sheet = typed(DEFENDERS, POINTS, 9000.0, reading=SEEN)
    (asked,) = sheet.decision().taken
    assert isinstance(asked.edit, OfficialPoints)
    assert not asked.edit.confirmed
    for offered, confirmed in ((confirmation(asked.edit), True), (confirmation(points(9001)), False)):
        held = sheet.held()
        rows = held["progress"].rows
        place = held["progress"].names.index(CONFIRM)
        at = next(index for index, row in enumerate(rows) if row.key == DEFENDERS)
        base = rows[at].base
        assert base
        written = replace(base.written[CONFIRM], check="F", generation=offered)
        values = [True if index == place else value for index, value in enumerate(rows[at].values)]
        row = replace(rows[at], values=values, base=replace(base, written={**base.written, CONFIRM: written}))
        held["progress"] = replace(held["progress"], rows=[*rows[:at], row, *rows[at + 1 :]])
        (found,) = decide(sheet.tabs, held, known_rows(sheet.tabs, held)).taken
        assert isinstance(found.edit, OfficialPoints)
        assert found.edit.confirmed is confirmed


def test_renames_come_before_new_names() -> None:
    sheet = Sheet(typed={(NEW, NAME): "Ash", (ASH, NAME): "Aspen"})
    assert [type(one.edit) for one in sheet.decision().taken] == [Rename, NewCommander]
    assert sheet.decision().taken[0].place == Place("commanders", ASH, NAME)
