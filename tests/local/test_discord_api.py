"""What the stand-in for Discord takes and refuses of webhooks, call by call over HTTP."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

import local.discord
from local.discord import CannotRead, DiscordServer, Fault, Limits, Window

FOLDER = Path(local.discord.__file__).parent
ELSEWHERE = """
from urllib.request import urlopen
from taken import DiscordServer
with DiscordServer() as server:
    channel = server.channel_id(server.create_guild("Nova", {"news": ""}), "news")
    print("A stand-in for Discord" in urlopen(server.page_url(channel)).read().decode(), server.commands)
"""
MANY = Limits(webhook=Window(1000, 2), channel=Window(1000, 60))
SILENT = {"parse": list[str]()}


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2023, 11, 15, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


class Channel:
    """A webhook of a channel, and its guild's two people."""

    def __init__(self, server: DiscordServer, clock: Clock) -> None:
        self.server, self.clock = server, clock
        self.guild = server.create_guild("Nova Guard", {"news": "", "lounge": ""})
        self.member, self.officer = server.create_person("Vega"), server.create_person("Mira")
        server.join(self.guild, self.member)
        server.join(self.guild, self.officer, is_officer=True)
        self.id = server.channel_id(self.guild, "news")
        self.url = server.create_webhook(self.id, "Muster")

    def post(self, body: Any, **query: str) -> requests.Response:
        return requests.post(self.url, json=body, params=query, timeout=30)

    def sent(self, **body: Any) -> str:
        """Sends a message and returns its id."""
        answer = self.post(body, wait="true")
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    def at(self, message_id: str) -> str:
        return f"{self.url}/messages/{message_id}"


@pytest.fixture(scope="module")
def running() -> Iterator[Channel]:
    clock = Clock()
    with DiscordServer(clock=clock) as server:
        yield Channel(server, clock)


@pytest.fixture
def channel(running: Channel) -> Channel:
    """A quiet channel: every test begins a day later than the one before, with few limits."""
    running.server.limits = MANY
    running.clock.now += timedelta(days=1)
    running.url = running.server.create_webhook(running.id, "Muster")
    return running


def refusals(answer: requests.Response) -> dict[str, str]:
    """The codes of a refusal by their places, as `embeds.0.title`."""
    assert answer.status_code == 400, answer.text
    assert answer.json()["code"] == 50035
    found: dict[str, str] = {}

    def walk(tree: dict[str, Any], path: str) -> None:
        for name, below in tree.items():
            if name == "_errors":
                found[path] = below[0]["code"]
            else:
                walk(below, f"{path}.{name}".lstrip("."))

    walk(answer.json()["errors"], "")
    return found


def fields(count: int, **more: Any) -> list[dict[str, Any]]:
    return [{"name": "n", "value": "v", **more} for _ in range(count)]


