"""Avatars that are named by a URL."""

import errno
import hashlib
import io
import logging
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from inboxd.app import App
from inboxd.delivery.fetcher import Fetcher
from inboxd.domain.errors import StorageFull
from inboxd.services import avatar_urls
from inboxd.store import avatar_fetches
from inboxd.store.models import Contact, Job
from tests.cast import World
from tests.delivery.raw import RawReceiver, floods, says

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 50


def image(content: bytes = PNG) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(content) + content


@pytest.fixture
def fetcher(app: App, world: World) -> Iterator[Fetcher]:
    made = Fetcher(app.store, app._sender.fetch, app.blobs.held)
    yield made
    made.join()


@pytest.fixture
def pictures() -> Iterator[RawReceiver]:
    made = RawReceiver(says(image()))
    yield made
    made.close()


def ask(world: World, url: str) -> None:
    path = f"{world.account}/contacts/{world.carl['id']}"
    answer = world.http.patch(path, json={"avatar_url": url}, token=world.ada)
    assert (answer.status_code, answer.json()["payload"]["thumbnail"]) == (200, "")


def carl(world: World) -> dict[str, object]:
    path = f"{world.account}/contacts/{world.carl['id']}"
    shown: dict[str, object] = world.http.get(path, token=world.ada).json()["payload"]
    return shown


def left(app: App) -> int:
    with app.store.read() as tx:
        return len(tx.filter(Job))


def test_the_picture_arrives_with_an_event_and_is_remembered_by_its_url(
    world: World, app: App, fetcher: Fetcher, pictures: RawReceiver
) -> None:
    ask(world, pictures.url)
    before = len(world.events())
    assert fetcher.step()
    assert not fetcher.step()
    shown = carl(world)
    got = world.http.get(str(shown["thumbnail"]).removeprefix("http://inboxd.test"))
    assert got.content == PNG
    assert shown["additional_attributes"] == {
        "avatar_url_hash": hashlib.sha256(pictures.url.encode()).hexdigest(),
        "last_avatar_sync_at": "2026-06-10T11:14:56.789Z",
    }
    (told,) = world.events()[before:]
    assert (told["event"], told["thumbnail"]) == ("contact_updated", shown["thumbnail"])

    path = f"{world.account}/contacts/{world.carl['id']}"
    world.http.patch(path, json={"avatar_url": pictures.url}, token=world.ada)
    assert left(app) == 0, "the same picture again"


