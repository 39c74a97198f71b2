"""Projections (DESIGN §3.7): when there is one, what a range may be, and what it says it rests on."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.campaigns import NOVEMBER, SHAPES, campaign
from chalicelib.domain.calendar import GameDay
from chalicelib.domain.events import Event
from chalicelib.domain.projection import (
    FEWEST_COMPLETIONS,
    FEWEST_SAMPLES,
    SPREAD,
    NoProjection,
    Projection,
    project,
)
from chalicelib.domain.standing import Reading, Standing, Totals

HOUR = timedelta(hours=1)
OPENING = datetime(2023, 11, 13, tzinfo=UTC)
BEGINNING = OPENING + 32 * HOUR
THURSDAY = datetime(2023, 11, 16, 12, tzinfo=UTC)
SATURDAY = datetime(2023, 11, 18, 12, tzinfo=UTC)
CLOSING = datetime(2023, 11, 20, tzinfo=UTC)
IDS = [milestone.id for milestone in NOVEMBER.milestones]


def with_tiers(*thresholds: int) -> Event:
    tiers = [{"threshold": threshold, "rewards": []} for threshold in thresholds]
    return Event.model_validate(NOVEMBER.model_dump(exclude_unset=True) | {"tiers": tiers})


def counted(now: datetime, each_day: int = 100) -> dict[str, int]:
    """Completions where so many commanders report each milestone, evenly over its day."""
    hours = (now - OPENING) / HOUR
    return {
        milestone: round(each_day * min(1.0, max(0.0, hours / 24 - day))) for day, milestone in enumerate(IDS)
    }


def standing(now: datetime, each_day: int = 100, **changed: Any) -> Standing:
    """Of such a server, sampled every hour since the opening."""
    hours = range(max(0, -(-(now - OPENING) // HOUR)))
    history = {
        OPENING + hour * HOUR: 100 * sum(counted(min(now, OPENING + (hour + 1) * HOUR), each_day).values())
        for hour in hours
    }
    known = Standing({"nova": Totals(each_day, counted(now, each_day))}, {}, None, history)
    return replace(known, **changed)


def made(now: datetime = THURSDAY, event: Event = NOVEMBER, **changed: Any) -> Projection:
    projection = project(event, GameDay(), standing(now, **changed), now)
    assert isinstance(projection, Projection), projection
    return projection


def reason(now: datetime, known: Standing | None = None, event: Event = NOVEMBER) -> str:
    projection = project(event, GameDay(), known or standing(now), now)
    assert isinstance(projection, NoProjection), projection
    return projection.reason


class TestWhenThereIsOne:
    def test_not_before_the_event(self) -> None:
        assert reason(OPENING - HOUR) == "No milestone has opened yet."

    def test_from_eight_hours_after_the_first_milestone_on(self) -> None:
        assert reason(BEGINNING - timedelta(seconds=1)).startswith("Too early: ")
        assert made(BEGINNING).low > 0

    def test_until_reporting_closes(self) -> None:
        assert made(CLOSING - timedelta(seconds=1)).at == CLOSING
        assert reason(CLOSING) == "The event is over: members can no longer report."

    def test_the_servers_game_day_moves_all_of_that(self) -> None:
        evening = GameDay(time(18))
        assert isinstance(project(NOVEMBER, evening, standing(CLOSING), CLOSING), Projection)
        closed = project(NOVEMBER, evening, standing(CLOSING), CLOSING + 18 * HOUR)
        assert isinstance(closed, NoProjection)

    def test_not_from_too_few_completions(self) -> None:
        def known(completions: int) -> Standing:
            return standing(THURSDAY, alliances={"nova": Totals(9, {IDS[0]: completions})})

        assert reason(THURSDAY, known(FEWEST_COMPLETIONS - 1)) == (
            "Too few reports: a projection needs 20 completions, and there are 19."
        )
        assert isinstance(project(NOVEMBER, GameDay(), known(FEWEST_COMPLETIONS), THURSDAY), Projection)

    def test_not_from_too_little_history(self) -> None:
        def known(hours: int) -> Standing:
            whole = standing(THURSDAY).history
            return standing(THURSDAY, history=dict(list(whole.items())[-hours:]))

        assert reason(THURSDAY, known(FEWEST_SAMPLES - 1)) == (
            "Too little history: a projection needs 24 hours of it, and there are 23."
        )
        assert isinstance(project(NOVEMBER, GameDay(), known(FEWEST_SAMPLES), THURSDAY), Projection)

    def test_hours_before_the_opening_and_after_now_are_no_history(self) -> None:
        before = {OPENING - hour * HOUR: 0 for hour in range(1, 100)}
        after = {THURSDAY + hour * HOUR: 0 for hour in range(100)}
        assert "there are 0" in reason(THURSDAY, standing(THURSDAY, history=before | after))


class TestRange:
    def test_holds_what_a_steady_server_comes_to(self) -> None:
        for days in range(2, 7):
            projection = made(OPENING + timedelta(days=days))
            assert projection.low <= 50_000 <= projection.high

    def test_narrows_as_the_event_goes_on(self) -> None:
        ranges = [made(OPENING + timedelta(days=days)) for days in range(2, 7)]
        assert all(a.high - a.low > b.high - b.low for a, b in pairwise(ranges))

    def test_is_relatively_wider_for_a_small_server(self) -> None:
        def width(each_day: int) -> float:
            known = standing(THURSDAY, each_day)
            projection = project(NOVEMBER, GameDay(), known, THURSDAY)
            assert isinstance(projection, Projection)
            return (projection.high - projection.low) / each_day

        assert width(10) > width(100) > width(1000)

    def test_holds_most_campaigns_of_the_simulator(self) -> None:
        held = []
        for shape in SHAPES:
            for seed in range(5000, 5002):
                made_up = campaign(shape, seed)
                now = made_up.opens_at + 72 * HOUR
                projection = project(NOVEMBER, made_up.game_day, made_up.standing(72), now)
                assert isinstance(projection, Projection)
                held.append(projection.low <= made_up.final <= projection.high)
        assert sum(held) >= 0.7 * len(held)

    def test_is_in_whole_completions(self) -> None:
        projection = made()
        assert (projection.low % 100, projection.high % 100) == (0, 0)

    def test_late_reports_are_still_to_come_after_the_last_milestone(self) -> None:
        """Where each day's reports came a day late, so do the last ones."""
        hours = [OPENING + hour * HOUR for hour in range(132)]
        late = {at: 100 * sum(counted(at - 23 * HOUR).values()) for at in hours}
        totals = Totals(100, counted(SATURDAY - 24 * HOUR))
        known = standing(SATURDAY, alliances={"nova": totals}, history=late)
        projection = project(NOVEMBER, GameDay(), known, SATURDAY)
        assert isinstance(projection, Projection)
        assert projection.high > totals.points(NOVEMBER) + 1000
        assert made(SATURDAY).high < 50_000 + 1000

    def test_a_correction_leaves_no_trace(self) -> None:
        """Fifty completions too many were reported on Wednesday morning, and voided in the afternoon."""
        wrong = range(54, 62)
        voided = {
            hour: points + (5000 if (hour - OPENING) // HOUR in wrong else 0)
            for hour, points in standing(THURSDAY).history.items()
        }
        assert made(history=voided).high == pytest.approx(made().high, rel=0.05)

    def test_gaps_in_the_history_do_little(self) -> None:
        whole = standing(THURSDAY).history
        gaps = {hour: points for hour, points in whole.items() if hour.hour % 3 == 0}
        assert made(history=gaps).high == pytest.approx(made().high, rel=0.1)

    def test_the_table_that_it_is_laid_by_is_one(self) -> None:
        assert SPREAD[0][0] == 0
        assert all(a[0] < b[0] for a, b in pairwise(SPREAD))
        assert all(0 <= low < 1 < high for _, low, high in SPREAD)


class TestReading:
    def test_that_is_ahead_is_what_is_projected(self) -> None:
        reported = made().low, made().high
        ahead = made(reading=Reading(70_000, THURSDAY, 35_000))
        assert ahead.low >= 70_000
        assert ahead.low > reported[0]
        assert ahead.high > 1.8 * reported[1]

    def test_that_is_not_ahead_only_lifts_the_low_end(self) -> None:
        assert made(reading=Reading(30_000, THURSDAY - 12 * HOUR, 30_000)) == made()
        assert made(reading=Reading(49_000, THURSDAY, 49_000)).low >= 49_000

    def test_after_all_milestones_have_closed_is_final(self) -> None:
        """The game counts a completion at once, whenever it is reported."""
        projection = made(SATURDAY, reading=Reading(61_234, SATURDAY - HOUR, 50_000))
        assert (projection.low, projection.high) == (61_234, 61_234)

    def test_from_the_first_hours_is_not_projected_from(self) -> None:
        early = Reading(100, OPENING + timedelta(minutes=5), 0)
        assert made(reading=early) == made()


class TestNextTier:
    def test_there_may_be_none(self) -> None:
        assert (made(event=with_tiers()).next_tier_from, made(event=with_tiers()).next_tier_by) == (
            None,
            None,
        )
        reached = made(event=with_tiers(1000))
        assert (reached.next_tier_from, reached.next_tier_by) == (None, None)

    def test_it_is_reached_on_both_paths_on_one_or_on_none(self) -> None:
        low, high = made().low, made().high
        sure, open_ended, out_of_reach = (
            made(event=with_tiers(tier)) for tier in (low, (low + high) // 2, high + 1)
        )
        assert sure.next_tier_from
        assert sure.next_tier_by
        assert THURSDAY <= sure.next_tier_from <= sure.next_tier_by <= CLOSING
        assert open_ended.next_tier_from
        assert open_ended.next_tier_by is None
        assert (out_of_reach.next_tier_from, out_of_reach.next_tier_by) == (None, None)

    def test_a_steady_server_reaches_it_when_it_must(self) -> None:
        """It makes 10,000 a day, and had 35,000 on Thursday noon."""
        projection = made(event=with_tiers(42_000))
        assert projection.next_tier_from
        assert projection.next_tier_by
        assert projection.next_tier_from <= datetime(2023, 11, 17, 5, tzinfo=UTC) <= projection.next_tier_by

    def test_a_further_one_is_reached_later(self) -> None:
        near, far = (made(event=with_tiers(tier)).next_tier_from for tier in (38_000, 45_000))
        assert near
        assert far
        assert near < far

    def test_the_official_number_counts_too(self) -> None:
        event = with_tiers(40_000, 60_000)
        projection = made(event=event, reading=Reading(50_000, THURSDAY, 35_000))
        assert (
            projection.next_tier_from
            == made(event=with_tiers(60_000), reading=Reading(50_000, THURSDAY, 35_000)).next_tier_from
        )


class TestBasis:
    def test_says_what_it_rests_on(self) -> None:
        assert made().basis == (
            "reported points; the pace of 84 hours and of 4 of 5 milestones; "
            "50 of 100 commanders have not reported Assembling the Resistance yet"
        )

    def test_says_that_it_is_of_the_official_number(self) -> None:
        basis = made(reading=Reading(70_000, THURSDAY, 35_000)).basis
        assert basis.startswith("the official points, 50% of them reported at the reading; the pace of")

    def test_says_that_only_late_reports_are_left(self) -> None:
        assert made(SATURDAY).basis.endswith("5 of 5 milestones; all milestones have closed")


def event_of(*windows: tuple[int, int], grace: int = 24) -> Event:
    """With a milestone from hour to hour, for each."""
    milestones = [
        {
            "id": f"m-{number}",
            "name": f"M{number}",
            "opens_at": OPENING + a * HOUR,
            "closes_at": OPENING + b * HOUR,
        }
        for number, (a, b) in enumerate(windows)
    ]
    return Event.model_validate(
        {
            "id": "e",
            "name": "E",
            "opens_at": OPENING,
            "closes_at": OPENING + max(b for _, b in windows) * HOUR,
            "reporting_grace_hours": grace,
            "milestones": milestones,
            "tiers": [{"threshold": 5_000, "rewards": []}],
        }
    )


class TestOtherEvents:
    @pytest.mark.parametrize(
        "windows",
        [
            [(0, 72)],
            [(0, 6)],
            [(0, 48), (24, 72), (24, 72)],
            [(0, 24), (240, 264)],
            [(hour, hour + 3) for hour in range(30)],
        ],
    )
    def test_any_windows_will_do(self, windows: list[tuple[int, int]]) -> None:
        event = event_of(*windows, grace=48)
        now = OPENING + 40 * HOUR
        counts = {
            milestone.id: 90 for milestone, window in event.scheduled(GameDay()) if window.opens_at < now
        }
        history = {OPENING + hour * HOUR: 90 * 100 * len(counts) * hour // 40 for hour in range(40)}
        known = Standing({"nova": Totals(90, counts)}, {}, None, history)
        projection = project(event, GameDay(), known, now)
        assert isinstance(projection, Projection)
        assert projection.low >= known.totals.points(event)

    def test_half_way_through_a_long_milestone_as_much_again_is_to_come(self) -> None:
        event = event_of((0, 96), grace=24)
        now = OPENING + 48 * HOUR
        history = {OPENING + hour * HOUR: 100 * (hour + 1) for hour in range(48)}
        projection = project(
            event, GameDay(), Standing({"nova": Totals(60, {"m-0": 48})}, {}, None, history), now
        )
        assert isinstance(projection, Projection)
        assert projection.low < 9600 < projection.high

    def test_without_a_grace_the_end_is_the_events(self) -> None:
        event = event_of((0, 48), grace=0)
        history = {OPENING + hour * HOUR: 100 * hour for hour in range(47)}
        known = Standing({"nova": Totals(60, {"m-0": 47})}, {}, None, history)
        projection = project(event, GameDay(), known, OPENING + 47 * HOUR)
        assert isinstance(projection, Projection)
        assert projection.at == OPENING + 48 * HOUR


points = st.integers(0, 2_000_000)
hours = st.integers(-10, 180).map(lambda hour: OPENING + hour * HOUR)
instants = st.integers(32 * 60, 170 * 60).map(lambda minutes: OPENING + timedelta(minutes=minutes))
readings = st.none() | st.builds(Reading, points, instants, points)
every = {OPENING + hour * HOUR: 1000 * hour for hour in range(-10, 180)}
samples = st.dictionaries(hours, points, max_size=30)
histories = st.one_of(samples, samples.map(lambda some: every | some), samples.map(lambda some: every | some))
completed = st.integers(20, 4000)
counts = st.fixed_dictionaries(
    {IDS[0]: completed, "m-0": completed},
    optional={name: st.integers(0, 4000) for name in [*IDS[1:], "m-1", "gone"]},
)
events = st.sampled_from(
    [
        NOVEMBER,
        with_tiers(1, 5_000, 100_000, 1_500_000),
        event_of((0, 1), grace=100),
        event_of((0, 100), (99, 100), grace=0),
    ]
)
game_days = st.sampled_from(
    [GameDay(), GameDay(time(2, 30), "America/New_York"), GameDay(time(23), "Asia/Tokyo")]
)


@settings(max_examples=100)
@given(events, game_days, st.integers(0, 4000), counts, readings, histories, instants)
def test_whatever_is_known_the_range_is_one(
    event: Event,
    game_day: GameDay,
    commanders: int,
    completions: Mapping[str, int],
    reading: Reading | None,
    history: Mapping[datetime, int],
    now: datetime,
) -> None:
    known = Standing({"nova": Totals(commanders, completions)}, {}, reading, history)
    projection = project(event, game_day, known, now)
    if isinstance(projection, NoProjection):
        assert projection.reason
        return
    best = max(known.totals.points(event), reading.points if reading else 0)
    assert best <= projection.low <= projection.high
    assert now < projection.at
    if projection.next_tier_by:
        assert projection.next_tier_from
        assert now <= projection.next_tier_from <= projection.next_tier_by <= projection.at
