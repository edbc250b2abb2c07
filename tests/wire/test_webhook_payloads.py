"""The bodies of webhooks, written down from the contract (client-api §5.4 and decisions §2)."""

import json
from collections import Counter
from typing import Any

import pytest

from inboxd.app import App
from inboxd.delivery.worker import Policy
from inboxd.domain import pace
from inboxd.domain.events import DEFAULT_SUBSCRIPTIONS, EVENT_TYPES
from inboxd.domain.retry import Outcome
from inboxd.store.models import Event
from inboxd.wire.webhook import THIN_BEYOND
from tests.cast import EPOCH, Clock, World
from tests.delivery.bench import DELIVERED, FAILED, Bench, FakeSender

NOW = EPOCH // 1000
ISO = "2026-06-10T11:14:56.789Z"
ACCOUNT = {"id": 1, "name": "Acme"}
CARL = {
    "additional_attributes": {}, "custom_attributes": {}, "email": "carl@example.test", "id": 1, "identifier": None,
    "name": "Carl", "phone_number": None, "thumbnail": "", "blocked": False,
}  # fmt: skip
CARL_PUSHED = CARL | {"type": "contact"}
CARL_SENDING = CARL | {"account": ACCOUNT, "avatar": ""}
ADA_PUSHED = {
    "id": 2, "name": "Ada", "available_name": "Ada", "avatar_url": "", "type": "user", "availability_status": None,
    "thumbnail": "",
}  # fmt: skip
ADA_SENDING = {"id": 2, "name": "Ada", "email": "ada@acme.test", "type": "user"}


def conversation(**values: Any) -> dict[str, Any]:
    """Carl's first conversation as it is when it was just opened."""
    return {
        "additional_attributes": {},
        "can_reply": True,
        "channel": "Channel::Api",
        "contact_inbox": {
            "id": 1, "contact_id": 1, "inbox_id": 1, "source_id": "carl-1", "created_at": ISO, "updated_at": ISO,
            "hmac_verified": False, "pubsub_token": None,
        },
        "id": 1,
        "inbox_id": 1,
        "messages": [],
        "labels": [],
        "meta": {"sender": CARL_PUSHED, "assignee": None, "assignee_type": None, "team": None, "hmac_verified": False},
        "status": "open",
        "custom_attributes": {},
        "snoozed_until": None,
        "unread_count": 0,
        "first_reply_created_at": None,
        "priority": None,
        "waiting_since": NOW,
        "agent_last_seen_at": 0,
        "contact_last_seen_at": 0,
        "last_activity_at": NOW,
        "timestamp": NOW,
        "created_at": NOW,
        "updated_at": 1781090096.789,
        "account": ACCOUNT,
    } | values  # fmt: skip


def pushed(**values: Any) -> dict[str, Any]:
    """The contact's first message as it stands inside its conversation."""
    return {
        "id": 1, "content": "hello", "account_id": 1, "inbox_id": 1, "conversation_id": 1, "message_type": 0,
        "created_at": NOW, "updated_at": ISO, "private": False, "status": "sent", "source_id": None,
        "content_type": "text", "content_attributes": {}, "sender_type": "Contact", "sender_id": 1,
        "external_source_ids": {}, "additional_attributes": {}, "sentiment": {},
        "processed_message_content": values.get("content", "hello"),
        "conversation": {
            "assignee_id": None, "unread_count": 1, "last_activity_at": NOW, "contact_inbox": {"source_id": "carl-1"},
        },
        "sender": CARL_PUSHED,
    } | values  # fmt: skip


def message(**values: Any) -> dict[str, Any]:
    """The contact's first message as the payload itself."""
    return {
        "account": ACCOUNT, "additional_attributes": {}, "content_attributes": {}, "content_type": "text",
        "content": "hello", "conversation": conversation(messages=[pushed()], unread_count=1), "created_at": ISO,
        "id": 1, "inbox": {"id": 1, "name": "Acme API"}, "message_type": "incoming", "private": False,
        "sender": CARL_SENDING, "source_id": None,
    } | values  # fmt: skip


