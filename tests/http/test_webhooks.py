"""Saying over HTTP where news goes."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.domain.webhooks import KINDS, MOST
from chalicelib.news.post import Post
from tests.http.conftest import Site
from tests.http.test_api import problem
from tests.news.listener import Listener, answering, listening

URL = "https://discord.com/api/webhooks/12345678901/TOKEN"
PROGRAM = "https://bot.example.com/muster?a=SECRET"
NOVA = {"url": URL, "kinds": ["closing-soon", "milestone-opened"], "server": "101", "alliance": "nova"}


def officer(site: Site) -> str:
    return site.world.secret("officer", "101", "nova")


def admin(site: Site) -> str:
    return site.world.secret("admin", None, None)


def add(site: Site, secret: str, **other: Any) -> Any:
    answer = site.call("POST", "/v1/webhooks", secret, json=NOVA | other)
    assert answer.status_code == 201, answer.text
    return answer.json()


def told(site: Site) -> list[Any]:
    """What the ledger says of webhooks, the latest first: before and after."""
    entries = site.call("GET", "/v1/servers/101/ledger", admin(site)).json()["entries"]
    return [
        (one["actor"]["role"], one["before"], one["after"]) for one in entries if one["action"] == "webhook"
    ]


def test_an_officer_adds_a_webhook_and_removes_it_and_nobody_sees_its_token(any_site: Site) -> None:
    secret = officer(any_site)
    made = add(any_site, secret, language="de", names=True)
    shown = {
        "id": made["id"],
        "server": "101",
        "alliance": "nova",
        "url": "https://discord.com/api/webhooks/1234…/…",
        "kinds": ["milestone-opened", "closing-soon"],
        "language": "de",
        "names": True,
        "created_at": "2023-11-15T12:00:00Z",
        "created_by": made["created_by"],
        "disabled": None,
        "delivered_at": None,
        "problem": None,
    }
    assert made == {**shown, "secret": None}
    assert any_site.call("GET", "/v1/webhooks", secret).json() == {"webhooks": [shown]}
    noted = {name: shown[name] for name in ("id", "url", "kinds", "language", "names", "disabled")}
    assert told(any_site) == [("officer", None, noted)]
    any_site.world.clock.advance(minutes=1)
    gone = any_site.call("DELETE", f"/v1/webhooks/{made['id']}", secret)
    assert (gone.status_code, gone.content) == (204, b"")
    again = any_site.call("DELETE", f"/v1/webhooks/{made['id']}", secret)
    assert problem(again, 404, "unknown-webhook") == ["webhook"]
    assert any_site.call("GET", "/v1/webhooks", secret).json() == {"webhooks": []}
    assert told(any_site)[0] == ("officer", noted, None)
    assert "TOKEN" not in json.dumps(told(any_site))


@pytest.mark.parametrize(
    ("url", "stored"),
    [
        (URL, URL),
        (f"{URL}/", URL),
        (f"{URL}?wait=true", URL),
        (f"{URL}?thread_id=7&wait=1", f"{URL}?thread_id=7"),
        ("https://DISCORD.com/api/v10/webhooks/1/a-b_C", "https://discord.com/api/v10/webhooks/1/a-b_C"),
        ("https://discordapp.com/api/webhooks/1/a", "https://discord.com/api/webhooks/1/a"),
        ("https://ptb.discord.com/api/webhooks/1/a", "https://discord.com/api/webhooks/1/a"),
        ("https://canary.discord.com/api/webhooks/1/a", "https://discord.com/api/webhooks/1/a"),
        ("http://127.0.0.1:8002/api/webhooks/1/a?thread_id=7", "https://discord.com/api/webhooks/1/a?thread_id=7"),
    ],
)  # fmt: skip
def test_every_spelling_of_a_discord_webhook_is_one(site: Site, url: str, stored: str) -> None:
    vars(site.world.muster)["post"] = Post("http://127.0.0.1:8002")
    add(site, officer(site), url=url)
    (webhook,) = site.world.muster.stores.webhooks.all()
    assert (webhook.url, webhook.is_discord) == (stored, True)


@pytest.mark.parametrize(
    "body",
    [
        *(
            {"url": URL + end}
            for end in (
                "/slack",
                "/github",
                "/x/y",
                "#x",
                "?thread_id=x",
                "?thread_id=1&thread_id=2",
                "?wait=1&a=b",
                "é",
            )
        ),
        {"url": "https://discord.com/channels/1/2"},
        {"url": "https://discord.com/api/webhooks/one/TOKEN"},
        {"url": "http://discord.com/api/webhooks/1/a"},
        {"url": "https://discord.com:443/api/webhooks/1/a"},
        {"url": "https://user@discord.com/api/webhooks/1/a"},
        {"url": "https://discord.com@bot.example.com/api/webhooks/1/a"},
        {"url": "https://cdn.discordapp.com/api/webhooks/1/a"},
        {"url": ""},
        {"url": "https://[/"},
        {"url": "https://bot.example.com:x/"},
        {"kinds": []},
        {"kinds": ["gossip"]},
        {"kinds": [*KINDS, "scoreboard"]},
        {"language": "xx"},
        {"names": True, "alliance": None},
    ],
    ids=str,
)
def test_what_does_not_fit_is_refused_by_field(site: Site, body: dict[str, Any]) -> None:
    vars(site.world.muster)["post"] = Post(resolve=lambda _: ["93.184.215.14"])
    answer = site.call("POST", "/v1/webhooks", admin(site), json=NOVA | body)
    fields = problem(answer, 422, "malformed")
    assert {field.partition("[")[0] for field in fields} == {next(iter(body))}
    assert list(site.world.muster.stores.webhooks.all()) == []


def test_only_an_admin_sends_news_elsewhere_and_sees_the_signing_secret_once(site: Site) -> None:
    vars(site.world.muster)["post"] = Post(resolve=lambda _: ["93.184.215.14"])
    answer = site.call("POST", "/v1/webhooks", officer(site), json=NOVA | {"url": PROGRAM})
    problem(answer, 403, "out-of-scope")
    assert "may not “send news elsewhere than to Discord”. Use a key with the role admin." in answer.text
    made = add(site, admin(site), url=PROGRAM)
    (stored,) = site.world.muster.stores.webhooks.all()
    assert (stored.url, stored.secret) == (PROGRAM, made["secret"])
    assert made["secret"].startswith("whsec_")
    assert made["url"] == "https://bot.example.com/…"
    seen = site.call("GET", "/v1/webhooks", officer(site)).text + json.dumps(told(site))
    assert made["id"] in seen
    assert made["secret"] not in seen
    assert "SECRET" not in seen


def test_an_address_that_is_not_public_is_refused(site: Site) -> None:
    vars(site.world.muster)["post"] = Post(resolve=lambda _: ["93.184.215.14", "10.0.0.1"])
    answer = site.call("POST", "/v1/webhooks", admin(site), json=NOVA | {"url": PROGRAM})
    assert problem(answer, 422, "malformed") == ["url"]
    assert "bot.example.com is not in the public internet" in answer.json()["detail"]


def test_of_a_name_that_can_t_be_looked_up_now_it_is_said(site: Site) -> None:
    """Each send looks again."""
    made = add(site, admin(site), url=PROGRAM)
    assert made["problem"] == "Wed 15 Nov at 12:00 UTC: the host's name leads nowhere. Check the address."
    for after, said in (({"minutes": 1}, made["problem"]), ({"days": 1}, None)):
        site.world.clock.advance(**after)
        site.world.muster.news.tell()
        (shown,) = site.call("GET", "/v1/webhooks", admin(site)).json()["webhooks"]
        assert shown["problem"] == said, after


def test_there_are_so_many_and_none_twice_of_each_alliance_and_of_the_server(site: Site) -> None:
    secret = admin(site)
    for scope in ({"alliance": "nova"}, {"alliance": "orbit"}, {"alliance": None}):
        for number in range(MOST):
            add(site, secret, url=f"{URL}{number}", **scope)
        for url, code in [(f"{URL}0?wait=true", "webhook-exists"), (URL, "too-many-webhooks")]:
            problem(site.call("POST", "/v1/webhooks", secret, json=NOVA | scope | {"url": url}), 409, code)


def test_an_alliance_s_officer_does_not_see_what_is_the_server_s(site: Site) -> None:
    of_all = add(site, admin(site), alliance=None)
    own = add(site, officer(site))
    assert [one["id"] for one in site.call("GET", "/v1/webhooks", officer(site)).json()["webhooks"]] == [
        own["id"]
    ]
    of_server = site.world.secret("officer", "101", None)
    assert {one["id"] for one in site.call("GET", "/v1/webhooks", of_server).json()["webhooks"]} == {
        own["id"],
        of_all["id"],
    }
    problem(site.call("DELETE", f"/v1/webhooks/{of_all['id']}", officer(site)), 403, "out-of-scope")
    answer = site.call("POST", "/v1/webhooks", officer(site), json=NOVA | {"alliance": None})
    problem(answer, 403, "out-of-scope")


def test_an_alliance_without_a_letter_is_none(site: Site) -> None:
    assert add(site, admin(site), alliance="")["alliance"] is None
    answer = site.call("POST", "/v1/webhooks", admin(site), json=NOVA | {"alliance": None})
    problem(answer, 409, "webhook-exists")


@pytest.fixture
def discord(site: Site) -> Iterator[Listener]:
    with listening(answering("200 OK", '{"id": "42"}')) as listener:
        vars(site.world.muster)["post"] = Post(f"http://127.0.0.1:{listener.port}")
        yield listener


def test_a_test_is_sent_now_once_in_a_minute_and_shows_that_a_webhook_is_gone(
    site: Site, discord: Listener
) -> None:
    secret = officer(site)
    made = add(site, secret, language="de")
    path = f"/v1/webhooks/{made['id']}/test"
    answer = site.call("POST", path, secret)
    assert (answer.status_code, answer.json()) == (200, {"outcome": "delivered", "reason": None})
    (request,) = discord.requests
    assert json.loads(request.body) == {
        "content": "Das ist ein Test. Hierher schickt Muster seine Neuigkeiten.",
        "allowed_mentions": {"parse": []},
    }
    site.world.clock.advance(seconds=59)
    problem(site.call("POST", path, secret), 409, "tested-recently")
    site.world.clock.advance(seconds=1)
    discord.reply = answering("404 Not Found", '{"message": "Unknown Webhook", "code": 10015}')
    reason = "Discord answered 404: 'Unknown Webhook'. It was deleted on Discord, or its channel was."
    assert site.call("POST", path, secret).json() == {"outcome": "gone", "reason": reason}
    (state,) = site.call("GET", "/v1/webhooks", secret).json()["webhooks"]
    assert state["disabled"] == reason
    (role, before, after), *_ = told(site)
    assert (role, before["disabled"], after["disabled"]) == (None, None, reason)
    site.world.clock.advance(minutes=1)
    problem(site.call("POST", path, secret), 409, "webhook-disabled")
    assert len(discord.requests) == 2


def test_officers_see_of_the_state_when_something_was_delivered_and_what_went_wrong(site: Site) -> None:
    secret = officer(site)
    add(site, secret)
    webhooks = site.world.muster.stores.webhooks
    (webhook,) = webhooks.all()
    at = datetime(2023, 11, 15, 11, tzinfo=UTC)
    state = {"delivered_at": "2023-11-15T11:00:00Z", "problem": "It was late.", "more": {"a": [1]}}
    assert webhooks.note(webhook, state=state).state == state
    (shown,) = site.call("GET", "/v1/webhooks", secret).json()["webhooks"]
    assert datetime.fromisoformat(shown["delivered_at"]) == at
    assert shown["problem"] == "It was late."
    assert "more" not in shown
