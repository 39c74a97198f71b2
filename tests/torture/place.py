"""Where it happens: one table, several products on it whose clocks are wrong, and keys for everybody."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from threading import Condition

from chalicelib.bootstrap import Muster, assemble
from chalicelib.catalog import load_catalog
from chalicelib.domain.access import Key, Role, key_id, new_secret, secret_hash
from chalicelib.domain.due import Due
from chalicelib.domain.news import TIMES, kind_of
from chalicelib.domain.roster import Alliance, Server
from chalicelib.domain.webhooks import DISCORD, Webhook
from chalicelib.news.post import Answer
from chalicelib.store.table import Table
from tests.torture.ground import Ground, StoreName, opened
from tests.torture.model import Person
from tests.world import SETTINGS, WEDNESDAY_NOON, HandClock, HandSeconds

SERVERS = {"101": ("nova", "vega", "orbit"), "202": ("lyra",)}
ROUND = 8
"""Reports by whoever plays of one commander whom all report; then it is another's turn."""
APART = (-30, 0, 17, 30)
"""Seconds by which the clocks of the products are wrong."""

LONGEST_REQUEST = timedelta(seconds=29)

Scope = tuple[Role, str | None, str | None]


@dataclass
class Run:
    """A run of the sync that has begun; what it leased. It is ended at `until`, by its own clock."""

    token: str
    product: Muster
    until: datetime
    sheets: list[Due] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Whether it may still be at the sheets."""
        return self.product.clock() < self.until

    def has(self, spreadsheet: str) -> bool:
        return any(due.sheet.spreadsheet_id == spreadsheet for due in self.sheets)


class Messenger:
    """What takes the news, in the place of Discord and of programs: most of the time. `arrived`: how often a message
    did."""

    discord_api_url = DISCORD

    def __init__(self, random: Random) -> None:
        self._random = random
        self.arrived: Counter[str] = Counter()

    def send(self, webhook: Webhook, content: object, message: str, at: datetime, *_: object) -> Answer:
        number = self._random.random()
        if number < 0.05:
            return Answer("later", retry_after=self._random.choice([None, 90]), reason="not now")
        if number < 0.1:
            return Answer("unknown", reason="cut before it arrived")
        if number < 0.12:
            return Answer(self._random.choice(["refused", "gone"]), reason="no")
        self.arrived[message] += 1
        if number < 0.2:
            return Answer("unknown", reason="cut after it had arrived")
        return Answer("delivered", "7")

    def obstacle(self, webhook: Webhook) -> str | None:
        """None: the address is public."""

    def told_twice(self) -> list[str]:
        """Messages that may come once at most, and came again."""
        return [
            message
            for message, times in self.arrived.items()
            if times > 1 and TIMES[kind_of(message.partition("/")[2])] == "at most once"
        ]


@dataclass
class Place:
    """`quiet` is a product whose clock is right and to which nothing happens: it looks after the others."""

    ground: Ground
    clock: HandClock
    seconds: HandSeconds
    products: list[Muster]
    quiet: Muster
    secrets: dict[Scope, str]
    messenger: "Messenger"
    webhooks: dict[str, bool] = field(default_factory=dict)
    """Those that were added, by id: whether they should still be there."""
    together: dict[str, Person] = field(default_factory=dict)
    """Commanders of `101` whom all players report at once, by id."""
    moved: set[str] = field(default_factory=set)
    """The names of those of them who may have been moved, in lower case."""
    recorded: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often it was answered that a milestone is now recorded, of those."""
    runs: list[Run] = field(default_factory=list)
    """Of the sync, by whichever player, that have not ended."""
    lock: Condition = field(default_factory=Condition)
    _turn: int = 0
    _under_way: dict[str, datetime] = field(default_factory=dict)
    """Since when each player is at a use case."""

    @contextmanager
    def under_way(self, player: str, seconds: float) -> Iterator[None]:
        """In the `with` block that player is at a use case, which begins when so much time has passed. Time waits for
        whoever would be at one for longer than a request may take."""
        passed = timedelta(seconds=seconds)

        def has_come() -> bool:
            return all(self.clock() + passed <= at + LONGEST_REQUEST for at in self._under_way.values())

        with self.lock:
            self.lock.wait_for(has_come)
            self.clock.advance(seconds=seconds)
            self.seconds.seconds += seconds
            self._under_way[player] = self.clock()
        try:
            yield
        finally:
            with self.lock:
                del self._under_way[player]
                self.lock.notify_all()

    def next_together(self) -> tuple[str, str]:
        """Whom to report with the others, and in which alliance."""
        with self.lock:
            self._turn += 1
            turn = self._turn // ROUND
        return far_name("Everybody", turn), SERVERS["101"][turn % len(SERVERS["101"])]

    def let_time_pass(self) -> None:
        """What was written is seen by all, whatever they remember."""
        self.ground.let_time_pass()
        self.seconds.pass_cache()


@contextmanager
def new_place(store: StoreName, random: Random, sleep: Callable[[float], None]) -> Iterator[Place]:
    clock, seconds = HandClock(WEDNESDAY_NOON - timedelta(hours=6)), HandSeconds()
    with opened(store, random, lambda: clock().timestamp(), sleep) as ground:
        yield _furnished(ground, clock, seconds, sleep, Messenger(Random(random.random())))


def _furnished(
    ground: Ground,
    clock: HandClock,
    seconds: HandSeconds,
    sleep: Callable[[float], None],
    messenger: "Messenger",
) -> Place:
    """With events, servers, alliances, keys for everybody, and those whom everybody reports."""

    def product(table: Table, apart: float) -> Muster:
        made = assemble(SETTINGS, table, lambda: clock() + timedelta(seconds=apart), sleep, seconds)
        vars(made)["post"] = messenger
        return made

    quiet = product(ground.quiet_table(), 0)
    for event in load_catalog():
        quiet.stores.definitions.put_event(event)
    secrets: dict[Scope, str] = {("admin", None, None): _new_key(quiet, "admin", None, None)}
    roles: tuple[Role, ...] = ("member", "officer", "reader")
    for server, alliances in SERVERS.items():
        quiet.stores.definitions.put_server(Server(server, public_standings=True))
        secrets["officer", server, None] = _new_key(quiet, "officer", server, None)
        for alliance in alliances:
            labels = alliance[:3].upper(), alliance.title()
            quiet.stores.definitions.put_alliance(Alliance(server, alliance, *labels))
            for role in roles:
                secrets[role, server, alliance] = _new_key(quiet, role, server, alliance)
    products = [product(ground.table(), apart) for apart in APART]
    ground.let_time_pass()
    return Place(ground, clock, seconds, products, quiet, secrets, messenger)


def _new_key(product: Muster, role: Role, server: str | None, alliance: str | None) -> str:
    secret = new_secret()
    identity = key_id(secret_hash(secret))
    key = Key(identity, role, f"{role} of {server}/{alliance}", server, alliance, product.clock())
    product.stores.access_keys.put(secret, key)
    return secret


def far_name(of: str, number: int) -> str:
    """One of many names of which no two are near."""
    return " ".join([of, *("abcdefghij"[int(digit)] * 4 for digit in f"{number:03}")])
