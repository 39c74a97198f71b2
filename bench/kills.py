"""`python -m bench.kills [KILLS]`: kills processes that report, again and again; is everything that was answered there?

Four writers report for the same commanders until SIGKILL ends all of them, some time after their first answers. The log
is copied into the file so often that kills meet that too. Then the file is opened again. A loss of power is not tried
here: `tests/store/test_durability.py` does that, with torn logs.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from bench.writers import MILESTONES, SERVER, Answer, Task, Writers, prepare, product
from chalicelib.bootstrap import sqlite_table
from chalicelib.store.sqlite import SQLiteTable
from chalicelib.store.transfer import Transfer

WRITERS = 4
SEED = 20231113


def main(kills: int) -> int:
    """Prints the result of each kill. Returns how many kills were not survived."""
    random, failures, answered = Random(SEED), 0, 0
    alliances = [f"alliance-{number}" for number in range(kills)]
    with TemporaryDirectory() as folder:
        file = Path(folder) / "muster.db"
        prepare(file, alliances)
        for number, alliance in enumerate(alliances):
            tasks = [_tasks(alliance, Random(f"{number}/{writer}")) for writer in range(WRITERS)]
            writers = Writers(file, tasks)
            writers.wait_for(random.randrange(1, 150))
            time.sleep(random.uniform(0, 0.02))
            writers.kill()
            answers = set(writers.answers())
            with closing(sqlite_table(file)) as table:
                wrong = [
                    *_lost(table, alliance, answers),
                    *Transfer(table).miscounted(SERVER),
                    *table.damage(),
                ]
            answered += len(answers)
            failures += bool(wrong)
            print(
                f"kill {number + 1}: {len(answers)} answers; {', '.join(wrong) or 'all there, counts right'}"
            )
    print(f"{kills} kills, {answered} answers, {failures} kills that were not survived")
    return failures


def _tasks(alliance: str, random: Random) -> Iterator[Task]:
    """Endless tasks: every writer has the same commanders, each with the milestones in a different order."""
    for number in count():
        for milestone in random.sample(MILESTONES, len(MILESTONES)):
            yield Task(alliance, f"{alliance}, commander {number}", [milestone])


def _lost(table: SQLiteTable, alliance: str, answers: set[Answer]) -> Iterator[str]:
    """What was answered but is not on its card."""
    stores = product(table).stores
    names = {one.id: one.name for one in stores.commanders.known(SERVER, alliance)}
    held = {
        (names[card.commander], f"{event.id}/{milestone}")
        for event in stores.definitions.stored_events()
        for card in stores.completions.alliance_cards(SERVER, event.id, alliance, consistent=True)
        for milestone in card.completions
    }
    for answer in answers:
        if (answer.commander, answer.milestone) not in held:
            yield f"lost: {answer.commander} {answer.milestone}"


if __name__ == "__main__":
    sys.exit(bool(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)))
