"""`./muster servers export` and `import`: from the demo's file into a deployment's table."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result

from chalicelib.domain.roster import Server
from chalicelib.store import keys
from chalicelib.store.table import Update
from tests.manage.conftest import Desk
from tests.stores import TABLE_NAME, Opened, on_a_file, opened
from tests.world import DEFENDERS, HIDDEN_MOTIVATIONS

pytestmark = on_a_file

FILE = "server-101.jsonl"


@pytest.fixture
def other() -> Iterator[Opened]:
    """The table of a deployment."""
    with opened("dynamodb") as place:
        yield place


def at_other(other: Opened, desk: Desk, *arguments: str) -> Result:
    """A command for the deployment, with AWS credentials."""
    assert other.dynamodb
    return desk.run(
        *arguments,
        TABLE_NAME=TABLE_NAME,
        AWS_ENDPOINT_URL=other.dynamodb.url,
        AWS_DEFAULT_REGION="us-east-1",
        AWS_ACCESS_KEY_ID="local",
        AWS_SECRET_ACCESS_KEY="local",
    )


def test_a_server_moves(desk: Desk, other: Opened) -> None:
    desk.world.muster.reporting.report(desk.world.key(), "Kestrel", [HIDDEN_MOTIVATIONS])
    said = desk.demo("servers", "export", "101", FILE)
    assert said.exit_code == 0
    told = "2 alliances, 1 roster entries, 1 events, 1 cards, 2 ledger entries, 1 keys, 0 sheets"
    assert said.stdout == f"Server 101 is in {FILE}: {told}.\n"
    assert "It holds names and the hashes of keys" in said.stderr
    done = at_other(other, desk, "servers", "import", FILE)
    assert (done.exit_code, done.stdout.splitlines()) == (
        0,
        [
            f"Server 101 is imported: {told}.",
            "Totals are the sum of the cards, and every card agrees with the ledger.",
        ],
    ), done.output
    assert "Now unbind its sheets and revoke its keys in the old deployment, and bind" in done.stderr
    again = at_other(other, desk, "servers", "import", FILE)
    assert again.exit_code == 1
    assert "is already in this table, and an import replaces nothing" in again.stderr


def test_the_file_is_its_owners_alone_and_replaces_none(desk: Desk) -> None:
    desk.said("servers", "export", "101", FILE)
    assert Path(FILE).stat().st_mode & 0o777 == 0o600
    before = Path(FILE).read_bytes()
    assert "already exists" in desk.refusal("servers", "export", "101", FILE)
    assert Path(FILE).read_bytes() == before
    assert "can't be written: No such file or directory" in desk.refusal(
        "servers", "export", "101", "nowhere/x"
    )


def test_an_export_that_fails_leaves_no_file(desk: Desk) -> None:
    assert "Server '999' doesn't use Muster." in desk.refusal("servers", "export", "999", FILE)
    assert not Path(FILE).exists()


def test_reports_that_the_ledger_lacks_are_entered_before(desk: Desk) -> None:
    desk.world.muster.reporting.report(desk.world.key(), "Kestrel", [HIDDEN_MOTIVATIONS])
    desk.said("servers", "export", "101", FILE)
    assert b'"action":{"S":"report"}' in Path(FILE).read_bytes()


def test_a_file_that_was_cut_off_is_refused(desk: Desk, other: Opened) -> None:
    desk.said("servers", "export", "101", FILE)
    Path(FILE).write_bytes(Path(FILE).read_bytes()[:-30])
    result = at_other(other, desk, "servers", "import", FILE)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "Error: This file is incomplete or was changed. Export the server again.\n"


def test_totals_and_cards_that_do_not_agree_are_told(desk: Desk, other: Opened) -> None:
    desk.world.muster.reporting.report(desk.world.key(), "Kestrel", [HIDDEN_MOTIVATIONS])
    desk.world.muster.refresh.refresh_totals()
    desk.world.muster.stores.table.write(Update(keys.totals("101", DEFENDERS, "nova"), add={"commanders": 1}))
    desk.said("servers", "export", "101", FILE)
    result = at_other(other, desk, "servers", "import", FILE)
    assert result.exit_code == 1
    assert f"\n{DEFENDERS}/nova\n" in result.stdout
    assert "Alliances whose totals are not the sum of their cards: 1. " in result.stderr


def test_what_a_broken_import_had_left_is_told(desk: Desk, other: Opened) -> None:
    desk.said("servers", "export", "101", FILE)
    other.table.write(Update(keys.alliance("101", "gone"), set={"id": "gone"}))
    result = at_other(other, desk, "servers", "import", FILE)
    assert result.exit_code == 0
    assert "Items of an unfinished import that were removed first: 1." in result.stderr


def test_a_table_has_to_be_named(desk: Desk) -> None:
    desk.world.muster.stores.definitions.put_server(Server("202"))
    assert desk.run("servers", "export", "202", FILE).exit_code == 2
    assert not Path(FILE).exists()
