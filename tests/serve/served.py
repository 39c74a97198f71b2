"""`./muster serve` as a process of its own, as its page says to start it."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 60
"""Seconds, on a busy machine."""


def muster(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command as it is typed, where only the given settings are set."""
    return subprocess.run(
        _command(*arguments), env=_environment(environment), capture_output=True, text=True, check=False
    )


@dataclass
class Served:
    """A process that serves `database`. What it logs is in the file beside that."""

    process: subprocess.Popen[bytes]
    database: Path
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return self.database.with_suffix(".log").read_text(encoding="utf-8")

    def get(self, path: str, **options: Any) -> requests.Response:
        return requests.get(self.url + path, timeout=PATIENCE, **options)

    def call(self, method: str, path: str, key: str, body: object = None) -> requests.Response:
        headers = {"Authorization": f"Bearer {key}"}
        return requests.request(method, self.url + path, headers=headers, json=body, timeout=PATIENCE)

    def run(self, *arguments: str, **environment: str) -> str:
        """What a command prints that must succeed, with the file or over HTTP."""
        done = muster(*arguments, MUSTER_DB=str(self.database), MUSTER_URL=self.url, **environment)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


def start(database: Path, port: int, terminal: int | None = None, **environment: str) -> Served:
    """Raises AssertionError, with what it logged, if it does not come to answer. `terminal`: where it prints."""
    given = _environment({"MUSTER_DB": str(database), "PORT": str(port), **environment})
    with database.with_suffix(".log").open("ab") as log:
        process = subprocess.Popen(_command("serve"), env=given, stdout=terminal or log, stderr=log)
    served, until = Served(process, database, port), time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < until:
        try:
            if served.get("/health").ok:
                return served
        except requests.ConnectionError:
            time.sleep(0.05)
    process.kill()
    process.wait()
    raise AssertionError(served.log)


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-P", "-m", "manage", *arguments]


def _environment(given: dict[str, str]) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **given}
