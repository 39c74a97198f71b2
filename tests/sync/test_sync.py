"""The scheduled sync, end to end: the store, the real gspread client, the Sheets stand-in."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

import pytest

import app
from chalicelib import bootstrap
from chalicelib.settings import Settings
from local.sheets import SheetsServer
from sheets_sync.google import Google
from sheets_sync.layout import column_letters
from sheets_sync.run import sync_due
from tests.world import CONFRONTING_RESILIENCE, DEFENDERS, HIDDEN_MOTIVATIONS, World

OFFICERS: dict[str, list[list[object]]] = {
    "Officers": [["Officer", "Calls"], ["Example Officer", 3], ["Total", "=SUM(B2:B2)"]],
    "IMS Rewards": [["mine"]],
}


@dataclass
class Office:
    """A spreadsheet that the officers have, bound to Nova Guard."""

    world: World
    sheets: SheetsServer
    id: str

    def sync(self) -> dict[str, int]:
        return sync_due(self.world.muster.sheet_queue, Google(self.sheets.url))

    def report(self, name: str, *milestones: str) -> None:
        self.world.muster.reporting.report(self.world.key(), name, milestones)

    def rows(self, tab: str) -> list[list[str]]:
        """What is shown below the title block and the header, without hidden columns and rows without a label."""
        return [list(row.values()) for row in self.table(tab)]

    def table(self, tab: str) -> list[dict[str, str]]:
        """The same by the columns' names."""
        header, *rows = self.sheets.values(self.id, tab)[2:]
        shown = [dict(zip_longest(header, row, fillvalue="")) for row in rows if row and row[0]]
        return [{name: text for name, text in row.items() if not name.startswith("#")} for row in shown]

    def note_beside(self, tab: str, label: str, note: str) -> None:
        """An officer's, in a column of their own."""
        (sheet,) = [s for s in self.sheets.snapshot(self.id)["sheets"] if s["properties"]["title"] == tab]
        sheet_id, width = (
            sheet["properties"]["sheetId"],
            sheet["properties"]["gridProperties"]["columnCount"],
        )
        row = [cells[:1] for cells in self.sheets.values(self.id, tab)].index([label])
        start = {"sheetId": sheet_id, "rowIndex": row, "columnIndex": width}
        rows = [{"values": [{"userEnteredValue": {"stringValue": note}}]}]
        self.sheets.edit(
            self.id,
            [
                {"appendDimension": {"sheetId": sheet_id, "dimension": "COLUMNS", "length": 1}},
                {"updateCells": {"start": start, "rows": rows, "fields": "userEnteredValue"}},
            ],
        )

    def titles(self) -> list[str]:
        return [sheet["properties"]["title"] for sheet in self.sheets.snapshot(self.id)["sheets"]]

    def officers_own(self) -> list[object]:
        return [
            sheet for sheet in self.sheets.snapshot(self.id)["sheets"] if not sheet.get("developerMetadata")
        ]


@pytest.fixture
def office(world: World) -> Iterator[Office]:
    with SheetsServer(clock=world.clock) as sheets:
        identity = sheets.create_spreadsheet("Nova Guard officers", OFFICERS)
        world.muster.stores.sheets.bind(identity, "101", "nova")
        yield Office(world, sheets, identity)


def test_the_first_sync_makes_the_tabs_and_touches_no_other(office: Office) -> None:
    before = office.officers_own()
    assert office.sync() == {"synced": 1, "failed": 0, "put_off": 0}
    assert office.titles() == [
        *("Officers", "IMS Rewards", "IMS Today", "IMS Progress", "IMS Schedule", "IMS Rewards 2"),
        *("IMS Commanders", "IMS History"),
    ]
    assert office.officers_own() == before
    assert [request.kind for request in office.sheets.requests] == ["read", "write"]


def test_a_report_is_in_the_sheet_after_the_next_sync(office: Office) -> None:
    office.sync()
    office.report('=HYPERLINK("x")', HIDDEN_MOTIVATIONS)
    office.report("Merlin", HIDDEN_MOTIVATIONS, CONFRONTING_RESILIENCE)
    office.sync()
    progress = {row[0]: row for row in office.rows("IMS Progress")}
    assert progress["Defenders of Peace"][2:8] == [
        "200",
        "8,925",
        "8,725",
        "░░░░░░░░░░░░░░░░░░░░ 2 %",
        "2",
        "2",
    ]
    assert progress["Architects of Chaos"][2] == "100"
    commanders = office.rows("IMS Commanders")
    assert [row[0] for row in commanders] == ['=HYPERLINK("x")', "Merlin"]
    assert "Confronting Resilience" in commanders[0]
    assert "2023-11-15 12:00" in commanders[0]
    schedule = {row[2]: row for row in office.rows("IMS Schedule")}
    assert schedule["Hidden Motivations"] == [
        *("Wed 15 Nov 2023", "Defenders of Peace", "Hidden Motivations"),
        *("complete away team assignments; or spend trait XP", "100", "2023-11-15 00:00", "2023-11-16 00:00"),
        *("active", "2"),
    ]
    assert schedule["Testing Destinies"][3] == "not published"


