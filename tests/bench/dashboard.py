"""The dashboard in a terminal of its own, over ten thousand conversations and a thread of ten thousand messages."""

import os
import sqlite3
import time
from collections import defaultdict
from pathlib import Path
from statistics import median, quantiles

from tests.bench.report import Report, at_most
from tests.bench.scale import grow
from tests.bench.world import World
from tests.tui.pty import Terminal

_CONVERSATIONS, _MESSAGES = 10_000, 10_000
_IDLE_S = 5.0
_TARGETS = {
    "first frame": (0.6, " s"), "list of 10,000 visible": (1.2, " s"),
    "j to its last byte, p50": (15, " ms"), "j, p95": (30, " ms"), "j": (1_500, " bytes"),
    "page, p95": (60, " ms"), "page": (8_000, " bytes"), "typing, p95": (20, " ms"),
    "thread of 10,000 opened": (300, " ms"), "screen again, p95": (150, " ms"), "idle": (0, " bytes"),
    "idle CPU": (0.5, " %"), "memory": (80, " MB"), "quit while a poll waits": (1, " s"),
}  # fmt: skip


def dashboard(world: World, report: Report, rounds: int, keys: int = 40) -> None:
    """Each round starts it anew, at 80x24."""
    found: dict[str, list[float]] = defaultdict(list)
    with world.inboxd(_grown) as inboxd:
        for _ in range(rounds):
            for name, figure in _round(f"http://127.0.0.1:{inboxd.process.port}", inboxd.token, keys).items():
                found[name].append(figure)
    for name, (bound, unit) in _TARGETS.items():
        if found[name]:
            report.add(f"dashboard: {name}", found[name], at_most(bound), unit=unit)


def _round(url: str, token: str, keys: int) -> dict[str, float]:
    found: dict[str, float] = {}
    with Terminal(url, token, "--open", "conversations") as terminal:
        found["first frame"] = terminal.sees("Help")
        found["list of 10,000 visible"] = terminal.sees("of the past")
        terminal.sees("live")
        for _ in range(8):
            terminal.key("G", quiet_s=0.3)
        moves = [terminal.key("k" if at < keys / 2 else "j") for at in range(keys)]
        found["j to its last byte, p50"] = median(took for took, _ in moves)
        found["j, p95"] = _p95(moves)
        found["j"] = median(size for _, size in moves)
        pages = [terminal.key("\x15" if at % 4 < 2 else "\x04") for at in range(keys // 2)]
        found["page, p95"] = _p95(pages)
        found["page"] = median(size for _, size in pages)
        for key in "gg":
            terminal.key(key, quiet_s=0.3)
        found["thread of 10,000 opened"] = terminal.key("\r", quiet_s=0.5)[0]
        terminal.key("r", quiet_s=0.3)
        found["typing, p95"] = _p95([terminal.key("x") for _ in range(keys)])
        terminal.key("\x1b", quiet_s=0.5)
        terminal.read(1.0)
        cpu_before = _cpu_s(terminal.pid)
        found["idle"] = len(terminal.read(_IDLE_S))
        found["idle CPU"] = 100 * (_cpu_s(terminal.pid) - cpu_before) / _IDLE_S
        found["memory"] = _rss_mb(terminal.pid)
        found |= _switching(terminal, keys // 4)
        began = time.monotonic()
        terminal.type("q")
        terminal.ends()
        found["quit while a poll waits"] = time.monotonic() - began
    return found


def _switching(terminal: Terminal, times: int) -> dict[str, float]:
    """Between two screens that have both been seen; nothing where one of them is not there."""
    for key in "53":
        terminal.key(key, quiet_s=0.5)
    took = [terminal.key(key, quiet_s=0.2) for _ in range(times) for key in "53"]
    drawn = [one for one in took if one[1]]
    return {"screen again, p95": _p95(drawn)} if len(drawn) > 1 else {}


def _grown(directory: Path) -> None:
    grow(directory, (_CONVERSATIONS, 2 * _MESSAGES))
    with sqlite3.connect(directory / "inboxd.sqlite3") as database:
        database.execute("UPDATE conversations SET status = 'open'")
        newest = "(SELECT id FROM conversations ORDER BY last_activity_at DESC LIMIT 1)"
        database.execute(f"UPDATE messages SET conversation_id = {newest} WHERE id > ?", [_MESSAGES])
    database.close()


def _p95(measured: list[tuple[float, int]]) -> float:
    return quantiles([took for took, _ in measured], n=20)[-1]


def _cpu_s(pid: int) -> float:
    return time.clock_gettime((~pid << 3) | 2)


def _rss_mb(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
