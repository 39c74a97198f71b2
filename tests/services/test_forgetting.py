"""After `forget` nothing that is stored holds a name that the commander ever had, whatever happened before."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chalicelib.domain.errors import Busy, Conflict
from chalicelib.domain.importing import Columns
from chalicelib.domain.ledger import Actor
from chalicelib.domain.names import display_name, forgetting, normalised, tag_key
from chalicelib.services.bulk_corrections import BulkOrder
from chalicelib.services.imports import Options
from chalicelib.store import ledger
from tests.first_version import put_commander
from tests.world import ENLISTING_OLD_ALLIES, HIDDEN_MOTIVATIONS, World, new_world

TAGS = {tag_key(tag) for tag in ("NOVA", "VEGA")}
SPELLINGS = (
    *("Wanderfalke", "WANDERFALKE", "[NOVA] Wanderfalke", "Ｗａｎｄｅｒｆａｌｋｅ"),
    *("Zoë Ace", "Zoe\u0308 ACE", "Zoë\u200e Ace <VEGA>"),
    *("隼", "=SUM(A1)", "Turmfalke", "Bussard II", "❤️ Milan", "[XYZ] Milan"),
)
spellings = st.sampled_from(SPELLINGS)
alliances = st.sampled_from(("nova", "vega"))


def key_of(name: str) -> str:
    return normalised(display_name(name, tags=TAGS))


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from (name, *texts(each))
    elif isinstance(value, list | set | tuple):
        for each in value:
            yield from texts(each)


def stored(world: World) -> list[str]:
    """Every text that the table holds, as it is and normalised."""
    found = [text for item in world.muster.stores.table.scan() for text in texts(item)]
    return [*found, *map(normalised, found)]


class Forgetting(RuleBasedStateMachine):
    """Whoever is forgotten, their names are nowhere, unless somebody else has them now."""

    def __init__(self) -> None:
        super().__init__()
        self.had: dict[str, set[str]] = {}
        """All names that each commander ever had, by id."""
        self.gone: set[str] = set()

    @initialize()
    def begin(self) -> None:
        self.context = new_world()
        self.world = self.context.__enter__()
        self.world.add_alliance("vega")
        self.admin = self.world.key("admin", None, None)
        self.rosters = self.world.muster.rosters

    def comes(self, identity: str, name: str) -> None:
        self.had.setdefault(identity, set()).add(key_of(name))
        self.gone.discard(key_of(name))

    def somebody(self, data: st.DataObject) -> tuple[str, str, str]:
        """Id, alliance, and name."""
        people = [(one.id, place, one.name) for place in ("nova", "vega") for one in self.listed(place)]
        drawn: tuple[str, str, str] = data.draw(st.sampled_from(sorted(people, key=lambda one: one[2])))
        return drawn

    def listed(self, alliance: str) -> list[Any]:
        return self.rosters.roster(self.admin, "101", alliance)

    def reason(self, data: st.DataObject) -> str:
        """It mentions somebody, whoever it is about."""
        who, known = self.somebody(data)[0], [""]
        known += [text for text in SPELLINGS if key_of(text) in self.had[who] - self.gone]
        return f"as ({data.draw(st.sampled_from(known))}’s) mate said"

    @rule(name=spellings, alliance=alliances)
    def report(self, name: str, alliance: str) -> None:
        key = self.world.key("member", "101", alliance)
        with suppress(Conflict):
            taken = self.world.muster.reporting.report(key, name, [HIDDEN_MOTIVATIONS], is_new=True)
            self.comes(taken.commander.id, name)

    @rule(name=spellings, alliance=alliances)
    def add(self, name: str, alliance: str) -> None:
        with suppress(Conflict):
            self.comes(self.rosters.add(self.admin, "101", alliance, name, is_new=True).id, name)

    @rule(name=spellings, alliance=alliances)
    def import_both(self, name: str, alliance: str) -> None:
        imports, options = self.world.muster.imports, Options(is_new=True)
        imports.roster(
            self.admin, "101", alliance, f'Commander\n"{name}"', Columns(separator="comma"), options
        )
        text = f'Commander,Milestone\n"{name}",{ENLISTING_OLD_ALLIES}'
        imports.completions(self.admin, "101", alliance, text, Columns(), options)
        found = self.world.muster.stores.commanders.named("101", name, TAGS, consistent=True)
        if found:
            self.comes(found.id, name)

    @precondition(lambda self: self.had)
    @rule(data=st.data(), name=spellings)
    def rename(self, data: st.DataObject, name: str) -> None:
        who, alliance, _ = self.somebody(data)
        with suppress(Conflict):
            self.rosters.rename(self.admin, "101", alliance, who, name)
            self.comes(who, name)

    @precondition(lambda self: self.had)
    @rule(data=st.data())
    def merge(self, data: st.DataObject) -> None:
        (who, alliance, _), (other, _, name) = self.somebody(data), self.somebody(data)
        with suppress(Conflict):
            self.rosters.merge(self.admin, "101", alliance, who, name, self.reason(data))
            self.had[who] |= self.had.pop(other)

    @precondition(lambda self: self.had)
    @rule(data=st.data(), to=alliances)
    def move(self, data: st.DataObject, to: str) -> None:
        who, alliance, _ = self.somebody(data)
        self.rosters.move(self.admin, "101", alliance, who, to, self.reason(data))

    @precondition(lambda self: self.had)
    @rule(data=st.data())
    def retire_and_reinstate(self, data: st.DataObject) -> None:
        who, alliance, _ = self.somebody(data)
        self.rosters.retire(self.admin, "101", alliance, who, self.reason(data))
        if data.draw(st.booleans()):
            self.rosters.reinstate(self.admin, "101", alliance, who, self.reason(data))

    @precondition(lambda self: self.had)
    @rule(data=st.data(), at_once=st.sampled_from([1, 3, 1000]))
    def forget(self, data: st.DataObject, at_once: int) -> None:
        """In parts of so many entries of the ledger."""
        who, alliance, _ = self.somebody(data)
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(ledger, "FORGOTTEN_AT_ONCE", at_once)
            patched.setattr(ledger, "_FORGET_PAGE", at_once)
            for _ in range(500):
                with suppress(Busy):
                    self.rosters.forget(self.admin, "101", alliance, who)
                    break
            else:
                pytest.fail("it does not come to an end")
        commanders = self.world.muster.stores.commanders
        others = commanders.all_named("101", self.had[who])
        self.gone |= self.had[who] - others.keys()
        assert who not in {one.id for one in others.values()}
        self.had[who] = set()

    @invariant()
    def nobody_who_is_forgotten_is_named(self) -> None:
        if not hasattr(self, "world") or not self.gone:
            return
        for text in stored(self.world):
            assert not [name for name in self.gone if name in text.casefold()]

    def teardown(self) -> None:
        if hasattr(self, "context"):
            assert self.world.muster.ledger_pages.differences("101") == []
            self.context.__exit__(None, None, None)


TestForgetting = Forgetting.TestCase
TestForgetting.settings = settings(
    max_examples=10, stateful_step_count=20, suppress_health_check=list(HealthCheck)
)


def test_a_name_that_came_by_a_merge_in_between_is_forgotten_too(world: World) -> None:
    admin, rosters = world.key("admin", None, None), world.muster.rosters
    first, second = (rosters.add(admin, "101", "nova", name).id for name in ("Wanderfalke", "Turmfalke"))
    rosters.forget(admin, "101", "nova", first)
    rosters.merge(admin, "101", "nova", first, "Turmfalke", "Turmfalke is the same")
    forgotten = rosters.forget(admin, "101", "nova", first)
    assert (forgotten.name[:20], forgotten.aliases) == ("Forgotten commander ", ())
    assert not [text for text in stored(world) if "falke" in text.casefold()]
    assert second in "".join(stored(world)), "the id stays"


def test_a_name_that_came_while_it_was_under_way_is_forgotten_too(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stands in entries that are later than those that were looked at already."""
    admin, rosters = world.key("admin", None, None), world.muster.rosters
    wanderer = rosters.add(admin, "101", "nova", "Wanderfalke").id
    for name in ("FORGOTTEN_AT_ONCE", "_FORGET_PAGE"):
        monkeypatch.setattr(ledger, name, 1)
    with pytest.raises(Busy):
        rosters.forget(admin, "101", "nova", wanderer)
    rosters.rename(admin, "101", "nova", wanderer, "Turmfalke")
    with pytest.raises(Busy):
        rosters.forget(admin, "101", "nova", wanderer)
    monkeypatch.undo()
    rosters.forget(admin, "101", "nova", wanderer)
    assert not [text for text in stored(world) if "falke" in text.casefold()]


