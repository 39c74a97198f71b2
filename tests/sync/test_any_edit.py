"""Any sequence of reports, roster changes, officers' edits and faults: after the next good sync ours is true, and
everything of the officers is as they left it."""

from contextlib import suppress
from typing import Any

import requests
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from local.sheets import Fault, SheetsServer
from sheets_sync.content import tabs_of
from tests.sync.desk import FIRST, Desk, SyncFailed, ids
from tests.world import CONFRONTING_RESILIENCE, ENLISTING_OLD_ALLIES, HIDDEN_MOTIVATIONS

MILESTONES = [HIDDEN_MOTIVATIONS, CONFRONTING_RESILIENCE, ENLISTING_OLD_ALLIES]
NAMES = ["Ash", "Birch", "Cedar", "=ELM()", "Fir", "名前"]
names = st.sampled_from(NAMES)
tab_ids = st.sampled_from(["progress", "schedule", "rewards", "commanders", "history"])
small = st.integers(0, 20)
FAULTS = [
    Fault("refuse", status=429),
    Fault("refuse", status=403),
    Fault("refuse", status=500),
    Fault("refuse_after", status=500),
    Fault("drop"),
    Fault("drop_after"),
]


class AnyEdit(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.server = SheetsServer()
        self.server.start()
        own: dict[str, list[list[object]]] = {
            "Officers": [["Officer", "Calls"], ["One", 3], ["Total", "=SUM(B2:B2)"]]
        }
        self.desk = Desk(self.server, self.server.create_spreadsheet("Officers", own))
        self.done = {name: [HIDDEN_MOTIVATIONS] for name in NAMES[:4]}
        self.left: dict[str, str] = {}
        """What those are called now who have left, by what they were called before."""
        self.beside: dict[str, str] = {}
        """Officers' notes on the commanders tab that must stand beside that commander, if they are there."""
        self.anywhere: set[str] = set()
        """Notes that must be there, wherever."""
        self.unmarked: set[str] = set()
        """Those whose rows may have lost their marks."""
        self.column: int | None = None
        self.good_sync()
        for number, name in enumerate(self.done):
            self.note(name, number)

    # what members and officers of the roster do

    @rule(name=names, milestone=st.sampled_from(MILESTONES))
    def report(self, name: str, milestone: str) -> None:
        self.done.setdefault(name, [])
        self.left.pop(name, None)
        self.done[name] = sorted({*self.done[name], milestone})

    @rule(name=names, milestone=st.sampled_from(MILESTONES))
    def correct(self, name: str, milestone: str) -> None:
        if name in self.done:
            self.done[name] = [held for held in self.done[name] if held != milestone]

    @rule(name=names)
    def leave(self, name: str) -> None:
        if self.done.pop(name, None) is not None:
            self.left[name] = name

    @rule(name=names)
    def forget(self, name: str) -> None:
        if name in self.left:
            self.left[name] = "Forgotten"

    # syncs

    @rule()
    def good_sync(self) -> None:
        own = self.own_tabs()
        self.desk.sync(ids(self.done, self.left))
        assert self.own_tabs() == own
        self.check_notes()
        self.check_names()
        self.desk.writes()
        self.desk.sync(ids(self.done, self.left))
        assert self.desk.writes() == [], "what is true is left alone"

    @rule(fault=st.sampled_from(FAULTS), skipped=st.booleans())
    def failing_sync(self, fault: Fault, skipped: bool) -> None:
        match = "batchUpdate" if skipped else ""
        self.server.inject(Fault(fault.kind, status=fault.status, match=match))
        with suppress(SyncFailed, requests.RequestException):
            self.desk.sync(ids(self.done, self.left))
        self.server.forget_faults()

    # what officers do in the sheet

    @rule(name=names, text=st.integers(0, 999))
    def write_note(self, name: str, text: int) -> None:
        self.note(name, text)

    def note(self, name: str, text: int) -> None:
        """Beside a commander, in a column of the officers' own."""
        rows = [row for row, cells in enumerate(self.desk.cells("commanders")) if cells and cells[0] == name]
        if not rows or not self.is_shown("commanders"):
            return
        if self.column is None:
            self.column = self.desk.add_column("commanders", {})
        previous = self.beside.pop(name, None)
        self.desk.type("commanders", rows[0], self.where_theirs_is(), f"note {text} on {name}")
        self.anywhere.discard(previous or "")
        self.beside[name] = f"note {text} on {name}"

    @rule(tab_id=tab_ids, row=small, column=small)
    def type_over(self, tab_id: str, row: int, column: int) -> None:
        grid = self.desk.tab(tab_id)["properties"]["gridProperties"]
        width = self.our_width(tab_id)
        row, column = row % int(grid["rowCount"]), column % width
        if tab_id == "commanders" and column in (0, width - 1):
            self.may_lose(row)
            self.unmarked |= {name for name in NAMES if name in str(self.desk.cells(tab_id)[row : row + 1])}
        self.desk.type(tab_id, row, column, "typed by hand")

    @rule(row=small, count=st.integers(1, 3))
    def insert_rows(self, row: int, count: int) -> None:
        self.lines("commanders", "insertDimension", "ROWS", row, count)

    @rule(tab_id=tab_ids, column=small)
    def insert_column(self, tab_id: str, column: int) -> None:
        self.lines(tab_id, "insertDimension", "COLUMNS", column % self.our_width(tab_id), 1)

    @rule(descending=st.booleans())
    def sort(self, descending: bool) -> None:
        area = {"sheetId": self.desk.sheet_id("commanders"), "startRowIndex": FIRST}
        order = "DESCENDING" if descending else "ASCENDING"
        self.desk.edit(
            {"sortRange": {"range": area, "sortSpecs": [{"dimensionIndex": 0, "sortOrder": order}]}}
        )

    @rule(tab_id=tab_ids, title=st.sampled_from(["Ours", "Where we stand", "IMS"]), index=st.integers(0, 3))
    def rename_and_move(self, tab_id: str, title: str, index: int) -> None:
        taken = {sheet["properties"]["title"] for sheet in self.server.snapshot(self.desk.id)["sheets"]}
        properties: dict[str, Any] = {"sheetId": self.desk.sheet_id(tab_id), "index": index}
        fields = "index"
        if title not in taken:
            properties["title"], fields = title, "index,title"
        self.desk.edit({"updateSheetProperties": {"properties": properties, "fields": fields}})

    @rule(tab_id=tab_ids, hidden=st.booleans())
    def hide(self, tab_id: str, hidden: bool) -> None:
        properties = {"sheetId": self.desk.sheet_id(tab_id), "hidden": hidden}
        self.desk.edit({"updateSheetProperties": {"properties": properties, "fields": "hidden"}})

    @rule(tab_id=st.sampled_from(["progress", "schedule", "rewards", "history"]))
    def delete_tab(self, tab_id: str) -> None:
        self.desk.edit({"deleteSheet": {"sheetId": self.desk.sheet_id(tab_id)}})
        self.good_sync()  # until then there is nothing that other edits could be made in

    @rule(tab_id=tab_ids)
    def copy_tab(self, tab_id: str) -> None:
        copies = [
            s for s in self.server.snapshot(self.desk.id)["sheets"] if "Copy" in s["properties"]["title"]
        ]
        if len(copies) < 2:
            name = f"Copy {len(copies)}"
            self.desk.edit(
                {"duplicateSheet": {"sourceSheetId": self.desk.sheet_id(tab_id), "newSheetName": name}}
            )

    @rule(row=small, text=st.integers(0, 9))
    def work_in_their_own_tab(self, row: int, text: int) -> None:
        sheet_id = self.own_tabs()["Officers"]["properties"].get("sheetId", 0)
        start = {"sheetId": sheet_id, "rowIndex": row, "columnIndex": 2}
        cell = {"userEnteredValue": {"stringValue": f"theirs {text}"}}
        self.desk.edit(
            {"updateCells": {"start": start, "rows": [{"values": [cell]}], "fields": "userEnteredValue"}}
        )

    @rule(tab_id=st.sampled_from(["progress", "schedule", "rewards", "history"]))
    def wipe(self, tab_id: str) -> None:
        area = {"sheetId": self.desk.sheet_id(tab_id)}
        self.desk.edit({"updateCells": {"range": area, "fields": "userEnteredValue"}})

    # helpers

    def own_tabs(self) -> dict[str, dict[str, Any]]:
        """The officers' tabs, copies of ours among them, by title; without what follows ours.

        That is their place among the tabs, and in the chart of a copy where the numbers are that it draws.
        """
        ours = {self.desk.sheet_id(tab) for tab in self.present()}
        found = {}
        for sheet in self.server.snapshot(self.desk.id)["sheets"]:
            if sheet["properties"].get("sheetId", 0) not in ours:
                properties = {name: value for name, value in sheet["properties"].items() if name != "index"}
                charts = [chart["position"] for chart in sheet.get("charts", [])]
                found[properties["title"]] = {**sheet, "properties": properties, "charts": charts}
        return found

    def present(self) -> list[str]:
        values = {
            metadata.get("metadataValue")
            for sheet in self.server.snapshot(self.desk.id)["sheets"]
            for metadata in sheet.get("developerMetadata", [])
            if metadata.get("metadataValue", "").endswith(f":{sheet['properties'].get('sheetId', 0)}")
        }
        return [value.split(":")[0] for value in values if value]

    def is_shown(self, tab_id: str) -> bool:
        return tab_id in self.present()

    def our_width(self, tab_id: str) -> int:
        return next(
            len(tab.columns) + 1 for tab in tabs_of(ids(self.done), self.desk.sheet) if tab.id == tab_id
        )

    def where_theirs_is(self) -> int:
        """The last column is the officers': they have added it at the end, and add none behind it."""
        return int(self.desk.tab("commanders")["properties"]["gridProperties"]["columnCount"]) - 1

    def lines(self, tab_id: str, kind: str, dimension: str, start: int, count: int) -> None:
        area = {"sheetId": self.desk.sheet_id(tab_id), "dimension": dimension}
        grid = self.desk.tab(tab_id)["properties"]["gridProperties"]
        size = int(grid["rowCount" if dimension == "ROWS" else "columnCount"])
        start = min(start, size - 1)
        area |= {"startIndex": start, "endIndex": start + count}
        self.desk.edit(
            {kind: {"range": area, **({"inheritFromBefore": start > 0} if "insert" in kind else {})}}
        )

    def may_lose(self, row: int) -> None:
        """A row whose label or mark is typed over: both may be in one sequence, so its note need only be there."""
        cells = self.desk.cells("commanders")
        for name, note in list(self.beside.items()):
            if row < len(cells) and note in cells[row]:
                self.anywhere.add(note)
                del self.beside[name]

    def check_notes(self) -> None:
        cells = self.desk.cells("commanders")
        for name, note in self.beside.items():
            places = [row for row in cells if note in row]
            assert len(places) == 1, (name, note)
            if name in self.done:
                assert places[0][0] == name
        for note in self.anywhere:
            assert any(note in row for row in cells), note

    def check_names(self) -> None:
        """The forgotten are not called by their names, but in rows whose mark was typed over as well."""
        cells = self.desk.cells("commanders")
        for name, label in self.left.items():
            if label != name and name not in self.unmarked:
                assert not [row for row in cells if name in row], name

    @invariant()
    def notes_are_there(self) -> None:
        if hasattr(self, "desk"):
            text = str(self.desk.cells("commanders"))
            assert all(note in text for note in self.anywhere)

    def teardown(self) -> None:
        if hasattr(self, "server"):
            self.server.stop()


TestAnyEdit = AnyEdit.TestCase
TestAnyEdit.settings = settings(
    max_examples=25, stateful_step_count=20, suppress_health_check=list(HealthCheck)
)
