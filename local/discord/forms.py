"""The parts that shapes are made of: each checks one value, and yields what Discord would say is wrong with it.

Discord converts some types, such as a number to a text, and ignores fields that it does not know. Here both are
refused, since a client that sends them is wrong.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from .errors import Problem

Check = Callable[[Any], Iterator[Problem]]

LOCALES = (
    *(
        "id",
        "da",
        "de",
        "en-GB",
        "en-US",
        "es-ES",
        "es-419",
        "fr",
        "hr",
        "it",
        "lt",
        "hu",
        "nl",
        "no",
        "pl",
        "pt-BR",
    ),
    *(
        "ro",
        "fi",
        "sv-SE",
        "vi",
        "tr",
        "cs",
        "el",
        "bg",
        "ru",
        "uk",
        "hi",
        "th",
        "zh-CN",
        "ja",
        "zh-TW",
        "ko",
    ),
)
"""The languages that a person may choose in Discord."""


def problem(code: str, message: str, *path: str) -> Problem:
    return Problem(path, code, message)


def text(most: int, least: int = 0) -> Check:
    """Text of so many characters, not counting white space at its ends."""

    def check(value: Any) -> Iterator[Problem]:
        if not isinstance(value, str):
            yield problem("STRING_TYPE_CONVERT", f"Could not interpret {value!r} as string.")
        elif least and not value.strip():
            yield problem("BASE_TYPE_REQUIRED", "This field is required")
        elif not least <= len(value.strip()) <= most:
            if least:
                yield problem("BASE_TYPE_BAD_LENGTH", f"Must be between {least} and {most} in length.")
            else:
                yield problem("BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")

    return check


def whole(least: int, most: int) -> Check:
    def check(value: Any) -> Iterator[Problem]:
        if not isinstance(value, int) or isinstance(value, bool):
            yield problem("NUMBER_TYPE_COERCE", f'Value "{value}" is not int.')
        elif value > most:
            yield problem("NUMBER_TYPE_MAX", f"int value should be less than or equal to {most}.")
        elif value < least:
            yield problem("NUMBER_TYPE_MIN", f"int value should be greater than or equal to {least}.")

    return check


def number(value: Any) -> Iterator[Problem]:
    if not isinstance(value, int | float) or isinstance(value, bool):
        yield problem("NUMBER_TYPE_COERCE", f'Value "{value}" is not float.')


def boolean(value: Any) -> Iterator[Problem]:
    if not isinstance(value, bool):
        yield problem("BOOLEAN_TYPE_CONVERT", "Must be either true or false.")


def one_of(*values: object) -> Check:
    def check(value: Any) -> Iterator[Problem]:
        if not any(value == each and type(value) is type(each) for each in values):
            yield problem("BASE_TYPE_CHOICES", f"Value must be one of {{{', '.join(map(str, values))}}}.")

    return check


def flags(known: int) -> Check:
    """A bit field with no other bits than the known ones."""

    def check(value: Any) -> Iterator[Problem]:
        yield from whole(0, 2**31 - 1)(value)
        if isinstance(value, int) and value & ~known:
            yield problem("BASE_TYPE_CHOICES", f"Value must be one of the flags in {known}.")

    return check


def snowflake(value: Any) -> Iterator[Problem]:
    """An id: a text of digits. Discord takes a number as well, but no client should send one."""
    if not isinstance(value, str) or not value.isascii() or not value.isdigit() or len(value) > 20:
        yield problem("NUMBER_TYPE_COERCE", f'Value "{value}" is not snowflake.')


def address(most: int = 2048) -> Check:
    """The address of a page or a picture."""

    def check(value: Any) -> Iterator[Problem]:
        if not isinstance(value, str) or len(value) > most:
            yield from text(most)(value)
            return
        try:
            parts = urlsplit(value)
        except ValueError:
            yield problem("URL_TYPE_INVALID_URL", "Not a well formed URL.")
            return
        if parts.scheme and parts.scheme not in ("http", "https"):
            yield problem(
                "URL_TYPE_INVALID_SCHEME",
                f"""Scheme "{parts.scheme}" is not supported. Scheme must be one of ('http', 'https').""",
            )
        elif not parts.scheme or not parts.hostname or any(sign.isspace() for sign in value):
            yield problem("URL_TYPE_INVALID_URL", "Not a well formed URL.")

    return check


def instant(value: Any) -> Iterator[Problem]:
    try:
        datetime.fromisoformat(value)
    except (TypeError, ValueError):
        yield problem("DATETIME_TYPE_PARSE", f"Could not parse {value}. Should be ISO8601.")


def items(each: Check, most: int, least: int = 0) -> Check:
    def check(value: Any) -> Iterator[Problem]:
        if not isinstance(value, list):
            yield problem("LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
            return
        if len(value) > most:
            yield problem("BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")
        elif len(value) < least:
            yield problem("BASE_TYPE_MIN_LENGTH", f"Must be {least} or more in length.")
        for index, item in enumerate(value):
            for found in each(item):
                yield found.under(index)

    return check


def shape(fields: Mapping[str, Check], required: Collection[str] = ()) -> Check:
    """An object with these fields and no others. Null is as good as not there."""

    def check(value: Any) -> Iterator[Problem]:
        if not isinstance(value, dict):
            yield problem("MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
            return
        for name in required:
            if value.get(name) is None:
                yield problem("BASE_TYPE_REQUIRED", "This field is required", name)
        for name, item in value.items():
            if name not in fields:
                yield problem("UNKNOWN_FIELD", "Discord does not know this field here.", str(name))
            elif item is not None:
                for found in fields[name](item):
                    yield found.under(name)

    return check


def localized(check: Check) -> Check:
    """A text in several languages."""
    return shape(dict.fromkeys(LOCALES, check))


def both(*checks: Check) -> Check:
    """The later ones look only at what is good so far."""

    def check(value: Any) -> Iterator[Problem]:
        for each in checks:
            found = list(each(value))
            if found:
                yield from found
                return

    return check
