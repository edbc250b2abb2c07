"""What a server costs that does nothing: the time to its first answer, its memory, its CPU."""

import time

from tests.bench.processes import Process, running
from tests.bench.report import Report, at_most
from tests.bench.world import World


def footprint(world: World, report: Report, starts: int, idle_s: int) -> None:
    directory = str(world.empty_directory())
    waits_s: list[float] = []
    for _ in range(starts):
        began = time.monotonic()
        with running(world.log, "inboxd", directory) as process:
            answers(process)
            waits_s.append(time.monotonic() - began)
    report.add("start to the first /livez answer, empty", waits_s, at_most(0.5), unit=" s")
    with running(world.log, "inboxd", directory) as process:
        answers(process)
        time.sleep(0.5)
        rss_mb, cpu_before = process.rss_mb, process.cpu_s
        time.sleep(idle_s)
        busy = (process.cpu_s - cpu_before) / idle_s * 100
    report.add("memory idle", [rss_mb], at_most(45), unit=" MB")
    report.add(f"CPU idle, over {idle_s} s", [busy], at_most(0.1), unit=" %")


def answers(process: Process) -> None:
    """The server has answered once."""
    connection = process.connect()
    connection.call("GET", "/livez")
    connection.close()
