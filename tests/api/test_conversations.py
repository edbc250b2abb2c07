import uuid
from typing import Any

import pytest

from inboxd.app import App
from inboxd.domain.events import AUTOMATION, Actor
from inboxd.services import conversations as changing
from inboxd.store.models import Conversation
from tests.api.test_inboxes import AGENT_KEYS, NOT_ALLOWED, NOT_FOUND
from tests.cast import EPOCH, Clock, World

KEYS = {
    "meta", "id", "messages", "account_id", "uuid", "additional_attributes", "agent_last_seen_at",
    "assignee_last_seen_at", "can_reply", "contact_last_seen_at", "custom_attributes", "inbox_id", "labels", "muted",
    "snoozed_until", "status", "created_at", "updated_at", "timestamp", "first_reply_created_at", "unread_count",
    "last_non_activity_message", "last_activity_at", "priority", "waiting_since", "sla_policy_id",
}  # fmt: skip
NOW = EPOCH // 1000


@pytest.fixture
def conversations(world: World) -> str:
    return f"{world.account}/conversations"


@pytest.fixture
def number(world: World) -> int:
    return world.conversation()


def create(world: World, **values: Any) -> Any:
    body = {"inbox_id": world.inbox["id"], "contact_id": world.carl["id"], **values}
    answer = world.http.post(f"{world.account}/conversations", json=body, token=world.ada)
    assert answer.status_code == 200, answer.text
    return answer.json()


def act(world: World, number: int, action: str, token: str | None = None, **body: Any) -> Any:
    path = f"{world.account}/conversations/{number}/{action}"
    answer = world.http.post(path, json=body, token=token or world.ada)
    assert answer.status_code == 200, answer.text
    return answer.json() if answer.content else None


def show(world: World, number: int) -> Any:
    return world.http.get(f"{world.account}/conversations/{number}", token=world.admin).json()


def listed(world: World, token: str | None = None, **params: Any) -> Any:
    answer = world.http.get(f"{world.account}/conversations", params=params, token=token or world.admin)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def ids(world: World, token: str | None = None, **params: Any) -> list[int]:
    return [conversation["id"] for conversation in listed(world, token, **params)["payload"]]


def lines(world: World, number: int) -> list[str]:
    path = f"{world.account}/conversations/{number}/messages"
    shown = world.http.get(path, token=world.admin).json()["payload"]
    return [line["content"] for line in shown if line["message_type"] == 2]


def emitted(world: World, after: int) -> list[str]:
    return [event["event"] for event in world.events()[after:]]


def set_inbox(world: World, **values: Any) -> None:
    path = f"{world.account}/inboxes/{world.inbox['id']}"
    assert world.http.patch(path, json=values, token=world.admin).status_code == 200


def test_a_new_conversation_is_shown_like_this(world: World) -> None:
    world.by_hand()
    made = create(world)
    assert set(made) == KEYS
    assert made == {
        "meta": {
            "sender": {
                "additional_attributes": {}, "availability_status": "offline", "email": "carl@example.test", "id": 1,
                "name": "Carl", "phone_number": None, "blocked": False, "identifier": None, "thumbnail": "",
                "custom_attributes": {}, "created_at": NOW,
            },
            "channel": "Channel::Api",
            "hmac_verified": False,
        },
        "id": 1, "messages": [], "account_id": 1, "uuid": made["uuid"], "additional_attributes": {},
        "agent_last_seen_at": 0, "assignee_last_seen_at": 0, "can_reply": True, "contact_last_seen_at": 0,
        "custom_attributes": {}, "inbox_id": 1, "labels": [], "muted": False, "snoozed_until": None, "status": "open",
        "created_at": NOW, "updated_at": 1781090096.789, "timestamp": NOW, "first_reply_created_at": 0,
        "unread_count": 0, "last_non_activity_message": None, "last_activity_at": NOW, "priority": None,
        "waiting_since": NOW, "sla_policy_id": None,
    }  # fmt: skip
    assert uuid.UUID(made["uuid"]).version == 4


