"""Drive tells which spreadsheets were touched, to whom they belong, and with whom they are shared."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from local.sheets import Fault, Quota, SheetsServer
from local.sheets.callers import OWNER, SERVICE_ACCOUNT
from tests.local.sheets_client import Json, rows

FILE = "file(id,name,version,modifiedTime,lastModifyingUser(me,emailAddress))"
CHANGES = f"newStartPageToken,nextPageToken,changes(fileId,removed,time,{FILE})"
WRITE = {"updateCells": {"start": {}, "rows": rows(["ours"]), "fields": "userEnteredValue"}}


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2023, 11, 15, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@dataclass
class World:
    server: SheetsServer
    clock: Clock
    session: requests.Session = field(default_factory=requests.Session)

    def call(self, path: str, token: str | None = None, **query: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        url = f"{self.server.url}/drive/v3/{path}"
        return self.session.get(url, params=query, headers=headers, timeout=60)

    def get(self, path: str, token: str | None = None, **query: Any) -> Json:
        answer = self.call(path, token, **query)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    def start(self, token: str | None = None) -> str:
        return str(self.get("changes/startPageToken", token)["startPageToken"])

    def changes(self, page_token: str, token: str | None = None, **query: Any) -> list[Json]:
        query = {"pageToken": page_token, "fields": CHANGES} | query
        found: list[Json] = self.get("changes", token, **query)["changes"]
        return found

    def touched(self, page_token: str, token: str | None = None, **query: Any) -> list[str]:
        return [change["fileId"] for change in self.changes(page_token, token, **query)]

    def make(self, name: str) -> str:
        return self.server.create_spreadsheet(name, {"T": []}, name)

    def write(self, name: str) -> None:
        url = f"{self.server.url}/v4/spreadsheets/{name}:batchUpdate"
        assert self.session.post(url, json={"requests": [WRITE]}, timeout=60).status_code == 200


@pytest.fixture
def world() -> Iterator[World]:
    clock = Clock()
    with SheetsServer(clock=clock) as server:
        made = World(server, clock)
        yield made
        made.session.close()


def reason(answer: requests.Response) -> tuple[int, str]:
    [each] = answer.json()["error"]["errors"]
    return answer.status_code, each["reason"]


def test_it_tells_what_was_touched_since_and_by_whom(world: World) -> None:
    one, two = world.make("one"), world.make("two")
    token = world.start()
    assert world.changes(token) == []
    world.clock.now += timedelta(minutes=1)
    world.write(one)
    world.server.person(two).type("T", "A1", "theirs")
    [ours, theirs] = world.changes(token)
    assert ours == {
        "fileId": one,
        "removed": False,
        "time": "2023-11-15T12:01:00.000Z",
        "file": {
            "id": one,
            "name": "one",
            "version": "2",
            "modifiedTime": "2023-11-15T12:01:00.000Z",
            "lastModifyingUser": {"me": True, "emailAddress": SERVICE_ACCOUNT},
        },
    }
    assert theirs["file"]["lastModifyingUser"] == {"me": False, "emailAddress": OWNER}
    world.write(two)
    assert [each["file"]["lastModifyingUser"]["me"] for each in world.changes(token)] == [True, True]
    assert world.get("changes", pageToken=token)["changes"][0].keys() == {
        *("kind", "type", "changeType", "time", "removed", "fileId", "file")
    }


def test_changes_come_in_pages_the_last_with_a_new_token(world: World) -> None:
    token = world.start()
    names = [world.make(name) for name in ("one", "two", "three")]
    world.write("one")
    page = world.get("changes", pageToken=token, pageSize=2, fields=CHANGES)
    assert [change["fileId"] for change in page["changes"]] == ["two", "three"]
    assert "newStartPageToken" not in page
    page = world.get("changes", pageToken=page["nextPageToken"], pageSize=2, fields=CHANGES)
    assert [change["fileId"] for change in page["changes"]] == ["one"]
    assert "nextPageToken" not in page
    assert page["newStartPageToken"] == world.start()
    assert world.touched(page["newStartPageToken"]) == []
    assert sorted(world.touched(token)) == sorted(names), "a token stays good"


def test_a_change_can_be_told_late(world: World) -> None:
    world.make("one")
    token = world.start()
    world.server.drive.delay = timedelta(seconds=30)
    world.clock.now += timedelta(minutes=1)
    world.write("one")
    page = world.get("changes", pageToken=token, fields=CHANGES)
    assert page == {"newStartPageToken": token, "changes": []}
    world.clock.now += timedelta(seconds=20)
    world.write("one")
    world.clock.now += timedelta(seconds=10)
    page = world.get("changes", pageToken=page["newStartPageToken"], fields=CHANGES)
    assert [change["fileId"] for change in page["changes"]] == ["one"]
    assert page["changes"][0]["file"]["modifiedTime"] == "2023-11-15T12:01:20.000Z"
    world.clock.now += timedelta(seconds=30)
    assert world.touched(page["newStartPageToken"]) == ["one"]


def test_each_account_is_told_of_what_is_shared_with_it(world: World) -> None:
    world.server.accounts.update(a="a@example.com", b="b@example.com")
    token = world.start()
    for name in ("one", "two", "both"):
        world.make(name)
    world.server.unshare("one")
    world.server.unshare("two")
    world.server.share("one", "a@example.com")
    world.server.share("two", "b@example.com")
    token = world.start()
    for name in ("one", "two", "both"):
        world.write("both")
        world.server.person(name).type("T", "A1", "x")
    assert world.touched(token, "a") == ["one", "both"]
    assert world.touched(token, "b") == ["two", "both"]
    assert world.touched(token, "a", restrictToMyDrive="true") == []
    world.server.unshare("one", "a@example.com")
    world.server.delete_spreadsheet("both")
    lost = [{"fileId": name, "removed": True} for name in ("one", "both")]
    assert world.changes(token, "a", fields="changes(fileId,removed)") == lost
    assert world.touched(token, "a", includeRemoved="false") == []
    both = {"includeItemsFromAllDrives": "true", "supportsAllDrives": "true"}
    assert world.touched(token, "b", **both) == ["two", "both"]


@pytest.mark.parametrize("token", ["", "x", "0", "99", "-1"])
def test_a_bad_token_is_refused(world: World, token: str) -> None:
    world.make("one")
    answer = world.call("changes", pageToken=token)
    assert reason(answer) == (400, "invalid")
    assert answer.json()["error"]["message"] == "Invalid Value"
    assert answer.json()["error"]["errors"][0]["location"] == "pageToken"


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("changes", {}, 400),
        ("changes", {"pageToken": "1", "pageSize": "1001"}, 400),
        ("changes", {"pageToken": "1", "pageSize": "many"}, 400),
        ("changes", {"pageToken": "1", "fields": "changes(nothing)"}, 400),
        ("changes", {"pageToken": "1", "page": "2"}, 400),
        ("files/nothing", {}, 404),
        ("files", {}, 501),
        ("about", {}, 501),
    ],
)
def test_what_it_does_not_understand_is_refused(
    world: World, path: str, query: dict[str, str], status: int
) -> None:
    answer = world.call(path, **query)
    assert answer.status_code == status
    assert answer.json()["error"]["errors"][0]["message"] == answer.json()["error"]["message"]


def test_drive_can_be_disabled_or_out_of_scope(world: World) -> None:
    world.make("one")
    world.server.drive.is_enabled = False
    answer = world.call("changes/startPageToken")
    assert reason(answer) == (403, "accessNotConfigured")
    assert "has not been used in project" in answer.json()["error"]["message"]
    assert answer.json()["error"]["details"][0]["reason"] == "SERVICE_DISABLED"
    world.write("one")
    world.server.drive.is_enabled, world.server.drive.in_scope = True, False
    assert reason(world.call("changes/startPageToken")) == (403, "insufficientPermissions")
    world.server.drive.in_scope = True
    world.start()


def test_it_needs_a_token_where_there_are_any(world: World) -> None:
    world.server.tokens = {"good"}
    assert reason(world.call("changes/startPageToken")) == (403, "forbidden")
    assert reason(world.call("changes/startPageToken", "bad")) == (401, "authError")
    world.start("good")


def test_its_quota_is_its_own(world: World) -> None:
    world.make("one")
    world.server.quota = Quota(reads_per_user=1)
    world.server.drive.quota = Quota(reads_per_user=2, reads_per_project=3)
    world.session.get(f"{world.server.url}/v4/spreadsheets/one", timeout=60)
    assert [world.call("files/one").status_code for _ in range(3)] == [200, 200, 403]
    assert reason(world.call("files/one")) == (403, "userRateLimitExceeded")
    assert world.call("files/one", "other").status_code == 200
    assert reason(world.call("files/one", "other")) == (429, "rateLimitExceeded")
    world.clock.now += timedelta(minutes=1)
    assert world.call("files/one").status_code == 200


def test_faults_and_acts_reach_it_too(world: World) -> None:
    world.make("one")
    token = world.start()
    world.server.inject(Fault("refuse", 503, match="/changes"))
    world.server.meanwhile(
        lambda: world.server.person("one").type("T", "A1", "x"), match="/changes", after=True
    )
    assert reason(world.call("changes", pageToken=token)) == (503, "backendError")
    assert world.touched(token) == ["one"]
    assert (world.server.requests[-1].path, world.server.requests[-1].kind) == ("/drive/v3/changes", "read")


def test_it_says_with_whom_a_file_is_shared(world: World) -> None:
    world.make("one")
    mask = "permissions(type,role,emailAddress),capabilities.canEdit"
    owner = {"type": "user", "role": "owner", "emailAddress": OWNER}
    us = {"type": "user", "role": "writer", "emailAddress": SERVICE_ACCOUNT}
    assert world.get("files/one", fields=mask) == {
        "permissions": [owner, us],
        "capabilities": {"canEdit": True},
    }
    world.server.share_by_link("one", "writer")
    anyone = {"type": "anyone", "role": "writer"}
    assert world.get("files/one", fields=mask)["permissions"] == [owner, us, anyone]
    listed = world.get("files/one/permissions", fields="permissions(type,role,emailAddress)")
    assert listed == {"permissions": [owner, us, anyone]}
    world.server.unshare("one")
    world.server.share_by_link("one", "reader")
    assert "permissions" not in world.get("files/one", fields=mask)
    assert reason(world.call("files/one/permissions")) == (403, "insufficientFilePermissions")
    world.server.share_by_link("one", None)
    assert reason(world.call("files/one")) == (404, "notFound")


def test_tokens_are_good_after_a_restart(tmp_path: Path) -> None:
    clock = Clock()
    with SheetsServer(tmp_path, clock) as server:
        world = World(server, clock)
        world.make("one")
        world.make("two")
        token = world.start()
        world.write("one")
        server.share_by_link("two", "reader")
        server.unshare("two")
        before = world.get("files/one", fields="*")
    with SheetsServer(tmp_path, clock) as server:
        world = World(server, clock)
        assert world.touched(token) == ["one", "two"]
        assert world.get("files/one", fields="*") | {"webViewLink": ""} == before | {"webViewLink": ""}
        world.write("one")
        assert world.get("files/one", fields="version") == {"version": "3"}
        assert world.touched(world.start()) == []
        assert server.snapshot("two")["spreadsheetId"] == "two"
