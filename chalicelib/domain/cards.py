"""Cards: what a commander has completed in an event, and how changes work (DESIGN §3.1)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from chalicelib.domain.events import Event
from chalicelib.domain.standing import Totals


@dataclass(frozen=True, slots=True)
class Completion:
    """A commander has completed a milestone: when it was recorded, and with which key (its public id).

    `reported_at`: when it was reported, if that happened elsewhere and earlier. `owed`: the version of the card that
    the report made, until the report's ledger entry is written; then None. `bulk`: the id of the bulk take-back that
    voided it, where one did. `account`: the id of the Discord account that reported it, if one did. `since`: the
    version of the card that it is on, or is voided on, since then; 0: that was not noted yet. `more`: attributes that a
    later version of Muster has stored; they are kept.
    """

    recorded_at: datetime
    key_id: str
    reported_at: datetime | None = None
    owed: int | None = None
    bulk: str | None = None
    account: str | None = None
    since: int = field(default=0, compare=False)
    more: Mapping[str, object] = field(default_factory=dict, compare=False)

    @property
    def said_at(self) -> datetime:
        """When the commander, or somebody for them, reported it."""
        return self.reported_at or self.recorded_at


@dataclass(frozen=True, slots=True)
class Card:
    """All of one commander's completions in one event, by milestone id.

    `voided`: completions that were voided, as they were. `moved`: the commander's card is elsewhere now, and this one
    must stay empty. `version` counts the changes; 0 means that it has never been written.
    """

    server: str
    event: str
    alliance: str
    commander: str
    completions: Mapping[str, Completion] = field(default_factory=dict)
    voided: Mapping[str, Completion] = field(default_factory=dict)
    moved: bool = False
    version: int = 0

    def points(self, event: Event) -> int:
        """The commander's points for these completions."""
        return sum(m.points for m in event.milestones if m.id in self.completions)

    def generation(self, milestone: str) -> int:
        """The card's version at which that milestone was last completed or voided; 0: never, or that was not noted."""
        last = self.completions.get(milestone) or self.voided.get(milestone)
        return last.since if last else 0


@dataclass(frozen=True, slots=True)
class CardChange:
    """One card before and after a change."""

    before: Card
    after: Card

    @property
    def added(self) -> dict[str, Completion]:
        """What the card now holds and did not hold before, or held differently."""
        before, after = _settled(self.before.completions), _settled(self.after.completions)
        return {m: completion for m, completion in after.items() if before.get(m) != completion}

    @property
    def removed(self) -> dict[str, Completion]:
        """What the card held before and no longer holds, or holds differently."""
        before, after = _settled(self.before.completions), _settled(self.after.completions)
        return {m: completion for m, completion in before.items() if after.get(m) != completion}

    @property
    def totals(self) -> Totals:
        """What it adds to the alliance's totals; negative where it subtracts."""
        before, after = self.before.completions.keys(), self.after.completions.keys()
        counts = dict.fromkeys(after - before, 1) | dict.fromkeys(before - after, -1)
        return Totals(bool(after) - bool(before), counts)


def reported(card: Card, milestones: Iterable[str], completion: Completion) -> CardChange:
    """Adds these milestones; the card must have none of them. Their ledger entry is still to be written (owed), and
    the card is no longer `moved`."""
    version = card.version + 1
    added = dict.fromkeys(milestones, replace(completion, owed=version, since=version))
    void = {milestone: was for milestone, was in card.voided.items() if milestone not in added}
    completions = {**card.completions, **added}
    after = replace(card, completions=completions, voided=void, moved=False, version=version)
    return CardChange(card, after)


def entered(card: Card, milestone: str, completion: Completion) -> CardChange:
    """Adds that milestone, which the card must not have, as a report does; but its ledger entry is written with it."""
    void = {each: was for each, was in card.voided.items() if each != milestone}
    added = replace(completion, since=card.version + 1)
    return _changed(card, completions=_settled(card.completions) | {milestone: added}, voided=void)


