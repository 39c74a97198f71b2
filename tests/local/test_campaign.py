"""The made-up campaign that the demo begins with."""

import re
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chalicelib.bootstrap import Muster, assemble, sqlite_table
from chalicelib.domain.progress import Progress
from chalicelib.settings import Settings
from local.campaign import ARCHITECTS, BEGINS, NAMES, READ, RETIRING, SILENT, record
from local.seed import ALLIANCE, SERVER, Secrets

ROOT = Path(__file__).parent.parent.parent
NOON = datetime(2023, 11, 15, 12, tzinfo=UTC)
SECRETS = Secrets.new()
WITHOUT_AWS = """
import sys
begun_with = set(sys.modules)
from importlib.metadata import packages_distributions
for name in ("boto3", "botocore", "blinker"):  # the last one is oauthlib's, where it is installed
    sys.modules[name] = None
import local.demo, app
from sheets_sync.google import Google
from sheets_sync.run import sync_due
from manage.__main__ import main
from manage.serve.site import opened
from chalicelib.store.transfer import Transfer
installed = packages_distributions()
for name in installed.keys() & {name for name, module in sys.modules.items() if module} - begun_with:
    print(*installed[name])
"""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("campaign") / "muster.db"
    record(file, SECRETS, NOON)
    return file


def at(file: Path, now: datetime) -> tuple[Muster, list[Progress]]:
    """The product on a campaign at a time, and how the two events stand there."""
    with closing(sqlite_table(file)) as table:
        muster = assemble(Settings(database=file), table, lambda: now)
        muster.refresh.refresh_totals()
        return muster, [muster.overview.progress(SERVER.id, event.id) for event in muster.directory.events()]


def test_it_shows_what_an_officer_wants_to_see(recorded: Path) -> None:
    muster, events = at(recorded, NOON)
    assert all(event.points > 0 and event.projection for event in events)
    (read,) = (event for event in events if event.event == ARCHITECTS)
    assert read.official is not None
    assert (read.official.points, read.best.by, read.tiers[0].reached) == (READ, "reading", True)
    for event in events:
        history = muster.stores.completions.standing(SERVER.id, event.event).history
        assert len(history) == (NOON - BEGINS) / timedelta(hours=1)
    officer = muster.directory.key(SECRETS.officer_key)
    roster = {one.name: one.retired_at for one in muster.rosters.roster(officer, SERVER.id, ALLIANCE.id)}
    assert roster.keys() == {*NAMES, SILENT}
    assert [name for name, retired_at in roster.items() if retired_at] == [RETIRING]
    assert muster.ledger_pages.differences(SERVER.id) == []


def test_it_is_the_same_each_time(recorded: Path, tmp_path: Path) -> None:
    record(tmp_path / "again.db", SECRETS, NOON)
    assert at(tmp_path / "again.db", NOON)[1] == at(recorded, NOON)[1]


@pytest.mark.parametrize(
    ("until", "points"),
    [
        (BEGINS - timedelta(days=300), False),
        (BEGINS + timedelta(minutes=59), False),
        (BEGINS + timedelta(hours=1), True),
        (NOON + timedelta(days=3000), True),
    ],
)
def test_it_comes_as_far_as_the_time(tmp_path: Path, until: datetime, points: bool) -> None:
    file = tmp_path / "muster.db"
    record(file, SECRETS, until)
    muster, events = at(file, until)
    assert all((event.points > 0) == points for event in events)
    ledger = list(muster.stores.ledger.all(SERVER.id))
    assert ledger
    assert all(entry.at <= until for entry in ledger)


@pytest.mark.parametrize("days", [-300, -2, -1, 1, 2, 5, 300])
def test_at_another_time_what_was_recorded_still_stands(recorded: Path, tmp_path: Path, days: int) -> None:
    file = tmp_path / "muster.db"
    file.write_bytes(recorded.read_bytes())
    before = [(event.event, event.points, event.tiers) for event in at(file, NOON)[1]]
    for now in (NOON + timedelta(days=days), NOON):
        muster, events = at(file, now)
        assert [(event.event, event.points, event.tiers) for event in events] == before
        assert muster.ledger_pages.differences(SERVER.id) == []


def test_the_demo_needs_neither_aws_nor_the_tools_of_the_tests() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_AWS], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    used = [{name.lower().replace("_", "-") for name in line.split()} for line in done.stdout.splitlines()]
    files = [ROOT / name for name in ("requirements.txt", "requirements-demo.txt")]
    pins = re.findall(r"^([\w-]+)==", "\n".join(file.read_text(encoding="utf-8") for file in files), re.M)
    assert {"gspread"} in used
    assert [names for names in used if names.isdisjoint(map(str.lower, pins))] == []
