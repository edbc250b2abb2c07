"""Reports to download, as CSV. Times are seconds."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from inboxd.api.accounts import reports
from inboxd.api.files import disposition
from inboxd.api.web import Call, Handler, Response
from inboxd.domain.spreadsheets import csv_text
from inboxd.store.reports import METRICS
from inboxd.wire import reports as wire

_COMPARED = (
    "Conversations", "Resolved", "Average first response time (s)", "Average resolution time (s)",
    "Average reply time (s)",
)  # fmt: skip
_SUMMARY = (
    ("Conversations", "conversations_count"),
    ("Incoming messages", "incoming_messages_count"),
    ("Outgoing messages", "outgoing_messages_count"),
    ("Average first response time (s)", "avg_first_response_time"),
    ("Average resolution time (s)", "avg_resolution_time"),
    ("Resolved", "resolutions_count"),
    ("Average reply time (s)", "reply_time"),
)


def _download(name: str, rows: Iterable[Iterable[Any]]) -> Response:
    headers = {
        "Content-Type": "text/csv; charset=utf-8",
        "Content-Disposition": disposition("attachment", f"{name}_report.csv"),
    }
    return Response(text=csv_text(rows), headers=headers)


def comparison(kind: str, plural: str) -> Handler:
    def download(call: Call) -> Response:
        rows = ((name, *_cells(wire.performance(row_id, sums))) for row_id, name, sums in reports.compared(call, kind))
        return _download(plural, [(kind.capitalize(), *_COMPARED), *rows])

    return download


def _cells(one: wire.Performance) -> tuple[Any, ...]:
    return (
        one["conversations_count"],
        one["resolved_conversations_count"],
        one["avg_first_response_time"],
        one["avg_resolution_time"],
        one["avg_reply_time"],
    )


def summary(call: Call) -> Response:
    figures: Any = wire.figures(reports.totals(call.tx, reports.SUMMED, reports.window(call)))
    return _download("conversations_summary", [[title for title, _ in _SUMMARY], [figures[key] for _, key in _SUMMARY]])


def traffic(call: Call) -> Response:
    """New conversations: a row for each hour of the day, a column for each day."""
    offset = call.values.get("timezone_offset", 0)
    counts: dict[tuple[str, int], int] = {}
    for start, count, _ in reports.by_period(call, METRICS["conversations_count"], reports.window(call), "hour"):
        local = datetime.fromtimestamp((start + offset) / 1000, UTC)
        counts[f"{local:%Y-%m-%d}", local.hour] = count
    days = list(dict.fromkeys(day for day, _ in counts))
    rows = ((f"{hour:02}:00", *(counts.get((day, hour)) for day in days)) for hour in range(24))
    return _download("conversation_traffic", [("Hour", *days), *rows])
