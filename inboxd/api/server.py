"""The only file that knows Bottle and waitress: adapting requests, JSON errors, the access log."""

import copy
import logging
import re
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote
from wsgiref.util import FileWrapper

import bottle
from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import create_server
from waitress.task import ErrorTask
from waitress.utilities import BadRequest

from inboxd.api import bodies
from inboxd.api.edge import Edge, refusal
from inboxd.api.web import TEXT_ARGS, File, Request, Response, Route
from inboxd.domain.errors import Failure, Malformed, NotFound
from inboxd.domain.links import DIRECT, PREFIX
from inboxd.domain.proxies import Proxies
from inboxd.domain.text import clean_line
from inboxd.version import __version__
from inboxd.wire import jsons

_log = logging.getLogger("inboxd.http")
# A line for every request that waits its turn would cost more than the waiting.
logging.getLogger("waitress.queue").setLevel(logging.ERROR)
_CONTACT = re.compile(r"/public/api/v1/inboxes/[^/]+/contacts/[^/]+")
_HEADERS_S = 30.0
# Bytes a second that a body must keep up on average once _HEADERS_S are over.
_SLOWEST = 500
_LINGER_S = 2.0
# What a chunk's size line and the trailer may hold: waitress keeps them in memory, copied at every read.
_CHUNK_LINES = 16_384
# The paths that take files: elsewhere nobody gets to fill the disk before being looked at.
_UPLOADS = re.compile(
    r"/messages$|^/api/v1/(profile|accounts/[0-9]+/"
    r"(upload|contacts/import|conversations|(contacts|inboxes|agent_bots)(/[0-9]+)?))$"
)
# And the one that takes lines, which are no files.
_LINES = re.compile(r"/api/v1/accounts/\d+/import")
_ANY_ORIGIN = {"Access-Control-Allow-Origin": "*"}
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE, OPTIONS, HEAD",
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Max-Age": "7200",
}
_SLASHES = re.compile(r"//+")
_REASONS = bottle.HTTP_CODES | {507: "Insufficient Storage"}


class Router(bottle.Router):  # type: ignore[misc]
    """Bottle compiles the pattern of all routes anew with each one: at 250 of them a third of the time to start."""

    def _compile(self, method: str) -> None:
        """Not yet."""

    def compile_all(self) -> None:
        for method in self.dyna_routes:
            super()._compile(method)


def make_router(routes: Iterable[Route]) -> Router:
    router = Router()
    for route in routes:
        rule = re.sub(r"\{(\w+)\}", _rule, route.path.removesuffix(".json"))
        for method in ("PATCH", "PUT") if route.method == "PATCH" else (route.method,):
            router.add(rule, method, route)
    router.compile_all()
    return router


def make_wsgi(edge: Edge, router: Router, *, body_limit: int, proxies: Proxies) -> Callable[..., Any]:
    """The WSGI application over a route table.

    Of Bottle it takes the router. Bottle's request and response objects would be filled from
    ours and emptied into WSGI again, which costs as much as storing half a message.
    """

    def wsgi(environ: dict[str, Any], start_response: Any) -> Any:
        began = time.perf_counter()
        environ["PATH_INFO"] = path = _path(environ)
        # Who comes through no network, as in tests, has no address.
        peer = environ.get("REMOTE_ADDR", "::1")
        request = Request(
            environ["REQUEST_METHOD"],
            path,
            _Headers(environ),
            local=environ.get("inboxd.local") is True,
            address=proxies.caller(peer, environ.get("HTTP_X_FORWARDED_FOR", "")),
        )
        response = _answer(edge, router, environ, request, body_limit)
        if _log.isEnabledFor(logging.DEBUG):
            took_ms = (time.perf_counter() - began) * 1000
            _log.debug("%s %s %d %.1f ms", clean_line(request.method, 20), request.route, response.status, took_ms)
        return _send(response, request, environ, start_response)

    return wsgi


