"""Assignment policies as the application API shows them."""

from typing import Any, TypedDict

from inboxd.store.models import AssignmentPolicy
from inboxd.wire.times import seconds


class AssignmentPolicyShape(TypedDict):
    id: int
    name: str
    description: str | None
    assignment_order: str
    conversation_priority: str
    fair_distribution_limit: int
    fair_distribution_window: int
    enabled: bool
    assigned_inbox_count: int
    created_at: int
    updated_at: int


class Inboxes(TypedDict):
    inboxes: list[dict[str, Any]]


def assignment_policy(row: AssignmentPolicy, inbox_count: int) -> AssignmentPolicyShape:
    return {
        "id": row.id,
        "name": row.name,
        "description": row.description,
        "assignment_order": row.assignment_order,
        "conversation_priority": row.conversation_priority,
        "fair_distribution_limit": row.fair_distribution_limit,
        "fair_distribution_window": row.fair_distribution_window,
        "enabled": row.enabled,
        "assigned_inbox_count": inbox_count,
        "created_at": seconds(row.created_at),
        "updated_at": seconds(row.updated_at),
    }
