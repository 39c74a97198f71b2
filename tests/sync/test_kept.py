"""Tabs say who keeps them, and what they are: after another binding, in a copied file, beside another deployment."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256, sha512

import pytest

from chalicelib.domain.sheet_view import SheetView
from local.sheets import SheetsServer
from sheets_sync.failures import SheetError
from sheets_sync.held import KEPT_METADATA
from sheets_sync.kept import Keeper
from tests.sync.desk import FIRST, Desk, id_of, ids
from tests.sync.views import view_of
from tests.world import HIDDEN_MOTIVATIONS, ORBIT

NAMES = ["Ash", "Birch", "Cedar"]
THREE = {name: [HIDDEN_MOTIVATIONS] for name in NAMES}


@pytest.fixture
def desk() -> Iterator[Desk]:
    with SheetsServer() as server:
        desk = Desk(server, server.create_spreadsheet("Officers", {"Officers": [["Officer"]]}))
        desk.keeper = Keeper("ours", named, lambda text: sha256(text.encode()).hexdigest())
        desk.sync(ids(THREE))
        desk.add_column("commanders", {FIRST: "ash's note"})
        yield desk


today: dict[str, str] = {id_of(name): name for name in NAMES}
THEIRS = Keeper("theirs", lambda server, alliance: {}, lambda text: sha512(text.encode()).hexdigest())
asked: list[str] = []
"""Whose names were asked for."""


def named(server: str, alliance: str) -> dict[str, str]:
    asked.append(f"{server}/{alliance}")
    return today


def rebound(desk: Desk, alliance: str | None) -> SheetView:
    """Bound to another alliance, whose only commander is Yew, or to the server."""
    desk.binding = replace(desk.binding, alliance=alliance)
    view = ids({"Yew": []})
    if alliance is None:
        return view_of(alliance=None, alliances={ORBIT: {}})
    return replace(view, alliance=ORBIT)


def test_bound_to_another_alliance_no_row_looks_as_if_they_were_still_there(desk: Desk) -> None:
    view = rebound(desk, "orbit")
    desk.sync(view)
    rows = [row for row in desk.cells("commanders")[FIRST:] if any(row)]
    assert [row[:2] for row in rows] == [
        ["Yew", "Hidden Motivations, Confronting Resilience"],
        ["Ash", "listed when this sheet was another alliance's"],
    ]
    assert "ash's note" in rows[1]
    assert "✓" not in rows[1]
    desk.writes()
    desk.sync(view)
    assert desk.writes() == []


@pytest.mark.parametrize("alliance", ["orbit", None])
def test_a_forgotten_name_goes_from_what_was_written_for_another_binding(
    desk: Desk, alliance: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = rebound(desk, alliance)
    desk.sync(view)
    monkeypatch.setitem(today, id_of("Ash"), "Forgotten commander 1")
    desk.sync(view)
    assert "Ash" not in str(desk.server.snapshot(desk.id)["sheets"])
    (row,) = [row for row in desk.cells("commanders") if "ash's note" in row]
    assert row[0] == "Forgotten commander 1"


def test_a_tab_that_the_binding_has_none_of_says_so_and_since_when(desk: Desk) -> None:
    view = rebound(desk, None)
    for minutes in (0, 60):
        desk.sync(replace(view, as_of=view.as_of + timedelta(minutes=minutes)), is_checked=False)
        about, state, header, *rows = desk.cells("commanders")
        assert (
            about[0]
            == "No longer kept by Muster since Wed 15 Nov 12:00: this spreadsheet shows server 101 now."
        )
        assert "kept by Muster" not in str(state)
        assert not any(about[1:])
        assert (header[0], rows[0][0], rows[0].count("✓")) == ("Commander", "Ash", 1), "else it is as it was"
    desk.binding = replace(desk.binding, alliance="nova")
    desk.sync(ids(THREE))
    assert "No longer" not in str(desk.cells("commanders"))


def test_another_deployments_tabs_are_left_alone_until_they_are_taken_over(desk: Desk) -> None:
    before = desk.server.snapshot(desk.id)
    other = replace(desk, keeper=THEIRS)
    with pytest.raises(SheetError, match="Another deployment of Muster keeps this") as raised:
        other.sync(ids(THREE | {"Dogwood": []}))
    assert raised.value.lasting
    assert desk.server.snapshot(desk.id) == before
    other.binding = replace(other.binding, take_over=True)
    other.sync(ids(THREE | {"Dogwood": []}))
    with pytest.raises(SheetError, match="Another deployment"):
        desk.sync(ids(THREE))


def test_what_officers_write_about_former_bindings_is_not_believed(desk: Desk) -> None:
    """They can write metadata, and would see in their rows what those are called today who are anywhere else."""
    (kept,) = [
        one for one in desk.tab("commanders")["developerMetadata"] if one["metadataKey"] == KEPT_METADATA
    ]
    lookup = {"developerMetadataLookup": {"metadataId": kept["metadataId"]}}
    for forged in (
        f"ours {desk.id} 101/orbit",
        kept["metadataValue"].replace("101/nova", "101/orbit 101/nova"),
    ):
        value = {"dataFilters": [lookup], "developerMetadata": {"metadataValue": forged}}
        desk.edit({"updateDeveloperMetadata": {**value, "fields": "metadataValue"}})
        asked.clear()
        desk.sync(ids(THREE))
        assert asked == []
        assert kept in desk.tab("commanders")["developerMetadata"], "it is as Muster wrote it"


def test_a_copied_file_is_ours_once_it_is_bound_and_believed_in_nothing(desk: Desk) -> None:
    desk.type("commanders", FIRST, 2, "typed")
    copy = desk.person.copy_spreadsheet("Copy")
    desk.server.share(copy)
    other = replace(desk, id=copy, last_success_at=None, keeper=THEIRS)
    other.sync(ids(THREE))
    assert "Put back" not in str(other.cells("progress")[1]), (
        "nothing is known about what was written into it"
    )
    assert other.beside("commanders", len(other.seen("commanders")) - 1) == {"Ash": "ash's note"}
    desk.sync(ids(THREE))
    assert "Put back" in str(desk.cells("progress")[1])
