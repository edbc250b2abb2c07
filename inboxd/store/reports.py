"""Counts and averages of what happened within a time.

Messages and events are found by account and time, and only then asked which conversation, team or
label they belong to: `+ 0` keeps SQLite from going through whole conversations instead.
"""

from dataclasses import dataclass, replace
from typing import Any

from peewee import JOIN, SQL, Case, NodeList, fn

from inboxd.domain.periods import HOUR_MS
from inboxd.store.db import Tx
from inboxd.store.models import Conversation, Message, Record, ReportingEvent, Tagging


@dataclass(frozen=True)
class Metric:
    """The rows of a table that have these values; `timed` ones also add up how long they took."""

    table: Any
    values: tuple[tuple[str, Any], ...] = ()
    timed: bool = False


def _events(name: str, *, timed: bool = False) -> Metric:
    return Metric(ReportingEvent, (("name", name),), timed)


METRICS = {
    "conversations_count": Metric(Conversation),
    "incoming_messages_count": Metric(Message, (("message_type", 0),)),
    "outgoing_messages_count": Metric(Message, (("message_type", 1),)),
    "avg_first_response_time": _events("first_response", timed=True),
    "avg_resolution_time": _events("conversation_resolved", timed=True),
    "reply_time": _events("reply_time", timed=True),
    "resolutions_count": _events("conversation_resolved"),
    "bot_resolutions_count": _events("conversation_bot_resolved"),
    "bot_handoffs_count": _events("conversation_bot_handoff"),
}
_OUTGOING = METRICS["outgoing_messages_count"]


@dataclass(frozen=True)
class Window:
    """What of an account is asked for: `until` itself is outside."""

    account_id: int
    since: int
    until: int
    business_hours: bool = False

    @property
    def previous(self) -> "Window":
        """As long, and just before."""
        return replace(self, since=2 * self.since - self.until, until=self.since)


@dataclass(frozen=True)
class Subject:
    """One agent, inbox, team or label that a report is about: `key` is its id, or the label's title."""

    kind: str
    key: int | str


_COLUMNS: dict[tuple[type[Record], str], Any] = {
    (Conversation, "agent"): Conversation.assignee_id,
    (Conversation, "inbox"): Conversation.inbox_id,
    (Conversation, "team"): Conversation.team_id,
    (Message, "agent"): Message.sender_id,
    (Message, "inbox"): Message.inbox_id,
    (ReportingEvent, "agent"): ReportingEvent.user_id,
    (ReportingEvent, "inbox"): ReportingEvent.inbox_id,
}


def _place(metric: Metric) -> Any:
    """The conversation that a row belongs to."""
    return (metric.table.id if metric.table is Conversation else metric.table.conversation_id) + 0


def _where(metric: Metric, window: Window) -> list[Any]:
    table = metric.table
    return [
        table.account_id == window.account_id,
        table.created_at >= window.since,
        table.created_at < window.until,
        *(getattr(table, name) == value for name, value in metric.values),
    ]


def _about(metric: Metric, window: Window, subject: Subject | None) -> list[Any]:
    if subject is None:
        return []
    column = _COLUMNS.get((metric.table, subject.kind))
    if column is not None:
        return [column == subject.key, *_by_users(metric, subject.kind)]
    if subject.kind == "team":
        found: Any = Conversation.select(Conversation.id).where(
            Conversation.account_id == window.account_id, Conversation.team_id == subject.key
        )
    else:
        found = Tagging.select(Tagging.conversation_id).where(
            Tagging.account_id == window.account_id, Tagging.label == subject.key
        )
    return [_place(metric).in_(found)]


def _by_users(metric: Metric, kind: str) -> list[Any]:
    """Contacts and bots have ids too."""
    return [Message.sender_type == "User"] if metric.table is Message and kind == "agent" else []


def _sums(metric: Metric, window: Window) -> list[Any]:
    if not metric.timed:
        return [fn.COUNT(metric.table.id), 0]
    value = ReportingEvent.value_in_business_hours if window.business_hours else ReportingEvent.value
    return [fn.COUNT(ReportingEvent.id), fn.COALESCE(fn.SUM(value), 0)]


def total(tx: Tx, metric: Metric, window: Window, subject: Subject | None = None) -> tuple[int, int]:
    """How many, and the milliseconds of timed ones together."""
    query = metric.table.select(*_sums(metric, window))
    count, ms = tx.tuples(query.where(*_where(metric, window), *_about(metric, window, subject)))[0]
    return count, ms


