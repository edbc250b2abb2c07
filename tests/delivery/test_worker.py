import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from standardwebhooks import Webhook as Verifier

from inboxd.app import App
from inboxd.delivery import worker as module
from inboxd.delivery.sender import Sender
from inboxd.delivery.worker import Policy, record
from inboxd.domain.retry import Outcome
from inboxd.store import outbox
from inboxd.store.db import Store, Tx
from inboxd.store.models import Event, Message, Webhook
from tests.cast import EPOCH, Clock, Http, Receiver, World, build_world, status
from tests.delivery.bench import DELIVERED, FAILED, REFUSED, Bench, FakeSender


@pytest.fixture
def world(world: World) -> World:
    """Acme, whose inbox has a webhook; nothing is owed to it yet."""
    path = f"{world.account}/inboxes/{world.inbox['id']}"
    world.http.patch(path, json={"channel": {"webhook_url": "http://127.0.0.1:1/hook"}}, token=world.admin)
    return world


@pytest.fixture
def sender() -> FakeSender:
    return FakeSender()


@pytest.fixture
def bench(app: App, clock: Clock, world: World, sender: FakeSender) -> Bench:
    return Bench(app.store, clock, sender)


@pytest.fixture
def bare(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    made = Store(tmp_path / "bare", clock=clock, announce=lambda _: None)
    yield made
    made.close()


def message(bench: Bench, shown: Any) -> Message:
    with bench.store.read() as tx:
        found = tx.get(Message, shown["id"])
    assert found is not None
    return found


def test_a_delivered_event_is_done(bench: Bench, world: World) -> None:
    world.conversation()

    bench.attempt()

    [delivery] = bench.deliveries()
    assert (delivery.state, delivery.attempt_count, delivery.finished_at) == ("delivered", 1, EPOCH)
    assert (delivery.next_attempt_at, delivery.last_error) == (None, None)
    [attempt] = bench.attempts(delivery.id)
    assert (attempt.number, attempt.status_code, attempt.error, attempt.excerpt) == (1, 200, None, "ok")
    assert (attempt.started_at, attempt.duration_ms, attempt.address) == (EPOCH - 3, 3, "127.0.0.1")


def test_a_failed_attempt_waits_for_its_schedule_on_disk(
    bench: Bench, world: World, sender: FakeSender, clock: Clock
) -> None:
    sender.default = FAILED
    world.conversation()
    times = []
    for _ in range(3):
        bench.attempt()
        [delivery] = bench.deliveries()
        assert delivery.next_attempt_at is not None
        assert (delivery.state, delivery.last_error) == ("pending", "500 Internal Server Error")
        times.append(delivery.next_attempt_at - clock.now)
        clock.now = delivery.next_attempt_at - 1
        assert bench.due() == []
        clock.advance(ms=1)
        assert bench.due() == [delivery.id]
    bench.attempt()

    [delivery] = bench.deliveries()
    assert times == [5_000, 300_000, 1_800_000]
    assert (delivery.state, delivery.attempt_count, delivery.next_attempt_at) == ("exhausted", 4, None)
    assert delivery.last_error == "500 Internal Server Error"
    assert [(one.number, one.status_code) for one in bench.attempts(delivery.id)] == [
        (number, 500) for number in (1, 2, 3, 4)
    ]


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.floats(0, 1, exclude_max=True))
def test_pauses_are_spread_over_a_fifth_around_the_schedule(bare: Store, clock: Clock, chance: float) -> None:
    sender = FakeSender()
    sender.default = FAILED
    bench = Bench(bare, clock, sender, Policy((300,), lambda: chance))
    owed = bench.owe(bench.hook("http://127.0.0.1:1/"))

    bench.attempt()

    [delivery] = bench.deliveries(id=owed.id)
    assert delivery.next_attempt_at is not None
    assert 240_000 <= delivery.next_attempt_at - clock.now <= 360_000
    bare.write(lambda tx: tx.update(delivery, state="cancelled"))


