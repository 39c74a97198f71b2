"""`make audit`: whether something is known to be wrong with what runs, by the databases of vulnerabilities.

Where no database can be reached, it says so, and which pinned versions are not the latest. It asks the network, so it
is no part of `make test`.
"""

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from deploy.package import ROOT
from tests.scan import python_of

REQUIREMENTS, ENVIRONMENT = ROOT / "requirements-audit.txt", ROOT / ".audit"
AUDITED = "requirements.txt", "requirements-demo.txt"
"""What is deployed, and what one machine and the demo need besides."""

DATABASES = "pypi", "osv"


def main() -> None:
    """Prints what is known, and ends with 1 if it is a vulnerability, and with 2 if nothing could be asked."""
    pins = pinned(*(ROOT / name for name in AUDITED))
    python = python_of(ENVIRONMENT, REQUIREMENTS)
    for database in DATABASES:
        known = known_of(asked(python, database, pins))
        if missing := pins.keys() - known.keys():
            click.echo(
                f"The database {database} did not answer about {len(missing)} of {len(pins)} packages."
            )
            continue
        found = {name: ids for name, ids in known.items() if ids}
        for name, ids in sorted(found.items()):
            click.echo(f"{name} {pins[name]}: {', '.join(ids)}")
        click.echo(
            f"{len(pins)} packages by the database {database}: {len(found)} with known vulnerabilities."
        )
        sys.exit(bool(found))
    click.echo("So whether vulnerabilities are known could not be asked. These are not the latest versions:")
    latest = latest_of(python, pins)
    for name in sorted(pins):
        if latest[name] != pins[name]:
            click.echo(f"{name} {pins[name]}: the latest is {latest[name]}")
    click.echo(f"{sum(latest[name] == pins[name] for name in pins)} of {len(pins)} are.")
    sys.exit(2)


def pinned(*files: Path) -> dict[str, str]:
    """The versions of the files' own lines, by the packages' normalised names."""
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    found = (re.match(r"([\w.-]+)==([\w.]+)", line) for line in lines)
    return {_normalised(one[1]): one[2] for one in found if one}


def asked(python: Path, database: str, pins: Mapping[str, str]) -> dict[str, Any]:
    """What pip-audit says; nothing if it failed, which it does where the database can't be reached."""
    wanted = ENVIRONMENT / "audited.txt"
    wanted.write_text("".join(f"{name}=={version}\n" for name, version in pins.items()), encoding="utf-8")
    audit = [str(python), "-m", "pip_audit", "--requirement", str(wanted), "--no-deps", "--disable-pip"]
    options = ["--vulnerability-service", database, "--format", "json", "--progress-spinner", "off"]
    done = subprocess.run([*audit, *options, "--timeout", "10"], capture_output=True, text=True, check=False)
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        return {}
    return answer


def known_of(answer: Mapping[str, Any]) -> dict[str, list[str]]:
    """The ids of the vulnerabilities of each package that the database knows."""
    return {
        _normalised(one["name"]): [each["id"] for each in one["vulns"]]
        for one in answer.get("dependencies", [])
        if "vulns" in one
    }


def latest_of(python: Path, pins: Mapping[str, str]) -> dict[str, str]:
    """The versions that pip would install if nothing were pinned."""
    install = [str(python), "-m", "pip", "install", "--dry-run", "--ignore-installed", "--no-deps", "--quiet"]
    done = subprocess.run(
        [*install, "--disable-pip-version-check", "--report", "-", *pins],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found = (one["metadata"] for one in json.loads(done.stdout)["install"])
    return {_normalised(one["name"]): one["version"] for one in found}


def _normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    main()
