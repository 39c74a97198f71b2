"""Attribute values: which DynamoDB accepts, in which form it returns them, and their size."""

from collections.abc import Mapping
from decimal import Context, Decimal, InvalidOperation
from typing import Any

from local.strict_dynamodb.errors import Invalid

Value = dict[str, Any]
"""A content with its type, as `{"N": "7"}`."""
Item = dict[str, Value]

MOST_ITEM_BYTES = 400 * 1024
_DEEPEST = 32
_MOST_DIGITS = 38
_EXACTLY = Context(prec=300)
_LARGEST, _SMALLEST = Decimal("9.9999999999999999999999999999999999999E+125"), Decimal("1E-130")


def checked_item(item: Mapping[str, Any]) -> Item:
    """A copy as DynamoDB stores it. Raises Invalid."""
    return {_checked_name(name): checked(value) for name, value in item.items()}


def checked(value: Mapping[str, Any], depth: int = 1) -> Value:
    """A copy as DynamoDB stores it, with numbers in their shortest form. Raises Invalid."""
    if len(value) != 1:
        raise Invalid("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")
    if depth > _DEEPEST:
        raise Invalid(
            "Nesting Levels have exceeded supported limits: Attributes of the item have nested levels beyond "
            f"supported limit of {_DEEPEST}"
        )
    ((kind, content),) = value.items()
    if kind == "N":
        return {"N": _number(content)}
    if kind == "NULL" and content is not True:
        raise Invalid(f"{_WRONG}: Null attribute value types must have the value of true")
    if kind == "M":
        return {"M": {_checked_name(name): checked(each, depth + 1) for name, each in content.items()}}
    if kind == "L":
        return {"L": [checked(each, depth + 1) for each in content]}
    if kind not in ("S", "BOOL", "NULL"):
        raise NotImplementedError(f"values of the type {kind}")
    return {kind: content}


def size_of(item: Mapping[str, Value]) -> int:
    """The size in bytes, by the rules of the developer guide ("DynamoDB item sizes and formats")."""
    return sum(len(name.encode()) + _size(value) for name, value in item.items())


def is_less(one: Value, other: Value) -> bool:
    """Whether `one` is less. Texts are ordered by their UTF-8 bytes, which is the order of their code points. Of two
    types, neither is less."""
    if one.keys() != other.keys():
        return False
    ((kind, content),) = one.items()
    if kind == "N":
        return Decimal(content) < Decimal(other["N"])
    return bool(content < other[kind])


def total(one: Value, other: Value) -> Value:
    """The sum of two numbers."""
    return {"N": _number(str(_EXACTLY.add(Decimal(one["N"]), Decimal(other["N"]))))}


_WRONG = "One or more parameter values were invalid"


def _checked_name(name: str) -> str:
    if not name:
        raise Invalid(f"{_WRONG}: An attribute name must not be empty")
    return name


def _number(text: str) -> str:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise Invalid(f"The parameter cannot be converted to a numeric value: {text}")
    if not number:
        return "0"
    digits = "".join(map(str, number.as_tuple().digits)).strip("0")
    if len(digits) > _MOST_DIGITS:
        raise Invalid("Attempting to store more than 38 significant digits in a Number")
    if not _SMALLEST <= abs(number) <= _LARGEST:
        raise Invalid(
            "Number overflow. Attempting to store a number with magnitude larger than supported range"
            if abs(number) > 1
            else "Number underflow. Attempting to store a number with magnitude smaller than supported range"
        )
    plain = f"{number:f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def _size(value: Value) -> int:
    ((kind, content),) = value.items()
    if kind == "S":
        return len(str(content).encode())
    if kind == "N":
        digits = str(content).strip("-0").replace(".", "")
        return 1 + (len(digits) + 1) // 2 + str(content).startswith("-")
    if kind == "M":
        return int(3 + len(content) + size_of(content))
    if kind == "L":
        return 3 + sum(1 + _size(each) for each in content)
    return 1
