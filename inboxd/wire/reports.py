"""Reports as the application API shows them. Times are seconds."""

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

from inboxd.store.live_reports import Open
from inboxd.store.models import Inbox, Label

CHANNEL = "Channel::Api"
HOURS = (1, 4, 8, 24)
"""Where the classes of first response times end."""

Sums = tuple[int, int]
"""How many, and their milliseconds together."""


class Point(TypedDict):
    value: float
    timestamp: int
    count: NotRequired[int]


class Figures(TypedDict):
    conversations_count: int
    incoming_messages_count: int
    outgoing_messages_count: int
    avg_first_response_time: float | None
    avg_resolution_time: float | None
    resolutions_count: int
    reply_time: float | None


class Summary(Figures):
    previous: Figures


class BotFigures(TypedDict):
    bot_resolutions_count: int
    bot_handoffs_count: int


class BotSummary(BotFigures):
    previous: BotFigures


class BotMetrics(TypedDict):
    conversation_count: int
    message_count: int
    resolution_rate: int
    handoff_rate: int


class Live(TypedDict):
    open: int
    unattended: int
    unassigned: int
    pending: int


class Group(TypedDict):
    open: int
    unattended: int
    unassigned: int
    assignee_id: NotRequired[int | None]
    team_id: NotRequired[int | None]


class Load(TypedDict):
    open: int
    unattended: int


class AgentLoad(TypedDict):
    id: int
    name: str
    email: str
    thumbnail: str
    availability: str | None
    metric: Load


class MatrixInbox(TypedDict):
    id: int
    name: str


class MatrixLabel(TypedDict):
    id: int
    title: str


class Matrix(TypedDict):
    inboxes: list[MatrixInbox]
    labels: list[MatrixLabel]
    matrix: list[list[int]]


Distribution = TypedDict("Distribution", {"0-1h": int, "1-4h": int, "4-8h": int, "8-24h": int, "24h+": int})


class Outgoing(TypedDict):
    id: int
    name: str
    outgoing_messages_count: int


class Performance(TypedDict):
    id: int
    name: NotRequired[str]
    conversations_count: int
    resolved_conversations_count: int
    avg_resolution_time: float | None
    avg_first_response_time: float | None
    avg_reply_time: float | None


class Statuses(TypedDict):
    open: int
    resolved: int
    pending: int
    snoozed: int
    total: int


def average(sums: Sums) -> float | None:
    count, ms = sums
    return ms / count / 1000 if count else None


def point(start: int, count: int, ms: int, *, timed: bool) -> Point:
    if timed:
        return {"value": average((count, ms)) or 0, "timestamp": start // 1000, "count": count}
    return {"value": count, "timestamp": start // 1000}


def figures(sums: Mapping[str, Sums]) -> Figures:
    return {
        "conversations_count": sums["conversations_count"][0],
        "incoming_messages_count": sums["incoming_messages_count"][0],
        "outgoing_messages_count": sums["outgoing_messages_count"][0],
        "avg_first_response_time": average(sums["avg_first_response_time"]),
        "avg_resolution_time": average(sums["avg_resolution_time"]),
        # Each resolution took its time.
        "resolutions_count": sums["avg_resolution_time"][0],
        "reply_time": average(sums["reply_time"]),
    }


def summary(now: Mapping[str, Sums], before: Mapping[str, Sums]) -> Summary:
    return {**figures(now), "previous": figures(before)}


def bot_figures(sums: Mapping[str, Sums]) -> BotFigures:
    return {
        "bot_resolutions_count": sums["bot_resolutions_count"][0],
        "bot_handoffs_count": sums["bot_handoffs_count"][0],
    }


def bot_summary(now: Mapping[str, Sums], before: Mapping[str, Sums]) -> BotSummary:
    return {**bot_figures(now), "previous": bot_figures(before)}


def bot_metrics(conversations: int, messages: int, sums: Mapping[str, Sums]) -> BotMetrics:
    """Rates are whole percents."""

    def rate(count: int) -> int:
        return count * 100 // conversations if conversations else 0

    return {
        "conversation_count": conversations,
        "message_count": messages,
        "resolution_rate": rate(sums["bot_resolutions_count"][0]),
        "handoff_rate": rate(sums["bot_handoffs_count"][0]),
    }


def live(found: Open, pending: int) -> Live:
    return {"open": found.open, "unattended": found.unattended, "unassigned": found.unassigned, "pending": pending}


def by_assignee(found: Open, assignee_id: int | None) -> Group:
    return {
        "open": found.open,
        "unattended": found.unattended,
        "unassigned": found.unassigned,
        "assignee_id": assignee_id,
    }


def by_team(found: Open, team_id: int | None) -> Group:
    return {"open": found.open, "unattended": found.unattended, "unassigned": found.unassigned, "team_id": team_id}


def agent_load(agent: Mapping[str, Any], found: Open) -> AgentLoad:
    """`agent` as lists of people show it."""
    return {
        "id": agent["id"],
        "name": agent["name"],
        "email": agent["email"],
        "thumbnail": agent["thumbnail"],
        "availability": agent["availability_status"],
        "metric": {"open": found.open, "unattended": found.unattended},
    }


def matrix(inboxes: Sequence[Inbox], labels: Sequence[Label], counts: Mapping[tuple[int, str], int]) -> Matrix:
    """A row for each inbox, a column for each label."""
    return {
        "inboxes": [{"id": inbox.id, "name": inbox.name} for inbox in inboxes],
        "labels": [{"id": label.id, "title": label.title} for label in labels],
        "matrix": [[counts.get((inbox.id, label.title), 0) for label in labels] for inbox in inboxes],
    }


def distribution(counts: Sequence[int]) -> dict[str, Distribution]:
    """Nothing of a channel without any."""
    if not any(counts):
        return {}
    return {
        CHANNEL: {"0-1h": counts[0], "1-4h": counts[1], "4-8h": counts[2], "8-24h": counts[3], "24h+": counts[4]},
    }


def statuses(counts: Mapping[str, int]) -> dict[str, Statuses]:
    """Nothing of a channel without any."""
    if not counts:
        return {}
    return {
        CHANNEL: {
            "open": counts.get("open", 0),
            "resolved": counts.get("resolved", 0),
            "pending": counts.get("pending", 0),
            "snoozed": counts.get("snoozed", 0),
            "total": sum(counts.values()),
        }
    }


def outgoing(row_id: int, name: str, count: int) -> Outgoing:
    return {"id": row_id, "name": name, "outgoing_messages_count": count}


def performance(row_id: int, sums: Mapping[str, Sums]) -> Performance:
    return {
        "id": row_id,
        "conversations_count": sums["conversations_count"][0],
        "resolved_conversations_count": sums["avg_resolution_time"][0],
        "avg_resolution_time": average(sums["avg_resolution_time"]),
        "avg_first_response_time": average(sums["avg_first_response_time"]),
        "avg_reply_time": average(sums["reply_time"]),
    }


def label_performance(row_id: int, name: str, sums: Mapping[str, Sums]) -> Performance:
    """With the label's name, and 0 where others have null."""
    shape = performance(row_id, sums)
    return {
        **shape,
        "name": name,
        "avg_resolution_time": shape["avg_resolution_time"] or 0,
        "avg_first_response_time": shape["avg_first_response_time"] or 0,
        "avg_reply_time": shape["avg_reply_time"] or 0,
    }
