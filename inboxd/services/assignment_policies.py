"""Assignment policies: how the conversations of inboxes are to be handed out."""

from typing import Any

from inboxd.domain.errors import Invalid, NotFound
from inboxd.domain.text import check_name
from inboxd.store import assignment_policies as store
from inboxd.store.db import Tx
from inboxd.store.models import AssignmentPolicy, Inbox, InboxAssignmentPolicy

ORDERS = ("round_robin",)
PRIORITIES = ("earliest_created", "longest_waiting")
_NUMBERS = {
    "fair_distribution_limit": "Fair distribution limit",
    "fair_distribution_window": "Fair distribution window",
}
_NULLABLE = ("name", "description")


def create(tx: Tx, account_id: int, values: dict[str, Any]) -> AssignmentPolicy:
    """Raises Invalid for a name that is missing or taken, and for a limit that is none."""
    return tx.insert(
        AssignmentPolicy, account_id=account_id, **_checked(tx, account_id, None, {"name": None, **values})
    )


def update(tx: Tx, policy: AssignmentPolicy, values: dict[str, Any]) -> None:
    tx.update(policy, **_checked(tx, policy.account_id, policy, values))
    tx.signals.add("assignments")


def _checked(tx: Tx, account_id: int, policy: AssignmentPolicy | None, values: dict[str, Any]) -> dict[str, Any]:
    """A null leaves what it was, where there cannot be none."""
    values = {key: value for key, value in values.items() if value is not None or key in _NULLABLE}
    if "name" in values:
        name = values["name"] or ""
        check_name(name)
        other = store.by_name(tx, account_id, name)
        if other is not None and (policy is None or other.id != policy.id):
            raise Invalid("Name has already been taken", "name")
    for key, words in _NUMBERS.items():
        if values.get(key, 1) <= 0:
            raise Invalid(f"{words} must be greater than 0", key)
    return values


def connect(tx: Tx, inbox: Inbox, policy: AssignmentPolicy) -> None:
    """In place of the policy that the inbox had."""
    tx.delete(InboxAssignmentPolicy, inbox_id=inbox.id)
    tx.insert(InboxAssignmentPolicy, account_id=inbox.account_id, inbox_id=inbox.id, assignment_policy_id=policy.id)
    tx.signals.add("assignments")


def disconnect(tx: Tx, inbox: Inbox) -> None:
    """Raises NotFound when the inbox has none."""
    if not tx.delete(InboxAssignmentPolicy, inbox_id=inbox.id):
        raise NotFound("Assignment policy not found")
