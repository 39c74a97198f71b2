"""Names: which are the same commander, and which are refused."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.errors import Malformed
from chalicelib.domain.names import MAX_LENGTH, display_name, normalised


@pytest.mark.parametrize(
    "other",
    ["kestrel", "KESTREL", "  Kestrel ", "Ｋｅｓｔｒｅｌ", "Kes\u200btrel", "Kes\u00adtrel", "\ufeffKestrel"],
)
def test_spellings_that_look_the_same_are_the_same_commander(other: str) -> None:
    assert normalised(other) == normalised("Kestrel")


@pytest.mark.parametrize(
    ("one", "other"), [("Straße", "STRASSE"), ("Ⅻ", "xii"), ("Ana  Maria", "ana maria"), ("ﬁn", "FIN")]
)
def test_compatible_forms_are_the_same_commander(one: str, other: str) -> None:
    assert normalised(one) == normalised(other)


@pytest.mark.parametrize(("one", "other"), [("Kestrel", "Kestrel1"), ("Kestrel", "Кestrel"), ("ab", "a b")])
def test_other_names_are_other_commanders(one: str, other: str) -> None:
    assert normalised(one) != normalised(other)


@pytest.mark.parametrize(
    "name", ['=HYPERLINK("x")', "名前", "Zoë", "👩‍🚀 Ace", "x" * MAX_LENGTH, "O'Brien & <b>"]
)
def test_any_script_and_any_sign_is_a_name(name: str) -> None:
    assert display_name(f"  {name} ") == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "   ",
        "\u200b",
        "x" * (MAX_LENGTH + 1),
        "a\x00b",
        "a\nb",
        "a\tb",
        "a\u202eb",
        "a\u2066b",
        "a\u200fb",
        "\ud800",
        "\ufdfa" * 64,
    ],
)
def test_what_is_no_name_is_refused_by_field(name: str) -> None:
    with pytest.raises(Malformed) as caught:
        display_name(name)
    assert caught.value.code == "invalid-name"
    assert [error.field for error in caught.value.errors] == ["commander"]


@given(st.text())
def test_normalising_twice_changes_nothing(name: str) -> None:
    assert normalised(normalised(name)) == normalised(name)


@given(st.text(max_size=MAX_LENGTH))
def test_what_is_shown_is_the_same_commander_as_what_was_typed(name: str) -> None:
    try:
        shown = display_name(name)
    except Malformed:
        return
    assert normalised(shown) == normalised(name)
    assert not any(unicodedata.category(character) == "Cc" for character in shown)
