"""The one place that puts the parts together. Nothing is opened before the first request."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from chalicelib.services.directory import Directory
from chalicelib.services.member_pages import MemberPages
from chalicelib.services.overview import Overview
from chalicelib.services.refresh import Refresh
from chalicelib.services.reporting import Reporting
from chalicelib.services.reports import Reports
from chalicelib.services.sheets import Bindings, BoundSheets
from chalicelib.services.standings import RecentStandings
from chalicelib.settings import Settings
from chalicelib.store.completions import Completions
from chalicelib.store.definitions import Definitions
from chalicelib.store.sheets import Sheets
from chalicelib.store.table import Table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Muster:
    """The assembled product: its use cases, and the two stores that operators write to."""

    settings: Settings
    directory: Directory
    overview: Overview
    reporting: Reporting
    member_pages: MemberPages
    refresh: Refresh
    bindings: Bindings
    bound_sheets: BoundSheets
    definitions: Definitions
    sheets: Sheets
    clock: Clock


def system_clock() -> datetime:
    return datetime.now(UTC)


def assemble(
    settings: Settings,
    client: "DynamoDBClient",
    clock: Clock = system_clock,
    sleep: Callable[[float], None] = time.sleep,
) -> Muster:
    table = Table(client, settings.table_name)
    definitions, completions, sheets = Definitions(table, time.monotonic), Completions(table), Sheets(table)
    directory = Directory(definitions, clock)
    standings = RecentStandings(completions, time.monotonic)
    overview = Overview(directory, completions, standings, clock)
    reports = Reports(directory, overview, definitions, completions, clock)
    return Muster(
        settings=settings,
        directory=directory,
        overview=overview,
        reporting=Reporting(directory, overview, completions, standings, clock, sleep),
        member_pages=MemberPages(directory, overview, completions, clock),
        refresh=Refresh(definitions, overview, completions, clock),
        bindings=Bindings(directory, sheets),
        bound_sheets=BoundSheets(directory, definitions, completions, reports, sheets, clock),
        definitions=definitions,
        sheets=sheets,
        clock=clock,
    )


def dynamodb() -> "DynamoDBClient":
    """A client with bounded retries and short timeouts: a member waits for the answer."""
    import boto3
    from botocore.config import Config

    retries = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})
    return boto3.client("dynamodb", config=retries)


def muster() -> Muster:
    """The product of this process, from its environment; assembled at first use."""
    global _muster
    if _muster is None:
        _muster = assemble(Settings.from_environment(os.environ), dynamodb())
    return _muster


def use(product: Muster | None) -> None:
    """Makes `muster()` give this one: for the demo's clock and for tests. None: assemble anew at the next use."""
    global _muster
    _muster = product


_muster: Muster | None = None
