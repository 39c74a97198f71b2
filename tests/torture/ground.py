"""The stores to stand on, and what goes wrong with each of them."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, Literal, Protocol, TypeVar, get_args

from chalicelib.bootstrap import dynamodb_table, sqlite_table
from chalicelib.domain.errors import Busy
from chalicelib.store.dynamodb import DynamoDBTable
from chalicelib.store.keys import ItemKey
from chalicelib.store.table import Change, Item, Put, Table
from local.dynamodb import table_definition
from local.strict_dynamodb import Chaos, FaultKind, StrictDynamoDB
from tests.stores import TABLE_NAME

T = TypeVar("T")

StoreName = Literal["dynamodb", "sqlite"]
STORES: tuple[StoreName, ...] = get_args(StoreName)
Faults = Counter[tuple[str, FaultKind]]
"""By operation and kind."""

HOLD = 0.0005
"""Seconds for which a transaction of DynamoDB's holds its items where there are several players."""


class Ground(Protocol):
    """A store whose calls suffer faults with the probability that `chaos` has."""

    chaos: Chaos
    usual: float
    storm: float
    """The probability of a fault as a rule, and in a bad moment."""

    def table(self) -> Table:
        """As another process has it."""

    def quiet_table(self) -> Table:
        """The same, but nothing happens to it."""

    def let_time_pass(self) -> None:
        """What is under way is done, and what was written is seen by all."""

    def begin_races(self) -> None:
        """From now on writes of several threads can meet."""

    def end_races(self) -> None: ...

    @property
    def calls(self) -> int: ...

    @property
    def faults(self) -> Faults: ...


@contextmanager
def opened(
    store: StoreName, random: Random, now: Callable[[], float], sleep: Callable[[float], None]
) -> Iterator[Ground]:
    """An empty one. `now` are the seconds by which the store itself goes; `sleep` is for pauses between attempts."""
    if store == "dynamodb":
        yield OnDynamoDB(random, now, sleep)
        return
    with TemporaryDirectory() as folder, closing(OnSQLite(random, Path(folder), sleep)) as ground:
        yield ground


class OnDynamoDB:
    """The strict stand-in: all that it can do goes wrong, at every call, before or after its effect."""

    usual, storm = 0.08, 0.7

    def __init__(self, random: Random, now: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self.chaos = Chaos(Random(random.random()), 0.0)
        self._dynamodb = StrictDynamoDB(now, Random(random.random()))
        self._dynamodb.client().create_table(TableName=TABLE_NAME, **table_definition())
        self._dynamodb.chaos = self.chaos
        self._sleep = sleep

    def table(self) -> Table:
        """With one query at a time: else chance would decide which of several at once suffers what."""
        return DynamoDBTable(self._dynamodb.client(), TABLE_NAME, self._sleep, at_once=1)

    def quiet_table(self) -> Table:
        return dynamodb_table(TABLE_NAME, self._dynamodb.quiet_client(), self._sleep)

    def let_time_pass(self) -> None:
        self._dynamodb.let_time_pass()

    def begin_races(self) -> None:
        self._dynamodb.database.hold = lambda: time.sleep(HOLD)

    def end_races(self) -> None:
        self._dynamodb.database.hold = None

    @property
    def calls(self) -> int:
        return self._dynamodb.count

    @property
    def faults(self) -> Faults:
        return self._dynamodb.suffered


class OnSQLite:
    """A file, which each process opens for itself. It does not lose answers, but whoever has it may be Busy, before a
    call or, which is the worst that the contract of the table allows, after it. Nothing here is tried again below the
    request, so there is less of it."""

    usual, storm = 0.02, 0.2

    def __init__(self, random: Random, folder: Path, sleep: Callable[[float], None]) -> None:
        self.chaos = Chaos(Random(random.random()), 0.0, ("throttled", "lost_answer"))
        self.calls = 0
        self.faults: Faults = Counter()
        self._file, self._sleep = folder / "muster.db", sleep
        self._opened: list[Any] = []

    def table(self) -> Table:
        return Troubled(self.quiet_table(), self._trouble)

    def quiet_table(self) -> Table:
        self._opened.append(sqlite_table(self._file, self._sleep))
        table: Table = self._opened[-1]
        return table

    def let_time_pass(self) -> None:
        """Every read is of the latest, and nothing is under way."""

    def begin_races(self) -> None:
        """Threads always meet in the file."""

    def end_races(self) -> None:
        """They did."""

    def close(self) -> None:
        for table in self._opened:
            table.close()

    def _trouble(self, operation: str) -> FaultKind | None:
        self.calls += 1
        kind = self.chaos(operation)
        if kind:
            self.faults[operation, kind] += 1
        return kind


class Troubled:
    """A table that is Busy at times: before a call, or after it."""

    def __init__(self, table: Table, trouble: Callable[[str], FaultKind | None]) -> None:
        self._table, self._trouble = table, trouble

    def get(self, key: ItemKey, *, consistent: bool = False) -> Item | None:
        return self._call("GetItem", lambda: self._table.get(key, consistent=consistent))

    def get_many(self, keys: Sequence[ItemKey], *, consistent: bool = False) -> dict[ItemKey, Item]:
        return self._call("BatchGetItem", lambda: self._table.get_many(keys, consistent=consistent))

    def query(self, partition: str, prefix: str = "", *, consistent: bool = False) -> Iterator[Item]:
        return self._call("Query", lambda: self._table.query(partition, prefix, consistent=consistent))

    def query_each(self, wanted: Sequence[tuple[str, str]], *, consistent: bool = False) -> list[list[Item]]:
        return self._call("Query", lambda: self._table.query_each(wanted, consistent=consistent))

    def latest(self, partition: str, before: str | None, limit: int, index: str | None = None) -> list[Item]:
        return self._call("Query", lambda: self._table.latest(partition, before, limit, index))

    def scan(self) -> Iterator[Item]:
        return self._call("Scan", self._table.scan)

    def put_many(self, puts: Sequence[Put]) -> None:
        self._call("BatchWriteItem", lambda: self._table.put_many(puts))

    def write(self, change: Change) -> None:
        self._call("UpdateItem", lambda: self._table.write(change))

    def transact(self, changes: Sequence[Change]) -> None:
        self._call("TransactWriteItems", lambda: self._table.transact(changes))

    def _call(self, operation: str, call: Callable[[], T]) -> T:
        kind = self._trouble(operation)
        if kind == "throttled":
            raise Busy
        answer = call()
        if kind:
            raise Busy
        return answer
