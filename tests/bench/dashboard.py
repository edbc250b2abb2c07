"""The dashboard in a terminal of its own, over ten thousand conversations and a thread of ten thousand messages."""

import sqlite3
import time
from pathlib import Path
from statistics import median, quantiles

from tests.bench.processes import memory_mb
from tests.bench.report import Report, at_most
from tests.bench.scale import _repeat
from tests.bench.world import World
from tests.tui.pty import Terminal

_CONVERSATIONS = 10_000
_IDLE_S = 5.0
_TICKS_PER_S = 100
_LIST_S, _START_S, _KEY_MS, _PAGE_MS, _TYPE_MS, _SWITCH_MS = 1.2, 0.6, 30, 60, 20, 150


def dashboard(world: World, report: Report, rounds: int, keys: int = 40) -> None:
    """Each round starts it anew."""
    found: dict[str, list[float]] = {}

    def note(name: str, figure: float) -> None:
        found.setdefault(name, []).append(figure)

    with world.inboxd(_grow) as inboxd:
        url = f"http://127.0.0.1:{inboxd.process.port}"
        for _ in range(rounds):
            _round(url, inboxd.token, keys, note)
    targets: dict[str, tuple[float | None, str]] = {
        "start to first frame": (_START_S, " s"), "start to the list": (_LIST_S, " s"),
        "j: p50 to the last byte": (15, " ms"), "j: p95": (_KEY_MS, " ms"), "j: bytes": (1_500, ""),
        "a page: p95": (_PAGE_MS, " ms"), "a page: bytes": (8_000, ""),
        "typing: p95": (_TYPE_MS, " ms"), "thread of 10,000 shown": (300, " ms"),
        "screen again: p95": (_SWITCH_MS, " ms"), "idle: bytes in 5 s": (0, ""), "idle: CPU": (0.5, " %"),
        "memory": (80, " MB"), "quit while a poll waits": (1, " s"),
    }  # fmt: skip
    for name, (bound, unit) in targets.items():
        if name in found:
            report.add(f"dashboard: {name}", found[name], None if bound is None else at_most(bound), unit=unit)


def _round(url: str, token: str, keys: int, note) -> None:  # type: ignore[no-untyped-def]
    with Terminal(url, token, "--open", "conversations") as terminal:
        note("start to first frame", terminal.sees("Help"))
        note("start to the list", terminal.sees("bench"))
        terminal.sees("live")
        _load(terminal)
        moves = [terminal.key("j" if at % 2 else "k") for at in range(keys)]
        note("j: p50 to the last byte", median(took for took, _ in moves))
        note("j: p95", _p95(moves))
        note("j: bytes", median(size for _, size in moves))
        pages = [terminal.key("\x04" if at % 4 < 2 else "\x15") for at in range(keys // 2)]
        note("a page: p95", _p95(pages))
        note("a page: bytes", median(size for _, size in pages))
