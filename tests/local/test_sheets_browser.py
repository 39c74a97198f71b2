"""What people do on the page, and what a test in another process says that they do."""

from typing import Any

import pytest
import requests

from tests.local.sheets_client import Api, Json, rows
from tests.local.test_sheets_page import cell, page

WRITE: Json = {
    "updateCells": {"start": {"rowIndex": 1}, "rows": rows(["ours"]), "fields": "userEnteredValue"}
}


def do(api: Api, query: str = "?refresh=0", **form: str) -> requests.Response:
    return api.session.post(api.server.page_url(api.book_id) + query, data=form, timeout=60)


@pytest.mark.parametrize(
    ("form", "values"),
    [
        ({"act": "type", "cell": "b2", "text": "=5+6"}, [["Ann", "11"], ["Bob", "20"], ["Sum", "31"]]),
        ({"act": "type", "cell": "A3", "text": ""}, [["Ann", "10"], ["", "20"], ["Sum", "30"]]),
        ({"act": "above", "cell": "A3"}, [["Ann", "10"], [], ["Bob", "20"], ["Sum", "30"]]),
        ({"act": "below", "cell": "A3"}, [["Ann", "10"], ["Bob", "20"], [], ["Sum", "30"]]),
        ({"act": "delete", "cell": "C3"}, [["Ann", "10"], ["Sum", "10"]]),
        ({"act": "down", "cell": "B2"}, [["Sum", "#REF!"], ["Bob", "20"], ["Ann", "10"]]),
    ],
)
def test_an_act_on_the_page_is_done_and_undone(
    api: Api, form: dict[str, str], values: list[list[str]]
) -> None:
    api.server.person(api.book_id).freeze("Roster", rows=1)
    before = api.server.snapshot(api.book_id)
    answer = do(api, **form)
    assert (answer.status_code, answer.history[0].status_code) == (200, 303)
    assert answer.url.endswith("?refresh=0")
    assert api.values()[1:] == values
    do(api, act="undo")
    assert api.server.snapshot(api.book_id) == before
    do(api, act="redo")
    assert api.values()[1:] == values


def test_a_check_box_is_a_box_that_can_be_clicked(api: Api) -> None:
    api.server.person(api.book_id).add_check_boxes("Roster", "C2:C3")
    assert 'role="checkbox" aria-checked="false"' in cell(page(api), "C2")
    do(api, tick="C2")
    assert 'role="checkbox" aria-checked="true"' in cell(page(api), "C2")
    assert 'aria-checked="false"' in cell(page(api), "C3")
    assert api.cell("Roster!C2")["userEnteredValue"] == {"boolValue": True}


def test_the_tab_that_is_shown_is_the_one_that_changes(api: Api) -> None:
    notes = api.sheet("Officers' notes")["properties"]["sheetId"]
    do(api, f"?gid={notes}", cell="A2", text="here")
    assert api.values("Officers' notes") == [["60"], ["here"]]


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        ({"cell": "C2", "text": "may<be"}, "violates the data validation rules"),
        ({"cell": "", "text": "may<be"}, "Choose a cell first."),
        ({"cell": "2:3", "act": "above", "text": "may<be"}, "Choose a cell first."),
        ({"cell": "A1", "act": "fly", "text": "may<be"}, "There is no act &#39;fly&#39;."),
        ({"act": "undo", "text": "may<be"}, "There is nothing to undo."),
    ],
)
def test_what_is_refused_says_why_and_keeps_what_was_typed(
    api: Api, form: dict[str, str], problem: str
) -> None:
    rule = {"condition": {"type": "BOOLEAN"}, "strict": True}
    api.batch({"setDataValidation": {"range": {"startColumnIndex": 2}, "rule": rule}})
    answer = do(api, **form)
    assert answer.status_code == 400
    assert problem in answer.text
    assert 'value="may&lt;be"' in answer.text


def test_another_site_can_do_nothing(api: Api) -> None:
    url = api.server.page_url(api.book_id)
    form = {"cell": "A2", "text": "theirs"}
    answer = requests.post(url, data=form, headers={"Origin": "https://example.org"}, timeout=60)
    assert answer.status_code == 403
    assert requests.post(url, data=form, headers={"Origin": api.server.url}, timeout=60).status_code == 200


def tell(api: Api, path: str, body: Any) -> requests.Response:
    return api.session.post(f"{api.server.url}{path}", json=body, timeout=60)


def test_a_test_elsewhere_says_what_people_do_and_when(api: Api) -> None:
    path = f"/d/{api.book_id}/acts"
    typed = {"act": "type", "with": {"tab": "Roster", "cell": "A2", "text": "Anne"}}
    assert tell(api, path, typed).json() == {"result": None}
    assert api.values()[1][0] == "Anne"
    inserted = {"act": "insert_before", "with": {"tab": "Roster", "lines": "1:1"}}
    assert tell(api, path, inserted | {"before": ":batchUpdate", "person": "two@example.com"}).json() == {}
    api.batch(WRITE)
    assert [row[:1] for row in api.values()[:3]] == [[], ["ours"], ["Anne"]]
    assert tell(api, path, {"act": "undo", "person": "two@example.com"}).status_code == 200
    assert [row[:1] for row in api.values()[:2]] == [["ours"], ["Anne"]]
    copy = tell(api, path, {"act": "copy_spreadsheet", "with": {"title": "Copy"}}).json()["result"]
    assert api.server.has(copy)


def test_a_test_elsewhere_injects_faults(api: Api) -> None:
    assert tell(api, "/faults", {"kind": "refuse", "status": 429, "match": ":batchUpdate"}).status_code == 200
    assert api.call("POST", ":batchUpdate", {"requests": [WRITE]}).status_code == 429


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("acts", {"act": "_put"}),
        ("acts", {"act": "type", "with": {"tab": "Roster"}}),
        ("acts", {"act": "delete_tab", "with": {"tab": "nothing"}}),
        ("acts", {"act": "undo", "when": "now"}),
        ("acts", []),
        ("faults", {"kind": "refuse", "colour": "red"}),
        ("faults", {}),
    ],
)
def test_what_it_does_not_understand_is_refused(api: Api, path: str, body: Any) -> None:
    answer = tell(api, f"/d/{api.book_id}/acts" if path == "acts" else "/faults", body)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]
