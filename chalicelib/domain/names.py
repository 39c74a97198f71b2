"""Commander names: what may be typed, and when two spellings are the same commander (DESIGN §6)."""

import unicodedata

from chalicelib.domain.errors import FieldError, Malformed

MAX_LENGTH = 64
"""Characters. No limit is published; the longest names seen have about 18."""

_MAX_KEY_BYTES = 1024  # some characters stand for whole phrases, and a key of the table holds 2,048 bytes
_BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_INVISIBLE = frozenset({"Cf"})
_REFUSED = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})


def display_name(typed: str, field: str = "commander") -> str:
    """The name as it is shown: what was typed, without outer and doubled spaces. `field` is where it was typed.

    Raises Malformed (`invalid-name`) for an empty or overlong name, and for control, bidirectional-override
    and unassigned characters, which can make one name look like another or break a page.
    """
    name = " ".join(part for part in typed.split(" ") if part)
    for character in name:
        if character in _BIDI_CONTROLS or unicodedata.category(character) in _REFUSED:
            code = f"U+{ord(character):04X}"
            raise _invalid(field, f"The name contains a character that can't be used ({code}).")
    if not normalised(name):
        raise _invalid(field, "Please give the commander's name.")
    if len(normalised(name).encode()) > _MAX_KEY_BYTES:
        raise _invalid(field, "The name is too long.")
    if len(name) > MAX_LENGTH:
        raise _invalid(field, f"The name has {len(name)} characters; {MAX_LENGTH} is the most.")
    return name


def normalised(name: str) -> str:
    """What identifies a name: NFKC, casefolded, single spaces, invisible characters left out.

    Idempotent: `normalised(normalised(x)) == normalised(x)`.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    visible = "".join(c for c in folded if unicodedata.category(c) not in _INVISIBLE)
    return " ".join(unicodedata.normalize("NFKC", visible).split())


def _invalid(field: str, message: str) -> Malformed:
    return Malformed("invalid-name", message, [FieldError(field, message)])