def _path(environ: dict[str, Any]) -> str:
    """The path as it was sent, for a source_id may hold an encoded slash; doubled and trailing slashes
    and a `.json` suffix are dropped, as Rails does."""
    path: str = environ.get("REQUEST_URI") or environ["PATH_INFO"]
    path = path.partition("?")[0]
    if not path.startswith("/"):
        path = "/" + path.partition("://")[2].partition("/")[2]
    if not path.isascii():
        # What is not UTF-8 matches nothing: dropping bytes would let another record answer.
        path = path.encode("latin-1").decode("utf-8", "replace")
    path = _without_spare_slashes(path)
    if path.endswith(".json") and not path.startswith(PREFIX) and not _CONTACT.fullmatch(path):
        path = path[: -len(".json")]
    return path


def _without_spare_slashes(path: str) -> str:
    """A base URL that ends in a slash, and a path that begins with one, make two."""
    if "//" in path:
        path = _SLASHES.sub("/", path)
    return path.rstrip("/") or "/"


def _answer(edge: Edge, router: Any, environ: dict[str, Any], request: Request, body_limit: int) -> Response:
    files: list[File] = []
    try:
        if request.method == "OPTIONS" and request.is_public:
            return Response(text="", headers=dict(_PREFLIGHT))
        route, args = router.match(environ)
        request.route = route.path
        values = bodies.read_query(environ.get("QUERY_STRING", ""))
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if route.takes_lines:
            request.lines, marks = bodies.read_lines(environ["wsgi.input"], environ.get("CONTENT_TYPE", ""))
            values |= marks
        elif route.raw:
            values["body"] = File("", environ.get("CONTENT_TYPE", ""), length, environ["wsgi.input"])
        elif length:
            body, request.is_json = bodies.read_body(
                environ["wsgi.input"], length, environ.get("CONTENT_TYPE", ""), body_limit, files
            )
            values |= body
        request.values = values
        return edge.answer(route, request, {name: _argument(name, value) for name, value in args.items()})
    except Failure as failure:
        return refusal(failure, request)
    except bottle.HTTPError as error:
        return _unrouted(error, request)
    except Exception:
        _log.exception("reading %s %s failed", clean_line(request.method, 20), request.route)
        return Response(500, text='{"error":"Internal Server Error"}')
    finally:
        for file in files:
            file.stream.close()


def _unrouted(error: Any, request: Request) -> Response:
    """No such path, or not with this method, in the envelope of the API that was called."""
    if error.status_code == 405 and not request.is_public:
        return Response(405, text='{"error":"Method not allowed"}', headers={"Allow": error.headers["Allow"]})
    return refusal(NotFound(), request)


def _rule(match: re.Match[str]) -> str:
    name = match[1]
    return f"<{name}>" if name in TEXT_ARGS else f"<{name}:re:[0-9]{{1,18}}>"


class _Headers(Mapping[str, str]):
    """Request headers by lower-case name, straight from the environ."""

    def __init__(self, environ: dict[str, Any]) -> None:
        self._environ = environ

    def __getitem__(self, name: str) -> str:
        value: str = self._environ["HTTP_" + name.upper().replace("-", "_")]
        return value

    def __iter__(self) -> Iterator[str]:
        return (key[5:].lower().replace("_", "-") for key in self._environ if key.startswith("HTTP_"))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _argument(name: str, value: str) -> str | int:
    if name not in TEXT_ARGS:
        return int(value)
    try:
        text = unquote(value, errors="strict")
    except UnicodeDecodeError:
        raise NotFound from None
    if "\x00" in text:
        raise Malformed(f"{name} holds a NUL character")
    return text


def _send(response: Response, request: Request, environ: dict[str, Any], start_response: Any) -> Any:
    file = None
    if response.file is not None:
        try:
            file = response.file.open("rb")
        except FileNotFoundError:  # removed since it was looked up
            response = refusal(NotFound(), request)
    body = (response.text or "").encode()
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Content-Length": str(len(body)),
        "X-Content-Type-Options": "nosniff",
        **response.headers,
    }
    if request.is_public:
        headers |= _ANY_ORIGIN
    start_response(f"{response.status} {_REASONS.get(response.status, 'Unknown')}", list(headers.items()))
    if request.method == "HEAD":
        if file is not None:
            file.close()
        return []
    return [body] if file is None else environ.get("wsgi.file_wrapper", FileWrapper)(file)


