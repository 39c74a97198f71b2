"""`./muster serve` under load, killed again and again: what was answered is there when it is back.

Members report over HTTP, each for commanders of their own and for those whom all report, and send again what got no
answer. The process is killed, or told to stop, while they do.
"""

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import requests

from chalicelib.bootstrap import assemble, sqlite_table
from chalicelib.catalog import load_catalog
from chalicelib.settings import Settings
from chalicelib.store.transfer import Transfer
from tests.serve.served import PATIENCE, Served, start
from tests.torture.figures import Figures
from tests.torture.place import far_name

MEMBERS = 16
SHARED = 12
"""Commanders whom all report."""
ACTS = 25
"""Reports between two ends of the process, about."""
SERVER, ALLIANCE, EVENT = "101", "nova", "2023-11-defenders-of-peace"
PLACE = f"/v1/servers/{SERVER}/alliances/{ALLIANCE}"

Done = tuple[str, str]
"""A commander, by name, and a milestone, by its global id."""


@dataclass
class _Noted:
    """What members were told."""

    done: set[Done] = field(default_factory=set)
    recorded: Counter[Done] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    answers: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)


def run(operations: int, seed: int) -> Figures:
    """`operations` reports. The port is that of the environment's `TORTURE_PORT`."""
    random, noted, port = Random(seed), _Noted(), int(os.environ.get("TORTURE_PORT", "8439"))
    with TemporaryDirectory() as folder, _serving(Path(folder) / "muster.db", port) as places:
        key, event = _furnish(places[-1])
        script = [_reports(member, event, operations // MEMBERS, seed) for member in range(MEMBERS)]
        with ThreadPoolExecutor(MEMBERS) as pool:
            members = [pool.submit(_report, places, key, each, noted) for each in script]
            while not all(member.done() for member in members):
                _wait_for(noted, noted.answers + random.randint(1, 2 * ACTS), members)
                if not all(member.done() for member in members):
                    _end(places, random, noted)
            for member in members:
                member.result()
        return _judged(places[-1], key, event, noted)


@contextmanager
def _serving(database: Path, port: int) -> Iterator[list[Served]]:
    """The process that serves comes last."""
    places = [start(database, port)]
    try:
        yield places
    finally:
        places[-1].process.kill()
        places[-1].process.wait()


def _furnish(served: Served) -> tuple[str, str]:
    """An alliance, and an event of which all milestones have opened: the key of an admin, and the event's id."""
    key = served.run("keys", "first")
    begins = datetime.now(UTC).date() - timedelta(days=5)
    for arguments in (
        ("servers", "put", SERVER),
        ("alliances", "put", SERVER, ALLIANCE, "--tag", "NOVA", "--name", "Nova Guard"),
        ("events", "put", EVENT),
        ("events", "clone", EVENT, "--to", begins.isoformat()),
    ):
        served.run(*arguments, MUSTER_KEY=key)
    events = served.get("/v1/events").json()["events"]
    return key, next(one["id"] for one in events if one["id"] != EVENT)


def _reports(member: int, event: str, acts: int, seed: int) -> list[Done]:
    (original,) = (one for one in load_catalog() if one.id == EVENT)
    milestones, random = [f"{event}/{one.id}" for one in original.milestones], Random(f"{seed} {member}")
    own = [far_name(f"Member{chr(97 + member) * 3}", number) for number in range(6)]
    shared = [far_name("Shared", number) for number in range(SHARED)]
    return [(random.choice(random.choice([own, shared])), random.choice(milestones)) for _ in range(acts)]


def _report(places: list[Served], key: str, script: list[Done], noted: _Noted) -> None:
    web = requests.Session()
    for commander, milestone in script:
        body = {"commander": commander, "milestones": [milestone], "is_new": True}
        answer = _answered(web, places, key, body | {"server": SERVER, "alliance": ALLIANCE}, noted)
        with noted.lock:
            noted.answers += 1
            if answer.status_code != 200:
                noted.failures.append(f"{commander}, {milestone}: {answer.status_code} {answer.text[:300]}")
                continue
            noted.done.add((commander, milestone))
            noted.recorded[commander, milestone] += answer.json()["results"][0]["status"] == "recorded"


def _answered(
    web: requests.Session, places: list[Served], key: str, body: object, noted: _Noted
) -> requests.Response:
    """Sent again until there is an answer that says more than that it is to be sent again."""
    headers, until = {"Authorization": f"Bearer {key}"}, time.monotonic() + 10 * PATIENCE
    while True:
        try:
            answer = web.post(
                f"{places[-1].url}/v1/completions", json=body, headers=headers, timeout=PATIENCE
            )
        except requests.RequestException as error:
            if time.monotonic() > until:
                raise
            with noted.lock:
                noted.faults["the connection broke"] += "refused" not in str(error)
            time.sleep(0.2)
            continue
        if answer.status_code != 503 or "Retry-After" not in answer.headers:
            return answer
        with noted.lock:
            noted.faults["503, busy"] += 1
        time.sleep(0.1)


def _wait_for(noted: _Noted, answers: int, members: list[Future[None]]) -> None:
    while noted.answers < answers and not all(member.done() for member in members):
        time.sleep(0.01)


def _end(places: list[Served], random: Random, noted: _Noted) -> None:
    """Ends the process, and starts the next one with the same file."""
    is_killed = random.random() < 0.75
    status = places[-1].end(signal.SIGKILL if is_killed else signal.SIGTERM)
    if status and not is_killed:
        noted.failures.append(f"told to stop, it ended with {status}")
    noted.faults["the process was killed" if is_killed else "the process was told to stop"] += 1
    places.append(start(places[-1].database, places[-1].port))


def _judged(served: Served, key: str, event: str, noted: _Noted) -> Figures:
    """Compares what was answered with what is shown; then the file is looked at."""
    figures = Figures(noted.answers, dict(noted.faults))
    found = figures.found
    listed = served.call("GET", f"{PLACE}/completions?event={event}", key).json()["completions"]
    held = {(one["commander"], one["milestone"]) for one in listed}
    shown = served.get(f"/v1/servers/{SERVER}/events/{event}/progress").json()["completions"]
    served.end()
    found["5xx"] = noted.failures + [line for line in served.log.splitlines() if '"level":"ERROR"' in line]
    found["lost"] = [f"{milestone} of {name}" for name, milestone in noted.done - held]
    found["counted twice"] = [
        *(f"{milestone} of {name}" for name, milestone in held - noted.done),
        *(f"{one} was recorded {times} times" for one, times in noted.recorded.items() if times > 1),
    ]
    if not shown == len(listed) == len(noted.done):
        found["differences"].append(f"{shown} in all, {len(listed)} listed, {len(noted.done)} answered")
    with closing(sqlite_table(served.database)) as table:
        muster = assemble(Settings(), table)
        found["differences"] += map(str, muster.refresh.refresh_totals().drifts)
        found["differences"] += map(str, muster.ledger_pages.differences(SERVER))
        found["differences"] += [*Transfer(table).miscounted(SERVER), *table.damage()]
    return figures
