"""Assignment policies, and which inbox has which."""

from peewee import fn

from inboxd.store.db import Tx
from inboxd.store.models import AssignmentPolicy, Inbox, InboxAssignmentPolicy


def by_id(tx: Tx, account_id: int, policy_id: int) -> AssignmentPolicy | None:
    return tx.find(AssignmentPolicy, id=policy_id, account_id=account_id)


def by_name(tx: Tx, account_id: int, name: str) -> AssignmentPolicy | None:
    return tx.find(AssignmentPolicy, account_id=account_id, name=name)


def of_account(tx: Tx, account_id: int) -> list[AssignmentPolicy]:
    return tx.filter(AssignmentPolicy, account_id=account_id)


def of_inbox(tx: Tx, inbox_id: int) -> AssignmentPolicy | None:
    link = tx.find(InboxAssignmentPolicy, inbox_id=inbox_id)
    return tx.get(AssignmentPolicy, link.assignment_policy_id) if link else None


def inboxes(tx: Tx, policy_id: int) -> list[Inbox]:
    links = tx.filter(InboxAssignmentPolicy, assignment_policy_id=policy_id)
    found = (tx.get(Inbox, link.inbox_id) for link in links)
    return [inbox for inbox in found if inbox is not None]


def inbox_counts(tx: Tx, account_id: int) -> dict[int, int]:
    """How many inboxes each policy has; those without any are left out."""
    policy_id = InboxAssignmentPolicy.assignment_policy_id
    query = InboxAssignmentPolicy.select(policy_id, fn.COUNT(InboxAssignmentPolicy.id))
    return dict(tx.tuples(query.where(InboxAssignmentPolicy.account_id == account_id).group_by(policy_id)))


def drop(tx: Tx, policy: AssignmentPolicy) -> None:
    tx.delete(InboxAssignmentPolicy, assignment_policy_id=policy.id)
    tx.delete(AssignmentPolicy, id=policy.id)
