"""API Gateway on this machine."""

from chalice.app import Chalice

from local.serving import LocalServer
from manage.serve.adapter import Adapter


class Gateway:
    """Serves `app` on this machine, optionally under a stage prefix such as `/api`."""

    def __init__(self, app: Chalice, host: str = "127.0.0.1", port: int = 0, prefix: str = "") -> None:
        self._server = LocalServer(Adapter(app, prefix).answer, host, port)
        self.url = self._server.url + prefix

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        self._server.stop()
