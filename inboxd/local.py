"""The application called in this process as if over HTTP, for commands while no server runs."""

import io
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter


class InProcess(BaseAdapter):
    """A `requests` transport that ends in a WSGI application instead of a socket.

    `trusted` requests need no token: who can open the data directory can do everything anyway.
    """

    def __init__(self, wsgi: Any, *, trusted: bool) -> None:
        super().__init__()
        self._wsgi = wsgi
        self._trusted = trusted

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        response = requests.Response()
        response.request = request
        response.url = request.url or ""

        def start_response(status: str, headers: list[tuple[str, str]], _: Any = None) -> None:
            code, _, response.reason = status.partition(" ")
            response.status_code = int(code)
            response.headers.update(dict(headers))

        chunks = self._wsgi(self._environ(request), start_response)
        try:
            response._content = b"".join(chunks)
        finally:
            if hasattr(chunks, "close"):
                chunks.close()
        response.encoding = "utf-8"
        return response

    def close(self) -> None:
        pass

    def _environ(self, request: requests.PreparedRequest) -> dict[str, Any]:
        parts = urlsplit(request.url or "")
        body = request.body or b""
        raw = body.encode() if isinstance(body, str) else bytes(body)
        environ: dict[str, Any] = {
            "REQUEST_METHOD": request.method,
            "PATH_INFO": parts.path,
            "REQUEST_URI": parts.path + (f"?{parts.query}" if parts.query else ""),
            "QUERY_STRING": parts.query,
            "SERVER_NAME": parts.hostname,
            "SERVER_PORT": str(parts.port or 80),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_LENGTH": str(len(raw)),
            "wsgi.input": io.BytesIO(raw),
            "wsgi.errors": io.StringIO(),
            "wsgi.url_scheme": parts.scheme,
            "inboxd.local": self._trusted,
        }
        for name, value in request.headers.items():
            key = name.upper().replace("-", "_")
            if key != "CONTENT_LENGTH":
                environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = str(value)
        return environ


def session(wsgi: Any, *, trusted: bool) -> requests.Session:
    """A session for which every http:// URL is the application."""
    made = requests.Session()
    made.trust_env = False
    made.mount("http://", InProcess(wsgi, trusted=trusted))
    return made