def test_a_name_is_stored_as_text_and_never_as_a_formula(office: Office) -> None:
    for name in ('=HYPERLINK("x")', "+1", "'quoted", "@SUM(A1)", "-2+3"):
        office.report(name, HIDDEN_MOTIVATIONS)
    office.sync()
    for sheet in office.sheets.snapshot(office.id)["sheets"]:
        if sheet.get("developerMetadata"):
            assert "formulaValue" not in str(sheet)
    assert {row[0] for row in office.rows("IMS Commanders")} == {
        '=HYPERLINK("x")',
        "+1",
        "'quoted",
        "@SUM(A1)",
        "-2+3",
    }


def test_a_sync_costs_one_read_and_one_write_and_an_unchanged_sheet_nothing(office: Office) -> None:
    office.sync()
    for number in range(3):
        office.report(f"Commander{number}", HIDDEN_MOTIVATIONS)
        office.sheets.requests.clear()
        office.sync()
        assert [request.kind for request in office.sheets.requests] == ["read", "write"]
        office.world.clock.advance(minutes=1)
        office.sync()
        assert len(office.sheets.requests) == 2


def test_an_unchanged_sheet_is_told_to_be_fresh_every_quarter_of_an_hour(office: Office) -> None:
    office.sync()
    office.world.clock.advance(minutes=14, seconds=59)
    assert office.sync()["synced"] == 0
    office.world.clock.advance(seconds=1)
    assert office.sync()["synced"] == 1
    assert "Data as of Wed 15 Nov 12:15" in office.sheets.values(office.id, "IMS Progress")[1][0]


def test_a_sheet_bound_to_the_server_shows_its_alliances(office: Office) -> None:
    office.report("Kestrel", HIDDEN_MOTIVATIONS, CONFRONTING_RESILIENCE)
    identity = office.sheets.create_spreadsheet("Server's officers", {"Own": [["kept"]]})
    office.world.muster.stores.sheets.bind(identity, "101", None)
    assert office.sync()["synced"] == 2
    titles = [sheet["properties"]["title"] for sheet in office.sheets.snapshot(identity)["sheets"]]
    assert "IMS Commanders" not in titles
    office.id = identity
    rows = [row[:5] for row in office.rows("IMS Alliances")]
    assert rows == [["[NOVA] Nova Guard", "1", "2", "100", "100"], ["[ØRB] Orbit Watch", "0", "0", "0", "0"]]


def test_a_sheet_whose_tabs_are_all_deleted_is_looked_over_and_filled_again(office: Office) -> None:
    office.sync()
    for sheet in office.sheets.snapshot(office.id)["sheets"]:
        if sheet.get("developerMetadata"):
            office.sheets.edit(office.id, [{"deleteSheet": {"sheetId": sheet["properties"]["sheetId"]}}])
    office.report("Kestrel", HIDDEN_MOTIVATIONS)
    office.world.muster.stores.sheets.bind(office.id, "101", "nova")
    assert office.sync()["synced"] == 1
    assert office.rows("IMS Commanders")[0][0] == "Kestrel"


def test_officers_see_who_is_new_who_never_reported_and_who_has_retired(office: Office) -> None:
    rosters, officer = office.world.muster.rosters, office.world.key("officer")
    rosters.add(officer, "101", "nova", "Altair")
    bellatrix = rosters.add(officer, "101", "nova", "Bellatrix")
    castor = rosters.add(officer, "101", "nova", "Castor")
    office.report("Bellatrix", HIDDEN_MOTIVATIONS)
    office.report("Deneb", HIDDEN_MOTIVATIONS, CONFRONTING_RESILIENCE)
    rosters.retire(officer, "101", "nova", bellatrix.id)
    rosters.retire(officer, "101", "nova", castor.id)
    office.sync()
    columns = "Commander", "Last report", "Missing today", "Added themselves", "Retired"
    noon, both = "2023-11-15 12:00", "Confronting Resilience, Hidden Motivations"
    assert [tuple(row[name] for name in columns) for row in office.table("IMS Commanders")] == [
        ("Altair", "none yet", both, "", ""),
        ("Bellatrix", noon, "", "", noon),
        ("Deneb", noon, "", noon, ""),
    ]


def test_a_reading_that_reaches_a_reward_is_said_to_count(office: Office) -> None:
    office.report("Kestrel", HIDDEN_MOTIVATIONS)
    office.world.muster.readings.log(office.world.key("officer"), "101", DEFENDERS, 9000, confirm=True)
    office.sync()
    progress = next(row for row in office.table("IMS Progress") if row["Event"] == "Defenders of Peace")
    assert (progress["Points"], progress["Official points"], progress["Coverage"]) == ("100", "9,000", "1.1%")
    assert (progress["Counted by"], progress["Read at"]) == ("official points", "2023-11-15 12:00")
    reward = next(row for row in office.table("IMS Rewards 2") if row["Event"] == "Defenders of Peace")
    assert (reward["Status"], reward["Reached at"]) == ("reached", "2023-11-15 12:00")
    assert reward["Reached by"] == "official points"


