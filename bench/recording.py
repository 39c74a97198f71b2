"""Recording a report in three ways: Muster, an item for each completion with a counter, and a document for each
alliance (`bench/peers/`). What each costs, and what each loses when reports meet, an answer is lost, a process ends.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from threading import Barrier, local
from typing import TYPE_CHECKING, Any, Protocol, cast

from bench.bills import Bill, Billed
from bench.busy import (
    ADMIN,
    ALLIANCE,
    ALLIANCES,
    EVERYTHING,
    FIRST_OF_EACH,
    FRIDAY_NOON,
    ROSTER,
    SERVER,
    TABLE,
    SetClock,
    fill,
    product,
)
from bench.peers.counters import Counters
from bench.peers.document import Documents
from bench.tables import Measurement
from chalicelib.catalog import load_catalog
from chalicelib.domain.roster import Alliance, Server
from local.dynamodb import table_definition
from local.strict_dynamodb import StrictDynamoDB

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

AT_ONCE = 20
"""How many commanders of one alliance report at the same time."""
WRITES = "put_item", "update_item", "transact_write_items"
EVENTS = [event.id for event in load_catalog()]
POINTS = 100
_HOW = f"""\
All record the same report of ten milestones of two events, by a commander who has two of them, on a server with
{ALLIANCES} alliances, where {ROSTER - 1} others of the same alliance have reported all ten; then the progress of one
event is read. Both peers are written as people write them, in `bench/peers/counters.py` and
`bench/peers/document.py`; the second once as most begin, and once with a version as a lock. They know no definitions,
windows, names, keys or tiers: they only record and count.

- *At once*: {AT_ONCE} commanders of one alliance report all ten, each in a process of its own, and nobody writes before
  all have come to their first write: how many of the {10 * AT_ONCE} completions, all of them acknowledged, are missing
  from the totals.
- *Answer lost*: one call is carried out but its answer gets lost, and the call is sent again, as boto3 does by itself.
  That is tried at each call of a report in turn: at how many of them the totals are wrong afterwards.
- *Process ends*: the process ends after one call, and the member sends the report again. Tried at each call in turn,
  too.

