"""A webhook receiver for development: it checks, remembers, shows and, when asked, fails."""

import json
import os
import re
import socket
import struct
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from inboxd.domain.text import clean_line
from inboxd.verify import Capture, Verdict, check_secret, judge

BODY_LIMIT = 8 * 1024 * 1024
REMEMBERED = 10_000
"""Ids that are known again; the oldest are forgotten first."""
_DRAINED = 8 * BODY_LIMIT
_IDLE_S = 60
_WIDTH = 100
_SILENT = (204, 304)
_USUAL = re.compile(
    r"host|user-agent|accept|accept-encoding|connection|content-type|content-length|expect"
    r"|webhook-(id|timestamp|signature)|x-chatwoot-(delivery|timestamp|signature)",
    re.IGNORECASE,
)
_CREDENTIAL = re.compile("auth|cookie|key|pass|secret|token", re.IGNORECASE)


@dataclass(frozen=True)
class Behaviour:
    """How requests are answered: all of them, or only the first `times`; the others get 200 at once."""

    status: int = 200
    times: int | None = None
    delay_s: float = 0
    drip_s: float = 0
    reset: bool = False
    retry_after_s: int | None = None


@dataclass(frozen=True)
class Received:
    """One request. `seen`: `new`; `again`, its id came before but was never handled; or `repeat`.

    `answer` is the status, `reset`, or `hung up` when the sender did not wait for it; 0 before it. `verdict` is
    None when there is no secret to check with.
    """

    at: float
    capture: Capture
    verdict: Verdict | None
    seen: str = "new"
    answer: int | str = 0
    saved: Path | str | None = None

    @property
    def webhook_id(self) -> str:
        got = self.capture.headers
        return got.get("webhook-id") or got.get("x-chatwoot-delivery") or ""

    @property
    def is_trusted(self) -> bool:
        return self.verdict is None or self.verdict.genuine

    @property
    def custom(self) -> list[str]:
        """Headers that not every webhook carries, without the values of those that are credentials."""
        return [
            f"{name}: {f'({len(value)} characters)' if _CREDENTIAL.search(name) else value}"
            for name, value in self.capture.fields
            if not _USUAL.fullmatch(name)
        ]

    @property
    def payload(self) -> Any:
        """The JSON of the body, None when it is none."""
        try:
            return json.loads(self.capture.body)
        except (ValueError, RecursionError):
            return None


@dataclass
class Tally:
    """What came since the start."""

    received: int = 0
    distinct: int = 0
    bad: int = 0