def reply(**values: Any) -> dict[str, Any]:
    """Ada's first reply inside its conversation."""
    own: dict[str, Any] = {
        "content": "hi", "message_type": 1, "sender_type": "User", "sender_id": 2, "sender": ADA_PUSHED,
        "conversation": {
            "assignee_id": None, "unread_count": 0, "last_activity_at": NOW, "contact_inbox": {"source_id": "carl-1"},
        },
    }  # fmt: skip
    return pushed(**own | values)


def last(world: World, name: str) -> dict[str, Any]:
    """The newest event of this name without its seq."""
    found: dict[str, Any] = [event for event in world.events() if event["event"] == name][-1]
    assert isinstance(found.pop("event_seq"), int)
    assert found.pop("origin") in ("api", "agent", "automation")
    return found


def changes(event: dict[str, Any]) -> dict[str, Any]:
    """`changed_attributes` as one object, its form checked on the way."""
    merged: dict[str, Any] = {}
    for one in event["changed_attributes"]:
        ((name, change),) = one.items()
        assert set(change) == {"previous_value", "current_value"}
        assert name not in merged
        merged[name] = (change["previous_value"], change["current_value"])
    return merged


def admin_post(world: World, path: str, **body: Any) -> None:
    assert world.http.post(f"{world.account}/{path}", json=body, token=world.admin).status_code == 200


def test_conversation_created(world: World) -> None:
    world.conversation()
    assert last(world, "conversation_created") == conversation(event="conversation_created")


def test_message_created_by_the_contact(world: World) -> None:
    world.incoming(world.conversation())
    assert last(world, "message_created") == message(event="message_created")


def test_message_created_by_an_agent(world: World) -> None:
    world.reply(world.conversation(), "hi", source_id="WAID:1", content_attributes={"k": "v"})
    nested = reply(source_id="WAID:1", content_attributes={"k": "v"})
    expected = message(
        content="hi",
        content_attributes={"k": "v"},
        conversation=conversation(messages=[nested], waiting_since=0, first_reply_created_at=ISO),
        message_type="outgoing",
        sender=ADA_SENDING,
        source_id="WAID:1",
        event="message_created",
    )
    assert last(world, "message_created") == expected


def test_a_note_is_sent_with_the_last_public_message_in_its_conversation(world: World) -> None:
    number = world.conversation()
    world.incoming(number)
    world.reply(number, "psst", private=True)
    expected = message(
        id=2, content="psst", private=True, message_type="outgoing", sender=ADA_SENDING, event="message_created"
    )
    assert last(world, "message_created") == expected


def test_a_template_has_a_type_word_of_its_own(world: World) -> None:
    world.reply(world.conversation(), "welcome", message_type="template")
    assert last(world, "message_created")["message_type"] == "template"


def test_message_updated_carries_the_status_and_the_real_change(world: World, clock: Clock) -> None:
    number = world.conversation()
    made = world.reply(number, "hi")
    clock.advance(s=1)
    path = f"{world.account}/conversations/{number}/messages/{made['id']}"
    world.http.patch(path, json={"status": "delivered"}, token=world.ada)
    later = "2026-06-10T11:14:57.789Z"
    nested = reply(status="delivered", updated_at=later)
    event = last(world, "message_updated")
    assert changes(event) == {"status": ("sent", "delivered"), "updated_at": (ISO, later)}
    del event["changed_attributes"]
    assert event == message(
        content="hi",
        conversation=conversation(messages=[nested], waiting_since=0, first_reply_created_at=ISO),
        message_type="outgoing",
        sender=ADA_SENDING,
        status="delivered",
        event="message_updated",
    )
    assert event["content_attributes"] == {}, "a key external_error, even null, makes a bridge send again"


def test_a_deletion_is_a_message_updated(world: World) -> None:
    number = world.conversation()
    made = world.reply(number, "oops")
    world.http.delete(f"{world.account}/conversations/{number}/messages/{made['id']}", token=world.ada)
    event = last(world, "message_updated")
    assert (event["content"], event["content_attributes"]) == ("This message was deleted", {"deleted": True})
    assert event["conversation"]["messages"][0]["content_attributes"] == {"deleted": True}
    assert changes(event)["content_attributes"] == ({}, {"deleted": True})


