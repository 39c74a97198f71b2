"""Files as people save them: UTF-8, with a byte order mark or without; and TOML, with what is wrong in plain words."""

import re
import tomllib
from typing import Any


class CannotRead(ValueError):
    """The message says which line of the file, which field, and why."""


def text_of(raw: bytes) -> str:
    """The text of a file that is UTF-8. Raises CannotRead."""
    if b"\0" in raw:
        raise CannotRead("it is UTF-16, or no text at all. Save it as UTF-8")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise CannotRead(f"line {line}: it is not UTF-8. Save it as UTF-8") from None


def toml_of(raw: bytes) -> dict[str, Any]:
    """What a TOML file holds. Raises CannotRead."""
    text = text_of(raw)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CannotRead(_where_and_why(text.splitlines(), str(error))) from None


def _where_and_why(lines: list[str], said: str) -> str:
    """`said` is how tomllib puts it, with the line, and in words for those who know TOML's grammar."""
    found = re.search(r"\(at line (\d+)", said)
    line = min(int(found[1]) if found else len(lines), len(lines))
    wrong = lines[line - 1] if lines else ""
    begun = [match[1] for one in lines[:line] if (match := _FIELD.match(one))]
    if word := _WORD.match(wrong):
        begun.append(word[1])
    field = f"{begun[-1]}: " if begun and not _TABLE.match(wrong) else ""
    reason = next(ours for theirs, ours in _REASONS if re.search(theirs, said))
    return f"line {line}: {field}{_shown(wrong)} {reason}"


def _shown(line: str) -> str:
    line = line.strip()
    return f"“{line if len(line) <= _MOST_SHOWN else f'{line[: _MOST_SHOWN - 1]}…'}”"


_MOST_SHOWN = 60
_FIELD = re.compile(r"""\s*["']?([\w-]+)["']?\s*=""")
_WORD = re.compile(r"\s*([A-Za-z][\w-]*)")
_TABLE = re.compile(r"\s*\[")
_REASONS = (
    (
        r"overwrite|twice|Duplicate|immutable",
        "is given twice, or no longer possible after what stands above it",
    ),
    (r"Unterminated|Illegal character|Found invalid character", "has a quotation mark that is not closed"),
    (r"Unescaped", "has a \\ in a text. Write \\\\, or put the text between ' and '"),
    (r"Unclosed|']", "has a bracket that is not closed"),
    (r"Expected '='|Invalid statement|key part", 'is no field with its value, such as name = "Trial"'),
    (
        "",
        "can't be read. Texts stand between quotation marks, numbers have no commas, days look like 2024-01-08",
    ),
)
"""Words of tomllib, and ours for them. The first that fits is used."""