class Receiver:
    """Listens on loopback from the start; `port` 0 takes a free one. `show` is called for every
    request, after its answer, from the thread of its connection; `begin` before one that waits.
    What is not signed with `secret` is answered 401, unless `accept_bad`.

    Raises BadSecret for a `secret` no signature can be made with, OSError when the port is taken
    or `save` is no place for captures.
    """

    def __init__(
        self,
        port: int = 0,
        *,
        secret: str | None = None,
        behaviour: Behaviour | None = None,
        save: Path | None = None,
        accept_bad: bool = False,
        show: Callable[[Received], None] = lambda _: None,
        begin: Callable[[Received], None] = lambda _: None,
    ) -> None:
        if secret is not None:
            check_secret(secret)
        if save is not None:
            save.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.tally = Tally()
        self._secret = secret
        self._behaviour = behaviour or Behaviour()
        self._save = save
        self._accept_bad = accept_bad
        self._show = show
        self._begin = begin
        self._lock = threading.Lock()
        self._handled: OrderedDict[str, bool] = OrderedDict()
        self.closing = threading.Event()
        self._server = _Server(self, port)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="receiver", daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/webhook"

    def close(self) -> None:
        """Stop listening and hang up, running answers included."""
        self.closing.set()
        self._server.shutdown()
        self._server.hang_up()
        self._server.server_close()
        self._thread.join()

    def take(self, capture: Capture) -> tuple[Received, Behaviour]:
        """A request that is here as a whole, and how it is to be answered."""
        now = time.time()
        verdict = judge(self._secret, capture, now) if self._secret is not None else None
        got = Received(now, capture, verdict)
        with self._lock:
            self.tally.received += 1
            number = self.tally.received
            self.tally.bad += verdict is not None and not verdict.genuine
            got = replace(got, seen=self._recognised(got.webhook_id))
        if not (got.is_trusted or self._accept_bad):
            return got, Behaviour(401)
        limit = self._behaviour.times
        behaviour = self._behaviour if limit is None or number <= limit else Behaviour()
        if behaviour.delay_s or behaviour.drip_s:
            self._begin(got)
        return got, behaviour

    def done(self, got: Received, answer: int | str) -> None:
        """The request was answered: remember, keep and show it."""
        if isinstance(answer, int) and 200 <= answer < 300 and got.is_trusted:
            with self._lock:
                if got.webhook_id in self._handled:
                    self._handled[got.webhook_id] = True
        self._show(replace(got, answer=answer, saved=self._kept(got)))

    def _recognised(self, webhook_id: str) -> str:
        if webhook_id not in self._handled:
            self.tally.distinct += 1
            if webhook_id:
                self._handled[webhook_id] = False
                if len(self._handled) > REMEMBERED:
                    self._handled.popitem(last=False)
            return "new"
        self._handled.move_to_end(webhook_id)
        return "repeat" if self._handled[webhook_id] else "again"

    def _kept(self, got: Received) -> Path | str | None:
        """The capture file, or why there is none."""
        if self._save is None:
            return None
        at = datetime.fromtimestamp(got.at, UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        # The id is foreign text and becomes part of a file name.
        name = re.sub(r"[^A-Za-z0-9_-]", "_", got.webhook_id)[:64] or "no-id"
        path = self._save / f"{at}-{name}.http"
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(got.capture.raw())
        except OSError as error:
            return f"not saved: {error.strerror}"
        return path


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, receiver: Receiver, port: int) -> None:
        self.receiver = receiver
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """A kept-alive connection would be answered by its thread for as long as it lasts."""
        with self._lock:
            for request in self._open:
                try:
                    request.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Senders break connections in every way, and this is no place for their tracebacks."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _IDLE_S
    server: _Server

    def do_GET(self) -> None:
        self._say(405, {"Allow": "POST"})

    def do_POST(self) -> None:
        body = self._body()
        if body is None:
            return
        receiver = self.server.receiver
        got, behaviour = receiver.take(Capture(self.requestline, self.headers.items(), body))
        receiver.closing.wait(behaviour.delay_s)
        if receiver.closing.is_set():
            self.close_connection = True
            return
        receiver.done(got, self._answered(behaviour))

    def handle_expect_100(self) -> bool:
        """A body that is too long is refused before it is sent."""
        return self._length() is not None and super().handle_expect_100()

    def log_message(self, *args: Any) -> None:
        """Silence: what arrives is shown in the receiver's own words."""

    def _length(self) -> int | None:
        """The length of a body that will be read; otherwise the refusal is sent."""
        given = self.headers.get("Content-Length", "")
        if re.fullmatch(r"[0-9]{1,15}", given) and int(given) <= BODY_LIMIT:
            return int(given)
        self.close_connection = True
        if not given:
            self._say(411)
        elif not re.fullmatch(r"[0-9]{1,15}", given):
            self._say(400)
        else:
            self._say(413, {"Connection": "close"})
            self._drain(min(int(given), _DRAINED))
        return None

    def _drain(self, left: int) -> None:
        """Read what is on its way: closing before would reset the connection under the answer."""
        while left > 0 and (piece := self.rfile.read(min(left, 1 << 16))):
            left -= len(piece)

    def _body(self) -> bytes | None:
        """The whole body, or None when there is none to handle."""
        length = self._length()
        if length is None:
            return None
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True
            return None
        return body

    def _answered(self, behaviour: Behaviour) -> int | str:
        """Answer, and say what came of it."""
        if behaviour.reset:
            self._reset()
            return "reset"
        after = behaviour.retry_after_s
        try:
            self._say(behaviour.status, {} if after is None else {"Retry-After": str(after)}, behaviour.drip_s)
        except OSError:
            self.close_connection = True
            return "hung up"
        return behaviour.status

    def _say(self, status: int, headers: dict[str, str] | None = None, drip_s: float = 0) -> None:
        phrase = self.responses.get(status, ("", ""))[0]
        lines = [f"HTTP/1.1 {status} {phrase}", *(f"{name}: {value}" for name, value in (headers or {}).items())]
        if status not in _SILENT:
            lines.append("Content-Length: 0")
        answer = "\r\n".join([*lines, "", ""]).encode()
        if not drip_s:
            self.wfile.write(answer)
            return
        for byte in answer:
            self.wfile.write(bytes((byte,)))
            if self.server.receiver.closing.wait(drip_s):
                raise ConnectionAbortedError

    def _reset(self) -> None:
        """Close at once and rudely. The descriptor itself is closed: a polite FIN would go out first otherwise."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())


def describe(payload: Any) -> str:
    """What an event is about, on one clean line: `message_created  #12/345  Where is my order?`."""
    event, about, content = subject(payload)
    shown = "  ".join(part for part in (event, about, content) if part)
    return clean_line(shown) or "no event"


def subject(payload: Any) -> tuple[str, str, str]:
    """The event's name, `#conversation/message` or another record, and the words in it; foreign text as it is."""
    if not isinstance(payload, dict):
        return "", "", ""
    event = str(payload.get("event") or "")
    if _is_operational(payload):
        return event, _owner(payload["webhook"]), _reason(payload)
    kind = re.split("[._]", event)[0]
    inner = payload.get("conversation")
    outer = inner.get("id") if isinstance(inner, dict) else None
    number = payload.get("id")
    if kind == "message":
        return event, f"#{outer}/{number}", str(payload.get("content") or "")
    if kind == "conversation":
        return event, f"#{number if outer is None else outer}", str(payload.get("status") or "")
    return event, f"{kind} {number}" if number is not None else "", str(payload.get("name") or "")