def test_conversation_status_changed_says_what_changed(world: World, clock: Clock) -> None:
    number = world.conversation()
    clock.advance(s=1)
    admin_post(world, f"conversations/{number}/toggle_status", status="resolved")
    event = last(world, "conversation_status_changed")
    later = "2026-06-10T11:14:57.789Z"
    assert changes(event) == {
        "status": ("open", "resolved"),
        "waiting_since": (ISO, None),
        "updated_at": (ISO, later),
    }
    del event["changed_attributes"]
    moved = {"last_activity_at": NOW + 1, "timestamp": NOW + 1, "updated_at": 1781090097.789}
    expected = conversation(status="resolved", waiting_since=0, **moved)
    assert event == expected | {"event": "conversation_status_changed"}
    updated = last(world, "conversation_updated")
    assert changes(updated)["status"] == ("open", "resolved")
    del updated["changed_attributes"]
    assert updated == expected | {"event": "conversation_updated"}


@pytest.mark.parametrize(
    ("action", "body", "name", "change"),
    [
        ("toggle_priority", {"priority": "high"}, "priority", (None, "high")),
        ("labels", {"labels": ["vip"]}, "label_list", ([], ["vip"])),
        ("custom_attributes", {"custom_attributes": {"a": 1}}, "custom_attributes", ({}, {"a": 1})),
        ("assignments", {"assignee_id": 2}, "assignee_id", (None, 2)),
        (
            "toggle_status",
            {"status": "snoozed", "snoozed_until": 1_900_000_000},
            "snoozed_until",
            (None, "2030-03-17T17:46:40.000Z"),
        ),
    ],
)
def test_conversation_updated_says_what_changed(
    world: World, action: str, body: dict[str, Any], name: str, change: tuple[Any, Any]
) -> None:
    admin_post(world, f"conversations/{world.conversation()}/{action}", **body)
    assert changes(last(world, "conversation_updated"))[name] == change


def test_an_updated_conversation_shows_labels_priority_snooze_and_assignee(world: World) -> None:
    number = world.conversation()
    for action, body in (
        ("labels", {"labels": ["vip"]}),
        ("toggle_priority", {"priority": "high"}),
        ("custom_attributes", {"custom_attributes": {"a": 1}}),
        ("assignments", {"assignee_id": 2}),
        ("toggle_status", {"status": "snoozed", "snoozed_until": 1_900_000_000}),
    ):
        admin_post(world, f"conversations/{number}/{action}", **body)
    event = last(world, "conversation_updated")
    del event["changed_attributes"]
    meta = conversation()["meta"] | {"assignee": ADA_PUSHED, "assignee_type": "User"}
    assert event == conversation(
        labels=["vip"],
        priority="high",
        custom_attributes={"a": 1},
        meta=meta,
        status="snoozed",
        snoozed_until="2030-03-17T17:46:40.000Z",
        event="conversation_updated",
    )


def test_the_first_reply_is_one_conversation_updated(world: World) -> None:
    number = world.conversation()
    before = len(world.events())
    world.reply(number)
    assert [event["event"] for event in world.events()[before:]] == ["message_created", "conversation_updated"]
    changed = changes(last(world, "conversation_updated"))
    assert changed["first_reply_created_at"] == (None, ISO)
    assert changed["waiting_since"] == (ISO, None)
    assert "last_activity_at" not in changed


@pytest.mark.parametrize("word", ["on", "off"])
def test_typing_of_the_contact(world: World, word: str) -> None:
    number = world.conversation()
    world.http.post(f"{world.contact}/conversations/{number}/toggle_typing", json={"typing_status": word})
    name = f"conversation_typing_{word}"
    assert last(world, name) == {
        "event": name,
        "user": CARL_SENDING,
        "conversation": conversation(),
        "is_private": False,
    }


def test_typing_of_an_agent(world: World) -> None:
    path = f"{world.account}/conversations/{world.conversation()}/toggle_typing_status"
    world.http.post(path, json={"typing_status": "on", "is_private": True}, token=world.ada)
    assert last(world, "conversation_typing_on") == {
        "event": "conversation_typing_on",
        "user": ADA_SENDING,
        "conversation": conversation(),
        "is_private": True,
    }


