"""A few daemon threads that make calls and hand back outcomes.

Daemon threads, not a pool of asyncio: leaving must not wait for a call that hangs.
"""

import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from admin_tui.net.outcome import Outcome, Problem
from admin_tui.text import scrub

if TYPE_CHECKING:
    from inboxd.client import Client

Work = Callable[["Client"], Any]
Then = Callable[[Outcome], None]


class Pool:
    """`connect` makes a client for a thread; `hand_over(then, outcome)` is called on that thread and has to
    bring both to where the screen lives."""

    def __init__(
        self, connect: Callable[[], "Client"], hand_over: Callable[[Then, Outcome], None], threads: int = 3
    ) -> None:
        self._connect = connect
        self._hand_over = hand_over
        self._work: SimpleQueue[tuple[Work, Then] | None] = SimpleQueue()
        self._own = threading.local()
        self._began: dict[str, float] = {}
        self._threads = [
            threading.Thread(target=self._run, name=f"net-{number}", daemon=True) for number in range(threads)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def submit(self, work: Work, then: Then) -> None:
        """`work(client)` on some thread, then `then(outcome)` on the screen's."""
        self._work.put((work, then))

    def waited_s(self) -> float:
        """How long the slowest call under way has taken."""
        began = min(list(self._began.values()), default=0.0)
        return time.monotonic() - began if began else 0.0

    def stop(self) -> None:
        """Take on nothing more. What is under way is left to end by itself."""
        for _ in self._threads:
            self._work.put(None)

    def _run(self) -> None:
        while (job := self._work.get()) is not None:
            work, then = job
            name = threading.current_thread().name
            self._began[name] = time.monotonic()
            outcome = self._outcome(work)
            del self._began[name]
            self._hand_over(then, outcome)

    def _outcome(self, work: Work) -> Outcome:
        try:
            client = getattr(self._own, "client", None)
            if client is None:
                client = self._own.client = self._connect()
            return Outcome(scrub(work(client)))
        except Exception as error:
            return Outcome(problem=problem_of(error))


def problem_of(error: Exception) -> Problem:
    """A failed call in words; a defect of ours is one too, and must not end the dashboard."""
    from inboxd.client import ApiError, Unreachable

    if isinstance(error, ApiError):
        fields = error.body.get("attributes") if isinstance(error.body, dict) else None
        field = str(fields[0]) if isinstance(fields, list) and fields else None
        told = error.body.get("error") if isinstance(error.body, dict) else None
        if field is None and isinstance(told, dict) and len(told) == 1:
            field = str(next(iter(told)))
        return Problem(scrub(_said(error)), error.status, field)
    if isinstance(error, Unreachable):
        return Problem(scrub(str(error).rpartition(": ")[2]))
    if isinstance(error, KeyError | TypeError | IndexError | AttributeError):
        return Problem(scrub(f"an answer that is not inboxd's ({type(error).__name__}: {error})"[:200]), 599)
    return Problem(scrub(f"{type(error).__name__}: {error}"[:200]), 599)


def _said(error: Any) -> str:
    said = error.body.get("error") if isinstance(error.body, dict) else None
    if isinstance(said, dict):
        return "; ".join(f"{name}: {', '.join(map(str, words))}" for name, words in said.items())
    return str(error.message)
