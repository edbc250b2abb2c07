import email.utils
import gzip
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inboxd.delivery.sender import READ_LIMIT, RETRY_AFTER_LIMIT_S, Sender, parse_retry_after
from inboxd.domain.addresses import Guard
from inboxd.version import __version__
from tests.cast import Received, Receiver, status
from tests.delivery.raw import BODY, LOCAL, OK, RawReceiver, closed_port, post, read_request, reset, says

REFUSED = "the address of this URL is private or reserved (see INBOXD_ALLOW_PRIVATE)"
BROKEN = "the connection was closed or broken before a complete answer"


@pytest.mark.parametrize("code", [200, 201, 202, 204, 206, 226, 299])
def test_every_2xx_is_delivered(sender: Sender, receiver: Receiver, code: int) -> None:
    receiver.default = status(code, b"" if code == 204 else b"thanks")

    outcome = post(sender, receiver.url)

    assert (outcome.status_code, outcome.error, outcome.delivered) == (code, None, True)
    assert (outcome.error_class, outcome.retry_after_s) == (None, None)
    assert outcome.excerpt == ("" if code == 204 else "thanks")
    assert outcome.address == "127.0.0.1"
    assert not outcome.early


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (101, "101 Switching Protocols"),
        (400, "400 Bad Request"),
        (401, "401 Unauthorized"),
        (404, "404 Not Found"),
        (410, "410 Gone"),
        (422, "422 "),
        (429, "429 Too Many Requests"),
        (500, "500 Internal Server Error"),
        (502, "502 Bad Gateway"),
        (503, "503 Service Unavailable"),
        (599, "599"),
        (700, "700"),
    ],
)
def test_every_other_status_is_a_failure_with_its_words(
    sender: Sender, receiver: Receiver, code: int, error: str
) -> None:
    receiver.default = status(code, b"no")

    outcome = post(sender, receiver.url)

    assert outcome.status_code == code
    assert outcome.error is not None
    assert outcome.error.startswith(error)
    assert outcome.error_class == "status"
    assert not outcome.early