@pytest.mark.parametrize(
    ("body", "place", "code"),
    [
        ({"content": "x" * 2001}, "content", "BASE_TYPE_MAX_LENGTH"),
        ({"content": 5}, "content", "STRING_TYPE_CONVERT"),
        ({"content": "x", "colour": 1}, "colour", "UNKNOWN_FIELD"),
        ({"content": "x", "tts": "no"}, "tts", "BOOLEAN_TYPE_CONVERT"),
        ({"content": "x", "username": "Discord news"}, "username", "USERNAME_INVALID_CONTAINS"),
        ({"content": "x", "username": "x" * 81}, "username", "BASE_TYPE_BAD_LENGTH"),
        ({"content": "x", "avatar_url": "ftp://a.example"}, "avatar_url", "URL_TYPE_INVALID_SCHEME"),
        ({"content": "x", "flags": 64}, "flags", "BASE_TYPE_CHOICES"),
        ({"content": "x", "components": []}, "components", "UNKNOWN_FIELD"),
        ({"embeds": {"title": "x"}}, "embeds", "LIST_TYPE_CONVERT"),
        ({"embeds": ["x"]}, "embeds.0", "MODEL_TYPE_CONVERT"),
        ({"embeds": [{"title": "x"}] * 11}, "embeds", "BASE_TYPE_MAX_LENGTH"),
        ({"embeds": [{}]}, "embeds.0.description", "BASE_TYPE_REQUIRED"),
        ({"embeds": [{"title": "x" * 257}]}, "embeds.0.title", "BASE_TYPE_MAX_LENGTH"),
        ({"embeds": [{"description": "x" * 4097}]}, "embeds.0.description", "BASE_TYPE_MAX_LENGTH"),
        ({"embeds": [{"title": "x", "color": "red"}]}, "embeds.0.color", "NUMBER_TYPE_COERCE"),
        ({"embeds": [{"title": "x", "color": 0x1000000}]}, "embeds.0.color", "NUMBER_TYPE_MAX"),
        ({"embeds": [{"title": "x", "color": True}]}, "embeds.0.color", "NUMBER_TYPE_COERCE"),
        ({"embeds": [{"title": "x", "url": "x.example"}]}, "embeds.0.url", "URL_TYPE_INVALID_URL"),
        ({"embeds": [{"title": "x", "url": "javascript:x"}]}, "embeds.0.url", "URL_TYPE_INVALID_SCHEME"),
        ({"embeds": [{"title": "x", "timestamp": "noon"}]}, "embeds.0.timestamp", "DATETIME_TYPE_PARSE"),
        ({"embeds": [{"title": "x", "footer": {}}]}, "embeds.0.footer.text", "BASE_TYPE_REQUIRED"),
        (
            {"embeds": [{"footer": {"text": "x" * 2049}}]},
            "embeds.0.footer.text",
            "BASE_TYPE_BAD_LENGTH",
        ),
        ({"embeds": [{"author": {"name": "x" * 257}}]}, "embeds.0.author.name", "BASE_TYPE_BAD_LENGTH"),
        ({"embeds": [{"fields": fields(26)}]}, "embeds.0.fields", "BASE_TYPE_MAX_LENGTH"),
        (
            {"embeds": [{"fields": fields(1, name="x" * 257)}]},
            "embeds.0.fields.0.name",
            "BASE_TYPE_BAD_LENGTH",
        ),
        ({"embeds": [{"fields": fields(1, name=" ")}]}, "embeds.0.fields.0.name", "BASE_TYPE_REQUIRED"),
        (
            {"embeds": [{"fields": fields(2, value="x" * 1025)}]},
            "embeds.0.fields.1.value",
            "BASE_TYPE_BAD_LENGTH",
        ),
        (
            {"embeds": [{"fields": fields(1, inline="yes")}]},
            "embeds.0.fields.0.inline",
            "BOOLEAN_TYPE_CONVERT",
        ),
        (
            {"embeds": [{"description": "x" * 3001}, {"description": "x" * 3000}]},
            "embeds",
            "MAX_EMBED_SIZE_EXCEEDED",
        ),
        (
            {"content": "x", "allowed_mentions": {"parse": ["all"]}},
            "allowed_mentions.parse.0",
            "BASE_TYPE_CHOICES",
        ),
        (
            {"content": "x", "allowed_mentions": {"users": [7]}},
            "allowed_mentions.users.0",
            "NUMBER_TYPE_COERCE",
        ),
        (
            {"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["7"]}},
            "allowed_mentions",
            "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
        ),
        ([], "", "MODEL_TYPE_CONVERT"),
    ],
)
def test_a_message_that_discord_would_not_take_is_refused_in_its_place(
    channel: Channel, body: Any, place: str, code: str
) -> None:
    before = channel.server.messages(channel.id)
    assert refusals(channel.post(body)).get(place) == code
    edited = channel.sent(content="before")
    if place not in ("username", "avatar_url", "tts"):  # an edit has no such fields
        assert refusals(requests.patch(channel.at(edited), json=body, timeout=30)).get(place) == code
    assert channel.server.messages(channel.id)[:-1] == before


def test_a_message_at_every_limit_is_taken(channel: Channel) -> None:
    whole = {
        "title": "x" * 256,
        "description": "x" * 2000,
        "url": "https://muster.example/servers/101",
        "color": 0xFFFFFF,
        "timestamp": "2023-11-15T12:00:00+00:00",
        "footer": {"text": "x" * 719},
        "author": {"name": "x" * 256},
        "fields": [{"name": "x" * 256, "value": "x" * 1024, "inline": True}, *fields(24)],
    }
    sent = channel.sent(content="x" * 2000, embeds=[whole, {"description": "x" * 1441}], username="x" * 80)
    (message,) = [each for each in channel.server.messages(channel.id) if each["id"] == sent]
    assert (message["embeds"][0], message["author"]["username"]) == (whole, "x" * 80)
    over = [whole, {"description": "x" * 1442}]
    assert refusals(channel.post({"embeds": over})) == {"embeds": "MAX_EMBED_SIZE_EXCEEDED"}


def test_a_message_is_sent_edited_in_place_and_deleted(channel: Channel) -> None:
    assert channel.post({"content": "one"}).status_code == 204
    sent = channel.sent(content="two", embeds=[{"title": "t"}])
    channel.clock.now += timedelta(minutes=1)
    edited = requests.patch(channel.at(sent), json={"embeds": [{"title": "new"}]}, timeout=30).json()
    assert (edited["content"], edited["embeds"]) == ("two", [{"title": "new"}])
    assert edited["edited_timestamp"] > edited["timestamp"]
    assert requests.get(channel.at(sent), timeout=30).json() == edited
    nothing = requests.patch(channel.at(sent), json={"content": None, "embeds": []}, timeout=30)
    assert (nothing.status_code, nothing.json()["code"]) == (400, 50006)
    assert requests.delete(channel.at(sent), timeout=30).status_code == 204
    for method in ("GET", "PATCH", "DELETE"):
        gone = requests.request(method, channel.at(sent), json={"content": "x"}, timeout=30)
        assert (gone.status_code, gone.json()["code"]) == (404, 10008)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("POST", "/api/webhooks/{id}/{token}", 400, 50006),
        ("POST", "/api/v10/webhooks/{id}/{token}", 400, 50006),
        ("POST", "/api/webhooks/{id}/wrong", 401, 50027),
        ("POST", "/api/webhooks/1/{token}", 404, 10015),
        ("GET", "/api/webhooks/{id}/{token}", 200, None),
        ("PUT", "/api/webhooks/{id}/{token}", 405, 0),
        ("GET", "/api/v6/webhooks/{id}/{token}", 404, 0),
        ("PATCH", "/api/webhooks/{id}/{token}/messages/1", 404, 10008),
        ("GET", "/api/webhooks/{id}/{token}/messages/@original", 404, 10008),
        ("POST", "/api/webhooks/{id}/{token}?thread_id=1", 501, 0),
        ("POST", "/api/webhooks/{id}/{token}?wait=yes", 400, 50035),
    ],
)
def test_a_wrong_address_says_what_is_wrong(
    channel: Channel, method: str, path: str, status: int, code: int | None
) -> None:
    webhook, token = channel.url.split("/")[-2:]
    url = channel.server.url + path.format(id=webhook, token=token)
    answer = requests.request(method, url, json={"content": " "}, timeout=30)
    assert (answer.status_code, answer.json().get("code")) == (status, code)


