"""Commander names: what may be typed, what is shown, and when two spellings are the same commander (DESIGN §3.11).

Unicode's own properties decide, and not the age of the interpreter's tables: what these don't know yet may be a letter
or an emoji of a later version, and is as good as one.
"""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable

from chalicelib.domain.errors import FieldError, Malformed
from chalicelib.domain.messages import Message, say

MAX_LENGTH = 64
"""Characters. No limit is published; the longest names seen have about 18."""

Tags = Collection[str]
"""The tags of a server's alliances, present and past, as `tag_key` has them."""

_MOST_TYPED = 4 * MAX_LENGTH
"""Characters of a name as it is typed, with tags and with what can't be seen. Checked before any other work."""
_MOST_FOLDED = 2 * MAX_LENGTH
"""Characters of a name as it is compared: some characters stand for whole phrases."""
_MOST_COMPARED = 1024
"""Characters that `normalised` looks at: the time to put marks in order grows with the square of their number."""

# Default_Ignorable_Code_Point, with the ranges that are reserved for more of them.
_IGNORABLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
# Letters, signs and controls that show nothing, though they are not among those.
_BLANK = "\u2800\ufff9-\ufffc\U00013430-\U0001343f\U00013441\U00013442\U00016fe4\U0001d159"
_UNSEEN = re.compile(f"[{_IGNORABLE}{_BLANK}]")

_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_LOST = "\ufffd"
_REFUSED = frozenset({"Cc", "Co", "Cs"})
_BREAKS = frozenset("\t\n\v\f\r\x85")

_ASCII_FENCES = frozenset("()[]{}<>|")


def display_name(typed: str, field: str = "commander", tags: Tags = ()) -> str:
    """The name as it is shown: what was typed, without `tags` in brackets around it, without outer and doubled spaces,
    and without what can't be seen, where that does nothing. `field` is where it was typed.

    Raises Malformed (`invalid-name`) for a name of nothing, an overlong one, and one with a character that can make it
    look like another or break a page: controls, what turns the direction of text, private use, and what is no
    character. Showing the result again changes nothing.
    """
    if len(typed.strip()) > _MOST_TYPED:
        raise _invalid(field, say("endless-name", most=MAX_LENGTH))
    for character in typed if not (typed.isascii() and typed.isprintable()) else "":
        if refusal := _refusal(character):
            raise _invalid(field, refusal)
    name = without_tags(_shown(typed), tags)
    key = normalised(name)
    if not key:
        raise _invalid(field, say("unseen-name") if typed.strip() else say("no-name"))
    if len(name) > MAX_LENGTH:
        raise _invalid(field, say("long-name", length=len(name), most=MAX_LENGTH))
    if len(key) > _MOST_FOLDED:
        raise _invalid(field, say("long-folded-name", most=MAX_LENGTH))
    return name


def normalised(name: str) -> str:
    """What identifies a name: NFKC, casefolded, single spaces, without what can't be seen.

    Idempotent: `normalised(normalised(x)) == normalised(x)`. What is too long for a name stays as it is.
    """
    if len(name) > _MOST_COMPARED:
        return name
    if name.isascii():
        return " ".join(name.lower().split())
    while (folded := _folded(name)) != name:
        name = folded
    return name


def normalised_before(name: str) -> str:
    """What identified a name in the first version, whose items are still stored under it until they are migrated."""
    if len(name) > _MOST_COMPARED:
        return name
    if name.isascii():
        return normalised(name)
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    visible = "".join(c for c in folded if unicodedata.category(c) != "Cf")
    return " ".join(unicodedata.normalize("NFKC", visible).split())


def name_keys(typed: str, tags: Tags = ()) -> tuple[str, ...]:
    """The normalised names that may lead to whom `typed` means, its own last; mostly there is no other.

    A name that was stored before its tag was one is found as it was typed, one that was stored by the first version as
    that knew it. Empty if it can be no name.
    """
    if len(typed.strip()) > _MOST_TYPED:
        return ()
    if not typed.isascii() and any(unicodedata.category(c) == "Cs" for c in typed):
        return ()
    spellings = dict.fromkeys((typed, without_tags(typed, tags)))
    keys = (key(spelling) for spelling in spellings for key in (normalised_before, normalised))
    return tuple(dict.fromkeys(key for key in keys if key))