def _is_operational(payload: Any) -> bool:
    return isinstance(payload, dict) and isinstance(payload.get("webhook"), dict)


def _owner(webhook: dict[str, Any]) -> str:
    """Whose webhook an operational event tells of, and where it leads."""
    host = webhook.get("host")
    named = {"inbox": f"inbox {webhook.get('inbox_id')}", "bot": "an agent bot"}
    whose = named.get(str(webhook.get("kind")), f"webhook {webhook.get('id')}")
    return f"{whose} ({host})" if host else whose


def _reason(payload: dict[str, Any]) -> str:
    delivery = payload.get("delivery")
    error = delivery.get("error") if isinstance(delivery, dict) else None
    return str(payload.get("reason") or error or "")


HEAD = f"{'UTC':8}  {'id':8}  {'signed':9}  {'seen':6}  {'answer':7}  event, #conversation/message, content"


def lines(got: Received) -> list[str]:
    """A line about a request within 100 columns; further ones say what is wrong with it or special about it."""
    at = datetime.fromtimestamp(got.at, UTC).strftime("%H:%M:%S")
    short = clean_line(got.webhook_id[:8]) or "-"
    signed, answer = _signed(got.verdict), str(got.answer or "later")
    line = f"{at:8}  {short:8}  {signed:9}  {got.seen:6}  {answer:7}  {describe(got.payload)}"
    if not got.answer:
        return [clean_line(line, _WIDTH)]
    more = [*(got.verdict.problems if got.verdict else []), *([got.saved] if isinstance(got.saved, str) else [])]
    if got.verdict and got.verdict.genuine and got.verdict.is_old_secret:
        more.append("X-Chatwoot-Signature is made with the new secret alone")
    if len(line) > _WIDTH and _is_operational(got.payload):
        more.append(_reason(got.payload))
    indented = (clean_line(f"{'':10}{one}", 200) for one in [*more, *got.custom])
    return [clean_line(line, _WIDTH), *indented]


def _signed(verdict: Verdict | None) -> str:
    if verdict is None:
        return "unchecked"
    if not verdict.genuine:
        return "BAD"
    return "old key" if verdict.is_old_secret else "genuine"


def as_json(got: Received) -> dict[str, Any]:
    """The same for programs."""
    event, _, content = subject(got.payload)
    verdict = got.verdict
    return {
        "at": datetime.fromtimestamp(got.at, UTC).isoformat(),
        "event": event,
        "content": content,
        "payload": got.payload,
        "webhook_id": got.webhook_id,
        "genuine": verdict.genuine if verdict else None,
        "problems": verdict.problems if verdict else [],
        "is_old_secret": bool(verdict and verdict.is_old_secret),
        "custom_headers": got.custom,
        "seen": got.seen,
        "answer": got.answer,
        "saved": str(got.saved) if isinstance(got.saved, Path) else None,
    }
