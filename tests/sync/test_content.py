"""What officers see, row by row."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from chalicelib.domain.calendar import GameDay
from chalicelib.domain.progress import Reading, TierStamp
from chalicelib.domain.report import Report
from sheets_sync.content import tabs_of
from sheets_sync.tabs import Tab
from tests.sync.reports import report_of, sheet_of
from tests.world import (
    CONFRONTING_RESILIENCE,
    DEFENDERS,
    ENLISTING_OLD_ALLIES,
    HIDDEN_MOTIVATIONS,
    WEDNESDAY_NOON,
)

NINETY = {f"Commander{number}": [HIDDEN_MOTIVATIONS] for number in range(90)}


def tab(tab_id: str, report: Report) -> Tab:
    return next(found for found in tabs_of(report, sheet_of()) if found.id == tab_id)


def cells(tab_id: str, report: Report) -> list[tuple[object, ...]]:
    return [row.cells for row in tab(tab_id, report).rows]


def wall(day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2023, 11, day, hour, minute)  # noqa: DTZ001 - what a sheet holds


def test_the_tabs_and_their_columns_are_those_of_the_contract() -> None:
    headers = {tab.title: tab.header for tab in tabs_of(report_of(), sheet_of())}
    assert headers == {
        "IMS Progress": (
            *(
                "Event",
                "Status",
                "Points",
                "Next reward at",
                "Remaining",
                "Progress",
                "Completions",
                "Commanders",
            ),
            *("Completions needed", "Commanders needed", "Official points", "Coverage", "Projection"),
        ),
        "IMS Schedule": (
            *(
                "Date",
                "Event",
                "Milestone",
                "Objectives",
                "Points",
                "Opens",
                "Closes",
                "Status",
                "Completions",
            ),
        ),
        "IMS Rewards": ("Event", "Points needed", "Rewards", "Status", "Remaining", "Reached at"),
        "IMS Commanders": (
            "Commander",
            *("Unraveling Anomalies", "Disarray Unleashed", "Enlisting Old Allies", "The Onslaught"),
            *(
                "Hidden Motivations",
                "Confronting Resilience",
                "Assembling the Resistance",
                "Testing Destinies",
            ),
            *("Shaping a Unified Destiny", "A Reckoning Across Time"),
            *("Defenders of Peace points", "Architects of Chaos points", "Last report", "Missing today"),
        ),
    }
    assert "IMS Commanders" not in {tab.title for tab in tabs_of(report_of(alliance=None), sheet_of())}


def test_progress_before_anybody_has_reported() -> None:
    assert cells("progress", report_of()) == [
        (
            *("Defenders of Peace", "running", 0, 8925, 8925, "░░░░░░░░░░░░░░░░░░░░ 0 %", 0, 0, 90, 30),
            *("no reading", "no reading", "not enough data"),
        ),
        (
            *("Architects of Chaos", "running", 0, 8925, 8925, "░░░░░░░░░░░░░░░░░░░░ 0 %", 0, 0, 90, 30),
            *("no reading", "no reading", "not enough data"),
        ),
    ]


def test_progress_with_a_reached_tier_and_the_other_side_untouched() -> None:
    rows = cells("progress", report_of(NINETY))
    assert rows[0][:10] == (
        *(
            "Defenders of Peace",
            "running",
            9000,
            "all reached",
            0,
            "████████████████████ 100 %",
            90,
            90,
            0,
            0,
        ),
    )
    assert rows[1][:3] == ("Architects of Chaos", "running", 0)


def test_the_bar_is_full_only_when_the_tier_is_reached() -> None:
    almost = dict(list(NINETY.items())[:89])
    assert cells("progress", report_of(almost))[0][4:6] == (25, "███████████████████░ 99 %")


def test_progress_with_a_reading() -> None:
    reading = Reading(8000, WEDNESDAY_NOON, 4000)
    row = cells("progress", report_of(dict(list(NINETY.items())[:40]), reading=reading))[0]
    assert row[2:6] == (4000, 8925, 925, "█████████████████░░░ 89 %")
    assert row[10:12] == (8000, 0.5)


def test_progress_once_nobody_can_add_anything() -> None:
    row = cells("progress", report_of(now=datetime(2023, 11, 18, 12, tzinfo=UTC)))[0]
    assert (row[1], row[8], row[9]) == ("running", 90, "none can")
    assert cells("progress", report_of(now=datetime(2023, 11, 19, tzinfo=UTC)))[0][1] == "reporting"


def test_the_schedule_has_a_row_for_every_milestone_on_its_day() -> None:
    rows = cells("schedule", report_of({"Kestrel": [HIDDEN_MOTIVATIONS, ENLISTING_OLD_ALLIES]}))
    assert len(rows) == 10
    assert rows[4] == (
        *(date(2023, 11, 15), "Defenders of Peace", "Hidden Motivations"),
        *("complete away team assignments; or spend trait XP", 100, wall(15), wall(16), "active", 1),
    )
    assert [row[7] for row in rows] == [*["closed"] * 4, "active", "active", *["upcoming"] * 4]
    assert rows[7][2:4] == ("Testing Destinies", "not published")


@pytest.mark.parametrize("day", [13, 14, 15, 16, 17])
def test_on_each_day_one_milestone_of_each_side_is_active(day: int) -> None:
    rows = cells("schedule", report_of(now=datetime(2023, 11, day, 12, tzinfo=UTC)))
    active = [row for row in rows if row[7] == "active"]
    assert [row[1] for row in active] == ["Defenders of Peace", "Architects of Chaos"]
    assert {row[0] for row in active} == {date(2023, 11, day)}


def test_times_are_wall_times_of_the_servers_zone() -> None:
    day = GameDay(time(5), "America/New_York", assumed=False)
    rows = cells("schedule", report_of(game_day=day))
    assert rows[4][5:7] == (wall(15, 5), wall(16, 5))
    block = tab("schedule", report_of(game_day=day)).title_block
    assert block[1] == (
        "Data as of", wall(15, 7), "Times are America/New_York; a game day begins at 05:00",
    )  # fmt: skip


def test_rewards_say_what_is_unknown() -> None:
    assert cells("rewards", report_of()) == [
        (
            *("Defenders of Peace", 8925),
            "4 Jadzia Dax shards; 3 Miles O'Brien shards; not published (shown as “Missing Translation”)",
            *("not reached", 8925, None),
        ),
        (
            *("Architects of Chaos", 8925),
            "4 Gul Dukat shards; 3 Ikat'ika shards; not published (shown as “Missing translation”)",
            *("not reached", 8925, None),
        ),
    ]


def test_rewards_of_a_reached_tier_and_after_a_correction_below_it() -> None:
    stamps = {8925: TierStamp(WEDNESDAY_NOON - timedelta(minutes=30), "reported")}
    reached = cells("rewards", report_of(NINETY, stamps=stamps))[0]
    assert reached[3:] == ("reached", 0, wall(15, 11, 30))
    corrected = cells("rewards", report_of(dict(list(NINETY.items())[:89]), stamps=stamps))[0]
    assert corrected[3:] == ("reached, then corrected below", 25, wall(15, 11, 30))


def test_commanders_with_what_they_have_and_what_is_missing_today() -> None:
    kestrel = [HIDDEN_MOTIVATIONS, ENLISTING_OLD_ALLIES]
    report = report_of({"Kestrel": kestrel, '=HYPERLINK("x")': [], "Merlin": [CONFRONTING_RESILIENCE]})
    rows = tab("commanders", report).rows
    assert [row.key for row in rows] == ["id-0", "id-1", "id-2"]
    assert rows[0].cells == (
        *("Kestrel", None, None, "✓", None, "✓", None, None, None, None, None),
        *(200, 0, wall(15, 11), "Confronting Resilience"),
    )
    assert rows[1].cells == (
        *('=HYPERLINK("x")', *[None] * 10),
        *(0, 0, None, "Hidden Motivations, Confronting Resilience"),
    )
    assert rows[2].cells[-1] == "Hidden Motivations"


def test_a_hundred_commanders_have_a_hundred_rows_as_wide_as_the_header() -> None:
    found = tab("commanders", report_of({f"C{number}": [HIDDEN_MOTIVATIONS] for number in range(100)}))
    assert len(found.rows) == 100
    assert {len(row.cells) for row in found.rows} == {len(found.header)}
    assert tab("commanders", report_of()).rows == ()


def test_before_the_event_everything_is_to_come() -> None:
    report = report_of(now=datetime(2023, 11, 12, tzinfo=UTC))
    assert {row[7] for row in cells("schedule", report)} == {"upcoming"}
    assert cells("progress", report)[0][1] == "upcoming"
    assert cells("progress", report)[0][9] == 18


def test_every_row_has_a_key_of_its_own() -> None:
    for found in tabs_of(report_of(NINETY), sheet_of()):
        keys = [row.key for row in found.rows]
        assert len(keys) == len(set(keys))
    assert tab("progress", report_of()).rows[0].key == DEFENDERS


def test_the_title_block_tells_the_datas_age_and_the_last_error() -> None:
    good = tab("progress", report_of()).title_block
    assert good == (
        ("Server 101 · [NOVA] Nova Guard · kept by Muster",),
        (
            "Data as of",
            wall(15, 12),
            "Times are UTC; a game day begins at 00:00 (assumed: the hour is not published)",
        ),
        ("Last successful sync", wall(15, 12)),
        ("Last error", "none", None),
    )
    failed = tabs_of(report_of(), sheet_of(WEDNESDAY_NOON - timedelta(hours=2), "It was not shared."))[0]
    assert failed.title_block[3] == ("Last error", wall(15, 10), "It was not shared.")
