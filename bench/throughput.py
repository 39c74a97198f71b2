"""`python -m bench.throughput`: reports a second over HTTP, on SQLite, with different numbers of commanders.

One process serves the API with a thread for each connection, as the demo does; another one is the clients. Each request
is a commander's report of one more milestone, over a connection that stays open. The stores are served side by side and
asked in turn, so that anything else on the machine affects all of them alike. The figures depend on the machine.
"""

import http.client
import json
import multiprocessing
import statistics
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from itertools import product as every
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from bench.tables import Measurement
from bench.writers import ADMIN, MILESTONES, SERVER, prepare, product
from chalicelib import bootstrap
from chalicelib.bootstrap import sqlite_table
from chalicelib.domain.access import Key, key_id, new_secret, secret_hash

COMMANDERS = 0, 1_000, 10_000
"""How many commanders have reported before, in alliances of `ROSTER`."""
CLIENTS = 1, 8, 64
ROSTER = 1_000
ROUNDS = 3
REPORTERS = 64
"""Additional commanders, whose reports are measured: new ones in each round and for each number of clients."""
_HOW = f"""\
Reports of one more milestone, through the API over HTTP: {REPORTERS} commanders with {len(MILESTONES) - 1} reports
each, {ROUNDS} times. The ratio compares the median time of an answer with that of an empty store with as many
clients."""
_COLUMNS = (
    "commanders",
    "clients",
    "reports a second",
    "median, ms",
    "slowest of a hundred, ms",
    "ratio to empty",
)

Times = list[float]


def measure() -> Measurement:
    times: dict[tuple[int, int], Times] = {place: [] for place in every(COMMANDERS, CLIENTS)}
    seconds = dict.fromkeys(times, 0.0)
    with TemporaryDirectory() as folder, ExitStack() as stack:
        addresses = {
            number: stack.enter_context(_served(Path(folder) / f"{number}.db", number))
            for number in COMMANDERS
        }
        for turn, clients, number in every(range(ROUNDS), CLIENTS, COMMANDERS):
            took, answered = _reports(*addresses[number], clients, f"{turn}-{clients}")
            seconds[number, clients] += took
            times[number, clients] += answered
    rows = []
    for (number, clients), answered in times.items():
        median, empty = statistics.median(answered), statistics.median(times[0, clients])
        slowest = statistics.quantiles(answered, n=100)[-1]
        rate = len(answered) / seconds[number, clients]
        cells = f"{rate:.0f}", f"{median * 1000:.1f}", f"{slowest * 1000:.1f}", f"{median / empty:.2f}"
        rows.append((f"{number:,}", str(clients), *cells))
    return Measurement("Reports on SQLite", _HOW, _COLUMNS, rows)


def _reports(url: str, secret: str, clients: int, names: str) -> tuple[float, Times]:
    """How long all reports took together, and each, in seconds. All commanders are known: their first report is not
    counted."""
    tasks = [(f"Reporter {names}-{number}", MILESTONES[0]) for number in range(REPORTERS)]
    send(url, secret, [tasks])
    tasks = [(name, milestone) for milestone in MILESTONES[1:] for name, _ in tasks]
    began = time.perf_counter()
    answered = send(url, secret, [tasks[client::clients] for client in range(clients)])
    return time.perf_counter() - began, answered


def send(url: str, secret: str, tasks: Sequence[Sequence[tuple[str, str]]]) -> Times:
    """Sends each list of reports over a connection of its own. Raises RuntimeError unless each report is recorded."""

    def send(mine: Sequence[tuple[str, str]]) -> Times:
        times = []
        headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
        with closing(http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)) as connection:
            for name, milestone in mine:
                body = json.dumps({"commander": name, "milestones": [milestone], "is_new": True})
                began = time.perf_counter()
                connection.request("POST", "/v1/completions", body, headers)
                answer = connection.getresponse()
                content = json.loads(answer.read())
                times.append(time.perf_counter() - began)
                if answer.status != 200 or content["results"][0]["status"] != "recorded":
                    raise RuntimeError(content)
        return times

    with ThreadPoolExecutor(len(tasks)) as pool:
        return [each for some in pool.map(send, tasks) for each in some]


@contextmanager
def _served(file: Path, commanders: int) -> Iterator[tuple[str, str]]:
    """The address of a server with that many commanders, and a member's key for an alliance that has none of them."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(file, commanders, there), daemon=True)
    process.start()
    there.close()
    try:
        yield here.recv()
    finally:
        process.kill()
        process.join()


def _serve(file: Path, commanders: int, pipe: Any) -> None:
    import app
    from local.gateway import Gateway

    full = [f"full-{number}" for number in range(-(-commanders // ROSTER))]
    prepare(file, [*full, "nova"])
    with closing(sqlite_table(file)) as table:
        muster, random = product(table), Random(commanders)
        for number in range(commanders):
            milestones = random.sample(MILESTONES, 3)
            alliance = full[number // ROSTER]
            muster.reporting.report(ADMIN, f"Commander {number}", milestones, SERVER, alliance, is_new=True)
        secret = new_secret()
        key = Key(key_id(secret_hash(secret)), "member", "bench", SERVER, "nova", muster.clock())
        muster.stores.access_keys.put(secret, key)
        bootstrap.use(muster)
        gateway = Gateway(app.app)
        gateway.start()
        pipe.send((gateway.url, secret))
        pipe.poll(None)


if __name__ == "__main__":
    print(measure().markdown())
