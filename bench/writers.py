"""Processes that report to one SQLite file at the same time, and note the answers.

They are forked, so that each begins at once. Use it only while no thread runs and no table is open.
"""

import json
import multiprocessing
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from chalicelib.bootstrap import Muster, assemble, sqlite_table
from chalicelib.catalog import load_catalog
from chalicelib.domain.access import Key
from chalicelib.domain.roster import MOST_NEW_PER_DAY, Alliance, Server
from chalicelib.settings import Settings
from chalicelib.store import sqlite
from chalicelib.store.table import Table

FRIDAY_NOON = datetime(2023, 11, 17, 12, tzinfo=UTC)
"""The last day of November 2023's events: all their milestones can be reported."""
ADMIN = Key("bench", "admin", "bench")
SERVER = "101"
MILESTONES = [event.global_id(milestone) for event in load_catalog() for milestone in event.milestones]
SHORT_LOG = 40
"""After how many changes the log is copied into the file here: so often that kills meet it."""


class Task(NamedTuple):
    """A report to make."""

    alliance: str
    commander: str
    milestones: Sequence[str]


class Answer(NamedTuple):
    """A writer was told that a commander's completion is recorded now, or was recorded before."""

    writer: int
    alliance: str
    commander: str
    milestone: str
    status: str


def product(table: Table) -> Muster:
    return assemble(Settings(), table, lambda: FRIDAY_NOON)


def prepare(file: Path, alliances: Iterable[str]) -> None:
    """Defines November 2023's events, and a server with these alliances, whose links may bring many in a day."""
    with closing(sqlite_table(file)) as table:
        furnish(table, alliances)


def furnish(table: Table, alliances: Iterable[str]) -> None:
    definitions = product(table).stores.definitions
    for event in load_catalog():
        definitions.put_event(event)
    definitions.put_server(Server(SERVER))
    for alliance in alliances:
        labels = alliance[:6].upper(), alliance.title()
        definitions.put_alliance(Alliance(SERVER, alliance, *labels, new_per_day=MOST_NEW_PER_DAY))


class Writers:
    """One process for each sequence of tasks; they begin together."""

    def __init__(self, file: Path, tasks: Sequence[Iterable[Task]]) -> None:
        context = multiprocessing.get_context("fork")
        begin = context.Barrier(len(tasks) + 1)
        self._notes = [file.with_name(f"writer-{number}.jsonl") for number in range(len(tasks))]
        self._processes = [
            context.Process(target=_report, args=(file, number, each, begin, self._notes[number]))
            for number, each in enumerate(tasks)
        ]
        for process in self._processes:
            process.start()
        begin.wait()

    def join(self) -> None:
        """Waits until they have done everything. Raises RuntimeError if one could not."""
        for process in self._processes:
            process.join()
        self._require_good()

    def wait_for(self, answers: int) -> None:
        """Waits until they have noted that many answers. Raises RuntimeError if one ends before."""
        while sum(1 for _ in self.answers()) < answers:
            self._require_good()
            time.sleep(0.005)

    def kill(self) -> None:
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.join()

    def _require_good(self) -> None:
        if any(process.exitcode for process in self._processes):
            self.kill()
            raise RuntimeError("a writer failed")

    def answers(self) -> Iterator[Answer]:
        """All answers that they noted, without lines that a kill cut off."""
        for notes in filter(Path.exists, self._notes):
            for line in notes.read_text(encoding="utf-8").splitlines(keepends=True):
                if line.endswith("\n"):
                    yield Answer(*json.loads(line))


def _report(file: Path, number: int, tasks: Iterable[Task], begin: Any, notes: Path) -> None:
    sqlite._LOG = SHORT_LOG
    with closing(sqlite_table(file)) as table, notes.open("w", buffering=1, encoding="utf-8") as noted:
        reporting = product(table).reporting
        begin.wait()
        for alliance, commander, milestones in tasks:
            receipt = reporting.report(ADMIN, commander, milestones, SERVER, alliance, is_new=True)
            for result in receipt.results:
                answer = Answer(number, alliance, commander, result.milestone, result.status)
                noted.write(json.dumps(answer) + "\n")


def main(file: Path, writers: int) -> None:
    """Every writer reports the same completions, each in its own order. Prints the answers, each as a line of JSON."""
    prepare(file, ["nova"])
    every = [
        Task("nova", f"Commander {number}", [milestone]) for number in range(3) for milestone in MILESTONES
    ]
    tasks = [Random(writer).sample(every, len(every)) for writer in range(writers)]
    running = Writers(file, tasks)
    running.join()
    for answer in running.answers():
        print(json.dumps(answer))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
