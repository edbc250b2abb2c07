import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from inboxd.delivery import dispatcher as module
from inboxd.delivery.dispatcher import SEATS_A_WEBHOOK, Dispatcher
from inboxd.delivery.sender import Sender
from inboxd.delivery.worker import Policy, Worker
from inboxd.domain.addresses import parse_guard
from inboxd.domain.errors import StorageFull
from inboxd.domain.retry import Outcome
from inboxd.services import deliveries as work
from inboxd.store import outbox
from inboxd.store.db import Store, Tx
from inboxd.store.models import Delivery, Event, Webhook
from tests.cast import Clock, Received, Receiver, status
from tests.delivery.bench import DELIVERED, FAILED, Bench, FakeSender, Sent

LOCAL = parse_guard("", allow_loopback=True)


class Gate(FakeSender):
    """Attempts at the URLs in `closed` hang until the gate opens."""

    def __init__(self) -> None:
        super().__init__()
        self.closed: set[str] = set()
        self.busy: defaultdict[str, int] = defaultdict(int)
        self.most: defaultdict[str, int] = defaultdict(int)
        self._open = threading.Condition()
        self.during = self._wait

    def _wait(self, sent: Sent) -> None:
        with self._open:
            self.busy[sent.url] += 1
            self.most[sent.url] = max(self.most[sent.url], self.busy[sent.url])
            self._open.notify_all()
            assert self._open.wait_for(lambda: sent.url not in self.closed, 20)
            self.busy[sent.url] -= 1

    def open(self, *urls: str) -> None:
        with self._open:
            self.closed -= set(urls) or set(self.closed)
            self._open.notify_all()

    def wait_busy(self, count: int) -> None:
        with self._open:
            assert self._open.wait_for(lambda: sum(self.busy.values()) >= count, 20), dict(self.busy)


@pytest.fixture
def woken() -> list[set[str]]:
    return []


@pytest.fixture
def store(tmp_path: Path, clock: Clock, woken: list[set[str]]) -> Iterator[Store]:
    made = Store(tmp_path / "data", clock=clock, announce=woken.append)
    yield made
    made.close()


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate()
    yield made
    made.open()


@pytest.fixture
def bench(store: Store, clock: Clock, gate: Gate) -> Iterator[Bench]:
    made = Bench(store, clock, gate)
    yield made
    gate.open()
    made.dispatcher.stop()


def test_a_step_with_nothing_to_do_says_that_nothing_is_pending(bench: Bench) -> None:
    assert bench.step() is None


def test_a_step_hands_out_what_is_due_and_says_how_long_to_rest(bench: Bench, gate: Gate, clock: Clock) -> None:
    hook = bench.hook("http://a.test/")
    bench.owe(hook)
    gate.script = [FAILED]

    assert bench.step() == 0.0
    assert bench.step() == 5.0
    clock.advance(s=4)
    assert bench.step() == 1.0
    assert len(gate.sent) == 1
    clock.advance(s=1)
    assert bench.step() == 0.0
    assert bench.step() is None
    assert len(gate.sent) == 2


def test_order_holds_in_each_conversation_through_failures(bench: Bench, gate: Gate, clock: Clock) -> None:
    hooks = [bench.hook(f"http://{name}.test/") for name in "ab"]
    for number in range(5):
        for hook in hooks:
            for conversation in (1, 2, 3):
                bench.owe(hook, conversation, f'{{"hook":{hook},"conversation":{conversation},"number":{number}}}')
    gate.script = [FAILED, DELIVERED, FAILED, FAILED, DELIVERED, FAILED, FAILED, FAILED, FAILED] * 3
    for _ in range(100):
        bench.drain()
        clock.advance(s=1800)
        if not any(one.state == "pending" for one in bench.deliveries()):
            break

    lines: defaultdict[tuple[str, bytes], list[bytes]] = defaultdict(list)
    for sent in gate.sent:
        head, _, last = sent.body.rpartition(b",")
        lines[sent.url, head].append(last)
    assert len(lines) == 6
    for numbers in lines.values():
        assert numbers == sorted(numbers)
        assert len(set(numbers)) == 5
    assert {one.state for one in bench.deliveries()} <= {"delivered", "exhausted"}


