"""What a sync costs us, in counts: never in times, which would be this machine's."""

from collections.abc import Iterator

import pytest

from local.sheets import SheetsServer
from sheets_sync.content import tabs_of
from tests.sync.desk import FIRST, Desk, ids
from tests.world import HIDDEN_MOTIVATIONS


@pytest.fixture
def desk() -> Iterator[Desk]:
    with SheetsServer() as server:
        yield Desk(server, server.create_spreadsheet("Officers", {"Officers": [["Officer"], ["One"]]}))


def test_the_tabs_are_made_once_even_where_hand_edits_are_to_be_told(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    def counted(*what: object) -> object:
        made.append(what)
        return tabs_of(*what)  # type: ignore[arg-type]

    monkeypatch.setattr("sheets_sync.sync.tabs_of", counted)
    desk.sync(ids({"Ash": [HIDDEN_MOTIVATIONS]}))
    desk.type("commanders", FIRST, 0, "somebody else")
    desk.sync(ids({"Ash": [HIDDEN_MOTIVATIONS]}))
    assert desk.cells("progress")[4][2] == "IMS Commanders!A7 held “somebody else”"
    assert len(made) == 2, "once in each of two syncs"
