"""Which name leads to whom: names that somebody had before, tags, those who have retired, and names by the hundred."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from chalicelib.domain.errors import Conflict, DidYouMean, Malformed
from chalicelib.domain.importing import Columns
from chalicelib.services.imports import Options
from chalicelib.services.rosters import MOST_ALIASES
from chalicelib.store import keys
from chalicelib.store.table import Update
from local.strict_dynamodb.client import Call
from tests.first_version import put_commander
from tests.stores import on_dynamodb
from tests.world import DEFENDERS, ENLISTING_OLD_ALLIES, HIDDEN_MOTIVATIONS, World


class Cast:
    """The commanders of a world, told apart by letters."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.admin = world.key("admin", None, None)
        self.rosters = world.muster.rosters

    def report(self, name: str, *milestones: str, alliance: str = "nova") -> str:
        """Reports as a member does. The id of whom it is for."""
        key = self.world.key("member", "101", alliance)
        taken = self.world.muster.reporting.report(key, name, milestones or [HIDDEN_MOTIVATIONS])
        return taken.commander.id

    def add(self, name: str, alliance: str = "nova", *, is_new: bool = False) -> str:
        return self.rosters.add(self.admin, "101", alliance, name, is_new=is_new).id

    def rename(self, who: str, name: str, alliance: str = "nova") -> None:
        self.rosters.rename(self.admin, "101", alliance, who, name)

    def merge(self, who: str, other: str, alliance: str = "nova") -> None:
        self.rosters.merge(self.admin, "101", alliance, who, other)

    def retire(self, who: str, alliance: str = "nova") -> None:
        self.rosters.retire(self.admin, "101", alliance, who)

    def move(self, who: str, alliance: str, to: str) -> None:
        self.rosters.move(self.admin, "101", alliance, who, to)

    def names(self, alliance: str = "nova") -> list[str]:
        return [one.name for one in self.rosters.roster(self.admin, "101", alliance) if not one.retired_at]

    def aliases(self, who: str, alliance: str = "nova") -> tuple[str, ...]:
        return self.rosters.get(self.admin, "101", alliance, who).aliases

    def counted(self) -> int:
        standing = self.world.muster.stores.completions.standing("101", DEFENDERS, consistent=True)
        return sum(standing.totals.completions.values())

    def correct(self, name: str, milestone: str = HIDDEN_MOTIVATIONS) -> str:
        void = self.world.muster.corrections.correct
        return void(self.admin, "void", name, milestone, "a slip", "101").commander.id

    def import_roster(
        self, *lines: str, alliance: str = "nova", **options: bool
    ) -> list[tuple[str, str | None]]:
        text = "\n".join(["Commander", *(f'"{line}"' for line in lines)])
        run = self.world.muster.imports.roster
        return [
            (one.status, one.commander)
            for one in run(self.admin, "101", alliance, text, Columns(), Options(**options)).lines
        ]

    def import_completions(self, *names: str, alliance: str = "nova") -> list[tuple[str, str | None, str]]:
        lines = (f'"{name}",{HIDDEN_MOTIVATIONS}' for name in names)
        text = "\n".join(["Commander,Milestone", *lines])
        run = self.world.muster.imports.completions
        dry = run(self.admin, "101", alliance, text, Columns(), Options(dry_run=True, is_new=True))
        real = run(self.admin, "101", alliance, text, Columns(), Options(is_new=True))
        assert [(one.status, one.commander) for one in dry.lines] == [
            (one.status, one.commander) for one in real.lines
        ]
        return [(one.status, one.commander, " ".join(one.reasons)) for one in real.lines]


@pytest.fixture
def cast(world: World) -> Cast:
    world.add_alliance("vega")
    return Cast(world)


