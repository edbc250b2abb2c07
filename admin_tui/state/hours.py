"""The working hours of an inbox: in words, as a picture, and whether it is open."""

import re
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from inboxd.domain.working_hours import is_open

Json = dict[str, Any]
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
SCALE = "0     6     12    18"
_HOURS = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})", re.ASCII)


def hours_word(row: Json) -> str:
    if row["closed_all_day"]:
        return "closed"
    if row["open_all_day"]:
        return "all day"
    return f"{row['open_hour']:02}:{row['open_minutes']:02}-{row['close_hour']:02}:{row['close_minutes']:02}"


def monday_first(week: list[Json]) -> list[Json]:
    """The server's week begins on Sunday."""
    return sorted(week, key=lambda row: (row["day_of_week"] - 1) % 7)


def picture(row: Json) -> str:
    """A day as 24 cells, an hour each."""
    if row["open_all_day"] or row["closed_all_day"]:
        return ("█" if row["open_all_day"] else "·") * 24
    opens, closes = row["open_hour"], row["close_hour"] + (row["close_minutes"] > 0)
    return "".join("█" if opens <= hour < closes else "·" for hour in range(24))


def week_rows(week: list[Json]) -> list[tuple[str, str]]:
    """(`Mon-Fri`, the picture and the hours of each): days that are alike together."""
    runs: list[tuple[str, list[str]]] = []
    for day, row in zip(DAYS, monday_first(week), strict=False):
        word = f"{picture(row)} {hours_word(row)}"
        if runs and runs[-1][0] == word:
            runs[-1][1].append(day)
        else:
            runs.append((word, [day]))
    return [(days[0] + (f"-{days[-1]}" if len(days) > 1 else ""), word) for word, days in runs]


def standing(week: list[Json], zone: str, now: float) -> str:
    """`open now until 17:00`, `closed, opens Mon 09:00`: by the clock of its time zone."""
    local = datetime.fromtimestamp(now, _zone(zone))
    rows = {row["day_of_week"]: row for row in week}
    if is_open(week, zone, int(now * 1000)):
        row = rows[local.isoweekday() % 7]
        return "open now" if row["open_all_day"] else f"open now until {hours_word(row)[-5:]}"
    for ahead in range(8):
        day = local + timedelta(days=ahead)
        row = rows[day.isoweekday() % 7]
        if row["closed_all_day"]:
            continue
        opens = (0, 0) if row["open_all_day"] else (row["open_hour"], row["open_minutes"])
        if ahead or opens > (local.hour, local.minute):
            return f"closed, opens {DAYS[day.weekday()]} {opens[0]:02}:{opens[1]:02}"
    return "never open"


def clock_there(zone: str, now: float) -> str:
    return datetime.fromtimestamp(now, _zone(zone)).strftime("%H:%M")


def wrong_hours(text: str) -> str | None:
    if text in ("closed", "all day"):
        return None
    found = _HOURS.fullmatch(text)
    if found is None:
        return "such as 09:00-17:00, or closed, or all day"
    opens, closes = (int(found[1]), int(found[2])), (int(found[3]), int(found[4]))
    if max(opens[0], closes[0]) > 23 or max(opens[1], closes[1]) > 59:
        return "no such time"
    return None if opens < closes else "must open before it closes"


def hours_row(day: int, text: str) -> Json:
    """A day as the server takes it; `day` counts from Monday, `text` is one that `wrong_hours` has nothing against."""
    row: Json = {
        "day_of_week": (day + 1) % 7,
        "closed_all_day": text == "closed",
        "open_all_day": text == "all day",
    }
    found = _HOURS.fullmatch(text)
    if found is not None:
        names = ("open_hour", "open_minutes", "close_hour", "close_minutes")
        row |= {name: int(part) for name, part in zip(names, found.groups(), strict=True)}
    return row


def hours_shown(text: str) -> str:
    """The picture of a day that is being typed."""
    return picture(hours_row(0, text)) if wrong_hours(text) is None else ""


def zone_completed(text: str) -> str | None:
    return next((one for one in _zones() if text and one.lower().startswith(text.lower())), None)


def wrong_zone(zone: str) -> str | None:
    if zone in _zones():
        return None
    word = zone.lower().replace(" ", "_")
    close = [one for one in _zones() if word in one.lower()][:3]
    return f"no such time zone; {', '.join(close) or 'such as Europe/Berlin'}"


@cache
def _zones() -> list[str]:
    return sorted(available_timezones())


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")  # as the server does
