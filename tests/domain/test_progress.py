"""Points, tiers and what is needed (DESIGN §3.3 to 3.6), at the thresholds and around them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.catalog import load_catalog
from chalicelib.domain.calendar import GameDay
from chalicelib.domain.events import Event
from chalicelib.domain.plausibility import implausible, points_reported_by
from chalicelib.domain.progress import (
    BestPoints,
    LatestReading,
    NeededForTier,
    NextTier,
    Progress,
    newly_reached,
    progress_of,
    towards_next_tier,
)
from chalicelib.domain.standing import Reading, Standing, TierStamp, Totals

DEFENDERS = next(event for event in load_catalog() if event.id == "2023-11-defenders-of-peace")
WEDNESDAY = datetime(2023, 11, 15, 12, tzinfo=UTC)
SATURDAY = datetime(2023, 11, 18, 12, tzinfo=UTC)


def totals(hidden_motivations: int) -> Totals:
    return Totals(hidden_motivations, {"hidden-motivations": hidden_motivations})


def progress(counts: Totals, now: datetime = WEDNESDAY, event: Event = DEFENDERS, **more: Any) -> Progress:
    return progress_of(event, "101", GameDay(), Standing({"nova": counts}, **more), now)


def with_tiers(*thresholds: int) -> Event:
    tiers = [{"threshold": threshold, "rewards": []} for threshold in thresholds]
    return Event.model_validate(DEFENDERS.model_dump(exclude_unset=True) | {"tiers": tiers})


def test_nothing_reported() -> None:
    state = progress(Totals())
    assert (state.points, state.completions, state.commanders) == (0, 0, 0)
    assert state.next_tier == 8925
    assert state.tiers[0].remaining == 8925
    # three milestones are not closed: 300 points a commander
    assert state.needed == NeededForTier(completions=90, commanders=30)
    assert (state.official, state.coverage, state.projection) == (None, None, None)


@pytest.mark.parametrize(
    ("completions", "points", "reached", "remaining", "needed"),
    [(0, 0, False, 8925, 90), (1, 100, False, 8825, 89), (89, 8900, False, 25, 1), (90, 9000, True, 0, 0)],
)
def test_8925_takes_90_completions_of_100(
    completions: int, points: int, reached: bool, remaining: int, needed: int
) -> None:
    state = progress(totals(completions))
    tier = state.tiers[0]
    assert (state.points, tier.reached, tier.remaining) == (points, reached, remaining)
    assert state.needed.completions == needed


@pytest.mark.parametrize(("threshold", "reached"), [(9001, False), (9000, True), (8999, True)])
def test_a_tier_is_reached_at_its_very_threshold(threshold: int, reached: bool) -> None:
    state = progress(totals(90), event=with_tiers(threshold))
    assert state.tiers[0].reached is reached
    assert state.next_tier == (None if reached else threshold)


def test_the_next_tier_is_the_lowest_that_is_missing_points() -> None:
    state = progress(totals(50), event=with_tiers(1000, 5000, 5001, 9000))
    assert [tier.reached for tier in state.tiers] == [True, True, False, False]
    assert (state.next_tier, state.needed.completions) == (5001, 1)


def test_commanders_needed_counts_what_is_not_closed_yet() -> None:
    def commanders(day: int, hour: int = 0) -> int | None:
        return progress(Totals(), datetime(2023, 11, day, hour, tzinfo=UTC)).needed.commanders

    assert commanders(12) == 18  # five milestones to come: ceil(8925 / 500)
    assert commanders(13, 23) == 18
    assert commanders(14) == 23  # four: ceil(8925 / 400)
    assert commanders(17, 23) == 90  # one
    assert commanders(18) is None  # none: nobody can add anything


@pytest.mark.parametrize("day", [12, 13, 15, 17, 18])
def test_members_are_told_the_same_of_the_next_reward(day: int) -> None:
    now = datetime(2023, 11, day, tzinfo=UTC)
    found = towards_next_tier(DEFENDERS, GameDay(), Standing({"nova": totals(20)}), now)
    assert found == NextTier(8925, 6925, progress(totals(20), now).needed)


def test_where_both_numbers_are_the_same_it_is_the_reported_one() -> None:
    reading = Reading(points=5000, read_at=WEDNESDAY, reported_points=4000)
    assert progress(totals(50), reading=reading).best == BestPoints(5000, "reported")


def test_a_reading_that_reaches_what_is_stamped_already_is_not_doubted() -> None:
    reading, stamp = Reading(8925, WEDNESDAY, 8000), TierStamp(WEDNESDAY, "reading")
    for stamps, doubted in (({}, True), ({8925: stamp}, False)):
        standing = Standing({"nova": totals(80)}, stamps)
        assert (implausible(reading, [], DEFENDERS, standing, 10) is not None) == doubted


def test_what_was_reported_at_an_instant_is_told_by_hours_that_are_over() -> None:
    def reported(minutes: int, **samples: int) -> int:
        history = {WEDNESDAY.replace(hour=int(hour[1:])): points for hour, points in samples.items()}
        standing = Standing({"nova": totals(9)}, history=history)
        at = WEDNESDAY - timedelta(minutes=minutes)
        return points_reported_by(at, standing, DEFENDERS, WEDNESDAY + timedelta(minutes=30))

    assert [reported(m, h10=300, h11=500, h12=700) for m in (-30, 0, 1, 60, 120)] == [900, 500, 300, 300, 300]
    assert reported(0, h12=700) == 900, "this hour's sample may be of before it"


def test_nothing_is_needed_once_all_is_reached() -> None:
    assert progress(totals(90)).needed == NeededForTier(0, 0)
    assert progress(totals(90), SATURDAY).needed == NeededForTier(0, 0)


def test_the_credit_of_a_completion_is_the_events_to_say() -> None:
    fields = DEFENDERS.model_dump(exclude_unset=True)
    fields["milestones"] = [milestone | {"server_points": 105} for milestone in fields["milestones"]]
    generous = Event.model_validate(fields)
    state = progress(totals(84), event=generous)
    assert state.points == 84 * 105
    assert state.needed.completions == 1
    assert progress(totals(85), event=generous).tiers[0].reached
    assert generous.points_possible == 500, "what a commander gets is another number"


def test_a_reading_can_reach_a_tier_that_the_reports_have_not() -> None:
    reading = Reading(points=8925, read_at=WEDNESDAY, reported_points=4000)
    state = progress(totals(50), reading=reading)
    assert (state.points, state.official) == (5000, LatestReading(8925, WEDNESDAY))
    assert state.tiers[0].reached
    assert state.coverage == pytest.approx(4000 / 8925)
    assert Reading(0, WEDNESDAY, 0).coverage is None
    assert Reading(100, WEDNESDAY, 300).coverage == 1.0


def test_a_tier_is_stamped_once_by_whichever_number_reached_it() -> None:
    def stamps(count: int, **more: Any) -> dict[int, TierStamp]:
        return newly_reached(DEFENDERS, Standing({"nova": totals(count)}, **more), WEDNESDAY)

    reading = Reading(8925, WEDNESDAY, 4000)
    assert stamps(89) == {}
    assert stamps(90) == {8925: TierStamp(WEDNESDAY, "reported")}
    assert stamps(40, reading=reading) == {8925: TierStamp(WEDNESDAY, "reading")}
    assert stamps(90, reading=reading, stamps={8925: TierStamp(WEDNESDAY, "reported")}) == {}
    exactly = newly_reached(with_tiers(9000), Standing({"nova": totals(90)}), WEDNESDAY)
    assert exactly == {9000: TierStamp(WEDNESDAY, "reported")}


def test_a_correction_below_a_reached_tier_is_flagged_and_not_unreached() -> None:
    stamp = TierStamp(WEDNESDAY - timedelta(hours=1), "reported")
    tier = progress(totals(89), stamps={8925: stamp}).tiers[0]
    assert (tier.reached, tier.reached_at, tier.reached_by) == (True, stamp.reached_at, "reported")
    assert (tier.remaining, tier.dropped_below) == (25, True)
    assert not progress(totals(90), stamps={8925: stamp}).tiers[0].dropped_below


counts = st.dictionaries(st.sampled_from([m.id for m in DEFENDERS.milestones]), st.integers(0, 4000))
alliance_totals = st.builds(Totals, st.integers(0, 4000), counts)


@given(st.lists(alliance_totals, max_size=5))
def test_a_servers_totals_are_the_sum_of_its_alliances(alliances: list[Totals]) -> None:
    server = sum(alliances, Totals())
    assert server.points(DEFENDERS) == sum(alliance.points(DEFENDERS) for alliance in alliances)
    assert server.commanders == sum(alliance.commanders for alliance in alliances)


@given(alliance_totals, st.integers(1, 2_000_000))
def test_the_completions_needed_are_enough_and_not_one_too_many(totals: Totals, threshold: int) -> None:
    event = with_tiers(threshold)
    needed = progress(totals, event=event).needed.completions
    assert totals.points(event) + needed * 100 >= threshold
    assert needed == 0 or totals.points(event) + (needed - 1) * 100 < threshold