def test_other_conversations_pass_one_that_waits_for_its_retry(bench: Bench, gate: Gate) -> None:
    hook = bench.hook("http://a.test/")
    first, behind, other = bench.owe(hook, 1), bench.owe(hook, 1), bench.owe(hook, 2)
    gate.script = [FAILED]
    bench.drain()

    assert [bench.deliveries(id=one.id)[0].state for one in (first, behind, other)].count("delivered") == 1
    assert bench.deliveries(id=behind.id)[0].attempt_count == 0


def test_a_webhook_has_at_most_two_seats(bench: Bench, gate: Gate) -> None:
    url = "http://a.test/"
    gate.closed = {url}
    hook = bench.hook(url)
    for conversation in range(6):
        bench.owe(hook, conversation)

    bench.dispatcher.step()
    gate.wait_busy(SEATS_A_WEBHOOK)
    assert bench.dispatcher.step() is None
    assert [one.state for one in bench.deliveries()] == ["sending"] * 2 + ["pending"] * 4

    gate.open()
    bench.settle()
    bench.drain()
    assert gate.most[url] == SEATS_A_WEBHOOK == 2
    assert {one.state for one in bench.deliveries()} == {"delivered"}


def test_a_webhook_that_has_not_answered_yet_has_one_seat(bench: Bench, gate: Gate) -> None:
    url = "http://a.test/"
    gate.closed = {url}
    hook = bench.new_hook(url)
    for conversation in range(6):
        bench.owe(hook, conversation)

    bench.dispatcher.step()
    gate.wait_busy(1)

    assert bench.dispatcher.step() is None
    assert [one.state for one in bench.deliveries()] == ["sending"] + ["pending"] * 5


def test_a_webhook_has_its_second_seat_once_it_took_a_delivery(bench: Bench, gate: Gate) -> None:
    url = "http://a.test/"
    hook = bench.new_hook(url)
    bench.owe(hook, 1)
    bench.step()
    gate.closed = {url}
    for conversation in range(2, 8):
        bench.owe(hook, conversation)

    bench.dispatcher.step()
    gate.wait_busy(SEATS_A_WEBHOOK)

    assert bench.dispatcher.step() is None
    assert [one.state for one in bench.deliveries()].count("sending") == SEATS_A_WEBHOOK


def test_nothing_is_claimed_without_a_seat(bench: Bench, gate: Gate) -> None:
    hooks = [bench.hook(f"http://{number}.test/") for number in range(10)]
    gate.closed = {f"http://{number}.test/" for number in range(10)}
    for hook in hooks:
        bench.owe(hook)

    bench.dispatcher.step()
    gate.wait_busy(8)
    # In a second at the latest those that hang make room.
    assert 0 < (bench.dispatcher.step() or 0) < 1.1
    assert [one.state for one in bench.deliveries()] == ["sending"] * 8 + ["pending"] * 2


def test_a_hanging_receiver_does_not_delay_another(bench: Bench, gate: Gate) -> None:
    slow, fast = bench.hook("http://slow.test/"), bench.hook("http://fast.test/")
    gate.closed = {"http://slow.test/"}
    for conversation in range(20):
        bench.owe(slow, conversation)
    owed = bench.owe(fast, 1)

    bench.dispatcher.step()
    gate.wait_busy(2)
    with bench.dispatcher._news:
        assert bench.dispatcher._news.wait_for(
            lambda: fast not in {turn.webhook_id for turn in bench.dispatcher._running}, 20
        )

    assert bench.deliveries(id=owed.id)[0].state == "delivered"


