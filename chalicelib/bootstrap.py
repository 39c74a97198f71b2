"""The only place that puts the parts together. Nothing is opened before the first request."""

import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from chalicelib.services.administration import Administration
from chalicelib.services.bindings import Bindings
from chalicelib.services.bulk_corrections import BulkCorrections
from chalicelib.services.corrections import Corrections
from chalicelib.services.counting import Counting
from chalicelib.services.devices import Devices
from chalicelib.services.directory import Directory
from chalicelib.services.exports import Exports
from chalicelib.services.imports import Imports
from chalicelib.services.joining import Joining
from chalicelib.services.keys import Keys
from chalicelib.services.ledger_pages import LedgerPages
from chalicelib.services.member_pages import MemberPages
from chalicelib.services.migrating import Migrating
from chalicelib.services.overview import Overview
from chalicelib.services.readings import GameReadings
from chalicelib.services.recent_standings import RecentStandings
from chalicelib.services.refresh import Refresh
from chalicelib.services.renormalising import Renormalising
from chalicelib.services.reporting import Reporting
from chalicelib.services.rosters import Rosters
from chalicelib.services.sheet_edits import SheetEdits
from chalicelib.services.sheet_queue import SheetQueue
from chalicelib.services.sheet_views import SheetViews
from chalicelib.services.tiers import Tiers
from chalicelib.settings import Settings
from chalicelib.store.access import AccessKeys
from chalicelib.store.bulks import Bulks
from chalicelib.store.cache import Cache
from chalicelib.store.commanders import Commanders
from chalicelib.store.completions import Completions
from chalicelib.store.definitions import Definitions
from chalicelib.store.joins import Joins
from chalicelib.store.ledger import Ledger
from chalicelib.store.readings import Readings
from chalicelib.store.sheets import Sheets
from chalicelib.store.table import Table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from chalicelib.store.sqlite import SQLiteTable

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Stores:
    """What the table holds, by kind. Besides the use cases, commands that set up, move or check a deployment use it."""

    table: Table
    definitions: Definitions
    access_keys: AccessKeys
    commanders: Commanders
    completions: Completions
    readings: Readings
    ledger: Ledger
    sheets: Sheets


@dataclass(frozen=True, slots=True)
class Muster:
    """The assembled product: its use cases and its stores."""

    settings: Settings
    clock: Clock
    directory: Directory
    overview: Overview
    reporting: Reporting
    corrections: Corrections
    bulk_corrections: BulkCorrections
    devices: Devices
    rosters: Rosters
    renormalising: Renormalising
    imports: Imports
    exports: Exports
    readings: GameReadings
    ledger_pages: LedgerPages
    keys: Keys
    administration: Administration
    member_pages: MemberPages
    refresh: Refresh
    bindings: Bindings
    sheet_edits: SheetEdits
    sheet_queue: SheetQueue
    tiers: Tiers
    counting: Counting
    migrating: Migrating
    stores: Stores


def system_clock() -> datetime:
    return datetime.now(UTC)


def seconds_left(lambda_context: object) -> Callable[[], float]:
    """How many seconds a Lambda function has left, by its context; infinite without a context."""
    in_millis = getattr(lambda_context, "get_remaining_time_in_millis", None)
    return lambda: in_millis() / 1000 if in_millis else math.inf


