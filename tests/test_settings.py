"""A deployment's settings, as its environment has them."""

from pathlib import Path

import pytest

from chalicelib.bootstrap import open_table
from chalicelib.settings import InvalidSettings, Serving, Settings, in_file
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
    ("user", "project", "limits"), [(None, None, (60, 300)), ("", "", (60, 300)), ("100", "2", (100, 2))]
)
def test_googles_limits_are_those_of_an_account_and_of_a_project(
    user: str | None, project: str | None, limits: tuple[int, int]
) -> None:
    given = {"SHEETS_REQUESTS_PER_USER": user, "SHEETS_REQUESTS_PER_PROJECT": project}
    environment = TABLE | {name: text for name, text in given.items() if text is not None}
    assert Settings.from_environment(environment).sheets_requests == limits


@pytest.mark.parametrize("text", ["1", "0", "-5", "6.5", "many", "²"])
@pytest.mark.parametrize("name", ["SHEETS_REQUESTS_PER_USER", "SHEETS_REQUESTS_PER_PROJECT"])
def test_a_limit_that_nothing_could_be_synced_under_is_refused_by_name(name: str, text: str) -> None:
    with pytest.raises(InvalidSettings, match=name):
        Settings.from_environment(TABLE | {name: text})


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("PUBLIC_URL", "muster.example.org", "must be an address that begins with http:// or https://"),
        ("SHEETS_API_URL", "https://", "must be an address"),
        ("DRIVE_API_URL", "https://example.org/?a=b", "must be an address"),
        ("READING_TOLERANCE", "101", "must be a whole number from 0 to 100"),
        ("DISCORD_PUBLIC_KEY", "ab" * 31, "must be the application's public key, 64 hexadecimal digits"),
        ("DISCORD_PUBLIC_KEY", "ab " * 32, "must be the application's public key"),
        ("DISCORD_APPLICATION_ID", "muster", "must be an id of Discord's, a number"),
    ],
)
def test_a_setting_that_is_wrong_is_refused_by_name_and_with_the_reason(
    name: str, text: str, reason: str
) -> None:
    with pytest.raises(InvalidSettings) as raised:
        Settings.from_environment(TABLE | {name: text})
    assert str(raised.value).startswith(f"{name} {reason}")
    assert str(raised.value).endswith(f", not {text!r}")


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("PORT", "0", "must be a whole number from 1 to 65535"),
        ("PORT", "http", "must be a whole number from 1 to 65535"),
        ("TRUSTED_PROXY", "localhost", "must be the IP address of the proxy, or *"),
        ("LOG_FORMAT", "xml", "must be json or text"),
    ],
)
def test_so_is_one_of_serving(name: str, text: str, reason: str) -> None:
    with pytest.raises(InvalidSettings) as raised:
        Serving.from_environment({name: text})
    assert str(raised.value) == f"{name} {reason}, not {text!r}"


def test_serving_has_defaults_that_only_this_machine_reaches() -> None:
    assert Serving.from_environment({"PORT": ""}) == Serving("127.0.0.1", 8080, None, None)
    given = {"HOST": "0.0.0.0", "PORT": "80", "TRUSTED_PROXY": "0:0::1", "LOG_FORMAT": "text"}
    assert Serving.from_environment(given) == Serving("0.0.0.0", 80, "::1", "text")


def test_credentials_are_in_a_secret_or_in_a_file() -> None:
    secret, file = {"SHEETS_CREDENTIALS_SECRET": "a"}, {"SHEETS_CREDENTIALS_FILE": "/etc/google.json"}
    assert Settings.from_environment(TABLE).sheets_credentials is None
    assert Settings.from_environment(TABLE | secret).sheets_credentials == "a"
    assert Settings.from_environment(TABLE | file).sheets_credentials == "file:/etc/google.json"
    with pytest.raises(InvalidSettings, match="SHEETS_CREDENTIALS_FILE are both set"):
        Settings.from_environment(TABLE | secret | file)


def test_a_file_has_them_by_the_names_of_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "muster.toml"
    for encoding in ("utf-8", "utf-8-sig"):
        file.write_text('MUSTER_DB = "muster.db"\nPORT = 9000\n', encoding=encoding)
        assert in_file(file) == {"MUSTER_DB": "muster.db", "PORT": "9000"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'PROT = "9000"', "PROT in {} is not a setting. Did you mean PORT?"),
        (b"PORT = 9000.5", "PORT in {} must be a text or a whole number"),
        (b"PORT = true", "PORT in {} must be a text or a whole number"),
        (b"[serve]\nPORT = 9000", "serve in {} is not a setting"),
        (b"PORT", "{}: line 1: PORT: “PORT” is no field with its value"),
        (b"\xff", "{}: line 1: it is not UTF-8"),
        ("PORT = 9000".encode("utf-16"), "{}: it is UTF-16"),
        (None, "{} can't be read: No such file or directory"),
    ],
)
def test_a_file_that_is_wrong_is_refused(tmp_path: Path, content: bytes | None, message: str) -> None:
    file = tmp_path / "muster.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InvalidSettings) as raised:
        in_file(file)
    assert str(raised.value).startswith(message.format(file))
