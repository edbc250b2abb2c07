"""Starting, measuring and stopping the processes of a run."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tests.bench.wire import Connection

_ROOT = Path(__file__).parents[2]
_CORES = sorted(os.sched_getaffinity(0))
_FOR_SERVERS = 2
"""Cores of a server under test where the machine has as many again for everything else."""


def step_aside() -> bool:
    """Keep this process and the load it starts off the servers' cores, where there are enough."""
    if len(_CORES) < 2 * _FOR_SERVERS:
        return False
    os.sched_setaffinity(0, _CORES[_FOR_SERVERS:])
    return True


def cpu_s(pid: int) -> float:
    """User and system seconds of all threads of a process so far, to the nanosecond.

    The clock id of another process's CPU is made as clock_getcpuclockid(3) makes it.
    """
    return time.clock_gettime((~pid << 3) | 2)


def rss_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


class Process:
    """One of `tests.bench.servers`, answering on `port`."""

    def __init__(self, log: IO[bytes], role: str, *args: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.servers", role, *args], cwd=_ROOT, stdout=subprocess.PIPE, stderr=log
        )
        if len(_CORES) >= 2 * _FOR_SERVERS and role != "receiver":
            os.sched_setaffinity(self._process.pid, _CORES[:_FOR_SERVERS])
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{role} did not start: {Path(log.name).read_text()[-2000:]}")
        self.pid = self._process.pid
        self.port = int(line)

    @property
    def cpu_s(self) -> float:
        return cpu_s(self.pid)

    @property
    def rss_mb(self) -> float:
        return rss_mb(self.pid)

    def connect(self) -> Connection:
        return Connection(self.port)

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@contextmanager
def running(log: IO[bytes], role: str, *args: str) -> Iterator[Process]:
    process = Process(log, role, *args)
    try:
        yield process
    finally:
        process.stop()
