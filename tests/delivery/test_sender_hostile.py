"""Receivers that mean harm, over real sockets: each comes back as an Outcome in time, and the sender goes on."""

import errno
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inboxd.delivery import sender as module
from inboxd.delivery.sender import Sender
from inboxd.domain.addresses import Guard, parse_guard
from inboxd.domain.retry import ERROR_CLASSES
from inboxd.domain.text import clean
from tests.delivery.raw import (
    LOCAL,
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

DEADLINE_S = 0.4
LATE = "timed out: no complete answer within 0.4 s"
IN_TIME_S = 8
"""Much less than a sender or a receiver here would wait by itself, however busy the machine is."""
BLOCKED = ("blocked", "the address of this URL is private or reserved (see INBOXD_ALLOW_PRIVATE)")


@pytest.fixture
def brief() -> Iterator[Sender]:
    made = Sender(LOCAL, connect_s=0.35, deadline_s=DEADLINE_S)
    yield made
    made.close()


def patient(sender: Sender) -> Sender:
    """The same, for a delivery that shall arrive on a busy machine too."""
    sender._connect_s = sender._deadline_s = 10
    return sender


def breaks(said: bytes) -> Talk:
    """Reads the request, says something, and resets the connection once that is on the wire."""

    def talk(sock: socket.socket) -> None:
        read_request(sock)
        sock.sendall(said)
        reset(sock)

    return talk


def resets_at_once(sock: socket.socket) -> None:
    reset(sock)


def resets_on_hello(sock: socket.socket) -> None:
    sock.recv(5)
    reset(sock)


def hangs_after(said: bytes) -> Talk:
    """Says something instead of listening, and waits until the other side hangs up."""

    def talk(sock: socket.socket) -> None:
        sock.sendall(said)
        while sock.recv(65536):
            pass

    return talk


HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("talk", "error_class"),
    [
        pytest.param(resets_at_once, "reset", id="reset before the request"),
        pytest.param(breaks(b""), "reset", id="reset before the answer"),
        pytest.param(says(b""), "reset", id="closed before the answer"),
        pytest.param(breaks(b"HTTP/1.1 200"), None, id="reset in the status line"),
        pytest.param(breaks(HEAD + b"Content-Le"), None, id="reset in the headers"),
        pytest.param(says(HEAD + b"Content-Length: 9\r\n\r\nhalf"), "protocol", id="closed in the body"),
        pytest.param(breaks(HEAD + b"Content-Length: 9\r\n\r\nhalf"), None, id="reset in the body"),
        pytest.param(says(CHUNKED + b"5\r\nhe"), "protocol", id="closed in a chunk"),
        pytest.param(says(CHUNKED + b"fffffffffffffffffffff\r\nx"), "protocol", id="a chunk larger than the world"),
        pytest.param(floods(HEAD, b"X: y\r\n" * 1000), "protocol", id="endless headers"),
        pytest.param(floods(HEAD + b"X: ", b"y" * 65536), "protocol", id="an endless header"),
        pytest.param(floods(b"HTTP/1.1 200 ", b"y" * 65536), "protocol", id="an endless status line"),
        pytest.param(floods(CHUNKED + b"1;", b"y" * 65536), "protocol", id="an endless chunk extension"),
        pytest.param(floods(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000), "timeout", id="endless continues"),
        pytest.param(floods(CHUNKED + b"0\r\n", b"X: y\r\n" * 1000), "timeout", id="endless trailers"),
        pytest.param(hangs_after(b""), "timeout", id="silence"),
        pytest.param(hangs_after(HEAD), "timeout", id="headers without an end"),
        pytest.param(says(b"HTTP/1.1 99 Low\r\n\r\n"), "protocol", id="status 99"),
        pytest.param(says(b"HTTP/1.1 1000 High\r\n\r\n"), "protocol", id="status 1000"),
        pytest.param(says(b"HTTP/1.1 -200 OK\r\n\r\n"), "protocol", id="status -200"),
        pytest.param(says(b"\x16\x03\x01\x02\x00" + b"\x01" * 600), "protocol", id="TLS on a plain port"),
        pytest.param(says(b"\r\n\r\n\r\n"), "protocol", id="empty lines"),
        pytest.param(says(b"\xff\xfe\x80 200 OK\r\n\r\n"), "protocol", id="bytes of no encoding"),
        pytest.param(says(b"HTTP/1.1 103 Early Hints\r\n\r\n"), "status", id="an interim answer and no other"),
        pytest.param(says(b"HTTP/1.1 600 Odd\r\nContent-Length: 0\r\n\r\n"), "status", id="status 600"),
        pytest.param(says(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"), "status", id="status 500"),
        pytest.param(says(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"), "redirect", id="a redirect"),
    ],
)
def test_each_misbehaviour_is_an_outcome_in_time_and_the_next_delivery_arrives(
    brief: Sender, sender: Sender, raw: Callable[..., RawReceiver], talk: Talk, error_class: str | None
) -> None:
    if error_class == "timeout":
        sender = brief
    receiver = raw(talk, says(OK))
    began = time.monotonic()

    outcome = post(sender, receiver.url)

    assert time.monotonic() - began < IN_TIME_S
    assert not outcome.delivered
    # A reset overtakes what was sent before it, or does not.
    assert outcome.error_class == error_class if error_class else outcome.error_class in ("reset", "protocol")
    assert outcome.error_class in ERROR_CLASSES
    assert outcome.error_class != "timeout" or outcome.error == LATE
    assert post(patient(sender), receiver.url).delivered


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(HEAD + b"Content-Length: 2\r\n\r\nokay, and more than was announced", id="too short a length"),
        pytest.param(HEAD + b"Content-Length: -5\r\n\r\nok", id="a negative length"),
        pytest.param(HEAD + b"Content-Length: many\r\n\r\nok", id="a length that is no number"),
        pytest.param(HEAD + b"\xff\xfe: \x80\x81\r\nX: \xe2\x80\xae\r\nContent-Length: 2\r\n\r\nok", id="odd headers"),
        pytest.param(HEAD + b"no header at all\r\n\r\nok", id="a line that is no header"),
        pytest.param(b"HTTP/1.0 200\r\n\r\nok", id="an old version without words"),
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n" * 20 + OK, id="many continues"),
        pytest.param(b"HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n", id="205"),
        pytest.param(b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello", id="204 with a body"),
        pytest.param(HEAD + b"Content-Encoding: br\r\nContent-Length: 2\r\n\r\nok", id="an encoding nobody asked for"),
    ],
)
def test_an_answer_that_is_only_odd_is_an_answer(
    sender: Sender, raw: Callable[..., RawReceiver], answer: bytes
) -> None:
    receiver = raw(says(answer), says(OK))

    outcome = post(sender, receiver.url)

    assert (outcome.error, outcome.error_class) == (None, None)
    assert outcome.excerpt.startswith("ok") or outcome.status_code in (204, 205)
    assert post(sender, receiver.url).excerpt == "ok"


@pytest.mark.parametrize(
    "piece", [b"1\r\nz\r\n", b"4000\r\n" + b"z" * 0x4000 + b"\r\n"], ids=["small chunks", "large chunks"]
)
def test_endless_chunks_are_read_to_the_limit(brief: Sender, raw: Callable[..., RawReceiver], piece: bytes) -> None:
    outcome = post(brief, raw(floods(CHUNKED, piece * 50)).url)

    # On a busy machine the small ones may take longer than the deadline.
    assert (outcome.error_class, outcome.excerpt) in ((None, "z" * 2048), ("timeout", ""))
    assert outcome.duration_ms < 1000 * IN_TIME_S


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200), st.binary(max_size=60), st.sampled_from([200, 302, 404, 666]))
def test_nothing_a_receiver_says_raises_or_reaches_a_terminal(
    shared: tuple[Sender, list[bytes], str], value: bytes, reason: bytes, code: int
) -> None:
    sender, said, url = shared
    said[:] = [b"HTTP/1.1 %d " % code + reason + b"\r\nLocation: " + value + b"\r\nRetry-After: " + value + b"\r\n\r\n"]

    outcome = post(sender, url)

    assert outcome.delivered == (outcome.error_class is None)
    assert (outcome.error is None) == outcome.delivered
    for text in (outcome.error or "", outcome.excerpt):
        assert clean(text) == text
    assert "\n" not in (outcome.error or "")


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[Sender, list[bytes], str]]:
    """A sender and a receiver that closes after saying what is in the list."""
    said: list[bytes] = []

    def talk(sock: socket.socket) -> None:
        read_request(sock)
        sock.sendall(said[0])

    receiver = RawReceiver(talk)
    sender = Sender(LOCAL, deadline_s=2)
    yield sender, said, receiver.url
    sender.close()
    receiver.close()