def name_mark(name: str) -> str:
    """What stands for a name in an address, which ends up in logs: no name."""
    return hashlib.sha256(normalised(name).encode()).hexdigest()[:8]


def tag_key(tag: str) -> str:
    """What identifies an alliance's tag, which may have been given with its brackets. Empty for a tag of nothing."""
    return normalised("".join(c for c in tag if not _is_fence(c))).replace(" ", "")


def may_have_tag(text: str) -> bool:
    """Whether there is a bracket in it, so that the server's tags have to be known."""
    return not _ASCII_FENCES.isdisjoint(text) or (not text.isascii() and any(map(_is_fence, set(text))))


def without_tags(name: str, tags: Tags) -> str:
    """The name without those of the tags that stand in brackets of any kind before or behind it.

    Other brackets stay, and so does a name that is nothing but a tag.
    """
    while tags and (rest := _without_tag(name, tags)) is not None:
        name = rest
    return name


def forgetting(names: Iterable[str], label: str) -> Callable[[str], str]:
    """What makes of a text one that has `label` in place of these names, in whatever spelling.

    A name is a word of its own, or several, if its letters have capitals; else it is found within others too. One of
    punctuation alone stands between spaces. A text that has a name in a spelling that can't be cut out becomes the
    label as a whole.
    """
    known = {name for each in names for name in (each, normalised(each)) if name} - {label, normalised(label)}
    longest_first = sorted(known, key=len, reverse=True)
    spelled = re.compile("|".join(map(_as_words, longest_first)) or "(?!)", re.IGNORECASE)

    def forget(text: str) -> str:
        text = label.join(spelled.sub(lambda _: label, part) for part in text.split(label))
        rest = normalised(text).replace(normalised(label), " ")
        return label if spelled.search(rest) else text

    return forget


def _as_words(name: str) -> str:
    """A pattern. A plural or a genitive is the name as well."""
    if all(unicodedata.category(character)[0] in "PZ" for character in name):
        return rf"(?<!\S){re.escape(name)}(?!\S)"
    before = r"(?<![^\W_])" if _is_spaced(name[0]) else ""
    after = r"(?=s?(?![^\W_]))" if _is_spaced(name[-1]) else ""
    return f"{before}{re.escape(name)}{after}"


def _is_spaced(character: str) -> bool:
    """Whether words of such characters have spaces or signs between them."""
    return character.isdigit() or character.lower() != character.upper()


def _without_tag(name: str, tags: Tags) -> str | None:
    """The name without one of its tags; None if it has none."""
    fences = "".join(_fence(c) for c in name)
    for group in _GROUPS.finditer(fences):
        before, after = slice(group.start()), slice(group.end(), None)
        is_outside = any(not _GROUPS.sub("", fences[side]).strip() for side in (before, after))
        rest = " ".join(f"{name[before]}{name[after]}".split())
        if is_outside and tag_key(name[slice(*group.span())]) in tags and normalised(rest):
            return rest
    return None


_GROUPS = re.compile(r"\|*\(+[^()|]+\)+\|*|\|+[^()|]+\|+")
_OPENING, _CLOSING = frozenset("<≪꧁"), frozenset(">≫꧂")
_BARS = frozenset("|¦‖∣∥│┃║❘❙❚⏐ǀǁ")
_APOSTROPHES = frozenset("‘’‚‛")


def _fence(character: str) -> str:
    """`(` for what opens brackets, `)` for what closes them, `|` for what may do either, ` ` for a space, else `.`."""
    character = unicodedata.normalize("NFKC", character)
    category = unicodedata.category(character) if len(character) == 1 else ""
    if character in _BARS or (category in ("Pi", "Pf") and character not in _APOSTROPHES):
        return "|"
    if character in _OPENING or (category == "Ps" and character not in _APOSTROPHES):
        return "("
    if character in _CLOSING or category == "Pe":
        return ")"
    return " " if character.isspace() or _UNSEEN.match(character) else "."


