"""What an agent bot does with its own access token."""

import json
from typing import Any

import pytest

from inboxd.app import App
from inboxd.services import tokens
from inboxd.store.models import AccessToken, Account, AccountUser
from tests.cast import Clock, World
from tests.delivery.bench import Bench, FakeSender

INVALID = {"error": "Invalid Access Token"}
NOT_FOUND = {"error": "Resource could not be found"}
NOT_ALLOWED = {"error": "You are not authorized to do this action"}
PUSHED = {"id": 1, "name": "Bo", "avatar_url": "", "type": "agent_bot"}
SLIM = {
    "id": 1, "name": "Bo", "description": "answers", "thumbnail": "", "outgoing_url": "https://bot.test/in",
    "bot_type": "webhook",
}  # fmt: skip


@pytest.fixture
def bot(world: World) -> dict[str, Any]:
    """A bot of Acme that answers in no inbox."""
    values = {"name": "Bo", "description": "answers", "outgoing_url": "https://bot.test/in"}
    made: dict[str, Any] = world.http.post(f"{world.account}/agent_bots", json=values, token=world.admin).json()
    return made


def do(world: World, bot: dict[str, Any], number: int, what: str, **values: Any) -> Any:
    """What the bot does in a conversation."""
    path = f"{world.account}/conversations/{number}/{what}"
    answer = world.http.post(path, json=values, token=bot["access_token"])
    assert answer.status_code == 200, answer.text
    return answer.json() if answer.content else None


def say(world: World, bot: dict[str, Any], number: int, content: str = "beep", **values: Any) -> Any:
    return do(world, bot, number, "messages", content=content, **values)


def shown(world: World, number: int) -> Any:
    return world.http.get(f"{world.account}/conversations/{number}", token=world.admin).json()


def lines(world: World, number: int) -> list[str]:
    """The activity lines of a conversation."""
    path = f"{world.account}/conversations/{number}/messages"
    found = world.http.get(path, token=world.admin).json()["payload"]
    return [one["content"] for one in found if one["message_type"] == 2]


def assign(world: World, number: int, **values: Any) -> Any:
    path = f"{world.account}/conversations/{number}/assignments"
    return world.http.post(path, json=values, token=world.admin)


def connect(world: World, bot_id: int) -> None:
    path = f"{world.account}/inboxes/{world.inbox['id']}/set_agent_bot"
    assert world.http.post(path, json={"agent_bot": bot_id}, token=world.admin).status_code == 200


def reset(world: World, bot: dict[str, Any], token: str) -> Any:
    return world.http.post(f"{world.account}/agent_bots/{bot['id']}/reset_access_token", token=token)


def gets_in(world: World, token: str) -> Any:
    return world.http.get(f"{world.account}/conversations/1", token=token)


def test_a_new_token_is_shown_once_and_the_old_one_dies(world: World, bot: dict[str, Any]) -> None:
    world.conversation()
    answer = reset(world, bot, world.admin)
    fresh = answer.json()["access_token"]

    assert (answer.status_code, answer.json()) == (200, bot | {"access_token": fresh, "secret": None})
    assert len(fresh) == 24
    assert gets_in(world, fresh).status_code == 200
    dead = gets_in(world, bot["access_token"])
    assert (dead.status_code, dead.json()) == (401, INVALID)
    for where in ("agent_bots", f"agent_bots/{bot['id']}"):
        assert fresh not in world.http.get(f"{world.account}/{where}", token=world.admin).text


def test_only_administrators_reset_a_token_of_a_bot_of_their_account(world: World, bot: dict[str, Any]) -> None:
    refused = reset(world, bot, world.ada)
    assert (refused.status_code, refused.json()) == (401, NOT_ALLOWED)
    missing = reset(world, {"id": 99}, world.admin)
    assert (missing.status_code, missing.json()) == (404, NOT_FOUND)
    other = world.http.post("/api/v1/accounts", json={"name": "Other"}, token=world.admin).json()["id"]
    foreign = world.http.post(f"/api/v1/accounts/{other}/agent_bots/1/reset_access_token", token=world.admin)
    assert (foreign.status_code, foreign.json()) == (404, NOT_FOUND)
    assert reset(world, bot, bot["access_token"]).status_code == 401


