"""What the tests of worker and dispatcher share: a queue that is worked off step by step."""

from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from inboxd.delivery.dispatcher import Dispatcher
from inboxd.delivery.sender import Sender
from inboxd.delivery.worker import Policy, Worker
from inboxd.domain.addresses import parse_guard
from inboxd.domain.events import EVENTS
from inboxd.domain.retry import Outcome
from inboxd.store import outbox
from inboxd.store.db import Store, Tx
from inboxd.store.models import Attempt, Delivery, Event, Trouble, Webhook
from inboxd.store.outbox import Claim
from tests.cast import Clock

DELIVERED = Outcome(200, None, "ok", 3, "127.0.0.1")
FAILED = Outcome(500, "500 Internal Server Error", "oops", 3, "127.0.0.1")
REFUSED = Outcome(None, "connection refused", early=True)


def answered(code: int, retry_after_s: float | None = None) -> Outcome:
    """What an answer with this status comes to."""
    if 200 <= code < 300:
        return Outcome(code, None)
    return Outcome(code, f"{code} {HTTPStatus(code).phrase}", error_class="status", retry_after_s=retry_after_s)


class Walls(Clock):
    """A wall clock that can be set, beside a `steady` one that cannot."""

    def __init__(self) -> None:
        super().__init__()
        self.steadily = 0

    def steady(self) -> int:
        return self.steadily

    def advance(self, *, ms: int = 0, s: float = 0) -> None:
        super().advance(ms=ms, s=s)
        self.steadily += ms + round(s * 1000)

    def put(self, *, s: float) -> None:
        """Set the clock by so much; no time passes."""
        self.now += round(s * 1000)


@dataclass
class Sent:
    url: str
    headers: dict[str, str]
    body: bytes


class FakeSender(Sender):
    """Answers from `script`, then with `default`; `during` runs while an attempt is under way."""

    def __init__(self) -> None:
        super().__init__(parse_guard("", allow_loopback=True))
        self.script: list[Outcome] = []
        self.default = DELIVERED
        self.sent: list[Sent] = []
        self.during: Callable[[Sent], None] = lambda sent: None

    def send(self, url: str, headers: dict[str, str], body: bytes) -> Outcome:
        sent = Sent(url, headers, body)
        self.sent.append(sent)
        self.during(sent)
        return self.script.pop(0) if self.script else self.default


@dataclass
class Bench:
    store: Store
    clock: Clock
    sender: Sender
    policy: Policy = field(default_factory=lambda: Policy((5, 300, 1800), lambda: 0.5))
    threads: int = 8
    steady: Callable[[], int] | None = None
    """Without one nobody ever sets the clock."""

    def __post_init__(self) -> None:
        self.worker = Worker(self.store, self.sender, self.policy)
        steady = self.steady or self.clock
        self.dispatcher = Dispatcher(self.store, self.worker, threads=self.threads, clock=self.clock, steady=steady)

    def step(self) -> float | None:
        """One step of the dispatcher, and all that it handed out done."""
        rest_s = self.dispatcher.step()
        self.settle()
        return rest_s

    def settle(self) -> None:
        with self.dispatcher._news:
            assert self.dispatcher._news.wait_for(lambda: not self.dispatcher._running, 20)

    def drain(self) -> None:
        """Step until nothing is due now."""
        for _ in range(500):
            if not self.due():
                return
            self.step()
        raise AssertionError("the queue does not run empty")

    def due(self) -> list[int]:
        with self.store.read() as tx:
            return [one for line in outbox.lines(tx) for one in outbox.due(tx, line.webhook_id, 1000)]

    def claim(self) -> Claim:
        """The delivery that has been due longest, taken."""
        first = self.due()[0]
        claim = self.store.write(lambda tx: outbox.claim(tx, first))
        assert claim is not None
        return claim

    def attempt(self) -> Outcome:
        claim = self.claim()
        outcome = self.worker.attempt(claim)
        self.worker.record([(claim, outcome)], [], 0)
        return outcome

    def deliveries(self, **equal: Any) -> list[Delivery]:
        with self.store.read() as tx:
            return tx.filter(Delivery, **equal)

    def attempts(self, delivery_id: int) -> list[Attempt]:
        with self.store.read() as tx:
            return tx.filter(Attempt, delivery_id=delivery_id)

    def event_of(self, delivery: Delivery) -> Event:
        with self.store.read() as tx:
            found = tx.get(Event, delivery.event_id)
        assert found is not None
        return found

    def hook(self, url: str, **values: Any) -> int:
        """A webhook of its own, of nobody in particular, which took deliveries before."""
        hook = self.new_hook(url, **values)
        self.dispatcher._quick.add(hook)
        return hook

    def new_hook(self, url: str, **values: Any) -> int:
        values = {"kind": "account", "secret": "s" * 24, "subscriptions": []} | values
        return self.store.write(lambda tx: tx.insert(Webhook, account_id=1, url=url, **values)).id

    def webhook(self, hook: int) -> Webhook:
        with self.store.read() as tx:
            found = tx.get(Webhook, hook)
        assert found is not None
        return found

    def delivery(self, delivery_id: int) -> Delivery:
        [found] = self.deliveries(id=delivery_id)
        return found

    def trouble(self, hook: int) -> Trouble | None:
        with self.store.read() as tx:
            return tx.find(Trouble, webhook_id=hook)

    def told(self) -> list[str]:
        """The names of the operational events so far."""
        with self.store.read() as tx:
            return [event.name for event in tx.filter(Event) if EVENTS[event.name].operational]

    def owe(self, hook: int, conversation: int | None = None, payload: str = "{}") -> Delivery:
        seq = len(self.deliveries()) + 1_000_000

        def unit(tx: Tx) -> Delivery:
            event = tx.insert(
                Event, account_id=1, seq=seq, name="message_created", conversation_id=conversation, payload=payload
            )
            webhook = tx.get(Webhook, hook)
            assert webhook is not None
            return outbox.add(tx, event, webhook)

        return self.store.write(unit)
