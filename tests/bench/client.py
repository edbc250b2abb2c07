"""The load where wrk is not: kept-alive raw sockets in two processes, one epoll loop in each.

`python -m tests.bench.client PORT CLIENTS SECONDS PATHS TAG` prints what post.lua prints. Unlike
wrk it waits for the last answers.
"""

import json
import multiprocessing
import selectors
import socket
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles

from tests.bench.wire import answer_length, request_bytes

_PROCESSES = 2


@dataclass
class _Seat:
    """One client: a socket, when its request left, and what has come back of the answer."""

    sock: socket.socket
    sent_at: float = 0.0
    buffer: bytearray = field(default_factory=bytearray)


@dataclass
class _Tally:
    refused: int = 0
    broken: int = 0
    times_ms: list[float] = field(default_factory=list)


def _work(port: int, clients: int, seconds: float, paths: list[str], tag: str) -> _Tally:
    tally = _Tally()
    selector = selectors.DefaultSelector()
    count = 0

    def send(seat: _Seat) -> None:
        nonlocal count
        count += 1
        body = json.dumps({"content": f"{tag} {count:08d} ".ljust(60, "m")}).encode()
        seat.sent_at = time.perf_counter()
        seat.sock.sendall(request_bytes("POST", paths[count % len(paths)], body))

    ends_at = time.perf_counter() + seconds
    for _ in range(clients):
        seat = _Seat(socket.create_connection(("127.0.0.1", port), timeout=20))
        seat.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(seat.sock, selectors.EVENT_READ, seat)
        send(seat)
    while selector.get_map():
        events = selector.select(20)
        if not events:
            tally.broken += len(selector.get_map())
            break
        for key, _ in events:
            seat = key.data
            data = seat.sock.recv(65_536)
            seat.buffer += data
            length = answer_length(seat.buffer)
            if data and (length is None or len(seat.buffer) < length):
                continue
            now = time.perf_counter()
            tally.times_ms.append((now - seat.sent_at) * 1000)
            tally.refused += not seat.buffer.startswith(b"HTTP/1.1 200")
            seat.buffer.clear()
            if data and now < ends_at:
                send(seat)
            else:
                selector.unregister(seat.sock)
                seat.sock.close()
    return tally


def main(port: int, clients: int, seconds: float, paths: list[str], tag: str) -> None:
    processes = min(_PROCESSES, clients)
    shares = [clients // processes + (index < clients % processes) for index in range(processes)]
    jobs = [
        (port, share, seconds, paths[index::processes] or paths, f"{tag}-{index}") for index, share in enumerate(shares)
    ]
    began = time.perf_counter()
    with multiprocessing.Pool(processes) as pool:
        tallies = pool.starmap(_work, jobs)
    took = time.perf_counter() - began
    times_ms = [one for tally in tallies for one in tally.times_ms]
    cuts = quantiles(times_ms, n=100)
    seen = {
        "answers": len(times_ms),
        "refused": sum(tally.refused for tally in tallies),
        "broken": sum(tally.broken for tally in tallies),
        "seconds": took,
        "p50_ms": cuts[49],
        "p99_ms": cuts[98],
    }
    sys.stdout.write(json.dumps(seen) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), Path(sys.argv[4]).read_text().split(), sys.argv[5])
