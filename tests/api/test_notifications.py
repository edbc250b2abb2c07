from typing import Any

import pytest

from inboxd.app import App
from inboxd.domain import notifications as words
from inboxd.domain.messages import Draft
from inboxd.domain.retry import DAY_MS
from inboxd.services import messages
from inboxd.services.messages import Limits
from inboxd.store import details
from inboxd.store.db import Tx
from inboxd.store.models import Conversation, Notification
from inboxd.upkeep.keeper import Keeper
from tests.cast import EPOCH, Clock, World
from tests.store.plans import statements

NOT_FOUND = {"error": "Resource could not be found"}
KEYS = [
    "id", "notification_type", "push_message_title", "push_message_body", "primary_actor_type", "primary_actor_id",
    "primary_actor", "read_at", "secondary_actor", "user", "created_at", "last_activity_at", "snoozed_until", "meta",
]  # fmt: skip


def choose(world: World, token: str, *kinds: str) -> None:
    """Be told of these kinds alone."""
    body = {"notification_settings": {"selected_email_flags": [], "selected_push_flags": words.flags("push", kinds)}}
    answer = world.http.patch(f"{world.account}/notification_settings", json=body, token=token)
    assert answer.status_code == 200, answer.text


def listed(world: World, token: str, query: str = "") -> Any:
    answer = world.http.get(f"{world.account}/notifications{query}", token=token)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def told(world: World, token: str, query: str = "") -> list[tuple[str, int]]:
    """Kind and conversation of each notification."""
    return [(one["notification_type"], one["primary_actor"]["id"]) for one in listed(world, token, query)["payload"]]


def unread(world: World, token: str) -> int:
    answer = world.http.get(f"{world.account}/notifications/unread_count", token=token)
    count: int = answer.json()
    return count


def assign(world: World, number: int, user_id: int, token: str) -> None:
    path = f"{world.account}/conversations/{number}/assignments"
    assert world.http.post(path, json={"assignee_id": user_id}, token=token).status_code == 200


@pytest.fixture
def number(world: World) -> int:
    """A conversation that the administrator gave to Ada."""
    made = world.conversation()
    world.incoming(made, "where is my order?")
    assign(world, made, world.ada_id, world.admin)
    return made


def only(world: World, token: str, query: str = "") -> Any:
    [one] = listed(world, token, query)["payload"]
    return one


def test_an_assignee_is_told_with_the_conversation_in_its_push_form(world: World, number: int) -> None:
    data = listed(world, world.ada)
    assert data["meta"] == {"unread_count": 1, "count": 1, "current_page": 1}
    one = only(world, world.ada)
    assert list(one) == KEYS
    talk = one.pop("primary_actor")
    assert (talk["id"], talk["status"], talk["inbox_id"]) == (number, "open", world.inbox["id"])
    assert "account" not in talk
    assert talk["messages"][0]["content"] == "where is my order?"
    assert talk["meta"]["assignee"]["id"] == world.ada_id
    assert one.pop("user")["id"] == world.ada_id
    assert one.pop("secondary_actor")["name"] == "Administrator"
    assert one == {
        "id": 1, "notification_type": "conversation_assignment",
        "push_message_title": f"Conversation #{number} was given to you",
        "push_message_body": "Carl: where is my order?", "primary_actor_type": "Conversation", "primary_actor_id": 1,
        "read_at": None, "created_at": EPOCH // 1000, "last_activity_at": EPOCH // 1000, "snoozed_until": None,
        "meta": {},
    }  # fmt: skip


def test_who_takes_a_conversation_is_not_told(world: World) -> None:
    number = world.conversation()
    assign(world, number, world.ada_id, world.ada)
    body = {"inbox_id": world.inbox["id"], "contact_id": world.carl["id"], "assignee_id": world.ada_id}
    assert world.http.post(f"{world.account}/conversations", json=body, token=world.ada).status_code == 200
    assert told(world, world.ada) == []
    other = world.http.post(f"{world.account}/conversations", json=body, token=world.admin).json()["id"]
    assert told(world, world.ada) == [("conversation_assignment", other)]


