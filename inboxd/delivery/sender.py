"""The hardened HTTP client: one POST, one Outcome, never an exception for what a receiver does; and files
from URLs that somebody named.

Every connection goes only to an address the guard allows, checked on the address itself and
again on the connected peer; redirects of a POST, the environment's proxies, cookies, netrc and compression
are off; the whole exchange has one deadline on the wall clock, whatever single reads take.
"""

import heapq
import itertools
import logging
import re
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import suppress
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import lru_cache
from http import HTTPStatus
from http.client import HTTPException, RemoteDisconnected
from typing import IO, Any, NamedTuple
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager, ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, LocationValueError, NewConnectionError

from inboxd.domain.addresses import Guard, Proxy, literal, parse_proxy
from inboxd.domain.errors import StorageFull, disk_full_in_words
from inboxd.domain.fetching import TOO_LARGE, Fetched, FetchFailed
from inboxd.domain.retry import PAUSING, Outcome
from inboxd.domain.text import clean_line, excerpt
from inboxd.version import __version__

CONNECT_S = 5.0
DEADLINE_S = 15.0
READ_LIMIT = 16 * 1024
RETRY_AFTER_LIMIT_S = 30 * 86_400.0
_LOOKUPS = 64
_AGAIN_S = 0.1
_STALE_TRIES = 3
_REDIRECTS = 3
_PIECE = 1 << 16

_log = logging.getLogger("inboxd.delivery")
# urllib3 warns about receivers that break HTTP; our own line about the attempt says it better.
logging.getLogger("urllib3").setLevel(logging.ERROR)


class _Refused(Exception):
    """The guard forbids every address of the host."""


class _Unresolved(Exception):
    """The resolver took too long."""


class _NoTunnel(Exception):
    """The egress proxy answered CONNECT with this status."""

    def __init__(self, status: int) -> None:
        self.status = status


class _Failure(NamedTuple):
    error_class: str | None
    sentence: str | None
    retry_after_s: float | None = None


_NO_FAILURE = _Failure(None, None)


class _Exchange:
    """One request under way. Lives in its thread's local storage so that connections find it."""

    def __init__(self, ends_at: float) -> None:
        self.ends_at = ends_at
        self.sock: socket.socket | None = None
        self.address: str | None = None
        self.at_proxy = False  # the egress proxy is being asked for a connection
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
        self._ending = False

    def watch(self, exchange: _Exchange) -> None:
        with self._changed:
            heapq.heappush(self._heap, (exchange.ends_at, next(self._number), exchange))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="deadlines", daemon=True)
                self._thread.start()
            elif self._heap[0][2] is exchange:
                self._changed.notify()

    def end_all(self) -> None:
        """The time of every exchange is over now, and that of the thread after them."""
        now = time.monotonic()
        with self._changed:
            self._ending = True
            for _, _, exchange in self._heap:
                exchange.ends_at = now
            self._heap = [(now, number, exchange) for _, number, exchange in self._heap]
            heapq.heapify(self._heap)
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while self._heap and self._heap[0][2].over:
                    heapq.heappop(self._heap)
                if not self._heap:
                    if self._ending:
                        self._thread = None
                        return
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


class _Resolver:
    """getaddrinfo with a time limit. It cannot be interrupted, so a thread that may be left behind calls it."""

    def __init__(self) -> None:
        self._free = threading.BoundedSemaphore(_LOOKUPS)

    def addresses(self, host: str, timeout_s: float) -> list[str]:
        ends_at = time.monotonic() + timeout_s
        if not self._free.acquire(timeout=timeout_s):
            raise _Unresolved
        found: Future[list[str]] = Future()
        try:
            threading.Thread(target=self._look_up, args=(host, found), name="resolver", daemon=True).start()
        except RuntimeError:  # no more threads
            self._free.release()
            raise
        with suppress(TimeoutError):
            return found.result(max(0, ends_at - time.monotonic()))
        raise _Unresolved

    def _look_up(self, host: str, found: Future[list[str]]) -> None:
        try:
            found.set_result([str(entry[4][0]) for entry in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)])
        except Exception as failure:  # hosts make it raise nearly everything; the one who waits sorts it out
            found.set_exception(failure)
        finally:
            self._free.release()


