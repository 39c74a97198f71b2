"""What officers see, row by row."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from chalicelib.domain.calendar import GameDay
from chalicelib.domain.events import Event, Tier
from chalicelib.domain.projection import Projection
from chalicelib.domain.roster import Alliance, Commander
from chalicelib.domain.sheet_view import SheetView
from chalicelib.domain.standing import Reading, TierStamp, Totals
from sheets_sync.content import tabs_of
from sheets_sync.content.summary import summary
from sheets_sync.content.title_block import Restored, mentioning
from sheets_sync.content.today import NOTES
from sheets_sync.tabs import HEADER, Content, Left, Link, Row, Tab
from tests.sync.views import BOTH, EVENTS, binding_of, knowing, november, projecting, view_of
from tests.world import (
    ARCHITECTS,
    CONFRONTING_RESILIENCE,
    DEFENDERS,
    ENLISTING_OLD_ALLIES,
    HIDDEN_MOTIVATIONS,
    NOVA,
    ORBIT,
    WEDNESDAY_NOON,
)

Cells = tuple[Content, ...]

NINETY = {f"Commander{number}": [HIDDEN_MOTIVATIONS] for number in range(90)}
EIGHTY_NINE = dict(list(NINETY.items())[:89])
REACHED = {8925: TierStamp(WEDNESDAY_NOON - timedelta(minutes=30), "reported")}
EMPTY_BAR = "░" * 20
NOTES_LINE = "Notes", NOTES, None
UNREAD = ("no reading", "no reading")
LAST_OF_COMMANDERS = "Last report", "Muster says", "Added themselves", "Retired"
DEFENDERS_REWARDS = (
    "4 Jadzia Dax shards; 3 Miles O'Brien shards; not published (shown as “Missing Translation”)"
)
ARCHITECTS_REWARDS = "4 Gul Dukat shards; 3 Ikat'ika shards; not published (shown as “Missing translation”)"


def tab(tab_id: str, view: SheetView) -> Tab:
    return next(found for found in tabs_of(view, binding_of()) if found.id == tab_id)


def cells(tab_id: str, view: SheetView) -> list[Cells]:
    return [row.cells for row in tab(tab_id, view).rows]


def column(tab_id: str, heading: str, view: SheetView) -> list[Content]:
    found = tab(tab_id, view)
    return [row.cells[found.header.index(heading)] for row in found.rows]


def wall(day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2023, 11, day, hour, minute)  # noqa: DTZ001 - what a sheet holds


def outlook(view: SheetView, projection: str = "not enough data") -> Cells:
    """What stands to the right of Coverage where there is neither a projection nor a reading."""
    return projection, None, None, view.events[0].progress.no_projection, "reported points", None


def archived(event: Event) -> Event:
    return event.model_copy(update={"archived": True})


class TestEveryTab:
    def test_a_binding_of_an_alliance_and_one_of_a_server(self) -> None:
        common = ["IMS Today", "IMS Progress", "IMS Schedule", "IMS Rewards"]
        titles = [tab.title for tab in tabs_of(view_of(), binding_of())]
        assert titles == [*common, "IMS Commanders", "IMS History"]
        titles = [tab.title for tab in tabs_of(view_of(alliance=None), binding_of())]
        assert titles == [*common, "IMS Alliances", "IMS History"]

    def test_from_the_top_there_are_the_title_block_the_header_and_the_rows(self) -> None:
        found = tab("rewards", view_of())
        assert found.header_index == len(found.title_block) == 2
        assert found.all_rows == (*found.title_block, Row(HEADER, found.header), *found.rows)

    @pytest.mark.parametrize("alliance", [NOVA, None])
    def test_rows_and_columns_can_be_told_apart(self, alliance: Alliance | None) -> None:
        counted = {DEFENDERS: Totals(2, {"hidden-motivations": 2})}
        view = view_of(NINETY, alliance=alliance, alliances={NOVA: counted, ORBIT: counted})
        for found in tabs_of(view, binding_of()):
            keys = [row.key for row in found.all_rows]
            assert len(set(keys)) == len(keys)
            assert all(" " not in key for key in keys)
            assert len(set(found.header)) == len(found.header)
            assert {len(row.cells) for row in found.rows} <= {len(found.columns)}
            places = [found.header.index(label) for label in found.labels]
            labels = [tuple(row.cells[place] for place in places) for row in found.rows]
            assert len(set(labels)) == len(labels)

    def test_what_stands_out_is_said_in_words_of_its_column(self) -> None:
        highlights = {
            (found.id, light.column, light.words, light.tone, light.whole_row)
            for found in tabs_of(view_of(), binding_of())
            for light in found.highlights
        }
        assert highlights == {
            ("progress", "Status", "running", "good", False),
            ("progress", "Status", "reporting", "now", False),
            ("progress", "Status", "ended", "soft", True),
            ("progress", "Next reward at", "all reached", "good", False),
            ("schedule", "Status", "active", "now", True),
            ("schedule", "Status", "closed", "soft", True),
            ("rewards", "Status", "reached", "good", False),
            ("rewards", "Status", "reached, then corrected below", "bad", False),
            ("commanders", "Missing today", None, "missing", True),
            ("commanders", "Last report", "none yet", "bad", False),
            ("today", "To do", "all rewards reached", "good", False),
            ("today", "To do", "remind", "now", False),
        }

    @pytest.mark.parametrize("alliance", [NOVA, None])
    def test_none_is_narrower_than_its_title_block(self, alliance: Alliance | None) -> None:
        untiered = EVENTS[DEFENDERS].model_copy(update={"tiers": ()})
        for events in ((), (untiered,), BOTH):
            for found in tabs_of(view_of(alliance=alliance, events=events), binding_of()):
                assert len(found.columns) >= max(len(row.cells) for row in found.title_block)

    def test_with_no_events_there_are_the_headers(self) -> None:
        found = tabs_of(view_of({"Kestrel": []}, events=()), binding_of())
        assert [len(tab.rows) for tab in found] == [1, 0, 0, 0, 1, 0]
        assert found[4].header == ("Commander", "Missing today", *LAST_OF_COMMANDERS)
        assert found[4].rows[0].cells == ("Kestrel", None, "none yet", None, None, None)
        assert found[5].header == ("Time", "Points", "Reward at")


class TestTitleBlock:
    def test_it_says_what_an_officer_needs_and_how_fresh_that_is(self) -> None:
        for found in tabs_of(view_of(), binding_of()):
            about, state = (row.cells[0] for row in found.title_block)
            assert [row.key for row in found.title_block] == ["#about", "#state"]
            assert about == (
                "Defenders of Peace 0 of 8,925, 90 completions to go; "
                "Architects of Chaos 0 of 8,925, 90 completions to go"
            )
            assert state == "Data as of Wed 15 Nov 12:00 UTC; [NOVA] on server 101, kept by Muster"

    def test_it_says_how_many_are_missing(self) -> None:
        view = view_of({"Kestrel": [HIDDEN_MOTIVATIONS, CONFRONTING_RESILIENCE], "Merlin": []})
        assert summary(view).endswith("; 1 of 2 missing today")
        retired = knowing(view, "Merlin", retired_at=november(15, 11))
        assert summary(retired).endswith("; nobody is missing today")

    @pytest.mark.parametrize(
        ("now", "said"),
        [
            (november(12), "Defenders of Peace begins Mon 13 Nov 00:00"),
            (november(13, 0), "Defenders of Peace 8,900 of 8,925, 1 completion to go"),
            (november(19, 5), "Defenders of Peace 8,900 of 8,925, 1 completion to go"),
            (november(20, 0), "Defenders of Peace 8,900 of 8,925, 25 points short"),
        ],
    )
    def test_on_each_day(self, now: datetime, said: str) -> None:
        assert summary(view_of(EIGHTY_NINE, now=now)).startswith(said)

    def test_when_all_is_reached_and_when_nobody_knows_what_is_needed(self) -> None:
        assert summary(view_of(NINETY)).startswith("Defenders of Peace 9,000 of 8,925, all rewards reached;")
        untiered = EVENTS[DEFENDERS].model_copy(update={"tiers": ()})
        words = "Defenders of Peace 9,000, rewards not published; 1 of 90"
        assert summary(view_of(NINETY, events=[untiered])).startswith("Defenders of Peace 9,000, rewards not")
        assert words not in summary(view_of(NINETY, events=[untiered]))
        assert summary(view_of(events=())) == "No events are defined"

    def test_of_a_server_with_game_days_in_its_own_zone(self) -> None:
        day = GameDay(time(5), "America/New_York", assumed=False)
        about, state = (
            row.cells[0] for row in tab("progress", view_of(game_day=day, alliance=None)).title_block
        )
        assert str(about).startswith("Defenders of Peace")
        assert state == "Data as of Wed 15 Nov 07:00 America/New_York; server 101, kept by Muster"

    def test_what_was_put_back_or_is_wrong_comes_before_that(self) -> None:
        restored = Restored(wall(15, 11, 59), "Cedar, Hidden Motivations held “x”")
        for found in mentioning(restored, tabs_of(view_of(), binding_of())):
            said = "Put back at 11:59: Cedar, Hidden Motivations held “x” · Data as of Wed 15 Nov 12:00 UTC"
            assert str(found.title_block[1].cells[0]).startswith(said)

    def test_never_with_a_key(self) -> None:
        completed = view_of({"Kestrel": [HIDDEN_MOTIVATIONS]})
        shown = [
            cell for tab in tabs_of(completed, binding_of()) for row in tab.all_rows for cell in row.cells
        ]
        assert not [cell for cell in shown if isinstance(cell, str) and ("key" in cell or "/f/" in cell)]


TWO = {"Kestrel": [HIDDEN_MOTIVATIONS, CONFRONTING_RESILIENCE], "Merlin": [HIDDEN_MOTIVATIONS]}


class TestToday:
    def test_both_sides_then_what_is_on_then_who_is_missing(self) -> None:
        assert cells("today", view_of(TWO, alliance=NOVA)) == [
            (
                "Defenders of Peace",
                "200 of 8,925\n░░░░░░ 2 %\nuntil Sun 00:00",
                "88 completions to go",
            ),
            (
                "Architects of Chaos",
                "100 of 8,925\n░░░░░░ 1 %\nuntil Sun 00:00",
                "89 completions to go",
            ),
            ("Hidden Motivations", "on until Thu 00:00\n2 of 2 have it", "everybody has it"),
            ("Confronting Resilience", "on until Thu 00:00\n1 of 2 have it", "1 missing"),
            ("Missing today", "1 of 2", None),
            ("Merlin", "Confronting Resilience", "remind"),
            NOTES_LINE,
        ]

    @pytest.mark.parametrize(("missing", "said"), [(100, None), (101, "1 more: see IMS Commanders")])
    def test_a_hundred_names_are_listed(self, missing: int, said: str | None) -> None:
        rows = cells("today", view_of({f"C{number:03}": [] for number in range(missing)}))
        assert sum(row[2] == "remind" for row in rows) == 100
        assert [row[1] for row in rows if row[0] == "Others"] == ([said] if said else [])

    def test_before_the_first_day_it_says_what_comes(self) -> None:
        assert cells("today", view_of(TWO, now=november(12))) == [
            ("Defenders of Peace", "begins Mon 00:00", None),
            ("Architects of Chaos", "begins Mon 00:00", None),
            ("Unraveling Anomalies", "opens Mon 00:00", None),
            NOTES_LINE,
        ]

    @pytest.mark.parametrize(
        ("now", "how", "to_do"),
        [
            (november(18), "until Sun 00:00\nnext reward maybe from now on", "1 completion to go"),
            (november(19, 5), "over; reports until Mon 00:00", "1 completion to go"),
            (november(20, 0), "over", "25 points short"),
        ],
    )
    def test_at_the_end_it_says_the_result(self, now: datetime, how: str, to_do: str) -> None:
        first = cells("today", view_of(EIGHTY_NINE, now=now))[0]
        assert first == ("Defenders of Peace", f"8,900 of 8,925\n█████░ 99 %\n{how}", to_do)

    def test_with_a_projection(self) -> None:
        projection = Projection(8900, 12345, november(19), "the pace", november(16, 14), november(17, 9))
        first = cells("today", projecting(view_of(EIGHTY_NINE), projection))[0]
        assert str(first[1]).endswith("\nnext reward Thu 14:00 to Fri 09:00")

    def test_of_a_server_it_lists_alliances(self) -> None:
        alliances = {NOVA: {DEFENDERS: TestAlliances.PEACE, ARCHITECTS: TestAlliances.CHAOS}, ORBIT: {}}
        view = view_of(alliance=None, alliances=alliances)
        assert cells("today", view)[2:] == [
            ("Hidden Motivations", "on until Thu 00:00\n2 have it", None),
            ("Confronting Resilience", "on until Thu 00:00\n5 have it", None),
            ("[NOVA] Nova Guard", "Defenders of Peace 500\nArchitects of Chaos 500", None),
            ("[ØRB] Orbit Watch", "nothing reported yet", None),
            NOTES_LINE,
        ]

    def test_the_way_to_the_help(self) -> None:
        found = tabs_of(view_of(), binding_of(), "https://muster.example/help")[0]
        assert found.rows[-2].cells == ("Help", "how members report", Link("https://muster.example/help"))


class TestProgress:
    def test_its_columns(self) -> None:
        assert tab("progress", view_of()).header == (
            *("Event", "Status", "Points", "Next reward at", "Remaining", "Progress", "Completions"),
            *("Commanders", "Completions needed", "Commanders needed", "Official points", "Coverage"),
            *("Projection", "Muster says", "Next reward expected", "Basis", "Counted by", "Read at"),
        )
        assert tab("progress", view_of()).labels == ("Event",)

    @pytest.mark.parametrize(
        ("now", "status", "commanders_needed"),
        [
            (november(12), "upcoming", 18),
            (november(13, 0), "running", 18),
            (november(14), "running", 23),
            (november(15), "running", 30),
            (november(16), "running", 45),
            (november(17), "running", 90),
            (november(18), "running", "none can"),
            (november(19, 0), "reporting", "none can"),
            (november(20, 0), "ended", "none can"),
        ],
    )
    def test_on_each_day_while_nobody_reports(
        self, now: datetime, status: str, commanders_needed: Content
    ) -> None:
        view = view_of(now=now)
        none = outlook(view, "over" if status == "ended" else "not enough data")
        rest = (0, 8925, 8925, f"{EMPTY_BAR} 0 %", 0, 0, 90, commanders_needed, *UNREAD, *none)
        assert tab("progress", view).rows == (
            Row(DEFENDERS, ("Defenders of Peace", status, *rest)),
            Row(ARCHITECTS, ("Architects of Chaos", status, *rest)),
        )

    def test_a_reached_tier_and_the_other_side_untouched(self) -> None:
        untouched = (0, 8925, 8925, f"{EMPTY_BAR} 0 %", 0, 0, 90, 30, *UNREAD)
        first, second = cells("progress", view_of(NINETY, stamps=REACHED))
        assert first[:12] == (
            *("Defenders of Peace", "running", 9000, "all reached", 0, f"{'█' * 20} 100 %"),
            *(90, 90, 0, 0, *UNREAD),
        )
        assert second[:12] == ("Architects of Chaos", "running", *untouched)

    def test_a_correction_below_a_reached_tier(self) -> None:
        assert cells("progress", view_of(EIGHTY_NINE, stamps=REACHED))[0][:12] == (
            *("Defenders of Peace", "running", 8900, 8925, 25, f"{'█' * 19}░ 99 %"),
            *(89, 89, 1, 1, *UNREAD),
        )

    def test_the_next_of_several_tiers(self) -> None:
        tiers = (Tier(threshold=100, rewards=()), Tier(threshold=400, rewards=()))
        event = EVENTS[DEFENDERS].model_copy(update={"tiers": tiers})
        row = cells("progress", view_of({"Kestrel": [HIDDEN_MOTIVATIONS]}, events=[event]))[0]
        assert row[2:6] == (100, 400, 300, f"{'█' * 5}{'░' * 15} 25 %")

    def test_with_a_reading_that_is_over_what_was_reported(self) -> None:
        forty = dict(list(NINETY.items())[:40])
        view = view_of(forty, reading=Reading(8000, november(15, 10), 4000))
        row = cells("progress", view)[0]
        assert row[:12] == (
            *("Defenders of Peace", "running", 4000, 8925, 925, f"{'█' * 17}░░░ 89 % by official points"),
            *(40, 40, 10, 4, 8000, 0.5),
        )
        assert row[-2:] == ("official points", wall(15, 10)), "what remains goes by it"

    def test_with_a_reading_that_the_reports_have_overtaken(self) -> None:
        row = cells("progress", view_of(EIGHTY_NINE, reading=Reading(8000, november(15, 10), 4000)))[0]
        assert (row[2], row[4], *row[10:12]) == (8900, 25, 8000, 0.5)
        assert row[-2:] == ("reported points", wall(15, 10))

    def test_with_a_reading_while_the_game_shows_no_points_yet(self) -> None:
        row = cells("progress", view_of(reading=Reading(0, november(13, 0), 0)))[0]
        assert (*row[10:12], *row[-2:]) == (0, "no reading", "reported points", wall(13))

    def test_a_projection_is_a_range_with_its_basis(self) -> None:
        projection = Projection(8900, 12345, november(19), "the pace of the last day")
        row = cells("progress", projecting(view_of(EIGHTY_NINE), projection))[0]
        assert row[12:16] == ("8,900 to 12,345", None, "not before the end", "the pace of the last day")

    @pytest.mark.parametrize(
        ("from_", "by", "words"),
        [
            (november(16, 14), november(17, 9), "Thu 16 Nov 09:00 to Fri 17 Nov 04:00"),
            (november(16, 14), november(17, 4), "Thu 16 Nov 09:00 to 23:00"),
            (WEDNESDAY_NOON, november(17, 9), "by Fri 17 Nov 04:00"),
            (november(16, 14), None, "maybe from Thu 16 Nov 09:00"),
            (WEDNESDAY_NOON, None, "maybe from now on"),
            (None, None, "not before the end"),
        ],
    )
    def test_when_the_next_reward_is_expected_is_told_in_the_servers_time(
        self, from_: datetime | None, by: datetime | None, words: str
    ) -> None:
        day = GameDay(time(5), "America/New_York", assumed=False)
        projection = Projection(8900, 12345, november(20), "the pace of the last day", from_, by)
        made = projecting(view_of(EIGHTY_NINE, game_day=day), projection)
        assert cells("progress", made)[0][14] == words

    def test_when_all_rewards_are_reached_none_is_expected(self) -> None:
        projection = Projection(9000, 12345, november(20), "the pace of the last day")
        assert cells("progress", projecting(view_of(NINETY), projection))[0][12:14] == (
            *("9,000 to 12,345", None),
        )

    def test_why_there_is_no_projection_stands_beside_it(self) -> None:
        view = projecting(view_of(), None, no_projection="Too early.")
        assert cells("progress", view)[0][12:16] == ("not enough data", None, None, "Too early.")
        view = projecting(view_of(now=november(20, 0)), None, no_projection="It is over.")
        assert cells("progress", view)[0][12:16] == ("over", None, None, "It is over.")

    def test_without_published_tiers(self) -> None:
        event = EVENTS[DEFENDERS].model_copy(update={"tiers": ()})
        view = view_of({"Kestrel": [HIDDEN_MOTIVATIONS]}, events=[event])
        none = None, None, 1, 1, 0, 0, *UNREAD, *outlook(view)
        assert cells("progress", view) == [("Defenders of Peace", "running", 100, "not published", *none)]
        assert tab("rewards", view_of(events=[event])).rows == ()


class TestSchedule:
    def test_a_row_for_every_milestone_on_its_day(self) -> None:
        found = tab("schedule", view_of({"Kestrel": [HIDDEN_MOTIVATIONS, ENLISTING_OLD_ALLIES]}))
        assert found.header == (
            *("Date", "Event", "Milestone", "Objectives", "Points", "Opens", "Closes", "Status"),
            "Completions",
        )
        peace, chaos = "Defenders of Peace", "Architects of Chaos"
        dock = "dock ore, gas or crystal with your station; or mine parsteel, titanium or dilithium"
        build = "gain power through defense platforms, buildings, drydocks and research"
        away = "complete away team assignments; or spend trait XP"
        research = "gain power through research, defense platforms, buildings and drydocks"
        hail = "use hailing frequencies; or help your alliance"
        realta = "defeat hostiles anywhere in the galaxy with your Realta"
        expected = [
            (13, peace, "Unraveling Anomalies", dock, "closed", 0),
            (13, chaos, "Disarray Unleashed", build, "closed", 0),
            (14, peace, "Enlisting Old Allies", hail, "closed", 1),
            (14, chaos, "The Onslaught", "vanquish hostiles and swarm hostiles", "closed", 0),
            (15, peace, "Hidden Motivations", away, "active", 1),
            (15, chaos, "Confronting Resilience", away, "active", 0),
            (16, peace, "Assembling the Resistance", research, "upcoming", 0),
            (16, chaos, "Testing Destinies", "not published", "upcoming", 0),
            (17, peace, "Shaping a Unified Destiny", "defeat hostiles and swarm hostiles", "upcoming", 0),
            (17, chaos, "A Reckoning Across Time", realta, "upcoming", 0),
        ]
        assert [row.cells for row in found.rows] == [
            (date(2023, 11, day), event, name, what, 100, wall(day), wall(day + 1), status, completions)
            for day, event, name, what, status, completions in expected
        ]
        assert found.rows[4].key == HIDDEN_MOTIVATIONS

    @pytest.mark.parametrize("day", range(12, 21))
    def test_on_each_day_one_milestone_of_each_side_is_active(self, day: int) -> None:
        statuses = [row[7] for row in cells("schedule", view_of(now=november(day)))]
        before, today = min(max(day - 13, 0), 5) * 2, 2 if 13 <= day <= 17 else 0
        assert statuses == [
            *["closed"] * before,
            *["active"] * today,
            *["upcoming"] * (10 - before - today),
        ]

    def test_game_days_are_dates_of_the_servers_zone(self) -> None:
        day = GameDay(time(22), "America/New_York", assumed=False)
        row = cells("schedule", view_of(game_day=day))[4]
        assert (row[0], *row[5:8]) == (date(2023, 11, 15), wall(15, 22), wall(16, 22), "upcoming")

    def test_a_clock_change_within_a_game_day(self) -> None:
        night = datetime(2024, 3, 10, 5, tzinfo=UTC), datetime(2024, 3, 11, 4, tzinfo=UTC)
        opens, closes = night
        short = {"id": "short", "name": "Short", "opens_at": opens, "closes_at": closes}
        event = Event.model_validate(short | {"milestones": [short]})
        day = GameDay(time(0), "America/New_York", assumed=False)
        row = cells("schedule", view_of(game_day=day, now=opens, events=[event]))[0]
        assert row[0] == date(2024, 3, 10)
        assert row[5:7] == (datetime(2024, 3, 10), datetime(2024, 3, 11))  # noqa: DTZ001


class TestRewards:
    def test_while_nothing_is_reached(self) -> None:
        found = tab("rewards", view_of())
        assert found.header == (
            *("Event", "Points needed", "Rewards", "Status", "Remaining", "Reached at", "Reached by"),
        )
        assert found.labels == ("Event", "Points needed")
        assert found.rows == (
            Row(
                f"{DEFENDERS}/8925",
                ("Defenders of Peace", 8925, DEFENDERS_REWARDS, "not reached", 8925, None, None),
            ),
            Row(
                f"{ARCHITECTS}/8925",
                ("Architects of Chaos", 8925, ARCHITECTS_REWARDS, "not reached", 8925, None, None),
            ),
        )

    def test_a_reached_tier(self) -> None:
        assert cells("rewards", view_of(NINETY, stamps=REACHED))[0] == (
            *("Defenders of Peace", 8925, DEFENDERS_REWARDS, "reached", 0, wall(15, 11, 30)),
            "reported points",
        )

    def test_a_tier_that_is_reached_and_not_stamped_yet(self) -> None:
        assert cells("rewards", view_of(NINETY))[0][3:] == ("reached", 0, None, None)

    def test_a_correction_below_a_reached_tier(self) -> None:
        assert cells("rewards", view_of(EIGHTY_NINE, stamps=REACHED))[0][3:] == (
            *("reached, then corrected below", 25, wall(15, 11, 30), "reported points"),
        )

    def test_a_reading_reaches_a_tier_too(self) -> None:
        reading = Reading(9000, WEDNESDAY_NOON, 0)
        assert cells("rewards", view_of(reading=reading))[0][3:] == ("reached", 0, None, None)
        stamps = {8925: TierStamp(WEDNESDAY_NOON, "reading")}
        assert cells("rewards", view_of(reading=reading, stamps=stamps))[0][3:] == (
            *("reached", 0, wall(15, 12), "official points"),
        )

    def test_a_tier_whose_rewards_are_not_published(self) -> None:
        event = EVENTS[DEFENDERS].model_copy(update={"tiers": (Tier(threshold=300, rewards=()),)})
        assert cells("rewards", view_of(events=[event])) == [
            ("Defenders of Peace", 300, "not published", "not reached", 300, None, None)
        ]


class TestCommanders:
    def test_what_they_have_and_what_is_missing_today(self) -> None:
        kestrel = [HIDDEN_MOTIVATIONS, ENLISTING_OLD_ALLIES]
        view = view_of({"Kestrel": kestrel, '=HYPERLINK("x")': [], "Merlin": [CONFRONTING_RESILIENCE]})
        found = tab("commanders", view)
        assert found.header == (
            *("Commander", "Missing today", "Unraveling Anomalies", "Disarray Unleashed"),
            "Enlisting Old Allies",
            *("The Onslaught", "Hidden Motivations", "Confronting Resilience", "Assembling the Resistance"),
            *("Testing Destinies", "Shaping a Unified Destiny", "A Reckoning Across Time"),
            *("Defenders of Peace points", "Architects of Chaos points", *LAST_OF_COMMANDERS),
        )
        assert found.rows == (
            Row(
                "id-0",
                (
                    *("Kestrel", "Confronting Resilience", None, None, "✓", None, "✓", *[None] * 5),
                    *(200, 0, wall(15, 11), None, None, None),
                ),
            ),
            Row(
                "id-1",
                (
                    *('=HYPERLINK("x")', "Hidden Motivations, Confronting Resilience", *[None] * 10),
                    *(0, 0, "none yet", None, None, None),
                ),
            ),
            Row(
                "id-2",
                (
                    *("Merlin", "Hidden Motivations", *[None] * 5, "✓", *[None] * 4),
                    *(0, 100, wall(15, 11), None, None, None),
                ),
            ),
        )

    @pytest.mark.parametrize(
        ("day", "missing"),
        [
            (12, None),
            (13, "Unraveling Anomalies, Disarray Unleashed"),
            (14, "Enlisting Old Allies, The Onslaught"),
            (15, "Hidden Motivations, Confronting Resilience"),
            (16, "Assembling the Resistance, Testing Destinies"),
            (17, "Shaping a Unified Destiny, A Reckoning Across Time"),
            (18, None),
            (20, None),
        ],
    )
    def test_what_is_missing_on_each_day(self, day: int, missing: str | None) -> None:
        view = view_of({"Kestrel": []}, now=november(day))
        assert column("commanders", "Missing today", view) == [missing]

    def test_none_and_a_hundred(self) -> None:
        assert tab("commanders", view_of()).rows == ()
        hundred = {f"C{number:03}": [HIDDEN_MOTIVATIONS] for number in range(100)}
        done = [*[None] * 4, "✓", *[None] * 5]
        assert cells("commanders", view_of(hundred)) == [
            (name, "Confronting Resilience", *done, 100, 0, wall(15, 11), None, None, None)
            for name in hundred
        ]

    def test_who_has_added_themselves_and_when_in_the_servers_time(self) -> None:
        view = view_of({"Kestrel": [], "Merlin": []}, game_day=GameDay(time(5), "America/New_York"))
        view = knowing(view, "Kestrel", added_at=november(14), added_by="member")
        view = knowing(view, "Merlin", added_at=november(14), added_by="officer")
        assert column("commanders", "Added themselves", view) == [wall(14, 7), None]

    def test_one_who_has_retired_is_shown_as_that_and_misses_nothing(self) -> None:
        view = knowing(view_of({"Kestrel": [HIDDEN_MOTIVATIONS]}), "Kestrel", retired_at=november(15, 11))
        assert column("commanders", "Missing today", view) == [None]
        assert column("commanders", "Retired", view) == [wall(15, 11)]

    def test_the_last_report_is_when_it_was_made_wherever_that_was(self) -> None:
        view = view_of({"Kestrel": [HIDDEN_MOTIVATIONS, ENLISTING_OLD_ALLIES]})
        (kestrel,) = view.commanders
        card = kestrel.cards[DEFENDERS]
        said = dict(zip(card.completions, (november(14, 9), november(14, 8)), strict=True))
        completions = {
            milestone: replace(completion, reported_at=said[milestone])
            for milestone, completion in card.completions.items()
        }
        elsewhere = replace(kestrel, cards={DEFENDERS: replace(card, completions=completions)})
        shown = replace(view, commanders=(elsewhere,))
        assert column("commanders", "Last report", shown) == [wall(14, 9)]

    def test_those_who_are_known_besides_have_no_row(self) -> None:
        left = Commander("id-of-merlin", "Merlin", "orbit", moved=True)
        found = tab("commanders", replace(view_of({"Kestrel": []}), unlisted=(left,)))
        assert [row.cells[0] for row in found.rows] == ["Kestrel"]
        assert found.unlisted == {"id-of-merlin": Left("Merlin", "left")}

    def test_milestones_of_the_same_name_are_told_apart(self) -> None:
        peace, chaos = BOTH
        namesake = chaos.milestones[0].model_copy(update={"name": "Hidden Motivations"})
        chaos = chaos.model_copy(update={"milestones": (namesake, *chaos.milestones[1:])})
        header = tab("commanders", view_of(events=[peace, chaos])).header
        assert header[3] == "Hidden Motivations (Architects of Chaos)"
        assert header[6] == "Hidden Motivations (Defenders of Peace)"
        assert header[2] == "Unraveling Anomalies"

    def test_how_many_have_each_and_which_are_on_now_stands_above_them(self) -> None:
        view = knowing(view_of({**TWO, "Ash": [HIDDEN_MOTIVATIONS]}), "Ash", retired_at=november(15, 11))
        about, state, header = tab("commanders", view).all_rows[:3]
        above = {
            name: (on_now, share)
            for name, on_now, share in zip(header.cells[2:12], about.cells[2:], state.cells[2:], strict=True)
        }
        assert above.pop("Hidden Motivations") == ("on now", "2 of 2")
        assert above.pop("Confronting Resilience") == ("on now", "1 of 2")
        assert set(above.values()) == {(None, "0 of 2")}

    def test_an_event_that_comes_again_is_told_apart_by_its_date(self) -> None:
        peace = EVENTS[DEFENDERS]
        again = peace.cloned(date(2023, 11, 20)).model_copy(update={"tiers": ()})
        odd = again.milestones[0].model_copy(update={"name": "Last report"})
        again = again.model_copy(update={"milestones": (odd, *again.milestones[1:2])})
        view = view_of(events=[peace, again])
        first, second = "Defenders of Peace (13 Nov 2023)", "Defenders of Peace (20 Nov 2023)"
        header = tab("commanders", view).header
        assert header == (
            *("Commander", "Missing today", "Unraveling Anomalies"),
            *(f"Enlisting Old Allies ({first})", "Hidden Motivations", "Assembling the Resistance"),
            *("Shaping a Unified Destiny", f"Last report ({second})", f"Enlisting Old Allies ({second})"),
            *(f"{first} points", f"{second} points", *LAST_OF_COMMANDERS),
        )
        assert tab("history", view).header == ("Time", first, second, f"{first}: reward at 8,925")
        assert column("progress", "Event", view) == [first, second]
        assert set(column("schedule", "Event", view)) == {first, second}
        assert column("rewards", "Event", view) == [first]

    def test_two_of_one_name_that_begin_on_the_same_day_are_told_apart_by_their_ids(self) -> None:
        twin = EVENTS[DEFENDERS].model_copy(update={"id": "twin"})
        names = column("progress", "Event", view_of(events=[EVENTS[DEFENDERS], twin]))
        assert names == [f"Defenders of Peace ({DEFENDERS})", "Defenders of Peace (twin)"]


class TestAlliances:
    PEACE = Totals(3, {"hidden-motivations": 2, "enlisting-old-allies": 3})
    CHAOS = Totals(5, {"confronting-resilience": 5})

    def test_what_each_has(self) -> None:
        alliances = {NOVA: {DEFENDERS: self.PEACE, ARCHITECTS: self.CHAOS}, ORBIT: {}}
        found = tab("alliances", view_of(alliance=None, alliances=alliances))
        assert found.header == (
            *("Alliance", "Commanders", "Completions"),
            *("Defenders of Peace points", "Architects of Chaos points"),
        )
        assert found.rows == (
            Row("nova", ("[NOVA] Nova Guard", 5, 10, 500, 500)),
            Row("orbit", ("[ØRB] Orbit Watch", 0, 0, 0, 0)),
        )

    def test_they_add_up_to_the_servers_progress(self) -> None:
        alliances = {NOVA: {DEFENDERS: self.PEACE}, ORBIT: {DEFENDERS: self.PEACE}}
        view = view_of(alliance=None, alliances=alliances)
        assert sum(row[3] for row in cells("alliances", view) if isinstance(row[3], int)) == 1000
        assert cells("progress", view)[0][2] == 1000

    def test_a_milestone_that_was_taken_out_counts_for_nothing(self) -> None:
        gone = Totals(3, {"hidden-motivations": 2, "taken-out": 3})
        view = view_of(alliance=None, alliances={NOVA: {DEFENDERS: gone}})
        assert cells("alliances", view) == [("[NOVA] Nova Guard", 3, 2, 200, 0)]

    def test_none(self) -> None:
        assert tab("alliances", view_of(alliance=None)).rows == ()


class TestHistory:
    def test_the_points_of_each_sampled_hour_beside_the_tiers(self) -> None:
        history = {
            DEFENDERS: {november(15, 10): 4000, november(15, 11): 9000},
            ARCHITECTS: {november(15, 11): 100},
        }
        found = tab("history", view_of(history=history))
        assert found.is_charted
        assert found.header == (*("Time", "Defenders of Peace", "Architects of Chaos", "reward at 8,925"),)
        assert found.rows == (
            Row("2023-11-15T10:00:00Z", (wall(15, 10), 4000, None, 8925)),
            Row("2023-11-15T11:00:00Z", (wall(15, 11), 9000, 100, 8925)),
        )

    def test_of_an_event_without_published_tiers(self) -> None:
        event = EVENTS[DEFENDERS].model_copy(update={"tiers": ()})
        found = tab("history", view_of(events=[event], history={DEFENDERS: {november(15): 100}}))
        assert found.header == ("Time", "Defenders of Peace", "Reward at")
        assert [row.cells for row in found.rows] == [(wall(15, 12), 100, None)]

    def test_before_anything_was_sampled(self) -> None:
        assert tab("history", view_of(now=november(12))).rows == ()


class TestArchivedEvents:
    def test_they_are_last_in_progress_and_rewards_and_leave_the_other_tabs(self) -> None:
        peace, chaos = BOTH
        view = view_of(
            {"Kestrel": [HIDDEN_MOTIVATIONS, CONFRONTING_RESILIENCE]},
            now=november(21),
            events=[chaos, archived(peace)],
            history={DEFENDERS: {november(15): 100}, ARCHITECTS: {november(16): 100}},
        )
        assert [row[:3] for row in cells("progress", view)] == [
            ("Architects of Chaos", "ended", 100),
            ("Defenders of Peace", "ended", 100),
        ]
        assert [row[0] for row in cells("rewards", view)] == ["Architects of Chaos", "Defenders of Peace"]
        assert {row[1] for row in cells("schedule", view)} == {"Architects of Chaos"}
        assert tab("commanders", view).header == (
            *("Commander", "Missing today", "Disarray Unleashed", "The Onslaught", "Confronting Resilience"),
            *("Testing Destinies", "A Reckoning Across Time", "Architects of Chaos points"),
            *LAST_OF_COMMANDERS,
        )
        assert cells("commanders", view)[0][7] == 100
        assert cells("history", view) == [(wall(16, 12), 100, 8925)]

    def test_they_leave_the_alliances(self) -> None:
        peace, chaos = BOTH
        both = {DEFENDERS: TestAlliances.PEACE, ARCHITECTS: TestAlliances.CHAOS}
        view = view_of(alliance=None, events=[chaos, archived(peace)], alliances={NOVA: both})
        assert tab("alliances", view).header == (
            *("Alliance", "Commanders", "Completions", "Architects of Chaos points"),
        )
        assert cells("alliances", view) == [("[NOVA] Nova Guard", 5, 5, 500)]
