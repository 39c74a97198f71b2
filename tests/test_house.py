"""The house rules: who imports whom, what is documented, what is packed."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

import app
from chalicelib.telemetry import Metric
from deploy.__main__ import PARAMETERS
from sheets_sync.content import tabs_of
from tests.sync.reports import report_of, sheet_of

ROOT = Path(__file__).parent.parent
OURS = {"app", "bench", "chalicelib", "deploy", "local", "manage", "sheets_sync", "tests"}

MAY_IMPORT = {
    "chalicelib.domain": ["chalicelib.domain"],
    "chalicelib.catalog": ["chalicelib.catalog", "chalicelib.domain"],
    "chalicelib.store": ["chalicelib.store", "chalicelib.domain"],
    "chalicelib.services": ["chalicelib.services", "chalicelib.store", "chalicelib.domain"],
    "chalicelib.http": [
        *("chalicelib.http", "chalicelib.services", "chalicelib.domain"),
        *("chalicelib.bootstrap", "chalicelib.telemetry", "chalicelib.version"),
    ],
    "chalicelib.bootstrap": ["chalicelib"],
    "chalicelib.settings": [],
    "chalicelib.telemetry": [],
    "chalicelib.version": [],
    "sheets_sync": ["sheets_sync", "chalicelib.domain"],
    "app": ["chalicelib", "sheets_sync"],
    "manage": ["manage", "chalicelib", "sheets_sync"],
    "deploy": ["deploy", "chalicelib"],
}


def modules(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    for folder in folders:
        place = ROOT / folder
        for path in [place] if place.is_file() else sorted(place.rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            yield name, ast.parse(path.read_text(encoding="utf-8"))


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "absolute imports only"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


PRODUCT = dict(modules("app.py", "chalicelib", "sheets_sync"))
ALL = {**PRODUCT, **dict(modules("manage", "deploy"))}


@pytest.mark.parametrize("name", ALL)
def test_a_module_imports_only_what_its_layer_may(name: str) -> None:
    if name == "chalicelib":
        allowed = []
    else:
        layer = max((layer for layer in MAY_IMPORT if is_within(name, layer)), key=len)
        allowed = MAY_IMPORT[layer]
    for other in imported(ALL[name]):
        if other.split(".")[0] in OURS:
            assert any(is_within(other, package) for package in allowed), f"{name} must not import {other}"
        if other.split(".")[0] == "chalice":
            assert name == "app" or is_within(name, "chalicelib.http"), f"{name} must not import {other}"


@pytest.mark.parametrize("name", PRODUCT)
def test_what_is_slow_to_import_is_imported_where_it_is_used(name: str) -> None:
    """Every function imports `app`, so none of these may hang on that import."""
    if is_within(name, "sheets_sync") or name == "chalicelib.http.calendar_feed":
        return
    at_import = [
        other
        for statement in PRODUCT[name].body
        if not (isinstance(statement, ast.If) and ast.unparse(statement.test) == "TYPE_CHECKING")
        and not isinstance(statement, ast.FunctionDef | ast.ClassDef)
        for other in imported(statement)
    ]
    slow = {"aws_lambda_powertools", "gspread", "google", "requests", "jinja2", "icalendar", "sheets_sync"}
    slow |= {"boto3.session", "chalicelib.domain.importing", "chalicelib.store.transfer"}
    assert not [
        other for other in at_import if other.split(".")[0] in slow or other.rpartition(".")[0] in slow
    ]


def test_app_only_declares() -> None:
    for node in PRODUCT["app"].body:
        if isinstance(node, ast.FunctionDef):
            assert len(node.body) <= 5, f"{node.name} decides too much"


def test_a_handler_is_under_ten_lines() -> None:
    handlers = [
        node
        for name, module in PRODUCT.items()
        for node in module.body
        if is_within(name, "chalicelib.http")
        and isinstance(node, ast.FunctionDef)
        and any(".route(" in ast.unparse(decorator) for decorator in node.decorator_list)
    ]
    assert len(handlers) >= sum(len(methods) for methods in app.app.routes.values())
    for node in handlers:
        lines = (node.end_lineno or 0) - node.lineno
        assert lines < 12, f"{node.name} has {lines} lines"


def test_the_sync_reaches_the_package_through_a_tracked_link() -> None:
    link = ROOT / "vendor" / "sheets_sync"
    assert link.is_symlink()
    assert link.readlink() == Path("../sheets_sync")


def test_every_function_has_its_own_written_policy() -> None:
    config = json.loads((ROOT / ".chalice" / "config.json").read_text())
    functions = {"api_handler", *(source.name for source in app.app.event_sources)}
    assert set(config["lambda_functions"]) == functions
    policies = {function["iam_policy_file"] for function in config["lambda_functions"].values()}
    assert len(policies) == len(functions)
    assert all((ROOT / ".chalice" / policy).exists() for policy in policies)
    assert config["autogen_policy"] is False


class TestDocumentation:
    """Undocumented is unfinished."""

    @staticmethod
    def text(*paths: str) -> str:
        return "\n".join((ROOT / path).read_text(encoding="utf-8") for path in paths)

    @pytest.mark.parametrize("route", sorted(app.app.routes))
    def test_every_route(self, route: str) -> None:
        for method in app.app.routes[route]:
            assert re.search(rf"\b{method}\b[^\n]*`?{re.escape(route)}`", self.text("docs/api.md")), (
                method,
                route,
            )

    def test_every_setting(self) -> None:
        read = re.compile(r'(?:environment\.get\(|_setting\()"([A-Z_]+)"')
        names = read.findall(self.text("chalicelib/settings.py", "local/demo.py"))
        assert len(names) >= 7
        for name in names:
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
        assert len(names) >= 9
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

    def test_every_tab_and_column(self) -> None:
        for tab in tabs_of(report_of(), sheet_of()):
            assert f"`{tab.title}`" in self.text("docs/sheet.md")
            if tab.id != "commanders":
                for column in tab.header:
                    assert column in self.text("docs/sheet.md"), (tab.title, column)

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

    def test_every_relative_link_leads_somewhere(self) -> None:
        for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
            for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
                if "://" not in target:
                    assert (page.parent / target).exists(), f"{page.name}: {target}"
