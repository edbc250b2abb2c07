"""Handing out conversations: turns, what was handed out lately, who waits, and who went."""

from typing import Any

from peewee import fn

from inboxd.store import assignment_policies
from inboxd.store.db import Tx
from inboxd.store.models import (
    Assignment,
    AssignmentPolicy,
    AssignmentQueue,
    Conversation,
    ConversationCount,
    Departure,
    Inbox,
    InboxAssignmentPolicy,
)


def policy(tx: Tx, inbox_id: int) -> AssignmentPolicy | None:
    """The one that an inbox is to follow, if it is switched on."""

    def load() -> AssignmentPolicy | bool:
        found = assignment_policies.of_inbox(tx, inbox_id)
        return found if found is not None and found.enabled else False

    found = tx.remember(("assignment_policy", inbox_id), load)
    return found if isinstance(found, AssignmentPolicy) else None


def queue(tx: Tx, inbox_id: int) -> AssignmentQueue | None:
    return tx.find(AssignmentQueue, inbox_id=inbox_id)


def open_counts(tx: Tx, account_id: int, inbox_id: int) -> dict[int, int]:
    """How many open conversations of an inbox each assignee has; 0 is nobody."""
    found = tx.filter(ConversationCount, account_id=account_id, inbox_id=inbox_id, status="open")
    return {one.assignee_id: one.amount for one in found}


def handed_out(tx: Tx, inbox_id: int, after: int) -> dict[int, int]:
    """How many conversations of an inbox each user was handed since then."""
    query = Assignment.select(Assignment.user_id, fn.COUNT(Assignment.id)).group_by(Assignment.user_id)
    return dict(tx.tuples(query.where(Assignment.inbox_id == inbox_id, Assignment.created_at > after)))


def forget(tx: Tx, inbox_id: int, before: int) -> None:
    tx.execute(Assignment.delete().where(Assignment.inbox_id == inbox_id, Assignment.created_at <= before))


def with_policy(tx: Tx) -> list[Inbox]:
    """The inboxes of all accounts whose conversations a policy hands out."""
    links = tx.filter(InboxAssignmentPolicy)
    found = [tx.get(Inbox, link.inbox_id) for link in links if policy(tx, link.inbox_id)]
    return [inbox for inbox in found if inbox is not None and inbox.enable_auto_assignment]


def waiting_teams(tx: Tx, inbox: Inbox) -> list[int]:
    """Whose conversations in an inbox are open and nobody's; 0 is no team."""
    query = Conversation.select(fn.COALESCE(Conversation.team_id, 0)).where(*_nobodys(inbox))
    return [number for (number,) in tx.tuples(query.distinct())]


def waiting(tx: Tx, inbox: Inbox, team_ids: list[int], *, longest_waiting: bool, limit: int) -> list[int]:
    """Those of these teams: the oldest first, or those where nothing happened for longest."""
    query = Conversation.select(Conversation.id).where(
        *_nobodys(inbox), fn.COALESCE(Conversation.team_id, 0).in_(team_ids)
    )
    order = Conversation.last_activity_at if longest_waiting else Conversation.created_at
    # Added to, so that SQLite does not go through all that is resolved in this order.
    return [number for (number,) in tx.tuples(query.order_by(order + 0, Conversation.id).limit(limit))]


def _nobodys(inbox: Inbox) -> list[Any]:
    return [
        Conversation.account_id == inbox.account_id,
        Conversation.inbox_id == inbox.id,
        Conversation.status == "open",
        Conversation.assignee_id.is_null(),
        Conversation.assignee_agent_bot_id.is_null(),
    ]


def in_charge(tx: Tx, account_id: int, user_id: int, inbox_id: int | None, after: int, limit: int) -> list[int]:
    """The open conversations that somebody is in charge of, in one inbox or all, by id."""
    query = Conversation.select(Conversation.id).where(
        Conversation.account_id == account_id,
        Conversation.assignee_id == user_id,
        Conversation.status == "open",
        Conversation.id > after,
    )
    if inbox_id is not None:
        query = query.where(Conversation.inbox_id == inbox_id)
    return [number for (number,) in tx.tuples(query.order_by(Conversation.id).limit(limit))]


def departures(tx: Tx) -> list[Departure]:
    return tx.filter(Departure)
