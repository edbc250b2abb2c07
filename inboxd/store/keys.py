"""Idempotency keys by age."""

from inboxd.store.db import Tx
from inboxd.store.models import IdempotencyKey


def delete_before(tx: Tx, moment: int, limit: int) -> int:
    """Delete at most `limit` keys older than a moment, oldest first; returns how many."""
    old = (
        IdempotencyKey.select(IdempotencyKey.id)
        .where(IdempotencyKey.created_at < moment)
        .order_by(IdempotencyKey.created_at)
        .limit(limit)
    )
    return tx.execute(IdempotencyKey.delete().where(IdempotencyKey.id.in_(old)))
