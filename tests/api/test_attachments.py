"""Files that come with messages: where they lie, who gets them, and what a browser may do with them."""

import errno
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from inboxd.api.files import disposition
from inboxd.app import App
from inboxd.config import Config
from inboxd.domain import links
from inboxd.domain.links import Links
from inboxd.store.models import Attachment, Orphan
from inboxd.upkeep.keeper import Keeper
from tests.cast import Clock, Http, World, build_world

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 100


class Drawer:
    """One conversation of Carl's and the folder its files go to."""

    def __init__(self, world: World, app: App) -> None:
        self.world, self.app = world, app
        self.path = f"{world.contact}/conversations/{world.conversation()}/messages"
        self.folder = app.store.directory / "attachments"

    def send(self, *files: tuple[str, bytes, str], path: str = "") -> requests.Response:
        return self.world.http.post(path or self.path, files=[("attachments[]", file) for file in files])

    def link(self, name: str, content: bytes, kind: str = "application/octet-stream") -> str:
        sent = self.send((name, content, kind)).json()
        url: str = sent["attachments"][0]["data_url"]
        return url.removeprefix("http://inboxd.test")

    def on_disk(self) -> list[Path]:
        return sorted(path for path in self.folder.rglob("*") if path.is_file())

    def get(self, link: str) -> requests.Response:
        return self.world.http.get(link)


@pytest.fixture
def drawer(world: World, app: App) -> Drawer:
    return Drawer(world, app)


@pytest.fixture
def tight(tmp_path: Path, clock: Clock) -> Iterator[Drawer]:
    """The same where an attachment may have 1000 bytes."""
    app = App(Config(data_dir=str(tmp_path / "tight"), listen="127.0.0.1:0", attachment_limit=1000), clock)
    admin: str = app.initialise("admin@acme.test")["admin"]["access_token"]
    app.open_links("http://inboxd.test")
    yield Drawer(build_world(Http(app), admin), app)
    app.close()


def test_a_file_lies_under_its_digest_and_comes_back_as_it_was(drawer: Drawer) -> None:
    content = bytes(range(256)) * 500
    sent = drawer.send(("photo.png", content, "image/png")).json()["attachments"][0]
    digest = hashlib.sha256(content).hexdigest()
    assert [path.relative_to(drawer.folder) for path in drawer.on_disk()] == [Path(digest[:2], digest)]
    got = drawer.get(sent["data_url"].removeprefix("http://inboxd.test"))
    assert (got.status_code, got.content) == (200, content)
    assert sent["file_size"] == len(got.content) == int(got.headers["Content-Length"])


def test_stored_files_are_private_to_the_owner_of_the_process(drawer: Drawer) -> None:
    drawer.send(("a", b"x", "text/plain"))
    for path in (drawer.folder, *drawer.folder.rglob("*")):
        assert path.stat().st_mode & 0o077 == 0, path


def test_the_same_content_twice_is_one_file_under_two_names(drawer: Drawer) -> None:
    first, second = drawer.link("a.txt", b"same"), drawer.link("b.txt", b"same")
    assert first != second
    assert len(drawer.on_disk()) == 1
    assert drawer.get(first).content == drawer.get(second).content == b"same"
    assert "b.txt" in drawer.get(second).headers["Content-Disposition"]


def test_an_empty_file_is_a_file(drawer: Drawer) -> None:
    got = drawer.get(drawer.link("empty.txt", b""))
    assert (got.status_code, got.content, got.headers["Content-Length"]) == (200, b"", "0")


def test_fifteen_files_are_taken_and_sixteen_are_invalid(drawer: Drawer) -> None:
    files = [(f"{number}.txt", b"%d" % number, "text/plain") for number in range(16)]
    refused = drawer.send(*files)
    assert (refused.status_code, refused.json()["attributes"]) == (422, ["attachments"])
    assert drawer.on_disk() == []
    assert len(drawer.send(*files[:15]).json()["attachments"]) == 15


def test_a_file_beyond_the_limit_is_too_large_and_leaves_nothing(tight: Drawer) -> None:
    assert tight.send(("ok.bin", b"x" * 1000, "a/b")).status_code == 200
    kept = tight.on_disk()
    for files in ([("big.bin", b"y" * 1001, "a/b")], [("ok.bin", b"z" * 10, "a/b"), ("big.bin", b"y" * 1001, "a/b")]):
        refused = tight.send(*files)
        assert refused.status_code == 413
        assert refused.json() == {"error": "big.bin is larger than 1000 bytes"}
    assert tight.on_disk() == kept
    assert len(tight.world.http.get(tight.path).json()) == 1


