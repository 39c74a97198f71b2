"""One process at a time for what only one may work on."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO


class AlreadyRuns(Exception):
    """Another process has the lock."""


@contextmanager
def alone(file: Path) -> Iterator[None]:
    """Within it nobody else has the lock. The file stays, but the lock ends with the process, even if that is killed.

    Only the file's owner can open it, since whoever can read it can take the lock. A link in its place is not followed.
    Raises AlreadyRuns, and OSError where the file can't be made.
    """
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
    with os.fdopen(descriptor, "w") as lock:
        file.chmod(0o600)  # as it was not in an earlier version
        give_to_owner(file)
        _take(lock)
        yield


def _take(lock: TextIO) -> None:
    """Raises AlreadyRuns."""
    if sys.platform == "win32":
        import msvcrt

        try:
            msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            raise AlreadyRuns from None
    else:
        import fcntl

        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRuns from None


def give_to_owner(file: Path) -> None:
    """Where root has made a file: to whom its folder belongs, so that the service can use it."""
    if sys.platform != "win32" and os.geteuid() == 0:
        folder = file.absolute().parent.stat()
        os.chown(file, folder.st_uid, folder.st_gid, follow_symlinks=False)
