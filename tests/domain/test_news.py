"""Which news is due: every rule, at its boundaries."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest

from chalicelib.catalog import load_catalog
from chalicelib.domain.behind import FAILING
from chalicelib.domain.binding import Binding
from chalicelib.domain.calendar import GameDay
from chalicelib.domain.events import Event
from chalicelib.domain.news import (
    FRESH,
    HELD,
    LEAD,
    TIMES,
    ClosingSoon,
    Done,
    MilestonesOpened,
    OutlookChanged,
    Situation,
    Watch,
    due,
    kind_of,
    scoreboard,
    watched,
)
from chalicelib.domain.progress import Progress, progress_of
from chalicelib.domain.projection import Projection
from chalicelib.domain.standing import Standing, TierStamp, Totals
from chalicelib.domain.webhooks import Kind, Webhook

EVENTS = tuple(load_catalog())
DEFENDERS = next(event for event in EVENTS if event.id == "2023-11-defenders-of-peace")
THRESHOLD = DEFENDERS.tiers[0].threshold
BEGIN = datetime(2023, 11, 13, tzinfo=UTC)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
LONG_BEFORE = BEGIN - timedelta(days=9)
DAY = GameDay()


def webhook(*kinds: Kind, alliance: str | None = "nova", created_at: datetime = LONG_BEFORE) -> Webhook:
    wanted = kinds or tuple(get_args(Kind))
    return Webhook("w", "101", alliance, "https://…", wanted, "en", False, created_at, "officer", None)


def situation(*progress: Progress, sheets: tuple[Binding, ...] = (), events: Any = EVENTS) -> Situation:
    return Situation("101", DAY, events, progress, sheets=sheets)


def ids(now: datetime, to: Webhook, known: Situation | None = None, done: Done | None = None) -> list[str]:
    found = due(to, known or situation(), Watch(), done or {}, now)
    return [piece.id for piece in found]


def test_every_kind_has_a_promise_and_a_span() -> None:
    assert TIMES.keys() == set(get_args(Kind))
    assert FRESH.keys() == TIMES.keys() - {"scoreboard"}
    assert kind_of("sheet-failing/1a-B_c/2023-11-13T00:00:00Z") == "sheet-failing"
    with pytest.raises(ValueError, match="is no id"):
        kind_of("sheet-failing")


@pytest.mark.parametrize(
    ("kind", "piece", "first", "last"),
    [
        ("event-started", f"event-started/{DEFENDERS.id}", BEGIN, BEGIN + 6 * HOUR),
        ("milestone-opened", "milestone-opened/2023-11-14T00:00:00Z", BEGIN + 24 * HOUR, BEGIN + 30 * HOUR),
        ("closing-soon", "closing-soon/2023-11-14T00:00:00Z", BEGIN + 24 * HOUR - LEAD, BEGIN + 24 * HOUR),
    ],
)
class TestWhatTheScheduleSays:
    def test_it_is_due_from_its_instant_until_it_is_stale(
        self, kind: Kind, piece: str, first: datetime, last: datetime
    ) -> None:
        for now, is_due in ((first - SECOND, False), (first, True), (last - SECOND, True), (last, False)):
            assert (piece in ids(now, webhook(kind))) == is_due, now

    def test_nothing_is_older_than_its_webhook(
        self, kind: Kind, piece: str, first: datetime, last: datetime
    ) -> None:
        assert piece in ids(first + SECOND, webhook(kind, created_at=first))
        assert piece not in ids(first + SECOND, webhook(kind, created_at=first + SECOND))

    def test_only_the_kinds_that_are_wanted_and_what_was_not_told_or_given_up(
        self, kind: Kind, piece: str, first: datetime, last: datetime
    ) -> None:
        others = [other for other in get_args(Kind) if other != kind]
        assert piece not in ids(first, webhook(*others))
        for told in (True, False):
            assert piece not in ids(first, webhook(kind), done={piece: told})

    def test_a_game_day_of_its_own_moves_it(
        self, kind: Kind, piece: str, first: datetime, last: datetime
    ) -> None:
        late = replace(situation(), day=GameDay(starts_at=(BEGIN + 9 * HOUR).time(), assumed=False))
        assert [one.split("/")[0] for one in ids(first + 9 * HOUR, webhook(kind), late)][:1] == [kind]
        assert kind not in [one.split("/")[0] for one in ids(first + 9 * HOUR - SECOND, webhook(kind), late)]


def test_what_opens_and_closes_at_one_instant_is_one_piece() -> None:
    (brief,) = due(webhook("milestone-opened"), situation(), Watch(), {}, BEGIN)
    assert isinstance(brief.about, MilestonesOpened)
    assert len(brief.about.milestones) == 2, "of both sides"
    (closing,) = due(webhook("closing-soon"), situation(), Watch(), {}, BEGIN + 22 * HOUR)
    assert isinstance(closing.about, ClosingSoon)
    assert [one.id for one in closing.about.milestones] == [one.id for one in brief.about.milestones]


def test_of_a_milestone_that_is_hardly_longer_than_the_lead_nobody_is_reminded() -> None:
    def closes(after: timedelta) -> list[str]:
        one = {"id": "short", "name": "Short", "opens_at": BEGIN, "closes_at": BEGIN + after}
        span = {"opens_at": BEGIN, "closes_at": BEGIN + timedelta(days=1)}
        event = Event.model_validate(
            {"id": "drill", "name": "Drill", **span, "tiers": [], "milestones": [one]}
        )
        return ids(BEGIN + after - SECOND, webhook("closing-soon"), situation(events=(event,)))

    assert closes(LEAD) == []
    assert closes(LEAD + SECOND) == [f"closing-soon/2023-11-13T{3:02}:00:01Z"]


def test_pieces_come_in_the_order_in_which_they_became_true() -> None:
    found = ids(BEGIN + SECOND, webhook(), situation(reached(BEGIN), reached(BEGIN - HOUR, threshold=500)))
    assert [one.split("/")[0] for one in found] == [
        "tier-reached",
        "tier-reached",
        "event-started",
        "event-started",
        "milestone-opened",
    ]
    assert found[0].endswith("/500")


def reached(at: datetime, points: int = 100, threshold: int = THRESHOLD) -> Progress:
    event = DEFENDERS.model_copy(
        update={"tiers": (DEFENDERS.tiers[0].model_copy(update={"threshold": threshold}),)}
    )
    totals = {"nova": Totals(1, {event.milestones[0].id: points // 100})}
    standing = Standing(totals, {threshold: TierStamp(at, "reported")})
    return progress_of(event, "101", DAY, standing, at + HOUR)


def test_a_tier_goes_by_its_stamp_alone() -> None:
    at, to = BEGIN + 30 * HOUR, webhook("tier-reached")
    piece = f"tier-reached/{DEFENDERS.id}/{THRESHOLD}"
    for points in (100, 20_000):
        assert ids(at + HOUR, to, situation(reached(at, points))) == [piece], "whatever the totals are by now"
        assert ids(at + HOUR, to, situation(reached(at, points)), {piece: True}) == []
    assert ids(at + FRESH["tier-reached"], to, situation(reached(at))) == []
    over = progress_of(
        DEFENDERS, "101", DAY, Standing({"nova": Totals(1, {DEFENDERS.milestones[0].id: 99})}), at
    )
    assert ids(at, to, situation(over)) == [], "without a stamp it is not reached yet"


class Outlook:
    """A webhook that hears of outlooks, hour by hour."""

    def __init__(self) -> None:
        self.to, self.watch, self.done = webhook("outlook-changed"), Watch(), dict[str, bool]()

    def at(self, hours: float, *, low: int | None) -> list[str]:
        """What is told, and then is. `low`: where the points end at least; None: nobody knows."""
        now = BEGIN + 48 * HOUR + hours * HOUR
        projection = low and Projection(low, 20_000, BEGIN + timedelta(days=7), "made up")
        found = progress_of(DEFENDERS, "101", DAY, Standing(), now)
        known = situation(replace(found, projection=projection or None))
        self.watch = watched(self.watch, self.to, known, self.done, now)
        pieces = due(self.to, known, self.watch, self.done, now)
        self.done |= {piece.id: True for piece in pieces}
        return [
            side
            for piece in pieces
            if isinstance(piece.about, OutlookChanged)
            for _, side in piece.about.tiers
        ]


class TestOutlook:
    def test_a_change_is_told_when_it_has_held_for_two_hours(self) -> None:
        held, outlook = HELD / HOUR, Outlook()
        assert outlook.at(0, low=9_000) == [], "how it was at first is no change"
        assert outlook.at(1, low=8_000) == []
        assert outlook.at(1 + held - 0.01, low=8_000) == []
        assert outlook.at(1 + held, low=8_000) == ["at-risk"]
        assert outlook.at(2 + held, low=8_000) == []
        assert outlook.at(3 + held, low=9_000) == []
        assert outlook.at(3 + 2 * held, low=9_000) == ["safe"]

    @pytest.mark.parametrize("between", [9_000, None])
    def test_what_does_not_hold_is_none(self, between: int | None) -> None:
        outlook = Outlook()
        told = [outlook.at(hour, low=low) for hour, low in enumerate((9_000, 8_000, between, 8_000, 8_000))]
        assert told == [[], [], [], [], []]
        assert outlook.at(5, low=8_000) == ["at-risk"], "two hours after it began again"

    def test_what_nobody_could_be_told_in_time_is_how_it_is(self) -> None:
        outlook = Outlook()
        outlook.at(0, low=9_000)
        outlook.at(1, low=8_000)
        assert outlook.at(1 + (HELD + FRESH["outlook-changed"]) / HOUR, low=8_000) == []
        assert outlook.at(20, low=8_000) == []
        assert outlook.at(21, low=9_000) == []
        assert outlook.at(21 + HELD / HOUR, low=9_000) == ["safe"]

    def test_what_is_reached_is_no_longer_watched(self) -> None:
        outlook = Outlook()
        outlook.at(0, low=9_000)
        known = situation(reached(BEGIN + 48 * HOUR))
        assert watched(outlook.watch, outlook.to, known, {}, BEGIN + 50 * HOUR) == Watch()


class Sheet:
    """A webhook that hears of a sheet, minute by minute."""

    def __init__(self, to: Webhook, alliance: str | None = "nova") -> None:
        self.to, self.watch, self.done = to, Watch(), dict[str, bool]()
        self.binding = Binding("sheet", "101", alliance, last_success_at=BEGIN)

    def at(self, minutes: float, *, works: bool, told: bool = True) -> list[str]:
        """What is due, and then was told, or given up."""
        now = BEGIN + timedelta(minutes=minutes)
        noted: Mapping[str, Any] = {"last_success_at" if works else "last_error_at": now}
        self.binding = replace(self.binding, **noted)
        known = situation(sheets=(self.binding,), events=())
        self.watch = watched(self.watch, self.to, known, self.done, now)
        pieces = due(self.to, known, self.watch, self.done, now)
        self.done |= {piece.id: told for piece in pieces}
        return [piece.kind for piece in pieces]


class TestSheets:
    AFTER = FAILING / timedelta(minutes=1)

    def test_it_has_failed_for_a_while_and_works_again(self) -> None:
        sheet = Sheet(webhook())
        assert sheet.at(1, works=False) == []
        assert sheet.at(1 + self.AFTER - 0.1, works=False) == []
        assert sheet.at(1 + self.AFTER, works=False) == ["sheet-failing"]
        assert sheet.at(60 * 24 * 3, works=False) == [], "once, however long it lasts"
        sheet.done.clear()  # after some days it need not be remembered
        assert sheet.at(60 * 24 * 3 + 1, works=True) == ["sheet-healed"]
        assert sheet.at(60 * 24 * 3 + 2, works=True) == []
        assert sheet.watch == Watch()

    def test_it_did_not_fail_for_long(self) -> None:
        sheet = Sheet(webhook())
        sheet.at(1, works=False)
        sheet.at(10, works=True)
        assert sheet.at(11, works=False) == []
        assert sheet.at(2 + self.AFTER, works=False) == [], "it works again in between"

    def test_it_works_again_but_nobody_was_told_that_it_did_not(self) -> None:
        sheet = Sheet(webhook())
        sheet.at(1, works=False)
        assert sheet.at(1 + self.AFTER, works=False, told=False) == ["sheet-failing"]
        assert sheet.at(2 + self.AFTER, works=True) == []

    @pytest.mark.parametrize(
        "kinds", [("sheet-failing",), ("sheet-healed",), ("sheet-failing", "sheet-healed")]
    )
    def test_whoever_wants_one_of_the_two_hears_it_each_time(self, kinds: tuple[Kind, ...]) -> None:
        sheet = Sheet(webhook(*kinds))
        for began in (1, 6_001):
            told = sheet.at(began, works=False) + sheet.at(began + self.AFTER, works=False)
            told += sheet.at(began + 50, works=True) + sheet.at(began + 51, works=True)
            assert told == [*kinds]
            assert sheet.watch == Watch()

    def test_that_it_works_again_is_forgotten_when_it_is_stale(self) -> None:
        sheet = Sheet(webhook())
        sheet.at(1, works=False)
        sheet.at(1 + self.AFTER, works=False)
        known = situation(sheets=(replace(sheet.binding, last_success_at=BEGIN + 2 * HOUR),), events=())
        for now, is_watched in ((BEGIN + 2 * HOUR, True), (BEGIN + 2 * HOUR + FRESH["sheet-healed"], False)):
            sheet.watch = watched(sheet.watch, sheet.to, known, sheet.done, now)
            assert bool(sheet.watch.troubles) == is_watched, "its run had to be put off all the time"

    def test_whose_business_it_is(self) -> None:
        for bound_to, hears, is_told in (
            ("nova", "nova", True),
            ("orbit", "nova", False),
            (None, "nova", False),
            ("orbit", None, True),
            (None, None, True),
        ):
            sheet = Sheet(webhook("sheet-failing", alliance=hears), bound_to)
            sheet.at(1, works=False)
            assert bool(sheet.at(2 + self.AFTER, works=False)) == is_told, (bound_to, hears)
            elsewhere = Sheet(webhook("sheet-failing", alliance=hears), bound_to)
            elsewhere.binding = replace(elsewhere.binding, server="102")
            elsewhere.at(1, works=False)
            assert not elsewhere.at(2 + self.AFTER, works=False), "of another server"


class TestScoreboard:
    @staticmethod
    def shown(now: datetime, event: Event = DEFENDERS) -> list[str]:
        has_begun = event.can_change(now, DAY)
        progress = [progress_of(event, "101", DAY, Standing(), now)] if has_begun else []
        board = scoreboard(situation(*progress, events=(event,)), now)
        return [one.event for one, _ in board.events] if board else []

    def test_it_shows_what_can_be_reported_for_on_the_day(self) -> None:
        closes = DEFENDERS.reporting_closes_at(DAY)
        for now, is_shown in (
            (BEGIN - SECOND, False),
            (BEGIN, True),
            (closes - SECOND, True),
            (closes, False),  # a new day begins
        ):
            assert bool(self.shown(now)) == is_shown, now

    def test_what_ends_in_the_day_stays_until_its_end(self) -> None:
        noon = {"opens_at": BEGIN, "closes_at": BEGIN + 12 * HOUR}
        made = {
            "id": "drill",
            "name": "Drill",
            **noon,
            "reporting_grace_hours": 0,
            "tiers": [],
            "milestones": [],
        }
        event = Event.model_validate({**made, "milestones": [{"id": "one", "name": "One", **noon}]})
        assert self.shown(BEGIN + 23 * HOUR, event) == ["drill"]
        assert self.shown(BEGIN + 24 * HOUR, event) == []

    def test_its_content_changes_with_what_it_shows_and_not_with_the_time(self) -> None:
        def content(now: datetime, points: int = 5) -> object:
            totals = {"nova": Totals(1, {DEFENDERS.milestones[0].id: points})}
            known = situation(progress_of(DEFENDERS, "101", DAY, Standing(totals), now), events=(DEFENDERS,))
            board = scoreboard(known, now)
            assert board
            return board.content

        assert content(BEGIN + HOUR) == content(BEGIN + 2 * HOUR)
        assert content(BEGIN + HOUR) != content(BEGIN + HOUR, points=6)
        assert content(BEGIN + HOUR) != content(BEGIN + 25 * HOUR), "something else is on"
