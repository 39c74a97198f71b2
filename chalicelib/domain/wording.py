"""What is wrong with a definition that somebody wrote, in words that name the field and what belongs there.

pydantic finds it, in words for programmers.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel

from chalicelib.domain.errors import FieldError

_MOST_SHOWN = 40


def field_errors(problems: Sequence[Mapping[str, Any]], model: type[BaseModel]) -> list[FieldError]:
    """pydantic's findings in a `model` that is written as TOML. The field of the whole is empty."""
    return [FieldError(path(problem["loc"]), _in_words(problem, model)) for problem in problems]


def path(location: Sequence[int | str]) -> str:
    """`milestones[2].name`"""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return "".join(parts).lstrip(".")


def _in_words(problem: Mapping[str, Any], model: type[BaseModel]) -> str:
    kind, given, limits = problem["type"], problem["input"], problem.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown(problem["loc"], model)
    if kind == "value_error":
        return str(limits["error"])
    if kind == "string_pattern_mismatch":
        return f"has small letters, digits and single hyphens, such as first-steps; not {_shown(given)}"
    if kind == "string_too_short":
        return "is empty"
    if kind == "string_too_long":
        return f"has {len(given)} characters; {limits['max_length']} is the most"
    if kind == "too_long":
        return f"has {limits['actual_length']} entries; {limits['max_length']} is the most"
    if kind in _BOUNDS:
        least_or_most, name, step = _BOUNDS[kind]
        return f"is {given}; {limits[name] + step:,} is the {least_or_most}"
    if kind.startswith("tuple") and isinstance(given, Mapping):
        return f"is written with two brackets: [[{path(problem['loc'])}]]"
    for opening, words in _KINDS.items():
        if kind.startswith(opening):
            return words if kind == "missing" else f"must be {words}, not {_shown(given)}"
    return f"can't be {_shown(given)}"


_BOUNDS = {
    "greater_than": ("least", "gt", 1),
    "greater_than_equal": ("least", "ge", 0),
    "less_than_equal": ("most", "le", 0),
}
_KINDS = {
    "missing": "is missing",
    "string": "a text between quotation marks",
    "int": "a whole number",
    "bool": "true or false",
    "datetime": "an instant with its offset, such as 2024-01-09T18:00:00Z",
    "timezone": "an instant with its offset, such as 2024-01-09T18:00:00Z",
    "date": "a day, such as 2024-01-08",
    "tuple": "a list",
    "model": "a table of fields",
}
"""By the beginning of pydantic's type of the finding; what must be there instead."""


def _unknown(location: Sequence[int | str], model: type[BaseModel]) -> str:
    """Of a field that there is not: which one is likely meant, or where it belongs."""
    *above, name = location
    here = model
    for part in above:
        if isinstance(part, str):
            here = _model_of(here, part)
    if above and name in model.model_fields:
        return f"is a field of the whole. Write it above the first [[{above[0]}]]"
    if near := get_close_matches(str(name), here.model_fields, n=1):
        return f"is no field. Did you mean {near[0]}?"
    return f"is no field. There are {', '.join(here.model_fields)}"


def _model_of(model: type[BaseModel], field: str) -> type[BaseModel]:
    """The model of the entries of a list."""
    inner: type[BaseModel] = get_args(model.model_fields[field].annotation)[0]
    return inner


def _shown(given: object) -> str:
    """As it stands in TOML, cut where it is long."""
    if isinstance(given, bool):
        return str(given).lower()
    text = given.isoformat() if isinstance(given, date | datetime) else str(given)
    text = text if len(text) <= _MOST_SHOWN else f"{text[: _MOST_SHOWN - 1]}…"
    return f'"{text}"' if isinstance(given, str) else text
