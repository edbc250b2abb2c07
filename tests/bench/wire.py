"""HTTP over one kept-alive socket, as little of it as a measurement needs."""

import json
import socket
from typing import Any


def request_bytes(method: str, path: str, body: bytes = b"", token: str = "") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: bench", f"Content-Length: {len(body)}"]
    if body:
        lines.append("Content-Type: application/json")
    if token:
        lines.append(f"api_access_token: {token}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def answer_length(buffer: bytes | bytearray) -> int | None:
    """The bytes of the first answer in `buffer`, None while its headers are not complete."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        return None
    at = buffer.lower().find(b"content-length:", 0, end)
    return end + 4 + int(buffer[at + 15 : buffer.find(b"\r\n", at)])


class Connection:
    """Raises ConnectionError when the other side hangs up, OSError when it takes 20 s."""

    def __init__(self, port: int) -> None:
        self._sock = socket.create_connection(("127.0.0.1", port), timeout=20)
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def exchange(self, raw: bytes) -> bytes:
        """Send one whole request; its whole answer."""
        self._sock.sendall(raw)
        buffer = b""
        while (length := answer_length(buffer)) is None or len(buffer) < length:
            data = self._sock.recv(65_536)
            if not data:
                raise ConnectionError("the server hung up")
            buffer += data
        return buffer

    def call(self, method: str, path: str, value: Any = None, token: str = "") -> Any:
        """The JSON of a 200. Raises RuntimeError for everything else."""
        body = b"" if value is None else json.dumps(value).encode()
        head, _, text = self.exchange(request_bytes(method, path, body, token)).partition(b"\r\n\r\n")
        if b" 200 " not in head[:16]:
            raise RuntimeError(f"{method} {path}: {head.splitlines()[0].decode()} {text[:200].decode()}")
        return json.loads(text)

    def close(self) -> None:
        self._sock.close()
