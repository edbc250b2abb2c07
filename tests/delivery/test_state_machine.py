"""Everything that can happen to deliveries, in any order: nothing is lost, doubled or out of order."""

import logging
import os
import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from inboxd.delivery import dispatcher as dispatcher_module
from inboxd.delivery import worker as worker_module
from inboxd.delivery.dispatcher import Dispatcher
from inboxd.delivery.worker import Policy, Worker
from inboxd.domain.retry import Outcome
from inboxd.services import deliveries as work
from inboxd.services import outbox as events
from inboxd.services.webhooks import rotate_secret
from inboxd.store.db import Store, Tx
from inboxd.store.models import Account, Attempt, Delivery, Event, Trouble, Webhook
from inboxd.store.outbox import Claim
from tests.delivery.bench import DELIVERED, REFUSED, FakeSender, Sent, Walls, answered

HOUR_S = 3600
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
"""A killed process loses no page that it wrote: hundreds of starts need not wait for a disk."""
OPERATIONAL = ["delivery.exhausted", "webhook.failing", "webhook.disabled", "webhook.recovered"]
HOOKS: list[dict[str, Any]] = [
    {"url": "http://0.test/", "subscriptions": ["message_created"]},
    {"url": "http://1.test/", "subscriptions": ["message_created", "contact_created", *OPERATIONAL]},
    {"url": "http://2.test/", "subscriptions": ["message_created"], "ordering": "none"},
]
OUTCOMES = {
    "ok": DELIVERED,
    "refused": REFUSED,
    "timeout": Outcome(None, "no answer within 15 s", error_class="timeout"),
    "busy for long": answered(503, 7200),
    **{str(code): answered(code) for code in (404, 410, 429, 500, 503)},
}
hooks = st.integers(0, len(HOOKS) - 1)
jumps = st.sampled_from([-26 * HOUR_S, -2 * HOUR_S, 2 * HOUR_S, 26 * HOUR_S])


class Killed(BaseException):
    """kill -9, in the middle of an attempt."""


