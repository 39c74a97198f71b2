"""The picture of the points: where its lines lie, for events of every length."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from chalicelib.catalog import load_catalog
from chalicelib.domain.calendar import GameDay
from chalicelib.domain.events import Event, Milestone, Tier
from chalicelib.domain.outlook import outlooks
from chalicelib.domain.progress import progress_of
from chalicelib.domain.standing import Standing, Totals
from chalicelib.http.chart import BOTTOM, LEFT, MOST_DAYS, MOST_PLACES, MOST_ROWS, RIGHT, TOP, Chart, chart_of
from chalicelib.services.public_views import EventOnPage

EVENT = next(one for one in load_catalog() if one.id == "2023-11-defenders-of-peace")
HOUR = timedelta(hours=1)
ASSUMED = GameDay()
BEGINS = datetime(2023, 11, 13, tzinfo=UTC)


def drawn(
    now: datetime, event: Event = EVENT, day: GameDay = ASSUMED, points: int = 0, **known: Any
) -> Chart:
    totals = Totals(points // 100, {event.milestones[0].id: points // 100})
    standing = Standing({"nova": totals}, **known)
    progress, window = progress_of(event, "101", day, standing, now), event.window(day)
    goals = tuple(zip(progress.tiers, outlooks(progress, day), strict=True))
    closes = event.reporting_closes_at(day)
    shown = EventOnPage(event, progress, goals, standing.history, window.opens_at, window.closes_at, closes)
    return chart_of(shown, day)


def places(written: str) -> list[tuple[float, ...]]:
    return [tuple(map(float, place.split(","))) for place in written.split()]


def within(chart: Chart) -> bool:
    inside = [LEFT <= x <= RIGHT and TOP - 1 <= y <= BOTTOM for x, y in places(f"{chart.line} {chart.band}")]
    return all(inside) and all(LEFT <= day.x <= day.middle <= RIGHT for day in chart.days)


@pytest.mark.parametrize("hours", [0, 0.5, 1, 30, 24 * 6, 24 * 7 - 0.001, 24 * 7, 24 * 30])
def test_from_the_first_moment_to_long_after_all_of_it_is_in_the_picture(hours: float) -> None:
    now = BEGINS + hours * HOUR
    history = {BEGINS + number * HOUR: 50 * number for number in range(int(min(hours, 24 * 7)))}
    chart = drawn(now, history=history, points=9000)
    assert within(chart)
    assert [line.day for line in chart.days] == [date(2023, 11, day) for day in range(13, 20)]
    assert len(places(chart.line)) <= MOST_PLACES + 2
    assert chart.rows[-1][0] == min(now, EVENT.reporting_closes_at(ASSUMED))


def test_what_was_sampled_is_on_the_line_and_its_end_is_now() -> None:
    history = {BEGINS + number * HOUR: 100 * number for number in range(12)}
    line = places(drawn(BEGINS + 12 * HOUR, history=history, points=1200).line)
    assert line[0] == (LEFT, BOTTOM)
    assert line[-2][0] == line[-1][0] == round(LEFT + (RIGHT - LEFT) * 12 / (24 * 7), 1)
    assert line[-1][1] == BOTTOM
    heights = [BOTTOM - y for _, y in line[:-1]]
    assert heights == sorted(heights)
    assert heights[-1] == pytest.approx((BOTTOM - TOP) * 1200 / (8925 * 1.08), abs=0.1)


def test_an_event_that_begins_before_its_first_milestone() -> None:
    late = Milestone(id="m", name="M", opens_at=BEGINS + 30 * HOUR, closes_at=BEGINS + 40 * HOUR)
    event = Event(id="e", name="E", opens_at=BEGINS, closes_at=BEGINS + 40 * HOUR, milestones=(late,))
    assert within(drawn(BEGINS + HOUR, event))


def test_a_game_day_that_begins_in_the_evening() -> None:
    chart = drawn(BEGINS + 60 * HOUR, day=GameDay(time(18), "America/New_York", assumed=False), points=400)
    assert within(chart)
    assert chart.days[0].x == LEFT


def test_a_very_long_event_has_few_lines_and_rows() -> None:
    year = Event(
        id="e",
        name="E",
        first_day=date(2023, 1, 1),
        last_day=date(2023, 12, 31),
        milestones=(Milestone(id="m", name="M", first_day=date(2023, 1, 1), last_day=date(2023, 12, 31)),),
    )
    begins = datetime(2023, 1, 1, tzinfo=UTC)
    history = {begins + number * HOUR: number for number in range(0, 8000, 3)}
    chart = drawn(begins + 8000 * HOUR, year, history=history, points=90_000)
    assert within(chart)
    assert len(chart.days) <= MOST_DAYS
    assert len(chart.rows) <= MOST_ROWS + 1
    assert len(places(chart.line)) <= MOST_PLACES + 2


def test_the_numbers_of_tiers_do_not_cover_one_another_and_far_ones_do_not_flatten_the_line() -> None:
    tiers = tuple(Tier(threshold=threshold, rewards=()) for threshold in (1000, 1010, 5000, 900_000))
    event = EVENT.model_copy(update={"tiers": tiers})
    chart = drawn(BEGINS + 30 * HOUR, event, points=2000)
    assert [(line.threshold, line.has_label) for line in chart.tiers] == [
        (1000, False),
        (1010, True),
        (5000, True),
    ]
