"""What Muster tells a day of the made-up campaign, in every language, to a stand-in as strict as Discord."""

import re
from contextlib import closing
from datetime import timedelta
from html import unescape

import pytest
import requests

from chalicelib import bootstrap
from chalicelib.domain.webhooks import DISCORD, KINDS, Webhook
from chalicelib.languages import LANGUAGES
from chalicelib.news.post import Post
from chalicelib.services.webhook_settings import WantedWebhook
from chalicelib.settings import Settings
from local.campaign import BEGINS, SteppingClock, play
from local.chat import GUILD, NEWS, Chat
from local.discord import DiscordServer, Fault, Limits, Window
from local.seed import ALLIANCE, SERVER, Secrets, define
from tests.news.test_discord_text import HOSTILE
from tests.world import DEFENDERS

PUBLIC_URL = "https://muster.example"
NEW, EDIT = None, "the message before"


@pytest.mark.parametrize(
    ("fault", "edits", "outcome", "sent"),
    [
        (None, NEW, "delivered", 1),
        (None, EDIT, "delivered", 0),
        (Fault("refuse", 429, retry_after=2.5), NEW, "later", 0),
        (Fault("refuse", 503), NEW, "unknown", 0),
        (Fault("refuse_after", 502), NEW, "unknown", 1),
        (Fault("drop"), NEW, "unknown", 0),
        (Fault("drop_after"), NEW, "unknown", 1),
        (Fault("hang_after", seconds=1), NEW, "unknown", 1),
        ("the content is too long", NEW, "refused", 0),
        ("the message is deleted", EDIT, "missing", -1),
        ("the webhook is deleted", NEW, "gone", 0),
        ("an old message was edited often", EDIT, "later", 0),
    ],
)
def test_what_becomes_of_a_message_is_known_from_the_answer(
    fault: Fault | str | None, edits: str | None, outcome: str, sent: int
) -> None:
    clock = SteppingClock(BEGINS)
    with DiscordServer(clock=clock) as discord:
        channel = discord.channel_id(discord.create_guild("Nova Guard", {"news": ""}), "news")
        url = discord.create_webhook(channel)
        path = url.removeprefix(discord.url)
        webhook = Webhook("one", "101", None, DISCORD + path, KINDS, "en", False, BEGINS, "key", None)
        post, content = Post(discord.url), "Hello"
        before = post.send(webhook, {"content": content}, "id", BEGINS).message_id
        assert before
        if isinstance(fault, Fault):
            discord.inject(fault)
        elif fault == "the content is too long":
            content = "x" * 2001
        elif fault == "the message is deleted":
            discord.delete_message(before)
        elif fault == "the webhook is deleted":
            discord.delete_webhook(url)
        elif fault == "an old message was edited often":
            discord.limits = Limits(old_edits=Window(0, 600))
            clock.now += timedelta(hours=2)
        answer = post.send(
            webhook, {"content": content}, "id", BEGINS, before if edits else None, seconds=0.3
        )
        assert (answer.outcome, len(discord.messages(channel)) - 1) == (outcome, sent), answer.reason


def test_discord_takes_what_is_told_in_any_language_and_a_name_in_it_is_only_a_name() -> None:
    clock, secrets = SteppingClock(BEGINS), Secrets.new()
    with DiscordServer(clock=clock) as discord, closing(bootstrap.sqlite_table(None)) as table:
        muster = bootstrap.assemble(
            Settings(discord_api_url=discord.url, public_url=PUBLIC_URL), table, clock
        )
        define(muster, secrets)
        chat = Chat(discord, secrets)
        chat.settle()
        channel, officer = chat.channel(GUILD, NEWS), muster.directory.key(secrets.officer_key)
        for language in LANGUAGES:
            url = discord.create_webhook(channel)
            muster.webhook_settings.add(
                officer, WantedWebhook(url, KINDS, SERVER.id, ALLIANCE.id, language, names=True)
            )
        names = [name for name in HOSTILE if "@" in name or "evil" in name or "*" in name]
        for name in names:
            muster.rosters.add(officer, SERVER.id, ALLIANCE.id, name, is_new=True)
        with chat.in_the_past(clock):
            play(muster, clock, secrets, BEGINS + timedelta(hours=21), muster.news.tell)
            muster.readings.log(officer, SERVER.id, DEFENDERS, 9000, confirm=True)
            muster.news.tell()
        assert {request.status for request in discord.requests} == {200}
        told = discord.messages(channel)
        pieces = 6  # two events have begun, milestones are open, close soon, a reward is reached; and the scoreboard
        assert len(told) == pieces * len(LANGUAGES)
        assert not [message for message in told if message["rung"]]
        shown = requests.get(f"{discord.url}/page/view", {"channel": channel}, timeout=30).json()["messages"]
    html = "".join(embed["description"] for message in shown for embed in message["embeds"])
    assert set(re.findall(r'href="([^"]*)', html)) <= {f"{PUBLIC_URL}/servers/{SERVER.id}"}
    assert "mention" not in html
    text = unescape(re.sub(r"<[^>]+>", "", html))
    assert not [name for name in names if text.count(name) < len(LANGUAGES)]
