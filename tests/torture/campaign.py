"""A campaign: one player alone, the same again from the same seed; then several at once. Then all is counted."""

import secrets
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import product
from random import Random
from unittest.mock import patch

import app
from chalicelib.domain.progress import newly_reached
from chalicelib.http.addresses import UNKNOWN_PATH
from tests.torture.figures import Figures
from tests.torture.ground import Faults, StoreName
from tests.torture.model import Findings, Person, compare
from tests.torture.place import SERVERS, Place, far_name, new_place
from tests.torture.player import Player
from tests.torture.site import Site

SPAN = 10 * 3600.0
"""Seconds that pass at most while one player is alone: then the clock says Wednesday evening, and no milestone has
opened or closed that is reported."""
TICK = 2.0
"""Seconds that pass at most with each use case where there are several players, so that what one has under way takes
no longer than a request may."""
SLOWNESS = 0.05
"""Of the pauses between attempts, where they are real."""
LONGEST = 5_000
"""Operations of a campaign: then rosters are as full as they get."""
THREADS = 4
"""Players at once."""
NAMES = 40
"""Of each player."""


@dataclass
class Outcome:
    """What a campaign came to."""

    operations: int = 0
    use_cases: Counter[str] = field(default_factory=Counter)
    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Those under 400, by method and route."""
    requests: int = 0
    calls: int = 0
    refused: int = 0
    busy: int = 0
    faults: Faults = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    findings: Findings = field(default_factory=Findings)

    @property
    def is_clean(self) -> bool:
        return not self.failures and not self.findings

    @property
    def summary(self) -> dict[str, int]:
        """What issues and documents quote: all but the first two are to be zero."""
        found = self.findings.found
        return {
            "operations": self.operations,
            "faults": self.faults.total(),
            "lost": len(found["lost"]),
            "counted twice": len(found["counted twice"]),
            "5xx": len(self.failures),
            "differences": len(found["difference"]),
        }

    @property
    def figures(self) -> Figures:
        """For the page. A route that was never answered well is a difference, too."""
        found = self.findings.found
        return Figures(
            self.operations,
            {f"{kind} on {operation}": times for (operation, kind), times in self.faults.items()},
            {
                "lost": found["lost"],
                "counted twice": found["counted twice"],
                "5xx": self.failures,
                "differences": [
                    *found["difference"],
                    *(f"never answered well: {one}" for one in self.untried),
                ],
            },
        )

    @property
    def untried(self) -> list[str]:
        """The routes of the app of which no answer was good."""
        routes = (
            (method, route)
            for route, methods in app.app.routes.items()
            for method in methods
            if method != "HEAD" and route != UNKNOWN_PATH
        )
        return sorted(f"{method} {route}" for method, route in routes if not self.answers[method, route])

    def add(self, player: Player) -> None:
        self.operations += player.counts.use_cases.total()
        self.use_cases += player.counts.use_cases
        self.answers += player.counts.answers
        self.requests += player.counts.requests
        self.refused += player.counts.refused
        self.busy += player.counts.busy
        self.failures += player.counts.failures
        for kind, what in player.findings.found.items():
            self.findings.found[kind] += what


def run(operations: int, seed: int, store: StoreName, outcome: Outcome) -> None:
    """Half of the operations by one player alone, the other half by several at once, each on a table of its own."""
    half = operations // 2
    alone(operations - half, seed, outcome, store)
    together(half, seed, outcome, store)


def campaigns(store: StoreName, operations: int, seed: int) -> Figures:
    """One campaign after the other, each of `LONGEST` operations at most, from a seed of its own, on an empty table."""
    outcome, number = Outcome(), 0
    while outcome.operations < operations:
        left = operations - outcome.operations
        run(min(LONGEST, left), seed * 1_000 + number, store, outcome)
        number += 1
    return outcome.figures


def alone(operations: int, seed: int, outcome: Outcome, store: StoreName = "dynamodb") -> None:
    """One player with four products, whose faults are all made up."""
    random = Random(f"alone {seed}")
    with _seeded_secrets(random), new_place(store, random, lambda _: None) as place:
        with Site() as site:
            player = Player(place, site, random, _names("Solo"), SPAN / max(operations, 1), is_alone=True)
            for _ in range(operations):
                player.play()
        _finish(place, [player], outcome)


def together(operations: int, seed: int, outcome: Outcome, store: StoreName = "dynamodb") -> None:
    """Several players, whose transactions meet each other beside the faults that are made up."""
    random = Random(f"together {seed}")
    with new_place(store, random, lambda seconds: time.sleep(seconds * SLOWNESS)) as place:
        place.ground.chaos.probability = place.ground.usual
        place.ground.begin_races()
        with Site() as site, ThreadPoolExecutor(THREADS) as pool:
            players = [
                Player(place, site, Random(f"{seed} {n}"), _names(f"Player{n}"), TICK, is_alone=False)
                for n in range(THREADS)
            ]

            def play(player: Player, operations: int) -> None:
                for _ in range(operations):
                    player.play()

            shares = [operations // THREADS + (n < operations % THREADS) for n in range(THREADS)]
            list(pool.map(play, players, shares))
        _finish(place, players, outcome)


@contextmanager
def _seeded_secrets(random: Random) -> Iterator[None]:
    """Ids that are the same again: they decide the order in which things are read."""
    with ExitStack() as stack:
        for name in ("token_urlsafe", "token_hex"):
            stack.enter_context(patch.object(secrets, name, lambda size: random.randbytes(size).hex()))
        yield


def _names(of: str) -> list[str]:
    return [far_name(of, number) for number in range(NAMES)]


def _finish(place: Place, players: list[Player], outcome: Outcome) -> None:
    place.ground.end_races()
    place.ground.chaos.probability = 0.0
    place.let_time_pass()
    people: dict[str, Person] = dict(place.together)
    for player in players:
        people |= player.people
        outcome.add(player)
        _compare_readings(place, player, outcome.findings)
    compare(people, place.quiet, SERVERS, outcome.findings)
    for (one, milestone), times in place.recorded.items():
        if times > 1:
            outcome.findings.add("counted twice", f"{milestone} of {one} was recorded {times} times")
    for message in place.messenger.told_twice():
        outcome.findings.add("counted twice", f"the news {message}")
    _compare_webhooks(place, outcome.findings)
    for drift in place.quiet.refresh.refresh_totals().drifts:
        outcome.findings.add("difference", f"a recount found {drift}")
    _compare_tiers(place, outcome.findings)
    outcome.calls += place.ground.calls
    outcome.faults.update(place.ground.faults)


def _compare_readings(place: Place, player: Player, findings: Findings) -> None:
    for (server, event, identity), points in player.readings.items():
        logged = {one.id: one.reading.points for one in place.quiet.stores.readings.all(server, event)}
        findings.differ(f"reading {identity} of {server}/{event}", logged.get(identity), points)


def _compare_tiers(place: Place, findings: Findings) -> None:
    """With the reading that stands beside the totals: both decide what is reached."""
    for server, event in product(SERVERS, place.quiet.directory.events()):
        standing = place.quiet.stores.completions.standing(server, event.id, consistent=True)
        logged = [one.reading for one in place.quiet.stores.readings.all(server, event.id)]
        latest = [one.unique for one in logged if one.read_at == logged[-1].read_at]
        found = standing.reading.unique if standing.reading else None
        if found not in latest and (found or latest):
            findings.add("difference", f"{found} is the latest reading of {server}/{event.id}, not {latest}")
        for threshold in newly_reached(event, standing, place.clock()):
            findings.add("difference", f"{threshold} of {server}/{event.id} is reached and not stamped")


def _compare_webhooks(place: Place, findings: Findings) -> None:
    there = {one.id for one in place.quiet.stores.webhooks.all()}
    for identity, is_wanted in place.webhooks.items():
        findings.differ(f"whether webhook {identity} is there", identity in there, is_wanted)
