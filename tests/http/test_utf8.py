"""Text is UTF-8 or refused (DESIGN §5): else `Zoë` and `Zoé`, sent in Latin-1, would be one commander."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests
from chalice.test import Client

import app
from chalicelib import bootstrap
from tests.http.conftest import Site
from tests.http.every_route import ROWS, Row, Stage, staged
from tests.http.test_api import problem
from tests.world import HIDDEN_MOTIVATIONS, World

ROOT = Path(__file__).parents[2]
REPORT = {"commander": "Zoë", "milestones": [HIDDEN_MOTIVATIONS]}
TEXT = json.dumps(REPORT, ensure_ascii=False)
NO_UTF8 = {
    "Latin-1": TEXT.encode("latin-1"),
    "Windows-1252": TEXT.replace("Zoë", "Zoë’s").encode("cp1252"),
    "Windows-1251": TEXT.replace("Zoë", "Зоя").encode("cp1251"),
    "Shift JIS": TEXT.replace("Zoë", "ゾーイ").encode("shift_jis"),
    "UTF-16": TEXT.encode("utf-16"),
    "UTF-16 without a mark": TEXT.encode("utf-16-be"),
    "a surrogate": TEXT.replace("Zoë", "Zo\ud800").encode("utf-8", "surrogatepass"),
    "an overlong form": TEXT.encode().replace("ë".encode(), b"\xc0\xaf"),
    "half a letter": TEXT.encode().replace("ë".encode(), b"\xc3"),
    "letters that were lost before": TEXT.replace("Zoë", "Zo\ufffd").encode(),
    "the same, escaped": TEXT.replace("Zoë", "Zo\\uFFFD").encode(),
    "an escaped surrogate": TEXT.replace("Zoë", "Zo\\ud800").encode(),
    "the wrong half of a pair": TEXT.replace("Zoë", "Zo\\udc9a\\ud83d").encode(),
}


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with staged() as stage:
        yield stage


@pytest.fixture
def member(site: Site) -> str:
    return site.world.secret()


def send(site: Site, secret: str, body: bytes, content_type: str = "application/json") -> requests.Response:
    return site.call("POST", "/v1/completions", secret, data=body, headers={"Content-Type": content_type})


def roster(site: Site) -> list[str]:
    admin = site.world.key("admin", None, None)
    return [one.name for one in site.world.muster.rosters.roster(admin, "101", "nova")]


@pytest.mark.parametrize("body", NO_UTF8.values(), ids=NO_UTF8)
def test_json_that_is_no_utf8_is_refused_and_records_nothing(site: Site, member: str, body: bytes) -> None:
    answer = send(site, member, body)
    assert problem(answer, 422, "malformed") == ["body"]
    assert roster(site) == []


@pytest.mark.parametrize(
    "body",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        json.dumps(REPORT).encode(),
        TEXT.replace("Zoë", "Zo\\u00eb").encode(),
        TEXT.replace("Zoë", "Zo\\u00eb \\ud83d\\udc9a").encode(),
        TEXT.replace("Zoë", "C:\\\\ufffd").encode(),
    ],
)
def test_json_that_is_utf8_is_taken(site: Site, member: str, body: bytes) -> None:
    assert send(site, member, body).status_code == 200


def test_a_charset_that_is_declared_and_is_another_is_not_guessed_over(site: Site, member: str) -> None:
    for charset in ("iso-8859-1", "windows-1252", "utf-16"):
        answer = send(site, member, TEXT.encode(), f"application/json; charset={charset}")
        assert problem(answer, 422, "malformed") == ["body"]
        plain = TEXT.replace("Zoë", "Kestrel").encode()
        assert send(site, member, plain, f"application/json; charset={charset}").status_code == 200
    for charset in ("utf-8", "UTF8", '"utf-8"'):
        assert send(site, member, TEXT.encode(), f"application/json; charset={charset}").status_code == 200


@pytest.mark.parametrize("row", [row for row in ROWS if row.method not in ("GET", "DELETE")], ids=str)
def test_no_route_takes_a_body_that_is_no_utf8(stage: Stage, row: Row) -> None:
    stage.principal = "admin" if "admin" in row.may else "member"
    request = row.request(stage)
    is_form = isinstance(request.get("data"), dict)
    kind = "application/x-www-form-urlencoded" if is_form else "application/json"
    headers = request.get("headers", {"Content-Type": kind})
    body = b"commander=Zo\xeb" if is_form else '{"commander": "Zoë"}'.encode("latin-1")
    answer = stage.send(row, request, json=None, data=body, headers=headers)
    assert (answer.status_code, "UTF-8" in answer.text) == (422, True), answer.text


@pytest.mark.parametrize("name", ["Zo%EB", "Zo%ED%A0%80", "Zo%C3", "Zo%EF%BF%BD", "%FF%FE%5A%00"])
def test_a_form_whose_letters_are_escaped_otherwise_is_refused(site: Site, member: str, name: str) -> None:
    body = f"commander={name}&milestone={quote(HIDDEN_MOTIVATIONS, safe='')}"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = site.post(f"/f/{member}", data=body, headers=headers, allow_redirects=False)
    assert answer.status_code == 422
    assert roster(site) == []


def test_a_form_in_utf8_is_taken(site: Site, member: str) -> None:
    body = {"commander": "Zoë", "milestone": HIDDEN_MOTIVATIONS}
    assert site.post(f"/f/{member}", data=body, allow_redirects=False).status_code == 303


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/v1/servers/101/ledger?commander=Zo%EB", "commander"),
        ("/v1/servers/101/alliances/nova/missing?milestone=a&milestone=%FF", "milestone"),
        ("/v1/servers/101/alliances/nova/completions.csv?event=%C3", "event"),
        ("/v1/servers/101/alliances/nova/commanders.csv?key=%E9", "key"),
    ],
)
def test_a_query_that_is_no_utf8_is_refused_by_its_parameter(site: Site, path: str, field: str) -> None:
    secret = None if "key=" in path else site.world.secret("officer", "101", None)
    assert problem(site.call("GET", path, secret), 422, "malformed") == [field]


def test_a_page_whose_query_is_no_utf8_says_so(site: Site, member: str) -> None:
    answer = site.get(f"/f/{member}?commander=Zo%EB")
    assert (answer.status_code, "UTF-8" in answer.text) == (422, True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "Commander\nZoë\n".encode("latin-1"),
            "This is not UTF-8. Save the file as “CSV UTF-8” and send that.",
        ),
        (
            "Commander\nZoë\n".encode("utf-16"),
            "This is UTF-16, not UTF-8. Save the file as “CSV UTF-8” and send that.",
        ),
        ("Commander\nZoë\n".encode("utf-16-le"), "UTF-16"),
        ("Имя\nСокол\n".encode("cp1251"), "This is not UTF-8."),
        ("司令官\nハヤブサ\n".encode("utf-16"), "This is UTF-16, not UTF-8."),
        (
            b"PK\x03\x04\x14\0\x06\0\x08\0\0\0" + b"\x9c\xed\x0b" * 50,  # as a workbook begins
            "This is not UTF-8. Save the file as “CSV UTF-8” and send that.",
        ),
        ("Commander\nKestrel\n".encode("utf-16-le"), "Save the file as CSV in UTF-8 and send that."),
    ],
)
def test_a_file_that_is_no_utf8_is_refused_with_what_to_do(site: Site, text: bytes, words: str) -> None:
    officer = site.world.secret("officer", "101", None)
    path, headers = "/v1/servers/101/alliances/nova/commanders/import", {"Content-Type": "text/csv"}
    answer = site.call("POST", path, officer, data=text, headers=headers)
    problem(answer, 422, "malformed")
    assert words in answer.json()["detail"]


class TestHoweverItArrives:
    """API Gateway hands a body over as text, or in base64 where its type is binary; Chalice's own client as bytes."""

    @pytest.fixture
    def secret(self, world: World) -> Iterator[str]:
        bootstrap.use(world.muster)
        yield world.secret()
        bootstrap.use(None)

    @pytest.mark.parametrize("body", [body for body in NO_UTF8.values() if not body.isascii()])
    def test_as_bytes(self, secret: str, body: bytes) -> None:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {secret}"}
        with Client(app.app, stage_name="dev", project_dir=str(ROOT)) as client:
            answer = client.http.post("/v1/completions", headers=headers, body=body)
        assert (answer.status_code, answer.json_body["errors"][0]["field"]) == (422, "body")

    @pytest.mark.parametrize(
        ("body", "is_base64", "status"),
        [
            (base64.b64encode(TEXT.encode()).decode(), True, 200),
            (base64.b64encode(TEXT.encode("latin-1")).decode(), True, 422),
            ("?" * 5, True, 422),
            (TEXT, False, 200),
            (TEXT.replace("ë", "\ufffd"), False, 422),
            (TEXT.replace("oë", "o\udceb"), False, 422),
        ],
    )
    def test_as_an_event(self, secret: str, body: str, *, is_base64: bool, status: int) -> None:
        headers = {"content-type": "application/json", "authorization": f"Bearer {secret}"}
        request = {"resourcePath": "/v1/completions", "path": "/v1/completions", "httpMethod": "POST"}
        event: dict[str, Any] = {
            "resource": "/v1/completions",
            "path": "/v1/completions",
            "httpMethod": "POST",
            "headers": headers,
            "multiValueHeaders": {name: [value] for name, value in headers.items()},
            "multiValueQueryStringParameters": None,
            "pathParameters": None,
            "stageVariables": None,
            "requestContext": request,
            "body": body,
            "isBase64Encoded": is_base64,
        }
        assert app.app(event, None)["statusCode"] == status