class Inline(ThreadPoolExecutor):
    """Does at once what it is given: the machine has to be the same at every run."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        fn(*args, **kwargs)
        return Future()


class Watched(Worker):
    """A worker that shows every attempt before it is made."""

    look: Callable[[Claim], None]

    def attempt(self, claim: Claim) -> Outcome:
        self.look(claim)
        return super().attempt(claim)


class Deliveries(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp(dir=MEMORY))
        self.clock = Walls()
        self.sender = FakeSender()
        self.sender.during = self.answer
        self.moods = ["ok"] * len(HOOKS)
        self.meanwhile: list[Callable[[], None]] = []
        self.tried: defaultdict[str, list[int]] = defaultdict(list)
        self.bodies: dict[str, bytes] = {}
        self.current: str | None = None
        """The delivery that was tried last, or is."""
        self.due: dict[int, int] = {}
        """Delivery → when it may be tried again, in steady milliseconds."""
        self.pushed: set[tuple[str, int]] = set()
        """Attempts under way when somebody put another delivery before theirs."""
        self.open()

    def open(self) -> None:
        self.store = Store(self.directory, clock=self.clock, announce=lambda _: None)
        worker = Watched(self.store, self.sender, Policy((5, 300, 1800), lambda: 0.5))
        worker.look = self.look
        self.dispatcher = Dispatcher(self.store, worker, threads=4, clock=self.clock, steady=self.clock.steady)
        self.dispatcher._pool = Inline()
        # The thread is never started: rules step.
        self.dispatcher._thread.start = lambda: None  # type: ignore[method-assign]
        self.dispatcher.start()

    def teardown(self) -> None:
        try:
            self.end_well()
        finally:
            self.kill()
            shutil.rmtree(self.directory)

    # What the receivers see.

    def look(self, claim: Claim) -> None:
        with self.store.read() as tx:
            delivery = tx.get(Delivery, claim.delivery_id)
            webhook = tx.get(Webhook, claim.webhook_id)
            assert delivery is not None
            assert webhook is not None
            if webhook.ordering == "conversation" and (claim.uuid, claim.number) not in self.pushed:
                self.assert_first(tx, delivery)
        assert self.clock.steadily >= self.due.pop(claim.delivery_id, 0), "it goes out early"
        assert sum(turn.webhook_id == claim.webhook_id for turn in self.dispatcher._running) <= 2
        self.tried[claim.uuid].append(claim.number)

    def assert_first(self, tx: Tx, delivery: Delivery) -> None:
        line = tx.filter(Delivery, webhook_id=delivery.webhook_id, conversation_id=delivery.conversation_id)
        before = [one for one in line if (one.event_id, one.id) < (delivery.event_id, delivery.id)]
        assert delivery.conversation_id is None or not [one for one in before if one.state in ("pending", "sending")]

    def answer(self, sent: Sent) -> None:
        uuid = sent.headers["webhook-id"]
        assert self.bodies.setdefault(uuid, sent.body) == sent.body
        assert sent.headers["X-Chatwoot-Delivery"] == uuid
        self.current = uuid
        actions, self.meanwhile = self.meanwhile, []
        for action in actions:
            action()
        self.sender.script = [OUTCOMES[self.moods[int(sent.url.removeprefix("http://")[0])]]]

    # What happens.

    @initialize()
    def begin(self) -> None:
        def unit(tx: Tx) -> None:
            tx.insert(Account, name="Acme")
            for values in HOOKS:
                tx.insert(Webhook, account_id=1, kind="account", secret="s" * 24, **values)

        self.store.write(unit)

    @rule(conversation=st.sampled_from([None, 1, 1, 2, 3]), count=st.integers(1, 3))
    def post(self, conversation: int | None, count: int) -> None:
        name = "message_created" if conversation is not None else "contact_created"

        def unit(tx: Tx) -> None:
            for _ in range(count):
                events.emit(tx, name, 1, {}, conversation_id=conversation)

        self.store.write(unit)

    @rule(hook=hooks, mood=st.sampled_from(sorted(OUTCOMES)))
    def turn(self, hook: int, mood: str) -> None:
        self.moods[hook] = mood

    @rule(s=st.sampled_from([1, 5, 60, 300, 1800, HOUR_S]))
    def tick(self, s: int) -> None:
        self.clock.advance(s=s)

    @rule()
    def run(self) -> None:
        for _ in range(300):
            try:
                rest_s = self.dispatcher.step()
            except Killed:
                self.crash()
                return
            if rest_s != 0.0:
                self.plan()
                return
        raise AssertionError("the dispatcher never rests")

    def plan(self) -> None:
        """Note when what waits for its retry may go out at the earliest."""
        with self.store.read() as tx:
            waiting = [one for one in tx.filter(Delivery, state="pending") if one.next_attempt_at is not None]
            self.due = {one.id: self.clock.steadily + max(0, (one.next_attempt_at or 0) - tx.now) for one in waiting}

    @rule(jump=jumps)
    def set_clock(self, jump: int) -> None:
        self.clock.put(s=jump)
        self.dispatcher._follow_clock()

    @rule(jump=st.one_of(st.just(0), jumps))
    def crash(self, jump: int = 0) -> None:
        self.kill()
        self.reopen(jump)

    @rule(jump=st.one_of(st.just(0), jumps))
    def restart(self, jump: int) -> None:
        self.dispatcher.stop()
        self.store.close()
        self.reopen(jump)

    def reopen(self, jump: int) -> None:
        self.meanwhile.clear()
        self.clock.put(s=jump)
        if jump > 0:
            self.due.clear()
        self.open()

    def kill(self) -> None:
        """The process is gone: what SQLite has is what there is."""
        for connection in [*self.store._readers, self.store._writer]:
            connection.close()
        self.store._lock_file.close()

    @rule(place=st.integers(-3, 3), under_way=st.booleans(), what=st.sampled_from(["resend", "resend", "cancel"]))
    def steer(self, place: int, under_way: bool, what: str) -> None:
        """Somebody acts on the delivery that was tried last, or on one near it in its line."""
        self.act(under_way, lambda tx: self.steer_one(tx, place, what))

    def steer_one(self, tx: Tx, place: int, what: str) -> None:
        current = tx.find(Delivery, uuid=self.current)
        if current is None:
            return
        owed = tx.filter(Delivery, webhook_id=current.webhook_id)
        line = [one for one in owed if one.conversation_id == current.conversation_id]
        index = [one.id for one in line].index(current.id) + place
        if not 0 <= index < len(line):
            return
        if what == "cancel":
            work.cancel(tx, line[index], "somebody said so")
        else:
            work.resend(tx, line[index])

    @rule(hook=hooks, under_way=st.booleans(), what=st.sampled_from(["resume", "skip", "hurry", "recover", "rotate"]))
    def help(self, hook: int, under_way: bool, what: str) -> None:
        self.act(under_way, lambda tx: self.help_one(tx, hook + 1, what))

    def help_one(self, tx: Tx, hook: int, what: str) -> None:
        webhook = tx.get(Webhook, hook)
        trouble = tx.find(Trouble, webhook_id=hook)
        assert webhook is not None
        if what in ("resume", "skip"):
            work.enable(tx, webhook, skip=what == "skip")
        elif what == "rotate":
            rotate_secret(tx, webhook)
        elif what == "recover":
            work.recover(tx, webhook, 0, tx.now)
        elif trouble is None or trouble.disabled_at is None:
            work.hurry(tx, webhook, 0)

    @rule()
    def die_while_sending(self) -> None:
        self.meanwhile.append(self.die)

    @rule(
        hook=hooks,
        mood=st.sampled_from(["500", "500", "ok", "503"]),
        steps=st.lists(st.tuples(st.integers(-2, 1), st.sampled_from(["resend", "cancel"])), min_size=1, max_size=2),
        dies=st.booleans(),
    )
    def bustle(self, hook: int, mood: str, steps: list[tuple[int, str]], dies: bool) -> None:
        """People act on a delivery and on its neighbours while it is under way."""
        for place, what in steps:
            self.steer(place, True, what)
        if dies:
            self.die_while_sending()
        self.turn(hook, mood)
        self.post(1, 1)
        self.run()

    def die(self) -> None:
        raise Killed

    def act(self, under_way: bool, unit: Callable[[Tx], None]) -> None:
        """Do it now, or while the next attempt is under way. People may send anything early."""

        def do() -> None:
            with self.store.read() as tx:
                self.pushed |= {(one.uuid, one.attempt_count) for one in tx.filter(Delivery, state="sending")}
            self.store.write(unit)
            self.due.clear()

        if under_way:
            self.meanwhile.append(do)
        else:
            do()

    # What always holds.

    @invariant()
    def every_event_is_owed_once_to_everybody_who_wants_it(self) -> None:
        with self.store.read() as tx:
            owed = Counter((one.event_id, one.webhook_id) for one in tx.filter(Delivery))
            happened, wanting = tx.filter(Event), tx.filter(Webhook)
        assert [event.seq for event in happened] == list(range(1, len(happened) + 1))
        assert owed == Counter(
            (event.id, webhook.id)
            for event in happened
            for webhook in wanting
            if event.name in webhook.subscriptions and f'"webhook":{{"id":{webhook.id},' not in event.payload
        )

    @invariant()
    def every_attempt_is_counted(self) -> None:
        with self.store.read() as tx:
            rows: defaultdict[int, list[Attempt]] = defaultdict(list)
            for attempt in tx.filter(Attempt):
                rows[attempt.delivery_id].append(attempt)
            for delivery in tx.filter(Delivery):
                numbers = [attempt.number for attempt in rows[delivery.id]]
                assert delivery.state != "sending"
                assert sorted(numbers) == list(range(1, delivery.attempt_count + 1)), delivery.state
                known = {one.number for one in rows[delivery.id] if one.error_class != "interrupted"}
                assert known <= set(self.tried[delivery.uuid]) <= set(numbers)

    @invariant()
    def nothing_waits_for_nobody(self) -> None:
        """The head of every line has its time."""
        with self.store.read() as tx:
            heads: dict[Any, Delivery] = {}
            for one in sorted(tx.filter(Delivery, state="pending"), key=lambda one: (one.event_id, one.id)):
                line = (one.webhook_id, one.conversation_id if one.conversation_id is not None else -one.id)
                heads.setdefault(line, one)
        assert all(head.next_attempt_at is not None for head in heads.values())

    def end_well(self) -> None:
        """Receivers that are well get what they are owed when its time has come; disabled ones once
        somebody enables them."""
        if not self.bodies and not self.due and self.store._closed:
            return
        self.moods = ["ok"] * len(HOOKS)
        self.meanwhile.clear()
        for _ in range(2):
            self.run()
            self.clock.advance(s=HOUR_S)
        self.run()
        with self.store.read() as tx:
            disabled = {one.webhook_id for one in tx.filter(Trouble) if one.disabled_at is not None}
            assert {one.webhook_id for one in tx.filter(Delivery, state="pending")} <= disabled
        for hook in disabled:
            self.help(hook - 1, False, "resume")
        self.due.clear()
        self.run()
        self.every_event_is_owed_once_to_everybody_who_wants_it()
        self.every_attempt_is_counted()
        with self.store.read() as tx:
            assert {one.state for one in tx.filter(Delivery)} <= {"delivered", "exhausted", "cancelled"}
            delivered = [one.uuid for one in tx.filter(Delivery, state="delivered")]
        assert all(self.tried[uuid] for uuid in delivered)


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "inboxd")
    monkeypatch.setattr(worker_module, "QUICK_TRIES_S", (0, 0))
    monkeypatch.setattr(dispatcher_module, "QUICK_S", 60.0)
    monkeypatch.setattr(dispatcher_module, "SLOW_S", 60.0)


def test_whatever_happens_nothing_is_lost_doubled_or_out_of_order() -> None:
    run_state_machine_as_test(
        Deliveries,
        settings=settings(
            max_examples=30,
            stateful_step_count=40,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
