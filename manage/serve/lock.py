"""One process at a time for what only one may work on."""

import fcntl
import os
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
        give_to_owner(file)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRuns from None
        yield


def give_to_owner(file: Path) -> None:
    """Where root has made a file: to whom its folder belongs, so that the service can use it."""
    if os.geteuid() == 0:
        folder = file.absolute().parent.stat()
        os.chown(file, folder.st_uid, folder.st_gid)
