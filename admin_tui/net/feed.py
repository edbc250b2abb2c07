"""Follows the event feed of the server and says how the connection is."""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Literal

from admin_tui.net.outcome import Problem
from admin_tui.net.pool import problem_of
from admin_tui.text import scrub

if TYPE_CHECKING:
    from inboxd.client import Client

WAIT_S = 14
"""The client waits 10 s longer, so that a silent server is noticed within 25 s. The server would allow 60: an empty
answer four times a minute is less than an hour of looking at what is no longer true."""
_BEFORE_S = 3.0
"""Pause between polls that the server had no seat to wait for."""
_BREATH_S = 0.15
"""Pause between polls while much happens: the screen is drawn four times a second, and a poll for each event is work
for both sides that nobody sees."""
_LEAST_S, _MOST_S = 0.5, 30.0
_OVERDUE_S = 2.0


@dataclass(frozen=True)
class News:
    """`events`: what happened. `live`: connected, maybe again. `lost`: not connected; the next try is at `again_at`,
    of `time.monotonic`. `gap`: events before `seq` are gone. `denied`: the token opens nothing."""

    kind: Literal["events", "live", "lost", "gap", "denied"]
    events: list[dict[str, Any]] = field(default_factory=list)
    seq: int = 0
    problem: Problem | None = None
    again_at: float = 0.0
    tries: int = 0


class Feed:
    """One daemon thread that fills `news`."""

    def __init__(self, connect: Callable[[], "Client"]) -> None:
        self._connect = connect
        self.news: SimpleQueue[News] = SimpleQueue()
        self._wake = threading.Event()
        self._turn = 0
        self._answer_by = float("inf")

    def start(self) -> None:
        self._turn += 1
        threading.Thread(target=self._run, args=(self._turn,), name="feed", daemon=True).start()

    def hurry(self) -> None:
        """Try again now instead of later; a try that is overdue is left to itself."""
        if time.monotonic() > self._answer_by:
            self.start()
        else:
            self._wake.set()

    def stop(self) -> None:
        self._turn += 1
        self._wake.set()

    def _run(self, turn: int) -> None:
        client, seq, tries, live = None, -1, 0, False
        while turn == self._turn:
            try:
                self._answer_by = time.monotonic() + (WAIT_S if live else 0) + _OVERDUE_S
                client = client or self._connect()
                if seq < 0:
                    seq = client.newest_seq()
                if not live:
                    self.news.put(News("live", seq=seq))
                    live, tries = True, 0
                seq = self._poll(client, seq)
            except Exception as error:
                if turn != self._turn:
                    return
                self._answer_by = float("inf")
                problem = problem_of(error)
                if problem.status == 404:
                    problem = replace(problem, message="no such account, or no inboxd")
                oldest = getattr(error, "oldest_seq", None)
                if oldest is not None:
                    seq = -1
                    self.news.put(News("gap", seq=oldest))
                    continue
                live = False
                if problem.is_denied:
                    self.news.put(News("denied", problem=problem))
                    self._rest(_MOST_S)
                    continue
                tries += 1
                pause = min(_MOST_S, _LEAST_S * 2 ** (tries - 1)) * random.uniform(0.8, 1.2)  # noqa: S311
                self.news.put(News("lost", problem=problem, again_at=time.monotonic() + pause, tries=tries))
                self._rest(pause)

    def _poll(self, client: "Client", seq: int) -> int:
        began = time.monotonic()
        events, after = client.events(after=seq, wait_s=WAIT_S)
        if after < seq:
            # The server was restored from a backup: what it has now is what there is.
            self.news.put(News("gap", seq=after))
        if events:
            self.news.put(News("events", scrub(events), after))
            self._rest(_BREATH_S)
        elif time.monotonic() - began < 1:
            self._rest(_BEFORE_S)
        return after

    def _rest(self, seconds: float) -> None:
        self._wake.wait(seconds)
        self._wake.clear()
