from typing import Any

import pytest

from inboxd.app import App
from inboxd.store.models import Message
from tests.api.test_public_conversations import resolve, show
from tests.api.test_public_inbox_and_contacts import NOT_FOUND, names
from tests.cast import EPOCH, Clock, World

DAY_S = 86_400


@pytest.fixture
def number(world: World) -> int:
    return world.conversation()


@pytest.fixture
def messages(world: World, number: int) -> str:
    return f"{world.contact}/conversations/{number}/messages"


def set_status(world: World, number: int, **values: Any) -> None:
    world.http.post(f"{world.account}/conversations/{number}/toggle_status", json=values, token=world.admin)


def test_a_message_is_answered_with_exactly_these_keys(world: World, messages: str) -> None:
    answer = world.http.post(messages, json={"content": "hello", "echo_id": "tmp-1"})
    assert answer.status_code == 200
    assert answer.json() == {
        "id": 1,
        "content": "hello",
        "message_type": 0,
        "content_type": "text",
        "content_attributes": {},
        "created_at": EPOCH // 1000,
        "conversation_id": 1,
        "sender": {
            "additional_attributes": {}, "custom_attributes": {}, "email": "carl@example.test", "id": 1,
            "identifier": None, "name": "Carl", "phone_number": None, "thumbnail": "", "blocked": False,
            "type": "contact",
        },
    }  # fmt: skip


def test_an_agents_reply_is_listed_with_the_agent_as_sender(world: World, number: int, messages: str) -> None:
    world.reply(number, "hi")
    (shown,) = world.http.get(messages).json()
    assert shown == {
        "id": shown["id"],
        "content": "hi",
        "message_type": 1,
        "content_type": "text",
        "content_attributes": {},
        "created_at": EPOCH // 1000,
        "conversation_id": number,
        "sender": {
            "id": world.ada_id, "name": "Ada", "available_name": "Ada", "avatar_url": "", "type": "user",
            "availability_status": "online", "thumbnail": "",
        },
    }  # fmt: skip


def test_a_form_and_a_multipart_body_post_the_same(world: World, messages: str) -> None:
    assert world.http.post(messages, data={"content": "form"}).json()["content"] == "form"
    assert world.http.post(messages, files={"content": (None, "parts")}).json()["content"] == "parts"


def test_text_is_kept_as_it_was_sent(world: World, messages: str) -> None:
    text = "  **bold** <b>&\\\n line\n\n "
    assert world.http.post(messages, json={"content": text}).json()["content"] == text


@pytest.mark.parametrize("body", [{}, {"content": ""}, {"content": " \n "}, {"content": None}, {"echo_id": "x"}])
def test_an_empty_message_is_422(world: World, messages: str, body: dict[str, Any]) -> None:
    before = world.events()
    answer = world.http.post(messages, json=body)
    expected = {"message": "Content can't be blank", "attributes": ["content"]}
    assert (answer.status_code, answer.json()) == (422, expected)
    assert world.events() == before


def test_content_may_have_150_000_characters_and_no_more(world: World, messages: str) -> None:
    assert world.http.post(messages, json={"content": "ü" * 150_000}).status_code == 200
    answer = world.http.post(messages, json={"content": "x" * 150_001})
    expected = {"message": "Content is too long (maximum is 150000 characters)", "attributes": ["content"]}
    assert (answer.status_code, answer.json()) == (422, expected)


def test_what_only_agents_may_say_is_ignored(world: World, number: int, messages: str) -> None:
    values = {
        "content_type": "cards", "content_attributes": {"deleted": True}, "private": True, "source_id": "s",
        "message_type": "outgoing",
    }  # fmt: skip
    world.http.post(messages, json={"content": "x", **values})
    path = f"{world.account}/conversations/{number}/messages"
    (shown,) = world.http.get(path, token=world.admin).json()["payload"]
    assert (shown["content_type"], shown["content_attributes"], shown["private"]) == ("text", {}, False)
    assert (shown["source_id"], shown["message_type"], shown["status"]) == (None, 0, "sent")


def test_the_latest_twenty_are_listed_oldest_first(world: World, number: int, messages: str) -> None:
    for count in range(25):
        world.incoming(number, f"m{count}")
    listed = world.http.get(messages).json()
    assert [message["content"] for message in listed] == [f"m{count}" for count in range(5, 25)]


def test_before_pages_backwards(world: World, number: int, messages: str) -> None:
    sent = [world.incoming(number, f"m{count}") for count in range(25)]
    earlier = world.http.get(messages, params={"before": sent[5]["id"]}).json()
    assert [message["content"] for message in earlier] == [f"m{count}" for count in range(5)]
    middle = world.http.get(messages, params={"before": sent[22]["id"]}).json()
    assert [message["content"] for message in middle] == [f"m{count}" for count in range(2, 22)]
    assert world.http.get(messages, params={"before": sent[0]["id"]}).json() == []


