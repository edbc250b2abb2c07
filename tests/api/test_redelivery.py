"""What was lost comes back: recovering a webhook, enabling it again, and sending a message again."""

import json
from typing import Any

import pytest
import requests

from inboxd.app import App
from inboxd.client import Client, InboxClient
from inboxd.domain.retry import Outcome
from inboxd.services import deliveries as work
from inboxd.store import deliveries, outbox
from inboxd.store.models import Event
from tests.cast import Clock, Receiver, World, status
from tests.delivery.bench import DELIVERED, FAILED, Bench, FakeSender
from tests.store.plans import statements

NOT_ALLOWED = {"error": "You are not authorized to do this action"}
NOT_FOUND = {"error": "Resource could not be found"}
GONE = Outcome(410, "410 Gone", error_class="status")


def subscribe(world: World, url: str = "https://one.test/hook", **values: Any) -> str:
    """The path of a new account webhook that hears of messages unless told otherwise."""
    body = {"url": url, "subscriptions": ["message_created"], **values}
    answer = world.http.post(f"{world.account}/webhooks", json=body, token=world.admin)
    assert answer.status_code == 200, answer.text
    return f"{world.account}/webhooks/{answer.json()['payload']['webhook']['id']}"


def own_webhook(world: World, url: str = "https://own.test/hook") -> str:
    inbox = f"{world.account}/inboxes/{world.inbox['id']}"
    world.http.patch(inbox, json={"channel": {"webhook_url": url}}, token=world.admin)
    return f"{inbox}/webhook"


def act(world: World, path: str, verb: str, **values: Any) -> Any:
    answer = world.http.post(f"{path}/{verb}", json=values, token=world.admin)
    assert answer.status_code == 200, answer.text
    return answer.json()


def recover(world: World, path: str, **values: Any) -> tuple[int, int]:
    """How many were sent again, and how many are owed for the first time."""
    answer = act(world, path, "recover", **values)
    assert set(answer) == {"resent", "replayed"}
    return answer["resent"], answer["replayed"]


def health(world: World, path: str) -> Any:
    return world.http.get(path, token=world.admin).json()["payload"]["webhook"]["health"]


def owed(world: World, query: str = "") -> list[Any]:
    """The oldest first."""
    answer = world.http.get(f"{world.account}/deliveries?limit=200{query}", token=world.admin)
    return list(reversed(answer.json()["payload"]))


def names(sender: FakeSender) -> list[str]:
    return [sent.headers["webhook-id"] for sent in sender.sent]


def exhaust(bench: Bench, sender: FakeSender, clock: Clock) -> None:
    """Fail everything that is owed until nothing is tried any more."""
    sender.default = FAILED
    for _ in range(40):
        bench.drain()
        clock.advance(s=3600)
    sender.default = DELIVERED
    sender.sent.clear()


# recover


def test_exhausted_deliveries_come_back_in_order_under_their_old_ids(
    world: World, bench: Bench, sender: FakeSender, clock: Clock
) -> None:
    path = subscribe(world)
    number = world.conversation()
    for _ in range(3):
        world.incoming(number)
    exhaust(bench, sender, clock)
    lost = [one["id"] for one in owed(world)]
    assert {one["state"] for one in owed(world)} == {"exhausted"}
    assert recover(world, path) == (3, 0)
    world.incoming(number)
    bench.drain()
    assert names(sender)[:3] == lost
    assert len(sender.sent) == 4, "what came meanwhile goes out behind them"
    assert recover(world, path) == (0, 0)


def test_only_what_was_owed_since_comes_back(world: World, bench: Bench, sender: FakeSender, clock: Clock) -> None:
    path = subscribe(world)
    number = world.conversation()
    world.incoming(number)
    clock.advance(s=60)
    since = clock.now
    world.incoming(number)
    exhaust(bench, sender, clock)
    late = owed(world)[1]["id"]
    assert recover(world, path, since=(since + 1) / 1000) == (0, 0)
    assert recover(world, path, since=since / 1000) == (1, 0)
    bench.drain()
    assert names(sender) == [late]
    assert recover(world, path, since="2026-06-10T11:14:00Z") == (1, 0)


