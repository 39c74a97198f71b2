"""The stand-in for Discord as tests and the demo use it."""

import threading
from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from werkzeug.serving import make_server

from .connections import Connections
from .core import Core
from .errors import Json
from .interactions import Caller, Interactions
from .limits import Limits
from .traffic import Fault, RecordedRequest
from .web import Site


def utc_now() -> datetime:
    return datetime.now(UTC)


class DiscordServer:
    """An HTTP server that answers like Discord, and shows its channels as a page where people use commands.

    Everything is kept in `folder` as one JSON file; without a folder, in memory. `clock` tells the times of messages,
    limits and signatures. Requests are answered from `start` to `stop`, after which it can't be started again. Raises
    CannotRead if the file is another version's.
    """

    def __init__(
        self,
        folder: Path | None = None,
        clock: Callable[[], datetime] = utc_now,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self._core = Core(clock, folder)
        self._site = Site(self._core)
        self._connections = Connections()
        self._http = make_server(
            host, port, self._site, threaded=True, request_handler=self._connections.handler()
        )
        self.url = f"http://{host}:{self._http.server_port}"
        """What clients take for https://discord.com."""

    def start(self) -> None:
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Closes the address and every connection."""
        self._core.stop()
        self._site.stopping.set()
        self._http.shutdown()
        self._http.server_close()
        self._connections.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # The application

    @property
    def application_id(self) -> str:
        return self._core.state.application.id

    @property
    def public_key(self) -> str:
        """In hex: with it, an application checks what is sent to it."""
        return self._core.state.application.public_key

    @property
    def bot_token(self) -> str:
        """For `Authorization: Bot …`."""
        return self._core.state.application.bot_token

    @property
    def client_secret(self) -> str:
        """For a token by client credentials, with the application's id."""
        return self._core.state.application.client_secret

    def set_interactions_url(self, url: str) -> None:
        """Where commands are sent to from now on. Raises CannotVerify, as Discord does if the address is not good."""
        self._site.interactions.verify(url)

    # Guilds and people

    def create_guild(self, name: str, channels: Mapping[str, str], locale: str = "en-US") -> str:
        """Makes a guild with channels, by their names and with their topics, and returns its id."""
        return self._core.create_guild(name, channels, locale)

    def create_person(self, name: str) -> str:
        """Makes an account, and returns its id."""
        return self._core.create_person(name)

    def join(self, guild_id: str, person_id: str, is_officer: bool = False) -> None:
        """Officers may manage the guild, its messages and webhooks, and ring everyone."""
        self._core.join(guild_id, person_id, is_officer)

    def guild_id(self, name: str) -> str | None:
        return next((each.id for each in self._core.state.guilds.values() if each.name == name), None)

    def channel_id(self, guild_id: str, name: str) -> str:
        channels = self._core.state.channels.values()
        return next(each.id for each in channels if each.guild_id == guild_id and each.name == name)

    def person_id(self, name: str) -> str:
        return next(each.id for each in self._core.state.users.values() if each.global_name == name)

    def page_url(self, channel_id: str) -> str:
        """The address of the page that a person opens."""
        return f"{self.url}/channels/{self._core.guild_of(channel_id).id}/{channel_id}"

    def create_webhook(self, channel_id: str, name: str = "Muster") -> str:
        """Makes a webhook, as an officer does in a channel's settings, and returns its address."""
        webhook = self._core.create_webhook(channel_id, name)
        return f"{self.url}/api/webhooks/{webhook.id}/{webhook.token}"

    def webhooks(self, channel_id: str) -> list[str]:
        """The addresses of a channel's webhooks, the oldest first."""
        found = (each for each in self._core.state.webhooks.values() if each.channel_id == channel_id)
        return [f"{self.url}/api/webhooks/{each.id}/{each.token}" for each in found]

    def delete_webhook(self, url: str) -> None:
        """An officer deletes it: from now on it is unknown."""
        self._core.delete_webhook(url.split("/")[-2])

    def delete_message(self, message_id: str) -> None:
        """A person deletes it."""
        self._core.delete(message_id)

    def messages(self, channel_id: str, person_id: str | None = None) -> list[Json]:
        """What somebody sees in a channel, oldest first, as Discord answers it; without somebody, what all see.

        Each also has `rung`: the names of those whom it rang.
        """
        with self._core.lock:
            shown = self._core.visible(channel_id, person_id)
            return [deepcopy(each.resource() | {"rung": each.rung}) for each in shown]

    @property
    def commands(self) -> list[Json]:
        """What the application has registered."""
        return deepcopy(self._core.state.commands)

    # What people do

    def use(
        self, person_id: str, channel_id: str, command: str, locale: str = "en-US", **options: Any
    ) -> Json:
        """Somebody uses a command; a sub-command as `link guild`. Returns the modal if one opens."""
        return self.interactions.use(Caller(person_id, channel_id, locale), command, options)

    @property
    def interactions(self) -> Interactions:
        """Everything else that people do with an application, what was sent to it, and how it failed."""
        return self._site.interactions

    # What happens to requests

    def inject(self, *faults: Fault) -> None:
        """Each of the following API requests suffers the first waiting fault that matches it."""
        with self._core.lock:
            self._site.faults.extend(faults)

    def forget_faults(self) -> None:
        with self._core.lock:
            self._site.faults.clear()

    @property
    def requests(self) -> list[RecordedRequest]:
        """Every API request so far."""
        return self._site.requests

    @property
    def clock(self) -> Callable[[], datetime]:
        return self._core.clock

    @clock.setter
    def clock(self, clock: Callable[[], datetime]) -> None:
        self._core.clock = clock

    @property
    def limits(self) -> Limits:
        """How many requests Discord takes."""
        return self._core.limits

    @limits.setter
    def limits(self, limits: Limits) -> None:
        self._core.limits = limits
