"""What receivers that hang cost the others: the time from commit to arrival at the healthy ones."""

import time
from contextlib import ExitStack
from statistics import quantiles

from tests.bench.deliveries import Receiver, start_receiver
from tests.bench.report import Report, at_most, middle
from tests.bench.wire import Connection
from tests.bench.world import Inboxd, World

_EVENT = "message_created"
_PAUSE_S = 0.02
_POOL = 8


def isolation(world: World, report: Report, rounds: int, messages: int) -> None:
    """Ten webhooks, of which none, one or a quarter never answer; a message every 20 ms."""
    none, one, quarter = [], [], []
    for _ in range(rounds):
        none.append(_p99_ms(world, report, healthy=9, hanging=0, messages=messages))
        one.append(_p99_ms(world, report, healthy=9, hanging=1, messages=messages))
        quarter.append(_p99_ms(world, report, healthy=9, hanging=3, messages=messages))
    report.add(
        "commit → arrival p99 (ms), one of ten receivers hanging",
        one,
        at_most(500),
        f"with none hanging {middle(none)} ms",
    )
    report.add(
        "the same p99 ÷ with none hanging, a quarter hanging",
        [some / without for some, without in zip(quarter, none, strict=True)],
        at_most(2),
        f"{middle(quarter)} ms",
    )
    report.add(
        "first delivery to a new receiver (ms), two more hanging than threads",
        [_newcomer_ms(world) for _ in range(rounds)],
        at_most(2000),
        f"{_POOL} threads, {_POOL + 2} hanging",
    )


def _p99_ms(world: World, report: Report, *, healthy: int, hanging: int, messages: int) -> float:
    with ExitStack() as stack:
        well, sick = stack.enter_context(start_receiver(world)), stack.enter_context(start_receiver(world))
        inboxd = stack.enter_context(world.inboxd())
        sick.ask("/hold")
        inboxd.subscribe(well.process, _EVENT, healthy)
        inboxd.subscribe(sick.process, _EVENT, hanging)
        connection = inboxd.process.connect()
        # The wall clock of rows and the steady one of receivers, once.
        offset_s = time.time() - time.monotonic()
        next_at = time.monotonic()
        for number in range(messages):
            path = world.paths[number % len(world.paths)]
            connection.call("POST", path, {"content": f"isolation {number}"})
            next_at += _PAUSE_S
            time.sleep(max(0.0, next_at - time.monotonic()))
        connection.close()
        well.wait_for(healthy * messages)
        well.check(report, healthy * messages, f"healthy receivers: {healthy}, hanging: {hanging}")
        took_ms = _took_ms(inboxd, well, offset_s)
    return quantiles(took_ms, n=100)[98]


def _took_ms(inboxd: Inboxd, receiver: Receiver, offset_s: float) -> list[float]:
    committed = dict(inboxd.ask("SELECT uuid, created_at FROM deliveries"))
    arrivals: dict[str, float] = receiver.ask("/arrivals")
    return [(at + offset_s) * 1000 - committed[uuid] for uuid, at in arrivals.items()]


def _newcomer_ms(world: World) -> float:
    with ExitStack() as stack:
        well, sick = stack.enter_context(start_receiver(world)), stack.enter_context(start_receiver(world))
        inboxd = stack.enter_context(world.inboxd())
        sick.ask("/hold")
        inboxd.subscribe(sick.process, _EVENT, _POOL + 2)
        connection = inboxd.process.connect()
        _post(connection, world, 0)
        inboxd.subscribe(well.process, _EVENT)
        began = time.monotonic()
        _post(connection, world, 1)
        connection.close()
        return (well.wait_for(1) - began) * 1000


def _post(connection: Connection, world: World, number: int) -> None:
    connection.call("POST", world.paths[number], {"content": f"newcomer {number}"})
