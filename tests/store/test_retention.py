from collections.abc import Iterator
from pathlib import Path

import pytest

from inboxd.domain.retry import DAY_MS
from inboxd.services import deliveries
from inboxd.store import feed, outbox, retention
from inboxd.store.db import Store, Tx
from inboxd.store.models import Attempt, Delivery, Event
from tests.cast import EPOCH, Clock
from tests.delivery.bench import DELIVERED, FAILED, Bench, FakeSender
from tests.store.plans import plans


@pytest.fixture
def bench(tmp_path: Path, clock: Clock) -> Iterator[Bench]:
    store = Store(tmp_path / "data", clock=clock, announce=lambda _: None)
    made = Bench(store, clock, FakeSender())
    yield made
    made.dispatcher.stop()
    store.close()


def post(bench: Bench, hook: int | None = None, conversation: int | None = None) -> Event:
    def unit(tx: Tx) -> Event:
        seq = tx.next_number(1, "event")
        event = tx.insert(
            Event, account_id=1, seq=seq, name="message_created", conversation_id=conversation, payload="{}"
        )
        if hook is not None:
            outbox.add(tx, event, bench.webhook(hook))
        return event

    return bench.store.write(unit)


def expire(bench: Bench, before: int) -> int:
    return bench.store.write(lambda tx: deliveries.expire(tx, before, 30))


def seqs(bench: Bench) -> list[int]:
    with bench.store.read() as tx:
        return [event.seq for event in tx.filter(Event)]


def test_old_events_go_with_their_deliveries_and_attempts_and_younger_ones_stay(bench: Bench, clock: Clock) -> None:
    hook = bench.hook("http://a.test/")
    for _ in range(3):
        post(bench, hook, 1)
    clock.advance(ms=1)
    for _ in range(2):
        post(bench, hook, 2)
    bench.drain()

    assert expire(bench, EPOCH + 1) == 3

    assert seqs(bench) == [4, 5]
    assert [one.id for one in bench.deliveries()] == [4, 5]
    with bench.store.read() as tx:
        assert [one.delivery_id for one in tx.filter(Attempt)] == [4, 5]
        assert feed.oldest_seq(tx, 1) == 4
    assert expire(bench, EPOCH + 1) == 0


def test_batches_follow_the_order_of_the_feed(bench: Bench, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 3)
    for _ in range(7):
        post(bench)

    left = []
    while expire(bench, EPOCH + 1):
        left.append(seqs(bench))
    assert left == [[4, 5, 6, 7], [7], []]
    with bench.store.read() as tx:
        assert feed.oldest_seq(tx, 1) == 8


def test_an_event_of_a_clock_that_ran_ahead_leaves_no_gap(bench: Bench, clock: Clock) -> None:
    post(bench)
    clock.advance(s=26 * 3600)
    post(bench)
    clock.advance(s=-26 * 3600)
    post(bench)
    clock.advance(s=1)
    post(bench)

    assert expire(bench, EPOCH + 1) == 3
    assert seqs(bench) == [4]


def test_what_was_still_owed_is_counted_and_what_waited_behind_it_goes_on(bench: Bench, clock: Clock) -> None:
    hook, other = bench.hook("http://a.test/"), bench.hook("http://b.test/")
    bench.sender.default = FAILED  # type: ignore[attr-defined]
    for one in (hook, other):
        post(bench, one, 1)
        post(bench, one, 1)
    bench.drain()
    clock.advance(s=1)
    young = [post(bench, one, 1) for one in (hook, other)]

    assert expire(bench, EPOCH + 1) == 4

    bench.sender.default = DELIVERED  # type: ignore[attr-defined]
    bench.drain()
    assert [(one.event_id, one.state) for one in bench.deliveries()] == [(one.id, "delivered") for one in young]


def test_a_delivery_that_is_under_way_may_expire(bench: Bench, clock: Clock) -> None:
    post(bench, bench.hook("http://a.test/"), 1)
    claim = bench.claim()
    assert expire(bench, EPOCH + DAY_MS) == 1

    bench.worker.send(claim)

    assert bench.deliveries() == []
    with bench.store.read() as tx:
        assert tx.filter(Attempt) == []


def test_expiring_scans_no_table(bench: Bench, clock: Clock) -> None:
    hook = bench.hook("http://a.test/")
    for number in range(20):
        post(bench, hook, number % 3)
    found = plans(bench.store, lambda tx: deliveries.expire(tx, EPOCH + 1, 30))

    assert found
    assert [plan for plan in found if plan.startswith("SCAN") and "USING" not in plan] in ([], ["SCAN t1"])
    with bench.store.read() as tx:
        assert tx.filter(Delivery) == []
