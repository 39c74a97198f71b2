"""The only place that puts the parts together. Nothing is opened before the first request.

Nor is anything imported that a report does not need: a member may wait for a new process. Every other use case and
store is imported and made when it is first asked for.
"""

import math
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, cast

from chalicelib.services.directory import Directory
from chalicelib.services.joining import Joining
from chalicelib.services.recent_standings import RecentStandings
from chalicelib.services.reporting import Reporting
from chalicelib.services.rosters import Rosters
from chalicelib.services.tiers import Tiers
from chalicelib.settings import Settings
from chalicelib.start import uncollected
from chalicelib.store.access import AccessKeys
from chalicelib.store.cache import Cache
from chalicelib.store.commanders import Commanders
from chalicelib.store.completions import Completions
from chalicelib.store.definitions import Definitions
from chalicelib.store.joins import Joins
from chalicelib.store.ledger import Ledger
from chalicelib.store.table import Table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from chalicelib.news.post import Post
    from chalicelib.services.administration import Administration
    from chalicelib.services.bindings import Bindings
    from chalicelib.services.bulk_corrections import BulkCorrections
    from chalicelib.services.corrections import Corrections
    from chalicelib.services.counting import Counting
    from chalicelib.services.devices import Devices
    from chalicelib.services.discord import Discord
    from chalicelib.services.exports import Exports
    from chalicelib.services.guild_bindings import GuildBindings
    from chalicelib.services.imports import Imports
    from chalicelib.services.keys import Keys
    from chalicelib.services.ledger_pages import LedgerPages
    from chalicelib.services.member_pages import MemberPages
    from chalicelib.services.migrating import Migrating
    from chalicelib.services.news import News
    from chalicelib.services.overview import Overview
    from chalicelib.services.public_views import PublicViews
    from chalicelib.services.readings import GameReadings
    from chalicelib.services.refresh import Refresh
    from chalicelib.services.renormalising import Renormalising
    from chalicelib.services.sheet_edits import SheetEdits
    from chalicelib.services.sheet_queue import SheetQueue
    from chalicelib.services.webhook_settings import WebhookSettings
    from chalicelib.store.guilds import Guilds
    from chalicelib.store.readings import Readings
    from chalicelib.store.sheets import Sheets
    from chalicelib.store.sqlite import SQLiteTable
    from chalicelib.store.webhooks import Webhooks

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Stores:
    """What the table holds, by kind. Besides the use cases, commands that set up, move or check a deployment use it."""

    table: Table
    definitions: Definitions
    access_keys: AccessKeys
    commanders: Commanders
    completions: Completions
    ledger: Ledger
    _monotonic: Callable[[], float]

    @cached_property
    def readings(self) -> "Readings":
        from chalicelib.store.readings import Readings

        return Readings(self.table)

    @cached_property
    def guilds(self) -> "Guilds":
        from chalicelib.store.guilds import Guilds

        return Guilds(self.table, Cache(self._monotonic))

    @cached_property
    def sheets(self) -> "Sheets":
        from chalicelib.store.sheets import Sheets

        return Sheets(self.table)

    @cached_property
    def webhooks(self) -> "Webhooks":
        from chalicelib.store.webhooks import Webhooks

        return Webhooks(self.table)