def _is_fence(character: str) -> bool:
    return _fence(character) in "(|)"


def _folded(name: str) -> str:
    visible = _UNSEEN.sub("", name)  # first, lest it keep marks apart that are put in order together
    visible = _UNSEEN.sub("", unicodedata.normalize("NFKC", visible))
    return " ".join(unicodedata.normalize("NFKC", visible.casefold()).split())


def _refusal(character: str) -> Message | None:
    """Why the character can't be in a name, and what to do; None: it can."""
    if character in _TURNING:
        return say("turning-name")
    if character == _LOST:
        return say("lost-character")
    category = unicodedata.category(character)
    if (category in _REFUSED and character not in _BREAKS) or (category == "Cn" and _is_none(character)):
        return say("unshowable-name")
    return None


def _is_none(character: str) -> bool:
    """Whether it is one of the code points that never will be characters."""
    return "\ufdd0" <= character <= "\ufdef" or ord(character) & 0xFFFE == 0xFFFE


def _shown(typed: str) -> str:
    """With single spaces, and of what can't be seen only that which shapes what can."""
    while not typed.isascii():
        kinds = "".join(map(_kind, typed))
        kept = {place for found in _SHAPING.finditer(kinds) for place in range(*found.span())}
        rest = "".join(c for place, c in enumerate(typed) if place in kept or not kinds[place].islower())
        if rest == typed:
            break
        typed = rest
    return " ".join(typed.split())


_SHAPING = re.compile(
    "(?<=[EF])v|(?<=D)v(?=K)"  # a sign is an emoji, or is none
    "|(?<=[EH])s|(?<=M)m"  # a form of a sign, an ideograph or a Mongolian letter
    "|(?:(?<=[EF])|(?<=v)|(?<=z))j(?=[EF])|(?<=F)t+z"  # one emoji of several, a flag of a region
    "|(?<=[CM])[jn](?=[CM])"  # letters are joined, or are not
)
"""In kinds of characters: what can't be seen and does something."""


def _kind(character: str) -> str:
    """A small letter for what can't be seen, anything else for what can."""
    if _UNSEEN.match(character):
        return _KINDS_UNSEEN.get(character) or next(
            (kind for kind, first, last in _RANGES_UNSEEN if first <= character <= last), "x"
        )
    if character in _KINDS_SEEN:
        return _KINDS_SEEN[character]
    category = unicodedata.category(character)
    if category[0] == "S" or category == "Cn":
        return "E"
    if category == "Lo" and unicodedata.east_asian_width(character) == "W":
        return "H"
    if "\u1800" <= character <= "\u18af":
        return "M"
    return "C" if any(first <= character <= last for first, last in _JOINING) else "."


_KINDS_UNSEEN = {"\ufe0e": "v", "\ufe0f": "v", "\u200c": "n", "\u200d": "j", "\U000e007f": "z"}
_RANGES_UNSEEN = (
    ("s", "\ufe00", "\ufe0d"),
    ("s", "\U000e0100", "\U000e01ef"),
    ("m", "\u180b", "\u180d"),
    ("m", "\u180f", "\u180f"),
    ("t", "\U000e0020", "\U000e007e"),
)
_KINDS_SEEN = {
    **dict.fromkeys("0123456789#*", "D"),
    **dict.fromkeys("‼⁉〰ℹ", "E"),
    "\u20e3": "K",
    "\U0001f3f4": "F",
}
_JOINING = (  # blocks of scripts in which letters are joined by rules, from Arabic on; Hangul and others are between
    ("\u0600", "\u109f"),
    ("\u1700", "\u1cff"),
    ("\ua800", "\uabff"),
    ("\ufb50", "\ufdff"),
    ("\ufe70", "\ufefe"),
    ("\U00010a00", "\U00011fff"),
    ("\U0001e900", "\U0001e95f"),
)


def _invalid(field: str, message: Message) -> Malformed:
    return Malformed("invalid-name", message, [FieldError(field, message)])
