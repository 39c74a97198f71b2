"""How values are shown: number formats, dates, and the general format."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from .errors import Json
from .scalars import Value, display, is_number

EPOCH = datetime(1899, 12, 30, tzinfo=UTC)
DATES = {"DATE", "TIME", "DATE_TIME"}
DEFAULT_PATTERNS = {
    "NUMBER": "#,##0.00",
    "PERCENT": "0.00%",
    "CURRENCY": "$#,##0.00",
    "DATE": "yyyy-mm-dd",
    "TIME": "h:mm:ss am/pm",
    "DATE_TIME": "yyyy-mm-dd h:mm:ss",
    "SCIENTIFIC": "0.00E+00",
}
_DATE_TOKEN = re.compile(
    r'"([^"]*)"|\\(.)|(am/pm|a/p)|([yY]+|[mM]+|[dD]+|[hH]+|[sS]+)|(.)', re.IGNORECASE | re.DOTALL
)
_NUMBER = re.compile(r'((?:"[^"]*"|\\.|[^#0?.])*)([#0?,]*)(?:\.([#0?]*))?(.*)', re.DOTALL)


def formatted(value: Value, number_format: Json) -> str:
    """The value as the cell shows it."""
    if not is_number(value):
        return display(value)
    kind = number_format.get("type", "")
    if kind == "TEXT":
        return display(value)
    pattern = number_format.get("pattern") or DEFAULT_PATTERNS.get(kind)
    if pattern is None:
        return general(value)
    if kind in DATES:
        return date_text(moment(value), pattern)
    return number_text(value, pattern)


def general(value: float) -> str:
    """A number without a format: one that is not whole has at most ten significant digits."""
    if float(value).is_integer() and abs(value) < 1e15:
        return str(int(value))
    return f"{value:.10g}".replace("e+", "E+").replace("e-", "E-")


def moment(serial: float) -> datetime:
    """The time that a serial number means: days since 30 December 1899."""
    return EPOCH + timedelta(seconds=round(serial * 86400))


def serial(time: datetime) -> float:
    return (time - EPOCH) / timedelta(days=1)


def date_text(time: datetime, pattern: str) -> str:
    twelve = re.search(r"am/pm|a/p", pattern, re.IGNORECASE) is not None
    return "".join(_date_part(time, token, minutes, twelve) for token, minutes in _date_tokens(pattern))


@lru_cache(maxsize=1000)
def _date_tokens(pattern: str) -> tuple[tuple[tuple[str, ...], bool], ...]:
    """Tokens, each with whether an `m` there means minutes: after hours, or before seconds."""
    found = [tuple(part or "" for part in match.groups()) for match in _DATE_TOKEN.finditer(pattern)]
    fields = [(index, token[3].lower()) for index, token in enumerate(found) if token[3]]
    minutes = set()
    for place, (index, letters) in enumerate(fields):
        before = fields[place - 1][1] if place else ""
        after = fields[place + 1][1] if place + 1 < len(fields) else ""
        if (
            letters.startswith("m")
            and len(letters) <= 2
            and (before.startswith("h") or after.startswith("s"))
        ):
            minutes.add(index)
    return tuple((token, index in minutes) for index, token in enumerate(found))


def _date_part(time: datetime, token: tuple[str, ...], minutes: bool, twelve: bool) -> str:
    quoted, escaped, half, letters, other = token
    if half:
        return time.strftime("%p") if "m" in half.lower() else time.strftime("%p")[0]
    if not letters:
        return quoted or escaped or other
    kind, count = letters[0].lower(), len(letters)
    if minutes:
        return f"{time.minute:0{count}d}"
    if kind == "y":
        return f"{time.year:04d}" if count > 2 else f"{time.year % 100:02d}"
    if kind == "h":
        return f"{(time.hour - 1) % 12 + 1 if twelve else time.hour:0{min(count, 2)}d}"
    if kind == "s":
        return f"{time.second:0{min(count, 2)}d}"
    number = time.month if kind == "m" else time.day
    if count <= 2:
        return f"{number:0{count}d}"
    name = time.strftime("%B" if kind == "m" else "%A")
    return name[:1] if count == 5 else name if count == 4 else name[:3]


def number_text(value: float, pattern: str) -> str:
    """A pattern of up to three sections: positive (or all), negative, zero."""
    sections = _sections(pattern)
    if value == 0 and len(sections) > 2:
        return _number_section(0, sections[2])
    if value < 0 and len(sections) > 1:
        return _number_section(-value, sections[1])
    text = _number_section(abs(value), sections[0])
    return f"-{text}" if value < 0 and re.search("[1-9]", text) else text


def _number_section(value: float, section: str) -> str:
    match = _NUMBER.fullmatch(section)
    if match is None or not (match[2] or match[3]):
        return "".join(_literals(section)).replace("@", general(value))
    prefix, whole, fraction, suffix = match[1], match[2], match[3] or "", match[4]
    value *= 100 ** sum(text == "%" for text in _literals(prefix + suffix))
    while whole.endswith(","):
        whole, value = whole[:-1], value / 1000
    if exponent := re.match(r"E([+-])(0+)", suffix):
        mantissa, _, power = f"{value:.{len(fraction)}e}".partition("e")
        sign = "-" if int(power) < 0 else "+" if exponent[1] == "+" else ""
        number = f"{mantissa}E{sign}{abs(int(power)):0{len(exponent[2])}d}"
        suffix = suffix[exponent.end() :]
    else:
        number = _digits(value, whole, fraction)
    return "".join(_literals(prefix)) + number + "".join(_literals(suffix))


def _digits(value: float, whole: str, fraction: str) -> str:
    text = f"{value:.{len(fraction)}f}"
    before, _, after = text.partition(".")
    required = fraction.rstrip("#?")
    while len(after) > len(required) and after.endswith("0"):
        after = after[:-1]
    before = before.lstrip("0").rjust(whole.count("0"), "0")
    if "," in whole:
        before = f"{int(before or 0):,}" if before else before
    return before + (f".{after}" if after else "")


def _literals(text: str) -> Iterator[str]:
    """Literal text without its quotes, backslashes and spacing marks."""
    for match in re.finditer(r'"([^"]*)"|\\(.)|_.|(\[[^\]]*\])|(.)', text, re.DOTALL):
        if match[3] is None:
            yield match[1] or match[2] or match[4] or ""


@lru_cache(maxsize=1000)
def _sections(pattern: str) -> tuple[str, ...]:
    return tuple(re.findall(r'(?:"[^"]*"|\\.|[^;])+', pattern)) or ("",)
