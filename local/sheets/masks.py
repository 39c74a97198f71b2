"""Field masks: which fields of a message a caller wants to see or to change."""

import re
from collections.abc import Mapping
from typing import Any

from .discovery import properties, referred
from .errors import ApiError, Json, bad_request, invalid

# A mask is a tree of field names. A name with nothing below it means the field with everything in it.
Mask = dict[str, "Mask"]
ALL: Mask = {}

# Fields that answers have and updates may not name.
READ_ONLY: dict[str, frozenset[str]] = {
    "BandedRange": frozenset({"bandedRangeId", "bandedRangeReference"}),
    "CellData": frozenset(
        {"effectiveValue", "effectiveFormat", "formattedValue", "hyperlink", "dataSourceFormula"}
    ),
    "DimensionProperties": frozenset({"hiddenByFilter", "developerMetadata", "dataSourceColumnReference"}),
    "FilterView": frozenset({"filterViewId"}),
    "NamedRange": frozenset({"namedRangeId"}),
    "ProtectedRange": frozenset({"protectedRangeId", "requestingUserCanEdit"}),
    "SheetProperties": frozenset({"sheetId", "sheetType", "dataSourceSheetProperties"}),
    "SpreadsheetProperties": frozenset({"defaultFormat", "importFunctionsExternalUrlAccessAllowed"}),
}


def parse(text: str) -> Mask:
    """`a.b,c(d,e/f)` as a tree. `*`, alone or at the end of a path, means everything there."""
    tokens = re.findall(r"[\w*]+|[(),./]", text)
    if "".join(tokens) != re.sub(r"\s", "", text) or not tokens:
        raise ValueError(text)
    mask, rest = _fields(tokens)
    if rest:
        raise ValueError(text)
    return mask


def for_reading(text: str | None, schema: str) -> Mask | None:
    """The mask of the `fields` query parameter, None without one."""
    if text is None:
        return None
    try:
        mask = parse(text)
    except ValueError:
        raise _bad_parameter(f"Invalid field selection {text}") from None
    if unknown := _unknown(mask, schema):
        raise _bad_parameter(f"Cannot find matching fields for path '{unknown}'.")
    return mask


def for_writing(text: str | None, schema: str) -> Mask:
    """The mask of an update, with both forms of each colour. `*` means every writable field.

    A mask is required, must name fields that exist, and must not name read-only ones.
    """
    if not text or not text.strip():
        raise invalid("At least one field must be listed in 'fields'. (Use '*' to indicate all fields.)")
    try:
        mask = parse(text)
    except ValueError:
        raise invalid(f"Invalid field mask: {text}") from None
    if mask == ALL:
        return {name: ALL for name in properties(schema) if name not in READ_ONLY.get(schema, ())}
    if unknown := _unknown(mask, schema):
        raise invalid(f"Invalid field: {unknown}")
    if refused := READ_ONLY.get(schema, frozenset()) & mask.keys():
        raise invalid(f"Field is read-only: {', '.join(sorted(refused))}")
    return _with_twins(mask, schema)


def select(mask: Mask, value: Any) -> Any:
    """The part of a value that `mask` shows. It applies to each element of a list."""
    if not mask:
        return value
    if isinstance(value, list):
        return [select(mask, item) for item in value]
    return {name: select(below, value[name]) for name, below in mask.items() if name in value}


def assign(mask: Mask, target: Json, source: Json) -> Json:
    """`target` with the masked fields of `source`. Fields that `source` does not have are cleared."""
    result = dict(target)
    for name, below in mask.items():
        value = source.get(name)
        if below and (value is None or isinstance(value, dict)):
            value = assign(below, result.get(name, {}), value or {}) or None
        if value is None:
            result.pop(name, None)
        else:
            result[name] = value
    return result


def twin(name: str, fields: Mapping[str, Any]) -> str | None:
    """The name of the other form of a colour: `tabColor` and `tabColorStyle` mean the same."""
    plain = name.removesuffix("Style")
    other = f"{name}Style" if plain == name else plain
    return other if plain.lower().endswith("color") and other in fields else None


def _with_twins(mask: Mask, schema: str) -> Mask:
    fields = properties(schema)
    result: Mask = {}
    for name, below in mask.items():
        other = twin(name, fields)
        for each in (name, other) if other else (name,):
            inner = referred(fields[each])
            result[each] = ALL if other or not below or not inner else _with_twins(below, inner)
    return result


def _unknown(mask: Mask, schema: str, prefix: str = "") -> str | None:
    fields = properties(schema)
    for name, below in mask.items():
        if name not in fields:
            return prefix + name
        inner = referred(fields[name])
        if below and (unknown := _unknown(below, inner, f"{prefix}{name}.") if inner else prefix + name):
            return unknown
    return None


def _bad_parameter(text: str) -> ApiError:
    return bad_request(
        [("", f"Error expanding 'fields' parameter. {text}")], "Request contains an invalid argument."
    )


def _fields(tokens: list[str]) -> tuple[Mask, list[str]]:
    """One comma-separated list of paths, and the tokens after it."""
    mask: Mask = {}
    everything = False
    while True:
        name, below, tokens = _field(tokens)
        if name == "*":
            everything = True
        elif name in mask:
            mask[name] = _union(mask[name], below)
        else:
            mask[name] = below
        if tokens[:1] != [","]:
            return (ALL if everything else mask), tokens
        tokens = tokens[1:]


def _field(tokens: list[str]) -> tuple[str, Mask, list[str]]:
    if not tokens or not re.match(r"[\w*]", tokens[0]):
        raise ValueError
    name, rest = tokens[0], tokens[1:]
    if rest[:1] in (["."], ["/"]):
        inner, below, rest = _field(rest[1:])
        return name, (ALL if inner == "*" else {inner: below}), rest
    if rest[:1] == ["("]:
        mask, rest = _fields(rest[1:])
        if rest[:1] != [")"]:
            raise ValueError
        return name, mask, rest[1:]
    return name, ALL, rest


def _union(one: Mask, other: Mask) -> Mask:
    if not one or not other:
        return ALL
    both = {name: _union(one[name], other[name]) for name in one.keys() & other.keys()}
    return one | other | both
