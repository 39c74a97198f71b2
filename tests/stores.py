"""The tables to test on: DynamoDB by moto over HTTP, SQLite in a file, SQLite in memory."""

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
from local.dynamodb import DynamoDB

Store = Literal["dynamodb", "sqlite", "memory"]
STORES: tuple[Store, ...] = get_args(Store)
TABLE_NAME = "muster-test"

on_every_store = pytest.mark.parametrize("store", STORES)
on_a_file = pytest.mark.parametrize("store", ["sqlite"])
"""For tests in which another process, or another part of this one, opens the same table."""
on_dynamodb = pytest.mark.parametrize("store", ["dynamodb"])
"""For tests that make DynamoDB fail, or look at what it is asked."""


@dataclass(frozen=True)
class Opened:
    """A table that has just been made, and where it is."""

    table: Table
    dynamodb: DynamoDB | None = None
    file: Path | None = None


@contextmanager
def opened(store: Store) -> Iterator[Opened]:
    """An empty table that never sleeps."""
    with ExitStack() as stack:
        if store == "dynamodb":
            dynamodb = DynamoDB(TABLE_NAME)
            dynamodb.start()
            stack.callback(dynamodb.stop)
            patiently = {**CLIENT, "max_pool_connections": 64, "read_timeout": 60}  # moto takes its time
            client = dynamodb.client(**patiently)
            stack.callback(client.close)
            yield Opened(dynamodb_table(TABLE_NAME, client, lambda _: None), dynamodb=dynamodb)
        else:
            folder = Path(stack.enter_context(TemporaryDirectory()))
            file = folder / "muster.db" if store == "sqlite" else None
            table = stack.enter_context(closing(sqlite_table(file, lambda _: None)))
            yield Opened(table, file=file)
