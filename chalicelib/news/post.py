"""One message to one webhook, sent safely, and what became of it (decision 39).

An address that others chose must not lead into the network that this process is in. So what its name resolves to is
checked at each send, and the connection goes to an address that was checked: nothing resolves the name again. TLS
checks the certificate by the name.
"""

import json
import math
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cache
from http.client import HTTPException
from typing import Any, Literal
from urllib.parse import urlsplit

from chalicelib.domain.errors import Malformed, quoted
from chalicelib.domain.webhooks import DISCORD, Webhook, generic_place, is_id
from chalicelib.news.exchange import Deadline, Reply, exchange
from chalicelib.news.public import Resolve, addresses, is_public, resolved
from chalicelib.news.signing import signed
from chalicelib.version import VERSION

Outcome = Literal["delivered", "later", "unknown", "refused", "gone", "missing"]
Dial = Callable[[tuple[str, int], float], socket.socket]
"""Connects to an address and port within so many seconds. Raises OSError."""

SECONDS = 10.0
"""How long one send may take in all."""
_CONNECT, _TRIED = 3.0, 3
"""Seconds for each attempt to connect, and how many of a name's addresses are tried."""
_LONGEST_WAIT = 86_400.0

_GONE, _MESSAGE_GONE, _NOT_FROM_DISCORD = {10003, 10015, 50027}, 10008, {0, 40333}
"""Codes of Discord's errors: the channel, the webhook or its token is gone; the message is; what its outer servers
answer when they let nobody in, which says nothing about the webhook."""


@cache
def trusting() -> ssl.SSLContext:
    """TLS with the authorities of certifi: what a machine itself trusts may be old, or somebody's own."""
    import certifi

    return ssl.create_default_context(cafile=certifi.where())


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a message. `reason` is for officers, in English.

    - delivered: it was taken. `message_id` is Discord's, if it was read.
    - later: it was certainly not taken, and may be sent again, after `retry_after` seconds if that was said.
    - unknown: it may or may not have been taken.
    - refused: this content is never taken.
    - gone: nothing is ever taken at this address again.
    - missing: the message that was to be edited is not there.
    """

    outcome: Outcome
    message_id: str | None = None
    retry_after: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Post:
    """Sends. What is for Discord goes to `discord_api_url`; unless that is Discord's own, it is the operator's choice,
    and may be anywhere."""

    discord_api_url: str = DISCORD
    resolve: Resolve = addresses
    dial: Dial = socket.create_connection
    tls: Callable[[], ssl.SSLContext] = trusting

    def send(
        self,
        webhook: Webhook,
        content: Mapping[str, Any],
        message: str,
        at: datetime,
        edits: str | None = None,
        seconds: float = SECONDS,
    ) -> Answer:
        """Sends `content` as JSON: to Discord a message, to a program an event.

        `message` identifies this news, the same at each attempt (for a program, the `webhook-id`); `at` is the time of
        this attempt. `edits`: the id of Discord's message that is replaced instead. It takes `seconds` at most, and
        never raises for what the other side does.
        """
        body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
        agent = f"DiscordBot (Muster, {VERSION})" if webhook.is_discord else f"Muster/{VERSION}"
        headers = {"Content-Type": "application/json", "User-Agent": agent}
        if webhook.secret:
            headers |= signed(webhook.secret, message, at, body)
        deadline, was_sent = Deadline.within(seconds), False
        try:
            to = self._target(webhook, edits)
            with self._connected(to, deadline) as sock:
                was_sent = True
                headers["Host"] = to.netloc
                reply = exchange(
                    sock, deadline, to.method, to.path, headers, body, reads_body=webhook.is_discord
                )
        except _NotPublic as error:
            # Discord's own name is nobody's choice: then it is this machine's resolver that errs, for a while.
            return Answer("later" if webhook.is_discord else "gone", reason=str(error))
        except Malformed as error:
            return Answer("gone", reason=error.detail)
        except (OSError, HTTPException) as error:
            kind = type(error).__name__
            if was_sent:
                return Answer("unknown", reason=f"It was sent, but no answer came that can be read ({kind}).")
            return Answer("later", reason=f"{to.host} could not be reached ({kind}).")
        return (_of_discord if webhook.is_discord else _of_program)(reply, at)

    def obstacle(self, webhook: Webhook, seconds: float = SECONDS) -> str | None:
        """Why nothing is ever sent to its address as things are, in words; None if something would be. Nothing is sent.
        Raises OSError if its name can't be looked up now."""
        try:
            self._checked(self._target(webhook, None), Deadline.within(seconds))
        except _NotPublic as error:
            return str(error)
        except Malformed as error:
            return error.detail
        return None

    def _target(self, webhook: Webhook, edits: str | None) -> "_Target":
        """Raises Malformed for a generic address that does not fit, as one from an earlier version may not."""
        if not webhook.is_discord:
            place = generic_place(webhook.url)
            return _Target("POST", True, place.host, 443, place.host, place.path, is_checked=True)
        api, address = urlsplit(self.discord_api_url), urlsplit(webhook.url)
        path, query = api.path + address.path, [address.query] if address.query else []
        if edits is None:
            query = ["wait=true", *query]  # then it answers with the message's id
        else:
            path = f"{path}/messages/{edits}"
        return _Target(
            "POST" if edits is None else "PATCH",
            api.scheme == "https",
            api.hostname or "",
            api.port or (443 if api.scheme == "https" else 80),
            api.netloc,
            "?".join([path, "&".join(query)]).rstrip("?"),
            is_checked=self.discord_api_url == DISCORD,
        )

    def _checked(self, to: "_Target", deadline: Deadline) -> list[str]:
        """The addresses to connect to. Raises _NotPublic if any that the name resolves to is not public; OSError."""
        if not to.is_checked:
            return [to.host]
        found = resolved(self.resolve, to.host, deadline.left())
        if not all(map(is_public, found)):
            raise _NotPublic(f"{to.host} is not in the public internet, so nothing is sent there.")
        return list(found[:_TRIED])

    @contextmanager
    def _connected(self, to: "_Target", deadline: Deadline) -> Iterator[socket.socket]:
        """A connection to one of the checked addresses. Raises OSError, _NotPublic."""
        failure: OSError = TimeoutError()
        for address in self._checked(to, deadline):
            try:
                plain = self.dial((address, to.port), deadline.left(_CONNECT))
            except OSError as error:
                failure = error
                continue
            with plain:
                if not to.is_tls:
                    yield plain
                    return
                plain.settimeout(deadline.left())
                with self.tls().wrap_socket(plain, server_hostname=to.host) as sock:
                    yield sock
                return
        raise failure


