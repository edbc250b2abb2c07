"""The egress proxy: a real one on loopback that forwards absolute-form requests and tunnels CONNECT."""

import base64
import io
import select
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from inboxd.delivery.sender import READ_LIMIT, Sender
from inboxd.domain.addresses import Guard, parse_guard
from inboxd.domain.fetching import FetchFailed
from tests.delivery.raw import (
    BODY,
    OK,
    RawReceiver,
    Talk,
    answers,
    closed_port,
    floods,
    post,
    read_request,
    reset,
    says,
)

BLOCKED = "the address of this URL is private or reserved (see INBOXD_ALLOW_PRIVATE)"
PASSWORD = "s3cret:p@ss"


@dataclass
class Proxy:
    """Every name is 127.0.0.1 to it. `heads` are the requests it was asked for."""

    heads: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.receiver = RawReceiver(self._serve)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.receiver.port}"

    def _serve(self, sock: socket.socket) -> None:
        while request := read_request(sock):
            head = request.partition(b"\r\n\r\n")[0]
            self.heads.append(head)
            method, target, _ = head.split(b"\r\n")[0].split(b" ")
            authority = target if method == b"CONNECT" else target.split(b"/")[2]
            with socket.create_connection(("127.0.0.1", int(authority.rpartition(b":")[2])), 5) as onward:
                if method == b"CONNECT":
                    sock.sendall(b"HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n")
                    _pump(sock, onward)
                    return
                path = b"/" + target.split(b"/", 3)[3]
                onward.sendall(request.replace(target, path, 1))
                if not _relay(sock, onward):
                    return


def _relay(sock: socket.socket, onward: socket.socket) -> bool:
    """An answer, until it ends as OK does (then True) or somebody hangs up."""
    while select.select([sock, onward], [], [], 10)[0] == [onward]:
        if not (piece := onward.recv(65536)):
            return False
        sock.sendall(piece)
        if piece.endswith(OK):
            return True
    return False


def _pump(one: socket.socket, other: socket.socket) -> None:
    while True:
        for ready in select.select([one, other], [], [], 10)[0]:
            piece = ready.recv(65536)
            if not piece:
                return
            (other if ready is one else one).sendall(piece)


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    made = Proxy()
    yield made
    made.receiver.close()


