"""What a part of `make torture` came to, and the page that is made of it."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from bench.tables import table

MOST_TOLD = 20
"""Of what was found, of each kind: the rest is likely the same."""
FOUND = "lost", "counted twice", "5xx", "differences"


def nothing() -> dict[str, list[str]]:
    return {kind: [] for kind in FOUND}


@dataclass
class Figures:
    """`operations` were made, and suffered `faults`, by kind. `found`: what is wrong, in words, by kind: all is to be
    empty. `5xx` are answers that are no 503 with Retry-After, and exceptions."""

    operations: int = 0
    faults: dict[str, int] = field(default_factory=dict)
    found: dict[str, list[str]] = field(default_factory=nothing)

    def suffer(self, fault: str, times: int = 1) -> None:
        self.faults[fault] = self.faults.get(fault, 0) + times

    @property
    def row(self) -> list[str]:
        return [
            f"{self.operations:,}",
            f"{sum(self.faults.values()):,}",
            *(f"{len(self.found[kind]):,}" for kind in FOUND),
        ]

    @property
    def is_clean(self) -> bool:
        return not any(self.found.values())


@dataclass(frozen=True, slots=True)
class Run:
    """A part that ran: how many operations were `asked` for, at which commit, from which seed, on how many cores, which
    took `seconds`; how many programs wanted to run at its end (`load`)."""

    part: str
    asked: int
    commit: str
    seed: int
    cores: int
    load: float
    seconds: float
    figures: Figures

    def write(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        (folder / f"{self.part}.json").write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, file: Path) -> Self:
        held: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return cls(**{**held, "figures": Figures(**held["figures"])})

    def markdown(self, title: str, how: str) -> str:
        where = (
            f"`make torture PARTS={self.part} OPERATIONS={self.asked} SEED={self.seed}`, at commit `{self.commit}`, "
            f"on {self.cores} cores (load {self.load:.1f} at the end), in {self.seconds:,.0f} s."
        )
        columns = ["operations", "faults", *FOUND]
        parts = [f"## {title}", where, how, table(columns, [self.figures.row])]
        if self.figures.faults:
            parts.append(_faults(self.figures.faults))
        told = [f"- {kind}: {one}" for kind, found in self.figures.found.items() for one in found[:MOST_TOLD]]
        return "\n\n".join([*parts, "\n".join(told)] if told else parts)


def summary(runs: Sequence[tuple[str, Run]]) -> str:
    rows = [[title, *run.figures.row] for title, run in runs]
    totals = [sum(int(row[number].replace(",", "")) for row in rows) for number in range(1, len(FOUND) + 3)]
    return table(["what", "operations", "faults", *FOUND], [*rows, ["all", *(f"{one:,}" for one in totals)]])


def _faults(faults: Mapping[str, int]) -> str:
    """How often each happened; in columns, where they happened on operations."""
    kinds = Counter[str]()
    for name, times in faults.items():
        kinds[name.partition(" on ")[0]] += times
    places = sorted({place for name in faults if (place := name.partition(" on ")[2])})
    rows = [
        [kind, *(f"{faults.get(f'{kind} on {place}', 0):,}" for place in places), f"{times:,}"]
        for kind, times in kinds.most_common()
    ]
    return table(["fault", *places, "in all"], rows)
