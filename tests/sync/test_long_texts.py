"""What would be too long for a cell: Google refuses the whole batch for one that is, and the sheet would stop."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from local.sheets import SheetsServer
from sheets_sync.cells import MOST_CHARACTERS, value_of
from sheets_sync.sync import sync
from tests.sync.desk import FIRST, Desk, ids
from tests.sync.views import BOTH, view_of
from tests.world import HIDDEN_MOTIVATIONS

MOST = MOST_CHARACTERS


@pytest.fixture
def desk() -> Iterator[Desk]:
    with SheetsServer() as server:
        yield Desk(server, server.create_spreadsheet("Officers", {"Officers": [["Officer"]]}))


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("x" * MOST, "x" * MOST),
        ("x" * (MOST + 1), "x" * (MOST - 1) + "…"),
        ("💥" * (MOST // 2), "💥" * (MOST // 2)),
        ("💥" * (MOST // 2 + 1), "💥" * (MOST // 2 - 1) + "…"),
    ],
)
def test_a_text_is_cut_with_a_mark_where_a_cell_ends(text: str, held: str) -> None:
    assert value_of(text) == held


def test_an_event_from_before_with_endless_objectives_stops_no_sheet(desk: Desk) -> None:
    event = BOTH[0]
    first = event.milestones[0].model_copy(update={"objectives": ("gather ore " * 18,) * 265})
    endless = event.model_copy(update={"milestones": (first, *event.milestones[1:])})
    view = view_of({}, events=[endless])
    desk.sync(view)
    told = [cell for row in desk.cells("schedule")[FIRST:] for cell in row if isinstance(cell, str)]
    assert max(map(len, told)) == MOST
    assert any(cell.endswith("…") for cell in told)
    desk.writes()
    desk.sync(view)
    assert desk.writes() == [], "what was cut is as it was written"


def test_a_hand_edit_as_long_as_a_cell_stops_no_sheet(desk: Desk) -> None:
    view = ids({"Ash": [HIDDEN_MOTIVATIONS]})
    desk.sync(view)
    desk.type("progress", FIRST, 1, "x" * (MOST - 10))
    desk.sync(view)
    assert desk.cells("progress")[FIRST][1] == "running"


def test_what_is_in_the_way_at_length_stops_no_sheet(desk: Desk) -> None:
    view = ids({"Ash": []})
    desk.sync(view)
    until = view.as_of + timedelta(minutes=5)
    sync(replace(desk.sheet, obstacle="why " * MOST, plain_until=until), view, desk)
    assert str(desk.cells("progress")[1][0]).endswith("…")
