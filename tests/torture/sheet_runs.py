"""Runs of the sync that begin, take sheets and end, overtake each other or are lost; two are never at one thing."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from chalicelib.bootstrap import Muster
from chalicelib.domain.due import Due
from tests.torture.model import Findings
from tests.torture.place import Place

LONGEST = timedelta(seconds=55)
"""Of a run: then Lambda ends it."""


@dataclass
class Run:
    """One that has begun; what it leased. It is ended at `until`, by its own clock."""

    token: str
    product: Muster
    until: datetime
    sheets: list[Due] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Whether it may still be at the sheets."""
        return self.product.clock() < self.until


@dataclass
class SheetRuns:
    """Those of one player. Others' are in the way as any other run is."""

    _place: Place
    _random: Random
    _findings: Findings
    _runs: list[Run] = field(default_factory=list, init=False)
    _count: int = field(default=0, init=False)

    def step(self, product: Muster) -> None:
        """Begins a run or goes on with one. Raises Busy."""
        self._runs = [run for run in self._runs if run.is_good]  # others were ended
        if not self._runs or self._random.random() < 0.3:
            self._begin(product)
        else:
            self._go_on(self._runs[0])

    def _begin(self, product: Muster) -> None:
        self._count += 1
        token = f"run {id(self)} {self._count}"
        until = product.clock() + LONGEST
        if product.sheet_queue.begin_run(token) is None:
            return
        if others := [run.token for run in self._runs if run.is_good]:
            self._findings.add("difference", f"{token} began beside {others}")
        self._runs.append(Run(token, product, until))

    def _go_on(self, run: Run) -> None:
        queue = run.product.sheet_queue
        if run.sheets and self._random.random() < 0.7:
            sheet = run.sheets.pop()
            end = self._random.choice(["synced", "failed", "put off", "lost"])
            if end == "synced":
                queue.view(sheet.sheet)
                queue.synced(sheet)
            elif end == "failed":
                queue.failed(sheet, "It was refused.", lasting=self._random.random() < 0.5)
            elif end == "put off":
                queue.put_off(sheet)
        elif self._random.random() < 0.5:
            self._lease(run)
        else:
            self._runs.remove(run)
            queue.end_run(run.token, {"read": [run.product.clock()]})

    def _lease(self, run: Run) -> None:
        for due in run.product.sheet_queue.due()[:2]:
            if any(due.sheet.spreadsheet_id == one.sheet.spreadsheet_id for one in run.sheets):
                self._findings.add("difference", f"{due.sheet.spreadsheet_id} is due while it is leased")
            if leased := run.product.sheet_queue.lease(due, run.token):
                run.sheets.append(leased)
