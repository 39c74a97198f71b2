"""Webhooks: where news goes, and which news (DESIGN §12)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple, get_args
from urllib.parse import SplitResult, parse_qsl, urlsplit

from chalicelib.domain.errors import malformed, quoted

DISCORD = "https://discord.com"
MOST = 10
"""Webhooks of one alliance, and of one server for itself."""
LONGEST_URL = 1000

Kind = Literal[
    "event-started",
    "milestone-opened",
    "closing-soon",
    "tier-reached",
    "outlook-changed",
    "sheet-failing",
    "sheet-healed",
    "scoreboard",
]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where some kinds of news of a server, or of one alliance, go. The address is as secret as a key.

    `alliance` None: it is the whole server's. `names`: `closing-soon` may name who is missing, which only an alliance's
    webhook can say. `secret`: what a generic address's events are signed with, `whsec_…`; None for Discord. `disabled`:
    why nothing more is sent, in words that officers read. `state`: what the runs that send news note; of it, officers
    are shown `delivered_at`, when something was last delivered, as RFC 3339, and `problem`, what last went wrong, in
    words: each a text, or absent. `version` counts each change.
    """

    id: str
    server: str
    alliance: str | None
    url: str = field(repr=False)
    kinds: tuple[Kind, ...]
    language: str
    names: bool
    created_at: datetime
    created_by: str
    secret: str | None = field(repr=False)
    disabled: str | None = None
    state: Mapping[str, Any] = field(default_factory=dict)
    version: int = 0

    @property
    def is_discord(self) -> bool:
        """Whether it is a channel on Discord, which takes messages, and not a program, which takes signed events."""
        return self.secret is None

    @property
    def shown(self) -> str:
        """The address as it is shown: which one it is, but not what lets others send there."""
        parts = urlsplit(self.url)
        if not self.is_discord:
            return f"{parts.scheme}://{parts.netloc}/…"
        path, identity, _ = parts.path.rsplit("/", 2)
        return f"{DISCORD}{path}/{identity[:4]}…/…"


class Place(NamedTuple):
    """Where a generic webhook leads, always by https at port 443. `path` is with the query."""

    host: str
    path: str


def discord_url(text: str, api_url: str) -> str | None:
    """The address of a Discord webhook as it is stored: at discord.com, with the thread if it names one. None if it is
    at another host than Discord's, or `api_url`, which stands in for Discord.

    Raises Malformed (`url`) for an address at that host that is not a webhook's.
    """
    parts = _split(text)
    if text.startswith(f"{api_url}/"):
        rest = text.removeprefix(api_url)
    elif _OF_DISCORD.fullmatch(parts.hostname or ""):
        rest = _DISCORDS.sub("", text)
    else:
        return None
    path, _, query = rest.partition("?")
    found = _DISCORD_PATH.fullmatch(path)
    if not found:
        raise malformed(
            "url",
            "This is not the address of a Discord webhook. Copy it from the channel's settings on Discord: "
            "Integrations, Webhooks, Copy Webhook URL.",
        )
    pairs = parse_qsl(query, keep_blank_values=True)
    given = dict(pairs)
    thread = given.get("thread_id", "0")
    if given.keys() - {"wait", "thread_id"} or len(given) < len(pairs) or not is_id(thread):
        raise malformed(
            "url",
            "Of a Discord webhook's address only thread_id can follow the question mark, once, with a thread's id.",
        )
    return DISCORD + found[1] + (f"?thread_id={thread}" if "thread_id" in given else "")


def is_id(text: str) -> bool:
    """Whether it is like the ids that Discord gives."""
    return _ID.fullmatch(text) is not None


def generic_place(text: str) -> Place:
    """Where the address leads, as far as the address itself tells. Raises Malformed (`url`) unless it is https, at a
    name in the public internet, at the usual port, without a user."""
    parts = _split(text)
    host, _, port = parts.netloc.lower().partition(":")
    if parts.scheme != "https":
        raise malformed("url", "The address must begin with https://.")
    if "@" in host or "@" in port:
        raise malformed("url", "The address must not hold a user or a password.")
    if not _NAME.fullmatch(host) or len(host) > _LONGEST_NAME:
        raise malformed(
            "url",
            f"{quoted(host)} is not a host's full name, such as bot.example.com. An IP address can't be used.",
        )
    if port not in ("", "443"):
        raise malformed("url", "Only port 443 can be used. Leave the port out.")
    if parts.fragment:
        raise malformed("url", "Leave out what follows the # in the address.")
    return Place(host, (parts.path or "/") + (f"?{parts.query}" if parts.query else ""))


_OF_DISCORD = re.compile(r"(?:.*\.)?discord(?:app)?\.com")
_DISCORDS = re.compile(r"^https://(?:www\.|ptb\.|canary\.)?discord(?:app)?\.com(?=/)", re.IGNORECASE)
_ID = re.compile("[0-9]{1,20}")
_DISCORD_PATH = re.compile(r"(/api(?:/v[0-9]{1,2})?/webhooks/[0-9]{1,20}/[A-Za-z0-9_-]{1,200})/?")
_LABEL = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?:{_LABEL}\.)+[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9])?")
"""A name with a dot whose last part begins with a letter: no spelling of an IPv4 address does."""
_LONGEST_NAME = 253
_VISIBLE = re.compile("[!-~]+")


def _split(text: str) -> SplitResult:
    """Raises Malformed (`url`). Python and servers would each read odd signs in their own way, so there may be none."""
    if len(text) > LONGEST_URL:
        raise malformed("url", f"The address is longer than {LONGEST_URL} characters.")
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    if not _VISIBLE.fullmatch(text) or "\\" in text or not parts.netloc:
        raise malformed(
            "url",
            "This is not a whole address, such as https://bot.example.com/news. Letters beyond A to Z are written as "
            "%XX, and in the host's name as xn--….",
        )
    return parts