def test_the_newest_message_of_any_type_is_shown_and_the_newest_that_is_no_activity(world: World, number: int) -> None:
    world.incoming(number, "hello")
    act(world, number, "toggle_priority", priority="high")
    shown = show(world, number)
    (newest,) = shown["messages"]
    assert (newest["message_type"], newest["content"]) == (2, "Ada set the priority to high")
    last = shown["last_non_activity_message"]
    assert last == {
        "id": last["id"], "content": "hello", "account_id": 1, "inbox_id": 1, "conversation_id": number,
        "message_type": 0, "created_at": NOW, "updated_at": "2026-06-10T11:14:56.789Z", "private": False,
        "status": "sent", "source_id": None, "content_type": "text", "content_attributes": {},
        "sender_type": "Contact", "sender_id": 1, "external_source_ids": {}, "additional_attributes": {},
        "processed_message_content": "hello", "sentiment": {},
        "conversation": {
            "assignee_id": None, "unread_count": 1, "last_activity_at": NOW, "contact_inbox": {"source_id": "carl-1"},
        },
        "sender": {
            "additional_attributes": {}, "custom_attributes": {}, "email": "carl@example.test", "id": 1,
            "identifier": None, "name": "Carl", "phone_number": None, "thumbnail": "", "blocked": False,
            "type": "contact",
        },
    }  # fmt: skip


def test_an_assignee_is_shown_as_an_agent(world: World, number: int) -> None:
    act(world, number, "assignments", assignee_id=world.ada_id)
    meta = show(world, number)["meta"]
    assert set(meta["assignee"]) == AGENT_KEYS
    assert (meta["assignee"]["id"], meta["assignee_type"]) == (world.ada_id, "User")


def test_a_conversation_is_opened_by_contact_and_inbox_given_as_strings(world: World) -> None:
    made = create(
        world,
        contact_id="1",
        inbox_id="1",
        status="pending",
        assignee_id=str(world.ada_id),
        team_id=0,
        custom_attributes={"a": 1},
        additional_attributes={"b": {"c": 2}},
    )
    assert (made["status"], made["meta"]["assignee"]["id"]) == ("pending", world.ada_id)
    assert (made["custom_attributes"], made["additional_attributes"]) == ({"a": 1}, {"b": {"c": 2}})


def test_blanks_mean_not_given(world: World) -> None:
    world.by_hand()
    made = create(
        world,
        source_id="",
        status="",
        assignee_id=0,
        team_id="",
        snoozed_until="",
        custom_attributes={},
        additional_attributes="",
        message={},
    )
    assert (made["status"], made["messages"], made["snoozed_until"]) == ("open", [], None)
    assert "assignee" not in made["meta"]


def test_without_a_source_id_every_conversation_gets_a_contact_inbox_of_its_own(world: World) -> None:
    create(world)
    create(world)
    contact = world.http.get(f"{world.account}/contacts/{world.carl['id']}", token=world.ada).json()["payload"]
    assert len({place["source_id"] for place in contact["contact_inboxes"]}) == 3


def test_a_source_id_alone_names_contact_and_inbox(world: World, conversations: str) -> None:
    answer = world.http.post(conversations, json={"source_id": "carl-1"}, token=world.ada)
    assert answer.json()["meta"]["sender"]["id"] == world.carl["id"]
    assert [shown["id"] for shown in world.http.get(f"{world.contact}/conversations").json()] == [1]


def test_a_source_id_in_two_inboxes_is_looked_up_in_the_inbox_that_is_named(world: World, conversations: str) -> None:
    body = {"name": "B", "channel": {"type": "api"}}
    other = world.http.post(f"{world.account}/inboxes", json=body, token=world.admin).json()
    world.http.post(f"/public/api/v1/inboxes/{other['inbox_identifier']}/contacts", json={"source_id": "carl-1"})
    body = {"source_id": "carl-1", "inbox_id": other["id"]}
    assert world.http.post(conversations, json=body, token=world.admin).json()["inbox_id"] == other["id"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"source_id": "nobody"},
        {"inbox_id": 99, "contact_id": 1},
        {"inbox_id": 1, "contact_id": 99},
        {"contact_id": 1},
        {"inbox_id": 1, "contact_id": 1, "assignee_id": 99},
        {"inbox_id": 99, "source_id": "carl-1"},
    ],
)
def test_what_cannot_be_found_is_404(world: World, conversations: str, body: dict[str, Any]) -> None:
    answer = world.http.post(conversations, json=body, token=world.admin)
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_a_source_id_of_another_contact_is_422(world: World, conversations: str) -> None:
    other = world.http.post(f"{world.public}/contacts", json={"source_id": "dora"}).json()
    body = {"inbox_id": world.inbox["id"], "contact_id": other["id"], "source_id": "carl-1"}
    answer = world.http.post(conversations, json=body, token=world.ada)
    assert (answer.status_code, answer.json()) == (422, {"error": "source_id should be unique"})


