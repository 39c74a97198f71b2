"""Where a command works, and what it says when it can't."""

import json
import re
import socket
import sys
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner
from werkzeug.wrappers import Request, Response

from local.serving import LocalServer
from manage import where
from manage.__main__ import main
from manage.show import plain
from tests.manage.conftest import Desk
from tests.manage.test_help import COMMANDS


def test_it_has_to_be_said_where(desk: Desk) -> None:
    result = desk.run("servers", "list")
    assert result.exit_code == 2
    assert "Give --url or set MUSTER_URL, or give --demo" in result.stderr
    assert desk.run("--demo", "--url", desk.url, "servers", "list").exit_code == 2


def test_the_url_and_the_key_come_from_the_environment(desk: Desk) -> None:
    key = desk.world.secret("admin", None, None)
    result = desk.run("servers", "list", key=key, MUSTER_URL=f"{desk.url}/")
    assert result.exit_code == 0


def test_the_key_can_be_in_a_file(desk: Desk) -> None:
    secret = desk.world.secret("admin", None, None) + "\n"
    for encoding in ("utf-8", "utf-8-sig"):
        (desk.folder / "key").write_text(secret, encoding=encoding)
        assert desk.run("--url", desk.url, "--key-file", "key", "servers", "list").exit_code == 0
    (desk.folder / "key").write_text(secret, encoding="utf-16")
    result = desk.run("--url", desk.url, "--key-file", "key", "servers", "list")
    assert result.stderr.startswith("Error: key: it is UTF-16")
    (desk.folder / "key").write_text("schlüssel")
    result = desk.run("--url", desk.url, "--key-file", "key", "servers", "list")
    assert result.stderr == "Error: This is not a key: it has characters that no key has.\n"


