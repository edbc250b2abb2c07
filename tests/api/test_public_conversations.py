import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from inboxd.domain import signing
from tests.api.test_public_inbox_and_contacts import (
    NOT_FOUND,
    RECORD_KEYS,
    UNVERIFIED,
    inbox_identity,
    make_mandatory,
    names,
)
from tests.cast import EPOCH, Clock, World

KEYS = {"id", "uuid", "inbox_id", "contact_last_seen_at", "status", "agent_last_seen_at", "messages", "contact"}


def set_inbox(world: World, **values: Any) -> None:
    path = f"{world.account}/inboxes/{world.inbox['id']}"
    assert world.http.patch(path, json=values, token=world.admin).status_code == 200


def show(world: World, conversation: int) -> Any:
    return world.http.get(f"{world.account}/conversations/{conversation}", token=world.admin).json()


def resolve(world: World, conversation: int) -> Any:
    return world.http.post(f"{world.contact}/conversations/{conversation}/toggle_status").json()


def verified(world: World, source_id: str, identifier: str, **values: Any) -> str:
    """A contact that has proved its identity; its path."""
    body = {"source_id": source_id, **values} | inbox_identity(world, identifier)
    assert world.http.post(f"{world.public}/contacts", json=body).status_code == 200
    return f"{world.public}/contacts/{source_id}"


def test_a_conversation_is_opened_without_a_body(world: World) -> None:
    answer = world.http.post(f"{world.contact}/conversations")
    made = answer.json()
    assert answer.status_code == 200
    assert set(made) == KEYS
    assert set(made["contact"]) == RECORD_KEYS
    assert (made["id"], made["inbox_id"], made["status"], made["messages"]) == (1, 1, "open", [])
    assert (made["contact_last_seen_at"], made["agent_last_seen_at"]) == (0, 0)
    assert uuid.UUID(made["uuid"]).version == 4


def test_ids_of_conversations_count_from_one_in_each_account(world: World) -> None:
    assert [world.conversation() for _ in range(3)] == [1, 2, 3]


def test_opening_one_is_one_conversation_created_and_starts_the_waiting(world: World) -> None:
    before = len(world.events())
    number = world.conversation()
    assert names(world)[before:] == ["conversation_created"]
    assert show(world, number)["waiting_since"] == EPOCH // 1000
    assert world.http.get(f"{world.contact}/conversations/{number}/messages").json() == []


def test_only_custom_attributes_are_taken(world: World) -> None:
    body = {"custom_attributes": {"plan": "pro"}, "additional_attributes": {"x": 1}, "status": "resolved"}
    number = world.http.post(f"{world.contact}/conversations", json=body).json()["id"]
    shown = show(world, number)
    assert shown["custom_attributes"] == {"plan": "pro"}
    assert (shown["additional_attributes"], shown["status"]) == ({}, "open")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("x" * 1501, "Custom attributes company_name length should be < 1500"),
        (10_000_000_000, "Custom attributes company_name value should be < 9999999999"),
    ],
)
def test_custom_attributes_beyond_their_limits_are_422(world: World, value: Any, message: str) -> None:
    answer = world.http.post(f"{world.contact}/conversations", json={"custom_attributes": {"company_name": value}})
    assert (answer.status_code, answer.json()) == (422, {"message": message, "attributes": ["custom_attributes"]})


def test_custom_attributes_at_their_limits_are_taken(world: World) -> None:
    attributes = {"text": "x" * 1500, "number": 9_999_999_999, "nested": {"a": [1, None, True]}}
    answer = world.http.post(f"{world.contact}/conversations", json={"custom_attributes": attributes})
    assert show(world, answer.json()["id"])["custom_attributes"] == attributes


def test_a_blocked_contact_opens_resolved_conversations(world: World) -> None:
    path = f"{world.account}/contacts/{world.carl['id']}"
    world.http.patch(path, json={"blocked": True}, token=world.admin)
    assert world.http.post(f"{world.contact}/conversations").json()["status"] == "resolved"