def test_contact_created(world: World) -> None:
    assert last(world, "contact_created") == CARL_SENDING | {"event": "contact_created"}


def test_contact_updated(world: World, clock: Clock) -> None:
    clock.advance(s=1)
    world.http.patch(world.contact, json={"name": "Carlo", "phone_number": "+4912"})
    event = last(world, "contact_updated")
    changed = changes(event)
    assert changed["name"] == ("Carl", "Carlo")
    assert changed["phone_number"] == (None, "+4912")
    assert changed["updated_at"] == (ISO, "2026-06-10T11:14:57.789Z")
    del event["changed_attributes"]
    assert event == CARL_SENDING | {"name": "Carlo", "phone_number": "+4912", "event": "contact_updated"}


def test_every_incoming_message_is_a_contact_updated(world: World) -> None:
    world.incoming(world.conversation())
    assert changes(last(world, "contact_updated"))["last_activity_at"] == (None, ISO)


def inbox(world: World) -> dict[str, Any]:
    shown = world.inbox
    same = (
        "id", "name", "allow_messages_after_resolved", "lock_to_single_conversation", "auto_assignment_config",
        "enable_auto_assignment", "enable_email_collect", "greeting_enabled", "greeting_message",
        "csat_survey_enabled", "business_name", "sender_name_type", "timezone", "out_of_office_message",
        "working_hours_enabled", "working_hours",
    )  # fmt: skip
    return {key: shown[key] for key in same} | {"created_at": ISO, "updated_at": ISO, "account": ACCOUNT}


def test_inbox_created_has_id_and_name_and_no_secrets(world: World) -> None:
    event = last(world, "inbox_created")
    channel = event.pop("channel")
    assert event == inbox(world) | {"event": "inbox_created"}
    assert channel["hmac_mandatory"] is False
    assert not {"hmac_token", "secret"} & set(channel)


def test_inbox_updated_says_what_changed(world: World) -> None:
    path = f"{world.account}/inboxes/{world.inbox['id']}"
    body = {"name": "Other", "channel": {"webhook_url": "https://x.test/"}}
    world.http.patch(path, json=body, token=world.admin)
    event = last(world, "inbox_updated")
    changed = changes(event)
    assert changed["name"] == ("Acme API", "Other")
    assert "webhook_url" in changed
    del event["changed_attributes"]
    assert event.pop("channel")["webhook_url"] == "https://x.test/"
    assert event == inbox(world) | {"name": "Other", "event": "inbox_updated"}


def test_attachments_are_a_key_only_when_there_are_some(world: World) -> None:
    number = world.conversation()
    world.incoming(number)
    assert "attachments" not in last(world, "message_created")
    path = f"{world.contact}/conversations/{number}/messages"
    world.http.post(path, files=[("attachments[]", ("a.png", b"png", "image/png"))])
    event = last(world, "message_created")
    (attachment,) = event["attachments"]
    assert set(attachment) == {
        "id", "message_id", "file_type", "account_id", "extension", "content_type", "data_url", "thumb_url",
        "file_size", "width", "height",
    }  # fmt: skip
    assert event["content"] is None
    assert event["conversation"]["messages"][0]["attachments"] == event["attachments"]
    world.incoming(number)
    assert "attachments" not in last(world, "message_created")["conversation"]["messages"][0]


def test_text_is_normalised_in_webhooks_alone(world: World) -> None:
    number = world.conversation()
    text = "one\\\ntwo  \n\n"
    assert world.incoming(number, text)["content"] == text
    event = last(world, "message_created")
    nested = event["conversation"]["messages"][0]
    assert event["content"] == nested["content"] == nested["processed_message_content"] == "one\ntwo  "


def test_no_payload_carries_a_secret(world: World, app: App) -> None:
    number = world.conversation()
    world.incoming(number)
    world.reply(number)
    path = f"{world.account}/inboxes/{world.inbox['id']}"
    world.http.patch(path, json={"name": "Other"}, token=world.admin)
    world.http.post(f"{path}/reset_secret", token=world.admin)
    with app.store.read() as tx:
        payloads = " ".join(event.payload for event in tx.filter(Event, account_id=1))
    secrets = (
        world.inbox["hmac_token"], world.inbox["secret"], world.carl["pubsub_token"], world.admin, world.ada,
    )  # fmt: skip
    assert not [secret for secret in secrets if secret in payloads]


