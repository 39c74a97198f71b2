"""`./muster webhooks`."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from chalicelib.news.post import Post
from manage import webhooks
from manage.__main__ import main
from tests.manage.conftest import Desk
from tests.news.listener import answering, listening

URL = "https://discord.com/api/webhooks/12345678901/TOKEN"


def identity(said: str) -> str:
    return said.split()[1].removesuffix(":")


def test_an_address_comes_from_a_file_or_the_standard_input_and_is_never_shown(desk: Desk) -> None:
    (desk.folder / "address").write_text(f"{URL}\n")
    said = desk.said("webhooks", "add", "101", "nova", "--url-file", "address", "--kind", "scoreboard")
    assert said.endswith(
        ": news of server 101, alliance nova goes to https://discord.com/api/webhooks/1234…/….\n"
    )
    typed = ["--demo", "webhooks", "add", "101", "--language", "ja"]
    result = CliRunner().invoke(main, typed, input=f"{URL}\n", prog_name="./muster")
    assert (result.exit_code, result.stderr) == (0, "")
    shown = desk.said("webhooks", "list")
    for part in (
        "server 101, alliance nova",
        "https://discord.com/api/webhooks/1234…/…",
        "nothing sent yet",
        "ja",
    ):
        assert part in shown
    assert "TOKEN" not in said + result.output + shown + desk.said("webhooks", "list", "--json")
    for each in (said, result.stdout):
        assert desk.said("webhooks", "remove", identity(each)).endswith("Nothing more is sent there.\n")
    assert desk.said("webhooks", "list") == ""


def test_an_address_that_is_typed_is_not_seen(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "sys", SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: True)))
    typed = CliRunner().invoke(main, ["--demo", "webhooks", "add", "101"], input=f"{URL}\n")
    assert typed.exit_code == 0
    assert "Address of the webhook: " in typed.stderr
    assert "TOKEN" not in typed.output


def test_the_secret_of_a_program_is_alone_on_stdout(desk: Desk) -> None:
    vars(desk.world.muster)["post"] = Post(resolve=lambda _: ["93.184.215.14"])
    (desk.folder / "address").write_text("https://bot.example.com/muster")
    result = desk.demo("webhooks", "add", "101", "--url-file", "address")
    assert result.exit_code == 0
    (stored,) = desk.world.muster.stores.webhooks.all()
    assert result.stdout == f"{stored.secret}\n"
    assert "shown only once" in result.stderr


def test_without_an_address_nothing_is_asked_of_the_api(desk: Desk) -> None:
    assert "Which address?" in desk.refusal("webhooks", "add", "101", code=2)
    Path("empty").write_text(" \n")
    assert "Which address?" in desk.refusal("webhooks", "add", "101", "--url-file", "empty", code=2)


def test_a_test_says_whether_it_arrived(desk: Desk) -> None:
    (desk.folder / "address").write_text(URL)
    with listening(answering("200 OK", '{"id": "42"}')) as discord:
        vars(desk.world.muster)["post"] = Post(f"http://127.0.0.1:{discord.port}")
        made = identity(desk.said("webhooks", "add", "101", "--url-file", "address"))
        assert desk.said("webhooks", "test", made) == "The test message was delivered.\n"
        assert "less than a minute ago" in desk.refusal("webhooks", "test", made)
        desk.world.clock.advance(minutes=1)
        discord.reply = answering("401 Unauthorized", '{"message": "Invalid Webhook Token", "code": 50027}')
        assert "It was not delivered (gone). Discord answered 401" in desk.refusal("webhooks", "test", made)
    assert "disabled: Discord answered 401" in desk.said("webhooks", "list")
