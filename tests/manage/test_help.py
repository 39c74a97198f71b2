"""`--help` and docs/cli.md teach, and every example in them works."""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from chalicelib.bootstrap import sqlite_table
from chalicelib.catalog import FOLDER
from chalicelib.version import VERSION
from manage.__main__ import main
from tests.manage.conftest import ROOT, Desk
from tests.stores import on_a_file
from tests.world import DEFENDERS

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


LEAVES = {path: command for path, command in COMMANDS.items() if not isinstance(command, click.Group)}


def test_every_command_that_prints_something_prints_json_if_it_is_asked_to() -> None:
    without = [
        path for path, one in LEAVES.items() if not any("--json" in option.opts for option in one.params)
    ]
    assert without == [("serve",)], "which logs, as JSON too"


@on_a_file
@pytest.mark.parametrize("as_json", [False, True])
def test_every_example_of_the_documentation_works(desk: Desk, as_json: bool) -> None:
    admin = desk.world.secret("admin", None, None)
    aws = {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    discord = {"DISCORD_API_URL": "http://127.0.0.1:1", "DISCORD_TOKEN": "test"}
    for example in examples(DOCS):
        made_up = any(
            part in example
            for part in ("0123456789abcdef", "muster-prod", "1165706613746638900", "1080705430121799700")
        )
        no_settings = "/etc/muster.toml" in example
        arguments = shlex.split(example)[1:]
        if as_json and (made_up or no_settings or "--version" in arguments):
            continue  # it prints nothing, or no JSON
        arguments += ["--json"] if as_json else []
        result = desk.run(*arguments, key=admin, MUSTER_URL=desk.url, **aws, **discord)
        assert result.exit_code == (2 if no_settings else 1 if made_up else 0), f"{example}\n{result.output}"
        if as_json:
            assert isinstance(json.loads(result.stdout), dict), example


def test_the_version_and_completions_of_a_shell(desk: Desk) -> None:
    assert desk.run("--version").stdout == f"muster {VERSION}\n"
    for shell in ("bash", "zsh", "fish"):
        assert f"_MUSTER_COMPLETE={shell}_source" in DOCS
    words = {"COMP_WORDS": "./muster events put --dr", "COMP_CWORD": "3"}
    assert typed(_MUSTER_COMPLETE="bash_complete", **words) == "plain,--dry-run\n"
    assert "complete -o nosort -F _muster_completion muster" in typed(_MUSTER_COMPLETE="bash_source")


def test_it_starts_where_there_is_nothing_of_posix(tmp_path: Path) -> None:
    """As on Windows, except for `serve`, which is not meant for it."""
    absent = ("fcntl", "grp", "pwd", "resource", "syslog", "termios", "tty")
    script = f"""
import os, sys
sys.modules.update(dict.fromkeys({absent}))
for name in ("chown", "fork", "geteuid", "getuid", "kill", "sysconf"):
    delattr(os, name)
from manage.__main__ import main
import manage.serve.lock
sys.platform = "win32"
main({["backup", "copy.db", "--db", "muster.db"]}, standalone_mode=False)
main({["events", "check", f"{FOLDER / f'{DEFENDERS}.toml'}"]}, standalone_mode=False)
"""
    sqlite_table(tmp_path / "muster.db").close()
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "The backup is in copy.db." in done.stdout
    assert "good, Defenders of Peace" in done.stdout


def test_windows_has_an_entry_of_its_own_and_none_of_its_letters_is_lost() -> None:
    entry = (ROOT / "muster.cmd").read_bytes()
    assert entry.count(b"\n") == entry.count(b"\r\n"), "cmd.exe wants its own line ends"
    assert b"-m manage %*" in entry
    shown = typed("--help", PYTHONUTF8="0", PYTHONIOENCODING="cp1252", LC_ALL="C")
    assert "…" in shown


def typed(*arguments: str, **environment: str) -> str:
    """What the program prints on stdout."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "manage", *arguments],
        env={"PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        check=False,
    )
    return done.stdout.decode()