def test_a_conversation_is_shown_with_its_messages_oldest_first(world: World) -> None:
    number = world.conversation()
    world.incoming(number, "one")
    world.reply(number, "two")
    world.reply(number, "secret", private=True)
    shown = world.http.get(f"{world.contact}/conversations/{number}").json()
    assert set(shown) == KEYS
    assert [message["content"] for message in shown["messages"]] == ["one", "two"]


def test_what_is_not_ones_own_is_404(world: World) -> None:
    world.http.post(f"{world.public}/contacts", json={"source_id": "dora"})
    number = world.conversation()
    dora = f"{world.public}/contacts/dora/conversations"
    for method, path in (
        ("GET", f"{dora}/{number}"), ("GET", f"{dora}/{number}/messages"), ("POST", f"{dora}/{number}/messages"),
        ("POST", f"{dora}/{number}/toggle_status"), ("POST", f"{dora}/{number}/toggle_typing"),
        ("POST", f"{dora}/{number}/update_last_seen"), ("GET", f"{dora}/99"), ("GET", f"{dora}/x"),
    ):  # fmt: skip
        answer = world.http.request(method, path, json={"content": "x"})
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_a_second_source_id_of_a_contact_does_not_see_the_conversations_of_the_first(world: World) -> None:
    world.http.post(f"{world.public}/contacts", json={"source_id": "second", "email": "carl@example.test"})
    number = world.conversation()
    second = f"{world.public}/contacts/second/conversations"
    assert world.http.get(second).json() == []
    assert world.http.get(f"{second}/{number}").status_code == 404


def test_a_verified_contact_sees_its_conversations_of_this_inbox_and_of_no_other(world: World) -> None:
    other = world.http.post(
        f"{world.account}/inboxes", json={"name": "B", "channel": {"type": "api"}}, token=world.admin
    )
    elsewhere = f"/public/api/v1/inboxes/{other.json()['inbox_identifier']}"
    proof = {"identifier": "u", "identifier_hash": signing.identity_hash(other.json()["hmac_token"], "u")}
    one, two = verified(world, "one", "u"), verified(world, "two", "u")
    world.http.post(f"{elsewhere}/contacts", json={"source_id": "far"} | proof)
    mine = world.http.post(f"{one}/conversations").json()["id"]
    far = world.http.post(f"{elsewhere}/contacts/far/conversations").json()["id"]

    assert [shown["id"] for shown in world.http.get(f"{two}/conversations").json()] == [mine]
    assert world.http.get(f"{two}/conversations/{mine}").status_code == 200
    assert world.http.get(f"{two}/conversations/{far}").status_code == 404
    assert [shown["id"] for shown in world.http.get(f"{elsewhere}/contacts/far/conversations").json()] == [far]


def test_a_message_through_a_second_verified_source_id_stays_in_the_conversations_own_place(world: World) -> None:
    one, two = verified(world, "one", "u"), verified(world, "two", "u")
    number = world.http.post(f"{one}/conversations").json()["id"]
    world.http.post(f"{two}/conversations/{number}/messages", json={"content": "x"})
    created = [event for event in world.events() if event["event"] == "message_created"][-1]
    assert created["conversation"]["contact_inbox"]["source_id"] == "one"
    assert created["conversation"]["messages"][0]["conversation"]["contact_inbox"]["source_id"] == "one"


def test_conversation_endpoints_want_a_verified_contact_where_identity_is_mandatory(world: World) -> None:
    number = world.conversation()
    make_mandatory(world)
    conversations = f"{world.contact}/conversations"
    for method, path in (
        ("GET", conversations), ("POST", conversations), ("GET", f"{conversations}/{number}"),
        ("POST", f"{conversations}/{number}/toggle_status"), ("POST", f"{conversations}/{number}/toggle_typing"),
        ("POST", f"{conversations}/{number}/update_last_seen"), ("GET", f"{conversations}/{number}/messages"),
        ("POST", f"{conversations}/{number}/messages"), ("PATCH", f"{conversations}/{number}/messages/1"),
    ):  # fmt: skip
        answer = world.http.request(method, path, json={"content": "x"})
        assert (answer.status_code, answer.json()) == (401, UNVERIFIED)
    proved = verified(world, "proved", "u")
    assert world.http.post(f"{proved}/conversations").status_code == 200
    assert world.http.get(f"{proved}/conversations").status_code == 200


