"""What becomes of a webhook while its receiver fails, and of everybody else meanwhile."""

import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from inboxd.delivery import dispatcher as module
from inboxd.delivery.worker import Policy
from inboxd.domain.pace import LIMIT, SPACING_MS
from inboxd.domain.retry import DAY_MS, HOUR_MS, PAUSING, Outcome
from inboxd.services import deliveries
from inboxd.services import outbox as events
from inboxd.store import outbox
from inboxd.store.db import Store, Tx
from inboxd.store.models import Event, Webhook
from tests.cast import EPOCH, Clock
from tests.delivery.bench import DELIVERED, FAILED, Bench, FakeSender, Sent, answered
from tests.store.plans import plans

A, B = "http://a.test/", "http://b.test/"


@pytest.fixture
def sender() -> FakeSender:
    return FakeSender()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    made = Store(tmp_path / "data", clock=clock, announce=lambda _: None)
    yield made
    made.close()


@pytest.fixture
def bench(store: Store, clock: Clock, sender: FakeSender) -> Iterator[Bench]:
    made = Bench(store, clock, sender)
    yield made
    made.dispatcher.stop()


def urls(sender: FakeSender) -> list[str]:
    found = [sent.url for sent in sender.sent]
    sender.sent.clear()
    return found


@pytest.mark.parametrize("code", sorted(PAUSING))
def test_an_overloaded_receiver_rests_with_all_its_conversations_and_others_do_not(
    bench: Bench, sender: FakeSender, clock: Clock, code: int
) -> None:
    hook, other = bench.hook(A), bench.hook(B)
    bench.owe(hook, 1)
    sender.script = [answered(code)]
    bench.drain()
    for conversation in (2, 3, None):
        bench.owe(hook, conversation)
    bench.owe(other, 1)
    urls(sender)
    bench.drain()
    assert urls(sender) == [B]
    assert bench.step() == 5.0

    clock.advance(s=4.999)
    bench.drain()
    assert urls(sender) == []
    clock.advance(ms=1)
    bench.drain()
    assert urls(sender) == [A] * 4
    assert bench.trouble(hook) is None


def test_after_its_rest_a_webhook_is_probed_with_one_seat(bench: Bench, sender: FakeSender, clock: Clock) -> None:
    hook = bench.hook(A)
    bench.owe(hook, 1)
    sender.default = answered(503)
    bench.drain()
    for conversation in range(2, 8):
        bench.owe(hook, conversation)
    clock.advance(s=5)
    urls(sender)

    bench.step()
    assert urls(sender) == [A]
    assert bench.due() == []
    trouble = bench.trouble(hook)
    assert trouble is not None
    # At least as long again: the probe was the second failure of the first one or the first of another.
    assert (trouble.paused_until or 0) >= clock.now + 5_000


