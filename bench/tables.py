"""A measurement as a table."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Budget:
    """A budget of DESIGN §10, and what was measured. `is_met`: None where this cannot be said."""

    what: str
    budget: str
    measured: str
    is_met: bool | None

    def row(self) -> tuple[str, str, str, str]:
        return self.what, self.budget, self.measured, "" if self.is_met is None else verdict(self.is_met)


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
        return "\n\n".join([f"## {self.title}", *notes, self.how, table(self.columns, self.rows)])


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    rule = ["---" if column == columns[0] else "---:" for column in columns]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (columns, rule, *rows))


def verdict(is_met: bool) -> str:
    return "yes" if is_met else "**no**"
