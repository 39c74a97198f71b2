"""Two days of a community on one machine, in its own time: restored from a backup, moved to AWS, and back.

In this process, so that the clock can be set; through HTTP, the commands, and the Sheets stand-in.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import app
from chalicelib import bootstrap
from chalicelib.bootstrap import assemble
from chalicelib.settings import Serving, Settings
from local.gateway import Gateway
from local.sheets import SheetsServer
from local.strict_dynamodb import StrictDynamoDB
from manage.serve.schedule import Job, Schedule
from manage.serve.site import PERIODS, opened
from sheets_sync.layout import column_letters
from tests import stores
from tests.serve.place import REFUSED, Place, completions
from tests.sync.desk import TITLE_BLOCK, Desk
from tests.world import ARCHITECTS, DEFENDERS, HandClock, HandSeconds

BEGINS = datetime(2023, 11, 13, 9, tzinfo=UTC)
SHEET = "officers-sheet"
NAMES = ["Altair", "Bellatrix", "Castor", "Deneb", "Electra", "Fomalhaut"]
TODAY = "Enlisting Old Allies"
"""The milestone of Defenders of Peace that opens on the second day."""


@dataclass
class Community:
    """Its time, its spreadsheet, and what members and officers do."""

    desk: Desk
    clock: HandClock = field(default_factory=lambda: HandClock(BEGINS))
    seconds: HandSeconds = field(default_factory=HandSeconds)
    link: str = ""

    @property
    def api_urls(self) -> dict[str, str]:
        return {"sheets_api_url": self.desk.server.url, "drive_api_url": self.desk.server.url}

    def pass_minutes(self, place: Place, minutes: int, step: int = 1) -> None:
        """The schedule is looked at every `step` minutes."""
        for _ in range(0, minutes, step):
            self.clock.advance(minutes=step)
            self.seconds.seconds += step * 60
            place.run_due()

    def report(self, place: Place, name: str) -> None:
        """By the form: all that is open."""
        today = place.get("/v1/servers/101/schedule")["milestones"]
        place.report(self.link, name, *(one["milestone"] for one in today if one["status"] == "active"))

    def tick(self, name: str, milestone: str) -> None:
        """In the sheet, as an officer."""
        rows = self.desk.cells("commanders")
        row = next(index for index, cells in enumerate(rows) if cells[:1] == [name])
        column = self.desk.seen("commanders")[rows[TITLE_BLOCK].index(milestone)]
        self.desk.person.tick("IMS Commanders", f"{column_letters(column)}{row + 1}")

    def notes(self) -> dict[str, str]:
        return self.desk.beside("commanders", len(self.desk.seen("commanders")) - 1)


@pytest.fixture
def community() -> Iterator[Community]:
    clock = HandClock(BEGINS)
    with SheetsServer(clock=clock) as server:
        server.create_spreadsheet("Officers", {"Officers": [["Officer"], ["Example Officer One"]]}, SHEET)
        yield Community(Desk(server, SHEET), clock)


@contextmanager
def on_the_machine(file: Path, community: Community) -> Iterator[Place]:
    settings = Settings(database=file, public_url="https://muster.example.org", **community.api_urls)  # type: ignore[arg-type]
    with opened(settings, Serving(port=0), community.clock, community.seconds) as site:
        answering = threading.Thread(target=site.server.run_until, args=(site.stopped,))
        answering.start()
        try:
            yield Place(site.url, site.schedule.run_due, {"MUSTER_DB": str(file)})
        finally:
            site.stop()
            answering.join()


@contextmanager
def in_aws(place: stores.Opened, community: Community) -> Iterator[Place]:
    settings = Settings(stores.TABLE_NAME, **community.api_urls)  # type: ignore[arg-type]
    bootstrap.use(assemble(settings, place.table, community.clock, lambda _: None, community.seconds))
    jobs = [Job(name, getattr(app, name), *periods) for name, periods in PERIODS.items()]
    schedule = Schedule(jobs, threading.Event(), community.seconds)
    gateway = Gateway(app.app, prefix="/api")
    gateway.start()
    try:
        yield Place(gateway.url, schedule.run_due, credentials_of(place.dynamodb))
    finally:
        gateway.stop()
        bootstrap.use(None)


def credentials_of(dynamodb: StrictDynamoDB | None) -> dict[str, str]:
    assert dynamodb
    aws = {"AWS_ENDPOINT_URL": dynamodb.url, "AWS_DEFAULT_REGION": "us-east-1"}
    keys = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
    return {"TABLE_NAME": stores.TABLE_NAME, **aws, **keys}


def set_up(place: Place, community: Community) -> None:
    """As docs/SERVE.md says."""
    place.key = place.run("keys", "first")
    place.run("servers", "put", "101")
    place.run("alliances", "put", "101", "nova", "--tag", "NOVA", "--name", "Nova Guard")
    place.run("events", "put", DEFENDERS, ARCHITECTS)
    community.link = place.run("links", "create", "101", "nova").partition("/f/")[2]
    place.run("sheets", "bind", SHEET, "101", "nova", "--edits")


def a_day(place: Place, community: Community, names: list[str]) -> None:
    for name in names:
        community.pass_minutes(place, 24 * 60 // len(names), step=60)
        community.report(place, name)
    community.pass_minutes(place, 2)


def test_totals_ledger_links_and_notes_stay_through_a_restore_and_moves(
    community: Community, tmp_path: Path
) -> None:
    file, copy, moving, back = (str(tmp_path / name) for name in ("muster.db", "copy.db", "moving", "back"))
    notes = {"Castor": "away on Friday"}

    with on_the_machine(Path(file), community) as place:
        set_up(place, community)
        a_day(place, community, NAMES[:4])
        rows = [cells[:1] for cells in community.desk.cells("commanders")]
        community.desk.add_column("commanders", {rows.index(["Castor"]): notes["Castor"]})
        community.tick("Altair", TODAY)
        community.pass_minutes(place, 5)
        told = facts(place)
        assert told["reports"][0]["actor"]["key_id"] == f"sheet:{SHEET}"
        place.run("backup", copy)
        community.report(place, "Lost")
        key = place.key
    place.run("restore", copy)

    with on_the_machine(Path(file), community) as place:
        place.key = key
        assert facts(place) == told
        a_day(place, community, NAMES[4:])
        assert (place.sheet_error(SHEET), community.notes()) == (None, notes)
        old = facts(place)
        place.run("servers", "export", "101", moving)

    with stores.opened("dynamodb") as table:
        with in_aws(table, community) as place:
            place.run("servers", "import", moving)
            place.key = place.run("keys", "first")
            assert facts(place) == old
            take_over(place, community)
            community.report(place, "Altair")
            community.tick("Bellatrix", TODAY)
            community.pass_minutes(place, 5)
            assert (place.sheet_error(SHEET), community.notes()) == (None, notes)
            new = facts(place)
            assert completions(new) == completions(old) + 3, "one of each side by the link, one by the tick"
            place.run("servers", "export", "101", back)

        with on_the_machine(Path(file), community) as place:
            place.key = key
            community.pass_minutes(place, 20)
            assert REFUSED in str(place.sheet_error(SHEET))
            assert facts(place) == old

    with on_the_machine(tmp_path / "new.db", community) as place:
        place.run("servers", "import", back)
        place.key = place.run("keys", "first")
        assert facts(place) == new
        take_over(place, community)
        assert (place.sheet_error(SHEET), community.notes()) == (None, notes)
        community.report(place, "Bellatrix")
        assert completions(facts(place)) == completions(new) + 2
        place.run("ledger", "verify", "101")
        assert community.desk.server.values(SHEET, "Officers") == [["Officer"], ["Example Officer One"]]


def facts(place: Place) -> dict[str, Any]:
    return place.facts("101", DEFENDERS, ARCHITECTS)


def take_over(place: Place, community: Community) -> None:
    community.pass_minutes(place, 2)
    assert REFUSED in str(place.sheet_error(SHEET))
    place.run("sheets", "bind", SHEET, "101", "nova", "--edits", "--take-over")
    community.pass_minutes(place, 2)