class TestAFormerName:
    def test_leads_on_wherever_it_comes_in(self, cast: Cast) -> None:
        kestrel = cast.report("Kestrel")
        cast.rename(kestrel, "Osprey")
        assert cast.report("KESTREL") == kestrel
        assert cast.counted() == 1
        assert cast.import_completions("kestrel") == [
            (
                *("known", "Osprey"),
                "Kestrel is Osprey now. If this is another Kestrel, add them by themselves.",
            )
        ]
        assert cast.import_roster("Kestrel", is_new=True) == [("known", "Osprey")]
        assert cast.correct("Kestrel") == kestrel
        ledger = cast.world.muster.ledger_pages.of_server(cast.admin, "101", "Kestrel").entries
        assert {entry.commander.id for entry in ledger if entry.commander} == {kestrel}
        assert cast.names() == ["Osprey"]
        other = cast.add("Merlin")
        cast.merge(other, "kestrel")
        assert cast.report("Kestrel") == cast.report("Osprey") == other

    def test_leads_on_through_renames_moves_and_merges(self, cast: Cast) -> None:
        kestrel = cast.report("Kestrel")
        cast.rename(kestrel, "Osprey")
        cast.move(kestrel, "nova", "vega")
        cast.rename(kestrel, "Falcon", "vega")
        with pytest.raises(Conflict, match="other-alliance: Kestrel was the name of a commander"):
            cast.report("Kestrel")
        cast.move(kestrel, "vega", "nova")
        cast.rename(kestrel, "Hawk")
        eagle = cast.report("Eagle", ENLISTING_OLD_ALLIES)
        cast.merge(eagle, "Hawk")
        cast.move(eagle, "nova", "vega")
        heron = cast.report("Heron", alliance="vega")
        cast.merge(heron, "Eagle", "vega")
        for name in ("Kestrel", "Osprey", "Falcon", "Hawk", "Eagle", "Heron"):
            assert cast.report(name, alliance="vega") == heron
        assert cast.counted() == 2
        assert set(cast.aliases(heron, "vega")) == {"kestrel", "osprey", "falcon", "hawk", "eagle"}

    def test_can_be_taken_back(self, cast: Cast) -> None:
        kestrel = cast.report("Kestrel")
        for name in ("Osprey", "kestrel", "KESTREL", "Osprey", "Kestrel"):
            cast.rename(kestrel, name)
        assert (cast.names(), cast.aliases(kestrel)) == (["Kestrel"], ("osprey",))
        assert cast.report("Osprey") == cast.report("Kestrel") == kestrel

    def test_goes_to_whom_an_officer_adds(self, cast: Cast) -> None:
        osprey = cast.report("Kestrel")
        cast.rename(osprey, "Osprey")
        kestrel = cast.add("KESTREL", "vega")
        assert kestrel != osprey
        assert cast.report("Kestrel", alliance="vega") == kestrel
        assert cast.report("Osprey") == osprey
        assert cast.aliases(osprey) == ()
        entries = cast.world.muster.ledger_pages.of_server(cast.admin, "101", osprey).entries
        released = [(entry.before, entry.after) for entry in entries if entry.action == "release"]
        assert released == [({"name": "Kestrel"}, {"commander": kestrel})]
        with pytest.raises(Conflict, match="already-on-roster"):
            cast.add("Kestrel", "vega")

    def test_goes_to_whom_an_officer_renames(self, cast: Cast) -> None:
        osprey, hawk = cast.report("Kestrel"), cast.report("Hawk", ENLISTING_OLD_ALLIES)
        cast.rename(osprey, "Osprey")
        cast.rename(hawk, "Kestrel")
        assert (cast.report("Kestrel"), cast.report("Hawk"), cast.report("Osprey")) == (hawk, hawk, osprey)
        with pytest.raises(Conflict, match="name-taken"):
            cast.rename(osprey, "Kestrel")
        cast.rename(hawk, "Hawk")
        cast.rename(osprey, "Kestrel")
        assert (cast.report("Kestrel"), cast.aliases(hawk)) == (osprey, ())

    def test_is_never_given_away_by_a_file_that_is_sent_again(self, cast: Cast) -> None:
        assert cast.import_roster("Kestrel", "Merlin") == [("new", "Kestrel"), ("new", "Merlin")]
        (kestrel,) = (
            one.id for one in cast.rosters.roster(cast.admin, "101", "nova") if one.name == "Kestrel"
        )
        cast.rename(kestrel, "Osprey")
        for is_new in (False, True):
            again = cast.import_roster("Kestrel", "Merlin", is_new=is_new)
            assert again == [("known", "Osprey"), ("known", "Merlin")]
        assert cast.import_roster("Kestrel", alliance="vega") == [("refused", "Kestrel")]
        assert cast.names() == ["Merlin", "Osprey"]

    def test_does_not_make_a_slip_of_it_any_less_a_slip(self, cast: Cast) -> None:
        osprey = cast.report("Kestrel")
        cast.rename(osprey, "Osprey")
        with pytest.raises(DidYouMean):
            cast.report("Ospery")

    @on_dynamodb
    def test_costs_a_report_no_more_read_units(self, cast: Cast) -> None:
        kestrel = cast.report("Kestrel")
        cast.rename(kestrel, "Osprey")
        cast.report("Osprey")
        calls = [call.operation for call in calls_of(cast, lambda: cast.report("Kestrel"))]
        assert calls == ["GetItem", "BatchGetItem", "BatchGetItem"], (
            "the name, the roster and a card: 1.5 units"
        )


