"""Several accounts at Google share the sheets: whose each is, what they may spend, what happens when they change."""

import json
import threading
from base64 import urlsafe_b64decode
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from werkzeug.wrappers import Request, Response

from chalicelib.domain.binding import Binding
from chalicelib.domain.due import FRESHNESS, PATIENCE
from chalicelib.domain.sheet_view import SheetView
from local.serving import LocalServer
from local.sheets import Quota
from sheets_sync import credentials
from sheets_sync.allowance import Allowance, Limits, Project
from sheets_sync.credentials import Account, accounts_in
from sheets_sync.failures import SignInFailed
from sheets_sync.google import Spreadsheets
from sheets_sync.run import sync_due
from tests.sync.fleet import Fleet, new_fleet, sync
from tests.sync.test_google import KEYLESS, private_key
from tests.world import HandClock

__all__ = ["private_key"]

ANNA, BELA, CARA = (
    f"muster@{project}.iam.gserviceaccount.com" for project in ("anna-home", "bela-home", "cara-home")
)


@dataclass
class Bureau:
    """Google's token endpoint, which gives each account a token of its own, and a Secrets Manager."""

    private_key: str
    url: str = ""
    holds: tuple[str, ...] = (ANNA, BELA)
    project: str | None = None
    refuses: set[str] = field(default_factory=set)

    def answer(self, request: Request) -> Response:
        (assertion,) = parse_qs(request.get_data(as_text=True))["assertion"]
        claims = assertion.split(".")[1]
        who = json.loads(urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["iss"]
        if who in self.refuses:
            return Response(json.dumps({"error": "invalid_grant"}), 400, content_type="application/json")
        answer = {"access_token": f"token of {who}", "expires_in": 3600, "token_type": "Bearer"}
        return Response(json.dumps(answer), content_type="application/json")

    def entry(self, address: str) -> dict[str, Any]:
        key = {"private_key": self.private_key, "private_key_id": "1", "token_uri": self.url}
        project = {"project_id": self.project} if self.project else {}
        return {"type": "service_account", "client_email": address, **key, **project}

    def read_secret(self, _: str) -> str:
        return json.dumps([self.entry(address) for address in self.holds])


@pytest.fixture
def bureau(private_key: str) -> Iterator[Bureau]:
    found = Bureau(private_key)
    endpoint = LocalServer(found.answer, "127.0.0.1", 0)
    endpoint.start()
    found.url = f"{endpoint.url}/token"
    credentials._kept.clear()
    yield found
    credentials._kept.clear()
    endpoint.stop()


@pytest.fixture
def fleet(bureau: Bureau, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fleet]:
    """Four sheets, of which two are shared with one account and two with the other. The secret is read anew by each
    run."""
    monkeypatch.setattr(credentials, "READ_AGAIN", timedelta(0))
    with new_fleet() as fleet:
        fleet.google = replace(
            fleet.google, credentials_secret="several", read_secret=bureau.read_secret, host="127.0.0.1"
        )
        fleet.server.accounts.update({f"token of {who}": who for who in (ANNA, BELA, CARA)})
        fleet.server.tokens = set(fleet.server.accounts)
        fleet.run()
        for name, whose in zip("abcd", (ANNA, BELA, ANNA, BELA), strict=True):
            bind(fleet, name)
            hand_over(fleet, name, whose)
        yield fleet


def bind(fleet: Fleet, name: str) -> str | None:
    """With whom it is to be shared."""
    if not fleet.server.has(name):
        fleet.server.create_spreadsheet(name, {"T": []}, name)
    world = fleet.world
    return world.muster.bindings.bind(world.key("admin", None, None), name, "101", None)[0].account


def hand_over(fleet: Fleet, name: str, *accounts: str) -> None:
    fleet.server.unshare(name)
    for account in accounts:
        fleet.server.share(name, account)


def asked(fleet: Fleet) -> dict[str, str]:
    """Who has written which sheets since the last look."""
    found = {
        one.path.split("/")[3].split(":")[0]: one.account
        for one in fleet.server.requests
        if one.kind == "write"
    }
    fleet.server.requests.clear()
    return found


ALL = {"synced": 4, "failed": 0, "put_off": 0}
HALF = {"a": ANNA, "b": BELA, "c": ANNA, "d": BELA}


def test_each_sheet_is_bound_to_the_account_that_has_the_fewest_and_written_by_it(fleet: Fleet) -> None:
    assert {name: fleet.sheet(name).account for name in "abcd"} == HALF
    assert fleet.run() == ALL
    assert asked(fleet) == HALF
    assert bind(fleet, "a") == ANNA, "also when it is bound anew"


def test_accounts_work_at_the_same_time(fleet: Fleet) -> None:
    both = threading.Barrier(2)

    def together(sheet: Binding, view: SheetView, spreadsheets: Spreadsheets) -> None:
        both.wait(timeout=30)
        sync(sheet, view, spreadsheets)

    assert fleet.run(together) == ALL


def test_a_sheet_that_only_another_account_can_read_moves_over(fleet: Fleet) -> None:
    hand_over(fleet, "a", BELA)
    assert fleet.run() == {"synced": 3, "failed": 0, "put_off": 1}
    assert fleet.run_a_minute_later() == {"synced": 1, "failed": 0, "put_off": 0}
    assert asked(fleet) == HALF | {"a": BELA}
    assert (fleet.sheet("a").account, fleet.sheet("a").last_error) == (BELA, None)


def test_one_that_none_can_read_is_to_be_shared_with_its_own(fleet: Fleet) -> None:
    hand_over(fleet, "b")
    assert fleet.run() == {"synced": 3, "failed": 1, "put_off": 0}
    assert str(fleet.sheet("b").last_error).endswith(f"Share it, as editor, with {BELA}.")
    assert fleet.sheet("b").account == BELA


def test_one_that_may_be_read_but_not_written_does_not_go_to_and_fro(fleet: Fleet) -> None:
    for account in (ANNA, BELA):
        fleet.server.share("a", account, "reader")
    for _ in range(2):
        fleet.run()
        assert fleet.sheet("a").account == ANNA
        assert str(fleet.sheet("a").last_error).endswith(f"Share it, as editor, with {ANNA}.")
        fleet.world.clock.now += PATIENCE


def test_when_an_account_goes_its_sheets_are_for_those_that_stay_and_when_it_is_back_its_own_again(
    fleet: Fleet, bureau: Bureau
) -> None:
    fleet.run()
    fleet.report("Kestrel")
    hand_over(fleet, "d", ANNA, BELA)
    asked(fleet)
    bureau.holds = (ANNA,)
    assert fleet.run() == {"synced": 3, "failed": 1, "put_off": 0}
    assert asked(fleet) == {"a": ANNA, "c": ANNA, "d": ANNA}
    assert str(fleet.sheet("b").last_error).endswith(f"Share it, as editor, with {ANNA}.")
    bureau.holds = (ANNA, BELA)
    fleet.world.clock.now += PATIENCE
    fleet.run()
    fleet.run_a_minute_later()
    assert (fleet.sheet("b").account, fleet.shown("b")) == (BELA, "100")


def test_one_that_comes_gets_new_sheets_and_no_old_ones(fleet: Fleet, bureau: Bureau) -> None:
    fleet.run()
    bureau.holds = (ANNA, BELA, CARA)
    fleet.report("Kestrel")
    assert fleet.run() == ALL
    assert asked(fleet) == HALF
    assert bind(fleet, "new") == CARA


def test_sheets_of_before_are_the_first_accounts(fleet: Fleet) -> None:
    """There was one, and it was not noted."""
    sheets = fleet.world.muster.stores.sheets
    for name in "ef":
        fleet.bind(name)
        (due,) = (one for one in fleet.world.muster.sheet_queue.due() if one.sheet.spreadsheet_id == name)
        assert sheets.lease(due.sheet, "run", fleet.world.clock())
        assert sheets.synced(replace(due.sheet, lease="run"), fleet.world.clock(), "old")
        hand_over(fleet, name, ANNA)
    assert fleet.run()["synced"] == 6
    assert asked(fleet) == HALF | {"e": ANNA, "f": ANNA}


def test_one_that_google_refuses_does_not_hold_up_the_others(fleet: Fleet, bureau: Bureau) -> None:
    bureau.refuses = {BELA}
    assert fleet.run() == {"synced": 2, "failed": 2, "put_off": 0}
    assert set(asked(fleet)) == {"a", "c"}
    bureau.refuses = set()
    fleet.world.clock.now += PATIENCE
    assert fleet.run() == ALL


@pytest.mark.parametrize(("project", "in_all"), [(None, 4), ("same", 3)])
def test_requests_are_counted_for_each_account_and_each_project_from_run_to_run(
    fleet: Fleet, bureau: Bureau, monkeypatch: pytest.MonkeyPatch, project: str | None, in_all: int
) -> None:
    bureau.project = project
    fleet.server.quota = Quota(3, 3, *([4, 4] if project else [6, 6]))
    limits = Limits(3, 4 if project else 6)

    def run() -> None:
        sync_due(fleet.world.muster.sheet_queue, fleet.google, limits, sleep=lambda _: None, do=sync)

    with monkeypatch.context() as in_turn:  # at once, both may take what only one was to have
        in_turn.setattr("sheets_sync.run._at_once", lambda works: [work() for work in works])
        run()
    first = Counter(one.account for one in fleet.server.requests if one.kind == "read")
    assert max(first.values()) == 2, "one of three is kept for a second read"
    assert first.total() == in_all
    run()
    assert len([one for one in fleet.server.requests if one.kind == "read"]) == in_all, "nothing is left"
    fleet.world.clock.advance(minutes=1)
    fleet.world.clock.now += FRESHNESS
    run()
    assert {one.status for one in fleet.server.requests} == {200}


def test_a_project_gives_no_more_than_its_limit_to_all_accounts_together() -> None:
    clock, project = HandClock(), Project(5)
    first, second = (Allowance(3, clock, None, project) for _ in range(2))
    taken = [one.spend("read") for one in (first, first, first, second, second, second)]
    assert [bool(each) for each in taken] == [True] * 5 + [False]
    assert (first.wait("read"), second.wait("read"), second.wait("write", 3)) == (60, 60, 0)
    clock.advance(seconds=60)
    assert (first.wait("read", 3), second.wait("read", 3)) == (0, 0)


def test_projects_are_known_by_the_key_or_else_by_the_address(bureau: Bureau) -> None:
    url = "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{}:generateAccessToken"
    keyless = {**KEYLESS, "credential_source": {"file": "/nowhere"}}
    held = [
        {**bureau.entry(ANNA), "project_id": "named"},
        {**keyless, "service_account_impersonation_url": url.format(BELA)},
        {**keyless, "service_account_impersonation_url": url.format(CARA), "quota_project_id": "billed"},
    ]
    found = accounts_in("held", lambda _: json.dumps(held))
    assert found == [Account(ANNA, "named"), Account(BELA, "bela-home"), Account(CARA, "billed")]
    assert accounts_in("alone", lambda _: json.dumps(keyless)) == [Account(None, "")]


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ([], "holds no service account"),
        ([ANNA, {"type": "service_account", "private_key": "hush-hush"}], "in entry 2 of 2"),
        ([ANNA, "hush-hush"], "in entry 2 of 2"),
        (
            [{**KEYLESS, "credential_source": {"file": "hush-hush"}}, ANNA],
            "names no service account in entry 1 of 2",
        ),
        ([ANNA, BELA, ANNA], f"holds {ANNA} twice"),
    ],
)
def test_what_is_wrong_with_a_list_is_said_by_its_place(
    bureau: Bureau, entries: list[Any], words: str
) -> None:
    held = [bureau.entry(one) if one in (ANNA, BELA) else one for one in entries]
    with pytest.raises(SignInFailed, match=words) as raised:
        accounts_in("held", lambda _: json.dumps(held))
    assert "hush-hush" not in str(raised.value)


