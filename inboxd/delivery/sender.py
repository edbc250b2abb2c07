"""The hardened HTTP client: one POST, one Outcome, never an exception for what a receiver does.

Every connection goes only to an address the guard allows, checked on the address itself and
again on the connected peer; redirects, proxies, cookies, netrc and compression are off; the
whole exchange has one deadline on the wall clock, whatever single reads take.
"""

import heapq
import itertools
import logging
import socket
import ssl
import threading
import time
from functools import lru_cache
from http import HTTPStatus
from http.client import RemoteDisconnected
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NewConnectionError

from inboxd.domain.addresses import Guard
from inboxd.domain.retry import Outcome
from inboxd.domain.text import clean_line, excerpt
from inboxd.version import __version__

CONNECT_S = 5.0
DEADLINE_S = 15.0
READ_LIMIT = 16 * 1024
_AGAIN_S = 0.1
_STALE_TRIES = 3

_log = logging.getLogger("inboxd.delivery")
# urllib3 warns about receivers that break HTTP; our own line about the attempt says it better.
logging.getLogger("urllib3").setLevel(logging.ERROR)


class _Refused(Exception):
    """The guard forbids every address of the host."""


class _Exchange:
    """One POST under way. Lives in its thread's local storage so that connections find it."""

    def __init__(self, ends_at: float) -> None:
        self.ends_at = ends_at
        self.sock: socket.socket | None = None
        self.address: str | None = None
        self.reused = False  # the connection was kept alive from an earlier exchange
        self.sent = False  # a byte of the request may have left
        self.answered = False
        self.expired = False
        self.over = False

    def left(self) -> float:
        return max(0.001, self.ends_at - time.monotonic())

    def expire(self) -> None:
        self.expired = True
        sock = self.sock
        if sock is not None:
            try:
                # Not SSLSocket's own, which takes the TLS layer away under the thread that reads.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
            except OSError:
                _log.debug("the connection was gone before its deadline")


