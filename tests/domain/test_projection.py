"""Projections (DESIGN §3.7): when there is one, what a range may be, and what it says it rests on."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.campaigns import NOVEMBER, SHAPES, Shape, campaign
from chalicelib.domain.calendar import GameDay
from chalicelib.domain.events import Event
from chalicelib.domain.projection import (
    FEWEST_COMPLETIONS,
    SPREAD,
    NoProjection,
    Outlook,
    Projection,
    outlook_of,
    project,
    reached,
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
    """Of such a server."""
    return replace(Standing({"nova": Totals(each_day, counted(now, each_day))}), **changed)


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
        assert reason(OPENING - timedelta(seconds=1)) == "No milestone has opened yet."

    def test_not_before_the_range_is_of_use(self) -> None:
        begins = next(hours for hours in range(72) if _is_projected(OPENING + hours * HOUR))
        assert 24 < begins < 48
        assert all(_is_projected(OPENING + hours * HOUR) for hours in range(begins, 168))
        for hours in range(3, begins):
            assert reason(OPENING + hours * HOUR) == (
                "Too early: the high end of the range would be more than 4 times its low end."
            )

    def test_not_from_too_few_completions(self) -> None:
        def known(completions: int) -> Standing:
            return standing(THURSDAY, alliances={"nova": Totals(9, {IDS[0]: completions})})

        assert reason(THURSDAY, known(FEWEST_COMPLETIONS - 1)) == (
            "Too few reports: a projection needs 10 completions, and there are 9."
        )
        assert "there are 0." in reason(OPENING)
        assert "there are 0." in reason(THURSDAY, Standing())
        assert "there are 0." in reason(THURSDAY, Standing(reading=Reading(5000, THURSDAY, 0)))
        assert isinstance(project(NOVEMBER, GameDay(), known(FEWEST_COMPLETIONS), THURSDAY), Projection)

    def test_it_needs_no_history(self) -> None:
        some = {OPENING + hour * HOUR: 100 * hour for hour in range(-9, 100)}
        assert made(history={}) == made(history=dict([*some.items()][:1])) == made(history=some)

    def test_until_reporting_closes(self) -> None:
        assert made(CLOSING - timedelta(seconds=1)).at == CLOSING
        assert reason(CLOSING) == "The event is over: members can no longer report."

    def test_the_servers_game_day_moves_all_of_that(self) -> None:
        evening = GameDay(time(18))
        assert isinstance(project(NOVEMBER, evening, standing(CLOSING), CLOSING), Projection)
        closed = project(NOVEMBER, evening, standing(CLOSING), CLOSING + 18 * HOUR)
        assert isinstance(closed, NoProjection)


def _is_projected(now: datetime) -> bool:
    return isinstance(project(NOVEMBER, GameDay(), standing(now), now), Projection)


class TestRange:
    def test_holds_what_a_steady_server_comes_to(self) -> None:
        for hours in range(44, 168, 4):
            projection = made(OPENING + hours * HOUR)
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

    @pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
    def test_holds_most_campaigns_of_every_shape(self, shape: Shape) -> None:
        held = []
        for seed in range(5000, 5008):
            made_up = campaign(shape, seed, (100, 300))
            for hours in (54, 78, 102, 126):
                now = made_up.opens_at + hours * HOUR
                projection = project(NOVEMBER, made_up.game_day, made_up.standing(hours), now)
                assert isinstance(projection, Projection)
                held.append(projection.low <= made_up.final <= projection.high)
        assert sum(held) >= 0.75 * len(held)

    def test_is_in_whole_completions(self) -> None:
        projection = made()
        assert (projection.low % 100, projection.high % 100) == (0, 0)

    def test_goes_by_the_trend(self) -> None:
        def outlook(*counts: int) -> Outlook:
            totals = Totals(900, dict(zip(IDS, counts, strict=False)))
            return _outlook(standing(THURSDAY, alliances={"nova": totals}))

        fading, steady, growing = (
            outlook(300, 200, 100, 40),
            outlook(200, 200, 200, 40),
            outlook(100, 200, 300, 40),
        )
        assert fading.ahead < 0.8 * steady.ahead < steady.ahead < 0.8 * growing.ahead

    def test_a_trend_does_not_run_away(self) -> None:
        """Of thirty milestones, ten have opened, each completed by twice as many as the one before."""
        event = event_of(*((hour, hour + 3) for hour in range(0, 90, 3)))
        counts = {milestone.id: 2**number for number, milestone in enumerate(event.milestones[:10])}
        known = Standing({"nova": Totals(1000, counts)})
        outlook = outlook_of(event, GameDay(), known, OPENING + 30 * HOUR)
        assert isinstance(outlook, Outlook)
        assert outlook.ahead < 20 * 2 * 100 * 2**10

    def test_at_the_low_end_no_late_report_comes(self) -> None:
        projection = made(SATURDAY)
        assert projection.low == standing(SATURDAY).totals.points(NOVEMBER) == 50_000
        assert projection.high > 50_000

    def test_a_correction_leaves_no_trace(self) -> None:
        """Fifty completions too many were reported on Wednesday morning, and voided in the afternoon."""
        wrong = {OPENING + hour * HOUR: 100 * hour + (5000 if 54 <= hour < 62 else 0) for hour in range(84)}
        assert made(history=wrong) == made()

    @pytest.mark.parametrize("rows", SPREAD.values(), ids=SPREAD.keys())
    def test_the_tables_that_it_is_laid_by_are_tables(
        self, rows: Sequence[tuple[float, float, float]]
    ) -> None:
        assert rows[-1][0] == 1
        assert all(a[0] < b[0] for a, b in pairwise(rows))
        assert all(0 <= low < 1 < high for _, low, high in rows)


def _outlook(known: Standing, now: datetime = THURSDAY) -> Outlook:
    outlook = outlook_of(NOVEMBER, GameDay(), known, now)
    assert isinstance(outlook, Outlook)
    return outlook


class TestReading:
    def test_that_is_ahead_is_what_is_projected(self) -> None:
        """The server does twice as much as it reports."""
        projection = made(reading=Reading(70_000, THURSDAY, 35_000))
        assert made().low < 70_000 <= projection.low <= 100_000 <= projection.high

    def test_that_is_not_ahead_only_lifts_the_low_end(self) -> None:
        assert made(reading=Reading(30_000, THURSDAY - 12 * HOUR, 30_000)) == made()
        assert made(reading=Reading(49_000, THURSDAY, 49_000)).low >= 49_000

    def test_after_all_milestones_have_closed_is_final(self) -> None:
        """The game counts a completion at once, whenever it is reported."""
        projection = made(SATURDAY, reading=Reading(61_234, SATURDAY - HOUR, 50_000))
        assert (projection.low, projection.high) == (61_234, 61_234)

    def test_an_early_one_that_reports_have_overtaken_is_not_projected_from(self) -> None:
        early = Reading(100, OPENING + timedelta(minutes=5), 0)
        assert made(reading=early) == made()

    def test_an_early_one_that_is_still_ahead_is_never_the_end(self) -> None:
        """The reported points cannot say where the official points will end that are far ahead of them."""
        early = Reading(300_000, OPENING + timedelta(minutes=5), 0)
        assert reason(THURSDAY, standing(THURSDAY, reading=early)).startswith("Too early: ")


class TestNextTier:
    def test_there_may_be_none(self) -> None:
        assert (made(event=with_tiers()).next_tier_from, made(event=with_tiers()).next_tier_by) == (
            None,
            None,
        )
        passed = made(event=with_tiers(1000))
        assert (passed.next_tier_from, passed.next_tier_by) == (None, None)

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


class TestReached:
    """Any tier, not only the next one: 35,000 points on Thursday noon."""

    LOW, HIGH = 45_000, 60_000

    def when(self, tier: int, now: datetime = THURSDAY) -> tuple[datetime | None, datetime | None]:
        return reached(_outlook(standing(THURSDAY)), self.LOW, self.HIGH, tier, now)

    def test_what_has_been_reached_is_reached_now(self) -> None:
        later = THURSDAY + timedelta(minutes=20)
        assert self.when(35_000) == (THURSDAY, THURSDAY)
        assert self.when(1, later) == (later, later)

    def test_later_the_higher_it_is(self) -> None:
        times = [self.when(tier) for tier in range(36_000, self.LOW + 1, 1000)]
        assert all(THURSDAY <= first < last <= CLOSING for first, last in times if first and last)
        assert all(
            a[0] <= b[0] and a[1] <= b[1] for a, b in pairwise(times) if b[0] and b[1] and a[0] and a[1]
        )
        assert all(first and last for first, last in times)

    def test_not_surely_above_the_low_end_and_not_at_all_above_the_high_end(self) -> None:
        first, last = self.when(self.LOW)
        assert first
        assert last == CLOSING
        maybe, never = self.when(self.LOW + 1), self.when(self.HIGH + 1)
        assert maybe[0]
        assert maybe[1] is None
        assert self.when(self.HIGH)[0] == CLOSING - HOUR
        assert never == (None, None)

    def test_in_full_hours(self) -> None:
        first, last = self.when(40_000, THURSDAY + timedelta(minutes=20))
        assert first
        assert last
        assert first.minute == last.minute == 0

    def test_a_range_of_one_number(self) -> None:
        """After the last milestone nothing is added to a reading."""
        known = standing(SATURDAY, reading=Reading(61_234, SATURDAY, 50_000))
        outlook = _outlook(known, SATURDAY)
        assert reached(outlook, 61_234, 61_234, 61_234, SATURDAY) == (SATURDAY, SATURDAY)
        assert reached(outlook, 61_234, 61_234, 61_235, SATURDAY) == (None, None)


class TestBasis:
    def test_says_what_it_rests_on(self) -> None:
        assert made().basis == (
            "reported points; the counts of 4 of 5 milestones; "
            "50 of 100 commanders have not reported Assembling the Resistance yet"
        )

    def test_says_that_it_is_of_the_official_number(self) -> None:
        basis = made(reading=Reading(70_000, THURSDAY, 35_000)).basis
        assert basis.startswith(
            "the official points, 50% of them reported at the reading; the counts of 4 of"
        )

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
