"""The two rows above each header: what an officer needs to know, and how fresh that is or what is wrong now."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.domain.sheet_view import SheetView
from sheets_sync.content.summary import summary
from sheets_sync.content.wall_time import in_words
from sheets_sync.tabs import ABOUT, STATE, Row, Tab

_FRESH = re.compile(r"Data as of [^;]*;")


@dataclass(frozen=True, slots=True)
class Restored:
    """Managed cells that somebody had edited by hand: when they were restored (wall time), and what they held."""

    at: datetime
    words: str


def title_block(view: SheetView, taken: str | None = None) -> tuple[Row, Row]:
    """The two rows. What is wrong now is added by `saying`. `taken`: how soon what officers edit is, if it counts."""
    at = f"Data as of {in_words(view.read_at or view.as_of, view.game_day)} {view.game_day.zone}"
    whose = f"[{view.alliance.tag}] on server {view.server}" if view.alliance else f"server {view.server}"
    edits = f"; what you edit is taken {taken}" if taken else ""
    return Row(ABOUT, (summary(view),)), Row(STATE, (f"{at}; {whose}, kept by Muster{edits}",))


def but_for_the_time(state: object) -> str:
    """What the second row says, apart from how fresh the data are."""
    return _FRESH.sub("", str(state))


def mentioning(restored: Restored | None, tabs: Iterable[Tab]) -> list[Tab]:
    """The same tabs, with title blocks that say which hand edits were undone."""
    return saying([f"Put back at {restored.at:%H:%M}: {restored.words}"] if restored else [], tabs)


def saying(words: Iterable[str], tabs: Iterable[Tab]) -> list[Tab]:
    """The same tabs, with these words before how fresh they are: what is wrong now and what to do, or what was done."""
    said = list(words)
    return [
        replace(
            tab, title_block=tuple(_saying(said, row) if row.key == STATE else row for row in tab.title_block)
        )
        for tab in tabs
    ]


def _saying(words: list[str], state: Row) -> Row:
    fresh, *above = state.cells
    return Row(STATE, (" · ".join([*words, str(fresh)]), *above))