def parts(
    tx: Tx, metric: Metric, window: Window, subject: Subject | None, *, origin: int, step: int
) -> list[tuple[int, int, int]]:
    """(part, count, milliseconds) of the equal parts of time since `origin` that have any."""
    place = (metric.table.created_at - origin) / step
    query = metric.table.select(place, *_sums(metric, window))
    query = query.where(*_where(metric, window), *_about(metric, window, subject)).group_by(place)
    return [(part, count, ms) for part, count, ms in tx.tuples(query)]


def by(tx: Tx, metric: Metric, window: Window, kind: str) -> dict[int | str, tuple[int, int]]:
    """(count, milliseconds) by agent, inbox, team or title of a label, of those that have any."""
    table = metric.table
    if table is not Conversation and (table, kind) not in _COLUMNS:
        return _by_what_conversations_have(tx, metric, window, kind)
    key = _COLUMNS.get((table, kind), Tagging.label)
    query = table.select(key, *_sums(metric, window))
    if key is Tagging.label:
        query = query.join(Tagging, on=(Tagging.conversation_id == _place(metric)))
    query = query.where(*_where(metric, window), *_by_users(metric, kind), key.is_null(False)).group_by(key)
    return {one: (count, ms) for one, count, ms in tx.tuples(query)}


def _by_what_conversations_have(tx: Tx, metric: Metric, window: Window, kind: str) -> dict[int | str, tuple[int, int]]:
    """By team or label: each conversation is asked for it once, and not for every row that belongs to it."""
    place = _place(metric)
    count, ms = _sums(metric, window)
    rows = metric.table.select(place.alias("place"), count.alias("amount"), NodeList((ms, SQL("AS ms"))))
    found = rows.where(*_where(metric, window)).group_by(place).alias("found")
    owner, key, own = (
        (Conversation, Conversation.team_id, Conversation.id)
        if kind == "team"
        else (Tagging, Tagging.label, Tagging.conversation_id)
    )
    query = owner.select(key, fn.SUM(found.c.amount), fn.SUM(found.c.ms)).from_(found)
    query = query.join(owner, JOIN.CROSS).where(own == found.c.place, key.is_null(False)).group_by(key)
    return {one: (count, ms) for one, count, ms in tx.tuples(query)}


def inboxes_and_labels(tx: Tx, window: Window) -> dict[tuple[int, str], int]:
    """New conversations by inbox and title of a label."""
    metric = METRICS["conversations_count"]
    query = (
        Conversation.select(Conversation.inbox_id, Tagging.label, fn.COUNT(Conversation.id))
        .join(Tagging, on=(Tagging.conversation_id == _place(metric)))
        .where(*_where(metric, window))
        .group_by(Conversation.inbox_id, Tagging.label)
    )
    return {(inbox_id, label): count for inbox_id, label, count in tx.tuples(query)}


def statuses(tx: Tx, window: Window) -> dict[str, int]:
    """New conversations by what has become of them."""
    metric = METRICS["conversations_count"]
    query = Conversation.select(Conversation.status, fn.COUNT(Conversation.id))
    return dict(tx.tuples(query.where(*_where(metric, window)).group_by(Conversation.status)))


def first_responses(tx: Tx, window: Window, hours: tuple[int, ...]) -> list[int]:
    """How many first responses took less than each of these hours and not less than the one before;
    last, how many took longer than all."""
    cases = [(ReportingEvent.value < limit * HOUR_MS, place) for place, limit in enumerate(hours)]
    place = Case(None, cases, len(hours))
    query = ReportingEvent.select(place, fn.COUNT(ReportingEvent.id))
    found = dict(tx.tuples(query.where(*_where(METRICS["avg_first_response_time"], window)).group_by(place)))
    return [found.get(place, 0) for place in range(len(hours) + 1)]


def in_bot_inboxes(tx: Tx, window: Window, inbox_ids: list[int]) -> tuple[int, int]:
    """New conversations of these inboxes, and what was written to the contact in them meanwhile."""
    metric = METRICS["conversations_count"]
    new = [*_where(metric, window), Conversation.inbox_id.in_(inbox_ids)]
    conversations = tx.tuples(Conversation.select(fn.COUNT(Conversation.id)).where(*new))[0][0]
    written = (
        Message.select(fn.COUNT(Message.id))
        .join(Conversation, on=(Conversation.id == _place(_OUTGOING)))
        .where(*_where(_OUTGOING, window), *new)
    )
    return conversations, tx.tuples(written)[0][0]