@pytest.mark.parametrize(
    ("values", "attribute"),
    [
        ({"status": "closed"}, "status"),
        ({"snoozed_until": "tomorrow"}, "snoozed_until"),
        ({"inbox_id": "one"}, "inbox_id"),
        ({"custom_attributes": "x"}, "custom_attributes"),
        ({"custom_attributes": {"k": "x" * 1501}}, "custom_attributes"),
        ({"additional_attributes": {"k": 10_000_000_000}}, "additional_attributes"),
    ],
)
def test_an_unknown_word_or_wrong_type_is_422(
    world: World, conversations: str, values: dict[str, Any], attribute: str
) -> None:
    body = {"inbox_id": world.inbox["id"], "contact_id": world.carl["id"], **values}
    answer = world.http.post(conversations, json=body, token=world.ada)
    assert answer.status_code == 422
    assert set(answer.json()) == {"message", "attributes"}
    assert answer.json()["attributes"] == [attribute]


def test_a_conversation_can_begin_with_a_message_of_the_caller(world: World) -> None:
    before = len(world.events())
    made = create(world, message={"content": "hello Carl", "private": False})
    (message,) = made["messages"]
    assert (message["content"], message["message_type"], message["sender"]["name"]) == ("hello Carl", 1, "Ada")
    assert emitted(world, before) == ["conversation_created", "message_created", "conversation_updated"]


def test_a_conversation_can_begin_with_files(world: World, conversations: str) -> None:
    upload = world.http.post(f"{world.account}/upload", files={"attachment": ("a.txt", b"a")}, token=world.ada).json()
    place = {"inbox_id": 1, "contact_id": 1}
    body = {**place, "message": {"content": "see", "attachments": [upload["blob_id"]]}}
    made = [world.http.post(conversations, json=body, token=world.ada).json()]
    for name in ("message[attachments][]", "message[attachments]"):
        fields = {**place, "message[content]": "see", "message[content_attributes]": '{"x": 1}'}
        files = {name: ("a.txt", b"a", "text/plain")}
        made.append(world.http.post(conversations, data=fields, files=files, token=world.ada).json())
    for one in made:
        (message,) = one["messages"]
        (attachment,) = message["attachments"]
        assert (message["content"], attachment["extension"], attachment["file_size"]) == ("see", "txt", 1)
        fetched = world.http.get(attachment["data_url"].removeprefix("http://inboxd.test"))
        assert fetched.content == b"a"
    assert message["content_attributes"] == {"x": 1}


def test_a_bad_message_opens_no_conversation(world: World, conversations: str) -> None:
    body = {"inbox_id": 1, "contact_id": 1, "message": {"content": "x" * 150_001}}
    answer = world.http.post(conversations, json=body, token=world.ada)
    expected = {"error": "Validation failed: Content is too long (maximum is 150000 characters)"}
    assert (answer.status_code, answer.json()) == (422, expected)
    assert listed(world)["meta"]["all_count"] == 0


def test_a_snoozed_conversation_can_be_opened_with_its_time(world: World) -> None:
    made = create(world, status="snoozed", snoozed_until="2026-07-01T00:00:00Z")
    assert (made["status"], made["snoozed_until"]) == ("snoozed", "2026-07-01T00:00:00.000Z")


def test_a_blocked_contacts_conversation_is_born_resolved(world: World) -> None:
    world.http.patch(f"{world.account}/contacts/{world.carl['id']}", json={"blocked": True}, token=world.ada)
    made = create(world, status="open")
    assert (made["status"], made["muted"]) == ("resolved", True)


def test_a_locked_inbox_returns_the_unresolved_conversation_without_a_source_id_too(world: World) -> None:
    set_inbox(world, lock_to_single_conversation=True)
    number = world.conversation()
    made = create(world, status="pending", message={"content": "again"})
    assert (made["id"], made["status"], made["messages"][0]["content"]) == (number, "open", "again")
    act(world, number, "toggle_status", status="resolved")
    assert create(world)["id"] == number + 1


def test_a_message_into_a_locked_inbox_is_announced_under_the_conversations_own_source_id(world: World) -> None:
    set_inbox(world, lock_to_single_conversation=True)
    number = world.conversation()
    assert create(world, source_id="second", message={"content": "again"})["id"] == number
    created = [event for event in world.events() if event["event"] == "message_created"][-1]
    assert created["conversation"]["contact_inbox"]["source_id"] == "carl-1"


def test_a_referer_that_is_no_url_is_dropped(world: World) -> None:
    assert create(world, additional_attributes={"referer": "nonsense"})["additional_attributes"] == {"referer": None}
    kept = {"referer": "https://shop.test/a"}
    assert create(world, additional_attributes=kept)["additional_attributes"] == kept


