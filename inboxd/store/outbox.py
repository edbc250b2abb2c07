"""Events owed to webhooks: what is due, who takes it, what came of it, and the feed of all events."""

from dataclasses import dataclass
from typing import Any

from peewee import SQL, fn

from inboxd.domain.retry import Outcome
from inboxd.store.db import Tx
from inboxd.store.models import Attempt, Counter, Delivery, Event, Message, Webhook
from inboxd.store.rows import Prepared, arg


@dataclass(frozen=True)
class Line:
    """A webhook with something pending, and when its first delivery is due."""

    webhook_id: int
    due_at: int


@dataclass(frozen=True)
class Claim:
    """A delivery that is ours, with all that an attempt needs."""

    delivery_id: int
    uuid: str
    number: int
    webhook_id: int
    url: str
    secret: str
    body: bytes


# A loose index scan: one step for each webhook that has anything pending, however much that is.
_LINES = """
WITH RECURSIVE hooks(id) AS (
    SELECT min(webhook_id) FROM deliveries WHERE state = 'pending' AND next_attempt_at IS NOT NULL
    UNION ALL
    SELECT (SELECT min(webhook_id) FROM deliveries
            WHERE state = 'pending' AND next_attempt_at IS NOT NULL AND webhook_id > hooks.id)
    FROM hooks WHERE hooks.id IS NOT NULL)
SELECT hooks.id, (SELECT min(next_attempt_at) FROM deliveries
                  WHERE state = 'pending' AND next_attempt_at IS NOT NULL AND webhook_id = hooks.id)
FROM hooks WHERE hooks.id IS NOT NULL
"""


_WAITING = Prepared(Delivery, lambda: SQL(_LINES))


def lines(tx: Tx) -> list[Line]:
    """Every webhook with a pending delivery that nothing blocks, the longest due first."""
    return sorted((Line(*row) for row in tx.tuples(_WAITING)), key=lambda line: line.due_at)


_DUE = Prepared(
    Delivery,
    lambda: (
        Delivery.select(Delivery.id)
        .where(
            SQL("state = 'pending' AND next_attempt_at IS NOT NULL"),
            Delivery.webhook_id == arg("webhook_id"),
            Delivery.next_attempt_at <= arg("now"),
        )
        .order_by(Delivery.next_attempt_at, Delivery.id)
        .limit(arg("limit"))
    ),
)


def due(tx: Tx, webhook_id: int, limit: int) -> list[int]:
    return [row[0] for row in tx.tuples(_DUE, webhook_id=webhook_id, now=tx.now, limit=limit)]


_CLAIM = Prepared(
    Delivery,
    lambda: Delivery.update(
        {
            Delivery.state: "sending",
            Delivery.attempt_count: Delivery.attempt_count + 1,
            Delivery.updated_at: arg("now"),
        }
    ).where(Delivery.id == arg("id"), Delivery.state == "pending"),
)


_OWED = Prepared(
    Delivery,
    lambda: (
        Delivery.select(Delivery, Event).join(Event, on=(Event.id == Delivery.event_id)).where(Delivery.id == arg("id"))
    ),
)


def claim(tx: Tx, delivery_id: int) -> Claim | None:
    """Take the delivery, unless somebody else has or it was cancelled meanwhile."""
    if tx.execute(_CLAIM, id=delivery_id, now=tx.now) != 1:
        return None
    owed = tx.joined(_OWED, Delivery, Event, id=delivery_id)
    if not owed:
        return None
    delivery, event = owed[0]
    webhook = tx.remember(("webhook", delivery.webhook_id), lambda: tx.get(Webhook, delivery.webhook_id))
    if webhook is None or not webhook.url:
        finish(tx, delivery, "cancelled", "the webhook is gone or has no URL")
        return None
    return Claim(
        delivery.id, delivery.uuid, delivery.attempt_count, webhook.id, webhook.url, webhook.secret,
        event.payload.encode(),
    )  # fmt: skip


def give_back(tx: Tx, claim: Claim) -> None:
    """A claim that was not tried: as if it had never been taken."""
    delivery = tx.get(Delivery, claim.delivery_id)
    if delivery is not None and delivery.state == "sending":
        tx.update(delivery, state="pending", attempt_count=delivery.attempt_count - 1, next_attempt_at=tx.now)
        tx.signals.add("deliveries")


def add(tx: Tx, event: Event, webhook_id: int, uuid: str) -> Delivery:
    """Owe the event to a webhook: due at once, or once what is before it in its line is finished."""
    blocked = event.conversation_id is not None and bool(
        tx.tuples(_HEAD, webhook_id=webhook_id, conversation_id=event.conversation_id)
    )
    return tx.insert(
        Delivery,
        account_id=event.account_id,
        webhook_id=webhook_id,
        event_id=event.id,
        conversation_id=event.conversation_id,
        uuid=uuid,
        next_attempt_at=None if blocked else tx.now,
    )


