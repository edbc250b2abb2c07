import json
from typing import Any

import pytest

from inboxd.domain.retry import Outcome
from inboxd.store.models import Webhook
from tests.cast import Clock, Http, Receiver, World
from tests.delivery.bench import DELIVERED, FAILED, Bench, FakeSender

NOT_ALLOWED = {"error": "You are not authorized to do this action"}
NOT_FOUND = {"error": "Resource could not be found"}
TIMEOUT = Outcome(None, "timed out", error_class="timeout")
TOO_MANY = Outcome(429, "429 Too Many Requests", error_class="status")


@pytest.fixture
def bot(world: World) -> dict[str, Any]:
    """A bot that answers first in Acme's inbox."""
    made: dict[str, Any] = world.http.post(
        f"{world.account}/agent_bots", json={"name": "Bo", "outgoing_url": "http://127.0.0.1:1/bot"}, token=world.admin
    ).json()
    connect(world, made["id"])
    return made


def connect(world: World, bot_id: int | None) -> Any:
    path = f"{world.account}/inboxes/{world.inbox['id']}/set_agent_bot"
    return world.http.post(path, json={"agent_bot": bot_id}, token=world.admin)


def status(world: World, number: int) -> str:
    word: str = world.http.get(f"{world.account}/conversations/{number}", token=world.admin).json()["status"]
    return word


def heard(sender: FakeSender) -> list[str]:
    return [json.loads(sent.body)["event"] for sent in sender.sent]


def test_a_bot_is_made_shown_changed_and_deleted(world: World) -> None:
    bots = f"{world.account}/agent_bots"
    made = world.http.post(
        bots, json={"name": "Bo", "description": "answers", "outgoing_url": "https://bot.test/in"}, token=world.admin
    ).json()
    assert len(made["secret"]) == len(made["access_token"]) == 24
    assert made == {
        "id": made["id"], "name": "Bo", "description": "answers", "thumbnail": "",
        "outgoing_url": "https://bot.test/in", "bot_type": "webhook", "bot_config": {}, "account_id": 1,
        "access_token": made["access_token"], "system_bot": False, "secret": made["secret"],
    }  # fmt: skip
    shown = made | {"access_token": None, "secret": None}
    assert world.http.get(bots, token=world.admin).json() == [shown]
    for_agents = {key: value for key, value in shown.items() if key != "secret"}
    assert world.http.get(f"{bots}/{made['id']}", token=world.ada).json() == for_agents
    changed = world.http.patch(f"{bots}/{made['id']}", json={"name": "Bob"}, token=world.admin).json()
    assert changed == shown | {"name": "Bob"}
    reset = world.http.post(f"{bots}/{made['id']}/reset_secret", token=world.admin).json()
    assert reset["secret"] not in (None, made["secret"])

    answer = world.http.delete(f"{bots}/{made['id']}", token=world.admin)
    assert (answer.status_code, answer.content) == (200, b"")
    assert world.http.get(bots, token=world.admin).json() == []


def test_a_bot_type_may_be_its_number(world: World) -> None:
    """Chatwoot's own description gives `bot_type` as 0, and clients made from it send that."""
    bots = f"{world.account}/agent_bots"
    for value in (0, "0", "webhook", None):
        answer = world.http.post(bots, json={"name": "Bo", "bot_type": value, "bot_config": {}}, token=world.admin)
        assert (answer.status_code, answer.json()["bot_type"]) == (200, "webhook"), value
    for value in (1, "dialogflow"):
        answer = world.http.post(bots, json={"name": "Bo", "bot_type": value}, token=world.admin)
        assert (answer.status_code, answer.json()["attributes"]) == (422, ["bot_type"])


def test_agents_change_no_bots(world: World, bot: dict[str, Any]) -> None:
    path = f"{world.account}/agent_bots"
    for method, where in (("POST", path), ("PATCH", f"{path}/{bot['id']}"), ("DELETE", f"{path}/99")):
        answer = world.http.request(method, where, json={"name": "x"}, token=world.ada)
        assert (answer.status_code, answer.json()) == (401, NOT_ALLOWED)