def test_a_bot_that_has_no_token_is_given_one(world: World, bot: dict[str, Any], app: App) -> None:
    world.conversation()
    app.store.write(lambda tx: tx.delete(AccessToken, owner_type="AgentBot"))
    assert gets_in(world, bot["access_token"]).status_code == 401
    assert gets_in(world, reset(world, bot, world.admin).json()["access_token"]).status_code == 200


def test_a_token_is_stored_as_its_digest_and_gone_with_its_bot(world: World, bot: dict[str, Any], app: App) -> None:
    with app.store.read() as tx:
        [row] = tx.filter(AccessToken, owner_type="AgentBot")
    assert (row.owner_id, row.account_id, row.digest) == (bot["id"], 1, tokens.digest(bot["access_token"]))

    world.http.delete(f"{world.account}/agent_bots/{bot['id']}", token=world.admin)

    with app.store.read() as tx:
        assert tx.filter(AccessToken, owner_type="AgentBot") == []
    assert gets_in(world, bot["access_token"]).json() == INVALID


def test_neither_secret_of_a_new_bot_is_kept_with_its_idempotency_key(world: World) -> None:
    def make() -> Any:
        headers = {"Idempotency-Key": "bot-1"}
        return world.http.post(f"{world.account}/agent_bots", json={"name": "Bo"}, token=world.admin, headers=headers)

    first, again = make(), make()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json() == first.json() | {"access_token": None, "secret": None}


def test_tokens_of_bots_are_nobodys(world: World, bot: dict[str, Any]) -> None:
    path = f"{world.account}/access_tokens"
    listed = world.http.get(path, token=world.admin).json()["payload"]
    assert {one["user"]["email"] for one in listed} == {"admin@acme.test", "ada@acme.test", "olga@acme.test"}
    number = max(one["id"] for one in listed) + 1
    assert world.http.delete(f"{path}/{number}", token=world.admin).json() == NOT_FOUND
    world.conversation()
    assert gets_in(world, bot["access_token"]).status_code == 200


def test_the_token_of_the_user_with_a_bots_number_outlives_the_bot(world: World, bot: dict[str, Any]) -> None:
    assert bot["id"] == world.http.get("/api/v1/profile", token=world.admin).json()["id"]
    world.http.delete(f"{world.account}/agent_bots/{bot['id']}", token=world.admin)
    assert world.http.get("/api/v1/profile", token=world.admin).status_code == 200


def test_a_bot_is_told_in_chatwoots_order_why_it_may_not(world: World, bot: dict[str, Any], app: App) -> None:
    def ask(path: str) -> tuple[int, Any]:
        answer = world.http.get(path, token=bot["access_token"])
        return answer.status_code, answer.json()

    not_for_bots = (401, {"error": "Access to this endpoint is not authorized for bots"})
    assert ask("/api/v1/profile") == not_for_bots
    assert ask("/api/v1/accounts/99/conversations") == not_for_bots
    assert ask("/api/v1/accounts/99/conversations/1") == (404, NOT_FOUND)
    assert ask(f"{world.account}/conversations/99") == (404, NOT_FOUND)
    other = world.http.post("/api/v1/accounts", json={"name": "Other"}, token=world.admin).json()["id"]
    elsewhere = f"/api/v1/accounts/{other}/conversations/1"
    assert ask(elsewhere) == (401, {"error": "Bot is not authorized to access this account"})
    with app.store.read() as tx:
        account = tx.get(Account, other)
    assert account is not None
    app.store.write(lambda tx: tx.update(account, status="suspended"))
    assert ask(elsewhere) == (401, {"error": "Account is suspended"})


def test_a_bot_sees_a_conversation_of_any_inbox_and_team_as_no_member(world: World, bot: dict[str, Any]) -> None:
    number = world.conversation()
    team = world.http.post(f"{world.account}/teams", json={"name": "night"}, token=world.admin).json()["id"]
    assign(world, number, team_id=team)
    seen = world.http.get(f"{world.account}/conversations/{number}", token=bot["access_token"]).json()
    assert seen["meta"]["team"]["is_member"] is False
    assert seen == shown(world, number)


