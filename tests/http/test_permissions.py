"""Who may do what: every route and method of the app, against every kind of key."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import requests

from chalicelib import bootstrap
from chalicelib.domain.access import REVOKED_WITHIN
from tests.http.conftest import served
from tests.http.every_route import ALL, KEYS, ROUTES, ROWS, STRANGERS, Row, Stage, staged
from tests.world import WEDNESDAY_NOON, World


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with staged() as stage:
        yield stage


def test_every_route_has_its_row_and_every_row_its_route() -> None:
    assert {(row.method, row.route) for row in ROWS} == ROUTES
    assert len(ROWS) == len(ROUTES)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_who_may(stage: Stage, row: Row) -> None:
    wrong = {}
    for stage.principal in sorted(ALL):
        answer = stage.send(row)
        if outcome(answer, row) != expected(row, stage.principal):
            wrong[stage.principal] = answer.status_code, answer.text
    assert not wrong


@pytest.mark.parametrize("row", [row for row in ROWS if row.method == "GET" and row.may < ALL], ids=str)
def test_a_key_in_the_address_counts_for_csv_alone(stage: Stage, row: Row) -> None:
    if "{key}" in row.route:
        return
    wrong = {}
    for stage.principal in sorted({*KEYS, "a revoked key", "an expired key", "an unknown key"}):
        request = row.request(stage)
        parameters = {**request.get("params", {}), "key": stage.secret}
        answer = stage.send(row, request, secret=None, params=parameters)
        is_csv = row.route.endswith(".csv")
        if outcome(answer, row) != (expected(row, stage.principal) if is_csv else "401 no-key"):
            wrong[stage.principal] = answer.status_code, answer.text
        assert (stage.secret or "") not in answer.text + str(answer.headers)
    assert not wrong


def test_a_key_in_the_address_changes_nothing(stage: Stage) -> None:
    stage.principal, wrong = "admin", {}
    for row in (row for row in ROWS if row.method != "GET" and row.may < ALL and "{key}" not in row.route):
        request = row.request(stage)
        parameters = {**request.get("params", {}), "key": stage.secret}
        answer = stage.send(row, request, secret=None, params=parameters)
        if outcome(answer, row) != "401 no-key":
            wrong[str(row)] = answer.status_code, answer.text
    assert not wrong


def expected(row: Row, principal: str) -> str:
    if principal in row.may:
        return "done"
    if principal not in STRANGERS:
        return "403 out-of-scope"
    return "401 no-key" if principal == "no key" and "{key}" not in row.route else "401 invalid-key"


def outcome(answer: requests.Response, row: Row) -> str:
    if 200 <= answer.status_code < 400:
        return "done"
    if "{key}" in row.route:  # a page, which says it in words
        return {401: "401 invalid-key", 403: "403 out-of-scope"}.get(answer.status_code, "?")
    return f"{answer.status_code} {answer.json()['code']}"


class TestEndingAKey:
    def test_it_ends_at_once_where_it_was_ended_and_elsewhere_within_what_is_promised(
        self, world: World
    ) -> None:
        here, there = world.process(), world.process()
        secret, admin = world.secret("reader"), world.secret("admin", None, None)
        identity = here.directory.key(secret).id

        def status(of: bootstrap.Muster) -> int:
            bootstrap.use(of)
            path = "/v1/servers/101/alliances/nova/commanders"
            return site.call("GET", path, secret).status_code

        with served(world) as site:
            assert (status(here), status(there)) == (200, 200)
            bootstrap.use(here)
            assert site.call("DELETE", f"/v1/keys/{identity}", admin).status_code == 200
            world.clock.advance(seconds=1)
            assert status(here) == 401
            world.seconds.seconds += REVOKED_WITHIN.total_seconds() - 1
            assert status(there) == 200, "it remembers"
            world.seconds.seconds += 1
            assert status(there) == 401

    def test_an_expiry_is_looked_at_with_every_use(self, world: World) -> None:
        secret = world.secret("reader", expires_at=WEDNESDAY_NOON + timedelta(minutes=1))
        with served(world) as site:
            path = "/v1/servers/101/alliances/nova/commanders"
            assert site.call("GET", path, secret).status_code == 200
            world.clock.advance(minutes=1)
            assert site.call("GET", path, secret).status_code == 401
