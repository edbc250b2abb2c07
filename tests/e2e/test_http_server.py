"""The HTTP server as bytes on a socket: what clients really send, and what only attackers send."""

import json
import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from inboxd.api.server import Server
from inboxd.app import App
from inboxd.config import Config

BODY_LIMIT = 4_194_304


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Wire:
    """One connection, spoken to in bytes."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._socket = socket.create_connection((parts.hostname or "", parts.port or 0), timeout=15)
        self._read = self._socket.makefile("rb")

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, *_: object) -> None:
        self._read.close()
        self._socket.close()

    def send(self, *parts: bytes) -> "Wire":
        for part in parts:
            self._socket.sendall(part)
        return self

    def answer(self, *, head: bool = False) -> Answer:
        line = self._read.readline()
        assert line.startswith(b"HTTP/1."), line
        headers: dict[str, str] = {}
        while (field := self._read.readline()) not in (b"\r\n", b""):
            name, _, value = field.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        body = b"" if head else self._read.read(int(headers["content-length"]))
        return Answer(int(line.split()[1]), headers, body)

    def has_news(self, within_s: float) -> bool:
        return bool(select.select([self._socket], [], [], within_s)[0])

    def is_closed(self) -> bool:
        """Whether the server says nothing more and hangs up."""
        try:
            return self._read.read(1) == b""
        except ConnectionError:
            return True


@dataclass(frozen=True)
class Place:
    url: str
    token: str
    public: str
    number: int

    @property
    def messages(self) -> str:
        return f"{self.public}/contacts/c/conversations/{self.number}/messages"

    @property
    def private(self) -> str:
        return f"/api/v1/accounts/1/conversations/{self.number}/messages"

    def contents(self) -> list[str]:
        return [one["content"] for one in requests.get(self.url + self.messages, timeout=10).json()]

    def ask(self, *parts: bytes, head: bool = False) -> Answer:
        with Wire(self.url) as wire:
            return wire.send(*parts).answer(head=head)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """What `live` is, for all tests of this file: (url, administrator's token)."""
    app = App(Config(data_dir=str(tmp_path_factory.mktemp("running")), listen="127.0.0.1:0"))
    token: str = app.initialise("admin@acme.test")["admin"]["access_token"]
    server = app.serve()
    thread = threading.Thread(target=server.run)
    thread.start()
    yield server.url, token
    server.stop()
    thread.join()
    app.close()


@pytest.fixture
def place(running: tuple[str, str]) -> Place:
    """An inbox of its own for each test, with Carl and a conversation."""
    url, token = running
    admin = {"api_access_token": token}
    inbox = requests.post(f"{url}/api/v1/accounts/1/inboxes", json={"name": "A"}, headers=admin, timeout=10).json()
    public = f"/public/api/v1/inboxes/{inbox['inbox_identifier']}"
    requests.post(f"{url}{public}/contacts", json={"source_id": "c", "name": "Carl"}, timeout=10)
    number = requests.post(f"{url}{public}/contacts/c/conversations", timeout=10).json()["id"]
    return Place(url, token, public, number)


def head(method: str, path: str, *fields: str, version: str = "HTTP/1.1") -> bytes:
    return "\r\n".join((f"{method} {path} {version}", "Host: x", *fields, "", "")).encode("latin-1")


def post(path: str, body: bytes, *fields: str) -> bytes:
    return head("POST", path, "Content-Type: application/json", f"Content-Length: {len(body)}", *fields) + body


def check_refused(answer: Answer, status: int) -> None:
    assert answer.status == status, answer
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert isinstance(answer.json["error"], str)


@pytest.mark.parametrize("name", ["api_access_token", "Api_access_token", "API_ACCESS_TOKEN", "Api-Access-Token"])
@pytest.mark.parametrize("blank", ["", " "])
def test_the_token_header_of_every_client_arrives(place: Place, name: str, blank: str) -> None:
    answer = place.ask(head("GET", "/api/v1/profile", f"{name}:{blank}{place.token}"))
    assert (answer.status, answer.json["email"]) == (200, "admin@acme.test")


def test_no_other_header_with_an_underscore_passes_for_its_sister(place: Place) -> None:
    fields = ("api_access_token_x", "x_api_access_token", "api_access-token", "api-access_token", "Content_Length")
    for name in fields:
        answer = place.ask(head("GET", "/api/v1/profile", f"{name}: {place.token if 'api' in name else 5}"))
        assert answer.status == 401, name
    hidden = place.ask(head("GET", "/api/v1/profile", f"X-A: b api_access_token: {place.token}"))
    assert hidden.status == 401
    key = "Idempotency_Key: k"
    for _ in range(2):
        again = place.ask(post(place.messages, b'{"content":"hi"}', key))
        assert "idempotent-replayed" not in again.headers


@pytest.mark.parametrize("tail", ["/", "//", "/?x=1"])
def test_trailing_slashes_are_the_same_path(place: Place, tail: str) -> None:
    answer = place.ask(head("GET", place.messages + tail))
    assert (answer.status, answer.json) == (200, [])
    found = place.ask(head("GET", f"/api/v1/accounts/1/inboxes{tail}", f"api_access_token: {place.token}"))
    assert found.status == 200


def test_doubled_slashes_are_one(place: Place) -> None:
    """Most programs put a path that begins with a slash behind a base URL that may end in one."""
    token = f"api_access_token: {place.token}"
    for path in (
        "//api/v1/accounts/1/inboxes",
        "/api/v1//accounts/1///inboxes//",
        "http://x//api/v1/accounts/1/inboxes",
    ):
        assert place.ask(head("GET", path, token)).status == 200, path
    assert place.ask(post(f"/{place.messages}", b'{"content":"hi"}')).json["content"] == "hi"
    assert place.ask(post(f"/{place.private}", b'{"content":"yo"}', token)).json["content"] == "yo"
    check_refused(place.ask(head("GET", f"/{place.public}/contacts//messages")), 404)
    # What may be as large as an upload is told by the same path.
    part = b'--XX\r\nContent-Disposition: form-data; name="avatar"; filename="a.png"\r\n\r\n%s\r\n--XX--\r\n'
    avatar = part % (b"x" * (BODY_LIMIT + 1))
    fields = (token, "Content-Type: multipart/form-data; boundary=XX", f"Content-Length: {len(avatar)}")
    assert place.ask(head("PATCH", "//api/v1//accounts/1/inboxes/1", *fields), avatar).status == 422


def chunked(*chunks: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in (*chunks, b""))


def test_a_chunked_multipart_message_without_a_length_arrives(place: Place) -> None:
    body = (
        b'--XX\r\nContent-Disposition: form-data; name="content"\r\n\r\nhello\r\n'
        b'--XX\r\nContent-Disposition: form-data; name="private"\r\n\r\nfalse\r\n--XX--\r\n'
    )
    fields = (f"api_access_token: {place.token}", "Content-Type: multipart/form-data; boundary=XX")
    start = head("POST", place.private, *fields, "Transfer-Encoding: chunked")
    answer = place.ask(start, *(b"%x\r\n%s\r\n" % (1, body[at : at + 1]) for at in range(len(body))), b"0\r\n\r\n")
    assert (answer.status, answer.json["content"], answer.json["private"]) == (200, "hello", False)


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=XX", "multipart/mixed", "x"])
def test_a_promised_length_beyond_the_limit_is_413_before_the_body_is_read(place: Place, kind: str) -> None:
    length = 1 << 40
    answer = place.ask(head("POST", place.messages, f"Content-Type: {kind}", f"Content-Length: {length}"))
    check_refused(answer, 413)
    assert answer.headers["access-control-allow-origin"] == "*"


def test_only_the_paths_that_take_files_take_large_bodies(place: Place) -> None:
    fields = ("Content-Type: multipart/form-data; boundary=XX", f"Content-Length: {BODY_LIMIT * 2}")
    for path in ("/livez", f"{place.messages}/1", "/api/v1/accounts/1/labels", "/public/api/v1/inboxes/x/contacts"):
        check_refused(place.ask(head("POST", path, *fields)), 413)


def test_a_client_that_sends_all_of_a_large_body_still_reads_the_413(place: Place) -> None:
    body = b"x" * (3 * BODY_LIMIT)
    check_refused(place.ask(post(place.messages, body)), 413)
    answer = requests.post(place.url + place.messages, data=body, headers={"Content-Type": "text/plain"}, timeout=10)
    assert answer.status_code == 413


def test_chunks_beyond_the_limit_are_413(place: Place) -> None:
    start = head("POST", place.messages, "Content-Type: application/json", "Transfer-Encoding: chunked")
    chunk = b"x" * 65_536
    check_refused(place.ask(start, *(b"%x\r\n%s\r\n" % (len(chunk), chunk) for _ in range(70))), 413)


def test_a_length_beyond_the_limit_is_refused_although_the_client_would_wait(place: Place) -> None:
    start = head("POST", place.messages, f"Content-Length: {1 << 40}", "Expect: 100-continue")
    check_refused(place.ask(start), 413)


def test_who_asks_whether_to_continue_is_told_so(place: Place) -> None:
    body = b'{"content":"patient"}'
    with Wire(place.url) as wire:
        fields = ("Content-Type: application/json", f"Content-Length: {len(body)}", "Expect: 100-continue")
        wire.send(head("POST", place.messages, *fields))
        assert wire.answer(head=True).status == 100
        assert wire.send(body).answer().json["content"] == "patient"


def test_expecting_to_continue_without_a_body_mixes_no_two_requests(place: Place) -> None:
    with Wire(place.url) as wire:
        first = wire.send(head("GET", "/livez", "Expect: 100-continue", f"api_access_token: {place.token}")).answer()
        assert (first.status, first.json) == (200, {"status": "ok"})
        assert wire.send(head("GET", "/api/v1/profile")).answer().status == 401


def test_huge_headers_are_431(place: Place) -> None:
    check_refused(place.ask(head("GET", "/livez", "X-A: " + "x" * 100_000)), 431)
    check_refused(place.ask(head("GET", "/livez", *(f"X-{number}: {'x' * 90}" for number in range(1000)))), 431)
    check_refused(place.ask(b"GET /" + b"x" * 100_000), 431)


@pytest.mark.parametrize(
    "request_",
    [
        b"garbage\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"get / HTTP/1.1\r\n\r\n",
        b"GET  / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1 x\r\n\r\n",
        b"GET / HTTP/11\r\n\r\n",
        b"GET /a b HTTP/1.1\r\n\r\n",
        b"GET http://[::1 HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nNo colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nBad name: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nX-A : x\r\n\r\n",
        b"GET / HTTP/1.1\r\nX-A: a\x00b\r\n\r\n",
        b"GET / HTTP/1.1\r\nX-A: a\nX-B: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nX-A: a\r\n b\r\n\r\n",
        b"GET / HTTP/1.1\r\n X-A: a\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\nx",
        b"POST / HTTP/1.1\r\nContent-Length: 0x1\r\n\r\nx",
        b"POST / HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\nx",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        b"POST / HTTP/1.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n",
    ],
)
def test_what_is_no_http_is_400_in_json_and_the_end_of_the_connection(place: Place, request_: bytes) -> None:
    with Wire(place.url) as wire:
        answer = wire.send(request_).answer()
        check_refused(answer, 400)
        assert answer.headers["connection"] == "close"
        assert wire.is_closed()


@pytest.mark.parametrize("blank", [b" " * 60_000, b"\t" * 60_000, b" \t" * 30_000, b"\r\n  " * 15_000])
def test_padding_a_header_takes_the_server_no_time(place: Place, blank: bytes) -> None:
    began = time.process_time()
    check_refused(place.ask(b"GET / HTTP/1.1\r\nX-A:" + blank + b"x\r\n\r\n"), 400)
    assert time.process_time() - began < 2


_SMUGGLED = b"0\r\n\r\nGET /livez HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize(
    ("version", "fields"),
    [
        ("HTTP/1.1", ["Transfer-Encoding: chunked", "Content-Length: 5"]),
        ("HTTP/1.1", ["Content-Length: 5", "Transfer-Encoding: chunked"]),
        ("HTTP/1.1", ["Transfer-Encoding: chunked, chunked"]),
        ("HTTP/1.1", ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"]),
        ("HTTP/1.1", ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"]),
        ("HTTP/1.1", ["Transfer-Encoding: identity", "Content-Length: 5"]),
        ("HTTP/1.1", ["Transfer-Encoding: gzip, chunked"]),
        ("HTTP/1.1", ["Transfer-Encoding: xchunked"]),
        ("HTTP/1.1", ["Transfer-Encoding: \x0bchunked"]),
        ("HTTP/1.1", ["Transfer-Encoding: chunked\x85"]),
        ("HTTP/1.1", ["Transfer-Encoding: \xa0chunked"]),
        ("HTTP/1.1", ['Transfer-Encoding: "chunked"']),
        ("HTTP/1.1", ["Transfer-Encoding : chunked"]),
        ("HTTP/1.1", ["Transfer-Encoding:", "Content-Length: 5"]),
        ("HTTP/1.1", ["Transfer-Encoding: ,", "Content-Length: 5"]),
        ("HTTP/1.1", ["Transfer-Encoding: ,chunked"]),
        ("HTTP/1.1", ["Transfer-Encoding:\r\n chunked"]),
        ("HTTP/1.1", ["X-A: b\r\n Transfer-Encoding: chunked"]),
        ("HTTP/1.1", ["X-A: b\nTransfer-Encoding: chunked"]),
        ("HTTP/1.0", ["Transfer-Encoding: chunked", "Connection: keep-alive"]),
        ("HTTP/1.2", ["Transfer-Encoding: chunked", "Connection: keep-alive"]),
    ],
)
def test_a_body_of_doubtful_length_is_refused_and_the_connection_ends(
    place: Place, version: str, fields: list[str]
) -> None:
    with Wire(place.url) as wire:
        wire.send(head("POST", place.messages, *fields, version=version) + _SMUGGLED)
        answer = wire.answer()
        assert answer.status in (400, 501), answer
        check_refused(answer, answer.status)
        assert wire.is_closed()
    assert place.contents() == []


@pytest.mark.parametrize(
    "chunks",
    [
        b"x\r\n",
        b"-1\r\n",
        b"0x5\r\nhello\r\n",
        b"5 \r\nhello\r\n",
        b"5\r\nhelloX\r\n",
        b"5;\x00\r\nhello\r\n",
        b"5\r\nhello\n0\n\n",
        b"1;" + b"a" * 20_000,
        b"1" * 20_000,
        b"0\r\n" + b"X-A: b\r\n" * 4000,
    ],
)
def test_a_broken_chunk_is_400_and_the_end_of_the_connection(place: Place, chunks: bytes) -> None:
    with Wire(place.url) as wire:
        wire.send(head("POST", place.messages, "Content-Type: application/json", "Transfer-Encoding: chunked"), chunks)
        check_refused(wire.answer(), 400)
        assert wire.is_closed()
    assert place.contents() == []


def test_pipelined_requests_are_answered_in_their_order(place: Place) -> None:
    bodies = [b'{"content":"%d"}' % number for number in range(5)]
    with Wire(place.url) as wire:
        wire.send(b"".join(post(place.messages, body) for body in bodies) + head("GET", "/livez"))
        assert [wire.answer().json["content"] for _ in bodies] == ["0", "1", "2", "3", "4"]
        assert wire.answer().json == {"status": "ok"}
    assert place.contents() == ["0", "1", "2", "3", "4"]


def test_nothing_behind_a_refused_request_is_executed(place: Place) -> None:
    with Wire(place.url) as wire:
        wire.send(b"garbage\r\n\r\n" + post(place.messages, b'{"content":"behind"}'))
        check_refused(wire.answer(), 400)
        assert wire.is_closed()
    assert place.contents() == []


def test_a_connection_lives_on_after_errors_of_the_application(place: Place) -> None:
    with Wire(place.url) as wire:
        for request, status in (
            (post(place.messages, b"{"), 400),
            (post(place.messages, b"{}"), 422),
            (head("GET", "/nowhere"), 404),
            (post(place.messages, b'{"content":"x"}'), 200),
        ):
            assert wire.send(request).answer().status == status


def test_an_absolute_request_target_is_its_path(place: Place) -> None:
    for target in (f"http://x{place.messages}", f"https://other.example:99{place.messages}?a=b"):
        answer = place.ask(head("GET", target))
        assert (answer.status, answer.json) == (200, [])
    for target in ("http://x", "*", "x", "http:", "//x"):
        check_refused(place.ask(head("GET", target)), 404)


@pytest.mark.parametrize("source_id", ["a/b", "a.b", "a.json", "a b", "ü/ß", "%2F", "..", "a?b#c", "a;b=c", "'\"<>"])
def test_any_source_id_is_addressable_percent_encoded(place: Place, source_id: str) -> None:
    made = requests.post(f"{place.url}{place.public}/contacts", json={"source_id": source_id}, timeout=10)
    assert made.status_code == 200, made.text
    path = "".join(f"%{byte:02X}" for byte in source_id.encode())
    answer = place.ask(head("GET", f"{place.public}/contacts/{path}"))
    assert (answer.status, answer.json["source_id"]) == (200, source_id)


def test_a_path_that_is_not_utf_8_names_nothing(place: Place) -> None:
    for name in ("c\xff", "\xffc", "%ff", "c%c0%80", "c%ED%A0%80"):
        assert place.ask(head("GET", f"{place.public}/contacts/{name}")).status == 404, name
    check_refused(place.ask(head("GET", f"{place.public}/contacts/c%00")), 400)


def test_raw_utf_8_in_a_request_target_is_what_it_says(place: Place) -> None:
    requests.post(f"{place.url}{place.public}/contacts", json={"source_id": "ü", "name": "Jürgen"}, timeout=10)
    found = place.ask(b"GET " + f"{place.public}/contacts/ü".encode() + b" HTTP/1.1\r\n\r\n")
    assert (found.status, found.json["source_id"]) == (200, "ü")
    search = "/api/v1/accounts/1/contacts/search?q=Jürgen".encode()
    token = f"api_access_token: {place.token}".encode()
    people = place.ask(b"GET " + search + b" HTTP/1.1\r\n" + token + b"\r\n\r\n").json["payload"]
    assert [one["name"] for one in people] == ["Jürgen"]


def test_browsers_may_call_the_client_api_from_anywhere(place: Place) -> None:
    answers = [
        place.ask(
            head("OPTIONS", place.messages, "Origin: https://shop.example", "Access-Control-Request-Method: POST")
        ),
        place.ask(head("GET", place.messages, "Origin: https://shop.example")),
        place.ask(head("GET", f"{place.public}/contacts/nobody")),
        place.ask(head("GET", "/public/api/v1/nowhere")),
        place.ask(head("DELETE", place.messages)),
        place.ask(post(place.messages, b"{")),
        place.ask(head("POST", place.messages, "Transfer-Encoding: gzip")),
    ]
    assert [answer.status for answer in answers] == [200, 200, 404, 404, 404, 400, 501]
    for answer in answers:
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answer.headers
    assert "POST" in answers[0].headers["access-control-allow-methods"]
    private = place.ask(
        head("GET", "/api/v1/profile", f"api_access_token: {place.token}", "Origin: https://evil.example")
    )
    assert "access-control-allow-origin" not in private.headers


def test_head_is_get_without_the_body(place: Place) -> None:
    for path in ("/livez", place.messages, f"{place.public}/contacts/c", "/nowhere"):
        with Wire(place.url) as wire:
            short = wire.send(head("HEAD", path)).answer(head=True)
            whole = wire.send(head("GET", path)).answer()
        assert short.status == whole.status
        assert short.headers["content-length"] == whole.headers["content-length"] == str(len(whole.body))


def test_methods_that_a_path_does_not_know_are_refused_in_json(place: Place) -> None:
    for method in ("DELETE", "BREW", "TRACE", "CONNECT", "OPTIONS"):
        answer = place.ask(head(method, "/api/v1/profile"))
        check_refused(answer, 405)
        assert "GET" in answer.headers["allow"]
    check_refused(place.ask(head("BREW", place.messages)), 404)
    check_refused(place.ask(head("BREW", "/nowhere")), 404)


def test_nothing_the_framework_says_is_html(place: Place) -> None:
    for path in (
        "/",
        "/nowhere",
        "/public",
        "/public/",
        "/api/v1/accounts/x",
        "/api/v1/accounts/" + "9" * 19,
        "/.json",
    ):
        check_refused(place.ask(head("GET", path)), 404)


def test_forwarded_headers_of_strangers_change_nothing(place: Place) -> None:
    answer = place.ask(
        head("GET", "/livez", "X-Forwarded-For: 1.2.3.4", "X-Forwarded-Proto: gopher", "Forwarded: for=x")
    )
    assert answer.json == {"status": "ok"}


@contextmanager
def serving(directory: Path, headers_s: float) -> Iterator[tuple[str, str]]:
    """A server that gives clients `headers_s` seconds for their headers: (url, administrator's token)."""
    app = App(Config(data_dir=str(directory), listen="127.0.0.1:0"))
    token: str = app.initialise("admin@acme.test")["admin"]["access_token"]
    server = Server(app.wsgi, "127.0.0.1", 0, threads=2, body_limit=10_000, upload_limit=100_000, headers_s=headers_s)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server.url, token
    finally:
        server.stop()
        thread.join()
        app.close()


def drip(wire: Wire, piece: bytes, limit_s: float) -> float:
    """Send `piece` again and again until the server hangs up; returns the seconds that took."""
    began = time.monotonic()
    while time.monotonic() - began < limit_s:
        if wire.has_news(within_s=0.02):
            assert wire.is_closed()
            return time.monotonic() - began
        wire.send(piece)
    raise AssertionError("the server kept listening")


@pytest.mark.parametrize(
    "start", [b"", b"GET / HTTP/1.1\r\nX-A: ", b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\n"]
)
def test_a_request_that_drips_is_hung_up_on(tmp_path: Path, start: bytes) -> None:
    with serving(tmp_path, headers_s=0.3) as (url, _), Wire(url) as wire:
        assert 0.2 < drip(wire.send(start) if start else wire, b"x", limit_s=10) < 8


def test_a_request_that_falls_silent_is_hung_up_on(tmp_path: Path) -> None:
    with serving(tmp_path, headers_s=0.2) as (url, _), Wire(url) as wire:
        assert wire.send(b"GET / HTTP/1.1\r\nX-A: ").is_closed()


def test_a_connection_between_two_requests_may_rest(tmp_path: Path) -> None:
    with serving(tmp_path, headers_s=0.2) as (url, _), Wire(url) as wire, Wire(url) as other:
        assert wire.send(head("GET", "/livez")).answer().status == 200
        assert other.send(b"GET ").is_closed()  # the time of a request is over meanwhile
        assert wire.send(head("GET", "/livez")).answer().status == 200


def test_half_a_request_behind_one_that_waits_has_its_time_from_its_turn_on(tmp_path: Path) -> None:
    with serving(tmp_path, headers_s=0.2) as (url, token), Wire(url) as wire, Wire(url) as other:
        poll = head("GET", "/api/v1/accounts/1/events?wait=1", f"api_access_token: {token}")
        wire.send(poll + b"GET /livez HT")
        assert other.send(b"GET ").is_closed()
        assert wire.answer().status == 200
        assert wire.send(b"TP/1.1\r\n\r\n").answer().json == {"status": "ok"}


def test_the_health_check_answers_while_two_hundred_connections_are_half_open(place: Place) -> None:
    with ExitStack() as open_:
        for number in range(200):
            wire = open_.enter_context(Wire(place.url))
            wire.send(b"GET / HTTP/1.1\r\nX-A: b" if number % 2 else b"")
        began = time.monotonic()
        for _ in range(10):
            assert requests.get(f"{place.url}/livez", timeout=5).json() == {"status": "ok"}
        assert requests.post(f"{place.url}{place.messages}", json={"content": "x"}, timeout=5).status_code == 200
        assert time.monotonic() - began < 5


def test_a_client_that_hangs_up_before_the_answer_harms_nobody(place: Place) -> None:
    for _ in range(20):
        with Wire(place.url) as wire:
            wire.send(head("GET", place.messages))
        with Wire(place.url) as wire:
            wire.send(b"garbage\r\n\r\n")
    assert requests.get(f"{place.url}/livez", timeout=5).status_code == 200
