"""One HTTP request over a socket that is connected already, and its answer: in so many seconds, of so many bytes.

urllib3 and requests limit each read, so an answer that trickles in would never end; here the whole exchange has one
deadline. Nothing is followed, repeated or taken from the environment.
"""

import io
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPConnection, HTTPException
from typing import Any, cast

MOST_BYTES = 64 * 1024
"""Of an answer, with its headers. Discord's has about a fifth of it at most."""


@dataclass(frozen=True, slots=True)
class Deadline:
    _at: float

    @classmethod
    def within(cls, seconds: float) -> "Deadline":
        return cls(time.monotonic() + seconds)

    def left(self, most: float | None = None) -> float:
        """How many seconds are left, or `most` of them. Raises TimeoutError if none are."""
        left = self._at - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left if most is None else min(left, most)


@dataclass(frozen=True, slots=True)
class Reply:
    """`body`: as much as came in time and within `MOST_BYTES`."""

    status: int
    headers: Message
    body: bytes


def exchange(
    sock: socket.socket,
    deadline: Deadline,
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    reads_body: bool,
) -> Reply:
    """Sends the request, and reads what is answered; its body only if that is wanted. The caller closes the socket.

    Raises OSError or HTTPException if no status and headers come that can be read; the request may have been taken.
    """
    connection = HTTPConnection(headers["Host"])
    connection.sock = cast(socket.socket, _Line(sock, deadline))
    connection.request(method, path, body, dict(headers))
    try:
        response = connection.getresponse()
    except ValueError as error:  # from a number that is none
        raise HTTPException from error
    with response:
        try:
            read = response.read(MOST_BYTES if reads_body else 0)
        except (OSError, HTTPException, ValueError):  # the status says what is to be known
            read = b""
        return Reply(response.status, response.headers, read)


@dataclass(frozen=True, slots=True)
class _Line:
    """What http.client uses of a socket."""

    _sock: socket.socket
    _deadline: Deadline

    def sendall(self, data: bytes) -> None:
        self._sock.settimeout(self._deadline.left())
        self._sock.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Incoming(self._sock, self._deadline))

    def close(self) -> None:
        """http.client says so before it has read the body."""


class _Incoming(io.RawIOBase):
    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock, self._deadline, self._room = sock, deadline, MOST_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._sock.settimeout(self._deadline.left())
        count = self._sock.recv_into(memoryview(buffer)[: self._room])
        self._room -= count
        return count
