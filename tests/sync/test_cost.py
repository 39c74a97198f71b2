"""What a sync costs us, in counts: never in times, which would be this machine's."""

import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType, SimpleNamespace
from typing import Any, NamedTuple

import pytest

import sheets_sync
from local.sheets import SheetsServer
from sheets_sync import base, held
from sheets_sync.cells import Value
from sheets_sync.content import tabs_of
from sheets_sync.sync import sync
from tests.sync.desk import FIRST, Desk, ids
from tests.sync.views import binding_of, view_of
from tests.world import ENLISTING_OLD_ALLIES, HIDDEN_MOTIVATIONS

OURS = str(Path(sheets_sync.__file__).parent)


class Key(str):
    """The key of a held row, which counts how often it is looked at."""

    __slots__ = ()
    looks = 0

    def __hash__(self) -> int:
        Key.looks += 1
        return str.__hash__(self)

    def __eq__(self, other: object) -> bool:
        Key.looks += 1
        return str.__eq__(self, other)


class Work(NamedTuple):
    """`lines` of our code that were run, each as often as it was; `looks` at the keys of rows; `checksums` made."""

    lines: int
    looks: int
    checksums: int


@pytest.fixture
def desk() -> Iterator[Desk]:
    with SheetsServer() as server:
        yield Desk(server, server.create_spreadsheet("Officers", {"Officers": [["Officer"], ["One"]]}))


def work_after_sorting(size: int) -> Work:
    """Of a sync of so many commanders, half of whom have changed, and whose rows all have to move."""
    names = [f"C{number:04}" for number in range(size)]
    with SheetsServer() as server, pytest.MonkeyPatch.context() as patch:
        desk = Desk(server, server.create_spreadsheet("Officers", {"Officers": [["Officer"]]}))
        desk.sync(ids({name: [HIDDEN_MOTIVATIONS] for name in names}))
        area = {"sheetId": desk.sheet_id("commanders"), "startRowIndex": FIRST}
        backwards = {"range": area, "sortSpecs": [{"dimensionIndex": 0, "sortOrder": "DESCENDING"}]}
        desk.edit({"sortRange": backwards})
        done = [HIDDEN_MOTIVATIONS, ENLISTING_OLD_ALLIES]
        changed = ids({name: done[: 1 + number % 2] for number, name in enumerate(names)})

        checked: list[bytes] = []

        def crc32(text: bytes) -> int:
            checked.append(text)
            return zlib.crc32(text)

        patch.setattr(base, "zlib", SimpleNamespace(crc32=crc32))
        patch.setattr(held, "_text", text_counting)
        Key.looks = 0
        return Work(lines_run(lambda: sync(desk.sheet, changed, desk)), Key.looks, len(checked))


def text_counting(value: Value) -> str | None:
    return Key(value) if isinstance(value, str) else None


def lines_run(call: Callable[[], object]) -> int:
    run = 0

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal run
        run += event == "line"
        return trace if frame.f_code.co_filename.startswith(OURS) else None

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return run


def test_work_grows_as_the_number_of_rows_does() -> None:
    half, whole = work_after_sorting(150), work_after_sorting(300)
    assert whole.lines < 2.2 * half.lines
    assert whole.looks < 2.2 * half.looks
    (commanders,) = [tab for tab in tabs_of(view_of(), binding_of()) if tab.id == "commanders"]
    cells_more = 150 * len(commanders.columns)
    assert whole.checksums - half.checksums <= 2 * cells_more, (
        "of what a cell holds, and of what it should hold"
    )


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
    assert "IMS Commanders: Ash, Commander held “somebody else”" in desk.cells("progress")[1][0]
    assert len(made) == 2, "once in each of two syncs"
