"""What serves, put together in this process: its health, and credentials that Google refuses."""

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from werkzeug.wrappers import Request, Response

from chalicelib.domain.errors import Busy
from chalicelib.settings import Serving, Settings
from chalicelib.store.sqlite import SQLiteTable
from local.serving import LocalServer
from manage.serve.schedule import LATE, Schedule
from manage.serve.site import CHECKED, Site, opened
from tests.world import HandClock, HandSeconds


@contextmanager
def running(settings: Settings, seconds: HandSeconds) -> Iterator[Site]:
    with opened(settings, Serving(port=0), HandClock(), seconds) as site:
        thread = threading.Thread(target=site.run)
        thread.start()
        try:
            yield site
        finally:
            site.stop()
            thread.join()


def health(site: Site) -> tuple[int, str, str, str]:
    answer = requests.get(f"{site.url}/health", timeout=60)
    body = answer.json()
    return answer.status_code, body["status"], body["store"], body["schedule"]


def test_health_is_of_the_store_and_the_schedule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = HandSeconds()
    monkeypatch.setattr(Schedule, "run_due", lambda _: 3600.0)  # else a run may end well after `LATE` seconds
    with running(Settings(database=tmp_path / "muster.db"), seconds) as site:
        assert health(site) == (200, "ok", "ok", "ok")
        asked = []

        def full(_: SQLiteTable) -> None:
            asked.append(seconds())
            raise Busy

        with monkeypatch.context() as disk:
            disk.setattr(SQLiteTable, "require_writable", full)
            assert health(site) == (200, "ok", "ok", "ok"), "what was seen just now"
            seconds.seconds += CHECKED
            assert [health(site) for _ in range(3)] == [(503, "failing", "failing", "ok")] * 3
            assert len(asked) == 1, "not each time that anybody asks"
        seconds.seconds += LATE
        assert health(site) == (503, "failing", "ok", "failing")


@pytest.mark.parametrize(("mode", "warns"), [(0o600, False), (0o640, True), (0o604, True)])
def test_a_file_that_others_can_read_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, mode: int, warns: bool
) -> None:
    file = tmp_path / "muster.db"
    file.touch(mode)
    file.chmod(mode)
    with opened(Settings(database=file), Serving(port=0)):
        pass
    assert ("other users of this machine can read" in caplog.text) == warns


def test_credentials_that_google_refuses_are_one_line_and_stop_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_: Request) -> Response:
        return Response('{"error": "invalid_grant"}', 400, content_type="application/json")

    google = LocalServer(refuse, "127.0.0.1", 0)
    google.start()
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = tmp_path / "google.json"
    account = {"type": "service_account", "client_email": "muster@example.org", "token_uri": google.url}
    file.write_text(json.dumps(account | {"private_key": key.decode()}))
    settings = Settings(database=tmp_path / "muster.db", sheets_credentials_file=file)
    try:
        with opened(settings, Serving(port=0), HandClock(), HandSeconds()) as site:
            site.muster.stores.sheets.bind("officers-sheet", "101", "nova")
            site.schedule.run_due()
            (sheet,) = site.muster.stores.sheets.all()
    finally:
        google.stop()
    words = "Google did not accept Muster's credentials (RefreshError)."
    assert sheet.last_error == words
    errors = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert errors == [f"no sheet of muster@example.org can be synced: {words}"]
