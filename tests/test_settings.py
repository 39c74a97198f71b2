"""A deployment's settings, as its environment has them."""

from pathlib import Path

import pytest

from chalicelib.bootstrap import open_table
from chalicelib.settings import InvalidSettings, Settings
from chalicelib.store.sqlite import SQLiteTable

TABLE = {"TABLE_NAME": "muster-test"}


def test_only_where_everything_is_kept_must_be_named() -> None:
    assert Settings.from_environment(TABLE) == Settings("muster-test")
    assert Settings.from_environment({"MUSTER_DB": "muster.db"}) == Settings(database=Path("muster.db"))
    assert Settings.from_environment({"MUSTER_DB": "muster.db", "TABLE_NAME": ""}).table_name is None
    for none in ({}, {"TABLE_NAME": "", "MUSTER_DB": ""}):
        with pytest.raises(InvalidSettings, match="or MUSTER_DB the SQLite file"):
            Settings.from_environment(none)


def test_it_is_kept_in_one_place() -> None:
    with pytest.raises(InvalidSettings, match="TABLE_NAME and MUSTER_DB are both set"):
        Settings.from_environment(TABLE | {"MUSTER_DB": "muster.db"})


def test_the_settings_choose_the_table(tmp_path: Path) -> None:
    table = open_table(Settings(database=tmp_path / "muster.db"))
    assert isinstance(table, SQLiteTable)
    table.close()
    with pytest.raises(ValueError, match="no table"):
        open_table(Settings())


@pytest.mark.parametrize(
    ("user", "project", "together"), [(None, None, 60), ("", "", 60), ("100", "90", 90), ("2", "300", 2)]
)
def test_the_smaller_of_googles_limits_holds(user: str | None, project: str | None, together: int) -> None:
    given = {"SHEETS_REQUESTS_PER_USER": user, "SHEETS_REQUESTS_PER_PROJECT": project}
    environment = TABLE | {name: text for name, text in given.items() if text is not None}
    assert Settings.from_environment(environment).sheets_requests == together


@pytest.mark.parametrize("text", ["1", "0", "-5", "6.5", "many", "²"])
@pytest.mark.parametrize("name", ["SHEETS_REQUESTS_PER_USER", "SHEETS_REQUESTS_PER_PROJECT"])
def test_a_limit_that_nothing_could_be_synced_under_is_refused_by_name(name: str, text: str) -> None:
    with pytest.raises(InvalidSettings, match=name):
        Settings.from_environment(TABLE | {name: text})
