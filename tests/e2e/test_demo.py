"""`make demo` as a newcomer starts it: one command, the November 2023 events, a sheet that follows."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests

from tests.world import ASSEMBLING_THE_RESISTANCE, CONFRONTING_RESILIENCE, DEFENDERS, HIDDEN_MOTIVATIONS

ROOT = Path(__file__).parent.parent.parent
SYNC_SECONDS = 1
PORT_IS_BUSY = "muster demo: port BUSY is in use; choose others with PORT=, SHEETS_PORT= and DISCORD_PORT="


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def free_ports() -> dict[str, str]:
    """Of the demo's servers: each another one."""
    with ExitStack() as stack:
        probes = {
            name: stack.enter_context(socket.socket()) for name in ("PORT", "SHEETS_PORT", "DISCORD_PORT")
        }
        for probe in probes.values():
            probe.bind(("127.0.0.1", 0))
        return {name: str(probe.getsockname()[1]) for name, probe in probes.items()}


@dataclass
class Demo:
    folder: Path
    process: subprocess.Popen[str]
    facts: dict[str, str]

    def get(self, path: str) -> Any:
        return requests.get(self.facts["api_url"] + path, timeout=30).json()

    def report(self, commander: str, *milestones: str) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.facts['member_key']}"}
        body = {"commander": commander, "milestones": milestones}
        return requests.post(
            f"{self.facts['api_url']}/v1/completions", json=body, headers=headers, timeout=60
        )

    def send_form(self, commander: str, *milestones: str) -> requests.Response:
        fields = [("commander", commander), *(("milestone", milestone) for milestone in milestones)]
        return requests.post(self.facts["form_url"], data=fields, timeout=60)

    def values(self, tab: str) -> list[list[str]]:
        """What the sheet holds, as anybody can read it with the Sheets API."""
        sheet = f"{self.facts['sheets_api_url']}/v4/spreadsheets/{self.facts['spreadsheet_id']}"
        answer = requests.get(f"{sheet}/values/{quote(f'{tab!r}')}", timeout=30).json()
        values: list[list[str]] = answer.get("values", [])
        return values

    def rows(self, tab: str) -> list[dict[str, str]]:
        """What a tab of Muster's lists: each row by its headings."""
        values = self.values(tab)
        header = values[2] if len(values) > 2 else []
        full = (
            dict(zip(header, [*row, *[""] * len(header)], strict=False))
            for row in values[3:]
            if row[:1] > [""]
        )
        return [row for row in full if not row["#header"].startswith("#")]

    def stop(self, number: int = signal.SIGINT) -> str:
        self.process.send_signal(number)
        said, _ = self.process.communicate(timeout=30)
        return said


