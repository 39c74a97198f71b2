"""`make bench`: measures everything, and writes docs/PERFORMANCE.md; then docs/projection.md.

`python -m bench PART …` measures only these parts, such as `cpu`, and writes the page with what the others measured
before. What each part measured stays in `.bench/`.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench import (
    costs,
    cpu,
    demo,
    fleet,
    growth,
    projections,
    recording,
    reports,
    scale,
    schedules,
    sheets,
    start,
    syncs,
)
from bench.tables import Budget, Measurement, table

ROOT = Path(__file__).parent.parent
PAGE, MEASURED = ROOT / "docs" / "PERFORMANCE.md", ROOT / ".bench"
PARTS: Mapping[str, Sequence[Callable[[], Measurement]]] = {
    "reports": [reports.measure],
    "recording": [recording.measure],
    "cpu": [cpu.measure],
    "start": [start.measure],
    "sheets": [sheets.measure, sheets.measure_bytes],
    "syncs": [syncs.measure],
    "fleet": [fleet.measure],
    "growth": [growth.measure],
    "schedules": [schedules.measure],
    "scale": [scale.measure],
    "costs": [costs.measure, costs.measure_fixed],
    "demo": [demo.measure],
}
INTRODUCTION = """\
# Performance

What Muster costs, compared with other ways to do the same, and how that grows. `make bench` wrote this page,
{where}.

You can run every section again, with the command below its title, which also says at which commit that was done and how
many programs (the load) wanted those cores then. `make bench` runs all of them, in about ten minutes on a quiet
machine, and then the backtest of projections, which has [its own page](projection.md). Nothing is needed but this
repository: DynamoDB and Google are the stand-ins that the tests use, which refuse what the real ones refuse. Units are
counted by DynamoDB's published rules.

What is counted (calls, units, requests) is the same on every machine; bytes differ by a few, because ids are random.
What takes time is told as a ratio, between programs that take turns in one run, since other work on the machine then
slows all of them alike: ratios vary by some hundredths. Only recounts and the demo have budgets in seconds; those are
this machine's.
"""
BUDGETS = """\
## The budgets

Those of [the design](DESIGN.md), section 10."""


@dataclass(frozen=True, slots=True)
class Part:
    """What a part measured, at which commit, on how many cores, and how many others wanted to run then."""

    name: str
    commit: str
    cores: int
    load: float
    measured: Sequence[Measurement]

    @property
    def where(self) -> str:
        return f"at commit `{self.commit}`, on {self.cores} cores (load {self.load:.1f} at the end)"

    def markdown(self) -> str:
        lines = [f"`python -m bench.{self.name}`, {self.where}."]
        first, *others = self.measured
        return "\n\n".join([first.markdown(*lines), *(other.markdown() for other in others)])


def main(names: Sequence[str]) -> None:
    for name in names or PARTS:
        part = _measured(name)
        MEASURED.mkdir(exist_ok=True)
        (MEASURED / f"{name}.json").write_text(json.dumps(asdict(part)), encoding="utf-8")
        print(f"{part.markdown()}\n", flush=True)
    parts = [_read(name) for name in PARTS if (MEASURED / f"{name}.json").exists()]
    PAGE.write_text(page(parts), encoding="utf-8")
    if not names:
        projections.main()


def page(parts: Sequence[Part]) -> str:
    commits = " and ".join(dict.fromkeys(f"`{part.commit}`" for part in parts))
    where = f"at commit {commits}, on {' and '.join(dict.fromkeys(str(part.cores) for part in parts))} cores"
    budgets = [budget for part in parts for one in part.measured for budget in one.budgets]
    columns = "what", "budget", "measured", "met"
    judged = f"{BUDGETS}\n\n{table(columns, [budget.row() for budget in budgets])}"
    return (
        "\n\n".join([INTRODUCTION.format(where=where).strip(), judged, *(p.markdown() for p in parts)]) + "\n"
    )


def _measured(name: str) -> Part:
    measured = [measure() for measure in PARTS[name]]
    return Part(name, _commit(), os.cpu_count() or 1, os.getloadavg()[0], measured)


def _read(name: str) -> Part:
    held = json.loads((MEASURED / f"{name}.json").read_text(encoding="utf-8"))
    for one in held["measured"]:
        one["budgets"] = [Budget(**budget) for budget in one["budgets"]]
    return Part(**{**held, "measured": [Measurement(**one) for one in held["measured"]]})


def _commit() -> str:
    """With a plus if something besides the documents has been changed since."""
    changed = _git("status", "--porcelain", "--", ".", ":!docs")
    return _git("rev-parse", "--short", "HEAD") + "+" * bool(changed)


def _git(*asked: str) -> str:
    return subprocess.run(
        ["git", *asked], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.strip()


if __name__ == "__main__":
    main(sys.argv[1:])