def test_the_key_is_asked_for_where_somebody_sits(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    result = desk.run("--url", desk.url, "servers", "list")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "set MUSTER_KEY, or give --key-file" in result.stderr
    monkeypatch.setattr(where, "_somebody_sits_there", lambda: True)
    typed = desk.world.secret("admin", None, None)
    asked = CliRunner().invoke(
        main, ["--url", desk.url, "servers", "list"], input=f"{typed}\n", env={"MUSTER_KEY": None}
    )
    assert asked.exit_code == 0
    assert typed not in asked.output


def test_what_a_netrc_says_is_not_sent_instead(desk: Desk) -> None:
    (desk.folder / "netrc").write_text("machine 127.0.0.1 login me password of-elsewhere\n")
    key = desk.world.secret("admin", None, None)
    assert desk.run("--url", desk.url, "servers", "list", key=key, NETRC="netrc").exit_code == 0


def test_a_key_is_never_an_argument() -> None:
    result = CliRunner().invoke(main, ["--key", "secret", "servers", "list"])
    assert result.exit_code == 2
    assert "No such option" in result.stderr
    taken = {(*path, one.name) for path, command in COMMANDS.items() for one in command.params}
    named = {one for one in taken if re.search("key|secret|token|password|link", str(one[-1]))}
    files_and_ids = {("key_file",), ("keys", "revoke", "key_ids")}
    files_and_ids |= {("keys", verb, "key_id") for verb in ("rotate", "take-back")}
    assert named == {*files_and_ids, ("sheets", "check", "secret")}, "which is what AWS calls it"


@pytest.mark.parametrize(
    ("url", "warns"),
    [
        ("http://muster.invalid", True),
        ("HTTP://localhost.invalid:1", True),
        ("https://muster.invalid", False),
        ("http://localhost:1", False),
        ("http://[::1]:1", False),
        ("http://127.0.0.1:1/api", False),
    ],
)
def test_it_is_told_where_a_key_can_be_read_on_the_way(desk: Desk, url: str, warns: bool) -> None:
    result = desk.run("--url", url, "servers", "list", key="made-up")
    assert result.exit_code == 1
    assert ("others on the way can read the key" in result.stderr) == warns


def test_with_demo_the_key_of_a_deployment_is_not_sent(desk: Desk) -> None:
    assert desk.run("--demo", "servers", "list", key="of-elsewhere").exit_code == 0


def test_where_no_demo_runs_it_says_so(desk: Desk) -> None:
    Path(".local/demo.json").unlink()
    assert desk.refusal("events", "list") == (
        "Error: No demo is running in this folder: there is no .local/demo.json. Start it with `make demo`.\n"
    )


def test_a_demo_that_was_killed(desk: Desk) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    Path(".local/demo.json").write_text(json.dumps({"api_url": url, "admin_key": "x"}))
    said = desk.refusal("servers", "list")
    assert said == f"Error: {url} can't be reached. Is the demo still running?\n"


def test_a_server_that_does_not_answer(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def late(*_: object, **__: object) -> None:
        raise requests.ReadTimeout

    monkeypatch.setattr(requests.Session, "request", late)
    said = f"Error: {desk.url} did not answer in time. It may still have done it: check before you send it again.\n"
    assert desk.refusal("servers", "list") == said


@pytest.mark.parametrize("url", ["muster", "ftp://example.org", "http:", "http://["])
def test_an_address_that_is_none(desk: Desk, url: str) -> None:
    result = desk.run("--url", url, "events", "list")
    assert (result.exit_code, result.stderr) == (1, f"Error: {url!r} is not the address of a Muster API.\n")


@pytest.mark.parametrize(
    ("body", "status", "content_type"),
    [
        ("<h1>Hello", 200, "text/html"),
        ("[]", 200, "application/json"),
        ('{"message": "Missing Authentication Token"}', 403, "application/json"),
        ("", 302, "text/plain"),
        ("Bad gateway", 502, "text/plain"),
    ],
)
def test_an_address_where_something_else_answers(
    desk: Desk, body: str, status: int, content_type: str
) -> None:
    def answer(_: Request) -> Response:
        return Response(body, status, {"Location": f"{desk.url}/health"}, content_type=content_type)

    other = LocalServer(answer, "127.0.0.1", 0)
    other.start()
    result = desk.run("--url", other.url, "keys", "list", key="x")
    other.stop()
    assert result.exit_code == 1
    assert result.stderr == (
        f"Error: {other.url} answered {status}, but it is not Muster's API. "
        "Check the address, and the stage in it.\n"
    )


def test_a_problem_is_its_detail_and_a_line_for_each_field(desk: Desk) -> None:
    assert desk.refusal("servers", "put", "202", "--day-starts", "24:00", "--zone", "Mars").count("\n  ") == 1
    key = desk.world.secret("member")
    result = desk.run("--url", desk.url, "servers", "list", key=key)
    assert (
        result.stderr
        == "Error: This key has the role member, which may not “define servers”. Use a key with the role admin.\n"
    )
    result = desk.run("--url", desk.url, "servers", "list", key="unknown")
    assert result.stderr.startswith("Error: This key is not known.")


def test_nothing_that_is_printed_steers_the_terminal() -> None:
    assert plain("a\x1b[31mb\x9bc\u202ed\n") == "a\ufffd[31mb\ufffdc\ufffdd\ufffd"
    assert plain("夜空の旅人 حارس") == "夜空の旅人 حارس"


def test_nor_does_what_an_api_says(desk: Desk) -> None:
    odd = "a\x1b[31mb\x9bc\u202ed"
    key: dict[str, str | None] = dict.fromkeys(("id", "role", "label", "server", "alliance"), odd)
    key |= dict.fromkeys(("created_at", "expires_at", "revoked_at", "last_used_at"))
    bound = {"spreadsheet_id": odd, "server": odd, "alliance": odd, "account": odd, "edits": False}
    said: dict[tuple[str, str], object] = {
        ("GET", "/health"): {"now": "2023-11-15T12:00:00Z"},
        ("GET", "/v1/keys"): {"keys": [key]},
        ("PUT", "/v1/sheets/x"): bound,
    }

    def answer(request: Request) -> Response:
        problem = {"detail": odd, "errors": [{"field": odd, "message": f"{odd} is wrong"}]}
        found = said.get((request.method, request.path))
        if found:
            return Response(json.dumps(found), content_type="application/json")
        return Response(json.dumps(problem), 409, content_type="application/problem+json")

    other = LocalServer(answer, "127.0.0.1", 0)
    other.start()
    for command in (("keys", "list"), ("sheets", "bind", "x", "101"), ("keys", "revoke", "x")):
        shown = desk.run("--url", other.url, *command, key="x").output
        assert "a\ufffd[31mb\ufffdc\ufffdd" in shown
        assert {"\x1b", "\x9b", "\u202e"}.isdisjoint(shown)
    shown = desk.run("--url", other.url, "keys", "list", "--json", key="x").output
    assert json.loads(shown)["keys"] == [key]
    assert {"\x1b", "\x9b", "\u202e"}.isdisjoint(shown)
    other.stop()


def test_where_boto3_is_not_installed_only_what_asks_aws_says_so(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("boto3", "botocore", "botocore.exceptions"):
        monkeypatch.setitem(sys.modules, name, None)
    assert desk.run("--demo", "servers", "list").exit_code == 0
    said = "Error: This command needs AWS, but boto3 is not installed here. Install it with `make setup`.\n"
    for command in (
        ("keys", "first", "--table", "muster-test"),
        ("sheets", "check", "demo-officers-sheet", "--secret", "muster-test-google"),
    ):
        result = desk.run(*command)
        assert (result.exit_code, result.stdout, result.stderr) == (1, "", said)