def start(folder: Path, **settings: str) -> Demo:
    """Starts the demo as the Makefile does, in a folder of its own, and waits until it says that it is ready."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "SYNC_SECONDS": str(SYNC_SECONDS)}
    environment |= free_ports() | settings
    ready = folder / ".local" / "demo.json"
    ready.unlink(missing_ok=True)  # it is there still if the last run was killed
    process = subprocess.Popen(
        [sys.executable, "-m", "local.demo"],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    until = time.monotonic() + 60
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > until:
            process.kill()
            pytest.fail(f"the demo did not start: {process.communicate()[0]}")
        time.sleep(0.05)
    return Demo(folder, process, json.loads(ready.read_text()))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    demo = start(tmp_path_factory.mktemp("demo"), DEMO_EMPTY="1")
    yield demo
    demo.process.kill()
    demo.process.communicate()


def after_two_syncs(look: Callable[[], bool]) -> bool:
    """Whether it comes to be so within two sync periods and what they take."""
    until = time.monotonic() + 2 * SYNC_SECONDS + 20
    while not look() and time.monotonic() < until:
        time.sleep(0.1)
    return look()


def test_demo_json_has_what_the_contract_says(demo: Demo) -> None:
    assert demo.facts.keys() == {
        *("api_url", "form_url", "progress_url", "sheet_url", "sheets_api_url", "spreadsheet_id", "server"),
        *("alliance", "admin_key", "officer_key", "member_key", "reader_key"),
        *(
            "discord_url",
            "discord_scoreboard_url",
            "discord_api_url",
            "discord_application_id",
            "discord_bot_token",
        ),
    }
    assert demo.facts["server"] == "101"
    for name in ("form_url", "progress_url", "sheet_url", "discord_url", "discord_scoreboard_url"):
        assert requests.get(demo.facts[name], timeout=30).status_code == 200
    assert demo.get(f"/v1/servers/101/events/{DEFENDERS}/progress")["as_of"].startswith("2023-11-15T12:0")


def test_ninety_commanders_reach_the_reward_and_a_restart_forgets_nothing(demo: Demo) -> None:
    """The issue's own story, told to the product as a newcomer has it."""
    names = ['=HYPERLINK("x")', *(f"Commander{number:02}" for number in range(1, 90))]

    def report(turn: tuple[int, str]) -> str:
        number, name = turn
        if number % 3 == 0:
            return str(demo.send_form(name, HIDDEN_MOTIVATIONS).status_code)
        return str(demo.report(name, HIDDEN_MOTIVATIONS).json()["results"][0]["status"])

    turns = [*enumerate(names), *((1, name) for name in names[10:20]), *((0, name) for name in names[15:25])]
    with ThreadPoolExecutor(16) as pool:
        answers = Counter(pool.map(report, turns))
    assert set(answers) <= {"200", "recorded", "already_recorded"}
    early = demo.report("Commander01", ASSEMBLING_THE_RESISTANCE)
    assert (early.status_code, early.json()["code"]) == (409, "milestone-not-open")

    def check_progress() -> object:
        progress = demo.get(f"/v1/servers/101/events/{DEFENDERS}/progress")
        assert (progress["points"], progress["completions"], progress["commanders"]) == (9000, 90, 90)
        (tier,) = progress["tiers"]
        assert (tier["reached"], tier["reached_by"], tier["remaining"]) == (True, "reported", 0)
        assert tier["reached_at"].startswith("2023-11-15T12:")
        other = demo.get("/v1/servers/101/events/2023-11-architects-of-chaos/progress")
        assert (other["points"], other["completions"], other["commanders"]) == (0, 0, 0)
        return tier

    def check_sheet() -> None:
        assert after_two_syncs(lambda: "9,000" in str(demo.values("IMS Progress")))
        assert after_two_syncs(lambda: "2023-11-15 12:" in str(demo.rows("IMS Rewards")))
        progress = {row["Event"]: row for row in demo.rows("IMS Progress")}
        assert progress["Defenders of Peace"]["Points"] == "9,000"
        assert progress["Defenders of Peace"]["Next reward at"] == "all reached"
        assert progress["Architects of Chaos"]["Points"] == "0"
        rewards = {row["Event"]: row for row in demo.rows("IMS Rewards")}
        assert rewards["Defenders of Peace"]["Status"] == "reached"
        assert rewards["Defenders of Peace"]["Reached at"].startswith("2023-11-15 12:")
        schedule = {
            row["Milestone"]: (row["Status"], row["Completions"]) for row in demo.rows("IMS Schedule")
        }
        assert schedule["Hidden Motivations"] == ("active", "90")
        assert schedule["Confronting Resilience"] == ("active", "0")
        assert sorted(row["Commander"] for row in demo.rows("IMS Commanders")) == sorted(names)
        assert demo.values("Officers")[0][0] == "Officer"

    tier = check_progress()
    check_sheet()
    said = demo.stop()
    assert "Stopped. What was recorded is kept" in said
    assert "Traceback" not in said
    urls = {"PORT": "api_url", "SHEETS_PORT": "sheets_api_url", "DISCORD_PORT": "discord_api_url"}
    again = start(demo.folder, **{port: demo.facts[url].rsplit(":")[-1] for port, url in urls.items()})
    demo.process = again.process
    assert again.facts == demo.facts, "the links that were given out still work"
    assert check_progress() == tier
    check_sheet()
    assert demo.report("Commander01", HIDDEN_MOTIVATIONS).json()["results"][0]["status"] == "already_recorded"


def test_it_begins_with_a_campaign_that_the_sheet_shows(tmp_path: Path) -> None:
    demo = start(tmp_path)
    headers = {"Authorization": f"Bearer {demo.facts['reader_key']}"}
    path = f"{demo.facts['api_url']}/v1/servers/101/alliances/nova-guard/missing"
    missing = requests.get(path, headers=headers, timeout=30).json()
    assert "Vindemiatrix" in str(missing)
    for event in demo.get("/v1/servers/101/progress")["events"]:
        assert event["points"] > 0
    assert len(demo.values("IMS History")) > 60
    assert "Vindemiatrix" in str(demo.values("IMS Commanders"))
    assert "9,200" in str(demo.values("IMS Progress"))
    assert demo.report("Kestrel", HIDDEN_MOTIVATIONS).status_code == 200
    said = demo.stop()
    assert "Recording a made-up campaign" in said
    again = start(tmp_path, DEMO_EMPTY="1")
    assert "Kestrel" in str(again.values("IMS Commanders")), "what was recorded stays"
    assert "Recording a made-up campaign" not in again.stop()


