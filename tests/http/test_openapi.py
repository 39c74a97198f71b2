"""The OpenAPI document and its page: they tell of every route, and what they tell is so."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

import app
from chalicelib.http.glossary import FIELDS, PARAMETERS, PROBLEMS
from chalicelib.http.openapi import document
from chalicelib.version import VERSION
from tests.http.conftest import Site, served
from tests.http.described import answers, mismatch, operations, valid
from tests.http.every_route import ALL, KEYS, ROWS, Stage, staged
from tests.http.test_pages import Page
from tests.world import DEFENDERS, HIDDEN_MOTIVATIONS

ROOT = Path(__file__).parents[2]
LAZY = """
import json, sys
import app
assert not {name for name in sys.modules if name.startswith("chalicelib.http.o")} - {"chalicelib.http.officers",
    "chalicelib.http.operators"}
from chalicelib.http.openapi import document
print(json.dumps(document()))
"""


@pytest.fixture(params=["", "/api"], ids=["at the root", "under a stage"])
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    with staged() as stage, served(stage.site.world, request.param) as stage.site:
        yield stage


def test_it_is_valid_openapi() -> None:
    validate(document())


def test_it_has_every_route_and_nothing_else() -> None:
    views = {
        (method, path): entry.view_function.__name__
        for path, methods in app.app.routes.items()
        for method, entry in methods.items()
    }
    assert {route: told["operationId"] for route, told in operations().items()} == views


def test_it_says_who_may() -> None:
    told = operations()
    for row in ROWS:
        operation = told[row.method, row.route]
        roles = {KEYS[name][0] for name in row.may & KEYS.keys()}
        is_public = row.may == ALL or "{key}" in row.route
        assert set(operation.get("x-roles", [])) == (set() if is_public else roles), row
        schemes = [name for way in operation.get("security", []) for name in way]
        assert schemes == ([] if is_public else ["bearer", "key"][: 1 + row.route.endswith(".csv")]), row


def test_no_word_of_the_glossary_is_about_nothing() -> None:
    api = document()
    told = operations().values()
    parameters = [one for operation in told for one in operation.get("parameters", [])]
    known = {one["name"] for one in parameters}
    for name, schema in api["components"]["schemas"].items():
        known |= {
            field
            for one in schema.get("properties", ())
            for field in (one, f"{name.partition('-')[0]}.{one}")
        }
    words = {one["description"] for one in parameters}
    assert {name for name in FIELDS if name not in known and FIELDS[name] not in words} == set()
    assert PARAMETERS.keys() == {one["name"] for one in parameters if one["in"] == "path"}


def test_it_has_every_problem_that_the_product_raises() -> None:
    raised = re.compile(
        r"(?:Malformed|Unauthenticated|Forbidden|NotFound|Conflict|DidYouMean|TooLarge)\(\s*\"([a-z-]+)\""
    )
    sources = (ROOT / "chalicelib").rglob("*.py")
    codes = {code for path in sources for code in raised.findall(path.read_text(encoding="utf-8"))}
    assert codes | {"unsupported-media-type", "internal", "busy"} == PROBLEMS.keys()
    told = json.dumps(document()["components"]["responses"])
    assert all(f"`{code}`" in told for code in PROBLEMS)


def test_its_examples_are_good() -> None:
    shown = 0
    for (method, path), operation in operations().items():
        bodies = [operation["requestBody"]] if "requestBody" in operation else []
        for told in [*bodies, *answers(method, path).values()]:
            for media in told.get("content", {}).values():
                if "example" in media:
                    shown += 1
                    assert list(valid(media["schema"]).iter_errors(media["example"])) == [], path
    assert shown > 20


def test_it_is_made_when_asked_and_always_the_same() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LAZY], cwd=ROOT, check=True, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == json.dumps(document())


def test_what_is_answered_is_what_is_told(stage: Stage) -> None:
    principals = ["no key", "officer of another server", "member", "admin"]
    wrong = {}
    for stage.principal in [*principals, "admin"]:  # once more, with all that was written
        for row in ROWS:
            answer = stage.send(row)
            if problem := mismatch(answer, row.method, row.route):
                wrong[str(row), stage.principal] = problem, answer.text[:500]
    assert not wrong


def test_a_projection_is_as_it_is_told(site: Site) -> None:
    muster, key = site.world.muster, site.world.key()
    for hour in range(40):
        site.world.clock.advance(hours=1)
        muster.reporting.report(key, f"Scout {hour:b}", [HIDDEN_MOTIVATIONS], is_new=True)
        muster.refresh.refresh_totals()
    path = "/v1/servers/{server}/events/{event}/progress"
    answer = site.get(path.format(server="101", event=DEFENDERS))
    assert answer.json()["projection"]
    assert mismatch(answer, "GET", path) is None


def test_the_document_is_served_to_all(any_site: Site) -> None:
    answer = any_site.get("/openapi.json")
    assert answer.json() == document()
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert answer.json()["info"]["version"] == VERSION
    assert answer.json()["servers"][0]["url"] == ".", "beside it, under whichever prefix"
    Draft202012Validator.check_schema(answer.json()["components"]["schemas"]["Progress"])


def test_the_page_tells_all_of_it_and_loads_nothing(any_site: Site) -> None:
    answer = any_site.get("/docs")
    page = Page(answer)
    for (method, path), operation in operations().items():
        assert f"<strong>{method}</strong> <code>{path}</code>" in answer.text.replace("<wbr>", "")
        assert f'id="{operation["operationId"]}"' in answer.text
    assert "Report completions · member, officer, admin" in page.words
    assert "milestones list of text, up to 200 characters, 1 to 100 of them" in page.words
    assert not re.search(r"<(script|link|img|iframe)|\bsrc=", answer.text)
    inside = set(re.findall(r'id="([^"]+)"', answer.text))
    assert set(page.links) - {"openapi.json"} <= {f"#{one}" for one in inside}
    assert any_site.get("/openapi.json").status_code == 200
    assert any_site.post("/docs").headers["Content-Type"].startswith("text/html")
