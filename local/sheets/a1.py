"""A1 notation, such as `'Tab title'!A1:B2`."""

import re

from .areas import Area, Box

_PLAIN_TITLE = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
_CELL_LIKE = re.compile(r"[A-Za-z]{1,3}[0-9]+|[Rr][0-9]*[Cc][0-9]*")
_END = re.compile(r"\$?([A-Za-z]{1,3})?\$?([1-9][0-9]*)?")


def letters(column: int) -> str:
    """0 → A, 26 → AA."""
    text = ""
    column += 1
    while column:
        column, digit = divmod(column - 1, 26)
        text = chr(ord("A") + digit) + text
    return text


def column_index(text: str) -> int:
    """A → 0, AA → 26."""
    number = 0
    for letter in text.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def cell_name(row: int, column: int) -> str:
    return f"{letters(column)}{row + 1}"


def quoted(title: str) -> str:
    """A tab's title as written before `!`, in quotes where Google uses them."""
    if _PLAIN_TITLE.fullmatch(title) and not _CELL_LIKE.fullmatch(title):
        return title
    return "'" + title.replace("'", "''") + "'"


def unquoted(text: str) -> str:
    return (
        text[1:-1].replace("''", "'")
        if text.startswith("'") and text.endswith("'") and len(text) > 1
        else text
    )


def box_name(title: str, box: Box) -> str:
    """`Sheet1!A1:B2`; a single cell is `Sheet1!A1`."""
    first, last = cell_name(box.top, box.left), cell_name(box.bottom - 1, box.right - 1)
    return f"{quoted(title)}!{first}" + (f":{last}" if last != first else "")


def split(text: str) -> tuple[str | None, str]:
    """The quoted or bare title before `!`, and what is after it. Without a `!`, the text may be either."""
    match = re.fullmatch(r"('(?:[^']|'')*'|[^'!]+)!(.+)", text)
    return (match[1], match[2]) if match else (None, text)


def parse_area(text: str, sheet: int) -> Area | None:
    """`A1`, `A1:B2`, `A:B`, `2:3`, `A5:B`, with or without `$`; None if it is none of these."""
    first, colon, last = text.partition(":")
    one = _parse_end(first)
    if not colon:
        if one is None or None in one:
            return None
        return _area(sheet, one, one)
    other = _parse_end(last)
    if one is None or other is None:
        return None
    if (one[0] is None and other[0] is not None) or (one[1] is None and other[1] is not None):
        one, other = other, one
    if (one[0] is None) != (other[0] is None) and one[1] is None:
        return None
    return _area(sheet, one, other)


End = tuple[int | None, int | None]


def _parse_end(text: str) -> End | None:
    """A cell, a column or a row as (row, column)."""
    match = _END.fullmatch(text)
    if not text or not match:
        return None
    return (int(match[2]) - 1 if match[2] else None), (column_index(match[1]) if match[1] else None)


def _area(sheet: int, one: End, other: End) -> Area:
    top, bottom = _ordered(one[0], other[0])
    left, right = _ordered(one[1], other[1])
    return Area(sheet, top, bottom, left, right)


def _ordered(one: int | None, other: int | None) -> tuple[int | None, int | None]:
    if one is None or other is None:
        return (one if other is None else other), None
    return min(one, other), max(one, other) + 1
