"""When a sync as a whole is in trouble, and when it is one sheet that is."""

from datetime import timedelta

import pytest

from chalicelib.domain.behind import FAILING, GIVEN_UP, WAITING, trouble
from chalicelib.domain.binding import Binding
from tests.world import WEDNESDAY_NOON as NOW

MOMENT = timedelta(microseconds=1)


def synced(age: timedelta) -> Binding:
    return Binding("sheet", "101", last_success_at=NOW - age)


def failing(age: timedelta) -> Binding:
    return Binding("sheet", "101", last_success_at=NOW - age, last_error_at=NOW)


GOOD, BROKEN, LATE = synced(timedelta(minutes=1)), failing(FAILING), synced(WAITING)
GONE, NEW = failing(GIVEN_UP), Binding("sheet", "101", last_error_at=NOW)


@pytest.mark.parametrize(
    ("sheets", "words"),
    [
        ([], None),
        ([GOOD], None),
        ([NEW], None),
        ([failing(FAILING - MOMENT)], None),
        ([BROKEN], "1 of 1 sheets are behind: 1 fail, 0 wait"),
        ([synced(WAITING - MOMENT)], None),
        ([LATE], "1 of 1 sheets are behind: 0 fail, 1 wait"),
        ([BROKEN, GOOD], None),
        ([BROKEN, LATE, GOOD], "2 of 3 sheets are behind: 1 fail, 1 wait"),
        ([BROKEN, *[GOOD] * 9_999], None),
        ([BROKEN] * 999 + [GOOD] * 9_001, None),
        ([BROKEN] * 1_000 + [GOOD] * 9_000, "1000 of 10000 sheets are behind: 1000 fail, 0 wait"),
        ([GONE] * 5 + [GOOD], None),
        ([GONE] * 5 + [BROKEN, GOOD, GOOD], None),
        ([GONE] * 5, "5 of 5 sheets are behind: 5 fail, 0 wait"),
        ([NEW] * 5 + [BROKEN, GOOD], None),
    ],
)
def test_operators_are_told_by_share_and_by_age(sheets: list[Binding], words: str | None) -> None:
    assert trouble(sheets, NOW) == words
