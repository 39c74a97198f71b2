"""One process at a time for what only one may work on."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class AlreadyRuns(Exception):
    """Another process has the lock."""


@contextmanager
def alone(file: Path) -> Iterator[None]:
    """Within it nobody else has the lock. The file stays, but the lock ends with the process, even if that is killed.

    Raises AlreadyRuns, and OSError where the file can't be made.
    """
    with file.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRuns from None
        yield
