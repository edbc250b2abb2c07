import json
from typing import Any

import pytest

from tests.api.test_conversations import emitted, show
from tests.api.test_inboxes import NOT_FOUND
from tests.cast import EPOCH, Clock, World

KEYS = {
    "id", "content", "inbox_id", "conversation_id", "message_type", "content_type", "status", "content_attributes",
    "created_at", "private", "source_id", "sender",
}  # fmt: skip
NOW = EPOCH // 1000


@pytest.fixture
def number(world: World) -> int:
    return world.conversation()


@pytest.fixture
def messages(world: World, number: int) -> str:
    return f"{world.account}/conversations/{number}/messages"


def post(world: World, messages: str, **values: Any) -> Any:
    answer = world.http.post(messages, json=values, token=world.ada)
    assert answer.status_code == 200, answer.text
    return answer.json()


def payload(world: World, messages: str, **params: Any) -> Any:
    return world.http.get(messages, params=params, token=world.ada).json()["payload"]


def test_a_reply_is_answered_with_exactly_these_keys(world: World, messages: str, number: int) -> None:
    answer = world.http.post(messages, json={"content": "hi"}, token=world.ada)
    assert answer.status_code == 200
    assert answer.json() == {
        "id": 1,
        "content": "hi",
        "inbox_id": world.inbox["id"],
        "conversation_id": number,
        "message_type": 1,
        "content_type": "text",
        "status": "sent",
        "content_attributes": {},
        "created_at": NOW,
        "private": False,
        "source_id": None,
        "sender": {
            "id": world.ada_id, "name": "Ada", "available_name": "Ada", "avatar_url": "", "type": "user",
            "availability_status": "online", "thumbnail": "",
        },
    }  # fmt: skip
    assert payload(world, messages) == [answer.json()]


def test_the_echo_id_is_echoed_and_not_stored(world: World, messages: str) -> None:
    made = post(world, messages, content="hi", echo_id="tmp-1", source_id="WAID:1")
    assert set(made) == KEYS | {"echo_id"}
    assert (made["echo_id"], made["source_id"]) == ("tmp-1", "WAID:1")
    assert "echo_id" not in payload(world, messages)[0]


def test_a_bridge_sends_multipart_without_a_file(world: World, messages: str) -> None:
    parts = {
        "content": (None, "hi"),
        "message_type": (None, "outgoing"),
        "private": (None, "false"),
        "content_attributes": (None, json.dumps({"external_echo": True})),
        "source_id": (None, "WAID:1"),
    }
    answer = world.http.post(messages, files=parts, token=world.ada)
    made = answer.json()
    assert (answer.status_code, set(made)) == (200, KEYS)
    assert (made["private"], made["content_attributes"], made["message_type"]) == (False, {"external_echo": True}, 1)


def test_text_that_is_no_json_is_no_content_attributes(world: World, messages: str) -> None:
    parts = {"content": (None, "hi"), "content_attributes": (None, "{broken")}
    assert world.http.post(messages, files=parts, token=world.ada).json()["content_attributes"] == {}


def test_blanks_mean_not_given(world: World, messages: str) -> None:
    made = post(
        world,
        messages,
        content="hi",
        message_type="",
        private="",
        content_type="",
        content_attributes="",
        source_id="",
        echo_id="",
        campaign_id="",
        template_params={},
        attachments=[],
        external_created_at="",
    )
    assert set(made) == KEYS
    assert made["content_attributes"] == {}
    assert (made["message_type"], made["private"], made["content_type"], made["source_id"]) == (1, False, "text", None)


@pytest.mark.parametrize("body", [{}, {"content": ""}, {"content": None}])
def test_an_empty_message_is_stored_here(world: World, messages: str, body: dict[str, Any]) -> None:
    assert post(world, messages, **body)["content"] in {None, ""}


def test_an_incoming_message_is_the_contacts(world: World, messages: str, number: int) -> None:
    made = post(world, messages, content="hello", message_type="incoming", source_id="WAID:1")
    assert (made["message_type"], made["sender"]["type"], made["sender"]["name"]) == (0, "contact", "Carl")
    assert show(world, number)["unread_count"] == 1


