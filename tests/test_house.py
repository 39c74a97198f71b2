"""The house rules: who imports whom, what is documented, what is packed."""

import ast
import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import get_args

import pytest

import app
from chalicelib.domain.access import MANAGED_WITH, MAY, Role
from chalicelib.http.late_routes import HANDLERS
from chalicelib.settings import OF_EVERY_DEPLOYMENT, OF_SERVE
from chalicelib.telemetry import Metric
from chalicelib.version import VERSION
from deploy.parameters import PARAMETERS
from sheets_sync.content import tabs_of
from sheets_sync.tabs import Tab
from tests.sync.views import binding_of, view_of

ROOT = Path(__file__).parent.parent
NOT_OURS = {"dist", "vendor"}
OPENAPI = "chalicelib.http.openapi"


def modules() -> Iterator[tuple[str, Path]]:
    """Every module in the repository that has more than a docstring."""
    tops = (top for top in ROOT.iterdir() if not top.name.startswith(".") and top.name not in NOT_OURS)
    for path in sorted(path for top in tops for path in (top.rglob("*.py") if top.is_dir() else [top])):
        if path.suffix == ".py" and len(parsed(path).body) > (ast.get_docstring(parsed(path)) is not None):
            yield dotted(path.relative_to(ROOT).as_posix()), path


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def dotted(path: str) -> str:
    """The name of the module or package at a path, such as `chalicelib.domain` of `chalicelib/domain/`."""
    return path.strip("/").removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def imported(name: str, tree: ast.AST) -> Iterator[str]:
    """What a module imports. Only stand-ins import by relative names, so that they can be taken elsewhere."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level:
            package = next((one for one in ("local.sheets", "local.discord") if is_within(name, one)), None)
            assert package, f"{name}: absolute imports only"
            assert node.level == 1, f"{name}: {package} has no folders"
            yield from (f"{package}.{node.module or alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


MODULES = dict(modules())
OURS = {name.split(".")[0] for name in MODULES}
PRODUCT = [name for name in MODULES if name.split(".")[0] in ("app", "chalicelib", "sheets_sync")]


class TestArchitecture:
    """ARCHITECTURE.md is true, since its tables are what is tested."""

    TEXT = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")

    @classmethod
    def rows(cls, heading: str) -> Iterator[list[str]]:
        """The cells of each row in the table under a heading."""
        section = cls.TEXT.split(f"\n## {heading}\n")[1].split("\n## ")[0]
        lines = [line for line in section.splitlines() if line.startswith("|")]
        return ([cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:])

    @classmethod
    @cache
    def layers(cls) -> dict[str, set[str]]:
        """What the modules of each part may import of ours, itself included."""
        found: dict[str, set[str]] = {}
        for parts, _, imports in cls.rows("Layers"):
            assert re.fullmatch(r"nothing|everything|`[\w/]+`(, `[\w/]+`)*", imports), imports
            above = set(found) if imports == "everything" else set()
            for name in map(dotted, re.findall(r"`([^`]+)`", imports)):
                known = found.keys() & {name, f"chalicelib.{name}"}
                assert known, f"{parts} may not import {name}, which does not stand above it"
                above |= known
            for part in map(dotted, re.findall(r"`([^`]+)`", parts)):
                found[part] = {part, *above}
        return found

    @classmethod
    def part_of(cls, name: str) -> str:
        within = [part for part in cls.layers() if is_within(name, part)]
        assert within, f"{name} is in no part of the table of layers"
        return max(within, key=len)

    @pytest.mark.parametrize("name", MODULES)
    def test_a_module_imports_only_what_its_part_may(self, name: str) -> None:
        part = self.part_of(name)
        for other in imported(name, parsed(MODULES[name])):
            if other.split(".")[0] in OURS:
                assert self.part_of(other) in self.layers()[part], f"{name} must not import {other}"
            if other.split(".")[0] == "chalice":
                assert part in ("app", "chalicelib.http", "manage.serve", "local", "bench.peers", "tests"), (
                    f"{name} must not import {other}"
                )

    @classmethod
    @cache
    def places(cls) -> set[Path]:
        """What "Where things live" names. A path may be short: beside the one before it, or in `chalicelib/`."""
        found = set()
        for _, place in cls.rows("Where things live"):
            beside = ROOT
            for name in re.findall(r"`([^`]+)`", place):
                folders = (ROOT, beside, ROOT / "chalicelib")
                there = next((paths for folder in folders if (paths := list(folder.glob(name)))), [])
                assert there, f"{name} is nowhere"
                beside = there[0].parent
                found.update(there)
        return found

    def test_every_module_is_where_things_live(self) -> None:
        """Itself, or a folder that it is in."""
        places = self.places()
        assert not [name for name, path in MODULES.items() if places.isdisjoint([path, *path.parents])]


def test_app_only_declares() -> None:
    for node in parsed(MODULES["app"]).body:
        if isinstance(node, ast.FunctionDef):
            assert len(node.body) <= 5, f"{node.name} decides too much"


def test_a_handler_is_under_ten_lines() -> None:
    late = {f"chalicelib.http.{name}" for methods in HANDLERS.values() for name in methods.values()}
    handlers = [
        node
        for name in PRODUCT
        for node in parsed(MODULES[name]).body
        if is_within(name, "chalicelib.http")
        and isinstance(node, ast.FunctionDef)
        and (
            f"{name}.{node.name}" in late
            or any(".route(" in ast.unparse(decorator) for decorator in node.decorator_list)
        )
    ]
    assert len(handlers) >= sum(len(methods.keys() - {"HEAD"}) for methods in app.app.routes.values())
    for node in handlers:
        lines = (node.end_lineno or 0) - node.lineno + 1
        assert lines < 10, f"{node.name} has {lines} lines"


def texts(name: str) -> set[str]:
    """The string literals of a module."""
    nodes = ast.walk(parsed(MODULES[name]))
    return {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}


@pytest.mark.parametrize("name", [n for n in PRODUCT if is_within(n, "chalicelib.services") or "http" in n])
def test_services_and_handlers_ask_for_a_capability_and_name_no_role(name: str) -> None:
    """But for those who describe the API by examples."""
    if not is_within(name, OPENAPI):
        assert texts(name).isdisjoint(get_args(Role))


def test_every_capability_is_asked_for() -> None:
    """One that nothing takes would be granted in vain."""
    asked = set(MANAGED_WITH.values()).union(
        *(
            texts(name)
            for name in PRODUCT
            if name not in ("chalicelib.domain.access", f"{OPENAPI}.operations")
        )
    )
    assert MAY.keys() <= asked


def test_the_sync_reaches_the_package_through_a_tracked_link() -> None:
    link = ROOT / "vendor" / "sheets_sync"
    assert link.is_symlink()
    assert link.readlink() == Path("../sheets_sync")


def test_every_version_that_is_installed_is_pinned() -> None:
    files = list(ROOT.glob("requirements*.txt"))
    assert len(files) >= 3
    for file in files:
        lines = [line.partition(" #")[0].strip() for line in file.read_text(encoding="utf-8").splitlines()]
        for line in (one for one in lines if one and not one.startswith("#")):
            assert re.fullmatch(r"-r requirements[\w-]*\.txt|[\w.-]+(\[[\w,]+\])?==[\w.]+", line), (
                file.name,
                line,
            )


def test_every_function_has_its_own_written_policy() -> None:
    config = json.loads((ROOT / ".chalice" / "config.json").read_text())
    functions = {"api_handler", *(source.name for source in app.app.event_sources)}
    assert set(config["lambda_functions"]) == functions
    policies = {function["iam_policy_file"] for function in config["lambda_functions"].values()}
    assert len(policies) == len(functions)
    assert all((ROOT / ".chalice" / policy).exists() for policy in policies)
    assert config["autogen_policy"] is False


BINDINGS = view_of(), view_of(alliance=None)
TABS = {
    tab.title: tab for view in BINDINGS for tab in tabs_of(view, replace(binding_of(), edits=True))
}.values()
"""Of a sheet that is bound to an alliance, and of one that is bound to a server, both with edits."""


def headings_said(words: str) -> re.Pattern[str]:
    """What the headings are that docs/sheet-columns.md describes as "one for each event, `… points`" and the like."""
    events = [event.event for event in BINDINGS[0].events]
    if words.startswith("one for each milestone"):
        return re.compile("|".join(re.escape(m.name) for event in events for m in event.milestones))
    event = "|".join(re.escape(event.name) for event in events)
    shown = [re.escape(name).replace("…", f"(?:{event})") for name in re.findall("`(.+?)`", words)]
    return re.compile("|".join(shown))


class TestDocumentation:
    """Undocumented is unfinished."""

    @staticmethod
    def text(*paths: str) -> str:
        return "\n".join((ROOT / path).read_text(encoding="utf-8") for path in paths)

    @pytest.mark.parametrize("route", sorted(app.app.routes))
    def test_every_route(self, route: str) -> None:
        """HEAD is for all at once."""
        for method in app.app.routes[route].keys() - {"HEAD"}:
            assert re.search(rf"\b{method}\b[^\n]*`?{re.escape(route)}`", self.text("docs/api.md")), (
                method,
                route,
            )

    def test_every_setting(self) -> None:
        names = re.findall(r'_setting\("([A-Z_]+)"', self.text("local/demo.py"))
        assert len(names) >= 5
        for name in (*OF_EVERY_DEPLOYMENT, *OF_SERVE, *names):
            assert f"`{name}`" in self.text("docs/settings.md"), name

    def test_every_parameter_of_a_deployment(self) -> None:
        for name in PARAMETERS:
            assert f"`{name}`" in self.text("docs/OPERATIONS.md"), name

    def test_every_alarm(self) -> None:
        resources = json.loads(self.text(".chalice/resources.json"))["Resources"].values()
        names = [
            one["Properties"]["AlarmName"]["Fn::Sub"].removeprefix("${AWS::StackName}-")
            for one in resources
            if one.get("Type") == "AWS::CloudWatch::Alarm"
        ]
        assert len(names) >= 8
        for name in names:
            assert f"`{name}`" in self.text("docs/OPERATIONS.md"), name

    def test_every_metric(self) -> None:
        for name in get_args(Metric):
            assert f"`{name}`" in self.text("docs/OPERATIONS.md"), name
            assert name in self.text(".chalice/dashboard.json"), name

    def test_every_make_target(self) -> None:
        targets = re.findall(r"^([a-z-]+):.*## ", self.text("Makefile"), flags=re.M)
        assert "demo" in targets
        for target in targets:
            assert f"make {target}" in self.text("README.md", "CONTRIBUTING.md"), target

    @pytest.mark.parametrize("tab", TABS, ids=lambda tab: tab.id)
    def test_every_column_of_a_tab(self, tab: Tab) -> None:
        """In their order. Headings that repeat for each event, tier or milestone are documented as a pattern."""
        page = self.text("docs/sheet-columns.md")
        assert f"| `{tab.title}`" in page
        (section,) = re.findall(rf"^## `{tab.title}`$(.*?)(?=^## )", page, re.M | re.S)
        (table,) = re.findall(r"^\| column \| says \|\n\|[-|]+\n((?:\|.*\n)+)", section, re.M)
        documented = [line.split(" | ")[0].removeprefix("| ") for line in table.splitlines()]
        repeated = [words for words in documented if words.startswith("one for each")]
        called = {words: headings_said(words) for words in repeated}
        found = [
            next((words for words in repeated if called[words].fullmatch(column.name)), column.name)
            for column in tab.columns
        ]
        assert list(dict.fromkeys(found)) == documented

    def test_every_problem_code(self) -> None:
        raised = re.compile(
            r"(?:Malformed|Unauthenticated|Forbidden|NotFound|Conflict|DidYouMean|TooLarge)\(\s*\"([a-z-]+)\"",
            flags=re.S,
        )
        codes = {
            code for path in (ROOT / "chalicelib").rglob("*.py") for code in raised.findall(path.read_text())
        }
        assert {"milestone-not-open", "invalid-key", "too-large"} <= codes
        for code in codes:
            assert f"`{code}`" in self.text("docs/api.md"), code

    def test_every_version(self) -> None:
        """It is the same wherever it stands, and has upgrade notes."""
        unreleased, *headings = re.findall(r"^## (.+)$", self.text("CHANGELOG.md"), flags=re.M)
        dated = [re.fullmatch(r"(\d+\.\d+\.\d+) - (\d{4}-\d\d-\d\d)", heading) for heading in headings]
        versions = [found[1] for found in dated if found]
        assert unreleased == "Unreleased"
        assert len(versions) == len(headings)
        assert versions[0] == VERSION == tomllib.loads(self.text("pyproject.toml"))["project"]["version"]
        notes = self.text("docs/RELEASING.md").split("\n## Upgrade notes\n")[1]
        noted = re.findall(r"^### (.+)$", notes, flags=re.M)
        assert [version for version in noted if version != "Unreleased"] == versions

    def test_every_relative_link_leads_somewhere(self) -> None:
        folders = (ROOT / name for name in ("docs", "local", ".github"))
        for page in [*ROOT.glob("*.md"), *(page for folder in folders for page in folder.rglob("*.md"))]:
            for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
                if "://" not in target:
                    assert (page.parent / target).exists(), f"{page.name}: {target}"
