"""A small world to test in: a server, two alliances, the November 2023 events, and a clock set by hand."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from chalicelib.bootstrap import Muster, assemble
from chalicelib.catalog import load_catalog
from chalicelib.domain.access import Key, Role, key_id, new_secret, secret_hash
from chalicelib.domain.roster import Alliance, Server
from chalicelib.news.post import Post
from chalicelib.settings import Settings
from chalicelib.store.cache import CACHE_SECONDS
from chalicelib.store.table import Table
from local.strict_dynamodb import StrictDynamoDB
from tests.discord import PUBLIC_KEY
from tests.stores import TABLE_NAME, Opened, Store, opened

DEFENDERS = "2023-11-defenders-of-peace"
ARCHITECTS = "2023-11-architects-of-chaos"
HIDDEN_MOTIVATIONS = f"{DEFENDERS}/hidden-motivations"
CONFRONTING_RESILIENCE = f"{ARCHITECTS}/confronting-resilience"
ENLISTING_OLD_ALLIES = f"{DEFENDERS}/enlisting-old-allies"
ASSEMBLING_THE_RESISTANCE = f"{DEFENDERS}/assembling-the-resistance"
WEDNESDAY_NOON = datetime(2023, 11, 15, 12, tzinfo=UTC)

SETTINGS = Settings(TABLE_NAME, discord_public_key=PUBLIC_KEY)

SERVER = Server("101")
NOVA = Alliance("101", "nova", "NOVA", "Nova Guard")
ORBIT = Alliance("101", "orbit", "ØRB", "Orbit Watch", is_open=False)


def _nowhere(_: str) -> list[str]:
    raise OSError


OFFLINE = Post(resolve=_nowhere)
"""No test sends anything out of this machine."""


class HandClock:
    """Stands still until it is set."""

    def __init__(self, now: datetime = WEDNESDAY_NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **span: float) -> None:
        self.now += timedelta(**span)


class HandSeconds:
    """The seconds that processes count for their caches: they pass when told."""

    seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds

    def pass_cache(self) -> None:
        """What is cached is forgotten."""
        self.seconds += CACHE_SECONDS


@dataclass
class World:
    muster: Muster
    clock: HandClock
    seconds: HandSeconds
    place: Opened
    _keys: dict[tuple[Role, str | None, str | None], Key] = field(default_factory=dict)

    @property
    def dynamodb(self) -> StrictDynamoDB:
        """To make it fail, and to see what it was asked. Only in a world on DynamoDB."""
        assert self.place.dynamodb, "this world is on SQLite"
        return self.place.dynamodb

    def secret(
        self,
        role: Role = "member",
        server: str | None = "101",
        alliance: str | None = "nova",
        expires_at: datetime | None = None,
        revoked_at: datetime | None = None,
    ) -> str:
        """A new key's secret."""
        secret = new_secret()
        identity = key_id(secret_hash(secret))
        key = Key(identity, role, f"test {role}", server, alliance, self.clock(), expires_at, revoked_at)
        self.muster.stores.access_keys.put(secret, key)
        return secret

    def process(
        self,
        table: Table | None = None,
        settings: Settings | None = None,
        clock: Callable[[], datetime] | None = None,
        sleep: Callable[[float], None] = lambda _: None,
    ) -> Muster:
        """The product as another process has it, with caches of its own; on the same table, if no other is given."""
        settings = settings or SETTINGS
        return assemble(settings, table or self.muster.stores.table, clock or self.clock, sleep, self.seconds)

    def add_alliance(self, identity: str, *, is_open: bool = True, server: str = "101") -> None:
        """One more."""
        alliance = Alliance(server, identity, identity[:4].upper(), identity.title(), is_open)
        self.muster.stores.definitions.put_alliance(alliance)

    def key(self, role: Role = "member", server: str | None = "101", alliance: str | None = "nova") -> Key:
        """The same one each time."""
        scope = role, server, alliance
        if scope not in self._keys:
            self._keys[scope] = self.muster.directory.key(self.secret(*scope))
        return self._keys[scope]


@contextmanager
def new_world(store: Store = "memory") -> Iterator[World]:
    with opened(store) as place:
        clock, seconds = HandClock(), HandSeconds()
        muster = assemble(SETTINGS, place.table, clock, lambda _: None, seconds)
        for event in load_catalog():
            muster.stores.definitions.put_event(event)
        muster.stores.definitions.put_server(SERVER)
        for alliance in (NOVA, ORBIT):
            muster.stores.definitions.put_alliance(alliance)
        vars(muster)["post"] = OFFLINE
        yield World(muster, clock, seconds, place)