The arithmetic: a completion with its counter is 2 writes of one unit each, and 8 are new: 16. As a transaction, which
would not be wrong after a lost answer or process, it is twice that. A document is written whole, and each kB of it is a
unit: at 400 kB, the most that an item may have, it is full. With the lock, {AT_ONCE} at once may have to write up to
{AT_ONCE} × {AT_ONCE + 1} ÷ 2 = {AT_ONCE * (AT_ONCE + 1) // 2} times. Muster writes two cards and two sums in one
transaction, where each counts twice: 2 × 4 = 8. The two ledger entries, which no peer has, follow at the next recount.
That reads the alliance's cards once for all reports since the last: here it is one, the dearest case."""
_COLUMNS = (
    "what",
    "calls",
    "write units",
    "read units",
    "progress, read units",
    f"{AT_ONCE} at once: completions lost",
    "answer lost: wrong totals",
    "process ends: wrong totals",
    "what it loses",
)


class Program(Protocol):
    """Records reports for `ALLIANCE` of `SERVER` unless another is named."""

    def report(self, commander: str, milestones: Sequence[str], alliance: str = ALLIANCE) -> None: ...

    def points(self, event: str) -> int: ...


@dataclass(frozen=True, slots=True)
class Peer:
    _of: Counters | Documents

    def report(self, commander: str, milestones: Sequence[str], alliance: str = ALLIANCE) -> None:
        self._of.report(SERVER, alliance, commander, milestones, FRIDAY_NOON)

    def points(self, event: str) -> int:
        return self._of.progress(SERVER, event).get("points", 0)


class Ours:
    def __init__(self, client: Any, table: str) -> None:
        assert table == TABLE
        self.clock = SetClock(FRIDAY_NOON)
        self.muster = product(client, self.clock)

    def report(self, commander: str, milestones: Sequence[str], alliance: str = ALLIANCE) -> None:
        self.muster.reporting.report(ADMIN, commander, milestones, SERVER, alliance)

    def points(self, event: str) -> int:
        return self.muster.overview.progress(SERVER, event).points


LOSES = {
    "Muster": "nothing",
    "an item for each completion, and a counter": "right counters: whether they are cannot be seen in them",
    "a document for each alliance": "what others report at the same moment",
    "the same, with a version as a lock": "time and money: everybody waits for everybody, and writes all again",
}
PEERS: dict[str, Callable[[Any, str], Program]] = {
    "an item for each completion, and a counter": lambda client, table: Peer(Counters(client, table)),
    "a document for each alliance": lambda client, table: Peer(Documents(client, table)),
    "the same, with a version as a lock": lambda client, table: Peer(Documents(client, table, locked=True)),
}


def measure() -> Measurement:
    rows, least = [], 0
    for what, make in {"Muster": Ours, **PEERS}.items():
        report, progress, later = _costs(make)
        least = least or report.write_units
        writes = f"{report.write_units} ({report.write_units / least:.1f} ×)"
        calls, reads = f"{report.calls.total()}", f"{report.read_units:g}"
        harm = f"{lost_at_once(make)} of {10 * AT_ONCE}", *(f"{n} of {m}" for n, m in wrong_totals(make))
        rows.append((what, calls, writes, reads, f"{progress.read_units:g}", *harm, LOSES[what]))
        if later:
            units = f"{later.write_units}", f"{later.read_units:g}"
            rows.append(("its ledger entries, later", f"{later.calls.total()}", *units, *[""] * 5))
    return Measurement("Recording a report, in other ways", _HOW, _COLUMNS, rows)


def lost_at_once(make: Callable[[Any, str], Program], reporters: int = AT_ONCE) -> int:
    """How many completions are missing from the totals after so many commanders have reported at the same time."""
    commanders = [f"Commander{number:02}" for number in range(reporters)]
    database = small(commanders)
    client = Together(database.client(), reporters)
    programs = [make(client, TABLE) for _ in commanders]
    with ThreadPoolExecutor(reporters) as pool:
        done = [
            pool.submit(one.report, name, EVERYTHING) for one, name in zip(programs, commanders, strict=True)
        ]
    for each in done:
        each.result()
    return len(EVERYTHING) * reporters - _counted(make(database.client(), TABLE))


def wrong_totals(make: Callable[[Any, str], Program]) -> Iterator[tuple[int, int]]:
    """At how many calls, of how many, a lost answer leaves wrong totals; and the end of a process."""
    for fail in (_sent_twice, _ended):
        wrong = place = 0
        while True:
            database = small(["Commander00"])
            client = Failing(database.client(), place, fail)
            try:
                make(client, TABLE).report("Commander00", EVERYTHING)
            except Ended:
                make(database.client(), TABLE).report("Commander00", EVERYTHING)
            if client.calls <= place:
                break
            wrong += _counted(make(database.client(), TABLE)) != len(EVERYTHING)
            place += 1
        yield wrong, place


class Together:
    """A client for several threads, none of which writes before all have come to their first write."""

    def __init__(self, client: "DynamoDBClient", threads: int) -> None:
        self._client, self._barrier, self._mine = client, Barrier(threads), local()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name in WRITES and not hasattr(self._mine, "wrote"):
            self._mine.wrote = True
            self._barrier.wait()
        return cast("Callable[..., Any]", getattr(self._client, name))


class Ended(BaseException):
    """The process has ended."""


class Failing:
    """A client of which one call fails, in the way of `fail`: that after so many calls."""

    def __init__(self, client: "DynamoDBClient", after: int, fail: Callable[..., Any]) -> None:
        self._client, self._after, self._fail, self.calls = client, after, fail, 0

    def __getattr__(self, name: str) -> Callable[..., Any]:
        call = getattr(self._client, name)
        self.calls += 1
        return partial(self._fail, call) if self.calls == self._after + 1 else call


def _sent_twice(call: Callable[..., Any], **request: Any) -> Any:
    call(**request)
    return call(**request)


def _ended(call: Callable[..., Any], **request: Any) -> Any:
    call(**request)
    raise Ended


def _costs(make: Callable[[Any, str], Program]) -> tuple[Bill, Bill, Bill | None]:
    """Of a report, of progress, and for Muster of the ledger entries."""
    database = _empty()
    billed = Billed(database)
    program = make(billed, TABLE)
    if isinstance(program, Ours):
        fill(database.client())
    else:
        for number in range(ROSTER):
            program.report(f"Member{number:03}", FIRST_OF_EACH)
        for number in range(ALLIANCES):
            program.report(f"Commander{number:02}", EVERYTHING, f"alliance-{number:02}")
    for number in [*range(2, ROSTER), 0]:  # and so definitions and the standing are in the cache
        program.report(f"Member{number:03}", EVERYTHING)
    if isinstance(program, Ours):
        program.clock.now += timedelta(hours=1)
        program.muster.refresh.refresh_totals()
        program.clock.now += timedelta(hours=1)
    with billed.bill() as report:
        program.report("Member001", EVERYTHING)
    with billed.bill() as progress:
        program.points(EVENTS[0])
    if not isinstance(program, Ours):
        return report, progress, None
    with billed.bill() as later:
        program.muster.counting.bring_up(SERVER, ALLIANCE)
    return report, progress, later


def _counted(program: Program) -> int:
    return sum(program.points(event) for event in EVENTS) // POINTS


def _empty() -> StrictDynamoDB:
    database = StrictDynamoDB()
    database.client().create_table(TableName=TABLE, **table_definition())
    return database


def small(commanders: Sequence[str]) -> StrictDynamoDB:
    """A table with one alliance and its roster, who have not reported; for the peers, that is nothing."""
    database = _empty()
    muster = product(database.client())
    for event in load_catalog():
        muster.stores.definitions.put_event(event)
    muster.stores.definitions.put_server(Server(SERVER))
    muster.stores.definitions.put_alliance(Alliance(SERVER, ALLIANCE, "A00", "Alliance 00"))
    for name in commanders:
        muster.rosters.add(ADMIN, SERVER, ALLIANCE, name, is_new=True)
    return database


if __name__ == "__main__":
    print(measure().markdown())
