"""`make mutations`: puts each fault into a copy of the code, runs the tests that should find it, and writes into
docs/RELIABILITY.md which did. It fails if one is not found.

`python -m tests.mutations TEXT` tries only the faults with that text in their description, and writes nothing.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.commit import ROOT, commit
from bench.tables import table
from tests.mutations.mutations import RELIABILITY, SECURITY, Mutation

LONGEST = 600
"""Seconds for the tests of one fault: after that they hang, so the fault is found."""
_FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+?)(?: - .*)?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Tried:
    """A fault that was put into the code, and the first test that failed then; None: none did."""

    fault: str
    file: str
    found_by: str | None


@dataclass(frozen=True, slots=True)
class Mutations:
    """What was tried: at which commit, on how many cores, in how many seconds."""

    commit: str
    cores: int
    seconds: float
    reliability: Sequence[Tried]
    security: Sequence[Tried]

    def markdown(self) -> str:
        where = (
            f"`make mutations`, at commit `{self.commit}`, on {self.cores} cores, in {self.seconds:,.0f} s."
        )
        how = """\
Faults that are put into a copy of the code one at a time, and the first test that fails then. Without a fault, all of
these tests pass in the copy. `tests/mutations/mutations.py` has the texts."""
        parts = ["## Faults in the code, and which test finds each", where, how]
        for title, tried in (
            ("What is recorded and told", self.reliability),
            ("Who may do what", self.security),
        ):
            rows = [[one.fault, f"`{one.file}`", _shown(one.found_by)] for one in tried]
            parts += [f"### {title}", table(["fault", "in", "found by"], rows)]
        return "\n\n".join(parts)


def read(file: Path) -> Mutations:
    held = json.loads(file.read_text(encoding="utf-8"))
    for half in ("reliability", "security"):
        held[half] = [Tried(**one) for one in held[half]]
    return Mutations(**held)


def _shown(found_by: str | None) -> str:
    return f"`{found_by}`" if found_by else "**nothing**"


def main(wanted: str = "") -> int:
    from tests.torture.__main__ import PAGE, RUNS, page

    began = time.monotonic()
    halves = [[one for one in half if wanted in one.fault] for half in (RELIABILITY, SECURITY)]
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        _copy(copy)
        tests = sorted({test for half in halves for one in half for test in one.tests.split()})
        if failed := _first_failure(copy, tests):
            raise SystemExit(f"Without a fault, {failed} fails already.")
        tried = [[_tried(copy, one) for one in half] for half in halves]
    seconds = time.monotonic() - began
    if not wanted:
        result = Mutations(commit(), os.cpu_count() or 1, seconds, *tried)
        RUNS.mkdir(exist_ok=True)
        (RUNS / "mutations.json").write_text(json.dumps(asdict(result)), encoding="utf-8")
        PAGE.write_text(page(RUNS), encoding="utf-8")
    return 0 if all(one.found_by for half in tried for one in half) else 1


def _copy(to: Path) -> None:
    """All files that belong to the repository, as they are now."""
    asked = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(asked, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        if os.path.lexists(ROOT / name):
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name, follow_symlinks=False)


def _tried(copy: Path, mutation: Mutation) -> Tried:
    file = copy / mutation.file
    whole = file.read_text(encoding="utf-8")
    if whole.count(mutation.text) != 1:
        raise SystemExit(
            f"{mutation.file} has {mutation.text!r} {whole.count(mutation.text)} times, not once."
        )
    file.write_text(whole.replace(mutation.text, mutation.instead), encoding="utf-8")
    try:
        found_by = _first_failure(copy, mutation.tests.split())
    finally:
        file.write_text(whole, encoding="utf-8")
    print(f"{mutation.fault} {found_by or 'NOT FOUND'}", flush=True)
    return Tried(mutation.fault, mutation.file, found_by)


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
