"""The demo's guilds on the stand-in for Discord: who is there, where Muster's news goes, and its commands.

Each step does what is missing, so that it can be done at every start.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import requests

from chalicelib.bootstrap import Muster
from chalicelib.domain.webhooks import KINDS, Kind
from chalicelib.news.discord_commands import registration
from chalicelib.services.webhook_settings import WantedWebhook
from local.discord import DiscordServer, Limits, Window
from local.seed import ALLIANCE, SERVER, Secrets

GUILD, SERVERS_GUILD = "Nova Guard", "Server 101"
NEWS, SCOREBOARD = "ims-news", "scoreboard"
GUILDS = {
    GUILD: {NEWS: "What Muster tells us, and where you report: /done", "lounge": "Everything else"},
    SERVERS_GUILD: {
        SCOREBOARD: "Where server 101 stands, all day in one message. In its first hour it follows within three minutes"
    },
    "Orbit Watch": {NEWS: "Not bound yet: an officer can do it with /bind"},
}
OFFICER, MEMBER, NEWCOMER = "Deneb", "Altair", "Castor"
"""Made-up people. The member has said who they are; the newcomer has not."""
Place = tuple[str, str, str | None, tuple[Kind, ...]]
"""Where a webhook leads: guild, channel, alliance (None: the whole server's news) and kinds."""
ALLIANCES_NEWS: Place = (GUILD, NEWS, ALLIANCE.id, KINDS)
SERVERS_SCOREBOARD: Place = (SERVERS_GUILD, SCOREBOARD, None, ("scoreboard",))
"""Nothing of the past is told there. A scoreboard follows more closely while it is new."""


PATIENCE = 30.0
"""Seconds for an answer while the demo starts, perhaps on a machine that has other things to do."""


@dataclass(frozen=True)
class Chat:
    discord: DiscordServer
    secrets: Secrets

    def settle(self) -> None:
        """Makes the guilds, and the people in each."""
        if self.discord.guild_id(GUILD) is not None:
            return
        people = {name: self.discord.create_person(name) for name in (MEMBER, NEWCOMER, OFFICER)}
        for name, channels in GUILDS.items():
            guild = self.discord.create_guild(name, channels)
            for person, person_id in people.items():
                self.discord.join(guild, person_id, is_officer=person == OFFICER)

    def hear(self, muster: Muster, *places: Place) -> None:
        """Lets these channels hear their news."""
        stored = [webhook.url for webhook in muster.stores.webhooks.all()]
        admin = muster.directory.key(self.secrets.admin_key)
        for guild, channel, alliance, kinds in places:
            channel_id = self.channel(guild, channel)
            url = next(iter(self.discord.webhooks(channel_id)), None) or self.discord.create_webhook(
                channel_id
            )
            path = url.removeprefix(
                self.discord.url
            )  # the rest is Discord's own address, wherever that leads
            if not any(each.endswith(path) for each in stored):
                muster.webhook_settings.add(admin, WantedWebhook(url, kinds, SERVER.id, alliance))

    @contextmanager
    def in_the_past(self, clock: Callable[[], datetime]) -> Iterator[None]:
        """Discord's clock is this one, which may stand still while more is sent than Discord takes at once."""
        discord = self.discord
        own, limits = discord.clock, discord.limits
        discord.clock, discord.limits = clock, Limits(*[Window(1000, 1)] * 3)
        yield
        discord.clock, discord.limits = own, limits

    def connect(self, api_url: str, muster: Muster) -> None:
        """Registers the commands, binds the guild by a code as officers do, and lets the member say who they are."""
        discord, officer = self.discord, {"Authorization": f"Bearer {self.secrets.officer_key}"}
        patience, discord.interactions.seconds = discord.interactions.seconds, PATIENCE
        discord.set_interactions_url(f"{api_url}/discord/interactions")
        commands = f"{discord.url}/api/v10/applications/{discord.application_id}/commands"
        bot = {"Authorization": f"Bot {discord.bot_token}"}
        requests.put(commands, json=registration(), headers=bot, timeout=30).raise_for_status()
        place = f"{api_url}/v1/servers/{SERVER.id}/alliances/{ALLIANCE.id}/discord"
        bound = requests.get(place, headers=officer, timeout=30).json()
        channel = self.channel(GUILD, NEWS)
        if not bound["guilds"]:
            code = requests.post(place, headers=officer, timeout=30).json()["code"]
            discord.use(discord.person_id(OFFICER), channel, "bind", code=code)
        if not bound["accounts"] and muster.stores.commanders.named(SERVER.id, MEMBER):
            discord.use(discord.person_id(MEMBER), channel, "iam", name=MEMBER)
        discord.interactions.seconds = patience

    def channel(self, guild: str, channel: str) -> str:
        """Its id. They have been settled."""
        return self.discord.channel_id(self.discord.guild_id(guild) or "", channel)

    def page_url(self, guild: str = GUILD, channel: str = NEWS, person: str = MEMBER) -> str:
        """Where somebody reads a channel."""
        return f"{self.discord.page_url(self.channel(guild, channel))}?as={self.discord.person_id(person)}"
