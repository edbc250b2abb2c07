"""Webhooks: how many while posting, how soon after a POST, how fast alone."""

import json
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Any

import requests

from tests.bench.load import Load
from tests.bench.processes import Process, running
from tests.bench.report import Report, at_least, at_most, middle
from tests.bench.wire import Connection, request_bytes
from tests.bench.world import Inboxd, World

_PATIENCE_S = 30.0
_PEER_RATE = 86
"""Posted and delivered a second by the idiomatic FastAPI service of performance.md; not in this run."""
_EVENT = "message_created"
_POSTERS = 8


@dataclass(frozen=True)
class Receiver:
    process: Process
    line: Connection

    def ask(self, path: str = "/") -> Any:
        return self.line.call("GET", path)

    def wait_for(self, count: int) -> float:
        """The moment the last of `count` deliveries came, or of as many as come in time."""
        deadline = time.monotonic() + _PATIENCE_S
        while self.ask()["distinct"] < count and time.monotonic() < deadline:
            time.sleep(0.02)
        return float(self.ask("/last")["last"])

    def check(self, report: Report, owed: int, where: str) -> None:
        seen = self.ask()
        report.check(
            f"{where}: {owed:,} deliveries owed, {seen['distinct']:,} received in {seen['requests']:,} requests",
            holds=seen["distinct"] == seen["requests"] == owed,
        )


@contextmanager
def start_receiver(world: World) -> Iterator[Receiver]:
    with running(world.log, "receiver") as process:
        line = process.connect()
        try:
            yield Receiver(process, line)
        finally:
            line.close()


def drain(inboxd: Inboxd) -> None:
    """Return once nothing is owed any more, or when it takes too long: the checks will tell."""
    deadline = time.monotonic() + _PATIENCE_S
    while inboxd.unfinished and time.monotonic() < deadline:
        time.sleep(0.02)


def while_posting(world: World, report: Report, rounds: int, seconds: int, check: Callable[..., None]) -> None:
    """The clock runs from the first POST until the last delivery is in, so a backlog is no gain."""
    rates: list[float] = []
    costs: list[float] = []
    loads: list[Load] = []
    with start_receiver(world) as receiver, world.inboxd() as inboxd:
        inboxd.subscribe(receiver.process, _EVENT)
        for _ in range(rounds):
            before, cpu_before, began = inboxd.messages, inboxd.process.cpu_s, time.monotonic()
            loads.append(world.load.run(inboxd.process, 32, seconds))
            drain(inboxd)
            took = receiver.wait_for(inboxd.messages) - began
            made = inboxd.messages - before
            rates.append(made / took)
            costs.append((inboxd.process.cpu_s - cpu_before) / made * 1e6)
        check(report, inboxd, loads, "posted and delivered")
        receiver.check(report, inboxd.messages, "posted and delivered")
    report.add(
        f"posted and delivered ÷ FastAPI's {_PEER_RATE}/s (recorded)",
        [rate / _PEER_RATE for rate in rates],
        at_least(10),
        f"{middle(rates)}/s, CPU {middle(costs)} µs a message; posted at {middle([one.rate for one in loads])}/s "
        f"with p99 {middle([one.p99_ms for one in loads])} ms",
    )


def latency(world: World, report: Report, count: int) -> None:
    """One POST at a time on an idle server; the echo and an fsync take turns with it."""
    echo_ms: list[float] = []
    post_ms: list[float] = []
    fsync_ms: list[float] = []
    posted: dict[int, float] = {}
    with (
        start_receiver(world) as receiver,
        running(world.log, "echo") as echo,
        world.inboxd() as inboxd,
        world.scratch_file().open("wb") as file,
    ):
        inboxd.subscribe(receiver.process, _EVENT)
        plain, real = echo.connect(), inboxd.process.connect()
        for number in range(count):
            path = world.paths[number % len(world.paths)]
            raw = request_bytes("POST", path, _body(f"latency {number}"))
            with _timed(echo_ms):
                plain.exchange(raw)
            with _timed(fsync_ms):
                _sync(file)
            began = time.monotonic()
            with _timed(post_ms):
                answer = real.exchange(raw)
            posted[json.loads(answer.partition(b"\r\n\r\n")[2])["id"]] = began
            time.sleep(0.015)
        drain(inboxd)
        arrivals = receiver.ask("/arrivals")
        receiver.check(report, count, "one at a time")
        sql = "SELECT message_id, uuid FROM deliveries JOIN events ON events.id = event_id"
        owed = dict(inboxd.ask(sql))
        plain.close()
        real.close()
    took_ms = [(arrivals[owed[message]] - began) * 1000 for message, began in posted.items()]
    bare_ms = median(echo_ms) + median(fsync_ms)
    p50, p99 = median(took_ms), quantiles(took_ms, n=100)[98]
    report.add(
        "POST → webhook p50 ÷ (bare POST p50 + fsync)",
        [p50 / bare_ms],
        at_most(2.5),
        f"p50 {p50:.2f}, p99 {p99:.2f} ms; bare POST {median(echo_ms):.2f}, fsync {median(fsync_ms):.2f}, "
        f"durable POST {median(post_ms):.2f} ms",
    )