@pytest.mark.parametrize(
    ("values", "field"), [({"since": "soon"}, "since"), ({"since": -1}, "since"), ({"missing": "perhaps"}, "missing")]
)
def test_a_question_that_makes_no_sense_is_422(world: World, values: dict[str, Any], field: str) -> None:
    answer = world.http.post(f"{subscribe(world)}/recover", json=values, token=world.admin)
    assert (answer.status_code, answer.json()["attributes"]) == (422, [field])


def test_what_waits_for_its_retry_goes_out_now_and_what_is_due_is_not_counted(
    world: World, bench: Bench, sender: FakeSender, clock: Clock
) -> None:
    path = subscribe(world)
    for _ in range(2):
        world.incoming(world.conversation())
    sender.default = FAILED
    bench.drain()
    world.incoming(world.conversation())
    assert recover(world, path) == (2, 0)
    assert len(bench.due()) == 3
    assert recover(world, path) == (0, 0)
    sender.default = DELIVERED
    bench.drain()
    assert {one["state"] for one in owed(world)} == {"delivered"}


def test_what_was_cancelled_or_delivered_does_not_come_back(
    world: World, bench: Bench, sender: FakeSender, clock: Clock
) -> None:
    path = subscribe(world)
    world.incoming(world.conversation())
    bench.drain()
    world.incoming(world.conversation())
    world.http.post(f"{world.account}/deliveries/{owed(world)[1]['id']}/cancel", token=world.admin)
    assert recover(world, path) == (0, 0)
    assert [one["state"] for one in owed(world)] == ["delivered", "cancelled"]


def test_another_webhooks_losses_stay_lost(world: World, bench: Bench, sender: FakeSender, clock: Clock) -> None:
    first, second = subscribe(world), subscribe(world, "https://two.test/")
    world.incoming(world.conversation())
    exhaust(bench, sender, clock)
    assert recover(world, first) == (1, 0)
    assert {one["webhook_id"]: one["state"] for one in owed(world)} == {
        int(first.rpartition("/")[2]): "pending", int(second.rpartition("/")[2]): "exhausted",
    }  # fmt: skip


def test_more_than_a_batch_comes_back_in_one_call(
    world: World, bench: Bench, sender: FakeSender, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "BATCH", 2)
    path = subscribe(world)
    number = world.conversation()
    for _ in range(5):
        world.incoming(number)
    exhaust(bench, sender, clock)
    lost = [one["id"] for one in owed(world)]
    assert recover(world, path) == (5, 0)
    bench.drain()
    assert names(sender) == lost
    late = subscribe(world, "https://late.test/")
    assert recover(world, late, missing=True) == (0, 5)


def test_a_resting_webhook_is_woken_and_a_disabled_one_refused(
    world: World, bench: Bench, sender: FakeSender, clock: Clock
) -> None:
    path = subscribe(world)
    world.incoming(world.conversation())
    sender.script = [Outcome(503, "503 Service Unavailable", error_class="status")]
    bench.drain()
    assert health(world, path)["state"] == "paused"
    assert recover(world, path) == (1, 0)
    sender.script = [GONE]
    bench.drain()
    assert health(world, path)["state"] == "disabled"
    for body in ({}, {"missing": True}):
        answer = world.http.post(f"{path}/recover", json=body, token=world.admin)
        assert (answer.status_code, answer.json()) == (422, {"error": "This webhook is disabled: enable it first"})
    assert len(sender.sent) == 2


def test_a_webhook_without_a_url_loses_nothing_by_being_recovered(
    world: World, bench: Bench, sender: FakeSender, clock: Clock
) -> None:
    path = own_webhook(world)
    world.incoming(world.conversation())
    exhaust(bench, sender, clock)
    own_webhook(world, "")
    answer = world.http.post(f"{path}/recover", token=world.admin)
    assert (answer.status_code, answer.json()) == (422, {"error": "The webhook is gone or has no URL"})
    assert {one["state"] for one in owed(world)} == {"exhausted"}
    own_webhook(world)
    assert recover(world, path)[0] > 0


def test_a_test_that_failed_does_not_come_back(world: World, bench: Bench, receiver: Receiver) -> None:
    receiver.default = status(500)
    path = subscribe(world, receiver.url)
    made = act(world, path, "test")
    assert recover(world, path, missing=True) == (0, 0)
    assert [(one["id"], one["state"]) for one in owed(world)] == [(made["id"], made["state"])]
    assert made["state"] not in ("pending", "sending")


