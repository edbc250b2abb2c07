"""Snoozed conversations, and when they are to be woken."""

from peewee import SQL

from inboxd.store.db import Tx
from inboxd.store.models import Conversation
from inboxd.store.rows import Prepared, arg

# A literal: with bound values SQLite cannot know that the partial index will do.
_SNOOZED = SQL("status = 'snoozed' AND snoozed_until IS NOT NULL")
_ASLEEP = Prepared(
    Conversation,
    lambda: (
        Conversation.select(Conversation.id, Conversation.snoozed_until)
        .where(_SNOOZED)
        .order_by(Conversation.snoozed_until)
        .limit(arg("limit"))
    ),
)


def due(tx: Tx, limit: int) -> list[int]:
    """Those whose time has come, the longest ago first."""
    found = tx.tuples(_ASLEEP, limit=limit)
    return [conversation_id for conversation_id, until in found if until <= tx.now]


def next_due_s(tx: Tx, longest: float) -> float:
    """Seconds until the next is to be woken, or the longest if that is sooner."""
    found = tx.tuples(_ASLEEP, limit=1)
    return min(longest, max(0, found[0][1] - tx.now) / 1000) if found else longest