def test_the_stored_body_escapes_what_rails_escapes(world: World, app: App) -> None:
    world.incoming(world.conversation(), "a < b & c")
    with app.store.read() as tx:
        body = next(event.payload for event in tx.filter(Event, name="message_created"))
    assert '"content":"a \\u003c b \\u0026 c"' in body
    assert json.loads(body)["content"] == "a < b & c"


def test_every_payload_carries_the_next_seq(world: World) -> None:
    number = world.conversation()
    world.incoming(number)
    world.reply(number)
    events = world.events()
    assert [event["event_seq"] for event in events] == list(range(1, len(events) + 1))


def test_the_payload_is_the_state_at_commit_and_stays_it(world: World) -> None:
    number = world.conversation()
    world.incoming(number, "one")
    created = [event for event in world.events() if event["event"] == "conversation_created"]
    assert created[0]["messages"] == []
    world.incoming(number, "two")
    first, second = [event for event in world.events() if event["event"] == "message_created"]
    assert [one["conversation"]["messages"][0]["content"] for one in (first, second)] == ["one", "two"]


def test_unread_count_is_capped_at_ten(world: World) -> None:
    number = world.conversation()
    for _ in range(12):
        world.incoming(number)
    assert last(world, "message_created")["conversation"]["unread_count"] == 10


def test_can_reply_is_false_outside_the_reply_window(world: World, clock: Clock) -> None:
    path = f"{world.account}/inboxes/{world.inbox['id']}"
    body = {"channel": {"additional_attributes": {"agent_reply_time_window": 1}}}
    world.http.patch(path, json=body, token=world.admin)
    number = world.conversation()
    assert last(world, "conversation_created")["can_reply"] is False
    world.incoming(number)
    assert last(world, "message_created")["conversation"]["can_reply"] is True
    clock.advance(s=3601)
    world.reply(number)
    assert last(world, "message_created")["conversation"]["can_reply"] is False


# Who caused it


def origins(world: World, name: str) -> list[str]:
    return [event["origin"] for event in world.events() if event["event"] == name]


def test_the_origin_says_who_caused_it(world: World, bench: Bench, sender: FakeSender, clock: Clock) -> None:
    own_webhook(world)
    number = world.conversation()
    bench.drain()
    world.incoming(number)
    world.reply(number)
    assert origins(world, "message_created") == ["api", "agent"]
    assert set(origins(world, "conversation_created")) == {"api"}
    give_up(bench, sender, clock)
    assert origins(world, "message_updated") == ["automation"], "a delivery that was given up failed the message"
    assert set(origins(world, "delivery.exhausted")) == {"automation"}


def test_both_apis_echo_their_echo_id_in_message_created_alone(world: World) -> None:
    number = world.conversation()
    public = f"{world.contact}/conversations/{number}/messages"
    world.http.post(public, json={"content": "one", "echo_id": "e-1"})
    made = world.reply(number, "two", echo_id="e-2")
    world.http.post(public, json={"content": "three"})
    created = [event for event in world.events() if event["event"] == "message_created"]
    assert [event.get("echo_id") for event in created] == ["e-1", "e-2", None]
    assert "echo_id" not in created[2]
    path = f"{world.account}/conversations/{number}/messages/{made['id']}"
    world.http.patch(path, json={"status": "read"}, token=world.ada)
    assert "echo_id" not in last(world, "message_updated")


# What is too large

FAT = "ß" * 60_000
"""Three times in a payload, 120,000 bytes each."""