def test_a_renamed_commander_keeps_what_stands_beside_them(office: Office) -> None:
    office.report("Kestrel", HIDDEN_MOTIVATIONS)
    office.sync()
    office.note_beside("IMS Commanders", "Kestrel", "asked on Monday")
    rosters, officer = office.world.muster.rosters, office.world.key("officer")
    (kestrel,) = rosters.roster(officer, "101", "nova")
    rosters.rename(officer, "101", "nova", kestrel.id, "Merlin")
    assert office.sync()["synced"] == 1
    (row,) = [cells for cells in office.sheets.values(office.id, "IMS Commanders") if "Merlin" in cells]
    assert row[-1] == "asked on Monday"
    assert "Kestrel" not in str(office.sheets.snapshot(office.id))


@pytest.mark.parametrize("has_reported", [True, False])
@pytest.mark.parametrize("was_here", [True, False])
def test_of_a_forgotten_commander_the_label_alone_is_left(
    office: Office, *, has_reported: bool, was_here: bool
) -> None:
    """With an officer's note beside them their row stays, even if they had left without a completion."""
    rosters, admin = office.world.muster.rosters, office.world.key("admin", None, None)
    kestrel = rosters.add(admin, "101", "nova", "Kestrel")
    if has_reported:
        office.report("Kestrel", HIDDEN_MOTIVATIONS)
    office.sync()
    office.note_beside("IMS Commanders", "Kestrel", "asked on Monday")
    home = "nova"
    if not was_here:
        home = rosters.move(admin, "101", "nova", kestrel.id, "orbit").alliance
        office.sync()
        assert "Kestrel" in str(office.sheets.snapshot(office.id))
    label = rosters.forget(admin, "101", home, kestrel.id).name
    office.world.clock.advance(minutes=15)
    office.sync()
    assert "Kestrel" not in str(office.sheets.snapshot(office.id))
    (row,) = [cells for cells in office.sheets.values(office.id, "IMS Commanders") if label in cells]
    assert row[-1] == "asked on Monday"
    assert ("✓" in row) == (has_reported and was_here), "nothing looks as if they were still there"


def test_a_forgotten_commander_without_anything_leaves_nothing(office: Office) -> None:
    rosters, officer = office.world.muster.rosters, office.world.key("officer")
    kestrel = rosters.add(officer, "101", "nova", "Kestrel")
    office.sync()
    label = rosters.forget(officer, "101", "nova", kestrel.id).name
    office.sync()
    assert office.rows("IMS Commanders") == []
    assert label not in str(office.sheets.snapshot(office.id))
    assert "Kestrel" not in str(office.sheets.snapshot(office.id))


def test_a_forgotten_name_that_an_officer_typed_is_not_repeated_where_that_is_undone(office: Office) -> None:
    rosters, admin = office.world.muster.rosters, office.world.key("admin", None, None)
    kestrel, _ = (rosters.add(admin, "101", "nova", name) for name in ("Kestrel", "Merlin"))
    office.sync()
    rows = office.sheets.values(office.id, "IMS Commanders")
    row, column = next(n for n, cells in enumerate(rows) if "Merlin" in cells), rows[2].index("Last report")
    cell = f"{column_letters(column)}{row + 1}"
    office.sheets.person(office.id).type("IMS Commanders", cell, "see Kestrel")
    rosters.forget(admin, "101", "nova", kestrel.id)
    assert office.sync()["synced"] == 1
    assert "Kestrel" not in str(office.sheets.snapshot(office.id))


def test_a_growing_roster_grows_its_tab(office: Office) -> None:
    office.sync()
    for number in range(30):
        office.report(f"Commander{number:02}", HIDDEN_MOTIVATIONS)
    office.sync()
    assert [row[0] for row in office.rows("IMS Commanders")] == [
        f"Commander{number:02}" for number in range(30)
    ]


def test_the_scheduled_functions_do_it(office: Office) -> None:
    bootstrap.use(office.world.process(settings=Settings("muster-test", office.sheets.url)))
    try:
        event = {
            "source": "aws.events",
            "detail-type": "Scheduled Event",
            "detail": {},
            "region": "",
            "account": "",
        }
        event |= {"time": "", "id": "", "version": "0"}
        office.report("Kestrel", HIDDEN_MOTIVATIONS)
        assert app.refresh_totals({**event, "resources": []}, None) == {"recounted": 4, "drifts": 0}
        outcome = app.sync_sheets({**event, "resources": []}, None)
        assert outcome == {"synced": 1, "failed": 0, "put_off": 0, "requests": 2, "failing": 0, "oldest": 0.0}
    finally:
        bootstrap.use(None)
    assert office.rows("IMS Commanders")[0][0] == "Kestrel"
