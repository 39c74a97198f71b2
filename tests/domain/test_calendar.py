"""Game days and windows at their boundaries, in zones with daylight saving too."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.calendar import GameDay, Window, ahead, at_time, in_words, rfc3339, zone_info

BERLIN = "Europe/Berlin"
NEW_YORK = "America/New_York"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text + "+00:00")


@pytest.mark.parametrize(
    ("starts_at", "zone", "day", "begins"),
    [
        (time(0), "UTC", date(2023, 11, 15), "2023-11-15T00:00"),
        (time(5), NEW_YORK, date(2023, 11, 15), "2023-11-15T10:00"),
        (time(20), "Asia/Kolkata", date(2023, 11, 15), "2023-11-15T14:30"),
        (time(0), BERLIN, date(2024, 3, 31), "2024-03-30T23:00"),
        (time(0), BERLIN, date(2024, 4, 1), "2024-03-31T22:00"),
        # 02:30 is skipped on 31 March 2024 in Berlin: the day begins at 03:30 there
        (time(2, 30), BERLIN, date(2024, 3, 31), "2024-03-31T01:30"),
        # 02:30 comes twice on 27 October 2024: the first is meant
        (time(2, 30), BERLIN, date(2024, 10, 27), "2024-10-27T00:30"),
    ],
)
def test_a_game_day_begins(starts_at: time, zone: str, day: date, begins: str) -> None:
    assert GameDay(starts_at, zone).start(day) == utc(begins)


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2024, 3, 30), 24), (date(2024, 3, 31), 23), (date(2024, 10, 27), 25)]
)
def test_a_day_on_which_the_clocks_change_has_as_many_hours_as_it_has(day: date, hours: int) -> None:
    game_day = GameDay(time(0), BERLIN)
    assert game_day.end(day) - game_day.start(day) == timedelta(hours=hours)


@given(
    day=st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    starts_at=st.times(),
    zone=st.sampled_from(["UTC", BERLIN, NEW_YORK, "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"]),
    part=st.floats(0, 1, exclude_max=True),
)
def test_every_instant_of_a_day_is_on_it(day: date, starts_at: time, zone: str, part: float) -> None:
    game_day = GameDay(starts_at, zone)
    begins, ends = game_day.start(day), game_day.end(day)
    assert game_day.date_of(min(begins + (ends - begins) * part, ends - timedelta(microseconds=1))) == day
    assert game_day.date_of(ends) == day + timedelta(days=1)


def test_equal_instants_around_a_change_of_the_clocks_are_told_apart() -> None:
    berlin = zone_info(BERLIN)
    first, second = (datetime(2023, 10, 29, 2, 30, tzinfo=berlin, fold=fold) for fold in (0, 1))
    assert first == second
    assert [rfc3339(first), rfc3339(second)] == ["2023-10-29T00:30:00Z", "2023-10-29T01:30:00Z"]


def test_a_window_is_open_from_its_opening_until_just_before_its_closing() -> None:
    window = Window(utc("2023-11-15T00:00"), utc("2023-11-16T00:00"))
    tick = timedelta(microseconds=1)
    assert window.status(window.opens_at - tick) == "upcoming"
    assert window.status(window.opens_at) == "active"
    assert window.status(window.closes_at - tick) == "active"
    assert window.status(window.closes_at) == "closed"


def test_instants_read_as_rfc_3339_in_utc() -> None:
    at = datetime(2023, 11, 15, 13, 5, tzinfo=UTC)
    assert rfc3339(at) == "2023-11-15T13:05:00Z"
    assert rfc3339(at + timedelta(microseconds=123_456)) == "2023-11-15T13:05:00.123Z"
    assert rfc3339(at + timedelta(microseconds=999)) == "2023-11-15T13:05:00Z"
    assert rfc3339(GameDay(time(5), NEW_YORK).start(at.date())) == "2023-11-15T10:00:00Z"


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=1), "1 second"),
        (timedelta(seconds=90), "90 seconds"),
        (timedelta(minutes=15), "15 minutes"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(days=2), "48 hours"),
    ],
)
def test_a_span_reads_in_the_largest_unit_that_it_has_a_whole_number_of(span: timedelta, words: str) -> None:
    assert in_words(span) == words


def test_an_instant_reads_in_the_servers_zone() -> None:
    at = datetime(2023, 11, 15, 3, 5, tzinfo=UTC)
    assert at_time(at, GameDay()) == "Wed 15 Nov at 03:05 UTC"
    assert at_time(at, GameDay(time(5), NEW_YORK)) == "Tue 14 Nov at 22:05 EST"


@pytest.mark.parametrize(
    ("span", "number", "unit"),
    [
        (timedelta(seconds=-1), 0, "second"),
        (timedelta(seconds=2) - timedelta(microseconds=1), 1, "second"),
        (timedelta(seconds=119), 119, "second"),
        (timedelta(minutes=2), 2, "minute"),
        (timedelta(hours=2) - timedelta(seconds=1), 119, "minute"),
        (timedelta(hours=2), 2, "hour"),
        (timedelta(days=2) - timedelta(seconds=1), 47, "hour"),
        (timedelta(days=2, hours=23, minutes=59), 2, "day"),
    ],
)
def test_nothing_is_further_ahead_than_it_is_said_to_be(span: timedelta, number: int, unit: str) -> None:
    assert ahead(span) == (number, unit)


def test_a_zone_without_a_name_is_called_by_its_distance() -> None:
    at = datetime(2023, 11, 15, 3, 5, tzinfo=UTC)
    assert at_time(at, GameDay(time(5), "America/Sao_Paulo")) == "Wed 15 Nov at 00:05 UTC-03"