class _Parser(HTTPRequestParser):
    """Lets the one header pass that every Chatwoot client sends and waitress would drop, holds
    everything but uploads to the small body limit, and refuses what a proxy in front may read
    differently or what takes waitress's own parser long."""

    _TOKEN = re.compile(rb"^api_access_token(?=[ \t]*:)", re.IGNORECASE | re.MULTILINE)
    _CODING = re.compile(rb"^transfer-encoding[ \t]*:(.*)$", re.IGNORECASE | re.MULTILINE)
    # Matching a header takes waitress the square of the blanks in it: 64 kB of them half a minute.
    _BLANKS = re.compile(rb"[ \t]{64}|\n[ \t]")
    _BEYOND_ASCII = re.compile(rb"[\x80-\xff]")
    small_adj: Any = None
    body_rcv: Any
    path: str

    def __init__(self, adj: Any) -> None:
        super().__init__(adj)
        self.began = time.monotonic()

    def received(self, data: bytes) -> int:
        consumed: int = super().received(data)
        chunks = self.body_rcv if self.chunked and not self.completed else None
        if chunks is not None and len(chunks.control_line) + len(chunks.trailer) > _CHUNK_LINES:
            self.error = BadRequest("Chunk size line or trailer too long")
            self.completed = True
        if self.completed:
            # The channel would answer "100 Continue" and take the request for unfinished.
            self.expect_continue = False
        return consumed

    def parse_header(self, header_plus: bytes) -> None:
        if not header_plus.isascii():
            # `curl '…?q=Jürgen'`: bytes for which urlsplit would refuse the whole request.
            line, end, rest = header_plus.partition(b"\r\n")
            header_plus = self._BEYOND_ASCII.sub(lambda found: b"%%%02X" % found[0][0], line) + end + rest
        blanks = b"  " in header_plus or b"\t" in header_plus or b"\n " in header_plus
        if blanks and self._BLANKS.search(header_plus):
            raise ParsingError("Folded or padded header line")
        try:
            super().parse_header(self._TOKEN.sub(b"api-access-token", header_plus))
        except ValueError:  # waitress lets urlsplit and int raise it
            raise ParsingError("Start line or Content-Length is invalid") from None
        if b"\ntransfer-encoding" in header_plus.lower():
            codings = [coding.strip().lower() for coding in self._CODING.findall(header_plus)]
            if codings != [b"chunked"] or self.version != "1.1" or "CONTENT_LENGTH" in self.headers:
                raise ParsingError("Transfer-Encoding must be chunked, once, without a Content-Length, in HTTP/1.1")
        is_multipart = self.headers.get("CONTENT_TYPE", "").lower().startswith("multipart/form-data")
        path = _without_spare_slashes(self.path).removesuffix(".json")
        is_large = _LINES.fullmatch(path) or path.startswith(DIRECT) or (is_multipart and _UPLOADS.search(path))
        if not is_large:
            self.adj = self.small_adj or self.adj

    def is_too_slow(self, headers_s: float) -> bool:
        """A byte a second keeps waitress's own timeout from ever firing."""
        over_s = time.monotonic() - self.began - headers_s
        return over_s > 0 and (not self.headers_finished or self.body_bytes_received < over_s * _SLOWEST)


class _JsonErrorTask(ErrorTask):
    """What waitress refuses before we see it, as JSON."""

    def execute(self) -> None:
        request: Any = self.request
        channel: Any = self.channel
        error = request.error
        body = jsons.dumps({"error": f"{error.reason}: {error.body}"}).encode()
        self.status = f"{error.code} {error.reason}"
        self.content_length = len(body)
        self.response_headers = [
            ("Content-Type", "application/json; charset=utf-8"),
            ("X-Content-Type-Options", "nosniff"),
        ]
        if _without_spare_slashes(getattr(request, "path", "")).startswith("/public/"):
            self.response_headers.extend(_ANY_ORIGIN.items())
        self.set_close_on_finish()
        channel.lingers = True
        self.write(body)


