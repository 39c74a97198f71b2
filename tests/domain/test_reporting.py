"""When a completion may be recorded: the instants before, at and after each boundary."""

from datetime import UTC, datetime, time, timedelta

import pytest

from chalicelib.catalog import load_catalog
from chalicelib.domain.access import Role
from chalicelib.domain.calendar import GameDay
from chalicelib.domain.errors import Conflict, Malformed, NotFound
from chalicelib.domain.events import Event, running_first
from chalicelib.domain.reporting import find_milestones, reportable, require_reportable

EVENTS = load_catalog()
DEFENDERS = next(event for event in EVENTS if event.id == "2023-11-defenders-of-peace")
HIDDEN_MOTIVATIONS = f"{DEFENDERS.id}/hidden-motivations"
TICK = timedelta(microseconds=1)
UTC_DAY = GameDay()
NEW_YORK_DAY = GameDay(time(5), "America/New_York", assumed=False)


def may(now: datetime, role: Role = "member", event: Event = DEFENDERS, day: GameDay = UTC_DAY) -> str:
    """`yes`, or the code of the refusal."""
    try:
        require_reportable(find_milestones([HIDDEN_MOTIVATIONS], [event]), role, now, day)
    except Conflict as refused:
        return refused.code
    return "yes"


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2023, 11, day, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "answer"),
    [
        (at(15) - TICK, "milestone-not-open"),
        (at(15), "yes"),
        (at(16) - TICK, "yes"),
        (at(16), "yes"),
        # the event's last day is the 18th; its grace is 24 hours
        (at(19) - TICK, "yes"),
        (at(19), "yes"),
        (at(20) - TICK, "yes"),
        (at(20), "reporting-closed"),
    ],
)
def test_members_report_from_the_opening_to_the_end_of_the_grace(now: datetime, answer: str) -> None:
    assert may(now) == answer


@pytest.mark.parametrize(
    ("now", "answer"),
    [
        (at(15, 10) - TICK, "milestone-not-open"),
        (at(15, 10), "yes"),
        (at(20, 10) - TICK, "yes"),
        (at(20, 10), "reporting-closed"),
    ],
)
def test_windows_follow_the_servers_game_day(now: datetime, answer: str) -> None:
    assert may(now, day=NEW_YORK_DAY) == answer


@pytest.mark.parametrize("role", ["officer", "admin"])
def test_officers_record_late_but_never_early_nor_in_an_archived_event(role: Role) -> None:
    assert may(at(15) - TICK, role) == "milestone-not-open"
    assert may(at(20) + timedelta(days=365), role) == "yes"
    assert may(at(15), role, DEFENDERS.model_copy(update={"archived": True})) == "reporting-closed"


def test_the_grace_is_the_events_own() -> None:
    patient = DEFENDERS.model_copy(update={"reporting_grace_hours": 0})
    assert may(at(19) - TICK, event=patient) == "yes"
    assert may(at(19), event=patient) == "reporting-closed"


def test_explicit_instants_do_not_depend_on_the_game_day() -> None:
    event = Event.model_validate(
        {
            "id": "trial",
            "name": "Trial",
            "opens_at": "2024-01-01T07:00:00+01:00",
            "closes_at": "2024-01-03T06:00:00Z",
            "milestones": [
                {
                    "id": "m",
                    "name": "M",
                    "opens_at": "2024-01-01T06:00:00Z",
                    "closes_at": "2024-01-02T06:00:00Z",
                }
            ],
        }
    )
    for day in (UTC_DAY, NEW_YORK_DAY):
        window = event.milestones[0].window(day)
        assert window.status(datetime(2024, 1, 1, 6, tzinfo=UTC)) == "active"
        assert event.status(datetime(2024, 1, 1, 6, tzinfo=UTC) - TICK, day) == "upcoming"


def test_a_refusal_names_each_milestone_and_its_reason() -> None:
    ids = [
        HIDDEN_MOTIVATIONS,
        f"{DEFENDERS.id}/assembling-the-resistance",
        f"{DEFENDERS.id}/shaping-a-unified-destiny",
    ]
    with pytest.raises(Conflict) as caught:
        require_reportable(find_milestones(ids, EVENTS), "member", at(15), UTC_DAY)
    assert [(error.field, error.message) for error in caught.value.errors] == [
        ("milestones[1]", "Assembling the Resistance opens Thu 16 Nov at 00:00 UTC (in 24 hours)."),
        ("milestones[2]", "Shaping a Unified Destiny opens Fri 17 Nov at 00:00 UTC (in 2 days)."),
    ]


def test_unknown_milestones_are_named_and_repeated_ones_are_taken_once() -> None:
    with pytest.raises(NotFound) as caught:
        find_milestones([HIDDEN_MOTIVATIONS, "nope", f"{DEFENDERS.id}/nope"], EVENTS)
    assert [error.field for error in caught.value.errors] == ["milestones[1]", "milestones[2]"]
    assert [str(ref) for ref in find_milestones([HIDDEN_MOTIVATIONS] * 3, EVENTS)] == [HIDDEN_MOTIVATIONS]
    with pytest.raises(Malformed):
        find_milestones([], EVENTS)


def test_the_form_offers_todays_milestones_of_both_sides_then_earlier_ones() -> None:
    offered = [ref.milestone.name for ref, _ in reportable(EVENTS, at(15, 12), UTC_DAY)]
    assert offered == [
        *("Confronting Resilience", "Hidden Motivations"),
        *("The Onslaught", "Enlisting Old Allies"),
        *("Disarray Unleashed", "Unraveling Anomalies"),
    ]
    assert len(list(reportable(EVENTS, at(18, 12), UTC_DAY))) == 10
    assert not list(reportable(EVENTS, at(13) - TICK, UTC_DAY))
    assert not list(reportable(EVENTS, at(20), UTC_DAY))
    archived = [event.model_copy(update={"archived": True}) for event in EVENTS]
    assert not list(reportable(archived, at(15, 12), UTC_DAY))


@pytest.mark.parametrize(
    ("now", "status"),
    [
        (at(13) - TICK, "upcoming"),
        (at(13), "running"),
        (at(19) - TICK, "running"),
        (at(19), "reporting"),
        (at(20) - TICK, "reporting"),
        (at(20), "ended"),
    ],
)
def test_an_event_has_a_status_at_every_instant(now: datetime, status: str) -> None:
    assert DEFENDERS.status(now, UTC_DAY) == status


def test_an_event_can_change_from_its_beginning_until_it_is_archived() -> None:
    assert not DEFENDERS.can_change(at(13) - TICK, UTC_DAY)
    assert DEFENDERS.can_change(at(13), UTC_DAY)
    assert DEFENDERS.can_change(at(20), UTC_DAY)
    assert not DEFENDERS.model_copy(update={"archived": True}).can_change(at(20), UTC_DAY)


def test_running_events_come_first_then_the_nearest() -> None:
    def event(name: str, first: int, last: int) -> Event:
        milestone = {"id": "m", "name": "M", "first_day": f"2023-11-{first:02}"}
        days = {"first_day": f"2023-11-{first:02}", "last_day": f"2023-11-{last:02}"}
        return Event.model_validate({"id": name, "name": name, **days, "milestones": [milestone]})

    events = [
        *(event("long-over", 1, 2), event("later", 25, 26), event("over", 5, 6)),
        *(event("running", 14, 16), event("soon", 20, 21), event("reporting", 10, 14)),
    ]
    found = [found.id for found in running_first(events, at(15, 12), UTC_DAY)]
    assert found == ["running", "reporting", "soon", "later", "over", "long-over"]