def alone(world: World, report: Report, rounds: int) -> None:
    """A backlog made while the receiver holds its answers, then drained; in turn with `requests` alone."""
    for hooks, messages in ((1, 1000), (8, 150)):
        _backlog(world, report, rounds, hooks, messages)


def _backlog(world: World, report: Report, rounds: int, hooks: int, messages: int) -> None:
    rates: list[float] = []
    costs: list[float] = []
    bare: list[float] = []
    bare_costs: list[float] = []
    with start_receiver(world) as receiver, world.inboxd() as inboxd:
        inboxd.subscribe(receiver.process, _EVENT, hooks)
        for number in range(rounds):
            rate, cost = _bare_client(receiver.process, seconds=1.0)
            bare.append(rate)
            bare_costs.append(cost)
            receiver.ask("/hold")
            _post_all(inboxd, world.paths, messages, f"backlog {hooks} {number}")
            already = receiver.ask()["distinct"]
            owed = hooks * messages * (number + 1)
            cpu_before = inboxd.process.cpu_s
            began = receiver.ask("/release")
            last = receiver.wait_for(owed)
            drain(inboxd)
            rates.append((owed - already) / (last - began))
            costs.append((inboxd.process.cpu_s - cpu_before) / (owed - already) * 1e6)
        receiver.check(report, hooks * messages * rounds, f"backlog, webhooks: {hooks}")
    report.add(
        f"deliveries alone ÷ bare requests loop, webhooks: {hooks}",
        [mine / plain for mine, plain in zip(rates, bare, strict=True)],
        at_least(0.6),
        f"{middle(rates)}/s of {middle(bare)}/s, CPU {middle(costs)} of {middle(bare_costs)} µs a delivery",
    )


def _bare_client(receiver: Process, seconds: float) -> tuple[float, float]:
    """Requests a second and CPU µs of each: one thread, one session, one prepared request."""
    session = requests.Session()
    session.trust_env = False
    url = f"http://127.0.0.1:{receiver.port}/bare"
    prepared = session.prepare_request(requests.Request("POST", url, json={"content": "m" * 2400}))
    session.send(prepared).raise_for_status()
    began, cpu_before = time.monotonic(), time.process_time()
    count = 0
    while time.monotonic() - began < seconds:
        session.send(prepared).raise_for_status()
        count += 1
    took, cpu_s = time.monotonic() - began, time.process_time() - cpu_before
    session.close()
    return count / took, cpu_s / count * 1e6


def _post_all(inboxd: Inboxd, paths: list[str], count: int, tag: str) -> None:
    def post(share: range) -> None:
        connection = inboxd.process.connect()
        for number in share:
            connection.call("POST", paths[number % len(paths)], {"content": f"{tag} {number}"})
        connection.close()

    with ThreadPoolExecutor(_POSTERS) as pool:
        list(pool.map(post, [range(first, count, _POSTERS) for first in range(_POSTERS)]))


def _body(content: str) -> bytes:
    return json.dumps({"content": content.ljust(60, "m")}).encode()


@contextmanager
def _timed(into_ms: list[float]) -> Iterator[None]:
    began = time.monotonic()
    yield
    into_ms.append((time.monotonic() - began) * 1000)


def _sync(file: Any) -> None:
    """As much as a commit of one message writes, to the same disk."""
    os.write(file.fileno(), bytes(4096))
    os.fdatasync(file.fileno())
