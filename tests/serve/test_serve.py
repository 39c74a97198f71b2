"""`./muster serve` as people start and stop it, and what it says when it can't."""

import json
import os
import pty
import re
import resource
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chalicelib.bootstrap import sqlite_table
from tests.serve.served import Served, muster, start
from tests.world import DEFENDERS, HIDDEN_MOTIVATIONS


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(database: Path, terminal: int | None = None, **environment: str) -> Iterator[Served]:
    served = start(database, free_port(), terminal, **environment)
    try:
        yield served
    finally:
        served.process.kill()
        served.process.wait()


def test_it_serves_logs_as_in_the_cloud_and_ends_when_it_is_told_to(tmp_path: Path) -> None:
    with serving(tmp_path / "muster.db") as served:
        health = served.get("/health").json()
        assert health.items() >= {"status": "ok", "store": "ok", "schedule": "ok"}.items()
        assert "<html" in served.get("/", headers={"Accept": "text/html"}).text
        second = muster("serve", MUSTER_DB=str(served.database), PORT=str(free_port()))
        assert second.stderr == f"Error: {served.database} is in use: `./muster serve` runs on it.\n"
        taken = muster("serve", MUSTER_DB=str(tmp_path / "other.db"), PORT=str(served.port))
        assert taken.stderr == f"Error: port {served.port} of 127.0.0.1 is in use; set another PORT.\n", (
            "one line"
        )
        assert {second.returncode, taken.returncode} == {1}
        assert served.end(signal.SIGINT) == 0
    lines = [json.loads(line) for line in served.log.splitlines()]
    assert [line["message"] for line in lines if line["message"] != "sheets run"] == [
        "serving",
        "no admin's key works yet: make one with `./muster keys first`",
        "stopped",
    ]


def test_on_a_terminal_it_is_readable_and_shows_the_first_key_once(tmp_path: Path) -> None:
    master, terminal = pty.openpty()
    with serving(tmp_path / "muster.db", terminal=terminal) as served:
        os.close(terminal)
        shown = ""
        while "save it now" not in shown or shown.count("\n") < 5:
            shown += os.read(master, 4096).decode()
        assert " INFO    serving version=" in shown
        (key,) = re.findall(r"^  (\S{20,})\r$", shown, flags=re.M)
        assert served.call("GET", "/v1/servers", key).status_code == 200
        refusal = muster("keys", "first", MUSTER_DB=str(served.database))
        assert "There is already an admin's key" in refusal.stderr
    os.close(master)


def test_settings_can_be_in_a_file_and_the_environment_overrides_it(tmp_path: Path) -> None:
    config, database = tmp_path / "muster.toml", tmp_path / "muster.db"
    config.write_text(f'MUSTER_DB = "{database}"\nPORT = 1\nLOG_FORMAT = "text"\nHOST = "localhost"\n')
    with serving(database, MUSTER_CONFIG=str(config)) as served:
        assert served.end() == 0
    assert " INFO    stopped\n" in served.log


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({}, "MUSTER_DB must name the SQLite file."),
        ({"MUSTER_DB": "a", "PORT": "x"}, "PORT must be a whole number from 1 to 65535, not 'x'."),
        ({"MUSTER_DB": "a", "TABLE_NAME": "b"}, "TABLE_NAME and MUSTER_DB are both set. Set only one: "),
        (
            {"MUSTER_DB": "a", "SHEETS_CREDENTIALS_FILE": "/nowhere.json"},
            "SHEETS_CREDENTIALS_FILE can't be used. The file /nowhere.json can't be read: No such file or directory.",
        ),
        ({"MUSTER_CONFIG": "/nowhere.toml"}, "/nowhere.toml can't be read: No such file or directory."),
    ],
)
def test_a_wrong_setting_is_one_line_and_status_2(environment: dict[str, str], message: str) -> None:
    done = muster("serve", **environment)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith(f"Error: {message}")


def test_a_folder_that_is_not_there_and_a_damaged_file_are_one_line(tmp_path: Path) -> None:
    done = muster("serve", MUSTER_DB=str(tmp_path / "nowhere" / "muster.db"))
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "nowhere/muster.db can't be used: " in done.stderr
    file = tmp_path / "muster.db"
    sqlite_table(file).close()
    content = file.read_bytes()
    file.write_bytes(content[:4096] + b"\x07" * (len(content) - 4096))
    done = muster("serve", MUSTER_DB=str(file))
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert f"{file} is damaged (" in done.stderr
    assert "restore a backup with `./muster restore`" in done.stderr


class TestWhatWasAcknowledged:
    """By real processes: the disk fills up, the process is killed, the file is put back."""

    PROGRESS = f"/v1/servers/101/events/{DEFENDERS}/progress"

    @staticmethod
    def set_up(served: Served) -> str:
        """A server with an alliance; gives the admin's key, who may report for those who are late."""
        key = served.run("keys", "first")
        served.run("events", "put", DEFENDERS, MUSTER_KEY=key)
        served.call("PUT", "/v1/servers/101", key, {})
        served.call("PUT", "/v1/servers/101/alliances/nova", key, {"tag": "NOVA", "name": "Nova Guard"})
        return key

    @staticmethod
    def report(served: Served, key: str, name: str) -> int:
        body = {"server": "101", "alliance": "nova", "commander": name, "milestones": [HIDDEN_MOTIVATIONS]}
        return served.call("POST", "/v1/completions", key, body | {"is_new": True}).status_code

    def test_is_there_after_the_disk_was_full_a_kill_and_a_restore(self, tmp_path: Path) -> None:
        with serving(tmp_path / "muster.db") as served:
            key = self.set_up(served)
            assert [self.report(served, key, name) for name in ("Altair", "Bellatrix")] == [200, 200]
            log = tmp_path / "muster.db-wal"
            lifted = resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE)
            resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE, (log.stat().st_size, lifted[1]))
            refused = [self.report(served, key, name) for name in ("Castor", "Deneb")]
            assert refused == [503, 503]
            for _ in range(300):  # it looks every two seconds
                health = served.get("/health")
                if not health.ok:
                    break
                time.sleep(0.1)
            assert (health.status_code, health.json()["store"]) == (503, "failing")
            assert served.get(self.PROGRESS).json()["completions"] == 2
            resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE, lifted)
            assert self.report(served, key, "Castor") == 200
            served.run("backup", str(tmp_path / "copy.db"))
            assert self.report(served, key, "Electra") == 200
            served.end(signal.SIGKILL)
        with serving(served.database) as served:
            assert served.get(self.PROGRESS).json()["completions"] == 4
            refusal = muster("restore", str(tmp_path / "copy.db"), MUSTER_DB=str(served.database))
            assert "is in use: `./muster serve` runs on it" in refusal.stderr
            assert served.end() == 0
        served.run("restore", str(tmp_path / "copy.db"))
        with serving(served.database) as served:
            assert served.get(self.PROGRESS).json()["completions"] == 3
            assert self.report(served, key, "Electra") == 200
            served.run("ledger", "verify", "101")
            assert key not in served.log
