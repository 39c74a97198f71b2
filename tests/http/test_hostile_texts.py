"""Texts that try to be more than text: put into every field that takes any, and looked for in all that shows them.

Which fields there are is said by the OpenAPI document. Each page is compared with the same page of a world in which all
is called by a harmless word: it must have the same elements and attributes, and the text as often.
"""

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from html.parser import HTMLParser
from itertools import product
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
import requests
from icalendar import Calendar

from chalicelib.http.openapi.document import document
from chalicelib.languages import LANGUAGES
from chalicelib.news.discord_text import escaped
from tests.discord import GUILD, User, components
from tests.http.described import operations
from tests.http.direct import directly
from tests.http.every_route import ROWS, SAVED, Row, Stage

MARK = "xyzzy"
TAME = f"Word {MARK} word"
HOSTILE = [
    f"<script>{MARK}()</script>z",
    f'"><img src=x onerror={MARK}>z',
    f"' onmouseover='{MARK}' x='z",
    f"</title></option></svg></style></script><{MARK}>z",
    f"javascript:{MARK}//%0a%22%3ez",
    f"{{{{ {MARK} }}}}{{% if %}}%(name)s %s {{0}} ${{z}} z",
    f"<!--{MARK}--><![CDATA[z",
    f"&lt;{MARK}&gt; &quot;&#60;&#x3c;&amp;lt;z",
    f"＜{MARK}＞ ˂b˃ ″ʺ＂ \\u003c \\x3cz",
]
"""Each with the mark once."""
FORMULAS = [f"{sign}{MARK}(1)" for sign in "=-＠"]
POLYGLOT = f"""'"><b {MARK}>`--></title></script>{{{{7*7}}}}%(a)sz"""

NOVA_PATH = "/v1/servers/101/alliances/nova"

REFERENCES = {
    *("server", "alliance", "commander", "commanders", "milestone", "milestones", "event", "key_id"),
    *("replaces", "undo", "url", "kinds", "zone", "starts_at", "at", "proof"),
}  # fmt: skip
"""Fields that name what there is, or have a form of their own: what does not fit is refused."""


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with directly() as stage:
        yield stage


def schema_of(row: Row) -> dict[str, Any] | None:
    """Of the row's body, if it is JSON."""
    content = operations()[row.method, row.route].get("requestBody", {}).get("content", {})
    schema: dict[str, Any] | None = content.get("application/json", {}).get("schema")
    return schema


