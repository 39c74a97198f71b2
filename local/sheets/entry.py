"""What is stored for an input: for values that a program writes, and for text that a person types."""

import re
from datetime import UTC, datetime
from typing import Any

from .book import EMPTY, Cell
from .errors import Json, invalid
from .formats import serial
from .references import rewrite
from .scalars import whole

MAX_CHARACTERS = 50_000
TOO_LONG = f"Your input contains more than the maximum of {MAX_CHARACTERS} characters in a single cell."

_NUMBER = re.compile(r"[+-]?(\d{1,3}(,\d{3})+|\d+)?(\.\d*)?([eE][+-]?\d+)?(%?)")
_DATES = {
    "%Y-%m-%d": ("DATE", "yyyy-mm-dd"),
    "%Y-%m-%d %H:%M": ("DATE_TIME", "yyyy-mm-dd hh:mm"),
    "%Y-%m-%d %H:%M:%S": ("DATE_TIME", "yyyy-mm-dd hh:mm:ss"),
}


def entered_value(value: Json) -> Json | None:
    """An ExtendedValue as it is stored. None if the cell stays empty, as with an empty text."""
    if not value:
        return None
    [(kind, content)] = value.items()
    if kind == "stringValue":
        if len(content) > MAX_CHARACTERS:
            raise invalid(TOO_LONG)
        return value if content else None
    if kind == "numberValue":
        return {kind: whole(content)}
    if kind == "formulaValue":
        if not content.startswith("="):
            raise invalid(f"Invalid formula: {content}")
        if len(content) > MAX_CHARACTERS:
            raise invalid(TOO_LONG)
        return {kind: rewrite(content, lambda reference: reference)}
    if kind == "errorValue":
        raise invalid("userEnteredValue.errorValue cannot be set.")
    return value


def raw(value: Any) -> Json | None:
    """A JSON value written with RAW: text stays text."""
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int | float):
        return entered_value({"numberValue": value})
    if isinstance(value, str):
        return entered_value({"stringValue": value})
    raise invalid(f"Invalid values: cannot write {value!r} to a cell.")


def typed(text: str) -> tuple[Json | None, Json | None]:
    """What a typed text means: the value, and the number format that comes with it."""
    if text.startswith("'"):
        return entered_value({"stringValue": text[1:]}), None
    if text.startswith("=") and len(text) > 1:
        return entered_value({"formulaValue": text}), None
    plain = text.strip()
    if plain.upper() in ("TRUE", "FALSE"):
        return {"boolValue": plain.upper() == "TRUE"}, None
    match = _NUMBER.fullmatch(plain)
    if match and re.search(r"\d", plain):
        number = float(plain.rstrip("%").replace(",", ""))
        if match[5]:
            pattern = "0.00%" if match[3] else "0%"
            return entered_value({"numberValue": number / 100}), {"type": "PERCENT", "pattern": pattern}
        return entered_value({"numberValue": number}), None
    if plain.startswith("+"):
        return entered_value({"formulaValue": f"={plain}"}), None
    for form, (kind, pattern) in _DATES.items():
        try:
            time = datetime.strptime(plain, form).replace(tzinfo=UTC)
        except ValueError:
            continue
        return entered_value({"numberValue": serial(time)}), {"type": kind, "pattern": pattern}
    return entered_value({"stringValue": text}), None


def with_value(cell: Cell, value: Any, option: str) -> Cell:
    """The cell after `value` was written to it with a ValueInputOption."""
    number_format = None
    if option == "USER_ENTERED" and isinstance(value, str):
        entered, number_format = typed(value)
    else:
        entered = raw(value)
    result = {name: item for name, item in cell.items() if name not in ("userEnteredValue", "textFormatRuns")}
    if entered:
        result["userEnteredValue"] = entered
    if number_format and "numberFormat" not in result.get("userEnteredFormat", EMPTY):
        result["userEnteredFormat"] = result.get("userEnteredFormat", EMPTY) | {"numberFormat": number_format}
    return result
