"""Names: which are the same commander, what of them is shown, and which are refused."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import names
from chalicelib.domain.errors import Malformed
from chalicelib.domain.names import (
    MAX_LENGTH,
    display_name,
    may_have_tag,
    name_keys,
    normalised,
    normalised_before,
    tag_key,
    without_tags,
)

TAGS = {tag_key(tag) for tag in ("NOVA", "ØRB", "[Q7]", "星")}
UNSEEN = "\u3164\u115f\u1160\uffa0\u2800\u200b\u200c\u200d\u200e\u200f\u061c\u00ad\u034f\u2060\ufeff\ufe0f"
UNSEEN += "\U000e0041\ufff9"
TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"

every_character = st.characters(exclude_categories=())
any_text = st.text(every_character, max_size=MAX_LENGTH)
awkward_text = st.text(
    st.one_of(
        st.sampled_from("\u0345\u0301\u0316\u0344\u1e9e\u03d2\u0130\u00a8\u3099\u1100\u1161\u11a8 " + UNSEEN),
        st.sampled_from("👩🏽🚀❤🏴1\u20e3#क्षم辻ᠮ\U000e0100\u180b\U000e0067\U000e007f[](){}<>|«»【】NOVA"),
    ),
    max_size=20,
)


@pytest.mark.parametrize(
    "other",
    [
        *("kestrel", "KESTREL", "  Kestrel ", "Ｋｅｓｔｒｅｌ", "Kestrel\u3000"),
        *(f"Kes{unseen}trel" for unseen in UNSEEN),
        *(f"{unseen}Kestrel{unseen}" for unseen in UNSEEN),
    ],
)
def test_spellings_that_look_the_same_are_the_same_commander_and_are_shown_alike(other: str) -> None:
    assert normalised(other) == normalised("Kestrel")
    assert display_name(other) in ("Kestrel", "kestrel", "KESTREL", "Ｋｅｓｔｒｅｌ")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Straße", "STRASSE"),
        ("Ⅻ", "xii"),
        ("Ana  Maria", "ana maria"),
        ("Ana\tMaria", "ana maria"),
        ("Ana\r\nMaria", "ana\u00a0\u2003maria"),
        ("ﬁn", "FIN"),
        ("❤️ Ace", "❤ ace"),
        ("👩\u200d🚀", "👩🚀"),
        ("می\u200cخواهم", "میخواهم"),
    ],
)
def test_compatible_forms_are_the_same_commander(one: str, other: str) -> None:
    assert normalised(one) == normalised(other)


@pytest.mark.parametrize(("one", "other"), [("Kestrel", "Kestrel1"), ("Kestrel", "Кestrel"), ("ab", "a b")])
def test_other_names_are_other_commanders(one: str, other: str) -> None:
    assert normalised(one) != normalised(other)


@pytest.mark.parametrize(
    "name",
    [
        *('=HYPERLINK("x")', "名前", "Zoë", "x" * MAX_LENGTH, "O'Brien & <b>", "\u0600١٢", "ÑÅßØ", "⠓⠑"),
        *("Kestrel\U0001fa77", "Kestrel\U0001fae9", "\U00010d50\U00010d70", "𞤀𞤢", "\U0001e030", "\U0003134f"),
    ],
    ids=ascii,
)
def test_any_script_and_any_sign_is_a_name_of_whatever_version_of_unicode(name: str) -> None:
    assert display_name(f"  {name} ") == name


@pytest.mark.parametrize(
    "name",
    [
        *(
            "👩\u200d🚀 Ace",
            "👩🏽\u200d🚀",
            "🏳\ufe0f\u200d🌈",
            "❤\ufe0f\u200d🔥",
            "1\ufe0f\u20e3",
            "ℹ\ufe0f",
            "❤\ufe0e",
        ),
        *("🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", "辻\U000e0100", "ᠮᠣ\u180b"),
        *("می\u200cخواهم", "क्\u200dष", "ශ්\u200dරී"),
    ],
    ids=ascii,
)
def test_what_cant_be_seen_stays_where_it_shapes_what_can(name: str) -> None:
    assert display_name(name) == name
    assert not [c for c in UNSEEN if c in normalised(name)]


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("a\u200db", "ab"),
        ("Kestrel\ufe0f", "Kestrel"),
        ("👩\u200d", "👩"),
        ("1\ufe0f2", "12"),
        ("🏴\U000e0067", "🏴"),
        ("x\U000e0067\U000e007f", "x"),
        ("a\n b", "a b"),
    ],
    ids=ascii,
)
def test_and_goes_where_it_does_nothing(typed: str, shown: str) -> None:
    assert display_name(typed) == shown


@pytest.mark.parametrize(
    ("name", "why"),
    [
        *(
            (name, "Please give the commander's name")
            for name in ("", "   ", "\n", "\u200b", *UNSEEN, UNSEEN)
        ),
        *((f"a{turning}b", "turns the direction") for turning in TURNING),
        *((f"{turning}ab", "turns the direction") for turning in TURNING),
        *((f"a{bad}b", "can't be shown") for bad in "\x00\x1b\x1c\x7f\x9f\ud800\udfff\ue000\U00100000"),
        *((f"a{bad}b", "can't be shown") for bad in "\ufdd0\ufdef\ufffe\uffff\U0001fffe\U0010ffff"),
        ("Zo\ufffd", "was lost"),
        ("x" * (MAX_LENGTH + 1), "has 65 characters"),
        ("\ufdfa" * MAX_LENGTH, "stand for several"),
        ("a" + "\u0301" * 130_000, "too long"),
    ],
    ids=lambda text: ascii(text[:12]),
)
def test_what_is_no_name_is_refused_by_field_in_words(name: str, why: str) -> None:
    with pytest.raises(Malformed, match=why) as caught:
        display_name(name, "name")
    assert caught.value.code == "invalid-name"
    assert [error.field for error in caught.value.errors] == ["name"]
    assert "U+" not in caught.value.detail


def test_what_is_too_long_is_never_normalised(monkeypatch: pytest.MonkeyPatch) -> None:
    """Putting the marks of one long cell in order took half a minute."""
    seen: list[int] = []

    class Watched:
        category = staticmethod(unicodedata.category)

        @staticmethod
        def normalize(form: str, text: str) -> str:
            seen.append(len(text))
            return unicodedata.normalize(form, text)  # type: ignore[arg-type]

    monkeypatch.setattr(names, "unicodedata", Watched)
    zalgo = "a" + "\u0301\u0316" * 65_000
    with pytest.raises(Malformed):
        display_name(zalgo)
    assert name_keys(zalgo) == ()
    assert (normalised(zalgo), normalised_before(zalgo)) == (zalgo, zalgo)
    assert seen == []


@pytest.mark.parametrize("texts", [st.text(every_character), awkward_text], ids=["any", "awkward"])
def test_normalising_twice_changes_nothing(texts: st.SearchStrategy[str]) -> None:
    @given(texts)
    def check(name: str) -> None:
        assert normalised(normalised(name)) == normalised(name)

    check()


@pytest.mark.parametrize("texts", [any_text, awkward_text], ids=["any", "awkward"])
def test_what_is_shown_is_the_same_commander_as_what_was_typed(texts: st.SearchStrategy[str]) -> None:
    @given(texts)
    def check(name: str) -> None:
        try:
            shown = display_name(name)
        except Malformed:
            return
        assert normalised(shown) == normalised(name)
        assert normalised(name) in name_keys(name)
        assert display_name(shown) == shown
        assert not any(unicodedata.category(character) == "Cc" for character in shown)

    check()


@pytest.mark.parametrize(
    "typed",
    [
        *(
            "[NOVA] Altair",
            "[nova]Altair",
            "Altair [Nova]",
            "Altair[NOVA]",
            "  [ NOVA ]  Altair",
            "[NO\u200bVA] Altair",
            "[N O V A] Altair",
        ),
        *(
            "(NOVA) Altair",
            "{NOVA} Altair",
            "<NOVA> Altair",
            "|NOVA| Altair",
            "||NOVA|| Altair",
            "[[NOVA]] Altair",
        ),
        *(
            "【NOVA】Altair",
            "⟦NOVA⟧ Altair",
            "«NOVA» Altair",
            "»NOVA« Altair",
            "“NOVA” Altair",
            "〔NOVA〕Altair",
        ),
        *(
            "［ＮＯＶＡ］ Altair",
            "（NOVA）Altair",
            "＜NOVA＞Altair",
            "｜NOVA｜Altair",
            "༺NOVA༻ Altair",
            "꧁NOVA꧂ Altair",
        ),
        *("[ØRB] Altair", "[ørb] Altair", "[Q7] Altair", "[星] Altair", "❨NOVA❩ Altair", "『NOVA』Altair"),
        *("[NOVA][ØRB] Altair", "[NOVA] Altair [ØRB]", "[NOVA] [NOVA] Altair", "{NOVA}(ØRB)<Q7> Altair"),
    ],
)
def test_a_tag_of_the_server_is_no_part_of_the_name(typed: str) -> None:
    assert display_name(typed, tags=TAGS) == "Altair"
    assert name_keys(typed, TAGS)[-1] == "altair"
    assert may_have_tag(typed)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        *(
            (same, same)
            for same in ("[NOVA]", "[ NOVA ]", "NOVA Altair", "NOVA", "[XYZ] Altair", "Al[NOVA]tair")
        ),
        *(
            (same, same)
            for same in ("[NOVA Altair", "NOVA] Altair", "O’NOVA’", "(o_o)", "Altair <3", "[NOVA|ØRB] x")
        ),
        ("[NOVA][ØRB]", "[ØRB]"),
        ("[NOVA] NOVA", "NOVA"),
        ("[R5] [NOVA] Altair", "[R5] Altair"),
        ("Altair[NOVA][R5]", "Altair[R5]"),
        ("[NOVA] [\u200b]", "[]"),
    ],
)
def test_all_other_brackets_are(typed: str, shown: str) -> None:
    assert display_name(typed, tags=TAGS) == shown


def test_the_tag_does_not_count_for_the_length() -> None:
    assert display_name(f"[NOVA] {'x' * MAX_LENGTH}", tags=TAGS) == "x" * MAX_LENGTH


@given(awkward_text)
def test_what_is_shown_without_tags_has_none_left(name: str) -> None:
    try:
        shown = display_name(name, tags=TAGS)
    except Malformed:
        return
    assert display_name(shown, tags=TAGS) == shown
    assert without_tags(shown, TAGS) == shown
    assert normalised(shown) in name_keys(name, TAGS)
    assert may_have_tag(name) or name_keys(name, TAGS) == name_keys(name)


def test_a_name_is_looked_for_as_the_first_version_knew_it() -> None:
    assert name_keys("Kestrel") == ("kestrel",), "which for most is no difference, and costs nothing"
    assert name_keys("❤️ Ace") == ("❤\ufe0f ace", "❤ ace")
    assert name_keys("[NOVA] ❤️ Ace", TAGS) == ("[nova] ❤\ufe0f ace", "[nova] ❤ ace", "❤\ufe0f ace", "❤ ace")
    assert name_keys("\u3164") == ("\u1160",)
    assert name_keys("\ud800") == ()
