"""A receiver so quick that it never limits: one asyncio loop, no framework, only ids and times kept.

It answers 200 at once, or, while held, once it is released: that is how a backlog is made with
the real server and no clock of its own.
"""

import asyncio
import json
import re
import time
from collections.abc import Callable

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_ID = re.compile(rb"\r\nwebhook-id: *([^\r]+)", re.IGNORECASE)


class _Book:
    """What has arrived. `arrivals` maps a delivery's id to the monotonic second of its first arrival."""

    def __init__(self) -> None:
        self.requests = 0
        self.arrivals: dict[str, float] = {}
        self.held: list[asyncio.WriteTransport] | None = None

    def receive(self, delivery_id: str, transport: asyncio.WriteTransport) -> None:
        self.requests += 1
        self.arrivals.setdefault(delivery_id, time.monotonic())
        if self.held is None:
            transport.write(_ANSWER)
        else:
            self.held.append(transport)

    def control(self, path: str) -> object:
        if path == "/hold":
            self.held = []
        elif path == "/release":
            held, self.held = self.held or [], None
            for transport in held:
                transport.write(_ANSWER)
            return time.monotonic()
        elif path == "/reset":
            self.requests = 0
            self.arrivals.clear()
        elif path == "/arrivals":
            return self.arrivals
        return {
            "requests": self.requests,
            "distinct": len(self.arrivals),
            "last": max(self.arrivals.values(), default=0.0) if path == "/last" else 0.0,
        }


class _Protocol(asyncio.Protocol):
    def __init__(self, book: _Book) -> None:
        self._book = book
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end]
            length = _LENGTH.search(head)
            whole = end + 4 + (int(length[1]) if length else 0)
            if len(self._buffer) < whole:
                return
            self._buffer = self._buffer[whole:]
            self._take(head)

    def _take(self, head: bytes) -> None:
        found = _ID.search(head)
        if found:
            self._book.receive(found[1].decode(), self._transport)
        elif head.startswith(b"GET "):
            body = json.dumps(self._book.control(head.split(b" ", 2)[1].decode())).encode()
            self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        else:  # the bare client of the comparison
            self._transport.write(_ANSWER)


def run(ready: Callable[[int], None]) -> None:
    async def serve() -> None:
        book = _Book()
        server = await asyncio.get_running_loop().create_server(lambda: _Protocol(book), "127.0.0.1", 0)
        ready(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(serve())
