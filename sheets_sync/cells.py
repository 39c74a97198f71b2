"""Contents as the Sheets API has them, and how two are compared."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sheets_sync.tabs import Content, Kind, Tone

Value = str | float | bool | None
"""What a cell was given: text, a number or a truth value; a formula is text that begins with `=`; None is nothing."""

Json = dict[str, Any]

MOST_CHARACTERS = 50_000
"""Of a cell: with one that has more, Google refuses the whole batch. Counted in UTF-16, as JavaScript does."""

_DAY_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 - serial numbers count wall time
_SAME = 1e-12
"""Numbers come back as they were sent, except for the last bits of a double. A second is ten times as much as this."""


class Formula(str):
    """A formula that somebody typed into a cell. Muster writes none, but puts back one that it has overwritten."""

    __slots__ = ()


def value_of(content: Content) -> Value:
    """What a cell holds that was given this content. Empty text reads back as nothing; what is too long is cut."""
    if isinstance(content, Formula):
        return content
    if isinstance(content, bool):
        return content
    if isinstance(content, date):
        at = content if isinstance(content, datetime) else datetime(content.year, content.month, content.day)  # noqa: DTZ001
        return round((at - _DAY_ZERO).total_seconds()) / 86400
    if isinstance(content, int | float):
        return float(content)
    return _cut(str(content)) if content else None


def _cut(text: str) -> str:
    """The text, with a mark where it ends because a cell holds no more."""
    if 2 * len(text) <= MOST_CHARACTERS:
        return text
    units = text.encode("utf-16-le", "surrogatepass")
    if len(units) <= 2 * MOST_CHARACTERS:
        return text
    return units[: 2 * (MOST_CHARACTERS - 1)].decode("utf-16-le", "ignore") + "…"


def moment_of(number: float) -> datetime:
    """The wall time that a cell holds as this number."""
    return _DAY_ZERO + timedelta(seconds=round(number * 86400))


def held_value(cell: Mapping[str, Any]) -> Value:
    """What a cell of the spreadsheet was given."""
    entered = cell.get("userEnteredValue", {})
    if "formulaValue" in entered:
        return Formula(entered["formulaValue"])
    if "boolValue" in entered:
        return bool(entered["boolValue"])
    if "numberValue" in entered:
        return float(entered["numberValue"])
    return entered.get("stringValue") or None


def same(one: Value, other: Value) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= _SAME * max(1.0, abs(one))
    return type(one) is type(other) and one == other


def cell_json(content: Content, look: Json | None) -> Json:
    """The cell for `updateCells`, with the fields of its look.

    Text goes as `stringValue`, which is literal: no name becomes a formula.
    """
    value = value_of(content)
    cell: Json = {}
    if isinstance(value, Formula):
        cell["userEnteredValue"] = {"formulaValue": value}
    elif isinstance(value, bool):
        cell["userEnteredValue"] = {"boolValue": value}
    elif isinstance(value, str):
        cell["userEnteredValue"] = {"stringValue": value}
    elif value is not None:
        cell["userEnteredValue"] = {"numberValue": int(value) if float(value).is_integer() else value}
    return cell | (look or {})


LOOKS: Mapping[Kind, Json] = {
    "text": {},
    "tick": {"horizontalAlignment": "CENTER"},
    "box": {"horizontalAlignment": "CENTER"},
    "count": {"numberFormat": {"type": "NUMBER", "pattern": "#,##0"}},
    "ratio": {"numberFormat": {"type": "PERCENT", "pattern": "0.0%"}},
    "day": {"numberFormat": {"type": "DATE", "pattern": "ddd d mmm yyyy"}},
    "time": {"numberFormat": {"type": "DATE_TIME", "pattern": "yyyy-mm-dd hh:mm"}},
    "hour": {"numberFormat": {"type": "DATE_TIME", "pattern": "ddd hh:mm"}},
}


def colour(hexadecimal: str) -> Json:
    """`#RRGGBB` as a ColorStyle."""
    parts = (int(hexadecimal[place : place + 2], 16) / 255 for place in (1, 3, 5))
    return {"rgbColor": dict(zip(("red", "green", "blue"), parts, strict=True))}


TONES: Mapping[Tone, Json] = {
    "good": {
        "backgroundColorStyle": colour("#d9f0e1"),
        "textFormat": {"foregroundColorStyle": colour("#0d5c31")},
    },
    "now": {"backgroundColorStyle": colour("#fff2cc"), "textFormat": {"bold": True}},
    "missing": {"backgroundColorStyle": colour("#fff4d6")},
    "today": {
        "backgroundColorStyle": colour("#cfe2ff"),
        "textFormat": {"bold": True, "foregroundColorStyle": colour("#0b3d91")},
    },
    "soft": {"textFormat": {"foregroundColorStyle": colour("#6b7280")}},
    "bad": {
        "backgroundColorStyle": colour("#fbdcd9"),
        "textFormat": {"foregroundColorStyle": colour("#8c1d13")},
    },
}
"""Each goes with words, so that nothing is shown by colour alone."""

TITLE: Json = {"textFormat": {"bold": True, "fontSize": 11}}
BLOCK: Json = {"textFormat": {"foregroundColorStyle": colour("#4b5563")}}
HEADER_LOOK: Json = {
    "backgroundColorStyle": colour("#e8edf3"),
    "textFormat": {"bold": True},
    "wrapStrategy": "WRAP",
    "verticalAlignment": "BOTTOM",
}