def test_a_refused_request_leaves_no_file(drawer: Drawer) -> None:
    file = ("a.txt", b"hello", "text/plain")
    number = drawer.path.split("/")[-2]
    private = f"{drawer.world.account}/conversations/{number}/messages"
    nobody = drawer.path.replace("carl-1", "nobody")
    upload: dict[str, Any] = {"files": {"attachments[]": file}}
    refused = [
        drawer.send(file, path=nobody),
        drawer.world.http.post(private, **upload),
        drawer.world.http.post(private, token="wrong", **upload),
        drawer.world.http.post(private, token=drawer.world.olga, **upload),
        drawer.world.http.post(private, token=drawer.world.ada, data={"message_type": "sideways"}, **upload),
        drawer.world.http.post(drawer.path, data={"content": "x" * 150_001}, **upload),
    ]
    assert [response.status_code for response in refused] == [404, 401, 401, 401, 422, 422]
    assert drawer.on_disk() == []


def test_a_refused_request_leaves_the_file_of_an_earlier_one(drawer: Drawer) -> None:
    link = drawer.link("a.txt", b"hello")
    refused = drawer.world.http.post(
        drawer.path, data={"content": "x" * 150_001}, files={"attachments[]": ("a.txt", b"hello")}
    )
    assert refused.status_code == 422
    assert drawer.get(link).content == b"hello"


def test_what_a_crash_left_behind_goes_at_the_next_start(drawer: Drawer, tmp_path: Path) -> None:
    from inboxd.api.files import Blobs

    drawer.link("a.txt", b"hello")
    (drawer.folder / "incoming-x1").write_bytes(b"half")
    Blobs(drawer.app.store.directory, 1000, lambda digest: True)
    assert [path.read_bytes() for path in drawer.on_disk()] == [b"hello"]


def test_a_deleted_message_takes_its_links_along(drawer: Drawer) -> None:
    sent = drawer.send(("a.txt", b"hello", "text/plain")).json()
    link = sent["attachments"][0]["data_url"].removeprefix("http://inboxd.test")
    private = f"{drawer.world.account}/conversations/{drawer.path.split('/')[-2]}/messages/{sent['id']}"
    assert drawer.world.http.delete(private, token=drawer.world.ada).status_code == 200
    assert drawer.get(link).status_code == 404


def test_a_file_that_is_gone_from_the_disk_is_not_found(drawer: Drawer) -> None:
    link = drawer.link("a.txt", b"hello")
    drawer.on_disk()[0].unlink()
    assert (drawer.get(link).status_code, drawer.get(link).json()) == (404, {"error": "Resource could not be found"})


def test_only_a_link_that_we_signed_opens_a_file(drawer: Drawer) -> None:
    link = drawer.link("a.txt", b"one")
    drawer.link("b.txt", b"two")
    signed = link.removeprefix(links.PREFIX).split("/")[0]
    number, _, mac = signed.partition("--")
    own_key = Links("", b"guess").attachment(int(number), "a.txt")
    forged = [
        f"{links.PREFIX}{number}--{'0' * 64}/a.txt",
        f"{links.PREFIX}{number}--{mac[:-1]}/a.txt",
        f"{links.PREFIX}{number}--{mac}0/a.txt",
        f"{links.PREFIX}{number}--{mac.upper()}/a.txt",
        f"{links.PREFIX}{int(number) + 1}--{mac}/a.txt",
        f"{links.PREFIX}{number}/a.txt",
        f"{links.PREFIX}--{mac}/a.txt",
        f"{links.PREFIX}{'9' * 30}--{mac}/a.txt",
        f"{links.PREFIX}{number}--%C3%A9{mac[2:]}/a.txt",
        f"{links.PREFIX}{signed}",
        f"{links.PREFIX}{signed}/",
        f"{links.PREFIX}{signed}/../../../../etc/passwd",
        f"{links.PREFIX}..%2f..%2finboxd.sqlite3/a.txt",
        own_key,
    ]
    assert drawer.get(link).status_code == 200
    for wrong in forged:
        assert drawer.get(wrong).status_code == 404, wrong


