"""What the SQLite table promises beyond the contract of every table: of its file, its locks, and a disk that fails."""

import logging
import random
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from chalicelib.bootstrap import sqlite_table
from chalicelib.domain.errors import Busy
from chalicelib.store import sqlite
from chalicelib.store.backoff import ATTEMPTS, FIRST_PAUSE, LONGEST_PAUSE
from chalicelib.store.sqlite import APPLICATION, FORMAT, CannotOpen, SQLiteTable
from chalicelib.store.table import ConditionFailed, Item, ItemKey, Put, Update

KESTREL, MERLIN = ItemKey("roster", "kestrel"), ItemKey("roster", "merlin")
LARGE = "x" * 100_000


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "muster.db"


@pytest.fixture
def table(file: Path) -> Iterator[SQLiteTable]:
    with closing(sqlite_table(file, lambda _: None)) as table:
        yield table


@pytest.fixture
def other(table: SQLiteTable, file: Path) -> Iterator[sqlite3.Connection]:
    """Another program at the same file."""
    with closing(sqlite3.connect(file, timeout=0, isolation_level=None)) as connection:
        yield connection


def refusal(file: Path) -> str:
    """Why the file is not opened; it is not touched."""
    before = file.read_bytes() if file.is_file() else None
    with pytest.raises(CannotOpen) as raised:
        sqlite_table(file, lambda _: None)
    assert before is None or file.read_bytes() == before
    assert str(file) in str(raised.value)
    return str(raised.value)


def test_what_is_answered_is_on_the_disk_when_the_power_fails(table: SQLiteTable) -> None:
    """SQLite's own promise, for the log that is written ahead: FULL syncs at each change, and less does not."""
    assert table._do(lambda connection: connection.execute("PRAGMA synchronous").fetchone()) == (2,)


@pytest.mark.parametrize(
    ("held", "expected"), [(1, True), (True, 1), ({"a": [1]}, {"a": [True]}), (0, False), (1, "1")]
)
def test_a_condition_tells_a_truth_from_a_number(table: SQLiteTable, held: object, expected: object) -> None:
    """As DynamoDB does; moto doesn't."""
    table.write(Put(KESTREL, {"value": held}))
    with pytest.raises(ConditionFailed):
        table.write(Update(KESTREL, set={"a": 1}, expected={"value": expected}))


