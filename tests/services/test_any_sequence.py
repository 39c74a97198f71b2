"""Whatever members and officers do, in whatever order: totals are what the cards hold, a completion counts once, and
the ledger alone tells what every card holds."""

from collections import Counter
from dataclasses import dataclass, field
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chalicelib.domain.cards import count
from chalicelib.domain.errors import Conflict
from chalicelib.domain.importing import Columns
from chalicelib.domain.ledger import rebuilt
from chalicelib.domain.names import normalised
from chalicelib.domain.standing import Totals
from chalicelib.services.corrections import Kind, Status
from chalicelib.services.imports import Options
from chalicelib.store import keys
from chalicelib.store.table import Delete, ItemKey
from local.strict_dynamodb import FaultKind
from tests.stores import Store, on_every_store
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
NAMES = "Kestrel", "Merlin", "Osprey", "Пустельга", "=SUM(A1)", "隼"
ALLIANCES = "nova", "vega"
ACTIONS: list[Kind] = ["void", "restore"]
FAULTS: list[FaultKind] = ["lost_answer", "conflict"]

names = st.sampled_from(NAMES)
milestones = st.sampled_from(MILESTONES)
alliances = st.sampled_from(ALLIANCES)


@dataclass
class Somebody:
    """A commander as they should be. `names` lead to them, one is the present; `done` and `void` are global ids."""

    alliance: str
    names: set[str]
    present: str
    done: set[str] = field(default_factory=set)
    void: set[str] = field(default_factory=set)
    retired: bool = False


def new(alliance: str, name: str) -> Somebody:
    return Somebody(alliance, {normalised(name)}, normalised(name))