def test_a_bot_writes_in_its_own_name_in_every_shape(
    world: World, bot: dict[str, Any], bench: Bench, sender: FakeSender
) -> None:
    number = world.conversation()
    connect(world, bot["id"])
    sent = say(world, bot, number)

    assert (sent["message_type"], sent["sender"]) == (1, PUSHED)
    seen = shown(world, number)
    [newest] = seen["messages"]
    assert (newest["sender_type"], newest["sender_id"], newest["sender"]) == ("AgentBot", bot["id"], PUSHED)
    public = world.http.get(f"{world.contact}/conversations/{number}/messages").json()
    assert public[-1]["sender"] == PUSHED
    told = next(event for event in world.events() if event["event"] == "message_created")
    assert (told["sender"], told["origin"]) == ({"id": 1, "name": "Bo", "type": "agent_bot"}, "bot")
    assert told["conversation"]["messages"][0]["sender"] == PUSHED
    bench.drain()
    assert "message_created" in [json.loads(one.body)["event"] for one in sender.sent]


def test_a_bot_with_exclude_own_does_not_hear_itself(
    world: World, bot: dict[str, Any], bench: Bench, sender: FakeSender
) -> None:
    number = world.conversation()
    connect(world, bot["id"])
    path = f"{world.account}/agent_bots/{bot['id']}/webhook"
    assert world.http.patch(path, json={"exclude_own": True}, token=world.admin).status_code == 200
    fresh = reset(world, bot, world.admin).json()
    say(world, fresh, number)
    world.incoming(number, "and you?")
    body = {"content": "what the administrator writes"}
    world.http.post(f"{world.account}/conversations/{number}/messages", json=body, token=world.admin)
    bench.drain()

    told = [json.loads(one.body) for one in sender.sent]
    heard = [one["content"] for one in told if one["event"] == "message_created"]
    assert heard == ["and you?", "what the administrator writes"]


def test_an_answer_of_a_bot_ends_the_waiting_but_is_no_first_reply(world: World, bot: dict[str, Any]) -> None:
    number = world.conversation()
    world.incoming(number)
    say(world, bot, number, private=True)
    assert shown(world, number)["waiting_since"] > 0
    say(world, bot, number)
    seen = shown(world, number)
    assert (seen["waiting_since"], seen["first_reply_created_at"]) == (0, 0)
    world.reply(number)
    assert shown(world, number)["first_reply_created_at"] > 0


def test_what_a_bot_injects_is_from_the_contact(world: World, bot: dict[str, Any]) -> None:
    sent = say(world, bot, world.conversation(), message_type="incoming")
    assert (sent["sender"]["type"], sent["sender"]["name"]) == ("contact", "Carl")


def test_somebody_lets_a_bot_speak(world: World, bot: dict[str, Any]) -> None:
    number = world.conversation()
    assert world.reply(number, sender_type="AgentBot", sender_id=bot["id"])["sender"] == PUSHED
    incoming = world.reply(number, sender_type="AgentBot", sender_id=bot["id"], message_type="incoming")
    assert incoming["sender"]["type"] == "contact"
    assert world.reply(number, sender_type="User", sender_id=1)["sender"]["name"] == "Ada"
    body = {"content": "hi", "sender_type": "AgentBot"}
    for unknown in (99, None, ""):
        path = f"{world.account}/conversations/{number}/messages"
        answer = world.http.post(path, json=body | {"sender_id": unknown}, token=world.ada)
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_a_bot_speaks_for_no_other_bot(world: World, bot: dict[str, Any]) -> None:
    other = world.http.post(f"{world.account}/agent_bots", json={"name": "Zed"}, token=world.admin).json()
    sent = say(world, bot, world.conversation(), sender_type="AgentBot", sender_id=other["id"])
    assert sent["sender"] == PUSHED


def test_what_a_deleted_bot_wrote_stays_without_a_sender(world: World, bot: dict[str, Any]) -> None:
    number = world.conversation()
    say(world, bot, number)
    assign(world, number, assignee_id=bot["id"], assignee_type="AgentBot")
    world.http.delete(f"{world.account}/agent_bots/{bot['id']}", token=world.admin)
    seen = shown(world, number)
    assert "assignee" not in seen["meta"]
    assert seen["last_non_activity_message"]["content"] == "beep"
    assert "sender" not in seen["last_non_activity_message"]


