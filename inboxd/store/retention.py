"""What is kept for a time only, in batches that live traffic passes between."""

from inboxd.store.db import Tx
from inboxd.store.models import Attempt, Delivery, Event, Record
from inboxd.store.outbox import UNFINISHED

BATCH = 500


def oldest(tx: Tx, before: int) -> list[int]:
    """Ids of a batch of events stored before a moment, in the order of their seqs, so that what is left
    of the feed has no gap."""
    found = tx.tuples(Event.select(Event.id, Event.created_at).order_by(Event.id).limit(BATCH))
    # What was stored before an old event is old, whatever the clock said then.
    count = max((place for place, (_, created_at) in enumerate(found, 1) if created_at < before), default=0)
    return [event_id for event_id, _ in found[:count]]


def forget(tx: Tx, model: type[Record], ids: list[int]) -> None:
    tx.execute(model.delete().where(model.id.in_(ids)))


def unfinished(tx: Tx, event_ids: list[int]) -> list[tuple[Delivery, Event]]:
    """What is still owed of these events."""
    owed = tx.all(Delivery.select().where(UNFINISHED, Delivery.event_id.in_(event_ids)).order_by(Delivery.id))
    found = ((delivery, tx.get(Event, delivery.event_id)) for delivery in owed)
    return [(delivery, event) for delivery, event in found if event is not None]


def remove(tx: Tx, event_ids: list[int]) -> None:
    """The events, with their deliveries and attempts."""
    owed = Delivery.select(Delivery.id).where(Delivery.event_id.in_(event_ids))
    tx.execute(Attempt.delete().where(Attempt.delivery_id.in_(owed)))
    tx.execute(Delivery.delete().where(Delivery.event_id.in_(event_ids)))
    tx.execute(Event.delete().where(Event.id.in_(event_ids)))