_HEAD = Prepared(
    Delivery,
    lambda: (
        Delivery.select(Delivery.id, Delivery.next_attempt_at)
        .where(
            SQL("state IN ('pending', 'sending')"),
            Delivery.webhook_id == arg("webhook_id"),
            Delivery.conversation_id == arg("conversation_id"),
        )
        .order_by(Delivery.id)
        .limit(1)
    ),
)


def finish(tx: Tx, delivery: Delivery, state: str, error: str | None) -> None:
    """End a delivery and let the next one of its line go."""
    tx.update(delivery, state=state, finished_at=tx.now, next_attempt_at=None, last_error=error)
    if delivery.conversation_id is None:
        return
    head = tx.tuples(_HEAD, webhook_id=delivery.webhook_id, conversation_id=delivery.conversation_id)
    if head and head[0][1] is None:
        following = tx.get(Delivery, head[0][0])
        if following is not None and following.state == "pending":
            tx.update(following, next_attempt_at=tx.now)
            tx.signals.add("deliveries")


def record(tx: Tx, delivery_id: int, number: int, outcome: Outcome) -> None:
    """Keep what an attempt came to. While it runs, the delivery's own state and count say so."""
    tx.insert(
        Attempt,
        delivery_id=delivery_id,
        number=number,
        started_at=tx.now - outcome.duration_ms,
        duration_ms=outcome.duration_ms,
        status_code=outcome.status_code,
        error=outcome.error,
        excerpt=outcome.excerpt,
        address=outcome.address,
    )


def record_late(tx: Tx, delivery_id: int, number: int, outcome: Outcome) -> None:
    """The same for an attempt whose delivery was cancelled or given back meanwhile."""
    tx.delete(Attempt, delivery_id=delivery_id, number=number)
    record(tx, delivery_id, number, outcome)


def release(tx: Tx) -> int:
    """Give back what a crash or a stop left in `sending`; its attempt shows as interrupted."""
    stranded = tx.all(Delivery.select().where(SQL("state = 'sending'")).order_by(Delivery.id))
    for delivery in stranded:
        tx.insert(
            Attempt,
            delivery_id=delivery.id,
            number=delivery.attempt_count,
            started_at=delivery.updated_at,
            error="interrupted",
        )
        tx.update(delivery, state="pending", next_attempt_at=tx.now)
    if stranded:
        tx.signals.add("deliveries")
    return len(stranded)


def message_of(tx: Tx, delivery: Delivery) -> tuple[Event | None, Message | None]:
    """The event behind a delivery, and the message that it is about."""
    event = tx.get(Event, delivery.event_id)
    message = tx.get(Message, event.message_id) if event and event.message_id else None
    return event, message


def cancel(tx: Tx, webhook_id: int, reason: str) -> None:
    """End everything the webhook is still owed, what is under way too."""
    tx.execute(
        Delivery.update(
            state="cancelled", finished_at=tx.now, next_attempt_at=None, last_error=reason, updated_at=tx.now
        ).where(SQL("state IN ('pending', 'sending')"), Delivery.webhook_id == webhook_id)
    )


def feed(
    tx: Tx, account_id: int, *, after: int, types: list[str], inbox_id: int | None, limit: int
) -> tuple[list[Event], int]:
    """Events behind `after`, and the seq up to which the search is complete."""
    query = Event.select().where(Event.account_id == account_id, Event.seq > after).order_by(Event.seq)
    if types:
        query = query.where(Event.name.in_(types))
    if inbox_id is not None:
        query = query.where(Event.inbox_id == inbox_id)
    found = tx.all(query.limit(limit))
    if len(found) == limit:
        return found, found[-1].seq
    return found, max(after, last_seq(tx, account_id))


def last_seq(tx: Tx, account_id: int) -> int:
    """The newest seq that was given out, kept or not."""
    counter = tx.find(Counter, account_id=account_id, name="event")
    return counter.value if counter is not None else 0


def oldest_seq(tx: Tx, account_id: int) -> int:
    """The first seq that is still kept, or the next one to come."""
    oldest: int | None = tx.tuples(Event.select(fn.MIN(Event.seq)).where(Event.account_id == account_id))[0][0]
    return oldest or last_seq(tx, account_id) + 1


def health(tx: Tx) -> dict[str, Any]:
    """How the queue stands: pending deliveries and the age of the oldest, exhausted ones of a day."""
    pending, oldest = tx.tuples(
        Delivery.select(fn.COUNT(Delivery.id), fn.MIN(Delivery.created_at)).where(
            SQL("state IN ('pending', 'sending')")
        )
    )[0]
    exhausted = tx.tuples(
        Delivery.select(fn.COUNT(Delivery.id)).where(
            # A literal: with a bound value SQLite cannot know that the partial index will do.
            SQL("state = 'exhausted'"),
            Delivery.finished_at > tx.now - 86_400_000,
        )
    )[0][0]
    return {
        "pending_deliveries": pending,
        "oldest_pending_s": (tx.now - oldest) // 1000 if oldest else 0,
        "exhausted_24h": exhausted,
    }
