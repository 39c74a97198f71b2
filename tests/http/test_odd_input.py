"""Whatever is sent to whichever route is answered, and never with a fault of our own."""

from collections.abc import Iterator
from string import Formatter
from typing import Any
from urllib.parse import quote

import pytest

from chalicelib.http.inputs import MAX_BODY
from chalicelib.http.officer_inputs import MAX_CSV, MAX_EVENT
from chalicelib.http.signed import MAX_BODY as MAX_SIGNED
from tests.http.described import operations
from tests.http.every_route import ROWS, Row, Stage, staged

IDS = ["a#b", "nova#", "#", "x" * 1100, "\0", "💥", "\u202e", "ﷺ" * 200, "...", "'", "%"]
VALUES: list[Any] = [
    None,
    True,
    [],
    {},
    -1,
    10**30,
    1.5,
    "",
    "a#b",
    "\0",
    "ﷺ" * 200,
    "\u202e",
    "9999-12-31T23:59:59-14:00",
]
REFUSED = {401, 404, 409, 422}


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with staged() as stage:
        yield stage


QUERIES = {
    "/commanders": ["added_by"],
    "/commanders.csv": ["added_by", "key"],
    "/completions": ["event"],
    "/completions.csv": ["event"],
    "/missing": ["milestone"],
    "/missing.csv": ["milestone"],
    "/ledger": ["commander", "alliance", "before", "limit"],
    "/receipt": ["commander", "at"],
    "/commanders/import": ["dry_run", "commander_column"],
    "/completions/import": ["event", "timestamp_column", "timestamp_format"],
    "/f/{key}": ["commander"],
}


def asked(row: Row) -> list[str]:
    return next((QUERIES[end] for end in QUERIES if row.route.endswith(end)), [])


def names(row: Row) -> list[str]:
    return [name for _, name, _, _ in Formatter().parse(row.route) if name]


def turn(stage: Stage, row: Row) -> dict[str, Any]:
    """A valid request, by somebody who may send it."""
    stage.principal = "admin" if "admin" in row.may else "member"
    return row.request(stage)


@pytest.mark.parametrize("row", [row for row in ROWS if names(row)], ids=str)
def test_in_the_path(stage: Stage, row: Row) -> None:
    request, wrong = turn(stage, row), {}
    for name in names(row):
        for value in IDS:
            path = {**request.get("path", {}), name: quote(value, safe="")}
            answer = stage.send(row, request, path=path)
            if answer.status_code not in REFUSED:
                wrong[name, value] = answer.status_code, answer.text
    assert not wrong


@pytest.mark.parametrize("row", [row for row in ROWS if row.method != "GET"], ids=str)
def test_in_the_body(stage: Stage, row: Row) -> None:
    request, wrong = turn(stage, row), {}
    for part in ("json", "data"):
        sent = request.get(part)
        valid = sent if isinstance(sent, dict) else {}
        for name in valid:
            for value in VALUES:
                answer = stage.send(row, request, **{part: {**valid, name: value}})
                if answer.status_code >= 500:
                    wrong[name, str(value)] = answer.status_code, answer.text
    assert not wrong


LARGER = {"PUT /v1/events/{event}": MAX_EVENT, "POST /discord/interactions": MAX_SIGNED}
"""Bytes that a body may have, where it is neither CSV nor like all others."""


@pytest.mark.parametrize("row", [row for row in ROWS if row.method != "GET"], ids=str)
def test_in_the_size_of_the_body(stage: Stage, row: Row) -> None:
    path, wrong = turn(stage, row).get("path", {}), {}
    for kind in operations()[row.method, row.route].get("requestBody", {}).get("content", {}):
        most = LARGER.get(str(row), MAX_CSV if kind == "text/csv" else MAX_BODY)
        for size in (most, most + 1):
            sent = {"path": path, "data": b" " * size, "headers": {"Content-Type": kind}}
            status = stage.send(row, sent).status_code
            if status >= 500 or (status == 413) != (size > most):
                wrong[kind, size] = status
    assert not wrong


def test_in_how_many_fields_a_form_has(stage: Stage) -> None:
    stage.principal = "member"
    for number, words in ((199, "There is no milestone"), (200, "The form could not be read.")):
        fields = [("commander", "Kestrel"), *[("milestone", str(one)) for one in range(number)]]
        answer = stage.site.post(f"/f/{stage.secret}", data=fields)
        assert answer.status_code in REFUSED
        assert words in answer.text


@pytest.mark.parametrize("row", [row for row in ROWS if asked(row)], ids=str)
def test_in_the_query(stage: Stage, row: Row) -> None:
    request, wrong = turn(stage, row), {}
    for name in asked(row):
        for value in IDS:
            answer = stage.send(row, request, params={**request.get("params", {}), name: value})
            if answer.status_code >= 500:
                wrong[name, value] = answer.status_code, answer.text
    assert not wrong