def one_of(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema with references followed, and the first of alternatives."""
    if "$ref" in schema:
        return one_of(document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    return one_of(schema["anyOf"][0]) if "anyOf" in schema else schema


def filled(schema: Mapping[str, Any], given: Any, text: str) -> Any:
    """What is given, with the text in every field that takes any; None where there is nothing to give."""
    schema = one_of(schema)
    if schema.get("type") == "object":
        made = {
            name: filled(one, (given or {}).get(name), text)
            for name, one in schema.get("properties", {}).items()
            if name not in REFERENCES or one_of(one.get("items", {})).get("type") == "object"
        }
        return {**(given or {}), **{name: one for name, one in made.items() if one is not None}}
    if schema.get("type") == "array":
        items = [filled(schema["items"], one, text) for one in given or [None]]
        return [one for one in items if one is not None] or None
    if schema.get("type") == "string" and not {"enum", "format", "pattern", "const"} & schema.keys():
        return text
    return given


def event_of(identity: str, first: date, days: int = 4) -> dict[str, Any]:
    """One with a milestone on each day; what it and they are called is still to be said."""
    each = [{"id": f"m{day}", "first_day": str(first + timedelta(day))} for day in range(days)]
    last = each[-1]["first_day"]
    return {
        "id": identity,
        "first_day": str(first),
        "last_day": last,
        "milestones": each,
        "tiers": [{"threshold": 1_000, "rewards": [{}, {"quantity": 4}]}],
    }


EVENTS = [
    event_of("running", date(2023, 11, 14)),
    event_of("coming", date(2023, 12, 1)),
    *(event_of(f"over-{day}", date(2023, 10, day), 1) for day in range(1, 6)),
]
HERE = "running/m1"
"""What is on at noon on Wednesday."""


@dataclass
class Place:
    """A world in which everything that can be called somehow is called by that text."""

    stage: Stage
    text: str

    def fill(self) -> None:
        for number, row in enumerate(ROWS):
            schema = schema_of(row)
            if schema is None or row.route == "/discord/interactions":
                continue
            if row.route == "/v1/events/{event}":
                for event in EVENTS:
                    body = filled(schema, event, self.text)
                    body["tiers"][0]["rewards"].append({"shown_as": self.text})
                    self.send(row, body, {"event": event["id"]})
            else:  # so that no two are called the same, which commanders may not be
                request, text = (
                    row.request(self.stage),
                    f"{self.text} {chr(65 + number // 26)}{chr(65 + number % 26)}",
                )
                self.send(row, filled(schema, request.get("json"), text), request.get("path", {}))
        report = {"commander": self.imported, "milestones": [HERE], "server": "101", "alliance": "nova"}
        options = {"params": {"is_new": "yes", "separator": "comma"}, "headers": SAVED}
        call, key = self.stage.site.call, self.stage.secret
        for answer in (
            call("PUT", "/v1/servers/101", key, json={"public_standings": True}),
            call(
                "POST",
                f"{NOVA_PATH}/commanders/import",
                key,
                data=csv_of(["Commander"], [self.imported]),
                **options,
            ),
            call("POST", "/v1/completions", key, json=report),
            early := call(
                "POST", f"{NOVA_PATH}/commanders", key, json={"name": f"{self.text} Early", "is_new": True}
            ),
            call(
                "PATCH",
                f"{NOVA_PATH}/commanders/{early.json()['id']}",
                key,
                json={"name": f"{self.text} Late"},
            ),
        ):
            assert answer.status_code < 300, answer.text

    @property
    def imported(self) -> str:
        """Whom the member link reports for."""
        return f"{self.text} Imported"

    def send(self, row: Row, body: Any, path: Mapping[str, str]) -> None:
        answer = self.stage.send(row, {"path": dict(path), "json": body})
        assert answer.status_code < 300 or MARK not in json.dumps(body), (str(row), body, answer.text)


def csv_of(*rows: Sequence[str]) -> bytes:
    made = io.StringIO()
    csv.writer(made).writerows(rows)
    return made.getvalue().encode()


class Seen(HTMLParser):
    """What a browser makes of a page: its elements with the names of their attributes, and how often it has the mark in
    what it shows. An address has it encoded.
    """

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, ...]] = []
        self.times = 0
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, *(name for name, _ in attrs)))
        for name, value in attrs:
            self.times += (value or "").count(MARK)
            if name in ("href", "src", "action", "formaction"):
                assert not (value or "").strip().lower().startswith("javascript:")

    def handle_data(self, data: str) -> None:
        self.times += data.count(MARK)
        assert not (self.cdata_elem and MARK in data), f"within {self.cdata_elem}"

    def handle_endtag(self, tag: str) -> None:
        self.elements.append((f"/{tag}",))

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    unknown_decl = handle_pi = handle_comment


Look = dict[str, tuple[list[tuple[str, ...]], int]]
"""By the name of a page: its elements, and how often it has the mark."""


def pages(place: Place, language: str) -> Iterator[tuple[str, requests.Response]]:
    """Every page in every state in which it shows what somebody has typed, each with its name."""
    site, text, secret = place.stage.site, place.text, place.stage.secrets["member"]
    form, name, lang = f"/f/{secret}", place.imported, {"lang": language}
    browser = {"Accept": "text/html", "Accept-Language": language}
    typed = quote(text.replace("/", ""), safe="")
    for path in (
        "/",
        "/help",
        "/servers/101",
        form,
        f"/servers/{typed}",
        f"/f/{typed}",
        f"/{typed}",
    ):
        yield (
            path.replace(typed, "…").replace(form, "form"),
            site.get(path, params={**lang, text: text}, headers=browser),
        )
    queries = (
        {"commander": name},
        {"commander": f"{text} stranger"},
        {"commander": f"{text} Importee", "milestone": HERE, "sent": "1"},
        {"commander": name, "milestone": text, "sent": "1"},
        {"commander": text * 9, "milestone": HERE, "sent": "1"},
        {"commander": f"{text} Early", "milestone": HERE},
    )
    for number, query in enumerate(queries):
        yield f"form {number}", site.get(form, params={**query, **lang})
        yield f"posted {number}", site.post(form, data=query, headers=browser)
    place.stage.site.world.clock.advance(seconds=1)  # so that what was recorded before is told apart
    taken = site.post(form, data={"commander": name, "milestone": "running/m0"}, allow_redirects=False)
    assert taken.status_code == 303, taken.text
    cookies = "; ".join(one.partition(";")[0] for one in taken.raw.headers.getlist("Set-Cookie"))
    receipt, headers = taken.headers["Location"], browser | {"Cookie": cookies}
    yield "receipt", site.get(receipt, headers=headers)
    yield "the form on this device", site.get(form, headers=headers)
    undo = dict(parse_qsl(urlsplit(receipt).query))
    undone = site.post(f"{form}/undo", data=undo, headers=headers, allow_redirects=False)
    yield "undone", site.get(undone.headers["Location"], headers=headers)
    yield (
        "another receipt",
        site.get(f"{form}/receipt", params={"commander": text, "at": text, "proof": text}),
    )
    for days in (3, 10):  # it is over, and then it can't be reported any more
        place.stage.site.world.clock.advance(days=days)
        yield f"/servers/101 in {days} days", site.get("/servers/101", headers=browser)
        yield f"the form in {days} days", site.get(form, headers=headers)
        place.stage.site.world.clock.advance(days=-days)


@contextmanager
def place_of(text: str) -> Iterator[Place]:
    with directly() as stage:
        place = Place(stage, text)
        place.fill()
        yield place


def seen(place: Place, language: str) -> Look:
    found = {}
    for name, answer in pages(place, language):
        assert name not in found, "each state is compared"
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8", (name, answer.text)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        policy = answer.headers["Content-Security-Policy"]
        assert {"default-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"} <= {
            *policy.split("; ")
        }
        assert not re.search("unsafe|https?:|\\*", policy)
        page = Seen(answer.text)
        found[name] = page.elements, page.times
    return found


@pytest.fixture(scope="module")
def tame() -> dict[str, Look]:
    """By language."""
    with place_of(TAME) as place:
        return {language: seen(place, language) for language in LANGUAGES}


def wrong(found: Look, expected: Look) -> dict[str, list[object]]:
    """By the name of a page: what it has and should not have, what it should and has not, how often it has the mark."""
    differing = {name: (page, expected[name]) for name, page in found.items() if page != expected[name]}
    return {
        name: [Counter(has) - Counter(should), Counter(should) - Counter(has), times, should_times]
        for name, ((has, times), (should, should_times)) in differing.items()
    }


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_becomes_anything_else_on_a_page(text: str, tame: dict[str, Look]) -> None:
    with place_of(text) as place:
        assert not wrong(seen(place, "en"), tame["en"])


def test_nor_in_any_language(tame: dict[str, Look]) -> None:
    with place_of(POLYGLOT) as place:
        for language in LANGUAGES:
            found = seen(place, language)
            assert not wrong(found, tame[language])
            assert sum(times for _, times in found.values()) > 300, "it is shown"


def chat(text: str) -> list[str]:
    """What the commands say, with the text left out as it stands there."""
    with place_of(text) as place:
        world = place.stage.site.world
        code = world.muster.guild_bindings.offer(world.key("admin", None, None), "101", "nova").code
        world.muster.guild_bindings.bind(GUILD, "501", code)
        user = User(place.stage.site.url, world.clock)
        said = [
            user.command("iam", name=place.imported),
            user.command("iam", name=f"{text} Importee"),
            user.command("done", milestone=text),
            user.command("done"),
            *(user.command(name) for name in ("today", "standing", "missing")),
        ]
        said.append(user.press(components(said[3])[0], HERE))
    assert sum(MARK in one["content"] for one in said) >= 6
    shown = [one["content"].replace(escaped(text), "…") for one in said]
    return [re.sub(r"Forgotten commander \w+", "", one) for one in shown]


CHAT = f"Word @here <@1> [{MARK}](http://a.b) **c** `d` #f"


def test_no_text_becomes_anything_else_in_what_commands_say() -> None:
    """On Discord; tests/news/test_messages.py has what is sent there without being asked."""
    for hostile, word in zip(chat(CHAT), chat(TAME), strict=True):
        assert hostile == word


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_becomes_a_formula_in_any_csv(text: str) -> None:
    with place_of(text) as place:
        for row in [row for row in ROWS if row.route.endswith(".csv")]:
            params = {"event": "running"} if "completions" in row.route else {}
            answer = place.stage.send(row, {"params": params})
            cells = [cell for line in csv.reader(io.StringIO(answer.text)) for cell in line]
            assert not [cell for cell in cells if cell.lstrip()[:1] in {*"=+-@＝＋－＠"} and cell]
            assert sum(f"'{text}" in cell for cell in cells) >= 2, answer.text


def test_the_calendar_has_no_more_than_its_events() -> None:
    text = f"z\\nEND:VEVENT\\nBEGIN:VEVENT;{MARK}:,"
    found = []
    for each in (TAME, text):
        with place_of(each) as place:
            calendar = Calendar.from_ical(place.stage.site.get("/v1/servers/101/schedule.ics").text)
            found.append([(one.name, *sorted(one)) for one in calendar.walk()])
            assert sum(each in str(one.get("SUMMARY")) for one in calendar.walk("VEVENT")) >= 8
    assert found[0] == found[1]


PLAIN = {"application/json", "application/problem+json", "text/csv", "text/plain", "text/calendar"}


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_no_answer_to_a_program_is_taken_for_a_page(stage: Stage, row: Row) -> None:
    """What is sent is as it should be, and then hostile in every parameter of the path and the query, one after the
    other; and each from a page of somebody else."""
    stage.principal = "admin" if "admin" in row.may else "member"
    request = row.request(stage)
    sent = [request]
    told = operations()[row.method, row.route].get("parameters", [])
    for text, one in product((POLYGLOT, *HOSTILE[:2]), [one for one in told if "in" in one]):
        part, value = (
            ("path", quote(text.replace("/", ""), safe="")) if one["in"] == "path" else ("params", text)
        )
        sent.append({**request, part: {**request.get(part, {}), one["name"]: value}})
    other = {"Origin": "https://evil.example"}
    asked = {**other, "Access-Control-Request-Method": row.method}
    before = stage.send(replace(row, method="OPTIONS"), {**request, "headers": asked})
    assert not [name for name in before.headers if name.startswith("Access-Control")]
    for each in sent:
        answer = stage.send(row, {**each, "headers": each.get("headers", {}) | other})
        assert answer.status_code < 500, answer.text
        kind = answer.headers.get("Content-Type", "text/plain").partition(";")[0]
        if kind == "text/html":
            assert not {MARK, "img"} & {word for element in Seen(answer.text).elements for word in element}
            assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"].split("; ")
        else:
            assert kind in PLAIN
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert MARK not in str(answer.headers.get("Set-Cookie"))
        allowed = [name for name in answer.headers if name.startswith("Access-Control")]
        assert not allowed, "a page of somebody else reads nothing"
