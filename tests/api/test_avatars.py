"""Pictures of contacts, people, inboxes and bots: where they are shown, and what becomes of their files."""

from pathlib import Path
from typing import Any

import pytest
import requests

from inboxd.app import App
from inboxd.store.models import Blob, Job
from inboxd.upkeep.keeper import Keeper
from tests.cast import World

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 50
IMAGES = {
    "png": PNG,
    "jpg": b"\xff\xd8\xff\xe0" + b"\0" * 60,
    "gif": b"GIF89a" + b"\0" * 70,
    "webp": b"RIFF\x10\0\0\0WEBPVP8 " + b"\0" * 80,
}
PROFILE = "/api/v1/profile"


@pytest.fixture
def bot(world: World) -> str:
    made = world.http.post(f"{world.account}/agent_bots", json={"name": "Bo"}, token=world.admin).json()
    return f"{world.account}/agent_bots/{made['id']}"


@pytest.fixture
def owners(world: World, bot: str) -> dict[str, tuple[str, str, str]]:
    """Path, name of the file parameter and key of the picture, of one of each kind."""
    return {
        "Contact": (f"{world.account}/contacts/{world.carl['id']}", "avatar", "thumbnail"),
        "Inbox": (f"{world.account}/inboxes/{world.inbox['id']}", "avatar", "avatar_url"),
        "AgentBot": (bot, "avatar", "thumbnail"),
        "User": (PROFILE, "profile[avatar]", "avatar_url"),
    }


def give(world: World, path: str, content: bytes = PNG, name: str = "avatar") -> requests.Response:
    return world.http.patch(path, files={name: ("me.bin", content, "text/plain")}, token=world.admin)


def shown(answer: requests.Response, key: str) -> str:
    assert answer.status_code == 200, answer.text
    body = answer.json()
    url: str = body.get("payload", body)[key]
    return url


def fetched(world: World, url: str) -> requests.Response:
    return world.http.get(url.removeprefix("http://inboxd.test"))


def stored(app: App) -> list[Path]:
    Keeper(app.store, app.blobs.let_go, 30).step()
    return sorted((app.config.directory / "attachments").glob("??/*"))


@pytest.mark.parametrize("extension", IMAGES)
def test_an_avatar_can_be_fetched_at_once_as_what_its_content_is(world: World, extension: str) -> None:
    url = shown(give(world, f"{world.account}/contacts/{world.carl['id']}", IMAGES[extension]), "thumbnail")
    got = fetched(world, url)
    assert url.endswith(f"/avatar.{extension}")
    assert (got.status_code, got.content) == (200, IMAGES[extension])
    assert int(got.headers["Content-Length"]) == len(IMAGES[extension])
    assert got.headers["Content-Type"] == "image/" + ("jpeg" if extension == "jpg" else extension)


def test_everybody_who_has_an_avatar_is_given_replaced_and_taken_it(
    world: World, app: App, owners: dict[str, tuple[str, str, str]]
) -> None:
    for kind, (path, name, key) in owners.items():
        first = shown(give(world, path, PNG, name), key)
        second = shown(give(world, path, IMAGES["gif"], name), key)
        assert first != second
        assert shown(world.http.get(path, token=world.admin), key) == second
        assert (fetched(world, first).status_code, fetched(world, second).status_code) == (404, 200), kind
        assert len(stored(app)) == 1

        gone = world.http.delete(f"{path}/avatar", token=world.admin)
        assert gone.status_code == 200
        if kind == "Inbox":
            assert gone.text == ""
        else:
            assert shown(gone, key) == ""
        assert shown(world.http.get(path, token=world.admin), key) == ""
        assert world.http.delete(f"{path}/avatar", token=world.admin).status_code == 200
        assert stored(app) == []
    with app.store.read() as tx:
        assert tx.filter(Blob) == []


def test_what_is_no_image_or_too_large_is_refused_by_its_name_and_leaves_nothing(
    world: World, app: App, owners: dict[str, tuple[str, str, str]]
) -> None:
    for path, name, key in owners.values():
        for content in (b"<svg/>", b"", PNG + bytes(15 << 20)):
            refused = give(world, path, content, name)
            assert (refused.status_code, refused.json()["attributes"]) == (422, ["avatar"])
        assert shown(world.http.get(path, token=world.admin), key) == ""
    for nothing in ("", None, "null"):
        assert world.http.patch(owners["Inbox"][0], json={"avatar": nothing}, token=world.admin).status_code == 200
    refused = world.http.patch(owners["Contact"][0], json={"avatar": "http://x/y.png"}, token=world.admin)
    assert (refused.status_code, refused.json()["attributes"]) == (422, ["avatar"])
    assert stored(app) == []