# missing


def test_a_webhook_created_later_is_owed_what_it_never_was_once_and_in_order(
    world: World, bench: Bench, sender: FakeSender
) -> None:
    number = world.conversation()
    sent = [world.incoming(number, content)["content"] for content in ("one", "two", "three")]
    path = subscribe(world)
    assert recover(world, path) == (0, 0)
    assert recover(world, path, missing=True) == (0, 3)
    assert recover(world, path, missing=True) == (0, 0)
    bench.drain()
    assert [json.loads(one.body)["content"] for one in sender.sent] == sent
    assert recover(world, path, missing=True) == (0, 0)


def test_what_is_missing_takes_its_place_before_what_waits(world: World, bench: Bench, sender: FakeSender) -> None:
    number = world.conversation()
    world.incoming(number, "before")
    path = subscribe(world)
    world.incoming(number, "after")
    assert recover(world, path, missing=True) == (0, 1)
    bench.drain()
    assert [json.loads(one.body)["content"] for one in sender.sent] == ["before", "after"]


def test_the_missing_are_those_of_its_subscriptions_and_since(world: World, bench: Bench, clock: Clock) -> None:
    number = world.conversation()
    world.incoming(number)
    clock.advance(s=60)
    since = clock.now / 1000
    world.incoming(number)
    path = subscribe(world, subscriptions=["message_created", "conversation_created", "delivery.exhausted"])
    assert recover(world, path, missing=True, since=since) == (0, 1)
    assert recover(world, path, missing=True) == (0, 2)
    assert [one["event"] for one in owed(world)] == ["message_created", "conversation_created", "message_created"]


def test_an_inboxs_webhook_misses_what_happened_in_its_inbox_alone(world: World, bench: Bench) -> None:
    body = {"name": "Shop", "channel": {"type": "api"}}
    other = world.http.post(f"{world.account}/inboxes", json=body, token=world.admin).json()
    there = f"/public/api/v1/inboxes/{other['inbox_identifier']}/contacts"
    world.http.post(there, json={"source_id": "dora"})
    world.http.post(f"{there}/dora/conversations")
    world.incoming(world.conversation())
    path = own_webhook(world)
    recover(world, path, missing=True)
    assert {one["inbox_id"] for one in owed(world)} == {world.inbox["id"]}
    assert {"conversation_created", "message_created"} <= {one["event"] for one in owed(world)}


def test_what_exclude_own_left_out_is_not_missing(world: World, bench: Bench, sender: FakeSender) -> None:
    path = subscribe(world, exclude_own=True)
    number = world.conversation()
    messages = f"{world.account}/conversations/{number}/messages"
    assert world.http.post(messages, json={"content": "own"}, token=world.admin).status_code == 200
    world.reply(number, "Ada's")
    assert recover(world, path, missing=True) == (0, 0)
    bench.drain()
    assert [json.loads(one.body)["content"] for one in sender.sent] == ["Ada's"]


def test_what_happened_in_another_account_is_not_missing(world: World, bench: Bench) -> None:
    world.incoming(world.conversation())
    other = world.http.post("/api/v1/accounts", json={"name": "Other"}, token=world.admin).json()["id"]
    body = {"url": "https://x.test/", "subscriptions": ["message_created"]}
    there = f"/api/v1/accounts/{other}/webhooks"
    made = world.http.post(there, json=body, token=world.admin).json()["payload"]["webhook"]["id"]
    assert recover(world, f"{there}/{made}", missing=True) == (0, 0)


# enable


def disabled(world: World, bench: Bench, sender: FakeSender) -> str:
    """A webhook that was disabled by 410, with two deliveries of a conversation pending."""
    path = subscribe(world)
    number = world.conversation()
    for _ in range(2):
        world.incoming(number)
    sender.script = [GONE]
    bench.drain()
    sender.sent.clear()
    assert health(world, path)["state"] == "disabled"
    return path


def test_a_disabled_webhook_keeps_what_is_pending_and_gets_nothing(
    world: World, bench: Bench, sender: FakeSender, clock: Clock
) -> None:
    path = disabled(world, bench, sender)
    world.incoming(world.conversation())
    clock.advance(s=86_400 * 6)
    bench.drain()
    assert sender.sent == []
    assert [one["state"] for one in owed(world)] == ["pending"] * 3
    shown = health(world, path)
    assert (shown["reason"], shown["disabled_at"]) == ("410 Gone", "2026-06-10T11:14:56.789Z")