def test_receivers_known_to_hang_take_no_seat(
    bench: Bench, gate: Gate, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SLOW_S", 0.0)
    urls = [f"http://{number}.test/" for number in range(10)]
    hooks = [bench.hook(url) for url in urls]
    gate.default = FAILED
    for hook in hooks:
        bench.owe(hook, 1)
        bench.owe(hook, 2)
    bench.drain()
    assert bench.dispatcher._slow == set(hooks)
    monkeypatch.setattr(module, "SLOW_S", 1.0)
    gate.closed = set(urls)
    clock.advance(s=10)

    bench.dispatcher.step()
    gate.wait_busy(20)
    gate.default = DELIVERED
    owed = bench.owe(bench.hook("http://healthy.test/"))
    bench.dispatcher.step()
    with bench.dispatcher._news:
        assert bench.dispatcher._news.wait_for(lambda: len(bench.dispatcher._running) == 20, 20)

    assert bench.deliveries(id=owed.id)[0].state == "delivered"
    gate.open()
    bench.settle()
    bench.drain()
    assert {one.state for one in bench.deliveries()} == {"delivered"}
    assert bench.dispatcher._slow == set()


def test_new_receivers_that_hang_with_much_to_send_leave_seats_for_others(
    bench: Bench, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SLOW_S", 0.0)
    urls = [f"http://{number}.test/" for number in range(8 * module.SLOW_LANE)]
    gate.closed = set(urls)
    for url in urls:
        hook = bench.new_hook(url)
        for conversation in range(3):
            bench.owe(hook, conversation)
    for _ in range(module.SLOW_LANE + 1):
        bench.dispatcher.step()
    gate.wait_busy(len(urls))
    owed = bench.owe(bench.new_hook("http://healthy.test/"))

    bench.dispatcher.step()
    with bench.dispatcher._news:
        assert bench.dispatcher._news.wait_for(lambda: len(bench.dispatcher._running) == len(urls), 20)

    assert bench.delivery(owed.id).state == "delivered"


def test_when_the_slow_lane_is_full_who_hangs_keeps_a_seat(
    bench: Bench, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SLOW_LANE", 1)
    monkeypatch.setattr(module, "SLOW_S", 0.0)
    urls = [f"http://{number}.test/" for number in range(20)]
    gate.closed = set(urls)
    for url in urls:
        bench.owe(bench.hook(url))

    for _ in range(4):
        bench.dispatcher.step()
    gate.wait_busy(16)

    assert bench.dispatcher.step() is None
    assert [one.state for one in bench.deliveries()].count("sending") == 16
    gate.open()
    bench.settle()
    bench.drain()


def test_a_new_receiver_is_served_within_two_seconds_beside_more_hanging_ones_than_seats(
    store: Store, clock: Clock, receiver: Receiver
) -> None:
    over = threading.Event()

    def hang(handler: BaseHTTPRequestHandler, got: Received) -> None:
        over.wait(20)
        status(200)(handler, got)

    hanging = Receiver(default=hang)
    bench = Bench(store, clock, Sender(LOCAL), threads=4)
    for number in range(6):
        bench.owe(bench.hook(f"{hanging.url}/{number}"), 1)
    bench.dispatcher.start()
    hanging.wait_for(4)
    bench.owe(bench.hook(receiver.url), 1)
    committed = time.monotonic()
    bench.dispatcher.wake()
    [arrived] = receiver.wait_for(1)
    hanging.wait_for(6)
    over.set()
    bench.dispatcher.stop()
    hanging.close()

    assert arrived.at - committed < 2


def test_nine_receivers_are_served_promptly_beside_one_that_hangs(
    store: Store, clock: Clock, receiver: Receiver
) -> None:
    over = threading.Event()

    def hang(handler: BaseHTTPRequestHandler, got: Received) -> None:
        over.wait(20)
        status(200)(handler, got)

    hanging = Receiver(default=hang)
    bench = Bench(store, clock, Sender(LOCAL))
    stuck = bench.hook(hanging.url)
    hooks = [bench.hook(f"{receiver.url}/{number}") for number in range(9)]
    for conversation in range(20):
        bench.owe(stuck, conversation)
    bench.dispatcher.start()
    hanging.wait_for(2)
    for conversation in range(20):
        for hook in hooks:
            bench.owe(hook, conversation)
    committed = time.monotonic()
    bench.dispatcher.wake()
    arrived = receiver.wait_for(180)
    over.set()
    bench.dispatcher.stop()
    hanging.close()

    assert max(got.at for got in arrived) - committed < 4
    assert Counter(got.path for got in arrived) == {f"/hook/{number}": 20 for number in range(9)}


def test_the_seat_goes_to_who_had_none_for_the_longest_time(store: Store, clock: Clock, gate: Gate) -> None:
    bench = Bench(store, clock, gate, threads=1)
    hooks = [bench.hook(f"http://{name}.test/") for name in "abc"]
    for hook in hooks:
        bench.owe(hook, 1)
        bench.owe(hook, 2)
        clock.advance(ms=1)
    gate.during = lambda sent: setattr(gate, "script", [FAILED])
    for _ in range(6):
        bench.step()

    assert [sent.url[7] for sent in gate.sent] == ["a", "b", "c"] * 2
    bench.dispatcher.stop()


def test_a_jump_that_could_not_be_stored_is_followed_at_the_next_step(
    bench: Bench, store: Store, gate: Gate, clock: Clock
) -> None:
    bench.dispatcher._steady = lambda: 0
    bench.dispatcher._offset = clock()
    gate.script = [FAILED]
    owed = bench.owe(bench.hook("http://a.test/"))
    bench.step()
    clock.now += 3_600_000
    fails = [True]

    def write(unit: Callable[[Tx], Any], *, durable: bool = True) -> Any:
        if fails:
            fails.clear()
            raise StorageFull
        return Store.write(store, unit, durable=durable)

    store.write = write  # type: ignore[method-assign]
    with pytest.raises(StorageFull):
        bench.step()
    bench.step()

    assert bench.delivery(owed.id).next_attempt_at == clock.now + 5_000


def test_a_single_thread_serves_slow_ones_too(store: Store, clock: Clock, gate: Gate) -> None:
    bench = Bench(store, clock, gate, threads=1)
    hook = bench.hook("http://a.test/")
    bench.dispatcher._slow.add(hook)
    bench.owe(hook)

    bench.step()

    assert [one.state for one in bench.deliveries()] == ["delivered"]
    bench.dispatcher.stop()


def test_what_no_thread_could_be_started_for_goes_out_once_one_can(
    bench: Bench, gate: Gate, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    hooks = [bench.new_hook(f"http://{number}.test/") for number in range(4)]
    for hook in hooks:
        bench.owe(hook, 1)
    with monkeypatch.context() as exhausted:

        def start(_: threading.Thread) -> None:
            raise RuntimeError("can't start new thread")

        exhausted.setattr(threading.Thread, "start", start)
        for _ in range(3):
            rest_s = bench.dispatcher.step()
    assert rest_s == 1.0
    assert "a delivery waits for a thread" in caplog.text
    assert gate.sent == []

    bench.step()

    assert [one.state for one in bench.deliveries()] == ["delivered"] * 4
    assert len(gate.sent) == 4
    assert bench.dispatcher.step() is None


@pytest.mark.parametrize("end", ["stop", "crash"])
def test_a_test_that_a_stop_or_crash_interrupted_is_cancelled_and_not_sent_again(
    store: Store, clock: Clock, gate: Gate, end: str
) -> None:
    bench = Bench(store, clock, gate)
    hook = bench.hook("http://a.test/")
    claim = store.write(lambda tx: work.test(tx, bench.webhook(hook)))
    if end == "stop":
        bench.dispatcher.stop()
    after = Bench(store, clock, gate)
    after.dispatcher.start()
    after.dispatcher.stop()

    assert gate.sent == []
    owed = bench.delivery(claim.delivery_id)
    assert (owed.state, owed.last_error) == ("cancelled", "interrupted")
    assert [(one.number, one.error_class) for one in bench.attempts(owed.id)] == [(1, "interrupted")]


def test_a_restart_gives_back_what_was_being_sent(store: Store, clock: Clock, gate: Gate, receiver: Receiver) -> None:
    before = Bench(store, clock, gate)
    hook = before.hook(receiver.url)
    first = before.owe(hook, 1, '{"event":"first"}')
    before.owe(hook, 1, '{"event":"second"}')
    claim = before.claim()

    after = Bench(store, clock, Sender(LOCAL))
    after.dispatcher.start()
    received = receiver.wait_for(1)
    after.dispatcher.stop()

    assert claim.delivery_id == first.id
    assert (received[0].headers["webhook-id"], received[0].body) == (claim.uuid, claim.body)
    assert [(one.number, one.error) for one in after.attempts(first.id)] == [(1, "interrupted"), (2, None)]


def test_stopping_waits_for_running_attempts_and_claims_nothing_more(store: Store, clock: Clock, gate: Gate) -> None:
    bench = Bench(store, clock, gate)
    url = "http://a.test/"
    gate.closed = {url}
    hook = bench.hook(url)
    running, behind = bench.owe(hook, 1), bench.owe(hook, 1)
    bench.dispatcher.start()
    gate.wait_busy(1)
    stopping = threading.Thread(target=bench.dispatcher.stop)
    stopping.start()
    gate.open()
    stopping.join(20)

    assert bench.deliveries(id=running.id)[0].state == "delivered"
    assert bench.deliveries(id=behind.id)[0].state == "pending"


def test_what_does_not_end_in_time_is_given_back_when_stopping(bench: Bench, gate: Gate) -> None:
    url = "http://a.test/"
    gate.closed = {url}
    owed = bench.owe(bench.hook(url))
    bench.dispatcher.step()
    gate.wait_busy(1)

    bench.dispatcher.stop(timeout_s=0)

    [delivery] = bench.deliveries(id=owed.id)
    assert delivery.state == "pending"
    assert delivery.next_attempt_at is not None
    gate.open()
    bench.settle()
    assert bench.deliveries(id=owed.id)[0].state == "pending"


def test_an_idle_dispatcher_steps_once_and_then_only_when_woken(
    store: Store, clock: Clock, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(store, clock, gate)
    steps = 0
    step = bench.dispatcher.step
    rested = threading.Event()
    wait = bench.dispatcher._news.wait
    pauses: list[float | None] = []

    def counted() -> float | None:
        nonlocal steps
        steps += 1
        return step()

    def waited(timeout: float | None = None) -> bool:
        pauses.append(timeout)
        rested.set()
        return wait(timeout)

    monkeypatch.setattr(bench.dispatcher, "step", counted)
    monkeypatch.setattr(bench.dispatcher._news, "wait", waited)
    bench.dispatcher.start()
    assert rested.wait(10)
    assert (steps, pauses) == (1, [None])
    rested.clear()
    bench.dispatcher.wake()
    assert rested.wait(10)
    assert (steps, pauses) == (2, [None, None])
    bench.dispatcher.stop()


def fill(store: Store) -> None:
    """From now on the database cannot grow."""
    pages = store._writer.execute("PRAGMA page_count").fetchone()[0]
    store._writer.execute(f"PRAGMA max_page_count={pages}")


def test_an_outcome_that_a_full_disk_did_not_take_is_stored_later(
    bench: Bench, store: Store, gate: Gate, clock: Clock
) -> None:
    hook = bench.hook("http://a.test/")
    owed = bench.owe(hook, 1)
    behind = bench.owe(hook, 1)

    gate.during = lambda _: fill(store)
    gate.script = [Outcome(200, None, "x" * 200_000)]
    bench.step()
    assert bench.step() == 1.0
    assert bench.deliveries(id=owed.id)[0].state == "sending"

    gate.during = lambda _: None
    store._writer.execute("PRAGMA max_page_count=100000")
    bench.step()
    bench.drain()

    assert [bench.deliveries(id=one.id)[0].state for one in (owed, behind)] == ["delivered"] * 2
    assert len(gate.sent) == 2


def test_a_seat_goes_on_with_a_quick_receiver_and_gives_back_behind_a_failure(
    store: Store, clock: Clock, receiver: Receiver
) -> None:
    app_hook = store.write(
        lambda tx: tx.insert(Webhook, account_id=1, kind="account", url=receiver.url, secret="s" * 24)
    )

    def owe(tx: Tx) -> None:
        for conversation in range(1, 8):
            event = tx.insert(
                Event,
                account_id=1,
                seq=tx.next_number(1, "event"),
                name="message_created",
                conversation_id=conversation,
                payload="{}",
            )
            outbox.add(tx, event, app_hook)

    store.write(owe)
    receiver.script += [status(200), status(200), status(200), status(500)]
    worker = Worker(store, Sender(parse_guard("", allow_loopback=True)), Policy(chance=lambda: 0.5))
    dispatcher = Dispatcher(store, worker, threads=1, clock=clock, steady=clock)
    dispatcher.step()
    dispatcher._pool.shutdown(wait=True)

    with store.read() as tx:
        states = [(row.state, row.attempt_count) for row in tx.filter(Delivery)]
    assert states[:3] == [("delivered", 1)] * 3
    assert states[3] == ("pending", 1)
    assert states[4:] == [("pending", 0)] * 3
    assert len(receiver.received) == 4
