"""Commanders who change while something else is under way, and what becomes of it."""

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest

from chalicelib.domain.access import Key
from chalicelib.domain.cards import CardChange, count
from chalicelib.domain.errors import Conflict, Forbidden
from chalicelib.domain.names import Tags
from chalicelib.domain.roster import Alliance, Commander
from chalicelib.services.keys import WantedKey
from chalicelib.services.rosters import Rosters
from chalicelib.store import keys
from chalicelib.store.commanders import Commanders
from chalicelib.store.completions import Completions
from chalicelib.store.table import Change, Update
from tests.world import ARCHITECTS, CONFRONTING_RESILIENCE, DEFENDERS, HIDDEN_MOTIVATIONS, World


@pytest.fixture
def two_alliances(world: World) -> World:
    world.add_alliance("vega")
    return world


def before_the_next_write(meanwhile: Callable[[], object]) -> None:
    """Something that happens after a report has read what there is, and before it writes."""
    record, patch = Completions.record, pytest.MonkeyPatch()

    def late(self: Completions, changes: Sequence[CardChange], more: Sequence[Change] = ()) -> None:
        patch.undo()
        meanwhile()
        record(self, changes, more)

    patch.setattr(Completions, "record", late)


def held(world: World, alliance: str, event: str = DEFENDERS) -> int:
    """How many completions the cards of the alliance hold, which its totals say as well."""
    completions = world.muster.stores.completions
    counted = count(completions.alliance_cards("101", event, alliance, consistent=True))
    standing = completions.standing("101", event, consistent=True).alliances
    assert {m: n for m, n in counted.completions.items() if n} == dict(
        standing[alliance].completions if alliance in standing else {}
    )
    return sum(counted.completions.values())


@pytest.mark.parametrize("milestone", [HIDDEN_MOTIVATIONS, CONFRONTING_RESILIENCE], ids=["with", "without"])
def test_a_report_that_a_move_overtakes_leaves_nothing_behind(two_alliances: World, milestone: str) -> None:
    """With a card in the event of the report, and without one."""
    world, admin = two_alliances, two_alliances.key("admin", None, None)
    first = world.muster.reporting.report(world.key(), "Kestrel", [f"{DEFENDERS}/unraveling-anomalies"])
    move = world.muster.rosters.move
    before_the_next_write(lambda: move(admin, "101", "nova", first.commander.id, "vega"))
    with pytest.raises(Conflict, match="other-alliance"):
        world.muster.reporting.report(world.key(), "Kestrel", [milestone])
    assert [held(world, "nova", event) for event in (DEFENDERS, ARCHITECTS)] == [0, 0]
    assert held(world, "vega") == 1
    again = world.muster.reporting.report(world.key("member", "101", "vega"), "Kestrel", [milestone])
    assert again.results[0].status == "recorded"


def test_a_move_that_a_rename_overtakes_takes_the_new_name_along(two_alliances: World) -> None:
    world, admin, rosters = (
        two_alliances,
        two_alliances.key("admin", None, None),
        two_alliances.muster.rosters,
    )
    kestrel = rosters.add(admin, "101", "nova", "Kestrel")
    before_the_next_write(lambda: rosters.rename(admin, "101", "nova", kestrel.id, "Merlin"))
    assert rosters.move(admin, "101", "nova", kestrel.id, "vega").name == "Merlin"
    (moved,) = world.muster.stores.commanders.roster("101", "vega")
    assert (moved.name, list(moved.aliases)) == ("Merlin", ["kestrel"])