@pytest.mark.parametrize("body", [{}, {"pending": "resume"}, {"pending": None}])
def test_enabling_resumes_with_what_is_pending(
    world: World, bench: Bench, sender: FakeSender, body: dict[str, Any]
) -> None:
    path = disabled(world, bench, sender)
    pending = [one["id"] for one in owed(world)]
    answer = world.http.post(f"{path}/enable", json=body, token=world.admin)
    assert answer.json()["payload"]["webhook"]["health"]["state"] == "ok"
    bench.drain()
    assert names(sender) == pending
    assert health(world, path) == {"state": "ok"}
    assert world.events()[-1]["event"] == "webhook.recovered"


def test_enabling_can_skip_what_is_pending(world: World, bench: Bench, sender: FakeSender) -> None:
    path = disabled(world, bench, sender)
    act(world, path, "enable", pending="skip")
    assert {(one["state"], one["last_error"]) for one in owed(world)} == {
        ("cancelled", "skipped when the webhook was enabled again")
    }
    world.incoming(world.conversation())
    bench.drain()
    assert names(sender) == [owed(world)[-1]["id"]]


def two_lines(world: World) -> None:
    """Two conversations with two messages each."""
    for _ in range(2):
        number = world.conversation()
        for _ in range(2):
            world.incoming(number)


def test_what_is_skipped_goes_in_steps_and_all_of_it_is_counted(
    world: World, bench: Bench, sender: FakeSender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "CANCELLED", 2)
    path = disabled(world, bench, sender)
    two_lines(world)
    pending = len(owed(world))
    with statements(bench.store._writer) as seen:
        assert act(world, path, "enable", pending="skip")["payload"]["owed"] == pending
    assert {one["state"] for one in owed(world)} == {"cancelled"}
    assert sum(sql.startswith("BEGIN") for sql in seen) > pending // 2


def test_another_order_is_given_in_steps(
    world: World, bench: Bench, sender: FakeSender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "_LINES", 1)
    path = disabled(world, bench, sender)
    two_lines(world)
    with statements(bench.store._writer) as seen:
        answer = world.http.patch(path, json={"ordering": "none"}, token=world.admin)
    assert (answer.status_code, answer.json()["payload"]["webhook"]["ordering"]) == (200, "none")
    assert sum(sql.startswith("BEGIN") for sql in seen) > 3
    assert len(owed(world)) == 6
    act(world, path, "enable")
    bench.drain()
    assert len(names(sender)) == 6


def test_enabling_with_another_word_is_422_and_enables_nothing(world: World, bench: Bench, sender: FakeSender) -> None:
    path = disabled(world, bench, sender)
    answer = world.http.post(f"{path}/enable", json={"pending": "drop"}, token=world.admin)
    assert (answer.status_code, answer.json()["attributes"]) == (422, ["pending"])
    assert health(world, path)["state"] == "disabled"


def test_a_webhook_that_is_told_again_that_it_is_gone_is_disabled_again(
    world: World, bench: Bench, sender: FakeSender
) -> None:
    path = disabled(world, bench, sender)
    act(world, path, "enable")
    sender.script = [GONE]
    bench.drain()
    assert health(world, path)["state"] == "disabled"
    assert [event["event"] for event in world.events()].count("webhook.disabled") == 2


def test_enabling_what_is_not_disabled_changes_nothing(world: World, bench: Bench, sender: FakeSender) -> None:
    path = subscribe(world)
    world.incoming(world.conversation())
    act(world, path, "enable")
    bench.drain()
    assert [one["state"] for one in owed(world)] == ["delivered"]


# A message sent again


def again(world: World, number: int, message_id: int, token: str | None = None) -> requests.Response:
    path = f"{world.account}/conversations/{number}/messages/{message_id}/retry"
    return world.http.post(path, token=token or world.ada)


