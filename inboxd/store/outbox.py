"""Events owed to webhooks: what is due, who takes it, and what came of it."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from peewee import SQL, fn

from inboxd.domain.events import TEST
from inboxd.domain.retry import Outcome
from inboxd.store import accounts
from inboxd.store.db import Tx
from inboxd.store.models import Attempt, Delivery, Event, Message, Trouble, Webhook
from inboxd.store.rows import Prepared, arg

CANCELLED = 400
"""Deliveries that one step cancels."""
_BACKLOG = 250_000
"""Deliveries that are looked up at once."""
BACKLOG_MS = 5_000
"""A webhook whose oldest due delivery waits for longer has a backlog."""
PENDING = SQL("state = 'pending' AND next_attempt_at IS NOT NULL")
"""A literal: with bound values SQLite cannot know that the partial index will do."""


_SENDING = SQL("state = 'sending'")
UNFINISHED = SQL("state IN ('pending', 'sending')")


@dataclass(frozen=True)
class Line:
    """A webhook with something pending, and when its first delivery may go out. `probes`: it rested,
    and has to show with one delivery that it takes them again."""

    webhook_id: int
    due_at: int
    probes: bool = False


@dataclass(frozen=True)
class Claim:
    """A delivery that is ours, with all that an attempt needs. `once`: a test, not tried again."""

    delivery_id: int
    uuid: str
    number: int
    webhook_id: int
    url: str
    secrets: tuple[str, ...]
    headers: dict[str, str]
    body: bytes
    redelivery: bool = False
    once: bool = False


@dataclass(frozen=True)
class _Head:
    """The first unfinished delivery of a webhook and conversation."""

    delivery_id: int
    event_id: int
    state: str
    next_attempt_at: int | None


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


_HELD = Prepared(
    Trouble,
    lambda: Trouble.select(Trouble.webhook_id, Trouble.paused_until, Trouble.disabled_at).where(
        Trouble.paused_until.is_null(False) | Trouble.disabled_at.is_null(False)
    ),
)


def lines(tx: Tx) -> list[Line]:
    """Every webhook with a pending delivery that nothing blocks, the longest due first. Disabled ones
    are left out; one that rests is due when its rest is over."""
    held = {webhook_id: (paused_until, disabled_at) for webhook_id, paused_until, disabled_at in tx.tuples(_HELD)}
    found = []
    for webhook_id, due_at in tx.tuples(_WAITING):
        paused_until, disabled_at = held.get(webhook_id, (None, None))
        if disabled_at is None:
            found.append(Line(webhook_id, max(due_at, paused_until or 0), probes=paused_until is not None))
    return sorted(found, key=lambda line: line.due_at)


def _due(newest: bool) -> Any:
    order: list[Any] = [Delivery.next_attempt_at, Delivery.id]
    return (
        Delivery.select(Delivery.id, Delivery.next_attempt_at)
        .where(
            PENDING,
            Delivery.webhook_id == arg("webhook_id"),
            Delivery.next_attempt_at <= arg("now"),
        )
        .order_by(*(column.desc() if newest else column.asc() for column in order))
        .limit(arg("limit"))
    )


_OLDEST_DUE = Prepared(Delivery, lambda: _due(newest=False))
_NEWEST_DUE = Prepared(Delivery, lambda: _due(newest=True))
_HOLDS = Prepared(
    Trouble,
    lambda: Trouble.select(Trouble.id).where(
        Trouble.webhook_id == arg("webhook_id"),
        Trouble.disabled_at.is_null(False) | (Trouble.paused_until > arg("now")),
    ),
)


def due(tx: Tx, webhook_id: int, limit: int, turn: int = 0) -> list[int]:
    """Deliveries of a webhook that may go out now, the longest due first.

    While there is a backlog half of them come from its young end, so that what happens now does
    not wait behind what could not be delivered for a day. With a `limit` of one, `turn` 0 and 1
    take turns.
    """
    if tx.tuples(_HOLDS, webhook_id=webhook_id, now=tx.now):
        return []
    oldest = tx.tuples(_OLDEST_DUE, webhook_id=webhook_id, now=tx.now, limit=limit)
    found = [delivery_id for delivery_id, _ in oldest]
    if len(found) == limit and tx.now - oldest[0][1] > BACKLOG_MS and (young := (limit + turn) // 2):
        newest = [row[0] for row in tx.tuples(_NEWEST_DUE, webhook_id=webhook_id, now=tx.now, limit=young)]
        # Where both ends meet each is wanted once.
        found = list(dict.fromkeys(found[: limit - young] + newest[::-1]))
    return found


_CLAIM = Prepared(
    Delivery,
    lambda: Delivery.update(
        {
            Delivery.state: "sending",
            Delivery.attempt_count: Delivery.attempt_count + 1,
            Delivery.updated_at: arg("now"),
        }
    ).where(Delivery.id == arg("id"), PENDING),
)


_OWED = Prepared(
    Delivery,
    lambda: (
        Delivery.select(Delivery, Event).join(Event, on=(Event.id == Delivery.event_id)).where(Delivery.id == arg("id"))
    ),
)


def claim(tx: Tx, delivery_id: int) -> Claim | None:
    """Take the delivery, unless somebody else has, or it was cancelled or put behind another meanwhile."""
    if tx.execute(_CLAIM, id=delivery_id, now=tx.now) != 1:
        return None
    owed = tx.joined(_OWED, Delivery, Event, id=delivery_id)
    if not owed:
        return None
    delivery, event = owed[0]
    webhook = accounts.webhook(tx, delivery.webhook_id)
    if webhook is None or not webhook.url:
        tx.update(delivery, state="pending", attempt_count=delivery.attempt_count - 1)
        finish(tx, delivery, "cancelled", "the webhook is gone or has no URL")
        return None
    secrets: tuple[str, ...] = (webhook.secret,)
    if webhook.previous_secret and tx.now < (webhook.previous_secret_until or 0):
        secrets += (webhook.previous_secret,)
    return Claim(
        delivery.id, delivery.uuid, delivery.attempt_count, webhook.id, webhook.url, secrets, webhook.headers,
        event.payload.encode(), delivery.redelivery, event.name == TEST,
    )  # fmt: skip


def give_back(tx: Tx, claim: Claim) -> None:
    """A claim that was not tried: as if it had never been taken."""
    delivery = tx.get(Delivery, claim.delivery_id)
    if delivery is None or delivery.attempt_count != claim.number:
        return
    # Who cancelled it meanwhile thought that it was being sent.
    tx.delete(Attempt, delivery_id=delivery.id, number=claim.number)
    tx.update(delivery, attempt_count=claim.number - 1)
    if delivery.state == "sending":
        put_back(tx, delivery, tx.now)


def put_back(tx: Tx, delivery: Delivery, next_attempt_at: int) -> None:
    """Make what was under way pending again: due then, or once what was put before it meanwhile, such as
    an older delivery that is sent again, is finished."""
    webhook = accounts.webhook(tx, delivery.webhook_id)
    waits = webhook is None or webhook.ordering == "conversation"
    head = _head(tx, delivery.webhook_id, delivery.conversation_id) if waits else None
    if head is None or head.delivery_id == delivery.id:
        tx.update(delivery, state="pending", next_attempt_at=next_attempt_at)
    else:
        tx.update(delivery, state="pending", next_attempt_at=None)
        let_go(tx, delivery.webhook_id, delivery.conversation_id)
    tx.signals.add("deliveries")


def add(tx: Tx, event: Event, webhook: Webhook, *, redelivery: bool = False) -> Delivery:
    """Owe the event to a webhook: due at once, or once what is before it in its line is finished."""
    head = _head(tx, webhook.id, event.conversation_id) if webhook.ordering == "conversation" else None
    if head is not None and head.state == "pending" and head.event_id > event.id:
        # An older event is owed once more: what is newer waits behind it.
        tx.execute(Delivery.update(next_attempt_at=None).where(Delivery.id == head.delivery_id))
        head = None
    spacing_ms = tx.brake.delay_ms(webhook.id, event.conversation_id, tx.now) if head is None else 0
    tx.signals.add("deliveries")
    return tx.insert(
        Delivery,
        account_id=event.account_id,
        webhook_id=webhook.id,
        event_id=event.id,
        conversation_id=event.conversation_id,
        uuid=str(uuid.uuid4()),
        next_attempt_at=None if head is not None else tx.now + spacing_ms,
        redelivery=redelivery,
    )


_HEAD = Prepared(
    Delivery,
    lambda: (
        Delivery.select(Delivery.id, Delivery.event_id, Delivery.state, Delivery.next_attempt_at)
        .where(
            UNFINISHED,
            Delivery.webhook_id == arg("webhook_id"),
            Delivery.conversation_id == arg("conversation_id"),
        )
        .order_by(Delivery.event_id, Delivery.id)
        .limit(1)
    ),
)


def _head(tx: Tx, webhook_id: int, conversation_id: int | None) -> _Head | None:
    if conversation_id is None:
        return None
    found = tx.tuples(_HEAD, webhook_id=webhook_id, conversation_id=conversation_id)
    return _Head(*found[0]) if found else None


def finish(tx: Tx, delivery: Delivery, state: str, error: str | None) -> None:
    """End a delivery and let the next one of its line go."""
    tx.update(delivery, state=state, finished_at=tx.now, next_attempt_at=None, last_error=error)
    let_go(tx, delivery.webhook_id, delivery.conversation_id)


_UNDER_WAY = Prepared(
    Delivery,
    lambda: (
        Delivery.select(Delivery.id)
        .where(
            _SENDING,
            Delivery.webhook_id == arg("webhook_id"),
            # Plus nothing: not by the index of all that the conversation ever sent.
            Delivery.conversation_id + 0 == arg("conversation_id"),
        )
        .limit(1)
    ),
)


def let_go(tx: Tx, webhook_id: int, conversation_id: int | None) -> None:
    """Make the head of a line due when it waits for nobody any more: for nobody under way either, as when
    an older delivery is sent again meanwhile."""
    head = _head(tx, webhook_id, conversation_id)
    if head is None or head.state != "pending" or head.next_attempt_at is not None:
        return
    if tx.tuples(_UNDER_WAY, webhook_id=webhook_id, conversation_id=conversation_id):
        return
    following = tx.get(Delivery, head.delivery_id)
    if following is not None:
        tx.update(following, next_attempt_at=tx.now + tx.brake.delay_ms(webhook_id, conversation_id, tx.now))
        tx.signals.add("deliveries")


_BLOCK = Prepared(
    Delivery,
    lambda: Delivery.update({Delivery.next_attempt_at: None}).where(
        PENDING,
        Delivery.webhook_id == arg("webhook_id"),
        Delivery.conversation_id == arg("conversation_id"),
        Delivery.id != arg("first"),
    ),
)


def settle(tx: Tx, webhook: Webhook, conversation_ids: Iterable[int | None]) -> None:
    """Make the head of each of these lines due, and nothing behind it, whatever was put into them."""
    own = (Delivery.webhook_id == webhook.id) & (Delivery.state == "pending")
    for conversation_id in set(conversation_ids):
        line = own & (Delivery.conversation_id == conversation_id)
        if conversation_id is None or webhook.ordering == "none":
            loose = Delivery.conversation_id.is_null() if conversation_id is None else line
            tx.execute(Delivery.update(next_attempt_at=tx.now).where(own, loose, Delivery.next_attempt_at.is_null()))
            continue
        waits = bool(tx.tuples(_UNDER_WAY, webhook_id=webhook.id, conversation_id=conversation_id))
        head = None if waits else _head(tx, webhook.id, conversation_id)
        first = head.delivery_id if head else 0
        tx.execute(_BLOCK, webhook_id=webhook.id, conversation_id=conversation_id, first=first)
        let_go(tx, webhook.id, conversation_id)
    tx.signals.add("deliveries")


def record(tx: Tx, delivery_id: int, number: int, outcome: Outcome, next_attempt_at: int | None = None) -> None:
    """Keep what an attempt came to. While it runs, the delivery's own state and count say so."""
    tx.insert(
        Attempt,
        delivery_id=delivery_id,
        number=number,
        started_at=tx.now - outcome.duration_ms,
        duration_ms=outcome.duration_ms,
        status_code=outcome.status_code,
        error=outcome.error,
        error_class=outcome.error_class,
        excerpt=outcome.excerpt,
        address=outcome.address,
        next_attempt_at=next_attempt_at,
    )