def test_sheets_of_alliances_that_they_have_left_see_that_the_name_is_gone(world: World) -> None:
    """There they are called by their name as well, in a row that says where they went."""
    world.add_alliance("vega")
    admin, muster = world.key("admin", None, None), world.muster
    kestrel = muster.rosters.add(admin, "101", "nova", "Kestrel")
    muster.rosters.move(admin, "101", "nova", kestrel.id, "vega")
    seen = muster.stores.definitions.stored_alliance("101", "nova")
    muster.rosters.forget(admin, "101", "vega", kestrel.id)
    now = muster.stores.definitions.stored_alliance("101", "nova")
    assert seen
    assert now
    assert seen.roster_changes < now.roster_changes


def test_ids_stay_though_somebody_was_called_like_one(world: World) -> None:
    world.add_alliance("vega")
    admin, rosters = world.key("admin", None, None), world.muster.rosters
    commander = rosters.add(admin, "101", "nova", "Vega")
    rosters.move(admin, "101", "nova", commander.id, "vega")
    link = world.key("member", "101", "vega")
    world.muster.reporting.report(link, "Kestrel", [HIDDEN_MOTIVATIONS])
    take_back = world.muster.bulk_corrections.take_back
    bulk = take_back(admin, BulkOrder(link.id, "all", "a slip")).id
    rosters.rename(admin, "101", "vega", commander.id, bulk)
    rosters.forget(admin, "101", "vega", commander.id)
    (taken,) = [entry for entry in world.muster.stores.ledger.all("101") if entry.action == "take-back"]
    assert taken.after == {"bulk": bulk}
    moves = [entry for entry in world.muster.stores.ledger.all("101") if entry.action == "move"]
    assert [entry.after for entry in moves] == [{"alliance": "vega", "commander": commander.id}] * 2


