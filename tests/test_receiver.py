"""The receiver for development, over real sockets."""

import json
import os
import queue
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests

from inboxd import receiver as module
from inboxd.delivery.sender import Sender
from inboxd.domain import signing
from inboxd.domain.addresses import parse_guard
from inboxd.domain.retry import Outcome
from inboxd.receiver import Behaviour, Received, Receiver, as_json, describe, lines
from inboxd.verify import judge, parse

ROOT = Path(__file__).parent.parent
SECRET = "3mJr7AoUXx2Wqd9VtKe5pYbQ"
BODY = b'{"event":"message_created","id":9,"content":"hello","conversation":{"id":4}}'


class Stage:
    """A receiver, a sender, and what the receiver showed."""

    def __init__(self, **kwargs: Any) -> None:
        self._shown: queue.SimpleQueue[Received] = queue.SimpleQueue()
        self.receiver = Receiver(show=self._shown.put, **kwargs)
        self._sender = Sender(parse_guard("", allow_loopback=True), deadline_s=5)

    def send(self, delivery_id: str = "one", *, secret: str = SECRET, body: bytes = BODY) -> Outcome:
        headers = signing.headers([secret], delivery_id, int(time.time()), body)
        return self._sender.send(self.receiver.url, headers, body)

    def shown(self) -> Received:
        return self._shown.get(timeout=10)

    def close(self) -> None:
        self._sender.close()
        self.receiver.close()


@pytest.fixture
def stage() -> Iterator[Callable[..., Stage]]:
    with ExitStack() as opened:

        def made(**kwargs: Any) -> Stage:
            one = Stage(**kwargs)
            opened.callback(one.close)
            return one

        yield made


def test_a_repeat_is_one_whose_id_was_answered_2xx(stage: Callable[..., Stage]) -> None:
    it = stage(secret=SECRET, behaviour=Behaviour(status=503, times=2, retry_after_s=7))
    assert [it.send().status_code for _ in range(4)] == [503, 503, 200, 200]
    assert [(got.seen, got.answer) for got in (it.shown() for _ in range(4))] == [
        ("new", 503), ("again", 503), ("again", 200), ("repeat", 200)
    ]  # fmt: skip
    assert (it.receiver.tally.received, it.receiver.tally.distinct, it.receiver.tally.bad) == (4, 1, 0)


def test_a_forged_request_is_shown_with_the_reason_and_handles_nothing(stage: Callable[..., Stage]) -> None:
    it = stage(secret=SECRET)
    assert it.send(secret="a" * 24).status_code == 401
    forged = it.shown()
    assert forged.verdict is not None
    assert not forged.verdict.genuine
    assert "BAD" in lines(forged)[0]
    assert [line.split()[0] for line in lines(forged)[1:]] == ["webhook-signature", "X-Chatwoot-Signature"]
    it.send()
    assert it.shown().seen == "again"
    assert it.receiver.tally.bad == 1


def test_a_bad_signature_is_answered_as_told_when_asked_for(stage: Callable[..., Stage]) -> None:
    it = stage(secret=SECRET, behaviour=Behaviour(status=202), accept_bad=True)
    assert it.send(secret="a" * 24).status_code == 202
    assert it.shown().seen == "new"


def test_the_old_secret_of_a_rotation_is_genuine_with_a_note(stage: Callable[..., Stage]) -> None:
    it = stage(secret=SECRET)
    headers = signing.headers(["a" * 24, SECRET], "one", int(time.time()), BODY)
    assert requests.post(it.receiver.url, data=BODY, headers=headers, timeout=10).status_code == 200
    line, note = lines(it.shown())
    assert "old key" in line
    assert note.strip() == "X-Chatwoot-Signature is made with the new secret alone"


def test_a_request_that_is_answered_later_is_shown_when_it_begins(stage: Callable[..., Stage]) -> None:
    begun: queue.SimpleQueue[Received] = queue.SimpleQueue()
    it = stage(behaviour=Behaviour(delay_s=0.01, times=1), begin=begun.put)
    it.send()
    it.send()
    (line,) = lines(begun.get(timeout=10))
    assert "  later  " in line
    assert [it.shown().answer, it.shown().answer] == [200, 200]
    assert begun.empty()


def test_custom_headers_are_shown_without_credentials(stage: Callable[..., Stage]) -> None:
    it = stage()
    headers = {"X-Shop": "north", "X-Api-Key": "abcdef"}
    requests.post(it.receiver.url, data=BODY, headers=headers, timeout=10)
    assert [line.strip() for line in lines(it.shown())[1:]] == ["X-Shop: north", "X-Api-Key: (6 characters)"]


def test_the_reason_of_an_operational_event_is_shown_as_a_whole(stage: Callable[..., Stage]) -> None:
    it = stage()
    reason = "302 Found: redirects are not followed, update the URL to https://elsewhere.test/hook"
    about = {"id": 4, "kind": "inbox", "inbox_id": 1, "host": "shop.test"}
    it.send(body=json.dumps({"event": "webhook.failing", "webhook": about, "reason": reason}).encode())
    line, more = lines(it.shown())
    assert "webhook.failing  inbox 1 (shop.test)  302" in line
    assert more.strip() == reason


def test_without_a_secret_nothing_is_checked(stage: Callable[..., Stage]) -> None:
    it = stage()
    it.send()
    got = it.shown()
    assert got.verdict is None
    assert "unchecked" in lines(got)[0]
    assert as_json(got)["genuine"] is None