@pytest.mark.parametrize("before", ["abc", "0", "-1", "1.5", "²"])
def test_a_before_that_is_no_number_finds_nothing(world: World, number: int, messages: str, before: str) -> None:
    world.incoming(number)
    answer = world.http.get(messages, params={"before": before})
    assert (answer.status_code, answer.json()) == (200, [])


def test_a_blank_before_is_none_and_after_is_not_known_here(world: World, number: int, messages: str) -> None:
    message = world.incoming(number)
    assert len(world.http.get(messages, params={"before": ""}).json()) == 1
    assert len(world.http.get(messages, params={"after": message["id"]}).json()) == 1


def test_notes_and_activity_are_hidden_and_templates_shown(world: World, number: int, messages: str) -> None:
    world.reply(number, "note", private=True)
    world.reply(number, "activity", message_type="activity")
    world.reply(number, "template", message_type="template")
    assert [(one["content"], one["message_type"]) for one in world.http.get(messages).json()] == [("template", 3)]


def test_a_file_is_stored_and_can_be_fetched_at_once(world: World, messages: str) -> None:
    files = [
        ("attachments[]", ("Photo.PNG", b"\x89PNG", "image/png")),
        ("attachments[]", ("a.txt", b"text", "text/plain")),
    ]
    answer = world.http.post(messages, data={"content": "see"}, files=files)
    image, text = answer.json()["attachments"]
    assert image == {
        "id": 1, "message_id": 1, "file_type": "image", "account_id": 1, "extension": "png",
        "content_type": "image/png", "data_url": image["data_url"], "thumb_url": image["thumb_url"], "file_size": 4,
        "width": None, "height": None,
    }  # fmt: skip
    assert image["data_url"].startswith("http://inboxd.test/rails/active_storage/")
    assert image["data_url"].endswith("/Photo.PNG")
    assert image["thumb_url"] != ""
    assert (text["file_type"], text["thumb_url"], text["extension"]) == ("file", "", "txt")
    fetched = world.http.get(image["data_url"].removeprefix("http://inboxd.test"))
    assert (fetched.status_code, fetched.content) == (200, b"\x89PNG")
    assert len(fetched.content) == image["file_size"]


@pytest.mark.parametrize(
    ("media_type", "word"),
    [
        ("image/jpeg", "image"), ("image/webp", "image"), ("image/svg+xml", "file"), ("video/mp4", "video"),
        ("video/x-msvideo", "file"), ("audio/ogg; codecs=opus", "audio"), ("application/pdf", "file"),
    ],
)  # fmt: skip
def test_the_kind_of_a_file_is_read_from_its_media_type(
    world: World, messages: str, media_type: str, word: str
) -> None:
    answer = world.http.post(messages, files=[("attachments[]", ("f.bin", b"x", media_type))])
    (attachment,) = answer.json()["attachments"]
    assert attachment["file_type"] == word
    assert ("transcribed_text" in attachment) == (word == "audio")


def test_a_file_alone_is_a_message_with_null_content(world: World, messages: str) -> None:
    answer = world.http.post(messages, files=[("attachments[]", ("f.txt", b"x", "text/plain"))])
    assert (answer.status_code, answer.json()["content"]) == (200, None)


def test_a_single_file_is_taken_as_one(world: World, messages: str) -> None:
    answer = world.http.post(messages, files={"attachments": ("f.txt", b"x", "text/plain")})
    assert len(answer.json()["attachments"]) == 1


@pytest.mark.parametrize("given", ["https://x.test/a.png", "data:image/png;base64,AAAA", {"a": 1}, [1]])
def test_an_attachment_that_is_no_file_is_422(world: World, messages: str, given: Any) -> None:
    before = world.events()
    answer = world.http.post(messages, json={"content": "x", "attachments": given})
    assert (answer.status_code, answer.json()["attributes"]) == (422, ["attachments"])
    assert world.events() == before


def test_blank_attachments_mean_none(world: World, messages: str) -> None:
    blanks: tuple[Any, ...] = ([], "", None, {})
    for blank in blanks:
        answer = world.http.post(messages, json={"content": "x", "attachments": blank})
        assert answer.status_code == 200
        assert "attachments" not in answer.json()