def calls_of(cast: Cast, act: Callable[[], object]) -> list[Call]:
    cast.world.dynamodb.calls.clear()
    act()
    return list(cast.world.dynamodb.calls)


def test_a_former_name_that_is_given_away_is_left_in_no_roster(cast: Cast) -> None:
    osprey = cast.add("Kestrel")
    cast.move(osprey, "nova", "vega")
    cast.rename(osprey, "Osprey", "vega")
    cast.add("Kestrel")
    known = cast.world.muster.stores.commanders.known("101", "nova")
    assert [(one.name, one.moved) for one in known] == [("Kestrel", False), ("Osprey", True)]


class TestSomebodyWhoHasRetired:
    @pytest.mark.parametrize("back", ["add", "import"])
    @pytest.mark.parametrize("alliance", ["nova", "vega"])
    def test_comes_back_when_they_are_added_again(self, cast: Cast, back: str, alliance: str) -> None:
        kestrel = cast.report("Kestrel")
        cast.retire(kestrel)
        assert cast.names() == []
        if back == "add":
            assert cast.add("kestrel", alliance) == kestrel
        else:
            assert cast.import_roster("Kestrel", alliance=alliance) == [("new", "Kestrel")]
            assert cast.import_roster("Kestrel", alliance=alliance) == [("known", "Kestrel")]
        assert cast.names(alliance) == ["Kestrel"]
        assert cast.report("Kestrel", alliance=alliance) == kestrel
        assert cast.counted() == 1

    def test_comes_back_by_a_file_that_has_a_former_name(self, cast: Cast) -> None:
        osprey = cast.report("Kestrel")
        cast.rename(osprey, "Osprey")
        for alliance in ("vega", "nova"):
            cast.retire(osprey, "vega" if alliance == "nova" else "nova")
            assert cast.import_roster("Kestrel", "Osprey", alliance=alliance) == [
                ("new", "Osprey"),
                ("known", "Osprey"),
            ]
        cast.retire(osprey)
        assert cast.import_roster("kestrel") == [("new", "Osprey")]
        assert cast.names() == ["Osprey"]

    def test_and_was_renamed_meanwhile_is_back_under_each_name(self, cast: Cast) -> None:
        kestrel, commanders = cast.add("Kestrel"), cast.world.muster.stores.commanders
        cast.retire(kestrel)
        cast.rename(kestrel, "Osprey")
        assert cast.add("Osprey") == kestrel
        cast.rename(kestrel, "Kestrel")
        found = commanders.named("101", "Kestrel", consistent=True)
        assert found
        assert found.retired_at is None

    def test_is_said_to_come_back_by_a_dry_run_once(self, cast: Cast) -> None:
        cast.retire(cast.add("Kestrel"))
        lines = cast.import_roster("Kestrel", "KESTREL", dry_run=True)
        assert lines == [("new", "Kestrel"), ("refused", "KESTREL")]
        assert cast.names() == []

    def test_comes_back_by_a_former_name_unless_it_is_somebody_new(self, cast: Cast) -> None:
        osprey = cast.report("Kestrel")
        cast.rename(osprey, "Osprey")
        cast.retire(osprey)
        assert cast.add("Kestrel") == osprey
        cast.retire(osprey)
        kestrel = cast.add("Kestrel", is_new=True)
        assert kestrel != osprey
        assert cast.names() == ["Kestrel"]

    def test_who_is_made_one_with_somebody_active_is_active(self, cast: Cast) -> None:
        kestrel, double = cast.report("Kestrel"), cast.report("Merlin")
        cast.retire(double)
        cast.merge(kestrel, "Merlin")
        assert cast.report("Merlin") == kestrel
        third = cast.add("Hawk", "orbit")
        cast.retire(third, "orbit")
        cast.merge(third, "Kestrel", "orbit")
        for name in ("Kestrel", "Merlin", "Hawk"):
            assert cast.report(name, alliance="orbit") == third, (
                "which is not open: who is retired is refused"
            )

    def test_two_who_have_retired_stay_so(self, cast: Cast) -> None:
        kestrel, double = cast.add("Kestrel", "orbit"), cast.add("Merlin", "orbit")
        cast.retire(kestrel, "orbit")
        cast.retire(double, "orbit")
        cast.merge(kestrel, "Merlin", "orbit")
        for name in ("Kestrel", "Merlin"):
            with pytest.raises(Conflict, match="not-on-roster"):
                cast.report(name, alliance="orbit")


