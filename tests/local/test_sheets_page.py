"""The page shows a spreadsheet as a person would see it."""

import re

import pytest

from tests.local.sheets_client import Api, Json, lines_range, rows


def page(api: Api, query: str = "") -> str:
    answer = api.session.get(api.server.page_url(api.book_id) + query, timeout=60)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    return answer.text


def cell(html: str, name: str) -> str:
    """The td element of a cell."""
    found = re.search(rf'<td data-cell="{name}".*?</td>', html, re.DOTALL)
    assert found, name
    return found[0]


def look(name: str, **fields: object) -> Json:
    """Gives a cell of column A a format."""
    start = {"rowIndex": int(name[1:]) - 1}
    values = [{"values": [{"userEnteredFormat": fields}]}]
    return {"updateCells": {"start": start, "rows": values, "fields": "userEnteredFormat"}}


def test_the_first_visible_tab_is_shown_with_links_to_the_others(api: Api) -> None:
    notes = api.sheet("Officers' notes")["properties"]["sheetId"]
    html = page(api)
    assert ">Commander</td>" in cell(html, "A1")
    assert ">30</td>" in cell(html, "B4")
    assert f'href="?gid={notes}"' in html
    assert "Officers&#39; notes" in html
    assert ">60</td>" in cell(page(api, f"?gid={notes}"), "A1")
    api.batch({"updateSheetProperties": {"properties": {"hidden": True}, "fields": "hidden"}})
    html = page(api)
    assert ">60</td>" in cell(html, "A1")
    assert ">Roster</a>" not in html


def test_it_refreshes_unless_told_not_to(api: Api) -> None:
    assert '<meta http-equiv="refresh" content="5">' in page(api)
    assert "http-equiv" not in page(api, "?refresh=0")


def test_text_is_escaped(api: Api) -> None:
    api.batch(
        {
            "updateCells": {
                "start": {},
                "rows": rows(["<script>alert(1)</script>"]),
                "fields": "userEnteredValue",
            }
        }
    )
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in cell(page(api), "A1")


@pytest.mark.parametrize(
    ("fields", "css"),
    [
        ({"textFormat": {"bold": True, "italic": True}}, "font-weight:bold;font-style:italic;"),
        ({"backgroundColor": {"red": 1}}, "background-color:#ff0000;"),
        ({"textFormat": {"foregroundColor": {"blue": 1}}}, "color:#0000ff;"),
        (
            {"horizontalAlignment": "RIGHT", "verticalAlignment": "TOP"},
            "text-align:right;vertical-align:top;",
        ),
        ({"borders": {"top": {"style": "DASHED"}}}, "border-top:dashed 1px #000000;"),
    ],
)
def test_formats_show(api: Api, fields: Json, css: str) -> None:
    api.batch(look("A2", **fields))
    assert css in cell(page(api), "A2")


def test_conditional_formats_and_banding_show(api: Api) -> None:
    condition = {"type": "CUSTOM_FORMULA", "values": [{"userEnteredValue": "=$B2>15"}]}
    rule = {
        "ranges": [{"startRowIndex": 1, "endRowIndex": 4, "startColumnIndex": 0, "endColumnIndex": 2}],
        "booleanRule": {"condition": condition, "format": {"backgroundColor": {"green": 1}}},
    }
    colours = {"firstBandColor": {"red": 1}, "secondBandColor": {"blue": 1}}
    band = {"range": {"endRowIndex": 2, "endColumnIndex": 2}, "rowProperties": colours}
    api.batch({"addConditionalFormatRule": {"rule": rule}}, {"addBanding": {"bandedRange": band}})
    html = page(api)
    colour_of = [re.search(r"background-color:(#\w+)", cell(html, f"A{row}")) for row in (1, 2, 3, 5)]
    assert [found and found[1] for found in colour_of] == ["#ff0000", "#0000ff", "#00ff00", None]