def test_a_conversation_belongs_to_members_of_its_inbox(world: World, conversations: str, number: int) -> None:
    assert world.http.get(f"{conversations}/{number}", token=world.ada).status_code == 200
    for method, rest in (
        ("GET", ""), ("PATCH", ""), ("POST", "/toggle_status"), ("POST", "/assignments"), ("GET", "/labels"),
        ("POST", "/labels"), ("GET", "/messages"), ("POST", "/messages"), ("POST", "/update_last_seen"),
        ("POST", "/custom_attributes"), ("POST", "/toggle_typing_status"), ("POST", "/toggle_priority"),
    ):  # fmt: skip
        answer = world.http.request(method, f"{conversations}/{number}{rest}", token=world.olga)
        assert (answer.status_code, answer.json()) == (401, NOT_ALLOWED)
        answer = world.http.request(method, f"{conversations}/99{rest}", token=world.olga)
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    for body in ({"source_id": "carl-1"}, {"inbox_id": 1, "contact_id": 1}):
        answer = world.http.post(conversations, json=body, token=world.olga)
        assert (answer.status_code, answer.json()) == (401, NOT_ALLOWED)


def test_the_list_counts_mine_assigned_unassigned_and_all(world: World, conversations: str) -> None:
    for assignee_id in (world.ada_id, world.olga_id, None):
        act(world, world.conversation(), "assignments", assignee_id=assignee_id)
    counts = {"mine_count": 1, "assigned_count": 2, "unassigned_count": 1, "all_count": 3}
    answer = world.http.get(conversations, token=world.ada).json()
    assert set(answer) == {"data"}
    assert set(answer["data"]) == {"meta", "payload"}
    assert answer["data"]["meta"] == counts
    assert set(answer["data"]["payload"][0]) == KEYS
    assert world.http.get(f"{conversations}/meta", token=world.ada).json() == {"meta": counts}
    for assignee_type, found in (("me", [1]), ("assigned", [1, 2]), ("unassigned", [3]), ("all", [1, 2, 3])):
        data = listed(world, world.ada, assignee_type=assignee_type)
        assert sorted(one["id"] for one in data["payload"]) == found
        assert data["meta"] == counts


def test_the_list_filters_by_status_with_open_as_default(world: World) -> None:
    for status in ("open", "resolved", "pending", "snoozed"):
        act(world, world.conversation(), "toggle_status", world.admin, status=status)
    assert ids(world) == [1]
    assert ids(world, status="resolved") == [2]
    assert ids(world, status="pending") == [3]
    assert ids(world, status="snoozed") == [4]
    assert ids(world, status="all") == [4, 3, 2, 1]
    assert ids(world, status="nonsense") == []


def test_the_list_is_of_the_callers_inboxes(world: World, number: int) -> None:
    assert ids(world, world.ada) == [number]
    assert ids(world, world.olga) == []
    assert ids(world, world.olga, inbox_id=world.inbox["id"]) == []
    assert ids(world, inbox_id=world.inbox["id"]) == [number]
    assert ids(world, inbox_id=99) == []


def test_the_list_filters_by_labels_source_id_text_and_type(world: World) -> None:
    first, second, third = (world.conversation() for _ in range(3))
    act(world, first, "labels", labels=["vip"])
    act(world, second, "labels", labels=["late", "vip2"])
    world.incoming(second, "Where is my PARCEL")
    world.reply(third, "it is 100% here")
    labelled: dict[str, Any] = {"labels[]": ["vip", "late"]}
    assert ids(world, None, **labelled) == [second, first]
    assert ids(world, source_id="carl-1") == [third, second, first]
    assert ids(world, source_id="other") == []
    assert ids(world, q="parcel") == [second]
    assert ids(world, q="0%") == [third]
    assert ids(world, q="set the priority") == []
    assert ids(world, conversation_type="unattended") == [second, first]
    assert ids(world, conversation_type="mention") == []
    act(world, second, "toggle_status", status="resolved")
    assert ids(world, q="parcel") == [second]


def test_a_team_that_is_not_there_is_404_and_a_blank_one_is_none(world: World, conversations: str, number: int) -> None:
    answer = world.http.get(conversations, params={"team_id": 5}, token=world.admin)
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    assert ids(world, team_id="") == [number]