def test_every_attempt_has_the_same_id_and_the_same_bytes(
    bench: Bench, world: World, sender: FakeSender, clock: Clock
) -> None:
    sender.default = FAILED
    number = world.conversation()
    for _ in range(4):
        bench.attempt()
        clock.advance(s=3600)
        world.incoming(number, "later")  # what happens meanwhile changes nothing

    assert len({sent.headers["webhook-id"] for sent in sender.sent}) == 1
    assert {sent.headers["X-Chatwoot-Delivery"] for sent in sender.sent} == {sender.sent[0].headers["webhook-id"]}
    assert len({sent.body for sent in sender.sent}) == 1
    assert json.loads(sender.sent[0].body)["event"] == "conversation_created"
    for sent in sender.sent:
        assert Verifier(world.inbox["secret"]).verify(sent.body, sent.headers)


def test_what_was_not_sent_at_all_is_tried_twice_more_at_once(
    bench: Bench, world: World, sender: FakeSender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "QUICK_TRIES_S", (0, 0))
    sender.script = [REFUSED, REFUSED]
    world.conversation()

    assert bench.attempt() == DELIVERED

    [delivery] = bench.deliveries()
    assert (delivery.state, delivery.attempt_count, len(sender.sent)) == ("delivered", 1, 3)
    assert len(bench.attempts(delivery.id)) == 1


def test_quick_tries_are_two_and_only_in_the_first_attempt(
    bench: Bench, world: World, sender: FakeSender, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "QUICK_TRIES_S", (0, 0))
    sender.default = REFUSED
    world.conversation()

    bench.attempt()
    assert len(sender.sent) == 3
    clock.advance(s=5)
    bench.attempt()
    assert len(sender.sent) == 4


def test_what_may_have_arrived_is_not_tried_at_once(bench: Bench, world: World, sender: FakeSender) -> None:
    sender.default = FAILED
    world.conversation()

    bench.attempt()

    assert len(sender.sent) == 1


def test_a_stopping_worker_makes_no_quick_tries(bench: Bench, world: World, sender: FakeSender) -> None:
    sender.default = REFUSED
    world.conversation()

    bench.worker.stop()
    bench.attempt()

    assert len(sender.sent) == 1


def test_the_quick_tries_are_for_a_receiver_that_restarts() -> None:
    assert module.QUICK_TRIES_S == (0.2, 1.0)


def delete_inbox(world: World) -> None:
    assert world.http.delete(f"{world.account}/inboxes/{world.inbox['id']}", token=world.admin).status_code == 200


def exhaust(bench: Bench, sender: FakeSender, clock: Clock) -> None:
    """Everything fails until nothing is owed any more."""
    sender.default = FAILED
    for _ in range(200):
        if not any(one.state == "pending" for one in bench.deliveries()):
            return
        bench.drain()
        clock.advance(s=10_000)
    raise AssertionError("never exhausted")


def test_an_outgoing_message_that_the_inboxs_system_never_got_is_failed(
    bench: Bench, world: World, sender: FakeSender, clock: Clock
) -> None:
    number = world.conversation()
    bench.drain()
    reply = world.reply(number, "hi")
    exhaust(bench, sender, clock)

    row = message(bench, reply)
    assert (row.status, row.content_attributes["external_error"]) == ("failed", "500 Internal Server Error")
    events = world.events()
    [updated] = [event for event in events if event["event"] == "message_updated"]
    assert (updated["id"], updated["status"]) == (reply["id"], "failed")
    assert updated["content_attributes"]["external_error"] == "500 Internal Server Error"
    changed = {name for change in updated["changed_attributes"] for name in change}
    assert {"status", "content_attributes"} <= changed


def test_a_greeting_that_the_inboxs_system_never_got_is_failed_too(
    bench: Bench, world: World, sender: FakeSender, clock: Clock
) -> None:
    values = {"greeting_enabled": True, "greeting_message": "Hello"}
    world.http.patch(f"{world.account}/inboxes/{world.inbox['id']}", json=values, token=world.admin)
    number = world.conversation()
    incoming = world.incoming(number)
    path = f"{world.account}/conversations/{number}/messages"
    greeting = world.http.get(path, token=world.admin).json()["payload"][-1]
    exhaust(bench, sender, clock)

    assert (greeting["message_type"], message(bench, greeting).status) == (3, "failed")
    assert message(bench, incoming).status == "sent"