def test_an_inbox_shows_its_bot_and_loses_it_with_null(world: World, bot: dict[str, Any]) -> None:
    path = f"{world.account}/inboxes/{world.inbox['id']}/agent_bot"
    assert world.http.get(path, token=world.admin).json() == {"agent_bot": bot | {"access_token": None, "secret": None}}

    answer = connect(world, None)

    assert (answer.status_code, answer.content) == (200, b"")
    assert world.http.get(path, token=world.admin).json() == {}


def test_an_unknown_or_foreign_bot_cannot_be_connected(world: World, http: Http, bot: dict[str, Any]) -> None:
    other = http.post("/api/v1/accounts", json={"name": "Other"}, token=world.admin).json()["id"]
    foreign = http.post(f"/api/v1/accounts/{other}/agent_bots", json={"name": "F"}, token=world.admin).json()
    for bot_id in (99, foreign["id"]):
        answer = connect(world, bot_id)
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_a_url_that_is_too_long_is_422(world: World) -> None:
    values = {"outgoing_url": "https://bot.test/" + "x" * 2048}
    answer = world.http.post(f"{world.account}/agent_bots", json=values, token=world.admin)
    assert (answer.status_code, answer.json()["attributes"]) == (422, ["outgoing_url"])


def test_with_a_bot_conversations_begin_pending_and_come_back_pending(world: World, bot: dict[str, Any]) -> None:
    number = world.conversation()
    assert status(world, number) == "pending"
    world.http.post(f"{world.contact}/conversations/{number}/toggle_status")
    assert status(world, number) == "resolved"

    world.incoming(number)

    assert status(world, number) == "pending"


def test_a_bot_hears_what_chatwoots_does_signed_with_its_own_secret(
    world: World, bot: dict[str, Any], bench: Bench, sender: FakeSender
) -> None:
    number = world.conversation()
    world.incoming(number)
    toggle = f"{world.account}/conversations/{number}/toggle_status"
    world.http.post(toggle, json={"status": "open"}, token=world.admin)
    world.http.post(toggle, json={"status": "resolved"}, token=world.admin)
    world.http.post(f"{world.contact}/conversations/{number}/toggle_typing", json={"typing_status": "on"})
    bench.drain()

    assert heard(sender) == [
        "message_created", "conversation_opened", "conversation_status_changed", "conversation_updated",
        "conversation_resolved", "conversation_status_changed", "conversation_updated",
    ]  # fmt: skip
    assert {sent.url for sent in sender.sent} == {"http://127.0.0.1:1/bot"}


def test_without_a_bot_nobody_hears_of_opened_and_resolved(world: World) -> None:
    number = world.conversation()
    world.http.post(f"{world.contact}/conversations/{number}/toggle_status")

    assert not {"conversation_opened", "conversation_resolved"} & {event["event"] for event in world.events()}


def test_subscriptions_may_not_name_what_only_bots_hear(world: World) -> None:
    for name in ("conversation_opened", "webhook.test"):
        values = {"url": "https://x.test", "subscriptions": [name]}
        answer = world.http.post(f"{world.account}/webhooks", json=values, token=world.admin)
        assert answer.status_code == 422