def test_a_bot_opens_a_conversation_with_a_message_of_its_own(world: World, bot: dict[str, Any]) -> None:
    body = {"inbox_id": 1, "contact_id": world.carl["id"], "message": {"content": "hello"}}
    made = world.http.post(f"{world.account}/conversations", json=body, token=bot["access_token"]).json()
    assert made["messages"][0]["sender"] == PUSHED


def test_a_bot_is_nobodys_presence(world: World, bot: dict[str, Any], app: App, clock: Clock) -> None:
    number = world.conversation()
    clock.advance(s=3600)
    with app.store.read() as tx:
        before = [one.active_at for one in tx.filter(AccountUser)]
    say(world, bot, number)
    with app.store.read() as tx:
        assert [one.active_at for one in tx.filter(AccountUser)] == before


def test_activity_lines_name_the_bot(world: World, bot: dict[str, Any]) -> None:
    number = world.conversation()
    do(world, bot, number, "toggle_priority", priority="high")
    do(world, bot, number, "labels", labels=["vip"])
    do(world, bot, number, "custom_attributes", custom_attributes={"plan": "gold"})
    do(world, bot, number, "assignments", assignee_id=world.ada_id)
    do(world, bot, number, "toggle_status", status="resolved")
    assert lines(world, number) == [
        "Bo set the priority to high", "Bo added vip", "Assigned to Ada by Bo",
        "Conversation was marked resolved by Bo",
    ]  # fmt: skip
    labels = world.http.get(f"{world.account}/conversations/{number}/labels", token=bot["access_token"])
    assert labels.json() == {"payload": ["vip"]}
    path = f"{world.account}/conversations/{number}"
    changed = world.http.patch(path, json={"priority": None}, token=bot["access_token"]).json()
    assert (changed["priority"], changed["custom_attributes"]) == (None, {"plan": "gold"})


def test_a_bot_types(world: World, bot: dict[str, Any]) -> None:
    assert do(world, bot, world.conversation(), "toggle_typing_status", typing_status="on") is None
    [told] = [event for event in world.events() if event["event"] == "conversation_typing_on"]
    assert told["user"] == {"id": 1, "name": "Bo", "type": "agent_bot"}


def test_a_conversation_is_assigned_to_a_bot_and_taken_from_it_by_an_agent(world: World, bot: dict[str, Any]) -> None:
    number = world.conversation()
    assign(world, number, assignee_id=world.ada_id)

    answer = assign(world, number, assignee_id=bot["id"], assignee_type="AgentBot")

    assert (answer.status_code, answer.json()) == (200, SLIM)
    meta = shown(world, number)["meta"]
    assert (meta["assignee"], meta["assignee_type"]) == (SLIM, "AgentBot")
    told = world.events()[-1]
    assert (told["meta"]["assignee"], told["meta"]["assignee_type"]) == (PUSHED, "AgentBot")
    assert told["messages"] == []
    changed = {name: values for one in told["changed_attributes"] for name, values in one.items()}
    assert changed["assignee_agent_bot_id"] == {"previous_value": None, "current_value": bot["id"]}
    assert changed["assignee_id"] == {"previous_value": world.ada_id, "current_value": None}

    assert assign(world, number, assignee_id=world.ada_id).json()["name"] == "Ada"
    meta = shown(world, number)["meta"]
    assert (meta["assignee"]["name"], meta["assignee_type"]) == ("Ada", "User")
    assert lines(world, number) == [
        "Assigned to Ada by Administrator", "Assigned to Bo by Administrator", "Assigned to Ada by Administrator",
    ]  # fmt: skip


def test_an_unknown_bot_changes_nothing(world: World, bot: dict[str, Any]) -> None:
    number = world.conversation()
    assign(world, number, assignee_id=world.ada_id)
    for unknown in (99, 0, None):
        answer = assign(world, number, assignee_id=unknown, assignee_type="AgentBot", team_id=1)
        assert (answer.status_code, answer.json()) == (200, None)
    assert shown(world, number)["meta"]["assignee"]["name"] == "Ada"


