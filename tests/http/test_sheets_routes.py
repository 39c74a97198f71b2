"""Binding spreadsheets over HTTP."""

from typing import Any

import pytest
import requests

from chalicelib.store.sheets import Sheets
from chalicelib.store.table import Put
from tests.http.conftest import Site
from tests.http.test_api import problem
from tests.stores import on_dynamodb
from tests.world import HIDDEN_MOTIVATIONS

ID = "1AbC-dEf_ghIJ234567890"
NOVA = {"server": "101", "alliance": "nova"}
FIELDS = {
    *(
        "spreadsheet_id",
        "server",
        "alliance",
        "edits",
        "last_success_at",
        "last_error_at",
        "last_error",
        "revision",
        "account",
    ),
}


def call(
    site: Site, method: str, secret: str | None, body: object = None, sheet: str = ID
) -> requests.Response:
    options: dict[str, Any] = {} if body is None else {"json": body}
    return site.call(method, f"/v1/sheets/{sheet}", secret, **options)


def admin(site: Site) -> str:
    return site.world.secret("admin", None, None)


def test_what_is_unbound_at_once_was_bound(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    bind = Sheets.bind

    def overtaken(sheets: Sheets, spreadsheet_id: str, *of: Any, **more: Any) -> None:
        bind(sheets, spreadsheet_id, *of, **more)
        sheets.unbind(spreadsheet_id)

    monkeypatch.setattr(Sheets, "bind", overtaken)
    made = call(site, "PUT", admin(site), NOVA | {"edits": True})
    assert (made.status_code, made.json()["alliance"], made.json()["edits"]) == (201, "nova", True)


@pytest.mark.parametrize("alliance", ["nova", None])
def test_a_spreadsheet_is_bound_looked_at_and_unbound(any_site: Site, alliance: str | None) -> None:
    secret = admin(any_site)
    made = call(any_site, "PUT", secret, {"server": "101", "alliance": alliance})
    assert made.status_code == 201
    assert made.json() == dict.fromkeys(FIELDS) | {
        "spreadsheet_id": ID,
        "server": "101",
        "alliance": alliance,
        "edits": False,
    }
    shown = call(any_site, "GET", secret)
    assert (shown.status_code, shown.json()) == (200, made.json())
    gone = call(any_site, "DELETE", secret)
    assert (gone.status_code, gone.content) == (204, b"")
    assert problem(call(any_site, "GET", secret), 404, "unknown-sheet") == ["spreadsheet_id"]
    assert problem(call(any_site, "DELETE", secret), 404, "unknown-sheet") == ["spreadsheet_id"]


def test_without_an_alliance_it_is_the_servers(site: Site) -> None:
    assert call(site, "PUT", admin(site), {"server": "101"}).json()["alliance"] is None


def test_the_state_tells_how_the_syncs_went_and_binding_anew_forgets_the_revision(site: Site) -> None:
    secret, bound = admin(site), site.world.muster.sheet_queue
    call(site, "PUT", secret, NOVA)
    (due,) = bound.due()
    bound.failed(due, "Not shared.", lasting=False)
    site.world.clock.advance(minutes=1)
    (due,) = bound.due()
    bound.synced(due)
    state = call(site, "GET", secret).json()
    assert state["last_error_at"] == "2023-11-15T12:00:00Z"
    assert state["last_error"] == "Not shared."
    assert state["last_success_at"] == "2023-11-15T12:01:00Z"
    assert state["revision"] == due.revision
    again = call(site, "PUT", secret, {"server": "101", "alliance": "orbit"})
    assert again.status_code == 200
    assert again.json() == state | {"alliance": "orbit", "revision": None}
    assert [due.sheet.alliance for due in bound.due()] == ["orbit"]


def test_what_officers_edit_counts_only_where_that_was_asked_for(site: Site) -> None:
    secret = admin(site)
    assert call(site, "PUT", secret, {**NOVA, "edits": True}).json()["edits"] is True
    (entry, *_) = site.world.muster.ledger_pages.of_server(site.world.key("admin", None, None), "101").entries
    assert (entry.before, (entry.after or {})["edits"]) == (None, True)
    assert call(site, "PUT", secret, NOVA).json()["edits"] is False


def test_an_admin_sees_every_bound_sheet_and_nobody_else_does(site: Site) -> None:
    states = [call(site, "PUT", admin(site), NOVA, sheet).json() for sheet in ("one", "two")]
    shown = site.call("GET", "/v1/sheets", admin(site))
    assert (shown.status_code, shown.json()) == (200, {"sheets": states})
    for secret in (site.world.secret("officer", "101", None), site.world.secret("reader")):
        problem(site.call("GET", "/v1/sheets", secret), 403, "out-of-scope")


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["server"]),
        ({"server": 101}, ["server"]),
        ({"server": "101", "alliance": 5}, ["alliance"]),
        ({"server": "101", "alliances": "nova"}, ["alliances"]),
        ({"server": "101", "edits": "yes"}, ["edits"]),
        ([], ["body"]),
    ],
)
def test_malformed_input_is_422_by_field(site: Site, body: object, fields: list[str]) -> None:
    assert problem(call(site, "PUT", admin(site), body), 422, "malformed") == fields
    assert list(site.world.muster.stores.sheets.all()) == []


