"""What the scheduled functions cost: the recount of a large server, and the look at which sheets were touched."""

import math
import os
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta

from bench.bills import Bill
from bench.busy import FRIDAY_NOON, SERVER
from bench.growth import World
from bench.scale import cpu_of, over_http
from bench.tables import Budget, Measurement
from chalicelib.bootstrap import assemble, sqlite_table
from chalicelib.domain.roster import Server
from chalicelib.services.refresh import ENOUGH
from chalicelib.settings import Settings
from chalicelib.store.dynamodb import AT_ONCE
from deploy.package import ROOT
from local.dynamodb import REGION
from local.sheets import SheetsServer
from sheets_sync.drive import Drive
from sheets_sync.watching import look

ALLIANCES, ROSTER = 90, 42
MOST_SECONDS, MOST_MEGABYTES, LONGEST_BETWEEN = 30, 512, 15
SHEETS = 10_000
SERVERS, PERIOD, TIMEOUT = 113, 5, 240
"""How many servers there are in the game; minutes between two recounts, and seconds that one may take in Lambda."""
CALL, SHARE = 0.01, 0.58
"""Assumed of Lambda with 1,024 MB: seconds that a call of DynamoDB takes, and the share of a processor."""
_PROCESS = """
import app
from chalicelib import bootstrap
bootstrap.dynamodb()
print(open("/proc/self/status").read())
"""
_HOW = f"""\
A recount of a server with {ALLIANCES} alliances of {ROSTER} commanders, all of whom have completed all ten milestones:
first of everything, as once a day, then again, when nothing has changed since. Seconds are processor time on this
machine, in which the stand-in's is included. Memory is what a process takes that has imported `app` and made a client
of DynamoDB, and the most that Python allocates in the recount above what is there before it; the stand-in's answers are
included there, too.

How long it takes until a server has its turn again is arithmetic: in Lambda with 1,024 MB, a call is assumed to take
{1000 * CALL:g} ms, {AT_ONCE} queries to be under way at once, and a processor to be there for {SHARE:.0%} of the time.
So a recount takes (queries ÷ {AT_ONCE} + other calls) × {CALL:g} s + processor time ÷ {SHARE:g}; this time with what
boto3 takes, over HTTP. A run begins every {PERIOD} minutes. First it samples the points of all servers: in the
arithmetic that takes as long as if all were recounted and nothing had changed. Then, until {TIMEOUT:g} − {ENOUGH:g}
seconds are over, it begins one server after another, and the next run goes on from there. Everything at once, on all
servers, is the worst case.

The look at which sheets were touched is between the real code and the stand-in for Drive, with {SHEETS:,} spreadsheets
bound whose edits count."""
_COLUMNS = (
    "what",
    "calls",
    "read units",
    "write units",
    "seconds",
    "MB",
    f"{SERVERS} servers: minutes between two",
)


def measure(alliances: int = ALLIANCES, roster: int = ROSTER, sheets: int = SHEETS) -> Measurement:
    world = World(alliances, roster, is_done=True)
    everything, seconds = _recount(world)
    nothing, again = _recount(world)
    world = World(alliances, roster, is_done=True)
    with over_http(world.dynamodb, world.clock) as muster:
        taken, quiet = (
            _seconds(bill, cpu_of(muster.refresh.refresh_totals)) for bill in (everything, nothing)
        )
    world = World(alliances, roster, is_done=True)
    tracemalloc.start()
    _recount(world)
    megabytes = _megabytes_of_a_process() + tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    longest, usual = minutes_between(taken, quiet), minutes_between(quiet, quiet)
    asked = looks(sheets)
    rows = [
        _row("recount of everything", everything, f"{seconds:.1f}", f"{megabytes:.0f}", f"{longest}"),
        _row("recount, nothing has changed", nothing, f"{again:.2f}", "", f"{usual}"),
        (f"look at {sheets:,} sheets: requests in each of three runs", ", ".join(map(str, asked)), *[""] * 5),
    ]
    is_met = seconds <= MOST_SECONDS and megabytes <= MOST_MEGABYTES
    between = f"{usual} min; {longest} where every card is due at once"
    budgets = [
        Budget(
            f"recount of {alliances * roster:,} commanders, everything done",
            f"≤ {MOST_SECONDS} s, ≤ {MOST_MEGABYTES} MB",
            f"{seconds:.1f} s, {megabytes:.0f} MB",
            is_met,
        ),
        Budget(
            f"{SERVERS} servers: between two recounts of one",
            f"≤ {LONGEST_BETWEEN} min",
            f"{between} (arithmetic)",
            longest <= LONGEST_BETWEEN,
        ),
        Budget(
            f"seeing what officers edited in {sheets:,} sheets",
            "1 request a minute for each account",
            f"{max(asked)}",
            max(asked) <= 1,
        ),
    ]
    return Measurement("The schedules", _HOW, _COLUMNS, rows, budgets)


def _megabytes_of_a_process() -> float:
    """The most that one takes that has imported `app` and made a client. Linux is asked, since `getrusage` tells of
    whoever started it, too."""
    asked = [sys.executable, "-c", _PROCESS]
    environment = {**os.environ, "AWS_DEFAULT_REGION": REGION}
    done = subprocess.run(asked, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
    (most,) = (line.split()[1] for line in done.stdout.splitlines() if line.startswith("VmHWM:"))
    return int(most) / 1024


def _seconds(recount: Bill, cpu: float) -> float:
    """How long it takes in Lambda."""
    queries = recount.calls["Query"]
    return (queries / AT_ONCE + recount.calls.total() - queries) * CALL + cpu / SHARE


def minutes_between(taken: float, quiet: float) -> int:
    """How long it takes until each of the servers has its turn again, by the seconds that the recount of one takes, and
    of one in which nothing has changed."""
    in_a_run = math.ceil((TIMEOUT - ENOUGH - SERVERS * quiet) / taken)
    return PERIOD * math.ceil(SERVERS / in_a_run)


def _recount(world: World) -> tuple[Bill, float]:
    """The bill, and all the processor time in seconds."""
    muster = world.process(is_warm=False)
    with world.billed.bill() as bill:
        began = time.thread_time()
        refreshed = muster.refresh.refresh_totals()
        seconds = time.thread_time() - began
    assert refreshed.drifts == ()
    return bill, seconds


def _row(what: str, bill: Bill, *figures: str) -> Sequence[str]:
    return what, f"{bill.calls.total():,}", f"{bill.read_units:,g}", f"{bill.write_units:,}", *figures


def looks(sheets: int) -> list[int]:
    """How many requests are made in a first, a second and a third run, a minute apart."""
    now = FRIDAY_NOON
    with closing(sqlite_table(None)) as table, SheetsServer() as server:
        muster = assemble(Settings(), table, lambda: now)
        muster.stores.definitions.put_server(Server(SERVER))
        for number in range(sheets):
            muster.stores.sheets.bind(f"sheet-{number:05}", SERVER, None, edits=True)
        made = []
        for _ in range(3):
            now += timedelta(minutes=1)
            server.requests.clear()
            queue = muster.sheet_queue
            queue.due()
            is_told = look(queue, Drive(server.url), lambda: True)
            assert is_told
            made.append(len(server.requests))
    return made


if __name__ == "__main__":
    print(measure().markdown())