@pytest.mark.parametrize("code", [300, 301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_says_where_to_go(sender: Sender, receiver: Receiver, code: int) -> None:
    receiver.default = status(code, headers={"Location": receiver.url + "/moved\x1b[31m"})

    outcome = post(sender, receiver.url)

    assert outcome.status_code == code
    assert outcome.error is not None
    assert outcome.error.endswith(f": redirects are not followed, update the URL to {receiver.url}/moved\ufffd[31m")
    assert outcome.error_class == "redirect"
    assert len(receiver.received) == 1


@pytest.mark.parametrize(("code", "wait"), [(429, 120.0), (502, 120.0), (503, 120.0), (504, 120.0), (500, None)])
def test_a_receiver_may_say_when_to_come_back(
    sender: Sender, receiver: Receiver, code: int, wait: float | None
) -> None:
    receiver.default = status(code, headers={"Retry-After": "120"})

    assert post(sender, receiver.url).retry_after_s == wait


def test_a_date_to_come_back_at_is_seconds_from_now(sender: Sender, receiver: Receiver) -> None:
    receiver.default = status(503, headers={"Retry-After": email.utils.formatdate(time.time() + 600, usegmt=True)})

    wait = post(sender, receiver.url).retry_after_s

    assert wait is not None
    assert 580 < wait <= 600


NOW_S = 1_781_090_096.0  # Wed, 10 Jun 2026 11:14:56 GMT


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        (" 120 ", 120.0),
        ("2592000", 2_592_000.0),
        ("Wed, 10 Jun 2026 11:15:56 GMT", 60.0),
        ("Wed, 10 Jun 2026 13:15:56 +0200", 60.0),
        ("Wed, 10 Jun 2026 11:15:56 -0000", 60.0),
        ("Wednesday, 10-Jun-26 11:15:56 GMT", 60.0),
        ("Wed Jun 10 11:15:56 2026", 60.0),
        ("Mon, 01 Jan 2001 00:00:00 GMT", 0.0),
        ("Fri, 10 Jul 2026 11:14:57 GMT", None),
        ("Wed, 10 Jun 9999 11:14:57 GMT", None),
        ("2592001", None),
        ("9" * 64, None),
        ("9" * 5000, None),
        ("", None),
        ("-5", None),
        ("1.5", None),
        ("1e3", None),
        ("inf", None),
        ("nan", None),
        ("5, 5", None),
        ("soon", None),
        ("10 Jun", None),
        ("Wed, 99 Jun 2026 11:15:56 GMT", None),
        ("Wed, 10 Jun 2026 99:99:99 GMT", None),
        ("Wed, 10 Jun 2026 11:15:56 +9999", None),
        ("\u0661\u0662", None),
        ("\u00b2", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_or_nothing(text: str, seconds: float | None) -> None:
    assert parse_retry_after(text, NOW_S) == seconds


_WORDS = ["Wed, ", "10 ", "Jun ", "2026 ", "11:15:56 ", "GMT", "+9999", "-", ",", "99999999999999999999 ", "é"]


@given(st.text(max_size=70) | st.lists(st.sampled_from(_WORDS), max_size=8).map("".join))
def test_no_retry_after_raises_or_is_out_of_bounds(text: str) -> None:
    seconds = parse_retry_after(text, NOW_S)

    assert seconds is None or 0 <= seconds <= RETRY_AFTER_LIMIT_S


def test_a_redirect_to_nowhere_says_so(sender: Sender, receiver: Receiver) -> None:
    receiver.default = status(304)

    assert post(sender, receiver.url).error == "304 Not Modified: redirects are not followed, update the URL"


def test_the_request_is_a_post_of_the_exact_bytes(sender: Sender, receiver: Receiver) -> None:
    body = b'{"a": "\\u003c \xc3\xbc"}'

    sender.send(receiver.url + "?a=1&b=%20", {"webhook-id": "1", "X-Chatwoot-Delivery": "1"}, body)

    [got] = receiver.received
    assert got.body == body
    assert got.path == "/hook?a=1&b=%20"
    headers = {name.lower(): value for name, value in got.headers.items()}
    assert headers.pop("host").startswith("127.0.0.1:")
    assert headers == {
        "content-type": "application/json",
        "content-length": str(len(body)),
        "accept": "application/json",
        "accept-encoding": "identity",
        "user-agent": f"inboxd/{__version__}",
        "webhook-id": "1",
        "x-chatwoot-delivery": "1",
    }


def test_a_closed_port_refuses_early(sender: Sender) -> None:
    outcome = post(sender, f"http://127.0.0.1:{closed_port()}/")

    assert (outcome.status_code, outcome.error, outcome.early) == (None, "connection refused", True)
    assert outcome.error_class == "refused"


def test_a_reset_after_the_request_is_not_early(sender: Sender, raw: Callable[..., RawReceiver]) -> None:
    def talk(sock: socket.socket) -> None:
        read_request(sock)
        reset(sock)

    outcome = post(sender, raw(talk).url)

    assert (outcome.status_code, outcome.early) == (None, False)
    assert outcome.error == "the connection was reset"


def test_a_reset_in_the_middle_of_the_request_is_not_early(sender: Sender, raw: Callable[..., RawReceiver]) -> None:
    def talk(sock: socket.socket) -> None:
        sock.recv(1000)
        reset(sock)

    outcome = post(sender, raw(talk).url, b"x" * 20_000_000)

    assert (outcome.status_code, outcome.early) == (None, False)
    # The kernel tells of the reset once, and urllib3 takes that for a reason to look for an answer.
    assert outcome.error in ("the connection was reset", "the connection was closed before an answer")


def test_a_connection_closed_without_an_answer_says_so(sender: Sender, raw: Callable[..., RawReceiver]) -> None:
    outcome = post(sender, raw(says(b"")).url)

    assert (outcome.error, outcome.early) == ("the connection was closed before an answer", False)


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x00\xff" * 3000,
        b"HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 twohundred OK\r\n\r\n",
        b"HTTP/9.9 99999999999 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n",
    ],
)
def test_garbage_is_a_failure_and_raises_nothing(
    sender: Sender, raw: Callable[..., RawReceiver], answer: bytes
) -> None:
    outcome = post(sender, raw(says(answer)).url)

    assert (outcome.error, outcome.early, outcome.delivered) == (BROKEN, False, False)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nhalf",
    ],
)
def test_a_truncated_answer_is_no_answer(sender: Sender, raw: Callable[..., RawReceiver], answer: bytes) -> None:
    outcome = post(sender, raw(says(answer)).url)

    assert (outcome.status_code, outcome.error, outcome.early) == (None, BROKEN, False)