@pytest.mark.parametrize("sheet", ["x" * 129, "a.b", "a%20b", "%D1%84", "a%23b"])
def test_what_is_no_spreadsheets_id_is_422(site: Site, sheet: str) -> None:
    assert problem(call(site, "PUT", admin(site), NOVA, sheet), 422, "malformed") == ["spreadsheet_id"]
    assert call(site, "PUT", admin(site), NOVA, "x" * 128).status_code == 201


def test_what_it_is_bound_to_must_exist(site: Site) -> None:
    problem(call(site, "PUT", admin(site), {"server": "999"}), 404, "unknown-server")
    problem(call(site, "PUT", admin(site), {"server": "101", "alliance": "x"}), 404, "unknown-alliance")


def test_it_is_tidied_once_and_at_once(site: Site) -> None:
    secret = admin(site)
    problem(call(site, "POST", secret, {}, f"{ID}/tidy"), 404, "unknown-sheet")
    call(site, "PUT", secret, NOVA)
    assert call(site, "POST", secret, {}, f"{ID}/tidy").status_code == 200
    (sheet,) = site.world.muster.stores.sheets.all()
    assert sheet.tidies
    queue = site.world.muster.sheet_queue
    (due,) = queue.due()
    queue.synced(due)
    (sheet,) = site.world.muster.stores.sheets.all()
    assert not sheet.tidies


def test_one_that_is_unbound_before_it_is_tidied_is_unknown(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    tidy = Sheets.tidy

    def late(sheets: Sheets, sheet: str, *more: Put) -> None:
        sheets.unbind(sheet)
        tidy(sheets, sheet, *more)

    secret = admin(site)
    call(site, "PUT", secret, NOVA)
    monkeypatch.setattr(Sheets, "tidy", late)
    problem(call(site, "POST", secret, {}, f"{ID}/tidy"), 404, "unknown-sheet")


def test_only_an_admin_binds_and_unbinds(site: Site) -> None:
    call(site, "PUT", admin(site), NOVA)
    for secret in (
        site.world.secret("officer", "101", None),
        site.world.secret(),
        site.world.secret("reader"),
    ):
        problem(call(site, "PUT", secret, NOVA), 403, "out-of-scope")
        problem(call(site, "DELETE", secret), 403, "out-of-scope")
    for method, body in (("PUT", NOVA), ("GET", None), ("DELETE", None)):
        problem(call(site, method, None, body), 401, "no-key")
        problem(call(site, method, "unknown", body), 401, "invalid-key")


def test_officers_see_the_state_of_what_is_in_their_scope(site: Site) -> None:
    call(site, "PUT", admin(site), NOVA)
    of_server, of_nova = site.world.secret("officer", "101", None), site.world.secret("officer")
    of_orbit, elsewhere = (
        site.world.secret("officer", "101", "orbit"),
        site.world.secret("officer", "102", None),
    )
    for secret in (of_server, of_nova):
        assert call(site, "GET", secret).status_code == 200
    for secret in (of_orbit, elsewhere, site.world.secret(), site.world.secret("reader")):
        problem(call(site, "GET", secret), 403, "out-of-scope")
        if secret in (of_orbit, elsewhere):
            problem(call(site, "GET", secret, sheet="unknown"), 404, "unknown-sheet")
    call(site, "PUT", admin(site), {"server": "101"})
    assert call(site, "GET", of_server).status_code == 200
    problem(call(site, "GET", of_nova), 403, "out-of-scope")


@on_dynamodb
def test_members_never_notice_a_sheet(site: Site) -> None:
    call(site, "PUT", admin(site), NOVA)
    site.world.dynamodb.calls.clear()
    site.report(site.world.secret(), {"commander": "Kestrel", "milestones": [HIDDEN_MOTIVATIONS]})
    assert "SHEETS" not in str(list(site.world.dynamodb.calls))
