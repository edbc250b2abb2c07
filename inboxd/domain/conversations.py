"""What happens to a conversation when something happens in it."""

from typing import Any
from urllib.parse import urlsplit

STATUSES = ("open", "resolved", "pending", "snoozed")
PRIORITIES = ("low", "medium", "high", "urgent")
UNREAD_CAP = 10
MINUTE_LIMIT = 200
"""Messages of any type a conversation takes within a minute before new ones are refused."""

WATCHED = frozenset({
    "team_id", "assignee_id", "assignee_agent_bot_id", "status", "snoozed_until", "custom_attributes",
    "label_list", "waiting_since", "first_reply_created_at", "priority",
})  # fmt: skip
"""A change to one of these is a conversation_updated."""
BECAME = {"open": "conversation_opened", "resolved": "conversation_resolved"}
"""What agent bots hear of a new status besides."""


def opening_status(*, blocked: bool, has_bot: bool, wanted: str | None = None) -> str:
    """The status a conversation is born with."""
    if blocked:
        return "resolved"
    return "pending" if has_bot else wanted or "open"


def with_checked_referer(attributes: dict[str, Any]) -> dict[str, Any]:
    """The attributes, with a `referer` that is no web address as null."""
    referer = attributes.get("referer")
    if referer is None or (isinstance(referer, str) and _is_web_address(referer)):
        return attributes
    return attributes | {"referer": None}


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


def after_incoming(status: str, *, blocked: bool, has_bot: bool) -> str:
    """The status after the contact wrote: snoozed and resolved ones come back, muted ones never."""
    if blocked or status not in ("snoozed", "resolved"):
        return status
    return "pending" if status == "resolved" and has_bot else "open"


def toggled(status: str) -> str:
    return "resolved" if status == "open" else "open"


def with_status(status: str, snoozed_until: int | None = None) -> dict[str, Any]:
    """Everything that changes together with the status."""
    values: dict[str, Any] = {
        "status": status,
        "snoozed_until": snoozed_until if status == "snoozed" else None,
    }
    if status == "resolved":
        values["waiting_since"] = None
    return values


def reply_window(additional_attributes: dict[str, Any]) -> Any:
    """The inbox's `agent_reply_time_window`, in hours and as it was given; None when there is none."""
    hours = additional_attributes.get("agent_reply_time_window")
    return None if isinstance(hours, str) and not hours.strip() else hours


def reply_window_ms(additional_attributes: dict[str, Any]) -> int | None:
    hours = reply_window(additional_attributes)
    return None if hours is None else int(hours) * 3_600_000


def idle_before(settings: dict[str, Any], now: int) -> int | None:
    """An open conversation of an account with these settings that was last active before this moment is
    resolved; None when none is."""
    minutes = settings.get("auto_resolve_after")
    return now - minutes * 60_000 if minutes else None


def seen(
    *, is_assignee: bool, has_news: bool, agent_seen: int | None, assignee_seen: int | None, now: int
) -> dict[str, int]:
    """Which last-seen times a look at the conversation moves to `now`.

    With nothing new they move at most once an hour, so that a dashboard that polls does not
    write for ever.
    """
    stale = now - 3_600_000
    if is_assignee:
        if has_news or agent_seen is None or assignee_seen is None or min(agent_seen, assignee_seen) < stale:
            return {"agent_last_seen_at": now, "assignee_last_seen_at": now}
        return {}
    if has_news or agent_seen is None or agent_seen < stale:
        return {"agent_last_seen_at": now}
    return {}