def test_unassigning_takes_it_from_a_bot_too(world: World, bot: dict[str, Any]) -> None:
    number = world.conversation()
    assign(world, number, assignee_id=bot["id"], assignee_type="AgentBot")
    assert assign(world, number, assignee_id=None).json() is None
    assert "assignee" not in shown(world, number)["meta"]
    assert lines(world, number)[-1] == "Conversation unassigned by Administrator"


def test_a_bot_hears_of_a_conversation_it_has_and_can_be_sent_what_was_before(
    world: World, bot: dict[str, Any], bench: Bench, sender: FakeSender
) -> None:
    number, other = world.conversation(), world.conversation()
    for conversation in (number, other):
        world.incoming(conversation, f"before, in {conversation}")
    assign(world, number, assignee_id=bot["id"], assignee_type="AgentBot")
    world.incoming(number, "now")
    recover = f"{world.account}/agent_bots/{bot['id']}/webhook/recover"
    world.http.post(recover, json={"missing": True}, token=world.admin)
    bench.drain()

    told = [json.loads(one.body) for one in sender.sent]
    heard = {one["content"] for one in told if one["event"] == "message_created"}
    assert heard == {f"before, in {number}", "now"}


def test_what_a_bot_has_counts_as_unassigned(world: World, bot: dict[str, Any]) -> None:
    number = world.conversation()
    assign(world, number, assignee_id=bot["id"], assignee_type="AgentBot")
    path = f"{world.account}/conversations?assignee_type=unassigned"
    listed = world.http.get(path, token=world.admin).json()["data"]
    assert [one["id"] for one in listed["payload"]] == [number]
    assert listed["payload"][0]["meta"]["assignee"] == SLIM
    assert (listed["meta"]["unassigned_count"], listed["meta"]["assigned_count"]) == (1, 0)


def test_a_bot_takes_a_conversation_itself(world: World, bot: dict[str, Any]) -> None:
    number = world.conversation()
    assert do(world, bot, number, "assignments", assignee_id=bot["id"], assignee_type="AgentBot") == SLIM
    assert lines(world, number) == ["Bo self-assigned this conversation"]


def test_an_agent_who_reopens_it_takes_it_from_the_bot(world: World, bot: dict[str, Any]) -> None:
    number = world.conversation()
    assign(world, number, assignee_id=bot["id"], assignee_type="AgentBot")
    toggle = f"{world.account}/conversations/{number}/toggle_status"
    for status in ("resolved", "open"):
        world.http.post(toggle, json={"status": status}, token=world.ada)
    meta = shown(world, number)["meta"]
    assert (meta["assignee_type"], meta["assignee"]["name"]) == ("User", "Ada")


def test_a_bot_hands_its_pending_conversation_to_people(world: World, bot: dict[str, Any], clock: Clock) -> None:
    connect(world, bot["id"])
    number = world.conversation()
    world.incoming(number)
    say(world, bot, number)
    assert (shown(world, number)["status"], shown(world, number)["waiting_since"]) == ("pending", 0)
    clock.advance(s=60)

    handed = do(world, bot, number, "toggle_status", status="open")

    assert handed == {
        "payload": {"success": None, "conversation_id": number, "current_status": "open", "snoozed_until": None}
    }
    seen = shown(world, number)
    assert (seen["status"], seen["waiting_since"]) == ("open", clock.now // 1000)
    assert "assignee" not in seen["meta"]
    assert lines(world, number) == ["Conversation was reopened by Bo"]


def test_a_handoff_keeps_how_long_the_contact_waits(world: World, bot: dict[str, Any], clock: Clock) -> None:
    connect(world, bot["id"])
    number = world.conversation()
    since = shown(world, number)["waiting_since"]
    clock.advance(s=60)
    do(world, bot, number, "toggle_status", status="open")
    assert shown(world, number)["waiting_since"] == since


def test_other_changes_of_status_by_a_bot_are_no_handoff(world: World, bot: dict[str, Any]) -> None:
    number = world.conversation()
    for status in ("pending", "resolved", "open"):
        answer = do(world, bot, number, "toggle_status", status=status)["payload"]
        assert (answer["success"], answer["current_status"]) == (True, status)
    toggled = do(world, bot, number, "toggle_status")["payload"]
    assert (toggled["success"], toggled["current_status"]) == (True, "resolved")