def test_an_avatar_may_come_with_the_one_it_is_of(world: World) -> None:
    for path, values, names in (
        ("contacts", {"name": "Dora"}, ("payload", "contact", "thumbnail")),
        ("inboxes", {"name": "Shop", "channel[type]": "api"}, ("avatar_url",)),
        ("agent_bots", {"name": "Bo"}, ("thumbnail",)),
    ):
        made = world.http.post(
            f"{world.account}/{path}", data=values, files={"avatar": ("a", PNG, "")}, token=world.admin
        )
        assert made.status_code == 200
        found: Any = made.json()
        for name in names:
            found = found[name]
        assert fetched(world, found).content == PNG
    created = next(event for event in world.events() if event["event"] == "contact_created" and event["name"] == "Dora")
    assert created["thumbnail"] == created["avatar"]
    assert fetched(world, created["avatar"]).content == PNG


def test_every_shape_of_a_contact_and_a_user_shows_the_avatar(world: World) -> None:
    face = shown(give(world, f"{world.account}/contacts/{world.carl['id']}"), "thumbnail")
    answer = world.http.patch(PROFILE, files={"profile[avatar]": ("a", IMAGES["jpg"], "")}, token=world.ada)
    agent = shown(answer, "avatar_url")
    number = world.conversation()
    path = f"{world.account}/conversations/{number}"
    world.http.post(f"{path}/assignments", json={"assignee_id": world.ada_id}, token=world.admin)
    incoming = world.incoming(number)
    reply = world.reply(number)
    assert incoming["sender"]["thumbnail"] == face
    assert (reply["sender"]["avatar_url"], reply["sender"]["thumbnail"]) == (agent, agent)
    meta = world.http.get(path, token=world.ada).json()["meta"]
    assert (meta["sender"]["thumbnail"], meta["assignee"]["thumbnail"]) == (face, agent)
    meta = world.http.get(f"{path}/messages", token=world.ada).json()["meta"]
    assert (meta["contact"]["thumbnail"], meta["assignee"]["avatar_url"]) == (face, agent)
    agents = world.http.get(f"{world.account}/agents", token=world.ada).json()
    assert {one["name"]: one["thumbnail"] for one in agents} == {"Ada": agent, "Administrator": "", "Olga": ""}
    *_, told = (event for event in world.events() if event["event"] == "message_created")
    assert told["conversation"]["meta"]["sender"]["thumbnail"] == face
    assert told["conversation"]["meta"]["assignee"]["avatar_url"] == agent
    assert told["conversation"]["messages"][0]["sender"]["avatar_url"] == agent
    by_carl = next(event for event in world.events() if event.get("id") == incoming["id"] and "message_type" in event)
    assert (by_carl["sender"]["avatar"], by_carl["sender"]["thumbnail"]) == (face, face)


def test_a_new_picture_is_told_once_without_the_name_of_its_blob(world: World) -> None:
    before = len(world.events())
    give(world, f"{world.account}/contacts/{world.carl['id']}")
    world.http.delete(f"{world.account}/contacts/{world.carl['id']}/avatar", token=world.ada)
    told = world.events()[before:]
    assert [event["event"] for event in told] == ["contact_updated", "contact_updated"]
    assert not any("avatar" in change for event in told for change in event["changed_attributes"])
    assert told[0]["thumbnail"].endswith("/avatar.png")
    assert told[1]["thumbnail"] == ""


def test_avatars_go_with_their_owners(world: World, app: App, bot: str) -> None:
    person = f"{world.account}/agents/{world.olga_id}"
    world.http.patch(PROFILE, files={"profile[avatar]": ("a", IMAGES["jpg"], "")}, token=world.olga)
    give(world, f"{world.account}/contacts/{world.carl['id']}", PNG)
    give(world, f"{world.account}/inboxes/{world.inbox['id']}", IMAGES["gif"])
    give(world, bot, IMAGES["webp"])
    assert len(stored(app)) == 4
    contact = f"{world.account}/contacts/{world.carl['id']}"
    for left, path in ((3, person), (2, contact), (1, bot), (0, f"{world.account}/inboxes/{world.inbox['id']}")):
        assert world.http.delete(path, token=world.admin).status_code == 200
        assert len(stored(app)) == left