def test_a_payload_beyond_the_limit_is_sent_thin_and_says_where_the_whole_is(
    world: World, bench: Bench, sender: FakeSender
) -> None:
    own_webhook(world)
    number = world.conversation()
    bench.drain()
    sender.sent.clear()
    made = world.incoming(number, FAT)
    bench.drain()
    sent = next(one for one in sender.sent if json.loads(one.body)["event"] == "message_created")
    thin = json.loads(sent.body)
    assert len(sent.body) < 2_000
    assert thin["truncated"] is True
    assert (thin["id"], thin["message_type"], thin["private"]) == (made["id"], "incoming", False)
    assert (thin["account"], thin["inbox"]) == (ACCOUNT, {"id": 1, "name": "Acme API"})
    assert (thin["conversation"]["id"], thin["conversation"]["status"]) == (number, "open")
    assert thin["conversation"]["contact_inbox"]["source_id"] == "carl-1"
    assert thin["conversation"]["contact_inbox"]["pubsub_token"] is None
    assert isinstance(thin["event_seq"], int)
    assert next(event for event in world.events() if event["event"] == "message_created") == thin
    whole = world.http.get(thin["url"].removeprefix("http://inboxd.test"), token=world.ada)
    assert whole.status_code == 200
    assert [one["content"] for one in whole.json()["payload"] if one["id"] == thin["id"]] == [FAT]


def test_a_payload_just_below_the_limit_is_whole(world: World) -> None:
    number = world.conversation()
    world.incoming(number, "x" * 84_000)
    event = last(world, "message_created")
    assert "truncated" not in event
    assert len(event["content"]) == 84_000


@pytest.mark.parametrize(
    "event", ["contact_updated", "inbox_updated", "conversation_updated", "conversation_typing_on"]
)
def test_every_kind_of_payload_has_a_thin_form_with_a_url_that_answers(world: World, event: str) -> None:
    fat = {"notes": "n" * (THIN_BEYOND + 1)}
    talk = f"{world.account}/conversations/{world.conversation()}"
    contact = f"{world.account}/contacts/{world.carl['id']}"
    assert world.http.patch(contact, json={"custom_attributes": fat}, token=world.ada).status_code == 200
    body = {"channel": {"additional_attributes": fat}}
    world.http.patch(f"{world.account}/inboxes/{world.inbox['id']}", json=body, token=world.admin)
    world.http.post(f"{talk}/toggle_priority", json={"priority": "high"}, token=world.ada)
    world.http.post(f"{talk}/toggle_typing_status", json={"typing_status": "on"}, token=world.ada)
    thin = last(world, event)
    assert thin["truncated"] is True
    assert len(json.dumps(thin)) < 2_000
    answer = world.http.get(thin["url"].removeprefix("http://inboxd.test"), token=world.admin)
    assert answer.status_code == 200
    assert "n" * 100 in answer.text


# A conversation that loops


def test_a_conversation_with_too_many_events_is_braked_once_and_its_deliveries_are_spaced(
    world: World, bench: Bench, sender: FakeSender, clock: Clock
) -> None:
    own_webhook(world)
    loop, other = world.conversation(), world.conversation()
    bench.drain()
    typing = f"{world.contact}/conversations/{loop}/toggle_typing"
    for _ in range(pace.LIMIT + 20):
        world.http.post(typing, json={"typing_status": "on"})
    page = f"{world.account}/events?limit=500"
    found = [entry["payload"] for entry in world.http.get(page, token=world.admin).json()["payload"]]
    braked = [event for event in found if event["event"] == "conversation.braked"]
    assert [(one["conversation"], one["account"]) for one in braked] == [({"id": loop, "inbox_id": 1}, ACCOUNT)]
    sender.sent.clear()
    bench.drain()
    went_out = len(sender.sent)
    assert went_out <= 1, "the next one of the loop waits for its turn"
    world.incoming(other)
    bench.drain()
    assert len(sender.sent) > went_out, "others do not wait"
    before = len(sender.sent)
    clock.advance(ms=pace.SPACING_MS)
    bench.drain()
    assert len(sender.sent) == before + 1
    agents = world.http.get(page, token=world.ada).json()["payload"]
    assert "conversation.braked" not in {entry["payload"]["event"] for entry in agents}


# Operational events

SECRET_URL = "https://hooks.test:8443/path-s3cret?query=s3cret"
OPERATIONAL = [kind.name for kind in EVENT_TYPES if kind.operational and kind.name != "webhook.test"]


def own_webhook(world: World) -> None:
    body = {"channel": {"webhook_url": "https://own.test/hook"}}
    assert world.http.patch(f"{world.account}/inboxes/1", json=body, token=world.admin).status_code == 200


