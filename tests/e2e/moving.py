"""A server moves from `./muster serve` to the emulated AWS, and from there to another machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local.sheets import SheetsServer
from sheets_sync.layout import column_letters
from tests.e2e.deployment import EVENT, ONE, STACK, THREE, TWO, Deployment, wait_until
from tests.e2e.test_demo import free_port
from tests.serve.place import REFUSED, Place, completions
from tests.serve.served import Served, start
from tests.sync.desk import TITLE_BLOCK, Desk

NOTES = {"Castor": "away on Friday"}
AGREES = "Totals are the sum of the cards, and every card agrees with the ledger."


def a_server_moves_here_and_back(at: Deployment, sheets: SheetsServer, folder: Path) -> None:
    """Its links, keys, ledger and sheet come along each time, and the officers' notes stay where they are."""
    desk = Desk(sheets, sheets.create_spreadsheet("Captains", {"Own": [["kept"]]}))
    there, back = str(folder / "there.jsonl"), str(folder / "back.jsonl")
    aws = in_aws(at)

    with on_a_machine(folder / "first.db", sheets) as first:
        link = set_up(first, desk)
        officers_work(first, desk, link)
        old = facts(first)
    first.run("servers", "export", "202", there)

    assert aws.run("servers", "import", there).endswith(AGREES)
    assert facts(aws) == old
    is_at_home(aws, desk, link, "Deneb")
    new = facts(aws)
    aws.run("servers", "export", "202", back)

    with on_a_machine(folder / "first.db", sheets, first.key) as first:
        assert facts(first) == old
        is_refused(first, desk, link)

    with on_a_machine(folder / "second.db", sheets) as second:
        assert second.run("servers", "import", back).endswith(AGREES)
        second.key = second.run("keys", "first")
        assert facts(second) == new
        is_at_home(second, desk, link, "Electra")
    is_refused(aws, desk, link)
    aws.run("sheets", "unbind", desk.id)
    assert sheets.values(desk.id, "Own") == [["kept"]]


@contextmanager
def on_a_machine(file: Path, sheets: SheetsServer, key: str = "") -> Iterator[Place]:
    """As a process of its own. It runs its schedule as soon as it starts."""
    port = free_port()

    def started() -> Served:
        return start(file, port, SHEETS_API_URL=sheets.url, DRIVE_API_URL=sheets.url)

    served = started()

    def restart() -> None:
        nonlocal served
        assert served.end() == 0
        served = started()

    try:
        yield Place(served.url, restart, {"MUSTER_DB": str(file)}, key)
        assert served.end() == 0
    finally:
        served.process.kill()
        served.process.wait()


def in_aws(at: Deployment) -> Place:
    """Members go to the API's own address. The commands do not know that it leads to the emulator."""
    api = at.url.removeprefix("https://").partition(".")[0]
    commands = {
        **at.aws.credentials,
        "MUSTER_URL": f"{at.aws.url}/_aws/execute-api/{api}/api",
        "TABLE_NAME": STACK,
    }
    return Place(at.url, lambda: at.invoke("SyncSheets"), commands, at.key, at.web)


def set_up(place: Place, desk: Desk) -> str:
    """The end of the member link."""
    place.key = place.run("keys", "first")
    place.ask("PUT", "/v1/events/trial", EVENT)
    place.run("servers", "put", "202")
    place.run("alliances", "put", "202", "borealis", "--tag", "BOR", "--name", "Borealis")
    link = place.run("links", "create", "202", "borealis").partition("/f/")[2]
    bind(place, desk)
    return link


def bind(place: Place, desk: Desk, *options: str) -> None:
    place.run("sheets", "bind", desk.id, "202", "borealis", "--edits", *options)


def officers_work(place: Place, desk: Desk, link: str) -> None:
    """Members report, and officers note, tick and untick something in the sheet; one of them leaves."""
    place.report(link, "Altair", ONE, TWO)
    place.report(link, "Bellatrix", ONE, TWO)
    place.report(link, "Castor", ONE)
    place.run_due()
    wait_until(lambda: row_of(desk, "Castor") > 0)
    desk.add_column("commanders", {row_of(desk, name): note for name, note in NOTES.items()})
    tick(desk, "Castor", "Two")
    tick(desk, "Bellatrix", "Two")
    place.run_due()
    wait_until(lambda: {"void", "report"} <= {one["action"] for one in edits(place, desk)})
    left = place.ask("POST", "/v1/keys", {"role": "officer", "label": "left us", "server": "202"})
    place.run("keys", "revoke", left["id"])


def is_at_home(place: Place, desk: Desk, link: str, newcomer: str) -> None:
    """The same end of the link works; the sheet does too once this place has taken it over."""
    place.run_due()
    wait_until(lambda: REFUSED in str(place.sheet_error(desk.id)))
    before = completions(facts(place))
    place.report(link, newcomer, ONE)
    bind(place, desk, "--take-over")
    place.run_due()
    wait_until(lambda: row_of(desk, newcomer) > 0)
    tick(desk, newcomer, "Two")
    place.report(link, newcomer, THREE)  # so that the sheet is due, and does not wait for Drive's notice
    place.run_due()
    wait_until(lambda: completions(facts(place)) == before + 3)
    wait_until(lambda: place.sheet_error(desk.id) is None)
    assert desk.beside("commanders", len(desk.seen("commanders")) - 1) == NOTES
    place.run("ledger", "verify", "202")


def is_refused(place: Place, desk: Desk, link: str) -> None:
    """Who still reports there changes nothing in the sheet, and the operator reads why."""
    place.report(link, "Straggler", ONE)
    place.run_due()
    wait_until(lambda: REFUSED in place.run("sheets", "status", desk.id))
    assert not row_of(desk, "Straggler")


def row_of(desk: Desk, name: str) -> int:
    """The index of a commander's row; 0 if there is none."""
    names = [cells[:1] for cells in desk.cells("commanders")]
    return names.index([name]) if [name] in names else 0


def tick(desk: Desk, name: str, milestone: str) -> None:
    """Or untick."""
    place = desk.seen("commanders")[desk.cells("commanders")[TITLE_BLOCK].index(milestone)]
    desk.person.tick("IMS Commanders", f"{column_letters(place)}{row_of(desk, name) + 1}")


def edits(place: Place, desk: Desk) -> list[dict[str, Any]]:
    """What the ledger has of officers who edited the sheet."""
    return [one for one in facts(place)["reports"] if one["actor"]["key_id"] == f"sheet:{desk.id}"]


def facts(place: Place) -> dict[str, Any]:
    """With its keys: only when they were last used stays behind."""
    keys = [one | {"last_used_at": None} for one in place.get("/v1/keys")["keys"] if one["server"] == "202"]
    return {**place.facts("202", "trial"), "keys": keys}