@pytest.mark.parametrize(
    ("outcome", "attempts"), [(FAILED, 3), (TOO_MANY, 3), (TIMEOUT, 1), (Outcome(404, "404 Not Found"), 1)]
)
def test_a_bot_that_fails_is_tried_as_by_chatwoot_and_then_people_take_over(
    world: World, bot: dict[str, Any], bench: Bench, sender: FakeSender, clock: Clock, outcome: Outcome, attempts: int
) -> None:
    sender.default = outcome
    number = world.conversation()
    message = world.incoming(number)
    bench.attempt()
    for _ in range(attempts - 1):
        assert status(world, number) == "pending"
        assert bench.due() == []
        clock.advance(s=3)
        bench.attempt()

    [delivery] = bench.deliveries(webhook_id=webhook(bench, bot).id)[:1]
    assert (delivery.state, delivery.attempt_count) == ("exhausted", attempts)
    shown = world.http.get(f"{world.account}/conversations/{number}/messages", token=world.admin).json()["payload"]
    assert status(world, number) == "open"
    assert [one["content"] for one in shown if one["message_type"] == 2] == [
        "Conversation was marked open by system due to an error with the agent bot."
    ]
    assert [one["status"] for one in shown if one["id"] == message["id"]] == ["sent"]


def webhook(bench: Bench, bot: dict[str, Any]) -> Webhook:
    with bench.store.read() as tx:
        [found] = tx.filter(Webhook, agent_bot_id=bot["id"])
    return found


def test_an_account_may_keep_the_conversation_waiting_for_its_bot(
    world: World, bot: dict[str, Any], bench: Bench, sender: FakeSender
) -> None:
    kept = world.http.patch(world.account, json={"keep_pending_on_bot_failure": True}, token=world.admin).json()
    assert kept["settings"] == {"keep_pending_on_bot_failure": True}
    sender.default = TIMEOUT
    number = world.conversation()
    world.incoming(number)
    bench.attempt()

    assert status(world, number) == "pending"


def test_what_a_deleted_bot_was_owed_is_cancelled_and_its_inbox_goes_on(
    world: World, bot: dict[str, Any], bench: Bench
) -> None:
    world.incoming(world.conversation())
    hook = webhook(bench, bot)
    world.http.delete(f"{world.account}/agent_bots/{bot['id']}", token=world.admin)

    [delivery] = bench.deliveries(webhook_id=hook.id)
    assert delivery.state == "cancelled"
    assert status(world, world.conversation()) == "open"


def test_a_failing_bot_does_not_pause_or_disable_its_webhook(
    world: World, bot: dict[str, Any], bench: Bench, sender: FakeSender
) -> None:
    sender.default = Outcome(410, "410 Gone")
    world.incoming(world.conversation())
    bench.attempt()
    world.incoming(world.conversation())
    bench.attempt()

    assert [one.state for one in bench.deliveries(webhook_id=webhook(bench, bot).id)][:2].count("exhausted") >= 1
    assert not [event for event in world.events() if event["event"] == "webhook.disabled"]


def own(world: World, bot: dict[str, Any]) -> str:
    return f"{world.account}/agent_bots/{bot['id']}/webhook"


def act(world: World, bot: dict[str, Any], verb: str, **values: Any) -> Any:
    answer = world.http.post(f"{own(world, bot)}/{verb}", json=values, token=world.admin)
    assert answer.status_code == 200, answer.text
    return answer.json()


def move(world: World, bot: dict[str, Any], url: str) -> None:
    path = f"{world.account}/agent_bots/{bot['id']}"
    assert world.http.patch(path, json={"outgoing_url": url}, token=world.admin).status_code == 200


def test_a_bots_webhook_is_shown_and_told_its_options(world: World, bot: dict[str, Any]) -> None:
    shown = world.http.get(own(world, bot), token=world.admin).json()["payload"]["webhook"]
    assert (shown["url"], shown["health"]) == (bot["outgoing_url"], {"state": "ok"})
    assert shown.get("secret") is None
    changed = world.http.patch(own(world, bot), json={"ordering": "none"}, token=world.admin)
    assert changed.json()["payload"]["webhook"] == shown | {"ordering": "none"}


def test_a_bots_webhook_is_tested(world: World, bot: dict[str, Any], receiver: Receiver) -> None:
    move(world, bot, receiver.url)
    assert act(world, bot, "test")["state"] == "delivered"
    assert receiver.events() == ["webhook.test"]


