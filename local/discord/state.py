"""What the stand-in remembers: the application, guilds with their channels and people, webhooks and messages."""

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from .errors import Json

MANAGE_GUILD = 1 << 5
MANAGE_MESSAGES = 1 << 13
MENTION_EVERYONE = 1 << 17
MANAGE_WEBHOOKS = 1 << 29
MEMBERS_MAY = 1 << 6 | 1 << 10 | 1 << 11 | 1 << 14 | 1 << 16 | 1 << 31
"""To react, see channels, send messages and links, read the history, and use commands."""
OFFICERS_MAY = MEMBERS_MAY | MANAGE_GUILD | MANAGE_MESSAGES | MENTION_EVERYONE | MANAGE_WEBHOOKS


class CannotRead(Exception):
    """The file is none that this version wrote; the message names it."""


@dataclass
class Application:
    id: str
    name: str
    private_key: str
    """In hex; interactions are signed with it."""
    public_key: str
    bot_token: str
    client_secret: str
    interactions_url: str | None = None


@dataclass
class User:
    id: str
    username: str
    global_name: str

    def resource(self) -> Json:
        shown = {"avatar": None, "avatar_decoration_data": None, "discriminator": "0", "public_flags": 0}
        return {"id": self.id, "username": self.username, "global_name": self.global_name, **shown}


@dataclass
class Member:
    user_id: str
    roles: list[str]
    permissions: int
    joined_at: str


@dataclass
class Role:
    id: str
    name: str


@dataclass
class Guild:
    id: str
    name: str
    locale: str
    roles: list[Role] = field(default_factory=list)
    members: dict[str, Member] = field(default_factory=dict)


@dataclass
class Channel:
    id: str
    guild_id: str
    name: str
    topic: str

    def resource(self) -> Json:
        return {
            "id": self.id,
            "type": 0,
            "guild_id": self.guild_id,
            "name": self.name,
            "topic": self.topic,
            "nsfw": False,
        }


@dataclass
class Webhook:
    id: str
    token: str
    channel_id: str
    guild_id: str
    name: str

    def resource(self) -> Json:
        return {**asdict(self), "type": 1, "avatar": None, "application_id": None}


@dataclass
class Message:
    id: str
    channel_id: str
    author: Json
    """Who seems to have written it: a user, a webhook or the application."""
    timestamp: str
    content: str = ""
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    flags: int = 0
    edited_timestamp: str | None = None
    webhook_id: str | None = None
    application_id: str | None = None
    rung: list[str] = field(default_factory=list)
    """The names of those that it rang: people, roles, or everyone."""
    command: Json | None = None
    """The command that it answers: its name, and the id of who used it."""
    seen_by: str | None = None
    """The only person who sees it; None: everybody."""
    is_thinking: bool = False
    failure: str | None = None
    """Why the application's answer could not be shown: for whoever builds the application."""

    @property
    def written_at(self) -> datetime:
        return datetime.fromisoformat(self.timestamp)

    def resource(self) -> Json:
        """The message as Discord answers it."""
        shown = (
            "id",
            "channel_id",
            "author",
            "content",
            "embeds",
            "components",
            "flags",
            "timestamp",
            "edited_timestamp",
        )
        found: Json = {name: getattr(self, name) for name in shown}
        found |= {"type": 20 if self.command else 0, "tts": False, "pinned": False, "attachments": []}
        found |= {
            "mention_everyone": bool({"@everyone", "@here"} & set(self.rung)),
            "mentions": [],
            "mention_roles": [],
        }
        if self.webhook_id:
            found["webhook_id"] = self.webhook_id
        if self.application_id:
            found["application_id"] = self.application_id
        return found


@dataclass
class State:
    application: Application
    last_id: int = 0
    commands: list[Json] = field(default_factory=list)
    guilds: dict[str, Guild] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    webhooks: dict[str, Webhook] = field(default_factory=dict)
    messages: dict[str, Message] = field(default_factory=dict)
    """In the order in which they were sent."""

    @classmethod
    def read(cls, file: Path) -> Self:
        """Raises CannotRead."""
        try:
            return cls._of(json.loads(file.read_text(encoding="utf-8")))
        except (ValueError, TypeError, KeyError, AttributeError):
            raise CannotRead(f"{file} can't be read.") from None

    @classmethod
    def _of(cls, held: Json) -> Self:
        for guild in held["guilds"].values():
            guild["roles"] = [Role(**each) for each in guild["roles"]]
            guild["members"] = {key: Member(**each) for key, each in guild["members"].items()}
        parts: dict[str, Any] = {
            "guilds": Guild,
            "channels": Channel,
            "users": User,
            "webhooks": Webhook,
            "messages": Message,
        }
        for name, kind in parts.items():
            held[name] = {key: kind(**each) for key, each in held[name].items()}
        return cls(**held | {"application": Application(**held["application"])})

    def write(self, file: Path) -> None:
        """All but what only one person sees. Nobody can read half of the file; it holds tokens."""
        held = asdict(self)
        held["messages"] = {key: each for key, each in held["messages"].items() if each["seen_by"] is None}
        part = file.with_suffix(".part")
        part.touch(mode=0o600)
        part.write_text(json.dumps(held), encoding="utf-8")
        part.replace(file)
