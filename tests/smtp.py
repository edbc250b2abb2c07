"""A real SMTP server that answers as scripted. aiosmtpd would do, but for refusing, hanging up and falling silent
on demand."""

import base64
import socket
import socketserver
import ssl
import threading
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default


@dataclass(frozen=True)
class Got:
    """One mail as the server took it. `secure`: over TLS; `user` who had logged in."""

    sender: str
    recipients: list[str]
    raw: bytes
    secure: bool
    user: str | None

    @property
    def mail(self) -> EmailMessage:
        parsed = message_from_bytes(self.raw, policy=default)
        assert isinstance(parsed, EmailMessage)
        return parsed

    def part(self, kind: str) -> str:
        body = self.mail.get_body((kind,))
        assert body is not None
        text: str = body.get_content()
        return text


@dataclass
class Smtp:
    """`answers` to commands or recipients other than the usual one: "RCPT", "DATA", "MAIL", "." or an address
    in lower case. An empty answer says nothing, "hang up" ends the connection."""

    tls: ssl.SSLContext | None = None
    implicit: bool = False
    login: tuple[str, str] | None = None
    answers: dict[str, str] = field(default_factory=dict)
    got: list[Got] = field(default_factory=list)
    connections: int = 0

    def __post_init__(self) -> None:
        smtp = self
        self._news = threading.Condition()
        self.silent = threading.Event()

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                try:
                    smtp.connections += 1
                    _Talk(smtp, self.request).run()
                except OSError:
                    pass  # the client went away

        class Quiet(socketserver.ThreadingTCPServer):
            daemon_threads = True
            block_on_close = False

        self._server = Quiet(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        port: int = self._server.server_address[1]
        return port

    def take(self, got: Got) -> None:
        with self._news:
            self.got.append(got)
            self._news.notify_all()

    def wait_for(self, count: int, timeout_s: float = 10) -> list[Got]:
        with self._news:
            assert self._news.wait_for(lambda: len(self.got) >= count, timeout_s), f"{len(self.got)} of {count} mails"
            return self.got[:count]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Talk:
    def __init__(self, smtp: Smtp, sock: socket.socket) -> None:
        self._smtp = smtp
        self._secure = smtp.implicit
        if smtp.implicit and smtp.tls is not None:
            sock = smtp.tls.wrap_socket(sock, server_side=True)
        self._open(sock)
        self._user: str | None = None
        self._sender = ""
        self._recipients: list[str] = []

    def _open(self, sock: socket.socket) -> None:
        self._sock = sock
        self._file = sock.makefile("rb")

    def run(self) -> None:
        with self._sock:
            self._say("220 smtp.test")
            while line := self._file.readline():
                word, _, rest = line.decode().strip().partition(" ")
                if not self._answer(word.upper(), rest):
                    break
            self._file.close()
            self._sock.close()

    def _say(self, text: str) -> None:
        self._sock.sendall(text.replace("\n", "\r\n").encode() + b"\r\n")

    def _answer(self, word: str, rest: str) -> bool:
        """Whether the talk goes on."""
        address = rest.partition("<")[2].partition(">")[0]
        scripted = self._smtp.answers.get(address.lower() if word == "RCPT" else word)
        if scripted is None and word == "RCPT":
            scripted = self._smtp.answers.get(word)
        if scripted is not None:
            return self._scripted(scripted)
        if word == "EHLO":
            starttls = "250-STARTTLS\n" if self._smtp.tls and not self._secure else ""
            self._say(f"250-smtp.test\n{starttls}250-AUTH PLAIN\n250 8BITMIME")
        elif word == "STARTTLS":
            assert self._smtp.tls is not None
            self._say("220 go on")
            self._open(self._smtp.tls.wrap_socket(self._sock, server_side=True))
            self._secure = True
        elif word == "AUTH":
            self._log_in(rest)
        elif word == "MAIL":
            self._sender, self._recipients = address, []
            self._say("250 fine" if self._user or not self._smtp.login else "530 log in first")
        elif word == "RCPT":
            self._recipients.append(address)
            self._say("250 fine")
        elif word == "DATA":
            self._say("354 go on")
            return self._read_mail()
        else:
            self._say("221 bye" if word == "QUIT" else "250 fine")
        return word != "QUIT"

    def _scripted(self, answer: str) -> bool:
        if answer == "":
            self._smtp.silent.set()
            self._file.readline()
            return False
        if answer != "hang up":
            self._say(answer)
        return answer != "hang up" and not answer.startswith("421")

    def _log_in(self, rest: str) -> None:
        _, user, password = base64.b64decode(rest.partition(" ")[2]).decode().split("\0")
        if (user, password) == self._smtp.login:
            self._user = user
            self._say("235 welcome")
        else:
            self._say(f"535 who is {user} with {password}")

    def _read_mail(self) -> bool:
        lines = []
        while (line := self._file.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        scripted = self._smtp.answers.get(".")
        if scripted is not None and scripted[:1] != "h":
            return self._scripted(scripted)
        self._smtp.take(Got(self._sender, self._recipients, b"".join(lines), self._secure, self._user))
        if scripted is not None:
            return False
        self._say("250 taken")
        return True
