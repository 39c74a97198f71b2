"""The table in SQLite: one file, for the threads and processes of one machine (DESIGN §6, §9).

What has been answered is on the disk: the log is synced with every commit. Items are kept as `typed` has them, so that
they are compared, exported and refused as in DynamoDB.
"""

import json
import logging
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from decimal import Decimal
from functools import partial
from pathlib import Path
from queue import LifoQueue
from threading import Lock
from typing import Any, TypeVar

from chalicelib.domain.errors import Busy
from chalicelib.store.backoff import ATTEMPTS, pause, require_time
from chalicelib.store.forms import formed
from chalicelib.store.keys import OF_ALLIANCE, OF_COMMANDER, ItemKey
from chalicelib.store.table import (
    Change,
    ConditionFailed,
    Delete,
    Item,
    Put,
    Update,
    is_possible,
    require_possible,
    require_transaction,
)
from chalicelib.store.typed import plain, typed

T = TypeVar("T")

FORMAT = 1
"""Of the file, as its `user_version` says. A file of a later format is refused."""
APPLICATION = 0x4D757374
"""The file's `application_id`: "Must"."""
_SCHEMA = (
    """CREATE TABLE item (
        pk TEXT NOT NULL, sk TEXT NOT NULL, content TEXT NOT NULL, of_alliance TEXT, of_commander TEXT,
        PRIMARY KEY (pk, sk)
    ) WITHOUT ROWID""",
    "CREATE INDEX of_alliance ON item (of_alliance, sk) WHERE of_alliance IS NOT NULL",
    "CREATE INDEX of_commander ON item (of_commander, sk) WHERE of_commander IS NOT NULL",
    f"PRAGMA application_id = {APPLICATION}",
    f"PRAGMA user_version = {FORMAT}",
)
_SETTINGS = (
    "PRAGMA synchronous = FULL",
    "PRAGMA fullfsync = ON",  # else a Mac's disk may keep a commit in its own memory
    "PRAGMA wal_autocheckpoint = 0",  # see `_shorten_log`
    "PRAGMA secure_delete = ON",  # else it is up to how SQLite was built whether a forgotten name stays in the file
)
_COLUMN = {None: "pk", OF_ALLIANCE: "of_alliance", OF_COMMANDER: "of_commander"}
_PAGE = 1_000_000
"""Of a query, in characters of items: after that it lets go of the file and begins again where it was."""
_PUTS_AT_ONCE = 250
_LOG = 1000
"""Changes after which the log is brought into the file: some megabytes."""
_CONNECTIONS = 8
"""Of one process to a file."""
_PATIENCE, _LONGEST_TURN = 0.5, 10.0
"""Seconds that one attempt waits for other processes; that a write waits for the other threads of its own."""
_LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_NO_DISK = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}
_NO_DISK_DETAIL = (
    "Nothing can be recorded just now. What was recorded before is safe; please send this again later."
)
_NO_DISK_RETRY = 60

_logger = logging.getLogger(__name__)
_Stored = dict[str, Any]
"""An item as `typed` has it, without its key."""


class CannotOpen(Exception):
    """The file can't be used, or not by this version. Says which file and why, in words for operators."""


