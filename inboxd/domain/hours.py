"""Working hours of an inbox: seven rows, Sunday is 0."""

from typing import Any

_FIELDS = ("closed_all_day", "open_hour", "open_minutes", "close_hour", "close_minutes", "open_all_day")


def default_week() -> list[dict[str, Any]]:
    """Monday to Friday 9 to 17, the weekend closed."""
    return [_closed(day) if day in (0, 6) else _row(day, 9, 0, 17, 0) for day in range(7)]


def updated(week: list[dict[str, Any]], rows: list[Any]) -> list[dict[str, Any]]:
    """`week` with the valid ones of `rows` applied; invalid rows are ignored, as Chatwoot does."""
    by_day = {row["day_of_week"]: row for row in week}
    for row in rows:
        day = row.get("day_of_week") if isinstance(row, dict) else None
        if type(day) is int and day in by_day:
            candidate = {**by_day[day], **{key: row[key] for key in _FIELDS if key in row}}
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
