"""What a single cell says: text to compare, or a tick."""

import re
import unicodedata
from collections.abc import Iterable

from chalicelib.domain.errors import quoted

MOST_COMPARED = 500
"""Characters: what is longer is none of the words that are looked for. Long runs of marks take minutes to fold."""

_ALIKE = str.maketrans({**dict.fromkeys("‐‑‒–—―−", "-"), **dict.fromkeys("‘’ʼ`", "'")})
_NOT_SHOWN = frozenset({"Cf"})
_VARIATIONS = frozenset("\ufe0e\ufe0f")  # follow a tick that is to look like text, or like a picture

# fmt: off
_TICK_WORDS = (
    "✓", "✔", "✅", "☑", "🗸", "🗹", "√", "x", "×", "yes", "y", "true", "done", "complete", "completed",
    # what spreadsheets write for TRUE, in German, French, Italian, Spanish, Portuguese, Russian, Dutch, Polish,
    # Swedish, Danish, Norwegian, Finnish, Hungarian, Czech, Turkish, Korean
    "wahr", "vrai", "vero", "verdadero", "verdadeiro", "истина", "waar", "prawda", "sant", "sand", "sann", "tosi",
    "igaz", "pravda", "doğru", "참",
    "ja", "oui", "sí", "si", "sì", "sim", "да", "はい",
    "erledigt", "fertig", "fait", "terminé", "hecho", "completado", "fatto", "completato", "feito", "concluído",
    "completo", "готово", "сделано", "выполнено", "完了", "済", "済み",
)
_NO_TICK_WORDS = (
    "", "☐", "⬜", "□", "no", "n", "false", "-", "not done",
    "falsch", "faux", "falso", "ложь", "onwaar", "fałsz", "falskt", "falsk", "usann", "epätosi", "hamis", "nepravda",
    "yanlış", "yanliş", "거짓",
    "nein", "non", "não", "nao", "нет", "いいえ",
)
# fmt: on
_NUMBER = re.compile(r"(?P<whole>\d{1,3})(?:[.,]0+)?(?P<percent> ?%)?")


class Unclear(Exception):
    """A cell can't be understood; its text says why, to an officer."""


def folded(text: str) -> str:
    """For comparing: capitals, spaces, kinds of dashes and apostrophes, and what doesn't show don't matter."""
    if len(text) > MOST_COMPARED:
        return text
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    shown = (c for c in plain if c not in _VARIATIONS and unicodedata.category(c) not in _NOT_SHOWN)
    return " ".join("".join(shown).translate(_ALIKE).split())


def heading(text: str) -> str:
    """Of a column, for comparing: accents and all that is neither letter nor digit don't matter either."""
    if len(text) > MOST_COMPARED:
        return ""
    plain = unicodedata.normalize("NFKD", folded(text))
    letters = "".join(c for c in plain if not unicodedata.combining(c))
    return " ".join(re.sub(r"[\W_]+", " ", letters).split())


def tick(cell: str) -> bool | None:
    """Whether a milestone is ticked there, however a spreadsheet or a person writes it; None: it doesn't say."""
    said = folded(cell)
    if number := _NUMBER.fullmatch(said):
        return {0: False, 100 if number["percent"] else 1: True}.get(int(number["whole"]))
    return True if said in _TICKS else False if said in _NO_TICKS else None


def listed(texts: Iterable[str], most: int = 20) -> str:
    """Quoted and with commas between them, but not more than so many."""
    found = list(texts)
    more = f", and {len(found) - most} more" if len(found) > most else ""
    return ", ".join(map(quoted, found[:most])) + more


_TICKS = frozenset(map(folded, _TICK_WORDS))
_NO_TICKS = frozenset(map(folded, _NO_TICK_WORDS))
