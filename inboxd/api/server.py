"""The only file that knows Bottle and waitress: adapting requests, JSON errors, the access log."""

import copy
import logging
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote

import bottle
from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import create_server
from waitress.task import ErrorTask

from inboxd.api import bodies
from inboxd.api.edge import Edge, refusal
from inboxd.api.web import Request, Response, Route
from inboxd.domain.errors import Failure, Malformed, NotFound
from inboxd.domain.links import PREFIX
from inboxd.domain.text import clean_line
from inboxd.version import __version__
from inboxd.wire import jsons

_log = logging.getLogger("inboxd.http")
_TEXT_ARGS = {"identifier", "source_id", "signed", "filename"}
_CONTACT = re.compile(r"/public/api/v1/inboxes/[^/]+/contacts/[^/]+")
_HEADERS_S = 30
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE, OPTIONS, HEAD",
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Max-Age": "7200",
}
_REASONS = bottle.HTTP_CODES | {507: "Insufficient Storage"}


def make_wsgi(edge: Edge, routes: Iterable[Route], *, body_limit: int) -> Callable[..., Any]:
    """The WSGI application over a route table."""
    app = bottle.Bottle()
    app.default_error_handler = _framework_error
    for route in routes:
        rule = re.sub(r"\{(\w+)\}", _rule, route.path)
        methods = ["PATCH", "PUT"] if route.method == "PATCH" else [route.method]
        app.route(rule, methods, _adapter(edge, route, body_limit))
    app.route("/public/api/<path:path>", ["OPTIONS"], lambda path: _send(Response(text="", headers=dict(_CORS))))

    def wsgi(environ: dict[str, Any], start_response: Any) -> Any:
        # Routes match the path as it was sent: a source_id may hold an encoded slash.
        path = environ.get("REQUEST_URI") or environ["PATH_INFO"]
        path = path.partition("?")[0]
        if not path.startswith("/"):
            path = "/" + path.partition("://")[2].partition("/")[2]
        if len(path) > 1:
            path = path.rstrip("/") or "/"
        if path.endswith(".json") and not path.startswith(PREFIX) and not _CONTACT.fullmatch(path):
            path = path[: -len(".json")]
        environ["PATH_INFO"] = path
        return app(environ, start_response)

    return wsgi


def _rule(match: re.Match[str]) -> str:
    name = match[1]
    return f"<{name}>" if name in _TEXT_ARGS else f"<{name}:re:[0-9]{{1,18}}>"


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


def _adapter(edge: Edge, route: Route, body_limit: int) -> Callable[..., Any]:
    def adapted(**args: str) -> Any:
        began = time.perf_counter()
        environ = bottle.request.environ
        request = Request(
            environ["REQUEST_METHOD"],
            environ["PATH_INFO"],
            _Headers(environ),
            remote=environ.get("REMOTE_ADDR", ""),
            local=environ.get("inboxd.local") is True,
        )
        try:
            values = bodies.read_query(environ.get("QUERY_STRING", ""))
            length = int(environ.get("CONTENT_LENGTH") or 0)
            if length:
                body, request.is_json = bodies.read_body(
                    environ["wsgi.input"], length, environ.get("CONTENT_TYPE", ""), body_limit
                )
                values |= body
            request.values = values
            response = edge.answer(route, request, {name: _argument(name, value) for name, value in args.items()})
        except Failure as failure:
            response = refusal(failure, request)
        if request.is_public:
            response.headers |= _CORS
        if _log.isEnabledFor(logging.DEBUG):
            took_ms = (time.perf_counter() - began) * 1000
            _log.debug("%s %s %d %.1f ms", request.method, clean_line(request.path, 200), response.status, took_ms)
        return _send(response)

    return adapted


def _argument(name: str, value: str) -> str | int:
    if name not in _TEXT_ARGS:
        return int(value)
    try:
        text = unquote(value, errors="strict")
    except UnicodeDecodeError:
        raise NotFound from None
    if "\x00" in text:
        raise Malformed(f"{name} holds a NUL character")
    return text


def _send(response: Response) -> Any:
    reply = bottle.response
    reply.status = f"{response.status} {_REASONS.get(response.status, 'Unknown')}"
    reply.headers["X-Content-Type-Options"] = "nosniff"
    reply.headers["Content-Type"] = "application/json; charset=utf-8"
    for name, value in response.headers.items():
        reply.headers[name] = value
    if response.file is not None:
        return response.file.open("rb")
    return (response.text or "").encode()