def record_late(tx: Tx, delivery_id: int, number: int, outcome: Outcome) -> None:
    """The same for an attempt whose delivery was cancelled or given back meanwhile."""
    tx.delete(Attempt, delivery_id=delivery_id, number=number)
    record(tx, delivery_id, number, outcome)


def release(tx: Tx) -> int:
    """Give back what a crash or a stop left in `sending`; its attempt shows as interrupted. Who asked for
    a test is gone."""
    stranded = tx.all(Delivery.select().where(_SENDING).order_by(Delivery.id))
    for delivery in stranded:
        event = tx.get(Event, delivery.event_id)
        if event is not None and event.name == TEST:
            interrupt(tx, delivery, None)
            finish(tx, delivery, "cancelled", "interrupted")
        else:
            interrupt(tx, delivery, tx.now)
            put_back(tx, delivery, tx.now)
    return len(stranded)


def interrupt(tx: Tx, delivery: Delivery, next_attempt_at: int | None) -> None:
    """Count the attempt that is under way, whatever becomes of it: its outcome may never be known."""
    tx.insert(
        Attempt,
        delivery_id=delivery.id,
        number=delivery.attempt_count,
        started_at=delivery.updated_at,
        error="interrupted",
        error_class="interrupted",
        next_attempt_at=next_attempt_at,
    )