class Sender:
    """`deadline_s` is the wall time of one whole exchange. Through `proxy`, http://[user:password@]host:port,
    everything goes when it is given; names are then the proxy's to resolve and to guard. Raises ValueError
    for a proxy that is none.
    """

    def __init__(
        self, guard: Guard, *, connect_s: float = CONNECT_S, deadline_s: float = DEADLINE_S, proxy: str | None = None
    ) -> None:
        self._guard = guard
        self._deadline_s = deadline_s
        self._connect_s = connect_s
        self._is_proxied = proxy is not None
        self._local = threading.local()
        self._deadlines = _Deadlines()
        self._adapter = _adapter(guard, self._local, connect_s, parse_proxy(proxy) if proxy is not None else None)

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
        failed = _NO_FAILURE
        text = ""
        early = False
        try:
            for _ in range(_STALE_TRIES):
                try:
                    status, failed, text = self._exchange(exchange, url, headers, body)
                except Exception as failure:  # receivers make the libraries raise nearly everything
                    failed = self._failure(exchange, failure)
                    early = not exchange.sent and not exchange.expired and _is_worth_a_quick_try(failure)
                    if not _was_stale(exchange, failure):
                        break
                else:
                    break
        finally:
            exchange.over = True
            exchange.sock = None
        duration_ms = round((time.monotonic() - began) * 1000)
        error_class, error, retry_after_s = failed
        return Outcome(status, error, text, duration_ms, exchange.address, early, error_class, retry_after_s)

    def fetch(self, url: str, target: IO[bytes], limit: int) -> Fetched:
        """GET at most `limit` bytes of a file into `target`. Raises FetchFailed, and StorageFull.

        Redirects are followed: each is a connection of its own, which the guard decides on like the first.
        """
        exchange = _Exchange(time.monotonic() + self._deadline_s)
        self._local.exchange = exchange
        self._deadlines.watch(exchange)
        try:
            return self._follow(exchange, url, target, limit)
        except (FetchFailed, StorageFull):
            raise
        except Exception as failure:  # receivers make the libraries raise nearly everything
            error_class, sentence, _ = self._failure(exchange, failure)
            raise FetchFailed(error_class or "", sentence or "") from None
        finally:
            exchange.over = True
            exchange.sock = None

    def _follow(self, exchange: _Exchange, url: str, target: IO[bytes], limit: int) -> Fetched:
        for _ in range(_REDIRECTS + 1):
            response = self._get(exchange, url)
            try:
                location = response.headers.get("Location", "") if 300 <= response.status_code < 400 else ""
                if not location:
                    return _received(exchange, response, target, limit)
                url = urljoin(url, location)
            finally:
                response.close()
        raise FetchFailed("redirect", "too many redirects")

    def _get(self, exchange: _Exchange, url: str, tries: int = _STALE_TRIES) -> requests.Response:
        if self._is_proxied and self._guard.refuses_literal(_host(url)):
            raise _Refused
        headers = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": f"inboxd/{__version__}"}
        request = requests.Request("GET", url, headers=headers).prepare()
        exchange.reused = exchange.sent = exchange.answered = False
        try:
            return self._adapter.send(request, stream=True, timeout=(self._connect_s, self._deadline_s), verify=True)
        except Exception as failure:
            if tries > 1 and _was_stale(exchange, failure):
                return self._get(exchange, url, tries - 1)
            raise

    def close(self) -> None:
        """Cut off what is still under way: a process does not end before its threads do."""
        self._deadlines.end_all()
        self._adapter.close()

    def _exchange(
        self, exchange: _Exchange, url: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, _Failure, str]:
        request = _blank(url).copy()
        if self._is_proxied and self._guard.refuses_literal(_host(url)):
            raise _Refused
        request.body = body
        request.headers.update(headers)
        request.headers["Content-Length"] = str(len(body))
        response = self._adapter.send(request, stream=True, timeout=(self._connect_s, self._deadline_s), verify=True)
        exchange.answered = True
        try:
            raw = b""
            # To the end or the limit: only the read that finds nothing says that something is missing. After an
            # interim status another answer is still to come, which the next request must not take for its own.
            left = READ_LIMIT if response.status_code >= 200 else 0
            while left and (piece := response.raw.read(left, decode_content=False)):
                raw += piece
                left -= len(piece)
        finally:
            # What is not read to its end takes the connection with it.
            response.close()
        if exchange.expired:
            raise TimeoutError
        return response.status_code, _status_failure(response), excerpt(raw)

    def _failure(self, exchange: _Exchange, failure: BaseException) -> _Failure:
        """What went wrong, for the person who runs the receiver; no address, no port, no library names."""
        error_class, sentence = self._words(exchange, failure)
        return _Failure(error_class, f"the egress proxy: {sentence}" if exchange.at_proxy else sentence)

    def _words(self, exchange: _Exchange, failure: BaseException) -> tuple[str, str]:
        if exchange.expired or _is_cause(failure, TimeoutError, requests.Timeout):
            if exchange.sent or exchange.expired:
                return "timeout", f"timed out: no complete answer within {self._deadline_s:g} s"
            return "timeout", f"timed out: no connection within {self._connect_s:g} s"
        if isinstance(failure, _NoTunnel):
            return "refused", f"refused to connect ({_phrase(failure.status, '')})"
        for kinds, error_class, sentence in _WORDS:
            if _is_cause(failure, *kinds):
                return error_class, sentence
        if exchange.sent or _is_cause(failure, OSError, HTTPException, HTTPError):
            return "protocol", "the connection was closed or broken before a complete answer"
        _log.warning("a request could not be sent: %s", type(failure).__name__)
        return "internal", "the request could not be sent"


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


