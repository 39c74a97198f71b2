"""CSV: what is written is safe in a spreadsheet, and what people paste is read as they see it."""

import csv
import io
from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.csv_tables import (
    MOST_COLUMNS,
    MOST_LINES_READ,
    SEPARATORS,
    Row,
    csv_text,
    read_records,
    read_table,
)
from chalicelib.domain.errors import Malformed, MusterError, TooLarge

CELLS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
MEAN_CELLS = st.text(st.sampled_from("'\"=-＝\t\r\n ,;\ufeff\u2028a"), max_size=8)


def lines_of(text: str, limit: int = 100) -> list[tuple[int, tuple[str, ...]]]:
    return [(row.line, row.cells) for row in read_table(text, limit).rows]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("Kestrel", "Kestrel"),
        ("", ""),
        (None, ""),
        (0, "0"),
        (-5, "-5"),
        (-0.25, "-0.25"),
        (True, "yes"),
        (False, "no"),
        (date(2023, 11, 15), "2023-11-15"),
        (datetime(2023, 11, 15, 14, tzinfo=timezone(timedelta(hours=2))), "2023-11-15T12:00:00Z"),
        ("a,b", '"a,b"'),
        ('say "hi"', '"say ""hi"""'),
        ("two\nlines", '"two\nlines"'),
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("＝1", "'＝1"),
        ("＋1", "'＋1"),
        ("－1", "'－1"),
        ("＠x", "'＠x"),
        ("\tx", '"\'\tx"'),
        ("\rx", '"\'\rx"'),
        ("\nx", '"\'\nx"'),
        ("  =1", "'  =1"),
        ('=HYPERLINK("http://x","y")', '"\'=HYPERLINK(""http://x"",""y"")"'),
        ("O'Brien", "O'Brien"),
        ("'quoted'", "'quoted'"),
        ("'=1", "''=1"),
        ("Zoë 名前 👩‍🚀", "Zoë 名前 👩‍🚀"),
    ],
)
def test_a_cell_is_written_so_that_it_stays_what_it_is(value: object, written: str) -> None:
    assert csv_text(["Name", "Value"], [["x", value]]) == f"Name,Value\r\nx,{written}\r\n"


@given(st.lists(st.lists(CELLS | MEAN_CELLS, min_size=3, max_size=3), max_size=5))
def test_what_is_written_comes_back(rows: list[list[str]]) -> None:
    told = [[f"{place}", *row] for place, row in enumerate(rows, 1)]  # a row that is all blank is no row
    header = ["#", *(rows[0] if rows else ["a", "b", "c"])]
    table = read_table(csv_text(header, [*told, ["last", "", "", ""]]), 100)
    assert table.header == tuple(header)
    assert [list(row.cells) for row in table.rows[:-1]] == told


@given(st.lists(CELLS | MEAN_CELLS, min_size=1, max_size=4))
def test_no_text_begins_a_formula_in_any_reader(row: list[str]) -> None:
    written = csv_text(["a"], [[*row, "end"]])
    cells = list(csv.reader(io.StringIO(written, newline="")))[1]
    assert len(cells) == len(row) + 1
    assert not [cell for cell in cells if cell.lstrip(" ")[:1] in tuple("=+-@\t\r\n＝＋－＠")]


@pytest.mark.parametrize(
    "text",
    [
        "Name,Rank\nKestrel,Agent\n",
        "\ufeffName,Rank\r\nKestrel,Agent\r\n",
        "Name;Rank\nKestrel;Agent",
        "Name\tRank\nKestrel\tAgent\n",
        "Name,Rank\rKestrel,Agent\r",
        '"Name","Rank"\n"Kestrel","Agent"\n',
        "Name, Rank\nKestrel, Agent\n",
        'Name, "Rank"\nKestrel, "Agent"\n',
        "Name|Rank\nKestrel|Agent\n",
        '="Name",Rank\n="Kestrel","=""Agent"""\n',
    ],
)
def test_a_table_is_read_however_it_was_saved(text: str) -> None:
    table = read_table(text, 1)
    assert table.header == ("Name", "Rank")
    assert table.rows == (Row(2, ("Kestrel", "Agent")),)


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("Name;What have you done, so far?", ("Name", "What have you done, so far?")),
        ('Name,"Done; or not?"', ("Name", "Done; or not?")),
        ('Name;"a,b,c,d"', ("Name", "a,b,c,d")),
        ("Name, as in the game, please\tDone", ("Name, as in the game, please", "Done")),
        ('Name,"a\tb"', ("Name", "a\tb")),
        ('Name,"Done\n(all; that; is)"', ("Name", "Done\n(all; that; is)")),
        ("Time,Name,Done; or not?", ("Time", "Name", "Done; or not?")),
        ("Name|Done, so far? | Fertig", ("Name", "Done, so far? ", "Fertig")),
        ("Name,Done? | Fertig?,Note", ("Name", "Done? | Fertig?", "Note")),
        ('Name,"a|b|c"', ("Name", "a|b|c")),
        ('Name of 5" gun,Done', ('Name of 5" gun', "Done")),
        (" \t \n,,\nName,Done", ("Name", "Done")),
    ],
)
def test_the_header_tells_what_separates_the_cells(header: str, cells: tuple[str, ...]) -> None:
    assert read_table(f"{header}\nx\n", 1).header == cells