def _framework_error(error: Any) -> bytes:
    """What Bottle itself refuses, such as an unknown path, in the envelope of the API called."""
    environ = bottle.request.environ
    request = Request(environ["REQUEST_METHOD"], environ["PATH_INFO"], _Headers(environ))
    if error.status_code >= 500:
        _log.error("the framework failed on %s: %s", clean_line(request.path, 200), type(error.exception).__name__)
        response = Response(500, text='{"error":"Internal Server Error"}')
    elif error.status_code == 405 and not request.is_public:
        response = Response(405, text='{"error":"Method not allowed"}', headers={"Allow": error.headers["Allow"]})
    else:
        response = refusal(NotFound(), request)
    if request.is_public:
        response.headers |= _CORS
    sent: bytes = _send(response)
    return sent


class _Parser(HTTPRequestParser):
    """Lets the one header pass that every Chatwoot client sends and waitress would drop, and holds
    everything but uploads to the small body limit."""

    _TOKEN = re.compile(rb"^api_access_token(?=[ \t]*:)", re.IGNORECASE | re.MULTILINE)
    small_adj: Any = None

    def parse_header(self, header_plus: bytes) -> None:
        super().parse_header(self._TOKEN.sub(b"api-access-token", header_plus))
        if not self.headers.get("CONTENT_TYPE", "").lower().startswith("multipart/"):
            self.adj = self.small_adj or self.adj


class _JsonErrorTask(ErrorTask):
    """What waitress refuses before we see it, as JSON."""

    def execute(self) -> None:
        error: Any = self.request.error  # type: ignore[attr-defined]
        body = jsons.dumps({"error": f"{error.reason}: {error.body}"}).encode()
        self.status = f"{error.code} {error.reason}"
        self.content_length = len(body)
        self.response_headers = [("Content-Type", "application/json; charset=utf-8")]
        self.set_close_on_finish()
        self.write(body)


class _Channel(HTTPChannel):
    parser_class = _Parser
    error_task_class = _JsonErrorTask
    _began = 0.0

    def received(self, data: bytes) -> Any:
        if self.request is None:
            self._began = time.monotonic()
        return super().received(data)

    def readable(self) -> Any:
        # A byte a second keeps waitress's own timeout from ever firing: headers have 30 s in all.
        request = self.request
        if request is not None and not request.headers_finished and time.monotonic() - self._began > _HEADERS_S:
            self.will_close = True
        return super().readable()


class Server:
    """waitress around the application; `run` returns after `stop`, when what was begun is answered."""

    def __init__(self, wsgi: Any, host: str, port: int, *, threads: int, body_limit: int, upload_limit: int) -> None:
        self._map: dict[int, Any] = {}
        server: Any = create_server(
            wsgi,
            map=self._map,
            host=host,
            port=port,
            threads=threads,
            ident=f"inboxd/{__version__}",
            connection_limit=1_000,
            # select() dies past 1,024 descriptors.
            asyncore_use_poll=True,
            channel_timeout=60,
            cleanup_interval=10,
            max_request_header_size=65_536,
            max_request_body_size=upload_limit,
            clear_untrusted_proxy_headers=True,
        )
        # Headers and body leave in one send: the cheapest win there is. Set here because waitress
        # warns about the keyword; the pinned minor version keeps the attribute.
        server.adj.send_bytes = 65_536
        small = copy.copy(server.adj)
        small.max_request_body_size = body_limit + 1
        parser = type("Parser", (_Parser,), {"small_adj": small})
        server.channel_class = type("Channel", (_Channel,), {"parser_class": parser})
        self.host: str = server.effective_host
        self.port = int(server.effective_port)
        self._server = server
        self._stopping = False

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    def run(self) -> None:
        while not self._stopping:
            wasyncore.loop(timeout=10, use_poll=True, map=self._map, count=1)
        self._server.accepting = False
        deadline = time.monotonic() + 5
        while self._is_busy() and time.monotonic() < deadline:
            wasyncore.loop(timeout=0.05, use_poll=True, map=self._map, count=1)
        self._server.task_dispatcher.shutdown(timeout=1)
        wasyncore.close_all(self._map)

    def stop(self) -> None:
        """Safe from a signal handler and from any thread."""
        self._stopping = True
        self._server.pull_trigger()

    def _is_busy(self) -> bool:
        channels = list(self._server.active_channels.values())
        return any(channel.requests or channel.total_outbufs_len for channel in channels)
