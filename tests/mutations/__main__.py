"""`make mutations`: puts each fault into a copy of the code, runs the tests that should find it, and writes into
docs/RELIABILITY.md which did. It fails if one is not found.

`python -m tests.mutations TEXT` tries only the faults with that text in their description, or all of `reliability` or
`security`. What was found before stays in `.torture/`.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from bench.commit import ROOT, commit
from bench.tables import table
from tests.mutations.mutations import RELIABILITY, SECURITY, Mutation

LONGEST = 600
"""Seconds for the tests of one fault: after that they hang, so the fault is found."""
_FAILED = re.compile(r"^(?:FAILED|ERROR) (tests/.+?)(?: - .*)?$", re.MULTILINE)
"""In pytest's summary. What the product logs begins with ERROR, too."""


HALVES: Mapping[str, tuple[str, Sequence[Mutation]]] = {
    "reliability": ("What is recorded and told", RELIABILITY),
    "security": ("Who may do what", SECURITY),
}
HOW = """\
Faults that are put into a copy of the code one at a time, and the first test that fails then. Without a fault, all of
these tests pass in the copy. `make mutations` tries them, and `tests/mutations/mutations.py` has them; this was at
commit {commits}."""


class Tried(NamedTuple):
    """What became of a fault: the commit of the code, and the first test that failed; None: none did."""

    commit: str
    found_by: str | None


def main(wanted: str = "") -> int:
    from tests.torture.__main__ import PAGE, RUNS, page

    RUNS.mkdir(exist_ok=True)
    with TemporaryDirectory() as folder:
        copy, at, is_clean = Path(folder) / "copy", commit(), True
        _copy(copy)
        for half, (_, mutations) in HALVES.items():
            chosen = [one for one in mutations if wanted == half or wanted in one.fault]
            tests = sorted({test for one in chosen for test in one.tests.split()})
            if tests and (failed := _first_failure(copy, tests)):
                raise SystemExit(f"Without a fault, {failed} fails already.")
            for one in chosen:
                tried = Tried(at, _found_by(copy, one))
                print(f"{one.fault} {tried.found_by or 'NOT FOUND'}", flush=True)
                is_clean &= tried.found_by is not None
                noted = read(RUNS, half) | {one.fault: tried}
                (RUNS / f"mutations-{half}.json").write_text(json.dumps(noted), encoding="utf-8")
    PAGE.write_text(page(RUNS), encoding="utf-8")
    return 0 if is_clean else 1


def read(folder: Path, half: str) -> dict[str, Tried]:
    """What was noted, by fault."""
    file = folder / f"mutations-{half}.json"
    noted = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return {fault: Tried(*tried) for fault, tried in noted.items()}


def markdown(folder: Path) -> str:
    """The section of the page."""
    noted = {half: read(folder, half) for half in HALVES}
    commits = dict.fromkeys(f"`{tried.commit}`" for of in noted.values() for tried in of.values())
    parts = ["## Faults in the code, and which test finds each", HOW.format(commits=" and ".join(commits))]
    for half, (title, mutations) in HALVES.items():
        rows = [
            [one.fault, f"`{one.file}`", _shown(noted[half][one.fault].found_by)]
            for one in mutations
            if one.fault in noted[half]
        ]
        parts += [f"### {title}", table(["fault", "in", "found by"], rows).replace("---:", "---")]
    return "\n\n".join(parts)


def _shown(found_by: str | None) -> str:
    return f"`{found_by}`" if found_by else "**nothing**"


def _copy(to: Path) -> None:
    """All files that belong to the repository, as they are now."""
    asked = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(asked, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        if os.path.lexists(ROOT / name):
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name, follow_symlinks=False)


def _found_by(copy: Path, mutation: Mutation) -> str | None:
    file = copy / mutation.file
    whole = file.read_text(encoding="utf-8")
    if whole.count(mutation.text) != 1:
        raise SystemExit(
            f"{mutation.file} has {mutation.text!r} {whole.count(mutation.text)} times, not once."
        )
    file.write_text(whole.replace(mutation.text, mutation.instead), encoding="utf-8")
    try:
        return _first_failure(copy, mutation.tests.split())
    finally:
        file.write_text(whole, encoding="utf-8")


def _first_failure(copy: Path, tests: Sequence[str]) -> str | None:
    """The first of the tests that fails. Raises SystemExit if they can't be run."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    environment = os.environ | {
        "PYTHONDONTWRITEBYTECODE": "1"
    }  # old bytecode of a file that changes twice a second
    try:
        done = subprocess.run(
            command, cwd=copy, env=environment, capture_output=True, text=True, timeout=LONGEST
        )
    except subprocess.TimeoutExpired:
        return f"{' '.join(tests)}, which never ends"
    if done.returncode == 0:
        return None
    if failed := _FAILED.search(done.stdout):
        return failed[1]
    raise SystemExit(done.stdout + done.stderr)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
