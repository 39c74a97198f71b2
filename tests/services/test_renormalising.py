"""Stored names are brought to today's rules while the product is in use, as often as one likes."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from chalicelib.services.renormalising import Renormalised
from chalicelib.services.rosters import CommanderNamesake
from chalicelib.store.commanders import Commanders
from chalicelib.store.table import Change, ConditionFailed
from tests.first_version import put_commander
from tests.stores import on_dynamodb
from tests.world import HIDDEN_MOTIVATIONS, World


@pytest.fixture
def old(world: World) -> World:
    """Names that the first version took for different ones, in two alliances."""
    world.add_alliance("vega")
    put_commander(world, "tagged", "[NOVA] Altair", aliases=("[nova] altr",))
    put_commander(world, "heart", "❤️ Ace", "vega")
    put_commander(world, "deneb", "Deneb")
    put_commander(world, "double", "(nova) DENEB", "vega")
    put_commander(world, "blank", "\u3164")
    return world


def report(world: World, name: str, alliance: str = "nova") -> str:
    key = world.key("member", "101", alliance)
    return world.muster.reporting.report(key, name, [HIDDEN_MOTIVATIONS], is_new=True).commander.id


EXPECTED = Renormalised(
    server="101",
    changed=2,
    coinciding=(
        (CommanderNamesake("deneb", "Deneb", "nova"), CommanderNamesake("double", "(nova) DENEB", "vega")),
    ),
    nameless=(CommanderNamesake("blank", "\u3164", "nova"),),
    left=0,
)


def test_a_dry_run_says_the_same_and_writes_nothing(old: World) -> None:
    before = list(old.muster.stores.table.scan())
    assert old.muster.renormalising.run("101", dry_run=True) == EXPECTED
    assert list(old.muster.stores.table.scan()) == before


def test_each_is_found_before_and_after_and_a_second_run_changes_nothing(old: World) -> None:
    asked = {"[NOVA] Altair": "tagged", "[NOVA] Altr": "tagged", "Deneb": "deneb"}
    for _ in range(2):
        assert {name: report(old, name) for name in asked} == asked
        assert report(old, "❤️ Ace", "vega") == "heart"
        assert report(old, "(NOVA) Deneb", "vega") == "double"
        old.muster.renormalising.run("101")
    assert report(old, "Altair") == report(old, "Altr") == "tagged"
    assert report(old, "❤ Ace", "vega") == "heart"
    assert old.muster.renormalising.run("101") == replace(EXPECTED, changed=0)


def test_the_ledger_tells_what_is_shown_otherwise(old: World) -> None:
    assert old.muster.renormalising.run("101") == EXPECTED
    (entry,) = old.muster.ledger_pages.of_server(old.key("admin", None, None), "101", "Altair").entries
    assert (entry.action, entry.actor.label) == ("rename", "Muster")
    assert (entry.before, entry.after) == ({"name": "[NOVA] Altair"}, {"name": "Altair"})


def test_who_changes_meanwhile_is_taken_in_the_next_round(
    old: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin, transact, at = old.key("admin", None, None), Commanders.transact, iter(["retire", "", "rename"])

    def late(self: Commanders, changes: Sequence[Change]) -> None:
        what = next(at, "")
        monkeypatch.setattr(Commanders, "transact", transact)
        if what == "retire":
            old.muster.rosters.retire(admin, "101", "nova", "tagged")
        elif what == "rename":
            old.muster.rosters.rename(admin, "101", "vega", "heart", "Heart")
        monkeypatch.setattr(Commanders, "transact", late)
        transact(self, changes)

    monkeypatch.setattr(Commanders, "transact", late)
    assert old.muster.renormalising.run("101") == EXPECTED
    assert old.muster.rosters.get(admin, "101", "nova", "tagged").retired_at
    assert report(old, "Altair") == "tagged"


def test_what_can_t_be_done_is_left_and_said(old: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(self: Commanders, changes: Sequence[Change]) -> None:
        raise ConditionFailed({})

    with monkeypatch.context() as patch:
        patch.setattr(Commanders, "transact", never)
        done = old.muster.renormalising.run("101")
    assert (done.changed, done.left) == (0, 2)
    assert old.muster.renormalising.run("101") == EXPECTED


@on_dynamodb
def test_a_new_tag_is_taken_off_the_names_that_have_it(old: World) -> None:
    admin = old.key("admin", None, None)
    ace = report(old, "[ACE] Rigel")
    vega = old.muster.directory.alliance("101", "vega")
    old.muster.administration.put_alliance(admin, replace(vega, tag="ACE"))
    assert old.muster.rosters.get(admin, "101", "nova", ace).name == "Rigel"
    old.dynamodb.calls.clear()
    old.muster.administration.put_alliance(admin, replace(vega, tag="NOVA"))
    assert not [call for call in old.dynamodb.calls if "ROSTER#" in str(call.parameters)], (
        "it is none that is new"
    )


def test_officers_see_whose_names_coincide(old: World) -> None:
    admin, listing = old.key("admin", None, None), old.muster.rosters.listing
    deneb, double = EXPECTED.coinciding[0]
    assert listing(admin, "101", "nova").possible_duplicates == ()
    assert listing(admin, "101", "vega").possible_duplicates == ((double, deneb),)
    put_commander(old, "third", "<NOVA> Altair")
    same = (
        CommanderNamesake("tagged", "[NOVA] Altair", "nova"),
        CommanderNamesake("third", "<NOVA> Altair", "nova"),
    )
    (found,) = listing(admin, "101", "nova").possible_duplicates
    assert set(found) == set(same)
    old.muster.rosters.merge(admin, "101", "nova", "deneb", "(nova) Deneb")
    assert listing(admin, "101", "vega").possible_duplicates == ()
