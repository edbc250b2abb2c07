"""When to try a webhook again. No clock, no row, no logger."""

import re
from dataclasses import dataclass

SCHEDULE_S = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Seconds from one failed attempt to the next: ten attempts over 75.6 hours."""
JITTER = 0.2
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
PAUSING = frozenset({429, 502, 503, 504})
"""Answers that speak for the whole receiver, not for one delivery."""
GONE = 410
FLAGGED_AT_ONCE = frozenset({401, 404})
"""Answers that no waiting will change: somebody has to look."""
FLAGGED_FAILURES = 4
"""Failed attempts of one delivery after which its webhook counts as failing."""
HOPELESS_MS = 5 * DAY_MS
HOPELESS_ATTEMPTS = 10
"""A webhook is disabled after both: ten attempts could be one bad minute of a busy one, five days
one single event of a quiet one."""
BOT_ATTEMPTS = 3
BOT_PAUSE_MS = 3_000
ERROR_CLASSES = (
    "status", "redirect", "timeout", "refused", "reset", "dns", "tls", "blocked", "url", "protocol", "interrupted",
    "internal",
)  # fmt: skip
_UNIT = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}


@dataclass(frozen=True)
class Outcome:
    """What one HTTP try came to. `error` is a sentence for people; None means delivered.

    `early`: it failed before a byte of the request had left, so trying again at once is free.
    `error_class` is one word of ERROR_CLASSES for programs. `retry_after_s` is what the receiver
    asked for, in seconds from now.
    """

    status_code: int | None
    error: str | None
    excerpt: str = ""
    duration_ms: int = 0
    address: str | None = None
    early: bool = False
    error_class: str | None = None
    retry_after_s: float | None = None

    @property
    def delivered(self) -> bool:
        return self.error is None


@dataclass(frozen=True)
class Verdict:
    """What an outcome means. `delay_ms`: until the next attempt of the delivery; None when it is over.
    `pause_ms`: how long its whole webhook rests. `disables`: the receiver wants nothing any more.
    """

    state: str
    delay_ms: int | None = None
    pause_ms: int | None = None
    disables: bool = False


def decide(outcome: Outcome, failed_count: int, schedule_s: tuple[int, ...], chance: float) -> Verdict:
    """The verdict over the attempt that came to `outcome`, after `failed_count` failed ones before it.

    A receiver that is overloaded or away says so for everything it is sent, so its webhook rests,
    no longer than the delivery and, unless it asked for more, no longer than an hour: late in the
    schedule one delivery waits for a day, and its webhook must not.
    """
    if outcome.delivered:
        return Verdict("delivered")
    failed = failed_count + 1
    base = next_delay_ms(failed, schedule_s, chance)
    asked = None if outcome.retry_after_s is None else round(outcome.retry_after_s * 1000)
    pause = None
    if outcome.status_code in PAUSING:
        rest = base if base is not None else next_delay_ms(len(schedule_s), schedule_s, chance) or 0
        rest = min(max(asked or 0, rest), max(2 * rest, HOUR_MS))
        if base is not None:
            base = rest
        pause = min(rest, max(HOUR_MS, asked or 0))
    return Verdict("exhausted" if base is None else "pending", base, pause, disables=outcome.status_code == GONE)


def decide_for_bot(outcome: Outcome, failed_count: int) -> Verdict:
    """Chatwoot's rule for agent bots: three attempts, 3 s apart, for 429 and 500 alone. A bot that
    does not answer now is no help: people take over."""
    if outcome.delivered:
        return Verdict("delivered")
    if outcome.status_code in (429, 500) and failed_count + 1 < BOT_ATTEMPTS:
        return Verdict("pending", BOT_PAUSE_MS)
    return Verdict("exhausted")


def told(error: str) -> str:
    """An error as it is told beyond those who run the webhook: the address that a redirect names may
    hold a secret, as the webhook's own may."""
    return error.partition(" to ")[0] if "redirects are not followed" in error else error


def is_hopeless(failing_since: int, failed_count: int, now: int) -> bool:
    """Whether a webhook that has only failed since then is given up. Times in milliseconds."""
    return now - failing_since >= HOPELESS_MS and failed_count >= HOPELESS_ATTEMPTS


def next_delay_ms(failed_count: int, schedule_s: tuple[int, ...], chance: float) -> int | None:
    """Milliseconds from the failure with this number to the next attempt; None when it was the last.

    `chance` in [0, 1) spreads the delay evenly over ±20 %, so that a thousand deliveries that
    failed together do not come back together.
    """
    if not 0 < failed_count <= len(schedule_s):
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