def test_a_reset_is_a_reset_and_no_polite_end(stage: Callable[..., Stage]) -> None:
    it = stage(behaviour=Behaviour(reset=True, times=1))
    assert it.send().error == "the connection was reset"
    assert it.shown().answer == "reset"
    assert it.send().delivered


def test_delay_drip_and_retry_after_are_as_asked(stage: Callable[..., Stage]) -> None:
    it = stage(behaviour=Behaviour(status=429, delay_s=0.05, drip_s=0.001, retry_after_s=7))
    began = time.monotonic()
    response = requests.post(it.receiver.url, data=BODY, timeout=5)
    assert (response.status_code, response.headers["Retry-After"]) == (429, "7")
    assert time.monotonic() - began > 0.05


def test_a_sender_that_does_not_wait_is_shown(stage: Callable[..., Stage]) -> None:
    it = stage(behaviour=Behaviour(drip_s=0.005))
    port = int(it.receiver.url.split(":")[2].split("/")[0])
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        sock.recv(1)
    assert it.shown().answer == "hung up"


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"Content-Length: 8388609\r\nExpect: 100-continue\r\n", b"413"),
        (b"Transfer-Encoding: chunked\r\n", b"411"),
        (b"Content-Length: -1\r\n", b"400"),
    ],
)
def test_a_body_that_cannot_be_taken_is_refused(stage: Callable[..., Stage], head: bytes, status: bytes) -> None:
    it = stage()
    port = int(it.receiver.url.split(":")[2].split("/")[0])
    with socket.create_connection(("127.0.0.1", port), timeout=5) as sock:
        sock.sendall(b"POST / HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n")
        sock.shutdown(socket.SHUT_WR)
        assert sock.recv(100).split()[1] == status
    assert it.receiver.tally.received == 0


def test_a_body_over_the_limit_gets_its_answer(stage: Callable[..., Stage]) -> None:
    it = stage()
    assert requests.post(it.receiver.url, data=b"x" * (module.BODY_LIMIT + 1), timeout=10).status_code == 413


def test_a_saved_request_verifies_and_nobody_else_can_read_it(stage: Callable[..., Stage], tmp_path: Path) -> None:
    it = stage(save=tmp_path / "captures")
    it.send("../../évil")
    path = it.shown().saved
    assert isinstance(path, Path)
    assert path.parent == tmp_path / "captures"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    it.send("two")
    path = it.shown().saved
    assert isinstance(path, Path)
    capture = parse(path.read_bytes())
    assert (capture.line, capture.body) == ("POST /webhook HTTP/1.1", BODY)
    assert judge(SECRET, capture, time.time()).genuine


def test_the_memory_of_ids_is_bounded(stage: Callable[..., Stage], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REMEMBERED", 2)
    it = stage()
    for name in ("a", "b", "a", "c", "a", "b"):
        it.send(name)
    assert [it.shown().seen for _ in range(6)] == ["new", "new", "repeat", "new", "repeat", "new"]


def test_a_closed_receiver_answers_nobody_not_even_on_a_kept_connection(stage: Callable[..., Stage]) -> None:
    it = stage()
    assert it.send().delivered
    it.receiver.close()
    assert not it.send().delivered


@pytest.mark.parametrize(
    ("payload", "shown"),
    [
        (json.loads(BODY), "message_created  #4/9  hello"),
        ({"event": "conversation_status_changed", "id": 4, "status": "resolved"},
         "conversation_status_changed  #4  resolved"),
        ({"event": "conversation_typing_on", "conversation": {"id": 4}}, "conversation_typing_on  #4"),
        ({"event": "contact_created", "id": 2, "name": "Ann\n\x1b[31m"}, "contact_created  contact 2  Ann \ufffd[31m"),
        ({"event": "webhook.failing", "webhook": {"id": 4, "kind": "inbox", "inbox_id": 1, "host": "shop.test"},
          "reason": "401 Unauthorized"}, "webhook.failing  inbox 1 (shop.test)  401 Unauthorized"),
        ({"event": "delivery.exhausted", "webhook": {"id": 4, "kind": "account"}, "delivery": {"error": "500"}},
         "delivery.exhausted  webhook 4  500"),
        ({"event": "conversation.braked", "conversation": {"id": 4}}, "conversation.braked  #4"),
        (["no", "event"], "no event"),
        (None, "no event"),
    ],
)  # fmt: skip
def test_a_line_says_what_an_event_is_about(payload: Any, shown: str) -> None:
    assert describe(payload) == shown


def test_a_line_fits_into_100_columns(stage: Callable[..., Stage]) -> None:
    it = stage()
    it.send("\x7f" * 4, body=json.dumps({"event": "message_created", "id": 1, "content": "long " * 99}).encode())
    (line,) = lines(it.shown())
    assert len(line) == 100
    assert "\x7f" not in line


@pytest.mark.e2e
def test_the_command_shows_requests_and_a_summary(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "inboxd.py"), "receiver", "--port", "0", "--secret", SECRET, "--json"]
    process = subprocess.Popen(
        command, cwd=tmp_path, env={**os.environ, "INBOXD_NO_BOOTSTRAP": "1"}, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    url = json.loads(process.stdout.readline())["url"]
    requests.post(url, data=BODY, headers=signing.headers([SECRET], "one", int(time.time()), BODY), timeout=10)
    got = json.loads(process.stdout.readline())
    assert (got["event"], got["content"], got["genuine"], got["seen"]) == ("message_created", "hello", True, "new")
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=10)
    assert json.loads(said) == {"received": 1, "distinct": 1, "bad": 0}
    assert process.returncode == 0
