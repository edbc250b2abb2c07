"""What waits, when the clock is set."""

from peewee import fn

from inboxd.store.db import Tx
from inboxd.store.models import Delivery, Trouble, Webhook
from inboxd.store.outbox import PENDING

_SLACK_MS = 1_000


def follow(tx: Tx, jump_ms: int) -> None:
    """The clock was set: what waits goes on waiting for as long as it would have."""
    before = tx.now - jump_ms
    moved = Delivery.next_attempt_at + jump_ms
    if jump_ms > 0:
        # What was stored after a jump ahead has the new time already.
        waits = (Delivery.next_attempt_at > before) & (Delivery.updated_at <= before)
    else:
        # What is due moves too: no time in the future may be left that looks like a jump at the next start.
        waits = (Delivery.next_attempt_at > tx.now) | (Delivery.updated_at > tx.now)
    tx.execute(Delivery.update(next_attempt_at=moved, updated_at=tx.now).where(PENDING, waits))
    tx.execute(Trouble.update(failing_since=Trouble.failing_since + jump_ms, updated_at=tx.now))
    for model, column in ((Trouble, Trouble.paused_until), (Webhook, Webhook.previous_secret_until)):
        values = {column: column + jump_ms, model.updated_at: tx.now}
        tx.execute(model.update(values).where(column > min(before, tx.now)))
    tx.signals.add("deliveries")


def catch_up(tx: Tx) -> None:
    """At start: the clock was set back while nobody looked, to before the newest of what waits was stored."""
    newest = [
        tx.tuples(model.select(fn.MAX(model.updated_at)).where(condition))[0][0] or 0
        for model, condition in (
            (Delivery, PENDING),
            (Trouble, Trouble.id > 0),
            (Webhook, Webhook.previous_secret_until > tx.now),
        )
    ]
    behind = max(newest) - tx.now
    if behind > _SLACK_MS:
        follow(tx, -behind)
