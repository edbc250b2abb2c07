"""What is kept for a time only, in batches that live traffic passes between."""

from peewee import SQL

from inboxd.store.db import Tx
from inboxd.store.models import Attempt, Delivery, Event

BATCH = 500


def expire(tx: Tx, before: int) -> tuple[int, int]:
    """Remove a batch of events stored before a moment, with their deliveries and attempts. Returns how
    many events, and how many of the deliveries were still owed.

    In the order of their seqs, so that what is left of the feed has no gap.
    """
    oldest = tx.tuples(Event.select(Event.id, Event.created_at).order_by(Event.id).limit(BATCH))
    old = [event_id for event_id, created_at in oldest if created_at < before]
    if not old:
        return 0, 0
    owed = Delivery.select(Delivery.id).where(Delivery.event_id.in_(old))
    unfinished = tx.tuples(owed.where(SQL("state IN ('pending', 'sending')")))
    tx.execute(Attempt.delete().where(Attempt.delivery_id.in_(owed)))
    tx.execute(Delivery.delete().where(Delivery.event_id.in_(old)))
    tx.execute(Event.delete().where(Event.id.in_(old)))
    return len(old), len(unfinished)
