"""Seats, claims, and the pool: a free seat first, then a claim, then a thread.

No webhook holds more than its share of the seats, so a slow receiver delays the others by
nothing. An attempt that takes longer than a second moves to the slow lane and frees its seat:
receivers that hang wait there, beside each other, while new ones still find a seat. Whoever has
a seat goes on with the next deliveries of the same webhook, several a transaction, while its
receiver is quick; at the first one that is not, what was claimed and not tried is given back.
"""

import itertools
import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from inboxd.delivery.worker import Worker
from inboxd.domain.errors import StorageFull
from inboxd.domain.retry import Outcome
from inboxd.store import clock, outbox
from inboxd.store.db import Store, StoreClosed, Tx
from inboxd.store.outbox import Claim

_log = logging.getLogger("inboxd.delivery")
SEATS_A_WEBHOOK = 2
SLOW_S = 1.0
"""A webhook whose attempt takes longer, or whose last one did, is slow, whatever comes of it: it sits
in the slow lane, not in a seat."""
SLOW_LANE = 4
"""Places of the slow lane for each seat. They are threads that do nothing but wait."""
QUICK_S = 0.05
"""An attempt that took longer ends its round: what waits behind it may go elsewhere."""
ROUND = 16
"""Deliveries that one seat claims at once, at the most."""
TURN_S = 0.25
"""How long a seat goes on with one webhook before the one that had none for the longest time gets it."""
GRACE_S = 5.0
"""How long a stop waits for running attempts."""
_LONGEST_REST_S = 60.0
_PAUSE_S = 1.0
_BREATH_S = 0.005
"""Between two looks while seats are taken: every commit wakes us then, and seats go on by themselves."""

_JUMP_MS = 10_000
"""Wall clocks are nudged all the time; what moves them by more was set."""

_Round = tuple[list[tuple[Claim, Outcome]], list[Claim]]
"""Attempts of one webhook with their outcomes, and claims that were not tried."""


@dataclass(frozen=True)
class _Seats:
    """Who sits where at one moment: seats taken by each webhook, those of them that are slow, and those
    that took a delivery in time since the start."""

    taken: Counter[int]
    slow: frozenset[int]
    free: int
    slow_free: int
    quick: frozenset[int]


@dataclass(eq=False)
class _Turn:
    """A seat at work for a webhook; `began` is when the try that is under way did."""

    webhook_id: int
    began: float


