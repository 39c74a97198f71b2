"""Sixteen processes at one table, whose clocks are minutes apart and which are killed now and then.

Each reports for commanders whom all report, and reports, takes back and gives back for one of its own. It notes each
answer; one that takes over from one that was killed goes on after the last answer. So it is known what the table has to
hold in the end.
"""

import json
import logging
import multiprocessing
import signal
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import timedelta
from functools import partial
from itertools import chain
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Literal, NamedTuple, cast

from botocore.config import Config
from botocore.session import Session

from bench.writers import ADMIN, FRIDAY_NOON, MILESTONES, SERVER, SHORT_LOG, furnish
from chalicelib.bootstrap import Muster, assemble, dynamodb_table, sqlite_table
from chalicelib.domain.errors import Busy, Conflict, NotFound
from chalicelib.settings import Settings
from chalicelib.store import sqlite
from chalicelib.store.dynamodb import CLIENT
from chalicelib.store.sqlite import SQLiteTable
from chalicelib.store.table import Table
from chalicelib.store.transfer import Transfer
from local.dynamodb import table_definition
from local.strict_dynamodb import Chaos, StrictDynamoDB
from tests.stores import TABLE_NAME
from tests.torture.figures import Figures
from tests.torture.place import far_name

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PROCESSES = 16
ALLIANCES = "nova", "vega"
SHARED = 40
"""Commanders whom all report."""
APART = 240.0
"""Seconds by which a clock is wrong, at most."""
USUAL = 0.03
"""The probability of a fault of DynamoDB's."""
MOST_REPETITIONS = 200
"""Of an act for which the table is busy."""

Verb = Literal["report", "void", "restore"]
REFUSED: Mapping[Verb, Collection[str]] = {
    "report": (),
    "void": ("not-recorded", "unknown-commander"),
    "restore": ("not-voided", "unknown-commander"),
}
"""How an act may be refused, as long as the completion was never recorded."""
Opened = Callable[[], Table]
Faults = Counter[str]


class Act(NamedTuple):
    verb: Verb
    commander: str
    milestone: str


def on_sqlite(operations: int, seed: int) -> Figures:
    with TemporaryDirectory() as folder:
        return _run(operations, seed, partial(sqlite_table, Path(folder) / "muster.db"), Path(folder))


def on_dynamodb(operations: int, seed: int) -> Figures:
    """The strict stand-in, by a process of its own, whose calls suffer faults, too."""
    with TemporaryDirectory() as folder, _served(seed) as (url, server):

        def opened() -> Table:
            client = Session().create_client(
                "dynamodb",
                region_name="eu-west-1",
                endpoint_url=url,
                aws_access_key_id="none",
                aws_secret_access_key="none",
                config=Config(**{**CLIENT, "read_timeout": 30}),  # many ask at once
            )
            return dynamodb_table(TABLE_NAME, cast("DynamoDBClient", client))

        def troubled(probability: float) -> Faults:
            server.send(probability)
            return cast("Faults", server.recv())

        return _run(operations, seed, opened, Path(folder), troubled)