def test_a_bot_gets_its_picture_too(world: World, fetcher: Fetcher, pictures: RawReceiver) -> None:
    body = {"name": "Bo", "avatar_url": pictures.url}
    made = world.http.post(f"{world.account}/agent_bots", json=body, token=world.admin).json()
    fetcher.step()
    shown = world.http.get(f"{world.account}/agent_bots/{made['id']}", token=world.admin).json()
    assert shown["thumbnail"].endswith("/avatar.png")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "404 Not Found"),
        (image(b"<svg/>"), "it is no JPEG, PNG, GIF or WebP image"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\nContent-Length: 0\r\n\r\n", "private or reserved"),
        (b"", "closed"),
    ],
)
def test_a_failure_is_one_line_of_the_log_without_the_query(
    world: World, app: App, fetcher: Fetcher, answer: bytes, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    receiver = RawReceiver(says(answer))
    ask(world, f"http://user:pass@127.0.0.1:{receiver.port}/a.png?token=secret#part")
    with caplog.at_level(logging.WARNING):
        fetcher.step()
    receiver.close()
    (line,) = caplog.messages
    assert line.startswith(f"no avatar from http://127.0.0.1:{receiver.port}/a.png: ")
    assert line.endswith("(1 failed so far)")
    assert reason in line
    assert "secret" not in line
    assert "pass" not in line
    assert (left(app), carl(world)["thumbnail"]) == (0, "")


def test_more_than_an_avatar_may_have_is_not_read_to_its_end(
    world: World, app: App, fetcher: Fetcher, caplog: pytest.LogCaptureFixture
) -> None:
    receiver = RawReceiver(floods(b"HTTP/1.1 200 OK\r\n\r\n" + PNG, b"x" * 65_536))
    ask(world, receiver.url)
    fetcher.step()
    receiver.close()
    assert "larger than 15728640 bytes" in caplog.text
    assert list((app.config.directory / "attachments").glob("*")) == []


def test_a_picture_that_the_server_would_not_store_is_given_up(
    world: World, app: App, fetcher: Fetcher, pictures: RawReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    app.blobs.limit = 10
    ask(world, pictures.url)
    assert fetcher.step()
    assert not fetcher.step()
    assert "larger than 10 bytes" in caplog.text


def test_the_url_named_last_wins(world: World, fetcher: Fetcher) -> None:
    first, second = RawReceiver(says(image())), RawReceiver(says(image(b"GIF89a" + PNG)))
    ask(world, first.url)
    ask(world, second.url)
    while fetcher.step():
        pass
    first.close()
    second.close()
    assert str(carl(world)["thumbnail"]).endswith("/avatar.gif")


def test_a_contact_that_is_gone_needs_no_picture(
    world: World, app: App, fetcher: Fetcher, pictures: RawReceiver
) -> None:
    ask(world, pictures.url)
    world.http.delete(f"{world.account}/contacts/{world.carl['id']}", token=world.admin)
    fetcher.step()
    assert left(app) == 0
    assert list((app.config.directory / "attachments").glob("??/*")) == []


def test_rows_that_something_is_wrong_with_hold_up_no_others_and_go(
    world: World, app: App, fetcher: Fetcher, pictures: RawReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    broken = [{"owner_type": "Nobody", "owner_id": number, "url": pictures.url} for number in range(3)] + [{}]
    app.store.write(lambda tx: [avatar_fetches.add(tx, 1, params) for params in broken])
    ask(world, pictures.url)
    steps = 0
    while fetcher.step():
        steps += 1
    assert str(carl(world)["thumbnail"]).endswith("/avatar.png")
    assert left(app) == 0
    assert steps <= avatar_urls.TRIES + 1
    assert len(caplog.messages) == len(broken) * avatar_urls.TRIES


def test_what_is_asked_for_outlives_a_stop(world: World, app: App, pictures: RawReceiver) -> None:
    ask(world, pictures.url)
    app.close()
    again = App(app.config)
    again.open_links("http://inboxd.test")
    fetcher = Fetcher(again.store, again._sender.fetch, again.blobs.held)
    assert fetcher.step()
    fetcher.join()
    with again.store.read() as tx:
        assert [contact.avatar for contact in tx.filter(Contact)] == ["1.png"]
    again.close()


def test_a_stop_cuts_off_what_is_being_fetched_and_keeps_it_for_the_next_start(world: World, app: App) -> None:
    came, over = threading.Event(), threading.Event()

    def stall(sock: socket.socket) -> None:
        came.set()
        over.wait(20)

    receiver = RawReceiver(stall)
    app.start_work()
    ask(world, receiver.url)
    assert came.wait(10)
    app.close()
    over.set()
    receiver.close()
    again = App(app.config)
    assert left(again) == 1
    again.close()


def test_a_kept_connection_that_was_closed_meanwhile_is_no_failure(app: App, pictures: RawReceiver) -> None:
    for _ in range(3):
        target = io.BytesIO()
        assert app._sender.fetch(pictures.url, target, 1000).size == len(PNG)
        assert target.getvalue() == PNG
    assert pictures.connections == 3


def test_a_full_disk_is_no_fault_of_the_url(app: App, pictures: RawReceiver) -> None:
    class Full(io.BytesIO):
        def write(self, _: Any) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(StorageFull):
        app._sender.fetch(pictures.url, Full(), 1000)
