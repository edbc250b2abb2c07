"""The dashboard in a terminal of its own: ten thousand conversations and a thread of ten thousand messages, all of
them fetched before a key is measured; the same keys on a big terminal; an idle server; and a flood of events."""

import sqlite3
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from statistics import median, quantiles

from tests.bench.processes import cpu_s, rss_mb
from tests.bench.report import Report, at_most
from tests.bench.scale import grow
from tests.bench.world import Inboxd, World
from tests.tui.pty import Terminal

_BIG = (160, 48)
_HOME = "\x1b[H"
_IDLE_S, _FLOOD_S = 10.0, 5.0
_PER_SECOND = 500
_FETCH_S = 120.0
_TARGETS = {
    "first frame": (0.6, " s"), "list visible": (1.2, " s"),
    "j to its last byte, p50": (15, " ms"), "j, p95": (30, " ms"), "j": (1_500, " bytes"),
    "page, p95": (60, " ms"), "page": (8_000, " bytes"), "G and gg, p95": (60, " ms"),
    "in the long thread: j, p95": (30, " ms"), "in the long thread: typing, p95": (20, " ms"),
    "thread opened": (300, " ms"), "160x48: thread after the cursor rests": (300, " ms"),
    "screen again, p95": (150, " ms"), "screen again": (10_000, " bytes"),
    "160x48: page": (26_000, " bytes"), "160x48: screen again": (30_000, " bytes"),
    "idle": (0, " bytes"), "idle CPU": (0.5, " %"), "idle CPU of the server": (0.1, " %"),
    "memory at the start": (60, " MB"), "memory with all of it": (80, " MB"),
    "flood: CPU": (25, " %"), "flood: KiB a second": (30, ""), "flood: j, p95": (40, " ms"),
    "quit while a poll waits": (1, " s"),
}  # fmt: skip
"""Of a quiet machine, from the brief."""


def dashboard(world: World, report: Report, rounds: int, size: int = 10_000, keys: int = 40) -> None:
    """Each round starts it anew over `size` conversations, the newest with as many messages."""
    found: dict[str, list[float]] = defaultdict(list)
    with world.inboxd(lambda directory: _grown(directory, size)) as inboxd:
        for _ in range(rounds):
            for name, figure in [*_keys(inboxd, size, keys), *_big(inboxd, keys)]:
                found[name].append(figure)
        # Behind all others: a flood changes what they find at the top.
        for _ in range(rounds):
            for name, figure in _flooded(inboxd, world.paths):
                found[name].append(figure)
    beside = f"{size:,} conversations"
    for name, (bound, unit) in _TARGETS.items():
        report.add(f"dashboard: {name}", found[name], at_most(bound), beside, unit=unit)


@contextmanager
def _started(inboxd: Inboxd, size: tuple[int, int] = (80, 24)) -> Iterator[Terminal]:
    url = f"http://127.0.0.1:{inboxd.process.port}"
    with Terminal(url, inboxd.token, "--open", "conversations", size=size) as terminal:
        yield terminal


def _come_to_rest(inboxd: Inboxd, terminal: Terminal) -> None:
    """A server that has just started still indexes what was put into its file."""
    before = -1.0
    while inboxd.process.cpu_s - before > 0.02:
        before = inboxd.process.cpu_s
        terminal.read(1.0)


