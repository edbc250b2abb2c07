"""The grid of a report: the hours, days, weeks, months or years that begin before a moment.

Moments are milliseconds since 1970. Periods are those of a clock that is a fixed time away from UTC;
weeks begin on Monday.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from inboxd.domain.errors import Invalid

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
UNITS = ("day", "week", "month", "year", "hour")
LIMIT = 1_000
"""Periods of one answer."""
SIX_MONTHS_MS = 184 * DAY_MS
"""The longest that six months can be."""

_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True)
class Grid:
    """`starts` are the first moments of its periods. `step` is the width of the equal parts, counted from
    the first start, that make up every period."""

    starts: tuple[int, ...]
    step: int

    def folded(self, parts: Iterable[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
        """(start, count, total) of every period, from the (part, count, total) of the parts that have any."""
        counts, totals = [0] * len(self.starts), [0] * len(self.starts)
        for part, count, total in parts:
            place = bisect_right(self.starts, self.starts[0] + part * self.step) - 1
            counts[place] += count
            totals[place] += total
        return list(zip(self.starts, counts, totals, strict=True))


def grid(unit: str, since: int, until: int, offset_ms: int) -> Grid:
    """The periods that have moments from `since` on and before `until`. Raises Invalid for too many."""
    starts: list[int] = []
    start = _floor(unit, since + offset_ms)
    while since < until and start < until + offset_ms:
        if len(starts) == LIMIT:
            raise Invalid(f"Since must be at most {LIMIT} {unit}s before until", "since")
        starts.append(start - offset_ms)
        start = _next(unit, start)
    return Grid(tuple(starts), HOUR_MS if unit == "hour" else DAY_MS)


def _floor(unit: str, local: int) -> int:
    if unit == "hour":
        return local - local % HOUR_MS
    if unit == "week":
        # 1970 began on a Thursday.
        return local - (local + 3 * DAY_MS) % (7 * DAY_MS)
    if unit == "day":
        return local - local % DAY_MS
    day = date.fromordinal(min(_EPOCH + local // DAY_MS, date.max.toordinal()))
    first = day.replace(day=1) if unit == "month" else day.replace(month=1, day=1)
    return (first.toordinal() - _EPOCH) * DAY_MS


def _next(unit: str, start: int) -> int:
    if unit == "hour":
        return start + HOUR_MS
    if unit == "day":
        return start + DAY_MS
    if unit == "week":
        return start + 7 * DAY_MS
    return _floor(unit, start + (31 if unit == "month" else 366) * DAY_MS)
