"""A listener on this machine that counts who connects, and answers as a test says; with TLS, if it has a context."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Reply = Callable[[socket.socket], None]


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Listener:
    """`connected`: how many connections there were; `greeted`: the names that were asked for by TLS."""

    server: socket.socket
    context: ssl.SSLContext | None
    reply: Reply
    connected: int = 0
    greeted: list[str | None] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.server.getsockname()[1])

    def dial(self, _: tuple[str, int], seconds: float) -> socket.socket:
        """Whatever address is dialled, this listener is what answers."""
        return socket.create_connection(("127.0.0.1", self.port), seconds)

    def serve(self) -> None:
        while True:
            try:
                sock, _ = self.server.accept()
            except OSError:  # closed
                return
            self.connected += 1
            sock.settimeout(10)
            with sock, suppress(OSError):
                self._answer(sock)

    def _answer(self, sock: socket.socket) -> None:
        if self.context:
            sock = self.context.wrap_socket(sock, server_side=True)
        with sock, sock.makefile("rb") as lines:
            method, path, _ = lines.readline().decode().split(" ")
            headers = {}
            while (line := lines.readline().decode().strip()) != "":
                name, _, value = line.partition(": ")
                headers[name.lower()] = value
            body = lines.read(int(headers.get("content-length", 0)))
            self.requests.append(Request(method, path, headers, body))
            self.reply(sock)


def answering(status: str, body: str = "", *headers: str) -> Reply:
    """A whole answer; `status` such as `204 No Content`."""
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body.encode())}", "", body]
    return lambda sock: sock.sendall("\r\n".join(lines).encode())


@contextmanager
def listening(reply: Reply, context: ssl.SSLContext | None = None) -> Iterator[Listener]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        listener = Listener(server, context, reply)
        if context:
            context.sni_callback = lambda _, name, __: listener.greeted.append(name)
        thread = Thread(target=listener.serve)
        thread.start()
        try:
            yield listener
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


def certificate(folder: Path, name: str) -> Path:
    """A certificate for that name, which is its own authority, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{name}.pem"
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(private + made.public_bytes(pem))
    return file
