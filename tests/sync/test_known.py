"""Whose a row is, whatever officers did to what it says."""

from collections.abc import Callable, Iterator

import pytest

from local.sheets import Person, SheetsServer
from sheets_sync.content import tabs_of
from sheets_sync.held import MANAGED_FIELDS, TAB_METADATA, held_tabs
from sheets_sync.known import Known, known_rows
from sheets_sync.layout import BASE_COLUMN, KEY_COLUMN, column_letters
from sheets_sync.lost_keys import with_keys_again
from sheets_sync.tabs import NEW
from tests.sync.desk import FIRST, Desk, id_of, ids
from tests.world import CONFRONTING_RESILIENCE, ENLISTING_OLD_ALLIES, HIDDEN_MOTIVATIONS

TAB = "IMS Commanders"
NAMES = ["Ash", "Birch", "Cedar", "Elm"]
DONE = dict(
    zip(
        NAMES,
        [
            [HIDDEN_MOTIVATIONS],
            [CONFRONTING_RESILIENCE],
            [HIDDEN_MOTIVATIONS, ENLISTING_OLD_ALLIES],
            [],
        ],
        strict=True,
    )
)


@pytest.fixture
def desk() -> Iterator[Desk]:
    with SheetsServer() as server:
        desk = Desk(server, server.create_spreadsheet("Officers", {"Officers": [["Officer"]]}))
        desk.sync(ids(DONE))
        desk.add_column("commanders", {FIRST + place: f"of {name}" for place, name in enumerate(NAMES)})
        yield desk


def seen(desk: Desk) -> Known:
    held = held_tabs(desk.managed(desk.id, TAB_METADATA, MANAGED_FIELDS))
    return known_rows(tabs_of(ids(DONE), desk.sheet), held)["commanders"]


def trusted(desk: Desk) -> list[str]:
    found = seen(desk).trusted
    return [name for name in NAMES if id_of(name) in found]


def notes(desk: Desk) -> list[str]:
    """By commander, what stands beside them after a sync."""
    desk.sync(ids(DONE))
    beside = desk.beside("commanders", len(desk.seen("commanders")) - 1)
    return [beside.get(name, "") for name in NAMES]


AS_THEY_WERE = [f"of {name}" for name in NAMES]


def last(desk: Desk) -> str:
    return column_letters(desk.tab("commanders")["properties"]["gridProperties"]["columnCount"] - 1)


def hidden(desk: Desk, name: str) -> str:
    letters = column_letters(desk.column("commanders", name))
    return f"{letters}:{letters}"


def test_where_nobody_did_anything_all_are_trusted(desk: Desk) -> None:
    assert trusted(desk) == NAMES


LOST: dict[str, Callable[[Desk, Person], None]] = {
    "the keys are deleted": lambda desk, person: person.delete(TAB, hidden(desk, KEY_COLUMN)),
    "the bases are deleted": lambda desk, person: person.delete(TAB, hidden(desk, BASE_COLUMN)),
    "both are deleted": lambda desk, person: person.delete(TAB, "B:C"),
    "the keys are cleared": lambda desk, person: person.clear(TAB, "B:B"),
    "keys are sorted alone": lambda desk, person: person.sort(TAB, "B4:B7", by="B", descending=True),
    "keys and bases are sorted alone": lambda desk, person: person.sort(
        TAB, "B4:C7", by="B", descending=True
    ),
    "the header is sorted into the rows": lambda desk, person: person.sort(
        TAB, f"A3:{last(desk)}8", by="A", descending=True
    ),
    "a row comes on top": lambda desk, person: person.insert_before(TAB, "1:1"),
    "rows come between head and header": lambda desk, person: person.insert_before(TAB, "3:4"),
}


@pytest.mark.parametrize("name", LOST)
def test_what_is_lost_comes_again_and_notes_are_where_they_were(desk: Desk, name: str) -> None:
    LOST[name](desk, desk.person)
    rows = len(desk.cells("commanders"))
    assert notes(desk) == AS_THEY_WERE
    assert trusted(desk) == NAMES
    head = desk.cells("commanders")
    assert [str(row[0]).split(" ")[0] for row in head[:3]] == ["Defenders", "Data", "Commander"]
    assert str(head[3:]).count("Data as of") == 0, "one head"
    assert desk.tab("commanders")["properties"]["gridProperties"]["frozenRowCount"] == FIRST
    assert len(desk.cells("commanders")) <= rows + 1


def test_where_only_labels_were_sorted_the_key_is_right(desk: Desk) -> None:
    desk.person.sort(TAB, "A4:A7", by="A", descending=True)
    assert trusted(desk) == []
    assert notes(desk) == AS_THEY_WERE


def test_where_all_but_the_hidden_was_sorted_the_label_is_right(desk: Desk) -> None:
    """As a selection that leaves hidden columns behind might be."""
    width = len(desk.seen("commanders"))
    rows = [desk.all_cells("commanders")[FIRST + place] for place in range(len(NAMES))]
    for place, row in enumerate(reversed(rows)):
        for column in [0, *range(3, width + 2)]:
            value = row[column] if column < len(row) else None
            desk.person.clear(TAB, f"{column_letters(column)}{FIRST + place + 1}")
            if value is not None:
                kind = "numberValue" if isinstance(value, float) else "stringValue"
                cell = {"values": [{"userEnteredValue": {kind: value}}]}
                start = {
                    "sheetId": desk.sheet_id("commanders"),
                    "rowIndex": FIRST + place,
                    "columnIndex": column,
                }
                desk.edit({"updateCells": {"start": start, "rows": [cell], "fields": "userEnteredValue"}})
    assert trusted(desk) == []
    assert notes(desk) == AS_THEY_WERE


def test_a_copied_row_is_not_trusted_and_ours_is_the_one_with_their_things(desk: Desk) -> None:
    desk.person.insert_before(TAB, "4:4")
    desk.person.copy(TAB, "A5:E5", "A4")
    assert trusted(desk) == NAMES[1:]
    assert notes(desk) == AS_THEY_WERE
    assert trusted(desk) == NAMES
    assert [row[0] for row in desk.cells("commanders")].count("Ash") == 1


def test_rows_that_have_lost_their_keys_get_them_back_but_are_not_believed(desk: Desk) -> None:
    keys, end = column_letters(desk.column("commanders", KEY_COLUMN)), FIRST + len(NAMES) + 1
    desk.person.clear(TAB, f"{keys}{FIRST + 1}:{keys}{end}")
    held = held_tabs(desk.managed(desk.id, TAB_METADATA, MANAGED_FIELDS))["commanders"]
    again = with_keys_again(held, {*map(id_of, NAMES), NEW}, {}).rows[FIRST:end]
    assert [(row.key, row.base) for row in again] == [(key, None) for key in (*map(id_of, NAMES), NEW)]
    desk.sync(ids(DONE))
    assert len(desk.all_cells("commanders")) == end, "the blank row is known again too"


def test_a_name_typed_over_is_still_them(desk: Desk) -> None:
    desk.type("commanders", FIRST, 0, "Somebody new")
    assert trusted(desk) == NAMES, "so it can be a new name"
    desk.type("commanders", FIRST, 0, "Birch")
    assert trusted(desk) == NAMES[1:], "but not another's"
    assert notes(desk) == AS_THEY_WERE