def failed_reply(world: World, bench: Bench, sender: FakeSender, clock: Clock) -> tuple[int, Any]:
    """A reply that the inbox's webhook never took: the conversation's number and the message."""
    number = world.conversation()
    bench.drain()
    made = world.reply(number, "It left today.")
    exhaust(bench, sender, clock)
    path = f"{world.account}/conversations/{number}/messages"
    (shown,) = world.http.get(path, token=world.ada).json()["payload"]
    assert (shown["status"], shown["content_attributes"]) == ("failed", {"external_error": "500 Internal Server Error"})
    return number, made


def test_a_failed_message_is_sent_again_to_the_inboxs_webhook_alone(
    world: World, bench: Bench, sender: FakeSender, clock: Clock
) -> None:
    own_webhook(world)
    subscribe(world, subscriptions=["message_created"])
    number, made = failed_reply(world, bench, sender, clock)
    before = {one["id"] for one in owed(world)}
    answer = again(world, number, made["id"])
    shown = answer.json()
    assert answer.status_code == 200
    assert (shown["id"], shown["status"]) == (made["id"], "sent")
    assert shown["content_attributes"].get("external_error") is None
    fresh = [one for one in owed(world) if one["id"] not in before and one["event"] == "message_created"]
    assert [(one["webhook"]["kind"], one["message_id"], one["redelivery"]) for one in fresh] == [
        ("inbox", made["id"], True)
    ]
    bench.drain()
    (sent,) = [one for one in sender.sent if one.headers["webhook-id"] == fresh[0]["id"]]
    assert sent.headers["X-Inboxd-Redelivery"] == "true"
    assert (json.loads(sent.body)["event"], json.loads(sent.body)["id"]) == ("message_created", made["id"])
    others = [one for one in sender.sent if one is not sent]
    assert not [one for one in others if "X-Inboxd-Redelivery" in one.headers]
    updated = [event for event in world.events() if event["event"] == "message_updated"][-1]
    assert (updated["id"], updated["status"]) == (made["id"], "sent")


def test_a_message_sent_again_twice_is_two_deliveries(
    world: World, bench: Bench, sender: FakeSender, clock: Clock
) -> None:
    own_webhook(world)
    number = world.conversation()
    made = world.reply(number)
    bench.drain()
    sender.sent.clear()
    for _ in range(2):
        assert again(world, number, made["id"]).status_code == 200
        bench.drain()
    assert len({*names(sender)}) == len(sender.sent) == 2
    assert {json.loads(one.body)["id"] for one in sender.sent} == {made["id"]}


def test_what_is_still_owed_goes_out_at_once_and_not_twice(
    world: World, bench: Bench, sender: FakeSender, clock: Clock
) -> None:
    own_webhook(world)
    number = world.conversation()
    bench.drain()
    sender.default = FAILED
    made = world.reply(number)
    bench.attempt()
    sender.sent.clear()
    sender.default = DELIVERED
    assert again(world, number, made["id"]).status_code == 200
    bench.drain()
    assert [json.loads(one.body)["event"] for one in sender.sent].count("message_created") == 1


def test_a_deleted_message_is_not_sent_again(world: World, bench: Bench, sender: FakeSender) -> None:
    own_webhook(world)
    number = world.conversation()
    made = world.reply(number, "hunter2")
    path = f"{world.account}/conversations/{number}/messages/{made['id']}"
    world.http.delete(path, token=world.ada)
    answer = world.http.post(f"{path}/retry", token=world.ada)
    assert (answer.status_code, answer.json()["attributes"]) == (422, ["message_id"])


def test_a_failed_message_that_is_delivered_after_all_is_sent(
    world: World, bench: Bench, sender: FakeSender, clock: Clock
) -> None:
    own_webhook(world)
    number = world.conversation()
    bench.drain()
    sender.default = FAILED
    made = world.reply(number)
    for _ in range(4):
        bench.attempt()
        clock.advance(s=7200)
    messages = f"{world.account}/conversations/{number}/messages"
    shown = {one["id"]: one for one in world.http.get(messages, token=world.ada).json()["payload"]}
    assert (shown[made["id"]]["status"], shown[made["id"]]["content_attributes"]["external_error"]) == (
        "failed",
        "500 Internal Server Error",
    )
    sender.default = DELIVERED
    world.http.post(f"{world.account}/inboxes/{world.inbox['id']}/webhook/recover", token=world.admin)
    bench.drain()
    shown = {one["id"]: one for one in world.http.get(messages, token=world.ada).json()["payload"]}
    assert (shown[made["id"]]["status"], shown[made["id"]]["content_attributes"]["external_error"]) == ("sent", None)