class SQLiteTable:
    """`file`: where it is, or shall be made; its folder must exist. None: in the memory of this process, for tests.

    Raises CannotOpen. Whoever made it closes it. Nothing of it may be carried over a fork.
    """

    def __init__(self, file: Path | None, sleep: Callable[[float], None] = time.sleep) -> None:
        self._file = file and Path(os.path.abspath(file))
        self._sleep = sleep
        self._turn = Lock()
        self._changes = 0
        self._free: LifoQueue[sqlite3.Connection | None] = LifoQueue()
        for _ in range(_CONNECTIONS if file else 1):
            self._free.put(None)
        try:
            self._prepare()
        except sqlite3.Error as error:
            self.close()
            raise CannotOpen(f"{file} can't be opened: {error}.") from error
        except CannotOpen:
            self.close()
            raise

    # Here, every read is consistent.

    def get(self, key: ItemKey, *, consistent: bool = False) -> Item | None:
        return self.get_many([key], consistent=consistent).get(key)

    def get_many(
        self,
        keys: Sequence[ItemKey],
        *,
        consistent: bool = False,  # noqa: ARG002
    ) -> dict[ItemKey, Item]:
        wanted = [key for key in dict.fromkeys(keys) if is_possible(key)]
        if not wanted:
            return {}
        found = self._do(lambda connection: [(key, _held(connection, key)) for key in wanted])
        return {key: _whole(key, stored) for key, stored in found if stored is not None}

    def query(
        self,
        partition: str,
        prefix: str = "",
        *,
        consistent: bool = False,  # noqa: ARG002
    ) -> Iterator[Item]:
        if is_possible(ItemKey(partition, prefix or "any")):
            rows = "SELECT pk, sk, content FROM item WHERE pk = ? AND sk {} ? ORDER BY sk"
            yield from self._pages(rows, (partition,), (prefix,), prefix)

    def query_each(self, wanted: Sequence[tuple[str, str]], *, consistent: bool = False) -> list[list[Item]]:
        return [list(self.query(*each, consistent=consistent)) for each in wanted]

    def latest(self, partition: str, before: str | None, limit: int, index: str | None = None) -> list[Item]:
        if not is_possible(ItemKey(partition, before or "any")):
            return []
        rows = f"SELECT pk, sk, content FROM item WHERE {_COLUMN[index]} = ?"  # noqa: S608 - one of ours
        rows += f"{' AND sk < ?' if before else ''} ORDER BY sk DESC LIMIT ?"
        values = [partition, *([before] if before else []), limit]
        return self._do(lambda connection: [_item(*row) for row in connection.execute(rows, values)])

    def scan(self) -> Iterator[Item]:
        rows = "SELECT pk, sk, content FROM item WHERE (pk, sk) {} (?, ?) ORDER BY pk, sk"
        return self._pages(rows, (), ("", ""))

    def put_many(self, puts: Sequence[Put]) -> None:
        require_possible(puts)
        for start in range(0, len(puts), _PUTS_AT_ONCE):
            self._change(puts[start : start + _PUTS_AT_ONCE])

    def write(self, change: Change) -> None:
        require_possible([change])
        self._change([change])

    def transact(self, changes: Sequence[Change]) -> None:
        require_transaction(changes)
        self._change(changes)

    def damage(self) -> list[str]:
        """What is wrong with the file, in SQLite's words; nothing, if it is whole. Reads all of it."""
        try:
            found = self._do(lambda connection: connection.execute("PRAGMA integrity_check").fetchall())
        except sqlite3.DatabaseError as error:
            return [str(error)]
        return [problem for (problem,) in found if problem != "ok"]

    def require_writable(self) -> None:
        """Writes what is there anyway. Raises Busy where a change could not be written now."""
        self._do(lambda connection: connection.execute(f"PRAGMA user_version = {FORMAT}"), writes=True)

    def back_up(self, file: Path) -> None:
        """Writes all that is there at one moment into a new file, which is there once it is whole. Others go on.

        Raises FileExistsError, and CannotOpen where it can't be written.
        """
        if file.exists():
            raise FileExistsError(file)
        part = file.with_name(f"{file.name}.part")
        try:
            part.unlink(missing_ok=True)
            part.touch(mode=0o600)
            with closing(sqlite3.connect(part, isolation_level=None)) as copy:
                self._patiently(lambda connection: connection.backup(copy))
                copy.execute("PRAGMA journal_mode = DELETE")  # one file, synced, without a log
            part.rename(file)
        except (OSError, sqlite3.Error) as error:
            raise CannotOpen(f"{file} can't be written: {error}.") from error
        finally:
            part.unlink(missing_ok=True)

    def close(self) -> None:
        """When nobody is at it. A file can be gone on with; what was in memory is gone."""
        for connection in [self._free.get() for _ in range(self._free.qsize())]:
            if connection is not None:
                connection.close()
            self._free.put(None)

    def _prepare(self) -> None:
        """Makes the table in a new file. Raises CannotOpen if the file is not ours, and does not touch it then."""
        if self._file and not self._file.exists():
            with suppress(OSError):  # SQLite will say why
                self._file.touch(mode=0o600)
        self._opened = self._found()
        self._patiently(self._is_new)  # refuses what is not ours
        if self._file and self._patiently(_begin_log) != "wal":
            raise CannotOpen(f"{self._file} is where no log can be kept beside it: on a network, perhaps.")
        self._patiently(self._make, writes=True)  # where nothing can be written, this says so

    def _found(self) -> tuple[int, int] | None:
        """Which file is there now, as the system numbers files."""
        try:
            found = os.stat(self._file or "")
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def _is_new(self, connection: sqlite3.Connection) -> bool:
        marks = (
            "SELECT *, (SELECT count(*) FROM sqlite_master) FROM pragma_application_id, pragma_user_version"
        )
        application, form, tables = connection.execute(marks).fetchone()  # as they are at one moment
        if application != APPLICATION and (application or form or tables):
            raise CannotOpen(f"{self._file} is a database of another program.")
        if form > FORMAT:
            raise CannotOpen(
                f"{self._file} is of a later Muster: its format is {form}, and this one knows {FORMAT}. "
                "Start that version."
            )
        return not form

    def _make(self, connection: sqlite3.Connection) -> None:
        if self._is_new(connection):
            for statement in _SCHEMA:
                connection.execute(statement)

    def _change(self, changes: Sequence[Change]) -> None:
        """All or nothing. Raises ConditionFailed, and Busy."""
        changes = [formed(change) for change in changes]

        def change_all(connection: sqlite3.Connection) -> None:
            found = [(change, _held(connection, change.key)) for change in changes]
            failed = {
                change.key: None if stored is None else _whole(change.key, stored)
                for change, stored in found
                if not _is_met(change, stored)
            }
            if failed:
                raise ConditionFailed(failed)
            for change, stored in found:
                _apply(connection, change, stored)

        self._do(change_all, writes=True)
        self._changes += len(changes)
        if self._changes >= _LOG and self._file:
            self._changes = 0
            self._shorten_log()

    def _shorten_log(self) -> None:
        """Brings the log into the file, so that it can start again, with the lock that keeps writers out.

        SQLite would do it by itself, but without that lock; up to 3.51.2 that may, rarely, lose what another process
        writes at that moment (https://sqlite.org/wal.html#walresetbug). A failure here loses nothing, as it is all in
        the log, and it is tried again after as many changes more.
        """
        try:
            with self._alone(), self._connected() as connection:
                connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()
        except (sqlite3.Error, Busy) as error:
            _logger.warning("the log of %s could not be brought into it: %s", self._file, error)

    def _pages(
        self, rows: str, within: tuple[str, ...], place: tuple[str, ...], prefix: str = ""
    ) -> Iterator[Item]:
        """The items from `place` on, as long as they have the prefix. Between pages nothing of the file is held."""
        comparison, is_last = ">=", False
        while not is_last:
            read = partial(_page, rows=rows.format(comparison), values=(*within, *place), prefix=prefix)
            page, is_last = self._do(read)
            yield from page
            if page:
                comparison, place = ">", (page[-1]["PK"], page[-1]["SK"])[-len(place) :]

    def _do(self, work: Callable[[sqlite3.Connection], T], *, writes: bool = False) -> T:
        """What `work` gives; in a transaction of its own, if it writes. Raises Busy."""
        try:
            return self._patiently(work, writes=writes)
        except sqlite3.OperationalError as error:
            if _code(error) in _LOCKED:
                raise Busy from error
            if _code(error) not in _NO_DISK:
                raise
            _logger.error("%s can't be used: %s", self._file, error)
            raise Busy(detail=_NO_DISK_DETAIL, retry_after=_NO_DISK_RETRY) from error

    def _patiently(self, work: Callable[[sqlite3.Connection], T], *, writes: bool = False) -> T:
        """The same, with SQLite's own errors. Waits for other processes, up to `ATTEMPTS` times."""
        if writes:
            with self._alone():
                self._require_there()
                return self._patiently(lambda connection: _in_transaction(connection, work))
        for attempt in range(ATTEMPTS):
            require_time()
            try:
                with self._connected() as connection:
                    return work(connection)
            except sqlite3.OperationalError as error:
                if _code(error) not in _LOCKED or attempt + 1 == ATTEMPTS:
                    raise
            pause(attempt, self._sleep)
        raise AssertionError("the last attempt returns or raises")

    def _require_there(self) -> None:
        """Raises Busy where the file is another than was opened: what is written would be lost, and nobody notice."""
        if self._file and self._found() != self._opened:
            _logger.error(
                "%s was moved, removed or replaced: nothing is recorded until it is back", self._file
            )
            raise Busy(retry_after=_NO_DISK_RETRY)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """The threads of a process write in turn, so that they wait for a moment, not for SQLite to look again."""
        if not self._turn.acquire(timeout=_LONGEST_TURN):
            raise Busy
        try:
            yield
        finally:
            self._turn.release()

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        """A connection that is nobody else's meanwhile: in memory the only one."""
        connection = self._free.get()
        try:
            if connection is None:
                connection = _connect(str(self._file or ":memory:"))
            yield connection
        finally:
            if connection is not None and connection.in_transaction:
                connection.rollback()
            self._free.put(connection)


