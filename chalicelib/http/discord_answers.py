"""Answers to Discord, within its limits, and what its buttons and menus carry."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

MESSAGE, UPDATE, CHOICES = 4, 7, 8
"""Types of answers: a new message, another content for the one with the button, and what an option can be."""

MOST_CHOICES = 25
LONGEST_LABEL, LONGEST_CONTENT = 100, 2_000
_LONGEST_BUTTON = 80
_ROW, _BUTTON, _SELECT = 1, 2, 3
_GREY = 2
_FOR_THE_CALLER_ALONE = 1 << 6

Json = dict[str, Any]


class Choice(NamedTuple):
    label: str
    value: str
    description: str = ""


class Carried(NamedTuple):
    """What a button or a menu carries: what it does, for which account it was made, and for which commander, by id."""

    does: str
    account: str
    commander: str

    @classmethod
    def read(cls, custom_id: str) -> "Carried | None":
        """None, if it is none of ours."""
        parts = custom_id.split(_BETWEEN)
        return cls(*parts) if len(parts) == len(cls._fields) else None

    def __str__(self) -> str:
        return _BETWEEN.join(self)


_BETWEEN = "/"  # in no id


def message(
    lines: Iterable[str], rows: Sequence[Json] = (), *, for_all: bool = False, kind: int = MESSAGE
) -> Json:
    """An answer that only the caller sees, unless it is `for_all`. Lines that do not fit are left out, and it says so.
    `rows`: what `buttons` and `menu` give."""
    data: Json = {
        "content": _fitting(list(lines)),
        "components": list(rows),
        "allowed_mentions": {"parse": []},
    }
    return {"type": kind, "data": data if for_all else data | {"flags": _FOR_THE_CALLER_ALONE}}


def choices(offered: Iterable[Choice]) -> Json:
    """What the option that is being typed can be."""
    shown = [{"name": _cut(one.label), "value": one.value} for one in offered][:MOST_CHOICES]
    return {"type": CHOICES, "data": {"choices": shown}}


def buttons(labelled: Iterable[tuple[str, Carried]]) -> list[Json]:
    """A row of up to five buttons; no row, if there are none."""
    row = [
        {"type": _BUTTON, "style": _GREY, "label": _cut(label, _LONGEST_BUTTON), "custom_id": str(carried)}
        for label, carried in labelled
    ]
    return [{"type": _ROW, "components": row}] if row else []


def menu(carried: Carried, placeholder: str, offered: Sequence[Choice]) -> Json:
    """A row with a menu, of which several can be chosen; there is at least one."""
    options = [
        {"label": _cut(one.label), "value": one.value, "description": _cut(one.description)}
        for one in offered[:MOST_CHOICES]
    ]
    select: Json = {"type": _SELECT, "custom_id": str(carried), "placeholder": _cut(placeholder)}
    select |= {"options": options, "min_values": 1, "max_values": len(options)}
    return {"type": _ROW, "components": [select]}


def _fitting(lines: list[str]) -> str:
    while len("\n".join(lines)) > LONGEST_CONTENT:
        lines = [*lines[:-2], "…"]
    return "\n".join(lines)


def _cut(label: str, most: int = LONGEST_LABEL) -> str:
    return label if len(label) <= most else f"{label[: most - 1]}…"
