"""`./muster backup` and `restore`, and commands on the SQLite file of `./muster serve`."""

from contextlib import closing
from pathlib import Path

import pytest

from chalicelib.bootstrap import sqlite_table
from chalicelib.store.keys import ItemKey
from chalicelib.store.table import Put
from manage.serve.site import CannotServe, alone_with
from tests.manage.conftest import Desk
from tests.stores import on_a_file

DB, COPY = "muster.db", "copy.db"
OLD, NEW = ItemKey("a", "old"), ItemKey("a", "new")


def written(key: ItemKey, file: str = DB) -> None:
    with closing(sqlite_table(Path(file))) as table:
        table.write(Put(key, {"a": 1}))


def held(file: str = DB) -> set[str]:
    with closing(sqlite_table(Path(file))) as table:
        return {item["SK"] for item in table.scan()}


def refusal(desk: Desk, *arguments: str, code: int = 1) -> str:
    result = desk.run(*arguments, MUSTER_DB=DB)
    assert (result.exit_code, result.stdout) == (code, "")
    assert code == 2 or result.stderr.count("\n") == 1
    return result.stderr


def test_what_was_there_is_back_and_what_came_later_is_kept_beside(desk: Desk) -> None:
    with closing(sqlite_table(Path(DB))) as running:
        running.write(Put(OLD, {"a": 1}))
        assert desk.run("backup", COPY, "--db", DB).exit_code == 0
        running.write(Put(NEW, {"a": 1}))
    assert Path(COPY).stat().st_mode & 0o777 == 0o600
    done = desk.run("restore", COPY, "--db", DB)
    assert (done.exit_code, done.stdout) == (0, f"{DB} is now what {COPY} holds.\n")
    assert held() == {"old"}
    assert Path(DB).stat().st_mode & 0o777 == 0o600
    (kept,) = (path for path in Path().glob(f"{DB}.replaced-*Z"))
    assert done.stderr == f"What was there before is in {kept}.\n"
    assert held(str(kept)) == {"old", "new"}


def test_what_only_the_log_holds_stays_with_the_file_that_is_kept(desk: Desk) -> None:
    """As after a kill."""
    written(OLD)
    assert desk.run("backup", COPY, "--db", DB).exit_code == 0
    with closing(sqlite_table(Path(DB))) as table:
        table.write(Put(NEW, {"a": 1}))
        for name in (DB, f"{DB}-wal"):
            Path(f"killed-{name}").write_bytes(Path(name).read_bytes())
    assert desk.run("restore", COPY, "--db", f"killed-{DB}").exit_code == 0
    assert held(f"killed-{DB}") == {"old"}
    (kept,) = (path for path in Path().glob("killed-*.replaced-*Z"))
    assert held(str(kept)) == {"old", "new"}


def test_where_nothing_was_a_backup_can_be_put_too(desk: Desk) -> None:
    written(OLD, COPY)
    done = desk.run("restore", COPY, "--db", DB)
    assert (done.exit_code, done.stderr) == (0, "")
    assert held() == {"old"}


def test_a_file_that_is_served_is_not_replaced(desk: Desk) -> None:
    written(OLD)
    assert desk.run("backup", COPY, "--db", DB).exit_code == 0
    Path("link.db").symlink_to(DB)
    for served, db in ((DB, DB), (DB, "link.db"), ("link.db", DB)):
        with alone_with(Path(served)):
            said = refusal(desk, "restore", COPY, "--db", db)
        assert said == f"Error: {db} is in use: `./muster serve` runs on it.\n"


def test_by_a_link_the_file_itself_is_replaced(desk: Desk) -> None:
    written(OLD, COPY)
    written(NEW)
    Path("link.db").symlink_to(DB)
    assert desk.run("restore", COPY, "--db", "link.db").exit_code == 0
    assert held() == held("link.db") == {"old"}


def test_nobody_else_can_take_the_lock_or_put_a_link_in_its_place(tmp_path: Path) -> None:
    lock, precious = tmp_path / "muster.db.lock", tmp_path / "precious"
    lock.touch(0o666)
    with alone_with(tmp_path / "muster.db"):
        assert lock.stat().st_mode & 0o777 == 0o600
    precious.write_text("precious")
    lock.unlink()
    lock.symlink_to(precious)
    with pytest.raises(CannotServe, match=r"muster\.db\.lock: "), alone_with(tmp_path / "muster.db"):
        pass
    assert precious.read_text() == "precious"


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "is empty"), (b"Commander,Milestone\n" * 100, "file is not a database"), (None, "is damaged")],
)
def test_what_is_no_whole_backup_is_refused_and_changes_nothing(
    desk: Desk, content: bytes | None, reason: str
) -> None:
    written(OLD)
    if content is None:
        assert desk.run("backup", COPY, "--db", DB).exit_code == 0
        whole = Path(COPY).read_bytes()
        content = whole[:4096] + b"\x07" * (len(whole) - 4096)
    Path(COPY).write_bytes(content)
    assert reason in (said := refusal(desk, "restore", COPY))
    assert said.startswith(f"Error: {COPY} ")
    assert held() == {"old"}
    assert {path.name for path in Path().glob("*.db*")} == {DB, f"{DB}.lock", COPY}


def test_a_file_that_is_in_use_is_no_backup(desk: Desk) -> None:
    with closing(sqlite_table(Path("other.db"))) as other:
        other.write(Put(OLD, {"a": 1}))
        assert "Use `./muster backup`" in refusal(desk, "restore", "other.db")


def test_a_backup_replaces_nothing_and_needs_a_file_that_is_there(desk: Desk) -> None:
    assert refusal(desk, "backup", COPY) == f"Error: There is no {DB}.\n"
    assert not Path(DB).exists()
    written(OLD)
    Path(COPY).touch()
    assert "already exists" in refusal(desk, "backup", COPY)
    assert "can't be written" in refusal(desk, "backup", "nowhere/copy.db")
    assert "Give --db or set MUSTER_DB" in desk.run("backup", "x.db", MUSTER_DB=None).stderr


@on_a_file
def test_commands_on_the_table_take_the_file_too(desk: Desk) -> None:
    file = str(desk.world.place.file)
    key = desk.run("keys", "first", "--another", MUSTER_DB=file).stdout.strip()
    assert desk.run("--url", desk.url, "servers", "list", key=key).exit_code == 0
    for command in (("ledger", "verify", "101"), ("migrate",), ("servers", "export", "101", "101.jsonl")):
        assert desk.run(*command, "--db", file).exit_code == 0
    assert desk.run("servers", "import", "101.jsonl", "--db", file).stderr.count("is already in this table")
    gone = desk.run("ledger", "verify", "101", "--db", "nowhere.db")
    assert (gone.exit_code, gone.stderr) == (1, "Error: There is no nowhere.db.\n")
    both = desk.run("ledger", "verify", "101", "--db", file, TABLE_NAME="muster-test")
    assert both.exit_code == 2
    assert "are both given" in both.stderr
