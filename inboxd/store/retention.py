"""What is kept for a time only, in batches that live traffic passes between."""

from peewee import SQL

from inboxd.store import outbox
from inboxd.store.db import Tx
from inboxd.store.models import Attempt, Delivery, Event

BATCH = 500


def expire(tx: Tx, before: int) -> tuple[int, int]:
    """Remove a batch of events stored before a moment, with their deliveries and attempts. Returns how
    many events, and how many of the deliveries were still owed.

    In the order of their seqs, so that what is left of the feed has no gap.
    """
    oldest = tx.tuples(Event.select(Event.id, Event.created_at).order_by(Event.id).limit(BATCH))
    # What was stored before an old event is old, whatever the clock said then.
    count = max((place for place, (_, created_at) in enumerate(oldest, 1) if created_at < before), default=0)
    old = [event_id for event_id, _ in oldest[:count]]
    if not old:
        return 0, 0
    owed = Delivery.select(Delivery.id).where(Delivery.event_id.in_(old))
    unfinished = tx.tuples(
        Delivery.select(Delivery.webhook_id, Delivery.conversation_id).where(
            Delivery.event_id.in_(old), SQL("state IN ('pending', 'sending')")
        )
    )
    tx.execute(Attempt.delete().where(Attempt.delivery_id.in_(owed)))
    tx.execute(Delivery.delete().where(Delivery.event_id.in_(old)))
    tx.execute(Event.delete().where(Event.id.in_(old)))
    for webhook_id, conversation_id in set(unfinished):
        outbox.let_go(tx, webhook_id, conversation_id)
    return len(old), len(unfinished)
