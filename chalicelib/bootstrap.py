"""The one place that puts the parts together. Nothing is opened before the first request."""

import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from chalicelib.services.administration import Administration
from chalicelib.services.corrections import Corrections
from chalicelib.services.directory import Directory
from chalicelib.services.exports import Exports
from chalicelib.services.imports import Imports
from chalicelib.services.keys import Keys
from chalicelib.services.ledger_pages import LedgerPages
from chalicelib.services.member_pages import MemberPages
from chalicelib.services.overview import Overview
from chalicelib.services.readings import GameReadings
from chalicelib.services.refresh import Refresh
from chalicelib.services.renormalising import Renormalising
from chalicelib.services.reporting import Reporting
from chalicelib.services.reports import Reports
from chalicelib.services.rosters import Rosters
from chalicelib.services.sheets import Bindings, BoundSheets
from chalicelib.services.standings import RecentStandings
from chalicelib.settings import Settings
from chalicelib.store.access import AccessKeys
from chalicelib.store.commanders import Commanders
from chalicelib.store.completions import Completions
from chalicelib.store.definitions import Definitions
from chalicelib.store.ledger import Ledger
from chalicelib.store.readings import Readings
from chalicelib.store.sheets import Sheets
from chalicelib.store.table import Table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Muster:
    """The assembled product: its use cases, and the stores that a new deployment is begun with."""

    settings: Settings
    clock: Clock
    directory: Directory
    overview: Overview
    reporting: Reporting
    corrections: Corrections
    rosters: Rosters
    renormalising: Renormalising
    imports: Imports
    exports: Exports
    readings: GameReadings
    ledger: LedgerPages
    keys: Keys
    administration: Administration
    member_pages: MemberPages
    refresh: Refresh
    bindings: Bindings
    bound_sheets: BoundSheets
    definitions: Definitions
    access_keys: AccessKeys
    sheets: Sheets
    table: Table


def system_clock() -> datetime:
    return datetime.now(UTC)


def seconds_left(lambda_context: object) -> Callable[[], float]:
    """The time that a Lambda function has left, as its context tells; unbounded where there is none."""
    in_millis = getattr(lambda_context, "get_remaining_time_in_millis", None)
    return lambda: in_millis() / 1000 if in_millis else math.inf


def assemble(
    settings: Settings,
    client: "DynamoDBClient",
    clock: Clock = system_clock,
    sleep: Callable[[float], None] = time.sleep,
) -> Muster:
    table = Table(client, settings.table_name)
    definitions, access_keys = Definitions(table, time.monotonic), AccessKeys(table, time.monotonic)
    completions, commanders, sheets = Completions(table), Commanders(table), Sheets(table)
    entries = Ledger(table)
    directory = Directory(definitions, access_keys, clock)
    standings = RecentStandings(completions, time.monotonic)
    overview = Overview(directory, completions, standings, clock)
    rosters = Rosters(directory, commanders, completions, access_keys, entries, standings, clock, sleep)
    reporting = Reporting(directory, overview, completions, commanders, rosters, standings, clock, sleep)
    ledger = LedgerPages(directory, commanders, completions, access_keys, entries, clock)
    renormalising = Renormalising(definitions, commanders, clock)
    reports = Reports(directory, overview, definitions, completions, commanders, clock)
    return Muster(
        settings=settings,
        clock=clock,
        directory=directory,
        overview=overview,
        reporting=reporting,
        corrections=Corrections(
            directory, overview, commanders, completions, access_keys, standings, clock, sleep
        ),
        rosters=rosters,
        renormalising=renormalising,
        imports=Imports(directory, rosters, reporting, commanders, completions, clock),
        exports=Exports(directory, overview, commanders, completions, clock),
        readings=GameReadings(
            directory, overview, completions, Readings(table), settings.reading_tolerance, clock, sleep
        ),
        ledger=ledger,
        keys=Keys(directory, access_keys, clock),
        administration=Administration(directory, definitions, completions, ledger, renormalising, clock),
        member_pages=MemberPages(directory, overview, completions, commanders, clock),
        refresh=Refresh(definitions, overview, completions, access_keys, clock),
        bindings=Bindings(directory, sheets, clock),
        bound_sheets=BoundSheets(directory, definitions, completions, reports, sheets, clock),
        definitions=definitions,
        access_keys=access_keys,
        sheets=sheets,
        table=table,
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