def test_an_incoming_message_reopens_like_the_contacts_own(world: World, messages: str, number: int) -> None:
    world.http.post(f"{world.account}/conversations/{number}/toggle_status", token=world.admin)
    before = len(world.events())
    post(world, messages, content="hello", message_type="incoming")
    assert show(world, number)["status"] == "open"
    assert emitted(world, before) == [
        "conversation_status_changed",
        "conversation_updated",
        "message_created",
        "conversation_updated",
        "contact_updated",
    ]
    assert "System reopened the conversation due to a new incoming message." in [
        one["content"] for one in payload(world, messages)
    ]


def test_a_note_is_private_reopens_nothing_and_answers_nobody(world: World, messages: str, number: int) -> None:
    world.http.post(f"{world.account}/conversations/{number}/toggle_status", token=world.admin)
    made = post(world, messages, content="note", private=True)
    assert (made["private"], made["message_type"]) == (True, 1)
    shown = show(world, number)
    assert (shown["status"], shown["first_reply_created_at"]) == ("resolved", 0)


def test_the_first_reply_ends_the_waiting(world: World, messages: str, number: int, clock: Clock) -> None:
    clock.advance(s=5)
    post(world, messages, content="note", private=True)
    post(world, messages, content="template", message_type="template")
    post(world, messages, content="offer", campaign_id=7)
    assert show(world, number)["waiting_since"] == NOW
    before = len(world.events())
    post(world, messages, content="hi")
    post(world, messages, content="again")
    shown = show(world, number)
    assert (shown["first_reply_created_at"], shown["waiting_since"]) == (NOW + 5, 0)
    assert emitted(world, before) == ["message_created", "conversation_updated", "message_created"]


def test_every_message_type_that_is_not_outgoing_is_the_contacts(world: World, messages: str) -> None:
    for word, kind in (("incoming", 0), ("activity", 2), ("template", 3)):
        made = post(world, messages, content=word, message_type=word)
        assert (made["message_type"], made["sender"]["type"]) == (kind, "contact")


def test_an_activity_line_is_never_announced(world: World, messages: str) -> None:
    before = len(world.events())
    post(world, messages, content="line", message_type="activity")
    assert "message_created" not in emitted(world, before)


@pytest.mark.parametrize(
    ("values", "attribute"),
    [
        ({"message_type": "sideways"}, "message_type"),
        ({"message_type": 4}, "message_type"),
        ({"content_type": "hologram"}, "content_type"),
        ({"private": "maybe"}, "private"),
        ({"content": ["x"]}, "content"),
    ],
)
def test_an_unknown_word_or_wrong_type_is_422(
    world: World, messages: str, values: dict[str, Any], attribute: str
) -> None:
    answer = world.http.post(messages, json={"content": "x"} | values, token=world.ada)
    assert answer.status_code == 422
    assert set(answer.json()) == {"message", "attributes"}
    assert answer.json()["attributes"] == [attribute]
    assert payload(world, messages) == []


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"content": "x" * 150_001}, "Validation failed: Content is too long (maximum is 150000 characters)"),
        ({"source_id": "x" * 20_001}, "Validation failed: Source is too long (maximum is 20000 characters)"),
        (
            {"content_type": "input_select"},
            "Validation failed: Content attributes At least one item is required.",
        ),
        (
            {"content_type": "form", "content_attributes": {"items": []}},
            "Validation failed: Content attributes At least one item is required.",
        ),
        (
            {"content_type": "article", "content_attributes": {"items": [{"title": "t", "evil": 1}]}},
            "Validation failed: Content attributes contains invalid keys for items : [evil]",
        ),
    ],
)
def test_a_message_that_breaks_a_rule_is_422_with_one_sentence(
    world: World, messages: str, values: dict[str, Any], error: str
) -> None:
    answer = world.http.post(messages, json={"content": "x"} | values, token=world.ada)
    assert (answer.status_code, answer.json()) == (422, {"error": error})


@pytest.mark.parametrize(
    ("content_type", "item"),
    [
        ("input_select", {"title": "A", "value": "a"}),
        ("cards", {"title": "t", "media_url": "u", "actions": [{"text": "x", "type": "link", "uri": "u"}]}),
        ("form", {"type": "text", "label": "l", "name": "n", "required": True, "pattern_error": "e"}),
        ("article", {"title": "t", "description": "d", "link": "l"}),
    ],
)  # fmt: skip
def test_interactive_messages_keep_their_items(
    world: World, messages: str, content_type: str, item: dict[str, Any]
) -> None:
    made = post(world, messages, content="x", content_type=content_type, content_attributes={"items": [item]})
    assert (made["content_type"], made["content_attributes"]) == (content_type, {"items": [item]})