def test_who_is_back_by_then_is_not_taken_along_by_another_alliance(
    two_alliances: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, admin, rosters = (
        two_alliances,
        two_alliances.key("admin", None, None),
        two_alliances.muster.rosters,
    )
    kestrel = rosters.add(admin, "101", "nova", "Kestrel").id
    rosters.retire(admin, "101", "nova", kestrel)
    take_in = Rosters._take_in

    def late(self: Rosters, key: Key, alliance: Alliance, found: Commander) -> Commander:
        rosters.reinstate(admin, "101", "nova", kestrel)
        return take_in(self, key, alliance, found)

    monkeypatch.setattr(Rosters, "_take_in", late)
    with pytest.raises(Conflict, match="other-alliance"):
        world.muster.reporting.report(world.key("member", "101", "vega"), "Kestrel", [HIDDEN_MOTIVATIONS])
    assert [one.name for one in world.muster.stores.commanders.roster("101", "nova")] == ["Kestrel"]


def test_what_a_later_version_has_stored_of_a_commander_moves_along(two_alliances: World) -> None:
    world, admin, rosters = (
        two_alliances,
        two_alliances.key("admin", None, None),
        two_alliances.muster.rosters,
    )
    table, kestrel = world.muster.stores.table, rosters.add(admin, "101", "nova", "Kestrel").id
    table.write(Update(keys.commander("101", "nova", kestrel), set={"rank": "admiral"}))
    rosters.move(admin, "101", "nova", kestrel, "vega")
    assert (table.get(keys.commander("101", "vega", kestrel)) or {})["rank"] == "admiral"


def test_a_report_that_a_merge_overtakes_counts_for_the_survivor(world: World) -> None:
    admin, report = world.key("admin", None, None), world.muster.reporting.report
    survivor = report(world.key(), "Kestrel", [HIDDEN_MOTIVATIONS]).commander
    report(world.key(), "Kestrl", [f"{DEFENDERS}/unraveling-anomalies"], is_new=True)
    merge = world.muster.rosters.merge
    before_the_next_write(lambda: merge(admin, "101", "nova", survivor.id, "Kestrl"))
    receipt = report(world.key(), "Kestrl", [HIDDEN_MOTIVATIONS, CONFRONTING_RESILIENCE])
    assert (receipt.commander.id, receipt.commander.name) == (survivor.id, "Kestrel")
    assert getattr(receipt.commander, "formerly", None) == "Kestrl"
    assert [result.status for result in receipt.results] == ["already_recorded", "recorded"]
    assert (held(world, "nova"), held(world, "nova", ARCHITECTS)) == (2, 1)


def test_an_officer_merges_nobody_of_another_alliance(world: World) -> None:
    admin, rosters = world.key("admin", None, None), world.muster.rosters
    kestrel = rosters.add(admin, "101", "nova", "Kestrel").id
    rosters.add(admin, "101", "orbit", "Merlin")
    with pytest.raises(Forbidden):
        rosters.merge(world.key("officer"), "101", "nova", kestrel, "Merlin")
    assert rosters.merge(admin, "101", "nova", kestrel, "Merlin").aliases == ("merlin",)


def test_a_report_between_the_steps_of_a_merge_is_in_it(world: World) -> None:
    admin, report = world.key("admin", None, None), world.muster.reporting.report
    survivor = report(world.key(), "Kestrel", [HIDDEN_MOTIVATIONS]).commander
    report(world.key(), "Kestrl", [f"{DEFENDERS}/unraveling-anomalies"], is_new=True)
    before_the_next_write(lambda: report(world.key(), "Kestrl", [CONFRONTING_RESILIENCE]))
    world.muster.rosters.merge(admin, "101", "nova", survivor.id, "Kestrl")
    assert (held(world, "nova"), held(world, "nova", ARCHITECTS)) == (2, 1)
    assert world.muster.ledger_pages.differences("101") == []


def test_a_void_between_reading_and_writing_of_a_report_is_not_undone(world: World) -> None:
    admin, report = world.key("admin", None, None), world.muster.reporting.report
    report(world.key(), "Kestrel", [HIDDEN_MOTIVATIONS])
    void = world.muster.corrections.correct
    before_the_next_write(lambda: void(admin, "void", "Kestrel", HIDDEN_MOTIVATIONS, "a slip", "101"))
    report(world.key(), "Kestrel", [f"{DEFENDERS}/unraveling-anomalies"])
    assert held(world, "nova") == 1
    standing = world.muster.stores.completions.standing("101", DEFENDERS, consistent=True)
    assert standing.totals.commanders == 1


def test_who_has_retired_comes_back_by_reporting_to_an_open_alliance(two_alliances: World) -> None:
    world, officer = two_alliances, two_alliances.key("officer")
    first = world.muster.reporting.report(world.key(), "Kestrel", [HIDDEN_MOTIVATIONS]).commander
    vega = world.key("member", "101", "vega")
    with pytest.raises(Conflict, match="other-alliance"):
        world.muster.reporting.report(vega, "Kestrel", [CONFRONTING_RESILIENCE])
    world.muster.rosters.retire(officer, "101", "nova", first.id)
    second = world.muster.reporting.report(vega, "Kestrel", [CONFRONTING_RESILIENCE]).commander
    assert second == first
    assert (held(world, "nova"), held(world, "vega"), held(world, "vega", ARCHITECTS)) == (0, 1, 1)
    entries = world.muster.ledger_pages.of_server(world.key("officer", "101", None), "101", first.id).entries
    assert [entry.action for entry in entries].count("move") == 2


def test_a_rename_keeps_history_and_the_old_name_leads_on(world: World) -> None:
    officer, report = world.key("officer"), world.muster.reporting.report
    first = report(world.key(), "Kestrel", [HIDDEN_MOTIVATIONS]).commander
    world.muster.rosters.rename(officer, "101", "nova", first.id, "Falcon")
    for name, formerly in (("falcon", None), ("kestrel", "Kestrel")):
        receipt = report(world.key(), name, [HIDDEN_MOTIVATIONS])
        assert (receipt.commander.id, receipt.commander.name) == (first.id, "Falcon")
        assert getattr(receipt.commander, "formerly", None) == formerly
        assert receipt.results[0].status == "already_recorded"
    assert held(world, "nova") == 1


@pytest.mark.parametrize("milestone", [HIDDEN_MOTIVATIONS, CONFRONTING_RESILIENCE], ids=["with", "without"])
def test_a_report_that_still_finds_the_old_name_leaves_nothing_on_the_card_that_was_left(
    two_alliances: World, milestone: str
) -> None:
    """The name was read before the move, the cards after it: what is seen is the card that was left behind."""
    world, admin = two_alliances, two_alliances.key("admin", None, None)
    first = world.muster.reporting.report(world.key(), "Kestrel", [f"{DEFENDERS}/unraveling-anomalies"])
    commanders = world.muster.stores.commanders
    look, stale = commanders.named, commanders.named("101", "Kestrel")
    world.muster.rosters.move(admin, "101", "nova", first.commander.id, "vega")

    def late(
        self: Commanders, server: str, name: str, tags: Tags = (), *, consistent: bool = False
    ) -> Commander | None:
        return look(server, name, tags, consistent=True) if consistent else stale

    patch = pytest.MonkeyPatch()
    patch.setattr(Commanders, "named", late)
    with pytest.raises(Conflict, match="other-alliance"):
        world.muster.reporting.report(world.key(), "Kestrel", [milestone])
    patch.undo()
    assert [held(world, "nova", event) for event in (DEFENDERS, ARCHITECTS)] == [0, 0]
    world.muster.rosters.move(admin, "101", "vega", first.commander.id, "nova")
    back = world.muster.reporting.report(world.key(), "Kestrel", [milestone])
    assert back.results[0].status == "recorded"
    assert world.muster.ledger_pages.differences("101") == []


def test_the_ledger_says_when_a_new_key_ends(world: World) -> None:
    admin, ends_at = world.key("admin", None, None), world.clock() + timedelta(days=7)
    world.muster.keys.create(admin, WantedKey("reader", "for a week", "101", "nova", ends_at))
    entry = world.muster.ledger_pages.of_server(admin, "101").entries[0]
    assert (entry.action, (entry.after or {})["ends_at"]) == ("key", "2023-11-22T12:00:00Z")


def test_forgetting_once_more_says_what_is_stored(world: World) -> None:
    """Whoever came back after they were forgotten is retired again, as the answer says."""
    officer, rosters = world.key("officer"), world.muster.rosters
    one = rosters.add(officer, "101", "nova", "Kestrel")
    rosters.forget(officer, "101", "nova", one.id)
    rosters.reinstate(officer, "101", "nova", one.id)
    answer = rosters.forget(officer, "101", "nova", one.id)
    assert answer == rosters.get(officer, "101", "nova", one.id)
    assert answer.retired_at is not None


def test_no_id_begins_as_a_formula_or_an_option_does(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    made = iter(["-formula12ab", "_option123ab", "a-good_one12", "ledger-entry"])
    monkeypatch.setattr("chalicelib.services.rosters.secrets.token_urlsafe", lambda _: next(made, "rest"))
    assert world.muster.rosters.add(world.key("officer"), "101", "nova", "Kestrel").id == "a-good_one12"
