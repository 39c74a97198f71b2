"""A campaign: one player alone, the same again from the same seed; then several at once. Then all is counted."""

import secrets
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from random import Random
from unittest.mock import patch

from local.strict_dynamodb import FaultKind
from tests.torture.model import Findings, Person, compare
from tests.torture.place import SERVERS, Place, new_place
from tests.torture.player import FAULTS, Player
from tests.torture.site import Site

SPAN = 10 * 3600.0
"""Seconds that pass at most while one player is alone: then the clock says Wednesday evening, and no milestone has
opened or closed that is reported."""
SLOWNESS = 0.05
"""Of the pauses between attempts, where they are real."""
HOLD = 0.0005
"""Seconds for which a transaction holds its items where there are several players."""
NAMES = 40
"""Of each player."""


@dataclass
class Outcome:
    """What a campaign came to."""

    use_cases: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    calls: int = 0
    refused: int = 0
    busy: int = 0
    faults: Counter[tuple[str, FaultKind]] = field(default_factory=Counter)
    """By operation and kind."""
    failures: list[str] = field(default_factory=list)
    findings: Findings = field(default_factory=Findings)

    @property
    def is_clean(self) -> bool:
        return not self.failures and not self.findings

    def add(self, player: Player) -> None:
        self.use_cases += player.counts.use_cases
        self.requests += player.counts.requests
        self.refused += player.counts.refused
        self.busy += player.counts.busy
        self.failures += player.counts.failures
        for kind, what in player.findings.found.items():
            self.findings.found[kind] += what


def run(operations: int, seed: int, threads: int = 4) -> Outcome:
    """Half of the operations by one player alone, the other half by so many at once, on a table of its own each."""
    outcome = Outcome()
    alone(operations - operations // 2, seed, outcome)
    together(operations // 2, seed, threads, outcome)
    return outcome


def alone(operations: int, seed: int, outcome: Outcome) -> None:
    """One player with four products, whose faults are all made up."""
    random = Random(f"alone {seed}")
    with _seeded_secrets(random), Site() as site:
        place = new_place(random, lambda _: None)
        player = Player(place, site, random, _names("Solo"), SPAN / max(operations, 1), is_alone=True)
        for _ in range(operations):
            player.play()
    _finish(place, [player], outcome)


def together(operations: int, seed: int, threads: int, outcome: Outcome) -> None:
    """Several players, whose transactions meet each other beside the faults that are made up."""
    random = Random(f"together {seed}")
    place = new_place(random, lambda seconds: time.sleep(seconds * SLOWNESS))
    place.chaos.probability = FAULTS
    place.dynamodb.database.hold = lambda: time.sleep(HOLD)
    with Site() as site:
        players = [
            Player(
                place,
                site,
                Random(f"{seed} {n}"),
                _names(f"Player{n}"),
                SPAN / max(operations, 1),
                is_alone=False,
            )
            for n in range(threads)
        ]

        def play(player: Player) -> None:
            for _ in range(operations // threads):
                player.play()

        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(play, players))
    _finish(place, players, outcome)


@contextmanager
def _seeded_secrets(random: Random) -> Iterator[None]:
    """Ids that are the same again: they decide the order in which things are read."""
    with ExitStack() as stack:
        for name in ("token_urlsafe", "token_hex"):
            stack.enter_context(patch.object(secrets, name, lambda size: random.randbytes(size).hex()))
        yield


def _names(of: str) -> list[str]:
    """No two of them are near."""
    letters = "abcdefghij"
    return [f"{of} {letters[n // 10] * 4}{letters[n % 10] * 4}" for n in range(NAMES)]


def _finish(place: Place, players: list[Player], outcome: Outcome) -> None:
    place.dynamodb.database.hold = None
    place.chaos.probability = 0.0
    place.let_time_pass()
    people: dict[str, Person] = {who.id: who for who in place.together}
    for player in players:
        people |= player.people
        outcome.add(player)
        _compare_readings(place, player, outcome.findings)
    compare(people, place.quiet, SERVERS, outcome.findings)
    for (one, milestone), times in place.recorded.items():
        if times > 1:
            outcome.findings.add("counted twice", f"{milestone} of {one} was recorded {times} times")
    for drift in place.quiet.refresh.refresh_totals().drifts:
        outcome.findings.add("difference", f"a recount found {drift}")
    outcome.calls += place.dynamodb.count
    outcome.faults.update(place.dynamodb.suffered)


def _compare_readings(place: Place, player: Player, findings: Findings) -> None:
    for (server, event), points in player.readings.items():
        logged = Counter(one.reading.points for one in place.quiet.stores.readings.all(server, event))
        for missing in Counter(points) - logged:
            findings.add("lost", f"a reading of {missing} points of {server}/{event}")