@lru_cache(maxsize=256)
def _host(url: str) -> str:
    """The host that a proxy would be asked for."""
    try:
        parts = urlsplit(_blank(url).url or "")
    except ValueError:
        raise requests.exceptions.InvalidURL from None
    # urllib3 gives a proxy whatever it does not know.
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise requests.exceptions.InvalidSchema
    return parts.hostname


def _received(exchange: _Exchange, response: requests.Response, target: IO[bytes], limit: int) -> Fetched:
    exchange.answered = True
    if response.status_code != 200:
        raise FetchFailed("status", _phrase(response.status_code, response.reason or ""))
    size = 0
    while piece := response.raw.read(_PIECE, decode_content=False):
        size += len(piece)
        if size > limit:
            raise FetchFailed(TOO_LARGE, f"the file is larger than {limit} bytes")
        with disk_full_in_words():
            target.write(piece)
    if exchange.expired:
        raise TimeoutError
    return Fetched(response.headers.get("Content-Type", ""), size)


_WORDS: tuple[tuple[tuple[type[BaseException], ...], str, str], ...] = (
    ((_Refused,), "blocked", "the address of this URL is private or reserved (see INBOXD_ALLOW_PRIVATE)"),
    ((_Unresolved,), "dns", "the host name was not resolved in time"),
    ((socket.gaierror, UnicodeError), "dns", "the host name cannot be resolved"),
    ((requests.exceptions.SSLError, ssl.SSLError), "tls", "the TLS certificate or handshake is not valid"),
    ((requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, requests.exceptions.MissingSchema,
      LocationValueError), "url", "the URL is not valid"),
    ((ConnectionRefusedError,), "refused", "connection refused"),
    ((RemoteDisconnected,), "reset", "the connection was closed before an answer"),
    ((ConnectionResetError, BrokenPipeError), "reset", "the connection was reset"),
    ((NewConnectionError,), "refused", "the host cannot be reached"),
)  # fmt: skip


def _is_worth_a_quick_try(failure: BaseException) -> bool:
    """Refused, reset or unknown by name, as a receiver is that just restarts; a timeout has cost enough."""
    return _is_cause(failure, ConnectionError, socket.gaierror)


def _was_stale(exchange: _Exchange, failure: BaseException) -> bool:
    broken = exchange.reused and not exchange.answered and not exchange.expired
    return broken and _is_cause(failure, ConnectionError, ssl.SSLEOFError)


def _status_failure(response: requests.Response) -> _Failure:
    code = response.status_code
    if 200 <= code < 300:
        return _NO_FAILURE
    words = _phrase(code, response.reason or "")
    if 300 <= code < 400:
        location = clean_line(response.headers.get("Location", ""), 300)
        to = f" to {location}" if location else ""
        return _Failure("redirect", f"{words}: redirects are not followed, update the URL{to}")
    pause = parse_retry_after(response.headers.get("Retry-After", ""), time.time()) if code in PAUSING else None
    return _Failure("status", words, pause)


