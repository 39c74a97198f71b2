"""Whatever members, officers at two sheets of an alliance, the API and Google do, in whatever order: each edit counts
once or is refused, never over somebody's later act, and what officers keep with a commander stays there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from chalicelib.domain.due import Due
from local.sheets import Fault
from local.sheets.traffic import FaultKind
from sheets_sync.google import Google
from sheets_sync.run import sync_due
from tests.sync.office import COMMANDERS, HIDDEN, Office, new_office
from tests.world import HIDDEN_MOTIVATIONS

PEOPLE = ("Ash", "Elm", "Oak")
"""Too few to trip the brake. They are known by these names whatever they are called later."""
OTHERS = ("Wren", "Heron", "Falcon", "Puffin")

people, sheets = st.sampled_from(PEOPLE), st.integers(0, 1)
called = st.sampled_from(PEOPLE + OTHERS)
Seen = tuple[object, int]
"""What a cell showed, and how often the store had changed it by then."""


@dataclass
class Fact:
    value: object
    changes: int = 0

    @property
    def seen(self) -> Seen:
        return self.value, self.changes

    def set(self, value: object) -> None:
        if value != self.value:
            self.value, self.changes = value, self.changes + 1


@dataclass
class Sheet:
    """`done`, `names`: as the last write that reached it left it; None: since it was bound, none did. `beside`: whose
    note stands beside each."""

    office: Office
    done: dict[str, Seen] | None = None
    names: dict[str, Seen] = field(default_factory=dict)
    beside: dict[str, str] = field(default_factory=lambda: {name: name for name in PEOPLE})


class OnlyOne:
    """The queue, with that sheet alone, which is due."""

    def __init__(self, office: Office) -> None:
        self.queue, self.id = office.world.muster.sheet_queue, office.id
        office.world.muster.stores.sheets.touch(office.id, office.world.clock())

    def due(self) -> Sequence[Due]:
        return self.of_it(self.queue.due())

    def due_of(self, account: str | None) -> Sequence[Due]:
        return self.of_it(self.queue.due_of(account))

    def of_it(self, due: Sequence[Due]) -> Sequence[Due]:
        return [each for each in due if each.sheet.spreadsheet_id == self.id]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.queue, name)


class AnyOffice(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.context = new_office(*PEOPLE)
        first = self.context.__enter__()
        self.world = first.world
        second = Office(first.world, first.server, "sheet-two")
        first.server.create_spreadsheet("Second", {"Own": [["kept"]]}, second.id)
        roster = self.world.muster.stores.commanders.roster("101", "nova")
        self.ids = {one.name: one.id for one in roster}
        self.done = {name: Fact(False) for name in PEOPLE}
        self.names = {name: Fact(name) for name in PEOPLE}
        self.holders = {name: name for name in PEOPLE}
        """Whoever has a name or had it."""
        self.joined: set[str] = set()
        self.sheets = [Sheet(first), Sheet(second)]
        for sheet in (0, 1):
            self.bind(sheet)
            self.sync(sheet)
            office = self.sheets[sheet].office
            for name in PEOPLE:
                office.officer.note(COMMANDERS, office.at(COMMANDERS, name, "Commander"), f"of {name}")

    def teardown(self) -> None:
        if hasattr(self, "context"):
            self.context.__exit__(None, None, None)

    # Members and the API

    @rule(name=people)
    def report(self, name: str) -> None:
        report = self.world.muster.reporting.report
        report(self.world.key(), str(self.names[name].value), [HIDDEN_MOTIVATIONS])
        self.done[name].set(True)

    @rule(name=people)
    def void(self, name: str) -> None:
        if self.done[name].value:
            correct, who = self.world.muster.corrections.correct, str(self.names[name].value)
            correct(self.admin, "void", who, HIDDEN_MOTIVATIONS, "a slip", "101")
            self.done[name].set(False)

    @rule(name=people, to=called)
    def rename(self, name: str, to: str) -> None:
        if self.holders.get(to, name) == name:
            self.world.muster.rosters.rename(self.admin, "101", "nova", self.ids[name], to)
            self.names[name].set(to)
            self.holders[to] = name

    # Officers

    @rule(sheet=sheets, name=people)
    def tick(self, sheet: int, name: str) -> None:
        office = self.sheets[sheet].office
        office.officer.tick(COMMANDERS, self.cell(sheet, name, HIDDEN))

    @rule(sheet=sheets, name=people, to=called)
    def type_name(self, sheet: int, name: str, to: str) -> None:
        self.sheets[sheet].office.officer.type(COMMANDERS, self.cell(sheet, name, "Commander"), to)

    @rule(sheet=sheets, to=st.sampled_from(OTHERS))
    def type_new(self, sheet: int, to: str) -> None:
        self.sheets[sheet].office.type("", "Commander", f"+{to}")

    @rule(sheet=sheets, column=st.sampled_from(["Commander", HIDDEN, "Last report"]))
    def sort(self, sheet: int, column: str) -> None:
        letters = self.cell(sheet, "Ash", column).rstrip("0123456789")
        self.sheets[sheet].office.officer.sort(COMMANDERS, None, by=letters)

    @rule(sheet=sheets)
    def bind(self, sheet: int) -> None:
        office = self.sheets[sheet].office
        self.world.muster.bindings.bind(self.admin, office.id, "101", "nova", edits=True)
        self.sheets[sheet].done = None

    # Syncs

    @rule(sheet=sheets)
    def sync(self, sheet: int) -> None:
        self.run(sheet)

    @rule(
        sheet=sheets,
        kind=st.sampled_from(["refuse", "refuse_after", "drop", "drop_after"]),
        times=st.integers(1, 2),
    )
    def sync_with_faults(self, sheet: int, kind: FaultKind, times: int) -> None:
        self.sheets[sheet].office.server.inject(*[Fault(kind, match="batchUpdate")] * times)
        self.run(sheet, is_refused=times > 1 and not kind.endswith("_after"))

    @rule(sheet=sheets, name=people)
    def sync_while_somebody_ticks(self, sheet: int, name: str) -> None:
        """Between the read and the write, if there is a write."""
        office, cell = self.sheets[sheet].office, self.cell(sheet, name, HIDDEN)
        self.run(sheet, lambda: office.officer.tick(COMMANDERS, cell))

    @rule(sheet=sheets)
    def sync_while_somebody_sorts(self, sheet: int) -> None:
        office, letters = self.sheets[sheet].office, self.cell(sheet, "Ash", HIDDEN).rstrip("0123456789")
        self.run(sheet, lambda: office.officer.sort(COMMANDERS, None, by=letters))

    def run(
        self, sheet: int, meanwhile: Callable[[], object] | None = None, *, is_refused: bool = False
    ) -> None:
        office, moved = self.sheets[sheet].office, self.moved(sheet)
        if self.sheets[sheet].done is not None:
            self.expect(sheet)
        if meanwhile:
            office.server.meanwhile(meanwhile, match="batchUpdate")
        self.world.clock.advance(minutes=1)
        office.server.requests.clear()
        sync_due(OnlyOne(office), Google(office.server.url), sleep=lambda _: None)
        office.server.forget_faults()
        if moved and self.notes(sheet) == moved:
            self.sheets[sheet].beside = moved
        if not (is_refused and any(one.kind == "write" for one in office.server.requests)):
            self.sheets[sheet].done = {name: fact.seen for name, fact in self.done.items()}
            self.sheets[sheet].names = {name: fact.seen for name, fact in self.names.items()}
            if not meanwhile:
                self.shows(sheet)

    def expect(self, sheet: int) -> None:
        """What is to become of what officers entered since: names come first."""
        shown = self.sheets[sheet]
        typed = str(shown.office.shown(COMMANDERS, "", "Commander") or "").lstrip(
            "=+"
        )  # Google's formula, or text
        theirs = {name: self.held(sheet, name) for name in PEOPLE}
        ours = {name: str(fact.value) for name, fact in self.names.items()}
        believed = [
            name
            for name in PEOPLE
            if theirs[name][0] not in {ours[other] for other in PEOPLE if other != name}
            and theirs[name][0] not in self.joined
        ]
        for name in believed:
            called, fact = str(theirs[name][0]), self.names[name]
            is_edit = called not in (shown.names[name][0], fact.value) and fact.seen == shown.names[name]
            if is_edit and self.holders.get(called, name) == name:
                fact.set(called)
                self.holders[called] = name
        if typed and typed not in {*ours.values(), *self.joined} and typed not in self.present():
            self.joined.add(typed)
            self.holders[typed] = typed
        for name in believed:
            done, fact = theirs[name][1], self.done[name]
            if (
                done not in ((shown.done or {})[name][0], fact.value)
                and fact.seen == (shown.done or {})[name]
            ):
                fact.set(done)

    # What has to be so

    @invariant()
    def the_store_is_as_the_model(self) -> None:
        if not hasattr(self, "sheets"):
            return
        roster = self.world.muster.stores.commanders.roster("101", "nova", consistent=True)
        called = {one.id: one.name for one in roster}
        assert {name: called[identity] for name, identity in self.ids.items()} == {
            name: fact.value for name, fact in self.names.items()
        }
        assert set(called.values()) == self.present()
        done = {str(self.names[name].value) for name, fact in self.done.items() if fact.value}
        assert self.sheets[0].office.done() == done

    @invariant()
    def notes_stay_with_their_commander(self) -> None:
        for number, sheet in enumerate(getattr(self, "sheets", [])):
            notes = self.notes(number)
            if any(notes.values()):
                assert notes == sheet.beside

    def notes(self, sheet: int) -> dict[str, str | None]:
        """Whose note stands beside each, by the row's key."""
        office = self.sheets[sheet].office
        tabs = office.server.snapshot(office.id)["sheets"]
        tab = next((one for one in tabs if one["properties"]["title"] == COMMANDERS), None)
        rows = [row.get("values", []) for row in tab["data"][0]["rowData"]] if tab else []
        notes = {
            str(row[1]["userEnteredValue"]["stringValue"]): row[0].get("note", "").removeprefix("of ") or None
            for row in rows
            if len(row) > 1 and "userEnteredValue" in row[1]
        }
        return {name: notes.get(identity) for name, identity in self.ids.items()}

    def moved(self, sheet: int) -> dict[str, str] | None:
        """Where the notes may be after the next sync, too, if officers have put the names in one another's rows. That
        looks like a sort that left out the hidden columns, and then the names are right, unless other cells deny it.
        """
        labels = {name: self.held(sheet, name)[0] for name in PEOPLE if self.sheets[sheet].names}
        whose = {fact.value: name for name, fact in self.names.items()}
        if not labels or {*labels.values()} != {*whose}:
            return None
        beside = self.sheets[sheet].beside
        return {whose[label]: beside[name] for name, label in labels.items()}

    def shows(self, sheet: int) -> None:
        for name in PEOPLE:
            assert self.held(sheet, name) == (self.names[name].value, self.done[name].value)

    # Looking

    @property
    def admin(self) -> Any:
        return self.world.key("admin", None, None)

    def present(self) -> set[str]:
        return {str(fact.value) for fact in self.names.values()} | self.joined

    def cell(self, sheet: int, name: str, heading: str) -> str:
        return self.sheets[sheet].office.at_key(COMMANDERS, self.ids[name], heading)

    def held(self, sheet: int, name: str) -> tuple[object, object]:
        """What their row says: name, and whether Hidden Motivations is ticked."""
        office = self.sheets[sheet].office
        return office.value(COMMANDERS, self.cell(sheet, name, "Commander")), office.value(
            COMMANDERS, self.cell(sheet, name, HIDDEN)
        )


TestAnyOffice = AnyOffice.TestCase
TestAnyOffice.settings = settings(
    max_examples=6, stateful_step_count=12, suppress_health_check=list(HealthCheck), deadline=None
)