def test_a_bot_is_sent_what_it_missed_and_what_it_never_was_owed(
    world: World, bot: dict[str, Any], bench: Bench, sender: FakeSender
) -> None:
    connect(world, None)
    number = world.conversation()
    before = world.incoming(number, "before there was a bot")
    connect(world, bot["id"])
    lost = world.incoming(number, "while it was down")
    sender.default = TIMEOUT
    bench.drain()
    sender.default = DELIVERED
    sender.sent.clear()

    assert act(world, bot, "recover") == {"resent": 1, "replayed": 0}
    assert act(world, bot, "recover", missing=True)["replayed"] >= 1
    assert act(world, bot, "recover", missing=True) == {"resent": 0, "replayed": 0}
    bench.drain()

    told = [json.loads(sent.body) for sent in sender.sent]
    assert [one["id"] for one in told if one["event"] == "message_created"] == [before["id"], lost["id"]]
    assert {sent.url for sent in sender.sent} == {bot["outgoing_url"]}


def test_a_bot_misses_nothing_of_inboxes_it_does_not_answer_in(world: World, bot: dict[str, Any]) -> None:
    connect(world, None)
    world.incoming(world.conversation())
    assert act(world, bot, "recover", missing=True) == {"resent": 0, "replayed": 0}


def test_enabling_a_bot_sends_what_waits_for_its_retry_now_or_skips_it(
    world: World, bot: dict[str, Any], bench: Bench, sender: FakeSender
) -> None:
    world.incoming(world.conversation())
    sender.default = FAILED
    bench.drain()
    assert bench.due() == []
    assert act(world, bot, "enable")["payload"]["webhook"]["health"]["state"] == "ok"
    assert len(bench.due()) == 1
    act(world, bot, "enable", pending="skip")
    assert {one.state for one in bench.deliveries(webhook_id=webhook(bench, bot).id)} == {"cancelled"}


def test_a_bots_new_secret_signs_beside_the_old_one(world: World, bot: dict[str, Any], bench: Bench) -> None:
    secret = act(world, bot, "rotate_secret")["payload"]["webhook"]["secret"]
    row = webhook(bench, bot)
    assert (row.secret, row.previous_secret) == (secret, bot["secret"])


def test_a_bots_new_url_gets_what_is_owed_at_once(
    world: World, bot: dict[str, Any], bench: Bench, sender: FakeSender
) -> None:
    world.incoming(world.conversation())
    sender.script = [FAILED]
    bench.drain()
    assert bench.due() == []
    move(world, bot, "https://new.test/bot")
    bench.drain()
    assert [sent.url for sent in sender.sent] == [bot["outgoing_url"], "https://new.test/bot"]
    assert {one.state for one in bench.deliveries(webhook_id=webhook(bench, bot).id)} == {"delivered"}


@pytest.mark.parametrize(
    ("method", "verb"),
    [
        ("GET", ""), ("PATCH", ""), ("POST", "/test"), ("POST", "/recover"), ("POST", "/enable"),
        ("POST", "/rotate_secret"),
    ],
)  # fmt: skip
def test_a_bots_webhook_is_for_administrators_of_its_account(
    world: World, bot: dict[str, Any], bench: Bench, method: str, verb: str
) -> None:
    path = own(world, bot) + verb
    body = {"ordering": "none"}
    answer = world.http.request(method, path, json=body, token=world.ada)
    assert (answer.status_code, answer.json()) == (401, NOT_ALLOWED)
    assert world.http.request(method, path, json=body).status_code == 401
    other = world.http.post("/api/v1/accounts", json={"name": "Other"}, token=world.admin).json()["id"]
    for missing in (path.replace("/accounts/1/", f"/accounts/{other}/"), own(world, {"id": 99}) + verb):
        answer = world.http.request(method, missing, json=body, token=world.admin)
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    row = webhook(bench, bot)
    assert (row.secret, row.ordering) == (bot["secret"], "conversation")