@pytest.fixture
def through() -> Iterator[Callable[..., Sender]]:
    """Senders that allow nothing private, but for what `guard` says."""
    made: list[Sender] = []

    def make(url: str, guard: Guard | None = None, **limits: float) -> Sender:
        made.append(Sender(guard or Guard(), proxy=url, **limits))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hosts that this machine resolves."""
    hosts: list[str] = []
    real = socket.getaddrinfo

    def getaddrinfo(host: str, *args: Any, **kwargs: Any) -> Any:
        hosts.append(host)
        return real(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return hosts


def test_plain_http_goes_to_the_proxy_in_absolute_form(
    proxy: Proxy, through: Callable[..., Sender], raw: Callable[..., RawReceiver], asked: list[str]
) -> None:
    got: list[bytes] = []

    def talk(sock: socket.socket) -> None:
        got.append(read_request(sock))
        sock.sendall(OK)

    receiver = raw(talk)
    sender = through(proxy.url)

    outcomes = [post(sender, f"http://receiver.test:{receiver.port}/hook?a=%20") for _ in range(3)]

    assert [(one.status_code, one.excerpt, one.error_class, one.address) for one in outcomes] == [
        (200, "ok", None, None)
    ] * 3
    assert proxy.heads[0].startswith(b"POST http://receiver.test:%d/hook?a=%%20 HTTP/1.1\r\n" % receiver.port)
    assert b"\r\nHost: receiver.test:%d\r\n" % receiver.port in proxy.heads[0] + b"\r\n"
    assert got[0].endswith(b"\r\n\r\n" + BODY)
    assert b"Proxy-Authorization" not in proxy.heads[0]
    assert proxy.receiver.connections == 1
    assert set(asked) == {"127.0.0.1"}


def test_https_goes_through_a_tunnel_that_is_kept(
    proxy: Proxy,
    through: Callable[..., Sender],
    raw: Callable[..., RawReceiver],
    tls: ssl.SSLContext,
    asked: list[str],
) -> None:
    receiver = raw(answers(OK, OK, OK), tls=tls)
    sender = through(proxy.url.replace("//", "//ann:secret@"))

    outcomes = [post(sender, f"https://receiver.test:{receiver.port}/hook") for _ in range(3)]

    assert [(one.status_code, one.error, one.address) for one in outcomes] == [(200, None, None)] * 3
    assert [head.split(b"\r\n")[0] for head in proxy.heads] == [b"CONNECT receiver.test:%d HTTP/1.0" % receiver.port]
    assert b"Proxy-Authorization: Basic " + base64.b64encode(b"ann:secret") in proxy.heads[0]
    assert receiver.connections == 1
    assert set(asked) == {"127.0.0.1"}


def test_the_receiver_behind_a_tunnel_must_prove_its_name(
    proxy: Proxy, through: Callable[..., Sender], raw: Callable[..., RawReceiver], tls: ssl.SSLContext
) -> None:
    receiver = raw(says(OK), tls=tls)

    outcome = post(through(proxy.url), f"https://somebody.test:{receiver.port}/hook")

    assert (outcome.error_class, outcome.error) == ("tls", "the TLS certificate or handshake is not valid")


def test_the_password_goes_to_the_proxy_only(
    proxy: Proxy, through: Callable[..., Sender], raw: Callable[..., RawReceiver], tls: ssl.SSLContext
) -> None:
    got: list[bytes] = []

    def talk(sock: socket.socket) -> None:
        got.append(read_request(sock))
        sock.sendall(OK)

    sender = through(proxy.url.replace("//", "//ann:s3cret%3Ap%40ss@"))

    assert post(sender, raw(talk).url.replace("127.0.0.1", "receiver.test")).delivered
    assert post(sender, raw(talk, tls=tls).url.replace("127.0.0.1", "receiver.test")).delivered

    wanted = b"Proxy-Authorization: Basic " + base64.b64encode(f"ann:{PASSWORD}".encode())
    assert all(wanted in head for head in proxy.heads)
    assert b"roxy" not in got[1]


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.1", "2130706433", "localhost", "a.localhost.", "[::1]", "169.254.169.254", "%31%30.1"]
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_what_is_spelled_out_as_private_is_not_asked_for(
    proxy: Proxy, through: Callable[..., Sender], scheme: str, host: str
) -> None:
    """The port of the proxy itself, too: who may reach its machine could give it orders."""
    outcome = post(through(proxy.url), f"{scheme}://{host}:{proxy.receiver.port}/")

    assert (outcome.error_class, outcome.error, outcome.early, outcome.address) == ("blocked", BLOCKED, False, None)
    assert proxy.receiver.connections == 0


def test_an_exception_of_the_administrators_is_asked_for(
    proxy: Proxy, through: Callable[..., Sender], raw: Callable[..., RawReceiver]
) -> None:
    sender = through(proxy.url, parse_guard("127.0.0.1", allow_loopback=False))

    assert post(sender, raw(says(OK)).url).delivered
    assert len(proxy.heads) == 1


@pytest.mark.parametrize("url", ["ftp://receiver.test/", "http+unix://receiver.test/", "http://", "http://[::1", "x"])
def test_what_is_no_http_never_reaches_the_proxy(proxy: Proxy, through: Callable[..., Sender], url: str) -> None:
    assert post(through(proxy.url), url).error_class == "url"
    assert proxy.receiver.connections == 0


def test_the_deadline_holds_through_the_proxy(
    proxy: Proxy, through: Callable[..., Sender], raw: Callable[..., RawReceiver], tls: ssl.SSLContext
) -> None:
    sender = through(proxy.url, connect_s=0.2, deadline_s=0.25)

    def hangs(sock: socket.socket) -> None:
        while sock.recv(65536):
            pass

    for receiver in (raw(hangs), raw(hangs, tls=tls)):
        outcome = post(sender, receiver.url.replace("127.0.0.1", "receiver.test"))

        assert (outcome.error_class, outcome.error) == (
            "timeout",
            "timed out: no complete answer within 0.25 s",
        )
        assert outcome.duration_ms < 8000


def test_the_limit_and_the_no_to_redirects_hold_through_the_proxy(
    proxy: Proxy, through: Callable[..., Sender], raw: Callable[..., RawReceiver]
) -> None:
    endless = raw(floods(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * READ_LIMIT))
    moved = raw(says(b"HTTP/1.1 302 Found\r\nLocation: http://other.test/\r\nContent-Length: 0\r\n\r\n"))
    sender = through(proxy.url)

    assert post(sender, f"http://receiver.test:{endless.port}/").excerpt == "x" * 2048
    assert post(sender, f"http://receiver.test:{moved.port}/").error_class == "redirect"
    assert len(proxy.heads) == 2


def drips_headers(sock: socket.socket) -> None:
    read_request(sock)
    sock.sendall(b"HTTP/1.1 200 OK\r\n")
    over = threading.Event()
    while not over.wait(0.02):
        sock.sendall(b"X: y\r\n")


def resets(sock: socket.socket) -> None:
    read_request(sock)
    reset(sock)


@pytest.mark.parametrize(
    ("talk", "error_class", "error"),
    [
        pytest.param(
            says(b"HTTP/1.1 407 No \x1b[2J\r\nProxy-Authenticate: Basic\r\n\r\n"),
            "refused",
            "the egress proxy: refused to connect (407 Proxy Authentication Required)",
            id="407",
        ),
        pytest.param(
            says(b"HTTP/1.1 502 Nobody there\r\n\r\n"),
            "refused",
            "the egress proxy: refused to connect (502 Bad Gateway)",
            id="502",
        ),
        pytest.param(
            says(b"SSH-2.0-x\r\n"),
            "protocol",
            "the egress proxy: the connection was closed or broken before a complete answer",
            id="garbage",
        ),
        pytest.param(says(b""), "reset", "the egress proxy: the connection was closed before an answer", id="nothing"),
        pytest.param(resets, "reset", "the egress proxy: the connection was reset", id="reset"),
        pytest.param(
            drips_headers,
            "timeout",
            "the egress proxy: timed out: no complete answer within 0.25 s",
            id="endless headers",
        ),
        pytest.param(
            says(b"HTTP/1.1 200 OK\r\n\r\nno TLS"), "tls", "the TLS certificate or handshake is not valid", id="no TLS"
        ),
    ],
)
def test_a_proxy_that_makes_no_tunnel_is_named(
    through: Callable[..., Sender], raw: Callable[..., RawReceiver], talk: Talk, error_class: str, error: str
) -> None:
    url = raw(talk).url.removesuffix("/hook").replace("//", "//ann:s3cret@")

    limits = {"connect_s": 0.2, "deadline_s": 0.25} if error_class == "timeout" else {}
    outcome = post(through(url, **limits), "https://receiver.test/")

    assert (outcome.status_code, outcome.error_class, outcome.error) == (None, error_class, error)
    assert outcome.duration_ms < 8000


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_is_not_there_is_named_and_its_address_and_password_are_not(
    through: Callable[..., Sender], scheme: str
) -> None:
    outcome = post(through(f"http://ann:{PASSWORD}@127.0.0.1:{closed_port()}"), f"{scheme}://receiver.test/")

    assert (outcome.error_class, outcome.error) == ("refused", "the egress proxy: connection refused")
    assert (outcome.early, outcome.address) == (True, None)


@pytest.mark.parametrize(
    "url", ["socks5://ann:s3cret@proxy.test:1080", "http://ann:s3cret@", "s3cret", "http://a:s3cret"]
)
def test_a_proxy_that_is_none_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ValueError, match="the proxy is not http://") as caught:
        Sender(Guard(), proxy=url)

    assert "s3cret" not in repr(caught.value)
    assert caught.value.__context__ is None


def test_proxies_of_the_environment_stay_ignored(
    proxy: Proxy, through: Callable[..., Sender], raw: Callable[..., RawReceiver], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port()}")
    monkeypatch.setenv("no_proxy", "*")

    assert post(through(proxy.url), f"http://receiver.test:{raw(says(OK)).port}/").delivered
    assert len(proxy.heads) == 1


def test_files_are_fetched_through_the_proxy_too(
    proxy: Proxy, through: Callable[..., Sender], raw: Callable[..., RawReceiver]
) -> None:
    receiver = raw(says(OK))
    sender, target = through(proxy.url), io.BytesIO()

    assert sender.fetch(f"http://pictures.test:{receiver.port}/a.png", target, 10).size == 2

    assert target.getvalue() == b"ok"
    assert proxy.heads[0].startswith(b"GET http://pictures.test:%d/a.png HTTP/1.1\r\n" % receiver.port)
    for url in (f"http://127.0.0.1:{receiver.port}/", "file:///etc/passwd"):
        with pytest.raises(FetchFailed) as refused:
            sender.fetch(url, target, 10)
        assert refused.value.error_class in ("blocked", "url")
    assert len(proxy.heads) == 1