def test_the_list_is_sorted_as_asked_and_by_last_activity_otherwise(world: World, clock: Clock) -> None:
    for _ in range(3):
        world.conversation()
        clock.advance(s=1)
    act(world, 2, "toggle_priority", priority="urgent")
    clock.advance(s=1)
    act(world, 3, "toggle_priority", priority="low")
    clock.advance(s=1)
    world.incoming(1)
    clock.advance(s=1)
    world.reply(2)
    assert ids(world) == ids(world, sort_by="latest") == ids(world, sort_by="nonsense") == [2, 1, 3]
    assert ids(world, sort_by="last_activity_at_asc") == [3, 1, 2]
    assert ids(world, sort_by="created_at_asc") == ids(world, sort_by="sort_on_created_at") == [1, 2, 3]
    assert ids(world, sort_by="created_at_desc") == [3, 2, 1]
    assert ids(world, sort_by="priority_desc") == ids(world, sort_by="sort_on_priority") == [2, 3, 1]
    assert ids(world, sort_by="priority_asc") == [3, 2, 1]
    assert ids(world, sort_by="priority_desc_created_at_asc") == [2, 3, 1]
    assert ids(world, sort_by="waiting_since_asc") == ids(world, sort_by="sort_on_waiting_since") == [1, 3, 2]
    assert ids(world, sort_by="waiting_since_desc") == [3, 1, 2]
    assert ids(world, sort_by="unread") == [1, 2, 3]


def test_a_page_holds_twenty_five_and_updated_within_holds_all(world: World, clock: Clock) -> None:
    for _ in range(26):
        world.conversation()
    assert ids(world) == list(range(26, 1, -1))
    assert ids(world, page=2) == [1]
    assert ids(world, page=3) == []
    assert len(ids(world, updated_within=60)) == 26
    clock.advance(s=120)
    assert ids(world, updated_within=60) == ids(world, updated_within=0) == []
    meta = world.http.get(f"{world.account}/conversations/meta?updated_within=60", token=world.admin).json()["meta"]
    assert meta == listed(world, updated_within=60)["meta"] == listed(world)["meta"]
    assert meta["all_count"] == 26


def test_the_priority_is_set_and_cleared(world: World, conversations: str, number: int) -> None:
    path = f"{conversations}/{number}"
    assert world.http.patch(path, json={"priority": "urgent"}, token=world.ada).json()["priority"] == "urgent"
    assert world.http.put(path, json={"priority": None}, token=world.ada).json()["priority"] is None
    assert world.http.patch(path, json={"priority": "low", "status": "resolved"}, token=world.ada).json() == show(
        world, number
    )
    assert show(world, number)["status"] == "open"
    assert world.http.patch(path, json={"priority": "none"}, token=world.ada).json()["priority"] is None
    answer = world.http.patch(path, json={"priority": "huge"}, token=world.ada)
    assert (answer.status_code, answer.json()["attributes"]) == (422, ["priority"])


def test_toggle_priority_answers_with_nothing_and_writes_what_happened(world: World, number: int) -> None:
    assert act(world, number, "toggle_priority", priority="low") is None
    act(world, number, "toggle_priority", priority="high")
    act(world, number, "toggle_priority")
    assert show(world, number)["priority"] is None
    assert lines(world, number) == [
        "Ada set the priority to low",
        "Ada changed the priority from low to high",
        "Ada removed the priority",
    ]


def test_toggle_status_toggles_without_a_word(world: World, conversations: str, number: int) -> None:
    payload = {"success": True, "conversation_id": number, "current_status": "resolved", "snoozed_until": None}
    assert act(world, number, "toggle_status", world.admin) == {"payload": payload}
    assert act(world, number, "toggle_status", world.admin, status="")["payload"]["current_status"] == "open"
    for status in ("pending", "snoozed"):
        act(world, number, "toggle_status", world.admin, status=status)
        assert act(world, number, "toggle_status", world.admin)["payload"]["current_status"] == "open"
    answer = world.http.post(f"{conversations}/{number}/toggle_status", token=world.admin)
    assert answer.json()["payload"]["current_status"] == "resolved"


@pytest.mark.parametrize("moment", [1_900_000_000, "1900000000"])
def test_the_time_of_a_snooze_lives_while_it_sleeps(world: World, number: int, moment: Any) -> None:
    payload = act(world, number, "toggle_status", status="snoozed", snoozed_until=moment)["payload"]
    assert (payload["current_status"], payload["snoozed_until"]) == ("snoozed", "2030-03-17T17:46:40.000Z")
    assert show(world, number)["snoozed_until"] == payload["snoozed_until"]
    payload = act(world, number, "toggle_status", status="open", snoozed_until=moment)["payload"]
    assert payload["snoozed_until"] is None
    assert show(world, number)["snoozed_until"] is None