def test_an_incoming_message_stays_what_it_is(bench: Bench, world: World, sender: FakeSender, clock: Clock) -> None:
    number = world.conversation()
    bench.drain()
    incoming = world.incoming(number)
    exhaust(bench, sender, clock)

    assert message(bench, incoming).status == "sent"
    assert "external_error" not in message(bench, incoming).content_attributes
    assert {one.state for one in bench.deliveries()} == {"delivered", "exhausted"}


def test_the_failure_of_an_account_webhook_touches_no_message(
    app: App, http: Http, admin: str, clock: Clock, sender: FakeSender
) -> None:
    world = build_world(http, admin)
    values = {"url": "http://127.0.0.1:1/account", "subscriptions": ["message_created", "message_updated"]}
    assert http.post(f"{world.account}/webhooks", json=values, token=admin).status_code == 200
    bench = Bench(app.store, clock, sender)
    reply = world.reply(world.conversation(), "hi")

    exhaust(bench, sender, clock)

    assert [one.state for one in bench.deliveries()] == ["exhausted"]
    assert message(bench, reply).status == "sent"
    assert "message_updated" not in [event["event"] for event in world.events()]


def test_a_private_note_that_the_inboxs_system_never_got_is_not_failed(
    bench: Bench, world: World, sender: FakeSender, clock: Clock
) -> None:
    number = world.conversation()
    bench.drain()
    note = world.reply(number, "for us alone", private=True)
    exhaust(bench, sender, clock)

    assert message(bench, note).status == "sent"


def test_a_message_that_arrived_is_not_failed_by_what_became_of_it_later(
    bench: Bench, world: World, sender: FakeSender, clock: Clock
) -> None:
    number = world.conversation()
    reply = world.reply(number)
    bench.drain()
    set_status(world, number, reply, status="read")
    exhaust(bench, sender, clock)

    assert {one.state for one in bench.deliveries() if bench.event_of(one).name == "message_updated"} == {"exhausted"}
    assert message(bench, reply).status == "read"


def set_status(world: World, number: int, shown: Any, **values: Any) -> None:
    path = f"{world.account}/conversations/{number}/messages/{shown['id']}"
    assert world.http.patch(path, json=values, token=world.ada).status_code == 200


@pytest.mark.parametrize(
    ("error", "after"),
    [("500 Internal Server Error", ("sent", None)), ("this number is unknown", ("failed", "this number is unknown"))],
    ids=["that of the delivery", "another"],
)
def test_a_delivery_that_arrives_after_all_mends_its_own_failure_alone(
    bench: Bench, world: World, sender: FakeSender, clock: Clock, error: str, after: tuple[str, str | None]
) -> None:
    number = world.conversation()
    bench.drain()
    reply = world.reply(number)
    sender.script = [FAILED]
    bench.attempt()
    set_status(world, number, reply, status="failed", external_error=error)
    clock.advance(s=5)
    bench.drain()

    row = message(bench, reply)
    assert {one.state for one in bench.deliveries()} == {"delivered"}
    assert (row.status, row.content_attributes.get("external_error")) == after