@pytest.mark.parametrize("framing", [b"", b"Content-Length: 99999999999\r\n"])
def test_an_endless_body_is_read_to_16_kib(sender: Sender, raw: Callable[..., RawReceiver], framing: bytes) -> None:
    sent = 0

    def talk(sock: socket.socket) -> None:
        nonlocal sent
        read_request(sock)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, READ_LIMIT)
        sock.sendall(b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n")
        while True:
            sock.sendall(b"x" * 65536)
            sent += 65536

    began = time.monotonic()
    outcome = post(sender, raw(talk).url)

    assert (outcome.status_code, outcome.error) == (200, None)
    assert outcome.excerpt == "x" * 2048
    assert time.monotonic() - began < 12
    assert sent < 50_000_000


def test_a_gzip_bomb_is_not_decoded(sender: Sender, receiver: Receiver) -> None:
    bomb = gzip.compress(b"\0" * 10_000_000)
    receiver.default = status(200, bomb, {"Content-Encoding": "gzip"})

    outcome = post(sender, receiver.url)

    assert outcome.error is None
    assert outcome.excerpt.startswith("\ufffd\ufffd")
    assert len(outcome.excerpt) <= 2048


def test_what_is_kept_of_an_answer_cannot_move_a_cursor(sender: Sender, receiver: Receiver) -> None:
    receiver.default = status(500, b"\x1b]0;owned\x07\x9b\xff\0 fine\n\tbye")

    assert post(sender, receiver.url).excerpt == "\ufffd]0;owned\ufffd\ufffd\ufffd\ufffd fine\n\tbye"


def _drip(over: threading.Event, sock: socket.socket, piece: bytes) -> None:
    while not over.wait(0.02):
        sock.sendall(piece)


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"", b"H"),
        (b"HTTP/1.1 200 OK\r\nX-Slow: ", b"y"),
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"z"),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", b"z"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nz\r\n"),
    ],
)
def test_a_drip_is_cut_by_the_deadline(
    hasty: Sender, raw: Callable[..., RawReceiver], start: bytes, piece: bytes
) -> None:
    def talk(sock: socket.socket) -> None:
        read_request(sock)
        sock.sendall(start)
        # Few enough headers that http.client does not give up by itself.
        for _ in range(80):
            if receiver.over.wait(0.02):
                return
            sock.sendall(piece)
        receiver.over.wait(10)

    receiver = raw(talk)
    began = time.monotonic()
    outcome = post(hasty, receiver.url)

    assert outcome.error == "timed out: no complete answer within 0.5 s"
    assert (outcome.status_code, outcome.early) == (None, False)
    assert 0.4 < time.monotonic() - began < 8


def test_silence_is_cut_by_the_deadline(hasty: Sender, raw: Callable[..., RawReceiver]) -> None:
    def talk(sock: socket.socket) -> None:
        receiver.over.wait(10)

    receiver = raw(talk)
    outcome = post(hasty, receiver.url, b"x" * 20_000_000)

    assert outcome.error == "timed out: no complete answer within 0.5 s"
    assert not outcome.early
    assert outcome.duration_ms < 8000


def test_every_exchange_has_its_own_deadline(hasty: Sender, raw: Callable[..., RawReceiver]) -> None:
    def talk(sock: socket.socket) -> None:
        receiver.over.wait(10)

    receiver = raw(talk)
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda _: post(hasty, receiver.url), range(16)))

    assert {outcome.error for outcome in outcomes} == {"timed out: no complete answer within 0.5 s"}
    assert max(outcome.duration_ms for outcome in outcomes) < 8000


def test_a_host_that_takes_no_connection_times_out_and_is_not_worth_a_quick_try() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        sender = Sender(LOCAL, connect_s=0.3, deadline_s=5)
        outcome = post(sender, f"http://127.0.0.1:{port}/")
        sender.close()
        for one in waiting:
            one.close()

    assert (outcome.error, outcome.early) == ("timed out: no connection within 0.3 s", False)
    assert outcome.error_class == "timeout"


def test_tls_that_is_no_tls_is_a_failure(sender: Sender, raw: Callable[..., RawReceiver]) -> None:
    def talk(sock: socket.socket) -> None:
        sock.recv(1000)
        sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    outcome = post(sender, raw(talk).url.replace("http", "https"))

    assert (outcome.error, outcome.early) == ("the TLS certificate or handshake is not valid", False)


