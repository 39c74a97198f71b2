"""Muster's slash commands, as Discord is told of them: what `./muster discord register` sends."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.domain.messages import sentence
from chalicelib.languages import LANGUAGES, language

LOCALES: Mapping[str, str] = {
    "de": "de",
    "fr": "fr",
    "es-ES": "es",
    "es-419": "es",
    "it": "it",
    "pt-BR": "pt",
    "ru": "ru",
    "ja": "ja",
}
"""Discord's locales that are told of commands in one of our languages. Whoever has another reads English."""

MANAGES_THE_GUILD = 1 << 5
"""The permission that Discord asks for, unless whoever manages a guild lets others use the command."""

_TEXT, _FLAG = 3, 5
_CHAT_INPUT = 1
_IN_GUILDS, _INSTALLED_IN_GUILDS = 0, 0


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a command. `longest`: characters of a text; None: it is yes or no."""

    name: str
    longest: int | None
    is_required: bool = False
    autocompletes: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    name: str
    options: tuple[Option, ...] = ()
    for_officers: bool = False


COMMANDS = (
    Command("done", (Option("milestone", 200, autocompletes=True),)),
    Command("today"),
    Command("standing"),
    Command("iam", (Option("name", 256), Option("new", None))),
    Command("missing", for_officers=True),
    Command("bind", (Option("code", 200, is_required=True),), for_officers=True),
)
"""All of them; their names are the same in each language."""


def registration() -> list[dict[str, Any]]:
    """The body of `PUT /applications/{application}/commands`: the whole list, which replaces any other."""
    return [
        {
            "type": _CHAT_INPUT,
            "name": command.name,
            **_described(f"command-{command.name}"),
            "options": [_option(command, option) for option in command.options],
            "default_member_permissions": str(MANAGES_THE_GUILD) if command.for_officers else None,
            "contexts": [_IN_GUILDS],
            "integration_types": [_INSTALLED_IN_GUILDS],
        }
        for command in COMMANDS
    ]


def code_of(*locales: str | None) -> str:
    """The code of the language of the first of these Discord locales that is one of ours; English, if none is."""
    codes = ((locale or "").partition("-")[0] for locale in locales)
    return next((code for code in codes if code in LANGUAGES), "en")


def _option(command: Command, option: Option) -> dict[str, Any]:
    limit = {"max_length": option.longest} if option.longest else {}
    return {
        "type": _TEXT if option.longest else _FLAG,
        "name": option.name,
        **_described(f"command-{command.name}-{option.name}"),
        "required": option.is_required,
        **({"autocomplete": True} if option.autocompletes else {}),
        **limit,
    }


def _described(message: str) -> dict[str, Any]:
    text = sentence(message)
    localized = {locale: language(code).gettext(text) for locale, code in LOCALES.items()}
    return {"description": text, "description_localizations": localized}