def test_cards_need_actions(world: World, messages: str) -> None:
    body = {"content": "x", "content_type": "cards", "content_attributes": {"items": [{"title": "t"}]}}
    assert world.http.post(messages, json=body, token=world.ada).status_code == 422


def test_a_flood_is_422(world: World, messages: str, number: int) -> None:
    for _ in range(200):
        world.incoming(number)
    answer = world.http.post(messages, json={"content": "x"}, token=world.ada)
    assert (answer.status_code, answer.json()) == (422, {"error": "Validation failed: Too many messages"})


def test_a_reply_names_its_message_by_id_or_by_source_id(world: World, messages: str) -> None:
    first = post(world, messages, content="hello", message_type="incoming", source_id="WAID:1")
    both = {"in_reply_to": first["id"], "in_reply_to_external_id": "WAID:1"}
    for given in (
        {"in_reply_to": first["id"]},
        {"in_reply_to": str(first["id"])},
        {"in_reply_to_external_id": "WAID:1"},
    ):
        assert post(world, messages, content="re", content_attributes=given)["content_attributes"] == both
    nothing = {"in_reply_to": None, "in_reply_to_external_id": None}
    for given in ({"in_reply_to": 999}, {"in_reply_to_external_id": "WAID:9"}):
        assert post(world, messages, content="re", content_attributes=given)["content_attributes"] == nothing


def test_a_reply_to_a_message_of_another_conversation_is_a_reply_to_nothing(world: World, messages: str) -> None:
    elsewhere = world.incoming(world.conversation())
    made = post(world, messages, content="re", content_attributes={"in_reply_to": elsewhere["id"]})
    assert made["content_attributes"] == {"in_reply_to": None, "in_reply_to_external_id": None}


def test_content_attributes_may_hold_a_whole_foreign_message(world: World, messages: str) -> None:
    foreign = {"message": {"key": {"id": "x", "fromMe": False}, "list": [1, 2.5, None, "ü"]}}
    assert post(world, messages, content="x", content_attributes=foreign)["content_attributes"] == foreign


@pytest.mark.parametrize("moment", [1_700_000_000, "2026-01-01T00:00:00Z"])
def test_the_time_elsewhere_is_kept_as_it_was_given_and_changes_no_time_here(
    world: World, messages: str, moment: Any
) -> None:
    made = post(world, messages, content="x", external_created_at=moment)
    assert made["content_attributes"] == {"external_created_at": moment}
    assert made["created_at"] == NOW


def test_campaign_and_template_are_kept_in_the_additional_attributes(world: World, messages: str) -> None:
    post(world, messages, content="x", template_params={"name": "welcome", "language": "en"})
    event = next(event for event in reversed(world.events()) if event["event"] == "message_created")
    assert event["additional_attributes"] == {"template_params": {"name": "welcome", "language": "en"}}


def test_the_same_source_id_and_payload_is_the_first_message_again(world: World, messages: str) -> None:
    body = {"content": "hello", "message_type": "incoming", "source_id": "WAID:1"}
    first = world.http.post(messages, json=body, token=world.ada)
    before = world.events()
    again = world.http.post(messages, json=body, token=world.admin)
    assert (again.status_code, again.json()) == (200, first.json())
    assert (first.headers.get("Idempotent-Replayed"), again.headers["Idempotent-Replayed"]) == (None, "true")
    assert world.events() == before


def test_the_same_source_id_with_another_payload_is_a_new_message(world: World, messages: str) -> None:
    for values in (
        {"content": "hello"},
        {"content": "hello, edited"},
        {"content": "hello", "private": True},
        {"content": "hello", "content_attributes": {"edited": True}},
        {"content": "hello", "message_type": "incoming"},
    ):
        answer = world.http.post(messages, json={"source_id": "WAID:1"} | values, token=world.ada)
        assert "Idempotent-Replayed" not in answer.headers
    assert len(payload(world, messages)) == 5


def test_the_same_source_id_after_a_day_or_in_another_conversation_is_a_new_message(
    world: World, messages: str, clock: Clock
) -> None:
    first = post(world, messages, content="x", source_id="s")
    other = f"{world.account}/conversations/{world.conversation()}/messages"
    assert post(world, other, content="x", source_id="s")["id"] != first["id"]
    clock.advance(s=86_401)
    assert post(world, messages, content="x", source_id="s")["id"] != first["id"]


