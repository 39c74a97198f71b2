"""The OpenAPI document and its page: they tell of every route, and what they tell is so."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from openapi_spec_validator import validate

import app
from chalicelib.catalog import load_catalog
from chalicelib.domain.calendar import GameDay
from chalicelib.domain.progress import newly_reached, progress_of
from chalicelib.domain.standing import Standing, Totals
from chalicelib.http import reference
from chalicelib.http.openapi.document import document
from chalicelib.http.openapi.glossary import FIELDS, PARAMETERS, PROBLEMS, status_of
from chalicelib.http.openapi.operations import SIGNED
from chalicelib.http.responses import json_response
from chalicelib.version import VERSION
from tests.http.conftest import Site, served
from tests.http.described import answers, mismatch, operations, valid
from tests.http.every_route import OPERATIONS, ROUTES, ROWS, Stage, staged
from tests.http.test_pages import Page
from tests.world import DEFENDERS, WEDNESDAY_NOON

ROOT = Path(__file__).parents[2]
LAZY = """
import json, sys
import app
assert not {name for name in sys.modules if name.startswith("chalicelib.http.o")} - {"chalicelib.http.officers",
    "chalicelib.http.admin"}
from chalicelib.http.openapi.document import document
print(json.dumps(document()))
"""


@pytest.fixture(params=["", "/api"], ids=["at the root", "under a stage"])
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    with staged() as stage, served(stage.site.world, request.param) as stage.site:
        yield stage


def test_it_is_valid_openapi() -> None:
    validate(document())


def test_it_has_every_route_and_nothing_else() -> None:
    views = {(method, path): app.app.routes[path][method].view_function.__name__ for method, path in ROUTES}
    assert {route: told["operationId"] for route, told in operations().items()} == views


def test_it_says_who_may() -> None:
    told = operations()
    for row in ROWS:
        operation = told[row.method, row.route]
        roles = [] if "{key}" in row.route else list(OPERATIONS[str(row)].roles)
        assert operation.get("x-roles", []) == roles, row
        schemes = [name for way in operation.get("security", []) for name in way]
        keys = ["bearer", "key"][: 1 + row.route.endswith(".csv")] if roles else []
        signed = ["signature", "timestamp"] if OPERATIONS[str(row)].who == SIGNED else []
        assert schemes == keys + signed, row


def test_a_schema_is_named_after_what_it_is_about() -> None:
    """By a word of the contract, or one of these: a client that is generated has no more than the name."""
    contract = (ROOT / "docs" / "DESIGN.md").read_text(encoding="utf-8")
    (table,) = re.findall(r"\| word \| meaning \|\n((?:\|.*\n)+)", contract)
    words = {word for name in re.findall(r"^\| ([a-z ]+) \|", table, flags=re.M) for word in name.split()}
    words |= {"actor", "correction", "day", "import", "points", "progress", "projection", "receipt", "reward"}
    words |= {"namesake", "roster", "schedule", "webhook"} | {"field", "health", "problem"}
    words |= {"account", "binding", "discord", "guild", "interaction"}
    for name in document()["components"]["schemas"]:
        parts = [part.lower() for part in re.findall(r"[A-Z][a-z]+", name)]
        assert "".join(parts) == name.lower()
        assert words & {*parts, *(part.removesuffix("s") for part in parts)}, name


def test_no_word_of_the_glossary_is_about_nothing() -> None:
    api = document()
    told = operations().values()
    parameters = [one for operation in told for one in operation.get("parameters", [])]
    known = {one["name"] for one in parameters}
    for name, schema in api["components"]["schemas"].items():
        known |= {field for one in schema.get("properties", ()) for field in (one, f"{name}.{one}")}
    words = {one["description"] for one in parameters}
    assert {name for name in FIELDS if name not in known and FIELDS[name] not in words} == set()
    assert PARAMETERS.keys() == {one["name"] for one in parameters if one["in"] == "path"}


def test_it_has_every_problem_that_the_product_raises() -> None:
    raised = re.compile(
        r"(Malformed|Unauthenticated|Forbidden|NotFound|Conflict|DidYouMean|TooLarge)\(\s*\"([a-z-]+)\""
    )
    sources = (ROOT / "chalicelib").rglob("*.py")
    kinds = {
        code: kind for path in sources for kind, code in raised.findall(path.read_text(encoding="utf-8"))
    }
    by_chalice = {"unsupported-media-type": None, "internal": None}
    told = {code: kind and kind.__name__ for code, (kind, _) in PROBLEMS.items()}
    assert told == kinds | {"busy": "Busy", "unreadable": "Unreadable"} | by_chalice
    responses = json.dumps(document()["components"]["responses"])
    assert all(f"`{code}`" in responses for code in PROBLEMS)


def test_a_problem_has_the_same_status_in_the_page_of_the_api() -> None:
    rows = re.findall(
        r"^\| (\d{3}) \| `([a-z-]+)` \|", (ROOT / "docs" / "api.md").read_text("utf-8"), flags=re.M
    )
    elsewhere = {("405", "method-not-allowed"), ("429", "throttled")}
    """The first is answered for no route, the second by the gateway before us."""
    assert set(rows) - elsewhere == {(str(status_of(code)), code) for code in PROBLEMS}


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


def test_a_projection_and_a_reached_tier_are_as_they_are_told() -> None:
    event = next(one for one in load_catalog() if one.id == DEFENDERS)
    now, milestone = WEDNESDAY_NOON, event.milestones[0].id
    history = {now - timedelta(hours=hour): 20 * (48 - hour) for hour in range(1, 48)}
    standing = Standing({"nova": Totals(900, {milestone: 900})}, history=history)
    stamped = replace(standing, stamps=newly_reached(event, standing, now))
    progress = progress_of(event, "101", GameDay(), stamped, now)
    assert progress.projection
    assert progress.tiers[0].reached_at
    shown = json.loads(json_response(progress).body)
    assert list(valid({"$ref": "#/components/schemas/Progress"}).iter_errors(shown)) == []


def test_the_document_is_served_to_all(any_site: Site) -> None:
    answer = any_site.get("/openapi.json")
    servers = [{"url": urlsplit(any_site.url).path or "/"}]
    assert answer.json() == {**document(), "servers": servers}
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert answer.json()["info"]["version"] == VERSION


def test_the_page_is_made_once(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    first = site.get("/docs")
    monkeypatch.delattr(reference, "page")
    again = site.get("/docs?lang=de", headers={"Accept-Language": "de"})
    assert (again.text, again.headers["Cache-Control"]) == (first.text, first.headers["Cache-Control"])


def test_the_page_tells_all_of_it_and_loads_nothing(any_site: Site) -> None:
    answer = any_site.get("/docs")
    page = Page(answer)
    for (method, path), operation in operations().items():
        assert f"<strong>{method}</strong> <code>{path}</code>" in answer.text.replace("<wbr>", "")
        assert f'id="{operation["operationId"]}"' in answer.text
    assert "Report completions · member, officer, admin" in page.words
    assert "milestones list of text, up to 200 characters, 1 to 100 of them" in page.words
    assert not re.search(r"<(script|link(?! rel=.icon. href=.data:)|img|iframe)|\bsrc=", answer.text)
    inside = set(re.findall(r'id="([^"]+)"', answer.text))
    assert set(page.links) - {"openapi.json"} <= {f"#{one}" for one in inside}
    assert any_site.get("/openapi.json").status_code == 200
    assert any_site.post("/docs").headers["Content-Type"].startswith("text/html")
