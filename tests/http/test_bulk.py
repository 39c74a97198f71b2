"""`POST /v1/corrections/bulk`, as the contract has it."""

from typing import Any

import pytest

from tests.http.conftest import Site
from tests.http.test_api import problem
from tests.http.test_officers import Desk
from tests.http.test_pages import Page
from tests.world import DEFENDERS, HIDDEN_MOTIVATIONS

BULK = "/v1/corrections/bulk"
PROGRESS = f"/v1/servers/101/events/{DEFENDERS}/progress"


@pytest.fixture
def officer(site: Site) -> Desk:
    return Desk(site, site.world.secret("officer"))


def leak(site: Site, *names: str) -> tuple[str, str]:
    """The secret of a link by which these have joined, and its id."""
    secret = site.world.secret()
    for name in names:
        body = {"commander": name, "milestones": [HIDDEN_MOTIVATIONS], "is_new": True}
        assert site.report(secret, body).status_code == 200
    return secret, site.world.muster.directory.key(secret).id


def test_what_a_link_brought_is_counted_taken_and_given_back(site: Site, officer: Desk) -> None:
    officer.add("Known")
    secret, key_id = leak(site, "Known", "Fake 1", "Fake 2")
    body = {"key_id": key_id, "only": "new-commanders", "reason": "the link leaked", "dry_run": True}
    dry = officer("POST", BULK, body).json()
    assert dry == {"id": dry["id"], "commanders": 2, "completions": 2, "remaining": 0}
    assert site.get(PROGRESS).json()["points"] == 300
    done = officer("POST", BULK, {**body, "dry_run": False})
    assert (done.status_code, done.json()) == (200, dry)
    assert site.get(PROGRESS).json()["points"] == 100
    assert Page(site.get(f"/f/{secret}")).roster == ["Known"]
    again = officer("POST", BULK, {**body, "dry_run": False}).json()
    assert again == {"id": dry["id"], "commanders": 0, "completions": 0, "remaining": 0}
    ledger = officer("GET", "/v1/servers/101/ledger").json()["entries"]
    taken = [one for one in ledger if one["action"] == "take-back"]
    assert [(one["reason"], one["after"]["bulk"]) for one in taken] == [("the link leaked", dry["id"])] * 2
    assert officer("POST", BULK, {"undo": dry["id"]}).json() == dry
    assert site.get(PROGRESS).json()["points"] == 300
    assert len(Page(site.get(f"/f/{secret}")).roster) == 3


def test_a_link_that_leaked_is_remedied_step_by_step(site: Site, officer: Desk) -> None:
    """As docs/OPERATIONS.md says, with an alliance's officer's key alone."""
    leaked, key_id = leak(site, "Fake 1", "Fake 2", "Honest")
    path = "/v1/servers/101/alliances/nova"
    assert officer("PATCH", path, {"is_open": False}).status_code == 200
    assert officer("DELETE", f"/v1/keys/{key_id}").status_code == 200
    site.world.clock.advance(seconds=1)
    roster = officer("GET", f"{path}/commanders", params={"added_by": "member"}).json()["commanders"]
    honest = next(one["id"] for one in roster if one["name"] == "Honest")
    officer("PATCH", f"{path}/commanders/{honest}", {"name": "Honest II"})
    body = {"key_id": key_id, "only": "new-commanders", "reason": "the link leaked"}
    assert officer("POST", BULK, body).json()["commanders"] == 2
    made = officer("POST", "/v1/keys", {"role": "member", "label": "new link"}).json()
    assert officer("PATCH", path, {"is_open": True}).status_code == 200
    report = {"commander": "Newcomer", "milestones": [HIDDEN_MOTIVATIONS]}
    assert site.report(leaked, report).status_code == 401
    assert site.report(made["secret"], report).status_code == 200
    assert site.get(PROGRESS).json()["points"] == 200


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["key_id", "only", "reason"]),
        ({"key_id": "", "only": "some", "reason": " "}, ["key_id", "only", "reason"]),
        ({"key_id": "x" * 201, "only": "all", "reason": "x" * 501}, ["key_id", "reason"]),
        ({"key_id": "a", "only": "all", "reason": "r", "since": "2023-11-15"}, ["since"]),
        ({"key_id": "a", "only": "all", "reason": "r", "since": "20231115"}, ["since"]),
        ({"key_id": "a", "only": "all", "reason": "r", "until": 1}, ["until"]),
        ({"key_id": "a", "only": "all", "reason": "r", "dry_run": "yes"}, ["dry_run"]),
        ({"key_id": "a", "only": "all", "reason": "r", "dryrun": True}, ["dryrun"]),
        ({"undo": 1}, ["undo"]),
        ({"undo": "101:0", "reason": "r"}, ["reason"]),
        ([], ["body"]),
    ],
)
def test_what_is_wrong_is_said_by_field(officer: Desk, body: Any, fields: list[str]) -> None:
    assert problem(officer("POST", BULK, body), 422, "malformed") == fields


def test_a_span_backwards_is_422_and_what_there_is_not_is_404(site: Site, officer: Desk) -> None:
    _, key_id = leak(site, "Fake")
    body = {"key_id": key_id, "only": "all", "reason": "r"}
    span = {"since": "2023-11-15T12:00:00+01:00", "until": "2023-11-15T11:00:00Z"}
    assert problem(officer("POST", BULK, body | span), 422, "malformed") == ["until"]
    problem(officer("POST", BULK, body | {"key_id": "nobody's"}), 404, "unknown-key")
    problem(officer("POST", BULK, body | {"server": "102"}), 403, "out-of-scope")
    problem(officer("POST", BULK, {"undo": "101:nothing"}), 404, "unknown-bulk")
    other = Desk(site, site.world.secret("officer", "101", "orbit"))
    problem(other("POST", BULK, body), 404, "unknown-key")
    assert site.get(PROGRESS).json()["points"] == 100