def test_the_list_holds_resolved_ones_too_each_with_its_newest_twenty_messages(world: World) -> None:
    first, second = world.conversation(), world.conversation()
    for number in range(22):
        world.incoming(first, f"m{number}")
    resolve(world, second)
    listed = world.http.get(f"{world.contact}/conversations").json()
    assert [(shown["id"], shown["status"]) for shown in listed] == [(first, "open"), (second, "resolved")]
    assert [message["content"] for message in listed[0]["messages"]] == [f"m{number}" for number in range(2, 22)]


def test_toggle_status_resolves_and_never_reopens(world: World) -> None:
    number = world.conversation()
    before = len(world.events())
    assert resolve(world, number)["status"] == "resolved"
    assert names(world)[before:] == ["conversation_status_changed", "conversation_updated"]
    assert show(world, number)["waiting_since"] == 0
    assert resolve(world, number)["status"] == "resolved"
    assert names(world)[before:] == ["conversation_status_changed", "conversation_updated"]


@pytest.mark.parametrize("status", ["pending", "snoozed"])
def test_pending_and_snoozed_ones_are_resolved_too(world: World, status: str) -> None:
    number = world.conversation()
    path = f"{world.account}/conversations/{number}/toggle_status"
    world.http.post(path, json={"status": status, "snoozed_until": 1_900_000_000}, token=world.admin)
    assert resolve(world, number)["status"] == "resolved"
    assert show(world, number)["snoozed_until"] is None


def test_the_parameters_of_toggle_status_are_ignored(world: World) -> None:
    number = world.conversation()
    answer = world.http.post(f"{world.contact}/conversations/{number}/toggle_status", json={"status": "pending"})
    assert answer.json()["status"] == "resolved"


def test_agents_read_who_resolved_it_and_contacts_and_webhooks_do_not(world: World) -> None:
    world.http.patch(world.contact, json={"name": "caRL lee"})
    number = world.conversation()
    resolve(world, number)
    path = f"{world.account}/conversations/{number}/messages"
    lines = world.http.get(path, token=world.admin).json()["payload"]
    assert [(line["message_type"], line["content"]) for line in lines] == [(2, "Conversation was resolved by Carl lee")]
    assert "sender" not in lines[0]
    assert world.http.get(f"{world.contact}/conversations/{number}/messages").json() == []
    assert "message_created" not in names(world)


@pytest.mark.parametrize("word", ["on", "off"])
def test_typing_is_announced_with_an_empty_answer(world: World, word: str) -> None:
    number = world.conversation()
    before = len(world.events())
    answer = world.http.post(f"{world.contact}/conversations/{number}/toggle_typing", json={"typing_status": word})
    assert (answer.status_code, answer.content) == (200, b"")
    (event,) = world.events()[before:]
    assert event["event"] == f"conversation_typing_{word}"
    assert (event["user"]["id"], event["is_private"]) == (world.carl["id"], False)


@pytest.mark.parametrize("body", [{}, {"typing_status": "maybe"}, {"typing_status": ""}])
def test_any_other_typing_word_is_politely_ignored(world: World, body: dict[str, str]) -> None:
    number = world.conversation()
    before = world.events()
    answer = world.http.post(f"{world.contact}/conversations/{number}/toggle_typing", json=body)
    assert (answer.status_code, answer.content) == (200, b"")
    assert world.events() == before


