"""The commands in docs/OPERATIONS.md: whoever types one at three in the morning must not find that it is gone."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from botocore import xform_name
from botocore.model import Shape, StructureShape
from botocore.session import Session

from deploy.__main__ import main as deploy
from deploy.parameters import PARAMETERS
from manage.__main__ import main

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "OPERATIONS.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
ELIDED = "…"
"""Stands for arguments that the page leaves out."""
OF_EVERY_AWS_COMMAND = {"region", "query", "output", "profile"}


def commands(tool: str) -> list[str]:
    """Those that begin with it, in blocks and in the text, each once."""
    blocks = re.findall(r"^ *```sh\n(.*?)^ *```", PAGE, re.M | re.S)
    lines = [line.strip() for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    quoted = [" ".join(text.split()) for text in re.findall(r"(?<!`)`([^`]+)`(?!`)", PAGE)]
    found = (re.split(r" #|\|", text)[0].strip() for text in [*lines, *quoted])
    return list(dict.fromkeys(text for text in found if text.startswith(f"{tool} ")))


@pytest.mark.parametrize("text", commands("make"))
def test_make_has_the_target_and_knows_the_variables(text: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):.*## ", MAKEFILE, flags=re.M))
    options = {option.envvar for command in deploy.commands.values() for option in command.params}
    _, target, *rest = shlex.split(text)
    assert target in targets
    for name in (one.partition("=")[0] for one in rest if one != ELIDED):
        assert name in options | PARAMETERS.keys()


@pytest.mark.parametrize("text", commands("./muster"))
def test_muster_has_the_command_and_its_options(text: str) -> None:
    command: click.Command = main
    _, *rest = shlex.split(text)
    while isinstance(command, click.Group) and rest:
        name = rest.pop(0)
        assert name in command.commands
        command = command.commands[name]
    context = click.Context(command)
    command.make_parser(context).parse_args([one for one in rest if one != ELIDED])  # raises UsageError


@pytest.mark.parametrize("text", commands("aws"))
def test_aws_has_the_operation_and_its_parameters(text: str) -> None:
    _, service, command, *rest = shlex.split(text)
    if command == "wait":
        waiters = Session().get_waiter_model(service)
        waiter = next(name for name in waiters.waiter_names if xform_name(name, "-") == rest[0])
        command, rest = xform_name(waiters.get_waiter(waiter).operation, "-"), rest[1:]
    model = Session().get_service_model(service)
    names = {xform_name(name, "-"): name for name in model.operation_names}
    shape: Any = model.operation_model(names[command]).input_shape
    given = dict(options(rest, shape))
    if ELIDED not in rest:
        assert set(shape.required_members) <= given.keys()
    for name, value in given.items():
        assert value is None or value == ELIDED or fits(value, shape.members[name]), name


def options(words: list[str], shape: StructureShape) -> Iterator[tuple[str, str | None]]:
    """Each member of an operation's input that is given, with its value; a switch has none."""
    members = {xform_name(name, "-"): name for name in shape.members}
    for place, option in enumerate(words):
        name = option.removeprefix("--")
        if name == option or name in OF_EVERY_AWS_COMMAND:
            continue
        value = words[place + 1] if place + 1 < len(words) else "--"
        is_switch = value.startswith("--")
        member = members[name.removeprefix("no-") if is_switch else name]
        if is_switch:
            assert shape.members[member].type_name == "boolean", option
        yield member, None if is_switch else value


def fits(value: str, shape: Shape) -> bool:
    """Whether it may be what is asked for; of shorthand (`A=1,B=2`), whether there are such members."""
    if isinstance(shape, StructureShape):
        return all(one.partition("=")[0] in shape.members for one in value.split(","))
    if shape.type_name in ("integer", "long"):
        return value.isdigit()
    return value in (getattr(shape, "enum", None) or [value])
