"""The connections to the server, which can be cut at any time."""

import socket
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NoReturn

from werkzeug.serving import WSGIRequestHandler
from werkzeug.wrappers import Request


@dataclass
class Connections:
    """The open connections, so that all are closed with the server."""

    sockets: set[socket.socket] = field(default_factory=set)

    def handler(self) -> type[WSGIRequestHandler]:
        """A quiet request handler that keeps connections alive, and registers them here."""
        sockets = self.sockets

        class Handler(WSGIRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self) -> None:
                super().setup()
                sockets.add(self.connection)

            def finish(self) -> None:
                sockets.discard(self.connection)
                super().finish()

            def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
                """Logs nothing: addresses hold tokens."""

        return Handler

    def close(self) -> None:
        for each in list(self.sockets):
            _shut(each)


def drop(request: Request) -> NoReturn:
    """Closes the connection of a request without an answer."""
    _shut(request.environ["werkzeug.socket"])
    raise ConnectionAbortedError


def _shut(connection: socket.socket) -> None:
    with suppress(OSError):  # The other side may have closed it first.
        connection.shutdown(socket.SHUT_RDWR)
