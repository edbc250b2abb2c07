"""The numbers of the dashboard in words: plain text from answers."""

from typing import Any

from admin_tui.text import bars, cut, line, many, span

Json = dict[str, Any]
_HEAD = 10
_ASCII = str.maketrans("▁▂▃▄▅▆▇█", "_.:-=+*#")
HEADS = (
    ("open", "OPEN"), ("unassigned", "UNASSIGNED"), ("waiting", "WAITING >1h"), ("mine", "MINE"),
    ("pending", "PENDING"), ("snoozed", "SNOOZED"),
)  # fmt: skip


def numbers(counts: Json, width: int, *, ascii_only: bool = False) -> str:
    """Counts, the last hour as two pictures, and the queue for those who may see it."""
    talks = counts["conversations"]
    cells = [(head, str(talks[name])) for name, head in HEADS]
    lines = ["   ".join(head for head, _ in cells), "   ".join(f"{number:<{len(head)}}" for head, number in cells), ""]
    lines.append(_hour("msgs/min", counts["messages_per_minute"], width, ascii_only=ascii_only))
    queue = counts.get("deliveries")
    if queue is not None:
        lines.append(_hour("fails/min", queue["failures_per_minute"], width, ascii_only=ascii_only))
        lines.append(_queue(queue))
    return "\n".join(cut(one, width).rstrip() for one in lines)


def _hour(head: str, values: list[int], width: int, *, ascii_only: bool) -> str:
    """The last hour in as many bars as there is room for: each is one minute, or the sum of a few."""
    tail = f" now {values[-1] if values else 0}"
    room = max(6, width - _HEAD - len(tail))
    each = -(-len(values) // room) if values else 1
    summed = [sum(values[max(0, end - each) : end]) for end in range(len(values), 0, -each)][::-1]
    picture = bars(summed, room)
    return f"{head:<{_HEAD}}{picture.translate(_ASCII) if ascii_only else picture}{tail}"


def _queue(queue: Json) -> str:
    waits = f"{queue['pending']} pending"
    if queue["pending"]:
        waits += f", oldest {span(queue['oldest_pending_s'])}"
    parts = [waits, f"{queue['exhausted_24h']} exhausted (24h)"]
    if queue["failing_webhooks"]:
        parts.append(f"{many(queue['failing_webhooks'], 'webhook')} in trouble")
    return f"{'queue':<{_HEAD}}" + " · ".join(parts)


def concern(one: Json, inbox: str) -> tuple[str, str]:
    """What wants a person, and why."""
    what = str(one["kind"]).replace("_", " ")
    where = f"{inbox}: " if inbox else ""
    return f"{one['count']:>4} {what}", line(f"{where}{one['text']}")


def webhook_states(concerns: list[Json]) -> dict[int, str]:
    """Inbox → how its webhook is, where that is not well."""
    return {
        one["inbox_id"]: str(one["kind"]).removeprefix("webhook_")
        for one in reversed(concerns)
        if one["kind"].startswith("webhook_") and one.get("inbox_id")
    }
