"""A small world to test in: a server, two alliances, the November 2023 events, and a clock set by hand."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from chalicelib.bootstrap import Muster, assemble
from chalicelib.catalog import load_catalog
from chalicelib.domain.access import Key, Role, key_id, new_secret, secret_hash
from chalicelib.domain.roster import Alliance, Server
from chalicelib.settings import Settings
from local.dynamodb import DynamoDB

DEFENDERS = "2023-11-defenders-of-peace"
ARCHITECTS = "2023-11-architects-of-chaos"
HIDDEN_MOTIVATIONS = f"{DEFENDERS}/hidden-motivations"
CONFRONTING_RESILIENCE = f"{ARCHITECTS}/confronting-resilience"
ENLISTING_OLD_ALLIES = f"{DEFENDERS}/enlisting-old-allies"
ASSEMBLING_THE_RESISTANCE = f"{DEFENDERS}/assembling-the-resistance"
WEDNESDAY_NOON = datetime(2023, 11, 15, 12, tzinfo=UTC)

SERVER = Server("101")
NOVA = Alliance("101", "nova", "NOVA", "Nova Guard")
ORBIT = Alliance("101", "orbit", "ØRB", "Orbit Watch", is_open=False)


class HandClock:
    """Stands still until it is set."""

    def __init__(self, now: datetime = WEDNESDAY_NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **span: float) -> None:
        self.now += timedelta(**span)


@dataclass
class World:
    muster: Muster
    clock: HandClock
    dynamodb: DynamoDB
    _keys: dict[tuple[Role, str | None, str | None], Key] = field(default_factory=dict)

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
        self.muster.access_keys.put(secret, key)
        return secret

    def add_alliance(self, identity: str, *, is_open: bool = True, server: str = "101") -> None:
        """One more."""
        alliance = Alliance(server, identity, identity[:4].upper(), identity.title(), is_open)
        self.muster.definitions.put_alliance(alliance)

    def key(self, role: Role = "member", server: str | None = "101", alliance: str | None = "nova") -> Key:
        """The same one each time."""
        scope = role, server, alliance
        if scope not in self._keys:
            self._keys[scope] = self.muster.directory.key(self.secret(*scope))
        return self._keys[scope]


@contextmanager
def new_world() -> Iterator[World]:
    dynamodb = DynamoDB("muster-test")
    dynamodb.start()
    clock = HandClock()
    client = dynamodb.client(max_pool_connections=64, retries={"mode": "standard", "total_max_attempts": 3})
    muster = assemble(Settings("muster-test"), client, clock, sleep=lambda _: None)
    for event in load_catalog():
        muster.definitions.put_event(event)
    muster.definitions.put_server(SERVER)
    for alliance in (NOVA, ORBIT):
        muster.definitions.put_alliance(alliance)
    try:
        yield World(muster, clock, dynamodb)
    finally:
        client.close()
        dynamodb.stop()
