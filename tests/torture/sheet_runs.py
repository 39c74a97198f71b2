"""Runs of the sync that begin, take sheets and end, overtake each other or are lost; two are never at one thing."""

from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from chalicelib.bootstrap import Muster
from tests.torture.model import Findings
from tests.torture.place import Place, Run

LONGEST = timedelta(seconds=55)
"""Of a run: then Lambda ends it."""


@dataclass
class SheetRuns:
    """Those that one player began."""

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
        run = Run(f"run {id(self)} {self._count}", product, product.clock() + LONGEST)
        if product.sheet_queue.begin_run(run.token) is None:
            return
        with self._place.lock:
            beside = [other.token for other in self._place.runs if other.is_good]
            self._place.runs.append(run)
        if beside:
            self._findings.add("difference", f"{run.token} began beside {beside}")
        self._runs.append(run)

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
            with self._place.lock:
                self._place.runs.remove(run)
            queue.end_run(run.token, {"read": [run.product.clock()]})

    def _lease(self, run: Run) -> None:
        for due in run.product.sheet_queue.due()[:2]:
            leased = run.product.sheet_queue.lease(due, run.token)
            if leased is None:
                continue
            sheet = due.sheet.spreadsheet_id
            with self._place.lock:
                holders = [other.token for other in self._place.runs if other.is_good and other.has(sheet)]
                run.sheets.append(leased)
            if holders:
                self._findings.add("difference", f"{run.token} leased {sheet}, which {holders} have")