class Dispatcher:
    """`threads` is the number of seats. `clock` gives milliseconds since 1970, `steady` milliseconds
    that pass evenly whatever happens to it: between them they show when the clock was set."""

    def __init__(
        self, store: Store, worker: Worker, *, threads: int, clock: Callable[[], int], steady: Callable[[], int]
    ) -> None:
        self._store = store
        self._worker = worker
        self._seats = threads
        self._clock = clock
        self._steady = steady
        self._offset = clock() - steady()
        self._looking_at_clock = threading.Lock()
        self._pool = ThreadPoolExecutor(threads * (1 + SLOW_LANE), thread_name_prefix="webhook")
        self._news = threading.Condition()
        self._awake = True
        self._stopping = False
        self._running: set[_Turn] = set()
        self._slow: set[int] = set()
        self._young_first = 0
        self._quick: set[int] = set()
        self._served: dict[int, int] = {}
        """The number of the last turn that each webhook had: the lowest is next."""
        self._turns = itertools.count(1)
        self._unrecorded: deque[_Round] = deque()
        self._without_thread = 0
        """Attempts that were queued when no thread could be started for them."""
        self._thread = threading.Thread(target=self._run, name="dispatcher", daemon=True)

    def start(self) -> None:
        """Give back what a crash left behind, then begin."""
        self._store.write(clock.catch_up)
        released = self._store.write(outbox.release)
        if released:
            _log.info("interrupted deliveries that go out again: %d", released)
        self._thread.start()

    def wake(self) -> None:
        with self._news:
            self._awake = True
            self._news.notify()

    def stop(self, timeout_s: float | None = None) -> None:
        """Claim nothing more and let running attempts end; what is still running is given back."""
        self._stopping = True
        self._worker.stop()
        self.wake()
        if self._thread.is_alive():
            self._thread.join()
        self._pool.shutdown(wait=False, cancel_futures=False)
        with self._news:
            self._news.wait_for(lambda: not self._running, GRACE_S if timeout_s is None else timeout_s)
        self._record_again()
        try:
            self._store.write(outbox.release)
        except StorageFull:
            _log.warning("the disk is full: interrupted deliveries are given back at the next start")

    def step(self) -> float | None:
        """Hand out what is due. Returns the seconds until more is due; None when nothing is pending
        or every seat is taken."""
        rest_s = self._hand_out()
        has_threads = self._start_threads()
        if self._record_again() and has_threads:
            return rest_s
        return _PAUSE_S if rest_s is None else min(rest_s, _PAUSE_S)

    def _hand_out(self) -> float | None:
        self._follow_clock()
        seats = self._look_around()
        if seats.free <= 0 and seats.slow_free <= 0:
            return self._until_slow()
        self._young_first ^= 1
        with self._store.read() as tx:
            wanted, next_due = _choose(tx, seats, self._young_first, self._served)
        if wanted:
            # A claim that a power cut undoes is a delivery that is still pending.
            claims = self._store.write(
                lambda tx: [outbox.claim(tx, delivery_id) for delivery_id in wanted], durable=False
            )
            for claim in claims:
                if claim is not None:
                    self._submit(claim)
            return 0.0
        rests = [] if next_due is None else [max(0.0, (next_due - self._clock()) / 1000)]
        if seats.free <= 0 and (until_slow := self._until_slow()) is not None:
            rests.append(until_slow)
        return min(rests, default=None)

    def _look_around(self) -> _Seats:
        now = time.monotonic()
        with self._news:
            self._slow |= {turn.webhook_id for turn in self._running if now - turn.began > SLOW_S}
            taken = Counter(turn.webhook_id for turn in self._running)
            slow = frozenset(self._slow)
        slow_free = self._seats * SLOW_LANE - sum(taken[webhook_id] for webhook_id in slow)
        quick = sum(count for webhook_id, count in taken.items() if webhook_id not in slow)
        # Who finds no place in the slow lane keeps a seat.
        return _Seats(taken, slow, self._seats - quick + min(0, slow_free), slow_free, frozenset(self._quick))

    def _until_slow(self) -> float | None:
        """Seconds until the longest try frees its seat by being slow."""
        with self._news:
            began = [turn.began for turn in self._running if turn.webhook_id not in self._slow]
        return max(0.0, min(began) + SLOW_S - time.monotonic()) + _BREATH_S if began else None

    def _follow_clock(self) -> None:
        with self._looking_at_clock:
            moved = self._moved()
            if abs(moved) > _JUMP_MS:
                self._store.write(lambda tx: clock.follow(tx, moved))
                _log.warning("the clock was set by %.0f s: what waits goes on waiting as long as before", moved / 1000)
            self._offset += moved

    def _moved(self) -> int:
        """By how many milliseconds the clock was set since the last look."""
        return self._clock() - self._steady() - self._offset

    def _submit(self, claim: Claim) -> None:
        turn = _Turn(claim.webhook_id, time.monotonic())
        self._served[claim.webhook_id] = next(self._turns)
        with self._news:
            self._running.add(turn)
        try:
            self._pool.submit(self._attempt, turn, claim)
        except RuntimeError:
            # No thread can be started now. The attempt is queued all the same: the next free one makes it.
            self._without_thread += 1
            _log.exception("a delivery waits for a thread")

    def _start_threads(self) -> bool:
        """Start the threads that attempts wait for; False when there still are none."""
        while self._without_thread:
            try:
                self._pool.submit(int)  # nothing to do: it is the thread that is wanted
            except RuntimeError:
                return False
            self._without_thread -= 1
        return True

    def _attempt(self, turn: _Turn, claim: Claim) -> None:
        until = time.monotonic() + TURN_S
        last = 0.0
        claims = [claim]
        try:
            while claims:
                claims, last = self._round(turn, claims, until)
        finally:
            with self._news:
                if last > SLOW_S:
                    self._slow.add(turn.webhook_id)
                else:
                    self._slow.discard(turn.webhook_id)
                self._running.discard(turn)
                self._awake = True
                self._news.notify_all()

    def _round(self, turn: _Turn, claims: list[Claim], until: float) -> tuple[list[Claim], float]:
        """Try what is claimed and record it. Returns the next claims, and how long the last try took."""
        done: list[tuple[Claim, Outcome]] = []
        took_s = 0.0
        for claim in claims:
            began = turn.began = time.monotonic()
            outcome = self._worker.attempt(claim)
            took_s = time.monotonic() - began
            done.append((claim, outcome))
            if not outcome.delivered or took_s > QUICK_S or self._stopping:
                break
        goes_on = outcome.delivered and took_s <= QUICK_S and began < until
        goes_on = goes_on and not self._stopping
        if outcome.delivered and took_s <= SLOW_S:
            self._quick.add(turn.webhook_id)
        wanted = min(ROUND, 2 * len(claims)) if goes_on else 0
        return self._record((done, claims[len(done) :]), wanted), took_s

    def _record(self, round_: "_Round", wanted: int) -> list[Claim]:
        """Store a round and return the next claims. What cannot be stored, as on a full disk, is kept
        for later."""
        try:
            # What is stored under a new time must not be moved with what was stored under the old one.
            self._follow_clock()
            return self._worker.record(*round_, wanted)
        except StoreClosed:
            _log.debug("stopped before an outcome was stored: it goes out again")
        except Exception:
            _log.exception("the outcome of delivery %s could not be stored", round_[0][0][0].uuid)
            self._unrecorded.append(round_)
        return []

    def _record_again(self) -> bool:
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
                busy = bool(self._running)
            if busy:
                time.sleep(_BREATH_S)


def _choose(tx: Tx, seats: _Seats, young_first: int, served: dict[int, int]) -> tuple[list[int], int | None]:
    """The deliveries to claim now, and when the next one of a webhook with a free seat is due."""
    wanted: list[int] = []
    free = {True: seats.slow_free, False: seats.free}
    next_due: int | None = None
    # By the longest due alone, a few backlogs would hold every seat until the last of them is gone.
    for line in sorted(outbox.lines(tx), key=lambda line: served.get(line.webhook_id, 0)):
        is_slow = line.webhook_id in seats.slow
        # Who has not shown yet that it answers hangs in one seat, not in two.
        share = SEATS_A_WEBHOOK if line.webhook_id in seats.quick and not line.probes else 1
        allowed = min(share - seats.taken[line.webhook_id], free[is_slow])
        if allowed <= 0:
            continue
        if line.due_at > tx.now:
            next_due = line.due_at if next_due is None else min(next_due, line.due_at)
            continue
        found = outbox.due(tx, line.webhook_id, allowed, young_first)
        wanted += found
        free[is_slow] -= len(found)
    return wanted, next_due
