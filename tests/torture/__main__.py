"""`make torture`: runs all parts, and writes docs/RELIABILITY.md. It fails if a part finds anything.

`python -m tests.torture PART …` runs only these, and writes the page with what the others came to before, which stays
in `.torture/`. OPERATIONS says how many operations a part makes, instead of its own number, and SEED which.
"""

import logging
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from bench.commit import ROOT, commit
from tests.mutations import __main__ as mutations
from tests.torture import processes, searches, serving
from tests.torture.campaign import campaigns
from tests.torture.figures import Figures, Run, summary

PAGE, RUNS = ROOT / "docs" / "RELIABILITY.md", ROOT / ".torture"
SEED = 1


class Part(NamedTuple):
    """`run` gets how many operations to make, about, and the seed. `usual`: that number."""

    title: str
    how: str
    usual: int
    run: Callable[[int, int], Figures]


PARTS: Mapping[str, Part] = {
    "dynamodb": Part(
        "Every use case, on DynamoDB",
        """\
Use cases at random, through the real app: each of its routes, slash commands signed as Discord signs them, boxes that
are ticked in a sheet, and what the schedule runs: the recount, the news, and the queue of the sync (what it writes is
tried below). The table is the strict stand-in for DynamoDB, of whose calls any can go wrong, before or after its
effect. Four products, whose clocks are seconds apart, are the processes. In half of the operations one player is alone;
in the other half four are at it at once. A client sends again what was answered with 503. What was answered makes a
model, and in the end cards, totals, rosters, lists of what is completed and who is missing, readings, rewards, webhooks
and the ledger are compared with it.""",
        50_000,
        partial(campaigns, "dynamodb"),
    ),
    "sqlite": Part(
        "Every use case, on SQLite",
        """\
The same on a file of SQLite, which has no network in between: there a call is refused as busy, before its effect or
after it.""",
        50_000,
        partial(campaigns, "sqlite"),
    ),
    "processes-sqlite": Part(
        "Sixteen processes at one file",
        """\
Sixteen processes, whose clocks are up to four minutes wrong, report for the same forty commanders, and report, take
back and give back for one of their own. They are killed at any moment, and others go on. A completion may be answered
as recorded once, only what was never recorded can't be taken back, and in the end the table holds what was
answered.""",
        40_000,
        processes.on_sqlite,
    ),
    "processes-dynamodb": Part(
        "Sixteen processes at one DynamoDB",
        "The same with the strict stand-in for DynamoDB, over HTTP, of whose calls some go wrong, too.",
        10_000,
        processes.on_dynamodb,
    ),
    "serve": Part(
        "`./muster serve`, killed under load",
        """\
Sixteen members report over HTTP to `./muster serve`, while its schedule runs, and send again what got no answer. The
process is killed, or told to stop, again and again, and started again. In the end every answered completion is on its
card, the file is whole, and no error is in the log.""",
        10_000,
        serving.run,
    ),
    "sheets": Part(
        "Officers' edits and acts, between and during syncs",
        """\
What officers may do to a sheet, in any order: they sort, insert, delete, paste, merge, protect, tick, type, and undo,
between two syncs and between the read and the write of one, while members report and programs change the same. Theirs
stays as they left it, each edit counts once or is refused, and ours is true again one sync later at most. The numbers
of steps are counted; `tests/sync/test_any_edit.py` and `test_any_office.py` say what must hold.""",
        3_000,
        searches.sheets,
    ),
    "news": Part(
        "News",
        """\
Runs that tell the news in which any call can be lost, be late, be refused, or be the last of its run, while another run
comes. Each piece is told as often as its kind promises, in order, and a webhook in trouble keeps no other waiting
(`tests/services/test_any_news.py`).""",
        30_000,
        searches.news,
    ),
}
INTRODUCTION = """\
# Reliability

What went wrong on purpose, and what came of it. `make torture` wrote this page; each section says at which commit its
part ran, and you can run it again with the command there. All columns but the first two are to be zero:

- **operations**: what people, programs and schedules asked for.
- **faults**: what was made to go wrong meanwhile.
- **lost**: completions that were answered and are not there.
- **counted twice**: completions that are there and should not be, or were answered as new twice.
- **5xx**: answers of 500 or more, but 503 with `Retry-After`, which says that it is to be sent again; and exceptions,
  also those that are only logged, so that something else can go on.
- **differences**: anything else that is not as the model says, such as totals that are not the sum of the cards."""


def main(names: Sequence[str]) -> int:
    """Raises SystemExit for a name that is no part's."""
    if unknown := [name for name in names if name not in PARTS]:
        raise SystemExit(f"PARTS are some of {', '.join(PARTS)}, not {unknown[0]!r}.")
    seed, is_clean = int(os.environ.get("SEED", SEED)), True
    for name in names or PARTS:
        part = PARTS[name]
        operations = int(os.environ.get("OPERATIONS", part.usual))
        print(f"{name}: {operations:,}, seed {seed} …", flush=True)
        at, began = commit(), time.monotonic()
        with caught() as noted:
            figures = part.run(operations, seed)
        figures.found["5xx"] += noted
        seconds, load = time.monotonic() - began, os.getloadavg()[0]
        run = Run(name, operations, at, seed, os.cpu_count() or 1, load, seconds, figures)
        run.write(RUNS)
        print(f"{run.markdown(part.title, part.how)}\n", flush=True)
        is_clean &= figures.is_clean
    PAGE.write_text(page(RUNS), encoding="utf-8")
    return 0 if is_clean else 1


@contextmanager
def caught() -> Iterator[list[str]]:
    """The exceptions that the product catches and logs, so that something else can go on. What goes wrong is counted
    here: nothing else of the log is made, and nothing is printed."""
    noting = _Noting(logging.ERROR)
    logging.disable(logging.WARNING)
    logging.getLogger().addHandler(noting)
    try:
        yield noting.noted
    finally:
        logging.getLogger().removeHandler(noting)
        logging.disable(logging.NOTSET)


class _Noting(logging.Handler):
    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.noted: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info:
            self.noted.append(f"{record.getMessage()}: {record.exc_info[1]!r}")


def page(folder: Path) -> str:
    """Of all parts that have run."""
    files = {name: folder / f"{name}.json" for name in PARTS}
    runs = [(PARTS[name], Run.read(file)) for name, file in files.items() if file.exists()]
    table = summary([(part.title, run) for part, run in runs])
    sections = [run.markdown(part.title, part.how) for part, run in runs]
    sections.append(mutations.markdown(folder))
    return "\n\n".join([INTRODUCTION, table, *sections]) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
