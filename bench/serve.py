"""`python -m bench.serve`: how many reports a second `./muster serve` takes, while its schedule runs.

As in `bench.demo`, but by the product as it is served for real: its own server, the real clock, no stand-ins.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from tempfile import TemporaryDirectory
from urllib.request import urlopen

from bench.demo import LONGEST_START, ROOT, free_port, reports_to
from bench.tables import Measurement

EVENT = "2023-11-defenders-of-peace"
SERVER, ALLIANCE = "101", "nova"


def measure() -> Measurement:
    with _served() as facts:
        return reports_to(
            facts,
            "Reports to `./muster serve`",
            "One more report by each commander, while the schedule runs.",
        )


@contextmanager
def _served() -> Iterator[dict[str, str]]:
    """A server with an alliance and an event of which all milestones have opened, as `bench.demo` needs it. Raises
    RuntimeError if it does not start."""
    with TemporaryDirectory() as folder, ExitStack() as stack:
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "MUSTER_DB": f"{folder}/muster.db",
            "PORT": port,
        }
        muster = [sys.executable, "-m", "manage", "--url", url]
        process = subprocess.Popen([*muster, "serve"], env=environment, stdout=subprocess.DEVNULL)
        stack.callback(process.wait)
        stack.callback(process.terminate)
        _wait_for(url, process)

        def run(*arguments: str, **more: str) -> str:
            done = subprocess.run(
                [*muster, *arguments],
                cwd=ROOT,
                env=environment | more,
                check=True,
                capture_output=True,
                text=True,
            )
            return done.stdout.strip()

        key = run("keys", "first")
        begins = datetime.now(UTC).date() - timedelta(days=5)
        run("servers", "put", SERVER, MUSTER_KEY=key)
        run("alliances", "put", SERVER, ALLIANCE, "--tag", "NOVA", "--name", "Nova Guard", MUSTER_KEY=key)
        run("events", "put", EVENT, MUSTER_KEY=key)
        run("events", "clone", EVENT, "--to", begins.isoformat(), MUSTER_KEY=key)
        scope = ("--server", SERVER, "--alliance", ALLIANCE, "--label", "bench")
        member, officer = (
            run("keys", "create", role, *scope, MUSTER_KEY=key) for role in ("member", "officer")
        )
        yield {
            "api_url": url,
            "server": SERVER,
            "alliance": ALLIANCE,
            "member_key": member,
            "officer_key": officer,
        }


def _wait_for(url: str, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + LONGEST_START
    while process.poll() is None and time.monotonic() < until:
        try:
            with urlopen(f"{url}/health"):
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("it did not start")


if __name__ == "__main__":
    print(measure().markdown())
