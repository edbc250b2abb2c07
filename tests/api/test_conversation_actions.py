from typing import Any

import pytest

from inboxd.app import App
from inboxd.store.models import (
    Attachment,
    Conversation,
    DraftMessage,
    Message,
    Orphan,
    Participant,
    Tagging,
)
from tests.api.test_conversations import act, emitted, lines, show
from tests.api.test_inboxes import NOT_ALLOWED, NOT_FOUND
from tests.cast import EPOCH, Clock, World

PNG = ("cat.png", b"\x89PNG\r\n\x1a\n", "image/png")
ACTIONS = (
    ("POST", "unread"), ("POST", "mute"), ("POST", "unmute"), ("POST", "transcript"), ("GET", "attachments"),
    ("GET", "participants"), ("POST", "participants"), ("PATCH", "participants"), ("DELETE", "participants"),
    ("GET", "draft_messages"), ("PATCH", "draft_messages"), ("DELETE", "draft_messages"), ("DELETE", ""),
)  # fmt: skip


@pytest.fixture
def number(world: World) -> int:
    return world.conversation()


def path(world: World, number: int, action: str = "") -> str:
    return f"{world.account}/conversations/{number}/{action}"


def send_file(world: World, number: int, *files: tuple[str, bytes, str], **data: Any) -> Any:
    parts = [("attachments[]", file) for file in files]
    return world.http.post(path(world, number, "messages"), files=parts, data=data, token=world.ada).json()


def test_who_may_not_look_into_the_inbox_can_do_nothing(world: World, number: int) -> None:
    world.http.post("/api/v1/accounts", json={"name": "Other"}, token=world.admin)
    for method, action in ACTIONS:
        body = {"user_ids": [world.ada_id], "email": "a@b.test"}
        where = path(world, number, action)
        assert world.http.request(method, where, json=body).status_code == 401
        assert world.http.request(method, where, json=body, token=world.olga).status_code == 401
        unknown = world.http.request(method, path(world, 999, action), json=body, token=world.admin)
        assert (unknown.status_code, unknown.json()) == (404, NOT_FOUND)
        elsewhere = where.replace("/accounts/1/", "/accounts/2/")
        answer = world.http.request(method, elsewhere, json=body, token=world.admin)
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
        answer = world.http.request(method, elsewhere, json=body, token=world.ada)
        assert answer.json() == {"error": "You are not authorized to access this account"}


def test_unread_goes_back_to_a_second_before_the_last_incoming_message(world: World, number: int, clock: Clock) -> None:
    world.incoming(number, "first")
    clock.advance(s=60)
    world.incoming(number, "second")
    clock.advance(s=60)
    world.reply(number)
    act(world, number, "update_last_seen")
    assert show(world, number)["unread_count"] == 0
    before = len(world.events())
    shown = act(world, number, "unread")
    expected = EPOCH // 1000 + 59
    assert (shown["agent_last_seen_at"], shown["assignee_last_seen_at"]) == (expected, expected)
    assert (shown["id"], shown["unread_count"]) == (number, 1)
    assert emitted(world, before) == []
    assert act(world, number, "update_last_seen")["unread_count"] == 0


def test_unread_without_an_incoming_message_forgets_who_looked(world: World, number: int) -> None:
    act(world, number, "update_last_seen")
    shown = act(world, number, "unread")
    assert (shown["agent_last_seen_at"], shown["assignee_last_seen_at"], shown["unread_count"]) == (0, 0, 0)


def test_mute_resolves_blocks_and_says_so(world: World, number: int) -> None:
    before = len(world.events())
    answer = world.http.post(path(world, number, "mute"), token=world.ada)
    assert (answer.status_code, answer.content) == (200, b"")
    shown = show(world, number)
    assert (shown["status"], shown["muted"], shown["meta"]["sender"]["blocked"]) == ("resolved", True, True)
    assert lines(world, number) == [
        "Conversation was marked resolved by Ada",
        "Ada has muted the conversation",
    ]
    assert emitted(world, before) == ["conversation_status_changed", "conversation_updated", "contact_updated"]
    changed = world.events()[-1]["changed_attributes"]
    assert {"blocked": {"previous_value": False, "current_value": True}} in changed
    world.incoming(number, "let me in")
    assert show(world, number)["status"] == "resolved"


def test_unmute_unblocks_and_leaves_the_status(world: World, number: int) -> None:
    act(world, number, "mute")
    before = len(world.events())
    answer = world.http.post(path(world, number, "unmute"), token=world.ada)
    assert (answer.status_code, answer.content) == (200, b"")
    shown = show(world, number)
    assert (shown["status"], shown["muted"]) == ("resolved", False)
    assert lines(world, number)[-1] == "Ada has unmuted the conversation"
    assert emitted(world, before) == ["contact_updated"]
    world.incoming(number)
    assert show(world, number)["status"] == "open"


