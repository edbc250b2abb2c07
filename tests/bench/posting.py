"""Posting alone: the durable POST beside the echo, and with a hundred webhooks beside one."""

from contextlib import ExitStack

from tests.bench.deliveries import drain, start_receiver
from tests.bench.load import Load
from tests.bench.processes import running
from tests.bench.report import Report, at_least, at_most, middle
from tests.bench.world import Inboxd, World

_TARGETS = {1: 0.25, 8: 0.35, 32: 0.45, 64: 0.45}
_WARM = 8


def posting(world: World, report: Report, rounds: int, levels: tuple[int, ...] = tuple(_TARGETS)) -> None:
    """Rounds are outermost and alternate, so that a noisy minute falls on both sides. 32 clients
    are always among the `levels`: the latency is theirs."""
    echoes: dict[int, list[Load]] = {clients: [] for clients in levels}
    posts: dict[int, list[Load]] = {clients: [] for clients in levels}
    with running(world.log, "echo") as echo, world.inboxd() as inboxd:
        world.load.run(echo, _WARM, 1)
        warm = world.load.run(inboxd.process, _WARM, 1)
        for _ in range(rounds):
            for clients in levels:
                echoes[clients].append(world.load.run(echo, clients, 1))
                posts[clients].append(world.load.run(inboxd.process, clients, 1))
        rss_mb = inboxd.process.rss_mb
        check_stored(report, inboxd, [warm, *(load for loads in posts.values() for load in loads)], "posting")
    for clients in levels:
        mine, theirs = posts[clients], echoes[clients]
        report.add(
            f"durable POST ÷ tuned echo, clients: {clients}",
            [post.rate / plain.rate for post, plain in zip(mine, theirs, strict=True)],
            at_least(_TARGETS[clients]),
            f"{_rate(mine)}/s of {_rate(theirs)}/s, CPU {_cpu(mine)} of {_cpu(theirs)} µs a message",
        )
    mine, theirs = posts[32], echoes[32]
    report.add(
        "p99 of it ÷ p99 of the echo, clients: 32",
        [post.p99_ms / plain.p99_ms for post, plain in zip(mine, theirs, strict=True)],
        at_most(3),
        f"p50 {middle([one.p50_ms for one in mine])} of {middle([one.p50_ms for one in theirs])} ms, "
        f"p99 {middle([one.p99_ms for one in mine])} of {middle([one.p99_ms for one in theirs])} ms",
    )
    report.add("memory after that load", [rss_mb], at_most(90), unit=" MB")


def many_webhooks(world: World, report: Report, rounds: int) -> None:
    """Of a hundred webhooks one is subscribed to messages; both servers deliver while they are posted to."""
    one_loads: list[Load] = []
    many_loads: list[Load] = []
    with start_receiver(world) as receiver, ExitStack() as servers:
        one, many = (servers.enter_context(world.inboxd()) for _ in range(2))
        for inboxd in (one, many):
            inboxd.subscribe(receiver.process, "message_created")
        many.subscribe(receiver.process, "conversation_status_changed", 99)
        for _ in range(rounds):
            for inboxd, loads in ((one, one_loads), (many, many_loads)):
                loads.append(world.load.run(inboxd.process, 32, 1))
                drain(inboxd)
        for inboxd, loads in ((one, one_loads), (many, many_loads)):
            check_stored(report, inboxd, loads, "posting with webhooks")
        receiver.check(report, one.messages + many.messages, "1 and 100 webhooks")
    report.add(
        "POST with 100 webhooks, 1 matching ÷ with 1",
        [many.rate / one.rate for many, one in zip(many_loads, one_loads, strict=True)],
        at_least(0.85),
        f"{_rate(many_loads)}/s of {_rate(one_loads)}/s, CPU {_cpu(many_loads)} of {_cpu(one_loads)} µs a message",
    )


def check_stored(report: Report, inboxd: Inboxd, loads: list[Load], where: str) -> None:
    """Every 2xx is one stored message. wrk hangs up on its last requests, which may be stored as well."""
    ok, failed = sum(load.ok for load in loads), sum(load.failed for load in loads)
    cut_off = sum(load.clients for load in loads)
    stored, distinct = inboxd.ask("SELECT count(*), count(DISTINCT content) FROM messages")[0]
    report.check(
        f"{where}: {ok:,} answers 2xx, {failed} others; {stored:,} messages stored, {distinct:,} of them distinct; "
        f"at most {cut_off} requests cut off",
        holds=failed == 0 and stored == distinct and ok <= stored <= ok + cut_off,
    )


def _rate(loads: list[Load]) -> str:
    return middle([load.rate for load in loads])


def _cpu(loads: list[Load]) -> str:
    return middle([load.cpu_us for load in loads])