def assemble(
    settings: Settings,
    table: Table,
    clock: Clock = system_clock,
    sleep: Callable[[float], None] = time.sleep,
    monotonic: Callable[[], float] = time.monotonic,
) -> Muster:
    stores = open_stores(table, monotonic)
    completions, commanders, access_keys = stores.completions, stores.commanders, stores.access_keys
    directory = Directory(stores.definitions, access_keys, clock)
    standings = RecentStandings(completions, monotonic)
    overview = Overview(directory, completions, clock)
    tiers = Tiers(directory, completions, standings, clock)
    joining = Joining(directory, commanders, Joins(table), clock)
    rosters = Rosters(
        directory, commanders, completions, access_keys, stores.ledger, standings, joining, clock, sleep
    )
    reporting = Reporting(directory, tiers, completions, commanders, rosters, joining, standings, clock)
    corrections = Corrections(directory, tiers, commanders, completions, access_keys, standings, clock, sleep)
    counting = Counting(directory, stores.definitions, completions, access_keys, clock)
    ledger_pages = LedgerPages(directory, commanders, completions, counting, stores.ledger, clock)
    renormalising = Renormalising(stores.definitions, commanders, clock)
    readings = GameReadings(
        directory, tiers, completions, stores.readings, settings.reading_tolerance, clock, sleep
    )
    views = SheetViews(directory, overview, stores.definitions, completions, commanders, clock)
    return Muster(
        settings=settings,
        clock=clock,
        directory=directory,
        overview=overview,
        reporting=reporting,
        corrections=corrections,
        devices=Devices(access_keys),
        bulk_corrections=BulkCorrections(
            directory,
            tiers,
            commanders,
            completions,
            access_keys,
            stores.sheets,
            Bulks(table),
            joining,
            standings,
            clock,
            sleep,
            monotonic,
        ),
        rosters=rosters,
        renormalising=renormalising,
        imports=Imports(
            directory, rosters, reporting, corrections, tiers, commanders, completions, clock, monotonic
        ),
        exports=Exports(directory, overview, commanders, completions, clock),
        readings=readings,
        ledger_pages=ledger_pages,
        keys=Keys(directory, access_keys, clock),
        administration=Administration(
            directory, stores.definitions, completions, renormalising, clock, sleep
        ),
        member_pages=MemberPages(directory, overview, completions, commanders, clock),
        refresh=Refresh(stores.definitions, counting, tiers, completions, clock),
        bindings=Bindings(directory, stores.sheets, clock),
        sheet_edits=SheetEdits(directory, tiers, corrections, rosters, readings, commanders, completions),
        sheet_queue=SheetQueue(directory, stores.definitions, completions, views, stores.sheets, clock),
        tiers=tiers,
        counting=counting,
        migrating=Migrating(table, stores.definitions, renormalising),
        stores=stores,
    )


def open_stores(table: Table, monotonic: Callable[[], float]) -> Stores:
    return Stores(
        table=table,
        definitions=Definitions(table, Cache(monotonic)),
        access_keys=AccessKeys(table, Cache(monotonic)),
        commanders=Commanders(table),
        completions=Completions(table),
        readings=Readings(table),
        ledger=Ledger(table),
        sheets=Sheets(table),
    )


def open_table(settings: Settings) -> Table:
    """The table that the settings name. Only its own module is imported. Raises CannotOpen for a SQLite file."""
    if settings.database:
        return sqlite_table(settings.database)
    if settings.table_name:
        return dynamodb_table(settings.table_name)
    raise ValueError("the settings name no table")


def sqlite_table(file: Path | None, sleep: Callable[[float], None] = time.sleep) -> "SQLiteTable":
    """A table in that file, or in memory if None. It sleeps while another process has the file. Raises CannotOpen."""
    from chalicelib.store.sqlite import SQLiteTable

    return SQLiteTable(file, sleep)


def dynamodb_table(
    name: str, client: "DynamoDBClient | None" = None, sleep: Callable[[float], None] = time.sleep
) -> Table:
    """A table in DynamoDB. It sleeps between its attempts at a call."""
    from chalicelib.store.dynamodb import DynamoDBTable  # brings botocore

    return DynamoDBTable(client or dynamodb(), name, sleep)


def dynamodb() -> "DynamoDBClient":
    import boto3
    from botocore.config import Config

    from chalicelib.store.dynamodb import CLIENT

    return boto3.client("dynamodb", config=Config(**CLIENT))


def muster() -> Muster:
    """The product of this process. It is assembled at first use, with settings from the environment."""
    global _muster
    if _muster is None:
        settings = Settings.from_environment(os.environ)
        _muster = assemble(settings, open_table(settings))
    return _muster


def use(product: Muster | None) -> None:
    """Makes `muster()` return `product`, for the demo and for tests. None: assemble again at the next use."""
    global _muster
    _muster = product


_muster: Muster | None = None