class AnySequence(RuleBasedStateMachine):
    """The product against a model of plain sets, with conflicts and lost answers on DynamoDB."""

    store: ClassVar[Store]

    def __init__(self) -> None:
        super().__init__()
        self.people: dict[str, Somebody] = {}

    @initialize()
    def begin(self) -> None:
        self.context = new_world(self.store)
        self.world = self.context.__enter__()
        self.world.add_alliance("vega")
        self.admin = self.world.key("admin", None, None)

    def find(self, name: str) -> str | None:
        """The id of whom the name leads to."""
        return next((one for one, who in self.people.items() if normalised(name) in who.names), None)

    def somebody(self, data: st.DataObject) -> tuple[str, Somebody]:
        return data.draw(st.sampled_from(sorted(self.people.items(), key=lambda pair: min(pair[1].names))))

    def took(self, alliance: str, name: str) -> Somebody | None:
        """Who reports under that name with that alliance; None: another alliance has them."""
        found = self.people.get(self.find(name) or "")
        if found and found.alliance != alliance:
            if not found.retired:
                return None
            found.alliance, found.retired = alliance, False
        return found

    @rule(
        name=names,
        alliance=alliances,
        done=st.sets(milestones, min_size=1),
        faults=st.lists(st.sampled_from(FAULTS), max_size=2),
    )
    def report(self, name: str, alliance: str, done: set[str], faults: list[FaultKind]) -> None:
        self.world.clock.advance(seconds=1)
        key = self.world.key("member", "101", alliance)
        who = self.took(alliance, name)
        refused = who is None and self.find(name) is not None
        if self.world.place.dynamodb and not refused and not (who and done <= who.done):
            self.world.dynamodb.inject(*faults)
        if refused:
            with pytest.raises(Conflict, match="other-alliance"):
                self.world.muster.reporting.report(key, name, sorted(done), is_new=True)
            return
        receipt = self.world.muster.reporting.report(key, name, sorted(done), is_new=True)
        if who is None:
            who = self.people[receipt.commander.id] = new(alliance, name)
        assert {r.milestone for r in receipt.results if r.status == "recorded"} == done - who.done
        who.done |= done
        who.void -= done
        who.retired = False

    @precondition(lambda self: self.people)
    @rule(data=st.data(), milestone=milestones, action=st.sampled_from(ACTIONS))
    def correct(self, data: st.DataObject, milestone: str, action: Kind) -> None:
        self.world.clock.advance(seconds=1)
        _, who = self.somebody(data)
        expected: Status | None
        if action == "void":
            expected = (
                "voided" if milestone in who.done else "already_voided" if milestone in who.void else None
            )
        else:
            expected = (
                "already_recorded" if milestone in who.done else "restored" if milestone in who.void else None
            )
        correction = self.admin, action, min(who.names), milestone, "a slip", "101"
        if expected is None:
            with pytest.raises(Conflict, match="not-recorded" if action == "void" else "not-voided"):
                self.world.muster.corrections.correct(*correction)
            return
        answer = self.world.muster.corrections.correct(*correction)
        assert answer.status == expected
        if action == "void":
            who.void |= who.done & {milestone}
            who.done -= {milestone}
        else:
            who.done |= who.void & {milestone}
            who.void -= {milestone}

    @rule(name=names, alliance=alliances, milestone=milestones)
    def report_and_undo(self, name: str, alliance: str, milestone: str) -> None:
        who = self.took(alliance, name)
        was = who is not None and milestone in who.done
        refused = who is None and self.find(name) is not None
        self.report(name, alliance, {milestone}, [])
        if refused:
            return
        identity = self.find(name) or ""
        key = self.world.key("member", "101", alliance)
        undone = self.world.muster.corrections.undo(key, identity, self.world.clock())
        assert undone == (0 if was else 1)
        if undone:
            self.people[identity].done -= {milestone}
            self.people[identity].void |= {milestone}

    @precondition(lambda self: self.people)
    @rule(data=st.data(), name=names)
    def rename(self, data: st.DataObject, name: str) -> None:
        identity, who = self.somebody(data)
        holder, typed = self.people.get(self.find(name) or ""), normalised(name)
        rosters = self.world.muster.rosters
        if holder not in (None, who) and holder.present == typed:
            with pytest.raises(Conflict, match="name-taken"):
                rosters.rename(self.admin, "101", who.alliance, identity, name)
            return
        rosters.rename(self.admin, "101", who.alliance, identity, name)
        if holder:
            holder.names -= {typed}
        who.names |= {typed}
        who.present = typed

    @rule(name=names, alliance=alliances)
    def add(self, name: str, alliance: str) -> None:
        holder, typed = self.people.get(self.find(name) or ""), normalised(name)
        add = self.world.muster.rosters.add
        if holder and holder.present == typed and not holder.retired:
            with pytest.raises(Conflict, match=r"already-on-roster|other-alliance"):
                add(self.admin, "101", alliance, name, is_new=True)
            return
        added = add(self.admin, "101", alliance, name, is_new=True)
        if holder and holder.present == typed:
            assert self.people[added.id] is holder
            holder.alliance, holder.retired = alliance, False
            return
        if holder:
            holder.names -= {typed}
        self.people[added.id] = new(alliance, name)

    @precondition(lambda self: self.people)
    @rule(data=st.data())
    def merge(self, data: st.DataObject) -> None:
        (one, survivor), (other, absorbed) = self.somebody(data), self.somebody(data)
        merge = self.admin, "101", survivor.alliance, one, min(absorbed.names), "two spellings"
        if one == other:
            with pytest.raises(Conflict, match="same-commander"):
                self.world.muster.rosters.merge(*merge)
            return
        self.world.muster.rosters.merge(*merge)
        survivor.names |= absorbed.names
        survivor.done |= absorbed.done
        survivor.void = (survivor.void | absorbed.void) - survivor.done
        survivor.retired = survivor.retired and absorbed.retired
        del self.people[other]

    @precondition(lambda self: self.people)
    @rule(data=st.data(), to=alliances)
    def move(self, data: st.DataObject, to: str) -> None:
        identity, who = self.somebody(data)
        self.world.muster.rosters.move(self.admin, "101", who.alliance, identity, to)
        who.retired = who.retired and who.alliance == to
        who.alliance = to

    @precondition(lambda self: self.people)
    @rule(data=st.data())
    def retire(self, data: st.DataObject) -> None:
        identity, who = self.somebody(data)
        self.world.muster.rosters.retire(self.admin, "101", who.alliance, identity)
        who.retired = True

    @rule(alliance=alliances, lines=st.lists(st.tuples(names, milestones), min_size=1, max_size=4))
    def import_twice(self, alliance: str, lines: list[tuple[str, str]]) -> None:
        self.world.clock.advance(seconds=1)
        text = "Commander,Milestone\n" + "".join(f"{name},{milestone}\n" for name, milestone in lines)
        run = self.world.muster.imports.completions
        dry = run(self.admin, "101", alliance, text, Columns(), Options(dry_run=True, is_new=True))
        done = run(self.admin, "101", alliance, text, Columns(), Options(is_new=True))
        again = run(self.admin, "101", alliance, text, Columns(), Options(is_new=True))
        assert [(one.line, one.status) for one in dry.lines] == [(one.line, one.status) for one in done.lines]
        assert (again.new, again.refused) == (0, done.refused)
        roster = {
            normalised(one.name): one.id
            for one in self.world.muster.rosters.roster(self.admin, "101", alliance)
        }
        for name, milestone in lines:
            who = self.took(alliance, name)
            if who is None and self.find(name) is None:
                who = self.people[roster[normalised(name)]] = new(alliance, name)
            if who:
                who.done |= {milestone}
                who.void -= {milestone}

    @rule()
    def refresh(self) -> None:
        assert self.world.muster.refresh.refresh_totals().drifts == ()

    @rule()
    def the_ledger_alone_tells_what_every_card_holds(self) -> None:
        assert self.world.muster.ledger_pages.differences("101") == []

    @invariant()
    def every_name_leads_to_whom_it_should(self) -> None:
        if not hasattr(self, "world"):
            return
        commanders = self.world.muster.stores.commanders
        for name in NAMES:
            found = commanders.named("101", name, consistent=True)
            assert (found and found.id) == self.find(name)
            if found:
                who = self.people[found.id]
                assert (found.alliance, bool(found.retired_at)) == (who.alliance, who.retired)
                assert (found.key, normalised(found.name)) == (who.present, who.present)

    @invariant()
    def cards_and_totals_are_as_in_the_model(self) -> None:
        if not hasattr(self, "world"):
            return
        completions = self.world.muster.stores.completions
        for event in EVENTS:
            standing = completions.standing("101", event, consistent=True)
            for alliance in ALLIANCES:
                cards = completions.alliance_cards("101", event, alliance, consistent=True)
                held = {card.commander: {f"{event}/{m}" for m in card.completions} for card in cards}
                expected = {
                    one: mine
                    for one, who in self.people.items()
                    if who.alliance == alliance and (mine := {m for m in who.done if m.startswith(event)})
                }
                assert held == expected
                stored = standing.alliances.get(alliance, Totals())
                milestones = Counter(m.split("/")[1] for mine in expected.values() for m in mine)
                assert stored == count(cards) == Totals(len(expected), milestones)
        for alliance in ALLIANCES:
            noted = self.world.muster.stores.table.get(keys.alliance("101", alliance), consistent=True) or {}
            here = [who for who in self.people.values() if who.alliance == alliance and not who.retired]
            assert noted["on_roster"] == len(here)

    def teardown(self) -> None:
        if hasattr(self, "context"):
            self.the_ledger_alone_tells_what_every_card_holds()
            self.context.__exit__(None, None, None)


