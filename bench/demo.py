"""`python -m bench.demo`: how many reports a second the demo of `make demo` takes, while its sheet follows.

1,000 commanders report a milestone. Then each reports one more, which is measured: with 8 clients, over connections
that stay open. The figures depend on the machine.
"""

import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import Request, urlopen

from bench.tables import Budget, Measurement
from bench.throughput import send

ROOT = Path(__file__).parent.parent
COMMANDERS, CLIENTS, FEWEST = 1_000, 8, 100
BUSY = 4.0
"""A load with which the machine has more to do than this."""
LONGEST_START = 60.0
"""Seconds."""


def measure() -> Measurement:
    with _demo() as facts:
        how = "One more report by each commander, while the schedule runs and the sheet follows."
        measured = reports_to(facts, "Reports to the demo", how)
    rate = measured.rows[0][2]
    what = f"`make demo` with {COMMANDERS:,} commanders, {CLIENTS} clients at once"
    why = "other programs ran on the same cores, see the load below" if os.getloadavg()[0] > BUSY else ""
    budget = Budget(what, f"≥ {FEWEST} reports a second on two cores", rate, int(rate) >= FEWEST, why)
    return replace(measured, budgets=[budget])


def reports_to(facts: dict[str, str], name: str, how: str) -> Measurement:
    """Of an alliance that is not asked for anything else. `facts` are named as in `.local/demo.json`."""
    _let_join(facts)
    with urlopen(f"{facts['api_url']}/v1/servers/{facts['server']}/schedule") as answer:
        begun = [m["milestone"] for m in json.load(answer)["milestones"] if m["status"] != "upcoming"]
    for milestone in begun[:2]:
        tasks = [(f"Commander {number}", milestone) for number in range(COMMANDERS)]
        parts = [tasks[client::CLIENTS] for client in range(CLIENTS)]
        began = time.perf_counter()
        times = send(facts["api_url"], facts["member_key"], parts)
        took = time.perf_counter() - began
    slowest = statistics.quantiles(times, n=100)[-1]
    cells = f"{COMMANDERS / took:.0f}", f"{statistics.median(times) * 1000:.1f}", f"{slowest * 1000:.1f}"
    columns = "commanders", "clients", "reports a second", "median, ms", "slowest of a hundred, ms"
    return Measurement(name, how, columns, [(f"{COMMANDERS:,}", str(CLIENTS), *cells)])


def _let_join(facts: dict[str, str]) -> None:
    """Lets the demo's link bring as many new commanders in a day as are measured."""
    path = f"/v1/servers/{facts['server']}/alliances/{facts['alliance']}"
    headers = {"Authorization": f"Bearer {facts['officer_key']}", "Content-Type": "application/json"}
    body = json.dumps({"new_per_day": COMMANDERS}).encode()
    with urlopen(Request(facts["api_url"] + path, body, headers, method="PATCH")):
        pass


@contextmanager
def _demo() -> Iterator[dict[str, str]]:
    """The content of `.local/demo.json` of a demo that has just started empty. Raises RuntimeError if it does not
    start."""
    with TemporaryDirectory() as folder, ExitStack() as stack:
        ports = {name: free_port() for name in ("PORT", "SHEETS_PORT", "DISCORD_PORT")}
        process = subprocess.Popen(
            [sys.executable, "-m", "local.demo"],
            cwd=folder,
            env={**os.environ, **ports, "PYTHONPATH": str(ROOT), "DEMO_EMPTY": "1"},
            stdout=subprocess.DEVNULL,
        )
        stack.callback(process.wait)
        stack.callback(process.terminate)
        ready, until = Path(folder) / ".local" / "demo.json", time.monotonic() + LONGEST_START
        while not ready.exists():
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError("the demo did not start")
            time.sleep(0.05)
        yield json.loads(ready.read_text(encoding="utf-8"))


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


if __name__ == "__main__":
    print(measure().markdown())