def test_the_same_request_to_send_again_is_one_delivery(world: World, bench: Bench, sender: FakeSender) -> None:
    own_webhook(world)
    number = world.conversation()
    made = world.reply(number)
    bench.drain()
    sender.sent.clear()
    path = f"{world.account}/conversations/{number}/messages/{made['id']}/retry"
    for _ in range(2):
        assert world.http.post(path, token=world.ada, headers={"Idempotency-Key": "k"}).status_code == 200
    bench.drain()
    assert len(sender.sent) == 1


def test_a_message_whose_event_is_no_longer_kept_is_told_as_it_is_now(
    world: World, bench: Bench, sender: FakeSender, clock: Clock, app: App
) -> None:
    own_webhook(world)
    subscribe(world)
    number = world.conversation()
    made = world.reply(number, "It left today.")
    bench.drain()
    sender.sent.clear()
    app.store.write(lambda tx: tx.delete(Event, message_id=made["id"]))
    assert again(world, number, made["id"]).status_code == 200
    bench.drain()
    (sent,) = sender.sent
    assert sent.url == "https://own.test/hook"
    assert sent.headers["X-Inboxd-Redelivery"] == "true"
    assert (json.loads(sent.body)["id"], json.loads(sent.body)["content"]) == (made["id"], "It left today.")


def test_an_incoming_message_is_not_sent_again(world: World, bench: Bench, sender: FakeSender) -> None:
    own_webhook(world)
    number = world.conversation()
    made = world.incoming(number)
    bench.drain()
    sender.sent.clear()
    answer = again(world, number, made["id"])
    assert (answer.status_code, answer.json()["attributes"]) == (422, ["message_id"])
    bench.drain()
    assert sender.sent == []


def test_without_a_webhook_url_the_status_alone_is_reset(
    world: World, bench: Bench, sender: FakeSender, clock: Clock
) -> None:
    own_webhook(world)
    number, made = failed_reply(world, bench, sender, clock)
    own_webhook(world, "")
    assert again(world, number, made["id"]).json()["status"] == "sent"
    bench.drain()
    assert sender.sent == []


def test_who_may_not_see_a_message_does_not_send_it_again(world: World) -> None:
    number = world.conversation()
    made = world.reply(number)
    for token, code in ((world.admin, 404), (world.ada, 404)):
        assert again(world, number, 99, token).status_code == code
        assert again(world, 99, made["id"], token).status_code == 404
    elsewhere = world.conversation()
    assert again(world, elsewhere, made["id"]).json() == NOT_FOUND
    path = f"{world.account}/conversations/{number}/messages/{made['id']}/retry"
    answer = world.http.post(path, token=world.olga)
    assert (answer.status_code, answer.json()) == (401, NOT_ALLOWED)
    for nobody in (None, "wrong"):
        assert world.http.post(path, token=nobody).status_code == 401
    other = world.http.post("/api/v1/accounts", json={"name": "Other"}, token=world.admin).json()["id"]
    there = path.replace("/accounts/1/", f"/accounts/{other}/")
    assert world.http.post(there, token=world.admin).status_code == 404
    assert world.http.post(there, token=world.ada).status_code == 401


def test_a_live_server_brings_back_what_a_receiver_lost(live: tuple[str, str], receiver: Receiver) -> None:
    url, token = live
    desk = Client(url, token)
    inbox = desk.create_inbox("Shop", webhook_url=receiver.url)
    shop = InboxClient(url, inbox["inbox_identifier"])
    receiver.script = [status(500)]
    ann = shop.identify(identifier="user-42", name="Ann")
    conversation = shop.open_conversation(ann["source_id"])
    shop.send(ann["source_id"], conversation["id"], "hello")
    (first,) = receiver.wait_for(1)
    path = f"{url}/api/v1/accounts/1/inboxes/{inbox['id']}/webhook/recover"

    def post() -> Any:
        return requests.post(path, headers={"api_access_token": token}, timeout=20).json()

    # The failure may not be stored yet.
    assert next((resent for _ in range(1_000) if (resent := post()["resent"])), 0) == 1
    got = receiver.wait_for(2)
    assert (got[1].headers["webhook-id"], got[1].body) == (first.headers["webhook-id"], first.body)
