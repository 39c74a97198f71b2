"""`make scan`: checkov looks at the template that is deployed, with every option off, and with every option on.

It is heavy, so it has an environment of its own, and is no part of `make test`.
"""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from deploy.package import PARTS, ROOT, package

REQUIREMENTS, ENVIRONMENT = ROOT / "requirements-scan.txt", ROOT / ".checkov"
EXCEPTIONS: dict[str, dict[str, str]] = tomllib.loads(
    (ROOT / "tests" / "scan_exceptions.toml").read_text(encoding="utf-8")
)
"""By tool: what it finds, and why it stays."""


def main() -> None:
    """Prints what is found and not expected, and ends with 1 if there is any."""
    expected, found = EXCEPTIONS["checkov"], dict[str, str]()
    with TemporaryDirectory() as name:
        folder = Path(name)
        template = made(folder)
        for are_on in (False, True):
            conditions = dict.fromkeys(template["Conditions"], are_on)
            found |= found_in(resolved(template, conditions), folder)
    for check in sorted(found.keys() - expected.keys()):
        click.echo(f"{check}: {found[check]}")
    for check in sorted(expected.keys() - found.keys()):
        click.echo(f"{check}: is an exception, but no longer found")
    click.echo(
        f"{len(found)} checks of checkov fail, {len(found.keys() & expected.keys())} of them for a reason."
    )
    sys.exit(found.keys() != expected.keys())


def made(folder: Path, stage: str = "prod") -> dict[str, Any]:
    """The template of the real app, as `make deploy` has it, made from a copy of the app in `folder / "root"`. The
    package is quicker without its wheels."""
    root = folder / "root"
    if not root.exists():
        root.mkdir()
        for name in PARTS:
            copy: Any = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
            copy(ROOT / name, root / name)
        (root / "requirements.txt").write_text("")
    package(folder / stage, stage, root)
    template: dict[str, Any] = json.loads((folder / stage / "sam.json").read_text())
    return template


def resolved(template: dict[str, Any], conditions: Mapping[str, bool]) -> dict[str, Any]:
    """The template as it is where these conditions hold or don't: without `Fn::If`, and without what isn't made."""

    def of(value: Any) -> Any:
        if isinstance(value, list):
            return [of(one) for one in value if of(one) != {"Ref": "AWS::NoValue"}]
        if not isinstance(value, dict):
            return value
        if "Fn::If" in value:
            condition, some, other = value["Fn::If"]
            return of(some if conditions[condition] else other)
        return {name: of(one) for name, one in value.items() if of(one) != {"Ref": "AWS::NoValue"}}

    made = {
        name: {key: of(one) for key, one in resource.items() if key != "Condition"}
        for name, resource in template["Resources"].items()
        if conditions.get(resource.get("Condition"), True)
    }
    kept = ("AWSTemplateFormatVersion", "Transform", "Parameters", "Globals")
    return {**{name: of(template[name]) for name in kept}, "Resources": made}


def found_in(template: dict[str, Any], folder: Path) -> dict[str, str]:
    """The checks of checkov that fail, each with one resource that does not pass it."""
    file = folder / "template.json"
    file.write_text(json.dumps(template, indent=2), encoding="utf-8")
    python = python_of(ENVIRONMENT, REQUIREMENTS)
    checkov = [str(python), "-m", "checkov.main", "--file", str(file), "--framework", "cloudformation"]
    done = subprocess.run(
        [*checkov, "--output", "json", "--compact", "--soft-fail"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "LOG_LEVEL": "ERROR"},
    )
    report = json.loads(done.stdout)
    assert report["summary"]["passed"], report
    failed = report["results"]["failed_checks"]
    return {one["check_id"]: f"{one['resource']}: {one['check_name']}" for one in failed}


def python_of(environment: Path, requirements: Path) -> Path:
    """The interpreter of an environment of its own, which is made anew when its requirements have changed."""
    made_of, wanted = environment / "made-of.txt", requirements.read_text(encoding="utf-8")
    python = environment / "bin" / "python"
    if not made_of.exists() or made_of.read_text(encoding="utf-8") != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(environment)], check=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*install, "-r", str(requirements)], check=True)
        made_of.write_text(wanted, encoding="utf-8")
    return python


if __name__ == "__main__":
    main()