def test_messages_without_a_source_id_are_never_the_same(world: World, messages: str) -> None:
    assert post(world, messages, content="x")["id"] != post(world, messages, content="x")["id"]


def test_an_idempotency_key_posts_once(world: World, messages: str) -> None:
    headers = {"Idempotency-Key": "k"}
    first = world.http.post(messages, json={"content": "x"}, headers=headers, token=world.ada)
    again = world.http.post(messages, json={"content": "x"}, headers=headers, token=world.ada)
    other = world.http.post(messages, json={"content": "y"}, headers=headers, token=world.ada)
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert other.status_code == 422
    assert len(payload(world, messages)) == 1


def test_files_are_sent_with_a_reply(world: World, messages: str) -> None:
    files = [("attachments[]", ("voice.ogg", b"ogg", "audio/ogg"))]
    made = world.http.post(messages, data={"content": "listen"}, files=files, token=world.ada).json()
    (attachment,) = made["attachments"]
    assert set(made) == KEYS | {"attachments"}
    assert attachment == {
        "id": 1, "message_id": made["id"], "file_type": "audio", "account_id": 1, "extension": "ogg",
        "content_type": "audio/ogg", "data_url": attachment["data_url"], "thumb_url": "", "file_size": 3,
        "width": None, "height": None, "transcribed_text": "",
    }  # fmt: skip
    fetched = world.http.get(attachment["data_url"].removeprefix("http://inboxd.test"))
    assert fetched.content == b"ogg"
    assert fetched.headers["Content-Disposition"].startswith("inline")


def test_the_list_tells_about_the_conversation_in_its_meta(world: World, messages: str, number: int) -> None:
    assert set(world.http.get(messages, token=world.ada).json()) == {"meta", "payload"}
    conversation = f"{world.account}/conversations/{number}"
    world.http.post(f"{conversation}/assignments", json={"assignee_id": world.ada_id}, token=world.ada)
    world.http.post(f"{conversation}/labels", json={"labels": ["vip"]}, token=world.ada)
    world.http.post(f"{conversation}/update_last_seen", token=world.ada)
    meta = world.http.get(f"{messages}.json", token=world.ada).json()["meta"]
    assert meta == {
        "labels": ["vip"],
        "additional_attributes": {},
        "contact": {
            "additional_attributes": {}, "custom_attributes": {}, "email": "carl@example.test", "id": 1,
            "identifier": None, "name": "Carl", "phone_number": None, "thumbnail": "", "blocked": False,
            "type": "contact",
        },
        "assignee": {
            "id": world.ada_id, "name": "Ada", "available_name": "Ada", "avatar_url": "", "type": "user",
            "availability_status": "online", "thumbnail": "",
        },
        "agent_last_seen_at": "2026-06-10T11:14:56.789Z",
        "assignee_last_seen_at": "2026-06-10T11:14:56.789Z",
    }  # fmt: skip


def test_the_meta_has_no_assignee_when_there_is_none(world: World, messages: str) -> None:
    meta = world.http.get(messages, token=world.ada).json()["meta"]
    assert "assignee" not in meta
    assert (meta["agent_last_seen_at"], meta["assignee_last_seen_at"]) == (None, None)


def test_windows_of_messages(world: World, messages: str, number: int) -> None:
    sent = [world.incoming(number, str(count))["id"] for count in range(130)]

    def found(**params: Any) -> list[int]:
        return [message["id"] for message in payload(world, messages, **params)]

    assert found() == sent[-20:]
    assert found(before=sent[50]) == sent[30:50]
    assert found(before=sent[3]) == sent[:3]
    assert found(after=sent[9]) == sent[10:110]
    assert found(after=sent[120]) == sent[121:]
    assert found(after=sent[10], before=sent[120]) == sent[10:120]
    assert found(before="") == sent[-20:]
    assert found(before=sent[0]) == []


@pytest.mark.parametrize("value", ["true", "false", "1"])
def test_internal_messages_can_be_filtered_by_any_word(world: World, messages: str, value: str) -> None:
    post(world, messages, content="note", private=True)
    post(world, messages, content="line", message_type="activity")
    public = post(world, messages, content="public")
    assert [one["id"] for one in payload(world, messages, filter_internal_messages=value)] == [public["id"]]
    assert len(payload(world, messages, filter_internal_messages="")) == 3