def test_words_of_a_receiver_are_cleaned_and_short(sender: Sender, raw: Callable[..., RawReceiver]) -> None:
    location = b"https://x.test/\x1b]0;owned\x07\xe2\x80\xae" + b"y" * 5000
    redirects = raw(says(b"HTTP/1.1 302 \x1b[2J\r\nLocation: " + location + b"\r\nContent-Length: 0\r\n\r\n"))
    odd = raw(says(b"HTTP/1.1 666 \x1b[2J\x9b" + b"z" * 5000 + b"\r\nContent-Length: 0\r\n\r\n"))

    for outcome in (post(sender, redirects.url), post(sender, odd.url)):
        assert outcome.error is not None
        assert clean(outcome.error) == outcome.error
        assert len(outcome.error) < 400


def drips(said: bytes) -> Talk:
    """A piece of TLS at a time, as slowly as keeps every single read satisfied."""

    def talk(sock: socket.socket) -> None:
        over = threading.Event()
        for at in range(len(said)):
            sock.sendall(said[at : at + 1])
            over.wait(0.02)

    return talk


@pytest.mark.parametrize(
    ("talk", "error_class"),
    [
        pytest.param(hangs_after(b""), "timeout", id="silence"),
        pytest.param(drips(b"\x16\x03\x03\x40\x00" + b"\x02" * 200), "timeout", id="a drip"),
        pytest.param(hangs_after(b"\x00\xff" * 3000), "tls", id="garbage"),
        pytest.param(hangs_after(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "tls", id="plain HTTP"),
        pytest.param(hangs_after(b"\x15\x03\x03\x00\x02\x02\x28"), "tls", id="an alert"),
        pytest.param(resets_on_hello, "reset", id="reset"),
    ],
)
def test_a_handshake_that_fails_is_an_outcome_in_time(
    brief: Sender, sender: Sender, raw: Callable[..., RawReceiver], talk: Talk, error_class: str
) -> None:
    receiver = raw(talk)

    outcome = post(brief if error_class == "timeout" else sender, receiver.url.replace("http", "https"))

    assert outcome.error_class == error_class
    assert outcome.status_code is None
    assert outcome.duration_ms < 1000 * IN_TIME_S


def test_a_reset_inside_tls_is_an_outcome(sender: Sender, raw: Callable[..., RawReceiver], tls: ssl.SSLContext) -> None:
    receiver = raw(breaks(HEAD + b"Content-Length: 9\r\n\r\nhalf"), says(OK), tls=tls)

    assert post(sender, receiver.url).error_class in ("reset", "protocol")
    assert post(sender, receiver.url).delivered


@pytest.mark.parametrize(
    ("second", "error_class"),
    [
        pytest.param(b"SSH-2.0-x\r\n", "protocol", id="garbage"),
        pytest.param(HEAD + b"Content-Length: 9\r\n\r\nhalf", "protocol", id="half an answer"),
        pytest.param(HEAD + b"X: y\r\n" * 1000, "protocol", id="too many headers"),
        pytest.param(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", "status", id="an error"),
    ],
)
def test_a_kept_connection_may_start_to_misbehave(
    sender: Sender, raw: Callable[..., RawReceiver], second: bytes, error_class: str
) -> None:
    receiver = raw(answers(OK, second), says(OK))

    assert [post(sender, receiver.url).error_class for _ in range(3)] == [None, error_class, None]
    assert receiver.connections == 2


def test_a_kept_connection_that_falls_silent_is_cut_by_the_deadline(
    brief: Sender, raw: Callable[..., RawReceiver]
) -> None:
    def falls_silent(sock: socket.socket) -> None:
        read_request(sock)
        sock.sendall(OK)
        while sock.recv(65536):
            pass

    receiver = raw(falls_silent, says(OK))
    errors = [post(patient(brief), receiver.url).error]
    brief._deadline_s = DEADLINE_S
    errors.append(post(brief, receiver.url).error)
    errors.append(post(patient(brief), receiver.url).error)

    assert errors == [None, LATE, None]
    assert receiver.connections == 2


def test_the_answer_after_an_interim_one_is_not_taken_for_the_next_deliverys(
    sender: Sender, raw: Callable[..., RawReceiver]
) -> None:
    asked_again = threading.Event()

    def late(sock: socket.socket) -> None:
        read_request(sock)
        sock.sendall(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        if read_request(sock):
            asked_again.set()
            sock.sendall(OK)

    receiver = raw(late, says(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"))

    assert [post(sender, receiver.url).status_code for _ in range(2)] == [103, 500]
    assert not asked_again.is_set()


def resolves(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Names resolve to each of `answers` in turn, the last one for good. Returns what is asked for."""
    asked: list[str] = []
    real = socket.getaddrinfo
    left = list(answers)

    def getaddrinfo(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        if not host.endswith(".test"):
            return real(host, port, *args, **kwargs)
        asked.append(host)
        found = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port or 0)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


def test_a_name_that_is_bound_to_loopback_later_is_judged_by_each_new_connection(
    raw: Callable[..., RawReceiver], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = resolves(monkeypatch, ["127.0.0.1"], ["127.0.0.2"])
    receiver = raw(answers(OK, OK))
    sender = Sender(parse_guard("127.0.0.1", allow_loopback=False))

    outcomes = [post(sender, f"http://rebind.test:{receiver.port}/") for _ in range(3)]

    sender.close()
    # The second went over the connection that was judged; there was nothing to resolve.
    assert [(one.status_code, one.error_class, one.address) for one in outcomes] == [
        (200, None, "127.0.0.1"),
        (200, None, "127.0.0.1"),
        (None, "blocked", None),
    ]
    assert asked == ["rebind.test"] * 2


def test_among_the_addresses_of_a_name_only_the_allowed_are_tried(
    raw: Callable[..., RawReceiver], monkeypatch: pytest.MonkeyPatch
) -> None:
    resolves(monkeypatch, ["127.0.0.2", "169.254.169.254", "127.0.0.3", "127.0.0.1"])
    receiver = raw(says(OK))
    sender = Sender(parse_guard("127.0.0.1,127.0.0.3", allow_loopback=False))

    outcome = post(sender, f"http://many.test:{receiver.port}/")

    sender.close()
    assert (outcome.error, outcome.address) == (None, "127.0.0.1")


def test_an_address_that_turns_into_another_while_connecting_gets_no_byte(
    raw: Callable[..., RawReceiver], monkeypatch: pytest.MonkeyPatch
) -> None:
    got: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    receiver = raw(lambda sock: got.put(sock.recv(1)))
    real = socket.getaddrinfo

    def getaddrinfo(host: str, port: Any, *args: Any, **kwargs: Any) -> Any:
        if port is None:
            return real("93.184.216.34", port, *args, **kwargs)
        return real("127.0.0.1", port, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    sender = Sender(Guard())

    outcome = post(sender, f"http://rebind.test:{receiver.port}/")

    sender.close()
    assert (outcome.error_class, outcome.error) == BLOCKED
    assert (outcome.early, outcome.address) == (False, None)
    assert got.get(timeout=10) == b""


def test_a_blocked_address_does_not_tell_whether_its_port_is_open(
    raw: Callable[..., RawReceiver], monkeypatch: pytest.MonkeyPatch
) -> None:
    resolves(monkeypatch, ["127.0.0.1"])
    receiver = raw(says(OK))
    sender = Sender(Guard())
    ports = (receiver.port, closed_port())

    outcomes = [post(sender, f"{start}:{port}/") for start in ("http://a.test", "https://127.0.0.1") for port in ports]

    sender.close()
    assert {(one.error_class, one.error, one.address, one.early, one.excerpt) for one in outcomes} == {
        (*BLOCKED, None, False, "")
    }
    assert receiver.connections == 0


def test_a_resolver_that_hangs_costs_the_connect_limit_and_no_seat(
    brief: Sender, raw: Callable[..., RawReceiver], monkeypatch: pytest.MonkeyPatch
) -> None:
    over = threading.Event()
    real = socket.getaddrinfo

    def getaddrinfo(host: str, *args: Any, **kwargs: Any) -> Any:
        if host == "slow.test":
            over.wait(20)
        return real(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(module, "_LOOKUPS", 2)
    sender = Sender(LOCAL, connect_s=0.1, deadline_s=5)
    receiver = raw(says(OK))

    outcomes = [post(sender, "http://slow.test/") for _ in range(3)]  # the third finds no thread free

    assert {(one.error_class, one.error, one.early) for one in outcomes} == {
        ("dns", "the host name was not resolved in time", False)
    }
    assert max(one.duration_ms for one in outcomes) < 1000 * IN_TIME_S
    assert post(sender, receiver.url).delivered
    over.set()
    sender.close()


def test_a_host_without_a_route_is_said_to_be_unreachable(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object) -> None:
        raise OSError(errno.ENETUNREACH, "Network is unreachable")

    monkeypatch.setattr(socket, "create_connection", unreachable)

    outcome = post(sender, "http://127.0.0.1/")

    assert (outcome.error_class, outcome.error, outcome.early) == ("refused", "the host cannot be reached", False)


def test_an_address_is_never_looked_up(
    sender: Sender, raw: Callable[..., RawReceiver], monkeypatch: pytest.MonkeyPatch
) -> None:
    def looks_up(*_: object) -> list[str]:
        raise AssertionError("a look-up")

    monkeypatch.setattr(module._Resolver, "addresses", looks_up)
    receiver = raw(says(OK))

    for host in ("127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "[::ffff:127.0.0.1]"):
        assert post(sender, receiver.url.replace("127.0.0.1", host)).delivered
