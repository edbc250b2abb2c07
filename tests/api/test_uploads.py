"""Files that are uploaded before the message that takes them."""

import base64
import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from inboxd.app import App
from inboxd.domain.retry import DAY_MS
from inboxd.store.models import Blob
from inboxd.upkeep.keeper import Keeper
from tests.api.test_attachments import Drawer, tight  # noqa: F401
from tests.cast import Clock, World
from tests.delivery.raw import RawReceiver, closed_port, says

TEXT = b"some bytes"


@pytest.fixture
def pictures() -> Iterator[Any]:
    """Makes receivers that say something, and closes them."""
    made: list[RawReceiver] = []

    def make(answer: bytes) -> str:
        made.append(RawReceiver(says(answer)))
        return made[-1].url

    yield make
    for one in made:
        one.close()


def answer(kind: str, body: bytes, status: str = "200 OK", more: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{more}\r\n".encode() + body


def upload(world: World, content: bytes = TEXT, name: str = "a.txt", **more: Any) -> requests.Response:
    files = {"attachment": (name, content, "text/plain")}
    return world.http.post(f"{world.account}/upload", files=files, token=world.ada, **more)


def from_url(world: World, url: Any) -> requests.Response:
    return world.http.post(f"{world.account}/upload", json={"external_url": url}, token=world.ada)


def send(world: World, number: int, **values: Any) -> requests.Response:
    return world.http.post(f"{world.account}/conversations/{number}/messages", token=world.ada, **values)


def fetch(world: World, url: str) -> bytes:
    got = world.http.get(url.removeprefix("http://inboxd.test"))
    assert got.status_code == 200
    return got.content


def test_an_upload_can_be_fetched_and_sent_more_than_once(world: World) -> None:
    made = upload(world)
    assert made.status_code == 200
    assert set(made.json()) == {"file_url", "blob_id"}
    assert made.json()["file_url"].endswith("/a.txt")
    assert fetch(world, made.json()["file_url"]) == TEXT
    number = world.conversation()
    for _ in range(2):
        sent = send(world, number, json={"content": "see", "attachments": [made.json()["blob_id"]]}).json()
        (file,) = sent["attachments"]
        assert (file["file_type"], file["extension"], file["file_size"]) == ("file", "txt", len(TEXT))
        assert fetch(world, file["data_url"]) == TEXT


def test_files_and_earlier_uploads_keep_their_order(world: World) -> None:
    early = upload(world, b"early", "b.txt").json()["blob_id"]
    number = world.conversation()
    parts = [
        ("attachments[]", ("a.txt", b"first", "text/plain")),
        ("attachments[]", (None, early)),
        ("attachments[]", ("c.txt", b"last", "text/plain")),
    ]
    sent = send(world, number, files=parts).json()
    assert [fetch(world, one["data_url"]) for one in sent["attachments"]] == [b"first", b"early", b"last"]
    (single,) = send(world, number, json={"attachments": early}).json()["attachments"]
    assert fetch(world, single["data_url"]) == b"early"


def test_ids_that_are_forged_foreign_or_too_many_are_refused(world: World) -> None:
    number = world.conversation()
    early = upload(world).json()["blob_id"]
    made = world.http.post("/api/v1/accounts", json={"name": "Other"}, token=world.admin).json()
    files = {"attachment": ("a.txt", b"theirs", "text/plain")}
    path = f"/api/v1/accounts/{made['id']}/upload"
    foreign = world.http.post(path, files=files, token=world.admin).json()["blob_id"]
    forged = early[:-1] + ("0" if early[-1] != "0" else "1")
    for signed_id in (foreign, forged, "nonsense", ""):
        refused = send(world, number, json={"content": "x", "attachments": [signed_id]})
        assert (refused.status_code, refused.json()) == (404, {"error": "Resource could not be found"})
    refused = send(world, number, json={"attachments": [early] * 16})
    assert (refused.status_code, refused.json()["error"]) == (
        422,
        "Validation failed: Attachments exceeded maximum allowed",
    )
    refused = send(world, number, json={"attachments": [{"id": 1}]})
    assert refused.status_code == 422
    # The client API knows files alone.
    path = f"{world.contact}/conversations/{number}/messages"
    assert world.http.post(path, json={"attachments": [early]}).status_code == 422
    assert world.http.get(path).json() == []


def test_an_upload_needs_a_file_or_a_url_and_a_token(world: World) -> None:
    for body in ({}, {"external_url": ""}, {"external_url": None}):
        refused = world.http.post(f"{world.account}/upload", json=body, token=world.ada)
        assert (refused.status_code, refused.json()) == (422, {"error": "No file or URL provided"})
    refused = world.http.post(f"{world.account}/upload", files={"attachment": ("a", b"x")})
    assert refused.status_code == 401


def test_the_same_key_uploads_once_and_another_file_under_it_is_refused(world: World, app: App) -> None:
    key = {"Idempotency-Key": "k"}
    first, again = upload(world, headers=key), upload(world, headers=key)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert first.json() == again.json()
    assert upload(world, b"other", headers=key).status_code == 422
    with app.store.read() as tx:
        assert len(tx.filter(Blob)) == 1


def test_a_url_is_fetched(world: World, pictures: Any) -> None:
    url = pictures(answer("image/png", b"\x89PNG"))
    made = from_url(world, url + "/cat%20one.png?token=secret")
    assert made.status_code == 200
    assert made.json()["file_url"].endswith("/cat%20one.png")
    assert fetch(world, made.json()["file_url"]) == b"\x89PNG"
    number = world.conversation()
    (file,) = send(world, number, json={"attachments": [made.json()["blob_id"]]}).json()["attachments"]
    assert (file["file_type"], file["content_type"]) == ("image", "image/png")


def test_redirects_are_followed_only_to_where_one_may_go(world: World, pictures: Any) -> None:
    end = pictures(answer("video/mp4", b"film"))
    assert from_url(world, pictures(answer("", b"", "302 Found", f"Location: {end}\r\n"))).status_code == 200
    for where in ("http://10.0.0.1/x", "http://169.254.169.254/latest", "file:///etc/passwd", "gopher://x.test/"):
        refused = from_url(world, pictures(answer("", b"", "302 Found", f"Location: {where}\r\n")))
        assert (refused.status_code, refused.json()) == (422, {"error": "Invalid URL provided"}), where
    round_and_round = pictures(answer("", b"", "302 Found", "Location: /hook\r\n"))
    refused = from_url(world, round_and_round)
    assert refused.json() == {"error": "Failed to fetch file from URL: too many redirects"}


@pytest.mark.parametrize(
    "url",
    ["nonsense", "ftp://a.test/b", "file:///etc/passwd", "http://10.1.2.3/a", "http://169.254.169.254/", "http://a.local/x",
     "http://[fe80::1]/", "http://0x0a000001/"],
)  # fmt: skip
def test_a_url_that_leads_nowhere_public_is_invalid(world: World, url: str) -> None:
    refused = from_url(world, url)
    assert (refused.status_code, refused.json()) == (422, {"error": "Invalid URL provided"})


def test_what_a_url_gives_may_be_refused(world: World, app: App, pictures: Any) -> None:
    refused = from_url(world, pictures(answer("text/html", b"<p>")))
    wanted = "File type not supported (only images and videos are allowed)"
    assert (refused.status_code, refused.json()) == (422, {"error": wanted})
    refused = from_url(world, pictures(answer("image/png", b"", "404 Not Found")))
    assert refused.json() == {"error": "Failed to fetch file from URL: 404 Not Found"}
    refused = from_url(world, f"http://127.0.0.1:{closed_port()}/")
    assert refused.json() == {"error": "Failed to fetch file from URL: connection refused"}
    cut = answer("image/png", b"x" * 100)[:-50]
    assert from_url(world, pictures(cut)).json()["error"].startswith("Failed to fetch file from URL: ")
    with app.store.read() as tx:
        assert tx.filter(Blob) == []


def test_what_is_too_large_is_refused(tight: Drawer, pictures: Any) -> None:  # noqa: F811
    world = tight.world
    assert upload(world, b"x" * 1000).status_code == 200
    refused = upload(world, b"x" * 1001)
    assert (refused.status_code, refused.json()) == (413, {"error": "a.txt is larger than 1000 bytes"})
    refused = from_url(world, pictures(answer("image/png", b"x" * 1001)))
    assert (refused.status_code, refused.json()) == (422, {"error": "File exceeds the maximum allowed size"})
    refused = announce(world, b"x" * 1001)
    assert (refused.status_code, refused.json()) == (413, {"error": "a.txt is larger than 1000 bytes"})


def announce(world: World, content: bytes = TEXT, number: int | None = None, **other: Any) -> requests.Response:
    blob = {
        "filename": "a.txt",
        "content_type": "text/plain",
        "byte_size": len(content),
        "checksum": base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode(),
    } | other
    path = f"{world.account}/conversations/{number or world.conversation()}/direct_uploads"
    return world.http.post(path, json={"blob": blob}, token=world.ada)


def put(world: World, made: Any, content: bytes) -> requests.Response:
    target = made["direct_upload"]
    path = target["url"].removeprefix("http://inboxd.test")
    return world.http.put(path, data=content, headers=target["headers"])


@pytest.mark.parametrize("content", [TEXT, b"", b"{not json", bytes(5_000_000)])
def test_a_direct_upload_is_announced_put_and_sent(world: World, content: bytes) -> None:
    number = world.conversation()
    made = announce(world, content, number).json()
    assert set(made) == {
        "id", "key", "filename", "content_type", "metadata", "service_name", "byte_size", "checksum", "created_at",
        "signed_id", "direct_upload",
    }  # fmt: skip
    assert set(made["direct_upload"]) == {"url", "headers"}
    body = {"attachments": [made["signed_id"]]}
    assert send(world, number, json=body).status_code == 404, "before its bytes are here"
    for _ in range(2):
        done = put(world, made, content)
        assert (done.status_code, done.text) == (204, "")
    (file,) = send(world, number, json=body).json()["attachments"]
    assert (file["extension"], file["content_type"], file["file_size"]) == ("txt", "text/plain", len(content))
    assert fetch(world, file["data_url"]) == content


def test_other_bytes_than_the_announced_ones_are_refused(world: World, app: App) -> None:
    made = announce(world).json()
    for content in (b"other byte", TEXT + b"!", b""):
        refused = put(world, made, content)
        assert (refused.status_code, refused.json()["attributes"]) == (422, ["checksum"])
    forged = made | {"direct_upload": made["direct_upload"] | {"url": made["direct_upload"]["url"][:-1] + "x"}}
    assert put(world, forged, TEXT).status_code == 404
    other = hashlib.md5(b"other byte", usedforsecurity=False).hexdigest()
    url = made["direct_upload"]["url"].rpartition("--")[0] + f"--{other}"
    assert put(world, made | {"direct_upload": {"url": url, "headers": {}}}, b"other byte").status_code == 404
    assert list((app.config.directory / "attachments").glob("??/*")) == []
    assert put(world, made, TEXT).status_code == 204


def test_what_is_announced_must_be_whole(world: World) -> None:
    for values in ({"filename": ""}, {"byte_size": None}, {"byte_size": -1}, {"checksum": "x"}, {"checksum": "YWJj"}):
        refused = announce(world, **values)
        assert (refused.status_code, refused.json()["attributes"]) == (422, list(values))


def test_a_direct_upload_belongs_to_a_conversation_of_the_caller(world: World) -> None:
    number = world.conversation()
    path = f"{world.account}/conversations/{number}/direct_uploads"
    assert world.http.post(path, json={"blob": {"filename": "a"}}).status_code == 401
    assert world.http.post(path, json={"blob": {"filename": "a"}}, token=world.olga).status_code in (401, 404)
    path = f"{world.account}/conversations/99/direct_uploads"
    assert world.http.post(path, json={"blob": {"filename": "a"}}, token=world.ada).status_code == 404


def test_uploads_that_nobody_used_go_after_a_day_and_used_content_stays(world: World, app: App, clock: Clock) -> None:
    number = world.conversation()
    used, unused = upload(world).json(), upload(world, b"unused").json()
    announce(world, number=number)
    sent = send(world, number, json={"attachments": [used["blob_id"]]}).json()
    keeper = Keeper(app.store, app.blobs.let_go, 30)
    keeper.step()
    assert fetch(world, unused["file_url"]) == b"unused"
    clock.advance(ms=DAY_MS + 1)
    keeper.step()
    with app.store.read() as tx:
        assert tx.filter(Blob) == []
    assert fetch(world, sent["attachments"][0]["data_url"]) == TEXT
    assert len(list((app.config.directory / "attachments").glob("??/*"))) == 1
    assert send(world, number, json={"attachments": [unused["blob_id"]]}).status_code == 404


def test_over_real_sockets_large_files_pass_where_files_belong(live: tuple[str, str]) -> None:
    url, token = live
    headers, account = {"api_access_token": token}, f"{url}/api/v1/accounts/1"
    picture = b"\x89PNG\r\n\x1a\n" + bytes(6_000_000)
    made = requests.post(f"{account}/contacts", files={"avatar": ("a", picture)}, headers=headers, timeout=20)
    contact = made.json()["payload"]["contact"]
    assert requests.get(contact["thumbnail"], timeout=20).content == picture
    changed = requests.patch(
        f"{account}/contacts/{contact['id']}", files={"avatar": ("a", picture)}, headers=headers, timeout=20
    )
    assert changed.status_code == 200
    made = requests.post(f"{account}/upload", files={"attachment": ("a", picture)}, headers=headers, timeout=20)
    assert made.status_code == 200
    channel = {"name": "x", "channel": {"type": "api"}}
    inbox = requests.post(f"{account}/inboxes", json=channel, headers=headers, timeout=20).json()
    public = f"{url}/public/api/v1/inboxes/{inbox['inbox_identifier']}/contacts"
    requests.post(public, json={"source_id": "c"}, timeout=20)
    number = requests.post(f"{public}/c/conversations", timeout=20).json()["id"]
    blob = {
        "filename": "a.png",
        "byte_size": len(picture),
        "checksum": base64.b64encode(hashlib.md5(picture, usedforsecurity=False).digest()).decode(),
    }
    path = f"{account}/conversations/{number}/direct_uploads"
    target = requests.post(path, json={"blob": blob}, headers=headers, timeout=20).json()["direct_upload"]
    assert requests.put(target["url"], data=picture, headers=target["headers"], timeout=20).status_code == 204
    place = {"source_id": "c", "message[content]": "see"}
    files = {"message[attachments][]": ("a.png", picture)}
    made = requests.post(f"{account}/conversations", data=place, files=files, headers=headers, timeout=20)
    assert made.json()["messages"][0]["attachments"][0]["file_size"] == len(picture)
    refused = requests.post(f"{account}/labels", files={"attachment": ("a", picture)}, headers=headers, timeout=20)
    assert refused.status_code == 413
