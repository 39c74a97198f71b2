"""`./muster discord`."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from click.testing import CliRunner
from werkzeug.wrappers import Request, Response

from chalicelib.domain.messages import MESSAGES
from chalicelib.languages import language
from local.serving import LocalServer
from manage.__main__ import main
from tests.discord import GUILD, User
from tests.manage.conftest import Desk


@dataclass
class Api:
    """Discord's API, as far as commands are registered there."""

    status: int = 200
    seen: list[tuple[str, str, str, Any]] = field(default_factory=list)

    def answer(self, request: Request) -> Response:
        authorization = request.headers.get("Authorization", "")
        self.seen.append((request.method, request.path, authorization, request.get_json()))
        return Response("[]", self.status, {"Location": "/elsewhere"}, content_type="application/json")


@pytest.fixture
def api() -> Iterator[tuple[Api, str]]:
    api = Api()
    server = LocalServer(api.answer, "127.0.0.1", 0)
    server.start()
    yield api, server.url
    server.stop()


def test_a_code_is_printed_alone_and_binds(desk: Desk) -> None:
    made = desk.demo("discord", "code", "101", "nova")
    assert made.exit_code == 0
    assert "Enter it on Discord with /bind, once, before 2023-11-15T13:00:00Z." in made.stderr
    user = User(desk.url, desk.world.clock)
    assert "now belongs to Nova Guard" in user.command("bind", code=made.stdout.strip())["content"]
    user.command("iam", name="Kestrel")
    assert [line.split() for line in desk.said("discord", "list", "101", "nova").splitlines()[1:]] == [
        ["guild", GUILD, "2023-11-15T12:00:00Z"],
        ["account", "501", "User", "501", "Kestrel"],
    ]
    assert json.loads(desk.said("discord", "list", "101", "nova", "--json"))["server"] == "101"
    assert desk.said("discord", "unlink", "101", "nova", "501").startswith("Account 501 reports for nobody")
    assert desk.said("discord", "unbind", "101", "nova", GUILD) == f"Guild {GUILD} is no longer bound.\n"
    assert "not bound to the alliance" in desk.refusal("discord", "unbind", "101", "nova", GUILD)


@pytest.mark.parametrize(("bearer", "scheme"), [([], "Bot"), (["--bearer"], "Bearer")])
def test_the_whole_list_of_commands_is_registered(
    desk: Desk, api: tuple[Api, str], bearer: list[str], scheme: str
) -> None:
    discord, url = api
    done = desk.run("discord", "register", "42", *bearer, DISCORD_API_URL=url, DISCORD_TOKEN="secret.token")
    assert done.output == "Discord offers /done, /today, /standing, /iam, /missing, /bind now.\n"
    ((method, path, authorization, commands),) = discord.seen
    assert (method, path) == ("PUT", "/api/v10/applications/42/commands")
    assert authorization == f"{scheme} secret.token"
    for command in commands:
        assert command["contexts"] == [0], "in guilds alone"
        officers = command["name"] in ("bind", "missing")
        assert command["default_member_permissions"] == ("32" if officers else None)
        for one in (command, *command["options"]):
            for text in (one["description"], *one["description_localizations"].values()):
                assert 1 <= len(text) <= 100
            assert one["description_localizations"].keys() == {
                *("de", "fr", "es-ES", "es-419", "it", "pt-BR", "ru", "ja")
            }
    german = commands[0]["description_localizations"]["de"]
    assert german == language("de").gettext(MESSAGES["command-done"]) != commands[0]["description"]


def test_the_token_is_as_it_was_typed_and_nobody_sees_it(desk: Desk, api: tuple[Api, str]) -> None:
    discord, url = api
    (desk.folder / "netrc").write_text("machine 127.0.0.1 login me password of-elsewhere\n")
    settings = {"DISCORD_API_URL": url, "DISCORD_TOKEN": None, "NETRC": "netrc"}
    done = CliRunner().invoke(main, ["discord", "register", "42"], input="secret.token\n", env=settings)
    assert [authorization for _, _, authorization, _ in discord.seen] == ["Bot secret.token"]
    assert "secret" not in done.output


def test_what_can_not_be_registered_is_said_without_the_token(desk: Desk, api: tuple[Api, str]) -> None:
    discord, url = api
    for status, words in ((401, "Check the token"), (400, "Discord answered 400: []"), (302, "answered 302")):
        discord.status = status
        done = desk.run("discord", "register", "42", DISCORD_API_URL=url, DISCORD_TOKEN="secret.token")
        assert done.exit_code == 1
        assert words in done.stderr
        assert "secret" not in done.output
    assert {path for _, path, _, _ in discord.seen} == {"/api/v10/applications/42/commands"}
    for token in ("not a token", "tök"):
        assert desk.run("discord", "register", "42", DISCORD_TOKEN=token).exit_code == 1
    assert desk.run("discord", "register", "me", DISCORD_TOKEN="x").exit_code == 2
