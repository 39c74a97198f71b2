"""Whose turn it is."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.binding import Binding
from chalicelib.domain.calendar import SKEW
from chalicelib.domain.due import BATCH, FRESHNESS, LEASE, OVERDUE, PATIENCE, due_first, is_due
from tests.world import WEDNESDAY_NOON as NOW

MINUTE, MOMENT = timedelta(minutes=1), timedelta(microseconds=1)
GOOD = Binding("good", "101", last_success_at=NOW - MINUTE, revision="as it is")


def test_a_sheet_that_shows_what_it_should_is_not_due() -> None:
    assert not is_due(GOOD, "as it is", NOW)


def test_a_sheet_is_due_when_it_should_show_something_else_or_never_showed_anything() -> None:
    assert is_due(GOOD, "changed", NOW)
    assert is_due(Binding("new", "101"), "as it is", NOW)


@pytest.mark.parametrize(("age", "due"), [(FRESHNESS - MOMENT, False), (FRESHNESS, True)])
def test_a_sheet_gets_stale_after_a_quarter_of_an_hour(age: timedelta, due: bool) -> None:
    assert is_due(replace(GOOD, last_success_at=NOW - age), "as it is", NOW) == due


OWN, OTHERS = "own".ljust(16), "others"


@pytest.mark.parametrize(
    ("age", "revision", "due"),
    [
        (timedelta(0), f"{OWN}{OTHERS}", False),
        (timedelta(0), f"{OWN}other totals", False),
        (BATCH - MOMENT, f"{OWN}other totals", False),
        (BATCH, f"{OWN}other totals", True),
        (BATCH, f"{OWN}{OTHERS}", False),
        (timedelta(0), f"{'news'.ljust(16)}{OTHERS}", True),
        (-SKEW - MOMENT, f"{OWN}other totals", True),
    ],
)
def test_news_of_its_own_make_a_sheet_due_at_once_and_totals_of_others_after_a_few_minutes(
    age: timedelta, revision: str, due: bool
) -> None:
    sheet = Binding("nova", "101", "nova", last_success_at=NOW - age, revision=f"{OWN}{OTHERS}")
    assert is_due(sheet, revision, NOW) == due
    assert is_due(replace(sheet, revision=None), revision, NOW), "it shows nothing of this binding yet"


@pytest.mark.parametrize(
    ("looked_since", "due"),
    [(NOW - 2 * MINUTE, False), (NOW, True), (NOW + SKEW, True), (NOW + SKEW + MOMENT, False)],
    ids=["looked at since", "not since", "by a clock ahead", "before a clock was set back"],
)
def test_a_sheet_with_edits_is_due_until_it_was_looked_at(looked_since: datetime, due: bool) -> None:
    sheet = replace(GOOD, edits=True, looked_at=NOW - MINUTE)
    assert bool(due_first([(sheet, "as it is")], NOW, looked_since)) == due
    assert not due_first([(replace(sheet, edits=False), "as it is")], NOW, looked_since)


@pytest.mark.parametrize("why", ["leased", "to be waited for"])
def test_a_sheet_is_left_alone_until_the_instant_and_no_longer(why: str) -> None:
    most = LEASE if why == "leased" else PATIENCE

    def due(until: timedelta) -> bool:
        leased, waiting = replace(GOOD, leased_until=NOW + until), replace(GOOD, retry_at=NOW + until)
        return is_due(leased if why == "leased" else waiting, "changed", NOW)

    assert not due(MOMENT)
    assert not due(most)
    assert due(timedelta(0))
    assert not due(most + SKEW), "made by a clock that is ahead"
    assert due(most + SKEW + MOMENT), "an instant from before the clock was set back"


def test_a_sync_in_the_future_is_from_before_the_clock_was_set_back() -> None:
    assert not is_due(replace(GOOD, last_success_at=NOW + SKEW), "as it is", NOW), "clocks may differ"
    assert is_due(replace(GOOD, last_success_at=NOW + SKEW + MOMENT), "as it is", NOW)


def test_what_changed_comes_first_then_the_longest_unattended() -> None:
    def sheet(name: str, attended: timedelta, revision: str) -> Binding:
        return Binding(name, "101", last_success_at=NOW - attended, revision=revision)

    sheets = [
        sheet("stale", 20 * MINUTE, "new"),
        sheet("staler", 30 * MINUTE, "new"),
        sheet("changed", 2 * MINUTE, "old"),
        sheet("changed longer ago", 10 * MINUTE, "old"),
        sheet("fresh", MINUTE, "new"),
        sheet("overdue", OVERDUE, "new"),
        replace(
            sheet("failed just now", 50 * MINUTE, "old"), last_error_at=NOW - MINUTE, last_error="unlucky"
        ),
        Binding("never", "101"),
    ]
    others = [sheet(f"others {n}", n * MINUTE, f"{'new'.ljust(16)}old") for n in (5, 4, 40)]
    wanted = [(each, "new") for each in sheets] + [(each, f"{'new'.ljust(16)}new") for each in others]
    turns = [due.sheet.spreadsheet_id for due in due_first(wanted, NOW)]
    assert turns == [
        *("never", "overdue", "changed longer ago", "changed", "failed just now"),
        *("others 40", "others 5", "others 4"),
        *("staler", "stale"),
    ]


def test_a_sheet_in_which_a_run_was_cut_off_waits_for_its_turn() -> None:
    """Else a sheet that officers have made too large would be the first again and again, and end every run."""
    cut_off = replace(GOOD, last_success_at=NOW - OVERDUE, leased_until=NOW)
    others = [
        replace(GOOD, spreadsheet_id=f"{minutes}", last_success_at=NOW - minutes * MINUTE)
        for minutes in (2, 4)
    ]
    turns = [due.sheet.spreadsheet_id for due in due_first([(s, "new") for s in (cut_off, *others)], NOW)]
    assert turns == ["4", "good", "2"], "it was tried when the lease began, three minutes ago"


@given(st.integers(1, 40), st.integers(0, 40), st.integers(0, 10), st.integers(1, 12))
def test_nothing_starves_however_much_changes_and_fails(
    busy: int, quiet: int, failing: int, a_minute: int
) -> None:
    """Three hours of runs that get through so many sheets each; the busy ones change all the time."""
    total = busy + quiet + failing
    sheets = {f"{n}": Binding(f"{n}", "101") for n in range(total)}
    attended = dict.fromkeys(sheets, NOW)
    most = OVERDUE + (total // a_minute + 1) * MINUTE
    for minute in range(1, 180):
        now = NOW + minute * MINUTE
        wanted = [(s, f"{minute}" if int(name) < busy else "same") for name, s in sheets.items()]
        for due in due_first(wanted, now)[:a_minute]:
            name = due.sheet.spreadsheet_id
            if int(name) >= busy + quiet:
                sheets[name] = replace(due.sheet, last_error_at=now)
            else:
                sheets[name] = replace(due.sheet, last_success_at=now, revision=due.revision)
            attended[name] = now
        assert all(now - at <= most for at in attended.values())
