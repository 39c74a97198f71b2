"""One message to one webhook: where it goes, where it never goes, and what became of it."""

import json
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from chalicelib.domain.webhooks import KINDS, Webhook
from chalicelib.news import post, public
from chalicelib.news.post import Answer, Post
from chalicelib.news.public import is_public
from chalicelib.news.signing import new_secret
from tests.news.listener import Listener, Reply, answering, certificate, listening

HOST, PUBLIC = "bot.example.com", "93.184.215.14"
NOW = datetime(2023, 11, 15, 12, tzinfo=UTC)
CONTENT = {"content": "Kestrel wird vermißt"}
DISCORD = "https://discord.com/api/webhooks/12345678901/TOKEN"


def webhook(url: str = f"https://{HOST}/muster?a=b", secret: str | None = None) -> Webhook:
    """A program's, unless the address is Discord's."""
    secret = None if url.startswith(DISCORD) else secret or new_secret()
    return Webhook("one", "101", None, url, ("scoreboard",), "en", False, NOW, "key", secret)


def to(*addresses: str) -> Callable[[str], Sequence[str]]:
    return lambda _: addresses


@pytest.fixture
def ok() -> Iterator[Listener]:
    with listening(answering("200 OK")) as listener:
        yield listener


HOSTILE_URLS = [
    "http://bot.example.com/",
    "ftp://bot.example.com/",
    "//bot.example.com/",
    "https:/bot.example.com/",
    "https://",
    "https://127.0.0.1/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.0.0.1/",
    "https://0177.0.0.1/",
    "https://017700000001/",
    "https://127.0.0.1./",
    "https://1.1.1.1/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[fe80::1%25eth0]/",
    "https://[2606:4700:4700::1111]/",
    "https://localhost/",
    "https://localhost./",
    "https://metadata/",
    "https://bot.example.com:22/",
    "https://bot.example.com:8443/",
    "https://bot.example.com:443@127.0.0.1/",
    "https://user:password@bot.example.com/",
    "https://bot.example.com@127.0.0.1/",
    "https://bot.example.com\\@127.0.0.1/",
    "https://bot.example.com\t.internal/",
    "https://bot.example.com/\r\nHost: other",
    "https://bot.example.com /",
    " https://bot.example.com/",
    "https://bot.example.com/#@127.0.0.1",
    "https://①②⑦.⓪.⓪.①/",
    "https://１２７.0.0.1/",
    "https://127。0。0。1/",
    "https://ｌocalhost.example/",
    "https://bot.examp\u00adle.com/",
    "https://bücher.example/",
    "https://bot..example.com/",
    "https://-bot.example.com/",
    f"https://{'a' * 64}.example.com/",
    f"https://{'a.' * 127}example.com/",
    "https://bot.example.%63om/",
    "https://bot.example.com:/x" + "y" * 1000,
]
NOT_PUBLIC = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.9",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::93.184.215.14",
    "::ffff:10.0.0.1",
    "::ffff:93.184.215.14",
    "::ffff:0:127.0.0.1",
    "64:ff9b::10.0.0.1",
    "64:ff9b::93.184.215.14",
    "64:ff9b:1::10.0.0.1",
    "100::1",
    "2001::1",
    "2001:0:53aa:64c:0:0:80ff:fffe",
    "2001:2::1",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:5db8:d70e::1",
    "3ffe::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "2606:4700:4700::1111%eth0",
    "fec0::1",
    "ff02::1",
    "bot.example.com",
    "",
]


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_an_address_that_is_not_public_is_known(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", [PUBLIC, "1.1.1.1", "172.32.0.1", "2606:4700:4700::1111", "2a00:1450::1"])
def test_so_is_one_that_is(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("url", HOSTILE_URLS)
def test_nothing_is_sent_to_an_address_that_does_not_fit(url: str, ok: Listener) -> None:
    """Even if its name led to a public address."""
    sender = Post(resolve=to(PUBLIC), dial=ok.dial)
    answer = sender.send(webhook(url), CONTENT, "id", NOW)
    assert (answer.outcome, ok.connected) == ("gone", 0)
    assert sender.obstacle(webhook(url)) == answer.reason


def test_nothing_is_sent_where_a_name_leads_out_of_the_public_internet(
    ok: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{ok.port}")
    for hostile in NOT_PUBLIC:
        for found in ([hostile], [PUBLIC, hostile], [hostile, PUBLIC]):
            sender = Post(resolve=to(*found), dial=ok.dial)
            answer = sender.send(webhook(), CONTENT, "id", NOW)
            assert (answer.outcome, ok.connected) == ("gone", 0), found
            assert answer.reason == f"{HOST} is not in the public internet, so nothing is sent there."
            assert sender.obstacle(webhook()) == answer.reason
            # Nobody can choose another name for Discord, so this is a fault of this machine's resolver.
            assert sender.send(webhook(DISCORD), CONTENT, "id", NOW).outcome == "later"
    assert ok.connected == 0


def test_a_name_that_changes_between_the_check_and_the_use_changes_nothing(ok: Listener) -> None:
    answers, dialled = iter([[PUBLIC], ["127.0.0.1"]]), []

    def dial(address: tuple[str, int], seconds: float) -> socket.socket:
        dialled.append(address)
        raise ConnectionRefusedError

    sender = Post(resolve=lambda _: next(answers), dial=dial)
    assert sender.send(webhook(), CONTENT, "id", NOW).outcome == "later"
    assert sender.send(webhook(), CONTENT, "id", NOW).outcome == "gone"
    assert dialled == [(PUBLIC, 443)]


@pytest.fixture(scope="module")
def of_the_host(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("certificate"), HOST)


@pytest.fixture
def secured(of_the_host: Path) -> Iterator[tuple[Listener, Post]]:
    """A listener with the certificate of the host, and what sends there, by an address that it has checked."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(of_the_host)
    trusting = ssl.create_default_context(cafile=of_the_host)
    with listening(answering("200 OK"), context) as listener:

        def dial(address: tuple[str, int], seconds: float) -> socket.socket:
            assert address == (PUBLIC, 443)
            return listener.dial(address, seconds)

        yield listener, Post(resolve=to(PUBLIC), dial=dial, tls=lambda: trusting)


def test_it_goes_to_the_address_that_was_checked_and_the_certificate_is_checked_by_name(
    secured: tuple[Listener, Post],
) -> None:
    listener, sender = secured
    assert sender.send(webhook(), CONTENT, "id", NOW) == Answer("delivered")
    (request,) = listener.requests
    assert (request.method, request.path, request.headers["host"]) == ("POST", "/muster?a=b", HOST)
    assert listener.greeted == [HOST]
    answer = sender.send(webhook("https://another.example.com/"), CONTENT, "id", NOW)
    assert (answer.outcome, answer.reason) == (
        "later",
        "another.example.com could not be reached (SSLCertVerificationError).",
    )
    assert (listener.connected, len(listener.requests)) == (2, 1)


def test_what_is_sent_is_signed_as_an_independent_library_verifies_it(secured: tuple[Listener, Post]) -> None:
    listener, sender = secured
    secret, now = new_secret(), datetime.now(UTC)
    for attempt in (now, now + timedelta(seconds=30), now - timedelta(minutes=6)):
        assert sender.send(webhook(secret=secret), CONTENT, "news/1", attempt).outcome == "delivered"
    first, again, old = listener.requests
    verifier = Verifier(secret)
    assert verifier.verify(first.body, first.headers) == CONTENT
    assert verifier.verify(again.body, again.headers) == CONTENT
    assert first.headers["webhook-id"] == again.headers["webhook-id"] == "news/1"
    assert first.headers["webhook-signature"] != again.headers["webhook-signature"]
    replayed = {**first.headers, "webhook-timestamp": again.headers["webhook-timestamp"]}
    other = {**first.headers, "webhook-id": "news/2"}
    for body, headers in [
        (first.body, replayed),
        (first.body, other),
        (b"{}", first.headers),
        (old.body, old.headers),
    ]:
        with pytest.raises(WebhookVerificationError):
            verifier.verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Verifier(new_secret()).verify(first.body, first.headers)


def test_a_redirect_is_not_followed(secured: tuple[Listener, Post], ok: Listener) -> None:
    listener, sender = secured
    for status in (301, 302, 303, 307, 308):
        listener.reply = answering(f"{status} Elsewhere", "", f"Location: http://127.0.0.1:{ok.port}/")
        answer = sender.send(webhook(), CONTENT, "id", NOW)
        assert (answer.outcome, "give the address that it leads to" in answer.reason) == ("refused", True)
    assert (ok.connected, listener.connected) == (0, 5)


def forever(begin: bytes, more: bytes, pause: float = 0) -> Reply:
    def reply(sock: socket.socket) -> None:
        sock.sendall(begin)
        while True:  # until the other side hangs up
            sock.sendall(more)
            time.sleep(pause)

    return reply


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (forever(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 4096), "delivered"),
        (forever(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"), "delivered"),
        (forever(b"HTTP/1.1 200 OK\r\n\r\n", b"x", 0.01), "delivered"),
        (forever(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"-5\r\nx\r\n"), "delivered"),
        (forever(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), "unknown"),
        (forever(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 4096), "delivered"),
        (forever(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"), "unknown"),
        (forever(b"HTTP/1.1 200 ", b"x", 0.01), "unknown"),
        (forever(b"", b"x" * 4096), "unknown"),
        (lambda sock: sock.recv(1), "unknown"),
        (lambda sock: sock.sendall(b"SSH-2.0-OpenSSH_9.6\r\n"), "unknown"),
        (lambda sock: None, "unknown"),
    ],
)
def test_an_answer_without_end_ends(reply: Reply, outcome: str) -> None:
    with listening(reply) as listener:
        sender = Post(f"http://127.0.0.1:{listener.port}")
        answer = sender.send(webhook(DISCORD), CONTENT, "id", NOW, seconds=0.2)
        assert (answer.outcome, answer.message_id) == (outcome, None)


def silent(_: str) -> Sequence[str]:
    time.sleep(0.5)
    return [PUBLIC]


def failing(_: str) -> Sequence[str]:
    raise socket.gaierror(-2, "Name or service not known")


@pytest.mark.parametrize("resolve", [silent, failing])
def test_a_name_that_is_not_found_in_time_can_be_tried_later(
    resolve: Callable[[str], Sequence[str]], ok: Listener
) -> None:
    sender = Post(resolve=resolve, dial=ok.dial)
    assert sender.send(webhook(), CONTENT, "id", NOW, seconds=0.1).outcome == "later"
    with pytest.raises(OSError):  # noqa: PT011 - any will do
        sender.obstacle(webhook(), seconds=0.1)
    assert ok.connected == 0


def test_the_next_address_is_tried_where_nobody_answers(secured: tuple[Listener, Post]) -> None:
    listener, sender = secured
    unreachable = "2606:4700:4700::1111"

    def dial(address: tuple[str, int], seconds: float) -> socket.socket:
        if address[0] == unreachable:
            raise OSError("Network is unreachable")
        return listener.dial(address, seconds)

    sender = Post(resolve=to(unreachable, PUBLIC), dial=dial, tls=sender.tls)
    assert sender.send(webhook(), CONTENT, "id", NOW).outcome == "delivered"


def problem(status: str, code: int | None = None, *headers: str, **more: Any) -> Reply:
    """As Discord refuses something."""
    return answering(status, json.dumps({"message": "why", "code": code, **more}), *headers)


IN_A_MINUTE = format_datetime(NOW + timedelta(minutes=1), usegmt=True)


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (answering("200 OK", '{"id": "42"}'), ("delivered", "42", None)),
        (answering("200 OK", '{"id": 42}'), ("delivered", None, None)),
        (answering("200 OK", '{"id": "../42"}'), ("delivered", None, None)),
        (answering("200 OK", '{"id": "４２"}'), ("delivered", None, None)),
        (answering("200 OK", "[" * 50_000), ("delivered", None, None)),
        (answering("400 Bad Request", '{"code": [10015], "message": {}}'), ("refused", None, None)),
        (answering("403 Forbidden", '{"code": {}}'), ("later", None, None)),
        (answering("204 No Content"), ("delivered", None, None)),
        (problem("429 Slow down", None, retry_after=0.65), ("later", None, 0.65)),
        (problem("429 Slow down", 30046, retry_after=60), ("later", None, 60.0)),
        (problem("429 Slow down", None, "Retry-After: 7"), ("later", None, 7.0)),
        (answering("429 Slow down", "<html>", "Retry-After: 7"), ("later", None, 7.0)),
        (answering("429 Slow down", '{"retry_after": 1e400}'), ("later", None, None)),
        (answering("429 Slow down", f'{{"retry_after": {"9" * 400}}}'), ("later", None, None)),
        (problem("429 Slow down", None, retry_after=-1), ("later", None, None)),
        (problem("429 Slow down", None, retry_after=10**9), ("later", None, 86_400.0)),
        (problem("400 Bad Request", 50035), ("refused", None, None)),
        (problem("413 Too Large", 40005), ("refused", None, None)),
        (problem("404 Not Found", 10015), ("gone", None, None)),
        (problem("404 Not Found", 10003), ("gone", None, None)),
        (problem("404 Not Found", 10008), ("missing", None, None)),
        (answering("404 Not Found", "<html>"), ("refused", None, None)),
        (problem("401 Unauthorized", 50027), ("gone", None, None)),
        (problem("403 Forbidden", 50013), ("gone", None, None)),
        (answering("403 Forbidden", "<html>You are blocked"), ("later", None, None)),
        (problem("403 Forbidden", 40333), ("later", None, None)),
        (answering("500 Oops", "", "Retry-After: 7"), ("unknown", None, 7.0)),
        (answering("502 Bad Gateway", "<html>"), ("unknown", None, None)),
        (answering("302 Found", "", "Location: http://127.0.0.1/"), ("refused", None, None)),
    ],
)
def test_what_discord_answers(reply: Reply, expected: tuple[str, str | None, float | None]) -> None:
    with listening(reply) as listener:
        answer = Post(f"http://127.0.0.1:{listener.port}/stand-in").send(webhook(DISCORD), CONTENT, "id", NOW)
        assert (answer.outcome, answer.message_id, answer.retry_after) == expected
        assert (answer.reason == "") == (answer.outcome == "delivered")
        (request,) = listener.requests
    assert (request.method, request.path) == ("POST", "/stand-in/api/webhooks/12345678901/TOKEN?wait=true")
    assert json.loads(request.body) == CONTENT
    assert not {name for name in request.headers if name.startswith("webhook-")}


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (answering("202 Accepted", '{"id": "42"}'), ("delivered", None, None)),
        (answering("408 Timeout"), ("later", None, None)),
        (answering("425 Too Early"), ("later", None, None)),
        (answering("429 Slow down", "", "Retry-After: 7"), ("later", None, 7.0)),
        (answering("429 Slow down", "", f"Retry-After: {IN_A_MINUTE}"), ("later", None, 60.0)),
        (answering("429 Slow down", "", "Retry-After: Wed, 15 Nov 2023 11:00:00 GMT"), ("later", None, None)),
        (answering("429 Slow down", "", "Retry-After: soon"), ("later", None, None)),
        (answering("401 Unauthorized"), ("refused", None, None)),
        (answering("404 Not Found"), ("refused", None, None)),
        (answering("410 Gone"), ("gone", None, None)),
        (answering("422 Unprocessable"), ("refused", None, None)),
        (answering("503 Unavailable", "", "Retry-After: 7"), ("unknown", None, 7.0)),
    ],
)
def test_what_a_program_answers(
    reply: Reply, expected: tuple[str, str | None, float | None], secured: tuple[Listener, Post]
) -> None:
    listener, sender = secured
    listener.reply = reply
    answer = sender.send(webhook(), CONTENT, "id", NOW)
    assert (answer.outcome, answer.message_id, answer.retry_after) == expected


def test_a_message_is_edited_in_place_and_a_thread_stays_the_thread(ok: Listener) -> None:
    sender, in_thread = Post(f"http://127.0.0.1:{ok.port}"), webhook(f"{DISCORD}?thread_id=7")
    assert sender.send(in_thread, CONTENT, "id", NOW).outcome == "delivered"
    assert sender.send(in_thread, CONTENT, "id", NOW, edits="42").outcome == "delivered"
    assert sender.send(webhook(DISCORD), CONTENT, "id", NOW, edits="42").outcome == "delivered"
    path = "/api/webhooks/12345678901/TOKEN"
    assert [(request.method, request.path) for request in ok.requests] == [
        ("POST", f"{path}?wait=true&thread_id=7"),
        ("PATCH", f"{path}/messages/42?thread_id=7"),
        ("PATCH", f"{path}/messages/42"),
    ]


def test_nobody_there_means_later(ok: Listener) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert Post(f"http://127.0.0.1:{port}").send(webhook(DISCORD), CONTENT, "id", NOW).outcome == "later"


def test_no_reason_and_no_repr_holds_what_is_secret() -> None:
    one = webhook(DISCORD)
    assert "TOKEN" not in repr(one)
    other = webhook()
    assert other.secret
    assert other.secret not in repr(other)
    for sender in (Post(resolve=failing), Post(resolve=to("127.0.0.1")), Post("http://127.0.0.1:9")):
        assert "TOKEN" not in sender.send(one, CONTENT, "id", NOW).reason


def test_programmers_can_read_about_every_kind() -> None:
    page = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text(encoding="utf-8")
    assert [kind for kind in KINDS if f"\n| `{kind}` | " not in page] == []


def test_the_authorities_are_those_of_certifi_and_a_resolver_answers_in_addresses() -> None:
    assert post.trusting().verify_mode == ssl.CERT_REQUIRED
    assert post.trusting().check_hostname
    assert post.trusting().cert_store_stats()["x509_ca"] > 50
    assert public.addresses("127.0.0.1") == ["127.0.0.1"]
    with pytest.raises(OSError):  # noqa: PT011 - any will do
        public.addresses("a" * 64 + ".example")
