from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from inboxd.domain.retry import Outcome
from inboxd.store import clock as clock_store
from inboxd.store import feed as feed_store
from inboxd.store import outbox
from inboxd.store.db import Store, Tx
from inboxd.store.models import Attempt, Delivery, Event, Webhook
from inboxd.store.outbox import Claim, Line
from tests.cast import EPOCH, Clock
from tests.store.plans import plans, statements


@dataclass
class Queue:
    """A store with webhooks, and short words for what the tests do to it."""

    store: Store
    signals: list[set[str]]

    def hook(self, url: str = "http://receiver.test/") -> int:
        return self.store.write(
            lambda tx: tx.insert(Webhook, account_id=1, kind="account", url=url, secret="s" * 24)
        ).id

    def owe(self, hook: int, conversation: int | None = 1) -> int:
        def unit(tx: Tx) -> int:
            webhook = tx.get(Webhook, hook)
            assert webhook is not None
            seq = tx.next_number(1, "event")
            event = tx.insert(
                Event, account_id=1, seq=seq, name="message_created", conversation_id=conversation, payload="{}"
            )
            return outbox.add(tx, event, webhook).id

        return self.store.write(unit)

    def claim(self, delivery: int) -> Claim | None:
        return self.store.write(lambda tx: outbox.claim(tx, delivery))

    def due(self, hook: int, limit: int = 100) -> list[int]:
        with self.store.read() as tx:
            return outbox.due(tx, hook, limit)

    def lines(self) -> list[Line]:
        with self.store.read() as tx:
            return outbox.lines(tx)

    def row(self, delivery: int) -> Delivery:
        with self.store.read() as tx:
            found = tx.get(Delivery, delivery)
        assert found is not None
        return found

    def finish(self, delivery: int, state: str = "delivered") -> None:
        self.store.write(lambda tx: outbox.finish(tx, self.row(delivery), state, None))

    def attempts(self, delivery: int) -> list[Attempt]:
        with self.store.read() as tx:
            return tx.filter(Attempt, delivery_id=delivery)


@pytest.fixture
def queue(tmp_path: Path, clock: Clock) -> Iterator[Queue]:
    signals: list[set[str]] = []
    store = Store(tmp_path / "data", clock=clock, announce=signals.append)
    yield Queue(store, signals)
    store.close()


def test_only_the_head_of_a_conversation_is_due(queue: Queue) -> None:
    hook = queue.hook()
    first, _, other = queue.owe(hook, 1), queue.owe(hook, 1), queue.owe(hook, 2)

    assert queue.due(hook) == [first, other]


def test_lines_of_different_webhooks_do_not_wait_for_each_other(queue: Queue) -> None:
    one, two = queue.hook(), queue.hook()

    assert [queue.due(hook) for hook in (one, two) for _ in [queue.owe(hook), queue.owe(hook)]][0::2] == [[1], [3]]


def test_events_without_a_conversation_wait_for_nothing(queue: Queue) -> None:
    hook = queue.hook()
    owed = [queue.owe(hook, None) for _ in range(3)]

    assert queue.due(hook) == owed
    queue.finish(owed[0])
    assert queue.due(hook) == owed[1:]


@pytest.mark.parametrize("state", ["delivered", "exhausted", "cancelled"])
def test_the_end_of_one_lets_the_next_one_go(queue: Queue, clock: Clock, state: str) -> None:
    hook = queue.hook()
    first, second, third = (queue.owe(hook) for _ in range(3))
    clock.advance(s=7)
    queue.signals.clear()

    queue.finish(first, state)

    assert queue.due(hook) == [second]
    assert queue.row(second).next_attempt_at == EPOCH + 7000
    assert queue.row(third).next_attempt_at is None
    assert (queue.row(first).state, queue.row(first).finished_at) == (state, EPOCH + 7000)
    assert queue.signals == [{"deliveries"}]


