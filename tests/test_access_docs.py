"""Who may do what stands in `domain/access.py`. The documents that say it too are held against that, both ways."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from chalicelib.domain.access import MANAGED_WITH, MAY, SCOPES, Role
from chalicelib.http.openapi.operations import ALL, LINK, OPERATIONS, SIGNED, Operation

ROOT = Path(__file__).parent.parent
OPERATION = {one.route: one for group in OPERATIONS.values() for one in group}
README, API, DESIGN = ROOT / "README.md", ROOT / "docs" / "api.md", ROOT / "docs" / "DESIGN.md"
METHOD_OR_PATH = re.compile(r"\b(GET|POST|PUT|PATCH|DELETE)\b|`([^`]+)`")


def table(page: Path, *header: str) -> list[list[str]]:
    """The cells of the page's table that begins with this header."""
    lines = page.read_text(encoding="utf-8").splitlines()
    start = lines.index(f"| {' | '.join(header)} |") + 2
    end = next(index for index in range(start, len(lines)) if not lines[index].startswith("|"))
    return [line.strip("| ").split(" | ") for line in lines[start:end]]


def routes(cell: str) -> Iterator[str]:
    """`METHOD path` for each that a cell names: `GET, POST `/a`, `/b``, with `…` for an alliance's path, the end of a
    path in place of the last one's, and `.csv` for all before it, as the README has them."""
    methods: list[str] = []
    paths: list[str] = []
    for method, path in METHOD_OR_PATH.findall(cell):
        if method:
            methods = [*methods, method] if not paths else [method]
            paths = []
        elif path.startswith("."):
            yield from (f"{one} {known}{path}" for one in methods for known in paths)
        else:
            path = path.partition("?")[0].replace("…", "/v1/servers/{server}/alliances/{alliance}")
            if paths and not any(one.endswith(f" {path}") for one in OPERATION):
                path = paths[-1].rpartition("/")[0] + path
            paths.append(path)
            yield from (f"{one} {path}" for one in methods)


def who(operation: Operation) -> set[str]:
    named = {ALL: {"all"}, LINK: {"member link"}, SIGNED: {"Discord", "signed"}}
    return named.get(operation.who, {*operation.roles})


def test_the_readme_says_of_every_route_who_may() -> None:
    told = {}
    for cell, roles, _ in table(README, "method and path", "who", "what"):
        for route in routes(cell):
            assert route not in told, f"{route} stands twice"
            told[route] = set(roles.split(", "))
    assert told == {route: who(operation) for route, operation in OPERATION.items()}


def test_so_does_the_contract() -> None:
    known = {re.sub(r"{\w+}", "{}", route): operation for route, operation in OPERATION.items()}
    compared = 0
    for cell, roles, _ in table(DESIGN, "method and path", "who", "what"):
        for route in routes(cell):
            if operation := known.get(re.sub(r"{\w+}", "{}", route)):
                compared += 1
                told = {one for one in roles.split(", ") if not one.startswith("if ")}
                assert told == who(operation), route
    assert compared > 20
    assert {role for role, *_ in table(DESIGN, "role", "scope", "may")} == set(get_args(Role))


def test_the_api_s_page_has_the_roles() -> None:
    rows = table(API, "role", "what its key is for", "it is made and ended with")
    assert rows == [[role, SCOPES[role], f"`{MANAGED_WITH[role]}`"] for role in get_args(Role)]


def test_and_the_capabilities() -> None:
    rows = [row[:2] for row in table(API, "capability", "roles", "what it allows")]
    assert rows == [[f"`{capability}`", ", ".join(roles)] for capability, roles in MAY.items()]


@pytest.mark.parametrize("operation", OPERATION.values(), ids=lambda one: one.id)
def test_and_of_every_route_the_capability_that_it_takes(operation: Operation) -> None:
    for chapter in API.read_text(encoding="utf-8").split("\n## "):
        intro, *sections = chapter.split("\n### ")
        for section in sections:
            if section.startswith(f"`{operation.route}`\n"):
                capabilities = [one for one in MAY if re.search(rf"[Tt]akes? `{one}`", section)]
                capabilities = capabilities or [one for one in MAY if re.search(rf"take `{one}`", intro)]
                assert capabilities[:1] == ([operation.who] if operation.who in MAY else [])
                return
    pytest.fail("it has no section")
