"""The HTTP server: what it refuses, whom it believes, and how it ends."""

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from werkzeug.wrappers import Request, Response

from manage.serve import server as module
from manage.serve.server import LARGEST_BODY, LARGEST_HEADERS, CannotListen, Server

PROXY = {
    "X-Forwarded-For": "192.0.2.7",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "evil.example.org",
    "Forwarded": "for=192.0.2.8;proto=https",
}


class Running:
    """A server in a thread, whose application says what it was asked. `begun` and `go_on` hold up POST requests."""

    def __init__(self, trusted_proxy: str | None = None) -> None:
        self.begun, self.go_on, self.stopped = threading.Event(), threading.Event(), threading.Event()
        self.server = Server(Request.application(self.answer), "127.0.0.1", 0, trusted_proxy)
        self.thread = threading.Thread(target=self.server.run_until, args=(self.stopped,))
        self.thread.start()

    def answer(self, request: Request) -> Response:
        if request.path == "/slow":
            self.begun.set()
            self.go_on.wait(20)
        if request.path == "/long":
            self.begun.set()
            return Response(b"x" * 10_000_000)
        headers = {name: value for name, value in request.headers.items() if "orwarded" in name}
        return Response(json.dumps([request.remote_addr, request.scheme, request.host, headers]))

    def connected(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20)

    def stop(self) -> None:
        self.stopped.set()
        self.server.wake()


@contextmanager
def running(trusted_proxy: str | None = None) -> Iterator[Running]:
    found = Running(trusted_proxy)
    try:
        yield found
    finally:
        found.go_on.set()
        found.stop()
        found.thread.join()


def asked(found: Running) -> list[object]:
    with closing(found.connected()) as connection:
        connection.request("GET", "/", headers={"Host": "muster.example.org", **PROXY})
        answer: list[object] = json.loads(connection.getresponse().read())
        return answer


def test_what_a_client_says_of_proxies_is_not_believed() -> None:
    for other in (None, "192.0.2.1"):
        with running(other) as found:
            assert asked(found) == ["127.0.0.1", "http", "muster.example.org", {}]


@pytest.mark.parametrize("proxy", ["127.0.0.1", "*"])
def test_the_proxy_is_believed_for_whom_and_how_but_not_where(proxy: str) -> None:
    with running(proxy) as found:
        believed = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https"}
        assert asked(found) == ["192.0.2.7", "https", "muster.example.org", believed]


def test_too_large_bodies_and_headers_are_refused() -> None:
    with running() as found:
        for headers, status in (
            ({"Content-Length": str(LARGEST_BODY + 1)}, 413),
            ({"X-Long": "x" * LARGEST_HEADERS}, 431),
        ):
            with closing(found.connected()) as connection:
                connection.request("POST", "/", headers=headers)
                assert connection.getresponse().status == status
        assert asked(found)


def test_a_request_that_trickles_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SLOWEST", 0)
    with running() as found, socket.create_connection(("127.0.0.1", found.server.port), 20) as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: muster\r\n")
        assert client.recv(100) == b""


def test_who_reads_no_answer_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "UNREAD", 0)
    with running() as found, socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        client.connect(("127.0.0.1", found.server.port))
        client.sendall(b"GET /long HTTP/1.1\r\n\r\n")
        assert found.begun.wait(20)
        for _ in range(1_000):
            if found.server.is_busy:
                time.sleep(0.01)
        assert not found.server.is_busy


def test_who_does_not_wait_for_an_answer_gets_one_and_is_told_to_send_the_rest_again() -> None:
    with running() as found, socket.create_connection(("127.0.0.1", found.server.port), 20) as client:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n" * 100)
        answer = client.makefile("rb").read()
    assert answer.count(b"HTTP/1.1 200 OK") == 1
    assert b"Connection: close" in answer


@pytest.mark.parametrize(
    "request_line",
    [b"GET http://[/ HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n"],
)
def test_what_can_not_be_read_is_refused(request_line: bytes) -> None:
    with running() as found, socket.create_connection(("127.0.0.1", found.server.port), 20) as client:
        client.sendall(request_line + b"\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 400 Bad Request")


def test_at_the_end_who_is_being_answered_gets_the_answer_and_nobody_else_is_let_in() -> None:
    with running() as found, closing(found.connected()) as idle, closing(found.connected()) as connection:
        idle.request("GET", "/")
        idle.getresponse().read()
        connection.request("GET", "/slow")
        assert found.begun.wait(20)
        found.stop()
        while True:
            with closing(found.connected()) as another:
                try:
                    another.connect()
                except ConnectionError:
                    break
        assert found.thread.is_alive()
        found.go_on.set()
        assert connection.getresponse().status == 200
        found.thread.join()
        assert idle.sock
        assert idle.sock.recv(1) == b""


def test_what_can_not_be_listened_on_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CannotListen, match=f"port {port} of 127.0.0.1 is in use; set another PORT"):
            Server(Response(), "127.0.0.1", port)
    with pytest.raises(CannotListen, match=r"HOST=192\.0\.2\.1 and PORT=80 can't be used"):
        Server(Response(), "192.0.2.1", 80)
