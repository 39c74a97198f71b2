"""`--help` and docs/cli.md teach, and every example in them works."""

import re
import shlex
from collections.abc import Iterator

import click
import pytest

from manage.__main__ import main
from tests.manage.conftest import ROOT, Desk
from tests.stores import on_a_file

DOCS = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")


def commands(
    group: click.Group = main, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, group
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


COMMANDS = dict(commands())
EXAMPLE = re.compile(r"^ *((?:export MUSTER_KEY=\$\()?\./muster .*?)\)?$", re.M)


def examples(text: str) -> list[str]:
    return [line.removeprefix("export MUSTER_KEY=$(") for line in EXAMPLE.findall(text)]


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_it_says_what_it_is_and_gives_an_example(desk: Desk, path: tuple[str, ...]) -> None:
    shown = desk.run(*path, "--help").stdout
    found = examples(shown)
    assert found
    assert all(" ".join(path) in example for example in found) or not path
    assert set(found) <= set(examples(DOCS)), "docs/cli.md has them all"
    assert "..." not in shown.partition("Commands:")[2], "the first sentence is short enough for the list"


@pytest.mark.parametrize("path", [path for path in COMMANDS if path], ids=" ".join)
def test_every_command_and_option_is_documented(path: tuple[str, ...]) -> None:
    command = COMMANDS[path]
    assert f"`{path[0]}`" in DOCS
    assert isinstance(command, click.Group) or f"{' '.join(path)} " in DOCS or f"{' '.join(path)}\n" in DOCS
    for option in (one for one in command.params if isinstance(one, click.Option)):
        if option.name not in ("help", "tag", "name"):
            assert option.opts[0] in DOCS, option.name


@on_a_file
def test_every_example_of_the_documentation_works(desk: Desk) -> None:
    admin = desk.world.secret("admin", None, None)
    aws = {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    discord = {"DISCORD_API_URL": "http://127.0.0.1:1", "DISCORD_TOKEN": "test"}
    for example in examples(DOCS):
        result = desk.run(*shlex.split(example)[1:], key=admin, MUSTER_URL=desk.url, **aws, **discord)
        made_up = any(
            part in example
            for part in ("0123456789abcdef", "muster-prod", "1165706613746638900", "1080705430121799700")
        )
        no_settings = "/etc/muster.toml" in example
        assert result.exit_code == (2 if no_settings else 1 if made_up else 0), f"{example}\n{result.output}"