class _Deadlines:
    """Cuts off exchanges that are over time, again and again until they are over: one that is
    between two sockets, as during a TLS handshake, cannot be cut the first time."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._number = itertools.count()
        self._heap: list[tuple[float, int, _Exchange]] = []
        self._thread: threading.Thread | None = None

    def watch(self, exchange: _Exchange) -> None:
        with self._changed:
            heapq.heappush(self._heap, (exchange.ends_at, next(self._number), exchange))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="deadlines", daemon=True)
                self._thread.start()
            elif self._heap[0][2] is exchange:
                self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while self._heap and self._heap[0][2].over:
                    heapq.heappop(self._heap)
                if not self._heap:
                    self._changed.wait()
                    continue
                at, number, exchange = self._heap[0]
                now = time.monotonic()
                if at > now:
                    self._changed.wait(at - now)
                    continue
                heapq.heapreplace(self._heap, (now + _AGAIN_S, number, exchange))
            if not exchange.over:
                exchange.expire()


class Sender:
    """`deadline_s` is the wall time of one whole exchange, DNS excepted."""

    def __init__(self, guard: Guard, *, connect_s: float = CONNECT_S, deadline_s: float = DEADLINE_S) -> None:
        self._deadline_s = deadline_s
        self._connect_s = connect_s
        self._local = threading.local()
        self._deadlines = _Deadlines()
        self._adapter = _adapter(guard, self._local, connect_s)

    def send(self, url: str, headers: dict[str, str], body: bytes) -> Outcome:
        """POST the exact bytes. Raises nothing.

        A kept-alive connection that breaks before an answer says nothing about the receiver,
        which may have closed it at that moment: the request goes out again on another.
        """
        began = time.monotonic()
        exchange = _Exchange(began + self._deadline_s)
        self._local.exchange = exchange
        self._deadlines.watch(exchange)
        status: int | None = None
        text = ""
        early = False
        try:
            for _ in range(_STALE_TRIES):
                try:
                    status, error, text = self._exchange(exchange, url, headers, body)
                except Exception as failure:  # receivers make the libraries raise nearly everything
                    error = self._sentence(exchange, failure)
                    early = not exchange.sent and not exchange.expired and _is_worth_a_quick_try(failure)
                    if not _was_stale(exchange, failure):
                        break
                else:
                    break
        finally:
            exchange.over = True
            exchange.sock = None
        duration_ms = round((time.monotonic() - began) * 1000)
        return Outcome(status, error, text, duration_ms, exchange.address, early=early)

    def close(self) -> None:
        self._adapter.close()

    def _exchange(
        self, exchange: _Exchange, url: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, str | None, str]:
        request = _blank(url).copy()
        request.body = body
        request.headers.update(headers)
        request.headers["Content-Length"] = str(len(body))
        response = self._adapter.send(request, stream=True, timeout=(self._connect_s, self._deadline_s), verify=True)
        exchange.answered = True
        try:
            raw = b""
            # To the end or the limit: only the read that finds nothing says that something is missing.
            while len(raw) < READ_LIMIT and (piece := response.raw.read(READ_LIMIT - len(raw), decode_content=False)):
                raw += piece
        finally:
            # Past the limit the rest is not read: closing throws the connection away.
            response.close()
        if exchange.expired:
            raise TimeoutError
        return response.status_code, _status_error(response), excerpt(raw)

    def _sentence(self, exchange: _Exchange, failure: BaseException) -> str:
        """What went wrong, for the person who runs the receiver; no address, no port, no library names."""
        if exchange.expired or _is_cause(failure, TimeoutError, requests.Timeout):
            if exchange.sent or exchange.expired:
                return f"timed out: no complete answer within {self._deadline_s:g} s"
            return f"timed out: no connection within {self._connect_s:g} s"
        for kinds, sentence in _SENTENCES:
            if _is_cause(failure, *kinds):
                return sentence
        return "the connection was closed or broken before a complete answer"


@lru_cache(maxsize=256)
def _blank(url: str) -> requests.PreparedRequest:
    """A POST without its body. Preparing the URL again for each delivery would cost as much as sending."""
    return requests.Request(
        "POST",
        url,
        headers={
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": f"inboxd/{__version__}",
        },
    ).prepare()


_SENTENCES: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    ((_Refused,), "the address of this URL is private or reserved (see INBOXD_ALLOW_PRIVATE)"),
    ((socket.gaierror, UnicodeError), "the host name cannot be resolved"),
    ((requests.exceptions.SSLError, ssl.SSLError), "the TLS certificate or handshake is not valid"),
    ((requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, requests.exceptions.MissingSchema),
     "the URL is not valid"),
    ((ConnectionRefusedError,), "connection refused"),
    ((RemoteDisconnected,), "the connection was closed before an answer"),
    ((ConnectionResetError, BrokenPipeError), "the connection was reset"),
)  # fmt: skip


def _is_worth_a_quick_try(failure: BaseException) -> bool:
    """Refused, reset or unknown by name, as a receiver is that just restarts; a timeout has cost enough."""
    return _is_cause(failure, ConnectionError, socket.gaierror)


def _was_stale(exchange: _Exchange, failure: BaseException) -> bool:
    broken = exchange.reused and not exchange.answered and not exchange.expired
    return broken and _is_cause(failure, ConnectionError)


def _status_error(response: requests.Response) -> str | None:
    code = response.status_code
    if 200 <= code < 300:
        return None
    try:
        reason = HTTPStatus(code).phrase
    except ValueError:
        reason = clean_line(response.reason or "", 80)
    if 300 <= code < 400:
        location = clean_line(response.headers.get("Location", ""), 300)
        return f"{code} {reason}: redirects are not followed, update the URL" + (f" to {location}" if location else "")
    return f"{code} {reason}".strip()


def _is_cause(failure: BaseException, *kinds: type[BaseException]) -> bool:
    """Whether one of `kinds` is behind a failure: the libraries wrap it several times, in args and context."""
    seen: set[int] = set()
    queue: list[Any] = [failure]
    while queue:
        one = queue.pop()
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        if isinstance(one, kinds):
            return True
        seen.add(id(one))
        queue += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
    return False


def _adapter(guard: Guard, local: threading.local, connect_s: float) -> HTTPAdapter:
    """A requests adapter whose connections obey the guard and report to their thread's exchange."""

    class Guarded:
        host: str
        port: int
        sock: Any
        peer: str

        def _new_conn(self) -> socket.socket:
            exchange: _Exchange = local.exchange
            host = self.host.strip("[]")
            found = socket.getaddrinfo(host, self.port, type=socket.SOCK_STREAM)
            addresses = [entry[4] for entry in found if guard.allows(host, str(entry[4][0]))]
            if not addresses:
                raise _Refused
            failure: OSError = OSError("no address")
            for address in addresses:
                try:
                    timeout = min(connect_s, exchange.left())
                    sock = socket.create_connection((str(address[0]), self.port), timeout)
                except OSError as error:
                    failure = error
                    continue
                peer = str(sock.getpeername()[0])
                if not guard.allows(host, peer):
                    sock.close()
                    raise _Refused
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                exchange.address = self.peer = peer
                return sock
            raise NewConnectionError(self, "no connection") from failure  # type: ignore[arg-type]

        def connect(self) -> None:
            super().connect()  # type: ignore[misc]
            exchange: _Exchange = local.exchange
            exchange.reused = False
            exchange.sock = self.sock
            self.sock.settimeout(exchange.left())

        def request(self, *args: Any, **kwargs: Any) -> None:
            exchange: _Exchange = local.exchange
            if self.sock is not None and self.sock is not exchange.sock:
                exchange.reused = True
                exchange.sock = self.sock
                exchange.address = self.peer
            super().request(*args, **kwargs)  # type: ignore[misc]

        def send(self, data: Any) -> None:
            if self.sock is None:
                self.connect()
            local.exchange.sent = True
            super().send(data)  # type: ignore[misc]

    class Plain(Guarded, HTTPConnection):
        pass

    class Tls(Guarded, HTTPSConnection):
        pass

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class TlsPool(HTTPSConnectionPool):
        ConnectionCls = Tls

    class Adapter(HTTPAdapter):
        def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
            self.poolmanager = PoolManager(num_pools=64, maxsize=2)
            self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": TlsPool}

    return Adapter(max_retries=0)
