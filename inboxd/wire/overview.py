"""What a dashboard shows first: shapes of our own, Chatwoot has none."""

from typing import Any, Literal, NotRequired, TypedDict

from inboxd.store.models import Account, User
from inboxd.wire.times import iso

Severity = Literal["bad", "warn", "info"]


class Named(TypedDict):
    id: int
    name: str


class Limits(TypedDict):
    content: int
    attachments: int
    messages_per_minute: int
    requests_per_minute: int
    mails_per_hour: int


class Meta(TypedDict):
    version: str
    server_time: str
    account: Named
    user: Named
    role: str
    features: dict[str, bool]
    limits: Limits


class ConversationCounts(TypedDict):
    open: int
    pending: int
    snoozed: int
    resolved: int
    mine: int
    unassigned: int
    waiting: int


class QueueCounts(TypedDict):
    pending: int
    oldest_pending_s: int
    exhausted_24h: int
    failing_webhooks: int
    failures_per_minute: list[int]


class Counts(TypedDict):
    server_time: str
    newest_seq: int
    conversations: ConversationCounts
    messages_per_minute: list[int]
    deliveries: NotRequired[QueueCounts]


class Concern(TypedDict):
    """Something that wants a person. `kind` says what; the ids say where to go."""

    kind: str
    severity: Severity
    count: int
    text: str
    webhook_id: NotRequired[int]
    inbox_id: NotRequired[int | None]
    conversation_id: NotRequired[int]


class TestMessage(TypedDict):
    conversation_id: int
    message: dict[str, Any]


def meta(
    account: Account, user: User, role: str, *, version: str, now: int, features: dict[str, bool], limits: Limits
) -> Meta:
    return {
        "version": version,
        "server_time": iso(now),
        "account": {"id": account.id, "name": account.name},
        "user": {"id": user.id, "name": user.name},
        "role": role,
        "features": features,
        "limits": limits,
    }
