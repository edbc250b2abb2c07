"""The load generator: wrk where it is installed, else a client of our own, always another process."""

import itertools
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.bench.processes import Process

_HERE = Path(__file__).parent
_TAGS = itertools.count()


@dataclass(frozen=True)
class Load:
    """What the clients saw. `cpu_us` is the server's user and system time for each answer."""

    clients: int
    ok: int
    failed: int
    seconds: float
    p50_ms: float
    p99_ms: float
    cpu_us: float

    @property
    def rate(self) -> float:
        return self.ok / self.seconds


@dataclass(frozen=True)
class Generator:
    """`paths` is a file of paths to POST to, one a line."""

    paths: Path
    use_wrk: bool

    @property
    def name(self) -> str:
        return "wrk with tests/bench/post.lua" if self.use_wrk else "tests/bench/client.py (no wrk on PATH)"

    def run(self, server: Process, clients: int, seconds: int) -> Load:
        tag = f"run-{next(_TAGS):04d}"
        url = f"http://127.0.0.1:{server.port}"
        script = str(_HERE / "post.lua")
        if self.use_wrk:
            command = ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "-s", script, url, "--", str(self.paths), tag]
        else:
            numbers = [str(server.port), str(clients), str(seconds)]
            command = [sys.executable, "-m", "tests.bench.client", *numbers, str(self.paths), tag]
        before = server.cpu_s
        output = subprocess.run(command, capture_output=True, check=True, text=True, cwd=_HERE.parents[1]).stdout
        cpu_s = server.cpu_s - before
        seen = json.loads(output.splitlines()[-1])
        ok = seen["answers"] - seen["refused"]
        return Load(
            clients,
            ok,
            seen["refused"] + seen["broken"],
            seen["seconds"],
            seen["p50_ms"],
            seen["p99_ms"],
            cpu_s / max(ok, 1) * 1e6,
        )


def generator(paths: Path) -> Generator:
    return Generator(paths, use_wrk=shutil.which("wrk") is not None)
