"""A deployment's settings, as its environment has them."""

import pytest

from chalicelib.settings import InvalidSettings, Settings

TABLE = {"TABLE_NAME": "muster-test"}


def test_only_the_table_must_be_named() -> None:
    assert Settings.from_environment(TABLE) == Settings("muster-test")
    with pytest.raises(InvalidSettings, match="TABLE_NAME"):
        Settings.from_environment({})


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