def test_what_the_first_version_left_is_forgotten_whole(world: World) -> None:
    """It kept names that were no longer anybody's in its ledger alone."""
    admin, rosters = world.key("admin", None, None), world.muster.rosters
    put_commander(world, "first", "Turmfalke", aliases=("turmfalk", "[nova] turmfalke"))
    rosters.add(admin, "101", "nova", "Merlin")
    entry = ledger.new_entry(
        world.clock(),
        "rename",
        Actor("key", "label"),
        "101",
        alliance="nova",
        commander="first",
        before={"name": "Wanderfalke"},
        after={"name": "Turmfalke"},
    )
    about = ledger.new_entry(
        world.clock(), "retire", Actor("key", "label"), "101", commander="x", reason="ask Wanderfalke"
    )
    world.muster.stores.table.put_many([ledger.put(entry), ledger.put(about)])
    rosters.forget(admin, "101", "nova", "first")
    assert not [text for text in stored(world) if "falk" in text.casefold()]


def test_somebody_who_is_called_like_the_label_stops_nobody_s_forgetting(world: World) -> None:
    admin, rosters = world.key("admin", None, None), world.muster.rosters
    who = rosters.add(admin, "101", "nova", "Wanderfalke").id
    label = rosters.forget(admin, "101", "nova", rosters.add(admin, "101", "nova", "Milan").id).name
    assert label.startswith("Forgotten commander ")
    short = who[:6].translate(str.maketrans("-_", "00"))
    world.muster.reporting.report(
        world.key(), f"Forgotten commander {short}", [HIDDEN_MOTIVATIONS], is_new=True
    )
    assert rosters.forget(admin, "101", "nova", who).name != f"Forgotten commander {short}"
    assert not [text for text in stored(world) if "falke" in text.casefold()]


def test_others_of_whom_the_ledger_tells_keep_their_names(world: World) -> None:
    admin, rosters = world.key("admin", None, None), world.muster.rosters
    first = rosters.add(admin, "101", "nova", "Milan").id
    rosters.rename(admin, "101", "nova", first, "Turmfalke")
    second = rosters.add(admin, "101", "nova", "Milan").id
    rosters.retire(admin, "101", "nova", second, "Milan and Milander, not Turmfalke")
    rosters.forget(admin, "101", "nova", first)
    entries = world.muster.ledger_pages.of_server(admin, "101", second).entries
    label = rosters.get(admin, "101", "nova", first).name
    assert [entry.after for entry in entries if entry.action == "add"] == [{"name": "Milan"}]
    assert [entry.reason for entry in entries if entry.action == "retire"] == [
        f"Milan and Milander, not {label}"
    ]
    of_first = str(world.muster.ledger_pages.of_server(admin, "101", first))
    assert "Milan" not in of_first


def test_of_the_names_of_others_no_part_is_cut_out(world: World) -> None:
    admin, rosters = world.key("admin", None, None), world.muster.rosters
    other, ann = (rosters.add(admin, "101", "nova", name, is_new=True).id for name in ("Ann Lee", "Ann"))
    rosters.rename(admin, "101", "nova", ann, ".")
    world.clock.advance(seconds=1)
    rosters.retire(admin, "101", "nova", other, "Ann said: ask Dr. No.")
    rosters.forget(admin, "101", "nova", ann)
    label = rosters.get(admin, "101", "nova", ann).name
    entries = world.muster.ledger_pages.of_server(admin, "101", other).entries
    assert [entry.reason or entry.after for entry in entries] == [
        f"{label} said: ask Dr. No.",
        {"name": "Ann Lee"},
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ann's and Anns, ANN", "X's and Xs, X"),
        ("Annual Joann ann2", "Annual Joann ann2"),
        ("[NOVA] Ann_alt", "[NOVA] X_alt"),
        ("A\u200bnn asked", "X"),
        ("Ａｎｎ asked", "X"),
        ("隼です", "Xです"),
        ("=sum(a1) is", "X is"),
        ("X of X", "X of X"),
        ("Ask ... or Dr. No...", "Ask X or Dr. No..."),
        ("", ""),
    ],
)
def test_a_name_is_cut_out_of_a_text_in_any_spelling(text: str, expected: str) -> None:
    assert forgetting(["Ann", "隼", "=SUM(A1)", "..."], "X")(text) == expected
    assert forgetting([], "X")(text) == text


def test_of_a_longer_name_nothing_is_left_and_the_label_stays_as_it_is() -> None:
    assert forgetting(["Ann", "Ann Lee"], "X")("Ann Lee and Ann") == "X and X"
    assert forgetting(["Gone"], "Gone 1")("Gone 1 was Gone") == "Gone 1 was Gone 1"
