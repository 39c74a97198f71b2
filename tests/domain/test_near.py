"""Near names: what may be a slip, and what people mean to be different."""

import difflib
import random
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.names import normalised
from chalicelib.domain.near import MOST, near_names

BIRDS = """
    Kestrel Merlin Osprey Hawk Falcon Eagle Owl Raven Crow Heron Egret Stork Crane Finch Robin Wren Swift Swallow
    Martin Lark Linnet Siskin Bunting Plover Curlew Godwit Dunlin Avocet Puffin Gannet Petrel Fulmar Skua Tern Gull
    Cormorant Grebe Teal Wigeon Pintail Shoveler Goldeneye Smew Goshawk Harrier Buzzard Kite Hobby Partridge Quail
    Pheasant Rail Crake Coot Moorhen Lapwing Snipe Woodcock Sandpiper Turnstone Knot Sanderling Ruff Dove Pigeon
    Cuckoo Nightjar Kingfisher Hoopoe Woodpecker Jay Magpie Jackdaw Rook Chough Goldcrest Firecrest Warbler
    Whitethroat Blackcap Chiffchaff Nuthatch Treecreeper Waxwing Starling Thrush Blackbird Fieldfare Redwing
    Nightingale Redstart Whinchat Stonechat Wheatear Dunnock Wagtail Pipit Brambling Greenfinch Goldfinch Redpoll
    Crossbill Bullfinch Hawfinch Yellowhammer Oriole Shrike Condor Vulture Albatross Pelican Ibis Flamingo Toucan
    Macaw Parrot Cockatoo Kookaburra Emu Ostrich Penguin"""
STARS = """
    Vega Altair Deneb Rigel Sirius Canopus Arcturus Capella Procyon Betelgeuse Achernar Hadar Acrux Aldebaran Antares
    Spica Pollux Fomalhaut Mimosa Regulus Adhara Castor Gacrux Shaula Bellatrix Elnath Miaplacidus Alnilam Alnair
    Alioth Dubhe Mirfak Wezen Sargas Kaus Avior Alkaid Menkalinan Atria Alhena Peacock Alsephina Mirzam Polaris
    Alphard Hamal Diphda Nunki Mirach Alpheratz Saiph Kochab Rasalhague Algol Denebola Tiaki Muhlifain Naos Aspidiske
    Suhail Alphecca Mizar Sadr Schedar Mintaka Caph Dschubba Larawag Merak Izar Enif Ankaa Phecda Scheat Aludra Markeb
    Gienah Markab Zubeneschamali Sabik"""
ADJECTIVES = """
    Red Blue Golden Silver Dark Crimson Amber Arctic Bold Bright Calm Clever Cosmic Crystal Dusty Eager Emerald Fierce
    Frozen Gentle Giant Grey Hidden Icy Iron Jade Lone Lucky Mighty Misty Night Noble Northern Obsidian Pale Proud
    Quiet Rapid Royal Ruby Rusty Sacred Scarlet Shadow Silent Sleepy Solar Spotted Steel Stormy Swift Tiny Twilight
    Velvet Violet Wandering White Wild Windy Winter"""
ELSEWHERE = """
    Кречет Сокол Ястреб Беркут Сова Филин Ворон Журавль Цапля Аист Зяблик Синица Снегирь Дрозд Соловей Ласточка Чайка
    Орлан Пустельга Канюк Αετός Γεράκι Κουκουβάγια Κοράκι Χελιδόνι Σπουργίτι Πελαργός Γλάρος Κύκνος Αηδόνι
    鷹 隼 大鷹 白鷹 黒鷹 海鷹 金鷲 大鷲 白鳥 黒鳥 夜鷹 雪梟 老鷹 雄鷹 飛鷹 白尾海雕 白頭海雕 虎頭海雕
    タカ ハヤブサ フクロウ シマフクロウ ツバメ イワツバメ スズメ カラス ガラス ビル ビール
    독수리 부엉이 올빼미 참수리 검독수리 흰꼬리수리 붉은독수리 검은독수리 매 까치 까마귀 제비 참새
    نسر صقر بوم حمام عقاب شاهين بلبل هدهد غراب طاووس باشق עורב נשר ינשוף דרור יונה
    อินทรี เหยี่ยว นกฮูก बाज चील उल्लू मोर"""
SINGLE = sorted({name for names in (BIRDS, STARS, ADJECTIVES, ELSEWHERE) for name in names.split()})
DOUBLE = [one + other for one in ADJECTIVES.split() for other in (BIRDS + STARS).split()]