def test_where_a_redirect_points_is_in_the_attempt_and_told_to_nobody_else(
    bench: Bench, world: World, sender: FakeSender, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    number = world.conversation()
    bench.drain()
    reply = world.reply(number)
    error = "302 Found: redirects are not followed, update the URL to https://new.test/hook?token=s3cret"
    sender.default = Outcome(302, error, error_class="redirect")
    for _ in range(200):
        if not any(one.state == "pending" for one in bench.deliveries()):
            break
        bench.drain()
        clock.advance(s=10_000)

    told = "302 Found: redirects are not followed, update the URL"
    assert message(bench, reply).content_attributes["external_error"] == told
    assert {"webhook.failing", "delivery.exhausted"} <= set(bench.told())
    assert told in str(world.events())
    assert "s3cret" not in str(world.events())
    assert told in caplog.text
    assert "s3cret" not in caplog.text
    [owed] = [one for one in bench.deliveries(state="exhausted") if bench.event_of(one).name == "message_created"]
    path = f"{world.account}/deliveries/{owed.uuid}"
    shown = world.http.get(path, token=world.admin).json()
    assert {attempt["error"] for attempt in shown["attempts"]} == {error}
    assert world.http.get(path, token=world.ada).status_code == 401


def test_a_message_that_is_gone_fails_nobody(bench: Bench, world: World, sender: FakeSender, clock: Clock) -> None:
    world.reply(world.conversation(), "hi")
    bench.store.write(lambda tx: [tx.delete(Message, id=row.id) for row in tx.filter(Message)])

    exhaust(bench, sender, clock)

    assert {one.state for one in bench.deliveries()} == {"exhausted"}


def test_what_was_cancelled_while_it_was_sent_stays_cancelled(bench: Bench, world: World, sender: FakeSender) -> None:
    world.conversation()
    sender.during = lambda _: delete_inbox(world)

    bench.attempt()

    [delivery] = bench.deliveries()
    assert (delivery.state, delivery.last_error) == ("cancelled", "the inbox was deleted")
    [attempt] = bench.attempts(delivery.id)
    assert (attempt.status_code, attempt.excerpt) == (200, "ok")


def test_a_cancelled_delivery_is_not_tried_again_when_its_attempt_failed(
    bench: Bench, world: World, sender: FakeSender
) -> None:
    world.conversation()
    sender.default = FAILED
    sender.during = lambda _: delete_inbox(world)

    bench.attempt()

    assert [one.state for one in bench.deliveries()] == ["cancelled"]
    assert bench.due() == []


def test_what_is_wrong_on_our_side_fails_the_attempt(
    bench: Bench, world: World, sender: FakeSender, caplog: pytest.LogCaptureFixture
) -> None:
    def explode(_: object) -> None:
        raise RuntimeError("a bug")

    world.conversation()
    sender.during = explode

    bench.attempt()

    [delivery] = bench.deliveries()
    assert (delivery.state, delivery.last_error) == ("pending", "inboxd itself failed, see its log")
    assert delivery.next_attempt_at == EPOCH + 5000
    assert "a bug" in caplog.text


def test_one_wide_line_is_logged_for_each_attempt(
    bench: Bench, world: World, sender: FakeSender, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "inboxd.delivery")
    sender.default = FAILED
    world.conversation()

    bench.attempt()

    [delivery] = bench.deliveries()
    [line] = [record.getMessage() for record in caplog.records if record.name == "inboxd.delivery"]
    word, _, facts = line.partition(" ")
    assert word == "delivery.attempted"
    assert json.loads(facts) == {
        "delivery": delivery.uuid, "webhook": delivery.webhook_id, "host": "127.0.0.1", "attempt": 1,
        "state": "pending", "status": 500,
        "error": "500 Internal Server Error", "duration_ms": 3, "next_attempt_at": EPOCH + 5000,
    }  # fmt: skip


def test_a_real_receiver_gets_a_real_signature(
    app: App, http: Http, admin: str, clock: Clock, receiver: Receiver
) -> None:
    world = build_world(http, admin, receiver.url)
    bench = Bench(app.store, clock, Sender(app.config.guard))
    receiver.script = [status(503, b"busy")]
    world.conversation()

    failed = bench.attempt()
    assert (failed.status_code, failed.error, failed.excerpt) == (503, "503 Service Unavailable", "busy")
    clock.advance(s=5)
    assert bench.attempt().delivered

    first, second = receiver.received
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert Verifier(world.inbox["secret"]).verify(second.body, second.headers)


def test_interrupted_attempts_use_up_nothing_of_the_schedule(bare: Store) -> None:
    hook = bare.write(
        lambda tx: tx.insert(Webhook, account_id=1, kind="account", url="http://r.test/", secret="s" * 24)
    )

    def owe(tx: Tx) -> int:
        event = tx.insert(Event, account_id=1, seq=tx.next_number(1, "event"), name="contact_created", payload="{}")
        return outbox.add(tx, event, hook).id

    delivery_id = bare.write(owe)
    policy = Policy(schedule_s=(5,), chance=lambda: 0.5)
    for _ in range(12):
        bare.write(lambda tx: outbox.claim(tx, delivery_id))
        bare.write(outbox.release)

    def fail(tx: Tx) -> tuple[str, int | None]:
        claim = outbox.claim(tx, delivery_id)
        assert claim is not None
        return record(tx, claim, Outcome(500, "500 Internal Server Error"), policy)

    assert bare.write(fail) == ("pending", EPOCH + 5000)
    assert bare.write(fail) == ("exhausted", None)