class _Channel(HTTPChannel):
    parser_class = _Parser
    error_task_class = _JsonErrorTask
    headers_s = _HEADERS_S
    lingers = False
    """The answer leaves before the request was read: to close at once would reset the connection
    and take the answer away from the client."""
    _closes_at = 0.0
    _was_busy = False

    def readable(self) -> Any:
        request: Any = self.request
        if self._closes_at:
            self.will_close = self.will_close or time.monotonic() > self._closes_at
        elif self.requests:
            self._was_busy = True
        else:
            if request is not None and self._was_busy:
                request.began = time.monotonic()  # nobody read it while the one before was answered
            elif request is not None and request.is_too_slow(self.headers_s):
                self.will_close = True
            self._was_busy = False
        return super().readable()

    def handle_read(self) -> None:
        if not self._closes_at:
            super().handle_read()
            return
        try:
            self.recv(65_536)
        except OSError:
            self.handle_close()

    def handle_close(self) -> None:
        if self.lingers and self.socket is not None:
            self.lingers = False
            try:
                self.socket.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            else:
                self._closes_at = time.monotonic() + _LINGER_S
                self.will_close = False
                return
        super().handle_close()


class Server:
    """waitress around the application; `run` returns after `stop`, when what was begun is answered.

    `headers_s` is how long a client may take to send the headers of a request. `on_stop` is called
    when the stop begins, before what was begun is waited for.
    """

    def __init__(
        self,
        wsgi: Any,
        host: str,
        port: int,
        *,
        threads: int,
        body_limit: int,
        upload_limit: int,
        headers_s: float = _HEADERS_S,
        on_stop: Callable[[], None] = lambda: None,
    ) -> None:
        self._map: dict[int, Any] = {}
        self._on_stop = on_stop
        # Bound here and not by waitress, which leaves its socket open when the port is taken.
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        server: Any = create_server(
            wsgi,
            map=self._map,
            sockets=[socket.create_server((host, port), family=family, backlog=1024)],
            threads=threads,
            ident=f"inboxd/{__version__}",
            connection_limit=1_000,
            # select() dies past 1,024 descriptors.
            asyncore_use_poll=True,
            channel_timeout=60,
            cleanup_interval=10,
            max_request_header_size=65_536,
            max_request_body_size=upload_limit,
            # X-Forwarded-For is believed of trusted proxies only, and by us: none has to be cleared here.
            clear_untrusted_proxy_headers=False,
        )
        # Headers and body leave in one send: the cheapest win there is. Set here because waitress
        # warns about the keyword; the pinned minor version keeps the attribute.
        server.adj.send_bytes = 65_536
        small = copy.copy(server.adj)
        small.max_request_body_size = body_limit + 1
        parser = type("Parser", (_Parser,), {"small_adj": small})
        server.channel_class = type("Channel", (_Channel,), {"parser_class": parser, "headers_s": headers_s})
        self._pause_s = min(10.0, headers_s)
        self.host: str = server.effective_host
        self.port = int(server.effective_port)
        self._server = server
        self._stopping = False
        self._is_closed = False
        # One that a signal handler can take again in the thread that has it.
        self._closing = threading.RLock()

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    def run(self) -> None:
        while not self._stopping:
            wasyncore.loop(timeout=self._pause_s, use_poll=True, map=self._map, count=1)
        self._server.accepting = False
        self._on_stop()
        deadline = time.monotonic() + 5
        while self._is_busy() and time.monotonic() < deadline:
            wasyncore.loop(timeout=0.05, use_poll=True, map=self._map, count=1)
        self._server.task_dispatcher.shutdown(timeout=1)
        with self._closing:
            self._is_closed = True
            wasyncore.close_all(self._map)

    def stop(self) -> None:
        """Safe from a signal handler and from any thread."""
        self._stopping = True
        with self._closing:
            # The loop may have seen it by itself, and what wakes it is then another file's number.
            if not self._is_closed:
                self._server.pull_trigger()

    def _is_busy(self) -> bool:
        channels = list(self._server.active_channels.values())
        return any(channel.requests or channel.total_outbufs_len for channel in channels)
