"""`make translations`: brings the catalogues of `chalicelib/locale` up to date with what the pages say, compiles
them, and writes how each language writes times and numbers, from Unicode's CLDR.

A new text is added to every catalogue, without a translation; one that is gone is removed. Babel does all of it; what
runs needs only what is written here.
"""

import io
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from chalicelib.domain.messages import MESSAGES
from chalicelib.languages import DOMAIN, LANGUAGES, LOCALE

ROOT = Path(__file__).parent.parent
LOCALES = {"en": "en_GB"}
"""Where a language's formats are those of a country: of these, the one whose days and lists read as ours do."""

PLURALS = {
    **dict.fromkeys(("en", "de", "es", "it"), "(n != 1)"),
    **dict.fromkeys(("fr", "pt"), "(n > 1)"),
    "ru": "(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2)",
    "ja": "0",
}
"""Which plural form a number takes, as CLDR says for whole numbers below a million."""

CATEGORIES = {"ru": ("one", "few", "many"), "ja": ("other",)}
"""CLDR's names of these forms, where they are others than these."""
SINGULAR_AND_PLURAL = ("one", "other")

_NO_TIME = datetime(
    2026, 1, 1, tzinfo=UTC
)  # in place of when it was made, so that the same texts give the same bytes


def main() -> None:
    for code in LANGUAGES:
        folder = LOCALE / code / "LC_MESSAGES"
        folder.parent.mkdir(exist_ok=True)
        (folder.parent / "formats.json").write_text(written(formats(code)), encoding="utf-8")
        if code != "en":
            folder.mkdir(exist_ok=True)
            catalogue = updated(code)
            (folder / f"{DOMAIN}.po").write_bytes(as_po(catalogue))
            (folder / f"{DOMAIN}.mo").write_bytes(compiled(catalogue))
            print(f"{code}: {len(catalogue)} texts, {len(untranslated(catalogue))} without a translation")


def texts() -> Catalog:
    """Everything that pages say, in English: templates, messages, and what `chalicelib` translates itself."""
    found = Catalog(charset="utf-8")
    methods = [("templates/**.html", "jinja2"), ("**.py", "python")]
    options = {"templates/**.html": {"trimmed": "true", "newstyle_gettext": "true", "silent": "false"}}
    for name, _, text, comments, _ in extract_from_dir(
        ROOT / "chalicelib", methods, options, keywords={"_": None, "gettext": None, "ngettext": (1, 2)}
    ):
        found.add(text, locations=[(f"chalicelib/{Path(name).as_posix()}", 0)], auto_comments=comments)
    for name, sentence in MESSAGES.items():
        found.add(sentence, locations=[("chalicelib/domain/messages.py", 0)], auto_comments=[name])
    return found


def translated(code: str) -> Catalog:
    """The catalogue of that language as it lies there: an empty one, if there is none."""
    path = LOCALE / code / "LC_MESSAGES" / f"{DOMAIN}.po"
    if not path.exists():
        return Catalog(locale=code)
    with path.open("rb") as file:
        return read_po(file, locale=code, domain=DOMAIN)


def updated(code: str) -> Catalog:
    """It, with exactly the texts of today. Of a changed text, nothing is guessed."""
    catalogue = translated(code)
    catalogue.update(texts(), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    catalogue.mime_headers = [("Plural-Forms", f"nplurals={len(categories(code))}; plural={PLURALS[code]};")]
    catalogue.project, catalogue.version = "Muster", "1"
    catalogue.fuzzy = False
    catalogue.header_comment = f"# {LANGUAGES[code]}"
    catalogue.creation_date = catalogue.revision_date = _NO_TIME
    return catalogue


def categories(code: str) -> tuple[str, ...]:
    return CATEGORIES.get(code, SINGULAR_AND_PLURAL)


def untranslated(catalogue: Catalog) -> list[Message]:
    """The messages that lack a translation, or one of its plural forms."""
    return [message for message in catalogue if message.id and not all(forms(message))]


def forms(message: Message) -> Sequence[str]:
    """The translation's plural forms; one, if it has none."""
    return [message.string or ""] if isinstance(message.string, str | None) else list(message.string)


def as_po(catalogue: Catalog) -> bytes:
    file = io.BytesIO()
    write_po(file, catalogue, width=110, include_lineno=False, ignore_obsolete=True)
    return file.getvalue()


def compiled(catalogue: Catalog) -> bytes:
    file = io.BytesIO()
    write_mo(file, catalogue)
    return file.getvalue()


def written(formats: dict[str, Any]) -> str:
    return json.dumps(formats, ensure_ascii=False, indent=1) + "\n"


def formats(code: str) -> dict[str, Any]:
    """How the language writes days, times of day, how far ahead something is, numbers, and alternatives."""
    locale = Locale.parse(LOCALES.get(code, code))
    alternatives, fields = locale.list_patterns["or"], locale._data["date_fields"]
    return {
        "plural": PLURALS[code],
        "day": for_format(locale.datetime_skeletons["MMMEd"].pattern),
        "weekdays": [locale.days["format"]["abbreviated"][day] for day in range(7)],
        "months": [locale.months["format"]["abbreviated"][month] for month in range(1, 13)],
        "clock": for_format(locale.datetime_skeletons["Hm"].pattern),
        "ahead": {
            unit: [fields[unit]["future"][category] for category in categories(code)]
            for unit in ("second", "minute", "hour", "day")
        },
        "group": locale.number_symbols["latn"]["group"],
        "percent": locale.percent_formats[None].pattern.replace("#,##0", "{}"),
        "or": [alternatives["2"], alternatives["middle"], alternatives["end"]],
    }


def for_format(pattern: str) -> str:
    """CLDR's pattern of a date or a time, such as `E, d. MMM`, as one for `str.format`."""
    return "".join(
        part[1:-1] if part[0] == "'" else _FIELDS.get(part, part) for part in _PARTS.findall(pattern)
    )


_PARTS = re.compile(r"'[^']*'|[A-Za-z]+|[^A-Za-z']+")
_FIELDS = {
    "E": "{weekday}",
    "ccc": "{weekday}",
    "d": "{day}",
    "MMM": "{month}",
    "M": "{month_number}",
    "H": "{hour}",
    "HH": "{hour:02}",
    "mm": "{minute:02}",
}


if __name__ == "__main__":
    main()
