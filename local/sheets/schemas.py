"""Checks of requests and answers against the schemas of the discovery document."""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

from .discovery import properties, snake, type_name
from .errors import Json, bad_request

# What the discovery document does not say: fields that exclude each other. The union's name, and its
# fields, or None for all.
UNIONS: dict[str, tuple[str, frozenset[str] | None]] = {
    "Request": ("kind", None),
    "ExtendedValue": ("value", None),
    "ColorStyle": ("kind", None),
    "UpdateCellsRequest": ("area", frozenset({"range", "start"})),
    "DataFilter": ("filter", None),
    "DeveloperMetadataLocation": ("location", frozenset({"spreadsheet", "sheetId", "dimensionRange"})),
    "ConditionalFormatRule": ("rule", frozenset({"booleanRule", "gradientRule"})),
    "EmbeddedObjectPosition": ("location", None),
}
PLAIN_TYPES: dict[str, tuple[type, ...]] = {"string": (str,), "boolean": (bool,), "number": (int, float)}

Path = tuple["Path", str] | None


class Found(list[tuple[str, str]]):
    """The violations in one message, and the identities of its repeated parts, which are checked only once."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[int] = set()

    def refuse(self, path: Path, type_name: str, value: Any) -> None:
        where = _written(path)
        self.append((where, f"Invalid value at '{where}' ({type_name}), {json.dumps(value)[:200]}"))


Check = Callable[[Any, Path, Found], None]


def check_request(schema: str, body: Any) -> None:
    """Refuses a body that does not fit its schema. Removes nulls from it, since they mean "not set"."""
    if not isinstance(body, dict):
        raise bad_request(
            [("", 'Invalid JSON payload received. Unknown name "": Root element must be a message.')]
        )
    if found := _violations(schema, body):
        raise bad_request(found)


def check_answer(schema: str, body: Json) -> None:
    """Raises AssertionError if an answer does not fit its schema. That would be a bug of the stand-in."""
    if found := _violations(schema, body):
        raise AssertionError(f"The answer does not fit {schema}: {found[:5]}")


def _violations(schema: str, body: Json) -> Found:
    found = Found()
    _message(schema)(body, None, found)
    return found


def _written(path: Path) -> str:
    """`requests[0].update_cells`."""
    if path is None:
        return ""
    outer, name = _written(path[0]), path[1]
    return outer + name if name.startswith("[") else f"{outer}.{snake(name)}".removeprefix(".")


# The schemas whose checks are being made. Some schemas refer to themselves, such as a data filter.
_unfinished: dict[str, Check] = {}


@cache
def _message(schema: str) -> Check:
    """The check of a message. It is a closure because one answer can hold a hundred thousand messages."""
    fields = properties(schema)
    plain = {name: types for name, field in fields.items() if (types := _plain_types(field))}
    union, members = UNIONS.get(schema, ("", None))
    checks: dict[str, Check] = {}

    def check(value: Any, path: Path, found: Found) -> None:
        if type(value) is not dict:
            found.refuse(path, type_name("", "", {"$ref": schema}), value)
            return
        nulls = []
        for name, item in value.items():
            if name in plain and type(item) in plain[name]:
                continue
            if item is None:
                nulls.append(name)
            elif name in checks:
                checks[name](item, (path, name), found)
            else:
                where = _written(path)
                at = f" at '{where}'" if where else ""
                text = f'Invalid JSON payload received. Unknown name "{name}"{at}: Cannot find field.'
                found.append((where, text))
        for name in nulls:
            del value[name]
        if union and len(value) > 1:
            for name in [name for name in value if members is None or name in members][1:]:
                where = _written(path)
                text = f"oneof field '{union}' is already set. Cannot set '{name}'"
                found.append((where, f"Invalid value at '{where}' (oneof), {text}"))

    _unfinished[schema] = check
    checks.update({name: _field(schema, name, field) for name, field in fields.items()})
    del _unfinished[schema]
    return check


def _plain_types(field: Json) -> tuple[type, ...]:
    """The types that always fit a field, whatever the value. Empty if the value has to be checked."""
    return PLAIN_TYPES.get(field.get("type", ""), ()) if "enum" not in field else ()


def _field(owner: str, name: str, field: Json) -> Check:
    if schema := field.get("$ref"):
        message = _unfinished.get(schema) or _message(schema)
        return _once(message) if schema == "CellFormat" else message
    if field["type"] == "array":
        return _list(_field(owner, name, field["items"]), type_name(owner, name, field["items"]))
    if "additionalProperties" in field:
        return _map(_field(owner, name, field["additionalProperties"]))
    return _anything if field["type"] == "any" else _scalar(field, type_name(owner, name, field))


def _scalar(field: Json, shown: str) -> Check:
    enum = frozenset(field.get("enum", ()))
    types = PLAIN_TYPES.get(field["type"], (int,))

    def check(value: Any, path: Path, found: Found) -> None:
        right = type(value) in types and (not enum or value in enum)
        if not right or (field["type"] == "integer" and not -(2**31) <= value < 2**31):
            found.refuse(path, shown, value)

    return check


def _list(item: Check, shown: str) -> Check:
    def check(value: Any, path: Path, found: Found) -> None:
        if type(value) is not list:
            found.refuse(path, shown, value)
            return
        for index, each in enumerate(value):
            item(each, (path, f"[{index}]"), found)

    return check


def _map(item: Check) -> Check:
    def check(value: Any, path: Path, found: Found) -> None:
        if type(value) is not dict:
            found.refuse(path, "map", value)
            return
        for key, each in value.items():
            item(each, (path, f"[{key}]"), found)

    return check


def _once(check: Check) -> Check:
    def checked(value: Any, path: Path, found: Found) -> None:
        if id(value) not in found.seen:
            found.seen.add(id(value))
            check(value, path, found)

    return checked


def _anything(value: Any, path: Path, found: Found) -> None:
    """Accepts every value."""
