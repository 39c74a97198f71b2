"""The stand-in itself, without HTTP: what happens in its guilds."""

import secrets
import threading
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from . import messages
from .errors import UNKNOWN_MESSAGE, ApiError, Json
from .limits import Limits, Meter
from .mentions import rung
from .signing import new_key
from .state import (
    MEMBERS_MAY,
    MENTION_EVERYONE,
    OFFICERS_MAY,
    Application,
    Channel,
    Guild,
    Member,
    Message,
    Role,
    State,
    User,
    Webhook,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

EPOCH = 1_420_070_400_000
"""Milliseconds of Unix time at which Discord's ids begin."""
TOKEN_LASTS = timedelta(minutes=15)
OFFICERS = "Officers"


@dataclass
class Token:
    """What an interaction's token stands for: who used what where, and the message that answered it."""

    user_id: str
    channel_id: str
    command: Json | None
    until: datetime
    message_id: str | None = None


@dataclass
class Core:
    """Everything is read and changed while `lock` is held; `change` also tells those who wait for news."""

    clock: Callable[[], datetime]
    folder: Path | None
    limits: Limits = field(default_factory=Limits)
    meter: Meter = field(default_factory=Meter)
    tokens: dict[str, Token] = field(default_factory=dict)
    modals: dict[tuple[str, str], tuple[Json, str | None]] = field(default_factory=dict)
    """By person and custom id: the modal that was opened, and the message that it was opened from."""
    revision: int = 0
    is_stopping: bool = False

    def __post_init__(self) -> None:
        self.lock = threading.RLock()
        self.news = threading.Condition(self.lock)
        self._file = self.folder / "discord.json" if self.folder else None
        if self._file and self._file.exists():
            self.state = State.read(self._file)
        else:
            private, public = new_key()
            application = Application(
                "", "Muster", private, public, secrets.token_urlsafe(32), secrets.token_urlsafe(24)
            )
            self.state = State(application)
            application.id = self.new_id()
            if self.folder:
                self.folder.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def change(self) -> "Iterator[State]":
        with self.lock:
            yield self.state
            self.revision += 1
            if self._file:
                self.state.write(self._file)
            self.news.notify_all()

    def stop(self) -> None:
        with self.lock:
            self.is_stopping = True
            self.news.notify_all()

    def new_id(self) -> str:
        """A snowflake: it tells when it was made, and is greater than all before it, even if the clock went back."""
        made = (int(self.clock().timestamp() * 1000) - EPOCH) << 22
        self.state.last_id = max(self.state.last_id + 1, made)
        return str(self.state.last_id)

    def now(self) -> str:
        return self.clock().isoformat(timespec="milliseconds")

    # Guilds and people

    def create_guild(self, name: str, channels: Mapping[str, str], locale: str) -> str:
        with self.change() as state:
            guild = Guild(self.new_id(), name, locale)
            guild.roles = [Role(guild.id, "@everyone"), Role(self.new_id(), OFFICERS)]
            state.guilds[guild.id] = guild
            for title, topic in channels.items():
                channel = Channel(self.new_id(), guild.id, title, topic)
                state.channels[channel.id] = channel
            return guild.id

    def create_person(self, name: str) -> str:
        with self.change() as state:
            user = User(self.new_id(), name.casefold().replace(" ", "_"), name)
            state.users[user.id] = user
            return user.id

    def join(self, guild_id: str, user_id: str, is_officer: bool) -> None:
        with self.change() as state:
            guild = state.guilds[guild_id]
            officers = next(role.id for role in guild.roles if role.name == OFFICERS)
            roles, may = ([officers], OFFICERS_MAY) if is_officer else ([], MEMBERS_MAY)
            guild.members[user_id] = Member(user_id, roles, may, self.now())

    def create_webhook(self, channel_id: str, name: str) -> Webhook:
        with self.change() as state:
            channel = state.channels[channel_id]
            webhook = Webhook(self.new_id(), secrets.token_urlsafe(51), channel.id, channel.guild_id, name)
            state.webhooks[webhook.id] = webhook
            return webhook

    def delete_webhook(self, webhook_id: str) -> None:
        with self.change() as state:
            del state.webhooks[webhook_id]

    def guild_of(self, channel_id: str) -> Guild:
        return self.state.guilds[self.state.channels[channel_id].guild_id]

    def member(self, channel_id: str, user_id: str) -> Member | None:
        return self.guild_of(channel_id).members.get(user_id)

    # Messages

    def send(self, message: Message, allowed_mentions: Json | None) -> Message:
        """Puts a message into its channel."""
        with self.change() as state:
            message.rung = rung(
                message.content, allowed_mentions, self.guild_of(message.channel_id), state.users
            )
            state.messages[message.id] = message
            return message

    def say(self, channel_id: str, user_id: str, text: str) -> Message:
        """A person writes. Only those who may ring everyone ring everyone."""
        member = self.member(channel_id, user_id)
        may_ring = member is not None and member.permissions & MENTION_EVERYONE
        author = self.state.users[user_id].resource()
        message = Message(self.new_id(), channel_id, author, self.now(), text)
        return self.send(message, None if may_ring else {"parse": ["users"]})

    def edit(self, message: Message, changes: Json) -> None:
        """An edit rings nobody. Raises ApiError if nothing would be left."""
        held = messages.edited(message.resource(), changes)
        with self.change():
            for name, item in held.items():
                setattr(message, name, item)
            message.is_thinking = False
            message.edited_timestamp = self.now()

    def message(self, message_id: str, **of: str) -> Message:
        """Raises ApiError unless it is there and its fields are those."""
        found = self.state.messages.get(message_id)
        if found is None or any(getattr(found, name) != value for name, value in of.items()):
            raise ApiError(*UNKNOWN_MESSAGE)
        return found

    def delete(self, message_id: str) -> None:
        with self.change() as state:
            del state.messages[message_id]

    def visible(self, channel_id: str, user_id: str | None) -> list[Message]:
        """What somebody sees in a channel, oldest first; None is somebody whom nothing was shown alone."""
        return [
            each
            for each in self.state.messages.values()
            if each.channel_id == channel_id and each.seen_by in (None, user_id)
        ]
