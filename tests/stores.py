"""The tables to test on: DynamoDB by the strict stand-in, SQLite in a file, SQLite in memory. Beside them DynamoDB by
moto over HTTP, for a second opinion on what both stand-ins do."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, get_args

import pytest

from chalicelib.bootstrap import dynamodb_table, sqlite_table
from chalicelib.store.dynamodb import CLIENT
from chalicelib.store.table import Table
from local.dynamodb import DynamoDB, table_definition
from local.strict_dynamodb import StrictDynamoDB

Store = Literal["dynamodb", "sqlite", "memory", "moto"]
TABLE_NAME = "muster-test"

on_every_store = pytest.mark.parametrize("store", ["dynamodb", "sqlite", "memory"])
on_every_stand_in_too = pytest.mark.parametrize("store", get_args(Store))
"""For what is asked of a table itself."""
on_a_file = pytest.mark.parametrize("store", ["sqlite"])
"""For tests in which another process, or another part of this one, opens the same table."""
on_dynamodb = pytest.mark.parametrize("store", ["dynamodb"])
"""For tests that make DynamoDB fail, or look at what it is asked."""


@dataclass(frozen=True)
class Opened:
    """A table that has just been made, and where it is."""

    table: Table
    dynamodb: StrictDynamoDB | None = None
    file: Path | None = None


@contextmanager
def opened(store: Store) -> Iterator[Opened]:
    """An empty table that never sleeps."""
    with ExitStack() as stack:
        if store == "dynamodb":
            dynamodb = StrictDynamoDB()
            stack.callback(dynamodb.stop)
            dynamodb.client().create_table(TableName=TABLE_NAME, **table_definition())
            table = dynamodb_table(TABLE_NAME, dynamodb.client(), lambda _: None)
            yield Opened(table, dynamodb=dynamodb)
        elif store == "moto":
            moto = DynamoDB(TABLE_NAME)
            moto.start()
            stack.callback(moto.stop)
            patiently = {**CLIENT, "max_pool_connections": 64, "read_timeout": 60}  # moto takes its time
            client = stack.enter_context(closing(moto.client(**patiently)))
            yield Opened(dynamodb_table(TABLE_NAME, client, lambda _: None))
        else:
            folder = Path(stack.enter_context(TemporaryDirectory()))
            file = folder / "muster.db" if store == "sqlite" else None
            table = stack.enter_context(closing(sqlite_table(file, lambda _: None)))
            yield Opened(table, file=file)