def test_the_clock_may_begin_earlier_or_later_than_what_was_recorded(tmp_path: Path) -> None:
    """Killed, so that whatever a run had taken for itself is still there."""
    reported: set[str] = set()

    def run_at(now: str, commander: str) -> None:
        demo = start(tmp_path, DEMO_NOW=now, DEMO_EMPTY="1")
        progress = demo.get(f"/v1/servers/101/events/{DEFENDERS}/progress")
        assert progress["as_of"].startswith(now[:13])
        assert demo.report(commander, HIDDEN_MOTIVATIONS).status_code == 200
        reported.add(commander)
        assert after_two_syncs(lambda: {row["Commander"] for row in demo.rows("IMS Commanders")} == reported)
        verified = subprocess.run(
            [sys.executable, "-P", "-m", "manage", "--demo", "ledger", "verify", "101"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (verified.returncode, verified.stdout) == (0, ""), verified.stderr
        demo.process.kill()
        demo.process.communicate()

    run_at("2023-11-17T10:00:00Z", "Kestrel")
    run_at("2023-11-15T12:00:00Z", "Merlin")
    run_at("2023-11-16T12:00:00Z", "Osprey")


def test_beside_what_version_0_1_0_recorded_it_says_so_and_begins_anew(tmp_path: Path) -> None:
    (tmp_path / ".local").mkdir()
    landed = ROOT / "tests" / "upgrade" / "landed-0.1.0.jsonl"
    (tmp_path / ".local" / "dynamodb.jsonl").write_bytes(landed.read_bytes())
    demo = start(tmp_path, DEMO_EMPTY="1")
    assert demo.report("Kestrel", HIDDEN_MOTIVATIONS).status_code == 200
    said = demo.stop().splitlines()
    assert said[0] == (
        "What version 0.1.0 recorded in .local/dynamodb.jsonl can't be read any more. "
        "This version uses .local/muster.db."
    )
    assert not [line for line in said if "Traceback" in line]


def test_a_file_of_another_program_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local" / "muster.db").write_text("no database at all, however long one looks at it" * 100)
    done = subprocess.run(
        [sys.executable, "-m", "local.demo"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), **free_ports()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("muster demo: .local/muster.db can't be opened: ")
    assert line.endswith("`make demo-reset` deletes it.")


def test_it_survives_being_killed(tmp_path: Path) -> None:
    demo = start(tmp_path)
    assert demo.report("Kestrel", CONFRONTING_RESILIENCE).status_code == 200
    demo.process.kill()
    demo.process.communicate()
    again = start(tmp_path)
    assert (
        again.report("Kestrel", CONFRONTING_RESILIENCE).json()["results"][0]["status"] == "already_recorded"
    )
    assert "Traceback" not in again.stop(signal.SIGTERM)
    assert not (tmp_path / ".local" / "demo.json").exists()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"PORT": "BUSY"}, PORT_IS_BUSY),
        ({"SHEETS_PORT": "BUSY"}, PORT_IS_BUSY),
        ({"DISCORD_PORT": "BUSY"}, PORT_IS_BUSY),
        (
            {"DEMO_NOW": "noon"},
            "muster demo: DEMO_NOW='noon' can't be used; the default is 2023-11-15T12:00:00Z",
        ),
        ({"DEMO_EMPTY": "yes"}, "muster demo: DEMO_EMPTY='yes' can't be used; the default is 0"),
        ({"SYNC_SECONDS": "often"}, "muster demo: SYNC_SECONDS='often' can't be used; the default is 10"),
    ],
)
def test_what_prevents_it_is_said_in_one_line(tmp_path: Path, settings: dict[str, str], said: str) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = str(busy.getsockname()[1])
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **free_ports()}
        environment |= {name: value.replace("BUSY", port) for name, value in settings.items()}
        done = subprocess.run(
            [sys.executable, "-m", "local.demo"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert (done.stdout + done.stderr).splitlines() == [said.replace("BUSY", port)]


def test_the_clock_begins_where_it_is_told_to(tmp_path: Path) -> None:
    demo = start(tmp_path, DEMO_NOW="2023-11-16T02:00:00+02:00")
    try:
        assert demo.get(f"/v1/servers/101/events/{DEFENDERS}/progress")["as_of"].startswith("2023-11-16T00:0")
        assert demo.report("Kestrel", ASSEMBLING_THE_RESISTANCE).status_code == 200
    finally:
        demo.stop()
