"""Who else is at a conversation right now."""

import time
from collections.abc import Callable
from typing import Any

from admin_tui.state import conversations as model

TYPING_S = 30.0
_REPLIED_S = 120.0


class Presence:
    """From events, never asked for. A typist who falls silent is forgotten after half a minute."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._typing: dict[tuple[int, str], tuple[float, bool]] = {}
        self._replied: dict[int, tuple[float, str]] = {}

    def hear(self, events: list[dict[str, Any]], me: int) -> None:
        now = self._clock()
        for number, who, is_agent, is_on in model.typing(events, me):
            if is_on:
                self._typing[number, who] = (now, is_agent)
            else:
                self._typing.pop((number, who), None)
        for number, who in model.answered(events, me):
            self._typing.pop((number, who), None)
            self._replied[number] = (now, who)

    def about(self, number: int) -> str:
        """Who is typing there, in words; or nothing."""
        now = self._clock()
        names = [who for (talk, who), (at, _) in self._typing.items() if talk == number and now - at < TYPING_S]
        return f"{', '.join(names)} {'are' if len(names) > 1 else 'is'} typing" if names else ""

    def collision(self, number: int, since: float) -> str:
        """The warning for who writes an answer since then: another agent types or has answered."""
        now = self._clock()
        agents = [
            who
            for (talk, who), (at, is_agent) in self._typing.items()
            if talk == number and is_agent and now - at < TYPING_S
        ]
        if agents:
            return f"{', '.join(agents)} is typing too"
        at, who = self._replied.get(number, (0.0, ""))
        return f"{who} has replied meanwhile" if who and at >= since and now - at < _REPLIED_S else ""
