"""The README's walk: from the first command to a bound sheet with an imported roster, as it is printed there."""

import csv
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from local.campaign import SILENT
from tests.e2e.test_demo import ROOT, Demo, after_two_syncs, start

SECTION = (
    (ROOT / "README.md").read_text(encoding="utf-8").split("## Run your own alliance\n")[1].split("\n## ")[0]
)
COMMANDS, PRINTED = (block.strip().splitlines() for block in re.findall(r"```\w*\n(.*?)```", SECTION, re.S))
BACK = re.findall(r"`(\./muster --demo sheets bind [^`]+)`", SECTION)


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    for name in ("muster", "docs"):
        (tmp_path / name).symlink_to(ROOT / name)
    demo = start(tmp_path)
    yield demo
    demo.stop()


def said(demo: Demo, command: str) -> list[str]:
    """What it prints as one types it, words and all."""
    done = subprocess.run(
        command,
        shell=True,
        cwd=demo.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout.splitlines()


def commanders(demo: Demo) -> list[str]:
    return [row["Commander"] for row in demo.rows("IMS Commanders")]


def test_six_commands_lead_to_a_sheet_that_shows_the_roster(demo: Demo) -> None:
    assert len(COMMANDS) <= 6
    assert all(command.startswith("./muster --demo ") for command in COMMANDS)
    lines = [line for command in COMMANDS for line in said(demo, command)]
    expected = "\n".join(PRINTED).replace("http://127.0.0.1:8000", demo.facts["api_url"])
    assert re.fullmatch(re.escape(expected).replace("…", r"\S+"), "\n".join(lines))

    with (ROOT / "docs" / "examples" / "roster.csv").open(encoding="utf-8") as file:
        names = sorted(row["Commander"] for row in csv.DictReader(file))
    answer = json.loads("\n".join(said(demo, "./muster --demo roster list 202 borealis --json")))
    assert sorted(one["name"] for one in answer["commanders"]) == names
    assert after_two_syncs(lambda: sorted(commanders(demo)) == names)
    schedule = str(demo.values("IMS Schedule"))
    assert "2023-11-20" in schedule
    assert demo.values("Officers")[0][0] == "Officer"

    (link,) = (line for line in lines if line.startswith("http"))
    form = requests.get(link, timeout=30)
    assert (form.status_code, "Borealis Watch" in form.text) == (200, True)

    again = [
        line
        for command in COMMANDS
        if " put " in command or " clone " in command
        for line in said(demo, command)
    ]
    assert sum("already there" in line for line in again) == 2
    (back,) = BACK
    said(demo, back)
    assert after_two_syncs(lambda: SILENT in commanders(demo) and not {*names} & {*commanders(demo)})
