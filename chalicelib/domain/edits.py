"""Edits: what officers changed in the input cells of a sheet, and what became of it (DESIGN §7, "As input").

Each edit carries the generation of what it changes, as the sheet showed it: it is applied only if that still holds.
"""

from dataclasses import dataclass
from typing import Literal

from chalicelib.domain.messages import Message


@dataclass(frozen=True, slots=True)
class Tick:
    """A box of a commander (by id) and a milestone (by its global id) was ticked, or unticked if not `done`.

    `generation`: the card's version at which the milestone had last changed. `tab`: the title of the tab, for the
    ledger, as in all edits.
    """

    commander: str
    milestone: str
    done: bool
    generation: int
    tab: str


@dataclass(frozen=True, slots=True)
class Rename:
    """A commander's name was overwritten. `generation`: the commander's version. `name` is as it was typed."""

    commander: str
    name: str
    generation: int
    tab: str


@dataclass(frozen=True, slots=True)
class NewCommander:
    """A name was typed into the blank row. `name` is as it was typed; with a + before it, it is somebody new, however
    near to another."""

    name: str
    tab: str


@dataclass(frozen=True, slots=True)
class OfficialPoints:
    """The official points of an event (by id) were typed, or cleared: None. `generation`: which reading stood there;
    None: none. `confirmed`: the number is right, however implausible."""

    event: str
    points: int | None
    generation: str | None
    tab: str
    confirmed: bool = False


Edit = Tick | Rename | NewCommander | OfficialPoints

Result = Literal["applied", "as it was", "refused", "to be confirmed", "undecided"]
"""`as it was`: there was nothing to do. `undecided`: it could not be told now; it is asked again at the next sync."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an edit, and what the sheet answers to it."""

    edit: Edit
    result: Result
    says: Message | None = None


@dataclass
class Overtaken(Exception):
    """What an edit changes is no longer of the generation that the sheet showed: whoever changed it has the last
    word. Nothing was changed."""
