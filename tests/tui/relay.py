"""A relay before a server, which loses what a test tells it to."""

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


class Relay:
    """`trouble` happens to posted messages, `times` over: refused (never passed on), deaf (nor
    answered), failing (a 500), lost (stored,
    and the connection is reset), silent (stored, and no answer comes)."""

    def __init__(self, url: str) -> None:
        self.trouble = ""
        self.times = 0
        self.posted = 0
        self.over = threading.Event()
        relay = self
        host = urlsplit(url).netloc

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _pass(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                trouble = relay.trouble_for(self.command, self.path)
                if trouble == "deaf":
                    relay.over.wait(30)
                if trouble in ("refused", "deaf"):
                    self.close_connection = True
                    return
                if trouble == "failing":
                    self._answer(500, b'{"error": "the disk is full"}')
                    return
                passed = http.client.HTTPConnection(host, timeout=60)
                headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
                passed.request(self.command, self.path, body, headers)
                answer = passed.getresponse()
                content = answer.read()
                passed.close()
                if trouble == "silent":
                    relay.over.wait(30)
                if trouble in ("lost", "silent"):
                    self.close_connection = True
                    return
                self._answer(answer.status, content)

            do_GET = do_POST = do_PATCH = do_DELETE = _pass  # noqa: N815

            def _answer(self, status: int, content: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args: object) -> None:
                """Nobody reads it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def trouble_for(self, method: str, path: str) -> str:
        if method != "POST" or not path.endswith("/messages"):
            return ""
        self.posted += 1
        self.times -= 1
        return self.trouble if self.times >= 0 else ""

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.over.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@contextmanager
def relayed(url: str, trouble: str = "", times: int = 0) -> Iterator[Relay]:
    relay = Relay(url)
    relay.trouble, relay.times = trouble, times
    relay.start()
    try:
        yield relay
    finally:
        relay.stop()
