"""When a row was reported: the forms in which spreadsheets and forms write times, in eight languages."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta, timezone

from chalicelib.domain.calendar import GameDay, zone_info
from chalicelib.domain.errors import malformed, quoted
from chalicelib.domain.importing.cells import Unclear
from chalicelib.domain.understood import DateOrder

_LONGEST = 100  # characters of a time; what is longer is none

# Before or after noon, as Google Forms says it; the dots and spaces of "p. m." are optional.
_MORNING = r"a\.\ ?m\.?|am|vorm\.?|午前|오전|上午|дп"
_AFTERNOON = r"p\.\ ?m\.?|pm|nachm\.?|午後|오후|下午|пп"
_HALF = f"(?:{_MORNING}|{_AFTERNOON})"

_NUMERIC = re.compile(
    rf"""
    (?P<a>\d{{4}}|\d{{1,2}})\ ?(?P<mark>[/.-])\ ?(?P<b>\d{{1,2}})\ ?(?P=mark)\ ?(?P<c>\d{{4}}|\d{{1,2}})\.?
    (?:
        ,?\ (?P<before>{_HALF})?\ ?(?P<hour>\d{{1,2}})[:.h](?P<minute>\d{{2}})(?:[:.](?P<second>\d{{2}}))?
        (?:\ ?(?P<after>{_HALF}))?
        (?:\ ?(?:(?:GMT|UTC)?(?P<sign>[+-])(?P<hours>\d{{1,2}})(?::?(?P<minutes>\d{{2}}))?|(?P<zone>[^\W\d_]{{1,4}})))?
    )?
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""Dates in numbers, with a time of 24 or 12 hours. The sheet of a form's responses has them as its locale does:
`11/15/2023 14:03:22` in the US, `15/11/2023 14:03:22` in France, `15/11/2023 14.03.22` in Italy, `15.11.2023 14:03:22`
in Germany, `2023/11/15 14:03:22` in Japan. The file that Google Forms offers itself has `2023/11/15 2:03:22 PM GMT+1`,
with `午後`, `p. m.` and zones such as `MEZ` in the language of whoever takes it."""

_CJK_DATE = re.compile(r"(\d{4}) ?[年년] ?(\d{1,2}) ?[月월] ?(\d{1,2}) ?[日일]")
_CJK_TIME = re.compile(r"(\d{1,2}) ?[時시] ?(\d{1,2}) ?[分분](?: ?(\d{1,2}) ?[秒초])?")

_MONTHS = (
    "jan|fe[bv]|f[ée]v|m[aä]r|apr|avr|abr|mai|may|mag|jun|giu|juin|jul|lug|juil|aug|ago|ao[uû]|sep|set|o[ckt]t|out|"
    "nov|de[cz]|dic|d[ée]c|gen|ene|янв|фев|мар|апр|ма[йя]|июн|июл|авг|сен|окт|ноя|дек"
)
_LIKE_A_TIME = re.compile(
    rf"""
    (?<![\w.])\d{{1,4}}\ ?([/.-])\ ?\d{{1,2}}\ ?\1\ ?\d{{1,4}}(?![\d.])  # a date
    | \b\d{{1,2}}[:h]\d{{2}}\b                                 # a time of day
    | (?=.*\b(?:19|20)\d\d\b)(?=.*\b(?:{_MONTHS})\w*)          # a month and a year in words
    | (?<!\d)1[5-9]\d{{8}}(?:\d{{3}})?(?!\d)                   # seconds, or thousandths, since 1970
    """,
    re.IGNORECASE | re.VERBOSE,
)

# Abbreviations that mean one zone to those who meet them in such a file (RFC 5322, Europe, Brazil, Japan), in hours.
_ZONES = {
    zone: hours
    for hours, zones in {
        -8: "PST",
        -7: "MST PDT",
        -6: "CST MDT",
        -5: "EST CDT",
        -4: "EDT",
        -3: "BRT",
        0: "GMT UTC Z WET WEZ",
        1: "CET MEZ WEST WESZ",
        2: "EET OEZ CEST MESZ",
        3: "EEST OESZ MSK МСК",
        9: "JST",
    }.items()
    for zone in zones.split()
}

# Where people write the month first, and where the day. Elsewhere (Canada, most of Asia) they do both, or neither.
_MONTH_FIRST = re.compile(
    r"US/.*|America/(?:New_York|Detroit|Kentucky/.*|Louisville|Indiana/.*|Indianapolis|Fort_Wayne|Knox_IN|Chicago|"
    r"Menominee|North_Dakota/.*|Denver|Boise|Shiprock|Phoenix|Los_Angeles|Anchorage|Juneau|Sitka|Metlakatla|Yakutat|"
    r"Nome|Adak|Atka)|Pacific/Honolulu|EST5EDT|CST6CDT|MST7MDT|PST8PDT"
)
_DAY_FIRST = re.compile(
    r"Europe/.*|Atlantic/(?:Canary|Madeira|Azores|Reykjavik|Faroe)|Australia/.*|NZ|GB|Pacific/Auckland|"
    r"America/(?:Argentina/.*|Buenos_Aires|Sao_Paulo|Bahia|Fortaleza|Recife|Manaus|Belem|Bogota|Lima|Santiago|Caracas|"
    r"Montevideo|Asuncion|La_Paz|Guayaquil|Mexico_City|Monterrey|Tijuana|Guatemala|Costa_Rica)|Brazil/.*|Chile/.*"
)

ORDERS: dict[str, DateOrder] = {"day-first": "day-first", "month-first": "month-first"}

_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−"), "-")
_TELL = "Give timestamp_format, such as '%d/%m/%Y %H:%M:%S'"

# Its parts can't be taken for one another, and no zone is named like its own.
_SAMPLE = datetime(2023, 11, 25, 13, 45, 30, tzinfo=timezone(timedelta(hours=5, minutes=30)))


def is_like_a_time(cell: str) -> bool:
    """Whether a person would say that it is a date or a time, readable here or not."""
    plain = _plain(cell) if len(cell) <= _LONGEST else ""
    return bool(_NUMERIC.fullmatch(plain) or _LIKE_A_TIME.search(plain) or (plain and _iso(plain)))


def time_reader(
    cells: Iterable[str], how: str | None, game_day: GameDay
) -> tuple[Callable[[str], datetime | None], DateOrder | None]:
    """What reads the cells of a file's column of times, and which way round its dates are (None: none tells).

    It reads a cell as an instant in UTC, None if it is blank, and raises Unclear for what is no time. Times without an
    offset are the server's, and a mere date is the beginning of its game day. `how` is a format in the terms of
    strptime, or the order of dates such as 11/12/2023. Raises Malformed (`timestamp_format`) for a format without a
    date, and to ask for the order.
    """
    how = _plain(how) if how else None
    if how and how not in ORDERS:
        problem = f"isn't of the form {quoted(how)}. Correct it, or give another timestamp_format."
        return _reader(_by_format(how), problem, game_day), None
    order = ORDERS[how] if how else _order_of(cells, game_day)
    return _reader(
        lambda cell: _iso(cell) or _numeric(cell, order), f"can't be read. {_TELL}.", game_day
    ), order


def _by_format(pattern: str) -> Callable[[str], date]:
    has_hour = _has_hour(pattern)

    def read(cell: str) -> date:
        time = datetime.strptime(cell, pattern)  # noqa: DTZ007 - _instant sees to the zone
        return time if has_hour else time.date()

    return read


def _reader(read: Callable[[str], date], problem: str, game_day: GameDay) -> Callable[[str], datetime | None]:
    def instant(cell: str) -> datetime | None:
        if not cell:
            return None
        try:
            if len(cell) > _LONGEST:
                raise ValueError(cell)
            return _instant(read(_plain(cell)), game_day)
        except (ValueError, OverflowError):
            raise Unclear(f"The timestamp {quoted(cell)} {problem}") from None

    return instant


def _order_of(cells: Iterable[str], game_day: GameDay) -> DateOrder | None:
    """Which way round these dates are: if one of them can be read only so, all are so.

    If all could be either, those decide who live in the zone of the server's game day, where that is set; else it is
    asked. None: there are no such dates, or some can be read only the one way, and some only the other.
    """
    either, orders = "", set[DateOrder]()
    for cell in cells:
        parts = _NUMERIC.fullmatch(_plain(cell)) if len(cell) <= _LONGEST else None
        if not parts or not _has_order(parts):
            continue
        first, second = int(parts["a"]), int(parts["b"])
        if max(first, second) <= 12:
            either = either or cell
        else:
            orders.add("day-first" if second <= 12 else "month-first")
    if orders or not either:
        return orders.pop() if len(orders) == 1 else None
    zone = "" if game_day.assumed else game_day.zone
    if _MONTH_FIRST.fullmatch(zone):
        return "month-first"
    if _DAY_FIRST.fullmatch(zone):
        return "day-first"
    raise malformed(
        "timestamp_format",
        f"The timestamp {quoted(either)} may have the day first, or the month. Give timestamp_format: day-first or "
        "month-first.",
    )


def _has_order(parts: re.Match[str]) -> bool:
    """Whether the two numbers of a day and a month could be read the other way round.

    Not if the year stands first, nor with dots: nowhere does the month stand first with them.
    """
    first, second = int(parts["a"]), int(parts["b"])
    is_day_and_month = len(parts["a"]) <= 2 and 0 < min(first, second) <= 12
    return is_day_and_month and first != second and parts["mark"] != "."


def _instant(time: date, game_day: GameDay) -> datetime:
    """In UTC. A mere date is the beginning of its game day, so that it is in the windows of that day."""
    if not isinstance(time, datetime):
        return game_day.start(time)
    return (time if time.tzinfo else time.replace(tzinfo=zone_info(game_day.zone))).astimezone(UTC)


def _iso(text: str) -> date | None:
    """ISO 8601, or None."""
    for read in (date.fromisoformat, datetime.fromisoformat):
        try:
            return read(text)
        except ValueError:
            continue
    return None


def _numeric(text: str, order: DateOrder | None) -> date:
    """Raises ValueError if it is none, Unclear if it isn't known whether the day stands first."""
    parts = _NUMERIC.fullmatch(text)
    if not parts:
        raise ValueError(text)
    first, second, third = int(parts["a"]), int(parts["b"]), int(parts["c"])
    if len(parts["a"]) == 4:
        day = date(first, second, third)
    else:
        if order is None and _has_order(parts):
            raise Unclear(
                f"Some timestamps of this file have the day first, and others the month. {_TELL}, or day-first or "
                "month-first."
            )
        year = third if len(parts["c"]) == 4 else 2000 + third
        is_month_first = order == "month-first" and parts["mark"] != "."
        day = date(year, first, second) if is_month_first else date(year, second, first)
    if not parts["hour"]:
        return day
    hour, half = int(parts["hour"]), parts["before"] or parts["after"]
    if half:
        if not 1 <= hour <= 12 or (parts["before"] and parts["after"]):
            raise ValueError(text)
        hour = hour % 12 + (12 if re.fullmatch(_AFTERNOON, half, re.IGNORECASE) else 0)
    wall = datetime(day.year, day.month, day.day, hour, int(parts["minute"]), int(parts["second"] or 0))  # noqa: DTZ001
    if parts["sign"]:
        offset = timedelta(hours=int(parts["hours"]), minutes=int(parts["minutes"] or 0))
        return wall.replace(tzinfo=timezone(offset if parts["sign"] == "+" else -offset))
    if parts["zone"]:
        if parts["zone"].upper() not in _ZONES:
            raise ValueError(text)
        return wall.replace(tzinfo=timezone(timedelta(hours=_ZONES[parts["zone"].upper()])))
    return wall


def _has_hour(pattern: str) -> bool:
    """Whether the format has the time of day. Raises Malformed if it hasn't the date, or is no format."""
    try:
        read = datetime.strptime(_SAMPLE.strftime(pattern), pattern)  # noqa: DTZ007 - only its parts are looked at
    except (ValueError, re.error):
        read = datetime.min  # noqa: DTZ901
    if read.date() != _SAMPLE.date() or read.hour not in (0, _SAMPLE.hour):
        message = (
            f"The timestamp_format {quoted(pattern)} can't be used. It needs year, month and day, "
            "such as '%d/%m/%Y %H:%M:%S' or '%m/%d/%Y %I:%M:%S %p'; a zone can only be %z."
        )
        raise malformed("timestamp_format", message)
    return read.hour == _SAMPLE.hour


def _plain(text: str) -> str:
    """In one spelling of digits, dashes and spaces, and with Chinese, Japanese and Korean dates in numbers alone."""
    plain = unicodedata.normalize("NFKC", text).translate(_DASHES)
    plain = _CJK_DATE.sub(r"\1/\2/\3 ", plain)
    plain = _CJK_TIME.sub(lambda m: ":".join(part.zfill(2) for part in m.groups() if part), plain)
    return " ".join(plain.split())