def test_a_second_503_of_the_same_delivery_lets_the_webhook_rest_longer(
    bench: Bench, sender: FakeSender, clock: Clock
) -> None:
    hook = bench.hook(A)
    bench.owe(hook, 1)
    sender.default = answered(503)
    rests = []
    for _ in range(3):
        bench.drain()
        trouble = bench.trouble(hook)
        assert trouble is not None
        rests.append(((trouble.paused_until or 0) - clock.now) // 1000)
        clock.advance(s=rests[-1])

    assert rests == [5, 300, 1800]


def test_a_shorter_rest_does_not_end_a_longer_one(bench: Bench, sender: FakeSender, clock: Clock) -> None:
    hook = bench.hook(A)
    bench.owe(hook, 1)
    bench.owe(hook, 2)
    sender.script = [answered(429, 600), answered(503)]
    claims = [bench.claim(), bench.claim()]
    for claim in claims:
        bench.worker.send(claim)

    trouble = bench.trouble(hook)
    assert trouble is not None
    assert trouble.paused_until == clock.now + 600_000


def test_a_success_that_began_before_a_rest_was_asked_for_ends_the_failures_but_not_the_rest(
    bench: Bench, clock: Clock
) -> None:
    hook = bench.hook(A)
    for conversation in (1, 2, 3):
        bench.owe(hook, conversation)
    busy, slow = bench.claim(), bench.claim()
    bench.worker.record([(busy, answered(429, 600))], [], 0)
    clock.advance(s=1)
    bench.worker.record([(slow, Outcome(200, None, duration_ms=1_500))], [], 0)

    trouble = bench.trouble(hook)
    assert trouble is not None
    assert (trouble.paused_until, trouble.failed_count, trouble.failing_since) == (EPOCH + 600_000, 0, None)
    assert bench.due() == []


def test_a_success_that_began_after_a_rest_was_asked_for_ends_it(bench: Bench, clock: Clock) -> None:
    hook = bench.hook(A)
    for conversation in (1, 2, 3):
        bench.owe(hook, conversation)
    busy, late = bench.claim(), bench.claim()
    bench.worker.record([(busy, answered(429, 600))], [], 0)
    clock.advance(s=1)
    bench.worker.record([(late, Outcome(200, None, duration_ms=500))], [], 0)

    assert bench.trouble(hook) is None
    assert len(bench.due()) == 1


def test_the_rest_that_a_receiver_asks_for_is_kept(bench: Bench, sender: FakeSender, clock: Clock) -> None:
    hook = bench.hook(A)
    bench.owe(hook, 1)
    sender.script = [answered(429, 90)]
    bench.drain()

    assert bench.step() == 90.0
    clock.advance(s=89.999)
    assert bench.due() == []
    clock.advance(ms=1)
    assert len(bench.due()) == 1


def test_a_webhook_that_is_gone_is_disabled_keeps_what_it_is_owed_and_is_owed_more(
    bench: Bench, sender: FakeSender, clock: Clock
) -> None:
    hook = bench.hook(A, subscriptions=["contact_created"])
    first = bench.owe(hook, 1)
    sender.script = [answered(410)]
    bench.drain()
    bench.store.write(lambda tx: events.emit(tx, "contact_created", 1, {}))
    bench.owe(hook, 1)
    clock.advance(s=86_400)
    assert bench.step() is None
    assert [one.state for one in bench.deliveries(webhook_id=hook)] == ["pending"] * 3
    assert bench.told() == ["webhook.disabled"]
    assert len(urls(sender)) == 1

    bench.store.write(lambda tx: deliveries.enable(tx, bench.webhook(hook), skip=False))
    bench.drain()

    assert [one.state for one in bench.deliveries(webhook_id=hook)] == ["delivered"] * 3
    assert bench.delivery(first.id).attempt_count == 2
    assert bench.told() == ["webhook.disabled", "webhook.recovered"]


def test_a_success_that_was_under_way_does_not_enable_a_disabled_webhook(bench: Bench, sender: FakeSender) -> None:
    hook = bench.hook(A)
    bench.owe(hook, 1)
    bench.owe(hook, 2)
    claims = [bench.claim(), bench.claim()]
    sender.script = [answered(410), DELIVERED]
    for claim in claims:
        bench.worker.send(claim)

    trouble = bench.trouble(hook)
    assert trouble is not None
    assert trouble.disabled_at is not None


@pytest.mark.parametrize(("codes", "told_after"), [([401], 1), ([404], 1), ([500, 500, 500, 500], 4), ([500, 404], 2)])
def test_people_are_told_once_that_a_webhook_fails(
    bench: Bench, sender: FakeSender, clock: Clock, codes: list[int], told_after: int
) -> None:
    bench.policy = Policy((5,) * 9, lambda: 0.5)
    bench.__post_init__()
    hook = bench.hook(A)
    bench.owe(hook)
    for number, code in enumerate([*codes, 404, 500], 1):
        sender.script = [answered(code)]
        bench.drain()
        assert bench.told() == (["webhook.failing"] if number >= told_after else [])
        clock.advance(s=5)
    bench.drain()
    assert bench.told() == ["webhook.failing", "webhook.recovered"]


def test_a_webhook_that_fails_again_after_it_was_enabled_is_told_of_again(
    bench: Bench, sender: FakeSender, clock: Clock
) -> None:
    hook = bench.hook(A)
    bench.owe(hook)
    sender.default = answered(404)
    bench.drain()
    clock.advance(s=1)
    bench.store.write(lambda tx: deliveries.enable(tx, bench.webhook(hook), skip=False))
    bench.drain()
    assert bench.told() == ["webhook.failing"] * 2

    sender.default = DELIVERED
    clock.advance(s=5)
    bench.drain()
    assert bench.told() == ["webhook.failing", "webhook.failing", "webhook.recovered"]


class Failing:
    """A webhook whose deliveries fail all the time, in a server that is restarted now and then."""

    def __init__(self, directory: Path, clock: Clock, sender: FakeSender) -> None:
        self.directory, self.clock, self.sender = directory, clock, sender
        self.open()
        self.hook = self.bench.hook(A)

    def open(self) -> None:
        store = Store(self.directory, clock=self.clock, announce=lambda _: None)
        self.bench = Bench(store, self.clock, self.sender, Policy((0,) * 50, lambda: 0.5))

    def restart(self) -> None:
        self.close()
        self.open()

    def close(self) -> None:
        self.bench.dispatcher.stop()
        self.bench.store.close()

    def fail(self, count: int) -> None:
        for _ in range(count):
            self.bench.attempt()

    def disabled(self) -> bool:
        trouble = self.bench.trouble(self.hook)
        return trouble is not None and trouble.disabled_at is not None


@pytest.fixture
def failing(tmp_path: Path, clock: Clock, sender: FakeSender) -> Iterator[Failing]:
    sender.default = FAILED
    made = Failing(tmp_path / "failing", clock, sender)
    made.bench.owe(made.hook, 1)
    yield made
    made.close()


def test_nothing_but_failures_for_five_days_disables_across_restarts(failing: Failing, clock: Clock) -> None:
    for _ in range(10):
        failing.fail(1)
        failing.restart()
        clock.advance(ms=DAY_MS // 2)
    assert not failing.disabled()

    failing.fail(1)

    assert failing.disabled()
    assert failing.bench.told() == ["webhook.failing", "webhook.disabled"]


def test_ten_failures_within_five_days_and_nine_in_more_do_not_disable(failing: Failing, clock: Clock) -> None:
    failing.fail(8)
    clock.advance(ms=6 * DAY_MS)
    failing.fail(1)
    assert not failing.disabled()
    failing.fail(1)
    assert failing.disabled()


def test_a_success_in_between_starts_the_count_over(failing: Failing, clock: Clock) -> None:
    failing.fail(9)
    clock.advance(ms=4 * DAY_MS)
    failing.bench.owe(failing.hook, 2)
    failing.sender.script = [DELIVERED] * 2
    failing.bench.attempt()
    failing.bench.attempt()
    failing.restart()
    failing.bench.owe(failing.hook, 3)
    failing.fail(1)
    clock.advance(ms=2 * DAY_MS)
    failing.fail(9)
    assert not failing.disabled()
    clock.advance(ms=3 * DAY_MS)
    failing.fail(1)
    assert failing.disabled()


def test_webhooks_that_rest_or_are_disabled_hold_no_seats(bench: Bench, sender: FakeSender, clock: Clock) -> None:
    hooks = [bench.hook(f"http://{number}.test/") for number in range(20)]
    for number, hook in enumerate(hooks):
        bench.owe(hook, 1)
        sender.script = [answered(410 if number % 2 else 503)]
        bench.drain()
        for conversation in range(2, 10):
            bench.owe(hook, conversation)
    urls(sender)
    fine = bench.hook(B)
    for conversation in range(4):
        bench.owe(fine, conversation)

    bench.drain()

    assert urls(sender) == [B] * 4


def fill(store: Store, hooks: list[int], count: int) -> None:
    """Owe each webhook an event of each of so many conversations."""

    def unit(tx: Tx) -> None:
        for hook in hooks:
            webhook = tx.get(Webhook, hook)
            assert webhook is not None
            for conversation in range(1, count + 1):
                event = tx.insert(
                    Event,
                    account_id=1,
                    seq=tx.next_number(1, "event"),
                    name="message_created",
                    conversation_id=conversation,
                    payload="{}",
                )
                outbox.add(tx, event, webhook)

    store.write(unit)


def test_what_happens_now_does_not_wait_behind_a_backlog_of_twenty_thousand(
    bench: Bench, store: Store, sender: FakeSender, clock: Clock
) -> None:
    hook = bench.hook(A)
    fill(store, [hook], 20_000)
    clock.advance(s=3600)
    fresh = bench.owe(hook, 99_999)
    other = bench.owe(bench.hook(B), 1)
    most = 0

    def look(_: Sent) -> None:
        nonlocal most
        with bench.dispatcher._news:
            most = max(most, *Counter(turn.webhook_id for turn in bench.dispatcher._running).values())

    sender.during = look
    bench.step()

    assert {bench.delivery(one.id).state for one in (fresh, other)} == {"delivered"}
    assert bench.delivery(1).state == "delivered"
    assert most == module.SEATS_A_WEBHOOK
    with store.read() as tx:
        assert outbox.health(tx)["pending_deliveries"] > 10_000
    for run in (outbox.lines, lambda tx: outbox.due(tx, hook, 16)):
        scanned = [plan for plan in plans(store, run) if plan.startswith("SCAN") and "hooks" not in plan]
        assert set(scanned) <= {"SCAN t1", "SCAN CONSTANT ROW"}, scanned


def test_backlogs_of_others_hold_the_seats_for_a_turn_only(
    bench: Bench, store: Store, sender: FakeSender, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four webhooks with a backlog have all eight seats; a fifth one that has a new event gets the next."""
    monkeypatch.setattr(module, "TURN_S", 0.01)
    fill(store, [bench.hook(f"http://{number}.test/") for number in range(4)], 3_000)
    clock.advance(s=60)
    arrived = threading.Event()
    busy = threading.Event()

    def during(sent: Sent) -> None:
        if sent.url == B:
            arrived.set()
        elif len(sender.sent) > 50:
            busy.set()

    sender.during = during
    bench.dispatcher.start()
    assert busy.wait(20)
    bench.owe(bench.hook(B), 1)
    bench.dispatcher.wake()
    assert arrived.wait(20)

    with store.read() as tx:
        assert outbox.health(tx)["pending_deliveries"] > 6_000


def test_a_pause_is_at_most_an_hour_when_nobody_asked_for_more(bench: Bench, sender: FakeSender, clock: Clock) -> None:
    bench.policy = Policy((86_400,), lambda: 0.5)
    bench.__post_init__()
    hook = bench.hook(A)
    owed = bench.owe(hook, 1)
    sender.script = [answered(503)]
    bench.drain()

    trouble = bench.trouble(hook)
    assert trouble is not None
    assert trouble.paused_until == clock.now + HOUR_MS
    assert bench.delivery(owed.id).next_attempt_at == clock.now + DAY_MS


def test_a_braked_conversation_is_spaced_for_a_webhook_without_an_order_too(bench: Bench, clock: Clock) -> None:
    hook = bench.hook(A, ordering="none")
    bench.store.write(lambda tx: [tx.brake.count(1, tx.now) for _ in range(LIMIT + 1)])

    spaced, other = [bench.owe(hook, 1) for _ in range(3)], bench.owe(hook, 2)

    assert [one.next_attempt_at for one in spaced] == [EPOCH + number * SPACING_MS for number in (1, 2, 3)]
    assert other.next_attempt_at == EPOCH