@contextmanager
def _served(seed: int) -> Iterator[tuple[str, Connection]]:
    """Its address, and where to say how probable a fault is, which answers with the faults until now, by kind."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=_serve, args=(theirs, seed))
    server.start()
    theirs.close()  # so that its end is seen
    try:
        yield ours.recv(), ours
    finally:
        server.kill()
        server.join()


def _serve(parent: Connection, seed: int) -> None:
    logging.disable(logging.CRITICAL)  # the server would log each fault with its trace
    dynamodb, chaos = StrictDynamoDB(random=Random(seed)), Chaos(Random(seed), 0.0)
    dynamodb.client().create_table(TableName=TABLE_NAME, **table_definition())
    dynamodb.chaos = chaos
    parent.send(dynamodb.url)
    while parent.poll(None):
        chaos.probability = parent.recv()
        dynamodb.let_time_pass()
        suffered: Faults = Counter()
        for (_, kind), times in dynamodb.suffered.items():
            suffered[kind] += times
        parent.send(suffered)


def _run(
    operations: int,
    seed: int,
    opened: Opened,
    folder: Path,
    troubled: Callable[[float], Faults] = lambda _: Counter(),
) -> Figures:
    figures, random = Figures(), Random(seed)
    with _using(opened()) as table:
        furnish(table, ALLIANCES)
    troubled(USUAL)
    writers = [_Writer(number, folder, operations // PROCESSES, seed, opened) for number in range(PROCESSES)]
    while any(writer.is_busy() for writer in writers):
        time.sleep(random.uniform(0.5, 3))
        for writer in random.sample(writers, random.randint(1, 4)):
            figures.suffer("a process was killed", writer.kill())
    figures.faults |= troubled(0.0)
    with _using(opened()) as table:
        _judge(table, chain.from_iterable(writer.answers() for writer in writers), figures)
    return figures


@contextmanager
def _using(table: Table) -> Iterator[Table]:
    if isinstance(table, SQLiteTable):
        with closing(table):
            yield table
    else:
        yield table


class _Writer:
    """One process after the other, of which each goes on where the one before was killed."""

    def __init__(self, number: int, folder: Path, acts: int, seed: int, opened: Opened) -> None:
        self._notes = folder / f"writer-{number}.jsonl"
        self._notes.touch()
        self._arguments = number, self._notes, acts, seed, opened
        self._start()

    def _start(self) -> None:
        self._process = multiprocessing.get_context("fork").Process(target=_write, args=self._arguments)
        self._process.start()

    def is_busy(self) -> bool:
        """Raises RuntimeError if it ended by itself before everything was done."""
        if self._process.exitcode:
            raise RuntimeError(f"a writer failed: {self._process.exitcode}")
        return self._process.is_alive()

    def kill(self) -> bool:
        """Whether it was at work; then another one takes over. Raises RuntimeError if it had failed before."""
        self._process.kill()
        self._process.join()
        if self._process.exitcode != -signal.SIGKILL:
            return self.is_busy()
        self._start()
        return True

    def answers(self) -> Iterator[tuple[Act, str]]:
        for line in _whole_lines(self._notes):
            act, answer = json.loads(line)
            yield Act(*act), answer


def _write(number: int, notes: Path, acts: int, seed: int, opened: Opened) -> None:
    sqlite._LOG = SHORT_LOG
    random, done = Random(f"{seed} {number}"), _whole_lines(notes)
    notes.write_text("".join(done), encoding="utf-8")
    script = [_act(number, random) for _ in range(acts)]
    wrong = timedelta(seconds=random.uniform(-APART, APART))
    with _using(opened()) as table, notes.open("a", buffering=1, encoding="utf-8") as noted:
        muster = _product(table, wrong)
        for act in script[len(done) :]:
            noted.write(json.dumps([act, _answered(muster, act)]) + "\n")


def _whole_lines(notes: Path) -> list[str]:
    """Without one that a kill cut off."""
    lines = notes.read_text(encoding="utf-8").splitlines(keepends=True)
    return [line for line in lines if line.endswith("\n")]


def _act(number: int, random: Random) -> Act:
    milestone = random.choice(MILESTONES)
    if random.random() < 0.6:
        return Act("report", far_name("Shared", random.randrange(SHARED)), milestone)
    verbs: tuple[Verb, ...] = "report", "void", "restore"
    return Act(random.choice(verbs), far_name("Own", number), milestone)


def _product(table: Table, wrong: timedelta = timedelta()) -> Muster:
    begun = time.monotonic()
    return assemble(
        Settings(), table, lambda: FRIDAY_NOON + wrong + timedelta(seconds=time.monotonic() - begun)
    )


def _answered(muster: Muster, act: Act) -> str:
    """What a client is told in the end, who does it again as long as Muster is busy."""
    for _ in range(MOST_REPETITIONS):
        try:
            return _done(muster, act)
        except Busy:
            time.sleep(0.05)
        except (Conflict, NotFound) as error:
            return error.code
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told
            return f"raised {error!r}"
    return f"busy {MOST_REPETITIONS} times"


def _done(muster: Muster, act: Act) -> str:
    place = SERVER, ALLIANCES[len(set(act.commander)) % len(ALLIANCES)]
    if act.verb == "report":
        receipt = muster.reporting.report(ADMIN, act.commander, [act.milestone], *place, is_new=True)
        return receipt.results[0].status
    correct = muster.corrections.correct
    return correct(ADMIN, act.verb, act.commander, act.milestone, "a slip", *place).status


def _judge(table: Table, answers: Iterable[tuple[Act, str]], figures: Figures) -> None:
    """Compares what was answered with what the table holds. The answers about one's own commander come in order."""
    muster, found = _product(table), figures.found
    recorded: Counter[Act] = Counter()
    expected: set[tuple[str, str]] = set()
    ever: set[tuple[str, str]] = set()
    for act, answer in answers:
        figures.operations += 1
        one = act.commander, act.milestone
        recorded[act] += act.commander.startswith("Shared") and answer == "recorded"
        if answer.startswith(("busy", "raised")):
            found["5xx"].append(f"{act}: {answer}")
        elif answer in ("voided", "already_voided"):
            expected.discard(one)
        elif answer in ("recorded", "restored", "already_recorded"):
            expected.add(one)
            ever.add(one)
        elif one in ever or answer not in REFUSED[act.verb]:
            found["differences"].append(f"{act} was refused: {answer}")
    drifts = muster.refresh.refresh_totals().drifts
    held = _held(muster)
    twice = [f"{act} was recorded {times} times" for act, times in recorded.items() if times > 1]
    found["lost"] += [f"{milestone} of {commander}" for commander, milestone in expected - held]
    found["counted twice"] += twice
    found["counted twice"] += [f"{milestone} of {commander}" for commander, milestone in held - expected]
    differences = *drifts, *Transfer(table).miscounted(SERVER), *muster.ledger_pages.differences(SERVER)
    found["differences"] += map(str, differences)
    if isinstance(table, SQLiteTable):
        found["differences"] += table.damage()


def _held(muster: Muster) -> set[tuple[str, str]]:
    """What is on the cards, by name."""
    stores = muster.stores
    names = {one.id: one.name for alliance in ALLIANCES for one in stores.commanders.known(SERVER, alliance)}
    return {
        (names[card.commander], f"{event.id}/{milestone}")
        for event in stores.definitions.stored_events()
        for alliance in ALLIANCES
        for card in stores.completions.alliance_cards(SERVER, event.id, alliance, consistent=True)
        for milestone in card.completions
    }