AFTER_ALL = {  # a letter or two of five and more: nobody can tell these from slips
    ("Acrux", "Gacrux"),
    ("Alnair", "Altair"),
    ("Crake", "Crane"),
    ("Dusty", "Rusty"),
    ("Eager", "Eagle"),
    ("Golden", "Goldeneye"),
    ("Izar", "Mizar"),
    ("Markab", "Markeb"),
    ("Pigeon", "Wigeon"),
    ("Sanderling", "Wandering"),
}


def near(one: str, other: str) -> bool:
    there, back = near_names(one, [other]), near_names(other, [one])
    assert bool(there) == bool(back)
    return there == [other]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Kestrel", "Кestrel"),  # Cyrillic, as it is shown
        ("Kestrel", "кestrel"),  # the same in small letters
        ("Hawk", "Ηawk"),  # a Greek eta, which is like n when small
        ("Haven", "Ηaνen"),  # and a nu, which is like N when a capital
        ("Comet", "Сомет"),  # all Cyrillic
        ("CARBON", "Саrвοn"),
        ("Merlin", "Ꮇerlin"),  # Cherokee
        ("Osprey", "0sprey"),
        ("Kestrel", "KestreI"),
        ("Kestrel", "Kestre1"),
        ("KESTREL", "kestre1"),
        ("Kestrel1", "KestrelI"),
        ("MERLIN", "rnerlin"),
        ("Merlin_", "merlin"),
        ("Ivan_", "ivan"),
        ("Łódź", "Lodz"),
        ("Smørrebrød", "Smorrebrod"),
        ("口シア", "ロシア"),
        ("工ース", "エース"),
        ("ک نسر", "ك نسر"),
        ("نسرo", "نسر\u0647"),  # an Arabic heh
    ],
)
def test_look_alike_letters_are_near(one: str, other: str) -> None:
    assert near(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Red Kite", "RedKite"),
        ("Red_Kite", "red-kite"),
        ("R.e.d.Kite", "Red Kite"),
        ("O'Brien", "O’Brien"),
        ("OʼBrien", "OBrien"),
        ("★Kestrel★", "Kestrel"),
        ("Kestrel❤\ufe0f", "kestrel"),
        ("꧁Kestrel꧂", "Kestrel"),
        ("Red\u200bKite", "Red Kite"),
        ("Commander 1 2", "Commander12"),
        ("大 鷹", "大鷹"),
    ],
)
def test_names_that_differ_in_separators_and_ornaments_are_near(one: str, other: str) -> None:
    assert near(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Zoë", "Zoe"),
        ("Αετός", "Αετος"),
        ("Журавлёв", "журавлев"),
        ("مُحَمَّد", "محمد"),
        ("K̶e̶s̶", "Kes"),
        ("Ươm", "Uom"),
    ],
)
def test_names_that_differ_in_accents_are_near(one: str, other: str) -> None:
    assert near(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Kestrel", "Kestrl"),
        ("Merlin", "Marlin"),
        ("Hawk", "Hawks"),
        ("Osprey", "Opsrey"),
        ("Robin", "Rovin"),
        ("KestrelWing", "KestrlWing"),
        ("Kestrel Wing", "Kestrel_Wings"),
        ("KestrelWing", "kestrelwng"),
        ("KESTRELWING", "KestrlWing"),
        ("Kestrel2", "Kestrl2"),
        ("RedKestrel", "RedKestrl"),
        ("KestrelXWings", "KestrelXWins"),
        ("Zoë Kestrel", "Zoe Kestrl"),
        ("鷹Kestrel", "鷹Kestrl"),
        ("Пустельга", "Пустелга"),
        ("Κουκουβάγια", "Κουκουβάγα"),
        ("شاهين", "شاهيين"),
    ],
)
def test_slips_in_a_long_part_are_near(one: str, other: str) -> None:
    assert near(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Kestrel", "Kestrel2"),
        ("Kestrel2", "Kestrel3"),
        ("Commander17", "Commander18"),
        ("Commander1", "Commander11"),
        ("Kestrl2", "Kestrel3"),
        ("Commander A", "Commander B"),
        ("CommanderA", "CommanderB"),
        ("CommanderA", "commanderb"),
        ("User-abc", "User-abd"),
        ("Kestrel", "KestrelX"),
        ("KestrelXWings", "KestrelYWings"),
        ("KestrelII", "KestrelIII"),
        ("Kite", "Kit"),
        ("Kite", "Site"),
        ("Commander", "Commander Hawk"),
        ("Nightingale", "Nightingale Wing"),
        ("大鷹", "白鷹"),
        ("白頭海雕", "白尾海雕"),
        ("シマフクロウ", "シマフクロン"),
        ("カラス", "ガラス"),
        ("ビル", "ビール"),
        ("검은독수리", "붉은독수리"),
        ("राम", "रोम"),
        ("くま", "ノま"),
        ("🚀", "⭐"),
        ("---", "_"),
        ("1A2B", "12AB"),
    ],
)
def test_names_that_mean_to_differ_are_not_near(one: str, other: str) -> None:
    assert not near(one, other)


