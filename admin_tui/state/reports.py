"""What reports ask of the server, and what is told of the answers. Times are unix seconds, as long as days are here."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from admin_tui.text import line, span
from inboxd.domain.spreadsheets import csv_text

if TYPE_CHECKING:
    from inboxd.client import Client

Json = dict[str, Any]
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
RATINGS = (5, 4, 3, 2, 1)
_MOST_PICTURES = 20
"""Rows with a picture of their own, the busiest: each is a question to the server."""
_HOURS_AT_ONCE_S = 40 * 86_400
"""The server gives a thousand periods at once."""


@dataclass(frozen=True)
class Span:
    title: str
    days: int
    unit: str

    @property
    def before(self) -> str:
        return "yesterday by this time" if self.days == 1 else f"the {self.days} days before"


SPANS = (Span("today", 1, "hour"), Span("7 days", 7, "day"), Span("30 days", 30, "day"), Span("90 days", 90, "week"))
METRICS = {
    "conversations_count": "Conversations",
    "incoming_messages_count": "Incoming",
    "outgoing_messages_count": "Outgoing",
    "resolutions_count": "Resolutions",
    "avg_first_response_time": "First response",
    "avg_resolution_time": "Resolution time",
    "reply_time": "Reply time",
}
_COLUMNS = {
    "conversations_count": "Conversations",
    "resolved_conversations_count": "Resolved",
    "avg_first_response_time": "First response (s)",
    "avg_resolution_time": "Resolution time (s)",
    "avg_reply_time": "Reply time (s)",
}


def is_timed(metric: str) -> bool:
    return metric.endswith("_time")


@dataclass(frozen=True)
class Window:
    """Some days up to now, by the clock of this machine, and as many before them, up to the same time of day."""

    span: Span
    now: int
    business_hours: bool = False

    def _asked(self, back: int) -> Json:
        now = time.localtime(self.now)
        day = now.tm_mday - back
        since = time.mktime((now.tm_year, now.tm_mon, day - self.span.days + 1, 0, 0, 0, 0, 0, -1))
        until = time.mktime((now.tm_year, now.tm_mon, day, now.tm_hour, now.tm_min, now.tm_sec + 1, 0, 0, -1))
        return {"since": int(since), "until": int(until)}

    @property
    def times(self) -> Json:
        return self._asked(0)

    @property
    def asked(self) -> Json:
        return self.times | self._hours

    @property
    def before(self) -> Json:
        return self._asked(self.span.days) | self._hours

    @property
    def _hours(self) -> Json:
        return {"business_hours": "true"} if self.business_hours else {}

    def series(self, client: "Client", metric: str, kind: str = "account", **subject: Any) -> list[Json]:
        offset = time.localtime(self.now).tm_gmtoff / 3600
        found: list[Json] = client.report(
            "/reports",
            metric=metric,
            type=kind,
            group_by=self.span.unit,
            timezone_offset=offset,
            **subject,
            **self.asked,
        )
        return found


def overview(client: "Client", window: Window) -> Json:
    """`rows`, one for each metric; what there is at this moment; and how much comes in at each hour of the week."""
    now = client.report("/reports/summary", type="account", **window.asked)
    before = client.report("/reports/summary", type="account", **window.before)
    rows = [
        {"id": name, "now": now[name], "before": before[name], "points": window.series(client, name)}
        for name in METRICS
    ]
    return {"rows": rows, "live": live(client), "hours": hours(client, window) if window.span.days > 1 else []}


def live(client: "Client") -> Json:
    """Open conversations, and the people of each availability with how many of them are theirs."""
    load = {one["assignee_id"]: one["open"] for one in client.open_load()}
    people: dict[str, list[int]] = {state: [0, 0] for state in ("online", "busy", "offline")}
    for one in client.agents():
        counts = people.setdefault(str(one.get("availability_status") or "offline"), [0, 0])
        counts[0] += 1
        counts[1] += load.get(one["id"], 0)
    return {"counts": client.report("/live_reports/conversation_metrics"), "people": people}


def hours(client: "Client", window: Window) -> list[list[int]]:
    """What came in on each weekday, at each hour of the clock of this machine."""
    week = [[0] * 24 for _ in DAYS]
    since, until = window.times["since"], window.times["until"]
    for begin in range(since, until, _HOURS_AT_ONCE_S):
        found = client.report(
            "/reports", metric="incoming_messages_count", type="account", group_by="hour",
            since=begin, until=min(until, begin + _HOURS_AT_ONCE_S),
        )  # fmt: skip
        for point in found:
            at = time.localtime(point["timestamp"])
            week[at.tm_wday][at.tm_hour] += point["value"]
    return week


def compared(client: "Client", kind: str, window: Window, names: Mapping[int, str]) -> Json:
    """`rows` of the agents, inboxes, teams or labels, the busiest first."""
    path = f"/summary_reports/{kind}"
    before = {one["id"]: one for one in client.report(path, **window.before)}
    load = {one["assignee_id"]: one["open"] for one in client.open_load()} if kind == "agent" else {}
    rows: list[Json] = [
        {
            "id": one["id"],
            "name": one.get("name") or names.get(one["id"], f"{kind} {one['id']}"),
            "now": {name: one[name] for name in _COLUMNS},
            "before": before.get(one["id"], {}),
            "open": load.get(one["id"], 0) if kind == "agent" else None,
            "points": [],
        }
        for one in client.report(path, **window.asked)
    ]
    rows.sort(key=lambda row: (-row["now"]["conversations_count"], str(row["name"]).lower()))
    for row in rows[:_MOST_PICTURES]:
        if row["now"]["conversations_count"]:
            row["points"] = window.series(client, "conversations_count", kind, id=row["id"])
    return {"rows": rows}


def answers(client: "Client", window: Window, only: Mapping[str, Any], pages: int) -> Json:
    """`rows` of answers to surveys, the newest first, as many pages as are wanted; and how often what was given."""
    path = "/csat_survey_responses"
    rows: list[Json] = []
    for page in range(1, pages + 1):
        found = client.call("GET", path, sort="-created_at", page=page, **only, **window.times)
        rows += found
        if not found:
            break
    before = {name: window.before[name] for name in ("since", "until")}
    return {
        "rows": rows,
        "metrics": client.call("GET", f"{path}/metrics", **only, **window.times),
        "before": client.call("GET", f"{path}/metrics", **only, **before),
    }


def score(metrics: Json) -> int | None:
    """The share of ratings that are good, 4 or 5, in percent."""
    total = metrics["total_count"]
    good = sum(metrics["ratings_count"].get(rating, 0) for rating in ("4", "5"))
    return round(good * 100 / total) if total else None


# In words.


def duration(seconds: float | None) -> str:
    """`40s`, `4m`, `2h 10m`, `1d 4h`; a dash for none."""
    if seconds is None:
        return "–"
    whole, rest = span(seconds), ""
    if seconds >= 86_400:
        rest = span(seconds % 86_400 // 3600 * 3600)
    elif seconds >= 3600:
        rest = span(seconds % 3600 // 60 * 60)
    return whole if rest in ("", "0s") else f"{whole} {rest}"


def value(metric: str, found: Any) -> str:
    return duration(found or None) if is_timed(metric) else f"{found or 0:,}"


def change(now: Any, before: Any) -> str:
    """`+12 %`, against what was before; `new` where that was nothing."""
    if not before:
        return "new" if now else ""
    if not now:
        return "none" if now is None else "-100 %"
    part = round((now - before) * 100 / before)
    return f"{part:+d} %" if part else "same"


def moment(at: int, unit: str) -> str:
    """A period by its beginning: `14:00`, `Tue 9 Jun`, `from 8 Jun`."""
    when = time.localtime(at)
    if unit == "hour":
        return f"{when.tm_hour:02}:00"
    date = f"{when.tm_mday} {time.strftime('%b', when)}"
    return f"from {date}" if unit == "week" else f"{DAYS[when.tm_wday]} {date}"


def tick(at: int, span_: Span) -> str:
    """The same, as short as can be, for below a chart."""
    when = time.localtime(at)
    if span_.unit == "hour":
        return f"{when.tm_hour:02}"
    return f"{DAYS[when.tm_wday]} {when.tm_mday}" if span_.days == 7 else f"{when.tm_mday} {time.strftime('%b', when)}"


# As a file.


def table(rows: list[Json], window: Window, kind: str) -> list[list[Any]]:
    """What is shown, for a spreadsheet: periods by metric, or a line for each agent, inbox, team or label."""
    if kind:
        head = [kind.capitalize(), *_COLUMNS.values()]
        return [head, *([line(row["name"]), *(row["now"][name] for name in _COLUMNS)] for row in rows)]
    head = ["From", *(f"{title} (s)" if is_timed(name) else title for name, title in METRICS.items())]
    points = [row["points"] for row in rows]
    return [
        head,
        *([_iso(each[0]["timestamp"]), *(one["value"] for one in each)] for each in zip(*points, strict=False)),
    ]


def _iso(at: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at))


def save(path: Path, rows: Iterable[Iterable[Any]]) -> None:
    """Raises FileExistsError."""
    with path.open("x", newline="", encoding="utf-8") as file:
        file.write(csv_text(rows))