def test_a_head_that_is_under_way_or_waits_for_its_retry_blocks_its_line(queue: Queue) -> None:
    hook = queue.hook()
    first = queue.owe(hook)
    queue.claim(first)
    second = queue.owe(hook)
    assert queue.due(hook) == []

    queue.store.write(lambda tx: tx.update(queue.row(first), state="pending", next_attempt_at=tx.now + 5000))
    queue.owe(hook)
    assert queue.due(hook) == []
    queue.finish(first)
    assert queue.due(hook) == [second]


def test_a_line_that_ran_empty_begins_anew(queue: Queue) -> None:
    hook = queue.hook()
    queue.finish(queue.owe(hook))

    following = queue.owe(hook)

    assert queue.due(hook) == [following]


def test_the_end_of_one_in_the_middle_moves_nothing_before_it(queue: Queue) -> None:
    hook = queue.hook()
    first, second, third = (queue.owe(hook) for _ in range(3))

    queue.finish(second, "cancelled")

    assert queue.due(hook) == [first]
    queue.finish(first)
    assert queue.due(hook) == [third]


def test_the_longest_due_comes_first_and_no_more_than_asked(queue: Queue, clock: Clock) -> None:
    hook = queue.hook()
    owed = []
    for conversation in range(5):
        owed.append(queue.owe(hook, conversation))
        clock.advance(ms=-1 if conversation == 2 else 1)

    assert queue.due(hook, 3) == owed[:3]


def test_what_is_due_later_is_not_due_now(queue: Queue, clock: Clock) -> None:
    hook = queue.hook()
    delivery = queue.owe(hook)
    queue.store.write(lambda tx: tx.update(queue.row(delivery), next_attempt_at=tx.now + 1))

    assert queue.due(hook) == []
    assert queue.lines() == [Line(hook, EPOCH + 1)]
    clock.advance(ms=1)
    assert queue.due(hook) == [delivery]


def test_a_claim_is_for_one_alone(queue: Queue) -> None:
    delivery = queue.owe(queue.hook("http://receiver.test/hook"))

    claims = [queue.claim(delivery) for _ in range(3)]

    assert claims[1:] == [None, None]
    assert claims[0] == Claim(
        delivery, queue.row(delivery).uuid, 1, 1, "http://receiver.test/hook", ("s" * 24,), {}, b"{}"
    )  # fmt: skip
    assert (queue.row(delivery).state, queue.row(delivery).attempt_count) == ("sending", 1)


def test_a_claim_that_was_not_tried_is_given_back_as_if_never_taken(queue: Queue) -> None:
    delivery = queue.owe(queue.hook())
    claim = queue.claim(delivery)
    assert claim is not None
    queue.store.write(lambda tx: outbox.give_back(tx, claim))
    assert (queue.row(delivery).state, queue.row(delivery).attempt_count) == ("pending", 0)
    again = queue.claim(delivery)
    assert again is not None
    assert again.number == 1
    assert queue.due(1) == []


def test_a_claim_that_was_cancelled_before_it_was_tried_counts_as_no_attempt(queue: Queue) -> None:
    delivery = queue.owe(queue.hook())
    claim = queue.claim(delivery)
    assert claim is not None
    queue.store.write(lambda tx: outbox.cancel(tx, claim.webhook_id, "the webhook was deleted"))
    assert [(one.number, one.error) for one in queue.attempts(delivery)] == [(1, "interrupted")]

    queue.store.write(lambda tx: outbox.give_back(tx, claim))

    assert (queue.row(delivery).state, queue.row(delivery).attempt_count) == ("cancelled", 0)
    assert queue.attempts(delivery) == []


def test_what_waits_behind_another_cannot_be_claimed(queue: Queue) -> None:
    hook = queue.hook()
    queue.owe(hook)

    assert queue.claim(queue.owe(hook)) is None


def owe_again(queue: Queue, delivery: int) -> int:
    def unit(tx: Tx) -> int:
        row = queue.row(delivery)
        event, webhook = tx.get(Event, row.event_id), tx.get(Webhook, row.webhook_id)
        assert event is not None
        assert webhook is not None
        return outbox.add(tx, event, webhook, redelivery=True).id

    return queue.store.write(unit)