def _connect(place: str) -> sqlite3.Connection:
    connection = sqlite3.connect(place, timeout=_PATIENCE, isolation_level=None, check_same_thread=False)
    try:
        for setting in _SETTINGS:
            connection.execute(setting)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _begin_log(connection: sqlite3.Connection) -> str:
    """Which way of writing the file has from now on."""
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    return str(mode)


def _in_transaction(connection: sqlite3.Connection, work: Callable[[sqlite3.Connection], T]) -> T:
    connection.execute("BEGIN IMMEDIATE")
    result = work(connection)
    connection.execute("COMMIT")
    return result


def _page(
    connection: sqlite3.Connection, rows: str, values: Sequence[str], prefix: str
) -> tuple[list[Item], bool]:
    """Some items, and whether they are the last that have the prefix: those that have it stand together, and first."""
    page, size = [], 0
    with closing(connection.execute(rows, values)) as found:
        for pk, sk, content in found:
            if not sk.startswith(prefix):
                break
            page.append(_item(pk, sk, content))
            size += len(content)
            if size >= _PAGE:
                return page, False
    return page, True


def _held(connection: sqlite3.Connection, key: ItemKey) -> _Stored | None:
    row = connection.execute("SELECT content FROM item WHERE pk = ? AND sk = ?", key).fetchone()
    return None if row is None else json.loads(row[0])


