"""Whether a moment lies within the working hours of an inbox, and how much of the time between two does."""

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_MINUTE = 60_000
_DAY = 24 * 60 * _MINUTE
_WEEK = 7 * _DAY
_SPAN = 21 * _DAY
"""Within so long a clock is put forward or back at most once."""


def business_ms(week: list[dict[str, Any]], timezone: str, start: int, end: int) -> int:
    """Milliseconds of working time from `start` to `end`, by the clock of the time zone.

    An hour that the clock shows twice counts twice, one that it leaves out not at all.
    """
    opened = tuple(_open_hours(week))
    return sum(
        _before(opened, until + offset) - _before(opened, since + offset)
        for since, until, offset in _by_offset(_zone(timezone), start, end)
    )


def is_open(week: list[dict[str, Any]], timezone: str, now: int) -> bool:
    """Whether the clock of the time zone shows a working hour. The moment at which a day closes belongs to it."""
    _, local = _week_and_rest(now + _offset(_zone(timezone), now))
    return any(opens <= local <= closes and opens // _DAY == local // _DAY for opens, closes in _open_hours(week))


def _open_hours(week: list[dict[str, Any]]) -> Iterator[tuple[int, int]]:
    """Milliseconds since the beginning of Sunday."""
    for row in week:
        begin = row["day_of_week"] * _DAY
        if row["open_all_day"]:
            yield begin, begin + _DAY
        elif not row["closed_all_day"]:
            opens = row["open_hour"] * 60 + row["open_minutes"]
            closes = row["close_hour"] * 60 + row["close_minutes"]
            yield begin + opens * _MINUTE, begin + closes * _MINUTE


def _before(opened: tuple[tuple[int, int], ...], local: int) -> int:
    """Working time from the first Sunday before 1970 until a moment of the local clock."""
    weeks, rest = _week_and_rest(local)
    whole = sum(closes - opens for opens, closes in opened)
    return weeks * whole + sum(min(max(rest - opens, 0), closes - opens) for opens, closes in opened)


def _week_and_rest(local: int) -> tuple[int, int]:
    """The number of the week, and the time since the beginning of its Sunday."""
    return divmod(local + 4 * _DAY, _WEEK)  # 1970 began on a Thursday


def _by_offset(zone: ZoneInfo, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """(since, until, offset) of the pieces in which the local clock runs evenly."""
    while start < end:
        until = min(start + _SPAN, end)
        offset = _offset(zone, start)
        if _offset(zone, until) != offset:
            until = _change(zone, start, until, offset)
        yield start, until, offset
        start = until


def _change(zone: ZoneInfo, before: int, after: int, offset: int) -> int:
    """The moment at which the offset is no longer this one."""
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(zone, middle) == offset:
            before = middle
        else:
            after = middle
    return after


def _offset(zone: ZoneInfo, moment: int) -> int:
    ahead = datetime.fromtimestamp(moment / 1000, zone).utcoffset()
    return round(ahead.total_seconds() * 1000) if ahead is not None else 0


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        # It was known when the inbox got it; a reply must not fail because this machine knows fewer.
        return ZoneInfo("UTC")
