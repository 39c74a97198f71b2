"""A measurement as a table."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measurement:
    """A table with a title. `how` says what was measured; it must be true on every machine."""

    title: str
    how: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> str:
        rule = ["---" if column == self.columns[0] else "---:" for column in self.columns]
        lines = [f"| {' | '.join(cells)} |" for cells in (self.columns, rule, *self.rows)]
        return "\n".join([f"## {self.title}", "", self.how, "", *lines])


def verdict(is_met: bool) -> str:
    return "yes" if is_met else "**no**"