def test_an_older_event_that_is_owed_again_goes_before_a_newer_one_that_waits_for_its_retry(queue: Queue) -> None:
    hook = queue.hook()
    old, newer = queue.owe(hook), queue.owe(hook)
    queue.finish(old)
    queue.store.write(lambda tx: tx.update(queue.row(newer), next_attempt_at=tx.now + 86_400_000))

    again = owe_again(queue, old)

    assert queue.due(hook) == [again]
    queue.finish(again)
    assert queue.due(hook) == [newer]


@pytest.mark.parametrize("ordering", ["conversation", "none"])
def test_what_fails_while_an_older_one_was_put_before_it_lets_that_go_first(queue: Queue, ordering: str) -> None:
    hook = queue.hook()
    queue.store.write(lambda tx: tx.update(tx.filter(Webhook)[0], ordering=ordering))
    old, newer = queue.owe(hook), queue.owe(hook)
    queue.finish(old)
    claim = queue.claim(newer)
    assert claim is not None
    again = owe_again(queue, old)
    assert queue.due(hook) == ([] if ordering == "conversation" else [again])

    queue.store.write(lambda tx: outbox.put_back(tx, queue.row(newer), tx.now))

    assert queue.due(hook) == ([again] if ordering == "conversation" else [newer, again])


def test_a_crash_while_an_older_one_was_put_before_it_lets_that_go_first(queue: Queue) -> None:
    hook = queue.hook()
    old, newer = queue.owe(hook), queue.owe(hook)
    queue.finish(old)
    queue.claim(newer)
    again = owe_again(queue, old)

    queue.store.write(outbox.release)

    assert queue.due(hook) == [again]
    queue.finish(again)
    assert queue.due(hook) == [newer]


def test_what_was_finished_cannot_be_claimed(queue: Queue) -> None:
    delivery = queue.owe(queue.hook())
    queue.finish(delivery, "cancelled")

    assert queue.claim(delivery) is None
    assert queue.claim(999) is None
    assert queue.attempts(delivery) == []


def test_what_is_owed_to_nobody_is_cancelled_and_lets_the_next_one_go(queue: Queue) -> None:
    hook = queue.hook()
    first, second = queue.owe(hook), queue.owe(hook)
    queue.store.write(lambda tx: tx.update(tx.filter(Webhook)[0], url=""))

    assert queue.claim(first) is None
    assert (queue.row(first).state, queue.row(first).last_error) == (
        "cancelled",
        "the webhook is gone or has no URL",
    )
    assert (queue.row(first).attempt_count, queue.attempts(first)) == (0, [])
    assert queue.due(hook) == [second]


def test_after_a_crash_what_was_under_way_is_due_again(queue: Queue, clock: Clock) -> None:
    hook = queue.hook()
    first, second, other = queue.owe(hook), queue.owe(hook), queue.owe(hook, 2)
    claimed = queue.claim(first)
    assert claimed is not None
    clock.advance(s=9)
    queue.signals.clear()

    assert queue.store.write(outbox.release) == 1

    assert queue.due(hook) == [other, first]
    assert queue.row(second).next_attempt_at is None
    assert [(one.number, one.error) for one in queue.attempts(first)] == [(1, "interrupted")]
    assert queue.signals == [{"deliveries"}]
    again = queue.claim(first)
    assert again is not None
    assert (again.uuid, again.body, again.number) == (claimed.uuid, claimed.body, 2)
    queue.store.write(outbox.release)
    queue.signals.clear()
    assert queue.store.write(outbox.release) == 0
    assert queue.signals == []


