"""A measurement as a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import fill


@dataclass(frozen=True, slots=True)
class Budget:
    """A budget of DESIGN §10, and what was measured. `why` it is not met is only told if it isn't."""

    what: str
    budget: str
    measured: str
    is_met: bool
    why: str = ""

    def row(self) -> tuple[str, ...]:
        why = f": {self.why}" if self.why and not self.is_met else ""
        return self.what, self.budget, self.measured, verdict(self.is_met) + why


@dataclass(frozen=True, slots=True)
class Measurement:
    """A table with a title. `how` says what was measured; it must be true on every machine. `budgets`: those that it
    tells of."""

    title: str
    how: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    budgets: Sequence[Budget] = ()

    def markdown(self, *notes: str) -> str:
        """With paragraphs below the title."""
        how = map(_filled, self.how.split("\n\n"))
        return "\n\n".join([f"## {self.title}", *notes, *how, table(self.columns, self.rows)])


def _filled(paragraph: str) -> str:
    """With lines of even length, whatever figures it holds; a list stays as it is."""
    return paragraph if paragraph.startswith("- ") else fill(paragraph, 120, break_on_hyphens=False)


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    rule = ["---" if column == columns[0] else "---:" for column in columns]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (columns, rule, *rows))


def verdict(is_met: bool) -> str:
    return "yes" if is_met else "**no**"