def test_an_unknown_conversation_or_message_is_404(world: World, messages: str) -> None:
    for method, path in (
        ("GET", f"{world.account}/conversations/99/messages"), ("POST", f"{world.account}/conversations/99/messages"),
        ("PATCH", f"{messages}/99"), ("DELETE", f"{messages}/99"), ("DELETE", f"{messages}/x"),
    ):  # fmt: skip
        answer = world.http.request(method, path, json={"content": "x"}, token=world.ada)
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_the_status_moves_forward_and_never_from_read_to_delivered(world: World, messages: str) -> None:
    message = post(world, messages, content="x")
    before = len(world.events())
    path = f"{messages}/{message['id']}"

    def patch(status: str, **values: Any) -> Any:
        answer = world.http.patch(path, json={"status": status, **values}, token=world.ada)
        assert answer.status_code == 200
        return answer.json()

    assert patch("delivered") == message | {"status": "delivered"}
    assert patch("read")["status"] == "read"
    assert patch("delivered")["status"] == "read"
    assert patch("nonsense")["status"] == "read"
    assert patch("read")["status"] == "read"
    assert emitted(world, before) == ["message_updated", "message_updated"]
    assert patch("read")["content_attributes"] == {}


def test_a_failure_keeps_its_error_and_a_recovery_leaves_the_key_null(world: World, messages: str) -> None:
    path = f"{messages}/{post(world, messages, content='x')['id']}"
    before = len(world.events())
    body = {"status": "failed", "external_error": "no route"}
    failed = world.http.patch(path, json=body, token=world.ada).json()
    assert (failed["status"], failed["content_attributes"]) == ("failed", {"external_error": "no route"})
    world.http.patch(path, json=body, token=world.ada)
    assert emitted(world, before) == ["message_updated"]
    sent = world.http.patch(path, json={"status": "sent", "external_error": "ignored"}, token=world.ada).json()
    assert (sent["status"], sent["content_attributes"]) == ("sent", {"external_error": None})


def test_a_status_can_be_sent_as_multipart_and_by_put(world: World, messages: str) -> None:
    path = f"{messages}/{post(world, messages, content='x')['id']}"
    assert (
        world.http.patch(path, files={"status": (None, "delivered")}, token=world.ada).json()["status"] == "delivered"
    )
    assert world.http.put(path, json={"status": "read"}, token=world.ada).json()["status"] == "read"


def test_a_deleted_message_keeps_its_row_and_loses_its_content(world: World, messages: str) -> None:
    files = [("attachments[]", ("a.txt", b"x", "text/plain"))]
    made = world.http.post(messages, data={"content": "oops", "private": "true"}, files=files, token=world.ada).json()
    before = len(world.events())
    answer = world.http.delete(f"{messages}/{made['id']}", token=world.ada)
    gone = {key: value for key, value in made.items() if key != "attachments"}
    gone |= {"content": "This message was deleted", "content_attributes": {"deleted": True}}
    assert (answer.status_code, answer.json()) == (200, gone)
    assert payload(world, messages) == [gone]
    (event,) = world.events()[before:]
    assert (event["event"], event["private"], event["content_attributes"]) == (
        "message_updated",
        True,
        {"deleted": True},
    )
    assert "attachments" not in event
    url = made["attachments"][0]["data_url"].removeprefix("http://inboxd.test")
    assert world.http.get(url).status_code == 404


def test_a_member_may_delete_any_message_and_a_stranger_none(world: World, messages: str, number: int) -> None:
    incoming = world.incoming(number)
    assert world.http.delete(f"{messages}/{incoming['id']}", token=world.olga).status_code == 401
    assert world.http.delete(f"{messages}/{incoming['id']}", token=world.ada).status_code == 200


def test_a_repeated_source_id_is_answered_with_its_latest_first_message_not_one_long_forgotten(
    world: World, clock: Clock
) -> None:
    number = world.conversation()
    old = world.reply(number, source_id="WAID:1")["id"]
    clock.advance(s=25 * 3600)
    new = world.reply(number, source_id="WAID:1")["id"]
    assert new != old
    assert world.reply(number, source_id="WAID:1")["id"] == new
