"""The wall clock is set, while inboxd runs and while it does not."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from inboxd.domain.retry import DAY_MS
from inboxd.services import webhooks
from inboxd.store import clock as clocks
from inboxd.store.db import Store
from inboxd.store.models import Trouble
from tests.cast import EPOCH
from tests.delivery.bench import DELIVERED, FAILED, Bench, FakeSender, Sent, Walls, answered

JUMPS_S = [-26 * 3600, -120, 15, 26 * 3600]


@pytest.fixture
def walls() -> Walls:
    return Walls()


@pytest.fixture
def sender() -> FakeSender:
    return FakeSender()


def opened(tmp_path: Path, walls: Walls, sender: FakeSender) -> Bench:
    store = Store(tmp_path / "data", clock=walls, announce=lambda _: None)
    return Bench(store, walls, sender, steady=walls.steady)


@pytest.fixture
def bench(tmp_path: Path, walls: Walls, sender: FakeSender) -> Iterator[Bench]:
    made = opened(tmp_path, walls, sender)
    yield made
    made.dispatcher.stop()
    made.store.close()


def close(bench: Bench) -> None:
    bench.dispatcher.stop()
    bench.store.close()


def waiting(bench: Bench, sender: FakeSender) -> tuple[int, int]:
    """A webhook with a delivery that waits 5 s for its retry, and one that waits 300 s."""
    hook = bench.hook("http://a.test/")
    sender.default = FAILED
    bench.owe(hook, 1)
    bench.drain()
    bench.clock.advance(s=5)
    bench.drain()
    bench.owe(hook, 2)
    bench.drain()
    sender.default = DELIVERED
    sender.sent.clear()
    return 5, 300


def steps(bench: Bench) -> None:
    for _ in range(3):
        bench.step()


@pytest.mark.parametrize("jump", JUMPS_S)
def test_what_waits_goes_out_when_it_would_have(bench: Bench, walls: Walls, sender: FakeSender, jump: int) -> None:
    soon, late = waiting(bench, sender)
    walls.advance(s=2)
    walls.put(s=jump)
    steps(bench)
    assert sender.sent == []

    walls.advance(s=soon - 2 - 0.001)
    steps(bench)
    assert len(sender.sent) == 0
    walls.advance(ms=1)
    steps(bench)
    assert len(sender.sent) == 1
    walls.advance(s=late - soon - 0.001)
    steps(bench)
    assert len(sender.sent) == 1
    walls.advance(ms=1)
    steps(bench)
    assert len(sender.sent) == 2


@pytest.mark.parametrize("jump", [-26 * 3600, 120, 26 * 3600])
def test_a_clock_that_goes_wrong_and_is_put_right_changes_nothing(
    bench: Bench, walls: Walls, sender: FakeSender, jump: int
) -> None:
    waiting(bench, sender)
    before = [one.next_attempt_at for one in bench.deliveries()]
    walls.put(s=jump)
    bench.step()
    walls.put(s=-jump)
    bench.step()

    assert [one.next_attempt_at for one in bench.deliveries()] == before


@pytest.mark.parametrize("jump", [-9.9, -1, 1, 9.9])
def test_small_corrections_move_nothing(bench: Bench, walls: Walls, sender: FakeSender, jump: float) -> None:
    waiting(bench, sender)
    before = [one.next_attempt_at for one in bench.deliveries()]
    for _ in range(5):
        walls.put(s=jump)
        bench.dispatcher._follow_clock()

    assert [one.next_attempt_at for one in bench.deliveries()] == before


def test_what_was_stored_a_moment_before_a_jump_moves_too_after_small_corrections(
    bench: Bench, walls: Walls, sender: FakeSender
) -> None:
    walls.put(s=9)
    bench.step()
    sender.default = FAILED
    owed = bench.owe(bench.hook("http://a.test/"))
    bench.drain()
    walls.put(s=26 * 3600)
    bench.step()

    assert bench.delivery(owed.id).next_attempt_at == walls.now + 5_000


@pytest.mark.parametrize("jump", JUMPS_S)
def test_pauses_troubles_and_the_overlap_of_secrets_move_along(
    bench: Bench, walls: Walls, sender: FakeSender, jump: int
) -> None:
    hook = bench.hook("http://a.test/")
    sender.default = answered(503, 600)
    bench.owe(hook)
    bench.drain()
    bench.store.write(lambda tx: webhooks.rotate_secret(tx, bench.webhook(hook)))
    walls.put(s=jump)
    bench.step()

    trouble = bench.trouble(hook)
    assert trouble is not None
    assert (trouble.paused_until, trouble.failing_since) == (walls.now + 600_000, walls.now)
    assert bench.webhook(hook).previous_secret_until == walls.now + DAY_MS


@pytest.mark.parametrize("jump", JUMPS_S)
def test_an_outcome_that_comes_after_the_jump_waits_as_long_as_it_has_to(
    bench: Bench, walls: Walls, sender: FakeSender, jump: int
) -> None:
    def put(_: Sent) -> None:
        walls.put(s=jump)

    hook = bench.hook("http://a.test/")
    owed = bench.owe(hook)
    sender.default, sender.during = answered(503, 600), put
    bench.step()
    sender.during = lambda _: None
    bench.step()

    trouble = bench.trouble(hook)
    assert trouble is not None
    assert trouble.paused_until == bench.delivery(owed.id).next_attempt_at == walls.now + 600_000
    assert bench.step() == 600.0


def test_what_is_owed_after_the_clock_was_set_back_goes_out_at_once(
    bench: Bench, walls: Walls, sender: FakeSender
) -> None:
    waiting(bench, sender)
    walls.put(s=-26 * 3600)
    fresh = bench.owe(bench.hook("http://b.test/"))
    steps(bench)

    assert [sent.url for sent in sender.sent] == ["http://b.test/"]
    assert bench.delivery(fresh.id).finished_at == EPOCH + 5_000 - 26 * 3_600_000


@pytest.mark.parametrize("back_s", [2, 60, 5 * 3600, 26 * 3600])
def test_waits_hold_across_a_restart_with_the_clock_set_back(
    tmp_path: Path, walls: Walls, sender: FakeSender, back_s: int
) -> None:
    bench = opened(tmp_path, walls, sender)
    _, late = waiting(bench, sender)
    walls.advance(s=100)
    sender.default = FAILED
    last = bench.owe(bench.hook("http://b.test/"))
    bench.drain()
    sender.default = DELIVERED
    bench.store.write(lambda tx: webhooks.rotate_secret(tx, bench.webhook(1)))
    sender.sent.clear()
    close(bench)

    walls.put(s=-back_s)
    bench = opened(tmp_path, walls, sender)
    bench.dispatcher._thread.run = lambda: None  # type: ignore[method-assign]
    bench.dispatcher.start()

    waits = [(one.next_attempt_at or 0) - walls.now for one in bench.deliveries()]
    assert waits == [(late - 100) * 1000, 300_000, 5_000]
    assert bench.delivery(last.id).next_attempt_at == walls.now + 5_000
    trouble = bench.trouble(1)
    assert trouble is not None
    assert trouble.failing_since == walls.now - 105_000
    assert bench.webhook(1).previous_secret_until == walls.now + DAY_MS
    close(bench)


def test_a_wait_of_a_day_holds_when_the_clock_was_set_back_by_less_than_it_lasted(
    tmp_path: Path, walls: Walls, sender: FakeSender
) -> None:
    bench = opened(tmp_path, walls, sender)
    owed = bench.owe(bench.hook("http://a.test/"))
    bench.store.write(lambda tx: tx.update(bench.delivery(owed.id), next_attempt_at=tx.now + DAY_MS))
    walls.advance(s=10 * 3600)
    sender.default = FAILED
    bench.owe(bench.hook("http://b.test/"))
    bench.drain()
    close(bench)

    walls.put(s=-5 * 3600)
    bench = opened(tmp_path, walls, sender)
    bench.store.write(clocks.catch_up)

    assert bench.delivery(owed.id).next_attempt_at == walls.now + DAY_MS - 10 * 3_600_000
    close(bench)


@pytest.mark.parametrize("running_s", [-26 * 3600, 26 * 3600])
def test_a_jump_that_was_followed_is_not_followed_again_at_the_next_start(
    tmp_path: Path, walls: Walls, sender: FakeSender, running_s: int
) -> None:
    bench = opened(tmp_path, walls, sender)
    waiting(bench, sender)
    due = bench.owe(bench.hook(""))
    bench.store.write(lambda tx: tx.insert(Trouble, account_id=1, webhook_id=due.webhook_id, disabled_at=tx.now))
    bench.store.write(lambda tx: webhooks.rotate_secret(tx, bench.webhook(1)))
    walls.put(s=running_s)
    bench.step()
    until, next_at = bench.webhook(1).previous_secret_until, bench.deliveries()[0].next_attempt_at
    close(bench)
    for _ in range(2):
        bench = opened(tmp_path, walls, sender)
        bench.store.write(clocks.catch_up)
        assert (bench.webhook(1).previous_secret_until, bench.deliveries()[0].next_attempt_at) == (until, next_at)
        close(bench)


def test_a_restart_with_the_clock_set_ahead_makes_one_attempt_of_each(
    tmp_path: Path, walls: Walls, sender: FakeSender
) -> None:
    bench = opened(tmp_path, walls, sender)
    waiting(bench, sender)
    close(bench)
    walls.put(s=26 * 3600)
    bench = opened(tmp_path, walls, sender)
    sender.default = FAILED
    bench.store.write(clocks.catch_up)
    for _ in range(5):
        bench.drain()

    assert len(sender.sent) == 2
    close(bench)