def test_a_snooze_without_a_time_is_until_the_contact_writes(world: World, number: int) -> None:
    payload = act(world, number, "toggle_status", status="snoozed")["payload"]
    assert (payload["current_status"], payload["snoozed_until"]) == ("snoozed", None)


@pytest.mark.parametrize("body", [{"status": "closed"}, {"status": 1}, {"status": "snoozed", "snoozed_until": "soon"}])
def test_an_unknown_status_or_time_is_422_and_changes_nothing(
    world: World, conversations: str, number: int, body: dict[str, Any]
) -> None:
    answer = world.http.post(f"{conversations}/{number}/toggle_status", json=body, token=world.ada)
    assert answer.status_code == 422
    assert set(answer.json()) == {"message", "attributes"}
    assert show(world, number)["status"] == "open"


def test_an_agent_who_opens_it_takes_it_and_an_administrator_does_not(world: World, number: int) -> None:
    act(world, number, "toggle_status", world.admin, status="resolved")
    act(world, number, "toggle_status", world.admin, status="open")
    assert "assignee" not in show(world, number)["meta"]
    act(world, number, "toggle_status", status="resolved")
    act(world, number, "toggle_status", status="open")
    assert show(world, number)["meta"]["assignee"]["id"] == world.ada_id
    act(world, number, "assignments", assignee_id=world.olga_id)
    act(world, number, "toggle_status", status="open")
    assert show(world, number)["meta"]["assignee"]["id"] == world.ada_id


def test_a_reopening_that_assigns_sends_both_events(world: World, number: int) -> None:
    act(world, number, "toggle_status", status="resolved")
    before = len(world.events())
    act(world, number, "toggle_status", status="open")
    events = world.events()[before:]
    assert [event["event"] for event in events] == ["conversation_status_changed", "conversation_updated"]
    for event in events:
        changed = {key: value for one in event["changed_attributes"] for key, value in one.items()}
        assert changed["status"] == {"previous_value": "resolved", "current_value": "open"}
        assert changed["assignee_id"] == {"previous_value": None, "current_value": world.ada_id}


def test_agents_read_every_change_of_status(world: World, number: int) -> None:
    for status in ("resolved", "open", "pending", "snoozed"):
        act(world, number, "toggle_status", status=status)
    assert lines(world, number) == [
        "Conversation was marked resolved by Ada",
        "Conversation was reopened by Ada",
        "Ada self-assigned this conversation",
        "Conversation was marked as pending by Ada",
        "Conversation was snoozed by Ada",
    ]


def test_resolving_ends_the_waiting(world: World, number: int) -> None:
    act(world, number, "toggle_status", status="resolved")
    assert show(world, number)["waiting_since"] == 0


def test_the_same_status_again_changes_and_announces_nothing(world: World, number: int) -> None:
    act(world, number, "toggle_status", status="resolved")
    before = len(world.events())
    act(world, number, "toggle_status", status="resolved")
    assert emitted(world, before) == []


def test_an_assignment_answers_with_the_agent(world: World, number: int) -> None:
    agent = act(world, number, "assignments", assignee_id=str(world.olga_id), team_id=0)
    assert set(agent) == AGENT_KEYS
    assert agent["id"] == world.olga_id
    assert show(world, number)["meta"]["assignee"]["id"] == world.olga_id


@pytest.mark.parametrize("nobody", [None, 0, 999, ""])
def test_nobody_and_strangers_unassign_and_the_answer_is_null(world: World, number: int, nobody: Any) -> None:
    act(world, number, "assignments", assignee_id=world.ada_id)
    path = f"{world.account}/conversations/{number}/assignments"
    answer = world.http.post(path, json={"assignee_id": nobody}, token=world.ada)
    assert (answer.status_code, answer.text) == (200, "null")
    assert "assignee" not in show(world, number)["meta"]


@pytest.mark.parametrize(
    "body", [{}, {"team_id": 0}, {"team_id": None}, {"assignee_id": 2, "assignee_type": "AgentBot"}]
)
def test_an_assignment_of_nobody_in_particular_changes_nothing(world: World, number: int, body: dict[str, Any]) -> None:
    act(world, number, "assignments", assignee_id=world.olga_id)
    path = f"{world.account}/conversations/{number}/assignments"
    answer = world.http.post(path, json=body, token=world.ada)
    assert (answer.status_code, answer.text) == (200, "null")
    assert show(world, number)["meta"]["assignee"]["id"] == world.olga_id


