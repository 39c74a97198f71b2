"""Values in DynamoDB's JSON, each with its type: `{"N": "7"}`. Pure; the table and exported files use it.

boto3's own serializer turns numbers into decimals and looks types up by name, which takes a quarter of a report's
processor time.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

Item = dict[str, Any]
"""Attributes by name: texts, whole numbers, booleans, None, and lists and mappings of these."""


def typed(item: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes with their types. Raises TypeError for a value that no item may hold."""
    return {name: _typed(value) for name, value in item.items()}


def plain(item: Mapping[str, Any]) -> Item:
    """The opposite of `typed`. A number that is not whole, as a later version may write, becomes a Decimal."""
    try:  # texts and whole numbers are nearly everything, and a call for each would take twice as long
        return {
            name: value["S"] if "S" in value else int(value["N"]) if "N" in value else _plain(value)
            for name, value in item.items()
        }
    except ValueError:
        return {name: _plain(value) for name, value in item.items()}


def _typed(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        return {"S": value}
    if value is None:
        return {"NULL": True}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int | Decimal):
        return {"N": str(value)}
    if isinstance(value, dict | Mapping):  # which is quicker for a dict
        return {"M": typed(value)}
    if isinstance(value, list | tuple):
        return {"L": [_typed(each) for each in value]}
    raise TypeError(f"an item can't hold a {type(value).__name__}")


def _plain(value: Mapping[str, Any]) -> Any:
    ((kind, content),) = value.items()
    if kind == "N":
        return int(content) if content.lstrip("-").isdigit() else Decimal(content)
    if kind == "M":
        return plain(content)
    if kind == "L":
        return [_plain(each) for each in content]
    return None if kind == "NULL" else content