def test_unrelated_names_are_hardly_ever_near() -> None:
    assert len(SINGLE) > 300
    found = {name: near_names(name, SINGLE) for name in SINGLE}
    assert max(map(len, found.values())) < MOST
    assert {(one, other) for one in found for other in found[one] if one < other} == AFTER_ALL


def test_names_of_two_words_are_near_only_where_their_words_are() -> None:
    sample = random.Random(1).sample(DOUBLE, 300)
    assert [name for name in sample if near_names(name, sample)] == []


def test_load_tests_and_alts_are_never_near_one_another() -> None:
    names = [f"Commander{number}" for number in range(300)]
    assert not any(near_names(name, names) for name in names)


def test_the_nearest_come_first_and_no_more_than_some() -> None:
    known = ["Kestral", "Kestrels", "Кestrel", "Kestrl", "Kes-trel", "Merlin"]
    assert near_names("Kestrel", known) == ["Kes-trel", "Кestrel", "Kestrels"]
    assert near_names("Kestrel", ["Kestral", "Kestrl", "Kestrels"]) == ["Kestrels", "Kestrl", "Kestral"]


def test_the_same_commander_is_not_near() -> None:
    assert near_names("Kestrel", ["kestrel", "KESTREL ", "Ｋｅｓｔｒｅｌ", "Kes\u200btrel"]) == []


def test_no_name_is_near_where_none_is_known() -> None:
    assert near_names("Kestrel", []) == []


def test_a_known_name_is_given_once_and_as_it_is_shown() -> None:
    assert near_names("kestrl", iter(["KesTREL", "KesTREL"])) == []
    assert near_names("kestrl", iter(["Kestrel", "Kestrel"])) == ["Kestrel"]


def test_few_names_of_a_large_roster_are_compared_letter_by_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    roster = DOUBLE[:3700]
    compared = []

    class Counted(difflib.SequenceMatcher[str]):
        def ratio(self) -> float:
            compared.append(self)
            return super().ratio()

    monkeypatch.setattr(difflib, "SequenceMatcher", Counted)
    assert near_names("GoldenKestrl", roster) == ["GoldenKestrel"]
    assert len(compared) < len(roster) / 20


@pytest.mark.parametrize(
    ("one", "other"), [("eagle", "leale"), ("kestrel", "kestlrl"), ("cockatoo", "okcatoo")]
)
def test_names_that_difflib_finds_nearer_one_way_are_near_both_ways_or_neither(one: str, other: str) -> None:
    one_way, back = (difflib.SequenceMatcher(None, *pair) for pair in ((one, other), (other, one)))
    assert one_way.ratio() != back.ratio()
    assert bool(near_names(one, [other])) == bool(near_names(other, [one]))


NAMES = st.one_of(
    st.text(max_size=12),
    st.text(alphabet="aAbIl1oO0mrn kкКηΗ._-é名ロ", max_size=8),
    st.sampled_from(SINGLE),
)


PARTS = st.text("abc", min_size=4, max_size=9)


@given(PARTS, PARTS)
def test_what_is_told_apart_quickly_difflib_tells_apart_as_well(one: str, other: str) -> None:
    first, second = sorted((one, other))
    ratio = difflib.SequenceMatcher(None, first, second, autojunk=False).ratio()
    assert (near_names(one, [other]) == [other]) == (one != other and ratio >= 0.8)


@given(NAMES, NAMES)
def test_it_makes_no_difference_which_of_two_names_is_typed(one: str, other: str) -> None:
    assert bool(near_names(one, [other])) == bool(near_names(other, [one]))


@given(st.sampled_from(SINGLE), st.integers(0, 20), st.sampled_from([*"abxyz1 _", ""]))
def test_slips_go_both_ways(name: str, at: int, slip: str) -> None:
    near(name, name[:at] + slip + name[at + 1 :])


@given(NAMES, st.lists(NAMES, max_size=6), st.randoms(use_true_random=False))
def test_the_order_in_which_names_are_known_makes_no_difference(
    typed: str, known: list[str], order: random.Random
) -> None:
    found = near_names(typed, known)
    order.shuffle(known)
    assert near_names(typed, known) == found
    assert len(found) <= MOST
    assert set(found) <= set(known)
    assert all(normalised(name) != normalised(typed) for name in found)


@given(st.sampled_from(SINGLE), st.sampled_from(" _-.·~★"), st.integers(0, 20))
def test_a_separator_anywhere_is_near(name: str, separator: str, at: int) -> None:
    typed = unicodedata.normalize("NFC", name[:at] + separator + name[at:])
    assert normalised(typed) == normalised(name) or near(typed, name)