def voided(card: Card, milestones: Iterable[str], bulk: str | None = None) -> CardChange:
    """Voids these milestones; the card must have them. `bulk`: the id of the bulk take-back that does it."""
    settled, since = _settled(card.completions), card.version + 1
    taken = {milestone: replace(settled.pop(milestone), bulk=bulk, since=since) for milestone in milestones}
    return _changed(card, completions=settled, voided={**card.voided, **taken})


def restored(card: Card, milestones: Iterable[str]) -> CardChange:
    """Restores these milestones as they were; they must be voided."""
    left, since = dict(card.voided), card.version + 1
    given = {milestone: replace(left.pop(milestone), bulk=None, since=since) for milestone in milestones}
    return _changed(card, completions=_settled(card.completions) | given, voided=left)


def is_untimed(completion: Completion, reported_at: datetime) -> bool:
    """Whether nothing says when it was reported, and `reported_at` is possible: before it was recorded."""
    return completion.reported_at is None and reported_at < completion.recorded_at


def untimed(card: Card, milestones: Iterable[str], reported_at: datetime) -> list[str]:
    """Those of these milestones that the card has and whose completions are untimed for `reported_at`."""
    return [
        milestone
        for milestone in milestones
        if (completion := card.completions.get(milestone)) and is_untimed(completion, reported_at)
    ]


def timed(card: Card, milestones: Iterable[str], reported_at: datetime) -> CardChange:
    """Notes when these milestones were reported; the card must have them. Points stay the same."""
    settled = _settled(card.completions)
    told = {milestone: replace(settled[milestone], reported_at=reported_at) for milestone in milestones}
    return _changed(card, completions=settled | told, voided=card.voided, moved=card.moved)


def moved(card: Card, to: Card) -> tuple[CardChange, CardChange]:
    """Moves everything on `card` to `to`. A milestone counts once there, and the earlier completion stays."""
    both, since = _settled(to.completions), to.version + 1
    for milestone, completion in _settled(card.completions).items():
        other = both.get(milestone)
        if other is None or completion.recorded_at < other.recorded_at:
            both[milestone] = replace(completion, since=since)
    came = {milestone: replace(was, since=since) for milestone, was in card.voided.items()}
    void = {m: c for m, c in {**came, **to.voided}.items() if m not in both}
    left = _changed(card, completions={}, voided={}, moved=True)
    return left, _changed(to, completions=both, voided=void, moved=False)


def owed(card: Card) -> dict[int, dict[str, Completion]]:
    """The reports whose ledger entries are still to be written: what each recorded, by the card's version."""
    reports: dict[int, dict[str, Completion]] = {}
    for milestone, completion in card.completions.items():
        if completion.owed is not None:
            reports.setdefault(completion.owed, {})[milestone] = replace(completion, owed=None)
    return reports


def last_report(cards: Iterable[Card]) -> datetime | None:
    """When the commander of these cards reported last."""
    said = (completion.said_at for card in cards for completion in card.completions.values())
    return max(said, default=None)


def count_since(card: Card, at: datetime) -> Totals:
    """What was recorded on the card after `at`."""
    later = {milestone: 1 for milestone, c in card.completions.items() if c.recorded_at > at}
    return Totals(int(0 < len(later) == len(card.completions)), later)


def count(cards: Iterable[Card]) -> Totals:
    """The sum of these cards."""
    changes = [CardChange(replace(card, completions={}), card).totals for card in cards]
    return sum(changes, Totals())


def _settled(completions: Mapping[str, Completion]) -> dict[str, Completion]:
    """The completions with nothing owed: a change that is not a report writes the owed entries first."""
    return {milestone: replace(completion, owed=None) for milestone, completion in completions.items()}


def _changed(
    card: Card,
    completions: Mapping[str, Completion],
    voided: Mapping[str, Completion],
    moved: bool = False,
) -> CardChange:
    after = replace(card, completions=completions, voided=voided, moved=moved, version=card.version + 1)
    return CardChange(card, after)