def test_a_body_that_is_no_json_is_refused(channel: Channel) -> None:
    headers = {"Content-Type": "application/json"}
    broken = requests.post(channel.url, data="{", headers=headers, timeout=30)
    assert (broken.status_code, broken.json()["code"]) == (400, 50109)
    form = requests.post(channel.url, data={"content": "x"}, timeout=30)
    assert refusals(form) == {"": "CONTENT_TYPE_INVALID"}
    file = requests.post(channel.url, files={"files[0]": b"x"}, timeout=30)
    assert file.status_code == 501


@pytest.mark.parametrize("agent", ["", "Python-urllib/3.11"])
def test_a_client_has_to_say_who_it_is(channel: Channel, agent: str) -> None:
    answer = requests.get(channel.url, headers={"User-Agent": agent}, timeout=30)
    assert (answer.status_code, answer.json()["code"]) == (403, 40333)


def test_a_webhook_that_an_officer_deletes_is_unknown(channel: Channel) -> None:
    other = channel.server.create_webhook(channel.id)
    channel.server.delete_webhook(other)
    gone = requests.post(other, json={"content": "x"}, timeout=30)
    assert (gone.status_code, gone.json()["code"]) == (404, 10015)
    assert requests.delete(channel.url, timeout=30).status_code == 204
    assert channel.post({"content": "x"}).json()["code"] == 10015


def test_another_webhook_may_not_touch_a_message(channel: Channel) -> None:
    sent = channel.sent(content="mine")
    other = channel.server.create_webhook(channel.id)
    answer = requests.patch(f"{other}/messages/{sent}", json={"content": "yours"}, timeout=30)
    assert (answer.status_code, answer.json()["code"]) == (404, 10008)


def test_who_is_rung_is_what_is_mentioned_and_allowed(channel: Channel) -> None:
    everyone = f"@everyone <@{channel.member}> <@&{channel.guild}> <@1>"
    for allowed, rung in (
        (None, ["@everyone", "@Vega"]),
        (SILENT, []),
        ({"parse": ["everyone"]}, ["@everyone"]),
        ({"users": [channel.member]}, ["@Vega"]),
        ({"parse": ["users"]}, ["@Vega"]),
    ):
        sent = channel.sent(content=everyone, **({} if allowed is None else {"allowed_mentions": allowed}))
        (message,) = [each for each in channel.server.messages(channel.id) if each["id"] == sent]
        assert message["rung"] == rung
    quiet = channel.sent(embeds=[{"description": everyone}])
    requests.patch(channel.at(quiet), json={"content": everyone}, timeout=30)
    assert channel.server.messages(channel.id)[-1]["rung"] == [], "embeds and edits ring nobody"


