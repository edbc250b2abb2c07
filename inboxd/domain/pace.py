"""The loop guard: a conversation that makes events by the hundred is slowed down, never cut off."""

from dataclasses import dataclass, field

LIMIT = 200
"""Events of a conversation within a minute that nobody but a loop of programs makes."""
MINUTE_MS = 60_000
SPACING_MS = MINUTE_MS // LIMIT
_KEPT = 10_000


@dataclass
class _Minute:
    began: int
    count: int = 0
    before: int = 0
    """What was counted in the minute before this one."""
    told: bool = False
    slots: dict[int, int] = field(default_factory=dict)
    """The moment until which each webhook's deliveries are spaced out."""


class Brake:
    """Events of each conversation over the last minute, in memory: after a restart a loop has to
    show itself again."""

    def __init__(self) -> None:
        self._minutes: dict[int, _Minute] = {}
        self._room = _KEPT

    def count(self, conversation_id: int, now: int) -> bool:
        """Count one more. True at the moment when it becomes too much, and not again before it fell to half
        of that: a loop that is braked goes on close to the limit."""
        minute = self._minutes.get(conversation_id)
        if minute is None or not 0 <= now - minute.began < 2 * MINUTE_MS:
            if len(self._minutes) >= self._room:
                self._minutes = {key: one for key, one in self._minutes.items() if 0 <= now - one.began < MINUTE_MS}
                # Twice what is left: many conversations in one minute must not be looked through at each new one.
                self._room = max(_KEPT, 2 * len(self._minutes))
            minute = self._minutes[conversation_id] = _Minute(now)
        elif now - minute.began >= MINUTE_MS:
            minute.began, minute.before, minute.count = minute.began + MINUTE_MS, minute.count, 0
        if _rate(minute, now) < LIMIT / 2:
            minute.told = False
        minute.count += 1
        if minute.told or _rate(minute, now) <= LIMIT:
            return False
        minute.told = True
        return True

    def delay_ms(self, webhook_id: int, conversation_id: int | None, now: int) -> int:
        """How long the next delivery of the conversation to a webhook has to wait."""
        minute = self._minutes.get(conversation_id) if conversation_id is not None else None
        if minute is None or not 0 <= now - minute.began < 2 * MINUTE_MS:
            return 0
        if _rate(minute, now) <= LIMIT:
            return 0
        slot = minute.slots[webhook_id] = max(now, minute.slots.get(webhook_id, 0)) + SPACING_MS
        return slot - now


def _rate(minute: _Minute, now: int) -> float:
    """Events of the last 60 s: this minute's, and of the one before the part that still counts."""
    passed = now - minute.began
    if passed >= MINUTE_MS:
        return minute.count * (2 * MINUTE_MS - passed) / MINUTE_MS
    return minute.count + minute.before * (MINUTE_MS - passed) / MINUTE_MS