class TestATag:
    def test_is_no_part_of_a_name_wherever_it_comes_in(self, cast: Cast) -> None:
        altair = cast.report("Altair")
        for typed in (
            "[NOVA] Altair",
            "altair (nova)",
            "［ＮＯＶＡ］Altair",
            "【ØRB】 Altair",
            "<VEGA>Altair",
        ):
            assert cast.report(typed) == altair
        assert cast.counted() == 1
        with pytest.raises(Conflict, match="already-on-roster: Altair is"):
            cast.add("[NOVA] Altair")
        assert cast.import_roster("[NOVA] Altair", "[XYZ] Altair", is_new=True) == [
            ("known", "Altair"),
            ("new", "[XYZ] Altair"),
        ]
        assert cast.import_completions("Altair [NOVA]") == [("known", "Altair", "")]
        assert cast.correct("{NOVA} Altair") == altair
        page = cast.world.muster.ledger_pages.of_server(cast.admin, "101", "|NOVA| Altair")
        assert {entry.commander.id for entry in page.entries if entry.commander} == {altair}
        cast.merge(cast.add("Deneb"), "«NOVA» Altair")
        assert cast.names() == ["[XYZ] Altair", "Deneb"]

    def test_is_not_shown_and_is_taken_off_names_that_are_given(self, cast: Cast) -> None:
        kestrel = cast.report("[NOVA] Kestrel")
        cast.add("[nova] Merlin [VEGA]")
        cast.rename(kestrel, "[ØRB]Osprey")
        assert cast.import_roster("(NOVA) Hawk", "Hawk") == [("new", "Hawk"), ("refused", "Hawk")]
        assert cast.names() == ["Hawk", "Merlin", "Osprey"]
        assert cast.report("[NOVA]") != kestrel
        assert "[NOVA]" in cast.names(), "which is nothing but a tag, so it is a name"

    def test_which_an_alliance_had_is_none_either(self, cast: Cast) -> None:
        altair = cast.report("Altair")
        retag(cast, "vega", "VGA")
        retag(cast, "vega", "VG")
        for typed in ("[VEGA] Altair", "[VGA] Altair", "[VG] Altair"):
            assert cast.report(typed) == altair
        alliance = cast.world.muster.directory.alliance("101", "vega")
        assert (alliance.tag, alliance.past_tags) == ("VG", ("VEGA", "VGA"))

    def test_nor_is_one_that_an_earlier_version_did_not_note(self, cast: Cast) -> None:
        altair = cast.report("Altair")
        unnoted = Update(keys.alliance("101", "vega"), remove=[f"{keys.TAG_PREFIX}VEGA"])
        cast.world.muster.stores.table.write(unnoted)
        retag(cast, "vega", "VG")
        assert cast.report("[VEGA] Altair") == altair

    def test_of_another_server_stays(self, cast: Cast) -> None:
        assert cast.report("Altair") != cast.report("[XYZ] Altair", ENLISTING_OLD_ALLIES)

    @pytest.mark.parametrize("typed", ["Altair", "[NOVA] Altair", "<nova>Altair"])
    @on_dynamodb
    def test_costs_a_report_within_the_budget(self, cast: Cast, typed: str) -> None:
        cast.report("[NOVA] Altair")
        name, card, write = calls_of(cast, lambda: cast.report(typed, ENLISTING_OLD_ALLIES))
        assert (card.operation, write.operation) == ("BatchGetItem", "TransactWriteItems")
        asked = name.parameters.get("RequestItems", {}).get(
            "muster-test", {"Keys": [name.parameters.get("Key")]}
        )
        assert len(asked["Keys"]) == (1 if typed == "Altair" else 2), (
            "half a unit each, beside those of the cards"
        )

    def test_that_is_new_is_taken_off_names_that_are_stored_with_it(self, cast: Cast) -> None:
        first, second = cast.report("[ACE] Altair"), cast.report("Deneb [ACE]", ENLISTING_OLD_ALLIES)
        deneb = cast.report("Deneb")
        retag(cast, "vega", "ACE")
        assert cast.names() == ["Altair", "Deneb", "Deneb [ACE]"]
        assert cast.report("Altair") == cast.report("[ACE] Altair") == first
        assert (cast.report("Deneb"), cast.report("Deneb [ACE]")) == (deneb, second), (
            "never merged by themselves"
        )
        cast.merge(deneb, "Deneb [ACE]")
        assert cast.report("Deneb [ACE]") == cast.report("[ace]Deneb") == deneb


