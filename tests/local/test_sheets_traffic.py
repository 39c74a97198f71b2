"""What can happen on the way: permissions, quotas, faults, restarts."""

import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from local.sheets import Fault, Quota, SheetsServer
from tests.local.sheets_client import Api, Json, rows

WRITE: Json = {"updateCells": {"start": {}, "rows": rows(["changed"]), "fields": "userEnteredValue"}}


def write(api: Api) -> requests.Response:
    return api.call("POST", ":batchUpdate", {"requests": [WRITE]})


def changed(api: Api) -> bool:
    return api.values()[0][0] == "changed"


def error(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["status"]


def test_an_unshared_spreadsheet_is_forbidden_and_a_deleted_one_not_found(api: Api) -> None:
    api.server.unshare(api.book_id)
    assert error(api.call("GET")) == (403, "PERMISSION_DENIED")
    assert api.call("GET").json()["error"]["message"] == "The caller does not have permission"
    api.server.share(api.book_id)
    assert api.call("GET").status_code == 200
    api.server.delete_spreadsheet(api.book_id)
    assert not api.server.has(api.book_id)
    assert error(write(api)) == (404, "NOT_FOUND")
    assert write(api).json()["error"]["message"] == "Requested entity was not found."


def test_tokens_are_checked_when_there_are_any(api: Api) -> None:
    api.server.tokens = {"good"}
    assert error(api.call("GET")) == (403, "PERMISSION_DENIED")
    assert "unregistered callers" in api.call("GET").json()["error"]["message"]
    api.session.headers["Authorization"] = "Bearer bad"
    assert error(api.call("GET")) == (401, "UNAUTHENTICATED")
    api.session.headers["Authorization"] = "Bearer good"
    assert api.call("GET").status_code == 200


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2023, 11, 15, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def test_quotas_are_by_user_and_by_project(session: requests.Session) -> None:
    clock = Clock()
    with SheetsServer(clock=clock) as server:
        api = Api(server, session, server.create_spreadsheet("Q", {"T": []}))
        server.quota = Quota(reads_per_user=2, reads_per_project=3, writes_per_user=1)
        session.headers["Authorization"] = "Bearer one"
        assert [api.call("GET").status_code for _ in range(3)] == [200, 200, 429]
        refused = api.call("GET").json()["error"]
        assert refused["status"] == "RESOURCE_EXHAUSTED"
        assert refused["message"].startswith(
            "Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute per user' "
            "of service 'sheets.googleapis.com' for consumer 'project_number:"
        )
        assert write(api).status_code == 200
        assert "Write requests per minute per user" in write(api).json()["error"]["message"]
        session.headers["Authorization"] = "Bearer two"
        assert [api.call("GET").status_code for _ in range(2)] == [200, 429]
        assert "'Read requests per minute' of" in api.call("GET").json()["error"]["message"]
        clock.now += timedelta(seconds=59)
        assert api.call("GET").status_code == 429
        clock.now += timedelta(seconds=1)
        assert api.call("GET").status_code == 200


@pytest.mark.parametrize(
    ("fault", "status", "applied"),
    [
        (Fault("refuse", 503), 503, False),
        (Fault("refuse", 500), 500, False),
        (Fault("refuse_after", 500), 500, True),
        (Fault("drop"), None, False),
        (Fault("drop_after"), None, True),
        (Fault("hang", 504, seconds=0.05), 504, False),
        (Fault("hang_after", seconds=0.05), 200, True),
        (Fault("not_json", 200), 200, False),
    ],
)
def test_a_fault_happens_once(api: Api, fault: Fault, status: int | None, applied: bool) -> None:
    api.server.inject(fault)
    if status is None:
        with pytest.raises(requests.ConnectionError):
            write(api)
    else:
        assert write(api).status_code == status
    assert changed(api) == applied
    assert (api.server.requests[-1].status or None) == status
    assert write(api).status_code == 200


def test_faults_wait_for_a_match_and_queue(api: Api) -> None:
    api.server.inject(
        Fault("refuse", 429, match="POST", retry_after=7), Fault("refuse", 500), Fault("refuse", 503)
    )
    assert [api.call("GET").status_code for _ in range(3)] == [500, 503, 200]
    answer = write(api)
    assert error(answer) == (429, "RESOURCE_EXHAUSTED")
    assert answer.headers["Retry-After"] == "7"
    assert api.call("GET").status_code == 200


def test_a_hanging_request_holds_up_nobody(api: Api) -> None:
    api.server.inject(Fault("hang_after", seconds=30, match="batchUpdate"))
    with pytest.raises(requests.ReadTimeout):
        api.session.post(
            f"{api.server.url}/v4/spreadsheets/{api.book_id}:batchUpdate",
            json={"requests": [WRITE]},
            timeout=0.2,
        )
    assert changed(api)
    assert api.call("GET").status_code == 200
    stopping = threading.Thread(target=api.server.stop)
    stopping.start()
    stopping.join(timeout=20)
    assert not stopping.is_alive(), "it waited for the request that hangs"


def test_requests_are_recorded(api: Api) -> None:
    api.session.headers["Accept-Encoding"] = "identity"
    api.call("GET", fields="spreadsheetId", prettyPrint="false")
    write(api)
    api.call("POST", ":getByDataFilter", {})
    read, written, filtered = api.server.requests
    assert (read.method, read.path, read.query) == (
        "GET",
        f"/v4/spreadsheets/{api.book_id}",
        "fields=spreadsheetId&prettyPrint=false",
    )
    assert (read.kind, written.kind, filtered.kind) == ("read", "write", "read")
    assert (read.status, read.request_bytes, read.body) == (200, 0, None)
    assert read.response_bytes == read.sent_bytes == len('{"spreadsheetId":""}') + len(api.book_id)
    assert written.body == {"requests": [WRITE]}
    assert written.request_bytes > 90


def test_answers_are_indented_unless_asked_not_to_be(api: Api) -> None:
    indented = api.call("GET", fields="spreadsheetId")
    assert indented.text == f'{{\n  "spreadsheetId": "{api.book_id}"\n}}\n'
    assert api.call("GET", fields="spreadsheetId", prettyPrint="true").text == indented.text
    compact = api.call("GET", fields="spreadsheetId", prettyPrint="false")
    assert compact.text == f'{{"spreadsheetId":"{api.book_id}"}}'
    assert "\n" in api.call("GET", fields="nothing").text
    assert "\n" not in api.call("GET", fields="nothing", prettyPrint="false").text


def test_answers_are_compressed_for_those_who_take_that(api: Api) -> None:
    plain = api.call("GET")
    assert plain.headers["Content-Encoding"] == "gzip"
    recorded = api.server.requests[-1]
    assert (recorded.response_bytes, recorded.sent_bytes) == (
        len(plain.content),
        int(plain.headers["Content-Length"]),
    )
    assert recorded.sent_bytes < recorded.response_bytes / 2
    api.session.headers["Accept-Encoding"] = "identity"
    assert "Content-Encoding" not in api.call("GET").headers


def test_tokens_of_one_account_share_its_quota(api: Api) -> None:
    api.server.accounts.update(one="us@example.com", two="us@example.com")
    api.server.quota = Quota(reads_per_user=2)
    statuses = []
    for token in ("one", "two", "one", "three"):
        api.session.headers["Authorization"] = f"Bearer {token}"
        statuses.append(api.call("GET").status_code)
    assert statuses == [200, 200, 429, 200]


def test_a_spreadsheet_can_be_shared_with_some_for_reading_or_writing(api: Api) -> None:
    api.server.accounts.update(writer="w@example.com", reader="r@example.com", link="l@example.com")
    api.server.unshare(api.book_id)
    api.server.share(api.book_id, "w@example.com")
    api.server.share(api.book_id, "r@example.com", "reader")

    def statuses(token: str) -> tuple[int, int]:
        api.session.headers["Authorization"] = f"Bearer {token}"
        return api.call("GET").status_code, write(api).status_code

    assert [statuses(token) for token in ("writer", "reader", "link")] == [(200, 200), (200, 403), (403, 403)]
    api.server.share_by_link(api.book_id, "reader")
    assert statuses("link") == (200, 403)
    api.server.share_by_link(api.book_id, "writer")
    assert statuses("link") == (200, 200)
    api.server.share_by_link(api.book_id, None)
    api.server.unshare(api.book_id, "w@example.com")
    assert [statuses(token) for token in ("writer", "link")] == [(403, 403), (403, 403)]
    api.server.share(api.book_id)
    with pytest.raises(ValueError, match="shared with every account"):
        api.server.unshare(api.book_id, "w@example.com")


def test_an_officers_edit_is_not_recorded_and_needs_no_permission(api: Api) -> None:
    api.server.unshare(api.book_id)
    api.server.edit(api.book_id, [WRITE])
    assert changed(api)
    assert api.server.requests == []
    with pytest.raises(Exception, match="Cannot find field"):
        api.server.edit(api.book_id, [{"bogus": {}}])


def test_what_was_applied_survives_a_restart(tmp_path: Path, session: requests.Session) -> None:
    folder = tmp_path / "sheets"
    metadata = {"metadataKey": "k", "visibility": "DOCUMENT", "location": {"sheetId": 0}}
    with SheetsServer(folder) as server:
        api = Api(server, session, server.create_spreadsheet("Kept", {"T": [["a", 1], ["", "=B1"]]}, "kept"))
        gone = server.create_spreadsheet("Gone", {"T": []})
        api.batch(WRITE, {"createDeveloperMetadata": {"developerMetadata": metadata}})
        api.put("/values/T!C3", {"values": [["typed"]]}, valueInputOption="RAW")
        api.refusal(WRITE, {"deleteSheet": {}})
        server.delete_spreadsheet(gone)
        server.unshare("kept")
        before = server.snapshot("kept")
        assert [path.name for path in folder.iterdir()] == ["kept.json"]
    with SheetsServer(folder) as server:
        assert server.snapshot("kept") == before
        assert server.values("kept", "T") == [["changed", "1"], ["", "1"], ["", "", "typed"]]
        assert not server.has(gone)
        assert Api(server, session, "kept").call("GET").status_code == 403


@pytest.mark.parametrize("shared", [True, False])
def test_what_an_earlier_stand_in_stored_is_read(tmp_path: Path, shared: bool) -> None:
    with SheetsServer(tmp_path) as server:
        server.create_spreadsheet("Kept", {"T": [["a"]]}, "kept")
    file = tmp_path / "kept.json"
    old = {"shared": shared, "spreadsheet": json.loads(file.read_text(encoding="utf-8"))["spreadsheet"]}
    file.write_text(json.dumps(old), encoding="utf-8")
    with SheetsServer(tmp_path) as server:
        assert server.values("kept", "T") == [["a"]]
        answer = requests.get(f"{server.url}/v4/spreadsheets/kept", timeout=60)
        assert answer.status_code == (200 if shared else 403)


def test_a_server_can_be_stopped_and_started_again(api: Api) -> None:
    url = api.server.url
    api.server.stop()
    with pytest.raises(requests.ConnectionError):
        api.call("GET")
    api.server.start()
    assert api.server.url == url
    assert api.call("GET").status_code == 200


def test_concurrent_writers_lose_nothing(api: Api) -> None:
    def append(name: str) -> None:
        with requests.Session() as session:
            own = Api(api.server, session, api.book_id)
            for _ in range(10):
                own.post("/values/Roster:append", {"values": [[name]]}, valueInputOption="RAW")

    threads = [threading.Thread(target=append, args=(f"writer {number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(api.values()) == 44


def test_a_tab_of_thousands_of_rows_is_written_and_read_whole(api: Api) -> None:
    lines: list[list[Any]] = [[f"Commander {row}", *range(19)] for row in range(3700)]
    api.batch(
        {"appendDimension": {"dimension": "ROWS", "length": 3000}},
        {"updateCells": {"start": {}, "rows": rows(*lines), "fields": "userEnteredValue"}},
    )
    mask = "sheets.data.rowData.values(userEnteredValue,formattedValue)"
    grid = api.get(fields=mask, ranges="Roster")["sheets"][0]["data"][0]
    assert len(grid["rowData"]) == 3700
