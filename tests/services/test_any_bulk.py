"""Whatever is reported, corrected, taken back in bulk and given back, in whatever order: cards, rosters, totals and the
ledger are as a model of plain sets has them."""

from collections import Counter
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from chalicelib.domain.bulk import Only
from chalicelib.domain.cards import count
from chalicelib.domain.standing import Totals
from chalicelib.services import bulk_corrections
from chalicelib.services.bulk_corrections import BulkOrder
from chalicelib.store import keys
from tests.world import (
    ARCHITECTS,
    CONFRONTING_RESILIENCE,
    DEFENDERS,
    ENLISTING_OLD_ALLIES,
    HIDDEN_MOTIVATIONS,
    new_world,
)

EVENTS = DEFENDERS, ARCHITECTS
MILESTONES = HIDDEN_MOTIVATIONS, ENLISTING_OLD_ALLIES, CONFRONTING_RESILIENCE
NAMES = "Kestrel", "Merlin", "Osprey", "Harrier", "Goshawk"
LINKS = "leaked", "other"
KINDS: tuple[Only, ...] = ("new-commanders", "all")

names, links, milestones = st.sampled_from(NAMES), st.sampled_from(LINKS), st.sampled_from(MILESTONES)
kinds = st.sampled_from(KINDS)


@dataclass
class Somebody:
    """A commander as they should be: `done` with which key, `void` by which bulk, if one did it."""

    id: str
    brought_by: str | None
    done: dict[str, str] = field(default_factory=dict)
    void: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    retired_by: str | None = None


class AnyBulk(RuleBasedStateMachine):
    """Of two links, and an officer who corrects what they do."""

    def __init__(self) -> None:
        super().__init__()
        self.people: dict[str, Somebody] = {}
        self.bulks: dict[tuple[str, Only], str] = {}

    @initialize()
    def begin(self) -> None:
        self.context = new_world()
        self.world = self.context.__enter__()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(bulk_corrections, "AT_ONCE", 2)
        self.officer = self.world.key("officer")
        self.keys = {link: self.world.muster.directory.key(self.world.secret()) for link in LINKS}
        self.keys["officer"] = self.officer

    @rule(name=names, by=st.sampled_from((*LINKS, "officer")), done=st.sets(milestones, min_size=1))
    def report(self, name: str, by: str, done: set[str]) -> None:
        self.world.clock.advance(seconds=1)
        receipt = self.world.muster.reporting.report(self.keys[by], name, sorted(done), is_new=True)
        brought_by = by if by in LINKS else None
        who = self.people.setdefault(name, Somebody(receipt.commander.id, brought_by))
        for milestone in done - who.done.keys():
            who.done[milestone] = by
            who.void.pop(milestone, None)
        if by in LINKS:
            who.retired_by = None

    @rule(name=names, milestone=milestones)
    def void(self, name: str, milestone: str) -> None:
        if (who := self.people.get(name)) and milestone in who.done:
            self.world.muster.corrections.correct(self.officer, "void", name, milestone, "a slip")
            who.void[milestone] = who.done.pop(milestone), None

    @rule(name=names, milestone=milestones)
    def restore(self, name: str, milestone: str) -> None:
        if (who := self.people.get(name)) and milestone in who.void:
            self.world.muster.corrections.correct(self.officer, "restore", name, milestone, "no slip")
            who.done[milestone] = who.void.pop(milestone)[0]

    @rule(name=names)
    def retire(self, name: str) -> None:
        self.world.clock.advance(seconds=1)
        if (who := self.people.get(name)) and not who.retired_by:
            self.world.muster.rosters.retire(self.officer, "101", "nova", who.id)
            who.retired_by = "officer"

    @rule(name=names)
    def reinstate(self, name: str) -> None:
        if (who := self.people.get(name)) and who.retired_by:
            self.world.muster.rosters.reinstate(self.officer, "101", "nova", who.id)
            who.retired_by, who.brought_by = None, None

    @rule(link=links, only=kinds)
    def take_back(self, link: str, only: Only) -> None:
        self.world.clock.advance(seconds=1)
        order = BulkOrder(self.keys[link].id, only, "the link leaked")
        take = self.world.muster.bulk_corrections.take_back
        dry = take(self.officer, BulkOrder(order.key_id, only, "dry", dry_run=True))
        parts = [take(self.officer, order)]
        while parts[-1].remaining:
            parts.append(take(self.officer, order))
        commanders = completions = 0
        for who in self.people.values():
            mine = {m for m, by in who.done.items() if by == link}
            brought = who.brought_by == link and mine == who.done.keys()
            retires = only == "new-commanders" and brought and not who.retired_by
            if (only == "all" or brought) and (mine or retires):
                commanders, completions = commanders + 1, completions + len(mine)
                for milestone in mine:
                    who.void[milestone] = who.done.pop(milestone), dry.id
                who.retired_by = dry.id if retires else who.retired_by
        assert {part.id for part in parts} == {dry.id}
        assert (dry.commanders, dry.completions) == (commanders, completions)
        done = sum(part.commanders for part in parts), sum(part.completions for part in parts)
        assert done == (commanders, completions)
        self.bulks[link, only] = dry.id

    @rule(link=links, only=kinds)
    def give_back(self, link: str, only: Only) -> None:
        if bulk := self.bulks.get((link, only)):
            give = self.world.muster.bulk_corrections.give_back
            parts = [give(self.officer, bulk)]
            while parts[-1].remaining:
                parts.append(give(self.officer, bulk))
            completions = 0
            for who in self.people.values():
                back = {m for m, (_, by) in who.void.items() if by == bulk}
                completions += len(back)
                who.done |= {milestone: who.void.pop(milestone)[0] for milestone in back}
                who.retired_by = None if who.retired_by == bulk else who.retired_by
            assert sum(part.completions for part in parts) == completions

    @invariant()
    def all_is_as_in_the_model(self) -> None:
        if not hasattr(self, "world"):
            return
        completions, muster = self.world.muster.stores.completions, self.world.muster
        for event in EVENTS:
            cards = completions.alliance_cards("101", event, "nova", consistent=True)
            held = {
                card.commander: {f"{event}/{m}": c.key_id for m, c in card.completions.items()}
                for card in cards
            }
            expected = {
                who.id: mine
                for who in self.people.values()
                if (mine := {m: self.keys[by].id for m, by in who.done.items() if m.startswith(event)})
            }
            assert held == expected
            stored = completions.standing("101", event, consistent=True).alliances.get("nova", Totals())
            numbers = Counter(m.split("/")[1] for mine in expected.values() for m in mine)
            assert stored == count(cards) == Totals(len(expected), numbers)
        roster = muster.stores.commanders.roster("101", "nova")
        there = {name for name, who in self.people.items() if not who.retired_by}
        assert {one.name for one in roster if not one.retired_at} == there
        noted = muster.stores.table.get(keys.alliance("101", "nova"), consistent=True) or {}
        assert noted["on_roster"] == len(there)

    def teardown(self) -> None:
        if hasattr(self, "context"):
            assert self.world.muster.ledger_pages.differences("101") == []
            self.patch.undo()
            self.context.__exit__(None, None, None)


TestAnyBulk = AnyBulk.TestCase
TestAnyBulk.settings = settings(
    max_examples=50, stateful_step_count=40, suppress_health_check=list(HealthCheck)
)
