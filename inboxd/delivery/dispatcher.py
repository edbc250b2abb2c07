"""Seats, claims, and the pool: a free seat first, then a claim, then a thread.

No webhook holds more than its share of the seats, so a slow receiver delays the others by
nothing. Whoever has a seat goes on with the next deliveries of the same webhook, several a
transaction, while its receiver is quick; at the first one that is not, what was claimed and not
tried is given back.
"""

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from inboxd.delivery.worker import Worker
from inboxd.domain.errors import StorageFull
from inboxd.domain.retry import Outcome
from inboxd.store import outbox
from inboxd.store.db import Store, StoreClosed, Tx
from inboxd.store.outbox import Claim

_log = logging.getLogger("inboxd.delivery")
SEATS_A_WEBHOOK = 2
SLOW_S = 1.0
"""A webhook whose last attempt held its seat for longer is slow, whatever came of it: all slow ones
together hold no more than half of the seats, so that many dead receivers leave room as one does."""
QUICK_S = 0.05
"""An attempt that took longer ends its round: what waits behind it may go elsewhere."""
ROUND = 16
"""Deliveries that one seat claims at once, at the most."""
TURN_S = 0.25
"""How long a seat goes on with one webhook before the longest due one gets it."""
_LONGEST_REST_S = 60.0
_PAUSE_S = 1.0
_BREATH_S = 0.005
"""Between two looks while seats are taken: every commit wakes us then, and seats go on by themselves."""

_Round = tuple[list[tuple[Claim, Outcome]], list[Claim]]
"""Attempts of one webhook with their outcomes, and claims that were not tried."""


class Dispatcher:
    """`clock` gives milliseconds since 1970; it decides how long to rest, never what is due."""

    def __init__(self, store: Store, worker: Worker, *, threads: int, clock: Callable[[], int]) -> None:
        self._store = store
        self._worker = worker
        self._seats = threads
        self._clock = clock
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="webhook")
        self._news = threading.Condition()
        self._awake = True
        self._stopping = False
        self._taken: Counter[int] = Counter()
        self._slow: set[int] = set()
        self._unrecorded: deque[_Round] = deque()
        self._thread = threading.Thread(target=self._run, name="dispatcher", daemon=True)

    def start(self) -> None:
        """Give back what a crash left behind, then begin."""
        released = self._store.write(outbox.release)
        if released:
            _log.info("interrupted deliveries that go out again: %d", released)
        self._thread.start()

    def wake(self) -> None:
        with self._news:
            self._awake = True
            self._news.notify()

    def stop(self, timeout_s: float = 5.0) -> None:
        """Claim nothing more and let running attempts end; what is still running is given back."""
        self._stopping = True
        self._worker.stop()
        self.wake()
        if self._thread.is_alive():
            self._thread.join()
        self._pool.shutdown(wait=False, cancel_futures=False)
        with self._news:
            self._news.wait_for(lambda: not self._taken.total(), timeout_s)
        self._record_late()
        try:
            self._store.write(outbox.release)
        except StorageFull:
            _log.warning("the disk is full: interrupted deliveries are given back at the next start")

    def step(self) -> float | None:
        """Hand out what is due. Returns the seconds until more is due; None when nothing is pending
        or every seat is taken."""
        rest_s = self._hand_out()
        if self._record_late():
            return rest_s
        return _PAUSE_S if rest_s is None else min(rest_s, _PAUSE_S)

    def _hand_out(self) -> float | None:
        with self._news:
            taken = Counter(self._taken)
            slow = frozenset(self._slow)
        free = self._seats - taken.total()
        if free <= 0:
            return None
        with self._store.read() as tx:
            wanted, next_due = _choose(tx, taken, free, slow, max(1, self._seats // 2))
        if wanted:
            # A claim that a power cut undoes is a delivery that is still pending.
            claims = self._store.write(
                lambda tx: [outbox.claim(tx, delivery_id) for delivery_id in wanted], durable=False
            )
            for claim in claims:
                if claim is not None:
                    self._submit(claim)
            return 0.0 if len(wanted) < free else None
        return None if next_due is None else max(0.0, (next_due - self._clock()) / 1000)

    def _submit(self, claim: Claim) -> None:
        with self._news:
            self._taken[claim.webhook_id] += 1
        self._pool.submit(self._attempt, claim)

    def _attempt(self, claim: Claim) -> None:
        began = time.monotonic()
        last = 0.0
        claims = [claim]
        try:
            while claims:
                claims, last = self._round(claims, began)
        finally:
            with self._news:
                if last > SLOW_S:
                    self._slow.add(claim.webhook_id)
                else:
                    self._slow.discard(claim.webhook_id)
                self._taken[claim.webhook_id] -= 1
                self._awake = True
                self._news.notify_all()

    def _round(self, claims: list[Claim], turn_began: float) -> tuple[list[Claim], float]:
        """Try what is claimed and record it. Returns the next claims, and how long the last try took."""
        done: list[tuple[Claim, Outcome]] = []
        took_s = 0.0
        for claim in claims:
            began = time.monotonic()
            outcome = self._worker.attempt(claim)
            took_s = time.monotonic() - began
            done.append((claim, outcome))
            if not outcome.delivered or took_s > QUICK_S or self._stopping:
                break
        goes_on = outcome.delivered and took_s <= QUICK_S and began - turn_began < TURN_S and not self._stopping
        wanted = min(ROUND, 2 * len(claims)) if goes_on else 0
        return self._record((done, claims[len(done) :]), wanted), took_s

    def _record(self, round_: "_Round", wanted: int) -> list[Claim]:
        """Store a round and return the next claims. What cannot be stored, as on a full disk, is kept
        for later."""
        try:
            return self._worker.record(*round_, wanted)
        except StoreClosed:
            _log.debug("stopped before an outcome was stored: it goes out again")
        except Exception:
            _log.exception("the outcome of delivery %s could not be stored", round_[0][0][0].uuid)
            self._unrecorded.append(round_)
        return []

    def _record_late(self) -> bool:
        """Store the rounds that could not be stored before; False when some still cannot."""
        for _ in range(len(self._unrecorded)):
            self._record(self._unrecorded.popleft(), 0)
        return not self._unrecorded

    def _run(self) -> None:
        while not self._stopping:
            with self._news:
                self._awake = False
            try:
                rest_s = self.step()
            except Exception:
                _log.exception("the dispatcher stumbled")
                rest_s = _PAUSE_S
            with self._news:
                if not self._awake and not self._stopping:
                    # Wall clocks jump: look again now and then while something is pending.
                    self._news.wait(None if rest_s is None else min(rest_s, _LONGEST_REST_S))
                busy = bool(self._taken.total())
            if busy:
                time.sleep(_BREATH_S)


def _choose(
    tx: Tx, taken: Counter[int], free: int, slow: frozenset[int], slow_seats: int
) -> tuple[list[int], int | None]:
    """The deliveries to claim now, and when the next one of a webhook with a free seat is due."""
    wanted: list[int] = []
    slow_free = slow_seats - sum(taken[webhook_id] for webhook_id in slow)
    next_due: int | None = None
    for line in outbox.lines(tx):
        is_slow = line.webhook_id in slow
        seats = min(SEATS_A_WEBHOOK - taken[line.webhook_id], free - len(wanted))
        if is_slow:
            seats = min(seats, slow_free)
        if seats <= 0:
            continue
        if line.due_at > tx.now:
            next_due = line.due_at if next_due is None else min(next_due, line.due_at)
            continue
        found = outbox.due(tx, line.webhook_id, seats)
        wanted += found
        slow_free -= len(found) if is_slow else 0
    return wanted, next_due