class TestTheFile:
    def test_keeps_what_was_written(self, file: Path) -> None:
        with closing(sqlite_table(file)) as table:
            table.write(Put(KESTREL, {"a": 1}))
        with closing(sqlite_table(file)) as table:
            assert table.get(KESTREL) == {"PK": "roster", "SK": "kestrel", "a": 1}

    def test_is_its_owners_alone(self, table: SQLiteTable, file: Path) -> None:
        table.write(Put(KESTREL, {"a": 1}))
        files = list(file.parent.iterdir())
        assert [stat.S_IMODE(each.stat().st_mode) for each in files] == [0o600] * 3, files

    def test_holds_nothing_more_of_what_was_overwritten(self, file: Path) -> None:
        """On whatever SQLite: with one that is built without SECURE_DELETE, only the setting sees to it."""
        with closing(sqlite_table(file)) as table:
            table.put_many(
                [Put(ItemKey("roster", str(n)), {"name": f"Kestrel {LARGE[:900]}"}) for n in range(50)]
            )
            table.put_many([Put(ItemKey("roster", str(n)), {"name": "Forgotten"}) for n in range(50)])
        assert b"Forgotten" in file.read_bytes()
        assert b"Kestrel" not in file.read_bytes()

    def test_is_synced_with_every_commit(self, table: SQLiteTable) -> None:
        with table._connected() as connection:
            modes = [
                connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")
            ]
        assert modes == ["wal", 2]

    def test_is_one_for_all_who_open_it(self, table: SQLiteTable, file: Path) -> None:
        with closing(sqlite_table(file)) as second:
            second.write(Put(KESTREL, {"a": 1}))
            table.write(Update(KESTREL, add={"a": 1}))
            assert (second.get(KESTREL) or {})["a"] == 2

    def test_is_made_once_by_those_who_open_it_together(self, file: Path) -> None:
        start, failures = threading.Barrier(8), []

        def open_and_write(number: int) -> None:
            start.wait()
            try:
                with closing(sqlite_table(file)) as table:
                    table.write(Update(KESTREL, add={"n": 1}))
            except Exception as error:  # noqa: BLE001 - told below
                failures.append(error)

        threads = [threading.Thread(target=open_and_write, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        with closing(sqlite_table(file)) as table:
            assert (table.get(KESTREL) or {})["n"] == 8

    def test_of_a_later_version_is_refused(self, file: Path) -> None:
        sqlite_table(file).close()
        with closing(sqlite3.connect(file)) as connection:
            connection.execute(f"PRAGMA user_version = {FORMAT + 1}")
        assert "is of a later Muster: its format is 2, and this one knows 1. Start that" in refusal(file)

    def test_of_another_program_is_refused(self, file: Path) -> None:
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("CREATE TABLE theirs (a)")
        assert "is a database of another program" in refusal(file)
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("DROP TABLE theirs")
            connection.execute("PRAGMA application_id = 7")
        assert "is a database of another program" in refusal(file)

    def test_that_is_no_database_is_refused(self, file: Path) -> None:
        file.write_text("Commander,Milestone\n" * 100)
        assert "can't be opened: file is not a database" in refusal(file)

    def test_that_can_not_be_made_is_told(self, tmp_path: Path) -> None:
        assert "can't be opened: unable to open" in refusal(tmp_path / "no-folder" / "muster.db")
        assert "can't be opened: unable to open" in refusal(tmp_path)

    def test_that_can_not_be_written_is_told_when_it_is_opened(
        self, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sqlite_table(file).close()
        monkeypatch.setattr(sqlite, "_SETTINGS", (*sqlite._SETTINGS, "PRAGMA query_only = ON"))
        assert "can't be opened: attempt to write a readonly database" in refusal(file)

    def test_that_others_have_for_too_long_is_told(self, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sqlite, "_PATIENCE", 0)
        sqlite_table(file).close()
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            assert "can't be opened: database is locked" in refusal(file)

    def test_that_is_empty_is_a_new_one(self, file: Path) -> None:
        file.touch()
        with closing(sqlite_table(file)) as table, table._connected() as connection:
            assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION,)
            assert connection.execute("PRAGMA user_version").fetchone() == (FORMAT,)


class TestAFileThatOthersHave:
    @pytest.fixture(autouse=True)
    def without_patience(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sqlite, "_PATIENCE", 0)

    def test_is_waited_for_within_a_bound_with_growing_pauses(self, file: Path) -> None:
        pauses: list[float] = []
        with closing(sqlite_table(file, pauses.append)) as table:
            with closing(sqlite3.connect(file, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                with pytest.raises(Busy) as raised:
                    table.write(Put(KESTREL, {"a": 1}))
            assert raised.value == Busy()
            assert len(pauses) == ATTEMPTS - 1
            assert all(0 <= p <= min(LONGEST_PAUSE, FIRST_PAUSE * 2**n) for n, p in enumerate(pauses))
            assert table.get(KESTREL) is None
            table.write(Put(KESTREL, {"a": 1}))

    def test_is_written_as_soon_as_they_let_go(self, file: Path) -> None:
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            pauses: list[float] = []

            def let_go_at_the_third(seconds: float) -> None:
                pauses.append(seconds)
                if len(pauses) == 3:
                    other.execute("COMMIT")

            with closing(sqlite_table(file, let_go_at_the_third)) as table:
                other.execute("BEGIN IMMEDIATE")
                table.transact([Put(KESTREL, {"a": 1}), Put(MERLIN, {"a": 1})])
                assert len(pauses) == 3
                assert len(list(table.scan())) == 2

    def test_can_be_read_all_the_while(self, table: SQLiteTable, other: sqlite3.Connection) -> None:
        table.write(Put(KESTREL, {"a": 1}))
        other.execute("BEGIN IMMEDIATE")
        other.execute("DELETE FROM item")
        assert [item["a"] for item in table.query("roster")] == [1]
        assert table.get(KESTREL, consistent=True)

    def test_is_not_waited_for_by_threads_for_ever(
        self, table: SQLiteTable, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sqlite, "_LONGEST_TURN", 0.01)
        with table._alone(), pytest.raises(Busy):
            table.write(Put(KESTREL, {"a": 1}))
        table.write(Put(KESTREL, {"a": 1}))


class TestADiskThatFails:
    @staticmethod
    def open_anew_with(table: SQLiteTable, monkeypatch: pytest.MonkeyPatch, pragma: str) -> None:
        monkeypatch.setattr(sqlite, "_SETTINGS", (*sqlite._SETTINGS, f"PRAGMA {pragma}"))
        table.close()

    @pytest.mark.parametrize("pragma", ["max_page_count = 20", "query_only = ON"], ids=["full", "read-only"])
    def test_refuses_what_is_new_for_a_while_and_loses_nothing(
        self,
        table: SQLiteTable,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
        pragma: str,
    ) -> None:
        table.write(Put(KESTREL, {"a": 1}))
        self.open_anew_with(table, monkeypatch, pragma)
        writes: list[Callable[[], None]] = [
            lambda: table.write(Put(MERLIN, {"text": LARGE})),
            lambda: table.transact([Update(KESTREL, add={"a": 1}), Put(MERLIN, {"text": LARGE})]),
            lambda: table.put_many([Put(MERLIN, {"text": LARGE})]),
        ]
        for write in writes:
            with pytest.raises(Busy) as raised:
                write()
            assert raised.value.retry_after >= 30
            assert raised.value.detail.startswith("Nothing can be recorded just now.")
        assert [item["a"] for item in table.scan()] == [1]
        assert table.damage() == []
        told = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
        assert len(told) == 3
        assert all("muster.db can't be used: " in line for line in told)
        monkeypatch.undo()
        table.close()
        table.transact([Update(KESTREL, add={"a": 1}), Put(MERLIN, {"text": LARGE})])
        assert [item.get("a") for item in table.scan()] == [2, None]

    def test_can_be_the_logs_alone_and_then_nothing_is_refused(
        self, table: SQLiteTable, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        """What is committed is in the log, so that it stays there is no failure."""

        class Failing(sqlite3.Connection):
            def execute(self, statement: str, *parameters: Any) -> sqlite3.Cursor:
                if "checkpoint(" in statement:
                    raise sqlite3.OperationalError("disk I/O error")
                return super().execute(statement, *parameters)

        real = sqlite3.connect
        monkeypatch.setattr(sqlite, "_LOG", 1)
        monkeypatch.setattr(sqlite3, "connect", lambda *args, **how: real(*args, **how, factory=Failing))
        table.close()
        table.write(Put(KESTREL, {"a": 1}))
        assert table.get(KESTREL)
        assert ["could not be brought into it" in record.getMessage() for record in caplog.records] == [True]


class TestAFileThatIsGone:
    @pytest.mark.parametrize("another", [False, True], ids=["removed", "replaced"])
    def test_takes_nothing_that_would_be_lost(
        self, table: SQLiteTable, file: Path, another: bool, caplog: pytest.LogCaptureFixture
    ) -> None:
        table.write(Put(KESTREL, {"a": 1}))
        kept = file.rename(file.with_name("kept.db"))
        if another:
            file.write_bytes(kept.read_bytes())
        with pytest.raises(Busy):
            table.write(Put(MERLIN, {"a": 1}))
        with pytest.raises(Busy):
            table.require_writable()
        assert "muster.db was moved, removed or replaced" in caplog.text
        kept.rename(file)
        table.write(Put(MERLIN, {"a": 1}))


class TestTheLog:
    def test_does_not_grow_without_end(self, table: SQLiteTable, file: Path) -> None:
        log = file.with_name("muster.db-wal")
        for _ in range(8):
            table.put_many([Put(ItemKey("p", str(number)), {"text": "x" * 2000}) for number in range(1000)])
        assert log.stat().st_size < 3 * 1000 * 2000
        assert file.stat().st_size > 1000 * 2000

    def test_is_held_by_no_query_that_is_under_way(
        self, table: SQLiteTable, other: sqlite3.Connection
    ) -> None:
        table.put_many([Put(ItemKey("p", str(number)), {"text": LARGE}) for number in range(20)])
        query, scan = table.query("p"), table.scan()
        next(query), next(scan)
        table.write(Put(KESTREL, {"a": 1}))
        is_busy, _, _ = other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        assert not is_busy
        assert len(list(query)) == 19
        assert len(list(scan)) == 20


class TestDamage:
    def test_is_none_in_a_file_that_is_whole(self, table: SQLiteTable) -> None:
        table.put_many([Put(ItemKey("p", str(number)), {"text": LARGE}) for number in range(20)])
        assert table.damage() == []

    def test_is_told(self, file: Path) -> None:
        with closing(sqlite_table(file)) as table:
            table.put_many([Put(ItemKey("p", str(number)), {"n": number}) for number in range(2000)])
        garbled = bytearray(file.read_bytes())
        garbled[len(garbled) // 2 :] = random.Random(1).randbytes(len(garbled) - len(garbled) // 2)
        file.write_bytes(garbled)
        with closing(sqlite_table(file)) as table:
            assert table.damage()


class TestBackUp:
    def test_is_all_that_was_there_at_one_moment_while_others_write(
        self, table: SQLiteTable, tmp_path: Path
    ) -> None:
        keys = [ItemKey("p", f"{number:03}") for number in range(90)]
        done = threading.Event()

        def write() -> None:
            number = 0
            while not done.is_set():
                number += 1
                table.transact([Update(key, set={"n": number, "text": "x" * 3000}) for key in keys])

        writer = threading.Thread(target=write)
        writer.start()
        try:
            while not table.get(keys[0]):
                pass
            for number in range(5):
                table.back_up(tmp_path / f"copy{number}.db")
        finally:
            done.set()
            writer.join()
        for number in range(5):
            with closing(sqlite_table(tmp_path / f"copy{number}.db")) as copy:
                assert copy.damage() == []
                assert len({item["n"] for item in copy.query("p")}) == 1
                assert len(list(copy.scan())) == 90

    def test_is_one_file_its_owners_alone_that_can_be_gone_on_with(
        self, table: SQLiteTable, tmp_path: Path
    ) -> None:
        table.write(Put(KESTREL, {"a": 1}))
        folder = tmp_path / "backups"
        folder.mkdir()
        table.back_up(folder / "copy.db")
        assert [path.name for path in folder.iterdir()] == ["copy.db"]
        assert stat.S_IMODE((folder / "copy.db").stat().st_mode) == 0o600
        with closing(sqlite_table(folder / "copy.db")) as copy:
            copy.write(Update(KESTREL, add={"a": 1}))
            with copy._connected() as connection:
                assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert table.get(KESTREL) == {**_key(KESTREL), "a": 1}

    def test_replaces_nothing_and_leaves_nothing_half(self, table: SQLiteTable, tmp_path: Path) -> None:
        theirs = tmp_path / "theirs"
        theirs.write_text("theirs")
        with pytest.raises(FileExistsError):
            table.back_up(theirs)
        assert theirs.read_text() == "theirs"
        with pytest.raises(CannotOpen, match="can't be written"):
            table.back_up(tmp_path / "no-folder" / "copy.db")


def _key(key: ItemKey) -> Item:
    return {"PK": key.pk, "SK": key.sk}