def test_a_tls_handshake_that_says_nothing_ends(hasty: Sender, raw: Callable[..., RawReceiver]) -> None:
    def talk(sock: socket.socket) -> None:
        receiver.over.wait(10)

    receiver = raw(talk)
    outcome = post(hasty, receiver.url.replace("http", "https"))

    assert outcome.error is not None
    assert outcome.error.startswith("timed out")
    assert outcome.duration_ms < 8000


def test_tls_delivers(sender: Sender, raw: Callable[..., RawReceiver], tls: ssl.SSLContext) -> None:
    outcome = post(sender, raw(says(OK), tls=tls).url)

    assert (outcome.status_code, outcome.error, outcome.excerpt) == (200, None, "ok")


def test_a_drip_inside_tls_is_cut_by_the_deadline(
    hasty: Sender, raw: Callable[..., RawReceiver], tls: ssl.SSLContext
) -> None:
    def talk(sock: socket.socket) -> None:
        read_request(sock)
        sock.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        _drip(receiver.over, sock, b"z")

    receiver = raw(talk, tls=tls)
    outcome = post(hasty, receiver.url)

    assert outcome.error == "timed out: no complete answer within 0.5 s"
    assert outcome.duration_ms < 8000


def test_a_certificate_that_nobody_signed_is_refused(
    sender: Sender, raw: Callable[..., RawReceiver], tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()

    outcome = post(sender, raw(says(OK), tls=tls).url)

    assert (outcome.error, outcome.early) == ("the TLS certificate or handshake is not valid", False)
    assert outcome.error_class == "tls"


def test_the_guard_refuses_before_connecting_and_says_nothing_about_the_port(receiver: Receiver) -> None:
    sender = Sender(Guard())
    open_url = receiver.url
    closed_url = f"http://127.0.0.1:{closed_port()}/hook"

    outcomes = [post(sender, url) for url in (open_url, closed_url, open_url.replace("127.0.0.1", "localhost"))]

    sender.close()
    assert [(one.status_code, one.error, one.address, one.early) for one in outcomes] == [
        (None, REFUSED, None, False)
    ] * 3
    assert receiver.received == []


def test_the_guard_decides_before_a_connection_is_made(raw: Callable[..., RawReceiver]) -> None:
    receiver = raw(says(OK))
    sender = Sender(Guard())

    assert post(sender, receiver.url).error == REFUSED

    sender.close()
    assert receiver.connections == 0


@pytest.mark.parametrize(
    "host", ["127.1", "0", "2130706433", "0x7f000001", "0177.0.0.1", "[::1]", "[::ffff:127.0.0.1]"]
)
def test_no_spelling_of_loopback_passes_the_guard(receiver: Receiver, host: str) -> None:
    sender = Sender(Guard())

    outcome = post(sender, receiver.url.replace("127.0.0.1", host))

    sender.close()
    assert not outcome.delivered
    assert outcome.address is None
    assert receiver.received == []


def test_the_guard_looks_at_the_address_that_was_really_connected_to(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that is public when asked, and this machine when connected."""
    real = socket.create_connection
    port = int(receiver.url.split(":")[2].split("/")[0])
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda *_, **__: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", port))]
    )
    monkeypatch.setattr(
        socket,
        "create_connection",
        lambda address, timeout: _connected(port) if address[0] == "93.184.216.34" else real(address, timeout),
    )
    sender = Sender(Guard())

    outcome = post(sender, f"http://rebind.test:{port}/")

    sender.close()
    assert (outcome.error, outcome.early) == (REFUSED, False)
    assert receiver.received == []


def _connected(port: int) -> socket.socket:
    sock = socket.socket()
    sock.connect(("127.0.0.1", port))
    return sock


def test_a_name_that_does_not_resolve_is_worth_a_quick_try(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    outcome = post(sender, "http://receiver.test/")

    assert (outcome.error, outcome.early) == ("the host name cannot be resolved", True)
    assert outcome.error_class == "dns"


@pytest.mark.parametrize("url", ["http://", "nonsense", "ftp://127.0.0.1/", "http://[::1", "http://a..b/", "http://*/"])
def test_a_url_that_is_none_is_a_failure_and_raises_nothing(sender: Sender, url: str) -> None:
    outcome = post(sender, url)

    assert (outcome.error_class, outcome.error) in (
        ("url", "the URL is not valid"),
        ("dns", "the host name cannot be resolved"),
    )
    assert outcome.status_code is None


def test_proxies_and_netrc_of_the_environment_are_ignored(
    sender: Sender, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    proxy = Receiver()
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login root password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url)
    monkeypatch.delenv("no_proxy", raising=False)

    outcome = post(sender, receiver.url)

    proxy.close()
    assert outcome.delivered
    assert proxy.received == []
    assert "Authorization" not in receiver.received[0].headers


def test_cookies_are_not_kept(sender: Sender, receiver: Receiver) -> None:
    receiver.default = status(200, headers={"Set-Cookie": "session=1; Path=/"})

    post(sender, receiver.url)
    post(sender, receiver.url)

    assert len(receiver.received) == 2
    assert all("Cookie" not in got.headers for got in receiver.received)


def test_a_connection_is_kept_alive_and_used_again(sender: Sender, raw: Callable[..., RawReceiver]) -> None:
    def talk(sock: socket.socket) -> None:
        while read_request(sock):
            sock.sendall(OK)

    receiver = raw(talk)
    outcomes = [post(sender, receiver.url) for _ in range(3)]

    assert [(one.status_code, one.excerpt, one.address) for one in outcomes] == [(200, "ok", "127.0.0.1")] * 3
    assert receiver.connections == 1
    sender.close()


def test_a_kept_connection_that_was_closed_meanwhile_is_replaced(
    sender: Sender, raw: Callable[..., RawReceiver]
) -> None:
    receiver = raw(says(OK))

    assert [post(sender, receiver.url).error for _ in range(3)] == [None] * 3
    assert receiver.connections == 3


@pytest.mark.parametrize("rst", [False, True])
def test_a_kept_connection_that_closes_under_the_request_is_replaced(
    sender: Sender, raw: Callable[..., RawReceiver], rst: bool
) -> None:
    def closes_on_the_second(sock: socket.socket) -> None:
        read_request(sock)
        sock.sendall(OK)
        read_request(sock)
        if rst:
            reset(sock)

    receiver = raw(closes_on_the_second, says(OK))

    assert [post(sender, receiver.url).error for _ in range(2)] == [None] * 2
    assert receiver.connections == 2


def test_a_new_connection_that_closes_under_the_request_is_a_failure(
    sender: Sender, raw: Callable[..., RawReceiver]
) -> None:
    receiver = raw(says(b""))

    assert post(sender, receiver.url).error is not None
    assert receiver.connections == 1


def test_an_answer_that_broke_off_on_a_kept_connection_is_not_asked_for_again(
    sender: Sender, raw: Callable[..., RawReceiver]
) -> None:
    def talk(sock: socket.socket) -> None:
        read_request(sock)
        sock.sendall(OK)
        read_request(sock)
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        reset(sock)

    receiver = raw(talk)

    assert post(sender, receiver.url).error is None
    assert not post(sender, receiver.url).delivered
    assert receiver.connections == 1


def test_a_cut_exchange_does_not_spoil_the_next_one(hasty: Sender, raw: Callable[..., RawReceiver]) -> None:
    def hangs(sock: socket.socket) -> None:
        receiver.over.wait(10)

    receiver = raw(hangs, says(OK))

    assert [post(hasty, receiver.url).delivered for _ in range(3)] == [False, True, True]


def test_the_thread_that_watches_deadlines_ends_with_its_sender(receiver: Receiver) -> None:
    sender = Sender(LOCAL)
    post(sender, receiver.url)
    thread = sender._deadlines._thread
    assert thread is not None
    sender.close()
    thread.join(10)

    assert not thread.is_alive()
    assert post(sender, receiver.url).delivered, "what comes late is still sent and watched"


def test_anything_a_library_raises_is_an_outcome(sender: Sender, receiver: Receiver) -> None:
    def answer(handler: BaseHTTPRequestHandler, got: Received) -> None:
        raise http.client.HTTPException

    receiver.default = answer
    outcome = post(sender, receiver.url)
    assert not outcome.delivered

    outcome = sender.send(receiver.url, {"bad\nname": "x"}, BODY)
    assert (outcome.error_class, outcome.error) == ("internal", "the request could not be sent")