class AnySequenceOnDynamoDB(AnySequence):
    store = "dynamodb"


class AnySequenceInMemory(AnySequence):
    store = "memory"


TestOnDynamoDB, TestInMemory = AnySequenceOnDynamoDB.TestCase, AnySequenceInMemory.TestCase
TestOnDynamoDB.settings = settings(
    max_examples=5, stateful_step_count=20, suppress_health_check=list(HealthCheck)
)
TestInMemory.settings = settings(TestOnDynamoDB.settings, max_examples=30)


@on_every_store
def test_cards_that_were_lost_can_be_made_anew_from_the_ledger(store: Store) -> None:
    with new_world(store) as world:
        key, admin = world.key(), world.key("admin", None, None)
        for name in NAMES:
            world.muster.reporting.report(key, name, list(MILESTONES), is_new=True)
        world.muster.corrections.correct(admin, "void", "Merlin", HIDDEN_MOTIVATIONS, "a slip", "101")
        world.muster.counting.bring_up("101")
        completions = world.muster.stores.completions
        before = {
            (event, "nova", card.commander): {m: c.recorded_at for m, c in card.completions.items()}
            for event in EVENTS
            for card in completions.alliance_cards("101", event, "nova", consistent=True)
        }
        table = world.muster.stores.table
        for item in [item for event in EVENTS for item in table.query(f"CARDS#101#{event}#nova")]:
            table.write(Delete(ItemKey(item["PK"], item["SK"])))
        built = rebuilt(world.muster.stores.ledger.all("101"))
        assert {place: {m: c.recorded_at for m, c in held.items()} for place, held in built.items()} == before
        assert len(world.muster.ledger_pages.differences("101")) == len(before)