def test_members_of_the_inbox_hear_of_a_new_conversation_who_want_to(world: World) -> None:
    for token in (world.ada, world.olga, world.admin):
        choose(world, token, words.CREATION)
    number = world.conversation()
    assert told(world, world.ada) == [("conversation_creation", number)]
    assert only(world, world.ada)["push_message_title"] == f"New conversation #{number} in Acme API"
    assert told(world, world.olga) == told(world, world.admin) == []


def test_what_a_bot_answers_first_is_news_once_it_is_handed_over(world: World) -> None:
    choose(world, world.ada, words.CREATION)
    bot = world.http.post(f"{world.account}/agent_bots", json={"name": "Bo"}, token=world.admin).json()
    path = f"{world.account}/inboxes/{world.inbox['id']}/set_agent_bot"
    world.http.post(path, json={"agent_bot": bot["id"]}, token=world.admin)
    number = world.conversation()
    assert told(world, world.ada) == []
    world.http.post(f"{world.account}/conversations/{number}/toggle_status", json={"status": "open"}, token=world.admin)
    assert told(world, world.ada) == [("conversation_creation", number)]


def test_messages_are_one_notification_that_moves_until_it_is_read(world: World, clock: Clock, number: int) -> None:
    choose(world, world.ada, words.ASSIGNED_MESSAGE)
    world.incoming(number, "one")
    clock.advance(s=5)
    world.incoming(number, "two")
    first, given = listed(world, world.ada)["payload"]
    assert given["notification_type"] == "conversation_assignment"
    assert (first["push_message_title"], first["push_message_body"]) == (
        f"New message in conversation #{number}",
        "Carl: two",
    )
    assert first["secondary_actor"]["content"] == "two"
    assert (first["created_at"], first["last_activity_at"]) == (EPOCH // 1000, EPOCH // 1000 + 5)
    world.http.patch(f"{world.account}/notifications/{first['id']}", token=world.ada)
    world.incoming(number, "three")
    assert told(world, world.ada)[0] == ("assigned_conversation_new_message", number)
    assert listed(world, world.ada)["payload"][0]["id"] != first["id"]


def test_nobody_is_told_of_their_own_message_or_of_a_private_one(world: World, number: int) -> None:
    choose(world, world.ada, words.ASSIGNED_MESSAGE)
    world.http.post(f"{world.account}/notifications/destroy_all", token=world.ada)
    world.reply(number, "mine")
    path = f"{world.account}/conversations/{number}/messages"
    world.http.post(path, json={"content": "psst", "private": True}, token=world.admin)
    assert told(world, world.ada) == []
    world.http.post(path, json={"content": "hello"}, token=world.admin)
    assert told(world, world.ada) == [("assigned_conversation_new_message", number)]


def test_a_participant_is_told_and_an_assignee_who_follows_once(world: World, number: int) -> None:
    world.http.post(f"{world.account}/notifications/destroy_all", token=world.ada)
    choose(world, world.ada, words.ASSIGNED_MESSAGE, words.FOLLOWED_MESSAGE)
    choose(world, world.admin, words.FOLLOWED_MESSAGE)
    world.http.post(f"{world.account}/conversations/{number}/participants", json={"user_ids": [1]}, token=world.ada)
    world.incoming(number)
    assert told(world, world.ada) == told(world, world.admin) == [("participating_conversation_new_message", number)]


def test_a_muted_contact_tells_nobody_anything(world: World, number: int) -> None:
    choose(world, world.ada, words.ASSIGNED_MESSAGE, words.CREATION)
    world.http.post(f"{world.account}/conversations/{number}/mute", token=world.admin)
    world.http.post(f"{world.account}/notifications/destroy_all", token=world.ada)
    world.incoming(number)
    world.conversation()
    assert told(world, world.ada) == []


def test_looking_at_the_conversation_reads_what_was_told_of_it(world: World, number: int) -> None:
    other = world.conversation()
    assign(world, other, world.ada_id, world.admin)
    path = f"{world.account}/conversations/{number}/update_last_seen"
    world.http.post(path, token=world.admin)
    assert unread(world, world.ada) == 2
    world.http.post(path, token=world.ada)
    assert told(world, world.ada) == [("conversation_assignment", other)]
    assert unread(world, world.ada) == 1


def test_reading_unreading_and_deleting(world: World, number: int) -> None:
    path = f"{world.account}/notifications/1"
    answer = world.http.patch(path, token=world.ada)
    assert list(answer.json()) == KEYS
    assert answer.json()["read_at"] == "2026-06-10T11:14:56.789Z"
    assert listed(world, world.ada)["meta"] == {"unread_count": 0, "count": 0, "current_page": 1}
    assert listed(world, world.ada, "?includes[]=read&page=1")["meta"] == {
        "unread_count": 0, "count": 1, "current_page": "1",
    }  # fmt: skip
    assert only(world, world.ada, "?includes[]=read")["id"] == 1
    assert world.http.post(f"{path}/unread", token=world.ada).json()["read_at"] is None
    assert unread(world, world.ada) == 1
    answer = world.http.delete(path, token=world.ada)
    assert (answer.status_code, answer.content) == (200, b"")
    assert world.http.delete(path, token=world.ada).status_code == 404


def test_what_is_snoozed_comes_back_unread_and_on_top(world: World, clock: Clock, number: int) -> None:
    path = f"{world.account}/notifications/1"
    world.http.patch(path, token=world.ada)
    until = EPOCH // 1000 + 3600
    shown = world.http.post(f"{path}/snooze", json={"snoozed_until": until}, token=world.ada).json()
    assert (shown["read_at"], shown["snoozed_until"]) == (None, "2026-06-10T12:14:56.000Z")
    assert shown["meta"] == {"last_snoozed_at": None}
    assert (told(world, world.ada), unread(world, world.ada)) == ([], 0)
    assert only(world, world.ada, "?includes[]=snoozed")["id"] == 1
    clock.advance(s=1800)
    assign(world, world.conversation(), world.ada_id, world.admin)
    clock.advance(s=1800)
    first, second = listed(world, world.ada)["payload"]
    assert (first["id"], second["id"], unread(world, world.ada)) == (1, 2, 2)
    assert (first["snoozed_until"], first["meta"]) == (None, {"last_snoozed_at": "2026-06-10T12:14:56.000Z"})
    assert [one["id"] for one in listed(world, world.ada, "?sort_order=asc")["payload"]] == [2, 1]
    unchanged = world.http.post(f"{world.account}/notifications/2/snooze", json={}, token=world.ada)
    assert (unchanged.status_code, unchanged.json()["snoozed_until"]) == (200, None)
    answer = world.http.post(f"{path}/snooze", json={"snoozed_until": "soon"}, token=world.ada)
    assert (answer.status_code, answer.json()["attributes"]) == (422, ["snoozed_until"])


def test_all_are_read_or_those_of_one_conversation(world: World, number: int) -> None:
    assign(world, world.conversation(), world.ada_id, world.admin)
    path = f"{world.account}/notifications/read_all"
    body = {"primary_actor_type": "Conversation", "primary_actor_id": 1}
    answer = world.http.post(path, json=body, token=world.ada)
    assert (answer.status_code, answer.content, unread(world, world.ada)) == (200, b"", 1)
    answer = world.http.post(path, json={"primary_actor_type": "Conversation", "primary_actor_id": 99}, token=world.ada)
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    unseen = world.http.post(path, json=body, token=world.olga)
    assert (unseen.status_code, unseen.json()) == (404, NOT_FOUND), "it is in an inbox that she is not in"
    assert world.http.post(path, json={"primary_actor_type": "Contact"}, token=world.ada).status_code == 422
    world.http.post(path, json={}, token=world.ada)
    assert unread(world, world.ada) == 0


def test_the_read_ones_are_deleted_or_all(world: World, number: int) -> None:
    assign(world, world.conversation(), world.ada_id, world.admin)
    world.http.patch(f"{world.account}/notifications/1", token=world.ada)
    path, everything = f"{world.account}/notifications/destroy_all", "?includes[]=read"
    assert world.http.post(path, json={"type": "read"}, token=world.ada).content == b""
    assert len(told(world, world.ada, everything)) == 1
    assert world.http.post(path, json={"type": "some"}, token=world.ada).status_code == 422
    world.http.post(path, json={}, token=world.ada)
    assert told(world, world.ada, everything) == []


def test_everybody_has_only_their_own(world: World, number: int) -> None:
    for token in (world.admin, world.olga):
        assert told(world, token, "?includes[]=read") == []
        for method, path in (("PATCH", ""), ("DELETE", ""), ("POST", "/unread"), ("POST", "/snooze")):
            answer = world.http.request(method, f"{world.account}/notifications/1{path}", json={}, token=token)
            assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
        world.http.post(f"{world.account}/notifications/read_all", token=token)
        world.http.post(f"{world.account}/notifications/destroy_all", token=token)
    assert unread(world, world.ada) == 1


def test_what_was_told_of_an_inbox_is_not_shown_to_who_left_it(world: World, number: int) -> None:
    body = {"inbox_id": world.inbox["id"], "user_ids": [world.ada_id]}
    world.http.delete(f"{world.account}/inbox_members", json=body, token=world.admin)
    assert (told(world, world.ada), unread(world, world.ada)) == ([], 0)
    assert world.http.patch(f"{world.account}/notifications/1", token=world.ada).status_code == 404
    values = {"name": "sales"}
    team = world.http.post(f"{world.account}/teams", json=values, token=world.admin).json()["id"]
    path = f"{world.account}/teams/{team}/team_members"
    world.http.post(path, json={"user_ids": [world.ada_id]}, token=world.admin)
    path = f"{world.account}/conversations/{number}/assignments"
    world.http.post(path, json={"team_id": team}, token=world.admin)
    assert unread(world, world.ada) == 1


def test_they_go_with_the_conversation_and_with_the_membership(world: World, app: App, number: int) -> None:
    choose(world, world.ada, words.CREATION)
    assign(world, world.conversation(), world.ada_id, world.admin)
    world.http.delete(f"{world.account}/conversations/{number}", token=world.admin)
    with app.store.read() as tx:
        assert [one.primary_actor_id for one in tx.filter(Notification)] == [2]
    world.http.delete(f"{world.account}/agents/{world.ada_id}", token=world.admin)
    with app.store.read() as tx:
        assert tx.filter(Notification) == []


def tell_often(app: App, user_id: int, kind: str, times: int) -> None:
    def tell(tx: Tx) -> None:
        for place in range(times):
            tx.insert(
                Notification, account_id=1, user_id=user_id, notification_type=kind, primary_actor_id=1,
                last_activity_at=tx.now + place,
            )  # fmt: skip

    app.store.write(tell)


def test_pages_are_of_fifteen(world: World, app: App, number: int) -> None:
    tell_often(app, world.ada_id, words.ASSIGNED_MESSAGE, 16)
    assert [len(told(world, world.ada, f"?page={page}")) for page in (1, 2, 3)] == [15, 2, 0]
    assert listed(world, world.ada, "?page=3")["meta"] == {"unread_count": 17, "count": 17, "current_page": "3"}


def test_settings_begin_with_assignments_and_mentions(world: World) -> None:
    path = f"{world.account}/notification_settings"
    shown = world.http.get(path, token=world.ada).json()
    assert shown.pop("id") > 0
    assert shown == {
        "user_id": world.ada_id, "account_id": 1,
        "all_email_flags": words.flags("email"),
        "selected_email_flags": ["email_conversation_assignment", "email_conversation_mention"],
        "all_push_flags": words.flags("push"),
        "selected_push_flags": ["push_conversation_assignment", "push_conversation_mention"],
    }  # fmt: skip
    assert shown["all_push_flags"][0] == "push_conversation_creation"


def test_settings_are_chosen_under_their_key_alone(world: World) -> None:
    path = f"{world.account}/notification_settings"
    nothing: list[dict[str, Any]] = [{}, {"selected_push_flags": []}, {"notification_settings": None}]
    nothing += [{"notification_settings": {}}, {"notification_settings": []}]
    for given in nothing:
        answer = world.http.patch(path, json=given, token=world.ada)
        expected = {"error": "param is missing or the value is empty: notification_settings"}
        assert (answer.status_code, answer.json()) == (422, expected)
    for flag in ("push_everything", "email_conversation_creation"):
        body: dict[str, Any] = {"notification_settings": {"selected_push_flags": [flag]}}
        answer = world.http.patch(path, json=body, token=world.ada)
        assert (answer.status_code, answer.json()["attributes"]) == (422, ["selected_push_flags"])
    body = {"notification_settings": {"selected_push_flags": []}}
    before = world.http.get(path, token=world.ada).json()
    shown = world.http.put(path, json=body, token=world.ada).json()
    assert shown == before | {"selected_push_flags": []}
    assert world.http.get(path, token=world.ada).json() == shown
    form = {"notification_settings[selected_push_flags][]": ["", "push_conversation_mention"]}
    assert world.http.patch(path, data=form, token=world.ada).json() == before | {
        "selected_push_flags": ["push_conversation_mention"]
    }
    form = {"notification_settings[selected_push_flags][]": [""]}
    assert world.http.patch(path, data=form, token=world.ada).json() == shown
    body = {"notification_settings": {"selected_email_flags": []}}
    world.http.patch(path, json=body, token=world.ada)
    assign(world, world.conversation(), world.ada_id, world.admin)
    assert told(world, world.ada) == []


def test_a_message_costs_nothing_more_where_nobody_chose_to_hear_of_it(world: World, app: App, number: int) -> None:
    choose(world, world.admin, words.CREATION)
    asked: list[str] = []

    def post(tx: Tx) -> None:
        [talk] = tx.filter(Conversation)
        place = details.place(tx, talk)
        messages.post(tx, talk, place, Draft("warm up"), place.contact, Limits())
        with statements(tx._connection) as seen:
            messages.post(tx, talk, place, Draft("hello"), place.contact, Limits())
        asked.extend(seen)

    app.store.write(post)
    assert asked
    assert not [
        sql for sql in asked if any(word in sql for word in ("notification", "participants", "mentions", "csat"))
    ]


def test_a_list_asks_as_much_of_one_as_of_many(world: World, app: App, number: int) -> None:
    choose(world, world.ada, words.ASSIGNED_MESSAGE)

    def asked() -> int:
        path = f"{world.account}/notifications"
        world.http.get(path, token=world.ada)
        [reader] = app.store._readers
        with statements(reader) as seen:
            world.http.get(path, token=world.ada)
        return len(seen)

    few = None
    for count in (2, 10):
        for _ in range(count):
            talk = world.conversation()
            assign(world, talk, world.ada_id, world.ada)
            world.incoming(talk)
        few = few or asked()
    assert asked() == few


def test_old_ones_and_more_than_anybody_reads_are_removed(world: World, app: App, clock: Clock, number: int) -> None:
    tell_often(app, world.olga_id, words.MENTION, 303)
    keeper = Keeper(app.store, app.blobs.let_go, 30)
    keeper.step()
    with app.store.read() as tx:
        assert len(tx.filter(Notification, user_id=world.olga_id)) == 300
        assert min(one.last_activity_at for one in tx.filter(Notification, user_id=world.olga_id)) == EPOCH + 3
        assert len(tx.filter(Notification, user_id=world.ada_id)) == 1
    clock.advance(ms=30 * DAY_MS + 4)
    keeper.step()
    with app.store.read() as tx:
        assert len(tx.filter(Notification, user_id=world.olga_id)) == 299
        assert tx.filter(Notification, user_id=world.ada_id) == []


def test_what_somebody_chose_in_another_account_is_for_that_one(world: World) -> None:
    other = world.http.post("/api/v1/accounts", json={"name": "Other"}, token=world.admin).json()["id"]
    nothing: dict[str, Any] = {"notification_settings": {"selected_email_flags": [], "selected_push_flags": []}}
    answer = world.http.patch(f"/api/v1/accounts/{other}/notification_settings", json=nothing, token=world.admin)
    assert answer.status_code == 200
    number = world.conversation()
    assign(world, number, 1, world.ada)
    assert ("conversation_assignment", number) in told(world, world.admin)
