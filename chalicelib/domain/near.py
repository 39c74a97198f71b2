"""Near names: which known commander a name that is new may be a slip for ("did you mean …?")."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import NamedTuple

from chalicelib.domain.names import MAX_LENGTH, normalised

MOST = 3
"""Names offered: more would be a list to search, not a question to answer."""

_SHORTEST = 4  # letters of a part in which a slip is believed
_NEAR = 0.8  # of a part: one letter of five, or one too many in four
_NEAR_WHOLE = 0.9  # where parts can't be paired, and a further word must not pass for a slip
_MARK = "\u200e"  # left to right
_PART = re.compile("u?l+|u+(?!l)|w")  # in what _shape makes of a name


def near_names(typed: str, known: Iterable[str]) -> list[str]:
    """Those of the `known` display names that `typed` may be a slip for: the nearest first, at most MOST.

    Two names are near, whichever of them is typed, when they

    1. look alike: but for accents, spaces, punctuation and symbols they consist of the same or of look-alike
       letters, of whatever scripts (Unicode TR 39), with 0/O and 1/l/I among them; or
    2. are spelled alike: they have the same digits, and each part that differs has at least four letters and a
       difflib ratio of at least 0.8, as in Merlin/Marlin, Hawk/Hawks, Osprey/Opsrey. Parts end at whatever is no
       letter and where a capital begins a word; an ideograph, kana or Hangul syllable is a part by itself. Names
       of unequally many parts (KestrelWing/kestrelwng) are compared whole, at 0.9, if none of them is short.

    So names that differ in digits or in a short part are different people, who mean to differ: Kestrel2,
    KestrelX, Commander A and Commander B. Looking alike is nearer than any spelling; equally near names come in
    alphabetical order. A name that is the same commander as `typed` is never near.
    """
    this, near = _features(typed), []
    for name in set(known):
        other = _features(name)
        if not this.looks.isdisjoint(other.looks):
            likeness = 1.0
        elif this.digits == other.digits:
            likeness = _likeness(this.parts, other.parts)
        else:
            continue
        if likeness and normalised(name) != normalised(typed):
            near.append((-likeness, name))
    return [name for _, name in sorted(near)[:MOST]]


class _Features(NamedTuple):
    """What names are compared by."""

    looks: set[str]
    digits: str
    parts: list[str]


@lru_cache(maxsize=8192)
def _features(name: str) -> _Features:
    """Kept, since an import compares each of its names with the same whole roster."""
    return _Features(_looks(name), _digits(name), _parts(name))


def _looks(name: str) -> set[str]:
    """What the name looks like as it is shown, in small letters, and in capitals.

    All three, as people don't mind the case but likeness does: I is like l, i is not; Cyrillic К is like K, к is
    not; Greek ν is like v, but Ν like N.
    """
    plain = _plain(name)
    looks = {form.translate(_LOOKS).casefold() for form in (plain, plain.casefold(), plain.upper())}
    return looks - {""}


def _digits(name: str) -> str:
    return "".join(filter(str.isdigit, _plain(name)))


def _parts(name: str) -> list[str]:
    plain = _plain(name)
    return [plain[part.start() : part.end()].casefold() for part in _PART.finditer(plain.translate(_SHAPES))]


def _likeness(one: list[str], other: list[str]) -> float:
    """The least ratio of parts that differ, or 0 where the names are not spelled alike."""
    if len(one) == len(other):
        pairs, near = [pair for pair in zip(one, other, strict=True) if pair[0] != pair[1]], _NEAR
    elif min(map(len, one + other)) >= _SHORTEST:
        pairs, near = [("".join(one), "".join(other))], _NEAR_WHOLE
    else:
        return 0.0
    for pair in pairs:
        if not _may_be_near(*pair):
            return 0.0
    least = min((_ratio(*pair) for pair in pairs), default=0.0)
    return least if least >= near else 0.0


def _may_be_near(one: str, other: str) -> bool:
    """Whether both are long enough for a slip, and the ratio may be _NEAR: it is less where one is much longer, or by
    letters that only one of them has. So nearly all are told apart, the quickest way first."""
    short, long = (len(one), len(other)) if len(one) < len(other) else (len(other), len(one))
    if short < _SHORTEST or 2 * short < _NEAR * (short + long) or long > MAX_LENGTH:
        return False  # what stands for more letters than a name has is no slip
    return 1 - len(set(one) ^ set(other)) / (short + long) >= _NEAR


def _ratio(one: str, other: str) -> float:
    from difflib import SequenceMatcher  # nothing else loads it

    first, second = sorted((one, other))  # its ratio is not the same both ways
    return SequenceMatcher(None, first, second, autojunk=False).ratio()


def _plain(name: str) -> str:
    """The name in plain letters, as NFKC has them, without accents and invisible characters. The case stays."""
    if name.isascii():
        return name
    letters = "".join(c for c in unicodedata.normalize("NFKD", name) if not _is_accent(c))
    return unicodedata.normalize("NFC", letters)


def _is_accent(character: str) -> bool:
    """Whether a letter is as good without it. Vowel, tone and voicing signs of Indic, Thai, kana are not meant."""
    place = unicodedata.combining(character)
    adorns = place == 1 or 10 <= place <= 36 or place >= 200
    return adorns or "\ufe00" <= character <= "\ufe0f" or unicodedata.category(character) in ("Cf", "Me")


class _Table(dict[int, str]):
    """For str.translate: what `of` makes of a character, found out once."""

    def __init__(self, of: Callable[[str], str]) -> None:
        self._of = of

    def __missing__(self, code: int) -> str:
        made = self[code] = self._of(chr(code))
        return made


def _shape(character: str) -> str:
    """`w` for a letter that is a word or a syllable, `u` for a capital, `l` for another letter, else a space."""
    if not character.isalpha():
        return " "
    if unicodedata.east_asian_width(character) in "WF":
        return "w"
    return "u" if character.isupper() else "l"


def _look(character: str) -> str:
    """What stands for all that look like this letter, digit or sign of one; nothing for anything else."""
    if not _is_written(character):
        return ""
    look = "".join(filter(_is_written, _plain(_prototype(character))))
    if look or unicodedata.category(character) == "Lm":  # a letter that looks like an apostrophe is one
        return look
    return character  # kana ku is a letter, though what it looks like is none


def _is_written(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMN"


def _prototype(character: str) -> str:
    """The one of Unicode TR 39 that stands for all that look like the character, or the character itself.

    The library holds each pair both ways, and puts left-to-right marks around what is written right to left. The
    prototype of a pair is the longer (rn, for m), else the one that is in more pairs, failing that either.
    """
    from confusable_homoglyphs.confusables import confusables_data as pairs  # type: ignore[import-untyped]

    key = character if character in pairs else f"{_MARK}{character}{_MARK}"
    likes = [key, *(pair["c"] for pair in pairs.get(key, ()))]
    prototype: str = max(likes, key=lambda like: (len(like.strip(_MARK)), len(pairs.get(like, ())), like))
    return prototype.strip(_MARK)


_LOOKS, _SHAPES = _Table(_look), _Table(_shape)
