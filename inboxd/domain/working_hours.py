"""The working hours of an inbox: seven rows, Sunday is 0; whether a moment lies within them, and how much of the
time between two does."""

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_FIELDS = ("closed_all_day", "open_hour", "open_minutes", "close_hour", "close_minutes", "open_all_day")
_WORDS = {"true": True, "1": True, "false": False, "0": False}
_MINUTE = 60_000
_DAY = 24 * 60 * _MINUTE
_WEEK = 7 * _DAY
_SPAN = 21 * _DAY
"""Within so long a clock is put forward or back at most once."""


def default_week() -> list[dict[str, Any]]:
    """Monday to Friday 9 to 17, the weekend closed."""
    return [_closed(day) if day in (0, 6) else _row(day, 9, 0, 17, 0) for day in range(7)]


def updated(week: list[dict[str, Any]], rows: list[Any]) -> list[dict[str, Any]]:
    """`week` with the valid ones of `rows` applied; invalid rows are ignored, as Chatwoot does. Numbers and
    flags may come as text."""
    by_day = {row["day_of_week"]: row for row in week}
    for row in rows:
        day = _read("day_of_week", row.get("day_of_week")) if isinstance(row, dict) else None
        if type(day) is int and day in by_day:
            candidate = {**by_day[day], **{key: _read(key, row[key]) for key in _FIELDS if key in row}}
            if candidate["open_all_day"] and not candidate["closed_all_day"]:
                candidate = {**_row(day, 0, 0, 23, 59), "open_all_day": True}
            elif candidate["closed_all_day"] and not candidate["open_all_day"]:
                candidate = _closed(day)
            elif not _is_valid(candidate):
                continue
            else:
                candidate |= {"closed_all_day": False, "open_all_day": False}  # whatever else said no
            by_day[day] = candidate
    return [by_day[day] for day in sorted(by_day)]


def _read(field: str, raw: Any) -> Any:
    if not isinstance(raw, str):
        return raw
    if field.endswith("_all_day"):
        return _WORDS.get(raw.lower())
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 3 else raw


def _is_valid(row: dict[str, Any]) -> bool:
    times = (row["open_hour"], row["open_minutes"], row["close_hour"], row["close_minutes"])
    if row["open_all_day"] or row["closed_all_day"] or any(type(value) is not int for value in times):
        return False
    open_hour, open_minutes, close_hour, close_minutes = times
    in_range = all(0 <= h <= 23 for h in (open_hour, close_hour)) and all(
        0 <= m <= 59 for m in (open_minutes, close_minutes)
    )
    return in_range and (open_hour, open_minutes) < (close_hour, close_minutes)


def _row(day: int, open_hour: int, open_minutes: int, close_hour: int, close_minutes: int) -> dict[str, Any]:
    return {
        "day_of_week": day,
        "closed_all_day": False,
        "open_hour": open_hour,
        "open_minutes": open_minutes,
        "close_hour": close_hour,
        "close_minutes": close_minutes,
        "open_all_day": False,
    }


def _closed(day: int) -> dict[str, Any]:
    return {**dict.fromkeys(_row(day, 0, 0, 0, 0)), "day_of_week": day, "closed_all_day": True, "open_all_day": False}


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
