import json
from typing import Any

import pytest

from inboxd.app import App
from inboxd.store.models import (
    Attachment,
    Contact,
    ContactInbox,
    ContactTagging,
    Conversation,
    DraftMessage,
    Message,
    Note,
    Orphan,
    Participant,
    Record,
    Tagging,
)
from inboxd.upkeep.keeper import Keeper
from tests.cast import Clock, World
from tests.delivery.bench import FAILED, Bench, FakeSender

NOT_FOUND = {"error": "Resource could not be found"}
OWN: tuple[type[Record], ...] = (Contact, ContactInbox, ContactTagging, Note)
INSIDE: tuple[type[Record], ...] = (Conversation, Message, Attachment, Tagging, Participant, DraftMessage)


@pytest.fixture
def path(world: World) -> str:
    return f"{world.account}/contacts/{world.carl['id']}"


def counts(app: App) -> dict[str, int]:
    with app.store.read() as tx:
        return {model.__name__: len(tx.filter(model)) for model in (*OWN, *INSIDE)}


def furnish(world: World, app: App, source_id: str, contact_id: int) -> None:
    """One of everything a contact can have: a labelled conversation with a file in it, a note and the rest."""
    conversations = f"{world.public}/contacts/{source_id}/conversations"
    number = world.http.post(conversations).json()["id"]
    file = {"attachments[]": ("a.txt", source_id.encode(), "text/plain")}
    world.http.post(f"{conversations}/{number}/messages", data={"content": "look"}, files=file)
    labels = {"labels": ["vip"]}
    world.http.post(f"{world.account}/contacts/{contact_id}/labels", json=labels, token=world.ada)
    world.http.post(f"{world.account}/conversations/{number}/labels", json=labels, token=world.ada)

    def add(tx: Any) -> None:
        inside = {"account_id": 1, "conversation_id": tx.find(Conversation, display_id=number).id}
        tx.insert(Participant, user_id=world.ada_id, **inside)
        tx.insert(DraftMessage, message="soon", **inside)
        tx.insert(Note, account_id=1, contact_id=contact_id, content="likes tea")

    app.store.write(add)


def test_deleting_a_contact_takes_all_that_is_its_own_and_nothing_of_others(world: World, app: App, path: str) -> None:
    world.by_hand()
    dora = world.http.post(f"{world.public}/contacts", json={"source_id": "dora", "name": "Dora"}).json()
    furnish(world, app, "dora", dora["id"])
    before = counts(app)
    furnish(world, app, "carl-1", world.carl["id"])
    assert all(counts(app)[name] > count for name, count in before.items() if name not in ("Contact", "ContactInbox"))

    answer = world.http.delete(path, token=world.admin)
    assert (answer.status_code, answer.content) == (200, b"")
    assert counts(app) == before | {"Contact": 1, "ContactInbox": 1}
    assert all(counts(app).values())
    assert world.http.get(path, token=world.admin).json() == NOT_FOUND
    assert world.http.get(world.contact).status_code == 404
    left = world.http.get(f"{world.account}/conversations?status=all", token=world.admin).json()["data"]["payload"]
    assert [one["meta"]["sender"]["name"] for one in left] == ["Dora"]


def test_the_files_of_a_deleted_contact_leave_the_disk(world: World, app: App, path: str) -> None:
    furnish(world, app, "carl-1", world.carl["id"])
    folder = app.store.directory / "attachments"
    assert len(list(folder.glob("??/*"))) == 1
    world.http.delete(path, token=world.admin)
    Keeper(app.store, app.blobs.let_go, 30).step()
    assert list(folder.glob("??/*")) == []
    with app.store.read() as tx:
        assert tx.filter(Orphan) == []


def test_only_an_administrator_deletes_a_contact(world: World, path: str) -> None:
    refused = {"error": "You are not authorized to do this action"}
    for token in (world.ada, world.olga):
        answer = world.http.delete(path, token=token)
        assert (answer.status_code, answer.json()) == (401, refused)
    assert world.http.delete(path).status_code == 401
    assert world.http.get(path, token=world.ada).status_code == 200


def test_an_unknown_contact_cannot_be_deleted(world: World, path: str) -> None:
    other = world.http.post("/api/v1/accounts", json={"name": "Other"}, token=world.admin).json()["id"]
    paths = (f"{world.account}/contacts/99", f"/api/v1/accounts/{other}/contacts/{world.carl['id']}")
    for unknown in paths:
        answer = world.http.delete(unknown, token=world.admin)
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    assert world.http.get(path, token=world.ada).status_code == 200


def test_no_event_tells_of_a_deleted_contact_and_its_source_id_and_email_are_free_again(
    world: World, path: str
) -> None:
    world.incoming(world.conversation())
    before = world.events()
    world.http.delete(path, token=world.admin)
    assert world.events() == before
    again = world.http.post(f"{world.public}/contacts", json={"source_id": "carl-1", "email": "carl@example.test"})
    assert again.status_code == 200
    assert again.json()["id"] != world.carl["id"]


def test_a_contact_that_wrote_a_moment_ago_can_be_deleted(world: World, path: str) -> None:
    world.incoming(world.conversation())
    assert world.http.delete(path, token=world.admin).status_code == 200


def test_what_a_webhook_was_owed_of_a_deleted_contact_is_still_tried_and_given_up(
    world: World, app: App, clock: Clock, path: str
) -> None:
    inbox = f"{world.account}/inboxes/{world.inbox['id']}"
    world.http.patch(inbox, json={"channel": {"webhook_url": "https://one.test/hook"}}, token=world.admin)
    reply = world.reply(world.conversation())
    world.http.delete(path, token=world.admin)
    sender = FakeSender()
    sender.default = FAILED
    bench = Bench(app.store, clock, sender)
    for _ in range(50):
        bench.step()
        clock.advance(s=24 * 3600)
    bench.dispatcher.stop()
    deliveries = f"{world.account}/deliveries?message_id={reply['id']}"
    (shown,) = world.http.get(deliveries, token=world.admin).json()["payload"]
    assert (shown["state"], shown["conversation_id"]) == ("exhausted", None)
    assert any(json.loads(sent.body).get("id") == reply["id"] for sent in sender.sent)