def subscribe(world: World, url: str, *names: str) -> int:
    body = {"url": url, "subscriptions": names or ["message_created"]}
    made = world.http.post(f"{world.account}/webhooks", json=body, token=world.admin).json()
    webhook_id: int = made["payload"]["webhook"]["id"]
    return webhook_id


def give_up(bench: Bench, sender: FakeSender, clock: Clock) -> None:
    """Fail everything until nothing is tried any more."""
    sender.default = FAILED
    for _ in range(20):
        bench.drain()
        clock.advance(s=3600)


def told(world: World) -> list[str]:
    """The operational events so far."""
    return [event["event"] for event in world.events() if event["event"] in OPERATIONAL]


def answer(code: int, words: str) -> Outcome:
    return Outcome(code, f"{code} {words}", "body", 3, "192.0.2.7", error_class="status")


@pytest.mark.parametrize("schedule", [(5, 300, 1800, 7200, 18000), (5, 300, 1800)], ids=["it waits", "it was the last"])
def test_a_webhook_is_failing_at_the_fourth_failure_of_a_delivery(
    world: World, bench: Bench, sender: FakeSender, clock: Clock, schedule: tuple[int, ...]
) -> None:
    bench.worker._policy = Policy(schedule, lambda: 0.5)
    subscribe(world, SECRET_URL)
    world.incoming(world.conversation())
    sender.default = FAILED
    for failures in range(1, 5):
        assert told(world) == [], failures
        bench.drain()
        clock.advance(s=86_400)
    assert told(world)[0] == "webhook.failing"
    world.incoming(world.conversation())
    bench.drain()
    assert told(world).count("webhook.failing") == 1


@pytest.mark.parametrize("outcome", [answer(401, "Unauthorized"), answer(404, "Not Found")], ids=["401", "404"])
def test_a_webhook_is_failing_at_once_when_no_waiting_will_help(
    world: World, bench: Bench, sender: FakeSender, outcome: Outcome
) -> None:
    hook = subscribe(world, SECRET_URL)
    world.incoming(world.conversation())
    sender.default = outcome
    bench.drain()
    assert told(world) == ["webhook.failing"]
    event = last(world, "webhook.failing")
    assert event == {
        "event": "webhook.failing",
        "account": ACCOUNT,
        "webhook": {
            "id": hook,
            "kind": "account",
            "name": None,
            "inbox_id": None,
            "agent_bot_id": None,
            "host": "hooks.test",
        },
        "reason": outcome.error,
    }


def test_a_webhook_that_is_gone_is_disabled_and_recovers_when_it_takes_something_again(
    world: World, bench: Bench, sender: FakeSender
) -> None:
    hook = subscribe(world, SECRET_URL)
    world.incoming(world.conversation())
    sender.default = answer(410, "Gone")
    bench.drain()
    assert told(world) == ["webhook.disabled"]
    assert last(world, "webhook.disabled")["reason"] == "410 Gone"
    sender.default = DELIVERED
    world.http.post(f"{world.account}/webhooks/{hook}/enable", token=world.admin)
    bench.drain()
    assert told(world) == ["webhook.disabled", "webhook.recovered"]


def test_five_days_of_nothing_but_failures_disable_a_webhook(
    world: World, bench: Bench, sender: FakeSender, clock: Clock
) -> None:
    bench.worker._policy = Policy((3600,) * 200, lambda: 0.5)
    subscribe(world, SECRET_URL)
    world.incoming(world.conversation())
    sender.default = FAILED
    for _ in range(24 * 5):
        bench.drain()
        clock.advance(s=3600)
    assert told(world) == ["webhook.failing"]
    bench.drain()
    assert told(world) == ["webhook.failing", "webhook.disabled"]
    (owed,) = world.http.get(f"{world.account}/deliveries", token=world.admin).json()["payload"]
    assert owed["state"] == "pending", "what is pending is kept"


def test_one_that_was_never_called_failing_recovers_silently(
    world: World, bench: Bench, sender: FakeSender, clock: Clock
) -> None:
    subscribe(world, SECRET_URL)
    world.incoming(world.conversation())
    sender.script = [FAILED]
    bench.drain()
    clock.advance(s=60)
    bench.drain()
    assert told(world) == []