@pytest.mark.parametrize("tail", ["..%2f..%2finboxd.sqlite3", "%2e%2e", "inboxd.lock", "%ff", "other.svg"])
def test_the_name_in_a_link_chooses_no_file(drawer: Drawer, tail: str) -> None:
    link = drawer.link("a.txt", b"hello")
    got = drawer.get(f"{link.rpartition('/')[0]}/{tail}")
    assert got.status_code in (200, 404)
    if got.status_code == 200:
        assert got.content == b"hello"
        assert got.headers["Content-Disposition"].startswith('attachment; filename="a.txt"')


@pytest.mark.parametrize(
    ("name", "kind", "shown"),
    [
        ("a.png", "image/png", "image/png"),
        ("a.png", "IMAGE/PNG; x=y", "image/png"),
        ("a.ogg", "audio/ogg", "audio/ogg"),
        ("a.html", "text/html", None),
        ("a.svg", "image/svg+xml", None),
        ("a.xml", "application/xml", None),
        ("a.xhtml", "application/xhtml+xml", None),
        ("a.pdf", "application/pdf", None),
        ("a.js", "text/javascript", None),
        ("a.png", "image/png\t; text/html", "image/png"),
        ("a.png", "image/png, text/html", None),
        ("a.html", "text/html;image/png", None),
        ("a", "", None),
        ("a", "x" * 300, None),
        ("a", "image/\xe9", None),
    ],
)
def test_only_pictures_sound_and_film_are_shown_by_a_browser(
    drawer: Drawer, name: str, kind: str, shown: str | None
) -> None:
    head = f'--XX\r\nContent-Disposition: form-data; name="attachments[]"; filename="{name}"\r\n'
    body = head.encode() + f"Content-Type: {kind}\r\n\r\n".encode() + PNG + b"\r\n--XX--\r\n"
    sent = drawer.world.http.post(drawer.path, data=body, headers={"Content-Type": "multipart/form-data; boundary=XX"})
    assert sent.status_code == 200, sent.text
    got = drawer.get(sent.json()["attachments"][0]["data_url"].removeprefix("http://inboxd.test"))
    assert got.content == PNG
    assert got.headers["Content-Type"] == (shown or "application/octet-stream")
    assert got.headers["Content-Disposition"].startswith("inline;" if shown else "attachment;")
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert got.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"


HOSTILE = [
    ("../../etc/passwd", "passwd"),
    ("C:\\Windows\\evil.exe", "evil.exe"),
    ("..", "file"),
    (".", "file"),
    ("/", "file"),
    ("...", "file"),
    ("a/..", "file"),
    ("x\r\nSet-Cookie: a=b.txt", "xSet-Cookie: a=b.txt"),
    ('a"; filename="evil.html', "a; filename=evil.html"),
    ("a\u202egnp.exe", "agnp.exe"),
    ("a\u2066b\u2069\u200f\u061c\u2028.png", "ab.png"),
    ("a\x00b.png", "ab.png"),
    ("a\x1b]0;x\x07.png", "a]0;x.png"),
    ("Grüße 你好.png", "Grüße 你好.png"),
    ("100%.png", "100%.png"),
    ("a%0d%0ab.png", "a%0d%0ab.png"),
    (" .hidden. ", "hidden"),
    ("x" * 300 + ".jpeg", "x" * 100 + ".jpeg"),
]


@pytest.mark.parametrize(("given_name", "kept"), HOSTILE)
def test_a_hostile_filename_becomes_only_a_name(given_name: str, kept: str) -> None:
    assert links.safe_filename(given_name) == kept
    value = disposition("attachment", kept)
    assert value.isascii()
    assert value.isprintable()
    assert value.count('"') == 2
    assert unquote(value.partition("filename*=UTF-8''")[2]) == kept


@settings(max_examples=150, deadline=None)
@given(name=st.text(st.characters(), max_size=200))
def test_any_filename_gives_a_header_and_a_link_that_are_safe(name: str) -> None:
    kept = links.safe_filename(name)
    assert kept not in ("", ".", "..")
    assert len(kept) <= 120
    assert "/" not in kept
    assert disposition("inline", kept).isprintable()
    link = Links("http://x", b"k").attachment(1, kept)
    assert link.isascii()
    assert link.count("/") == 3 + links.PREFIX.count("/")


