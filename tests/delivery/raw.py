"""A receiver that speaks bytes: for everything HTTP servers would never say."""

import socket
import ssl
import struct
import threading
from collections.abc import Callable

from inboxd.delivery.sender import Sender
from inboxd.domain.addresses import parse_guard
from inboxd.domain.retry import Outcome

LOCAL = parse_guard("", allow_loopback=True)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
BODY = b'{"event":"message_created"}'
Talk = Callable[[socket.socket], None]


def post(sender: Sender, url: str, body: bytes = BODY) -> Outcome:
    return sender.send(url, {"webhook-id": "1"}, body)


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def read_request(sock: socket.socket) -> bytes:
    """One whole request; what there was of it when the other side closed."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += (chunk := sock.recv(65536))
        if not chunk:
            return data
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), 0
    )
    while len(body) < length:
        body += (chunk := sock.recv(65536))
        if not chunk:
            break
    return head + b"\r\n\r\n" + body


def says(answer: bytes) -> Talk:
    """Reads the request, answers, and closes."""

    def talk(sock: socket.socket) -> None:
        read_request(sock)
        sock.sendall(answer)

    return talk


def answers(*answers: bytes) -> Talk:
    """Reads a request before each answer on one connection, and closes after the last."""

    def talk(sock: socket.socket) -> None:
        for answer in answers:
            if not read_request(sock):
                return
            sock.sendall(answer)

    return talk


def floods(start: bytes, piece: bytes) -> Talk:
    """Says `start`, then `piece` as fast as it is taken, until the other side hangs up."""

    def talk(sock: socket.socket) -> None:
        read_request(sock)
        sock.settimeout(1)  # a window that was full when the other side hung up may stay so for long
        sock.sendall(start)
        while True:
            sock.sendall(piece)

    return talk


def reset(sock: socket.socket) -> None:
    """Close with RST instead of FIN."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class RawReceiver:
    """`talks` are what connections do, in order; the last one goes on for all that follow."""

    def __init__(self, *talks: Talk, tls: ssl.SSLContext | None = None) -> None:
        self._talks = list(talks)
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.over = threading.Event()
        self.connections = 0
        self._threads: list[threading.Thread] = []
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}/hook"

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            if self.over.is_set():
                sock.close()
                return
            talk = self._talks[min(self.connections, len(self._talks) - 1)]
            self.connections += 1
            thread = threading.Thread(target=self._talk, args=(sock, talk))
            self._threads.append(thread)
            thread.start()

    def _talk(self, sock: socket.socket, talk: Talk) -> None:
        try:
            sock.settimeout(20)
            with self._tls.wrap_socket(sock, server_side=True) if self._tls else sock as spoken:
                talk(spoken)
        except OSError:
            pass  # the sender hung up, as it may

    def close(self) -> None:
        self.over.set()
        with socket.create_connection(("127.0.0.1", self.port)):
            self._thread.join()
        self._listener.close()
        for thread in self._threads:
            thread.join(20)