@pytest.mark.parametrize("own", [b"", IMAGES["gif"]])
def test_of_two_contacts_that_become_one_a_single_picture_is_left(world: World, app: App, own: bytes) -> None:
    made = world.http.post(f"{world.account}/contacts", json={"name": "Dora"}, token=world.ada).json()
    dora = made["payload"]["contact"]["id"]
    if own:
        give(world, f"{world.account}/contacts/{dora}", own)
    give(world, f"{world.account}/contacts/{world.carl['id']}", PNG)
    ids = {"base_contact_id": dora, "mergee_contact_id": world.carl["id"]}
    merged = world.http.post(f"{world.account}/actions/contact_merge", json=ids, token=world.ada)
    assert fetched(world, shown(merged, "thumbnail")).content == (own or PNG)
    assert len(stored(app)) == 1


def test_only_administrators_change_the_pictures_of_inboxes_and_bots(world: World, bot: str) -> None:
    for path in (bot, f"{world.account}/inboxes/{world.inbox['id']}"):
        files = {"avatar": ("a", PNG, "")}
        assert world.http.patch(path, files=files, token=world.ada).status_code == 401
        assert world.http.delete(f"{path}/avatar", token=world.ada).status_code == 401
    assert world.http.delete(f"{PROFILE}/avatar").status_code == 401


def test_the_client_api_takes_no_avatar_file(world: World, app: App) -> None:
    made = world.http.post(f"{world.public}/contacts", data={"name": "D"}, files={"avatar": ("a", PNG, "")})
    assert made.status_code == 200
    assert stored(app) == []


def asked(app: App) -> list[str]:
    with app.store.read() as tx:
        return [job.params["url"] for job in tx.filter(Job, kind="avatar_fetch")]


def test_a_url_is_kept_to_be_fetched_wherever_one_may_be_given(world: World, app: App, bot: str) -> None:
    contact, http = f"{world.account}/contacts/{world.carl['id']}", world.http
    for number, (method, path) in enumerate(
        (
            ("POST", f"{world.public}/contacts"),
            ("PATCH", world.contact),
            ("POST", f"{world.account}/contacts"),
            ("PATCH", contact),
            ("POST", f"{world.account}/agent_bots"),
            ("PATCH", bot),
        )
    ):
        url = f"https://pictures.test/{number}.png"
        answer = http.request(method, path, json={"avatar_url": url}, token=world.admin)
        assert answer.status_code == 200
        assert asked(app)[number:] == [url]


def test_a_url_that_is_none_or_not_wanted_is_ignored(world: World, app: App) -> None:
    contact = f"{world.account}/contacts/{world.carl['id']}"
    for url in ("", "nonsense", "file:///etc/passwd", "ftp://a.test/b", "https://a.test/" + "x" * 3000, None):
        assert world.http.patch(contact, json={"avatar_url": url}, token=world.ada).status_code == 200
    files = {"avatar": ("a", PNG, "")}
    world.http.patch(contact, data={"avatar_url": "https://a.test/b.png"}, files=files, token=world.ada)
    # Who has a picture is given none by the client API.
    world.http.patch(world.contact, json={"avatar_url": "https://a.test/b.png"})
    world.http.post(f"{world.public}/contacts", json={"source_id": "carl-1", "avatar_url": "https://a.test/b.png"})
    assert asked(app) == []


def test_presence_keeps_somebody_online_and_confirmation_has_nothing_to_do(world: World, app: App, clock: Any) -> None:
    clock.advance(s=600)

    def status() -> Any:
        agents = world.http.get(f"{world.account}/agents", token=world.admin).json()
        return {one["name"]: one["availability_status"] for one in agents}["Ada"]

    assert status() == "offline"
    answer = world.http.post(f"{PROFILE}/presence", token=world.ada)
    assert (answer.status_code, answer.text) == (200, "")
    assert status() == "online"
    answer = world.http.post(f"{PROFILE}/resend_confirmation", token=world.ada)
    assert (answer.status_code, answer.text) == (200, "")
    for path in ("presence", "resend_confirmation"):
        assert world.http.post(f"{PROFILE}/{path}").status_code == 401
