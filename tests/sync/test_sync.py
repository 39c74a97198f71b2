"""The scheduled sync, end to end: the store, the real gspread client, the Sheets stand-in."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

import app
from chalicelib import bootstrap
from chalicelib.bootstrap import assemble
from chalicelib.settings import Settings
from local.sheets import Fault, SheetsServer
from sheets_sync.run import sync_due
from tests.world import CONFRONTING_RESILIENCE, HIDDEN_MOTIVATIONS, World

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
        return sync_due(self.world.muster.bound_sheets, self.sheets.url, None)

    def report(self, name: str, *milestones: str) -> None:
        self.world.muster.reporting.report(self.world.key(), name, milestones)

    def rows(self, tab: str) -> list[list[str]]:
        """What is shown below the title block and the header."""
        return self.sheets.values(self.id, tab)[5:]

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
        world.muster.sheets.bind(identity, "101", "nova")
        yield Office(world, sheets, identity)


def test_the_first_sync_makes_the_tabs_and_touches_no_other(office: Office) -> None:
    before = office.officers_own()
    assert office.sync() == {"synced": 1, "failed": 0}
    assert office.titles() == [
        *("Officers", "IMS Rewards", "IMS Progress", "IMS Schedule", "IMS Rewards 2", "IMS Commanders"),
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
    assert commanders[0][-1] == "Confronting Resilience"
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


def test_every_sync_costs_one_read_and_one_write(office: Office) -> None:
    for number in range(3):
        office.report(f"Commander{number}", HIDDEN_MOTIVATIONS)
        office.sheets.requests.clear()
        office.sync()
        assert [request.kind for request in office.sheets.requests] == ["read", "write"]


def test_tabs_stay_ours_when_they_are_renamed_and_moved(office: Office) -> None:
    office.sync()
    ours = next(
        s for s in office.sheets.snapshot(office.id)["sheets"] if s["properties"]["title"] == "IMS Progress"
    )
    properties = {"sheetId": ours["properties"]["sheetId"], "title": "Where we stand", "index": 0}
    office.sheets.edit(
        office.id, [{"updateSheetProperties": {"properties": properties, "fields": "title,index"}}]
    )
    office.report("Kestrel", HIDDEN_MOTIVATIONS)
    office.sync()
    assert office.titles()[0] == "Where we stand"
    assert "IMS Progress" not in office.titles()
    assert {row[0]: row[2] for row in office.rows("Where we stand")}["Defenders of Peace"] == "100"


def test_a_tab_that_was_deleted_is_made_again(office: Office) -> None:
    office.sync()
    ours = next(
        s for s in office.sheets.snapshot(office.id)["sheets"] if s["properties"]["title"] == "IMS Progress"
    )
    office.sheets.edit(office.id, [{"deleteSheet": {"sheetId": ours["properties"]["sheetId"]}}])
    office.sync()
    assert office.rows("IMS Progress")


def test_columns_to_the_right_of_ours_are_the_officers(office: Office) -> None:
    office.sync()
    ours = next(
        s for s in office.sheets.snapshot(office.id)["sheets"] if s["properties"]["title"] == "IMS Progress"
    )
    sheet_id, width = ours["properties"]["sheetId"], ours["properties"]["gridProperties"]["columnCount"]
    note = {"values": [{"userEnteredValue": {"stringValue": "call them"}}]}
    start = {"sheetId": sheet_id, "rowIndex": 5, "columnIndex": width}
    office.sheets.edit(
        office.id,
        [
            {"appendDimension": {"sheetId": sheet_id, "dimension": "COLUMNS", "length": 1}},
            {"updateCells": {"start": start, "rows": [note], "fields": "userEnteredValue"}},
        ],
    )
    office.report("Kestrel", HIDDEN_MOTIVATIONS)
    office.sync()
    assert office.rows("IMS Progress")[0][-1] == "call them"


def test_a_growing_roster_grows_its_tab(office: Office) -> None:
    office.sync()
    for number in range(30):
        office.report(f"Commander{number:02}", HIDDEN_MOTIVATIONS)
    office.sync()
    assert [row[0] for row in office.rows("IMS Commanders")] == [
        f"Commander{number:02}" for number in range(30)
    ]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault("refuse", status=403), "not shared"),
        (Fault("refuse", status=429), "limit of requests"),
        (Fault("refuse", status=500), "answered 500"),
        (Fault("drop"), "could not be reached"),
        (Fault("not_json", status=200), "could not be reached"),
        (Fault("not_json", status=502), "answered 502"),
    ],
)
def test_a_failed_sync_is_noted_in_plain_words_and_healed_by_the_next(
    office: Office, fault: Fault, words: str
) -> None:
    office.report("Kestrel", HIDDEN_MOTIVATIONS)
    office.sheets.inject(fault)
    assert office.sync() == {"synced": 0, "failed": 1}
    (sheet,) = office.world.muster.sheets.all()
    assert words in (sheet.last_error or "")
    office.world.clock.advance(minutes=1)
    assert office.sync() == {"synced": 1, "failed": 0}
    block = office.sheets.values(office.id, "IMS Progress")[:4]
    assert block[1][:2] == ["Data as of", "2023-11-15 12:01"]
    assert block[3][:2] == ["Last error", "2023-11-15 12:00"]
    assert words in block[3][2]


def test_one_sheets_failure_does_not_stop_the_others(office: Office) -> None:
    office.world.muster.sheets.bind("deleted", "101", "nova")
    office.world.muster.sheets.bind("of-no-server", "999", None)
    assert office.sync() == {"synced": 1, "failed": 2}
    errors = {sheet.spreadsheet_id: sheet.last_error for sheet in office.world.muster.sheets.all()}
    assert "does not exist any more" in (errors["deleted"] or "")
    assert "doesn't use Muster" in (errors["of-no-server"] or "")
    assert errors[office.id] is None


def test_the_scheduled_functions_do_it(office: Office) -> None:
    bootstrap.use(
        assemble(
            Settings("muster-test", office.sheets.url), office.world.dynamodb.client(), office.world.clock
        )
    )
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
        assert app.sync_sheets({**event, "resources": []}, None) == {"synced": 1, "failed": 0}
    finally:
        bootstrap.use(None)
    assert office.rows("IMS Commanders")[0][0] == "Kestrel"