@pytest.mark.parametrize("mark", list(SEPARATORS))
def test_what_separates_the_cells_can_be_said_in_the_file_or_by_the_caller(mark: str) -> None:
    other = ";" if mark == "," else ","
    text = f"Name{mark}A{other}B{other}C\nKestrel{mark}x{other}y\n"
    expected = [("Name", f"A{other}B{other}C"), ("Kestrel", f"x{other}y")]
    assert [row.cells for row in read_records(text, mark)] == expected
    told = read_records(f"\ufeffSEP={mark}\r\n{text}")
    assert [(row.line, row.cells) for row in told] == list(enumerate(expected, 2))


@pytest.mark.parametrize(
    ("cell", "read"),
    [
        ('="007"', "007"),
        ('="say ""hi"""', 'say "hi"'),
        ('=""', ""),
        ("=007", "=007"),
        ('=A1&"x"', '=A1&"x"'),
        ('="a"&"b"', '="a"&"b"'),
        ('\'="007"', '="007"'),
    ],
)
def test_a_formula_that_only_keeps_a_text_is_that_text(cell: str, read: str) -> None:
    quoted = '"' + cell.replace('"', '""') + '"'
    assert read_table(f"a,b\n1,{quoted}\n", 1).rows[0].cells[1] == read


def test_rows_keep_the_line_on_which_they_begin_and_blank_lines_are_none() -> None:
    text = '\n\nName,Note\n\nA,"one\r\ntwo\n\nthree"\n , \n"",\nB,\n\n\nC,x'
    assert lines_of(text) == [(5, ("A", "one\r\ntwo\n\nthree")), (11, ("B", "")), (14, ("C", "x"))]


def test_short_rows_are_filled_and_what_is_too_much_is_told() -> None:
    table = read_table("a,b,c\n1\n1,2,3,,\n1,2,3,,5, 6\n", 3)
    assert table.rows == (
        Row(2, ("1", "", "")),
        Row(3, ("1", "2", "3")),
        Row(4, ("1", "2", "3"), ("5", "6")),
    )


def test_apostrophes_go_only_where_they_guard_a_formula() -> None:
    (row,) = read_table("a,b,c,d\n'=1,'x,''+1,O'Neil\n", 1).rows
    assert row.cells == ("=1", "'x", "'+1", "O'Neil")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("\ufeff", 1),
        ("\n , \n\n", 1),
        ("\n\nName,Rank\n\n", 3),
        ("Name\nA\r\nB\x00\n", 3),
        ('Name,Rank\nA,1\nB,"never closed\nC,3\n', 3),
        ('Name,Rank\nA,"x" y\n', 2),
        ("Name\n" + "x" * 200_000, 2),
        ("Name\n" + "," * MOST_COLUMNS, 2),
    ],
)
def test_what_is_no_table_is_refused_with_its_line(text: str, line: int) -> None:
    with pytest.raises(Malformed) as caught:
        read_table(text, 10)
    assert caught.value.code == "malformed"
    assert [error.field for error in caught.value.errors] == ["csv"]
    assert f"Line {line} " in caught.value.detail


def test_a_table_may_have_as_many_rows_as_the_limit() -> None:
    text = csv_text(["n"], [[n] for n in range(1, 1001)])
    assert len(read_table(text, 1000).rows) == 1000
    with pytest.raises(TooLarge) as caught:
        read_table(text, 999)
    assert caught.value.code == "too-large"
    assert (
        caught.value.detail
        == "The file has 1,000 rows; 999 is the most at once. Send it in parts: nothing counts twice."
    )


@given(st.text() | st.text(st.sampled_from(" \"',;\t\r\n\0=ab\ufeff")))
def test_any_text_is_a_table_or_is_refused(text: str) -> None:
    try:
        table = read_table(text, 3)
    except MusterError:
        return
    assert all(len(row.cells) == len(table.header) for row in table.rows)


@pytest.mark.parametrize("line", ["\n", "\r", "a\r\n", '"\n"\n'])
def test_no_more_lines_are_read_than_the_most_whatever_they_hold(line: str) -> None:
    text = "Name\n" + line * MOST_LINES_READ
    with pytest.raises(TooLarge, match="The file has more than 50,000 lines"):
        read_records(text)
