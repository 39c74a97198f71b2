"""Taking back what a key reported, of many commanders at once (DESIGN §3.12): what that is, for each commander."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Literal

from chalicelib.domain.calendar import rfc3339
from chalicelib.domain.cards import Card, CardChange, restored, voided
from chalicelib.domain.roster import Commander

Only = Literal["new-commanders", "all"]

MOST_CARDS = 40
"""Changed in one transaction, which has up to 100 writes: each card is one, and its totals are another."""


@dataclass(frozen=True, slots=True)
class Bulk:
    """What to take back on a server: what was reported with the key from `since` on and before `until` (None: no such
    bound), for everybody or only for the commanders whom that key alone brought in that time."""

    server: str
    key_id: str
    only: Only
    since: datetime | None = None
    until: datetime | None = None

    @property
    def id(self) -> str:
        """The same for the same request, so that repeating it continues it."""
        bounds = [rfc3339(at) if at else None for at in (self.since, self.until)]
        content = json.dumps([self.key_id, self.only, *bounds])
        return f"{self.server}:{sha256(content.encode()).hexdigest()[:16]}"

    def covers(self, at: datetime) -> bool:
        return (self.since is None or self.since <= at) and (self.until is None or at < self.until)

    def found_on(self, card: Card) -> list[str]:
        """The milestones whose completions are to be taken back."""
        return [
            m for m, c in card.completions.items() if c.key_id == self.key_id and self.covers(c.recorded_at)
        ]

    def may_have_brought(self, commander: Commander) -> bool:
        """Whether the key alone may have brought the commander in that time, before looking at cards."""
        if commander.added_at is None or not self.covers(commander.added_at):
            return False
        return commander.brought_by == self.key_id or _by_an_unknown_key(commander)

    def brought(self, commander: Commander, cards: Collection[Card]) -> bool:
        """Whether the key alone brought the commander in that time: no officer has shown to know them, and nothing that
        counts was reported with another key. `cards` are all that they may have.

        Of commanders that 0.1.0 stored, only the cards tell which key brought them.
        """
        done = {c.key_id for card in cards for c in card.completions.values()}
        if not self.may_have_brought(commander) or not done <= {self.key_id}:
            return False
        if not _by_an_unknown_key(commander):
            return True
        void = {c.key_id for card in cards for c in card.voided.values()}
        return done | void == {self.key_id}


def _by_an_unknown_key(commander: Commander) -> bool:
    """Whether a member brought them when that was not noted yet, and nothing was changed about them since."""
    return commander.brought_by is None and commander.added_by == "member" and commander.version == 1


@dataclass(frozen=True, slots=True)
class Taking:
    """What taking back changes for one commander. `retires`: it leaves them with nothing, so they leave the form.

    `whole`: there is no more to take back than this.
    """

    changes: tuple[CardChange, ...]
    retires: bool
    whole: bool

    @property
    def completions(self) -> int:
        return sum(len(change.removed) for change in self.changes)


def taking(
    bulk: Bulk, commander: Commander | None, cards: Iterable[Card], archived: Iterable[Card] = ()
) -> Taking | None:
    """What to take back of one commander's cards in open events; None: nothing. `archived`: the other cards.

    Whom the key alone brought is retired if no completion is left. `commander` is needed for that alone.
    """
    cards, archived = list(cards), list(archived)
    found = {card.event: milestones for card in cards if (milestones := bulk.found_on(card))}
    if bulk.only == "all" or commander is None:
        return _taking(bulk, cards, found, retires=False) if found and bulk.only == "all" else None
    if not bulk.brought(commander, [*cards, *archived]):
        return None
    left = any(card.completions.keys() - set(found.get(card.event, ())) for card in cards)
    retires = not (left or commander.retired_at)
    return _taking(bulk, cards, found, retires=retires) if found or retires else None


def _taking(bulk: Bulk, cards: list[Card], found: Mapping[str, list[str]], *, retires: bool) -> Taking:
    changes = [voided(card, found[card.event], bulk=bulk.id) for card in cards if card.event in found]
    whole = len(changes) <= MOST_CARDS
    return Taking(tuple(changes[:MOST_CARDS]), retires and whole, whole)


def giving_back(bulk_id: str, cards: Iterable[Card]) -> list[CardChange]:
    """What undoing it changes on these cards: completions that it voided, and nobody has restored, voided or reported
    again since."""
    found = [(card, [m for m, c in card.voided.items() if c.bulk == bulk_id]) for card in cards]
    return [restored(card, milestones) for card, milestones in found if milestones]