def message_of(tx: Tx, event: Event) -> Message | None:
    """The message that an event is about."""
    return tx.get(Message, event.message_id) if event.message_id else None


def creation_of(tx: Tx, message_id: int) -> Event | None:
    """The event that told of a message first."""
    return tx.find(Event, message_id=message_id, name="message_created")


def backlog(tx: Tx, webhook_id: int) -> list[list[int]]:
    """What a webhook is owed, in batches to cancel: the newest first and not line by line, for what was stored
    together is changed together at a third of the cost."""
    owed = Delivery.select(Delivery.id).where(UNFINISHED, Delivery.webhook_id == webhook_id)
    ids = [row[0] for row in tx.tuples(owed.order_by((Delivery.id + 0).desc()).limit(_BACKLOG))]
    return [ids[start : start + CANCELLED] for start in range(0, len(ids), CANCELLED)]


def cancel(tx: Tx, webhook_id: int, reason: str, batch: list[int] | None = None) -> int:
    """End a batch of what the webhook is still owed, what is under way too; returns how much that is. What an
    interruption leaves of a line has its head."""
    owed = Delivery.select(Delivery.id, Delivery.conversation_id, Delivery.state, Delivery.next_attempt_at)
    if batch is None:
        line = (Delivery.conversation_id.desc(), Delivery.event_id.desc(), Delivery.id.desc())
        owed = owed.where(UNFINISHED, Delivery.webhook_id == webhook_id).order_by(*line).limit(CANCELLED)
    else:
        # Plus nothing: by their ids, and not through all that is unfinished.
        unfinished = SQL("+state IN ('pending', 'sending')")
        owed = owed.where(unfinished, Delivery.webhook_id + 0 == webhook_id, Delivery.id.in_(batch))
    found = tx.tuples(owed)
    if not found:
        return 0
    ids = [delivery_id for delivery_id, *_ in found]
    for delivery_id, _, state, _ in found:
        under_way = tx.get(Delivery, delivery_id) if state == "sending" else None
        if under_way is not None:
            interrupt(tx, under_way, None)
    tx.execute(
        Delivery.update(
            state="cancelled", finished_at=tx.now, next_attempt_at=None, last_error=reason, updated_at=tx.now
        ).where(Delivery.id.in_(ids))
    )
    for conversation_id in {conversation_id for _, conversation_id, _, due_at in found if due_at is not None}:
        let_go(tx, webhook_id, conversation_id)
    return len(ids)


