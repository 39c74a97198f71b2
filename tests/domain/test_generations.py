"""Of each milestone on a card, since which version it is as it is: an edit of a sheet is decided on that."""

from dataclasses import replace

import pytest

from chalicelib.domain.cards import Card, Completion, entered, moved, reported, restored, timed, voided
from chalicelib.domain.standing import Reading
from chalicelib.store.ledger import completion, completion_item
from tests.world import WEDNESDAY_NOON

DONE = Completion(WEDNESDAY_NOON, "key")
EMPTY = Card("101", "event", "nova", "ash")


def stored(card: Card) -> Card:
    """As it is read back."""
    sides = (
        {m: completion(completion_item(each)) for m, each in side.items()}
        for side in (card.completions, card.voided)
    )
    completions, void = sides
    return replace(card, completions=completions, voided=void)


def test_nobody_has_touched_it() -> None:
    assert EMPTY.generation("one") == 0


def test_each_change_of_a_milestone_is_a_generation_and_others_keep_theirs() -> None:
    card = stored(reported(EMPTY, ["one", "two"], DONE).after)
    assert (card.generation("one"), card.generation("two")) == (1, 1)
    card = stored(voided(card, ["one"]).after)
    assert (card.generation("one"), card.generation("two")) == (2, 1)
    card = stored(restored(card, ["one"]).after)
    assert (card.generation("one"), card.generation("two")) == (3, 1)
    card = stored(entered(card, "three", DONE).after)
    assert [card.generation(each) for each in ("one", "two", "three")] == [3, 1, 4]
    card = stored(voided(card, ["three"], bulk="b").after)
    card = stored(reported(card, ["three"], DONE).after)
    assert [card.generation(each) for each in ("one", "two", "three")] == [3, 1, 6]


def test_noting_when_it_was_reported_changes_no_tick() -> None:
    card = reported(EMPTY, ["one"], DONE).after
    said = timed(card, ["one"], WEDNESDAY_NOON).after
    assert (said.version, stored(said).generation("one")) == (2, 1)


def test_what_comes_from_another_card_is_new_there() -> None:
    here = voided(reported(EMPTY, ["one", "two"], DONE).after, ["two"]).after
    there = reported(replace(EMPTY, alliance="orbit"), ["three"], DONE).after
    left, came = moved(here, there)
    assert [stored(came.after).generation(each) for each in ("one", "two", "three")] == [2, 2, 1]
    assert left.after.generation("one") == 0
    again = moved(came.after, left.after)[1].after
    assert again.generation("one") == again.version > here.version


def test_what_an_earlier_version_stored_has_none_until_it_changes() -> None:
    old = {"at": "2023-11-15T12:00:00Z", "by": "key"}
    card = replace(EMPTY, completions={"one": completion(old)}, version=7)
    assert card.generation("one") == 0
    assert completion_item(card.completions["one"]) == old
    assert stored(voided(card, ["one"]).after).generation("one") == 8


def test_a_report_stores_nothing_more_for_it() -> None:
    card = reported(EMPTY, ["one"], DONE).after
    assert completion_item(card.completions["one"]).keys() == {"at", "by", "owed"}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (Reading(1, WEDNESDAY_NOON, 0, "a"), Reading(1, WEDNESDAY_NOON, 0, "a"), True),
        (Reading(1, WEDNESDAY_NOON, 0, "a"), Reading(1, WEDNESDAY_NOON, 0, "b"), False),
        (Reading(1, WEDNESDAY_NOON, 0), Reading(1, WEDNESDAY_NOON.replace(minute=1), 0), False),
    ],
)
def test_readings_are_told_apart(one: Reading, other: Reading, same: bool) -> None:
    assert (one.generation == other.generation) is same