def test_assignments_are_written_down_and_announced_once(world: World, number: int) -> None:
    before = len(world.events())
    act(world, number, "assignments", assignee_id=world.ada_id)
    act(world, number, "assignments", assignee_id=world.olga_id)
    act(world, number, "assignments", assignee_id=world.olga_id)
    act(world, number, "assignments", assignee_id=None)
    assert lines(world, number) == [
        "Ada self-assigned this conversation",
        "Assigned to Olga by Ada",
        "Conversation unassigned by Ada",
    ]
    assert emitted(world, before) == ["conversation_updated"] * 3


def test_labels_are_replaced_split_at_commas_and_announced(world: World, conversations: str, number: int) -> None:
    before = len(world.events())
    assert act(world, number, "labels", labels=["vip", "late, big ", "", "vip"]) == {"payload": ["vip", "late", "big"]}
    assert act(world, number, "labels", labels=["big", "new"]) == {"payload": ["big", "new"]}
    answer = world.http.get(f"{conversations}/{number}/labels/", token=world.ada)
    assert answer.json() == {"payload": ["big", "new"]}
    assert act(world, number, "labels", labels=[]) == {"payload": []}
    assert lines(world, number) == [
        "Ada added vip, late, big",
        "Ada added new",
        "Ada removed vip, late",
        "Ada removed big, new",
    ]
    assert emitted(world, before) == ["conversation_updated"] * 3


def test_custom_attributes_are_replaced_as_a_whole(world: World, number: int) -> None:
    before = len(world.events())
    act(world, number, "custom_attributes", custom_attributes={"a": 1})
    shown = act(world, number, "custom_attributes", custom_attributes={"b": {"c": 2}})
    assert shown == {"custom_attributes": {"b": {"c": 2}}}
    assert show(world, number)["custom_attributes"] == {"b": {"c": 2}}
    assert act(world, number, "custom_attributes", custom_attributes={}) == {"custom_attributes": {}}
    assert emitted(world, before) == ["conversation_updated"] * 3


def test_typing_of_an_agent_is_announced(world: World, number: int) -> None:
    before = len(world.events())
    assert act(world, number, "toggle_typing_status", typing_status="on") is None
    act(world, number, "toggle_typing_status", typing_status="off", is_private="true")
    act(world, number, "toggle_typing_status", typing_status="maybe")
    events = world.events()[before:]
    assert [(event["event"], event["user"]["name"], event["is_private"]) for event in events] == [
        ("conversation_typing_on", "Ada", False),
        ("conversation_typing_off", "Ada", True),
    ]


def test_unread_messages_are_counted_to_ten_and_forgotten_when_seen(world: World, number: int, clock: Clock) -> None:
    for _ in range(12):
        world.incoming(number)
    assert show(world, number)["unread_count"] == 10
    clock.advance(s=1)
    seen = act(world, number, "update_last_seen")
    assert set(seen) == KEYS
    assert (seen["unread_count"], seen["agent_last_seen_at"]) == (0, NOW + 1)
    clock.advance(s=1)
    world.incoming(number)
    assert show(world, number)["unread_count"] == 1


def test_the_assignee_who_looks_moves_both_times_and_others_only_the_agents(
    world: World, number: int, clock: Clock
) -> None:
    act(world, number, "assignments", assignee_id=world.ada_id)
    clock.advance(s=1)
    seen = act(world, number, "update_last_seen", world.admin)
    assert (seen["agent_last_seen_at"], seen["assignee_last_seen_at"]) == (NOW + 1, 0)
    clock.advance(s=1)
    seen = act(world, number, "update_last_seen")
    assert (seen["agent_last_seen_at"], seen["assignee_last_seen_at"]) == (NOW + 2, NOW + 2)


def test_looking_again_with_nothing_new_moves_nothing_for_an_hour(world: World, number: int, clock: Clock) -> None:
    clock.advance(s=1)
    act(world, number, "update_last_seen")
    clock.advance(s=3600)
    assert act(world, number, "update_last_seen")["agent_last_seen_at"] == NOW + 1
    clock.advance(s=1)
    assert act(world, number, "update_last_seen")["agent_last_seen_at"] == NOW + 3602


def test_looking_announces_nothing(world: World, number: int) -> None:
    world.incoming(number)
    before = len(world.events())
    act(world, number, "update_last_seen")
    assert emitted(world, before) == []


