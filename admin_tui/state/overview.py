"""What wants a person, in words: plain text from answers."""

from typing import Any

from admin_tui.text import line

Json = dict[str, Any]


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
