"""The schedule of one process: what EventBridge does for the Lambda functions."""

import logging
import math
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.telemetry import RunFailed

logger = logging.getLogger(__name__)

LATE = 20 * 60.0
"""Seconds without a run that ended well, after which the schedule does not work."""
GRACE = 8.0
"""Seconds that a run has left at most once the process shall end: so it begins no other sheet."""
_EVENT = {
    "version": "0",
    "account": "",
    "region": "",
    "detail": {},
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "time": "",
    "id": "",
    "resources": [],
}


@dataclass(frozen=True, slots=True)
class Job:
    """A scheduled function: its period, more than 0, and how long a run may take, both in seconds."""

    name: str
    function: Callable[[dict[str, Any], object], object]
    every: float
    limit: float = math.inf


class Schedule:
    """Runs its jobs one after the other, each as soon as it is made, and then in its period.

    Runs that were missed, because others took long or the machine slept, are caught up by one. A run that fails is
    logged, and the next one comes.
    """

    def __init__(
        self,
        jobs: Sequence[Job],
        stopped: threading.Event,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._jobs = jobs
        self._stopped = stopped
        self._monotonic = monotonic
        self._due = {job.name: monotonic() for job in jobs}
        self._worked = dict(self._due)
        self._thread = threading.Thread(target=self.run_until_stopped, name="schedule")

    def start(self) -> None:
        """In a thread of its own, which ends when `stopped` is set."""
        self._thread.start()

    def join(self) -> None:
        """Waits for the run that has begun."""
        self._thread.join()

    @property
    def works(self) -> bool:
        """Whether the thread is alive, and every job has lately ended well."""
        oldest = min(self._worked.values())
        return self._thread.is_alive() and self._monotonic() - oldest < LATE

    def run_until_stopped(self) -> None:
        while not self._stopped.wait(self.run_due()):
            pass

    def run_due(self) -> float:
        """Runs each job that is due, once. Gives the seconds until the next is due."""
        for job in sorted(self._jobs, key=lambda job: self._due[job.name]):
            late = self._monotonic() - self._due[job.name]
            if late >= 0 and not self._stopped.is_set():
                self._due[job.name] += job.every * (1 + late // job.every)
                self._run(job)
        return max(0.0, min(self._due.values()) - self._monotonic())

    def _run(self, job: Job) -> None:
        ends_at = self._monotonic() + job.limit
        try:
            job.function(dict(_EVENT), _Context(job.name, uuid.uuid4().hex, lambda: self._left(ends_at)))
        except RunFailed:
            pass  # it is logged
        except Exception:  # as with a failed Lambda
            logger.exception("%s failed", job.name)
        else:
            self._worked[job.name] = self._monotonic()

    def _left(self, ends_at: float) -> float:
        left = ends_at - self._monotonic()
        return min(left, GRACE) if self._stopped.is_set() else left


@dataclass(frozen=True, slots=True)
class _Context:
    """What a function gets to know about its run, as from Lambda."""

    function_name: str
    aws_request_id: str
    _seconds: Callable[[], float]

    def get_remaining_time_in_millis(self) -> float:
        return self._seconds() * 1000