def test_too_many_requests_have_to_wait(channel: Channel) -> None:
    channel.server.limits = Limits()
    for _ in range(5):
        answer = channel.post({"content": "x"})
        assert answer.status_code == 204
    assert answer.headers["X-RateLimit-Remaining"] == "0"
    channel.clock.now += timedelta(seconds=0.5)
    refused = channel.post({"content": "x"})
    assert (refused.status_code, refused.json()["retry_after"], refused.json()["global"]) == (429, 1.5, False)
    assert (refused.headers["Retry-After"], refused.headers["X-RateLimit-Scope"]) == ("2", "user")
    channel.clock.now += timedelta(seconds=1.5)
    assert channel.post({"content": "x"}).status_code == 204


def test_a_channel_takes_thirty_messages_a_minute_of_all_its_webhooks(channel: Channel) -> None:
    channel.server.limits = Limits(webhook=Window(1000, 2))
    for _ in range(15):
        assert channel.post({"content": "x"}).status_code == 204
        other = channel.server.create_webhook(channel.id)
        assert requests.post(other, json={"content": "x"}, timeout=30).status_code == 204
    refused = channel.post({"content": "x"})
    assert (refused.status_code, refused.json()["retry_after"]) == (429, 60)
    assert refused.headers["X-RateLimit-Scope"] == "shared"


def test_messages_over_an_hour_old_take_few_edits(channel: Channel) -> None:
    channel.server.limits = Limits(webhook=Window(1000, 2), old_edits=Window(2, 600))
    sent = channel.sent(content="0")
    channel.clock.now += timedelta(hours=1)
    for text in "12345":
        assert requests.patch(channel.at(sent), json={"content": text}, timeout=30).status_code == 200
    channel.clock.now += timedelta(seconds=1)
    for text in "67":
        assert requests.patch(channel.at(sent), json={"content": text}, timeout=30).status_code == 200
    refused = requests.patch(channel.at(sent), json={"content": "8"}, timeout=30)
    assert (refused.status_code, refused.json()["code"], refused.json()["retry_after"]) == (429, 30046, 600)
    assert channel.server.messages(channel.id)[-1]["content"] == "7"


@pytest.mark.parametrize(
    ("fault", "status", "is_sent"),
    [
        (Fault("refuse", 503), 503, False),
        (Fault("refuse_after", 500), 500, True),
        (Fault("refuse", 429, retry_after=0.25), 429, False),
        (Fault("drop"), None, False),
        (Fault("drop_after"), None, True),
        (Fault("hang", seconds=0.01), 503, False),
        (Fault("hang_after", seconds=0.01), 204, True),
    ],
)
def test_what_can_happen_to_requests_happens_to_as_many_as_it_is_told(
    channel: Channel, fault: Fault, status: int | None, is_sent: bool
) -> None:
    before = len(channel.server.messages(channel.id))
    channel.server.inject(replace(fault, match="POST", times=2))
    assert requests.get(channel.url, timeout=30).status_code == 200
    for _ in range(2):
        if status is None:
            with pytest.raises(requests.ConnectionError):
                channel.post({"content": "x"})
            continue
        answer = channel.post({"content": "x"})
        assert answer.status_code == status
        if status == 429:
            assert (answer.json()["retry_after"], answer.headers["Retry-After"]) == (0.25, "1")
    assert len(channel.server.messages(channel.id)) - before == 2 * is_sent
    assert channel.post({"content": "x"}).status_code == 204
    assert [each.method for each in channel.server.requests[-3:]] == ["POST"] * 3


def test_what_was_sent_survives_a_restart(tmp_path: Path) -> None:
    clock = Clock()
    with DiscordServer(tmp_path, clock) as server:
        channel = Channel(server, clock)
        channel.sent(content="kept")
        key, webhook = server.public_key, channel.url.removeprefix(server.url)
    clock.now -= timedelta(days=1)
    with DiscordServer(tmp_path, clock) as again:
        assert again.public_key == key
        assert again.guild_id("Nova Guard") == channel.guild
        new = requests.post(f"{again.url}{webhook}?wait=true", json={"content": "new"}, timeout=30).json()
        kept, last = again.messages(channel.id)
        assert (kept["content"], last["content"]) == ("kept", "new")
        assert int(new["id"]) > int(kept["id"]), "ids grow, even if the clock went back"


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"guilds": {}, "another": "version"}'])
def test_a_file_of_another_version_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "discord.json").write_text(content)
    with pytest.raises(CannotRead, match=r"discord\.json can't be read"):
        DiscordServer(tmp_path)


def test_it_works_wherever_it_is_put_and_its_readme_is_true(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "taken", ignore=shutil.ignore_patterns("__pycache__"))
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("True []\n", "")
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    [example] = re.findall(r"```python\n(.*?)```", readme, flags=re.DOTALL)
    exec(example, {})
