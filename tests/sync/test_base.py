"""A base tells what was written into which column, and is seen not to fit where it does not belong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheets_sync.base import LABEL, WHY, Kind, Written, base_of, columns_of, left_base_of, read_base
from sheets_sync.cells import Value
from sheets_sync.tabs import Input

COLUMNS = columns_of([("Commander", "n"), ("2023-11/hidden", "t"), ("Points", "m")])
CELLS: list[tuple[Value, Input | None, Kind]] = [
    ("Kestrel", Input("name", "7"), "n"),
    (True, Input("tick", "12"), "t"),
    (100.0, None, "m"),
]
BASE = base_of("id-1", COLUMNS, CELLS)

values = st.one_of(st.none(), st.text(), st.booleans(), st.floats(allow_nan=False, allow_infinity=False))


def read(key: str = "id-1", columns: str | None = COLUMNS, text: str = BASE) -> dict[str, Written]:
    found = read_base(text, key, columns)
    assert found is not None
    return dict(found.written)


def test_it_says_what_was_written_and_of_inputs_which_state_that_was() -> None:
    found = read()
    assert {name: one.generation for name, one in found.items()} == {
        "Commander": "7",
        "2023-11/hidden": "12",
        "Points": None,
    }
    assert found["Commander"].is_in("Kestrel")
    assert not found["Commander"].is_in("Kestral")
    assert found["2023-11/hidden"].is_in(True)
    assert found["Points"].is_in(100.0)
    assert not found["Points"].is_in(200.0)


@pytest.mark.parametrize("held", [False, None, "TRUE", 1.0, "✓"])
def test_only_true_is_as_true_as_was_written(held: Value) -> None:
    assert not read()["2023-11/hidden"].is_in(held)


@pytest.mark.parametrize("held", [None, "", "FALSE", 0.0])
def test_a_box_that_is_not_false_is_not_as_false_as_was_written(held: Value) -> None:
    text = base_of("id-1", COLUMNS, [CELLS[0], (False, Input("tick", ""), "t"), CELLS[2]])
    assert not read(text=text)["2023-11/hidden"].is_in(held)
    assert read(text=text)["2023-11/hidden"].is_in(False)


def test_of_another_key_it_is_no_base_to_go_by() -> None:
    found = read_base(BASE, "id-2", COLUMNS)
    assert found is not None
    assert (found.fits_key, found.written) == (False, {})
    assert read_base(BASE, None, COLUMNS) == found


@pytest.mark.parametrize(
    "columns",
    [
        None,
        columns_of([("Commander", "n"), ("Points", "m")]),
        columns_of([("Commander", "n"), ("2023-12/hidden", "t"), ("Points", "m")]),  # each as wide
    ],
)
def test_about_other_columns_it_says_nothing_of_cells(columns: str | None) -> None:
    found = read_base(BASE, "id-1", columns)
    assert found is not None
    assert (found.fits_key, found.written) == (True, {})


@pytest.mark.parametrize("text", ["", "Kestrel", "1", "1short", None, 5.0, True, COLUMNS])
def test_anything_else_is_none(text: Value) -> None:
    assert read_base(text, "id-1", COLUMNS) is None


@pytest.mark.parametrize("cut", range(8, len(BASE)))
def test_one_that_is_cut_short_says_nothing(cut: int) -> None:
    found = read_base(BASE[:cut], "id-1", COLUMNS)
    assert found is None or found.written == {}


@given(st.lists(st.tuples(values, st.sampled_from("mtn"), st.from_regex(r"[^;\n]{0,9}", fullmatch=True))))
def test_what_was_written_is_read_again(cells: list[tuple[Value, Kind, str]]) -> None:
    columns = columns_of([(str(number), kind) for number, (_, kind, _) in enumerate(cells)])
    made = [
        (value, None if kind == "m" else Input("name", generation), kind) for value, kind, generation in cells
    ]
    found = read_base(base_of("id-1", columns, made), "id-1", columns)
    if not cells:
        return
    assert found is not None
    for number, (value, kind, generation) in enumerate(cells):
        written = found.written[str(number)]
        assert written.is_in(value)
        assert written.generation == (None if kind == "m" else generation or None)


@pytest.mark.parametrize("generation", ["", "٣", "+1", "1_0", "²", "7" * 5_000])
def test_what_is_no_number_of_ours_is_none(generation: str) -> None:
    assert Written("T", generation).number == -1
    assert Written("T", "7").number == 7


def test_of_one_who_left_it_is_about_the_label_and_why_alone() -> None:
    found = read_base(left_base_of("id-1", "Kestrel", "retired"), "id-1", None)
    assert found is not None
    assert found.is_left
    assert found.written[LABEL].is_in("Kestrel")
    assert found.written[WHY].is_in("retired")


def test_it_is_short() -> None:
    columns = columns_of([*((str(number), "t") for number in range(10)), ("Name", "n")])
    cells: list[tuple[Value, Input | None, Kind]] = [(True, Input("tick", "12"), "t")] * 10
    assert len(base_of("id-1", columns, [*cells, ("Kestrel", Input("name", "7"), "n")])) <= 60
