"""Events of one conversation reach one webhook in order, whatever happens to them on the way."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from inboxd.services import deliveries as work
from inboxd.store import outbox
from inboxd.store.db import Store
from inboxd.store.models import Delivery
from tests.cast import Clock
from tests.delivery.bench import DELIVERED, FAILED, Bench, FakeSender, Sent

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


def owe(bench: Bench, hook: int, conversation: int | None, *names: str) -> list[Delivery]:
    return [bench.owe(hook, conversation, name) for name in names]


def heard(sender: FakeSender) -> list[str]:
    return [sent.body.decode() for sent in sender.sent]


def resend(bench: Bench, delivery: Delivery) -> None:
    bench.store.write(lambda tx: work.resend(tx, bench.delivery(delivery.id)))


def cancel(bench: Bench, delivery: Delivery) -> None:
    bench.store.write(lambda tx: work.cancel(tx, bench.delivery(delivery.id), "enough"))


def test_the_next_one_waits_for_a_retry_and_for_the_end_of_the_schedule(
    bench: Bench, sender: FakeSender, clock: Clock
) -> None:
    hook = bench.hook(A)
    owe(bench, hook, 1, "first", "second")
    owe(bench, hook, 2, "other")
    sender.during = lambda sent: setattr(sender, "script", [DELIVERED if sent.body == b"other" else FAILED])
    for _ in range(5):
        bench.drain()
        clock.advance(s=1800)

    assert sorted(heard(sender)[:2]) == ["first", "other"]
    assert heard(sender)[2:] == ["first"] * 3 + ["second"] * 2


def test_order_holds_across_a_restart_in_the_middle_of_an_attempt(bench: Bench, sender: FakeSender) -> None:
    owe(bench, bench.hook(A), 1, "first", "second", "third")
    bench.claim()
    bench.store.write(outbox.release)
    bench.drain()

    assert heard(sender) == ["first", "second", "third"]


def test_cancelling_the_head_lets_the_next_one_go_and_one_behind_it_nothing(
    bench: Bench, sender: FakeSender, clock: Clock
) -> None:
    first, second, _ = owe(bench, bench.hook(A), 1, "first", "second", "third")
    sender.script = [FAILED]
    bench.drain()
    cancel(bench, second)
    assert bench.due() == []
    cancel(bench, first)
    bench.drain()

    assert heard(sender) == ["first", "third"]


def test_one_that_is_sent_again_goes_before_what_waits_behind_it(bench: Bench, sender: FakeSender) -> None:
    hook = bench.hook(A)
    first, second = owe(bench, hook, 1, "first", "second")
    bench.drain()
    sender.script = [FAILED]
    owe(bench, hook, 1, "third")
    bench.drain()
    resend(bench, second)
    resend(bench, first)
    bench.drain()

    assert heard(sender) == ["first", "second", "third", "first", "second", "third"]
    assert [bench.delivery(one.id).attempt_count for one in (first, second)] == [2, 2]
    assert len({sent.headers["webhook-id"] for sent in sender.sent}) == 3


@pytest.mark.parametrize("outcome", [DELIVERED, FAILED])
def test_one_that_is_sent_again_while_a_later_one_is_under_way_is_next(
    bench: Bench, sender: FakeSender, clock: Clock, outcome: object
) -> None:
    hook = bench.hook(A)
    [first] = owe(bench, hook, 1, "first")
    bench.drain()
    owe(bench, hook, 1, "second", "third")

    def again(_: Sent) -> None:
        sender.during = lambda _: None
        resend(bench, first)

    sender.during = again
    sender.script = [FAILED] if outcome is FAILED else []
    bench.drain()

    second = ["second"] if outcome is FAILED else []
    assert heard(sender) == ["first", "second", "first", *second, "third"]


def test_one_that_is_resent_while_it_is_under_way_is_not_sent_twice(bench: Bench, sender: FakeSender) -> None:
    [first] = owe(bench, bench.hook(A), 1, "first")
    sender.during = lambda _: resend(bench, first)
    bench.drain()

    assert heard(sender) == ["first"]
    assert bench.delivery(first.id).state == "delivered"


def test_one_that_was_cancelled_under_way_and_is_resent_keeps_its_numbers(bench: Bench, sender: FakeSender) -> None:
    [first] = owe(bench, bench.hook(A), 1, "first")

    def twice(_: Sent) -> None:
        sender.during = lambda _: None
        cancel(bench, first)
        resend(bench, first)

    sender.during = twice
    bench.drain()

    assert heard(sender) == ["first", "first"]
    assert [(one.number, one.error) for one in bench.attempts(first.id)] == [(1, None), (2, None)]


def test_without_ordering_nothing_waits_for_anything(bench: Bench, sender: FakeSender, clock: Clock) -> None:
    hook = bench.hook(A, ordering="none")
    first, second, third = owe(bench, hook, 1, "first", "second", "third")
    assert len(bench.due()) == 3
    sender.script = [FAILED]
    bench.drain()
    assert [bench.delivery(one.id).state for one in (first, second, third)].count("delivered") == 2
    [failed] = [one for one in (first, second, third) if bench.delivery(one.id).state == "pending"]
    resend(bench, failed)
    assert bench.due() == [failed.id]
    bench.drain()

    assert {one.state for one in bench.deliveries()} == {"delivered"}


def test_a_failure_of_one_webhook_holds_up_no_other(bench: Bench, sender: FakeSender) -> None:
    broken, fine = bench.hook(A), bench.hook(B)
    for hook in (broken, fine):
        owe(bench, hook, 1, "first", "second")

    def fail(sent: Sent) -> None:
        sender.script = [FAILED if sent.url == A else DELIVERED]

    sender.during = fail
    bench.drain()

    assert [sent.body for sent in sender.sent if sent.url == B] == [b"first", b"second"]
    assert [sent.body for sent in sender.sent if sent.url == A] == [b"first"]
