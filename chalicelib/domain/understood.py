"""How a file that was sent for import was understood: it goes into the answer, so that nobody has to guess."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

SeparatorName = Literal["comma", "semicolon", "tab", "pipe"]
Use = Literal["commander", "milestone", "event", "time"]
DateOrder = Literal["day-first", "month-first"]


@dataclass(frozen=True, slots=True)
class ImportColumn:
    """A column of the file, and what it was used for; None: not at all.

    `milestone` is the global id of the milestone that a tracker has the column for.
    """

    heading: str
    used_for: Use | None
    milestone: str | None = None


@dataclass(frozen=True, slots=True)
class ImportFile:
    """`header_line`: where the headings are; 0: there are none. `skipped_lines`: what stands above them.

    `dates`: which way round dates such as 11/12/2023 were read; None: there are none.
    """

    separator: SeparatorName
    header_line: int
    skipped_lines: tuple[int, ...]
    columns: tuple[ImportColumn, ...]
    dates: DateOrder | None = None


@dataclass(frozen=True, slots=True)
class ImportPreview:
    """One of the first lines, as it was understood. `milestones` are all that it names, known ones too."""

    line: int
    commander: str | None
    milestones: tuple[str, ...] = ()
    reported_at: datetime | None = None
