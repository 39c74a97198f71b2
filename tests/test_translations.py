"""The catalogues hold what the pages say in every language; times and numbers are written as Unicode's CLDR says."""

import gettext
import re
import string
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from babel import Locale
from babel.messages.catalog import Catalog

from chalicelib.domain.messages import MESSAGES, Message, Value, say
from chalicelib.languages import DOMAIN, LANGUAGES, LOCALE, language, preferred
from local import translations

TRANSLATED = [code for code in LANGUAGES if code != "en"]
NOON = datetime(2023, 11, 15, 12, tzinfo=ZoneInfo("UTC"))


@pytest.fixture(scope="module")
def texts() -> Catalog:
    return translations.texts()


def pairs(catalogue: Catalog) -> list[tuple[str, str]]:
    """Each text with each of its translations. Of several plural forms of a text, it is the last."""
    return [
        (one.id if isinstance(one.id, str) else one.id[-1], form)
        for one in catalogue
        if one.id
        for form in translations.forms(one)
    ]


def placeholders(text: str) -> set[str]:
    """`%(these)s` of a template, or `{these}` of a message."""
    return set(re.findall(r"%\((\w+)\)s|%%", text)) | {
        name for _, name, _, _ in string.Formatter().parse(text) if name is not None
    }


@pytest.mark.parametrize("code", TRANSLATED)
class TestCatalogue:
    def test_it_holds_exactly_what_is_said(self, code: str, texts: Catalog) -> None:
        """`make translations` brings it up to date."""
        there = {one.id for one in translations.translated(code)}
        assert there == {one.id for one in texts}
        written = translations.as_po(translations.updated(code))
        assert (LOCALE / code / "LC_MESSAGES" / f"{DOMAIN}.po").read_bytes() == written

    def test_nothing_is_left_to_translate(self, code: str) -> None:
        assert not [one.id for one in translations.untranslated(translations.translated(code))]

    def test_no_translation_is_guessed(self, code: str) -> None:
        assert not [one.id for one in translations.translated(code) if one.fuzzy]

    def test_a_translation_names_what_the_text_names_and_holds_no_markup(self, code: str) -> None:
        for text, form in pairs(translations.translated(code)):
            if form:
                assert placeholders(form) == placeholders(text), text
                assert not re.search(r"[<>&]", form), text
                assert form == form.strip(), text

    def test_what_runs_is_what_was_translated(self, code: str) -> None:
        compiled = translations.compiled(translations.translated(code))
        assert (LOCALE / code / "LC_MESSAGES" / f"{DOMAIN}.mo").read_bytes() == compiled


def test_english_has_no_catalogue() -> None:
    assert {path.name for path in (LOCALE / "en").iterdir()} == {"formats.json"}


@pytest.mark.parametrize("code", LANGUAGES)
class TestFormats:
    def test_they_are_those_of_cldr(self, code: str) -> None:
        path = LOCALE / code / "formats.json"
        assert path.read_text(encoding="utf-8") == translations.written(translations.formats(code))

    def test_a_number_takes_the_plural_form_that_cldr_gives_it(self, code: str) -> None:
        rule, plural = Locale.parse(code).plural_form, gettext.c2py(translations.PLURALS[code])
        names = translations.categories(code)
        for number in [*range(1_200), 21_001, 999_999]:
            assert names[plural(number)] == rule(number), number

    def test_every_value_of_a_message_can_be_shown(self, code: str) -> None:
        words = language(code)
        values: list[Value] = [NOON, timedelta(hours=11), 8925, "Kestrel", ["Kestrel", "Merlin", "Merlyn"]]
        assert all(words.show(value) for value in values)


def test_english_is_the_same_in_a_message_and_on_a_page() -> None:
    words = language("en")
    for message in (
        say("not-open", milestone="M", opens_at=NOON, left=timedelta(hours=11)),
        say("not-open", milestone="M", opens_at=NOON, left=timedelta(seconds=1)),
        say("too-many-bytes", size=70_000, most=1),
        *(
            say("did-you-mean", name="K", alliance="N", suggestions=list("ABCD"[:count]))
            for count in (1, 2, 3, 4)
        ),
    ):
        assert words.say(message) == message


@pytest.mark.parametrize(
    ("code", "moment", "ahead", "number", "alternatives"),
    [
        ("en", "Wed 15 Nov at 12:00 UTC", "in 21 hours", "1,234,567", "A, B or C"),
        ("de", "Mi., 15. Nov. um 12:00 UTC", "in 21 Stunden", "1.234.567", "A, B oder C"),
        ("fr", "mer. 15 nov. à 12:00 UTC", "dans 21 heures", "1\u202f234\u202f567", "A, B ou C"),
        ("es", "mié, 15 nov a las 12:00 UTC", "dentro de 21 horas", "1.234.567", "A, B o C"),
        ("it", "mer 15 nov alle 12:00 UTC", "tra 21 ore", "1.234.567", "A, B o C"),
        ("pt", "qua., 15 de nov. às 12:00 UTC", "em 21 horas", "1.234.567", "A, B ou C"),
        ("ru", "ср, 15 нояб. в 12:00 UTC", "через 21 час", "1\xa0234\xa0567", "A, B или C"),
        ("ja", "11月15日(水) 12:00 UTC", "21 時間後", "1,234,567", "A、B、またはC"),
    ],
)
def test_times_numbers_and_alternatives_read_as_in_the_language(
    code: str, moment: str, ahead: str, number: str, alternatives: str
) -> None:
    words = language(code)
    assert words.ahead(timedelta(hours=21, minutes=59)) == ahead
    assert words.number(1_234_567) == number
    assert words.either(["A", "B", "C"]) == alternatives
    assert words.moment(NOON) == moment


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("", "en"),
        ("de", "de"),
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("PT-br", "pt"),
        ("zh-CN,zh;q=0.9", "en"),
        ("zh-CN,zh;q=0.9,ja;q=0.5,en;q=0.4", "ja"),
        ("en;q=0.5, fr;q=0.7", "fr"),
        ("fr;q=0, it ; q=0.3", "it"),
        ("fr; q = 1.000, it", "fr"),
        ("*", "en"),
        ("*;q=0.5, ru;q=0.1", "ru"),
        ("de;q=high, es;q=0.2", "es"),
        ("de;q=2", "en"),
        (",;,;;=,q=1", "en"),
    ],
)
def test_the_language_is_the_one_that_the_browser_likes_best(header: str, code: str) -> None:
    assert preferred(header) == code


def test_each_message_can_be_said_in_each_language() -> None:
    """With exactly the values that the English one takes."""
    for name, sentence in MESSAGES.items():
        message = Message(sentence)
        message.name, message.values = name, dict.fromkeys(placeholders(sentence), "…")
        for code in LANGUAGES:
            assert "…" in language(code).say(message) or not message.values
