"""SQLite under several processes, kills and torn logs: what was answered is there, once, and counts are right."""

import json
import subprocess
import sys
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random
from shutil import copyfile

import pytest

from bench.writers import ADMIN, MILESTONES, SERVER, Answer, prepare, product
from chalicelib.bootstrap import sqlite_table
from chalicelib.domain.cards import Card
from chalicelib.store.table import Table
from chalicelib.store.transfer import Transfer

ROOT = Path(__file__).parent.parent.parent
WRITERS, COMMANDERS, KILLS = 16, 3, 5


def run(module: str, *arguments: object) -> str:
    """What it prints, in a process of its own: it forks."""
    command = [sys.executable, "-W", "error", "-m", module, *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    return done.stdout


def cards(table: Table) -> list[Card]:
    stores = product(table).stores
    return [
        card
        for event in stores.definitions.stored_events()
        for card in stores.completions.alliance_cards(SERVER, event.id, "nova", consistent=True)
    ]


def test_16_processes_that_report_the_same_record_it_once(tmp_path: Path) -> None:
    file = tmp_path / "muster.db"
    answers = [Answer(*json.loads(line)) for line in run("bench.writers", file, WRITERS).splitlines()]
    every = {(f"Commander {number}", milestone) for number in range(COMMANDERS) for milestone in MILESTONES}
    assert Counter((one.writer, one.commander, one.milestone) for one in answers) == Counter(
        (writer, *each) for writer in range(WRITERS) for each in every
    ), "everybody was answered"
    recorded = Counter((one.commander, one.milestone) for one in answers if one.status == "recorded")
    assert recorded == Counter(every), "each was recorded by one"
    with closing(sqlite_table(file)) as table:
        assert sum(len(card.completions) for card in cards(table)) == len(every)
        assert Transfer(table).miscounted(SERVER) == []
        roster = product(table).stores.commanders.roster(SERVER, "nova")
        assert [one.name for one in roster] == [f"Commander {number}" for number in range(COMMANDERS)]
        standing = product(table).stores.completions.standing(SERVER, "2023-11-defenders-of-peace")
        assert standing.alliances["nova"].commanders == COMMANDERS


def test_kills_lose_nothing_that_was_answered(tmp_path: Path) -> None:
    """`python -m bench.kills` does it 100 times."""
    *told, total = run("bench.kills", KILLS).splitlines()
    assert len(told) == KILLS
    assert all(line.endswith("; all there, counts right") for line in told), told
    assert int(total.split()[2]) > KILLS, "there were answers"


@dataclass(frozen=True)
class Crashed:
    """A file and its log as a crash left them. `ends`: how long the log was after each report."""

    file: Path
    log: bytes
    ends: list[int]

    def reports_after(self, log: bytes, folder: Path) -> int:
        """How many are there when the log was this. They are the first ones, and whole; and so is the file."""
        place = folder / "muster.db"
        copyfile(self.file, place)
        place.with_name("muster.db-wal").write_bytes(log)
        with closing(sqlite_table(place)) as table:
            assert table.damage() == []
            assert Transfer(table).miscounted(SERVER) == []
            held = {(card.commander, milestone) for card in cards(table) for milestone in card.completions}
            names = {one.id: one.name for one in product(table).stores.commanders.roster(SERVER, "nova")}
            assert Counter(names[commander] for commander, _ in held) == Counter(
                f"Commander {number // 2}" for number in range(len(held))
            )
            return len(held)


@pytest.fixture(scope="module")
def crashed(tmp_path_factory: pytest.TempPathFactory) -> Crashed:
    """Two reports of each of 20 commanders."""
    folder = tmp_path_factory.mktemp("crashed")
    file, copy = folder / "muster.db", folder / "copy.db"
    prepare(file, ["nova"])
    with closing(sqlite_table(file)) as table:
        reporting, log = product(table).reporting, file.with_name("muster.db-wal")
        ends = []
        for number in range(40):
            milestone = MILESTONES[number % 2]
            reporting.report(ADMIN, f"Commander {number // 2}", [milestone], SERVER, "nova", is_new=True)
            ends.append(log.stat().st_size)
        copyfile(file, copy)
        return Crashed(copy, log.read_bytes(), ends)


@pytest.mark.parametrize("tear", ["cut off", "zeroes", "garbage", "one byte"])
def test_a_torn_log_loses_nothing_before_the_tear_and_keeps_nothing_half(
    crashed: Crashed, tear: str, tmp_path: Path
) -> None:
    random = Random(tear)
    last = crashed.ends[-1]
    for place in [*crashed.ends[-3:], *(random.randrange(crashed.ends[0], last) for _ in range(12))]:
        rest = last - place
        torn = (
            crashed.log[:place]
            + {
                "cut off": b"",
                "zeroes": bytes(rest),
                "garbage": random.randbytes(rest),
                "one byte": bytes([crashed.log[place] ^ 0xFF]) + crashed.log[place + 1 :] if rest else b"",
            }[tear]
        )
        synced = sum(end <= place for end in crashed.ends)
        assert crashed.reports_after(torn, tmp_path) == synced, place
        tmp_path.joinpath("muster.db").unlink()
