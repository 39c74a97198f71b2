"""An event cloned to another week: everything moves together, and nothing is made up."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from chalicelib.catalog import load_catalog
from chalicelib.domain.calendar import GameDay
from chalicelib.domain.events import Event

EVENTS = {event.id: event for event in load_catalog()}
ARCHITECTS = EVENTS["2023-11-architects-of-chaos"]
MONDAY = date(2026, 11, 30)
CENTRAL_EUROPE = timezone(timedelta(hours=1))


def event(**given: Any) -> Event:
    milestones = [{"id": "one", "name": "One", "first_day": date(2024, 1, 8)}]
    return Event.model_validate(
        {"id": "2024-01-trial", "name": "Trial", "first_day": date(2024, 1, 8), "milestones": milestones}
        | given
    )


@pytest.mark.parametrize("original", EVENTS.values(), ids=EVENTS)
def test_a_week_is_moved_as_a_whole(original: Event) -> None:
    clone = original.cloned(MONDAY)
    assert clone.id == original.id.replace("2023-11-", "2026-11-30-")
    assert (clone.first_day, clone.last_day) == (MONDAY, date(2026, 12, 5))
    days = [milestone.first_day for milestone in clone.milestones]
    assert days == [MONDAY + timedelta(days=number) for number in range(5)]
    assert [m.id for m in clone.milestones] == [m.id for m in original.milestones]
    assert clone.tiers == original.tiers


def test_what_is_unknown_stays_unknown() -> None:
    clone = ARCHITECTS.cloned(MONDAY)
    testing_destinies = clone.milestone("testing-destinies")
    assert testing_destinies
    assert testing_destinies.objectives is None
    assert testing_destinies.server_points is None
    assert clone.tiers[0].rewards[2].name is None


def test_it_can_be_cloned_back() -> None:
    again = ARCHITECTS.cloned(MONDAY).cloned(date(2023, 11, 13))
    assert again == ARCHITECTS.model_copy(update={"id": "2023-11-13-architects-of-chaos"})


def test_an_archived_event_makes_one_that_is_not() -> None:
    assert not event(archived=True).cloned(MONDAY).archived


def test_instants_keep_their_hour_in_utc() -> None:
    opens, closes = datetime(2024, 3, 29, 18, tzinfo=UTC), datetime(2024, 4, 2, 18, tzinfo=UTC)
    one = {"id": "one", "name": "One", "opens_at": opens, "closes_at": opens + timedelta(hours=6)}
    clone = event(first_day=None, opens_at=opens, closes_at=closes, milestones=[one]).cloned(MONDAY)
    assert clone.opens_at == datetime(2026, 11, 30, 18, tzinfo=UTC)
    assert clone.closes_at == datetime(2026, 12, 4, 18, tzinfo=UTC)
    assert clone.milestones[0].closes_at == datetime(2026, 12, 1, 0, tzinfo=UTC)


def test_the_first_day_of_an_instant_is_that_in_utc() -> None:
    opens = datetime(2024, 1, 9, 0, 30, tzinfo=CENTRAL_EUROPE)
    one = {"id": "one", "name": "One", "opens_at": opens, "closes_at": opens + timedelta(days=1)}
    original = event(first_day=None, opens_at=opens, closes_at=opens + timedelta(days=2), milestones=[one])
    assert original.begins_on == date(2024, 1, 8)
    assert original.cloned(MONDAY).begins_on == MONDAY


def test_days_and_instants_move_by_the_same_days() -> None:
    opens = datetime(2024, 1, 9, 18, tzinfo=UTC)
    one = {"id": "one", "name": "One", "opens_at": opens, "closes_at": opens + timedelta(hours=2)}
    clone = event(last_day=date(2024, 1, 10), milestones=[one]).cloned(MONDAY)
    assert clone.window(GameDay()).closes_at == datetime(2026, 12, 3, tzinfo=UTC)
    assert clone.milestones[0].opens_at == datetime(2026, 12, 1, 18, tzinfo=UTC)


@pytest.mark.parametrize(
    ("original", "clone"),
    [
        ("trial", "2026-11-30-trial"),
        ("2024-trial", "2026-11-30-trial"),
        ("2024-01-trial", "2026-11-30-trial"),
        ("2024-01-08-trial", "2026-11-30-trial"),
        ("2024-01-08-2-trials", "2026-11-30-2-trials"),
        ("12345-trial", "2026-11-30-12345-trial"),
    ],
)
def test_the_id_is_the_day_and_the_name(original: str, clone: str) -> None:
    assert event(id=original).cloned(MONDAY).id == clone


def test_an_id_that_gets_too_long_is_refused() -> None:
    assert len(event(id="t" * 53).cloned(MONDAY).id) == 64
    with pytest.raises(ValueError, match="at most 64"):
        event(id="t" * 54).cloned(MONDAY)


def test_there_is_no_day_after_the_year_9999() -> None:
    with pytest.raises(OverflowError):
        ARCHITECTS.cloned(date(9999, 12, 31))