def retag(cast: Cast, alliance: str, tag: str) -> None:
    before = cast.world.muster.directory.alliance("101", alliance)
    cast.world.muster.administration.put_alliance(cast.admin, replace(before, tag=tag, past_tags=()))


class TestManyNames:
    def test_however_many_there_are_whoever_has_them_can_change(self, cast: Cast) -> None:
        kestrel = cast.add("Kestrel")
        for number in range(120):
            cast.rename(kestrel, f"Kestrel{number}")
        cast.retire(kestrel)
        cast.rosters.reinstate(cast.admin, "101", "nova", kestrel)
        cast.move(kestrel, "nova", "vega")
        cast.merge(cast.add("Merlin", "vega"), "Kestrel7", "vega")
        merlin = cast.report("Kestrel0", alliance="vega")
        assert len(cast.aliases(merlin, "vega")) == 121
        cast.rosters.forget(cast.admin, "101", "vega", merlin)
        assert cast.aliases(merlin, "vega") == ()
        assert cast.report("Kestrel99", alliance="vega") != merlin

    def test_of_the_first_version_as_well(self, cast: Cast) -> None:
        aliases = tuple(f"kestrel{number}" for number in range(97))
        put_commander(cast.world, "first", "Kestrel", aliases=aliases)
        assert cast.report("Kestrel5") == "first"
        cast.rename("first", "Osprey")
        cast.retire("first")
        assert cast.add("Osprey") == "first"
        cast.move("first", "nova", "vega")
        for name in ("Kestrel", "Kestrel96", "Osprey"):
            assert cast.report(name, alliance="vega") == "first"
        cast.rosters.forget(cast.admin, "101", "vega", "first")
        left = cast.world.muster.stores.commanders.all_named("101", [*aliases, "kestrel", "osprey"])
        assert left == {}

    def test_are_bounded_with_words(self, cast: Cast) -> None:
        put_commander(cast.world, "first", "Kestrel", aliases=tuple(f"a{n}" for n in range(MOST_ALIASES)))
        with pytest.raises(Conflict, match="too-many-names: Osprey would have 201 names"):
            cast.rename("first", "Osprey")
        cast.rename("first", "a7")
        cast.add("Merlin")
        with pytest.raises(Conflict, match="too-many-names"):
            cast.merge("first", "Merlin")
        assert cast.report("Kestrel") == "first"


class TestNamesOfTheFirstVersion:
    def test_are_found_as_they_were_stored(self, cast: Cast) -> None:
        put_commander(cast.world, "heart", "❤️ Ace", aliases=("❤️ as", "kestrl"))
        put_commander(cast.world, "tagged", "[NOVA] Altair")
        for typed, who in (
            ("❤️ Ace", "heart"),
            ("❤️ As", "heart"),
            ("Kestrl", "heart"),
            ("[nova] altair", "tagged"),
        ):
            assert cast.report(typed) == who
        cast.rename("heart", "Ace ❤️")
        cast.retire("tagged")
        assert cast.report("[NOVA] Altair") == "tagged"
        assert cast.report("❤️ Ace") == cast.report("Kestrl") == "heart"

    def test_a_name_of_nothing_is_none_any_more(self, cast: Cast) -> None:
        put_commander(cast.world, "blank", "\u3164")
        with pytest.raises(Malformed, match="nothing that can be seen"):
            cast.report("\u3164")
        cast.rename("blank", "Kestrel")
        assert cast.report("Kestrel") == "blank"