def test_an_exhausted_delivery_is_told_with_its_id_and_last_error(
    world: World, bench: Bench, sender: FakeSender, clock: Clock
) -> None:
    subscribe(world, SECRET_URL)
    world.incoming(world.conversation())
    give_up(bench, sender, clock)
    (owed,) = world.http.get(f"{world.account}/deliveries", token=world.admin).json()["payload"]
    assert last(world, "delivery.exhausted")["delivery"] == {
        "id": owed["id"], "event": "message_created", "event_seq": owed["event_seq"], "attempt_count": 4,
        "error": "500 Internal Server Error",
    }  # fmt: skip
    assert told(world).count("delivery.exhausted") == 1


def test_operational_events_go_to_who_names_them_and_never_to_the_failing_webhook(
    world: World, bench: Bench, sender: FakeSender, clock: Clock
) -> None:
    own_webhook(world)
    failing = subscribe(world, SECRET_URL, "message_created", *OPERATIONAL)
    listener = subscribe(world, "https://ops.test/", *OPERATIONAL)
    subscribe(world, "https://default.test/", *DEFAULT_SUBSCRIPTIONS)
    world.incoming(world.conversation())
    sender.during = lambda sent: setattr(sender, "default", FAILED if sent.url == SECRET_URL else DELIVERED)
    for _ in range(20):
        bench.drain()
        clock.advance(s=3600)
    path = f"{world.account}/deliveries?limit=200"
    found = [
        (one["webhook_id"], one["event"])
        for one in world.http.get(path, token=world.admin).json()["payload"]
        if one["event"] in OPERATIONAL
    ]
    assert sorted(found) == [(listener, "delivery.exhausted"), (listener, "webhook.failing")]
    assert failing not in {webhook_id for webhook_id, _ in found}


def test_exhausted_operational_deliveries_make_no_further_ones(
    world: World, bench: Bench, sender: FakeSender, clock: Clock
) -> None:
    for number in range(3):
        subscribe(world, f"https://ops.test/{number}", "message_created", *OPERATIONAL)
    world.incoming(world.conversation())
    give_up(bench, sender, clock)
    give_up(bench, sender, clock)
    counts = Counter(told(world))
    assert counts == {"webhook.failing": 3, "delivery.exhausted": 3}
    assert bench.due() == []


def test_administrators_find_operational_events_on_the_feed_and_agents_do_not(
    world: World, bench: Bench, sender: FakeSender, clock: Clock
) -> None:
    own_webhook(world)
    world.incoming(world.conversation())
    give_up(bench, sender, clock)
    assert {"webhook.failing", "delivery.exhausted"} <= set(told(world))
    for query in ("limit=500", f"limit=500&types={'&types[]='.join(['', *OPERATIONAL]).removeprefix('&')}"):
        page = world.http.get(f"{world.account}/events?{query}", token=world.ada)
        seen = {entry["payload"]["event"] for entry in page.json().get("payload", [])}
        assert not seen & set(OPERATIONAL)


@pytest.mark.parametrize(
    "outcome",
    [
        answer(401, "Unauthorized"),
        answer(410, "Gone"),
        Outcome(
            301, f"301 Moved Permanently: redirects are not followed, update the URL to {SECRET_URL}/", "", 3,
            "192.0.2.7", error_class="redirect",
        ),
    ],
    ids=["401", "410", "301"],
)  # fmt: skip
def test_no_operational_payload_has_a_path_or_a_query(
    world: World, bench: Bench, sender: FakeSender, clock: Clock, outcome: Outcome
) -> None:
    hook = subscribe(world, SECRET_URL)
    world.incoming(world.conversation())
    sender.default = outcome
    for _ in range(20):
        bench.drain()
        clock.advance(s=3600)
    world.http.post(f"{world.account}/webhooks/{hook}/enable", token=world.admin)
    sender.default = DELIVERED
    world.incoming(world.conversation())
    bench.drain()
    page = world.http.get(f"{world.account}/events?limit=500", token=world.admin).text
    assert told(world)
    assert "s3cret" not in page