def test_a_secret_that_can_not_be_read_again_leaves_the_accounts_as_they_were(
    fleet: Fleet, bureau: Bureau
) -> None:
    fleet.run()
    fleet.report("Kestrel")
    fleet.google = replace(fleet.google, read_secret=lambda _: "spoilt")
    assert fleet.run() == ALL


def test_what_one_accounts_drive_can_not_tell_concerns_its_sheets_alone(fleet: Fleet) -> None:
    queue = fleet.world.muster.sheet_queue
    for name in "abcd":
        fleet.world.muster.stores.sheets.bind(name, "101", None, edits=True)
    fleet.run()
    for told in ({ANNA: None, BELA: None}, {ANNA: None, BELA: {"b"}}):
        fleet.world.clock.advance(minutes=1)
        assert queue.due() == []
        queue.share_out([ANNA, BELA])
        for who, files in told.items():
            queue.note_touched(who, files, "1")
        due = {who: queue.due_of(who) for who in told}
        for one in (*due[ANNA], *due[BELA]):
            leased = queue.lease(one, "run")
            assert leased
            queue.synced(leased)
    assert {who: [one.sheet.spreadsheet_id for one in theirs] for who, theirs in due.items()} == {
        ANNA: ["a", "c"],
        BELA: ["b"],
    }
