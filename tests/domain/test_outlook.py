"""Whether a reward will be reached, from where the points will end: every answer, and its boundaries."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.catalog import load_catalog
from chalicelib.domain.calendar import GameDay
from chalicelib.domain.events import Tier
from chalicelib.domain.outlook import TierOutlook, outlooks
from chalicelib.domain.progress import Progress, progress_of
from chalicelib.domain.projection import Projection
from chalicelib.domain.standing import Reading, Standing, TierStamp, Totals

EVENT = next(one for one in load_catalog() if one.id == "2023-11-defenders-of-peace")
NOW = datetime(2023, 11, 15, 12, tzinfo=UTC)
OVER = datetime(2023, 11, 21, tzinfo=UTC)
CLOSES = EVENT.reporting_closes_at(GameDay())
THRESHOLD = EVENT.tiers[0].threshold
HOUR = timedelta(hours=1)


def progress(
    points: int = 0, now: datetime = NOW, projection: Projection | None = None, **known: Any
) -> Progress:
    totals = Totals(points // 100, {EVENT.milestones[0].id: points // 100})
    found = progress_of(EVENT, "101", GameDay(), Standing({"nova": totals}, **known), now)
    return _with(found, projection)


def _with(found: Progress, projection: Projection | None) -> Progress:
    return replace(found, projection=projection)


def projected(low: int, high: int, start: datetime | None = None, end: datetime | None = None) -> Projection:
    return Projection(low, high, CLOSES, "made up", start, end)


def only(found: tuple[TierOutlook, ...]) -> TierOutlook:
    (one,) = found
    assert one.threshold == THRESHOLD
    return one


def said(low: int, high: int, start: datetime | None = None, end: datetime | None = None) -> tuple[str, str]:
    one = only(outlooks(progress(4000, projection=projected(low, high, start, end)), GameDay()))
    return one.verdict, str(one.message)


def test_yes_has_the_time_between_which_it_is_reached() -> None:
    start, end = NOW + 26 * HOUR, NOW + 45 * HOUR
    words = "At this pace: yes, between Thu 16 Nov at 14:00 UTC and Fri 17 Nov at 09:00 UTC."
    assert said(THRESHOLD, 12_000, start, end) == ("yes", words)
    by = "At this pace: yes, by Fri 17 Nov at 09:00 UTC."
    assert said(9_000, 12_000, NOW, end) == ("yes", by), "it may be now already"
    assert said(9_000, 12_000, end, end) == ("yes", by)
    assert said(9_000, 12_000) == ("yes", "At this pace: yes, by Mon 20 Nov at 00:00 UTC.")


def test_perhaps_has_the_earliest_time_or_the_range() -> None:
    words = "At this pace: perhaps, but not before Thu 16 Nov at 14:00 UTC."
    assert said(THRESHOLD - 1, THRESHOLD, NOW + 26 * HOUR) == ("perhaps", words)
    assert said(8_300, 9_400) == ("perhaps", "At this pace: perhaps. It may end between 8,300 and 9,400.")
    assert said(8_300, 9_400, NOW)[1] == "At this pace: perhaps. It may end between 8,300 and 9,400."


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (8_500, 8_500, "about 400 short"),
        (8_000, 8_900, "between 25 and 900 short"),
        (5_000, 8_500, "between 400 and 3,900 short"),
        (THRESHOLD - 1, THRESHOLD - 1, "about 1 short"),
        (4_000, 4_040, "about 4,900 short"),
    ],
)
def test_no_says_how_far_off_it_is_as_exactly_as_it_is_known(low: int, high: int, words: str) -> None:
    assert said(low, high) == ("no", f"At this pace: no, {words}.")


def test_without_a_projection_it_is_too_early_to_say() -> None:
    one = only(outlooks(progress(4000), GameDay()))
    assert (one.verdict, one.message) == ("unknown", "Too early to say.")


def test_what_is_reached_stays_so_and_says_by_what() -> None:
    def reached(points: int, by: Any, **more: Any) -> str:
        stamps = {THRESHOLD: TierStamp(NOW - HOUR, by)}
        one = only(outlooks(progress(points, projection=projected(0, 0), stamps=stamps, **more), GameDay()))
        assert one.verdict == "reached"
        return str(one.message)

    assert reached(9_000, "reported") == "Reached Wed 15 Nov at 11:00 UTC."
    reading = Reading(9_000, NOW, 4_000)
    assert reached(4_000, "reading", reading=reading).endswith("11:00 UTC, by the official points.")
    words = "Reached Wed 15 Nov at 11:00 UTC, and 25 below it again after a correction."
    assert reached(8_900, "reported") == words
    assert only(outlooks(progress(9_000), GameDay())).message == "Reached.", "it is not stamped yet"


def test_when_members_can_no_longer_report_it_is_a_fact() -> None:
    in_grace = only(outlooks(progress(8_900, CLOSES - HOUR, projected(8_900, 8_900)), GameDay()))
    assert in_grace.verdict == "no"
    one = only(outlooks(progress(8_900, CLOSES), GameDay()))
    assert (one.verdict, one.message) == ("missed", "Not reached: 25 short.")
    assert only(outlooks(progress(9_000, OVER), GameDay())).verdict == "reached"


def test_of_several_tiers_only_the_next_has_times() -> None:
    tiers = tuple(Tier(threshold=points, rewards=()) for points in (3_000, 5_000, 8_000, 90_000))
    event = EVENT.model_copy(update={"tiers": tiers})
    totals = Totals(40, {EVENT.milestones[0].id: 40})
    found = progress_of(event, "101", GameDay(), Standing({"nova": totals}), NOW)
    shown = outlooks(_with(found, projected(8_000, 12_000, NOW + HOUR, NOW + 2 * HOUR)), GameDay())
    assert [(one.threshold, one.verdict) for one in shown] == [
        (3_000, "reached"),
        (5_000, "yes"),
        (8_000, "yes"),
        (90_000, "no"),
    ]
    assert (
        shown[1].message == "At this pace: yes, between Wed 15 Nov at 13:00 UTC and Wed 15 Nov at 14:00 UTC."
    )
    assert shown[2].message == "At this pace: yes, by Mon 20 Nov at 00:00 UTC."


def test_times_are_in_the_servers_zone() -> None:
    day = GameDay(zone="America/New_York", assumed=False)
    found = progress(4_000, projection=projected(9_000, 9_000, NOW + HOUR, NOW + 2 * HOUR))
    one = only(outlooks(found, day))
    assert one.message == "At this pace: yes, between Wed 15 Nov at 08:00 EST and Wed 15 Nov at 09:00 EST."
    assert one.message.values["latest"] == NOW + 2 * HOUR
