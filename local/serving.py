"""A WSGI application on a port of this machine, in its own threads."""

import threading
from collections.abc import Callable

from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response


class LocalServer:
    """Listens as soon as it is made (port 0: any free port), and answers after `start`."""

    def __init__(self, answer: Callable[[Request], Response], host: str, port: int) -> None:
        application = Request.application(answer)
        self._server = make_server(host, port, application, threaded=True, request_handler=_QuietHandler)
        self.url = f"http://{host}:{self._server.server_port}"

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _QuietHandler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Logs nothing: addresses hold keys, and a line for each request would hide what the demo prints."""
