"""The ledger: who changed what, when and why; and how the cards are rebuilt from it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from chalicelib.domain.access import GUILD_ROLE, Key, Role, discord_label
from chalicelib.domain.cards import Card, CardChange, Completion, owed

# fmt: off
Action = Literal[
    "report", "void", "restore", "undo", "take-back", "give-back", "time", "recount",
    "add", "rename", "release", "merge", "move", "retire", "reinstate", "forget",
    "reading", "withdraw", "server", "alliance", "event", "key", "sheet", "webhook",
    "discord",
]
# fmt: on


@dataclass(frozen=True, slots=True)
class Actor:
    """Who made a change, by the key that was used. No role: Muster itself, somebody who can write the table, or a key
    that is gone."""

    key_id: str
    label: str
    role: Role | None = None

    @classmethod
    def of(cls, key: Key) -> "Actor":
        return cls(key.id, key.label, key.role)

    @classmethod
    def of_completion(cls, completion: Completion) -> "Actor | None":
        """Who reported it, as far as it says so itself: the account, if it was on Discord."""
        if completion.account is None:
            return None
        return cls(completion.key_id, discord_label(completion.account), GUILD_ROLE)


MUSTER = Actor("muster", "Muster")


@dataclass(frozen=True, slots=True)
class CardEntry:
    """How a card changed: which completions were added and removed, by milestone id, and which version that made."""

    event: str
    version: int
    added: Mapping[str, Completion] = field(default_factory=dict)
    removed: Mapping[str, Completion] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """One change. `server` is None for a change of the deployment. `cards`: how cards changed; `before` and `after`:
    how anything else changed.

    `id` sorts by time. An entry holds a commander's name only if the change is about a name.
    """

    id: str
    at: datetime
    action: Action
    actor: Actor
    server: str | None
    alliance: str | None = None
    commander: str | None = None
    cards: tuple[CardEntry, ...] = ()
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    reason: str | None = None


def card_entries(changes: Iterable[CardChange]) -> tuple[CardEntry, ...]:
    """These changes as an entry holds them. All must be of one commander in one alliance."""
    return tuple(
        CardEntry(change.after.event, change.after.version, change.added, change.removed)
        for change in changes
    )


def owed_reports(card: Card) -> list[CardEntry]:
    """How each report whose entry is still to be written changed the card. It is the same whenever it is made."""
    return [CardEntry(card.event, version, added) for version, added in owed(card).items()]


def rebuilt(entries: Iterable[Entry]) -> dict[tuple[str, str, str], dict[str, Completion]]:
    """The completions of every card, from the ledger alone, by event, alliance and commander; without empty cards."""
    changes: dict[tuple[str, str, str], dict[int, CardEntry]] = {}
    for entry in entries:
        for card in entry.cards:
            if entry.alliance and entry.commander:
                whose = card.event, entry.alliance, entry.commander
                changes.setdefault(whose, {})[card.version] = card
    cards = {}
    for whose, versions in changes.items():
        completions: dict[str, Completion] = {}
        for _, card in sorted(versions.items(), key=lambda pair: pair[0]):
            completions = {m: c for m, c in completions.items() if m not in card.removed} | dict(card.added)
        if completions:
            cards[whose] = completions
    return cards