def health(tx: Tx) -> dict[str, Any]:
    """How the queue stands: pending deliveries and the age of the oldest, exhausted ones of a day, and
    webhooks that rest or wait for somebody to enable them."""
    # By id, which the partial index holds: the oldest id is the oldest delivery.
    pending, oldest_id = tx.tuples(Delivery.select(fn.COUNT(Delivery.id), fn.MIN(Delivery.id)).where(UNFINISHED))[0]
    oldest = tx.get(Delivery, oldest_id) if oldest_id else None
    exhausted = tx.tuples(
        Delivery.select(fn.COUNT(Delivery.id)).where(
            # A literal: with a bound value SQLite cannot know that the partial index will do.
            SQL("state = 'exhausted'"),
            Delivery.finished_at > tx.now - 86_400_000,
        )
    )[0][0]
    paused, disabled = tx.tuples(
        Trouble.select(
            fn.COUNT(SQL("CASE WHEN disabled_at IS NULL AND paused_until > ? THEN 1 END", [tx.now])),
            fn.COUNT(Trouble.disabled_at),
        )
    )[0]
    return {
        "pending_deliveries": pending,
        "oldest_pending_s": (tx.now - oldest.created_at) // 1000 if oldest else 0,
        "exhausted_24h": exhausted,
        "paused_webhooks": paused,
        "disabled_webhooks": disabled,
    }