def test_sixteen_files_are_too_many(world: World, messages: str) -> None:
    files = [("attachments[]", (f"{count}.txt", b"x", "text/plain")) for count in range(16)]
    answer = world.http.post(messages, files=files)
    assert answer.status_code in {413, 422}
    assert world.http.get(messages).json() == []


def test_a_flood_is_422_after_200_messages_in_a_minute(world: World, number: int, messages: str, clock: Clock) -> None:
    for _ in range(200):
        world.incoming(number)
    answer = world.http.post(messages, json={"content": "one more"})
    expected = {"message": "Too many messages", "attributes": ["base"]}
    assert (answer.status_code, answer.json()) == (422, expected)
    clock.advance(s=61)
    assert world.http.post(messages, json={"content": "later"}).status_code == 200


def test_a_waiting_open_conversation_gets_the_message_and_nothing_else(world: World, number: int) -> None:
    before = len(world.events())
    world.incoming(number)
    assert names(world)[before:] == ["message_created", "contact_updated"]


def test_after_an_agents_reply_the_contact_waits_again(world: World, number: int, clock: Clock) -> None:
    world.reply(number)
    clock.advance(s=10)
    before = len(world.events())
    world.incoming(number)
    assert names(world)[before:] == ["message_created", "conversation_updated", "contact_updated"]
    updated = world.events()[before + 1]
    assert {"waiting_since": {"previous_value": None, "current_value": "2026-06-10T11:15:06.789Z"}} in updated[
        "changed_attributes"
    ]
    assert show(world, number)["waiting_since"] == EPOCH // 1000 + 10


def test_a_message_to_a_resolved_conversation_reopens_it(world: World, number: int) -> None:
    resolve(world, number)
    before = len(world.events())
    world.incoming(number)
    emitted = world.events()[before:]
    assert [event["event"] for event in emitted] == [
        "conversation_status_changed",
        "conversation_updated",
        "message_created",
        "conversation_updated",
        "contact_updated",
    ]
    changed = [[next(iter(one)) for one in event.get("changed_attributes", [])] for event in emitted]
    assert "status" in changed[0]
    assert "status" in changed[1]
    assert "waiting_since" not in changed[1]
    assert "waiting_since" in changed[3]
    shown = show(world, number)
    assert shown["status"] == "open"
    lines = world.http.get(f"{world.account}/conversations/{number}/messages", token=world.admin).json()["payload"]
    assert [line["content"] for line in lines if line["message_type"] == 2] == [
        "Conversation was resolved by Carl",
        "System reopened the conversation due to a new incoming message.",
    ]


def test_a_message_to_a_snoozed_conversation_opens_it(world: World, number: int) -> None:
    set_status(world, number, status="snoozed", snoozed_until=1_900_000_000)
    world.incoming(number)
    shown = show(world, number)
    assert (shown["status"], shown["snoozed_until"]) == ("open", None)


def test_a_message_to_a_pending_conversation_leaves_it_pending(world: World, number: int) -> None:
    set_status(world, number, status="pending")
    world.incoming(number)
    world.reply(number)
    assert show(world, number)["status"] == "pending"


@pytest.mark.parametrize("status", ["resolved", "snoozed", "pending"])
def test_a_blocked_contact_can_write_and_reopens_nothing(world: World, number: int, status: str) -> None:
    set_status(world, number, status=status)
    world.http.patch(f"{world.account}/contacts/{world.carl['id']}", json={"blocked": True}, token=world.admin)
    assert world.incoming(number)["content"] == "hello"
    assert show(world, number)["status"] == status


def test_a_message_moves_the_last_activity_of_conversation_and_contact(world: World, number: int, clock: Clock) -> None:
    clock.advance(s=30)
    world.incoming(number)
    assert show(world, number)["last_activity_at"] == EPOCH // 1000 + 30
    contact = world.http.get(f"{world.account}/contacts/{world.carl['id']}", token=world.admin).json()["payload"]
    assert contact["last_activity_at"] == EPOCH // 1000 + 30


def test_submitted_values_keep_only_the_keys_of_a_form(world: World, number: int, messages: str) -> None:
    form = world.reply(
        number,
        "rate",
        content_type="input_select",
        content_attributes={"items": [{"title": "Good", "value": "good"}]},
    )
    before = len(world.events())
    answers = [{"name": "n", "title": "Good", "value": "good", "evil": 1}]
    answer = world.http.patch(f"{messages}/{form['id']}", json={"submitted_values": answers})
    assert answer.status_code == 200
    assert answer.json()["content_attributes"] == {
        "items": [{"title": "Good", "value": "good"}],
        "submitted_values": [{"name": "n", "title": "Good", "value": "good"}],
    }
    assert names(world)[before:] == ["message_updated"]