def test_nothing_can_be_replied_outside_the_reply_window_of_the_inbox(world: World, number: int, clock: Clock) -> None:
    set_inbox(world, channel={"additional_attributes": {"agent_reply_time_window": "2"}})
    assert show(world, number)["can_reply"] is False
    world.incoming(number)
    assert show(world, number)["can_reply"] is True
    clock.advance(s=7_201)
    assert show(world, number)["can_reply"] is False
    assert world.reply(number, "the server does not refuse it")["status"] == "sent"
    set_inbox(world, channel={"additional_attributes": {"agent_reply_time_window": " "}})
    assert show(world, number)["can_reply"] is True


def test_an_idempotency_key_opens_one_conversation(world: World, conversations: str) -> None:
    body, headers = {"inbox_id": 1, "contact_id": 1}, {"Idempotency-Key": "k"}
    first = world.http.post(conversations, json=body, headers=headers, token=world.ada)
    again = world.http.post(conversations, json=body, headers=headers, token=world.ada)
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    other = world.http.post(conversations, json=body, headers=headers, token=world.admin)
    assert other.json()["id"] == 2


def test_the_reply_window_is_told_wherever_a_conversation_is_shown(world: World, number: int, clock: Clock) -> None:
    world.incoming(number)
    path, token = f"{world.account}/conversations", world.admin
    asked = {"attribute_key": "status", "filter_operator": "equal_to", "values": ["open"], "query_operator": None}

    def told() -> set[bool]:
        shown = [
            show(world, number),
            world.http.patch(f"{path}/{number}", json={"priority": None}, token=token).json(),
            act(world, number, "update_last_seen"),
            act(world, number, "unread"),
            *listed(world)["payload"],
            *world.http.post(f"{path}/filter", json={"payload": [asked]}, token=token).json()["payload"],
            *world.http.get(f"{world.account}/contacts/1/conversations", token=token).json()["payload"],
        ]
        assert len(shown) == 7
        return {one["can_reply"] for one in shown}

    assert told() == {True}
    set_inbox(world, channel={"additional_attributes": {"agent_reply_time_window": 1}})
    clock.advance(ms=3_599_999)
    world.reply(number)
    assert told() == {True}
    clock.advance(ms=1)
    assert told() == {False}
    before = len(world.events())
    world.incoming(number)
    assert told() == {True}
    assert [one["conversation"]["can_reply"] for one in world.events()[before:] if "conversation" in one] == [True]


def test_who_acts_is_named_in_every_line_and_a_system_in_the_last_alone(world: World, app: App, number: int) -> None:
    team = world.http.post(f"{world.account}/teams", json={"name": "sales"}, token=world.admin).json()["id"]

    def change(actor: Actor, **values: Any) -> list[str]:
        before = len(lines(world, number))
        app.store.write(lambda tx: changing.change(tx, tx.filter(Conversation)[0], actor, **values))
        return lines(world, number)[before:]

    many = {"priority": "high", "team_id": team, "assignee_id": world.ada_id, "label_list": ["vip"]}
    none: dict[str, Any] = {"priority": None, "team_id": None, "assignee_id": None, "label_list": []}
    assert change(AUTOMATION, **many) == [
        "Automation System set the priority to high", "Assigned to Ada via sales by Automation System",
        "Automation System added vip",
    ]  # fmt: skip
    assert change(AUTOMATION, **none, status="snoozed") == [
        "Conversation was snoozed by Automation System", "Automation System removed the priority",
        "Unassigned from sales by Automation System", "Automation System removed vip",
    ]  # fmt: skip
    for actor in (Actor("system"), Actor("contact", 1, "carl")):
        assert change(actor, **many, status="open") == []
        assert change(actor, **none, status="pending") == []
    assert change(Actor("contact", 1, "cARL o"), status="resolved") == ["Conversation was resolved by Carl o"]
    assert change(Actor("system"), status="open") == []
    idle = "Conversation was marked resolved by system due to 0 minutes of inactivity"
    assert change(Actor("system"), status="resolved") == [idle]


def test_a_bot_that_gets_a_resolved_conversation_back_is_told_of_no_reopening(world: World, number: int) -> None:
    bot = world.http.post(f"{world.account}/agent_bots", json={"name": "Bo"}, token=world.admin).json()["id"]
    path = f"{world.account}/inboxes/{world.inbox['id']}/set_agent_bot"
    world.http.post(path, json={"agent_bot": bot}, token=world.admin)
    act(world, number, "toggle_status", status="resolved")
    world.incoming(number)
    assert show(world, number)["status"] == "pending"
    assert lines(world, number) == ["Conversation was marked resolved by Ada"]
