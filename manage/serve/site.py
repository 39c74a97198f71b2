"""`./muster serve`, put together: a file, the app, the schedule, and the server in front of them."""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request

from chalicelib import bootstrap
from chalicelib.bootstrap import Clock, Muster
from chalicelib.settings import Serving, Settings
from chalicelib.store.sqlite import CannotOpen
from manage.serve.adapter import Adapter
from manage.serve.lock import AlreadyRuns, alone
from manage.serve.schedule import Job, Schedule
from manage.serve.server import CannotListen, Server

if TYPE_CHECKING:
    from chalicelib.store.sqlite import SQLiteTable

logger = logging.getLogger(__name__)

PERIODS = {"refresh_totals": (300, 240), "sync_sheets": (60, 55), "tell_news": (60, 20)}
"""Of the scheduled functions: how often, and for how long at most, in seconds; as in AWS, but that news gets less time.
Here they take turns, so a sheet would wait for addresses that answer slowly."""
CHECKED = 2.0
"""Seconds for which a look at the store counts, since anybody may ask for `/health`."""


class CannotServe(Exception):
    """Says in one line why the product can't start."""


@dataclass(frozen=True, slots=True)
class Site:
    """The product on its file. Its server listens already, but nothing runs before `run`."""

    muster: Muster
    schedule: Schedule
    server: Server
    stopped: threading.Event

    @property
    def url(self) -> str:
        return f"http://{self.server.host}:{self.server.port}"

    def run(self) -> None:
        """Answers and works on the schedule until it is stopped, and then until what had begun is finished."""
        self.schedule.start()
        self.server.run_until(self.stopped)
        self.schedule.join()

    def stop(self) -> None:
        """May be called from anywhere, also from a signal's handler."""
        self.stopped.set()
        self.server.wake()


@contextmanager
def opened(
    settings: Settings,
    serving: Serving,
    clock: Clock = bootstrap.system_clock,
    monotonic: Callable[[], float] = time.monotonic,
) -> Iterator[Site]:
    """The site on the file that the settings name; nobody else can serve it meanwhile. Raises CannotServe."""
    if settings.database is None:
        raise ValueError("the settings name no file")
    with ExitStack() as stack:
        stack.enter_context(alone_with(settings.database))
        table = stack.enter_context(closing(_whole(settings.database)))
        _warn_of_readers(settings.database)
        muster = bootstrap.assemble(settings, table, clock, monotonic=monotonic)

        import app as functions  # the same as in AWS

        stopped = threading.Event()
        jobs = [Job(name, getattr(functions, name), *periods) for name, periods in PERIODS.items()]
        schedule = Schedule(jobs, stopped, monotonic)
        answer = Request.application(Adapter(functions.app).answer)
        try:
            server = Server(answer, serving.host, serving.port, serving.trusted_proxy)
        except CannotListen as error:
            raise CannotServe(str(error)) from None
        stack.callback(server.close)
        store = _seldom(lambda: _takes_changes(table), monotonic)
        muster = replace(muster, checks={"store": store, "schedule": lambda: schedule.works})
        bootstrap.use(muster)
        stack.callback(bootstrap.use, None)
        yield Site(muster, schedule, server, stopped)


@contextmanager
def alone_with(database: Path) -> Iterator[Path]:
    """Within it nobody else can serve or replace the file, by whatever link; gives the file itself. Raises
    CannotServe."""
    file = Path(os.path.realpath(database)) if database.is_symlink() else database
    lock = file.with_name(f"{file.name}.lock")
    with ExitStack() as stack:
        try:
            stack.enter_context(alone(lock))
        except AlreadyRuns:
            raise CannotServe(f"{database} is in use: `./muster serve` runs on it") from None
        except OSError as error:
            raise CannotServe(f"MUSTER_DB={database} can't be used: {lock}: {error.strerror}") from None
        yield file


def _whole(database: Path) -> "SQLiteTable":
    """The table in the file, if all of it can be read and written. Raises CannotServe."""
    try:
        table = bootstrap.sqlite_table(database)
    except CannotOpen as error:
        raise CannotServe(str(error)) from None
    if problems := table.damage():
        table.close()
        raise CannotServe(f"{database} is damaged ({problems[0]}): restore a backup with `./muster restore`")
    return table


def _warn_of_readers(database: Path) -> None:
    if os.name == "posix" and database.stat().st_mode & 0o077:
        logger.warning("other users of this machine can read %s: chmod 600 it", database)


def _takes_changes(table: "SQLiteTable") -> bool:
    try:
        table.require_writable()
    except Exception:  # whatever it is, the store does not work
        logger.exception("the store can't be written")
        return False
    return True


def _seldom(look: Callable[[], bool], monotonic: Callable[[], float]) -> Callable[[], bool]:
    """What was seen within `CHECKED` seconds, or is seen now; one thread at a time looks."""
    turn = threading.Lock()
    seen, until = True, monotonic()

    def works() -> bool:
        nonlocal seen, until
        with turn:
            if monotonic() >= until:
                seen, until = look(), monotonic() + CHECKED
            return seen

    return works