@pytest.mark.parametrize("body", [{}, {"email": ""}, {"email": " "}, {"email": None}])
def test_a_transcript_for_nobody_is_refused(world: World, number: int, body: dict[str, Any]) -> None:
    answer = world.http.post(path(world, number, "transcript"), json=body, token=world.ada)
    assert (answer.status_code, answer.json()) == (422, {"error": "email param missing"})


def test_a_transcript_says_that_there_is_no_smtp(world: World, number: int) -> None:
    answer = world.http.post(path(world, number, "transcript"), json={"email": "carl@example.test"}, token=world.ada)
    assert answer.status_code == 422
    told = "The transcript cannot be sent: this server has no SMTP configured (smtp_url, mail_from)"
    assert answer.json() == {"error": told}


def test_attachments_are_listed_newest_first_with_who_sent_them(world: World, number: int, clock: Clock) -> None:
    world.http.post(
        f"{world.contact}/conversations/{number}/messages", files=[("attachments[]", ("a.txt", b"one", "text/plain"))]
    )
    clock.advance(s=60)
    message = send_file(world, number, PNG, content="look", private="true")
    other = world.conversation()
    send_file(world, other, PNG)
    answer = world.http.get(path(world, number, "attachments"), token=world.ada)
    assert answer.status_code == 200
    shown = answer.json()
    assert shown["meta"] == {"total_count": 2}
    image, text = shown["payload"]
    url = message["attachments"][0]["data_url"]
    assert image == {
        "id": 2, "message_id": message["id"], "thumb_url": url, "data_url": url, "file_size": 8,
        "file_type": "image", "extension": "png", "width": None, "height": None, "created_at": EPOCH // 1000 + 60,
        "sender": {
            "id": world.ada_id, "name": "Ada", "available_name": "Ada", "avatar_url": "", "type": "user",
            "availability_status": "online", "thumbnail": "",
        },
    }  # fmt: skip
    assert (text["file_type"], text["thumb_url"], text["created_at"]) == ("file", "", EPOCH // 1000)
    assert (text["sender"]["type"], text["sender"]["name"]) == ("contact", "Carl")


def test_attachments_come_a_hundred_a_page(world: World, number: int) -> None:
    for _ in range(7):
        send_file(world, number, *[(f"{n}.txt", b"x", "text/plain") for n in range(15)])

    def listed(page: int | str) -> list[int]:
        shown = world.http.get(path(world, number, f"attachments?page={page}"), token=world.ada).json()
        assert shown["meta"] == {"total_count": 105}
        return [one["id"] for one in shown["payload"]]

    assert listed(1) == listed("") == listed(0) == list(range(105, 5, -1))
    assert listed(2) == [5, 4, 3, 2, 1]
    assert listed(3) == []


def test_unread_counts_are_a_feature_that_no_account_has(world: World) -> None:
    where = f"{world.account}/conversations/unread_counts"
    answer = world.http.get(where, token=world.ada)
    expected = {"error": "Conversation unread counts feature not enabled for this account"}
    assert (answer.status_code, answer.json()) == (403, expected)
    assert world.http.get(where).status_code == 401


def test_an_administrator_deletes_a_conversation_with_all_in_it(world: World, number: int, app: App) -> None:
    kept = world.conversation()
    for one in (kept, number):
        send_file(world, one, PNG, content="look")
        act(world, one, "labels", labels=["vip"])
        act(world, one, "participants", user_ids=[world.ada_id])
        world.http.patch(path(world, one, "draft_messages"), json={"draft_message": {"message": "x"}}, token=world.ada)
    before = len(world.events())
    answer = world.http.delete(path(world, number), token=world.ada)
    assert (answer.status_code, answer.json()) == (401, NOT_ALLOWED)
    answer = world.http.delete(path(world, number), token=world.admin)
    assert (answer.status_code, answer.content) == (200, b"")
    answer = world.http.get(path(world, number), token=world.admin)
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    assert world.http.delete(path(world, number), token=world.admin).status_code == 404
    assert emitted(world, before) == []
    assert show(world, kept)["labels"] == ["vip"]
    with app.store.read() as tx:
        [rest] = tx.filter(Conversation)
        assert rest.display_id == kept
        for model in (Message, Tagging, Participant, DraftMessage):
            assert {row.conversation_id for row in tx.filter(model)} == {rest.id}  # type: ignore[attr-defined]
        assert len(tx.filter(Attachment)) == 1
        assert len(tx.filter(Orphan)) == 1


def test_the_number_of_a_deleted_conversation_is_not_used_again(world: World, number: int) -> None:
    world.http.delete(path(world, number), token=world.admin)
    assert world.conversation() == number + 1
