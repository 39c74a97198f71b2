"""What an application may register as its commands."""

import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from .errors import Json, Problem, invalid_form
from .forms import Check, boolean, both, items, localized, number, one_of, problem, shape, text, whole
from .messages import CHOICE

SUB_COMMAND, GROUP = 1, 2
STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, NUMBER = 3, 4, 5, 6, 7, 8, 10
COMPLETED = (STRING, INTEGER, NUMBER)
"""The types of options that may have choices, or be completed while somebody types."""
MOST_COMMANDS, MOST_CHARACTERS = 100, 8000

_SIGNS = "-_'"


def check_commands(body: Any) -> None:
    """The whole list of an application's commands. Raises ApiError."""
    problems = list(_LIST(body))
    if problems:
        raise invalid_form(problems)


def registered(command: Json, command_id: str, application_id: str, version: str) -> Json:
    """A command as Discord keeps and answers it."""
    defaults: Json = {
        "name_localizations": None,
        "description_localizations": None,
        "default_member_permissions": None,
        "dm_permission": True,
        "contexts": None,
        "integration_types": [0],
        "nsfw": False,
        "options": [],
    }
    own: Json = {"id": command_id, "application_id": application_id, "version": version, "type": 1}
    return own | defaults | {name: item for name, item in command.items() if item is not None}


def _name(value: Any) -> Iterator[Problem]:
    """Up to 32 small letters, digits and a few signs, in any script."""
    yield from text(32, 1)(value)
    if isinstance(value, str) and value:
        good = all(sign in _SIGNS or unicodedata.category(sign)[0] in "LNM" for sign in value)
        if not good or value != value.lower():
            yield problem("APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")


def _permissions(value: Any) -> Iterator[Problem]:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{1,20}", value):
        yield problem("NUMBER_TYPE_COERCE", f'Value "{value}" is not int.')


def _options_fit(command: Json) -> Iterator[Problem]:
    options = command.get("options") or []
    names = [option["name"] for option in options]
    if len(set(names)) < len(names):
        yield problem("APPLICATION_COMMAND_OPTIONS_NAME_INVALID", "Option names must be unique", "options")
    if any(second.get("required") and not first.get("required") for first, second in pairwise(options)):
        yield problem(
            "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
            "Required options must be placed before non-required options",
            "options",
        )
    nested = [option["type"] in (SUB_COMMAND, GROUP) for option in options]
    if any(nested) and not all(nested):
        yield problem(
            "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
            "Sub-command and sub-command group option types are mutually exclusive to all other types",
            "options",
        )


def _option_fits(option: Json) -> Iterator[Problem]:
    kind, choices = option["type"], option.get("choices") or []
    if (choices or option.get("autocomplete")) and kind not in COMPLETED:
        yield problem("APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "This type can't have choices", "type")
    if choices and option.get("autocomplete"):
        yield problem(
            "APPLICATION_COMMAND_OPTIONS_CHOICES_AUTOCOMPLETE",
            "Choices and autocomplete are mutually exclusive",
            "autocomplete",
        )
    for index, choice in enumerate(choices):
        if isinstance(choice["value"], str) is not (kind == STRING):
            yield Problem(
                ("choices", str(index), "value"), "CHOICE_TYPE_MISMATCH", "Wrong type for this option"
            )
    if option.get("options") and kind not in (SUB_COMMAND, GROUP):
        yield problem("APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "Only sub-commands have options", "options")
    for limits, kinds in (
        (("min_length", "max_length"), (STRING,)),
        (("min_value", "max_value"), (INTEGER, NUMBER)),
    ):
        for name in limits:
            if option.get(name) is not None and kind not in kinds:
                yield problem("APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "This type has no such limit", name)
    yield from _options_fit(option)


def _option(depth: int) -> Check:
    """An option; sub-commands have options of their own, and groups sub-commands."""
    nested = {"options": items(_option(depth - 1), 25)} if depth else {}
    fields: dict[str, Check] = {
        "type": one_of(SUB_COMMAND, GROUP, STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, NUMBER),
        "name": _name,
        "name_localizations": localized(_name),
        "description": text(100, 1),
        "description_localizations": localized(text(100, 1)),
        "required": boolean,
        "autocomplete": boolean,
        "choices": items(CHOICE, 25),
        "min_length": whole(0, 6000),
        "max_length": whole(1, 6000),
        "min_value": number,
        "max_value": number,
    }
    return both(shape(fields | nested, ["type", "name", "description"]), _option_fits)


def _characters(command: Json) -> int:
    """What counts of a command: each name, description and value, in its longest language."""
    own = sum(
        max(
            len(each)
            for each in (command.get(name, ""), *(command.get(f"{name}_localizations") or {}).values())
        )
        for name in ("name", "description")
    )
    values = sum(len(str(choice["value"])) for choice in command.get("choices") or [])
    parts = [*(command.get("options") or []), *(command.get("choices") or [])]
    return own + values + sum(map(_characters, parts))


def _is_not_too_long(command: Json) -> Iterator[Problem]:
    if _characters(command) > MOST_CHARACTERS:
        yield problem("APPLICATION_COMMAND_TOO_LARGE", "Command exceeds maximum size (8000)")


_COMMAND = both(
    shape(
        {
            "id": text(20),
            "type": one_of(1),
            "name": _name,
            "name_localizations": localized(_name),
            "description": text(100, 1),
            "description_localizations": localized(text(100, 1)),
            "options": items(_option(2), 25),
            "default_member_permissions": _permissions,
            "dm_permission": boolean,
            "nsfw": boolean,
            "contexts": items(one_of(0, 1, 2), 3, 1),
            "integration_types": items(one_of(0, 1), 2, 1),
        },
        ["name", "description"],
    ),
    _options_fit,
    _is_not_too_long,
)


def _names_differ(commands: list[Json]) -> Iterator[Problem]:
    names = [command["name"] for command in commands]
    for index, name in enumerate(names):
        if name in names[:index]:
            yield problem(
                "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique", str(index)
            )


_LIST = both(items(_COMMAND, MOST_COMMANDS), _names_differ)