@dataclass(frozen=True, slots=True)
class _Target:
    """`is_checked`: others chose it, or it is Discord itself, so it must be public."""

    method: str
    is_tls: bool
    host: str
    port: int
    netloc: str
    path: str
    is_checked: bool


class _NotPublic(Exception):
    pass


def _of_discord(reply: Reply, at: datetime) -> Answer:
    answer = _object(reply.body)
    code, words = answer.get("code"), answer.get("message")
    code = code if isinstance(code, int) else None
    reason = f"Discord answered {reply.status}" + (f": {quoted(words)}." if isinstance(words, str) else ".")
    if 200 <= reply.status < 300:
        identity = answer.get("id")
        return Answer("delivered", identity if isinstance(identity, str) and is_id(identity) else None)
    if reply.status == 429:
        return Answer("later", None, _seconds(answer.get("retry_after")) or _retry_after(reply, at), reason)
    if reply.status >= 500:
        return Answer("unknown", None, _retry_after(reply, at), reason)
    if code == _MESSAGE_GONE:
        return Answer("missing", reason=reason)
    if code in _GONE or (reply.status in (401, 403) and code is not None and code not in _NOT_FROM_DISCORD):
        return Answer("gone", reason=f"{reason} It was deleted on Discord, or its channel was.")
    if reply.status in (401, 403):
        return Answer("later", None, _retry_after(reply, at), reason)
    return Answer("refused", reason=reason)


def _of_program(reply: Reply, at: datetime) -> Answer:
    """Of what the other side says, only numbers are taken."""
    reason, wait = f"The address answered {reply.status}.", _retry_after(reply, at)
    if 200 <= reply.status < 300:
        return Answer("delivered")
    if 300 <= reply.status < 400:
        return Answer(
            "refused", reason=f"{reason} Muster follows no redirect: give the address that it leads to."
        )
    if reply.status == 410:
        return Answer("gone", reason=f"{reason} That means that nothing more is wanted there.")
    if reply.status in (408, 425, 429):
        return Answer("later", None, wait, reason)
    return Answer("unknown" if reply.status >= 500 else "refused", None, wait, reason)


def _object(body: bytes) -> Mapping[str, Any]:
    """The JSON object; empty if it is not one."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _retry_after(reply: Reply, at: datetime) -> float | None:
    """What the header says: seconds, or a time."""
    said = reply.headers.get("Retry-After")
    if said is None:
        return None
    try:
        return _seconds((parsedate_to_datetime(said) - at).total_seconds())
    except (TypeError, ValueError, OverflowError):  # not a time, or one without a zone
        return _seconds(said)


def _seconds(said: object) -> float | None:
    """A number of seconds, a day at most; None if it is not one."""
    if not isinstance(said, str | int | float) or isinstance(said, bool):
        return None
    try:
        seconds = float(said)
    except (ValueError, OverflowError):
        return None
    return min(seconds, _LONGEST_WAIT) if math.isfinite(seconds) and seconds >= 0 else None
