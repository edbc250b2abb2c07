"""When to try a webhook again. No clock, no row, no logger."""

import re
from dataclasses import dataclass

SCHEDULE_S = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Seconds from one failed attempt to the next: ten attempts over 75.6 hours."""
JITTER = 0.2
_UNIT = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}


@dataclass(frozen=True)
class Outcome:
    """What one HTTP try came to. `error` is a sentence for people; None means delivered.

    `early`: it failed before a byte of the request had left, so trying again at once is free.
    """

    status_code: int | None
    error: str | None
    excerpt: str = ""
    duration_ms: int = 0
    address: str | None = None
    early: bool = False

    @property
    def delivered(self) -> bool:
        return self.error is None


def next_delay_ms(failed_count: int, schedule_s: tuple[int, ...], chance: float) -> int | None:
    """Milliseconds from the failure with this number to the next attempt; None when it was the last.

    `chance` in [0, 1) spreads the delay evenly over ±20 %, so that a thousand deliveries that
    failed together do not come back together.
    """
    if failed_count > len(schedule_s):
        return None
    return round(schedule_s[failed_count - 1] * 1000 * (1 - JITTER + 2 * JITTER * chance))


def parse_schedule(text: str) -> tuple[int, ...]:
    """`"5s,5m,2h"` as seconds. Raises ValueError naming the part that is no duration."""
    seconds = []
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        match = re.fullmatch(r"(\d{1,6})([smhd]?)", part)
        if not match:
            raise ValueError(f"{part!r} is no duration (say 30s, 5m, 2h or 1d)")
        seconds.append(int(match[1]) * _UNIT[match[2]])
    if len(seconds) > 50:
        raise ValueError("more than 50 retries")
    return tuple(seconds)
