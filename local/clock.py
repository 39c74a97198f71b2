"""The demo's clock: it begins at a given instant and ticks on from there."""

import time
from datetime import datetime, timedelta


class TickingClock:
    def __init__(self, begins_at: datetime) -> None:
        self._begins_at = begins_at
        self._started = time.monotonic()

    def __call__(self) -> datetime:
        return self._begins_at + timedelta(seconds=time.monotonic() - self._started)
