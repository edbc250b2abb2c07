"""A server that is gone, silent, wrong or another one: the header says it and the keys go on."""

import http.server
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from admin_tui.app import InboxdTui
from admin_tui.config import Settings
from inboxd.app import App
from inboxd.client import Client
from inboxd.config import Config
from tests.tui.cast import Desk, Seat, run, seated


@contextmanager
def answering(answer: Callable[[str], tuple[int, str, bytes]], certificate: Path | None = None) -> Iterator[str]:
    """A server that says the same to everybody; its URL. With a `certificate` by https."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, kind, body = answer(self.path)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - the name that the library asks for

        def log_message(self, *_: Any) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if certificate is not None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate / "certificate.pem", certificate / "key.pem")
        # Not while it accepts: the others would wait for a handshake.
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http{'s' if certificate else ''}://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def watching(url: str, story: Callable[[Seat], Any], timeout_s: float = 5) -> None:
    async def whole() -> None:
        tui = InboxdTui(
            lambda: Client(url, "token", timeout_s=timeout_s, retries=0),
            Settings(default_screen="conversations", ascii="false"),
            server="test",
        )
        async with tui.run_test(size=(100, 24), notifications=True) as pilot:
            seat = Seat(tui, pilot)
            await seat.until(lambda: tui.place is not None)
            await story(seat)

    run(whole())


async def keys_work(seat: Seat) -> None:
    await seat.press("question_mark")
    await seat.sees("type to search")
    await seat.press("escape", "j", "k")


@pytest.mark.parametrize(
    ("status", "kind", "body", "says"),
    [
        (502, "text/html", b"<html><b>Bad Gateway</b>\x1b[31m</html>", "offline: Bad Gateway"),
        (200, "text/html", b"<html>welcome</html>", "offline: the answer is no event feed"),
        (200, "application/json", b'{"payload": 3}', "offline: "),
        (401, "application/json", b'{"errors": ["Invalid Access Token"]}', "denied: "),
    ],
    ids=["502", "a web page", "wrong JSON", "401"],
)
def test_a_wrong_answer_is_told_in_the_header(status: int, kind: str, body: bytes, says: str) -> None:
    async def story(seat: Seat) -> None:
        await seat.sees(says)
        await keys_work(seat)

    with answering(lambda path: (status, kind, body)) as url:
        watching(url, story)


def test_nobody_there_is_told_at_once() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    async def story(seat: Seat) -> None:
        await seat.sees("offline: connection refused")
        await seat.sees("ctrl+r now")
        await keys_work(seat)

    watching(f"http://127.0.0.1:{port}", story)


def test_a_server_without_tls_is_told() -> None:
    async def story(seat: Seat) -> None:
        await seat.sees("offline: the TLS connection failed")

    with answering(lambda path: (200, "text/plain", b"hello")) as url:
        watching(url.replace("http://", "https://"), story)


def test_a_certificate_that_nobody_signed_is_told_with_what_to_do(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(path: str) -> tuple[int, str, bytes]:
        return 401, "application/json", b'{"errors": ["Invalid Access Token"]}'

    async def refused(seat: Seat) -> None:
        await seat.sees("offline: the certificate is not trusted")
        await seat.until(lambda: any("REQUESTS_CA_BUNDLE" in one.text for one in seat.tui.said))
        await keys_work(seat)

    async def trusted(seat: Seat) -> None:
        await seat.sees("denied: ")

    with answering(answer, certificate) as url:
        watching(url, refused)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate / "certificate.pem"))
        watching(url, trusted)


def test_a_server_that_never_answers_leaves_the_keys_alone_and_quits_at_once() -> None:
    async def story(seat: Seat) -> None:
        await keys_work(seat)
        await seat.sees("offline: no answer")

    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(20)
        watching(f"http://127.0.0.1:{deaf.getsockname()[1]}", story, timeout_s=1)


def test_it_comes_back_by_itself_at_once_with_ctrl_r_and_catches_up(tmp_path: Path) -> None:
    config = Config(data_dir=str(tmp_path / "one"), listen="127.0.0.1:0")
    made = App(config)
    token = made.initialise("admin@acme.test")["admin"]["access_token"]
    server = made.serve()
    thread = threading.Thread(target=server.run)
    thread.start()
    desk = Desk(server.url, token)
    desk.open_inbox()
    number = desk.talk("Ann", "one")
    port = server.port

    async def story() -> None:
        nonlocal server, thread, made
        async with seated(desk) as seat:
            await seat.sees("one")
            await seat.sees("live")
            server.stop()
            thread.join()
            made.close()
            await seat.sees("offline")
            assert "Ann" in seat.text
            await seat.press("r", "h", "i", "ctrl+s")
            await seat.sees("not sent")
            made = App(Config(data_dir=str(tmp_path / "one"), listen=f"127.0.0.1:{port}"))
            server = made.serve()
            thread = threading.Thread(target=server.run)
            thread.start()
            await seat.press("ctrl+r")
            await seat.sees("live")
            desk.says("Ann", number, "two")
            await seat.sees("two")

    try:
        run(story())
    finally:
        server.stop()
        thread.join()
        made.close()
        desk.client.close()


def test_what_takes_long_is_shown(desk: Desk) -> None:
    async def story() -> None:
        async with seated(desk) as seat:
            await seat.sees("live")
            going_on = threading.Event()
            seat.tui.call(lambda client: going_on.wait(10), lambda outcome: None)
            await seat.sees("slow 2s")
            going_on.set()
            await seat.sees("live")

    run(story())