@pytest.mark.parametrize("name", [name for name, _ in HOSTILE if "\x00" not in name])
def test_a_hostile_filename_arrives_tame_over_the_wire(drawer: Drawer, name: str) -> None:
    quoted = name.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")
    head = f'--XX\r\nContent-Disposition: form-data; name="attachments[]"; filename="{quoted}"\r\n\r\n'
    body = head.encode() + b"x\r\n--XX--\r\n"
    sent = drawer.world.http.post(drawer.path, data=body, headers={"Content-Type": "multipart/form-data; boundary=XX"})
    assert sent.status_code == 200, sent.text
    link = sent.json()["attachments"][0]["data_url"].removeprefix("http://inboxd.test")
    got = drawer.get(link)
    assert got.content == b"x"
    assert got.headers["Content-Disposition"].isprintable()
    assert "Set-Cookie" not in got.headers


@pytest.mark.parametrize(
    "name", ["voice.ogg", "photo.JPEG", "a.b.pdf", "name with space.png", "a.json", "x" * 200 + ".mp4"]
)
def test_the_last_segment_of_a_link_ends_in_the_extension(drawer: Drawer, name: str) -> None:
    link = drawer.link(name, b"x")
    assert unquote(link.rpartition("/")[2]).endswith("." + name.rpartition(".")[2])
    assert drawer.get(link).content == b"x"


def test_head_tells_what_get_would_send(drawer: Drawer) -> None:
    link = drawer.link("a.png", PNG, "image/png")
    head, got = drawer.world.http.request("HEAD", link), drawer.get(link)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers == got.headers
    assert drawer.world.http.request("HEAD", link[:-20]).status_code == 404


def test_a_row_names_the_digest_and_never_a_path(drawer: Drawer) -> None:
    drawer.link("../../a.txt", b"hello")
    with drawer.app.store.read() as tx:
        rows = tx.filter(Attachment)
    assert [(row.filename, row.digest) for row in rows] == [("a.txt", hashlib.sha256(b"hello").hexdigest())]


def test_files_over_a_real_socket_have_the_length_they_promise(live: tuple[str, str]) -> None:
    url, token = live
    admin = {"api_access_token": token}
    inbox = requests.post(f"{url}/api/v1/accounts/1/inboxes", json={"name": "A"}, headers=admin, timeout=10).json()
    contact = f"{url}/public/api/v1/inboxes/{inbox['inbox_identifier']}/contacts"
    requests.post(contact, json={"source_id": "c"}, timeout=10)
    number = requests.post(f"{contact}/c/conversations", timeout=10).json()["id"]
    for content in (b"", b"x" * 10, b"y" * 3_000_000):
        files = {"attachments[]": ("a.bin", content)}
        sent = requests.post(f"{contact}/c/conversations/{number}/messages", files=files, timeout=10).json()
        attachment = sent["attachments"][0]
        got = requests.get(attachment["data_url"], timeout=10)
        assert got.content == content
        assert attachment["file_size"] == len(content) == int(got.headers["Content-Length"])
        head = requests.head(attachment["data_url"], timeout=10)
        assert int(head.headers["Content-Length"]) == len(content)


def test_a_full_disk_answers_507_and_reading_goes_on(drawer: Drawer, monkeypatch: pytest.MonkeyPatch) -> None:
    link = drawer.link("a.txt", b"hello")

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    refused = drawer.send(("b.txt", b"other", "text/plain"))
    assert (refused.status_code, refused.json()) == (507, {"error": "The disk is full: nothing was stored"})
    assert drawer.get(link).content == b"hello"
    monkeypatch.undo()
    assert len(drawer.on_disk()) == 1
    assert drawer.send(("b.txt", b"other", "text/plain")).status_code == 200


def test_deleting_a_message_or_its_inbox_removes_files_that_nobody_else_has(world: World, app: App) -> None:
    def send(name: str, content: bytes) -> int:
        files = {"attachments[]": (name, content, "text/plain")}
        path = f"{world.account}/conversations/{number}/messages"
        made: int = world.http.post(path, data={"content": "x"}, files=files, token=world.admin).json()["id"]
        return made

    def stored() -> int:
        return sum(1 for path in (app.config.directory / "attachments").glob("??/*"))

    keeper = Keeper(app.store, app.blobs.let_go, 30)
    number = world.conversation()
    first, second, _third = send("a", b"same"), send("b", b"same"), send("c", b"other")
    assert stored() == 2
    for message, left in ((first, 2), (second, 1)):
        world.http.delete(f"{world.account}/conversations/{number}/messages/{message}", token=world.admin)
        keeper.step()
        assert stored() == left
    world.http.delete(f"{world.account}/inboxes/{world.inbox['id']}", token=world.admin)
    keeper.step()
    assert stored() == 0
    with app.store.read() as tx:
        assert tx.filter(Orphan) == []