def _phrase(code: int, otherwise: str) -> str:
    try:
        reason = HTTPStatus(code).phrase
    except ValueError:
        reason = clean_line(otherwise, 80)
    return f"{code} {reason}".strip()


def parse_retry_after(text: str, now_s: float) -> float | None:
    """Seconds from `now_s` (unix time) that a Retry-After header asks for; None for nonsense and over 30 days."""
    text = text.strip()
    if len(text) > 64 or not text.isascii():
        return None
    try:
        seconds = float(text) if text.isdigit() else _http_date(text) - now_s
    except (ValueError, TypeError, IndexError, OverflowError):  # all that email.utils raises for nonsense
        return None
    return max(0.0, seconds) if seconds <= RETRY_AFTER_LIMIT_S else None


def _http_date(text: str) -> float:
    if not re.match(r"[A-Z][a-z]{2,8},? ", text):
        raise ValueError("email.utils makes a date of nearly anything")
    when = parsedate_to_datetime(text)
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()


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


def _adapter(guard: Guard, local: threading.local, connect_s: float, proxy: Proxy | None) -> HTTPAdapter:
    """A requests adapter whose connections obey the guard and report to their thread's exchange."""
    resolver = _Resolver()

    class Guarded:
        host: str
        port: int
        proxy: Any
        sock: Any
        peer: str | None

        def _new_conn(self) -> socket.socket:
            exchange: _Exchange = local.exchange
            exchange.at_proxy = self.proxy is not None
            exchange.address = None
            sock = self._connected(exchange, self.host.strip("[]"))
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(min(connect_s, exchange.left()))
            exchange.sock = sock
            return sock

        def _connected(self, exchange: _Exchange, host: str) -> socket.socket:
            spelled = literal(host)
            limit_s = min(connect_s, exchange.left())
            found = [spelled] if spelled else resolver.addresses(host, limit_s)
            addresses = [address for address in found if self._may_use(host, address)]
            if not addresses:
                raise _Refused
            failure: OSError = OSError("no address")
            for address in addresses:
                try:
                    sock = socket.create_connection((address, self.port), min(connect_s, exchange.left()))
                except OSError as error:
                    failure = error
                    if exchange.expired:
                        break
                    continue
                peer = str(sock.getpeername()[0])
                if not self._may_use(host, peer):
                    sock.close()
                    raise _Refused
                # Where the proxy lives is the administrator's secret.
                exchange.address = self.peer = None if self.proxy else peer
                return sock
            raise NewConnectionError(self, "no connection") from failure  # type: ignore[arg-type]

        def _may_use(self, host: str, address: str) -> bool:
            return self.proxy is not None or guard.allows(host, address)

        def _tunnel(self) -> None:
            exchange: _Exchange = local.exchange
            try:
                super()._tunnel()  # type: ignore[misc]
            except OSError as failure:
                refusal = re.match(r"Tunnel connection failed: (\d{3}) ", str(failure))
                raise _NoTunnel(int(refusal[1])) if refusal else failure from None
            if exchange.expired:  # cut headers look like complete ones to http.client
                raise TimeoutError
            exchange.at_proxy = False
            self.sock.settimeout(min(connect_s, exchange.left()))

        def connect(self) -> None:
            exchange: _Exchange = local.exchange
            sent = exchange.sent
            try:
                super().connect()  # type: ignore[misc]
            finally:
                exchange.sent = sent  # CONNECT is no byte of the request
            exchange.at_proxy = exchange.reused = False
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
            if proxy:
                headers = {"Proxy-Authorization": proxy.authorization} if proxy.authorization else {}
                # All plain HTTP shares one pool, the one of the proxy.
                self.poolmanager = ProxyManager(proxy.url, num_pools=64, maxsize=8, proxy_headers=headers)
            else:
                self.poolmanager = PoolManager(num_pools=64, maxsize=2)
            self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": TlsPool}

        def request_url(self, request: requests.PreparedRequest, proxies: Mapping[str, str] | None) -> str:
            return super().request_url(request, {"http": proxy.url} if proxy else None)

    return Adapter(max_retries=0)
