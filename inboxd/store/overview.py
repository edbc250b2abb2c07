"""What a dashboard asks every few seconds: bounded reads, whatever the account holds."""

from typing import Any

from peewee import SQL, fn

from inboxd.store.db import Tx
from inboxd.store.models import (
    Attempt,
    Conversation,
    ConversationCount,
    Delivery,
    Message,
    Trouble,
    Webhook,
)

MINUTES = 60
MANY = 1_000
"""Counting stops here: more than that is simply many."""
_MINUTE_MS = 60_000
_READ_AT_MOST = 200_000


def by_status(tx: Tx, account_id: int, inbox_ids: frozenset[int] | None) -> dict[str, int]:
    """How many conversations there are of every status in the inboxes, None for all of them."""
    where: list[Any] = [ConversationCount.account_id == account_id]
    if inbox_ids is not None:
        where.append(ConversationCount.inbox_id.in_(sorted(inbox_ids)))
    query = ConversationCount.select(ConversationCount.status, fn.SUM(ConversationCount.amount)).where(*where)
    return dict(tx.tuples(query.group_by(ConversationCount.status)))


def waiting(tx: Tx, account_id: int, inbox_ids: frozenset[int] | None, since: int) -> list[Conversation]:
    """Open conversations whose contact waits for an answer since before a moment, the longest first, at
    most MANY."""
    where: list[Any] = [
        Conversation.account_id == account_id,
        SQL("status = 'open' AND waiting_since IS NOT NULL"),
        Conversation.waiting_since < since,
    ]
    if inbox_ids is not None:
        where.append(Conversation.inbox_id.in_(sorted(inbox_ids)))
    return tx.all(Conversation.select().where(*where).order_by(Conversation.waiting_since).limit(MANY))


def messages_by_minute(tx: Tx, account_id: int, inbox_ids: frozenset[int] | None) -> list[int]:
    """Messages of each of the last MINUTES in the inboxes, None for all of them, the oldest first."""
    where: list[Any] = [Message.account_id == account_id, Message.created_at > tx.now - MINUTES * _MINUTE_MS]
    if inbox_ids is not None:
        where.append(Message.inbox_id.in_(sorted(inbox_ids)))
    newest = Message.select(Message.created_at).where(*where).order_by(Message.created_at.desc())
    return _by_minute(tx, newest.limit(_READ_AT_MOST))


def failures_by_minute(tx: Tx, account_id: int) -> list[int]:
    """Failed attempts of each of the last MINUTES, the oldest first."""
    newest = (
        Attempt.select(Attempt.started_at.alias("created_at"))
        .join(Delivery, on=(Delivery.id == Attempt.delivery_id))
        .where(
            SQL("error IS NOT NULL"),
            Attempt.started_at > tx.now - MINUTES * _MINUTE_MS,
            # Plus nothing: failures of an hour lead, not all that the account ever sent.
            Delivery.account_id + 0 == account_id,
        )
        .order_by(Attempt.started_at.desc())
        .limit(_READ_AT_MOST)
    )
    return _by_minute(tx, newest)


def _by_minute(tx: Tx, moments: Any) -> list[int]:
    found = [0] * MINUTES
    for (moment,) in tx.tuples(moments):
        ago = (tx.now - moment) // _MINUTE_MS
        if 0 <= ago < MINUTES:
            found[MINUTES - 1 - ago] += 1
    return found


def exhausted(tx: Tx, account_id: int, since: int) -> list[tuple[int, int]]:
    """Webhooks whose deliveries were given up since a moment, with how many."""
    query = (
        Delivery.select(Delivery.webhook_id, fn.COUNT(Delivery.id))
        # A literal: with a bound value SQLite cannot know that the partial index will do.
        # Plus nothing: the other index would give the order of the groups, and all that was ever sent.
        .where(SQL("state = 'exhausted'"), Delivery.finished_at > since, Delivery.account_id + 0 == account_id)
        .group_by(Delivery.webhook_id)
    )
    return tx.tuples(query)


def troubled(tx: Tx, account_id: int) -> list[tuple[Webhook, Trouble]]:
    """Webhooks that something is wrong with."""
    troubles = {
        one.webhook_id: one
        for one in tx.filter(Trouble, account_id=account_id)
        if one.failed_count or one.disabled_at is not None or (one.paused_until or 0) > tx.now
    }
    return [(hook, troubles[hook.id]) for hook in tx.filter(Webhook, account_id=account_id) if hook.id in troubles]