def _keys(inboxd: Inboxd, size: int, keys: int) -> Iterator[tuple[str, float]]:
    with _started(inboxd) as terminal:
        yield "first frame", terminal.sees("Help")
        yield "list visible", terminal.sees("of the past")
        terminal.sees("live")
        _come_to_rest(inboxd, terminal)
        yield "memory at the start", rss_mb(terminal.pid)
        cpu_before, server_before = cpu_s(terminal.pid), inboxd.process.cpu_s
        began = time.monotonic()
        yield "idle", len(terminal.read(_IDLE_S))
        took_s = time.monotonic() - began
        yield "idle CPU", 100 * (cpu_s(terminal.pid) - cpu_before) / took_s
        yield "idle CPU of the server", 100 * (inboxd.process.cpu_s - server_before) / took_s

        _fetch(terminal, "G", "Contact 00001")
        yield from _moves(terminal, keys)
        yield "G and gg, p95", _p95([terminal.key(key) for _ in range(keys // 4) for key in ("gg", "G")])
        terminal.key(_HOME, quiet_s=0.5)
        yield "thread opened", terminal.key("\r", quiet_s=0.5)[0]
        _fetch(terminal, _HOME, "message 1 of the thread")
        terminal.key("G", quiet_s=0.5)
        yield "in the long thread: j, p95", _p95([terminal.key("k" if at < keys / 2 else "j") for at in range(keys)])
        terminal.key("r", quiet_s=0.5)
        yield "in the long thread: typing, p95", _p95([terminal.key("x") for _ in range(keys)])
        terminal.key("\x1b", quiet_s=0.5)
        yield "memory with all of it", rss_mb(terminal.pid)
        switches = _switches(terminal, keys // 4)
        yield "screen again, p95", _p95(switches)
        yield "screen again", median(written for _, written in switches)
        began = time.monotonic()
        terminal.type("q")
        terminal.ends()
        yield "quit while a poll waits", time.monotonic() - began


def _moves(terminal: Terminal, keys: int) -> Iterator[tuple[str, float]]:
    moves = [terminal.key("k" if at < keys / 2 else "j") for at in range(keys)]
    yield "j to its last byte, p50", median(took for took, _ in moves)
    yield "j, p95", _p95(moves)
    yield "j", median(written for _, written in moves)
    pages = [terminal.key("\x15" if at % 4 < 2 else "\x04") for at in range(keys // 2)]
    yield "page, p95", _p95(pages)
    yield "page", median(written for _, written in pages)


def _big(inboxd: Inboxd, keys: int) -> Iterator[tuple[str, float]]:
    with _started(inboxd, _BIG) as terminal:
        terminal.sees("live")
        for _ in range(8):
            terminal.key("G", quiet_s=0.3)
        yield "160x48: thread after the cursor rests", terminal.key("k", quiet_s=0.5)[0]
        for name, figure in _moves(terminal, keys):
            if name == "page":
                yield "160x48: page", figure
        yield "160x48: screen again", median(written for _, written in _switches(terminal, 5))


def _flooded(inboxd: Inboxd, paths: list[str]) -> Iterator[tuple[str, float]]:
    """Keys go on while messages come in; what counts is events, as many as the feed carried."""
    with _started(inboxd) as terminal:
        terminal.sees("live")
        terminal.read(1.0)
        over = threading.Event()
        posting = threading.Thread(target=_post, args=(inboxd, paths, over))
        before, cpu_before, began = len(terminal.bytes), cpu_s(terminal.pid), time.monotonic()
        posting.start()
        try:
            moves: list[tuple[float, int]] = []
            while time.monotonic() - began < _FLOOD_S:
                moves.append(terminal.key("k" if len(moves) % 4 > 1 else "j", quiet_s=0.02, most_s=0.2))
                terminal.read(0.1)
        finally:
            took_s, cpu_after = time.monotonic() - began, cpu_s(terminal.pid)
            over.set()
            posting.join()
        yield "flood: CPU", 100 * (cpu_after - cpu_before) / took_s
        yield "flood: KiB a second", (len(terminal.bytes) - before) / took_s / 1024
        yield "flood: j, p95", _p95(moves)


def _post(inboxd: Inboxd, paths: list[str], over: threading.Event) -> None:
    """Messages at the pace at which they make so many events; fewer where the machine cannot."""
    connection = inboxd.process.connect()
    first, began = _newest_event(inboxd), time.monotonic()
    each, at = 2.0, 0
    for at, path in enumerate(cycle(paths), 1):
        if over.is_set():
            break
        connection.call("POST", path, {"content": f"message {at} of the flood"})
        if at % 50 == 0:
            each = (_newest_event(inboxd) - first) / at
        over.wait(max(0.0, at * each / _PER_SECOND - (time.monotonic() - began)))
    connection.close()


def _newest_event(inboxd: Inboxd) -> int:
    return int(inboxd.ask("SELECT max(id) FROM events")[0][0] or 0)


def _fetch(terminal: Terminal, key: str, last: str) -> None:
    """Go to the edge again and again, until there is nothing more to fetch."""
    end = time.monotonic() + _FETCH_S
    while last not in terminal.screen.text:
        if time.monotonic() > end:
            raise AssertionError(f"never came: {last}")
        terminal.type(key)
        while terminal.read(0.03):
            pass
        terminal.bytes = b""


def _switches(terminal: Terminal, times: int) -> list[tuple[float, int]]:
    """Between two screens that have both been seen."""
    for key in "53":
        terminal.key(key, quiet_s=0.5)
    return [terminal.key(key, quiet_s=0.2) for _ in range(times) for key in "53"]


def _grown(directory: Path, size: int) -> None:
    grow(directory, (size, 2 * size))
    with sqlite3.connect(directory / "inboxd.sqlite3") as database:
        database.execute("UPDATE conversations SET status = 'open', last_activity_at = 1700000000000 + id * 1000")
        database.execute("UPDATE contacts SET name = printf('Contact %05d', id)")
        database.execute(
            "UPDATE messages SET conversation_id = ?, content = 'message ' || (id - ?) || ' of the thread'"
            " WHERE id > ?",
            [size, size, size],
        )
    database.close()


def _p95(measured: list[tuple[float, int]]) -> float:
    return quantiles([took for took, _ in measured], n=20)[-1]