def _item(pk: str, sk: str, content: str) -> Item:
    return _whole(ItemKey(pk, sk), json.loads(content))


def _whole(key: ItemKey, stored: _Stored) -> Item:
    return {"PK": key.pk, "SK": key.sk, **plain(stored)}


def _is_met(change: Change, stored: _Stored | None) -> bool:
    """Whether the change's condition holds for what is there."""
    if isinstance(change, Put):
        return stored is None or not change.unless_exists
    exists = change.exists if isinstance(change, Update) else None
    if exists is not None and exists != (stored is not None):
        return False
    expected = {name: content for name, content in change.expected.items() if content is not None}
    absent = change.expected.keys() - expected.keys()
    held = stored or {}
    below = change.below if isinstance(change, Update) else {}
    if not all(Decimal(held.get(name, {}).get("N", "inf")) < bound for name, bound in below.items()):
        return False
    return not absent & held.keys() and typed(expected).items() <= held.items()


def _apply(connection: sqlite3.Connection, change: Change, stored: _Stored | None) -> None:
    if isinstance(change, Delete):
        connection.execute("DELETE FROM item WHERE pk = ? AND sk = ?", change.key)
        return
    if isinstance(change, Put):
        becomes = typed({name: value for name, value in change.item.items() if value is not None})
    else:
        becomes = {name: value for name, value in (stored or {}).items() if name not in change.remove}
        before = plain({name: becomes[name] for name in change.add if name in becomes})
        sums = {name: before.get(name, 0) + amount for name, amount in change.add.items()}
        becomes |= typed({**change.set, **sums})
    content = {name: value for name, value in becomes.items() if name not in ("PK", "SK")}
    indexed = [becomes.get(name, {}).get("S") for name in (OF_ALLIANCE, OF_COMMANDER)]
    connection.execute(
        "REPLACE INTO item (pk, sk, content, of_alliance, of_commander) VALUES (?, ?, ?, ?, ?)",
        (*change.key, json.dumps(content, separators=(",", ":")), *indexed),
    )


def _code(error: sqlite3.OperationalError) -> int:
    """The kind of the error: SQLite's code without its details."""
    return error.sqlite_errorcode & 0xFF