def test_update_last_seen_marks_what_was_sent_to_the_contact_as_read(world: World, clock: Clock) -> None:
    number = world.conversation()
    incoming = world.incoming(number)
    first, second = world.reply(number, "one"), world.reply(number, "two")
    failed = world.reply(number, "three")
    path = f"{world.account}/conversations/{number}/messages"
    world.http.patch(f"{path}/{failed['id']}", json={"status": "failed", "external_error": "x"}, token=world.admin)
    clock.advance(s=5)
    before = len(world.events())

    answer = world.http.post(f"{world.contact}/conversations/{number}/update_last_seen")

    assert (answer.status_code, answer.content) == (200, b"")
    emitted = world.events()[before:]
    assert [(event["event"], event["id"], event["status"]) for event in emitted] == [
        ("message_updated", first["id"], "read"),
        ("message_updated", second["id"], "read"),
    ]
    statuses = {one["id"]: one["status"] for one in world.http.get(path, token=world.admin).json()["payload"]}
    assert statuses == {incoming["id"]: "sent", first["id"]: "read", second["id"]: "read", failed["id"]: "failed"}
    shown = world.http.get(f"{world.contact}/conversations/{number}").json()
    assert shown["contact_last_seen_at"] == EPOCH // 1000 + 5


def test_a_read_message_is_read_in_its_own_payload_too(world: World) -> None:
    number = world.conversation()
    world.reply(number, "one")
    world.http.post(f"{world.contact}/conversations/{number}/update_last_seen")
    event = world.events()[-1]
    assert event["conversation"]["messages"][0]["status"] == "read"


def test_seeing_it_again_announces_nothing(world: World) -> None:
    number = world.conversation()
    world.reply(number)
    world.http.post(f"{world.contact}/conversations/{number}/update_last_seen")
    before = world.events()
    world.http.post(f"{world.contact}/conversations/{number}/update_last_seen")
    assert world.events() == before


def test_a_locked_inbox_returns_the_latest_unresolved_conversation(world: World) -> None:
    first, second = world.conversation(), world.conversation()
    set_inbox(world, lock_to_single_conversation=True)
    before = world.events()
    body = {"custom_attributes": {"ignored": 1}}
    again = world.http.post(f"{world.contact}/conversations", json=body).json()
    assert again["id"] == second
    assert world.events() == before
    resolve(world, second)
    assert world.conversation() == first
    resolve(world, first)
    assert world.conversation() == second + 1


def test_a_locked_inbox_gives_a_stranger_with_ones_email_a_conversation_of_its_own(world: World) -> None:
    set_inbox(world, lock_to_single_conversation=True)
    number = world.conversation()
    world.incoming(number, "my secret")
    world.http.post(f"{world.public}/contacts", json={"source_id": "stranger", "email": "carl@example.test"})
    made = world.http.post(f"{world.public}/contacts/stranger/conversations").json()
    assert (made["id"] == number, made["messages"]) == (False, [])
    sent = world.http.post(
        f"{world.public}/contacts/stranger/conversations/{made['id']}/messages", json={"content": "x"}
    )
    assert sent.status_code == 200


def test_a_locked_inbox_gives_a_verified_contact_its_conversation_by_any_of_its_source_ids(world: World) -> None:
    set_inbox(world, lock_to_single_conversation=True)
    one, two = verified(world, "one", "u"), verified(world, "two", "u")
    number = world.http.post(f"{one}/conversations").json()["id"]
    assert world.http.post(f"{two}/conversations").json()["id"] == number


def test_two_first_conversations_at_once_are_one_in_a_locked_inbox(world: World) -> None:
    set_inbox(world, lock_to_single_conversation=True)
    with ThreadPoolExecutor(8) as pool:
        numbers = set(pool.map(lambda _: world.conversation(), range(16)))
    assert numbers == {1}


def test_an_idempotency_key_opens_one_conversation(world: World) -> None:
    headers = {"Idempotency-Key": "k"}
    first = world.http.post(f"{world.contact}/conversations", headers=headers)
    again = world.http.post(f"{world.contact}/conversations", headers=headers)
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert world.conversation() == 2