def test_all_that_a_webhook_is_owed_is_cancelled_at_once(queue: Queue, clock: Clock) -> None:
    hook, other = queue.hook(), queue.hook()
    done, under_way, blocked, apart = (queue.owe(hook, number) for number in (1, 2, 2, None))
    kept = queue.owe(other)
    queue.finish(done)
    queue.claim(under_way)
    clock.advance(s=3)

    with statements(queue.store._writer) as seen:
        queue.store.write(lambda tx: outbox.cancel(tx, hook, "the webhook was deleted"))

    assert len([sql for sql in seen if sql.startswith("UPDATE")]) == 1
    assert [(one.number, one.error) for one in queue.attempts(under_way)] == [(1, "interrupted")]
    for delivery in (under_way, blocked, apart):
        row = queue.row(delivery)
        assert (row.state, row.last_error, row.next_attempt_at) == ("cancelled", "the webhook was deleted", None)
        assert row.finished_at == row.updated_at == EPOCH + 3000
    assert (queue.row(done).state, queue.row(kept).state) == ("delivered", "pending")
    assert queue.lines() == [Line(other, EPOCH)]


def test_what_a_webhook_is_owed_is_cancelled_by_id_and_every_line_keeps_a_head(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook, other = queue.hook(), queue.hook()
    monkeypatch.setattr(outbox, "CANCELLED", 2)
    owed = [queue.owe(hook, number) for number in (1, 2, 1, 2, 1)]
    kept = queue.owe(other)
    with queue.store.read() as tx:
        batches = outbox.backlog(tx, hook)
    assert batches == [[owed[4], owed[3]], [owed[2], owed[1]], [owed[0]]]

    # As after a redelivery, whose place in its line is before that of older ones.
    heads = [owed[0], owed[1], kept]
    assert queue.store.write(lambda tx: outbox.cancel(tx, hook, "gone", heads)) == 2
    assert [queue.row(one).state for one in (*owed, kept)] == ["cancelled"] * 2 + ["pending"] * 4
    assert queue.due(hook) == [owed[2], owed[3]]
    left = [queue.store.write(partial(outbox.cancel, webhook_id=hook, reason="gone", batch=ids)) for ids in batches]
    assert left == [2, 1, 0]
    assert queue.due(hook) == []
    assert queue.due(other) == [kept]


def test_every_webhook_with_something_pending_is_a_line(queue: Queue, clock: Clock) -> None:
    hooks = [queue.hook() for _ in range(12)]
    for hook in hooks[::2]:
        for conversation in range(3):
            queue.owe(hook, conversation)
        clock.advance(ms=1)
    under_way = queue.owe(hooks[1])
    queue.claim(under_way)
    queue.finish(queue.owe(hooks[3]))

    assert queue.lines() == [Line(hook, EPOCH + number) for number, hook in enumerate(hooks[::2])]


def test_no_webhook_no_line(queue: Queue) -> None:
    assert queue.lines() == []


def test_an_outcome_is_kept_as_an_attempt(queue: Queue) -> None:
    delivery = queue.owe(queue.hook())
    queue.claim(delivery)
    outcome = Outcome(503, "503 Service Unavailable", "busy", 12, "127.0.0.1")

    queue.store.write(lambda tx: outbox.record(tx, delivery, 1, outcome))

    [attempt] = queue.attempts(delivery)
    assert (attempt.status_code, attempt.error, attempt.excerpt, attempt.duration_ms, attempt.address) == (
        503, "503 Service Unavailable", "busy", 12, "127.0.0.1",
    )  # fmt: skip


def test_the_feed_pages_through_events_and_says_how_far_it_looked(queue: Queue) -> None:
    hook = queue.hook()
    for conversation in (1, None, 1, 1):
        queue.owe(hook, conversation)

    def feed(after: int, limit: int, types: list[str]) -> tuple[list[int], int]:
        with queue.store.read() as tx:
            found, complete = feed_store.page(tx, 1, after=after, types=types, inbox_id=None, limit=limit)
        return [event.seq for event in found], complete

    assert feed(0, 3, []) == ([1, 2, 3], 3)
    assert feed(3, 3, []) == ([4], 4)
    assert feed(4, 3, []) == ([], 4)
    assert feed(0, 3, ["contact_created"]) == ([], 4)
    assert feed(99, 3, []) == ([], 99)


def test_who_asks_the_feed_for_its_end_reads_no_event(queue: Queue) -> None:
    queue.owe(queue.hook())
    with queue.store.read() as tx, statements(tx._connection) as seen:
        assert feed_store.page(tx, 1, after=0, types=[], inbox_id=0, limit=100) == ([], 1)
    assert not any('"events"' in sql for sql in seen)


def test_health_counts_what_is_owed_and_what_was_given_up_in_a_day(queue: Queue, clock: Clock) -> None:
    hook = queue.hook()
    old = queue.owe(hook, 1)
    queue.finish(old, "exhausted")
    clock.advance(s=86_400)
    queue.finish(queue.owe(hook, 2), "exhausted")
    queue.owe(hook, 3)
    clock.advance(s=30)
    queue.claim(queue.owe(hook, 4))

    with queue.store.read() as tx:
        assert outbox.health(tx) == {
            "pending_deliveries": 2,
            "oldest_pending_s": 30,
            "exhausted_24h": 1,
            "paused_webhooks": 0,
            "disabled_webhooks": 0,
        }


@pytest.mark.parametrize("analysed", [False, True])
def test_the_queue_never_scans_its_tables(queue: Queue, analysed: bool) -> None:
    hook = queue.hook()
    owed = [queue.owe(hook, number % 7) for number in range(50)]
    for delivery in owed[:30]:
        queue.finish(delivery, "exhausted" if delivery % 2 else "delivered")
    if analysed:
        queue.store._writer.execute("ANALYZE")

    with queue.store.read() as tx:
        event, webhook = tx.filter(Event)[0], tx.filter(Webhook)[0]

    uses = {
        "due": (lambda tx: outbox.due(tx, hook, 2), "deliveries_due"),
        "lines": (outbox.lines, "deliveries_due"),
        "claim": (lambda tx: outbox.claim(tx, owed[35]), "PRIMARY KEY"),
        "release": (outbox.release, "deliveries_sending"),
        "add": (lambda tx: outbox.add(tx, event, webhook), "deliveries_line"),
        "finish": (lambda tx: outbox.finish(tx, queue.row(owed[40]), "delivered", None), "deliveries_line"),
        "health": (outbox.health, "deliveries_exhausted"),
        "follow_clock": (lambda tx: clock_store.follow(tx, -100_000), "deliveries_due"),
        "follow_clock ahead": (lambda tx: clock_store.follow(tx, 100_000), "deliveries_due"),
        "catch_up_clock": (clock_store.catch_up, "deliveries_due"),
        "put_back": (lambda tx: outbox.put_back(tx, queue.row(owed[36]), tx.now), "deliveries_line"),
        "cancel some": (lambda tx: outbox.cancel(tx, hook, "gone", owed[:9]), "PRIMARY KEY"),
        "backlog": (lambda tx: outbox.backlog(tx, hook), "deliveries_line (webhook_id=?)"),
        "cancel": (lambda tx: outbox.cancel(tx, hook, "gone"), "deliveries_line"),
    }  # fmt: skip
    for name, (run, index) in uses.items():
        found = [plan for plan in plans(queue.store, run) if " VIRTUAL TABLE " not in plan]
        assert any(index in plan for plan in found), (name, found)
        for plan in found:
            # "SCAN hooks" is the recursion of `lines` over what it has found itself; "t1" in it is the handful
            # of webhooks that something is wrong with.
            whole = plan.startswith("SCAN") and not any(
                bounded in plan for bounded in ("deliveries_line", "deliveries_due", "SCAN hooks", "CONSTANT ROW")
            )
            whole = whole and (name, plan) not in {("lines", "SCAN t1"), ("health", "SCAN t1")}
            # A clock is set once in a while: all webhooks and their troubles may be looked at then.
            whole = whole and not ("clock" in name and plan in ("SCAN t1", "SCAN troubles", "SCAN webhooks"))
            assert not whole, (name, plan)