def test_merges_notes_links_and_wraps_show(api: Api) -> None:
    cells = [{"values": [{"note": 'see "it"', "userEnteredValue": {"stringValue": "two\nlines"}}]}]
    api.batch(
        {"updateCells": {"start": {"rowIndex": 6}, "rows": cells, "fields": "note,userEnteredValue"}},
        {"mergeCells": {"range": {"startRowIndex": 6, "endRowIndex": 8, "endColumnIndex": 2}}},
    )
    api.write("Roster!D1", ['=HYPERLINK("https://example.org/","there")'])
    html = page(api)
    merged = cell(html, "A7")
    assert 'rowspan="2" colspan="2"' in merged
    assert 'title="see &#34;it&#34;"' in merged
    assert re.search(r'class="[^"]*wrap[^"]*note', merged)
    assert 'data-cell="B7"' not in html
    assert '<a href="https://example.org/" rel="noreferrer">there</a>' in cell(html, "D1")


def test_hidden_lines_are_hidden_and_frozen_ones_stick(api: Api) -> None:
    hide = {"properties": {"hiddenByUser": True}, "fields": "hiddenByUser"}
    frozen = {"frozenRowCount": 1, "frozenColumnCount": 1}
    api.batch(
        {"updateDimensionProperties": {"range": lines_range("ROWS", 2, 3)} | hide},
        {"updateDimensionProperties": {"range": lines_range("COLUMNS", 2, 3)} | hide},
        {
            "updateSheetProperties": {
                "properties": {"gridProperties": frozen},
                "fields": "gridProperties(frozenRowCount,frozenColumnCount)",
            }
        },
    )
    html = page(api)
    assert 'data-cell="A3"' not in html
    assert 'data-cell="C1"' not in html
    assert "frozen-row frozen-column" in cell(html, "A1")
    assert "top:24px;left:46px;" in cell(html, "A1")


def test_protected_ranges_are_marked(api: Api) -> None:
    area = {"endRowIndex": 4, "endColumnIndex": 2}
    api.batch({"addProtectedRange": {"protectedRange": {"range": area, "description": "kept by Muster"}}})
    assert "A1:B4 is protected: kept by Muster" in page(api)


@pytest.mark.parametrize(
    ("kind", "shape"), [("LINE", "polyline"), ("COLUMN", "rect"), ("BAR", "rect"), ("AREA", "polygon")]
)
def test_charts_are_drawn(api: Api, kind: str, shape: str) -> None:
    def column(index: int) -> Json:
        area = {"startRowIndex": 0, "endRowIndex": 3, "startColumnIndex": index, "endColumnIndex": index + 1}
        return {"sourceRange": {"sources": [area]}}

    basic = {
        "chartType": kind,
        "headerCount": 1,
        "domains": [{"domain": column(0)}],
        "series": [{"series": column(1)}],
    }
    position = {"overlayPosition": {"anchorCell": {"rowIndex": 5, "columnIndex": 1}}}
    api.batch(
        {"addChart": {"chart": {"spec": {"title": "Power <now>", "basicChart": basic}, "position": position}}}
    )
    drawing = cell(page(api), "B6")
    assert "Power &lt;now&gt;</text>" in drawing
    assert ">Ann</text>" in drawing
    assert f"<{shape} " in drawing


def test_the_front_page_lists_all_spreadsheets(api: Api) -> None:
    html = api.session.get(api.server.url, timeout=60).text
    assert f'href="/d/{api.book_id}"' in html
    assert "Officers<small>Roster · Officers&#39; notes</small>" in html


def test_an_unshared_spreadsheet_still_shows_and_an_unknown_one_does_not(api: Api) -> None:
    api.server.unshare(api.book_id)
    assert "Commander" in page(api)
    assert api.session.get(api.server.page_url("nothing"), timeout=60).status_code == 404


def test_long_tabs_are_cut_until_asked_for(api: Api) -> None:
    api.batch({"appendDimension": {"dimension": "ROWS", "length": 500}})
    api.write("Roster!A1200", ["far"])
    assert 'data-cell="A1200"' not in page(api)
    assert "206 further rows are not shown." in page(api)
    assert ">far</td>" in cell(page(api, "?rows=all"), "A1200")
