"""The HTTP server: waitress, with limits, and an end at which every request that was received is answered."""

import errno
import select
import threading
import time
from typing import Any
from weakref import WeakKeyDictionary

import waitress
from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import BaseWSGIServer

THREADS = 8
"""As many as a process has connections to a SQLite file."""
MOST_CONNECTIONS = 500
LARGEST_HEADERS, LARGEST_BODY = 16 * 1024, 2 * 1024 * 1024
"""In bytes. The API itself takes bodies up to half of that, and refuses others in its own words."""
IDLE, SLOWEST, UNREAD = 60, 30, 60
"""Seconds that a connection may be silent; that a request may take until it is received, and an answer until it is
sent."""
LAST_ANSWERS = 30.0
"""Seconds that requests have to be answered at the end: more than any may take."""


class CannotListen(Exception):
    """Says in one line what can't be listened on, and why."""


class Server:
    """Listens as soon as it is made, and answers while it runs. Raises CannotListen.

    `trusted_proxy` is the one address whose X-Forwarded-For and X-Forwarded-Proto count (`*`: everybody's); no other
    header of that kind ever reaches the application.
    """

    def __init__(self, application: Any, host: str, port: int, trusted_proxy: str | None = None) -> None:
        trust = {"trusted_proxy_count": 1, "trusted_proxy_headers": {"x-forwarded-for", "x-forwarded-proto"}}
        proxied = {"trusted_proxy": trusted_proxy, **trust} if trusted_proxy else {}
        self._map: dict[int, Any] = {}
        self._waking, self._is_closed = threading.RLock(), False
        self._receiving: WeakKeyDictionary[Any, float] = WeakKeyDictionary()
        self._sending: WeakKeyDictionary[HTTPChannel, float] = WeakKeyDictionary()
        try:
            self._server = waitress.create_server(
                application,
                map=self._map,
                host=host,
                port=port,
                threads=THREADS,
                connection_limit=MOST_CONNECTIONS,
                asyncore_use_poll=True,
                max_request_header_size=LARGEST_HEADERS,
                max_request_body_size=LARGEST_BODY,
                channel_timeout=IDLE,
                clear_untrusted_proxy_headers=True,
                ident=None,
                **proxied,
            )
        except (OSError, ValueError) as error:
            wasyncore.close_all(self._map, ignore_all=True)
            raise CannotListen(_reason(host, port, error)) from None
        for listener in self._listeners():
            listener.channel_class = _Channel
        first = self._listeners()[0]
        self.host = host
        self.port = int(first.effective_port)
        self._trigger = first.trigger

    def run_until(self, stopped: threading.Event) -> None:
        """Answers until `stopped` is set. Then nobody new is let in, and who had asked gets the answer."""
        while not stopped.is_set():
            self._turn(1.0)
        for listener in self._listeners():
            while select.select([listener.socket], [], [], 0)[0]:
                listener.handle_accept()
            wasyncore.dispatcher.close(
                listener
            )  # its own would end the trigger too, which the threads still pull
        self._turn(0)
        until = time.monotonic() + LAST_ANSWERS
        while self.is_busy and time.monotonic() < until:
            self._turn(0.1)
        self.close()

    @property
    def is_busy(self) -> bool:
        """Whether any request is being received or answered, or any answer is being sent."""
        return any(one.request or one.requests or one.total_outbufs_len for one in self._channels())

    def close(self) -> None:
        """Ends at once, whoever is being answered."""
        self._server.task_dispatcher.shutdown()
        with self._waking:
            self._is_closed = True
            wasyncore.close_all(self._map, ignore_all=True)

    def wake(self) -> None:
        """Lets `run_until` look at once whether it is stopped. May be called from anywhere."""
        with self._waking:
            if not self._is_closed:
                self._trigger.pull_trigger()

    def _turn(self, seconds: float) -> None:
        wasyncore.loop(seconds, use_poll=True, map=self._map, count=1)
        now = time.monotonic()
        for channel in self._channels():
            if channel.request and now - self._receiving.setdefault(channel.request, now) > SLOWEST:
                channel.will_close = True
            if not channel.total_outbufs_len:
                self._sending.pop(channel, None)
            elif now - self._sending.setdefault(channel, now) > UNREAD:
                channel.handle_close()  # to a client that reads nothing, waitress's own closing never comes

    def _channels(self) -> list[HTTPChannel]:
        return [one for one in self._map.values() if isinstance(one, HTTPChannel)]

    def _listeners(self) -> list[BaseWSGIServer]:
        return [one for one in self._map.values() if isinstance(one, BaseWSGIServer)]


class _Parser(HTTPRequestParser):  # type: ignore[misc] # has no types
    """Refuses in words also what waitress fails to read: it would hang up, and log a fault."""

    def parse_header(self, header_plus: bytes) -> None:
        try:
            super().parse_header(header_plus)
        except ValueError as error:
            raise ParsingError("Invalid request") from error


class _Channel(HTTPChannel):  # type: ignore[misc] # has no types
    """A connection whose client has to wait for each answer before it asks again.

    Some hundred requests at once, whose answers nobody reads, would hold a thread as long as the client likes. So only
    the first is answered, and the connection is closed: the client knows that the others may be sent again (RFC 9112,
    9.3.2).
    """

    parser_class = _Parser

    def service(self) -> None:
        with self.requests_lock:
            if len(self.requests) > 1:
                self.requests[0].headers["CONNECTION"] = "close"
        super().service()


def _reason(host: str, port: int, error: OSError | ValueError) -> str:
    if not isinstance(error, OSError):
        return f"HOST={host} is not an address of this machine"
    if error.errno == errno.EADDRINUSE:
        return f"port {port} of {host} is in use; set another PORT"
    return f"HOST={host} and PORT={port} can't be used: {error.strerror}"