def test_submitted_values_may_be_one_object_and_replace_the_last_ones(world: World, number: int, messages: str) -> None:
    path = f"{messages}/{world.incoming(number)['id']}"
    world.http.patch(path, json={"submitted_values": {"name": "a", "value": "1"}})
    answer = world.http.put(path, json={"submitted_values": {"value": "2"}})
    assert answer.json()["content_attributes"] == {"submitted_values": {"value": "2"}}


def test_a_survey_answer_keeps_rating_and_feedback_alone(world: World, number: int, messages: str) -> None:
    survey = world.reply(number, "rate", content_type="input_csat")
    values = {"csat_survey_response": {"rating": 5, "feedback_message": "great", "evil": 1}}
    answer = world.http.patch(f"{messages}/{survey['id']}", json={"submitted_values": values})
    assert answer.json()["content_attributes"]["submitted_values"] == {
        "csat_survey_response": {"rating": 5, "feedback_message": "great"}
    }


def test_only_submitted_values_can_be_changed(world: World, number: int, messages: str) -> None:
    message = world.incoming(number)
    before = world.events()
    answer = world.http.patch(f"{messages}/{message['id']}", json={"content": "changed", "status": "failed"})
    assert answer.json() == message
    assert world.events() == before


@pytest.mark.parametrize("values", ["text", 5, [1]])
def test_submitted_values_of_a_wrong_type_are_422(world: World, number: int, messages: str, values: Any) -> None:
    message = world.incoming(number)
    answer = world.http.patch(f"{messages}/{message['id']}", json={"submitted_values": values})
    assert (answer.status_code, answer.json()["attributes"]) == (422, ["submitted_values"])


def test_a_message_the_contact_cannot_see_is_404(world: World, number: int, messages: str) -> None:
    note = world.reply(number, "note", private=True)
    activity = world.reply(number, "line", message_type="activity")
    elsewhere = world.incoming(world.conversation())
    for message_id in (note["id"], activity["id"], elsewhere["id"], 999):
        answer = world.http.patch(f"{messages}/{message_id}", json={"submitted_values": {"value": "x"}})
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_a_survey_can_be_answered_on_the_fourteenth_day_and_not_on_the_fifteenth(
    world: World, number: int, messages: str, clock: Clock
) -> None:
    survey = world.reply(number, "rate", content_type="input_csat")
    other = world.reply(number, "form", content_type="text")
    values = {"submitted_values": {"csat_survey_response": {"rating": 5}}}
    # The days are those of the calendar: the survey is of 11:14 on day 0, this is 21:14 on day 14.
    clock.advance(s=14 * DAY_S + 10 * 3600)
    assert world.http.patch(f"{messages}/{survey['id']}", json=values).status_code == 200
    clock.advance(s=3 * 3600)
    answer = world.http.patch(f"{messages}/{survey['id']}", json=values)
    expected = {"error": "You cannot update the CSAT survey after 14 days"}
    assert (answer.status_code, answer.json()) == (422, expected)
    assert world.http.patch(f"{messages}/{other['id']}", json=values).status_code == 200


def test_an_idempotency_key_posts_once(world: World, messages: str) -> None:
    headers = {"Idempotency-Key": "k"}
    first = world.http.post(messages, json={"content": "once"}, headers=headers)
    again = world.http.post(messages, json={"content": "once"}, headers=headers)
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert world.http.post(messages, json={"content": "twice"}, headers=headers).status_code == 422
    assert len(world.http.get(messages).json()) == 1


def test_an_idempotency_key_lives_a_day_and_belongs_to_one_route(world: World, messages: str, clock: Clock) -> None:
    headers = {"Idempotency-Key": "k"}
    world.http.post(messages, json={"content": "once"}, headers=headers)
    assert world.http.post(f"{world.contact}/conversations", headers=headers).json()["id"] == 2
    clock.advance(s=DAY_S + 1)
    world.http.post(messages, json={"content": "once"}, headers=headers)
    assert len(world.http.get(messages).json()) == 2


def test_a_refused_request_leaves_its_key_free(world: World, messages: str) -> None:
    headers = {"Idempotency-Key": "k"}
    assert world.http.post(messages, json={"content": ""}, headers=headers).status_code == 422
    assert world.http.post(messages, json={"content": "x"}, headers=headers).status_code == 200


def test_the_echo_id_is_not_stored(world: World, messages: str, app: App) -> None:
    world.http.post(messages, json={"content": "x", "echo_id": "tmp-77"})
    with app.store.read() as tx:
        stored = tx.get(Message, 1)
    assert stored is not None
    assert "tmp-77" not in str(vars(stored))