@dataclass(frozen=True)
class Muster:
    """The assembled product: its use cases and its stores."""

    settings: Settings
    clock: Clock
    stores: Stores
    directory: Directory
    tiers: Tiers
    rosters: Rosters
    reporting: Reporting
    _joining: Joining
    _standings: RecentStandings
    _sleep: Callable[[float], None]
    _monotonic: Callable[[], float]
    checks: Mapping[str, Callable[[], bool]] = field(default_factory=dict)
    """What `/health` asks, by name: whether that part works. Empty where something else watches over the parts."""

    @cached_property
    def overview(self) -> "Overview":
        from chalicelib.services.overview import Overview

        return Overview(self.directory, self.stores.completions, self.clock)

    @cached_property
    def public_views(self) -> "PublicViews":
        from chalicelib.services.public_views import PublicViews

        return PublicViews(self.directory, self.overview, self._standings, self.clock)

    @cached_property
    def member_pages(self) -> "MemberPages":
        from chalicelib.services.member_pages import MemberPages

        return MemberPages(
            self.directory,
            self.overview,
            self.stores.completions,
            self.stores.commanders,
            self._standings,
            self.clock,
        )

    @cached_property
    def devices(self) -> "Devices":
        from chalicelib.services.devices import Devices

        return Devices(self.stores.access_keys)

    @cached_property
    def corrections(self) -> "Corrections":
        from chalicelib.services.corrections import Corrections

        return Corrections(
            self.directory,
            self.tiers,
            self.stores.commanders,
            self.stores.completions,
            self.stores.access_keys,
            self._standings,
            self.clock,
            self._sleep,
        )

    @cached_property
    def bulk_corrections(self) -> "BulkCorrections":
        from chalicelib.services.bulk_corrections import BulkCorrections
        from chalicelib.store.bulks import Bulks

        return BulkCorrections(
            self.directory,
            self.tiers,
            self.stores.commanders,
            self.stores.completions,
            self.stores.access_keys,
            self.stores.sheets,
            self.stores.guilds,
            Bulks(self.stores.table),
            self._joining,
            self._standings,
            self.clock,
            self._sleep,
            self._monotonic,
        )

    @cached_property
    def renormalising(self) -> "Renormalising":
        from chalicelib.services.renormalising import Renormalising

        return Renormalising(self.stores.definitions, self.stores.commanders, self.clock)

    @cached_property
    def imports(self) -> "Imports":
        from chalicelib.services.imports import Imports

        return Imports(
            self.directory,
            self.rosters,
            self.reporting,
            self.corrections,
            self.tiers,
            self.stores.commanders,
            self.stores.completions,
            self.clock,
            self._monotonic,
        )

    @cached_property
    def exports(self) -> "Exports":
        from chalicelib.services.exports import Exports

        stores = self.stores
        return Exports(self.directory, self.overview, stores.commanders, stores.completions, self.clock)

    @cached_property
    def readings(self) -> "GameReadings":
        from chalicelib.services.readings import GameReadings

        return GameReadings(
            self.directory,
            self.tiers,
            self.stores.completions,
            self.stores.readings,
            self.settings.reading_tolerance,
            self.clock,
            self._sleep,
        )

    @cached_property
    def ledger_pages(self) -> "LedgerPages":
        from chalicelib.services.ledger_pages import LedgerPages

        return LedgerPages(
            self.directory,
            self.stores.commanders,
            self.stores.completions,
            self.counting,
            self.stores.ledger,
            self.clock,
        )

    @cached_property
    def keys(self) -> "Keys":
        from chalicelib.services.keys import Keys

        return Keys(self.directory, self.stores.access_keys, self.clock)

    @cached_property
    def administration(self) -> "Administration":
        from chalicelib.services.administration import Administration

        return Administration(
            self.directory,
            self.stores.definitions,
            self.stores.completions,
            self.renormalising,
            self.clock,
            self._sleep,
        )

    @cached_property
    def counting(self) -> "Counting":
        from chalicelib.services.counting import Counting

        stores = self.stores
        return Counting(
            self.directory, stores.definitions, stores.completions, stores.access_keys, self.clock
        )

    @cached_property
    def refresh(self) -> "Refresh":
        from chalicelib.services.refresh import Refresh

        stores = self.stores
        return Refresh(
            self.directory, stores.definitions, self.counting, self.tiers, stores.completions, self.clock
        )

    @cached_property
    def bindings(self) -> "Bindings":
        from chalicelib.services.bindings import Bindings

        return Bindings(self.directory, self.stores.sheets, self.clock)

    @cached_property
    def guild_bindings(self) -> "GuildBindings":
        from chalicelib.services.guild_bindings import GuildBindings

        stores, public_key = self.stores, self.settings.discord_public_key
        return GuildBindings(
            self.directory, stores.guilds, stores.commanders, public_key, self.clock, self._sleep
        )

    @cached_property
    def discord(self) -> "Discord":
        from chalicelib.services.discord import Discord

        stores = self.stores
        return Discord(
            self.directory,
            self.reporting,
            self.rosters,
            stores.guilds,
            stores.commanders,
            stores.completions,
            self.clock,
            self._sleep,
        )

    @cached_property
    def sheet_edits(self) -> "SheetEdits":
        from chalicelib.services.sheet_edits import SheetEdits

        return SheetEdits(
            self.directory,
            self.tiers,
            self.corrections,
            self.rosters,
            self.readings,
            self.stores.commanders,
            self.stores.completions,
        )

    @cached_property
    def sheet_queue(self) -> "SheetQueue":
        from chalicelib.services.sheet_queue import SheetQueue
        from chalicelib.services.sheet_views import SheetViews
        from chalicelib.services.surveys import Surveys

        stores, directory = self.stores, self.directory
        surveys = Surveys(directory, stores.definitions, stores.completions, self.clock)
        views = SheetViews(directory, self.overview, stores.completions, stores.commanders, self.clock)
        signing_secret = stores.access_keys.signing_secret
        return SheetQueue(
            directory, surveys, views, stores.sheets, self.sheet_edits, signing_secret, self.clock
        )

    @cached_property
    def post(self) -> "Post":
        from chalicelib.news.post import Post

        return Post(self.settings.discord_api_url)

    @cached_property
    def news(self) -> "News":
        from chalicelib.news.messages import Messages
        from chalicelib.services.news import News
        from chalicelib.services.situations import Situations

        stores, directory, clock = self.stores, self.directory, self.clock
        completions, commanders = stores.completions, stores.commanders
        situations = Situations(
            directory, self.overview, self.exports, completions, commanders, stores.sheets, clock
        )
        messages = Messages(self.settings.public_url)
        return News(stores.webhooks, situations, messages, self.post, clock, self._monotonic)

    @cached_property
    def webhook_settings(self) -> "WebhookSettings":
        from chalicelib.services.webhook_settings import WebhookSettings

        return WebhookSettings(self.directory, self.stores.webhooks, self.post, self.clock)

    @cached_property
    def migrating(self) -> "Migrating":
        from chalicelib.services.migrating import Migrating

        return Migrating(self.stores.table, self.stores.definitions, self.renormalising)


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
    """The product on a table. It sleeps between attempts; `monotonic` counts the seconds of its caches and budgets."""
    stores = open_stores(table, monotonic)
    completions, commanders, access_keys = stores.completions, stores.commanders, stores.access_keys
    directory = Directory(stores.definitions, access_keys, clock)
    standings = RecentStandings(completions, monotonic)
    tiers = Tiers(directory, completions, standings, clock)
    joining = Joining(directory, commanders, Joins(table), clock)
    rosters = Rosters(
        directory,
        commanders,
        completions,
        access_keys,
        stores.ledger,
        standings,
        joining,
        lambda: stores.guilds,
        clock,
        sleep,
    )
    reporting = Reporting(directory, tiers, completions, commanders, rosters, joining, standings, clock)
    return Muster(
        settings,
        clock,
        stores,
        directory,
        tiers,
        rosters,
        reporting,
        joining,
        standings,
        sleep,
        monotonic,
    )


def open_stores(table: Table, monotonic: Callable[[], float]) -> Stores:
    return Stores(
        table=table,
        definitions=Definitions(table, Cache(monotonic)),
        access_keys=AccessKeys(table, Cache(monotonic)),
        commanders=Commanders(table),
        completions=Completions(table),
        ledger=Ledger(table),
        _monotonic=monotonic,
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
    """A client with the usual credentials and region, as boto3 makes it: but boto3 imports what S3 needs, too."""
    from botocore.config import Config
    from botocore.session import Session

    from chalicelib.store.dynamodb import CLIENT

    return cast("DynamoDBClient", Session().create_client("dynamodb", config=Config(**CLIENT)))


def muster() -> Muster:
    """The product of this process. It is assembled at first use, with settings from the environment."""
    global _muster
    if _muster is None:
        with uncollected():
            settings = Settings.from_environment(os.environ)
            _muster = assemble(settings, open_table(settings))
    return _muster


def use(product: Muster | None) -> None:
    """Makes `muster()` return `product`, for the demo and for tests. None: assemble again at the next use."""
    global _muster
    _muster = product


_muster: Muster | None = None
