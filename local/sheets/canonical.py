"""A message in the form in which Google answers it: colours in 8 bits and in both forms, and no default values."""

import struct
from collections.abc import Callable
from functools import cache
from typing import Any

from .discovery import properties, referred
from .errors import Json
from .masks import twin
from .scalars import whole

# Fields whose zero, false or empty value means something, so it is answered; it is left out of all others.
MEANINGFUL_ZEROS: dict[str, frozenset[str]] = {
    "TextFormat": frozenset({"bold", "italic", "strikethrough", "underline"}),
    "GridRange": frozenset({"startRowIndex", "endRowIndex", "startColumnIndex", "endColumnIndex"}),
    "DimensionRange": frozenset({"startIndex", "endIndex"}),
    "ExtendedValue": frozenset({"numberValue", "boolValue"}),
    "SheetProperties": frozenset({"sheetId", "index"}),
    "Padding": frozenset({"top", "right", "bottom", "left"}),
    "TextRotation": frozenset({"angle"}),
    "ChartAxisViewWindowOptions": frozenset({"viewWindowMin", "viewWindowMax"}),
    "UpdateConditionalFormatRuleResponse": frozenset({"newIndex", "oldIndex"}),
}
UNSPECIFIED = ("_UNSPECIFIED", "_UNDEFINED")
THEME = {
    "TEXT": "#000000",
    "BACKGROUND": "#ffffff",
    "ACCENT1": "#4285f4",
    "ACCENT2": "#ea4335",
    "ACCENT3": "#fbbc04",
    "ACCENT4": "#34a853",
    "ACCENT5": "#ff6d01",
    "ACCENT6": "#46bdc6",
    "LINK": "#1155cc",
}

# Messages that mean nothing when they are empty. (An empty colour is black, an empty range is a whole sheet.)
NOTHING_WHEN_EMPTY = {"CellFormat", "TextFormat", "NumberFormat", "Borders", "Padding", "TextRotation"}

Convert = Callable[[Any], Any]


def canonical(schema: str, value: Json) -> Json:
    """A checked message as Google would answer it. The result shares nothing mutable with `value`."""
    result: Json = _message(schema)(value)
    return result


_FORMATS: dict[str, Json] = {}


def canonical_format(value: Json) -> Json:
    """`canonical("CellFormat", value)`. Equal formats share one result, since many cells have the same format."""
    key = repr(value)
    if key not in _FORMATS:
        _FORMATS[key] = canonical("CellFormat", value)
    return _FORMATS[key]


def colour(red: int, green: int, blue: int) -> Json:
    """A colour of 8-bit parts; zeros are left out."""
    parts = {"red": red, "green": green, "blue": blue}
    return {name: _float32(byte) for name, byte in parts.items() if byte}


def hex_colour(value: Json) -> str:
    """A `Color` or a `ColorStyle` as CSS."""
    if "themeColor" in value:
        return THEME.get(value["themeColor"], "#000000")
    parts = value.get("rgbColor", value)
    return "#" + "".join(f"{round(parts.get(name, 0) * 255):02x}" for name in ("red", "green", "blue"))


def theme_colour(name: str) -> Json:
    return colour(*bytes.fromhex(THEME[name][1:]))


@cache
def _float32(byte: int) -> float:
    """byte / 255 as a 32-bit float, with as few digits as identify it, as Google prints it."""
    packed = struct.pack("f", byte / 255)
    [exact] = struct.unpack("f", packed)
    shorter = (float(f"{exact:.{digits}g}") for digits in range(1, 10))
    return whole(next(short for short in shorter if struct.pack("f", short) == packed))


def _colour(value: Json) -> Json:
    return colour(*(max(0, min(255, round(value.get(name, 0) * 255))) for name in ("red", "green", "blue")))


def _twins(name: str, value: Json) -> Json:
    """Both forms of the colour called `name`, given in either form; a style has precedence."""
    plain = name.removesuffix("Style")
    style = value.get(plain + "Style")
    if style is None:
        return {plain: _colour(value[plain]), plain + "Style": {"rgbColor": _colour(value[plain])}}
    if theme := style.get("themeColor"):
        return {plain: theme_colour(theme), plain + "Style": {"themeColor": theme}}
    rgb = _colour(style.get("rgbColor", {}))
    return {plain: rgb, plain + "Style": {"rgbColor": rgb}}


@cache
def _message(schema: str) -> Convert:
    if schema == "Color":
        return _colour
    fields = properties(schema)
    zeros = MEANINGFUL_ZEROS.get(schema, frozenset())
    twins = {name for name in fields if twin(name, fields)}

    @cache
    def converter(name: str) -> Convert | None:
        inner = referred(fields[name])
        if inner is None:
            return None
        message = _message(inner)
        if fields[name].get("type") == "array":
            return lambda items: [message(item) for item in items]
        if "additionalProperties" in fields[name]:
            return lambda items: {key: message(item) for key, item in items.items()}
        return message

    def convert(value: Any) -> Any:
        result: Json = {}
        for name, item in value.items():
            if name in twins:
                result |= _twins(name, value)
            elif inner := converter(name):
                if item or referred(fields[name]) not in NOTHING_WHEN_EMPTY:
                    result[name] = inner(item)
            elif (item or name in zeros) and not (type(item) is str and item.endswith(UNSPECIFIED)):
                result[name] = whole(item) if type(item) is float else item
        return {name: item for name, item in result.items() if item != []}

    return convert
